CREATE INDEX ixOrdersA ON dbo.orders (tenantId) WHERE status IN (N'open', N'closed');
CREATE INDEX ixOrdersB ON dbo.orders (tenantId) WHERE note IS NOT NULL AND total > 1 AND total <= 10;
CREATE INDEX ixOrdersC ON dbo.orders (tenantId) WHERE createdAt > CAST('2026-01-01' AS datetime2(3));
CREATE INDEX ixOrdersD ON dbo.orders (tenantId) WHERE createdAt > CONVERT(datetime2(3), '2026-01-01')
    WITH (FILLFACTOR = 90);
CREATE INDEX ixOrdersE ON dbo.orders (tenantId) WHERE [status] = N'OR';
