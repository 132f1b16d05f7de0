//! Drafting a migration: from the declared schema and the folded migrations to the files of a new
//! one. Pure; writing the files is the command's business.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Phase, Span};
use crate::dialect::Dialect;
use crate::diff::{Change, Renames, diff, fold};
use crate::migration::{CHANGES_FILE, Document};
use crate::model::{ObjectPath, Schema};
use crate::plan::{self, Class, Hazard};

/// What a migration is drafted from.
pub struct Request<'a> {
    /// What the migrations so far make.
    pub folded: &'a Schema,
    /// What is declared.
    pub declared: &'a Schema,
    /// The renames that are declared.
    pub renames: &'a Renames,
    /// The engines to write SQL for.
    pub dialects: &'a [&'a dyn Dialect],
    /// Why destructive changes are made on purpose; they are refused when `None`.
    pub contract: Option<&'a str>,
    /// Where an object is declared.
    pub place: &'a dyn Fn(&ObjectPath) -> Option<Span>,
}

/// A migration that is not written yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// The changes, in order; empty when the migrations already make what is declared.
    pub changes: Vec<Change>,
    /// What each change means, in the same order.
    pub hazards: Vec<Hazard>,
    /// The files by name. Not to be written while there is an error among the findings.
    pub files: BTreeMap<String, String>,
    /// Refusals and what an engine cannot express.
    pub findings: Vec<Diagnostic>,
}

/// Drafts the migration that takes the folded migrations to the declared schema. The same request
/// gives the same bytes.
pub fn draft(request: &Request<'_>) -> Draft {
    let changes = plan::order(diff(request.folded, request.declared, request.renames));
    let hazards = plan::assess(&changes);
    let mut findings = Vec::new();
    for (change, hazard) in changes.iter().zip(&hazards) {
        if hazard.class == Class::Destructive && request.contract.is_none() {
            findings.push(refusal(request, change, hazard));
        }
    }
    let mut files = BTreeMap::new();
    if !changes.is_empty() {
        assert_folds(request, &changes);
        let (written, limits) = files_of(&Content {
            changes: &changes,
            hazards: &hazards,
            before: request.folded,
            after: request.declared,
            renames: request.renames,
            dialects: request.dialects,
            contract: request.contract,
        });
        files = written;
        findings.extend(limits.into_iter().map(|limit| placed(request, limit)));
    }
    Draft {
        changes,
        hazards,
        files,
        findings,
    }
}

/// What the files of a migration are written from.
pub struct Content<'a> {
    /// The changes, in order.
    pub changes: &'a [Change],
    /// What each means, in the same order.
    pub hazards: &'a [Hazard],
    /// The schema before them.
    pub before: &'a Schema,
    /// The schema after them.
    pub after: &'a Schema,
    /// The renames among them.
    pub renames: &'a Renames,
    /// The engines to write SQL for.
    pub dialects: &'a [&'a dyn Dialect],
    /// Why destructive changes are made on purpose.
    pub contract: Option<&'a str>,
}

/// The files by name, and what an engine cannot express. The same content gives the same bytes.
pub fn files_of(content: &Content<'_>) -> (BTreeMap<String, String>, Vec<Diagnostic>) {
    let document = Document {
        contract: content.contract.map(str::to_owned),
        ..Document::new(content.changes.to_vec())
    };
    let mut files = BTreeMap::from([(CHANGES_FILE.to_owned(), document.to_text())]);
    let mut findings = Vec::new();
    let headline = headline(content.changes, content.hazards, content.contract);
    for dialect in content.dialects {
        let (before, _) = dialect.lower(content.before);
        let (after, limits) = dialect.lower(content.after);
        findings.extend(limits);
        let steps = plan::steps(&before, &after, content.renames, dialect.capabilities());
        let batches = dialect.render(&steps);
        files.insert(
            dialect.engine().file_name().to_owned(),
            dialect.script(&headline, &batches),
        );
    }
    (files, findings)
}

/// The files of a migration that people write by hand.
pub fn empty(dialects: &[&dyn Dialect]) -> BTreeMap<String, String> {
    let mut files =
        BTreeMap::from([(CHANGES_FILE.to_owned(), Document::new(Vec::new()).to_text())]);
    for dialect in dialects {
        let headline = vec![
            "Written by hand: say here what it does and why.".to_owned(),
            "It runs in one transaction together with its history row. Seal it when it is finished."
                .to_owned(),
        ];
        files.insert(
            dialect.engine().file_name().to_owned(),
            dialect.script(&headline, &[]),
        );
    }
    files
}

fn refusal(request: &Request<'_>, change: &Change, hazard: &Hazard) -> Diagnostic {
    let path = change.path();
    // What goes is no longer declared, so the finding points to its table instead.
    let span = (request.place)(&path).or_else(|| (request.place)(&ObjectPath::table(&path.table)));
    let finding = Diagnostic::error(
        Phase::Schema,
        hazard.code,
        format!(
            "refused to {}: it {}",
            change.headline(),
            hazard.consequence
        ),
    )
    .at(path)
    .spanned(span);
    match &hazard.advice {
        Some(advice) => finding.help(advice.clone()),
        None => finding,
    }
}

fn placed(request: &Request<'_>, finding: Diagnostic) -> Diagnostic {
    match (&finding.span, &finding.path) {
        (None, Some(path)) => {
            let span = (request.place)(path);
            finding.spanned(span)
        }
        _ => finding,
    }
}

fn headline(changes: &[Change], hazards: &[Hazard], contract: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = contract {
        // On one line, whatever somebody takes for the end of one.
        let reason: Vec<&str> = reason
            .split(|it: char| it.is_whitespace() || it.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        lines.push(format!(
            "Contract migration, destructive on purpose: {}",
            reason.join(" ")
        ));
    }
    for (change, hazard) in changes.iter().zip(hazards) {
        lines.push(format!("{} ({})", change.headline(), hazard.class.word()));
    }
    lines
}

/// The changes must make exactly what is declared; anything else would be found as drift much
/// later, in production.
fn assert_folds(request: &Request<'_>, changes: &[Change]) {
    let mut schema = request.folded.clone();
    let folded = fold::apply_all(&mut schema, changes);
    let left = diff(&schema, request.declared, &Renames::default());
    assert!(
        folded.is_ok() && left.is_empty(),
        "the changes do not make what is declared: {folded:?}, left over: {:?}",
        left.iter().map(Change::headline).collect::<Vec<_>>()
    );
}
