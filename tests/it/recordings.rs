//! The recorded binlogs are what `fixtures/record` made of the SQL that is in the repository now.

use std::path::Path;
use std::process::Command;

#[test]
fn recordings_are_of_the_present_sql() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut recording_count = 0_usize;
    let folder = |name| std::fs::read_dir(root.join(name)).expect("there are recordings");
    for entry in folder("fixtures/binlog").chain(folder("fixtures/binlog/events")) {
        let page = entry.expect("the folder is readable").path();
        if page.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        recording_count += 1;
        let text = std::fs::read_to_string(&page).expect("the page is readable");
        let provenance: toml::Table = text.parse().expect("the page is TOML");
        let recorded = provenance.get("compressed_sha256").and_then(toml::Value::as_str);
        assert_eq!(recorded, Some(sha256(&page.with_extension("bin.zst")).as_str()), "{page:?}");
        let sources = provenance.get("sql_sha256").and_then(toml::Value::as_table);
        for (file, digest) in sources.expect("the page names its SQL") {
            let present = sha256(&root.join(file));
            let hint = format!("{file} changed since {page:?} (hint: run fixtures/record)");
            assert_eq!(digest.as_str(), Some(present.as_str()), "{hint}");
        }
    }
    assert!(recording_count >= 40, "of each server, found {recording_count}");
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().expect("sha256sum runs");
    assert!(output.status.success(), "sha256sum failed on {}", path.display());
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    line.split_whitespace().next().expect("sha256sum prints a digest").to_owned()
}
