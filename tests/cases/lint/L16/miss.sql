-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus ON dbo.orders (tenantId, status) WITH (ONLINE = ON);
ALTER INDEX ALL ON dbo.orders REBUILD WITH (ONLINE = ON);
