//! Connection strings for SQL Server, read as far as showing and judging them needs.
//!
//! What a driver makes of one is decided where connections are opened; here it is only taken
//! apart to show server and database, and to tell whether credentials stand in it.

use std::fmt;

use zeroize::Zeroizing;

use super::facts::{Facts, is_telling};
use super::properties::{Property, PropertyError, properties, quote_ado, quote_jdbc};
use super::template::{Template, TemplateError};
use super::{REDACTED, Secret};

/// A connection string for SQL Server. `Debug` and `Display` show it redacted.
#[derive(Clone)]
pub struct Literal {
    text: Secret,
    form: Form,
    server: Option<String>,
    database: Option<String>,
    redacted: String,
    credentials: Option<InlineCredentials>,
}

/// A connection string taken apart, and judged in nothing.
#[derive(Debug, Clone)]
pub struct LiteralParts {
    /// `host:port` or `host\\instance:port` of a URL, where it names a host there.
    pub authority: Option<String>,
    /// Keys as written, with their values, in order.
    pub properties: Vec<(String, Secret)>,
}

/// That a secret stands in a connection string itself, and for which host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InlineCredentials {
    /// Whether every server named is this machine.
    pub loopback: bool,
}

/// Why a text is no connection string. Never repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// It is not a list of properties.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// It names no server.
    #[error("it names no server")]
    NoServer,
    /// Its host or port is missing or impossible.
    #[error(
        "its host or port cannot be read; in a user or password write @ : / ? # ; % as %40 %3A %2F %3F %23 %3B %25"
    )]
    Host,
    /// Where its user and password end cannot be told.
    #[error(
        "where its user and password end cannot be told; in them write @ : / ? # ; % as %40 %3A %2F %3F %23 %3B %25"
    )]
    Ambiguous,
    /// A placeholder is broken.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `Server=…;Database=…`
    Ado,
    /// `mssql://user:password@host:port/database?key=value`
    Url,
    /// `sqlserver://host:port;key=value`
    Jdbc,
}

/// Whether `${NAME}` in a text stands for a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholders {
    Read,
    /// The text is a secret's value: what looks like a placeholder is part of it.
    Literal,
}

impl Literal {
    /// Whether a text begins like a connection URL.
    pub(super) fn is_url(text: &str) -> bool {
        scheme(text).is_some()
    }

    /// Whether a text has the look of `Server=…;…`. Says nothing about whether it is well-formed.
    pub(super) fn is_ado(text: &str) -> bool {
        text.split(';')
            .any(|part| part.split_once('=').is_some_and(|(key, _)| is_telling(key)))
    }

    pub(super) fn parse(text: &str, placeholders: Placeholders) -> Result<Self, LiteralError> {
        match scheme(text) {
            Some((scheme, form, rest)) => url(text, scheme, form, rest, placeholders),
            None => ado(text, placeholders),
        }
    }

    /// A connection string of which everything is known that is to be shown before its properties.
    fn of(facts: Facts, text: &str, form: Form, head: String) -> Self {
        let separator = match (head.is_empty(), form) {
            (true, _) => "",
            (false, Form::Url) => "?",
            (false, Form::Ado | Form::Jdbc) => ";",
        };
        let between = if separator == "?" { "&" } else { ";" };
        let mut redacted = head;
        if !facts.shown.is_empty() {
            redacted.push_str(separator);
            redacted.push_str(&facts.shown.join(between));
        }
        Self {
            text: Secret::new(text),
            form,
            credentials: facts.credentials(),
            server: facts.server,
            database: facts.database,
            redacted,
        }
    }

    /// The whole connection string, for the driver.
    pub fn secret(&self) -> &Secret {
        &self.text
    }

    /// Reads a connection string in which nothing stands for a variable any more.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, LiteralError> {
        Self::parse(text, Placeholders::Literal)
    }

    /// What it says, key by key, for whoever opens the connection. What stands in front of the
    /// properties of a URL becomes a property too: `user`, `password`, `database`.
    pub fn parts(&self) -> Result<LiteralParts, LiteralError> {
        let text = self.text.expose();
        let mut found = Vec::new();
        let mut authority = None;
        let mut take = |key: &str, value: &str| found.push((key.to_owned(), Secret::new(value)));
        let Some((_, _, rest)) = scheme(text) else {
            for property in properties(text)? {
                take(property.key, &property.value);
            }
            return Ok(LiteralParts {
                authority,
                properties: found,
            });
        };
        let parts = Parts::of(rest)?;
        if let Some(user) = parts.user {
            let (user, password) = match user.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (user, None),
            };
            take("user", &percent_decoded(user));
            if let Some(password) = password {
                take("password", &percent_decoded(password));
            }
        }
        if !parts.host.is_empty() {
            authority = Some(parts.host.to_owned());
        }
        if let Some(name) = parts.path.strip_prefix('/').filter(|it| !it.is_empty()) {
            take("database", &percent_decoded(name));
        }
        for (index, pair) in parts.query.unwrap_or_default().split('&').enumerate() {
            if !pair.is_empty() {
                let (key, value) = pair
                    .split_once('=')
                    .ok_or(PropertyError::NoEquals(index + 1))?;
                take(key, &percent_decoded(value));
            }
        }
        for property in properties(parts.properties.unwrap_or_default())? {
            take(property.key, &property.value);
        }
        Ok(LiteralParts {
            authority,
            properties: found,
        })
    }

    /// The server as written, for people.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// The database as written, for people.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The connection string with everything left out that is not known to be harmless.
    pub fn redacted(&self) -> &str {
        &self.redacted
    }

    /// Whether a secret stands in it. A password that is nothing but `${VARIABLE}` is none.
    pub fn inline_credentials(&self) -> Option<InlineCredentials> {
        self.credentials
    }

    /// The connection string with its placeholders replaced, each value quoted as its place needs.
    pub(super) fn expand<E: From<LiteralError>>(
        &self,
        mut value: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        let text = self.text.expose();
        if !text.contains("${") {
            return Ok(self.clone());
        }
        let expanded = match (self.form, scheme(text)) {
            (Form::Ado, _) | (_, None) => expand_properties(text, quote_ado, &mut value)?,
            (Form::Jdbc | Form::Url, Some((scheme, _, rest))) => {
                let parts = Parts::of(rest).map_err(E::from)?;
                let mut encoded =
                    |name: &str| value(name).map(|it| percent_encoded(&Zeroizing::new(it)));
                let mut texts = vec![Zeroizing::new(scheme.to_owned())];
                if let Some(user) = parts.user {
                    texts.push(Zeroizing::new(template(user)?.expand(&mut encoded)?));
                    texts.push(Zeroizing::new("@".to_owned()));
                }
                let path = Zeroizing::new(template(parts.path)?.expand(&mut encoded)?);
                let query = match parts.query {
                    Some(query) => Some(Zeroizing::new(template(query)?.expand(&mut encoded)?)),
                    None => None,
                };
                texts.push(Zeroizing::new(template(parts.host)?.expand(&mut value)?));
                texts.push(path);
                if let Some(query) = query {
                    texts.push(Zeroizing::new("?".to_owned()));
                    texts.push(query);
                }
                if let Some(tail) = parts.properties {
                    texts.push(Zeroizing::new(";".to_owned()));
                    texts.push(expand_properties(tail, quote_jdbc, &mut value)?);
                }
                joined(&texts)
            }
        };
        Self::parse(&expanded, Placeholders::Literal).map_err(E::from)
    }
}

/// The texts one after the other, in one piece of memory from the beginning.
fn joined(texts: &[Zeroizing<String>]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(texts.iter().map(|it| it.len()).sum()));
    texts.iter().for_each(|it| text.push_str(it));
    text
}

fn template<E: From<LiteralError>>(text: &str) -> Result<Template, E> {
    Template::parse(text).map_err(|it| E::from(LiteralError::Template(it)))
}

fn expand_properties<E: From<LiteralError>>(
    text: &str,
    quote: fn(&str) -> String,
    value: &mut impl FnMut(&str) -> Result<String, E>,
) -> Result<Zeroizing<String>, E> {
    let mut texts = Vec::new();
    for property in properties(text).map_err(|it| E::from(LiteralError::Property(it)))? {
        let separator = if texts.is_empty() { "" } else { ";" };
        texts.push(Zeroizing::new(format!("{separator}{}=", property.key)));
        texts.push(Zeroizing::new(match property.written.contains("${") {
            false => property.written.to_owned(),
            true => {
                let value = template::<E>(&property.value)?.expand(&mut *value)?;
                quote(&Zeroizing::new(value))
            }
        }));
    }
    Ok(joined(&texts))
}

/// The scheme as written, what form it announces, and the rest of the text.
fn scheme(text: &str) -> Option<(&str, Form, &str)> {
    let known = [
        ("mssql://", Form::Url),
        ("sqlserver://", Form::Jdbc),
        ("jdbc:sqlserver://", Form::Jdbc),
    ];
    known.into_iter().find_map(|(scheme, form)| {
        let head = text.get(..scheme.len())?;
        let same = head.eq_ignore_ascii_case(scheme);
        same.then(|| (head, form, &text[scheme.len()..]))
    })
}

/// The parts of a connection URL, as written.
struct Parts<'a> {
    user: Option<&'a str>,
    host: &'a str,
    /// With its `/`.
    path: &'a str,
    query: Option<&'a str>,
    properties: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Result<Self, LiteralError> {
        let (authority, tail) =
            rest.split_at(rest.find(['/', '?', ';', '#']).unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let (path, tail) = match tail.starts_with('/') {
            true => tail.split_at(tail.find(['?', ';', '#']).unwrap_or(tail.len())),
            false => ("", tail),
        };
        let (query, properties) = match tail.chars().next() {
            None => (None, None),
            Some('?') => (Some(&tail[1..]), None),
            Some(';') => (None, Some(&tail[1..])),
            Some(_) => return Err(LiteralError::Ambiguous),
        };
        // An `@` further on: the user or password may have gone on behind a `/` that is part of it.
        if path.contains('@') {
            return Err(LiteralError::Ambiguous);
        }
        Ok(Self {
            user,
            host,
            path,
            query,
            properties,
        })
    }
}

fn ado(text: &str, placeholders: Placeholders) -> Result<Literal, LiteralError> {
    let properties = properties(text)?;
    let mut facts = Facts::new(placeholders);
    for property in &properties {
        facts.take(property);
    }
    if facts.servers.is_empty() {
        return Err(LiteralError::NoServer);
    }
    Ok(Literal::of(facts, text, Form::Ado, String::new()))
}

fn url(
    text: &str,
    scheme: &str,
    form: Form,
    rest: &str,
    placeholders: Placeholders,
) -> Result<Literal, LiteralError> {
    let parts = Parts::of(rest)?;
    let mut facts = Facts::new(placeholders);
    let mut head = scheme.to_owned();
    if let Some(user) = parts.user {
        head.push_str(&format!("{REDACTED}@"));
        let password = user.split_once(':').map_or("", |(_, password)| password);
        facts.secret_value(password);
    }
    if !is_host_and_port(&facts.without_placeholders(parts.host)) {
        return Err(LiteralError::Host);
    }
    if !parts.host.is_empty() {
        head.push_str(parts.host);
        facts.servers.push(parts.host.to_owned());
        facts.server = Some(parts.host.to_owned());
    }
    if let Some(name) = parts.path.strip_prefix('/').filter(|it| !it.is_empty()) {
        let name = percent_decoded(name);
        let shown = match facts.is_harmless(&name) {
            true => name,
            false => REDACTED.to_owned(),
        };
        head.push_str(&format!("/{shown}"));
        facts.database = Some(shown);
    }
    if let Some(query) = parts.query {
        for (index, pair) in query.split('&').filter(|it| !it.is_empty()).enumerate() {
            let (key, written) = pair
                .split_once('=')
                .ok_or(PropertyError::NoEquals(index + 1))?;
            facts.take_behind_host(&Property {
                key,
                written,
                value: percent_decoded(written).into(),
            })?;
        }
    }
    for property in properties(parts.properties.unwrap_or_default())? {
        facts.take_behind_host(&property)?;
    }
    if facts.servers.is_empty() {
        return Err(LiteralError::NoServer);
    }
    Ok(Literal::of(facts, text, form, head))
}

/// `host`, `host:port`, `host,port`, `host\instance`, `[::1]:port`; nothing at all, too.
fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("", port),
            _ => return false,
        },
        None => match text.find([':', ',']) {
            Some(at) => text.split_at(at),
            None => (text, ""),
        },
    };
    let named = |it: char| it.is_alphanumeric() || matches!(it, '.' | '_' | '-' | '\\' | '$');
    let number = port.strip_prefix([':', ',']).unwrap_or(port).trim_start();
    host.chars().all(named) && (port.is_empty() || number.parse::<u16>().is_ok())
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// The text with `%XX` decoded; what is no such thing stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted)
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Literal").field(&self.redacted).finish()
    }
}
