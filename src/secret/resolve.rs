//! Follows a reference to a connection.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize as _, Zeroizing};

use super::auth::{Auth, Fetched, TokenRequest, TokenSource, VaultFault};
use super::fault::{Fault, Hop, SecretError, VaultHop};
use super::literal::{InlineCredentials, Literal, Placeholders};
use super::reference::{Reference, ReferenceError, SqlitePath};
use super::template::Template;
use super::vault::{APP_SERVICE_PREFIX, VaultReference};

/// The most that a file with a connection string may hold, in bytes: what Key Vault allows, and
/// well below what a wrong path could read into memory.
pub(super) const LARGEST_FILE: usize = 64 * 1024;

/// The most steps from a reference to a connection.
pub(super) const LONGEST_TRAIL: usize = 8;

/// Where variables and files come from.
pub trait Lookup {
    /// The variable of this name, if it is set.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The bytes of a file, or a little more than `limit` of them when it is longer.
    ///
    /// # Errors
    /// When it cannot be read.
    fn file(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;

    /// Fetches a secret from Key Vault.
    ///
    /// # Errors
    /// When it cannot be had. Without an implementation, that vaults are not read.
    fn vault(&self, _secret: &VaultHop) -> Result<Fetched, Fault> {
        Err(Fault::NotBuilt)
    }
}

/// The variables of this process, the files of this machine, and the vaults that an identity of
/// this process can read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// The one identity to use; the whole chain without.
    pub auth: Option<Auth>,
}

impl Lookup for Process {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn file(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        // All at once: a buffer that grows leaves copies of a secret behind.
        let mut bytes = Vec::with_capacity(limit + 64);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[cfg(feature = "azure")]
    fn vault(&self, secret: &VaultHop) -> Result<Fetched, Fault> {
        let azure = super::keyvault::Azure::of_process(self.auth)?;
        azure.fetch(secret).map_err(Fault::Vault)
    }
}

impl TokenSource for Process {
    #[cfg(feature = "azure")]
    fn token(&self, request: &TokenRequest<'_>) -> Result<super::Secret, SecretError> {
        super::keyvault::Azure::of_process(self.auth)
            .map_err(|fault| SecretError {
                environment: request.environment.to_owned(),
                trail: Vec::new(),
                fault,
            })?
            .database_token(request)
    }

    #[cfg(not(feature = "azure"))]
    fn token(&self, request: &TokenRequest<'_>) -> Result<super::Secret, SecretError> {
        Err(SecretError {
            environment: request.environment.to_owned(),
            trail: Vec::new(),
            fault: Fault::NotBuilt,
        })
    }
}

/// Where a reference led.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The database.
    pub target: Target,
    /// Where the text that names it stood.
    pub origin: Origin,
    /// The steps taken.
    pub trail: Vec<Hop>,
    /// What Key Vault was asked, where it was: the last time.
    pub fetched: Option<Fetched>,
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
    /// In Key Vault.
    KeyVault(VaultHop),
}

/// Follows a reference through variables, files and vaults to a connection, opening nothing.
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
        fetched: None,
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
    fetched: Option<Fetched>,
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
                Reference::KeyVault(vault) => {
                    let hop = self.vault(&vault)?;
                    self.step(Hop::KeyVault(hop.clone()))?;
                    let fetched = self.lookup.vault(&hop)?;
                    if fetched.value.expose().trim().is_empty() {
                        return Err(Fault::Vault(VaultFault::Empty));
                    }
                    reference = self.returned(fetched.value.expose())?;
                    self.fetched = Some(fetched);
                    continue;
                }
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
                Some(Hop::KeyVault(hop)) => Origin::KeyVault(hop.clone()),
            };
            return Ok(Resolved {
                target,
                origin,
                trail: std::mem::take(&mut self.trail),
                fetched: self.fetched.take(),
            });
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

    /// The secret that a reference names, once its names are known to be possible.
    fn vault(&self, written: &VaultReference) -> Result<VaultHop, Fault> {
        let whole = |template: &Template| -> Result<Template, Fault> {
            let text = self.expand(template)?.replace("${", "$${");
            Template::parse(&text).map_err(|it| Fault::Reference(ReferenceError::Template(it)))
        };
        let mut named_by: Vec<String> = Vec::new();
        let templates = [&written.vault, &written.secret];
        for name in templates
            .into_iter()
            .chain(&written.version)
            .flat_map(Template::variables)
        {
            if !named_by.iter().any(|known| known == name) {
                named_by.push(name.to_owned());
            }
        }
        let reference = VaultReference {
            vault: whole(&written.vault)?,
            domain: written.domain,
            secret: whole(&written.secret)?,
            version: written.version.as_ref().map(whole).transpose()?,
        };
        reference.validate().map_err(|error| Fault::Names {
            reference: written.to_string(),
            error,
            named_by: named_by.clone(),
        })?;
        Ok(VaultHop {
            vault: reference.vault.to_string(),
            domain: reference.domain,
            secret: reference.secret.to_string(),
            version: reference.version.map(|it| it.to_string()),
            named_by,
        })
    }
}

impl Resolved {
    /// Whether a secret stands in a variable or in the reference itself. A file is where a
    /// platform mounts secrets, and a vault is made for them: what stands there is not inline.
    pub fn inline_credentials(&self) -> Option<InlineCredentials> {
        match (&self.target, &self.origin) {
            (Target::SqlServer(literal), Origin::Reference | Origin::Variable(_)) => {
                literal.inline_credentials()
            }
            (Target::SqlServer(_), Origin::File(_) | Origin::KeyVault(_))
            | (Target::Sqlite(_), _) => None,
        }
    }
}
