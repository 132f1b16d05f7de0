//! Explanations of mutants that no scenario notices.

use super::Reader;
use crate::model::{Ident, ObjectPath, Part};
use crate::story::mutation::{Kind, survivor::Explained};
use crate::yaml::Node;
use crate::yaml::read::{self, Fields};
use crate::yaml::schema::is_date;
use crate::yaml::text::{nearest, quote};

impl Reader<'_> {
    pub(super) fn survivor(&self, node: &Node) -> Option<Explained> {
        let findings = self.findings;
        let mut fields = Fields::open(node, "an explained survivor", findings)?;
        let object = fields.required("object", |node, findings| {
            let text = read::filled_text(node, findings)?;
            let path = self.object(&text.value);
            if path.is_none() {
                let all = self.objects();
                let help = match nearest(&text.value, all.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {}?", quote(near)),
                    None => "write table.object: a column, key, check, foreign key, index, \
                             default or append-only trigger of the schema"
                        .to_owned(),
                };
                findings.add_with_help(
                    "story/unknown-object",
                    text.span.clone(),
                    format!("the schema has no {}", quote(&text.value)),
                    help,
                );
            }
            Some((path?, text.span))
        });
        let mutation = fields.optional("mutation", |node, findings| {
            read::one_of(node, &Kind::ALL.map(|kind| (kind.word(), kind)), findings)
        });
        let reason = fields.required("reason", read::filled_text);
        let until = fields.optional("until", |node, findings| {
            let day = read::filled_text(node, findings)?;
            if is_date(&day.value) {
                return Some(day.value);
            }
            findings.add_with_help(
                "story/until",
                day.span,
                format!("{} is no day of the calendar", quote(&day.value)),
                "write the last day on which the survivor is accepted: 2027-01-31",
            );
            None
        });
        fields.finish();
        let (object, span) = object?;
        Some(Explained {
            object,
            mutation: mutation.map(|word| word.value),
            reason: reason?.value,
            until,
            span,
        })
    }

    fn object(&self, text: &str) -> Option<ObjectPath> {
        let (table, member) = text.split_once('.')?;
        let known = self.objects().iter().any(|object| object == text);
        known.then(|| ObjectPath::member(&Ident::new(table), &Ident::new(member)))
    }

    /// Everything of which there may be a mutant.
    fn objects(&self) -> Vec<String> {
        let mut objects = Vec::new();
        for table in self.schema.tables.values() {
            let columns = table.columns.iter().map(|column| &column.name);
            let defaults = table
                .columns
                .iter()
                .filter_map(|column| column.default.as_ref());
            let names = columns
                .chain(defaults.map(|default| &default.name))
                .chain(table.parts.iter().map(Part::name))
                .chain(&table.append_only);
            objects.extend(names.map(|name| format!("{}.{name}", table.name)));
        }
        objects
    }
}
