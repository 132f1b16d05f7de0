//! What the README says of the program is what the program says of itself.

use dbtool::exit::Exit;

pub fn readme() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    std::fs::read_to_string(path)
        .expect("the README")
        .replace("\r\n", "\n")
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let table = Exit::markdown_table();
    assert!(
        readme().contains(&table),
        "put this into the README:\n{table}"
    );
}

#[test]
fn the_rules_are_those_of_the_program() {
    let table = dbtool::lint::explain::markdown_table();
    assert!(
        readme().contains(&table),
        "put this into the README:\n{table}"
    );
}

#[test]
fn every_command_is_described() {
    use clap::CommandFactory as _;
    let readme = readme();
    let cli = dbtool::cli::Cli::command();
    for command in cli.get_subcommands().filter(|it| !it.is_hide_set()) {
        let name = command.get_name();
        assert!(
            readme.contains(&format!("| `{name}")),
            "the README does not list {name}"
        );
    }
}
