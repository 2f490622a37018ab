//! The verbs, as one table: how each may be typed, who may use it, what it takes, and its line in the help. A word
//! means one thing only (decisions.md 16); nothing outside this table makes a line a command.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table says what each one does, in the words of the help")]
pub enum Verb {
    Help,
    Time,
    Done,
    Note,
    Message,
    Call,
    Log,
    Edit,
    Delete,
    Undo,
    Folder,
    Name,
    Version,
    Unzip,
    Keep,
    Get,
    Preview,
    Show,
    Print,
    Matters,
    Tasks,
    Calendar,
    Documents,
    Bills,
    Messages,
    Notes,
    Contacts,
    Client,
    Entries,
    Home,
    Yes,
    No,
    Maybe,
    Pay,
    Profile,
    Picture,
    Timezone,
    Email,
    Password,
    Confirm,
    Digest,
    Notify,
    Accounts,
    As,
    Stop,
    Start,
    Status,
    DryRun,
    Lang,
    Vcard,
    Wrong,
    Receipts,
    Share,
    Unshare,
    Revoke,
    Who,
    Sent,
    Task,
    Assign,
    Event,
    Invite,
    Move,
    Bill,
    Expense,
    Rate,
    Reopen,
    TimeList,
    Hold,
    Release,
    Reject,
}

/// Who may use a verb; whether they may do it to a thing is asked of `sharing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Co-counsel and the firm's people.
    Everyone,
    /// The firm's people; co-counsel are answered with this sentence.
    Firm(&'static str),
}

/// One typed form that a verb takes before its narrative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `T-12`, `M-"00012-Smith"`, `[00012-Smith]`.
    Ids,
    /// `T12` as well as `T-12`, where nothing else could be meant.
    LooseIds,
    /// `3` for `T-3`.
    TaskNumbers,
    /// `1.5h`, `90m`.
    Duration,
    /// `1:30` is a duration, and `1.5` may be hours (decisions.md 15).
    Hours,
    /// A day that is over: work that was done.
    PastDate,
    /// A day to come: things that are due.
    FutureDate,
    /// `14:00`.
    TimeOfDay,
    /// `A103`.
    Codes,
    /// `nb`, `non-billable`, `nc`, `no-charge`, `quietly`, `urgent`.
    Flags,
    /// `date:yesterday`, `@Research`; `rate:` is refused.
    Keys,
    /// `"Court, room 4"`.
    Quoted,
    /// `jane@example.com`.
    Addresses,
    /// A person named after one of these words.
    Person(&'static [&'static str]),
}

/// Where the words of a command end (decisions.md 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// At the end of the typed line.
    Line,
    /// At the end of the typed line, and of the lines below it that are indented more deeply.
    Indented,
    /// At the next command or the end of the new text; the words may not be missing.
    Block,
    /// As `Block`, and may be empty.
    OptionalBlock,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What is asked for.
    pub verb: Verb,
    /// The canonical word, in lower case and without `#`.
    pub name: &'static str,
    /// Other words for exactly the same.
    pub synonyms: &'static [&'static str],
    /// Words of other languages: the language, and its words; English is always valid (gateway.md K9).
    pub localised: &'static [(&'static str, &'static [&'static str])],
    /// Who may use it.
    pub who: Who,
    /// The typed forms it takes, in any order.
    pub takes: &'static [Takes],
    /// Where its words end.
    pub ends: Ends,
    /// One line that works as written.
    pub example: &'static str,
    /// What it does, in one line of the help.
    pub help: &'static str,
}

impl Entry {
    /// Every word that means this verb.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let localised = self.localised.iter().flat_map(|(_, words)| words.iter().copied());
        std::iter::once(self.name).chain(self.synonyms.iter().copied()).chain(localised)
    }
}

impl Verb {
    /// The row of the table.
    pub fn entry(self) -> &'static Entry {
        // A test holds that every verb has its row, so that help is never given for another.
        static HELP: Entry = row(Verb::Help, "help", &[]);
        TABLE.iter().find(|e| e.verb == self).unwrap_or(&HELP)
    }

    /// The canonical word, in lower case and without `#`.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The verb that a word means, in any case.
    pub fn of(word: &str) -> Option<Verb> {
        static WORDS: LazyLock<BTreeMap<&str, Verb>> =
            LazyLock::new(|| TABLE.iter().flat_map(|e| e.words().map(|w| (w, e.verb))).collect());
        WORDS.get(word.to_lowercase().as_str()).copied()
    }
}

/// Words of other languages that people write for ours: asked about, never carried out.
const FOREIGN: &[(&str, &[&str])] = &[
    ("done", &["erledigt", "fertig", "fait", "terminé", "termine", "hecho", "listo", "terminado", "fatto"]),
    ("time", &["zeit", "temps", "tiempo", "tempo"]),
];

/// The verb that a word of another language may have been meant for.
pub fn foreign(word: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(_, words)| words.contains(&word)).map(|(verb, _)| *verb)
}

/// Words that lawyers write for themselves, whatever verb they are near to.
const NO_SLIP: &[&str] = &["deadline", "contract", "contracts"];

/// The known word that a mistyped one is nearest to: one slip in words of four and five letters, two from six, none
/// below (decisions.md 17).
pub fn nearest(word: &str) -> Option<&'static str> {
    let typed: Vec<char> = word.to_lowercase().chars().collect();
    if !(3..=24).contains(&typed.len()) || NO_SLIP.contains(&word) {
        return None;
    }
    TABLE
        .iter()
        .flat_map(Entry::words)
        .filter_map(|known| {
            let letters: Vec<char> = known.chars().collect();
            let most = match letters.len() {
                0..=3 => return None,
                4 | 5 => 1,
                _ => 2,
            };
            if letters.len().abs_diff(typed.len()) > most {
                return None;
            }
            let slips = slips(&typed, &letters);
            (1..=most).contains(&slips).then_some((slips, known))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, known)| known)
}

/// How many letters were missed, added, changed, or typed in the wrong order (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX);
            let next = j.saturating_add(1);
            let changed = at(&last, j).saturating_add(usize::from(x != y));
            let mut best = changed.min(at(&last, next).saturating_add(1)).min(at(&row, j).saturating_add(1));
            let swapped = j > 0 && previous == Some(y) && b.get(j.saturating_sub(1)) == Some(x);
            if swapped {
                best = best.min(at(&before, j.saturating_sub(1)).saturating_add(1));
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(0)
}

const ONLY_THE_FIRM: &str = "Only the firm's own people can do that.";
const ONLY_THE_FIRM_TASKS: &str = "Only the firm can set or change tasks. Write what you need and I will pass it on.";
const ONLY_THE_FIRM_EVENTS: &str =
    "Co-counsel can't create or change calendar events. Write the time you propose and I will pass it on.";
const ONLY_THE_FIRM_SHARES: &str =
    "Only the firm decides what is shared with whom. Write whom you have in mind and I will pass it on.";

const IDS: &[Takes] = &[Takes::Ids, Takes::LooseIds];
const ID_OR_TITLE: &[Takes] = &[Takes::Ids, Takes::LooseIds, Takes::Quoted];
const NOTHING: &[Takes] = &[];
const TIME: &[Takes] =
    &[Takes::Ids, Takes::Duration, Takes::Hours, Takes::PastDate, Takes::Codes, Takes::Flags, Takes::Keys];

const fn row(verb: Verb, name: &'static str, synonyms: &'static [&'static str]) -> Entry {
    let (who, takes, ends) = (Who::Everyone, NOTHING, Ends::Line);
    Entry { verb, name, synonyms, localised: &[], who, takes, ends, example: "", help: "" }
}

impl Entry {
    const fn takes(self, takes: &'static [Takes]) -> Entry {
        Entry { takes, ..self }
    }

    const fn ends(self, ends: Ends) -> Entry {
        Entry { ends, ..self }
    }

    const fn firm(self, sentence: &'static str) -> Entry {
        Entry { who: Who::Firm(sentence), ..self }
    }

    const fn says(self, example: &'static str, help: &'static str) -> Entry {
        Entry { example, help, ..self }
    }
}

/// Every verb, in the order of the help.
pub const TABLE: &[Entry] = &[
    row(Verb::Help, "help", &["?", "commands"]).says("#help time", "What you can write here"),
    // what co-counsel write most
    row(Verb::Time, "time", &["t", "log-time", "bill-time"])
        .takes(TIME)
        .ends(Ends::Indented)
        .says("#time 1.5h A103 L210 Drafted reply brief", "Record time on this matter or item"),
    row(Verb::Done, "done", &["complete", "completed", "finish", "finished", "closed"])
        .takes(&[
            Takes::Ids,
            Takes::LooseIds,
            Takes::TaskNumbers,
            Takes::Duration,
            Takes::PastDate,
            Takes::Codes,
            Takes::Flags,
            Takes::Keys,
            Takes::Quoted,
        ])
        .says("#done T-12", "Complete a task; with 1.2h, record time as well"),
    row(Verb::Note, "note", &[])
        .takes(&[Takes::Ids])
        .ends(Ends::Block)
        .says("#note Witness is available in May", "Add your own note to the matter"),
    row(Verb::Message, "message", &["msg", "send", "tell"])
        .takes(&[Takes::Ids, Takes::Flags, Takes::Person(&["to"])])
        .ends(Ends::Block)
        .says("#message to Smith: Can we move the call?", "Write a secure message to the firm"),
    row(Verb::Call, "call", &["phone"])
        .takes(&[Takes::Ids, Takes::Duration, Takes::PastDate])
        .ends(Ends::Block)
        .says("#call 10m with Mr Smith: agreed extension", "Log a telephone call"),
    row(Verb::Log, "log", &["file"])
        .takes(&[Takes::Ids])
        .ends(Ends::OptionalBlock)
        .says("#log", "Log the mail that you forward"),
    row(Verb::Edit, "edit", &["change", "correct", "fix"])
        .takes(TIME)
        .ends(Ends::Indented)
        .says("#edit TE-31 1.2h", "Change your own time entry, note or log"),
    row(Verb::Delete, "delete", &["remove", "cancel"])
        .takes(IDS)
        .says("#delete TE-31", "Delete your own time entry or note"),
    row(Verb::Undo, "undo", &[]).takes(IDS).says("#undo", "Take back what a receipt reported: reply to it"),
    // with attachments
    row(Verb::Folder, "folder", &["in"]).takes(ID_OR_TITLE).says("#folder F-3", "File the attachments in this folder"),
    row(Verb::Name, "name", &["rename"]).says("#name 2 Exhibit B.pdf", "Name an attachment"),
    row(Verb::Version, "version", &["update", "v"])
        .takes(IDS)
        .says("#version D-4", "File the attachment as a new version"),
    row(Verb::Unzip, "unzip", &[]).takes(IDS).says("#unzip Discovery", "Unpack the attached zip into a folder"),
    row(Verb::Keep, "keep", &[]).takes(IDS).says("#keep", "File the pictures that were taken for a signature"),
    // asking for things
    row(Verb::Get, "get", &["download", "send-me"]).takes(ID_OR_TITLE).says("#get D-4", "Send me a document or bill"),
    row(Verb::Preview, "preview", &[]).takes(ID_OR_TITLE).says("#preview D-4", "Send me the first page"),
    row(Verb::Show, "show", &["view", "open"])
        .takes(ID_OR_TITLE)
        .says("#show T-12", "Details of anything shared with you"),
    row(Verb::Print, "print", &[]).takes(IDS).says("#print MSG-8", "A transcript for printing"),
    row(Verb::Home, "home", &[]).says("#home", "Everything that waits for you"),
    row(Verb::Matters, "matters", &[]).says("#matters", "The matters shared with you"),
    row(Verb::Tasks, "tasks", &[]).takes(IDS).says("#tasks overdue", "Your tasks"),
    row(Verb::Calendar, "calendar", &[]).takes(IDS).says("#calendar", "The events you are invited to"),
    row(Verb::Documents, "documents", &[]).takes(IDS).says("#documents M-12", "Documents and folders shared with you"),
    row(Verb::Bills, "bills", &[]).takes(IDS).says("#bills", "The bills shared with you"),
    row(Verb::Messages, "messages", &[]).takes(IDS).says("#messages M-12", "Your conversations"),
    row(Verb::Notes, "notes", &[]).takes(IDS).says("#notes M-12", "Your notes"),
    row(Verb::Contacts, "contacts", &[]).takes(IDS).says("#contacts M-12", "The people of a matter"),
    row(Verb::Client, "client", &[]).takes(IDS).says("#client M-12", "The client of a matter"),
    row(Verb::Entries, "entries", &["hours"]).takes(IDS).says("#entries", "Your time; #hours asks for the same"),
    row(Verb::Vcard, "vcard", &[]).takes(IDS).says("#vcard", "With #contacts: cards for your address book"),
    // answering
    row(Verb::Yes, "yes", &["accept"]).takes(IDS).says("#yes", "Accept an invitation"),
    row(Verb::No, "no", &["decline"]).takes(IDS).says("#no", "Decline an invitation"),
    row(Verb::Maybe, "maybe", &[]).takes(IDS).says("#maybe", "Answer an event with perhaps"),
    row(Verb::Pay, "pay", &[]).takes(IDS).says("#pay BILL-17", "The link to pay a bill"),
    // oneself
    row(Verb::Profile, "profile", &[]).says("#profile name Jane Q. Roe", "Change your name or details"),
    row(Verb::Picture, "picture", &[]).says("#picture", "Use the attached picture"),
    row(Verb::Timezone, "timezone", &[]).says("#timezone Europe/London", "The zone your dates are read in"),
    row(Verb::Email, "email", &[]).takes(&[Takes::Addresses]).says("#email jane@new.example", "Change your address"),
    row(Verb::Password, "password", &[]).says("#password", "Set a passphrase by a one-time code"),
    row(Verb::Confirm, "confirm", &[]).says("#confirm 123-456", "Answer a code that was sent to you"),
    row(Verb::Digest, "digest", &[]).says("#digest daily 07:30", "When to be told; or weekly mon, or off"),
    row(Verb::Notify, "notify", &[]).says("#notify tasks off", "What to be told"),
    row(Verb::Receipts, "receipts", &[]).says("#receipts brief", "How much to be told; or all, or off"),
    row(Verb::Lang, "lang", &[]).says("#lang fr", "The language of these mails"),
    row(Verb::Accounts, "accounts", &[]).says("#accounts", "The firms you work with"),
    row(Verb::As, "as", &[]).says("#as FirmB", "The role in which you write"),
    row(Verb::Stop, "stop", &[]).says("#stop", "Pause all mails but the necessary ones"),
    row(Verb::Start, "start", &["resume", "unpause"]).says("#start", "Lift the pause; what waited is sent"),
    row(Verb::Status, "status", &[]).takes(IDS).says("#status", "What became of your last mails"),
    row(Verb::DryRun, "dry-run", &[]).says("#dry-run", "Say what this mail would do, and do nothing"),
    row(Verb::Wrong, "wrong", &[])
        .takes(IDS)
        .ends(Ends::OptionalBlock)
        .says("#wrong", "Say that something went to the wrong person"),
    // the firm's people
    row(Verb::Share, "share", &[])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::Flags, Takes::Addresses, Takes::Person(&["with"])])
        .ends(Ends::OptionalBlock)
        .firm(ONLY_THE_FIRM_SHARES)
        .says("#share D-4 with Jane Roe", "Share something with co-counsel"),
    row(Verb::Unshare, "unshare", &[])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::Flags, Takes::Addresses, Takes::Person(&["from", "with"])])
        .firm(ONLY_THE_FIRM_SHARES)
        .says("#unshare D-4 from Jane Roe", "End a share at once"),
    row(Verb::Revoke, "revoke", &[])
        .takes(&[Takes::Addresses])
        .firm(ONLY_THE_FIRM_SHARES)
        .says("#revoke all Jane Roe", "End all shares of a person at once"),
    row(Verb::Who, "who", &[]).takes(IDS).firm(ONLY_THE_FIRM).says("#who D-4", "Who can see this"),
    row(Verb::Sent, "sent", &[])
        .takes(&[Takes::Addresses, Takes::PastDate])
        .firm(ONLY_THE_FIRM)
        .says("#sent jane@example.com", "What was disclosed to a person"),
    row(Verb::Task, "task", &[])
        .takes(&[Takes::Ids, Takes::FutureDate, Takes::Flags, Takes::Addresses, Takes::Person(&["for", "to"])])
        .ends(Ends::Indented)
        .firm(ONLY_THE_FIRM_TASKS)
        .says("#task for Jane Roe M-12 due 3 Apr: Draft reply brief", "Give somebody a task"),
    row(Verb::Assign, "assign", &["reassign"])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::FutureDate, Takes::Addresses, Takes::Person(&["to", "for"])])
        .firm(ONLY_THE_FIRM_TASKS)
        .says("#assign T-12 to Jane Roe", "Give a task to somebody else"),
    row(Verb::Reopen, "reopen", &[])
        .takes(IDS)
        .firm(ONLY_THE_FIRM_TASKS)
        .says("#reopen T-12", "Open a completed task again"),
    row(Verb::Event, "event", &[])
        .takes(&[Takes::Ids, Takes::FutureDate, Takes::TimeOfDay, Takes::Duration, Takes::Quoted])
        .ends(Ends::Indented)
        .firm(ONLY_THE_FIRM_EVENTS)
        .says("#event M-12 12 Mar 14:00 1h \"Court, room 4\": Hearing", "Put an event in the calendar"),
    row(Verb::Invite, "invite", &[])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::Addresses, Takes::Person(&["with"])])
        .firm(ONLY_THE_FIRM_EVENTS)
        .says("#invite EV-5 jane@example.com", "Invite somebody to an event"),
    row(Verb::Move, "move", &[])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::FutureDate, Takes::TimeOfDay, Takes::Duration, Takes::Quoted])
        .firm("Only the firm can move things. Write what you propose and I will pass it on.")
        .says("#move EV-5 12 Mar 15:00", "Move an event"),
    row(Verb::Bill, "bill", &[])
        .takes(&[Takes::Ids, Takes::Addresses, Takes::Person(&["with"])])
        .firm("Bills are made by the firm. Record your time with #time.")
        .says("#bill share BILL-17 with Jane Roe", "Share a bill"),
    row(Verb::Expense, "expense", &["expenses"])
        .takes(&[Takes::Ids, Takes::PastDate])
        .firm("Expenses are recorded by the firm. Attach the receipt and I will file it as a document.")
        .says("#expense", "Expenses are recorded in the firm's own system"),
    row(Verb::Rate, "rate", &["rates"])
        .takes(&[Takes::Ids, Takes::Addresses])
        .firm("Rates are set by the firm.")
        .says("#rate jane@example.com M-12 250", "Set the rate of co-counsel"),
    row(Verb::TimeList, "time-list", &[])
        .takes(&[Takes::Ids, Takes::PastDate, Takes::Addresses, Takes::Person(&["by"])])
        .firm(ONLY_THE_FIRM)
        .says("#time-list M-12 by Jane Roe", "Time entries of co-counsel"),
    row(Verb::Hold, "hold", &[]).takes(IDS).firm(ONLY_THE_FIRM).says("#hold M-12 on", "Keep everything of a matter"),
    row(Verb::Release, "release", &[]).firm(ONLY_THE_FIRM).says("#release Q-7", "Let a held mail through"),
    row(Verb::Reject, "reject", &[]).firm(ONLY_THE_FIRM).says("#reject Q-7", "Dismiss a held mail"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_has_two_meanings() {
        let mut seen = BTreeMap::new();
        for entry in TABLE {
            for word in entry.words() {
                assert_eq!(seen.insert(word, entry.name), None, "#{word} means #{} too", entry.name);
            }
        }
    }

    #[test]
    fn every_verb_has_its_row_with_an_example_that_begins_with_it_and_a_help_line() {
        for entry in TABLE {
            assert_eq!(entry.verb.entry().name, entry.name);
            assert!(entry.example.starts_with(&format!("#{}", entry.name)), "{}", entry.name);
            assert!((5..=60).contains(&entry.help.len()), "{}", entry.name);
        }
        assert_eq!(TABLE.iter().filter(|e| e.verb == Verb::Help).count(), 1);
    }

    #[test]
    fn all_words_of_the_pages_are_known() {
        let c6 = "help ? commands time t log-time bill-time done complete completed finish closed note message msg send tell \
                  call phone log file edit change correct fix delete remove undo cancel folder in name as rename version \
                  update v unzip get download send-me preview show view open print matters tasks calendar documents bills \
                  messages notes contacts client home yes no maybe accept decline pay profile picture timezone email \
                  password confirm digest notify accounts stop task event assign share unshare bill expense rate reopen move";
        let c7 = "revoke who sent invite time-list hold release reject";
        let decision_16 = "keep entries status dry-run lang vcard wrong receipts";
        for word in [c6, c7, decision_16].iter().flat_map(|page| page.split_whitespace()) {
            assert!(Verb::of(word).is_some(), "#{word}");
        }
        assert_eq!(Verb::of("as"), Some(Verb::As));
        assert_eq!(Verb::of("undo"), Some(Verb::Undo));
    }

    #[test]
    fn what_co_counsel_may_not_use_is_known_and_has_its_sentence() {
        for word in ["task", "event", "assign", "share", "unshare", "bill", "expense", "rate", "reopen", "move"] {
            let who = Verb::of(word).unwrap().entry().who;
            assert!(matches!(who, Who::Firm(sentence) if sentence.ends_with('.')), "#{word}");
        }
    }

    #[test]
    fn one_slip_in_short_words_and_two_in_long_ones_are_near() {
        for (typed, known) in [
            ("tiem", "time"),
            ("tim", "time"),
            ("doen", "done"),
            ("Notte", "note"),
            ("mesage", "message"),
            ("dokumets", "documents"),
        ] {
            assert_eq!(nearest(typed), Some(known), "#{typed}");
        }
        for word in ["metoo", "motion", "teim-sheet", "gte", "x", "1", "exhibit", "smith", "teem2"] {
            assert_eq!(nearest(word), None, "#{word}");
        }
    }
}
