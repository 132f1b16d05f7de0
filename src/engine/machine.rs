//! Who works here, for the lock's holder and for history.

use std::env;
use std::fs;

use crate::engine::Server;

const UNKNOWN: &str = "unknown";

/// The operating-system user.
pub(in crate::engine) fn user() -> String {
    from_environment(&["USER", "LOGNAME", "USERNAME"])
        .or_else(from_passwd)
        .or_else(|| output_of("whoami"))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The name of this machine.
pub(in crate::engine) fn host() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|file| said(fs::read_to_string(file).ok()?))
        .or_else(|| from_environment(&["COMPUTERNAME", "HOSTNAME"]))
        .or_else(|| output_of("hostname"))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The line by which a run that holds the lock tells others who it is.
pub(in crate::engine) fn holder(server: &Server, now: &str) -> String {
    format!(
        "process {} of {} on {} since {now}",
        std::process::id(),
        server.user,
        server.host
    )
}

/// Containers often set no variable. The owner of `/proc/self` is the user of this process.
#[cfg(unix)]
fn from_passwd() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let id = fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    Some(named.unwrap_or(id))
}

#[cfg(not(unix))]
fn from_passwd() -> Option<String> {
    None
}

fn from_environment(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| said(env::var(name).ok()?))
}

/// Only where nothing cheaper tells: starting a process takes milliseconds.
fn output_of(program: &str) -> Option<String> {
    let output = std::process::Command::new(program).output().ok()?;
    said(String::from_utf8(output.stdout).ok()?)
}

fn said(text: String) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
