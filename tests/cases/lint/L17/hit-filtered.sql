-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdNote ON dbo.orders (tenantId, note)
    WHERE note IS NOT NULL WITH (ONLINE = ON, RESUMABLE = ON);
