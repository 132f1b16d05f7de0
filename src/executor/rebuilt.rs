//! What a rebuild would take along in silence.

use crate::diag::{Diagnostic, Phase};
use crate::dialect::Unsupported;
use crate::migration::Migration;

use super::{Cause, Run};

impl Run<'_> {
    /// What of the live catalog the model cannot express, such as triggers that people wrote.
    pub(super) fn outside_the_model(&mut self) -> Result<Vec<Unsupported>, Cause> {
        Ok(self.dialect.interpret(&self.session.catalog()?).unsupported)
    }

    /// The finding that a rebuild took along what people had put on the table. A migration that
    /// names such an object knows of it.
    pub(super) fn lost(
        &mut self,
        migration: &Migration,
        before: Vec<Unsupported>,
    ) -> Result<Option<Diagnostic>, Cause> {
        if before.is_empty() {
            return Ok(None);
        }
        let after = self.outside_the_model()?;
        let file = migration.files.get(self.dialect.engine().file_name());
        let sql = file.map_or("", |file| file.source.text.as_str());
        let gone = before.into_iter().find(|entry| {
            let name = entry.path.member.as_ref().unwrap_or(&entry.path.table);
            let stays = |other: &Unsupported| other.kind == entry.kind && other.path == entry.path;
            matches!(entry.kind.as_str(), "trigger" | "view")
                && !after.iter().any(stays)
                && !sql.contains(name.as_str())
        });
        Ok(gone.map(|entry| {
            Diagnostic::error(
                Phase::Migration,
                "migration/loses-object",
                format!(
                    "{} rebuilds {} and would take {} {} along, of which it says nothing",
                    migration.id, entry.path.table, entry.kind, entry.path
                ),
            )
            .at(entry.path)
            .difference(entry.definition, "")
            .help(format!(
                "nothing was applied; put its definition at the end of {} to keep it, or a DROP of \
                 it to let it go, and run `dbtool seal {}`",
                file.map_or("the SQL", |file| file.source.name.as_str()),
                migration.id.version
            ))
        }))
    }
}
