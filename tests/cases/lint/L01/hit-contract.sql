-- with: contract
-- It is a warning: the reason is on record.
ALTER TABLE dbo.orders ADD priority int NOT NULL;
