//! Drift that people know of and accept for a while.

use crate::diag::{Diagnostic, Phase, Severity};
use crate::model::{ObjectPath, Schema};
use crate::yaml::config::{Drift, Scope, Suppression};

/// Applies the settings to the findings: what is ignored becomes a note that says by whom and why,
/// what lies outside the scope goes, and each suppression that expired is a finding of its own.
///
/// `today` is a date as `2026-01-31`; a suppression holds until the end of its last day.
pub fn apply(
    settings: &Drift,
    today: &str,
    managed: &Schema,
    mut findings: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    if settings.scope.value == Scope::Managed {
        findings.retain(|finding| is_managed(finding, managed));
    }
    for suppression in &settings.ignore {
        let expired = today > suppression.until.value.as_str();
        let mut hit = false;
        for finding in &mut findings {
            if finding.severity == Severity::Error && matches(suppression, finding) {
                hit = true;
                if !expired {
                    finding.severity = Severity::Note;
                    finding.message.push_str(&format!(
                        "; ignored until {} by {}: {}",
                        suppression.until.value, suppression.owner.value, suppression.reason.value
                    ));
                    finding.remedy = None;
                    finding.help = None;
                }
            }
        }
        if expired {
            findings.push(expired_finding(suppression, hit));
        }
    }
    findings
}

fn expired_finding(suppression: &Suppression, hit: bool) -> Diagnostic {
    let what = if hit {
        "what it hides is drift again"
    } else {
        "and it hides nothing"
    };
    Diagnostic::error(
        Phase::Drift,
        "drift/expired-suppression",
        format!(
            "the suppression of {} {} by {} ended on {}: {what}",
            suppression.object.value,
            suppression.name.value,
            suppression.owner.value,
            suppression.until.value
        ),
    )
    .spanned(suppression.span.clone())
    .help("put the drift right and remove the suppression, or agree on a later date with its owner")
}

fn is_managed(finding: &Diagnostic, managed: &Schema) -> bool {
    finding
        .path
        .as_ref()
        .is_none_or(|path| managed.table(&path.table).is_some())
}

fn matches(suppression: &Suppression, finding: &Diagnostic) -> bool {
    let Some(path) = &finding.path else {
        return false;
    };
    object_of(finding.code).is_some_and(|object| object == suppression.object.value)
        && suppression
            .table
            .as_ref()
            .is_none_or(|pattern| is_like(path.table.as_str(), &pattern.value))
        && is_like(name_of(path), &suppression.name.value)
}

fn name_of(path: &ObjectPath) -> &str {
    path.member.as_ref().unwrap_or(&path.table).as_str()
}

/// The class of object that a finding's code is about, as settings name it.
fn object_of(code: &str) -> Option<&'static str> {
    let (_, class) = code.strip_prefix("drift/")?.split_once('-')?;
    Some(match class {
        "table" => "table",
        "column" => "column",
        "primary-key" => "primaryKey",
        "unique" => "unique",
        "check" => "check",
        "foreign-key" => "foreignKey",
        "index" => "index",
        "trigger" => "trigger",
        "view" => "view",
        _ => return None,
    })
}

/// Whether a name has the form of a pattern in which `*` stands for any text.
pub(crate) fn is_like(name: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(previous) = last.replace(piece) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(last) => rest.ends_with(last),
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_stands_for_any_text() {
        for (name, pattern, expected) in [
            ("ixTemp1", "ixTemp*", true),
            ("ixTemp", "ixTemp*", true),
            ("ixJob", "ixTemp*", false),
            ("ixJob", "ixJob", true),
            ("ixJobs", "ixJob", false),
            ("aXbXc", "a*b*c", true),
            ("abc", "a*b*c", true),
            ("acb", "a*b*c", false),
            ("anything", "*", true),
            ("ab", "ab*b", false),
        ] {
            assert_eq!(is_like(name, pattern), expected, "{name} {pattern}");
        }
    }
}
