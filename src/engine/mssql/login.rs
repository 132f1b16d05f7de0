//! From settings to a connection that is logged in.
//!
//! Nothing has happened in the database before a login succeeds, so that here, and only here, a
//! failure that may pass is tried again: Azure SQL wakes up from a pause, moves, or is busy. Every
//! attempt is on a fresh connection and is announced.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tiberius::error::Error;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, SqlBrowser};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::connection::{Authentication, ConnectionSettings, Encryption, Identity};
use super::error::{engine_error, is_transient};
use super::messages::Listener;
use super::{Notice, SessionOptions};
use crate::engine::{EngineError, ErrorKind};
use crate::secret::Secret;

/// A connection that is logged in.
pub(super) type SqlClient = Client<Compat<TcpStream>>;

/// The scope of access tokens for SQL Server.
pub const TOKEN_SCOPE: &str = "https://database.windows.net/.default";

/// A login that fails is no secret of the server's; with a token it may only be too early.
const LOGIN_FAILED: u32 = 18_456;
const EARLY_TOKEN_ATTEMPTS: u32 = 3;
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Where access tokens come from.
pub trait TokenSource: Send + Sync {
    /// Fetches an access token of [`TOKEN_SCOPE`] for an identity. Called outside of any
    /// asynchronous runtime, once for every attempt to log in.
    ///
    /// # Errors
    /// When there is none to be had; the message says why and what to do, and holds no secret.
    fn token(&self, identity: &Identity) -> Result<Secret, EngineError>;
}

/// The source of a build or a command that has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTokens;

impl TokenSource for NoTokens {
    fn token(&self, _: &Identity) -> Result<Secret, EngineError> {
        Err(EngineError::new(
            ErrorKind::Connection,
            "this build of dbtool fetches no access tokens: it was made without the feature \
             `azure`; use a login with a password, or a build that has it",
        ))
    }
}

/// Everything that logging in needs.
pub(super) struct Login<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) listener: &'a Listener,
    pub(super) settings: &'a ConnectionSettings,
    pub(super) tokens: &'a Arc<dyn TokenSource>,
    pub(super) options: &'a SessionOptions,
}

impl Login<'_> {
    /// Logs in, trying again while that may help and the time allows.
    pub(super) fn log_in(&self) -> Result<SqlClient, EngineError> {
        let begun = Instant::now();
        let mut delay = self.options.first_delay;
        let mut attempt = 0_u32;
        loop {
            attempt += 1;
            let authentication = self.authentication()?;
            let with_token = matches!(authentication, AuthMethod::AADToken(_));
            let left = self.options.connect_timeout.saturating_sub(begun.elapsed());
            let limit = self.settings.connect_timeout.min(left);
            let error = match self.attempt(authentication, limit) {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            let may_pass = is_transient(&error)
                || with_token
                    && error.code() == Some(LOGIN_FAILED)
                    && attempt < EARLY_TOKEN_ATTEMPTS;
            let mut error = engine_error(error);
            error.kind = ErrorKind::Connection;
            error.line = None;
            error.message = format!("{}: {}", self.settings.server(), error.message);
            if !may_pass {
                return Err(error);
            }
            if begun.elapsed() + delay >= self.options.connect_timeout {
                error.message.push_str(&format!(
                    "; gave up after {attempt} attempts in {} s",
                    begun.elapsed().as_secs()
                ));
                return Err(error);
            }
            (self.options.observe)(Notice::Retrying {
                error: &error,
                wait: delay,
            });
            std::thread::sleep(delay);
            delay = (delay * 2).min(LONGEST_DELAY);
        }
    }

    fn authentication(&self) -> Result<AuthMethod, EngineError> {
        Ok(match &self.settings.authentication {
            Authentication::SqlPassword { user, password } => {
                AuthMethod::sql_server(user, password.expose())
            }
            Authentication::GivenToken(token) => AuthMethod::aad_token(token.expose()),
            Authentication::Token(identity) => {
                AuthMethod::aad_token(self.tokens.token(identity)?.expose())
            }
        })
    }

    /// One attempt, and where the server sends it on, one more at the place that it names.
    fn attempt(&self, authentication: AuthMethod, limit: Duration) -> Result<SqlClient, Error> {
        let mut config = config(self.settings);
        config.authentication(authentication);
        let connected = self.connect(config.clone(), limit);
        let Err(Error::Routing { host, port }) = connected else {
            return connected;
        };
        (self.options.observe)(Notice::Redirected {
            server: &format!("{host},{port}"),
        });
        // A gateway names `host\instance`; the port leads to the instance.
        config.host(host.split('\\').next().unwrap_or(&host));
        config.port(port);
        self.connect(config, limit)
    }

    fn connect(&self, config: Config, limit: Duration) -> Result<SqlClient, Error> {
        let connecting = async {
            let stream = TcpStream::connect_named(&config).await?;
            // Statements go out at once; the next one waits for the answer anyway.
            stream.set_nodelay(true)?;
            Client::connect(config, stream.compat_write()).await
        };
        let (result, _) = self.listener.during(|| {
            self.runtime
                .block_on(async { tokio::time::timeout(limit, connecting).await })
        });
        let result = result.map(|connected| match (connected, &self.settings.instance) {
            // Only looking for an instance converts anything before there is a connection.
            (Err(Error::Conversion(_)), Some(instance)) => Err(Error::Io {
                kind: std::io::ErrorKind::NotFound,
                message: format!(
                    "the SQL Server Browser of {} (UDP port 1434) does not tell the port of the \
                     instance {instance}; start it, or write the port: {},PORT",
                    self.settings.host, self.settings.host
                ),
            }),
            (connected, _) => connected,
        });
        result.unwrap_or_else(|_| {
            Err(Error::Io {
                kind: std::io::ErrorKind::TimedOut,
                message: format!("no login within {} s", limit.as_secs()),
            })
        })
    }
}

fn config(settings: &ConnectionSettings) -> Config {
    let mut config = Config::new();
    config.host(&settings.host);
    if let Some(port) = settings.port {
        config.port(port);
    }
    if let Some(instance) = &settings.instance {
        config.instance_name(instance);
    }
    if let Some(database) = &settings.database {
        config.database(database);
    }
    config.application_name(&settings.application_name);
    if let Some(name) = &settings.workstation {
        config.client_name(name);
    }
    config.encryption(match settings.encryption {
        Encryption::Strict => EncryptionLevel::Strict,
        Encryption::Mandatory => EncryptionLevel::Required,
        Encryption::Optional => EncryptionLevel::Off,
        Encryption::Plaintext => EncryptionLevel::NotSupported,
    });
    // The settings have one of the two at most.
    if settings.trust_certificate {
        config.trust_cert();
    } else if let Some(path) = &settings.certificate_authority {
        config.trust_cert_ca(path);
    }
    if let Some(name) = &settings.certificate_host {
        config.hostname_in_certificate(name);
    }
    config.readonly(settings.read_only);
    config.multi_subnet_failover(settings.multi_subnet_failover);
    if let Some(size) = settings.packet_size {
        config.packet_size(size);
    }
    // A migration may be silent for an hour; who waits for it decides how long.
    config.command_timeout(None);
    config.handshake_timeout(None);
    config
}
