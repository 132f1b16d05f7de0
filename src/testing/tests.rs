//! What the strategies promise.

use std::collections::BTreeSet;

use dbtool::model::{Expr, Expression, Ident, KeyColumn, Part, Schema, Table, Type};
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{schema_pairs, schemas, values};

/// Every rule that a loader would hold a schema to.
fn assert_valid(schema: &Schema) {
    let mut indexes = BTreeSet::new();
    for (name, table) in &schema.tables {
        assert_eq!(*name, table.name);
        assert!(
            table.columns.iter().any(|column| column.computed.is_none()),
            "{table:#?}"
        );
        unique(table.columns.iter().map(|column| &column.name));
        unique(table.columns.iter().map(|column| &column.type_check));
        unique(table.parts.iter().map(Part::name));
        let versions = table
            .columns
            .iter()
            .filter(|column| column.ty == Type::RowVersion);
        assert!(versions.count() <= 1);
        for column in &table.columns {
            let parts = [
                column.default.is_some(),
                column.identity.is_some(),
                column.computed.is_some(),
                column.ty == Type::RowVersion,
            ];
            assert!(
                parts.iter().filter(|part| **part).count() <= 1,
                "{column:#?}"
            );
            if let Some(computed) = &column.computed {
                assert_known(table, &computed.expression);
            }
            if column.identity.is_some() {
                let key = table.primary_key().expect("identity is the key");
                assert_eq!(names(&key.columns), std::slice::from_ref(&column.name));
            }
        }
        assert!(
            table
                .parts
                .iter()
                .filter(|part| matches!(part, Part::PrimaryKey(_)))
                .count()
                <= 1
        );
        for part in &table.parts {
            assert_part(schema, table, part);
            if let Part::Index(index) = part {
                assert!(
                    indexes.insert(index.name.folded()),
                    "index {} twice",
                    index.name
                );
            }
        }
    }
}

fn assert_part(schema: &Schema, table: &Table, part: &Part) {
    let keyed = |columns: &[KeyColumn]| {
        assert!(!columns.is_empty());
        unique(columns.iter().map(|key| &key.column));
        for key in columns {
            let column = table.column(&key.column).expect("the column exists");
            assert!(values::keyable(&column.ty), "{part:#?}");
        }
    };
    match part {
        Part::PrimaryKey(key) => {
            keyed(&key.columns);
            for key in &key.columns {
                assert!(!table.column(&key.column).expect("it exists").nullable);
            }
        }
        Part::Unique(unique) => keyed(&unique.columns),
        Part::Check(check) => assert_known(table, &check.expression),
        Part::Index(index) => {
            keyed(&index.columns);
            for column in &index.include {
                assert!(table.column(column).is_some());
                assert!(index.columns.iter().all(|key| key.column != *column));
            }
            if let Some(filter) = &index.filter {
                assert_known(table, filter);
            }
        }
        Part::ForeignKey(key) => {
            let target = schema.table(&key.references).expect("the table exists");
            let primary = target.primary_key().map(|key| names(&key.columns));
            let mut keys = primary
                .into_iter()
                .chain(target.uniques().map(|key| names(&key.columns)));
            assert!(
                keys.any(|columns| columns == key.referenced_columns),
                "{key:#?}"
            );
            assert_eq!(key.columns.len(), key.referenced_columns.len());
        }
    }
}

fn assert_known(table: &Table, expression: &Expression) {
    if let Expression::Portable(expr) = expression {
        expr.visit(&mut |expr| {
            if let Expr::Column(name) = expr {
                assert!(
                    table.column(name).is_some(),
                    "{name} is no column of {}",
                    table.name
                );
            }
        });
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a Ident>) {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(seen.insert(name.folded()), "{name} twice");
    }
}

fn names(columns: &[KeyColumn]) -> Vec<Ident> {
    columns.iter().map(|key| key.column.clone()).collect()
}

proptest::proptest! {
    #[test]
    fn schemas_and_their_edits_are_valid((before, after) in schema_pairs()) {
        assert_valid(&before);
        assert_valid(&after);
    }

    #[test]
    fn one_tape_is_one_schema(choices in proptest::collection::vec(any::<u16>(), 0..300)) {
        let build = |choices: &[u16]| {
            super::build::schema(&mut super::Tape::new(choices.to_vec()))
        };
        proptest::prop_assert_eq!(build(&choices), build(&choices));
    }
}

/// A strategy that never makes a thing tests nothing about it.
#[test]
fn everything_that_the_model_can_say_is_said() {
    let mut runner = TestRunner::deterministic();
    let strategy = schemas();
    let mut types = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for _ in 0..400 {
        let schema = strategy
            .new_tree(&mut runner)
            .expect("no filters")
            .current();
        for table in schema.tables.values() {
            let mut see = |what: &str, there: bool| {
                if there {
                    seen.insert(what.to_owned());
                }
            };
            see("appendOnly", table.append_only.is_some());
            for column in &table.columns {
                types.insert(column.ty.to_string().split('(').next().map(str::to_owned));
                see("nullable", column.nullable);
                see("identity", column.identity.is_some());
                if let Some(computed) = &column.computed {
                    see("persisted", computed.persisted);
                    see("virtual", !computed.persisted);
                }
                if let Some(default) = &column.default {
                    let debug = format!("{:?}", default.value);
                    see(debug.split('(').next().unwrap_or_default(), true);
                }
            }
            for part in &table.parts {
                match part {
                    Part::PrimaryKey(key) => see("primary key", key.clustered),
                    Part::Unique(_) => see("unique", true),
                    Part::Check(check) => match check.expression {
                        Expression::Portable(_) => see("check", true),
                        _ => see("native check", true),
                    },
                    Part::ForeignKey(key) if key.references == table.name => see("self", true),
                    Part::ForeignKey(key) => {
                        see("composite foreign key", key.columns.len() > 1);
                        see("action", key.on_delete != key.on_update);
                        let target = &schema.tables[&key.references];
                        see(
                            "circle",
                            target.foreign_keys().any(|k| k.references == table.name),
                        );
                    }
                    Part::Index(index) => {
                        see("unique index", index.unique);
                        see("filter", index.filter.is_some());
                        see("include", !index.include.is_empty());
                        see("descending", index.columns.iter().any(|key| key.descending));
                    }
                }
            }
        }
    }
    assert_eq!(types.len(), Type::NAMES.len() + 1, "{types:?}");
    let expected = [
        "Literal",
        "Native",
        "NewSequentialId",
        "NewUuid",
        "UtcNow",
        "action",
        "appendOnly",
        "check",
        "circle",
        "composite foreign key",
        "descending",
        "filter",
        "identity",
        "include",
        "native check",
        "nullable",
        "persisted",
        "primary key",
        "self",
        "unique",
        "unique index",
        "virtual",
    ];
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}
