select 1
GO /* a /* b */
select 2