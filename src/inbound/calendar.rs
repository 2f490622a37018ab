//! What somebody's calendar says in a mail (iCalendar, RFC 5545; iTIP, RFC 5546): text comes in, the few properties that an
//! answer or a proposal is told by come out. Total and bounded on any text; times stay as they were written, for nothing
//! here depends on them. Decides nothing.
//!
//! The libraries for this read whole calendars into trees, with dates of another library and a second copy of the zone
//! data; of a stranger's text we want eight properties and a bound on everything.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::dates::Locale;
use crate::language::say;
use crate::store::calendar::PartStat;

/// The longest text that is read, in bytes.
const LONGEST: usize = 256 * 1024;
/// The most lines, as they were folded.
const MOST_LINES: usize = 6_000;
/// The most events and the most attendees of one.
const MOST_PARTS: usize = 20;
/// The longest value that is kept, in characters.
const LONGEST_VALUE: usize = 2_000;

/// What an object asks for (RFC 5546 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Somebody answers an invitation.
    Reply,
    /// Another time is proposed.
    Counter,
    /// An event is taken back.
    Cancel,
    /// An invitation, or a changed one.
    Request,
    /// An event to look at.
    Publish,
    /// The event as it is now is asked for.
    Refresh,
    /// Anything else.
    Other,
}

/// What a calendar says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What it asks for.
    pub method: Method,
    /// Its events.
    pub events: Vec<Part>,
}

/// One event of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its UID.
    pub uid: String,
    /// Which version of it; none if it was left out.
    pub sequence: Option<u32>,
    /// When the object was made.
    pub stamp: Option<Timestamp>,
    /// Which time of a series, as written.
    pub only: Option<Written>,
    /// Heading.
    pub summary: String,
    /// Where.
    pub location: String,
    /// Text.
    pub description: String,
    /// Begins, as written.
    pub start: Option<Written>,
    /// Ends, as written.
    pub end: Option<Written>,
    /// Who attends.
    pub attendees: Vec<Attending>,
    /// What was written beside the answer.
    pub comment: String,
}

/// A time as it was written: `20260316T140000`, and the zone that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    value: String,
    zone: String,
}

/// An attendee line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attending {
    /// The address, in lower case.
    pub address: String,
    /// The answer, if it is one of ours.
    pub answer: Option<PartStat>,
    /// What was written beside it (Google).
    pub comment: String,
}

impl Object {
    /// The object without the words of a person around it: what a calendar sends by itself.
    pub const fn is_by_machine(&self) -> bool {
        !matches!(self.method, Method::Request | Method::Publish)
    }
}

impl Written {
    /// The day by the clock of this zone; a time without UTC is taken by that clock, whatever its own zone is called.
    pub fn day_in(&self, zone: &TimeZone) -> Option<Date> {
        if let Ok(date) = Date::strptime("%Y%m%d", &self.value) {
            return Some(date);
        }
        match self.value.strip_suffix(['Z', 'z']) {
            Some(_) => Some(moment(&self.value)?.to_zoned(zone.clone()).date()),
            None => Some(DateTime::strptime("%Y%m%dT%H%M%S", &self.value).ok()?.date()),
        }
    }

    /// In words, with the zone as it was named: "16 March 2026, 14:00 (GMT Standard Time)".
    pub fn in_words(&self, locale: Locale) -> String {
        let zone = |name: &str| if name.is_empty() { String::new() } else { format!(" ({name})") };
        if let Ok(date) = Date::strptime("%Y%m%d", &self.value) {
            return locale.display(date);
        }
        let (local, name) = match self.value.strip_suffix(['Z', 'z']) {
            Some(local) => (local, "UTC"),
            None => (self.value.as_str(), self.zone.as_str()),
        };
        match DateTime::strptime("%Y%m%dT%H%M%S", local) {
            Ok(at) => format!("{}, {}{}", locale.display(at.date()), locale.clock(at.time()), zone(name)),
            Err(_) => say!(locale, "a time that I can't read"),
        }
    }
}

/// The first of these texts that is a calendar object with a method.
pub fn read(texts: &[String]) -> Option<Object> {
    texts.iter().take(MOST_PARTS).find_map(|text| read_one(text))
}

fn read_one(text: &str) -> Option<Object> {
    if text.len() > LONGEST {
        return None;
    }
    let lines = unfolded(text)?;
    let mut within: Vec<String> = Vec::new();
    let (mut method, mut events) = (None, Vec::new());
    let mut open = Part::default();
    for line in &lines {
        let Some(line) = Line::read(line) else { continue };
        match line.name.as_str() {
            "BEGIN" => {
                if within.len() >= MOST_PARTS {
                    return None;
                }
                within.push(line.value.trim().to_ascii_uppercase());
                open = if in_event(&within) { Part::default() } else { open };
            }
            "END" => {
                if in_event(&within) && events.len() < MOST_PARTS {
                    events.push(std::mem::take(&mut open));
                }
                within.pop();
            }
            "METHOD" if within == ["VCALENDAR"] => method = method.or(Some(method_of(&line.value))),
            _ if in_event(&within) => open.take(&line),
            _ => {}
        }
    }
    Some(Object { method: method?, events }).filter(|o| !o.events.is_empty())
}

fn in_event(within: &[String]) -> bool {
    matches!(within, [calendar, event] if calendar == "VCALENDAR" && event == "VEVENT")
}

fn method_of(value: &str) -> Method {
    match value.trim().to_ascii_uppercase().as_str() {
        "REPLY" => Method::Reply,
        "COUNTER" => Method::Counter,
        "CANCEL" => Method::Cancel,
        "REQUEST" => Method::Request,
        "PUBLISH" => Method::Publish,
        "REFRESH" => Method::Refresh,
        _ => Method::Other,
    }
}

/// Logical lines: a line that begins with a blank goes on with the one before (RFC 5545 3.1).
fn unfolded(text: &str) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for (count, line) in text.lines().enumerate() {
        if count >= MOST_LINES {
            return None;
        }
        let line = line.trim_end_matches('\r');
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    Some(lines)
}

/// One property with its parameters.
struct Line {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Line {
    fn read(line: &str) -> Option<Line> {
        let colon = unquoted(line, ':')?;
        let (head, value) = (line.get(..colon)?, line.get(colon.saturating_add(1)..)?);
        let mut pieces = Vec::new();
        let mut rest = head;
        while let Some(at) = unquoted(rest, ';') {
            pieces.push(rest.get(..at)?);
            rest = rest.get(at.saturating_add(1)..)?;
        }
        pieces.push(rest);
        let mut pieces = pieces.into_iter().take(50);
        let name = pieces.next()?.trim().trim_start_matches('\u{feff}').to_ascii_uppercase();
        let parameters = pieces
            .filter_map(|p| p.split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_uppercase(), kept(value.trim().trim_matches('"'))));
        Some(Line { name, parameters: parameters.collect(), value: value.to_owned() })
    }

    fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|p| p.0 == name).map_or("", |p| p.1.as_str())
    }

    fn written(&self) -> Option<Written> {
        let value: String = self.value.trim().chars().take(20).collect();
        let zone: String = self.parameter("TZID").chars().take(80).collect();
        (!value.is_empty()).then_some(Written { value, zone })
    }

    /// A value of type TEXT, with its escapes undone.
    fn text(&self) -> String {
        let mut out = String::new();
        let mut letters = self.value.chars();
        while let Some(c) = letters.next() {
            match (c, c == '\\') {
                (_, true) => match letters.next() {
                    Some('n' | 'N') => out.push('\n'),
                    Some(other) => out.push(other),
                    None => {}
                },
                (c, false) => out.push(c),
            }
        }
        kept(&out)
    }
}

/// The place of a mark outside quotation marks.
fn unquoted(text: &str, mark: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == mark && !quoted).then_some(at)
    })
}

/// Without control characters, and not endless.
fn kept(text: &str) -> String {
    let keep = |c: &char| *c == '\n' || !c.is_control();
    text.chars().filter(keep).take(LONGEST_VALUE).collect::<String>().trim().to_owned()
}

impl Part {
    fn take(&mut self, line: &Line) {
        match line.name.as_str() {
            "UID" => self.uid = line.text(),
            "SEQUENCE" => self.sequence = line.value.trim().parse().ok(),
            "DTSTAMP" => self.stamp = moment(&line.value),
            "RECURRENCE-ID" => self.only = line.written(),
            "SUMMARY" => self.summary = line.text(),
            "LOCATION" => self.location = line.text(),
            "DESCRIPTION" => self.description = line.text(),
            "COMMENT" if self.comment.is_empty() => self.comment = line.text(),
            "DTSTART" => self.start = line.written(),
            "DTEND" => self.end = line.written(),
            "ATTENDEE" if self.attendees.len() < MOST_PARTS => self.attendees.push(Attending {
                address: address(&line.value),
                answer: PartStat::from_word(line.parameter("PARTSTAT")),
                comment: line.parameter("X-RESPONSE-COMMENT").to_owned(),
            }),
            _ => {}
        }
    }
}

fn address(value: &str) -> String {
    let value = value.trim().to_lowercase();
    let bare = value.strip_prefix("mailto:").unwrap_or(&value);
    kept(bare.trim_matches(['<', '>']))
}

fn moment(value: &str) -> Option<Timestamp> {
    let local = value.trim().strip_suffix(['Z', 'z']).unwrap_or(value.trim());
    let at = DateTime::strptime("%Y%m%dT%H%M%S", local).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(inside: &str) -> Object {
        let text =
            format!("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n{inside}END:VEVENT\r\nEND:VCALENDAR\r\n");
        read(&[text]).unwrap()
    }

    #[test]
    fn folds_quotes_and_escapes_are_undone() {
        let part = object(
            "UID:1@gw.hale.\r\n example\r\nATTENDEE;CN=\"Roe; Jane: x\";partstat=accepted;X-RESPONSE-COMMENT=\"Late, sorry\":MAILTO:Jane@Roe.Example\r\n\
             COMMENT;LANGUAGE=en-US:Five minutes late\\, sorry\\nJane\\;\r\n",
        )
        .events
        .remove(0);
        assert_eq!(
            (part.uid.as_str(), part.comment.as_str()),
            ("1@gw.hale.example", "Five minutes late, sorry\nJane;")
        );
        let jane = &part.attendees[0];
        assert_eq!((jane.address.as_str(), jane.answer), ("jane@roe.example", Some(PartStat::Accepted)));
        assert_eq!((jane.comment.as_str(), part.sequence), ("Late, sorry", None));
    }

    #[test]
    fn only_what_stands_in_the_event_itself_counts() {
        let text = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VTIMEZONE\nTZID:GMT Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T020000\n\
            END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=GMT Standard Time:20260316T140000\nBEGIN:VALARM\nUID:2\n\
            DESCRIPTION:REMINDER\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR";
        let part = read(&[text.to_owned()]).unwrap().events.remove(0);
        assert_eq!((part.uid.as_str(), part.description.as_str()), ("1", ""));
        let start = part.start.unwrap().in_words(Locale::British);
        assert_eq!(start, "16 March 2026, 14:00 (GMT Standard Time)");
    }

    #[test]
    fn what_is_no_object_with_a_method_is_none() {
        for text in [
            "",
            "METHOD:REPLY",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR",
            "BEGIN:VEVENT\nMETHOD:REPLY\nUID:1\nEND:VEVENT",
        ] {
            assert_eq!(read(&[text.to_owned()]), None, "{text}");
        }
        let endless = format!("BEGIN:VCALENDAR\nMETHOD:REPLY\n{}", "BEGIN:VEVENT\n".repeat(5_000));
        assert_eq!(read(&[endless]), None, "nested without end");
        assert_eq!(read(&["x\n".repeat(LONGEST)]), None, "too long");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(
            lines in proptest::collection::vec(
                "(BEGIN:VCALENDAR|BEGIN:VEVENT|END:VEVENT|END:VCALENDAR|METHOD:REPLY|(UID|DTSTART|ATTENDEE|SEQUENCE|DTSTAMP|RECURRENCE-ID)[;:=\"A-Za-z0-9é\\\\ ]{0,30})", 0..30),
        ) {
            if let Some(object) = read(&[lines.join("\r\n")]) {
                for part in object.events {
                    let _ = part.start.map(|s| s.in_words(Locale::American));
                }
            }
        }
    }
}
