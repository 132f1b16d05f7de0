ALTER TABLE dbo.orders ADD priority int NULL;
GO
UPDATE dbo.orders SET priority = 0 WHERE total > 0;
GO
ALTER TABLE dbo.orders ADD rank int NULL;
-- DDL is looked at when it runs.
CREATE INDEX ixOrdersTenantIdRank ON dbo.orders (tenantId, rank);
EXEC (N'UPDATE dbo.orders SET rank = 0 WHERE total > 0');
-- Another table's column of that name.
SELECT c.rank FROM dbo.countries AS c INNER JOIN dbo.orders AS o ON o.note = c.name;
UPDATE dbo.countries SET rank = 1;
GO
CREATE TABLE dbo.fresh (a int NOT NULL, CONSTRAINT pkFresh PRIMARY KEY CLUSTERED (a));
ALTER TABLE dbo.fresh ADD b int NULL;
UPDATE dbo.fresh SET b = 1 WHERE a = 1;
GO
-- It is there already, so nothing is added.
IF COL_LENGTH(N'dbo.orders', N'note') IS NULL
    ALTER TABLE dbo.orders ADD note nvarchar(100) NULL;
UPDATE dbo.orders SET note = N'' WHERE note IS NULL;
