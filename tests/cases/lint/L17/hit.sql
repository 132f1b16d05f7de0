CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus ON dbo.orders (tenantId, status)
    WITH (ONLINE = ON, RESUMABLE = ON);
