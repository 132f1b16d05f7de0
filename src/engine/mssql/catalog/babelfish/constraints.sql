-- Checks and foreign keys. The text of checks is in the spelling of PostgreSQL: on some of them
-- sys.check_constraints.definition fails (unrecognized node type).
SELECT N'check' AS kind,
       CAST(OBJECT_NAME(c.parent_object_id) AS nvarchar(128)) AS tableName,
       CAST(c.name AS nvarchar(128)) AS name,
       CAST(pg_catalog.pg_get_constraintdef(c.object_id) AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(c.schema_id) AS nvarchar(128)) AS [schema],
       CAST(NULL AS nvarchar(128)) AS referencedTable,
       CAST(NULL AS nvarchar(60)) AS onDelete,
       CAST(NULL AS nvarchar(60)) AS onUpdate
FROM sys.check_constraints AS c
UNION ALL
SELECT N'foreignKey',
       CAST(OBJECT_NAME(f.parent_object_id) AS nvarchar(128)),
       CAST(f.name AS nvarchar(128)),
       CAST(NULL AS nvarchar(max)),
       CAST(SCHEMA_NAME(f.schema_id) AS nvarchar(128)),
       CAST(OBJECT_NAME(f.referenced_object_id) AS nvarchar(128)),
       CAST(f.delete_referential_action_desc AS nvarchar(60)),
       CAST(f.update_referential_action_desc AS nvarchar(60))
FROM sys.foreign_keys AS f;
