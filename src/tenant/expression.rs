//! Expressions: walks all of them for the queries within, and lets through what it knows.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastFormat, CeilFloorKind, DateTimeField, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    ListAggOnOverflow, ObjectNamePart, Query, Spanned, UnaryOperator, Value, WindowFrame,
    WindowFrameBound, WindowSpec, WindowType,
};

use super::level::{Meant, Scope};
use super::query::Ctes;
use super::statement::Analyser;
use super::words;

impl Analyser<'_> {
    /// Walks an expression.
    pub(super) fn expression(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        // A chain of operators leans to the left, and can be as long as the statement: it is
        // followed without recursion.
        let mut expr = expr;
        while let Expr::BinaryOp { left, op, right } = expr {
            self.operator(op);
            self.nested(right, scope, ctes);
            expr = left;
        }
        self.nested(expr, scope, ctes);
    }

    fn nested(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        let place = self.present;
        self.deeper(place, |analyser| analyser.node(expr, scope, ctes));
    }

    fn node(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        if let Some((Meant::Here(at), column)) = scope.column(expr)
            && let Some((tenant, _)) = &scope.sources[at].tenant
            && *tenant == column
        {
            self.mentions.insert(at);
        }
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {}
            Expr::Value(value) => match value.value {
                Value::Number(..)
                | Value::SingleQuotedString(_)
                | Value::NationalStringLiteral(_)
                | Value::HexStringLiteral(_)
                | Value::Boolean(_)
                | Value::Null
                | Value::Placeholder(_) => {}
                _ => self.unknown(expr, "this kind of literal"),
            },
            Expr::BinaryOp { .. } => self.expression(expr, scope, ctes),
            Expr::UnaryOp { op, expr: operand } => {
                match op {
                    UnaryOperator::Plus
                    | UnaryOperator::Minus
                    | UnaryOperator::Not
                    | UnaryOperator::BitwiseNot => {}
                    _ => self.unknown(expr, "this operator"),
                }
                self.expression(operand, scope, ctes);
            }
            Expr::Nested(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::Collate { expr: inner, .. } => self.expression(inner, scope, ctes),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.expression(left, scope, ctes);
                self.expression(right, scope, ctes);
            }
            Expr::InList { expr, list, .. } => {
                self.expression(expr, scope, ctes);
                self.all(list, scope, ctes);
            }
            Expr::InSubquery { expr, subquery, .. } => {
                self.expression(expr, scope, ctes);
                self.subquery(subquery, scope, ctes);
            }
            Expr::Between {
                expr, low, high, ..
            } => {
                for part in [expr, low, high] {
                    self.expression(part, scope, ctes);
                }
            }
            Expr::Like {
                negated: _,
                any: false,
                expr,
                pattern,
                escape_char,
            } => {
                for part in [expr, pattern].into_iter().chain(escape_char) {
                    self.expression(part, scope, ctes);
                }
            }
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            }
            | Expr::AllOp {
                left,
                compare_op,
                right,
            } => {
                self.operator(compare_op);
                self.expression(left, scope, ctes);
                self.expression(right, scope, ctes);
            }
            Expr::Convert {
                expr,
                charset: None,
                styles,
                ..
            } => {
                self.expression(expr, scope, ctes);
                self.all(styles, scope, ctes);
            }
            Expr::Cast { expr, format, .. } => {
                match format {
                    None => {}
                    Some(CastFormat::Value(_) | CastFormat::ValueAtTimeZone(..)) => {
                        self.unknown(expr, "FORMAT in CAST");
                    }
                }
                self.expression(expr, scope, ctes);
            }
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                self.expression(timestamp, scope, ctes);
                self.expression(time_zone, scope, ctes);
            }
            Expr::Ceil { expr, field } | Expr::Floor { expr, field } => {
                match field {
                    CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {}
                    CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => {
                        self.unknown(expr, "this form of CEIL or FLOOR");
                    }
                }
                self.expression(expr, scope, ctes);
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                for part in [expr]
                    .into_iter()
                    .chain(substring_from)
                    .chain(substring_for)
                {
                    self.expression(part, scope, ctes);
                }
            }
            Expr::Trim {
                trim_where: _,
                trim_what,
                expr,
                trim_characters,
            } => {
                for part in trim_what.iter().chain([expr]) {
                    self.expression(part, scope, ctes);
                }
                self.all(trim_characters.as_deref().unwrap_or_default(), scope, ctes);
            }
            Expr::Case {
                case_token: _,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => {
                for part in operand.iter().chain(else_result) {
                    self.expression(part, scope, ctes);
                }
                for CaseWhen { condition, result } in conditions {
                    self.expression(condition, scope, ctes);
                    self.expression(result, scope, ctes);
                }
            }
            Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => {
                self.subquery(subquery, scope, ctes);
            }
            Expr::Tuple(list) => self.all(list, scope, ctes),
            Expr::Function(function) => self.function(function, scope, ctes),
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.unknown(expr, "access to a field or a method");
                self.expression(root, scope, ctes);
                for access in access_chain {
                    if let AccessExpr::Dot(part) = access {
                        self.expression(part, scope, ctes);
                    }
                }
            }
            // Whatever else there is, or will be.
            other => self.unknown(other, "this expression"),
        }
    }

    fn all(&mut self, list: &[Expr], scope: &Scope<'_>, ctes: &Ctes<'_>) {
        for expr in list {
            self.expression(expr, scope, ctes);
        }
    }

    fn subquery(&mut self, query: &Query, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        let mentions = std::mem::take(&mut self.mentions);
        let present = self.present;
        self.query(query, Some(scope), ctes);
        self.present = present;
        self.mentions = mentions;
    }

    fn operator(&mut self, op: &BinaryOperator) {
        match op {
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::BitwiseOr
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseXor
            | BinaryOperator::Arrow
            | BinaryOperator::LongArrow => {}
            other => self.want(false, &format!("the operator {other}")),
        }
    }

    fn function(&mut self, function: &Function, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment: _,
            over,
        } = function;
        let place = name.span();
        let known = match name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => {
                if words::is_dynamic(&name.value) {
                    let message = format!("{} reads what nobody can see from here", name.value);
                    self.deny(
                        "guard/dynamic-sql",
                        place,
                        message,
                        "query tables of the schema",
                    );
                    return;
                }
                words::is_function(&name.value)
            }
            _ => false,
        };
        if !known {
            let message = format!(
                "{name} is no function that the guard knows: it could read any tenant's rows"
            );
            self.deny(
                "guard/unknown-function",
                place,
                message,
                "use a function that is built in and only computes",
            );
        }
        self.want(!uses_odbc_syntax, "{fn …}");
        for arguments in [parameters, args] {
            match arguments {
                FunctionArguments::None => {}
                FunctionArguments::Subquery(query) => self.subquery(query, scope, ctes),
                FunctionArguments::List(list) => self.arguments(list, scope, ctes),
            }
        }
        self.ordering(within_group, scope, ctes);
        if let Some(filter) = filter {
            self.expression(filter, scope, ctes);
        }
        match over {
            None => {}
            Some(WindowType::NamedWindow(_)) => self.want(false, "a named window"),
            Some(WindowType::WindowSpec(WindowSpec {
                window_name,
                partition_by,
                order_by,
                window_frame,
            })) => {
                self.want(window_name.is_none(), "a named window");
                self.all(partition_by, scope, ctes);
                self.ordering(order_by, scope, ctes);
                if let Some(WindowFrame {
                    units: _,
                    start_bound,
                    end_bound,
                }) = window_frame
                {
                    for bound in [Some(start_bound), end_bound.as_ref()]
                        .into_iter()
                        .flatten()
                    {
                        match bound {
                            WindowFrameBound::CurrentRow => {}
                            WindowFrameBound::Preceding(bound)
                            | WindowFrameBound::Following(bound) => {
                                if let Some(bound) = bound {
                                    self.expression(bound, scope, ctes);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn arguments(&mut self, list: &FunctionArgumentList, scope: &Scope<'_>, ctes: &Ctes<'_>) {
        let FunctionArgumentList {
            duplicate_treatment: _,
            args,
            clauses,
        } = list;
        for argument in args {
            let argument = match argument {
                FunctionArg::Unnamed(argument) => argument,
                // JSON_OBJECT('a': 1)
                FunctionArg::Named { arg, .. } => arg,
                FunctionArg::ExprNamed { name, arg, .. } => {
                    self.expression(name, scope, ctes);
                    arg
                }
            };
            match argument {
                FunctionArgExpr::Expr(expr) => self.expression(expr, scope, ctes),
                FunctionArgExpr::Wildcard => {}
                FunctionArgExpr::QualifiedWildcard(_) | FunctionArgExpr::WildcardWithOptions(_) => {
                    self.want(false, "a wildcard as an argument");
                }
            }
        }
        for clause in clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(_)
                | FunctionArgumentClause::JsonNullClause(_)
                | FunctionArgumentClause::Separator(_) => {}
                FunctionArgumentClause::OrderBy(list) => self.ordering(list, scope, ctes),
                FunctionArgumentClause::OnOverflow(ListAggOnOverflow::Error) => {}
                FunctionArgumentClause::Where(_)
                | FunctionArgumentClause::Limit(_)
                | FunctionArgumentClause::OnOverflow(ListAggOnOverflow::Truncate { .. })
                | FunctionArgumentClause::Having(_)
                | FunctionArgumentClause::JsonReturningClause(_) => {
                    self.want(false, "this clause of a function");
                }
            }
        }
    }

    fn unknown(&mut self, expr: &Expr, what: &str) {
        let message = format!("{what} was not analysed, so the statement is denied");
        self.deny(
            "guard/not-analysed",
            expr.span(),
            message,
            "write it in another way",
        );
    }
}
