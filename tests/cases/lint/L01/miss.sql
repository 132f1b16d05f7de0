ALTER TABLE dbo.orders ADD priority int NOT NULL CONSTRAINT dfOrdersPriority DEFAULT (0);
ALTER TABLE dbo.orders ADD sequence int IDENTITY(1,1) NOT NULL;
ALTER TABLE dbo.orders ADD version rowversion NOT NULL;
ALTER TABLE dbo.orders ADD double AS (quantity * 2);
ALTER TABLE dbo.orders ADD twice AS quantity * 2 PERSISTED NOT NULL;
ALTER TABLE dbo.orders ADD other int NULL;
-- Its default stands beside it.
ALTER TABLE dbo.orders ADD third int NOT NULL, CONSTRAINT dfOrdersThird DEFAULT (3) FOR third;
GO
CREATE TABLE dbo.fresh (a int NOT NULL, CONSTRAINT pkFresh PRIMARY KEY CLUSTERED (a));
GO
ALTER TABLE dbo.fresh ADD b int NOT NULL;
ALTER TABLE #work ADD c int NOT NULL;
