//! What the engine keeps of real SQL, read back.

use rusqlite::Connection;

use crate::dialect::Described;
use crate::engine::{Catalog, CatalogObject, Engine};
use crate::model::{Column, DefaultValue, Ident, KeyColumn, Part, Table};

use super::interpret;

/// An empty database after this SQL.
pub(super) fn database(sql: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("memory is available");
    connection
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{error} in {sql}"));
    connection
}

/// The catalog of a database.
pub(super) fn catalog(connection: &Connection) -> Catalog {
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
pub(super) const CASES: &[(&str, &[&str])] = &[
    (
        "CREATE TABLE t (a INT NOT NULL, b TEXT DEFAULT 'x', c)",
        &[
            "t.a native(sqlite: INT) not null",
            "t.b native(sqlite: TEXT) default 'x' named (unnamed default: b)",
            "t.c native(sqlite: BLOB)",
            "! table option t: the table is not STRICT, so that a column takes values of any type",
        ],
    ),
    // Names in every quoting, types of several words and with lengths.
    (
        "create table main.\"a \"\"b\"\"\"([x y] varchar ( 10 , 2 ), `z``z` double precision,\
         'q' unsigned  big int, key 'text type', \"check\" any);",
        &[
            "a \"b\".x y native(sqlite: varchar(10, 2))",
            "a \"b\".z`z native(sqlite: double precision)",
            "a \"b\".q native(sqlite: unsigned big int)",
            "a \"b\".key native(sqlite: 'text type')",
            "a \"b\".check native(sqlite: any)",
        ],
    ),
    // Comments and layout anywhere.
    (
        "CREATE/* a ) */TABLE t-- b (\n(a/**/INT--'\n,/*,*/b TEXT/*)*/DEFAULT(/*(*/'x--y'))STRICT",
        &[
            "t.a native(sqlite: INT)",
            "t.b native(sqlite: TEXT) default 'x--y' named (unnamed default: b)",
        ],
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
        &[
            "p.Id native(sqlite: INT) not null",
            "p: primary key (unnamed primary key: Id) (Id)",
            "t.a native(sqlite: INT) not null",
            "t.b native(sqlite: INT)",
            "t.c native(sqlite: INT)",
            "t.d native(sqlite: TEXT) default 'x' named (unnamed default: d) collate nocase",
            "t.e native(sqlite: TEXT)",
            "t: primary key pkT (a desc)",
            "t: unique constraint (unnamed unique constraint: b) (b)",
            "t: foreign key (unnamed foreign key: b) (b) -> p(Id) CASCADE SET NULL",
            "t: check constraint ckLow c > 0",
            "t: check constraint (unnamed check constraint: c < 9) c < 9",
            "t: check constraint (unnamed check constraint: c < 9) 2 c < 9",
            "t: unique constraint two (e)",
        ],
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
        &[
            "p.a native(sqlite: INT) not null",
            "p.b native(sqlite: INT) not null",
            "p: primary key pkP (a desc, b)",
            "t.a native(sqlite: INT)",
            "t.b native(sqlite: INT)",
            "t: unique constraint uqT (b, a)",
            "t: check constraint ckT a > b",
            "t: foreign key (unnamed foreign key: a, b) (a, b) -> p(a, b) NO ACTION SET DEFAULT",
            "t: foreign key fkT (a, b) -> p(b, a) NO ACTION NO ACTION",
        ],
    ),
    // Every form of a default.
    (
        "CREATE TABLE t (
            a INT DEFAULT - 5, b INT DEFAULT +5, c INT CONSTRAINT dfC DEFAULT ( 1 +  2 ),
            d BLOB DEFAULT x'00', e TEXT DEFAULT CURRENT_TIMESTAMP, f TEXT DEFAULT \"dq\",
            g INT DEFAULT NULL, h INT DEFAULT true, i INT DEFAULT (((3))), j REAL DEFAULT 1.5e3
         ) STRICT",
        &[
            "t.a native(sqlite: INT) default -5 named (unnamed default: a)",
            "t.b native(sqlite: INT) default +5 named (unnamed default: b)",
            "t.c native(sqlite: INT) default 1 + 2 named dfC",
            "t.d native(sqlite: BLOB) default x'00' named (unnamed default: d)",
            "t.e native(sqlite: TEXT) default CURRENT_TIMESTAMP named (unnamed default: e)",
            "t.f native(sqlite: TEXT) default 'dq' named (unnamed default: f)",
            "t.g native(sqlite: INT) default NULL named (unnamed default: g)",
            "t.h native(sqlite: INT) default true named (unnamed default: h)",
            "t.i native(sqlite: INT) default 3 named (unnamed default: i)",
            "t.j native(sqlite: REAL) default 1.5e3 named (unnamed default: j)",
        ],
    ),
    // What ALTER TABLE appends and rewrites.
    (
        "CREATE TABLE old (a INT, b INT CHECK (a > 1)) STRICT;
         CREATE INDEX ixOld ON old (a);
         ALTER TABLE old ADD COLUMN c TEXT NOT NULL DEFAULT '' CHECK (c <> ',)');
         ALTER TABLE old RENAME COLUMN a TO \"new a\";
         ALTER TABLE old RENAME TO new;",
        &[
            "new.new a native(sqlite: INT)",
            "new.b native(sqlite: INT)",
            "new.c native(sqlite: TEXT) not null default '' named (unnamed default: c)",
            "new: check constraint (unnamed check constraint: \"new a\" > 1) \"new a\" > 1",
            "new: check constraint (unnamed check constraint: c <> ',)') c <> ',)'",
            "new: index ixOld (new a)",
        ],
    ),
    (
        "CREATE TABLE t AS SELECT 1 AS a, 'x' AS b",
        &[
            "t.a native(sqlite: BLOB)",
            "t.b native(sqlite: BLOB)",
            "! table option t: the table is not STRICT, so that a column takes values of any type",
        ],
    ),
    // To the engine a name in double quotes that is no column is text.
    (
        "CREATE TABLE t (a TEXT CONSTRAINT ckA CHECK (\"A\" IN (\"it's\", 'x')) DEFAULT \"it's\")
         STRICT",
        &[
            "t.a native(sqlite: TEXT) default 'it''s' named (unnamed default: a)",
            "t: check constraint ckA A in ('it''s', 'x')",
        ],
    ),
    // Computed columns.
    (
        "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c INT AS (a*2) VIRTUAL,
            d TEXT AS (printf('%d', a) GLOB '1*')) STRICT",
        &[
            "t.a native(sqlite: INT)",
            "t.b native(sqlite: INT) as a + 1 stored",
            "t.c native(sqlite: INT) as a * 2 virtual",
            "t.d native(sqlite: TEXT) as printf('%d', a) GLOB '1*' virtual",
        ],
    ),
    // Row ids, with and without AUTOINCREMENT.
    (
        "CREATE TABLE a (id INTEGER CONSTRAINT pkA PRIMARY KEY AUTOINCREMENT) STRICT;
         CREATE TABLE b (id INTEGER, CONSTRAINT pkB PRIMARY KEY (id AUTOINCREMENT)) STRICT;
         CREATE TABLE c (id INTEGER CONSTRAINT pkC PRIMARY KEY) STRICT;
         CREATE TABLE d (id INT CONSTRAINT pkD PRIMARY KEY) STRICT;
         CREATE TABLE e (id TEXT CONSTRAINT pkE PRIMARY KEY)",
        &[
            "a.id native(sqlite: INTEGER) not null identity",
            "a: primary key pkA (id)",
            "b.id native(sqlite: INTEGER) not null identity",
            "b: primary key pkB (id)",
            "c.id native(sqlite: INTEGER) not null",
            "c: primary key pkC (id)",
            "d.id native(sqlite: INT) not null",
            "d: primary key pkD (id)",
            "e.id native(sqlite: TEXT) not null",
            "e: primary key pkE (id)",
            "! nullable key e.id: the column is in the primary key and yet takes NULL, because the table is neither STRICT nor says NOT NULL",
            "! table option e: the table is not STRICT, so that a column takes values of any type",
        ],
    ),
    (
        "CREATE TABLE t (id INTEGER CONSTRAINT pkT PRIMARY KEY) WITHOUT ROWID, STRICT",
        &[
            "t.id native(sqlite: INTEGER) not null",
            "t: primary key pkT (id)",
            "! table option t: the table is WITHOUT ROWID, which the model cannot say",
        ],
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
        &[
            "t.a native(sqlite: INT) not null",
            "t.b native(sqlite: INT)",
            "t.c native(sqlite: INT)",
            "t.d native(sqlite: INT)",
            "t.e native(sqlite: INT)",
            "t.f native(sqlite: INT)",
            "t.g native(sqlite: INT)",
            "t: primary key pkT (a)",
            "t: foreign key fkB (b) -> t(a) NO ACTION NO ACTION",
            "t: foreign key fkC (c) -> t(a) NO ACTION NO ACTION",
            "t: foreign key fkD (d) -> t(a) NO ACTION NO ACTION",
            "t: foreign key fkE (e) -> t(a) NO ACTION NO ACTION",
            "t: foreign key fkF (f) -> missing() NO ACTION NO ACTION",
            "t: foreign key fkG (g) -> t(a) NO ACTION NO ACTION",
            "! foreign key t.fkB: it is checked at the end of the transaction (INITIALLY DEFERRED)",
            "! foreign key t.fkE: RESTRICT refuses at once, before the statement is over, where NO ACTION waits for its end",
            "! foreign key t.fkF: it refers to the primary key of missing, which has none that is known",
            "! foreign key t.fkG: it is checked at the end of the transaction (INITIALLY DEFERRED)",
        ],
    ),
    (
        "CREATE TABLE t (
            a INT CONSTRAINT pkT PRIMARY KEY ON CONFLICT REPLACE,
            b INT NOT NULL ON CONFLICT IGNORE,
            c INT CONSTRAINT uqC UNIQUE ON CONFLICT ABORT,
            CONSTRAINT uqT UNIQUE (b) ON CONFLICT fail
         ) STRICT",
        &[
            "t.a native(sqlite: INT) not null",
            "t.b native(sqlite: INT) not null",
            "t.c native(sqlite: INT)",
            "t: primary key pkT (a)",
            "t: unique constraint uqC (c)",
            "t: unique constraint uqT (b)",
            "! conflict clause t.b: ON CONFLICT IGNORE decides what becomes of a row that breaks the rule",
            "! conflict clause t.pkT: ON CONFLICT REPLACE decides what becomes of a row that breaks the rule",
            "! conflict clause t.uqT: ON CONFLICT FAIL decides what becomes of a row that breaks the rule",
        ],
    ),
    // Indexes of every kind.
    (
        "CREATE TABLE t (a INT, b TEXT, c TEXT COLLATE NOCASE) STRICT;
         CREATE UNIQUE INDEX ux ON t (\"a\" DESC, (b)) WHERE a > 1 AND b IS NOT NULL;
         CREATE INDEX ixCollated ON t (b COLLATE NOCASE DESC);
         CREATE INDEX ixSame ON t (c COLLATE nocase, b COLLATE BINARY);
         CREATE INDEX ixExpression ON t (lower(b), a);
         CREATE INDEX ixOpaque ON t ('a') WHERE b   GLOB 'x*' -- why",
        &[
            "t.a native(sqlite: INT)",
            "t.b native(sqlite: TEXT)",
            "t.c native(sqlite: TEXT) collate NOCASE",
            "t: index ixCollated (b desc)",
            "t: index ixOpaque (a) where b GLOB 'x*'",
            "t: index ixSame (c, b)",
            "t: index ux (a desc, b) unique where a > 1 and b is not null",
            "! collation t.ixCollated: it compares b by the collation NOCASE instead of the column's, BINARY -> DROP INDEX \"ixCollated\"",
            "! index t.ixExpression: its key has the expression lower(b), and the model has keys of columns only -> DROP INDEX \"ixExpression\"",
        ],
    ),
    // What the model does not have.
    (
        "CREATE TABLE t (a INT) STRICT;
         CREATE VIEW v AS SELECT a FROM t;
         CREATE TRIGGER trT AFTER INSERT ON t BEGIN SELECT 1; END;
         CREATE TRIGGER trV INSTEAD OF UPDATE OF a ON v BEGIN SELECT 1; END;
         CREATE VIRTUAL TABLE stat USING dbstat;",
        &[
            "t.a native(sqlite: INT)",
            "! trigger t.trT: it runs AFTER INSERT and is none of those, word for word, that keep a table append-only or count a row's version -> DROP TRIGGER \"trT\"",
            "! trigger v.trV: it hangs on what is no table of the model -> DROP TRIGGER \"trV\"",
            "! view v: the model has no views -> DROP VIEW \"v\"",
            "! virtual table stat: the model has no virtual tables -> DROP TABLE \"stat\"",
        ],
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
        &[
            "t.id native(sqlite: INTEGER) not null identity",
            "t: primary key pkT (id)",
        ],
    ),
    // Names given twice.
    (
        "CREATE TABLE t (
            a INT CONSTRAINT x CHECK (a > 1), CONSTRAINT X CHECK (a > 2), UNIQUE (a),
            CONSTRAINT y CHECK (a > 3)
         ) STRICT;
         CREATE INDEX y ON t (a)",
        &[
            "t.a native(sqlite: INT)",
            "t: check constraint x a > 1",
            "t: unique constraint (unnamed unique constraint: a) (a)",
            "t: check constraint y a > 3",
            "! check constraint t.X: another constraint of the table has the same name",
            "! index t.y: a constraint of the table has the same name -> DROP INDEX \"y\"",
        ],
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
        &[
            "t.a string(32) by tyA",
            "t.b native(sqlite: TEXT)",
            "t.c native(sqlite: TEXT)",
            "t.d string(32) by (unnamed check constraint: length(\"d\") <= 32)",
            "t.length string(9) by tyLength",
            "t.e native(sqlite: BLOB)",
            "t.f string(9) by tyF",
            "t: check constraint tyC length(c) <= 32",
            "t: check constraint ckA a <> ''",
            "! type check t.tyB: the check says that b is a string(32), but not in the words that prove it: it was edited, and the column's type is unknown",
            "! type check t.tyE: the check says that e is a string(32), but not in the words that prove it: it was edited, and the column's type is unknown",
        ],
    ),
    // Renamed by hand, a column keeps its type and a table its row version.
    (
        "CREATE TABLE \"t\" (
            \"a\" TEXT CONSTRAINT tyA CHECK (length(\"a\") <= 32 /* string(32) */),
            \"v\" INTEGER NOT NULL DEFAULT 1
         ) STRICT;
         CREATE TRIGGER tyTV AFTER UPDATE ON t WHEN new.v = old.v
         BEGIN UPDATE t SET v = old.v + 1 WHERE rowid = new.rowid; END;
         ALTER TABLE t RENAME COLUMN a TO \"new a\";
         ALTER TABLE t RENAME COLUMN v TO version;
         ALTER TABLE t RENAME TO \"new t\"",
        &[
            "new t.new a string(32) by tyA",
            "new t.version rowVersion by tyTV not null",
        ],
    ),
    // A row version is its trigger, NOT NULL and its start.
    (
        "CREATE TABLE t (a INT, v INTEGER NOT NULL DEFAULT 1, w INTEGER NOT NULL DEFAULT 1) STRICT;
         CREATE TRIGGER tyTV AFTER UPDATE ON t WHEN new.v = old.v
         BEGIN UPDATE t SET v = old.v + 1 /* next */ WHERE rowid = new.rowid; END;
         CREATE TRIGGER tyTW AFTER UPDATE ON t WHEN new.w = old.w
         BEGIN UPDATE t SET w = old.w + 2 WHERE rowid = new.rowid; END;",
        &[
            "t.a native(sqlite: INT)",
            "t.v rowVersion by tyTV not null",
            "t.w native(sqlite: INTEGER) not null default 1 named (unnamed default: w)",
            "! trigger t.tyTW: it runs AFTER UPDATE and is none of those, word for word, that keep a table append-only or count a row's version -> DROP TRIGGER \"tyTW\"",
        ],
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
        &[
            "t appendOnly trTAppendOnly",
            "t.a native(sqlite: INT)",
            "u.a native(sqlite: INT)",
            "! trigger u.trUDelete: it runs BEFORE DELETE and is none of those, word for word, that keep a table append-only or count a row's version -> DROP TRIGGER \"trUDelete\"",
            "! trigger u.trUUpdate: it runs BEFORE UPDATE and is none of those, word for word, that keep a table append-only or count a row's version -> DROP TRIGGER \"trUUpdate\"",
        ],
    ),
];

#[test]
fn what_people_write_is_read() {
    for (sql, expected) in CASES {
        let found = lines(&interpret(&catalog(&database(sql))));
        assert_eq!(found, *expected, "{sql}\nfound {found:#?}");
    }
}

fn object(kind: &str, name: &str, definition: String) -> CatalogObject {
    CatalogObject {
        kind: kind.to_owned(),
        table: Some("t".to_owned()),
        name: name.to_owned(),
        definition: Some(definition),
        facts: std::collections::BTreeMap::new(),
    }
}

/// The catalog that these definitions of a table, an index and a trigger would make.
fn texts(table: String, index: String, trigger: String) -> Catalog {
    Catalog {
        engine: Engine::Sqlite,
        product: String::new(),
        objects: vec![
            object("index", "i", index),
            object("table", "t", table),
            object("trigger", "trAppendOnlyUpdate", trigger),
        ],
    }
}

proptest::proptest! {
    /// A damaged catalog is reported like any other that cannot be read.
    #[test]
    fn no_text_makes_the_reader_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "CREATE", "TABLE", "INDEX", "TRIGGER", "t", "(", ")", ",", "a", "\"b\"", "'c'", "ON",
                "PRIMARY", "KEY", "CHECK", "DEFAULT", "-", "REFERENCES", "CONSTRAINT", "x'", "/*",
                "*/", "AS", "COLLATE", "desc", "WHERE", "\u{e9}", "[", "`", "BEGIN", "END", ";",
                "/* string(3) */", "FOREIGN", "UNIQUE", "--", "\n", ".", "NULLS", "LAST",
            ]),
            0..40,
        ),
        noise in "\\PC*",
    ) {
        let text = words.join(" ");
        for text in [noise, format!("CREATE TABLE t ({text}"), text] {
            let described = interpret(&texts(
                text.clone(),
                format!("CREATE INDEX i ON t ({text}"),
                format!("CREATE TRIGGER trAppendOnlyUpdate {text}"),
            ));
            // Never silence: what is no table is a finding.
            proptest::prop_assert!(
                !described.schema.tables.is_empty() || !described.unsupported.is_empty()
            );
        }
    }
}

#[test]
fn a_definition_that_is_withheld_is_reported() {
    let mut hidden = object("table", "t", String::new());
    hidden.definition = None;
    let catalog = Catalog {
        engine: Engine::Sqlite,
        product: String::new(),
        objects: vec![hidden],
    };
    assert_eq!(
        lines(&interpret(&catalog)),
        ["! table t: the database does not tell its definition"]
    );
}

#[test]
fn parentheses_nested_deeply_are_only_text() {
    let depth = 100_000;
    let text = format!(
        "CREATE TABLE t (a INT DEFAULT {}1{}, CONSTRAINT ck CHECK ({}a{})) STRICT",
        "(".repeat(depth),
        ")".repeat(depth),
        "(".repeat(depth),
        ")".repeat(depth)
    );
    let described = interpret(&texts(
        text,
        "CREATE INDEX i ON t (a)".into(),
        String::new(),
    ));
    assert_eq!(described.schema.tables.len(), 1);
}
