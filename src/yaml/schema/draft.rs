//! Tables as they were read, with the place of everything that a rule may have to point at.

use crate::diag::Span;
use crate::model::{self, Ident, Part};
use crate::yaml::Spanned;

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Table {
    /// The table; its parts are in `parts`.
    pub table: model::Table,
    /// Where its name stands.
    pub place: Span,
    /// The places of its columns, in the order of the columns.
    pub columns: Vec<Column>,
    /// Its keys, checks, foreign keys and indexes.
    pub parts: Vec<Draft>,
    /// Whether a key was left out because of a finding, so that its absence proves nothing.
    pub keys_incomplete: bool,
    /// Its name before.
    pub renamed_from: Option<Spanned<Ident>>,
    /// Where `appendOnly` stands.
    pub append_only: Option<Span>,
}

/// The places of a column.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name.
    pub name: Span,
    /// Its type; the name where the type is missing.
    pub ty: Span,
    /// Whether the type was understood; otherwise the column's type stands in for it and proves
    /// nothing.
    pub typed: bool,
    /// `nullable`.
    pub nullable: Option<Span>,
    /// `default`.
    pub default: Option<Span>,
    /// The name of the default, where it was given.
    pub default_name: Option<Span>,
    /// `identity`.
    pub identity: Option<Span>,
    /// Its name before.
    pub renamed_from: Option<Spanned<Ident>>,
}

/// A part that is being read.
#[derive(Debug)]
pub(super) struct Draft {
    /// The part.
    pub part: Part,
    /// Its name where it was given, else the head of its declaration.
    pub place: Span,
    /// Whether the name was given.
    pub named: bool,
    /// Its columns' places, in key order. Empty for a check.
    pub columns: Vec<Span>,
    /// What a foreign key refers to.
    pub references: Option<Span>,
    /// The action of a foreign key that was given, on delete and on update.
    pub actions: [Option<Span>; 2],
    /// `clustered`, where it was given.
    pub clustered: Option<Span>,
}

impl Table {
    /// Its name.
    pub fn name(&self) -> &Ident {
        &self.table.name
    }

    /// A column and its places.
    pub fn column(&self, name: &Ident) -> Option<(&model::Column, &Column)> {
        self.table
            .columns
            .iter()
            .zip(&self.columns)
            .find(|(column, _)| column.name == *name)
    }

    /// Everything in the table that has a name, columns first.
    pub fn members(&self) -> Vec<(&Ident, &Span)> {
        let mut members = Vec::new();
        let columns = || self.table.columns.iter().zip(&self.columns);
        members.extend(columns().map(|(column, places)| (&column.name, &places.name)));
        members.extend(
            self.parts
                .iter()
                .map(|part| (part.part.name(), &part.place)),
        );
        members.extend(self.table.append_only.iter().zip(&self.append_only));
        for (column, places) in columns() {
            let default = places.default.as_ref().unwrap_or(&places.name);
            members.extend(column.default.iter().map(|value| (&value.name, default)));
            members.push((&column.type_check, &places.ty));
        }
        members
    }
}
