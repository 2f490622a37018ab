//! What was refused and can be sent to the firm as a message: made with the receipt that offers it, taken once by the
//! answer to that receipt.

use jiff::Timestamp;
use rusqlite::named_params;

use super::{Result, Snapshot, Tx, at};
use crate::domain::{FirmId, InboxId, PersonId};

/// Something that can be sent to the firm as a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The event that it is about.
    pub event: Option<i64>,
    /// The matter that it is about.
    pub matter: Option<i64>,
    /// The message.
    pub body: String,
}

impl Snapshot<'_> {
    /// What was offered to a person in answer to a mail of theirs and was not taken yet: its row, and what it is.
    pub fn open_offers(&self, firm: FirmId, person: PersonId, inbox: InboxId) -> Result<Vec<(i64, Offer)>> {
        self.all(
            "SELECT id, event_id, matter_id, body FROM offers
             WHERE firm_id = ?1 AND person_id = ?2 AND inbox_id = ?3 AND taken_at IS NULL ORDER BY id",
            (firm.0, person.0, inbox.0),
            |r| Ok((r.get(0)?, Offer { event: r.get(1)?, matter: r.get(2)?, body: r.get(3)? })),
        )
    }

    /// Whether something that was offered in answer to this mail was taken already.
    pub fn is_offer_taken(&self, firm: FirmId, person: PersonId, inbox: InboxId) -> Result<bool> {
        let found = self.all(
            "SELECT id FROM offers
             WHERE firm_id = ?1 AND person_id = ?2 AND inbox_id = ?3 AND taken_at IS NOT NULL LIMIT 1",
            (firm.0, person.0, inbox.0),
            |r| r.get::<_, i64>(0),
        )?;
        Ok(!found.is_empty())
    }
}

impl Tx<'_> {
    /// Offers something to a person, in answer to a mail of theirs.
    pub fn add_offer(
        &self,
        firm: FirmId,
        person: PersonId,
        inbox: InboxId,
        offer: &Offer,
        now: Timestamp,
    ) -> Result<()> {
        self.insert(
            "INSERT INTO offers (firm_id, inbox_id, person_id, event_id, matter_id, body, made_at)
             VALUES (:firm, :inbox, :person, :event, :matter, :body, :now)",
            named_params! {":firm": firm.0, ":inbox": inbox.0, ":person": person.0, ":event": offer.event,
            ":matter": offer.matter, ":body": offer.body, ":now": at(now)},
        )?;
        Ok(())
    }

    /// Notes that an offer was taken.
    pub fn set_offer_taken(&self, firm: FirmId, offer: i64, now: Timestamp) -> Result<()> {
        self.run("UPDATE offers SET taken_at = ?3 WHERE firm_id = ?1 AND id = ?2", (firm.0, offer, at(now)))?;
        Ok(())
    }
}
