//! `oneOf`, `min` and `max`: the limits of a column, which become one check.

use crate::diag::Span;
use crate::model::expression::{BinaryOp, parse};
use crate::model::{DefaultValue, Expr, Ident, Literal, Type};
use crate::yaml::text::quote;
use crate::yaml::{Fields, Findings, Node, read};

use super::literal;

/// `oneOf`, `min` and `max`.
#[derive(Debug, std::default::Default)]
pub(super) struct Limits {
    one_of: Option<Vec<Literal>>,
    min: Option<Literal>,
    max: Option<Literal>,
    /// Where the first of them stands.
    pub place: Option<Span>,
}

/// Reads the limits. Without a type they are not judged.
pub(super) fn read_all(fields: &mut Fields<'_>, name: &Ident, ty: Option<&Type>) -> Limits {
    let mut limits = Limits::default();
    for key in ["oneOf", "min", "max"] {
        if let Some((_, node)) = fields.entry(key) {
            limits.place.get_or_insert(node.head());
        }
    }
    limits.one_of = fields.optional("oneOf", |node, findings| one_of(node, name, ty?, findings));
    let bound = |node: &Node, findings: &Findings| {
        let ty = ty?;
        if !literal::is_number(ty) {
            findings.add_with_help(
                "schema/limit",
                node.head(),
                format!("a column of type {ty} holds no numbers, so it has no smallest or largest"),
                "write the condition as a check",
            );
            return None;
        }
        literal::read(node, ty, findings)
    };
    limits.min = fields.optional("min", bound);
    limits.max = fields.optional("max", bound);
    if let (Some(min), Some(max)) = (&limits.min, &limits.max)
        && literal::compare(min, max).is_gt()
        && let Some((_, node)) = fields.entry("min")
    {
        fields.findings().add_with_help(
            "schema/limit",
            node.head(),
            format!(
                "`min` is above `max`, so {} could hold no value",
                quote(name.as_str())
            ),
            "exchange the two",
        );
    }
    limits
}

fn one_of(node: &Node, name: &Ident, ty: &Type, findings: &Findings) -> Option<Vec<Literal>> {
    if matches!(
        ty,
        Type::Bool
            | Type::Float
            | Type::Json
            | Type::Binary(_)
            | Type::Blob
            | Type::RowVersion
            | Type::Native(_)
    ) {
        findings.add_with_help(
            "schema/limit",
            node.head(),
            format!("a column of type {ty} cannot have `oneOf`"),
            "write the condition as a check",
        );
        return None;
    }
    let before = findings.count();
    let items = read::items(node, findings)?;
    if items.is_empty() {
        findings.add_with_help(
            "schema/limit",
            node.head(),
            format!(
                "`oneOf` is empty, so {} could hold no value",
                quote(name.as_str())
            ),
            "list the values, or remove `oneOf`",
        );
        return None;
    }
    let mut values: Vec<Literal> = Vec::new();
    for item in items {
        let Some(value) = literal::read(item, ty, findings) else {
            continue;
        };
        if values.contains(&value) {
            findings.add_with_help(
                "schema/limit",
                item.head(),
                format!("`oneOf` lists {} twice", quote(item.span.text())),
                "remove one of the two",
            );
            continue;
        }
        values.push(value);
    }
    (findings.count() == before).then_some(values)
}

impl Limits {
    /// A default that the column's own check refuses would make every insert fail that relies on
    /// it.
    pub fn judge_default(
        &self,
        value: &DefaultValue,
        node: &Node,
        ty: &Type,
        findings: &Findings,
    ) -> Option<()> {
        let DefaultValue::Literal(value) = value else {
            return Some(());
        };
        let refused = |why: String| {
            findings.add_with_help(
                "schema/default",
                node.head(),
                format!(
                    "`default` is {}, which {why} refuses",
                    quote(node.span.text())
                ),
                "change one of the two",
            );
            None
        };
        if let Some(values) = &self.one_of
            && !values.contains(value)
        {
            return refused("`oneOf`".to_owned());
        }
        if !literal::is_number(ty) {
            return Some(());
        }
        if self
            .min
            .as_ref()
            .is_some_and(|min| literal::compare(value, min).is_lt())
        {
            return refused("`min`".to_owned());
        }
        if self
            .max
            .as_ref()
            .is_some_and(|max| literal::compare(value, max).is_gt())
        {
            return refused("`max`".to_owned());
        }
        Some(())
    }

    /// The condition, in the form in which the expression language reads it back.
    pub fn expression(&self, name: &Ident) -> Option<Expr> {
        let column = || Expr::column(name);
        let bound = |op, value: &Option<Literal>| {
            let value = value.clone()?;
            Some(Expr::binary(column(), op, Expr::Literal(value)))
        };
        let one_of = self.one_of.as_ref().map(|values| Expr::In {
            operand: Box::new(column()),
            list: values.iter().cloned().map(Expr::Literal).collect(),
            negated: false,
        });
        let whole = [
            one_of,
            bound(BinaryOp::Ge, &self.min),
            bound(BinaryOp::Le, &self.max),
        ]
        .into_iter()
        .flatten()
        .reduce(|left, right| Expr::binary(left, BinaryOp::And, right))?;
        Some(parse(&whole.to_string()).unwrap_or(whole))
    }
}
