-- What a destination, or all of a connection, shares: its breaker, its pause, its rate, and the queue of those that wait
-- for it. No row means healthy, unpaused, unlimited. One row per scope, shared by all workers.
create table gates (
  tenant text not null,
  -- 'destination:<id>' or 'connection:<id>'.
  scope text not null,
  -- Breaker. `open`: nobody sends. `half-open`: one probe does.
  breaker text not null default 'closed' check (breaker in ('closed', 'open', 'half-open')),
  -- Failures in a row that speak against the scope as a whole; a success writes here only when it changes something.
  failures integer not null default 0,
  opened_at timestamptz,
  -- Times that it opened again without a success between: each doubles the wait for the next probe.
  openings integer not null default 0,
  probe_at timestamptz,
  -- The delivery that may go while it is half-open.
  probe text,
  -- Why it opened: code, message, status.
  reason jsonb,
  paused_at timestamptz,
  -- Who or what paused it: code, message.
  pause_reason jsonb,
  -- A platform's Retry-After, for all of the scope.
  held_until timestamptz,
  -- Rate (GCRA): when the next slot would be due if nobody had saved any up.
  tat timestamptz,
  -- Somebody waits in `deliveries.gate`; whoever comes next queues behind them. `arrivals` tells the one who empties the
  -- queue that somebody has come meanwhile.
  has_waiters boolean not null default false,
  arrivals bigint not null default 0,
  -- It took long for a send lately: those who wait are let through little by little.
  slow_until timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant, scope)
) with (fillfactor = 50);
create index gates_busy on gates (tenant, scope) where has_waiters;

alter table deliveries
  -- The priority's band, 1 critical … 4 low: the order in which a gate lets them through.
  add column band smallint not null default 3,
  -- The scope that it waits for.
  add column gate text,
  -- The time that was given to it by a rate.
  add column slot_at timestamptz,
  add column slot_scope text,
  -- Since when it waits, where the wait does not count against the deadline.
  add column clock_stopped_at timestamptz;
create index deliveries_gate on deliveries (tenant, gate, band, id) where gate is not null;
-- What is being sent, or was called at a gate and is on its way: a destination gets no more than so many at once.
create index deliveries_busy on deliveries (tenant, destination) where state = 'sending' or slot_at is not null;

alter table destinations
  -- {"limit": 10, "perMs": 1000, "burst": 1}; null is unlimited.
  add column rate jsonb;
alter table connections
  add column rate jsonb;

-- Takes the next slot of every scope, or of none: how long to wait for it in milliseconds, or at which scope the wait
-- would be longer than the horizon, or others wait already. `scopes`: [{"scope", "intervalMs", "burst"}]. Rows are locked
-- in the order of their scopes. Whoever `is_called`, from the queue of one scope, does not queue anew at the others: those
-- who wait at two of them would send each other back for ever.
create function take_slots(of_tenant text, scopes jsonb, horizon_ms double precision, is_called boolean,
  out wait_ms double precision, out full_at text)
language plpgsql as $$
declare
  wanted record;
  wait double precision;
  moment timestamptz;
begin
  insert into gates (tenant, scope)
  select of_tenant, s->>'scope' from jsonb_array_elements(scopes) s order by 1, 2
  on conflict do nothing;
  perform from gates g where g.tenant = of_tenant and g.scope in (select s->>'scope' from jsonb_array_elements(scopes) s)
    order by g.scope for update;
  moment := clock_timestamp();
  wait_ms := 0;
  for wanted in
    select g.scope, g.has_waiters, g.tat, (s->>'intervalMs')::float8 as interval_ms, (s->>'burst')::integer as burst
    from jsonb_array_elements(scopes) s join gates g on g.tenant = of_tenant and g.scope = s->>'scope'
  loop
    wait := extract(epoch from wanted.tat - moment) * 1000 - (wanted.burst - 1) * wanted.interval_ms;
    if (wanted.has_waiters and not is_called) or wait > horizon_ms then
      wait_ms := null;
      full_at := wanted.scope;
      return;
    end if;
    wait_ms := greatest(wait_ms, wait);
  end loop;
  update gates g set
    tat = greatest(g.tat, moment + make_interval(secs => wait_ms / 1000))
      + make_interval(secs => (s->>'intervalMs')::float8 / 1000)
  from jsonb_array_elements(scopes) s
  where g.tenant = of_tenant and g.scope = s->>'scope';
end $$;

-- The dispatcher looks only at what could go: a message none of whose deliveries could is set aside until something
-- changes, so that a thousand of them behind one dead sink cost it nothing.
alter table messages add column set_aside boolean not null default false;
drop index messages_dispatch;
create index messages_dispatch on messages (tenant, band, received_at)
  where dispatched_at is null and open_count > 0 and not set_aside;
create index messages_in_flight on messages (tenant) where dispatched_at is not null and open_count > 0;

-- Health is told like every other state. Pausing and breaking are rare; taking a slot writes neither column.
create function gate_moved() returns trigger language plpgsql as $$
declare
  kind text := split_part(new.scope, ':', 1);
  name text := substr(new.scope, length(kind) + 2);
begin
  if tg_op = 'UPDATE' and old.breaker = 'closed' and new.breaker = 'open' then
    insert into events (tenant, type, destination, data)
    values (new.tenant, 'carillon.' || kind || '.unhealthy', case when kind = 'destination' then name end,
      jsonb_build_object('id', name, 'failures', new.failures, 'reason', new.reason));
  elsif tg_op = 'UPDATE' and old.breaker <> 'closed' and new.breaker = 'closed' then
    insert into events (tenant, type, destination, data)
    values (new.tenant, 'carillon.' || kind || '.recovered', case when kind = 'destination' then name end,
      jsonb_build_object('id', name, 'since', old.opened_at));
  end if;
  if (tg_op = 'INSERT' or old.paused_at is null) and new.paused_at is not null then
    insert into events (tenant, type, destination, data)
    values (new.tenant, 'carillon.' || kind || '.paused', case when kind = 'destination' then name end,
      jsonb_build_object('id', name, 'reason', new.pause_reason));
  elsif tg_op = 'UPDATE' and old.paused_at is not null and new.paused_at is null then
    insert into events (tenant, type, destination, data)
    values (new.tenant, 'carillon.' || kind || '.resumed', case when kind = 'destination' then name end,
      jsonb_build_object('id', name, 'since', old.paused_at));
  end if;
  return null;
end $$;
create trigger gate_moved after insert or update of breaker, paused_at on gates
  for each row execute function gate_moved();

-- A probe that ends without having found out (refused for its own sake, cancelled, expired) makes way for another one at
-- once. Its name is before that of `deliveries_moved`, so that the message is locked last.
create function delivery_ended_probe() returns trigger language plpgsql as $$
begin
  update gates g set probe_at = clock_timestamp()
  where g.tenant = new.tenant and g.breaker = 'half-open' and g.probe = new.id
    and g.scope in ('destination:' || new.destination,
      (select 'connection:' || connection from destinations where tenant = new.tenant and id = new.destination));
  return null;
end $$;
create trigger delivery_ended_probe after update of state on deliveries
  for each row when (old.state is distinct from new.state
    and new.state in ('parked', 'uncertain', 'cancelled', 'skipped', 'expired'))
  execute function delivery_ended_probe();
