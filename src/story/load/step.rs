//! The steps of a scenario.

use std::collections::BTreeMap;

use super::term::Purpose;
use super::{Reader, Scope, suggestion};
use crate::diag::Span;
use crate::engine::{Engine, ViolationKind};
use crate::model::{Ident, Part, Schema, Table};
use crate::story::format::{
    Action, Alter, Concurrently, Delete, ExpectCatalog, ExpectError, ExpectPlan, ExpectRows,
    ExpectedRows, Insert, Refusal, Row, Step, Transaction, Update,
};
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

/// The classes of refusals.
pub(crate) const KINDS: &[(&str, ViolationKind)] = &[
    ("unique", ViolationKind::Unique),
    ("foreignKey", ViolationKind::ForeignKey),
    ("check", ViolationKind::Check),
    ("notNull", ViolationKind::NotNull),
    ("appendOnly", ViolationKind::AppendOnly),
    ("type", ViolationKind::Type),
];

/// The naming rules that a catalog can be held to.
pub(crate) const CATALOG_RULES: &[(&str, bool)] = &[("camelCase", true)];

/// The steps that write, which a refusal can be wanted of.
const WRITING: [&str; 4] = ["insert", "update", "delete", "transaction"];

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
        let steps = items.iter().filter_map(|item| self.step(item, scope)).collect();
        scope.principal = principal;
        Some(steps)
    }

    fn step(&self, node: &Node, scope: &mut Scope) -> Option<Step> {
        let span = node.head();
        let (name, key, body) = match &node.kind {
            Kind::String(name) => (name.as_str(), node.span.clone(), None),
            Kind::Map(entries) => match entries.as_slice() {
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
            },
            _ => {
                read::wrong_kind(node, "a step", "a map of one key", self.findings);
                return None;
            }
        };
        if !STEPS.contains(&name) {
            let help = match nearest(name, STEPS) {
                Some(near) => format!("did you mean {}? The steps are {}", quote(near), list(STEPS, "and")),
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
            ("concurrently", "put it before or behind the concurrent steps")
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

    fn insert(&self, node: &Node, scope: &mut Scope) -> Option<Insert> {
        let mut fields = Fields::open(node, "`insert`", self.findings)?;
        let into = fields.optional("into", |node, _| self.table(node));
        let one = fields.get("row");
        let with = fields.get("with");
        let many = fields.get("rows");
        let count = fields.optional("count", |node, findings| at_most(node, 1, 1_000, findings));
        let save = fields.optional("save", read::filled_text);
        let head = fields.head().clone();
        let has_table = into.is_some() || node_has(node, "into");
        fields.finish();

        let nodes: Vec<&Node> = match (one, many) {
            (Some(one), None) => vec![one],
            (None, Some(many)) => read::items(many, self.findings)?.iter().collect(),
            (None, None) if has_table => Vec::new(),
            (None, None) => {
                self.findings.add_with_help(
                    "yaml/missing-key",
                    head,
                    "`insert` says neither into which table nor which row",
                    "add `into: table` (and `row: { … }`), or `row: nameOfARow`",
                );
                return None;
            }
            (Some(_), Some(many)) => {
                self.findings.add_with_help(
                    "story/contradiction",
                    many.head(),
                    "`insert` has both `row` and `rows`",
                    "keep one of them",
                );
                return None;
            }
        };
        let mut table = into;
        let mut rows = Vec::new();
        let mut complete = true;
        for node in &nodes {
            match self.row(node, has_table, &mut table, scope) {
                Some(row) => rows.push(row),
                None => complete = false,
            }
        }
        // Without any row given, one whose values are all generated or defaults.
        if nodes.is_empty() && one.is_none() && many.is_none() {
            rows.push(Row::default());
        }
        if let Some(with) = with {
            complete &= self.overlay(with, table, &mut rows, scope).is_some();
        }
        let table = table?;
        if !complete {
            // The name counts nevertheless, so that one finding does not make others.
            self.remember(save.as_ref(), table, scope);
            return None;
        }
        let count = count.map_or(1, |count| count.value);
        if let Some(save) = save.as_ref().filter(|_| rows.len() != 1 || count != 1) {
            self.findings.add_with_help(
                "story/contradiction",
                save.span.clone(),
                "only one row can be saved under a name",
                "insert it in a step of its own",
            );
        }
        if rows.is_empty() {
            self.findings.add_with_help(
                "story/no-rows",
                head,
                "`insert` has no rows, so it does nothing",
                "add rows",
            );
            return None;
        }
        let save = self.remember(save.as_ref(), table, scope);
        Some(Insert {
            table: table.name.clone(),
            rows,
            count,
            save,
        })
    }

    /// A row of an insert: its values, or the name of a row.
    fn row(
        &self,
        node: &Node,
        has_table: bool,
        table: &mut Option<&'a Table>,
        scope: &Scope,
    ) -> Option<Row> {
        let Kind::String(name) = &node.kind else {
            if table.is_none() && !has_table {
                self.findings.add_with_help(
                    "yaml/missing-key",
                    node.head(),
                    "`insert` does not say into which table the row goes",
                    "add `into: …`",
                );
            }
            let values = self.values(node, (*table)?, Some((scope, Purpose::Insert)))?;
            return Some(Row { values });
        };
        let Some(named) = self.named.get(name) else {
            let names = self.named.keys().map(String::as_str);
            self.findings.add_with_help(
                "story/unknown-row",
                node.head(),
                format!("no file of rows has the row {}", quote(name)),
                match self.named.is_empty() {
                    true => "add it to a file under fixtures/rows".into(),
                    false => suggestion(name, names, "the rows are"),
                },
            );
            return None;
        };
        let own = self.schema.table(&named.table)?;
        if let Some(other) = table.filter(|table| table.name != own.name) {
            self.findings.add_with_help(
                "story/contradiction",
                node.head(),
                format!("{} is a row of {}, not of {}", quote(name), own.name, other.name),
                "insert rows of different tables in steps of their own",
            );
            return None;
        }
        *table = Some(own);
        let acts = named
            .values
            .iter()
            .any(|(_, term)| *term == crate::story::format::Term::Actor);
        if acts && scope.principal.actor.is_none() {
            self.findings.add_with_help(
                "story/unknown-reference",
                node.head(),
                format!("the row {} wants an actor, but nobody acts here", quote(name)),
                "add `actor: …` to the scenario's `as`",
            );
            return None;
        }
        Some(Row {
            values: named.values.clone(),
        })
    }

    /// Values that stand in for those of every row.
    fn overlay(
        &self,
        node: &Node,
        table: Option<&Table>,
        rows: &mut [Row],
        scope: &Scope,
    ) -> Option<()> {
        let values = self.values(node, table?, Some((scope, Purpose::Insert)))?;
        for row in rows {
            row.values
                .retain(|(column, _)| values.iter().all(|(other, _)| other != column));
            row.values.extend(values.iter().cloned());
        }
        Some(())
    }

    /// Makes the name of a saved row known.
    fn remember(
        &self,
        save: Option<&Spanned<String>>,
        table: &Table,
        scope: &mut Scope,
    ) -> Option<String> {
        let save = save?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let refused = |message: String, help: &str| {
            self.findings
                .add_with_help("story/wrong-name", save.span.clone(), message, help);
            None
        };
        if !save.value.chars().all(plain) {
            return refused(
                format!("{} cannot be referred to", quote(&save.value)),
                "use letters, digits, hyphens and underscores",
            );
        }
        if scope.within.refused {
            return refused(
                "a row that is refused cannot be saved".into(),
                "remove `save`",
            );
        }
        if !scope.taken.insert(save.value.clone()) {
            return refused(
                format!("a row is already saved as {}", quote(&save.value)),
                "give it another name",
            );
        }
        scope.saved.insert(save.value.clone(), table.name.clone());
        Some(save.value.clone())
    }

    fn update(&self, node: &Node, scope: &Scope) -> Option<Update> {
        let mut fields = Fields::open(node, "`update`", self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let set = fields.required("set", |node, _| {
            self.values(node, table?, Some((scope, Purpose::Set)))
        });
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let changes = fields.optional("changes", read::integer::<u64>);
        let complete = filter.is_some() || !node_has(node, "where");
        let empty = |node: &Node| node.kind == Kind::Map(Vec::new());
        if entry(node, "set").is_some_and(empty) {
            self.findings.add(
                "story/no-rows",
                fields.head().clone(),
                "`set` is empty, so the update changes nothing",
            );
        }
        fields.finish();
        complete.then_some(())?;
        Some(Update {
            table: table?.name.clone(),
            set: set?,
            filter: filter.unwrap_or_default(),
            changes: changes.map(|changes| changes.value),
        })
    }

    fn delete(&self, node: &Node, scope: &Scope) -> Option<Delete> {
        let mut fields = Fields::open(node, "`delete`", self.findings)?;
        let table = fields.required("from", |node, _| self.table(node));
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let changes = fields.optional("changes", read::integer::<u64>);
        fields.finish();
        (filter.is_some() || !node_has(node, "where")).then_some(())?;
        Some(Delete {
            table: table?.name.clone(),
            filter: filter.unwrap_or_default(),
            changes: changes.map(|changes| changes.value),
        })
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

    fn expect_rows(&self, node: &Node, scope: &mut Scope) -> Option<ExpectRows> {
        let mut fields = Fields::open(node, "`expectRows`", self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let order = fields.optional("orderBy", |node, _| self.order(node, table?));
        let count = fields.optional("count", read::integer::<u64>);
        let none = fields.optional("none", truth);
        let rows = fields.optional("rows", |node, findings| {
            let items = read::items(node, findings)?;
            let rows = items
                .iter()
                .map(|node| self.conditions(node, table?, scope, Purpose::Expect));
            rows.collect::<Option<Vec<_>>>()
        });
        let save = fields.optional("save", read::filled_text);
        let head = fields.head().clone();
        fields.finish();

        let given = ["count", "none", "rows"].map(|key| node_has(node, key));
        match given.iter().filter(|given| **given).count() {
            1 => {}
            0 => {
                self.findings.add_with_help(
                    "yaml/missing-key",
                    head,
                    "`expectRows` does not say what must be there",
                    "add one of `count: 1`, `rows: [ … ]` and `none: true`",
                );
                return None;
            }
            _ => {
                self.findings.add_with_help(
                    "story/contradiction",
                    head,
                    "`expectRows` has several of `count`, `rows` and `none`",
                    "keep one of them",
                );
                return None;
            }
        }
        (filter.is_some() || !node_has(node, "where")).then_some(())?;
        let table = table?;
        let expected = match (count, none, rows) {
            (Some(count), ..) => ExpectedRows::Count(count.value),
            (_, Some(()), _) => ExpectedRows::Count(0),
            (.., Some(rows)) => ExpectedRows::Rows(rows),
            (None, None, None) => return None,
        };
        let one = match &expected {
            ExpectedRows::Count(count) => *count == 1,
            ExpectedRows::Rows(rows) => rows.len() == 1,
        };
        if let Some(save) = save.as_ref().filter(|_| !one) {
            self.findings.add_with_help(
                "story/contradiction",
                save.span.clone(),
                "only one row can be saved under a name",
                "expect exactly one row",
            );
        }
        Some(ExpectRows {
            table: table.name.clone(),
            filter: filter.unwrap_or_default(),
            order: order.unwrap_or_default(),
            expected,
            save: self.remember(save.as_ref(), table, scope),
        })
    }

    fn expect_error(&self, node: &Node, scope: &mut Scope) -> Option<ExpectError> {
        let refusal = self.refusal_in(node, "`expectError`", &["step"]);
        let mut fields = Fields::open(node, "`expectError`", self.findings)?;
        fields.ignore("kind");
        fields.ignore("constraint");
        let outer = scope.within;
        scope.within.refused = true;
        let step = fields.required("step", |node, findings| {
            let name = match &node.kind {
                Kind::Map(entries) => entries.first().map(|(key, _)| key.name.as_str()),
                _ => None,
            };
            if let Some(name) = name.filter(|name| STEPS.contains(name) && !WRITING.contains(name))
            {
                findings.add_with_help(
                    "story/misplaced-step",
                    node.head(),
                    format!("{} is nothing that the database could refuse", quote(name)),
                    format!("expect errors of {}", list(WRITING, "or")),
                );
                return None;
            }
            self.step(node, scope)
        });
        scope.within = outer;
        fields.finish();
        Some(ExpectError {
            refusal: refusal?,
            step: step?,
        })
    }

    fn refusal(&self, node: &Node) -> Option<Refusal> {
        self.refusal_in(node, "`failed`", &[])
    }

    /// How the database must refuse, in a map that may have other keys too.
    fn refusal_in(&self, node: &Node, what: &str, others: &[&'static str]) -> Option<Refusal> {
        let mut fields = Fields::open(node, what, self.findings)?;
        let kind = fields.required("kind", |node, findings| read::one_of(node, KINDS, findings));
        let constraint = fields.optional("constraint", read::filled_text);
        let span = fields.head().clone();
        if others.is_empty() {
            fields.finish();
        }
        let kind = kind?.value;
        if let Some(name) = &constraint {
            let known = constraints(self.schema, kind);
            if !known.contains(&name.value) {
                let word = KINDS.iter().find(|(_, other)| *other == kind);
                let word = word.map_or("", |(word, _)| *word);
                self.findings.add_with_help(
                    "story/unknown-constraint",
                    name.span.clone(),
                    format!("nothing in the schema that refuses with {word} is named {}", quote(&name.value)),
                    match nearest(&name.value, known.iter().map(String::as_str)) {
                        Some(near) => format!("did you mean {}?", quote(near)),
                        None => "name a constraint of the schema, or leave it out".into(),
                    },
                );
                return None;
            }
        }
        Some(Refusal {
            kind,
            constraint: constraint.map(|name| Ident::new(name.value)),
            span,
        })
    }

    fn expect_catalog(&self, node: &Node) -> Option<ExpectCatalog> {
        let mut fields = Fields::open(node, "`expectCatalog`", self.findings)?;
        let names = |node: &Node, findings: &Findings| {
            read::list_of(node, findings, |node, findings| {
                let name = read::filled_text(node, findings)?;
                Some((Ident::new(name.value), name.span))
            })
        };
        let by_table = |node: &Node, findings: &Findings| {
            let entries = read::entries(node, findings)?.iter();
            let entries = entries
                .map(|(key, node)| Some((Ident::new(key.name.as_str()), names(node, findings)?)));
            entries.collect::<Option<Vec<_>>>()
        };
        let expected = ExpectCatalog {
            tables: fields.optional("tables", names).unwrap_or_default(),
            columns: fields.optional("columns", by_table).unwrap_or_default(),
            indexes: fields.optional("indexes", by_table).unwrap_or_default(),
            constraints: fields.optional("constraints", by_table).unwrap_or_default(),
            append_only: fields.optional("appendOnly", names).unwrap_or_default(),
            camel_case: fields
                .optional("naming", |node, findings| {
                    read::one_of(node, CATALOG_RULES, findings)
                })
                .is_some(),
            complete: fields
                .optional("complete", truth)
                .is_some(),
        };
        let head = fields.head().clone();
        fields.finish();
        if node.kind == Kind::Map(Vec::new()) {
            self.findings.add_with_help(
                "story/no-expectation",
                head,
                "`expectCatalog` expects nothing",
                "name tables, columns, indexes or constraints, or add `naming: camelCase`",
            );
        }
        Some(expected)
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

    fn expect_drift(&self, node: &Node) -> Option<Vec<String>> {
        if node.kind == Kind::String("none".into()) {
            return Some(Vec::new());
        }
        let mut fields = Fields::open(node, "`expectDrift`", self.findings)?;
        let objects = fields.required("objects", read::texts);
        let head = fields.head().clone();
        fields.finish();
        let objects = objects?;
        if objects.is_empty() {
            self.findings.add_with_help(
                "story/contradiction",
                head,
                "`objects` is empty",
                "write `expectDrift: none` when nothing may have drifted",
            );
            return None;
        }
        Some(objects.into_iter().map(|object| object.value).collect())
    }

    fn expect_plan(&self, node: &Node, scope: &Scope) -> Option<ExpectPlan> {
        let mut fields = Fields::open(node, "`expectPlan`", self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let order = fields.optional("orderBy", |node, _| self.order(node, table?));
        let index = fields.required("index", read::filled_text);
        fields.finish();
        (filter.is_some() || !node_has(node, "where")).then_some(())?;
        Some(ExpectPlan {
            table: table?.name.clone(),
            filter: filter.unwrap_or_default(),
            order: order.unwrap_or_default(),
            index: Ident::new(index?.value),
        })
    }
}

/// What a schema has that refuses in this way. NOT NULL has no name, so its column stands for it.
fn constraints(schema: &Schema, kind: ViolationKind) -> Vec<String> {
    let mut names = Vec::new();
    for table in schema.tables.values() {
        match kind {
            ViolationKind::NotNull => {
                let columns = table.columns.iter().filter(|column| !column.nullable);
                names.extend(columns.map(|column| format!("{}.{}", table.name, column.name)));
            }
            ViolationKind::Type => {
                names.extend(table.columns.iter().map(|column| column.type_check.to_string()));
            }
            ViolationKind::AppendOnly => names.extend(table.append_only.iter().map(Ident::to_string)),
            ViolationKind::Unique | ViolationKind::ForeignKey | ViolationKind::Check => {
                let parts = table.parts.iter().filter(|part| refuses_with(part, kind));
                names.extend(parts.map(|part| part.name().to_string()));
            }
        }
    }
    names
}

fn refuses_with(part: &Part, kind: ViolationKind) -> bool {
    match part {
        Part::PrimaryKey(_) | Part::Unique(_) => kind == ViolationKind::Unique,
        Part::Index(index) => index.unique && kind == ViolationKind::Unique,
        Part::Check(_) => kind == ViolationKind::Check,
        Part::ForeignKey(_) => kind == ViolationKind::ForeignKey,
    }
}

/// A whole number between two others.
fn at_most(node: &Node, low: u32, high: u32, findings: &Findings) -> Option<Spanned<u32>> {
    let number = read::integer::<u32>(node, findings)?;
    if (low..=high).contains(&number.value) {
        return Some(number);
    }
    findings.add(
        "yaml/out-of-range",
        number.span,
        format!("the value is {}, which is not a whole number from {low} to {high}", number.value),
    );
    None
}

fn node_has(node: &Node, key: &str) -> bool {
    entry(node, key).is_some()
}

/// `true`, the only value of a key that is otherwise left out.
fn truth(node: &Node, findings: &Findings) -> Option<()> {
    match node.kind {
        Kind::Bool(true) => Some(()),
        _ => {
            read::wrong_kind(node, "the value", "true", findings);
            None
        }
    }
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .find(|(found, _)| found.name == key)
            .map(|(_, node)| node),
        _ => None,
    }
}
