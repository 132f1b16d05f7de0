-- Triggers on tables and views, and those on the database itself, which have no schema.
SELECT CASE WHEN tr.parent_class = 0 THEN N'databaseTrigger' ELSE N'trigger' END AS kind,
       CAST(OBJECT_NAME(NULLIF(tr.parent_id, 0)) AS nvarchar(128)) AS tableName,
       CAST(tr.name AS nvarchar(128)) AS name,
       CAST(m.definition AS nvarchar(max)) AS definition,
       CAST(OBJECT_SCHEMA_NAME(NULLIF(tr.parent_id, 0)) AS nvarchar(128)) AS [schema],
       CAST(tr.is_disabled AS bigint) AS disabled,
       CAST(tr.is_instead_of_trigger AS bigint) AS insteadOf,
       CAST(tr.is_not_for_replication AS bigint) AS notForReplication,
       CAST(CASE WHEN m.uses_ansi_nulls = 0 THEN 1 ELSE 0 END AS bigint) AS noAnsiNulls,
       CAST(CASE WHEN m.uses_quoted_identifier = 0 THEN 1 ELSE 0 END AS bigint) AS noQuotedIdentifier
FROM sys.triggers AS tr
LEFT JOIN sys.sql_modules AS m ON m.object_id = tr.object_id
WHERE tr.is_ms_shipped = 0;
