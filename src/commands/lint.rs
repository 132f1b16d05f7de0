//! `lint`: rules over the T-SQL of migrations, and what other commands ask of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::Lint;
use crate::diag::{Diagnostic, Phase, Severity, Source};
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::lint::rules::{self, RULES};
use crate::lint::state::{Before, State};
use crate::lint::{Linted, Options, Script, explain, lint};
use crate::migration::{Document, Folder, Version};
use crate::model::Schema;
use crate::registry;
use crate::report::{self, Report, RuleFacts, counted};
use crate::settings::Usage;
use crate::yaml::config::{Config, Level};
use crate::yaml::files::{display_name, read_file};

use super::{Context, Outcome, has_errors, version};

pub(super) fn run(context: &Context<'_>, arguments: &Lint) -> Result<Outcome> {
    if !arguments.queries.is_empty() {
        return super::lint_queries::run(context, arguments);
    }
    if let Some(rule) = &arguments.explain {
        return explained(context, rule);
    }
    let options = options(&context.settings.config);
    let folder = context.folder(&[Engine::Mssql])?;
    let mut scripts = Vec::new();
    let mut conflict = None;
    if arguments.what.is_empty() {
        let after = after(&context.settings.config);
        let wanted = |version: &Version| after.is_none_or(|after| version.as_str() > after);
        conflict = migrations(&folder, &options, &wanted, &mut scripts).err();
    } else {
        let (versions, paths) = asked(&arguments.what, &folder)?;
        if !versions.is_empty() {
            let wanted = |version: &Version| versions.contains(version);
            conflict = migrations(&folder, &options, &wanted, &mut scripts).err();
        }
        files(&paths, &options, &mut scripts);
    }
    let mut outcome = outcome(scripts, conflict, arguments.deny_warnings);
    let targets = &context.settings.config.targets.value;
    if arguments.what.is_empty() && !targets.contains(&Engine::Mssql) {
        "The rules are about T-SQL, and mssql is no target of this project: nothing was judged.\n"
            .clone_into(&mut outcome.text);
    }
    Ok(outcome)
}

/// A script that was judged.
pub(super) struct Judged {
    /// Its file.
    file: String,
    /// What was found.
    pub(super) linted: Linted,
}

/// What the rules are told of a project.
pub(super) fn options(config: &Config) -> Options {
    let level = |level: Level| match level {
        Level::Off => None,
        Level::Note => Some(Severity::Note),
        Level::Warning => Some(Severity::Warning),
        Level::Error => Some(Severity::Error),
    };
    Options {
        dialect: registry::mssql(config),
        tenant: config.tenant.as_ref().map(|tenant| {
            let exempt = tenant.exempt.iter().map(|table| table.value.clone());
            (tenant.column.value.clone(), exempt.collect())
        }),
        levels: config
            .lint
            .rules
            .iter()
            .map(|(id, setting)| (id.clone(), level(setting.value)))
            .collect(),
    }
}

/// The last version that is not judged.
pub(super) fn after(config: &Config) -> Option<&str> {
    let after = config.lint.after.as_ref()?;
    Some(after.value.as_str())
}

/// What is known of the rules, for reports that list them.
pub(super) fn described() -> Vec<RuleFacts> {
    let facts = |rule: &rules::Rule| RuleFacts {
        code: rule.code,
        name: rule.name,
        title: rule.title,
        explanation: rule.explanation,
        help: rule.help,
        rewrite: rule.rewrite,
        severity: rule.severity,
    };
    RULES.iter().map(facts).collect()
}

/// Judges the T-SQL of the migrations that are wanted, each by what those before it have made.
///
/// # Errors
/// A finding when the migrations cannot be folded, so that those behind it are not judged.
pub(super) fn migrations(
    folder: &Folder,
    options: &Options,
    wanted: &dyn Fn(&Version) -> bool,
    scripts: &mut Vec<Judged>,
) -> Result<(), Box<Diagnostic>> {
    let last = folder
        .migrations
        .iter()
        .rposition(|it| wanted(&it.id.version));
    let Some(last) = last else { return Ok(()) };
    let mut schema = Schema::default();
    for migration in &folder.migrations[..=last] {
        let file = migration.files.get(Engine::Mssql.file_name());
        if let (Some(file), true) = (file, wanted(&migration.id.version)) {
            let document = migration.document()?;
            scripts.push(judge(&file.source, Some(&document), Some(&schema), options));
        }
        migration.fold_into(&mut schema)?;
    }
    Ok(())
}

/// What the rules say of the migrations that are pending, up to the last one that was asked for.
pub(super) fn pending(
    folder: &Folder,
    options: &Options,
    pending: &[Version],
    to: Option<&Version>,
) -> Vec<Diagnostic> {
    let wanted = |version: &Version| pending.contains(version) && to.is_none_or(|to| version <= to);
    let mut scripts = Vec::new();
    // Migrations that do not fold stop the run by themselves.
    let _ = migrations(folder, options, &wanted, &mut scripts);
    let found = scripts
        .into_iter()
        .flat_map(|script| script.linted.findings);
    found.collect()
}

/// Judges one migration's T-SQL by the schema before it.
pub(super) fn judge(
    source: &Arc<Source>,
    document: Option<&Document>,
    before: Option<&Schema>,
    options: &Options,
) -> Judged {
    let dialect: &dyn Dialect = &options.dialect;
    let script = Script {
        source,
        before: before.map(|schema| Before { schema, dialect }),
        document,
    };
    let mut state = State::new(&options.dialect.schema);
    Judged {
        file: source.name.clone(),
        linted: lint(&script, options, &mut state),
    }
}

/// Versions and paths among what was asked for. A path into a migration's folder is its version.
fn asked(what: &[String], folder: &Folder) -> Result<(Vec<Version>, Vec<PathBuf>)> {
    let (mut versions, mut paths) = (Vec::new(), Vec::new());
    let known: BTreeMap<PathBuf, &Version> = folder
        .migrations
        .iter()
        .filter_map(|migration| {
            let path = folder.path.join(migration.id.to_string());
            Some((path.canonicalize().ok()?, &migration.id.version))
        })
        .collect();
    for text in what {
        if Version::parse(text).is_some() {
            versions.push(version(text, folder)?);
            continue;
        }
        let path = PathBuf::from(text);
        if !path.exists() {
            return Err(Usage::new(
                format!("{text} is neither a version nor a file or folder"),
                "give the 14 digits of a migration's version, a .sql file, or a folder of them",
            )
            .into());
        }
        for file in sql_files(&path)? {
            let parent = file.parent().and_then(|it| it.canonicalize().ok());
            let migration = parent.and_then(|parent| known.get(&parent));
            match (migration, file.file_name().and_then(|name| name.to_str())) {
                (_, Some(name)) if name == Engine::Sqlite.file_name() => {
                    if path.is_file() {
                        return Err(Usage::new(
                            format!("{text} is SQLite's SQL, and the rules are about T-SQL"),
                            "give the mssql.sql beside it",
                        )
                        .into());
                    }
                }
                (Some(version), Some(name)) if name == Engine::Mssql.file_name() => {
                    if !versions.contains(*version) {
                        versions.push((*version).clone());
                    }
                }
                _ => paths.push(file),
            }
        }
    }
    Ok((versions, paths))
}

/// A file, or the .sql files of a folder and those within it, in order of their paths.
fn sql_files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // A link is not followed: it could lead back here.
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry
                .path()
                .extension()
                .is_some_and(|it| it.eq_ignore_ascii_case("sql"))
            {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Judges files one after another, each by what those before it have made.
fn files(paths: &[PathBuf], options: &Options, scripts: &mut Vec<Judged>) {
    let mut state = State::new(&options.dialect.schema);
    for path in paths {
        let linted = match read_file(path, Phase::Migration) {
            Ok(source) => lint(
                &Script {
                    source: &source,
                    before: None,
                    document: None,
                },
                options,
                &mut state,
            ),
            Err(finding) => Linted {
                findings: vec![*finding],
                ..Linted::default()
            },
        };
        scripts.push(Judged {
            file: display_name(path),
            linted,
        });
    }
}

fn outcome(
    scripts: Vec<Judged>,
    conflict: Option<Box<Diagnostic>>,
    deny_warnings: bool,
) -> Outcome {
    let total = |count: fn(&Linted) -> usize| -> usize {
        scripts.iter().map(|script| count(&script.linted)).sum()
    };
    let statements = total(|linted| linted.statements);
    let unread = total(|linted| linted.unread);
    let allowed = total(|linted| linted.allowed);
    let rows: Vec<Value> = scripts
        .iter()
        .map(|script| {
            json!({
                "file": script.file,
                "statements": script.linted.statements,
                "notAnalysed": script.linted.unread,
                "allowed": script.linted.allowed,
                "findings": script.linted.findings.len(),
            })
        })
        .collect();
    let count = scripts.len();
    let mut report = Report::new("lint");
    report.findings = scripts
        .into_iter()
        .flat_map(|script| script.linted.findings)
        .collect();
    report.rules = described();
    report.data = json!({
        "scripts": rows,
        "statements": statements,
        "notAnalysed": unread,
        "allowed": allowed,
    });
    let warned = deny_warnings && report.count(Severity::Warning) > 0;
    let findings = has_errors(&report.findings) || warned;
    let outcomes = [
        conflict.is_some().then_some(Exit::History),
        findings.then_some(Exit::Findings),
    ];
    report.exit = Exit::first(outcomes.into_iter().flatten());
    report.findings.extend(conflict.map(|finding| *finding));
    let mut text = format!(
        "Judged {} in {}",
        counted(statements, "statement"),
        counted(count, "script")
    );
    let mut remarks = Vec::new();
    if report.findings.is_empty() {
        remarks.push("no findings".to_owned());
    }
    if allowed > 0 {
        remarks.push(format!("{} accepted in place", counted(allowed, "finding")));
    }
    if unread > 0 {
        remarks.push(format!("{} not analysed", counted(unread, "statement")));
    }
    if !remarks.is_empty() {
        text.push_str(&format!(": {}", remarks.join(", ")));
    }
    text.push_str(".\n");
    Outcome {
        report,
        text,
        findings_are_the_answer: true,
    }
}

fn explained(context: &Context<'_>, wanted: &str) -> Result<Outcome> {
    let mut report = Report::new("lint");
    report.rules = described();
    let text = if wanted == "all" {
        report.data = json!({ "rules": RULES.iter().map(as_json).collect::<Vec<_>>() });
        report::table(
            &explain::HEADINGS,
            &explain::rows(),
            context.printer.style(),
        )
    } else {
        let Some(rule) = rules::find(wanted) else {
            return Err(Usage::new(
                format!("there is no rule {wanted}"),
                "the rules are L01 to L32: `dbtool lint --explain` lists them",
            )
            .into());
        };
        report.data = json!({ "rules": [as_json(rule)] });
        explain::rule(rule)
    };
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}

fn as_json(rule: &rules::Rule) -> Value {
    json!({
        "id": rule.id,
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.word(),
        "title": rule.title,
        "explanation": rule.explanation,
        "help": rule.help,
        "rewrite": rule.rewrite,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::CHANGES_FILE;

    /// A folder of these migrations, by version and T-SQL.
    fn folder(migrations: &[(&str, &str)]) -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        for (version, sql) in migrations {
            let path = root.path().join(format!("{version}_x"));
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("mssql.sql"), sql).unwrap();
            std::fs::write(path.join(CHANGES_FILE), Document::new(Vec::new()).to_text()).unwrap();
        }
        let folder = Folder::read(root.path(), &[CHANGES_FILE, "mssql.sql"]).unwrap();
        (root, folder)
    }

    #[test]
    fn only_what_is_pending_and_asked_for_stops_a_run() {
        let versions = ["20260101000000", "20260102000000", "20260103000000"];
        let (_root, folder) = folder(&[
            (versions[0], "DROP TABLE dbo.applied;"),
            (versions[1], "DROP TABLE dbo.pending;"),
            (versions[2], "DROP TABLE dbo.later;"),
        ]);
        let [_, second, third] = versions.map(|text| Version::parse(text).unwrap());
        let options = options(&Config::default());
        let messages = |pending: &[Version], to: Option<&Version>| -> Vec<String> {
            super::pending(&folder, &options, pending, to)
                .into_iter()
                .map(|finding| finding.message)
                .collect()
        };
        let both = messages(&[second.clone(), third.clone()], None);
        assert_eq!(both.len(), 2, "{both:?}");
        let one = messages(&[second.clone(), third], Some(&second));
        assert_eq!(one, ["this drops the table pending with all its rows"]);
        assert!(messages(&[], None).is_empty());
    }
}
