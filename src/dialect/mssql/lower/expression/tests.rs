use crate::model::expression::{Expression, parse};
use crate::model::{Column, Ident, Native, Table, Type};

use super::super::super::spelling;
use super::{computed, condition};

fn table() -> Table {
    let column = |name: &str, ty: Type| Column {
        name: Ident::new(name),
        ty,
        nullable: true,
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: None,
        deprecated: false,
        type_check: Ident::new(format!("ty{name}")),
    };
    Table {
        name: "t".into(),
        description: None,
        append_only: None,
        columns: vec![
            column("flag", Type::Bool),
            column("n", Type::Int),
            column("s", Type::String(40)),
            column("a", Type::Ascii(40)),
            column("j", Type::Json),
            column("b", Type::Binary(40)),
            column("u", Type::Uuid),
            column("at", Type::Timestamp(3)),
            column("two words]", Type::Int),
        ],
        parts: Vec::new(),
    }
}

fn lowered(text: &str) -> String {
    let table = table();
    let expression = Expression::Portable(parse(text).expect(text));
    let once = condition(&table, expression).expect("a portable condition");
    let twice = condition(&table, once.clone()).expect("a portable condition");
    assert_eq!(once, twice, "{text}");
    spelling::expression(Some(&table), &once)
}

/// A portable condition and its T-SQL.
const CONDITIONS: &[(&str, &str)] = &[
    ("s in ('queued', 'it''s')", "[s] IN (N'queued', N'it''s')"),
    ("a = 'x' and s = 'x'", "[a] = 'x' AND [s] = N'x'"),
    ("a = 'é'", "[a] = N'é'"),
    (
        "u = '0f8fad5b-d9cb-469f-a165-70867728950e'",
        "[u] = '0f8fad5b-d9cb-469f-a165-70867728950e'",
    ),
    ("\"two words]\" > 0", "[two words]]] > 0"),
    ("n between 1 and 5", "[n] BETWEEN 1 AND 5"),
    ("not (n = 1 or n is null)", "NOT ([n] = 1 OR [n] IS NULL)"),
    ("flag", "[flag] = 1"),
    ("flag = true and not flag", "[flag] = 1 AND NOT [flag] = 1"),
    ("true or n = 1", "1 = 1 OR [n] = 1"),
    ("n", "[n] <> 0"),
    ("coalesce(flag, false)", "COALESCE([flag], 0) <> 0"),
    ("(n > 1) = true", "[n] > 1"),
    ("false = (n > 1)", "NOT [n] > 1"),
    (
        "(n > 1) = flag",
        "CASE WHEN [n] > 1 THEN 1 WHEN NOT [n] > 1 THEN 0 END = [flag]",
    ),
    ("isJson(j)", "ISJSON([j]) = 1"),
    ("isJson(j) = 1", "ISJSON([j]) = 1"),
    (
        "not isJson(s) or s is null",
        "NOT ISJSON([s]) = 1 OR [s] IS NULL",
    ),
    ("length(s) <= 10", "DATALENGTH([s]) / 2 <= 10"),
    ("length(a) <= 10", "DATALENGTH([a]) <= 10"),
    ("length(b) <= 10", "DATALENGTH([b]) <= 10"),
    (
        "length(n) <= 10",
        "DATALENGTH(CAST([n] AS nvarchar(max))) / 2 <= 10",
    ),
    ("length(trim(s)) > 0", "DATALENGTH(TRIM([s])) / 2 > 0"),
    ("length(s || a) > 0", "DATALENGTH([s] + [a]) / 2 > 0"),
    ("s || 'x' = 'yx'", "[s] + N'x' = N'yx'"),
    ("s || n = 'y5'", "[s] + CAST([n] AS nvarchar(60)) = N'y5'"),
    ("s || 5 = 'y5'", "[s] + N'5' = N'y5'"),
    ("s || (s || a) = 'x'", "[s] + ([s] + [a]) = N'x'"),
    ("n * (n + 1) % 2 = 0", "[n] * ([n] + 1) % 2 = 0"),
    ("lower(s) = 'x'", "LOWER([s]) = N'x'"),
    ("iif(flag, n, 0) > 1", "IIF([flag] = 1, [n], 0) > 1"),
    (
        "case when flag then 1 else 0 end = 1",
        "CASE WHEN [flag] = 1 THEN 1 ELSE 0 END = 1",
    ),
    (
        "case n when 1 then flag end = 1",
        "CASE [n] WHEN 1 THEN [flag] END = 1",
    ),
    ("year(at) > 2000", "YEAR([at]) > 2000"),
    ("s like 'a%'", "[s] LIKE N'a%'"),
    ("s like 'a[b]%'", "[s] LIKE N'a\\[b]%' ESCAPE N'\\'"),
    (
        "s like '50!%[%' escape '!'",
        "[s] LIKE N'50!%![%' ESCAPE N'!'",
    ),
    ("s like 'a![b' escape '!'", "[s] LIKE N'a![b' ESCAPE N'!'"),
    ("b = x'00ff'", "[b] = 0x00FF"),
];

#[test]
fn conditions_are_lowered_and_lowered_once() {
    for (portable, tsql) in CONDITIONS {
        assert_eq!(lowered(portable), *tsql, "{portable}");
    }
}

#[test]
fn native_text_is_analysed_only_where_that_keeps_its_meaning() {
    let table = table();
    let native = |text: &str| {
        Expression::Native(Native {
            mssql: Some(text.to_owned()),
            sqlite: None,
        })
    };
    let lower = |text: &str| condition(&table, native(text)).expect("there is T-SQL");
    assert_eq!(
        spelling::expression(Some(&table), &lower("checksum([n])<>(7)")),
        "CHECKSUM([n]) <> 7"
    );
    for text in [
        "s like '[0-9]%'",
        "s collate Latin1_General_BIN2 = 'x'",
        "length(s) > 1",
    ] {
        assert_eq!(lower(text), Expression::Opaque(text.to_owned()));
        assert_eq!(condition(&table, lower(text)), Some(lower(text)));
    }
    let sqlite_only = Expression::Native(Native {
        mssql: None,
        sqlite: Some("n > 0".to_owned()),
    });
    assert_eq!(condition(&table, sqlite_only), None);
}

#[test]
fn a_computed_value_has_the_type_of_its_column() {
    let table = table();
    let lower = |ty: &Type, text: &str| {
        let portable = Expression::Portable(parse(text).expect(text));
        let once = computed(&table, ty, portable).expect("a portable value");
        assert_eq!(computed(&table, ty, once.clone()), Some(once.clone()));
        spelling::expression(Some(&table), &once)
    };
    assert_eq!(lower(&Type::BigInt, "n + 1"), "CAST([n] + 1 AS bigint)");
    assert_eq!(lower(&Type::Int, "cast(s as int)"), "CAST([s] AS int)");
    assert_eq!(
        lower(&Type::Bool, "n > 1 or s is null"),
        "CAST(CASE WHEN [n] > 1 OR [s] IS NULL THEN 1 \
         WHEN NOT ([n] > 1 OR [s] IS NULL) THEN 0 END AS bit)"
    );
}

#[test]
fn a_long_chain_fits_a_small_stack() {
    let terms: Vec<String> = (0..900).map(|n| format!("n = {n}")).collect();
    let sum = vec!["n"; 900].join(" + ");
    assert!(lowered(&terms.join(" or ")).ends_with("OR [n] = 899"));
    assert!(lowered(&format!("{sum} > 1")).ends_with("> 1"));
}
