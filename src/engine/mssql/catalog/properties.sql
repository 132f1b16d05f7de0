-- Extended properties of objects, their columns and their indexes.
SELECT N'property' AS kind,
       CAST(COALESCE(pa.name, o.name) AS nvarchar(128)) AS tableName,
       CAST(e.name AS nvarchar(128)) AS name,
       CAST(e.value AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(COALESCE(pa.schema_id, o.schema_id)) AS nvarchar(128)) AS [schema],
       CAST(CASE WHEN e.class = 1 AND e.minor_id > 0 THEN COL_NAME(e.major_id, e.minor_id) END
            AS nvarchar(128)) AS [column],
       CAST(i.name AS nvarchar(128)) AS [index],
       CAST(CASE WHEN pa.object_id IS NOT NULL THEN o.name END AS nvarchar(128)) AS constraintName,
       CAST(CASE WHEN o.type = 'U' OR pa.object_id IS NOT NULL THEN 0 ELSE 1 END AS bigint) AS otherObject
FROM sys.extended_properties AS e
INNER JOIN sys.objects AS o ON o.object_id = e.major_id
LEFT JOIN sys.objects AS pa ON pa.object_id = NULLIF(o.parent_object_id, 0)
LEFT JOIN sys.indexes AS i
    ON e.class = 7 AND i.object_id = e.major_id AND i.index_id = e.minor_id
WHERE e.class IN (1, 7) AND o.is_ms_shipped = 0;
