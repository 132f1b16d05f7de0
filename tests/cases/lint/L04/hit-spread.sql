-- A note: rows that are that long are spread over pages.
ALTER TABLE dbo.orders ADD terms nvarchar(4000) NULL;
