//! SQLite's errors by class.

use rusqlite::{Error, ErrorCode, ffi};

use crate::engine::{EngineError, ErrorKind, Violation, ViolationKind};

/// How the message of a refused change to an append-only table goes on behind the table's name.
const APPEND_ONLY: &str = " is append-only:";

/// What there is to say when the file is not the one any more that was opened.
pub(super) const MOVED: &str = "the database file was replaced, moved or removed while it was in \
     use; nothing was changed in the file that is there now";

/// Whether a session that only reads met what a killed writer left half-written.
pub(super) fn needs_recovery(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|code| {
        matches!(
            code.extended_code,
            ffi::SQLITE_READONLY_ROLLBACK
                | ffi::SQLITE_READONLY_RECOVERY
                | ffi::SQLITE_READONLY_CANTINIT
        )
    })
}

/// An error of the driver as an error of the engine.
pub(super) fn engine_error(error: Error) -> EngineError {
    let (code, message) = match error {
        Error::SqliteFailure(code, message) => (Some(code), message),
        Error::SqlInputError { error, msg, .. } => (Some(error), Some(msg)),
        other => (None, Some(other.to_string())),
    };
    if let Some(code) = code
        && code.extended_code == ffi::SQLITE_READONLY_DBMOVED
    {
        return EngineError {
            code: Some(code.extended_code.into()),
            ..EngineError::new(ErrorKind::Connection, MOVED)
        };
    }
    let message = message
        .or_else(|| Some(code?.to_string()))
        .unwrap_or_else(|| "SQLite gave no reason".to_owned());
    let kind = code.map_or(ErrorKind::Statement, |code| kind(code, &message));
    EngineError {
        code: code.map(|code| code.extended_code.into()),
        ..EngineError::new(kind, message)
    }
}

/// The line of a syntax error within the batch. The driver gives it relative to the statement, of
/// which it keeps the text up to the end of the batch.
pub(super) fn line(error: &Error, batch: &str) -> Option<u32> {
    let Error::SqlInputError { sql, offset, .. } = error else {
        return None;
    };
    let start = batch.len().checked_sub(sql.len())?;
    let place = start + usize::try_from(*offset).ok()?;
    let before = batch.as_bytes().get(..place)?;
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(lines + 1).ok()
}

fn kind(error: ffi::Error, message: &str) -> ErrorKind {
    match error.code {
        ErrorCode::ConstraintViolation => constraint(error.extended_code, message),
        ErrorCode::TypeMismatch => ErrorKind::Constraint(Violation {
            kind: ViolationKind::Type,
            constraint: None,
        }),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => ErrorKind::Busy,
        ErrorCode::ReadOnly => ErrorKind::ReadOnly,
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            ErrorKind::Permission
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => ErrorKind::Corrupt,
        ErrorCode::DiskFull => ErrorKind::Full,
        ErrorCode::OperationInterrupted => ErrorKind::Interrupted,
        ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::NoLargeFileSupport => {
            ErrorKind::Connection
        }
        _ => ErrorKind::Statement,
    }
}

fn constraint(extended_code: i32, message: &str) -> ErrorKind {
    let named = message
        .split_once(" constraint failed: ")
        .map(|(_, name)| name.to_owned());
    let (kind, constraint) = match extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => (ViolationKind::Unique, named),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => (ViolationKind::ForeignKey, None),
        ffi::SQLITE_CONSTRAINT_NOTNULL => (ViolationKind::NotNull, named),
        ffi::SQLITE_CONSTRAINT_CHECK => match named {
            Some(name) if is_type_check(&name) => (ViolationKind::Type, Some(name)),
            named => (ViolationKind::Check, named),
        },
        // "cannot store TEXT value in INTEGER column jobRuns.attemptCount"
        ffi::SQLITE_CONSTRAINT_DATATYPE => {
            let column = message.rsplit_once(" column ");
            (
                ViolationKind::Type,
                column.map(|(_, column)| column.to_owned()),
            )
        }
        ffi::SQLITE_CONSTRAINT_TRIGGER => match message.split_once(APPEND_ONLY) {
            Some((table, _)) => (ViolationKind::AppendOnly, Some(table.to_owned())),
            None => (ViolationKind::Check, None),
        },
        _ => return ErrorKind::Statement,
    };
    ErrorKind::Constraint(Violation { kind, constraint })
}

/// Whether the name is one of those reserved for the checks that keep a column's type: `ty` and a
/// table's name.
fn is_type_check(name: &str) -> bool {
    name.strip_prefix("ty")
        .and_then(|rest| rest.chars().next())
        .is_some_and(|first| !first.is_lowercase())
}
