//! References to Azure Key Vault, in the three spellings that people have.

use std::fmt;

use super::template::{Template, TemplateError};

/// The prefix of a reference as App Service and Functions write it, in lower case.
pub(super) const APP_SERVICE_PREFIX: &str = "@microsoft.keyvault(";

/// Where vaults live: the public cloud, and the national ones.
const DOMAINS: [&str; 3] = [
    "vault.azure.net",
    "vault.azure.cn",
    "vault.usgovcloudapi.net",
];

/// A secret in a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultReference {
    /// The vault's name.
    pub vault: Template,
    /// The domain that the vault is in: `vault.azure.net`.
    pub domain: &'static str,
    /// The secret's name.
    pub secret: Template,
    /// One version of it; the current one without.
    pub version: Option<Template>,
}

/// Why a text points at no secret in a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The name of the vault is missing or impossible.
    #[error(
        "the vault's name must have 3 to 24 letters, digits and single hyphens, begin with a letter and not end with a hyphen"
    )]
    Vault,
    /// The name of the secret is missing or impossible.
    #[error("the secret's name must have 1 to 127 letters, digits and hyphens")]
    Secret,
    /// The version is impossible.
    #[error("the secret's version must be 32 hexadecimal digits")]
    Version,
    /// The address is not that of a secret in a vault.
    #[error(
        "the address must be https://VAULT.vault.azure.net/secrets/SECRET, with /VERSION if one is meant"
    )]
    Address,
    /// The reference in App Service's spelling is broken.
    #[error(
        "it must be @Microsoft.KeyVault(SecretUri=…) or @Microsoft.KeyVault(VaultName=…;SecretName=…), with SecretVersion=… if one is meant"
    )]
    AppService,
    /// A placeholder is broken.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl VaultReference {
    /// Reads what follows `keyvault://`.
    pub(super) fn of_short(rest: &str) -> Result<Self, VaultError> {
        let parts: Vec<&str> = rest.split('/').collect();
        match parts.as_slice() {
            [vault] => Self::new(vault, DOMAINS[0], "", None),
            [vault, secret] => Self::new(vault, DOMAINS[0], secret, None),
            [vault, secret, version] => Self::new(vault, DOMAINS[0], secret, Some(version)),
            _ => Err(VaultError::Secret),
        }
    }

    /// Reads what follows `https://`.
    pub(super) fn of_address(rest: &str) -> Result<Self, VaultError> {
        let (host, path) = rest.split_once('/').ok_or(VaultError::Address)?;
        let (vault, domain) = DOMAINS
            .into_iter()
            .find_map(|domain| {
                // Hosts are compared without regard to case; the vault keeps its spelling.
                let split = host.len().checked_sub(domain.len() + 1)?;
                let (vault, tail) = (host.get(..split)?, host.get(split..)?);
                let same = tail.strip_prefix('.')?.eq_ignore_ascii_case(domain);
                same.then_some((vault, domain))
            })
            .ok_or(VaultError::Address)?;
        let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        match parts.as_slice() {
            ["secrets", secret] => Self::new(vault, domain, secret, None),
            ["secrets", secret, version] => Self::new(vault, domain, secret, Some(version)),
            _ => Err(VaultError::Address),
        }
    }

    /// Reads what follows `@Microsoft.KeyVault(`.
    pub(super) fn of_app_service(rest: &str) -> Result<Self, VaultError> {
        let inside = rest.strip_suffix(')').ok_or(VaultError::AppService)?;
        let (mut uri, mut vault, mut secret, mut version) = (None, None, None, None);
        for pair in inside.split(';').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair.split_once('=').ok_or(VaultError::AppService)?;
            let place = match key.trim().to_ascii_lowercase().as_str() {
                "secreturi" => &mut uri,
                "vaultname" => &mut vault,
                "secretname" => &mut secret,
                "secretversion" => &mut version,
                _ => return Err(VaultError::AppService),
            };
            if place.replace(value.trim()).is_some() {
                return Err(VaultError::AppService);
            }
        }
        match (uri, vault, secret, version) {
            (Some(uri), None, None, None) => {
                let scheme = uri.get(..8).unwrap_or_default();
                if !scheme.eq_ignore_ascii_case("https://") {
                    return Err(VaultError::Address);
                }
                Self::of_address(&uri[8..])
            }
            (None, Some(vault), Some(secret), version) => {
                let version = version.filter(|it| !it.is_empty());
                Self::new(vault, DOMAINS[0], secret, version)
            }
            _ => Err(VaultError::AppService),
        }
    }

    fn new(
        vault: &str,
        domain: &'static str,
        secret: &str,
        version: Option<&str>,
    ) -> Result<Self, VaultError> {
        let reference = Self {
            vault: Template::parse(vault)?,
            domain,
            secret: Template::parse(secret)?,
            version: version.map(Template::parse).transpose()?,
        };
        reference.validate()?;
        Ok(reference)
    }

    /// Checks the names that hold no placeholder.
    pub(super) fn validate(&self) -> Result<(), VaultError> {
        let fine = |name: &Template, rule: fn(&str) -> bool| name.plain().is_none_or(rule);
        if !fine(&self.vault, is_vault_name) {
            return Err(VaultError::Vault);
        }
        if !fine(&self.secret, is_secret_name) {
            return Err(VaultError::Secret);
        }
        match &self.version {
            Some(version) if !fine(version, is_version) => Err(VaultError::Version),
            _ => Ok(()),
        }
    }
}

fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.starts_with(|it: char| it.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '-')
}

fn is_secret_name(name: &str) -> bool {
    (1..=127).contains(&name.len())
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '-')
}

fn is_version(version: &str) -> bool {
    version.len() == 32 && version.chars().all(|it| it.is_ascii_hexdigit())
}

impl fmt::Display for VaultReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vault, domain, secret) = (&self.vault, self.domain, &self.secret);
        match domain == DOMAINS[0] {
            true => write!(f, "keyvault://{vault}/{secret}")?,
            false => write!(f, "https://{vault}.{domain}/secrets/{secret}")?,
        }
        match &self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}
