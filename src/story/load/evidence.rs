//! Expectations that are made of others.

use super::step::{STEPS, node_has};
use super::term::Purpose;
use super::{Reader, Scope};
use crate::diag::Phase;
use crate::engine::{Value, ViolationKind};
use crate::exit::Exit;
use crate::model::{Ident, ObjectPath};
use crate::story::format::{
    Action, AuditRole, Condition, ExpectAudit, ExpectError, ExpectErrors, ExpectFailure, Insert,
    Refusal, Row, Step, Term, Test,
};
use crate::yaml::read::{self, Fields};
use crate::yaml::text::quote;
use crate::yaml::{Kind, Node};

/// The parts of the gate that a step can fail in, with the exit code of each.
pub(crate) const PHASES: &[(&str, (Phase, Exit))] = &[
    ("migration", (Phase::Migration, Exit::Migration)),
    ("drift", (Phase::Drift, Exit::Drift)),
    ("persistence", (Phase::Persistence, Exit::Assertion)),
];

/// Where records are kept when the step does not say so.
const AUDIT_TABLE: &str = "auditLogs";

/// The keys of an expected record, what they are about, and the columns that hold them when the
/// step does not say so.
const AUDIT: [(&str, AuditRole, &str); 4] = [
    ("action", AuditRole::Action, "action"),
    ("actor", AuditRole::Actor, "actorId"),
    ("correlation", AuditRole::Correlation, "correlationId"),
    ("outcome", AuditRole::Outcome, "outcome"),
];

impl Reader<'_> {
    pub(super) fn expect_errors(&self, node: &Node, scope: &mut Scope) -> Option<ExpectErrors> {
        let mut fields = Fields::open(node, "`expectErrors`", self.findings)?;
        let mut scope = scope.clone();
        scope.within.refused = true;
        let mut table = fields.optional("into", |node, _| self.table(node));
        let has_table = node_has(node, "into");
        let base = match fields.get("row") {
            Some(node) => self.row(node, has_table, &mut table, &scope),
            None => Some(Row::default()),
        };
        if table.is_none() && !has_table && !node_has(node, "row") {
            self.findings.add_with_help(
                "yaml/missing-key",
                fields.head().clone(),
                "`expectErrors` says neither into which table nor which row",
                "add `into: table`, or `row: nameOfARow`",
            );
        }
        let mut base = base.map(|row| vec![row]);
        if let (Some(with), Some(rows)) = (fields.get("with"), base.as_mut()) {
            self.overlay(with, table, rows, &scope);
        }
        let base = base.and_then(|rows| rows.into_iter().next());
        let mut cases = Vec::new();
        let mut complete = true;
        let listed = fields.optional("cases", read::items).unwrap_or_default();
        for node in listed {
            let case = base
                .as_ref()
                .and_then(|row| self.bad_row(node, table?, row, &scope));
            match case {
                Some(case) => cases.push(case),
                None => complete = false,
            }
        }
        for name in fields.optional("nulls", read::texts).unwrap_or_default() {
            let Some((table, base)) = table.zip(base.as_ref()) else {
                continue;
            };
            let Some(column) = self.column(table, &name.value, &name.span) else {
                complete = false;
                continue;
            };
            let path = ObjectPath::member(&table.name, &column.name).to_string();
            cases.push(refused(
                table.name.clone(),
                with_value(base, &column.name, Term::Literal(Value::Null)),
                Refusal {
                    kind: ViolationKind::NotNull,
                    constraint: Some(Ident::new(path)),
                    span: name.span,
                },
            ));
        }
        let head = fields.head().clone();
        fields.finish();
        let table = table?;
        base?;
        complete.then_some(())?;
        if cases.is_empty() {
            self.findings.add_with_help(
                "story/no-expectation",
                head,
                "`expectErrors` has no cases, so it proves nothing",
                "add `cases: [ … ]`, or `nulls: [ … ]` with the columns that take no null",
            );
            return None;
        }
        Some(ExpectErrors {
            table: table.name.clone(),
            cases,
        })
    }

    /// A case of a table of bad rows.
    fn bad_row(
        &self,
        node: &Node,
        table: &crate::model::Table,
        base: &Row,
        scope: &Scope,
    ) -> Option<ExpectError> {
        let refusal = self.refusal_in(node, "a case", &["with"]);
        let mut fields = Fields::open(node, "a case", self.findings)?;
        fields.ignore("kind");
        fields.ignore("constraint");
        let mut rows = vec![base.clone()];
        let with = fields.get("with");
        let complete =
            with.is_none_or(|with| self.overlay(with, Some(table), &mut rows, scope).is_some());
        fields.finish();
        complete.then_some(())?;
        Some(refused(
            table.name.clone(),
            rows.into_iter().next()?,
            refusal?,
        ))
    }

    pub(super) fn expect_audit(&self, node: &Node, scope: &mut Scope) -> Option<ExpectAudit> {
        let mut fields = Fields::open(node, "`expectAudit`", self.findings)?;
        let table = match fields.optional("table", |node, _| self.table(node)) {
            None if !node_has(node, "table") => {
                let usual = self.schema.table(&Ident::new(AUDIT_TABLE));
                if usual.is_none() {
                    self.findings.add_with_help(
                        "yaml/missing-key",
                        fields.head().clone(),
                        format!(
                            "the schema has no table {}, so `expectAudit` must say where records \
                             are kept",
                            quote(AUDIT_TABLE)
                        ),
                        "add `table: …`",
                    );
                }
                usual
            }
            table => table,
        };
        let named = fields.optional("columns", |node, findings| {
            let mut fields = Fields::open(node, "`columns`", findings)?;
            let mut columns = [None, None, None, None];
            for (at, (key, ..)) in AUDIT.iter().enumerate() {
                columns[at] = fields.optional(key, read::filled_text);
            }
            fields.finish();
            Some(columns)
        });
        let named = named.unwrap_or_default();
        let mut conditions = Vec::new();
        let mut complete = true;
        for ((key, role, usual), named) in AUDIT.into_iter().zip(named) {
            let entry = fields.entry(key);
            let known = match role {
                AuditRole::Actor => scope.principal.actor.is_some(),
                AuditRole::Correlation => !scope.within.against,
                AuditRole::Action | AuditRole::Outcome | AuditRole::Other => false,
            };
            if entry.is_none() && !known {
                if role == AuditRole::Action {
                    self.findings.add_with_help(
                        "yaml/missing-key",
                        fields.head().clone(),
                        "`expectAudit` does not say which action is recorded",
                        "add `action: …`",
                    );
                    complete = false;
                }
                continue;
            }
            let span = match (&named, entry) {
                (Some(named), _) => named.span.clone(),
                (None, Some((key, _))) => key.span.clone(),
                (None, None) => fields.head().clone(),
            };
            let name = named.map_or_else(|| usual.to_owned(), |named| named.value);
            let Some(column) = table.and_then(|table| self.column(table, &name, &span)) else {
                complete = false;
                continue;
            };
            let tests = match (entry, role) {
                (Some((_, node)), _) => self.tests(column, node, scope, Purpose::Expect),
                (None, AuditRole::Actor) => Some(vec![Test::Equal(Term::Actor)]),
                (None, _) => Some(vec![Test::Equal(Term::Correlation)]),
            };
            let Some(tests) = tests else {
                complete = false;
                continue;
            };
            let condition = Condition {
                column: column.name.clone(),
                tests,
                span,
            };
            conditions.push((role, condition));
        }
        let others = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Expect)
        });
        let count = fields.optional("count", read::integer::<u64>);
        let save = fields.optional("save", read::filled_text);
        fields.finish();
        if let Some(save) = save
            .as_ref()
            .filter(|_| count.as_ref().is_none_or(|count| count.value != 1))
        {
            self.findings.add_with_help(
                "story/contradiction",
                save.span.clone(),
                "only one record can be saved under a name",
                "add `count: 1`",
            );
        }
        complete.then_some(())?;
        (others.is_some() || !node_has(node, "where")).then_some(())?;
        let others = others.unwrap_or_default().into_iter();
        conditions.extend(others.map(|condition| (AuditRole::Other, condition)));
        let table = table?;
        Some(ExpectAudit {
            table: table.name.clone(),
            conditions,
            count: count.map(|count| count.value),
            save: self.remember(save.as_ref(), table, scope),
        })
    }

    pub(super) fn expect_failure(&self, node: &Node, scope: &mut Scope) -> Option<ExpectFailure> {
        let mut fields = Fields::open(node, "`expectFailure`", self.findings)?;
        let phase = fields.required("phase", |node, findings| {
            read::one_of(node, PHASES, findings)
        });
        let exit = fields.optional("exit", |node, findings| {
            let code = read::integer::<u8>(node, findings)?;
            let known = Exit::ALL
                .into_iter()
                .find(|exit| exit.code() == code.value && *exit != Exit::Ok);
            if known.is_none() {
                findings.add_with_help(
                    "story/wrong-value",
                    code.span,
                    format!("{} is the exit code of no failure", code.value),
                    "`dbtool --help` lists the exit codes",
                );
            }
            known
        });
        let finding = fields.optional("finding", read::filled_text);
        let step = fields.required("step", |node, findings| {
            let name = match &node.kind {
                Kind::Map(entries) => entries.first().map(|(key, _)| key.name.as_str()),
                Kind::String(name) => Some(name.as_str()),
                _ => None,
            };
            if let Some(name @ ("as" | "expectFailure")) = name.filter(|name| STEPS.contains(name))
            {
                findings.add_with_help(
                    "story/misplaced-step",
                    node.head(),
                    format!("{} cannot stand in an expectFailure", quote(name)),
                    "expect the failure of one step that does or expects something",
                );
                return None;
            }
            self.step(node, scope)
        });
        fields.finish();
        (exit.is_some() || !node_has(node, "exit")).then_some(())?;
        let phase = phase?;
        Some(ExpectFailure {
            phase: phase.value.0,
            exit: exit.unwrap_or(phase.value.1),
            finding: finding.map(|finding| finding.value),
            step: step?,
            span: phase.span,
        })
    }
}

/// The expectation that a row is refused.
fn refused(table: Ident, row: Row, refusal: Refusal) -> ExpectError {
    let insert = Insert {
        table,
        rows: vec![row],
        count: 1,
        save: None,
    };
    ExpectError {
        step: Step {
            action: Action::Insert(insert),
            span: refusal.span.clone(),
        },
        refusal,
    }
}

/// The row with another value in one column.
fn with_value(row: &Row, column: &Ident, term: Term) -> Row {
    let mut values = row.values.clone();
    values.retain(|(name, _)| name != column);
    values.push((column.clone(), term));
    Row { values }
}
