//! What the trials of mutants came to, as plain values for every renderer.
//!
//! As JSON (all keys camelCase):
//!
//! ```json
//! {
//!   "score": 96.5,               // killed of killed and survived, in percent; null without any
//!   "minScore": 95,              // null when none was asked for
//!   "killed": 193, "survived": 7, "equivalent": 12, "noPlan": 9, "untried": 0,
//!   "judges": 41,                // how many scenarios may kill
//!   "setAside": [{ "story": "S2vDB-02", "scenario": "…", "reason": "…" }], // those that may not
//!   "mutants": [{
//!     "object": "jobRuns.ckJobRunsStatus", "kind": "check constraint",
//!     "mutation": "dropped", "change": "is dropped",
//!     "verdict": "killed",       // killed | survived | equivalent | noPlan | untried
//!     "file": "schema/jobRuns.yaml", "line": 17,
//!     "durationMs": 12.5,
//!     "killedBy": { "story": "S2vDB-03", "scenario": "…", "step": "2", "message": "…",
//!                   "file": "fixtures/stories/S2vDB-03.yaml", "line": 310 },
//!     "reason": null,            // why it does not count, could not be tried, or may survive
//!     "advice": null             // what would kill it, when it survived
//!   }]
//! }
//! ```

use std::time::Duration;

use serde_json::{Value, json};

use super::survivor::Explained;
use super::trial::{Killer, SetAside, Trial, Verdict};
use crate::diag::{Diagnostic, Phase, Span};

/// The trials of a run, with what the stories say about survivors.
#[derive(Debug, Clone, PartialEq)]
pub struct MutationReport {
    /// The mutants in the order of the schema.
    pub entries: Vec<Entry>,
    /// How many scenarios may kill.
    pub judges: usize,
    /// Those that may not, because they would kill mutants for nothing.
    pub set_aside: Vec<SetAside>,
    /// The score that was asked for, in percent.
    pub min_score: Option<f64>,
}

/// A mutant that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The trial.
    pub trial: Trial,
    /// Where the schema's files declare what is broken.
    pub place: Option<Span>,
    /// What a story says about its survival.
    pub explained: Option<Explained>,
}

/// How many mutants came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// A scenario turned red.
    pub killed: usize,
    /// None did; explained ones included.
    pub survived: usize,
    /// Of these, explained in a story.
    pub explained: usize,
    /// No row can tell them from the schema.
    pub equivalent: usize,
    /// Indexes that no plan names.
    pub no_plan: usize,
    /// Could not be tried.
    pub untried: usize,
}

impl Tally {
    /// Counts entries.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut tally = Self::default();
        for entry in entries {
            match &entry.trial.verdict {
                Verdict::Killed(_) => tally.killed += 1,
                Verdict::Survived => {
                    tally.survived += 1;
                    tally.explained += usize::from(entry.explained.is_some());
                }
                Verdict::Equivalent(_) => tally.equivalent += 1,
                Verdict::NoPlan => tally.no_plan += 1,
                Verdict::Untried(_) => tally.untried += 1,
            }
        }
        tally
    }

    /// How many count for the score.
    pub fn counted(&self) -> usize {
        self.killed + self.survived
    }

    /// Killed of those that count, in percent, cut after one digit: 94.97 is not yet 95.
    pub fn score(&self) -> Option<f64> {
        let counted = self.counted();
        (counted > 0).then(|| (self.killed * 1000 / counted) as f64 / 10.0)
    }

    /// Whether so many percent of those that count were killed.
    pub fn reaches(&self, percent: f64) -> bool {
        self.killed as f64 * 100.0 >= percent * self.counted() as f64
    }
}

impl MutationReport {
    /// How many mutants came to what.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.entries)
    }

    /// Whether the score is what was asked for.
    pub fn is_high_enough(&self) -> bool {
        self.min_score
            .is_none_or(|percent| self.tally().reaches(percent))
    }

    /// The documented JSON.
    pub fn data(&self) -> Value {
        let tally = self.tally();
        json!({
            "score": tally.score(),
            "minScore": self.min_score,
            "killed": tally.killed,
            "survived": tally.survived,
            "equivalent": tally.equivalent,
            "noPlan": tally.no_plan,
            "untried": tally.untried,
            "judges": self.judges,
            "setAside": self.set_aside.iter().map(|it| json!({
                "story": it.story, "scenario": it.scenario, "reason": it.reason,
            })).collect::<Vec<_>>(),
            "mutants": self.entries.iter().map(Entry::data).collect::<Vec<_>>(),
        })
    }
}

impl Entry {
    /// The finding of a mutant that survived or could not be tried; `None` for the others.
    pub fn finding(&self) -> Option<Diagnostic> {
        let mutant = &self.trial.mutant;
        let headline = mutant.headline();
        let finding = match (&self.trial.verdict, &self.explained) {
            (Verdict::Survived, None) => Diagnostic::warning(
                Phase::Persistence,
                "mutation/survived",
                format!("no scenario notices when {headline}"),
            )
            .help(format!("{}, or explain it in `survivors`", mutant.advice)),
            (Verdict::Survived, Some(explained)) => Diagnostic::note(
                Phase::Persistence,
                "mutation/explained",
                format!("no scenario notices when {headline}: {}", explained.reason),
            ),
            (Verdict::Untried(why), _) => Diagnostic::warning(
                Phase::Persistence,
                "mutation/untried",
                format!("it was not tried what happens when {headline}: {why}"),
            )
            .help("see whether the engine can hold such a database at all"),
            (Verdict::Killed(_) | Verdict::Equivalent(_) | Verdict::NoPlan, _) => return None,
        };
        Some(
            finding
                .at(mutant.object.clone())
                .spanned(self.place.clone()),
        )
    }

    fn data(&self) -> Value {
        let mutant = &self.trial.mutant;
        let verdict = &self.trial.verdict;
        let survived = *verdict == Verdict::Survived;
        let reason = match verdict {
            Verdict::Equivalent(why) | Verdict::Untried(why) => Some(why.as_str()),
            Verdict::NoPlan => Some("no story's plan names the index"),
            Verdict::Survived => self.explained.as_ref().map(|it| it.reason.as_str()),
            Verdict::Killed(_) => None,
        };
        json!({
            "object": mutant.object.to_string(),
            "kind": mutant.noun,
            "mutation": mutant.kind.word(),
            "change": mutant.change,
            "verdict": verdict.word(),
            "file": self.place.as_ref().map(|span| span.source.name.as_str()),
            "line": self.place.as_ref().map(|span| span.line_column().0),
            "durationMs": milliseconds(self.trial.duration),
            "killedBy": match verdict {
                Verdict::Killed(killer) => killer.data(),
                _ => Value::Null,
            },
            "reason": reason,
            "advice": survived.then_some(mutant.advice.as_str()),
        })
    }
}

impl Verdict {
    /// The word for it in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Killed(_) => "killed",
            Self::Survived => "survived",
            Self::Equivalent(_) => "equivalent",
            Self::NoPlan => "noPlan",
            Self::Untried(_) => "untried",
        }
    }
}

impl Killer {
    fn data(&self) -> Value {
        json!({
            "story": self.story,
            "scenario": self.scenario,
            "step": self.step,
            "message": self.message,
            "file": self.span.as_ref().map(|span| span.source.name.as_str()),
            "line": self.span.as_ref().map(|span| span.line_column().0),
        })
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
