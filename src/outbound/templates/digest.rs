//! Mail 10: what is new, due and waiting for one co-counsel of one firm. What goes into it is collected here, from what
//! is shared at the moment of asking: once to see whether there is anything to say, and again when it is written, so that
//! what was unshared in between drops out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Span, Timestamp};

use super::{events, items};
use crate::domain::duration::Quantity;
use crate::domain::{Item, Kind, PersonId};
use crate::language::{count, say};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::calendar::PartStat;
use crate::store::conversations::Conversation;
use crate::store::people::Receipts;
use crate::store::tasks::Task;

/// How many days ahead tasks and events are told.
const DAYS_AHEAD: i64 = 7;
/// How long a message of the firm counts as waiting for an answer.
const WAITING: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How deep folders are looked into.
const DEEPEST: usize = 64;

/// What is new begins after `since` and ends with `until`.
#[derive(Clone, Copy)]
struct Window {
    since: Timestamp,
    until: Timestamp,
}

impl Window {
    fn holds(self, moment: Timestamp) -> bool {
        self.since < moment && moment <= self.until
    }
}

/// What a digest has to say, as points of its sections.
#[derive(Default)]
struct Collected {
    new: Vec<String>,
    overdue: Vec<String>,
    due: Vec<String>,
    events: Vec<String>,
    waiting: Vec<String>,
}

impl Collected {
    fn sections(self, reader: &Reader<'_>) -> [(String, Vec<String>, String); 5] {
        [
            (say!(reader, "New"), self.new, say!(reader, "#home")),
            (say!(reader, "Overdue"), self.overdue, say!(reader, "#tasks overdue")),
            (say!(reader, "Due in the next 7 days"), self.due, say!(reader, "#tasks")),
            (say!(reader, "Events in the next 7 days"), self.events, say!(reader, "#calendar")),
            (say!(reader, "Waiting for you"), self.waiting, say!(reader, "#messages")),
        ]
    }
}

/// The digest; none if there is nothing new, due or waiting.
pub fn digest(reader: &Reader<'_>, since: Timestamp, until: Timestamp) -> Result<Option<Page>> {
    let collected = collect(reader, Window { since, until })?;
    let day = reader.day(reader.now.to_zoned(reader.zone.clone()).date());
    let mut page = Page::new(say!(reader, "{firm}: your digest of {day}", firm = &reader.firm.name, day = day));
    for (heading, points, list) in collected.sections(reader) {
        if !points.is_empty() {
            page.heading(heading);
            page.blocks.push(Block::List(items::cut(reader, points, &list)));
        }
    }
    if page.blocks.is_empty() {
        return Ok(None);
    }
    if let Some(hours) = hours_this_week(reader)? {
        page.text(say!(reader, "Your time this week: {hours}.", hours = hours));
    }
    page.text(say!(
        reader,
        "Times are those of {zone}. To change when this mail comes, reply #digest weekly mon, or #digest off.",
        zone = reader.zone_name()
    ));
    Ok(Some(page))
}

fn collect(reader: &Reader<'_>, window: Window) -> Result<Collected> {
    let mut found = Collected::default();
    let fresh = shared_anew(reader, window, &mut found.new)?;
    filed(reader, window, &fresh, &mut found.new)?;
    messages(reader, window, &mut found)?;
    tasks(reader, &mut found)?;
    events(reader, &mut found)?;
    confirmations(reader, &mut found.waiting)?;
    Ok(found)
}

/// New shares; conversations are told by their messages.
fn shared_anew(reader: &Reader<'_>, window: Window, points: &mut Vec<String>) -> Result<BTreeSet<Item>> {
    let mut fresh = BTreeSet::new();
    for share in reader.store.live_shares(reader.firm.id, reader.person.id, reader.now)? {
        if !window.holds(share.created_at) || share.item.kind == Kind::Conversation {
            continue;
        }
        let Some(title) = items::title(reader, share.item)? else { continue };
        fresh.insert(share.item);
        let kind = share.item.kind;
        points.push(match kind {
            Kind::Task => say!(reader, "Task {title}, assigned to you", title = title),
            _ => say!(reader, "{word} {title}, shared with you", word = kind.title(reader), title = title),
        });
    }
    Ok(fresh)
}

/// Versions that others filed where the reader can see them.
fn filed(reader: &Reader<'_>, window: Window, fresh: &BTreeSet<Item>, points: &mut Vec<String>) -> Result<()> {
    for document in documents(reader)? {
        if fresh.contains(&document) {
            continue;
        }
        let newest = reader.versions(document.id)?;
        let newest = newest.into_iter().rfind(|v| window.holds(v.received_at) && v.creator != reader.person.id);
        let Some(version) = newest else { continue };
        let Some(title) = items::title(reader, document)? else { continue };
        reader.note(Ability::View, document, Some(version.number));
        let number = version.number;
        points.push(match (reader.author(version.creator)?, number) {
            (Some(name), 2..) => say!(
                reader,
                "Document {title}: version {version}, filed by {name}",
                title = title,
                version = number,
                name = name
            ),
            (None, 2..) => say!(reader, "Document {title}: version {version}", title = title, version = number),
            (Some(name), _) => say!(reader, "Document {title}: new file, filed by {name}", title = title, name = name),
            (None, _) => say!(reader, "Document {title}: new file", title = title),
        });
    }
    Ok(())
}

/// The documents that are shared, by themselves or through a folder.
fn documents(reader: &Reader<'_>) -> Result<BTreeSet<Item>> {
    let mut found = BTreeSet::new();
    let mut folders = Vec::new();
    for share in reader.store.live_shares(reader.firm.id, reader.person.id, reader.now)? {
        match share.item.kind {
            Kind::Document => {
                found.insert(share.item);
            }
            Kind::Folder => folders.push((share.item.id, 0_usize)),
            _ => {}
        }
    }
    while let Some((folder, depth)) = folders.pop() {
        found.extend(reader.store.documents_in_folder(reader.firm.id, folder)?.iter().map(|d| d.item()));
        if depth < DEEPEST {
            let inner = reader.store.folder_children(reader.firm.id, folder)?;
            folders.extend(inner.iter().map(|f| (f.id, depth.saturating_add(1))));
        }
    }
    Ok(found)
}

/// Messages in the reader's conversations: how many of whom; their own too, where receipts leave plain messages out
/// (decisions.md 25). One that the firm wrote last and that has no answer yet waits.
fn messages(reader: &Reader<'_>, window: Window, found: &mut Collected) -> Result<()> {
    let wishes = reader.store.preferences(reader.firm.id, reader.person.id)?;
    for conversation in reader.store.conversations_of(reader.firm.id, reader.person.id, reader.now)? {
        let all = reader.messages(conversation.id)?;
        let Some(last) = all.last() else { continue };
        let mut by: BTreeMap<PersonId, usize> = BTreeMap::new();
        for message in all.iter().filter(|m| window.holds(m.created_at)) {
            let count = by.entry(message.sender).or_default();
            *count = count.saturating_add(1);
        }
        let own = by.remove(&reader.person.id).filter(|_| wishes.receipts != Receipts::All);
        let waits =
            by.is_empty() && last.sender != reader.person.id && reader.now.duration_since(last.created_at) < WAITING;
        if by.is_empty() && own.is_none() && !waits {
            continue;
        }
        let Some(title) = about(reader, &conversation)? else { continue };
        for (sender, count) in by {
            let name = reader.name_of(sender)?;
            found.new.push(count!(
                reader,
                count,
                "One message from {name}, {title}",
                "{n} messages from {name}, {title}",
                name = name,
                title = &title
            ));
        }
        if let Some(count) = own {
            found.new.push(count!(
                reader,
                count,
                "One message of yours passed on, {title}",
                "{n} messages of yours passed on, {title}",
                title = &title
            ));
        }
        if waits {
            let (name, day) = (reader.name_of(last.sender)?, reader.day(local(reader, last.created_at)));
            found.waiting.push(say!(
                reader,
                "{title}: {name} wrote last, on {day}",
                title = title,
                name = name,
                day = day
            ));
        }
    }
    Ok(())
}

fn local(reader: &Reader<'_>, moment: Timestamp) -> jiff::civil::Date {
    moment.to_zoned(reader.zone.clone()).date()
}

/// "MSG-8 (about T-12)"; none if it may not be shown.
fn about(reader: &Reader<'_>, conversation: &Conversation) -> Result<Option<String>> {
    if !reader.may(Ability::View, conversation.item())? {
        return Ok(None);
    }
    let id = reader.id(conversation.item())?;
    Ok(Some(match conversation.about {
        Some(item) if reader.may(Ability::View, item)? => {
            say!(reader, "{id} (about {item})", id = id, item = reader.id(item)?)
        }
        _ => match reader.visible_matter(conversation.item())? {
            Some(matter) => format!("{id} (M-{})", matter.number),
            None => id,
        },
    }))
}

fn tasks(reader: &Reader<'_>, found: &mut Collected) -> Result<()> {
    let today = local(reader, reader.now);
    let last = today.checked_add(Span::new().days(DAYS_AHEAD)).unwrap_or(today);
    for task in reader.store.tasks_assigned_to(reader.firm.id, reader.person.id)? {
        let Some(due) = task.due_at.filter(|d| task.completed_at.is_none() && *d <= last) else { continue };
        let Some(point) = task_point(reader, &task, due)? else { continue };
        if due < today { found.overdue.push(point) } else { found.due.push(point) }
    }
    Ok(())
}

fn task_point(reader: &Reader<'_>, task: &Task, due: jiff::civil::Date) -> Result<Option<String>> {
    Ok(items::title(reader, task.item())?
        .map(|title| say!(reader, "{name}, due {day}", name = title, day = reader.day(due))))
}

fn events(reader: &Reader<'_>, found: &mut Collected) -> Result<()> {
    let end = reader.now.saturating_add(SignedDuration::from_hours(24 * DAYS_AHEAD)).unwrap_or(Timestamp::MAX);
    for event in reader.store.events_of(reader.firm.id, reader.person.id)? {
        let Some(next) = event.details.next(reader.now) else { continue };
        let answer = reader.store.attendee(reader.firm.id, event.id, reader.person.id)?.map(|a| a.partstat);
        let (soon, asked) = (next.start_at <= end, answer == Some(PartStat::NeedsAction));
        if !soon && !asked {
            continue;
        }
        let Some(title) = items::title(reader, event.item())? else { continue };
        let when = events::when(reader, &event.details);
        if asked {
            let id = reader.id(event.item())?;
            found.waiting.push(say!(
                reader,
                "{title}, {when}: will you come? #yes {id} or #no {id}",
                title = title,
                when = when,
                id = id
            ));
        } else if answer != Some(PartStat::Declined) {
            found.events.push(format!("{title}, {when}"));
        }
    }
    Ok(())
}

/// A mail of theirs that waits for "was this you?".
fn confirmations(reader: &Reader<'_>, points: &mut Vec<String>) -> Result<()> {
    if reader.store.open_challenge(reader.firm.id, reader.person.id, reader.now)?.is_some() {
        points.push(say!(reader, "A mail in your name waits to be confirmed; see the mail with the code"));
    }
    Ok(())
}

/// The reader's own hours since Monday; none if there are none. Hours only (TIM-06).
fn hours_this_week(reader: &Reader<'_>) -> Result<Option<String>> {
    let today = local(reader, reader.now);
    let back = i64::from(today.weekday().to_monday_zero_offset());
    let monday = today.checked_sub(Span::new().days(back)).unwrap_or(today);
    let mut seconds = 0_u32;
    for entry in reader.store.time_entries_of(reader.firm.id, reader.person.id, monday)? {
        if entry.work.date <= today && reader.may(Ability::View, entry.item())? {
            seconds = seconds.saturating_add(entry.work.rounded.seconds());
        }
    }
    Ok((seconds > 0).then(|| reader.hours(Quantity::from_seconds(seconds))))
}
