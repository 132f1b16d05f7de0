//! Follows a reference to a connection.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize as _, Zeroizing};

use super::literal::{InlineCredentials, Literal, LiteralError, Placeholders};
use super::reference::{Reference, ReferenceError, SqlitePath};
use super::template::Template;
use super::vault::{APP_SERVICE_PREFIX, VaultError, VaultReference};

/// The most that a file with a connection string may hold, in bytes: what Key Vault allows, and
/// well below what a wrong path could read into memory.
const LARGEST_FILE: usize = 64 * 1024;

/// The most steps from a reference to a connection.
const LONGEST_TRAIL: usize = 8;

/// Where variables and files come from.
pub trait Lookup {
    /// The variable of this name, if it is set.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The bytes of a file, or a little more than `limit` of them when it is longer.
    ///
    /// # Errors
    /// When it cannot be read.
    fn file(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;
}

/// The variables of this process and the files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Lookup for Process {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn file(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Where a reference led.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The database.
    pub target: Target,
    /// Where the text that names it stood.
    pub origin: Origin,
}

/// A database to connect to. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Target {
    /// SQLite.
    Sqlite(SqliteLocation),
    /// SQL Server or Azure SQL.
    SqlServer(Literal),
}

/// Where an SQLite database is, placeholders replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqliteLocation {
    /// In memory, for as long as the connection lives.
    Memory,
    /// In a file. A relative path is relative to what the one who asked says.
    File(PathBuf),
}

/// Where the text that names a database stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the reference itself.
    Reference,
    /// In a variable.
    Variable(String),
    /// In a file.
    File(PathBuf),
}

/// A step from a reference to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// Through a variable.
    Variable(String),
    /// Through a file.
    File(PathBuf),
}

/// Why a reference leads to no connection. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SecretError {
    /// The environment that was asked for.
    pub environment: String,
    /// The steps taken up to then, the last one being what the fault is about.
    pub trail: Vec<Hop>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong at the last step of a [`SecretError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The variable is not set.
    VariableMissing,
    /// The variable is set to nothing, or to blanks.
    VariableEmpty,
    /// The variable is not UTF-8.
    VariableNotText,
    /// A variable named by `${…}` is not set, or set to nothing.
    PlaceholderMissing(String),
    /// The file is not there.
    FileMissing,
    /// The file has nothing but blanks.
    FileEmpty,
    /// The file cannot be read, and what the system says.
    FileUnreadable(String),
    /// The file is not UTF-8.
    FileNotText,
    /// The file is far too long for a connection string.
    FileTooLong,
    /// The file is an SQLite database.
    FileIsDatabase,
    /// The text is a Key Vault reference that the platform left as it is.
    Unresolved,
    /// The text points back to a step that was taken already.
    Loop,
    /// There are too many steps.
    TooManySteps,
    /// The text is no reference.
    Reference(ReferenceError),
    /// The secret is in Key Vault, which this build does not read.
    KeyVault {
        /// The vault, placeholders replaced.
        vault: String,
        /// The secret, placeholders replaced.
        secret: String,
    },
}

/// Follows a reference through variables and files to a connection, opening nothing.
///
/// Placeholders are read in the reference itself; in what variables and files hold they are read
/// where a reference is, and not in connection strings, whose passwords may look like one.
///
/// # Errors
/// When a step leads nowhere; the error names the environment, the variable or file, and what to
/// do.
pub fn resolve(
    reference: &Reference,
    environment: &str,
    lookup: &dyn Lookup,
) -> Result<Resolved, SecretError> {
    let mut walk = Walk {
        lookup,
        trail: Vec::new(),
    };
    walk.follow(reference.clone()).map_err(|fault| SecretError {
        environment: environment.to_owned(),
        trail: walk.trail,
        fault,
    })
}

struct Walk<'a> {
    lookup: &'a dyn Lookup,
    trail: Vec<Hop>,
}

impl Walk<'_> {
    fn follow(&mut self, reference: Reference) -> Result<Resolved, Fault> {
        let mut reference = reference;
        loop {
            let target = match reference {
                Reference::Sqlite(SqlitePath::Memory) => Target::Sqlite(SqliteLocation::Memory),
                Reference::Sqlite(SqlitePath::File(path)) => {
                    Target::Sqlite(SqliteLocation::File(self.expand(&path)?.into()))
                }
                Reference::SqlServer(literal) => Target::SqlServer(match self.trail.is_empty() {
                    true => literal.expand(|name| self.placeholder(name))?,
                    false => literal,
                }),
                Reference::KeyVault(vault) => return Err(self.vault(&vault)?),
                Reference::Variable(name) => {
                    self.step(Hop::Variable(name.clone()))?;
                    reference = self.returned(&self.variable(&name)?)?;
                    continue;
                }
                Reference::File(path) => {
                    let path = PathBuf::from(self.expand(&path)?);
                    self.step(Hop::File(path.clone()))?;
                    reference = self.returned(&self.file(&path)?)?;
                    continue;
                }
            };
            let origin = match self.trail.last() {
                None => Origin::Reference,
                Some(Hop::Variable(name)) => Origin::Variable(name.clone()),
                Some(Hop::File(path)) => Origin::File(path.clone()),
            };
            return Ok(Resolved { target, origin });
        }
    }

    fn step(&mut self, hop: Hop) -> Result<(), Fault> {
        let known = self.trail.contains(&hop);
        self.trail.push(hop);
        if known {
            return Err(Fault::Loop);
        }
        match self.trail.len() > LONGEST_TRAIL {
            true => Err(Fault::TooManySteps),
            false => Ok(()),
        }
    }

    /// Reads what a variable or file holds.
    fn returned(&self, text: &str) -> Result<Reference, Fault> {
        let head = text.trim().get(..APP_SERVICE_PREFIX.len());
        if head.is_some_and(|it| it.eq_ignore_ascii_case(APP_SERVICE_PREFIX)) {
            return Err(Fault::Unresolved);
        }
        Reference::read(text, Placeholders::Literal).map_err(Fault::Reference)
    }

    fn variable(&self, name: &str) -> Result<Zeroizing<String>, Fault> {
        let value = self.lookup.variable(name).ok_or(Fault::VariableMissing)?;
        let value = value.into_string().map_err(|_| Fault::VariableNotText)?;
        let value = Zeroizing::new(value);
        match value.trim().is_empty() {
            true => Err(Fault::VariableEmpty),
            false => Ok(value),
        }
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<String>, Fault> {
        let bytes = self
            .lookup
            .file(path, LARGEST_FILE)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Fault::FileMissing,
                io::ErrorKind::IsADirectory => Fault::FileUnreadable("it is a folder".to_owned()),
                _ => Fault::FileUnreadable(error.to_string()),
            })?;
        if bytes.starts_with(b"SQLite format 3\0") {
            return Err(Fault::FileIsDatabase);
        }
        if bytes.len() > LARGEST_FILE {
            return Err(Fault::FileTooLong);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            error.into_bytes().zeroize();
            Fault::FileNotText
        })?;
        let text = Zeroizing::new(text);
        // Windows editors put a byte order mark in front.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => Zeroizing::new(rest.to_owned()),
            None => text,
        };
        match text.trim().is_empty() {
            true => Err(Fault::FileEmpty),
            false => Ok(text),
        }
    }

    fn placeholder(&self, name: &str) -> Result<String, Fault> {
        let value = self.lookup.variable(name).map(OsString::into_string);
        match value {
            Some(Ok(value)) if !value.is_empty() => Ok(value),
            _ => Err(Fault::PlaceholderMissing(name.to_owned())),
        }
    }

    fn expand(&self, template: &Template) -> Result<String, Fault> {
        template.expand(|name| self.placeholder(name))
    }

    /// Key Vault is not read yet: the fault that says so, once the names are known to be right.
    fn vault(&self, reference: &VaultReference) -> Result<Fault, Fault> {
        let whole = |template: &Template| -> Result<Template, Fault> {
            let text = self.expand(template)?.replace("${", "$${");
            Template::parse(&text).map_err(|it| Fault::Reference(ReferenceError::Template(it)))
        };
        let reference = VaultReference {
            vault: whole(&reference.vault)?,
            domain: reference.domain,
            secret: whole(&reference.secret)?,
            version: reference.version.as_ref().map(whole).transpose()?,
        };
        reference.validate().map_err(Fault::from)?;
        Ok(Fault::KeyVault {
            vault: reference.vault.to_string(),
            secret: reference.secret.to_string(),
        })
    }
}

impl From<LiteralError> for Fault {
    fn from(error: LiteralError) -> Self {
        Self::Reference(ReferenceError::SqlServer(error))
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::Reference(ReferenceError::KeyVault(error))
    }
}

impl Resolved {
    /// Whether a secret stands in a variable or in the reference itself. A file is where a
    /// platform mounts secrets, so what stands there is not inline.
    pub fn inline_credentials(&self) -> Option<InlineCredentials> {
        match (&self.target, &self.origin) {
            (Target::SqlServer(literal), Origin::Reference | Origin::Variable(_)) => {
                literal.inline_credentials()
            }
            (Target::SqlServer(_), Origin::File(_)) | (Target::Sqlite(_), _) => None,
        }
    }
}

impl SecretError {
    /// What to do about it.
    pub fn help(&self) -> String {
        let environment = &self.environment;
        let place = match self.trail.last() {
            Some(hop) => hop.to_string(),
            None => "the connection".to_owned(),
        };
        match &self.fault {
            Fault::VariableMissing | Fault::VariableEmpty => format!(
                "set {place} to the connection of `{environment}`, in a pipeline from its secret store, or choose another environment with --env"
            ),
            Fault::VariableNotText | Fault::FileNotText => {
                format!("put the connection into {place} as UTF-8 text")
            }
            Fault::PlaceholderMissing(name) => format!(
                "set variable `{name}`, or write its value into the connection of `{environment}`"
            ),
            Fault::FileMissing => {
                format!("see that the secret is mounted where `{environment}` expects it, or correct the path")
            }
            Fault::FileEmpty => format!("see that the secret behind {place} has a value"),
            Fault::FileUnreadable(_) => {
                format!("let the user that runs dbtool read {place}")
            }
            Fault::FileTooLong => {
                format!("see that {place} is the file that holds the connection, and nothing else")
            }
            Fault::FileIsDatabase => {
                "write sqlite:PATH for a database file; file:PATH is for a file that holds a connection string".to_owned()
            }
            Fault::Unresolved => format!(
                "see that the identity of the app may read the secret and that the reference names it rightly; or set {place} to the secret's value"
            ),
            Fault::Loop | Fault::TooManySteps => {
                format!("let {place} hold the connection itself")
            }
            Fault::Reference(error) => error.help().to_owned(),
            Fault::KeyVault { secret, .. } => format!(
                "let the pipeline fetch the secret `{secret}` into a variable or a mounted file, and point `{environment}` at it with env:NAME or file:PATH"
            ),
        }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment `{}`: ", self.environment)?;
        match self.trail.split_last() {
            None => f.write_str("its connection")?,
            Some((last, before)) => {
                write!(f, "{last}")?;
                for (at, hop) in before.iter().enumerate() {
                    let lead = if at == 0 { " (reached through " } else { ", " };
                    write!(f, "{lead}{hop}")?;
                }
                if !before.is_empty() {
                    f.write_str(")")?;
                }
            }
        }
        match &self.fault {
            Fault::VariableMissing => f.write_str(" is not set"),
            Fault::VariableEmpty | Fault::FileEmpty => f.write_str(" is empty"),
            Fault::VariableNotText | Fault::FileNotText => f.write_str(" is not UTF-8 text"),
            Fault::PlaceholderMissing(name) => {
                write!(f, " needs variable `{name}`, which is not set or empty")
            }
            Fault::FileMissing => f.write_str(" does not exist"),
            Fault::FileUnreadable(reason) => write!(f, " cannot be read: {reason}"),
            Fault::FileTooLong => {
                write!(
                    f,
                    " is longer than {LARGEST_FILE} bytes, so it is no connection"
                )
            }
            Fault::FileIsDatabase => f.write_str(" is an SQLite database, not a connection"),
            Fault::Unresolved => f.write_str(
                " still holds an unresolved @Microsoft.KeyVault(…) reference instead of the secret",
            ),
            Fault::Loop => f.write_str(" was read already: the references go round in a circle"),
            Fault::TooManySteps => {
                write!(
                    f,
                    " is more than {LONGEST_TRAIL} steps away from the setting"
                )
            }
            Fault::Reference(error) => write!(f, " cannot be used: {error}"),
            Fault::KeyVault { vault, secret } => write!(
                f,
                " is the secret `{secret}` in Key Vault `{vault}`, and this build reads secrets from `env:` and `file:` only"
            ),
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
        }
    }
}
