//! Statements: which kinds there are, and what each must say about the tenant.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, DoUpdate, Expr, FromTable, Ident, Insert, Merge,
    MergeAction, MergeClause, MergeClauseKind, MergeInsertExpr, MergeInsertKind, MergeUpdateExpr,
    MergeUpdateKind, ObjectName, ObjectNamePart, OnConflict, OnConflictAction, OnInsert,
    OutputClause, Query, SelectItem, Set, SetExpr, SetSessionParamKind, Spanned, SqliteOnConflict,
    Statement, TableFactor, TableObject, Update, UpdateTableFromKind, With,
};
use sqlparser::tokenizer::Span;

use super::Guard;
use super::level::{self, Columns, Condition, Scope, Source};
use super::name::{Meaning, Names, fold, is_variable};
use super::query::{Ctes, Level};
use super::text::Finding;
use super::words;
use crate::engine::Engine;
use crate::model::Table;

/// How deep the walk goes. The parser's own limit is lower, but counts in its own way.
const MAX_DEPTH: usize = 120;

/// How many steps the walk takes, since a recursive expression is read more than once.
const MAX_STEPS: usize = 100_000;

/// Session settings that change nothing about what a statement means.
const SETTINGS: [&str; 3] = ["NOCOUNT", "XACT_ABORT", "DEADLOCK_PRIORITY"];

/// Words that begin a statement on objects or rights.
const DEFINITIONS: [&str; 6] = ["CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "DENY"];

/// Reads one statement.
pub(super) struct Analyser<'a> {
    pub(super) guard: &'a Guard<'a>,
    pub(super) names: &'a Names<'a>,
    pub(super) findings: Vec<Finding>,
    /// The nearest place that is known, for what has none of its own.
    pub(super) present: Span,
    /// The sources of the present level whose tenant column a condition names.
    pub(super) mentions: BTreeSet<usize>,
    depth: usize,
    steps: usize,
}

impl<'a> Analyser<'a> {
    pub(super) fn new(guard: &'a Guard<'a>, names: &'a Names<'a>, start: Span) -> Self {
        Self {
            guard,
            names,
            findings: Vec::new(),
            present: start,
            mentions: BTreeSet::new(),
            depth: 0,
            steps: 0,
        }
    }

    /// What stands against a statement.
    pub(super) fn statement(mut self, statement: &Statement, first: &str) -> Vec<Finding> {
        let start = self.present;
        match statement {
            Statement::Query(query) => self.top(query),
            Statement::Insert(insert) => self.insert(insert, &Ctes::NONE),
            Statement::Update(update) => self.update(update, &Ctes::NONE),
            Statement::Delete(delete) => self.delete(delete, &Ctes::NONE),
            Statement::Merge(merge) => self.merge(merge, &Ctes::NONE),
            Statement::StartTransaction {
                modifier: None,
                statements,
                exception: None,
                has_end_keyword: false,
                ..
            } if statements.is_empty() => {}
            Statement::Commit {
                chain: false,
                end: false,
                modifier: None,
            }
            | Statement::Rollback {
                chain: false,
                savepoint: None,
            } => {}
            Statement::Set(Set::SetSessionParam(SetSessionParamKind::Generic(setting)))
                if setting
                    .names
                    .iter()
                    .all(|name| SETTINGS.contains(&name.to_uppercase().as_str())) => {}
            Statement::Set(_) | Statement::Declare { .. } => self.deny(
                "guard/variable",
                start,
                "a variable or setting is changed, so nobody knows what the parameter holds".into(),
                "bind values as parameters, and the tenant as the reserved one",
            ),
            Statement::Execute { .. } | Statement::Call(_) | Statement::Prepare { .. } => self
                .deny(
                    "guard/dynamic-sql",
                    start,
                    "what a procedure or a text does cannot be seen from here".into(),
                    "write the statement itself",
                ),
            Statement::Truncate(_) => self.deny(
                "guard/truncate",
                start,
                "TRUNCATE removes the rows of all tenants".into(),
                "use DELETE with the tenant's predicate",
            ),
            _ if DEFINITIONS.contains(&first.to_uppercase().as_str()) => self.deny(
                "guard/definition",
                start,
                "the statement changes what the database is, not what is in it".into(),
                "make the change in the schema, and a migration with `dbtool generate`",
            ),
            _ => self.want(false, "this kind of statement"),
        }
        if self.is_exhausted() {
            self.deny(
                "guard/not-analysed",
                start,
                "the statement is too large or too deep to be analysed".into(),
                "cut it into smaller ones",
            );
        }
        self.findings
    }

    /// A query on its own; T-SQL and SQLite also put WITH before other statements.
    fn top(&mut self, query: &Query) {
        let changes = matches!(
            &*query.body,
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        );
        if !changes {
            self.query(query, None, &Ctes::NONE);
            return;
        }
        self.want(
            query.order_by.is_none()
                && query.limit_clause.is_none()
                && query.fetch.is_none()
                && query.locks.is_empty()
                && query.for_clause.is_none()
                && query.settings.is_none()
                && query.format_clause.is_none()
                && query.pipe_operators.is_empty(),
            "a clause behind the statement",
        );
        let with: Option<&With> = query.with.as_ref();
        let own = self.with(with, None, &Ctes::NONE);
        let ctes = Ctes { outer: None, own };
        match &*query.body {
            SetExpr::Insert(Statement::Insert(insert)) => self.insert(insert, &ctes),
            SetExpr::Update(Statement::Update(update)) => self.update(update, &ctes),
            SetExpr::Delete(Statement::Delete(delete)) => self.delete(delete, &ctes),
            SetExpr::Merge(Statement::Merge(merge)) => self.merge(merge, &ctes),
            _ => self.want(false, "this kind of statement"),
        }
    }

    fn insert(&mut self, insert: &Insert, ctes: &Ctes<'_>) {
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
        let given = source
            .as_ref()
            .map(|source| self.query(source, None, ctes));
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
    fn inserted(
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

    fn update(&mut self, update: &Update, ctes: &Ctes<'_>) {
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

    fn delete(&mut self, delete: &Delete, ctes: &Ctes<'_>) {
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

    fn merge(&mut self, merge: &Merge, ctes: &Ctes<'_>) {
        let Merge {
            merge_token,
            optimizer_hints,
            into: _,
            table,
            source,
            on,
            clauses,
            output,
        } = merge;
        self.present = merge_token.0.span;
        self.want(optimizer_hints.is_empty(), "a hint in a comment");
        let Some(target) = self.named(table, None) else {
            return;
        };
        let mut level = Level::default();
        level.sources.push(target);
        let from = sqlparser::ast::TableWithJoins {
            relation: source.clone(),
            joins: Vec::new(),
        };
        self.from(std::slice::from_ref(&from), &mut level, None, ctes);
        let all = level.sources.len();
        // ON filters the target alone: rows of the source that meet none are inserted.
        level.conditions.push(Condition {
            expr: on,
            filters: 0..1,
            visible: (0, all),
        });
        self.settle(&mut level, None, ctes);
        let scope = Scope {
            outer: None,
            sources: &level.sources,
            visible: (0, all),
        };
        for MergeClause {
            when_token,
            clause_kind,
            predicate,
            action,
        } in clauses
        {
            self.present = when_token.0.span;
            if let Some(predicate) = predicate {
                self.expression(predicate, &scope, ctes);
            }
            if *clause_kind == MergeClauseKind::NotMatchedBySource {
                self.not_matched_by_source(predicate.as_ref(), &level.sources);
            }
            self.merge_action(action, &scope, ctes);
        }
        self.returned(None, output.as_ref(), &level.sources, ctes);
    }

    /// WHEN NOT MATCHED BY SOURCE meets every row of the target that ON left out: those of all
    /// other tenants among them.
    fn not_matched_by_source(&mut self, predicate: Option<&Expr>, sources: &[Source]) {
        let mut target = [sources[0].clone()];
        target[0].held = false;
        let conditions: Vec<Condition<'_>> = predicate
            .into_iter()
            .map(|expr| Condition {
                expr,
                filters: 0..1,
                visible: (0, 1),
            })
            .collect();
        level::hold(&mut target, &conditions, None, self.guard.parameter);
        let [target] = target;
        if let (Some((_, column)), false) = (&target.tenant, target.held) {
            let write = format!("{}.{column} = {}", target.qualifier, self.guard.parameter);
            let message = format!(
                "NOT MATCHED BY SOURCE meets the rows of {} of all other tenants",
                target.shown
            );
            let help = format!("write WHEN NOT MATCHED BY SOURCE AND {write}");
            self.deny("guard/merge", self.present, message, &help);
        }
    }

    fn merge_action(&mut self, action: &MergeAction, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        let target = &scope.sources[0];
        match action {
            MergeAction::Delete { delete_token: _ } => {}
            MergeAction::DoNothing { .. } => self.want(false, "DO NOTHING"),
            MergeAction::Update(MergeUpdateExpr {
                update_token: _,
                kind,
                update_predicate,
                delete_predicate,
            }) => {
                self.want(
                    update_predicate.is_none() && delete_predicate.is_none(),
                    "a condition behind the action",
                );
                match kind {
                    MergeUpdateKind::Set(assignments) => {
                        self.assignments(assignments, target, scope, ctes);
                    }
                    MergeUpdateKind::Wildcard => self.want(false, "UPDATE SET *"),
                }
            }
            MergeAction::Insert(MergeInsertExpr {
                insert_token: _,
                columns,
                kind_token: _,
                kind,
                insert_predicate,
            }) => {
                self.want(insert_predicate.is_none(), "a condition behind the action");
                let MergeInsertKind::Values(values) = kind else {
                    return self.want(false, "INSERT ROW and INSERT *");
                };
                let given = self.values(values, scope, ctes);
                let columns: Vec<(String, Span)> = columns
                    .iter()
                    .map(|column| (last_part(column), column.span()))
                    .collect();
                let place = self.present;
                self.inserted(target, &columns, Some(&given), place);
            }
        }
    }

    /// The new values of an UPDATE.
    fn assignments(
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
    fn returned(
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

    /// A name that the statement makes: an alias, or that of a common table expression. `of` is the
    /// table that an alias stands for.
    pub(super) fn new_name(&mut self, name: &Ident, of: Option<&Table>) {
        self.not_reserved(name);
        if let Some(table) = self.names.table(&fold(name))
            && of.is_none_or(|of| of.name != table.name)
        {
            self.shadowed(name, "is also the name of a table");
        }
    }

    pub(super) fn shadowed(&mut self, name: &Ident, why: &str) {
        let message = format!("{} {why}, so nobody knows which is meant", name.value);
        self.deny(
            "guard/shadowed-name",
            name.span,
            message,
            "choose another name",
        );
    }

    pub(super) fn not_reserved(&mut self, name: &Ident) {
        if self.guard.engine == Engine::Mssql
            && name.quote_style.is_none()
            && words::is_reserved(&name.value)
        {
            let message = format!(
                "{} stands in the place of an alias, where the server may see another statement \
                 begin",
                name.value
            );
            self.deny(
                "guard/not-parsed",
                name.span,
                message,
                "end the statement before it with a semicolon, or quote the alias",
            );
        }
        if is_variable(name) {
            self.assigned(name.span);
        }
    }

    pub(super) fn assigned(&mut self, place: Span) {
        self.deny(
            "guard/variable",
            place,
            "a variable is assigned, so nobody knows what the parameter holds".into(),
            "select the value, and bind it as a parameter where it is needed",
        );
    }

    pub(super) fn table_function(&mut self, place: Span) {
        self.deny(
            "guard/table-function",
            place,
            "what rows a function gives cannot be seen from here".into(),
            "query tables of the schema",
        );
    }

    /// Denies what is not understood.
    pub(super) fn want(&mut self, understood: bool, what: &str) {
        if !understood {
            let place = self.present;
            let message = format!("{what} was not analysed, so the statement is denied");
            self.deny(
                "guard/not-analysed",
                place,
                message,
                "write it as plain SELECT, INSERT, UPDATE, DELETE or MERGE",
            );
        }
    }

    pub(super) fn deny(&mut self, code: &'static str, place: Span, message: String, help: &str) {
        self.findings.push(Finding {
            code,
            place,
            message,
            help: help.to_owned(),
        });
    }

    /// Goes one level deeper, unless that is too deep; the statement is then denied.
    pub(super) fn deeper<T>(
        &mut self,
        place: Span,
        go: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        self.steps += 1;
        if self.depth >= MAX_DEPTH {
            self.steps = MAX_STEPS + 1;
        }
        if self.is_exhausted() {
            return None;
        }
        self.depth += 1;
        self.present = place;
        let result = go(self);
        self.depth -= 1;
        Some(result)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps > MAX_STEPS
    }

    pub(super) fn place_of(&self, query: &Query) -> Span {
        match &*query.body {
            SetExpr::Select(select) => select.select_token.0.span,
            _ => self.present,
        }
    }
}

/// The folded last part of a name: the column of `j.status`.
fn last_part(name: &ObjectName) -> String {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => fold(ident),
        Some(ObjectNamePart::Function(_)) | None => String::new(),
    }
}
