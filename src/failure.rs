//! Which exit code an error has that kept a command from doing its job.

use crate::engine::{EngineError, ErrorKind, LockError};
use crate::exit::Exit;
use crate::history::HistoryError;
use crate::migration::FolderError;
use crate::secret::SecretError;
use crate::settings::{Invalid, Usage};

/// The outcome of a command that ended with this error.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    let outcomes = error.chain().filter_map(|cause| {
        if cause.is::<Usage>()
            || cause.is::<Invalid>()
            || cause.is::<crate::yaml::files::ReadError>()
        {
            Some(Exit::Usage)
        } else if cause.is::<SecretError>() {
            Some(Exit::Connection)
        } else if cause.is::<FolderError>() {
            Some(Exit::Usage)
        } else if let Some(LockError::Held { .. }) = cause.downcast_ref() {
            Some(Exit::Locked)
        } else if let Some(HistoryError::Row { .. }) = cause.downcast_ref() {
            Some(Exit::History)
        } else {
            engine_error(cause).map(exit_of_engine)
        }
    });
    match Exit::first(outcomes) {
        Exit::Ok => Exit::Unexpected,
        exit => exit,
    }
}

/// What to do about such an error, where that is known.
pub fn help_of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(usage) = cause.downcast_ref::<Usage>() {
            return Some(usage.help.clone());
        }
        if let Some(error) = cause.downcast_ref::<SecretError>() {
            return Some(error.help());
        }
        let error = engine_error(cause)?;
        (error.kind == ErrorKind::Connection).then(|| {
            "see with `dbtool doctor` how far the way to the database is open; an SQLite file that \
             does not exist yet is made by `dbtool migrate`"
                .to_owned()
        })
    })
}

/// The engine's error that a cause is, or that it stands for: transparent errors leave the one
/// within out of the chain.
fn engine_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a EngineError> {
    match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(HistoryError::Engine(error)), _) | (_, Some(LockError::Engine(error))) => Some(error),
        _ => cause.downcast_ref(),
    }
}

/// The code of the finding that such an error becomes.
pub fn code_of(exit: Exit) -> &'static str {
    match exit {
        Exit::Connection => "failure/connection",
        Exit::Locked => "failure/locked",
        Exit::History => "failure/history",
        Exit::Usage => "failure/usage",
        Exit::Interrupted => "failure/interrupted",
        Exit::Migration
        | Exit::Drift
        | Exit::Assertion
        | Exit::Findings
        | Exit::Unexpected
        | Exit::Ok => "failure/unexpected",
    }
}

/// An engine's error outside of a migration means that the database is not usable as it is.
fn exit_of_engine(error: &EngineError) -> Exit {
    match error.kind {
        ErrorKind::Connection
        | ErrorKind::ReadOnly
        | ErrorKind::Permission
        | ErrorKind::Corrupt
        | ErrorKind::Full => Exit::Connection,
        ErrorKind::Busy => Exit::Locked,
        ErrorKind::Interrupted => Exit::Interrupted,
        ErrorKind::Constraint(_) | ErrorKind::Statement | ErrorKind::Unsupported => {
            Exit::Unexpected
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineError;

    #[test]
    fn an_engines_error_has_its_exit_code_however_it_is_wrapped() {
        let cases = [
            (ErrorKind::Busy, Exit::Locked),
            (ErrorKind::Full, Exit::Connection),
            (ErrorKind::Interrupted, Exit::Interrupted),
            (ErrorKind::Statement, Exit::Unexpected),
        ];
        for (kind, exit) in cases {
            let error = || EngineError::new(kind.clone(), "why");
            assert_eq!(exit_of(&error().into()), exit);
            assert_eq!(exit_of(&HistoryError::Engine(error()).into()), exit);
            assert_eq!(exit_of(&LockError::Engine(error()).into()), exit);
            let wrapped = anyhow::Error::from(HistoryError::Engine(error())).context("while");
            assert_eq!(exit_of(&wrapped), exit);
        }
    }
}
