-- Carillon's truth. Forward only: never edited after a release.
-- Every row belongs to a tenant. Times are timestamptz by this server's clock (clock_timestamp()), which is the one
-- clock of all deadlines; a worker's own clock decides nothing.

create table config_versions (
  tenant text primary key,
  -- Raised with every change of connections and destinations; accepting compares it with what is in memory.
  version bigint not null
);
insert into config_versions values ('default', 1);

create table connections (
  tenant text not null,
  id text not null,
  connector text not null,
  settings jsonb not null,
  -- Sealed JSON of the secret settings; write-only by API.
  secrets bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant, id)
);

create table destinations (
  tenant text not null,
  id text not null,
  connection text not null,
  address jsonb not null,
  -- As given: a policy's name or its fields; null is the default policy.
  retry jsonb,
  order_by text not null check (order_by in ('conversation', 'none')),
  ambiguous text not null check (ambiguous in ('at-least-once', 'at-most-once')),
  timeout_ms integer not null check (timeout_ms between 100 and 60000),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- Deliveries keep pointing here after a delete, so the row stays.
  deleted_at timestamptz,
  primary key (tenant, id),
  foreign key (tenant, connection) references connections (tenant, id)
);
create index destinations_connection on destinations (tenant, connection) where deleted_at is null;

create table conversations (
  tenant text not null,
  id text not null,
  sequence bigint not null,
  primary key (tenant, id)
) with (fillfactor = 50); -- one update per message: leave room for HOT

create table dedupe (
  tenant text not null,
  -- 'api' or a connection's id.
  scope text not null,
  -- SHA-256 of scope and key.
  hash bytea not null,
  -- SHA-256 of the canonical body (RFC 8785).
  body_hash bytea not null,
  message text not null,
  generation integer not null default 1,
  expires_at timestamptz not null,
  primary key (tenant, scope, hash)
);

create table messages (
  id text primary key,
  tenant text not null,
  workflow_id text not null unique,
  type text not null,
  source text not null,
  conversation text,
  sequence bigint,
  occurred_at timestamptz not null,
  received_at timestamptz not null default clock_timestamp(),
  schema_version text not null,
  data_version text,
  correlation_id text not null,
  dedupe_key text not null,
  priority text not null check (priority in ('critical', 'high', 'normal', 'low')),
  -- 1 critical … 4 low: the order of the dispatcher's queue, and Temporal's priority key.
  band smallint not null,
  labels jsonb not null,
  state text not null check (state in ('accepted', 'delivering', 'delivered', 'partial', 'failed', 'cancelled', 'unrouted')),
  -- Deliveries that are queued, waiting, sending or retrying; changed only by the trigger below.
  open_count integer not null,
  -- The dispatcher's lease, and when the run was known to be started.
  lease_until timestamptz,
  dispatched_at timestamptz,
  first_attempt_at timestamptz,
  rested_at timestamptz
) with (fillfactor = 80);
create index messages_dispatch on messages (band, received_at) where dispatched_at is null and open_count > 0;
create index messages_unclaimed on messages (dispatched_at) where state = 'accepted' and dispatched_at is not null;
create index messages_list on messages (tenant, id);
create index messages_conversation on messages (tenant, conversation, id) where conversation is not null;
create index messages_correlation on messages (tenant, correlation_id, id);

-- What is said, one row per version, so that erasing it is erasing one row. `sealed` is JSON {content, sender}.
create table contents (
  message text not null references messages (id),
  version integer not null,
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (message, version)
);

create table deliveries (
  id text primary key,
  tenant text not null,
  message text not null references messages (id),
  destination text not null,
  state text not null default 'queued',
  -- The intent, fixed at acceptance.
  via text not null,
  policy jsonb not null,
  timeout_ms integer not null,
  -- The conversation when order is kept here, else null: one lane per (tenant, destination, lane).
  lane text,
  sequence bigint,
  -- Why it is in this state.
  reason jsonb,
  -- The count. A round is what one policy grants; a manual retry grants one more.
  attempts integer not null default 0,
  max_attempts integer not null,
  round_start integer not null default 0,
  next_trigger text not null default 'auto' check (next_trigger in ('auto', 'manual')),
  first_attempt_at timestamptz,
  deadline_at timestamptz,
  next_attempt_at timestamptz,
  -- The platform's Retry-After: not even a manual retry goes earlier.
  not_before timestamptz,
  -- The claim: its token is the attempt's id.
  claim_token text,
  claim_deadline timestamptz,
  -- Version of the content that may have reached the platform; later attempts send the same.
  pinned_version integer,
  -- An attempt may have arrived: since when, until when it still could, and when a look-up first found nothing.
  doubt_since timestamptz,
  doubt_until timestamptz,
  absent_at timestamptz,
  cancel_requested_at timestamptz,
  receipts jsonb not null default '[]',
  doubled boolean not null default false,
  late boolean not null default false,
  -- By when something should have happened to it; the sweep looks at what is overdue. Null at rest.
  due_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz
) with (fillfactor = 70);
create index deliveries_message on deliveries (message, id);
create index deliveries_list on deliveries (tenant, state, id);
create index deliveries_destination on deliveries (tenant, destination, id);
create index deliveries_due on deliveries (due_at) where due_at is not null;
create index deliveries_lane on deliveries (tenant, destination, lane, sequence)
  where lane is not null and state in ('queued', 'waiting', 'sending', 'retrying');
-- At most one of a lane is being sent. A look before the claim cannot promise that: two claims that look at the same
-- moment both see nobody.
create unique index deliveries_lane_sending on deliveries (tenant, destination, lane)
  where lane is not null and state = 'sending';

create table attempts (
  id text primary key,
  delivery text not null references deliveries (id),
  number integer not null,
  trigger text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  -- delivered | transient | ambiguous | permanent | stopped | unknown (its process died); null while it runs.
  outcome text,
  code text,
  status integer,
  message text,
  excerpt text,
  retry_after_ms bigint,
  -- True when its outcome came after somebody else had decided.
  late boolean not null default false,
  worker text not null
);
create index attempts_delivery on attempts (delivery, number);

-- Every change of what a user would call state. Read in the order (xid, id) below pg_snapshot_xmin(): a plain serial
-- skips events whose transactions commit out of order.
create table events (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  tenant text not null,
  type text not null,
  message text,
  delivery text,
  destination text,
  data jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (xid, id)
);
create index events_message on events (message, id);

-- One row per key of the ring, with a constant sealed by it: a process that cannot open them all refuses to start.
create table sealing_keys (
  id text primary key,
  check_value bytea not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Which workers are alive: /readyz says whether anybody delivers. Each writes its row every few seconds.
create table workers (
  id text primary key,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp()
);

-- Jobs of which one process of the deployment does each: taken by one update, free again when its time is over. Not an
-- advisory lock: that needs a session of its own, which the driver cannot recover when PostgreSQL restarts.
create table leases (
  job text primary key,
  holder text not null,
  until timestamptz not null
);
