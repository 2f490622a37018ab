//! The lists: `#matters #tasks #calendar #documents #bills #messages #notes #entries`, a page at a time. Only what may be
//! seen is counted, so that no number tells of anything else.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::words::{self, is_overdue};
use super::{Question, not_visible, visible};
use crate::domain::cell::for_a_spreadsheet;
use crate::domain::duration::Quantity;
use crate::domain::{Item, Kind};
use crate::language::{phrase, say, sentence};
use crate::outbound::page::{Block, Enclosure, Page};
use crate::outbound::reader::Reader;
use crate::sharing::{Ability, BillState};
use crate::store::{Result, StoreError};

/// Things on one page of a list.
pub(super) const PAGE: usize = 25;

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
        "bills" => bills(reader, question)?,
        "messages" => visible(reader, Kind::Conversation)?,
        "notes" => notes(reader)?,
        "entries" => entries(reader)?,
        _ => Vec::new(),
    };
    let found = within(reader, question.item, found)?;
    let title = title(reader, verb, question)?;
    if verb == "entries" && question.says("csv") {
        csv(reader, &found, page)?;
        return Ok(Some(title));
    }
    page.heading(title.clone());
    show_page(reader, verb, question, &found, page)?;
    Ok(Some(title))
}

fn title(reader: &Reader<'_>, verb: &str, question: &Question<'_>) -> Result<String> {
    let title = match verb {
        "matters" => say!(reader, "Matters shared with you"),
        "tasks" if question.says("overdue") => say!(reader, "Your overdue tasks"),
        "tasks" if question.says("done") => say!(reader, "Your completed tasks"),
        "tasks" if question.says("upcoming") => say!(reader, "Your tasks to come"),
        "tasks" => say!(reader, "Your tasks"),
        "calendar" if question.says("past") => say!(reader, "Events that are over"),
        "calendar" => say!(reader, "Events to come"),
        "documents" => say!(reader, "Documents shared with you"),
        "bills" if question.says("overdue") => say!(reader, "Overdue bills"),
        "bills" => say!(reader, "Bills shared with you"),
        "messages" => say!(reader, "Your conversations"),
        "notes" => say!(reader, "Notes and logged communications"),
        _ => say!(reader, "Your time"),
    };
    Ok(match question.item {
        Some(item) => say!(reader, "{name}: {value}", name = title, value = reader.id(item)?),
        None => title,
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
    let parent = match item.kind {
        Kind::Document => reader.document(item.id)?.and_then(|d| d.folder),
        Kind::Folder => reader.folder(item.id)?.and_then(|f| f.parent),
        _ => None,
    };
    Ok(parent == Some(folder.id))
}

fn show_page(reader: &Reader<'_>, verb: &str, question: &Question<'_>, found: &[Item], page: &mut Page) -> Result<()> {
    if found.is_empty() {
        page.text(say!(reader, "Nothing of that kind is shared with you."));
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
        let list = phrase(reader, typed(verb));
        let list = match question.item {
            Some(item) => format!("{list} {}", reader.id(item)?),
            None => list,
        };
        page.text(next_page(reader, number, pages, &list));
    } else if let Some(hint) = hint(verb)
        && (verb != "tasks" || any_open(reader, found)?)
    {
        page.text(phrase(reader, hint));
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

/// How to have the next page of what was asked for by `command`.
pub(super) fn next_page(reader: &Reader<'_>, number: usize, pages: usize, command: &str) -> String {
    say!(
        reader,
        "Page {number} of {pages}. For the next, reply {command} page {next}",
        number = number,
        pages = pages,
        command = command,
        next = number.saturating_add(1)
    )
}

/// The list as it is asked for.
fn typed(verb: &str) -> &'static str {
    match verb {
        "matters" => sentence!("#matters"),
        "tasks" => sentence!("#tasks"),
        "calendar" => sentence!("#calendar"),
        "documents" => sentence!("#documents"),
        "bills" => sentence!("#bills"),
        "messages" => sentence!("#messages"),
        "notes" => sentence!("#notes"),
        _ => sentence!("#entries"),
    }
}

const fn hint(verb: &str) -> Option<&'static str> {
    Some(match verb.as_bytes() {
        b"matters" => {
            sentence!("Documents, bills, events, tasks and messages are shared on their own: #home shows them all.")
        }
        b"tasks" => sentence!("To complete one, reply #done and its number."),
        b"documents" | b"bills" => sentence!("To have one sent, reply #get and its number."),
        b"messages" | b"notes" => sentence!("To read one, reply #show and its number."),
        _ => return None,
    })
}

fn any_open(reader: &Reader<'_>, tasks: &[Item]) -> Result<bool> {
    for task in tasks {
        if reader.task(task.id)?.is_some_and(|t| t.completed_at.is_none()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The hours of all that is listed, on every page; never money (TIM-06).
fn total(reader: &Reader<'_>, entries: &[Item]) -> Result<String> {
    let mut seconds = 0_u32;
    for entry in entries {
        let found = reader.time_entry(entry.id)?;
        seconds = seconds.saturating_add(found.map_or(0, |e| e.work.rounded.seconds()));
    }
    Ok(say!(reader, "In all {hours}.", hours = reader.hours(Quantity::from_seconds(seconds))))
}

/// Own time as a file for a spreadsheet: what was done and how long, never a price (billing.md e4).
fn csv(reader: &Reader<'_>, entries: &[Item], page: &mut Page) -> Result<()> {
    let heading = ["entry", "date", "matter", "hours", "task_code", "activity_code", "narrative", "on", "billable"];
    let mut rows: Vec<[String; 9]> = vec![heading.map(str::to_owned)];
    for item in entries.iter().rev() {
        let entry = reader.time_entry(item.id)?;
        let Some(work) =
            entry.map(|e| e.work).filter(|_| reader.verdict(Ability::View, *item).is_ok_and(|v| v.is_allowed()))
        else {
            continue;
        };
        reader.note(Ability::View, *item, None);
        let matter = reader.visible_matter(*item)?.map(|m| m.display_number).unwrap_or_default();
        let on = match work.subject {
            Some(subject) if reader.may(Ability::View, subject)? => reader.id(subject)?,
            _ => String::new(),
        };
        rows.push([
            reader.id(*item)?,
            work.date.to_string(),
            matter,
            work.rounded.decimal_hours(),
            work.task_code.unwrap_or_default(),
            work.activity_code.unwrap_or_default(),
            work.narrative,
            on,
            if work.non_billable || work.no_charge { "no".into() } else { "yes".into() },
        ]);
    }
    if rows.len() <= 1 {
        page.text(say!(reader, "Nothing of that kind is shared with you."));
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &rows {
        let written = writer.write_record(row.iter().map(|cell| for_a_spreadsheet(cell)));
        written.map_err(|e| StoreError::Content(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| StoreError::Content(e.to_string()))?;
    let attached = say!(reader, "The entries are attached as a file for a spreadsheet.");
    page.text(format!("{} {attached}", total(reader, entries)?));
    let name = format!("{}.csv", say!(reader, "Your time"));
    page.enclosures.push(Enclosure { name, mime: "text/csv".into(), bytes, is_shown: false });
    Ok(())
}

fn matters(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Matter)? {
        rows.extend(reader.matter(item.id)?);
    }
    rows.sort_by_key(|m| (m.is_closed(), m.number));
    Ok(rows.iter().map(|m| m.item()).collect())
}

/// Open tasks first, the longest overdue at the top, then those that were completed.
fn tasks(reader: &Reader<'_>, question: &Question<'_>) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for item in visible(reader, Kind::Task)? {
        let Some(task) = reader.task(item.id)? else { continue };
        let wanted = (!question.says("overdue") || is_overdue(reader, &task))
            && (!question.says("open") || task.completed_at.is_none())
            && (!question.says("done") || task.completed_at.is_some())
            && (!question.says("upcoming") || task.completed_at.is_none() && !is_overdue(reader, &task));
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
        rows.extend(reader.event(item.id)?);
    }
    rows.retain(|e| past == e.details.next(reader.now).is_none());
    rows.sort_by_key(|e| e.details.next(reader.now).map_or(e.details.start_at, |o| o.start_at));
    if past {
        rows.reverse();
    }
    Ok(rows.iter().map(|e| e.item()).collect())
}

/// By matter; folders and the documents at the top first, then what lies in the folders, each in its place. What lies
/// where the reader can't look comes first: in which matter or folder that is, its place in the list must not tell.
fn documents(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let seen = |kind: Kind, row: i64| -> Result<i64> {
        Ok(if reader.verdict(Ability::View, Item::new(kind, row))?.is_allowed() { row } else { 0 })
    };
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Document)? {
        if let Some(row) = reader.document(item.id)? {
            let folder = row.folder.map_or(Ok(0), |folder| seen(Kind::Folder, folder))?;
            rows.push(((seen(Kind::Matter, row.matter)?, folder, 1_u8, row.number), item));
        }
    }
    for item in visible(reader, Kind::Folder)? {
        if let Some(row) = reader.folder(item.id)? {
            rows.push(((seen(Kind::Matter, row.matter)?, row.id, 0, row.number), item));
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

/// The latest first; if wanted, only those whose day of payment is over.
fn bills(reader: &Reader<'_>, question: &Question<'_>) -> Result<Vec<Item>> {
    let mut found = by_number(reader, Kind::Bill)?;
    if question.says("overdue") {
        let today = reader.now.to_zoned(reader.zone.clone()).date();
        let mut late = Vec::new();
        for item in found {
            let row = reader.bill(item.id)?;
            let owed = row.filter(|b| b.state == BillState::AwaitingPayment).and_then(|b| b.due_at);
            late.extend(owed.filter(|due| *due < today).map(|_| item));
        }
        found = late;
    }
    Ok(found)
}

/// The latest day first.
fn notes(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut rows: Vec<(jiff::civil::Date, Timestamp, Item)> = Vec::new();
    for item in visible(reader, Kind::Note)? {
        rows.extend(reader.note_row(item.id)?.map(|n| (n.date, n.created_at, item)));
    }
    for item in visible(reader, Kind::Communication)? {
        rows.extend(reader.communication(item.id)?.map(|c| (c.date, c.created_at, item)));
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
