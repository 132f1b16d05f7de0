//! Steps on the scenario's own database and its own copy of the migrations folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::actor::Actor;
use super::stop::Stop;
use crate::diag::{Diagnostic, Phase, Severity, Span};
use crate::exit::Exit;
use crate::migration::{CHANGES_FILE, Document, Folder, Id, Version, write};
use crate::story::format::{
    AddMigration, EditMigration, ExpectGate, Migrate, MigrateEnd, Verdict, Which,
};

impl Actor<'_> {
    /// Applies migrations through the executor that `migrate` has.
    pub(super) fn migrate(&mut self, migrate: &Migrate, span: &Span) -> Result<(), Stop> {
        let to = migrate.to.as_deref().and_then(Version::parse);
        // The run has a connection of its own.
        self.session = None;
        let ended = self.ground.world.migrate(to.as_ref());
        self.restart(span)?;
        let number = |applied: usize| format!("{applied} applied");
        match (ended, &migrate.end) {
            (Ok(_), MigrateEnd::Applied(None)) => Ok(()),
            (Ok(applied), MigrateEnd::Applied(Some(wanted))) => {
                if applied == *wanted {
                    return Ok(());
                }
                let message = format!("the run applied {applied} migrations, not {wanted}");
                let help = "see what was pending";
                let difference = (number(*wanted), number(applied));
                Err(self.differ("story/migrations", span, message, help, difference))
            }
            (Ok(applied), MigrateEnd::Fails { exit, .. }) => {
                let wanted = format!("failed with exit {} ({})", exit.code(), exit.word());
                let message = format!("the run went well, but it should have {wanted}");
                let help = "see whether the migration breaks what it should";
                let difference = (wanted, number(applied));
                Err(self.differ("story/no-failure", span, message, help, difference))
            }
            (
                Err((exit, findings)),
                MigrateEnd::Fails {
                    exit: wanted,
                    finding,
                },
            ) => {
                let is_there = finding
                    .as_deref()
                    .is_none_or(|code| findings.iter().any(|found| found.code == code));
                if exit == *wanted && is_there {
                    return Ok(());
                }
                let wanted = outcome(*wanted, finding.as_deref());
                let message = "the run failed in another way".to_owned();
                let help = "see what the findings say";
                let difference = (wanted, listing(exit, &findings));
                Err(self.differ("story/other-failure", span, message, help, difference))
            }
            (Err((exit, findings)), MigrateEnd::Applied(_)) => {
                Err(self.gate_failed(exit, findings, span))
            }
        }
    }

    /// The failure of a run as the gate itself would tell it, with its own phase and code.
    fn gate_failed(&self, exit: Exit, findings: Vec<Diagnostic>, span: &Span) -> Stop {
        let errors = findings
            .into_iter()
            .find(|finding| finding.severity == Severity::Error);
        let mut finding = errors.unwrap_or_else(|| {
            let message = format!("the run ended with exit {}", exit.code());
            Diagnostic::error(Phase::Migration, "migrate/failed", message)
                .help("run `dbtool migrate` to see why")
        });
        // The file of the migration is a copy that is gone when somebody reads this.
        finding.span = Some(span.clone());
        Stop::Failed {
            step: self.number(),
            exit,
            finding: Box::new(finding),
        }
    }

    pub(super) fn add_migration(
        &mut self,
        migration: &AddMigration,
        span: &Span,
    ) -> Result<(), Stop> {
        let path = self.migrations(span)?;
        let sql = self.sql_of("addMigration", &migration.sql, span)?;
        let engine = self.ground.dialect.engine();
        let mut files = BTreeMap::new();
        files.insert(CHANGES_FILE.to_owned(), Document::new(Vec::new()).to_text());
        files.insert(
            engine.file_name().to_owned(),
            format!("{}\n", sql.trim_end()),
        );
        let folder = self.folder(&path, span)?;
        let id = Id {
            version: Version::next(0, folder.last_version()),
            name: migration.name.clone(),
        };
        write::create(&folder, &id, &files, true)
            .map_err(|error| self.unwritten(&path, &error, span))
    }

    pub(super) fn edit_migration(&mut self, edit: &EditMigration, span: &Span) -> Result<(), Stop> {
        let path = self.migrations(span)?;
        let folder = self.folder(&path, span)?;
        let migration = match &edit.which {
            Which::First => folder.migrations.first(),
            Which::Last => folder.migrations.last(),
            Which::Named(name) => folder.migrations.iter().find(|it| it.id.name == *name),
        };
        let Some(migration) = migration else {
            let names = folder.migrations.iter().map(|it| it.id.name.as_str());
            let names: Vec<&str> = names.collect();
            return Err(self.fail(
                "story/unknown-migration",
                span,
                "the folder has no such migration".into(),
                format!("its migrations are {}", names.join(", ")),
            ));
        };
        let at = path.join(migration.id.to_string());
        let done = match &edit.append {
            None => std::fs::remove_dir_all(&at),
            Some(text) => {
                let file = at.join(self.ground.dialect.engine().file_name());
                std::fs::read_to_string(&file)
                    .and_then(|before| std::fs::write(&file, format!("{before}\n{text}\n")))
            }
        };
        done.map_err(|error| self.unwritten(&at, &error, span))
    }

    /// Asks the gate that `drift-check` is.
    pub(super) fn expect_gate(&mut self, expected: &ExpectGate) -> Result<(), Stop> {
        let span = &expected.span;
        let result = self.ground.world.gate();
        let (exit, findings) = result.map_err(|error| {
            let attempt = "judging of the database".into();
            self.refused(error, span, attempt, None, Vec::new())
        })?;
        let errors: Vec<&Diagnostic> = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        let only_pending = errors.iter().all(|finding| finding.code == PENDING);
        let verdict = match exit {
            Exit::Ok => Some(Verdict::Clean),
            Exit::History => Some(Verdict::History),
            Exit::Drift if only_pending => Some(Verdict::Pending),
            Exit::Drift => Some(Verdict::Drift),
            _ => None,
        };
        let about = |finding: &&&Diagnostic| {
            let code = expected.finding.as_deref();
            let object = finding.path.as_ref().map(ToString::to_string);
            code.is_none_or(|code| code == finding.code)
                && (expected.object.is_none() || expected.object == object)
        };
        let wants_one = expected.finding.is_some() || expected.object.is_some();
        if verdict == Some(expected.verdict) && (!wants_one || errors.iter().any(|it| about(&it))) {
            return Ok(());
        }
        let wanted_exit = match expected.verdict {
            Verdict::Clean => Exit::Ok,
            Verdict::Pending | Verdict::Drift => Exit::Drift,
            Verdict::History => Exit::History,
        };
        let code = match expected.verdict {
            Verdict::Pending => expected.finding.as_deref().or(Some(PENDING)),
            _ => expected.finding.as_deref(),
        };
        let object = expected.object.as_deref();
        let object = object.map_or(String::new(), |object| format!(" {object}"));
        let difference = (
            format!("{}{object}", outcome(wanted_exit, code)),
            listing(exit, &findings),
        );
        Err(self.differ(
            "story/gate",
            span,
            "the gate does not say of the database what it should".into(),
            "compare with what `dbtool drift-check` says of such a database",
            difference,
        ))
    }

    fn migrations(&self, span: &Span) -> Result<std::path::PathBuf, Stop> {
        self.ground.world.migrations().map_err(|error| {
            let attempt = "copy of the migrations".into();
            self.refused(error, span, attempt, None, Vec::new())
        })
    }

    fn folder(&self, path: &Path, span: &Span) -> Result<Folder, Stop> {
        let wanted = [CHANGES_FILE, self.ground.dialect.engine().file_name()];
        Folder::read(path, &wanted).map_err(|error| {
            self.fail(
                "story/files",
                span,
                error.to_string(),
                "see whether the system's temporary folder can be read",
            )
        })
    }

    fn unwritten(&self, path: &Path, error: &std::io::Error, span: &Span) -> Stop {
        self.fail(
            "story/files",
            span,
            format!("cannot write {}: {error}", path.display()),
            "see whether the system's temporary folder can be written",
        )
    }
}

/// The code of the finding that a database is behind the folder.
const PENDING: &str = "drift/pending";

fn outcome(exit: Exit, code: Option<&str>) -> String {
    let code = code.map_or(String::new(), |code| format!("\n{code}"));
    format!("exit {} ({}){code}", exit.code(), exit.word())
}

/// The outcome, and each finding with the object that it is about.
fn listing(exit: Exit, findings: &[Diagnostic]) -> String {
    let mut lines = vec![outcome(exit, None)];
    lines.extend(findings.iter().map(|finding| match &finding.path {
        Some(path) => format!("{} {path}", finding.code),
        None => format!("{} {}", finding.code, finding.message),
    }));
    lines.join("\n")
}
