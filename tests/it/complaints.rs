//! What users of other mail-driven systems have complained about (`spec/complaints.md`): a mail for each, with what must come
//! of it in the `.toml` beside it. The table of `fixtures/complaints/README.md` says for every complaint what holds it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::golden::{self, Outside, World};

/// Complaints of the page.
const COMPLAINTS: usize = 37;

/// What must come of a mail; what is left out is not asked about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Number of the complaint.
    complaint: usize,
    /// What this one must not do again.
    lesson: String,
    /// Pieces of the new text.
    #[serde(default)]
    reply_has: Vec<String>,
    /// What is no new text.
    #[serde(default)]
    reply_lacks: Vec<String>,
    kind: Option<String>,
    /// Names of all attachments, in order.
    attachments: Option<Vec<String>>,
    /// Verbs of all commands, in order.
    commands: Option<Vec<String>>,
    #[serde(default)]
    defects: Vec<String>,
    outcome: Option<String>,
    reason: Option<String>,
    /// Pieces of the receipt.
    #[serde(default)]
    receipt_has: Vec<String>,
    /// Pieces of the rows that were made.
    #[serde(default)]
    made_has: Vec<String>,
    #[serde(default)]
    made_lacks: Vec<String>,
}

fn folder() -> PathBuf {
    golden::folder().join("complaints")
}

/// The names of the mails, in order.
fn names(ending: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path());
    let of_kind = files.filter(|p| p.extension().is_some_and(|e| e == ending));
    of_kind.map(|p| p.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn wanted(name: &str) -> Wanted {
    let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
    toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn texts(list: &Value, key: Option<&str>) -> Vec<String> {
    let one = |v: &Value| key.map_or(v, |k| &v[k]).as_str().unwrap_or_default().to_owned();
    list.as_array().unwrap().iter().map(one).collect()
}

/// What is not as it must be.
fn wrong(wanted: &Wanted, got: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let read = &got["inspect"];
    let mut pieces = |what: &str, text: &str, has: &[String], lacks: &[String]| {
        let missing = has.iter().filter(|p| !text.contains(p.as_str())).map(|p| format!("{what} lacks {p:?}"));
        let surplus = lacks.iter().filter(|p| text.contains(p.as_str())).map(|p| format!("{what} has {p:?}"));
        let both: Vec<String> = missing.chain(surplus).collect();
        if !both.is_empty() {
            wrong.push(format!("{}\n    in {text:?}", both.join("; ")));
        }
    };
    pieces("reply", read["reply"].as_str().unwrap(), &wanted.reply_has, &wanted.reply_lacks);
    pieces("receipt", &texts(&got["receipt"], None).join("\n"), &wanted.receipt_has, &[]);
    pieces("made", &texts(&got["made"], None).join("\n"), &wanted.made_has, &wanted.made_lacks);
    pieces("defects", &texts(&read["defects"], None).join(" "), &wanted.defects, &[]);
    let facts = [
        ("kind", &wanted.kind, &read["kind"]),
        ("outcome", &wanted.outcome, &got["outcome"]),
        ("reason", &wanted.reason, &got["reason"]),
    ];
    for (what, wanted, got) in facts {
        if wanted.as_deref().is_some_and(|w| got != w) {
            wrong.push(format!("{what} is {got}, not {wanted:?}"));
        }
    }
    let lists = [
        ("attachments", &wanted.attachments, texts(&read["attachments"], Some("name"))),
        ("commands", &wanted.commands, texts(&read["commands"], Some("verb"))),
    ];
    for (what, wanted, got) in lists {
        if wanted.as_ref().is_some_and(|w| *w != got) {
            wrong.push(format!("{what} are {got:?}, not {wanted:?}"));
        }
    }
    wrong
}

#[test]
fn no_complaint_about_the_reading_of_mail_comes_true() {
    assert_eq!(names("eml"), names("toml"));
    let wrong: Vec<String> = golden::block_on(async {
        let outside = Outside::new();
        let mut found = Vec::new();
        for name in names("eml") {
            let wanted = wanted(&name);
            let mail = std::fs::read(folder().join(format!("{name}.eml"))).unwrap();
            let got = golden::outcome_of(&name, &mail, &outside).await;
            found.extend(wrong(&wanted, &got).into_iter().map(|w| format!("{name} ({}): {w}", wanted.lesson)));
        }
        found
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Complaint 16: programs use a Message-ID twice; and the same mail that comes twice counts once.
#[test]
fn t47_a_message_id_that_was_used_before_loses_no_mail() {
    golden::block_on(async {
        let outside = Outside::new();
        let world = World::before(Some("T-1"), &outside, golden::morning()).await;
        let mail = std::fs::read_to_string(folder().join("13_message_ids_rewritten_on_the_way.eml")).unwrap();
        let mut reasons = Vec::new();
        for (name, text, minutes) in
            [("first", "Filed today.", 30), ("second", "And served.", 31), ("again", "Filed today.", 30)]
        {
            let now = world.after(minutes);
            let raw = outside.send_mail("x", mail.replace("#done", text).as_bytes(), &world.letters, now);
            reasons.push(world.receive(name, raw, &outside, now).await.1.reason);
        }
        assert_eq!(reasons, ["APPLIED", "APPLIED", "DUPLICATE_MAIL"]);
    });
}

/// The names between backticks in a row of the table.
fn named(row: &str) -> Vec<&str> {
    row.split('`').skip(1).step_by(2).collect()
}

fn sources(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, into);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            into.push_str(&std::fs::read_to_string(entry).unwrap());
        }
    }
}

/// All of the project's code.
fn code() -> String {
    let mut code = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["src", "tests"].iter().for_each(|f| sources(&root.join(f), &mut code));
    code
}

#[test]
fn every_row_about_the_reading_of_mail_is_held_by_a_mail_or_a_test_that_is_there() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reading.md")).unwrap();
    let (code, fixtures) = (code(), names("eml"));
    let is_row = |cell: &str| {
        let (letter, number) = cell.split_at(cell.len().min(1));
        ["T", "D", "L"].contains(&letter) && number.parse::<u8>().is_ok()
    };
    let mut rows = Vec::new();
    for row in page.lines().filter(|l| l.split('|').nth(1).is_some_and(|cell| is_row(cell.trim()))) {
        let number = row.split('|').nth(1).unwrap().trim();
        assert!(!named(row).is_empty(), "nothing holds {number}");
        for name in named(row) {
            assert!(fixtures.contains(name) || code.contains(&format!("fn {name}(")), "{number}: there is no {name}");
        }
        rows.push(number.to_owned());
    }
    let all = [("T", 10), ("D", 9), ("L", 4)].map(|(letter, last)| (1..=last).map(move |n| format!("{letter}{n}")));
    assert_eq!(rows, all.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn every_complaint_is_held_by_a_mail_or_a_test_that_is_there() {
    let table = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let code = code();
    let fixtures = names("eml");
    let mut listed = BTreeSet::new();
    for row in table.lines().filter(|l| l.starts_with("| ") && l.as_bytes().get(2).is_some_and(u8::is_ascii_digit)) {
        let number: usize = row.split('|').nth(1).unwrap().trim().parse().unwrap();
        for name in named(row) {
            let is_there = fixtures.contains(name) || code.contains(&format!("fn {name}("));
            assert!(is_there, "complaint {number}: there is no {name}");
            if fixtures.contains(name) {
                assert_eq!(wanted(name).complaint, number, "{name}");
                listed.insert(name.to_owned());
            }
        }
        assert!(!named(row).is_empty() || row.contains("later issue"), "nothing holds complaint {number}");
        listed.insert(number.to_string());
    }
    let all: BTreeSet<String> = (1..=COMPLAINTS).map(|n| n.to_string()).chain(fixtures).collect();
    assert_eq!(listed, all);
}
