//! What other hands do to a catalog, and what drift has to say of it.

use super::simulate::object;
use crate::engine::CatalogObject;

/// What was done behind dbtool's back to the rows of a catalog.
type Deed = fn(&mut Vec<CatalogObject>);

fn find<'a>(objects: &'a mut [CatalogObject], kind: &str, name: &str) -> &'a mut CatalogObject {
    objects
        .iter_mut()
        .find(|object| object.kind == kind && object.name == name)
        .unwrap_or_else(|| panic!("there is a {kind} {name}"))
}

pub(super) fn set(objects: &mut [CatalogObject], kind: &str, name: &str, fact: &str, value: &str) {
    let facts = &mut find(objects, kind, name).facts;
    if value == "0" {
        facts.remove(fact);
    } else {
        facts.insert(fact.to_owned(), value.to_owned());
    }
}

pub(super) fn define(objects: &mut [CatalogObject], kind: &str, name: &str, text: &str) {
    find(objects, kind, name).definition = Some(text.to_owned());
}

pub(super) fn remove(objects: &mut Vec<CatalogObject>, kind: &str, name: &str) {
    let before = objects.len();
    objects.retain(|object| !(object.kind == kind && object.name == name));
    assert!(objects.len() < before, "there is a {kind} {name}");
}

pub(super) fn add(
    objects: &mut Vec<CatalogObject>,
    kind: &str,
    table: Option<&str>,
    name: &str,
    text: &str,
) {
    objects.push(object(kind, table, name, Some(text.to_owned()), &[]));
}

/// Each deed, the code of the finding that it has to give and the path that it has to name.
pub(super) const DEEDS: &[(&str, &str, &str, Deed)] = &[
    ("a table dropped", "drift/missing-table", "events", |o| {
        o.retain(|object| object.name != "events" && object.table.as_deref() != Some("events"));
    }),
    ("a table added", "drift/extra-table", "stray", |o| {
        o.push(object("table", None, "stray", None, &[]));
    }),
    (
        "a column dropped",
        "drift/missing-column",
        "things.notes",
        |o| remove(o, "column", "notes"),
    ),
    (
        "a column added",
        "drift/extra-column",
        "accounts.nick",
        |o| {
            let facts = [("type", "int".to_owned()), ("position", "9".to_owned())];
            o.push(object("column", Some("accounts"), "nick", None, &facts));
        },
    ),
    (
        "a column narrowed",
        "drift/changed-column",
        "things.status",
        |o| {
            set(o, "column", "status", "length", "32");
        },
    ),
    (
        "another precision",
        "drift/changed-column",
        "things.rate",
        |o| {
            set(o, "column", "rate", "precision", "6");
        },
    ),
    (
        "fewer fractions of a second",
        "drift/changed-column",
        "things.createdAt",
        |o| {
            set(o, "column", "createdAt", "scale", "0");
        },
    ),
    (
        "NULL allowed",
        "drift/changed-column",
        "things.order",
        |o| {
            set(o, "column", "order", "nullable", "1");
        },
    ),
    (
        "another collation",
        "drift/changed-column",
        "things.label",
        |o| {
            set(
                o,
                "column",
                "label",
                "collation",
                "Latin1_General_100_CI_AI",
            );
        },
    ),
    (
        "a key in the collation of people",
        "drift/changed-column",
        "accounts.tenantId",
        |o| {
            for column in o
                .iter_mut()
                .filter(|c| c.kind == "column" && c.table.as_deref() == Some("accounts"))
            {
                if column.name == "tenantId" {
                    column.facts.insert(
                        "collation".to_owned(),
                        "Latin1_General_100_CI_AS".to_owned(),
                    );
                }
            }
        },
    ),
    (
        "a type check dropped",
        "drift/changed-column",
        "things.details",
        |o| {
            remove(o, "check", "tyThingsDetails");
        },
    ),
    (
        "a type check widened",
        "drift/changed-column",
        "accounts.tenantId",
        |o| {
            define(
                o,
                "check",
                "tyAccountsTenantId",
                "(datalength([tenantId])>(0))",
            );
        },
    ),
    (
        "a default changed",
        "drift/changed-column",
        "things.status",
        |o| {
            define(o, "default", "dfThingsStatus", "(N'running')");
        },
    ),
    (
        "a default dropped",
        "drift/changed-column",
        "things.priority",
        |o| {
            remove(o, "default", "dfThingsPriority");
        },
    ),
    (
        "local time for UTC",
        "drift/changed-column",
        "things.createdAt",
        |o| {
            define(o, "default", "dfThingsCreatedAt", "(sysdatetime())");
        },
    ),
    (
        "an identity that counts otherwise",
        "drift/changed-column",
        "accounts.accountId",
        |o| {
            set(o, "column", "accountId", "increment", "10");
        },
    ),
    (
        "another computation",
        "drift/changed-column",
        "things.search",
        |o| {
            define(
                o,
                "column",
                "search",
                "(CONVERT([nvarchar](120),lower([status])))",
            );
        },
    ),
    (
        "a computed value no longer stored",
        "drift/changed-column",
        "things.search",
        |o| {
            set(o, "column", "search", "persisted", "0");
        },
    ),
    (
        "a column's description edited",
        "drift/changed-column",
        "things.tenantId",
        |o| {
            let described = |p: &&mut CatalogObject| {
                p.kind == "property" && p.facts.get("column").is_some_and(|c| c == "tenantId")
            };
            o.iter_mut()
                .find(described)
                .expect("it is described")
                .definition = Some("Other.".to_owned());
        },
    ),
    (
        "a table's description dropped",
        "drift/changed-table",
        "accounts",
        |o| {
            o.retain(|p| !(p.kind == "property" && p.table.as_deref() == Some("accounts")));
        },
    ),
    (
        "a check dropped",
        "drift/missing-check",
        "things.ckThingsRate",
        |o| remove(o, "check", "ckThingsRate"),
    ),
    (
        "a check with another constant",
        "drift/changed-check",
        "things.ckThingsRate",
        |o| {
            define(o, "check", "ckThingsRate", "([rate]>=(0) AND [rate]<=(2))");
        },
    ),
    (
        "a value added to a check",
        "drift/changed-check",
        "things.ckThingsStatus",
        |o| {
            let check = find(o, "check", "ckThingsStatus");
            let text = check.definition.as_deref().expect("a text").replacen(
                '(',
                "([status]=N'lost' OR ",
                1,
            );
            check.definition = Some(text);
        },
    ),
    (
        "a native check edited",
        "drift/changed-check",
        "things.ckThingsNative",
        |o| {
            define(
                o,
                "check",
                "ckThingsNative",
                "(NOT [sha256] like '%[^0-9a-z]%')",
            );
        },
    ),
    (
        "a check disabled",
        "drift/unexpected-object",
        "things.ckThingsRate",
        |o| {
            set(o, "check", "ckThingsRate", "disabled", "1");
            set(o, "check", "ckThingsRate", "notTrusted", "1");
        },
    ),
    (
        "a check not trusted",
        "drift/unexpected-object",
        "things.ckThingsRate",
        |o| {
            set(o, "check", "ckThingsRate", "notTrusted", "1");
        },
    ),
    (
        "a check that the server named",
        "drift/extra-check",
        "things.CK__things__order__1A2B3C4D",
        |o| {
            let facts = [("systemNamed", "1".to_owned())];
            o.push(object(
                "check",
                Some("things"),
                "CK__things__order__1A2B3C4D",
                Some("([order]>(0))".to_owned()),
                &facts,
            ));
        },
    ),
    (
        "a primary key clustered",
        "drift/changed-primary-key",
        "things.pkThings",
        |o| {
            set(o, "key", "pkThings", "type", "1");
        },
    ),
    (
        "a unique constraint dropped",
        "drift/missing-unique",
        "accounts.uqAccountsTenantIdEmail",
        |o| {
            remove(o, "key", "uqAccountsTenantIdEmail");
        },
    ),
    (
        "a key's column sorted upwards",
        "drift/changed-unique",
        "things.uqThingsTenantIdCode",
        |o| {
            for row in o
                .iter_mut()
                .filter(|row| row.kind == "indexColumn" && row.name == "uqThingsTenantIdCode")
            {
                row.facts.remove("descending");
            }
        },
    ),
    (
        "an index dropped",
        "drift/missing-index",
        "things.ixThingsOpen",
        |o| remove(o, "index", "ixThingsOpen"),
    ),
    (
        "an index renamed",
        "drift/renamed-index",
        "things.ixThingsOpen",
        |o| {
            for row in o.iter_mut().filter(|row| row.name == "ixThingsOpen") {
                row.name = "ixOpen".to_owned();
            }
        },
    ),
    (
        "an index that is unique no more",
        "drift/changed-index",
        "things.uxThingsActive",
        |o| {
            set(o, "index", "uxThingsActive", "unique", "0");
        },
    ),
    (
        "another filter",
        "drift/changed-index",
        "things.uxThingsActive",
        |o| {
            define(
                o,
                "index",
                "uxThingsActive",
                "([code] IN ('a', 'c') AND [isActive]<>(0))",
            );
        },
    ),
    (
        "an included column gone",
        "drift/changed-index",
        "things.ixThingsOpen",
        |o| {
            o.retain(|row| !(row.name == "ixThingsOpen" && row.facts.contains_key("included")));
        },
    ),
    (
        "an index disabled",
        "drift/unexpected-object",
        "things.ixThingsOpen",
        |o| {
            set(o, "index", "ixThingsOpen", "disabled", "1");
        },
    ),
    (
        "an index that drops duplicates",
        "drift/unexpected-object",
        "things.uxThingsActive",
        |o| {
            set(o, "index", "uxThingsActive", "ignoreDuplicates", "1");
        },
    ),
    (
        "pages filled to 80 percent",
        "drift/unexpected-object",
        "things.pkThings",
        |o| {
            set(o, "key", "pkThings", "fillFactorPercent", "80");
        },
    ),
    (
        "compressed rows",
        "drift/unexpected-object",
        "things.ixThingsTenantIdCreatedAt",
        |o| {
            set(
                o,
                "index",
                "ixThingsTenantIdCreatedAt",
                "compression",
                "PAGE",
            );
        },
    ),
    (
        "a columnstore index",
        "drift/unexpected-index",
        "things.cs",
        |o| {
            let facts = [
                ("type", "6".to_owned()),
                ("typeName", "NONCLUSTERED COLUMNSTORE".to_owned()),
            ];
            o.push(object("index", Some("things"), "cs", None, &facts));
        },
    ),
    (
        "a foreign key that cascades no more",
        "drift/changed-foreign-key",
        "things.fkThingsAccounts",
        |o| {
            set(o, "foreignKey", "fkThingsAccounts", "onDelete", "NO_ACTION");
        },
    ),
    (
        "a foreign key into another schema",
        "drift/missing-foreign-key",
        "things.fkThingsAccounts",
        |o| {
            set(
                o,
                "foreignKey",
                "fkThingsAccounts",
                "referencedSchema",
                "sales",
            );
        },
    ),
    (
        "a foreign key disabled",
        "drift/unexpected-object",
        "events.fkEventsEvents",
        |o| {
            set(o, "foreignKey", "fkEventsEvents", "disabled", "1");
        },
    ),
    (
        "the append-only trigger edited",
        "drift/changed-table",
        "events",
        |o| {
            define(
                o,
                "trigger",
                "trEventsAppendOnly",
                "CREATE TRIGGER [dbo].[trEventsAppendOnly] ON [dbo].[events] AFTER DELETE AS RETURN;",
            );
        },
    ),
    (
        "the append-only trigger disabled",
        "drift/changed-table",
        "events",
        |o| {
            set(o, "trigger", "trEventsAppendOnly", "disabled", "1");
        },
    ),
    (
        "another trigger",
        "drift/unexpected-trigger",
        "accounts.trSpy",
        |o| {
            add(
                o,
                "trigger",
                Some("accounts"),
                "trSpy",
                "CREATE TRIGGER dbo.trSpy ON dbo.accounts AFTER INSERT AS RETURN;",
            );
        },
    ),
    ("a view", "drift/unexpected-view", "vThings", |o| {
        add(
            o,
            "view",
            None,
            "vThings",
            "CREATE VIEW dbo.vThings AS SELECT 1 AS one;",
        );
    }),
    ("a procedure", "drift/unexpected-object", "pDo", |o| {
        add(
            o,
            "procedure",
            None,
            "pDo",
            "CREATE PROCEDURE dbo.pDo AS RETURN;",
        );
    }),
    ("a synonym", "drift/unexpected-object", "elsewhere", |o| {
        add(o, "synonym", None, "elsewhere", "[other].[dbo].[things]");
    }),
    ("a sequence", "drift/unexpected-object", "counter", |o| {
        o.push(object(
            "sequence",
            None,
            "counter",
            None,
            &[("start", "1".to_owned())],
        ));
    }),
    ("a mask", "drift/unexpected-object", "accounts.email", |o| {
        set(o, "column", "email", "masked", "1");
    }),
    (
        "a table that keeps versions",
        "drift/unexpected-object",
        "things",
        |o| {
            set(o, "table", "things", "temporalType", "2");
        },
    ),
    (
        "a security policy",
        "drift/unexpected-object",
        "things.rls",
        |o| {
            let facts = [
                ("predicateType", "FILTER".to_owned()),
                ("enabled", "1".to_owned()),
            ];
            o.push(object(
                "securityPolicy",
                Some("things"),
                "rls",
                Some("dbo.f(tenantId)".to_owned()),
                &facts,
            ));
        },
    ),
    (
        "an index build that was paused",
        "drift/unexpected-object",
        "things.ixNew",
        |o| {
            add(
                o,
                "pausedIndexBuild",
                Some("things"),
                "ixNew",
                "CREATE INDEX ixNew ON dbo.things (tenantId)",
            );
        },
    ),
    ("a right taken away", "drift/hidden", "", |o| {
        set(o, "database", "database", "viewDefinition", "0");
    }),
    ("a text kept back", "drift/hidden", "", |o| {
        find(o, "check", "ckThingsRate").definition = None;
    }),
];
