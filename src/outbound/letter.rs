//! What is to be said to one person: references and facts, never text of a matter. It is stored in the transaction of
//! its cause and put into words when it leaves, so that it says only what may be said then.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::{FirmId, InboxId, Item, Kind, OutboxId, PersonId, ThreadId};
use crate::sharing::Ability;
use crate::store::calendar::PartStat;
use crate::store::outbox::NewLetter;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, StoreError, Tx};

/// What the Message-ID of every letter begins with, and how many letters and digits follow, by which another gateway knows it.
pub const MESSAGE_ID_PREFIX: &str = "g.";
/// See [`MESSAGE_ID_PREFIX`].
pub const MESSAGE_ID_LEN: usize = 26;

/// A version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledVersion {
    /// Which document.
    pub document: Item,
    /// Which version.
    pub version: u32,
}

/// A file that was asked for, by itself or with the folder it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What was asked for: a document, a bill, or a folder.
    pub asked: Item,
    /// The document or bill.
    pub item: Item,
    /// Documents: which version.
    pub version: Option<u32>,
}

/// A thing that was shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedThing {
    /// The share's row: once it has ended, nothing is told of it, though the thing may be seen otherwise.
    pub share: i64,
    /// Of what.
    pub item: Item,
    /// What who shared it added, shown only where the thing is.
    pub message: String,
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
        things: Vec<SharedThing>,
        /// By whom.
        by: PersonId,
    },
    /// 5: a task is somebody's, was changed, or is due soon.
    Task {
        /// Which.
        task: Item,
        /// Why it is told now.
        news: TaskNews,
    },
    /// 16: a task is due and was not completed (to the firm).
    TaskOpen {
        /// Which.
        task: Item,
        /// Who shall do it.
        assignee: PersonId,
    },
    /// 17: a matter is on hold, or not any more (to the firm's people who may see it).
    OnHold {
        /// Which.
        matter: Item,
        /// By whom.
        by: PersonId,
        /// On hold, or not any more.
        held: bool,
    },
    /// 6: an invitation to an event, or a change of it; says what the event is when it leaves.
    Event {
        /// Which.
        event: Item,
        /// Why it is said now.
        news: EventNews,
    },
    /// 6: one time of a series was changed; says what it is when it leaves.
    EventOnce {
        /// Which series.
        event: Item,
        /// The day on which the series has it.
        day: Date,
    },
    /// 6: an event is to be taken out of a calendar; says nothing of what it was.
    EventWithdrawn(Withdrawn),
    /// 14: an invitation to an event was answered (to the firm).
    EventAnswered {
        /// Which.
        event: Item,
        /// Who answered.
        by: PersonId,
        /// What.
        answer: PartStat,
        /// Only for this time of a series.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<String>,
        /// This mail has words that nothing proves to be theirs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unproved: Option<InboxId>,
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
    /// A part of what was asked for by `#get`, because one mail can't carry all of it.
    Parcel {
        /// What is in this part.
        pieces: Vec<Piece>,
        /// Which part it is, from 1.
        part: u32,
        /// How many there are.
        of: u32,
        /// A code was confirmed for it: content of a restricted matter is not left out.
        #[serde(default, skip_serializing_if = "is_false")]
        confirmed: bool,
    },
    /// 8: a bill that was shared is due soon, or was paid.
    Bill {
        /// Which.
        bill: Item,
        /// What.
        event: BillEvent,
    },
    /// The firm changed a time entry (to whose it is).
    TimeChanged {
        /// Which.
        entry: Item,
        /// By whom.
        by: PersonId,
    },
    /// 10: what is new, due and waiting.
    Digest {
        /// What is new begins here.
        since: Timestamp,
        /// And ends here.
        until: Timestamp,
    },
    /// 14: what co-counsel added to the matters of one of the firm's people.
    FirmDigest {
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
        /// The matter that its address names, though its sender may not see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        names: Option<i64>,
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
    /// 12: a change of address, or the question whether an address is theirs.
    Address {
        /// The row of the change.
        change: i64,
        /// Which step of it.
        step: AddressStep,
    },
    /// A step in the life of an assistant: to the co-counsel, the firm, or the assistant.
    Assistant {
        /// Which step.
        step: AssistantStep,
        /// Who.
        assistant: PersonId,
    },
    /// To somebody with several roles: in which of them did they write a mail?
    WhichRole {
        /// Which mail.
        inbox: InboxId,
        /// What they may answer after `#as`.
        roles: Vec<String>,
    },
    /// To a co-counsel: what an assistant of theirs did.
    DoneFor {
        /// By which mail.
        inbox: InboxId,
        /// Who.
        by: PersonId,
        /// Line by line.
        lines: Vec<Line>,
    },
    /// Something the firm should know about a person: an address misused, a signer bound, mails not delivered.
    Notice {
        /// What.
        notice: Notice,
        /// About whom.
        about: PersonId,
    },
}

/// A step of a change of address. Nothing of a matter is in any of them, and those to a mailbox that is not yet known to be
/// the person's do not even have a name in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressStep {
    /// (a) To the address that is theirs now: the code.
    AskOld,
    /// To it: the firm asked for the change (ACC-14).
    FirmAsks,
    /// (b) To the new mailbox: its code.
    AskNew,
    /// To the new mailbox: the other code is still to come.
    NewWaits,
    /// To the new mailbox: the code was wrong; so many more may be tried.
    NewWrong(u32),
    /// To the new mailbox: it can't be confirmed any more.
    NewOver,
    /// (c) To the address that was theirs until now.
    DoneOld,
    /// (c) To the address that is theirs from now on.
    DoneNew,
    /// To the registered address: is this other address theirs? (decisions.md 4)
    AskFurther,
}

impl AddressStep {
    /// True for what goes to the mailbox that is not the person's yet.
    pub const fn is_to_new(self) -> bool {
        matches!(self, AddressStep::AskNew | AddressStep::NewWaits | AddressStep::NewWrong(_) | AddressStep::NewOver)
    }
}

/// Why a task is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskNews {
    /// It was assigned to its reader.
    Assigned,
    /// It was changed in this.
    Changed(Vec<TaskChange>),
    /// It was completed, and is open again.
    Reopened,
    /// Its day is near.
    DueSoon,
}

/// What of a task was changed, with what was said before where that is no text of a matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskChange {
    /// What is to be done.
    Name,
    /// By when, and before that by when.
    Due(Option<Date>),
    /// How urgent it is, and the word for what it was.
    Priority(String),
    /// More than the name says.
    Details,
}

/// Why an event is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventNews {
    /// Its reader is invited.
    Invited,
    /// It was changed.
    Changed,
    /// Its reader's calendar asked for it.
    Asked,
    /// Its reader gets their mail at another address from now on.
    Readdressed,
}

/// An event that is to be taken out of a calendar, as far as its reader had been told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The address that had the invitation; the only one that this may go to.
    pub address: String,
    /// EV-5.
    pub number: u32,
    /// iCalendar UID.
    pub uid: String,
    /// Above that of the invitation.
    pub sequence: u32,
    /// The beginning that the invitation said.
    pub beginning: String,
    /// Only this time of a series, by when the series has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Times of the series that stand in the calendar by themselves, by when the series has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The row and the generation of the reply address that the invitation named.
    pub thread: Option<(ThreadId, i64)>,
    /// When the invitation left: a calendar heeds only the reply address that it named, so the key of that time makes it.
    pub invited_at: Timestamp,
    /// Why.
    pub why: WhyWithdrawn,
}

/// Why an event is taken out of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyWithdrawn {
    /// It was called off.
    CalledOff,
    /// Its reader is not invited any more.
    NotInvited,
    /// The invitation goes to another address.
    Readdressed,
}

/// What there is to say of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillEvent {
    /// Its day comes near.
    DueSoon,
    /// It was paid.
    Paid,
}

impl BillEvent {
    /// The word in the keys of letters.
    pub const fn word(self) -> &'static str {
        match self {
            BillEvent::DueSoon => "due",
            BillEvent::Paid => "paid",
        }
    }
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

/// A step in the life of an assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssistantStep {
    /// Named by a mail: the co-counsel confirms it by a code.
    Confirm,
    /// Confirmed: the firm decides.
    Decide,
    /// The assistant accepted, and acts from now on.
    Begun,
    /// It is over.
    Ended,
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
        /// Nothing more is sent to their address until the firm says so.
        #[serde(default)]
        suspended: bool,
        /// Only a mail says so that anybody could have written.
        #[serde(default)]
        unproved: bool,
    },
    /// (d) The person moved to another address, or the firm moved them (to the firm, their own contact card unchanged).
    AddressChanged {
        /// Where their mail goes now.
        to: String,
    },
    /// The person writes from one more address (to the firm).
    AddressAdded {
        /// Which.
        address: String,
    },
    /// The person said that mail to their reply address from this address was not theirs (to the firm).
    NotTheirs {
        /// Which.
        address: String,
    },
    /// The person says that something was not meant for them; their access ended (to the firm).
    GivenBack {
        /// What they mean.
        item: Item,
        /// To what their access ended.
        ended: Vec<Item>,
        /// The mail in which they say so.
        inbox: Option<InboxId>,
    },
    /// More mails came from this person, or about a matter, than are taken in an hour (to the firm, and to them).
    TooManyMails,
    /// A mail of this person turns on an end, and the clock is not believed (to the firm, and to them).
    ClockLeapt,
    /// The person paused all mails but the mandatory ones (to the firm).
    Stopped,
    /// The person's mailbox answers by itself that they are away (to the firm).
    Away {
        /// What it says, cut.
        text: String,
    },
    /// The virus scanner found something in files that the person sent (to the firm).
    Infected {
        /// The files' names, and for each the sentence that says what was found.
        files: Vec<(String, String)>,
    },
}

impl Notice {
    /// What tells it from other notices of one cause.
    pub fn key(&self) -> String {
        match self {
            Notice::AddressMisused => "misused".into(),
            Notice::SignerBound { domain } => format!("signer:{domain}"),
            Notice::Undeliverable { permanent, suspended, unproved } => {
                format!("undeliverable:{permanent}:{suspended}:{unproved}")
            }
            Notice::AddressChanged { to } => format!("moved:{to}"),
            Notice::AddressAdded { address } => format!("added:{address}"),
            Notice::NotTheirs { address } => format!("not-theirs:{address}"),
            Notice::GivenBack { item, .. } => format!("given-back:{}-{}", item.kind.prefix(), item.id),
            Notice::TooManyMails => "too-many".into(),
            Notice::ClockLeapt => "clock".into(),
            Notice::Stopped => "stopped".into(),
            Notice::Away { .. } => "away".into(),
            Notice::Infected { files } => {
                let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
                format!("infected:{}", names.join("/"))
            }
        }
    }
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
    /// An invitation to an event was answered.
    Answered {
        /// Which.
        event: Item,
        /// With what.
        answer: PartStat,
        /// It was their answer before.
        again: bool,
    },
    /// A file was filed.
    Filed {
        /// Where.
        filed: FiledVersion,
        /// How.
        how: Filing,
    },
    /// A zip was unpacked, and its files filed.
    Unzipped {
        /// The name of the zip.
        zip: String,
        /// The folder they lie in.
        folder: Item,
        /// How many folders there are below it.
        folders: u32,
        /// The files.
        filed: Vec<FiledVersion>,
        /// Those whose content was there already.
        same: Vec<FiledVersion>,
        /// What was not taken, and why.
        skipped: Vec<(String, String)>,
    },
    /// What was asked for comes in mails of its own.
    Coming {
        /// What.
        items: Vec<Item>,
        /// In how many mails.
        mails: u32,
        /// What is too large for any mail.
        #[serde(default)]
        large: Vec<Piece>,
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
        /// By a command, not by plain text: a receipt says who got it (MSG-03).
        commanded: bool,
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
        /// A code was confirmed for it: content of a restricted matter is not left out.
        #[serde(default, skip_serializing_if = "is_false")]
        confirmed: bool,
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
    /// The name fits several of the firm's people, whom the answer lists with numbers.
    WhichPerson {
        /// What was typed, cut.
        typed: String,
        /// Whom it may mean.
        people: Vec<PersonId>,
    },
    /// What this line would do, if it were carried out (`#dry-run`). It was put into words when it was tried.
    Would {
        /// How it would go.
        outcome: WouldBe,
        /// What would be said.
        text: String,
        /// What belongs to it.
        more: Vec<String>,
        /// What it shows, with the code of the ability that it takes: asked again when it leaves.
        shows: Vec<(String, Item)>,
        /// The matters whose words it may have in it, which their mails could carry when it was tried.
        words_of: Vec<Item>,
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

/// How a line would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WouldBe {
    /// Done.
    Done,
    /// Refused.
    Refused,
    /// Neither: a remark, or an answer.
    Told,
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

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Letter {
    /// True where its reader confirmed by a code that they are to be sent content of a restricted matter.
    pub fn is_confirmed(&self) -> bool {
        match self {
            Letter::Receipt { lines, .. } => lines.iter().any(|l| matches!(l, Line::Ask { confirmed: true, .. })),
            Letter::Parcel { confirmed, .. } => *confirmed,
            _ => false,
        }
    }

    /// The word in the store, in lists and in `notify` preferences.
    pub const fn template(&self) -> &'static str {
        match self {
            Letter::Invitation { .. } => "invitation",
            Letter::Welcome => "welcome",
            Letter::Shared { .. } => "shared",
            Letter::Task { .. } => "tasks",
            Letter::TaskOpen { .. } => "task_open",
            Letter::OnHold { .. } => "on_hold",
            Letter::Event { .. } | Letter::EventOnce { .. } => "events",
            Letter::EventWithdrawn(_) => "event_withdrawn",
            Letter::EventAnswered { .. } => "event_answered",
            Letter::News { .. } => "news",
            Letter::Receipt { .. } => "receipt",
            Letter::Parcel { .. } => "parcel",
            Letter::Bill { .. } => "bills",
            Letter::TimeChanged { .. } => "time",
            Letter::Digest { .. } => "digest",
            Letter::FirmDigest { .. } => "firm_digest",
            Letter::AccessEnded { .. } => "access_ended",
            Letter::Challenge { .. } => "challenge",
            Letter::Held { .. } => "held",
            Letter::InvitationAnswered { .. } => "invitation_answered",
            Letter::InvitationNote { .. } => "invitation_note",
            Letter::Address { .. } => "address",
            Letter::Notice { .. } => "notice",
            Letter::Assistant { .. } => "assistant",
            Letter::DoneFor { .. } => "done_for",
            Letter::WhichRole { .. } => "which_role",
        }
    }

    /// The things that it tells of, where it is about things and nothing else; each is asked about before it is shown.
    pub fn items(&self) -> Vec<Item> {
        match self {
            Letter::Shared { things, .. } => things.iter().map(|t| t.item).collect(),
            Letter::Task { task, .. } => vec![*task],
            Letter::Event { event, .. } | Letter::EventOnce { event, .. } => vec![*event],
            Letter::News { conversation, documents, completed, logged, .. } => {
                let filed = documents.iter().map(|f| f.document);
                conversation.iter().chain(completed).chain(logged).copied().chain(filed).collect()
            }
            Letter::Parcel { pieces, .. } => pieces.iter().map(|p| p.item).collect(),
            Letter::Bill { bill, .. } => vec![*bill],
            Letter::TimeChanged { entry, .. } => vec![*entry],
            _ => Vec::new(),
        }
    }

    /// True for letters that nobody can switch off: security, revocation, answers and refusals.
    pub const fn is_mandatory(&self) -> bool {
        matches!(
            self,
            Letter::Invitation { .. }
                | Letter::Welcome
                | Letter::Receipt { .. }
                | Letter::Parcel { .. }
                | Letter::AccessEnded { .. }
                | Letter::EventWithdrawn(_)
                | Letter::Challenge { .. }
                | Letter::Held { .. }
                | Letter::InvitationAnswered { .. }
                | Letter::InvitationNote { .. }
                | Letter::Address { .. }
                | Letter::Notice { .. }
                | Letter::Assistant { .. }
                | Letter::DoneFor { .. }
                | Letter::WhichRole { .. }
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
                | Letter::EventWithdrawn(_)
                | Letter::Notice { notice: Notice::ClockLeapt, .. }
                | Letter::Assistant { step: AssistantStep::Ended, .. }
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
    /// What is queued under this key, and was not written yet, is said in the same mail (decisions.md 38).
    pub coalesce: Option<String>,
}

impl Addressed {
    /// A letter to `person`, answered as `reply` says.
    pub fn new(person: PersonId, letter: Letter, key: String, reply: Option<(Purpose, About)>) -> Addressed {
        Addressed {
            person,
            letter,
            key,
            reply,
            inbox: None,
            only_to: None,
            not_before: None,
            reply_expires: None,
            coalesce: None,
        }
    }

    /// Caused by this mail.
    pub fn caused_by(self, inbox: Option<InboxId>) -> Addressed {
        Addressed { inbox, ..self }
    }
}

/// Queues a letter, or adds it to one that waits for more; the same key a second time changes nothing and gives none.
pub fn queue(tx: &Tx<'_>, firm: FirmId, addressed: Addressed, now: Timestamp) -> Result<Option<OutboxId>> {
    if let Some(key) = &addressed.coalesce
        && let Some(open) = tx.open_letter(firm, addressed.person, key)?
        && let Some(both) = both(&read(&open.content)?, &addressed.letter)
    {
        let about = about(tx, firm, addressed.person, &both, now)?;
        let thread = tx.thread_for(firm, addressed.person, Purpose::Reply, about, None, now)?;
        let content = serde_json::to_string(&both).map_err(|e| StoreError::Content(e.to_string()))?;
        tx.set_letter_content(open.id, &content, Some(thread))?;
        return Ok(Some(open.id));
    }
    let thread = match addressed.reply {
        Some((purpose, about)) => {
            Some(tx.thread_for(firm, addressed.person, purpose, about, addressed.reply_expires, now)?)
        }
        None => None,
    };
    let key = key_of(addressed.letter.template(), addressed.person, &addressed.key);
    let message_id = message_id(tx, firm, &addressed, &key)?;
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
        coalesce: addressed.coalesce,
        not_before: addressed.not_before.unwrap_or(now),
    };
    tx.queue(firm, &new, now)
}

/// The Message-ID of a new letter, without the host. What a mail causes is told apart by the mail's bytes and the place among
/// its letters, never by row numbers: where a restored store takes that mail in again, also in another order, the letter
/// has the Message-ID that it had (fault F41).
fn message_id(tx: &Tx<'_>, firm: FirmId, addressed: &Addressed, key: &str) -> Result<String> {
    let mail = match addressed.inbox {
        Some(inbox) => tx.inbox(firm, inbox)?,
        None => None,
    };
    let what = match mail {
        Some(mail) => {
            let (person, template) = (addressed.person, addressed.letter.template());
            let before = tx.letters_caused_by(firm, &mail.sha256, person, template)?;
            format!("{}:{template}:{person}:{before}", mail.sha256)
        }
        None => key.to_owned(),
    };
    let name = tx.secret_name("message-id", &[&firm.0.to_be_bytes(), what.as_bytes()], MESSAGE_ID_LEN)?;
    Ok(format!("{MESSAGE_ID_PREFIX}{name}"))
}

/// Two letters about shares in one; none if they can't be one.
fn both(first: &Letter, second: &Letter) -> Option<Letter> {
    let (Letter::Shared { things, by }, Letter::Shared { things: more, by: other }) = (first, second) else {
        return None;
    };
    if by != other {
        return None;
    }
    // Shared, taken back and shared again: what was said last counts.
    let mut things = things.clone();
    for new in more {
        match things.iter_mut().find(|thing| thing.item == new.item) {
            Some(thing) => thing.clone_from(new),
            None => things.push(new.clone()),
        }
    }
    Some(Letter::Shared { things, by: *by })
}

/// What an answer to a letter about several shares is about: their matter, if it is one and shared too, else the firm.
fn about(tx: &Tx<'_>, firm: FirmId, person: PersonId, letter: &Letter, now: Timestamp) -> Result<About> {
    let mut matters = Vec::new();
    for item in letter.items() {
        matters.push(tx.matter_of(firm, item)?);
    }
    matters.dedup();
    let [Some(matter)] = matters.as_slice() else { return Ok(About::Firm) };
    let matter = Item::new(Kind::Matter, *matter);
    let sees = tx.ask(firm, person, Ability::View, matter, now)?.is_allowed();
    Ok(if sees { About::Item(matter) } else { About::Firm })
}

/// The whole key under which a letter is queued once.
pub fn key_of(template: &str, person: PersonId, key: &str) -> String {
    format!("{template}:{person}:{key}")
}

/// Reads a letter from the outbox.
pub fn read(content: &str) -> Result<Letter> {
    serde_json::from_str(content).map_err(|e| StoreError::Content(e.to_string()))
}
