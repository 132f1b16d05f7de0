//! The dialect as a whole, against real databases: what is rendered is executed, and what is
//! executed is read back.

use proptest::prelude::*;

use super::*;
use crate::diff::Change;
use crate::engine::sqlite::{OpenOptions, SqliteSession};
use crate::engine::{Session, TransactionOptions};
use crate::model::Table;
use crate::plan::Rebuild;
use crate::testing;

fn memory() -> SqliteSession {
    SqliteSession::open(":memory:", OpenOptions::default()).expect("memory is available")
}

fn execute(session: &mut SqliteSession, batches: &[Batch]) {
    for batch in batches {
        session
            .execute(&batch.sql)
            .unwrap_or_else(|error| panic!("{error}\n{}", batch.sql));
    }
}

fn create(session: &mut SqliteSession, schema: &Schema) {
    let steps: Vec<Step> = schema
        .tables
        .values()
        .map(|table| Step::CreateTable(table.clone()))
        .collect();
    execute(session, &Sqlite.render(&steps));
}

fn lowered(schema: &Schema) -> Schema {
    let (lowered, findings) = Sqlite.lower(schema);
    assert_eq!(findings, []);
    lowered
}

/// The database says what the schema says, up to the spelling of expressions.
fn assert_described(session: &mut SqliteSession, expected: &Schema) {
    let described = Sqlite.interpret(&session.catalog().expect("it can be read"));
    assert_eq!(described.unsupported, []);
    assert_eq!(comparable(&described.schema), comparable(expected));
}

fn comparable(schema: &Schema) -> Schema {
    use crate::model::expression::canonical::canonical;
    use crate::model::{Expression, Part};
    let canon = |expression: &mut Expression| {
        if let Expression::Portable(expr) = expression {
            *expr = canonical(expr);
        }
    };
    Schema::new(schema.tables.values().cloned().map(|mut table| {
        for column in &mut table.columns {
            if let Some(computed) = &mut column.computed {
                canon(&mut computed.expression);
            }
        }
        for part in &mut table.parts {
            match part {
                Part::Check(check) => canon(&mut check.expression),
                Part::Index(index) => index.filter.iter_mut().for_each(canon),
                Part::PrimaryKey(_) | Part::Unique(_) | Part::ForeignKey(_) => {}
            }
        }
        table.parts.sort_by_key(|part| part.name().clone());
        table
    }))
}

/// The steps between two schemas with a rebuild for every table that both have.
fn steps(before: &Schema, after: &Schema) -> Vec<Step> {
    let dropped = before.tables.values().filter_map(|table| {
        let gone = after.table(&table.name).is_none();
        gone.then(|| Step::Alter {
            change: Change::DropTable(table.clone()),
            before: Some(table.clone()),
            after: None,
        })
    });
    let made = after
        .tables
        .values()
        .map(|table| match before.table(&table.name) {
            None => Step::CreateTable(table.clone()),
            Some(before) => rebuild(before, table),
        });
    dropped.chain(made).collect()
}

fn rebuild(before: &Table, after: &Table) -> Step {
    let kept = after.columns.iter().map(|column| column.name.clone());
    Step::Rebuild(Box::new(Rebuild {
        before: before.clone(),
        after: after.clone(),
        copied: kept
            .filter(|name| before.column(name).is_some())
            .map(|name| (name.clone(), name))
            .collect(),
        reasons: vec!["something changes".to_owned()],
        referring: Vec::new(),
    }))
}

/// Runs steps as a migration does: by way of its file.
fn migrate(session: &mut SqliteSession, steps: &[Step]) {
    let text = Sqlite.script(&["A migration.".to_owned()], &Sqlite.render(steps));
    let script = Sqlite
        .split(&text)
        .expect("what was written is well formed");
    session
        .begin(TransactionOptions {
            defer_foreign_keys: script.directives.defer_foreign_keys,
        })
        .expect("nobody else writes");
    execute(session, &script.batches);
    session.commit().expect("every foreign key holds");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn lowering_twice_is_lowering_once(schema in testing::schemas()) {
        let (once, _) = Sqlite.lower(&schema);
        let (twice, findings) = Sqlite.lower(&once);
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(findings, []);
    }

    #[test]
    fn what_was_rebuilt_is_what_would_have_been_created(
        (before, after) in testing::schema_pairs(),
    ) {
        let (before, after) = (lowered(&before), lowered(&after));
        let mut session = memory();
        create(&mut session, &before);
        migrate(&mut session, &steps(&before, &after));
        assert_described(&mut session, &after);

        let mut fresh = memory();
        create(&mut fresh, &after);
        prop_assert_eq!(session.catalog().unwrap(), fresh.catalog().unwrap());
    }

    #[test]
    fn what_was_created_is_read_back(schema in testing::schemas()) {
        let lowered = lowered(&schema);
        let mut session = memory();
        create(&mut session, &lowered);
        assert_described(&mut session, &lowered);
    }
}
