//! The story that nobody wrote: tenants never see each other.

use std::sync::Arc;

use crate::commands::Declared;
use crate::diag::{Diagnostic, Phase, Source, Span};
use crate::model::{Ident, ObjectPath, Schema};
use crate::story::{Loaded, Tenancy, isolation};

/// Adds the story that follows from the schema behind the written ones.
pub(super) fn add(loaded: &mut Loaded, schema: &Schema, tenancy: &Tenancy, declared: &Declared) {
    let place = |table: &Ident| {
        declared
            .place(&ObjectPath::table(table))
            .unwrap_or_else(|| nowhere(table))
    };
    let Some(story) = isolation::story(schema, tenancy, &place) else {
        return;
    };
    if let Some(taken) = loaded
        .stories
        .iter()
        .find(|story| story.id == isolation::ID)
    {
        let message = format!(
            "{:?} is the identifier of the story that follows from the schema, which this one \
             would displace",
            isolation::ID
        );
        loaded.findings.push(
            Diagnostic::error(Phase::Schema, "story/reserved-id", message)
                .spanned(taken.span.clone())
                .help("give this story another identifier"),
        );
        return;
    }
    loaded.stories.push(story);
}

/// For a table that the migrations have and the schema no longer declares.
fn nowhere(table: &Ident) -> Span {
    let source = Source {
        name: format!("schema/{table}.yaml"),
        text: String::new(),
    };
    Span::new(&Arc::new(source), 0..0)
}
