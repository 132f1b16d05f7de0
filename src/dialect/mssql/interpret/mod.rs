//! From the rows of SQL Server's catalog to a schema in engine form.
//!
//! Owns what the rows mean: [`source`] sorts them by table, [`table`] reads what the model can
//! express, [`column`] and [`part`] its pieces, [`text`] the expressions that the server rewrote,
//! and [`outside`] says what is beyond the model, as the statement that would make it. Which rows
//! there are is the business of `engine::mssql::catalog`.
//!
//! Left out wholly, with all that hangs on them: dbtool's own tables, those in which other tools
//! keep their history, and what lives in another schema.

use crate::dialect::{Described, Evidence};
use crate::engine::Catalog;
use crate::model::Schema;

use super::Mssql;
use super::versions::is_babelfish;
use source::Sources;

mod column;
mod outside;
mod part;
mod rows;
mod source;
mod table;
mod text;

#[cfg(test)]
pub(super) mod tests;

/// See [`crate::dialect::Dialect::interpret`].
pub(super) fn interpret(dialect: &Mssql, catalog: &Catalog) -> Described {
    if is_babelfish(&catalog.product) {
        return rows::described(dialect, catalog);
    }
    let sources = Sources::of(dialect, catalog);
    let mut unsupported = Vec::new();
    let mut hidden = sources.hidden();
    let mut tables = Vec::with_capacity(sources.tables.len());
    for source in sources.tables.values() {
        let mut reader = table::Reader::new(dialect, &sources, source);
        reader.read();
        hidden.append(&mut reader.hidden);
        unsupported.append(&mut reader.unsupported);
        tables.push(reader.table);
    }
    for object in &sources.others {
        unsupported.push(outside::object(dialect, object));
    }
    unsupported.sort();
    Described {
        schema: Schema::new(tables),
        unsupported,
        collation: sources.collation().map(str::to_owned),
        evidence: if hidden.is_empty() {
            Evidence::Whole
        } else {
            Evidence::Partial(hidden.join("; "))
        },
    }
}
