-- Some platforms name a reaction, and take it away by that name alone: the connector's key of it. Null elsewhere.
alter table reactions add column native text;
create index reactions_native on reactions (connection, native) where native is not null;
