-- Statements that the guard must judge alike in T-SQL and in SQLite's SQL. A line that begins with
-- `--!` opens a case: the codes that must be found, each with its place where that matters, or
-- `allowed`; then what the case is about. Tables: jobs and entries belong to tenants, plans has the
-- column and is exempt, countries has none.

--! allowed | the plain form
SELECT jobId, status FROM jobs WHERE tenantId = @tenantId
--! allowed | the parameter first
SELECT jobId FROM jobs WHERE @tenantId = tenantId
--! allowed | in parentheses
SELECT jobId FROM jobs WHERE ((tenantId = (@tenantId)) AND (status = 'queued'))
--! allowed | in another case
select JOBID from JOBS where TENANTID = @tenantId
--! allowed | quoted names
SELECT "jobId" FROM "jobs" WHERE "tenantId" = @tenantId
--! allowed | bracketed names
SELECT [jobId] FROM [jobs] AS [j] WHERE [j].[tenantId] = @tenantId
--! allowed | comments everywhere
SELECT /* a */ jobId -- b
FROM jobs /* c */ WHERE -- d
 tenantId /* e */ = @tenantId
--! allowed | a semicolon at the end
SELECT jobId FROM jobs WHERE tenantId = @tenantId;
--! allowed | a disjunction beside the predicate
SELECT jobId FROM jobs WHERE tenantId = @tenantId AND (status = 'a' OR status = 'b')
--! allowed | no table at all
SELECT 1
--! allowed | tables of no tenant
SELECT c.name, p.name FROM countries c, plans p WHERE p.code = c.code
--! allowed | an alias like the table's own name
SELECT jobs.jobId FROM jobs AS jobs WHERE jobs.tenantId = @tenantId
--! allowed | an unqualified column where only one table has it
SELECT jobId FROM jobs, countries WHERE tenantId = @tenantId
--! allowed | every function of the list that computes
SELECT COUNT(*), MAX(attempts), COALESCE(MIN(status), 'none'), UPPER('a') FROM jobs WHERE tenantId = @tenantId GROUP BY status HAVING COUNT(*) > 1
--! allowed | a window
SELECT jobId, ROW_NUMBER() OVER (PARTITION BY status ORDER BY attempts DESC) FROM jobs WHERE tenantId = @tenantId
--! allowed | CASE, CAST, LIKE, BETWEEN, IN and IS NULL beside the predicate
SELECT CASE WHEN attempts > 1 THEN 'many' ELSE CAST(attempts AS varchar(9)) END FROM jobs WHERE tenantId = @tenantId AND status LIKE 'q%' AND attempts BETWEEN 1 AND 3 AND jobId IN (1, 2) AND status IS NOT NULL

--! guard/missing-predicate@1:19 | nothing about the tenant
SELECT jobId FROM jobs
--! guard/missing-predicate | a filter on something else
SELECT jobId FROM jobs WHERE jobId = 7
--! guard/missing-predicate@2:6 | the place is that of the table
SELECT jobId
FROM jobs AS j
WHERE status = 'queued'
--! guard/weak-predicate | below OR
SELECT jobId FROM jobs WHERE tenantId = @tenantId OR 1 = 1
--! guard/weak-predicate | below OR, in parentheses
SELECT jobId FROM jobs WHERE (tenantId = @tenantId OR status = 'a') AND jobId = 1
--! guard/weak-predicate | AND binds tighter than OR
SELECT jobId FROM jobs WHERE jobId = 1 OR tenantId = @tenantId AND jobId = 2
--! guard/weak-predicate | below NOT
SELECT jobId FROM jobs WHERE NOT (tenantId = @tenantId)
--! guard/weak-predicate | below two NOTs
SELECT jobId FROM jobs WHERE NOT (NOT (tenantId = @tenantId))
--! guard/weak-predicate | the column with itself
SELECT jobId FROM jobs WHERE tenantId = tenantId
--! guard/weak-predicate | the column with itself, qualified
SELECT j.jobId FROM jobs j WHERE j.tenantId = j.tenantId
--! guard/missing-predicate | the parameter with itself
SELECT jobId FROM jobs WHERE @tenantId = @tenantId
--! guard/literal-tenant | a literal
SELECT jobId FROM jobs WHERE tenantId = 'acme'
--! guard/literal-tenant | a literal on the left
SELECT jobId FROM jobs WHERE 'acme' = tenantId
--! guard/weak-predicate | another parameter
SELECT jobId FROM jobs WHERE tenantId = @other
--! guard/weak-predicate | the parameter in another case is another parameter
SELECT jobId FROM jobs WHERE tenantId = @TENANTID
--! guard/weak-predicate | IN
SELECT jobId FROM jobs WHERE tenantId IN (@tenantId)
--! guard/weak-predicate | IN with others
SELECT jobId FROM jobs WHERE tenantId IN (@tenantId, 'acme')
--! guard/weak-predicate | LIKE
SELECT jobId FROM jobs WHERE tenantId LIKE @tenantId
--! guard/weak-predicate | not the same
SELECT jobId FROM jobs WHERE tenantId <> @tenantId
--! guard/weak-predicate | no less
SELECT jobId FROM jobs WHERE tenantId >= @tenantId
--! guard/weak-predicate | BETWEEN
SELECT jobId FROM jobs WHERE tenantId BETWEEN @tenantId AND @tenantId
--! guard/weak-predicate | IS NULL
SELECT jobId FROM jobs WHERE tenantId IS NULL
--! guard/weak-predicate | COALESCE
SELECT jobId FROM jobs WHERE COALESCE(tenantId, @tenantId) = @tenantId
--! guard/weak-predicate | a function of the column
SELECT jobId FROM jobs WHERE LOWER(tenantId) = @tenantId
--! guard/weak-predicate | a function of the parameter
SELECT jobId FROM jobs WHERE tenantId = LOWER(@tenantId)
--! guard/weak-predicate | a cast of the column
SELECT jobId FROM jobs WHERE CAST(tenantId AS varchar(3)) = @tenantId
--! guard/weak-predicate | a cast of the parameter
SELECT jobId FROM jobs WHERE tenantId = CAST(@tenantId AS varchar(3))
--! guard/weak-predicate | a collation of the column
SELECT jobId FROM jobs WHERE tenantId COLLATE NOCASE = @tenantId
--! guard/weak-predicate | a collation of the parameter
SELECT jobId FROM jobs WHERE tenantId = @tenantId COLLATE NOCASE
--! guard/weak-predicate | CASE
SELECT jobId FROM jobs WHERE CASE WHEN tenantId = @tenantId THEN 1 ELSE 1 END = 1
--! guard/weak-predicate | a subquery in place of the parameter
SELECT jobId FROM jobs WHERE tenantId = (SELECT @tenantId)
--! guard/weak-predicate | an expression with the parameter
SELECT jobId FROM jobs WHERE tenantId = @tenantId + ''
--! guard/missing-predicate | the predicate in HAVING
SELECT tenantId FROM jobs GROUP BY tenantId HAVING tenantId = @tenantId
--! guard/missing-predicate | the predicate in the list of columns
SELECT CASE WHEN tenantId = @tenantId THEN status END FROM jobs
--! guard/missing-predicate | the predicate in a comment
SELECT jobId FROM jobs WHERE jobId = 1 /* AND tenantId = @tenantId */
--! guard/missing-predicate | the predicate in a literal
SELECT jobId FROM jobs WHERE status = ' AND tenantId = @tenantId'

--! allowed | a join, both held
SELECT j.jobId FROM jobs j JOIN entries e ON e.jobId = j.jobId WHERE j.tenantId = @tenantId AND e.tenantId = @tenantId
--! allowed | a join, held through the equality in ON
SELECT j.jobId FROM jobs j JOIN entries e ON e.tenantId = j.tenantId AND e.jobId = j.jobId WHERE j.tenantId = @tenantId
--! allowed | a join, held through the equality in WHERE
SELECT j.jobId FROM jobs j, entries e WHERE e.tenantId = j.tenantId AND e.tenantId = @tenantId
--! allowed | a chain of three
SELECT 1 FROM jobs a JOIN entries b ON b.tenantId = a.tenantId JOIN jobs c ON c.tenantId = b.tenantId WHERE c.tenantId = @tenantId
--! allowed | the predicate in the ON of an inner join holds either side
SELECT 1 FROM jobs j JOIN entries e ON j.tenantId = @tenantId AND e.tenantId = @tenantId
--! guard/missing-predicate@1:23 | one of two joined tables
SELECT 1 FROM jobs j, entries e WHERE j.tenantId = @tenantId
--! guard/missing-predicate@1:27 | one of three, joined by their keys alone
SELECT 1 FROM jobs a JOIN entries b ON b.jobId = a.jobId JOIN jobs c ON c.tenantId = a.tenantId AND c.jobId = b.jobId WHERE a.tenantId = @tenantId
--! guard/weak-predicate, guard/weak-predicate | an equality without an anchor
SELECT 1 FROM jobs j JOIN entries e ON e.tenantId = j.tenantId
--! guard/weak-predicate, guard/weak-predicate, guard/weak-predicate | a circle of equalities without an anchor
SELECT 1 FROM jobs a, jobs b, jobs c WHERE a.tenantId = b.tenantId AND b.tenantId = c.tenantId AND c.tenantId = a.tenantId
--! guard/weak-predicate | an equality below OR
SELECT 1 FROM jobs j JOIN entries e ON e.tenantId = j.tenantId OR e.jobId = j.jobId WHERE j.tenantId = @tenantId
--! guard/weak-predicate | an equality with the column of an exempt table
SELECT 1 FROM jobs j JOIN plans p ON p.tenantId = j.tenantId
--! guard/weak-predicate | an equality with the column of an exempt table that is filtered itself
SELECT 1 FROM jobs j JOIN plans p ON p.tenantId = j.tenantId WHERE p.tenantId = @tenantId
--! guard/weak-predicate | an equality with another column
SELECT 1 FROM jobs j JOIN entries e ON e.tenantId = j.status WHERE j.tenantId = @tenantId
--! guard/ambiguous-tenant, guard/ambiguous-tenant | a column of two tables
SELECT 1 FROM jobs j, entries e WHERE tenantId = @tenantId
--! guard/ambiguous-tenant | a column of a table of tenants and of an exempt one
SELECT 1 FROM jobs j, plans p WHERE tenantId = @tenantId
--! guard/shadowed-name, guard/ambiguous-tenant, guard/ambiguous-tenant | two tables under one alias
SELECT 1 FROM jobs j, entries j WHERE j.tenantId = @tenantId
--! guard/shadowed-name | an alias that is another table's name
SELECT 1 FROM countries jobs WHERE jobs.code = 'x'
--! guard/shadowed-name, guard/shadowed-name | aliases that swap names
SELECT 1 FROM jobs entries JOIN entries jobs ON jobs.tenantId = entries.tenantId WHERE jobs.tenantId = @tenantId
--! guard/not-analysed, guard/weak-predicate | USING says less than ON
SELECT 1 FROM jobs j JOIN entries e USING (tenantId) WHERE j.tenantId = @tenantId AND e.tenantId = e.tenantId
--! guard/not-analysed, guard/missing-predicate | NATURAL
SELECT 1 FROM jobs j NATURAL JOIN entries e WHERE j.tenantId = @tenantId

--! allowed | LEFT JOIN, the nullable side in ON
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.jobId = j.jobId AND e.tenantId = @tenantId WHERE j.tenantId = @tenantId
--! allowed | LEFT JOIN, the nullable side through the equality in ON
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.jobId = j.jobId AND e.tenantId = j.tenantId WHERE j.tenantId = @tenantId
--! allowed | LEFT JOIN, the nullable side in WHERE
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.jobId = j.jobId WHERE j.tenantId = @tenantId AND e.tenantId = @tenantId
--! guard/no-filter@1:15 | LEFT JOIN, the preserved side in ON
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.tenantId = @tenantId AND j.tenantId = @tenantId
--! guard/weak-predicate | LEFT JOIN, the preserved side through the equality in ON
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.tenantId = @tenantId AND j.tenantId = e.tenantId
--! guard/weak-predicate | LEFT JOIN, the nullable side or nothing
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.jobId = j.jobId WHERE j.tenantId = @tenantId AND (e.tenantId = @tenantId OR e.tenantId IS NULL)
--! allowed | RIGHT JOIN, the nullable side in ON
SELECT 1 FROM jobs j RIGHT JOIN entries e ON e.jobId = j.jobId AND j.tenantId = @tenantId WHERE e.tenantId = @tenantId
--! guard/no-filter | RIGHT JOIN, the preserved side in ON
SELECT 1 FROM jobs j RIGHT JOIN entries e ON e.tenantId = @tenantId AND j.tenantId = @tenantId
--! guard/no-filter, guard/no-filter | FULL JOIN, both sides in ON
SELECT 1 FROM jobs j FULL JOIN entries e ON e.tenantId = @tenantId AND j.tenantId = @tenantId
--! allowed | FULL JOIN, both sides in WHERE
SELECT 1 FROM jobs j FULL JOIN entries e ON e.jobId = j.jobId WHERE e.tenantId = @tenantId AND j.tenantId = @tenantId
--! allowed | LEFT JOIN of joined tables
SELECT 1 FROM jobs j LEFT JOIN (entries e JOIN jobs k ON k.tenantId = e.tenantId) ON e.tenantId = j.tenantId WHERE j.tenantId = @tenantId
--! guard/no-filter | an ON of an upper join does not filter the preserved table of a lower one
SELECT 1 FROM jobs j LEFT JOIN entries e ON e.tenantId = @tenantId LEFT JOIN countries c ON j.tenantId = @tenantId

--! allowed | EXISTS, through the outer table
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId AND EXISTS (SELECT 1 FROM entries e WHERE e.tenantId = j.tenantId AND e.jobId = j.jobId)
--! allowed | EXISTS, with the parameter
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.tenantId = @tenantId AND e.jobId = j.jobId)
--! guard/missing-predicate@1:77 | EXISTS without
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId AND EXISTS (SELECT 1 FROM entries e WHERE e.jobId = j.jobId)
--! guard/missing-predicate | a condition on the outer table, within
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId AND EXISTS (SELECT 1 FROM entries e WHERE j.tenantId = @tenantId)
--! guard/missing-predicate | the outer table is not held by what is within
SELECT 1 FROM jobs j WHERE EXISTS (SELECT 1 FROM entries e WHERE e.tenantId = @tenantId AND j.tenantId = @tenantId)
--! guard/missing-predicate, guard/weak-predicate | an outer table that is not held anchors nothing
SELECT 1 FROM jobs j WHERE EXISTS (SELECT 1 FROM entries e WHERE e.tenantId = j.tenantId)
--! guard/weak-predicate | an inner alias hides the outer one
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId AND EXISTS (SELECT 1 FROM jobs j WHERE j.tenantId = j.tenantId)
--! guard/weak-predicate | an exempt table around anchors nothing
SELECT 1 FROM plans p WHERE p.tenantId = @tenantId AND EXISTS (SELECT 1 FROM jobs j WHERE j.tenantId = p.tenantId)
--! guard/missing-predicate | IN
SELECT 1 FROM jobs WHERE tenantId = @tenantId AND jobId IN (SELECT jobId FROM entries)
--! allowed | IN, held
SELECT 1 FROM jobs WHERE tenantId = @tenantId AND jobId IN (SELECT jobId FROM entries WHERE tenantId = @tenantId)
--! guard/missing-predicate | in the list of columns
SELECT (SELECT COUNT(*) FROM entries) FROM jobs WHERE tenantId = @tenantId
--! allowed | in the list of columns, through the outer table
SELECT (SELECT COUNT(*) FROM entries e WHERE e.tenantId = j.tenantId) FROM jobs j WHERE j.tenantId = @tenantId
--! guard/missing-predicate | in ORDER BY
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId ORDER BY (SELECT COUNT(*) FROM entries)
--! guard/missing-predicate | in HAVING
SELECT status FROM jobs WHERE tenantId = @tenantId GROUP BY status HAVING COUNT(*) > (SELECT COUNT(*) FROM entries)
--! guard/missing-predicate | in ON
SELECT 1 FROM jobs j JOIN countries c ON c.code = (SELECT MAX(note) FROM entries) WHERE j.tenantId = @tenantId
--! guard/missing-predicate | in CASE in a function in a list
SELECT 1 FROM jobs WHERE tenantId = @tenantId AND jobId IN (1, COALESCE(CASE WHEN 1 = 1 THEN (SELECT MAX(jobId) FROM entries) END, 2))
--! guard/missing-predicate | three levels down
SELECT 1 FROM countries WHERE code IN (SELECT code FROM plans WHERE EXISTS (SELECT 1 FROM countries c WHERE c.code IN (SELECT note FROM entries)))
--! allowed | through two levels of queries around
SELECT 1 FROM jobs j WHERE j.tenantId = @tenantId AND EXISTS (SELECT 1 FROM countries c WHERE EXISTS (SELECT 1 FROM entries e WHERE e.tenantId = j.tenantId AND e.note = c.code))

--! allowed | a derived table, held within
SELECT d.jobId FROM (SELECT jobId FROM jobs WHERE tenantId = @tenantId) AS d
--! guard/missing-predicate | a derived table, held outside
SELECT d.jobId FROM (SELECT jobId, tenantId FROM jobs) AS d WHERE d.tenantId = @tenantId
--! allowed | the tenant column of a derived table anchors
SELECT 1 FROM (SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId) AS d JOIN entries e ON e.tenantId = d.tenantId AND e.jobId = d.jobId
--! allowed | under another name
SELECT 1 FROM (SELECT tenantId AS owner FROM jobs WHERE tenantId = @tenantId) AS d JOIN entries e ON e.tenantId = d.owner
--! allowed | the parameter as a column of a derived table
SELECT 1 FROM (SELECT @tenantId AS owner) AS d JOIN entries e ON e.tenantId = d.owner
--! allowed | through *
SELECT 1 FROM (SELECT * FROM jobs WHERE tenantId = @tenantId) AS d JOIN entries e ON e.tenantId = d.tenantId
--! guard/weak-predicate | a column of a derived table that only looks like it
SELECT 1 FROM (SELECT status AS tenantId FROM jobs WHERE tenantId = @tenantId) AS d JOIN entries e ON e.tenantId = d.tenantId
--! guard/weak-predicate | a literal in a derived table
SELECT 1 FROM (SELECT 'acme' AS tenantId) AS d JOIN entries e ON e.tenantId = d.tenantId
--! guard/weak-predicate | the greatest tenant of a derived table
SELECT 1 FROM (SELECT MAX(tenantId) AS tenantId FROM jobs WHERE tenantId = @tenantId) AS d JOIN entries e ON e.tenantId = d.tenantId
--! allowed | a common table expression
WITH mine AS (SELECT jobId, tenantId FROM jobs WHERE tenantId = @tenantId) SELECT 1 FROM mine JOIN entries e ON e.tenantId = mine.tenantId
--! guard/missing-predicate | a common table expression that nobody uses
WITH theirs AS (SELECT jobId FROM jobs) SELECT 1
--! guard/missing-predicate | a common table expression, held outside
WITH theirs AS (SELECT * FROM jobs) SELECT 1 FROM theirs WHERE tenantId = @tenantId
--! guard/shadowed-name | a common table expression named like a table
WITH jobs AS (SELECT 1 AS jobId) SELECT jobId FROM jobs WHERE 1 = 1 AND jobs.tenantId = @tenantId
--! guard/shadowed-name | two common table expressions of one name
WITH a AS (SELECT 1 AS x), a AS (SELECT 2 AS x) SELECT x FROM a
--! guard/unknown-table | a common table expression of a later one
WITH a AS (SELECT x FROM b), b AS (SELECT 1 AS x) SELECT x FROM a
--! guard/unknown-table | a common table expression of another query
SELECT 1 FROM (SELECT 1 AS x) AS d WHERE EXISTS (SELECT 1 FROM d)
--! allowed | columns of a common table expression renamed
WITH mine (owner, job) AS (SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId) SELECT 1 FROM mine m JOIN entries e ON e.tenantId = m.owner
--! guard/weak-predicate | the wrong one of the renamed columns
WITH mine (job, owner) AS (SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId) SELECT 1 FROM mine m JOIN entries e ON e.tenantId = m.owner
--! allowed | a recursive one, held through itself
WITH tree AS (SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId AND parentId IS NULL UNION ALL SELECT c.tenantId, c.jobId FROM jobs c JOIN tree p ON p.tenantId = c.tenantId AND p.jobId = c.parentId) SELECT jobId FROM tree
--! guard/missing-predicate | a recursive one, not held in its second part
WITH tree AS (SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId UNION ALL SELECT c.tenantId, c.jobId FROM jobs c JOIN tree p ON p.jobId = c.parentId) SELECT jobId FROM tree
--! guard/weak-predicate | a recursive one whose second part gives another column
WITH tree AS (SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId UNION ALL SELECT c.status, c.jobId FROM jobs c JOIN tree p ON p.tenantId = c.tenantId) SELECT jobId FROM tree

--! allowed | UNION, both held
SELECT jobId FROM jobs WHERE tenantId = @tenantId UNION ALL SELECT jobId FROM entries WHERE tenantId = @tenantId ORDER BY 1
--! guard/missing-predicate | UNION, one not held
SELECT jobId FROM jobs WHERE tenantId = @tenantId UNION SELECT jobId FROM entries
--! guard/missing-predicate | EXCEPT, one not held
SELECT jobId FROM jobs WHERE tenantId = @tenantId EXCEPT SELECT jobId FROM entries
--! guard/missing-predicate | INTERSECT, one not held
SELECT jobId FROM jobs INTERSECT SELECT jobId FROM entries WHERE tenantId = @tenantId
--! guard/weak-predicate | a union that anchors on one side alone
SELECT 1 FROM (SELECT tenantId FROM jobs WHERE tenantId = @tenantId UNION SELECT code FROM countries) AS d JOIN entries e ON e.tenantId = d.tenantId

--! allowed | UPDATE
UPDATE jobs SET status = 'done' WHERE tenantId = @tenantId AND jobId = 7
--! guard/missing-predicate@1:8 | UPDATE of all tenants
UPDATE jobs SET status = 'done' WHERE jobId = 7
--! guard/tenant-set@1:17 | the tenant column set
UPDATE jobs SET tenantId = @tenantId WHERE tenantId = @tenantId
--! guard/tenant-set | the tenant column set to another
UPDATE jobs SET status = 'x', TENANTID = 'globex' WHERE tenantId = @tenantId
--! guard/tenant-set | the tenant column set, quoted
UPDATE jobs SET "tenantId" = @other WHERE tenantId = @tenantId
--! guard/weak-predicate | UPDATE with OR
UPDATE jobs SET status = 'done' WHERE tenantId = @tenantId OR 1 = 1
--! guard/missing-predicate | a subquery in SET
UPDATE jobs SET attempts = (SELECT COUNT(*) FROM entries) WHERE tenantId = @tenantId
--! allowed | a subquery in SET, through the target
UPDATE jobs SET attempts = (SELECT COUNT(*) FROM entries e WHERE e.tenantId = jobs.tenantId) WHERE tenantId = @tenantId
--! allowed | a table of no tenant
UPDATE countries SET name = 'x' WHERE code = 'y'
--! guard/unknown-table | UPDATE of a common table expression
WITH mine AS (SELECT * FROM jobs WHERE tenantId = @tenantId) UPDATE mine SET status = 'x'
--! allowed | DELETE
DELETE FROM jobs WHERE tenantId = @tenantId AND status = 'done'
--! guard/missing-predicate | DELETE of everything
DELETE FROM jobs
--! guard/literal-tenant | DELETE for a literal tenant
DELETE FROM jobs WHERE tenantId = 'acme'
--! guard/missing-predicate | a subquery in DELETE
DELETE FROM jobs WHERE tenantId = @tenantId AND jobId NOT IN (SELECT jobId FROM entries)

--! allowed | INSERT
INSERT INTO jobs (tenantId, jobId, status) VALUES (@tenantId, 7, 'queued')
--! allowed | INSERT of several rows, the column in another place
INSERT INTO jobs (jobId, tenantId) VALUES (7, @tenantId), (8, (@tenantId))
--! guard/insert-other-tenant@1:26 | one row of another tenant
INSERT INTO jobs (jobId, tenantId) VALUES (7, @tenantId), (8, 'globex')
--! guard/insert-other-tenant | a literal
INSERT INTO jobs (tenantId, jobId) VALUES ('acme', 7)
--! guard/insert-other-tenant | the parameter in the wrong place
INSERT INTO jobs (tenantId, status) VALUES ('acme', @tenantId)
--! guard/insert-other-tenant | another parameter
INSERT INTO jobs (tenantId, jobId) VALUES (@other, 7)
--! guard/insert-other-tenant | more values than columns
INSERT INTO jobs (tenantId, jobId) VALUES (@tenantId, 7, 8)
--! guard/insert-without-tenant | without the column
INSERT INTO jobs (jobId) VALUES (7)
--! guard/insert-without-tenant | without columns
INSERT INTO jobs VALUES (@tenantId, 7, 'queued', 0, NULL)
--! guard/insert-without-tenant | a row of defaults
INSERT INTO jobs DEFAULT VALUES
--! guard/insert-without-tenant | the column twice
INSERT INTO jobs (tenantId, jobId, tenantId) VALUES (@tenantId, 7, @tenantId)
--! allowed | INSERT … SELECT of the parameter
INSERT INTO entries (tenantId, jobId) SELECT @tenantId, jobId FROM jobs WHERE tenantId = @tenantId
--! allowed | INSERT … SELECT of a column that is held
INSERT INTO entries (tenantId, jobId) SELECT j.tenantId, j.jobId FROM jobs j WHERE j.tenantId = @tenantId
--! guard/insert-other-tenant | INSERT … SELECT of another column
INSERT INTO entries (tenantId, jobId) SELECT j.status, j.jobId FROM jobs j WHERE j.tenantId = @tenantId
--! guard/insert-other-tenant, guard/missing-predicate | INSERT … SELECT from all tenants
INSERT INTO entries (tenantId, jobId) SELECT tenantId, jobId FROM jobs
--! guard/missing-predicate | INSERT … SELECT of the parameter from all tenants
INSERT INTO entries (tenantId, jobId) SELECT @tenantId, jobId FROM jobs
--! guard/insert-other-tenant | INSERT … SELECT *, in an order that nobody knows
INSERT INTO jobs (tenantId, jobId, status, attempts, parentId) SELECT * FROM jobs WHERE tenantId = @tenantId
--! guard/insert-other-tenant | INSERT of a union with another tenant
INSERT INTO entries (tenantId, jobId) SELECT tenantId, jobId FROM jobs WHERE tenantId = @tenantId UNION ALL SELECT 'globex', 1
--! guard/missing-predicate | a subquery in VALUES
INSERT INTO entries (tenantId, jobId) VALUES (@tenantId, (SELECT MAX(jobId) FROM jobs))
--! guard/insert-other-tenant | a subquery for the tenant
INSERT INTO entries (tenantId, jobId) VALUES ((SELECT @tenantId), 1)
--! allowed | INSERT into a table of no tenant
INSERT INTO countries (code, name) VALUES ('x', 'y')
--! guard/missing-predicate | another tenant's rows into a table of no tenant
INSERT INTO countries (code, name) SELECT jobId, status FROM jobs

--! guard/unknown-table | a table that the schema does not have
SELECT 1 FROM secrets
--! guard/unknown-table | a system table of SQLite
SELECT name FROM sqlite_schema
--! guard/unknown-table | a system schema
SELECT name FROM sys.tables
--! guard/unknown-table | the standard catalog
SELECT table_name FROM INFORMATION_SCHEMA.TABLES
--! guard/other-database | another database
SELECT 1 FROM other.main.jobs WHERE tenantId = @tenantId
--! guard/unknown-table | another schema
SELECT 1 FROM archive.jobs WHERE tenantId = @tenantId
--! guard/name | a letter that looks like another
SELECT 1 FROM jоbs WHERE tenantId = @tenantId
--! guard/name | a tenant column of full width
UPDATE jobs SET ｔenantId = 'x' WHERE tenantId = @tenantId
--! guard/name | a quoted tenant column with a space behind it
UPDATE jobs SET "tenantId " = 'x' WHERE tenantId = @tenantId
--! guard/unknown-function | a function that nobody knows
SELECT evil(jobId) FROM jobs WHERE tenantId = @tenantId
--! guard/unknown-function | a function of a schema
SELECT dbo.everything(1)
--! guard/definition | CREATE
CREATE TABLE other (x int)
--! guard/definition | a view
CREATE VIEW theirs AS SELECT jobId FROM jobs
--! guard/definition | DROP
DROP TABLE jobs
--! guard/not-parsed | what is no SQL
SELEC jobId FORM jobs
--! guard/not-parsed | a literal that is never closed
SELECT jobId FROM jobs WHERE tenantId = @tenantId AND status = 'x
--! guard/not-parsed | a comment within a comment
SELECT jobId FROM jobs /* /* */ WHERE tenantId = @tenantId -- */
--! guard/missing-predicate@3:15 | one of several statements
SELECT 1 FROM jobs WHERE tenantId = @tenantId;
-- between
DELETE   FROM entries;
SELECT 2
--! guard/not-parsed | one of several statements that cannot be read
SELECT 1 FROM jobs WHERE tenantId = @tenantId; WHATEVER; SELECT 2
--! allowed | several statements
BEGIN TRANSACTION; UPDATE jobs SET status = 'x' WHERE tenantId = @tenantId; COMMIT;
--! allowed | nothing but a comment
-- nothing here
--! guard/not-parsed | nested too deeply
SELECT ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
