//! The steps in the order in which SQL Server can take them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::dialect;
use crate::dialect::Dialect;
use crate::diff::{Change, Renames};
use crate::model::{Column, Ident, Part, Schema, Table, Type};
use crate::plan::{Step, steps};
use crate::testing::schema_pairs;

/// The parts that tables have while the steps are taken, by table and name.
struct State(BTreeMap<(Ident, Ident), Part>);

impl State {
    fn of(schema: &Schema) -> Self {
        let mut state = Self(BTreeMap::new());
        schema
            .tables
            .values()
            .for_each(|table| state.add_all(table));
        state
    }

    fn add_all(&mut self, table: &Table) {
        for part in &table.parts {
            let key = (table.name.clone(), part.name().clone());
            self.0.insert(key, part.clone());
        }
    }

    fn foreign_keys_to(&self, table: &Ident) -> Vec<String> {
        self.0
            .iter()
            .filter(|((owner, _), part)| {
                owner != table && matches!(part, Part::ForeignKey(key) if key.references == *table)
            })
            .map(|((owner, name), _)| format!("{owner}.{name}"))
            .collect()
    }

    /// Foreign keys that hold on to a key of a table.
    fn holders(&self, table: &Ident, part: &Part) -> Vec<String> {
        let columns = match part {
            Part::PrimaryKey(key) => &key.columns,
            Part::Unique(unique) => &unique.columns,
            _ => return Vec::new(),
        };
        self.0
            .iter()
            .filter(|(_, part)| match part {
                Part::ForeignKey(key) => {
                    key.references == *table
                        && key.referenced_columns.len() == columns.len()
                        && columns
                            .iter()
                            .all(|column| key.referenced_columns.contains(&column.column))
                }
                _ => false,
            })
            .map(|((owner, name), _)| format!("{owner}.{name}"))
            .collect()
    }

    /// Parts under which the column cannot be altered.
    fn in_the_way(&self, table: &Ident, from: &Column, to: &Column) -> Vec<String> {
        let grows = from.nullable == to.nullable
            && from.collation == to.collation
            && matches!(
                (&from.ty, &to.ty),
                (Type::Key(_), Type::Key(_))
                    | (Type::String(_), Type::String(_))
                    | (Type::Ascii(_), Type::Ascii(_))
                    | (Type::Binary(_), Type::Binary(_))
            );
        self.0
            .iter()
            .filter(|((owner, _), part)| match part {
                Part::ForeignKey(key) => {
                    owner == table && key.columns.contains(&to.name)
                        || key.references == *table && key.referenced_columns.contains(&to.name)
                }
                Part::PrimaryKey(_) => owner == table && part.uses(&to.name) == Some(true),
                _ => owner == table && !grows && part.uses(&to.name) == Some(true),
            })
            .map(|((owner, name), _)| format!("{owner}.{name}"))
            .collect()
    }

    /// Takes a step, or says what the engine would refuse.
    fn take(&mut self, step: &Step) -> Result<(), String> {
        let change = match step {
            Step::CreateTable(table) => {
                self.add_all(table);
                return Ok(());
            }
            Step::Rebuild(rebuild) => {
                self.0.retain(|(owner, _), _| *owner != rebuild.before.name);
                self.add_all(&rebuild.after);
                return Ok(());
            }
            Step::Alter { change, .. } => change,
        };
        let headline = change.headline();
        let none = |found: Vec<String>| match found.is_empty() {
            true => Ok(()),
            false => Err(format!("{headline} under {found:?}")),
        };
        match change {
            Change::AddPart { table, part } => {
                let key = (table.clone(), part.name().clone());
                match self.0.insert(key, part.clone()) {
                    None => Ok(()),
                    Some(_) => Err(format!("{headline}, which is there")),
                }
            }
            Change::DropPart { table, part } => {
                let key = (table.clone(), part.name().clone());
                let gone = self.0.remove(&key);
                none(self.holders(table, part))?;
                gone.map(|_| ())
                    .ok_or(format!("{headline}, which is not there"))
            }
            Change::RenamePart { table, from, to } => {
                let key = |part: &Part| (table.clone(), part.name().clone());
                self.0
                    .remove(&key(from))
                    .ok_or(format!("{headline}: missing"))?;
                self.0.insert(key(to), to.clone());
                Ok(())
            }
            Change::AlterColumn { table, from, to } => {
                let stored = |column: &Column| {
                    (column.ty.clone(), column.nullable, column.collation.clone())
                };
                if stored(from) == stored(to) {
                    return Ok(());
                }
                none(self.in_the_way(table, from, to))
            }
            Change::DropColumn { table, column } => {
                let uses = self.0.iter().filter(|((owner, _), part)| {
                    owner == table && part.uses(&column.name) == Some(true)
                });
                none(uses.map(|((_, name), _)| name.to_string()).collect())
            }
            Change::DropTable(table) => {
                none(self.foreign_keys_to(&table.name))?;
                self.0.retain(|(owner, _), _| *owner != table.name);
                Ok(())
            }
            Change::AlterPart { .. } => Err(format!("{headline} was not taken apart")),
            _ => Ok(()),
        }
    }
}

/// A key is off while one of its columns is altered, and a table that goes in the same run may still
/// refer to it.
#[test]
fn a_key_is_not_taken_off_under_a_table_that_is_about_to_go() {
    let dialect = dialect();
    let (before, _) = dialect.lower(&super::fixture::everything());
    let mut after = before.clone();
    after.tables.remove(&Ident::new("things"));
    let accounts = after
        .tables
        .get_mut(&Ident::new("accounts"))
        .expect("it is there");
    accounts.columns[0].ty = Type::Key(65);
    let mut state = State::of(&before);
    for step in &steps(&before, &after, &Renames::default(), dialect.capabilities()) {
        state.take(step).unwrap_or_else(|why| panic!("{why}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn each_step_finds_what_it_needs_and_nothing_in_its_way((before, after) in schema_pairs()) {
        let dialect = dialect();
        let (before, _) = dialect.lower(&before);
        let (after, _) = dialect.lower(&after);
        let mut state = State::of(&before);
        let steps = steps(&before, &after, &Renames::default(), dialect.capabilities());
        for step in &steps {
            state.take(step).map_err(|why| TestCaseError::fail(format!("{why}: {steps:#?}")))?;
        }
        let parts: Vec<_> = state.0.into_keys().collect();
        let expected: Vec<_> = State::of(&after).0.into_keys().collect();
        prop_assert_eq!(parts, expected);
    }
}
