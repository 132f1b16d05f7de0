//! Follows connection references, with what a story gives or with what this process has.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::actor::Actor;
use super::stop::Stop;
use crate::diag::Span;
use crate::interrupt;
use crate::secret::{Auth, Fault, Fetched, Hop, Lookup, Secret, SecretError, VaultFault, VaultHop};
use crate::settings::{Database, Target, Usage};
use crate::story::format::{Given, Resolution, ResolveConnection, Resolved};

impl Actor<'_> {
    /// Follows the reference as every command does that is about to connect.
    pub(super) fn resolve_connection(
        &mut self,
        wanted: &ResolveConnection,
        span: &Span,
    ) -> Result<(), Stop> {
        let Some(settings) = self.ground.world.settings() else {
            return Err(self.fail(
                "story/unable",
                span,
                "what the stories run on has no settings, so no connection can be resolved".into(),
                "run the story with `dbtool verify-story`",
            ));
        };
        let process;
        let given;
        let lookup: &dyn Lookup = match &wanted.given {
            None => {
                process = settings.secrets();
                &process
            }
            Some(pretended) => {
                given = Pretended(pretended);
                &given
            }
        };
        let before = interrupt::begun_here();
        let result = match (&wanted.reference, &wanted.environment) {
            (Some(reference), _) => settings.target_behind(reference, lookup).map(Arc::new),
            (None, Some(environment)) => settings.target_of(environment, lookup).map(Arc::new),
            (None, None) => match &self.state.window {
                Some(window) => settings
                    .target_of(&window.environment, lookup)
                    .map(Arc::new),
                None => settings.target(),
            },
        };
        if interrupt::begun_here() != before {
            return Err(self.fail(
                "story/connected",
                span,
                "a connection was opened while its reference was followed".into(),
                "this is a fault of dbtool: please report it",
            ));
        }
        match (result, &wanted.resolution) {
            (Ok(target), Resolution::Leads(expected)) => {
                self.leads(&facts(&target), expected, span)
            }
            (Ok(target), Resolution::Fails { kind, span, .. }) => {
                let found = facts(&target);
                let found: Vec<String> = found
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                Err(self.differ(
                    "story/no-error",
                    span,
                    format!("the reference leads to a database, but {kind} should have stopped it"),
                    "see what the environment refers to",
                    (format!("stopped by {kind}"), found.join("\n")),
                ))
            }
            (Err(error), Resolution::Leads(_)) => Err(self.fail(
                "story/unresolved",
                span,
                format!("the connection cannot be resolved: {error:#}"),
                help(&error),
            )),
            (Err(error), Resolution::Fails { kind, says, span }) => {
                let found = fault(&error);
                let message = format!("{error:#}");
                // What to do is part of what a reader sees.
                let seen = format!("{message}\n{}", help(&error));
                let unsaid: Vec<&str> = says
                    .iter()
                    .map(String::as_str)
                    .filter(|text| !seen.contains(text))
                    .collect();
                if found == kind && unsaid.is_empty() {
                    return Ok(());
                }
                let (text, difference) = if found == kind {
                    let text = format!("the message does not name {}", unsaid.join(", "));
                    (text, (says.join("\n"), seen))
                } else {
                    let text = format!("the connection was stopped by another fault: {message}");
                    (text, (kind.clone(), found.to_owned()))
                };
                let help = "see what the environment refers to";
                Err(self.differ("story/wrong-error", span, text, help, difference))
            }
        }
    }

    fn leads(
        &self,
        found: &BTreeMap<&'static str, String>,
        expected: &Resolved,
        span: &Span,
    ) -> Result<(), Stop> {
        let wanted = [
            ("secret", &expected.secret),
            ("vault", &expected.vault),
            ("engine", &expected.engine),
            ("server", &expected.server),
            ("database", &expected.database),
        ];
        let mut differences = (Vec::new(), Vec::new());
        for (name, value) in wanted {
            let Some(value) = value else { continue };
            let is = found.get(name).map_or("nothing", String::as_str);
            differences.0.push(format!("{name}: {value}"));
            differences.1.push(format!("{name}: {is}"));
        }
        if differences.0 == differences.1 {
            return Ok(());
        }
        Err(self.differ(
            "story/resolution",
            span,
            "the reference leads elsewhere".into(),
            "see what the environment refers to in dbtool.yaml",
            (differences.0.join("\n"), differences.1.join("\n")),
        ))
    }
}

/// What may be said of where a reference led.
fn facts(target: &Target) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::from([("engine", target.engine().name().to_owned())]);
    let vault = target.trail.iter().rev().find_map(|hop| match hop {
        Hop::KeyVault(vault) => Some(vault),
        Hop::Variable(_) | Hop::File(_) => None,
    });
    if let Some(vault) = vault {
        facts.insert("secret", vault.secret.clone());
        facts.insert("vault", vault.vault.clone());
    }
    match &target.database {
        Database::SqliteFile(path) => {
            facts.insert("database", path.display().to_string().replace('\\', "/"));
        }
        Database::SqliteMemory => {
            facts.insert("database", ":memory:".to_owned());
        }
        Database::SqlServer(literal) => {
            let server = literal.server().map(|server| ("server", server));
            let database = literal.database().map(|database| ("database", database));
            for (name, value) in server.into_iter().chain(database) {
                facts.insert(name, value.to_owned());
            }
        }
    }
    facts
}

/// The kind of a fault, one of `FAULTS`.
fn fault(error: &anyhow::Error) -> &'static str {
    if let Some(usage) = error.downcast_ref::<Usage>() {
        return match usage.is_inline_credentials() {
            true => "inlineCredentials",
            false => "settings",
        };
    }
    let Some(error) = error.downcast_ref::<SecretError>() else {
        return "settings";
    };
    match &error.fault {
        Fault::VariableMissing => "variableMissing",
        Fault::VariableEmpty => "variableEmpty",
        Fault::VariableNotText | Fault::FileNotText => "notText",
        Fault::PlaceholderMissing(_) => "placeholderMissing",
        Fault::FileMissing => "fileMissing",
        Fault::FileEmpty => "fileEmpty",
        Fault::FileUnreadable(_) | Fault::FileTooLong | Fault::FileIsDatabase => "fileUnreadable",
        Fault::Unresolved => "unresolved",
        Fault::Loop => "loop",
        Fault::TooManySteps => "tooManySteps",
        Fault::Reference(_) | Fault::Names { .. } => "reference",
        Fault::Vault(VaultFault::NotFound) => "secretMissing",
        Fault::Vault(VaultFault::Empty) => "secretEmpty",
        Fault::Vault(_) | Fault::NoAuthorities => "vault",
        Fault::Token(_) => "token",
        Fault::NotBuilt => "notBuilt",
    }
}

fn help(error: &anyhow::Error) -> String {
    crate::failure::help_of(error).unwrap_or_else(|| "see the settings in dbtool.yaml".to_owned())
}

/// What a story gives in place of this machine.
struct Pretended<'a>(&'a Given);

impl Lookup for Pretended<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.0.variables.get(name).map(OsString::from)
    }

    fn file(&self, path: &Path, _limit: usize) -> io::Result<Vec<u8>> {
        let known = path.to_str().and_then(|path| self.0.files.get(path));
        known
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn vault(&self, secret: &VaultHop) -> Result<Fetched, Fault> {
        let known = self.0.secrets.get(&secret.secret);
        let value = known.ok_or(Fault::Vault(VaultFault::NotFound))?;
        Ok(Fetched {
            value: Secret::new(value.as_str()),
            identity: Auth::ManagedIdentity,
            version: secret.version.clone(),
            token_time: Duration::ZERO,
            whole_time: Duration::ZERO,
        })
    }
}
