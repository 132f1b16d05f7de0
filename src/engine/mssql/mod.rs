//! Azure SQL and SQL Server over TDS.

pub mod catalog;
