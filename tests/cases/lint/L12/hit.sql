-- A check, the primary key, a computed column, an index whose column becomes nullable.
ALTER TABLE dbo.orders ALTER COLUMN total decimal(19,4) NOT NULL;
ALTER TABLE dbo.orders ALTER COLUMN tenantId nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL;
ALTER TABLE dbo.orders ALTER COLUMN note nvarchar(200) NULL;
ALTER TABLE dbo.orders ALTER COLUMN reference nvarchar(100) COLLATE Latin1_General_100_BIN2 NULL;
