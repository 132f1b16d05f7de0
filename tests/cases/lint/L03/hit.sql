ALTER TABLE dbo.orders ADD details nvarchar(max) NOT NULL CONSTRAINT dfOrdersDetails DEFAULT (N'');
ALTER TABLE dbo.orders ADD place geography NOT NULL CONSTRAINT dfOrdersPlace DEFAULT ('POINT EMPTY');
