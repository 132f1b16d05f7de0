-- dbtool:no-transaction
select 'GO
GO', "GO
go", [GO
]]go]
go -- again
/* GO
/* GO */
GO */ select 1 -- GO
GO 3
select N'a''b' GO
GO/* c */
