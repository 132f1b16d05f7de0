CREATE TABLE dbo.prices (
    priceId   int NOT NULL,
    validFrom datetime2 GENERATED ALWAYS AS ROW START NOT NULL,
    validTo   datetime2 GENERATED ALWAYS AS ROW END NOT NULL,
    PERIOD FOR SYSTEM_TIME (validFrom, validTo),
    CONSTRAINT pkPrices PRIMARY KEY CLUSTERED (priceId)
)
WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.pricesHistory));
ALTER TABLE dbo.currencies SET (SYSTEM_VERSIONING = OFF);
