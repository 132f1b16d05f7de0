-- A warning: it takes NULL as before.
ALTER TABLE dbo.orders ALTER COLUMN label nvarchar(60);
