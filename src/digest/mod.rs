//! Digests: who is due for one ([`schedule`]), and is there anything to say? If so, the day is noted and the letter
//! queued in one transaction; the letter itself is collected again when it leaves, under the rights of that moment.
//! The collecting is the template's, since what may be said is what is written. Nothing new, due or waiting: no mail.

pub mod schedule;

use jiff::Timestamp;

use crate::outbound::gateway::Gateway;
use crate::outbound::letter::{self, Addressed, Letter};
use crate::outbound::reader::Reader;
use crate::outbound::templates;
use crate::store::digests::DigestRun;
use crate::store::firms::Firm;
use crate::store::people::Person;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Tx};

/// Queues the digests of a firm that are due at `now`, and gives how many. Called by the ticker; a day that was missed is
/// made up for.
pub fn queue_due(tx: &Tx<'_>, firm: &Firm, gateway: &Gateway, now: Timestamp) -> Result<u32> {
    let mut queued = 0_u32;
    for person in tx.people(firm.id)?.into_iter().filter(|p| !p.is_user() && !p.disabled) {
        if make(tx, firm, gateway, &person, now)? {
            queued = queued.saturating_add(1);
        }
    }
    Ok(queued)
}

/// Makes a person's digest if one is due; true if there was something to say.
fn make(tx: &Tx<'_>, firm: &Firm, gateway: &Gateway, person: &Person, now: Timestamp) -> Result<bool> {
    let Some(accepted_at) = person.accepted_at else { return Ok(false) };
    let wishes = tx.preferences(firm.id, person.id)?;
    if wishes.stopped || wishes.silenced.iter().any(|s| s == "digest") {
        return Ok(false);
    }
    let Some(due) = schedule::due(&wishes, &tx.zone_of(firm, person)?, now) else { return Ok(false) };
    let last = tx.last_digest(firm.id, person.id)?;
    if due.at < accepted_at || last.is_some_and(|l| l.local_date == due.day) {
        return Ok(false);
    }
    // A clock that was wrong may have left a digest of a day to come: then the calendar says where this one begins.
    let since = last.map_or(accepted_at, |l| l.until_at);
    let since = if since > now { due.previous } else { since };
    let mut run = DigestRun { local_date: due.day, since_at: since, until_at: now, letter: None };
    if !tx.add_digest(firm.id, person.id, &run)? {
        return Ok(false);
    }
    let digest = Letter::Digest { since, until: now };
    let reader = Reader::new(tx, firm, gateway, person, now)?;
    if templates::digest(&reader, since, now)?.is_none() {
        return Ok(false);
    }
    let reply = Some((Purpose::Digest, About::Firm));
    let addressed = Addressed::new(person.id, digest, due.day.to_string(), reply);
    run.letter = letter::queue(tx, firm.id, addressed, now)?;
    if let Some(letter) = run.letter {
        tx.set_digest_letter(firm.id, person.id, due.day, letter)?;
    }
    Ok(run.letter.is_some())
}
