//! Mails 3, 4 and 8: something was shared with somebody who is already let in; and mail 11: an access ended. The first says
//! what it is and what to do with it, as far as its matter's mails may carry that; the second only which thing it was.

use super::answers::amount;
use super::items;
use crate::domain::{Item, ItemId, Kind, PersonId};
use crate::language::{count, say};
use crate::outbound::letter::SharedThing;
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::{Ability, BillState};
use crate::store::Result;

/// The mail about new shares; none if the reader may see none of them.
pub fn shared(reader: &Reader<'_>, shares: &[SharedThing], by: PersonId) -> Result<Option<Page>> {
    let live = reader.store.live_shares(reader.firm.id, reader.person.whose(), reader.now)?;
    let mut things = Vec::new();
    let mut messages = Vec::new();
    for share in shares.iter().filter(|share| live.iter().any(|l| l.id == share.share)) {
        if let Some(title) = items::title(reader, share.item)? {
            things.push((share.item, title));
            messages.push(share.message.trim());
        }
    }
    let Some((first, _)) = things.first() else { return Ok(None) };
    let subject = match things.len() {
        1 => items::subject(reader, *first)?,
        several => count!(reader, several, "1 thing was shared with you", "{n} things were shared with you"),
    };
    let mut page = Page::new(subject);
    let (name, firm) = (reader.name_of(by)?, &reader.firm.name);
    page.text(match things.len() {
        1 => say!(reader, "{name} of {firm} shared this {kind} with you.", name = name, firm = firm, kind = first.kind),
        _ => say!(reader, "{name} of {firm} shared these with you.", name = name, firm = firm),
    });
    // What was said with all of them stands once, below them.
    let common = messages.first().copied().filter(|first| messages.iter().all(|message| message == first));
    for ((item, title), own) in things.iter().zip(&messages) {
        thing(reader, *item, title, &mut page)?;
        if common.is_none() {
            message(reader, &[*item], by, own, &mut page)?;
        }
    }
    if things.iter().any(|(item, _)| item.kind == Kind::Matter) {
        page.text(say!(
            reader,
            "With the matter come its details, its contacts and notes. Its tasks, documents, events and bills do not: each is shared by itself, and you get a mail when one is."
        ));
    }
    let all: Vec<Item> = things.iter().map(|(item, _)| *item).collect();
    message(reader, &all, by, common.unwrap_or_default(), &mut page)?;
    match things.as_slice() {
        [(only, _)] => works(reader, *only, &mut page)?,
        _ => works_with_several(reader, &things, &mut page)?,
    }
    Ok(Some(page))
}

/// What was said with these things; of a thing that mails are silent about, only that something was.
fn message(reader: &Reader<'_>, of: &[Item], by: PersonId, message: &str, page: &mut Page) -> Result<()> {
    if message.is_empty() {
        return Ok(());
    }
    for item in of {
        if reader.withholds(*item)? {
            page.text(say!(
                reader,
                "{name} added a message that mails about this matter do not show. Please ask them for it.",
                name = reader.name_of(by)?
            ));
            return Ok(());
        }
    }
    page.text(say!(reader, "With this message:"));
    page.blocks.push(Block::Quote(message.to_owned()));
    Ok(())
}

/// What there is to know of one thing.
fn thing(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let silent = reader.withholds(item)?;
    match item.kind {
        Kind::Matter => matter(reader, item, title, page),
        _ if silent => {
            page.facts([(item.kind.title(reader), title.to_owned())]);
            page.text(items::how_to_see(reader, item)?);
            Ok(())
        }
        Kind::Document => document(reader, item, title, page),
        Kind::Folder => folder(reader, item, title, page),
        Kind::Bill => bill(reader, item, title, page),
        _ => {
            page.facts([(item.kind.title(reader), title.to_owned())]);
            Ok(())
        }
    }
}

fn matter(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let Some(row) = reader.matter(item.id)? else { return Ok(()) };
    let responsible = match row.responsible {
        Some(person) => reader.name_of(person)?,
        None => String::new(),
    };
    page.facts([
        (say!(reader, "Matter"), title.to_owned()),
        (say!(reader, "Status"), row.status_in(reader)),
        (say!(reader, "Responsible"), responsible),
        (say!(reader, "Mail about it"), reader.gateway.matter_address(row.number, reader.locale)),
    ]);
    Ok(())
}

fn document(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let version = reader.current_version(item.id)?;
    let file = match &version {
        Some(version) => {
            reader.note(Ability::View, item, Some(version.number));
            let file = items::file(reader, version);
            match version.number {
                1 => format!("{file}, {}", say!(reader, "version {version}", version = version.number)),
                _ => file,
            }
        }
        None => String::new(),
    };
    page.facts([
        (say!(reader, "Document"), title.to_owned()),
        (say!(reader, "File"), file),
        (say!(reader, "Matter"), matter_of(reader, item)?),
    ]);
    Ok(())
}

fn folder(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    page.facts([(say!(reader, "Folder"), title.to_owned()), (say!(reader, "Matter"), matter_of(reader, item)?)]);
    let mut points = Vec::new();
    for inner in reader.store.folder_children(reader.firm.id, item.id)? {
        points.extend(items::title(reader, inner.item())?);
    }
    for row in reader.store.documents_in_folder(reader.firm.id, item.id)? {
        let Some(title) = items::title(reader, row.item())? else { continue };
        let version = reader.current_version(row.id)?;
        if let Some(version) = &version {
            reader.note(Ability::View, row.item(), Some(version.number));
        }
        points.push(version.map_or_else(|| title.clone(), |v| format!("{title} ({})", items::file(reader, &v))));
    }
    if points.is_empty() {
        page.text(say!(reader, "It is empty. You will be told of new files in it."));
    } else {
        let list = say!(reader, "#documents {id}", id = reader.id(item)?);
        page.blocks.push(Block::List(items::cut(reader, points, &list)));
    }
    Ok(())
}

fn bill(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let Some(row) = reader.bill(item.id)? else { return Ok(()) };
    let awaits = row.state == BillState::AwaitingPayment;
    let due = if awaits { amount(reader, row.balance_minor, &row.currency) } else { String::new() };
    let link = super::bills::link(reader, item)?.unwrap_or_default();
    page.facts([
        (say!(reader, "Bill"), title.to_owned()),
        (say!(reader, "Amount due"), due),
        (say!(reader, "Due by"), row.due_at.filter(|_| awaits).map(|d| reader.day(d)).unwrap_or_default()),
        (say!(reader, "State"), if awaits { say!(reader, "awaits payment") } else { say!(reader, "paid") }),
        (say!(reader, "To pay online"), link.clone()),
    ]);
    if awaits && link.is_empty() {
        page.text(say!(reader, "The bill shows how to pay."));
    }
    Ok(())
}

fn matter_of(reader: &Reader<'_>, item: Item) -> Result<String> {
    let matter = reader.visible_matter(item)?;
    Ok(matter.map(|m| format!("M-{} ({})", m.number, m.display_number)).unwrap_or_default())
}

/// What a reply can do with it.
fn works(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<()> {
    let id = reader.id(item)?;
    page.text(say!(reader, "Reply to this mail:"));
    let text = (say!(reader, "your text"), say!(reader, "goes to the firm as a message"));
    match item.kind {
        Kind::Document => {
            let mut ways = vec![(say!(reader, "#get {id}", id = &id), say!(reader, "sends you the file"))];
            if has_preview(reader, item)? {
                let effect = say!(reader, "shows its first page within the mail");
                ways.push((say!(reader, "#preview {id}", id = &id), effect));
            }
            let named = say!(reader, "the file, under the same name");
            ways.push((named, say!(reader, "files it as a new version")));
            let effect = say!(reader, "with a file of any name: files it as a new version");
            ways.push((say!(reader, "#version {id}", id = id), effect));
            ways.push((say!(reader, "#time 1h Reviewed it"), say!(reader, "records your time on it")));
            page.examples(&ways)
        }
        Kind::Folder => page.examples(&[
            (say!(reader, "#documents {id}", id = id), say!(reader, "lists what is in it")),
            (say!(reader, "a reply with files"), say!(reader, "files them in it")),
            text,
        ]),
        Kind::Bill => page.examples(&[(say!(reader, "#get {id}", id = id), say!(reader, "sends you the bill")), text]),
        _ => page.examples(&[
            (
                say!(reader, "your text, or a file"),
                say!(reader, "goes to the firm as a message, the file as a document"),
            ),
            (say!(reader, "#time 1.5h Read the file"), say!(reader, "records your time on it")),
            (say!(reader, "#help"), say!(reader, "explains what else there is")),
        ]),
    };
    Ok(())
}

/// True for a file whose first page `#preview` shows.
fn has_preview(reader: &Reader<'_>, item: Item) -> Result<bool> {
    let version = reader.current_version(item.id)?;
    Ok(version.is_some_and(|v| super::answers::has_preview(reader, &v)))
}

/// What a reply can do with several things.
fn works_with_several(reader: &Reader<'_>, things: &[(Item, String)], page: &mut Page) -> Result<()> {
    page.text(say!(reader, "Reply to this mail:"));
    let mut ways = Vec::new();
    if let Some((document, _)) = things.iter().find(|(item, _)| item.kind == Kind::Document) {
        ways.push((say!(reader, "#get {id}", id = reader.id(*document)?), say!(reader, "sends you the file")));
    }
    ways.push((say!(reader, "your text"), say!(reader, "goes to the firm as a message")));
    let effect = say!(reader, "lists all that is shared with you; #help explains more");
    ways.push((say!(reader, "#home"), effect));
    page.examples(&ways);
    Ok(())
}

/// An access ended: to which things, since when, what to do with copies; never a name, a content or a reason.
pub fn ended(reader: &Reader<'_>, first: (Kind, Option<u32>), others: &[(Kind, Option<u32>)]) -> Page {
    let named = |&(kind, number): &(Kind, Option<u32>)| match number {
        Some(number) => say!(reader, "{kind} {id}", kind = kind, id = ItemId::new(kind, number).to_string()),
        None => kind.counted(reader, 1),
    };
    let things: Vec<String> = std::iter::once(&first).chain(others).map(named).collect();
    let mut page = Page::new(match others.len() {
        0 => say!(reader, "Access ended: {thing}", thing = named(&first)),
        more => count!(
            reader,
            more,
            "Access ended: {thing} and 1 more",
            "Access ended: {thing} and {n} more",
            thing = named(&first)
        ),
    });
    page.text(say!(
        reader,
        "{firm} has ended your access to {things}, as of {moment}.",
        firm = &reader.firm.name,
        things = things.join(", "),
        moment = reader.moment(reader.now)
    ));
    page.text(say!(
        reader,
        "What you wrote, filed and recorded stays with the firm. Mails about it have no effect any more; one that you send is kept, and the firm is told."
    ));
    page.text(say!(reader, "For copies that you still hold, please follow what you agreed with the firm. If you have a question, ask the lawyer who worked with you."));
    page
}
