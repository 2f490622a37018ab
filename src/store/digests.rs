//! Digests that were made. A person's local date has one, whatever the clock does (faults F42, F43).

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, OutboxId, PersonId};

/// A digest that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestRun {
    /// Of which day in the person's zone.
    pub local_date: Date,
    /// What is new begins here.
    pub since_at: Timestamp,
    /// And ends here.
    pub until_at: Timestamp,
    /// The letter; none if there was nothing to say.
    pub letter: Option<OutboxId>,
}

impl Snapshot<'_> {
    /// The last digest that was made for a person.
    pub fn last_digest(&self, firm: FirmId, person: PersonId) -> Result<Option<DigestRun>> {
        self.one(
            "SELECT local_date, since_at, until_at, outbox_id FROM digests WHERE firm_id = ?1 AND person_id = ?2
             ORDER BY until_at DESC, local_date DESC LIMIT 1",
            (firm.0, person.0),
            |r| {
                Ok(DigestRun {
                    local_date: super::day(r, "local_date")?,
                    since_at: moment(r.get("since_at")?),
                    until_at: moment(r.get("until_at")?),
                    letter: r.get::<_, Option<i64>>("outbox_id")?.map(OutboxId),
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Notes that a digest is made; false if that day had one, and then nothing changes.
    pub fn add_digest(&self, firm: FirmId, person: PersonId, run: &DigestRun) -> Result<bool> {
        let added = self.run(
            "INSERT INTO digests (firm_id, person_id, local_date, since_at, until_at, outbox_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
            (
                firm.0,
                person.0,
                run.local_date.to_string(),
                at(run.since_at),
                at(run.until_at),
                run.letter.map(|l| l.0),
            ),
        )?;
        Ok(added == 1)
    }

    /// Says which letter a digest became.
    pub fn set_digest_letter(&self, firm: FirmId, person: PersonId, day: Date, letter: OutboxId) -> Result<()> {
        self.run(
            "UPDATE digests SET outbox_id = ?4 WHERE firm_id = ?1 AND person_id = ?2 AND local_date = ?3",
            (firm.0, person.0, day.to_string(), letter.0),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::NewLetter;
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn run(day: &str, since: i64) -> DigestRun {
        DigestRun {
            local_date: day.parse().unwrap(),
            since_at: later(since),
            until_at: later(since + 60),
            letter: None,
        }
    }

    #[test]
    fn f42_a_persons_day_has_one_digest_even_if_the_clock_goes_back() {
        let s = Sample::new();
        let (firm, jane, tom) = (s.firm, s.jane, s.tom);
        let (first, again, next) = (run("2026-03-14", 0), run("2026-03-14", -3_600), run("2026-03-15", 60));
        assert!(s.read(|r| r.last_digest(firm, jane)).is_none());
        assert!(s.write(move |tx| tx.add_digest(firm, jane, &first)));
        assert!(!s.write(move |tx| tx.add_digest(firm, jane, &again)));
        assert_eq!(s.read(|r| r.last_digest(firm, jane)), Some(first));
        assert!(s.write(move |tx| tx.add_digest(firm, tom, &again)));
        assert!(s.write(move |tx| tx.add_digest(firm, jane, &next)));
        assert_eq!(s.read(|r| r.last_digest(firm, jane)), Some(next));
    }

    #[test]
    fn a_digest_with_something_to_say_names_its_letter() {
        let s = Sample::new();
        let (firm, other, jane) = (s.firm, s.other_firm, s.jane);
        let made = run("2026-03-14", 0);
        let letter = NewLetter {
            person: jane,
            key: "digest".into(),
            template: "digest".into(),
            content: "{}".into(),
            thread: None,
            inbox: None,
            message_id: "m@x".into(),
            only_to: None,
            coalesce: None,
            not_before: now(),
        };
        let letter = s.write(move |tx| {
            tx.add_digest(firm, jane, &made)?;
            let letter = tx.queue(firm, &letter, now())?.unwrap();
            tx.set_digest_letter(firm, jane, made.local_date, letter)?;
            Ok(letter)
        });
        assert_eq!(s.read(|r| r.last_digest(firm, jane)).unwrap().letter, Some(letter));
        s.refuse(move |tx| tx.add_digest(other, jane, &made));
    }
}
