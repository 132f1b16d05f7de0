//! What drift says of a catalog that other hands changed.

use super::dialect;
use super::simulate::{object, simulate};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::mssql::tests::fixture;
use crate::dialect::{Described, Dialect, Evidence};
use crate::drift::Judgement;
use crate::engine::{Catalog, CatalogObject};
use crate::model::Schema;

/// What was done behind dbtool's back to the rows of a catalog.
type Deed = fn(&mut Vec<CatalogObject>);

fn expected() -> Schema {
    dialect().lower(&fixture::everything()).0
}

/// What drift says of this catalog, after one that was as it should be was recorded.
fn findings(live: &Catalog, recorded: Option<&Catalog>) -> Vec<Diagnostic> {
    let dialect = dialect();
    let live: Described = dialect.interpret(live);
    let recorded = recorded.map(|catalog| dialect.interpret(catalog));
    Judgement {
        dialect: &dialect,
        expected: &expected(),
        live: &live,
        recorded: recorded.as_ref(),
        place: &|_| None,
    }
    .findings()
}

fn errors(live: &Catalog, recorded: Option<&Catalog>) -> Vec<Diagnostic> {
    let mut found = findings(live, recorded);
    found.retain(|finding| finding.severity == Severity::Error);
    found
}

fn find<'a>(objects: &'a mut [CatalogObject], kind: &str, name: &str) -> &'a mut CatalogObject {
    objects
        .iter_mut()
        .find(|object| object.kind == kind && object.name == name)
        .unwrap_or_else(|| panic!("there is a {kind} {name}"))
}

fn set(objects: &mut [CatalogObject], kind: &str, name: &str, fact: &str, value: &str) {
    let facts = &mut find(objects, kind, name).facts;
    if value == "0" {
        facts.remove(fact);
    } else {
        facts.insert(fact.to_owned(), value.to_owned());
    }
}

fn define(objects: &mut [CatalogObject], kind: &str, name: &str, text: &str) {
    find(objects, kind, name).definition = Some(text.to_owned());
}

fn remove(objects: &mut Vec<CatalogObject>, kind: &str, name: &str) {
    let before = objects.len();
    objects.retain(|object| !(object.kind == kind && object.name == name));
    assert!(objects.len() < before, "there is a {kind} {name}");
}

fn add(objects: &mut Vec<CatalogObject>, kind: &str, table: Option<&str>, name: &str, text: &str) {
    objects.push(object(kind, table, name, Some(text.to_owned()), &[]));
}

/// Each deed, the code of the finding that it has to give and the path that it has to name.
const DEEDS: &[(&str, &str, &str, Deed)] = &[
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
        set(o, "database", "database", "viewDefinition", "0")
    }),
    ("a text kept back", "drift/hidden", "", |o| {
        find(o, "check", "ckThingsRate").definition = None;
    }),
];

#[test]
fn an_untouched_database_has_no_drift() {
    let catalog = simulate(&expected());
    assert_eq!(findings(&catalog, Some(&catalog)), vec![]);
    assert_eq!(findings(&catalog, None), vec![]);
}

#[test]
fn every_deed_is_found_and_named() {
    let recorded = simulate(&expected());
    let mut failures = Vec::new();
    for (deed, code, path, change) in DEEDS {
        let mut live = recorded.clone();
        change(&mut live.objects);
        live.objects.sort();
        let found: Vec<(&str, String)> = errors(&live, Some(&recorded))
            .iter()
            .map(|f| {
                (
                    f.code,
                    f.path.as_ref().map(ToString::to_string).unwrap_or_default(),
                )
            })
            .collect();
        if !found.contains(&(code, (*path).to_owned())) {
            failures.push(format!("{deed}: {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_automatic_tuning_and_other_tools_made_is_no_drift() {
    let recorded = simulate(&expected());
    let mut live = recorded.clone();
    let facts = [("type", "2".to_owned()), ("autoCreated", "1".to_owned())];
    live.objects.push(object(
        "index",
        Some("things"),
        "nci_wi_things_1",
        None,
        &facts,
    ));
    for table in [
        "dbtoolHistory",
        "_prisma_migrations",
        "__EFMigrationsHistory",
    ] {
        live.objects.push(object("table", None, table, None, &[]));
        add(
            &mut live.objects,
            "trigger",
            Some(table),
            "trOwn",
            "CREATE TRIGGER",
        );
    }
    let mut elsewhere = object("table", None, "things", None, &[]);
    elsewhere
        .facts
        .insert("schema".to_owned(), "sales".to_owned());
    live.objects.push(elsewhere);
    live.objects.sort();
    assert_eq!(findings(&live, Some(&recorded)), vec![]);
}

#[test]
fn what_a_state_is_put_right_by_is_a_statement() {
    let recorded = simulate(&expected());
    let mut live = recorded.clone();
    set(
        &mut live.objects,
        "foreignKey",
        "fkThingsAccounts",
        "notTrusted",
        "1",
    );
    let found = errors(&live, Some(&recorded));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].remedy.as_deref(),
        Some("ALTER TABLE [dbo].[things] WITH CHECK CHECK CONSTRAINT [fkThingsAccounts];")
    );
}

#[test]
fn the_collation_of_the_database_is_no_difference_when_it_is_declared() {
    let mut recorded = simulate(&expected());
    set(
        &mut recorded.objects,
        "database",
        "database",
        "collation",
        "Latin1_General_100_CS_AS",
    );
    for column in recorded
        .objects
        .iter_mut()
        .filter(|object| object.kind == "column")
    {
        for collation in column
            .facts
            .values_mut()
            .filter(|value| value.starts_with("SQL_"))
        {
            *collation = "Latin1_General_100_CS_AS".to_owned();
        }
    }
    assert_eq!(findings(&recorded, Some(&recorded)), vec![]);
}

#[test]
fn a_default_that_nobody_can_read_passes_only_as_it_was_recorded() {
    let mut schema = expected();
    let table = schema.tables.get_mut(&"accounts".into()).expect("a table");
    let column = table
        .columns
        .iter_mut()
        .find(|column| column.name.as_str() == "email");
    column.expect("a column").default = Some(crate::model::Default {
        name: "dfAccountsEmail".into(),
        value: crate::model::DefaultValue::Sql("NEXT VALUE FOR dbo.mails".to_owned()),
    });
    let recorded = simulate(&schema);
    let judged = |live: &Catalog| {
        let dialect = dialect();
        let findings = Judgement {
            dialect: &dialect,
            expected: &schema,
            live: &dialect.interpret(live),
            recorded: Some(&dialect.interpret(&recorded)),
            place: &|_| None,
        }
        .findings();
        findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(judged(&recorded), ["drift/unknown"]);
    let mut live = recorded.clone();
    define(
        &mut live.objects,
        "default",
        "dfAccountsEmail",
        "(NEXT VALUE FOR [dbo].[posts])",
    );
    assert_eq!(judged(&live), ["drift/changed-column"]);
}

#[test]
fn names_in_expressions_are_compared_as_the_collation_compares_them() {
    let recorded = simulate(&expected());
    let mut live = recorded.clone();
    define(
        &mut live.objects,
        "check",
        "ckThingsRate",
        "([RATE]>=(0) AND [Rate]<=(1))",
    );
    assert_eq!(errors(&live, Some(&recorded)), vec![]);
    set(
        &mut live.objects,
        "database",
        "database",
        "collation",
        "Latin1_General_100_CS_AS",
    );
    assert!(!errors(&live, Some(&recorded)).is_empty());
}

#[test]
fn a_stand_in_is_judged_by_its_recorded_rows_alone() {
    let mut recorded = simulate(&expected());
    recorded.product = "Babelfish for PostgreSQL with SQL Server Compatibility".to_owned();
    recorded.objects.retain(|object| object.kind != "database");
    let described = dialect().interpret(&recorded);
    assert!(matches!(described.evidence, Evidence::RowsOnly(_)));
    assert_eq!(described.schema, Schema::default());
    assert_eq!(errors(&recorded, Some(&recorded)), vec![]);

    let mut live = recorded.clone();
    define(
        &mut live.objects,
        "check",
        "ckThingsRate",
        "((rate >= 0) AND (rate <= 2))",
    );
    remove(&mut live.objects, "index", "ixThingsOpen");
    let found = errors(&live, Some(&recorded));
    let paths: Vec<String> = found
        .iter()
        .map(|f| f.path.as_ref().expect("a place").to_string())
        .collect();
    assert_eq!(paths, ["things.ckThingsRate", "things.ixThingsOpen"]);

    let unrecorded = errors(&live, None);
    assert_eq!(unrecorded.len(), 1);
    assert_eq!(unrecorded[0].code, "drift/nothing-recorded");
}
