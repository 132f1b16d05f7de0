-- Statements in T-SQL. See both.sql for the form.

--! allowed | the schema's own name before the table
SELECT jobId FROM dbo.jobs WHERE tenantId = @tenantId
--! allowed | bracketed, with the schema
SELECT [jobId] FROM [dbo].[jobs] WHERE [tenantId] = @tenantId
--! allowed | TOP, a hint, OFFSET and FETCH
SELECT TOP (10) jobId FROM jobs WITH (NOLOCK) WHERE tenantId = @tenantId ORDER BY jobId
--! allowed | OFFSET and FETCH
SELECT jobId FROM jobs WHERE tenantId = @tenantId ORDER BY jobId OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY
--! allowed | FOR JSON
SELECT jobId FROM jobs WHERE tenantId = @tenantId FOR JSON PATH
--! allowed | functions of the server
SELECT CONVERT(varchar(20), SYSUTCDATETIME(), 126), DATEADD(day, 1, GETUTCDATE()), ISNULL(status, N'x'), IIF(attempts > 1, 1, 0) FROM jobs WHERE tenantId = @tenantId
--! allowed | CROSS APPLY, through the table on its left
SELECT j.jobId, x.note FROM jobs j CROSS APPLY (SELECT TOP (1) e.note FROM entries e WHERE e.tenantId = j.tenantId AND e.jobId = j.jobId ORDER BY e.entryId DESC) AS x WHERE j.tenantId = @tenantId
--! allowed | OUTER APPLY, with the parameter
SELECT j.jobId, x.n FROM jobs j OUTER APPLY (SELECT COUNT(*) AS n FROM entries e WHERE e.tenantId = @tenantId AND e.jobId = j.jobId) AS x WHERE j.tenantId = @tenantId
--! guard/missing-predicate | CROSS APPLY without
SELECT j.jobId FROM jobs j CROSS APPLY (SELECT e.note FROM entries e WHERE e.jobId = j.jobId) AS x WHERE j.tenantId = @tenantId
--! guard/missing-predicate, guard/weak-predicate | CROSS APPLY on a table that is not held
SELECT j.jobId FROM jobs j CROSS APPLY (SELECT e.note FROM entries e WHERE e.tenantId = j.tenantId) AS x
--! guard/weak-predicate | CROSS APPLY sees nothing on its right
SELECT 1 FROM countries c CROSS APPLY (SELECT e.note FROM entries e WHERE e.tenantId = j.tenantId) AS x JOIN jobs j ON j.tenantId = @tenantId
--! guard/table-function | CROSS APPLY of a function
SELECT 1 FROM jobs j CROSS APPLY dbo.everything(j.jobId) AS x WHERE j.tenantId = @tenantId
--! guard/table-function | a function in FROM
SELECT 1 FROM dbo.everything() AS x
--! guard/table-function | OPENJSON
SELECT 1 FROM OPENJSON(@json) AS x
--! guard/table-function | OPENROWSET
SELECT 1 FROM OPENROWSET('x', 'y', 'z') AS x
--! guard/dynamic-sql | OPENQUERY in an expression
SELECT OPENQUERY(a, 'b')
--! guard/other-database | a name in three parts
SELECT 1 FROM other.dbo.jobs WHERE tenantId = @tenantId
--! guard/other-database | a name in four parts
SELECT 1 FROM server.other.dbo.jobs WHERE tenantId = @tenantId
--! guard/other-database | a database and two dots
SELECT 1 FROM other..jobs WHERE tenantId = @tenantId
--! guard/unknown-table | a temporary table
SELECT 1 FROM #jobs
--! guard/unknown-table | a table variable
SELECT 1 FROM @jobs
--! guard/select-into | SELECT … INTO
SELECT jobId INTO copies FROM jobs WHERE tenantId = @tenantId
--! guard/truncate | TRUNCATE
TRUNCATE TABLE jobs
--! guard/dynamic-sql | EXEC of a procedure
EXEC everything
--! guard/dynamic-sql | EXEC of a text
EXEC sp_executesql N'SELECT 1 FROM jobs'
--! guard/not-parsed | EXEC of a text in parentheses
EXEC ('SELECT 1 ' + 'FROM jobs') AT other
--! guard/variable | the parameter set
SET @tenantId = 'globex'; SELECT 1 FROM jobs WHERE tenantId = @tenantId
--! guard/variable | the parameter declared again
DECLARE @tenantId nvarchar(64) = 'globex'; SELECT 1 FROM jobs WHERE tenantId = @tenantId
--! guard/variable | the parameter assigned by SELECT
SELECT @tenantId = 'globex'; SELECT 1 FROM jobs WHERE tenantId = @tenantId
--! guard/variable | the parameter assigned from a row
SELECT @tenantId = note FROM entries WHERE tenantId = @tenantId; DELETE FROM jobs WHERE tenantId = @tenantId
--! guard/variable | the parameter assigned by UPDATE
UPDATE jobs SET @tenantId = 'globex' WHERE tenantId = @tenantId
--! guard/not-parsed | a compound assignment in SELECT
SELECT @tenantId += 'x' FROM countries
--! allowed | settings that change no meaning
SET NOCOUNT ON; SET XACT_ABORT ON; SELECT 1 FROM jobs WHERE tenantId = @tenantId
--! guard/variable | a setting that changes what quotes mean
SET QUOTED_IDENTIFIER OFF; SELECT 1 FROM jobs WHERE "tenantId" = @tenantId
--! guard/not-parsed | a statement that hides behind an alias
SELECT 1 FROM countries COMMIT
--! guard/not-parsed | two statements without a semicolon
SELECT 1 FROM jobs WHERE tenantId = @tenantId DELETE FROM jobs
--! guard/not-analysed | IF
IF EXISTS (SELECT 1 FROM jobs WHERE tenantId = @tenantId) DELETE FROM jobs
--! allowed | UPDATE … FROM, the target by its alias
UPDATE j SET status = 'x' FROM jobs j JOIN entries e ON e.tenantId = j.tenantId AND e.jobId = j.jobId WHERE j.tenantId = @tenantId
--! guard/missing-predicate | UPDATE … FROM, the other table not held
UPDATE j SET status = 'x' FROM jobs j JOIN entries e ON e.jobId = j.jobId WHERE j.tenantId = @tenantId
--! guard/missing-predicate | UPDATE … FROM, the target not held
UPDATE j SET status = 'x' FROM jobs j JOIN entries e ON e.jobId = j.jobId WHERE e.tenantId = @tenantId
--! guard/tenant-set | UPDATE … FROM, the tenant column set through the alias
UPDATE j SET j.tenantId = e.note FROM jobs j JOIN entries e ON e.tenantId = j.tenantId WHERE j.tenantId = @tenantId
--! guard/missing-predicate | UPDATE of a table that FROM does not have
UPDATE jobs SET status = 'x' FROM entries e WHERE e.tenantId = @tenantId
--! guard/shadowed-name | UPDATE of a table that FROM has under an alias
UPDATE jobs SET status = 'x' FROM jobs j WHERE j.tenantId = @tenantId
--! guard/unknown-table | UPDATE of a derived table
UPDATE d SET status = 'x' FROM (SELECT status FROM jobs WHERE tenantId = @tenantId) AS d
--! allowed | OUTPUT
UPDATE jobs SET status = 'x' OUTPUT inserted.jobId, deleted.status WHERE tenantId = @tenantId
--! guard/not-analysed | OUTPUT … INTO
DELETE FROM jobs OUTPUT deleted.jobId INTO copies WHERE tenantId = @tenantId
--! allowed | DELETE by an alias
DELETE j FROM jobs j JOIN entries e ON e.tenantId = j.tenantId WHERE j.tenantId = @tenantId
--! guard/missing-predicate | DELETE by an alias, the other table not held
DELETE j FROM jobs j JOIN entries e ON e.jobId = j.jobId WHERE j.tenantId = @tenantId
--! guard/unknown-table | DELETE by what is no alias
DELETE x FROM jobs j WHERE j.tenantId = @tenantId
--! allowed | MERGE
MERGE INTO jobs AS t USING (SELECT @tenantId AS tenantId, 7 AS jobId) AS s ON t.tenantId = s.tenantId AND t.jobId = s.jobId WHEN MATCHED THEN UPDATE SET status = 'x' WHEN NOT MATCHED THEN INSERT (tenantId, jobId) VALUES (s.tenantId, s.jobId);
--! allowed | MERGE with the parameter
MERGE INTO jobs AS t USING (SELECT 7 AS jobId) AS s ON t.tenantId = @tenantId AND t.jobId = s.jobId WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (tenantId, jobId) VALUES (@tenantId, s.jobId);
--! guard/missing-predicate | MERGE whose ON lacks it
MERGE INTO jobs AS t USING (SELECT 7 AS jobId) AS s ON t.jobId = s.jobId WHEN MATCHED THEN DELETE;
--! guard/insert-other-tenant | MERGE that inserts for another
MERGE INTO jobs AS t USING (SELECT 7 AS jobId, 'globex' AS other) AS s ON t.tenantId = @tenantId AND t.jobId = s.jobId WHEN NOT MATCHED THEN INSERT (tenantId, jobId) VALUES (s.other, s.jobId);
--! guard/insert-without-tenant | MERGE that inserts without
MERGE INTO jobs AS t USING (SELECT 7 AS jobId) AS s ON t.tenantId = @tenantId AND t.jobId = s.jobId WHEN NOT MATCHED THEN INSERT (jobId) VALUES (s.jobId);
--! guard/tenant-set | MERGE that sets the column
MERGE INTO jobs AS t USING (SELECT 7 AS jobId) AS s ON t.tenantId = @tenantId AND t.jobId = s.jobId WHEN MATCHED THEN UPDATE SET t.tenantId = 'globex';
--! guard/no-filter | MERGE from a table of all tenants
MERGE INTO jobs AS t USING entries AS s ON t.tenantId = @tenantId AND s.tenantId = @tenantId WHEN NOT MATCHED THEN INSERT (tenantId, jobId) VALUES (@tenantId, s.jobId);
--! guard/merge | NOT MATCHED BY SOURCE meets everybody
MERGE INTO jobs AS t USING (SELECT 7 AS jobId) AS s ON t.tenantId = @tenantId AND t.jobId = s.jobId WHEN NOT MATCHED BY SOURCE THEN DELETE;
--! allowed | NOT MATCHED BY SOURCE, held
MERGE INTO jobs AS t USING (SELECT 7 AS jobId) AS s ON t.tenantId = @tenantId AND t.jobId = s.jobId WHEN NOT MATCHED BY SOURCE AND t.tenantId = @tenantId THEN DELETE;
--! guard/not-analysed | TABLESAMPLE draws from everybody
SELECT 1 FROM jobs TABLESAMPLE (10 PERCENT) WHERE tenantId = @tenantId
--! guard/not-parsed | OPTION with what nobody has analysed
SELECT 1 FROM jobs WHERE tenantId = @tenantId OPTION (QUERYTRACEON 1)
--! guard/name | a pseudo-column
SELECT $rowguid FROM jobs WHERE tenantId = @tenantId
--! allowed | batches
SELECT 1 FROM jobs WHERE tenantId = @tenantId
GO
  go 3 -- three times
UPDATE jobs SET status = 'GO
GO
' WHERE tenantId = @tenantId
GO
--! guard/missing-predicate@3:8 | one of several batches
SELECT 1 FROM jobs WHERE tenantId = @tenantId
GO
UPDATE jobs SET status = 'x'
GO
--! guard/not-parsed | GO with something behind it
SELECT 1 FROM jobs WHERE tenantId = @tenantId
GO now
