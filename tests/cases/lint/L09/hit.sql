ALTER TABLE dbo.currencies ALTER COLUMN name nvarchar(128);
