//! The one place that names every engine: from a setting to its dialect and its session.

use std::path::Path;
use std::sync::Arc;

pub use crate::engine::mssql::connection::{ConnectionSettings, DEFAULT_PORT, Encryption};
pub use crate::engine::mssql::encryption::{Handshake, Look, look};
pub use crate::engine::mssql::{Notice, SessionOptions as Opening};

use crate::cli::Access;
use crate::dialect::Dialect;
use crate::dialect::mssql::{Edition, Mssql};
use crate::dialect::sqlite::Sqlite;
use crate::engine::mssql::connection::Identity;
use crate::engine::mssql::{Interrupt, MssqlSession, TokenSource};
use crate::engine::sqlite::{MEMORY, OpenOptions, SqliteSession};
use crate::engine::{Engine, EngineError, ErrorKind, Session};
use crate::interrupt;
use crate::scratch::server::{Door, Purpose};
use crate::secret::{self, Auth, Secret, TokenRequest, TokenSource as _};
use crate::settings::{Database, Target};
use crate::yaml::config::{self, Config};

/// The language of an engine, as the settings want it written.
pub fn dialect(engine: Engine, config: &Config) -> Box<dyn Dialect> {
    match engine {
        Engine::Mssql => Box::new(mssql(config)),
        Engine::Sqlite => Box::new(Sqlite),
    }
}

/// T-SQL, as the settings want it written.
pub fn mssql(config: &Config) -> Mssql {
    Mssql {
        schema: config.mssql.schema.value.to_string(),
        edition: match config.mssql.edition.value {
            config::Edition::Azure => Edition::Azure,
            config::Edition::Enterprise => Edition::Enterprise,
            config::Edition::Standard => Edition::Standard,
        },
    }
}

/// The engine that is compiled in, so that a throwaway database of it can always be had.
pub const EMBEDDED: Engine = Engine::Sqlite;

/// Opens a throwaway database of the embedded engine, which is made when it does not exist.
///
/// # Errors
/// When it cannot be opened.
pub fn open_embedded(path: &Path) -> Result<Box<dyn Session>, EngineError> {
    let options = OpenOptions {
        create: true,
        read_only: false,
    };
    let session = SqliteSession::open_file(path, options)?;
    Ok(Box::new(session.without_sync()?))
}

/// Opens a session. What `opening` says is for databases behind a network, and `secrets` gives the
/// access tokens that a connection string asks for.
///
/// # Errors
/// When the database cannot be opened.
pub fn open(
    target: &Target,
    access: Access,
    opening: &Opening,
    secrets: secret::Process,
) -> Result<Box<dyn Session>, EngineError> {
    let options = OpenOptions {
        create: access == Access::Write,
        read_only: access == Access::Read,
    };
    match &target.database {
        Database::SqliteFile(path) => {
            if let (Access::Write, Some(folder), Some(_)) = (access, path.parent(), path.to_str()) {
                // A failure shows in the next line, with the path of the database itself.
                let _ = std::fs::create_dir_all(folder);
            }
            Ok(Box::new(SqliteSession::open_file(path, options)?))
        }
        Database::SqliteMemory => Ok(Box::new(SqliteSession::open(MEMORY, options)?)),
        Database::SqlServer(literal) => Ok(Box::new(MssqlSession::open(
            literal,
            Arc::new(Tokens {
                secrets,
                environment: target.environment.clone(),
            }),
            opening.clone(),
        )?)),
    }
}

/// The way to every database of the server that a target is on; `None` when its engine has no
/// server.
///
/// # Errors
/// When the connection string cannot be used.
pub fn door(
    target: &Target,
    opening: &Opening,
    secrets: secret::Process,
) -> Result<Option<Door>, EngineError> {
    let Database::SqlServer(literal) = &target.database else {
        return Ok(None);
    };
    let settings = ConnectionSettings::parse(literal)?;
    let tokens = Arc::new(Tokens {
        secrets,
        environment: target.environment.clone(),
    });
    let opening = opening.clone();
    Ok(Some(Box::new(move |database, purpose| {
        let mut settings = settings.clone();
        if let Some(database) = database {
            settings.database = Some(database.to_owned());
        }
        let mut opening = opening.clone();
        match purpose {
            Purpose::Keeping => opening.interrupt = Interrupt::Never,
            Purpose::Work if interrupt::asked() => {
                return Err(EngineError::new(
                    ErrorKind::Interrupted,
                    "the run was interrupted",
                ));
            }
            Purpose::Work => {}
        }
        let tokens = Arc::clone(&tokens);
        Ok(Box::new(MssqlSession::connect(settings, tokens, opening)?))
    })))
}

/// Access tokens from the identities that are set up.
#[derive(Debug)]
struct Tokens {
    secrets: secret::Process,
    environment: String,
}

impl TokenSource for Tokens {
    fn token(&self, identity: &Identity) -> Result<Secret, EngineError> {
        let any = TokenRequest::for_database(&self.environment);
        let request = match identity {
            Identity::Default { client_id } => TokenRequest {
                client_id: client_id.as_deref(),
                ..any
            },
            Identity::Managed { client_id } => TokenRequest {
                auth: Some(Auth::ManagedIdentity),
                client_id: client_id.as_deref(),
                ..any
            },
            Identity::Workload { client_id } => TokenRequest {
                auth: Some(Auth::WorkloadIdentity),
                client_id: client_id.as_deref(),
                ..any
            },
            Identity::ServicePrincipal { client_id, secret } => TokenRequest {
                auth: Some(Auth::ClientSecret),
                client_id: Some(client_id),
                client_secret: Some(secret),
                ..any
            },
        };
        self.secrets.token(&request).map_err(|error| {
            EngineError::new(ErrorKind::Connection, format!("{error}; {}", error.help()))
        })
    }
}
