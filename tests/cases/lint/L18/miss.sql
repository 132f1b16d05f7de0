CREATE UNIQUE NONCLUSTERED INDEX uxOrdersTenantIdNote ON dbo.orders (tenantId, note)
    WHERE note IS NOT NULL;
ALTER TABLE dbo.orders ADD CONSTRAINT uqOrdersTenantIdReference UNIQUE NONCLUSTERED (tenantId, reference);
CREATE NONCLUSTERED INDEX ixOrdersTenantIdLabel ON dbo.orders (tenantId, label);
