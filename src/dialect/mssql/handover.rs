//! A run as one batch of T-SQL, for any client: sqlcmd, SSMS, Azure Data Studio.
//!
//! There is no GO in it, because what a client does after an error is the client's choice: some go
//! on with the next batch. The migration's own batches run by `sp_executesql` within one TRY, whose
//! CATCH undoes, gives the lock back and throws on. Everything is ASCII, since clients read files in
//! code pages of their own, and no line begins with what sqlcmd takes for a command or holds what it
//! takes for a variable: texts are put together line by line.

use crate::dialect::handover::{Before, Deed, Handover, Unit, stale};
use crate::engine::Value;
use crate::history::tables;
use crate::model::Ident;

use super::{Mssql, bracketed, national};

/// How long the script waits for another run, in milliseconds.
const PATIENCE: u32 = 60_000;

/// A constant is cut at this many characters, well below where servers begin to mind.
const LONGEST: usize = 2_000;

/// See [`crate::dialect::Dialect::handover`].
pub(super) fn script(dialect: &Mssql, handover: &Handover) -> String {
    let mut out = String::new();
    for line in &handover.headline {
        out.push_str(&comment(line, ""));
    }
    out.push_str(&comment("", ""));
    out.push_str(&comment(
        "Run it whole, as one batch: sqlcmd -b -d DATABASE -i THIS-FILE, or in any other client.",
        "",
    ));
    out.push_str(
        "SET NOCOUNT ON;\n\
         SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, \
         QUOTED_IDENTIFIER ON;\n\
         SET NUMERIC_ROUNDABORT OFF;\n\
         SET XACT_ABORT ON;\n\
         SET IMPLICIT_TRANSACTIONS OFF;\n\
         DECLARE @result int, @count int, @head nvarchar(64), @sql nvarchar(max), @text nvarchar(max);\n",
    );
    // The session names it `server/database`.
    let database = handover.database.rsplit('/').next().unwrap_or_default();
    let wrong = "stopped: this is not the database that this script was written for";
    out.push_str(&stop(
        &format!("DB_NAME() <> {}", spelled(database)),
        51_010,
        wrong,
        "",
    ));
    let open = "stopped: a transaction is open already in this session";
    out.push_str(&stop("@@TRANCOUNT > 0", 51_011, open, ""));
    out.push_str(&format!(
        "EXEC @result = sp_getapplock @Resource = N'dbtool/migrate', @LockMode = 'Exclusive', \
         @LockOwner = 'Session',\n     @LockTimeout = {PATIENCE}, @DbPrincipal = 'public';\n"
    ));
    let held = "stopped: another dbtool run holds the migration lock";
    out.push_str(&stop("@result IS NULL OR @result < 0", 51_012, held, ""));
    out.push_str("BEGIN TRY\n");
    for unit in &handover.units {
        out.push_str(&self::unit(dialect, unit));
    }
    let release = "EXEC @result = sp_releaseapplock @Resource = N'dbtool/migrate', \
                   @LockOwner = 'Session', @DbPrincipal = 'public';\n";
    out.push_str(&format!(
        "END TRY\nBEGIN CATCH\n    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;\n    {release}    THROW;\n\
         END CATCH;\n{release}"
    ));
    out
}

fn unit(dialect: &Mssql, unit: &Unit) -> String {
    let mut out = String::from("\n");
    for line in &unit.comment {
        out.push_str(&comment(line, "    "));
    }
    if unit.is_transaction {
        out.push_str("    BEGIN TRANSACTION;\n");
    }
    out.push_str(&guard(dialect, &unit.before));
    for deed in &unit.deeds {
        match deed {
            Deed::Run(batch) => {
                out.push_str(&built("@sql", &batch.sql));
                out.push_str(&match batch.repeat {
                    1 => "    EXEC sp_executesql @sql;\n".to_owned(),
                    times => format!(
                        "    SET @count = {times};\n    WHILE @count > 0\n    BEGIN\n        EXEC \
                         sp_executesql @sql;\n        SET @count = @count - 1;\n    END;\n"
                    ),
                });
            }
            Deed::Insert { table, cells } => out.push_str(&insert(dialect, table, cells)),
        }
    }
    if unit.is_transaction {
        let ended = "stopped and undone: a statement of the migration ended the transaction or \
                     opened another";
        out.push_str(&stop(
            "@@TRANCOUNT <> 1 OR XACT_STATE() <> 1",
            51_014,
            ended,
            "    ",
        ));
        out.push_str("    COMMIT TRANSACTION;\n");
    }
    out
}

fn guard(dialect: &Mssql, before: &Before) -> String {
    let history = format!(
        "{}.{}",
        bracketed(&dialect.schema),
        bracketed(tables::HISTORY)
    );
    let message = stale(before);
    match before {
        Before::NoHistory => stop(
            &format!("OBJECT_ID({}, N'U') IS NOT NULL", national(&history)),
            51_013,
            &message,
            "    ",
        ),
        Before::EmptyHistory => stop(
            &format!("EXISTS (SELECT 1 FROM {history})"),
            51_013,
            &message,
            "    ",
        ),
        Before::Head(head) => {
            let read = format!(
                "    SET @head = (SELECT TOP (1) [chainHash] FROM {history} ORDER BY [id] DESC);\n"
            );
            let other = format!("@head IS NULL OR @head <> {}", national(head.as_str()));
            read + &stop(&other, 51_013, &message, "    ")
        }
    }
}

/// Ends the script where a condition holds.
fn stop(condition: &str, number: u32, message: &str, indent: &str) -> String {
    format!(
        "{indent}IF {condition}\n{indent}BEGIN\n{indent}    THROW {number}, {}, 1;\n{indent}END;\n",
        national(message)
    )
}

fn insert(dialect: &Mssql, table: &Ident, cells: &[(Ident, Value)]) -> String {
    let mut out = String::new();
    let mut values = Vec::new();
    let mut has_text = false;
    for (_, value) in cells {
        values.push(match value {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => format!("{number:?}"),
            // Only the SQL of a migration has lines, and each row has one of it.
            Value::Text(text) if !has_text && (text.contains('\n') || text.len() > LONGEST) => {
                has_text = true;
                out.push_str(&built("@text", text));
                "@text".to_owned()
            }
            Value::Text(text) => spelled(text),
            Value::Bytes(bytes) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("0x{digits}")
            }
        });
    }
    let names: Vec<String> = cells
        .iter()
        .map(|(name, _)| bracketed(name.as_str()))
        .collect();
    out.push_str(&format!(
        "    INSERT INTO {}.{} ({})\n    VALUES ({});\n",
        bracketed(&dialect.schema),
        bracketed(table.as_str()),
        names.join(", "),
        values.join(", ")
    ));
    out
}

/// Statements that put a text together in a variable, a line at a time.
fn built(variable: &str, text: &str) -> String {
    let mut out = format!("    SET {variable} = N'';\n");
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while !rest.is_empty() {
            let end = rest
                .char_indices()
                .map(|(at, _)| at)
                .nth(LONGEST)
                .unwrap_or(rest.len());
            let (piece, tail) = rest.split_at(end);
            out.push_str(&format!("    SET {variable} += {};\n", spelled(piece)));
            rest = tail;
        }
    }
    out
}

/// A text as an expression of ASCII characters on one line, in which sqlcmd finds no variable.
fn spelled(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut plain = String::new();
    let end = |plain: &mut String, parts: &mut Vec<String>| {
        if !plain.is_empty() {
            parts.push(national(plain));
            plain.clear();
        }
    };
    for c in text.chars() {
        if c == '(' && plain.ends_with('$') {
            end(&mut plain, &mut parts);
        }
        if c == ' ' || c.is_ascii_graphic() {
            plain.push(c);
        } else {
            end(&mut plain, &mut parts);
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units);
            parts.extend(units.iter().map(|unit| format!("NCHAR({unit})")));
        }
    }
    end(&mut plain, &mut parts);
    if parts.is_empty() {
        return national("");
    }
    parts.join(" + ")
}

fn comment(line: &str, indent: &str) -> String {
    let plain = |c: char| match c {
        c if c == ' ' || c.is_ascii_graphic() => c,
        _ => '?',
    };
    // No variable of sqlcmd either.
    let line: String = line.replace("$(", "$ (").chars().map(plain).collect();
    format!("{indent}-- {line}").trim_end().to_owned() + "\n"
}
