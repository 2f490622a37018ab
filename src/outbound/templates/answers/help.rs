//! `#help`: what can be written here, short enough for the screen of a phone; in an answer to a thing, what can be done
//! with that thing first. The words about a single command come from the table of verbs, with the letter.

use crate::domain::{Item, Kind};
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;

/// What co-counsel write most.
pub const SHEET: [(&str, &str); 11] = [
    ("#time 1.5h M-12 Drafted reply brief", "records your time"),
    ("#done T-12", "completes a task"),
    ("#note M-12 Witness is free in May", "adds a note"),
    ("#message M-12 Can we move the call?", "writes to the firm"),
    ("#show T-12", "details of anything shared with you"),
    ("#get D-4", "sends you a document"),
    ("#undo", "in reply to a receipt: takes it back"),
    ("#edit TE-31 1.2h", "changes your entry; #keep and #version D-4 go with files"),
    ("#stop", "pauses mails, #start lifts it; so also #digest daily 07:30, #timezone Europe/London"),
    ("#home", "everything that waits for you"),
    ("#tasks", "your tasks; so also #matters #calendar #documents #bills #messages #notes #entries"),
];

/// Where the lines of the sheet begin that are worth saying again in reply to a thing.
const ANYWHERE: usize = 4;

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
        page.text(
            "Your plain reply continues the conversation with the co-counsel. That is all a mail of yours needs.",
        );
        page.examples(&[
            ("#show T-12", "details of anything; #get D-4 sends a document"),
            ("#done T-12", "completes a task of yours; in reply to its mail, #done alone"),
            ("#edit TE-31 1.2h", "changes your entry"),
            ("#version D-4", "with a file: files it as a new version; #keep files its pictures"),
            ("#timezone Europe/London", "the zone of your dates; #digest, #stop and #start are for co-counsel"),
        ]);
        page.text("Other commands of the firm's people are given on the command line, for now: docketpost --help");
        return Ok("How to write here".into());
    }
    if !word.is_empty() {
        page.examples(&pairs(examples));
        for remark in remarks {
            page.text(remark.clone());
        }
        return Ok(format!("How #{word} works"));
    }
    let item = match item {
        Some(item) if reader.may(Ability::View, item)? => Some(item),
        _ => None,
    };
    if let Some(item) = item {
        let (opening, examples) = about(item.kind, &reader.id(item)?);
        page.text(opening);
        page.examples(&pairs(&examples));
        page.text("Anywhere:");
        page.examples(SHEET.get(ANYWHERE..).unwrap_or_default());
    } else {
        page.text("Write commands at the start of a line, above your signature. Other text goes to the firm as a message, files are filed.");
        page.examples(&SHEET);
    }
    page.text("More on one command: #help time");
    Ok("What you can write".into())
}

fn pairs(examples: &[(String, String)]) -> Vec<(&str, &str)> {
    examples.iter().map(|(typed, effect)| (typed.as_str(), effect.as_str())).collect()
}

/// What can be written about a thing, in reply to its mail.
pub fn about(kind: Kind, id: &str) -> (String, Vec<(String, String)>) {
    let lines: &[(&str, &str)] = match kind {
        Kind::Task => &[
            ("#done", "completes the task"),
            ("#time 1.5h Drafted reply brief", "records your time on it"),
            ("#show", "shows its details"),
        ],
        Kind::Matter => &[
            ("#time 1.5h Drafted reply brief", "records your time"),
            ("#note Witness is free in May", "adds a note"),
            ("#call 10m with Mr Smith: agreed extension", "logs a call"),
            ("#done T-12", "completes a task"),
            ("#contacts", "the people of the matter"),
        ],
        Kind::Document => &[
            ("#get", "sends you the file"),
            ("#time 0.4h Reviewed", "records your time on it"),
            ("#show", "shows its versions"),
        ],
        Kind::Folder => &[("#show", "shows what is in it"), ("#get", "lists what can be sent")],
        Kind::Conversation => &[("#time 0.2h Answered", "records your time"), ("#show", "shows all messages")],
        Kind::Note | Kind::Communication => {
            &[("#time 0.2h Considered", "records your time on it"), ("#show", "shows it")]
        }
        Kind::Event => &[("#show", "shows time, place and link")],
        Kind::Bill => &[("#get", "sends you the bill"), ("#show", "shows its dates and total")],
        Kind::TimeEntry => &[("#show", "shows it")],
    };
    let opening = match kind {
        Kind::Document => {
            format!(
                "In reply to a mail about {id}: your text goes to the firm, a file of the same name is filed as a new version."
            )
        }
        Kind::Conversation => format!("In reply to a mail about {id}: your text is your answer, files are filed."),
        _ => format!("In reply to a mail about {id}: your text goes to the firm as a message, files are filed."),
    };
    (opening, lines.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
}
