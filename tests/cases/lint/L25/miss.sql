ALTER TABLE dbo.orderLines WITH CHECK ADD CONSTRAINT fkOrderLinesOrders
    FOREIGN KEY (tenantId, orderId) REFERENCES dbo.orders (tenantId, orderId);
ALTER TABLE dbo.orderLines WITH CHECK ADD CONSTRAINT fkOrderLinesCurrencies
    FOREIGN KEY (currency) REFERENCES dbo.currencies (code);
-- The index may come later, and leave out rows that refer to nothing.
CREATE NONCLUSTERED INDEX ixOrderLinesCurrency ON dbo.orderLines (currency) WHERE currency IS NOT NULL;
