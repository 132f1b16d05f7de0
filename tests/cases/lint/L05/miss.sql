ALTER TABLE dbo.orders ADD channel nvarchar(32) NULL
    CONSTRAINT dfOrdersChannel DEFAULT (N'web') WITH VALUES;
ALTER TABLE dbo.orders ADD retries int NOT NULL CONSTRAINT dfOrdersRetries DEFAULT (0);
-- Of its own it says what it does.
ALTER TABLE dbo.orders ADD CONSTRAINT dfOrdersNote DEFAULT (N'') FOR note;
