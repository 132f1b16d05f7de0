-- What a database schema holds, as the statements that drop it: foreign keys first, and of the
-- rest the youngest first, since what rests on another object was made after it.
SELECT CAST(d.statement AS nvarchar(max)) AS statement
FROM (
    SELECT CASE RTRIM(o.type)
               WHEN 'F' THEN N'ALTER TABLE ' + QUOTENAME(SCHEMA_NAME(p.schema_id)) + N'.'
                             + QUOTENAME(p.name) + N' DROP CONSTRAINT ' + QUOTENAME(o.name)
               WHEN 'V' THEN N'DROP VIEW ' + QUOTENAME(SCHEMA_NAME(o.schema_id)) + N'.' + QUOTENAME(o.name)
               WHEN 'U' THEN N'DROP TABLE ' + QUOTENAME(SCHEMA_NAME(o.schema_id)) + N'.' + QUOTENAME(o.name)
               WHEN 'P' THEN N'DROP PROCEDURE ' + QUOTENAME(SCHEMA_NAME(o.schema_id)) + N'.' + QUOTENAME(o.name)
               WHEN 'SO' THEN N'DROP SEQUENCE ' + QUOTENAME(SCHEMA_NAME(o.schema_id)) + N'.' + QUOTENAME(o.name)
               WHEN 'SN' THEN N'DROP SYNONYM ' + QUOTENAME(SCHEMA_NAME(o.schema_id)) + N'.' + QUOTENAME(o.name)
               ELSE N'DROP FUNCTION ' + QUOTENAME(SCHEMA_NAME(o.schema_id)) + N'.' + QUOTENAME(o.name)
           END AS statement,
           CASE RTRIM(o.type) WHEN 'F' THEN 0 ELSE 1 END AS [rank],
           o.create_date AS created,
           CASE RTRIM(o.type) WHEN 'V' THEN 0 WHEN 'P' THEN 1 WHEN 'U' THEN 2 ELSE 3 END AS class,
           o.name AS name
    FROM sys.objects AS o
    LEFT JOIN sys.objects AS p ON p.object_id = o.parent_object_id
    WHERE o.schema_id = SCHEMA_ID(@P1)
      AND o.is_ms_shipped = 0
      AND RTRIM(o.type) IN ('F', 'V', 'U', 'P', 'SO', 'SN', 'FN', 'IF', 'TF', 'FS', 'FT')
) AS d
ORDER BY d.[rank], d.created DESC, d.class, d.name;
