//! Named rows: values that several stories use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Reader;
use crate::diag::{Source, Span};
use crate::model::{Ident, Schema};
use crate::story::Tenancy;
use crate::story::format::Term;
use crate::yaml::read::{self, Fields, Findings};
use crate::yaml::text::quote;
use crate::yaml::{Key, Node, parse_into};

/// A row of a file under `fixtures/rows`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedRow {
    /// Its table.
    pub(super) table: Ident,
    /// Columns and values, without the tenant column.
    pub(super) values: Vec<(Ident, Term)>,
    /// Where its name stands.
    span: Span,
}

/// Reads files of named rows; a name is unique over all of them.
pub(super) fn read(
    sources: &[Arc<Source>],
    schema: &Schema,
    tenancy: &Tenancy,
    findings: &Findings,
) -> BTreeMap<String, NamedRow> {
    let none = BTreeMap::new();
    let reader = Reader {
        schema,
        tenancy,
        named: &none,
        findings,
    };
    let mut named: BTreeMap<String, NamedRow> = BTreeMap::new();
    for source in sources {
        let Some(root) = parse_into(source, findings) else {
            continue;
        };
        let Some(mut fields) = Fields::open(&root, "a file of rows", findings) else {
            continue;
        };
        let entries = fields.required("rows", read::entries).unwrap_or_default();
        for (key, node) in entries {
            let Some(row) = reader.named_row(key, node) else {
                continue;
            };
            if let Some(first) = named.get(&key.name) {
                let (line, _) = first.span.line_column();
                findings.add_with_help(
                    "story/duplicate",
                    key.span.clone(),
                    format!(
                        "the row {} is already in {}:{line}",
                        quote(&key.name),
                        first.span.source.name
                    ),
                    "give it another name: stories refer to rows by name alone",
                );
                continue;
            }
            named.insert(key.name.clone(), row);
        }
        fields.finish();
    }
    named
}

impl Reader<'_> {
    fn named_row(&self, key: &Key, node: &Node) -> Option<NamedRow> {
        let mut fields =
            Fields::open(node, format!("the row {}", quote(&key.name)), self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let values = fields.required("values", |node, _| {
            // Without the table nothing can be said about its columns.
            table.and_then(|table| self.values(node, table, None))
        });
        fields.finish();
        Some(NamedRow {
            table: table?.name.clone(),
            values: values?,
            span: key.span.clone(),
        })
    }
}
