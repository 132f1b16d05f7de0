//! Descriptions as extended properties of the name that tools for SQL Server show.

use crate::model::Ident;

use super::{Mssql, national};

/// The statement that takes a description from one text to another; `None` when nothing changes.
pub(super) fn change(
    dialect: &Mssql,
    table: &Ident,
    column: Option<&Ident>,
    from: Option<&str>,
    to: Option<&str>,
) -> Option<String> {
    let (procedure, value) = match (from, to) {
        (None, Some(to)) => ("sp_addextendedproperty", Some(to)),
        (Some(from), Some(to)) if from != to => ("sp_updateextendedproperty", Some(to)),
        (Some(_), None) => ("sp_dropextendedproperty", None),
        _ => return None,
    };
    let mut sql = format!("EXEC sys.{procedure} @name = N'MS_Description'");
    if let Some(value) = value {
        sql.push_str(&format!(", @value = {}", national(value)));
    }
    sql.push_str(&format!(
        ",\n    @level0type = N'SCHEMA', @level0name = {}, @level1type = N'TABLE', @level1name = {}",
        national(&dialect.schema),
        national(table.as_str())
    ));
    if let Some(column) = column {
        sql.push_str(&format!(
            ",\n    @level2type = N'COLUMN', @level2name = {}",
            national(column.as_str())
        ));
    }
    sql.push(';');
    Some(sql)
}
