//! Whether the files are what the sum file and the history say. Pure: values in, findings out.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::Engine;
use crate::history::{Row, State};

use super::{CHANGES_FILE, Entry, Folder, Id, Migration, Version};

/// What is left to do, after everything that history says was found in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Versions that are applied, in the order in which they were.
    pub applied: Vec<Version>,
    /// Versions that are not applied yet, in order.
    pub pending: Vec<Version>,
    /// Pending versions that are lower than one that is applied.
    pub late: Vec<Version>,
    /// What stands against going on.
    pub conflicts: Vec<Diagnostic>,
}

/// Compares the files with the sum file. `files` names the files that were read: only they are
/// judged, so that a mended `sqlite.sql` never stops the other engine.
pub fn against_sum(folder: &Folder, files: &[&str]) -> Vec<Diagnostic> {
    let mut findings = folder.findings.clone();
    if findings
        .iter()
        .any(|finding| finding.code == "migration/sum-edited")
    {
        return findings;
    }
    let present: BTreeMap<&Id, &Migration> = folder
        .migrations
        .iter()
        .map(|migration| (&migration.id, migration))
        .collect();
    for migration in &folder.migrations {
        match folder.sum.entries.get(&migration.id) {
            None => findings.push(
                conflict(
                    "migration/unlisted",
                    format!(
                        "{} is not in dbtool.sum, so nobody vouches for it",
                        migration.id
                    ),
                )
                .help(format!(
                    "an interrupted `dbtool generate` leaves such a folder: remove it and generate \
                     again; if it was written by hand, `dbtool seal {}` proves and lists it; else \
                     restore dbtool.sum from version control",
                    migration.id.version
                )),
            ),
            Some(Entry::Unsealed) => findings.push(
                conflict(
                    "migration/unsealed",
                    format!("{} is still being written: it is not sealed", migration.id),
                )
                .help(format!(
                    "run `dbtool seal {}` when it is finished",
                    migration.id.version
                )),
            ),
            Some(Entry::Sealed(sealed)) => {
                for name in files {
                    findings.extend(file_against_sum(migration, name, sealed.get(*name)));
                }
            }
        }
    }
    for id in folder
        .sum
        .entries
        .keys()
        .filter(|id| !present.contains_key(id))
    {
        findings.push(
            conflict(
                "migration/missing",
                format!("{id} is listed in dbtool.sum and its folder is gone"),
            )
            .help("restore the folder from version control"),
        );
    }
    findings
}

fn file_against_sum(
    migration: &Migration,
    name: &str,
    sealed: Option<&super::Checksum>,
) -> Option<Diagnostic> {
    match (migration.files.get(name), sealed) {
        (Some(file), Some(sealed)) if file.checksum != *sealed => Some(
            conflict(
                "migration/edited",
                format!(
                    "{} was edited after it was sealed: its checksum is {} and was {}",
                    file.source.name,
                    file.checksum.short(),
                    sealed.short()
                ),
            )
            .spanned(Span::new(&file.source, 0..0))
            .help(
                "restore it from version control, and put what should change into a new migration",
            ),
        ),
        (Some(file), None) => Some(
            conflict(
                "migration/unlisted",
                format!(
                    "{} is not in dbtool.sum, so nobody vouches for it",
                    file.source.name
                ),
            )
            .help("remove it, or restore dbtool.sum from version control"),
        ),
        (None, Some(_)) => Some(
            conflict(
                "migration/missing-file",
                format!(
                    "{}/{name} is listed in dbtool.sum and is gone",
                    migration.id
                ),
            )
            .help("restore it from version control"),
        ),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// Compares the files of one engine with what history says was applied.
pub fn against_history(folder: &Folder, history: &[Row], engine: Engine) -> Verdict {
    let mut verdict = Verdict::default();
    let mut last: BTreeMap<&Version, &Row> = BTreeMap::new();
    for row in history {
        if row.state == State::Applied && !last.contains_key(&row.version) {
            verdict.applied.push(row.version.clone());
        }
        if row.state == State::Applied {
            last.insert(&row.version, row);
        }
    }
    let known: BTreeMap<&Version, &Migration> = folder
        .migrations
        .iter()
        .map(|migration| (&migration.id.version, migration))
        .collect();
    for (version, row) in &last {
        match known.get(version) {
            None => verdict.conflicts.push(
                conflict(
                    "history/missing",
                    format!(
                        "{version}_{} was applied on {} and is not in the folder",
                        row.name, row.finished_at
                    ),
                )
                .help(
                    "restore it from version control; if the database was migrated from a newer \
                     checkout, update this one",
                ),
            ),
            Some(migration) => {
                verdict
                    .conflicts
                    .extend(file_against_history(migration, row, engine));
            }
        }
    }
    let highest = last.keys().next_back().copied();
    for migration in &folder.migrations {
        let version = &migration.id.version;
        if last.contains_key(version) {
            continue;
        }
        verdict.pending.push(version.clone());
        if highest.is_some_and(|highest| version < highest) {
            verdict.late.push(version.clone());
        }
    }
    verdict
}

fn file_against_history(migration: &Migration, row: &Row, engine: Engine) -> Vec<Diagnostic> {
    let files = [
        (CHANGES_FILE, &row.changes_checksum),
        (engine.file_name(), &row.sql_checksum),
    ];
    let mut findings = Vec::new();
    for (name, recorded) in files {
        let Some(recorded) = recorded else { continue };
        match migration.files.get(name) {
            None => findings.push(
                conflict(
                    "history/missing-file",
                    format!(
                        "{}/{name} was applied on {} and is gone",
                        migration.id, row.finished_at
                    ),
                )
                .help("restore it from version control"),
            ),
            Some(file) if file.checksum != *recorded => findings.push(
                conflict(
                    "history/edited",
                    format!(
                        "{} was edited after it was applied on {}: its checksum is {} and was {}",
                        file.source.name,
                        row.finished_at,
                        file.checksum.short(),
                        recorded.short()
                    ),
                )
                .spanned(Span::new(&file.source, 0..0))
                .help(
                    "restore it from version control, and put what should change into a new \
                     migration",
                ),
            ),
            Some(_) => {}
        }
    }
    findings
}

/// The finding for a pending migration that is lower than one that is applied.
pub fn late(version: &Version, folder: &Folder) -> Diagnostic {
    let name = folder
        .migrations
        .iter()
        .find(|migration| migration.id.version == *version)
        .map_or_else(|| version.to_string(), |migration| migration.id.to_string());
    conflict(
        "history/out-of-order",
        format!("{name} is not applied, but a later migration is: the order was changed"),
    )
    .help(
        "give it a new version after the last one, or apply it all the same with --out-of-order, \
         which history records",
    )
}

fn conflict(code: &'static str, message: String) -> Diagnostic {
    Diagnostic::error(Phase::Migration, code, message)
}
