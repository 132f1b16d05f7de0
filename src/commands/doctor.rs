//! `doctor`: every step to the database, tried and told; it changes nothing.

use std::time::{Duration, Instant};

use anyhow::Error;
use serde_json::json;

use crate::cli::Access;
use crate::diag::{Diagnostic, Phase};
use crate::doctor::{self, Found, Status, Step, timed};
use crate::engine::Session;
use crate::executor;
use crate::exit::Exit;
use crate::registry::{self, ConnectionSettings, DEFAULT_PORT};
use crate::report::{self, Environment, Report};
use crate::secret::{Literal, SecretError};
use crate::settings::{Database, Target, Usage};

use super::{Context, Outcome, is_database};

/// The steps that every way has, in order. Each needs those before it as far as `login`.
const STEPS: [&str; 15] = [
    "configuration",
    "reference",
    "credential",
    "secret",
    "connection",
    "dns",
    "tcp",
    "tls",
    "login",
    "engine",
    "database",
    "settings",
    "permission",
    "clock",
    "pending",
];

pub(super) fn run(context: &Context<'_>) -> Outcome {
    let mut steps = vec![configuration(context)];
    let mut environment = None;
    let begun = Instant::now();
    match context.settings.target() {
        Ok(target) => {
            led(&mut steps, begun.elapsed(), &target);
            if let Some(mut session) = connect(&mut steps, context, &target) {
                environment = Some(known(&target, session.as_ref()));
                look_around(&mut steps, context, &target, session.as_mut());
            }
        }
        Err(error) => stopped(&mut steps, begun.elapsed(), &error),
    }
    if environment.is_none() {
        for name in STEPS.iter().skip(steps.len()) {
            let skipped = Found::skipped("an earlier step failed");
            steps.push(skipped.after(name, Duration::ZERO));
        }
    }
    outcome(context, &steps, environment)
}

fn configuration(context: &Context<'_>) -> Step {
    let config = &context.settings.config;
    let detail = format!(
        "{} environments, default {}",
        config.environments.len(),
        config.default_environment.value
    );
    Found::ok(detail).after("configuration", Duration::ZERO)
}

/// The steps of a reference that led to a database.
fn led(steps: &mut Vec<Step>, whole: Duration, target: &Target) {
    let trail: Vec<String> = target.trail.iter().map(ToString::to_string).collect();
    let environment = &target.environment;
    let detail = match trail.as_slice() {
        [] => format!("{environment} names its database itself"),
        trail => format!("{environment}: {}", trail.join(", then ")),
    };
    let Some(fetched) = &target.fetched else {
        steps.push(Found::ok(detail).after("reference", whole));
        for name in ["credential", "secret"] {
            steps.push(Found::skipped("no vault is asked").after(name, Duration::ZERO));
        }
        return;
    };
    steps.push(Found::ok(detail).after("reference", Duration::ZERO));
    let identity = Found::ok(fetched.identity.to_string());
    steps.push(identity.after("credential", fetched.token_time));
    let version = match &fetched.version {
        Some(version) => format!("version {version}"),
        None => "the current version".to_owned(),
    };
    let time = fetched.whole_time.saturating_sub(fetched.token_time);
    steps.push(Found::ok(version).after("secret", time));
}

/// The steps of a reference that led nowhere, up to the one that failed.
fn stopped(steps: &mut Vec<Step>, time: Duration, error: &Error) {
    let (failed, help) = match error.downcast_ref::<SecretError>() {
        Some(error) => (doctor::step_of(error), error.help()),
        None => (
            "reference",
            error
                .downcast_ref::<Usage>()
                .map_or_else(String::new, |usage| usage.help.clone()),
        ),
    };
    for name in ["reference", "credential", "secret"] {
        if name == failed {
            steps.push(Found::failed(error.to_string(), help).after(name, time));
            return;
        }
        steps.push(Found::ok("").after(name, Duration::ZERO));
    }
}

/// The steps from a target to a session.
fn connect(
    steps: &mut Vec<Step>,
    context: &Context<'_>,
    target: &Target,
) -> Option<Box<dyn Session>> {
    match &target.database {
        Database::SqlServer(literal) => reach(steps, literal)?,
        Database::SqliteFile(path) => embedded(steps, path.display().to_string()),
        Database::SqliteMemory => embedded(steps, "in memory".to_owned()),
    }
    let (login, session) = timed("login", || match context.open(target, Access::Read) {
        Ok(session) => {
            let user = &session.server().user;
            (Found::ok(format!("as {user}")), Some(session))
        }
        Err(error) => (
            Found::failed(
                error.to_string(),
                "see that the database exists (migrate makes an SQLite file) and that this \
                 identity is a user of it (provision --as sql prints the statements)",
            ),
            None,
        ),
    });
    steps.push(login);
    session
}

/// The steps to a server: what the connection string says, its address, its port, its encryption.
/// `None` when one fails.
fn reach(steps: &mut Vec<Step>, literal: &Literal) -> Option<()> {
    let (connection, settings) = timed("connection", || match ConnectionSettings::parse(literal) {
        Ok(settings) => (Found::ok(literal.to_string()), Some(settings)),
        Err(error) => (
            Found::failed(error.to_string(), "correct it where it is kept"),
            None,
        ),
    });
    steps.push(connection);
    let settings = settings?;
    let port = settings.port.unwrap_or(DEFAULT_PORT);
    let (dns, addresses) = timed("dns", || doctor::dns(&settings.host, port));
    let known = dns.status != Status::Failed;
    steps.push(dns);
    if !known {
        return None;
    }
    if settings.port.is_none() {
        // Its port is asked for at the login, at the SQL Server Browser.
        for name in ["tcp", "tls"] {
            let found = Found::skipped("the port of a named instance is known at login only");
            steps.push(found.after(name, Duration::ZERO));
        }
        return Some(());
    }
    let (tcp, address) = timed("tcp", || doctor::tcp(&addresses));
    steps.push(tcp);
    let address = address?;
    let (tls, ()) = timed("tls", || (doctor::encryption::tls(&settings, address), ()));
    let fine = tls.status != Status::Failed;
    steps.push(tls);
    fine.then_some(())
}

/// The steps to an embedded engine, where there is little on the way.
fn embedded(steps: &mut Vec<Step>, place: String) {
    steps.push(Found::ok(place).after("connection", Duration::ZERO));
    for name in ["dns", "tcp", "tls"] {
        steps.push(Found::skipped("the engine is embedded").after(name, Duration::ZERO));
    }
}

/// The steps inside a session.
fn look_around(
    steps: &mut Vec<Step>,
    context: &Context<'_>,
    target: &Target,
    session: &mut dyn Session,
) {
    let dialect = registry::dialect(target.engine(), &context.settings.config);
    let dialect = dialect.as_ref();
    let server = session.server().clone();
    steps.push(Found::ok(server.product).after("engine", Duration::ZERO));
    let database = match &context.settings.expect_database {
        Some(expected) if !is_database(&server.database, expected) => Found::failed(
            format!(
                "{}, and --expect-database wants {expected}",
                server.database
            ),
            "check --env and --url",
        ),
        _ => Found::ok(server.database),
    };
    steps.push(database.after("database", Duration::ZERO));
    let begun = Instant::now();
    let settings = doctor::settings(session, dialect);
    together(steps, begun.elapsed(), settings);
    let begun = Instant::now();
    let permissions = match &target.database {
        Database::SqliteFile(path) => doctor::file_permissions(path),
        Database::SqliteMemory => vec![Found::skipped("nothing is kept")],
        Database::SqlServer(_) => doctor::permissions(session, dialect),
    };
    let named = permissions.into_iter().map(|it| ("permission", it));
    together(steps, begun.elapsed(), named);
    let (clock, ()) = timed("clock", || {
        let found = match session.now() {
            Ok(now) => doctor::clock(&now),
            Err(error) => Found::failed(error.to_string(), "run doctor again"),
        };
        (found, ())
    });
    steps.push(clock);
    let (pending, ()) = timed("pending", || (pending(context, target, session), ()));
    steps.push(pending);
}

/// Steps that one question answered: the first of them took the time.
fn together(
    steps: &mut Vec<Step>,
    time: Duration,
    found: impl IntoIterator<Item = (&'static str, Found)>,
) {
    let mut time = Some(time);
    for (name, found) in found {
        steps.push(found.after(name, time.take().unwrap_or_default()));
    }
}

fn pending(context: &Context<'_>, target: &Target, session: &mut dyn Session) -> Found {
    let dialect = registry::dialect(target.engine(), &context.settings.config);
    let folder = match context.folder(&[target.engine()]) {
        Ok(folder) => folder,
        Err(error) => return Found::failed(error.to_string(), "run check"),
    };
    match executor::verify_folder(session, dialect.as_ref(), &folder, false) {
        Err(error) => Found::failed(error.to_string(), "run history --verify"),
        Ok((_, verdict)) if !verdict.conflicts.is_empty() => Found::failed(
            format!("{} conflicts with the history", verdict.conflicts.len()),
            "run status",
        ),
        Ok((_, verdict)) if verdict.pending.is_empty() => {
            Found::ok(format!("none; {} applied", verdict.applied.len()))
        }
        Ok((_, verdict)) => Found::warning(
            format!(
                "{}, and {} applied",
                verdict.pending.len(),
                verdict.applied.len()
            ),
            "run plan to see them and migrate to apply them",
        ),
    }
}

fn known(target: &Target, session: &dyn Session) -> Environment {
    let server = session.server();
    Environment {
        name: target.environment.clone(),
        engine: server.engine,
        product: server.product.clone(),
        database: server.database.clone(),
    }
}

fn outcome(context: &Context<'_>, steps: &[Step], environment: Option<Environment>) -> Outcome {
    let mut report = Report::new("doctor");
    report.environment = environment;
    report.data = json!({ "steps": steps });
    let mut rows = Vec::new();
    for step in steps {
        rows.push(vec![
            step.step.to_owned(),
            step.status.word().to_owned(),
            step.milliseconds.to_string(),
            step.detail.clone(),
        ]);
        let said = format!("{}: {}", step.step, step.detail);
        let finding = match step.status {
            Status::Failed => Diagnostic::error(Phase::Setup, "doctor/failed", said),
            Status::Warning => Diagnostic::warning(Phase::Setup, "doctor/warning", said),
            Status::Ok | Status::Skipped => continue,
        };
        report.findings.push(match &step.help {
            Some(help) if !help.is_empty() => finding.help(help.clone()),
            _ => finding,
        });
        if step.status == Status::Failed {
            report.exit = Exit::Connection;
        }
    }
    Outcome {
        report,
        text: report::table(
            &["step", "status", "ms", "found"],
            &rows,
            context.printer.style(),
        ),
        findings_are_the_answer: false,
    }
}
