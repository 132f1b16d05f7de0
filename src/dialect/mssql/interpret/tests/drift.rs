//! What drift says of a catalog that other hands changed.

use super::deeds::{DEEDS, add, define, remove, set};
use super::dialect;
use super::simulate::{object, simulate};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::mssql::tests::fixture;
use crate::dialect::{Described, Dialect, Evidence};
use crate::drift::Judgement;
use crate::engine::Catalog;
use crate::model::Schema;

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
