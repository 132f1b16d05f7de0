CREATE TABLE dbo.files (
    tenantId nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    path     nvarchar(400) NOT NULL,
    text     nvarchar(max) NOT NULL,
    CONSTRAINT pkFiles PRIMARY KEY CLUSTERED (tenantId, path)
);
CREATE NONCLUSTERED INDEX ixFilesText ON dbo.files (tenantId, text);
CREATE NONCLUSTERED INDEX ixFilesPath ON dbo.files (tenantId, path);
ALTER TABLE dbo.orders ADD address nvarchar(800) NULL;
GO
CREATE NONCLUSTERED INDEX ixOrdersTenantIdAddress ON dbo.orders (tenantId, address) INCLUDE (note);
