//! `#help`: what can be written here, short enough for the screen of a phone; in an answer to a thing, what can be done
//! with that thing first. The words about a single command come from the table of verbs, with the letter.

use crate::domain::{Item, Kind};
use crate::language::{Reads, phrase, say, sentence};
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;

/// What co-counsel write. All of their commands are named here or in [`ALSO`]; a test of the commands holds that.
pub const SHEET: [(&str, &str); 10] = [
    (sentence!("#time 1.5h M-12 Drafted reply brief"), sentence!("records your time; #entries lists it")),
    (sentence!("#done T-12"), sentence!("completes a task")),
    (
        sentence!("#note M-12 Witness is free in May"),
        sentence!("adds a note; #call 10m logs a call, #log a mail that you forward"),
    ),
    (sentence!("#message M-12 Can we move the call?"), sentence!("writes to the firm")),
    (sentence!("#get D-4"), sentence!("sends you a document; #preview its first page, #show the details of anything")),
    (sentence!("#undo"), sentence!("in reply to a receipt: takes it back; #edit and #delete change what is yours")),
    (sentence!("#yes EV-5"), sentence!("accepts an invitation to an event; or #no, #maybe")),
    (
        sentence!("#home"),
        sentence!(
            "what waits for you; lists: #matters #tasks #calendar #documents #bills #messages #notes #contacts #client"
        ),
    ),
    (sentence!("#profile"), sentence!("your name; so also #email #timezone #lang #picture #assistant #accounts")),
    (sentence!("#stop"), sentence!("pauses mails, #start lifts it; #digest, #notify, #receipts say what comes when")),
];

/// The rest of them, for a line below the sheet.
pub const ALSO: &str = sentence!(
    "With files: #version D-4, #folder F-3, #name, #unzip, #keep. Also: #pay BILL-17, #print MSG-8, #vcard, #status, #dry-run, #as. #wrong if something was not meant for you."
);

/// Where the lines of the sheet begin that are worth saying again in reply to a thing.
const ANYWHERE: usize = 4;

/// What the firm's people write.
const FOR_USERS: [(&str, &str); 5] = [
    (sentence!("#show T-12"), sentence!("details of anything; #get D-4 sends a document")),
    (sentence!("#done T-12"), sentence!("completes a task of yours; in reply to its mail, #done alone")),
    (sentence!("#edit TE-31 1.2h"), sentence!("changes your entry")),
    (sentence!("#version D-4"), sentence!("with a file: files it as a new version; #keep files its pictures")),
    (
        sentence!("#timezone Europe/London"),
        sentence!("the zone of your dates; #digest, #stop and #start are for co-counsel"),
    ),
];

/// Adds the help and gives its title.
pub(super) fn help(
    reader: &Reader<'_>,
    item: Option<Item>,
    word: &str,
    examples: &[(String, String)],
    remarks: &[String],
    page: &mut Page,
) -> Result<String> {
    if reader.person.is_user() {
        page.text(say!(
            reader,
            "Your plain reply continues the conversation with the co-counsel. That is all a mail of yours needs."
        ));
        page.examples(&said(reader, &FOR_USERS));
        page.text(say!(
            reader,
            "Other commands of the firm's people are given on the command line, for now: docketpost --help"
        ));
        return Ok(say!(reader, "How to write here"));
    }
    if !word.is_empty() {
        page.examples(examples);
        for remark in remarks {
            page.text(remark.clone());
        }
        return Ok(say!(reader, "How #{word} works", word = word));
    }
    let item = match item {
        Some(item) if reader.may(Ability::View, item)? => Some(item),
        _ => None,
    };
    if let Some(item) = item {
        page.text(opening(reader, item.kind, &reader.id(item)?));
        page.examples(&said(reader, about(item.kind)));
        page.text(say!(reader, "Anywhere:"));
        page.examples(&said(reader, SHEET.get(ANYWHERE..).unwrap_or_default()));
    } else {
        page.text(say!(
            reader,
            "Write commands at the start of a line, above your signature. Other text goes to the firm as a message, files are filed."
        ));
        page.examples(&said(reader, &SHEET));
    }
    page.text(phrase(reader, ALSO));
    page.text(say!(reader, "More on one command: #help time"));
    Ok(say!(reader, "What you can write"))
}

/// Lines of the help in the reader's language.
fn said(to: impl Reads, lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(typed, effect)| (phrase(&to, typed), phrase(&to, effect))).collect()
}

/// What can be written about a thing, in reply to its mail.
pub const fn about(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Task => &[
            (sentence!("#done"), sentence!("completes the task")),
            (sentence!("#time 1.5h Drafted reply brief"), sentence!("records your time on it")),
            (sentence!("#show"), sentence!("shows its details")),
        ],
        Kind::Matter => &[
            (sentence!("#time 1.5h Drafted reply brief"), sentence!("records your time")),
            (sentence!("#note Witness is free in May"), sentence!("adds a note")),
            (sentence!("#call 10m with Mr Smith: agreed extension"), sentence!("logs a call")),
            (sentence!("#done T-12"), sentence!("completes a task")),
            (sentence!("#contacts"), sentence!("the people of the matter")),
        ],
        Kind::Document => &[
            (sentence!("#get"), sentence!("sends you the file")),
            (sentence!("#time 0.4h Reviewed"), sentence!("records your time on it")),
            (sentence!("#show"), sentence!("shows its versions")),
        ],
        Kind::Folder => &[
            (sentence!("#show"), sentence!("shows what is in it")),
            (sentence!("#get"), sentence!("lists what can be sent")),
        ],
        Kind::Conversation => &[
            (sentence!("#time 0.2h Answered"), sentence!("records your time")),
            (sentence!("#show"), sentence!("shows all messages")),
            (sentence!("#print"), sentence!("sends you a transcript")),
        ],
        Kind::Note | Kind::Communication => &[
            (sentence!("#time 0.2h Considered"), sentence!("records your time on it")),
            (sentence!("#show"), sentence!("shows it")),
        ],
        Kind::Event => &[
            (sentence!("#yes"), sentence!("you will come; or #no, or #maybe")),
            (sentence!("#show"), sentence!("shows time, place and link")),
        ],
        Kind::Bill => &[
            (sentence!("#get"), sentence!("sends you the bill")),
            (sentence!("#show"), sentence!("shows its dates and total")),
            (sentence!("#pay"), sentence!("tells where to pay it online")),
        ],
        Kind::TimeEntry => &[(sentence!("#show"), sentence!("shows it"))],
    }
}

fn opening(reader: &Reader<'_>, kind: Kind, id: &str) -> String {
    match kind {
        Kind::Document => say!(
            reader,
            "In reply to a mail about {id}: your text goes to the firm, a file of the same name is filed as a new version.",
            id = id
        ),
        Kind::Conversation => {
            say!(reader, "In reply to a mail about {id}: your text is your answer, files are filed.", id = id)
        }
        _ => say!(
            reader,
            "In reply to a mail about {id}: your text goes to the firm as a message, files are filed.",
            id = id
        ),
    }
}
