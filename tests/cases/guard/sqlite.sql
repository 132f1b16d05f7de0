-- Statements in SQLite's SQL. See both.sql for the form.

--! allowed | the schema's own name before the table
SELECT jobId FROM main.jobs WHERE tenantId = @tenantId
--! guard/unknown-table | a table of the temporary schema
SELECT jobId FROM temp.jobs WHERE tenantId = @tenantId
--! allowed | backticks
SELECT `jobId` FROM `jobs` WHERE `tenantId` = @tenantId
--! guard/name | text in the place of a name
SELECT jobId FROM 'jobs' WHERE tenantId = @tenantId
--! allowed | two signs of equality
SELECT jobId FROM jobs WHERE tenantId == @tenantId
--! guard/not-parsed | IS
SELECT jobId FROM jobs WHERE tenantId IS @tenantId
--! guard/weak-predicate | text in the place of the column
SELECT jobId FROM jobs WHERE 'tenantId' = @tenantId AND tenantId = 'x' || ''
--! guard/weak-predicate | LIKE and an order
SELECT jobId FROM jobs WHERE tenantId LIKE '%' AND tenantId > @tenantId
--! guard/weak-predicate | another form of parameter
SELECT jobId FROM jobs WHERE tenantId = :tenantId
--! guard/weak-predicate | a numbered parameter
SELECT jobId FROM jobs WHERE tenantId = ?1
--! allowed | LIMIT and OFFSET
SELECT jobId FROM jobs WHERE tenantId = @tenantId ORDER BY jobId LIMIT 10 OFFSET 5
--! guard/missing-predicate | a subquery in LIMIT
SELECT jobId FROM jobs WHERE tenantId = @tenantId LIMIT (SELECT COUNT(*) FROM entries)
--! allowed | an aggregate with a filter
SELECT COUNT(*) FILTER (WHERE status = 'x') FROM jobs WHERE tenantId = @tenantId
--! guard/missing-predicate | a subquery in a filter
SELECT COUNT(*) FILTER (WHERE jobId IN (SELECT jobId FROM entries)) FROM jobs WHERE tenantId = @tenantId
--! guard/replace | REPLACE
REPLACE INTO jobs (tenantId, jobId) VALUES (@tenantId, 7)
--! guard/replace | INSERT OR REPLACE
INSERT OR REPLACE INTO jobs (tenantId, jobId) VALUES (@tenantId, 7)
--! guard/replace | UPDATE OR REPLACE
UPDATE OR REPLACE jobs SET jobId = 7 WHERE tenantId = @tenantId
--! allowed | INSERT OR IGNORE
INSERT OR IGNORE INTO jobs (tenantId, jobId) VALUES (@tenantId, 7)
--! allowed | ON CONFLICT DO NOTHING
INSERT INTO jobs (tenantId, jobId) VALUES (@tenantId, 7) ON CONFLICT DO NOTHING
--! guard/missing-predicate | ON CONFLICT DO UPDATE of whosever row it is
INSERT INTO jobs (tenantId, jobId, status) VALUES (@tenantId, 7, 'x') ON CONFLICT (jobId) DO UPDATE SET status = excluded.status
--! allowed | ON CONFLICT DO UPDATE of the tenant's row
INSERT INTO jobs (tenantId, jobId, status) VALUES (@tenantId, 7, 'x') ON CONFLICT (tenantId, jobId) DO UPDATE SET status = excluded.status WHERE tenantId = @tenantId
--! guard/missing-predicate | ON CONFLICT DO UPDATE, the new row held
INSERT INTO jobs (tenantId, jobId) VALUES (@tenantId, 7) ON CONFLICT (jobId) DO UPDATE SET status = 'x' WHERE excluded.tenantId = @tenantId
--! guard/tenant-set | ON CONFLICT DO UPDATE that takes the row over
INSERT INTO jobs (tenantId, jobId) VALUES (@tenantId, 7) ON CONFLICT (jobId) DO UPDATE SET tenantId = excluded.tenantId WHERE jobs.tenantId = @tenantId
--! allowed | RETURNING
INSERT INTO jobs (tenantId, jobId) VALUES (@tenantId, 7) RETURNING jobId, version
--! guard/missing-predicate | a subquery in RETURNING
DELETE FROM jobs WHERE tenantId = @tenantId RETURNING (SELECT COUNT(*) FROM entries)
--! allowed | UPDATE … FROM
UPDATE jobs SET status = e.note FROM entries AS e WHERE e.tenantId = jobs.tenantId AND e.jobId = jobs.jobId AND jobs.tenantId = @tenantId
--! guard/missing-predicate | UPDATE … FROM, the other table not held
UPDATE jobs SET status = e.note FROM entries AS e WHERE e.jobId = jobs.jobId AND jobs.tenantId = @tenantId
--! guard/tenant-set | a tuple that sets the column
UPDATE jobs SET (status, tenantId) = ('x', 'globex') WHERE tenantId = @tenantId
--! allowed | WITH RECURSIVE that counts
WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5) SELECT x FROM n
--! guard/not-analysed | ATTACH
ATTACH DATABASE 'other.db' AS other
--! guard/not-parsed | PRAGMA
PRAGMA foreign_keys = OFF
--! guard/not-parsed | VACUUM INTO another file
VACUUM INTO 'copy.db'
--! guard/table-function | a table-valued function
SELECT 1 FROM json_each('[1]')
--! guard/table-function | the catalog as a function
SELECT 1 FROM pragma_table_info('jobs')
--! guard/dynamic-sql | loading code
SELECT load_extension('x')
--! guard/unknown-function | a counter of all changes
SELECT total_changes()
--! allowed | JSON
SELECT json_extract(status, '$.a'), status ->> '$.b' FROM jobs WHERE tenantId = @tenantId
--! allowed | the plan of a query
EXPLAIN QUERY PLAN SELECT jobId FROM jobs WHERE tenantId = @tenantId
--! guard/missing-predicate | the plan of a query on all tenants
EXPLAIN QUERY PLAN SELECT jobId FROM jobs
--! guard/not-analysed | the plan of a change
EXPLAIN QUERY PLAN DELETE FROM jobs WHERE tenantId = @tenantId
--! guard/not-analysed | the code of a query
EXPLAIN SELECT jobId FROM jobs WHERE tenantId = @tenantId
