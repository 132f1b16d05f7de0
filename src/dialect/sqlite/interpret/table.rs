//! From what a CREATE TABLE statement says, with its indexes and triggers, to the model.
//!
//! A type is believed only when its check or trigger is, word for word, the one that this dialect
//! writes for it: STRICT alone knows five storage classes. What the model cannot say of a table
//! goes to the list of the unsupported; the rest of that table is read all the same.

use crate::dialect::Unsupported;
use crate::engine::CatalogObject;
use crate::model::{
    Check, Column, Computed, Default, DefaultValue, Expr, Expression, ForeignKey, Ident, Identity,
    Index, KeyColumn, Native, ObjectPath, Part, PartKind, PrimaryKey, ReferentialAction, Table,
    Type, Unique, expression,
};

use super::super::{quote, trigger, type_check};
use super::token::{TokenKind, normalised, same_text, tokens};
use super::{Source, Sources, create, folded, syntax, unsupported};
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
    reader.options();
    for column in &source.syntax.columns {
        reader.column(column);
    }
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

struct Reader<'r, 's> {
    source: &'r Source<'s>,
    sources: &'r Sources<'s>,
    unsupported: &'r mut Vec<Unsupported>,
    table: Table,
}

impl Reader<'_, '_> {
    /// Says that something about a member of the table, or the table itself, is beyond the model.
    fn refuse(&mut self, kind: &str, member: Option<&Ident>, definition: &str, reason: String) {
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
        if !self.source.syntax.strict {
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
                sqlite: Some(syntax.ty.clone()),
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
    fn find(&self, name: &str) -> Option<usize> {
        let same = |column: &Column| column.name.as_str().eq_ignore_ascii_case(name);
        self.table.columns.iter().position(same)
    }

    /// A column of a primary key takes no NULL, said or not, in a STRICT table and in one WITHOUT
    /// ROWID; and the row id never is NULL.
    fn key_takes_no_null(&mut self, key: &[KeyColumn]) {
        let syntax = &self.source.syntax;
        for (at, column) in self.table.columns.iter_mut().enumerate() {
            let row_id = key.len() == 1 && syntax.columns[at].ty.eq_ignore_ascii_case("INTEGER");
            if (syntax.strict || syntax.without_rowid || row_id)
                && key.iter().any(|key| key.column == column.name)
            {
                column.nullable = false;
            }
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
    /// in when it is left out.
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
            && syntax.ty.eq_ignore_ascii_case("INTEGER")
            && !self.source.syntax.without_rowid
        {
            let name = column.name.clone();
            let reason = "INTEGER PRIMARY KEY without AUTOINCREMENT makes the column the row id: \
                          the engine fills it in, and gives the numbers of deleted rows out again";
            self.refuse("row id", Some(&name), syntax.text, reason.to_owned());
        }
    }

    /// Whether a check is the type of a column, proven or edited. An edited one is refused here.
    fn is_type_check(
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

    fn foreign_key(
        &mut self,
        name: Ident,
        columns: &[String],
        target: &syntax::Target,
        text: &str,
    ) -> ForeignKey {
        let own = columns
            .iter()
            .map(|column| match self.find(column) {
                Some(at) => self.table.columns[at].name.clone(),
                None => Ident::new(column),
            })
            .collect();
        let found = self.sources.get(&folded(&target.table));
        let referenced_columns = match found {
            Some(found) => referenced(&found.syntax, &target.columns),
            None => target.columns.iter().map(Ident::new).collect(),
        };
        if referenced_columns.is_empty() {
            let reason = format!(
                "it refers to the primary key of {}, which has none that is known",
                target.table
            );
            self.refuse("foreign key", Some(&name), text, reason);
        }
        if target.deferred {
            let reason = "it is checked at the end of the transaction (INITIALLY DEFERRED)";
            self.refuse("foreign key", Some(&name), text, reason.to_owned());
        }
        for action in [&target.on_delete, &target.on_update] {
            if action.as_deref() == Some("RESTRICT") {
                let reason = "RESTRICT refuses at once, before the statement is over, where NO \
                              ACTION waits for its end";
                self.refuse("foreign key", Some(&name), text, reason.to_owned());
            }
        }
        ForeignKey {
            name,
            columns: own,
            references: found.map_or_else(
                || Ident::new(&target.table),
                |found| Ident::new(&found.object.name),
            ),
            referenced_columns,
            on_delete: action(target.on_delete.as_deref()),
            on_update: action(target.on_update.as_deref()),
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

    /// Takes the triggers that keep an append-only table or a row version for what they are, and
    /// refuses all others.
    fn triggers(&mut self) {
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

/// SQLite stores no rows in the order of a key; the model's own default says no more than that.
const CLUSTERED: bool = true;

/// The name of the check of a column that has none.
fn no_type_check() -> Ident {
    Ident::new("")
}

/// Gives the column the type that the constraint proves.
fn prove(column: &mut Column, declared: &str, constraint: &Constraint<'_>) {
    if let Rule::Check { expression } = &constraint.rule
        && matches!(column.ty, Type::Native(_))
        && let Some(ty) = type_check::read(&quote(&column.name), declared, expression)
    {
        column.ty = ty;
        column.type_check = check_name(constraint, expression);
    }
}

fn check_name(constraint: &Constraint<'_>, expression: &str) -> Ident {
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

/// The name of a constraint. One without a name gets one that says what it is: no two states of a
/// database then look alike, and it cannot be taken for a declared one.
fn name_of(constraint: &Constraint<'_>, noun: &str, what: &str) -> Ident {
    match &constraint.name {
        Some(name) => Ident::new(name),
        None => Ident::new(format!("(unnamed {noun}: {what})")),
    }
}

fn columns_text(parts: &[KeyPart<'_>]) -> String {
    let names: Vec<&str> = parts
        .iter()
        .map(|part| part.column.as_deref().unwrap_or(part.text))
        .collect();
    names.join(", ")
}

/// The columns that a foreign key refers to, spelled as they are declared: the primary key when it
/// names none.
fn referenced(target: &syntax::Table<'_>, columns: &[String]) -> Vec<Ident> {
    let declared = |name: &String| {
        let same = |column: &&syntax::Column<'_>| column.name.eq_ignore_ascii_case(name);
        Ident::new(
            target
                .columns
                .iter()
                .find(same)
                .map_or(name, |column| &column.name),
        )
    };
    if !columns.is_empty() {
        return columns.iter().map(declared).collect();
    }
    let own = target.columns.iter().flat_map(|column| &column.constraints);
    own.chain(&target.constraints)
        .find_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey { columns, .. } => Some(
                columns
                    .iter()
                    .filter_map(|part| part.column.as_ref())
                    .map(declared)
                    .collect(),
            ),
            _ => None,
        })
        .unwrap_or_default()
}

fn action(text: Option<&str>) -> ReferentialAction {
    match text {
        Some("CASCADE") => ReferentialAction::Cascade,
        Some("SET NULL") => ReferentialAction::SetNull,
        Some("SET DEFAULT") => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}

fn is_binary(collation: &str) -> bool {
    collation.eq_ignore_ascii_case("BINARY")
}

/// The text of a default in one layout. The engine takes a name in double quotes for text, since a
/// default cannot name a column.
pub(super) fn default_text(text: &str) -> String {
    let mut all = tokens(text).filter(|token| !token.is_blank());
    match (all.next(), all.next()) {
        (Some(only), None) if only.text.starts_with('"') && only.kind == TokenKind::Name => {
            format!("'{}'", only.value().replace('\'', "''"))
        }
        _ => normalised(text),
    }
}

/// The tree of an expression over these columns, or its text in one layout where there is none.
///
/// A name in double quotes that is no column is text to the engine, and any other name that is no
/// column would have been an error.
pub(in crate::dialect::sqlite) fn understood<'a>(
    columns: impl Iterator<Item = &'a str> + Clone,
    text: &str,
) -> Expression {
    let text = normalised(text);
    let is_column = |name: &Ident| {
        columns
            .clone()
            .chain(["rowid", "_rowid_", "oid"])
            .any(|known| known.eq_ignore_ascii_case(name.as_str()))
    };
    match expression::parse(&text) {
        Ok(expr) => Expression::Portable(expr.map(&mut |expr| match expr {
            Expr::Column(name) if !is_column(&name) => Expr::text(name.as_str()),
            other => other,
        })),
        Err(_) => Expression::Opaque(text),
    }
}
