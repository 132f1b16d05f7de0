//! Being asked to stop from outside: Ctrl-C, SIGTERM, a terminal that closes.
//!
//! Owns the request itself, which belongs to the whole process. Whoever works on a database looks
//! at it between and within statements, undoes what is not committed, and ends with
//! [`crate::engine::ErrorKind::Interrupted`]; everybody else is simply ended.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::exit::Exit;

static ASKED: AtomicBool = AtomicBool::new(false);
static AT_WORK: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static BEGUN: Cell<usize> = const { Cell::new(0) };
}

/// While one of these lives, a request to stop is left to the work that it stands for.
#[derive(Debug)]
pub struct AtWork(());

impl AtWork {
    /// Work begins that must end in order.
    pub fn begin() -> Self {
        AT_WORK.fetch_add(1, Ordering::SeqCst);
        BEGUN.set(BEGUN.get() + 1);
        Self(())
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How often work began on this thread. Every session is work, so that whoever must not open one can
/// be seen not to.
pub fn begun_here() -> usize {
    BEGUN.get()
}

/// Whether somebody asked this process to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// From now on a request to stop ends the process with exit code 130: in order while work is under
/// way, at once when there is none, and at once when it is made a second time.
///
/// # Errors
/// When the system does not let signals be handled.
pub fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        let again = ASKED.swap(true, Ordering::SeqCst);
        if again || AT_WORK.load(Ordering::SeqCst) == 0 {
            std::process::exit(Exit::Interrupted.code().into());
        }
        eprintln!("dbtool: stopping, and undoing what is not committed; once more to stop at once");
    })
}
