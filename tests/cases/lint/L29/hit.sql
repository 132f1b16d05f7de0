ALTER TABLE dbo.payments ADD channel nvarchar(32) NOT NULL CONSTRAINT dfPaymentsChannel DEFAULT (N'');
