//! What Key Vault and Microsoft Entra ID answer, as plain values.
//!
//! For tests only, and for two kinds of them: in this process over wiremock, and on the real binary
//! over TLS (`tests/integration/vault.rs` includes this file), so that both try the same cases.

use std::time::Duration;

use serde_json::{Value, json};

pub const PASSWORD: &str = "hunter2-in-the-connection";
pub const TOKEN: &str = "eyJ0b2tlbg.eyJvZi10aGUtdmF1bHQ.c2lnbmF0dXJl";
pub const CLIENT_SECRET: &str = "client-secret-of-the-application";
pub const NAME: &str = "SqlConnectionString--Dev";
pub const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub delay: Duration,
}

impl Answer {
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
            delay: Duration::ZERO,
        }
    }

    pub fn json(self, body: &Value) -> Self {
        Self {
            body: body.to_string(),
            ..self
        }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// What whoever shows no token is told.
pub fn challenge() -> Answer {
    Answer::new(401).header(
        "WWW-Authenticate",
        "Bearer authorization=\"https://login.microsoftonline.com/tenant\", \
         resource=\"https://vault.azure.net\"",
    )
}

/// A token, as Microsoft Entra ID gives it.
pub fn token() -> Answer {
    Answer::new(200).json(&json!({
        "token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600,
        "access_token": TOKEN,
    }))
}

/// A token, as the endpoint of managed identities gives it.
pub fn managed_token() -> Answer {
    Answer::new(200).json(&json!({
        "access_token": TOKEN, "expires_on": "4000000000", "token_type": "Bearer",
        "resource": "https://vault.azure.net",
    }))
}

/// A refusal of Microsoft Entra ID, by a careless server that repeats what it got.
pub fn wrong_client_secret() -> Answer {
    Answer::new(401).json(&json!({
        "error": "invalid_client",
        "error_codes": [7_000_215],
        "error_description": format!("AADSTS7000215: Invalid client secret {CLIENT_SECRET}"),
    }))
}

/// A secret with its value.
pub fn secret(value: &str) -> Answer {
    Answer::new(200).json(&json!({
        "value": value,
        "id": format!("https://my-vault.vault.azure.net/secrets/{NAME}/{VERSION}"),
        "attributes": { "enabled": true },
    }))
}

/// A refusal of the vault, by a careless server that repeats what it got.
pub fn refusal(status: u16, code: &str, inner: &str) -> Answer {
    Answer::new(status).json(&json!({ "error": {
        "code": code,
        "message": format!("you sent {TOKEN} and {CLIENT_SECRET}; {PASSWORD}"),
        "innererror": { "code": inner },
    }}))
}

/// Every way in which a vault that answers gives no connection: the answer, what is then said, and
/// what the help begins to say. `connection` is the secret's value where it has one.
pub fn refusals(connection: &str) -> Vec<(Answer, &'static str, &'static str)> {
    let with = |attributes: Value| {
        Answer::new(200).json(&json!({ "value": connection, "attributes": attributes }))
    };
    vec![
        (
            refusal(404, "SecretNotFound", ""),
            "does not exist",
            "az keyvault secret set --vault-name my-vault --name SqlConnectionString--Dev",
        ),
        (
            refusal(403, "Forbidden", "AccessDenied"),
            "may not be read by the client secret that asked",
            "Key Vault Secrets User",
        ),
        (
            refusal(403, "Forbidden", "ForbiddenByRbac"),
            "may not be read",
            "az role assignment create",
        ),
        (
            refusal(403, "Forbidden", "SecretDisabled"),
            "is disabled",
            "--enabled true",
        ),
        (
            refusal(403, "Forbidden", "ForbiddenByFirewall"),
            "firewall",
            "network-rule add",
        ),
        (
            refusal(403, "Forbidden", "SecretExpired"),
            "has expired",
            "store the new connection",
        ),
        (
            with(json!({ "enabled": true, "exp": 1_700_000_000 })),
            "expired at 2023-11-14",
            "store the new connection",
        ),
        (
            with(json!({ "enabled": true, "nbf": 4_000_000_000_u64 })),
            "is not valid before 2096",
            "--not-before",
        ),
        (
            with(json!({ "enabled": false })),
            "is disabled",
            "--enabled true",
        ),
        (secret("  \n"), "is empty", "store the connection string"),
        (
            secret("@Microsoft.KeyVault(SecretUri=https://my-vault.vault.azure.net/secrets/S)"),
            "unresolved @Microsoft.KeyVault",
            "set secret",
        ),
        (
            secret(&format!("keyvault://my-vault/{NAME}")),
            "go round in a circle",
            "hold the connection itself",
        ),
        (
            Answer::new(429).header("Retry-After", "120"),
            "asked too often (429) and wants 120 s",
            "wait and run again",
        ),
        (
            refusal(401, "Unauthorized", ""),
            "does not accept the token of the client secret",
            "tenant of `my-vault`",
        ),
        (
            refusal(500, "InternalServerError", ""),
            "the vault answered 500 (InternalServerError)",
            "az keyvault secret show",
        ),
        (
            Answer {
                body: "<html>proxy</html>".to_owned(),
                ..Answer::new(200)
            },
            "the answer is not one of Key Vault",
            "az keyvault secret show",
        ),
        (
            secret(&format!("nonsense {PASSWORD}")),
            "none of the forms",
            "write one of",
        ),
    ]
}
