//! Each kind of change, as a DBA reads it.

use super::fixture::{
    check, column, everything, index, keys, literal, names, nullable, portable, text, with_default,
};
use super::{dialect, lowered, script};
use crate::dialect::Dialect;
use crate::diff::{Change, Renames};
use crate::model::{
    Column, Computed, DefaultValue, ForeignKey, Ident, Identity, Index, Native, Part, Schema,
    Table, Type, Unique,
};
use crate::plan::Step;

/// The script of what `edit` does to the schema that uses everything.
fn after(edit: impl FnOnce(&mut Schema)) -> String {
    renamed(Renames::default(), edit)
}

fn renamed(renames: Renames, edit: impl FnOnce(&mut Schema)) -> String {
    let before = everything();
    let mut after = before.clone();
    edit(&mut after);
    script(&before, &after, &renames)
}

fn table<'a>(schema: &'a mut Schema, name: &str) -> &'a mut Table {
    schema.tables.get_mut(&Ident::new(name)).expect(name)
}

fn edit_column(schema: &mut Schema, of: &str, name: &str, edit: impl FnOnce(&mut Column)) {
    let columns = &mut table(schema, of).columns;
    edit(
        columns
            .iter_mut()
            .find(|c| c.name.as_str() == name)
            .expect(name),
    );
}

fn part<'a>(schema: &'a mut Schema, of: &str, name: &str) -> &'a mut Part {
    let parts = &mut table(schema, of).parts;
    parts
        .iter_mut()
        .find(|part| part.name().as_str() == name)
        .expect(name)
}

fn remove_part(schema: &mut Schema, of: &str, name: &str) {
    table(schema, of)
        .parts
        .retain(|part| part.name().as_str() != name);
}

#[test]
fn columns_are_added() {
    let t = |name: &str, ty: &str| column("Things", name, ty);
    snapshot!(after(|schema| {
        let described = Column {
            description: Some("Why.".to_owned()),
            ..nullable(t("reason", "string(400)"))
        };
        table(schema, "things").columns.extend([
            described,
            with_default(t("retries", "int"), "dfThingsRetries", literal("0")),
            with_default(nullable(t("level", "int")), "dfThingsLevel", literal("1")),
            with_default(t("trace", "uuid"), "dfThingsTrace", DefaultValue::NewUuid),
            with_default(t("owner", "key(64)"), "dfThingsOwner", text("nobody")),
            t("required", "int"),
            Column {
                computed: Some(Computed {
                    expression: portable("\"order\" * 2"),
                    persisted: true,
                }),
                ..t("twice", "bigint")
            },
        ]);
        table(schema, "events").columns.push(Column {
            identity: Some(Identity {
                seed: 1000,
                increment: -1,
            }),
            ..column("Events", "number", "bigint")
        });
    }));
}

#[test]
fn columns_are_dropped() {
    snapshot!(after(|schema| {
        table(schema, "things")
            .columns
            .retain(|column| !["details", "weight", "localAt"].contains(&column.name.as_str()));
    }));
}

#[test]
fn columns_are_altered() {
    snapshot!(after(|schema| {
        edit_column(schema, "things", "notes", |column| column.nullable = false);
        edit_column(schema, "things", "status", |column| {
            column.ty = Type::String(64);
        });
        edit_column(schema, "things", "order", |column| column.ty = Type::BigInt);
        edit_column(schema, "things", "at", |column| column.ty = Type::Time(7));
        edit_column(schema, "things", "priority", |column| {
            column.default.as_mut().expect("a default").value = literal("1");
        });
        edit_column(schema, "things", "token", |column| column.default = None);
        edit_column(schema, "things", "payload", |column| {
            *column = with_default(column.clone(), "dfThingsPayload", literal("x''"));
        });
        edit_column(schema, "things", "label", |column| column.collation = None);
        edit_column(schema, "things", "legacy", |column| {
            column.ty = Type::Json;
            column.default = None;
        });
        edit_column(schema, "things", "tenantId", |column| {
            column.description = Some("The tenant.".to_owned());
        });
        edit_column(schema, "things", "search", |column| {
            column.computed.as_mut().expect("computed").expression = portable("upper(status)");
        });
        edit_column(schema, "accounts", "tenantId", |column| {
            column.ty = Type::Key(128);
        });
    }));
}

#[test]
fn a_column_that_only_exports_know_of_is_not_altered() {
    let sql = after(|schema| edit_column(schema, "things", "label", |c| c.deprecated = false));
    assert_eq!(sql, "-- Nothing to do.\n");
}

#[test]
fn parts_are_added_dropped_and_altered() {
    snapshot!(after(|schema| {
        remove_part(schema, "things", "uxThingsActive");
        remove_part(schema, "things", "ckThingsNative");
        remove_part(schema, "things", "fkThingsAccounts");
        *part(schema, "things", "ckThingsStatus") = check(
            "ckThingsStatus",
            "status in ('queued', 'running', 'failed')",
        );
        if let Part::Index(index) = part(schema, "things", "ixThingsOpen") {
            index.include = names(&["order"]);
        }
        if let Part::PrimaryKey(key) = part(schema, "events", "pkEvents") {
            key.columns = keys(&["tenantId", "eventId desc"]);
        }
        let things = table(schema, "things");
        things.parts.push(Part::Unique(Unique {
            name: "uqThingsOrder".into(),
            columns: keys(&["tenantId", "order"]),
            clustered: false,
        }));
        things
            .parts
            .push(Part::Index(index("ixThingsDay", &["tenantId", "day"])));
        things
            .parts
            .push(check("ckThingsDay", "day >= '2020-01-01'"));
        things.parts.push(Part::ForeignKey(ForeignKey {
            name: "fkThingsEvents".into(),
            columns: names(&["tenantId", "token"]),
            references: "events".into(),
            referenced_columns: names(&["tenantId", "eventId"]),
            on_delete: crate::model::ReferentialAction::SetNull,
            on_update: crate::model::ReferentialAction::Cascade,
        }));
    }));
}

#[test]
fn tables_are_dropped_and_their_options_altered() {
    snapshot!(after(|schema| {
        schema.tables.remove(&Ident::new("things"));
        let events = table(schema, "events");
        events.append_only = None;
        events.description = Some("What happened.".to_owned());
        let accounts = table(schema, "accounts");
        accounts.append_only = Some("trAccountsAppendOnly".into());
        accounts.description = None;
    }));
}

#[test]
fn tables_and_columns_are_renamed_with_what_hangs_on_them() {
    let mut renames = Renames::default();
    renames.tables.insert("occurrences".into(), "events".into());
    let things = Ident::new("things");
    renames
        .columns
        .insert((things.clone(), "state".into()), "status".into());
    renames
        .columns
        .insert((things, "orgId".into()), "tenantId".into());
    snapshot!(renamed(renames, |schema| {
        let mut events = schema.tables.remove(&Ident::new("events")).expect("events");
        events.name = "occurrences".into();
        for part in &mut events.parts {
            if let Part::ForeignKey(key) = part {
                key.references = "occurrences".into();
            }
        }
        schema.tables.insert(events.name.clone(), events);
        let rename = |from: &str, to: &str, table: &mut Table| {
            let text = serde_json::to_string(&table).expect("a table is plain data");
            // Names that hold the old name in another case stay.
            let text = text.replace(&format!("\"{from}\""), &format!("\"{to}\""));
            let text = text.replace(&format!("{from} "), &format!("{to} "));
            let text = text.replace(&format!("({from})"), &format!("({to})"));
            *table = serde_json::from_str(&text).expect("the same table");
        };
        let things = table(schema, "things");
        rename("status", "state", things);
        rename("tenantId", "orgId", things);
        // What it refers to keeps its name.
        for part in &mut things.parts {
            if let Part::ForeignKey(key) = part {
                key.referenced_columns = names(&["tenantId", "accountId"]);
            }
        }
    }));
}

#[test]
fn parts_are_renamed() {
    snapshot!(after(|schema| {
        for (table_name, from, to) in [
            ("accounts", "pkAccounts", "pkAccount"),
            ("things", "ckThingsRate", "ckThingsRateRange"),
            ("things", "ixThingsOpen", "ixThingsPending"),
        ] {
            let part = part(schema, table_name, from);
            *part = part.clone().renamed(to.into());
        }
    }));
}

#[test]
fn an_identity_needs_a_new_table() {
    snapshot!(after(|schema| {
        edit_column(schema, "accounts", "accountId", |column| {
            column.identity = Some(Identity {
                seed: 1,
                increment: 10,
            });
        });
        edit_column(schema, "accounts", "email", |column| {
            *column = with_default(column.clone(), "dfAccountsEmail", text(""));
        });
    }));
}

#[test]
fn a_part_is_altered_in_one_batch_where_the_planner_leaves_it_whole() {
    let schema = lowered(&everything());
    let things = schema.table(&"things".into()).expect("things");
    let from = things
        .part(&"ixThingsOpen".into())
        .expect("an index")
        .clone();
    let Part::Index(index) = from.clone() else {
        panic!("it is an index");
    };
    let step = Step::Alter {
        change: Change::AlterPart {
            table: "things".into(),
            from,
            to: Part::Index(Index {
                filter: None,
                ..index
            }),
        },
        before: Some(things.clone()),
        after: Some(things.clone()),
    };
    snapshot!(dialect().script(&[], &dialect().render(&[step])));
}

#[test]
fn indexes_alone_are_built_online_where_the_edition_has_it() {
    let before = lowered(&everything());
    let index_only = |schema: &mut Schema| {
        let part = Part::Index(index("ixThingsDay", &["day"]));
        table(schema, "things").parts.push(part);
    };
    let more = |schema: &mut Schema| {
        index_only(schema);
        edit_column(schema, "things", "order", |column| column.nullable = true);
    };
    let new_table = |schema: &mut Schema| {
        index_only(schema);
        let mut other = schema.tables[&Ident::new("events")].clone();
        other.name = "others".into();
        other.parts.clear();
        schema.tables.insert(other.name.clone(), other);
    };
    type Edit<'a> = &'a dyn Fn(&mut Schema);
    let sql = |edition, edit: Edit<'_>| {
        let mut wanted = everything();
        edit(&mut wanted);
        let after = lowered(&wanted);
        let dialect = super::Mssql {
            edition,
            ..dialect()
        };
        let steps =
            crate::plan::steps(&before, &after, &Renames::default(), dialect.capabilities());
        dialect.script(&[], &dialect.render(&steps))
    };
    use super::Edition::{Azure, Enterprise, Standard};
    let cases: [(_, Edit<'_>, bool); 5] = [
        (Azure, &index_only, true),
        (Enterprise, &index_only, true),
        (Standard, &index_only, false),
        // In one transaction with other changes it would block all the same.
        (Azure, &more, false),
        (Azure, &new_table, false),
    ];
    for (edition, edit, online) in cases {
        let sql = sql(edition, edit);
        assert_eq!(
            sql.contains("WITH (ONLINE = ON);"),
            online,
            "{edition:?}: {sql}"
        );
        let script = dialect().split(&sql).expect("it is whole");
        assert_eq!(script.directives.no_transaction, online, "{sql}");
        let wants: Vec<_> = script
            .batches
            .iter()
            .flat_map(|batch| dialect().wants(batch))
            .collect();
        assert_eq!(
            wants
                .iter()
                .any(|want| want.feature == crate::dialect::Feature::OnlineIndex),
            online,
            "{sql}"
        );
    }
    // Where they are left out, the comment says how to get them.
    assert!(sql(Azure, &more).contains("ONLINE"));
    assert!(!sql(Standard, &more).contains("ONLINE"));
}

#[test]
fn a_native_type_that_is_a_neutral_one_is_no_change() {
    let sql = after(|schema| {
        edit_column(schema, "things", "order", |column| {
            column.ty = Type::Native(Native {
                mssql: Some("INT".to_owned()),
                sqlite: Some("INTEGER".to_owned()),
            });
        });
    });
    assert_eq!(sql, "-- Nothing to do.\n");
}
