//! What is dropped and emptied on a server, and above all what is not.

use std::collections::BTreeMap;

use super::*;
use crate::scratch::server::{Created, Door, Given, NotGiven, Purpose};

/// What a database says of itself: its properties by name.
type Properties = &'static [(&'static str, &'static str)];

/// A server with these databases besides `master`, on which the locks of these runs are held. Each
/// database answers at a port of its own, so that what was sent to which can be told.
struct Server {
    databases: BTreeMap<String, Responder>,
    /// What answers for databases that are made later.
    made: Responder,
}

impl Server {
    fn start(databases: &[(&str, Properties)], held: &'static [&'static str]) -> Arc<Self> {
        let names: Vec<String> = databases
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let master = Responder::start(move |event| match event {
            Event::Batch(sql) if sql.contains("sys.databases") => {
                let named: Vec<Vec<Option<&str>>> =
                    names.iter().map(|name| vec![Some(name.as_str())]).collect();
                let named: Vec<&[Option<&str>]> = named.iter().map(Vec::as_slice).collect();
                rows(&["name"], &named)
            }
            Event::Rpc(sql, parameters) if sql.contains("sp_getapplock") => {
                let held = held.iter().any(|run| parameters[0].ends_with(run));
                rows(&["#result"], &[&[Some(if held { "#-1" } else { "#0" })]])
            }
            event => usual(event),
        });
        let mut all = BTreeMap::from([("master".to_owned(), master)]);
        for (name, properties) in databases {
            let properties: Properties = properties;
            all.insert(
                (*name).to_owned(),
                Responder::start(move |event| told_of(properties, event)),
            );
        }
        Arc::new(Self {
            databases: all,
            made: Responder::start(usual),
        })
    }

    fn door(self: &Arc<Self>, named: &'static str) -> Door {
        let server = Arc::clone(self);
        Box::new(move |database, _: Purpose| {
            let database = database.unwrap_or(named);
            let responder = server.databases.get(database).unwrap_or(&server.made);
            Ok(Box::new(connect(responder)))
        })
    }

    /// What was sent to a database, without what every session sends.
    fn heard(&self, database: &str) -> Vec<String> {
        batches(self.databases.get(database).unwrap_or(&self.made))
    }

    fn heard_of(&self, database: &str, what: &str) -> Vec<String> {
        let mut heard = self.heard(database);
        heard.retain(|sql| sql.contains(what));
        heard
    }
}

/// The answers of a database with these properties.
fn told_of(properties: Properties, event: &Event) -> Reply {
    match event {
        Event::Rpc(sql, parameters) if sql.contains("extended_properties") => {
            let found = properties.iter().find(|(name, _)| *name == parameters[0]);
            match found {
                Some((_, value)) => rows(&["value"], &[&[Some(*value)]]),
                None => rows(&["value"], &[]),
            }
        }
        event => usual(event),
    }
}

fn started(server: &Arc<Server>, keep: bool) -> (Created, Arc<Mutex<Vec<String>>>) {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let tells = Arc::clone(&told);
    let tell = Box::new(move |text: &str| tells.lock().unwrap().push(text.to_owned()));
    let created = Created::start(server.door("main"), tell, keep).expect("the server is there");
    (created, told)
}

#[test]
fn only_what_carries_the_mark_of_a_dead_run_is_dropped() {
    let server = Server::start(
        &[
            ("dbtool_alive", &[("dbtoolThrowaway", "living")]),
            ("dbtool_dead", &[("dbtoolThrowaway", "gone")]),
            ("dbtool_kept", &[("dbtoolKept", "gone")]),
            ("dbtool_somebodys", &[]),
            ("production", &[("dbtoolThrowaway", "gone")]),
        ],
        &["/living"],
    );
    let (created, told) = started(&server, false);
    assert_eq!(
        server.heard_of("master", "DROP DATABASE"),
        ["DROP DATABASE [dbtool_dead];"]
    );
    let told = told.lock().unwrap().join("\n");
    assert!(
        told.contains("dropped dbtool_dead, which run gone had left"),
        "{told}"
    );
    assert!(told.contains("dbtool_somebodys is left alone"), "{told}");
    assert!(!told.contains("kept") && !told.contains("alive"), "{told}");
    assert!(
        server.heard("production").is_empty(),
        "it is not even looked at"
    );
    // The lock of the dead run was taken, so that no other run drops it too, and given back.
    assert_eq!(server.heard_of("master", "sp_releaseapplock").len(), 1);
    drop(created);
    assert_eq!(server.heard_of("master", "DROP DATABASE").len(), 1);
}

#[test]
fn a_run_holds_its_lock_before_it_marks_what_it_makes_and_drops_it_in_the_end() {
    let server = Server::start(&[], &[]);
    let (created, _) = started(&server, false);
    assert_eq!(server.heard_of("master", "sp_getapplock").len(), 1);
    let name = created.empty().expect("it may");
    // Azure SQL makes a database of the dearer kind where nothing is said.
    assert_eq!(
        server.heard_of("master", "CREATE DATABASE"),
        [format!(
            "CREATE DATABASE [{name}] (EDITION = 'Basic', SERVICE_OBJECTIVE = 'Basic');"
        )]
    );
    let marks = server.heard_of(&name, "sp_addextendedproperty");
    assert_eq!(marks.len(), 1, "{marks:?}");
    let run = name
        .trim_start_matches("dbtool_")
        .split('_')
        .next()
        .unwrap();
    assert!(
        marks[0].contains(&format!("@name = N'dbtoolThrowaway', @value = N'{run}'")),
        "{marks:?}"
    );
    let other = created.empty().expect("it may");
    created.remove(&other);
    created.remove("production");
    assert_eq!(
        server.heard_of("master", "DROP DATABASE"),
        [format!("DROP DATABASE [{other}];")]
    );
    drop(created);
    assert_eq!(
        server.heard_of("master", "DROP DATABASE"),
        [
            format!("DROP DATABASE [{other}];"),
            format!("DROP DATABASE [{name}];")
        ]
    );
}

#[test]
fn a_database_that_is_kept_is_nobodys_to_drop() {
    let server = Server::start(&[], &[]);
    let (created, _) = started(&server, true);
    let name = created.empty().expect("it may");
    assert_eq!(created.keep().expect("it may"), std::slice::from_ref(&name));
    assert!(server.heard_of("master", "DROP DATABASE").is_empty());
    let kept = server.heard_of(&name, "dbtoolKept");
    assert_eq!(kept.len(), 1);
    assert!(
        kept[0].contains("sp_dropextendedproperty @name = N'dbtoolThrowaway'"),
        "{kept:?}"
    );
}

#[test]
fn a_database_that_nobody_gave_away_is_not_emptied() {
    let server = Server::start(&[("main", &[("MS_Description", "production")])], &[]);
    let refused = Given::start(server.door("main"), "dbo")
        .err()
        .expect("it is not marked");
    assert!(matches!(refused, NotGiven::Unmarked(_)), "{refused:?}");
    assert!(server.heard_of("main", "DROP").is_empty());
    assert!(server.heard_of("main", "applock").is_empty());
}

fn given(held: bool, breaks: bool) -> (Responder, Result<Given, NotGiven>) {
    let emptied = Arc::new(AtomicUsize::new(0));
    let server = Responder::start(move |event| match event.sql() {
        sql if sql.contains("sp_getapplock") => {
            rows(&["#result"], &[&[Some(if held { "#-1" } else { "#0" })]])
        }
        sql if sql.contains("sys.objects") => match emptied.fetch_add(1, Ordering::SeqCst) {
            0 => rows(
                &["statement"],
                &[
                    &[Some("ALTER TABLE [dbo].[b] DROP CONSTRAINT [fkB]")],
                    &[Some("DROP TABLE [dbo].[b]")],
                ],
            ),
            _ => rows(&["statement"], &[]),
        },
        "DROP TABLE [dbo].[b]" if breaks => Reply::Tokens(vec![
            Token::Error(failure(3726, 16, "Could not drop object 'dbo.b'.")),
            Token::Done(0),
        ]),
        _ => told_of(&[("dbtoolScratch", "yes")], event),
    });
    let text = plain(&server);
    let door: Door = Box::new(move |_, _| Ok(Box::new(connect_with(&text, options().0)?)));
    (server, Given::start(door, "dbo"))
}

#[test]
fn a_scratch_database_is_emptied_in_one_transaction_or_not_at_all() {
    let (server, scratch) = given(false, false);
    assert_eq!(scratch.expect("it is marked").empty().expect("it may"), 2);
    let heard = batches(&server);
    let place = |text: &str| {
        let at = heard.iter().position(|sql| sql.contains(text));
        at.unwrap_or_else(|| panic!("{text} in {heard:?}"))
    };
    let order = [
        "BEGIN TRANSACTION",
        "DROP CONSTRAINT [fkB]",
        "DROP TABLE [dbo].[b]",
        "COMMIT",
    ];
    assert!(order.map(place).is_sorted(), "{heard:?}");

    let (server, scratch) = given(false, true);
    let error = scratch
        .expect("it is marked")
        .empty()
        .expect_err("it cannot");
    assert!(
        error.message.contains("nothing of it was"),
        "{}",
        error.message
    );
    let heard = batches(&server);
    assert!(
        heard.iter().any(|sql| sql.contains("ROLLBACK")),
        "{heard:?}"
    );
    assert!(
        !heard.iter().any(|sql| sql.starts_with("COMMIT")),
        "{heard:?}"
    );
}

#[test]
fn two_runs_do_not_empty_one_scratch_database() {
    let (server, scratch) = given(true, false);
    let refused = scratch.err().expect("another run has it");
    assert!(
        matches!(refused, NotGiven::Lock(LockError::Held { .. })),
        "{refused:?}"
    );
    assert!(!batches(&server).iter().any(|sql| sql.contains("DROP")));
}
