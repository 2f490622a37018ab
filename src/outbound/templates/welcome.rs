//! Mail 2: what is shared at this moment, what co-counsel may do, and how it is done by mail.

use super::items;
use crate::domain::{Item, Kind};
use crate::language::say;
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::{Ability, Role};
use crate::store::Result;
use crate::store::people::{DigestRhythm, Preferences};

/// The first mail after an invitation was accepted.
pub fn welcome(reader: &Reader<'_>) -> Result<Page> {
    if reader.person.acts_for.is_some() {
        return Ok(super::assistants::welcome(reader));
    }
    let firm = &reader.firm.name;
    let mut page = Page::new(say!(reader, "Welcome: how to work with {firm} by mail", firm = firm));
    page.text(say!(
        reader,
        "Thank you for accepting. You work with {firm} from your own mailbox: you reply to our mails, and it is done.",
        firm = firm
    ));
    let things = shared(reader)?;
    let (mut points, mut first) = (Vec::new(), None);
    for item in &things {
        if let Some(title) = items::title(reader, *item)? {
            first = first.or_else(|| Some(*item).filter(|i| i.kind == Kind::Matter));
            let point = format!("{} {title}", item.kind.title(reader));
            points.push(items::with_due(reader, *item, point)?);
        }
    }
    page.heading(say!(reader, "Shared with you now"));
    if points.is_empty() {
        page.text(say!(reader, "Nothing yet, or no longer. You will get a mail when something is."));
    } else {
        page.blocks.push(Block::List(items::cut(reader, points, &say!(reader, "#home"))));
    }
    page.heading(say!(reader, "What you can do"));
    let is_co_counsel = reader.person.role == Role::CoCounsel;
    if is_co_counsel {
        page.text(format!(
            "{}\n{}",
            say!(
                reader,
                "You see what is shared with you and what you add. You can write to us, file documents, record your time, notes and calls, and complete your tasks."
            ),
            say!(
                reader,
                "Matters, tasks, events, bills and access are changed by the firm. Rates and amounts of time are not shown."
            )
        ));
    } else {
        page.text(format!(
            "{}\n{}",
            say!(
                reader,
                "You see what is shared with you: documents, bills, events, tasks and messages. You can have documents sent, answer messages and invitations, and complete your tasks."
            ),
            say!(reader, "Everything else is done by the firm.")
        ));
    }
    page.heading(say!(reader, "How"));
    if is_co_counsel {
        how(reader, first, &things, &mut page)?;
    } else {
        how_for_contacts(reader, &things, &mut page)?;
    }
    page.text(say!(
        reader,
        "For you it is now {moment}; your times are read and shown so. If that is wrong, reply for example: #timezone New York",
        moment = reader.moment(reader.now)
    ));
    page.text(say!(
        reader,
        "You can also set your name and a picture of you: #profile name Jane Q. Roe, or #picture with the picture attached."
    ));
    page.text(told(reader, &reader.store.preferences(reader.firm.id, reader.person.id)?));
    Ok(page)
}

/// Live shares, matters first.
fn shared(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let shares = reader.store.live_shares(reader.firm.id, reader.person.id, reader.now)?;
    let mut things: Vec<Item> = shares.into_iter().map(|s| s.item).collect();
    things.sort();
    Ok(things)
}

/// The number of the first thing of this kind that is shared, or an example.
fn number(reader: &Reader<'_>, kind: Kind, things: &[Item], example: &str) -> Result<String> {
    for item in things.iter().filter(|i| i.kind == kind) {
        if reader.may(Ability::View, *item)? {
            return reader.id(*item);
        }
    }
    Ok(example.to_owned())
}

fn how(reader: &Reader<'_>, matter: Option<Item>, things: &[Item], page: &mut Page) -> Result<()> {
    let done = number(reader, Kind::Task, things, "T-12")?;
    let get = number(reader, Kind::Document, things, "D-4")?;
    page.examples(&[
        (say!(reader, "your text"), say!(reader, "in any reply: a message to the firm")),
        (say!(reader, "an attached file"), say!(reader, "is filed as a document")),
        (say!(reader, "#time 1.5h Drafted reply brief"), say!(reader, "records your time")),
        (say!(reader, "#done {id}", id = done), say!(reader, "completes a task; in reply to its mail, #done alone")),
        (say!(reader, "#note Spoke to the expert"), say!(reader, "adds a note to the matter")),
        (say!(reader, "#get {id}", id = get), say!(reader, "sends you a document")),
        (say!(reader, "#undo"), say!(reader, "in reply to a receipt: takes back what it reports")),
        (say!(reader, "#home"), say!(reader, "lists all that is shared with you; #help explains more")),
    ]);
    if let Some(matter) = matter
        && let Some(row) = reader.matter(matter.id)?
    {
        let (id, address) = (reader.id(matter)?, reader.gateway.matter_address(row.number, reader.locale));
        page.text(say!(
            reader,
            "Each command stands on a line of its own. For a new mail about {id}, write to {address}",
            id = id,
            address = address
        ));
    }
    Ok(())
}

fn how_for_contacts(reader: &Reader<'_>, things: &[Item], page: &mut Page) -> Result<()> {
    let done = number(reader, Kind::Task, things, "T-12")?;
    let get = number(reader, Kind::Document, things, "D-4")?;
    page.examples(&[
        (say!(reader, "your text"), say!(reader, "in reply to a message: answers it")),
        (say!(reader, "#get {id}", id = get), say!(reader, "sends you a document")),
        (say!(reader, "#done {id}", id = done), say!(reader, "completes a task; in reply to its mail, #done alone")),
        (say!(reader, "#home"), say!(reader, "lists all that is shared with you; #help explains more")),
    ]);
    Ok(())
}

/// How they will be told, and how to change that.
fn told(reader: &Reader<'_>, wishes: &Preferences) -> String {
    let so = match wishes.digest {
        DigestRhythm::Off => say!(reader, "We confirm each command and file. You also get no digest."),
        DigestRhythm::Daily => say!(
            reader,
            "We confirm each command and file. You also get a digest every day at {time}, if there is something in it.",
            time = &wishes.digest_time
        ),
        DigestRhythm::Weekly => say!(
            reader,
            "We confirm each command and file. You also get a digest every week, if there is something in it."
        ),
    };
    let change = say!(
        reader,
        "To change this: #receipts all, #digest weekly mon, #digest off. To pause all mails: #stop; to lift the pause: #start."
    );
    format!("{so} {change}")
}
