-- Up to where events were removed by age. Whoever removes events writes it in the same transaction, so that a reader
-- whose cursor is older learns that it has missed something.
create table events_removed (
  tenant text primary key,
  -- Of the newest event removed.
  xid xid8 not null,
  id bigint not null
);
