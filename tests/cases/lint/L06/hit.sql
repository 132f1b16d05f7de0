CREATE TABLE dbo.things (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    thingId  int NOT NULL DEFAULT 0,
    size     int NOT NULL CHECK (size > 0),
    PRIMARY KEY CLUSTERED (tenantId, thingId),
    UNIQUE (tenantId, size),
    FOREIGN KEY (tenantId, thingId) REFERENCES dbo.things (tenantId, thingId)
);
ALTER TABLE dbo.orders ADD CHECK (quantity > 0);
ALTER TABLE dbo.orders ADD DEFAULT (0) FOR quantity;
