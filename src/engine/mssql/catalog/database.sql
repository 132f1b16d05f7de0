-- What the database is and what of it this principal may see.
SELECT N'database' AS kind,
       CAST(NULL AS nvarchar(128)) AS tableName,
       N'database' AS name,
       CAST(NULL AS nvarchar(max)) AS definition,
       CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(128)) AS collation,
       CAST(SERVERPROPERTY('EngineEdition') AS bigint) AS engineEdition,
       CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS productVersion,
       CAST(d.compatibility_level AS bigint) AS compatibilityLevel,
       CAST(HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), 'DATABASE', 'VIEW DEFINITION') AS bigint) AS viewDefinition,
       -- sys.partitions is public: what has rows there and is no object to us is hidden from us.
       CAST((SELECT COUNT(DISTINCT p.object_id)
             FROM sys.partitions AS p
             WHERE p.object_id > 100
               AND NOT EXISTS (SELECT 1 FROM sys.all_objects AS o WHERE o.object_id = p.object_id))
            AS bigint) AS hiddenObjects
FROM sys.databases AS d
WHERE d.database_id = DB_ID();
