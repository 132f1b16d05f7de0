//! T-SQL for Azure SQL and SQL Server.
//!
//! Owns how a schema is held by the engine ([`lower`](Dialect::lower)), how steps are written as a
//! DBA would write them, and where a script's batches end. Leaves connections to `engine`.
//!
//! What the engine's own types do not promise is kept by checks of a reserved name: a `key(n)` is
//! neither empty nor ends in a space, a `json` column holds JSON. Every other type is its own
//! promise, so that its reserved name is blank in engine form.

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::dialect::{
    Batch, Capabilities, DatabaseSettings, Described, Dialect, Directives, Handover, Permission,
    Script, SplitError, Unproven, Want,
};
use crate::engine::{Catalog, Engine, Value};
use crate::model::{Expression, Ident, Native, ObjectPath, Schema, Table, Type};
use crate::plan::Step;

mod alter;
mod create;
mod handover;
mod interpret;
mod lift;
mod lower;
mod permissions;
mod property;
mod rebuild;
mod rename;
mod render;
mod spelling;
mod split;
mod trigger;
mod types;
mod values;
pub mod versions;
mod wants;
pub(crate) mod words;

#[cfg(test)]
mod tests;

/// Catalogs as a server would tell them, for tests of what is made of them.
#[cfg(test)]
pub(crate) mod simulated {
    pub(crate) use super::interpret::tests::dialect;
    pub(crate) use super::interpret::tests::simulate::simulate;
}

pub use trigger::APPEND_ONLY_ERROR;

/// The language of Azure SQL and SQL Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mssql {
    /// The database schema that every table lives in, as a plain name: `dbo`.
    pub schema: String,
    /// The edition.
    pub edition: Edition,
}

impl Mssql {
    /// The batches of a script by their bytes in it, with its directives: what
    /// [`Dialect::split`] splits, for those who point into the file.
    ///
    /// # Errors
    /// As [`Dialect::split`].
    pub fn batch_places(sql: &str) -> Result<(Vec<Range<usize>>, Directives), SplitError> {
        split::places(sql)
    }
}

/// What the server is sold as, as far as it decides what the SQL says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edition {
    /// Azure SQL Database and Managed Instance.
    #[default]
    Azure,
    /// SQL Server Enterprise or Developer.
    Enterprise,
    /// SQL Server Standard, Web or Express, which build indexes offline only.
    Standard,
}

impl Edition {
    /// Whether an index can be built while the table is written to.
    pub fn builds_online(self) -> bool {
        match self {
            Self::Azure | Self::Enterprise => true,
            Self::Standard => false,
        }
    }
}

/// A name in brackets.
pub(crate) fn bracketed(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// A national text constant.
pub(crate) fn national(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

const CAPABILITIES: Capabilities = Capabilities {
    alter_constraints: true,
    alter_column: true,
    alter_identity: false,
    alter_default: true,
    add_column_with_computed_default: true,
    drop_column: true,
    forward_foreign_keys: false,
    rename_part: true,
    rename: true,
    checks_in_order: false,
    altering_column_needs_parts_off: true,
    unproven: &[Unproven {
        what: "plan shape",
        why: "the server chooses a plan by what the tables hold, and a throwaway database holds \
              next to nothing: an index of the right shape exists, and that is all",
    }],
};

impl Dialect for Mssql {
    fn engine(&self) -> Engine {
        Engine::Mssql
    }

    fn namespace(&self) -> &str {
        &self.schema
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn lower(&self, schema: &Schema) -> (Schema, Vec<Diagnostic>) {
        lower::lower(schema)
    }

    fn interpret(&self, catalog: &Catalog) -> Described {
        interpret::interpret(self, catalog)
    }

    fn lift(&self, schema: &Schema) -> Schema {
        lift::lift(schema)
    }

    fn verbatim(&self, table: &Table, expression: &Expression) -> Native {
        Native {
            mssql: Some(spelling::expression(Some(table), expression)),
            sqlite: None,
        }
    }

    fn render(&self, steps: &[Step]) -> Vec<Batch> {
        render::render(self, steps)
    }

    fn script(&self, headline: &[String], batches: &[Batch]) -> String {
        split::script(headline, batches)
    }

    fn handover(&self, handover: &Handover) -> String {
        handover::script(self, handover)
    }

    fn split(&self, sql: &str) -> Result<Script, SplitError> {
        split::split(sql)
    }

    fn definition(&self, schema: &Schema, path: &ObjectPath) -> Option<String> {
        create::definition(self, schema, path)
    }

    fn quote(&self, name: &Ident) -> String {
        bracketed(name.as_str())
    }

    fn table(&self, name: &Ident) -> String {
        format!("{}.{}", bracketed(&self.schema), bracketed(name.as_str()))
    }

    fn table_exists(&self, name: &Ident) -> String {
        format!(
            "SELECT CASE WHEN OBJECT_ID({}, N'U') IS NULL THEN 0 ELSE 1 END AS [exists];",
            national(&self.table(name))
        )
    }

    fn wants(&self, batch: &Batch) -> Vec<Want> {
        wants::wants(&batch.sql)
    }

    fn permissions(&self) -> Vec<Permission> {
        permissions::permissions(self)
    }

    fn principal(&self) -> Option<&'static str> {
        Some(permissions::PRINCIPAL)
    }

    fn settings(&self) -> DatabaseSettings {
        permissions::SETTINGS
    }

    fn store(&self, ty: &Type, value: Value) -> Value {
        values::store(ty, value)
    }

    fn load(&self, ty: &Type, value: Value) -> Value {
        values::load(ty, value)
    }
}
