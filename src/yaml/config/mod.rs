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
use super::text::quote;
use super::{Fields, Findings, Node, Spanned, parse_into, read, schema};
use crate::diag::{Diagnostic, Phase, Source, Span};
use crate::engine::Engine;
use crate::model::Ident;

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

pub(super) const ENGINES: [(&str, Engine); 2] =
    [("mssql", Engine::Mssql), ("sqlite", Engine::Sqlite)];
pub(super) const EDITIONS: [(&str, Edition); 3] = [
    ("azure", Edition::Azure),
    ("enterprise", Edition::Enterprise),
    ("standard", Edition::Standard),
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
        read_config(&node, &mut config, &findings);
    }
    let mut list = findings.into_list();
    list.sort_by_key(|finding| finding.span.as_ref().map(|span| span.range.start));
    (config, list)
}

/// Takes a setting over if it is there and right.
fn set<T>(setting: &mut Setting<T>, read: Option<Spanned<T>>) {
    if let Some(read) = read {
        *setting = read.into();
    }
}

fn read_config(node: &Node, config: &mut Config, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "the configuration", findings) else {
        return;
    };
    let naming = fields.optional("naming", |node, findings| {
        read::one_of(node, &NAMINGS, findings)
    });
    set(&mut config.naming, naming);
    if let Some(tenant) = fields.optional("tenant", tenant) {
        config.tenant = tenant;
    }
    set(&mut config.targets, fields.optional("targets", targets));
    fields.optional("mssql", |node, findings| {
        mssql(node, &mut config.mssql, findings);
        Some(())
    });
    let environments = fields.optional("environments", environments);
    let given = environments.is_some();
    config.environments = environments.unwrap_or_else(|| config.environments.clone());
    let default = fields.optional("defaultEnvironment", read::filled_text);
    match (&default, config.environments.keys().next()) {
        (Some(name), _) if !config.environments.contains_key(&name.value) => {
            findings.add_with_help(
                "config/unknown-environment",
                name.span.clone(),
                format!("there is no environment {}", quote(&name.value)),
                format!(
                    "the environments are {}",
                    config
                        .environments
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            );
        }
        // `local` need not exist when a file declares its own.
        (None, Some(first)) if given && !config.environments.contains_key("local") => {
            config.default_environment.value = first.clone();
        }
        _ => {}
    }
    set(&mut config.default_environment, default);
    fields.optional("drift", |node, findings| {
        drift(node, &mut config.drift, findings);
        Some(())
    });
    fields.optional("folders", |node, findings| {
        folders(node, &mut config.folders, findings);
        Some(())
    });
    fields.finish();
}

/// `off`, or the column and the tables that are exempt.
fn tenant(node: &Node, findings: &Findings) -> Option<Option<Tenant>> {
    if node.scalar().as_deref() == Some("off") {
        return Some(None);
    }
    let mut fields = Fields::open(node, "`tenant` that is not `off`", findings)?;
    let column = fields.optional("column", read::filled_text);
    let exempt = fields.optional("exempt", read::texts);
    fields.finish();
    Some(Some(Tenant {
        column: column.map_or_else(
            || Setting::default_of(Ident::new("tenantId")),
            |column| column.map(Ident::new).into(),
        ),
        exempt: exempt
            .into_iter()
            .flatten()
            .map(|table| table.map(Ident::new).into())
            .collect(),
    }))
}

fn targets(node: &Node, findings: &Findings) -> Option<Spanned<Vec<Engine>>> {
    let engines = read::list_of(node, findings, |node, findings| {
        read::one_of(node, &ENGINES, findings)
    })?;
    let mut value: Vec<Engine> = engines.iter().map(|engine| engine.value).collect();
    value.sort();
    value.dedup();
    if value.is_empty() {
        findings.add_with_help(
            "config/targets",
            node.head(),
            "no engine is a target, so no migration could be written",
            "list mssql, sqlite or both",
        );
        return None;
    }
    Some(Spanned {
        value,
        span: node.span.clone(),
    })
}

fn mssql(node: &Node, mssql: &mut Mssql, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`mssql`", findings) else {
        return;
    };
    let name = fields.optional("schema", |node, findings| {
        let name = read::filled_text(node, findings)?;
        let text = name.value.as_str();
        if super::convention::units(text) > Ident::MAX_CHARS || text.chars().any(char::is_control) {
            findings.add(
                "config/schema",
                name.span,
                format!("{} is no name of a schema", quote(text)),
            );
            return None;
        }
        Some(name.map(Ident::new))
    });
    set(&mut mssql.schema, name);
    let edition = fields.optional("edition", |node, findings| {
        read::one_of(node, &EDITIONS, findings)
    });
    set(&mut mssql.edition, edition);
    fields.finish();
}

fn environments(node: &Node, findings: &Findings) -> Option<BTreeMap<String, Environment>> {
    let entries = read::entries(node, findings)?;
    if entries.is_empty() {
        findings.add_with_help(
            "config/unknown-environment",
            node.head(),
            "no environment is declared, so no command would have a database",
            "declare one, or remove `environments` for the defaults",
        );
        return None;
    }
    let read = entries.iter().filter_map(|(key, node)| {
        let environment = environment(&key.name, node, findings)?;
        Some((
            key.name.clone(),
            Environment {
                span: Some(key.span.clone()),
                ..environment
            },
        ))
    });
    Some(read.collect())
}

fn environment(name: &str, node: &Node, findings: &Findings) -> Option<Environment> {
    let what = format!("the environment {}", quote(name));
    let mut fields = Fields::open(node, &what, findings)?;
    let target = fields.required("target", |node, findings| {
        read::one_of(node, &ENGINES, findings)
    });
    let file = fields.optional("database", read::filled_text);
    let reference = fields.optional("connection", read::filled_text);
    let written = [fields.get("database"), fields.get("connection")];
    let head = fields.head().clone();
    fields.finish();
    let database = match (written, file, reference) {
        ([Some(node), Some(_)], ..) => {
            findings.add_with_help(
                "config/environment",
                node.head(),
                format!("{what} has both `database` and `connection`"),
                "keep one of the two",
            );
            return None;
        }
        ([None, None], ..) => {
            findings.add_with_help(
                "config/environment",
                head,
                format!("{what} says nothing about its database"),
                "add `connection: …`, or `database: PATH` for sqlite",
            );
            return None;
        }
        (_, Some(file), _) => file.map(Database::File),
        (_, _, Some(reference)) => reference.map(Database::Connection),
        (_, None, None) => return None,
    };
    let target = target?;
    if target.value == Engine::Mssql && matches!(database.value, Database::File(_)) {
        findings.add_with_help(
            "config/environment",
            database.span,
            format!("{what} is on mssql, which has no database file"),
            "write `connection: …`",
        );
        return None;
    }
    Some(Environment {
        span: None,
        target: target.into(),
        database: database.into(),
    })
}

fn drift(node: &Node, drift: &mut Drift, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`drift`", findings) else {
        return;
    };
    let scope = fields.optional("scope", |node, findings| {
        read::one_of(node, &SCOPES, findings)
    });
    set(&mut drift.scope, scope);
    if let Some(ignore) = fields.optional("ignore", |node, findings| {
        read::list_of(node, findings, suppression)
    }) {
        drift.ignore = ignore;
    }
    fields.finish();
}

fn suppression(node: &Node, findings: &Findings) -> Option<Suppression> {
    let mut fields = Fields::open(node, "an accepted drift", findings)?;
    let object = fields.required("object", |node, findings| {
        let words = OBJECTS.map(|word| (word, word.to_owned()));
        read::one_of(node, &words, findings)
    });
    let table = fields.optional("table", read::filled_text);
    let name = fields.required("name", read::filled_text);
    let owner = fields.required("owner", read::filled_text);
    let reason = fields.required("reason", read::filled_text);
    let until = fields.required("until", |node, findings| {
        let day = read::filled_text(node, findings)?;
        if !schema::is_date(&day.value) {
            findings.add_with_help(
                "config/until",
                day.span,
                format!("{} is no day of the calendar", quote(&day.value)),
                "write the last day on which the drift is accepted: 2027-01-31",
            );
            return None;
        }
        Some(day)
    });
    let span = fields.head().clone();
    fields.finish();
    Some(Suppression {
        span,
        object: object?.into(),
        table: table.map(Setting::from),
        name: name?.into(),
        owner: owner?.into(),
        reason: reason?.into(),
        until: until?.into(),
    })
}

fn folders(node: &Node, folders: &mut Folders, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`folders`", findings) else {
        return;
    };
    set(
        &mut folders.schema,
        fields.optional("schema", read::filled_text),
    );
    set(
        &mut folders.migrations,
        fields.optional("migrations", read::filled_text),
    );
    set(
        &mut folders.fixtures,
        fields.optional("fixtures", read::filled_text),
    );
    fields.finish();
}

#[cfg(test)]
mod tests;
