-- Full-text indexes.
SELECT N'fullTextIndex' AS kind,
       CAST(t.name AS nvarchar(128)) AS tableName,
       CAST(t.name AS nvarchar(128)) AS name,
       CAST(c.name AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(f.is_enabled AS bigint) AS enabled
FROM sys.fulltext_indexes AS f
INNER JOIN sys.tables AS t ON t.object_id = f.object_id
LEFT JOIN sys.fulltext_catalogs AS c ON c.fulltext_catalog_id = f.fulltext_catalog_id;
