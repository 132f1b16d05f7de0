//! `renamedFrom`: an old name can go to one new name only, and must be gone.

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::model::{Ident, ObjectPath};
use crate::yaml::schema::draft;
use crate::yaml::text::quote;
use crate::yaml::{Findings, Spanned};

pub(super) fn check(tables: &[draft::Table], findings: &Findings) {
    let names = tables.iter().map(draft::Table::name);
    let renames = tables
        .iter()
        .filter_map(|table| Some((table.name(), table.renamed_from.as_ref()?)));
    let before = findings.count();
    judge("table", names, renames, findings);
    if let [table, ..] = tables {
        findings.locate(before, &ObjectPath::table(table.name()));
    }
    for table in tables {
        let before = findings.count();
        let names = table.table.columns.iter().map(|column| &column.name);
        let renames = table
            .table
            .columns
            .iter()
            .zip(&table.columns)
            .filter_map(|(column, places)| Some((&column.name, places.renamed_from.as_ref()?)));
        judge("column", names, renames, findings);
        findings.locate(before, &ObjectPath::table(table.name()));
    }
}

fn judge<'a>(
    noun: &str,
    names: impl Iterator<Item = &'a Ident>,
    renames: impl Iterator<Item = (&'a Ident, &'a Spanned<Ident>)>,
    findings: &Findings,
) {
    let names: Vec<&Ident> = names.collect();
    let mut taken: BTreeMap<&Ident, &Ident> = BTreeMap::new();
    for (to, from) in renames {
        let refuse = |place: &Span, message: String| {
            findings.add_with_help(
                "schema/renamed-from",
                place.clone(),
                message,
                "remove `renamedFrom` where it does not belong",
            );
        };
        if names.contains(&&from.value) {
            refuse(
                &from.span,
                format!(
                    "the {noun} {} is said to be renamed from {}, which is still declared",
                    quote(to.as_str()),
                    quote(from.value.as_str())
                ),
            );
        } else if let Some(first) = taken.insert(&from.value, to) {
            refuse(
                &from.span,
                format!(
                    "both {} and {} are said to be renamed from the {noun} {}",
                    quote(first.as_str()),
                    quote(to.as_str()),
                    quote(from.value.as_str())
                ),
            );
        }
    }
}
