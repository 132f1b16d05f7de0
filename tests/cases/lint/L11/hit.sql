ALTER TABLE dbo.orders ALTER COLUMN quantity bigint NOT NULL;
ALTER TABLE dbo.currencies ALTER COLUMN name nvarchar(max) NOT NULL;
