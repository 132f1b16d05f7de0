//! What may stand where a connection is asked for.

use std::fmt;
use std::str::FromStr;

use super::is_variable_name;
use super::literal::{InlineCredentials, Literal, LiteralError, Placeholders};
use super::template::{Template, TemplateError};
use super::vault::{APP_SERVICE_PREFIX, VaultError, VaultReference};

/// A pointer to a connection, or a connection itself. `Display` and `Debug` show no secret.
#[derive(Debug, Clone)]
pub enum Reference {
    /// `sqlite:PATH`, `sqlite::memory:`.
    Sqlite(SqlitePath),
    /// A connection string for SQL Server: ADO.NET, `mssql://…`, `sqlserver://…`.
    SqlServer(Literal),
    /// A secret in Key Vault, in any of its spellings.
    KeyVault(VaultReference),
    /// `env:NAME`: a variable that holds one of these.
    Variable(String),
    /// `file:PATH`: a file that holds one of these, as container platforms mount secrets.
    File(Template),
}

/// Where an SQLite database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlitePath {
    /// In memory, for as long as the connection lives.
    Memory,
    /// In a file.
    File(Template),
}

/// Why a text is no reference. Never repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// It has a line break or another control character.
    #[error("it holds a line break or another control character")]
    Control,
    /// It has none of the forms.
    #[error("it has none of the forms that dbtool knows")]
    Unknown,
    /// It looks like a file name.
    #[error("it looks like the name of a file, but names no engine")]
    BarePath,
    /// It is for a database that dbtool does not work on.
    #[error("it is for a database engine that dbtool does not work on")]
    ForeignEngine,
    /// `env:` without the name of a variable.
    #[error("`env:` is not followed by the name of a variable (letters, digits and `_`)")]
    Variable,
    /// `file:` without a path, or with a host.
    #[error("`file:` is not followed by a path on this machine")]
    File,
    /// `sqlite:` without a path.
    #[error("`sqlite:` is not followed by a path or `:memory:`")]
    Sqlite,
    /// `sqlite:` with options.
    #[error("`sqlite:` takes a path alone, without options behind a `?`")]
    SqliteOptions,
    /// A broken Key Vault reference.
    #[error("its Key Vault reference cannot be used: {0}")]
    KeyVault(#[from] VaultError),
    /// A broken connection string.
    #[error("its connection string cannot be used: {0}")]
    SqlServer(#[from] LiteralError),
    /// A broken placeholder.
    #[error("{0}")]
    Template(#[from] TemplateError),
}

impl ReferenceError {
    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::BarePath => {
                "write sqlite:PATH for a database file, file:PATH for a file that holds a connection string"
            }
            Self::File | Self::Sqlite | Self::SqliteOptions => {
                "write sqlite:PATH for a database file, sqlite::memory: for none, file:PATH for a file that holds a connection string"
            }
            Self::SqlServer(_) => {
                "quote values that contain `;`: Password=\"a;b\"; in a URL write such characters as %XX"
            }
            Self::KeyVault(_) => {
                "write keyvault://VAULT/SECRET, for example keyvault://my-vault/SqlConnectionString--Dev"
            }
            Self::Variable => "write env:NAME, for example env:DBTOOL_DATABASE_URL",
            Self::Empty
            | Self::Control
            | Self::Unknown
            | Self::ForeignEngine
            | Self::Template(_) => {
                "write one of sqlite:PATH, sqlite::memory:, Server=…;Database=…, mssql://…, sqlserver://…, keyvault://VAULT/SECRET, env:NAME, file:PATH"
            }
        }
    }
}

impl Reference {
    /// Reads a reference as settings hold it; `${NAME}` in it stands for a variable.
    ///
    /// # Errors
    /// When it has none of the forms, or a broken one.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        Self::read(text, Placeholders::Read)
    }

    pub(super) fn read(text: &str, placeholders: Placeholders) -> Result<Self, ReferenceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(ReferenceError::Control);
        }
        if let Some(rest) = after(text, APP_SERVICE_PREFIX) {
            return Ok(Self::KeyVault(VaultReference::of_app_service(rest)?));
        }
        if let Some(rest) = after(text, "keyvault://") {
            return Ok(Self::KeyVault(VaultReference::of_short(rest)?));
        }
        if let Some(rest) = after(text, "https://") {
            return Ok(Self::KeyVault(VaultReference::of_address(rest)?));
        }
        if let Some(name) = after(text, "env:") {
            return match is_variable_name(name) {
                true => Ok(Self::Variable(name.to_owned())),
                false => Err(ReferenceError::Variable),
            };
        }
        if let Some(path) = after(text, "file:") {
            return match local_path(path) {
                Some(path) => Ok(Self::File(Template::parse(path)?)),
                None => Err(ReferenceError::File),
            };
        }
        if let Some(path) = after(text, "sqlite:") {
            return sqlite(path).map(Self::Sqlite);
        }
        if Literal::is_url(text) || Literal::is_ado(text) {
            return Ok(Self::SqlServer(Literal::parse(text, placeholders)?));
        }
        Err(unknown(text))
    }

    /// Whether a secret stands in the reference itself.
    pub fn inline_credentials(&self) -> Option<InlineCredentials> {
        match self {
            Self::SqlServer(literal) => literal.inline_credentials(),
            Self::Sqlite(_) | Self::KeyVault(_) | Self::Variable(_) | Self::File(_) => None,
        }
    }

    /// The reference as it may be shown.
    pub fn redacted(&self) -> String {
        self.to_string()
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse(text)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(SqlitePath::Memory) => f.write_str("sqlite::memory:"),
            Self::Sqlite(SqlitePath::File(path)) => write!(f, "sqlite:{path}"),
            Self::SqlServer(literal) => write!(f, "{literal}"),
            Self::KeyVault(vault) => write!(f, "{vault}"),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

/// What follows a prefix, whose case does not matter.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    let same = head.eq_ignore_ascii_case(prefix);
    same.then(|| &text[prefix.len()..])
}

/// A path, also when it is written as a URL with nothing or `localhost` for a host.
fn local_path(path: &str) -> Option<&str> {
    let path = match path.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => return (!path.is_empty()).then_some(path),
    };
    (path.starts_with('/') && path.len() > 1).then_some(path)
}

fn sqlite(path: &str) -> Result<SqlitePath, ReferenceError> {
    // `sqlite://PATH` is how other tools write it, relative paths included.
    let path = path.strip_prefix("//").unwrap_or(path);
    match path {
        "" => Err(ReferenceError::Sqlite),
        ":memory:" => Ok(SqlitePath::Memory),
        path if path.contains('?') => Err(ReferenceError::SqliteOptions),
        path => Ok(SqlitePath::File(Template::parse(path)?)),
    }
}

fn unknown(text: &str) -> ReferenceError {
    let foreign = [
        "postgres:",
        "postgresql:",
        "mysql:",
        "mariadb:",
        "oracle:",
        "mongodb:",
        "jdbc:",
    ];
    if foreign.iter().any(|scheme| after(text, scheme).is_some()) {
        return ReferenceError::ForeignEngine;
    }
    let lower = text.to_lowercase();
    let endings = [".db", ".sqlite", ".sqlite3", ".db3"];
    match lower == ":memory:" || endings.iter().any(|ending| lower.ends_with(ending)) {
        true => ReferenceError::BarePath,
        false => ReferenceError::Unknown,
    }
}
