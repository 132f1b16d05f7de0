-- The columns of foreign keys, one row each.
SELECT N'foreignKeyColumn' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(OBJECT_NAME(c.constraint_object_id) AS nvarchar(128)) AS name,
       CAST(NULL AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(c.constraint_column_id AS bigint) AS position,
       CAST(COL_NAME(c.parent_object_id, c.parent_column_id) AS nvarchar(128)) AS [column],
       CAST(COL_NAME(c.referenced_object_id, c.referenced_column_id) AS nvarchar(128))
            AS referencedColumn
FROM sys.foreign_key_columns AS c
INNER JOIN sys.tables AS t ON t.object_id = c.parent_object_id
WHERE t.is_ms_shipped = 0;
