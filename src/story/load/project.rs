//! The steps on migrations.

use super::Reader;
use super::step::{node_has, sql};
use crate::exit::Exit;
use crate::migration::{Id, Version};
use crate::story::format::{
    AddMigration, EditMigration, ExpectGate, Migrate, MigrateEnd, Verdict, Which,
};
use crate::yaml::Node;
use crate::yaml::read::{self, Fields};
use crate::yaml::text::quote;

/// How a run of migrations can fail.
pub(crate) const ENDS: &[(&str, Exit)] = &[
    ("migration", Exit::Migration),
    ("history", Exit::History),
    ("drift", Exit::Drift),
];

/// What the gate can say.
pub(crate) const VERDICTS: &[(&str, Verdict)] = &[
    ("clean", Verdict::Clean),
    ("pending", Verdict::Pending),
    ("drift", Verdict::Drift),
    ("history", Verdict::History),
];

impl Default for Migrate {
    fn default() -> Self {
        Self {
            to: None,
            end: MigrateEnd::Applied(None),
        }
    }
}

impl Reader<'_> {
    pub(super) fn migrate(&self, node: &Node) -> Option<Migrate> {
        let mut fields = Fields::open(node, "`migrate`", self.findings)?;
        let to = fields.optional("to", |node, findings| {
            let text = read::filled_text(node, findings)?;
            if Version::parse(&text.value).is_none() {
                findings.add_with_help(
                    "story/wrong-value",
                    text.span,
                    format!("{} is no version of a migration", quote(&text.value)),
                    "write its 14 digits in quotes",
                );
                return None;
            }
            Some(text.value)
        });
        let applied = fields.optional("applied", read::integer::<usize>);
        let fails = fields.optional("fails", |node, findings| read::one_of(node, ENDS, findings));
        let finding = fields.optional("finding", read::filled_text);
        let head = fields.head().clone();
        fields.finish();
        if node_has(node, "applied") && node_has(node, "fails") {
            self.findings.add_with_help(
                "story/contradiction",
                head,
                "`migrate` has both `applied` and `fails`",
                "keep one of them",
            );
            return None;
        }
        if node_has(node, "finding") && !node_has(node, "fails") {
            self.findings.add_with_help(
                "yaml/missing-key",
                head,
                "`migrate` names a finding, but does not say how it fails",
                "add `fails: migration`, say",
            );
            return None;
        }
        (to.is_some() || !node_has(node, "to")).then_some(())?;
        (fails.is_some() || !node_has(node, "fails")).then_some(())?;
        Some(Migrate {
            to,
            end: match fails {
                None => MigrateEnd::Applied(applied.map(|applied| applied.value)),
                Some(exit) => MigrateEnd::Fails {
                    exit: exit.value,
                    finding: finding.map(|finding| finding.value),
                },
            },
        })
    }

    pub(super) fn add_migration(&self, node: &Node) -> Option<AddMigration> {
        let mut fields = Fields::open(node, "`addMigration`", self.findings)?;
        let name = fields.required("name", |node, findings| {
            let name = read::filled_text(node, findings)?;
            if !Id::is_name(&name.value) {
                findings.add_with_help(
                    "story/wrong-name",
                    name.span,
                    format!("{} cannot be the name of a migration", quote(&name.value)),
                    "use letters, digits, hyphens and underscores",
                );
                return None;
            }
            Some(name.value)
        });
        let sql = fields.required("sql", sql);
        fields.finish();
        Some(AddMigration {
            name: name?,
            sql: sql?,
        })
    }

    pub(super) fn edit_migration(&self, node: &Node) -> Option<EditMigration> {
        let mut fields = Fields::open(node, "`editMigration`", self.findings)?;
        let which = fields.required("which", |node, findings| {
            let text = read::filled_text(node, findings)?;
            Some(match text.value.as_str() {
                "first" => Which::First,
                "last" => Which::Last,
                name => Which::Named(name.to_owned()),
            })
        });
        let append = fields.optional("append", read::filled_text);
        let remove = fields.optional("remove", super::expect::truth);
        let head = fields.head().clone();
        fields.finish();
        if node_has(node, "append") == node_has(node, "remove") {
            self.findings.add_with_help(
                "story/contradiction",
                head,
                "`editMigration` needs either `append` or `remove: true`",
                "say what is done to the migration",
            );
            return None;
        }
        (append.is_some() || remove.is_some()).then_some(())?;
        Some(EditMigration {
            which: which?,
            append: append.map(|append| append.value),
        })
    }

    pub(super) fn expect_gate(&self, node: &Node) -> Option<ExpectGate> {
        let mut fields = Fields::open(node, "`expectGate`", self.findings)?;
        let verdict = fields.required("outcome", |node, findings| {
            read::one_of(node, VERDICTS, findings)
        });
        let finding = fields.optional("finding", read::filled_text);
        let object = fields.optional("object", read::filled_text);
        fields.finish();
        let verdict = verdict?;
        if let Some(extra) = [&finding, &object]
            .into_iter()
            .flatten()
            .find(|_| verdict.value == Verdict::Clean)
        {
            self.findings.add_with_help(
                "story/contradiction",
                extra.span.clone(),
                "where the gate finds nothing wrong there is no finding",
                "remove it, or expect another outcome",
            );
            return None;
        }
        Some(ExpectGate {
            verdict: verdict.value,
            finding: finding.map(|finding| finding.value),
            object: object.map(|object| object.value),
            span: verdict.span,
        })
    }
}
