-- What follows from a delivery's move (events, the message's count and state) is done once for all rows of a statement:
-- a claim of ten was twenty statements inside triggers, and ten settles waited in turn for their message's row.
drop trigger delivery_moved on deliveries;
drop function delivery_moved();

-- Runs after the deliveries' rows are written and locked, and after the row triggers, so that messages are locked last in
-- every path; several of them in the order of their ids. Two last settles of one message wait for each other here, and
-- the second one sees what the first one wrote, because each statement of this function has a fresh snapshot
-- (READ COMMITTED).
create function deliveries_moved() returns trigger language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  -- Messages of which a delivery began, and those of which one came to rest, left it, or changed how it rests.
  begun text[];
  counted text[];
begin
  select array_agg(distinct n.message order by n.message) filter (where n.state = 'sending'),
    array_agg(distinct n.message order by n.message) filter (where not (
      o.state in ('queued', 'waiting', 'sending', 'retrying') and n.state in ('queued', 'waiting', 'sending', 'retrying')))
  into begun, counted
  from moved_to n join moved_from o on o.id = n.id
  where n.state <> o.state;

  insert into events (tenant, type, message, delivery, destination, data)
  select n.tenant, 'carillon.delivery.' || n.state, n.message, n.id, n.destination,
    jsonb_build_object('from', o.state, 'attempts', n.attempts, 'reason', n.reason)
  from moved_to n join moved_from o on o.id = n.id
  where n.state <> o.state and n.state not in ('sending', 'waiting') and not (o.state = 'sending' and n.state = 'queued')
  order by n.id;

  if begun is not null then
    update messages m set state = 'delivering', first_attempt_at = coalesce(m.first_attempt_at, clock_timestamp())
    from (select id from messages where id = any(begun) and state = 'accepted' order by id for no key update) b
    where m.id = b.id;
  end if;
  if counted is null then
    return null;
  end if;

  update messages m
  set open_count = m.open_count + c.opened,
      state = case when c.reopened and m.state <> 'accepted' then 'delivering' else m.state end,
      rested_at = case when c.reopened then null else m.rested_at end
  from (select id from messages where id = any(counted) order by id for no key update) l
  join (
    select n.message, bool_or(n.state in ('queued', 'waiting', 'sending', 'retrying')) as reopened,
      sum((n.state in ('queued', 'waiting', 'sending', 'retrying'))::integer
        - (o.state in ('queued', 'waiting', 'sending', 'retrying'))::integer) as opened
    from moved_to n join moved_from o on o.id = n.id
    where n.state <> o.state
    group by n.message) c on c.message = l.id
  where m.id = l.id;

  -- The last one of a message writes its state, and says so.
  with rested as (
    update messages m set state = r.state, rested_at = clock_timestamp()
    from (select id, message_rest_state(id) as state from messages where id = any(counted) and open_count = 0 offset 0) r
    where m.id = r.id and m.state is distinct from r.state
    returning with (old as was) m.id, m.tenant, was.state as before, m.state
  )
  insert into events (tenant, type, message, data)
  select tenant, 'carillon.message.' || state, id, jsonb_build_object('from', before) from rested order by id;
  return null;
end $$;

create trigger deliveries_moved after update on deliveries
  referencing old table as moved_from new table as moved_to
  for each statement execute function deliveries_moved();

-- The items of a list that a statement is given. Of jsonb_array_elements the planner expects a hundred, and then reads
-- whole tables of some thousand rows rather than look up the few that are meant. Not in SQL: it would be inlined.
create function few(items jsonb) returns setof jsonb language plpgsql immutable strict parallel safe rows 4 as $$
begin
  return query select value from jsonb_array_elements(items);
end $$;
