//! SQL Server's errors by class.

use crate::dialect::mssql::versions::gap;
use crate::engine::{EngineError, ErrorKind, Particulars, Violation, ViolationKind};

/// The number that the trigger of an append-only table throws.
const APPEND_ONLY: u32 = 51_001;

/// Errors from which a new login may recover: Microsoft's list for Azure SQL, and what SqlClient
/// adds to it that can come up while logging in.
const TRANSIENT: [u32; 23] = [
    233, 615, 926, 997, 4060, 4221, 10053, 10054, 10060, 10928, 10929, 18401, 40143, 40197, 40501,
    40540, 40613, 42108, 42109, 49918, 49919, 49920, 37396,
];

/// Errors that mean that the database is not to be reached with this login, now or at all.
const CONNECTION: [u32; 11] = [
    64, 916, 4064, 17_142, 18_452, 18_456, 18_470, 18_486, 40_532, 40_615, 40_914,
];

/// From this severity on the server ends the connection.
const FATAL: u8 = 20;

/// An error of the driver as an error of the engine.
pub(super) fn engine_error(error: tiberius::error::Error) -> EngineError {
    use tiberius::error::Error;
    match error {
        Error::Server(token) => server_error(
            token.code(),
            token.class(),
            token.state(),
            token.message(),
            token.procedure(),
            token.line(),
        ),
        Error::Io { kind, message } => EngineError::new(
            ErrorKind::Connection,
            match kind {
                std::io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
                _ => format!("the connection failed: {}", plain(&message)),
            },
        ),
        Error::Tls(message) => EngineError::new(
            ErrorKind::Connection,
            format!(
                "no encrypted connection could be made: {}; if the server's certificate is its \
                 own, trust its authority with TrustServerCertificateCA=PATH (or, on a machine of \
                 your own, any certificate with TrustServerCertificate=true)",
                plain(&message)
            ),
        ),
        Error::Routing { host, port } => EngineError::new(
            ErrorKind::Connection,
            format!("the server sent us on to {host},{port} a second time"),
        ),
        Error::Conversion(message) => EngineError::new(
            ErrorKind::Statement,
            format!("a value could not be converted: {}", plain(&message)),
        ),
        other => EngineError::new(ErrorKind::Connection, plain(&other.to_string())),
    }
}

/// An error that the server reported.
pub(super) fn server_error(
    number: u32,
    severity: u8,
    state: u8,
    message: &str,
    procedure: &str,
    line: u32,
) -> EngineError {
    let procedure = Some(procedure.trim()).filter(|name| !name.is_empty());
    let within = procedure
        .map(|name| format!(", in {name} line {line}"))
        .unwrap_or_default();
    let lacks = gap(number, message)
        .map(|lacks| format!("; {lacks}"))
        .unwrap_or_default();
    EngineError {
        kind: kind(number, severity, message, procedure),
        message: format!(
            "{} (error {number}, severity {severity}, state {state}{within}){lacks}",
            plain(message)
        ),
        code: Some(number.into()),
        // Lines within a procedure or trigger are not lines of the batch.
        line: (procedure.is_none() && line > 0).then_some(line),
        particulars: Some(Box::new(Particulars {
            severity,
            state,
            procedure: procedure.map(str::to_owned),
        })),
    }
}

/// Whether a new attempt to log in may succeed where this one failed.
pub(super) fn is_transient(error: &tiberius::error::Error) -> bool {
    use std::io::ErrorKind as Io;
    use tiberius::error::Error;
    match error {
        Error::Server(token) => TRANSIENT.contains(&token.code()),
        Error::Io { kind, .. } => matches!(
            kind,
            Io::UnexpectedEof
                | Io::ConnectionReset
                | Io::ConnectionAborted
                | Io::BrokenPipe
                | Io::TimedOut
        ),
        _ => false,
    }
}

/// Whether the connection cannot be used after this error.
pub(super) fn is_fatal(error: &tiberius::error::Error) -> bool {
    use tiberius::error::Error;
    match error {
        Error::Server(token) => token.class() >= FATAL,
        Error::Conversion(_) | Error::BulkInput(_) | Error::ParseInt(_) => false,
        _ => true,
    }
}

fn kind(number: u32, severity: u8, message: &str, procedure: Option<&str>) -> ErrorKind {
    let violation = |kind, constraint| ErrorKind::Constraint(Violation { kind, constraint });
    match number {
        2627 | 2601 => violation(ViolationKind::Unique, constraint(message)),
        547 => {
            let text = message.to_lowercase();
            let kind = if text.contains("foreign key") || text.contains("reference constraint") {
                ViolationKind::ForeignKey
            } else {
                ViolationKind::Check
            };
            violation(kind, constraint(message))
        }
        515 => violation(ViolationKind::NotNull, column_of_null(message)),
        APPEND_ONLY => {
            let table = message
                .split_once(" is append-only")
                .map(|(table, _)| table);
            violation(
                ViolationKind::AppendOnly,
                table.or(procedure).map(str::to_owned),
            )
        }
        220 | 241 | 242 | 245 | 2628 | 8114 | 8115 | 8152 | 8169 => {
            violation(ViolationKind::Type, None)
        }
        1204 | 1205 | 1222 => ErrorKind::Busy,
        229 | 230 | 262 | 297 | 300 | 3704 | 15247 | 33009 => ErrorKind::Permission,
        3906 | 3908 => ErrorKind::ReadOnly,
        823..=825 => ErrorKind::Corrupt,
        1105 | 9002 | 40544 => ErrorKind::Full,
        number if CONNECTION.contains(&number) || TRANSIENT.contains(&number) => {
            ErrorKind::Connection
        }
        _ if severity >= FATAL => ErrorKind::Connection,
        number if gap(number, message).is_some() => ErrorKind::Unsupported,
        _ => ErrorKind::Statement,
    }
}

/// The constraint or index that a message names: in quotes, behind the word for what it is.
fn constraint(message: &str) -> Option<String> {
    // ASCII only, so that places in both are the same.
    let lower = message.to_ascii_lowercase();
    let words = ["unique index ", "reference constraint ", "constraint "];
    words.into_iter().find_map(|word| {
        let rest = &message[lower.find(word)? + word.len()..];
        let quote = rest.chars().next().filter(|it| matches!(it, '\'' | '"'))?;
        let name = &rest[1..];
        Some(name[..name.find(quote)?].to_owned())
    })
}

/// `jobRuns.status` from "Cannot insert the value NULL into column 'status', table
/// 'main.dbo.jobRuns'; …", in whatever language.
fn column_of_null(message: &str) -> Option<String> {
    let mut quoted = message.split('\'').skip(1).step_by(2);
    let column = quoted.next()?;
    let table = quoted.next()?;
    let table = table.rsplit('.').next().unwrap_or(table);
    Some(format!("{table}.{column}"))
}

/// The message without line breaks.
fn plain(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_class_and_constraint() {
        let violation = |kind, name: &str| {
            ErrorKind::Constraint(Violation {
                kind,
                constraint: Some(name.to_owned()),
            })
        };
        let typed = ErrorKind::Constraint(Violation {
            kind: ViolationKind::Type,
            constraint: None,
        });
        let cases = [
            (
                2627,
                "Violation of PRIMARY KEY constraint 'pkJobRuns'. Cannot insert duplicate key in object 'dbo.jobRuns'. The duplicate key value is (a, b).",
                violation(ViolationKind::Unique, "pkJobRuns"),
            ),
            (
                2627,
                "Violation of UNIQUE KEY constraint 'uqX'. Cannot insert duplicate key in object 'dbo.jobRuns'.",
                violation(ViolationKind::Unique, "uqX"),
            ),
            (
                2601,
                "Cannot insert duplicate key row in object 'dbo.t' with unique index 'uxT'. The duplicate key value is (1).",
                violation(ViolationKind::Unique, "uxT"),
            ),
            (
                2627,
                "duplicate key value violates unique constraint \"uqx\"",
                violation(ViolationKind::Unique, "uqx"),
            ),
            (
                547,
                "The INSERT statement conflicted with the FOREIGN KEY constraint \"fkAB\". The conflict occurred in database \"m\", table \"dbo.b\".",
                violation(ViolationKind::ForeignKey, "fkAB"),
            ),
            (
                547,
                "The DELETE statement conflicted with the REFERENCE constraint \"fkAB\". The conflict occurred in database \"m\".",
                violation(ViolationKind::ForeignKey, "fkAB"),
            ),
            (
                547,
                "The INSERT statement conflicted with the CHECK constraint \"ckA\". The conflict occurred in database \"m\".",
                violation(ViolationKind::Check, "ckA"),
            ),
            (
                515,
                "Cannot insert the value NULL into column 'status', table 'main.dbo.jobRuns'; column does not allow nulls. INSERT fails.",
                violation(ViolationKind::NotNull, "jobRuns.status"),
            ),
            (
                51_001,
                "auditLogs is append-only: UPDATE is refused",
                violation(ViolationKind::AppendOnly, "auditLogs"),
            ),
            (
                2628,
                "String or binary data would be truncated in table 'm.dbo.t', column 'c'.",
                typed.clone(),
            ),
            (8152, "String or binary data would be truncated.", typed),
            (1205, "Transaction was deadlocked.", ErrorKind::Busy),
            (
                1222,
                "Lock request time out period exceeded.",
                ErrorKind::Busy,
            ),
            (
                40_613,
                "Database is not currently available.",
                ErrorKind::Connection,
            ),
            (18_456, "Login failed for user 'x'.", ErrorKind::Connection),
            (
                229,
                "The INSERT permission was denied.",
                ErrorKind::Permission,
            ),
            (102, "Incorrect syntax near 'x'.", ErrorKind::Statement),
        ];
        for (number, message, expected) in cases {
            let error = server_error(number, 16, 1, message, "", 3);
            assert_eq!(error.kind, expected, "{message}");
            assert_eq!(error.line, Some(3));
            assert!(
                error
                    .message
                    .contains(&format!("error {number}, severity 16, state 1"))
            );
        }
    }

    #[test]
    fn a_line_in_a_trigger_is_no_line_of_the_batch() {
        let error = server_error(
            51_001,
            16,
            1,
            "t is append-only: DELETE is refused",
            "trT",
            7,
        );
        assert_eq!(error.line, None);
        let told = error.particulars.expect("a server told it");
        assert_eq!(told.procedure.as_deref(), Some("trT"));
        assert!(
            error.message.ends_with("in trT line 7)"),
            "{}",
            error.message
        );
    }

    #[test]
    fn what_breaks_off_the_connection_is_an_error_of_the_connection() {
        let error = server_error(596, 21, 1, "Cannot continue the execution.", "", 1);
        assert_eq!(error.kind, ErrorKind::Connection);
    }
}
