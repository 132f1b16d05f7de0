//! Which scenarios may judge a mutant, and which of them are likely to notice it.

use std::collections::BTreeSet;

use super::Mutant;
use crate::model::{Ident, ObjectPath};
use crate::story::format::{Action, Condition, GroundKind, Refusal, Scenario, Step, Story};

/// Whether a scenario shows behaviour alone, so that it may kill mutants.
pub fn judges(scenario: &Scenario) -> bool {
    let mut structural = scenario.ground != GroundKind::Shared;
    walk(&scenario.steps, &mut |step| {
        structural |= match &step.action {
            Action::As(_)
            | Action::Insert(_)
            | Action::Update(_)
            | Action::Delete(_)
            | Action::Transaction(_)
            | Action::Concurrently(_)
            | Action::Restart
            | Action::ExpectRows(_)
            | Action::ExpectError(_)
            | Action::ExpectErrors(_)
            | Action::ExpectAudit(_)
            | Action::Query(_)
            | Action::ExpectPlan(_) => false,
            // They touch no row.
            Action::ResolveConnection(_) | Action::Reachable => true,
            // A process for each mutant would take long, and show nothing else.
            Action::Crash(_) => true,
            // They look at the database's form, or change it themselves.
            Action::ExpectCatalog(_)
            | Action::ExpectSameCatalog
            | Action::Alter(_)
            | Action::ExpectFailure(_)
            | Action::Migrate(_)
            | Action::AddMigration(_)
            | Action::EditMigration(_)
            | Action::ExpectGate(_)
            | Action::ExpectDrift(_) => true,
        };
    });
    !structural
}

/// Table and name of every index that a plan of a judging scenario names.
pub(super) fn planned_indexes(stories: &[Story]) -> BTreeSet<(Ident, Ident)> {
    let mut planned = BTreeSet::new();
    let scenarios = stories.iter().flat_map(|story| &story.scenarios);
    for scenario in scenarios.filter(|scenario| judges(scenario)) {
        walk(&scenario.steps, &mut |step| {
            if let Action::ExpectPlan(plan) = &step.action {
                planned.insert((plan.table.clone(), plan.index.clone()));
            }
        });
    }
    planned
}

/// What a scenario touches, gathered once for all mutants.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Constraints, columns and indexes that it names as what refuses or serves it.
    named: BTreeSet<String>,
    /// Columns that it reads or writes by name.
    columns: BTreeSet<ObjectPath>,
    written: BTreeSet<Ident>,
    read: BTreeSet<Ident>,
}

impl Touched {
    pub(super) fn by(scenario: &Scenario) -> Self {
        let mut touched = Self::default();
        walk(&scenario.steps, &mut |step| touched.step(step));
        touched
    }

    fn step(&mut self, step: &Step) {
        match &step.action {
            Action::Insert(insert) => {
                self.written.insert(insert.table.clone());
                for (column, _) in insert.rows.iter().flat_map(|row| &row.values) {
                    self.column(&insert.table, column);
                }
            }
            Action::Update(update) => {
                self.written.insert(update.table.clone());
                for (column, _) in &update.set {
                    self.column(&update.table, column);
                }
                self.conditions(&update.table, &update.filter);
            }
            Action::Delete(delete) => {
                self.written.insert(delete.table.clone());
                self.conditions(&delete.table, &delete.filter);
            }
            Action::Concurrently(copies) => self.refusal(copies.failed.as_ref()),
            Action::ExpectError(expected) => self.refusal(Some(&expected.refusal)),
            Action::ExpectRows(expected) => {
                self.read.insert(expected.table.clone());
                self.conditions(&expected.table, &expected.filter);
                if let crate::story::format::ExpectedRows::Rows(rows) = &expected.expected {
                    for row in rows {
                        self.conditions(&expected.table, row);
                    }
                }
            }
            Action::ExpectErrors(expected) => {
                for case in &expected.cases {
                    self.refusal(Some(&case.refusal));
                }
            }
            Action::ExpectAudit(expected) => {
                self.read.insert(expected.table.clone());
                for (_, condition) in &expected.conditions {
                    self.column(&expected.table, &condition.column);
                }
            }
            Action::ExpectPlan(plan) => {
                self.read.insert(plan.table.clone());
                self.named.insert(plan.index.to_string());
            }
            Action::As(_)
            | Action::Transaction(_)
            | Action::Restart
            | Action::ExpectCatalog(_)
            | Action::ExpectSameCatalog
            | Action::Alter(_)
            | Action::Crash(_)
            | Action::ExpectFailure(_)
            | Action::Query(_)
            | Action::Migrate(_)
            | Action::AddMigration(_)
            | Action::EditMigration(_)
            | Action::ExpectGate(_)
            | Action::ResolveConnection(_)
            | Action::Reachable
            | Action::ExpectDrift(_) => {}
        }
    }

    fn refusal(&mut self, refusal: Option<&Refusal>) {
        if let Some(constraint) = refusal.and_then(|refusal| refusal.constraint.as_ref()) {
            self.named.insert(constraint.to_string());
        }
    }

    fn conditions(&mut self, table: &Ident, conditions: &[Condition]) {
        for condition in conditions {
            self.column(table, &condition.column);
        }
    }

    fn column(&mut self, table: &Ident, column: &Ident) {
        self.columns.insert(ObjectPath::member(table, column));
    }

    /// How far it is from what is broken: the smaller, the likelier it notices.
    pub(super) fn distance(&self, mutant: &Mutant) -> u8 {
        let object = &mutant.object;
        let member = object.member.as_ref().map(Ident::as_str);
        let named = member.is_some_and(|member| self.named.contains(member));
        if named || self.named.contains(&object.to_string()) {
            return 0;
        }
        let column = mutant.column.as_ref();
        let path = column.map(|column| ObjectPath::member(&object.table, column));
        if path.is_some_and(|path| self.columns.contains(&path)) {
            return 1;
        }
        match (
            self.written.contains(&object.table),
            self.read.contains(&object.table),
        ) {
            (true, _) => 2,
            (false, true) => 3,
            (false, false) => 4,
        }
    }
}

/// Shows every step, those within steps included.
fn walk<'s>(steps: &'s [Step], see: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        see(step);
        match &step.action {
            Action::Transaction(transaction) => walk(&transaction.steps, see),
            Action::Concurrently(copies) => walk(&copies.steps, see),
            Action::Crash(crash) => walk(&crash.steps, see),
            Action::ExpectError(expected) => walk(std::slice::from_ref(&expected.step), see),
            Action::ExpectErrors(expected) => {
                for case in &expected.cases {
                    walk(std::slice::from_ref(&case.step), see);
                }
            }
            Action::ExpectFailure(expected) => walk(std::slice::from_ref(&expected.step), see),
            Action::As(_)
            | Action::Insert(_)
            | Action::Update(_)
            | Action::Delete(_)
            | Action::Restart
            | Action::ExpectRows(_)
            | Action::ExpectCatalog(_)
            | Action::ExpectSameCatalog
            | Action::Alter(_)
            | Action::ExpectDrift(_)
            | Action::ExpectAudit(_)
            | Action::Query(_)
            | Action::Migrate(_)
            | Action::AddMigration(_)
            | Action::EditMigration(_)
            | Action::ExpectGate(_)
            | Action::ResolveConnection(_)
            | Action::Reachable
            | Action::ExpectPlan(_) => {}
        }
    }
}
