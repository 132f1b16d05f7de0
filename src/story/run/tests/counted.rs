//! `restart` really leaves the database without a connection, and `concurrently` really has all
//! copies on connections of their own before any of them does anything.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::engine::{LockError, Rows, Server, TransactionOptions, Value};

/// What happens to connections, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Opened,
    Closed,
    Wrote,
}

static LOG: Mutex<Vec<Event>> = Mutex::new(Vec::new());

fn note(event: Event) {
    LOG.lock().unwrap().push(event);
}

struct Counted(Box<dyn Session>);

impl Drop for Counted {
    fn drop(&mut self) {
        note(Event::Closed);
    }
}

impl Session for Counted {
    fn server(&self) -> &Server {
        self.0.server()
    }

    fn catalog(&mut self) -> Result<Catalog, EngineError> {
        self.0.catalog()
    }

    fn execute(&mut self, batch: &str) -> Result<u64, EngineError> {
        self.0.execute(batch)
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        note(Event::Wrote);
        self.0.execute_with(sql, parameters)
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        self.0.query(sql, parameters)
    }

    fn begin(&mut self, options: TransactionOptions) -> Result<(), EngineError> {
        self.0.begin(options)
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        self.0.commit()
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        self.0.rollback()
    }

    fn lock(&mut self, timeout: Duration) -> Result<(), LockError> {
        self.0.lock(timeout)
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        self.0.unlock()
    }

    fn now(&mut self) -> Result<String, EngineError> {
        self.0.now()
    }
}

struct Counting(Files);

impl World for Counting {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        let session = self.0.open()?;
        note(Event::Opened);
        Ok(Box::new(Counted(session)))
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        self.0.drift()
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        self.0.second_catalog()
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        self.0.fresh()
    }
}

#[test]
fn connections_are_dropped_by_a_restart_and_all_there_before_copies_begin() {
    let loaded = story(&["
- insert: { row: queuedJob }
- restart
- concurrently:
    copies: 4
    steps: [{ insert: { row: queuedJob } }]
- expectRows: { table: jobs, count: 5 }
"]);
    let world = Counting(Files::new(&schema("tests/cases/story/schema")));
    let report = run_on(&world, &loaded, &options());
    assert!(!report.failed(), "{report:#?}");
    let log = LOG.lock().unwrap();
    use Event::{Closed, Opened, Wrote};
    assert_eq!(log[..4], [Opened, Wrote, Closed, Opened], "{log:?}");
    assert_eq!(log[4..8], [Opened; 4], "{log:?}");
    assert_eq!(log[8], Wrote, "{log:?}");
    let count = |event| log[8..].iter().filter(|it| **it == event).count();
    assert_eq!((count(Wrote), count(Closed)), (4, 5), "{log:?}");
}
