//! A run of stories as cases of a report: first what became of each criterion, then the scenarios
//! with their times and findings.

use super::report::{
    CriterionResult, CriterionStatus, ScenarioResult, ScenarioStatus, StoryReport,
};
use crate::diag::Phase;
use crate::report::{Case, Report};

/// Adds the criteria and scenarios of a run to a report.
pub fn add_cases(run: &StoryReport, report: &mut Report) {
    for story in &run.stories {
        let suite = format!("{} {}", story.id, story.title);
        for criterion in &story.criteria {
            report.add_case(criterion_case(&suite, criterion, &story.scenarios), []);
        }
        let suite = format!("{} scenarios", story.id);
        for scenario in &story.scenarios {
            let finding = scenario
                .failure
                .iter()
                .map(|failure| failure.finding.clone());
            report.add_case(scenario_case(&suite, scenario), finding);
        }
    }
}

fn criterion_case(suite: &str, criterion: &CriterionResult, scenarios: &[ScenarioResult]) -> Case {
    let phase = Phase::Persistence;
    let name = format!("{}: {}", criterion.id, criterion.text);
    let reason = criterion.reason.clone().unwrap_or_default();
    match criterion.status {
        CriterionStatus::Proven => Case::passed(phase, suite, name),
        CriterionStatus::NotProvenHere | CriterionStatus::Unproven => {
            Case::not_proven(phase, suite, name, reason)
        }
        CriterionStatus::Failed => {
            let failed = scenarios.iter().filter(|scenario| {
                scenario.status == ScenarioStatus::Failed && criterion.by.contains(&scenario.name)
            });
            let failed: Vec<&str> = failed.map(|scenario| scenario.name.as_str()).collect();
            let mut case = Case::failed(phase, suite, name);
            case.note = Some(format!("see the scenario {}", failed.join("; ")));
            case
        }
    }
}

fn scenario_case(suite: &str, scenario: &ScenarioResult) -> Case {
    let phase = Phase::Persistence;
    let name = scenario.name.as_str();
    match scenario.status {
        ScenarioStatus::Passed => Case::passed(phase, suite, name).took(scenario.duration),
        ScenarioStatus::Failed => Case::failed(phase, suite, name).took(scenario.duration),
        ScenarioStatus::Skipped => Case::skipped(
            phase,
            suite,
            name,
            "it was not asked for, or an earlier one failed",
        ),
    }
}
