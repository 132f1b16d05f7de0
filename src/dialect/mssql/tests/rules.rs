//! What SQL Server refuses is found before it is asked.

use super::dialect;
use super::fixture::{
    accounts, check, column, events, everything, index, keys, names, nullable, portable, things,
};
use crate::diag::Severity;
use crate::dialect::Dialect;
use crate::model::{
    Column, Computed, Expression, ForeignKey, Ident, Identity, Index, Native, Part,
    ReferentialAction, Schema, Table, Type, Unique,
};

fn findings(schema: &Schema) -> Vec<String> {
    let (_, findings) = dialect().lower(schema);
    findings
        .iter()
        .map(|finding| {
            assert!(finding.help.is_some(), "{finding:?}");
            let path = finding.path.as_ref().expect("a finding names its object");
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            format!("{severity} {} {path}", finding.code)
        })
        .collect()
}

fn with(table: Table, edit: impl FnOnce(&mut Table)) -> Schema {
    let mut table = table;
    edit(&mut table);
    let mut schema = everything();
    schema.tables.insert(table.name.clone(), table);
    schema
}

fn filter_of(text: &str) -> Result<String, String> {
    let schema = with(things(), |table| {
        table.parts.push(Part::Index(Index {
            filter: Some(portable(text)),
            ..index("ixFiltered", &["thingId"])
        }));
    });
    let (lowered, findings) = dialect().lower(&schema);
    let path = crate::model::ObjectPath::member(&"things".into(), &"ixFiltered".into());
    match findings.iter().find(|f| f.code == "mssql/index-filter") {
        Some(finding) => Err(finding.message.clone()),
        None => {
            let sql = dialect().definition(&lowered, &path).expect("the index");
            let (_, filter) = sql.split_once("WHERE ").expect("a filter");
            Ok(filter.trim_end_matches(';').to_owned())
        }
    }
}

#[test]
fn the_fixture_is_fine() {
    assert_eq!(findings(&everything()), [""; 0]);
}

#[test]
fn filters_are_brought_into_the_form_that_the_server_takes() {
    for (text, tsql) in [
        ("status = 'queued'", "[status] = N'queued'"),
        ("'queued' = status", "[status] = N'queued'"),
        ("5 < priority", "[priority] > 5"),
        ("code in ('a', 'b')", "[code] IN ('a', 'b')"),
        ("code not in ('a', 'b')", "[code] <> 'a' AND [code] <> 'b'"),
        (
            "priority between 1 and 5",
            "[priority] >= 1 AND [priority] <= 5",
        ),
        ("status = 'a' or status = 'b'", "[status] IN (N'a', N'b')"),
        (
            "not (notes is null or priority = 1)",
            "[notes] IS NOT NULL AND [priority] <> 1",
        ),
        ("isActive", "[isActive] = 1"),
        ("not isActive", "[isActive] <> 1"),
        (
            "isActive = true and notes is null",
            "[isActive] = 1 AND [notes] IS NULL",
        ),
    ] {
        assert_eq!(filter_of(text).as_deref(), Ok(tsql), "{text}");
    }
}

#[test]
fn filters_that_the_server_refuses_are_found() {
    for (text, construct) in [
        ("status = 'a' or code = 'b'", "OR"),
        ("priority not between 1 and 5", "NOT BETWEEN"),
        ("status like 'a%'", "LIKE"),
        ("length(status) = 1", "arithmetic"),
        ("lower(status) = 'a'", "a function"),
        ("status = code", "a comparison of two columns"),
        ("\"order\" + 1 = 2", "arithmetic"),
        ("search = 'a'", "a computed column"),
        ("status = null", "a comparison with NULL"),
        ("1 = 1", "a comparison without a column"),
        ("case when isActive then 1 end = 1", "CASE"),
    ] {
        let message = filter_of(text).expect_err(text);
        assert!(
            message.contains(&format!("uses {construct},")),
            "{text}: {message}"
        );
    }
}

#[test]
fn impossible_tables_are_found() {
    let clustered = with(things(), |table| {
        table.parts.push(Part::Unique(Unique {
            name: "uqTwo".into(),
            columns: keys(&["thingId"]),
            clustered: true,
        }));
        table.parts.push(Part::Index(Index {
            include: names(&["code"]),
            clustered: true,
            ..index("ixThree", &["thingId"])
        }));
    });
    assert_eq!(
        findings(&clustered),
        [
            "error mssql/two-clustered things.uqTwo",
            "error mssql/two-clustered things.ixThree",
            "error mssql/clustered-index things.ixThree",
        ]
    );
    let native = with(events(), |table| {
        table.columns.push(Column {
            ty: Type::Native(Native {
                mssql: None,
                sqlite: Some("TEXT".to_owned()),
            }),
            ..column("Events", "only", "int")
        });
        table.columns.push(Column {
            computed: Some(Computed {
                expression: portable("eventId"),
                persisted: true,
            }),
            ..column("Events", "key", "key(64)")
        });
        for name in ["one", "two"] {
            table.columns.push(Column {
                identity: Some(Identity {
                    seed: 1,
                    increment: 1,
                }),
                ..column("Events", name, "int")
            });
        }
        table.description = Some("x".repeat(4000));
    });
    assert_eq!(
        findings(&native),
        [
            "error mssql/no-native events.only",
            "error mssql/computed-type events.key",
            "error mssql/two-identities events.two",
            "error mssql/description events",
        ]
    );
}

#[test]
fn keys_that_are_too_large_are_found() {
    let schema = with(events(), |table| {
        table.columns.push(column("Events", "long", "string(700)"));
        table.columns.push(column("Events", "longer", "ascii(900)"));
        table.columns.push(column("Events", "endless", "text"));
        table
            .parts
            .push(Part::Index(index("ixFits", &["tenantId", "long desc"])));
        table.parts.push(Part::Index(index(
            "ixLong",
            &["tenantId", "long", "longer"],
        )));
        table
            .parts
            .push(Part::Index(index("ixEndless", &["endless"])));
        let many: Vec<String> = (0..33).map(|n| format!("c{n}")).collect();
        for name in &many {
            table.columns.push(column("Events", name, "bool"));
        }
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        table.parts.push(Part::Index(index("ixMany", &many)));
        if let Some(Part::PrimaryKey(key)) = table.parts.first_mut() {
            key.columns.extend(keys(&["longer"]));
        }
    });
    assert_eq!(
        findings(&schema),
        [
            "warning mssql/key-bytes events.pkEvents",
            "warning mssql/key-bytes events.ixLong",
            "error mssql/key-type events.ixEndless",
            "error mssql/key-columns events.ixMany",
        ]
    );
}

#[test]
fn unique_keys_in_which_nulls_collide_are_found() {
    let unique = |name: &str, filter: Option<&str>| {
        Part::Index(Index {
            unique: true,
            filter: filter.map(portable),
            ..index(name, &["tenantId", "mail"])
        })
    };
    let schema = with(accounts(), |table| {
        table
            .columns
            .push(nullable(column("Accounts", "mail", "string(200)")));
        table.parts.push(unique("uxPlain", None));
        table
            .parts
            .push(unique("uxNotNull", Some("mail is not null")));
        table
            .parts
            .push(unique("uxTested", Some("mail <> '' and tenantId = 'a'")));
        table.parts.push(unique("uxOther", Some("tenantId = 'a'")));
        table.parts.push(Part::Unique(Unique {
            name: "uqMail".into(),
            columns: keys(&["mail"]),
            clustered: false,
        }));
    });
    assert_eq!(
        findings(&schema),
        [
            "warning mssql/unique-null accounts.uxPlain",
            "warning mssql/unique-null accounts.uxOther",
            "warning mssql/unique-null accounts.uqMail",
        ]
    );
}

#[test]
fn cascades_that_reach_a_row_twice_are_found() {
    let key = |name: &str, references: &str, on_delete| {
        Part::ForeignKey(ForeignKey {
            name: name.into(),
            columns: names(&["tenantId", "parentId"]),
            references: references.into(),
            referenced_columns: names(&["tenantId", "eventId"]),
            on_delete,
            on_update: ReferentialAction::NoAction,
        })
    };
    let itself = with(events(), |table| {
        table
            .parts
            .push(key("fkSelf", "events", ReferentialAction::Cascade));
    });
    assert_eq!(
        findings(&itself),
        ["error mssql/cascade-paths events.fkSelf"]
    );
    let twice = with(things(), |table| {
        table
            .parts
            .push(key("fkEvents", "events", ReferentialAction::SetNull));
        table
            .parts
            .push(key("fkHarmless", "events", ReferentialAction::NoAction));
    });
    assert_eq!(findings(&twice), [""; 0]);
    let mut diamond = twice;
    let events = diamond
        .tables
        .get_mut(&Ident::new("events"))
        .expect("events");
    events.parts.push(key(
        "fkEventsAccounts",
        "accounts",
        ReferentialAction::Cascade,
    ));
    assert_eq!(
        findings(&diamond),
        ["error mssql/cascade-paths things.fkEvents"]
    );
}

#[test]
fn an_expression_for_another_engine_is_left_out_here() {
    let schema = with(events(), |table| {
        table.parts.push(check("ckPortable", "parentId <> eventId"));
        table.parts.push(Part::Check(crate::model::Check {
            name: "ckSqlite".into(),
            expression: Expression::Native(Native {
                mssql: None,
                sqlite: Some("parentId is not eventId".to_owned()),
            }),
        }));
    });
    let (lowered, findings) = dialect().lower(&schema);
    assert_eq!(findings, []);
    let events = lowered.table(&"events".into()).expect("events");
    assert!(events.part(&"ckPortable".into()).is_some());
    assert!(events.part(&"ckSqlite".into()).is_none());
}
