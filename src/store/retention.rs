//! What is kept no longer: the raw mails of an outcome long past, and the bytes of letters that never left. The row of such
//! a mail stays, with its hashes, so that the same mail is not carried out again (threats T91, fault F34); what it said and
//! who wrote it go. What hangs on a matter that is on hold stays as it is.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Result, Snapshot, Tx, at};
use crate::domain::{FirmId, InboxId, Item, OutboxId};

/// What would go, and how much stays for a hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purgeable {
    /// Raw mails.
    pub mails: Vec<InboxId>,
    /// Letters whose bytes are kept.
    pub letters: Vec<OutboxId>,
    /// How many more there would be without a hold.
    pub on_hold: usize,
}

impl Snapshot<'_> {
    /// What had its outcome before a moment. Mail that waits for a person is never among it. While any matter is on hold,
    /// nor is what cannot be told to belong to another.
    pub fn purgeable(&self, firm: FirmId, before: Timestamp) -> Result<Purgeable> {
        let held = self.matters_on_hold(firm)?;
        let stays = |matters: &BTreeSet<i64>| {
            !held.is_empty() && (matters.is_empty() || matters.iter().any(|matter| held.contains(matter)))
        };
        let mut found = Purgeable::default();
        let mails = self.all(
            "SELECT id, matter_id, assigned_matter_id FROM inbox WHERE firm_id = ?1 AND state IN ('APPLIED', 'REFUSED', 'IGNORED')
               AND decided_at < ?2 AND coalesce(kept_sha256, sha256) <> '' ORDER BY id",
            (firm.0, at(before)),
            |r| Ok((InboxId(r.get(0)?), [r.get::<_, Option<i64>>(1)?, r.get(2)?])),
        )?;
        for (mail, named) in mails {
            let effects = self.effects(firm, mail)?;
            let done = self.matters_of(firm, effects.into_iter().filter_map(|e| e.item))?;
            let matters: BTreeSet<i64> = named.into_iter().flatten().chain(done).collect();
            if stays(&matters) {
                found.on_hold = found.on_hold.saturating_add(1);
            } else {
                found.mails.push(mail);
            }
        }
        let letters = self.all(
            "SELECT o.id FROM outbox o JOIN outbox_bytes b ON b.outbox_id = o.id
             WHERE o.firm_id = ?1 AND o.state IN ('FAILED', 'CANCELLED') AND o.created_at < ?2 ORDER BY o.id",
            (firm.0, at(before)),
            |r| r.get(0).map(OutboxId),
        )?;
        for letter in letters {
            let matters = self.matters_of(firm, self.disclosures(letter)?.into_iter().map(|d| d.item))?;
            if stays(&matters) {
                found.on_hold = found.on_hold.saturating_add(1);
            } else {
                found.letters.push(letter);
            }
        }
        Ok(found)
    }

    /// The matters of which nothing is purged.
    pub fn matters_on_hold(&self, firm: FirmId) -> Result<BTreeSet<i64>> {
        let held = self.all("SELECT id FROM matters WHERE firm_id = ?1 AND legal_hold = 1", [firm.0], |r| r.get(0))?;
        Ok(held.into_iter().collect())
    }

    fn matters_of(&self, firm: FirmId, items: impl Iterator<Item = Item>) -> Result<BTreeSet<i64>> {
        let mut matters = BTreeSet::new();
        for item in items {
            matters.extend(self.matter_of(firm, item)?);
        }
        Ok(matters)
    }
}

impl Tx<'_> {
    /// Takes away what was found; the blobs, which no row names then, are collected.
    pub fn purge(&self, firm: FirmId, found: &Purgeable) -> Result<()> {
        for mail in &found.mails {
            self.run(
                "UPDATE inbox SET kept_sha256 = '', subject = NULL, from_address = NULL, proof = NULL WHERE firm_id = ?1 AND id = ?2",
                (firm.0, mail.0),
            )?;
        }
        for letter in &found.letters {
            self.run("DELETE FROM outbox_bytes WHERE outbox_id = ?1", [letter.0])?;
        }
        Ok(())
    }

    /// Puts a matter on hold, or lifts the hold: nothing of it is purged meanwhile. False if that was so already.
    pub fn set_legal_hold(&self, firm: FirmId, matter: i64, held: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE matters SET legal_hold = ?3 WHERE firm_id = ?1 AND id = ?2 AND legal_hold <> ?3",
            (firm.0, matter, held),
        )?;
        Ok(changed == 1)
    }
}
