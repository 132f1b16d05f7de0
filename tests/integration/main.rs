//! Behaviour that people rely on, tried on the real binary, real files and real SQLite databases.
//!
//! One binary: it links once, and every file shares the [`sandbox`].

mod bad_input;
mod concurrency;
mod drift;
#[cfg(unix)]
mod faults;
mod first_run;
mod generate;
mod history;
mod itself;
mod kill;
mod live;
mod migrate;
mod outside;
mod readme;
mod rebase;
mod repair;
mod sandbox;
mod script;
mod seal;
mod secret_contract;
mod verify_story;
