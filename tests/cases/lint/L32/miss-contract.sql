-- with: contract
DROP TABLE dbo.orderLines;
ALTER TABLE dbo.orders DROP COLUMN label;
DELETE FROM dbo.currencies;
