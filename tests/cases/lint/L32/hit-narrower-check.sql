ALTER TABLE dbo.orders DROP CONSTRAINT ckOrdersStatus;
ALTER TABLE dbo.orders WITH CHECK ADD CONSTRAINT ckOrdersStatus CHECK (status IN (N'open'));
ALTER TABLE dbo.orders DROP CONSTRAINT dfOrdersStatus;
