//! Expectations that are made of others.

use super::actor::Actor;
use super::rows::{self, Pattern, Record};
use super::stop::Stop;
use crate::diag::{Diagnostic, Phase, Span};
use crate::exit::Exit;
use crate::model::Table;
use crate::report::{Case, Format, Report, Style, human};
use crate::story::format::{AuditRole, ExpectAudit, ExpectErrors, ExpectFailure};

impl Actor<'_> {
    pub(super) fn expect_errors(&mut self, expected: &ExpectErrors) -> Result<(), Stop> {
        for (at, case) in expected.cases.iter().enumerate() {
            self.state.step.push(at + 1);
            self.expect_error(case, &case.refusal.span)?;
            self.state.step.pop();
        }
        Ok(())
    }

    pub(super) fn expect_audit(&mut self, expected: &ExpectAudit, span: &Span) -> Result<(), Stop> {
        let table = self.table(&expected.table, span)?;
        let conditions: Vec<_> = expected
            .conditions
            .iter()
            .map(|(_, condition)| condition.clone())
            .collect();
        let pattern = self.pattern(table, &conditions, span)?;
        let found = self.records(table, &pattern, span)?;
        let wanted = match expected.count {
            Some(count) => rows::exactly(count, &found),
            None => rows::at_least(1, &found),
        };
        let Some(wanted) = wanted else {
            if let (Some(name), Some(record)) = (&expected.save, found.into_iter().next()) {
                self.state.saved.insert(name.clone(), record);
            }
            return Ok(());
        };
        let help = "write the record in the transaction of what it is about";
        if !found.is_empty() {
            let has = rows::counted(found.len() as u64);
            let message = format!("{} has {has} of this record, not {wanted}", table.name);
            let difference = (wanted, rows::listing(&found));
            return Err(self.differ("story/audit", span, message, help, difference));
        }
        // Which of the conditions is the one that no record meets?
        let mut before = Vec::new();
        for (at, (role, condition)) in expected.conditions.iter().enumerate() {
            let met = self.records(table, &pattern[..=at], span)?;
            if !met.is_empty() {
                before = met;
                continue;
            }
            let tests: Vec<String> = pattern[at].1.iter().map(rows::describe).collect();
            let tests = tests.join(" and ");
            let what = match role {
                AuditRole::Action => format!("of the action {tests}"),
                AuditRole::Actor => format!("by the actor {tests}"),
                AuditRole::Correlation => format!("with the correlation {tests}"),
                AuditRole::Outcome => format!("with the outcome {tests}"),
                AuditRole::Other => format!("with {} {tests}", condition.column),
            };
            let others = match before.len() {
                0 => String::new(),
                n => format!(", among {} that agree so far", rows::counted(n as u64)),
            };
            let message = format!("{} has no record {what}{others}", table.name);
            let difference = (
                format!("- {{ {}: {tests} }}", condition.column),
                rows::listing(&before),
            );
            return Err(self.differ("story/audit", span, message, help, difference));
        }
        let message = format!("{} has no such record", table.name);
        Err(self.fail("story/audit", span, message, help))
    }

    /// The rows of the tenant that hold a pattern.
    fn records(
        &mut self,
        table: &Table,
        pattern: &[(crate::model::Ident, Vec<rows::Check>)],
        span: &Span,
    ) -> Result<Vec<Record>, Stop> {
        let mut filter = Vec::new();
        for (column, checks) in pattern {
            for check in checks {
                if let rows::Check::Value(predicate) = check {
                    filter.push((column.clone(), predicate.clone()));
                }
            }
        }
        let whole: Pattern = pattern.to_vec();
        let mut found = self.read(table, &filter, &[], span)?;
        found.retain(|record| rows::matches(table, &whole, record));
        Ok(found)
    }

    pub(super) fn expect_failure(&mut self, expected: &ExpectFailure) -> Result<(), Stop> {
        let depth = self.state.step.len();
        let principal = self.state.principal.clone();
        let wanted = format!(
            "a failure in the phase {}, exit code {}",
            expected.phase.word(),
            expected.exit.code()
        );
        let Err(stop) = self.step(&expected.step) else {
            return Err(self.differ(
                "story/no-failure",
                &expected.step.span,
                format!("the step went well, but there should be {wanted}"),
                "see whether the step breaks what it should",
                (wanted, "went well".to_owned()),
            ));
        };
        // The step ended in its middle.
        self.state.step.truncate(depth);
        self.state.principal = principal;
        let (_, exit, finding) = stop.into_finding();
        let found = format!(
            "a failure in the phase {}, exit code {}",
            finding.phase.word(),
            exit.code()
        );
        let is_code = expected
            .finding
            .as_deref()
            .is_none_or(|code| code == finding.code);
        if wanted != found || !is_code {
            let code = expected.finding.as_deref();
            let code = code.map_or(String::new(), |code| format!(", {code}"));
            let message = format!("the step failed in another way: {}", finding.message);
            let difference = (
                format!("{wanted}{code}"),
                format!("{found}, {}", finding.code),
            );
            let help = "see what the step really does";
            return Err(self.differ(
                "story/other-failure",
                &expected.span,
                message,
                help,
                difference,
            ));
        }
        let silent = silent_forms(exit, finding);
        if silent.is_empty() {
            return Ok(());
        }
        Err(self.fail(
            "story/not-told-apart",
            &expected.span,
            format!(
                "the failure does not say in which phase it came up as {}",
                silent.join(", ")
            ),
            "this is a fault of dbtool: please report it",
        ))
    }
}

/// The forms of a report in which a failure does not say in which phase, and how, the gate failed.
fn silent_forms(exit: Exit, finding: Diagnostic) -> Vec<&'static str> {
    let phase: Phase = finding.phase;
    let mut report = Report::new("verify-story");
    report.exit = exit;
    report.add_case(Case::failed(phase, "verify-story", "a step"), [finding]);
    let word = phase.word();
    let code = exit.code().to_string();
    let text = human(&report, &Style::PLAIN);
    let json = Format::Json.render(&report);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
    let told = [
        ("text", text.contains(word) && text.contains(&code)),
        (
            "json",
            json["findings"][0]["phase"] == word && json["exitCode"] == exit.code(),
        ),
        ("junit", Format::Junit.render(&report).contains(word)),
        ("github", Format::Github.render(&report).contains(word)),
        ("markdown", Format::Markdown.render(&report).contains(word)),
    ];
    let silent = told.into_iter().filter(|(_, told)| !told);
    silent.map(|(form, _)| form).collect()
}
