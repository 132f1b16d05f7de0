//! Throwaway databases on a server, and what makes sure that nothing else is ever dropped.
//!
//! A database that a run makes carries the run's id as a property of its own, and while the run
//! lives its session holds a lock of that name. So a database is dropped only when both say so: the
//! property is there, and the run is this one or its lock is free. A name alone says nothing.
//!
//! The other way is a database that people keep for this and mark themselves: it is emptied.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::engine::mssql::throwaway as sql;
use crate::engine::{EngineError, ErrorKind, LockError, Session};
use crate::migration::Checksum;

/// Where databases are made and dropped from.
const ADMIN: &str = "master";

/// Keeps two runs from emptying one scratch database.
const SCRATCH_LOCK: &str = "dbtool/scratch";

/// How often a database that is dropped may still be in use: a server takes a moment to notice that
/// a connection is gone.
const DROP_ATTEMPTS: u32 = 20;
const DROP_PAUSE: Duration = Duration::from_millis(250);

/// Who a session is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The work itself, which a request to stop interrupts.
    Work,
    /// Holding locks and clearing up, which has to be done in any case.
    Keeping,
}

/// Opens a session on a database of the server; on the one that the settings name when it is
/// `None`.
pub type Door =
    Box<dyn Fn(Option<&str>, Purpose) -> Result<Box<dyn Session>, EngineError> + Send + Sync>;

/// Who is told what is dropped and what is left.
pub type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// Databases that this run makes, and drops when this value goes.
pub struct Created {
    door: Door,
    tell: Tell,
    run: String,
    /// Holds the lock of the run.
    admin: Mutex<Box<dyn Session>>,
    made: Mutex<Vec<String>>,
    count: AtomicUsize,
    keep: bool,
}

/// A database that people have marked to be emptied.
pub struct Given {
    door: Door,
    /// Holds the lock of the database.
    keeper: Mutex<Box<dyn Session>>,
    schema: String,
}

/// Why a database that the settings name is not emptied.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// Nobody has marked it.
    #[error("{0} is not marked as a scratch database, so it is not emptied")]
    Unmarked(String),
    /// Another run works on it, or it could not be asked.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl From<EngineError> for NotGiven {
    fn from(error: EngineError) -> Self {
        Self::Lock(error.into())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A text that no other run has: from the host, the process and the time.
fn run_id(host: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = format!(
        "{host}/{}/{}",
        std::process::id(),
        now.unwrap_or_default().as_nanos()
    );
    Checksum::of_text(&seed).as_str()[..16].to_owned()
}

impl Created {
    /// Takes the lock of a new run, and drops what dead runs have left.
    ///
    /// # Errors
    /// When the server cannot be reached. What cannot be looked at or dropped is told, and left.
    pub fn start(door: Door, tell: Tell, keep: bool) -> Result<Self, EngineError> {
        let mut admin = door(Some(ADMIN), Purpose::Keeping)?;
        let run = run_id(&admin.server().host);
        if !sql::claim(admin.as_mut(), &sql::lock_of(&run))? {
            return Err(EngineError::new(
                ErrorKind::Busy,
                format!("another run calls itself {run}; run the command again"),
            ));
        }
        let created = Self {
            door,
            tell,
            run,
            admin: Mutex::new(admin),
            made: Mutex::default(),
            count: AtomicUsize::new(0),
            keep,
        };
        created.sweep()?;
        Ok(created)
    }

    /// Makes an empty database and marks it; its name.
    ///
    /// # Errors
    /// When the login may not make databases, or the server cannot be reached.
    pub fn empty(&self) -> Result<String, EngineError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{}_{number}", sql::PREFIX, self.run);
        let mut admin = locked(&self.admin);
        sql::create(admin.as_mut(), &name).map_err(|mut error| {
            error.message = format!("no database could be made: {}", error.message);
            error
        })?;
        // Known before it is marked: what this process made it may drop, whatever fails next.
        locked(&self.made).push(name.clone());
        let mut session = (self.door)(Some(&name), Purpose::Keeping)?;
        sql::mark(session.as_mut(), &self.run)?;
        Ok(name)
    }

    /// Opens a database.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(&self, name: &str) -> Result<Box<dyn Session>, EngineError> {
        self.stay_alive()?;
        (self.door)(Some(name), Purpose::Work)
    }

    /// Drops a database of this run, unless they are kept.
    pub fn remove(&self, name: &str) {
        if self.keep {
            return;
        }
        let mut made = locked(&self.made);
        if let Some(at) = made.iter().position(|made| made == name) {
            made.remove(at);
            drop(made);
            self.drop_own(name);
        }
    }

    /// Leaves the databases in place, for good: later runs do not drop them either. Their names.
    ///
    /// # Errors
    /// When one of them cannot be marked as kept.
    pub fn keep(mut self) -> Result<Vec<String>, EngineError> {
        self.keep = true;
        let made = locked(&self.made).clone();
        for name in &made {
            let mut session = (self.door)(Some(name), Purpose::Keeping)?;
            sql::keep(session.as_mut(), &self.run)?;
        }
        Ok(made)
    }

    /// Gateways end connections on which nothing happens, and the lock would go with this one.
    fn stay_alive(&self) -> Result<(), EngineError> {
        let mut admin = locked(&self.admin);
        let idle = admin.now();
        if idle.is_ok() {
            return Ok(());
        }
        admin.reconnect()?;
        if sql::claim(admin.as_mut(), &sql::lock_of(&self.run))? {
            return Ok(());
        }
        Err(EngineError::new(
            ErrorKind::Busy,
            "another run took the databases of this one for left behind",
        ))
    }

    fn drop_own(&self, name: &str) {
        let mut admin = locked(&self.admin);
        if let Err(error) = drop_patiently(admin.as_mut(), name) {
            (self.tell)(&format!("{name} stays behind: {error}"));
        }
    }

    /// Drops the databases of runs that are dead.
    fn sweep(&self) -> Result<(), EngineError> {
        let mut admin = locked(&self.admin);
        for name in sql::candidates(admin.as_mut())? {
            match self.left_behind(admin.as_mut(), &name) {
                Ok(Verdict::Dead(run)) => {
                    // The lock of the dead run is ours now, so that no other run drops it as well.
                    let dropped = drop_patiently(admin.as_mut(), &name);
                    sql::release(admin.as_mut(), &sql::lock_of(&run))?;
                    match dropped {
                        Ok(()) => {
                            (self.tell)(&format!(
                                "dropped {name}, which run {run} had left behind"
                            ));
                        }
                        Err(error) => (self.tell)(&format!(
                            "{name} of run {run}, which is dead, cannot be dropped: {error}"
                        )),
                    }
                }
                Ok(Verdict::Alive | Verdict::Kept) => {}
                Ok(Verdict::Unmarked) => (self.tell)(&format!(
                    "{name} is left alone: it has the name of a throwaway database, but not the \
                     property {}",
                    sql::RUN
                )),
                Err(error) => (self.tell)(&format!(
                    "{name} is left alone: it cannot be looked at: {error}"
                )),
            }
        }
        Ok(())
    }

    fn left_behind(&self, admin: &mut dyn Session, name: &str) -> Result<Verdict, EngineError> {
        let (run, kept) = {
            let mut session = (self.door)(Some(name), Purpose::Keeping)?;
            let run = sql::property(session.as_mut(), sql::RUN)?;
            (run, sql::property(session.as_mut(), sql::KEPT)?)
        };
        Ok(match run {
            _ if kept.is_some() => Verdict::Kept,
            None => Verdict::Unmarked,
            Some(run) if sql::claim(admin, &sql::lock_of(&run))? => Verdict::Dead(run),
            Some(_) => Verdict::Alive,
        })
    }
}

/// What a database with the name of a throwaway one is.
enum Verdict {
    /// Left by this run, which is dead and whose lock has been taken.
    Dead(String),
    /// Of a run that lives.
    Alive,
    /// Of a run that was told to keep it.
    Kept,
    /// Nobody knows.
    Unmarked,
}

impl Drop for Created {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for name in std::mem::take(&mut *locked(&self.made)) {
            self.drop_own(&name);
        }
    }
}

/// Drops a database as soon as nobody uses it any more.
fn drop_patiently(admin: &mut dyn Session, name: &str) -> Result<(), EngineError> {
    let mut attempt = 1;
    loop {
        match sql::drop_database(admin, name) {
            Err(error) if attempt < DROP_ATTEMPTS && error.kind != ErrorKind::Permission => {
                if admin.is_lost() {
                    return Err(error);
                }
            }
            ended => return ended,
        }
        attempt += 1;
        std::thread::sleep(DROP_PAUSE);
    }
}

impl Given {
    /// The database that the settings name, if it is marked as a scratch database and no other run
    /// works on it. Nothing is emptied yet.
    ///
    /// # Errors
    /// See [`NotGiven`].
    pub fn start(door: Door, schema: &str) -> Result<Self, NotGiven> {
        let mut keeper = door(None, Purpose::Keeping)?;
        if sql::property(keeper.as_mut(), sql::SCRATCH)?.is_none() {
            return Err(NotGiven::Unmarked(keeper.server().database.clone()));
        }
        if !sql::claim(keeper.as_mut(), SCRATCH_LOCK)? {
            return Err(LockError::Held { holder: None }.into());
        }
        Ok(Self {
            door,
            keeper: Mutex::new(keeper),
            schema: schema.to_owned(),
        })
    }

    /// Empties the database; how many objects were dropped.
    ///
    /// # Errors
    /// When something in it cannot be dropped; then nothing was.
    pub fn empty(&self) -> Result<usize, EngineError> {
        sql::empty(locked(&self.keeper).as_mut(), &self.schema)
    }

    /// Opens the database.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        (self.door)(None, Purpose::Work)
    }

    /// Its name, with its server's.
    pub fn name(&self) -> String {
        locked(&self.keeper).server().database.clone()
    }
}
