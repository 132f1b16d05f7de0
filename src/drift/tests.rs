//! What is offered to put drift right does so, and loses nothing, in whatever client it is run.

use super::Judgement;
use crate::diag::Diagnostic;
use crate::dialect::sqlite::Sqlite;
use crate::dialect::{Described, Dialect};
use crate::diff::Renames;
use crate::engine::Session;
use crate::engine::sqlite::{MEMORY, OpenOptions, SqliteSession};
use crate::model::Schema;
use crate::plan;
use crate::testing::declared;

const PARENT: &str = "table: parent
columns:
  id: { type: int }
  code: { type: key(10) }
  state: { type: string(10), oneOf: [a, b], default: a }
primaryKey: [id]
unique:
  - columns: [code]
";

const CHILD: &str = "table: child
columns:
  id: { type: int }
  parentId: { type: int }
primaryKey: [id]
foreignKeys:
  - columns: [parentId]
    references: { table: parent, columns: [id] }
    onDelete: cascade
";

/// A database that is as declared, with a row in each table.
fn database() -> (SqliteSession, Schema) {
    let expected = Sqlite.lower(&declared(&[PARENT, CHILD])).0;
    let mut session = SqliteSession::open(MEMORY, OpenOptions::default()).expect("memory");
    let empty = Schema::default();
    let steps = plan::steps(
        &empty,
        &expected,
        &Renames::default(),
        Sqlite.capabilities(),
    );
    let batches = Sqlite.render(&steps);
    let create = batches.iter().map(|batch| batch.sql.as_str());
    let rows = [
        "PRAGMA foreign_keys = ON",
        "INSERT INTO parent (id, code) VALUES (1, 'A')",
        "INSERT INTO child VALUES (1, 1)",
    ];
    for sql in create.chain(rows) {
        session.execute(sql).expect(sql);
    }
    (session, expected)
}

fn findings(session: &mut SqliteSession, expected: &Schema) -> Vec<Diagnostic> {
    let live: Described = Sqlite.interpret(&session.catalog().expect("a catalog"));
    let judgement = Judgement {
        dialect: &Sqlite,
        expected,
        live: &live,
        recorded: None,
        place: &|_| None,
    };
    judgement.findings()
}

/// Whether each table has its one row.
fn rows_are_there(session: &mut SqliteSession) -> bool {
    ["parent", "child"].iter().all(|table| {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows = session.query(&sql, &[]).expect("a count");
        format!("{rows:?}").contains("(1)")
    })
}

#[test]
fn a_remedy_that_makes_a_table_anew_keeps_the_rows_that_refer_to_it() {
    let (mut session, expected) = database();
    session
        .execute("ALTER TABLE parent ADD COLUMN extra TEXT")
        .expect("a column");
    let found = findings(&mut session, &expected);
    let remedy = found[0].remedy.as_ref().expect("a remedy");
    // The client has foreign keys on.
    session.execute(remedy).expect(remedy);
    assert_eq!(findings(&mut session, &expected), []);
    assert!(rows_are_there(&mut session));
}

#[test]
fn every_remedy_of_a_table_restores_all_that_it_lacks_and_takes_nothing_else_away() {
    let (mut session, expected) = database();
    for sql in [
        "PRAGMA foreign_keys = OFF",
        "CREATE TABLE other (id INT, code TEXT, state TEXT, extra TEXT)",
        "INSERT INTO other SELECT *, 'kept' FROM parent",
        "DROP TABLE parent",
        "ALTER TABLE other RENAME TO parent",
        "PRAGMA foreign_keys = ON",
    ] {
        session.execute(sql).expect(sql);
    }
    let found = findings(&mut session, &expected);
    assert!(found.len() > 5, "{found:?}");
    for finding in &found {
        let remedy = finding.remedy.as_ref().expect("a remedy");
        let takes = finding.code == "drift/extra-column";
        assert_eq!(remedy.contains("extra"), !takes, "{remedy}");
        for part in ["pkParent", "uqParentCode", "ckParentState", "tyParentCode"] {
            assert!(remedy.contains(part), "{}: {remedy}", finding.message);
        }
    }
    let any = found
        .iter()
        .find(|finding| finding.code == "drift/missing-unique")
        .and_then(|finding| finding.remedy.clone())
        .expect("a remedy");
    session.execute(&any).expect(&any);
    let left: Vec<_> = findings(&mut session, &expected)
        .into_iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(left, ["drift/extra-column"]);
    assert!(rows_are_there(&mut session));
}
