ALTER TABLE dbo.orders ADD CONSTRAINT uqOrdersReference UNIQUE NONCLUSTERED (reference);
CREATE UNIQUE NONCLUSTERED INDEX uxOrdersReferenceTenantId ON dbo.orders (reference, tenantId);
ALTER TABLE dbo.orderLines WITH CHECK ADD CONSTRAINT fkOrderLinesOrders
    FOREIGN KEY (orderId) REFERENCES dbo.orders (orderId);
