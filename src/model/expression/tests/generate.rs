//! Random expressions.

use proptest::prelude::*;

use crate::model::Ident;
use crate::model::expression::{BinaryOp, Expr, Literal};

/// A value over the columns `a`, `b`, `c` that the evaluator understands.
pub(super) fn value(depth: u32) -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c"]).prop_map(|name| Expr::Column(name.into())),
        4 => (-1..5_i32).prop_map(Expr::number),
        1 => Just(Expr::Literal(Literal::Null)),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let inner = value(depth - 1);
    let operator = prop::sample::select(vec![BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul]);
    prop_oneof![
        8 => leaf,
        1 => (inner.clone(), operator, inner.clone())
            .prop_map(|(left, op, right)| Expr::binary(left, op, right)),
        1 => inner.clone().prop_map(|a| Expr::Negate(Box::new(a))),
        1 => prop::collection::vec(inner.clone(), 2..4).prop_map(|arguments| Expr::Call {
            function: "coalesce".into(),
            arguments,
        }),
        1 => prop::collection::vec(inner.clone(), 2).prop_map(|arguments| Expr::Call {
            function: "nullif".into(),
            arguments,
        }),
        1 => (condition(depth - 1), inner.clone(), inner.clone()).prop_map(|(a, b, c)| {
            Expr::Call {
                function: "iif".into(),
                arguments: vec![a, b, c],
            }
        }),
        1 => (
            prop::collection::vec((condition(depth - 1), inner.clone()), 1..3),
            prop::option::of(inner.prop_map(Box::new)),
        )
            .prop_map(|(branches, otherwise)| Expr::Case {
                operand: None,
                branches,
                otherwise,
            }),
    ]
    .boxed()
}

/// A condition over the columns `a`, `b`, `c` that the evaluator understands.
pub(super) fn condition(depth: u32) -> BoxedStrategy<Expr> {
    let compared = prop::sample::select(vec![
        BinaryOp::Eq,
        BinaryOp::Ne,
        BinaryOp::Lt,
        BinaryOp::Le,
        BinaryOp::Gt,
        BinaryOp::Ge,
    ]);
    let value = value(depth.min(2).saturating_sub(1));
    let operand = || value.clone().prop_map(Box::new);
    let test = prop_oneof![
        6 => (value.clone(), compared, value.clone())
            .prop_map(|(left, op, right)| Expr::binary(left, op, right)),
        3 => (operand(), prop::collection::vec(value.clone(), 1..4), any::<bool>())
            .prop_map(|(operand, list, negated)| Expr::In { operand, list, negated }),
        2 => (operand(), operand(), operand(), any::<bool>()).prop_map(
            |(operand, low, high, negated)| Expr::Between { operand, low, high, negated }
        ),
        2 => (operand(), any::<bool>())
            .prop_map(|(operand, negated)| Expr::IsNull { operand, negated }),
        1 => (operand(), operand(), any::<bool>()).prop_map(|(operand, pattern, negated)| {
            Expr::Like { operand, pattern, escape: None, negated }
        }),
        1 => any::<bool>().prop_map(|value| Expr::Literal(Literal::Bool(value))),
    ];
    if depth == 0 {
        return test.boxed();
    }
    let inner = condition(depth - 1);
    let joined = prop::sample::select(vec![BinaryOp::And, BinaryOp::Or]);
    prop_oneof![
        2 => test,
        3 => (inner.clone(), joined, inner.clone())
            .prop_map(|(left, op, right)| Expr::binary(left, op, right)),
        1 => inner.prop_map(|a| Expr::Not(Box::new(a))),
    ]
    .boxed()
}

fn call(function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call {
        function: function.to_owned(),
        arguments,
    }
}

/// Any tree, sensible or not, with names and constants that need care in writing.
pub(super) fn any_tree() -> BoxedStrategy<Expr> {
    let name = prop_oneof![
        4 => "[a-z][a-zA-Z0-9]{0,5}",
        1 => "[ -~]{1,6}",
        1 => prop::sample::select(vec![
            "select", "Case", "END", "year", "n", "x", "current_date", "isnull", "größe", "a\"b", "",
        ])
        .prop_map(str::to_owned),
    ];
    let literal = prop_oneof![
        "-?[0-9]{1,4}(\\.[0-9]{0,3})?(e[+-]?[0-9]{1,2})?".prop_map(Literal::Number),
        "[ -~ä]{0,6}".prop_map(Literal::Text),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Literal::Bytes),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::Null),
    ];
    let function =
        prop::sample::select(vec!["f", "Lower", "datepart", "DATEADD", "isnull", "left"]);
    let leaf = prop_oneof![
        name.prop_map(|name| Expr::Column(Ident::new(name))),
        literal.prop_map(Expr::Literal),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let op = prop::sample::select(vec![
            BinaryOp::Or,
            BinaryOp::And,
            BinaryOp::Eq,
            BinaryOp::Ne,
            BinaryOp::Lt,
            BinaryOp::Le,
            BinaryOp::Gt,
            BinaryOp::Ge,
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Concat,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::Mod,
        ]);
        prop_oneof![
            4 => (inner.clone(), op, inner.clone())
                .prop_map(|(left, op, right)| Expr::binary(left, op, right)),
            1 => boxed.clone().prop_map(Expr::Not),
            1 => boxed.clone().prop_map(Expr::Negate),
            1 => (boxed.clone(), any::<bool>())
                .prop_map(|(operand, negated)| Expr::IsNull { operand, negated }),
            1 => (boxed.clone(), prop::collection::vec(inner.clone(), 1..3), any::<bool>())
                .prop_map(|(operand, list, negated)| Expr::In { operand, list, negated }),
            1 => (boxed.clone(), boxed.clone(), boxed.clone(), any::<bool>()).prop_map(
                |(operand, low, high, negated)| Expr::Between { operand, low, high, negated }
            ),
            1 => (boxed.clone(), boxed.clone(), prop::option::of(boxed.clone()), any::<bool>())
                .prop_map(|(operand, pattern, escape, negated)| Expr::Like {
                    operand,
                    pattern,
                    escape,
                    negated,
                }),
            1 => (function.clone(), prop::collection::vec(inner.clone(), 0..3)).prop_map(
                |(function, arguments)| Expr::Call { function: function.into(), arguments }
            ),
            1 => (
                prop::option::of(boxed.clone()),
                prop::collection::vec((inner.clone(), inner.clone()), 1..3),
                prop::option::of(boxed.clone()),
            )
                .prop_map(|(operand, branches, otherwise)| Expr::Case {
                    operand,
                    branches,
                    otherwise,
                }),
            1 => (inner.clone(), 0..4_usize).prop_map(|(operand, form)| match form {
                0 => call("Try_Cast", vec![operand, Expr::text("decimal(5,4)")]),
                1 => call("try_convert", vec![Expr::text("int"), operand]),
                2 => call("current_Timestamp", Vec::new()),
                _ => call("CONVERT", vec![Expr::text("int"), operand, Expr::number(1)]),
            }),
            1 => (
                boxed,
                prop::sample::select(vec!["int", "decimal(5,4)", "nvarchar(max)", "double precision"]),
            )
                .prop_map(|(operand, ty)| Expr::Cast { operand, ty: ty.into() }),
        ]
    })
    .boxed()
}
