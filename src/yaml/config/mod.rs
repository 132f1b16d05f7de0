//! The configuration file `dbtool.yaml`, as plain values with the place of each.
//!
//! Owns the format and its defaults. Which environment is meant, what `${NAME}` stands for and what
//! a connection reference leads to is decided elsewhere, from the text given here.
//!
//! A password has no place in this file: one that is found is refused, and hidden in the text
//! *before* anything else reads it, so that neither a value nor a finding's source line can carry
//! it further.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::schema::{Naming, Rules, TenantRule};
use super::{Findings, Spanned, parse_into};
use crate::diag::{Diagnostic, Phase, Source, Span};
use crate::engine::Engine;
use crate::model::Ident;

mod fields;
mod secrets;

/// The name of the file.
pub const FILE_NAME: &str = "dbtool.yaml";

/// A setting and where it stands; `None` for a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Option<Span>,
}

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How names are written.
    pub naming: Setting<Naming>,
    /// Which column keeps tenants apart; `None` where nothing does.
    pub tenant: Option<Tenant>,
    /// The engines that migrations are written for, in the order of [`Engine::ALL`].
    pub targets: Setting<Vec<Engine>>,
    /// What is particular to SQL Server.
    pub mssql: Mssql,
    /// The environment that is meant when none is named.
    pub default_environment: Setting<String>,
    /// The environments by name.
    pub environments: BTreeMap<String, Environment>,
    /// How drift is judged.
    pub drift: Drift,
    /// How the SQL of migrations is judged.
    pub lint: Lint,
    /// Where the project's files are.
    pub folders: Folders,
}

/// Which column keeps tenants apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The column.
    pub column: Setting<Ident>,
    /// Tables that belong to no tenant.
    pub exempt: Vec<Setting<Ident>>,
}

/// What is particular to SQL Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mssql {
    /// The schema that holds all tables.
    pub schema: Setting<Ident>,
    /// What the server can do.
    pub edition: Setting<Edition>,
}

/// An edition of SQL Server, as far as generated SQL depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Azure SQL Database.
    Azure,
    /// Enterprise edition.
    Enterprise,
    /// Standard edition, which builds no index online.
    Standard,
}

/// A database that commands work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Where the environment is declared.
    pub span: Option<Span>,
    /// Its engine.
    pub target: Setting<Engine>,
    /// How the database is reached.
    pub database: Setting<Database>,
}

/// How a database is reached, as written: `${NAME}` is not expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of the embedded engine, relative to the project.
    File(String),
    /// A connection reference.
    Connection(String),
}

/// How drift is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What is looked at.
    pub scope: Setting<Scope>,
    /// What is known and accepted for a while.
    pub ignore: Vec<Suppression>,
}

/// What is looked at when drift is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything in the database.
    All,
    /// The declared tables and what hangs on them.
    Managed,
}

/// A drift that is known and accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Where it is declared.
    pub span: Span,
    /// The class of object, one of [`OBJECTS`].
    pub object: Setting<String>,
    /// The table, where the object hangs on one; `*` stands for any text.
    pub table: Option<Setting<String>>,
    /// The object's name; `*` stands for any text.
    pub name: Setting<String>,
    /// Who answers for it.
    pub owner: Setting<String>,
    /// Why it is accepted.
    pub reason: Setting<String>,
    /// The last day on which it is, as `2027-01-31`.
    pub until: Setting<String>,
}

/// How the SQL of migrations is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lint {
    /// The last version that is not judged: what was applied before there were rules.
    pub after: Option<Setting<String>>,
    /// Levels other than the rules' own, by one of [`LINT_RULES`].
    pub rules: BTreeMap<String, Setting<Level>>,
}

/// How much the findings of a rule matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// They are not reported.
    Off,
    /// They are reported as notes.
    Note,
    /// They are reported as warnings.
    Warning,
    /// They stop the run.
    Error,
}

/// Where the project's files are, relative to the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The entities.
    pub schema: Setting<String>,
    /// The migrations.
    pub migrations: Setting<String>,
    /// Rows and stories.
    pub fixtures: Setting<String>,
}

/// The classes of objects whose drift can be accepted.
pub const OBJECTS: [&str; 15] = [
    "table",
    "column",
    "primaryKey",
    "unique",
    "check",
    "default",
    "foreignKey",
    "index",
    "trigger",
    "view",
    "procedure",
    "function",
    "sequence",
    "synonym",
    "type",
];

/// What can be given another level: the rules, and what could not be read.
pub const LINT_RULES: [&str; 33] = [
    "L01",
    "L02",
    "L03",
    "L04",
    "L05",
    "L06",
    "L07",
    "L08",
    "L09",
    "L10",
    "L11",
    "L12",
    "L13",
    "L14",
    "L15",
    "L16",
    "L17",
    "L18",
    "L19",
    "L20",
    "L21",
    "L22",
    "L23",
    "L24",
    "L25",
    "L26",
    "L27",
    "L28",
    "L29",
    "L30",
    "L31",
    "L32",
    "not-analysed",
];

pub(super) const ENGINES: [(&str, Engine); 2] =
    [("mssql", Engine::Mssql), ("sqlite", Engine::Sqlite)];
pub(super) const EDITIONS: [(&str, Edition); 3] = [
    ("azure", Edition::Azure),
    ("enterprise", Edition::Enterprise),
    ("standard", Edition::Standard),
];
pub(super) const LEVELS: [(&str, Level); 4] = [
    ("off", Level::Off),
    ("note", Level::Note),
    ("warning", Level::Warning),
    ("error", Level::Error),
];
pub(super) const SCOPES: [(&str, Scope); 2] = [("all", Scope::All), ("managed", Scope::Managed)];
pub(super) const NAMINGS: [(&str, Naming); 2] =
    [("camelCase", Naming::CamelCase), ("off", Naming::Off)];

impl<T> Setting<T> {
    /// A value that nobody wrote.
    pub fn default_of(value: T) -> Self {
        Self { value, span: None }
    }
}

impl<T> From<Spanned<T>> for Setting<T> {
    fn from(spanned: Spanned<T>) -> Self {
        Self {
            value: spanned.value,
            span: Some(spanned.span),
        }
    }
}

impl Default for Config {
    /// What holds without a configuration file.
    fn default() -> Self {
        let text = |text: &str| Setting::default_of(text.to_owned());
        let environment = |target, database| Environment {
            span: None,
            target: Setting::default_of(target),
            database: Setting::default_of(database),
        };
        let connection = |text: &str| Database::Connection(text.to_owned());
        Self {
            naming: Setting::default_of(Naming::CamelCase),
            tenant: Some(Tenant {
                column: Setting::default_of(Ident::new("tenantId")),
                exempt: Vec::new(),
            }),
            targets: Setting::default_of(Engine::ALL.to_vec()),
            mssql: Mssql {
                schema: Setting::default_of(Ident::new("dbo")),
                edition: Setting::default_of(Edition::Azure),
            },
            default_environment: text("local"),
            environments: BTreeMap::from([
                (
                    "local".to_owned(),
                    environment(
                        Engine::Sqlite,
                        Database::File(".dbtool/local.db".to_owned()),
                    ),
                ),
                (
                    "dev".to_owned(),
                    environment(
                        Engine::Mssql,
                        connection("keyvault://${AZURE_KEY_VAULT_NAME}/SqlConnectionString--Dev"),
                    ),
                ),
                (
                    "ci".to_owned(),
                    environment(Engine::Mssql, connection("env:DBTOOL_DATABASE_URL")),
                ),
            ]),
            drift: Drift {
                scope: Setting::default_of(Scope::All),
                ignore: Vec::new(),
            },
            lint: Lint::default(),
            folders: Folders {
                schema: text("schema"),
                migrations: text("migrations"),
                fixtures: text("fixtures"),
            },
        }
    }
}

impl Config {
    /// What the configuration says about schemas.
    pub fn rules(&self) -> Rules {
        Rules {
            naming: self.naming.value,
            tenant: self.tenant.as_ref().map(|tenant| TenantRule {
                column: tenant.column.value.clone(),
                exempt: tenant
                    .exempt
                    .iter()
                    .map(|table| (table.value.clone(), table.span.clone()))
                    .collect(),
            }),
            targets: self.targets.value.clone(),
        }
    }
}

/// Reads the configuration; without a file, the defaults. What has a finding keeps its default.
pub fn load(source: Option<&Arc<Source>>) -> (Config, Vec<Diagnostic>) {
    let Some(source) = source else {
        return (Config::default(), Vec::new());
    };
    let findings = Findings::new(Phase::Schema);
    let source = secrets::hide(source, &findings);
    let mut config = Config::default();
    if let Some(node) = parse_into(&source, &findings) {
        fields::read_config(&node, &mut config, &findings);
    }
    let mut list = findings.into_list();
    list.sort_by_key(|finding| finding.span.as_ref().map(|span| span.range.start));
    (config, list)
}

#[cfg(test)]
mod tests;
