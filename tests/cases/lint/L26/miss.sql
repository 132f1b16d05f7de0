CREATE TABLE dbo.files (
    tenantId nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    path     nvarchar(386) NOT NULL,
    text     nvarchar(max) NOT NULL,
    CONSTRAINT pkFiles PRIMARY KEY CLUSTERED (tenantId, path)
);
CREATE NONCLUSTERED INDEX ixFilesPath ON dbo.files (tenantId, path) INCLUDE (text);
GO
CREATE TABLE dbo.names (
    name nvarchar(800) NOT NULL,
    CONSTRAINT pkNames PRIMARY KEY NONCLUSTERED (name)
);
