//! What the server says besides its answers: PRINT, warnings, and errors after the first.
//!
//! The driver keeps the first error of an answer and tells the rest only to `tracing`, so this
//! listens there, on the thread of the session and only while it waits for an answer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

const TARGET: &str = "tiberius::tds::stream::token";

/// Things that the driver tells in the same place and that are no messages of the server.
const CHANGES: [&str; 14] = [
    "Database change from ",
    "Packet size change from ",
    "SQL collation change",
    "Begin transaction",
    "Commit transaction",
    "Rollback transaction",
    "Defect transaction",
    "Server requested routing to ",
    "Fallback mirror server: ",
    "Ignored env change: ",
    "FeatureExtAck with ",
    // Which the server itself says after each login.
    "Changed database context to ",
    "Changed language setting to ",
    "FedAuthInfo",
];

/// What was said during one call.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Messages that are no errors.
    pub(super) messages: Vec<String>,
    /// All errors, in order, with their numbers.
    pub(super) errors: Vec<(u64, String)>,
}

/// Listens to the driver.
#[derive(Clone)]
pub(super) struct Listener {
    said: Arc<Mutex<Said>>,
    dispatch: Dispatch,
}

impl Listener {
    pub(super) fn new() -> Self {
        let said = Arc::<Mutex<Said>>::default();
        let dispatch = Dispatch::new(Ear(Arc::clone(&said)));
        Self { said, dispatch }
    }

    /// Does some work on the driver, and tells what was said meanwhile.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> (T, Said) {
        let done = tracing::dispatcher::with_default(&self.dispatch, work);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        (done, std::mem::take(&mut *said))
    }
}

struct Ear(Arc<Mutex<Said>>);

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == TARGET && *metadata.level() <= Level::DEBUG
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *event.metadata().level() == Level::ERROR {
            said.errors.push((heard.code, heard.message));
        } else if !CHANGES.iter().any(|start| heard.message.starts_with(start))
            && !is_login(&heard.message)
        {
            said.messages.push(heard.message);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// `Microsoft SQL Server version 268438528`
fn is_login(message: &str) -> bool {
    message
        .rsplit_once(" version ")
        .is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}

#[derive(Default)]
struct Heard {
    message: String,
    code: u64,
}

impl Visit for Heard {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "code" {
            self.code = value;
        }
    }
}
