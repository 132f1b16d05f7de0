//! Secrets from Azure Key Vault, and tokens for databases: the one place that speaks to Azure.
//!
//! The client libraries are asynchronous; they are driven by a runtime of one thread that exists
//! only while something is asked, so that a run that needs no vault pays nothing for it.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::headers::RETRY_AFTER;
use azure_core::http::{ClientOptions, RawResponse, RetryOptions, Transport};
use azure_core::time::{OffsetDateTime, to_rfc3339};
use azure_identity::Executor;
use azure_security_keyvault_secrets::models::{Secret as Answer, SecretClientGetSecretOptions};
use azure_security_keyvault_secrets::{ResourceExt, SecretClient, SecretClientOptions};

use super::auth::{Auth, Fetched, TokenRequest, VaultFault};
use super::credential::{Chain, Given, Patience, State, connection_reason};
use super::fault::{Fault, SecretError, VaultHop};
use super::{Lookup, Process, Secret};

/// How patient to be. The libraries' own defaults retry for a minute, which is too long for
/// somebody who waits for a start-up to fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For one try.
    pub(super) attempt: Duration,
    /// For everything, identities included.
    pub(super) whole: Duration,
    /// How often to try.
    pub(super) tries: u32,
    /// Between the first two tries; then twice as long.
    pub(super) pause: Duration,
    /// For the identities.
    pub(super) patience: Patience,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            attempt: seconds(5),
            whole: seconds(25),
            tries: 3,
            pause: Duration::from_millis(400),
            patience: Patience {
                entra: seconds(8),
                managed: seconds(3),
                tools: seconds(10),
            },
        }
    }
}

/// The way to Azure.
#[derive(Debug, Clone)]
pub(super) struct Azure {
    pub(super) pinned: Option<Auth>,
    pub(super) given: Given,
    pub(super) limits: Limits,
    /// How requests travel; over the network without. Only tests put something here, in the same
    /// process: there is no variable or flag that could turn requests with tokens elsewhere.
    pub(super) transport: Option<Transport>,
    /// How `az` and `azd` are run; as processes without.
    pub(super) executor: Option<Arc<dyn Executor>>,
}

/// Why one try failed.
enum Failure {
    Status {
        status: u16,
        code: Option<String>,
        inner: Option<String>,
        retry_after: Option<u64>,
    },
    Unreachable(&'static str),
    TimedOut,
    Credentials,
    Garbled,
}

impl Azure {
    /// With what the variables of this process say.
    ///
    /// # Errors
    /// [`Fault::NoAuthorities`], for which the HTTP client has no answer but a panic.
    pub(super) fn of_process(pinned: Option<Auth>) -> Result<Self, Fault> {
        if trusts_nobody() {
            return Err(Fault::NoAuthorities);
        }
        let variable = |name: &str| {
            let value = Process::default().variable(name)?.into_string().ok()?;
            (!value.trim().is_empty()).then_some(value)
        };
        Ok(Self {
            pinned,
            given: Given {
                tenant: variable("AZURE_TENANT_ID"),
                client: variable("AZURE_CLIENT_ID"),
                client_secret: variable("AZURE_CLIENT_SECRET").map(Secret::new),
                token_file: variable("AZURE_FEDERATED_TOKEN_FILE"),
            },
            limits: Limits::default(),
            transport: None,
            executor: None,
        })
    }

    /// A token for a database.
    pub(super) fn database_token(&self, request: &TokenRequest<'_>) -> Result<Secret, SecretError> {
        let mut azure = self.clone();
        azure.pinned = self.pinned.or(request.auth);
        // What the string says of one kind of identity means nothing to the kind that is pinned.
        if request.auth.is_none_or(|auth| azure.pinned == Some(auth)) {
            if let Some(client) = request.client_id {
                azure.given.client = Some(client.to_owned());
            }
            if let Some(secret) = request.client_secret {
                azure.given.client_secret = Some(secret.clone());
            }
        }
        let chain = azure.chain();
        let asked = drive(async {
            let scopes = [request.scope];
            let token = chain.get_token(&scopes, None);
            tokio::time::timeout(self.limits.whole, token).await
        });
        match asked {
            Ok(Ok(token)) => Ok(Secret::new(token.token.secret())),
            Ok(Err(_)) | Err(_) => Err(SecretError {
                environment: request.environment.to_owned(),
                trail: Vec::new(),
                fault: Fault::Token(std::mem::take(&mut chain.state().failures)),
            }),
        }
    }

    /// The value of a secret.
    pub(super) fn fetch(&self, wanted: &VaultHop) -> Result<Fetched, VaultFault> {
        let begun = Instant::now();
        let chain = self.chain();
        let deadline = begun + self.limits.whole;
        let answer = drive(async {
            let fetch = self.tries(Arc::clone(&chain), wanted, deadline);
            match tokio::time::timeout(self.limits.whole, fetch).await {
                Ok(answer) => answer,
                Err(_) => Err(VaultFault::TimedOut(self.limits.whole.as_secs())),
            }
        })?;
        let version = answer
            .resource_id()
            .ok()
            .and_then(|identifier| identifier.version);
        let value = usable(answer)?;
        let state = chain.state();
        Ok(Fetched {
            value,
            identity: state.identity.unwrap_or(Auth::DeveloperTools),
            version,
            token_time: state.time,
            whole_time: begun.elapsed(),
        })
    }

    fn chain(&self) -> Arc<Chain> {
        Arc::new(Chain {
            pinned: self.pinned,
            given: self.given.clone(),
            patience: self.limits.patience,
            transport: self.transport.clone(),
            executor: self.executor.clone(),
            state: Mutex::new(State::default()),
        })
    }

    async fn tries(
        &self,
        chain: Arc<Chain>,
        wanted: &VaultHop,
        deadline: Instant,
    ) -> Result<Answer, VaultFault> {
        let options = SecretClientOptions {
            client_options: ClientOptions {
                transport: self.transport.clone(),
                retry: RetryOptions::none(),
                ..ClientOptions::default()
            },
            ..SecretClientOptions::default()
        };
        let endpoint = format!("https://{}.{}/", wanted.vault, wanted.domain);
        let credential: Arc<dyn TokenCredential> = chain.clone();
        let client = SecretClient::new(&endpoint, credential, Some(options))
            .map_err(|_| VaultFault::Unreachable("its address cannot be used"))?;
        let mut pause = self.limits.pause;
        for again in (0..self.limits.tries).rev() {
            let failure = match self.attempt(&client, &chain, wanted).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            // What another try could change: a busy or broken vault, a lost connection.
            let patience = match &failure {
                Failure::Status {
                    status: 408 | 429 | 500 | 502 | 503 | 504,
                    retry_after,
                    ..
                } => retry_after.map_or(pause, Duration::from_secs).max(pause),
                // Who was silent that long is asked once more, not twice: somebody waits.
                Failure::TimedOut if again + 1 < self.limits.tries => {
                    return Err(self.fault(failure, &chain));
                }
                Failure::Unreachable(_) | Failure::TimedOut => pause,
                Failure::Status { .. } | Failure::Credentials | Failure::Garbled => {
                    return Err(self.fault(failure, &chain));
                }
            };
            if again == 0 || Instant::now() + patience >= deadline {
                return Err(self.fault(failure, &chain));
            }
            tokio::time::sleep(patience).await;
            pause *= 2;
        }
        Err(VaultFault::Garbled)
    }

    async fn attempt(
        &self,
        client: &SecretClient,
        chain: &Chain,
        wanted: &VaultHop,
    ) -> Result<Answer, Failure> {
        let options = SecretClientGetSecretOptions {
            secret_version: wanted.version.clone(),
            ..SecretClientGetSecretOptions::default()
        };
        let mut fetch = pin!(client.get_secret(&wanted.secret, Some(options)));
        loop {
            return match tokio::time::timeout(self.limits.attempt, &mut fetch).await {
                // Identities have patience of their own, and it does not count as the vault's.
                Err(_) if chain.state().asking => continue,
                Err(_) => Err(Failure::TimedOut),
                Ok(Ok(response)) => response.into_model().map_err(|_| Failure::Garbled),
                Ok(Err(error)) => Err(failure(&error, chain)),
            };
        }
    }

    fn fault(&self, failure: Failure, chain: &Chain) -> VaultFault {
        let mut state = chain.state();
        let identity = state.identity.unwrap_or(Auth::DeveloperTools);
        match failure {
            Failure::Credentials => VaultFault::Credentials(std::mem::take(&mut state.failures)),
            Failure::Unreachable(why) => VaultFault::Unreachable(why),
            Failure::TimedOut => VaultFault::TimedOut(self.limits.attempt.as_secs()),
            Failure::Garbled => VaultFault::Garbled,
            Failure::Status {
                status,
                code,
                inner,
                retry_after,
            } => match (status, inner.as_deref()) {
                (401, _) => VaultFault::Unauthorized(identity),
                (403, Some("SecretDisabled")) => VaultFault::Disabled,
                (403, Some("SecretExpired")) => VaultFault::Expired(None),
                (403, Some("SecretNotYetValid")) => VaultFault::NotYetValid(None),
                (403, Some("ForbiddenByFirewall" | "ForbiddenByConnection")) => {
                    VaultFault::Firewall
                }
                (403, _) => VaultFault::Denied(identity),
                (404, _) => VaultFault::NotFound,
                (429, _) => VaultFault::Throttled(retry_after),
                _ => VaultFault::Refused(status, code),
            },
        }
    }
}

/// Whether this machine trusts no certificate authority, as a small container may.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn trusts_nobody() -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.is_empty()
}

/// The system itself is asked on these, and has always some.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn trusts_nobody() -> bool {
    false
}

/// Runs what the libraries have to do, on a thread and a runtime of its own: so it works also for
/// a caller that is inside a runtime already.
fn drive<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime of one thread needs no more than a poller from the system");
        let done = runtime.block_on(work);
        // A name that is still being resolved is not waited for.
        runtime.shutdown_background();
        done
    };
    std::thread::scope(|scope| match scope.spawn(run).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// What an error of the client means.
fn failure(error: &azure_core::Error, chain: &Chain) -> Failure {
    if !chain.state().failures.is_empty() {
        return Failure::Credentials;
    }
    match error.kind() {
        ErrorKind::HttpResponse {
            status,
            raw_response,
            ..
        } => {
            let (code, inner) = raw_response.as_deref().map_or((None, None), codes);
            Failure::Status {
                status: u16::from(*status),
                code,
                inner,
                retry_after: raw_response.as_deref().and_then(retry_after),
            }
        }
        ErrorKind::Connection | ErrorKind::Io => Failure::Unreachable(connection_reason(error)),
        _ => Failure::Garbled,
    }
}

/// `error.code` and `error.innererror.code` of an answer, where they are plain words.
fn codes(response: &RawResponse) -> (Option<String>, Option<String>) {
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(response.body().as_ref()) else {
        return (None, None);
    };
    let word = |value: &serde_json::Value| {
        let text = value.as_str()?;
        let plain = text.len() <= 64 && text.chars().all(|it| it.is_ascii_alphanumeric());
        plain.then(|| text.to_owned())
    };
    let error = &body["error"];
    (word(&error["code"]), word(&error["innererror"]["code"]))
}

/// The seconds of a `Retry-After`. Key Vault gives seconds, never a date.
fn retry_after(response: &RawResponse) -> Option<u64> {
    response
        .headers()
        .get_optional_str(&RETRY_AFTER)?
        .parse()
        .ok()
}

/// The value, unless the secret is not to be used now. The service leaves that to its callers: it
/// gives out a secret that has expired.
fn usable(answer: Answer) -> Result<Secret, VaultFault> {
    let value = Secret::new(answer.value.unwrap_or_default());
    let now = OffsetDateTime::now_utc();
    if let Some(attributes) = answer.attributes {
        if attributes.enabled == Some(false) {
            return Err(VaultFault::Disabled);
        }
        if let Some(at) = attributes.expires.filter(|at| *at <= now) {
            return Err(VaultFault::Expired(Some(to_rfc3339(&at))));
        }
        if let Some(at) = attributes.not_before.filter(|at| *at > now) {
            return Err(VaultFault::NotYetValid(Some(to_rfc3339(&at))));
        }
    }
    Ok(value)
}
