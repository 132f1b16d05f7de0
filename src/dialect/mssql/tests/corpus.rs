//! A corpus of T-SQL for parsers that nobody here wrote.
//!
//! `DBTOOL_TSQL_CORPUS=FOLDER cargo test --lib tsql_corpus -- --ignored` writes it, and
//! `tests/tools/parse_tsql.py FOLDER` reads it with sqlfluff and sqlglot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

/// How many random pairs of schemas are taken.
const PAIRS: usize = 300;

/// The kind of a step, to see that all of them are there.
fn kind(step: &Step) -> String {
    let text = match step {
        Step::Alter { change, .. } => format!("{change:?}"),
        other => format!("{other:?}"),
    };
    text.chars().take_while(char::is_ascii_alphabetic).collect()
}

#[test]
#[ignore = "a developer's tool: it writes files where DBTOOL_TSQL_CORPUS says"]
fn tsql_corpus() {
    let folder = PathBuf::from(std::env::var("DBTOOL_TSQL_CORPUS").expect("a folder is named"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: String, text: &str| {
        std::fs::write(folder.join(name), text).expect("a file");
    };
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for entry in std::fs::read_dir(migrations).expect("the migrations") {
        let path = entry.expect("an entry").path();
        if let Ok(text) = std::fs::read_to_string(path.join("mssql.sql")) {
            let name = path.file_name().expect("a name").to_string_lossy();
            write(format!("migration_{name}.sql"), &text);
        }
    }
    let everything = fixture::everything();
    let whole = script(&Schema::default(), &everything, &Renames::default());
    write("everything.sql".to_owned(), &whole);
    let back = script(&everything, &Schema::default(), &Renames::default());
    write("everything_dropped.sql".to_owned(), &back);
    let own = crate::history::tables::schema();
    let own = script(&Schema::default(), &own, &Renames::default());
    write("own_tables.sql".to_owned(), &own);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut kinds = BTreeSet::new();
    for number in 0..PAIRS {
        let (before, after) = schema_pairs()
            .new_tree(&mut runner)
            .expect("a pair")
            .current();
        let dialect = dialect();
        let (before, after) = (dialect.lower(&before).0, dialect.lower(&after).0);
        let empty = Schema::default();
        // Also what an edition without online builds gets.
        let standard = Mssql {
            edition: Edition::Standard,
            ..dialect.clone()
        };
        for (name, dialect, before) in [
            ("made", &dialect, &empty),
            ("changed", &dialect, &before),
            ("standard", &standard, &before),
        ] {
            let steps = steps(before, &after, &Renames::default(), dialect.capabilities());
            kinds.extend(steps.iter().map(kind));
            let text = dialect.script(&[], &dialect.render(&steps));
            write(format!("random_{number:03}_{name}.sql"), &text);
        }
    }
    let (renamed, renames) = renamed(&everything);
    let text = script(&everything, &renamed, &renames);
    write("renamed.sql".to_owned(), &text);
    for wanted in [
        "AddColumn",
        "AddPart",
        "AlterColumn",
        "AlterTable",
        "CreateTable",
        "DropColumn",
        "DropPart",
        "DropTable",
        "RenamePart",
    ] {
        assert!(kinds.contains(wanted), "{wanted} in {kinds:?}");
    }
}

/// The schema with a table and a column under other names.
fn renamed(schema: &Schema) -> (Schema, Renames) {
    let mut after = schema.clone();
    let mut table = after.tables.remove(&Ident::new("events")).expect("a table");
    table.name = "happenings".into();
    let column = table.columns.last_mut().expect("a column");
    let old = std::mem::replace(&mut column.name, "another".into());
    for part in &mut table.parts {
        if let Part::Index(index) = part {
            for key in &mut index.columns {
                if key.column == old {
                    key.column = "another".into();
                }
            }
        }
    }
    let mut renames = Renames::default();
    renames.tables.insert("happenings".into(), "events".into());
    renames
        .columns
        .insert(("happenings".into(), "another".into()), old);
    after.tables.insert(table.name.clone(), table);
    (after, renames)
}
