ALTER TABLE dbo.orders ADD CONSTRAINT dfOrdersQuantity DEFAULT (0) FOR quantity;
DROP DEFAULT IF EXISTS dbo.zero;
