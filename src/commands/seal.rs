//! `seal`: proves a hand-written migration and makes it final.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::Seal;
use crate::diag::{Diagnostic, Phase};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::migration::{CHANGES_FILE, Checksum, Entry, Folder, Version, verify, write};
use crate::registry;
use crate::report::{Case, Report};
use crate::scratch::{self, Scratch};

use super::{Context, Outcome, findings_of, findings_only, has_errors, lint, version};

pub(super) fn run(context: &Context<'_>, arguments: &Seal) -> Result<Outcome> {
    let targets = &context.settings.config.targets.value;
    let mut folder = context.folder(targets)?;
    let version = version(&arguments.version, &folder)?;
    folder
        .migrations
        .retain(|migration| migration.id.version <= version);
    let before = enter(&mut folder, &version, targets);
    // The proof is about the migrations up to this one; the others stay in the sum file.
    let whole = folder.sum.clone();
    folder.sum.entries.retain(|id, _| id.version <= version);
    let files: Vec<&str> = std::iter::once(CHANGES_FILE)
        .chain(targets.iter().map(|engine| engine.file_name()))
        .collect();
    let conflicts = verify::against_sum(&folder, &files);
    if has_errors(&conflicts) {
        return Ok(findings_only("seal", Exit::History, conflicts));
    }
    let mut report = Report::new("seal");
    report.findings = judged(context, &folder, &version);
    report.rules = lint::described();
    if has_errors(&report.findings) {
        report.exit = Exit::Findings;
        report.data = json!({ "sealed": false });
        return Ok(Outcome {
            report,
            text: String::new(),
            findings_are_the_answer: false,
        });
    }
    for engine in targets {
        prove(context, &folder, *engine, &mut report)?;
    }
    if has_errors(&report.findings) {
        report.data = json!({ "sealed": false });
        return Ok(Outcome {
            report,
            text: String::new(),
            findings_are_the_answer: false,
        });
    }
    write::write_sum(&folder.path, &whole)
        .with_context(|| format!("cannot write {}", folder.path.display()))?;
    let id = folder
        .migrations
        .last()
        .map(|migration| migration.id.to_string())
        .unwrap_or_default();
    let again = matches!(before, Some(Entry::Sealed(_)));
    let mut text = format!("{} {id}\n", if again { "Sealed again:" } else { "Sealed" });
    let tried: BTreeMap<String, &str> = report
        .cases
        .iter()
        .map(|case| {
            (
                case.name.clone(),
                if case.note.is_none() {
                    "proven"
                } else {
                    "unproven"
                },
            )
        })
        .collect();
    for case in &report.cases {
        let note = case.note.clone();
        text.push_str(&format!(
            "  {:<7} {}\n",
            case.name,
            note.unwrap_or_else(|| "proven".into())
        ));
    }
    // The text says it all.
    report.cases.clear();
    if again {
        text.push_str(&format!(
            "It had been sealed before; databases that have it applied refuse it until it is \
             accepted there with `dbtool repair --accept-edit {version}`.\n",
        ));
    }
    report.data = json!({
        "sealed": true,
        "version": version,
        "sealedBefore": again,
        "targets": tried,
    });
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}

/// What the rules say of the migration's T-SQL. Once it is sealed, nothing more can be accepted in
/// it.
fn judged(context: &Context<'_>, folder: &Folder, version: &Version) -> Vec<Diagnostic> {
    let mut scripts = Vec::new();
    let options = lint::options(&context.settings.config);
    // Migrations that do not fold fail the proof, too, and are told of there.
    let _ = lint::migrations(folder, &options, &|it| it == version, &mut scripts);
    let found = scripts
        .into_iter()
        .flat_map(|script| script.linted.findings);
    found.collect()
}

/// Enters the files of the migration, as they are now, in the sum. Returns what was there.
fn enter(folder: &mut Folder, version: &Version, targets: &[Engine]) -> Option<Entry> {
    let migration = folder
        .migrations
        .iter()
        .find(|migration| migration.id.version == *version)?;
    let names =
        std::iter::once(CHANGES_FILE).chain(targets.iter().map(|engine| engine.file_name()));
    let files: BTreeMap<String, Checksum> = names
        .filter_map(|name| Some((name.to_owned(), migration.files.get(name)?.checksum.clone())))
        .collect();
    folder
        .sum
        .entries
        .insert(migration.id.clone(), Entry::Sealed(files))
}

/// Tries the migration, after all before it, on a throwaway database of this engine.
fn prove(
    context: &Context<'_>,
    folder: &Folder,
    engine: Engine,
    report: &mut Report,
) -> Result<()> {
    let dialect = registry::dialect(engine, &context.settings.config);
    let folded = match folder.fold(None) {
        Ok(folded) => folded,
        Err(finding) => {
            fail(report, engine, Exit::History, vec![*finding]);
            return Ok(());
        }
    };
    let sql = folder
        .migrations
        .last()
        .and_then(|last| last.files.get(engine.file_name()));
    let Some(file) = sql else {
        let finding = Diagnostic::error(
            Phase::Migration,
            "migration/missing-file",
            format!("the migration has no {}", engine.file_name()),
        )
        .help("write it, or take this engine out of `targets` in dbtool.yaml");
        fail(report, engine, Exit::Findings, vec![finding]);
        return Ok(());
    };
    if engine != registry::EMBEDDED {
        if let Err(error) = dialect.split(&file.source.text) {
            let place = crate::diag::Span::new(&file.source, error.offset..error.offset + 1);
            let finding = Diagnostic::error(
                Phase::Migration,
                "migration/malformed",
                format!("{} cannot be split into batches: {error}", file.source.name),
            )
            .spanned(place)
            .help("mend the file and seal again");
            fail(report, engine, Exit::Findings, vec![finding]);
            return Ok(());
        }
        let note = "unproven: there is no scratch database of this engine, so only its batches were checked";
        report.add_case(
            Case::not_proven(Phase::Migration, "seal", engine.name(), note),
            [],
        );
        return Ok(());
    }
    let scratch = Scratch::new().context("cannot make a scratch database")?;
    let mut session = scratch.open("seal")?;
    if let Err(failure) = scratch::migrate(session.as_mut(), dialect.as_ref(), folder) {
        let (exit, findings) = findings_of(failure.cause)?;
        fail(report, engine, exit, findings);
        return Ok(());
    }
    let findings = scratch::drift(session.as_mut(), dialect.as_ref(), &folded)?;
    if !findings.is_empty() {
        let headline = Diagnostic::error(
            Phase::Migration,
            "seal/other-schema",
            format!(
                "the SQL for {} does not make what changes.yaml says: fold and database differ",
                engine.name()
            ),
        )
        .help("list what it changes in changes.yaml, or leave the schema as it is in the SQL");
        let findings = std::iter::once(headline).chain(findings).collect();
        fail(report, engine, Exit::Findings, findings);
        return Ok(());
    }
    report.add_case(Case::passed(Phase::Migration, "seal", engine.name()), []);
    Ok(())
}

fn fail(report: &mut Report, engine: Engine, exit: Exit, findings: Vec<Diagnostic>) {
    report.exit = Exit::first([report.exit, exit]);
    report.add_case(
        Case::failed(Phase::Migration, "seal", engine.name()),
        findings,
    );
}
