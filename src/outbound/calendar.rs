//! An event as the calendars of others read it (iCalendar, RFC 5545; iTIP, RFC 5546): one object, one attendee, who is the
//! mail's recipient. In comes what may be said; out go the bytes of a REQUEST or a CANCEL, with the zone that it needs.
//! Nothing here asks what may be said: what is not handed in is not written.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneTransition};
use jiff::{SignedDuration, Timestamp};

use crate::domain::Address;
use crate::domain::recurrence::{End, Rule};
use crate::store::calendar::{Beginning, EventDetails, PartStat};
use crate::store::firms::zone;

/// The longest description that is written, in characters.
const LONGEST_TEXT: usize = 8_000;
/// Octets of a content line without its end (RFC 5545 3.1).
const LINE_OCTETS: usize = 75;
/// For how many changes of the clock a rule must hold to be written as one.
const CHANGES_COMPARED: usize = 20;
/// The most changes of the clock that are written one by one.
const MOST_CHANGES: usize = 40;

/// What the object asks of the reader's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Put this in, or change it, and say whether you come.
    Request,
    /// Take this out.
    Cancel,
}

impl Method {
    /// The word in the object and in the part's type, which must agree.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Request => "REQUEST",
            Method::Cancel => "CANCEL",
        }
    }
}

/// Whose event it is, for whom, and which version of it.
#[derive(Clone, Debug)]
pub struct Parties<'a> {
    /// iCalendar UID.
    pub uid: &'a str,
    /// Raised by each change.
    pub sequence: u32,
    /// When the object was written.
    pub stamp: Timestamp,
    /// The name of who invites.
    pub organizer: &'a str,
    /// The address that takes the answers.
    pub answers_to: &'a str,
    /// The recipient's name.
    pub name: &'a str,
    /// The recipient.
    pub attendee: &'a Address,
}

/// What an invitation says beside its parties.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    /// Heading.
    pub summary: &'a str,
    /// Text.
    pub description: &'a str,
    /// Where.
    pub location: &'a str,
    /// Meeting link.
    pub link: &'a str,
    /// Shown to nobody else who can look into the reader's calendar.
    pub private: bool,
    /// What the recipient answered before.
    pub answer: PartStat,
}

/// One time of a series that differs from the others, and what may be said of it.
#[derive(Clone, Debug)]
pub struct Once<'a> {
    /// When the series has it.
    pub of_series: Timestamp,
    /// Begins.
    pub start_at: Timestamp,
    /// Ends; not part of it.
    pub end_at: Timestamp,
    /// What is said of it.
    pub said: Said<'a>,
}

/// The object that puts an event into a calendar, or changes it there; of a series with the times that differ from the
/// others, and without those that were called off.
pub fn request(parties: &Parties<'_>, details: &EventDetails, said: &Said<'_>, times: &[Once<'_>]) -> String {
    let mut lines = opening(Method::Request);
    let home = Home::of(details);
    let rule = details.rule();
    lines.extend(home.described(details.start_at, last_moment(rule.as_ref(), details)));
    lines.push("BEGIN:VEVENT".into());
    lines.extend(identity(parties));
    lines.extend(home.span(details.start_at, details.end_at));
    lines.extend(rule.map(|rule| format!("RRULE:{}", rule.written(details.all_day, &home.zone))));
    for exception in details.exceptions.iter().filter(|e| e.instead.is_none()) {
        lines.extend(details.of_series(exception.day).map(|o| home.at("EXDATE", o.start_at)));
    }
    lines.extend(content(parties, said));
    lines.push("END:VEVENT".into());
    for once in times {
        lines.extend(occurrence(parties, &home, once));
    }
    closing(lines)
}

/// The object that changes one time of a series (RFC 5545 3.8.4.4) and leaves the others as they are.
pub fn request_once(parties: &Parties<'_>, details: &EventDetails, once: &Once<'_>) -> String {
    let mut lines = opening(Method::Request);
    let home = Home::of(details);
    lines.extend(home.described(details.start_at, once.end_at.max(once.of_series)));
    lines.extend(occurrence(parties, &home, once));
    closing(lines)
}

fn occurrence(parties: &Parties<'_>, home: &Home, once: &Once<'_>) -> Vec<String> {
    let mut lines = vec!["BEGIN:VEVENT".into()];
    lines.extend(identity(parties));
    lines.push(home.at("RECURRENCE-ID", once.of_series));
    lines.extend(home.span(once.start_at, once.end_at));
    lines.extend(content(parties, &once.said));
    lines.push("END:VEVENT".into());
    lines
}

/// What is said of an event beside its time.
fn content(parties: &Parties<'_>, said: &Said<'_>) -> Vec<String> {
    let mut lines = vec![format!("SUMMARY:{}", text(said.summary))];
    let filled = |name: &str, value: &str| (!value.trim().is_empty()).then(|| format!("{name}:{}", text(value)));
    let link = link(said.link);
    lines.extend(filled("DESCRIPTION", said.description));
    // Calendars that know neither URL nor CONFERENCE show the place.
    lines.extend(filled("LOCATION", if said.location.trim().is_empty() { link } else { said.location }));
    if !link.is_empty() {
        lines.push(format!("URL;VALUE=URI:{link}"));
        // RFC 7986 5.11
        lines.push(format!("CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:{link}"));
    }
    if said.private {
        lines.push("CLASS:PRIVATE".into());
    }
    lines.push("STATUS:CONFIRMED".into());
    lines.push("TRANSP:OPAQUE".into());
    lines.extend(people(parties, Some(said.answer)));
    lines
}

/// The clock by which an event is told.
struct Home {
    zone: TimeZone,
    /// Its name, if others know it.
    name: Option<String>,
    all_day: bool,
}

impl Home {
    fn of(details: &EventDetails) -> Home {
        let zone = zone(&details.time_zone);
        let name = has_rules(&zone).then(|| details.time_zone.clone());
        Home { zone, name, all_day: details.all_day }
    }

    fn described(&self, start: Timestamp, end: Timestamp) -> Vec<String> {
        match &self.name {
            Some(name) if !self.all_day => time_zone(&self.zone, name, start, end),
            _ => Vec::new(),
        }
    }

    fn span(&self, start: Timestamp, end: Timestamp) -> [String; 2] {
        [self.at("DTSTART", start), self.at("DTEND", end)]
    }

    fn at(&self, name: &str, at: Timestamp) -> String {
        match self.all_day {
            true => format!("{name};VALUE=DATE:{}", day(at.to_zoned(self.zone.clone()).date())),
            false => moment(name, at, &self.zone, self.name.as_deref()),
        }
    }
}

/// Which time of a series a cancellation is about.
#[derive(Clone, Debug, Default)]
pub struct Cancelled {
    /// Only this one; none: all of them.
    pub only: Option<Beginning>,
    /// Times of the series that stand in the calendar by themselves, and go with it (mails.md d2).
    pub also: Vec<Beginning>,
}

/// The object that takes an event, or one time of it, out of a calendar; it says nothing of the event but when it was to
/// begin, as the recipient was told (Outlook takes no cancellation without that); `summary` is "Cancelled" in their
/// language.
pub fn cancel(parties: &Parties<'_>, beginning: Beginning, which: &Cancelled, summary: &str) -> String {
    let mut lines = opening(Method::Cancel);
    let own = std::iter::once((which.only, beginning));
    for (only, beginning) in own.chain(which.also.iter().map(|b| (Some(*b), *b))) {
        lines.push("BEGIN:VEVENT".into());
        lines.extend(identity(parties));
        lines.extend(only.map(|only| begins("RECURRENCE-ID", only)));
        lines.push(begins("DTSTART", beginning));
        lines.push(format!("SUMMARY:{}", text(summary)));
        lines.push("STATUS:CANCELLED".into());
        lines.push("TRANSP:TRANSPARENT".into());
        lines.extend(people(parties, None));
        lines.push("END:VEVENT".into());
    }
    closing(lines)
}

fn begins(name: &str, beginning: Beginning) -> String {
    match beginning {
        Beginning::Day(date) => format!("{name};VALUE=DATE:{}", day(date)),
        Beginning::Moment(at) => moment(name, at, &TimeZone::UTC, None),
    }
}

fn opening(method: Method) -> Vec<String> {
    vec![
        "BEGIN:VCALENDAR".into(),
        "PRODID:-//docketpost//docketpost//EN".into(),
        "VERSION:2.0".into(),
        "CALSCALE:GREGORIAN".into(),
        format!("METHOD:{}", method.word()),
    ]
}

fn closing(mut lines: Vec<String>) -> String {
    lines.push("END:VCALENDAR".into());
    lines.iter().map(|line| folded(line)).collect()
}

fn identity(parties: &Parties<'_>) -> [String; 3] {
    [
        format!("UID:{}", text(parties.uid)),
        format!("SEQUENCE:{}", parties.sequence),
        format!("DTSTAMP:{}", parties.stamp.strftime("%Y%m%dT%H%M%SZ")),
    ]
}

/// Exactly one attendee: nobody learns who else is invited (mails.md 6).
fn people(parties: &Parties<'_>, answer: Option<PartStat>) -> [String; 2] {
    let organizer = format!("ORGANIZER;CN={}:mailto:{}", quoted(parties.organizer), parties.answers_to);
    let asked = match answer {
        Some(answer) => format!(";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={};RSVP=TRUE", answer.word()),
        None => String::new(),
    };
    [organizer, format!("ATTENDEE;CN={}{asked}:mailto:{}", quoted(parties.name), parties.attendee)]
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// A moment by the clock of its zone; by that of UTC where the zone has no name that others know.
fn moment(name: &str, at: Timestamp, home: &TimeZone, named: Option<&str>) -> String {
    match named {
        Some(zone) => format!("{name};TZID={zone}:{}", local(at.to_zoned(home.clone()).datetime())),
        None => format!("{name}:{}", at.strftime("%Y%m%dT%H%M%SZ")),
    }
}

fn local(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

/// A link that a calendar may offer to open; nothing else that somebody may have typed there.
fn link(typed: &str) -> &str {
    let typed = typed.trim();
    let plain = typed.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\'));
    let web = typed.starts_with("https://") || typed.starts_with("http://");
    if plain && web && typed.len() <= 1_000 { typed } else { "" }
}

/// A value of type TEXT (RFC 5545 3.3.11).
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.trim().replace("\r\n", "\n").chars().take(LONGEST_TEXT) {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            c if c.is_control() && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

/// A value of a parameter in quotation marks, which can hold none (RFC 5545 3.1).
fn quoted(value: &str) -> String {
    let kept = value.chars().filter(|c| !c.is_control()).map(|c| if c == '"' { '\'' } else { c });
    format!("\"{}\"", kept.take(200).collect::<String>().trim())
}

/// The line and its end, folded at 75 octets and never within a character.
fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len().saturating_add(8));
    let mut octets = 0_usize;
    for c in line.chars() {
        if octets.saturating_add(c.len_utf8()) > LINE_OCTETS {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets = octets.saturating_add(c.len_utf8());
    }
    out.push_str("\r\n");
    out
}

/// The moment up to which the zone's rules must be told.
fn last_moment(rule: Option<&Rule>, details: &EventDetails) -> Timestamp {
    let years = |n: i64| SignedDuration::from_hours(n.saturating_mul(24 * 366));
    let in_years = |n| details.end_at.checked_add(years(n)).unwrap_or(details.end_at);
    match rule.map(Rule::end) {
        None => details.end_at,
        Some(End::At(moment)) => moment,
        Some(End::On(day)) => {
            day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_or(details.end_at, |last| last.timestamp())
        }
        Some(End::Never | End::After(_)) => in_years(20),
    }
}

fn has_rules(zone: &TimeZone) -> bool {
    zone.iana_name().is_some_and(|name| !matches!(name, "UTC" | "Etc/UTC" | "Etc/UCT" | "Zulu"))
}

/// One change of the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    /// By the clock before it.
    at: DateTime,
    before: Offset,
    after: Offset,
    name: String,
}

impl Change {
    fn read(zone: &TimeZone, found: &TimeZoneTransition<'_>) -> Option<Change> {
        let moment = found.timestamp();
        let before = zone.to_offset(moment.checked_sub(SignedDuration::from_secs(1)).ok()?);
        let name = found.abbreviation().to_owned();
        Some(Change { at: before.to_datetime(moment), before, after: found.offset(), name })
    }

    /// The days of which it may be the first or last of its kind: "the last Sunday of October", "the second one".
    fn places(&self) -> Vec<Place> {
        let date = self.at.date();
        let nth = date.day().saturating_sub(1) / 7;
        let mut nths = vec![nth.saturating_add(1)];
        if date.day().saturating_add(7) > date.days_in_month() {
            nths.push(-1);
        }
        let place = |nth| Place { month: date.month(), nth, weekday: date.weekday() };
        nths.into_iter().filter(|n| *n != 5).map(place).collect()
    }

    /// A STANDARD or DAYLIGHT part; with a rule, for every year from then on.
    fn written(&self, place: Option<Place>) -> Vec<String> {
        let kind = if self.after > self.before { "DAYLIGHT" } else { "STANDARD" };
        let mut lines = vec![
            format!("BEGIN:{kind}"),
            format!("DTSTART:{}", local(self.at)),
            format!("TZOFFSETFROM:{}", offset(self.before)),
            format!("TZOFFSETTO:{}", offset(self.after)),
        ];
        lines.extend(place.map(|p| format!("RRULE:{p}")));
        if self.name.chars().all(|c| c.is_ascii_alphanumeric()) {
            lines.push(format!("TZNAME:{}", self.name));
        }
        lines.push(format!("END:{kind}"));
        lines
    }
}

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    month: i8,
    nth: i8,
    weekday: jiff::civil::Weekday,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let weekday = crate::domain::recurrence::name(self.weekday).get(..2).unwrap_or("SU").to_ascii_uppercase();
        write!(f, "FREQ=YEARLY;BYMONTH={};BYDAY={}{weekday}", self.month, self.nth)
    }
}

/// The zone's rules from the beginning of an event on (decisions.md 48): two rules where the clocks change by rules, as
/// every calendar understands them; otherwise each change by itself.
fn time_zone(zone: &TimeZone, name: &str, start: Timestamp, end: Timestamp) -> Vec<String> {
    let mut lines = vec!["BEGIN:VTIMEZONE".into(), format!("TZID:{name}")];
    let mut before: Vec<Change> = zone.preceding(start).take(2).filter_map(|t| Change::read(zone, &t)).collect();
    before.reverse();
    let after: Vec<Change> =
        zone.following(start).take(CHANGES_COMPARED).filter_map(|t| Change::read(zone, &t)).collect();
    if let Some(rules) = by_rules(&before, &after) {
        for (change, place) in before.iter().zip(rules) {
            lines.extend(change.written(Some(place)));
        }
    } else {
        let until = |t: &TimeZoneTransition<'_>| t.timestamp() <= end;
        let coming = zone.following(start).take_while(until).take(MOST_CHANGES);
        let coming: Vec<Change> = coming.filter_map(|t| Change::read(zone, &t)).collect();
        let present = before.pop().unwrap_or_else(|| {
            let now = zone.to_offset(start);
            let at = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            Change { at, before: now, after: now, name: String::from("UTC") }
        });
        for change in std::iter::once(present).chain(coming) {
            lines.extend(change.written(None));
        }
    }
    lines.push("END:VTIMEZONE".into());
    lines
}

/// The two rules by which the clocks change, if all changes that are known follow them.
fn by_rules(before: &[Change], after: &[Change]) -> Option<[Place; 2]> {
    let [first, second] = before else { return None };
    if after.len() < CHANGES_COMPARED {
        return None;
    }
    let rule_of = |model: &Change, offset: usize| {
        let later: Vec<&Change> = after.iter().skip(offset).step_by(2).collect();
        let alike = |c: &&Change| (c.before, c.after, c.at.time()) == (model.before, model.after, model.at.time());
        let place = model.places().into_iter().find(|p| later.iter().all(|c| c.places().contains(p)));
        place.filter(|_| later.iter().all(alike))
    };
    Some([rule_of(first, 0)?, rule_of(second, 1)?])
}

fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let mut out = format!("{sign}{:02}{:02}", seconds / 3_600, seconds / 60 % 60);
    match seconds % 60 {
        0 => {}
        rest => {
            let _ = write!(out, "{rest:02}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(zone: &str, start: &str) -> EventDetails {
        let start_at: Timestamp = start.parse().unwrap();
        EventDetails {
            summary: "Hearing".into(),
            description: String::new(),
            location: "Court 4; Strand, London".into(),
            conference_url: "https://meet.example/j/1".into(),
            start_at,
            end_at: start_at + SignedDuration::from_hours(1),
            all_day: false,
            time_zone: zone.into(),
            recurrence_rule: None,
            exceptions: Vec::new(),
        }
    }

    fn said(details: &EventDetails) -> Said<'_> {
        Said {
            summary: &details.summary,
            description: &details.description,
            location: &details.location,
            link: &details.conference_url,
            private: false,
            answer: PartStat::NeedsAction,
        }
    }

    fn written(details: &EventDetails) -> String {
        let attendee = Address::parse("jane@roe.example").unwrap();
        let parties = Parties {
            uid: "1@gw.hale.example",
            sequence: 3,
            stamp: "2026-03-01T09:00:00Z".parse().unwrap(),
            organizer: "Anna \"A\" Smith, Hale & Partners",
            answers_to: "r+abc@gw.hale.example",
            name: "Jane Roe",
            attendee: &attendee,
        };
        request(&parties, details, &said(details), &[])
    }

    #[test]
    fn the_clock_of_a_zone_is_told_by_two_rules_where_it_has_them() {
        let london = written(&details("Europe/London", "2026-03-16T14:00:00Z"));
        for part in [
            "BEGIN:DAYLIGHT\r\nDTSTART:20250330T010000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZNAME:BST\r\n",
            "BEGIN:STANDARD\r\nDTSTART:20251026T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZNAME:GMT\r\n",
            "DTSTART;TZID=Europe/London:20260316T140000\r\n",
        ] {
            assert!(london.contains(part), "{part}\n{london}");
        }
        let york = written(&details("America/New_York", "2026-07-01T14:00:00Z"));
        assert!(york.contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n"), "{york}");
        assert!(york.contains("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n"), "{york}");
    }

    #[test]
    fn a_zone_without_rules_is_told_by_its_changes_and_one_without_changes_by_its_offset() {
        let weekly = |zone| EventDetails {
            recurrence_rule: Some("FREQ=WEEKLY;UNTIL=20270601".into()),
            exceptions: Vec::new(),
            ..details(zone, "2026-01-05T09:00:00Z")
        };
        let casablanca = written(&weekly("Africa/Casablanca"));
        assert!(!casablanca.contains("RRULE:FREQ=YEARLY") && casablanca.matches("BEGIN:STANDARD").count() >= 2);
        let kolkata = written(&weekly("Asia/Kolkata"));
        assert_eq!(kolkata.matches("BEGIN:STANDARD").count() + kolkata.matches("BEGIN:DAYLIGHT").count(), 1);
        assert!(kolkata.contains("TZOFFSETTO:+0530\r\n") && kolkata.contains("TZID=Asia/Kolkata:20260105T143000"));
        let utc = written(&weekly("UTC"));
        assert!(!utc.contains("VTIMEZONE") && utc.contains("DTSTART:20260105T090000Z\r\n"));
    }

    #[test]
    fn whole_days_are_dates_with_the_day_after_as_their_end() {
        let days = EventDetails {
            all_day: true,
            end_at: "2026-03-31T23:00:00Z".parse().unwrap(),
            ..details("Europe/London", "2026-03-28T00:00:00Z")
        };
        let text = written(&days);
        assert!(text.contains("DTSTART;VALUE=DATE:20260328\r\nDTEND;VALUE=DATE:20260401\r\n"), "{text}");
        assert!(!text.contains("VTIMEZONE"));
    }

    #[test]
    fn t72_nothing_that_was_typed_can_end_a_line_or_add_a_property() {
        let typed = EventDetails {
            summary: "Hearing\r\nATTENDEE:mailto:x@evil.example".into(),
            description: "a\\b;c,d\n\u{2028}e\u{0}".into(),
            conference_url: "javascript:alert(1)\r\nX:1".into(),
            ..details("Europe/London", "2026-03-16T14:00:00Z")
        };
        let text = written(&typed);
        assert_eq!(text.lines().filter(|l| l.starts_with("ATTENDEE")).count(), 1, "{text}");
        assert!(text.contains("SUMMARY:Hearing\\nATTENDEE:mailto:x@evil.example\r\n"), "{text}");
        assert!(text.contains("DESCRIPTION:a\\\\b\\;c\\,d\\n\\ne\r\n") && !text.contains("javascript"), "{text}");
        assert!(text.contains("CN=\"Anna 'A' Smith, Hale & Partners\""), "{text}");
    }

    #[test]
    fn lines_are_folded_at_75_octets_and_never_within_a_character() {
        let long =
            EventDetails { description: "Größe ".repeat(60), ..details("Europe/London", "2026-03-16T14:00:00Z") };
        let text = written(&long);
        assert!(text.split("\r\n").all(|l| l.len() <= 75), "{text}");
        assert!(text.replace("\r\n ", "").contains(&format!("DESCRIPTION:{}", "Größe ".repeat(60).trim())));
    }

    #[test]
    fn rev_08_a_cancellation_says_nothing_of_the_event() {
        let attendee = Address::parse("jane@roe.example").unwrap();
        let parties = Parties {
            uid: "1@gw.hale.example",
            sequence: 4,
            stamp: "2026-03-01T09:00:00Z".parse().unwrap(),
            organizer: "Hale & Partners",
            answers_to: "r+abc@gw.hale.example",
            name: "Jane Roe",
            attendee: &attendee,
        };
        let beginning = Beginning::Moment("2026-03-16T14:00:00Z".parse().unwrap());
        let expected = "BEGIN:VCALENDAR\r\nPRODID:-//docketpost//docketpost//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\n\
            METHOD:CANCEL\r\nBEGIN:VEVENT\r\nUID:1@gw.hale.example\r\nSEQUENCE:4\r\nDTSTAMP:20260301T090000Z\r\n\
            DTSTART:20260316T140000Z\r\nSUMMARY:Cancelled\r\nSTATUS:CANCELLED\r\nTRANSP:TRANSPARENT\r\n\
            ORGANIZER;CN=\"Hale & Partners\":mailto:r+abc@gw.hale.example\r\n\
            ATTENDEE;CN=\"Jane Roe\":mailto:jane@roe.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(cancel(&parties, beginning, &Cancelled::default(), "Cancelled"), expected);
    }
}
