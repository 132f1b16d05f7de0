//! The dialect as a whole, against real databases: what is rendered is executed, and what is
//! executed is read back.

use proptest::prelude::*;

use super::*;
use crate::diff::{Change, TableOptions};
use crate::engine::sqlite::{OpenOptions, SqliteSession};
use crate::engine::{ErrorKind, Session, TransactionOptions, Violation, ViolationKind};
use crate::model::{
    Column, Default, DefaultValue, ForeignKey, Identity, Index, KeyColumn, Part, PrimaryKey,
    ReferentialAction, Table,
};
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

fn column(name: &str, ty: &str) -> Column {
    Column {
        name: name.into(),
        ty: Type::parse(ty).expect("the case names a type"),
        nullable: false,
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: None,
        deprecated: false,
        type_check: format!("ty_{name}").into(),
    }
}

fn nullable(name: &str, ty: &str) -> Column {
    Column {
        nullable: true,
        ..column(name, ty)
    }
}

fn table(name: &str, columns: Vec<Column>, key: &[&str]) -> Table {
    Table {
        name: name.into(),
        description: None,
        append_only: None,
        columns,
        parts: vec![Part::PrimaryKey(PrimaryKey {
            name: format!("pk_{name}").into(),
            columns: key.iter().copied().map(KeyColumn::ascending).collect(),
            clustered: true,
        })],
    }
}

fn foreign_key(name: &str, column: &str, references: &str, referenced: &str) -> Part {
    Part::ForeignKey(ForeignKey {
        name: name.into(),
        columns: vec![column.into()],
        references: references.into(),
        referenced_columns: vec![referenced.into()],
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::NoAction,
    })
}

fn index(name: &str, column: &str) -> Index {
    Index {
        name: name.into(),
        columns: vec![KeyColumn::ascending(column)],
        include: vec![],
        unique: false,
        filter: None,
        clustered: false,
    }
}

/// `parents` counts up and is referred to by itself and by `children`.
fn family() -> Schema {
    let mut id = column("id", "int");
    id.identity = Some(Identity {
        seed: 1,
        increment: 1,
    });
    let columns = vec![
        id,
        column("price", "decimal(5,2)"),
        nullable("parentId", "int"),
        column("version", "rowVersion"),
    ];
    let mut parents = table("parents", columns, &["id"]);
    parents
        .parts
        .push(foreign_key("fk_self", "parentId", "parents", "id"));
    parents
        .parts
        .push(Part::Index(index("ix_parents", "price")));
    let columns = vec![column("id", "int"), column("parentId", "int")];
    let mut children = table("children", columns, &["id"]);
    children
        .parts
        .push(foreign_key("fk_children", "parentId", "parents", "id"));
    lowered(&Schema::new([parents, children]))
}

fn rows(session: &mut SqliteSession, sql: &str) -> Vec<Vec<Value>> {
    session
        .query(sql, &[])
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .rows
}

fn integers(values: &[&[i64]]) -> Vec<Vec<Value>> {
    let row = |row: &&[i64]| row.iter().copied().map(Value::Integer).collect();
    values.iter().map(row).collect()
}

fn populated() -> SqliteSession {
    let mut session = memory();
    create(&mut session, &family());
    session
        .execute(
            "INSERT INTO parents (price, parentId) VALUES (125, NULL), (250, 1), (375, 1);
             DELETE FROM parents WHERE id = 3;
             UPDATE parents SET price = price + 1 WHERE id = 2;
             INSERT INTO children VALUES (1, 1), (2, 2);",
        )
        .expect("the rows fit");
    session
}

#[test]
fn a_rebuild_keeps_rows_numbers_versions_and_references() {
    let before = family();
    let mut after = before.clone();
    let parents = after
        .tables
        .get_mut(&"parents".into())
        .expect("it is there");
    parents.columns[1] = column("price", "decimal(9,4)");
    parents.columns.push(nullable("note", "string(20)"));
    let after = lowered(&after);
    let mut session = populated();
    let step = rebuild(
        &before.tables[&"parents".into()],
        &after.tables[&"parents".into()],
    );
    migrate(&mut session, &[step]);
    assert_described(&mut session, &after);
    assert_eq!(
        rows(
            &mut session,
            "SELECT id, price, version FROM parents ORDER BY id"
        ),
        integers(&[&[1, 12_500, 1], &[2, 25_100, 2]])
    );
    // The number of a row that is gone is not given out again, and the version goes on.
    session
        .execute(
            "INSERT INTO parents (price) VALUES (1); UPDATE parents SET price = 2 WHERE id = 2",
        )
        .expect("the rows fit");
    assert_eq!(
        rows(
            &mut session,
            "SELECT id, version FROM parents WHERE id > 1 ORDER BY id"
        ),
        integers(&[&[2, 3], &[4, 1]])
    );
    // The table's own references and those of others still work.
    assert!(
        session
            .execute("INSERT INTO children VALUES (9, 99)")
            .is_err()
    );
    session
        .execute("DELETE FROM parents WHERE id = 1")
        .expect("it cascades");
    assert_eq!(
        rows(&mut session, "SELECT count(*) FROM children"),
        integers(&[&[0]])
    );
    assert_eq!(
        rows(&mut session, "SELECT id FROM parents"),
        integers(&[&[4]])
    );
}

#[test]
fn views_and_triggers_of_others_outlive_a_rebuild() {
    let schema = family();
    let mut session = populated();
    session
        .execute(
            "CREATE VIEW dear AS SELECT id FROM parents WHERE price > 200;
             CREATE TRIGGER dearer AFTER INSERT ON children
             BEGIN UPDATE parents SET price = price + 1 WHERE id = NEW.parentId; END",
        )
        .expect("they are sound");
    let parents = &schema.tables[&"parents".into()];
    migrate(&mut session, &[rebuild(parents, parents)]);
    assert_eq!(rows(&mut session, "SELECT id FROM dear"), integers(&[&[2]]));
    session
        .execute("INSERT INTO children VALUES (3, 2)")
        .expect("it fits");
    assert_eq!(
        rows(&mut session, "SELECT price FROM parents WHERE id = 2"),
        integers(&[&[252]])
    );
}

#[test]
fn a_renamed_table_takes_its_references_with_it() {
    let before = family();
    for to in ["ancestors", "PARENTS"] {
        let mut after = before.clone();
        let mut parents = after.tables.remove(&"parents".into()).expect("it is there");
        parents.name = to.into();
        after.tables.insert(to.into(), parents);
        for table in after.tables.values_mut() {
            for part in &mut table.parts {
                if let Part::ForeignKey(key) = part {
                    key.references = to.into();
                }
            }
        }
        let mut session = populated();
        let step = rebuild(&before.tables[&"parents".into()], &after.tables[&to.into()]);
        migrate(&mut session, &[step]);
        assert_described(&mut session, &after);
        assert_eq!(
            rows(&mut session, &format!("SELECT id FROM {to} ORDER BY id")),
            integers(&[&[1], &[2]])
        );
        session
            .execute(&format!("DELETE FROM {to} WHERE id = 1"))
            .expect("it cascades");
        assert_eq!(
            rows(&mut session, "SELECT count(*) FROM children"),
            integers(&[&[0]])
        );
        session
            .execute(&format!("INSERT INTO {to} (price) VALUES (1)"))
            .expect("it fits");
        assert_eq!(
            rows(&mut session, &format!("SELECT max(id) FROM {to}")),
            integers(&[&[4]])
        );
    }
}

#[test]
fn a_value_that_does_not_fit_stops_the_rebuild_with_nothing_lost() {
    let before = lowered(&Schema::new([table(
        "t",
        vec![column("a", "string(20)")],
        &["a"],
    )]));
    let after = lowered(&Schema::new([table(
        "t",
        vec![column("a", "decimal(5,2)")],
        &["a"],
    )]));
    let mut session = memory();
    create(&mut session, &before);
    session
        .execute("INSERT INTO t VALUES ('1.5'), ('many')")
        .expect("they fit");
    let name: Ident = "t".into();
    let batches = Sqlite.render(&[rebuild(&before.tables[&name], &after.tables[&name])]);
    session
        .begin(TransactionOptions {
            defer_foreign_keys: true,
        })
        .expect("nobody else writes");
    let failed = batches
        .iter()
        .find_map(|batch| session.execute(&batch.sql).err());
    assert!(failed.is_some_and(|error| error.message.contains("TEXT")));
    session.rollback().expect("it can be undone");
    assert_described(&mut session, &before);
    assert_eq!(
        rows(&mut session, "SELECT count(*) FROM t"),
        integers(&[&[2]])
    );
}

#[test]
fn changes_in_place_lead_where_creating_would() {
    let before = lowered(&Schema::new([
        table("t", vec![column("a", "key(9)")], &["a"]),
        table("old", vec![column("a", "int")], &["a"]),
    ]));
    let name: Ident = "t".into();
    let mut after = before.clone();
    let dropped = after.tables.remove(&"old".into()).expect("it is there");
    let table = after.tables.get_mut(&name).expect("it is there");
    table.columns.push(nullable("b", "timestamp(3)"));
    table.columns.push(Column {
        default: Some(Default {
            name: "df_c".into(),
            value: DefaultValue::Sql("'it''s'".into()),
        }),
        ..column("c", "string(9)")
    });
    table.columns.push(column("version", "rowVersion"));
    table.append_only = Some("tr_t".into());
    table.parts.push(Part::Index(index("ix_t", "b")));
    let table = table.clone();
    let added = table.columns[1..].iter().map(|column| Change::AddColumn {
        table: name.clone(),
        column: column.clone(),
    });
    let changes = added.chain([
        Change::AddPart {
            table: name.clone(),
            part: Part::Index(index("ix_t", "c")),
        },
        Change::AlterPart {
            table: name.clone(),
            from: Part::Index(index("ix_t", "c")),
            to: Part::Index(index("ix_t", "b")),
        },
        Change::AlterTable {
            table: name.clone(),
            from: TableOptions::default(),
            to: TableOptions {
                append_only: Some("tr_t".into()),
                ..TableOptions::default()
            },
        },
    ]);
    let mut steps: Vec<Step> = changes
        .map(|change| Step::Alter {
            change,
            before: before.table(&name).cloned(),
            after: Some(table.clone()),
        })
        .collect();
    steps.push(Step::Alter {
        change: Change::DropTable(dropped.clone()),
        before: Some(dropped),
        after: None,
    });
    let mut session = memory();
    create(&mut session, &before);
    session
        .execute("INSERT INTO t VALUES ('x')")
        .expect("it fits");
    migrate(&mut session, &steps);
    assert_described(&mut session, &after);
    assert_eq!(
        rows(&mut session, "SELECT b, c, version FROM t"),
        [[Value::Null, Value::Text("it's".into()), Value::Integer(1)]]
    );
    let error = session
        .execute("DELETE FROM t")
        .expect_err("it is append-only");
    assert_eq!(error.message, "t is append-only: DELETE is refused");
    let refused = Violation {
        kind: ViolationKind::AppendOnly,
        constraint: Some("t".to_owned()),
    };
    assert_eq!(error.kind, ErrorKind::Constraint(refused));

    let back = Step::Alter {
        change: Change::AlterTable {
            table: name.clone(),
            from: TableOptions {
                append_only: Some("tr_t".into()),
                ..TableOptions::default()
            },
            to: TableOptions::default(),
        },
        before: Some(table),
        after: None,
    };
    migrate(&mut session, &[back]);
    session
        .execute("DELETE FROM t")
        .expect("it is no longer append-only");
}

#[test]
fn an_integer_key_that_does_not_count_up_takes_no_null() {
    let schema = lowered(&Schema::new([table(
        "t",
        vec![column("a", "int"), nullable("b", "int")],
        &["a"],
    )]));
    let mut session = memory();
    create(&mut session, &schema);
    assert!(session.execute("INSERT INTO t (b) VALUES (1)").is_err());
    session
        .execute("INSERT INTO t (a) VALUES (1)")
        .expect("it fits");
}

#[test]
fn every_object_has_its_definition() {
    let schema = family();
    let definition = |member: Option<&str>| {
        let path = ObjectPath {
            table: "parents".into(),
            member: member.map(Ident::from),
        };
        Sqlite.definition(&schema, &path)
    };
    let id = "\"id\" INTEGER NOT NULL CONSTRAINT \"pk_parents\" PRIMARY KEY AUTOINCREMENT \
              CONSTRAINT \"ty_id\" CHECK (\"id\" BETWEEN -2147483648 AND 2147483647 /* int */)";
    let trigger = "CREATE TRIGGER \"ty_version\" AFTER UPDATE ON \"parents\" \
                   WHEN NEW.\"version\" = OLD.\"version\"\nBEGIN\n    UPDATE \"parents\" \
                   SET \"version\" = OLD.\"version\" + 1 WHERE rowid = NEW.rowid;\nEND";
    for (member, expected) in [
        ("id", id),
        ("pk_parents", id),
        ("ty_id", id),
        ("version", "\"version\" INTEGER NOT NULL DEFAULT 1"),
        ("ty_version", trigger),
        (
            "ix_parents",
            "CREATE INDEX \"ix_parents\" ON \"parents\" (\"price\")",
        ),
        (
            "fk_self",
            "CONSTRAINT \"fk_self\" FOREIGN KEY (\"parentId\") REFERENCES \"parents\" (\"id\") \
             ON DELETE CASCADE",
        ),
    ] {
        assert_eq!(
            definition(Some(member)).as_deref(),
            Some(expected),
            "{member}"
        );
    }
    assert_eq!(definition(Some("other")), None);
    let table = definition(None).expect("the table is there");
    assert!(
        table.starts_with("CREATE TABLE \"parents\" (\n    \"id\" "),
        "{table}"
    );
    assert!(table.ends_with("\n) STRICT"), "{table}");
}

#[test]
fn a_rebuild_reads_like_a_plan() {
    let before = family();
    let name: Ident = "children".into();
    let mut after = before.tables[&name].clone();
    after.columns.pop();
    after.parts.pop();
    let text = Sqlite.script(
        &["Version 2.".to_owned()],
        &Sqlite.render(&[rebuild(&before.tables[&name], &after)]),
    );
    let expected = "-- Version 2.\n\
        -- dbtool:defer-foreign-keys\n\
        \n\
        -- Rebuilds children with its rows, because SQLite cannot change it in place:\n\
        -- - something changes\n\
        CREATE TABLE \"dbtoolRebuild_children\" (\n    \
        \"id\" INT NOT NULL CONSTRAINT \"ty_id\" CHECK (\"id\" BETWEEN -2147483648 AND 2147483647 /* int */),\n    \
        CONSTRAINT \"pk_children\" PRIMARY KEY (\"id\")\n\
        ) STRICT;\n\
        \n\
        INSERT INTO \"dbtoolRebuild_children\" (\"id\")\n\
        SELECT \"id\"\n\
        FROM \"children\";\n\
        \n\
        DROP TABLE \"children\";\n\
        \n\
        -- What names the table, foreign keys above all, is to mean the new one from here on: \
        it stays as it is.\n\
        PRAGMA legacy_alter_table = ON;\n\
        \n\
        ALTER TABLE \"dbtoolRebuild_children\" RENAME TO \"children\";\n\
        \n\
        PRAGMA legacy_alter_table = OFF;\n";
    assert_eq!(text, expected);
}
