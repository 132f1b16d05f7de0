ALTER TABLE dbo.orders ADD terms nvarchar(max) NULL;
ALTER TABLE dbo.orders ADD remark nvarchar(3000) NULL;
