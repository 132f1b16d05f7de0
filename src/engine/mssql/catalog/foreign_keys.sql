-- Foreign keys with their actions and state.
SELECT N'foreignKey' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(f.name AS nvarchar(128)) AS name,
       CAST(NULL AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(OBJECT_SCHEMA_NAME(f.referenced_object_id) AS nvarchar(128)) AS referencedSchema,
       CAST(OBJECT_NAME(f.referenced_object_id) AS nvarchar(128)) AS referencedTable,
       CAST(f.delete_referential_action_desc AS nvarchar(60)) AS onDelete,
       CAST(f.update_referential_action_desc AS nvarchar(60)) AS onUpdate,
       CAST(f.is_disabled AS bigint) AS disabled,
       CAST(f.is_not_trusted AS bigint) AS notTrusted,
       CAST(f.is_not_for_replication AS bigint) AS notForReplication,
       CAST(f.is_system_named AS bigint) AS systemNamed
FROM sys.foreign_keys AS f
INNER JOIN sys.tables AS t ON t.object_id = f.parent_object_id
WHERE t.is_ms_shipped = 0;
