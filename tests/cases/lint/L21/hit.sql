ALTER TABLE dbo.orders ADD priority int NULL;
UPDATE dbo.orders SET priority = 0 WHERE total > 0;
GO
ALTER TABLE dbo.orders ADD rank int NULL;
SELECT o.[rank] FROM dbo.orders AS o;
