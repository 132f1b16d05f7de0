//! The SQL of story steps.
//!
//! Statements are portable (INSERT, UPDATE, DELETE and SELECT on one table, parameters `@P1` and
//! so on); names are quoted by the dialect, and every value is a parameter. The predicate on the
//! tenant is the builder's own, first, and cannot be left out: whoever asks for a statement gives
//! the tenant, not the column.

use super::Tenancy;
use super::format::Direction;
use crate::dialect::Dialect;
use crate::engine::Value;
use crate::model::{Ident, Table, Type};

/// The parameter that holds the tenant in each statement on a table that belongs to tenants.
pub const TENANT_PARAMETER: &str = "@P1";

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The SQL.
    pub sql: String,
    /// The values of `@P1`, `@P2` and so on, as the engine stores them.
    pub parameters: Vec<Value>,
}

/// A condition whose values are known, in portable spelling.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// The same, NULL being the same as NULL.
    Equal(Value),
    /// Not the same, NULL differing from every value.
    NotEqual(Value),
    /// One of these.
    In(Vec<Value>),
    /// `>=`
    AtLeast(Value),
    /// `<=`
    AtMost(Value),
    /// `>`
    Greater(Value),
    /// `<`
    Less(Value),
}

/// A new value in an update, in portable spelling.
#[derive(Debug, Clone, PartialEq)]
pub enum Assignment {
    /// This value.
    Value(Value),
    /// What was there plus this.
    Plus(Value),
}

/// Writes statements on one table for one tenant.
#[derive(Clone)]
pub struct Builder<'a> {
    dialect: &'a dyn Dialect,
    table: &'a Table,
    tenant: Option<(&'a Ident, String)>,
}

impl<'a> Builder<'a> {
    /// A writer of statements on a table. `tenant` is bound wherever the table belongs to tenants.
    pub fn new(
        dialect: &'a dyn Dialect,
        tenancy: &'a Tenancy,
        table: &'a Table,
        tenant: String,
    ) -> Self {
        Self {
            dialect,
            table,
            tenant: tenancy.column_of(table).map(|column| (column, tenant)),
        }
    }

    /// Adds one row. With no values at all, a row of defaults.
    pub fn insert(&self, values: &[(Ident, Value)]) -> Statement {
        let mut parameters = Vec::new();
        let mut columns = Vec::new();
        let mut places = Vec::new();
        if let Some((column, tenant)) = &self.tenant {
            columns.push(self.dialect.quote(column));
            places.push(self.bind(&mut parameters, column, &Value::Text(tenant.clone())));
        }
        for (column, value) in values {
            columns.push(self.dialect.quote(column));
            places.push(self.bind(&mut parameters, column, value));
        }
        let table = self.name();
        let sql = if columns.is_empty() {
            format!("INSERT INTO {table} DEFAULT VALUES")
        } else {
            format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                columns.join(", "),
                places.join(", ")
            )
        };
        Statement { sql, parameters }
    }

    /// Changes rows of the tenant.
    pub fn update(&self, set: &[(Ident, Assignment)], filter: &[(Ident, Predicate)]) -> Statement {
        let mut parameters = Vec::new();
        // The predicate first, so that the tenant is `@P1` here too.
        let condition = self.condition(&mut parameters, filter);
        let set: Vec<String> = set
            .iter()
            .map(|(column, assignment)| {
                let name = self.dialect.quote(column);
                match assignment {
                    Assignment::Value(value) => {
                        format!("{name} = {}", self.bind(&mut parameters, column, value))
                    }
                    Assignment::Plus(value) => {
                        format!(
                            "{name} = {name} + {}",
                            self.bind(&mut parameters, column, value)
                        )
                    }
                }
            })
            .collect();
        let sql = format!("UPDATE {} SET {}{condition}", self.name(), set.join(", "));
        Statement { sql, parameters }
    }

    /// Removes rows of the tenant.
    pub fn delete(&self, filter: &[(Ident, Predicate)]) -> Statement {
        let mut parameters = Vec::new();
        let condition = self.condition(&mut parameters, filter);
        let sql = format!("DELETE FROM {}{condition}", self.name());
        Statement { sql, parameters }
    }

    /// Reads rows of the tenant.
    pub fn select(
        &self,
        columns: &[Ident],
        filter: &[(Ident, Predicate)],
        order: &[(Ident, Direction)],
    ) -> Statement {
        let mut parameters = Vec::new();
        let condition = self.condition(&mut parameters, filter);
        let columns: Vec<String> = columns
            .iter()
            .map(|name| self.dialect.quote(name))
            .collect();
        let order: Vec<String> = order
            .iter()
            .map(|(name, direction)| {
                let direction = match direction {
                    Direction::Ascending => "",
                    Direction::Descending => " DESC",
                };
                format!("{}{direction}", self.dialect.quote(name))
            })
            .collect();
        let order = match order.as_slice() {
            [] => String::new(),
            order => format!(" ORDER BY {}", order.join(", ")),
        };
        let sql = format!(
            "SELECT {} FROM {}{condition}{order}",
            columns.join(", "),
            self.name()
        );
        Statement { sql, parameters }
    }

    fn condition(&self, parameters: &mut Vec<Value>, filter: &[(Ident, Predicate)]) -> String {
        let mut conditions = Vec::new();
        if let Some((column, tenant)) = &self.tenant {
            let value = self.bind(parameters, column, &Value::Text(tenant.clone()));
            conditions.push(format!("{} = {value}", self.dialect.quote(column)));
        }
        for (column, predicate) in filter {
            conditions.push(self.predicate(parameters, column, predicate));
        }
        match conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        }
    }

    fn predicate(
        &self,
        parameters: &mut Vec<Value>,
        column: &Ident,
        predicate: &Predicate,
    ) -> String {
        let name = self.dialect.quote(column);
        let mut compare = |op: &str, value: &Value| {
            format!("{name} {op} {}", self.bind(parameters, column, value))
        };
        match predicate {
            Predicate::Equal(Value::Null) => format!("{name} IS NULL"),
            Predicate::Equal(value) => compare("=", value),
            Predicate::NotEqual(Value::Null) => format!("{name} IS NOT NULL"),
            Predicate::NotEqual(value) => {
                format!("({} OR {name} IS NULL)", compare("<>", value))
            }
            Predicate::AtLeast(value) => compare(">=", value),
            Predicate::AtMost(value) => compare("<=", value),
            Predicate::Greater(value) => compare(">", value),
            Predicate::Less(value) => compare("<", value),
            Predicate::In(values) => {
                let mut conditions: Vec<String> = Vec::new();
                if values.contains(&Value::Null) {
                    conditions.push(format!("{name} IS NULL"));
                }
                let places: Vec<String> = values
                    .iter()
                    .filter(|value| **value != Value::Null)
                    .map(|value| self.bind(parameters, column, value))
                    .collect();
                if !places.is_empty() {
                    conditions.push(format!("{name} IN ({})", places.join(", ")));
                }
                match conditions.as_slice() {
                    [] => "1 = 0".into(),
                    conditions => format!("({})", conditions.join(" OR ")),
                }
            }
        }
    }

    fn bind(&self, parameters: &mut Vec<Value>, column: &Ident, value: &Value) -> String {
        let ty = self
            .table
            .column(column)
            .map_or(&Type::Text, |column| &column.ty);
        parameters.push(self.dialect.store(ty, value.clone()));
        format!("@P{}", parameters.len())
    }

    fn name(&self) -> String {
        self.dialect.table(&self.table.name)
    }
}
