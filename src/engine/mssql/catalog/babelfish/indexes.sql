-- Indexes and their columns, under the names that Babelfish made of theirs.
SELECT N'index' AS kind,
       CAST(OBJECT_NAME(i.object_id) AS nvarchar(128)) AS tableName,
       CAST(i.name AS nvarchar(128)) AS name,
       CAST(NULL AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(o.schema_id) AS nvarchar(128)) AS [schema],
       CAST(i.is_unique AS bigint) AS [unique],
       CAST(i.is_primary_key AS bigint) AS primaryKey,
       CAST(COL_NAME(ic.object_id, ic.column_id) AS nvarchar(128)) AS [column],
       CAST(ic.index_column_id AS bigint) AS position,
       CAST(ic.is_descending_key AS bigint) AS descending,
       CAST(ic.is_included_column AS bigint) AS included
FROM sys.objects AS o
INNER JOIN sys.indexes AS i ON i.object_id = o.object_id
INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
WHERE o.type = 'U';
