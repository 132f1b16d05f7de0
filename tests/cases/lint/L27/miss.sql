ALTER TABLE dbo.orders ADD CONSTRAINT uqOrdersReference UNIQUE NONCLUSTERED (tenantId, reference);
ALTER TABLE dbo.orderLines WITH CHECK ADD CONSTRAINT fkOrderLinesOrders
    FOREIGN KEY (tenantId, orderId) REFERENCES dbo.orders (tenantId, orderId);
-- Both tables have no tenant.
ALTER TABLE dbo.orderLines WITH CHECK ADD CONSTRAINT fkOrderLinesCurrencies
    FOREIGN KEY (currency) REFERENCES dbo.currencies (code);
CREATE UNIQUE NONCLUSTERED INDEX uxCurrenciesName ON dbo.currencies (name);
-- dbtool.yaml exempts it.
CREATE TABLE dbo.tenants (
    tenantId nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    name     nvarchar(100) NOT NULL,
    CONSTRAINT pkTenants PRIMARY KEY CLUSTERED (tenantId),
    CONSTRAINT uqTenantsName UNIQUE NONCLUSTERED (name)
);
