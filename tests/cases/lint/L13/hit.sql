ALTER TABLE dbo.orders WITH NOCHECK ADD CONSTRAINT ckOrdersQuantity CHECK (quantity > 0);
ALTER TABLE dbo.orders NOCHECK CONSTRAINT ckOrdersTotal;
