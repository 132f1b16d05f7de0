//! The catalog of Azure SQL and SQL Server: queries beside their reader.
//!
//! Each `.sql` file is one query over the whole database, so that the number of round trips is the
//! same for seven tables and for seven thousand. All of them answer with the same first columns
//! (`kind`, `tableName`, `name`, `definition`) and any further ones, which become facts under the
//! column's name; every column is `nvarchar` or `bigint`. So this reader knows no query, and
//! what the rows mean is the dialect's business.
//!
//! Babelfish answers other queries: its system views tell less than its information schema.

use std::collections::BTreeMap;

use crate::dialect::mssql::versions::is_babelfish;
use crate::engine::{Catalog, CatalogObject, Engine, EngineError, ErrorKind, Rows, Value};

#[cfg(test)]
mod tests;

/// A query of the catalog, with the name that messages use.
type Query = (&'static str, &'static str);

/// The queries for Azure SQL and SQL Server, in order of reading.
const QUERIES: [Query; 16] = [
    ("database", include_str!("database.sql")),
    ("tables", include_str!("tables.sql")),
    ("columns", include_str!("columns.sql")),
    ("defaults", include_str!("defaults.sql")),
    ("checks", include_str!("checks.sql")),
    ("indexes", include_str!("indexes.sql")),
    ("index columns", include_str!("index_columns.sql")),
    ("foreign keys", include_str!("foreign_keys.sql")),
    (
        "foreign key columns",
        include_str!("foreign_key_columns.sql"),
    ),
    ("triggers", include_str!("triggers.sql")),
    ("modules", include_str!("modules.sql")),
    ("types", include_str!("types.sql")),
    ("extended properties", include_str!("properties.sql")),
    ("security policies", include_str!("policies.sql")),
    ("full-text indexes", include_str!("full_text.sql")),
    ("paused index builds", include_str!("resumable.sql")),
];

/// The queries for Babelfish.
const BABELFISH: [Query; 4] = [
    ("columns", include_str!("babelfish/columns.sql")),
    ("constraints", include_str!("babelfish/constraints.sql")),
    ("indexes", include_str!("babelfish/indexes.sql")),
    ("modules", include_str!("babelfish/modules.sql")),
];

/// The first columns of every answer.
const HEAD: [&str; 4] = ["kind", "tableName", "name", "definition"];

/// Reads the whole catalog through `query`, which runs one statement and returns the rows of its
/// only result. `product` is what the server said of itself (`@@VERSION` or a text that says as
/// much): a stand-in answers other queries.
///
/// Objects come sorted, and a fact that is 0 or NULL is left out, so that the same database always
/// gives the same catalog.
///
/// # Errors
/// When a query fails, or does not answer in the form that all of them have.
pub fn read(
    query: &mut dyn FnMut(&str) -> Result<Rows, EngineError>,
    product: &str,
) -> Result<Catalog, EngineError> {
    let queries: &[Query] = if is_babelfish(product) {
        &BABELFISH
    } else {
        &QUERIES
    };
    let mut objects = Vec::new();
    for (what, sql) in queries {
        let rows = query(sql).map_err(|mut error| {
            error.message = format!("the catalog's {what} cannot be read: {}", error.message);
            error
        })?;
        for row in &rows.rows {
            objects.push(object(what, &rows.columns, row)?);
        }
    }
    objects.sort();
    Ok(Catalog {
        engine: Engine::Mssql,
        product: product.to_owned(),
        objects,
    })
}

/// A row as an object.
fn object(what: &str, columns: &[String], row: &[Value]) -> Result<CatalogObject, EngineError> {
    let strange = |why: String| {
        EngineError::new(
            ErrorKind::Statement,
            format!("the catalog's {what} cannot be read: {why}"),
        )
    };
    let head = columns.iter().map(String::as_str).take(HEAD.len());
    if !head.eq(HEAD) || row.len() != columns.len() {
        return Err(strange(format!("the answer has the columns {columns:?}")));
    }
    let text = |at: usize| match &row[at] {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        other => Err(strange(format!("{} is {other:?}", columns[at]))),
    };
    let mut facts = BTreeMap::new();
    for (name, value) in columns.iter().zip(row).skip(HEAD.len()) {
        let fact = match value {
            Value::Null | Value::Integer(0) => continue,
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            other => return Err(strange(format!("{name} is {other:?}"))),
        };
        facts.insert(name.clone(), fact);
    }
    Ok(CatalogObject {
        kind: text(0)?.ok_or_else(|| strange("a row has no kind".to_owned()))?,
        table: text(1)?,
        name: text(2)?.unwrap_or_default(),
        definition: text(3)?,
        facts,
    })
}
