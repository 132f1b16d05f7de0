ALTER TABLE dbo.orders ADD comment nvarchar(100);
CREATE TABLE dbo.things (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2,
    thingId  int IDENTITY,
    name     nvarchar(64),
    CONSTRAINT pkThings PRIMARY KEY CLUSTERED (tenantId, thingId)
);
