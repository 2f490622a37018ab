//! The form of a file under `fixtures/sharing/`: which requirement it shows, what is so, and what is asked. Only names
//! and types are checked here; `world` makes it so in a store, `ask` asks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The requirement row that it shows.
    pub row: String,
    /// Further rows that it shows.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it shows, in one sentence.
    pub says: String,
    /// What is so, on top of the cast (`world`).
    #[serde(default)]
    pub given: Given,
    /// What is asked, in this order.
    pub ask: Vec<Ask>,
}

/// Rows to insert. Numbers (`T-1`) are those that the firm's count gives, in the order of writing; they are checked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    pub folder: Vec<Folder>,
    pub document: Vec<Document>,
    pub task: Vec<Task>,
    pub note: Vec<Note>,
    pub log: Vec<Log>,
    pub event: Vec<Event>,
    pub conversation: Vec<Conversation>,
    pub bill: Vec<Bill>,
    pub time: Vec<Time>,
    pub category: Vec<Category>,
    pub share: Vec<Share>,
    pub revoke: Vec<Revoke>,
    pub done: Vec<Done>,
    /// Items that are gone.
    pub deleted: Vec<String>,
    /// Events that were called off.
    pub cancelled: Vec<String>,
    /// Matters that were closed so many days ago.
    pub closed: BTreeMap<String, i64>,
    /// What the firm does with closed matters, if not the default.
    pub closed_matters: Option<String>,
    /// Matters that only these users may see.
    pub listed: BTreeMap<String, Vec<String>>,
    /// Contacts whose login address the firm may not change.
    pub locked_address: Vec<String>,
    /// Contacts without a mail address on their card.
    pub no_address: Vec<String>,
    /// Persons kept from a matter.
    pub screen: Vec<Screen>,
    /// Paula, who acts for somebody of the cast.
    pub paula: Option<Assistant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    pub id: String,
    pub on: String,
    #[serde(rename = "in")]
    pub within: Option<String>,
    /// The drop folder "From co-counsel" of this person on the matter.
    pub drop: Option<String>,
    #[serde(default)]
    pub locked: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub id: String,
    pub on: String,
    #[serde(rename = "in")]
    pub within: Option<String>,
    pub name: Option<String>,
    pub by: Option<String>,
    /// Checked out by the firm.
    #[serde(default)]
    pub locked: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub id: String,
    pub on: Option<String>,
    /// To whom it is assigned; a contact gets the share that goes with it.
    #[serde(rename = "for")]
    pub assignee: Option<String>,
    #[serde(default)]
    pub private: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub id: String,
    pub on: String,
    pub by: String,
    #[serde(default)]
    pub internal: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub id: String,
    pub on: String,
    pub by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub id: String,
    pub on: Option<String>,
    /// Who is invited; a contact gets the share that goes with it.
    #[serde(rename = "for", default)]
    pub attendees: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    pub id: String,
    pub on: Option<String>,
    /// Who is in it; a contact gets the share that goes with it.
    pub members: Vec<String>,
    #[serde(default)]
    pub read_only: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bill {
    pub id: String,
    pub on: Option<String>,
    pub state: String,
    /// Where to pay, if that is set up.
    pub pay_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    pub id: String,
    pub on: String,
    pub by: String,
    #[serde(default = "two")]
    pub days_ago: i64,
    pub billed_on: Option<String>,
}

fn two() -> i64 {
    2
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub name: String,
    /// Whether co-counsel may choose it.
    pub visible: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub of: String,
    #[serde(rename = "with")]
    pub person: String,
    /// It ended by itself so many days ago.
    pub ended_days_ago: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    pub of: String,
    #[serde(rename = "from")]
    pub person: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    pub task: String,
    pub by: String,
}

/// An assistant who was named, approved and has accepted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assistant {
    #[serde(rename = "for")]
    pub principal: String,
    /// What was given; the usual if nothing is said.
    pub may: Option<Vec<String>>,
    #[serde(default)]
    pub ended: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    pub person: String,
    pub from: String,
    #[serde(default)]
    pub lifted: bool,
}

/// A question and its answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "by", deny_unknown_fields)]
pub enum Ask {
    /// `docketpost who THING --person PERSON --all`.
    #[serde(rename = "command line")]
    CommandLine(Question),
    /// A mail, from its bytes to its receipt.
    #[serde(rename = "mail")]
    Mail(Box<Mail>),
}

/// May this person do this to this thing?
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub person: String,
    /// A number, or `home`, `calendar`, `accounting:M-1`, `reports`, `settings`, `integrations`.
    pub thing: String,
    /// Codes of abilities.
    pub ability: OneOrMore,
    /// `allow`, or the code of a refusal.
    pub expect: String,
    /// Who would get something by it.
    pub receiver: Option<String>,
    /// The work was done so many days ago.
    pub worked_days_ago: Option<i64>,
    /// A category was typed that co-counsel may not choose.
    #[serde(default)]
    pub hidden_category: bool,
}

/// A mail and what becomes of it. In `text` and `receipt`, `{3 days ago}` is that day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub from: String,
    /// To the address of this matter or thing.
    pub to: Option<String>,
    /// In reply to a mail about this thing.
    pub reply: Option<String>,
    #[serde(default)]
    pub subject: String,
    #[serde(default)]
    pub text: String,
    /// Names of attached files.
    #[serde(default)]
    pub files: Vec<String>,
    /// What the rules are asked because of it.
    pub thing: Option<String>,
    #[serde(default)]
    pub ability: OneOrMore,
    pub expect: Option<String>,
    pub receiver: Option<String>,
    pub worked_days_ago: Option<i64>,
    #[serde(default)]
    pub hidden_category: bool,
    /// The state that it ends in: APPLIED, REFUSED, HELD, IGNORED.
    pub outcome: String,
    /// What stands in its receipt; none: there is no receipt.
    #[serde(default)]
    pub receipt: OneOrMore,
    /// What must not stand there.
    #[serde(default)]
    pub silent_about: OneOrMore,
    /// Who of the others gets a letter because of it.
    pub tells: Option<Vec<String>>,
}

impl Mail {
    /// The question that the rules are asked, if one is named.
    pub fn question(&self) -> Option<Question> {
        Some(Question {
            person: self.from.clone(),
            thing: self.thing.clone()?,
            ability: self.ability.clone(),
            expect: self.expect.clone()?,
            receiver: self.receiver.clone(),
            worked_days_ago: self.worked_days_ago,
            hidden_category: self.hidden_category,
        })
    }
}

/// One text, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> OneOrMore {
        OneOrMore::More(Vec::new())
    }
}

impl OneOrMore {
    pub fn all(&self) -> &[String] {
        match self {
            OneOrMore::One(text) => std::slice::from_ref(text),
            OneOrMore::More(texts) => texts,
        }
    }
}

impl Fixture {
    /// Reads `fixtures/sharing/NAME.toml`.
    pub fn read(name: &str) -> Fixture {
        let path = folder().join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The rows that it shows.
    pub fn rows(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.row).chain(&self.also).map(String::as_str)
    }
}

/// Where the files lie.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sharing")
}
