//! A catalog that does not say what was declared: each object is its rows and nothing more.

use std::collections::BTreeMap;

use crate::dialect::mssql::Mssql;
use crate::dialect::{Described, Evidence, Unsupported};
use crate::engine::{Catalog, CatalogObject};
use crate::model::{Ident, ObjectPath, Schema};

use super::source::{Facts, is_left_out};

/// Why the model is out of reach.
const REASON: &str = "Babelfish does not keep the names and texts that were declared, so that its \
                      catalog can be compared with an earlier one only";

/// The description of a catalog that can be compared with an earlier one only.
pub(super) fn described(dialect: &Mssql, catalog: &Catalog) -> Described {
    let mut texts: BTreeMap<(&str, Option<&str>, &str), Vec<String>> = BTreeMap::new();
    for object in &catalog.objects {
        let place = object.table.as_deref().unwrap_or(&object.name);
        let elsewhere = object
            .fact("schema")
            .is_some_and(|schema| !schema.eq_ignore_ascii_case(&dialect.schema));
        if elsewhere || is_left_out(place) {
            continue;
        }
        let key = (
            object.kind.as_str(),
            object.table.as_deref(),
            object.name.as_str(),
        );
        texts.entry(key).or_default().push(line(object));
    }
    let unsupported = texts.into_iter().map(|((kind, table, name), lines)| {
        let name = Ident::new(name);
        Unsupported {
            kind: kind.to_owned(),
            path: match table {
                Some(table) => ObjectPath::member(&Ident::new(table), &name),
                None => ObjectPath::table(&name),
            },
            definition: lines.join("\n"),
            reason: "told as rows only".to_owned(),
            removal: None,
        }
    });
    let mut unsupported: Vec<Unsupported> = unsupported.collect();
    unsupported.sort();
    Described {
        schema: Schema::default(),
        unsupported,
        evidence: Evidence::RowsOnly(REASON.to_owned()),
        collation: None,
    }
}

/// A row as a comment of SQL, for reports and comparison.
fn line(object: &CatalogObject) -> String {
    let facts = object
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let definition = object.definition.iter().map(|text| text.trim().to_owned());
    let all: Vec<String> = facts.chain(definition).collect();
    format!("-- {}", all.join(" ").replace('\n', "\n-- "))
}
