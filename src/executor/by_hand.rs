//! A run written down as a script, for somebody who applies it by hand in a client of the engine.
//!
//! Owns what the script has to do and what has to hold before each step; how that is said is the
//! dialect's. The script leaves the history as a run would have left it: its rows are chained here,
//! so their times are those of the moment in which the script was written, and the principal and the
//! machine are those that wrote it. A server could not chain them: SQLite has no SHA-256, and not
//! every server keeps text as the bytes that the chain is over. The script cannot know the catalog
//! that the server will tell after it; the next `migrate` records that.

use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Before, Deed, Dialect, Handover, Script, Unit};
use crate::engine::{Session, Value};
use crate::history::{self, History, Row, State, tables};
use crate::migration::{Checksum, Folder, Id, Migration, Version};

use super::apply::edited_midway;
use super::{Cause, Options, Origin, Run, entry, judge};

/// What history says of a migration that a script applied.
const REASON: &str = "run by hand: a script of `dbtool plan --script`, written at this time";

/// A script, and what it is about.
#[derive(Debug)]
pub struct Written {
    /// What it does; nothing when nothing is pending.
    pub handover: Option<Handover>,
    /// The migrations that it applies, in order.
    pub applies: Vec<Id>,
    /// How many are applied already.
    pub already: usize,
    /// The head of the history when the script has run.
    pub head: Option<Checksum>,
    /// What the script cannot see to, as warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Writes down the run that `options` ask for. Reads only.
///
/// # Errors
/// What would stand against the run itself: see [`Cause`].
pub fn write(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    options: &Options,
    origin: &Origin,
) -> Result<Written, Cause> {
    let history = History::load(session, dialect, false)?;
    let mut verdict = judge(dialect, folder, &history, false);
    if !verdict.conflicts.is_empty() {
        return Err(Cause::Conflict(verdict.conflicts));
    }
    if let Some(to) = &options.to {
        verdict.pending.retain(|version| version <= to);
    }
    let mut run = Run {
        session,
        dialect,
        folder,
        options,
        origin,
        history,
        recorded: None,
        later: 0,
    };
    let mut written = Written {
        handover: None,
        applies: Vec::new(),
        already: verdict.applied.len(),
        head: run.history.head().cloned(),
        warnings: Vec::new(),
    };
    if verdict.pending.is_empty() {
        return Ok(written);
    }
    run.refuse_begun(&verdict.pending)?;
    run.refuse_drift(&verdict.applied)?;
    let now = run.session.now()?;
    let mut handover = Handover {
        headline: Vec::new(),
        database: run.session.server().database.clone(),
        fingerprint: run.fingerprint()?,
        units: Vec::new(),
    };
    handover.units.extend(run.own_tables()?);
    let pending = folder
        .migrations
        .iter()
        .filter(|migration| verdict.pending.contains(&migration.id.version));
    for migration in pending {
        run.put_down(migration, &now, &mut handover.units, &mut written.warnings)?;
        written.applies.push(migration.id.clone());
    }
    written.head = run.history.head().cloned();
    handover.headline = headline(&run, &written, &now);
    written.handover = Some(handover);
    Ok(written)
}

fn headline(run: &Run<'_>, written: &Written, now: &str) -> Vec<String> {
    let server = run.session.server();
    let mut lines = vec![
        format!(
            "Written by dbtool {} at {now} by {} on {}",
            run.origin.tool_version, server.user, server.host
        ),
        format!("for {} alone, as it was then.", server.database),
        String::new(),
        "It applies, each whole or not at all:".to_owned(),
    ];
    lines.extend(written.applies.iter().map(|id| format!("  {id}")));
    lines.extend([
        String::new(),
        "It stops before it changes anything where the history is not the one that it was written"
            .to_owned(),
        "for. When it was stopped halfway, write a new one: it goes on from there.".to_owned(),
        "Afterwards `dbtool migrate` records the catalog, and `dbtool drift-check` judges it."
            .to_owned(),
    ]);
    if let Some(head) = &written.head {
        lines.push(format!("History head then: {head}"));
    }
    lines
}

impl Run<'_> {
    /// What a batch in doubt did has to be settled first: a script cannot ask.
    fn refuse_begun(&mut self, pending: &[Version]) -> Result<(), Cause> {
        for version in pending {
            let Some(number) = self.history.begun_outside(version) else {
                continue;
            };
            let done = history::store::journalled(self.session, self.dialect, version)?;
            if !done.iter().any(|(batch, _)| *batch == number) {
                let migration = self.folder.migration(version);
                let id = migration.map_or_else(|| version.to_string(), |it| it.id.to_string());
                let finding = super::outside::begun(&id, version, number, None);
                return Err(Cause::Conflict(vec![finding]));
            }
        }
        Ok(())
    }

    /// What the schema of the database can be known by, where the engine has such a thing.
    fn fingerprint(&mut self) -> Result<Option<(String, i64)>, Cause> {
        let Some(query) = self.dialect.fingerprint() else {
            return Ok(None);
        };
        let rows = self.session.query(query, &[])?;
        Ok(match rows.rows.first().and_then(|row| row.first()) {
            Some(Value::Integer(number)) => Some((query.to_owned(), *number)),
            _ => None,
        })
    }

    /// dbtool's own tables, where they are missing.
    fn own_tables(&mut self) -> Result<Option<Unit>, Cause> {
        let batches = History::missing_tables(self.session, self.dialect)?;
        if batches.is_empty() {
            return Ok(None);
        }
        let before = if self.history.exists {
            self.before()
        } else {
            Before::NoHistory
        };
        Ok(Some(Unit {
            comment: vec!["dbtool's own tables".to_owned()],
            deeds: batches.into_iter().map(Deed::Run).collect(),
            ..Unit::transaction(before)
        }))
    }

    /// What the history has to be now.
    fn before(&self) -> Before {
        match self.history.head() {
            None => Before::EmptyHistory,
            Some(head) => Before::Head(head.clone()),
        }
    }

    /// Adds a row to the history as the script will.
    fn chained(&mut self, mut row: Row) -> Deed {
        self.history.chain(&mut row);
        let deed = Deed::Insert {
            table: tables::HISTORY.into(),
            cells: history::store::cells(self.dialect, &row),
        };
        row.sql_text = None;
        self.history.rows.push(row);
        deed
    }

    /// Writes down what one migration does.
    fn put_down(
        &mut self,
        migration: &Migration,
        now: &str,
        units: &mut Vec<Unit>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<(), Cause> {
        let script = self.script(migration)?;
        let count = i64::try_from(script.batches.len()).unwrap_or(i64::MAX);
        let row = Row {
            batch_count: count,
            reason: Some(REASON.to_owned()),
            ..entry(migration, self.session.server(), self.origin, now)
        };
        let title = migration.id.to_string();
        if script.directives.no_transaction {
            return self.put_down_batches(migration, &script, row, now, units);
        }
        if script.directives.defer_foreign_keys {
            warnings.extend(self.at_risk(migration)?);
        }
        let mut unit = Unit {
            comment: vec![title],
            defer_foreign_keys: script.directives.defer_foreign_keys,
            deeds: script.batches.into_iter().map(Deed::Run).collect(),
            ..Unit::transaction(self.before())
        };
        unit.deeds.push(self.chained(row));
        units.push(unit);
        Ok(())
    }

    fn put_down_batches(
        &mut self,
        migration: &Migration,
        script: &Script,
        row: Row,
        now: &str,
        units: &mut Vec<Unit>,
    ) -> Result<(), Cause> {
        let (id, version) = (&migration.id, &migration.id.version);
        let done = if self.history.exists {
            history::store::journalled(self.session, self.dialect, version)?
        } else {
            Vec::new()
        };
        if let Some(finding) = edited_midway(migration, script, &done) {
            return Err(Cause::Conflict(vec![finding]));
        }
        if done.is_empty() {
            let begins = Row {
                state: State::Started,
                batch_count: 0,
                ..row.clone()
            };
            let mut unit = Unit::transaction(self.before());
            unit.comment = vec![format!("{id} begins, and runs batch by batch")];
            unit.deeds.push(self.chained(begins));
            units.push(unit);
        }
        for (number, batch) in (1..).zip(&script.batches) {
            if done.iter().any(|(other, _)| *other == number) {
                continue;
            }
            let journal = Deed::Insert {
                table: tables::JOURNAL.into(),
                cells: history::store::journal_cells(
                    self.dialect,
                    version,
                    number,
                    &Checksum::of_text(&batch.sql),
                    now,
                ),
            };
            let comment = vec![format!("{id}, batch {number}")];
            if batch.autocommit.is_none() {
                units.push(Unit {
                    comment,
                    deeds: vec![Deed::Run(batch.clone()), journal],
                    ..Unit::transaction(self.before())
                });
                continue;
            }
            let begins = Row {
                state: State::Started,
                batch_count: number,
                sql_text: None,
                reason: Some(format!("batch {number} begins, outside of any transaction")),
                ..row.clone()
            };
            let mut intent = Unit::transaction(self.before());
            intent.deeds.push(self.chained(begins));
            units.push(Unit { comment, ..intent });
            units.push(Unit {
                is_transaction: false,
                deeds: vec![Deed::Run(batch.clone())],
                ..Unit::transaction(self.before())
            });
            let mut after = Unit::transaction(self.before());
            after.deeds.push(journal);
            units.push(after);
        }
        let mut unit = Unit::transaction(self.before());
        unit.comment = vec![format!("{id} is applied")];
        unit.deeds.push(self.chained(row));
        units.push(unit);
        Ok(())
    }

    /// What a table that is made anew may take along in silence: a run looks for it before it
    /// commits, and a script cannot.
    fn at_risk(&mut self, migration: &Migration) -> Result<Vec<Diagnostic>, Cause> {
        let file = migration.files.get(self.dialect.engine().file_name());
        let sql = file.map_or("", |file| file.source.text.as_str());
        let outside = self.outside_the_model()?;
        Ok(outside
            .into_iter()
            .filter(|entry| {
                let name = entry.path.member.as_ref().unwrap_or(&entry.path.table);
                sql.contains(entry.path.table.as_str()) && !sql.contains(name.as_str())
            })
            .map(|entry| {
                Diagnostic::warning(
                    Phase::Migration,
                    "plan/may-lose-object",
                    format!(
                        "{} makes {} anew and says nothing of {} {}: the script would take it along \
                         in silence, where `dbtool migrate` refuses",
                        migration.id, entry.path.table, entry.kind, entry.path
                    ),
                )
                .at(entry.path)
            })
            .collect())
    }
}
