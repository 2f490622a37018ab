//! Addresses from which our mails come back: how often, and whether anything is still sent there. The state belongs to an
//! address of a person, so that a new address starts anew.

use jiff::Timestamp;

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{Address, FirmId, OutboxId, PersonId};

/// An address from which mails come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// Which address.
    pub address: String,
    /// What the returned mails weigh together.
    pub points: u32,
    /// The first came back.
    pub first_at: Timestamp,
    /// The last came back.
    pub last_at: Timestamp,
    /// Nothing is sent there since.
    pub suspended_at: Option<Timestamp>,
}

impl Snapshot<'_> {
    /// The state of an address of a person; none if nothing comes back from it.
    pub fn undelivered(&self, firm: FirmId, person: PersonId, address: &str) -> Result<Option<Undelivered>> {
        self.one(
            "SELECT address, points, first_at, last_at, suspended_at FROM undelivered WHERE firm_id = ?1 AND person_id = ?2 AND address = ?3",
            (firm.0, person.0, address),
            |r| {
                Ok(Undelivered {
                    address: r.get(0)?,
                    points: r.get(1)?,
                    first_at: moment(r.get(2)?),
                    last_at: moment(r.get(3)?),
                    suspended_at: r.get::<_, Option<i64>>(4)?.map(moment),
                })
            },
        )
    }

    /// True if nothing is sent to this address of a person.
    pub fn is_suspended(&self, firm: FirmId, person: PersonId, address: &Address) -> Result<bool> {
        Ok(self.undelivered(firm, person, address.as_str())?.is_some_and(|u| u.suspended_at.is_some()))
    }

    /// The people to whom nothing is sent, with the address that does not take it.
    pub fn suspended(&self, firm: FirmId) -> Result<Vec<(PersonId, String)>> {
        self.all(
            "SELECT person_id, address FROM undelivered WHERE firm_id = ?1 AND suspended_at IS NOT NULL ORDER BY person_id",
            [firm.0],
            |r| Ok((PersonId(r.get(0)?), r.get(1)?)),
        )
    }

    /// The address that a letter was sent to; none before it left.
    pub fn sent_to(&self, outbox: OutboxId) -> Result<Option<String>> {
        Ok(self.one("SELECT sent_to FROM outbox WHERE id = ?1", [outbox.0], |r| r.get(0))?.flatten())
    }

    /// The letters to a person that came back since a moment, newest first.
    pub fn returned_letters(
        &self,
        firm: FirmId,
        person: PersonId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxId>> {
        self.all(
            "SELECT id FROM outbox WHERE firm_id = ?1 AND person_id = ?2 AND returned_at >= ?3 ORDER BY id DESC LIMIT ?4",
            (firm.0, person.0, at(since), limit),
            |r| r.get(0).map(OutboxId),
        )
    }

    /// How many letters wait because nothing is sent to their person.
    pub fn letters_held_back(&self, firm: FirmId, person: PersonId) -> Result<u32> {
        let count = self.one(
            "SELECT count(*) FROM outbox WHERE firm_id = ?1 AND person_id = ?2 AND state = 'QUEUED' AND reason = 'PAUSED'",
            (firm.0, person.0),
            |r| r.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }
}

impl Tx<'_> {
    /// Notes that a letter came back, or that somebody says so; false if as much was known.
    pub fn set_returned(&self, outbox: OutboxId, proved: bool, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE outbox SET returned_at = ?2, return_proved = ?3 WHERE id = ?1 AND (returned_at IS NULL OR return_proved < ?3)",
            (outbox.0, at(now), proved),
        )?;
        Ok(changed == 1)
    }

    /// Writes the state of an address.
    pub fn set_undelivered(&self, firm: FirmId, person: PersonId, state: &Undelivered) -> Result<()> {
        self.run(
            "INSERT INTO undelivered (firm_id, person_id, address, points, first_at, last_at, suspended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (firm_id, person_id, address) DO UPDATE SET points = ?4, first_at = ?5, last_at = ?6, suspended_at = ?7",
            (
                firm.0,
                person.0,
                &state.address,
                state.points,
                at(state.first_at),
                at(state.last_at),
                state.suspended_at.map(at),
            ),
        )?;
        Ok(())
    }

    /// Forgets what came back from a person's addresses; false if nothing had.
    pub fn forget_undelivered(&self, firm: FirmId, person: PersonId) -> Result<bool> {
        Ok(self.run("DELETE FROM undelivered WHERE firm_id = ?1 AND person_id = ?2", (firm.0, person.0))? > 0)
    }
}
