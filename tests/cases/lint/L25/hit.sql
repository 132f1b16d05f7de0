ALTER TABLE dbo.orderLines WITH CHECK ADD CONSTRAINT fkOrderLinesCurrencies
    FOREIGN KEY (currency) REFERENCES dbo.currencies (code);
