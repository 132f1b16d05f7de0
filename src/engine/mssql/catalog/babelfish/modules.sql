-- Triggers, views, procedures and functions.
SELECT CASE WHEN o.type = 'TR' THEN N'trigger' WHEN o.type = 'V' THEN N'view'
            WHEN o.type = 'P' THEN N'procedure' ELSE N'function' END AS kind,
       CAST(CASE WHEN o.type = 'TR' THEN OBJECT_NAME(o.parent_object_id) END AS nvarchar(128))
            AS tableName,
       CAST(o.name AS nvarchar(128)) AS name,
       CAST(m.definition AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(o.schema_id) AS nvarchar(128)) AS [schema]
FROM sys.objects AS o
LEFT JOIN sys.sql_modules AS m ON m.object_id = o.object_id
WHERE o.type IN ('TR', 'V', 'P', 'FN', 'IF', 'TF') AND o.is_ms_shipped = 0;
