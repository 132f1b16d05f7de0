//! What an engine that alters in place is told to do, what changes mean, and that what is planned
//! leads where it should on a real database.

use proptest::prelude::*;

use super::{Class, Step, assess, order, steps};
use crate::dialect::Dialect;
use crate::dialect::mssql::{Edition, Mssql};
use crate::dialect::sqlite::Sqlite;
use crate::diff::{Change, Renames, diff, fold};
use crate::engine::sqlite::{MEMORY, OpenOptions, SqliteSession};
use crate::engine::{Session, TransactionOptions};
use crate::model::{Ident, PartKind, Schema};
use crate::testing::{declared as schema, schema_pairs};

fn mssql() -> Mssql {
    Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    }
}

/// The steps on SQL Server, one line each.
fn in_place(before: &[&str], after: &[&str]) -> Vec<String> {
    let dialect = mssql();
    let [before, after] = [before, after].map(|files| dialect.lower(&schema(files)).0);
    let steps = steps(&before, &after, &Renames::default(), dialect.capabilities());
    steps
        .iter()
        .map(|step| match step {
            Step::CreateTable(table) => {
                let mut keys: Vec<String> = table
                    .foreign_keys()
                    .map(|key| key.name.to_string())
                    .collect();
                keys.sort();
                format!("create {} with [{}]", table.name, keys.join(", "))
            }
            Step::Rebuild(rebuild) => format!("rebuild {}", rebuild.after.name),
            Step::Alter { change, .. } => change.headline(),
        })
        .collect()
}

const PARENT: &str = "table: parent
columns:
  id: { type: int }
  code: { type: key(10) }
  state: { type: string(10), nullable: true }
primaryKey: [id]
unique:
  - columns: [code]
indexes:
  - { name: ixState, columns: [state, code] }
checks:
  - { name: ckState, expression: \"state <> 'b' or code <> 'z'\" }
";

const CHILD: &str = "table: child
columns:
  id: { type: int }
  parentCode: { type: key(10) }
primaryKey: [id]
foreignKeys:
  - { name: fkCode, columns: [parentCode], references: { table: parent, columns: [code] } }
";

#[test]
fn a_foreign_key_is_off_while_both_its_sides_grow() {
    let grown = [PARENT, CHILD].map(|text| text.replace("key(10)", "key(20)"));
    let steps = in_place(&[PARENT, CHILD], &[&grown[0], &grown[1]]);
    assert_eq!(
        steps,
        [
            "drop foreign key child.fkCode",
            "alter column child.parentCode",
            "alter column parent.code",
            "add foreign key child.fkCode",
        ]
    );
}

#[test]
fn what_uses_a_column_is_off_while_its_nullability_changes() {
    let stricter = PARENT.replace("string(10), nullable: true", "string(10)");
    assert_eq!(
        in_place(&[PARENT], &[&stricter]),
        [
            "drop index parent.ixState",
            "drop check constraint parent.ckState",
            "alter column parent.state",
            "add check constraint parent.ckState",
            "add index parent.ixState",
        ]
    );
}

#[test]
fn a_check_and_an_index_stop_naming_a_column_before_it_goes() {
    let without = PARENT
        .replace("  state: { type: string(10), nullable: true }\n", "")
        .replace("[state, code]", "[code]")
        .replace("state <> 'b' or code <> 'z'", "code <> 'z'");
    assert_eq!(
        in_place(&[PARENT], &[&without]),
        [
            "drop index parent.ixState",
            "drop check constraint parent.ckState",
            "drop column parent.state",
            "add check constraint parent.ckState",
            "add index parent.ixState",
        ]
    );
}

#[test]
fn a_part_that_changes_with_its_column_is_off_as_well() {
    let both = PARENT
        .replace("string(10), nullable: true", "string(20)")
        .replace("code <> 'z'", "code <> 'y'");
    let steps = in_place(&[PARENT], &[&both]);
    let place = |step: &str| steps.iter().position(|found| found == step).expect(step);
    let altered = place("alter column parent.state");
    assert!(
        place("drop check constraint parent.ckState") < altered,
        "{steps:?}"
    );
    assert!(
        place("add check constraint parent.ckState") > altered,
        "{steps:?}"
    );
}

#[test]
fn a_foreign_key_is_off_while_the_key_that_it_refers_to_changes_kind() {
    let swapped = PARENT
        .replace("primaryKey: [id]", "primaryKey: [code]")
        .replace("- columns: [code]\n", "- columns: [id]\n");
    let steps = in_place(&[PARENT, CHILD], &[&swapped, CHILD]);
    assert_eq!(
        steps.first().map(String::as_str),
        Some("drop foreign key child.fkCode")
    );
    assert_eq!(
        steps.last().map(String::as_str),
        Some("add foreign key child.fkCode")
    );
}

#[test]
fn a_new_table_refers_to_a_key_once_that_is_there() {
    let bare = PARENT.replace("unique:\n  - columns: [code]\n", "");
    assert_eq!(
        in_place(&[&bare], &[PARENT, CHILD]),
        [
            "create child with []",
            "add unique constraint parent.uqParentCode",
            "add foreign key child.fkCode",
        ]
    );
}

const CIRCLE: [&str; 2] = [
    "table: a
columns: { id: int, b: { type: int, nullable: true } }
primaryKey: [id]
foreignKeys: [{ name: fkAb, columns: [b], references: { table: b, columns: [id] } }]
",
    "table: b
columns: { id: int, a: { type: int, nullable: true } }
primaryKey: [id]
foreignKeys: [{ name: fkBa, columns: [a], references: { table: a, columns: [id] } }]
",
];

const OTHER: &str = "table: other\ncolumns: { id: int }\nprimaryKey: [id]\n";

#[test]
fn one_side_of_a_circle_follows_when_both_tables_are_there() {
    assert_eq!(
        in_place(&[OTHER], &[OTHER, CIRCLE[0], CIRCLE[1]]),
        [
            "create b with []",
            "create a with [fkAb]",
            "add foreign key b.fkBa",
        ]
    );
}

#[test]
fn a_circle_is_opened_once_before_its_tables_go() {
    let steps = in_place(&[OTHER, CIRCLE[0], CIRCLE[1]], &[OTHER]);
    let opened = steps
        .iter()
        .filter(|step| step.starts_with("drop foreign key"));
    assert_eq!(opened.count(), 1, "{steps:?}");
    assert_eq!(steps[1..], ["drop table a", "drop table b"]);
}

#[test]
fn a_chain_of_tables_goes_from_its_end_without_taking_it_apart() {
    assert_eq!(
        in_place(&[OTHER, PARENT, CHILD], &[OTHER]),
        ["drop table child", "drop table parent"]
    );
}

/// What is changed in [`PARENT`] (text, new text), and the class and code of the worst change.
const HAZARDS: &[(&str, &str, &str, Class, &str)] = &[
    (
        "a column that may be NULL",
        "primaryKey:",
        "  z: { type: int, nullable: true }\nprimaryKey:",
        Class::Additive,
        "generate/add-column",
    ),
    (
        "a column with a default",
        "primaryKey:",
        "  z: { type: int, default: 1 }\nprimaryKey:",
        Class::Additive,
        "generate/add-column",
    ),
    (
        "a column without",
        "primaryKey:",
        "  z: { type: int }\nprimaryKey:",
        Class::Destructive,
        "generate/not-null-without-default",
    ),
    (
        "a longer text",
        "string(10)",
        "string(20)",
        Class::Compatible,
        "generate/widen",
    ),
    (
        "a shorter text",
        "string(10)",
        "string(5)",
        Class::Destructive,
        "generate/narrow",
    ),
    (
        "another type",
        "id: { type: int }",
        "id: { type: uuid }",
        Class::Destructive,
        "generate/change-type",
    ),
    (
        "NOT NULL",
        "string(10), nullable: true",
        "string(10)",
        Class::Destructive,
        "generate/not-null",
    ),
    (
        "an index",
        "indexes:",
        "indexes:\n  - columns: [code, state]",
        Class::Additive,
        "generate/add-part",
    ),
    (
        "an index less",
        "indexes:\n  - { name: ixState, columns: [state, code] }\n",
        "",
        Class::Destructive,
        "generate/drop-part",
    ),
    (
        "a unique constraint over what is there",
        "  - columns: [code]\n",
        "  - columns: [code]\n  - columns: [state]\n",
        Class::Destructive,
        "generate/tighten",
    ),
    (
        "a unique constraint less",
        "unique:\n  - columns: [code]\n",
        "",
        Class::Destructive,
        "generate/drop-part",
    ),
    (
        "a wider key",
        "- columns: [code]\n",
        "- { name: uqParentCode, columns: [code, id] }\n",
        Class::Compatible,
        "generate/widen",
    ),
    (
        "a narrower check",
        "state <> 'b' or code <> 'z'",
        "state <> 'b'",
        Class::Destructive,
        "generate/tighten",
    ),
    (
        "a wider check",
        "code <> 'z'",
        "code <> 'z' or id > 5",
        Class::Compatible,
        "generate/widen",
    ),
    (
        "append-only",
        "primaryKey:",
        "appendOnly: true\nprimaryKey:",
        Class::Destructive,
        "generate/append-only",
    ),
    (
        "a description",
        "primaryKey:",
        "description: What it is.\nprimaryKey:",
        Class::Compatible,
        "generate/alter-table",
    ),
];

fn worst(after: &str) -> (Class, Vec<(Class, &'static str)>) {
    let [before, after] = [PARENT, after].map(|text| schema(&[text, OTHER]));
    let changes = order(diff(&before, &after, &Renames::default()));
    let hazards: Vec<_> = assess(&changes)
        .into_iter()
        .map(|hazard| (hazard.class, hazard.code))
        .collect();
    let class = hazards.iter().map(|(class, _)| *class).max();
    (class.expect("something changes"), hazards)
}

#[test]
fn each_change_has_its_class() {
    for (name, from, to, class, code) in HAZARDS {
        assert!(PARENT.contains(from), "{name}");
        let (found, hazards) = worst(&PARENT.replace(from, to));
        assert_eq!(found, *class, "{name}: {hazards:?}");
        assert!(hazards.contains(&(*class, *code)), "{name}: {hazards:?}");
    }
}

#[test]
fn a_new_column_does_not_make_a_rule_harmless_that_its_default_can_break() {
    let with = |column: &str, part: &str| {
        PARENT.replace("primaryKey:", &format!("  z: {column}\nprimaryKey:")) + part
    };
    let unique = |column: &str| {
        worst(&with(column, "").replace("unique:\n", "unique:\n  - columns: [z]\n")).0
    };
    assert_eq!(unique("{ type: int, default: 1 }"), Class::Destructive);
    assert_eq!(unique("{ type: int, nullable: true }"), Class::Destructive);
    assert_eq!(unique("{ type: uuid, default: newUuid }"), Class::Additive);
    let key = "foreignKeys: [{ columns: [z], references: { table: other, columns: [id] } }]\n";
    let refers = |column: &str| worst(&with(column, key)).0;
    assert_eq!(refers("{ type: int, default: 1 }"), Class::Destructive);
    assert_eq!(refers("{ type: int, nullable: true }"), Class::Additive);
}

/// Runs what is planned the way a migration does: by way of its file.
fn migrate(
    session: &mut SqliteSession,
    before: &Schema,
    after: &Schema,
    renames: &Renames,
) -> String {
    let steps = steps(before, after, renames, Sqlite.capabilities());
    let text = Sqlite.script(&["A migration.".to_owned()], &Sqlite.render(&steps));
    let script = Sqlite
        .split(&text)
        .expect("what was written is well formed");
    session
        .begin(TransactionOptions {
            defer_foreign_keys: script.directives.defer_foreign_keys,
        })
        .expect("nobody else writes");
    for batch in &script.batches {
        session
            .execute(&batch.sql)
            .unwrap_or_else(|error| panic!("{error}\n{}\nof\n{text}", batch.sql));
    }
    session
        .commit()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    text
}

fn memory() -> SqliteSession {
    SqliteSession::open(MEMORY, OpenOptions::default()).expect("memory is available")
}

/// What is left to change until the database is as declared.
fn left(session: &mut SqliteSession, expected: &Schema) -> Vec<String> {
    let catalog = session.catalog().expect("it can be read");
    let described = Sqlite.interpret(&catalog);
    assert_eq!(described.unsupported, []);
    diff(&described.schema, expected, &Renames::default())
        .iter()
        .map(Change::headline)
        .collect()
}

fn lowered(schema: &Schema) -> Schema {
    Sqlite.lower(schema).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_planned_leads_from_one_schema_to_the_other((from, to) in schema_pairs()) {
        let [from, to] = [from, to].map(|schema| lowered(&schema));
        let mut session = memory();
        migrate(&mut session, &Schema::default(), &from, &Renames::default());
        let text = migrate(&mut session, &from, &to, &Renames::default());
        prop_assert_eq!(left(&mut session, &to), Vec::<String>::new(), "{}", text);
    }

    #[test]
    fn a_renamed_column_keeps_all_that_refers_to_it((from, _) in schema_pairs()) {
        let mut to = from.clone();
        let mut renames = Renames::default();
        for table in from.tables.values() {
            for column in &table.columns {
                let new = Ident::new(format!("{}Renamed", column.name));
                let change = Change::RenameColumn {
                    table: table.name.clone(),
                    from: column.name.clone(),
                    to: new.clone(),
                };
                fold::apply(&mut to, &change).expect("the name is free");
                renames
                    .columns
                    .insert((table.name.clone(), new), column.name.clone());
            }
        }
        // Native text is not rewritten.
        let native = from.tables.values().any(|table| {
            table.parts.iter().any(|part| {
                matches!(part.kind(), PartKind::Check | PartKind::Index)
                    && table.columns.iter().any(|column| part.uses(&column.name).is_none())
            })
        });
        prop_assume!(!native);
        let [from, to] = [from, to].map(|schema| lowered(&schema));
        let mut session = memory();
        migrate(&mut session, &Schema::default(), &from, &Renames::default());
        let text = migrate(&mut session, &from, &to, &renames);
        prop_assert_eq!(left(&mut session, &to), Vec::<String>::new(), "{}", text);
    }
}

/// Rows by a query, as text.
fn rows(session: &mut SqliteSession, sql: &str) -> String {
    let rows = session.query(sql, &[]).expect(sql);
    format!("{rows:?}")
}

#[test]
fn rows_stay_when_all_their_columns_are_replaced() {
    let mut session = memory();
    let before = lowered(&schema(&[OTHER]));
    let after = lowered(&schema(&[
        "table: other\ncolumns: { number: { type: bigint, identity: true } }\nprimaryKey: [number]\n",
    ]));
    migrate(
        &mut session,
        &Schema::default(),
        &before,
        &Renames::default(),
    );
    session
        .execute("INSERT INTO other VALUES (7), (8)")
        .expect("rows");
    migrate(&mut session, &before, &after, &Renames::default());
    assert_eq!(left(&mut session, &after), Vec::<String>::new());
    let found = rows(&mut session, "SELECT count(*) FROM other");
    assert!(found.contains("(2)"), "{found}");
}

#[test]
fn a_foreign_key_follows_the_column_that_it_refers_to() {
    let parent = PARENT
        .replace("code", "kode")
        .replace("ckState", "ckStateToo");
    let child = CHILD.replace("columns: [code]", "columns: [kode]");
    let renames = Renames {
        columns: [(
            (Ident::new("parent"), Ident::new("kode")),
            Ident::new("code"),
        )]
        .into(),
        ..Renames::default()
    };
    let mut session = memory();
    let before = lowered(&schema(&[PARENT, CHILD]));
    let after = lowered(&schema(&[&parent, &child]));
    migrate(
        &mut session,
        &Schema::default(),
        &before,
        &Renames::default(),
    );
    session
        .execute("INSERT INTO parent (id, code) VALUES (1, 'A')")
        .expect("a row");
    session
        .execute("INSERT INTO child VALUES (1, 'A')")
        .expect("a row");
    migrate(&mut session, &before, &after, &renames);
    assert_eq!(left(&mut session, &after), Vec::<String>::new());
    assert!(
        session
            .execute("INSERT INTO child VALUES (2, 'B')")
            .is_err()
    );
}
