-- What an operator asks for many deliveries or messages at once, worked off bit by bit; and what a message is a replay of.
alter table messages
  add column replay_of text references messages (id) on delete set null;
create index messages_replays on messages (replay_of) where replay_of is not null;

create table jobs (
  id text primary key,
  tenant text not null references tenants (id) on delete cascade,
  kind text not null check (kind in ('retry', 'cancel', 'replay')),
  -- As asked for; which fields there are depends on the kind. Nothing younger than the job is touched by it.
  filter jsonb not null,
  -- Of a replay: where to, instead of the original's destinations; and whether what was replayed before goes again.
  destinations jsonb,
  again boolean not null default false,
  state text not null default 'running' check (state in ('running', 'done', 'cancelled', 'failed')),
  -- Items per second at most.
  rate integer not null check (rate > 0),
  -- How many there were at the beginning; null until they were counted, or where that took too long.
  matched bigint,
  -- Each item is counted once, with the cursor: `done` were looked at, of which some changed and some failed.
  done bigint not null default 0,
  changed bigint not null default 0,
  failed bigint not null default 0,
  -- Of those that failed, how many by which code.
  failures jsonb not null default '{}',
  -- The id of the last item that was looked at.
  cursor text not null default '',
  -- Why the job itself failed.
  error jsonb,
  requested_by text not null,
  reason text,
  -- The caller's Idempotency-Key.
  dedupe_key text,
  -- The next items may go then: the rate, kept here so that neither a crash nor a second worker exceeds it.
  next_at timestamptz not null default clock_timestamp(),
  -- A worker makes sure then that its run is there.
  look_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  unique (tenant, dedupe_key)
);
create index jobs_list on jobs (tenant, id);
create index jobs_look on jobs (look_at) where state = 'running';
