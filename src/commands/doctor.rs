//! `doctor`: every step to the database, tried and told; it changes nothing.

use std::time::Duration;

use anyhow::Error;
use serde_json::json;

use crate::cli::Access;
use crate::diag::{Diagnostic, Phase};
use crate::doctor::{self, Found, Status, Step, timed};
use crate::engine::Session;
use crate::executor;
use crate::exit::Exit;
use crate::registry;
use crate::report::{self, Environment, Report};
use crate::secret::SecretError;
use crate::settings::{Database, Target, Usage};

use super::{Context, Outcome, is_database};

/// The steps, in order. Each needs those before it as far as `login`.
const STEPS: [&str; 13] = [
    "configuration",
    "reference",
    "credential",
    "secret",
    "dns",
    "tcp",
    "login",
    "engine",
    "database",
    "settings",
    "permissions",
    "clock",
    "pending",
];

pub(super) fn run(context: &Context<'_>) -> Outcome {
    let mut steps = vec![configuration(context)];
    let mut environment = None;
    let begun = std::time::Instant::now();
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
    for name in STEPS.iter().skip(steps.len()) {
        let skipped = Found::skipped("an earlier step failed");
        steps.push(skipped.after(name, Duration::ZERO));
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
        Database::SqlServer(literal) => {
            let (host, port) = doctor::endpoint(literal.server().unwrap_or_default());
            let (dns, addresses) = timed("dns", || doctor::dns(&host, port));
            let reached = dns.status == Status::Ok;
            steps.push(dns);
            if !reached {
                return None;
            }
            let (tcp, ()) = timed("tcp", || (doctor::tcp(&addresses), ()));
            let reached = tcp.status == Status::Ok;
            steps.push(tcp);
            if !reached {
                return None;
            }
        }
        Database::SqliteFile(_) | Database::SqliteMemory => {
            for name in ["dns", "tcp"] {
                steps.push(Found::skipped("the engine is embedded").after(name, Duration::ZERO));
            }
        }
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
    let mut step = |name, found: &mut dyn FnMut(&mut dyn Session) -> Found| {
        steps.push(timed(name, || (found(&mut *session), ())).0);
    };
    step("settings", &mut |session| {
        doctor::settings(session, dialect)
    });
    step("permissions", &mut |session| {
        doctor::permissions(session, dialect)
    });
    step("clock", &mut |session| match session.now() {
        Ok(now) => doctor::clock(&now),
        Err(error) => Found::failed(error.to_string(), "run doctor again"),
    });
    step("pending", &mut |session| pending(context, target, session));
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
