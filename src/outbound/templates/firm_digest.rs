//! Mail 14, once a day: what co-counsel added to the matters of one of the firm's people. It is collected from what they may
//! see at the moment of asking, and is written only if something in it was not told at once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::items;
use crate::domain::PersonId;
use crate::domain::duration::Quantity;
use crate::language::{count, say};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::matters::Matter;
use crate::store::news::{Deeds, How};

/// The most characters of what was written that stand in a line.
const MOST_WORDS: usize = 200;

/// What is new begins after `since` and ends with `until`; how its reader is told of it.
struct Wanted {
    since: Timestamp,
    until: Timestamp,
    how: BTreeMap<Deeds, How>,
}

impl Wanted {
    fn holds(&self, moment: Timestamp) -> bool {
        self.since < moment && moment <= self.until
    }

    fn is_told(&self, deeds: Deeds) -> bool {
        self.how.get(&deeds).is_some_and(|how| *how != How::Off)
    }
}

/// What there is to say of one matter.
#[derive(Default)]
struct Added {
    points: Vec<String>,
    seconds: u32,
    /// Something is told nowhere else.
    is_news: bool,
}

impl Added {
    fn point(&mut self, wanted: &Wanted, deeds: Deeds, head: String, words: &str) {
        self.is_news |= wanted.how.get(&deeds) == Some(&How::Digest);
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut: String = line.chars().take(MOST_WORDS).collect();
        let more = if cut.len() < line.len() { "…" } else { "" };
        self.points.push(if cut.is_empty() { head } else { format!("{head}: {cut}{more}") });
    }
}

/// The digest; none if all there is was told at once, or there is nothing.
pub fn firm_digest(reader: &Reader<'_>, since: Timestamp, until: Timestamp) -> Result<Option<Page>> {
    let mut how = BTreeMap::new();
    for deeds in Deeds::ALL {
        how.insert(deeds, reader.store.told_how(reader.firm.id, reader.person.id, deeds)?);
    }
    let wanted = Wanted { since, until, how };
    let day = reader.day(reader.now.to_zoned(reader.zone.clone()).date());
    let mut page = Page::new(say!(reader, "{firm}: what co-counsel added, {day}", firm = &reader.firm.name, day = day));
    let mut is_news = false;
    for matter in matters(reader)? {
        let added = added(reader, &matter, &wanted)?;
        if added.points.is_empty() {
            continue;
        }
        is_news |= added.is_news;
        page.heading(items::title(reader, matter.item())?.unwrap_or_default());
        page.blocks.push(Block::List(added.points));
        if added.seconds > 0 {
            let hours = reader.hours(Quantity::from_seconds(added.seconds));
            page.text(say!(reader, "Time in all: {hours}.", hours = hours));
        }
    }
    if !is_news {
        return Ok(None);
    }
    page.text(say!(
        reader,
        "This is what co-counsel added since {moment}. To be told more, less or otherwise, ask your administrator (docketpost user notify).",
        moment = reader.moment(since)
    ));
    Ok(Some(page))
}

/// The matters for which the reader is responsible and those they follow, as far as they may see them.
fn matters(reader: &Reader<'_>) -> Result<Vec<Matter>> {
    let (firm, person) = (reader.firm.id, reader.person.id);
    let followed = reader.store.followed(firm, person)?;
    // As everywhere, the first administrator stands in where nobody is responsible.
    let first = reader.store.first_admin(firm)?.map(|p| p.id);
    let mut found = Vec::new();
    for matter in reader.store.matters(firm)? {
        let is_theirs = matter.responsible.or(first) == Some(person) || followed.contains(&matter.id);
        if is_theirs && reader.may(Ability::View, matter.item())? {
            found.push(matter);
        }
    }
    Ok(found)
}

fn added(reader: &Reader<'_>, matter: &Matter, wanted: &Wanted) -> Result<Added> {
    let mut added = Added::default();
    if wanted.is_told(Deeds::Work) {
        time(reader, matter, wanted, &mut added)?;
        writings(reader, matter, wanted, &mut added)?;
    }
    if wanted.is_told(Deeds::Tasks) {
        tasks(reader, matter, wanted, &mut added)?;
    }
    if wanted.is_told(Deeds::Files) {
        files(reader, matter, wanted, &mut added)?;
    }
    if wanted.how.get(&Deeds::Messages) == Some(&How::Digest) {
        messages(reader, matter, wanted, &mut added)?;
    }
    Ok(added)
}

/// The name of somebody outside the firm; none for its own people.
fn outsider(reader: &Reader<'_>, person: PersonId) -> Result<Option<String>> {
    let found = reader.store.person(reader.firm.id, person)?;
    Ok(found.filter(|p| !p.is_user()).map(|p| p.name()))
}

fn time(reader: &Reader<'_>, matter: &Matter, wanted: &Wanted, added: &mut Added) -> Result<()> {
    for priced in reader.store.time_entries_of_matter(reader.firm.id, matter.id)? {
        let entry = priced.entry;
        let Some(name) = outsider(reader, entry.person)?.filter(|_| wanted.holds(entry.created_at)) else { continue };
        if !reader.may(Ability::View, entry.item())? {
            continue;
        }
        let (id, hours, day) =
            (reader.id(entry.item())?, reader.hours(entry.work.rounded), reader.day(entry.work.date));
        let head = say!(reader, "{id}: {hours} on {day}, by {name}", id = id, hours = hours, day = day, name = name);
        added.point(wanted, Deeds::Work, head, &entry.work.narrative);
        added.seconds = added.seconds.saturating_add(entry.work.rounded.seconds());
    }
    Ok(())
}

/// Notes and logs.
fn writings(reader: &Reader<'_>, matter: &Matter, wanted: &Wanted, added: &mut Added) -> Result<()> {
    for note in reader.store.notes_of_matter(reader.firm.id, matter.id)? {
        let Some(name) = outsider(reader, note.author)?.filter(|_| wanted.holds(note.created_at)) else { continue };
        if reader.may(Ability::View, note.item())? {
            let head = say!(reader, "{id}: note by {name}", id = reader.id(note.item())?, name = name);
            added.point(wanted, Deeds::Work, head, &format!("{} {}", note.subject, note.detail));
        }
    }
    for log in reader.store.communications_of_matter(reader.firm.id, matter.id)? {
        let Some(name) = outsider(reader, log.author)?.filter(|_| wanted.holds(log.created_at)) else { continue };
        if reader.may(Ability::View, log.item())? {
            let head = say!(reader, "{id}: logged by {name}", id = reader.id(log.item())?, name = name);
            added.point(wanted, Deeds::Work, head, &format!("{} {}", log.subject, log.body));
        }
    }
    Ok(())
}

fn tasks(reader: &Reader<'_>, matter: &Matter, wanted: &Wanted, added: &mut Added) -> Result<()> {
    for task in reader.store.tasks_of_matter(reader.firm.id, matter.id)? {
        let (Some(at), Some(by)) = (task.completed_at, task.completed_by) else { continue };
        let Some(name) = outsider(reader, by)?.filter(|_| wanted.holds(at)) else { continue };
        if reader.may(Ability::View, task.item())? {
            let head = say!(reader, "{id}: completed by {name}", id = reader.id(task.item())?, name = name);
            added.point(wanted, Deeds::Tasks, head, &task.name);
        }
    }
    Ok(())
}

fn files(reader: &Reader<'_>, matter: &Matter, wanted: &Wanted, added: &mut Added) -> Result<()> {
    for document in reader.store.documents_of_matter(reader.firm.id, matter.id)? {
        for version in reader.versions(document.id)? {
            let Some(name) = outsider(reader, version.creator)?.filter(|_| wanted.holds(version.received_at)) else {
                continue;
            };
            if !reader.may(Ability::View, document.item())? {
                continue;
            }
            reader.note(Ability::View, document.item(), Some(version.number));
            let id = reader.id(document.item())?;
            let head = match version.number {
                0 | 1 => say!(reader, "{id}: filed by {name}", id = id, name = name),
                n => say!(reader, "{id}: version {version}, filed by {name}", id = id, version = n, name = name),
            };
            added.point(wanted, Deeds::Files, head, &document.name);
        }
    }
    Ok(())
}

/// How many messages of whom; only in conversations that the reader is in.
fn messages(reader: &Reader<'_>, matter: &Matter, wanted: &Wanted, added: &mut Added) -> Result<()> {
    for conversation in reader.store.conversations_of(reader.firm.id, reader.person.id, reader.now)? {
        if conversation.matter != Some(matter.id) || !reader.may(Ability::View, conversation.item())? {
            continue;
        }
        let mut by: BTreeMap<PersonId, usize> = BTreeMap::new();
        for message in reader.messages(conversation.id)? {
            if wanted.holds(message.created_at) {
                let count = by.entry(message.sender).or_default();
                *count = count.saturating_add(1);
            }
        }
        let id = reader.id(conversation.item())?;
        for (sender, count) in by {
            let Some(name) = outsider(reader, sender)? else { continue };
            let head = count!(
                reader,
                count,
                "One message from {name}, {title}",
                "{n} messages from {name}, {title}",
                name = name,
                title = &id
            );
            added.point(wanted, Deeds::Messages, head, "");
        }
    }
    Ok(())
}
