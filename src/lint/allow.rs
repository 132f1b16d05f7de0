//! `-- dbtool:allow L15 reason`: what a script accepts, in place and with a reason.
//!
//! An allowance stands on the line of a finding, on the first or last line of its statement, or
//! directly above either. One without a reason, for a rule that does not exist, or that accepts
//! nothing is a finding itself: it would hide the next one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::NOT_ANALYSED_ID;
use super::rules::RULES;
use super::tsql::{Batch, token};
use crate::diag::{Diagnostic, Phase, Source, Span};

/// The allowances of a script.
#[derive(Debug, Default)]
pub struct Allowances {
    list: Vec<Allowance>,
    /// By line: the allowances that hold there.
    lines: BTreeMap<usize, Vec<usize>>,
    /// The first byte of each line.
    starts: Vec<usize>,
}

#[derive(Debug)]
struct Allowance {
    range: Range<usize>,
    ids: Vec<Accepted>,
    reason: bool,
}

#[derive(Debug)]
struct Accepted {
    /// As it was written.
    written: String,
    /// The rule; `None` when there is no such rule.
    id: Option<&'static str>,
    used: bool,
}

impl Allowances {
    /// Reads the comments of a script, those between its batches too.
    pub fn read(text: &str, batches: &[Batch]) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let mut allowances = Self {
            starts,
            ..Self::default()
        };
        let mut end = 0;
        let mut comments = Vec::new();
        for batch in batches {
            comments.extend(token::lex(text, end..batch.range.start).comments);
            comments.extend(batch.lexed.comments.iter().cloned());
            end = batch.range.end;
        }
        comments.extend(token::lex(text, end..text.len()).comments);
        let below = allowances.lines_below(text);
        for comment in comments {
            let Some(allowance) = parse(text, comment) else {
                continue;
            };
            let line = allowances.line(allowance.range.start);
            let place = allowances.list.len();
            let alone = text[allowances.starts[line]..allowance.range.start]
                .trim()
                .is_empty();
            allowances.lines.entry(line).or_default().push(place);
            if alone {
                let below = below[line];
                allowances.lines.entry(below).or_default().push(place);
            }
            allowances.list.push(allowance);
        }
        allowances
    }

    /// The line of a byte, from 0.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    /// For each line the first one below it that is more than a comment.
    fn lines_below(&self, text: &str) -> Vec<usize> {
        let count = self.starts.len();
        let mut below = vec![count; count];
        for line in (0..count.saturating_sub(1)).rev() {
            let next = &text[self.starts[line + 1]..];
            let next = next.lines().next().unwrap_or_default();
            below[line] = match next.trim_start().starts_with("--") {
                true => below[line + 1],
                false => line + 1,
            };
        }
        below
    }

    /// Whether a finding is accepted; the allowance is then used.
    pub fn accept(&mut self, id: &str, range: &Range<usize>, statement: &Range<usize>) -> bool {
        let last = statement.end.saturating_sub(1).max(statement.start);
        let lines = [
            self.line(range.start),
            self.line(statement.start),
            self.line(last),
        ];
        let mut found = false;
        for place in lines
            .iter()
            .filter_map(|line| self.lines.get(line))
            .flatten()
        {
            let allowance = &mut self.list[*place];
            if !allowance.reason {
                continue;
            }
            for accepted in &mut allowance.ids {
                if accepted.id == Some(id) {
                    accepted.used = true;
                    found = true;
                }
            }
        }
        found
    }

    /// What is wrong with the allowances themselves.
    pub fn findings(&self, source: &Arc<Source>) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for allowance in &self.list {
            let place = || Span::new(source, allowance.range.clone());
            for accepted in allowance.ids.iter().filter(|it| it.id.is_none()) {
                findings.push(
                    Diagnostic::error(
                        Phase::Migration,
                        "lint/unknown-rule",
                        format!("{} is no rule, so this accepts nothing", accepted.written),
                    )
                    .spanned(place())
                    .help("the rules are L01 to L32 and not-analysed: `dbtool lint --explain`"),
                );
            }
            if allowance.ids.is_empty() || !allowance.reason {
                findings.push(
                    Diagnostic::error(
                        Phase::Migration,
                        "lint/allow-without-reason",
                        "an allowance needs a rule and a reason, and without them accepts nothing",
                    )
                    .spanned(place())
                    .help("write why it is safe here: `-- dbtool:allow L15 the table has 40 rows`"),
                );
                continue;
            }
            for accepted in &allowance.ids {
                if let (Some(id), false) = (accepted.id, accepted.used) {
                    findings.push(
                        Diagnostic::warning(
                            Phase::Migration,
                            "lint/unused-allow",
                            format!("{id} finds nothing here, so this accepts nothing"),
                        )
                        .spanned(place())
                        .help(
                            "remove it; if it should accept something, put it on the line of the \
                             statement or directly above it",
                        ),
                    );
                }
            }
        }
        findings
    }
}

/// An allowance, if the comment is one.
fn parse(text: &str, comment: Range<usize>) -> Option<Allowance> {
    let body = text[comment.clone()].strip_prefix("--")?.trim();
    let body = body.strip_prefix("dbtool:")?.trim_start();
    let body = body.strip_prefix("allow")?;
    if !body.is_empty() && !body.starts_with(char::is_whitespace) {
        return None;
    }
    let mut ids: Vec<Accepted> = Vec::new();
    let mut rest = body.trim_start();
    loop {
        let end = rest
            .find(|c: char| c.is_whitespace() || c == ',')
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let id = known(word);
        // The first word is meant to be a rule, and so is one that looks like it.
        let meant = id.is_some() || (ids.is_empty() && !word.is_empty()) || looks_like_a_rule(word);
        if !meant {
            break;
        }
        ids.push(Accepted {
            written: word.to_owned(),
            id,
            used: false,
        });
        rest = rest[end..].trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    let trimmed = text[comment.clone()].trim_end().len();
    Some(Allowance {
        range: comment.start..comment.start + trimmed,
        ids,
        reason: rest.chars().any(char::is_alphanumeric),
    })
}

fn known(word: &str) -> Option<&'static str> {
    let rules = RULES.iter().map(|rule| rule.id);
    rules
        .chain([NOT_ANALYSED_ID])
        .find(|id| id.eq_ignore_ascii_case(word))
}

fn looks_like_a_rule(word: &str) -> bool {
    let mut chars = word.chars();
    matches!(chars.next(), Some('L' | 'l')) && word.len() >= 2 && chars.all(|c| c.is_ascii_digit())
}
