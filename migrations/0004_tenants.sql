-- Whose data it is, with what it may use and how long it is kept; and the keys of the API.
create table tenants (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  title text not null default '',
  -- Windows by name, as durations such as '30d'; one that is missing is the default's.
  retention jsonb not null default '{}',
  -- While it stands, nothing of this tenant is removed by age.
  legal_hold boolean not null default false,
  -- Limits by name, such as {"inFlight": 500}; one that is missing is the default's.
  limits jsonb not null default '{}',
  require_idempotency_key boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
insert into tenants (id) values ('default');

create table api_keys (
  id text primary key,
  tenant text not null references tenants (id),
  name text not null,
  -- SHA-256 of the key, which is random and long: a slow hash would protect nothing.
  hash bytea not null unique,
  scopes text[] not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);
create index api_keys_list on api_keys (tenant, id);
