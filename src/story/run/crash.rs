//! Kills a process in the middle of its work.

use super::actor::Actor;
use super::stop::Stop;
use crate::diag::Span;
use crate::engine::TransactionOptions;
use crate::story::format::{Crash, Moment};

impl Actor<'_> {
    /// Runs the steps in a transaction of a process of its own, kills the process, and goes on with
    /// a new connection.
    pub(super) fn crash(&mut self, crash: &Crash, span: &Span) -> Result<(), Stop> {
        // What this process holds must not help the database to survive.
        self.session = None;
        let apart = self.ground.world.open_apart().map_err(|error| {
            let attempt = "process that is to be killed".into();
            self.refused(error, span, attempt, None, Vec::new())
        })?;
        self.session = Some(apart.session);
        let latest = self.state.latest.clone();
        let done = self.until(crash, span);
        // The connection goes after the process: a pipe that closes first would end it in order.
        let killed = apart.process.kill();
        if crash.when == Moment::BeforeCommit || done.is_err() {
            // Rows that are gone are no parents.
            self.state.latest = latest;
        }
        done?;
        killed.map_err(|why| {
            self.fail(
                "story/not-killed",
                span,
                format!("the process could not be killed: {why}"),
                "see what ended it",
            )
        })?;
        self.restart(span)
    }

    /// Everything up to the moment of the crash.
    fn until(&mut self, crash: &Crash, span: &Span) -> Result<(), Stop> {
        let begun = self.session(span)?.begin(TransactionOptions::default());
        begun.map_err(|error| {
            let attempt = "begin of a transaction".into();
            self.refused(error, span, attempt, None, Vec::new())
        })?;
        self.steps(&crash.steps)?;
        match crash.when {
            Moment::BeforeCommit => Ok(()),
            Moment::AfterCommit => {
                let committed = self.session(span)?.commit();
                committed.map_err(|error| {
                    let attempt = "end of the transaction".into();
                    self.refused(error, span, attempt, None, Vec::new())
                })
            }
        }
    }
}
