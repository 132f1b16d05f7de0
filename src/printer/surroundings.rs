//! What decides the dress of output.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use super::ColorChoice;
use crate::report::Style;

/// An output stream as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stream {
    /// Whether a terminal is behind it.
    pub terminal: bool,
    /// The terminal's width in columns, where it is known.
    pub width: Option<u16>,
}

/// What decides the dress of output: the streams, and the variables that users set for it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Standard output.
    pub stdout: Stream,
    /// Standard error.
    pub stderr: Stream,
    /// Values of those of [`Surroundings::VARIABLES`] that are set.
    pub variables: BTreeMap<&'static str, String>,
}

impl Surroundings {
    /// The variables that matter.
    pub const VARIABLES: [&'static str; 7] = [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "TERM",
        "LC_ALL",
        "LC_CTYPE",
        "LANG",
    ];

    /// Those of this process.
    pub fn of_process() -> Self {
        let mut table = comfy_table::Table::new();
        let stdout = Stream {
            terminal: io::stdout().is_terminal(),
            width: table.width(),
        };
        let stderr = Stream {
            terminal: io::stderr().is_terminal(),
            width: table.use_stderr().width(),
        };
        let set = |name| std::env::var(name).ok().map(|value| (name, value));
        Self {
            stdout,
            stderr,
            variables: Self::VARIABLES.into_iter().filter_map(set).collect(),
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// Whether to use colours on a stream; see <https://no-color.org> and
    /// <https://bixense.com/clicolors>. What is asked for on the command line wins.
    pub(super) fn color(&self, choice: ColorChoice, stream: Stream) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                if self.variable("NO_COLOR").is_some() {
                    false
                } else if self.variable("CLICOLOR_FORCE").is_some_and(|it| it != "0") {
                    true
                } else {
                    stream.terminal
                        && self.variable("CLICOLOR") != Some("0")
                        && self.variable("TERM") != Some("dumb")
                }
            }
        }
    }

    /// Whether signs outside ASCII can be shown. Without a word from the locale they can: that is
    /// how containers and CI systems are found, and their logs are UTF-8.
    pub(super) fn unicode(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"];
        match locale.iter().find_map(|name| self.variable(name)) {
            None => true,
            Some(locale) => {
                let locale = locale.to_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
        }
    }

    pub(super) fn style(&self, choice: ColorChoice, stream: Stream) -> Style {
        Style {
            color: self.color(choice, stream),
            unicode: self.unicode(),
            width: stream.width.filter(|_| stream.terminal),
        }
    }
}
