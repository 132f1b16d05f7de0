//! FROM: tables, joins, and what of them is held to the tenant.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, Query, Spanned, TableAlias, TableFactor,
    TableWithJoins,
};
use sqlparser::tokenizer::Span;

use super::level::{self, Attempt, Columns, Condition, Scope, Source};
use super::name::{Meaning, Names, fold};
use super::query::Ctes;
use super::statement::Analyser;
use crate::model::Table;

/// A query that sees the sources on its left.
struct Lateral<'q> {
    /// Where those are.
    left: (usize, usize),
    /// Which source it is itself.
    at: usize,
    query: &'q Query,
    names: Vec<String>,
}

/// A FROM as it is read.
#[derive(Default)]
pub(super) struct Level<'q> {
    pub(super) sources: Vec<Source>,
    pub(super) conditions: Vec<Condition<'q>>,
    laterals: Vec<Lateral<'q>>,
}

impl Analyser<'_> {
    /// Reads a FROM into a level.
    pub(super) fn from<'q>(
        &mut self,
        from: &'q [TableWithJoins],
        level: &mut Level<'q>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) {
        for table in from {
            self.joined(table, level, outer, ctes);
        }
    }

    fn joined<'q>(
        &mut self,
        table: &'q TableWithJoins,
        level: &mut Level<'q>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) {
        let start = level.sources.len();
        self.factor(&table.relation, level, outer, ctes);
        for Join {
            relation,
            global,
            join_operator,
        } in &table.joins
        {
            self.want(!global, "GLOBAL");
            let right = level.sources.len();
            let apply = matches!(
                join_operator,
                JoinOperator::CrossApply | JoinOperator::OuterApply
            );
            if apply {
                self.applied(relation, (start, right), level, outer, ctes);
            } else {
                self.factor(relation, level, outer, ctes);
            }
            let end = level.sources.len();
            let (constraint, filters) = match join_operator {
                JoinOperator::CrossApply | JoinOperator::OuterApply => continue,
                JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                    (on, start..end)
                }
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (on, right..end),
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (on, start..right),
                JoinOperator::FullOuter(on) => (on, 0..0),
                JoinOperator::Semi(_)
                | JoinOperator::LeftSemi(_)
                | JoinOperator::RightSemi(_)
                | JoinOperator::Anti(_)
                | JoinOperator::LeftAnti(_)
                | JoinOperator::RightAnti(_)
                | JoinOperator::AsOf { .. }
                | JoinOperator::StraightJoin(_)
                | JoinOperator::ArrayJoin
                | JoinOperator::LeftArrayJoin
                | JoinOperator::InnerArrayJoin => {
                    self.want(false, "this kind of join");
                    continue;
                }
            };
            match constraint {
                JoinConstraint::On(expr) => level.conditions.push(Condition {
                    expr,
                    filters,
                    visible: (start, end),
                }),
                JoinConstraint::None => {}
                JoinConstraint::Using(_) | JoinConstraint::Natural => self.deny(
                    "guard/not-analysed",
                    self.present,
                    "USING and NATURAL do not say which tables' columns they compare, so the join \
                     was not analysed"
                        .into(),
                    "write ON with qualified columns",
                ),
            }
        }
    }

    fn factor<'q>(
        &mut self,
        factor: &'q TableFactor,
        level: &mut Level<'q>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) {
        match factor {
            TableFactor::Table { .. } => {
                if let Some(source) = self.named(factor, Some(ctes)) {
                    level.sources.push(source);
                }
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                self.want(!lateral, "LATERAL");
                self.want(sample.is_none(), "TABLESAMPLE");
                let names = self.derived_alias(alias.as_ref());
                let columns = self.query(subquery, outer, ctes).renamed(&names);
                level
                    .sources
                    .push(derived(alias.as_ref(), columns, self.present));
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                self.want(alias.is_none(), "an alias of joined tables");
                let place = self.present;
                self.deeper(place, |analyser| {
                    analyser.joined(table_with_joins, level, outer, ctes);
                });
            }
            TableFactor::TableFunction { .. }
            | TableFactor::Function { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::XmlTable { .. } => self.table_function(factor.span()),
            TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::SemanticView { .. } => self.want(false, "PIVOT and its kin"),
        }
    }

    /// The right side of APPLY, which sees the sources on its left.
    fn applied<'q>(
        &mut self,
        factor: &'q TableFactor,
        left: (usize, usize),
        level: &mut Level<'q>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) {
        match factor {
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                let names = self.derived_alias(alias.as_ref());
                let source = derived(alias.as_ref(), Columns::unknown(), self.present);
                let at = level.sources.len();
                level.sources.push(source);
                level.laterals.push(Lateral {
                    left,
                    at,
                    query: subquery,
                    names,
                });
            }
            other => self.factor(other, level, outer, ctes),
        }
    }

    fn derived_alias(&mut self, alias: Option<&TableAlias>) -> Vec<String> {
        alias.map_or_else(Vec::new, |alias| {
            self.new_name(&alias.name, None);
            self.alias_columns(alias)
        })
    }

    pub(super) fn alias_columns(&mut self, alias: &TableAlias) -> Vec<String> {
        let TableAlias {
            explicit: _,
            name: _,
            columns,
            at,
        } = alias;
        self.want(at.is_none(), "AT");
        self.want(
            columns.iter().all(|column| column.data_type.is_none()),
            "a type in an alias",
        );
        columns.iter().map(|column| fold(&column.name)).collect()
    }

    /// A table or common table expression that is named. With no common table expressions given,
    /// only a table of the schema will do.
    pub(super) fn named(
        &mut self,
        factor: &TableFactor,
        ctes: Option<&Ctes<'_>>,
    ) -> Option<Source> {
        let TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } = factor
        else {
            self.want(false, "a target that is no table");
            return None;
        };
        let place = name.span();
        if args.is_some() {
            self.table_function(place);
            return None;
        }
        let plain = with_hints
            .iter()
            .all(|hint| matches!(hint, Expr::Identifier(_)));
        self.want(plain, "a hint with arguments");
        self.want(version.is_none(), "a version of a table");
        self.want(
            sample.is_none(),
            "TABLESAMPLE, which draws from the rows of all tenants",
        );
        self.want(
            !with_ordinality
                && partitions.is_empty()
                && json_path.is_none()
                && index_hints.is_empty(),
            "a clause of another dialect",
        );
        match self.names.meaning(self.guard, name) {
            Meaning::Table(table) => {
                if let Some(alias) = alias {
                    self.new_name(&alias.name, Some(table));
                    self.want(alias.columns.is_empty(), "columns in the alias of a table");
                }
                Some(self.source(table, alias.as_ref().map(|alias| &alias.name), place))
            }
            Meaning::Denied(code, message, help) => {
                self.deny(code, place, message, help);
                None
            }
            Meaning::Other(folded) => match ctes.and_then(|ctes| ctes.find(&folded)) {
                Some(columns) => {
                    let names = self.derived_alias(alias.as_ref());
                    let columns = columns.clone().renamed(&names);
                    let mut source = derived(alias.as_ref(), columns, place);
                    if alias.is_none() {
                        source.name = folded;
                        source.qualifier = name.to_string();
                    }
                    Some(source)
                }
                None => {
                    let message = format!(
                        "the schema has no table {name}, so nobody knows whose rows it shows"
                    );
                    let help = "name a table of the schema or a common table expression; views, \
                                system tables and temporary tables are not analysed";
                    self.deny("guard/unknown-table", place, message, help);
                    None
                }
            },
        }
    }

    /// A table of the schema as a source.
    pub(super) fn source(&self, table: &Table, alias: Option<&Ident>, place: Span) -> Source {
        let tenant = self.guard.tenancy.column_of(table);
        Source {
            name: alias.map_or_else(|| table.name.folded(), fold),
            shown: match alias {
                Some(alias) => format!("{} ({})", table.name, alias.value),
                None => table.name.to_string(),
            },
            qualifier: alias.map_or_else(|| table.name.to_string(), |alias| alias.value.clone()),
            table: Some(table.name.folded()),
            place,
            columns: Names::columns(table),
            tenant: tenant.map(|column| (column.folded(), column.to_string())),
            held: false,
        }
    }

    /// Finds out what the conditions of a level hold, reads them, and denies what is not held.
    pub(super) fn settle(
        &mut self,
        level: &mut Level<'_>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) {
        let parameter = self.guard.parameter;
        for source in level::doubled(&level.sources) {
            let message = format!(
                "{:?} names two tables of one FROM, so nobody knows which is meant",
                source.qualifier
            );
            self.deny(
                "guard/shadowed-name",
                source.place,
                message,
                "give each an alias of its own",
            );
        }
        level::hold(&mut level.sources, &level.conditions, outer, parameter);
        for lateral in std::mem::take(&mut level.laterals) {
            let scope = Scope {
                outer,
                sources: &level.sources,
                visible: lateral.left,
            };
            let columns = self.query(lateral.query, Some(&scope), ctes);
            level.sources[lateral.at].columns = columns.renamed(&lateral.names);
        }
        let around = std::mem::take(&mut self.mentions);
        for condition in &level.conditions {
            let scope = Scope {
                outer,
                sources: &level.sources,
                visible: condition.visible,
            };
            self.expression(condition.expr, &scope, ctes);
        }
        let mentions = std::mem::replace(&mut self.mentions, around);
        for at in 0..level.sources.len() {
            if level.sources[at].tenant.is_some() && !level.sources[at].held {
                let attempt =
                    level::attempt(at, &level.sources, &level.conditions, outer, parameter);
                self.not_held(&level.sources[at], &attempt, &mentions, at);
            }
        }
    }

    fn not_held(
        &mut self,
        source: &Source,
        attempt: &Attempt,
        mentions: &BTreeSet<usize>,
        at: usize,
    ) {
        let (parameter, shown) = (self.guard.parameter, &source.shown);
        let column = source.tenant.as_ref().map_or("", |(_, column)| column);
        let write = format!("{}.{column} = {parameter}", source.qualifier);
        let (code, message, help) = match attempt {
            Attempt::Literal => (
                "guard/literal-tenant",
                format!("{shown} is held to a tenant that is written into the statement"),
                format!("write {write}, and bind the tenant of the caller"),
            ),
            Attempt::NoFilter => (
                "guard/no-filter",
                format!(
                    "{shown} is on the side of its join that ON does not filter, so the rows of \
                     all tenants pass"
                ),
                format!("write {write} in WHERE, or read it in a subquery that has it there"),
            ),
            Attempt::Ambiguous => (
                "guard/ambiguous-tenant",
                format!("{column} can be that of {shown} or of another table"),
                format!("write {write}"),
            ),
            Attempt::None if mentions.contains(&at) => (
                "guard/weak-predicate",
                format!(
                    "what the conditions say about {column} does not hold {shown} to one tenant: \
                     other tenants' rows pass"
                ),
                format!(
                    "AND {write} to all else, not below OR, NOT, CASE or a function, and with no \
                     other value"
                ),
            ),
            Attempt::None => (
                "guard/missing-predicate",
                format!("{shown} is read without its tenant, so the rows of all tenants pass"),
                format!("AND {write} to the conditions of this query"),
            ),
        };
        self.deny(code, source.place, message, &help);
    }
}

impl<'q> Level<'q> {
    /// Adds a condition that every row must pass.
    pub(super) fn filter(&mut self, expr: &'q Expr) {
        let all = self.sources.len();
        self.conditions.push(Condition {
            expr,
            filters: 0..all,
            visible: (0, all),
        });
    }
}

fn derived(alias: Option<&TableAlias>, columns: Columns, place: Span) -> Source {
    let name = alias.map(|alias| &alias.name);
    Source {
        name: name.map_or_else(String::new, fold),
        shown: name.map_or_else(String::new, |name| name.value.clone()),
        qualifier: name.map_or_else(String::new, |name| name.value.clone()),
        table: None,
        place: name.map_or(place, |name| name.span),
        columns,
        tenant: None,
        held: false,
    }
}
