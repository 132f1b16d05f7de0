//! What the engine keeps of real SQL, read back.

use rusqlite::Connection;

use crate::dialect::Described;
use crate::engine::{Catalog, CatalogObject, Engine};
use crate::model::{Column, DefaultValue, Ident, KeyColumn, Part, Table};

use super::interpret;

/// The catalog of an empty database after this SQL.
pub(super) fn catalog(sql: &str) -> Catalog {
    let connection = Connection::open_in_memory().expect("memory is available");
    connection
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{error} in {sql}"));
    let mut query = connection
        .prepare(
            "SELECT type, tbl_name, name, sql FROM sqlite_schema ORDER BY type, tbl_name, name",
        )
        .expect("the catalog can be read");
    let objects = query
        .query_map([], |row| {
            Ok(CatalogObject {
                kind: row.get(0)?,
                table: row.get(1)?,
                name: row.get(2)?,
                definition: row.get(3)?,
                facts: std::collections::BTreeMap::new(),
            })
        })
        .expect("the catalog can be read")
        .collect::<Result<_, _>>()
        .expect("the catalog is text");
    Catalog {
        engine: Engine::Sqlite,
        product: String::new(),
        objects,
    }
}

/// One line for each column, part and option, and one with `!` for each finding.
fn lines(described: &Described) -> Vec<String> {
    let mut lines = Vec::new();
    for table in described.schema.tables.values() {
        if let Some(name) = &table.append_only {
            lines.push(format!("{} appendOnly {name}", table.name));
        }
        lines.extend(table.columns.iter().map(|c| column_line(table, c)));
        lines.extend(table.parts.iter().map(|part| part_line(table, part)));
    }
    for finding in &described.unsupported {
        let removal = finding.removal.as_ref().map(|sql| format!(" -> {sql}"));
        lines.push(format!(
            "! {} {}: {}{}",
            finding.kind,
            finding.path,
            finding.reason,
            removal.unwrap_or_default()
        ));
    }
    lines
}

fn column_line(table: &Table, column: &Column) -> String {
    let mut line = format!("{}.{} {}", table.name, column.name, column.ty);
    if !column.type_check.as_str().is_empty() {
        line.push_str(&format!(" by {}", column.type_check));
    }
    if !column.nullable {
        line.push_str(" not null");
    }
    if let Some(default) = &column.default {
        let DefaultValue::Sql(text) = &default.value else {
            panic!("{default:?} is not in engine form");
        };
        line.push_str(&format!(" default {text} named {}", default.name));
    }
    if column.identity.is_some() {
        line.push_str(" identity");
    }
    if let Some(computed) = &column.computed {
        let stored = if computed.persisted {
            "stored"
        } else {
            "virtual"
        };
        line.push_str(&format!(" as {} {stored}", computed.expression));
    }
    if let Some(collation) = &column.collation {
        line.push_str(&format!(
            " collate {}",
            collation.sqlite.as_deref().unwrap_or("?")
        ));
    }
    line
}

fn part_line(table: &Table, part: &Part) -> String {
    let keys = |columns: &[KeyColumn]| {
        columns
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let names = |columns: &[Ident]| {
        columns
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let what = match part {
        Part::PrimaryKey(key) => format!("({})", keys(&key.columns)),
        Part::Unique(unique) => format!("({})", keys(&unique.columns)),
        Part::Check(check) => match &check.expression {
            crate::model::Expression::Opaque(text) => format!("opaque {text}"),
            expression => expression.to_string(),
        },
        Part::ForeignKey(key) => format!(
            "({}) -> {}({}) {} {}",
            names(&key.columns),
            key.references,
            names(&key.referenced_columns),
            key.on_delete.sql(),
            key.on_update.sql()
        ),
        Part::Index(index) => {
            let filter = index
                .filter
                .as_ref()
                .map(|filter| format!(" where {filter}"));
            format!(
                "({}){}{}",
                keys(&index.columns),
                if index.unique { " unique" } else { "" },
                filter.unwrap_or_default()
            )
        }
    };
    format!(
        "{}: {} {} {what}",
        table.name,
        part.kind().noun(),
        part.name()
    )
}

/// SQL as people write it, and what is read from it.
const CASES: &[(&str, &[&str])] = &[
    (
        "CREATE TABLE t (a INT NOT NULL, b TEXT DEFAULT 'x', c)",
        &[],
    ),
    // Names in every quoting, types of several words and with lengths.
    (
        "create table main.\"a \"\"b\"\"\"([x y] varchar ( 10 , 2 ), `z``z` double precision,\
         'q' unsigned  big int, key 'text type', \"check\" any);",
        &[],
    ),
    // Comments and layout anywhere.
    (
        "CREATE/* a ) */TABLE t-- b (\n(a/**/INT--'\n,/*,*/b TEXT/*)*/DEFAULT(/*(*/'x--y'))STRICT",
        &[],
    ),
    // Constraints that stand with their column.
    (
        "CREATE TABLE p (Id INT PRIMARY KEY) STRICT;
         CREATE TABLE t (
            a INT CONSTRAINT pkT PRIMARY KEY DESC CONSTRAINT nn NOT NULL NULL,
            b INT UNIQUE REFERENCES P ON DELETE CASCADE ON UPDATE SET NULL MATCH FULL,
            c INT CONSTRAINT ckLow CHECK (c > 0) CHECK (c <9) CHECK (c<9),
            d TEXT COLLATE nocase DEFAULT 'x' CONSTRAINT lost,
            e TEXT COLLATE binary CONSTRAINT one CONSTRAINT two UNIQUE
         ) STRICT",
        &[],
    ),
    // Constraints of the table, which need no commas, and columns spelled in another case.
    (
        "CREATE TABLE p (a INT, b INT, CONSTRAINT pkP PRIMARY KEY (A DESC, b)) STRICT;
         CREATE TABLE t (
            a INT, b INT,
            CONSTRAINT uqT UNIQUE (B COLLATE binary, a)
            CONSTRAINT ckT CHECK (a > b) ON CONFLICT IGNORE
            FOREIGN KEY (a, b) REFERENCES p ON UPDATE SET DEFAULT,
            CONSTRAINT fkT FOREIGN KEY (A, B) REFERENCES P (B, A) ON DELETE NO ACTION
         ) STRICT",
        &[],
    ),
    // Every form of a default.
    (
        "CREATE TABLE t (
            a INT DEFAULT - 5, b INT DEFAULT +5, c INT CONSTRAINT dfC DEFAULT ( 1 +  2 ),
            d BLOB DEFAULT x'00', e TEXT DEFAULT CURRENT_TIMESTAMP, f TEXT DEFAULT \"dq\",
            g INT DEFAULT NULL, h INT DEFAULT true, i INT DEFAULT (((3))), j REAL DEFAULT 1.5e3
         ) STRICT",
        &[],
    ),
    // What ALTER TABLE appends and rewrites.
    (
        "CREATE TABLE old (a INT, b INT CHECK (a > 1)) STRICT;
         CREATE INDEX ixOld ON old (a);
         ALTER TABLE old ADD COLUMN c TEXT NOT NULL DEFAULT '' CHECK (c <> ',)');
         ALTER TABLE old RENAME COLUMN a TO \"new a\";
         ALTER TABLE old RENAME TO new;",
        &[],
    ),
    ("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b", &[]),
    // Computed columns.
    (
        "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c INT AS (a*2) VIRTUAL,
            d TEXT AS (printf('%d', a) GLOB '1*')) STRICT",
        &[],
    ),
    // Row ids, with and without AUTOINCREMENT.
    (
        "CREATE TABLE a (id INTEGER CONSTRAINT pkA PRIMARY KEY AUTOINCREMENT) STRICT;
         CREATE TABLE b (id INTEGER, CONSTRAINT pkB PRIMARY KEY (id AUTOINCREMENT)) STRICT;
         CREATE TABLE c (id INTEGER CONSTRAINT pkC PRIMARY KEY) STRICT;
         CREATE TABLE d (id INT CONSTRAINT pkD PRIMARY KEY) STRICT;
         CREATE TABLE e (id TEXT CONSTRAINT pkE PRIMARY KEY)",
        &[],
    ),
    (
        "CREATE TABLE t (id INTEGER CONSTRAINT pkT PRIMARY KEY) WITHOUT ROWID, STRICT",
        &[],
    ),
    // Deferral counts only where the engine defers.
    (
        "CREATE TABLE t (
            a INT CONSTRAINT pkT PRIMARY KEY,
            b INT CONSTRAINT fkB REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED,
            c INT CONSTRAINT fkC REFERENCES t (a) NOT DEFERRABLE INITIALLY DEFERRED,
            d INT CONSTRAINT fkD REFERENCES t (a) DEFERRABLE,
            e INT CONSTRAINT fkE REFERENCES t (a) ON DELETE RESTRICT,
            f INT CONSTRAINT fkF REFERENCES missing,
            g INT, CONSTRAINT fkG FOREIGN KEY (g) REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED
         ) STRICT",
        &[],
    ),
    (
        "CREATE TABLE t (
            a INT CONSTRAINT pkT PRIMARY KEY ON CONFLICT REPLACE,
            b INT NOT NULL ON CONFLICT IGNORE,
            c INT CONSTRAINT uqC UNIQUE ON CONFLICT ABORT,
            CONSTRAINT uqT UNIQUE (b) ON CONFLICT fail
         ) STRICT",
        &[],
    ),
    // Indexes of every kind.
    (
        "CREATE TABLE t (a INT, b TEXT, c TEXT COLLATE NOCASE) STRICT;
         CREATE UNIQUE INDEX ux ON t (\"a\" DESC, (b)) WHERE a > 1 AND b IS NOT NULL;
         CREATE INDEX ixCollated ON t (b COLLATE NOCASE DESC);
         CREATE INDEX ixSame ON t (c COLLATE nocase, b COLLATE BINARY);
         CREATE INDEX ixExpression ON t (lower(b), a);
         CREATE INDEX ixOpaque ON t ('a') WHERE b   GLOB 'x*' -- why",
        &[],
    ),
    // What the model does not have.
    (
        "CREATE TABLE t (a INT) STRICT;
         CREATE VIEW v AS SELECT a FROM t;
         CREATE TRIGGER trT AFTER INSERT ON t BEGIN SELECT 1; END;
         CREATE TRIGGER trV INSTEAD OF UPDATE OF a ON v BEGIN SELECT 1; END;
         CREATE VIRTUAL TABLE stat USING dbstat;",
        &[],
    ),
    // The engine's own tables, ours, and other tools'.
    (
        "CREATE TABLE t (id INTEGER CONSTRAINT pkT PRIMARY KEY AUTOINCREMENT) STRICT;
         INSERT INTO t DEFAULT VALUES;
         ANALYZE;
         CREATE TABLE dbtoolHistory (a, b UNIQUE);
         CREATE INDEX i ON dbtoolHistory (a);
         CREATE TRIGGER tr AFTER INSERT ON dbtoolHistory BEGIN SELECT 1; END;
         CREATE TABLE _prisma_migrations (id);
         CREATE TABLE databasechangelog (id);",
        &[],
    ),
    // Names given twice.
    (
        "CREATE TABLE t (
            a INT CONSTRAINT x CHECK (a > 1), CONSTRAINT X CHECK (a > 2), UNIQUE (a),
            CONSTRAINT y CHECK (a > 3)
         ) STRICT;
         CREATE INDEX y ON t (a)",
        &[],
    ),
    // Types that are proven, edited, and no longer claimed.
    (
        "CREATE TABLE t (
            a TEXT CONSTRAINT tyA CHECK (length(\"a\") <= 32 /* string(32) */),
            b TEXT CONSTRAINT tyB CHECK (length(\"b\") <= 64 /* string(32) */),
            c TEXT CONSTRAINT tyC CHECK (length(\"c\") <= 32),
            d TEXT CHECK (length(\"d\") <= 32 /* string(32) */),
            length TEXT,
            e BLOB CONSTRAINT tyE CHECK (length(\"e\") <= 32 /* string(32) */),
            f TEXT,
            CONSTRAINT tyLength CHECK (length(\"length\") <= 9 /* string(9) */),
            CONSTRAINT tyF CHECK (length(\"f\") <= 9 /* string(9) */),
            CONSTRAINT ckA CHECK (\"a\" <> '' /* text */)
         ) STRICT",
        &[],
    ),
    // A row version is its trigger, NOT NULL and its start.
    (
        "CREATE TABLE t (a INT, v INTEGER NOT NULL DEFAULT 1, w INTEGER NOT NULL DEFAULT 1) STRICT;
         CREATE TRIGGER tyTV AFTER UPDATE ON t WHEN new.v = old.v
         BEGIN UPDATE t SET v = old.v + 1 /* next */ WHERE rowid = new.rowid; END;
         CREATE TRIGGER tyTW AFTER UPDATE ON t WHEN new.w = old.w
         BEGIN UPDATE t SET w = old.w + 2 WHERE rowid = new.rowid; END;",
        &[],
    ),
    (
        "CREATE TABLE t (a INT) STRICT;
         CREATE TRIGGER trTAppendOnlyUpdate BEFORE UPDATE ON t
         BEGIN SELECT RAISE(ABORT, 't is append-only: UPDATE is refused'); END;
         CREATE TRIGGER trTAppendOnlyDelete BEFORE DELETE ON t
         BEGIN SELECT RAISE(ABORT, 't is append-only: DELETE is refused'); END;
         CREATE TABLE u (a INT) STRICT;
         CREATE TRIGGER trUUpdate BEFORE UPDATE ON u
         BEGIN SELECT RAISE(ABORT, 'u is append-only: UPDATE is refused'); END;
         CREATE TRIGGER trUDelete BEFORE DELETE ON u WHEN old.a > 1
         BEGIN SELECT RAISE(ABORT, 'u is append-only: DELETE is refused'); END;",
        &[],
    ),
];

#[test]
fn what_people_write_is_read() {
    for (sql, expected) in CASES {
        let found = lines(&interpret(&catalog(sql)));
        assert_eq!(found, *expected, "{sql}\nfound {found:#?}");
    }
}
