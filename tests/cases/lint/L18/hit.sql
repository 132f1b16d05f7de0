CREATE UNIQUE NONCLUSTERED INDEX uxOrdersTenantIdNote ON dbo.orders (tenantId, note);
ALTER TABLE dbo.orders ADD CONSTRAINT uqOrdersTenantIdLabel UNIQUE NONCLUSTERED (tenantId, label);
