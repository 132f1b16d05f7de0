-- Index builds that were paused: absent from sys.indexes, they still block other builds and drops.
-- SQL Server 2016 does not have the view, so its name must not be compiled there.
IF OBJECT_ID(N'sys.index_resumable_operations') IS NULL
    SELECT N'pausedIndexBuild' AS kind, CAST(NULL AS nvarchar(128)) AS tableName,
           CAST(NULL AS nvarchar(128)) AS name, CAST(NULL AS nvarchar(max)) AS definition
    WHERE 1 = 0;
ELSE
    EXEC sys.sp_executesql N'
        SELECT N''pausedIndexBuild'' AS kind,
               CAST(t.name AS nvarchar(128)) AS tableName,
               CAST(r.name AS nvarchar(128)) AS name,
               CAST(r.sql_text AS nvarchar(max)) AS definition,
               CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
               CAST(r.state_desc AS nvarchar(60)) AS state
        FROM sys.index_resumable_operations AS r
        INNER JOIN sys.tables AS t ON t.object_id = r.object_id';
