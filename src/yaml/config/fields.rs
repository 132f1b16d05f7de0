//! The keys of the configuration, one reader each.

use std::collections::BTreeMap;

use super::{
    Config, Database, Drift, EDITIONS, ENGINES, Environment, Folders, LEVELS, LINT_RULES, Lint,
    Mssql, NAMINGS, OBJECTS, SCOPES, Setting, Suppression, Tenant,
};
use crate::engine::Engine;
use crate::model::Ident;
use crate::yaml::read::VALUE;
use crate::yaml::text::quote;
use crate::yaml::{Fields, Findings, Kind, Node, Spanned, convention, read, schema};

/// Takes a setting over if it is there and right.
fn set<T>(setting: &mut Setting<T>, read: Option<Spanned<T>>) {
    if let Some(read) = read {
        *setting = read.into();
    }
}

pub(super) fn read_config(node: &Node, config: &mut Config, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "the configuration", findings) else {
        return;
    };
    let naming = fields.optional("naming", |node, findings| {
        read::one_of(node, &NAMINGS, findings)
    });
    set(&mut config.naming, naming);
    if let Some(tenant) = fields.optional("tenant", tenant) {
        config.tenant = tenant;
    }
    set(&mut config.targets, fields.optional("targets", targets));
    fields.optional("mssql", |node, findings| {
        mssql(node, &mut config.mssql, findings);
        Some(())
    });
    let environments = fields.optional("environments", environments);
    let given = environments.is_some();
    config.environments = environments.unwrap_or_else(|| config.environments.clone());
    let default = fields.optional("defaultEnvironment", read::filled_text);
    match (&default, config.environments.keys().next()) {
        (Some(name), _) if !config.environments.contains_key(&name.value) => {
            findings.add_with_help(
                "config/unknown-environment",
                name.span.clone(),
                format!("there is no environment {}", quote(&name.value)),
                format!(
                    "the environments are {}",
                    config
                        .environments
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            );
        }
        // `local` need not exist when a file declares its own.
        (None, Some(first)) if given && !config.environments.contains_key("local") => {
            config.default_environment.value = first.clone();
        }
        _ => {}
    }
    set(&mut config.default_environment, default);
    fields.optional("drift", |node, findings| {
        drift(node, &mut config.drift, findings);
        Some(())
    });
    fields.optional("lint", |node, findings| {
        lint(node, &mut config.lint, findings);
        Some(())
    });
    fields.optional("folders", |node, findings| {
        folders(node, &mut config.folders, findings);
        Some(())
    });
    fields.finish();
}

/// `off`, or the column and the tables that are exempt.
fn tenant(node: &Node, findings: &Findings) -> Option<Option<Tenant>> {
    if node.scalar().as_deref() == Some("off") {
        return Some(None);
    }
    if !matches!(node.kind, Kind::Map(_)) {
        read::wrong_kind(node, VALUE, "a map, or `off`", findings);
        return None;
    }
    let mut fields = Fields::open(node, "`tenant`", findings)?;
    let column = fields.optional("column", read::filled_text);
    let exempt = fields.optional("exempt", read::texts);
    fields.finish();
    Some(Some(Tenant {
        column: column.map_or_else(
            || Setting::default_of(Ident::new("tenantId")),
            |column| column.map(Ident::new).into(),
        ),
        exempt: exempt
            .into_iter()
            .flatten()
            .map(|table| table.map(Ident::new).into())
            .collect(),
    }))
}

fn targets(node: &Node, findings: &Findings) -> Option<Spanned<Vec<Engine>>> {
    let engines = read::list_of(node, findings, |node, findings| {
        read::one_of(node, &ENGINES, findings)
    })?;
    let mut value: Vec<Engine> = engines.iter().map(|engine| engine.value).collect();
    value.sort();
    value.dedup();
    if value.is_empty() {
        findings.add_with_help(
            "config/targets",
            node.head(),
            "no engine is a target, so no migration could be written",
            "list mssql, sqlite or both",
        );
        return None;
    }
    Some(Spanned {
        value,
        span: node.span.clone(),
    })
}

fn mssql(node: &Node, mssql: &mut Mssql, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`mssql`", findings) else {
        return;
    };
    let name = fields.optional("schema", |node, findings| {
        let name = read::filled_text(node, findings)?;
        let text = name.value.as_str();
        if convention::units(text) > Ident::MAX_CHARS || text.chars().any(char::is_control) {
            findings.add(
                "config/schema",
                name.span,
                format!("{} is no name of a schema", quote(text)),
            );
            return None;
        }
        Some(name.map(Ident::new))
    });
    set(&mut mssql.schema, name);
    let edition = fields.optional("edition", |node, findings| {
        read::one_of(node, &EDITIONS, findings)
    });
    set(&mut mssql.edition, edition);
    fields.finish();
}

fn environments(node: &Node, findings: &Findings) -> Option<BTreeMap<String, Environment>> {
    let entries = read::entries(node, findings)?;
    if entries.is_empty() {
        findings.add_with_help(
            "config/unknown-environment",
            node.head(),
            "no environment is declared, so no command would have a database",
            "declare one, or remove `environments` for the defaults",
        );
        return None;
    }
    let read = entries.iter().filter_map(|(key, node)| {
        let environment = environment(&key.name, node, findings)?;
        Some((
            key.name.clone(),
            Environment {
                span: Some(key.span.clone()),
                ..environment
            },
        ))
    });
    Some(read.collect())
}

fn environment(name: &str, node: &Node, findings: &Findings) -> Option<Environment> {
    let what = format!("the environment {}", quote(name));
    let mut fields = Fields::open(node, &what, findings)?;
    let target = fields.required("target", |node, findings| {
        read::one_of(node, &ENGINES, findings)
    });
    let file = fields.optional("database", read::filled_text);
    let reference = fields.optional("connection", read::filled_text);
    let written = [fields.get("database"), fields.get("connection")];
    let head = fields.head().clone();
    fields.finish();
    let database = match (written, file, reference) {
        ([Some(node), Some(_)], ..) => {
            findings.add_with_help(
                "config/environment",
                node.head(),
                format!("{what} has both `database` and `connection`"),
                "keep one of the two",
            );
            return None;
        }
        ([None, None], ..) => {
            findings.add_with_help(
                "config/environment",
                head,
                format!("{what} says nothing about its database"),
                "add `connection: …`, or `database: PATH` for sqlite",
            );
            return None;
        }
        (_, Some(file), _) => file.map(Database::File),
        (_, _, Some(reference)) => reference.map(Database::Connection),
        (_, None, None) => return None,
    };
    let target = target?;
    if target.value == Engine::Mssql && matches!(database.value, Database::File(_)) {
        findings.add_with_help(
            "config/environment",
            database.span,
            format!("{what} is on mssql, which has no database file"),
            "write `connection: …`",
        );
        return None;
    }
    Some(Environment {
        span: None,
        target: target.into(),
        database: database.into(),
    })
}

fn drift(node: &Node, drift: &mut Drift, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`drift`", findings) else {
        return;
    };
    let scope = fields.optional("scope", |node, findings| {
        read::one_of(node, &SCOPES, findings)
    });
    set(&mut drift.scope, scope);
    if let Some(ignore) = fields.optional("ignore", |node, findings| {
        read::list_of(node, findings, suppression)
    }) {
        drift.ignore = ignore;
    }
    fields.finish();
}

fn suppression(node: &Node, findings: &Findings) -> Option<Suppression> {
    let mut fields = Fields::open(node, "an accepted drift", findings)?;
    let object = fields.required("object", |node, findings| {
        let words = OBJECTS.map(|word| (word, word.to_owned()));
        read::one_of(node, &words, findings)
    });
    let table = fields.optional("table", read::filled_text);
    let name = fields.required("name", read::filled_text);
    let owner = fields.required("owner", read::filled_text);
    let reason = fields.required("reason", read::filled_text);
    let until = fields.required("until", |node, findings| {
        let day = read::filled_text(node, findings)?;
        if !schema::is_date(&day.value) {
            findings.add_with_help(
                "config/until",
                day.span,
                format!("{} is no day of the calendar", quote(&day.value)),
                "write the last day on which the drift is accepted: 2027-01-31",
            );
            return None;
        }
        Some(day)
    });
    let span = fields.head().clone();
    fields.finish();
    Some(Suppression {
        span,
        object: object?.into(),
        table: table.map(Setting::from),
        name: name?.into(),
        owner: owner?.into(),
        reason: reason?.into(),
        until: until?.into(),
    })
}

fn lint(node: &Node, lint: &mut Lint, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`lint`", findings) else {
        return;
    };
    let after = fields.optional("after", |node, findings| {
        // A version is all digits: without quotes YAML takes it for a number.
        let version = node.scalar().unwrap_or_default();
        if version.len() != 14 || !version.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.add_with_help(
                "config/version",
                node.head(),
                "this is no version of a migration",
                "write its 14 digits: 20261123020000",
            );
            return None;
        }
        Some(Spanned {
            value: version,
            span: node.span.clone(),
        })
    });
    lint.after = after.map(Setting::from);
    fields.optional("rules", |node, findings| {
        for (key, node) in read::entries(node, findings)? {
            if !LINT_RULES.contains(&key.name.as_str()) {
                findings.add_with_help(
                    "config/unknown-rule",
                    key.span.clone(),
                    format!("there is no rule {}", quote(&key.name)),
                    "the rules are L01 to L32 and not-analysed: `dbtool lint --explain`",
                );
                continue;
            }
            if let Some(level) = read::one_of(node, &LEVELS, findings) {
                lint.rules.insert(key.name.clone(), level.into());
            }
        }
        Some(())
    });
    fields.finish();
}

fn folders(node: &Node, folders: &mut Folders, findings: &Findings) {
    let Some(mut fields) = Fields::open(node, "`folders`", findings) else {
        return;
    };
    set(
        &mut folders.schema,
        fields.optional("schema", read::filled_text),
    );
    set(
        &mut folders.migrations,
        fields.optional("migrations", read::filled_text),
    );
    set(
        &mut folders.fixtures,
        fields.optional("fixtures", read::filled_text),
    );
    fields.finish();
}
