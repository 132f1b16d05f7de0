//! Columns of one table: what there can be only one of, and what each engine must be told.

use crate::engine::Engine;
use crate::model::{ObjectPath, Type};
use crate::yaml::Findings;
use crate::yaml::schema::{Rules, draft};
use crate::yaml::text::quote;

pub(super) fn check(table: &draft::Table, rules: &Rules, findings: &Findings) {
    let name = quote(table.name().as_str());
    let mut versions = 0;
    let mut identities = 0;
    for (column, places) in table.table.columns.iter().zip(&table.columns) {
        let before = findings.count();
        if column.ty == Type::RowVersion {
            versions += 1;
            if versions == 2 {
                findings.add_with_help(
                    "schema/contradiction",
                    places.ty.clone(),
                    format!("{name} has a second rowVersion, but SQL Server takes one a table"),
                    "remove one of the two",
                );
            }
        }
        if let (Some(_), Some(place)) = (&column.identity, &places.identity) {
            identities += 1;
            if identities == 2 {
                findings.add_with_help(
                    "schema/contradiction",
                    place.clone(),
                    format!("{name} has a second identity, but an engine counts one a table"),
                    "remove one of the two",
                );
            }
        }
        if let Type::Native(native) = &column.ty {
            for engine in &rules.targets {
                let text = match engine {
                    Engine::Mssql => &native.mssql,
                    Engine::Sqlite => &native.sqlite,
                };
                if text.is_none() {
                    findings.add_with_help(
                        "schema/native",
                        places.ty.clone(),
                        format!(
                            "{} has no type for {}, which is among the targets",
                            quote(column.name.as_str()),
                            engine.name()
                        ),
                        format!("add `{}: …`", engine.name()),
                    );
                }
            }
        }
        findings.locate(before, &ObjectPath::member(table.name(), &column.name));
    }
}
