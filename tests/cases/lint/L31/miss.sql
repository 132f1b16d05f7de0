-- with: identifiers invoices.number
CREATE TABLE dbo.invoices (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    number   nvarchar(64) COLLATE Latin1_General_100_CS_AS NOT NULL,
    title    nvarchar(64) NOT NULL,
    CONSTRAINT pkInvoices PRIMARY KEY CLUSTERED (tenantId, number)
);
CREATE TABLE dbo.others (
    tenantId uniqueidentifier NOT NULL,
    CONSTRAINT pkOthers PRIMARY KEY CLUSTERED (tenantId)
);
