//! Statements that change rows: INSERT, UPDATE and DELETE.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, DoUpdate, FromTable, Insert, ObjectName, ObjectNamePart,
    OnConflict, OnConflictAction, OnInsert, OutputClause, SelectItem, Spanned, SqliteOnConflict,
    TableFactor, TableObject, Update, UpdateTableFromKind,
};
use sqlparser::tokenizer::Span;

use super::from::Level;
use super::level::{self, Columns, Condition, Scope, Source};
use super::name::{Meaning, fold};
use super::query::Ctes;
use super::statement::Analyser;
use crate::engine::Engine;
use crate::model::Table;

impl<'a> Analyser<'a> {
    pub(super) fn insert(&mut self, insert: &Insert, ctes: &Ctes<'_>) {
        let Insert {
            insert_token,
            optimizer_hints,
            or,
            ignore,
            into: _,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        self.present = insert_token.0.span;
        self.want(
            optimizer_hints.is_empty()
                && !ignore
                && !overwrite
                && assignments.is_empty()
                && partitioned.is_none()
                && after_columns.is_empty()
                && !has_table_keyword
                && priority.is_none()
                && insert_alias.is_none()
                && settings.is_none()
                && format_clause.is_none()
                && multi_table_insert_type.is_none()
                && multi_table_into_clauses.is_empty()
                && multi_table_when_clauses.is_empty()
                && multi_table_else_clause.is_none(),
            "a clause of another dialect",
        );
        let TableObject::TableName(name) = table else {
            self.want(false, "INSERT into what is no table");
            return;
        };
        let alias = table_alias.as_ref().map(|alias| &alias.alias);
        let given = source.as_ref().map(|source| self.query(source, None, ctes));
        let Some(table) = self.target(name, ctes) else {
            return;
        };
        if let Some(alias) = alias {
            self.new_name(alias, Some(table));
        }
        let target = self.source(table, alias, name.span());
        let replaces = *replace_into || matches!(or, Some(SqliteOnConflict::Replace));
        if replaces && target.tenant.is_some() {
            self.deny(
                "guard/replace",
                insert_token.0.span,
                format!(
                    "REPLACE removes the rows of {} that are in the way, whosever they are",
                    target.shown
                ),
                "use INSERT … ON CONFLICT … DO UPDATE … WHERE with the tenant's predicate",
            );
        }
        if let Some(SqliteOnConflict::Rollback | SqliteOnConflict::Fail) = or {
            self.want(false, "OR ROLLBACK and OR FAIL");
        }
        let columns: Vec<(String, Span)> = columns
            .iter()
            .map(|column| (last_part(column), column.span()))
            .collect();
        self.inserted(&target, &columns, given.as_ref(), name.span());
        self.conflict(on.as_ref(), &target, ctes);
        let sources = [target];
        self.returned(returning.as_deref(), output.as_ref(), &sources, ctes);
    }

    /// What an INSERT must put into the tenant column.
    pub(super) fn inserted(
        &mut self,
        target: &Source,
        columns: &[(String, Span)],
        given: Option<&Columns>,
        place: Span,
    ) {
        let Some((tenant, column)) = &target.tenant else {
            return;
        };
        let parameter = self.guard.parameter;
        let at: Vec<usize> = (0..columns.len())
            .filter(|at| columns[*at].0 == *tenant)
            .collect();
        let [at] = at.as_slice() else {
            let (what, help) = match (columns.is_empty(), at.len()) {
                (true, _) => (
                    "says for no column what it puts there".to_owned(),
                    format!("list the columns, {column} among them, with {parameter} for it"),
                ),
                (false, 0) => (
                    format!("gives no {column}"),
                    format!("add {column} to the columns, and {parameter} for it"),
                ),
                (false, _) => (
                    format!("gives {column} more than once"),
                    format!("give {column} once, with {parameter}"),
                ),
            };
            let message = format!(
                "INSERT into {} {what}, so nobody knows whose the rows are",
                target.shown
            );
            self.deny("guard/insert-without-tenant", place, message, &help);
            return;
        };
        let matched = given.is_some_and(|given| {
            given.ordered
                && given.complete
                && given.list.len() == columns.len()
                && given.list[*at].anchored
        });
        if !matched {
            let message = format!(
                "INSERT into {} puts something else than {parameter} into {column}, at least in \
                 one row",
                target.shown
            );
            let help = format!(
                "give {parameter} for {column}, or select it from a table that is held to the \
                 tenant, with each column named"
            );
            self.deny("guard/insert-other-tenant", columns[*at].1, message, &help);
        }
    }

    fn conflict(&mut self, on: Option<&OnInsert>, target: &Source, ctes: &Ctes<'_>) {
        let action = match on {
            None => return,
            Some(OnInsert::OnConflict(OnConflict {
                // Whichever key is in the way, the row may be another tenant's.
                conflict_target: _,
                action,
            })) => action,
            Some(_) => return self.want(false, "ON DUPLICATE KEY"),
        };
        let DoUpdate {
            assignments,
            selection,
        } = match action {
            OnConflictAction::DoNothing => return,
            OnConflictAction::DoUpdate(update) => update,
        };
        // `excluded`, the row that was to be added, is no source: it has no rows of its own.
        let mut sources = [target.clone()];
        let conditions: Vec<Condition<'_>> = selection
            .iter()
            .map(|expr| Condition {
                expr,
                filters: 0..1,
                visible: (0, 1),
            })
            .collect();
        level::hold(&mut sources, &conditions, None, self.guard.parameter);
        let scope = Scope {
            outer: None,
            sources: &sources,
            visible: (0, 1),
        };
        if let Some(expr) = selection {
            self.expression(expr, &scope, ctes);
        }
        self.assignments(assignments, &sources[0], &scope, ctes);
        if sources[0].tenant.is_some() && !sources[0].held {
            let (_, column) = sources[0].tenant.clone().unwrap_or_default();
            let write = format!("{}.{column} = {}", target.qualifier, self.guard.parameter);
            let message = format!(
                "DO UPDATE changes the row of {} that is in the way, whosever it is",
                target.shown
            );
            let help = format!("AND {write} to the WHERE of DO UPDATE");
            self.deny("guard/missing-predicate", target.place, message, &help);
        }
    }

    pub(super) fn update(&mut self, update: &Update, ctes: &Ctes<'_>) {
        let Update {
            update_token,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        self.present = update_token.0.span;
        self.want(optimizer_hints.is_empty(), "a hint in a comment");
        self.want(
            order_by.is_empty() && limit.is_none() && table.joins.is_empty(),
            "a clause of another dialect",
        );
        match or {
            None | Some(SqliteOnConflict::Abort | SqliteOnConflict::Ignore) => {}
            Some(SqliteOnConflict::Replace) => self.deny(
                "guard/replace",
                update_token.0.span,
                "OR REPLACE removes rows that are in the way, whosever they are".into(),
                "leave OR REPLACE out",
            ),
            Some(SqliteOnConflict::Rollback | SqliteOnConflict::Fail) => {
                self.want(false, "OR ROLLBACK and OR FAIL");
            }
        }
        let from = match from {
            None => &[],
            Some(UpdateTableFromKind::AfterSet(from)) => from.as_slice(),
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return self.want(false, "FROM before SET");
            }
        };
        let mut level = Level::default();
        self.from(from, &mut level, None, ctes);
        let Some(target) = self.targeted(&table.relation, &mut level, ctes) else {
            return;
        };
        if let Some(selection) = selection {
            level.filter(selection);
        }
        self.settle(&mut level, None, ctes);
        let scope = Scope {
            outer: None,
            sources: &level.sources,
            visible: (0, level.sources.len()),
        };
        self.assignments(assignments, &level.sources[target], &scope, ctes);
        self.returned(returning.as_deref(), output.as_ref(), &level.sources, ctes);
    }

    pub(super) fn delete(&mut self, delete: &Delete, ctes: &Ctes<'_>) {
        let Delete {
            delete_token,
            optimizer_hints,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        self.present = delete_token.0.span;
        self.want(optimizer_hints.is_empty(), "a hint in a comment");
        self.want(
            order_by.is_empty() && limit.is_none() && using.is_none(),
            "a clause of another dialect",
        );
        let from = match from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => from,
        };
        let mut level = Level::default();
        match (tables.as_slice(), from.as_slice()) {
            ([], [table]) if table.joins.is_empty() => {
                if self.targeted(&table.relation, &mut level, ctes).is_none() {
                    return;
                }
            }
            ([name], from) if self.guard.engine == Engine::Mssql => {
                self.from(from, &mut level, None, ctes);
                if self.aliased(name, &level).is_none() {
                    return;
                }
            }
            _ => return self.want(false, "DELETE from several tables"),
        }
        if let Some(selection) = selection {
            level.filter(selection);
        }
        self.settle(&mut level, None, ctes);
        self.returned(returning.as_deref(), output.as_ref(), &level.sources, ctes);
    }

    /// The new values of an UPDATE.
    pub(super) fn assignments(
        &mut self,
        assignments: &[Assignment],
        target: &Source,
        scope: &Scope<'_>,
        ctes: &Ctes<'_>,
    ) {
        for Assignment {
            target: left,
            value,
        } in assignments
        {
            let names = match left {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(names) => names.as_slice(),
            };
            for name in names {
                let column = last_part(name);
                if column.starts_with('@') {
                    self.assigned(name.span());
                }
                if let Some((tenant, shown)) = &target.tenant
                    && *tenant == column
                {
                    let message = format!(
                        "{shown} of {} is set, which would hand its rows to a tenant",
                        target.shown
                    );
                    self.deny(
                        "guard/tenant-set",
                        name.span(),
                        message,
                        "leave the column out: a row keeps its tenant",
                    );
                }
            }
            self.expression(value, scope, ctes);
        }
    }

    /// RETURNING and OUTPUT.
    pub(super) fn returned(
        &mut self,
        returning: Option<&[SelectItem]>,
        output: Option<&OutputClause>,
        sources: &[Source],
        ctes: &Ctes<'_>,
    ) {
        let scope = Scope {
            outer: None,
            sources,
            visible: (0, sources.len()),
        };
        self.projection(returning.unwrap_or_default(), &scope, ctes);
        match output {
            None => {}
            Some(OutputClause::Output {
                output_token: _,
                select_items,
                into_table,
            }) => {
                self.projection(select_items, &scope, ctes);
                self.want(into_table.is_none(), "OUTPUT … INTO");
            }
            Some(OutputClause::Returning { select_items, .. }) => {
                self.projection(select_items, &scope, ctes);
            }
        }
    }

    /// The table that a statement changes, by name.
    fn target(&mut self, name: &ObjectName, ctes: &Ctes<'_>) -> Option<&'a Table> {
        let place = name.span();
        match self.names.meaning(self.guard, name) {
            Meaning::Table(table) => Some(table),
            Meaning::Denied(code, message, help) => {
                self.deny(code, place, message, help);
                None
            }
            Meaning::Other(folded) => {
                let message = match ctes.find(&folded) {
                    Some(_) => format!("{name} is a common table expression, and is changed"),
                    None => format!("the schema has no table {name}, so nobody knows whose it is"),
                };
                self.deny(
                    "guard/unknown-table",
                    place,
                    message,
                    "name a table of the schema",
                );
                None
            }
        }
    }

    /// Finds the table that an UPDATE or DELETE changes among its sources, or puts it there.
    fn targeted<'q>(
        &mut self,
        factor: &'q TableFactor,
        level: &mut Level<'q>,
        ctes: &Ctes<'_>,
    ) -> Option<usize> {
        let TableFactor::Table { name, alias, .. } = factor else {
            self.want(false, "a target that is no table");
            return None;
        };
        if self.guard.engine == Engine::Mssql && alias.is_none() && !level.sources.is_empty() {
            let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
                self.want(false, "a qualified target beside FROM");
                return None;
            };
            let folded = fold(ident);
            if level.sources.iter().any(|source| source.name == folded) {
                return self.aliased(name, level);
            }
            // The table may also be meant by a source under an alias: engines guess.
            if level
                .sources
                .iter()
                .any(|source| source.table.as_deref() == Some(folded.as_str()))
            {
                let message = format!("{name} is in FROM under an alias");
                self.deny(
                    "guard/shadowed-name",
                    name.span(),
                    message,
                    "name the alias as the target",
                );
                return None;
            }
        }
        if let [ObjectNamePart::Identifier(ident)] = name.0.as_slice()
            && ctes.find(&fold(ident)).is_some()
        {
            self.target(name, ctes);
            return None;
        }
        let source = self.named(factor, None)?;
        level.sources.push(source);
        Some(level.sources.len() - 1)
    }

    /// The source that a target names by its alias.
    fn aliased(&mut self, name: &ObjectName, level: &Level<'_>) -> Option<usize> {
        let folded = match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => fold(ident),
            _ => String::new(),
        };
        let at = level
            .sources
            .iter()
            .position(|source| source.name == folded && source.table.is_some());
        if at.is_none() {
            let message = format!("{name} names no table of FROM, so nobody knows what it changes");
            self.deny(
                "guard/unknown-table",
                name.span(),
                message,
                "name the alias of a table of the schema",
            );
            return None;
        }
        at
    }
}

/// The folded last part of a name: the column of `j.status`.
pub(super) fn last_part(name: &ObjectName) -> String {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => fold(ident),
        Some(ObjectNamePart::Function(_)) | None => String::new(),
    }
}
