//! Exit codes: one meaning each, and which one wins when several apply.

use std::process::ExitCode;

/// How a run ended. Variants are declared in order of precedence, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// 8: a secret could not be resolved, or the database could not be reached.
    Connection,
    /// 7: another run held the migration lock for the whole waiting time.
    Locked,
    /// 9: the migrations folder and the history contradict each other.
    History,
    /// 4: a migration failed.
    Migration,
    /// 3: the database is not what it should be, or that could not be proven.
    Drift,
    /// 5: a persistence assertion failed.
    Assertion,
    /// 6: the schema, the settings' rules or the SQL have findings.
    Findings,
    /// 2: wrong arguments or settings.
    Usage,
    /// 1: anything else that went wrong.
    Unexpected,
    /// 130: interrupted from outside.
    Interrupted,
    /// 0: everything is as it should be.
    Ok,
}

impl Exit {
    /// Every outcome, the strongest first.
    pub const ALL: [Self; 11] = [
        Self::Connection,
        Self::Locked,
        Self::History,
        Self::Migration,
        Self::Drift,
        Self::Assertion,
        Self::Findings,
        Self::Usage,
        Self::Unexpected,
        Self::Interrupted,
        Self::Ok,
    ];

    /// The outcome of a run to which all of these apply; [`Exit::Ok`] when none does.
    pub fn first(outcomes: impl IntoIterator<Item = Self>) -> Self {
        outcomes.into_iter().min().unwrap_or(Self::Ok)
    }

    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Drift => 3,
            Self::Migration => 4,
            Self::Assertion => 5,
            Self::Findings => 6,
            Self::Locked => 7,
            Self::Connection => 8,
            Self::History => 9,
            Self::Interrupted => 130,
        }
    }

    /// The word for it in output; part of the published JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unexpected => "unexpected",
            Self::Usage => "usage",
            Self::Drift => "drift",
            Self::Migration => "migration",
            Self::Assertion => "assertion",
            Self::Findings => "findings",
            Self::Locked => "locked",
            Self::Connection => "connection",
            Self::History => "history",
            Self::Interrupted => "interrupted",
        }
    }

    /// What it means, in a phrase.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "fine: done, or nothing to do",
            Self::Unexpected => "unexpected failure",
            Self::Usage => "usage or configuration",
            Self::Drift => "drift, or freedom from drift not proven",
            Self::Migration => "a migration failed and was rolled back",
            Self::Assertion => "a persistence assertion failed",
            Self::Findings => "schema or lint findings",
            Self::Locked => "the migration lock was not obtained in time",
            Self::Connection => "a secret or the connection failed",
            Self::History => {
                "history in conflict: edited, missing, reordered, unsealed or unknown migration"
            }
            Self::Interrupted => "stopped from outside (Ctrl-C, SIGTERM)",
        }
    }

    /// Which commands can end so.
    pub fn commands(self) -> &'static str {
        match self {
            Self::Ok | Self::Unexpected | Self::Usage | Self::Interrupted => "every command",
            Self::Drift => "plan, migrate, drift-check, baseline, repair, diff, verify-story",
            Self::Migration => "seal, rebase, migrate, verify-story",
            Self::Assertion => "verify-story",
            Self::Findings => {
                "check, generate, seal, rebase, lint, migrate, introspect, diff, verify-story"
            }
            Self::Locked => {
                "migrate, baseline, repair, verify-story; plan, status, drift-check and history beside a long writer"
            }
            Self::Connection => {
                "rebase, plan, migrate, status, drift-check, history, baseline, repair, introspect, diff, verify-story, doctor"
            }
            Self::History => {
                "check, generate, seal, rebase, plan, migrate, status, drift-check, baseline, repair, diff, \
                 verify-story, history"
            }
        }
    }

    /// The table for `--help`: aligned plain text, by code, with the rule of precedence below it.
    pub fn table() -> String {
        let mut text = String::from("Exit codes:\n");
        for outcome in Self::by_code() {
            text.push_str(&format!(
                "  {:>3}  {:<11}  {}\n{:20}{}\n",
                outcome.code(),
                outcome.word(),
                outcome.meaning(),
                "",
                outcome.commands(),
            ));
        }
        text.push_str(&format!("{}\n", Self::precedence()));
        text
    }

    /// The table for the README: Markdown, by code, with the rule of precedence below it.
    pub fn markdown_table() -> String {
        let mut text =
            String::from("| code | outcome | meaning | commands |\n|---:|---|---|---|\n");
        for outcome in Self::by_code() {
            text.push_str(&format!(
                "| {} | `{}` | {} | {} |\n",
                outcome.code(),
                outcome.word(),
                outcome.meaning(),
                outcome.commands(),
            ));
        }
        text.push_str(&format!("\n{}\n", Self::precedence()));
        text
    }

    fn precedence() -> String {
        let codes: Vec<String> = Self::ALL.iter().map(|it| it.code().to_string()).collect();
        format!(
            "Where several apply, the first of these wins: {}.",
            codes.join(", ")
        )
    }

    fn by_code() -> Vec<Self> {
        let mut outcomes = Self::ALL.to_vec();
        outcomes.sort_by_key(|outcome| outcome.code());
        outcomes
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_as_documented() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|outcome| outcome.code()).collect();
        assert_eq!(codes, [8, 7, 9, 4, 3, 5, 6, 2, 1, 130, 0]);
        for (index, stronger) in Exit::ALL.iter().enumerate() {
            for weaker in &Exit::ALL[index..] {
                assert_eq!(Exit::first([*weaker, *stronger]), *stronger);
            }
        }
        assert_eq!(Exit::first([]), Exit::Ok);
    }

    #[test]
    fn tables_hold_every_code_once() {
        insta::assert_snapshot!(Exit::table(), @r#"
        Exit codes:
            0  ok           fine: done, or nothing to do
                            every command
            1  unexpected   unexpected failure
                            every command
            2  usage        usage or configuration
                            every command
            3  drift        drift, or freedom from drift not proven
                            plan, migrate, drift-check, baseline, repair, diff, verify-story
            4  migration    a migration failed and was rolled back
                            seal, rebase, migrate, verify-story
            5  assertion    a persistence assertion failed
                            verify-story
            6  findings     schema or lint findings
                            check, generate, seal, rebase, lint, migrate, introspect, diff, verify-story
            7  locked       the migration lock was not obtained in time
                            migrate, baseline, repair, verify-story; plan, status, drift-check and history beside a long writer
            8  connection   a secret or the connection failed
                            rebase, plan, migrate, status, drift-check, history, baseline, repair, introspect, diff, verify-story, doctor
            9  history      history in conflict: edited, missing, reordered, unsealed or unknown migration
                            check, generate, seal, rebase, plan, migrate, status, drift-check, baseline, repair, diff, verify-story, history
          130  interrupted  stopped from outside (Ctrl-C, SIGTERM)
                            every command
        Where several apply, the first of these wins: 8, 7, 9, 4, 3, 5, 6, 2, 1, 130, 0.
        "#);
        for table in [Exit::table(), Exit::markdown_table()] {
            for outcome in Exit::ALL {
                assert_eq!(table.matches(outcome.meaning()).count(), 1, "{outcome:?}");
            }
        }
    }
}
