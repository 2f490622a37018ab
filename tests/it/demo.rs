//! `docketpost demo`: what it tells is what the store and the folder of mails hold, and a forged mail has no effect.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use docketpost::config::Config;
use docketpost::demo::office::SLUG;
use docketpost::inbound::parse;
use docketpost::store::Store;
use docketpost::store::inbox::InboxState;
use docketpost::store::outbox::OutboxState;

/// Plays the demo by the built binary, and gives what it tells.
fn story(keep: Option<&Path>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
    command.arg("demo").env_remove("DOCKETPOST_CONFIG");
    if let Some(folder) = keep {
        command.arg("--keep").arg(folder);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The demo played once into a folder, and what it told.
struct Played {
    folder: tempfile::TempDir,
    story: String,
}

impl Played {
    fn new() -> Played {
        let folder = tempfile::tempdir().unwrap();
        let story = story(Some(folder.path()));
        Played { folder, story }
    }

    fn store(&self) -> Store {
        Store::open(&self.folder.path().join("store")).unwrap()
    }

    /// The chapter with this number.
    fn chapter(&self, number: usize) -> &str {
        let from = self.story.find(&format!("\n{number}. ")).unwrap_or_else(|| panic!("no chapter {number}"));
        let rest = &self.story[from + 1..];
        rest.find(&format!("\n{}. ", number + 1)).map_or(rest, |end| &rest[..end])
    }
}

#[test]
fn the_demo_tells_every_mail_what_it_changed_and_what_left() {
    let played = Played::new();
    let told = [
        (1, &["+ Jane Roe sees the matter M-1", "left to jane@roe.example"][..]),
        (2, &["> #accept", "has accepted", "Welcome", "left to anna.smith@hale.example"]),
        (3, &["T-1 \"Draft reply brief\" is assigned to Jane Roe", "Document D-1"]),
        (
            4,
            &[
                "Gmail on the web",
                "> #time 1.5h A103 L250",
                "> #done",
                "is completed by Jane Roe",
                "+ TE-1: 1.5 h",
                "✔ T-1",
            ],
        ),
        (5, &["Outlook on Windows", "from Anna Smith to Jane Roe", "left to jane@roe.example"]),
        (6, &["Apple Mail on a Mac", "from Jane Roe to Anna Smith", "left to anna.smith@hale.example"]),
        (7, &["with Exhibit 12 Inspection report.pdf", "+ D-3", "✔ D-3"]),
        (8, &["+ D-1 \"Reply brief.docx\" in Pleadings, version 2", "\"image001.png\" was not filed"]),
        (9, &["= refused", "✘ #done T-3", "nothing was changed on the matter"]),
        (10, &["AUTH_FAIL", "nothing was changed on the matter", "Held mail"]),
        (11, &["AUTOMATIC", "nothing was changed on the matter"]),
        (12, &["+ TE-2: 0.5 h"]),
        (13, &["- TE-2: 0.5 h", "✔ TE-2: time entry taken back."]),
    ];
    for (number, wanted) in told {
        let chapter = played.chapter(number);
        let unwrapped = chapter.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in wanted {
            assert!(unwrapped.contains(words), "{words:?} is not in\n{chapter}");
        }
    }
    assert!(played.chapter(11).contains("left to anna"), "the firm hears that Jane is away:\n{}", played.chapter(11));
    assert!(!played.chapter(11).contains("left to jane"), "a machine was answered:\n{}", played.chapter(11));
    let wide: Vec<&str> = played.story.lines().filter(|l| l.chars().count() > 100).collect();
    assert!(wide.iter().all(|l| l.contains('/')), "wider than a terminal: {wide:#?}");
    what_was_told_is_what_there_is(&played);
}

fn what_was_told_is_what_there_is(played: &Played) {
    let store = played.store();
    let (mails, letters, entries, tasks) = store
        .read(|view| {
            let firm = view.firm_by_slug(SLUG)?.unwrap().id;
            let matter = view.matters(firm)?[0].id;
            Ok((
                view.inbox_list(firm, None, 100)?,
                view.outbox_list(firm, None, 100)?,
                view.time_entries_of_matter(firm, matter)?,
                view.tasks_of_matter(firm, matter)?,
            ))
        })
        .unwrap();
    let states = |state| mails.iter().filter(|m| m.state == state).count();
    assert_eq!((states(InboxState::Applied), states(InboxState::Held)), (8, 1), "{mails:#?}");
    assert_eq!((states(InboxState::Refused), states(InboxState::Ignored)), (1, 1), "{mails:#?}");
    assert_eq!(entries.iter().map(|e| e.entry.work.quantity.seconds()).collect::<Vec<_>>(), [5400]);
    let done: Vec<&str> = tasks.iter().filter(|t| t.completed_at.is_some()).map(|t| t.name.as_str()).collect();
    assert_eq!(done, ["Draft reply brief"], "the forged mail and the automatic one completed nothing");
    let sent: BTreeSet<String> =
        letters.iter().filter(|l| l.state == OutboxState::Sent).map(|l| l.message_id.clone()).collect();
    let written: BTreeSet<String> = std::fs::read_dir(played.folder.path().join("out"))
        .unwrap()
        .map(|e| parse::parse(&std::fs::read(e.unwrap().path()).unwrap()).message_id.unwrap())
        .map(|id| id.split('@').next().unwrap().to_owned())
        .collect();
    assert_eq!(sent, written);
    let config = Config::load(&played.folder.path().join("config.toml")).unwrap();
    assert_eq!(config.store, std::path::absolute(played.folder.path()).unwrap().join("store"));
}

#[test]
fn the_commands_that_the_demo_names_work_on_what_it_kept() {
    let played = Played::new();
    let config = played.folder.path().join("config.toml");
    let named: Vec<&str> = played
        .story
        .lines()
        .filter_map(|l| l.trim().strip_prefix(env!("CARGO_BIN_EXE_docketpost"))?.strip_prefix(" --config "))
        .collect();
    assert!(named.len() >= 4, "{}", played.story);
    for line in named {
        let (file, command) = line.split_once("config.toml ").unwrap();
        assert_eq!(Path::new(file), config.parent().unwrap());
        let mut words = Command::new(env!("CARGO_BIN_EXE_docketpost"));
        let output = words.arg("--config").arg(&config).args(command.split(' ')).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{command}");
    }
}

#[test]
fn without_keep_nothing_stays_and_the_story_says_how_to_keep_it() {
    let story = story(None);
    assert!(story.contains("docketpost demo --keep DIR"));
    assert!(story.contains("is now removed"));
}
