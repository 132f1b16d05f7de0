//! The migration lock of a SQLite file: an operating-system lock on a file beside it.
//!
//! The operating system gives the lock up with the process that holds it, however that ends. The
//! file stays, since removing it would let two runs hold locks on two files of one name; while the
//! lock is held it says by whom.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::{EngineError, ErrorKind, LockError};
use crate::interrupt;

/// How often a held lock is asked for again.
const POLL: Duration = Duration::from_millis(20);

/// How often a run that gives up looks for the name of a holder that is about to write it.
const LOOKS: u32 = 10;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of this database, asking again until `timeout` has passed, and leaves
    /// `holder` for others to read.
    pub(super) fn take(
        database: &Path,
        holder: &str,
        timeout: Duration,
    ) -> Result<Self, LockError> {
        let path = sidecar(database);
        let failed = |error: &std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                std::io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
                std::io::ErrorKind::StorageFull => ErrorKind::Full,
                _ => ErrorKind::Connection,
            };
            let message = format!("the lock file {} cannot be used: {error}", path.display());
            EngineError::new(kind, message)
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed(&error))?;
        let start = Instant::now();
        let mut looks = 0;
        loop {
            if interrupt::asked() {
                return Err(EngineError::new(ErrorKind::Interrupted, "interrupted").into());
            }
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let left = timeout.saturating_sub(start.elapsed());
                    if left.is_zero() {
                        let holder = read_holder(&mut file);
                        // It has the lock for an instant before its name is there to be read.
                        if holder.is_some() || looks == LOOKS {
                            return Err(LockError::Held { holder });
                        }
                        looks += 1;
                        thread::sleep(POLL);
                        continue;
                    }
                    thread::sleep(left.min(POLL));
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error).into()),
            }
        }
        let mut lock = Self { file };
        lock.write(holder).map_err(|error| failed(&error))?;
        Ok(lock)
    }

    fn write(&mut self, holder: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(holder.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A name that stays behind misleads nobody: it is read only while the lock is held.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Two paths to one database must lead to one lock.
fn sidecar(database: &Path) -> PathBuf {
    let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let mut name = OsString::from(database);
    name.push(".dbtool-lock");
    PathBuf::from(name)
}

/// `None` where the system keeps others from reading a locked file, and in the instant between
/// taking the lock and writing the name.
fn read_holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
