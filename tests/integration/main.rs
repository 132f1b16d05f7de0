//! Behaviour that people rely on, tried on the real binary, real files and real SQLite databases.
//!
//! One binary: it links once, and every file shares the [`sandbox`].

mod adopt;
#[cfg(feature = "azure")]
#[path = "../../src/secret/answers.rs"]
mod answers;
mod bad_input;
#[cfg(feature = "azure")]
mod cloud;
mod concurrency;
mod drift;
mod export;
#[cfg(unix)]
mod faults;
mod first_run;
mod fuzz;
mod generate;
mod history;
#[cfg(unix)]
mod hostile;
mod injection;
mod itself;
mod kill;
mod lint;
mod live;
mod migrate;
mod mutation;
mod outside;
mod readme;
mod rebase;
mod repair;
mod sandbox;
mod script;
mod seal;
mod secret_contract;
#[cfg(feature = "azure")]
mod tds;
mod tenants;
#[cfg(feature = "azure")]
mod vault;
mod verify_story;
mod verify_story_against;
mod verify_story_steps;
