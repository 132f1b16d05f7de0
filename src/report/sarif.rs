//! SARIF 2.1.0 for code scanning.
//!
//! GitHub refuses a whole file when one result has no physical location, so a finding without a
//! place in a file is put at the start of the settings file; its logical location names the object.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::place::Place;
use super::{Report, RuleFacts, json::pretty, text};
use crate::diag::{Diagnostic, Severity};

/// Where findings about no file in particular are put.
const FALLBACK_FILE: &str = "dbtool.yaml";

/// The report as a log with one run.
pub(super) fn sarif(report: &Report) -> String {
    let found = report.findings.iter().map(|it| it.code);
    let mut codes: Vec<&str> = found.chain(report.rules.iter().map(|it| it.code)).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            let facts = report.rules.iter().find(|facts| facts.code == *code);
            facts.map_or_else(|| rule(code), described)
        })
        .collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            let index = codes.binary_search(&finding.code);
            result(finding, index.expect("every code is in the list"))
        })
        .collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dbtool",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "automationDetails": { "id": format!("dbtool/{}/", report.command) },
            "invocations": [{
                "executionSuccessful": report.exit.code() == 0,
                "exitCode": report.exit.code(),
                "exitCodeDescription": report.exit.meaning(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn rule(code: &str) -> Value {
    let words = code.replace(['/', '-'], " ");
    json!({
        "id": code,
        "shortDescription": { "text": words },
        "fullDescription": { "text": format!("dbtool reports {code}: {words}.") },
        "help": { "text": "Each result says what is wrong, what follows from it and what to do." },
    })
}

fn described(facts: &RuleFacts) -> Value {
    let safe = format!("Instead: {}.\n\n{}", facts.help, facts.rewrite);
    json!({
        "id": facts.code,
        "name": facts.name,
        "shortDescription": { "text": facts.title },
        "fullDescription": { "text": facts.explanation },
        "help": {
            "text": safe,
            "markdown": format!(
                "{}\n\nInstead: {}.\n\n```sql\n{}\n```",
                facts.explanation, facts.help, facts.rewrite
            ),
        },
        "defaultConfiguration": { "level": level(facts.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(finding: &Diagnostic, rule: usize) -> Value {
    let mut message = text::block(&finding.message).into_owned();
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {}", text::block(help)));
    }
    if let Some(remedy) = &finding.remedy {
        message.push_str(&format!("\nremedy:\n{}", text::block(remedy).trim_end()));
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), physical(finding));
    if let Some(path) = &finding.path {
        let name = path.to_string();
        location.insert(
            "logicalLocations".to_owned(),
            json!([{ "fullyQualifiedName": text::line(&name) }]),
        );
    }
    json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [location],
        "partialFingerprints": { "dbtoolObject/v1": fingerprint(finding) },
        "properties": { "phase": finding.phase.word() },
    })
}

fn physical(finding: &Diagnostic) -> Value {
    match Place::of(finding) {
        None => json!({
            "artifactLocation": { "uri": FALLBACK_FILE, "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": 1 },
        }),
        Some(place) => {
            let mut artifact = Map::new();
            artifact.insert("uri".to_owned(), Value::from(uri(&place.file)));
            if !is_absolute(&place.file) {
                artifact.insert("uriBaseId".to_owned(), Value::from("%SRCROOT%"));
            }
            json!({
                "artifactLocation": artifact,
                "region": {
                    "startLine": place.line,
                    "startColumn": place.column,
                    "endLine": place.end_line,
                    "endColumn": place.end_column,
                },
            })
        }
    }
}

/// What makes two findings of different runs the same: code and object, or without an object the
/// message. Lines may move in between.
fn fingerprint(finding: &Diagnostic) -> String {
    let subject = match &finding.path {
        Some(path) => path.to_string(),
        None => finding.message.clone(),
    };
    let digest = Sha256::digest(format!("{}\n{subject}", finding.code));
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn is_absolute(file: &str) -> bool {
    file.starts_with('/') || file.as_bytes().get(1) == Some(&b':')
}

/// A file name with `/` between folders as a URI reference.
fn uri(file: &str) -> String {
    let mut uri = match (is_absolute(file), file.starts_with('/')) {
        (true, true) => "file://".to_owned(),
        (true, false) => "file:///".to_owned(),
        (false, _) => String::new(),
    };
    let drive = is_absolute(file) && !file.starts_with('/');
    for (at, byte) in file.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b':' if drive && at == 1 => uri.push(':'),
            b'\\' if drive => uri.push('/'),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
