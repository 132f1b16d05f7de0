//! The steps of a scenario.

use std::collections::BTreeMap;

use super::{Reader, Scope};
use crate::diag::Span;
use crate::engine::Engine;
use crate::story::format::{
    Action, Alter, Concurrently, Crash, Migrate, Moment, Step, Transaction,
};
use crate::yaml::read::{self, Fields, Findings, Spanned};
use crate::yaml::text::{list, nearest, quote};
use crate::yaml::{Kind, Node};

/// All steps, in the order of the documentation.
pub(crate) const STEPS: [&str; 25] = [
    "as",
    "insert",
    "update",
    "delete",
    "transaction",
    "concurrently",
    "restart",
    "crash",
    "expectRows",
    "expectError",
    "expectErrors",
    "expectAudit",
    "expectFailure",
    "query",
    "expectPlan",
    "expectCatalog",
    "expectSameCatalog",
    "alter",
    "expectDrift",
    "migrate",
    "addMigration",
    "editMigration",
    "expectGate",
    "resolveConnection",
    "reachable",
];

/// The steps that have no value.
pub(crate) const BARE: [&str; 3] = ["restart", "expectSameCatalog", "reachable"];

/// The steps that work on rows of a connection, and so can stand in a transaction.
const ROWS: [&str; 6] = ["as", "insert", "update", "delete", "expectRows", "query"];

/// The steps that only read, and so can look at what an application wrote.
const READING: [&str; 8] = [
    "as",
    "restart",
    "expectRows",
    "expectAudit",
    "query",
    "expectCatalog",
    "resolveConnection",
    "reachable",
];

/// Where a crash can happen.
pub(crate) const MOMENTS: &[(&str, Moment)] = &[
    ("beforeCommit", Moment::BeforeCommit),
    ("afterCommit", Moment::AfterCommit),
];

impl<'a> Reader<'a> {
    /// A list of steps. Another tenant or actor holds to its end.
    pub(super) fn steps(&self, node: &Node, scope: &mut Scope) -> Option<Vec<Step>> {
        let items = read::items(node, self.findings)?;
        if items.is_empty() {
            self.findings.add_with_help(
                "story/no-steps",
                node.head(),
                "the list of steps is empty, so nothing is proven",
                "add steps",
            );
        }
        let principal = scope.principal.clone();
        let steps = items
            .iter()
            .filter_map(|item| self.step(item, scope))
            .collect();
        scope.principal = principal;
        Some(steps)
    }

    pub(super) fn step(&self, node: &Node, scope: &mut Scope) -> Option<Step> {
        let span = node.head();
        let (name, key, body) =
            match &node.kind {
                Kind::String(name) => (name.as_str(), node.span.clone(), None),
                Kind::Map(entries) => {
                    match entries.as_slice() {
                        [(key, body)] => (key.name.as_str(), key.span.clone(), Some(body)),
                        [(first, _), (second, _), ..] => {
                            self.findings.add_with_help(
                        "story/several-keys",
                        second.span.clone(),
                        format!(
                            "a step has one key, but beside {} stands {}",
                            quote(&first.name),
                            quote(&second.name)
                        ),
                        format!("indent {0} to put it into {1}, or put `- ` before it to make it \
                                 a step of its own", quote(&second.name), quote(&first.name)),
                    );
                            return None;
                        }
                        [] => {
                            self.findings.add_with_help(
                                "story/unknown-step",
                                span,
                                "the step is empty",
                                format!("the steps are {}", list(STEPS, "and")),
                            );
                            return None;
                        }
                    }
                }
                _ => {
                    read::wrong_kind(node, "a step", "a map of one key", self.findings);
                    return None;
                }
            };
        if !STEPS.contains(&name) {
            let help = match nearest(name, STEPS) {
                Some(near) => format!(
                    "did you mean {}? The steps are {}",
                    quote(near),
                    list(STEPS, "and")
                ),
                None => format!("the steps are {}", list(STEPS, "and")),
            };
            self.findings.add_with_help(
                "story/unknown-step",
                key,
                format!("there is no step {}", quote(name)),
                help,
            );
            return None;
        }
        self.check_place(name, &key, scope)?;
        let action = self.action(name, &key, body, scope)?;
        Some(Step { action, span })
    }

    fn action(
        &self,
        name: &str,
        key: &Span,
        body: Option<&Node>,
        scope: &mut Scope,
    ) -> Option<Action> {
        let body = body.filter(|body| body.kind != Kind::Null);
        if BARE.contains(&name) {
            if let Some(body) = body {
                self.findings.add_with_help(
                    "story/wrong-value",
                    body.head(),
                    format!("{} takes no value", quote(name)),
                    format!("write `- {name}`"),
                );
                return None;
            }
            return Some(match name {
                "restart" => Action::Restart,
                "reachable" => Action::Reachable,
                _ => Action::ExpectSameCatalog,
            });
        }
        if let ("migrate", None) = (name, body) {
            return Some(Action::Migrate(Migrate::default()));
        }
        let Some(body) = body else {
            self.findings.add_with_help(
                "yaml/no-value",
                key.clone(),
                format!("{} has no value", quote(name)),
                "say what it is about",
            );
            return None;
        };
        match name {
            "as" => {
                let principal = self.principal(body, &scope.principal, scope.within.against)?;
                scope.principal = principal.clone();
                Some(Action::As(principal))
            }
            "insert" => self.insert(body, scope).map(Action::Insert),
            "update" => self.update(body, scope).map(Action::Update),
            "delete" => self.delete(body, scope).map(Action::Delete),
            "transaction" => self.transaction(body, scope).map(Action::Transaction),
            "concurrently" => self.concurrently(body, scope).map(Action::Concurrently),
            "expectRows" => self.expect_rows(body, scope).map(Action::ExpectRows),
            "expectError" => self
                .expect_error(body, scope)
                .map(|expected| Action::ExpectError(Box::new(expected))),
            "expectCatalog" => self.expect_catalog(body).map(Action::ExpectCatalog),
            "alter" => self.alter(body).map(Action::Alter),
            "expectDrift" => self.expect_drift(body).map(Action::ExpectDrift),
            "expectPlan" => self.expect_plan(body, scope).map(Action::ExpectPlan),
            "crash" => self.crash(body, scope).map(Action::Crash),
            "expectErrors" => self.expect_errors(body, scope).map(Action::ExpectErrors),
            "expectAudit" => self
                .expect_audit(body, scope)
                .map(|expected| Action::ExpectAudit(Box::new(expected))),
            "expectFailure" => self
                .expect_failure(body, scope)
                .map(|expected| Action::ExpectFailure(Box::new(expected))),
            "query" => self.query(body, scope).map(Action::Query),
            "migrate" => self.migrate(body).map(Action::Migrate),
            "addMigration" => self.add_migration(body).map(Action::AddMigration),
            "editMigration" => self.edit_migration(body).map(Action::EditMigration),
            "expectGate" => self.expect_gate(body).map(Action::ExpectGate),
            "resolveConnection" => self
                .resolve_connection(body, scope)
                .map(Action::ResolveConnection),
            _ => unreachable!("the name was looked up in STEPS, and all of them are here"),
        }
    }

    /// Whether a step can stand where it stands.
    fn check_place(&self, name: &str, key: &Span, scope: &Scope) -> Option<()> {
        let within = scope.within;
        let (place, help) = if within.against && !READING.contains(&name) {
            (
                "a scenario that is run against an environment",
                "what the application wrote is only read: put the step into a scenario without \
                 `against`",
            )
        } else if !within.against && name == "reachable" {
            (
                "a scenario on a throwaway database",
                "add `against: true` to the scenario",
            )
        } else if within.transaction && !ROWS.contains(&name) {
            match name {
                "expectError" => (
                    "a transaction",
                    "a refusal ends a transaction on some engines: put the whole transaction \
                     into the expectError",
                ),
                _ => ("a transaction", "put it before or behind the transaction"),
            }
        } else if within.concurrently
            && !ROWS.contains(&name)
            && !matches!(name, "transaction" | "expectError")
        {
            (
                "concurrently",
                "put it before or behind the concurrent steps",
            )
        } else {
            return Some(());
        };
        self.findings.add_with_help(
            "story/misplaced-step",
            key.clone(),
            format!("{} cannot stand in {place}", quote(name)),
            help,
        );
        None
    }

    fn transaction(&self, node: &Node, scope: &mut Scope) -> Option<Transaction> {
        let mut fields = Fields::open(node, "`transaction`", self.findings)?;
        let outer = scope.within;
        scope.within.transaction = true;
        let steps = fields.required("steps", |node, _| self.steps(node, scope));
        scope.within = outer;
        let commit = fields.required("end", |node, findings| {
            read::one_of(node, &[("commit", true), ("rollback", false)], findings)
        });
        fields.finish();
        Some(Transaction {
            steps: steps?,
            commit: commit?.value,
        })
    }

    fn crash(&self, node: &Node, scope: &mut Scope) -> Option<Crash> {
        let mut fields = Fields::open(node, "`crash`", self.findings)?;
        let when = fields.required("when", |node, findings| {
            read::one_of(node, MOMENTS, findings)
        });
        let outer = scope.within;
        scope.within.transaction = true;
        let steps = fields.required("steps", |node, _| self.steps(node, scope));
        scope.within = outer;
        fields.finish();
        Some(Crash {
            steps: steps?,
            when: when?.value,
        })
    }

    fn concurrently(&self, node: &Node, scope: &mut Scope) -> Option<Concurrently> {
        let mut fields = Fields::open(node, "`concurrently`", self.findings)?;
        let copies = fields.required("copies", |node, findings| at_most(node, 2, 64, findings));
        let mut inner = scope.clone();
        inner.within.concurrently = true;
        let steps = fields.required("steps", |node, _| self.steps(node, &mut inner));
        let succeeded = fields.optional("succeeded", read::integer::<u32>);
        let failed = fields.optional("failed", |node, _| self.refusal(node));
        let head = fields.head().clone();
        fields.finish();

        let copies = copies?.value;
        let wanted = succeeded.as_ref().map_or(copies, |number| number.value);
        if wanted > copies {
            self.findings.add(
                "story/contradiction",
                succeeded.map_or(head, |number| number.span),
                format!("{wanted} of {copies} copies cannot succeed"),
            );
            return None;
        }
        if wanted < copies && !node_has(node, "failed") {
            self.findings.add_with_help(
                "yaml/missing-key",
                head,
                "`concurrently` does not say how the other copies must fail",
                "add `failed: { kind: unique }`, say",
            );
            return None;
        }
        // Only when one copy succeeds is it clear whose row a name means afterwards.
        if wanted == 1 {
            scope.saved = inner.saved;
        }
        scope.taken = inner.taken;
        Some(Concurrently {
            copies,
            steps: steps?,
            succeeded: wanted,
            failed,
        })
    }

    fn alter(&self, node: &Node) -> Option<Alter> {
        let mut fields = Fields::open(node, "`alter`", self.findings)?;
        let sql = fields.required("sql", sql);
        fields.finish();
        Some(Alter { sql: sql? })
    }
}

/// SQL for every engine, or by engine.
pub(super) fn sql(node: &Node, findings: &Findings) -> Option<BTreeMap<Engine, String>> {
    let Kind::Map(entries) = &node.kind else {
        let text = read::filled_text(node, findings)?;
        let same = |engine| (engine, text.value.clone());
        return Some(Engine::ALL.into_iter().map(same).collect());
    };
    let mut fields = Fields::open(node, "`sql`", findings)?;
    let mut by_engine = BTreeMap::new();
    for engine in Engine::ALL {
        if let Some(text) = fields.optional(engine.name(), read::filled_text) {
            by_engine.insert(engine, text.value);
        }
    }
    if entries.is_empty() {
        findings.add_with_help(
            "yaml/empty-text",
            node.head(),
            "`sql` is empty",
            "write the statement",
        );
    }
    fields.finish();
    Some(by_engine)
}

/// A whole number between two others.
pub(super) fn at_most(
    node: &Node,
    low: u32,
    high: u32,
    findings: &Findings,
) -> Option<Spanned<u32>> {
    let number = read::integer::<u32>(node, findings)?;
    if (low..=high).contains(&number.value) {
        return Some(number);
    }
    findings.add(
        "yaml/out-of-range",
        number.span,
        format!(
            "the value is {}, which is not a whole number from {low} to {high}",
            number.value
        ),
    );
    None
}

pub(super) fn node_has(node: &Node, key: &str) -> bool {
    entry(node, key).is_some()
}

pub(super) fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .find(|(found, _)| found.name == key)
            .map(|(_, node)| node),
        _ => None,
    }
}
