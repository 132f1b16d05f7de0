-- Views, procedures, functions and whatever else stands beside tables in a schema.
SELECT CASE WHEN o.type = 'V' THEN N'view'
            WHEN o.type IN ('P', 'PC', 'X', 'RF') THEN N'procedure'
            WHEN o.type IN ('FN', 'IF', 'TF', 'FS', 'FT', 'AF') THEN N'function'
            WHEN o.type = 'SN' THEN N'synonym'
            WHEN o.type = 'SO' THEN N'sequence'
            WHEN o.type = 'R' THEN N'rule'
            WHEN o.type = 'D' THEN N'defaultObject'
            ELSE N'object' END AS kind,
       CAST(NULL AS nvarchar(128)) AS tableName,
       CAST(o.name AS nvarchar(128)) AS name,
       CAST(COALESCE(m.definition COLLATE DATABASE_DEFAULT,
                     sn.base_object_name COLLATE DATABASE_DEFAULT) AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(o.schema_id) AS nvarchar(128)) AS [schema],
       CAST(o.type_desc AS nvarchar(60)) AS typeName,
       CAST(TYPE_NAME(sq.user_type_id) AS nvarchar(128)) AS [type],
       CAST(sq.start_value AS nvarchar(50)) AS start,
       CAST(sq.increment AS nvarchar(50)) AS increment,
       CAST(sq.minimum_value AS nvarchar(50)) AS minimum,
       CAST(sq.maximum_value AS nvarchar(50)) AS maximum,
       CAST(sq.is_cycling AS bigint) AS cycling,
       CAST(sq.cache_size AS bigint) AS cacheSize
FROM sys.objects AS o
LEFT JOIN sys.sql_modules AS m ON m.object_id = o.object_id
LEFT JOIN sys.synonyms AS sn ON sn.object_id = o.object_id
LEFT JOIN sys.sequences AS sq ON sq.object_id = o.object_id
WHERE o.is_ms_shipped = 0
  AND o.parent_object_id = 0
  AND o.type NOT IN ('U', 'S', 'IT', 'SP', 'TT');
