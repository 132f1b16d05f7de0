//! What a scenario does to migrations: on a throwaway database, with the code of the commands.

use std::path::{Path, PathBuf};

use crate::commands::findings_of;
use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::drift::{self, Accepted};
use crate::engine::{EngineError, ErrorKind, Session};
use crate::exit::Exit;
use crate::failure;
use crate::history::HistoryError;
use crate::migration::{CHANGES_FILE, Folder, Version};
use crate::scratch;
use crate::settings::Settings;

/// Copies a migrations folder, unless that was done before.
pub(super) fn copy(from: &Folder, to: PathBuf) -> Result<PathBuf, EngineError> {
    if !to.exists() {
        copy_folder(&from.path, &to).map_err(|error| {
            let message = format!("cannot copy {}: {error}", from.path.display());
            EngineError::new(ErrorKind::Connection, message)
        })?;
    }
    Ok(to)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The folder of a scenario: its copy when it made one, else the project's own.
pub(super) fn folder(
    own: &Folder,
    copy: &Path,
    dialect: &dyn Dialect,
) -> Result<Folder, EngineError> {
    if !copy.exists() {
        return Ok(own.clone());
    }
    let wanted = [CHANGES_FILE, dialect.engine().file_name()];
    Folder::read(copy, &wanted)
        .map_err(|error| EngineError::new(ErrorKind::Statement, error.to_string()))
}

/// What `migrate` does.
pub(super) fn migrate(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    to: Option<&Version>,
) -> Result<usize, (Exit, Vec<Diagnostic>)> {
    match scratch::migrate_to(session, dialect, folder, to) {
        Ok(outcome) => Ok(outcome.applied.len()),
        Err(failed) => Err(findings_of(failed.cause).unwrap_or_else(|error| {
            let exit = failure::exit_of(&error);
            let code = failure::code_of(exit);
            let finding = Diagnostic::error(Phase::Migration, code, format!("{error:#}"));
            (exit, vec![finding])
        })),
    }
}

/// What `drift-check` says.
pub(super) fn gate(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    settings: &Settings,
) -> Result<(Exit, Vec<Diagnostic>), EngineError> {
    let accepted = Accepted {
        drift: &settings.config.drift,
        today: &settings.today(),
    };
    let gate = drift::gate(session, dialect, folder, accepted, false).map_err(engine_error)?;
    Ok((gate.exit, gate.findings))
}

/// A history that cannot be read, as an error of the database that holds it.
pub(super) fn engine_error(error: HistoryError) -> EngineError {
    match error {
        HistoryError::Engine(error) => error,
        row @ HistoryError::Row { .. } => EngineError::new(ErrorKind::Statement, row.to_string()),
    }
}
