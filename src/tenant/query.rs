//! Queries: common table expressions, set operations and SELECT.

use sqlparser::ast::{
    Cte, Distinct, Expr, ForClause, GroupByExpr, LimitClause, OrderBy, OrderByExpr, OrderByKind,
    Query, Select, SelectFlavor, SetExpr, SetOperator, SetQuantifier, TopQuantity, Values, With,
};

use super::from::Level;
use super::level::{Column, Columns, Scope, is_parameter};
use super::name::fold;
use super::statement::Analyser;

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
}

/// The columns of a set operation: the names of the left side, and what both sides keep.
fn united(mut left: Columns, right: &Columns) -> Columns {
    let known = |side: &Columns| side.ordered && side.complete;
    if !(known(&left) && known(right) && left.list.len() == right.list.len()) {
        left.list
            .iter_mut()
            .for_each(|column| column.anchored = false);
        left.ordered = false;
        return left;
    }
    for (left, right) in left.list.iter_mut().zip(&right.list) {
        left.anchored &= right.anchored;
    }
    left
}
