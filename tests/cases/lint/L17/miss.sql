-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus ON dbo.orders (tenantId, status)
    WITH (ONLINE = ON, MAXDOP = 2);
CREATE NONCLUSTERED INDEX ixOrdersTenantIdNote ON dbo.orders (tenantId, note)
    WHERE note IS NOT NULL WITH (ONLINE = ON, RESUMABLE = OFF);
