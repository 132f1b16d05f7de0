//! Random edits of a schema that leave it valid.

use std::collections::BTreeSet;

use dbtool::model::{
    Column, Expression, ForeignKey, Ident, KeyColumn, Part, ReferentialAction, Schema, Table, Type,
};

use super::{Tape, build, expression, values};

/// The schema after one to four edits.
pub fn edited(schema: &Schema, tape: &mut Tape) -> Schema {
    let mut schema = schema.clone();
    for _ in 0..tape.between(1, 4) {
        edit(&mut schema, tape);
        repair(&mut schema);
    }
    schema
}

fn edit(schema: &mut Schema, tape: &mut Tape) {
    let names: Vec<Ident> = schema.tables.keys().cloned().collect();
    let which = tape.below(16);
    if which == 14 || names.is_empty() {
        let table = build::table(&names, tape);
        schema.tables.insert(table.name.clone(), table);
        return;
    }
    let name = tape.pick(&names).expect("there is a table").clone();
    if which == 15 {
        schema.tables.remove(&name);
        return;
    }
    let target = tape
        .pick(&names)
        .and_then(|name| schema.tables.get(name))
        .cloned();
    let table = schema
        .tables
        .get_mut(&name)
        .expect("the name is one of its tables");
    match which {
        0 | 1 => {
            let column = build::column(table, tape);
            table.columns.push(column);
        }
        2 => {
            let at = tape.below(table.columns.len());
            table.columns.remove(at);
        }
        3..=6 => {
            let at = tape.below(table.columns.len());
            let before = table.columns[at].clone();
            let after = alter_column(&table.name, &before, tape);
            if after.ty != before.ty {
                forget(table, &before.name);
            }
            table.columns[at] = after;
        }
        7 | 8 => {
            if let Some(part) = build::part(table, tape) {
                table.parts.push(part);
            }
        }
        9 if !table.parts.is_empty() => {
            let at = tape.below(table.parts.len());
            table.parts.remove(at);
        }
        10 | 11 if !table.parts.is_empty() => {
            let at = tape.below(table.parts.len());
            let part = alter_part(table, table.parts[at].clone(), tape);
            table.parts[at] = part;
        }
        12 => {
            let reserved = build::named("tr", &[&table.name, &"AppendOnly".into()]);
            let versioned = table
                .columns
                .iter()
                .any(|column| column.ty == Type::RowVersion);
            if tape.chance(50) {
                table.description = tape.chance(50).then(|| "Said anew.".to_owned());
            } else if table.append_only.take().is_none() && !versioned {
                table.append_only = Some(reserved);
            }
        }
        _ => {
            if let Some(target) = target {
                build::foreign_key(table, &target, tape);
            }
        }
    }
}

fn alter_column(table: &Ident, column: &Column, tape: &mut Tape) -> Column {
    let mut column = column.clone();
    if column.computed.is_some() || column.identity.is_some() || column.ty == Type::RowVersion {
        column.description = tape.chance(50).then(|| "Said anew.".to_owned());
        return column;
    }
    match tape.below(4) {
        0 => column.nullable = !column.nullable,
        1 => {
            column.default = if tape.chance(30) {
                None
            } else {
                build::default(table, &column, tape)
            };
        }
        2 => {
            column.ty = values::near(&column.ty, tape);
            column.collation = None;
            if column.default.is_some() {
                column.default = build::default(table, &column, tape);
            }
        }
        _ => column.deprecated = !column.deprecated,
    }
    column
}

/// Drops what may no longer make sense once a column has another type.
fn forget(table: &mut Table, column: &Ident) {
    let names = |expression: &Expression| expression.uses(column) != Some(false);
    table.parts.retain(|part| match part {
        Part::Check(check) => !names(&check.expression),
        Part::Index(index) => !index.filter.as_ref().is_some_and(names),
        Part::PrimaryKey(_) | Part::Unique(_) | Part::ForeignKey(_) => true,
    });
    table.columns.retain(|other| {
        !other
            .computed
            .as_ref()
            .is_some_and(|computed| names(&computed.expression))
    });
}

/// The part with one of its properties changed, its name sometimes among them.
fn alter_part(table: &Table, mut part: Part, tape: &mut Tape) -> Part {
    if tape.chance(15) {
        let name = Ident::new(format!("{}Anew", part.name()));
        return match table.part(&name) {
            None => part.renamed(name),
            Some(_) => part,
        };
    }
    let turn = |columns: &mut Vec<KeyColumn>, tape: &mut Tape| {
        let at = tape.below(columns.len());
        if columns.len() > 1 && tape.chance(50) {
            columns.remove(at);
        } else {
            columns[at].descending = !columns[at].descending;
        }
    };
    match &mut part {
        Part::PrimaryKey(key) => turn(&mut key.columns, tape),
        Part::Unique(unique) => turn(&mut unique.columns, tape),
        Part::Check(check) => {
            if let Some(condition) = expression::condition(table, tape, 2) {
                check.expression = Expression::Portable(condition);
            }
        }
        Part::ForeignKey(key) => {
            key.on_delete = match key.on_delete {
                ReferentialAction::Cascade => ReferentialAction::NoAction,
                _ => ReferentialAction::Cascade,
            };
        }
        Part::Index(index) => match tape.below(3) {
            0 => turn(&mut index.columns, tape),
            1 if !index.clustered => {
                index.filter = expression::filter(table, tape).map(Expression::Portable);
            }
            _ => index.unique = !index.unique,
        },
    }
    part
}

/// Takes out what an edit left without what it needs.
fn repair(schema: &mut Schema) {
    for table in schema.tables.values_mut() {
        repair_columns(table);
        repair_parts(table);
    }
    schema
        .tables
        .retain(|_, table| table.columns.iter().any(|column| column.computed.is_none()));
    let valid: BTreeSet<(Ident, Ident)> = schema
        .tables
        .values()
        .flat_map(|table| table.foreign_keys().map(move |key| (table, key)))
        .filter(|(table, key)| refers(schema, table, key))
        .map(|(table, key)| (table.name.clone(), key.name.clone()))
        .collect();
    for table in schema.tables.values_mut() {
        let name = table.name.clone();
        table.parts.retain(|part| {
            !matches!(part, Part::ForeignKey(_))
                || valid.contains(&(name.clone(), part.name().clone()))
        });
    }
}

fn repair_columns(table: &mut Table) {
    let names: Vec<Ident> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    table.columns.retain(|column| {
        column
            .computed
            .as_ref()
            .is_none_or(|computed| knows(&computed.expression, &names))
    });
    let key: Vec<Ident> = match table.primary_key() {
        None => Vec::new(),
        Some(key) => key.columns.iter().map(|key| key.column.clone()).collect(),
    };
    let mut versioned = false;
    table
        .columns
        .retain(|column| column.ty != Type::RowVersion || !std::mem::replace(&mut versioned, true));
    for column in &mut table.columns {
        column.nullable &= !key.contains(&column.name);
        if key.len() != 1 || key[0] != column.name || !matches!(column.ty, Type::Int | Type::BigInt)
        {
            column.identity = None;
        }
    }
}

fn repair_parts(table: &mut Table) {
    let names: Vec<Ident> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let keyed = |columns: &[KeyColumn]| {
        columns.iter().all(|key| {
            table.columns.iter().any(|column| {
                column.name == key.column
                    && column.computed.is_none()
                    && values::keyable(&column.ty)
            })
        })
    };
    let mut parts = std::mem::take(&mut table.parts);
    parts.retain_mut(|part| match part {
        Part::PrimaryKey(key) => keyed(&key.columns),
        Part::Unique(unique) => keyed(&unique.columns),
        Part::Check(check) => knows(&check.expression, &names),
        Part::ForeignKey(key) => key.columns.iter().all(|column| names.contains(column)),
        Part::Index(index) => {
            let key: Vec<Ident> = index.columns.iter().map(|key| key.column.clone()).collect();
            index
                .include
                .retain(|column| names.contains(column) && !key.contains(column));
            keyed(&index.columns)
                && index
                    .filter
                    .as_ref()
                    .is_none_or(|filter| knows(filter, &names))
        }
    });
    table.parts = parts;
}

/// Whether the foreign key finds a key of its target, with columns of the same types.
fn refers(schema: &Schema, table: &Table, key: &ForeignKey) -> bool {
    let Some(target) = schema.table(&key.references) else {
        return false;
    };
    let names = |columns: &[KeyColumn]| -> Vec<Ident> {
        columns.iter().map(|key| key.column.clone()).collect()
    };
    let is_key = target
        .primary_key()
        .map(|primary| names(&primary.columns))
        .into_iter()
        .chain(target.uniques().map(|unique| names(&unique.columns)))
        .any(|columns| columns == key.referenced_columns);
    let sets_null = [key.on_delete, key.on_update].contains(&ReferentialAction::SetNull);
    is_key
        && key
            .columns
            .iter()
            .zip(&key.referenced_columns)
            .all(
                |(own, referenced)| match (table.column(own), target.column(referenced)) {
                    (Some(own), Some(referenced)) => {
                        own.ty == referenced.ty && (own.nullable || !sets_null)
                    }
                    _ => false,
                },
            )
}

/// Whether the expression names these columns alone. A native one is searched for the column in
/// its brackets, which is how the strategies write it.
fn knows(expression: &Expression, columns: &[Ident]) -> bool {
    match expression {
        Expression::Portable(expr) => {
            let mut known = true;
            expr.visit(&mut |expr| {
                if let dbtool::model::Expr::Column(name) = expr {
                    known &= columns.contains(name);
                }
            });
            known
        }
        Expression::Native(native) => {
            let text = native.mssql.as_deref().unwrap_or_default();
            columns
                .iter()
                .any(|column| text.contains(&format!("[{column}]")))
        }
        Expression::Opaque(_) => false,
    }
}
