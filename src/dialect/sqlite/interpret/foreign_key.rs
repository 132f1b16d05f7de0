//! Foreign keys, with what they leave unsaid found out.

use crate::model::{ForeignKey, Ident, ReferentialAction};

use super::folded;
use super::syntax::{self, Rule};
use super::table::Reader;

impl Reader<'_, '_> {
    /// The foreign key of a constraint whose text is `text`.
    pub(super) fn foreign_key(
        &mut self,
        name: Ident,
        columns: &[String],
        target: &syntax::Target,
        text: &str,
    ) -> ForeignKey {
        let own = columns
            .iter()
            .map(|column| match self.find(column) {
                Some(at) => self.table.columns[at].name.clone(),
                None => Ident::new(column),
            })
            .collect();
        let found = self.sources.get(&folded(&target.table));
        let referenced_columns = match found {
            Some(found) => referenced(&found.syntax, &target.columns),
            None => target.columns.iter().map(Ident::new).collect(),
        };
        if referenced_columns.is_empty() {
            let reason = format!(
                "it refers to the primary key of {}, which has none that is known",
                target.table
            );
            self.refuse("foreign key", Some(&name), text, reason);
        }
        if target.deferred {
            let reason = "it is checked at the end of the transaction (INITIALLY DEFERRED)";
            self.refuse("foreign key", Some(&name), text, reason.to_owned());
        }
        for action in [&target.on_delete, &target.on_update] {
            if action.as_deref() == Some("RESTRICT") {
                let reason = "RESTRICT refuses at once, before the statement is over, where NO \
                              ACTION waits for its end";
                self.refuse("foreign key", Some(&name), text, reason.to_owned());
            }
        }
        ForeignKey {
            name,
            columns: own,
            references: found.map_or_else(
                || Ident::new(&target.table),
                |found| Ident::new(&found.object.name),
            ),
            referenced_columns,
            on_delete: action(target.on_delete.as_deref()),
            on_update: action(target.on_update.as_deref()),
        }
    }
}

/// The columns that a foreign key refers to, spelled as they are declared: the primary key when it
/// names none.
fn referenced(target: &syntax::Table<'_>, columns: &[String]) -> Vec<Ident> {
    let declared = |name: &String| {
        let same = |column: &&syntax::Column<'_>| column.name.eq_ignore_ascii_case(name);
        Ident::new(
            target
                .columns
                .iter()
                .find(same)
                .map_or(name, |column| &column.name),
        )
    };
    if !columns.is_empty() {
        return columns.iter().map(declared).collect();
    }
    let own = target.columns.iter().flat_map(|column| &column.constraints);
    own.chain(&target.constraints)
        .find_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey { columns, .. } => Some(
                columns
                    .iter()
                    .filter_map(|part| part.column.as_ref())
                    .map(declared)
                    .collect(),
            ),
            _ => None,
        })
        .unwrap_or_default()
}

fn action(text: Option<&str>) -> ReferentialAction {
    match text {
        Some("CASCADE") => ReferentialAction::Cascade,
        Some("SET NULL") => ReferentialAction::SetNull,
        Some("SET DEFAULT") => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
