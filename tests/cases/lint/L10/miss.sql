UPDATE dbo.orders SET label = N'' WHERE label IS NULL;
GO
ALTER TABLE dbo.orders ALTER COLUMN label nvarchar(50) NOT NULL;
ALTER TABLE dbo.currencies ALTER COLUMN name nvarchar(128) NOT NULL;
