WITH c AS (SELECT jobRunId FROM jobRuns WHERE tenantId = @tenantId)
SELECT h.message FROM historyEntries AS h JOIN c ON c.jobRunId = h.jobRunId
WHERE h.tenantId = @tenantId OR 1 = 1;
-- dbtool:allow-cross-tenant counts all
SELECT count(*) FROM jobRuns;
MERGE jobRuns AS t USING (SELECT 1 AS a) AS s ON t.tenantId = @tenantId WHEN MATCHED THEN DELETE;
GO
EXEC sp_executesql N'select 1'
