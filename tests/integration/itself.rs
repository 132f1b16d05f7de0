//! `completions` and `man`: what shells and manuals read.

use super::sandbox::Sandbox;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = sandbox.ok(&["completions", shell]);
        for word in ["drift-check", "verify-story", "--env"] {
            let word = match shell {
                // Fish writes long options without their dashes.
                "fish" => word.trim_start_matches("--"),
                _ => word,
            };
            assert!(run.stdout.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn the_script_is_one_that_bash_takes() {
    let sandbox = Sandbox::empty();
    let script = sandbox.ok(&["completions", "bash"]).stdout;
    sandbox.write("dbtool.bash", script);
    let asked = "source ./dbtool.bash; COMP_WORDS=(dbtool dri); COMP_CWORD=1; \
                 _dbtool dbtool dri dbtool; echo \"${COMPREPLY[*]}\"";
    let Ok(output) = std::process::Command::new("bash")
        .args(["--norc", "-c", asked])
        .current_dir(sandbox.path("."))
        .output()
    else {
        eprintln!("skipped: there is no bash here");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "drift-check", "{output:?}");
}

#[test]
fn there_is_a_page_for_the_program_and_one_for_each_command() {
    let sandbox = Sandbox::empty();
    let page = sandbox.ok(&["man"]).stdout;
    assert!(page.contains(".TH dbtool 1"), "{page}");
    sandbox.ok(&["man", "--output", "man"]);
    for name in ["dbtool", "dbtool-migrate", "dbtool-export-json-schema"] {
        let page = sandbox.read(&format!("man/{name}.1"));
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
    let first = sandbox.read("man/dbtool-migrate.1");
    sandbox.ok(&["man", "--output", "man"]);
    assert_eq!(first, sandbox.read("man/dbtool-migrate.1"));
}

#[test]
fn a_broken_settings_file_does_not_break_a_shell() {
    let sandbox = Sandbox::empty();
    sandbox.write("dbtool.yaml", "nonsense: true\n");
    sandbox.ok(&["completions", "bash"]);
    sandbox.ok(&["man"]);
}
