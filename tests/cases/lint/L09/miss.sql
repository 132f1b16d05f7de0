ALTER TABLE dbo.currencies ALTER COLUMN name nvarchar(128) NOT NULL;
ALTER TABLE dbo.orders ALTER COLUMN label nvarchar(60) NULL;
ALTER TABLE dbo.orders ALTER COLUMN orderId ADD ROWGUIDCOL;
