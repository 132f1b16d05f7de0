//! Keys and indexes of one table.

use crate::engine::Engine;
use crate::model::{KeyColumn, ObjectPath, Part, Type};
use crate::yaml::Findings;
use crate::yaml::schema::Rules;
use crate::yaml::schema::draft::{self, Draft};
use crate::yaml::text::quote;

pub(super) fn check(table: &draft::Table, rules: &Rules, findings: &Findings) {
    for draft in &table.parts {
        let before = findings.count();
        let columns: &[KeyColumn] = match &draft.part {
            Part::PrimaryKey(key) => &key.columns,
            Part::Unique(unique) => &unique.columns,
            Part::Index(index) => &index.columns,
            Part::Check(_) | Part::ForeignKey(_) => &[],
        };
        for (key, place) in columns.iter().zip(&draft.columns) {
            let Some((column, places)) = table.column(&key.column) else {
                continue;
            };
            let name = quote(column.name.as_str());
            if matches!(draft.part, Part::PrimaryKey(_)) && column.nullable {
                let place = places.nullable.as_ref().unwrap_or(place);
                findings.add_with_help(
                    "schema/nullable-key",
                    place.clone(),
                    format!("{name} is in the primary key, so it cannot be NULL"),
                    "remove `nullable: true`, or take the column out of the primary key",
                );
            }
            if places.typed
                && matches!(column.ty, Type::Text | Type::Json | Type::Blob)
                && rules.targets.contains(&Engine::Mssql)
            {
                findings.add_with_help(
                    "schema/key-type",
                    place.clone(),
                    format!(
                        "{name} is of type {}, which has no limit, so SQL Server takes it into no \
                         key",
                        column.ty
                    ),
                    "give the column a type with a length, or put it under `include`",
                );
            }
        }
        if let Part::Index(index) = &draft.part
            && index.clustered
            && (index.filter.is_some() || !index.include.is_empty())
        {
            let place = draft.clustered.as_ref().unwrap_or(&draft.place);
            findings.add_with_help(
                "schema/clustered",
                place.clone(),
                format!(
                    "the index {} is clustered, so it holds all rows and columns: it takes \
                     neither `where` nor `include`",
                    quote(index.name.as_str())
                ),
                "remove `clustered`, or `where` and `include`",
            );
        }
        findings.locate(before, &ObjectPath::member(table.name(), draft.part.name()));
    }
    let before = findings.count();
    one_clustered(table, findings);
    findings.locate(before, &ObjectPath::table(table.name()));
}

fn one_clustered(table: &draft::Table, findings: &Findings) {
    let mut clustered: Vec<&Draft> = table
        .parts
        .iter()
        .filter(|draft| match &draft.part {
            Part::PrimaryKey(key) => key.clustered,
            Part::Unique(unique) => unique.clustered,
            Part::Index(index) => index.clustered,
            Part::Check(_) | Part::ForeignKey(_) => false,
        })
        .collect();
    // The primary key comes first, and is clustered unless it says otherwise.
    if clustered.len() < 2 {
        return;
    }
    let first = clustered.remove(0);
    for draft in clustered {
        let place = draft.clustered.as_ref().unwrap_or(&draft.place);
        findings.add_with_help(
            "schema/clustered",
            place.clone(),
            format!(
                "{} and {} are both clustered, but the rows have one order",
                quote(first.part.name().as_str()),
                quote(draft.part.name().as_str())
            ),
            match first.part {
                Part::PrimaryKey(_) => {
                    "write `primaryKey: { columns: [ … ], clustered: false }`, or remove \
                     `clustered` here"
                }
                _ => "keep one of the two",
            },
        );
    }
}
