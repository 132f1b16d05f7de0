//! Expressions as SQL Server stores them: its documented rewrites, carried out on a tree.

use crate::dialect::mssql::{bracketed, national};
use crate::model::expression::BinaryOp;
use crate::model::{Expr, Literal};

/// A condition or value as a check, default or computed column stores it.
pub(super) fn stored(expr: &Expr) -> String {
    let text = node(expr);
    if text.starts_with('(') && matches!(expr, Expr::Not(_)) {
        return text;
    }
    format!("({text})")
}

/// A condition as the filter of an index stores it: IN stays what it is, in its order.
pub(super) fn stored_filter(expr: &Expr) -> String {
    format!("({})", filter(expr))
}

fn filter(expr: &Expr) -> String {
    match expr {
        Expr::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => format!("{} AND {}", filter(left), filter(right)),
        Expr::In { operand, list, .. } => {
            let list: Vec<String> = list.iter().map(node).collect();
            format!("{} IN ({})", node(operand), list.join(", "))
        }
        other => node(other),
    }
}

fn node(expr: &Expr) -> String {
    match expr {
        Expr::Column(name) => bracketed(name.as_str()),
        Expr::Literal(literal) => constant(literal),
        Expr::Not(inner) => match &**inner {
            Expr::Like { .. } => format!("NOT {}", node(inner)),
            inner => format!("NOT ({})", node(inner)),
        },
        Expr::Negate(inner) => format!(" -{}", operand(inner)),
        Expr::Binary { op, left, right } => binary(*op, left, right),
        Expr::IsNull {
            operand: tested,
            negated,
        } => {
            let word = if *negated { "IS NOT NULL" } else { "IS NULL" };
            format!("{} {word}", operand(tested))
        }
        Expr::In {
            operand: tested,
            list,
            negated,
        } => {
            let tests: Vec<String> = list
                .iter()
                .rev()
                .map(|item| format!("{}={}", operand(tested), operand(item)))
                .collect();
            let all = tests.join(" OR ");
            match (negated, list.len()) {
                (true, _) => format!("NOT ({all})"),
                (false, 1) => all,
                (false, _) => format!("({all})"),
            }
        }
        Expr::Between {
            operand: tested,
            low,
            high,
            negated,
        } => {
            let tested = operand(tested);
            let both = format!("{tested}>={} AND {tested}<={}", operand(low), operand(high));
            if *negated {
                format!("NOT ({both})")
            } else {
                format!("({both})")
            }
        }
        Expr::Like {
            operand: tested,
            pattern,
            escape,
            negated,
        } => {
            let not = if *negated { "NOT " } else { "" };
            let escape = escape
                .as_ref()
                .map(|escape| format!(" escape {} ", node(escape)));
            format!(
                "{not}{} like {}{}",
                operand(tested),
                operand(pattern),
                escape.unwrap_or_default()
            )
        }
        Expr::Call {
            function,
            arguments,
        } => call(&function.to_lowercase(), arguments),
        Expr::Case {
            operand,
            branches,
            otherwise,
        } => case(operand.as_deref(), branches, otherwise.as_deref()),
        Expr::Cast { operand, ty } => format!("CONVERT({},{})", bracketed_type(ty), node(operand)),
    }
}

/// An operand of an operator: in parentheses as soon as it has an operator of its own.
fn operand(expr: &Expr) -> String {
    match expr {
        Expr::Binary { .. } | Expr::Negate(_) => format!("({})", node(expr)),
        other => node(other),
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr) -> String {
    let symbol = match op {
        BinaryOp::Or => " OR ",
        BinaryOp::And => " AND ",
        BinaryOp::Eq => "=",
        BinaryOp::Ne => "<>",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Add | BinaryOp::Concat => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Mod => "%",
    };
    let connective = |op: BinaryOp| matches!(op, BinaryOp::And | BinaryOp::Or);
    let side = |side: &Expr| match side {
        Expr::Binary { op: inner, .. }
            if connective(op) && (*inner == op || !connective(*inner)) =>
        {
            node(side)
        }
        Expr::Not(_) => format!("({})", node(side)),
        _ => operand(side),
    };
    format!("{}{symbol}{}", side(left), side(right))
}

fn call(function: &str, arguments: &[Expr]) -> String {
    let list = |arguments: &[Expr]| {
        let all: Vec<String> = arguments.iter().map(node).collect();
        all.join(",")
    };
    let word = |expr: &Expr| match expr {
        Expr::Literal(Literal::Text(word)) => word.clone(),
        other => node(other),
    };
    match (function, arguments) {
        ("iif", [condition, then, otherwise]) => {
            case(None, &[(condition.clone(), then.clone())], Some(otherwise))
        }
        ("coalesce", [firsts @ .., last]) => {
            let branches: Vec<(Expr, Expr)> = firsts
                .iter()
                .map(|first| {
                    let tested = Expr::IsNull {
                        operand: Box::new(first.clone()),
                        negated: true,
                    };
                    (tested, first.clone())
                })
                .collect();
            case(None, &branches, Some(last))
        }
        ("nullif", [a, b]) => {
            let equal = Expr::binary(a.clone(), BinaryOp::Eq, b.clone());
            case(None, &[(equal, Expr::Literal(Literal::Null))], Some(a))
        }
        ("year" | "month" | "day", [date]) => format!("datepart({function},{})", node(date)),
        ("current_timestamp", []) => "getdate()".to_owned(),
        ("datepart" | "datename" | "dateadd" | "datediff", [part, rest @ ..]) => {
            format!("{function}({},{})", word(part), list(rest))
        }
        ("try_convert", [ty, value]) => {
            format!("TRY_CAST({} AS {})", node(value), bracketed_type(&word(ty)))
        }
        ("convert", [ty, rest @ ..]) => {
            format!("CONVERT({},{})", bracketed_type(&word(ty)), list(rest))
        }
        _ => format!("{function}({})", list(arguments)),
    }
}

fn case(tested: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> String {
    let mut text = "case".to_owned();
    if let Some(tested) = tested {
        text.push_str(&format!(" {}", operand(tested)));
    }
    for (when, then) in branches {
        text.push_str(&format!(" when {} then {}", node(when), operand(then)));
    }
    match otherwise {
        Some(otherwise) => text.push_str(&format!(" else {} end", operand(otherwise))),
        None => text.push_str("  end"),
    }
    text
}

fn constant(literal: &Literal) -> String {
    match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Bool(value) => format!("({})", u8::from(*value)),
        Literal::Number(number) => format!("({})", stored_number(number)),
        Literal::Text(text) if text.is_ascii() && text.len() % 2 == 1 => {
            format!("'{}'", text.replace('\'', "''"))
        }
        Literal::Text(text) => national(text),
        Literal::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("0x{digits}")
        }
    }
}

/// `1e2` is stored as a float in full, `.5` with its zero, and what no int holds with a point.
fn stored_number(number: &str) -> String {
    if number.contains(['e', 'E']) {
        let value: f64 = number.parse().expect("a number");
        let text = format!("{value:.16e}");
        let (digits, exponent) = text.split_once('e').expect("it is written with one");
        let exponent: i32 = exponent.parse().expect("a number");
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:03}", exponent.abs());
    }
    if let Some(rest) = number.strip_prefix('.') {
        return format!("0.{rest}");
    }
    match number.parse::<i64>() {
        Ok(value) if i32::try_from(value).is_ok() => number.to_owned(),
        _ if number.contains('.') => number.to_owned(),
        _ => format!("{number}."),
    }
}

fn bracketed_type(ty: &str) -> String {
    match ty.split_once('(') {
        Some((name, rest)) => format!("[{}]({rest}", name.trim()),
        None => format!("[{ty}]"),
    }
}

#[test]
fn the_documented_rewrites_come_out() {
    let cases = [
        ("a in (1, 2, 3)", "(([a]=(3) OR [a]=(2) OR [a]=(1)))"),
        ("a not in (7, 8)", "(NOT ([a]=(8) OR [a]=(7)))"),
        ("a + b > 0", "(([a]+[b])>(0))"),
        (
            "cast(s as nvarchar(max)) = 'x'",
            "(CONVERT([nvarchar](max),[s])='x')",
        ),
        ("year(d) = 2000", "(datepart(year,[d])=(2000))"),
        (
            "case when a = 1 then 2 end = 2",
            "(case when [a]=(1) then (2)  end=(2))",
        ),
        ("a = 1e2", "([a]=(1.0000000000000000e+002))"),
        ("a = 2147483648", "([a]=(2147483648.))"),
        ("-a = .5", "(( -[a])=(0.5))"),
        ("s like 'x' escape '!'", "([s] like 'x' escape '!' )"),
    ];
    for (written, expected) in cases {
        let expr = crate::model::expression::parse(written).expect(written);
        assert_eq!(stored(&expr), expected, "{written}");
    }
}
