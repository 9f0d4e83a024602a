-- What is removed by age (src/domain/retention.ts), and the record of it.

-- The tombstone: the row stays and says since when the text is gone.
alter table contents alter column sealed drop not null;
alter table contents add column erased_at timestamptz;
alter table contents add constraint contents_erased check ((sealed is null) = (erased_at is not null));
-- Housekeeping walks tables in the order of their keys, which sort by time; without this one it would meet every
-- tombstone again in every pass. Attempts, events and messages are walked by their primary keys.
create index contents_kept on contents (message, version) where sealed is not null;
create index dedupe_expiry on dedupe (expires_at);

-- What one pass removed of one tenant. Written by the statement that removes, so that it is true whatever fails then.
create table housekeeping_reports (
  id bigint generated always as identity primary key,
  -- The id of the pass's run in Temporal.
  pass text not null,
  tenant text not null,
  kind text not null,
  removed bigint not null,
  -- Of the first and of the last batch that removed something.
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz not null default clock_timestamp(),
  unique (pass, tenant, kind)
);

-- A message is kept longer than its dedupe key. When the key comes again after its row was removed, the count of its
-- generations begins anew, and an older message still has the workflow's id: then the next free one is taken. Posts with
-- one key wait for each other at its dedupe row, so nobody takes the same.
create function take_free_workflow_id() returns trigger language plpgsql as $$
declare
  base text;
  generation integer := 1;
begin
  while exists (select from messages where workflow_id = new.workflow_id) loop
    base := coalesce(base, regexp_replace(new.workflow_id, '[.][0-9]+$', ''));
    generation := generation + 1;
    new.workflow_id := base || '.' || generation;
  end loop;
  return new;
end $$;

create trigger message_workflow_id before insert on messages
  for each row execute function take_free_workflow_id();
