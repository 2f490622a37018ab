//! `#show`, `#contacts`, `#client`: everything of one thing that its reader may see. Never a rate, a budget, money on time,
//! a note marked internal or another contact's name. Of a restricted matter no text leaves without a code, only what there is.

use super::lists::{self, PAGE};
use super::words::{self, amount, one_line};
use super::{Question, may_see, not_visible, refuse, remark};
use crate::domain::utbms::Code;
use crate::domain::{Item, Kind, PersonId};
use crate::language::{phrase, say, sentence};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::outbound::templates::events;
use crate::outbound::templates::{items, news};
use crate::sharing::{Ability, BillState, Role};
use crate::store::Result;
use crate::store::communications::Medium;
use crate::store::matters::Matter;
use crate::store::people::Person;

/// Said instead of text that leaves only after a code (mails.md d0).
pub(super) const RESTRICTED: &str =
    sentence!("Content of this matter is sent only after a code. Ask for it again, and you get one.");

/// Adds the details of a thing and gives a title; none if the reader may not see it.
pub(super) fn show(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(item) = question.item else { return Ok(None) };
    if !reader.verdict(Ability::SeeDetails, item)?.is_allowed() {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    let start = page.blocks.len();
    page.heading(format!("{} {}", item.kind.title(reader), reader.id(item)?));
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
    if reader.withholds(item)? {
        remark(page, phrase(reader, RESTRICTED));
    } else if !text.trim().is_empty() {
        page.blocks.push(Block::Quote(text.trim().to_owned()));
    }
    Ok(())
}

fn name_of_visible_matter(reader: &Reader<'_>, item: Item) -> Result<String> {
    let found = reader.visible_matter(item)?;
    Ok(found.map(|m| format!("M-{} {}", m.number, words::name_of_matter(&m))).unwrap_or_default())
}

/// The essential details of MAT-02: no rate, no budget, no billing method.
fn matter(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.matter(item.id)? else { return Ok(false) };
    let responsible = row.responsible.map(|p| reader.name_of(p)).transpose()?.unwrap_or_default();
    page.facts([
        (say!(reader, "Number"), one_line(&row.display_number)),
        (say!(reader, "About"), one_line(&row.description)),
        (say!(reader, "Status"), row.status_in(reader)),
        (say!(reader, "Field of law"), row.practice_area.clone()),
    ]);
    let mut more = vec![(say!(reader, "Responsible solicitor"), responsible)];
    more.push((say!(reader, "Opened"), row.open_date.map(|d| reader.day(d)).unwrap_or_default()));
    more.push((say!(reader, "Closed"), row.close_date.map(|d| reader.day(d)).unwrap_or_default()));
    if !reader.withholds(item)? {
        more.extend(reader.store.visible_custom_fields(reader.firm.id, item.id)?);
    }
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
    page.text(say!(
        reader,
        "A mail to {address} is a message on this matter; files in it are filed.",
        address = reader.gateway.matter_address(row.number, reader.locale)
    ));
    page.examples(&[
        (say!(reader, "#client {id}", id = &id), say!(reader, "the client")),
        (say!(reader, "#contacts {id}", id = &id), say!(reader, "the people of the matter")),
        (say!(reader, "#documents {id}", id = &id), say!(reader, "the documents shared with you")),
        (say!(reader, "#notes {id}", id = &id), say!(reader, "notes, calls and mails")),
        (say!(reader, "#time 1.5h {id} Drafted brief", id = &id), say!(reader, "records your time")),
    ]);
}

fn task(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.task(item.id)? else { return Ok(false) };
    let due = row.due_at.map(|d| reader.day(d)).unwrap_or_default();
    let due = if words::is_overdue(reader, &row) { say!(reader, "{day} (overdue)", day = due) } else { due };
    page.facts([
        (say!(reader, "Task"), one_line(&row.name)),
        (say!(reader, "Due"), due),
        (say!(reader, "Priority"), phrase(reader, row.priority.word())),
        (say!(reader, "Completed"), row.completed_at.map(|at| reader.moment(at)).unwrap_or_default()),
        (say!(reader, "Assigned by"), row.assigner.map(|p| reader.name_of(p)).transpose()?.unwrap_or_default()),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.description, page)?;
    if reader.verdict(Ability::Complete, item)?.is_allowed() {
        let id = format!("T-{}", row.number);
        page.examples(&[
            (say!(reader, "#done {id}", id = &id), say!(reader, "completes the task")),
            (say!(reader, "#time 1.5h {id} Drafted brief", id = &id), say!(reader, "records your time on it")),
        ]);
    }
    Ok(true)
}

fn document(reader: &Reader<'_>, item: Item, version: Option<u32>, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.document(item.id)? else { return Ok(false) };
    let mut versions = reader.versions(item.id)?;
    versions.retain(|v| version.is_none_or(|wanted| v.number == wanted));
    if versions.is_empty() {
        return Ok(false);
    }
    let folder = match row.folder.map(|id| Item::new(Kind::Folder, id)) {
        Some(folder) if reader.may(Ability::View, folder)? => {
            let found = reader.folder(folder.id)?.map(|f| f.name).unwrap_or_default();
            format!("{} {}", reader.id(folder)?, words::called(reader, folder, &found)?)
        }
        _ => String::new(),
    };
    page.facts([
        (say!(reader, "Name"), one_line(&row.name)),
        (say!(reader, "Category"), one_line(&row.category)),
        (say!(reader, "Folder"), folder),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
        (say!(reader, "Checked out"), if row.locked { say!(reader, "by the firm") } else { String::new() }),
    ]);
    let mut points = Vec::new();
    for found in versions.iter().rev().take(PAGE) {
        reader.note(Ability::SeeDetails, item, Some(found.number));
        let hash: String = found.sha256.chars().take(12).collect();
        let (size, moment) = (news::size(reader, found.size), reader.moment(found.received_at));
        points.push(match reader.author(found.creator)? {
            Some(name) => say!(
                reader,
                "Version {number}: {size}, {moment}, from {name}, SHA-256 {hash}…",
                number = found.number,
                size = size,
                moment = moment,
                name = name,
                hash = hash
            ),
            None => say!(
                reader,
                "Version {number}: {size}, {moment}, SHA-256 {hash}…",
                number = found.number,
                size = size,
                moment = moment,
                hash = hash
            ),
        });
    }
    page.blocks.push(Block::List(points));
    if reader.withholds(item)? {
        remark(page, phrase(reader, RESTRICTED));
        return Ok(true);
    }
    let id = reader.id(item)?;
    let get = match version {
        Some(number) => format!("{id}v{number}"),
        None => id.clone(),
    };
    page.examples(&[
        (say!(reader, "#get {id}", id = get), say!(reader, "sends you the file")),
        (say!(reader, "#time 0.4h {id} Reviewed", id = id), say!(reader, "records your time on it")),
    ]);
    Ok(true)
}

fn folder(reader: &Reader<'_>, item: Item, question: &Question<'_>, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.folder(item.id)? else { return Ok(false) };
    page.facts([
        (say!(reader, "Name"), one_line(&row.name)),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    let inside = contents(reader, item)?;
    let pages = inside.len().div_ceil(PAGE).max(1);
    let number = question.page().min(pages);
    let first = number.saturating_sub(1).saturating_mul(PAGE);
    let points = lists::points(reader, inside.iter().skip(first).take(PAGE))?;
    if points.is_empty() {
        page.text(say!(reader, "Nothing in it is shared with you."));
    } else {
        page.blocks.push(Block::List(points));
    }
    if number < pages {
        let show = say!(reader, "#show {id}", id = reader.id(item)?);
        page.text(lists::next_page(reader, number, pages, &show));
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
    let Some(row) = reader.note_row(item.id)? else { return Ok(false) };
    page.facts([
        (say!(reader, "Subject"), one_line(&row.subject)),
        (say!(reader, "Date"), reader.day(row.date)),
        (say!(reader, "Written by"), reader.author(row.author)?.unwrap_or_default()),
        (say!(reader, "Changed"), row.edited_at.map(|at| reader.moment(at)).unwrap_or_default()),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.detail, page)?;
    own_text(reader, item, row.author, page)?;
    Ok(true)
}

fn communication(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.communication(item.id)? else { return Ok(false) };
    let kind = match row.medium {
        Medium::Email => say!(reader, "Mail"),
        Medium::Phone => say!(reader, "Telephone call"),
    };
    let by = reader.author(row.author)?;
    // Between whom it went names its author, too.
    let (from, to) = if by.is_some() { (row.senders.as_str(), row.receivers.as_str()) } else { ("", "") };
    page.facts([
        (say!(reader, "Kind"), kind),
        (say!(reader, "Subject"), one_line(&row.subject)),
        (say!(reader, "Date"), reader.day(row.date)),
        (say!(reader, "Length"), row.length.map(|l| l.h_mm()).unwrap_or_default()),
        (say!(reader, "From"), one_line(from)),
        (say!(reader, "To"), one_line(to)),
        (say!(reader, "Logged by"), by.unwrap_or_default()),
        (say!(reader, "Changed"), row.edited_at.map(|at| reader.moment(at)).unwrap_or_default()),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.body, page)?;
    own_text(reader, item, row.author, page)?;
    Ok(true)
}

fn own_text(reader: &Reader<'_>, item: Item, by: PersonId, page: &mut Page) -> Result<()> {
    if by == reader.person.id && reader.verdict(Ability::Edit, item)?.is_allowed() {
        let edit = say!(reader, "#edit {id} and the new text", id = reader.id(item)?);
        page.examples(&[(edit, say!(reader, "changes it"))]);
    }
    Ok(())
}

fn event(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = reader.event(item.id)? else { return Ok(false) };
    let answer = store
        .attendee(firm, item.id, reader.person.whose())?
        .map_or("", |a| crate::outbound::words::answer(a.partstat));
    page.facts([
        (say!(reader, "Event"), one_line(&row.details.summary)),
        (say!(reader, "Cancelled"), row.cancelled_at.map(|at| reader.moment(at)).unwrap_or_default()),
        (say!(reader, "When"), events::when(reader, &row.details)),
        (say!(reader, "Single times"), events::exceptions(reader, &row.details)),
        (say!(reader, "Where"), one_line(&row.details.location)),
        (say!(reader, "Meeting link"), one_line(&row.details.conference_url)),
        (say!(reader, "Invited by"), reader.name_of(row.organizer)?),
        (say!(reader, "Your answer"), phrase(reader, answer)),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    content(reader, item, &row.details.description, page)?;
    Ok(true)
}

/// Own time; [`crate::store::activities::TimeEntry`] has no money to show (TIM-06).
fn time_entry(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(entry) = reader.time_entry(item.id)? else { return Ok(false) };
    let work = &entry.work;
    let on = match work.subject {
        Some(subject) if reader.may(Ability::View, subject)? => reader.id(subject)?,
        _ => String::new(),
    };
    let codes: Vec<String> = [&work.activity_code, &work.task_code].into_iter().flatten().map(|c| named(c)).collect();
    let category = work.category.map(|c| store.category(firm, c)).transpose()?.flatten();
    let flags = [(work.non_billable, say!(reader, "non-billable")), (work.no_charge, say!(reader, "no charge"))];
    let flags: Vec<String> = flags.into_iter().filter(|f| f.0).map(|f| f.1).collect();
    page.facts([
        (say!(reader, "Day"), reader.day(work.date)),
        (say!(reader, "Recorded"), reader.hours(work.rounded)),
        (say!(reader, "Entered"), if work.rounded == work.quantity { String::new() } else { work.quantity.h_mm() }),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
        (say!(reader, "On"), on),
        (say!(reader, "Codes"), codes.join(", ")),
        (say!(reader, "Category"), category.filter(|c| c.visible_to_co_counsel).map(|c| c.name).unwrap_or_default()),
        (say!(reader, "Marked"), flags.join(", ")),
        (say!(reader, "Changed by the firm"), entry.edited_by_firm_at.map(|at| reader.moment(at)).unwrap_or_default()),
    ]);
    if !work.narrative.is_empty() {
        page.blocks.push(Block::Quote(work.narrative.clone()));
    }
    if reader.verdict(Ability::Edit, item)?.is_allowed() {
        let id = reader.id(item)?;
        page.examples(&[
            (say!(reader, "#edit {id} 1.2h", id = &id), say!(reader, "changes it")),
            (say!(reader, "#delete {id}", id = &id), say!(reader, "takes it back")),
        ]);
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
    let Some(row) = reader.conversation(item.id)? else { return Ok(false) };
    let members = store.members(firm, item.id, reader.now)?;
    let names: Vec<String> = members.iter().map(|p| reader.name_of(*p)).collect::<Result<_>>()?;
    page.facts([
        (say!(reader, "Subject"), one_line(&items::conversation(reader, &row)?)),
        (say!(reader, "Between"), names.join(", ")),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    if reader.withholds(item)? {
        remark(page, phrase(reader, RESTRICTED));
        return Ok(true);
    }
    let messages = reader.messages(item.id)?;
    let pages = messages.len().div_ceil(PAGE).max(1);
    let number = question.page().min(pages);
    let later = number.saturating_sub(1).saturating_mul(PAGE);
    let end = messages.len().saturating_sub(later);
    let start = end.saturating_sub(PAGE);
    for message in messages.iter().take(end).skip(start) {
        let (name, moment) = (reader.name_of(message.sender)?, reader.moment(message.created_at));
        page.text(match message.superseded_by {
            Some(_) => say!(reader, "{name}, {moment} (corrected by a later message):", name = name, moment = moment),
            None => say!(reader, "{name}, {moment}:", name = name, moment = moment),
        });
        page.blocks.push(Block::Quote(message.body.clone()));
        let files = may_see(reader, store.documents_of_message(firm, message.id)?)?;
        let files = lists::points(reader, files.iter())?;
        if !files.is_empty() {
            page.blocks.push(Block::List(files));
        }
    }
    if number < pages {
        let next = number.saturating_add(1);
        page.text(say!(
            reader,
            "For earlier messages, reply #show {id} page {page}",
            id = reader.id(item)?,
            page = next
        ));
    }
    Ok(true)
}

/// A bill that was shared on purpose shows its own total (BIL-05).
fn bill(reader: &Reader<'_>, item: Item, page: &mut Page) -> Result<bool> {
    let Some(row) = reader.bill(item.id)? else { return Ok(false) };
    let period = match (row.start_at, row.end_at) {
        (Some(from), Some(to)) => {
            say!(reader, "{first} to {last}", first = reader.day(from), last = reader.day(to))
        }
        _ => String::new(),
    };
    let unpaid = row.state == BillState::AwaitingPayment;
    if reader.withholds(item)? {
        remark(page, phrase(reader, RESTRICTED));
        return Ok(true);
    }
    page.facts([
        (say!(reader, "Number"), one_line(&row.bill_number)),
        (say!(reader, "Subject"), one_line(&row.subject)),
        (say!(reader, "State"), phrase(reader, words::state_of_bill(row.state))),
        (say!(reader, "Issued"), row.issued_at.map(|d| reader.day(d)).unwrap_or_default()),
        (say!(reader, "Period"), period),
        (say!(reader, "Total"), amount(reader, row.total_minor, &row.currency)),
        (say!(reader, "To pay"), if unpaid { amount(reader, row.balance_minor, &row.currency) } else { String::new() }),
        (say!(reader, "Due"), row.due_at.filter(|_| unpaid).map(|d| reader.day(d)).unwrap_or_default()),
        (say!(reader, "Matter"), name_of_visible_matter(reader, item)?),
    ]);
    if row.pdf.is_some() {
        let get = say!(reader, "#get {id}", id = format!("BILL-{}", row.number));
        page.examples(&[(get, say!(reader, "sends you the bill"))]);
    }
    if unpaid && reader.verdict(Ability::Pay, item)?.is_allowed() {
        page.examples(&[(
            say!(reader, "#pay {id}", id = format!("BILL-{}", row.number)),
            say!(reader, "tells where to pay it online"),
        )]);
    }
    Ok(true)
}

/// `#client`: the client of a matter, from their card (MAT-03).
pub(super) fn client(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(matter) = question.item else { return Ok(None) };
    if !reader.may(Ability::SeeClient, matter)? {
        return Ok(not_visible(reader, question, matter.kind, page));
    }
    if reader.withholds(matter)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let title = say!(reader, "Client of {id}", id = reader.id(matter)?);
    page.heading(title.clone());
    let row = reader.matter(matter.id)?;
    let client = row.and_then(|m| m.client).map(|p| reader.store.person(reader.firm.id, p)).transpose()?.flatten();
    match client {
        Some(client) => {
            let address = reader.store.card_address(reader.firm.id, client.id)?;
            page.facts([
                (say!(reader, "Name"), client.name()),
                (say!(reader, "Company"), company(&client)),
                (say!(reader, "Position"), client.title.clone()),
                (say!(reader, "Mail"), address.map(|a| a.as_str().to_owned()).unwrap_or_default()),
            ]);
        }
        None => {
            page.text(say!(reader, "No client is entered for this matter."));
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
    if reader.withholds(matter)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let title = say!(reader, "People of {id}", id = reader.id(matter)?);
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
        page.text(say!(reader, "No other people are entered for this matter."));
    } else {
        page.blocks.push(Block::List(points));
    }
    Ok(Some(title))
}

pub(super) fn company(person: &Person) -> String {
    if person.name() == person.company { String::new() } else { person.company.clone() }
}
