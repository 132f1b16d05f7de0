//! Defaults as the text that the engine holds.

use crate::model::expression::canonical::canonical;
use crate::model::expression::parse;
use crate::model::{DefaultValue, Expr, Literal, Type};

use super::super::spelling::constant_text;
use super::super::types;
use super::expression::upper_functions;

/// The default's text for a column of this type, without outer parentheses; `None` when there is
/// none for this engine.
pub(in crate::dialect::mssql) fn text(ty: &Type, value: &DefaultValue) -> Option<String> {
    Some(match value {
        DefaultValue::Literal(literal) => constant_text(ty, &constant(ty, literal)),
        DefaultValue::UtcNow => match ty {
            Type::TimestampTz(_) => "TODATETIMEOFFSET(SYSUTCDATETIME(), 0)".to_owned(),
            Type::Date | Type::Time(_) => {
                format!("CAST(SYSUTCDATETIME() AS {})", types::name(ty))
            }
            _ => "SYSUTCDATETIME()".to_owned(),
        },
        DefaultValue::NewUuid => "NEWID()".to_owned(),
        DefaultValue::NewSequentialId => "NEWSEQUENTIALID()".to_owned(),
        DefaultValue::Native(native) => spelled(ty, native.mssql.as_deref()?),
        DefaultValue::Sql(text) => text.clone(),
    })
}

/// The one spelling of a default's text, whoever wrote it: people, or the server that stores
/// `((5))` for `5`. What cannot be analysed stays as it is.
pub(in crate::dialect::mssql) fn spelled(ty: &Type, text: &str) -> String {
    match parse(text) {
        Ok(expr) => constant_text(ty, &upper_functions(canonical(&expr))),
        Err(_) => text.trim().to_owned(),
    }
}

/// The constant as the engine reads it for a column of this type. Times are typed, so that no
/// setting of a session can read them another way.
fn constant(ty: &Type, literal: &Literal) -> Expr {
    let literal = match literal {
        Literal::Bool(value) => Literal::Number(u8::from(*value).to_string()),
        other => other.clone(),
    };
    match (ty, literal) {
        (
            Type::Timestamp(_) | Type::TimestampTz(_) | Type::Date | Type::Time(_),
            Literal::Text(text),
        ) => {
            // datetime2 holds UTC without saying so.
            let text = match ty {
                Type::Timestamp(_) => text.trim_end_matches(['Z', 'z']),
                _ => &text,
            };
            Expr::Cast {
                operand: Box::new(Expr::text(text)),
                ty: types::name(ty),
            }
        }
        (_, literal) => canonical(&Expr::Literal(literal)),
    }
}
