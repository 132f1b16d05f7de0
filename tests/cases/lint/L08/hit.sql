ALTER TABLE dbo.orderLines ALTER COLUMN sku nvarchar(128) NOT NULL;
