ALTER TABLE dbo.orders ALTER COLUMN label nvarchar(50) NOT NULL;
