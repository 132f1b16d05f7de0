//! What goes where, and in which dress.

use std::sync::Arc;

use anyhow::Context as _;

use super::*;
use crate::diag::{Diagnostic, Phase};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::secret::{Lookup, Reference, resolve};

/// A stream that remembers.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no test panics in between")
            .extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no test panics in between");
        String::from_utf8(bytes.clone()).expect("it is UTF-8")
    }
}

/// A stream that fails in one way.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(format: OutputFormat, verbosity: Verbosity) -> Options {
    Options {
        format,
        color: ColorChoice::Never,
        verbosity,
    }
}

fn kept(options: Options, surroundings: &Surroundings) -> (Printer, Kept, Kept) {
    let (out, err) = (Kept::default(), Kept::default());
    let streams = (Box::new(out.clone()), Box::new(err.clone()));
    let printer = Printer::on(options, surroundings, streams.0, streams.1);
    (printer, out, err)
}

fn report() -> Report {
    let mut report = Report::new("check");
    report.exit = Exit::Findings;
    report.findings = vec![Diagnostic::error(
        Phase::Schema,
        "schema/odd",
        "odd\u{1b}[31m",
    )];
    report
}

fn environment() -> Environment {
    Environment {
        name: "local".to_owned(),
        engine: Engine::Sqlite,
        product: "SQLite 3.54.0".to_owned(),
        database: ".dbtool/local.db\u{7}".to_owned(),
    }
}

fn surroundings(variables: &[(&'static str, &str)]) -> Surroundings {
    let owned = |&(name, value): &(&'static str, &str)| (name, value.to_owned());
    Surroundings {
        variables: variables.iter().map(owned).collect(),
        ..Surroundings::default()
    }
}

/// Says one of everything.
fn everything(printer: &Printer) {
    printer.working_on(&environment());
    printer.message("message");
    printer.detail("detail");
    printer.warning("warned");
    let progress = printer.progress(2, "working");
    progress.inc(1);
    progress.message("still");
    progress.finish();
    printer.data("SELECT\t1;\n").expect("it is written");
    let rows = [vec!["1".to_owned(), "init".to_owned()]];
    printer
        .table(&["ID", "NAME"], &rows)
        .expect("it is written");
    printer.report_beside(&report()).expect("it is written");
}

#[test]
fn data_goes_to_stdout_and_the_rest_to_stderr() {
    let (printer, out, err) = kept(Options::default(), &Surroundings::default());
    everything(&printer);
    insta::assert_snapshot!(out.text(), @r#"
    SELECT	1;
    ID  NAME
    --- -----
     1  init
    "#);
    insta::assert_snapshot!(err.text(), @r#"
    Working on: environment local · SQLite 3.54.0 · .dbtool/local.db␇
    message
    warning: warned
    error[schema/odd]: odd␛[31m
      = phase: schema

    check: failed with exit 6 (findings): 1 error
    "#);
}

#[test]
fn quiet_leaves_answers_and_findings() {
    let quiet = options(OutputFormat::Human, Verbosity::Quiet);
    let (printer, out, err) = kept(quiet, &Surroundings::default());
    everything(&printer);
    assert!(out.text().contains("SELECT"));
    insta::assert_snapshot!(err.text(), @r#"
    error[schema/odd]: odd␛[31m
      = phase: schema
    "#);
    let empty = Report::new("check");
    let before = out.text();
    printer.report(&empty).expect("it is written");
    assert_eq!(out.text(), before, "there is nothing to say");
}

#[test]
fn verbose_adds_details() {
    let verbose = options(OutputFormat::Human, Verbosity::Verbose);
    let (printer, _, err) = kept(verbose, &Surroundings::default());
    everything(&printer);
    assert!(err.text().contains("detail\n"));
}

#[test]
fn json_is_alone_on_stdout() {
    let json = options(OutputFormat::Json, Verbosity::Normal);
    let (printer, out, _) = kept(json, &Surroundings::default());
    everything(&printer);
    let read: serde_json::Value = serde_json::from_str(&out.text()).expect("nothing but JSON");
    assert_eq!(read["format"], "dbtool.check/1");
}

#[test]
fn data_is_exact_in_a_pipe_and_safe_on_a_terminal() {
    let evil = "-- \u{1b}]0;x\u{7}\r\n\tSELECT 1;";
    let (printer, out, _) = kept(Options::default(), &Surroundings::default());
    printer.data(evil).expect("it is written");
    assert_eq!(out.text(), evil);

    let mut terminal = Surroundings::default();
    terminal.stdout.terminal = true;
    let (printer, out, _) = kept(Options::default(), &terminal);
    printer.data(evil).expect("it is written");
    assert_eq!(out.text(), "-- ␛]0;x␇\n    SELECT 1;");
}

#[test]
fn nobody_is_told_that_the_reader_went_away() {
    let broken = |kind| {
        let (out, err) = (Box::new(Broken(kind)), Box::new(Broken(kind)));
        Printer::on(Options::default(), &Surroundings::default(), out, err)
    };
    let printer = broken(io::ErrorKind::BrokenPipe);
    everything(&printer);
    printer.report(&report()).expect("a reader may go");
    printer
        .write_reports(&[(Format::Json, "-".into())], &report())
        .expect("a reader may go");
    let printer = broken(io::ErrorKind::StorageFull);
    printer.data("x").expect_err("a full disk is an error");
    printer.message("a full disk is no reason to stop talking");
}

#[test]
fn colors_follow_the_flag_and_then_the_variables() {
    use ColorChoice::{Always, Auto, Never};

    let terminal = Stream {
        terminal: true,
        width: None,
    };
    let pipe = Stream::default();
    type Variables<'a> = &'a [(&'static str, &'a str)];
    let cases: [(ColorChoice, Stream, Variables<'_>, bool); 14] = [
        (Auto, terminal, &[], true),
        (Auto, pipe, &[], false),
        (Always, pipe, &[("NO_COLOR", "1")], true),
        (Never, terminal, &[("CLICOLOR_FORCE", "1")], false),
        (Auto, terminal, &[("NO_COLOR", "1")], false),
        (Auto, terminal, &[("NO_COLOR", "")], true),
        (
            Auto,
            terminal,
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
            false,
        ),
        (Auto, pipe, &[("CLICOLOR_FORCE", "1")], true),
        (Auto, pipe, &[("CLICOLOR_FORCE", "0")], false),
        (Auto, pipe, &[("CLICOLOR_FORCE", "")], false),
        (Auto, terminal, &[("CLICOLOR", "0")], false),
        (Auto, terminal, &[("CLICOLOR", "1")], true),
        (Auto, terminal, &[("TERM", "dumb")], false),
        (Auto, terminal, &[("TERM", "xterm")], true),
    ];
    for (choice, stream, variables, want) in cases {
        let color = surroundings(variables).color(choice, stream);
        assert_eq!(color, want, "{choice:?} {stream:?} {variables:?}");
    }
}

#[test]
fn signs_follow_the_locale() {
    let cases: [(&[(&'static str, &str)], bool); 7] = [
        (&[], true),
        (&[("LANG", "en_US.UTF-8")], true),
        (&[("LANG", "C.utf8")], true),
        (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], false),
        (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "")], true),
        (&[("LC_CTYPE", "de_DE.ISO-8859-1")], false),
        (&[("LANG", "POSIX")], false),
    ];
    for (variables, want) in cases {
        assert_eq!(surroundings(variables).unicode(), want, "{variables:?}");
    }
    let (printer, _, err) = kept(Options::default(), &surroundings(&[("LC_ALL", "C")]));
    printer.working_on(&environment());
    assert_eq!(
        err.text(),
        "Working on: environment local - SQLite 3.54.0 - .dbtool/local.db␇\n"
    );
}

#[test]
fn failures_show_their_causes_and_what_to_do() {
    struct Nothing;
    impl Lookup for Nothing {
        fn variable(&self, _: &str) -> Option<std::ffi::OsString> {
            None
        }
        fn file(&self, _: &std::path::Path, _: usize) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }
    }
    let (printer, _, err) = kept(Options::default(), &Surroundings::default());
    let reference = Reference::parse("env:DBTOOL_DATABASE_URL").expect("it is one");
    let error = resolve(&reference, "ci", &Nothing)
        .context("the database\u{1b} of `ci` is not known")
        .expect_err("nothing is set");
    printer.failure(&error);
    insta::assert_snapshot!(err.text(), @r#"
    error: the database␛ of `ci` is not known
      caused by: environment `ci`: variable `DBTOOL_DATABASE_URL` is not set
      help: set variable `DBTOOL_DATABASE_URL` to the connection of `ci`, in a pipeline from its secret store, or choose another environment with --env
    "#);
}

#[test]
fn progress_is_for_people_who_watch() {
    let mut watched = Surroundings::default();
    watched.stderr.terminal = true;
    let shows = |options, surroundings: &Surroundings| {
        let (printer, _, _) = kept(options, surroundings);
        printer.progress(1, "x").bar.is_some()
    };
    assert!(shows(Options::default(), &watched));
    assert!(!shows(Options::default(), &Surroundings::default()));
    let quiet = options(OutputFormat::Human, Verbosity::Quiet);
    assert!(!shows(quiet, &watched));
    let json = options(OutputFormat::Json, Verbosity::Normal);
    assert!(!shows(json, &watched));
}
