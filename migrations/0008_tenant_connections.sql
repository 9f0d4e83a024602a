-- Nothing is configured for a tenant that is being deleted at the same moment: this key sees what the delete's snapshot
-- does not.
alter table connections add constraint connections_tenant foreign key (tenant) references tenants (id);
