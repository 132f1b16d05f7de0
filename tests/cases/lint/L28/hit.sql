CREATE DEFAULT dbo.zero AS 0;
GO
EXEC sp_bindefault N'dbo.zero', N'dbo.orders.quantity';
GO
CREATE RULE dbo.positive AS @value > 0;
