-- Types that people made, and collections of XML schemas.
SELECT N'type' AS kind,
       CAST(NULL AS nvarchar(128)) AS tableName,
       CAST(ty.name AS nvarchar(128)) AS name,
       CAST(CASE WHEN ty.is_table_type = 1 THEN N'table'
                 WHEN ty.is_assembly_type = 1 THEN N'assembly'
                 ELSE TYPE_NAME(ty.system_type_id) END AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(ty.schema_id) AS nvarchar(128)) AS [schema],
       CAST(ty.max_length AS bigint) AS length,
       CAST(ty.[precision] AS bigint) AS [precision],
       CAST(ty.scale AS bigint) AS scale,
       CAST(ty.is_nullable AS bigint) AS nullable
FROM sys.types AS ty
WHERE ty.is_user_defined = 1
UNION ALL
SELECT N'xmlSchemaCollection', NULL, CAST(x.name AS nvarchar(128)), NULL,
       CAST(SCHEMA_NAME(x.schema_id) AS nvarchar(128)), 0, 0, 0, 0
FROM sys.xml_schema_collections AS x
WHERE x.xml_collection_id > 1;
