//! The modes about the files of an applied migration: edited, or gone.

use crate::diag::{Diagnostic, Phase, Severity, Span};
use crate::executor::{self, judge};
use crate::exit::Exit;
use crate::history::{History, Row, State};
use crate::migration::{CHANGES_FILE, Checksum, Version, verify};

use super::catalog::Catalogs;
use super::mode::{Assessed, conflict, not_applied, not_in_folder, of_history, usage};
use super::{Action, Assessment, Ground, about};

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
        let conflicts = conflicts.into_iter().map(|finding| match finding.code {
            "migration/edited" => finding.help(format!(
                "run `dbtool seal {version}` first: it proves the edited file on a scratch database \
                 and enters it in dbtool.sum"
            )),
            _ => finding,
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
