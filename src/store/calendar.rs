//! Calendar events and who is invited to them. For a contact the share with the source `attendance` is the grant; it is
//! made and ended apart (`shares`).

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
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
    /// Raised by each change.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Address in the invitation that was sent.
    pub invited_address: String,
    /// Their answer.
    pub partstat: PartStat,
    /// Since.
    pub invited_at: Timestamp,
    /// Sequence of the last invitation that was sent to them.
    pub last_sent_sequence: Option<u32>,
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
        },
        matter: row.get("matter_id")?,
        organizer: PersonId(row.get("organizer_id")?),
        cancelled_at: row.get::<_, Option<i64>>("cancelled_at")?.map(moment),
    })
}

impl Snapshot<'_> {
    /// The event of this row, also if it was called off.
    pub fn event(&self, firm: FirmId, event: i64) -> Result<Option<Event>> {
        self.one(&format!("{SELECT} WHERE e.firm_id = ?1 AND e.id = ?2"), (firm.0, event), read)
    }

    /// The event of this iCalendar UID.
    pub fn event_by_uid(&self, firm: FirmId, uid: &str) -> Result<Option<Event>> {
        self.one(&format!("{SELECT} WHERE e.firm_id = ?1 AND e.uid = ?2"), (firm.0, uid), read)
    }

    /// The events that a person is invited to, whatever they answered, by their beginning; not those called off.
    pub fn events_of(&self, firm: FirmId, person: PersonId) -> Result<Vec<Event>> {
        self.all(
            &format!(
                "{SELECT} JOIN attendees a ON a.firm_id = e.firm_id AND a.calendar_entry_id = e.id
                 WHERE e.firm_id = ?1 AND a.person_id = ?2 AND a.removed_at IS NULL AND e.cancelled_at IS NULL ORDER BY e.start_at, e.id"
            ),
            (firm.0, person.0),
            read,
        )
    }

    /// The events of a matter by their beginning; not those called off.
    pub fn events_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Event>> {
        self.all(
            &format!(
                "{SELECT} WHERE e.firm_id = ?1 AND e.matter_id = ?2 AND e.cancelled_at IS NULL ORDER BY e.start_at, e.id"
            ),
            (firm.0, matter),
            read,
        )
    }

    /// Who is invited to an event, in the order they were.
    pub fn attendees(&self, firm: FirmId, event: i64) -> Result<Vec<Attendee>> {
        self.all(
            "SELECT person_id, invited_address, partstat, invited_at, last_sent_sequence FROM attendees
             WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND removed_at IS NULL ORDER BY invited_at, person_id",
            (firm.0, event),
            |r| {
                let partstat: String = r.get(2)?;
                Ok(Attendee {
                    person: PersonId(r.get(0)?),
                    invited_address: r.get(1)?,
                    partstat: PartStat::from_word(&partstat).unwrap_or(PartStat::NeedsAction),
                    invited_at: moment(r.get(3)?),
                    last_sent_sequence: r.get(4)?,
                })
            },
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

    /// Calls an event off and raises its sequence; false if it was called off before.
    pub fn cancel_event(&self, firm: FirmId, event: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE calendar_entries SET sequence = sequence + 1, cancelled_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND cancelled_at IS NULL",
            (firm.0, event, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Invites a person at an address, anew if they had been removed; false if they are invited already.
    pub fn add_attendee(
        &self,
        firm: FirmId,
        event: i64,
        person: PersonId,
        address: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = self.run(
            "INSERT INTO attendees (firm_id, calendar_entry_id, person_id, invited_address, invited_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET invited_address = excluded.invited_address, invited_at = excluded.invited_at, removed_at = NULL,
               partstat = 'NEEDS-ACTION', last_sent_sequence = NULL WHERE removed_at IS NOT NULL",
            (firm.0, event, person.0, address, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Takes a person off an event and raises its sequence, for the cancellation that goes to them; false if they were
    /// not invited.
    pub fn remove_attendee(&self, firm: FirmId, event: i64, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE attendees SET removed_at = ?4 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3 AND removed_at IS NULL",
            (firm.0, event, person.0, at(now)),
        )?;
        if changed == 1 {
            self.run(
                "UPDATE calendar_entries SET sequence = sequence + 1 WHERE firm_id = ?1 AND id = ?2",
                (firm.0, event),
            )?;
        }
        Ok(changed == 1)
    }

    /// Notes a person's answer; false if they are not invited or had given this answer.
    pub fn set_partstat(&self, firm: FirmId, event: i64, person: PersonId, answer: PartStat) -> Result<bool> {
        let changed = self.run(
            "UPDATE attendees SET partstat = ?4 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3
               AND removed_at IS NULL AND partstat <> ?4",
            (firm.0, event, person.0, answer.word()),
        )?;
        Ok(changed == 1)
    }

    /// Notes which sequence of an event was sent to a person.
    pub fn set_sent_sequence(&self, firm: FirmId, event: i64, person: PersonId, sequence: u32) -> Result<()> {
        self.run(
            "UPDATE attendees SET last_sent_sequence = ?4 WHERE firm_id = ?1 AND calendar_entry_id = ?2 AND person_id = ?3",
            (firm.0, event, person.0, sequence),
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
        assert!(s.write(move |tx| tx.remove_attendee(firm, item.id, jane, now())));
        assert!(!s.write(move |tx| tx.remove_attendee(firm, item.id, jane, now())));
        assert!(s.write(move |tx| tx.cancel_event(firm, item.id, now())));
        assert!(!s.write(move |tx| tx.cancel_event(firm, item.id, later(1))));
        let kept = s.read(|r| r.event_by_uid(firm, "u1")).unwrap();
        assert_eq!((kept.sequence, kept.details, kept.cancelled_at), (3, wanted, Some(now())));
        assert!(s.read(|r| r.events_of_matter(firm, s.matter)).is_empty());
    }

    #[test]
    fn an_answer_counts_while_the_person_is_invited_and_is_asked_anew_afterwards() {
        let s = Sample::new();
        let (firm, jane, item) = (s.firm, s.jane, event(&s, "u1"));
        assert!(s.write(move |tx| tx.set_partstat(firm, item.id, jane, PartStat::Accepted)));
        assert!(!s.write(move |tx| tx.set_partstat(firm, item.id, jane, PartStat::Accepted)));
        s.write(move |tx| tx.set_sent_sequence(firm, item.id, jane, 0));
        let invited = s.read(|r| r.attendees(firm, item.id)).remove(0);
        assert_eq!((invited.partstat, invited.last_sent_sequence), (PartStat::Accepted, Some(0)));
        assert_eq!(s.read(|r| r.events_of(firm, jane)).len(), 1);
        assert!(!s.write(move |tx| tx.add_attendee(firm, item.id, jane, "other@example.com", now())));
        s.write(move |tx| tx.remove_attendee(firm, item.id, jane, now()));
        assert!(s.read(|r| r.events_of(firm, jane)).is_empty());
        assert!(!s.write(move |tx| tx.set_partstat(firm, item.id, jane, PartStat::Declined)));
        assert!(s.write(move |tx| tx.add_attendee(firm, item.id, jane, "other@example.com", later(1))));
        let again = s.read(|r| r.attendees(firm, item.id)).remove(0);
        assert_eq!((again.partstat, again.last_sent_sequence), (PartStat::NeedsAction, None));
        assert_eq!(again.invited_address, "other@example.com");
    }

    #[test]
    fn an_event_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, jane, item) = (s.other_firm, s.jane, event(&s, "u1"));
        assert!(s.read(|r| r.event(other, item.id)).is_none());
        assert!(s.read(|r| r.event_by_uid(other, "u1")).is_none());
        assert!(!s.write(move |tx| tx.cancel_event(other, item.id, now())));
        assert!(!s.write(move |tx| tx.set_partstat(other, item.id, jane, PartStat::Accepted)));
        s.refuse(move |tx| tx.add_attendee(other, item.id, jane, "jane@example.com", now()));
    }
}
