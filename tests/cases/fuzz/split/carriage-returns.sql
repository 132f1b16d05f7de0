select 1
GO
select '2
GO'
  go 2 
