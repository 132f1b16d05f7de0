//! What a connection string asks for, read strictly.
//!
//! A keyword that is passed over can mean a connection without encryption, or one as somebody
//! else. So every documented keyword is known, what is unknown is refused by its name, and a form
//! of authentication that dbtool lacks is never replaced by another. No message repeats a value
//! that could be secret.

use std::time::Duration;

use crate::secret::{Literal, LiteralError, Secret, folded};

mod keywords;
#[cfg(test)]
mod tests;

use keywords::{Keyword, keyword, name};

/// The port of SQL Server where nothing else is said.
pub const DEFAULT_PORT: u16 = 1433;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const PLAINTEXT: &str = "danger_plaintext";

/// What a connection string asks for.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// The host.
    pub host: String,
    /// The port; `None` when a named instance has to be asked for at the SQL Server Browser.
    pub port: Option<u16>,
    /// The named instance. Dropped where a port is given, which leads to it already.
    pub instance: Option<String>,
    /// The database; the login's own without.
    pub database: Option<String>,
    /// Who logs in, and how that is proven.
    pub authentication: Authentication,
    /// How much is encrypted.
    pub encryption: Encryption,
    /// Accept any certificate.
    pub trust_certificate: bool,
    /// A file with certificates of authorities that are trusted besides those of the machine.
    pub certificate_authority: Option<String>,
    /// The name that the certificate must have, where it is not the host's.
    pub certificate_host: Option<String>,
    /// How long one attempt to log in may take.
    pub connect_timeout: Duration,
    /// How long a statement waits for a lock, where the string says so; `None` is without limit.
    pub lock_timeout: Option<Duration>,
    /// What the server lists the session as.
    pub application_name: String,
    /// The name under which the server lists this machine.
    pub workstation: Option<String>,
    /// Ask for a readable secondary.
    pub read_only: bool,
    /// Try all addresses of the host at once.
    pub multi_subnet_failover: bool,
    /// The size of packets, in bytes.
    pub packet_size: Option<u32>,
}

/// Who logs in, and how that is proven.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// A login of the server with its password.
    SqlPassword {
        /// The login.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// An access token of Microsoft Entra that has to be fetched.
    Token(Identity),
    /// An access token that stands in the connection string.
    GivenToken(Secret),
}

/// The identity that an access token is asked for.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Whatever the machine offers, in a documented order.
    Default {
        /// The client id of a managed identity to prefer.
        client_id: Option<String>,
    },
    /// The managed identity of the machine.
    Managed {
        /// The client id of a user-assigned one.
        client_id: Option<String>,
    },
    /// A federated token from a file.
    Workload {
        /// The client id, where the environment does not say it.
        client_id: Option<String>,
    },
    /// An application with a secret.
    ServicePrincipal {
        /// Its client id.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
}

/// How much of a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// All of it, TLS first: TDS 8.0.
    Strict,
    /// All of it, or no connection.
    Mandatory,
    /// The login at least; the rest if the server wants it.
    Optional,
    /// None of it, password included. Only ever by its own alarming word.
    Plaintext,
}

/// Why a connection string cannot be used. Holds no value of it that could be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the connection string cannot be used: {message}")]
pub struct ConnectionError {
    /// What is wrong.
    pub message: String,
}

impl From<LiteralError> for ConnectionError {
    fn from(error: LiteralError) -> Self {
        refused(error.to_string())
    }
}

fn refused(message: impl Into<String>) -> ConnectionError {
    ConnectionError {
        message: message.into(),
    }
}

/// The values by keyword, each given once.
struct Given(Vec<(Keyword, String, Secret)>);

impl Given {
    fn of(properties: Vec<(String, Secret)>) -> Result<Self, ConnectionError> {
        let mut given = Self(Vec::new());
        let mut behind_secret = false;
        for (index, (key, value)) in properties.into_iter().enumerate() {
            let Some(found) = keyword(&folded(&key)) else {
                // What follows a password may be the rest of one that was not quoted.
                return Err(refused(if behind_secret {
                    format!(
                        "part {} follows the password and is no keyword; a password that \
                         contains `;` must be quoted",
                        index + 1
                    )
                } else {
                    format!(
                        "`{}` is no keyword that SqlClient, JDBC or Prisma document; correct its \
                         spelling or remove it",
                        shown(&key)
                    )
                }));
            };
            behind_secret = matches!(found, Keyword::Password | Keyword::AccessToken);
            match found {
                Keyword::PassedOver => continue,
                Keyword::Only(fine, reason) => {
                    let value = value.expose().trim().to_lowercase();
                    if !fine.contains(&value.as_str()) {
                        return Err(refused(format!("`{}` is refused: {reason}", shown(&key))));
                    }
                    continue;
                }
                _ => {}
            }
            if let Some((_, before, _)) = given.0.iter().find(|(it, _, _)| *it == found) {
                return Err(refused(if *before == key {
                    format!("`{}` is given twice", shown(&key))
                } else {
                    format!(
                        "`{}` and `{}` mean the same, and both are given",
                        shown(before),
                        shown(&key)
                    )
                }));
            }
            given.0.push((found, key, value));
        }
        Ok(given)
    }

    fn secret(&self, keyword: Keyword) -> Option<&Secret> {
        let found = self.0.iter().find(|(it, _, _)| *it == keyword);
        found
            .map(|(_, _, value)| value)
            .filter(|value| !value.expose().is_empty())
    }

    /// A value that is set to something.
    fn text(&self, keyword: Keyword) -> Option<&str> {
        let value = self.secret(keyword)?.expose().trim();
        (!value.is_empty()).then_some(value)
    }

    fn owned(&self, keyword: Keyword) -> Option<String> {
        self.text(keyword).map(str::to_owned)
    }

    fn flag(&self, keyword: Keyword) -> Result<bool, ConnectionError> {
        match self.text(keyword).map(str::to_lowercase).as_deref() {
            None | Some("false" | "no") => Ok(false),
            Some("true" | "yes") => Ok(true),
            Some(_) => Err(one_of(keyword, "true or false")),
        }
    }

    fn number<T: std::str::FromStr>(&self, keyword: Keyword) -> Result<Option<T>, ConnectionError> {
        self.text(keyword)
            .map(|text| text.parse().map_err(|_| one_of(keyword, "a number")))
            .transpose()
    }
}

fn one_of(keyword: Keyword, wanted: &str) -> ConnectionError {
    refused(format!("`{}` must be {wanted}", name(keyword)))
}

/// A key as it may be shown: no line breaks, and no longer than any keyword.
fn shown(key: &str) -> String {
    let plain = |it: char| if it.is_control() { '?' } else { it };
    key.trim().chars().take(48).map(plain).collect()
}

impl ConnectionSettings {
    /// Reads a connection string.
    ///
    /// # Errors
    /// When it has an unknown keyword, an impossible value, or asks for what dbtool cannot do.
    pub fn parse(literal: &Literal) -> Result<Self, ConnectionError> {
        let parts = literal.parts()?;
        let given = Given::of(parts.properties)?;
        let mut place = Place::default();
        match (&parts.authority, given.text(Keyword::Server)) {
            (Some(_), Some(_)) => {
                return Err(refused(
                    "the server is given twice, as host and as property",
                ));
            }
            (Some(authority), None) => place.of_authority(authority)?,
            (None, Some(server)) => place.of_server(server)?,
            (None, None) => return Err(refused("it names no server")),
        }
        if let Some(port) = given.number::<u16>(Keyword::Port)?
            && place.port.replace(port).is_some()
        {
            return Err(refused(
                "the port is given twice, with the server and as property",
            ));
        }
        if let Some(instance) = given.owned(Keyword::Instance)
            && place.instance.replace(instance).is_some()
        {
            return Err(refused(
                "the instance is given twice, with the server and as property",
            ));
        }
        // A port leads to one instance; the name beside it could only contradict.
        let port = match (place.port, &place.instance) {
            (None, None) => Some(DEFAULT_PORT),
            (port, _) => port,
        };
        let instance = place.instance.filter(|_| port.is_none());
        let encryption = encryption(&given)?;
        let trust_certificate = given.flag(Keyword::TrustCertificate)?;
        let certificate_authority = given.owned(Keyword::CertificateAuthority);
        if trust_certificate && certificate_authority.is_some() {
            return Err(refused(
                "`TrustServerCertificate` accepts any certificate and `TrustServerCertificateCA` \
                 only some: remove one of them",
            ));
        }
        if trust_certificate && encryption == Encryption::Strict {
            return Err(refused(
                "`Encrypt=Strict` always verifies the certificate; remove TrustServerCertificate",
            ));
        }
        let seconds = given.number::<u64>(Keyword::ConnectTimeout)?;
        let lock_timeout = given.number::<i64>(Keyword::LockTimeout)?;
        let read_only = match given
            .text(Keyword::Intent)
            .map(str::to_lowercase)
            .as_deref()
        {
            None | Some("readwrite") => false,
            Some("readonly") => true,
            Some(_) => return Err(one_of(Keyword::Intent, "ReadWrite or ReadOnly")),
        };
        let packet_size = given.number::<u32>(Keyword::PacketSize)?;
        if packet_size.is_some_and(|size| !(512..=32_767).contains(&size)) {
            return Err(one_of(Keyword::PacketSize, "between 512 and 32767"));
        }
        Ok(Self {
            host: place.host,
            port,
            instance,
            database: given.owned(Keyword::Database),
            authentication: authentication(&given)?,
            encryption,
            trust_certificate,
            certificate_authority,
            certificate_host: given.owned(Keyword::CertificateHost),
            connect_timeout: match seconds {
                None | Some(0) => DEFAULT_TIMEOUT,
                Some(seconds) => Duration::from_secs(seconds),
            },
            lock_timeout: lock_timeout
                .and_then(|milliseconds| u64::try_from(milliseconds).ok())
                .map(Duration::from_millis),
            application_name: given
                .owned(Keyword::ApplicationName)
                .unwrap_or_else(|| "dbtool".to_owned()),
            workstation: given.owned(Keyword::Workstation),
            read_only,
            multi_subnet_failover: given.flag(Keyword::MultiSubnet)?,
            packet_size,
        })
    }

    /// The server as people name it: `host,port` or `host\instance`, the usual port left out.
    pub fn server(&self) -> String {
        match (self.port, &self.instance) {
            (Some(DEFAULT_PORT), _) | (None, None) => self.host.clone(),
            (Some(port), _) => format!("{},{port}", self.host),
            (None, Some(instance)) => format!("{}\\{instance}", self.host),
        }
    }
}

/// Where the server is, as the string says it.
#[derive(Default)]
struct Place {
    host: String,
    port: Option<u16>,
    instance: Option<String>,
}

impl Place {
    /// `tcp:host\instance,port`, as ADO.NET writes it.
    fn of_server(&mut self, text: &str) -> Result<(), ConnectionError> {
        let text = match text.split_once(':') {
            Some((protocol, rest)) if protocol.trim().eq_ignore_ascii_case("tcp") => rest,
            Some((protocol, _)) if ["np", "lpc", "admin", "via"].contains(&protocol) => {
                return Err(refused(format!(
                    "the server begins with `{protocol}:`, and dbtool speaks tcp: only"
                )));
            }
            _ => text,
        };
        if text.starts_with("\\\\") || text.to_lowercase().starts_with("(localdb)") {
            return Err(refused(
                "named pipes and LocalDB are not supported; write the server as tcp:host,port",
            ));
        }
        let (host, port) = match text.rsplit_once(',') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        self.of_host(host, port)
    }

    /// `host:port`, `host\instance:port` or `[::1]:port`, as URLs write it.
    fn of_authority(&mut self, text: &str) -> Result<(), ConnectionError> {
        if text.starts_with('[') {
            let end = text.find(']').map_or(text.len(), |at| at + 1);
            let (host, port) = text.split_at(end);
            let port = port.strip_prefix([':', ',']);
            return self.of_host(host, port);
        }
        match text.rsplit_once([':', ',']) {
            Some((host, port)) => self.of_host(host, Some(port)),
            None => self.of_host(text, None),
        }
    }

    fn of_host(&mut self, host: &str, port: Option<&str>) -> Result<(), ConnectionError> {
        let (host, instance) = match host.split_once('\\') {
            Some((host, instance)) => (host, Some(instance.trim())),
            None => (host, None),
        };
        let host = host.trim();
        let host = host
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'))
            .unwrap_or(host);
        if host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(refused(
                "its server has a `:` in its name; in this form the port follows a comma: host,1433",
            ));
        }
        self.host = match host {
            "" => return Err(refused("it names no server")),
            "." => "localhost".to_owned(),
            host if host.eq_ignore_ascii_case("(local)") => "localhost".to_owned(),
            host => host.to_owned(),
        };
        self.port = match port.map(str::trim) {
            None => None,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => Some(port),
                _ => return Err(refused("its port is no number between 1 and 65535")),
            },
        };
        // The default instance has this name too.
        self.instance = instance
            .filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("MSSQLSERVER"))
            .map(str::to_owned);
        Ok(())
    }
}

fn encryption(given: &Given) -> Result<Encryption, ConnectionError> {
    let text = given.text(Keyword::Encrypt).map(str::to_lowercase);
    match text.as_deref() {
        None | Some("true" | "yes" | "mandatory") => Ok(Encryption::Mandatory),
        Some("false" | "no" | "optional") => Ok(Encryption::Optional),
        Some("strict") => Ok(Encryption::Strict),
        Some(PLAINTEXT) => Ok(Encryption::Plaintext),
        Some(_) => Err(one_of(
            Keyword::Encrypt,
            "Strict, Mandatory, Optional, true or false",
        )),
    }
}

fn authentication(given: &Given) -> Result<Authentication, ConnectionError> {
    let method = given.text(Keyword::Authentication).map(folded);
    let user = given.owned(Keyword::User);
    let password = given.secret(Keyword::Password).cloned();
    let token = given.secret(Keyword::AccessToken).cloned();
    let written = given.text(Keyword::Authentication).unwrap_or_default();
    if let Some(token) = token {
        return match (&method, &user, &password) {
            (None, None, None) => Ok(Authentication::GivenToken(token)),
            _ => Err(refused(
                "`accessToken` says all of who logs in: remove Authentication, User Id and Password",
            )),
        };
    }
    // A password that would not be used is a sign that another form was meant.
    let unused = |form: Identity| match &password {
        None => Ok(Authentication::Token(form)),
        Some(_) => Err(refused(format!(
            "`Authentication={written}` takes no password; remove it, or name the form that does"
        ))),
    };
    match method.as_deref() {
        None | Some("notspecified") | Some("sqlpassword") => match (user, password) {
            (Some(user), Some(password)) => Ok(Authentication::SqlPassword { user, password }),
            (None, None) => Err(refused(
                "it says neither who logs in (User Id and Password) nor how (Authentication=Active \
                 Directory Default, for instance)",
            )),
            (Some(_), None) => Err(refused(
                "it has a user but no password; for a login without one, say which kind: \
                 Authentication=Active Directory …",
            )),
            (None, Some(_)) => Err(refused("it has a password but no user")),
        },
        Some("activedirectorydefault") => unused(Identity::Default { client_id: user }),
        Some("activedirectorymanagedidentity" | "activedirectorymsi") => {
            unused(Identity::Managed { client_id: user })
        }
        Some("activedirectoryworkloadidentity") => unused(Identity::Workload { client_id: user }),
        Some("activedirectoryserviceprincipal") => match (user, password) {
            (Some(client_id), Some(secret)) => {
                Ok(Authentication::Token(Identity::ServicePrincipal {
                    client_id,
                    secret,
                }))
            }
            _ => Err(refused(
                "`Authentication=Active Directory Service Principal` needs the client id as \
                 User Id and its secret as Password",
            )),
        },
        Some(
            "activedirectoryinteractive"
            | "activedirectorydevicecode"
            | "activedirectorydevicecodeflow",
        ) => Err(refused(format!(
            "`Authentication={}` wants a person at a browser, which dbtool does not support; sign \
             in with `az login` and use Active Directory Default",
            shown(written)
        ))),
        Some("activedirectoryintegrated" | "windows" | "windowspassword" | "sspi" | "ntlm") => {
            Err(refused(format!(
                "`Authentication={}` is Windows authentication, which dbtool does not support; use \
                 SqlPassword, Active Directory Default, Managed Identity, Workload Identity or \
                 Service Principal",
                shown(written)
            )))
        }
        Some("activedirectorypassword" | "activedirectoryserviceprincipalcertificate") => {
            Err(refused(format!(
                "`Authentication={}` is not supported: Microsoft's library for it does not exist \
                 for this build; use Active Directory Service Principal or Default",
                shown(written)
            )))
        }
        Some(_) => Err(one_of(
            Keyword::Authentication,
            "SqlPassword, or Active Directory Default, Managed Identity, Workload Identity or \
             Service Principal",
        )),
    }
}
