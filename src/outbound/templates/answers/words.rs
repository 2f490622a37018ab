//! The line that names a thing in a list, and small pieces of text that several answers share. Each is shown only after
//! the reader was found to be allowed to see it; what else a line names (a matter, a folder) is asked for here.

use std::fmt::Write;

use crate::domain::{Item, Kind};
use crate::language::{Locale, Reads, count, phrase, say, sentence};
use crate::outbound::reader::Reader;
use crate::outbound::templates::{events, items, news};
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
    let text = match item.kind {
        Kind::Matter => return Ok(reader.matter(item.id)?.map(|m| matter(reader, &m))),
        Kind::Task => reader.task(item.id)?.map(|t| task(reader, &t)).transpose()?,
        Kind::Event => reader.event(item.id)?.map(|e| event(reader, &e)).transpose()?,
        Kind::Document => document(reader, item)?,
        Kind::Folder => reader.folder(item.id)?.map(|f| called(reader, item, &f.name)).transpose()?,
        Kind::Bill => bill(reader, item)?,
        Kind::Conversation => conversation(reader, item)?,
        Kind::Note => note(reader, item)?,
        Kind::Communication => communication(reader, item)?,
        Kind::TimeEntry => match reader.time_entry(item.id)? {
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

/// What a thing is called, on one line and in quotation marks for files; where mails carry notices only, what it is.
pub(super) fn called(reader: &Reader<'_>, item: Item, name: &str) -> Result<String> {
    let name = one_line(name);
    Ok(match item.kind {
        kind if name.is_empty() || reader.withholds(item)? => kind.title(reader),
        // As in subjects and in calendars, which others may look into (decisions.md 27).
        Kind::Event if !reader.person.is_user() && reader.sensitivity(item)? != Sensitivity::Standard => {
            Kind::Event.title(reader)
        }
        Kind::Document => say!(reader, "\"{name}\"", name = name),
        Kind::Folder => say!(reader, "Folder \"{name}\"", name = name),
        _ => name,
    })
}

/// What a matter is called: what it is about, or the firm's own number.
pub(super) fn name_of_matter(matter: &Matter) -> String {
    let name = one_line(&matter.description);
    if name.is_empty() { one_line(&matter.display_number) } else { name }
}

fn matter(reader: &Reader<'_>, matter: &Matter) -> String {
    let (name, number) = (name_of_matter(matter), one_line(&matter.display_number));
    let number = if name == number { String::new() } else { format!(" ({number})") };
    match matter.is_closed() {
        true => say!(reader, "{matter}, closed", matter = format!("{name}{number}")),
        false => format!("{name}{number}"),
    }
}

fn task(reader: &Reader<'_>, task: &Task) -> Result<String> {
    let name = called(reader, task.item(), &task.name)?;
    Ok(match (task.completed_at, task.due_at) {
        (Some(at), _) => {
            let day = reader.day(at.to_zoned(reader.zone.clone()).date());
            say!(reader, "{name} – completed {day}", name = name, day = day)
        }
        (None, Some(due)) if is_overdue(reader, task) => {
            say!(reader, "{name} – OVERDUE, was due {day}", name = name, day = reader.day(due))
        }
        (None, Some(due)) => say!(reader, "{name} – due {day}", name = name, day = reader.day(due)),
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
    let place = if place.is_empty() { String::new() } else { format!(", {place}") };
    Ok(format!(
        "{} – {}{place}",
        called(reader, event.item(), &event.details.summary)?,
        events::when(reader, &event.details)
    ))
}

fn document(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let (Some(row), Some(version)) = (reader.document(item.id)?, reader.current_version(item.id)?) else {
        return Ok(None);
    };
    let number = match version.number {
        0 | 1 => String::new(),
        number => format!(", {}", say!(reader, "version {version}", version = number)),
    };
    let mut text = format!("{}{number}, {}", called(reader, item, &row.name)?, news::size(reader, version.size));
    if let Some(folder) = row.folder.map(|id| Item::new(Kind::Folder, id))
        && let Some(found) = reader.folder(folder.id)?
        && reader.may(Ability::View, folder)?
    {
        let place = format!("{} {}", reader.id(folder)?, called(reader, folder, &found.name)?);
        text = say!(reader, "{document}, in {folder}", document = text, folder = place);
    }
    Ok(Some(text))
}

fn bill(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(bill) = reader.bill(item.id)? else { return Ok(None) };
    let number = one_line(&bill.bill_number);
    let text = match bill.issued_at {
        _ if number.is_empty() => Kind::Bill.title(reader),
        Some(issued) => say!(reader, "Bill {number} of {day}", number = number, day = reader.day(issued)),
        None => say!(reader, "Bill {number}", number = number),
    };
    let text = format!("{text} – {}", phrase(reader, state_of_bill(bill.state)));
    let due = bill.due_at.filter(|_| bill.state == BillState::AwaitingPayment);
    Ok(Some(match due {
        Some(due) => say!(reader, "{name}, due {day}", name = text, day = reader.day(due)),
        None => text,
    }))
}

/// A bill's state in words.
pub(super) const fn state_of_bill(state: BillState) -> &'static str {
    match state {
        BillState::Draft => sentence!("draft"),
        BillState::AwaitingApproval => sentence!("awaiting approval"),
        BillState::AwaitingPayment => sentence!("awaiting payment"),
        BillState::Paid => sentence!("paid"),
        BillState::Void => sentence!("void"),
        BillState::Deleted => sentence!("deleted"),
    }
}

fn conversation(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(row) = reader.conversation(item.id)? else { return Ok(None) };
    let messages = reader.messages(item.id)?;
    let subject = called(reader, item, &items::conversation(reader, &row)?)?;
    let count = count!(reader, messages.len(), "1 message", "{n} messages");
    let Some(last) = messages.last() else { return Ok(Some(format!("{subject} – {count}"))) };
    let last = say!(
        reader,
        "the last from {name} on {moment}",
        name = reader.name_of(last.sender)?,
        moment = reader.moment(last.created_at)
    );
    Ok(Some(format!("{subject} – {count}, {last}")))
}

fn note(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(row) = reader.note_row(item.id)? else { return Ok(None) };
    let heading = called(reader, item, &row.subject)?;
    let by = reader.author(row.author)?.map(|name| format!(", {name}")).unwrap_or_default();
    Ok(Some(format!("{heading} – {}{by}", reader.day(row.date))))
}

fn communication(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let Some(row) = reader.communication(item.id)? else { return Ok(None) };
    let heading = called(reader, item, &row.subject)?;
    Ok(Some(format!("{heading} – {}", reader.day(row.date))))
}

fn time_entry(reader: &Reader<'_>, entry: &TimeEntry) -> Result<String> {
    let work = &entry.work;
    let (hours, day) = (reader.hours(work.rounded), reader.day(work.date));
    let mut text = say!(reader, "{hours} on {day}", hours = hours, day = day);
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
        let _ = write!(text, ", {}", say!(reader, "non-billable"));
    }
    if work.no_charge {
        let _ = write!(text, ", {}", say!(reader, "no charge"));
    }
    let narrative = one_line(&work.narrative);
    Ok(if narrative.is_empty() { text } else { say!(reader, "{name}: {value}", name = text, value = narrative) })
}

/// An amount of a bill that was shared on purpose: "GBP 1,200.00", "1.200,00 EUR".
pub(in crate::outbound::templates) fn amount(to: impl Reads, minor: i64, currency: &str) -> String {
    let all = minor.unsigned_abs();
    let (sign, groups) = match to.locale() {
        Locale::British | Locale::American => ('.', ','),
        Locale::German | Locale::Spanish => (',', '.'),
        Locale::French => (',', '\u{a0}'),
    };
    let (whole, part) = match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "UGX" | "XAF" | "XOF" => (all, String::new()),
        "BHD" | "KWD" | "OMR" | "JOD" | "TND" | "IQD" | "LYD" => (all / 1_000, format!("{sign}{:03}", all % 1_000)),
        _ => (all / 100, format!("{sign}{:02}", all % 100)),
    };
    let plain = whole.to_string();
    let mut grouped = String::new();
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && plain.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(groups);
        }
        grouped.push(digit);
    }
    let minus = if minor < 0 { "-" } else { "" };
    match to.locale().is_english() {
        true => format!("{currency} {minus}{grouped}{part}"),
        false => format!("{minus}{grouped}{part} {currency}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_their_currency() {
        for (locale, minor, currency, shown) in [
            (Locale::British, 120_000, "GBP", "GBP 1,200.00"),
            (Locale::British, 123_456_750, "GBP", "GBP 1,234,567.50"),
            (Locale::American, -5, "USD", "USD -0.05"),
            (Locale::British, 1_234_567, "JPY", "JPY 1,234,567"),
            (Locale::British, 999, "GBP", "GBP 9.99"),
            (Locale::German, -123_456_750, "EUR", "-1.234.567,50 EUR"),
            (Locale::French, 120_000, "EUR", "1\u{a0}200,00 EUR"),
            (Locale::Spanish, 120_000, "EUR", "1.200,00 EUR"),
        ] {
            assert_eq!(amount(locale, minor, currency), shown);
        }
    }
}
