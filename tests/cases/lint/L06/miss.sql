CREATE TABLE dbo.things (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    thingId  int NOT NULL CONSTRAINT dfThingsThingId DEFAULT 0,
    size     int CONSTRAINT nnThingsSize NOT NULL CONSTRAINT ckThingsSize CHECK (size > 0),
    CONSTRAINT pkThings PRIMARY KEY CLUSTERED (tenantId, thingId)
);
CREATE TABLE #work (id int PRIMARY KEY, n int DEFAULT 0);
DECLARE @list TABLE (id int PRIMARY KEY);
