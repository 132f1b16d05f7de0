//! What is written for whole schemas and for each kind of change, and the laws of it.

use proptest::prelude::*;

use crate::dialect::mssql::{Edition, Mssql};
use crate::dialect::{Batch, Dialect};
use crate::diff::{Change, Renames};
use crate::engine::Value;
use crate::model::{Ident, ObjectPath, Part, Schema, Table, Type};
use crate::plan::{Step, steps};
use crate::testing::{schema_pairs, schemas};

/// A snapshot of a script, without the code that made it.
macro_rules! snapshot {
    ($text:expr) => {
        let text: String = $text;
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(text);
        });
    };
}

mod changes;
mod corpus;
pub(super) mod fixture;
mod order;
mod rules;

fn dialect() -> Mssql {
    Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    }
}

/// The schema in engine form; anything but warnings fails.
fn lowered(schema: &Schema) -> Schema {
    let (lowered, findings) = dialect().lower(schema);
    let errors: Vec<_> = findings
        .iter()
        .filter(|finding| finding.severity == crate::diag::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    lowered
}

fn batches(before: &Schema, after: &Schema, renames: &Renames) -> Vec<Batch> {
    let dialect = dialect();
    let (before, after) = (lowered(before), lowered(after));
    dialect.render(&steps(&before, &after, renames, dialect.capabilities()))
}

/// The script from one schema to another.
fn script(before: &Schema, after: &Schema, renames: &Renames) -> String {
    dialect().script(&[], &batches(before, after, renames))
}

#[test]
fn a_schema_that_uses_everything() {
    let everything = fixture::everything();
    snapshot!(script(&Schema::default(), &everything, &Renames::default()));
}

#[test]
fn a_script_opens_with_its_headline() {
    let batches = [Batch::new("SELECT 1;").comment("One.\n\nTwo.")];
    let headline = ["20260131120000_init".to_owned(), "Generated.".to_owned()];
    assert_eq!(
        dialect().script(&headline, &batches),
        "-- 20260131120000_init\n-- Generated.\n\n-- One.\n--\n-- Two.\nSELECT 1;\nGO\n"
    );
    assert_eq!(dialect().script(&[], &[]), "-- Nothing to do.\n");
}

#[test]
fn definitions_of_objects() {
    let schema = lowered(&fixture::everything());
    let path = |table: &str, member: &str| ObjectPath::member(&table.into(), &member.into());
    let define = |path: &ObjectPath| dialect().definition(&schema, path);
    let expected = [
        (
            "things",
            "status",
            "[status] nvarchar(32) NOT NULL CONSTRAINT [dfThingsStatus] DEFAULT (N'queued')",
        ),
        (
            "things",
            "isLate",
            "[isLate] AS (CAST(CASE WHEN [since] < [createdAt] THEN 1 WHEN NOT [since] < [createdAt] THEN 0 END AS bit))",
        ),
        (
            "things",
            "dfThingsPriority",
            "CONSTRAINT [dfThingsPriority] DEFAULT (5) FOR [priority]",
        ),
        (
            "things",
            "tyThingsDetails",
            "CONSTRAINT [tyThingsDetails] CHECK (ISJSON([details]) = 1)",
        ),
        (
            "things",
            "ckThingsRate",
            "CONSTRAINT [ckThingsRate] CHECK ([rate] BETWEEN 0 AND 1)",
        ),
        (
            "events",
            "pkEvents",
            "CONSTRAINT [pkEvents] PRIMARY KEY CLUSTERED ([tenantId], [eventId])",
        ),
    ];
    for (table, member, text) in expected {
        assert_eq!(define(&path(table, member)).as_deref(), Some(text));
    }
    let trigger = define(&path("events", "trEventsAppendOnly")).unwrap();
    assert!(trigger.starts_with("CREATE TRIGGER [dbo].[trEventsAppendOnly]\nON [dbo].[events]"));
    assert!(
        define(&path("things", "ixThingsOpen"))
            .unwrap()
            .starts_with("CREATE NONCLUSTERED")
    );
    assert!(
        define(&ObjectPath::table(&"events".into()))
            .unwrap()
            .starts_with("CREATE TABLE")
    );
    assert_eq!(define(&path("things", "nothing")), None);
    assert_eq!(define(&ObjectPath::table(&"nothing".into())), None);
}

#[test]
fn names_are_quoted_whatever_they_are() {
    let name = Ident::new("a]b'c");
    assert_eq!(dialect().quote(&name), "[a]]b'c]");
    assert_eq!(dialect().table(&name), "[dbo].[a]]b'c]");
    assert!(
        dialect()
            .table_exists(&name)
            .contains("OBJECT_ID(N'[dbo].[a]]b''c]', N'U')")
    );
}

#[test]
fn values_go_out_and_come_back() {
    let text = |text: &str| Value::Text(text.to_owned());
    let decimal = Type::Decimal {
        precision: 5,
        scale: 4,
    };
    let cases = [
        (
            Type::Bool,
            text("true"),
            Value::Integer(1),
            Value::Integer(1),
        ),
        (decimal.clone(), text("0.5"), text("0.5"), text("0.5000")),
        (
            decimal.clone(),
            Value::Integer(1),
            text("1"),
            text("1.0000"),
        ),
        (decimal, text("-.25"), text("-.25"), text("-0.2500")),
        (
            Type::Float,
            Value::Integer(2),
            Value::Real(2.0),
            Value::Real(2.0),
        ),
        (
            Type::Uuid,
            text("0F8FAD5B-D9CB-469F-A165-70867728950E"),
            text("0f8fad5b-d9cb-469f-a165-70867728950e"),
            text("0f8fad5b-d9cb-469f-a165-70867728950e"),
        ),
        (
            Type::Timestamp(3),
            text("2026-01-31T12:00:00.000Z"),
            text("2026-01-31T12:00:00.000"),
            text("2026-01-31T12:00:00.000Z"),
        ),
        (
            Type::Timestamp(0),
            text("2026-01-31T12:00:00Z"),
            text("2026-01-31T12:00:00"),
            text("2026-01-31T12:00:00Z"),
        ),
        (Type::Int, Value::Null, Value::Null, Value::Null),
    ];
    for (ty, given, stored, loaded) in cases {
        assert_eq!(dialect().store(&ty, given), stored, "{ty}");
        assert_eq!(dialect().load(&ty, stored), loaded, "{ty}");
    }
    // As the server writes them.
    assert_eq!(
        dialect().load(&Type::Timestamp(3), text("2026-01-31 12:00:00.1230000")),
        text("2026-01-31T12:00:00.123Z")
    );
    assert_eq!(
        dialect().load(
            &Type::TimestampTz(3),
            text("2026-01-31 12:00:00.0000000 +02:00")
        ),
        text("2026-01-31T12:00:00.000+02:00")
    );
    assert_eq!(
        dialect().load(&Type::Time(3), text("12:00:00")),
        text("12:00:00.000")
    );
}

/// A table named by a change that is created anew.
fn renders_alone(table: &Table) -> bool {
    let batches = dialect().render(&[Step::CreateTable(table.clone())]);
    batches.iter().all(|batch| !batch.sql.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lowering_twice_is_lowering_once(schema in schemas()) {
        let (once, _) = dialect().lower(&schema);
        let (twice, _) = dialect().lower(&once);
        prop_assert_eq!(&once, &twice);
        for table in once.tables.values() {
            prop_assert!(renders_alone(table));
        }
    }

    #[test]
    fn every_object_has_a_definition(schema in schemas()) {
        let (schema, _) = dialect().lower(&schema);
        for table in schema.tables.values() {
            let members = table
                .columns
                .iter()
                .map(|column| column.name.clone())
                .chain(table.parts.iter().map(|part: &Part| part.name().clone()));
            for member in members {
                let path = ObjectPath::member(&table.name, &member);
                prop_assert!(dialect().definition(&schema, &path).is_some(), "{}", path);
            }
        }
    }

    #[test]
    fn what_is_written_is_split_into_the_batches_it_was((before, after) in schema_pairs()) {
        let dialect = dialect();
        let (before, _) = dialect.lower(&before);
        let (after, _) = dialect.lower(&after);
        let steps = steps(&before, &after, &Renames::default(), dialect.capabilities());
        let batches = dialect.render(&steps);
        let text = dialect.script(&["headline".to_owned()], &batches);
        let read = dialect
            .split(&text)
            .map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
        let read: Vec<Batch> = read
            .batches
            .into_iter()
            .map(|batch| Batch { line: 1, ..batch })
            .collect();
        prop_assert_eq!(read, batches, "{}", text);
        // A change that is written is never empty, and what stays the same is not written.
        let again = crate::plan::steps(&after, &after, &Renames::default(), dialect.capabilities());
        prop_assert!(again.is_empty());
        for step in &steps {
            if let Step::Alter { change: Change::AddPart { .. } | Change::AddColumn { .. }, .. } = step {
                prop_assert!(!dialect.render(std::slice::from_ref(step)).is_empty());
            }
        }
    }
}
