ALTER TABLE dbo.orders ADD details nvarchar(max) NULL;
ALTER TABLE dbo.orders ADD short nvarchar(4000) NOT NULL CONSTRAINT dfOrdersShort DEFAULT (N'');
