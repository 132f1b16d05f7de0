//! Tables for people.

use comfy_table::{
    CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
};

use super::Style;
use super::text;

/// Columns apart by blanks, a rule below the headings, and nothing else: it survives CI logs,
/// `grep` and copying.
const PLAIN: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('-').junction(' '))
    .content_lines(ContentLineStyle::none().junction(' '));

/// Rows under headings, a line each, numbers to the right. Cells are wrapped where the style has
/// a width that they exceed, and never cut. Ends with a line break.
pub fn table(headings: &[&str], rows: &[Vec<String>], style: &Style) -> String {
    let mut table = Table::new();
    table.force_no_tty().load_style(PLAIN);
    match style.width {
        Some(width) => {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width.max(20));
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(headings.iter().map(|it| text::line(it).into_owned()));
    for row in rows {
        table.add_row(row.iter().map(|it| text::line(it).into_owned()));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if is_numeric(rows, index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut shown = String::new();
    for line in table.lines() {
        shown.push_str(line.trim_end());
        shown.push('\n');
    }
    shown
}

fn is_numeric(rows: &[Vec<String>], column: usize) -> bool {
    let cells = rows.iter().filter_map(|row| row.get(column));
    let mut filled = cells.filter(|cell| !cell.is_empty()).peekable();
    filled.peek().is_some() && filled.all(|cell| cell.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(ToOwned::to_owned).to_vec();
        vec![
            row(["20260131120000", "init", "12"]),
            row([
                "20260201080000",
                "漢字 \u{1b}[31mevil\nname which is quite long",
                "1234",
            ]),
            row(["", "x", ""]),
        ]
    }

    #[test]
    fn piped_tables_are_never_wrapped_or_cut() {
        insta::assert_snapshot!(table(&["VERSION", "NAME", "MS"], &rows(), &Style::PLAIN), @r#"
               VERSION  NAME                                       MS
        --------------- ---------------------------------------- -----
        20260131120000  init                                       12
        20260201080000  漢字 ␛[31mevil␊name which is quite long  1234
                        x
        "#);
    }

    #[test]
    fn tables_fit_the_terminal() {
        let style = Style {
            width: Some(40),
            ..Style::PLAIN
        };
        insta::assert_snapshot!(table(&["VERSION", "NAME", "MS"], &rows(), &style), @r#"
               VERSION  NAME              MS
        --------------- --------------- -----
        20260131120000  init              12
        20260201080000  漢字            1234
                        ␛[31mevil␊name
                        which is quite
                        long
                        x
        "#);
    }

    #[test]
    fn a_table_without_rows_has_its_headings() {
        insta::assert_snapshot!(table(&["A", "B"], &[], &Style::PLAIN), @r#"
        A  B
        -- --
        "#);
    }
}
