//! The environment that `--against` names: reached as every command reaches it, and only read.

use std::sync::Arc;

use anyhow::Result;

use crate::cli::{Access, VerifyStory};
use crate::commands::Context;
use crate::diag::Diagnostic;
use crate::engine::{Catalog, EngineError, ErrorKind, Session};
use crate::registry::{self, Opening};
use crate::report::Environment;
use crate::settings::{Settings, Target, Usage};
use crate::story::against::{Against, ReadOnly, Window};
use crate::story::format::Offset;
use crate::story::{World, clock};

/// How far back rows are looked for when nobody says.
const SINCE: &str = "1h";

/// A database that an application has written to.
struct Elsewhere {
    target: Target,
    opening: Opening,
    settings: Settings,
}

/// Finds the environment and sees that its database can be read. `None` when none is named.
pub(super) fn find(
    context: &Context<'_>,
    arguments: &VerifyStory,
) -> Result<Option<(Against, Environment)>> {
    let Some(environment) = &arguments.against else {
        return Ok(None);
    };
    let since = since(arguments.since.as_deref().unwrap_or(SINCE))?;
    let settings = context.settings;
    let target = settings.target_of(environment, &settings.secrets())?;
    let dialect = registry::dialect(target.engine(), &settings.config);
    let elsewhere = Elsewhere {
        target,
        opening: context.opening(),
        settings: settings.clone(),
    };
    let session = elsewhere.open()?;
    let server = session.server();
    let found = Environment {
        name: environment.clone(),
        engine: server.engine,
        product: server.product.clone(),
        database: server.database.clone(),
    };
    context.printer.working_on(&found);
    let against = Against {
        world: Arc::new(elsewhere),
        dialect: Arc::from(dialect),
        window: Window {
            environment: environment.clone(),
            tenant: arguments.tenant.clone(),
            since,
            correlation: arguments.correlation.clone(),
        },
    };
    Ok(Some((against, found)))
}

/// A distance into the past.
fn since(text: &str) -> Result<Offset> {
    let distance = clock::offset(text).map_err(|why| {
        Usage::new(
            format!("--since {text:?} is no distance in time"),
            format!("{why}; --since 1h looks at the last hour"),
        )
    })?;
    Ok(Offset {
        back: true,
        ..distance
    })
}

impl World for Elsewhere {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        let secrets = self.settings.secrets();
        let session = registry::open(&self.target, Access::Read, &self.opening, secrets)?;
        Ok(Box::new(ReadOnly(session)))
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        Err(only_read())
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        Err(only_read())
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        Err(only_read())
    }

    fn settings(&self) -> Option<&Settings> {
        Some(&self.settings)
    }
}

fn only_read() -> EngineError {
    EngineError::new(ErrorKind::ReadOnly, "an environment is only read")
}
