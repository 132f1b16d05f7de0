SELECT type, tbl_name, name, sql
FROM sqlite_schema
WHERE substr(name, 1, 7) <> 'sqlite_'
