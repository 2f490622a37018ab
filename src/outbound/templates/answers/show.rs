//! `#show`, `#contacts`, `#client`: everything of one thing that its reader may see. Never a rate, a budget, money on time,
//! a note marked internal or another contact's name. Of a restricted matter no text leaves by mail, only what there is.

use super::lists::{self, PAGE};
use super::words::{self, amount, author, one_line};
use super::{Question, may_see, not_visible, remark};
use crate::domain::utbms::Code;
use crate::domain::{Item, Kind, PersonId};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::outbound::templates::{items, news};
use crate::sharing::{Ability, BillState, Role};
use crate::store::Result;
use crate::store::calendar::PartStat;
use crate::store::communications::Medium;
use crate::store::matters::Matter;
use crate::store::people::Person;

/// Said instead of text that may not leave by mail.
pub(super) const RESTRICTED: &str = "Nothing of this matter's content is sent by mail. Ask the firm for it.";

/// Adds the details of a thing and gives a title; none if the reader may not see it.
pub(super) fn show(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(item) = question.item else { return Ok(None) };
    if !reader.verdict(Ability::SeeDetails, item)?.is_allowed() {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    let start = page.blocks.len();
    page.heading(format!("{} {}", words::capital(item.kind.word()), reader.id(item)?));
    let found = match item.kind {
        Kind::Matter => matter(reader, item, page)?,
        Kind::Task => task(reader, item, page)?,
        Kind::Document => document(reader, item, question.version, page)?,
        Kind::Folder => folder(reader, item, question, page)?,
        Kind::Note => note(reader, item, page)?,
        Kind::Event => event(reader, item, page)?,
        Kind::TimeEntry => time_entry(reader, item, page)?,
        Kind::Communication => communication(reader, item, page)?,
        Kind::Conversation => conversation(reader, item, question, page)?,
        Kind::Bill => bill(reader, item, page)?,
    };
    if !found {
        page.blocks.truncate(start);
        return Ok(not_visible(reader, question, item.kind, page));
    }
    reader.may(Ability::SeeDetails, item)?;
    items::subject(reader, item).map(Some)
}

/// Text of the matter, or what is said instead.
fn content(reader: &Reader<'_>, item: Item, text: &str, page: &mut Page) -> Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    if words::withheld(reader, item)? {
        remark(page, RESTRICTED);
    } else {
        page.blocks.push(Block::Quote(text.trim().to_owned()));
    }
    Ok(())
}

/// A name on one line; nothing where the matter's mails carry notices only.
fn name(reader: &Reader<'_>, item: Item, text: &str) -> Result<String> {
    Ok(if words::withheld(reader, item)? { String::new() } else { one_line(text) })
}

fn name_of_visible_matter(reader: &Reader<'_>, item: Item) -> Result<String> {
    let found = reader.visible_matter(item)?;
    Ok(found.map(|m| format!("M-{} {}", m.number, words::name_of_matter(reader, &m))).unwrap_or_default())
}

/// The essential details of MAT-02: no rate, no budget, no billing method.
fn matter(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = store.matter(firm, item.id)? else { return Ok(false) };
    let responsible = row.responsible.map(|p| reader.name_of(p)).transpose()?.unwrap_or_default();
    page.facts([
        ("Number", one_line(&row.display_number)),
        ("About", name(reader, item, &row.description)?),
        ("Status", row.status.clone()),
        ("Field of law", row.practice_area.clone()),
    ]);
    let mut more = vec![(format!("Responsible {}", reader.lawyer()), responsible)];
    more.push(("Opened".into(), row.open_date.map(|d| reader.day(d)).unwrap_or_default()));
    more.push(("Closed".into(), row.close_date.map(|d| reader.day(d)).unwrap_or_default()));
    more.extend(store.visible_custom_fields(firm, item.id)?);
    more.retain(|(_, value)| !value.trim().is_empty());
    if !more.is_empty() {
        page.blocks.push(Block::Facts(more));
    }
    ways_on(reader, &row, page);
    Ok(true)
}

fn ways_on(reader: &Reader<'_>, row: &Matter, page: &mut Page) {
    if row.is_closed() || reader.person.is_user() {
        return;
    }
    let id = format!("M-{}", row.number);
    page.text(format!(
        "A mail to {} is a message on this matter; files in it are filed.",
        reader.gateway.matter_address(row.number)
    ));
    page.examples(&[
        (&format!("#client {id}"), "the client"),
        (&format!("#contacts {id}"), "the people of the matter"),
        (&format!("#documents {id}"), "the documents shared with you"),
        (&format!("#notes {id}"), "notes, calls and mails"),
        (&format!("#time 1.5h {id} Drafted brief"), "records your time"),
    ]);
}

fn task(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.store.task(reader.firm.id, item.id)? else { return Ok(false) };
    let due = row.due_at.map(|d| reader.day(d)).unwrap_or_default();
    let due = if words::is_overdue(reader, &row) { format!("{due} (overdue)") } else { due };
    page.facts([
        ("Task", name(reader, item, &row.name)?),
        ("Due", due),
        ("Priority", row.priority.word().to_owned()),
        ("Completed", row.completed_at.map(|at| reader.moment(at)).unwrap_or_default()),
        ("Assigned by", row.assigner.map(|p| reader.name_of(p)).transpose()?.unwrap_or_default()),
        ("Matter", name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.description, page)?;
    if reader.verdict(Ability::Complete, item)?.is_allowed() {
        let done = format!("#done T-{}", row.number);
        let time = format!("#time 1.5h T-{} Drafted brief", row.number);
        page.examples(&[(&done, "completes the task"), (&time, "records your time on it")]);
    }
    Ok(true)
}

fn document(reader: &Reader<'_>, item: Item, version: Option<u32>, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = store.document(firm, item.id)? else { return Ok(false) };
    let mut versions = store.versions(firm, item.id)?;
    versions.retain(|v| version.is_none_or(|wanted| v.number == wanted));
    if versions.is_empty() {
        return Ok(false);
    }
    let folder = match row.folder.map(|id| Item::new(Kind::Folder, id)) {
        Some(folder) if reader.may(Ability::View, folder)? => {
            let found = store.folder(firm, folder.id)?.map(|f| f.name).unwrap_or_default();
            format!("{} {}", reader.id(folder)?, words::called(reader, folder, &found)?)
        }
        _ => String::new(),
    };
    page.facts([
        ("Name", name(reader, item, &row.name)?),
        ("Category", one_line(&row.category)),
        ("Folder", folder),
        ("Matter", name_of_visible_matter(reader, item)?),
        ("Checked out", if row.locked { "by the firm".into() } else { String::new() }),
    ]);
    let mut points = Vec::new();
    for found in versions.iter().rev().take(PAGE) {
        reader.note(Ability::SeeDetails, item, Some(found.number));
        let by = author(reader, found.creator)?.map(|name| format!(", from {name}")).unwrap_or_default();
        let hash: String = found.sha256.chars().take(12).collect();
        points.push(format!(
            "Version {}: {}, {}{by}, SHA-256 {hash}…",
            found.number,
            news::size(found.size),
            reader.moment(found.received_at)
        ));
    }
    page.blocks.push(Block::List(points));
    if words::withheld(reader, item)? {
        remark(page, RESTRICTED);
        return Ok(true);
    }
    let id = reader.id(item)?;
    let get = match version {
        Some(number) => format!("#get {id}v{number}"),
        None => format!("#get {id}"),
    };
    page.examples(&[(&get, "sends you the file"), (&format!("#time 0.4h {id} Reviewed"), "records your time on it")]);
    Ok(true)
}

fn folder(reader: &Reader<'_>, item: Item, question: &Question<'_>, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.store.folder(reader.firm.id, item.id)? else { return Ok(false) };
    page.facts([("Name", name(reader, item, &row.name)?), ("Matter", name_of_visible_matter(reader, item)?)]);
    let inside = contents(reader, item)?;
    let pages = inside.len().div_ceil(PAGE).max(1);
    let number = question.page().min(pages);
    let first = number.saturating_sub(1).saturating_mul(PAGE);
    let points = lists::points(reader, inside.iter().skip(first).take(PAGE))?;
    if points.is_empty() {
        page.text("Nothing in it is shared with you.");
    } else {
        page.blocks.push(Block::List(points));
    }
    if number < pages {
        let next = number.saturating_add(1);
        page.text(format!("Page {number} of {pages}. For the next, reply #show {} page {next}", reader.id(item)?));
    }
    Ok(true)
}

/// What lies directly in a folder and may be seen, folders first.
pub(super) fn contents(reader: &Reader<'_>, folder: Item) -> Result<Vec<Item>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let mut inside: Vec<Item> = store.folder_children(firm, folder.id)?.iter().map(|f| f.item()).collect();
    inside.extend(store.documents_in_folder(firm, folder.id)?.iter().map(|d| d.item()));
    may_see(reader, inside)
}

fn note(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.store.note(reader.firm.id, item.id)? else { return Ok(false) };
    page.facts([
        ("Subject", name(reader, item, &row.subject)?),
        ("Date", reader.day(row.date)),
        ("Written by", author(reader, row.author)?.unwrap_or_default()),
        ("Changed", row.edited_at.map(|at| reader.moment(at)).unwrap_or_default()),
        ("Matter", name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.detail, page)?;
    own_text(reader, item, row.author, page)?;
    Ok(true)
}

fn communication(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.store.communication(reader.firm.id, item.id)? else { return Ok(false) };
    let kind = match row.medium {
        Medium::Email => "Mail",
        Medium::Phone => "Telephone call",
    };
    page.facts([
        ("Kind", kind.to_owned()),
        ("Subject", name(reader, item, &row.subject)?),
        ("Date", reader.day(row.date)),
        ("Length", row.length.map(|l| l.h_mm()).unwrap_or_default()),
        ("From", name(reader, item, &row.senders)?),
        ("To", name(reader, item, &row.receivers)?),
        ("Logged by", author(reader, row.author)?.unwrap_or_default()),
        ("Changed", row.edited_at.map(|at| reader.moment(at)).unwrap_or_default()),
        ("Matter", name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.body, page)?;
    own_text(reader, item, row.author, page)?;
    Ok(true)
}

fn own_text(reader: &Reader<'_>, item: Item, by: PersonId, page: &mut Page) -> Result<()> {
    if by == reader.person.id && reader.verdict(Ability::Edit, item)?.is_allowed() {
        let edit = format!("#edit {} and the new text", reader.id(item)?);
        page.examples(&[(&edit, "changes it")]);
    }
    Ok(())
}

fn event(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = store.event(firm, item.id)? else { return Ok(false) };
    let answer = store.attendees(firm, item.id)?.into_iter().find(|a| a.person == reader.person.id).map(|a| a.partstat);
    let answer = match answer {
        Some(PartStat::Accepted) => "yes",
        Some(PartStat::Declined) => "no",
        Some(PartStat::Tentative) => "maybe",
        Some(PartStat::NeedsAction) => "none yet",
        None => "",
    };
    page.facts([
        ("Event", name(reader, item, &row.details.summary)?),
        ("Cancelled", row.cancelled_at.map(|at| reader.moment(at)).unwrap_or_default()),
        ("When", words::when(reader, &row)),
        ("Where", name(reader, item, &row.details.location)?),
        ("Meeting link", name(reader, item, &row.details.conference_url)?),
        ("Invited by", reader.name_of(row.organizer)?),
        ("Your answer", answer.to_owned()),
        ("Matter", name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.details.description, page)?;
    Ok(true)
}

/// Own time; [`crate::store::activities::TimeEntry`] has no money to show (TIM-06).
fn time_entry(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(entry) = store.time_entry(firm, item.id)? else { return Ok(false) };
    let work = &entry.work;
    let on = match work.subject {
        Some(subject) if reader.may(Ability::View, subject)? => reader.id(subject)?,
        _ => String::new(),
    };
    let codes: Vec<String> = [&work.activity_code, &work.task_code].into_iter().flatten().map(|c| named(c)).collect();
    let category = work.category.map(|c| store.category(firm, c)).transpose()?.flatten();
    let flags: Vec<&str> = [(work.non_billable, "non-billable"), (work.no_charge, "no charge")]
        .iter()
        .filter(|f| f.0)
        .map(|f| f.1)
        .collect();
    page.facts([
        ("Day", reader.day(work.date)),
        ("Recorded", format!("{} h", work.rounded.decimal_hours())),
        ("Entered", if work.rounded == work.quantity { String::new() } else { work.quantity.h_mm() }),
        ("Matter", name_of_visible_matter(reader, item)?),
        ("On", on),
        ("Codes", codes.join(", ")),
        ("Category", category.filter(|c| c.visible_to_co_counsel).map(|c| c.name).unwrap_or_default()),
        ("Marked", flags.join(", ")),
        ("Changed by the firm", entry.edited_by_firm_at.map(|at| reader.moment(at)).unwrap_or_default()),
    ]);
    if !work.narrative.is_empty() {
        page.blocks.push(Block::Quote(work.narrative.clone()));
    }
    if reader.verdict(Ability::Edit, item)?.is_allowed() {
        let id = reader.id(item)?;
        page.examples(&[(&format!("#edit {id} 1.2h"), "changes it"), (&format!("#delete {id}"), "takes it back")]);
    }
    Ok(true)
}

fn named(code: &str) -> String {
    match Code::parse(code).as_ref().and_then(Code::name) {
        Some(name) => format!("{code} {name}"),
        None => code.to_owned(),
    }
}

/// The latest messages at the end, a page at a time from there.
fn conversation(reader: &Reader<'_>, item: Item, question: &Question<'_>, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = store.conversation(firm, item.id)? else { return Ok(false) };
    let members = store.members(firm, item.id, reader.now)?;
    let names: Vec<String> = members.iter().map(|p| reader.name_of(*p)).collect::<Result<_>>()?;
    page.facts([
        ("Subject", name(reader, item, &row.subject)?),
        ("Between", names.join(", ")),
        ("Matter", name_of_visible_matter(reader, item)?),
    ]);
    if words::withheld(reader, item)? {
        remark(page, RESTRICTED);
        return Ok(true);
    }
    let messages = store.messages(firm, item.id)?;
    let pages = messages.len().div_ceil(PAGE).max(1);
    let number = question.page().min(pages);
    let later = number.saturating_sub(1).saturating_mul(PAGE);
    let end = messages.len().saturating_sub(later);
    let start = end.saturating_sub(PAGE);
    for message in messages.iter().take(end).skip(start) {
        let corrected = if message.superseded_by.is_some() { " (corrected by a later message)" } else { "" };
        let who = reader.name_of(message.sender)?;
        page.text(format!("{who}, {}{corrected}:", reader.moment(message.created_at)));
        page.blocks.push(Block::Quote(message.body.clone()));
        let files = may_see(reader, store.documents_of_message(firm, message.id)?)?;
        let files = lists::points(reader, files.iter())?;
        if !files.is_empty() {
            page.blocks.push(Block::List(files));
        }
    }
    if number < pages {
        let next = number.saturating_add(1);
        page.text(format!("For earlier messages, reply #show {} page {next}", reader.id(item)?));
    }
    Ok(true)
}

/// A bill that was shared on purpose shows its own total (BIL-05).
fn bill(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.store.bill(reader.firm.id, item.id)? else { return Ok(false) };
    let period = match (row.start_at, row.end_at) {
        (Some(from), Some(to)) => format!("{} to {}", reader.day(from), reader.day(to)),
        _ => String::new(),
    };
    let unpaid = row.state == BillState::AwaitingPayment;
    page.facts([
        ("Number", one_line(&row.bill_number)),
        ("Subject", one_line(&row.subject)),
        ("State", words::state_of_bill(row.state).to_owned()),
        ("Issued", row.issued_at.map(|d| reader.day(d)).unwrap_or_default()),
        ("Period", period),
        ("Total", amount(row.total_minor, &row.currency)),
        ("To pay", if unpaid { amount(row.balance_minor, &row.currency) } else { String::new() }),
        ("Due", row.due_at.filter(|_| unpaid).map(|d| reader.day(d)).unwrap_or_default()),
        ("Matter", name_of_visible_matter(reader, item)?),
    ]);
    if row.pdf.is_some() {
        page.examples(&[(&format!("#get BILL-{}", row.number), "sends you the bill")]);
    }
    Ok(true)
}

/// `#client`: the client of a matter, from their card (MAT-03).
pub(super) fn client(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(matter) = question.item else { return Ok(None) };
    if !reader.may(Ability::SeeClient, matter)? {
        return Ok(not_visible(reader, question, matter.kind, page));
    }
    let title = format!("Client of {}", reader.id(matter)?);
    page.heading(title.clone());
    let row = reader.store.matter(reader.firm.id, matter.id)?;
    let client = row.and_then(|m| m.client).map(|p| reader.store.person(reader.firm.id, p)).transpose()?.flatten();
    match client {
        Some(client) => {
            let address = reader.store.card_address(reader.firm.id, client.id)?;
            page.facts([
                ("Name", client.name()),
                ("Company", company(&client)),
                ("Position", client.title.clone()),
                ("Mail", address.map(|a| a.as_str().to_owned()).unwrap_or_default()),
            ]);
        }
        None => {
            page.text("No client is entered for this matter.");
        }
    }
    Ok(Some(title))
}

/// `#contacts`: the people of a matter with their relationship (MAT-04); never other co-counsel (mails.md d0).
pub(super) fn contacts(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(matter) = question.item else { return Ok(None) };
    if !reader.may(Ability::SeeContacts, matter)? {
        return Ok(not_visible(reader, question, matter.kind, page));
    }
    let title = format!("People of {}", reader.id(matter)?);
    page.heading(title.clone());
    let mut points = Vec::new();
    for (person, relationship) in reader.store.relationships(reader.firm.id, matter.id)? {
        let Some(found) = reader.store.person(reader.firm.id, person)? else { continue };
        if found.role == Role::CoCounsel && person != reader.person.id {
            continue;
        }
        let about = [relationship, found.title.clone(), company(&found)];
        let about: Vec<String> = about.iter().map(|t| one_line(t)).filter(|t| !t.is_empty()).collect();
        let name = one_line(&found.name());
        points.push(if about.is_empty() { name } else { format!("{name} – {}", about.join(", ")) });
    }
    if points.is_empty() {
        page.text("No other people are entered for this matter.");
    } else {
        page.blocks.push(Block::List(points));
    }
    Ok(Some(title))
}

fn company(person: &Person) -> String {
    if person.name() == person.company { String::new() } else { person.company.clone() }
}
