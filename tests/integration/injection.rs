//! Names and values that try to be SQL: they stay names and values, on SQLite by what the database
//! then holds, for SQL Server by the law of its quoting.

use serde_json::json;

use super::fuzz::laws::split::{Grammar, code};
use super::sandbox::Sandbox;

/// What ends the quoting of somebody, starts a comment, a batch or a parameter, or is a keyword.
const HOSTILE: [&str; 30] = [
    "a\"b",
    "a]b",
    "a[b",
    "a'b",
    "a`b",
    "a;b",
    "a--b",
    "a/*b",
    "a*/b",
    "x\"); DROP TABLE victim; --",
    "x]; DROP TABLE victim; --",
    "x'; DROP TABLE victim; --",
    "x`); DROP TABLE victim; --",
    "\"\"",
    "]]",
    "''",
    "select",
    "GO",
    "@tenantId",
    ":p",
    "?1",
    "$x",
    "%s {0} {}",
    "a\\",
    "main.victim",
    "../../victim",
    "-- dbtool:no-transaction",
    "string(32) */",
    "😀 é",
    "null",
];

const SETTINGS: &str =
    "naming: off\ntenant: off\nenvironments:\n  local: { target: sqlite, database: local.db }\n";

/// A text as YAML, whose double-quoted texts take what JSON's are.
fn yaml(text: &str) -> String {
    json!(text).to_string()
}

/// A table with a hostile name for everything that has one, and hostile values wherever one can be.
fn table(number: usize, name: &str) -> String {
    let columns: String = HOSTILE
        .iter()
        .map(|column| {
            format!(
                "  {}: {{ type: string(60), default: {}, oneOf: [{}], description: {} }}\n",
                yaml(column),
                yaml(name),
                HOSTILE.map(yaml).join(", "),
                yaml(name),
            )
        })
        .collect();
    let part = |kind: &str| yaml(&format!("{name} {kind}"));
    let column = yaml(name);
    format!(
        "table: {table}\ndescription: {column}\ncolumns:\n  id: {{ type: int }}\n{columns}\
         primaryKey: {{ name: {primary}, columns: [id] }}\n\
         unique: [{{ name: {unique}, columns: [{column}, id] }}]\n\
         indexes: [{{ name: {index}, columns: [{column} ], where: {filter} }}]\n\
         checks: [{{ name: {check}, expression: {expression} }}]\n\
         foreignKeys: [{{ name: {foreign}, columns: [id], references: {{ table: victim, columns: [id] }} }}]\n",
        table = yaml(&format!("{name} {number}")),
        primary = part("primary"),
        unique = part("unique"),
        index = part("index"),
        check = part("check"),
        foreign = part("foreign"),
        filter = yaml(&format!("{} <> {}", quoted(name), literal(name))),
        expression = yaml(&format!(
            "{} not in ({}, 'x')",
            quoted(name),
            literal("nothing")
        )),
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn project() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("dbtool.yaml", SETTINGS);
    sandbox.write(
        "schema/victim.yaml",
        "table: victim\ncolumns:\n  id: { type: int }\n  note: { type: text, nullable: true }\nprimaryKey: [id]\n",
    );
    for (number, name) in HOSTILE.iter().enumerate() {
        sandbox.write(&format!("schema/{number}.yaml"), table(number, name));
    }
    sandbox.ok(&["generate", "initial", "--version-stamp", "20260101000000"]);
    sandbox
}

/// Code of a migration for SQL Server never holds what only names and values say.
fn is_quoted(sandbox: &Sandbox, version: &str) {
    for engine in ["mssql.sql", "sqlite.sql"] {
        let path = format!("migrations/{version}/{engine}");
        let text = sandbox.read(&path);
        super::fuzz::laws::split::law(&text);
        let grammar = match engine {
            "mssql.sql" => Grammar::Mssql,
            _ => Grammar::Sqlite,
        };
        let code = code(&text, grammar);
        for word in ["victim;", "dbtool", "😀", "%s"] {
            assert!(!code.contains(word), "{path}: {word} is code:\n{code}");
        }
        assert!(text.contains("DROP TABLE victim"), "{path} has the values");
    }
}

fn is_whole(sandbox: &Sandbox) {
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
    sandbox.ok(&["status"]);
    let rows: i64 = sandbox
        .database()
        .query_row("select count(*) from victim", [], |row| row.get(0))
        .expect("the victim lives");
    assert_eq!(rows, 40);
}

#[test]
fn a_schema_whose_every_name_and_value_is_hostile_is_made_and_compared_like_any_other() {
    let sandbox = project();
    is_quoted(&sandbox, "20260101000000_initial");
    sandbox.ok(&["migrate"]);
    let database = sandbox.database();
    database
        .execute_batch(
            "with recursive n (i) as (select 0 union all select i + 1 from n where i < 39)
             insert into victim (id) select i from n",
        )
        .expect("rows");
    // Every default is the text that it was meant to be.
    for (number, name) in HOSTILE.iter().enumerate() {
        let table = quoted(&format!("{name} {number}"));
        database
            .execute(
                &format!("insert into {table} (id) values (?1)"),
                [number as i64],
            )
            .unwrap_or_else(|error| panic!("{table}: {error}"));
        let column = quoted(HOSTILE[(number + 7) % HOSTILE.len()]);
        let value: String = database
            .query_row(&format!("select {column} from {table}"), [], |row| {
                row.get(0)
            })
            .expect("a row");
        assert_eq!(value, *name);
    }
    drop(database);
    is_whole(&sandbox);
    sandbox.ok(&["check"]);
    for format in ["mermaid", "prisma", "html", "row-schema", "json-schema"] {
        sandbox.ok(&["export", format]);
    }

    // What changes them is quoted as well: a rebuild, an added column, a renamed table, a reason.
    for (number, name) in HOSTILE.iter().enumerate() {
        let file = format!("schema/{number}.yaml");
        sandbox.edit(&file, "string(60)", "string(90)");
        sandbox.edit(
            &file,
            "primaryKey:",
            &format!(
                "  {}: {{ type: int, nullable: true }}\nprimaryKey:",
                yaml(&format!("{name} more"))
            ),
        );
    }
    sandbox.edit(
        "schema/0.yaml",
        &format!("table: {}", yaml("a\"b 0")),
        &format!(
            "table: {}\nrenamedFrom: {}",
            yaml("'; DROP TABLE victim; --"),
            yaml("a\"b 0")
        ),
    );
    sandbox.ok(&[
        "generate",
        "change",
        "--version-stamp",
        "20260102000000",
        "--contract",
        "why\rDROP TABLE victim;\u{2028}DROP TABLE victim;\nDROP TABLE victim; \u{1b}[31m",
    ]);
    is_quoted(&sandbox, "20260102000000_change");
    let written = sandbox.read("migrations/20260102000000_change/mssql.sql");
    let raw = written.chars().find(|it| it.is_control() && *it != '\n');
    assert_eq!(raw, None, "a reason stays on its line");
    sandbox.ok(&["migrate"]);
    is_whole(&sandbox);
    sandbox.ok(&["history", "--show", "20260102000000"]);
    // What is found of them is said safely, and its remedy puts it right.
    sandbox.sql(&format!(
        "drop index {}",
        quoted("x\"); DROP TABLE victim; -- index")
    ));
    let report = sandbox.json(3, &["drift-check"]);
    let remedy = report["findings"][0]["remedy"].as_str().expect("a remedy");
    sandbox.sql(remedy);
    is_whole(&sandbox);
}

#[test]
fn values_of_stories_are_bound_and_never_run() {
    let sandbox = project();
    let texts = HOSTILE.map(|text| format!("'{text} '); DROP TABLE victim; --"));
    let steps: String = texts
        .iter()
        .enumerate()
        .map(|(id, text)| {
            let text = yaml(text);
            format!(
                "      - insert: {{ into: victim, row: {{ id: {id}, note: {text} }} }}\n\
                 \x20     - expectRows: {{ table: victim, where: {{ note: {text} }}, rows: [{{ id: {id}, note: {text} }}] }}\n"
            )
        })
        .collect();
    sandbox.write(
        "fixtures/stories/S-1.yaml",
        format!(
            "story: S-1\ntitle: {hostile}\ncriteria:\n  - {{ id: kept, text: {hostile}, provenBy: database }}\n\
             scenarios:\n  - name: {hostile}\n    proves: [kept]\n    as: {{ tenant: acme, actor: {hostile} }}\n    steps:\n{steps}\
             \x20     - expectRows: {{ table: victim, count: {count} }}\n",
            hostile = yaml("x'; DROP TABLE victim; --"),
            count = texts.len(),
        ),
    );
    sandbox.ok(&["verify-story"]);
}
