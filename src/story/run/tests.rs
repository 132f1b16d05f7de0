//! Every kind of step on real SQLite files, going well and going wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::diag::{Severity, Source};
use crate::dialect::sqlite::Sqlite;
use crate::model::{Ident, Part};
use crate::story::load::{Loaded, load};
use crate::yaml;
use crate::yaml::files::read_folder;

mod counted;
mod generated;
mod shipped;
mod silent;
mod steps;
mod tenancy;
pub(in crate::story) mod world;

use world::Files;

const NOW: &str = "2026-01-31T12:00:00.000Z";

fn files(folder: &str) -> Vec<Arc<Source>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    read_folder(&path, Phase::Schema).unwrap().files
}

pub(super) fn schema(folder: &str) -> Schema {
    let (loaded, findings) = yaml::schema::load(&files(folder), &yaml::schema::Rules::default());
    assert_eq!(findings, []);
    loaded.schema
}

pub(super) fn tenancy() -> Tenancy {
    Tenancy {
        column: Some(Ident::new("tenantId")),
        exempt: BTreeSet::new(),
    }
}

/// A story of one criterion and these scenarios, whose steps are given as YAML.
fn story(scenarios: &[&str]) -> Loaded {
    let mut text = "story: T-1\ntitle: A story\ncriteria:\n  \
                    - { id: a, text: It holds., provenBy: database }\nscenarios:\n"
        .to_owned();
    for (number, steps) in scenarios.iter().enumerate() {
        text.push_str(&format!(
            "  - name: scenario {number}\n    proves: [a]\n    \
             as: {{ tenant: acme, actor: dana }}\n    steps:\n"
        ));
        for line in steps.lines().filter(|line| !line.trim().is_empty()) {
            text.push_str(&format!("      {line}\n"));
        }
    }
    let source = Arc::new(Source {
        name: "story.yaml".into(),
        text,
    });
    let rows = files("tests/cases/story/rows");
    load(
        &[source],
        &rows,
        &schema("tests/cases/story/schema"),
        &tenancy(),
    )
}

fn run_on(world: &dyn World, loaded: &Loaded, options: &RunOptions) -> StoryReport {
    assert!(!loaded.has_errors(), "{:#?}", loaded.findings);
    let schema = schema("tests/cases/story/schema");
    let tenancy = tenancy();
    let ground = Ground {
        schema: &schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world,
    };
    run(&ground, &loaded.stories, options, &mut |_, _| {})
}

fn options() -> RunOptions {
    RunOptions {
        seed: 7,
        now: Instant::parse(NOW),
        ..RunOptions::default()
    }
}

/// The schema without the parts that are not kept.
fn edited(keep: impl Fn(&Ident, &Part) -> bool) -> Schema {
    let mut schema = schema("tests/cases/story/schema");
    for table in schema.tables.values_mut() {
        let name = table.name.clone();
        table.parts.retain(|part| keep(&name, part));
    }
    schema
}

/// The failure of a scenario with these steps on a database of this schema.
fn failure_in(schema: &Schema, steps: &str) -> Option<Failure> {
    let mut report = run_on(&Files::new(schema), &story(&[steps]), &options());
    report.stories.remove(0).scenarios.remove(0).failure
}

fn passes(steps: &str) {
    let failure = failure_in(&schema("tests/cases/story/schema"), steps);
    assert!(failure.is_none(), "{failure:#?}");
}

/// Code, step and message of the failure, and what was expected and found.
fn fails_in(schema: &Schema, steps: &str) -> String {
    let failure = failure_in(schema, steps).expect("the scenario fails");
    let finding = failure.finding;
    assert_eq!(finding.phase, Phase::Persistence);
    assert_eq!(finding.severity, Severity::Error);
    assert!(
        finding.span.is_some() && finding.help.is_some(),
        "{finding:#?}"
    );
    let message = finding.message.strip_prefix("T-1, \"scenario 0\", step ");
    let mut text = format!("{}: {}", finding.code, message.expect("where it failed"));
    if let Some(difference) = finding.difference {
        text.push_str(&format!(
            "\n<<<\n{}\n>>>\n{}",
            difference.expected, difference.found
        ));
    }
    text
}

fn fails(steps: &str) -> String {
    fails_in(&schema("tests/cases/story/schema"), steps)
}

const IDEMPOTENT: &str = "
- insert: { row: queuedJob, with: { requestKey: same }, save: first }
- expectError:
    kind: unique
    constraint: uqJobsTenantIdRequestKey
    step: { insert: { row: queuedJob, with: { requestKey: same } } }
- expectRows: { table: jobs, where: { requestKey: same }, rows: [{ jobId: $first.jobId }] }
- as: { tenant: globex }
- insert: { row: queuedJob, with: { requestKey: same } }
";

const AT_ONCE: &str = "
- concurrently:
    copies: 8
    steps: [{ insert: { row: queuedJob, with: { requestKey: same }, save: winner } }]
    succeeded: 1
    failed: { kind: unique, constraint: uqJobsTenantIdRequestKey }
- expectRows: { table: jobs, rows: [{ jobId: $winner.jobId }] }
";

#[test]
fn the_idempotency_scenario_is_green_and_turns_red_without_its_key() {
    passes(IDEMPOTENT);
    passes(AT_ONCE);
    let without = edited(|_, part| part.name().as_str() != "uqJobsTenantIdRequestKey");
    assert_eq!(
        fails_in(&without, IDEMPOTENT),
        "story/no-error: 2: the step was accepted, but unique (uqJobsTenantIdRequestKey) should \
         have refused it\n<<<\nrefused by unique (uqJobsTenantIdRequestKey)\n>>>\naccepted"
    );
    assert_eq!(
        fails_in(&without, AT_ONCE),
        "story/copies: 1: 8 of 8 copies succeeded at once, not 1\n<<<\n1 × succeeded\n\
         7 × refused by unique (uqJobsTenantIdRequestKey)\n>>>\n8 × succeeded"
    );
}

#[test]
fn rows_are_inserted_with_defaults_and_generated_values_and_read_back() {
    passes(
        "
- insert: { row: queuedJob, with: { details: { json: { a: [1, { b: x }] } }, share: 0.5, digest: { bytes: 00ff }, dueAt: { now: -90s } }, save: job }
- expectRows:
    table: jobs
    rows:
      - { jobId: $job.jobId, status: queued, attempts: 0, createdBy: dana, share: 0.5000, digest: { bytes: 00ff }, dueAt: 2026-01-31T11:58:30Z, requestKey: { not: null }, createdAt: { isNull: false }, version: $job.version, details: { json: { a: [1, { b: x }] } } }
- expectRows: { table: jobs, rows: [{ details: { jsonPath: { 'a[1].b': x, 'a[0]': 1 } } }] }
",
    );
}

#[test]
fn a_difference_between_rows_shows_only_what_differs() {
    let rows = "
- insert: { row: queuedJob, save: job }
- insert: { row: queuedJob, with: { status: done } }
- expectRows: { table: jobs, rows: [{ status: running, attempts: 0 }, { status: queued, attempts: { atLeast: 0 } }] }
";
    assert_eq!(
        fails(rows),
        "story/rows-differ: 3: the rows of jobs are not the expected ones\n\
         <<<\nrow 1\n  status: running\n  attempts: 0\nrow 2\n  status: queued\n  attempts: 0\n\
         >>>\nrow 1\n  status: done\n  attempts: 0\nrow 2\n  status: queued\n  attempts: 0"
    );
    let more = "
- insert: { row: queuedJob }
- expectRows: { table: jobs, rows: [{ status: queued }, { status: queued, createdBy: { in: [x, y] } }] }
";
    assert_eq!(
        fails(more),
        "story/rows-differ: 2: the rows of jobs are not the expected ones\n\
         <<<\nrow 1\n  status: queued\n  createdBy: dana\nrow 2\n  status: queued\n  createdBy: one of x, y\n\
         >>>\nrow 1\n  status: queued\n  createdBy: dana"
    );
    let count = fails("- expectRows: { table: jobs, count: 2 }");
    assert_eq!(
        count,
        "story/rows-differ: 1: jobs has no rows of this kind, not 2 rows\n<<<\n2 rows\n>>>\nno rows"
    );
    let none = fails("- insert: { row: queuedJob }\n- expectRows: { table: jobs, none: true }");
    assert!(
        none.starts_with("story/rows-differ: 2: jobs has 1 row of this kind, not no rows"),
        "{none}"
    );
}

#[test]
fn a_row_that_fits_two_expectations_is_used_for_one() {
    let twice = "
- insert: { row: queuedJob, with: { attempts: 1 } }
- insert: { row: queuedJob, with: { attempts: 2 } }
";
    passes(&format!(
        "{twice}- expectRows: {{ table: jobs, rows: [{{ attempts: {{ atLeast: 1 }} }}, {{ attempts: 1 }}] }}"
    ));
    let found = fails(&format!(
        "{twice}- expectRows: {{ table: jobs, rows: [{{ attempts: 1 }}, {{ attempts: 1 }}] }}"
    ));
    assert!(found.starts_with("story/rows-differ: 3"), "{found}");
}

#[test]
fn the_order_of_rows_counts_when_it_is_asked_for() {
    let two = "
- insert: { row: queuedJob, with: { attempts: 1 } }
- insert: { row: queuedJob, with: { attempts: 2 } }
";
    passes(&format!(
        "{two}- expectRows: {{ table: jobs, orderBy: [attempts desc], rows: [{{ attempts: 2 }}, {{ attempts: 1 }}] }}"
    ));
    passes(&format!(
        "{two}- expectRows: {{ table: jobs, rows: [{{ attempts: 2 }}, {{ attempts: 1 }}] }}"
    ));
    let wrong = fails(&format!(
        "{two}- expectRows: {{ table: jobs, orderBy: [attempts], rows: [{{ attempts: 2 }}, {{ attempts: 1 }}] }}"
    ));
    assert!(wrong.starts_with("story/rows-differ: 3"), "{wrong}");
}

#[test]
fn conditions_mean_the_same_to_the_database_and_to_rows_that_were_read() {
    let rows = "
- insert: { row: queuedJob, with: { requestKey: k1, attempts: 1, share: 0.1 } }
- insert: { row: queuedJob, with: { requestKey: k2, attempts: 2, share: 0.25 } }
- insert: { row: queuedJob, with: { requestKey: k3, attempts: 3 } }
";
    for (condition, keys) in [
        ("attempts: { atLeast: 2 }", "2 3"),
        ("attempts: { greater: 1, less: 3 }", "2"),
        ("attempts: { in: [1, 3] }", "1 3"),
        ("attempts: { not: 2 }", "1 3"),
        ("share: { not: 0.25 }", "1 3"),
        ("share: { atMost: 0.1 }", "1"),
        ("share: { greater: 0.1 }", "2"),
        ("share: null", "3"),
        ("share: { not: null }", "1 2"),
        ("share: { in: [null, 0.10] }", "1 3"),
        ("createdAt: { less: { now: 1h } }", ""),
        ("status: queued", "1 2 3"),
    ] {
        let wanted: Vec<String> = keys
            .split_whitespace()
            .map(|key| format!("{{ requestKey: k{key}, {condition} }}"))
            .collect();
        // The database's clock is ahead of the scenario's.
        passes(&format!(
            "{rows}- expectRows: {{ table: jobs, where: {{ {condition} }}, rows: [{}] }}",
            wanted.join(", ")
        ));
    }
}

#[test]
fn updates_and_deletes_say_how_many_rows_they_touch() {
    let one = "- insert: { row: queuedJob, with: { attempts: 3 }, save: job }\n";
    passes(&format!(
        "{one}- update: {{ table: jobs, set: {{ attempts: {{ increment: 2 }}, status: running, share: $generated }}, where: {{ jobId: $job.jobId }} }}\n\
         - expectRows: {{ table: jobs, rows: [{{ attempts: 5, status: running, version: {{ not: $job.version }} }}] }}\n\
         - delete: {{ from: jobs, where: {{ status: running }}, changes: 1 }}\n\
         - expectRows: {{ table: jobs, none: true }}"
    ));
    assert_eq!(
        fails("- update: { table: jobs, set: { attempts: 1 } }"),
        "story/rows-touched: 1: the update of jobs touched no row, so it proves nothing"
    );
    assert_eq!(
        fails(&format!("{one}- delete: {{ from: jobs, changes: 2 }}")),
        "story/rows-touched: 2: the delete from jobs touched 1 row, not 2"
    );
}

#[test]
fn nobody_reaches_the_rows_of_another_tenant_or_scenario() {
    passes(
        "
- insert: { row: queuedJob, save: job }
- as: { tenant: globex }
- expectRows: { table: jobs, none: true }
- update: { table: jobs, set: { attempts: 9 }, changes: 0 }
- delete: { from: jobs, where: { jobId: $job.jobId }, changes: 0 }
- expectError: { kind: foreignKey, step: { insert: { into: entries, row: { jobId: $job.jobId } } } }
- as: { tenant: acme }
- expectRows: { table: jobs, rows: [{ attempts: 0 }] }
",
    );
    // Two scenarios of one database and one label.
    let loaded = story(&[
        "- insert: { row: queuedJob }",
        "- expectRows: { table: jobs, none: true }",
    ]);
    let report = run_on(
        &Files::new(&schema("tests/cases/story/schema")),
        &loaded,
        &options(),
    );
    assert_eq!(report.counts().scenarios_passed, 2, "{report:#?}");
}

#[test]
fn transactions_keep_all_or_nothing() {
    let steps = |end: &str, rows: &str| {
        format!(
            "
- transaction:
    steps:
      - insert: {{ row: queuedJob, save: job }}
      - insert: {{ row: firstEntry, save: entry }}
      - expectRows: {{ table: entries, count: 1 }}
    end: {end}
- expectRows: {{ table: jobs, where: {{ jobId: $job.jobId }}, {rows} }}
- expectRows: {{ table: entries, where: {{ entryId: $entry.entryId }}, {rows} }}
"
        )
    };
    passes(&steps("commit", "count: 1"));
    passes(&steps("rollback", "none: true"));
    assert!(fails(&steps("commit", "none: true")).starts_with("story/rows-differ: 2: "));
    assert!(fails(&steps("rollback", "count: 1")).starts_with("story/rows-differ: 2: "));
    // A refusal in its middle undoes what came before.
    passes(
        "
- expectError:
    kind: check
    constraint: ckJobsAttempts
    step:
      transaction:
        steps:
          - insert: { row: queuedJob }
          - insert: { row: queuedJob, with: { attempts: 10 } }
        end: commit
- expectRows: { table: jobs, none: true }
",
    );
    // Rows that were rolled back are nobody's parents.
    let orphan = fails(
        "
- transaction: { steps: [{ insert: { row: queuedJob } }], end: rollback }
- insert: { row: firstEntry }
",
    );
    assert!(
        orphan.starts_with("story/no-parent: 2: entries.jobId refers to jobs"),
        "{orphan}"
    );
    let inner = fails(
        "- transaction: { steps: [{ insert: { row: queuedJob } }, { expectRows: { table: jobs, none: true } }], end: commit }",
    );
    assert!(inner.starts_with("story/rows-differ: 1.2: "), "{inner}");
}

#[test]
fn each_class_of_refusal_is_told_apart() {
    let job = "- insert: { row: queuedJob, save: job }\n- insert: { row: firstEntry }\n";
    let cases = [
        (
            "unique",
            "uqEntriesTenantIdJobIdSequence",
            "insert: { row: firstEntry }",
        ),
        (
            "unique",
            "pkJobs",
            "insert: { row: queuedJob, with: { jobId: $job.jobId } }",
        ),
        (
            "check",
            "ckJobsStatus",
            "insert: { row: queuedJob, with: { status: lost } }",
        ),
        (
            "notNull",
            "jobs.createdBy",
            "insert: { into: jobs, row: { createdBy: null } }",
        ),
        (
            "foreignKey",
            "fkEntriesJobs",
            "insert: { into: entries, row: { jobId: $job.requestKey } }",
        ),
        ("foreignKey", "fkEntriesJobs", "delete: { from: jobs }"),
        (
            "appendOnly",
            "trEntriesAppendOnly",
            "update: { table: entries, set: { note: x } }",
        ),
        (
            "appendOnly",
            "trEntriesAppendOnly",
            "delete: { from: entries }",
        ),
        (
            "type",
            "tyJobsAttempts",
            "insert: { row: queuedJob, with: { attempts: many } }",
        ),
        (
            "type",
            "tyEntriesNote",
            "insert: { into: entries, row: { sequence: 2, note: longer than twenty characters } }",
        ),
        (
            "type",
            "tyJobsRequestKey",
            "insert: { row: queuedJob, with: { requestKey: 'ends in a space ' } }",
        ),
    ];
    for (at, (kind, name, step)) in cases.into_iter().enumerate() {
        // A reference that is no uuid is refused by its type.
        let (kind, name) = match step.contains("$job.requestKey") {
            true => ("type", "tyEntriesJobId"),
            false => (kind, name),
        };
        passes(&format!(
            "{job}- expectError: {{ kind: {kind}, constraint: {name}, step: {{ {step} }} }}"
        ));
        // Any other class is the wrong one.
        let other = if kind == "check" { "unique" } else { "check" };
        let wrong = fails(&format!(
            "{job}- expectError: {{ kind: {other}, step: {{ {step} }} }}"
        ));
        assert!(
            wrong.starts_with("story/wrong-error: 3: "),
            "case {at}: {wrong}"
        );
    }
    // Of the right class, but another constraint.
    let other = fails(&format!(
        "{job}- expectError: {{ kind: unique, constraint: pkEntries, step: {{ insert: {{ row: firstEntry }} }} }}"
    ));
    assert!(
        other.starts_with(
            "story/wrong-error: 3: insert into entries was refused, but not by unique (pkEntries): "
        ),
        "{other}"
    );
}

#[test]
fn a_refusal_that_nobody_wanted_names_what_was_generated() {
    let steps = "- insert: { row: queuedJob, with: { requestKey: same } }\n- insert: { row: queuedJob, with: { requestKey: same } }";
    let failure = failure_in(&schema("tests/cases/story/schema"), steps).unwrap();
    assert_eq!(failure.step, "2");
    assert_eq!(failure.finding.code, "story/refused");
    assert!(
        failure
            .finding
            .message
            .contains("insert into jobs was refused: "),
        "{:?}",
        failure.finding
    );
    assert!(failure.finding.help.unwrap().contains("(jobId)"));
    let (line, _) = failure.finding.span.unwrap().line_column();
    assert_eq!(line, 11, "the line of the second insert");
}

#[test]
fn copies_at_once_lose_no_update() {
    passes(
        "
- insert: { row: queuedJob }
- concurrently: { copies: 8, steps: [{ update: { table: jobs, set: { attempts: { increment: 1 } } } }] }
- expectRows: { table: jobs, rows: [{ attempts: 8 }] }
- concurrently: { copies: 4, steps: [{ transaction: { steps: [{ insert: { into: entries, row: { sequence: $copy } } }], end: commit } }] }
- expectRows: { table: entries, orderBy: [sequence], rows: [{ sequence: 1 }, { sequence: 2 }, { sequence: 3 }, { sequence: 4 }] }
",
    );
    let wrong = fails(
        "
- concurrently:
    copies: 3
    steps: [{ insert: { row: queuedJob, with: { requestKey: same } } }]
    succeeded: 1
    failed: { kind: check }
",
    );
    assert!(wrong.starts_with("story/copies: 1: copy "), "{wrong}");
    let refused = fails(
        "- concurrently: { copies: 3, steps: [{ insert: { row: queuedJob, with: { requestKey: same } } }] }",
    );
    assert!(refused.starts_with("story/copies: 1: copy "), "{refused}");
    let inner =
        fails("- concurrently: { copies: 2, steps: [{ expectRows: { table: jobs, count: 1 } }] }");
    assert!(inner.starts_with("story/rows-differ: 1.1: "), "{inner}");
}

#[test]
fn rows_survive_a_restart() {
    passes(
        "
- insert: { row: queuedJob, with: { attempts: 4 }, save: job }
- restart
- expectRows: { table: jobs, where: { jobId: $job.jobId }, rows: [{ attempts: 4 }] }
",
    );
}

/// A database that forgets everything when its connections are dropped.
struct Forgetful(Files);

impl World for Forgetful {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        self.0.open_another()
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        self.0.drift()
    }

    /// The second one was migrated to something else.
    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        let (one, mut other) = self.0.second_catalog()?;
        other.objects.pop();
        Ok((one, other))
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        self.0.fresh()
    }
}

#[test]
fn a_database_that_forgets_is_found_out() {
    let world = Forgetful(Files::new(&schema("tests/cases/story/schema")));
    let first = |steps: &str| {
        let mut report = run_on(&world, &story(&[steps]), &options());
        let failure = report.stories.remove(0).scenarios.remove(0).failure;
        failure.expect("the scenario fails").finding
    };
    let lost =
        first("- insert: { row: queuedJob }\n- restart\n- expectRows: { table: jobs, count: 1 }");
    assert_eq!(lost.code, "story/rows-differ");
    let apart = first("- expectSameCatalog");
    assert_eq!(apart.code, "story/catalogs-differ");
    assert!(apart.difference.is_some());
}

#[test]
fn the_catalog_is_looked_at() {
    let expected = "
- expectCatalog:
    tables: [jobs, entries]
    columns: { jobs: [jobId, version], entries: [note] }
    indexes: { jobs: [ixJobsTenantIdStatusCreatedAt, uxJobsOpen] }
    constraints: { jobs: [pkJobs, uqJobsTenantIdRequestKey, ckJobsStatus], entries: [fkEntriesJobs] }
    appendOnly: [entries]
    naming: camelCase
    complete: true
- expectSameCatalog
";
    passes(expected);
    let without = edited(|_, part| part.name().as_str() != "uxJobsOpen");
    let missing = fails_in(&without, expected);
    assert!(
        missing.starts_with("story/catalog: 1: the database lacks index jobs.uxJobsOpen"),
        "{missing}"
    );
    let complete = fails_in(&without, "- expectCatalog: { complete: true }");
    assert_eq!(
        complete,
        "story/catalog: 1: the database lacks index jobs.uxJobsOpen\n<<<\nindex jobs.uxJobsOpen\n>>>\n"
    );
    let kind = fails(
        "- expectCatalog: { constraints: { jobs: [uxJobsOpen] }, appendOnly: [jobs], tables: [gone], columns: { jobs: [lost] } }",
    );
    assert!(
        kind.starts_with(
            "story/catalog: 1: the database lacks table gone, column jobs.lost, constraint \
             jobs.uxJobsOpen, append-only triggers of jobs"
        ),
        "{kind}"
    );
    let naming = fails(
        "- alter: { sql: 'CREATE INDEX \"IX_jobs\" ON \"jobs\" (\"status\")' }\n- expectCatalog: { naming: camelCase }",
    );
    assert_eq!(
        naming,
        "story/naming: 2: the database has names that are not camelCase: index jobs.IX_jobs"
    );
}

#[test]
fn a_change_behind_the_back_is_drift_and_stays_in_its_scenario() {
    let altered = "
- alter: { sql: { sqlite: DROP INDEX uxJobsOpen } }
- expectDrift: { objects: [jobs.uxJobsOpen] }
";
    let loaded = story(&[
        altered,
        "- expectCatalog: { complete: true }\n- expectDrift: none",
    ]);
    let report = run_on(
        &Files::new(&schema("tests/cases/story/schema")),
        &loaded,
        &options(),
    );
    assert_eq!(report.counts().scenarios_passed, 2, "{report:#?}");

    let missed = fails("- expectDrift: { objects: [jobs.uxJobsOpen] }");
    assert!(
        missed.starts_with("story/drift: 1: no drift was found"),
        "{missed}"
    );
    let other = fails("- alter: { sql: DROP INDEX uxJobsOpen }\n- expectDrift: none");
    assert!(
        other.starts_with("story/drift: 2: nothing should have drifted, but jobs.uxJobsOpen did"),
        "{other}"
    );
    let third =
        fails("- alter: { sql: DROP INDEX uxJobsOpen }\n- expectDrift: { objects: [jobs] }");
    assert_eq!(
        third,
        "story/drift: 2: other objects have drifted than expected\n<<<\njobs\n>>>\njobs.uxJobsOpen"
    );
    let refused = fails("- alter: { sql: DROP INDEX nowhere }");
    assert!(
        refused.starts_with("story/refused: 1: the out-of-band change was refused"),
        "{refused}"
    );
    let none = fails("- alter: { sql: { mssql: DROP INDEX x ON y } }");
    assert!(none.starts_with("story/no-statement: 1: "), "{none}");
}

#[test]
fn a_plan_is_held_to_its_index() {
    let plan = "- expectPlan: { table: jobs, where: { status: queued }, orderBy: [createdAt desc], index: ixJobsTenantIdStatusCreatedAt }";
    passes(plan);
    let without = edited(|_, part| part.name().as_str() != "ixJobsTenantIdStatusCreatedAt");
    let missing = fails_in(&without, plan);
    assert!(
        missing.starts_with(
            "story/plan: 1: the query on jobs does not use the index ixJobsTenantIdStatusCreatedAt"
        ),
        "{missing}"
    );
}

#[test]
fn criteria_are_judged_by_their_scenarios_and_what_can_prove_them() {
    let scenario = |name: &str, proves: &str, steps: &str| {
        format!("  - {{ name: {name}, proves: [{proves}], steps: [{steps}] }}\n")
    };
    let fine = "expectRows: { table: jobs, none: true }";
    let wrong = "expectRows: { table: jobs, count: 1 }";
    let text = format!(
        "story: T-1\ntitle: A story\ncriteria:\n\
         \x20 - {{ id: good, text: t, provenBy: database }}\n\
         \x20 - {{ id: bad, text: t, provenBy: database }}\n\
         \x20 - {{ id: nobody, text: t, provenBy: database }}\n\
         \x20 - {{ id: app, text: t, provenBy: application }}\n\
         \x20 - {{ id: env, text: t, provenBy: environment }}\n\
         scenarios:\n{}{}",
        scenario("fine", "good, bad, app, env", fine),
        scenario("wrong", "bad, app", wrong),
    );
    let source = Arc::new(Source {
        name: "s.yaml".into(),
        text,
    });
    let schema = schema("tests/cases/story/schema");
    let loaded = load(&[source], &[], &schema, &tenancy());
    let world = Files::new(&schema);
    let statuses = |options: &RunOptions| {
        let report = run_on(&world, &loaded, options);
        let criteria = report.stories[0]
            .criteria
            .iter()
            .map(|criterion| criterion.status);
        (criteria.collect::<Vec<_>>(), report)
    };
    use CriterionStatus::{Failed, NotProvenHere, Proven, Unproven};
    let (all, report) = statuses(&options());
    assert_eq!(
        all,
        [Proven, Failed, Unproven, NotProvenHere, NotProvenHere]
    );
    assert!(report.failed());
    assert_eq!(report.failures().count(), 1);
    let only = RunOptions {
        only: vec!["fine".into()],
        ..options()
    };
    let (chosen, report) = statuses(&only);
    assert_eq!(
        chosen,
        [Proven, Unproven, Unproven, NotProvenHere, NotProvenHere]
    );
    assert!(!report.failed());
    assert_eq!(report.counts().scenarios_skipped, 1);
}

#[test]
fn the_first_failure_ends_the_run_when_that_is_asked_for() {
    let loaded = story(&[
        "- restart",
        "- expectRows: { table: jobs, count: 1 }",
        "- restart",
    ]);
    let world = Files::new(&schema("tests/cases/story/schema"));
    let fast = RunOptions {
        fail_fast: true,
        ..options()
    };
    let statuses = |options| {
        let report = run_on(&world, &loaded, options);
        report.stories[0]
            .scenarios
            .iter()
            .map(|scenario| scenario.status)
            .collect::<Vec<_>>()
    };
    use ScenarioStatus::{Failed, Passed, Skipped};
    assert_eq!(statuses(&fast), [Passed, Failed, Skipped]);
    assert_eq!(statuses(&options()), [Passed, Failed, Passed]);
}

#[test]
fn a_seed_makes_the_same_values_again() {
    let steps = "- insert: { row: queuedJob }\n- expectRows: { table: jobs, none: true }";
    let found = |seed| {
        let world = Files::new(&schema("tests/cases/story/schema"));
        let mut report = run_on(&world, &story(&[steps]), &RunOptions { seed, ..options() });
        let failure = report
            .stories
            .remove(0)
            .scenarios
            .remove(0)
            .failure
            .unwrap();
        let listing = failure.finding.difference.unwrap().found;
        // The database's own clock makes this one.
        let end = listing.find("createdAt").unwrap();
        let rest = listing[end..].find(", ").unwrap();
        format!("{}{}", &listing[..end], &listing[end + rest..])
    };
    assert_eq!(found(1), found(1));
    assert_ne!(found(1), found(2));
}

#[test]
fn the_json_of_a_report_is_as_documented() {
    let loaded = story(&["- expectRows: { table: jobs, count: 1 }"]);
    let mut report = run_on(
        &Files::new(&schema("tests/cases/story/schema")),
        &loaded,
        &options(),
    );
    report.stories[0].scenarios[0].duration = Duration::from_micros(1_500);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "seed": 7,
            "stories": [{
                "id": "T-1",
                "title": "A story",
                "criteria": [{
                    "id": "a", "text": "It holds.", "provenBy": "database",
                    "status": "failed", "reason": null, "by": ["scenario 0"],
                }],
                "scenarios": [{
                    "name": "scenario 0", "proves": ["a"], "status": "failed", "durationMs": 1.5,
                    "against": false,
                    "file": "story.yaml", "line": 6, "reason": null,
                    "failure": {
                        "code": "story/rows-differ", "step": "1",
                        "message": "T-1, \"scenario 0\", step 1: jobs has no rows of this kind, not 1 row",
                        "help": "see what the steps before wrote, or what the schema let through",
                        "file": "story.yaml", "line": 10, "column": 9,
                        "expected": "1 row", "found": "no rows",
                    },
                }],
            }],
        })
    );
}

/// A database whose catalog tells nothing of what was declared.
struct Mute(Files);

impl World for Mute {
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
        self.0.fresh()
    }

    fn silence(&self) -> Option<&str> {
        Some("not judged on this engine: it is mute")
    }
}

#[test]
fn what_a_catalog_does_not_tell_is_not_judged_and_never_passes() {
    let world = Mute(Files::new(&schema("tests/cases/story/schema")));
    let steps = [
        "- expectCatalog: { tables: [jobs] }",
        "- expectPlan: { table: jobs, index: ixJobsTenantIdStatusCreatedAt }",
        "- expectRows: { table: jobs, count: 0 }",
        "- expectDrift: none",
    ];
    let report = run_on(&world, &story(&steps), &options());
    let scenarios = &report.stories[0].scenarios;
    let statuses: Vec<_> = scenarios.iter().map(|scenario| scenario.status).collect();
    let (skipped, passed) = (ScenarioStatus::Skipped, ScenarioStatus::Passed);
    assert_eq!(statuses, [skipped, skipped, passed, passed]);
    let why = Some("not judged on this engine: it is mute");
    assert_eq!(scenarios[0].reason.as_deref(), why);
    let criterion = &report.stories[0].criteria[0];
    assert_eq!(criterion.status, CriterionStatus::Unproven);
    assert_eq!(criterion.reason.as_deref(), why);
}

/// A database that is not there.
struct Absent;

impl World for Absent {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        Err(EngineError::new(ErrorKind::Connection, "nobody answers"))
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        Ok(Vec::new())
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        self.open()
            .and_then(|mut session| Ok((session.catalog()?, session.catalog()?)))
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(Self))
    }
}

#[test]
fn without_a_database_there_is_a_report_nevertheless() {
    let loaded = story(&["- restart", "- alter: { sql: DROP TABLE jobs }"]);
    let report = run_on(&Absent, &loaded, &options());
    let messages: Vec<&str> = report
        .failures()
        .map(|f| f.finding.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "T-1, \"scenario 0\": the database cannot be opened: nobody answers",
            "T-1, \"scenario 1\": the database cannot be opened: nobody answers",
        ]
    );
    assert!(
        report
            .failures()
            .all(|failure| failure.finding.code == "story/connection")
    );
}
