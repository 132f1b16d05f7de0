//! Columns: their type, collation, default, identity and computation.

use crate::dialect::mssql::types::{self, KEY_COLLATION};
use crate::dialect::mssql::{bracketed, national};
use crate::engine::CatalogObject;
use crate::model::{Column, Computed, Default, Expression, Ident, Identity, Native, Type};

use super::source::Facts;
use super::table::Reader;
use super::text;

impl Reader<'_, '_> {
    /// The column as far as its own row tells it: no expressions, which ask for other columns.
    pub(super) fn plain_column(&mut self, row: &CatalogObject) {
        let name = Ident::new(&row.name);
        let is_computed = row.is("computed");
        let mut column = Column {
            ty: types::from_native(&declared_type(row)),
            // Whether a value that is not stored can be NULL is worked out by the server.
            nullable: row.is("nullable") || is_computed && !row.is("persisted"),
            default: None,
            identity: row.is("identity").then(|| Identity {
                seed: row.number("seed"),
                increment: row.number("increment"),
            }),
            computed: None,
            collation: None,
            description: None,
            deprecated: false,
            type_check: Ident::new(""),
            name,
        };
        if !is_computed {
            self.promised_type(&mut column);
            column.collation = self.collation(&column.ty, row);
        }
        self.column_outside(row, &column.name);
        self.table.columns.push(column);
    }

    /// Takes the type for the one that a check of the reserved name and shape promises.
    fn promised_type(&mut self, column: &mut Column) {
        let promised = match column.ty {
            Type::String(n) => Type::Key(n),
            Type::Text => Type::Json,
            _ => return,
        };
        let mut candidate = column.clone();
        candidate.ty = promised;
        let expected = types::promise(&candidate).expect("these types promise something");
        let folds = self.sources.folds_names();
        // The condition names this one column, and is read as if the table had no other.
        let mut table = self.table.clone();
        table.columns = vec![candidate.clone()];
        let found = self.source.rows("check").iter().find(|check| {
            is_reserved(&check.name)
                && check
                    .definition
                    .as_deref()
                    .is_some_and(|stored| text::is(stored, folds, &table, expected.clone()))
        });
        if let Some(check) = found {
            candidate.type_check = Ident::new(&check.name);
            self.type_checks.insert(check.name.clone());
            *column = candidate;
        }
    }

    /// The collation, unless it is the one that the column would have had anyway.
    fn collation(&self, ty: &Type, row: &CatalogObject) -> Option<Native> {
        let actual = row.fact("collation")?;
        let usual = match ty {
            Type::Key(_) => Some(KEY_COLLATION),
            _ => self.sources.collation(),
        };
        let is_usual = usual.is_some_and(|usual| usual.eq_ignore_ascii_case(actual));
        (!is_usual).then(|| Native {
            mssql: Some(actual.to_owned()),
            sqlite: None,
        })
    }

    /// Computed expressions, once all columns are known.
    pub(super) fn computations(&mut self) {
        for row in self
            .source
            .rows("column")
            .iter()
            .filter(|row| row.is("computed"))
        {
            let expression = match row.definition.as_deref() {
                Some(stored) => {
                    let column = self
                        .table
                        .columns
                        .iter()
                        .find(|c| c.name.as_str() == row.name);
                    let ty = &column.expect("every row has its column").ty;
                    text::computed(&self.table, self.sources.folds_names(), ty, stored)
                }
                None => {
                    self.hide("computed column", &row.name);
                    Expression::Opaque(String::new())
                }
            };
            let column = self
                .column_mut(&row.name)
                .expect("every row has its column");
            column.computed = Some(Computed {
                expression,
                persisted: row.is("persisted"),
            });
        }
    }

    /// Default constraints.
    pub(super) fn defaults(&mut self) {
        for row in self.source.rows("default") {
            let stored = row.definition.as_deref().unwrap_or_else(|| {
                self.hide("default", &row.name);
                ""
            });
            let name = Ident::new(&row.name);
            if let Some(column) = row
                .fact("column")
                .and_then(|column| self.column_mut(column))
            {
                column.default = Some(Default {
                    name: name.clone(),
                    value: text::default_value(&column.ty, stored),
                });
            }
            self.system_named(row, &name);
        }
    }

    /// What of a column the model cannot say.
    fn column_outside(&mut self, row: &CatalogObject, name: &Ident) {
        let table = self.full_name();
        let alter = format!("ALTER TABLE {table} ALTER COLUMN {}", bracketed(&row.name));
        let mut refuse = |kind: &str, definition: String, reason: &str, removal: Option<String>| {
            self.refuse(kind, Some(name), definition, reason.to_owned(), removal);
        };
        if row.is("masked") {
            let function = national(row.fact("maskingFunction").unwrap_or_default());
            refuse(
                "column mask",
                format!("{alter} ADD MASKED WITH (FUNCTION = {function});"),
                "the column's values are masked for principals without UNMASK",
                Some(format!("{alter} DROP MASKED;")),
            );
        }
        for (fact, addition, reason) in [
            ("sparse", "SPARSE", "the column is sparse"),
            (
                "rowGuid",
                "ROWGUIDCOL",
                "the column is the table's ROWGUIDCOL",
            ),
        ] {
            if row.is(fact) {
                refuse(
                    "column option",
                    format!("{alter} ADD {addition};"),
                    reason,
                    Some(format!("{alter} DROP {addition};")),
                );
            }
        }
        if row.is("notForReplication") {
            refuse(
                "column option",
                format!("{alter} ADD NOT FOR REPLICATION;"),
                "replication does not count up the column's identity",
                Some(format!("{alter} DROP NOT FOR REPLICATION;")),
            );
        }
        for (fact, reason) in [
            ("columnSet", "the column is the XML set of the sparse ones"),
            ("fileStream", "the column's values are kept as files"),
            ("hidden", "the column is hidden from SELECT *"),
            (
                "generatedAlways",
                "the server generates the column's values",
            ),
            (
                "encryption",
                "the column is encrypted by the client (Always Encrypted)",
            ),
            (
                "xmlCollection",
                "the column is bound to a collection of XML schemas",
            ),
            ("boundRule", "a rule is bound to the column (sp_bindrule)"),
            (
                "boundDefault",
                "a default object is bound to the column (sp_bindefault)",
            ),
        ] {
            if let Some(value) = row.fact(fact) {
                refuse(
                    "column option",
                    format!("-- {table}.{}: {fact} = {value}", bracketed(&row.name)),
                    reason,
                    None,
                );
            }
        }
    }
}

/// Whether a check's name is one that is reserved for what a type promises.
fn is_reserved(name: &str) -> bool {
    name.starts_with("ty")
}

/// The column's type as T-SQL declares it. Lengths are told in bytes.
fn declared_type(row: &CatalogObject) -> String {
    let name = row.fact("type").unwrap_or_default();
    if let Some(schema) = row.fact("typeSchema") {
        return format!("{}.{}", bracketed(schema), bracketed(name));
    }
    let length = |bytes_each: i64| match row.number("length") {
        -1 => format!("{name}(max)"),
        bytes => format!("{name}({})", bytes / bytes_each),
    };
    match name {
        "nvarchar" | "nchar" => length(2),
        "varchar" | "char" | "varbinary" | "binary" => length(1),
        "decimal" | "numeric" => {
            format!(
                "{name}({},{})",
                row.number("precision"),
                row.number("scale")
            )
        }
        "datetime2" | "datetimeoffset" | "time" => format!("{name}({})", row.number("scale")),
        "timestamp" => "rowversion".to_owned(),
        other => other.to_owned(),
    }
}
