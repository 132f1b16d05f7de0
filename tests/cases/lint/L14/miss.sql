ALTER TABLE dbo.orders WITH CHECK CHECK CONSTRAINT ckOrdersTotal;
ALTER TABLE dbo.orders WITH CHECK CHECK CONSTRAINT ALL;
GO
-- As SQL Server Management Studio writes it: the second statement does nothing.
ALTER TABLE [dbo].[orders]  WITH CHECK ADD  CONSTRAINT [ckOrdersQuantity] CHECK  (([quantity]>(0)))
GO
ALTER TABLE [dbo].[orders] CHECK CONSTRAINT [ckOrdersQuantity]
GO
