//! `#home`: what there is and what waits, on one screen (ACC-05); `#status`: what became of the last mails. Counts are of
//! what may be seen, and of nothing else.

use jiff::SignedDuration;

use super::lists::{entries, points};
use super::words::is_overdue;
use super::{may_see, visible};
use crate::domain::duration::Quantity;
use crate::domain::{Item, Kind};
use crate::language::{phrase, say};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::store::Result;
use crate::store::inbox::InboxState;

const DAY: i64 = 86_400;
const SOON_DAYS: i64 = 7;
const NEW_DAYS: i64 = 14;
const MOST: usize = 5;
const LAST_MAILS: u32 = 10;

/// Adds the overview and gives its title.
pub(super) fn home(reader: &Reader<'_>, page: &mut Page) -> Result<String> {
    let start = page.blocks.len();
    let messages = visible(reader, Kind::Conversation)?;
    section(reader, page, say!(reader, "Matters"), &open_matters(reader)?, say!(reader, "#matters"))?;
    section(reader, page, say!(reader, "Open tasks"), &open_tasks(reader)?, say!(reader, "#tasks"))?;
    section(reader, page, say!(reader, "Next seven days"), &soon(reader)?, say!(reader, "#calendar"))?;
    section(reader, page, say!(reader, "Latest messages"), &messages, say!(reader, "#messages"))?;
    section(reader, page, say!(reader, "New documents"), &new_documents(reader)?, say!(reader, "#documents"))?;
    section(reader, page, say!(reader, "Bills to pay"), &unpaid(reader)?, say!(reader, "#bills"))?;
    if let Some(hours) = this_week(reader)? {
        page.text(say!(reader, "Your time this week: {hours} (#entries)", hours = hours));
    }
    if page.blocks.len() == start {
        page.text(say!(reader, "Nothing waits for you. What is shared with you: #matters #tasks #documents #messages"));
    }
    Ok(say!(reader, "Overview for {name}", name = reader.person.name()))
}

fn section(reader: &Reader<'_>, page: &mut Page, heading: String, items: &[Item], list: String) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    page.heading(format!("{heading} ({})", items.len()));
    let mut lines = points(reader, items.iter().take(MOST))?;
    if items.len() > MOST {
        lines.push(say!(reader, "… the others: {list}", list = list));
    }
    page.blocks.push(Block::List(lines));
    Ok(())
}

fn open_matters(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Matter)? {
        rows.extend(reader.matter(item.id)?.filter(|m| !m.is_closed()));
    }
    rows.sort_by_key(|m| m.number);
    Ok(rows.iter().map(|m| m.item()).collect())
}

/// Overdue first.
fn open_tasks(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Task)? {
        rows.extend(reader.task(item.id)?.filter(|t| t.completed_at.is_none()));
    }
    rows.sort_by_key(|t| (!is_overdue(reader, t), t.due_at.is_none(), t.due_at, t.number));
    Ok(rows.iter().map(|t| t.item()).collect())
}

fn soon(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let until =
        reader.now.saturating_add(SignedDuration::from_secs(SOON_DAYS.saturating_mul(DAY))).unwrap_or(reader.now);
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Event)? {
        let found = reader.event(item.id)?;
        let next = found.and_then(|e| e.details.next(reader.now)).filter(|next| next.start_at < until);
        rows.extend(next.map(|next| (next.start_at, item)));
    }
    rows.sort();
    Ok(rows.into_iter().map(|(_, item)| item).collect())
}

/// Documents with a version that somebody else filed in the last fortnight, the newest first.
fn new_documents(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let since =
        reader.now.saturating_sub(SignedDuration::from_secs(NEW_DAYS.saturating_mul(DAY))).unwrap_or(reader.now);
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Document)? {
        let version = reader.current_version(item.id)?;
        rows.extend(
            version.filter(|v| v.received_at >= since && v.creator != reader.person.id).map(|v| (v.received_at, item)),
        );
    }
    rows.sort();
    rows.reverse();
    Ok(rows.into_iter().map(|(_, item)| item).collect())
}

fn unpaid(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut rows = Vec::new();
    for item in visible(reader, Kind::Bill)? {
        let found = reader.bill(item.id)?;
        rows.extend(found.filter(|b| b.state == crate::sharing::BillState::AwaitingPayment));
    }
    rows.sort_by_key(|b| (b.due_at.is_none(), b.due_at, b.number));
    Ok(rows.iter().map(|b| b.item()).collect())
}

/// The reader's own hours since Monday.
fn this_week(reader: &Reader<'_>) -> Result<Option<String>> {
    let today = reader.now.to_zoned(reader.zone.clone()).date();
    let back = i64::from(today.weekday().to_monday_zero_offset());
    let monday = today.checked_sub(jiff::Span::new().days(back)).unwrap_or(today);
    let mut seconds = 0_u32;
    for item in entries(reader)? {
        let found = reader.time_entry(item.id)?.map(|e| e.work);
        seconds = seconds.saturating_add(found.filter(|w| w.date >= monday).map_or(0, |w| w.rounded.seconds()));
    }
    Ok((seconds > 0).then(|| reader.hours(Quantity::from_seconds(seconds))))
}

/// Adds what became of the reader's last mails; what they did is named only as far as it may still be seen.
pub(super) fn status(reader: &Reader<'_>, page: &mut Page) -> Result<String> {
    let title = say!(reader, "Your last mails");
    page.heading(title.clone());
    let mut lines = Vec::new();
    for mail in reader.store.inbox_of(reader.firm.id, reader.person.id, LAST_MAILS)? {
        let came = match mail.state {
            InboxState::Applied => done(reader, mail.id)?,
            InboxState::Held => say!(reader, "waits for the firm; nothing was carried out"),
            InboxState::Refused => say!(reader, "nothing was carried out; the answer to it says why"),
            InboxState::Dead => say!(reader, "could not be processed; the firm was told"),
            InboxState::Received | InboxState::Proved | InboxState::Ignored => continue,
        };
        let line = match own_subject(mail.subject.as_deref().unwrap_or_default()) {
            Some(subject) => {
                let subject = say!(reader, "“{words}”", words = subject);
                format!("{}, {subject} – {came}", reader.moment(mail.arrived_at))
            }
            None => format!("{} – {came}", reader.moment(mail.arrived_at)),
        };
        lines.push(line);
    }
    if lines.is_empty() {
        page.text(say!(reader, "There is none yet."));
    } else {
        page.blocks.push(Block::List(lines));
    }
    Ok(title)
}

/// What somebody wrote as a subject of their own; that of an answer is ours, and may name what is shared no more.
fn own_subject(subject: &str) -> Option<String> {
    let is_answer = subject.split_once(':').is_some_and(|(prefix, _)| prefix.trim().chars().count() <= 6);
    let subject: String = subject.trim().chars().take(60).collect();
    (!is_answer && !subject.is_empty()).then_some(subject)
}

fn done(reader: &Reader<'_>, mail: crate::domain::InboxId) -> Result<String> {
    let effects = reader.store.effects(reader.firm.id, mail)?;
    let made: Vec<Item> = effects.iter().filter(|e| !e.undone).filter_map(|e| e.item).collect();
    let mut ids = Vec::new();
    for item in may_see(reader, made)? {
        if reader.may(crate::sharing::Ability::View, item)? {
            let said = format!("{} {}", phrase(reader, item.kind.word()), reader.id(item)?);
            if !ids.contains(&said) {
                ids.push(said);
            }
        }
    }
    Ok(match ids.is_empty() {
        true => say!(reader, "taken in"),
        false => say!(reader, "taken in: {ids}", ids = ids.join(", ")),
    })
}
