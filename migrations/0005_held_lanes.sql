-- What a parked delivery means for those behind it in its lane: `pass` lets them go, `hold` keeps them for a time.
alter table destinations
  add column on_parked text not null default 'hold' check (on_parked in ('pass', 'hold')),
  -- 'infinity' is strict: they wait until somebody acts.
  add column hold_for interval not null default '5 minutes';

alter table deliveries
  -- The intent, fixed at acceptance. Null lets others pass.
  add column hold_for interval,
  -- Since when and until when those behind it wait. Set when it parks, kept over retries.
  add column held_since timestamptz,
  add column hold_until timestamptz;

create index deliveries_lane_held on deliveries (tenant, destination, lane, sequence)
  where lane is not null and hold_until is not null;

-- The time is counted once per lane, from the first park until something is delivered again: a lane whose messages all
-- park, one after the other, must not cost each of those behind them the whole time; whatever becomes of the first one.
create function hold_lane() returns trigger language plpgsql as $$
declare
  first_park record;
begin
  select h.held_since, h.hold_until into first_park
  from (
    select o.held_since, o.hold_until from deliveries o
    where o.tenant = new.tenant and o.destination = new.destination and o.lane = new.lane and o.id <> new.id
      and o.hold_until is not null
    union all
    select old.held_since, old.hold_until where old.hold_until is not null
  ) h
  where not exists (
    select from messages m join deliveries d on d.message = m.id
    where m.tenant = new.tenant and m.conversation = new.lane and d.destination = new.destination
      and d.state = 'delivered' and d.settled_at > h.held_since)
  order by h.held_since limit 1;
  new.held_since := coalesce(first_park.held_since, clock_timestamp());
  new.hold_until := coalesce(first_park.hold_until, clock_timestamp() + new.hold_for);
  -- The sweep wakes the next one then.
  new.due_at := case when isfinite(new.hold_until) then new.hold_until end;
  return new;
end $$;

create trigger delivery_holds_lane before update of state on deliveries
  for each row when (new.state in ('parked', 'uncertain') and old.state is distinct from new.state
    and new.lane is not null and new.hold_for is not null)
  execute function hold_lane();
