-- Security policies, one row for each predicate.
SELECT N'securityPolicy' AS kind,
       CAST(OBJECT_NAME(sp.target_object_id) AS nvarchar(128)) AS tableName,
       CAST(p.name AS nvarchar(128)) AS name,
       CAST(sp.predicate_definition AS nvarchar(max)) AS definition,
       CAST(COALESCE(OBJECT_SCHEMA_NAME(sp.target_object_id), SCHEMA_NAME(p.schema_id))
            AS nvarchar(128)) AS [schema],
       CAST(SCHEMA_NAME(p.schema_id) AS nvarchar(128)) AS policySchema,
       CAST(p.is_enabled AS bigint) AS enabled,
       CAST(sp.predicate_type_desc AS nvarchar(60)) AS predicateType,
       CAST(sp.operation_desc AS nvarchar(60)) AS operation,
       CAST(sp.security_predicate_id AS bigint) AS position
FROM sys.security_policies AS p
LEFT JOIN sys.security_predicates AS sp ON sp.object_id = p.object_id;
