//! Whether the files are what the sum file and the history say. Pure: values in, findings out.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::Engine;
use crate::history::{Kind, Row, State};

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
        findings.extend(one_against_sum(folder, migration, files));
    }
    for id in folder
        .sum
        .entries
        .keys()
        .filter(|id| !present.contains_key(id))
    {
        findings.push(missing(id));
    }
    findings
}

/// The finding that the sum file lists a migration whose folder is gone.
pub fn missing(id: &Id) -> Diagnostic {
    conflict(
        "migration/missing",
        format!("{id} is listed in dbtool.sum and its folder is gone"),
    )
    .help(format!(
        "restore the folder from version control; only when it is lost for good, and is applied \
         already, say so with `dbtool repair --accept-missing {}`",
        id.version
    ))
}

/// Compares the files of one migration with the sum file.
pub fn one_against_sum(folder: &Folder, migration: &Migration, files: &[&str]) -> Vec<Diagnostic> {
    let id = &migration.id;
    let version = &id.version;
    match folder.sum.entries.get(id) {
        None => vec![
            conflict(
                "migration/unlisted",
                format!("{id} is not in dbtool.sum, so nobody vouches for it"),
            )
            .help(format!(
                "after a merge that took the other branch's dbtool.sum, `dbtool rebase {version}` \
                 puts it behind the others and lists it; so it does after an interrupted `dbtool \
                 generate`; if it was written by hand and its place is right, `dbtool seal \
                 {version}` proves and lists it; else restore dbtool.sum from version control"
            )),
        ],
        Some(Entry::Unsealed) => vec![
            conflict(
                "migration/unsealed",
                format!("{id} is still being written: it is not sealed"),
            )
            .help(format!("run `dbtool seal {version}` when it is finished")),
        ],
        Some(Entry::Sealed(sealed)) => files
            .iter()
            .filter_map(|name| file_against_sum(migration, name, sealed.get(*name)))
            .collect(),
    }
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

/// What a repair says of a migration that may be missing from the folder; its reason begins so.
pub const ACCEPTED_AS_MISSING: &str = "accepted as missing";

/// Whether a row says that a migration which was applied may be missing from the folder: somebody
/// settled that it cannot be restored.
pub fn accepts_absence(row: &Row) -> bool {
    row.kind == Kind::Repair
        && row.state == State::Applied
        && row.changes_checksum.is_none()
        && row.sql_checksum.is_none()
        && row
            .reason
            .as_ref()
            .is_some_and(|reason| reason.starts_with(ACCEPTED_AS_MISSING))
}

/// What history says last of a version that is applied.
struct Standing<'a> {
    /// The last row that vouches for files; what a repair accepted counts like what was applied.
    row: &'a Row,
    /// Whether its folder may be missing.
    may_be_missing: bool,
}

/// Compares the files of one engine with what history says was applied, and with what was accepted
/// since.
pub fn against_history(folder: &Folder, history: &[Row], engine: Engine) -> Verdict {
    let mut verdict = Verdict::default();
    let mut last: BTreeMap<&Version, Standing<'_>> = BTreeMap::new();
    for row in history.iter().filter(|row| row.state == State::Applied) {
        if !last.contains_key(&row.version) {
            verdict.applied.push(row.version.clone());
        }
        let may_be_missing = accepts_absence(row);
        match last.get_mut(&row.version) {
            Some(standing) if may_be_missing => standing.may_be_missing = true,
            _ => {
                let standing = Standing {
                    row,
                    may_be_missing,
                };
                last.insert(&row.version, standing);
            }
        }
    }
    let known: BTreeMap<&Version, &Migration> = folder
        .migrations
        .iter()
        .map(|migration| (&migration.id.version, migration))
        .collect();
    for (version, standing) in &last {
        let row = standing.row;
        match known.get(version) {
            None if standing.may_be_missing => {}
            None => verdict.conflicts.push(
                conflict(
                    "history/missing",
                    format!(
                        "{version}_{} was applied on {} and is not in the folder",
                        row.name, row.finished_at
                    ),
                )
                .help(format!(
                    "restore it from version control; if the database was migrated from a newer \
                     checkout, update this one; only when it is lost for good, say so with `dbtool \
                     repair --accept-missing {version}`"
                )),
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
                .help(format!(
                    "restore it from version control, and put what should change into a new \
                     migration; an edit that has to stay is proven by `dbtool seal {0}` and then \
                     accepted by `dbtool repair --accept-edit {0}`",
                    migration.id.version
                )),
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
    .help(format!(
        "give it a version after the last one with `dbtool rebase {version}`, or apply it all the \
         same with --out-of-order, which history records"
    ))
}

fn conflict(code: &'static str, message: String) -> Diagnostic {
    Diagnostic::error(Phase::Migration, code, message)
}
