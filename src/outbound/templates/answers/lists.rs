//! The lists: `#matters #tasks #calendar #documents #bills #messages #notes #entries`, a page at a time. Only what may be
//! seen is counted, so that no number tells of anything else.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::words::{self, is_overdue};
use super::{Question, not_visible, visible};
use crate::domain::duration::Quantity;
use crate::domain::{Item, Kind};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;

/// Things on one page of a list.
pub(super) const PAGE: usize = 25;

/// What is said where there is nothing.
const NOTHING: &str = "Nothing of that kind is shared with you.";

/// Adds a list, and gives its title; none if it is about a matter or folder that the reader may not see.
pub(super) fn list(
    reader: &Reader<'_>,
    verb: &str,
    question: &Question<'_>,
    page: &mut Page,
) -> Result<Option<String>> {
    if let Some(within) = question.item
        && !reader.may(Ability::View, within)?
    {
        return Ok(not_visible(reader, question, within.kind, page));
    }
    let found = match verb {
        "matters" => matters(reader)?,
        "tasks" => tasks(reader, question)?,
        "calendar" => events(reader, question)?,
        "documents" => documents(reader)?,
        "bills" => by_number(reader, Kind::Bill)?,
        "messages" => visible(reader, Kind::Conversation)?,
        "notes" => notes(reader)?,
        "entries" => entries(reader)?,
        _ => Vec::new(),
    };
    let found = within(reader, question.item, found)?;
    let title = title(reader, verb, question)?;
    page.heading(title.clone());
    show_page(reader, verb, question, &found, page)?;
    Ok(Some(title))
}

fn title(reader: &Reader<'_>, verb: &str, question: &Question<'_>) -> Result<String> {
    let title = match verb {
        "matters" => "Matters shared with you",
        "tasks" if question.says("overdue") => "Your overdue tasks",
        "tasks" => "Your tasks",
        "calendar" if question.says("past") => "Events that are over",
        "calendar" => "Events to come",
        "documents" => "Documents shared with you",
        "bills" => "Bills shared with you",
        "messages" => "Your conversations",
        "notes" => "Notes and logged communications",
        _ => "Your time",
    };
    Ok(match question.item {
        Some(item) => format!("{title}: {}", reader.id(item)?),
        None => title.to_owned(),
    })
}

/// Only what belongs to the matter, or lies in the folder.
fn within(reader: &Reader<'_>, place: Option<Item>, found: Vec<Item>) -> Result<Vec<Item>> {
    let Some(place) = place else { return Ok(found) };
    let mut inside = Vec::new();
    for item in found {
        let is_inside = if place.kind == Kind::Folder {
            lies_in(reader, item, place)?
        } else {
            reader.store.matter_of(reader.firm.id, item)? == Some(place.id)
        };
        if is_inside {
            inside.push(item);
        }
    }
    Ok(inside)
}

fn lies_in(reader: &Reader<'_>, item: Item, folder: Item) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let parent = match item.kind {
        Kind::Document => store.document(firm, item.id)?.and_then(|d| d.folder),
        Kind::Folder => store.folder(firm, item.id)?.and_then(|f| f.parent),
        _ => None,
    };
    Ok(parent == Some(folder.id))
}

fn show_page(reader: &Reader<'_>, verb: &str, question: &Question<'_>, found: &[Item], page: &mut Page) -> Result<()> {
    if found.is_empty() {
        page.text(NOTHING);
        return Ok(());
    }
    let pages = found.len().div_ceil(PAGE);
    let number = question.page().min(pages);
    let first = number.saturating_sub(1).saturating_mul(PAGE);
    page.blocks.push(Block::List(points(reader, found.iter().skip(first).take(PAGE))?));
    if verb == "entries" {
        page.text(total(reader, found)?);
    }
    if number < pages {
        let place = question.item.map(|i| reader.id(i)).transpose()?.map(|id| format!(" {id}")).unwrap_or_default();
        let next = number.saturating_add(1);
        page.text(format!("Page {number} of {pages}. For the next, reply #{verb}{place} page {next}"));
    } else if let Some(hint) = hint(verb) {
        page.text(hint);
    }
    Ok(())
}

/// The lines of these things; each is asked about again and noted as shown.
pub(super) fn points<'i>(reader: &Reader<'_>, items: impl Iterator<Item = &'i Item>) -> Result<Vec<String>> {
    let mut points = Vec::new();
    for item in items {
        if reader.may(Ability::View, *item)?
            && let Some(line) = words::line(reader, *item)?
        {
            points.push(format!("{} {line}", reader.id(*item)?));
        }
    }
    Ok(points)
}

const fn hint(verb: &str) -> Option<&'static str> {
    Some(match verb.as_bytes() {
        b"matters" => "Documents, bills, events, tasks and messages are shared on their own: #home shows them all.",
        b"tasks" => "To complete one, reply #done and its number.",
        b"documents" => "To have one sent, reply #get and its number.",
        b"messages" | b"notes" => "To read one, reply #show and its number.",
        b"bills" => "To have one sent, reply #get and its number.",
        _ => return None,
    })
}

/// The hours of all that is listed, on every page; never money (TIM-06).
fn total(reader: &Reader<'_>, entries: &[Item]) -> Result<String> {
    let mut seconds = 0_u32;
    for entry in entries {
        let found = reader.store.time_entry(reader.firm.id, entry.id)?;
        seconds = seconds.saturating_add(found.map_or(0, |e| e.work.rounded.seconds()));
    }
    Ok(format!("In all {} h.", Quantity::from_seconds(seconds).decimal_hours()))
}

fn matters(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Matter)? {
        rows.extend(reader.store.matter(reader.firm.id, item.id)?);
    }
    rows.sort_by_key(|m| (m.is_closed(), m.number));
    Ok(rows.iter().map(|m| m.item()).collect())
}

/// Open tasks first, the longest overdue at the top, then those that were completed.
fn tasks(reader: &Reader<'_>, question: &Question<'_>) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for item in visible(reader, Kind::Task)? {
        let Some(task) = reader.store.task(reader.firm.id, item.id)? else { continue };
        let wanted = (!question.says("overdue") || is_overdue(reader, &task))
            && (!question.says("open") || task.completed_at.is_none());
        if wanted {
            found.push(item);
        }
    }
    Ok(found)
}

fn events(reader: &Reader<'_>, question: &Question<'_>) -> Result<Vec<Item>> {
    let past = question.says("past");
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Event)? {
        rows.extend(reader.store.event(reader.firm.id, item.id)?);
    }
    rows.retain(|e| past != (e.details.recurrence_rule.is_some() || e.details.end_at > reader.now));
    rows.sort_by_key(|e| e.details.start_at);
    if past {
        rows.reverse();
    }
    Ok(rows.iter().map(|e| e.item()).collect())
}

/// By matter; folders and the documents at the top first, then what lies in the folders, each in its place.
fn documents(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Document)? {
        if let Some(row) = store.document(firm, item.id)? {
            rows.push(((row.matter, row.folder.unwrap_or(0), 1_u8, row.number), item));
        }
    }
    for item in visible(reader, Kind::Folder)? {
        if let Some(row) = store.folder(firm, item.id)? {
            rows.push(((row.matter, row.id, 0, row.number), item));
        }
    }
    rows.sort();
    Ok(rows.into_iter().map(|(_, item)| item).collect())
}

fn by_number(reader: &Reader<'_>, kind: Kind) -> Result<Vec<Item>> {
    let mut rows = Vec::new();
    for item in visible(reader, kind)? {
        let number = reader.store.number(reader.firm.id, reader.numbering(), item)?.map(|id| id.number);
        rows.push((Reverse(number), item));
    }
    rows.sort();
    Ok(rows.into_iter().map(|(_, item)| item).collect())
}

/// The latest day first.
fn notes(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let mut rows: Vec<(jiff::civil::Date, Timestamp, Item)> = Vec::new();
    for item in visible(reader, Kind::Note)? {
        rows.extend(store.note(firm, item.id)?.map(|n| (n.date, n.created_at, item)));
    }
    for item in visible(reader, Kind::Communication)? {
        rows.extend(store.communication(firm, item.id)?.map(|c| (c.date, c.created_at, item)));
    }
    rows.sort_by_key(|(date, made, item)| Reverse((*date, *made, *item)));
    Ok(rows.into_iter().map(|(_, _, item)| item).collect())
}

/// The reader's own, the latest day first.
pub(super) fn entries(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut found = visible(reader, Kind::TimeEntry)?;
    found.reverse();
    Ok(found)
}
