//! What may be shown of a connection string, and whether a secret stands in it.

use super::REDACTED;
use super::literal::{InlineCredentials, LiteralError, Placeholders};
use super::properties::{Property, folded};
use super::template::{Template, TemplateError};

const SERVER: [&str; 7] = [
    "server",
    "datasource",
    "address",
    "addr",
    "networkaddress",
    "host",
    "servername",
];
const DATABASE: [&str; 3] = ["database", "initialcatalog", "databasename"];
const USER: [&str; 5] = ["userid", "uid", "user", "username", "userprincipalname"];
/// Keys whose values are harmless and of use to a reader.
const SHOWN: [&str; 30] = [
    "failoverpartner",
    "port",
    "portnumber",
    "instancename",
    "schema",
    "authentication",
    "integratedsecurity",
    "trustedconnection",
    "encrypt",
    "trustservercertificate",
    "hostnameincertificate",
    "persistsecurityinfo",
    "applicationname",
    "app",
    "applicationintent",
    "connectiontimeout",
    "connecttimeout",
    "timeout",
    "logintimeout",
    "commandtimeout",
    "connectretrycount",
    "connectretryinterval",
    "connectionlimit",
    "pooltimeout",
    "sockettimeout",
    "multipleactiveresultsets",
    "multisubnetfailover",
    "packetsize",
    "pooling",
    "workstationid",
];
/// Parts of keys whose values are secret, for telling that credentials are there. What is shown
/// does not depend on it.
const SECRET_PARTS: [&str; 8] = [
    "password",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "accesskey",
    "accountkey",
    "apikey",
];
/// Keys of secrets that may themselves be shown.
const SECRET: [&str; 8] = [
    "password",
    "pwd",
    "accesstoken",
    "token",
    "secret",
    "clientsecret",
    "accountkey",
    "sharedaccesskey",
];

/// What is gathered while a connection string is read.
pub(super) struct Facts {
    placeholders: Placeholders,
    pub(super) servers: Vec<String>,
    pub(super) server: Option<String>,
    pub(super) database: Option<String>,
    pub(super) shown: Vec<String>,
    has_secret: bool,
}

impl Facts {
    pub(super) fn new(placeholders: Placeholders) -> Self {
        Self {
            placeholders,
            servers: Vec::new(),
            server: None,
            database: None,
            shown: Vec::new(),
            has_secret: false,
        }
    }

    pub(super) fn take(&mut self, property: &Property<'_>) {
        let key = property.folded_key();
        let is = |keys: &[&str]| keys.contains(&key.as_str());
        let (server, database) = (is(&SERVER), is(&DATABASE));
        if is_secret(&key) {
            self.secret_value(&property.value);
        }
        if (server || key == "failoverpartner") && !property.value.is_empty() {
            self.servers.push(property.value.clone().into_owned());
        }
        let Property { key, written, .. } = property;
        self.shown.push(if server || database || is(&SHOWN) {
            if self.is_harmless(&property.value) {
                if server {
                    self.server = Some(property.value.clone().into_owned());
                } else if database {
                    self.database = Some(property.value.clone().into_owned());
                }
                format!("{key}={written}")
            } else {
                format!("{key}={REDACTED}")
            }
        } else if is(&USER) || is(&SECRET) {
            format!("{key}={REDACTED}")
        } else {
            // Not known: it may be the rest of a secret that was not quoted, key included.
            REDACTED.to_owned()
        });
    }

    /// Takes a property of a URL. An `@` in it may be the end of a user or password that went on
    /// behind a `?` or `;` of its own, unless it stands where one is to be expected.
    pub(super) fn take_behind_host(&mut self, property: &Property<'_>) -> Result<(), LiteralError> {
        let key = property.folded_key();
        let expected = USER.contains(&key.as_str()) || is_secret(&key);
        if !expected && (property.key.contains('@') || property.written.contains('@')) {
            return Err(LiteralError::Ambiguous);
        }
        self.take(property);
        Ok(())
    }

    pub(super) fn secret_value(&mut self, value: &str) {
        let placeholder = self.placeholders == Placeholders::Read
            && Template::parse(value).is_ok_and(|it| it.only_variables());
        self.has_secret |= !value.is_empty() && !placeholder;
    }

    /// Whether a value of a harmless key has the look of one. A forgotten `;` or quote makes the
    /// value of one key swallow the next, and then it has not.
    pub(super) fn is_harmless(&self, value: &str) -> bool {
        let value = self.without_placeholders(value);
        value.chars().count() <= 256
            && value
                .chars()
                .all(|it| it.is_alphanumeric() || " ._-,:\\()[]/$+*#".contains(it))
    }

    /// The value with `0` for each placeholder.
    pub(super) fn without_placeholders(&self, value: &str) -> String {
        let zero = |_: &str| Ok::<_, TemplateError>("0".to_owned());
        match self.placeholders {
            Placeholders::Literal => value.to_owned(),
            Placeholders::Read => Template::parse(value)
                .and_then(|it| it.expand(zero))
                .unwrap_or_else(|_| value.to_owned()),
        }
    }

    /// Whether a secret stands in what was taken, and for which servers.
    pub(super) fn credentials(&self) -> Option<InlineCredentials> {
        let loopback = self.servers.iter().all(|server| is_loopback(server));
        self.has_secret.then_some(InlineCredentials { loopback })
    }
}

/// Whether a key is one that connection strings have.
pub(super) fn is_telling(key: &str) -> bool {
    let key = folded(key);
    let known = |keys: &[&str]| keys.contains(&key.as_str());
    known(&SERVER) || known(&DATABASE) || known(&USER) || is_secret(&key)
}

fn is_secret(folded_key: &str) -> bool {
    SECRET_PARTS.iter().any(|part| folded_key.contains(part))
}

/// Whether a server, as any form writes it, is this machine.
fn is_loopback(server: &str) -> bool {
    let server = server.trim().to_lowercase();
    if server.starts_with("lpc:") || server.starts_with("(localdb)\\") {
        return true;
    }
    let host = server
        .split_once(':')
        .map_or(server.as_str(), |(protocol, rest)| match protocol {
            "tcp" | "np" | "admin" => rest,
            _ => server.as_str(),
        });
    let host = host.strip_prefix("\\\\").unwrap_or(host);
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if host.parse::<std::net::Ipv6Addr>().is_ok() => host,
        None => host.split([',', '\\', ':']).next().unwrap_or_default(),
    };
    let host = host.trim();
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => matches!(host, "." | "(local)" | "localhost") || host.ends_with(".localhost"),
    }
}
