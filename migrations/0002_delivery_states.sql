-- The delivery's state machine and the message's state, kept by the database itself, so that no caller can bend them.

create table delivery_transitions (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);
-- The pairs of src/domain/delivery.ts; a test compares the two.
insert into delivery_transitions values
  ('queued', 'sending'), ('waiting', 'sending'), ('retrying', 'sending'),
  ('queued', 'waiting'), ('retrying', 'waiting'),
  ('queued', 'delivered'), ('waiting', 'delivered'), ('sending', 'delivered'), ('retrying', 'delivered'),
  ('parked', 'delivered'), ('uncertain', 'delivered'), ('cancelled', 'delivered'),
  ('sending', 'retrying'),
  ('queued', 'parked'), ('waiting', 'parked'), ('sending', 'parked'), ('retrying', 'parked'),
  ('queued', 'uncertain'), ('waiting', 'uncertain'), ('sending', 'uncertain'), ('retrying', 'uncertain'),
  ('sending', 'queued'), ('parked', 'queued'), ('uncertain', 'queued'), ('retrying', 'queued'),
  ('queued', 'cancelled'), ('waiting', 'cancelled'), ('sending', 'cancelled'), ('retrying', 'cancelled'),
  ('parked', 'cancelled'), ('uncertain', 'cancelled'),
  ('queued', 'skipped'), ('waiting', 'skipped'), ('retrying', 'skipped'), ('parked', 'skipped'),
  ('queued', 'expired'), ('waiting', 'expired'), ('retrying', 'expired');

create function refuse_unknown_transition() returns trigger language plpgsql as $$
begin
  if not exists (select from delivery_transitions where from_state = old.state and to_state = new.state) then
    raise exception 'delivery %: no transition leads from % to %', old.id, old.state, new.state
      using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger delivery_transition before update of state on deliveries
  for each row when (old.state is distinct from new.state) execute function refuse_unknown_transition();

-- State of a message whose deliveries are all at rest (design §4).
create function message_rest_state(message_id text) returns text language sql stable as $$
  select case
    when bool_and(state = 'cancelled') then 'cancelled'
    when bool_and(state in ('delivered', 'skipped')) then 'delivered'
    when bool_or(state = 'delivered') then 'partial'
    else 'failed'
  end
  from deliveries where message = message_id
$$;

-- Runs after the delivery's row is written and locked, and takes the message's lock last, in every path: two last
-- settles of one message wait for each other here, and the second one sees what the first one wrote, because each
-- statement of this function has a fresh snapshot (READ COMMITTED).
create function delivery_moved() returns trigger language plpgsql as $$
declare
  was_open boolean := old.state in ('queued', 'waiting', 'sending', 'retrying');
  is_open boolean := new.state in ('queued', 'waiting', 'sending', 'retrying');
  still_open integer;
  before_state text;
  rest_state text;
begin
  if new.state not in ('sending', 'waiting') and not (old.state = 'sending' and new.state = 'queued') then
    insert into events (tenant, type, message, delivery, destination, data)
    values (new.tenant, 'carillon.delivery.' || new.state, new.message, new.id, new.destination,
      jsonb_build_object('from', old.state, 'attempts', new.attempts, 'reason', new.reason));
  end if;

  if was_open and is_open then
    if new.state = 'sending' then
      update messages set state = 'delivering', first_attempt_at = coalesce(first_attempt_at, clock_timestamp())
      where id = new.message and state = 'accepted';
    end if;
    return null;
  end if;

  update messages
  set open_count = open_count + is_open::integer - was_open::integer,
      state = case when is_open and state <> 'accepted' then 'delivering' else state end,
      rested_at = case when is_open then null else rested_at end
  where id = new.message
  returning open_count, state into still_open, before_state;

  if still_open = 0 then
    rest_state := message_rest_state(new.message);
    if rest_state is distinct from before_state then
      update messages set state = rest_state, rested_at = clock_timestamp() where id = new.message;
      insert into events (tenant, type, message, data)
      values (new.tenant, 'carillon.message.' || rest_state, new.message, jsonb_build_object('from', before_state));
    end if;
  end if;
  return null;
end $$;

create trigger delivery_moved after update of state on deliveries
  for each row when (old.state is distinct from new.state) execute function delivery_moved();
