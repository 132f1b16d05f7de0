//! `verify-story --mutate`: the databases that mutants are tried on, and what is told of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};

use crate::commands::{Declared, findings_of};
use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Batch, Dialect};
use crate::diff::Renames;
use crate::engine::{Catalog, EngineError, ErrorKind, Session, TransactionOptions};
use crate::exit::Exit;
use crate::interrupt::{self, AtWork};
use crate::migration::Folder;
use crate::model::Schema;
use crate::plan;
use crate::printer::Progress;
use crate::report::{Case, Part, Report, Status};
use crate::scratch::{self, Scratch};
use crate::story::mutation::report::{Entry, Tally};
use crate::story::mutation::survivor::{self, Explained};
use crate::story::mutation::{self, Laboratory, MutationReport, Standing, Verdict};
use crate::story::{Ground, RunOptions, Story, World};

/// The migrated database of which mutants are made.
const WHOLE: &str = "whole";

/// The suite of the report.
const SUITE: &str = "mutation";

/// Throwaway databases of mutants.
pub(super) struct Specimens {
    scratch: Scratch,
    dialect: Box<dyn Dialect>,
    whole: Schema,
    count: AtomicUsize,
}

impl Specimens {
    /// Room for databases like the one that these migrations make.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(folder: &Folder, dialect: Box<dyn Dialect>, whole: &Schema) -> Result<Self> {
        let scratch = Scratch::new().context("cannot make a throwaway database")?;
        let mut session = scratch.open(WHOLE)?;
        if let Err(failure) = scratch::migrate(session.as_mut(), dialect.as_ref(), folder) {
            // They ran a moment ago, on a database of their own.
            let (_, findings) = findings_of(failure.cause)?;
            let why = findings.into_iter().map(|finding| finding.message).next();
            anyhow::bail!(why.unwrap_or_default());
        }
        Ok(Self {
            scratch,
            whole: dialect.lower(whole).0,
            dialect,
            count: AtomicUsize::new(0),
        })
    }

    /// The batches that make the whole database one of this schema.
    fn batches(&self, schema: &Schema) -> Vec<Batch> {
        let (mutated, _) = self.dialect.lower(schema);
        let capabilities = self.dialect.capabilities();
        let steps = plan::steps(&self.whole, &mutated, &Renames::default(), capabilities);
        self.dialect.render(&steps)
    }

    fn next_name(&self) -> String {
        format!("mutant{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    fn make(&self, name: &str, batches: &[Batch]) -> Result<(), EngineError> {
        self.scratch.copy(WHOLE, name)?;
        let mut session = self.scratch.open(name)?;
        session.begin(TransactionOptions {
            defer_foreign_keys: true,
        })?;
        for batch in batches {
            session.execute(&batch.sql)?;
        }
        session.commit()
    }
}

impl Laboratory for Arc<Specimens> {
    fn specimen(&self, schema: &Schema) -> Result<Box<dyn World>, EngineError> {
        let name = self.next_name();
        let specimen = Specimen {
            specimens: Arc::clone(self),
            schema: Arc::new(schema.clone()),
            pristine: name.clone(),
            name,
        };
        self.make(&specimen.name, &self.batches(schema))?;
        Ok(Box::new(specimen))
    }
}

/// A database of one mutant.
struct Specimen {
    specimens: Arc<Specimens>,
    schema: Arc<Schema>,
    /// The database of the mutant in which nobody has written yet.
    pristine: String,
    name: String,
}

impl Drop for Specimen {
    fn drop(&mut self) {
        self.specimens.scratch.remove(&self.name);
    }
}

impl World for Specimen {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        self.specimens.scratch.open(&self.name)
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        Err(not_asked())
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        Err(not_asked())
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        let name = self.specimens.next_name();
        self.specimens.scratch.copy(&self.pristine, &name)?;
        Ok(Box::new(Self {
            specimens: Arc::clone(&self.specimens),
            schema: Arc::clone(&self.schema),
            pristine: self.pristine.clone(),
            name,
        }))
    }

    fn schema(&self) -> Option<&Schema> {
        Some(&self.schema)
    }
}

/// Scenarios that look at the form of the database judge no mutants.
fn not_asked() -> EngineError {
    EngineError::new(
        ErrorKind::Statement,
        "the form of a mutant says nothing about the stories",
    )
}

/// Tries all mutants of the schema, and adds what became of them to the report.
///
/// # Errors
/// When no database can be made.
pub(super) fn run(
    trials: &Trials<'_>,
    folder: &Folder,
    dialect: Box<dyn Dialect>,
    report: &mut Report,
) -> Result<()> {
    let ground = trials.ground;
    let specimens = Arc::new(Specimens::new(folder, dialect, ground.schema)?);
    let mutants = mutation::mutants(
        ground.schema,
        ground.tenancy,
        trials.stories,
        ground.dialect,
    );
    // A thread that is between two databases must not be ended with all of them in place.
    let at_work = AtWork::begin();
    let progress = (trials.progress)(mutants.len() as u64);
    let tried = mutation::run(
        ground,
        trials.stories,
        mutants,
        &specimens,
        trials.options,
        &|mutant| {
            progress.message(&mutant.headline());
            progress.inc(1);
        },
    )?;
    progress.finish();
    drop(at_work);
    if interrupt::asked() {
        report.exit = Exit::Interrupted;
        skip(report, "the run was interrupted");
        return Ok(());
    }
    let place = |path: &_| trials.declared.place(path);
    let (entries, findings) =
        survivor::explain(tried.trials, trials.explanations, trials.today, &place);
    let result = MutationReport {
        entries,
        judges: tried.judges,
        set_aside: tried.set_aside,
        min_score: trials.min_score,
    };
    report.data["mutation"] = result.data();
    report.summary = Some(summary(&result));
    tell(&result, findings, report);
    Ok(())
}

/// Says why mutants were not tried.
pub(super) fn skip(report: &mut Report, why: &str) {
    let case = Case::skipped(Phase::Persistence, SUITE, "mutants", why);
    report.add_case(case, []);
    report.data["mutation"] = serde_json::Value::Null;
}

/// What a run of mutants needs.
pub(super) struct Trials<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) stories: &'a [Story],
    pub(super) options: &'a RunOptions,
    /// What all stories say about survivors, also those that are not verified.
    pub(super) explanations: &'a [Explained],
    pub(super) declared: &'a Declared,
    pub(super) today: &'a str,
    pub(super) min_score: Option<f64>,
    pub(super) progress: &'a dyn Fn(u64) -> Progress,
}

/// Adds cases and findings: a case a table with its mutants as parts, and one for the score.
fn tell(result: &MutationReport, explanations: Vec<Diagnostic>, report: &mut Report) {
    let mut tables: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    let counts = |entry: &&Entry| entry.trial.mutant.standing == Standing::Counts;
    let (counted, apart): (Vec<&Entry>, Vec<&Entry>) = result.entries.iter().partition(counts);
    for entry in counted {
        let table = entry.trial.mutant.object.table.as_str();
        tables.entry(table).or_default().push(entry);
    }
    for (table, entries) in tables {
        let tally = Tally::of(entries.iter().copied());
        let name = format!(
            "{table}: {} of {} mutants killed",
            tally.killed,
            tally.counted()
        );
        let mut case = Case::passed(Phase::Persistence, SUITE, name);
        let unexplained = tally.survived - tally.explained;
        if unexplained + tally.untried > 0 {
            case.status = Status::Unproven;
            case.note = Some(match tally.untried {
                0 => format!("{unexplained} survived"),
                untried => format!("{unexplained} survived, {untried} not tried"),
            });
        }
        case.duration = Some(entries.iter().map(|entry| entry.trial.duration).sum());
        case.parts = entries.iter().map(|entry| part(entry)).collect();
        report.add_case(case, entries.iter().filter_map(|entry| entry.finding()));
    }
    if !result.set_aside.is_empty() {
        let aside = result.set_aside.len();
        let name = format!(
            "{aside} of {} scenarios judge no mutants",
            aside + result.judges
        );
        let why = "they would fail on a mutant by its looks, or fail without one";
        let mut case = Case::skipped(Phase::Persistence, SUITE, name, why);
        let parts = result.set_aside.iter().map(|scenario| Part {
            name: format!("{}, {:?}", scenario.story, scenario.scenario),
            status: Status::Skipped,
            duration: None,
            note: Some(scenario.reason.clone()),
        });
        case.parts = parts.collect();
        report.add_case(case, []);
    }
    if !apart.is_empty() {
        let tally = result.tally();
        let why = format!(
            "{} that no row can tell from the schema, {} indexes that no story's plan names",
            tally.equivalent, tally.no_plan
        );
        let mut case = Case::skipped(Phase::Persistence, SUITE, "mutants that do not count", why);
        case.parts = apart.iter().map(|entry| part(entry)).collect();
        report.add_case(case, []);
    }
    if let Some(wanted) = result.min_score {
        score(result, wanted, report);
    }
    if !explanations.is_empty() {
        report.exit = Exit::first([report.exit, Exit::Findings]);
        report.findings.extend(explanations);
    }
}

fn part(entry: &Entry) -> Part {
    let mutant = &entry.trial.mutant;
    let (status, note) = match &entry.trial.verdict {
        Verdict::Killed(killer) => (
            Status::Passed,
            format!("killed by {}, {:?}", killer.story, killer.scenario),
        ),
        Verdict::Survived => match &entry.explained {
            Some(explained) => (Status::NotProven, format!("survived: {}", explained.reason)),
            None => (Status::Unproven, "survived".to_owned()),
        },
        Verdict::Equivalent(why) => (Status::Skipped, why.clone()),
        Verdict::NoPlan => (Status::Skipped, "no story's plan names it".to_owned()),
        Verdict::Untried(why) => (Status::Unproven, format!("not tried: {why}")),
    };
    Part {
        name: format!("{} {}", mutant.object, mutant.change),
        status,
        duration: Some(entry.trial.duration),
        note: Some(note),
    }
}

/// The case of the score that was asked for.
fn score(result: &MutationReport, wanted: f64, report: &mut Report) {
    let tally = result.tally();
    let score = tally.score().unwrap_or(100.0);
    let name = format!("at least {wanted} % of the mutants are killed");
    if result.is_high_enough() {
        report.add_case(Case::passed(Phase::Persistence, SUITE, name), []);
        return;
    }
    report.exit = Exit::first([report.exit, Exit::Assertion]);
    let finding = Diagnostic::error(
        Phase::Persistence,
        "mutation/score",
        format!(
            "{score} % of the mutants are killed, and --min-score wants {wanted} %: {} of {} \
             survived",
            tally.survived,
            tally.counted()
        ),
    )
    .help("write a scenario for a survivor; each says which kind of scenario would notice it");
    report.add_case(Case::failed(Phase::Persistence, SUITE, name), [finding]);
}

/// What it came to, in a few words.
fn summary(result: &MutationReport) -> String {
    let tally = result.tally();
    let score = tally.score();
    let score = score.map_or_else(|| "none".to_owned(), |score| format!("{score} %"));
    let (killed, counted) = (tally.killed, tally.counted());
    format!("mutation score {score} ({killed} of {counted} killed)")
}
