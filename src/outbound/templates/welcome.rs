//! Mail 2: what is shared at this moment, what co-counsel may do, and how it is done by mail.

use super::items;
use crate::domain::{Item, Kind};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::people::{DigestRhythm, Preferences};

/// The first mail after an invitation was accepted.
pub fn welcome(reader: &Reader<'_>) -> Result<Page> {
    let firm = &reader.firm.name;
    let mut page = Page::new(format!("Welcome: how to work with {firm} by mail"));
    page.text(format!(
        "Thank you for accepting. You work with {firm} from your own mailbox: you reply to our mails, and it is done."
    ));
    let things = shared(reader)?;
    let (mut points, mut first) = (Vec::new(), None);
    for item in &things {
        if let Some(title) = items::title(reader, *item)? {
            first = first.or_else(|| Some(*item).filter(|i| i.kind == Kind::Matter));
            points.push(format!("{} {title}{}", items::capital(item.kind.word()), due(reader, *item)?));
        }
    }
    page.heading("Shared with you now");
    if points.is_empty() {
        page.text("Nothing yet, or no longer. You will get a mail when something is.");
    } else {
        page.blocks.push(Block::List(items::cut(points, "#home")));
    }
    page.heading("What you can do");
    page.text(
        "You see what is shared with you and what you add. You can write to us, file documents, record your time, notes and calls, and complete your tasks.\n\
         Matters, tasks, events, bills and access are changed by the firm. Rates and amounts of time are not shown.",
    );
    page.heading("How");
    how(reader, first, &things, &mut page)?;
    page.text(format!(
        "For you it is now {}; your times are read and shown so. If that is wrong, reply for example: #timezone New York",
        reader.moment(reader.now)
    ));
    page.text(told(&reader.store.preferences(reader.firm.id, reader.person.id)?));
    Ok(page)
}

/// Live shares, matters first.
fn shared(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let shares = reader.store.live_shares(reader.firm.id, reader.person.id, reader.now)?;
    let mut things: Vec<Item> = shares.into_iter().map(|s| s.item).collect();
    things.sort();
    Ok(things)
}

/// By when a task is to be done.
fn due(reader: &Reader<'_>, item: Item) -> Result<String> {
    if item.kind != Kind::Task {
        return Ok(String::new());
    }
    let task = reader.store.task(reader.firm.id, item.id)?.filter(|t| t.completed_at.is_none());
    Ok(task.and_then(|t| t.due_at).map(|d| format!(", due {}", reader.day(d))).unwrap_or_default())
}

/// The command with the number of the first thing of this kind that is shared, or as an example.
fn command(reader: &Reader<'_>, verb: &str, kind: Kind, things: &[Item], example: &str) -> Result<String> {
    for item in things.iter().filter(|i| i.kind == kind) {
        if reader.may(Ability::View, *item)? {
            return Ok(format!("#{verb} {}", reader.id(*item)?));
        }
    }
    Ok(format!("#{verb} {example}"))
}

fn how(reader: &Reader<'_>, matter: Option<Item>, things: &[Item], page: &mut Page) -> Result<()> {
    let done = command(reader, "done", Kind::Task, things, "T-12")?;
    let get = command(reader, "get", Kind::Document, things, "D-4")?;
    page.examples(&[
        ("your text", "in any reply: a message to the firm"),
        ("an attached file", "is filed as a document"),
        ("#time 1.5h Drafted reply brief", "records your time"),
        (&done, "completes a task; in reply to its mail, #done alone"),
        ("#note Spoke to the expert", "adds a note to the matter"),
        (&get, "sends you a document"),
        ("#undo", "in reply to a receipt: takes back what it reports"),
        ("#home", "lists all that is shared with you; #help explains more"),
    ]);
    if let Some(matter) = matter
        && let Some(row) = reader.store.matter(reader.firm.id, matter.id)?
    {
        let (id, address) = (reader.id(matter)?, reader.gateway.matter_address(row.number));
        page.text(format!("Each command stands on a line of its own. For a new mail about {id}, write to {address}"));
    }
    Ok(())
}

/// How they will be told, and how to change that.
fn told(wishes: &Preferences) -> String {
    let digest = match wishes.digest {
        DigestRhythm::Off => "no digest".to_owned(),
        DigestRhythm::Daily => format!("a digest every day at {}, if there is something in it", wishes.digest_time),
        DigestRhythm::Weekly => "a digest every week, if there is something in it".to_owned(),
    };
    format!(
        "We confirm each command and file. You also get {digest}. To change this: #receipts all, #digest weekly mon, #digest off. To pause all mails: #stop; to lift the pause: #start."
    )
}
