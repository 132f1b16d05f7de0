CREATE INDEX ixOrdersA ON dbo.orders (tenantId) WHERE status = N'open' OR status = N'closed';
CREATE INDEX ixOrdersB ON dbo.orders (tenantId) WHERE NOT status = N'open';
CREATE INDEX ixOrdersC ON dbo.orders (tenantId) WHERE total BETWEEN 1 AND 10;
CREATE INDEX ixOrdersD ON dbo.orders (tenantId) WHERE YEAR(createdAt) = 2026;
CREATE INDEX ixOrdersE ON dbo.orders (tenantId) WHERE status NOT IN (N'open');
