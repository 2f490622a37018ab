//! Mails 3, 4 and 8: something was shared with somebody who is already let in; and mail 11: an access ended. The first says
//! what it is and what to do with it, as far as its matter's mails may carry that; the second only which thing it was.

use jiff::SignedDuration;

use super::items;
use crate::domain::{Item, ItemId, Kind, PersonId};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::{Ability, BillState};
use crate::store::Result;
use crate::store::matters::Sensitivity;

/// The mail about new shares; none if the reader may see none of them.
pub fn shared(reader: &Reader<'_>, shares: &[Item], by: PersonId, message: &str) -> Result<Option<Page>> {
    let mut things = Vec::new();
    for item in shares {
        if let Some(title) = items::title(reader, *item)? {
            things.push((*item, title));
        }
    }
    let Some((first, _)) = things.first() else { return Ok(None) };
    let subject = match things.len() {
        1 => items::subject(reader, *first)?,
        several => format!("{several} things were shared with you"),
    };
    let mut page = Page::new(subject);
    let what = match things.len() {
        1 => format!("this {}", first.kind.word()),
        _ => "these".to_owned(),
    };
    page.text(format!("{} of {} shared {what} with you.", reader.name_of(by)?, reader.firm.name));
    for (item, title) in &things {
        thing(reader, *item, title, &mut page)?;
    }
    if !message.trim().is_empty() {
        page.text("With this message:");
        page.blocks.push(Block::Quote(message.trim().to_owned()));
    }
    works(reader, *first, &mut page)?;
    Ok(Some(page))
}

/// What there is to know of one thing.
fn thing(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let silent = reader.sensitivity(item)? == Sensitivity::Restricted;
    match item.kind {
        Kind::Matter => matter(reader, item, title, page),
        _ if silent => {
            let show = format!("#show {title}");
            page.facts([(word(item.kind), title.to_owned())]);
            page.text(format!("Mails about this matter carry no content. To see more, reply {show}"));
            Ok(())
        }
        Kind::Document => document(reader, item, title, page),
        Kind::Folder => folder(reader, item, title, page),
        Kind::Bill => bill(reader, item, title, page),
        Kind::Event => event(reader, item, title, page),
        _ => {
            page.facts([(word(item.kind), title.to_owned())]);
            Ok(())
        }
    }
}

/// The kind as the name of a fact.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Matter => "Matter",
        Kind::Task => "Task",
        Kind::Document => "Document",
        Kind::Folder => "Folder",
        Kind::Note => "Note",
        Kind::Event => "Event",
        Kind::TimeEntry => "Time entry",
        Kind::Communication => "Communication",
        Kind::Conversation => "Conversation",
        Kind::Bill => "Bill",
    }
}

fn matter(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let Some(row) = reader.store.matter(reader.firm.id, item.id)? else { return Ok(()) };
    let responsible = match row.responsible {
        Some(person) => reader.name_of(person)?,
        None => String::new(),
    };
    page.facts([
        ("Matter", title.to_owned()),
        ("Status", row.status.clone()),
        ("Responsible", responsible),
        ("Mail about it", reader.gateway.matter_address(row.number)),
    ]);
    page.text(
        "With the matter come its details, its contacts and notes. Its tasks, documents, events and bills do not: each is shared by itself, and you get a mail when one is.",
    );
    Ok(())
}

fn document(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let version = reader.store.current_version(reader.firm.id, item.id)?;
    let file = match &version {
        Some(version) => {
            reader.note(Ability::View, item, Some(version.number));
            items::file(version)
        }
        None => String::new(),
    };
    page.facts([("Document", title.to_owned()), ("File", file), ("Matter", matter_of(reader, item)?)]);
    Ok(())
}

fn folder(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    page.facts([("Folder", title.to_owned()), ("Matter", matter_of(reader, item)?)]);
    let mut points = Vec::new();
    for inner in reader.store.folder_children(reader.firm.id, item.id)? {
        points.extend(items::title(reader, inner.item())?);
    }
    for row in reader.store.documents_in_folder(reader.firm.id, item.id)? {
        let Some(title) = items::title(reader, row.item())? else { continue };
        let version = reader.store.current_version(reader.firm.id, row.id)?;
        points.push(version.map_or_else(|| title.clone(), |v| format!("{title} ({})", items::file(&v))));
    }
    if points.is_empty() {
        page.text("It is empty. You will be told of new files in it.");
    } else {
        page.blocks.push(Block::List(items::cut(points, &format!("#documents {}", reader.id(item)?))));
    }
    Ok(())
}

fn bill(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let Some(row) = reader.store.bill(reader.firm.id, item.id)? else { return Ok(()) };
    let awaits = row.state == BillState::AwaitingPayment;
    let due = if awaits { amount(row.balance_minor, &row.currency) } else { String::new() };
    let link = match &row.payment_url {
        Some(link) if awaits && reader.may(Ability::Pay, item)? => link.clone(),
        _ => String::new(),
    };
    page.facts([
        ("Bill", title.to_owned()),
        ("Amount due", due),
        ("Due by", row.due_at.filter(|_| awaits).map(|d| reader.day(d)).unwrap_or_default()),
        ("State", if awaits { "awaits payment".into() } else { "paid".into() }),
        ("To pay", link),
    ]);
    Ok(())
}

/// An amount with its currency: "GBP 1,234.50".
fn amount(minor: i64, currency: &str) -> String {
    let (whole, rest) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    // Currencies without a smaller unit (ISO 4217).
    if matches!(currency, "JPY" | "KRW" | "ISK" | "CLP" | "VND") {
        return format!("{currency} {sign}{}", minor.unsigned_abs());
    }
    format!("{currency} {sign}{grouped}.{rest:02}")
}

fn event(reader: &Reader<'_>, item: Item, title: &str, page: &mut Page) -> Result<()> {
    let Some(row) = reader.store.event(reader.firm.id, item.id)? else { return Ok(()) };
    page.facts([
        ("Event", title.to_owned()),
        ("When", when(reader, &row.details)),
        ("Where", row.details.location.clone()),
        ("Meeting link", row.details.conference_url.clone()),
        ("Organiser", reader.name_of(row.organizer)?),
        ("Matter", matter_of(reader, item)?),
    ]);
    Ok(())
}

/// When an event is, in the reader's zone; an event of whole days by its days.
pub fn when(reader: &Reader<'_>, event: &crate::store::calendar::EventDetails) -> String {
    if event.all_day {
        let zone = crate::store::firms::zone(&event.time_zone);
        let last = event.end_at.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(event.end_at);
        let (first, last) = (event.start_at.to_zoned(zone.clone()).date(), last.to_zoned(zone).date());
        let days =
            if last > first { format!("{} to {}", reader.day(first), reader.day(last)) } else { reader.day(first) };
        return format!("{days} (all day)");
    }
    let (start, end) = (event.start_at.to_zoned(reader.zone.clone()), event.end_at.to_zoned(reader.zone.clone()));
    let until = if start.date() == end.date() {
        end.strftime("%H:%M").to_string()
    } else {
        format!("{}, {}", reader.day(end.date()), end.strftime("%H:%M"))
    };
    format!("{}, {}–{until} ({})", reader.day(start.date()), start.strftime("%H:%M"), reader.zone_name())
}

fn matter_of(reader: &Reader<'_>, item: Item) -> Result<String> {
    let matter = reader.visible_matter(item)?;
    Ok(matter.map(|m| format!("M-{} ({})", m.number, m.display_number)).unwrap_or_default())
}

/// What a reply can do with it.
fn works(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<()> {
    let id = reader.id(item)?;
    let get = format!("#get {id}");
    let list = format!("#documents {id}");
    page.text("Reply to this mail:");
    match item.kind {
        Kind::Document => page.examples(&[
            (&get, "sends you the file"),
            ("the file, under the same name", "files it as a new version"),
            ("#time 1h Reviewed it", "records your time on it"),
        ]),
        Kind::Folder => page.examples(&[
            (&list, "lists what is in it"),
            ("a reply with files", "files them in it"),
            ("your text", "goes to the firm as a message"),
        ]),
        Kind::Bill => page.examples(&[(&get, "sends you the bill"), ("your text", "goes to the firm as a message")]),
        Kind::Event => page
            .examples(&[("#yes", "you will come; or #no, or #maybe"), ("your text", "goes to the firm as a message")]),
        _ => page.examples(&[
            ("your text, or a file", "goes to the firm as a message, the file as a document"),
            ("#time 1.5h Read the file", "records your time on it"),
            ("#help", "explains what else there is"),
        ]),
    };
    Ok(())
}

/// An access ended: to which things, since when, what to do with copies; never a name, a content or a reason.
pub fn ended(reader: &Reader<'_>, first: (Kind, Option<u32>), others: &[(Kind, Option<u32>)]) -> Page {
    let named = |&(kind, number): &(Kind, Option<u32>)| match number {
        Some(number) => format!("{} {}", kind.word(), ItemId::new(kind, number)),
        None => format!("one {}", kind.word()),
    };
    let things: Vec<String> = std::iter::once(&first).chain(others).map(named).collect();
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let mut page = Page::new(format!("Access ended: {}{more}", named(&first)));
    let firm = &reader.firm.name;
    let (things, when) = (things.join(", "), reader.moment(reader.now));
    page.text(format!("{firm} has ended your access to {things}, as of {when}."));
    page.text(
        "What you wrote, filed and recorded stays with the firm. Mails about it have no effect any more; one that you send is kept, and the firm is told.",
    );
    page.text("For copies that you still hold, please follow what you agreed with the firm. If you have a question, ask the lawyer who worked with you.");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_grouped_and_has_its_pence() {
        assert_eq!(amount(123_456_750, "GBP"), "GBP 1,234,567.50");
        assert_eq!(amount(99_905, "USD"), "USD 999.05");
        assert_eq!(amount(-100_000, "EUR"), "EUR -1,000.00");
        assert_eq!(amount(5_000, "JPY"), "JPY 5000");
    }
}
