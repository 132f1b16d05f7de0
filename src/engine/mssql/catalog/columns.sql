-- Columns of tables, with identity, computation and masking.
SELECT N'column' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(c.name AS nvarchar(128)) AS name,
       CAST(cc.definition AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(c.column_id AS bigint) AS position,
       CAST(ty.name AS nvarchar(128)) AS [type],
       CAST(CASE WHEN ty.is_user_defined = 1 THEN SCHEMA_NAME(ty.schema_id) END AS nvarchar(128))
            AS typeSchema,
       CAST(c.max_length AS bigint) AS length,
       CAST(c.[precision] AS bigint) AS [precision],
       CAST(c.scale AS bigint) AS scale,
       CAST(c.collation_name AS nvarchar(128)) AS collation,
       CAST(c.is_nullable AS bigint) AS nullable,
       CAST(c.is_rowguidcol AS bigint) AS rowGuid,
       CAST(c.is_identity AS bigint) AS [identity],
       TRY_CAST(ic.seed_value AS bigint) AS seed,
       TRY_CAST(ic.increment_value AS bigint) AS increment,
       CAST(ic.is_not_for_replication AS bigint) AS notForReplication,
       CAST(c.is_computed AS bigint) AS computed,
       CAST(cc.is_persisted AS bigint) AS persisted,
       CAST(c.is_sparse AS bigint) AS sparse,
       CAST(c.is_column_set AS bigint) AS columnSet,
       CAST(c.is_filestream AS bigint) AS fileStream,
       CAST(c.is_hidden AS bigint) AS hidden,
       CAST(c.generated_always_type AS bigint) AS generatedAlways,
       CAST(c.encryption_type AS bigint) AS encryption,
       CAST(c.is_masked AS bigint) AS masked,
       CAST(mc.masking_function AS nvarchar(max)) AS maskingFunction,
       CAST(c.xml_collection_id AS bigint) AS xmlCollection,
       CAST(c.rule_object_id AS bigint) AS boundRule,
       CAST(CASE WHEN c.default_object_id <> 0 AND d.object_id IS NULL THEN c.default_object_id END
            AS bigint) AS boundDefault
FROM sys.tables AS t
INNER JOIN sys.columns AS c ON c.object_id = t.object_id
LEFT JOIN sys.types AS ty ON ty.user_type_id = c.user_type_id
LEFT JOIN sys.computed_columns AS cc ON cc.object_id = c.object_id AND cc.column_id = c.column_id
LEFT JOIN sys.identity_columns AS ic ON ic.object_id = c.object_id AND ic.column_id = c.column_id
LEFT JOIN sys.masked_columns AS mc ON mc.object_id = c.object_id AND mc.column_id = c.column_id
LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id
WHERE t.is_ms_shipped = 0;
