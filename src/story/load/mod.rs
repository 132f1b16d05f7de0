//! From story files to [`Story`] values, checked against the schema.
//!
//! Takes sources and returns values and findings; reading folders is the caller's. All findings
//! are reported together, each at its place, so the loader goes on after a finding as far as it
//! can. What only a run can tell (does the database refuse the row?) is left to the runner.

mod condition;
mod connection;
mod evidence;
mod expect;
mod project;
mod query;
mod rows;
mod step;
mod survivor;
mod term;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Tenancy;
use super::format::{Action, Criterion, GroundKind, Principal, ProvenBy, Scenario, Step, Story};
use crate::diag::{Diagnostic, Phase, Severity, Source};
use crate::model::{Ident, Schema};
use crate::yaml::read::{self, Fields, Findings, Spanned};
use crate::yaml::text::{list, nearest, quote};
use crate::yaml::{Node, parse_into};

pub(crate) use condition::OPERATORS;
pub(crate) use connection::FAULTS;
pub(crate) use evidence::PHASES;
pub(crate) use expect::{CATALOG_RULES, KINDS};
pub(crate) use project::{ENDS, VERDICTS};
pub(crate) use rows::NamedRow;
pub(crate) use step::{BARE, MOMENTS, STEPS};

pub(crate) const PROVEN_BY: &[(&str, ProvenBy)] = &[
    ("database", ProvenBy::Database),
    ("settings", ProvenBy::Settings),
    ("environment", ProvenBy::Environment),
    ("application", ProvenBy::Application),
];

/// What the story files say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// The stories in the order of their identifiers. Without errors among the findings they are
    /// complete; with errors they lack what could not be read and must not be run.
    pub stories: Vec<Story>,
    /// What is wrong with the files, and as warnings the criteria that nothing proves.
    pub findings: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether the stories must not be run.
    pub fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }
}

/// Reads story files and files of named rows.
pub fn load(
    stories: &[Arc<Source>],
    rows: &[Arc<Source>],
    schema: &Schema,
    tenancy: &Tenancy,
) -> Loaded {
    let findings = Findings::new(Phase::Schema);
    let named = rows::read(rows, schema, tenancy, &findings);
    let reader = Reader {
        schema,
        tenancy,
        named: &named,
        findings: &findings,
    };
    let mut loaded: Vec<Story> = Vec::new();
    for source in stories {
        let Some(story) = parse_into(source, &findings).and_then(|root| reader.story(&root)) else {
            continue;
        };
        if let Some(first) = loaded.iter().find(|other| other.id == story.id) {
            findings.add_with_help(
                "story/duplicate",
                story.span.clone(),
                format!(
                    "the story {} is already in {}",
                    quote(&story.id),
                    quote(&first.span.source.name)
                ),
                "keep one file a story",
            );
        }
        loaded.push(story);
    }
    loaded.sort_by(|a, b| a.id.cmp(&b.id));
    let mut findings = findings.into_list();
    // A stable sort: findings at one place stay in the order in which they were found.
    findings.sort_by_key(|finding| {
        let span = finding.span.as_ref()?;
        let mut files = rows.iter().chain(stories);
        let file = files.position(|file| Arc::ptr_eq(file, &span.source));
        Some((file, span.range.start))
    });
    Loaded {
        stories: loaded,
        findings,
    }
}

/// What all readers of a load share.
#[derive(Clone, Copy)]
struct Reader<'a> {
    schema: &'a Schema,
    tenancy: &'a Tenancy,
    named: &'a BTreeMap<String, NamedRow>,
    findings: &'a Findings,
}

/// What is known at a step of a scenario.
#[derive(Debug, Clone)]
struct Scope {
    /// On whose behalf the step runs.
    principal: Principal,
    /// The saved rows that a step can refer to, with their tables.
    saved: BTreeMap<String, Ident>,
    /// All names of saved rows, those out of sight included.
    taken: BTreeSet<String>,
    /// What the step stands in.
    within: Within,
}

/// What a step stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Within {
    transaction: bool,
    concurrently: bool,
    /// The step is to be refused, so its values may be wrong.
    refused: bool,
    /// The scenario looks at what an application wrote.
    against: bool,
}

/// The databases that a scenario can be begun on.
pub(crate) const DATABASES: &[(&str, GroundKind)] = &[
    ("migrated", GroundKind::Shared),
    ("empty", GroundKind::Empty),
];

impl Reader<'_> {
    fn story(&self, root: &Node) -> Option<Story> {
        let findings = self.findings;
        let mut fields = Fields::open(root, "a story", findings)?;
        let id = fields.required("story", read::filled_text);
        let title = fields.required("title", read::filled_text);
        let criteria = fields
            .required("criteria", |node, findings| {
                read::list_of(node, findings, |node, _| self.criterion(node))
            })
            .unwrap_or_default();
        self.no_twins(
            criteria.iter().map(|c| (c.id.as_str(), &c.span)),
            "criterion",
        );
        let scenarios = fields
            .required("scenarios", |node, findings| {
                read::list_of(node, findings, |node, _| self.scenario(node, &criteria))
            })
            .unwrap_or_default();
        self.no_twins(
            scenarios.iter().map(|s| (s.name.as_str(), &s.span)),
            "scenario",
        );
        let survivors = fields
            .optional("survivors", |node, findings| {
                read::list_of(node, findings, |node, _| self.survivor(node))
            })
            .unwrap_or_default();
        fields.finish();
        self.unproven(&criteria, &scenarios);
        let id = id?;
        Some(Story {
            id: id.value,
            title: title?.value,
            span: id.span,
            criteria,
            scenarios,
            survivors,
        })
    }

    fn criterion(&self, node: &Node) -> Option<Criterion> {
        let mut fields = Fields::open(node, "a criterion", self.findings)?;
        let id = fields.required("id", read::filled_text);
        let text = fields.required("text", read::filled_text);
        let proven_by = fields.required("provenBy", |node, findings| {
            read::one_of(node, PROVEN_BY, findings)
        });
        fields.finish();
        let id = id?;
        Some(Criterion {
            id: id.value,
            text: text?.value,
            proven_by: proven_by?.value,
            span: id.span,
        })
    }

    fn scenario(&self, node: &Node, criteria: &[Criterion]) -> Option<Scenario> {
        let mut fields = Fields::open(node, "a scenario", self.findings)?;
        let name = fields.required("name", read::filled_text);
        let proves = fields.required("proves", read::texts).map(|proves| {
            if proves.is_empty() {
                self.findings.add_with_help(
                    "story/proves-nothing",
                    fields.head().clone(),
                    "the scenario names no criterion that it proves",
                    "name at least one criterion in `proves`",
                );
            }
            proves
                .into_iter()
                .filter_map(|id| self.criterion_named(id, criteria))
                .collect()
        });
        let nobody = Principal {
            tenant: "main".into(),
            actor: None,
            correlation: None,
        };
        let against = fields.optional("against", expect::truth).is_some();
        let database = fields.optional("database", |node, findings| {
            if against {
                findings.add_with_help(
                    "story/contradiction",
                    node.head(),
                    "a scenario that is run against an environment has no database of its own",
                    "remove `database` or `against`",
                );
                return None;
            }
            read::one_of(node, DATABASES, findings)
        });
        let principal = fields
            .optional("as", |node, _| self.principal(node, &nobody, against))
            .unwrap_or(nobody);
        let mut scope = Scope {
            principal: principal.clone(),
            saved: BTreeMap::new(),
            taken: BTreeSet::new(),
            within: Within {
                against,
                ..Within::default()
            },
        };
        let steps: Option<Vec<Step>> =
            fields.required("steps", |node, _| self.steps(node, &mut scope));
        fields.finish();
        let name = name?;
        let steps = steps?;
        let ground = match database.map(|database| database.value) {
            _ if against => GroundKind::Against,
            Some(GroundKind::Empty) => GroundKind::Empty,
            _ if steps.iter().any(changes_the_database) => GroundKind::Own,
            _ => GroundKind::Shared,
        };
        Some(Scenario {
            name: name.value,
            span: name.span,
            proves: proves?,
            ground,
            principal,
            steps,
        })
    }

    fn criterion_named(&self, id: Spanned<String>, criteria: &[Criterion]) -> Option<String> {
        let ids = || criteria.iter().map(|criterion| criterion.id.as_str());
        if ids().any(|known| known == id.value) {
            return Some(id.value);
        }
        self.findings.add_with_help(
            "story/unknown-criterion",
            id.span,
            format!("the story has no criterion {}", quote(&id.value)),
            suggestion(&id.value, ids(), "its criteria are"),
        );
        None
    }

    /// Another tenant, actor or correlation; what is left out stays.
    fn principal(&self, node: &Node, before: &Principal, against: bool) -> Option<Principal> {
        let mut fields = Fields::open(node, "`as`", self.findings)?;
        let tenant = fields.optional("tenant", |node, findings| {
            if !against {
                return self.tenant(node);
            }
            findings.add_with_help(
                "story/contradiction",
                node.head(),
                "which tenant's rows are looked for in an environment is said by --tenant",
                "remove `tenant`",
            );
            None
        });
        let actor = fields.optional("actor", read::filled_text);
        let correlation = fields.optional("correlation", read::filled_text);
        fields.finish();
        Some(Principal {
            tenant: tenant.unwrap_or_else(|| before.tenant.clone()),
            actor: actor
                .map(|text| text.value)
                .or_else(|| before.actor.clone()),
            correlation: correlation
                .map(|text| text.value)
                .or_else(|| before.correlation.clone()),
        })
    }

    /// A tenant's label. Short and plain, because the tenant in the database is the label and a
    /// token of the run.
    fn tenant(&self, node: &Node) -> Option<String> {
        let label = read::filled_text(node, self.findings)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if label.value.len() <= 32 && label.value.chars().all(plain) {
            return Some(label.value);
        }
        self.findings.add_with_help(
            "story/tenant-label",
            label.span,
            format!("{} is no label of a tenant", quote(&label.value)),
            "use at most 32 letters, digits, hyphens and underscores; the run makes the \
             tenant's id from it",
        );
        None
    }

    fn no_twins<'s>(
        &self,
        names: impl Iterator<Item = (&'s str, &'s crate::diag::Span)>,
        what: &str,
    ) {
        let mut seen = BTreeSet::new();
        for (name, span) in names {
            if !seen.insert(name) {
                self.findings.add_with_help(
                    "story/duplicate",
                    span.clone(),
                    format!("the story has two of the {what} {}", quote(name)),
                    "give each its own name",
                );
            }
        }
    }

    fn unproven(&self, criteria: &[Criterion], scenarios: &[Scenario]) {
        for criterion in criteria {
            let proven = scenarios
                .iter()
                .any(|scenario| scenario.proves.contains(&criterion.id));
            // The others are reported as not proven here, with the reason.
            let here = matches!(criterion.proven_by, ProvenBy::Database | ProvenBy::Settings);
            if proven || !here {
                continue;
            }
            let message = format!("no scenario proves the criterion {}", quote(&criterion.id));
            self.findings.push(
                Diagnostic::warning(Phase::Schema, "story/unproven", message)
                    .spanned(criterion.span.clone())
                    .help("add a scenario that names it in `proves`"),
            );
        }
    }
}

/// Whether a step leaves the database, or the migrations folder, in a state that no other scenario
/// may find.
fn changes_the_database(step: &Step) -> bool {
    match &step.action {
        Action::Alter(_)
        | Action::Migrate(_)
        | Action::AddMigration(_)
        | Action::EditMigration(_) => true,
        Action::ExpectFailure(expected) => changes_the_database(&expected.step),
        // None of them can stand in any other step: the loader sees to it.
        _ => false,
    }
}

/// What was probably meant, or else all there is.
fn suggestion<'s>(
    wanted: &str,
    candidates: impl Iterator<Item = &'s str> + Clone,
    all: &str,
) -> String {
    match nearest(wanted, candidates.clone()) {
        Some(near) => format!("did you mean {}?", quote(near)),
        None => format!("{all} {}", list(candidates, "and")),
    }
}

#[cfg(test)]
mod tests;
