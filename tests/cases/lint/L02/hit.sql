ALTER TABLE dbo.orders ADD publicId uniqueidentifier NOT NULL
    CONSTRAINT dfOrdersPublicId DEFAULT (NEWID());
ALTER TABLE dbo.orders ADD otherId uniqueidentifier NULL
    CONSTRAINT dfOrdersOtherId DEFAULT (newsequentialid()) WITH VALUES;
