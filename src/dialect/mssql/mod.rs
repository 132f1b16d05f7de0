//! T-SQL for Azure SQL and SQL Server.
