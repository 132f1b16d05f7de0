//! The modes about the catalog and about batches: what each reads, what it wants proven, and what it
//! would record.

use crate::diag::{Diagnostic, Phase, Severity};
use crate::executor::outside::numbered;
use crate::executor::{self, judge};
use crate::exit::Exit;
use crate::history::{self, History, HistoryError, Row, State};
use crate::migration::{CHANGES_FILE, Checksum, Migration, Version, verify};

use super::catalog::Catalogs;
use super::{Action, Assessment, Ground, about};

/// What an assessment comes to.
pub(super) type Assessed = Result<Assessment, HistoryError>;

/// See [`super::Mode::MarkApplied`].
pub(super) fn mark_applied(
    ground: &mut Ground<'_>,
    history: &History,
    version: &Version,
    mut said: Assessment,
) -> Assessed {
    let Some(migration) = ground.folder.migration(version) else {
        return Ok(said.refuse(Exit::History, [not_in_folder(version)]));
    };
    if let Some(row) = history.applied(version) {
        let finding = usage(format!(
            "{} is recorded as applied already, by row {} on {}",
            migration.id, row.id, row.finished_at
        ));
        return Ok(said.refuse(Exit::Usage, [finding]));
    }
    let files = [CHANGES_FILE, ground.dialect.engine().file_name()];
    let conflicts = verify::one_against_sum(ground.folder, migration, &files);
    if !conflicts.is_empty() {
        return Ok(said.refuse(Exit::History, conflicts));
    }
    let verdict = judge(ground.dialect, ground.folder, history, true);
    if let Some(first) = verdict.pending.iter().find(|other| *other < version) {
        let finding = conflict(
            "repair/order",
            format!(
                "{first} comes before {} and is not applied either",
                migration.id
            ),
        )
        .help(format!(
            "settle that one first: with `dbtool migrate --to {first}`, or with `dbtool repair \
             --mark-applied {first}` when its work is done too"
        ));
        return Ok(said.refuse(Exit::History, [finding]));
    }
    said.fact(of_history(history, version));
    let file = migration.files.get(ground.dialect.engine().file_name());
    let batches = match file.map(|file| ground.dialect.split(&file.source.text)) {
        Some(Ok(script)) => script.batches.len(),
        Some(Err(error)) => {
            let finding = conflict("migration/malformed", error.to_string())
                .help("mend the file and seal it again");
            return Ok(said.refuse(Exit::History, [finding]));
        }
        None => 0,
    };
    if history.exists {
        let done = history::store::journalled(ground.session, ground.dialect, version)?;
        if !done.is_empty() {
            said.fact(format!(
                "Journal: {} of {batches} batches are entered as done",
                done.len()
            ));
        }
    }
    let mut versions = verdict.applied.clone();
    versions.push(version.clone());
    let expected = match ground.folder.fold_of(&versions) {
        Ok(expected) => expected,
        Err(finding) => return Ok(said.refuse(Exit::History, [*finding])),
    };
    let catalogs = Catalogs::read(ground, history)?;
    let differences = catalogs.against(ground, &expected);
    if !differences.is_empty() {
        said.fact(format!(
            "Catalog: it is not what {} would have made",
            migration.id
        ));
        let headline = Diagnostic::error(
            Phase::Drift,
            "repair/not-proven",
            format!(
                "{} cannot be marked as applied: the live catalog is not what it would have made",
                migration.id
            ),
        )
        .help(
            "bring the database to where the migration would have brought it, with the statements \
             below, or let `dbtool migrate` apply it",
        );
        return Ok(said.refuse(Exit::Drift, std::iter::once(headline).chain(differences)));
    }
    said.fact(format!("Catalog: it is what {} makes", migration.id));
    said.findings.extend(catalogs.beyond());
    said.findings.extend(rows_unproven(migration));
    let row = Row {
        batch_count: i64::try_from(batches).unwrap_or(i64::MAX),
        ..executor::entry(migration, ground.session.server(), ground.origin, "")
    };
    said.action = Some(Action {
        what: if verdict.late.contains(version) {
            "marked as applied, out of order".to_owned()
        } else {
            "marked as applied".to_owned()
        },
        row,
        records_catalog: true,
        journal: None,
        sum: None,
        is_recorded: false,
    });
    Ok(said)
}

/// A catalog says nothing of rows.
fn rows_unproven(migration: &Migration) -> Option<Diagnostic> {
    let document = migration.document().ok()?;
    document.changes.is_empty().then(|| {
        Diagnostic::warning(
            Phase::Migration,
            "repair/unproven-rows",
            format!(
                "{} is written by hand and changes no schema: the catalog proves nothing of what it \
                 was to do with rows",
                migration.id
            ),
        )
        .help("make sure that its work is done; the record will say that it is")
    })
}

/// See [`super::Mode::ReRecord`].
pub(super) fn re_record(
    ground: &mut Ground<'_>,
    history: &History,
    mut said: Assessment,
) -> Assessed {
    let verdict = judge(ground.dialect, ground.folder, history, true);
    let last = history
        .rows
        .iter()
        .rev()
        .find(|row| row.state == State::Applied && !verify::accepts_absence(row));
    let Some(last) = last else {
        let finding = usage(
            "nothing was ever applied to this database, so there is no record to renew".to_owned(),
        );
        return Ok(said.refuse(Exit::Usage, [finding]));
    };
    said.fact(format!(
        "History: {}_{} is the last that was applied, on {}",
        last.version, last.name, last.finished_at
    ));
    let catalogs = Catalogs::read(ground, history)?;
    if !catalogs.is_current {
        said.fact("Record: no catalog is recorded yet for what was applied last");
    }
    let mut accepted = catalogs.since_recorded(ground);
    if accepted.is_empty() && catalogs.is_current {
        said.fact("Catalog: it is what was recorded; there is nothing to settle");
        return Ok(said);
    }
    if !accepted.is_empty() {
        said.fact(format!(
            "Catalog: it differs from the record in what is listed ({}), and all of that is accepted",
            accepted.len()
        ));
    }
    if let Ok(folded) = ground.folder.fold_of(&verdict.applied) {
        let left: Vec<String> = catalogs
            .against(ground, &folded)
            .iter()
            .filter_map(|finding| finding.path.as_ref().map(ToString::to_string))
            .collect();
        if !left.is_empty() {
            said.fact(format!(
                "Model: it says otherwise of {}; that stays drift until the schema says so too, or \
                 `drift.ignore` in dbtool.yaml does",
                left.join(", ")
            ));
        }
    }
    for finding in &mut accepted {
        finding.severity = Severity::Warning;
        finding.remedy = None;
        finding.help = None;
    }
    said.findings.extend(accepted);
    said.action = Some(Action {
        what: "catalog recorded again".to_owned(),
        row: about(last, ground, State::Applied),
        records_catalog: true,
        journal: None,
        sum: None,
        is_recorded: false,
    });
    Ok(said)
}

/// See [`super::Mode::BatchDone`] and [`super::Mode::BatchAgain`].
pub(super) fn batch(
    ground: &mut Ground<'_>,
    history: &History,
    version: &Version,
    is_done: bool,
    mut said: Assessment,
) -> Assessed {
    let begun = match history.begun_outside(version) {
        Some(number) => {
            let done = history::store::journalled(ground.session, ground.dialect, version)?;
            (!done.iter().any(|(batch, _)| *batch == number)).then_some(number)
        }
        None => None,
    };
    let row = history
        .rows
        .iter()
        .rev()
        .find(|row| row.version == *version);
    let (Some(number), Some(row)) = (begun, row) else {
        let finding = usage(format!(
            "no batch of {version} was begun outside of any transaction and is in doubt"
        ));
        return Ok(said.refuse(Exit::Usage, [finding]));
    };
    let Some(migration) = ground.folder.migration(version) else {
        return Ok(said.refuse(Exit::History, [not_in_folder(version)]));
    };
    let file = migration.files.get(ground.dialect.engine().file_name());
    let script = file.and_then(|file| ground.dialect.split(&file.source.text).ok());
    let Some(batch) = script.as_ref().and_then(|script| numbered(script, number)) else {
        let finding = conflict(
            "repair/no-batch",
            format!("{} has no batch {number} any more", migration.id),
        )
        .help("restore the file as it was when the batch began");
        return Ok(said.refuse(Exit::History, [finding]));
    };
    said.fact(format!(
        "History: batch {number} of {} began at {} outside of any transaction, and no row says how \
         it ended",
        migration.id, row.started_at
    ));
    said.fact(format!("Folder: batch {number} is\n{}", batch.sql));
    let what = if is_done {
        format!("batch {number} is done")
    } else {
        format!("batch {number} is not done and runs again")
    };
    said.action = Some(Action {
        what,
        row: about(row, ground, State::Started),
        records_catalog: is_done,
        journal: is_done.then(|| (number, Checksum::of_text(&batch.sql))),
        sum: None,
        is_recorded: false,
    });
    Ok(said)
}

/// What the last row of a version says.
pub(super) fn of_history(history: &History, version: &Version) -> String {
    let last = history
        .rows
        .iter()
        .rev()
        .find(|row| row.version == *version);
    match last {
        None => format!("History: it has no row of {version}"),
        Some(row) => {
            let how = match (row.state, &row.error_text) {
                (State::Applied, _) => "was applied".to_owned(),
                (State::Started, _) => "began and is not done".to_owned(),
                (State::Failed, Some(error)) => format!("failed ({error})"),
                (State::Failed, None) => "failed".to_owned(),
            };
            format!(
                "History: {version}_{} {how} on {} by {}@{} (row {}, {})",
                row.name,
                row.finished_at,
                row.applied_by,
                row.host_name,
                row.id,
                row.kind.word()
            )
        }
    }
}

pub(super) fn not_in_folder(version: &Version) -> Diagnostic {
    conflict(
        "repair/not-in-folder",
        format!("{version} is the version of no migration in the folder"),
    )
    .help("check the version, or restore the folder from version control")
}

pub(super) fn not_applied(version: &Version) -> Diagnostic {
    usage(format!(
        "{version} is not recorded as applied to this database"
    ))
}

pub(super) fn usage(message: String) -> Diagnostic {
    Diagnostic::error(Phase::Migration, "repair/nothing-to-settle", message)
        .help("`dbtool repair` alone lists what needs settling")
}

pub(super) fn conflict(code: &'static str, message: String) -> Diagnostic {
    Diagnostic::error(Phase::Migration, code, message)
}
