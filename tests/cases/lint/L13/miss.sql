ALTER TABLE dbo.orders WITH CHECK ADD CONSTRAINT ckOrdersQuantity CHECK (quantity > 0);
ALTER TABLE dbo.orders NOCHECK CONSTRAINT ckOrdersTotal;
UPDATE dbo.orders SET total = 0 WHERE total < 0;
ALTER TABLE dbo.orders WITH CHECK CHECK CONSTRAINT ckOrdersTotal;
-- A default has no rows to check.
ALTER TABLE dbo.orders WITH NOCHECK ADD CONSTRAINT dfOrdersNote DEFAULT (N'') FOR note;
