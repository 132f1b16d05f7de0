-- Default constraints.
SELECT N'default' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(d.name AS nvarchar(128)) AS name,
       CAST(d.definition AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(COL_NAME(d.parent_object_id, d.parent_column_id) AS nvarchar(128)) AS [column],
       CAST(d.is_system_named AS bigint) AS systemNamed
FROM sys.default_constraints AS d
INNER JOIN sys.tables AS t ON t.object_id = d.parent_object_id
WHERE t.is_ms_shipped = 0;
