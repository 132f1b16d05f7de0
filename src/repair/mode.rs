//! The modes: what each reads, what it wants proven, and what it would record.

use crate::diag::{Diagnostic, Phase, Severity, Span};
use crate::executor::outside::numbered;
use crate::executor::{self, judge};
use crate::exit::Exit;
use crate::history::{self, History, HistoryError, Row, State};
use crate::migration::{CHANGES_FILE, Checksum, Migration, Version, verify};

use super::catalog::Catalogs;
use super::{Action, Assessment, Ground, about};

type Assessed = Result<Assessment, HistoryError>;

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

/// See [`super::Mode::AcceptEdit`].
pub(super) fn accept_edit(
    ground: &mut Ground<'_>,
    history: &History,
    version: &Version,
    mut said: Assessment,
) -> Assessed {
    let Some(applied) = history.rows.iter().rev().find(|row| {
        row.version == *version && row.state == State::Applied && !verify::accepts_absence(row)
    }) else {
        return Ok(said.refuse(Exit::Usage, [not_applied(version)]));
    };
    let Some(migration) = ground.folder.migration(version) else {
        let finding = not_in_folder(version).help(format!(
            "restore it from version control; when it is lost for good, `dbtool repair \
             --accept-missing {version}`"
        ));
        return Ok(said.refuse(Exit::History, [finding]));
    };
    let sql_name = ground.dialect.engine().file_name();
    said.fact(of_history(history, version));
    let now = |name: &str| migration.files.get(name);
    let differs = |name: &str, then: &Option<Checksum>| {
        now(name).map(|file| &file.checksum) != then.as_ref() && then.is_some()
    };
    let changes_edited = differs(CHANGES_FILE, &applied.changes_checksum);
    let sql_edited = differs(sql_name, &applied.sql_checksum);
    if !changes_edited && !sql_edited {
        said.fact("Folder: its files are what history says; there is nothing to settle");
        return Ok(said);
    }
    let conflicts = verify::one_against_sum(ground.folder, migration, &[CHANGES_FILE, sql_name]);
    if !conflicts.is_empty() {
        let conflicts = conflicts.into_iter().map(|finding| {
            finding.help(format!(
                "run `dbtool seal {version}` first: it proves the edited file on a scratch database \
                 and enters it in dbtool.sum"
            ))
        });
        return Ok(said.refuse(Exit::History, conflicts));
    }
    if let (true, Some(file)) = (sql_edited, now(sql_name)) {
        let mut finding = Diagnostic::warning(
            Phase::Migration,
            "repair/edit",
            format!(
                "{} is not what was applied, and will count as if it were",
                file.source.name
            ),
        )
        .spanned(Span::new(&file.source, 0..0));
        match &applied.sql_text {
            Some(then) => finding = finding.difference(then.clone(), file.source.text.clone()),
            None => finding
                .message
                .push_str("; what was applied is not in the history"),
        }
        said.findings.push(finding);
    }
    if let (true, Some(file)) = (changes_edited, now(CHANGES_FILE)) {
        said.findings.push(
            Diagnostic::warning(
                Phase::Migration,
                "repair/edit",
                format!(
                    "{} is not what was applied; history keeps its checksum alone, so what changed \
                     in it cannot be shown",
                    file.source.name
                ),
            )
            .spanned(Span::new(&file.source, 0..0)),
        );
        let verdict = judge(ground.dialect, ground.folder, history, true);
        let folded = match ground.folder.fold_of(&verdict.applied) {
            Ok(folded) => folded,
            Err(finding) => return Ok(said.refuse(Exit::History, [*finding])),
        };
        let catalogs = Catalogs::read(ground, history)?;
        let differences = catalogs.against(ground, &folded);
        if !differences.is_empty() {
            let headline = Diagnostic::error(
                Phase::Drift,
                "repair/not-proven",
                format!(
                    "the edit of {} cannot be accepted: with it the migrations do not make the live \
                     catalog",
                    file.source.name
                ),
            )
            .help("restore the file from version control, or make it say what is there");
            return Ok(said.refuse(Exit::Drift, std::iter::once(headline).chain(differences)));
        }
        said.fact("Catalog: it is what the folder with the edit makes");
    }
    said.fact(format!(
        "The SQL as it ran stays in row {} of the history",
        applied.id
    ));
    let entry = executor::entry(migration, ground.session.server(), ground.origin, "");
    said.action = Some(Action {
        what: "edit accepted".to_owned(),
        row: Row {
            batch_count: applied.batch_count,
            ..entry
        },
        records_catalog: false,
        journal: None,
        sum: None,
        is_recorded: false,
    });
    Ok(said)
}

/// See [`super::Mode::AcceptMissing`].
pub(super) fn accept_missing(
    ground: &mut Ground<'_>,
    history: &History,
    version: &Version,
    mut said: Assessment,
) -> Assessed {
    let Some(applied) = history.applied(version) else {
        return Ok(said.refuse(Exit::Usage, [not_applied(version)]));
    };
    if let Some(migration) = ground.folder.migration(version) {
        let finding = usage(format!("{} is in the folder, not missing", migration.id));
        return Ok(said.refuse(Exit::Usage, [finding]));
    }
    let id = format!("{version}_{}", applied.name);
    said.fact(of_history(history, version));
    said.fact(format!("Folder: {id} is gone"));
    let verdict = judge(ground.dialect, ground.folder, history, true);
    let folded = match ground.folder.fold_of(&verdict.applied) {
        Ok(folded) => folded,
        Err(finding) => {
            let headline = conflict(
                "repair/needed",
                format!("{id} cannot be done without: later migrations build on it"),
            )
            .help("restore it from version control or from another checkout");
            return Ok(said.refuse(Exit::History, [headline, *finding]));
        }
    };
    let is_recorded = verify::accepts_absence(applied);
    let mut sum = ground.folder.sum.clone();
    sum.entries.retain(|listed, _| listed.version != *version);
    let is_listed = sum != ground.folder.sum;
    if is_recorded && !is_listed {
        said.fact("History: it is accepted as missing already; there is nothing to settle");
        return Ok(said);
    }
    if is_listed {
        said.fact("dbtool.sum: it lists the migration still, and will not any more");
    }
    let catalogs = Catalogs::read(ground, history)?;
    let mut differences = catalogs.against(ground, &folded);
    if differences.is_empty() {
        said.fact("Catalog: it is what the migrations that are left make");
    } else {
        said.fact(
            "Catalog: it has what only the lost migration made, as listed; drift-check will say so \
             until a new migration makes it (`dbtool generate`) and is settled with `dbtool repair \
             --mark-applied`",
        );
    }
    for finding in &mut differences {
        finding.severity = Severity::Warning;
        finding.remedy = None;
        finding.help = None;
    }
    said.findings.extend(differences);
    if !is_recorded {
        said.fact(format!(
            "The SQL as it ran stays in row {} of the history",
            applied.id
        ));
    }
    let row = Row {
        changes_checksum: None,
        sql_checksum: None,
        batch_count: 0,
        ..about(applied, ground, State::Applied)
    };
    said.action = Some(Action {
        what: verify::ACCEPTED_AS_MISSING.to_owned(),
        row,
        records_catalog: false,
        journal: None,
        sum: is_listed.then_some(sum),
        is_recorded,
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
fn of_history(history: &History, version: &Version) -> String {
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

fn not_in_folder(version: &Version) -> Diagnostic {
    conflict(
        "repair/not-in-folder",
        format!("{version} is the version of no migration in the folder"),
    )
    .help("check the version, or restore the folder from version control")
}

fn not_applied(version: &Version) -> Diagnostic {
    usage(format!(
        "{version} is not recorded as applied to this database"
    ))
}

fn usage(message: String) -> Diagnostic {
    Diagnostic::error(Phase::Migration, "repair/nothing-to-settle", message)
        .help("`dbtool repair` alone lists what needs settling")
}

fn conflict(code: &'static str, message: String) -> Diagnostic {
    Diagnostic::error(Phase::Migration, code, message)
}
