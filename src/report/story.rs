//! From the result of stories to cases: a criterion each, with its scenarios as parts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::place::Place;
use super::{Case, Part, Report, Status};
use crate::diag::Phase;
use crate::story::report::{
    CriterionResult, CriterionStatus, Failure, ScenarioResult, ScenarioStatus, StoryReport,
    StoryResult,
};

impl Report {
    /// Adds the criteria of stories as cases, and why scenarios failed as findings. A scenario
    /// that names no criterion, or failed where no criterion says so, is a case of its own.
    pub fn add_stories(&mut self, stories: &StoryReport) {
        for story in &stories.stories {
            self.add_story(story);
        }
    }

    fn add_story(&mut self, story: &StoryResult) {
        let suite = format!("{} {}", story.id, story.title);
        // Names of scenarios are unique within their story.
        let mut found = BTreeMap::new();
        for scenario in &story.scenarios {
            if let Some(failure) = &scenario.failure {
                found.insert(scenario.name.as_str(), self.findings.len());
                self.findings.push(failure.finding.clone());
            }
        }
        // A scenario that proves two criteria took its time once.
        let mut timed = Vec::new();
        let mut told = Vec::new();
        for criterion in &story.criteria {
            let scenarios = story.scenarios.iter();
            let parts: Vec<&ScenarioResult> = scenarios
                .filter(|scenario| criterion.by.contains(&scenario.name))
                .collect();
            let fresh = parts.iter().filter(|it| !timed.contains(&it.name.as_str()));
            let duration: Duration = fresh.map(|scenario| scenario.duration).sum();
            timed.extend(parts.iter().map(|scenario| scenario.name.as_str()));
            let failed = criterion.status == CriterionStatus::Failed;
            for scenario in &parts {
                if scenario.status != ScenarioStatus::Failed || failed {
                    told.push(scenario.name.as_str());
                }
            }
            let findings = parts.iter().filter(|_| failed);
            self.cases.push(Case {
                suite: suite.clone(),
                name: format!("{}: {}", criterion.id, criterion.text),
                phase: Phase::Persistence,
                status: status(criterion),
                duration: (!parts.is_empty()).then_some(duration),
                note: criterion.reason.clone(),
                findings: findings
                    .filter_map(|scenario| found.get(scenario.name.as_str()).copied())
                    .collect(),
                parts: parts.iter().map(|scenario| part(story, scenario)).collect(),
            });
        }
        for scenario in &story.scenarios {
            if told.contains(&scenario.name.as_str()) {
                continue;
            }
            let Part { status, note, .. } = part(story, scenario);
            let skipped = status == Status::Skipped;
            self.cases.push(Case {
                status,
                duration: (!skipped).then_some(scenario.duration),
                note: note.or_else(|| scenario.reason.clone().filter(|_| skipped)),
                findings: found
                    .get(scenario.name.as_str())
                    .copied()
                    .into_iter()
                    .collect(),
                ..Case::passed(Phase::Persistence, suite.as_str(), scenario.name.as_str())
            });
        }
    }
}

fn status(criterion: &CriterionResult) -> Status {
    match criterion.status {
        CriterionStatus::Proven => Status::Passed,
        CriterionStatus::Failed => Status::Failed,
        CriterionStatus::NotProvenHere => Status::NotProven,
        CriterionStatus::Unproven => Status::Unproven,
    }
}

fn part(story: &StoryResult, scenario: &ScenarioResult) -> Part {
    let (status, duration) = match scenario.status {
        ScenarioStatus::Passed => (Status::Passed, Some(scenario.duration)),
        ScenarioStatus::Failed => (Status::Failed, Some(scenario.duration)),
        ScenarioStatus::Skipped => (Status::Skipped, None),
    };
    Part {
        name: scenario.name.clone(),
        status,
        duration,
        note: scenario.failure.as_ref().map(|it| why(story, scenario, it)),
    }
}

/// Why a scenario failed, where its name is said already: `step 2 at file:20: what went wrong`.
fn why(story: &StoryResult, scenario: &ScenarioResult, failure: &Failure) -> String {
    let finding = &failure.finding;
    let told = format!("{}, {:?}", story.id, scenario.name);
    let message = finding.message.strip_prefix(&told);
    let message = message.and_then(|rest| rest.split_once(": "));
    let message = message.map_or(finding.message.as_str(), |(_, message)| message);
    let step = match failure.step.as_str() {
        "" => "before its first step".to_owned(),
        step => format!("step {step}"),
    };
    let place = Place::of(finding).map(|place| format!(" at {}:{}", place.file, place.line));
    format!("{step}{}: {message}", place.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::{Diagnostic, Source, Span};
    use crate::report::{Format, Style, tree};
    use crate::story::ProvenBy;

    fn scenario(name: &str, proves: &[&str], status: ScenarioStatus) -> ScenarioResult {
        let source = Arc::new(Source {
            name: "fixtures/stories/S2vDB-03.yaml".to_owned(),
            text: format!("name: {name}\n"),
        });
        let span = Span::new(&source, 6..6 + name.len());
        let finding = Diagnostic::error(Phase::Persistence, "story/rows", format!("{name} broke"));
        ScenarioResult {
            name: name.to_owned(),
            proves: proves.iter().map(|it| (*it).to_owned()).collect(),
            status,
            duration: Duration::from_millis(5),
            against: false,
            reason: (status == ScenarioStatus::Skipped).then(|| "it was not run".to_owned()),
            failure: (status == ScenarioStatus::Failed).then(|| Failure {
                step: "2".to_owned(),
                finding: finding.spanned(span.clone()),
            }),
            span,
        }
    }

    fn criterion(id: &str, by: &[&str], status: CriterionStatus) -> CriterionResult {
        let open = matches!(
            status,
            CriterionStatus::NotProvenHere | CriterionStatus::Unproven
        );
        CriterionResult {
            id: id.to_owned(),
            text: format!("what {id} promises"),
            proven_by: ProvenBy::Database,
            status,
            reason: open.then(|| "the reason".to_owned()),
            by: by.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    fn report() -> Report {
        let stories = StoryReport {
            seed: 7,
            stories: vec![StoryResult {
                id: "S2vDB-03".to_owned(),
                title: "Intake is durable".to_owned(),
                criteria: vec![
                    criterion(
                        "intakeAtomic",
                        &["commits", "both"],
                        CriterionStatus::Proven,
                    ),
                    criterion("onceOnly", &["both", "eight"], CriterionStatus::Failed),
                    criterion("audited", &["audits"], CriterionStatus::NotProvenHere),
                    criterion("counted", &[], CriterionStatus::Unproven),
                ],
                scenarios: vec![
                    scenario("commits", &["intakeAtomic"], ScenarioStatus::Passed),
                    scenario(
                        "both",
                        &["intakeAtomic", "onceOnly"],
                        ScenarioStatus::Passed,
                    ),
                    scenario("eight", &["onceOnly"], ScenarioStatus::Failed),
                    scenario("audits", &["audited"], ScenarioStatus::Failed),
                    scenario("tenants apart", &[], ScenarioStatus::Passed),
                    scenario("later", &[], ScenarioStatus::Skipped),
                ],
            }],
        };
        let mut report = Report::new("verify-story");
        report.add_stories(&stories);
        report
    }

    #[test]
    fn criteria_are_a_tree() {
        insta::assert_snapshot!(tree(&report(), &Style::PLAIN), @r#"
        persistence · S2vDB-03 Intake is durable
          ✓ intakeAtomic: what intakeAtomic promises (10 ms)
              ✓ commits (5 ms)
              ✓ both (5 ms)
          ✗ onceOnly: what onceOnly promises (5 ms)
              ✓ both (5 ms)
              ✗ eight (5 ms): step 2 at fixtures/stories/S2vDB-03.yaml:1: eight broke
          ○ audited: what audited promises (5 ms)
            not proven here: the reason
              ✗ audits (5 ms): step 2 at fixtures/stories/S2vDB-03.yaml:1: audits broke
          ○ counted: what counted promises
            unproven
          ✗ audits (5 ms)
            step 2 at fixtures/stories/S2vDB-03.yaml:1: audits broke
          ✓ tenants apart (5 ms)
          - later
            it was not run
        "#);
    }

    #[test]
    fn the_tree_stays_within_the_terminal() {
        let style = Style {
            width: Some(44),
            ..Style::PLAIN
        };
        let narrow = tree(&report(), &style);
        insta::assert_snapshot!(narrow, @r#"
        persistence · S2vDB-03 Intake is durable
          ✓ intakeAtomic: what intakeAtomic promises
            (10 ms)
              ✓ commits (5 ms)
              ✓ both (5 ms)
          ✗ onceOnly: what onceOnly promises (5 ms)
              ✓ both (5 ms)
              ✗ eight (5 ms)
                step 2 at
                fixtures/stories/S2vDB-03.yaml:1:
                eight broke
          ○ audited: what audited promises (5 ms)
            not proven here: the reason
              ✗ audits (5 ms)
                step 2 at
                fixtures/stories/S2vDB-03.yaml:1:
                audits broke
          ○ counted: what counted promises
            unproven
          ✗ audits (5 ms)
            step 2 at
            fixtures/stories/S2vDB-03.yaml:1: audits
            broke
          ✓ tenants apart (5 ms)
          - later
            it was not run
        "#);
        let heading = |line: &&str| !line.starts_with(' ');
        let lines = narrow.lines().filter(|line| !heading(line));
        for line in lines {
            assert!(line.chars().count() <= 44, "{line}");
        }
    }

    #[test]
    fn scenarios_stand_below_their_criteria_in_every_format() {
        insta::assert_snapshot!(Format::Markdown.render(&report()), @r#"
        ## ✅ dbtool verify-story: ok

        2 passed, 2 failed, 1 skipped, 1 not proven here, 1 unproven, 2 errors.

        ### persistence · S2vDB-03 Intake is durable

        - ✅ intakeAtomic: what intakeAtomic promises (10 ms)
          <details><summary>2 passed</summary>✅ commits (5 ms)<br>✅ both (5 ms)</details>
        - ❌ onceOnly: what onceOnly promises (5 ms)
          - ❌ eight (5 ms): step 2 at fixtures/stories/S2vDB-03.yaml:1: eight broke
          <details><summary>1 passed</summary>✅ both (5 ms)</details>
        - ⚪ audited: what audited promises *not proven here*: the reason (5 ms)
          - ❌ audits (5 ms): step 2 at fixtures/stories/S2vDB-03.yaml:1: audits broke
        - ⚪ counted: what counted promises *unproven*: the reason
        - ❌ audits: step 2 at fixtures/stories/S2vDB-03.yaml:1: audits broke (5 ms)
        - ✅ tenants apart (5 ms)
        - ⏭️ later *skipped*: it was not run

        ### Findings

        ❌ **`story/rows`** (persistence) eight broke  
        `fixtures/stories/S2vDB-03.yaml:1:7`  

        ❌ **`story/rows`** (persistence) audits broke  
        `fixtures/stories/S2vDB-03.yaml:1:7`
        "#);
        insta::assert_snapshot!(Format::Junit.render(&report()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="dbtool verify-story" tests="7" failures="2" errors="0" time="0.030">
          <testsuite name="persistence: S2vDB-03 Intake is durable" tests="7" failures="2" errors="0" skipped="3" time="0.030">
            <testcase classname="persistence.S2vDB-03" name="intakeAtomic: what intakeAtomic promises" time="0.010">
              <system-out>passed: commits (5 ms)
        passed: both (5 ms)</system-out>
            </testcase>
            <testcase classname="persistence.S2vDB-03" name="onceOnly: what onceOnly promises" time="0.005" file="fixtures/stories/S2vDB-03.yaml" line="1">
              <failure type="story/rows" message="eight broke">error[story/rows]: eight broke
         --&gt; fixtures/stories/S2vDB-03.yaml:1:7
          |
        1 | name: eight
          |       ^^^^^
          = phase: persistence
        </failure>
              <system-out>passed: both (5 ms)
        failed: eight (5 ms): step 2 at fixtures/stories/S2vDB-03.yaml:1: eight broke</system-out>
            </testcase>
            <testcase classname="persistence.S2vDB-03" name="audited: what audited promises" time="0.005">
              <skipped message="not proven here: the reason"/>
              <system-out>failed: audits (5 ms): step 2 at fixtures/stories/S2vDB-03.yaml:1: audits broke</system-out>
            </testcase>
            <testcase classname="persistence.S2vDB-03" name="counted: what counted promises" time="0.000">
              <skipped message="unproven: the reason"/>
            </testcase>
            <testcase classname="persistence.S2vDB-03" name="audits" time="0.005" file="fixtures/stories/S2vDB-03.yaml" line="1">
              <failure type="story/rows" message="audits broke">error[story/rows]: audits broke
         --&gt; fixtures/stories/S2vDB-03.yaml:1:7
          |
        1 | name: audits
          |       ^^^^^^
          = phase: persistence
        </failure>
            </testcase>
            <testcase classname="persistence.S2vDB-03" name="tenants apart" time="0.005"/>
            <testcase classname="persistence.S2vDB-03" name="later" time="0.000">
              <skipped message="it was not run"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn every_failure_is_claimed_once_and_no_time_counts_twice() {
        let report = report();
        assert_eq!(report.loose_findings().count(), 0);
        let claims: usize = report.cases.iter().map(|case| case.findings.len()).sum();
        assert_eq!(claims, report.findings.len());
        let total: Duration = report.cases.iter().filter_map(|case| case.duration).sum();
        // `audits` is told twice: as what could not prove its criterion, and as what failed.
        assert_eq!(total, Duration::from_millis(6 * 5));
        let xml = Format::Junit.render(&report);
        assert!(
            xml.contains("tests=\"7\" failures=\"2\" errors=\"0\" skipped=\"3\""),
            "{xml}"
        );
    }
}
