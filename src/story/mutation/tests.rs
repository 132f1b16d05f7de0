//! Which mutants a schema has, which of them count, and what kills them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::diag::{Source, Span};
use crate::dialect::sqlite::Sqlite;
use crate::engine::{Catalog, EngineError, Session};
use crate::story::clock::Instant;
use crate::story::load;
use crate::story::mutation::survivor::{Explained, explain};
use crate::story::run::tests::world::Files;
use crate::story::run::{Ground, RunOptions, World};
use crate::yaml::schema::{Rules, load as load_schema};

const PARENTS: &str = "\
table: orders
columns:
  tenantId: { type: key(64) }
  orderId: { type: uuid, default: newSequentialId }
  number: { type: key(20) }
  status: { type: string(10), oneOf: [open, closed], default: open }
  total: { type: \"decimal(9,2)\", min: 0, max: 1000, default: 0 }
  small: { type: tinyint, min: 0, nullable: true }
  closedAt: { type: timestamp(3), nullable: true }
  version: { type: rowVersion }
primaryKey: [tenantId, orderId]
unique:
  - columns: [tenantId, number]
checks:
  - name: ckOrdersClosed
    expression: status = 'open' and closedAt is null or status = 'closed' and closedAt is not null
indexes:
  - columns: [tenantId, status]
  - columns: [tenantId, closedAt]
  - name: uxOrdersOpen
    columns: [tenantId, total]
    unique: true
    where: status = 'open'
";

const CHILDREN: &str = "\
table: lines
appendOnly: true
columns:
  tenantId: { type: key(64) }
  lineId: { type: uuid, default: newSequentialId }
  orderId: { type: uuid }
primaryKey: [tenantId, lineId]
foreignKeys:
  - columns: [tenantId, orderId]
    references: { table: orders, columns: [tenantId, orderId] }
";

fn source(name: &str, text: impl Into<String>) -> Arc<Source> {
    Arc::new(Source {
        name: name.to_owned(),
        text: text.into(),
    })
}

fn schema() -> Schema {
    let files = [
        source("orders.yaml", PARENTS),
        source("lines.yaml", CHILDREN),
    ];
    let (loaded, findings) = load_schema(&files, &Rules::default());
    assert_eq!(findings, []);
    loaded.schema
}

fn tenancy() -> Tenancy {
    Tenancy {
        column: Some(Ident::new("tenantId")),
        exempt: BTreeSet::new(),
    }
}

/// Stories of one scenario each: its steps, two blanks deep.
fn stories(scenarios: &[&str]) -> Vec<Story> {
    let mut text =
        "story: T-1\ntitle: A story\ncriteria:\n  - { id: a, text: It holds., provenBy: \
                    database }\nscenarios:\n"
            .to_owned();
    for (number, steps) in scenarios.iter().enumerate() {
        text.push_str(&format!("  - name: scenario {number}\n    proves: [a]\n"));
        text.push_str("    as: { tenant: acme, actor: dana }\n    steps:\n");
        for line in steps.trim().lines() {
            text.push_str(&format!("      {line}\n"));
        }
    }
    let loaded = load(&[source("t.yaml", text)], &[], &schema(), &tenancy());
    assert!(!loaded.has_errors(), "{:#?}", loaded.findings);
    loaded.stories
}

fn all(stories: &[Story]) -> Vec<Mutant> {
    mutants(&schema(), &tenancy(), stories, &Sqlite)
}

fn lines(mutants: &[Mutant]) -> String {
    let lines: Vec<String> = mutants
        .iter()
        .map(|mutant| match &mutant.standing {
            Standing::Counts => format!("{} {}", mutant.object, mutant.change),
            Standing::NoPlan => format!("- {} {}: no plan", mutant.object, mutant.change),
            Standing::Equivalent(why) => {
                format!("- {} {}: {why}", mutant.object, mutant.change)
            }
        })
        .collect();
    lines.join("\n")
}

#[test]
fn every_rule_of_a_schema_is_broken_in_each_way_that_can_be_noticed() {
    insta::assert_snapshot!(lines(&all(&[])));
}

/// Why mutants of this schema do not count, by object and mutation.
fn apart(files: &[&str]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|text| source("t.yaml", *text)).collect();
    let (loaded, findings) = load_schema(&files, &Rules::default());
    assert_eq!(findings, []);
    let mutants = mutants(&loaded.schema, &tenancy(), &[], &Sqlite);
    let apart = mutants.iter().filter_map(|mutant| match &mutant.standing {
        Standing::Equivalent(why) if mutant.kind != Kind::Nullable => {
            Some(format!("{} {}: {why}", mutant.object, mutant.kind.word()))
        }
        _ => None,
    });
    apart.collect()
}

#[test]
fn what_another_rule_refuses_or_never_happens_does_not_count() {
    let facts = "\
table: facts
appendOnly: true
columns:
  tenantId: { type: key(64) }
  factId: { type: uuid }
  kind: { type: key(10) }
  version: { type: rowVersion }
primaryKey: [tenantId, factId]
unique:
  - columns: [tenantId, factId, kind]
";
    let uses = "\
table: uses
columns:
  tenantId: { type: key(64) }
  useId: { type: uuid }
  factId: { type: uuid }
primaryKey: [tenantId, useId]
foreignKeys:
  - columns: [tenantId, factId]
    references: { table: facts, columns: [tenantId, factId] }
";
    assert_eq!(
        apart(&[facts, uses]),
        [
            "facts.version versionFrozen: its rows never change",
            "facts.uqFactsTenantIdFactIdKind dropped: pkFacts refuses the same rows",
            "facts.uqFactsTenantIdFactIdKind withoutLastColumn: pkFacts refuses the same rows",
            "uses.fkUsesFacts deleteAction: no row of facts is ever removed",
        ]
    );
}

#[test]
fn an_index_counts_once_a_plan_names_it() {
    let plan =
        "- expectPlan: { table: orders, where: { status: open }, index: ixOrdersTenantIdStatus }";
    let of = |stories: &[Story]| {
        let dropped = all(stories).into_iter();
        let mut indexes = dropped.filter(|mutant| mutant.is_for_speed);
        indexes
            .find(|mutant| mutant.object.to_string() == "orders.ixOrdersTenantIdStatus")
            .map(|mutant| mutant.standing)
    };
    assert_eq!(of(&[]), Some(Standing::NoPlan));
    assert_eq!(of(&stories(&[plan])), Some(Standing::Counts));
    // A plan beside a look at the catalog judges nothing.
    let both = format!("{plan}\n- expectCatalog: {{ complete: true }}");
    assert_eq!(of(&stories(&[&both])), Some(Standing::NoPlan));
}

/// Makes databases from nothing, and not from a migrated one.
pub(in crate::story) struct FromNothing;

impl Laboratory for FromNothing {
    fn specimen(&self, schema: &Schema) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(Specimen(Files::new(schema), schema.clone())))
    }
}

struct Specimen(Files, Schema);

impl World for Specimen {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        self.0.open()
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        self.0.drift()
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        self.0.second_catalog()
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        FromNothing.specimen(&self.1)
    }

    fn schema(&self) -> Option<&Schema> {
        Some(&self.1)
    }
}

fn tried(stories: &[Story], chosen: impl Fn(&Mutant) -> bool) -> Vec<Trial> {
    let (schema, tenancy) = (schema(), tenancy());
    let world = Files::new(&schema);
    let ground = Ground {
        schema: &schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    let options = RunOptions {
        seed: 7,
        now: Instant::parse("2026-01-31T12:00:00.000Z"),
        ..RunOptions::default()
    };
    let mutants = all(stories).into_iter().filter(chosen).collect();
    let laboratory = FromNothing;
    let tried = run(&ground, stories, mutants, &laboratory, &options, &|_| {});
    tried.expect("specimens can be made").trials
}

fn verdicts(scenarios: &[&str], object: &str) -> Vec<String> {
    let stories = stories(scenarios);
    tried(&stories, |mutant| mutant.object.to_string() == object)
        .into_iter()
        .map(|trial| {
            let by = match &trial.verdict {
                Verdict::Killed(killer) => format!(" by {} {}", killer.scenario, killer.step),
                _ => String::new(),
            };
            format!("{}: {}{by}", trial.mutant.kind.word(), trial.verdict.word())
        })
        .collect()
}

const ORDER: &str = "- insert: { into: orders, row: { number: A }, save: order }";

#[test]
fn the_scenario_that_names_what_is_broken_kills_it() {
    let other = "- insert: { into: orders, row: { number: B } }";
    let twice = format!(
        "{ORDER}\n- expectError:\n    kind: unique\n    constraint: uqOrdersTenantIdNumber\n    \
         step:\n      insert: {{ into: orders, row: {{ number: A, total: 1 }} }}"
    );
    let across = format!("{ORDER}\n- as: {{ tenant: globex }}\n{ORDER}").replacen(
        "save: order }\n- as",
        "save: first }\n- as",
        1,
    );
    assert_eq!(
        verdicts(&[other, &twice, &across], "orders.uqOrdersTenantIdNumber"),
        [
            "dropped: killed by scenario 1 2",
            "withoutTenant: killed by scenario 2 3",
            // Nobody inserts two orders for one tenant that are both accepted.
            "withoutLastColumn: survived",
        ]
    );
}

#[test]
fn looks_at_the_catalog_kill_nothing() {
    let looks = "- expectCatalog: { complete: true }";
    let changes = "- alter: { sql: { sqlite: \"DROP INDEX uxOrdersOpen\", mssql: \"x\" } }";
    assert_eq!(
        verdicts(&[looks, changes], "orders.uxOrdersOpen"),
        [
            "dropped: survived",
            "withoutTenant: survived",
            "withoutLastColumn: survived",
            "withoutFilter: survived",
        ]
    );
}

#[test]
fn a_scenario_that_fails_with_nothing_broken_judges_no_mutant() {
    let broken = format!("{ORDER}\n- expectRows: {{ table: orders, count: 2 }}");
    assert_eq!(
        verdicts(&[&broken], "orders.dfOrdersStatus"),
        ["defaultDropped: survived", "defaultChanged: survived"]
    );
    assert_eq!(
        verdicts(&[&broken, ORDER], "orders.dfOrdersStatus"),
        [
            "defaultDropped: killed by scenario 1 1",
            // A closed order without its time breaks a check.
            "defaultChanged: killed by scenario 1 1",
        ]
    );
}

#[test]
fn a_key_that_takes_its_foreign_keys_along_is_killed_by_its_own_name_alone() {
    let orphan = format!(
        "{ORDER}\n- expectError:\n    kind: foreignKey\n    step:\n      insert: {{ into: lines, \
         row: {{ orderId: 0190b2c4-0000-7000-8000-000000000001 }} }}"
    );
    let twice = format!(
        "{ORDER}\n- expectError:\n    kind: unique\n    constraint: pkOrders\n    step:\n      \
         insert: {{ into: orders, row: {{ orderId: $order.orderId, number: B, total: 1 }} }}"
    );
    assert_eq!(
        verdicts(&[&orphan], "orders.pkOrders"),
        ["dropped: survived"]
    );
    assert_eq!(
        verdicts(&[&orphan, &twice], "orders.pkOrders"),
        ["dropped: killed by scenario 1 2"]
    );
    let key = verdicts(&[&orphan], "lines.fkLinesOrders");
    assert_eq!(key[0], "dropped: killed by scenario 0 2");
}

#[test]
fn each_scenario_meets_a_database_without_the_rows_of_the_others() {
    // Over all tenants the second would be refused by the row of the first.
    assert_eq!(
        verdicts(&[ORDER, ORDER], "orders.uqOrdersTenantIdNumber"),
        [
            "dropped: survived",
            "withoutTenant: survived",
            "withoutLastColumn: survived",
        ]
    );
}

#[test]
fn explanations_are_held_to_what_they_explain() {
    let stories = stories(&[ORDER]);
    let trials = || tried(&stories, |mutant| mutant.object.table.as_str() == "orders");
    let about = |object: &str, mutation, until: Option<&str>| {
        let (table, member) = object.split_once('.').expect("a member of a table");
        Explained {
            object: ObjectPath::member(&Ident::new(table), &Ident::new(member)),
            mutation,
            reason: "because".to_owned(),
            until: until.map(str::to_owned),
            span: Span::new(&source("t.yaml", object), 0..object.len()),
        }
    };
    let codes = |explanations: &[Explained]| -> Vec<(&str, String)> {
        let (_, findings) = explain(trials(), explanations, "2026-02-01", &|_| None);
        findings
            .into_iter()
            .map(|finding| (finding.code, finding.message))
            .collect()
    };
    let number = |until| about("orders.number", Some(Kind::Nullable), until);
    assert_eq!(codes(&[number(None), number(Some("2026-02-01"))]), []);
    let expired = codes(&[number(Some("2026-01-31"))]);
    assert_eq!(expired[0].0, "mutation/expired-explanation");
    let killed = codes(&[about(
        "orders.dfOrdersStatus",
        Some(Kind::DefaultDropped),
        None,
    )]);
    assert_eq!(
        killed,
        [(
            "mutation/unused-explanation",
            "orders.dfOrdersStatus is explained as a survivor, but T-1, \"scenario 0\", notices it"
                .to_owned()
        )]
    );
    let none = codes(&[about("orders.number", Some(Kind::DefaultDropped), None)]);
    assert_eq!(none[0].0, "mutation/unused-explanation");

    let (entries, _) = explain(trials(), &[number(None)], "2026-02-01", &|_| None);
    let explained = entries.iter().filter(|entry| entry.explained.is_some());
    let explained: Vec<String> = explained
        .map(|entry| entry.trial.mutant.headline())
        .collect();
    assert_eq!(explained, ["column orders.number takes NULL"]);
    let tally = report::Tally::of(&entries);
    assert_eq!(
        (tally.explained, tally.counted()),
        (1, tally.killed + tally.survived)
    );
}

#[test]
fn a_score_is_never_rounded_up() {
    let tally = report::Tally {
        killed: 1899,
        survived: 100,
        ..report::Tally::default()
    };
    assert_eq!(tally.score(), Some(94.9));
    assert!(!tally.reaches(95.0));
    assert!(tally.reaches(94.9));
    assert!(report::Tally::default().reaches(100.0));
    assert_eq!(report::Tally::default().score(), None);
}
