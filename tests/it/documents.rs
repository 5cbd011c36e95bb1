//! What the README says is true: its example config, its tables, its commands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use aco_stream::cli::Exit;
use aco_stream::config::{Config, Environment};
use aco_stream::feed::Rule;

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::read_to_string(path).expect("there is a README")
}

/// The code blocks in this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = text.split(fence.as_str()).skip(1);
    blocks.filter_map(|rest| rest.split_once("\n```").map(|(block, _)| block.to_owned())).collect()
}

/// The first cells of the table with this header, without backticks.
fn first_cells(text: &str, header: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('|').nth(1)).map(|cell| cell.trim().replace('`', "")).collect()
}

/// Key, shown value.
fn shown(config: &str) -> BTreeMap<&'static str, String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("aco-stream.toml");
    std::fs::write(&path, config).expect("written");
    let config = Config::read(&path, &Environment::default());
    let config = config.unwrap_or_else(|error| panic!("{error}: {:?}", error.hint()));
    config.origins.into_iter().map(|(key, value, _)| (key, value)).collect()
}

fn example() -> String {
    let blocks = blocks(&readme(), "toml");
    let [example] = blocks.as_slice() else { panic!("one example of a config: {blocks:?}") };
    example.clone()
}

/// The dotted keys of a TOML text.
fn dotted(table: &toml::Table, prefix: &str, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value.as_table() {
            Some(table) => dotted(table, &key, keys),
            None => drop(keys.insert(key)),
        }
    }
}

#[test]
fn example_config_lists_every_key() {
    // Keys that are not set by default stand there behind a `#`.
    let whole: String = example()
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n")
        .collect();
    let table: toml::Table = whole.parse().unwrap_or_else(|error| panic!("{error} in:\n{whole}"));
    let mut listed = BTreeSet::new();
    dotted(&table, "", &mut listed);
    let known: BTreeSet<String> = shown(&example())
        .into_keys()
        .map(|key| match key {
            // Secrets are not in the file; the names of the files that hold them are.
            "source.password" => "source.password_file".to_owned(),
            "optimizer.client_secret" => "optimizer.client_secret_file".to_owned(),
            key => key.to_owned(),
        })
        .collect();
    assert_eq!(listed, known, "listed in the README, known to the program");
}

#[test]
fn example_config_shows_the_defaults() {
    let example = shown(&example());
    let url = &example["source.url"];
    let ingestion_url = &example["optimizer.ingestion_url"];
    let least = format!("[source]\nurl = {url}\n[optimizer]\ningestion_url = {ingestion_url}\n");
    assert_eq!(example, shown(&least), "the README, a file with the two keys that have no default");
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let listed = first_cells(&readme(), "| exit code |");
    let known: Vec<String> = Exit::ALL.map(|exit| exit.code().to_string()).to_vec();
    assert_eq!(listed, known, "listed in the README, known to the program");
}

/// A command's help.
fn help(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aco-stream"));
    let output = command.args(arguments).arg("--help").output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn commands_are_those_of_the_program() {
    let mut listed = BTreeSet::new();
    for command in first_cells(&readme(), "| command |") {
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let is_name = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase());
        let names: Vec<&str> = words.iter().copied().take_while(is_name).collect();
        let help = help(&names);
        for option in words.iter().skip(names.len()) {
            let option = option.trim_matches(['[', ']', '…']);
            assert!(help.contains(option), "{command}: {option} is not in its help: {help}");
        }
        listed.extend(names.first().map(|name| (*name).to_owned()));
    }
    let help = help(&[]);
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let known = lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    let known: BTreeSet<String> = known.filter(|name| name != "help").collect();
    assert_eq!(listed, known, "listed in the README, known to the program");
}

#[test]
fn paths_in_the_documents_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in readme().split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let is_there = || std::fs::metadata(root.join(target)).is_ok();
        assert!(target.contains("://") || is_there(), "{target} is not there");
    }
}

/// The texts of all files below a directory.
fn texts(directory: &Path, all: &mut String) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn every_rule_of_a_field_names_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/feeds.md")).expect("there is the page");
    let mut code = String::new();
    for directory in ["src/feed", "src/engine", "src/catalog", "tests/it"] {
        texts(&root.join(directory), &mut code);
    }
    let mut named = 0;
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.ends_with('|'));
    for row in rows.filter(|row| !row.ends_with("test |")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let tests = cells.last().expect("a cell").split('`').skip(1).step_by(2);
        // The one of the row above, or those of the rows around.
        let mut is_named = row.ends_with("| same |") || row.ends_with("| the tests of each |");
        for test in tests {
            assert!(code.contains(&format!("fn {test}(")), "no test is called {test}: {row}");
            is_named = true;
            named += 1;
        }
        assert!(is_named, "no test is named: {row}");
    }
    assert!(named > 150, "{named} tests are named");
}

#[test]
fn table_of_rules_is_that_of_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/feeds.md")).expect("there is the page");
    let named = first_cells(&page, "| name | rule | source |");
    assert_eq!(named, Rule::ALL.map(Rule::name));
    for rule in Rule::ALL {
        let row = format!("| `{}` | {} | {} |", rule.name(), rule.statement(), rule.source());
        assert!(page.contains(&row), "{row}");
    }
}
