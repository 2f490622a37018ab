//! `#pay`: where a bill can be paid online (BIL-02). The link is the firm's own; no card, account or amount is ever taken
//! here.

use super::show::RESTRICTED;
use super::words::amount;
use super::{Question, not_visible, refuse};
use crate::domain::Kind;
use crate::language::{phrase, say};
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::outbound::templates::{bills, items};
use crate::outbound::words as refusals;
use crate::sharing::{Ability, Refusal, Verdict};
use crate::store::Result;

/// Adds the link and gives a title; none if it was refused.
pub(super) fn pay(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(item) = question.item else { return Ok(None) };
    match reader.verdict(Ability::Pay, item)? {
        Verdict::Allow { .. } => {}
        Verdict::Refuse(Refusal::NotVisible) => return Ok(not_visible(reader, question, Kind::Bill, page)),
        Verdict::Refuse(refusal) => {
            let why = refusals::refusal(refusal, Kind::Bill, reader.locale);
            return Ok(refuse(reader, question, &why, page));
        }
    }
    if reader.withholds(item)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let row = reader.bill(item.id)?;
    let (Some(row), Some(link)) = (row, bills::link(reader, item)?) else {
        return Ok(not_visible(reader, question, Kind::Bill, page));
    };
    page.facts([
        (say!(reader, "Bill"), items::title(reader, item)?.unwrap_or_default()),
        (say!(reader, "Amount due"), amount(reader, row.balance_minor, &row.currency)),
        (say!(reader, "Due by"), row.due_at.map(|d| reader.day(d)).unwrap_or_default()),
        (say!(reader, "To pay online"), link),
    ]);
    page.text(say!(reader, "Pay there only. Never send the number of a card by mail: it would not be passed on."));
    Ok(Some(say!(reader, "How to pay {id}", id = reader.id(item)?)))
}
