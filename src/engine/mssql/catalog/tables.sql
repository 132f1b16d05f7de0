-- Tables. A column that an older server lacks resolves to the one of `absent`.
SELECT N'table' AS kind,
       CAST(NULL AS nvarchar(128)) AS tableName,
       CAST(t.name AS nvarchar(128)) AS name,
       CAST(NULL AS nvarchar(max)) AS definition,
       CAST(SCHEMA_NAME(t.schema_id) AS nvarchar(128)) AS [schema],
       CAST(t.temporal_type AS bigint) AS temporalType,
       CAST(OBJECT_SCHEMA_NAME(t.history_table_id) + N'.' + OBJECT_NAME(t.history_table_id)
            AS nvarchar(300)) AS historyTable,
       CAST(t.is_memory_optimized AS bigint) AS memoryOptimized,
       CAST(t.lock_escalation AS bigint) AS lockEscalation,
       CAST(t.is_external AS bigint) AS [external],
       CAST(t.is_filetable AS bigint) AS fileTable,
       CAST(t.is_node AS bigint) AS node,
       CAST(t.is_edge AS bigint) AS edge,
       CAST(t.ledger_type AS bigint) AS ledgerType,
       CAST(t.is_dropped_ledger_table AS bigint) AS droppedLedger
FROM (SELECT 0 AS is_node, 0 AS is_edge, 0 AS ledger_type, 0 AS is_dropped_ledger_table) AS absent
CROSS APPLY (
    SELECT object_id, name, schema_id, temporal_type, history_table_id, is_memory_optimized,
           lock_escalation, is_external, is_filetable,
           is_node, is_edge, ledger_type, is_dropped_ledger_table
    FROM sys.tables
    WHERE is_ms_shipped = 0
) AS t;
