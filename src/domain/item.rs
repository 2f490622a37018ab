//! The things of a matter and the numbers people type for them: `T-12`, `D-4v2` (spec: commands.md c3).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::{Reads, Value, capital, count, phrase, sentence};

/// What an item is; the prefix of its number says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A matter, `M-12`.
    Matter,
    /// A task, `T-12`.
    Task,
    /// A document, `D-4`; `D-4v2` names its second version.
    Document,
    /// A folder, `F-3`.
    Folder,
    /// A note, `N-9`.
    Note,
    /// A calendar event, `EV-5`.
    Event,
    /// A time entry, `TE-31`.
    TimeEntry,
    /// A logged communication, `LOG-3`.
    Communication,
    /// A conversation of secure messages, `MSG-8`.
    Conversation,
    /// A bill, `BILL-17`.
    Bill,
}

impl Kind {
    /// Every kind, in the order of the lists that people see.
    pub const ALL: [Kind; 10] = [
        Kind::Matter,
        Kind::Task,
        Kind::Document,
        Kind::Folder,
        Kind::Note,
        Kind::Event,
        Kind::TimeEntry,
        Kind::Communication,
        Kind::Conversation,
        Kind::Bill,
    ];

    /// The letters before the hyphen.
    pub const fn prefix(self) -> &'static str {
        match self {
            Kind::Matter => "M",
            Kind::Task => "T",
            Kind::Document => "D",
            Kind::Folder => "F",
            Kind::Note => "N",
            Kind::Event => "EV",
            Kind::TimeEntry => "TE",
            Kind::Communication => "LOG",
            Kind::Conversation => "MSG",
            Kind::Bill => "BILL",
        }
    }

    /// The word for it in a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Matter => sentence!("matter"),
            Kind::Task => sentence!("task"),
            Kind::Document => sentence!("document"),
            Kind::Folder => sentence!("folder"),
            Kind::Note => sentence!("note"),
            Kind::Event => sentence!("event"),
            Kind::TimeEntry => sentence!("time entry"),
            Kind::Communication => sentence!("communication"),
            Kind::Conversation => sentence!("conversation"),
            Kind::Bill => sentence!("bill"),
        }
    }

    /// The word as the name of a fact and at the start of a line.
    pub fn title(self, to: impl Reads) -> String {
        capital(&phrase(to, self.word()))
    }

    /// So many of them: "one task", "2 documents".
    pub fn counted(self, to: impl Reads, n: usize) -> String {
        match self {
            Kind::Matter => count!(to, n, "one matter", "{n} matters"),
            Kind::Task => count!(to, n, "one task", "{n} tasks"),
            Kind::Document => count!(to, n, "one document", "{n} documents"),
            Kind::Folder => count!(to, n, "one folder", "{n} folders"),
            Kind::Note => count!(to, n, "one note", "{n} notes"),
            Kind::Event => count!(to, n, "one event", "{n} events"),
            Kind::TimeEntry => count!(to, n, "one time entry", "{n} time entries"),
            Kind::Communication => count!(to, n, "one communication", "{n} communications"),
            Kind::Conversation => count!(to, n, "one conversation", "{n} conversations"),
            Kind::Bill => count!(to, n, "one bill", "{n} bills"),
        }
    }

    /// The word for all of them: "tasks".
    pub fn plural(self, to: impl Reads) -> String {
        phrase(
            to,
            match self {
                Kind::Matter => sentence!("matters"),
                Kind::Task => sentence!("tasks"),
                Kind::Document => sentence!("documents"),
                Kind::Folder => sentence!("folders"),
                Kind::Note => sentence!("notes"),
                Kind::Event => sentence!("events"),
                Kind::TimeEntry => sentence!("time entries"),
                Kind::Communication => sentence!("communications"),
                Kind::Conversation => sentence!("conversations"),
                Kind::Bill => sentence!("bills"),
            },
        )
    }

    /// The word the store keeps (`shares.resource_type` and its like).
    pub const fn stored(self) -> &'static str {
        match self {
            Kind::Matter => "matter",
            Kind::Task => "task",
            Kind::Document => "document",
            Kind::Folder => "folder",
            Kind::Note => "note",
            Kind::Event => "calendar_entry",
            Kind::TimeEntry => "activity",
            Kind::Communication => "communication",
            Kind::Conversation => "conversation",
            Kind::Bill => "bill",
        }
    }

    /// The kind that the store's word names.
    pub fn from_stored(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.stored() == word)
    }
}

impl From<Kind> for Value<'_> {
    fn from(kind: Kind) -> Self {
        Value::Noun(kind.word())
    }
}

/// A number as people type it, such as `D-4v2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemId {
    /// What it is.
    pub kind: Kind,
    /// Its number: per firm, or per reader for notes, time entries and communications (decisions.md 29).
    pub number: u32,
    /// The version, for documents only.
    pub version: Option<u32>,
}

impl ItemId {
    /// The item of this kind and number, any version.
    pub const fn new(kind: Kind, number: u32) -> ItemId {
        ItemId { kind, number, version: None }
    }

    /// Reads `T-12`, `te-31` or `D-4v2`; anything else is `None`.
    pub fn parse(text: &str) -> Option<ItemId> {
        let (prefix, rest) = text.split_once('-')?;
        let kind = Kind::ALL.into_iter().find(|k| k.prefix().eq_ignore_ascii_case(prefix))?;
        let (number, version) = match rest.split_once(['v', 'V']) {
            Some((n, v)) if kind == Kind::Document => (n, Some(digits(v)?)),
            Some(_) => return None,
            None => (rest, None),
        };
        Some(ItemId { kind, number: digits(number)?, version })
    }
}

fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().filter(|n| *n > 0)
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind.prefix(), self.number)?;
        match self.version {
            Some(v) => write!(f, "v{v}"),
            None => Ok(()),
        }
    }
}
