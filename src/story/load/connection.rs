//! The steps about the way to a database.

use std::collections::BTreeMap;

use super::step::node_has;
use super::{Reader, Scope};
use crate::engine::Engine;
use crate::story::format::{Given, Resolution, ResolveConnection, Resolved};
use crate::yaml::Node;
use crate::yaml::read::{self, Fields, Findings};
use crate::yaml::text::{list, nearest, quote};

/// How a resolution can fail, in the words of a story.
pub(crate) const FAULTS: [&str; 18] = [
    "variableMissing",
    "variableEmpty",
    "placeholderMissing",
    "fileMissing",
    "fileEmpty",
    "fileUnreadable",
    "notText",
    "secretMissing",
    "secretEmpty",
    "vault",
    "unresolved",
    "loop",
    "tooManySteps",
    "reference",
    "token",
    "inlineCredentials",
    "settings",
    "notBuilt",
];

impl Reader<'_> {
    pub(super) fn resolve_connection(
        &self,
        node: &Node,
        scope: &Scope,
    ) -> Option<ResolveConnection> {
        let mut fields = Fields::open(node, "`resolveConnection`", self.findings)?;
        let environment = fields.optional("environment", read::filled_text);
        let reference = fields.optional("reference", read::filled_text);
        let mut given = Given::default();
        let mut pretends = false;
        for (key, into) in [
            ("variables", &mut given.variables),
            ("files", &mut given.files),
            ("secrets", &mut given.secrets),
        ] {
            if let Some(texts) = fields.optional(key, texts) {
                *into = texts;
                pretends = true;
            }
        }
        let expect = fields.optional("expect", |node, findings| self.resolved(node, findings));
        let fails = fields.optional("fails", |node, findings| {
            let kind = read::filled_text(node, findings)?;
            if FAULTS.contains(&kind.value.as_str()) {
                return Some(kind);
            }
            findings.add_with_help(
                "story/wrong-value",
                kind.span,
                format!("{} is no kind of fault", quote(&kind.value)),
                match nearest(&kind.value, FAULTS) {
                    Some(near) => format!("did you mean {}?", quote(near)),
                    None => format!("the kinds are {}", list(FAULTS, "and")),
                },
            );
            None
        });
        let says = fields.optional("says", read::texts);
        let head = fields.head().clone();
        fields.finish();
        if node_has(node, "expect") == node_has(node, "fails") {
            self.findings.add_with_help(
                "story/contradiction",
                head,
                "`resolveConnection` needs either `expect` or `fails`",
                "say what the reference leads to, or how it fails",
            );
            return None;
        }
        if environment.is_none() && reference.is_none() && !scope.within.against {
            self.findings.add_with_help(
                "yaml/missing-key",
                head,
                "`resolveConnection` names neither an environment nor a reference",
                "add `environment: dev`, say",
            );
            return None;
        }
        let resolution = match (expect, fails) {
            (Some(expect), _) => Resolution::Leads(expect),
            (None, Some(kind)) => Resolution::Fails {
                kind: kind.value,
                says: says
                    .unwrap_or_default()
                    .into_iter()
                    .map(|text| text.value)
                    .collect(),
                span: kind.span,
            },
            (None, None) => return None,
        };
        // On a throwaway database the same must come of it on every machine.
        let real = scope.within.against && !pretends;
        Some(ResolveConnection {
            environment: environment.map(|text| text.value),
            reference: reference.map(|text| text.value),
            given: (!real).then_some(given),
            resolution,
        })
    }

    fn resolved(&self, node: &Node, findings: &Findings) -> Option<Resolved> {
        let mut fields = Fields::open(node, "`expect`", findings)?;
        let mut text = |key| {
            fields
                .optional(key, read::filled_text)
                .map(|text| text.value)
        };
        let resolved = Resolved {
            secret: text("secret"),
            vault: text("vault"),
            server: text("server"),
            database: text("database"),
            engine: fields
                .optional("engine", |node, findings| {
                    read::one_of(node, &ENGINES, findings)
                })
                .map(|engine| engine.value.name().to_owned()),
        };
        let head = fields.head().clone();
        fields.finish();
        if resolved == Resolved::default() {
            findings.add_with_help(
                "story/no-expectation",
                head,
                "`expect` expects nothing",
                "name the secret, the vault, the engine, the server or the database",
            );
            return None;
        }
        Some(resolved)
    }
}

const ENGINES: [(&str, Engine); 2] = [("mssql", Engine::Mssql), ("sqlite", Engine::Sqlite)];

/// A map of texts, which may be empty.
fn texts(node: &Node, findings: &Findings) -> Option<BTreeMap<String, String>> {
    let entries = read::entries(node, findings)?.iter();
    let entries =
        entries.map(|(key, node)| Some((key.name.clone(), read::text(node, findings)?.value)));
    entries.collect()
}
