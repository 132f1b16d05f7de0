//! What is said when the program itself is at fault.
//!
//! A panic carries a text that some code made of the values at hand, ours or a dependency's, and
//! those values may be a connection string. So only texts that stand in the program as they are get
//! shown; of the others, the place.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe, Location};

/// Runs something to its end; `None` when it panicked, which has been said by then.
pub fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    panic::set_hook(Box::new(|panic| {
        let mut stderr = io::stderr();
        // Nobody may be there to read it, which must not be a second panic.
        let _ = writeln!(stderr, "{}", message(panic.payload(), panic.location()));
        // Names of functions and lines, and no values; only with RUST_BACKTRACE.
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            let _ = writeln!(stderr, "{trace}");
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

fn message(payload: &dyn Any, location: Option<&Location<'_>>) -> String {
    let place = match location {
        Some(place) => format!(" at {}:{}", place.file(), place.line()),
        None => String::new(),
    };
    let what = match payload.downcast_ref::<&'static str>() {
        Some(text) => (*text).to_owned(),
        None => "what was said of it is not shown, since it may hold a secret".to_owned(),
    };
    format!(
        "error: dbtool came upon something that it was not made for{place}: {what}\n  \
         = help: what was not committed is undone by the database; report the place and what was \
         run, with RUST_BACKTRACE=1"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_the_program_itself_are_shown() {
        let place = Location::caller();
        let password = "hunter2";
        let made: Box<dyn Any> = Box::new(format!("called on an Err value: {password}"));
        let said = message(made.as_ref(), Some(place));
        assert!(!said.contains(password), "{said}");
        assert!(said.contains("panics.rs:"), "{said}");
        let fixed: Box<dyn Any> = Box::new("the lock is held once");
        assert!(message(fixed.as_ref(), None).contains("the lock is held once"));
    }
}
