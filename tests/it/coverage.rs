//! Which test shows what. In come the lists of `fixtures/coverage/` (requirement rows, threats, faults) and the names of
//! all tests; out go the tables of `docs/coverage/`, which `UPDATE_GOLDEN=1` writes anew. No entry may be without a test.
//!
//! A requirement row is shown by a sharing fixture, by a scene that names it, or by a test whose comment has a line
//! `Shows TIM-02.`; a threat or a fault by a test whose name begins with its number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::golden::{difference, folder};
use crate::scenes;

/// What no test shows, and why. Nothing may stand here that is shown.
const NOT_SHOWN: &[(&str, &str)] = &[];

/// Tests by what they show.
type Shown = BTreeMap<String, BTreeSet<String>>;

fn add(shown: &mut Shown, what: &str, test: String) {
    shown.entry(what.to_owned()).or_default().insert(test);
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        match entry.is_dir() {
            true => rust_files(&entry, into),
            false if entry.extension().is_some_and(|e| e == "rs") => into.push(entry),
            false => {}
        }
    }
}

/// What the Rust tests of a file show.
fn of_file(path: &Path, root: &Path, shown: &mut Shown) {
    let text = std::fs::read_to_string(path).unwrap();
    let place = path.strip_prefix(root).unwrap().display().to_string();
    let test = Regex::new(r"(?m)^((?:[ \t]*///[^\n]*\n)*)[ \t]*#\[(?:tokio::)?test[^\n]*\n(?:[ \t]*#\[[^\n]*\n)*[ \t]*(?:async )?fn (\w+)").unwrap();
    let says = Regex::new(r"Shows ([A-Z]{3}-\d\d(?:, [A-Z]{3}-\d\d)*)").unwrap();
    let numbered = Regex::new(r"^([tf])(\d\d)_").unwrap();
    for found in test.captures_iter(&text) {
        let name = &found[2];
        let told = format!("`{place}`: {}", name.replace('_', " "));
        for rows in says.captures_iter(&found[1]) {
            rows[1].split(", ").for_each(|row| add(shown, row, told.clone()));
        }
        let mut rest = name;
        while let Some(number) = numbered.captures(rest) {
            add(shown, &format!("{}{}", number[1].to_uppercase(), &number[2]), told.clone());
            rest = &rest[4..];
        }
    }
}

fn everything_shown() -> Shown {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut shown = Shown::new();
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    rust_files(&root.join("tests"), &mut files);
    files.iter().for_each(|file| of_file(file, root, &mut shown));
    for (name, path) in scenes::files() {
        let told = format!("scene `{name}`");
        scenes::rows_of(&path).iter().for_each(|row| add(&mut shown, row, told.clone()));
    }
    for entry in std::fs::read_dir(folder().join("sharing")).unwrap().map(|e| e.unwrap().path()) {
        if entry.extension().is_some_and(|e| e == "toml") {
            let fixture: toml::Table = toml::from_str(&std::fs::read_to_string(&entry).unwrap()).unwrap();
            let name = entry.file_stem().unwrap().to_string_lossy().into_owned();
            add(&mut shown, fixture["row"].as_str().unwrap(), format!("rules `{name}`"));
        }
    }
    shown
}

/// The entries of a list: number and what it says.
fn entries(list: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder().join("coverage").join(format!("{list}.txt"))).unwrap();
    let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.map(|l| l.split_once(": ").map(|(id, what)| (id.to_owned(), what.to_owned())).unwrap()).collect()
}

fn holds(list: &str, title: &str) {
    let shown = everything_shown();
    let mut table = format!("# {title}\n\nMade by the tests (`tests/it/coverage.rs`), not typed.\n");
    let mut without = BTreeSet::new();
    for (id, what) in entries(list) {
        table.push_str(&format!("\n**{id}** {what}\n"));
        match shown.get(&id) {
            Some(tests) => tests.iter().for_each(|test| table.push_str(&format!("- {test}\n"))),
            None => {
                let why = NOT_SHOWN.iter().find(|(not, _)| *not == id).map_or("nothing yet", |(_, why)| why);
                table.push_str(&format!("- not shown: {why}\n"));
                without.insert(id);
            }
        }
    }
    let ids: BTreeSet<String> = entries(list).into_iter().map(|(id, _)| id).collect();
    let open: BTreeSet<String> =
        NOT_SHOWN.iter().map(|(id, _)| (*id).to_owned()).filter(|id| ids.contains(id)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/coverage/{list}.md"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(without, open, "without a test, and said to be so");
    let stale = difference(&path, &table);
    assert!(stale.is_none(), "{}\nUPDATE_GOLDEN=1 writes it anew", stale.unwrap());
}

#[test]
fn every_requirement_row_has_a_test() {
    holds("requirements", "Requirement rows and the tests that show them");
}

#[test]
fn every_threat_has_a_test_of_its_number() {
    holds("threats", "Threats and the tests of their number");
}

#[test]
fn every_fault_has_a_test_of_its_number() {
    holds("faults", "Faults and the tests of their number");
}

#[test]
fn no_test_shows_a_row_that_is_not_there() {
    let known: BTreeSet<String> =
        ["requirements", "threats", "faults"].iter().flat_map(|l| entries(l)).map(|(id, _)| id).collect();
    let shown = everything_shown();
    let strange: Vec<_> = shown.iter().filter(|(id, _)| !known.contains(*id)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}
