//! The `-- dbtool:` lines of a migration's SQL, the same for every engine.
//!
//! Owns what they are called, where they may stand, and what they ask for. Where a comment or a
//! batch begins and ends is each engine's own business.

use super::{Autocommit, Directives};

const ALLOW: &str = "allow";
const AUTOCOMMIT: &str = "autocommit";
const DONE_WHEN: &str = "done-when";

/// Foreign keys are checked at the end.
pub(super) const DEFER_FOREIGN_KEYS: &str = "defer-foreign-keys";
/// Each batch is committed by itself.
pub(super) const NO_TRANSACTION: &str = "no-transaction";

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Above the first batch.
    Head,
    /// Between two batches.
    Between,
    /// Within one.
    Within,
}

/// Reads the lines of one file in their order.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// What the lines so far say of the next batch, and the byte at which they begin.
    next: Option<(Autocommit, usize)>,
}

impl Reader {
    /// Takes in what follows `-- dbtool:` on a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(
        &mut self,
        line: &str,
        place: Place,
        offset: usize,
        directives: &mut Directives,
    ) -> Result<(), String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        // For `lint`, wherever it stands.
        if word == ALLOW {
            return Ok(());
        }
        match (word, rest) {
            (AUTOCOMMIT, "") if place == Place::Within => Err(misplaced(
                word,
                "right above the batch that it is about, not within it",
            )),
            (AUTOCOMMIT, "") => {
                self.next.get_or_insert((Autocommit::default(), offset));
                Ok(())
            }
            (DONE_WHEN, query) => match &mut self.next {
                Some((autocommit, _)) if place != Place::Within => {
                    if autocommit.done_when.is_some() {
                        return Err(format!(
                            "-- dbtool:{DONE_WHEN} stands twice above one batch; one query says it"
                        ));
                    }
                    if !is_query(query) {
                        return Err(format!(
                            "-- dbtool:{DONE_WHEN} takes one query on the same line, beginning with \
                             SELECT or WITH: its first value is 0 or NULL, or it has no row, while \
                             the batch has still to run"
                        ));
                    }
                    autocommit.done_when = Some(query.trim_end_matches(';').trim().to_owned());
                    Ok(())
                }
                _ => Err(misplaced(word, "right below -- dbtool:autocommit")),
            },
            (DEFER_FOREIGN_KEYS | NO_TRANSACTION, "") if place != Place::Head => {
                Err(misplaced(word, "above the first statement"))
            }
            (DEFER_FOREIGN_KEYS, "") => {
                directives.defer_foreign_keys = true;
                Ok(())
            }
            (NO_TRANSACTION, "") => {
                directives.no_transaction = true;
                Ok(())
            }
            _ => Err(format!(
                "-- dbtool:{line} is not known; known are {DEFER_FOREIGN_KEYS}, {NO_TRANSACTION}, \
                 {AUTOCOMMIT}, {DONE_WHEN} and {ALLOW}"
            )),
        }
    }

    /// What the lines above a batch that ends now say of it, when it runs `repeat` times.
    ///
    /// # Errors
    /// The byte of the line that cannot be meant, and why.
    pub(super) fn batch(
        &mut self,
        repeat: u32,
        directives: Directives,
    ) -> Result<Option<Autocommit>, (usize, String)> {
        let Some((autocommit, offset)) = self.next.take() else {
            return Ok(None);
        };
        if !directives.no_transaction {
            return Err((
                offset,
                format!(
                    "-- dbtool:{AUTOCOMMIT} needs -- dbtool:{NO_TRANSACTION} above the first \
                     statement: without it all of the file is one transaction"
                ),
            ));
        }
        if repeat != 1 {
            return Err((
                offset,
                format!(
                    "a batch with -- dbtool:{AUTOCOMMIT} runs once: after an interruption nobody \
                     could tell how often it had run"
                ),
            ));
        }
        Ok(Some(autocommit))
    }

    /// The end of the file.
    ///
    /// # Errors
    /// The byte of a line that no batch follows, and what is wrong with it.
    pub(super) fn finish(&self) -> Result<(), (usize, String)> {
        match self.next {
            None => Ok(()),
            Some((_, offset)) => Err((offset, misplaced(AUTOCOMMIT, "above a batch"))),
        }
    }
}

/// The lines that ask for this, for a file.
pub(super) fn lines(autocommit: Option<&Autocommit>) -> Vec<String> {
    let Some(autocommit) = autocommit else {
        return Vec::new();
    };
    let mut lines = vec![format!("dbtool:{AUTOCOMMIT}")];
    lines.extend(
        autocommit
            .done_when
            .iter()
            .map(|query| format!("dbtool:{DONE_WHEN} {query}")),
    );
    lines
}

fn misplaced(word: &str, place: &str) -> String {
    format!("-- dbtool:{word} has no effect here; it belongs {place}")
}

/// Whether a text begins as a query does.
fn is_query(text: &str) -> bool {
    let word: String = text
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect::<String>()
        .to_ascii_lowercase();
    matches!(word.as_str(), "select" | "with")
}

#[cfg(test)]
mod tests {
    use crate::dialect::mssql::{Edition, Mssql};
    use crate::dialect::sqlite::Sqlite;
    use crate::dialect::{Autocommit, Batch, Dialect};

    fn dialects() -> [Box<dyn Dialect>; 2] {
        let mssql = Mssql {
            schema: "dbo".to_owned(),
            edition: Edition::Azure,
        };
        [Box::new(mssql), Box::new(Sqlite)]
    }

    #[test]
    fn what_is_written_of_a_batch_is_read_again() {
        let asked = |query: &str| Autocommit {
            done_when: Some(query.to_owned()),
        };
        let batches: Vec<Batch> = [
            None,
            Some(Autocommit::default()),
            Some(asked("SELECT 1 FROM t")),
            Some(asked("with x as (select 1) select count(*) from x")),
            None,
        ]
        .into_iter()
        .map(|autocommit| Batch {
            autocommit,
            ..Batch::new("UPDATE t SET a = 1").comment("Why.")
        })
        .collect();
        for dialect in dialects() {
            let head = ["dbtool:no-transaction".to_owned()];
            let text = dialect.script(&head, &batches);
            let script = dialect
                .split(&text)
                .expect("what is written is well-formed");
            let read: Vec<Batch> = script
                .batches
                .into_iter()
                .map(|batch| Batch { line: 1, ..batch })
                .collect();
            assert_eq!(read, batches, "{text}");
        }
    }

    #[test]
    fn lines_that_mean_nothing_are_refused_where_they_stand() {
        let head = "-- dbtool:no-transaction\n";
        let cases = [
            (
                "-- dbtool:autocommit\nSELECT 1",
                "needs -- dbtool:no-transaction",
            ),
            ("-- dbtool:autocommit on\nSELECT 1", "is not known"),
            ("{head}SELECT\n-- dbtool:autocommit\n1", "not within it"),
            (
                "{head}-- dbtool:done-when SELECT 1\nSELECT 1",
                "right below",
            ),
            (
                "{head}-- dbtool:autocommit\n-- dbtool:done-when selected\nSELECT 1",
                "one query on the same line",
            ),
            (
                "{head}-- dbtool:autocommit\n-- dbtool:done-when\nSELECT 1",
                "one query",
            ),
            (
                "{head}-- dbtool:autocommit\n-- dbtool:done-when SELECT 1\n\
                 -- dbtool:done-when SELECT 2\nSELECT 1",
                "twice",
            ),
            ("{head}SELECT 1\n;\nGO\n-- dbtool:autocommit\n", ""),
        ];
        for dialect in dialects() {
            for (text, message) in cases {
                let text = text.replace("{head}", head);
                let error = dialect.split(&text).expect_err(&text);
                assert!(error.message.contains(message), "{text}: {error}");
                assert!(
                    text[error.offset..].starts_with("-- dbtool:"),
                    "{text}: {error:?}"
                );
            }
        }
        let times = format!("{head}-- dbtool:autocommit\nSELECT 1\nGO 3\n");
        let error = dialects()[0].split(&times).expect_err("three times");
        assert!(error.message.contains("runs once"), "{error}");
    }
}
