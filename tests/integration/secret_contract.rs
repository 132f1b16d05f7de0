//! The secret contract on the real binary: what fails before anything connects, what is said, and
//! that no secret is ever part of it.

use std::process::Command;
use std::time::{Duration, Instant};

use super::sandbox::{Run, Sandbox, finish};

const PASSWORD: &str = "hunter2-of-the-database";
const CLIENT_SECRET: &str = "secret-of-the-application";
const ASSERTION: &str = "eyJhc3NlcnRpb24.b2YtdGhl.d29ya2xvYWQ";

/// A project whose environments point at secrets.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "dbtool.yaml",
        "defaultEnvironment: local\n\
         environments:\n\
         \x20 local: { target: sqlite, database: local.db }\n\
         \x20 dev: { target: mssql, connection: \"keyvault://${AZURE_KEY_VAULT_NAME}/SqlConnectionString--Dev\" }\n\
         \x20 ci: { target: mssql, connection: \"env:APP_CONNECTION\" }\n",
    );
    sandbox
}

/// The command with every secret at hand, and with no way out of this machine: the proxy that all
/// requests would take is a port on which nobody listens.
fn armed(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    sandbox.write("assertion", ASSERTION);
    let mut command = sandbox.command(arguments);
    for name in [
        "NO_PROXY",
        "no_proxy",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "DBTOOL_AUTH",
    ] {
        command.env_remove(name);
    }
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command
        .env("AZURE_KEY_VAULT_NAME", "my-vault")
        .env("AZURE_TENANT_ID", "tenant")
        .env("AZURE_CLIENT_ID", "application")
        .env("AZURE_CLIENT_SECRET", CLIENT_SECRET)
        .env("AZURE_FEDERATED_TOKEN_FILE", sandbox.path("assertion"));
    command
}

#[track_caller]
fn holds_no_secret(run: &Run) {
    for secret in [PASSWORD, CLIENT_SECRET, ASSERTION] {
        assert!(!run.seen().contains(secret), "{run}");
    }
}

#[test]
fn a_vault_that_cannot_be_reached_fails_within_seconds_and_shows_no_secret() {
    let sandbox = sandbox();
    for command in ["status", "migrate", "doctor"] {
        for dress in [&["-v"][..], &["--format", "json", "-vv"]] {
            let mut arguments = vec![command, "--env", "dev"];
            arguments.extend(dress);
            let begun = Instant::now();
            let run = finish(armed(&sandbox, &arguments));
            assert!(begun.elapsed() < Duration::from_secs(90), "{run}");
            assert_eq!(run.code, 8, "{run}");
            run.says("dev")
                .says("my-vault")
                .says("SqlConnectionString--Dev")
                .says("AZURE_KEY_VAULT_NAME")
                .says("cannot be reached");
            holds_no_secret(&run);
        }
    }
}

#[test]
fn a_connection_that_cannot_be_used_is_never_repeated() {
    let sandbox = sandbox();
    let remote = format!("Server=tcp:db.example;Database=app;User Id=a;Password={PASSWORD}");
    for (value, code) in [
        (remote.clone(), 2),
        (format!("{remote};nonsense"), 8),
        (PASSWORD.to_owned(), 8),
        (format!("mssql://a:{PASSWORD}@db.example/app"), 2),
    ] {
        for dress in [&["-v"][..], &["--format", "json"]] {
            let mut arguments = vec!["status", "--env", "ci"];
            arguments.extend(dress);
            let mut command = armed(&sandbox, &arguments);
            command.env("APP_CONNECTION", &value);
            let run = finish(command);
            assert_eq!(run.code, code, "{run}");
            holds_no_secret(&run);
        }
    }
}

#[test]
fn what_is_missing_is_named_before_anything_connects() {
    let sandbox = sandbox();
    let mut command = sandbox.command(&["status", "--env", "dev"]);
    command.env_remove("AZURE_KEY_VAULT_NAME");
    let run = finish(command);
    assert_eq!(run.code, 8, "{run}");
    run.says("dev").says("AZURE_KEY_VAULT_NAME");
    let mut command = sandbox.command(&["status", "--env", "ci"]);
    command.env("APP_CONNECTION", "@Microsoft.KeyVault(VaultName=a");
    let run = finish(command);
    assert_eq!(run.code, 8, "{run}");
    run.says("APP_CONNECTION").says("unresolved");
}

#[test]
fn an_environment_that_is_typed_wins_over_a_connection_that_lies_around() {
    let sandbox = Sandbox::migrated();
    let other = sandbox.path("other.db");
    for (arguments, variable, database) in [
        (&["status", "--env", "local"][..], None, "local.db"),
        (&["status"], None, "other.db"),
        (&["status"], Some("local"), "other.db"),
    ] {
        let mut command = sandbox.command(arguments);
        command.env("DBTOOL_DATABASE_URL", format!("sqlite:{}", other.display()));
        if let Some(name) = variable {
            command.env("DBTOOL_ENV", name);
        }
        finish(command).says(database);
    }
}

#[test]
fn doctor_goes_the_whole_way_and_changes_nothing() {
    let sandbox = Sandbox::migrated();
    let before = sandbox.catalog();
    let json = sandbox.json(0, &["doctor"]);
    let steps = json["data"]["steps"].as_array().expect("steps");
    let status = |name: &str| {
        let step = steps.iter().find(|it| it["step"] == name);
        step.map_or("", |it| it["status"].as_str().expect("a word"))
    };
    for name in [
        "configuration",
        "reference",
        "login",
        "engine",
        "connection",
        "database",
        "encoding",
        "journal mode",
        "integrity",
        "permission",
        "clock",
        "pending",
    ] {
        assert_eq!(status(name), "ok", "{name}: {json:#}");
    }
    for name in ["credential", "secret", "dns", "tcp", "tls"] {
        assert_eq!(status(name), "skipped", "{name}: {json:#}");
    }
    assert_eq!(sandbox.catalog(), before);
    sandbox.ok(&["doctor"]).says("clock").says("SQLite");
}

#[test]
fn doctor_names_the_step_that_fails_and_skips_the_rest() {
    let sandbox = Sandbox::small();
    let run = sandbox.fails(8, &["doctor"]);
    run.says("login")
        .says("FAILED")
        .says("an earlier step failed");
    assert!(!sandbox.path("local.db").exists(), "doctor made a database");
    sandbox.ok(&["migrate"]);
    sandbox
        .fails(8, &["doctor", "--expect-database", "other"])
        .says("--expect-database wants other");
}

#[test]
fn provision_prints_each_form_for_the_environment_in_a_vault() {
    let sandbox = sandbox();
    for (form, text) in [
        (
            "bicep",
            "resource vault 'Microsoft.KeyVault/vaults@2026-02-01'",
        ),
        ("az", "az sql server create"),
        ("sql", "CREATE USER [$(identity)] FROM EXTERNAL PROVIDER"),
    ] {
        let run = sandbox.ok(&["provision", "--as", form]);
        assert!(run.stdout.contains(text), "{run}");
        assert_eq!(sandbox.ok(&["provision", "--as", form]).stdout, run.stdout);
    }
    sandbox
        .fails(2, &["provision", "--as", "az", "--env", "local"])
        .says("there are: dev");
}
