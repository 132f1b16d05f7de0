//! The reader of rows, and the shape of the queries.

use super::*;

/// Answers every query with these rows, and counts them.
fn answer(rows: &Rows, product: &str) -> (Result<Catalog, EngineError>, usize) {
    let mut count = 0;
    let catalog = read(
        &mut |sql| {
            count += 1;
            Ok(
                if sql.contains("sys.columns") || sql.contains("INFORMATION_SCHEMA.COLUMNS") {
                    rows.clone()
                } else {
                    Rows::default()
                },
            )
        },
        product,
    );
    (catalog, count)
}

fn columns_of(tables: usize) -> Rows {
    let text = |text: &str| Value::Text(text.to_owned());
    let columns = [
        "kind",
        "tableName",
        "name",
        "definition",
        "type",
        "nullable",
        "length",
    ];
    Rows {
        columns: columns.map(str::to_owned).to_vec(),
        rows: (0..tables)
            .rev()
            .map(|table| {
                vec![
                    text("column"),
                    text(&format!("t{table}")),
                    text("a"),
                    Value::Null,
                    text("int"),
                    Value::Integer(0),
                    Value::Integer(4),
                ]
            })
            .collect(),
    }
}

#[test]
fn the_number_of_queries_is_the_same_for_seven_and_for_seven_hundred_tables() {
    for (product, queries) in [
        ("Microsoft SQL Azure (RTM)", 16),
        ("Babelfish for PostgreSQL", 4),
    ] {
        for tables in [0, 7, 700] {
            let (catalog, count) = answer(&columns_of(tables), product);
            assert_eq!(count, queries, "{product}");
            assert_eq!(catalog.expect("it answers").objects.len(), tables);
        }
    }
}

#[test]
fn rows_become_objects_in_order_and_facts_that_say_nothing_are_left_out() {
    let (catalog, _) = answer(&columns_of(2), "Microsoft SQL Azure (RTM)");
    let catalog = catalog.expect("it answers");
    let tables: Vec<_> = catalog
        .objects
        .iter()
        .map(|object| object.table.clone())
        .collect();
    assert_eq!(tables, [Some("t0".to_owned()), Some("t1".to_owned())]);
    let facts: Vec<_> = catalog.objects[0].facts.iter().collect();
    assert_eq!(
        facts,
        [
            (&"length".to_owned(), &"4".to_owned()),
            (&"type".to_owned(), &"int".to_owned())
        ]
    );
}

#[test]
fn an_answer_of_another_form_is_an_error_that_names_the_query() {
    let rows = Rows {
        columns: vec!["a".to_owned()],
        rows: vec![vec![Value::Integer(1)]],
    };
    let (catalog, _) = answer(&rows, "Microsoft SQL Azure (RTM)");
    let message = catalog.expect_err("it is no answer").message;
    assert!(
        message.contains("the catalog's columns cannot be read"),
        "{message}"
    );
}

#[test]
fn a_query_that_fails_says_which_it_was() {
    let failed = read(
        &mut |_| Err(EngineError::new(ErrorKind::Permission, "denied")),
        "Microsoft SQL Azure (RTM)",
    );
    let error = failed.expect_err("every query fails");
    assert_eq!(error.kind, ErrorKind::Permission);
    assert_eq!(
        error.message,
        "the catalog's database cannot be read: denied"
    );
}

#[test]
fn every_query_converts_every_column_and_asks_for_no_table_by_name() {
    for (what, sql) in QUERIES.into_iter().chain(BABELFISH) {
        assert!(!sql.contains("@P"), "{what} takes a parameter");
        assert!(sql.trim_end().ends_with(';'), "{what} has no end");
        for (at, name) in HEAD.iter().enumerate() {
            assert!(
                sql.contains(&format!("AS {name}")),
                "{what} lacks column {at}, {name}"
            );
        }
    }
}
