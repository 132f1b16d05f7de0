//! What is true of a script as a whole.

use std::collections::BTreeSet;

use super::tsql::statement::{Action, Kind, Part, Statement};
use crate::dialect::Directives;
use crate::diff::Change;
use crate::migration::Document;
use crate::model::{Column, Ident, Type};
use crate::plan::{Class, assess};

/// What is true of a script as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// It is a contract migration: destructive on purpose, with a reason.
    pub contract: bool,
    /// It runs without a transaction around it.
    pub no_transaction: bool,
    /// It has the frame that Prisma writes: BEGIN TRY, BEGIN TRAN, …, COMMIT TRAN, END TRY and a
    /// CATCH that rolls back.
    pub prisma: bool,
    /// Some of its SQL is text that is not known before it runs.
    pub dynamic: bool,
    /// Columns that its changes declare as identifiers: table and column in lower case.
    pub identifiers: BTreeSet<(String, String)>,
    /// Columns that its changes give another collation on purpose.
    pub recollated: BTreeSet<(String, String)>,
    /// Names in lower case that its changes take away or rename without losing anything: a check
    /// that is replaced by a wider one, an index that is made anew.
    pub harmless: BTreeSet<String>,
    /// What it makes, by name in lower case: modules, tables and constraints.
    pub makes: BTreeSet<String>,
}

impl Facts {
    /// The facts of a script.
    pub fn of(
        document: Option<&Document>,
        directives: Directives,
        statements: &[Statement],
    ) -> Self {
        let mut facts = Self {
            contract: document.is_some_and(|document| document.contract.is_some()),
            no_transaction: directives.no_transaction,
            prisma: is_prisma(statements),
            dynamic: statements
                .iter()
                .any(|statement| matches!(statement.kind, Kind::Unread { .. })),
            ..Self::default()
        };
        if let Some(document) = document {
            facts.read(&document.changes);
        }
        for statement in statements {
            match &statement.kind {
                Kind::Module(module) => {
                    facts.makes.insert(module.name.last().to_lowercase());
                }
                Kind::Makes(name) => {
                    facts.makes.insert(name.last().to_lowercase());
                }
                Kind::CreateTable(create) => {
                    facts.makes.insert(create.table.last().to_lowercase());
                }
                Kind::CreateIndex(index) => {
                    facts.makes.insert(index.name.folded());
                }
                Kind::AlterTable(alter) => {
                    if let Action::Add { constraints, .. } = &alter.action {
                        let names = constraints.iter().filter_map(|it| it.name.as_ref());
                        facts.makes.extend(names.map(Part::folded));
                    }
                }
                _ => {}
            }
        }
        facts
    }

    fn read(&mut self, changes: &[Change]) {
        for (change, hazard) in changes.iter().zip(assess(changes)) {
            let table = change.table().folded();
            let mut declared = |column: &Column| {
                if matches!(column.ty, Type::Key(_)) {
                    let column = column.name.folded();
                    self.identifiers.insert((table.clone(), column));
                }
            };
            match change {
                Change::CreateTable(table) => table.columns.iter().for_each(&mut declared),
                Change::AddColumn { column, .. } => declared(column),
                Change::AlterColumn { from, to, .. } => {
                    declared(to);
                    let compared = |column: &Column| {
                        let exact = matches!(column.ty, Type::Key(_));
                        (exact, column.collation.clone())
                    };
                    if compared(from) != compared(to) {
                        self.recollated.insert((table.clone(), to.name.folded()));
                    }
                }
                _ => {}
            }
            if hazard.class == Class::Destructive {
                continue;
            }
            match change {
                Change::AlterPart { from, .. } | Change::RenamePart { from, .. } => {
                    self.harmless.insert(from.name().folded());
                }
                Change::AlterColumn { from, to, .. } => {
                    self.harmless.insert(from.type_check.folded());
                    let defaults = [from, to].into_iter().filter_map(|it| it.default.as_ref());
                    self.harmless
                        .extend(defaults.map(|default| default.name.folded()));
                }
                Change::AlterTable { from, .. } => {
                    let trigger = from.append_only.as_ref();
                    self.harmless.extend(trigger.map(Ident::folded));
                }
                _ => {}
            }
        }
    }
}

fn is_prisma(statements: &[Statement]) -> bool {
    let kinds: Vec<&Kind> = statements.iter().map(|statement| &statement.kind).collect();
    let caught = kinds.iter().position(|kind| **kind == Kind::BeginCatch);
    matches!(
        kinds.as_slice(),
        [Kind::BeginTry, Kind::Transaction("BEGIN TRANSACTION"), ..]
    ) && caught.is_some_and(|caught| {
        caught >= 2
            && *kinds[caught - 1] == Kind::Control
            && *kinds[caught - 2] == Kind::Transaction("COMMIT")
            && kinds[caught..].contains(&&Kind::Transaction("ROLLBACK"))
    })
}
