//! `rebase`: gives a not yet applied migration a later version and makes it anew.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{Access, Rebase};
use crate::diag::{Diagnostic, Phase};
use crate::diff::{Change, diff};
use crate::exit::Exit;
use crate::generate::{Request, draft};
use crate::history::{History, Row, State};
use crate::migration::{
    CHANGES_FILE, Entry, File, Folder, Id, Migration, SUM_FILE, SumFile, Version, verify, write,
};
use crate::model::Schema;
use crate::plan::assess;
use crate::rebase::{Move, Outcome as Moved, is_same, next_version};
use crate::registry;
use crate::report::Report;
use crate::scratch::{self, Scratch};
use crate::settings::{Database, Usage};

use super::{Context, Outcome, findings_of, findings_only, has_errors};

/// What to do with a migration that cannot move.
const STAYS: &str = "leave it where it is; where a later version is applied already, `dbtool migrate \
                     --out-of-order` applies it in its place, on record";

/// What the migration becomes.
struct Rebased {
    files: BTreeMap<String, String>,
    changes: Vec<Change>,
    is_sealed: bool,
    /// What was done to it, for people and for JSON.
    how: &'static str,
    findings: Vec<Diagnostic>,
}

pub(super) fn run(context: &Context<'_>, arguments: &Rebase) -> Result<Outcome> {
    let folder = context.folder(&context.settings.config.targets.value)?;
    let moving = find(&arguments.version, &folder)?;
    let others = Move::new(&folder, moving);
    let conflicts = conflicts(context, &folder, &others);
    if !conflicts.is_empty() {
        return Ok(findings_only("rebase", Exit::History, conflicts));
    }
    let document = match moving.document() {
        Ok(document) => document,
        Err(finding) => return Ok(findings_only("rebase", Exit::History, vec![*finding])),
    };
    if let Some(finding) = applied(context, moving)? {
        return Ok(findings_only("rebase", Exit::History, vec![finding]));
    }
    let dialects = context.dialects();
    let dialects: Vec<_> = dialects.iter().map(AsRef::as_ref).collect();
    // An earlier run came as far as the sum file.
    if let Some(twin) = others.done(&document, &dialects) {
        let why = format!("{} has its place already", twin.id);
        return removed(&folder, moving, &why);
    }
    let base = match others.base() {
        Ok(base) => base,
        Err((id, finding)) => {
            let headline = Diagnostic::error(
                Phase::Migration,
                "rebase/needed",
                format!("{} cannot move: {id} builds on it", moving.id),
            )
            .help(STAYS);
            return Ok(findings_only(
                "rebase",
                Exit::History,
                vec![headline, *finding],
            ));
        }
    };
    let rebased = match others.outcome(&base, &document, &dialects) {
        Moved::Remade { files, changes } => Rebased {
            files,
            changes,
            is_sealed: true,
            how: "its changes are kept, and its SQL is made anew",
            findings: Vec::new(),
        },
        Moved::ByHand { files, clash } => Rebased {
            files,
            changes: document.changes.clone(),
            is_sealed: false,
            how: "it is written by hand and stays as it is, unsealed",
            findings: clash.into_iter().map(|clash| *clash).collect(),
        },
        Moved::Differs(clash) => {
            let declared = context.declared()?;
            if declared.has_errors() {
                return Ok(findings_only("rebase", Exit::Findings, declared.findings));
            }
            let draft = draft(&Request {
                folded: &base,
                declared: &declared.schema,
                renames: &declared.renames,
                dialects: &dialects,
                contract: document.contract.as_deref(),
                place: &|path| declared.place(path),
            });
            if has_errors(&draft.findings) {
                return Ok(findings_only("rebase", Exit::Findings, draft.findings));
            }
            if draft.changes.is_empty() {
                let why = "the other migrations already make what is declared";
                return removed(&folder, moving, why);
            }
            let mut findings = vec![*clash];
            findings.extend(draft.findings);
            Rebased {
                files: draft.files,
                changes: draft.changes,
                is_sealed: true,
                how: "its changes did not apply any more; they are the difference to the declared \
                      schema now",
                findings,
            }
        }
    };
    let id = new_id(arguments, &folder, &others, &rebased)?;
    if rebased.is_sealed
        && let Some((exit, mut findings)) = disproved(context, &folder, &others, &id, &rebased)?
    {
        let headline = Diagnostic::error(
            Phase::Migration,
            "rebase/needed",
            format!(
                "{} cannot move: tried on a throwaway database, the migrations then do not do what \
                 they say",
                moving.id
            ),
        )
        .help(STAYS);
        findings.insert(0, headline);
        return Ok(findings_only("rebase", exit, findings));
    }
    let new = Some((&id, &rebased.files, rebased.is_sealed));
    write::replace(&folder, &moving.id, new)
        .with_context(|| format!("cannot write {}", folder.path.display()))?;
    let left = left_to_declare(context, &base, &rebased.changes)?;
    Ok(written(&folder, &moving.id, &id, rebased, left))
}

/// The migration of this version or name.
fn find<'a>(text: &str, folder: &'a Folder) -> Result<&'a Migration> {
    let found: Vec<_> = folder
        .migrations
        .iter()
        .filter(|entry| entry.id.version.as_str() == text || entry.id.to_string() == text)
        .collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            super::version(text, folder)?;
            unreachable!("a version that is known is found")
        }
        several => {
            let names: Vec<String> = several.iter().map(|entry| entry.id.to_string()).collect();
            Err(Usage::new(
                format!("{text} is the version of {} migrations", several.len()),
                format!("name one of them whole: {}", names.join(", ")),
            )
            .into())
        }
    }
}

/// What stands against working on the folder: anything wrong with those that stay.
fn conflicts(context: &Context<'_>, folder: &Folder, others: &Move<'_>) -> Vec<Diagnostic> {
    let moving = &others.moving.id;
    let mut names = vec![CHANGES_FILE];
    let targets = &context.settings.config.targets.value;
    names.extend(targets.iter().map(|engine| engine.file_name()));
    let mut found: Vec<Diagnostic> = folder
        .findings
        .iter()
        // Two of one version are what a rebase is for.
        .filter(|finding| {
            finding.code != "migration/duplicate-version"
                || !finding.message.contains(&moving.to_string())
        })
        .cloned()
        .collect();
    if folder
        .findings
        .iter()
        .any(|it| it.code == "migration/sum-edited")
    {
        return found;
    }
    let is_sealed =
        |migration: &&&Migration| folder.sum.entries.get(&migration.id) != Some(&Entry::Unsealed);
    for migration in others.listed.iter().filter(is_sealed) {
        found.extend(verify::one_against_sum(folder, migration, &names));
    }
    found.extend(strangers(folder, moving, &names));
    let is_there = |id: &Id| folder.migrations.iter().any(|entry| entry.id == *id);
    for id in folder.sum.entries.keys().filter(|id| !is_there(id)) {
        found.push(verify::missing(id));
    }
    found
}

/// What lies in the folder that moves and that nobody here knows how to take along.
fn strangers(folder: &Folder, moving: &Id, known: &[&str]) -> Vec<Diagnostic> {
    let path = folder.path.join(moving.to_string());
    let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    names.sort();
    let stranger = |name: String| {
        Diagnostic::error(
            Phase::Migration,
            "rebase/other-file",
            format!("{moving}/{name} is the file of no target, and would be lost"),
        )
        .help("move it away, or add its engine to `targets` in dbtool.yaml")
    };
    names.into_iter().map(stranger).collect()
}

/// The finding that the migration is applied in the environment that is named. Without a name a
/// local database is asked when it is there.
fn applied(context: &Context<'_>, moving: &Migration) -> Result<Option<Diagnostic>> {
    let is_named = context.settings.names_database();
    if !is_named {
        let is_there = context.settings.target().is_ok_and(
            |target| matches!(&target.database, Database::SqliteFile(path) if path.exists()),
        );
        if !is_there {
            return Ok(None);
        }
    }
    let mut connection = context.connect(Access::Read)?;
    let history = History::load(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        false,
    )?;
    // Of two migrations with one version, the other may be the one that is applied.
    let is_it = |row: &&Row| {
        row.version == moving.id.version && row.name == moving.id.name && row.state != State::Failed
    };
    Ok(history.rows.iter().rev().find(is_it).map(|row| {
        let how = match row.state {
            State::Started => "has begun",
            State::Applied | State::Failed => "is applied",
        };
        Diagnostic::error(
            Phase::Migration,
            "rebase/applied",
            format!(
                "{} {how} in {} since {}, so its version is part of that history",
                moving.id, connection.environment.database, row.finished_at
            ),
        )
        .help(
            "leave it where it is, and rebase the one that is applied nowhere; a local database \
             that may be thrown away can be removed",
        )
    }))
}

fn new_id(arguments: &Rebase, folder: &Folder, others: &Move<'_>, rebased: &Rebased) -> Result<Id> {
    let name = others.moving.id.name.clone();
    // An earlier run that was interrupted has written it already.
    let is_leftover = |twin: &&Migration| {
        !folder.sum.entries.contains_key(&twin.id) && is_same(twin, &rebased.files)
    };
    if let Some(twin) = others.twins().find(is_leftover) {
        return Ok(twin.id.clone());
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let next = next_version(folder, now.as_secs());
    let version = match &arguments.version_stamp {
        None => next,
        Some(stamp) => Version::parse(stamp)
            .filter(|version| next_version(folder, 0) <= *version)
            .ok_or_else(|| {
                Usage::new(
                    format!("{stamp:?} is no version after the last migration"),
                    "a version is 14 digits: year, month, day, hour, minute, second in UTC",
                )
            })?,
    };
    Ok(Id { version, name })
}

/// Applies all of it to a throwaway database of the embedded engine, where that is a target: what
/// people wrote may build on the migration that moved without saying so in any changes.yaml.
fn disproved(
    context: &Context<'_>,
    folder: &Folder,
    others: &Move<'_>,
    id: &Id,
    rebased: &Rebased,
) -> Result<Option<(Exit, Vec<Diagnostic>)>> {
    let engine = registry::EMBEDDED;
    let is_unsealed = folder.sum.entries.values().any(|it| *it == Entry::Unsealed);
    if !context.settings.config.targets.value.contains(&engine) || is_unsealed {
        return Ok(None);
    }
    let files = |(name, text): (&String, &String)| {
        let path = folder.path.join(id.to_string()).join(name);
        let path = path.display().to_string().replace('\\', "/");
        (name.clone(), File::new(path, text.clone()))
    };
    let new = Migration {
        id: id.clone(),
        files: rebased.files.iter().map(files).collect(),
    };
    let mut migrations: Vec<Migration> = others.listed.iter().copied().cloned().collect();
    let checksums = new
        .files
        .iter()
        .map(|(name, file)| (name.clone(), file.checksum.clone()));
    let mut entries = folder.sum.entries.clone();
    entries.remove(&others.moving.id);
    entries.insert(id.clone(), Entry::Sealed(checksums.collect()));
    migrations.push(new);
    let tried = Folder {
        path: folder.path.clone(),
        migrations,
        sum: SumFile { entries },
        findings: Vec::new(),
    };
    let folded = match tried.fold(None) {
        Ok(folded) => folded,
        Err(finding) => return Ok(Some((Exit::History, vec![*finding]))),
    };
    let dialect = registry::dialect(engine, &context.settings.config);
    let scratch = Scratch::new().context("cannot make a scratch database")?;
    let mut session = scratch.open("rebase")?;
    if let Err(failure) = scratch::migrate(session.as_mut(), dialect.as_ref(), &tried) {
        return findings_of(failure.cause).map(Some);
    }
    let drift = scratch::drift(session.as_mut(), dialect.as_ref(), &folded)?;
    Ok((!drift.is_empty()).then_some((Exit::Migration, drift)))
}

/// How many changes the schema declares that no migration makes.
fn left_to_declare(context: &Context<'_>, base: &Schema, changes: &[Change]) -> Result<usize> {
    let declared = context.declared()?;
    let mut made = base.clone();
    if declared.has_errors() || crate::diff::fold::apply_all(&mut made, changes).is_err() {
        return Ok(0);
    }
    Ok(diff(&made, &declared.schema, &declared.renames).len())
}

/// Nothing is left of it, so it goes.
fn removed(folder: &Folder, moving: &Migration, why: &str) -> Result<Outcome> {
    write::replace(folder, &moving.id, None)
        .with_context(|| format!("cannot write {}", folder.path.display()))?;
    let mut report = Report::new("rebase");
    report.data = json!({
        "from": moving.id.to_string(),
        "written": null,
        "how": why,
    });
    Ok(Outcome {
        report,
        text: format!("Removed {}: {why}.\n", moving.id),
        findings_are_the_answer: false,
    })
}

fn written(folder: &Folder, from: &Id, id: &Id, rebased: Rebased, left: usize) -> Outcome {
    let path = folder.path.join(id.to_string());
    let path = path.display().to_string().replace('\\', "/");
    let hazards = assess(&rebased.changes);
    let mut text = format!("Rebased {from} as {path}: {}.\n", rebased.how);
    let mut changes = Vec::new();
    for (change, hazard) in rebased.changes.iter().zip(&hazards) {
        let (class, headline) = (hazard.class.word(), change.headline());
        text.push_str(&format!("  {class:<12} {headline}\n"));
        changes.push(json!({
            "change": headline,
            "class": class,
            "consequence": hazard.consequence,
        }));
    }
    text.push_str(&if rebased.is_sealed {
        format!("Read it, and commit it together with {SUM_FILE}.\n")
    } else {
        format!(
            "Look whether its SQL still fits, then run `dbtool seal {}`; until then migrate refuses \
             it.\n",
            id.version
        )
    });
    if left > 0 {
        text.push_str(
            "The schema declares more than the migrations make: another migration of the branch \
             waits to be rebased, or `dbtool generate` writes the rest.\n",
        );
    }
    let mut report = Report::new("rebase");
    report.findings = rebased.findings;
    report.data = json!({
        "from": from.to_string(),
        "written": path,
        "version": id.version,
        "name": id.name,
        "sealed": rebased.is_sealed,
        "how": rebased.how,
        "changes": changes,
    });
    Outcome {
        report,
        text,
        findings_are_the_answer: false,
    }
}
