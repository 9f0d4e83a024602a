-- What comes in from platforms, which of it is the same at several places, and the bridges that keep rooms in sync.

create table bridges (
  tenant text not null,
  id text not null,
  -- Destinations, in the order given.
  members jsonb not null,
  -- thread: each thread keeps its order by itself; room: the room as a whole does.
  order_by text not null check (order_by in ('thread', 'room')),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant, id)
);

-- What platforms sent, from the moment of the answer until it is a message, or known to be none. A row outlives that as
-- the memory of its key, without its content, until housekeeping removes it.
create table inbox (
  id text primary key,
  tenant text not null,
  connection text not null,
  -- SHA-256 of the event's key: a redelivery finds it.
  hash bytea not null,
  room text not null,
  kind text not null,
  -- received: to be routed; fetching: its content is still to be fetched; waiting: for what it refers to;
  -- routed, ignored: done, with the reason; quarantined: genuine and not understood, for an operator.
  state text not null check (state in ('received', 'fetching', 'waiting', 'routed', 'ignored', 'quarantined')),
  reason jsonb,
  -- The message that it became, or whose change it is.
  message text,
  -- Sealed JSON of the event, or of the body that was not understood; null once it is done.
  sealed bytea,
  received_at timestamptz not null default clock_timestamp(),
  -- When it is looked at again; null at rest.
  due_at timestamptz,
  -- Until when it waits for what it refers to.
  wait_until timestamptz,
  -- Key of the link that it waits for.
  waits_for text,
  tries integer not null default 0,
  done_at timestamptz,
  unique (tenant, connection, hash)
) with (fillfactor = 70);
create index inbox_due on inbox (due_at, id) where due_at is not null;
create index inbox_room on inbox (tenant, connection, room, id) where due_at is not null;
create index inbox_waits on inbox (tenant, connection, waits_for) where waits_for is not null;
create index inbox_list on inbox (tenant, id);
create index inbox_open on inbox (tenant, state, id) where done_at is null;
create index inbox_done on inbox (done_at) where done_at is not null;

-- Which native message is which of ours: what was said in a room (origin), and what we posted there. Found from either
-- side.
create table links (
  tenant text not null,
  connection text not null,
  -- The connector's unchanging key of the native message.
  key text not null,
  -- The key of the thread that it is the root of, on platforms where a thread has an id of its own.
  thread text,
  -- All that names it to the connector, as in receipts.
  native text not null,
  destination text not null,
  message text not null references messages (id) on delete cascade,
  -- Said there, and not posted by us.
  is_origin boolean not null,
  -- The platform's own mark of the newest edit that was taken; what is older than it comes too late.
  revision text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant, connection, key)
);
create index links_message on links (message, destination);
create index links_thread on links (tenant, connection, thread) where thread is not null;
create index links_created on links (created_at);

-- Who reacts to what with what: several people's are one reaction of ours, which goes when the last of theirs does.
create table reactions (
  message text not null references messages (id) on delete cascade,
  emoji text not null,
  connection text not null,
  person text not null,
  -- The connector's key of the reaction, of platforms that name one and take it away by that name alone.
  native text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (message, emoji, connection, person)
);
create index reactions_native on reactions (connection, native) where native is not null;

-- People as the platforms know them, looked up and kept for a while. An address is sealed, and found by its hash.
create table people (
  tenant text not null,
  connection text not null,
  -- native id, or the hash of an address: `id:U0ANN`, `email:<hex>`.
  key text not null,
  -- Sealed JSON of the person; null where the platform knows nobody by it.
  sealed bytea,
  expires_at timestamptz not null,
  primary key (tenant, connection, key)
);
create index people_expires on people (expires_at);

-- Files of messages, fetched once for all their deliveries. They go with what the message says.
create table files (
  message text not null references messages (id) on delete cascade,
  -- SHA-256 of the attachment's id, which may tell what the file is of.
  hash bytea not null,
  -- fetching: by whoever has the token, until the time is over; kept: all its chunks are there; refused: for the reason.
  state text not null check (state in ('fetching', 'kept', 'refused')),
  -- Of the attempt to fetch it whose chunks count.
  token text not null,
  -- Of one that is being fetched: when somebody else may take it up.
  due_at timestamptz,
  tries integer not null,
  media_type text,
  size bigint,
  reason jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (message, hash)
);
create table file_chunks (
  message text not null,
  hash bytea not null,
  token text not null,
  n integer not null,
  -- At most 1 MiB each.
  sealed bytea not null,
  primary key (message, hash, token, n),
  foreign key (message, hash) references files (message, hash) on delete cascade
);
-- Sealed bytes cannot be made any smaller.
alter table file_chunks alter column sealed set storage external;

-- A reaction is a change of its original, as an edit and a delete are.
alter table deliveries drop constraint if exists deliveries_action_check;
alter table deliveries add constraint deliveries_action_check
  check (action in ('create', 'edit', 'delete', 'react', 'unreact'));

-- A long text is several posts, and a change of it several changes. What each attempt sends is one of them.
alter table deliveries
  -- The split, pinned with the version; null where there is one post. An entry a post, without content: places in the
  -- text that is shown ({"from", "to", "isCut"}), or which post of what it changes is taken away ({"remove"}).
  add column parts jsonb,
  -- How many of them have arrived.
  add column part integer not null default 0;
-- Which part it sent, from 1; null where it is not split.
alter table attempts add column part integer;

-- What we posted is linked in the transaction that says that it was delivered, whichever way that came to be known; and
-- what came in meanwhile about it is routed now.
create function link_receipt() returns trigger language plpgsql as $$
begin
  insert into links (tenant, connection, key, thread, native, destination, message, is_origin)
  values (new.tenant, new.receipts->-1->'link'->>'connection', new.receipts->-1->'link'->>'key',
    new.receipts->-1->'link'->>'thread', new.receipts->-1->>'nativeId', new.destination, new.message, false)
  on conflict (tenant, connection, key) do nothing;
  update inbox set due_at = clock_timestamp()
  where tenant = new.tenant and connection = new.receipts->-1->'link'->>'connection'
    and waits_for in (new.receipts->-1->'link'->>'key', new.receipts->-1->'link'->>'thread') and due_at is not null;
  return null;
end $$;
create trigger deliveries_link after update of receipts on deliveries
  for each row when (new.action = 'create' and new.receipts->-1 ? 'link' and new.receipts is distinct from old.receipts)
  execute function link_receipt();

-- Who is who on several platforms, as somebody who knows has said; stands above what addresses tell.
create table identities (
  tenant text not null,
  id text not null,
  name text,
  -- A file says it: it goes when the file has it no more.
  is_filed boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant, id)
);
create table identity_accounts (
  tenant text not null,
  connection text not null,
  -- The platform's id of the person.
  person text not null,
  identity text not null,
  primary key (tenant, connection, person),
  foreign key (tenant, identity) references identities (tenant, id) on delete cascade
);
create index identity_accounts_identity on identity_accounts (tenant, identity);

-- When somebody last listened at the hooks. A time when nobody did is a gap: what platforms did not send again is read
-- from their histories.
create table hearing (
  id boolean primary key default true check (id),
  last_at timestamptz not null
);
create table gaps (
  id bigint generated always as identity primary key,
  -- When somebody listened last.
  from_at timestamptz not null,
  to_at timestamptz not null,
  -- Of one connection, whose platform sent nothing; null where nobody listened to any.
  tenant text,
  connection text,
  -- When its run was last asked for, and when all rooms were read.
  started_at timestamptz,
  done_at timestamptz,
  -- One entry a room: what was read, what was new, what cannot be read.
  report jsonb,
  unique nulls not distinct (from_at, tenant, connection),
  foreign key (tenant, connection) references connections (tenant, id) on delete cascade
);
create index gaps_open on gaps (id) where done_at is null;

-- By what a platform sends us the events of a room, as it was when it was last looked at there.
create table subscriptions (
  id text primary key,
  tenant text not null,
  connection text not null,
  -- The connector's key of the room, and a destination that names it.
  room text not null,
  destination text not null,
  -- active: events come. failing: it could not be kept just now. refused: not before somebody changes something.
  state text not null check (state in ('active', 'failing', 'refused')),
  -- What was done last, and when.
  did text,
  did_at timestamptz,
  -- Until when the platform keeps it without us; null for ever.
  good_until timestamptz,
  -- When it was last known to be active.
  kept_at timestamptz,
  checked_at timestamptz not null default clock_timestamp(),
  reason jsonb,
  -- Since when events may be missing, until it is active again and that is a gap.
  missed_from timestamptz,
  unique (tenant, connection, room),
  foreign key (tenant, connection) references connections (tenant, id) on delete cascade
);
create index subscriptions_list on subscriptions (tenant, id);

-- Which version of the configuration each connection's subscriptions follow, and whether the platform asked for a look.
create table subscription_checks (
  tenant text not null,
  connection text not null,
  version bigint,
  -- Rises with each wish for a look; what was answered is over.
  asked bigint not null default 0,
  answered bigint not null default 0,
  -- Since when somebody is at it.
  started_at timestamptz,
  primary key (tenant, connection),
  foreign key (tenant, connection) references connections (tenant, id) on delete cascade
);
