//! Whole runs of the executor over the wire, on a server that keeps the history.

use std::path::Path;

use super::*;
use crate::dialect::mssql::{Edition, Mssql};
use crate::executor::{Cause, Failure, Options, Origin, Outcome, migrate};
use crate::migration::{CHANGES_FILE, Entry, File, Folder};

/// What becomes of the connection around a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// It is lost while the transaction is looked at.
    Before,
    /// COMMIT arrives, and is not carried out.
    Undone,
    /// COMMIT is carried out, and the answer is lost.
    Made,
    /// The answer is lost halfway.
    Halfway,
}

/// What the server keeps.
#[derive(Default)]
struct Kept {
    /// Rows of the history that are committed, and those that are not yet.
    committed: Vec<Vec<Option<String>>>,
    begun: Vec<Vec<Option<String>>>,
    /// How often a table was made, committed or not.
    tables: usize,
    /// How the connection is to be cut, once.
    cut: Option<Cut>,
}

/// The columns of the history, those of numbers marked.
const COLUMNS: [&str; 20] = [
    "#id",
    "#formatVersion",
    "version",
    "name",
    "kind",
    "state",
    "changesChecksum",
    "sqlChecksum",
    "startedAt",
    "finishedAt",
    "#durationMs",
    "#batchCount",
    "appliedBy",
    "hostName",
    "toolVersion",
    "sourceRevision",
    "sqlText",
    "errorText",
    "reason",
    "chainHash",
];

/// The values of an insert into the history. The SQL itself is never asked back here.
fn inserted(sql: &str, parameters: &[String]) -> Vec<Option<String>> {
    let value = |(index, name): (usize, &&str)| {
        let is_bound = [",", ")"]
            .iter()
            .any(|end| sql.contains(&format!("@P{}{end}", index + 1)));
        let mark = if name.starts_with('#') { "#" } else { "" };
        (is_bound && *name != "sqlText").then(|| format!("{mark}{}", parameters[index]))
    };
    COLUMNS.iter().enumerate().map(value).collect()
}

fn server(kept: &Arc<Mutex<Kept>>, edition: &'static str, version: &'static str) -> Responder {
    let kept = Arc::clone(kept);
    Responder::start(move |event| {
        let mut kept = kept.lock().unwrap();
        let sql = event.sql();
        match event {
            // What another connection had begun went with it.
            Event::Login(_) => kept.begun.clear(),
            Event::Rpc(_, parameters) if sql.starts_with("INSERT INTO [dbo].[dbtoolHistory]") => {
                kept.begun.push(inserted(sql, parameters));
            }
            _ => {}
        }
        if sql.contains("EngineEdition") && !sql.contains("sys.") {
            let names = ["#engineEdition", "version", "text", "database", "login"];
            let row = [edition, version, "Microsoft SQL Server", "main", "deploy"];
            rows(&names, &[&row.map(Some)])
        } else if sql.contains("OBJECT_ID(N'[dbo].[dbtool") {
            rows(&["#exists"], &[&[Some("#1")]])
        } else if sql.contains("FROM [dbo].[dbtoolHistory]") {
            let mut tokens = vec![Token::Columns(COLUMNS.to_vec())];
            tokens.extend(kept.committed.iter().cloned().map(Token::Row));
            tokens.push(Token::Done(kept.committed.len() as u64));
            Reply::Tokens(tokens)
        } else if sql.contains("FROM [dbo].[dbtoolCatalog]") {
            rows(&["#historyId", "catalog"], &[])
        } else if sql.contains("SYSUTCDATETIME() AS datetime2(3)) AS now") {
            rows(&["now"], &[&[Some("2026-01-31T12:00:00.000")]])
        } else if sql.contains("AS kind,") {
            rows(&["kind", "tableName", "name", "definition"], &[])
        } else if sql.contains("XACT_STATE") && kept.cut == Some(Cut::Before) {
            kept.cut = None;
            Reply::Cut
        } else if sql.starts_with("COMMIT") {
            let cut = kept.cut.take();
            let rows = std::mem::take(&mut kept.begun);
            if cut != Some(Cut::Undone) {
                kept.committed.extend(rows);
            }
            match cut {
                None | Some(Cut::Before) => usual(event),
                Some(Cut::Undone | Cut::Made) => Reply::Cut,
                Some(Cut::Halfway) => Reply::CutAfter(vec![Token::Committed]),
            }
        } else {
            kept.tables += sql.matches("CREATE TABLE [dbo].[jobRuns]").count();
            if sql.contains("ROLLBACK") {
                kept.begun.clear();
            }
            usual(event)
        }
    })
}

fn folder() -> Folder {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    Folder::read(&path, &[CHANGES_FILE, "mssql.sql"]).expect("the shipped migrations are whole")
}

fn run_with(server: &Responder, folder: &Folder) -> Result<Outcome, Failure> {
    let dialect = Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    };
    let options = Options {
        // The responder has no catalog to compare.
        allow_drift: Some("none is told".to_owned()),
        ..Options::default()
    };
    let mut session = connect(server);
    migrate(
        &mut session,
        &dialect,
        folder,
        &options,
        &Origin::default(),
        &mut |_| {},
    )
}

#[test]
fn a_run_whose_connection_is_cut_around_commit_learns_from_the_history_what_was_committed() {
    let folder = folder();
    let count = folder.migrations.len();
    for cut in [Cut::Before, Cut::Undone, Cut::Made, Cut::Halfway] {
        let kept = Arc::new(Mutex::new(Kept {
            cut: Some(cut),
            ..Kept::default()
        }));
        let server = server(&kept, "#5", "12.0.2000.8");
        let first = run_with(&server, &folder);
        let was_committed = matches!(cut, Cut::Made | Cut::Halfway);
        match first {
            Ok(outcome) => {
                assert!(was_committed, "{cut:?}");
                assert_eq!(outcome.applied.len(), count, "{cut:?}");
            }
            Err(failure) => {
                assert!(!was_committed, "{cut:?}: {failure:?}");
                assert!(failure.applied.is_empty(), "{cut:?}");
                let said = format!("{:?}", failure.cause);
                assert!(said.contains("was not committed"), "{cut:?}: {said}");
                assert!(kept.lock().unwrap().committed.is_empty(), "{cut:?}");
            }
        }
        // Settled by reading, on a connection that has the lock again, and nothing ran twice.
        let runs = kept.lock().unwrap().tables;
        assert_eq!(runs, 1, "{cut:?}");
        assert_eq!(server.logins().len(), 2, "{cut:?}");
        let again = run_with(&server, &folder);
        let again = again.unwrap_or_else(|failure| panic!("{cut:?}: {failure:?}"));
        let expected = if was_committed {
            (0, count)
        } else {
            (count, 0)
        };
        assert_eq!((again.applied.len(), again.already), expected, "{cut:?}");
        let kept = kept.lock().unwrap();
        assert_eq!(kept.committed.len(), count, "{cut:?}");
        assert_eq!(kept.tables, if was_committed { 1 } else { 2 }, "{cut:?}");
    }
}

#[test]
fn what_the_server_lacks_is_refused_before_anything_runs() {
    let cases = [
        (
            "#2",
            "16.0.1000.6",
            Some("the Standard edition of SQL Server 2022"),
        ),
        ("#3", "16.0.1000.6", None),
        ("#5", "12.0.2000.8", None),
    ];
    for (edition, version, lacks) in cases {
        let kept = Arc::<Mutex<Kept>>::default();
        let server = server(&kept, edition, version);
        let mut folder = folder();
        let migration = folder.migrations.last_mut().expect("there is one");
        let file = migration.files.get_mut("mssql.sql").expect("it is there");
        let text = format!(
            "{}\nCREATE INDEX [ixMore] ON [dbo].[jobRuns] ([status])\n    WITH (ONLINE = ON);\nGO\n",
            file.source.text
        );
        let line = text.trim_end().lines().count() - 1;
        *file = File::new(file.source.name.clone(), text);
        let Some(Entry::Sealed(sums)) = folder.sum.entries.get_mut(&migration.id) else {
            panic!("it is sealed")
        };
        sums.insert("mssql.sql".to_owned(), file.checksum.clone());
        let ended = run_with(&server, &folder);
        match lacks {
            None => assert!(ended.is_ok(), "{ended:?}"),
            Some(lacks) => {
                let Err(Failure {
                    cause: Cause::Migration(finding),
                    ..
                }) = ended
                else {
                    panic!("{ended:?}")
                };
                assert!(finding.message.contains(lacks), "{}", finding.message);
                let place = finding.span.as_ref().expect("it has a place");
                assert_eq!(place.line_column().0, line);
                assert_eq!(kept.lock().unwrap().tables, 0);
                let began = batches(&server);
                assert!(!began.iter().any(|sql| sql.contains("BEGIN TRANSACTION;")));
            }
        }
    }
}
