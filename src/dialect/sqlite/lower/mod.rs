//! From a neutral schema to what a SQLite file holds.
//!
//! Owns tables, columns and parts; `expression` turns the portable language into SQLite's,
//! `default` writes defaults. What SQLite has no place for (descriptions, clustering, included
//! columns of unique indexes) is left out; what would change the meaning is a finding.
//!
//! Decimals are held as whole numbers, scaled by 10^scale, and so are the constants beside them.
//! A table that has been through that must not go through it again: the type check of such a column
//! says `…ScaledBy10000`, to readers of the database and to [`is_scaled`].

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Phase};
use crate::model::{
    Column, Computed, Default, DefaultValue, Expression, Ident, Identity, Index, KeyColumn, Native,
    ObjectPath, Part, Schema, Table, Type,
};

use super::create::{is_whole_primary_key, loose_column, triggers};
use super::interpret::understood;
use super::{trigger, type_check};

mod default;
pub(super) use default::sql as default_sql;

mod expression;
mod scale;

/// The schema in engine form, and what SQLite cannot express of it.
pub(super) fn lower(schema: &Schema) -> (Schema, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let tables: Vec<Table> = schema
        .tables
        .values()
        .map(|table| {
            let mut lowering = Lowering {
                table,
                scaled: is_scaled(table),
                findings: &mut findings,
            };
            lowering.table()
        })
        .collect();
    clashes(&tables, &mut findings);
    (Schema::new(tables), findings)
}

/// Whether the constants beside decimals of the table are scaled already.
fn is_scaled(table: &Table) -> bool {
    table.columns.iter().any(|column| {
        scale_mark(&column.ty).is_some_and(|mark| column.type_check.as_str().ends_with(&mark))
    })
}

/// How the name of the type check of a scaled column ends.
fn scale_mark(ty: &Type) -> Option<String> {
    match ty {
        Type::Decimal { precision, scale } if *precision <= type_check::MAX_PRECISION => {
            (*scale > 0).then(|| format!("ScaledBy1{}", "0".repeat((*scale).into())))
        }
        _ => None,
    }
}

struct Lowering<'a> {
    table: &'a Table,
    scaled: bool,
    findings: &'a mut Vec<Diagnostic>,
}

impl Lowering<'_> {
    fn refuse(
        &mut self,
        code: &'static str,
        member: Option<&Ident>,
        message: String,
        help: impl Into<String>,
    ) {
        let path = ObjectPath {
            table: self.table.name.clone(),
            member: member.cloned(),
        };
        self.findings.push(
            Diagnostic::error(Phase::Schema, code, message)
                .at(path)
                .help(help),
        );
    }

    fn table(&mut self) -> Table {
        let name = &self.table.name;
        if name.folded().starts_with("sqlite_") {
            self.refuse(
                "sqlite/reserved-name",
                None,
                format!("table {name} cannot be created: SQLite keeps names that start with sqlite_ for itself"),
                "choose another name",
            );
        }
        let columns: Vec<Column> = self
            .table
            .columns
            .iter()
            .map(|column| self.column(column))
            .collect();
        let mut parts: Vec<Part> = self
            .table
            .parts
            .iter()
            .filter_map(|part| self.part(part))
            .collect();
        // As a catalog tells them: constraints as they stand in CREATE TABLE, indexes by name.
        parts.sort_by(|a, b| {
            let order = |part: &Part| match part {
                Part::Index(index) => (part.kind(), Some(index.name.clone())),
                _ => (part.kind(), None),
            };
            order(a).cmp(&order(b))
        });
        let table = Table {
            name: name.clone(),
            description: None,
            append_only: self.table.append_only.clone(),
            columns,
            parts,
        };
        self.not_strict(&table);
        table
    }

    /// Says that a native type makes the whole table an ordinary one: it may be a slip of the pen.
    fn not_strict(&mut self, table: &Table) {
        let Some(column) = loose_column(table) else {
            return;
        };
        self.findings.push(
            Diagnostic::warning(
                Phase::Schema,
                "sqlite/not-strict",
                format!(
                    "table {} is no STRICT table on SQLite, because of the type {} of {}: its \
                     columns take values of any type",
                    table.name,
                    type_check::storage(&column.ty),
                    column.name
                ),
            )
            .at(ObjectPath::member(&table.name, &column.name))
            .help("leave it for a table that another tool made; else use INTEGER, REAL, TEXT, BLOB or ANY"),
        );
    }

    fn column(&mut self, column: &Column) -> Column {
        let ty = self.ty(column);
        let type_check = match &ty {
            Type::Native(_) => Ident::new(""),
            ty => match scale_mark(ty) {
                Some(mark) if !column.type_check.as_str().ends_with(&mark) => {
                    Ident::new(format!("{}{mark}", column.type_check))
                }
                _ => column.type_check.clone(),
            },
        };
        let in_key = self
            .table
            .primary_key()
            .is_some_and(|key| key.columns.iter().any(|key| key.column == column.name));
        Column {
            name: column.name.clone(),
            ty,
            nullable: column.nullable && !in_key,
            default: self.default(column),
            identity: column
                .identity
                .and_then(|identity| self.identity(column, identity)),
            computed: column
                .computed
                .as_ref()
                .map(|computed| self.computed(column, computed, in_key)),
            collation: column.collation.as_ref().and_then(collation),
            description: None,
            deprecated: false,
            type_check,
        }
    }

    fn ty(&mut self, column: &Column) -> Type {
        let name = format!("{}.{}", self.table.name, column.name);
        match &column.ty {
            Type::Native(native) => {
                let sqlite = native.sqlite.clone();
                if sqlite.is_none() {
                    self.refuse(
                        "sqlite/no-native-type",
                        Some(&column.name),
                        format!("column {name} cannot be created on SQLite: its native type has no text for it"),
                        "add sqlite: with one of INTEGER, REAL, TEXT, BLOB and ANY to the native type",
                    );
                }
                Type::Native(Native {
                    mssql: None,
                    sqlite,
                })
            }
            Type::Decimal { precision, scale } if *precision > type_check::MAX_PRECISION => {
                self.refuse(
                    "sqlite/decimal-too-long",
                    Some(&column.name),
                    format!(
                        "column {name} cannot be held exactly on SQLite: decimal({precision},{scale}) \
                         has more digits than a 64-bit integer"
                    ),
                    format!(
                        "use at most {} digits, or a native type for each engine",
                        type_check::MAX_PRECISION
                    ),
                );
                column.ty.clone()
            }
            Type::RowVersion if trigger::row_version(self.table, column).is_none() => {
                self.refuse(
                    "sqlite/row-version",
                    Some(&column.name),
                    format!(
                        "column {name} cannot count changes on SQLite: columns named rowid, _rowid_ \
                         and oid hide the row's own id from the trigger"
                    ),
                    "rename one of them",
                );
                column.ty.clone()
            }
            ty => ty.clone(),
        }
    }

    fn default(&mut self, column: &Column) -> Option<Default> {
        let default = column.default.as_ref()?;
        match default::sql(&column.ty, &default.value) {
            Ok(sql) => Some(Default {
                name: default.name.clone(),
                value: DefaultValue::Sql(sql?),
            }),
            Err(why) => {
                self.refuse(
                    "sqlite/default",
                    Some(&column.name),
                    format!(
                        "the default of {}.{} cannot be held on SQLite: {why}",
                        self.table.name, column.name
                    ),
                    format!(
                        "give a value that a {} can hold, or a native default",
                        column.ty
                    ),
                );
                None
            }
        }
    }

    fn identity(&mut self, column: &Column, identity: Identity) -> Option<Identity> {
        let integer = matches!(
            column.ty,
            Type::TinyInt
                | Type::SmallInt
                | Type::Int
                | Type::BigInt
                | Type::Decimal { scale: 0, .. }
        ) || matches!(&column.ty, Type::Native(native)
            if native.sqlite.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("INTEGER")));
        let from_one = Identity {
            seed: 1,
            increment: 1,
        };
        if integer && identity == from_one && is_whole_primary_key(self.table, column) {
            return Some(identity);
        }
        self.refuse(
            "sqlite/identity",
            Some(&column.name),
            format!(
                "column {}.{} cannot count up on SQLite, which does so only for a whole number that \
                 is the primary key by itself, from 1 by 1",
                self.table.name, column.name
            ),
            "use a uuid with the default newSequentialId",
        );
        None
    }

    fn computed(&mut self, column: &Column, computed: &Computed, in_key: bool) -> Computed {
        if in_key {
            self.refuse(
                "sqlite/computed-key",
                Some(&column.name),
                format!(
                    "column {}.{} cannot be part of the primary key on SQLite, because it is computed",
                    self.table.name, column.name
                ),
                "use a unique index for it, or an ordinary column",
            );
        }
        let wanted = expression::Wanted::ValueOf(&column.ty);
        let expression = self
            .expression(&column.name, &computed.expression, wanted)
            .unwrap_or_else(|| {
                self.refuse(
                    "sqlite/no-native-expression",
                    Some(&column.name),
                    format!(
                        "column {}.{} cannot be computed on SQLite: its expression has no text for it",
                        self.table.name, column.name
                    ),
                    "add sqlite: to the expression",
                );
                Expression::Opaque("NULL".to_owned())
            });
        Computed {
            expression,
            persisted: computed.persisted,
        }
    }

    fn part(&mut self, part: &Part) -> Option<Part> {
        Some(match part {
            Part::PrimaryKey(key) => {
                let mut key = key.clone();
                key.clustered = true;
                let counts_up = |column: &Column| column.identity.is_some();
                if let [only] = key.columns.as_mut_slice()
                    && self.table.column(&only.column).is_some_and(counts_up)
                {
                    only.descending = false;
                }
                Part::PrimaryKey(key)
            }
            Part::Unique(unique) => {
                let mut unique = unique.clone();
                unique.clustered = false;
                Part::Unique(unique)
            }
            // A native check without a text for SQLite is a check that SQLite does not have.
            Part::Check(check) => {
                let mut check = check.clone();
                check.expression = self.expression(
                    &check.name,
                    &check.expression,
                    expression::Wanted::Condition,
                )?;
                Part::Check(check)
            }
            Part::ForeignKey(key) => Part::ForeignKey(key.clone()),
            Part::Index(index) => Part::Index(self.index(index)),
        })
    }

    fn index(&mut self, index: &Index) -> Index {
        let mut columns = index.columns.clone();
        if !index.unique {
            for name in &index.include {
                if !columns.iter().any(|key| key.column == *name) {
                    columns.push(KeyColumn::ascending(name.clone()));
                }
            }
        }
        let filter = index.filter.as_ref().and_then(|filter| {
            let lowered = self.expression(&index.name, filter, expression::Wanted::Condition);
            if lowered.is_none() && index.unique {
                self.refuse(
                    "sqlite/no-native-expression",
                    Some(&index.name),
                    format!(
                        "unique index {} would refuse more rows on SQLite than it should: its \
                         filter has no text for SQLite",
                        index.name
                    ),
                    "add sqlite: to the filter",
                );
            }
            lowered
        });
        Index {
            name: index.name.clone(),
            columns,
            include: Vec::new(),
            unique: index.unique,
            filter,
            clustered: false,
        }
    }

    /// `None` for a native expression that has no text for SQLite.
    fn expression(
        &mut self,
        owner: &Ident,
        expression: &Expression,
        wanted: expression::Wanted<'_>,
    ) -> Option<Expression> {
        match expression {
            Expression::Portable(expr) => {
                let scaled = match self.scaled {
                    true => Ok(expr.clone()),
                    false => scale::scaled(self.table, expr, wanted),
                };
                let expr = scaled.unwrap_or_else(|why| {
                    self.refuse(
                        "sqlite/decimal-expression",
                        Some(owner),
                        format!(
                            "the expression of {owner} on {} cannot be written for SQLite, which \
                             holds decimals as whole numbers: {why}",
                            self.table.name
                        ),
                        "compare decimals with constants or with decimals of the same scale, or \
                         write the expression for each engine",
                    );
                    expr.clone()
                });
                Some(Expression::Portable(expression::own(self.table, expr)))
            }
            Expression::Native(native) => {
                let text = native.sqlite.as_deref()?;
                let columns = self.table.columns.iter();
                let columns = columns.map(|column| column.name.as_str());
                Some(match understood(columns, text) {
                    Expression::Portable(expr) => {
                        Expression::Portable(expression::own(self.table, expr))
                    }
                    other => other,
                })
            }
            Expression::Opaque(text) => Some(Expression::Opaque(text.clone())),
        }
    }
}

/// BINARY is what a column has without saying so.
fn collation(native: &Native) -> Option<Native> {
    let text = native.sqlite.as_ref()?;
    (!text.eq_ignore_ascii_case("BINARY")).then(|| Native {
        mssql: None,
        sqlite: Some(text.clone()),
    })
}

/// Tables and indexes share one set of names in a SQLite file, and triggers have another, where on
/// SQL Server an index is named within its table.
fn clashes(tables: &[Table], findings: &mut Vec<Diagnostic>) {
    let mut objects: BTreeMap<String, String> = BTreeMap::new();
    let mut hooks: BTreeMap<String, String> = BTreeMap::new();
    for table in tables {
        objects.insert(table.name.folded(), format!("table {}", table.name));
    }
    for table in tables {
        let indexes = table.indexes().map(|index| (&index.name, "index"));
        for (name, noun) in indexes {
            let owner = format!("{noun} {name} of {}", table.name);
            clash(&mut objects, table, name, owner, findings);
        }
        for trigger in triggers(table) {
            let owner = format!("trigger {} of {}", trigger.name, table.name);
            clash(&mut hooks, table, &trigger.name, owner, findings);
        }
    }
}

fn clash(
    taken: &mut BTreeMap<String, String>,
    table: &Table,
    name: &Ident,
    owner: String,
    findings: &mut Vec<Diagnostic>,
) {
    if let Some(first) = taken.get(&name.folded()) {
        findings.push(
            Diagnostic::error(
                Phase::Schema,
                "sqlite/name-clash",
                format!("{owner} cannot be created on SQLite: {first} has the same name"),
            )
            .at(ObjectPath::member(&table.name, name))
            .help("give one of them another name"),
        );
    } else {
        taken.insert(name.folded(), owner);
    }
}

#[cfg(test)]
mod tests;
