//! The steps of a scenario.

use std::collections::BTreeMap;

use super::{Reader, Scope};
use crate::diag::Span;
use crate::engine::Engine;
use crate::story::format::{Action, Alter, Concurrently, Step, Transaction};
use crate::yaml::read::{self, Fields, Findings, Spanned};
use crate::yaml::text::{list, nearest, quote};
use crate::yaml::{Kind, Node};

/// All steps, in the order of the documentation.
pub(crate) const STEPS: [&str; 14] = [
    "as",
    "insert",
    "update",
    "delete",
    "transaction",
    "concurrently",
    "restart",
    "expectRows",
    "expectError",
    "expectCatalog",
    "expectSameCatalog",
    "alter",
    "expectDrift",
    "expectPlan",
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
        if matches!(name, "restart" | "expectSameCatalog") {
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
                _ => Action::ExpectSameCatalog,
            });
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
                let principal = self.principal(body, &scope.principal)?;
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
            _ => unreachable!("the name was looked up in STEPS, and all of them are here"),
        }
    }

    /// Whether a step can stand where it stands.
    fn check_place(&self, name: &str, key: &Span, scope: &Scope) -> Option<()> {
        let rows = ["as", "insert", "update", "delete", "expectRows"];
        let within = scope.within;
        let (place, help) = if within.transaction && !rows.contains(&name) {
            match name {
                "expectError" => (
                    "a transaction",
                    "a refusal ends a transaction on some engines: put the whole transaction \
                     into the expectError",
                ),
                _ => ("a transaction", "put it before or behind the transaction"),
            }
        } else if within.concurrently
            && !rows.contains(&name)
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
        let sql = fields.required("sql", |node, findings| match &node.kind {
            Kind::Map(_) => {
                let mut fields = Fields::open(node, "`sql`", findings)?;
                let mut by_engine = BTreeMap::new();
                for engine in Engine::ALL {
                    if let Some(text) = fields.optional(engine.name(), read::filled_text) {
                        by_engine.insert(engine, text.value);
                    }
                }
                if node.kind == Kind::Map(Vec::new()) {
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
            _ => {
                let text = read::filled_text(node, findings)?;
                let same = |engine| (engine, text.value.clone());
                Some(Engine::ALL.into_iter().map(same).collect())
            }
        });
        fields.finish();
        Some(Alter { sql: sql? })
    }
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
