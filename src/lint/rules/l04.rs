//! L04: a row that fits on no page.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

const LIMIT: usize = 8_060;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L04",
    code: "lint/L04",
    name: "row-too-long",
    title: r"a row may exceed 8,060 bytes",
    severity: Severity::Warning,
    explanation: r"A row lives on one page, which has 8,060 bytes for it. Fixed-length columns must fit as they are
declared: a table where they do not cannot be made (error 1701). Variable-length columns that do not
fit are moved to other pages and leave 24 bytes behind, so each of them costs a read more; where even
that is too long, the INSERT or UPDATE fails (error 511), and only for the rows that are long.

Columns of (max) types count with the 24 bytes that stay in the row. When every column could be moved
and the row would still fit, it is a note.",
    help: r"put what is long and seldom read into a side table, or into nvarchar(max)",
    rewrite: r"CREATE TABLE dbo.orderTexts (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    orderId uniqueidentifier NOT NULL,
    terms nvarchar(max) NOT NULL,
    CONSTRAINT pkOrderTexts PRIMARY KEY CLUSTERED (tenantId, orderId)
);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding() else {
        return;
    };
    if adding.columns.is_empty() {
        return;
    }
    let Some(table) = scene.table_with(adding.table) else {
        return;
    };
    // Four bytes of header, the bitmap of NULLs, and two bytes for each column of variable length.
    let mut least = 4 + 2 + table.columns.len().div_ceil(8);
    let mut most = least;
    for column in &table.columns {
        let Some(ty) = &column.ty else { continue };
        let (declared, in_row) = match ty.bytes() {
            Some((bytes, true)) => (bytes as usize, bytes as usize),
            Some((bytes, false)) => (bytes as usize + 2, (bytes as usize).min(24) + 2),
            None => (26, 26),
        };
        most += declared;
        least += in_row;
    }
    let name = adding.table.last();
    let place = match adding.columns {
        [only] if !adding.creates => only.range.clone(),
        _ => adding.table.range.clone(),
    };
    if least > LIMIT {
        hits.push(
            Hit::new(
                place,
                format!("rows of {name} can need {least} bytes on one page, which has 8,060: long rows cannot be written"),
            )
            .about(name, None),
        );
    } else if most > LIMIT {
        hits.push(
            Hit::new(
                place,
                format!("rows of {name} can be {most} bytes long, and a page has 8,060: long rows are spread over several pages"),
            )
            .about(name, None)
            .at_most(Severity::Note),
        );
    }
}
