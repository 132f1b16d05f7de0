//! `verify-story`: the gate before a merge.
//!
//! Throwaway database, all migrations from empty, no drift, then the scenarios; each phase only
//! when the one before it held, and the database goes away whatever happens.

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use crate::cli::VerifyStory;
use crate::diag::Phase;
use crate::dialect::Unproven;
use crate::exit::Exit;
use crate::model::Schema;
use crate::registry;
use crate::report::{Case, Report};
use crate::settings::Usage;
use crate::story::mutation::survivor::Explained;
use crate::story::{self, Ground, RunOptions, Tenancy, World as _};
use crate::yaml::files::read_folder;

use super::{Context, Outcome, findings_only, has_errors};

mod elsewhere;
mod ground;
mod isolation;
mod list;
mod mutate;
mod project;

use ground::{ProvingGround, Site};
use mutate::Trials;

/// The seed when none is given: the same values in each run, so that a red run can be repeated.
const SEED: u32 = 1;

pub(super) fn run(context: &Context<'_>, arguments: &VerifyStory) -> Result<Outcome> {
    let engine = Site::engine(arguments);
    let folder = context.folder(&[engine])?;
    let folded = match folder.fold(None) {
        Ok(folded) => folded,
        Err(finding) => return Ok(findings_only("verify-story", Exit::History, vec![*finding])),
    };
    let declared = context.declared()?;
    let tenancy = tenancy(context);
    let mut loaded = load(context, &folded, &tenancy)?;
    isolation::add(&mut loaded, &folded, &tenancy, &declared);
    if has_errors(&loaded.findings) {
        return Ok(findings_only(
            "verify-story",
            Exit::Findings,
            loaded.findings,
        ));
    }
    let survivors = loaded.stories.iter().flat_map(|story| &story.survivors);
    let explanations: Vec<Explained> = survivors.cloned().collect();
    let stories = chosen(loaded.stories, &arguments.stories)?;
    let stories = with_scenarios(stories, &arguments.only)?;
    let dialect = registry::dialect(engine, &context.settings.config);
    if arguments.list {
        let mutants = arguments
            .mutate
            .then(|| story::mutation::mutants(&folded, &tenancy, &stories, dialect.as_ref()));
        return Ok(list::run(&stories, mutants.as_deref(), loaded.findings));
    }
    // Only now: files with mistakes in them make nobody touch a server.
    let elsewhere = elsewhere::find(context, arguments)?;
    let site = Site::choose(context, arguments)?;
    let ground = ProvingGround::new(context.settings, site, folder, dialect, folded)?;
    let proving_ground = Arc::new(ground);
    let mut report = Report::new("verify-story");
    report.findings = loaded.findings;
    if proving_ground.prepare(&mut report, &declared)? {
        let database = proving_ground.database()?;
        report.environment = Some(proving_ground.environment(database.open()?.as_ref()));
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
            against: elsewhere.as_ref().map(|(against, _)| against.clone()),
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
        let unproven = proving_ground.dialect.capabilities().unproven;
        add_unproven(&mut report, unproven);
        report.data = json!({
            "seed": result.seed,
            "phases": phases(&report),
            "against": elsewhere.as_ref().map(|(_, environment)| json!({
                "environment": environment.name,
                "engine": environment.engine,
                "product": environment.product,
                "database": environment.database,
            })),
            "unproven": unproven,
            "stories": result.stories,
        });
        if arguments.mutate && result.failed() {
            let why = "a scenario is red on the whole schema, so it would kill every mutant";
            mutate::skip(&mut report, why);
        } else if arguments.mutate {
            let trials = Trials {
                ground: &ground,
                stories: &stories,
                options: &options,
                explanations: &explanations,
                declared: &declared,
                today: &context.settings.today(),
                min_score: arguments.min_score,
                progress: &|count| context.printer.progress(count, "mutants"),
            };
            let folder = context.folder(&[engine])?;
            let dialect = registry::dialect(engine, &context.settings.config);
            mutate::run(&trials, &folder, dialect, &mut report)?;
        }
    } else {
        report.data = json!({ "phases": phases(&report), "stories": [] });
    }
    let mut text = match report.data["seed"].as_u64() {
        Some(seed) => format!("Generated values come from seed {seed}.\n"),
        None => String::new(),
    };
    if arguments.keep {
        let kept = Arc::try_unwrap(proving_ground)
            .ok()
            .map(ProvingGround::keep);
        if let Some(path) = kept.transpose()? {
            text.push_str(&format!(
                "The throwaway databases are kept in {path}
"
            ));
        }
    }
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

/// Says what the engine of the throwaway databases cannot prove.
fn add_unproven(report: &mut Report, unproven: &[Unproven]) {
    let product = report.environment.as_ref().map(|it| it.product.clone());
    let suite = format!("not proven by a run on {}", product.unwrap_or_default());
    for Unproven { what, why } in unproven {
        let case = Case::not_proven(Phase::Persistence, suite.as_str(), *what, *why);
        report.add_case(case, []);
    }
}

fn phases(report: &Report) -> serde_json::Value {
    let of = |phase: Phase| {
        let case = report.cases.iter().find(|case| case.phase == phase);
        case.map_or("skipped", |case| case.status.word())
    };
    json!({ "migration": of(Phase::Migration), "drift": of(Phase::Drift) })
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

/// Of the stories what the scenarios that were asked for need: a criterion stays with all of its
/// scenarios, so that it is not taken for proven by a part of them.
fn with_scenarios(stories: Vec<story::Story>, only: &[String]) -> Result<Vec<story::Story>> {
    if only.is_empty() {
        return Ok(stories);
    }
    let asked = |scenario: &story::Scenario| only.iter().any(|part| scenario.name.contains(part));
    let kept = stories.into_iter().filter_map(|mut story| {
        let proven: Vec<String> = story
            .scenarios
            .iter()
            .filter(|scenario| asked(scenario))
            .flat_map(|scenario| scenario.proves.clone())
            .collect();
        story.criteria.retain(|it| proven.contains(&it.id));
        story
            .scenarios
            .retain(|it| it.proves.iter().any(|id| proven.contains(id)));
        (!story.scenarios.is_empty()).then_some(story)
    });
    let kept: Vec<story::Story> = kept.collect();
    if kept.is_empty() {
        let texts: Vec<String> = only.iter().map(|text| format!("{text:?}")).collect();
        return Err(Usage::new(
            format!(
                "no scenario's name has {}, so nothing would be proven",
                texts.join(" or ")
            ),
            "`dbtool verify-story --list` shows the names",
        )
        .into());
    }
    Ok(kept)
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
