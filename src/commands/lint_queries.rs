//! `lint --queries`: an application's statements before the guard of tenants.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use crate::cli::{Lint, SqlDialect};
use crate::diag::{Diagnostic, Phase, Severity, Source, Span};
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::model::Schema;
use crate::registry;
use crate::report::{Report, counted};
use crate::settings::Usage;
use crate::tenant::{Guard, Judged, Tenancy};
use crate::yaml::files::{display_name, read_file};

use super::{Context, Outcome, findings_only, has_errors};

/// How deep folders may lie in folders: deeper ones are a circle of links.
const MAX_DEPTH: usize = 32;

pub(super) fn run(context: &Context<'_>, arguments: &Lint) -> Result<Outcome> {
    let declared = context.declared()?;
    if declared.has_errors() {
        return Ok(findings_only("lint", Exit::Findings, declared.findings));
    }
    let engine = match arguments.dialect {
        SqlDialect::Mssql => Engine::Mssql,
        SqlDialect::Sqlite => Engine::Sqlite,
    };
    let tenancy = Tenancy::from(context.settings.rules().tenant.as_ref());
    let linter = Linter {
        dialect: registry::dialect(engine, &context.settings.config),
        schema: declared.schema,
        parameter: match &tenancy.column {
            Some(column) => format!("@{column}"),
            None => String::new(),
        },
        tenancy,
    };
    let mut findings = Vec::new();
    let (mut files, mut statements) = (0, 0);
    for path in paths(&arguments.queries, &mut findings)? {
        files += 1;
        match read_file(&path, Phase::Schema) {
            Ok(source) => statements += linter.lint(&source, &mut findings),
            Err(finding) => findings.push(*finding),
        }
    }
    let denied = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let allowed = findings.len() - denied;
    let mut report = Report::new("lint");
    report.exit = match has_errors(&findings) {
        true => Exit::Findings,
        false => Exit::Ok,
    };
    report.findings = findings;
    report.data = json!({
        "files": files,
        "statements": statements,
        "denied": denied,
        "allowedAcrossTenants": allowed,
    });
    let text = match report.exit {
        Exit::Ok => format!(
            "{} in {}: none reaches another tenant's rows{}.\n",
            counted(statements, "statement"),
            counted(files, "file"),
            match allowed {
                0 => String::new(),
                allowed => format!(", but for {allowed} that may"),
            }
        ),
        _ => String::new(),
    };
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

/// The files that are meant: each file that is named, and the `.sql` files of each folder and the
/// folders in it, in order of name. Names that start with a dot are left alone.
fn paths(named: &[PathBuf], findings: &mut Vec<Diagnostic>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in named {
        if !path.exists() {
            return Err(Usage::new(
                format!("{} does not exist", display_name(path)),
                "name files of SQL, or folders that hold some",
            )
            .into());
        }
        if path.is_dir() {
            let before = found.len();
            collect(path, 0, &mut found, findings);
            if found.len() == before {
                return Err(Usage::new(
                    format!("{} holds no .sql file", display_name(path)),
                    "name files of SQL, or folders that hold some",
                )
                .into());
            }
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, findings: &mut Vec<Diagnostic>) {
    let unread = |why: String| {
        let message = format!(
            "the folder {} was not read, so nothing in it counts: {why}",
            display_name(folder)
        );
        Diagnostic::error(Phase::Schema, "file/folder", message)
            .help("see whether it is a plain folder that you may read")
    };
    if depth > MAX_DEPTH {
        findings.push(unread(format!(
            "it lies more than {MAX_DEPTH} folders deep"
        )));
        return;
    }
    let entries = std::fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<std::io::Result<Vec<_>>>()
    });
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return findings.push(unread(error.to_string())),
    };
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let is_sql = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
        if path.is_dir() {
            collect(&path, depth + 1, found, findings);
        } else if is_sql {
            found.push(path);
        }
    }
}

struct Linter {
    dialect: Box<dyn Dialect>,
    schema: Schema,
    tenancy: Tenancy,
    /// The parameter of the tenant: called like its column.
    parameter: String,
}

impl Linter {
    /// Judges a file; the number of statements in it.
    fn lint(&self, source: &Arc<Source>, findings: &mut Vec<Diagnostic>) -> usize {
        let guard = Guard {
            engine: self.dialect.engine(),
            schema: &self.schema,
            tenancy: &self.tenancy,
            namespace: self.dialect.namespace(),
            parameter: &self.parameter,
        };
        // Some editors begin a file with a mark that is no part of its text.
        let start = source.text.len() - source.text.trim_start_matches('\u{feff}').len();
        let statements = guard.judge(&source.text[start..]).statements;
        let count = statements.len();
        for judged in statements {
            report(source, start, judged, findings);
        }
        count
    }
}

/// What becomes of a statement: nothing, its denials, or one note where it may cross tenants.
fn report(source: &Arc<Source>, start: usize, judged: Judged, findings: &mut Vec<Diagnostic>) {
    let span =
        |range: std::ops::Range<usize>| Span::new(source, start + range.start..start + range.end);
    if judged.denials.is_empty() {
        return;
    }
    if let Some(allowance) = &judged.allowance {
        match &allowance.reason {
            Some(reason) => {
                let what: Vec<&str> = judged
                    .denials
                    .iter()
                    .map(|denial| denial.message.as_str())
                    .collect();
                let message = format!(
                    "the statement may cross tenants ({reason}), and does: {}",
                    what.join("; ")
                );
                findings.push(
                    Diagnostic::note(Phase::Schema, "guard/allowed", message)
                        .spanned(span(allowance.range.clone()))
                        .help("see that no request of a tenant runs it"),
                );
                return;
            }
            None => findings.push(
                Diagnostic::error(
                    Phase::Schema,
                    "guard/no-reason",
                    "the allowance gives no reason, so it allows nothing",
                )
                .spanned(span(allowance.range.clone()))
                .help("write `-- dbtool:allow-cross-tenant` and why the statement must"),
            ),
        }
    }
    findings.extend(judged.denials.into_iter().map(|denial| {
        Diagnostic::error(Phase::Schema, denial.code, denial.message)
            .spanned(span(denial.range))
            .help(denial.help)
    }));
}
