ALTER TABLE dbo.orders ADD priority int NOT NULL;
ALTER TABLE [dbo].[orders] ADD
    [a] int NULL,
    [b] nvarchar(10) NOT NULL,
    CONSTRAINT [ckOrdersA] CHECK ([a] > 0);
