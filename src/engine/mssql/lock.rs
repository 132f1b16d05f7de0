//! The migration lock: an application lock that the session owns.
//!
//! It lives in the database that is migrated, so that runs on others do not wait, and goes with
//! the connection, so that no crash leaves it behind. `sp_getapplock` fails by its return code
//! alone, which is therefore read.

use std::time::Duration;

use super::MssqlSession;
use crate::engine::{EngineError, ErrorKind, LockError, Rows, Value};

/// The name of the lock.
pub(super) const RESOURCE: &str = "dbtool/migrate";

pub(super) const TAKE: &str = "\
DECLARE @result int;
EXEC @result = sp_getapplock @Resource = @P1, @LockMode = 'Exclusive', @LockOwner = 'Session',
     @LockTimeout = @P2, @DbPrincipal = 'public';
SELECT CAST(@result AS bigint) AS result";

/// Readers share the lock: they wait for a run that writes, and not for one another.
const SHARE: &str = "\
DECLARE @result int;
EXEC @result = sp_getapplock @Resource = @P1, @LockMode = 'Shared', @LockOwner = 'Session',
     @LockTimeout = @P2, @DbPrincipal = 'public';
SELECT CAST(@result AS bigint) AS result";

/// How long a reader waits for a run that writes.
const READER_PATIENCE: Duration = Duration::from_secs(15);

pub(super) const GIVE_BACK: &str = "\
DECLARE @result int;
EXEC @result = sp_releaseapplock @Resource = @P1, @LockOwner = 'Session', @DbPrincipal = 'public';
SELECT CAST(@result AS bigint) AS result";

/// Wants VIEW DATABASE STATE (or SERVER STATE); who lacks it learns no holder.
const HOLDER: &str = "\
SELECT TOP (1) CAST(s.host_process_id AS bigint) AS processId,
       CAST(s.login_name AS nvarchar(128)) AS loginName,
       CAST(s.host_name AS nvarchar(128)) AS hostName,
       CAST(s.program_name AS nvarchar(128)) AS programName,
       CONVERT(nvarchar(19), s.login_time, 126) AS loginTime
FROM sys.dm_tran_locks AS l
JOIN sys.dm_exec_sessions AS s ON s.session_id = l.request_session_id
WHERE l.resource_type = 'APPLICATION'
  AND l.resource_database_id = DB_ID()
  AND l.request_status = 'GRANT'
  AND CHARINDEX(@P1, l.resource_description) > 0";

impl MssqlSession {
    pub(super) fn take_lock(&mut self, timeout: Duration) -> Result<(), LockError> {
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let rows = self.ask(
            TAKE,
            &[
                Value::Text(RESOURCE.to_owned()),
                Value::Integer(milliseconds.into()),
            ],
        )?;
        match result(&rows)? {
            0 | 1 => {
                self.locked = true;
                Ok(())
            }
            -1 => Err(self.held()),
            // Some products call a lock that is taken an error.
            -999 if !self.lock_tells_timeout() => Err(self.held()),
            -2 => Err(EngineError::new(
                ErrorKind::Interrupted,
                "waiting for the migration lock was cancelled",
            )
            .into()),
            -3 => Err(EngineError::new(
                ErrorKind::Busy,
                "waiting for the migration lock ended in a deadlock; run the command again",
            )
            .into()),
            code => Err(EngineError::new(
                ErrorKind::Statement,
                format!("the migration lock was refused: sp_getapplock returned {code}"),
            )
            .into()),
        }
    }

    /// Keeps runs of dbtool from changing anything while several queries are asked. The server
    /// versions rows, but no metadata, so that even a snapshot would see half of another's change
    /// (or fail with error 3961); and whoever else changes the schema just now is drift before or
    /// after. On a database that can only be read no run writes either, and there is no such lock.
    pub(super) fn share_lock(&mut self) -> Result<(), EngineError> {
        let milliseconds = i64::try_from(READER_PATIENCE.as_millis()).unwrap_or(i64::MAX);
        let asked = self.ask(
            SHARE,
            &[
                Value::Text(RESOURCE.to_owned()),
                Value::Integer(milliseconds),
            ],
        );
        let rows = match asked {
            Err(error) if error.kind == ErrorKind::ReadOnly => return Ok(()),
            asked => asked?,
        };
        match result(&rows)? {
            0 | 1 => {
                self.sharing = true;
                Ok(())
            }
            _ => {
                let holder = match self.held() {
                    LockError::Held {
                        holder: Some(holder),
                    } => format!(" ({holder})"),
                    _ => String::new(),
                };
                Err(EngineError::new(
                    ErrorKind::Busy,
                    format!(
                        "another dbtool run changes the database and has not ended within {} s{holder}; \
                         what it reads would be half of before and half of after",
                        READER_PATIENCE.as_secs()
                    ),
                ))
            }
        }
    }

    /// Lets runs write again.
    pub(super) fn stop_sharing(&mut self) -> Result<(), EngineError> {
        if !std::mem::take(&mut self.sharing) || self.client.is_none() {
            return Ok(());
        }
        self.ask_regardless(GIVE_BACK, &[Value::Text(RESOURCE.to_owned())])?;
        Ok(())
    }

    pub(super) fn give_lock_back(&mut self) -> Result<(), EngineError> {
        if !std::mem::take(&mut self.locked) || self.client.is_none() {
            return Ok(());
        }
        let rows = self.ask_regardless(GIVE_BACK, &[Value::Text(RESOURCE.to_owned())])?;
        match result(&rows)? {
            0 => Ok(()),
            code => Err(EngineError::new(
                ErrorKind::Statement,
                format!("the migration lock was not given back: sp_releaseapplock returned {code}"),
            )),
        }
    }

    fn lock_tells_timeout(&self) -> bool {
        self.product()
            .is_none_or(|product| product.features().lock_tells_timeout)
    }

    fn held(&mut self) -> LockError {
        let holder = self.ask(HOLDER, &[Value::Text(RESOURCE.to_owned())]);
        LockError::Held {
            holder: holder.ok().and_then(|rows| describe(&rows)),
        }
    }
}

pub(super) fn result(rows: &Rows) -> Result<i64, EngineError> {
    match rows.rows.first().and_then(|row| row.first()) {
        Some(Value::Integer(code)) => Ok(*code),
        _ => Err(EngineError::new(
            ErrorKind::Statement,
            "the server did not say whether it granted the migration lock",
        )),
    }
}

/// `process 7 of deploy on build-3 (dbtool) since 2026-01-31T12:00:00`
fn describe(rows: &Rows) -> Option<String> {
    let row = rows.rows.first()?;
    let text = |index: usize| match row.get(index) {
        Some(Value::Text(text)) if !text.is_empty() => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        _ => "unknown".to_owned(),
    };
    Some(format!(
        "process {} of {} on {} ({}) since {}",
        text(0),
        text(1),
        text(2),
        text(3),
        text(4)
    ))
}
