//! What the file of a table says, in the order in which it says it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fields, Form};
use crate::model::expression::BinaryOp;
use crate::model::{
    Check, Column, DefaultValue, Expr, Expression, ForeignKey, Ident, Index, KeyColumn, Literal,
    Native, Part, PrimaryKey, ReferentialAction, Table, Type, Unique,
};
use crate::yaml::convention;
use crate::yaml::schema::literal::compare;
use crate::yaml::schema::words;

/// The entries of a table's file.
pub(super) fn fields(table: &Table, explicit: &BTreeSet<Ident>) -> Fields {
    let limits = limits(table, explicit);
    let mut fields = vec![("table".to_owned(), text(&table.name))];
    if let Some(description) = &table.description {
        fields.push(("description".to_owned(), text(description)));
    }
    if table.append_only.is_some() {
        fields.push(("appendOnly".to_owned(), yes()));
    }
    let columns = table.columns.iter().map(|column| {
        let own = limits.get(&column.name);
        (
            column.name.to_string(),
            Form::Map(column_fields(table, column, own)),
        )
    });
    fields.push(("columns".to_owned(), Form::Columns(columns.collect())));
    let key = match table.primary_key() {
        Some(key) => primary_key(table, key),
        None => bare(words::NO_KEY),
    };
    fields.push(("primaryKey".to_owned(), key));
    let folded: BTreeSet<&Ident> = limits.values().map(|limits| &limits.check).collect();
    let checks = table.checks().filter(|check| !folded.contains(&check.name));
    let lists = [
        (
            "unique",
            items(table.uniques(), |part| (&part.name, unique(table, part))),
        ),
        (
            "checks",
            items(checks, |part| (&part.name, check(table, part))),
        ),
        ("foreignKeys", foreign_keys(table)),
        (
            "indexes",
            items(table.indexes(), |part| (&part.name, index(table, part))),
        ),
    ];
    for (key, items) in lists {
        if !items.is_empty() {
            fields.push((key.to_owned(), Form::Items(items)));
        }
    }
    fields
}

fn items<'a, T: 'a>(
    parts: impl Iterator<Item = &'a T>,
    item: impl Fn(&'a T) -> (&'a Ident, Fields),
) -> Vec<(Ident, Fields)> {
    parts
        .map(|part| {
            let (name, fields) = item(part);
            (name.clone(), fields)
        })
        .collect()
}

fn text(value: impl ToString) -> Form {
    Form::Text(value.to_string())
}

fn bare(value: impl ToString) -> Form {
    Form::Bare(value.to_string())
}

fn yes() -> Form {
    bare("true")
}

fn names<'a>(names: impl IntoIterator<Item = &'a Ident>) -> Form {
    Form::List(names.into_iter().map(text).collect())
}

fn native(native: &Native) -> Form {
    let texts = [("mssql", &native.mssql), ("sqlite", &native.sqlite)];
    Form::Map(
        texts
            .into_iter()
            .filter_map(|(engine, value)| Some((engine.to_owned(), text(value.as_ref()?))))
            .collect(),
    )
}

fn expression(expression: &Expression) -> Form {
    match expression {
        Expression::Portable(expr) => text(expr),
        Expression::Native(by_engine) => native(by_engine),
        Expression::Opaque(text) => unreachable!("{text} is in engine form, and the table neutral"),
    }
}

fn literal(literal: &Literal) -> Form {
    match literal {
        Literal::Null => bare("null"),
        Literal::Bool(value) => bare(value),
        Literal::Number(number) => bare(number),
        Literal::Text(value) => text(value),
        Literal::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            text(format!("0x{digits}"))
        }
    }
}

fn column_fields(table: &Table, column: &Column, limits: Option<&Limits>) -> Fields {
    let mut fields = Vec::new();
    let mut add = |key: &str, form: Form| fields.push((key.to_owned(), form));
    match &column.ty {
        Type::Native(by_engine) => add("native", native(by_engine)),
        ty => add("type", text(ty)),
    }
    if column.nullable {
        add("nullable", yes());
    }
    if let Some(identity) = column.identity {
        let form = match (identity.seed, identity.increment) {
            (1, 1) => yes(),
            (seed, increment) => Form::Map(vec![
                ("seed".to_owned(), bare(seed)),
                ("increment".to_owned(), bare(increment)),
            ]),
        };
        add("identity", form);
    }
    if let Some(values) = limits.and_then(|limits| limits.one_of.as_ref()) {
        add("oneOf", Form::List(values.iter().map(literal).collect()));
    }
    if let Some(default) = &column.default {
        let form = match &default.value {
            DefaultValue::Literal(value) => literal(value),
            DefaultValue::Native(by_engine) => native(by_engine),
            DefaultValue::Sql(text) => {
                unreachable!("{text} is in engine form, and the table neutral")
            }
            generator => bare(words::generator(generator)),
        };
        add("default", form);
        if default.name != convention::default(&table.name, &column.name) {
            add("defaultName", text(&default.name));
        }
    }
    for (key, bound) in [
        ("min", limits.and_then(|limits| limits.min.as_ref())),
        ("max", limits.and_then(|limits| limits.max.as_ref())),
    ] {
        if let Some(bound) = bound {
            add(key, literal(bound));
        }
    }
    if let Some(computed) = &column.computed {
        let mut of = vec![("expression".to_owned(), expression(&computed.expression))];
        if computed.persisted {
            of.push(("persisted".to_owned(), yes()));
        }
        add("computed", Form::Map(of));
    }
    if let Some(collation) = &column.collation {
        add("collation", native(collation));
    }
    if let Some(description) = &column.description {
        add("description", text(description));
    }
    if column.deprecated {
        add("deprecated", yes());
    }
    fields
}

fn primary_key(table: &Table, key: &PrimaryKey) -> Form {
    let columns = key_columns(table, &key.columns);
    let plain = key.name == convention::primary_key(&table.name);
    if plain && key.clustered {
        return columns;
    }
    let mut fields = named(plain, &key.name);
    fields.push(("columns".to_owned(), columns));
    if !key.clustered {
        fields.push(("clustered".to_owned(), bare(false)));
    }
    Form::Map(fields)
}

/// `name`, unless it is the one that follows from the convention.
fn named(plain: bool, name: &Ident) -> Fields {
    if plain {
        Vec::new()
    } else {
        vec![("name".to_owned(), text(name))]
    }
}

fn key_columns(table: &Table, columns: &[KeyColumn]) -> Form {
    let word = |key: &KeyColumn| {
        let name = key.column.as_str();
        // A column that is really called `x desc` is read as a column, not as a direction.
        let sign = match key.descending {
            true => " desc",
            false if table.column(&key.column).is_some() => "",
            false => " asc",
        };
        text(format!("{name}{sign}"))
    };
    Form::List(columns.iter().map(word).collect())
}

fn unique(table: &Table, part: &Unique) -> Fields {
    let derived = convention::unique(&table.name, part.columns.iter().map(|key| &key.column));
    let mut fields = named(part.name == derived, &part.name);
    fields.push(("columns".to_owned(), key_columns(table, &part.columns)));
    if part.clustered {
        fields.push(("clustered".to_owned(), yes()));
    }
    fields
}

fn check(table: &Table, part: &Check) -> Fields {
    let derived = match &part.expression {
        Expression::Portable(expr) => derived_check(table, expr),
        _ => None,
    };
    let mut fields = named(derived.as_ref() == Some(&part.name), &part.name);
    fields.push(("expression".to_owned(), expression(&part.expression)));
    fields
}

/// The name that follows from the columns of a check; none without columns.
pub fn derived_check(table: &Table, expr: &Expr) -> Option<Ident> {
    let mut used: Vec<&Ident> = Vec::new();
    expr.visit(&mut |expr| {
        if let Expr::Column(column) = expr
            && !used.contains(&column)
        {
            used.push(column);
        }
    });
    (!used.is_empty()).then(|| convention::check(&table.name, used))
}

fn foreign_keys(table: &Table) -> Vec<(Ident, Fields)> {
    let mut before: Vec<&Ident> = table
        .parts
        .iter()
        .filter(|part| !matches!(part, Part::ForeignKey(_) | Part::Index(_)))
        .map(Part::name)
        .collect();
    let mut items = Vec::new();
    for key in table.foreign_keys() {
        let plain = convention::foreign_key(&table.name, &key.references);
        // The first to a table has the plain name.
        let derived = if before.contains(&&plain) {
            convention::another_foreign_key(&table.name, &key.references, &key.columns)
        } else {
            plain
        };
        items.push((key.name.clone(), foreign_key(key, key.name == derived)));
        before.push(&key.name);
    }
    items
}

fn foreign_key(key: &ForeignKey, plain: bool) -> Fields {
    let mut fields = named(plain, &key.name);
    fields.push(("columns".to_owned(), names(&key.columns)));
    let references = vec![
        ("table".to_owned(), text(&key.references)),
        ("columns".to_owned(), names(&key.referenced_columns)),
    ];
    fields.push(("references".to_owned(), Form::Map(references)));
    for (event, action) in [("onDelete", key.on_delete), ("onUpdate", key.on_update)] {
        if action != ReferentialAction::NoAction {
            fields.push((event.to_owned(), bare(words::action(action))));
        }
    }
    fields
}

fn index(table: &Table, part: &Index) -> Fields {
    let derived = convention::index(&table.name, part.columns.iter().map(|key| &key.column));
    let mut fields = named(part.name == derived, &part.name);
    fields.push(("columns".to_owned(), key_columns(table, &part.columns)));
    if !part.include.is_empty() {
        fields.push(("include".to_owned(), names(&part.include)));
    }
    if part.unique {
        fields.push(("unique".to_owned(), yes()));
    }
    if let Some(filter) = &part.filter {
        fields.push(("where".to_owned(), expression(filter)));
    }
    if part.clustered {
        fields.push(("clustered".to_owned(), yes()));
    }
    fields
}

/// A check that is written with its column.
struct Limits {
    check: Ident,
    one_of: Option<Vec<Literal>>,
    min: Option<Literal>,
    max: Option<Literal>,
}

impl Limits {
    /// Whether any value passes: a database keeps a check that none does, and `min` and `max` may not
    /// say so.
    fn can_hold(&self) -> bool {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => compare(min, max).is_le(),
            _ => true,
        }
    }
}

/// The checks that are the limits of one column, by column.
fn limits(table: &Table, explicit: &BTreeSet<Ident>) -> BTreeMap<Ident, Limits> {
    let mut found = BTreeMap::new();
    for check in table
        .checks()
        .filter(|check| !explicit.contains(&check.name))
    {
        let Expression::Portable(expr) = &check.expression else {
            continue;
        };
        let mut limits = Limits {
            check: check.name.clone(),
            one_of: None,
            min: None,
            max: None,
        };
        let mut column = None;
        let plain = limit(expr, &mut column, &mut limits).is_some() && limits.can_hold();
        if let Some(column) = column.filter(|_| plain)
            && check.name == convention::check(&table.name, [column])
            && table.column(column).is_some_and(takes_limits)
        {
            found.insert(column.clone(), limits);
        }
    }
    found
}

/// A computed column's limits are a check, and so are those of a native type.
fn takes_limits(column: &Column) -> bool {
    column.computed.is_none() && !matches!(column.ty, Type::Native(_))
}

/// Reads a condition as limits of one column; `None` when it says anything else.
fn limit<'a>(expr: &'a Expr, column: &mut Option<&'a Ident>, limits: &mut Limits) -> Option<()> {
    let mut same = |operand: &'a Expr| match operand {
        Expr::Column(name) if column.is_none_or(|column| column == name) => {
            *column = Some(name);
            Some(())
        }
        _ => None,
    };
    let constant = |operand: &Expr| match operand {
        Expr::Literal(literal) => Some(literal.clone()),
        Expr::Negate(inner) => match &**inner {
            Expr::Literal(Literal::Number(number)) => Some(Literal::Number(format!("-{number}"))),
            _ => None,
        },
        _ => None,
    };
    match expr {
        Expr::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => {
            limit(left, column, limits)?;
            limit(right, column, limits)
        }
        Expr::In {
            operand,
            list,
            negated: false,
        } if limits.one_of.is_none() => {
            same(operand)?;
            limits.one_of = Some(list.iter().map(constant).collect::<Option<_>>()?);
            Some(())
        }
        Expr::Binary { op, left, right } => {
            let bound = match op {
                BinaryOp::Ge => &mut limits.min,
                BinaryOp::Le => &mut limits.max,
                _ => return None,
            };
            if bound.is_some() {
                return None;
            }
            same(left)?;
            *bound = Some(constant(right)?);
            Some(())
        }
        _ => None,
    }
}
