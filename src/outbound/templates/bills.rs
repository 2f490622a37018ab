//! Mail 8: a bill that was shared is due soon, or was paid. Only that bill: no other, no balance of a trust, no memo.

use super::answers::amount;
use super::items;
use crate::domain::Item;
use crate::language::say;
use crate::outbound::letter::BillEvent;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::sharing::{Ability, BillState};
use crate::store::Result;

/// The mail about a bill; none if the reader may not see it any more, or it stands otherwise by now.
pub fn bill(reader: &Reader<'_>, item: Item, event: BillEvent) -> Result<Option<Page>> {
    if !reader.may(Ability::View, item)? {
        return Ok(None);
    }
    let Some(row) = reader.bill(item.id)? else { return Ok(None) };
    let id = reader.id(item)?;
    let mut page = match event {
        BillEvent::DueSoon => {
            let Some(due) = row.due_at.filter(|_| row.state == BillState::AwaitingPayment) else { return Ok(None) };
            let mut page = Page::new(say!(reader, "Bill {id} is due on {day}", id = &id, day = reader.day(due)));
            page.text(say!(reader, "A bill that {firm} shared with you is due soon.", firm = &reader.firm.name));
            let amount =
                if reader.withholds(item)? { String::new() } else { amount(reader, row.balance_minor, &row.currency) };
            page.facts([
                (say!(reader, "Bill"), items::title(reader, item)?.unwrap_or_default()),
                (say!(reader, "Amount due"), amount),
                (say!(reader, "Due by"), reader.day(due)),
            ]);
            page.text(match link(reader, item)? {
                Some(link) => say!(reader, "To pay online: {link}", link = link),
                None if reader.withholds(item)? => items::how_to_see(reader, item)?,
                None => say!(reader, "The bill shows how to pay."),
            });
            page
        }
        BillEvent::Paid => {
            if row.state != BillState::Paid {
                return Ok(None);
            }
            let mut page = Page::new(say!(reader, "Bill {id} is paid", id = &id));
            page.text(say!(
                reader,
                "{firm} notes that a bill that was shared with you is paid.",
                firm = &reader.firm.name
            ));
            page.facts([(say!(reader, "Bill"), items::title(reader, item)?.unwrap_or_default())]);
            page
        }
    };
    page.text(say!(reader, "Reply to this mail:"));
    page.examples(&[
        (say!(reader, "#get {id}", id = &id), say!(reader, "sends you the bill")),
        (say!(reader, "your text"), say!(reader, "goes to the firm as a message")),
    ]);
    Ok(Some(page))
}

/// Where the reader can pay a bill online now; none if it awaits no payment or nothing is set up.
pub(super) fn link(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    // The link says what there is to pay.
    if reader.withholds(item)? || !reader.may(Ability::Pay, item)? {
        return Ok(None);
    }
    let row = reader.bill(item.id)?;
    // The firm as it is now: a command may have set its link while the daemon runs.
    let firm = reader.store.firm(reader.firm.id)?;
    Ok(row.zip(firm).and_then(|(bill, firm)| bill.payment_link(&firm)))
}
