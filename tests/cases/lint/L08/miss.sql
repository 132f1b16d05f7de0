ALTER TABLE dbo.orderLines
    ALTER COLUMN sku nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL;
-- It has the database's collation.
ALTER TABLE dbo.currencies ALTER COLUMN name nvarchar(128) NOT NULL;
