use super::*;
use crate::model::expression::parse;
use crate::model::{Check, Literal, PrimaryKey, Unique};

fn ty(text: &str) -> Type {
    Type::parse(text).expect("the case names a type")
}

fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.into(),
        ty,
        nullable: false,
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: Some("for people".into()),
        deprecated: true,
        type_check: format!("tyT{name}").into(),
    }
}

/// `id int, price decimal(5,2), rate decimal(5,4), cost decimal(9,2), amount int, ratio float,
/// note string(20), at timestamp(3), isOpen bool, ref uuid`, with `id` as primary key.
fn table() -> Table {
    let columns = [
        ("id", "int"),
        ("price", "decimal(5,2)"),
        ("rate", "decimal(5,4)"),
        ("cost", "decimal(9,2)"),
        ("amount", "int"),
        ("ratio", "float"),
        ("note", "string(20)"),
        ("at", "timestamp(3)"),
        ("isOpen", "bool"),
        ("ref", "uuid"),
    ];
    Table {
        name: "t".into(),
        description: Some("for people".into()),
        append_only: None,
        columns: columns.map(|(name, text)| column(name, ty(text))).into(),
        parts: vec![Part::PrimaryKey(PrimaryKey {
            name: "pkT".into(),
            columns: vec![KeyColumn::ascending("id")],
            clustered: false,
        })],
    }
}

fn lowered(table: Table) -> (Table, Vec<Diagnostic>) {
    let name = table.name.clone();
    let (mut schema, findings) = lower(&Schema::new([table]));
    (schema.tables.remove(&name).expect("it stays"), findings)
}

fn codes(findings: &[Diagnostic]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

fn check(expression: Expression) -> (Option<Expression>, Vec<Diagnostic>) {
    let mut table = table();
    table.parts.push(Part::Check(Check {
        name: "ckT".into(),
        expression,
    }));
    let (table, findings) = lowered(table);
    let expression = table.checks().next().map(|check| check.expression.clone());
    (expression, findings)
}

fn portable(text: &str) -> Expression {
    Expression::Portable(parse(text).expect("the case is an expression"))
}

#[test]
fn expressions_are_said_in_the_words_of_sqlite() {
    let cases = [
        // Constants beside decimals are scaled as the decimals are.
        ("price >= 1", "price >= 100"),
        ("0.5 < rate", "5000 < rate"),
        ("rate between 0 and 1", "rate between 0 and 10000"),
        ("rate in (0.1, -0.25, null)", "rate in (1000, -2500, null)"),
        ("price > -(1 + 0.5)", "price > -(100 + 50)"),
        ("price < 0.005", "price < 0.5"),
        ("price + 1 <= cost", "price + 100 <= cost"),
        ("price * 2 <= cost - 1", "price * 2 <= cost - 100"),
        ("price * rate < 3", "price * rate < 3000000"),
        ("price * amount <= 10", "price * amount <= 1000"),
        ("coalesce(price, 1) > 2", "coalesce(price, 100) > 200"),
        (
            "abs(price) > coalesce(null, 2)",
            "abs(price) > coalesce(null, 200)",
        ),
        (
            "case when amount > 5 then price else 1 end < 3",
            "case when amount > 5 then price else 100 end < 300",
        ),
        (
            "case price when 1 then 2 end = 2",
            "case price when 100 then 2 end = 2",
        ),
        (
            "iif(amount > 1, price, 1) > 2",
            "iif(amount > 1, price, 100) > 200",
        ),
        (
            "not (price = 1 or amount = 1)",
            "not (price = 100 or amount = 1)",
        ),
        ("price is null", "price is null"),
        // Everything else keeps its constants.
        ("amount > 1 and amount < 0.5", "amount > 1 and amount < 0.5"),
        ("amount / 2 > 1", "amount / 2 > 1"),
        ("ratio * 2 < 0.5", "ratio * 2 < 0.5"),
        (
            "isOpen = true or isOpen in (false)",
            "isOpen = 1 or isOpen in (0)",
        ),
        (
            "at > '2026-01-31T12:00:00Z'",
            "at > '2026-01-31T12:00:00.000Z'",
        ),
        (
            "at between '2026-01-31' and '2026-02-01 00:00:00'",
            "at between '2026-01-31T00:00:00.000Z' and '2026-02-01T00:00:00.000Z'",
        ),
        ("ref <> 'ABCD'", "ref <> 'abcd'"),
        ("note in ('A')", "note in ('A')"),
        // Functions.
        ("isJson(note)", "json_valid(note)"),
        ("substring(note, 1, 2) = 'a'", "substr(note, 1, 2) = 'a'"),
        (
            "year(at) > 2025",
            "cast(substr(at, 1, 4) as INTEGER) > 2025",
        ),
        ("LEN2(note) = UPPER(note)", "LEN2(note) = upper(note)"),
        (
            "concat(note, 'x') = 'ax'",
            "coalesce(note, '') || coalesce('x', '') = 'ax'",
        ),
    ];
    for (text, expected) in cases {
        let (found, findings) = check(portable(text));
        assert_eq!(findings, [], "{text}");
        assert_eq!(
            found.expect("the check stays").to_string(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn decimals_that_whole_numbers_cannot_follow_are_refused() {
    let cases = [
        (
            "price = rate",
            "price has 2 digits after the point, and rate beside it has not",
        ),
        (
            "price < amount",
            "price has 2 digits after the point, and amount beside it has not",
        ),
        (
            "price < ratio",
            "price has 2 digits after the point, and ratio beside it has not",
        ),
        ("price / 2 > 1", "price is a decimal, and division"),
        (
            "price * 0.5 > 1",
            "price * 0.5 multiplies a decimal by what is no whole number",
        ),
        (
            "price || 'x' = 'y'",
            "price is a decimal, and || would join",
        ),
        (
            "price like '1%'",
            "price is a decimal, and LIKE compares text",
        ),
        (
            "round(price, 1) = 1",
            "price is a decimal, and round would see",
        ),
        (
            "cast(price as int) = 1",
            "price is a decimal, and CAST would see",
        ),
        ("price > 1 / 2", "1 / 2 beside it has not"),
        ("price > 'a'", "'a' beside it has not"),
        ("price > 1e999", "1e999 is out of all proportion"),
    ];
    for (text, why) in cases {
        let (_, findings) = check(portable(text));
        assert_eq!(codes(&findings), ["sqlite/decimal-expression"], "{text}");
        assert!(
            findings[0].message.contains(why),
            "{text}: {}",
            findings[0].message
        );
        assert!(
            findings[0].message.contains("ckT"),
            "{}",
            findings[0].message
        );
    }
}

#[test]
fn native_expressions_are_taken_as_they_are() {
    let native = |sqlite: Option<&str>| {
        Expression::Native(Native {
            mssql: Some("len(note) > 1".into()),
            sqlite: sqlite.map(str::to_owned),
        })
    };
    // Whoever writes for SQLite knows how it holds decimals.
    let (found, findings) = check(native(Some("price > 100")));
    assert_eq!((found, findings), (Some(portable("price > 100")), vec![]));
    let (found, _) = check(native(Some("note  GLOB 'a*'  -- why")));
    assert_eq!(found, Some(Expression::Opaque("note GLOB 'a*'".into())));
    let (found, findings) = check(native(None));
    assert_eq!((found, findings), (None, vec![]));
}

fn default_of(ty: Type, value: DefaultValue) -> Result<Option<String>, String> {
    default::sql(&ty, &value)
}

#[test]
fn constants_are_held_as_their_column_holds_values() {
    let text = |text: &str| Literal::Text(text.into());
    let number = |text: &str| Literal::Number(text.into());
    let cases = [
        ("string(20)", text("it's"), "'it''s'"),
        ("decimal(5,4)", number("0.95"), "9500"),
        ("decimal(5,4)", number("-0.5"), "-5000"),
        ("int", number("-3"), "-3"),
        ("bool", Literal::Bool(true), "1"),
        ("uuid", text("ABCD"), "'abcd'"),
        (
            "timestamp(0)",
            text("2026-01-31T12:00:00.000Z"),
            "'2026-01-31T12:00:00Z'",
        ),
        ("blob", Literal::Bytes(vec![0, 255]), "x'00ff'"),
        ("int", Literal::Null, "NULL"),
    ];
    for (name, literal, expected) in cases {
        let found = default_of(ty(name), DefaultValue::Literal(literal));
        assert_eq!(found, Ok(Some(expected.to_owned())), "{name}");
    }
    let refused = [
        ("decimal(5,4)", DefaultValue::Literal(number("0.00001"))),
        ("decimal(5,4)", DefaultValue::Literal(number("10"))),
        ("string(20)", DefaultValue::UtcNow),
        ("string(36)", DefaultValue::NewUuid),
        ("int", DefaultValue::NewSequentialId),
    ];
    for (name, value) in refused {
        assert!(
            default_of(ty(name), value.clone()).is_err(),
            "{name} {value:?}"
        );
    }
}

#[test]
fn computed_defaults_pass_the_check_of_their_type() {
    let connection = rusqlite::Connection::open_in_memory().expect("memory is available");
    let clocks = (0..=7).flat_map(|digits| {
        [
            Type::Timestamp(digits),
            Type::TimestampTz(digits),
            Type::Time(digits),
        ]
    });
    let clocks = clocks
        .chain([Type::Date])
        .map(|ty| (ty, DefaultValue::UtcNow));
    let ids = [DefaultValue::NewUuid, DefaultValue::NewSequentialId].map(|id| (Type::Uuid, id));
    for (ty, value) in clocks.chain(ids) {
        let sql = default_of(ty.clone(), value)
            .expect("it fits")
            .expect("it has one");
        let condition = type_check::condition("c", &ty).expect("it has a check");
        connection
            .execute_batch(&format!(
                "DROP TABLE IF EXISTS t;
                 CREATE TABLE t (id INT, c TEXT NOT NULL DEFAULT ({sql}) CHECK ({condition})) STRICT;
                 INSERT INTO t (id) SELECT value FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8]')"
            ))
            .unwrap_or_else(|error| panic!("{ty} {sql}: {error}"));
        let near: bool = connection
            .query_row(
                "SELECT substr(c, 1, 10) = date('now') OR length(c) NOT IN (20, 24, 28) FROM t",
                [],
                |row| row.get(0),
            )
            .expect("it can be read");
        assert!(near, "{ty}");
    }
}

#[test]
fn ids_are_new_and_sequential_ones_grow_with_time() {
    let connection = rusqlite::Connection::open_in_memory().expect("memory is available");
    let ids = |value: DefaultValue, version: &str| {
        let sql = default_of(Type::Uuid, value)
            .expect("it fits")
            .expect("it has one");
        let found: Vec<String> = (0..3)
            .map(|_| {
                std::thread::sleep(std::time::Duration::from_millis(2));
                connection
                    .query_row(&format!("SELECT {sql}"), [], |row| row.get(0))
                    .expect("it can be computed")
            })
            .collect();
        for id in &found {
            assert_eq!(&id[14..15], version, "{id}");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
        found
    };
    let random = ids(DefaultValue::NewUuid, "4");
    assert!(
        random[0] != random[1] && random[1] != random[2],
        "{random:?}"
    );
    let sequential = ids(DefaultValue::NewSequentialId, "7");
    assert!(
        sequential.is_sorted() && sequential[0] != sequential[2],
        "{sequential:?}"
    );
    let milliseconds: i64 = connection
        .query_row(
            "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            [],
            |row| row.get(0),
        )
        .expect("it can be computed");
    let stamp = sequential[2][..13].replace('-', "");
    let stamp = i64::from_str_radix(&stamp, 16).expect("it is hexadecimal");
    assert!(
        (milliseconds - 10_000..=milliseconds).contains(&stamp),
        "{sequential:?}"
    );
}

#[test]
fn what_sqlite_has_no_place_for_is_left_out() {
    let mut table = table();
    table.parts.push(Part::Unique(Unique {
        name: "uqT".into(),
        columns: vec![KeyColumn::ascending("note")],
        clustered: true,
    }));
    for (name, unique) in [("ixB", false), ("ixA", true)] {
        table.parts.push(Part::Index(Index {
            name: name.into(),
            columns: vec![KeyColumn::ascending("note")],
            include: vec!["amount".into(), "note".into()],
            unique,
            filter: None,
            clustered: true,
        }));
    }
    table.columns[6].collation = Some(Native {
        mssql: Some("Latin1_General_100_CI_AS".into()),
        sqlite: Some("NOCASE".into()),
    });
    let (table, findings) = lowered(table);
    assert_eq!(findings, []);
    assert_eq!(table.description, None);
    assert!(
        table
            .columns
            .iter()
            .all(|column| column.description.is_none() && !column.deprecated)
    );
    assert_eq!(
        table.columns[6]
            .collation
            .as_ref()
            .and_then(|own| own.mssql.as_ref()),
        None
    );
    assert!(table.primary_key().is_some_and(|key| key.clustered));
    assert!(table.uniques().all(|unique| !unique.clustered));
    let indexes: Vec<(String, usize)> = table
        .indexes()
        .map(|index| {
            assert!(index.include.is_empty() && !index.clustered);
            (index.name.to_string(), index.columns.len())
        })
        .collect();
    assert_eq!(indexes, [("ixA".to_owned(), 1), ("ixB".to_owned(), 2)]);
    let check = &table.columns[1].type_check;
    assert_eq!(
        check.as_str(),
        "tyTpriceScaledBy100",
        "readers learn that the number is scaled"
    );
    assert_eq!(table.columns[4].type_check.as_str(), "tyTamount");
}

#[test]
fn what_sqlite_cannot_do_is_a_finding_that_names_it() {
    let identity = Identity {
        seed: 1,
        increment: 1,
    };
    type Edit = fn(&mut Table);
    let cases: &[(&str, &str, Edit)] = &[
        ("sqlite/decimal-too-long", "t.price", |table| {
            table.columns[1].ty = ty("decimal(19,2)");
        }),
        ("sqlite/no-native-type", "t.note", |table| {
            table.columns[6].ty = Type::Native(Native {
                mssql: Some("xml".into()),
                sqlite: None,
            });
        }),
        ("sqlite/not-strict", "t.note", |table| {
            table.columns[6].ty = Type::Native(Native {
                mssql: None,
                sqlite: Some("VARCHAR(20)".into()),
            });
        }),
        ("sqlite/identity", "t.amount", |table| {
            table.columns[4].identity = Some(Identity {
                seed: 1,
                increment: 1,
            });
        }),
        ("sqlite/identity", "t.id", |table| {
            table.columns[0].identity = Some(Identity {
                seed: 100,
                increment: 1,
            });
        }),
        ("sqlite/computed-key", "t.id", |table| {
            table.columns[0].computed = Some(Computed {
                expression: portable("amount + 1"),
                persisted: true,
            });
        }),
        ("sqlite/no-native-expression", "t.amount", |table| {
            table.columns[4].computed = Some(Computed {
                expression: Expression::Native(Native {
                    mssql: Some("1".into()),
                    sqlite: None,
                }),
                persisted: false,
            });
        }),
        ("sqlite/decimal-expression", "t.amount", |table| {
            table.columns[4].computed = Some(Computed {
                expression: portable("price + 1"),
                persisted: false,
            });
        }),
        ("sqlite/default", "t.price", |table| {
            table.columns[1].default = Some(Default {
                name: "dfT".into(),
                value: DefaultValue::Literal(Literal::Number("0.001".into())),
            });
        }),
        ("sqlite/reserved-name", "sqlite_t", |table| {
            table.name = "sqlite_t".into();
        }),
        ("sqlite/name-clash", "t.T", |table| {
            table.parts.push(Part::Index(Index {
                name: "T".into(),
                columns: vec![KeyColumn::ascending("note")],
                include: vec![],
                unique: false,
                filter: None,
                clustered: false,
            }));
        }),
        ("sqlite/row-version", "t.at", |table| {
            table.columns[7].ty = Type::RowVersion;
            for (index, name) in ["rowid", "OID", "_rowid_"].into_iter().enumerate() {
                table.columns[index + 1].name = name.into();
            }
        }),
    ];
    for (code, path, edit) in cases {
        let mut table = table();
        edit(&mut table);
        let (_, findings) = lowered(table);
        assert_eq!(codes(&findings), [*code], "{findings:?}");
        let finding = &findings[0];
        assert_eq!(
            finding.path.as_ref().map(ToString::to_string).as_deref(),
            Some(*path)
        );
        assert!(finding.help.is_some());
    }
    let mut table = table();
    table.columns[0].identity = Some(identity);
    let (table, findings) = lowered(table);
    assert_eq!(
        (table.columns[0].identity, findings),
        (Some(identity), vec![])
    );
}

#[test]
fn computed_decimals_take_the_scale_of_their_column() {
    for (name, expression, expected) in [
        ("price", "cost * 2 + 1", Some("cost * 2 + 100")),
        ("price", "5", Some("500")),
        ("price", "rate", None),
        ("amount", "amount + 1", Some("amount + 1")),
        ("ratio", "amount / 2", Some("amount / 2")),
    ] {
        let mut table = table();
        let column = table
            .columns
            .iter_mut()
            .find(|column| column.name.as_str() == name)
            .expect("the case names a column");
        column.computed = Some(Computed {
            expression: portable(expression),
            persisted: false,
        });
        let (table, findings) = lowered(table);
        let computed = table
            .column(&name.into())
            .and_then(|column| column.computed.as_ref());
        match expected {
            Some(expected) => {
                assert_eq!(findings, []);
                let found = computed.expect("it stays").expression.to_string();
                assert_eq!(found, expected, "{name} {expression}");
            }
            None => assert_eq!(codes(&findings), ["sqlite/decimal-expression"]),
        }
    }
}
