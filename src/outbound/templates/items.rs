//! One thing in one line, as welcome, shares and digests list it: its number and, as far as its matter's mails may carry
//! it, its name. Nothing is said of a thing that the reader may not see.

use crate::domain::{Item, Kind};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::documents::Version;
use crate::store::matters::Sensitivity;

/// The number of a thing and its name: `D-4: Reply brief.docx`; none if the reader may not see it, or it is gone.
pub fn title(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    if !reader.may(Ability::View, item)? {
        return Ok(None);
    }
    let id = reader.id(item)?;
    let Some(name) = name(reader, item)? else { return Ok(None) };
    // Notice only, where the matter's mails may not carry content (mails.md d0).
    let silent = reader.sensitivity(item)? == Sensitivity::Restricted && item.kind != Kind::Matter;
    Ok(Some(if silent || name.is_empty() { id } else { format!("{id}: {name}") }))
}

/// For the subject of a mail: `Document D-4: Reply brief.docx`, or neutral unless the matter is standard (decisions.md 27).
pub fn subject(reader: &Reader<'_>, item: Item) -> Result<String> {
    let (id, word) = (reader.id(item)?, capital(item.kind.word()));
    let is_standard = reader.sensitivity(item)? == Sensitivity::Standard;
    let name = match item.kind {
        Kind::Matter => own_number(reader, item)?,
        _ if is_standard => name(reader, item)?.unwrap_or_default(),
        _ => String::new(),
    };
    Ok(if name.is_empty() { format!("{word} {id}") } else { format!("{word} {id}: {name}") })
}

/// What it is called; a matter by the firm's own number and, unless restricted, its description.
fn name(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let (store, firm) = (reader.store, reader.firm.id);
    Ok(match item.kind {
        Kind::Matter => store.matter(firm, item.id)?.map(|m| {
            let silent = m.sensitivity == Sensitivity::Restricted || m.description.is_empty();
            if silent { m.display_number } else { format!("{}, {}", m.display_number, m.description) }
        }),
        Kind::Task => store.task(firm, item.id)?.map(|t| t.name),
        Kind::Document => store.document(firm, item.id)?.map(|d| d.name),
        Kind::Folder => store.folder(firm, item.id)?.map(|f| f.name),
        Kind::Event => store.event(firm, item.id)?.map(|e| e.details.summary),
        Kind::Conversation => store.conversation(firm, item.id)?.map(|c| c.subject),
        Kind::Bill => store.bill(firm, item.id)?.map(|b| b.bill_number),
        Kind::Note | Kind::TimeEntry | Kind::Communication => Some(String::new()),
    })
}

fn own_number(reader: &Reader<'_>, matter: Item) -> Result<String> {
    Ok(reader.store.matter(reader.firm.id, matter.id)?.map(|m| m.display_number).unwrap_or_default())
}

/// Type, size and version of a file: "PDF, 212 kB, version 2".
pub fn file(version: &Version) -> String {
    let extension = version.filename.rsplit_once('.').map(|(_, e)| e.to_uppercase()).filter(|e| e.len() <= 5);
    let mut parts: Vec<String> = extension.into_iter().collect();
    parts.push(super::news::size(version.size));
    if version.number > 1 {
        parts.push(format!("version {}", version.number));
    }
    parts.join(", ")
}

/// Points, the first ten of them, and how many more there are; `list` is the command that shows all.
pub fn cut(mut points: Vec<String>, list: &str) -> Vec<String> {
    let more = points.len().saturating_sub(10);
    if more > 0 {
        points.truncate(10);
        points.push(format!("and {more} more: reply {list}"));
    }
    points
}

/// "matter" as "Matter".
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
