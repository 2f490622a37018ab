//! `#print`: a transcript as a PDF, enclosed: caption, members by name, every message with its author and its time where
//! the reader is (MSG-06); a note in the same form. Names only, never an address.

use super::show::RESTRICTED;
use super::words::{self, one_line};
use super::{Question, lists, may_see, not_visible, refuse};
use crate::domain::{Item, Kind};
use crate::language::{count, phrase, say};
use crate::outbound::page::{Enclosure, Page};
use crate::outbound::pdf::{self, Piece};
use crate::outbound::reader::Reader;
use crate::outbound::templates::items;
use crate::sharing::Ability;
use crate::store::Result;

/// Messages in one transcript; those before them are asked for as page 2.
const MOST_MESSAGES: usize = 250;

/// Encloses the transcript and gives a title; none if it was refused.
pub(super) fn print(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(item) = question.item else { return Ok(None) };
    if !reader.verdict(Ability::Print, item)?.is_allowed() {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    if reader.withholds(item)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let pieces = match item.kind {
        Kind::Conversation => conversation(reader, item, question)?,
        Kind::Note => note(reader, item)?,
        _ => None,
    };
    let Some(pieces) = pieces else { return Ok(not_visible(reader, question, item.kind, page)) };
    let id = reader.id(item)?;
    let foot = say!(reader, "{id} – {firm} – privileged & confidential", id = &id, firm = &reader.firm.name);
    let title = items::subject(reader, item)?;
    let Some(bytes) = pdf::write(&title, &foot, reader.locale, &pieces) else {
        return Ok(refuse(
            reader,
            question,
            &say!(reader, "The transcript can't be made at the moment. Ask the firm."),
            page,
        ));
    };
    reader.may(Ability::Print, item)?;
    let name = match question.page() {
        0 | 1 => id,
        part => say!(reader, "{id}, part {part}", id = id, part = part),
    };
    page.text(match item.kind {
        Kind::Note => say!(reader, "The note {id} is attached, ready to print.", id = &name),
        _ => say!(reader, "The transcript of {id} is attached, ready to print.", id = &name),
    });
    page.enclosures.push(Enclosure {
        name: format!("{name}.pdf"),
        mime: "application/pdf".into(),
        bytes,
        is_shown: false,
    });
    Ok(Some(title))
}

/// What stands above every transcript.
fn caption(reader: &Reader<'_>, item: Item, subject: &str) -> Result<Vec<Piece>> {
    let what = if item.kind == Kind::Note { say!(reader, "Note") } else { say!(reader, "Transcript of messages") };
    let mut pieces = vec![Piece::Title(what), Piece::Fact(say!(reader, "Firm"), reader.firm.name.clone())];
    let mut fact = |name: String, value: String| {
        if !value.is_empty() {
            pieces.push(Piece::Fact(name, value));
        }
    };
    fact(say!(reader, "Number"), reader.id(item)?);
    fact(say!(reader, "Subject"), one_line(subject));
    if let Some(matter) = reader.visible_matter(item)? {
        let name = words::name_of_matter(&matter);
        let number = one_line(&matter.display_number);
        let number = if name == number { String::new() } else { format!(" ({number})") };
        fact(say!(reader, "Matter"), format!("M-{} {name}{number}", matter.number));
    }
    Ok(pieces)
}

fn conversation(reader: &Reader<'_>, item: Item, question: &Question<'_>) -> Result<Option<Vec<Piece>>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = reader.conversation(item.id)? else { return Ok(None) };
    let mut pieces = caption(reader, item, &items::conversation(reader, &row)?)?;
    let members = store.members(firm, item.id, reader.now)?;
    let names: Vec<String> = members.iter().map(|p| reader.name_of(*p)).collect::<Result<_>>()?;
    pieces.push(Piece::Fact(say!(reader, "Between"), names.join(", ")));
    let messages = reader.messages(item.id)?;
    let parts = messages.len().div_ceil(MOST_MESSAGES).max(1);
    let part = question.page().min(parts);
    let end = messages.len().saturating_sub(part.saturating_sub(1).saturating_mul(MOST_MESSAGES));
    let start = end.saturating_sub(MOST_MESSAGES);
    pieces.push(Piece::Fact(say!(reader, "Printed"), reader.moment(reader.now)));
    if part < parts {
        let earlier = count!(
            reader,
            start,
            "1 message is not in this one: #print {id} page {page}",
            "{n} messages are not in this one: #print {id} page {page}",
            id = reader.id(item)?,
            page = part.saturating_add(1)
        );
        pieces.push(Piece::Fact(say!(reader, "Earlier"), earlier));
    }
    for message in messages.iter().take(end).skip(start) {
        pieces.push(Piece::Rule);
        let moment = reader.moment(message.created_at);
        let when = match message.superseded_by {
            Some(_) => say!(reader, "{moment} – corrected by a later message", moment = moment),
            None => moment,
        };
        pieces.push(Piece::Speaker(reader.name_of(message.sender)?, when));
        pieces.push(Piece::Text(message.body.clone()));
        let files = may_see(reader, store.documents_of_message(firm, message.id)?)?;
        for line in lists::points(reader, files.iter())? {
            pieces.push(Piece::Small(say!(reader, "With it: {line}", line = line)));
        }
    }
    Ok(Some(pieces))
}

fn note(reader: &Reader<'_>, item: Item) -> Result<Option<Vec<Piece>>> {
    let Some(row) = reader.note_row(item.id)? else { return Ok(None) };
    let mut pieces = caption(reader, item, &row.subject)?;
    pieces.push(Piece::Fact(say!(reader, "Date"), reader.day(row.date)));
    if let Some(name) = reader.author(row.author)? {
        let name = if row.author == reader.person.id { reader.person.name() } else { name };
        pieces.push(Piece::Fact(say!(reader, "Written by"), name));
    }
    if let Some(at) = row.edited_at {
        pieces.push(Piece::Fact(say!(reader, "Changed"), reader.moment(at)));
    }
    pieces.push(Piece::Fact(say!(reader, "Printed"), reader.moment(reader.now)));
    pieces.push(Piece::Rule);
    pieces.push(Piece::Text(row.detail));
    Ok(Some(pieces))
}
