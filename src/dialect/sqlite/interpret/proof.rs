//! Types and promises that SQLite itself does not know, believed on proof alone.
//!
//! A column has a neutral type when its check, or for a row version its trigger, is word for word
//! the one that this dialect writes; a table is append-only when both its guards are.

use crate::engine::CatalogObject;
use crate::model::{Column, Ident, PartKind, Type};

use super::super::{quote, trigger, type_check};
use super::syntax::{Constraint, Rule};
use super::table::{Reader, name_of};
use super::token::{TokenKind, normalised, same_text, tokens};
use super::{create, unsupported};

impl Reader<'_, '_> {
    /// Whether a check is the type of a column, proven or edited. An edited one is refused here.
    pub(super) fn is_type_check(
        &mut self,
        constraint: &Constraint<'_>,
        text: &str,
        at: Option<usize>,
    ) -> bool {
        let Some(ty) = claimed_type(text) else {
            return false;
        };
        // A check that was added to the table later stands apart from its column.
        let named = || {
            tokens(text)
                .filter(|token| token.kind == TokenKind::Name)
                .find_map(|token| self.find(&token.value()))
        };
        let Some(at) = at.or_else(named) else {
            return false;
        };
        let declared = &self.source.syntax.columns[at].ty;
        prove(&mut self.table.columns[at], declared, constraint);
        let column = &self.table.columns[at];
        let name = check_name(constraint, text);
        if !matches!(column.ty, Type::Native(_)) {
            return column.type_check == name;
        }
        let reason = format!(
            "the check says that {} is a {ty}, but not in the words that prove it: it was edited, \
             and the column's type is unknown",
            column.name
        );
        self.refuse("type check", Some(&name), constraint.text, reason);
        true
    }

    /// Takes the triggers that keep an append-only table or a row version for what they are, and
    /// refuses all others.
    pub(super) fn triggers(&mut self) {
        let mut left: Vec<(&CatalogObject, &str)> = self.source.triggers.clone();
        for (object, _) in &self.source.triggers {
            let Some(reserved) = object.name.strip_suffix("Update").map(Ident::new) else {
                continue;
            };
            let guards = trigger::append_only(&self.table.name, &reserved);
            let is_guard = |(object, text): &(&CatalogObject, &str)| {
                guards
                    .iter()
                    .any(|guard| guard.name.as_str() == object.name && same_text(&guard.sql, text))
            };
            if left.iter().filter(|trigger| is_guard(trigger)).count() == guards.len() {
                left.retain(|trigger| !is_guard(trigger));
                self.table.append_only = Some(reserved);
                break;
            }
        }
        left.retain(|(object, text)| !self.is_version(&object.name, text));
        for (object, text) in left {
            let event = match create::trigger(text) {
                Ok(trigger) => format!("it runs {}", trigger.event),
                Err(why) => format!("its definition could not be read: {why}"),
            };
            let reason = format!(
                "{event} and is none of those, word for word, that keep a table append-only or \
                 count a row's version"
            );
            self.unsupported
                .push(unsupported(object, &reason, Some("TRIGGER")));
        }
    }

    /// Whether the trigger is the one that counts the version of a row, whose column then has the
    /// type that says so. The default of that column belongs to the type.
    fn is_version(&mut self, name: &str, text: &str) -> bool {
        for at in 0..self.table.columns.len() {
            let mut column = self.table.columns[at].clone();
            let starts_at_one =
                self.source.syntax.columns[at]
                    .constraints
                    .iter()
                    .any(|constraint| {
                        constraint.name.is_none()
                            && matches!(constraint.rule, Rule::Default { value } if value == "1")
                    });
            let declared = &self.source.syntax.columns[at].ty;
            if !starts_at_one
                || column.nullable
                || !matches!(column.ty, Type::Native(_))
                || !declared.eq_ignore_ascii_case(&type_check::storage(&Type::RowVersion))
            {
                continue;
            }
            column.type_check = Ident::new(name);
            column.ty = Type::RowVersion;
            column.default = None;
            let expected = trigger::row_version(&self.table, &column);
            if expected.is_some_and(|expected| same_text(&expected.sql, text)) {
                self.table.columns[at] = column;
                return true;
            }
        }
        false
    }
}

/// The name of the check of a column that has none.
pub(super) fn no_type_check() -> Ident {
    Ident::new("")
}

/// Gives the column the type that the constraint proves.
pub(super) fn prove(column: &mut Column, declared: &str, constraint: &Constraint<'_>) {
    if let Rule::Check { expression } = &constraint.rule
        && matches!(column.ty, Type::Native(_))
        && let Some(ty) = type_check::read(&quote(&column.name), declared, expression)
    {
        column.ty = ty;
        column.type_check = check_name(constraint, expression);
    }
}

pub(super) fn check_name(constraint: &Constraint<'_>, expression: &str) -> Ident {
    match &constraint.name {
        Some(name) => Ident::new(name),
        None => name_of(constraint, PartKind::Check.noun(), &normalised(expression)),
    }
}

/// The type that the comment at the end of a check names.
fn claimed_type(text: &str) -> Option<Type> {
    let (_, comment) = text.trim_end().strip_suffix("*/")?.rsplit_once("/*")?;
    Type::parse(comment).ok()
}
