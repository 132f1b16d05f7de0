//! Secrets and tokens, fetched from a vault that is served on this machine: every way in which it
//! can fail, what is then said, and that no secret is ever part of it.

use std::ffi::OsStr;
use std::io;
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::http::{
    AsyncRawResponse, HttpClient, Request as Asked, Transport, new_http_client,
};
use azure_identity::Executor;
use wiremock::matchers::{any, body_string_contains, header, header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::answers::{
    Answer, CLIENT_SECRET, NAME, PASSWORD, TOKEN, VERSION, challenge, managed_token, refusal,
    refusals, secret, token, wrong_client_secret,
};
use super::credential::{Given, Patience};
use super::keyvault::{Azure, Limits};
use super::resolve::{Lookup, Resolved, Target, resolve};
use super::*;

/// Sends every request to the fake, over plain HTTP, whatever host it is for. The client of the
/// vault sees the real address all the way, so that its checks of scheme and host hold.
#[derive(Debug)]
struct Detour {
    to: azure_core::http::Url,
    network: Arc<dyn HttpClient>,
}

#[async_trait::async_trait]
impl HttpClient for Detour {
    async fn execute_request(&self, request: &Asked) -> azure_core::Result<AsyncRawResponse> {
        let mut request = request.clone();
        let host = self.to.host_str().expect("the fake has a host").to_owned();
        let url = request.url_mut();
        url.set_scheme("http").expect("http is a scheme");
        url.set_host(Some(&host)).expect("it is a host");
        url.set_port(self.to.port()).expect("it is a port");
        self.network.execute_request(&request).await
    }
}

/// Tools that are not installed.
#[derive(Debug)]
struct NoTools;

#[async_trait::async_trait]
impl Executor for NoTools {
    async fn run(&self, _program: &OsStr, _arguments: &[&OsStr]) -> io::Result<Output> {
        Err(io::Error::new(io::ErrorKind::NotFound, "no shell"))
    }
}

/// A vault and Microsoft Entra ID on this machine.
struct Fake {
    runtime: tokio::runtime::Runtime,
    server: MockServer,
}

impl Fake {
    /// Without an answer to anything.
    fn silent() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        Self { runtime, server }
    }

    /// That challenges first, as the real one does, and gives a token to the application.
    fn challenging() -> Self {
        let fake = Self::silent();
        fake.on(
            Mock::given(method("POST"))
                .and(path("/tenant/oauth2/v2.0/token"))
                .and(body_string_contains(CLIENT_SECRET)),
            token(),
        );
        fake.runtime.block_on(
            Mock::given(any())
                .respond_with(template(challenge()))
                .with_priority(200)
                .mount(&fake.server),
        );
        fake
    }

    fn on(&self, mock: wiremock::MockBuilder, answer: Answer) {
        let answer = template(answer);
        self.runtime
            .block_on(mock.respond_with(answer).mount(&self.server));
    }

    /// Answers to whoever shows the token.
    fn answers(&self, at: &str, answer: Answer) {
        let bearer = format!("Bearer {TOKEN}");
        self.on(
            Mock::given(method("GET"))
                .and(path(at))
                .and(header("Authorization", bearer.as_str())),
            answer,
        );
    }

    fn azure(&self) -> Azure {
        Azure {
            pinned: None,
            given: Given {
                tenant: Some("tenant".to_owned()),
                client: Some("application".to_owned()),
                client_secret: Some(Secret::new(CLIENT_SECRET)),
                token_file: None,
            },
            limits: Limits {
                attempt: Duration::from_millis(1_500),
                whole: Duration::from_secs(8),
                tries: 3,
                pause: Duration::from_millis(10),
                patience: Patience {
                    entra: Duration::from_secs(2),
                    managed: Duration::from_millis(400),
                    tools: Duration::from_secs(2),
                },
            },
            transport: Some(self.transport()),
            executor: Some(Arc::new(NoTools)),
        }
    }

    fn transport(&self) -> Transport {
        let to = self.server.uri().parse().expect("an address");
        let network = new_http_client(None);
        Transport::new(Arc::new(Detour { to, network }))
    }

    fn asked(&self) -> usize {
        let requests = self.runtime.block_on(self.server.received_requests());
        requests.map_or(0, |requests| requests.len())
    }
}

/// One variable, and a vault.
struct World(Azure);

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<std::ffi::OsString> {
        match name {
            "AZURE_KEY_VAULT_NAME" => Some("my-vault".into()),
            "DATABASE" => Some(format!("keyvault://my-vault/{NAME}").into()),
            _ => None,
        }
    }

    fn file(&self, _path: &std::path::Path, _limit: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn vault(&self, secret: &VaultHop) -> Result<Fetched, Fault> {
        self.0.fetch(secret).map_err(Fault::Vault)
    }
}

fn resolved(text: &str, azure: Azure) -> Result<Resolved, SecretError> {
    let reference = Reference::parse(text).expect("a reference");
    resolve(&reference, "dev", &World(azure))
}

fn connection(database: &str) -> String {
    format!("Server=tcp:db.database.windows.net;Database={database};User Id=a;Password={PASSWORD}")
}

fn template(answer: Answer) -> ResponseTemplate {
    let mut template = ResponseTemplate::new(answer.status)
        .set_body_string(answer.body)
        .set_delay(answer.delay);
    for (name, value) in &answer.headers {
        template = template.insert_header(*name, value.as_str());
    }
    template
}

fn database(resolved: &Resolved) -> &str {
    match &resolved.target {
        Target::SqlServer(literal) => literal.database().expect("a database"),
        Target::Sqlite(_) => panic!("it is SQL Server"),
    }
}

fn latest() -> String {
    format!("/secrets/{NAME}/")
}

/// What a failure says, which must be no secret, and that it comes soon.
#[track_caller]
fn said(text: &str, azure: Azure) -> String {
    let begun = Instant::now();
    let error = resolved(text, azure).expect_err("it fails");
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "it takes too long"
    );
    let said = format!("{error}\n{}", error.help());
    for secret in [PASSWORD, TOKEN, CLIENT_SECRET] {
        assert!(!said.contains(secret), "{said}");
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
    for name in ["`dev`", "my-vault", NAME] {
        assert!(said.contains(name), "nothing names {name}: {said}");
    }
    said
}

const REFERENCE: &str = "keyvault://${AZURE_KEY_VAULT_NAME}/SqlConnectionString--Dev";

#[test]
fn a_secret_is_fetched_after_the_challenge_and_tells_who_got_it() {
    let fake = Fake::challenging();
    fake.answers(&latest(), secret(&connection("app")));
    let found = resolved("env:DATABASE", fake.azure()).expect("a connection");
    assert_eq!(database(&found), "app");
    assert!(
        found.inline_credentials().is_none(),
        "a vault is not inline"
    );
    let fetched = found.fetched.expect("it was fetched");
    assert_eq!(fetched.identity, Auth::ClientSecret);
    assert_eq!(fetched.version.as_deref(), Some(VERSION));
    assert!(fetched.token_time <= fetched.whole_time);
    assert_eq!(found.trail.len(), 2);
}

#[test]
fn a_version_is_honoured_and_the_current_one_follows_a_rotation() {
    let fake = Fake::challenging();
    fake.answers(
        &format!("/secrets/{NAME}/{VERSION}"),
        secret(&connection("old")),
    );
    fake.answers(&latest(), secret(&connection("new")));
    let pinned = format!("keyvault://my-vault/{NAME}/{VERSION}");
    let old = resolved(&pinned, fake.azure()).expect("a connection");
    assert_eq!(database(&old), "old");
    let new = resolved(REFERENCE, fake.azure()).expect("a connection");
    assert_eq!(database(&new), "new");

    let rotated = Fake::challenging();
    rotated.answers(&latest(), secret(&connection("rotated")));
    let new = resolved(REFERENCE, rotated.azure()).expect("a connection");
    assert_eq!(database(&new), "rotated");
}

#[test]
fn a_busy_vault_is_asked_again_after_the_time_it_wants() {
    let fake = Fake::challenging();
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "1");
    fake.runtime.block_on(
        Mock::given(path(latest()))
            .and(header_exists("Authorization"))
            .respond_with(busy)
            .up_to_n_times(1)
            .with_priority(1)
            .mount(&fake.server),
    );
    fake.answers(&latest(), secret(&connection("app")));
    let begun = Instant::now();
    let found = resolved(REFERENCE, fake.azure()).expect("a connection");
    assert_eq!(database(&found), "app");
    assert!(begun.elapsed() >= Duration::from_secs(1), "it did not wait");
}

#[test]
fn every_refusal_says_what_it_is_and_what_to_do() {
    for (answer, what, help) in refusals(&connection("app")) {
        let fake = Fake::challenging();
        fake.answers(&latest(), answer);
        let said = said(REFERENCE, fake.azure());
        assert!(said.contains(what), "{what}: {said}");
        assert!(said.contains(help), "{help}: {said}");
        assert!(said.contains("named by `AZURE_KEY_VAULT_NAME`"), "{said}");
    }
}

#[test]
fn a_vault_that_stays_broken_is_tried_three_times() {
    let fake = Fake::challenging();
    fake.answers(&latest(), refusal(503, "Unavailable", ""));
    said(REFERENCE, fake.azure());
    // The challenge, the token, and three answers.
    assert_eq!(fake.asked(), 5);
}

#[test]
fn a_vault_that_does_not_answer_is_not_waited_for() {
    let fake = Fake::challenging();
    fake.answers(&latest(), secret("x").after(Duration::from_secs(60)));
    let said = said(REFERENCE, fake.azure());
    assert!(said.contains("did not come within"), "{said}");
}

#[test]
fn a_vault_that_cannot_be_reached_says_why() {
    let fake = Fake::silent();
    let mut azure = fake.azure();
    azure.transport = Some(fake.transport());
    // The fake is gone: nobody listens there any more.
    let Fake { runtime, server } = fake;
    drop(server);
    drop(runtime);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    azure.transport = Some(Transport::new(Arc::new(Detour {
        to: to.parse().expect("an address"),
        network: new_http_client(None),
    })));
    let said = said(REFERENCE, azure);
    assert!(
        said.contains("cannot be reached: the connection is refused"),
        "{said}"
    );
    assert!(
        said.contains("my-vault.vault.azure.net, port 443"),
        "{said}"
    );
}

#[test]
fn without_an_identity_the_reason_of_every_link_is_listed() {
    let fake = Fake::challenging();
    let mut azure = fake.azure();
    azure.given = Given::default();
    let said = said(REFERENCE, azure);
    for reason in [
        "client secret: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET are not set",
        "workload identity: AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID, AZURE_CLIENT_ID are not set",
        "managed identity: ",
        "developer tools: az: ",
        "; azd: ",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
}

#[test]
fn an_identity_that_is_set_up_but_refused_ends_the_chain() {
    let fake = Fake::challenging();
    let mut azure = fake.azure();
    azure.given.client_secret = Some(Secret::new("another"));
    fake.on(
        Mock::given(method("POST")).and(path("/tenant/oauth2/v2.0/token")),
        wrong_client_secret(),
    );
    let said = said(REFERENCE, azure);
    assert!(
        said.contains("client secret: the client secret is wrong (AADSTS7000215)"),
        "{said}"
    );
    assert!(
        said.contains("managed identity: not tried, because the variables of the client secret"),
        "{said}"
    );
}

#[test]
fn a_pinned_identity_is_the_only_one_that_is_tried() {
    let fake = Fake::challenging();
    let mut azure = fake.azure();
    azure.pinned = Some(Auth::WorkloadIdentity);
    let said = said(REFERENCE, azure);
    assert!(
        said.contains("workload identity: AZURE_FEDERATED_TOKEN_FILE is not set"),
        "{said}"
    );
    assert!(!said.contains("- client secret"), "{said}");
    assert!(!said.contains("managed identity"), "{said}");
}

#[test]
fn a_workload_and_a_managed_identity_get_the_secret_too() {
    let fake = Fake::challenging();
    fake.answers(&latest(), secret(&connection("app")));
    let assertion = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(assertion.path(), "federated").expect("a file");
    fake.on(
        Mock::given(method("POST"))
            .and(path("/tenant/oauth2/v2.0/token"))
            .and(body_string_contains("client_assertion=federated")),
        token(),
    );
    let mut azure = fake.azure();
    azure.given.client_secret = None;
    azure.given.token_file = Some(assertion.path().to_string_lossy().into_owned());
    let found = resolved(REFERENCE, azure).expect("a connection");
    assert_eq!(
        found.fetched.map(|it| it.identity),
        Some(Auth::WorkloadIdentity)
    );

    fake.on(
        Mock::given(method("GET"))
            .and(path("/metadata/identity/oauth2/token"))
            .and(wiremock::matchers::query_param("client_id", "application")),
        managed_token(),
    );
    let mut azure = fake.azure();
    azure.given.client_secret = None;
    let found = resolved(REFERENCE, azure).expect("a connection");
    assert_eq!(
        found.fetched.map(|it| it.identity),
        Some(Auth::ManagedIdentity)
    );
}

#[test]
fn the_same_chain_gives_the_token_for_a_database() {
    let fake = Fake::challenging();
    let request = TokenRequest::for_database("dev");
    let token = fake.azure().database_token(&request).expect("a token");
    assert_eq!(token.expose(), TOKEN);
    let mut azure = fake.azure();
    azure.given = Given::default();
    let error = azure
        .database_token(&request)
        .expect_err("nobody is set up");
    let said = format!("{error}\n{}", error.help());
    assert!(
        said.contains("environment `dev`: its connection needs a token"),
        "{said}"
    );
    assert!(said.contains("client secret: AZURE_TENANT_ID"), "{said}");
}

#[test]
fn a_caller_inside_a_runtime_may_ask_too() {
    let fake = Fake::challenging();
    let azure = fake.azure();
    let token = fake
        .runtime
        .block_on(async { azure.database_token(&TokenRequest::for_database("dev")) });
    assert!(token.is_ok());
}
