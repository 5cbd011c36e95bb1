//! Holds the house to its own rules: who may import whom, how long a file may be, what names and
//! texts must not appear. `docs/ARCHITECTURE.md` explains the rooms; this table is what counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("position", &[]),
    ("decode", &["position"]),
    ("source", &["position", "decode", "clock"]),
    ("catalog", &["decode"]),
    ("feed", &["catalog", "decode"]),
    ("ledger", &["feed"]),
    ("diff", &["feed", "ledger", "outbox"]),
    ("outbox", &["feed", "ledger", "retry"]),
    ("retry", &[]),
    ("pace", &["feed"]),
    ("submit", &["outbox", "feed", "clock"]),
    ("store", &["catalog", "decode", "feed", "ledger", "outbox", "pace", "position"]),
    (
        "engine",
        &[
            "clock",
            "position",
            "decode",
            "source",
            "catalog",
            "feed",
            "ledger",
            "diff",
            "outbox",
            "retry",
            "pace",
            "submit",
            "store",
            "sandbox",
            "status",
            "config",
            "telemetry",
        ],
    ),
    ("sandbox", &["clock", "feed"]),
    ("status", &["store", "outbox", "feed", "ledger", "clock"]),
    ("config", &["source", "pace", "submit", "store", "feed", "clock"]),
    ("telemetry", &["config"]),
    (
        "cli",
        &[
            "clock",
            "position",
            "decode",
            "source",
            "catalog",
            "feed",
            "ledger",
            "diff",
            "outbox",
            "retry",
            "pace",
            "submit",
            "store",
            "engine",
            "sandbox",
            "status",
            "config",
            "telemetry",
        ],
    ),
];

/// A file of `src/` has no more lines than this; one above the second figure is worth a thought.
const FILE_LINES_MAX: usize = 500;
const FILE_LINES_WORTH_A_THOUGHT: usize = 400;

/// Words that say nothing about what a thing is.
const EMPTY_WORDS: &[&str] =
    &["manager", "managers", "helper", "helpers", "util", "utils", "common"];

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut import_count = 0_usize;
    let mut faults = Vec::new();
    for (path, text) in rust_sources() {
        import_count += imports(&text).len();
        faults.extend(import_faults(&path, &text));
    }
    assert!(import_count > 0, "no import found in src/: the scan is broken");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn broken_import_is_reported_with_file_and_line() {
    let text = "//! Feeds.\n\n// crate::store in a comment is no import.\nuse crate::{\n    \
                catalog::{Owner, Sheet},\n    store::Store,\n};\n";
    let faults = import_faults("src/feed/mod.rs", text);
    assert_eq!(faults, ["src/feed/mod.rs:6: `feed` must not import `store`"]);
    assert_eq!(import_faults("src/engine/mod.rs", text), Vec::<String>::new());
    let faults = import_faults("src/ledger.rs", "use super::store::Store;\n");
    assert_eq!(faults, ["src/ledger.rs:1: `ledger` must not import `store`"]);
    let faults = import_faults("src/feed/key.rs", "use super::super::clock;\n");
    assert_eq!(faults, ["src/feed/key.rs:1: a chain of `super::`: write the path from `crate::`"]);
    let faults = import_faults("src/main.rs", "use aco_stream::store::Store;\n");
    assert_eq!(faults, ["src/main.rs:1: `main` must not import `store`"]);
    let faults = import_faults("src/attic.rs", "//! Attic.\n");
    assert_eq!(faults, ["src/attic.rs:1: `attic` is not in the table of rooms"]);
}

#[test]
fn source_files_are_short_enough_to_read() {
    let mut faults = String::new();
    for (path, text) in rust_sources() {
        let lines = text.lines().count();
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        if is_test || lines <= FILE_LINES_WORTH_A_THOUGHT {
            continue;
        }
        eprintln!("{path}: {lines} lines");
        if lines > FILE_LINES_MAX {
            writeln!(faults, "{path}: {lines} lines, limit {FILE_LINES_MAX}").expect("a string");
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn modules_say_what_they_own() {
    let silent: Vec<String> =
        rust_sources().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "no module documentation at the top of {silent:?}");
}

#[test]
fn names_say_what_a_thing_is() {
    let mut faults = Vec::new();
    for (path, text) in rust_sources() {
        faults.extend(name_faults(&path, &text));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let text = "//! X.\nstruct FeedManager;\nmod commonplace;\nfn helper() {}\n";
    assert_eq!(name_faults("src/feed/x.rs", text), ["src/feed/x.rs:2: `FeedManager` says nothing"]);
    assert_eq!(name_faults("src/utils.rs", ""), ["src/utils.rs: the name says nothing"]);
}

#[test]
fn reminders_name_an_issue_and_texts_make_sense_to_a_stranger() {
    // Put together from halves, so that this file does not contain them.
    let reminders = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let foreign = [
        concat!("../", "shared"),
        concat!("/work/", "shared"),
        concat!("/work/", "wt"),
        concat!("design", ".md"),
        concat!("deb.", "debian.org"),
    ];
    let mut faults = Vec::new();
    for (path, text) in repository_texts() {
        for (line, number) in text.lines().zip(1_u32..) {
            for word in reminders {
                let without_issue = line.split(word).skip(1).any(|rest| !rest.starts_with("(#"));
                // Such a word inside a longer one, or in prose of another kind, is not a reminder.
                if without_issue && has_word(line, word) {
                    faults.push(format!(
                        "{path}:{number}: {word} without an issue, as in {word}(#7)"
                    ));
                }
            }
            for text in foreign {
                if line.contains(text) {
                    faults.push(format!("{path}:{number}: a stranger knows no {text}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// What `src/path.rs` imports against the table, each as `path:line: what`.
fn import_faults(path: &str, text: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/");
    let room = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let table: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let allowed: &[&str] = match (room, table.get(room)) {
        ("main", _) => &["cli"],
        ("lib", _) => &[],
        (_, Some(rooms)) => rooms,
        (_, None) => return vec![format!("{path}:1: `{room}` is not in the table of rooms")],
    };
    let mut faults = Vec::new();
    // From a room's own file, `super::` leads out of the room.
    let is_front_door = inside == format!("{room}.rs") || inside == format!("{room}/mod.rs");
    for import in imports(text) {
        let Import { root, name, line } = import;
        if root == Root::SuperTwice {
            faults.push(format!(
                "{path}:{line}: a chain of `super::`: write the path from `crate::`"
            ));
            continue;
        }
        let leaves_room =
            root == Root::Crate || (is_front_door && table.contains_key(name.as_str()));
        if leaves_room && name != room && !allowed.contains(&name.as_str()) {
            faults.push(format!("{path}:{line}: `{room}` must not import `{name}`"));
        }
    }
    faults
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Crate,
    Super,
    SuperTwice,
}

#[derive(Debug)]
struct Import {
    root: Root,
    name: String,
    line: usize,
}

/// Every first name after `crate::`, `super::` and our own crate's name, groups taken apart.
fn imports(text: &str) -> Vec<Import> {
    let code = text.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    let roots = [
        ("crate::", Root::Crate),
        ("aco_stream::", Root::Crate),
        ("super::super::", Root::SuperTwice),
        ("super::", Root::Super),
    ];
    let mut found = Vec::new();
    for (prefix, root) in roots {
        for (at, _) in code.match_indices(prefix) {
            let (before, rest) = code.split_at(at);
            if before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_') {
                continue;
            }
            let line = before.matches('\n').count() + 1;
            let rest = rest.strip_prefix(prefix).unwrap_or_default();
            for (name, lines_below) in first_names(rest) {
                found.push(Import { root, name, line: line + lines_below });
            }
        }
    }
    found
}

/// The name at the start of `rest`, or the first name of each member when it is a group.
fn first_names(rest: &str) -> Vec<(String, usize)> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![(identifier(rest), 0)];
    };
    let (mut names, mut depth, mut lines, mut member_starts) = (Vec::new(), 0_u32, 0, true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => member_starts = true,
            '\n' => lines += 1,
            _ if member_starts && !letter.is_whitespace() => {
                names.push((identifier(group.split_at(at).1), lines));
                member_starts = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Empty words in the path and in the names of modules and types.
fn name_faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if path.split(['/', '.']).any(has_empty_word) {
        faults.push(format!("{path}: the name says nothing"));
    }
    for (line, number) in text.lines().zip(1_u32..) {
        let mut words = without_comment(line).split_whitespace();
        while let Some(word) = words.next() {
            if !["mod", "struct", "enum", "trait", "type", "union"].contains(&word) {
                continue;
            }
            let name = identifier(words.next().unwrap_or_default());
            if has_empty_word(&name) {
                faults.push(format!("{path}:{number}: `{name}` says nothing"));
            }
        }
    }
    faults
}

/// Splits `snake_case` and `CamelCase` into words.
fn has_empty_word(name: &str) -> bool {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() || letter == '_' {
            spaced.push(' ');
        }
        spaced.extend(letter.to_lowercase().filter(|lower| *lower != '_'));
    }
    spaced.split_whitespace().any(|word| EMPTY_WORDS.contains(&word))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|part| part == word)
}

/// The files of `src/`, by path from the root of the repository.
fn rust_sources() -> impl Iterator<Item = (String, String)> {
    let is_source = |path: &str| {
        path.starts_with("src/") && Path::new(path).extension().is_some_and(|ending| ending == "rs")
    };
    repository_texts().into_iter().filter(move |(path, _)| is_source(path))
}

/// Every text file of the repository, by path; what is built, fetched or binary is left out.
fn repository_texts() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let left_out: BTreeSet<&str> = [".git", "target", ".cache", "Cargo.lock", "LICENSE"].into();
    let mut texts = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("the repository is readable") {
            let entry = entry.expect("the repository is readable");
            let path = entry.path();
            let name =
                path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            if left_out.contains(name.as_str()) {
                continue;
            }
            if entry.file_type().expect("the repository is readable").is_dir() {
                open.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                texts.insert(name, text);
            }
        }
    }
    texts
}
