//! Comma-separated values, for spreadsheets and scripts.

/// Rows under headings, as RFC 4180 has it: CRLF, and quotes where they are needed. Control characters
/// stay as they are, since this is for programs; so a text from a database never begins with a sign
/// that a spreadsheet would take for a formula.
pub fn csv(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let harmless = |cell: &String| match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.clone(),
    };
    let records = rows
        .iter()
        .map(|row| row.iter().map(harmless).collect::<Vec<_>>());
    // A vector takes every byte, and all rows are as long as the headings.
    let written = writer.write_record(headings).and_then(|()| {
        records
            .into_iter()
            .try_for_each(|row| writer.write_record(row))
    });
    debug_assert!(written.is_ok(), "{written:?}");
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were_but_no_formula_does() {
        let rows = [["a,b \"c\"\nd", "=1+1", ""].map(ToOwned::to_owned).to_vec()];
        let text = csv(&["x", "y", "z"], &rows);
        assert_eq!(text, "x,y,z\r\n\"a,b \"\"c\"\"\nd\",'=1+1,\r\n");
    }
}
