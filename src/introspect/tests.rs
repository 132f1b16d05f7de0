//! What is read from a database comes back from its files.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::diag::{Diagnostic, Phase, Source};
use crate::dialect::mssql::Mssql;
use crate::dialect::sqlite::Sqlite;
use crate::dialect::{Described, Dialect};
use crate::diff::unnamed::named_like;
use crate::diff::{Renames, diff};
use crate::engine::sqlite::{MEMORY, OpenOptions, SqliteSession};
use crate::engine::{Engine, Session};
use crate::model::{Ident, ObjectPath, Schema};
use crate::plan::Step;
use crate::testing::{schema_pairs, schemas};
use crate::yaml::schema::{Naming, Rules, load};

use super::merge::{Existing, merge};
use super::{Introspected, Request, introspect};

fn rules(engine: Engine) -> Rules {
    Rules {
        naming: Naming::Off,
        tenant: None,
        targets: vec![engine],
    }
}

/// A database in memory in which this SQL has run.
fn database(sql: &str) -> SqliteSession {
    let options = OpenOptions {
        create: true,
        read_only: false,
    };
    let mut session = SqliteSession::open(MEMORY, options).expect("memory");
    session
        .execute(sql)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    session
}

fn described(sql: &str) -> Described {
    Sqlite.interpret(&database(sql).catalog().expect("a catalog"))
}

/// The statements that make this schema in engine form.
fn statements(schema: &Schema) -> String {
    let steps: Vec<Step> = schema
        .tables
        .values()
        .cloned()
        .map(Step::CreateTable)
        .collect();
    Sqlite.by_hand(&Sqlite.render(&steps))
}

fn read(dialect: &dyn Dialect, described: &Described) -> Introspected {
    introspect(&Request {
        dialect,
        described,
        tables: &[],
        known: &Schema::default(),
    })
}

fn sources(files: &BTreeMap<Ident, String>) -> Vec<Arc<Source>> {
    files
        .iter()
        .map(|(name, text)| {
            Arc::new(Source {
                name: format!("{name}.yaml"),
                text: text.clone(),
            })
        })
        .collect()
}

/// The law: what was read is loaded, lowered, and is what was described, but for what is listed.
fn assert_comes_back(dialect: &dyn Dialect, described: &Described) -> Introspected {
    let found = read(dialect, described);
    let files = sources(&found.files);
    let (loaded, findings) = load(&files, &rules(dialect.engine()));
    assert_eq!(findings, [], "{:#?}", found.files);
    let (lowered, _) = dialect.lower(&loaded.schema);
    let own = named_like(&described.schema, &lowered, &|_, _| true);
    let changes = diff(
        own.as_ref().unwrap_or(&described.schema),
        &lowered,
        &Renames::default(),
    );
    let left_out: Vec<_> = found
        .losses
        .iter()
        .filter_map(|loss| loss.path.clone())
        .collect();
    for change in changes {
        let path = change.path();
        let nameless = path.member.as_ref().is_some_and(Ident::is_unnamed);
        let is_listed =
            |left_out: &ObjectPath| *left_out == path || nameless && left_out.table == path.table;
        assert!(
            left_out.iter().any(is_listed),
            "{} is not listed: {change:#?}\n{:#?}",
            change.headline(),
            found.files
        );
    }
    // A second reading, with the files there, changes none of them.
    let existing = Existing::read(&files, dialect);
    assert_eq!(existing.findings, []);
    let again = introspect(&Request {
        dialect,
        described,
        tables: &[],
        known: &existing.lowered,
    });
    let plan = merge(&existing, &again, dialect, &[], false);
    assert_eq!(plan.files, []);
    assert_eq!(plan.unchanged, found.files.len());
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_sqlite_holds_is_declared_without_loss(schema in schemas()) {
        let (lowered, _) = Sqlite.lower(&schema);
        let described = described(&statements(&lowered));
        let found = assert_comes_back(&Sqlite, &described);
        prop_assert_eq!(found.losses, vec![]);
        prop_assert_eq!(diff(&lowered, &found.lowered, &Renames::default()), vec![]);
    }

    #[test]
    fn files_follow_their_database((before, after) in schema_pairs()) {
        let [before, after] = [before, after].map(|schema| Sqlite.lower(&schema).0);
        let old = read(&Sqlite, &described(&statements(&before)));
        let existing = Existing::read(&sources(&old.files), &Sqlite);
        let fresh = introspect(&Request {
            dialect: &Sqlite,
            described: &described(&statements(&after)),
            tables: &[],
            known: &existing.lowered,
        });
        let plan = merge(&existing, &fresh, &Sqlite, &[], false);
        let (refused, others): (Vec<_>, Vec<_>) = plan
            .findings
            .iter()
            .partition(|finding| finding.code == "introspect/not-merged");
        prop_assert!(others.iter().all(|finding| finding.code == "introspect/no-table"), "{:#?}", others);
        // Where next to nothing of a table stays, there is no place to keep: its file is left to its
        // author.
        if !refused.is_empty() {
            let written = |table: &Ident| plan.files.iter().any(|file| file.table == *table);
            let left = |finding: &&Diagnostic| finding.path.as_ref().is_some_and(|path| !written(&path.table));
            prop_assert!(refused.iter().all(left), "{:#?}", refused);
            return Ok(());
        }
        let mut files = old.files.clone();
        files.retain(|name, _| fresh.files.contains_key(name));
        files.extend(plan.files.into_iter().map(|file| (file.table, file.text)));
        let again = Existing::read(&sources(&files), &Sqlite);
        prop_assert_eq!(&again.findings, &vec![]);
        prop_assert_eq!(diff(&again.lowered, &after, &Renames::default()), vec![]);
    }

    #[test]
    fn what_sql_server_tells_is_declared_without_loss(schema in schemas()) {
        let dialect = crate::dialect::mssql::simulated::dialect();
        let (lowered, _) = dialect.lower(&schema);
        let catalog = crate::dialect::mssql::simulated::simulate(&lowered);
        let described = dialect.interpret(&catalog);
        let found = assert_comes_back(&dialect, &described);
        prop_assert_eq!(found.losses, vec![]);
        prop_assert_eq!(diff(&lowered, &found.lowered, &Renames::default()), vec![]);
    }
}

/// Tables as other tools make them: what is declared for them, and what is listed.
const CASES: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "a row id, types of all sorts, and no names",
        "CREATE TABLE Artist (ArtistId INTEGER PRIMARY KEY, Name NVARCHAR(120) UNIQUE, Born DATETIME DEFAULT CURRENT_TIMESTAMP)",
        &[
            "  ArtistId: { native: { sqlite: INTEGER } }",
            "  Name:     { native: { sqlite: NVARCHAR(120) }, nullable: true }",
            "  Born:     { native: { sqlite: DATETIME }, nullable: true, default: { sqlite: CURRENT_TIMESTAMP } }",
            "primaryKey: [ArtistId]",
            "  - columns: [Name]",
        ],
        &[],
    ),
    (
        "a counter",
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v varchar DEFAULT 'x')",
        &[
            "  id: { native: { sqlite: INTEGER }, identity: true }",
            "  v:  { native: { sqlite: varchar }, nullable: true, default: x }",
        ],
        &[],
    ),
    (
        "no key and no types",
        "CREATE TABLE t (a, b VARCHAR)",
        &["  a: { native: { sqlite: BLOB }, nullable: true }", "primaryKey: none"],
        &[],
    ),
    (
        "a key that takes NULL",
        "CREATE TABLE t (code VARCHAR(8) PRIMARY KEY)",
        &["  code: { native: { sqlite: VARCHAR(8) } }", "primaryKey: [code]"],
        &["introspect/outside-model nullable key t.code"],
    ),
    (
        "ordinary tables of strict types",
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)",
        &["  b: { native: { sqlite: TEXT }, nullable: true }"],
        &["introspect/outside-model table option t"],
    ),
    (
        "references by other types, and to a unique index",
        "CREATE TABLE p (id integer PRIMARY KEY, code varchar(10));
         CREATE UNIQUE INDEX p_code ON p (code);
         CREATE TABLE c (id integer PRIMARY KEY, p bigint REFERENCES p ON DELETE CASCADE, q text(5) REFERENCES p (code), r int REFERENCES p (id))",
        &[
            "    references: { table: p, columns: [id] }",
            "    onDelete: cascade",
            "    references: { table: p, columns: [code] }",
        ],
        &[],
    ),
    (
        "checks, portable and not",
        "CREATE TABLE t (a varchar(3) CHECK (a IN ('x', 'y')), b int, CHECK (b > 0 AND b < 9), CHECK (a GLOB 'x*'), CHECK (a GLOB 'y*'))",
        &[
            "  - expression: a in ('x', 'y')",
            "  - expression: b > 0 and b < 9",
            "    expression: { sqlite: a GLOB 'x*' }",
            "  - name: ckT2",
        ],
        &[],
    ),
    (
        "an index over an expression, a view and a trigger",
        "CREATE TABLE t (a varchar(3));
         CREATE INDEX low ON t (lower(a));
         CREATE VIEW v AS SELECT a FROM t;
         CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        &["primaryKey: none"],
        &[
            "introspect/outside-model index t.low",
            "introspect/outside-model trigger t.r",
            "introspect/outside-model view v",
        ],
    ),
    (
        "a collation that nobody else has",
        "CREATE TABLE t (a varchar(3) COLLATE NOCASE PRIMARY KEY NOT NULL, \"b c\" real AS (length(a)) STORED)",
        &[
            "  a:   { native: { sqlite: varchar(3) }, collation: { sqlite: NOCASE } }",
            "  b c: { native: { sqlite: real }, nullable: true, computed: { expression: length(a), persisted: true } }",
        ],
        &[],
    ),
    (
        "names that mean something to YAML",
        "CREATE TABLE \"on\" (\"yes\" varchar(1) PRIMARY KEY NOT NULL, \"1\" int, \"a: b\" int, \"#\" int UNIQUE)",
        &[
            "table: \"on\"",
            "  \"yes\":  { native: { sqlite: varchar(1) } }",
            "  \"#\":    { native: { sqlite: int }, nullable: true }",
        ],
        &[],
    ),
    (
        "a reference to nowhere",
        "CREATE TABLE t (a varchar(3) REFERENCES gone (id))",
        &["primaryKey: none"],
        &["introspect/left-out foreign key t.fkTGone"],
    ),
];

#[test]
fn tables_of_other_tools_are_declared_or_what_is_lost_is_listed() {
    for (name, sql, lines, losses) in CASES {
        let described = described(sql);
        let found = assert_comes_back(&Sqlite, &described);
        let text: String = found.files.values().cloned().collect();
        for line in *lines {
            assert!(
                text.lines().any(|found| found == *line),
                "{name}: no line {line:?} in\n{text}"
            );
        }
        let listed: Vec<String> = found
            .losses
            .iter()
            .map(|loss| {
                let path = loss
                    .path
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let end = [": ", " cannot", " is left out"]
                    .iter()
                    .filter_map(|word| loss.message.find(&format!("{path}{word}")))
                    .min()
                    .unwrap_or(0)
                    + path.len();
                format!("{} {}", loss.code, &loss.message[..end])
            })
            .collect();
        assert_eq!(listed, *losses, "{name}\n{text}");
    }
}

#[test]
fn tables_are_chosen_by_pattern() {
    let described = described(
        "CREATE TABLE authUser (id integer PRIMARY KEY, v varchar);
         CREATE TABLE authLog (id integer PRIMARY KEY, u int REFERENCES authUser, b int REFERENCES blog, v varchar);
         CREATE TABLE blog (id integer PRIMARY KEY, v varchar)",
    );
    let found = introspect(&Request {
        dialect: &Sqlite,
        described: &described,
        tables: &["AUTH*".to_owned()],
        known: &Schema::default(),
    });
    let names: Vec<&str> = found.files.keys().map(Ident::as_str).collect();
    assert_eq!(names, ["authLog", "authUser"]);
    assert_eq!(found.losses.len(), 1, "{:#?}", found.losses);
    assert_eq!(found.losses[0].code, "introspect/left-out");
    assert!(found.files[&Ident::from("authLog")].contains("table: authUser"));
}

/// The author's files stay the author's.
#[test]
fn a_file_is_changed_where_its_table_changed_and_nowhere_else() {
    const FILE: &str = "# Ours.\ntable: t\ndescription: What it is.\ncolumns:\n  id: { type: key(64) } # who\n  size: { type: int, nullable: true, description: How much. }\nprimaryKey: [id]\n";
    let files = BTreeMap::from([(Ident::from("t"), FILE.to_owned())]);
    let existing = Existing::read(&sources(&files), &Sqlite);
    let merged = |sql: &str| {
        let described = described(sql);
        let fresh = introspect(&Request {
            dialect: &Sqlite,
            described: &described,
            tables: &[],
            known: &existing.lowered,
        });
        merge(&existing, &fresh, &Sqlite, &[], false)
    };
    let made = statements(&existing.lowered);
    assert_eq!(merged(&made).files, []);
    let plan = merged(&format!(
        "{made}; ALTER TABLE t ADD COLUMN note TEXT; CREATE INDEX ixNote ON t (note); CREATE TABLE u (a varchar)"
    ));
    let texts: BTreeMap<&str, &str> = plan
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.text.as_str()))
        .collect();
    assert_eq!(
        texts["t.yaml"],
        FILE.replace(
            "primaryKey: [id]\n",
            "  note: { native: { sqlite: TEXT }, nullable: true }\nprimaryKey: [id]\nindexes:\n  - name: ixNote\n    columns: [note]\n"
        )
    );
    assert!(texts["u.yaml"].contains("table: u\n"));
    let without = merged("CREATE TABLE u (a varchar)");
    assert_eq!(without.findings[0].code, "introspect/no-table");
}

#[test]
fn the_shipped_schema_comes_back_from_both_engines() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    let folder = crate::yaml::files::read_folder(std::path::Path::new(folder), Phase::Schema);
    let (shipped, findings) = load(&folder.expect("the schema").files, &Rules::default());
    assert_eq!(findings, []);
    let mssql = crate::dialect::mssql::simulated::dialect();
    let (on_server, _) = mssql.lower(&shipped.schema);
    let catalog = crate::dialect::mssql::simulated::simulate(&on_server);
    let (in_file, _) = Sqlite.lower(&shipped.schema);
    let sides: [(&dyn Dialect, Described, Schema); 2] = [
        (&mssql, mssql.interpret(&catalog), on_server),
        (&Sqlite, described(&statements(&in_file)), in_file),
    ];
    for (dialect, described, lowered) in sides {
        let found = assert_comes_back(dialect, &described);
        assert_eq!(found.losses, []);
        assert_eq!(diff(&lowered, &found.lowered, &Renames::default()), []);
        let words: String = found.files.values().cloned().collect();
        assert!(
            !words.contains("native:") && !words.contains("{ mssql:"),
            "nothing of it needs an engine's own words:\n{words}"
        );
    }
}

#[test]
fn what_a_server_named_itself_keeps_its_name() {
    let dialect = crate::dialect::mssql::simulated::dialect();
    let mut schema = crate::testing::declared(&[
        "table: t\ncolumns:\n  id: { type: int, default: 5 }\nprimaryKey: [id]\n",
    ]);
    let table = schema.tables.get_mut(&Ident::from("t")).expect("it");
    table.columns[0].default.as_mut().expect("it has").name = Ident::from("DF__t__id__1A2B3C4D");
    let (lowered, _) = dialect.lower(&schema);
    let described = dialect.interpret(&crate::dialect::mssql::simulated::simulate(&lowered));
    let found = assert_comes_back(&dialect, &described);
    let text = &found.files[&Ident::from("t")];
    assert!(
        text.contains("id: { type: int, default: 5, defaultName: DF__t__id__1A2B3C4D }"),
        "{text}"
    );
}

#[test]
fn nothing_is_found_in_an_empty_database() {
    let _: Mssql = crate::dialect::mssql::simulated::dialect();
    let found = read(&Sqlite, &Described::default());
    assert_eq!((found.files.len(), found.losses.len()), (0, 0));
}
