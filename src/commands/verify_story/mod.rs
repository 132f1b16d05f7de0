//! `verify-story`: the gate before a merge.
//!
//! Throwaway database, all migrations from empty, no drift, then the scenarios; each phase only
//! when the one before it held, and the database goes away whatever happens.

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use crate::cli::VerifyStory;
use crate::diag::Phase;
use crate::exit::Exit;
use crate::model::Schema;
use crate::registry;
use crate::report::Report;
use crate::settings::Usage;
use crate::story::{self, Ground, RunOptions, Tenancy, World as _};
use crate::yaml::files::read_folder;

use super::{Context, Outcome, findings_only, has_errors};

mod ground;

use ground::{ProvingGround, Site};

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
    let loaded = load(context, &folded, &tenancy)?;
    if has_errors(&loaded.findings) {
        return Ok(findings_only(
            "verify-story",
            Exit::Findings,
            loaded.findings,
        ));
    }
    let stories = chosen(loaded.stories, &arguments.stories)?;
    let dialect = registry::dialect(engine, &context.settings.config);
    // Only now: files with mistakes in them make nobody touch a server.
    let site = Site::choose(context, arguments)?;
    let proving_ground = Arc::new(ProvingGround::new(site, folder, dialect, folded));
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
            "phases": phases(&report),
            "stories": result.stories,
        });
    } else {
        report.data = json!({ "phases": phases(&report), "stories": [] });
    }
    let mut text = String::new();
    if arguments.keep {
        let kept = Arc::try_unwrap(proving_ground)
            .ok()
            .map(ProvingGround::keep);
        if let Some(path) = kept.transpose()? {
            text = format!("The throwaway databases are kept in {path}\n");
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
