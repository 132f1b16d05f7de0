//! `verify-story --list`: what there is to verify, without running any of it.

use serde_json::{Value, json};

use crate::commands::Outcome;
use crate::diag::Diagnostic;
use crate::report::Report;
use crate::story::load::PROVEN_BY;
use crate::story::mutation::{Mutant, Standing};
use crate::story::{ProvenBy, Scenario, Story};

/// Lists stories with their criteria and scenarios, and mutants where they were asked for.
pub(super) fn run(
    stories: &[Story],
    mutants: Option<&[Mutant]>,
    findings: Vec<Diagnostic>,
) -> Outcome {
    let mut text: String = stories.iter().map(told).collect();
    let mut data = json!({ "stories": stories.iter().map(listed).collect::<Vec<_>>() });
    if let Some(mutants) = mutants {
        text.push_str("Mutants\n");
        for mutant in mutants {
            let apart = reason(mutant).map_or_else(String::new, |why| format!(" (apart: {why})"));
            let (object, change) = (&mutant.object, &mutant.change);
            text.push_str(&format!("  {object} {change}{apart}\n"));
        }
        data["mutants"] = mutants.iter().map(of_mutant).collect();
    }
    Outcome {
        report: Report {
            findings,
            data,
            ..Report::new("verify-story")
        },
        text,
        findings_are_the_answer: false,
    }
}

/// A story with its criteria, their scenarios below them.
fn told(story: &Story) -> String {
    let mut text = format!("{} {}\n", story.id, story.title);
    for criterion in &story.criteria {
        let word = word(criterion.proven_by);
        text.push_str(&format!(
            "  {} ({word}): {}\n",
            criterion.id, criterion.text
        ));
        for scenario in proving(story, &criterion.id) {
            let (line, _) = scenario.span.line_column();
            let file = &scenario.span.source.name;
            text.push_str(&format!("    - {} ({file}:{line})\n", scenario.name));
        }
    }
    text
}

fn proving<'s>(story: &'s Story, criterion: &'s str) -> impl Iterator<Item = &'s Scenario> {
    let proves = move |scenario: &&Scenario| scenario.proves.iter().any(|id| id == criterion);
    story.scenarios.iter().filter(proves)
}

fn word(proven_by: ProvenBy) -> &'static str {
    let known = PROVEN_BY.iter().find(|(_, other)| *other == proven_by);
    known.map_or("", |(word, _)| *word)
}

fn listed(story: &Story) -> Value {
    json!({
        "id": story.id,
        "title": story.title,
        "criteria": story.criteria.iter().map(|criterion| json!({
            "id": criterion.id,
            "text": criterion.text,
            "provenBy": criterion.proven_by,
            "by": proving(story, &criterion.id).map(|it| it.name.as_str()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "scenarios": story.scenarios.iter().map(|scenario| json!({
            "name": scenario.name,
            "proves": scenario.proves,
            "file": scenario.span.source.name,
            "line": scenario.span.line_column().0,
        })).collect::<Vec<_>>(),
    })
}

fn reason(mutant: &Mutant) -> Option<&str> {
    match &mutant.standing {
        Standing::Counts => None,
        Standing::Equivalent(why) => Some(why),
        Standing::NoPlan => Some("no story's plan names it"),
    }
}

fn of_mutant(mutant: &Mutant) -> Value {
    json!({
        "object": mutant.object.to_string(),
        "kind": mutant.noun,
        "mutation": mutant.kind.word(),
        "change": mutant.change,
        "counts": mutant.standing == Standing::Counts,
        "reason": reason(mutant),
    })
}
