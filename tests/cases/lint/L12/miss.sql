ALTER TABLE dbo.orders DROP CONSTRAINT ckOrdersTotal;
ALTER TABLE dbo.orders ALTER COLUMN total decimal(19,4) NOT NULL;
ALTER TABLE dbo.orders WITH CHECK ADD CONSTRAINT ckOrdersTotal CHECK (total >= 0);
-- Longer is taken under an index.
ALTER TABLE dbo.orders ALTER COLUMN reference nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL;
ALTER TABLE dbo.currencies ALTER COLUMN name nvarchar(128) NOT NULL;
