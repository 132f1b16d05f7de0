ALTER TABLE dbo.orders ADD publicId uniqueidentifier NULL
    CONSTRAINT dfOrdersPublicId DEFAULT (NEWID()); -- dbtool:allow L05 new rows alone
ALTER TABLE dbo.orders ADD changedAt datetime2(3) NOT NULL
    CONSTRAINT dfOrdersChangedAt DEFAULT (SYSUTCDATETIME());
ALTER TABLE dbo.orders ADD kind nvarchar(20) NOT NULL
    CONSTRAINT dfOrdersKind DEFAULT (N'NEWID()');
