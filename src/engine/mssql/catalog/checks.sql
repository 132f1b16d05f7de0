-- Check constraints with their state.
SELECT N'check' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(c.name AS nvarchar(128)) AS name,
       CAST(c.definition AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(c.is_disabled AS bigint) AS disabled,
       CAST(c.is_not_trusted AS bigint) AS notTrusted,
       CAST(c.is_not_for_replication AS bigint) AS notForReplication,
       CAST(c.is_system_named AS bigint) AS systemNamed
FROM sys.check_constraints AS c
INNER JOIN sys.tables AS t ON t.object_id = c.parent_object_id
WHERE t.is_ms_shipped = 0;
