//! A schema from nothing.

use std::collections::BTreeSet;

use dbtool::model::{
    Check, Column, Computed, Default, Expression, ForeignKey, Ident, Identity, Index, KeyColumn,
    Native, Part, PrimaryKey, ReferentialAction, Schema, Table, Type, Unique,
};

use super::{Tape, expression, values};

/// Reserved words, quotes and letters that have to survive every quoting among plain names.
const TABLES: [&str; 12] = [
    "jobRuns",
    "order",
    "auditLogs",
    "items",
    "group",
    "we ird",
    "größe",
    "a\"b",
    "x]y",
    "t`s",
    "it's",
    "select",
];
const COLUMNS: [&str; 18] = [
    "tenantId",
    "status",
    "createdAt",
    "name",
    "amount",
    "kind",
    "order",
    "isActive",
    "key",
    "from",
    "we ird",
    "größe",
    "a\"b",
    "x]y",
    "it's",
    "note",
    "value",
    "check",
];

/// A valid schema.
pub fn schema(tape: &mut Tape) -> Schema {
    let count = tape.between(1, 4);
    let mut tables: Vec<Table> = Vec::new();
    for _ in 0..count {
        let taken: Vec<Ident> = tables.iter().map(|table| table.name.clone()).collect();
        tables.push(table(&taken, tape));
    }
    for _ in 0..tape.below(4) {
        let from = tape.below(tables.len());
        let to = tape.below(tables.len());
        let target = tables[to].clone();
        foreign_key(&mut tables[from], &target, tape);
    }
    Schema::new(tables)
}

/// A table without foreign keys, under a name that is not taken.
pub fn table(taken: &[Ident], tape: &mut Tape) -> Table {
    let name = fresh(&TABLES, taken, tape);
    let mut table = Table {
        description: tape.chance(20).then(|| "What it's for.".to_owned()),
        append_only: tape
            .chance(15)
            .then(|| named("tr", &[&name, &"AppendOnly".into()])),
        name,
        columns: Vec::new(),
        parts: Vec::new(),
    };
    for _ in 0..tape.between(1, 8) {
        let column = column(&table, tape);
        table.columns.push(column);
    }
    primary_key(&mut table, tape);
    for _ in 0..tape.below(6) {
        if let Some(part) = part(&table, tape) {
            table.parts.push(part);
        }
    }
    table
}

/// A column that the table does not have yet.
pub fn column(table: &Table, tape: &mut Tape) -> Column {
    let taken: Vec<Ident> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let name = fresh(&COLUMNS, &taken, tape);
    let versioned = table
        .columns
        .iter()
        .any(|column| column.ty == Type::RowVersion);
    let mut column = Column {
        type_check: named("ty", &[&table.name, &name]),
        ty: values::any_type(tape),
        nullable: tape.chance(30),
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: tape
            .chance(15)
            .then(|| "What it means; it's \"text\".".to_owned()),
        deprecated: tape.chance(5),
        name,
    };
    // A table needs a column that somebody can fill.
    let first = table.columns.is_empty();
    match tape.below(20) {
        18 if !versioned && !first && table.append_only.is_none() => {
            column.ty = Type::RowVersion;
            column.nullable = false;
            return column;
        }
        19 => {
            let ty = if tape.chance(50) {
                Type::BigInt
            } else {
                Type::Text
            };
            if let Some(expression) = expression::computed(table, &ty, tape) {
                column.ty = ty;
                column.nullable = true;
                column.computed = Some(Computed {
                    expression: Expression::Portable(expression),
                    persisted: tape.chance(50),
                });
                return column;
            }
        }
        _ => {}
    }
    if tape.chance(35) {
        column.default = default(&table.name, &column, tape);
    }
    if matches!(column.ty, Type::String(_) | Type::Text) && tape.chance(10) {
        column.collation = Some(Native {
            mssql: Some("Latin1_General_100_CS_AS".to_owned()),
            sqlite: None,
        });
    }
    column
}

/// A default for a column that has none.
pub fn default(table: &Ident, column: &Column, tape: &mut Tape) -> Option<Default> {
    let value = values::default(&column.ty, tape)?;
    Some(Default {
        name: named("df", &[table, &column.name]),
        value,
    })
}

/// Gives the table a primary key, mostly; an identity column comes with it.
fn primary_key(table: &mut Table, tape: &mut Tape) {
    let clustered = !tape.chance(15);
    let name = named("pk", &[&table.name]);
    match tape.below(10) {
        8 => {
            let taken: Vec<Ident> = table.columns.iter().map(|c| c.name.clone()).collect();
            let column = fresh(&["id", "number"], &taken, tape);
            table.columns.insert(
                0,
                Column {
                    type_check: named("ty", &[&table.name, &column]),
                    name: column.clone(),
                    ty: if tape.chance(50) {
                        Type::Int
                    } else {
                        Type::BigInt
                    },
                    nullable: false,
                    default: None,
                    identity: Some(Identity {
                        seed: 1,
                        increment: 1,
                    }),
                    computed: None,
                    collation: None,
                    description: None,
                    deprecated: false,
                },
            );
            let columns = vec![KeyColumn {
                column,
                descending: false,
            }];
            table.parts.push(Part::PrimaryKey(PrimaryKey {
                name,
                columns,
                clustered,
            }));
        }
        9 => {}
        _ => {
            let columns: Vec<Ident> = tape.some(&key_columns(table), 3);
            if columns.is_empty() {
                return;
            }
            for column in &mut table.columns {
                column.nullable &= !columns.contains(&column.name);
            }
            let columns = directed(columns, tape);
            table.parts.push(Part::PrimaryKey(PrimaryKey {
                name,
                columns,
                clustered,
            }));
        }
    }
}

/// A unique constraint, check or index that the table does not have yet.
pub fn part(table: &Table, tape: &mut Tape) -> Option<Part> {
    let part = match tape.below(6) {
        0 => Part::Index(index(table, tape)?),
        1 => {
            let columns = tape.some(&key_columns(table), 3);
            Part::Unique(Unique {
                name: keyed_name("uq", table, &columns)?,
                columns: directed(columns, tape),
                clustered: !has_clustered(table) && tape.chance(20),
            })
        }
        2 => {
            let columns: Vec<&Column> = table.columns.iter().collect();
            let column = *tape.pick(&columns)?;
            if column.computed.is_some() {
                return None;
            }
            Part::Check(Check {
                name: named("ck", &[&table.name, &column.name]),
                expression: Expression::Portable(expression::bounds(column, tape)?),
            })
        }
        3 => {
            let expression = expression::condition(table, tape, 3)?;
            let rule = Ident::new(["Rule", "OtherRule", "LastRule"][tape.below(3)]);
            Part::Check(Check {
                name: named("ck", &[&table.name, &rule]),
                expression: Expression::Portable(expression),
            })
        }
        4 => {
            let columns: Vec<&Column> = table
                .columns
                .iter()
                .filter(|column| column.ty == Type::Int && column.computed.is_none())
                .collect();
            let column = *tape.pick(&columns)?;
            // A name in brackets is read by both engines.
            let bracketed = column.name.as_str();
            if bracketed.contains(']') {
                return None;
            }
            Part::Check(Check {
                name: named("ck", &[&table.name, &column.name, &"Native".into()]),
                expression: Expression::Native(Native {
                    mssql: Some(format!("checksum([{bracketed}]) <> 7")),
                    sqlite: Some(format!("hex( [{bracketed}] )   GLOB '[0-9]*'")),
                }),
            })
        }
        _ => {
            let mut index = index(table, tape)?;
            index.unique = true;
            let columns: Vec<Ident> = index.columns.iter().map(|key| key.column.clone()).collect();
            index.name = keyed_name("ux", table, &columns)?;
            Part::Index(index)
        }
    };
    let exists = |other: &Part| other.name().folded() == part.name().folded();
    (!table.parts.iter().any(exists)).then_some(part)
}

/// A plain index.
fn index(table: &Table, tape: &mut Tape) -> Option<Index> {
    let columns = tape.some(&key_columns(table), 3);
    let name = keyed_name("ix", table, &columns)?;
    let clustered = !has_clustered(table) && tape.chance(10);
    let included: Vec<Ident> = table
        .columns
        .iter()
        .filter(|column| {
            column.computed.is_none()
                && column.ty != Type::RowVersion
                && !columns.contains(&column.name)
        })
        .map(|column| column.name.clone())
        .collect();
    let include = if !clustered && tape.chance(30) {
        tape.some(&included, 2)
    } else {
        Vec::new()
    };
    let filter = if !clustered && tape.chance(40) {
        expression::filter(table, tape).map(Expression::Portable)
    } else {
        None
    };
    Some(Index {
        name,
        columns: directed(columns, tape),
        include,
        unique: false,
        filter,
        clustered,
    })
}

/// Lets `table` refer to a key of `target`, with columns of its own for it. `target` is a copy of
/// the same table where the two are one.
pub fn foreign_key(table: &mut Table, target: &Table, tape: &mut Tape) {
    let mut keys: Vec<Vec<Ident>> = Vec::new();
    keys.extend(target.primary_key().map(|key| names(&key.columns)));
    keys.extend(target.uniques().map(|unique| names(&unique.columns)));
    let Some(referenced) = tape.pick(&keys).cloned() else {
        return;
    };
    let role = Ident::new(["", "Parent", "Source"][tape.below(3)]);
    let name = named("fk", &[&table.name, &target.name, &role]);
    if table.part(&name).is_some() {
        return;
    }
    let action = |tape: &mut Tape| {
        [
            ReferentialAction::NoAction,
            ReferentialAction::NoAction,
            ReferentialAction::Cascade,
            ReferentialAction::SetNull,
        ][tape.below(4)]
    };
    let (on_delete, on_update) = (action(tape), action(tape));
    let nullable = on_delete == ReferentialAction::SetNull
        || on_update == ReferentialAction::SetNull
        || tape.chance(50);
    let mut columns = Vec::new();
    for column in &referenced {
        let original = target
            .column(column)
            .expect("a key names columns of its table");
        let own = named(&lower_first(target.name.as_str()), &[&role, column]);
        if table
            .columns
            .iter()
            .any(|taken| taken.name.folded() == own.folded())
        {
            return;
        }
        columns.push(Column {
            type_check: named("ty", &[&table.name, &own]),
            name: own,
            ty: original.ty.clone(),
            nullable,
            default: None,
            identity: None,
            computed: None,
            collation: original.collation.clone(),
            description: None,
            deprecated: false,
        });
    }
    table.parts.push(Part::ForeignKey(ForeignKey {
        name,
        columns: columns.iter().map(|column| column.name.clone()).collect(),
        references: target.name.clone(),
        referenced_columns: referenced,
        on_delete,
        on_update,
    }));
    table.columns.extend(columns);
}

/// A name by convention: the words one after another, each with a capital.
pub fn named(prefix: &str, words: &[&Ident]) -> Ident {
    let mut name = prefix.to_owned();
    for word in words {
        let mut letters = word.as_str().chars();
        if let Some(first) = letters.next() {
            name.extend(first.to_uppercase());
            name.push_str(letters.as_str());
        }
    }
    Ident::new(name)
}

/// The columns that can be part of a key.
fn key_columns(table: &Table) -> Vec<Ident> {
    let keyed = |column: &&Column| values::keyable(&column.ty) && column.computed.is_none();
    table
        .columns
        .iter()
        .filter(keyed)
        .map(|column| column.name.clone())
        .collect()
}

fn names(columns: &[KeyColumn]) -> Vec<Ident> {
    columns.iter().map(|key| key.column.clone()).collect()
}

fn directed(columns: Vec<Ident>, tape: &mut Tape) -> Vec<KeyColumn> {
    let directed = |column| KeyColumn {
        column,
        descending: tape.chance(25),
    };
    columns.into_iter().map(directed).collect()
}

fn keyed_name(prefix: &str, table: &Table, columns: &[Ident]) -> Option<Ident> {
    let mut words = vec![&table.name];
    words.extend(columns);
    (!columns.is_empty()).then(|| named(prefix, &words))
}

fn has_clustered(table: &Table) -> bool {
    table.parts.iter().any(|part| match part {
        Part::PrimaryKey(key) => key.clustered,
        Part::Unique(unique) => unique.clustered,
        Part::Index(index) => index.clustered,
        Part::Check(_) | Part::ForeignKey(_) => false,
    })
}

/// A name that no other has, whatever its case.
fn fresh(pool: &[&str], taken: &[Ident], tape: &mut Tape) -> Ident {
    let taken: BTreeSet<String> = taken.iter().map(Ident::folded).collect();
    let start = pool[tape.below(pool.len())];
    let numbered = (2..).map(|number| format!("{start}{number}"));
    std::iter::once(start.to_owned())
        .chain(numbered)
        .map(Ident::new)
        .find(|name| !taken.contains(&name.folded()))
        .expect("numbers do not run out")
}

fn lower_first(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
