-- Edits, deletes and replies; classes and times of a message.
alter table messages
  -- What this message edits or deletes, and which version of its content an edit makes.
  add column refers_to text references messages (id) on delete set null,
  add column version integer not null default 1,
  -- What it replies to.
  add column thread text references messages (id) on delete set null,
  -- Since when it is deleted everywhere: nothing of it is sent any more.
  add column deleted_at timestamptz,
  -- Null: each destination's own policy.
  add column class text check (class in ('must', 'should', 'best-effort')),
  add column send_at timestamptz,
  -- When a scheduled message became due and took its place in its conversation.
  add column entered_at timestamptz,
  add column expires_at timestamptz;
create index messages_refers on messages (refers_to, id) where refers_to is not null;
create index messages_thread on messages (thread) where thread is not null;
-- Those whose time has not come: the sweep lets them enter their lanes when it has.
create index messages_scheduled on messages (send_at) where send_at is not null and entered_at is null;

alter table deliveries
  add column action text not null default 'create' check (action in ('create', 'edit', 'delete')),
  -- The delivery, at the same destination, of what it edits, deletes or replies to; it waits for that one, and an edit or
  -- delete for as long as that may still be made.
  add column depends_on text references deliveries (id) on delete set null,
  -- After this a reply no longer waits for its parent and goes out by itself.
  add column depends_until timestamptz,
  add column expires_at timestamptz,
  -- A delete has stopped it, or has asked it to stop: no retry brings it back.
  add column is_deleted boolean not null default false,
  -- What was left out or done otherwise than asked, and why: [{"code", "message"}].
  add column degraded jsonb;
create index deliveries_depends on deliveries (depends_on) where depends_on is not null;

-- Undoes the statement that calls it: a change that comes too late for its version must leave nothing behind, not even
-- its key. Of the class of errors after which the same statement may be tried again.
create function refuse_late_change() returns text language plpgsql volatile as $$
begin
  raise exception 'the message was changed meanwhile' using errcode = 'serialization_failure';
end $$;

-- A success that is heard of late counts whatever was decided meanwhile.
insert into delivery_transitions values ('expired', 'delivered'), ('skipped', 'delivered');
