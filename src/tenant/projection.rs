//! What a query gives: the items of SELECT, and of OUTPUT and RETURNING.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, SelectItem, SelectItemQualifiedWildcardKind, Spanned,
    WildcardAdditionalOptions,
};

use super::level::{self, Column, Columns, Scope, Source};
use super::name::{fold, is_variable};
use super::query::Ctes;
use super::statement::Analyser;
use crate::engine::Engine;

impl Analyser<'_> {
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
        if let Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            ..
        } = expr
            && self.guard.engine == Engine::Mssql
        {
            self.assigned(left.span());
        }
    }

    fn alias(&mut self, alias: &Ident) {
        if is_variable(alias) {
            self.assigned(alias.span);
        } else {
            self.not_reserved(alias);
        }
    }
}

impl Columns {
    /// Adds the columns of a source, as `*` does.
    fn take(&mut self, source: &Source) {
        let tenant = source.tenant.as_ref().map(|(folded, _)| folded);
        self.list
            .extend(source.columns.list.iter().map(|column| Column {
                name: column.name.clone(),
                anchored: column.anchored
                    || (source.held && column.name.is_some() && column.name.as_ref() == tenant),
            }));
        self.complete &= source.columns.complete;
        self.ordered &= source.columns.ordered;
    }
}
