-- What is there before each case: read like any script.
CREATE TABLE dbo.orders (
    tenantId  nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    orderId   uniqueidentifier NOT NULL CONSTRAINT dfOrdersOrderId DEFAULT (NEWSEQUENTIALID()),
    reference nvarchar(100)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    status    nvarchar(32)     NOT NULL CONSTRAINT dfOrdersStatus DEFAULT (N'open'),
    total     decimal(9,2)     NOT NULL,
    quantity  int              NOT NULL,
    note      nvarchar(100)    NULL,
    label     nvarchar(50)     NULL CONSTRAINT dfOrdersLabel DEFAULT (N''),
    summary   AS (CONCAT(status, N' ', note)),
    createdAt datetime2(3)     NOT NULL,
    CONSTRAINT pkOrders PRIMARY KEY CLUSTERED (tenantId, orderId),
    CONSTRAINT ckOrdersStatus CHECK (status IN (N'open', N'closed')),
    CONSTRAINT ckOrdersTotal CHECK (total >= 0)
);
CREATE NONCLUSTERED INDEX ixOrdersTenantIdReference ON dbo.orders (tenantId, reference);

CREATE TABLE dbo.orderLines (
    tenantId   nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    orderId    uniqueidentifier NOT NULL,
    lineNumber int              NOT NULL,
    sku        nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    parentLine int              NULL,
    currency   char(3)          NULL,
    CONSTRAINT pkOrderLines PRIMARY KEY CLUSTERED (tenantId, orderId, lineNumber)
);

CREATE TABLE dbo.currencies (
    code char(3)      NOT NULL,
    name nvarchar(64) NOT NULL,
    CONSTRAINT pkCurrencies PRIMARY KEY CLUSTERED (code)
);

CREATE TABLE dbo.payments (
    tenantId  nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    paymentId int          NOT NULL,
    CONSTRAINT pkPayments PRIMARY KEY CLUSTERED (tenantId, paymentId)
)
WITH (LEDGER = ON (APPEND_ONLY = ON));
