-- A warning: the text may have dropped the check.
EXEC (@sql);
ALTER TABLE dbo.orders ALTER COLUMN total decimal(19,4) NOT NULL;
