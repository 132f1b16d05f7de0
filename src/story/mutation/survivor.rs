//! What stories say about mutants that survive: `survivors` at the top of a story file.
//!
//! An explanation is a promise to look again: one that expired, or that explains nothing any more,
//! is a finding.

use super::Kind;
use super::report::Entry;
use super::trial::{Trial, Verdict};
use crate::diag::{Diagnostic, Phase, Span};
use crate::model::ObjectPath;

/// Why a mutant may survive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What is broken.
    pub object: ObjectPath,
    /// How it is broken; in any way when it is not said.
    pub mutation: Option<Kind>,
    /// Why no scenario needs to notice.
    pub reason: String,
    /// The last day on which that holds, as `2027-01-31`.
    pub until: Option<String>,
    /// Where the object is named.
    pub span: Span,
}

impl Explained {
    fn is_about(&self, trial: &Trial) -> bool {
        let mutant = &trial.mutant;
        self.object == mutant.object && self.mutation.is_none_or(|kind| kind == mutant.kind)
    }

    fn has_expired(&self, today: &str) -> bool {
        self.until.as_deref().is_some_and(|until| today > until)
    }

    fn finding(&self, code: &'static str, message: String, help: &str) -> Diagnostic {
        Diagnostic::error(Phase::Persistence, code, message)
            .at(self.object.clone())
            .spanned(self.span.clone())
            .help(help)
    }
}

/// Puts explanations beside the survivors that they are about. The findings are of explanations
/// that expired or explain nothing. `today` is a date as `2026-01-31`.
pub fn explain(
    trials: Vec<Trial>,
    explanations: &[Explained],
    today: &str,
    place: &dyn Fn(&ObjectPath) -> Option<Span>,
) -> (Vec<Entry>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    for explanation in explanations {
        let mut about = trials.iter().filter(|trial| explanation.is_about(trial));
        let object = &explanation.object;
        if about.clone().next().is_none() {
            findings.push(explanation.finding(
                "mutation/unused-explanation",
                format!("{object} is explained as a survivor, but no mutant breaks it in this way"),
                "remove it, or name the mutation that survives",
            ));
        } else if about.clone().all(|trial| settled(&trial.verdict)) {
            let killer = about.find_map(|trial| match &trial.verdict {
                Verdict::Killed(killer) => Some(killer),
                _ => None,
            });
            let why = killer.map_or_else(
                || "it does not count".to_owned(),
                |killer| format!("{}, {:?}, notices it", killer.story, killer.scenario),
            );
            findings.push(explanation.finding(
                "mutation/unused-explanation",
                format!("{object} is explained as a survivor, but {why}"),
                "remove the explanation",
            ));
        } else if explanation.has_expired(today) {
            let until = explanation.until.as_deref().unwrap_or_default();
            findings.push(explanation.finding(
                "mutation/expired-explanation",
                format!("the explanation of {object} ended on {until}, and it still survives"),
                "write a scenario that notices it, or agree on a later date",
            ));
        }
    }
    let entries = trials
        .into_iter()
        .map(|trial| {
            let holds = |it: &&Explained| it.is_about(&trial) && !it.has_expired(today);
            let explained = explanations.iter().find(holds);
            let explained = explained.filter(|_| trial.verdict == Verdict::Survived);
            Entry {
                place: place(&trial.mutant.place),
                explained: explained.cloned(),
                trial,
            }
        })
        .collect();
    (entries, findings)
}

/// Whether an explanation of it says nothing.
fn settled(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Killed(_) | Verdict::Equivalent(_) | Verdict::NoPlan => true,
        Verdict::Survived | Verdict::Untried(_) => false,
    }
}
