//! What the values of a story are at a step, and on whose behalf it runs.

use super::actor::Actor;
use super::stop::Stop;
use crate::diag::Span;
use crate::engine::Value;
use crate::model::{Column, Table};
use crate::story::format::Term;
use crate::story::value;

impl Actor<'_> {
    pub(super) fn resolve(&self, column: &Column, term: &Term, span: &Span) -> Result<Value, Stop> {
        let state = &self.state;
        let text = |text: &str| Ok(Value::Text(text.to_owned()));
        match term {
            Term::Literal(value) | Term::Increment(value) => Ok(value.clone()),
            Term::Tenant => text(&self.tenant()),
            Term::Actor => text(state.principal.actor.as_deref().unwrap_or_default()),
            Term::Correlation => {
                let looked_for = match &state.window {
                    Some(window) => window.correlation.as_deref(),
                    None => Some(state.correlation.as_str()),
                };
                match state.principal.correlation.as_deref().or(looked_for) {
                    Some(correlation) => text(correlation),
                    None => Err(self.fail(
                        "story/unknown-reference",
                        span,
                        "which request's rows are looked for is not said, so $correlation has no \
                         value"
                            .into(),
                        "pass --correlation ID with --against",
                    )),
                }
            }
            Term::Since => {
                let since = state.window.as_ref().map(|window| window.since);
                let instant = state.now.moved(since.unwrap_or_default());
                Ok(value::instant(&column.ty, instant).unwrap_or(Value::Null))
            }
            Term::Copy => match value::range(&column.ty) {
                Some(_) => Ok(Value::Integer(state.copy.into())),
                None => text(&state.copy.to_string()),
            },
            Term::Now(offset) => {
                let instant = state.now.moved(*offset);
                // The loader lets only columns that hold a time have one.
                Ok(value::instant(&column.ty, instant).unwrap_or(Value::Null))
            }
            Term::Saved { row, column: name } => {
                let value = state.saved.get(row).and_then(|row| row.get(name));
                value.cloned().ok_or_else(|| {
                    self.fail(
                        "story/unknown-reference",
                        span,
                        format!("no row is saved as {row}, so ${row}.{name} has no value"),
                        "save the row in a step that was performed before",
                    )
                })
            }
            Term::Default | Term::Generated => Ok(Value::Null),
        }
    }

    /// The present tenant as the database knows it.
    pub(super) fn tenant(&self) -> String {
        match &self.state.window {
            Some(window) => window.tenant.clone().unwrap_or_default(),
            None => format!("{}-{}", self.state.principal.tenant, self.state.token),
        }
    }

    /// In an environment no tenant can be made up: rows are looked for where it is said.
    pub(super) fn see_to_a_tenant(&self, span: &Span) -> Result<(), Stop> {
        let tenant = self.state.window.as_ref().map(|window| &window.tenant);
        match (tenant, &self.ground.tenancy.column) {
            (Some(None), Some(_)) => Err(self.fail(
                "story/no-tenant",
                span,
                "it is not said whose rows are looked for".into(),
                "pass --tenant ID with --against",
            )),
            _ => Ok(()),
        }
    }

    /// The tenant to whom rows of a table belong now; empty for a table that no tenant owns.
    pub(super) fn owner(&self, table: &Table) -> String {
        match self.ground.tenancy.column_of(table) {
            Some(_) => self.tenant(),
            None => String::new(),
        }
    }
}
