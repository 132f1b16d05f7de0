-- Babelfish tells the names of tables and columns in their own case only here.
SELECT N'column' AS kind,
       CAST(c.TABLE_NAME AS nvarchar(128)) AS tableName,
       CAST(c.COLUMN_NAME AS nvarchar(128)) AS name,
       CAST(c.COLUMN_DEFAULT AS nvarchar(max)) AS definition,
       CAST(c.TABLE_SCHEMA AS nvarchar(128)) AS [schema],
       CAST(t.TABLE_TYPE AS nvarchar(60)) AS tableType,
       CAST(c.ORDINAL_POSITION AS bigint) AS position,
       CAST(c.DATA_TYPE AS nvarchar(128)) AS [type],
       CAST(c.CHARACTER_MAXIMUM_LENGTH AS bigint) AS length,
       CAST(c.NUMERIC_PRECISION AS bigint) AS [precision],
       CAST(c.NUMERIC_SCALE AS bigint) AS scale,
       CAST(c.DATETIME_PRECISION AS bigint) AS fraction,
       CAST(c.COLLATION_NAME AS nvarchar(128)) AS collation,
       CAST(c.IS_NULLABLE AS nvarchar(3)) AS nullable
FROM INFORMATION_SCHEMA.TABLES AS t
INNER JOIN INFORMATION_SCHEMA.COLUMNS AS c
    ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA NOT IN (N'sys', N'INFORMATION_SCHEMA', N'information_schema_tsql');
