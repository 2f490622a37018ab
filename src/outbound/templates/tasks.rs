//! Mail 5: a task was assigned, changed, opened again, or is due soon; and mail 16, to the firm: it is due and not completed.
//! It shows the task; of its matter only what the reader may see.

use super::items;
use crate::domain::{Item, PersonId};
use crate::language::{phrase, say};
use crate::outbound::letter::{self, Letter, TaskChange, TaskNews};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::tasks::Task;

/// The mail that tells the assignee; none if it is no longer theirs, or done where it speaks of what is open.
pub fn task(reader: &Reader<'_>, item: Item, news: &TaskNews) -> Result<Option<Page>> {
    if !reader.may(Ability::View, item)? {
        return Ok(None);
    }
    let Some(row) = reader.task(item.id)? else { return Ok(None) };
    if row.completed_at.is_some() && *news != TaskNews::Assigned {
        return Ok(None);
    }
    let subject = items::subject(reader, item)?;
    let today = reader.now.to_zoned(reader.zone.clone()).date();
    let mut page = match news {
        TaskNews::Assigned => {
            let mut page = Page::new(subject);
            let (name, firm) = (assigner(reader, &row)?, &reader.firm.name);
            page.text(say!(reader, "{name} at {firm} assigned this task to you.", name = name, firm = firm));
            page
        }
        TaskNews::Changed(changes) => {
            let mut page = Page::new(say!(reader, "Changed: {event}", event = subject));
            page.text(say!(reader, "{firm} changed this task of yours. What is new:", firm = &reader.firm.name));
            page.blocks.push(Block::List(changes.iter().map(|c| changed(reader, &row, c)).collect()));
            page
        }
        TaskNews::Reopened => {
            let mut page = Page::new(say!(reader, "Open again: {task}", task = subject));
            page.text(say!(reader, "{firm} opened this task of yours again.", firm = &reader.firm.name));
            page
        }
        TaskNews::DueSoon => {
            let Some(due) = row.due_at.filter(|due| *due >= today) else { return Ok(None) };
            let day = reader.day(due);
            let mut page = Page::new(say!(reader, "Due on {day}: {task}", day = &day, task = subject));
            page.text(say!(reader, "This task of yours is due on {day}.", day = day));
            page
        }
    };
    facts(reader, item, &row, &mut page)?;
    page.text(say!(reader, "Reply to this mail:"));
    page.examples(&[
        (say!(reader, "#done"), say!(reader, "completes the task")),
        (say!(reader, "#time 1.5h Drafted reply brief"), say!(reader, "records your time on it")),
        (say!(reader, "your text, or a file"), say!(reader, "goes to the firm as a message, the file as a document")),
    ]);
    Ok(Some(page))
}

fn assigner(reader: &Reader<'_>, row: &Task) -> Result<String> {
    match row.assigner {
        Some(person) => reader.name_of(person),
        None => Ok(reader.firm.name.clone()),
    }
}

fn facts(reader: &Reader<'_>, item: Item, row: &Task, page: &mut Page) -> Result<()> {
    let matter = reader.visible_matter(item)?;
    let id = reader.id(item)?;
    page.facts([
        (say!(reader, "Task"), if row.name.is_empty() { id } else { format!("{id}: {}", row.name) }),
        (say!(reader, "Due"), row.due_at.map(|d| reader.day(d)).unwrap_or_default()),
        (say!(reader, "Priority"), phrase(reader, row.priority.word())),
        (say!(reader, "Matter"), matter.map(|m| format!("M-{} ({})", m.number, m.display_number)).unwrap_or_default()),
        (say!(reader, "Details"), row.description.clone()),
    ]);
    if reader.withholds(item)? {
        page.text(items::how_to_see(reader, item)?);
    }
    Ok(())
}

/// What changed, and what it was before where that is a day or a degree.
fn changed(reader: &Reader<'_>, row: &Task, change: &TaskChange) -> String {
    let day = |due: Option<jiff::civil::Date>| due.map_or_else(|| say!(reader, "no date"), |d| reader.day(d));
    let (name, now, before) = match change {
        TaskChange::Name => return say!(reader, "the name"),
        TaskChange::Details => return say!(reader, "the details"),
        TaskChange::Due(before) => (say!(reader, "Due"), day(row.due_at), day(*before)),
        TaskChange::Priority(before) => {
            (say!(reader, "Priority"), phrase(reader, row.priority.word()), phrase(reader, before))
        }
    };
    say!(reader, "{name}: {now} (before: {before})", name = name, now = now, before = before)
}

/// To the firm: a task is due and not completed; none if it was, or is somebody else's by now.
pub fn open(reader: &Reader<'_>, item: Item, assignee: PersonId) -> Result<Option<Page>> {
    if !reader.person.is_user() || !reader.may(Ability::View, item)? {
        return Ok(None);
    }
    let row = reader.task(item.id)?.filter(|t| t.completed_at.is_none() && t.assignee == Some(assignee));
    let Some((row, due)) = row.and_then(|t| t.due_at.map(|due| (t, due))) else { return Ok(None) };
    let (name, day) = (reader.name_of(assignee)?, reader.day(due));
    let mut page = Page::new(say!(reader, "Not completed, due on {day}: {id}", day = &day, id = reader.id(item)?));
    page.text(say!(reader, "{name} has not completed this task, which is due on {day}.", name = &name, day = day));
    if is_lost(reader, item, assignee)? {
        page.text(say!(
            reader,
            "Our mail about it did not reach {name}. Tell them by telephone what can't wait.",
            name = &name
        ));
    }
    facts(reader, item, &row, &mut page)?;
    page.text(say!(reader, "This is the only reminder of it."));
    Ok(Some(page))
}

/// True if a mail about this task came back.
fn is_lost(reader: &Reader<'_>, item: Item, assignee: PersonId) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    for id in store.returned_letters(firm, assignee, jiff::Timestamp::UNIX_EPOCH, 100)? {
        let Some(sent) = store.outbox(firm, id)? else { continue };
        if matches!(letter::read(&sent.content), Ok(Letter::Task { task, .. }) if task == item) {
            return Ok(true);
        }
    }
    Ok(false)
}
