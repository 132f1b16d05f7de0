SET NOCOUNT ON;
GO
-- A comment is no statement.
/* nor is this */
CREATE VIEW dbo.openOrders AS SELECT orderId FROM dbo.orders;
GO
IF SCHEMA_ID(N'app') IS NULL
    EXEC (N'CREATE SCHEMA app');
EXEC sys.sp_executesql N'CREATE OR ALTER VIEW dbo.closed AS SELECT orderId FROM dbo.orders WHERE status = N''closed'' AND 1 = 1';
GO
CREATE PROCEDURE dbo.makes AS
BEGIN
    CREATE TABLE #t (a int);
    SELECT CASE WHEN 1 = 1 THEN 1 END AS x;
END
