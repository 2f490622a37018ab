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
    let readers =
        ["inbound/parse.rs", "inbound/cards.rs", "inbound/charset.rs", "inbound/limits.rs", "inbound/burden.rs"];
    only_in("mail-parser", &["mail_parser"], &readers);
    only_in("mail-auth", &["mail_auth::"], &["proof/"]);
    only_in("the resolver's wire format", &["hickory_proto::"], &["demo/zone.rs"]);
    only_in("IMAP", &["imap_proto"], &["imap/"]);
    only_in("mail-builder", &["mail_builder"], &["outbound/compose.rs"]);
}

#[test]
fn nothing_but_the_sender_hands_mail_over() {
    only_in(
        "sending",
        &["crate::smtp"],
        &["smtp/", "daemon/sender.rs", "daemon/accounts.rs", "admin/check.rs", "admin/border.rs"],
    );
}

#[test]
fn sharing_is_asked_in_one_place() {
    only_in("the decision", &["sharing::may(", "sharing::decide("], &["store/shares.rs"]);
}

#[test]
fn letters_read_the_words_of_a_matter_where_its_sensitivity_is_asked() {
    let rows = [
        "matter",
        "task",
        "folder",
        "document",
        "version",
        "current_version",
        "versions",
        "event",
        "note",
        "communication",
        "conversation",
        "message",
        "messages",
        "bill",
        "time_entry",
    ];
    for source in sources().iter().filter(|s| s.path.starts_with("outbound/templates/")) {
        let code: String = source.code.split_whitespace().collect();
        for row in rows {
            assert!(!code.contains(&format!("store.{row}(")), "{}: read it by reader.{row}(…)", source.path);
        }
    }
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

/// T38 and T62 can't arise: nothing listens for a browser that could follow a link, no letter has a link, and no model
/// reads a mail.
#[test]
fn t38_nothing_listens_and_no_letter_has_a_link_that_a_scanner_could_follow() {
    let strays: Vec<String> = sources()
        .into_iter()
        .filter(|s| !s.path.starts_with("demo/"))
        .flat_map(|s| {
            ["TcpListener", "UnixListener", "hyper", "axum", "tiny_http", "httparse"]
                .into_iter()
                .filter(|sign| s.code.contains(sign))
                .map(|sign| format!("{}: {sign}", s.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(strays.is_empty(), "{strays:?}");
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for library in ["hyper", "axum", "actix", "warp", "rocket", "tiny_http", "llm", "openai"] {
        assert!(!manifest.lines().any(|l| l.starts_with(library)), "{library}");
    }
    // In a calendar stands the link to a meeting that the firm entered.
    let letters = sources().into_iter().filter(|s| s.path.starts_with("outbound/") && s.path != "outbound/calendar.rs");
    let links: Vec<String> =
        letters.filter(|s| s.code.contains("http://") || s.code.contains("https://")).map(|s| s.path).collect();
    assert!(links.is_empty(), "{links:?}");
}

/// Every line of the log names ids, codes, counts and errors: no field could hold what somebody wrote.
#[test]
fn t37_the_log_has_no_field_for_an_address_a_subject_a_text_or_a_token() {
    let mut lines = 0;
    for source in sources().into_iter().filter(|s| !s.path.starts_with("cli")) {
        for call in source.code.split("tracing::").skip(1) {
            let Some((level, rest)) = call.split_once("!(") else { continue };
            if !["error", "warn", "info", "debug", "trace"].contains(&level) {
                continue;
            }
            let mut depth = 1;
            let end = rest.find(|c: char| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            let said = &rest[..end.unwrap()];
            lines += 1;
            for secret in [
                "address",
                "subject",
                "text",
                "token",
                "body",
                "raw",
                "from",
                "to_",
                "narrative",
                "password",
                "code = %",
                "reply_to",
            ] {
                let fields = said.split('"').step_by(2).collect::<String>();
                let names: Vec<&str> = fields.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
                assert!(!names.contains(&secret), "{}: {said}", source.path);
            }
        }
    }
    assert!(lines > 20, "{lines}");
}

/// The body of a function of this file, up to the next one.
fn body_of<'s>(source: &'s Source, head: &str) -> &'s str {
    let rest = source.code.split_once(head).unwrap_or_else(|| panic!("{}: {head}", source.path)).1;
    rest.split("fn ").next().unwrap()
}

/// Whatever somebody must know to prove something: reply addresses, codes, marks of our letters. A measurement says little on
/// a busy machine; that nothing but `ct_eq` compares them, and where, can be read.
#[test]
fn t31_nothing_that_proves_is_compared_but_in_constant_time() {
    let sources = sources();
    let of = |path: &str| sources.iter().find(|s| s.path == path).unwrap();
    let comparisons = [
        ("domain/token.rs", "pub fn made("),
        ("store/keys.rs", "pub fn is_code("),
        ("store/keys.rs", "pub fn is_return_mark("),
    ];
    for (path, head) in comparisons {
        let body = body_of(of(path), head);
        assert_eq!(body.matches(".ct_eq(").count(), 1, "{head}: {body}");
        assert!(!body.contains("right ==") && !body.contains("== right"), "{head}: {body}");
    }
    let places: Vec<&str> = sources.iter().filter(|s| s.code.contains("ct_eq")).map(|s| s.path.as_str()).collect();
    assert_eq!(places, ["domain/token.rs", "store/keys.rs"], "one home each");
    // Whoever holds the right code or mark could compare it in another way: only what writes it into a letter does.
    only_in("codes", &[".code(Question::", ".code(question"], &["outbound/templates/", "store/keys.rs"]);
    let marks: Vec<&str> =
        sources.iter().filter(|s| s.code.contains(".return_mark(")).map(|s| s.path.as_str()).collect();
    assert_eq!(marks, ["daemon/sender.rs", "outbound/deliver.rs"]);
    // Every question that a typed code answers asks `is_code`, and none keeps its code in the database.
    let asking: BTreeSet<&str> =
        sources.iter().filter(|s| s.code.contains(".is_code(")).map(|s| s.path.as_str()).collect();
    assert_eq!(asking, BTreeSet::from(["actions/addresses.rs", "actions/assistants.rs", "actions/challenges.rs"]));
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema/0001_first.sql")).unwrap();
    for table in ["challenges", "address_changes", "assistants", "threads"] {
        let rest = schema.split(&format!("CREATE TABLE {table} (")).nth(1).unwrap_or_else(|| panic!("{table}"));
        let columns = rest.split("STRICT").next().unwrap();
        let secret =
            |line: &str| ["code ", "token ", "code_hash ", "secret "].iter().any(|c| line.trim_start().starts_with(c));
        assert!(!columns.lines().any(secret), "{table}: {columns}");
    }
    // A token's row is found by a keyed hash of it, which nobody chooses who has no key.
    let lookup = body_of(of("store/threads.rs"), "pub fn thread_by_token(");
    assert!(lookup.contains("made_here(token") && lookup.contains(".lookup(token)"), "{lookup}");
    let sql = sources.iter().flat_map(|s| s.code.lines().map(|l| (s.path.as_str(), l)));
    for (path, line) in sql.filter(|(_, l)| l.contains("SELECT") && l.contains("lookup =")) {
        assert!(path == "store/threads.rs" && line.contains("[&lookup]"), "{path}: {line}");
    }
}

/// What would not be built from releases of the registry with a checksum, by name.
fn strangers(lock: &str) -> Vec<String> {
    let is_release = |package: &str| {
        package.contains("source = \"registry+https://github.com/rust-lang/crates.io-index\"\n")
            && package.contains("checksum = \"")
    };
    let packages = lock.split("[[package]]\n").skip(1).filter(|p| !is_release(p));
    packages.map(|p| p.split('"').nth(1).unwrap().to_owned()).collect()
}

/// What the gate does (`tests/run`): cargo-deny refuses other licences, banned crates, and any source but the registry, all
/// offline; `--locked` keeps every step to the versions and checksums of Cargo.lock. Advisories and yanked releases need the
/// database and the index: `tests/advisories` looks them up, fails on either, and says "not checked" where it has neither
/// (decisions.md 45).
#[test]
fn t95_every_dependency_is_a_release_of_the_registry_and_its_licence_and_origin_are_checked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let lock = read("Cargo.lock");
    assert_eq!(strangers(&lock), ["docketpost"]);
    // Each way in which another source would stand there is seen.
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    for (from, to) in [
        (registry, "git+https://github.com/rust-lang/crates.io-index?rev=1#1"),
        (registry, "registry+https://crates.evil.example/index"),
        (registry, "registry+https://github.com/rust-lang/crates.io-index.evil.example"),
        (registry, "sparse+https://index.evil.example/"),
        ("checksum = \"", "checksum-was = \""),
        ("source = \"", "was = \""),
    ] {
        assert_eq!(strangers(&lock.replacen(from, to, 1)).len(), 2, "{to}");
    }
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    for table in ["patch", "replace"] {
        assert!(!manifest.contains_key(table), "[{table}] would replace what was released");
    }
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, wanted) in manifest.get(section).and_then(|s| s.as_table()).into_iter().flatten() {
            let version = wanted.as_str().or_else(|| wanted.get("version").and_then(|v| v.as_str()));
            assert!(version.is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit())), "{name}: {wanted}");
            assert!(["git", "path", "registry"].iter().all(|key| wanted.get(key).is_none()), "{name}: {wanted}");
        }
    }
}

#[test]
fn t95_the_gate_refuses_unknown_sources_and_a_command_of_its_own_advisories_and_yanked_releases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let deny: toml::Table = toml::from_str(&read("deny.toml")).unwrap();
    let of = |table: &str, key: &str| deny.get(table).and_then(|t| t.get(key)).cloned();
    let word = |table: &str, key: &str| of(table, key).and_then(|v| v.as_str().map(str::to_owned));
    assert_eq!(word("sources", "unknown-registry").as_deref(), Some("deny"));
    assert_eq!(word("sources", "unknown-git").as_deref(), Some("deny"));
    let registries = of("sources", "allow-registry").unwrap();
    assert_eq!(registries.as_array().unwrap().len(), 1);
    assert_eq!(registries[0].as_str(), Some("https://github.com/rust-lang/crates.io-index"));
    assert_eq!((of("sources", "allow-git"), of("sources", "allow-org")), (None, None));
    assert_eq!(word("bans", "wildcards").as_deref(), Some("deny"));
    assert_eq!(word("advisories", "yanked").as_deref(), Some("deny"));
    for softened in ["ignore", "unmaintained", "unsound"] {
        assert_eq!(of("advisories", softened), None, "nothing that is known is passed over");
    }
    let gate = read("tests/run");
    assert!(
        gate.contains("set -euo pipefail") && gate.contains("step cargo deny --offline check licenses bans sources")
    );
    let builds = gate
        .lines()
        .filter(|l| l.contains("step ") && l.contains(" cargo ") && !l.contains(" fmt ") && !l.contains(" deny "));
    assert!(builds.clone().count() >= 4 && builds.clone().all(|l| l.contains("--locked")), "{gate}");
    let advisories = read("tests/advisories");
    assert!(advisories.contains("exec cargo deny --offline check advisories") && advisories.contains("not checked"));
}
