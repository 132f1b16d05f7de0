//! The chain of identities: which of them gives a token, and why the others do not.
//!
//! Reasons are made of known phrases, numbers and codes. What a server or a tool said is read for
//! its code and never repeated: it may hold what was sent to it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, Executor, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::Secret;
use super::auth::{Auth, LinkFailure};

/// What the identities are made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) tenant: Option<String>,
    pub(super) client: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) token_file: Option<String>,
}

/// How long each identity may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For Microsoft Entra ID.
    pub(super) entra: Duration,
    /// For the endpoint of managed identities, which is on the machine or nowhere: where there is
    /// none, packets to it get lost without an answer.
    pub(super) managed: Duration,
    /// For `az` and `azd`, which take seconds to start.
    pub(super) tools: Duration,
}

/// The identities in order, as one credential for the client of the vault.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) pinned: Option<Auth>,
    pub(super) given: Given,
    pub(super) patience: Patience,
    pub(super) transport: Option<Transport>,
    pub(super) executor: Option<Arc<dyn Executor>>,
    pub(super) state: Mutex<State>,
}

/// What became of asking.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The token, with what it is for.
    token: Option<(Vec<String>, AccessToken)>,
    /// Whether identities are being asked just now.
    pub(super) asking: bool,
    /// The identity that gave it.
    pub(super) identity: Option<Auth>,
    /// Why each gave none, when none did.
    pub(super) failures: Vec<LinkFailure>,
    /// How long it took.
    pub(super) time: Duration,
}

/// Something that may give a token, how it is called among others, and how long it may take.
struct Attempt {
    label: &'static str,
    credential: Arc<dyn TokenCredential>,
    patience: Duration,
}

impl Chain {
    /// What became of asking up to now.
    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held, so there is nothing half-done in it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, scopes: &[&str]) -> Result<(Auth, AccessToken), Vec<LinkFailure>> {
        let mut failures = Vec::new();
        let mut meant = None;
        for link in Auth::ALL {
            let reason = if self.pinned.is_some_and(|pinned| pinned != link) {
                continue;
            } else if let Some(meant) = meant {
                // To go on as somebody else would hide a broken setting, and might work on the
                // wrong rights.
                format!("not tried, because the variables of the {meant} are set")
            } else {
                match self.attempts(link) {
                    Err(reason) => reason,
                    Ok(attempts) => match Self::first(attempts, scopes).await {
                        Ok(token) => return Ok((link, token)),
                        Err(reason) => {
                            if matches!(link, Auth::ClientSecret | Auth::WorkloadIdentity) {
                                meant = Some(link);
                            }
                            reason
                        }
                    },
                }
            };
            failures.push(LinkFailure { link, reason });
        }
        Err(failures)
    }

    async fn first(attempts: Vec<Attempt>, scopes: &[&str]) -> Result<AccessToken, String> {
        let mut reasons = Vec::new();
        for attempt in attempts {
            let asked = attempt.credential.get_token(scopes, None);
            let reason = match tokio::time::timeout(attempt.patience, asked).await {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(error)) => reason(&error),
                Err(_) => format!("no answer within {} s", attempt.patience.as_secs_f32()),
            };
            reasons.push(match attempt.label {
                "" => reason,
                label => format!("{label}: {reason}"),
            });
        }
        Err(reasons.join("; "))
    }

    fn client_options(&self) -> ClientOptions {
        ClientOptions {
            transport: self.transport.clone(),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        }
    }

    /// What there is to try for an identity.
    fn attempts(&self, link: Auth) -> Result<Vec<Attempt>, String> {
        let Given {
            tenant,
            client,
            client_secret,
            token_file,
        } = &self.given;
        let (credential, patience): (Arc<dyn TokenCredential>, _) = match link {
            Auth::ClientSecret => {
                let (Some(tenant), Some(client), Some(secret)) = (tenant, client, client_secret)
                else {
                    return Err(missing(&[
                        ("AZURE_TENANT_ID", tenant.is_none()),
                        ("AZURE_CLIENT_ID", client.is_none()),
                        ("AZURE_CLIENT_SECRET", client_secret.is_none()),
                    ]));
                };
                let secret = azure_core::credentials::Secret::new(secret.expose().to_owned());
                let options = ClientSecretCredentialOptions {
                    client_options: self.client_options(),
                };
                let made =
                    ClientSecretCredential::new(tenant, client.clone(), secret, Some(options))
                        .map_err(|_| unusable("AZURE_TENANT_ID or AZURE_AUTHORITY_HOST"))?;
                (made, self.patience.entra)
            }
            Auth::WorkloadIdentity => {
                let (Some(tenant), Some(client), Some(file)) = (tenant, client, token_file) else {
                    return Err(missing(&[
                        ("AZURE_FEDERATED_TOKEN_FILE", token_file.is_none()),
                        ("AZURE_TENANT_ID", tenant.is_none()),
                        ("AZURE_CLIENT_ID", client.is_none()),
                    ]));
                };
                if let Err(error) = std::fs::File::open(file) {
                    return Err(format!(
                        "the file of AZURE_FEDERATED_TOKEN_FILE cannot be read: {}",
                        error.kind()
                    ));
                }
                let options = WorkloadIdentityCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions {
                        client_options: self.client_options(),
                    },
                    client_id: Some(client.clone()),
                    tenant_id: Some(tenant.clone()),
                    token_file_path: Some(file.into()),
                };
                let made = WorkloadIdentityCredential::new(Some(options)).map_err(|_| {
                    unusable("AZURE_TENANT_ID, AZURE_AUTHORITY_HOST or the token's file")
                })?;
                (made, self.patience.entra)
            }
            Auth::ManagedIdentity => {
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: client.clone().map(UserAssignedId::ClientId),
                    client_options: self.client_options(),
                };
                let made = ManagedIdentityCredential::new(Some(options))
                    .map_err(|_| "this platform's kind of it is not supported".to_owned())?;
                (made, self.patience.managed)
            }
            Auth::DeveloperTools => return self.tools(),
        };
        Ok(vec![Attempt {
            label: "",
            credential,
            patience,
        }])
    }

    fn tools(&self) -> Result<Vec<Attempt>, String> {
        let unusable = |_| "the tools cannot be run".to_owned();
        let az = AzureCliCredential::new(Some(AzureCliCredentialOptions {
            executor: self.executor.clone(),
            ..AzureCliCredentialOptions::default()
        }));
        let azd = AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
            executor: self.executor.clone(),
            ..AzureDeveloperCliCredentialOptions::default()
        }));
        let patience = self.patience.tools;
        Ok(vec![
            Attempt {
                label: "az",
                credential: az.map_err(unusable)?,
                patience,
            },
            Attempt {
                label: "azd",
                credential: azd.map_err(unusable)?,
                patience,
            },
        ])
    }
}

#[async_trait::async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some((known, token)) = &self.state().token
            && known.iter().map(String::as_str).eq(scopes.iter().copied())
        {
            return Ok(token.clone());
        }
        let begun = Instant::now();
        self.state().asking = true;
        let asked = self.ask(scopes).await;
        let mut state = self.state();
        state.asking = false;
        state.time = begun.elapsed();
        match asked {
            Ok((identity, token)) => {
                let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
                state.identity = Some(identity);
                state.token = Some((scopes, token.clone()));
                Ok(token)
            }
            Err(failures) => {
                state.failures = failures;
                Err(azure_core::Error::with_message(
                    ErrorKind::Credential,
                    "no identity gave a token",
                ))
            }
        }
    }
}

fn missing(variables: &[(&str, bool)]) -> String {
    let names: Vec<&str> = variables
        .iter()
        .filter_map(|&(name, missing)| missing.then_some(name))
        .collect();
    match names.as_slice() {
        [name] => format!("{name} is not set"),
        names => format!("{} are not set", names.join(", ")),
    }
}

fn unusable(what: &str) -> String {
    format!("{what} cannot be used")
}

/// Why a credential gave no token, in known words.
fn reason(error: &azure_core::Error) -> String {
    let (mut status, mut unreachable, mut said) = (None, None, String::new());
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        said.push_str(&error.to_string());
        said.push('\n');
        if let Some(error) = error.downcast_ref::<azure_core::Error>() {
            match error.kind() {
                ErrorKind::HttpResponse { status: found, .. } => {
                    status = Some(u16::from(*found));
                }
                ErrorKind::Connection | ErrorKind::Io => {
                    unreachable = Some(connection_reason(error));
                }
                _ => {}
            }
        }
        cause = error.source();
    }
    if let Some(code) = entra_code(&said) {
        return match explained(&code) {
            Some(meaning) => format!("{meaning} (AADSTS{code})"),
            None => format!("Microsoft Entra ID refuses it (AADSTS{code})"),
        };
    }
    let said = said.to_lowercase();
    match (status, unreachable) {
        (Some(400), _) if said.contains("has not been assigned") => {
            "no such identity is assigned here".to_owned()
        }
        (Some(status), _) => format!("answered {status}"),
        (None, Some(why)) => why.to_owned(),
        (None, None) if said.contains("not found on path") => "is not installed".to_owned(),
        (None, None) if said.contains("login") => "is not signed in".to_owned(),
        (None, None) => "gave no token".to_owned(),
    }
}

/// Why a connection could not be made, in known words.
pub(super) fn connection_reason(error: &azure_core::Error) -> &'static str {
    let mut said = String::new();
    let mut refused = false;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        said.push_str(&error.to_string().to_lowercase());
        said.push('\n');
        refused |= error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|it| it.kind() == std::io::ErrorKind::ConnectionRefused);
        cause = error.source();
    }
    if said.contains("dns error") || said.contains("failed to lookup") {
        "its name cannot be resolved"
    } else if said.contains("certificate") {
        "its certificate is not trusted"
    } else if refused || said.contains("connection refused") {
        "the connection is refused"
    } else if said.contains("timed out") {
        "the connection timed out"
    } else {
        "the connection failed"
    }
}

/// The digits of an `AADSTS` code.
fn entra_code(said: &str) -> Option<String> {
    let rest = said.split("AADSTS").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (3..=9).contains(&digits.len()).then_some(digits)
}

/// See <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
fn explained(code: &str) -> Option<&'static str> {
    Some(match code {
        "7000215" => "the client secret is wrong",
        "7000222" => "the client secret has expired",
        "700016" => "the application is not known in the tenant",
        "90002" => "the tenant is not known",
        "70021" | "700213" => "no federated credential fits the token's issuer and subject",
        "700024" => "the federated token is not within its valid time",
        "53003" => "a Conditional Access policy forbids it",
        _ => return None,
    })
}
