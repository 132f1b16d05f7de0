ALTER TABLE dbo.payments ADD channel nvarchar(32) NULL;
ALTER TABLE dbo.currencies ADD digits int NOT NULL CONSTRAINT dfCurrenciesDigits DEFAULT (2);
