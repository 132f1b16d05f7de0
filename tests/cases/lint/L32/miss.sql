-- A wider check, a key and an index that are made again.
ALTER TABLE dbo.orders DROP CONSTRAINT ckOrdersStatus;
ALTER TABLE dbo.orders WITH CHECK ADD CONSTRAINT ckOrdersStatus
    CHECK (status IN (N'open', N'closed', N'cancelled'));
ALTER TABLE dbo.orderLines DROP CONSTRAINT pkOrderLines;
ALTER TABLE dbo.orderLines ADD CONSTRAINT pkOrderLines PRIMARY KEY NONCLUSTERED (tenantId, orderId, lineNumber);
DROP INDEX ixOrdersTenantIdReference ON dbo.orders;
CREATE NONCLUSTERED INDEX ixOrdersTenantIdReference ON dbo.orders (tenantId, reference) INCLUDE (total);
-- A default of a column that takes NULL, and one that gets another.
ALTER TABLE dbo.orders DROP CONSTRAINT dfOrdersLabel;
ALTER TABLE dbo.orders DROP CONSTRAINT dfOrdersStatus;
ALTER TABLE dbo.orders ADD CONSTRAINT dfOrdersStatus DEFAULT (N'closed') FOR status;
-- A computed column that comes again.
ALTER TABLE dbo.orders DROP COLUMN summary;
ALTER TABLE dbo.orders ADD summary AS (CONCAT(status, N'-', note));
-- Names that no query uses.
EXEC sp_rename N'dbo.orders.ixOrdersTenantIdReference', N'ixOrdersReference', N'INDEX';
EXEC sp_rename N'dbo.pkOrders', N'pkOrder', N'OBJECT';
DELETE FROM dbo.currencies WHERE code = 'XXX';
DELETE c FROM dbo.currencies AS c INNER JOIN #gone AS g ON g.code = c.code;
WITH old AS (SELECT code FROM dbo.currencies WHERE name = N'') DELETE FROM old;
DELETE FROM #gone;
TRUNCATE TABLE #gone;
DROP TABLE IF EXISTS #gone;
GO
DROP PROCEDURE IF EXISTS dbo.closeOrders;
GO
CREATE PROCEDURE dbo.closeOrders AS DELETE FROM dbo.currencies;
GO
CREATE TABLE dbo.staging (a int NOT NULL, CONSTRAINT pkStaging PRIMARY KEY CLUSTERED (a));
DELETE FROM dbo.staging;
DROP TABLE dbo.staging;
