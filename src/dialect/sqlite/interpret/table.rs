//! From what a CREATE TABLE statement says, with its indexes and triggers, to the model.
//!
//! A type is believed only when its check or trigger is, word for word, the one that this dialect
//! writes for it: STRICT alone knows five storage classes. What the model cannot say of a table
//! goes to the list of the unsupported; the rest of that table is read all the same.

use crate::dialect::Unsupported;
use crate::engine::CatalogObject;
use crate::model::{
    Check, Column, Computed, Default, DefaultValue, Expression, Ident, Identity, Index, KeyColumn,
    Native, ObjectPath, Part, PartKind, PrimaryKey, Table, Type, Unique,
};

use super::super::create::is_strict;
use super::super::quote;
use super::proof::{check_name, no_type_check, prove};
use super::text::{default_text, understood};
use super::token::normalised;
use super::{Source, Sources, create, syntax};
use syntax::{Constraint, KeyPart, Rule};

/// The table that a source describes. What the model cannot express is added to `unsupported`.
pub(super) fn read(
    source: &Source<'_>,
    sources: &Sources<'_>,
    unsupported: &mut Vec<Unsupported>,
) -> Table {
    let mut reader = Reader {
        source,
        sources,
        unsupported,
        table: Table {
            name: Ident::new(&source.object.name),
            description: None,
            append_only: None,
            columns: Vec::with_capacity(source.syntax.columns.len()),
            parts: Vec::new(),
        },
    };
    for column in &source.syntax.columns {
        reader.column(column);
    }
    reader.options();
    for (at, column) in source.syntax.columns.iter().enumerate() {
        for constraint in &column.constraints {
            reader.part(constraint, Some(at));
        }
    }
    for constraint in &source.syntax.constraints {
        reader.part(constraint, None);
    }
    for (object, text) in &source.indexes {
        reader.index(object, text);
    }
    reader.triggers();
    reader.row_id();
    reader.table
}

/// A table while it is read.
pub(super) struct Reader<'r, 's> {
    pub source: &'r Source<'s>,
    pub sources: &'r Sources<'s>,
    pub unsupported: &'r mut Vec<Unsupported>,
    pub table: Table,
}

impl Reader<'_, '_> {
    /// Says that something about a member of the table, or the table itself, is beyond the model.
    pub(super) fn refuse(
        &mut self,
        kind: &str,
        member: Option<&Ident>,
        definition: &str,
        reason: String,
    ) {
        self.unsupported.push(Unsupported {
            kind: kind.to_owned(),
            path: ObjectPath {
                table: self.table.name.clone(),
                member: member.cloned(),
            },
            definition: definition.to_owned(),
            reason,
            removal: None,
        });
    }

    fn understood(&self, text: &str) -> Expression {
        let columns = self.source.syntax.columns.iter();
        understood(columns.map(|column| column.name.as_str()), text)
    }

    fn options(&mut self) {
        // A type that STRICT does not know says it already.
        if !self.source.syntax.strict && is_strict(&self.table) {
            let reason = "the table is not STRICT, so that a column takes values of any type";
            self.refuse("table option", None, self.source.text, reason.to_owned());
        }
        if self.source.syntax.without_rowid {
            let reason = "the table is WITHOUT ROWID, which the model cannot say";
            self.refuse("table option", None, self.source.text, reason.to_owned());
        }
    }

    fn column(&mut self, syntax: &syntax::Column<'_>) {
        let name = Ident::new(&syntax.name);
        let mut column = Column {
            ty: Type::Native(Native {
                mssql: None,
                sqlite: Some(declared_type(&syntax.ty)),
            }),
            nullable: true,
            default: None,
            identity: None,
            computed: None,
            collation: None,
            description: None,
            deprecated: false,
            type_check: no_type_check(),
            name,
        };
        for constraint in &syntax.constraints {
            match &constraint.rule {
                Rule::NotNull => column.nullable = false,
                Rule::Default { value } => {
                    column.default = Some(Default {
                        name: name_of(constraint, "default", &syntax.name),
                        value: DefaultValue::Sql(default_text(value)),
                    });
                }
                Rule::Collate { collation } => {
                    column.collation = (!is_binary(collation)).then(|| Native {
                        mssql: None,
                        sqlite: Some(collation.clone()),
                    });
                }
                Rule::Generated { expression, stored } => {
                    column.computed = Some(Computed {
                        expression: self.understood(expression),
                        persisted: *stored,
                    });
                }
                Rule::PrimaryKey { .. }
                | Rule::Unique { .. }
                | Rule::Check { .. }
                | Rule::ForeignKey { .. }
                | Rule::Null => {}
            }
            if matches!(constraint.rule, Rule::NotNull | Rule::Null) {
                self.conflict(constraint, Some(&column.name));
            }
        }
        for constraint in &syntax.constraints {
            prove(&mut column, &syntax.ty, constraint);
        }
        self.table.columns.push(column);
    }

    /// An ON CONFLICT clause, unless it says what holds without it.
    fn conflict(&mut self, constraint: &Constraint<'_>, member: Option<&Ident>) {
        if let Some(action) = constraint
            .on_conflict
            .as_deref()
            .filter(|action| *action != "ABORT")
        {
            let reason =
                format!("ON CONFLICT {action} decides what becomes of a row that breaks the rule");
            self.refuse("conflict clause", member, constraint.text, reason);
        }
    }

    /// A constraint as a part of the table, unless it is a property or the type of a column. `at`
    /// is the column with which it stands.
    fn part(&mut self, constraint: &Constraint<'_>, at: Option<usize>) {
        let part = match &constraint.rule {
            Rule::PrimaryKey {
                columns,
                autoincrement,
            } => {
                let name = name_of(constraint, "primary key", &columns_text(columns));
                let Some(columns) = self.key("primary key", &name, columns, constraint.text) else {
                    return;
                };
                self.key_takes_no_null(&columns);
                if *autoincrement {
                    self.identity(&columns);
                }
                Part::PrimaryKey(PrimaryKey {
                    name,
                    columns,
                    clustered: CLUSTERED,
                })
            }
            Rule::Unique { columns } => {
                let name = name_of(constraint, "unique constraint", &columns_text(columns));
                let key = self.key("unique constraint", &name, columns, constraint.text);
                let Some(columns) = key else {
                    return;
                };
                Part::Unique(Unique {
                    name,
                    columns,
                    clustered: false,
                })
            }
            Rule::Check { expression } => {
                let name = check_name(constraint, expression);
                if self.is_type_check(constraint, expression, at) {
                    return;
                }
                Part::Check(Check {
                    name,
                    expression: self.understood(expression),
                })
            }
            Rule::ForeignKey { columns, target } => {
                let name = name_of(constraint, "foreign key", &columns.join(", "));
                Part::ForeignKey(self.foreign_key(name, columns, target, constraint.text))
            }
            Rule::NotNull
            | Rule::Null
            | Rule::Default { .. }
            | Rule::Collate { .. }
            | Rule::Generated { .. } => return,
        };
        // On a check the engine reads the clause and forgets it.
        if part.kind() != PartKind::Check {
            self.conflict(constraint, Some(part.name()));
        }
        self.add(part, constraint);
    }

    /// Adds a part under a name that is its own. The engine lets constraints share a name; parts
    /// are found by theirs.
    fn add(&mut self, part: Part, constraint: &Constraint<'_>) {
        let taken = |table: &Table, name: &Ident| {
            let same = |part: &Part| part.name().as_str().eq_ignore_ascii_case(name.as_str());
            table.parts.iter().any(same)
        };
        if !taken(&self.table, part.name()) {
            self.table.parts.push(part);
        } else if constraint.name.is_none() {
            let name = (2..)
                .map(|number| Ident::new(format!("{} {number}", part.name())))
                .find(|name| !taken(&self.table, name))
                .expect("numbers do not run out");
            self.table.parts.push(part.renamed(name));
        } else {
            let reason = "another constraint of the table has the same name".to_owned();
            self.refuse(
                part.kind().noun(),
                Some(part.name()),
                constraint.text,
                reason,
            );
        }
    }

    /// The columns of a key, spelled as they are declared. `None` when one is an expression.
    fn key(
        &mut self,
        kind: &str,
        name: &Ident,
        parts: &[KeyPart<'_>],
        text: &str,
    ) -> Option<Vec<KeyColumn>> {
        let mut columns = Vec::with_capacity(parts.len());
        for part in parts {
            let column = part.column.as_deref().and_then(|name| self.find(name));
            let Some(at) = column else {
                let reason = format!(
                    "its key has the expression {}, and the model has keys of columns only",
                    normalised(part.text)
                );
                self.refuse(kind, Some(name), text, reason);
                return None;
            };
            let column = &self.table.columns[at];
            let own = column
                .collation
                .as_ref()
                .and_then(|native| native.sqlite.as_deref());
            let own = own.unwrap_or("BINARY").to_owned();
            columns.push(KeyColumn {
                column: column.name.clone(),
                descending: part.descending,
            });
            if let Some(collation) = &part.collation
                && !collation.eq_ignore_ascii_case(&own)
            {
                let reason = format!(
                    "it compares {} by the collation {collation} instead of the column's, {own}",
                    columns.last().expect("one was just added").column
                );
                self.refuse("collation", Some(name), text, reason);
            }
        }
        Some(columns)
    }

    /// Where the column of this name is, in any case.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let same = |column: &Column| column.name.as_str().eq_ignore_ascii_case(name);
        self.table.columns.iter().position(same)
    }

    /// A column of a primary key takes no NULL, said or not, in a STRICT table and in one WITHOUT
    /// ROWID; and the row id never is NULL. Any other table lets it in where nothing is said, which
    /// no model of a key can say.
    fn key_takes_no_null(&mut self, key: &[KeyColumn]) {
        let syntax = &self.source.syntax;
        let mut lax = Vec::new();
        for (at, column) in self.table.columns.iter_mut().enumerate() {
            if !key.iter().any(|key| key.column == column.name) {
                continue;
            }
            let row_id = key.len() == 1 && syntax.columns[at].ty.eq_ignore_ascii_case("INTEGER");
            if column.nullable && !(syntax.strict || syntax.without_rowid || row_id) {
                lax.push((column.name.clone(), syntax.columns[at].text));
            }
            column.nullable = false;
        }
        for (name, text) in lax {
            let reason = "the column is in the primary key and yet takes NULL, because the table \
                          is neither STRICT nor says NOT NULL";
            self.refuse("nullable key", Some(&name), text, reason.to_owned());
        }
    }

    /// The engine takes AUTOINCREMENT on an INTEGER column that is the primary key by itself, and
    /// counts from 1 by 1.
    fn identity(&mut self, key: &[KeyColumn]) {
        for column in &mut self.table.columns {
            if key.iter().any(|key| key.column == column.name) {
                column.identity = Some(Identity {
                    seed: 1,
                    increment: 1,
                });
            }
        }
    }

    /// An INTEGER primary key without AUTOINCREMENT is the row id all the same: the engine fills it
    /// in when it is left out. The native type says just that; a type that a check proves does not.
    fn row_id(&mut self) {
        let Some([key]) = self.table.primary_key().map(|key| key.columns.as_slice()) else {
            return;
        };
        let Some(at) = self.find(key.column.as_str()) else {
            return;
        };
        let column = &self.table.columns[at];
        let syntax = &self.source.syntax.columns[at];
        if column.identity.is_none()
            && !matches!(column.ty, Type::Native(_))
            && syntax.ty.eq_ignore_ascii_case("INTEGER")
            && !self.source.syntax.without_rowid
        {
            let name = column.name.clone();
            let reason = "INTEGER PRIMARY KEY without AUTOINCREMENT makes the column the row id: \
                          the engine fills it in, and gives the numbers of deleted rows out again";
            self.refuse("row id", Some(&name), syntax.text, reason.to_owned());
        }
    }

    fn index(&mut self, object: &CatalogObject, text: &str) {
        let before = self.unsupported.len();
        let name = Ident::new(&object.name);
        match create::index(text) {
            Err(why) => {
                let reason = format!("its definition could not be read: {why}");
                self.refuse("index", Some(&name), text, reason);
            }
            Ok(syntax) => {
                if let Some(columns) = self.key("index", &name, &syntax.columns, text) {
                    let index = Part::Index(Index {
                        name: name.clone(),
                        columns,
                        include: Vec::new(),
                        unique: syntax.unique,
                        filter: syntax.filter.map(|filter| self.understood(filter)),
                        clustered: false,
                    });
                    if self.table.part(&name).is_none() {
                        self.table.parts.push(index);
                    } else {
                        let reason = "a constraint of the table has the same name".to_owned();
                        self.refuse("index", Some(&name), text, reason);
                    }
                }
            }
        }
        for finding in &mut self.unsupported[before..] {
            finding.removal = Some(format!("DROP INDEX {}", quote(&name)));
        }
    }
}

/// SQLite stores no rows in the order of a key; the model's own default says no more than that.
const CLUSTERED: bool = true;

/// The name of a constraint, or what stands for it.
pub(super) fn name_of(constraint: &Constraint<'_>, noun: &str, what: &str) -> Ident {
    match &constraint.name {
        Some(name) => Ident::new(name),
        None => Ident::unnamed(noun, what),
    }
}

fn columns_text(parts: &[KeyPart<'_>]) -> String {
    let names: Vec<&str> = parts
        .iter()
        .map(|part| part.column.as_deref().unwrap_or(part.text))
        .collect();
    names.join(", ")
}

/// A column without a type has the affinity of BLOB, and cannot be told from one that says so.
fn declared_type(text: &str) -> String {
    match text {
        "" => "BLOB".to_owned(),
        text => text.to_owned(),
    }
}

fn is_binary(collation: &str) -> bool {
    collation.eq_ignore_ascii_case("BINARY")
}
