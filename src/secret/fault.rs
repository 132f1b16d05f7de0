//! Why a reference leads to no connection, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use super::auth::{LinkFailure, VaultFault};
use super::literal::LiteralError;
use super::reference::ReferenceError;
use super::resolve::{LARGEST_FILE, LONGEST_TRAIL};
use super::vault::VaultError;

/// A step from a reference to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// Through a variable.
    Variable(String),
    /// Through a file.
    File(PathBuf),
    /// Through a secret in Key Vault.
    KeyVault(VaultHop),
}

/// A secret in Key Vault as a step, placeholders replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultHop {
    /// The vault's name.
    pub vault: String,
    /// The domain that the vault is in: `vault.azure.net`.
    pub domain: &'static str,
    /// The secret's name.
    pub secret: String,
    /// The version that is asked for; the current one without.
    pub version: Option<String>,
    /// The variables that named vault, secret or version.
    pub named_by: Vec<String>,
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
    /// Key Vault does not give the secret.
    Vault(VaultFault),
    /// Microsoft Entra ID gives no token for the database, link by link.
    Token(Vec<LinkFailure>),
    /// With what these variables hold, the reference to Key Vault names nothing that can be.
    Names {
        /// The reference, placeholders as they are written.
        reference: String,
        /// What is wrong.
        error: VaultError,
        /// The variables.
        named_by: Vec<String>,
    },
    /// This machine trusts nobody over TLS, so that no vault can be asked.
    NoAuthorities,
    /// This build does not speak to Azure.
    NotBuilt,
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
            Fault::Vault(fault) => match self.trail.last() {
                Some(Hop::KeyVault(hop)) => fault.help(environment, hop),
                _ => fault.message(),
            },
            Fault::Token(_) => {
                "set up one of these identities, or pin the one that is meant with --auth".to_owned()
            }
            Fault::Names { named_by, .. } => format!(
                "correct {}, or write the names into the connection of `{environment}`",
                variables(named_by)
            ),
            Fault::NoAuthorities => {
                "install the authorities of this system (the package ca-certificates), or name a file \
                 of them with SSL_CERT_FILE"
                    .to_owned()
            }
            Fault::NotBuilt => format!(
                "let the pipeline fetch it into a variable or a mounted file, and point `{environment}` at it with env:NAME or file:PATH; or use a dbtool that is built with the feature `azure`"
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
            Fault::Vault(fault) => write!(f, " {}", fault.message()),
            Fault::Token(failures) => {
                f.write_str(" needs a token of Microsoft Entra ID, and no identity gives one")?;
                failures
                    .iter()
                    .try_for_each(|failure| write!(f, "\n- {failure}"))
            }
            Fault::Names {
                reference,
                error,
                named_by,
            } => write!(
                f,
                " is `{reference}`, which cannot be with what {} holds: {error}",
                variables(named_by)
            ),
            Fault::NoAuthorities => {
                f.write_str(" needs TLS, and this machine trusts no certificate authority")
            }
            Fault::NotBuilt => f.write_str(
                " cannot be read: this build reads secrets from `env:` and `file:` only",
            ),
        }
    }
}

fn variables(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    let word = if names.len() == 1 {
        "variable"
    } else {
        "variables"
    };
    format!("{word} {}", names.join(", "))
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::KeyVault(hop) => write!(f, "{hop}"),
        }
    }
}

impl fmt::Display for VaultHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "version `{version}` of secret `{}`", self.secret)?,
            None => write!(f, "secret `{}`", self.secret)?,
        }
        write!(f, " in Key Vault `{}`", self.vault)?;
        if self.named_by.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.named_by.iter().map(|it| format!("`{it}`")).collect();
        write!(f, " (named by {})", names.join(", "))
    }
}
