-- dbtool:no-transaction
ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON;
ALTER TABLE dbo.orders ADD priority int NULL;
