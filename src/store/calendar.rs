//! Calendar events and who is invited to them. For a contact the share with the source `attendance` is the grant; it is
//! made and ended apart (`shares`).

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use super::firms::zone;
use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::recurrence::{End, Rule};
use crate::domain::{FirmId, Item, Kind, PersonId};

/// What an event says: all that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDetails {
    /// Heading.
    pub summary: String,
    /// Text.
    pub description: String,
    /// Where.
    pub location: String,
    /// Meeting link.
    pub conference_url: String,
    /// Begins; all-day: midnight in its zone.
    pub start_at: Timestamp,
    /// Ends; not part of it.
    pub end_at: Timestamp,
    /// Whole days.
    pub all_day: bool,
    /// IANA name, so that a series keeps its local hour.
    pub time_zone: String,
    /// RRULE.
    pub recurrence_rule: Option<String>,
    /// Times of the series that differ from the others, by their day; changed by acts of their own.
    pub exceptions: Vec<Exception>,
}

/// One time of a series that differs from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The day on which the series has it, by the clock of its zone.
    pub day: Date,
    /// The event's sequence when it was changed last.
    pub sequence: u32,
    /// What it is instead; none: it was called off.
    pub instead: Option<Instead>,
}

/// What one time of a series is instead of what the series says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// Heading.
    pub summary: String,
    /// Text.
    pub description: String,
    /// Where.
    pub location: String,
    /// Meeting link.
    pub conference_url: String,
    /// Begins.
    pub start_at: Timestamp,
    /// Ends; not part of it.
    pub end_at: Timestamp,
}

/// What somebody answered for one time of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OccurrenceAnswer {
    /// The day on which the series has it.
    pub day: Date,
    /// Who.
    pub person: PersonId,
    /// Their answer.
    pub partstat: PartStat,
    /// The sequence of the last mail about this one time that left for them.
    pub sent_sequence: Option<u32>,
}

/// One time at which an event takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Begins.
    pub start_at: Timestamp,
    /// Ends; not part of it.
    pub end_at: Timestamp,
}

impl EventDetails {
    /// How it repeats; none if it takes place once.
    pub fn rule(&self) -> Option<Rule> {
        self.recurrence_rule.as_deref().and_then(|rule| Rule::read(rule).ok())
    }

    /// The first time that is not over at `after`; none if all are.
    pub fn next(&self, after: Timestamp) -> Option<Occurrence> {
        let once = Occurrence { start_at: self.start_at, end_at: self.end_at };
        let Some(rule) = self.rule() else { return Some(once).filter(|o| o.end_at > after) };
        let last = last_start(&rule);
        let differs = |day: &Date| self.exceptions.iter().any(|e| e.day == *day);
        let mut times = rule.days(self.first_day()).filter(|day| !differs(day)).filter_map(|day| self.at_home_on(day));
        let regular = times.find(|o| o.end_at > after).filter(|o| o.start_at <= last);
        let moved = self.exceptions.iter().filter_map(|e| e.instead.as_ref());
        let moved = moved.map(|i| Occurrence { start_at: i.start_at, end_at: i.end_at }).filter(|o| o.end_at > after);
        regular.into_iter().chain(moved).min_by_key(|o| o.start_at)
    }

    /// The time that the series has on this day, whatever became of it; none if it has none.
    pub fn of_series(&self, day: Date) -> Option<Occurrence> {
        let rule = self.rule()?;
        let is_one = rule.days(self.first_day()).take_while(|d| *d <= day).any(|d| d == day);
        self.at_home_on(day).filter(|o| is_one && o.start_at <= last_start(&rule))
    }

    /// The day of the series on which somebody means one of its times: the one that it has then, or one that was moved there.
    pub fn day_meant(&self, day: Date) -> Option<Date> {
        let home = zone(&self.time_zone);
        let moved = self
            .exceptions
            .iter()
            .find(|e| e.instead.as_ref().is_some_and(|i| i.start_at.to_zoned(home.clone()).date() == day));
        self.of_series(day).map(|_| day).or(moved.map(|e| e.day))
    }

    /// The series' hours on a day. Days keep their hours by the clock of the zone, so the length is counted by that too.
    fn at_home_on(&self, day: Date) -> Option<Occurrence> {
        let zone = zone(&self.time_zone);
        let first = self.start_at.to_zoned(zone.clone()).datetime();
        let length = self.end_at.to_zoned(zone.clone()).datetime().duration_since(first);
        let start = day.to_datetime(first.time());
        let end = start.checked_add(length).ok()?.to_zoned(zone.clone()).ok()?;
        let start = start.to_zoned(zone).ok()?;
        Some(Occurrence { start_at: start.timestamp(), end_at: end.timestamp() })
    }

    /// The beginning of one time as calendars know it by: a day, or a moment.
    pub fn beginning_at(&self, start_at: Timestamp) -> Beginning {
        match self.all_day {
            true => Beginning::Day(start_at.to_zoned(zone(&self.time_zone)).date()),
            false => Beginning::Moment(start_at),
        }
    }

    /// The first day of whole days, in the event's own zone.
    pub fn first_day(&self) -> Date {
        self.start_at.to_zoned(zone(&self.time_zone)).date()
    }

    /// The beginning as an invitation says it.
    pub fn beginning(&self) -> Beginning {
        if self.all_day { Beginning::Day(self.first_day()) } else { Beginning::Moment(self.start_at) }
    }

    /// True if only the text differs: nobody has to answer anew.
    pub fn same_time(&self, other: &EventDetails) -> bool {
        (self.start_at, self.end_at, self.all_day, &self.time_zone, &self.recurrence_rule)
            == (other.start_at, other.end_at, other.all_day, &other.time_zone, &other.recurrence_rule)
    }
}

/// The last moment at which a time of the series may begin.
const fn last_start(rule: &Rule) -> Timestamp {
    match rule.end() {
        End::At(moment) => moment,
        End::Never | End::After(_) | End::On(_) => Timestamp::MAX,
    }
}

/// When an event begins, as it was said in an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// On this day.
    Day(Date),
    /// At this moment.
    Moment(Timestamp),
}

impl Beginning {
    /// The text in the store, as iCalendar writes it: `20260316`, `20260316T140000Z`.
    pub fn word(self) -> String {
        match self {
            Beginning::Day(day) => day.strftime("%Y%m%d").to_string(),
            Beginning::Moment(moment) => moment.strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    /// The beginning that the text says.
    pub fn from_word(word: &str) -> Option<Beginning> {
        if let Ok(day) = Date::strptime("%Y%m%d", word) {
            return Some(Beginning::Day(day));
        }
        let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", word).ok()?;
        Some(Beginning::Moment(moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
    }
}

/// The last invitation that left for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentInvitation {
    /// Its sequence.
    pub sequence: u32,
    /// The beginning that it said.
    pub beginning: Beginning,
    /// When it left.
    pub at: Timestamp,
    /// It spoke of one time of a series only: that of this day.
    pub only: Option<Date>,
}

/// A calendar event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its row.
    pub id: i64,
    /// EV-5.
    pub number: u32,
    /// iCalendar UID.
    pub uid: String,
    /// Raised by each change of what it says.
    pub sequence: u32,
    /// What it says.
    pub details: EventDetails,
    /// On which matter.
    pub matter: Option<i64>,
    /// The user who invites.
    pub organizer: PersonId,
    /// When it was called off.
    pub cancelled_at: Option<Timestamp>,
}

impl Event {
    /// The event as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Event, self.id)
    }

    /// The sequence in mails to this person: raised by what changes for all, and by what concerns only them. What becomes of
    /// others who are invited does not show in it.
    pub const fn sequence_for(&self, attendee: &Attendee) -> u32 {
        attendee.sequence(self.sequence)
    }
}

/// An event about to be added.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// iCalendar UID; no other event of any firm has it.
    pub uid: String,
    /// What it says.
    pub details: EventDetails,
    /// On which matter.
    pub matter: Option<i64>,
    /// The user who invites.
    pub organizer: PersonId,
}

/// An answer to an invitation (CAL-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartStat {
    /// None yet.
    NeedsAction,
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Perhaps.
    Tentative,
}

impl PartStat {
    /// The word in the store and in iCalendar (RFC 5545 3.2.12).
    pub const fn word(self) -> &'static str {
        match self {
            PartStat::NeedsAction => "NEEDS-ACTION",
            PartStat::Accepted => "ACCEPTED",
            PartStat::Declined => "DECLINED",
            PartStat::Tentative => "TENTATIVE",
        }
    }

    /// The answer of this word; capitals do not matter.
    pub fn from_word(word: &str) -> Option<PartStat> {
        [PartStat::NeedsAction, PartStat::Accepted, PartStat::Declined, PartStat::Tentative]
            .into_iter()
            .find(|p| p.word().eq_ignore_ascii_case(word))
    }
}

/// Somebody who is invited to an event.
#[derive(Clone, Debug)]
pub struct Attendee {
    /// Who.
    pub person: PersonId,
    /// Address in the last invitation that left; before one does, the address they were invited at.
    pub invited_address: String,
    /// Their answer.
    pub partstat: PartStat,
    /// When they wrote it.
    pub answered_at: Option<Timestamp>,
    /// Since.
    pub invited_at: Timestamp,
    /// How often something concerned only them: so much is their sequence above the event's.
    pub raised: u32,
    /// The last invitation that left; none if they have none in their calendar.
    pub sent: Option<SentInvitation>,
}

impl Attendee {
    /// The sequence in mails to them of what has this one for all.
    pub const fn sequence(&self, of_all: u32) -> u32 {
        of_all.saturating_add(self.raised)
    }
}

const ATTENDEE: &str = "SELECT person_id, invited_address, partstat, answered_at, invited_at, raised, sent_sequence, sent_beginning, sent_at FROM attendees";

fn read_attendee(row: &Row<'_>) -> rusqlite::Result<Attendee> {
    let partstat: String = row.get("partstat")?;
    let sent: (Option<u32>, Option<String>, Option<i64>) =
        (row.get("sent_sequence")?, row.get("sent_beginning")?, row.get("sent_at")?);
    let sent = match sent {
        (Some(sequence), Some(beginning), Some(at)) => Beginning::from_word(&beginning)
            .map(|beginning| SentInvitation { sequence, beginning, at: moment(at), only: None }),
        _ => None,
    };
    Ok(Attendee {
        person: PersonId(row.get("person_id")?),
        invited_address: row.get("invited_address")?,
        partstat: PartStat::from_word(&partstat).unwrap_or(PartStat::NeedsAction),
        answered_at: row.get::<_, Option<i64>>("answered_at")?.map(moment),
        invited_at: moment(row.get("invited_at")?),
        raised: row.get("raised")?,
        sent,
    })
}

const SELECT: &str = "SELECT e.id, e.number, e.uid, e.sequence, e.summary, e.description, e.location, e.conference_url, e.start_at, e.end_at,
    e.all_day, e.time_zone, e.recurrence_rule, e.matter_id, e.organizer_id, e.cancelled_at FROM calendar_entries e";

fn read(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get("id")?,
        number: row.get("number")?,
        uid: row.get("uid")?,
        sequence: row.get("sequence")?,
        details: EventDetails {
            summary: row.get("summary")?,
            description: row.get("description")?,
            location: row.get("location")?,
            conference_url: row.get("conference_url")?,
            start_at: moment(row.get("start_at")?),
            end_at: moment(row.get("end_at")?),
            all_day: row.get("all_day")?,
            time_zone: row.get("time_zone")?,
            recurrence_rule: row.get("recurrence_rule")?,
            exceptions: Vec::new(),
        },
        matter: row.get("matter_id")?,
        organizer: PersonId(row.get("organizer_id")?),
        cancelled_at: row.get::<_, Option<i64>>("cancelled_at")?.map(moment),
    })
}

fn read_day(row: &Row<'_>) -> rusqlite::Result<Date> {
    let day: String = row.get("day")?;
    day.parse().map_err(|_| rusqlite::Error::InvalidQuery)
}

fn read_exception(row: &Row<'_>) -> rusqlite::Result<Exception> {
    let times: (Option<i64>, Option<i64>) = (row.get("start_at")?, row.get("end_at")?);
    let instead = match times {
        (Some(start), Some(end)) => Some(Instead {
            summary: row.get("summary")?,
            description: row.get("description")?,
            location: row.get("location")?,
            conference_url: row.get("conference_url")?,
            start_at: moment(start),
            end_at: moment(end),
        }),
        _ => None,
    };
    Ok(Exception { day: read_day(row)?, sequence: row.get("sequence")?, instead })
}

impl Snapshot<'_> {
    /// The event of this row, also if it was called off.
    pub fn event(&self, firm: FirmId, event: i64) -> Result<Option<Event>> {
        let found = self.one(&format!("{SELECT} WHERE e.firm_id = ?1 AND e.id = ?2"), (firm.0, event), read)?;
        found.map(|event| self.with_exceptions(firm, event)).transpose()
    }

    fn with_exceptions(&self, firm: FirmId, mut event: Event) -> Result<Event> {
        if event.details.recurrence_rule.is_some() {
            event.details.exceptions = self.exceptions(firm, event.id)?;
        }
        Ok(event)
    }

    fn all_with_exceptions(&self, firm: FirmId, events: Vec<Event>) -> Result<Vec<Event>> {
        events.into_iter().map(|event| self.with_exceptions(firm, event)).collect()
    }

    /// The times of a series that differ from the others, by their day.
    pub fn exceptions(&self, firm: FirmId, event: i64) -> Result<Vec<Exception>> {
        self.all(
            "SELECT day, sequence, summary, description, location, conference_url, start_at, end_at FROM event_exceptions
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 ORDER BY day",
            (firm.0, event),
            read_exception,
        )
    }

    /// What was answered for single times of a series, by their day.
    pub fn occurrence_answers(&self, firm: FirmId, event: i64) -> Result<Vec<OccurrenceAnswer>> {
        self.all(
            "SELECT day, person_id, partstat, sent_sequence FROM occurrence_answers
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 ORDER BY day, person_id",
            (firm.0, event),
            |row| {
                let partstat: String = row.get("partstat")?;
                Ok(OccurrenceAnswer {
                    day: read_day(row)?,
                    person: PersonId(row.get("person_id")?),
                    partstat: PartStat::from_word(&partstat).unwrap_or(PartStat::NeedsAction),
                    sent_sequence: row.get("sent_sequence")?,
                })
            },
        )
    }

    /// The event of this iCalendar UID.
    pub fn event_by_uid(&self, firm: FirmId, uid: &str) -> Result<Option<Event>> {
        let found = self.one(&format!("{SELECT} WHERE e.firm_id = ?1 AND e.uid = ?2"), (firm.0, uid), read)?;
        found.map(|event| self.with_exceptions(firm, event)).transpose()
    }

    /// The events that a person is invited to, whatever they answered, by their beginning; not those called off.
    pub fn events_of(&self, firm: FirmId, person: PersonId) -> Result<Vec<Event>> {
        let found = self.all(
            &format!(
                "{SELECT} JOIN attendees a ON a.firm_id = e.firm_id AND a.calendar_entry_id = e.id
                 WHERE e.firm_id = ?1 AND a.person_id = ?2 AND a.removed_at IS NULL AND e.cancelled_at IS NULL ORDER BY e.start_at, e.id"
            ),
            (firm.0, person.0),
            read,
        )?;
        self.all_with_exceptions(firm, found)
    }

    /// The events of a matter by their beginning; not those called off.
    pub fn events_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Event>> {
        let found = self.all(
            &format!(
                "{SELECT} WHERE e.firm_id = ?1 AND e.matter_id = ?2 AND e.cancelled_at IS NULL ORDER BY e.start_at, e.id"
            ),
            (firm.0, matter),
            read,
        )?;
        self.all_with_exceptions(firm, found)
    }

    /// Every event of the firm by its beginning, also those called off.
    pub fn events(&self, firm: FirmId) -> Result<Vec<Event>> {
        let found = self.all(&format!("{SELECT} WHERE e.firm_id = ?1 ORDER BY e.start_at, e.id"), [firm.0], read)?;
        self.all_with_exceptions(firm, found)
    }

    /// Who is invited to an event, in the order they were.
    pub fn attendees(&self, firm: FirmId, event: i64) -> Result<Vec<Attendee>> {
        self.all(
            &format!(
                "{ATTENDEE} WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND removed_at IS NULL ORDER BY invited_at, person_id"
            ),
            (firm.0, event),
            read_attendee,
        )
    }

    /// A person's invitation to an event, if they have one.
    pub fn attendee(&self, firm: FirmId, event: i64, person: PersonId) -> Result<Option<Attendee>> {
        self.one(
            &format!(
                "{ATTENDEE} WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3 AND removed_at IS NULL"
            ),
            (firm.0, event, person.0),
            read_attendee,
        )
    }
}

impl Tx<'_> {
    /// Adds an event; nobody is invited yet.
    pub fn add_event(&self, firm: FirmId, new: &NewEvent, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Event)?;
        let id = self.insert(
            "INSERT INTO calendar_entries (firm_id, number, uid, summary, description, location, conference_url, start_at, end_at,
               all_day, time_zone, recurrence_rule, matter_id, organizer_id, created_at)
             VALUES (:firm, :number, :uid, :summary, :description, :location, :url, :start, :end,
               :all_day, :zone, :rule, :matter, :organizer, :now)",
            named_params! {":firm": firm.0, ":number": number, ":uid": new.uid, ":summary": new.details.summary,
            ":description": new.details.description, ":location": new.details.location, ":url": new.details.conference_url,
            ":start": at(new.details.start_at), ":end": at(new.details.end_at), ":all_day": new.details.all_day,
            ":zone": new.details.time_zone, ":rule": new.details.recurrence_rule, ":matter": new.matter,
            ":organizer": new.organizer.0, ":now": at(now)},
        )?;
        Ok(Item::new(Kind::Event, id))
    }

    /// Changes what an event says and raises its sequence; false if there is none or it was called off.
    pub fn edit_event(&self, firm: FirmId, event: i64, details: &EventDetails) -> Result<bool> {
        let changed = self.run(
            "UPDATE calendar_entries SET sequence = sequence + 1, summary = :summary, description = :description, location = :location,
               conference_url = :url, start_at = :start, end_at = :end, all_day = :all_day, time_zone = :zone, recurrence_rule = :rule
             WHERE firm_id = :firm AND id = :event AND cancelled_at IS NULL",
            named_params! {":firm": firm.0, ":event": event, ":summary": details.summary, ":description": details.description,
            ":location": details.location, ":url": details.conference_url, ":start": at(details.start_at), ":end": at(details.end_at),
            ":all_day": details.all_day, ":zone": details.time_zone, ":rule": details.recurrence_rule},
        )?;
        Ok(changed == 1)
    }

    /// Says what one time of a series is instead, or that it was called off, and raises the event's sequence.
    pub fn set_exception(&self, firm: FirmId, event: i64, day: Date, instead: Option<&Instead>) -> Result<()> {
        self.run(
            "UPDATE calendar_entries SET sequence = sequence + 1 WHERE firm_id = ?1 AND id = ?2",
            (firm.0, event),
        )?;
        let text = |field: fn(&Instead) -> &String| instead.map(field).cloned().unwrap_or_default();
        self.run(
            "INSERT INTO event_exceptions (firm_id, calendar_entry_id, day, sequence, summary, description, location, conference_url,
               start_at, end_at)
             SELECT firm_id, id, :day, sequence, :summary, :description, :location, :url, :start, :end
             FROM calendar_entries WHERE firm_id = :firm AND id = :event
             ON CONFLICT (firm_id, calendar_entry_id, day) DO UPDATE SET sequence = excluded.sequence, summary = excluded.summary,
               description = excluded.description, location = excluded.location, conference_url = excluded.conference_url,
               start_at = excluded.start_at, end_at = excluded.end_at",
            named_params! {":firm": firm.0, ":event": event, ":day": day.to_string(), ":summary": text(|i| &i.summary),
            ":description": text(|i| &i.description), ":location": text(|i| &i.location), ":url": text(|i| &i.conference_url),
            ":start": instead.map(|i| at(i.start_at)), ":end": instead.map(|i| at(i.end_at))},
        )?;
        Ok(())
    }

    /// Forgets the exceptions of a series and what was answered for single times: the series itself has other times now.
    pub fn forget_exceptions(&self, firm: FirmId, event: i64) -> Result<()> {
        self.run("DELETE FROM event_exceptions WHERE firm_id = ?1 AND calendar_entry_id = ?2", (firm.0, event))?;
        self.run("DELETE FROM occurrence_answers WHERE firm_id = ?1 AND calendar_entry_id = ?2", (firm.0, event))?;
        Ok(())
    }

    /// Notes a person's answer for one time of a series; false if it was their answer, or they gave a later one.
    pub fn set_occurrence_answer(
        &self,
        firm: FirmId,
        event: i64,
        day: Date,
        person: PersonId,
        answer: PartStat,
        written_at: Timestamp,
    ) -> Result<bool> {
        let changed = self.run(
            "INSERT INTO occurrence_answers (firm_id, calendar_entry_id, day, person_id, partstat, answered_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (firm_id, calendar_entry_id, day, person_id) DO UPDATE SET partstat = ?5, answered_at = ?6
             WHERE partstat <> ?5 AND COALESCE(answered_at, ?6) <= ?6",
            (firm.0, event, day.to_string(), person.0, answer.word(), at(written_at)),
        )?;
        Ok(changed == 1)
    }

    /// Forgets what was answered for one time of a series: its hours changed, so everybody is asked anew.
    pub fn forget_occurrence_answers(&self, firm: FirmId, event: i64, day: Date) -> Result<()> {
        self.run(
            "UPDATE occurrence_answers SET partstat = 'NEEDS-ACTION', answered_at = NULL
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND day = ?3",
            (firm.0, event, day.to_string()),
        )?;
        Ok(())
    }

    /// Calls an event off and raises its sequence; false if it was called off before.
    pub fn cancel_event(&self, firm: FirmId, event: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE calendar_entries SET sequence = sequence + 1, cancelled_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND cancelled_at IS NULL",
            (firm.0, event, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Invites a person at an address, anew if they had been removed; false if they are invited already. Whoever is
    /// invited anew had a cancellation, which a higher sequence must follow.
    pub fn add_attendee(
        &self,
        firm: FirmId,
        event: i64,
        person: PersonId,
        address: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let added = self.run(
            "INSERT INTO attendees (firm_id, calendar_entry_id, person_id, invited_address, invited_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            (firm.0, event, person.0, address, at(now)),
        )?;
        if added == 1 {
            return Ok(true);
        }
        let again = self.run(
            "UPDATE attendees SET invited_address = ?4, invited_at = ?5, removed_at = NULL, partstat = 'NEEDS-ACTION',
               answered_at = NULL, raised = raised + 1, sent_sequence = NULL, sent_beginning = NULL, sent_at = NULL
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3 AND removed_at IS NOT NULL",
            (firm.0, event, person.0, address, at(now)),
        )?;
        Ok(again == 1)
    }

    /// Takes a person off an event; false if they were not invited.
    pub fn remove_attendee(&self, firm: FirmId, event: i64, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE attendees SET removed_at = ?4 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3 AND removed_at IS NULL",
            (firm.0, event, person.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Raises a person's sequence and gives their invitation, for a mail that their calendar must take as newer than all
    /// before; none if they are not invited.
    pub fn raise_sequence_for(&self, firm: FirmId, event: i64, person: PersonId) -> Result<Option<Attendee>> {
        self.run(
            "UPDATE attendees SET raised = raised + 1 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3 AND removed_at IS NULL",
            (firm.0, event, person.0),
        )?;
        self.attendee(firm, event, person)
    }

    /// Notes a person's answer that was written at `at`; false if they are not invited, had given this answer, or gave a
    /// later one.
    pub fn set_answer(
        &self,
        firm: FirmId,
        event: i64,
        person: PersonId,
        answer: PartStat,
        written_at: Timestamp,
    ) -> Result<bool> {
        let changed = self.run(
            "UPDATE attendees SET partstat = ?4, answered_at = ?5 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3
               AND removed_at IS NULL AND partstat <> ?4 AND COALESCE(answered_at, ?5) <= ?5",
            (firm.0, event, person.0, answer.word(), at(written_at)),
        )?;
        Ok(changed == 1)
    }

    /// Forgets all answers: the time changed, so everybody is asked anew.
    pub fn forget_answers(&self, firm: FirmId, event: i64) -> Result<()> {
        self.run(
            "UPDATE attendees SET partstat = 'NEEDS-ACTION', answered_at = NULL WHERE firm_id = ?1 AND calendar_entry_id = ?2",
            (firm.0, event),
        )?;
        Ok(())
    }

    /// Notes that an invitation left for a person, and to which address.
    pub fn set_invitation_sent(
        &self,
        firm: FirmId,
        event: i64,
        person: PersonId,
        address: &str,
        sent: &SentInvitation,
    ) -> Result<()> {
        if let Some(day) = sent.only {
            self.run(
                "INSERT INTO occurrence_answers (firm_id, calendar_entry_id, day, person_id, sent_sequence) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (firm_id, calendar_entry_id, day, person_id) DO UPDATE SET sent_sequence = ?5",
                (firm.0, event, day.to_string(), person.0, sent.sequence),
            )?;
            return Ok(());
        }
        self.run(
            "UPDATE attendees SET invited_address = ?4, sent_sequence = ?5, sent_beginning = ?6, sent_at = ?7
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3 AND removed_at IS NULL",
            (firm.0, event, person.0, address, sent.sequence, sent.beginning.word(), at(sent.at)),
        )?;
        Ok(())
    }

    /// Notes that the last invitation of a person, or that to one time of a series, did not leave after all. An earlier one
    /// stays known, so that a cancellation takes it out.
    pub fn set_invitation_unsent(&self, firm: FirmId, event: i64, person: PersonId, only: Option<Date>) -> Result<()> {
        if let Some(day) = only {
            self.run(
                "UPDATE occurrence_answers SET sent_sequence = NULL
                 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND day = ?3 AND person_id = ?4",
                (firm.0, event, day.to_string(), person.0),
            )?;
            return Ok(());
        }
        self.run(
            "UPDATE attendees SET sent_sequence = CASE WHEN sent_sequence > 0 THEN sent_sequence - 1 END
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3",
            (firm.0, event, person.0),
        )?;
        Ok(())
    }

    /// Forgets that an invitation left for a person: a cancellation takes it out of their calendar.
    pub fn forget_invitation_sent(&self, firm: FirmId, event: i64, person: PersonId) -> Result<()> {
        self.run(
            "UPDATE attendees SET sent_sequence = NULL, sent_beginning = NULL, sent_at = NULL
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3",
            (firm.0, event, person.0),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn details() -> EventDetails {
        EventDetails {
            summary: "Hearing".into(),
            description: String::new(),
            location: "Court 4".into(),
            conference_url: String::new(),
            start_at: later(86_400),
            end_at: later(90_000),
            all_day: false,
            time_zone: "Europe/London".into(),
            recurrence_rule: None,
            exceptions: Vec::new(),
        }
    }

    fn event(s: &Sample, uid: &str) -> Item {
        let (firm, jane) = (s.firm, s.jane);
        let new = NewEvent { uid: uid.into(), details: details(), matter: Some(s.matter), organizer: s.lawyer };
        s.write(move |tx| {
            let item = tx.add_event(firm, &new, now())?;
            tx.add_attendee(firm, item.id, jane, "jane@example.com", now())?;
            Ok(item)
        })
    }

    #[test]
    fn every_change_raises_the_sequence_and_an_event_is_called_off_once() {
        let s = Sample::new();
        let (firm, jane, item) = (s.firm, s.jane, event(&s, "u1"));
        let moved = EventDetails { start_at: later(3_600), ..details() };
        let wanted = moved.clone();
        assert!(s.write(move |tx| tx.edit_event(firm, item.id, &moved)));
        assert_eq!(s.write(move |tx| tx.raise_sequence_for(firm, item.id, jane)).unwrap().raised, 1);
        assert!(s.write(move |tx| tx.remove_attendee(firm, item.id, jane, now())));
        assert!(!s.write(move |tx| tx.remove_attendee(firm, item.id, jane, now())));
        assert!(s.write(move |tx| tx.raise_sequence_for(firm, item.id, jane)).is_none());
        assert!(s.write(move |tx| tx.cancel_event(firm, item.id, now())));
        assert!(!s.write(move |tx| tx.cancel_event(firm, item.id, later(1))));
        let kept = s.read(|r| r.event_by_uid(firm, "u1")).unwrap();
        assert_eq!((kept.sequence, kept.details, kept.cancelled_at), (2, wanted, Some(now())));
        assert!(s.read(|r| r.attendee(firm, item.id, jane)).is_none());
        assert!(s.read(|r| r.events_of_matter(firm, s.matter)).is_empty());
    }

    #[test]
    fn the_next_time_of_a_series_keeps_its_hour_when_the_clocks_change() {
        let start_at: Timestamp = "2026-03-16T14:00:00Z".parse().unwrap();
        let details = EventDetails {
            start_at,
            end_at: "2026-03-16T15:00:00Z".parse().unwrap(),
            recurrence_rule: Some("FREQ=WEEKLY;COUNT=3".into()),
            exceptions: Vec::new(),
            ..details()
        };
        let next = |after: &str| details.next(after.parse().unwrap()).map(|o| o.start_at.to_string());
        assert_eq!(next("2026-03-14T00:00:00Z").unwrap(), "2026-03-16T14:00:00Z");
        assert_eq!(next("2026-03-16T14:30:00Z").unwrap(), "2026-03-16T14:00:00Z", "it is not over yet");
        assert_eq!(next("2026-03-24T00:00:00Z").unwrap(), "2026-03-30T13:00:00Z");
        assert_eq!(next("2026-03-31T00:00:00Z"), None);
        let once = EventDetails { recurrence_rule: None, ..details };
        assert_eq!(once.next("2026-03-16T15:00:00Z".parse().unwrap()), None);
    }

    #[test]
    fn a_time_of_a_series_that_was_moved_or_called_off_is_not_taken_for_one_of_the_others() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        let day = |text: &str| text.parse::<Date>().unwrap();
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        let weekly = EventDetails {
            start_at: moment("2026-03-16T14:00:00Z"),
            end_at: moment("2026-03-16T15:00:00Z"),
            recurrence_rule: Some("FREQ=WEEKLY;COUNT=3".into()),
            exceptions: Vec::new(),
            ..details()
        };
        let new = NewEvent { uid: "u1".into(), details: weekly, matter: Some(s.matter), organizer: s.lawyer };
        let item = s.write(move |tx| tx.add_event(firm, &new, now()));
        let moved = Instead {
            summary: "Hearing".into(),
            description: String::new(),
            location: "Court 7".into(),
            conference_url: String::new(),
            start_at: moment("2026-04-08T10:00:00Z"),
            end_at: moment("2026-04-08T11:00:00Z"),
        };
        let instead = moved.clone();
        s.write(move |tx| {
            tx.set_exception(firm, item.id, day("2026-03-30"), Some(&instead))?;
            tx.set_exception(firm, item.id, day("2026-03-23"), None)
        });
        let row = s.read(|r| r.event(firm, item.id)).unwrap();
        assert_eq!((row.sequence, row.details.exceptions.len()), (2, 2));
        let next = |after: &str| row.details.next(moment(after)).map(|o| o.start_at.to_string());
        assert_eq!(next("2026-03-14T00:00:00Z").unwrap(), "2026-03-16T14:00:00Z");
        assert_eq!(next("2026-03-17T00:00:00Z").unwrap(), "2026-04-08T10:00:00Z");
        assert_eq!(next("2026-04-09T00:00:00Z"), None);
        assert_eq!(row.details.day_meant(day("2026-04-08")), Some(day("2026-03-30")), "where it was moved to");
        assert_eq!(row.details.day_meant(day("2026-03-24")), None);
        let answer = move |answer| {
            s.write(move |tx| tx.set_occurrence_answer(firm, item.id, day("2026-03-30"), jane, answer, later(60)))
        };
        assert!(answer(PartStat::Declined) && !answer(PartStat::Declined) && answer(PartStat::Accepted));
    }

    #[test]
    fn an_answer_counts_while_the_person_is_invited_and_is_asked_anew_afterwards() {
        let s = Sample::new();
        let (firm, jane, item) = (s.firm, s.jane, event(&s, "u1"));
        assert!(s.write(move |tx| tx.set_answer(firm, item.id, jane, PartStat::Accepted, later(60))));
        assert!(!s.write(move |tx| tx.set_answer(firm, item.id, jane, PartStat::Accepted, later(61))));
        assert!(!s.write(move |tx| tx.set_answer(firm, item.id, jane, PartStat::Declined, later(59))), "it is older");
        let sent = SentInvitation { sequence: 0, beginning: Beginning::Moment(later(86_400)), at: now(), only: None };
        let left = sent.clone();
        s.write(move |tx| tx.set_invitation_sent(firm, item.id, jane, "jane@new.example", &left));
        let invited = s.read(|r| r.attendee(firm, item.id, jane)).unwrap();
        assert_eq!((invited.partstat, invited.sent), (PartStat::Accepted, Some(sent)));
        assert_eq!(invited.invited_address, "jane@new.example");
        assert_eq!(s.read(|r| r.events_of(firm, jane)).len(), 1);
        assert!(!s.write(move |tx| tx.add_attendee(firm, item.id, jane, "other@example.com", now())));
        s.write(move |tx| tx.remove_attendee(firm, item.id, jane, now()));
        assert!(s.read(|r| r.events_of(firm, jane)).is_empty());
        assert!(!s.write(move |tx| tx.set_answer(firm, item.id, jane, PartStat::Declined, later(99))));
        assert!(s.write(move |tx| tx.add_attendee(firm, item.id, jane, "other@example.com", later(1))));
        let again = s.read(|r| r.attendees(firm, item.id)).remove(0);
        assert_eq!((again.partstat, again.sent, again.raised), (PartStat::NeedsAction, None, 1));
        assert_eq!(again.invited_address, "other@example.com");
    }

    #[test]
    fn an_event_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, jane, item) = (s.other_firm, s.jane, event(&s, "u1"));
        assert!(s.read(|r| r.event(other, item.id)).is_none());
        assert!(s.read(|r| r.event_by_uid(other, "u1")).is_none());
        assert!(!s.write(move |tx| tx.cancel_event(other, item.id, now())));
        assert!(!s.write(move |tx| tx.set_answer(other, item.id, jane, PartStat::Accepted, now())));
        s.refuse(move |tx| tx.add_attendee(other, item.id, jane, "jane@example.com", now()));
    }
}
