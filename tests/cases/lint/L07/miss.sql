CREATE TABLE dbo.things (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2,
    thingId  int IDENTITY,
    name     nvarchar(64) NULL,
    version  rowversion,
    double   AS (thingId * 2),
    rare     int SPARSE,
    validFrom datetime2 GENERATED ALWAYS AS ROW START HIDDEN,
    validTo   datetime2 GENERATED ALWAYS AS ROW END HIDDEN,
    PERIOD FOR SYSTEM_TIME (validFrom, validTo),
    CONSTRAINT pkThings PRIMARY KEY CLUSTERED (tenantId, thingId)
)
WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.thingsHistory));
