-- The columns of indexes, one row each.
SELECT N'indexColumn' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(i.name AS nvarchar(128)) AS name,
       CAST(NULL AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(COL_NAME(ic.object_id, ic.column_id) AS nvarchar(128)) AS [column],
       CAST(ic.index_column_id AS bigint) AS position,
       CAST(ic.key_ordinal AS bigint) AS keyOrdinal,
       CAST(ic.is_descending_key AS bigint) AS descending,
       CAST(ic.is_included_column AS bigint) AS included,
       CAST(ic.partition_ordinal AS bigint) AS partitionOrdinal
FROM sys.tables AS t
INNER JOIN sys.indexes AS i ON i.object_id = t.object_id
INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
WHERE t.is_ms_shipped = 0 AND i.name IS NOT NULL;
