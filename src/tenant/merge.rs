//! MERGE: what meets, what does not, and what is done with it.

use sqlparser::ast::{
    Expr, Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertExpr, MergeInsertKind,
    MergeUpdateExpr, MergeUpdateKind, Spanned, TableWithJoins,
};
use sqlparser::tokenizer::Span;

use super::change::last_part;
use super::from::Level;
use super::level::{self, Condition, Scope, Source};
use super::query::Ctes;
use super::statement::Analyser;

impl Analyser<'_> {
    pub(super) fn merge(&mut self, merge: &Merge, ctes: &Ctes<'_>) {
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
        let from = TableWithJoins {
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
}
