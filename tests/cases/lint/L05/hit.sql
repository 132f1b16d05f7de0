ALTER TABLE dbo.orders ADD channel nvarchar(32) NULL CONSTRAINT dfOrdersChannel DEFAULT (N'web');
