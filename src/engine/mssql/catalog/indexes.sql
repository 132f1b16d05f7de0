-- Indexes, those of keys included, and heaps for what can be set on them. A column that an older
-- server lacks resolves to the one of `absent`.
SELECT CASE WHEN i.type = 0 THEN N'heap' WHEN i.is_primary_key = 1 OR i.is_unique_constraint = 1
            THEN N'key' ELSE N'index' END AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(COALESCE(i.name, t.name) AS nvarchar(128)) AS name,
       CAST(i.filter_definition AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(i.type AS bigint) AS [type],
       CAST(i.type_desc AS nvarchar(60)) AS typeName,
       CAST(i.is_unique AS bigint) AS [unique],
       CAST(i.is_primary_key AS bigint) AS primaryKey,
       CAST(k.is_system_named AS bigint) AS systemNamed,
       CAST(i.has_filter AS bigint) AS filtered,
       CAST(i.is_disabled AS bigint) AS disabled,
       CAST(i.is_hypothetical AS bigint) AS hypothetical,
       -- 0 and 100 both mean full pages.
       CAST(CASE WHEN i.fill_factor = 100 THEN 0 ELSE i.fill_factor END AS bigint) AS fillFactorPercent,
       CAST(i.is_padded AS bigint) AS padded,
       CAST(i.ignore_dup_key AS bigint) AS ignoreDuplicates,
       CAST(1 - i.allow_row_locks AS bigint) AS noRowLocks,
       CAST(1 - i.allow_page_locks AS bigint) AS noPageLocks,
       CAST(i.optimize_for_sequential_key AS bigint) AS sequentialKey,
       CAST(i.auto_created AS bigint) AS autoCreated,
       CAST(ds.name AS nvarchar(128)) AS dataSpace,
       CAST(CASE WHEN ds.type = 'PS' THEN 1 ELSE 0 END AS bigint) AS partitioned,
       CAST(p.compression AS nvarchar(60)) AS compression
FROM sys.tables AS t
CROSS JOIN (SELECT 0 AS optimize_for_sequential_key, 0 AS auto_created) AS absent
CROSS APPLY (
    SELECT object_id, index_id, name, type, type_desc, is_unique, is_primary_key,
           is_unique_constraint, has_filter, filter_definition, is_disabled, is_hypothetical,
           fill_factor, is_padded, ignore_dup_key, CAST(allow_row_locks AS int) AS allow_row_locks,
           CAST(allow_page_locks AS int) AS allow_page_locks, data_space_id,
           optimize_for_sequential_key, auto_created
    FROM sys.indexes
    WHERE object_id = t.object_id
) AS i
LEFT JOIN sys.key_constraints AS k
    ON k.parent_object_id = i.object_id AND k.unique_index_id = i.index_id
-- The default filegroup is no property of an index.
LEFT JOIN sys.data_spaces AS ds ON ds.data_space_id = i.data_space_id AND ds.is_default = 0
LEFT JOIN (
    SELECT object_id, index_id, MAX(data_compression_desc) AS compression
    FROM sys.partitions
    WHERE data_compression <> 0
    GROUP BY object_id, index_id
) AS p ON p.object_id = i.object_id AND p.index_id = i.index_id
WHERE t.is_ms_shipped = 0;
