CREATE TABLE dbo.wide (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    a        char(8000)   NOT NULL,
    b        char(100)    NOT NULL,
    CONSTRAINT pkWide PRIMARY KEY CLUSTERED (tenantId)
);
