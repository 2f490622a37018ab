//! The line that names a thing in a list, and small pieces of text that several answers share. Each is shown only after
//! the reader was found to be allowed to see it; what else a line names (a matter, a folder) is asked for here.

use std::fmt::Write;

use crate::domain::{Item, Kind, PersonId};
use crate::outbound::reader::Reader;
use crate::outbound::templates::news;
use crate::sharing::{Ability, BillState};
use crate::store::Result;
use crate::store::activities::TimeEntry;
use crate::store::calendar::Event;
use crate::store::matters::{Matter, Sensitivity};
use crate::store::tasks::Task;

/// A text on one line, so that nobody's words can look like another line of ours.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line of a list for `item`, without its number; none if it is gone. To be asked about first.
pub(super) fn line(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let text = match item.kind {
        Kind::Matter => return Ok(store.matter(firm, item.id)?.map(|m| matter(reader, &m))),
        Kind::Task => store.task(firm, item.id)?.map(|t| task(reader, &t)).transpose()?,
        Kind::Event => store.event(firm, item.id)?.map(|e| event(reader, &e)).transpose()?,
        Kind::Document => document(reader, item)?,
        Kind::Folder => store.folder(firm, item.id)?.map(|f| called(reader, item, &f.name)).transpose()?,
        Kind::Bill => bill(reader, item)?,
        Kind::Conversation => conversation(reader, item)?,
        Kind::Note => note(reader, item)?,
        Kind::Communication => communication(reader, item)?,
        Kind::TimeEntry => match store.time_entry(firm, item.id)? {
            Some(entry) => Some(time_entry(reader, &entry)?),
            None => None,
        },
    };
    let Some(mut text) = text else { return Ok(None) };
    if let Some(matter) = reader.visible_matter(item)? {
        let _ = write!(text, " (M-{})", matter.number);
    }
    Ok(Some(text))
}

/// True where the matter's mails carry notices only; the firm's own people are told what they ask for.
pub(super) fn withheld(reader: &Reader<'_>, item: Item) -> Result<bool> {
    Ok(!reader.person.is_user() && reader.sensitivity(item)? == Sensitivity::Restricted)
}

/// What a thing is called, on one line and in quotation marks for files; where mails carry notices only, what it is.
pub(super) fn called(reader: &Reader<'_>, item: Item, name: &str) -> Result<String> {
    let name = one_line(name);
    Ok(match item.kind {
        kind if name.is_empty() || withheld(reader, item)? => capital(kind.word()),
        Kind::Document => format!("\"{name}\""),
        Kind::Folder => format!("Folder \"{name}\""),
        _ => name,
    })
}

/// With a capital letter.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What a matter is called: what it is about, or the firm's own number.
pub(super) fn name_of_matter(reader: &Reader<'_>, matter: &Matter) -> String {
    let name = one_line(&matter.description);
    let silent = matter.sensitivity == Sensitivity::Restricted && !reader.person.is_user();
    if silent || name.is_empty() { one_line(&matter.display_number) } else { name }
}

fn matter(reader: &Reader<'_>, matter: &Matter) -> String {
    let (name, number) = (name_of_matter(reader, matter), one_line(&matter.display_number));
    let number = if name == number { String::new() } else { format!(" ({number})") };
    format!("{name}{number}{}", if matter.is_closed() { ", closed" } else { "" })
}

fn task(reader: &Reader<'_>, task: &Task) -> Result<String> {
    let name = called(reader, task.item(), &task.name)?;
    Ok(match (task.completed_at, task.due_at) {
        (Some(at), _) => {
            format!("{name} – completed {}", reader.day(at.to_zoned(reader.zone.clone()).date()))
        }
        (None, Some(due)) if is_overdue(reader, task) => format!("{name} – OVERDUE, was due {}", reader.day(due)),
        (None, Some(due)) => format!("{name} – due {}", reader.day(due)),
        (None, None) => name,
    })
}

/// True for an open task whose day is over where the reader is.
pub(super) fn is_overdue(reader: &Reader<'_>, task: &Task) -> bool {
    let today = reader.now.to_zoned(reader.zone.clone()).date();
    task.completed_at.is_none() && task.due_at.is_some_and(|due| due < today)
}

fn event(reader: &Reader<'_>, event: &Event) -> Result<String> {
    let place = one_line(&event.details.location);
    let place = if place.is_empty() || withheld(reader, event.item())? { String::new() } else { format!(", {place}") };
    Ok(format!("{} – {}{place}", called(reader, event.item(), &event.details.summary)?, when(reader, event)))
}

/// When an event is: in the reader's zone, whole days in its own.
pub(super) fn when(reader: &Reader<'_>, event: &Event) -> String {
    let details = &event.details;
    if details.all_day {
        let zone = crate::store::firms::zone(&details.time_zone);
        let first = details.start_at.to_zoned(zone.clone()).date();
        let last = details.end_at.to_zoned(zone).date().yesterday().unwrap_or(first);
        return if last > first {
            format!("{} to {}", reader.day(first), reader.day(last))
        } else {
            format!("{}, all day", reader.day(first))
        };
    }
    let (start, end) = (details.start_at.to_zoned(reader.zone.clone()), details.end_at.to_zoned(reader.zone.clone()));
    let until = if start.date() == end.date() {
        end.strftime("%H:%M").to_string()
    } else {
        format!("{}, {}", reader.day(end.date()), end.strftime("%H:%M"))
    };
    let repeats = if details.recurrence_rule.is_some() { ", repeats" } else { "" };
    format!("{}, {} to {until} ({}){repeats}", reader.day(start.date()), start.strftime("%H:%M"), reader.zone_name())
}

fn document(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let (Some(row), Some(version)) = (store.document(firm, item.id)?, store.current_version(firm, item.id)?) else {
        return Ok(None);
    };
    let number = if version.number > 1 { format!(", version {}", version.number) } else { String::new() };
    let mut text = format!("{}{number}, {}", called(reader, item, &row.name)?, news::size(version.size));
    if let Some(folder) = row.folder.map(|id| Item::new(Kind::Folder, id))
        && let Some(found) = store.folder(firm, folder.id)?
        && reader.may(Ability::View, folder)?
    {
        let _ = write!(text, ", in {} {}", reader.id(folder)?, called(reader, folder, &found.name)?);
    }
    Ok(Some(text))
}

fn bill(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(bill) = reader.store.bill(reader.firm.id, item.id)? else { return Ok(None) };
    let mut text = format!("Bill {}", one_line(&bill.bill_number));
    if let Some(issued) = bill.issued_at {
        let _ = write!(text, " of {}", reader.day(issued));
    }
    let _ = write!(text, " – {}", state_of_bill(bill.state));
    if let Some(due) = bill.due_at.filter(|_| bill.state == BillState::AwaitingPayment) {
        let _ = write!(text, ", due {}", reader.day(due));
    }
    Ok(Some(text))
}

/// A bill's state in words.
pub(super) const fn state_of_bill(state: BillState) -> &'static str {
    match state {
        BillState::Draft => "draft",
        BillState::AwaitingApproval => "awaiting approval",
        BillState::AwaitingPayment => "awaiting payment",
        BillState::Paid => "paid",
        BillState::Void => "void",
        BillState::Deleted => "deleted",
    }
}

fn conversation(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(row) = reader.store.conversation(reader.firm.id, item.id)? else { return Ok(None) };
    let messages = reader.store.messages(reader.firm.id, item.id)?;
    let count = match messages.len() {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    };
    let last = match messages.last() {
        Some(m) => format!(", the last from {} on {}", reader.name_of(m.sender)?, reader.moment(m.created_at)),
        None => String::new(),
    };
    let subject = called(reader, item, &row.subject)?;
    Ok(Some(format!("{subject} – {count}{last}")))
}

fn note(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(row) = reader.store.note(reader.firm.id, item.id)? else { return Ok(None) };
    let heading = called(reader, item, &row.subject)?;
    let by = author(reader, row.author)?.map(|name| format!(", {name}")).unwrap_or_default();
    Ok(Some(format!("{heading} – {}{by}", reader.day(row.date))))
}

fn communication(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(row) = reader.store.communication(reader.firm.id, item.id)? else { return Ok(None) };
    let heading = called(reader, item, &row.subject)?;
    Ok(Some(format!("{heading} – {}", reader.day(row.date))))
}

fn time_entry(reader: &Reader<'_>, entry: &TimeEntry) -> Result<String> {
    let work = &entry.work;
    let mut text = format!("{} h on {}", work.rounded.decimal_hours(), reader.day(work.date));
    if let Some(subject) = work.subject
        && reader.may(Ability::View, subject)?
    {
        let _ = write!(text, ", {}", reader.id(subject)?);
    }
    let codes: Vec<&str> = [&work.activity_code, &work.task_code].into_iter().flatten().map(String::as_str).collect();
    if !codes.is_empty() {
        let _ = write!(text, ", {}", codes.join("/"));
    }
    if work.non_billable {
        text.push_str(", non-billable");
    }
    if work.no_charge {
        text.push_str(", no charge");
    }
    let narrative = one_line(&work.narrative);
    if !narrative.is_empty() {
        let _ = write!(text, ": {narrative}");
    }
    Ok(text)
}

/// Who wrote or filed something: the reader, or one of the firm's people. Of other contacts there is no word, so that
/// nobody learns from a list who else works on a matter (mails.md d0).
pub(super) fn author(reader: &Reader<'_>, person: PersonId) -> Result<Option<String>> {
    if person == reader.person.id {
        return Ok(Some(if reader.person.is_user() { reader.person.name() } else { "you".into() }));
    }
    let found = reader.store.person(reader.firm.id, person)?;
    Ok(found.filter(|p| p.is_user() || reader.person.is_user()).map(|p| p.name()))
}

/// An amount of a bill that was shared on purpose: "GBP 1,200.00".
pub(super) fn amount(minor: i64, currency: &str) -> String {
    let all = minor.unsigned_abs();
    let (whole, part) = match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "UGX" | "XAF" | "XOF" => (all, String::new()),
        "BHD" | "KWD" | "OMR" | "JOD" | "TND" | "IQD" | "LYD" => (all / 1_000, format!(".{:03}", all % 1_000)),
        _ => (all / 100, format!(".{:02}", all % 100)),
    };
    let plain = whole.to_string();
    let mut grouped = String::new();
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && plain.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    format!("{currency} {sign}{grouped}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_their_currency() {
        assert_eq!(amount(120_000, "GBP"), "GBP 1,200.00");
        assert_eq!(amount(-5, "USD"), "USD -0.05");
        assert_eq!(amount(1_234_567, "JPY"), "JPY 1,234,567");
        assert_eq!(amount(999, "GBP"), "GBP 9.99");
    }
}
