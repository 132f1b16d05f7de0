-- dbtool:no-transaction
ALTER TABLE dbo.orders ADD priority int NULL;
ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 4;
