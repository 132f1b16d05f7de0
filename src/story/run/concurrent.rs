//! Runs copies of steps at once.

use std::sync::Barrier;

use super::actor::{Actor, State};
use super::stop::{self, Refused, Stop};
use crate::diag::Span;
use crate::model::Ident;
use crate::story::format::Concurrently;

impl Actor<'_> {
    pub(super) fn concurrently(&mut self, wanted: &Concurrently, span: &Span) -> Result<(), Stop> {
        // All connections first: a copy that could not open its own would leave the others waiting
        // at the barrier.
        let mut copies = Vec::new();
        for copy in 1..=wanted.copies {
            let session = self.ground.world.open().map_err(|error| {
                let attempt = format!("connection of copy {copy}");
                self.refused(error, span, attempt, None, Vec::new())
            })?;
            let mut state = self.state.clone();
            state.copy = copy;
            state.generator = self.state.generator.copy(copy);
            copies.push(Actor {
                ground: self.ground,
                session: Some(session),
                state,
            });
        }
        let barrier = Barrier::new(copies.len());
        let ended: Vec<(State, Result<(), Stop>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = copies
                .into_iter()
                .map(|mut copy| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        let result = copy.steps(&wanted.steps);
                        (copy.state, result)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(ended) => ended,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        });
        self.judge_copies(wanted, ended, span)
    }

    /// Whether as many copies succeeded as should, and the others failed as they should.
    fn judge_copies(
        &mut self,
        wanted: &Concurrently,
        ended: Vec<(State, Result<(), Stop>)>,
        span: &Span,
    ) -> Result<(), Stop> {
        let mut succeeded = Vec::new();
        let mut refusals = Vec::new();
        for (state, result) in ended {
            match result {
                Ok(()) => succeeded.push(state),
                Err(Stop::Refused(refused)) if refused.is_gap() => {
                    return Err(Stop::Refused(refused));
                }
                Err(Stop::Refused(refused)) => refusals.push((state.copy, refused)),
                Err(failed) => return Err(failed),
            }
        }
        let found = u32::try_from(succeeded.len()).unwrap_or(u32::MAX);
        let as_wanted = |refused: &Refused| {
            let refusal = wanted.failed.as_ref();
            refusal.is_some_and(|refusal| stop::as_wanted(refused, refusal, &self.ground))
        };
        let count_is_right = found == wanted.succeeded;
        let wrong = refusals.iter().find(|(_, refused)| !as_wanted(refused));
        if count_is_right && wrong.is_none() {
            if let ([winner], 1) = (succeeded.as_mut_slice(), wanted.succeeded) {
                self.state.saved = std::mem::take(&mut winner.saved);
                self.state.latest = std::mem::take(&mut winner.latest);
            }
            return Ok(());
        }
        let message = match wrong {
            Some((copy, refused)) if count_is_right || wanted.failed.is_none() => format!(
                "copy {copy} of {} failed in its own way: {} was refused: {}",
                wanted.copies, refused.attempt, refused.error.message
            ),
            _ => format!(
                "{found} of {} copies succeeded at once, not {}",
                wanted.copies, wanted.succeeded
            ),
        };
        let manner = wanted.failed.as_ref().map_or("nothing".into(), |refusal| {
            stop::manner(refusal.kind, refusal.constraint.as_ref().map(Ident::as_str))
        });
        let expected = (0..wanted.copies).map(|copy| match copy < wanted.succeeded {
            true => "succeeded".to_owned(),
            false => format!("refused by {manner}"),
        });
        let fell = refusals
            .iter()
            .map(|(_, refused)| match as_wanted(refused) {
                true => format!("refused by {manner}"),
                false => format!("refused by {}", refused.manner()),
            });
        let found = succeeded.iter().map(|_| "succeeded".to_owned()).chain(fell);
        let difference = (join(expected), join(found));
        Err(self.differ(
            "story/copies",
            span,
            message,
            "see the constraint that should let only so many through, and how the engine waits",
            difference,
        ))
    }
}

/// A line for each outcome, with how many copies had it.
fn join(outcomes: impl Iterator<Item = String>) -> String {
    let mut counted: Vec<(usize, String)> = Vec::new();
    for outcome in outcomes {
        match counted.iter_mut().find(|(_, known)| *known == outcome) {
            Some((count, _)) => *count += 1,
            None => counted.push((1, outcome)),
        }
    }
    let lines: Vec<String> = counted
        .into_iter()
        .map(|(count, outcome)| format!("{count} × {outcome}"))
        .collect();
    lines.join("\n")
}
