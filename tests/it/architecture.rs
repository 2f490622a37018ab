//! The laws of the layout, held by reading `src/`: the order of the modules is the order of their dependencies, and each
//! kind of effect has one home.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

struct Source {
    /// Path below `src/`, such as `store/inbox.rs`.
    path: String,
    /// Its text without the unit tests and without comments.
    code: String,
    whole: String,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let whole = fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                let code = code_of(&whole);
                found.push(Source { path: name, code, whole });
            }
        }
    }
    let tests: Vec<String> = found.iter().flat_map(|s| test_modules(&s.whole)).collect();
    for source in &mut found {
        let stem = Path::new(&source.path).file_stem().unwrap().to_string_lossy().into_owned();
        if tests.contains(&stem) || source.path.contains("/tests/") {
            source.code.clear();
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn code_of(whole: &str) -> String {
    let body = whole.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let lines = body.lines().filter(|l| !l.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Names of modules in files of their own that are compiled for tests only.
fn test_modules(whole: &str) -> Vec<String> {
    let declared =
        whole.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next()?.trim().strip_suffix(';'));
    declared.filter_map(|l| l.rsplit("mod ").next()).map(str::to_owned).collect()
}

fn order() -> Vec<String> {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    lib.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|m| m.trim_end_matches(';').to_owned()).collect()
}

#[test]
fn a_module_uses_only_modules_declared_below_it() {
    let order = order();
    let place = |module: &str| order.iter().position(|m| m == module);
    let mut broken = Vec::new();
    for source in sources() {
        let Some(own) = place(source.module()) else { continue };
        for used in source.code.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if place(&used).is_some_and(|p| p < own) {
                broken.push(format!("{} uses {used}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "against the order of lib.rs: {broken:#?}");
}

/// Fails if any of `signs` stands in a file that no one of `homes` is the beginning of.
fn only_in(what: &str, signs: &[&str], homes: &[&str]) {
    let sources = sources();
    let strays: BTreeSet<String> = sources
        .iter()
        .filter(|s| !homes.iter().any(|home| s.path.starts_with(home)))
        .flat_map(|s| signs.iter().filter(|sign| s.code.contains(**sign)).map(|sign| format!("{}: {sign}", s.path)))
        .collect();
    assert!(strays.is_empty(), "{what} outside {homes:?}: {strays:#?}");
    let at_home =
        sources.iter().any(|s| homes.iter().any(|h| s.path.starts_with(h)) && signs.iter().any(|g| s.code.contains(g)));
    assert!(at_home, "{what}: none of {signs:?} is found anywhere, so this test tests nothing");
}

#[test]
fn only_the_store_knows_sql() {
    only_in("SQL", &["rusqlite", "SELECT ", "INSERT INTO", "DELETE FROM"], &["store/"]);
}

#[test]
fn only_the_clock_is_read_in_clock() {
    only_in("the clock", &["Timestamp::now", "Instant::now", "SystemTime::now", "Zoned::now"], &["clock.rs"]);
}

#[test]
fn only_ids_uses_randomness() {
    only_in("randomness", &["getrandom", "SystemRandom", "rand::"], &["ids.rs"]);
}

#[test]
fn only_the_daemon_spawns_tasks() {
    only_in("spawned tasks", &["tokio::spawn", "JoinSet", "task::spawn("], &["daemon/"]);
}

#[test]
fn each_mail_library_has_one_home() {
    only_in("mail-parser", &["mail_parser"], &["inbound/parse.rs", "inbound/charset.rs", "inbound/limits.rs"]);
    only_in("mail-auth", &["mail_auth::"], &["proof/"]);
    only_in("the resolver's wire format", &["hickory_proto::"], &["demo/zone.rs"]);
    only_in("IMAP", &["imap_proto"], &["imap/"]);
    only_in("mail-builder", &["mail_builder"], &["outbound/compose.rs"]);
}

#[test]
fn nothing_but_the_sender_hands_mail_over() {
    only_in("sending", &["crate::smtp"], &["smtp/", "daemon/sender.rs", "daemon/accounts.rs", "admin/check.rs"]);
}

#[test]
fn sharing_is_asked_in_one_place() {
    only_in("the decision", &["sharing::may(", "sharing::decide("], &["store/shares.rs"]);
}

#[test]
fn anyhow_is_for_the_outermost_modules() {
    only_in("anyhow", &["anyhow"], &["daemon/", "admin/", "main.rs", "cli.rs", "demo/"]);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources().into_iter().filter(|s| !s.whole.starts_with("//!")).map(|s| s.path).collect();
    assert!(silent.is_empty(), "no header: {silent:?}");
}

#[test]
fn nothing_is_unfinished_or_silenced() {
    let signs = ["todo!(", "unimplemented!(", "#[allow(", "FIXME", "XXX", "#[ignore"];
    let found: Vec<String> = sources()
        .into_iter()
        .flat_map(|s| {
            signs
                .iter()
                .filter(|sign| s.whole.contains(**sign))
                .map(move |sign| format!("{}: {sign}", s.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
