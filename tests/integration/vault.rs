//! The secret contract on the real binary, against a vault that answers: which secret is used, what
//! each failure says, and that nothing a run prints or writes holds a secret.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::answers::{
    Answer, CLIENT_SECRET, NAME, PASSWORD, TOKEN, VERSION, refusal, refusals, secret,
    wrong_client_secret,
};
use super::cloud::{Asked, Cloud, PLATFORM};
use super::sandbox::{Run, Sandbox, finish};
use super::tds;
use super::tds::responder::{Event, Reply, Responder, Token, failure};

const REPORTS: [&str; 5] = ["json", "junit", "sarif", "github", "markdown"];

/// A project whose environments point at the vault.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "dbtool.yaml",
        format!(
            "defaultEnvironment: dev\n\
             environments:\n\
             \x20 dev: {{ target: mssql, connection: \"keyvault://${{AZURE_KEY_VAULT_NAME}}/{NAME}\" }}\n\
             \x20 pinned: {{ target: mssql, connection: \"keyvault://my-vault/{NAME}/{VERSION}\" }}\n\
             \x20 app: {{ target: mssql, connection: \"env:APP_CONNECTION\" }}\n"
        ),
    );
    sandbox
}

fn run(sandbox: &Sandbox, cloud: &Cloud, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(arguments);
    cloud.arm(&mut command);
    finish(command)
}

/// A connection string for a server on this machine.
fn connection(port: u16, database: &str) -> String {
    format!("Server=tcp:localhost,{port};Database={database};User Id=deploy;Password={PASSWORD}")
}

/// Where somebody would connect who got the connection too early.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it can wait");
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().expect("it is bound").port()
    }

    #[track_caller]
    fn is_untouched(&self, run: &Run) {
        assert!(
            self.0.accept().is_err(),
            "a database was connected to\n{run}"
        );
    }
}

#[track_caller]
fn holds_no_secret(text: &str, run: &Run) {
    for secret in [PASSWORD, CLIENT_SECRET, TOKEN] {
        assert!(!text.contains(secret), "{secret} is shown\n{run}");
    }
}

fn databases(server: &Responder) -> Vec<String> {
    server.logins().into_iter().map(|it| it.database).collect()
}

/// A cloud that gives out what a closure says for a path, and trusts the server.
fn cloud_for(
    server: &Responder,
    vault: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> Cloud {
    let cloud = Cloud::with_vault(vault);
    cloud.trust(server.certificate.as_deref().expect("it has TLS"));
    cloud
}

fn step<'a>(json: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let steps = json["data"]["steps"].as_array().expect("steps");
    let found = steps.iter().find(|step| step["step"] == name);
    found.unwrap_or_else(|| panic!("there is no step {name}: {json:#}"))
}

fn json(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{run}"))
}

#[test]
fn the_current_secret_a_version_and_a_rotated_one_lead_to_their_databases() {
    let server = tds::server();
    let port = server.port;
    let versioned = format!("/secrets/{NAME}/{VERSION}");
    let cloud = cloud_for(&server, move |asked| {
        secret(&connection(
            port,
            match asked.path.starts_with(&versioned) {
                true => "old",
                false => "new",
            },
        ))
    });
    let sandbox = sandbox();
    let run_status = |environment: &str| {
        let run = run(&sandbox, &cloud, &["status", "--env", environment]);
        assert_eq!(run.code, 0, "{run}");
        holds_no_secret(&run.seen(), &run);
    };
    run_status("dev");
    run_status("pinned");
    assert_eq!(databases(&server), ["new", "old"]);
    // The challenge, the token, the secret: each run asks once.
    assert_eq!(cloud.heard().len(), 2 * 3, "{:#?}", cloud.heard());
    assert!(
        server.logins().iter().all(|login| {
            login.encrypted && login.user == "deploy" && login.password == PASSWORD
        })
    );
    // Nobody is asked for a token before the vault has said whom it trusts.
    let heard = cloud.heard();
    assert_eq!(heard[0].host, "my-vault.vault.azure.net");
    assert_eq!(heard[0].authorization, None);
    assert_eq!(heard[1].host, "login.microsoftonline.com");
    assert_eq!(
        (heard[1].method.as_str(), heard[1].path.as_str()),
        ("POST", "/tenant/oauth2/v2.0/token")
    );
    assert!(heard[1].body.contains(CLIENT_SECRET));

    let rotated = cloud_for(&server, move |_| secret(&connection(port, "rotated")));
    let run = run(&sandbox, &rotated, &["status", "--env", "dev"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        databases(&server).last().map(String::as_str),
        Some("rotated")
    );
}

#[test]
fn a_reference_that_a_platform_left_in_our_own_variable_is_followed() {
    let server = tds::server();
    let port = server.port;
    let sandbox = sandbox();
    let status = |cloud: &Cloud| {
        let mut command = sandbox.command(&["status"]);
        cloud.arm(&mut command);
        let uri = format!("https://my-vault.vault.azure.net/secrets/{NAME}");
        command.env(
            "DBTOOL_DATABASE_URL",
            format!("@Microsoft.KeyVault(SecretUri={uri})"),
        );
        finish(command)
    };
    let run = status(&cloud_for(&server, move |_| {
        secret(&connection(port, "app"))
    }));
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(databases(&server), ["app"]);
    let run = status(&Cloud::with_vault(|_| refusal(404, "SecretNotFound", "")));
    assert_eq!(run.code, 8, "{run}");
    run.says("DBTOOL_DATABASE_URL").says("does not exist");
}

#[test]
fn a_busy_vault_is_asked_again() {
    let server = tds::server();
    let port = server.port;
    let asked_before = AtomicBool::new(false);
    let cloud = cloud_for(&server, move |_| {
        match asked_before.swap(true, Ordering::SeqCst) {
            false => Answer::new(429).header("Retry-After", "1"),
            true => secret(&connection(port, "app")),
        }
    });
    let run = run(&sandbox(), &cloud, &["status", "--env", "dev"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(databases(&server), ["app"]);
}

#[test]
fn every_refusal_ends_with_8_its_own_message_and_no_connection() {
    let trap = Trap::set();
    let sandbox = sandbox();
    let mut messages = BTreeSet::new();
    let cases = refusals(&connection(trap.port(), "app"));
    let count = cases.len();
    for (answer, what, help) in cases {
        let cloud = Cloud::with_vault(move |_| answer.clone());
        let run = run(&sandbox, &cloud, &["migrate", "--env", "dev"]);
        assert_eq!(run.code, 8, "{run}");
        run.says(what).says(help);
        for name in ["`dev`", "`AZURE_KEY_VAULT_NAME`", "`my-vault`", NAME] {
            run.says(name);
        }
        holds_no_secret(&run.seen(), &run);
        trap.is_untouched(&run);
        messages.insert(run.stderr);
    }
    // Denied is denied, however the vault's rights are kept; disabled is disabled, whoever says it.
    assert_eq!(messages.len(), count - 2, "{messages:#?}");
}

#[test]
fn the_failure_in_the_readme_is_what_is_printed() {
    let cloud = Cloud::with_vault(|_| refusal(404, "SecretNotFound", ""));
    let run = run(&sandbox(), &cloud, &["migrate", "--env", "dev"]);
    let shown = format!("$ dbtool migrate --env dev\n{}", run.stderr);
    assert!(super::readme::readme().contains(&shown), "{run}");
}

#[test]
fn a_vault_that_is_silent_or_away_is_given_up() {
    let sandbox = sandbox();
    let silent = Cloud::with_vault(|_| secret("x").after(Duration::from_secs(60)));
    let given_up = run(&sandbox, &silent, &["status", "--env", "dev"]);
    assert_eq!(given_up.code, 8, "{given_up}");
    given_up
        .says("did not come within 5 s")
        .says("my-vault")
        .says("port 443");

    // An authority that this machine does not know: a proxy that looks into TLS, or an impostor.
    let other = Cloud::start(|_| Answer::new(200));
    let mut command = sandbox.command(&["status", "--env", "dev"]);
    silent.arm(&mut command);
    command.env("SSL_CERT_FILE", other.authorities());
    let distrusted = finish(command);
    assert_eq!(distrusted.code, 8, "{distrusted}");
    distrusted.says("cannot be reached: its certificate is not trusted");

    // No authority at all, as in a small container.
    sandbox.write("empty.pem", "");
    let mut command = sandbox.command(&["status", "--env", "dev"]);
    silent.arm(&mut command);
    command.env("SSL_CERT_FILE", sandbox.path("empty.pem"));
    let bare = finish(command);
    assert_eq!(bare.code, 8, "{bare}");
    bare.says("trusts no certificate authority")
        .says("ca-certificates");

    let mut command = sandbox.command(&["status", "--env", "dev"]);
    silent.arm(&mut command);
    for name in ["HTTPS_PROXY", "https_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    let away = finish(command);
    assert_eq!(away.code, 8, "{away}");
    away.says("cannot be reached").says("HTTPS_PROXY");
}

#[test]
fn names_that_cannot_be_are_refused_before_anybody_is_asked() {
    let sandbox = sandbox();
    let cloud = Cloud::with_vault(|_| secret("x"));
    let said = |variable: &str, value: Option<&str>, environment: &str| {
        let mut command = sandbox.command(&["status", "--env", environment]);
        cloud.arm(&mut command);
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
        let run = finish(command);
        assert_eq!(run.code, 8, "{run}");
        run.says(environment).says(variable);
        run
    };
    said("AZURE_KEY_VAULT_NAME", None, "dev").says("not set");
    said("AZURE_KEY_VAULT_NAME", Some(""), "dev").says("not set or empty");
    said("AZURE_KEY_VAULT_NAME", Some("no_vault"), "dev").says("the vault's name must");
    said("APP_CONNECTION", None, "app").says("is not set");
    said("APP_CONNECTION", Some(" "), "app").says("is empty");
    said("APP_CONNECTION", Some("keyvault://my-vault/no_name"), "app")
        .says("the secret's name must");
    said("APP_CONNECTION", Some("env:APP_CONNECTION"), "app").says("circle");
    for reference in ["keyvault://no_vault/S", "keyvault://my-vault/no_name"] {
        let run = run(&sandbox, &cloud, &["status", "--url", reference]);
        assert_eq!(run.code, 8, "{run}");
        run.says("name must have");
    }
    said(
        "APP_CONNECTION",
        Some("@Microsoft.KeyVault(VaultName=my-vault;SecretName=S)"),
        "app",
    )
    .says("unresolved");
    assert!(cloud.heard().is_empty(), "{:?}", cloud.heard());
}

/// Everything that a run shows or leaves behind, at the highest verbosity, in both formats and in
/// every report.
fn everything(sandbox: &Sandbox, cloud: &Cloud, arguments: &[&str], code: i32) {
    for format in ["human", "json"] {
        let reports = REPORTS.map(|format| format!("{format}=report.{format}"));
        let mut all = arguments.to_vec();
        all.extend(["-vvv", "--format", format]);
        for report in &reports {
            all.extend(["--report", report]);
        }
        let mut command = sandbox.command(&all);
        cloud.arm(&mut command);
        command
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full");
        let run = finish(command);
        assert_eq!(run.code, code, "{run}");
        holds_no_secret(&run.seen(), &run);
        for format in REPORTS {
            let report = sandbox.read(&format!("report.{format}"));
            assert!(!report.is_empty());
            holds_no_secret(&report, &run);
        }
    }
}

#[test]
fn nothing_that_a_failing_run_prints_or_writes_holds_a_secret() {
    let sandbox = sandbox();
    for command in ["migrate", "doctor", "history"] {
        let arguments = [command, "--env", "dev"];
        let refusing = Cloud::with_vault(|_| refusal(403, "Forbidden", "AccessDenied"));
        everything(&sandbox, &refusing, &arguments, 8);
        let nonsense = Cloud::with_vault(|_| secret(&format!("Server db Password {PASSWORD}")));
        everything(&sandbox, &nonsense, &arguments, 8);
        let distrusting = Cloud::start(|asked| match asked.host.as_str() {
            "login.microsoftonline.com" => wrong_client_secret(),
            _ => super::answers::challenge(),
        });
        everything(&sandbox, &distrusting, &arguments, 8);

        // The database itself refuses the password, and then the token.
        let server = Responder::start_with_tls(|event| match event {
            Event::Login(_) => Reply::Tokens(vec![
                Token::Error(failure(18_452, 14, "Login failed for user 'deploy'.")),
                Token::Done(0),
            ]),
            event => tds::answer(event),
        });
        let port = server.port;
        let with_password = cloud_for(&server, move |_| secret(&connection(port, "app")));
        everything(&sandbox, &with_password, &arguments, 8);
        assert_eq!(server.logins()[0].password, PASSWORD);
        let with_token = cloud_for(&server, move |_| secret(&entra(port, "Default")));
        everything(&sandbox, &with_token, &arguments, 8);
        let logins = server.logins();
        assert_eq!(
            logins.last().and_then(|it| it.token.as_deref()),
            Some(TOKEN)
        );
    }
}

/// A connection string that names an identity instead of a password.
fn entra(port: u16, identity: &str) -> String {
    format!("Server=localhost,{port};Database=app;Authentication=Active Directory {identity}")
}

#[test]
fn each_identity_gets_the_secret_and_the_token_of_the_database() {
    let server = tds::server();
    let port = server.port;
    // The string names the identity that the application has in Azure; `--auth` wins over it.
    let named = format!("{};User Id=another", entra(port, "Managed Identity"));
    let cloud = cloud_for(&server, move |_| secret(&named));
    let sandbox = sandbox();
    sandbox.write("assertion", "federated");
    tool(&sandbox);
    let search = format!(
        "{}:{}",
        sandbox.path("tools").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut identities = vec![
        ("client-secret", "client secret"),
        ("workload-identity", "workload identity"),
        ("managed-identity", "managed identity"),
    ];
    if cfg!(unix) {
        identities.push(("developer-tools", "developer tools"));
    }
    for (auth, name) in identities {
        let mut command =
            sandbox.command(&["doctor", "--env", "dev", "--auth", auth, "--format", "json"]);
        cloud.arm(&mut command);
        command
            .env("AZURE_FEDERATED_TOKEN_FILE", sandbox.path("assertion"))
            .env("PATH", &search);
        let before = server.logins().len();
        let run = finish(command);
        assert_eq!(step(&json(&run), "credential")["detail"], name, "{run}");
        let logins = server.logins();
        assert_eq!(logins.len(), before + 1, "{run}");
        assert_eq!(logins[before].token.as_deref(), Some(TOKEN), "{run}");
    }
    let tokens: Vec<Asked> = cloud
        .heard()
        .into_iter()
        .filter(|asked| asked.host == "login.microsoftonline.com")
        .collect();
    let assertion = |asked: &Asked| asked.body.contains("client_assertion=federated");
    assert!(tokens.iter().any(assertion));
    assert!(
        tokens
            .iter()
            .all(|it| it.body.contains("client_id=application"))
    );
    let database = |asked: &Asked| asked.body.contains("database.windows.net");
    assert!(
        tokens.iter().any(database),
        "the database's token is one of its own"
    );
    let user_assigned = |asked: &Asked| {
        asked.host == "169.254.169.254" && asked.path.contains("client_id=application")
    };
    assert!(cloud.heard().iter().any(user_assigned));

    // App Service and Container Apps have an endpoint of their own.
    let mut command = sandbox.command(&["status", "--env", "dev", "--auth", "managed-identity"]);
    cloud.arm(&mut command);
    command
        .env("IDENTITY_ENDPOINT", format!("http://{PLATFORM}/msi/token"))
        .env("IDENTITY_HEADER", "header");
    let run = finish(command);
    assert_eq!(run.code, 0, "{run}");
    assert!(cloud.heard().iter().any(|asked| asked.host == PLATFORM));

    // Without a client id it is the one that the system assigned.
    let system = cloud_for(&server, move |_| secret(&entra(port, "Managed Identity")));
    let mut command = sandbox.command(&["status", "--env", "dev", "--auth", "managed-identity"]);
    system.arm(&mut command);
    command.env_remove("AZURE_CLIENT_ID");
    let run = finish(command);
    assert_eq!(run.code, 0, "{run}");
    let asked = system.heard();
    let managed = asked.iter().filter(|it| it.host == "169.254.169.254");
    let paths: Vec<&str> = managed.map(|it| it.path.as_str()).collect();
    // One token for the vault and one for the database.
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(
        paths.iter().all(|it| !it.contains("client_id")),
        "{paths:?}"
    );
}

/// An `az` that is signed in.
fn tool(sandbox: &Sandbox) {
    let answer = format!(
        "{{\"accessToken\":\"{TOKEN}\",\"expires_on\":4000000000,\"tokenType\":\"Bearer\"}}"
    );
    sandbox.write("tools/az", format!("#!/bin/sh\necho '{answer}'\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(sandbox.path("tools/az"), mode).expect("it is ours");
    }
}

#[test]
fn without_any_identity_each_says_why_not() {
    let endpoints = [
        (
            Answer::new(400).json(&serde_json::json!({
                "error": "invalid_request", "error_description": "Identity not found",
            })),
            "- managed identity: no such identity is assigned here",
        ),
        // A laptop, where packets to that address get lost.
        (
            Answer::new(200).after(Duration::from_secs(60)),
            "- managed identity: no answer within 3 s",
        ),
    ];
    let sandbox = sandbox();
    for (answer, said) in endpoints {
        let cloud = Cloud::start(move |asked| match asked.host.as_str() {
            "169.254.169.254" => answer.clone(),
            _ => super::answers::challenge(),
        });
        let mut command = sandbox.command(&["status", "--env", "dev"]);
        cloud.arm(&mut command);
        for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
            command.env_remove(name);
        }
        // No az and no azd, only what runs them.
        command.env("PATH", sandbox.path("nowhere"));
        let run = finish(command);
        assert_eq!(run.code, 8, "{run}");
        run.says("- client secret: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET are not")
            .says("- workload identity: AZURE_FEDERATED_TOKEN_FILE")
            .says(said)
            .says("- developer tools: az: ")
            .says("; azd: ")
            .says("az login")
            .says("--auth");
    }
}

#[test]
fn doctor_goes_the_whole_way_through_the_vault_into_the_server() {
    let server = tds::server();
    let port = server.port;
    let cloud = cloud_for(&server, move |_| secret(&connection(port, "app")));
    let sandbox = sandbox();
    let run = run(
        &sandbox,
        &cloud,
        &["doctor", "--env", "dev", "--format", "json"],
    );
    holds_no_secret(&run.seen(), &run);
    let json = json(&run);
    let said = |name: &str| {
        step(&json, name)["detail"]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    for name in [
        "configuration",
        "reference",
        "credential",
        "secret",
        "dns",
        "tcp",
        "tls",
        "login",
        "engine",
        "database",
        "collation",
        "compatibility level",
        "clock",
        "pending",
    ] {
        assert_eq!(step(&json, name)["status"], "ok", "{name}: {json:#}");
    }
    assert!(said("secret").contains(VERSION), "{json:#}");
    assert!(said("tls").contains("TLS 1."), "{json:#}");
    assert!(said("tls").contains("rcgen self signed cert"), "{json:#}");
    assert!(said("engine").contains("Azure SQL Database"), "{json:#}");
    assert!(said("collation").contains("CI_AS"), "{json:#}");
    assert_eq!(said("compatibility level"), "160");
    // Each permission is a step, and the one that is missing comes with its statement.
    let steps = json["data"]["steps"].as_array().expect("steps");
    let permissions: Vec<_> = steps
        .iter()
        .filter(|step| step["step"] == "permission")
        .collect();
    assert!(permissions.len() > 5, "{json:#}");
    let (missing, held) = permissions.split_last().expect("there are some");
    assert!(held.iter().all(|step| step["status"] == "ok"), "{json:#}");
    assert_eq!(missing["status"], "failed", "{json:#}");
    let help = missing["help"].as_str().expect("a statement");
    assert!(
        help.contains("GRANT ") && help.contains("TO [deployer];"),
        "{help}"
    );
    assert_eq!(run.code, 8, "{run}");
    // It only looks: every batch is a question or a setting of the session.
    for event in server.heard() {
        let sql = event.sql().to_uppercase();
        for word in [
            "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "DROP ",
        ] {
            assert!(!sql.trim_start().starts_with(word), "{sql}");
        }
    }
}

#[test]
fn doctor_tells_a_certificate_that_is_not_trusted_from_a_login_that_fails() {
    let server = tds::server();
    let port = server.port;
    // The authority of the server is not among those that this machine trusts.
    let cloud = Cloud::with_vault(move |_| secret(&connection(port, "app")));
    let sandbox = sandbox();
    let run = run(
        &sandbox,
        &cloud,
        &["doctor", "--env", "dev", "--format", "json"],
    );
    assert_eq!(run.code, 8, "{run}");
    let json = json(&run);
    assert_eq!(step(&json, "tcp")["status"], "ok");
    let tls = step(&json, "tls");
    assert_eq!(tls["status"], "failed", "{json:#}");
    let said = tls["detail"].as_str().expect("a text");
    assert!(said.contains("rcgen self signed cert"), "{said}");
    assert!(
        tls["help"]
            .as_str()
            .is_some_and(|it| it.contains("SSL_CERT_FILE")),
        "{json:#}"
    );
    assert_eq!(step(&json, "login")["status"], "skipped");
    assert!(server.logins().is_empty(), "nobody showed a password");
}
