//! Identities that Azure is asked as, what they fetch, and why they may get nothing.
//!
//! Plain values, in every build: how Azure is asked stands in `credential` and `keyvault`.

use std::fmt;
use std::time::Duration;

use super::fault::VaultHop;
use super::{Secret, SecretError};

/// What a token for a database of Azure SQL is asked for.
pub const DATABASE_SCOPE: &str = "https://database.windows.net/.default";

/// A kind of identity, in the order in which they are tried.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum Auth {
    /// An application with a client secret: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
    ClientSecret,
    /// A federated token, as Kubernetes gives it: AZURE_FEDERATED_TOKEN_FILE
    WorkloadIdentity,
    /// The identity of the machine or app; AZURE_CLIENT_ID names a user-assigned one
    ManagedIdentity,
    /// Whoever is signed in to `az` or `azd`
    DeveloperTools,
}

impl Auth {
    /// Every kind, in the order in which they are tried.
    pub const ALL: [Self; 4] = [
        Self::ClientSecret,
        Self::WorkloadIdentity,
        Self::ManagedIdentity,
        Self::DeveloperTools,
    ];
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientSecret => "client secret",
            Self::WorkloadIdentity => "workload identity",
            Self::ManagedIdentity => "managed identity",
            Self::DeveloperTools => "developer tools",
        })
    }
}

/// Why an identity gave no token. Made of known phrases and codes, never of what a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFailure {
    /// The identity.
    pub link: Auth,
    /// Why not.
    pub reason: String,
}

impl fmt::Display for LinkFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.link, self.reason)
    }
}

/// A secret that Key Vault gave.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its value.
    pub value: Secret,
    /// The identity that it was given to.
    pub identity: Auth,
    /// The version that it is.
    pub version: Option<String>,
    /// How long the identity's token took.
    pub token_time: Duration,
    /// How long everything took.
    pub whole_time: Duration,
}

/// Which token is wanted.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The environment, for messages.
    pub environment: &'a str,
    /// What it is for, such as [`DATABASE_SCOPE`].
    pub scope: &'a str,
    /// The kind of identity that a connection string pins; `--auth` wins over it.
    pub auth: Option<Auth>,
    /// The client id that a connection string gives; AZURE_CLIENT_ID without.
    pub client_id: Option<&'a str>,
    /// The client secret that a connection string gives; AZURE_CLIENT_SECRET without.
    pub client_secret: Option<&'a Secret>,
}

impl<'a> TokenRequest<'a> {
    /// A token for the database of an environment, from whichever identity is set up.
    pub fn for_database(environment: &'a str) -> Self {
        Self {
            environment,
            scope: DATABASE_SCOPE,
            auth: None,
            client_id: None,
            client_secret: None,
        }
    }
}

/// Where access tokens come from. A token lives for about an hour; a connection that outlives it
/// is renewed by asking again and reconnecting.
pub trait TokenSource {
    /// A token, asked for anew.
    ///
    /// # Errors
    /// When no identity gives one; the error lists why, identity by identity.
    fn token(&self, request: &TokenRequest<'_>) -> Result<Secret, SecretError>;
}

/// Why Key Vault does not give a secret. Never holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultFault {
    /// No identity got a token to ask with.
    Credentials(Vec<LinkFailure>),
    /// There is no such secret, or no such version.
    NotFound,
    /// The identity may not read it.
    Denied(Auth),
    /// The vault's firewall refuses this machine.
    Firewall,
    /// It is disabled.
    Disabled,
    /// It may be used only until this time.
    Expired(Option<String>),
    /// It may be used only from this time on.
    NotYetValid(Option<String>),
    /// It has no value, or nothing but blanks.
    Empty,
    /// The vault does not accept the identity's token.
    Unauthorized(Auth),
    /// The vault is asked too often; it wants this many seconds of patience.
    Throttled(Option<u64>),
    /// The vault cannot be reached, and why.
    Unreachable(&'static str),
    /// There was no answer within this many seconds.
    TimedOut(u64),
    /// The vault answered with this status and this code.
    Refused(u16, Option<String>),
    /// The answer is not one of a vault.
    Garbled,
}

impl VaultFault {
    /// What is wrong, to follow the name of the secret.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Credentials(failures) => {
                let mut text =
                    "cannot be asked for: no identity of Microsoft Entra ID is at hand".to_owned();
                for failure in failures {
                    text.push_str(&format!("\n- {failure}"));
                }
                text
            }
            Self::NotFound => "does not exist".to_owned(),
            Self::Denied(identity) => format!("may not be read by the {identity} that asked"),
            Self::Firewall => "is kept from this machine by the vault's firewall".to_owned(),
            Self::Disabled => "is disabled".to_owned(),
            Self::Expired(None) => "has expired".to_owned(),
            Self::Expired(Some(at)) => format!("expired at {at}"),
            Self::NotYetValid(None) => "is not valid yet".to_owned(),
            Self::NotYetValid(Some(at)) => format!("is not valid before {at}"),
            Self::Empty => "is empty".to_owned(),
            Self::Unauthorized(identity) => {
                format!("is refused: the vault does not accept the token of the {identity}")
            }
            Self::Throttled(None) => {
                "cannot be read now: the vault is asked too often (429)".to_owned()
            }
            Self::Throttled(Some(seconds)) => format!(
                "cannot be read now: the vault is asked too often (429) and wants {seconds} s of patience"
            ),
            Self::Unreachable(why) => format!("cannot be reached: {why}"),
            Self::TimedOut(seconds) => format!("did not come within {seconds} s"),
            Self::Refused(status, None) => format!("cannot be read: the vault answered {status}"),
            Self::Refused(status, Some(code)) => {
                format!("cannot be read: the vault answered {status} ({code})")
            }
            Self::Garbled => "cannot be read: the answer is not one of Key Vault".to_owned(),
        }
    }

    /// What to do about it.
    pub(super) fn help(&self, environment: &str, at: &VaultHop) -> String {
        let VaultHop {
            vault,
            domain,
            secret,
            ..
        } = at;
        let set =
            format!("az keyvault secret set --vault-name {vault} --name {secret} --file FILE");
        let attributes =
            format!("az keyvault secret set-attributes --vault-name {vault} --name {secret}");
        let names = match at.named_by.as_slice() {
            [] => format!("the connection of `{environment}`"),
            names => format!("variable {}", names.join(", ")),
        };
        match self {
            Self::Credentials(_) => "set up one of these identities (on a laptop: az login), or \
                 pin the one that is meant with --auth"
                .to_owned(),
            Self::NotFound => {
                format!("create it with `{set}`, or correct the name in {names}")
            }
            Self::Denied(_) => format!(
                "give that identity the role: az role assignment create --role \"Key Vault Secrets \
                 User\" --assignee OBJECT-ID --scope \"$(az keyvault show --name {vault} --query id \
                 --output tsv)\"; a new assignment takes some minutes"
            ),
            Self::Firewall => format!(
                "run from a network that `{vault}` allows, or add this one: az keyvault \
                 network-rule add --name {vault} --ip-address ADDRESS"
            ),
            Self::Disabled => format!("enable it with `{attributes} --enabled true`"),
            Self::Expired(_) => format!(
                "change the password if there is one and store the new connection with `{set} \
                 --expires DATE`"
            ),
            Self::NotYetValid(_) => {
                format!("wait, or correct it with `{attributes} --not-before DATE`")
            }
            Self::Empty => format!("store the connection string of `{environment}` with `{set}`"),
            Self::Unauthorized(_) => format!(
                "see that the identity belongs to the tenant of `{vault}` (AZURE_TENANT_ID, or az \
                 login --tenant TENANT) and that this machine's clock is right"
            ),
            Self::Throttled(_) => "wait and run again; if it stays so, let the pipeline fetch the \
                 secret once and pass it on as a mounted file"
                .to_owned(),
            Self::Unreachable(_) | Self::TimedOut(_) => format!(
                "see that the vault's name in {names} is right and that {vault}.{domain}, port \
                 443, can be reached from here (DNS, firewall, HTTPS_PROXY, private endpoint)"
            ),
            Self::Refused(..) | Self::Garbled => format!(
                "see what `az keyvault secret show --vault-name {vault} --name {secret} --query id` \
                 says"
            ),
        }
    }
}
