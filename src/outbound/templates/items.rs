//! One thing in one line, as welcome, shares and digests list it: its number and, as far as its matter's mails may carry
//! it, its name. Nothing is said of a thing that the reader may not see.

use crate::domain::{Item, Kind};
use crate::language::{Locale, Reads, count, phrase, say};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::conversations::Conversation;
use crate::store::documents::Version;
use crate::store::matters::Sensitivity;
use crate::store::numbers::Reader as Numbering;

/// The number of a thing and its name: `D-4: Reply brief.docx`; none if the reader may not see it, or it is gone.
pub fn title(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    if !reader.may(Ability::View, item)? {
        return Ok(None);
    }
    let id = reader.id(item)?;
    let Some(name) = name(reader, item)? else { return Ok(None) };
    // Notice only, where the matter's mails may not carry content (mails.md d0).
    let silent = match (reader.sensitivity(item)?, item.kind) {
        (Sensitivity::Standard, _) | (_, Kind::Matter) => false,
        // As in subjects and in calendars, which others may look into (decisions.md 27).
        (Sensitivity::Confidential, kind) => kind == Kind::Event,
        (Sensitivity::Restricted, _) => true,
    };
    Ok(Some(if silent || name.is_empty() { id } else { format!("{id}: {name}") }))
}

/// What is called `name`, and for an open task by when it is to be done: `T-1: Draft, due 3 April 2026`.
pub fn with_due(reader: &Reader<'_>, item: Item, name: String) -> Result<String> {
    let task = match item.kind {
        Kind::Task => reader.task(item.id)?.filter(|t| t.completed_at.is_none()),
        _ => None,
    };
    Ok(match task.and_then(|t| t.due_at) {
        Some(day) => say!(reader, "{name}, due {day}", name = name, day = reader.day(day)),
        None => name,
    })
}

/// For the subject of a mail: `Document D-4: Reply brief.docx`, or neutral unless the matter is standard (decisions.md 27).
pub fn subject(reader: &Reader<'_>, item: Item) -> Result<String> {
    let (id, word) = (reader.id(item)?, item.kind.title(reader));
    let is_standard = reader.sensitivity(item)? == Sensitivity::Standard;
    let name = match item.kind {
        Kind::Matter => own_number(reader, item)?,
        _ if is_standard => name(reader, item)?.unwrap_or_default(),
        _ => String::new(),
    };
    Ok(match name.as_str() {
        "" => format!("{word} {id}"),
        name => say!(reader, "{kind} {id}: {name}", kind = word, id = id, name = name),
    })
}

/// What it is called; a matter by the firm's own number and, unless restricted, its description.
fn name(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    Ok(match item.kind {
        Kind::Matter => reader.matter(item.id)?.map(|m| {
            let silent = m.sensitivity == Sensitivity::Restricted || m.description.is_empty();
            if silent { m.display_number } else { format!("{}, {}", m.display_number, m.description) }
        }),
        Kind::Task => reader.task(item.id)?.map(|t| t.name),
        Kind::Document => reader.document(item.id)?.map(|d| d.name),
        Kind::Folder => reader.folder(item.id)?.map(|f| f.name),
        Kind::Event => reader.event(item.id)?.map(|e| e.details.summary),
        Kind::Conversation => match reader.conversation(item.id)? {
            Some(row) => Some(conversation(reader, &row)?),
            None => None,
        },
        Kind::Bill => reader.bill(item.id)?.map(|b| b.bill_number),
        Kind::Note | Kind::TimeEntry | Kind::Communication => Some(String::new()),
    })
}

/// What a conversation is headed; the heading that it was given by itself, which has the firm's own numbers, in the
/// reader's language and with the numbers that the reader knows.
pub fn conversation(reader: &Reader<'_>, row: &Conversation) -> Result<String> {
    let (store, firm) = (reader.store, reader.firm.id);
    let headed = |locale: Locale, numbering: Numbering| -> Result<String> {
        Ok(match (row.about, row.matter) {
            (Some(item), _) => match store.number(firm, numbering, item)? {
                Some(id) => say!(locale, "About {kind} {id}", kind = item.kind, id = id.to_string()),
                None => phrase(locale, item.kind.word()),
            },
            (None, Some(matter)) => match reader.matter(matter)? {
                Some(matter) => say!(locale, "Matter {id}", id = format!("M-{}", matter.number)),
                None => say!(locale, "General"),
            },
            (None, None) => say!(locale, "General"),
        })
    };
    let by_itself = headed(Locale::British, Numbering::Firm)? == row.subject;
    if by_itself { headed(reader.locale, reader.numbering()) } else { Ok(row.subject.clone()) }
}

/// A number and a name in quotation marks; the number alone where there is no name, or none may be said.
pub fn named(to: impl Reads, id: &str, name: &str) -> String {
    if name.is_empty() { id.to_owned() } else { format!("{id} {}", say!(to, "\"{name}\"", name = name)) }
}

/// Said where a mail leaves out what a thing is about: how to have it (mails.md d0).
pub fn how_to_see(reader: &Reader<'_>, item: Item) -> Result<String> {
    let id = reader.id(item)?;
    let typed = match item.kind {
        Kind::Document | Kind::Bill => say!(reader, "#get {id}", id = id),
        _ => say!(reader, "#show {id}", id = id),
    };
    Ok(say!(
        reader,
        "Mails about this matter carry no content. To have it sent, reply {command}: you get a code to confirm it first.",
        command = typed
    ))
}

fn own_number(reader: &Reader<'_>, matter: Item) -> Result<String> {
    Ok(reader.matter(matter.id)?.map(|m| m.display_number).unwrap_or_default())
}

/// Type and size of a file, and of a later one its version: "PDF, 212 kB, version 2".
pub fn file(to: impl Reads, version: &Version) -> String {
    let extension = version.filename.rsplit_once('.').map(|(_, e)| e.to_uppercase()).filter(|e| e.len() <= 5);
    let mut parts: Vec<String> = extension.into_iter().collect();
    parts.push(super::news::size(&to, version.size));
    if version.number > 1 {
        parts.push(say!(to, "version {version}", version = version.number));
    }
    parts.join(", ")
}

/// Points, the first ten of them, and how many more there are; `list` is the command that shows all.
pub fn cut(to: impl Reads, mut points: Vec<String>, list: &str) -> Vec<String> {
    let more = points.len().saturating_sub(10);
    if more > 0 {
        points.truncate(10);
        points.push(count!(to, more, "and 1 more: reply {list}", "and {n} more: reply {list}", list = list));
    }
    points
}
