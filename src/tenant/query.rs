//! Queries: common table expressions, set operations, SELECT and its FROM.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Cte, Distinct, Expr, ForClause, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator,
    LimitClause, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, Spanned, TableAlias,
    TableFactor, TableWithJoins, TopQuantity, Values, WildcardAdditionalOptions, With,
};
use sqlparser::tokenizer::Span;

use super::level::{self, Attempt, Column, Columns, Condition, Scope, Source, is_parameter};
use super::name::{Meaning, Names, fold, is_variable};
use super::statement::Analyser;
use crate::engine::Engine;
use crate::model::Table;

/// The common table expressions that can be named.
pub(super) struct Ctes<'s> {
    pub(super) outer: Option<&'s Ctes<'s>>,
    pub(super) own: Vec<(String, Columns)>,
}

impl Ctes<'_> {
    /// There are none.
    pub(super) const NONE: Ctes<'static> = Ctes {
        outer: None,
        own: Vec::new(),
    };

    pub(super) fn find(&self, name: &str) -> Option<&Columns> {
        let own = self.own.iter().rfind(|(own, _)| own == name);
        match (own, self.outer) {
            (Some((_, columns)), _) => Some(columns),
            (None, Some(outer)) => outer.find(name),
            (None, None) => None,
        }
    }
}

/// A FROM as it is read.
#[derive(Default)]
pub(super) struct Level<'q> {
    pub(super) sources: Vec<Source>,
    pub(super) conditions: Vec<Condition<'q>>,
    /// Queries that see the sources on their left: where those are, and which source it is itself.
    laterals: Vec<((usize, usize), usize, &'q Query, Vec<String>)>,
}

impl Analyser<'_> {
    /// A query of its own or within another one, and the columns that it gives.
    pub(super) fn query(
        &mut self,
        query: &Query,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let place = self.place_of(query);
        self.deeper(place, |analyser| analyser.query_within(query, outer, ctes))
            .unwrap_or_else(Columns::unknown)
    }

    fn query_within(
        &mut self,
        query: &Query,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let own = self.with(with.as_ref(), outer, ctes);
        let ctes = Ctes {
            outer: Some(ctes),
            own,
        };
        let columns = self.body(body, order_by.as_ref(), outer, &ctes);
        let nowhere = Scope {
            outer,
            sources: &[],
            visible: (0, 0),
        };
        match limit_clause {
            None => {}
            Some(LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) => {
                let offset = offset.as_ref().map(|offset| &offset.value);
                for expr in limit.iter().chain(offset) {
                    self.expression(expr, &nowhere, &ctes);
                }
                self.want(limit_by.is_empty(), "LIMIT … BY");
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.expression(offset, &nowhere, &ctes);
                self.expression(limit, &nowhere, &ctes);
            }
        }
        if let Some(quantity) = fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()) {
            self.expression(quantity, &nowhere, &ctes);
        }
        self.want(locks.is_empty(), "FOR UPDATE");
        match for_clause {
            None | Some(ForClause::Json { .. } | ForClause::Xml { .. }) => {}
            Some(ForClause::Browse) => self.want(false, "FOR BROWSE"),
        }
        self.want(settings.is_none(), "SETTINGS");
        self.want(format_clause.is_none(), "FORMAT");
        self.want(pipe_operators.is_empty(), "|>");
        columns
    }

    /// What WITH defines. Each sees those before it.
    pub(super) fn with(
        &mut self,
        with: Option<&With>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) -> Vec<(String, Columns)> {
        let mut frame = Ctes {
            outer: Some(ctes),
            own: Vec::new(),
        };
        for cte in with.iter().flat_map(|with| &with.cte_tables) {
            let Cte {
                alias,
                query,
                from,
                materialized: _,
                closing_paren_token: _,
            } = cte;
            self.want(from.is_none(), "FROM behind a common table expression");
            self.new_name(&alias.name, None);
            let name = fold(&alias.name);
            if frame.own.iter().any(|(own, _)| *own == name) {
                self.shadowed(&alias.name, "is the name of two common table expressions");
            }
            let names = self.alias_columns(alias);
            let columns = self.cte(&name, query, &names, outer, &frame);
            frame.own.push((name, columns));
        }
        frame.own
    }

    /// A common table expression, which may refer to itself. What it gives is then found by
    /// assuming the columns of its first part, and taking back what the others do not bear out.
    fn cte(
        &mut self,
        name: &str,
        query: &Query,
        names: &[String],
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let SetExpr::SetOperation { left, .. } = &*query.body else {
            return self.query(query, outer, ctes).renamed(names);
        };
        let before = self.findings.len();
        let mut assumed = self.body(left, None, outer, ctes).renamed(names);
        loop {
            self.findings.truncate(before);
            let frame = Ctes {
                outer: Some(ctes),
                own: vec![(name.to_owned(), assumed.clone())],
            };
            let given = self.query(query, outer, &frame).renamed(names);
            let borne_out = assumed.list.len() == given.list.len()
                && assumed
                    .list
                    .iter()
                    .zip(&given.list)
                    .all(|(assumed, given)| given.anchored || !assumed.anchored);
            if borne_out || self.is_exhausted() {
                return given;
            }
            let mut fewer = assumed.clone();
            for (at, column) in fewer.list.iter_mut().enumerate() {
                column.anchored &= given.list.get(at).is_some_and(|given| given.anchored);
            }
            if assumed.list.len() != given.list.len() {
                fewer
                    .list
                    .iter_mut()
                    .for_each(|column| column.anchored = false);
                if assumed.list.iter().all(|column| !column.anchored) {
                    return Columns::unknown();
                }
            }
            assumed = fewer;
        }
    }

    fn body(
        &mut self,
        body: &SetExpr,
        order_by: Option<&OrderBy>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let nowhere = Scope {
            outer,
            sources: &[],
            visible: (0, 0),
        };
        match body {
            SetExpr::Select(select) => self.select(select, order_by, outer, ctes),
            SetExpr::Query(query) => {
                self.order_by(order_by, &nowhere, ctes);
                self.query(query, outer, ctes)
            }
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                match op {
                    SetOperator::Union | SetOperator::Except | SetOperator::Intersect => {}
                    SetOperator::Minus => self.want(false, "MINUS"),
                }
                match set_quantifier {
                    SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None => {}
                    SetQuantifier::ByName
                    | SetQuantifier::AllByName
                    | SetQuantifier::DistinctByName => self.want(false, "BY NAME"),
                }
                self.order_by(order_by, &nowhere, ctes);
                let place = self.present;
                self.deeper(place, |analyser| {
                    let left = analyser.body(left, None, outer, ctes);
                    let right = analyser.body(right, None, outer, ctes);
                    united(left, &right)
                })
                .unwrap_or_else(Columns::unknown)
            }
            SetExpr::Values(values) => {
                self.order_by(order_by, &nowhere, ctes);
                self.values(values, &nowhere, ctes)
            }
            SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => {
                self.want(false, "a statement within a query");
                Columns::unknown()
            }
        }
    }

    /// Rows of values. A column is anchored when each row has the parameter there.
    pub(super) fn values(
        &mut self,
        values: &Values,
        scope: &Scope<'_>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let mut list: Option<Vec<bool>> = None;
        for row in &values.rows {
            for expr in &row.content {
                self.expression(expr, scope, ctes);
            }
            let row = row.content.iter().map(|expr| self.is_tenant(expr, scope));
            match &mut list {
                None => list = Some(row.collect()),
                Some(list) if list.len() == row.len() => {
                    for (all, this) in list.iter_mut().zip(row) {
                        *all &= this;
                    }
                }
                Some(_) => return Columns::unknown(),
            }
        }
        Columns {
            list: list
                .unwrap_or_default()
                .into_iter()
                .map(|anchored| Column {
                    name: None,
                    anchored,
                })
                .collect(),
            complete: true,
            ordered: true,
        }
    }

    /// Whether an expression is sure to be the parameter's tenant.
    pub(super) fn is_tenant(&self, expr: &Expr, scope: &Scope<'_>) -> bool {
        is_parameter(expr, self.guard.parameter) || scope.is_anchored(expr)
    }

    fn select(
        &mut self,
        select: &Select,
        order_by: Option<&OrderBy>,
        outer: Option<&Scope<'_>>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let Select {
            select_token,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        self.present = select_token.0.span;
        self.want(optimizer_hints.is_empty(), "a hint in a comment");
        self.want(select_modifiers.is_none(), "a modifier of SELECT");
        self.want(exclude.is_none(), "EXCLUDE");
        self.want(
            lateral_views.is_empty()
                && prewhere.is_none()
                && connect_by.is_empty()
                && cluster_by.is_empty()
                && distribute_by.is_empty()
                && sort_by.is_empty()
                && qualify.is_none()
                && named_window.is_empty()
                && value_table_mode.is_none()
                && matches!(flavor, SelectFlavor::Standard),
            "a clause of another dialect",
        );
        if into.is_some() {
            self.deny(
                "guard/select-into",
                select_token.0.span,
                "SELECT … INTO makes a table, of whose rows nobody knows the tenant".into(),
                "use a common table expression, or INSERT into a table of the schema",
            );
        }
        let mut level = Level::default();
        self.from(from, &mut level, outer, ctes);
        if let Some(selection) = selection {
            level.filter(selection);
        }
        self.settle(&mut level, outer, ctes);
        let scope = Scope {
            outer,
            sources: &level.sources,
            visible: (0, level.sources.len()),
        };
        match distinct {
            None | Some(Distinct::All | Distinct::Distinct) => {}
            Some(Distinct::On(_)) => self.want(false, "DISTINCT ON"),
        }
        if let Some(TopQuantity::Expr(expr)) = top.as_ref().and_then(|top| top.quantity.as_ref()) {
            self.expression(expr, &scope, ctes);
        }
        match group_by {
            GroupByExpr::All(_) => self.want(false, "GROUP BY ALL"),
            GroupByExpr::Expressions(list, modifiers) => {
                self.want(modifiers.is_empty(), "a modifier of GROUP BY");
                for expr in list {
                    self.expression(expr, &scope, ctes);
                }
            }
        }
        if let Some(having) = having {
            self.expression(having, &scope, ctes);
        }
        self.order_by(order_by, &scope, ctes);
        self.projection(projection, &scope, ctes)
    }

    fn order_by(&mut self, order_by: Option<&OrderBy>, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        let Some(OrderBy { kind, interpolate }) = order_by else {
            return;
        };
        self.want(interpolate.is_none(), "INTERPOLATE");
        match kind {
            OrderByKind::All(_) => self.want(false, "ORDER BY ALL"),
            OrderByKind::Expressions(list) => self.ordering(list, scope, ctes),
        }
    }

    pub(super) fn ordering(&mut self, list: &[OrderByExpr], scope: &Scope<'_>, ctes: &Ctes<'_>) {
        for OrderByExpr {
            expr,
            options: _,
            with_fill,
        } in list
        {
            self.want(with_fill.is_none(), "WITH FILL");
            self.expression(expr, scope, ctes);
        }
    }

    /// The items of SELECT, OUTPUT or RETURNING, and the columns that they give.
    pub(super) fn projection(
        &mut self,
        items: &[SelectItem],
        scope: &Scope<'_>,
        ctes: &Ctes<'_>,
    ) -> Columns {
        let mut columns = Columns {
            list: Vec::new(),
            complete: true,
            ordered: true,
        };
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    self.no_assignment(expr);
                    self.expression(expr, scope, ctes);
                    let name = match level::unwrapped(expr) {
                        Expr::Identifier(name) if !is_variable(name) => Some(fold(name)),
                        Expr::CompoundIdentifier(parts) => parts.last().map(fold),
                        _ => None,
                    };
                    let anchored = self.is_tenant(expr, scope);
                    columns.list.push(Column { name, anchored });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    self.alias(alias);
                    self.expression(expr, scope, ctes);
                    let anchored = self.is_tenant(expr, scope);
                    let name = Some(fold(alias));
                    columns.list.push(Column { name, anchored });
                }
                SelectItem::Wildcard(options) => {
                    self.wildcard(options);
                    for source in scope.sources {
                        columns.take(source);
                    }
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    self.wildcard(options);
                    let name = match kind {
                        SelectItemQualifiedWildcardKind::ObjectName(name) => name.to_string(),
                        SelectItemQualifiedWildcardKind::Expr(_) => {
                            self.want(false, "a wildcard of an expression");
                            String::new()
                        }
                    };
                    // Its columns are known only where the name is plainly that of one source.
                    let name = name.trim_matches(['"', '[', ']', '`']).to_lowercase();
                    match scope.sources.iter().find(|source| source.name == name) {
                        Some(source) => columns.take(source),
                        None => columns = Columns::unknown(),
                    }
                }
                SelectItem::ExprWithAliases { .. } => {
                    self.want(false, "an expression with several aliases");
                    columns = Columns::unknown();
                }
            }
        }
        columns
    }

    fn wildcard(&mut self, options: &WildcardAdditionalOptions) {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        self.want(
            opt_ilike.is_none()
                && opt_exclude.is_none()
                && opt_except.is_none()
                && opt_replace.is_none()
                && opt_rename.is_none()
                && opt_alias.is_none(),
            "an option of *",
        );
    }

    /// T-SQL assigns variables in SELECT: `SELECT @a = b`.
    fn no_assignment(&mut self, expr: &Expr) {
        if let Expr::BinaryOp { left, .. } = expr
            && self.guard.engine == Engine::Mssql
            && let Expr::BinaryOp {
                op: sqlparser::ast::BinaryOperator::Eq,
                ..
            } = expr
        {
            let place = left.span();
            self.assigned(place);
        }
    }

    fn alias(&mut self, alias: &Ident) {
        if is_variable(alias) {
            self.assigned(alias.span);
        } else {
            self.not_reserved(alias);
        }
    }

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
                level.sources.push(derived(alias.as_ref(), columns, self.present));
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
                level.laterals.push((left, at, subquery, names));
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

    fn alias_columns(&mut self, alias: &TableAlias) -> Vec<String> {
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
        self.want(sample.is_none(), "TABLESAMPLE, which draws from the rows of all tenants");
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
        for (visible, at, query, names) in std::mem::take(&mut level.laterals) {
            let scope = Scope {
                outer,
                sources: &level.sources,
                visible,
            };
            let columns = self.query(query, Some(&scope), ctes).renamed(&names);
            level.sources[at].columns = columns;
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

impl Columns {
    /// Adds the columns of a source, as `*` does.
    fn take(&mut self, source: &Source) {
        let tenant = source.tenant.as_ref().map(|(folded, _)| folded);
        self.list.extend(source.columns.list.iter().map(|column| Column {
            name: column.name.clone(),
            anchored: column.anchored
                || (source.held && column.name.is_some() && column.name.as_ref() == tenant),
        }));
        self.complete &= source.columns.complete;
        self.ordered &= source.columns.ordered;
    }
}

/// The columns of a set operation: the names of the left side, and what both sides keep.
fn united(mut left: Columns, right: &Columns) -> Columns {
    let known = |side: &Columns| side.ordered && side.complete;
    if !(known(&left) && known(right) && left.list.len() == right.list.len()) {
        left.list.iter_mut().for_each(|column| column.anchored = false);
        left.ordered = false;
        return left;
    }
    for (left, right) in left.list.iter_mut().zip(&right.list) {
        left.anchored &= right.anchored;
    }
    left
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
