//! The way to a database, step by step: which step works, which one does not, and what to do.
//!
//! Owns the steps and how a step is judged; encryption is judged in [`encryption`], and what stands
//! in a certificate read in [`certificate`]. Every step reads; none changes anything. The command
//! gathers them and gives them their dress.

use std::fs::OpenOptions;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::dialect::Dialect;
use crate::engine::{Session, Value};
use crate::model::Ident;
use crate::secret::{Fault, SecretError, VaultFault};

pub mod certificate;
pub mod encryption;

/// How long an address may take to answer.
pub const CONNECT: Duration = Duration::from_secs(5);
/// A clock that is further off than this, in milliseconds, is worth a word.
const NOTABLE_SKEW: i64 = 5_000;
/// A clock that is further off than this, in milliseconds, makes tokens and certificates invalid.
const HARMFUL_SKEW: i64 = 300_000;

/// A step on the way to a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its name.
    pub step: &'static str,
    /// How it went.
    pub status: Status,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What was found.
    pub detail: String,
    /// What to do, where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It works.
    Ok,
    /// It works, and somebody should know something.
    Warning,
    /// It does not work.
    Failed,
    /// It was not tried, because an earlier one failed or there is nothing to try.
    Skipped,
}

impl Status {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// What a step found: its status, in words, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    status: Status,
    detail: String,
    help: Option<String>,
}

impl Found {
    /// It works.
    pub fn ok(detail: impl Into<String>) -> Self {
        Self::new(Status::Ok, detail, None)
    }

    /// It works, and somebody should do something.
    pub fn warning(detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Status::Warning, detail, Some(help.into()))
    }

    /// It does not work.
    pub fn failed(detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Status::Failed, detail, Some(help.into()))
    }

    /// It was not tried.
    pub fn skipped(detail: impl Into<String>) -> Self {
        Self::new(Status::Skipped, detail, None)
    }

    fn new(status: Status, detail: impl Into<String>, help: Option<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            help,
        }
    }

    /// As the result of a step that took this long.
    pub fn after(self, step: &'static str, time: Duration) -> Step {
        Step {
            step,
            status: self.status,
            milliseconds: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            detail: self.detail,
            help: self.help,
        }
    }
}

/// Tries a step and takes its time.
pub fn timed<T>(step: &'static str, try_it: impl FnOnce() -> (Found, T)) -> (Step, T) {
    let begun = Instant::now();
    let (found, value) = try_it();
    (found.after(step, begun.elapsed()), value)
}

/// Which of the steps reference, credential and secret an error is about.
pub fn step_of(error: &SecretError) -> &'static str {
    match &error.fault {
        Fault::Vault(VaultFault::Credentials(_)) | Fault::Token(_) => "credential",
        Fault::Vault(_) | Fault::NotBuilt | Fault::Unresolved => "secret",
        _ => "reference",
    }
}

/// Resolves a name.
pub fn dns(host: &str, port: u16) -> (Found, Vec<SocketAddr>) {
    match (host, port).to_socket_addrs() {
        Ok(addresses) => {
            let addresses: Vec<SocketAddr> = addresses.collect();
            let shown: Vec<String> = addresses.iter().map(|it| it.ip().to_string()).collect();
            (
                Found::ok(format!("{host} is {}", shown.join(", "))),
                addresses,
            )
        }
        Err(error) => (
            Found::failed(
                format!("{host} cannot be resolved: {error}"),
                "correct the server's name in the connection string, or the DNS (private zone, VPN) \
                 of this machine",
            ),
            Vec::new(),
        ),
    }
}

/// Connects to the first address that answers, which is returned, and hangs up.
pub fn tcp(addresses: &[SocketAddr]) -> (Found, Option<SocketAddr>) {
    let mut refused = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT) {
            Ok(_) => return (Found::ok(format!("{address} answers")), Some(*address)),
            Err(error) => refused.push(format!("{address}: {error}")),
        }
    }
    let found = Found::failed(
        refused.join("; "),
        "see that the server runs, that its firewall allows this machine, and that the port is right",
    );
    (found, None)
}

/// How far the clocks of server and machine are apart.
pub fn clock(server: &str) -> Found {
    let Some(server_time) = milliseconds(server) else {
        return Found::warning(
            format!("the server says that it is {server}, which is no time"),
            "compare the clocks by hand",
        );
    };
    judge_skew(here() - server_time)
}

/// The time of this machine, in milliseconds since 1970.
fn here() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX))
}

fn judge_skew(skew: i64) -> Found {
    let word = if skew < 0 { "behind" } else { "ahead of" };
    let detail = format!(
        "this machine is {:.1} s {word} the server",
        Duration::from_millis(skew.unsigned_abs()).as_secs_f64()
    );
    let help = "set this machine's clock (NTP)";
    match skew.abs() {
        off if off > HARMFUL_SKEW => Found::failed(
            detail,
            format!("{help}: tokens and certificates will be refused"),
        ),
        off if off > NOTABLE_SKEW => Found::warning(detail, help),
        _ => Found::ok(detail),
    }
}

/// The milliseconds since 1970 of `2026-01-31T12:00:00.000Z`.
fn milliseconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |text: &str| text.parse::<i64>().ok();
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.split(':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let fraction = number(&format!("{fraction:0<3}")[..3])?;
    // Days since 1970, with years that begin in March so that the leap day is the last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction)
}

/// What server and database are set to, each with its name.
pub fn settings(session: &mut dyn Session, dialect: &dyn Dialect) -> Vec<(&'static str, Found)> {
    let settings = dialect.settings();
    let answer = match session.query(settings.query, &[]) {
        Ok(rows) => Ok(rows.rows),
        Err(error) => Err(error.message),
    };
    let told = |name: &&'static str| {
        let unreadable = |why: &str| {
            Found::warning(
                format!("it cannot be read: {why}"),
                "let the identity see the properties of its database",
            )
        };
        let found = match &answer {
            Err(why) => unreadable(why),
            Ok(rows) => rows
                .iter()
                .find_map(|row| match row.as_slice() {
                    [Value::Text(found), Value::Text(value), remark] if found == name => {
                        Some(match remark {
                            Value::Text(remark) => Found::warning(value, remark),
                            _ => Found::ok(value),
                        })
                    }
                    _ => None,
                })
                .unwrap_or_else(|| unreadable("the database does not tell it")),
        };
        (*name, found)
    };
    settings.names.iter().map(told).collect()
}

/// Each permission that the commands need: whether it is held, and the statement that would grant
/// it. For engines that know permissions; for others see [`file_permissions`].
pub fn permissions(session: &mut dyn Session, dialect: &dyn Dialect) -> Vec<Found> {
    let needed = dialect.permissions();
    let mut asked: Vec<String> = needed.iter().map(|it| it.held.clone()).collect();
    asked.extend(dialect.principal().map(str::to_owned));
    let rows = match session.query(&format!("SELECT {};", asked.join(", ")), &[]) {
        Ok(rows) => rows,
        Err(error) => {
            return vec![Found::failed(
                format!("they cannot be asked for: {error}"),
                "ask a database administrator which rights this identity has",
            )];
        }
    };
    let held = rows.rows.first().map_or(&[][..], Vec::as_slice);
    let principal = match held.get(needed.len()) {
        Some(Value::Text(name)) => name.clone(),
        _ => session.server().user.clone(),
    };
    let principal = dialect.quote(&Ident::new(principal));
    needed
        .iter()
        .enumerate()
        .map(|(at, permission)| {
            let named = format!(
                "{}, for {}",
                permission.name,
                permission.needed_by.join(" and ")
            );
            // What the server does not answer is not held.
            if matches!(held.get(at), Some(Value::Integer(1))) {
                return Found::ok(named);
            }
            Found::failed(
                format!("missing: {named} ({})", permission.why),
                format!(
                    "let a database administrator run: {}",
                    permission.grant.replace("{principal}", &principal)
                ),
            )
        })
        .collect()
}

/// Whether a file that is a database may be written, and its folder, where a journal goes. Both
/// are looked at and not touched.
pub fn file_permissions(file: &Path) -> Vec<Found> {
    let writable = match OpenOptions::new().append(true).open(file) {
        Ok(_) => Found::ok(format!("{} may be written, for migrate", file.display())),
        Err(error) => Found::failed(
            format!("{} cannot be written, for migrate: {error}", file.display()),
            "let the user that runs dbtool write the file (chmod, chown)",
        ),
    };
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let journal = match folder.metadata() {
        Ok(found) if found.permissions().readonly() => Found::failed(
            format!("{} cannot be written, for the journal", folder.display()),
            "let the user that runs dbtool write the folder (chmod, chown)",
        ),
        Ok(_) => Found::ok(format!(
            "{} may be written, for the journal",
            folder.display()
        )),
        Err(error) => Found::warning(
            format!("{} cannot be looked at: {error}", folder.display()),
            "see that the user that runs dbtool may enter the folder",
        ),
    };
    vec![writable, journal]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_judged_by_how_far_they_are_apart() {
        assert_eq!(milliseconds("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(
            milliseconds("2026-01-31T12:00:00.250Z"),
            Some(1_769_860_800_250)
        );
        assert_eq!(
            milliseconds("2024-02-29T00:00:00Z"),
            Some(1_709_164_800_000)
        );
        assert_eq!(milliseconds("soon"), None);
        assert_eq!(judge_skew(100).status, Status::Ok);
        assert_eq!(judge_skew(-6_000).status, Status::Warning);
        assert!(judge_skew(-6_000).detail.contains("6.0 s behind"));
        assert_eq!(judge_skew(301_000).status, Status::Failed);
        assert_eq!(clock("2001-01-01T00:00:00.000Z").status, Status::Failed);
    }

    #[test]
    fn a_port_that_nobody_listens_on_is_said() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        assert_eq!(tcp(&[address]).0.status, Status::Ok);
        assert_eq!(tcp(&[address]).1, Some(address));
        drop(listener);
        let (found, nobody) = tcp(&[address]);
        assert_eq!(nobody, None);
        assert_eq!(found.status, Status::Failed);
        assert!(found.detail.contains(&address.to_string()));
        let (found, addresses) = dns("no-such-host.invalid", 1433);
        assert_eq!(found.status, Status::Failed);
        assert_eq!(addresses, []);
    }
}
