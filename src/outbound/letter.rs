//! What is to be said to one person: references and facts, never text of a matter. It is stored in the transaction of
//! its cause and put into words when it leaves, so that it says only what may be said then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{FirmId, InboxId, Item, Kind, OutboxId, PersonId};
use crate::store::outbox::NewLetter;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, StoreError, Tx};

/// A version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledVersion {
    /// Which document.
    pub document: Item,
    /// Which version.
    pub version: u32,
}

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// 1: the first share; shows no client and no substance.
    Invitation {
        /// The invitation's row.
        invitation: i64,
    },
    /// 2: what there is, and how it works.
    Welcome,
    /// 3, 4, 8: these were shared.
    Shared {
        /// What.
        items: Vec<Item>,
        /// By whom.
        by: PersonId,
        /// What they added.
        message: String,
    },
    /// 5: a task was assigned.
    TaskAssigned {
        /// Which.
        task: Item,
    },
    /// 4, 7, 14: somebody wrote, filed, completed.
    News {
        /// Who.
        by: PersonId,
        /// What they wrote: the message's row.
        message: Option<i64>,
        /// In which conversation.
        conversation: Option<Item>,
        /// What they filed.
        documents: Vec<FiledVersion>,
        /// What they completed.
        completed: Vec<Item>,
        /// Which mails they logged.
        #[serde(default)]
        logged: Vec<Item>,
        /// For the firm: addresses in To and Cc that nobody on the matter has (MSG-08).
        outsiders: Vec<String>,
    },
    /// 9, 13: what became of a mail.
    Receipt {
        /// Which mail.
        inbox: InboxId,
        /// Line by line.
        lines: Vec<Line>,
    },
    /// 10: what is new, due and waiting.
    Digest {
        /// What is new begins here.
        since: Timestamp,
        /// And ends here.
        until: Timestamp,
    },
    /// 11: access ended; nothing of what it was.
    AccessEnded {
        /// Kind of thing.
        kind: Kind,
        /// Its number, which they knew.
        number: Option<u32>,
        /// What else ended at the same moment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<(Kind, Option<u32>)>,
    },
    /// "Was this you?", to the registered address only; shows nothing of the mails.
    Challenge {
        /// The challenge's row.
        challenge: i64,
    },
    /// 14: a mail is held (to the firm).
    Held {
        /// Which.
        inbox: InboxId,
    },
    /// 14: an invitation was answered (to the firm).
    InvitationAnswered {
        /// The invitation's row.
        invitation: i64,
        /// What was written, if it was neither yes nor no.
        text: Option<String>,
    },
    /// To the invited person, who is not let in yet: what their answer came to.
    InvitationNote {
        /// The invitation's row.
        invitation: i64,
        /// What.
        outcome: InvitationOutcome,
    },
    /// Something the firm should know about a person: an address misused, a signer bound, mails not delivered.
    Notice {
        /// What.
        notice: Notice,
        /// About whom.
        about: PersonId,
    },
}

/// What an answer to an invitation came to, other than a welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationOutcome {
    /// It was declined.
    Declined,
    /// It was neither yes nor no, and was passed on to the firm.
    PassedOn,
    /// It could not be answered any more.
    Over,
}

/// What the firm, or a person, should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// Somebody else wrote to this person's reply address (to the person, once, and to the firm).
    AddressMisused,
    /// This signing domain was bound to the person (to the firm).
    SignerBound {
        /// d= of the signature.
        domain: String,
    },
    /// Mails to this person come back (to the firm).
    Undeliverable {
        /// For good, or for now.
        permanent: bool,
    },
    /// The person paused all mails but the mandatory ones (to the firm).
    Stopped,
}

/// One line of a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// A thing was made or changed.
    Done {
        /// How.
        deed: Deed,
        /// Which thing.
        item: Item,
        /// Gentle remarks that change nothing.
        hints: Vec<String>,
    },
    /// A file was filed.
    Filed {
        /// Where.
        filed: FiledVersion,
        /// How.
        how: Filing,
    },
    /// A file was not filed.
    LeftOut {
        /// Its safe name.
        name: String,
        /// Why.
        why: String,
    },
    /// A message was sent.
    Sent {
        /// In which conversation.
        conversation: Item,
        /// To whom.
        to: Vec<PersonId>,
    },
    /// A question to be answered from what is shared now.
    Ask {
        /// The verb of the list or look-up, in its canonical form.
        verb: String,
        /// About what.
        item: Option<Item>,
        /// Version asked for.
        version: Option<u32>,
        /// Further words: `overdue`, `page 2`.
        words: String,
        /// What was typed, cut: said again if it may not be answered any more.
        typed: String,
    },
    /// `#help`: the words of a command's row in the table of verbs; none: what can be written here.
    Help {
        /// What the mail is about, for which the help is.
        item: Option<Item>,
        /// The command that was asked about, without `#`.
        word: String,
        /// What to type, and what it does.
        examples: Vec<(String, String)>,
        /// What else is to be known.
        remarks: Vec<String>,
    },
    /// A wish about mails was noted.
    Noted {
        /// What is so now.
        text: String,
    },
    /// It was not done. The words were chosen when it was refused; they show nothing.
    Refused {
        /// What was typed, cut.
        typed: String,
        /// Why not.
        why: String,
        /// The smallest text that would work.
        instead: Option<String>,
    },
    /// No matter was named; the answer lists those that are shared now.
    WhichMatter {
        /// What was typed, cut; empty for plain text.
        typed: String,
    },
    /// No task was named; the answer lists those that are open now.
    WhichTask {
        /// What was typed, cut.
        typed: String,
    },
    /// How and when they are told from now on.
    Settings {
        /// What is so now.
        text: String,
    },
    /// It may have been meant as a command.
    Question {
        /// What was asked.
        text: String,
    },
}

/// How a thing was made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Recorded, added, logged.
    Added,
    /// Changed.
    Edited,
    /// Taken back.
    Deleted,
    /// Completed.
    Completed,
    /// Reversed by `#undo`.
    Undone,
}

/// How a file was filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filing {
    /// As a new document.
    New,
    /// As a new document, though it answers the mail of another one.
    Apart,
    /// As a new version.
    Version,
    /// Not at all: the same content is there already.
    Same,
}

impl Letter {
    /// The word in the store, in lists and in `notify` preferences.
    pub const fn template(&self) -> &'static str {
        match self {
            Letter::Invitation { .. } => "invitation",
            Letter::Welcome => "welcome",
            Letter::Shared { .. } => "shared",
            Letter::TaskAssigned { .. } => "tasks",
            Letter::News { .. } => "news",
            Letter::Receipt { .. } => "receipt",
            Letter::Digest { .. } => "digest",
            Letter::AccessEnded { .. } => "access_ended",
            Letter::Challenge { .. } => "challenge",
            Letter::Held { .. } => "held",
            Letter::InvitationAnswered { .. } => "invitation_answered",
            Letter::InvitationNote { .. } => "invitation_note",
            Letter::Notice { .. } => "notice",
        }
    }

    /// True for letters that nobody can switch off: security, revocation, answers and refusals.
    pub const fn is_mandatory(&self) -> bool {
        matches!(
            self,
            Letter::Invitation { .. }
                | Letter::Welcome
                | Letter::Receipt { .. }
                | Letter::AccessEnded { .. }
                | Letter::Challenge { .. }
                | Letter::Held { .. }
                | Letter::InvitationAnswered { .. }
                | Letter::InvitationNote { .. }
                | Letter::Notice { .. }
        )
    }

    /// True for letters to people who are not let in (yet, or any more); all others need a person in good standing. None
    /// of them shows anything of a matter.
    pub const fn is_for_outsiders(&self) -> bool {
        matches!(
            self,
            Letter::Invitation { .. }
                | Letter::InvitationNote { .. }
                | Letter::Challenge { .. }
                | Letter::AccessEnded { .. }
        )
    }
}

/// A letter with everything the outbox needs to know.
#[derive(Clone, Debug)]
pub struct Addressed {
    /// To whom.
    pub person: PersonId,
    /// What.
    pub letter: Letter,
    /// Tells this letter from every other one of the firm, made from content and not from row numbers where a mail caused
    /// it, so that after a restore the same mail makes the same letter.
    pub key: String,
    /// What an answer to it means.
    pub reply: Option<(Purpose, About)>,
    /// Caused by which mail.
    pub inbox: Option<InboxId>,
    /// Only to this address.
    pub only_to: Option<String>,
    /// Not before.
    pub not_before: Option<Timestamp>,
    /// Reply address ends.
    pub reply_expires: Option<Timestamp>,
}

impl Addressed {
    /// A letter to `person`, answered as `reply` says.
    pub fn new(person: PersonId, letter: Letter, key: String, reply: Option<(Purpose, About)>) -> Addressed {
        Addressed { person, letter, key, reply, inbox: None, only_to: None, not_before: None, reply_expires: None }
    }

    /// Caused by this mail.
    pub fn caused_by(self, inbox: Option<InboxId>) -> Addressed {
        Addressed { inbox, ..self }
    }
}

/// Queues a letter; the same key a second time changes nothing and gives none.
pub fn queue(tx: &Tx<'_>, firm: FirmId, addressed: Addressed, now: Timestamp) -> Result<Option<OutboxId>> {
    let thread = match addressed.reply {
        Some((purpose, about)) => {
            Some(tx.thread_for(firm, addressed.person, purpose, about, addressed.reply_expires, now)?)
        }
        None => None,
    };
    let key = format!("{}:{}:{}", addressed.letter.template(), addressed.person, addressed.key);
    let message_id = format!("g.{}", tx.key().hash("message-id", &[&firm.0.to_be_bytes(), key.as_bytes()], 26));
    let content = serde_json::to_string(&addressed.letter).map_err(|e| StoreError::Content(e.to_string()))?;
    let new = NewLetter {
        person: addressed.person,
        key,
        template: addressed.letter.template().to_owned(),
        content,
        thread,
        inbox: addressed.inbox,
        message_id,
        only_to: addressed.only_to,
        coalesce: None,
        not_before: addressed.not_before.unwrap_or(now),
    };
    tx.queue(firm, &new, now)
}

/// Reads a letter from the outbox.
pub fn read(content: &str) -> Result<Letter> {
    serde_json::from_str(content).map_err(|e| StoreError::Content(e.to_string()))
}
