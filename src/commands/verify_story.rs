//! `verify-story`: the gate before a merge.
//!
//! Throwaway database, all migrations from empty, no drift, then the scenarios; each phase only
//! when the one before it held, and the database goes away whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::VerifyStory;
use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::engine::{Catalog, EngineError, ErrorKind, Session};
use crate::exit::Exit;
use crate::history::HistoryError;
use crate::migration::Folder;
use crate::model::Schema;
use crate::registry;
use crate::report::{Case, Environment, Report};
use crate::scratch::{self, Scratch};
use crate::settings::Usage;
use crate::story::{self, Ground, RunOptions, Tenancy, World};
use crate::yaml::files::read_folder;

use super::{Context, Declared, Outcome, findings_of, findings_only, has_errors};

/// The seed when none is given: the same values in each run, so that a red run can be repeated.
const SEED: u32 = 1;

/// The name of the migrated database that nothing ever writes to, so that copies of it are fresh.
const TEMPLATE: &str = "template";

const NAMES: [&str; 2] = ["migrations run clean on an empty database", "no drift"];

pub(super) fn run(context: &Context<'_>, arguments: &VerifyStory) -> Result<Outcome> {
    let engine = registry::EMBEDDED;
    let folder = context.folder(&[engine])?;
    let folded = match folder.fold(None) {
        Ok(folded) => folded,
        Err(finding) => return Ok(findings_only("verify-story", Exit::History, vec![*finding])),
    };
    let declared = context.declared()?;
    let tenancy = tenancy(context);
    let loaded = load(context, &folded, &tenancy)?;
    if has_errors(&loaded.findings) {
        return Ok(findings_only(
            "verify-story",
            Exit::Findings,
            loaded.findings,
        ));
    }
    let stories = chosen(loaded.stories, &arguments.stories)?;
    let scratch = Scratch::new().context("cannot make a throwaway database")?;
    let proving_ground = Arc::new(ProvingGround {
        scratch,
        folder,
        dialect: registry::dialect(engine, &context.settings.config),
        schema: folded,
        databases: AtomicUsize::new(0),
    });
    let mut report = Report::new("verify-story");
    report.findings = loaded.findings;
    if proving_ground.prepare(&mut report, &declared)? {
        let database = proving_ground.database()?;
        report.environment = Some(environment(database.open()?.as_ref()));
        let ground = Ground {
            schema: &proving_ground.schema,
            tenancy: &tenancy,
            dialect: proving_ground.dialect.as_ref(),
            world: &database,
        };
        let options = RunOptions {
            seed: arguments.seed.unwrap_or(SEED),
            fail_fast: arguments.fail_fast,
            only: arguments.only.clone(),
            ..RunOptions::default()
        };
        let count: usize = stories.iter().map(|story| story.scenarios.len()).sum();
        let progress = context.printer.progress(count as u64, "scenarios");
        let result = story::run(&ground, &stories, &options, &mut |_, scenario| {
            progress.message(&scenario.name);
            progress.inc(1);
        });
        progress.finish();
        if result.failed() {
            report.exit = Exit::Assertion;
        }
        report.add_stories(&result);
        report.data = json!({
            "seed": result.seed,
            "phases": { "migration": "passed", "drift": "passed" },
            "stories": result.stories,
        });
    } else {
        report.data = json!({ "phases": phases(&report), "stories": [] });
    }
    let mut text = String::new();
    if arguments.keep {
        let kept = Arc::try_unwrap(proving_ground)
            .ok()
            .map(|ground| ground.scratch.keep());
        if let Some(path) = kept {
            text = format!("The throwaway databases are kept in {}\n", path.display());
        }
    }
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

fn phases(report: &Report) -> serde_json::Value {
    let of = |phase: Phase| {
        let case = report.cases.iter().find(|case| case.phase == phase);
        case.map_or("skipped", |case| case.status.word())
    };
    json!({ "migration": of(Phase::Migration), "drift": of(Phase::Drift) })
}

fn environment(session: &dyn Session) -> Environment {
    let server = session.server();
    Environment {
        name: "throwaway".to_owned(),
        engine: server.engine,
        product: server.product.clone(),
        database: "removed after the run".to_owned(),
    }
}

fn tenancy(context: &Context<'_>) -> Tenancy {
    match &context.settings.config.tenant {
        None => Tenancy::default(),
        Some(tenant) => Tenancy {
            column: Some(tenant.column.value.clone()),
            exempt: tenant
                .exempt
                .iter()
                .map(|table| table.value.clone())
                .collect(),
        },
    }
}

fn load(context: &Context<'_>, schema: &Schema, tenancy: &Tenancy) -> Result<story::Loaded> {
    let folders = &context.settings.folders;
    if !folders.stories.is_dir() {
        return Err(Usage::new(
            format!("there are no stories: {} does not exist", folders.stories.display()),
            "write a story a file there; `dbtool export json-schema story` tells editors their shape",
        )
        .into());
    }
    let stories = read_folder(&folders.stories, Phase::Schema)?;
    let rows = if folders.rows.is_dir() {
        read_folder(&folders.rows, Phase::Schema)?
    } else {
        crate::yaml::files::Folder {
            files: Vec::new(),
            findings: Vec::new(),
        }
    };
    let mut loaded = story::load(&stories.files, &rows.files, schema, tenancy);
    loaded
        .findings
        .splice(0..0, stories.findings.into_iter().chain(rows.findings));
    Ok(loaded)
}

fn chosen(stories: Vec<story::Story>, ids: &[String]) -> Result<Vec<story::Story>> {
    let known: Vec<&str> = stories.iter().map(|story| story.id.as_str()).collect();
    if let Some(unknown) = ids.iter().find(|id| !known.contains(&id.as_str())) {
        return Err(Usage::new(
            format!("there is no story {unknown:?}"),
            format!("the stories are: {}", known.join(", ")),
        )
        .into());
    }
    Ok(stories
        .into_iter()
        .filter(|story| ids.is_empty() || ids.contains(&story.id))
        .collect())
}

/// What all throwaway databases of a run share.
struct ProvingGround {
    scratch: Scratch,
    folder: Folder,
    dialect: Box<dyn Dialect>,
    schema: Schema,
    databases: AtomicUsize,
}

impl ProvingGround {
    /// Runs the phases before the stories. False when one of them failed, which is then reported.
    fn prepare(&self, report: &mut Report, declared: &Declared) -> Result<bool> {
        let clock = Instant::now();
        let mut session = self.scratch.open(TEMPLATE)?;
        let migrated = scratch::migrate(session.as_mut(), self.dialect.as_ref(), &self.folder);
        let (exit, findings) = match migrated {
            Ok(_) => (Exit::Ok, Vec::new()),
            Err(failure) => findings_of(failure.cause)?,
        };
        let [migration, drift] = NAMES;
        let suite = "verify-story";
        if exit != Exit::Ok {
            report.exit = exit;
            let case = Case::failed(Phase::Migration, suite, migration).took(clock.elapsed());
            report.add_case(case, findings);
            let why = "a migration failed";
            report.add_case(Case::skipped(Phase::Drift, suite, drift, why), []);
            return Ok(false);
        }
        let case = Case::passed(Phase::Migration, suite, migration).took(clock.elapsed());
        report.add_case(case, []);
        let clock = Instant::now();
        let mut findings = scratch::drift(session.as_mut(), self.dialect.as_ref(), &self.schema)?;
        if !findings.is_empty() {
            declared.place_all(&mut findings);
            report.exit = Exit::Drift;
            let case = Case::failed(Phase::Drift, suite, drift).took(clock.elapsed());
            report.add_case(case, findings);
            return Ok(false);
        }
        let case = Case::passed(Phase::Drift, suite, drift).took(clock.elapsed());
        report.add_case(case, []);
        Ok(true)
    }

    /// A fresh copy of the migrated database.
    fn database(self: &Arc<Self>) -> Result<Throwaway, EngineError> {
        let name = self.next_name();
        self.scratch.copy(TEMPLATE, &name)?;
        Ok(Throwaway {
            ground: Arc::clone(self),
            name,
        })
    }

    fn next_name(&self) -> String {
        format!("database{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    /// The catalog of an empty database after all migrations.
    fn migrated_catalog(&self) -> Result<Catalog, EngineError> {
        let mut session = self.scratch.open(&self.next_name())?;
        scratch::migrate(session.as_mut(), self.dialect.as_ref(), &self.folder).map_err(
            |failure| {
                let why = match findings_of(failure.cause) {
                    Err(error) => error.to_string(),
                    Ok((_, findings)) => {
                        let first = findings.into_iter().next();
                        first.map_or_else(String::new, |finding| finding.message)
                    }
                };
                EngineError::new(ErrorKind::Statement, why)
            },
        )?;
        session.catalog()
    }
}

/// A database for scenarios.
struct Throwaway {
    ground: Arc<ProvingGround>,
    name: String,
}

impl World for Throwaway {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        self.ground.scratch.open(&self.name)
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        let mut session = self.open()?;
        let ground = &self.ground;
        scratch::drift(session.as_mut(), ground.dialect.as_ref(), &ground.schema).map_err(|error| {
            match error {
                HistoryError::Engine(error) => error,
                row @ HistoryError::Row { .. } => {
                    EngineError::new(ErrorKind::Statement, row.to_string())
                }
            }
        })
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        Ok((
            self.ground.migrated_catalog()?,
            self.ground.migrated_catalog()?,
        ))
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(self.ground.database()?))
    }
}
