go
GO 
select é
goé
