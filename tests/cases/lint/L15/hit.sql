CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus ON dbo.orders (tenantId, status);
CREATE INDEX ixOrdersTenantIdNote ON dbo.orders (tenantId ASC, note DESC) INCLUDE (total)
    WHERE note IS NOT NULL WITH (ONLINE = OFF, FILLFACTOR = 90) ON [PRIMARY];
