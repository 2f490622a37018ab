//! Bills as far as they are the gateway's: entered, sent, paid or void by the firm's people (BIL-05), and the mails to whom
//! one was shared with: it is due soon, it is paid (mails.md 8). What is on a bill is the firm's own system's.

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;

use super::{Act, Answer};
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::outbound::letter::{self, Addressed, BillEvent, Letter};
use crate::sharing::{Ability, BillState};
use crate::store::bills::{Bill, NewBill, state_word};
use crate::store::firms::Firm;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Tx};

/// How many days before it is due a bill is spoken of.
const DAYS_BEFORE: i64 = 3;
/// From this hour of the reader's day.
const HOUR: i8 = 8;
/// How long after it was noticed that a bill is paid this is still told.
const STILL_NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Enters a bill of a matter.
pub fn enter(act: &Act<'_>, matter: i64, new: &NewBill) -> Answer<Item> {
    allowed!(act.ask(Ability::CreateBill, Item::new(Kind::Matter, matter)));
    let bill = act.tx.add_bill(act.firm.id, new)?;
    act.audit("bill.add", bill, json!({"state": state_word(new.state)}))?;
    Ok(Ok(bill))
}

/// Says where a bill stands.
pub fn set_state(act: &Act<'_>, bill: Item, state: BillState) -> Answer<()> {
    let ability = match state {
        BillState::Void => Ability::Void,
        BillState::AwaitingPayment => Ability::Approve,
        _ => Ability::Edit,
    };
    allowed!(act.ask(ability, bill));
    act.tx.set_bill_state(act.firm.id, bill.id, state)?;
    act.audit("bill.state", bill, json!({"state": state_word(state)}))?;
    Ok(Ok(()))
}

/// Queues the mails about bills that are due soon, or were paid, and gives how many. Called by the ticker.
pub fn tell_due(tx: &Tx<'_>, firm: &Firm, now: Timestamp) -> Result<u32> {
    let mut queued = 0_u32;
    for bill in tx.bills(firm.id)?.into_iter().filter(|b| b.state == BillState::AwaitingPayment) {
        let Some(due) = bill.due_at else { continue };
        let Ok(day) = due.checked_sub(DAYS_BEFORE.days()) else { continue };
        for (person, shared_at) in readers(tx, firm.id, &bill, now)? {
            let zone = match tx.person(firm.id, person)? {
                Some(found) => tx.zone_of(firm, &found)?,
                None => continue,
            };
            let Ok(at) = day.at(HOUR, 0, 0, 0).to_zoned(zone.clone()) else { continue };
            let over = now.to_zoned(zone).date() > due;
            if shared_at < at.timestamp() && at.timestamp() <= now && !over {
                queued =
                    queued.saturating_add(tell(tx, firm.id, &bill, person, BillEvent::DueSoon, &due.to_string(), now)?);
            }
        }
    }
    let since = now.saturating_sub(STILL_NEWS).unwrap_or(Timestamp::UNIX_EPOCH);
    for (bill, paid_at) in tx.note_paid_bills(firm.id, now, since)? {
        for (person, shared_at) in readers(tx, firm.id, &bill, now)? {
            if shared_at < paid_at {
                let when = paid_at.as_millisecond().to_string();
                queued = queued.saturating_add(tell(tx, firm.id, &bill, person, BillEvent::Paid, &when, now)?);
            }
        }
    }
    Ok(queued)
}

/// Who has the bill by a share, and since when.
fn readers(tx: &Tx<'_>, firm: FirmId, bill: &Bill, now: Timestamp) -> Result<Vec<(PersonId, Timestamp)>> {
    let shares = tx.live_shares_of(firm, bill.item(), now)?;
    Ok(shares.into_iter().map(|share| (share.person, share.created_at)).collect())
}

fn tell(
    tx: &Tx<'_>,
    firm: FirmId,
    bill: &Bill,
    person: PersonId,
    event: BillEvent,
    when: &str,
    now: Timestamp,
) -> Result<u32> {
    let letter = Letter::Bill { bill: bill.item(), event };
    let key = format!("{}:{}:{when}", event.word(), bill.id);
    let addressed = Addressed::new(person, letter, key, Some((Purpose::Reply, About::Item(bill.item()))));
    Ok(u32::from(letter::queue(tx, firm, addressed, now)?.is_some()))
}
