//! The secret contract: how a setting points at a connection, and how that becomes one.
//!
//! A [`Reference`] is what stands in `dbtool.yaml`, in a variable or behind a flag. [`resolve`]
//! follows it through variables, files and Key Vault to a [`Target`]. Nothing here connects to a
//! database. Everything that speaks to Azure stands behind the feature `azure`; a [`TokenSource`]
//! gives the tokens that a database takes instead of a password.
//!
//! What may be shown is decided by lists of what is known to be harmless, never by lists of what
//! is known to be secret: a part of a connection string that is not recognised is not shown.
//! Errors name variables, files, vaults and positions, and never repeat the text they are about.

mod auth;
#[cfg(feature = "azure")]
mod credential;
mod facts;
mod fault;
#[cfg(feature = "azure")]
mod keyvault;
mod literal;
mod properties;
mod reference;
mod resolve;
mod template;
mod value;
mod vault;

#[cfg(all(test, feature = "azure"))]
mod answers;
#[cfg(all(test, feature = "azure"))]
mod fake_vault;
#[cfg(test)]
mod tests;

pub use auth::{Auth, DATABASE_SCOPE, Fetched, LinkFailure, TokenRequest, TokenSource, VaultFault};
pub use fault::{Fault, Hop, SecretError, VaultHop};
pub use literal::{InlineCredentials, Literal, LiteralError, LiteralParts};
pub use properties::PropertyError;
pub(crate) use properties::folded;
pub use reference::{Reference, ReferenceError, SqlitePath};
pub use resolve::{Lookup, Origin, Process, Resolved, SqliteLocation, Target, resolve};
pub use template::{Template, TemplateError};
pub use value::Secret;
pub use vault::{VaultError, VaultReference};

/// What stands where a secret would.
pub const REDACTED: &str = "<redacted>";

/// Whether a text is a name of an environment variable.
fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next();
    first.is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
        && characters.all(|it| it.is_ascii_alphanumeric() || it == '_')
}
