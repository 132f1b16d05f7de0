-- with: identifiers invoices.number
CREATE TABLE dbo.invoices (
    tenantId nvarchar(64) NOT NULL,
    number   nvarchar(64) COLLATE Latin1_General_100_CI_AS NOT NULL,
    CONSTRAINT pkInvoices PRIMARY KEY CLUSTERED (tenantId, number)
);
