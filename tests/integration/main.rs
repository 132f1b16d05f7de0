//! Behaviour that people rely on, tried on the real binary, real files and real SQLite databases.
//!
//! One binary: it links once, and every file shares the [`sandbox`].

mod adopt;
mod bad_input;
mod concurrency;
mod drift;
#[cfg(unix)]
mod faults;
mod first_run;
mod generate;
mod history;
mod kill;
mod live;
mod migrate;
mod readme;
mod sandbox;
mod seal;
mod secret_contract;
mod verify_story;
