//! Foreign keys: what they refer to, and what they may do.

use super::ByName;
use crate::diag::Span;
use crate::model::{ForeignKey, Ident, KeyColumn, ObjectPath, Part, ReferentialAction, Type};
use crate::yaml::Findings;
use crate::yaml::schema::draft::{self, Draft};
use crate::yaml::text::{nearest, quote};

pub(super) fn check(tables: &ByName<'_>, findings: &Findings) {
    for table in tables.values() {
        for draft in &table.parts {
            if let Part::ForeignKey(key) = &draft.part {
                let before = findings.count();
                one(tables, table, draft, key, findings);
                findings.locate(before, &ObjectPath::member(table.name(), &key.name));
            }
        }
    }
}

fn one(
    tables: &ByName<'_>,
    table: &draft::Table,
    draft: &Draft,
    key: &ForeignKey,
    findings: &Findings,
) {
    let name = quote(key.name.as_str());
    let place = draft.references.as_ref().unwrap_or(&draft.place);
    let add = |place: &Span, message: String, help: String| {
        findings.add_with_help("schema/foreign-key", place.clone(), message, help);
    };
    actions(table, draft, key, findings);
    let Some(target) = tables.get(&key.references) else {
        let near = nearest(
            key.references.as_str(),
            tables.keys().map(|name| name.as_str()),
        );
        add(
            place,
            format!(
                "the foreign key {name} refers to the table {}, which is not declared",
                quote(key.references.as_str())
            ),
            near.map_or("declare the table".into(), |near| {
                format!("did you mean {}?", quote(near))
            }),
        );
        return;
    };
    for (column, referenced) in key.columns.iter().zip(&key.referenced_columns) {
        let Some((far, far_places)) = target.column(referenced) else {
            let known = target
                .table
                .columns
                .iter()
                .map(|column| column.name.as_str());
            let near = nearest(referenced.as_str(), known);
            add(
                place,
                format!(
                    "the foreign key {name} refers to {}, which is no column of {}",
                    quote(referenced.as_str()),
                    quote(key.references.as_str())
                ),
                near.map_or("name the columns of its primary key".into(), |near| {
                    format!("did you mean {}?", quote(near))
                }),
            );
            return;
        };
        let Some((near, near_places)) = table.column(column) else {
            continue;
        };
        if near_places.typed && far_places.typed && !joinable(&near.ty, &far.ty) {
            add(
                &near_places.ty,
                format!(
                    "{} is of type {} and refers to {}.{} of type {}",
                    quote(column.as_str()),
                    near.ty,
                    key.references,
                    referenced,
                    far.ty
                ),
                format!("give both the type {}", far.ty),
            );
        } else if far_places.typed && far.ty == Type::RowVersion {
            add(
                place,
                format!("the foreign key {name} refers to a rowVersion, which changes by itself"),
                "refer to a key that stays".into(),
            );
        }
    }
    if !target.keys_incomplete && !is_key(target, &key.referenced_columns) {
        let keys: Vec<String> = candidate_keys(target).map(joined).collect();
        add(
            place,
            format!(
                "the foreign key {name} refers to ({}), which is neither the primary key nor \
                 unique in {}",
                key.referenced_columns
                    .iter()
                    .map(Ident::as_str)
                    .collect::<Vec<_>>()
                    .join(", "),
                quote(key.references.as_str())
            ),
            format!("its keys are {}", keys.join(", ")),
        );
    }
}

/// Whether a column of one type can refer to one of the other. SQLite compares values whatever
/// their columns are declared as; every other engine wants one type.
fn joinable(near: &Type, far: &Type) -> bool {
    match (near, far) {
        (Type::Native(near), Type::Native(far)) => near.mssql == far.mssql,
        _ => near == far,
    }
}

/// What a foreign key can refer to: the primary key, and whatever is unique over all rows.
fn candidate_keys(table: &draft::Table) -> impl Iterator<Item = &[KeyColumn]> {
    table.parts.iter().filter_map(|draft| match &draft.part {
        Part::PrimaryKey(key) => Some(key.columns.as_slice()),
        Part::Unique(unique) => Some(unique.columns.as_slice()),
        Part::Index(index) if index.unique && index.filter.is_none() => {
            Some(index.columns.as_slice())
        }
        Part::Check(_) | Part::ForeignKey(_) | Part::Index(_) => None,
    })
}

/// Whether the columns, in whatever order, are those of a key.
fn is_key(table: &draft::Table, columns: &[Ident]) -> bool {
    candidate_keys(table).any(|key| {
        key.len() == columns.len() && key.iter().all(|part| columns.contains(&part.column))
    })
}

fn joined(key: &[KeyColumn]) -> String {
    let names: Vec<&str> = key.iter().map(|part| part.column.as_str()).collect();
    format!("({})", names.join(", "))
}

/// `setNull` and `setDefault` need columns that take the value.
fn actions(table: &draft::Table, draft: &Draft, key: &ForeignKey, findings: &Findings) {
    let given = [
        ("onDelete", key.on_delete, &draft.actions[0]),
        ("onUpdate", key.on_update, &draft.actions[1]),
    ];
    for (word, action, place) in given {
        let Some(place) = place else {
            continue;
        };
        for name in &key.columns {
            let Some((column, _)) = table.column(name) else {
                continue;
            };
            let column_name = quote(name.as_str());
            let problem = match action {
                ReferentialAction::SetNull if !column.nullable => Some((
                    format!("`{word}` would set {column_name} to NULL, which it does not take"),
                    "make every column of the foreign key nullable, or choose another action",
                )),
                ReferentialAction::SetDefault if column.default.is_none() && !column.nullable => {
                    Some((
                        format!("`{word}` would set {column_name} to its default, and it has none"),
                        "give every column of the foreign key a default, or choose another action",
                    ))
                }
                _ => None,
            };
            if let Some((message, help)) = problem {
                findings.add_with_help("schema/foreign-key", place.clone(), message, help);
                break;
            }
        }
    }
}
