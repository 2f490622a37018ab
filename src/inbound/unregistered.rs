//! Mail from addresses that are nobody's yet: the answer of a mailbox that is to become somebody's (ACC-10), and mail to a
//! reply address from what may be its owner's second address (decisions.md 4). Neither is believed to be anybody's; the
//! first counts by its code and the address it came to, the second waits until the registered mailbox says yes.

use jiff::Timestamp;

use super::command::{self, Reading, Verb};
use super::{Outcome, Read};
use crate::actions::addresses;
use crate::domain::Address;
use crate::proof::{Level, Proof};
use crate::store::addresses::AddressChange;
use crate::store::firms::Firm;
use crate::store::inbox::{Findings, Inbox};
use crate::store::threads::Thread;
use crate::store::{Result, Tx};

/// True if another parser finds the same one author in From (sender-proof.md 5.2).
pub fn has_one_author(read: &Read, proof: &Proof) -> bool {
    let strict = proof.from.as_ref().ok().cloned();
    let parsed = read.mail.from.iter().map(|m| m.address.as_str());
    strict.is_none_or(|author| crate::proof::from::agreed(author, parsed).is_ok())
}

/// Takes the answer of a new mailbox: a code in its own new text, and nothing else of it.
#[expect(clippy::too_many_arguments, reason = "the parts of one mail")]
pub fn new_mailbox(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    read: &Read,
    change: &AddressChange,
    level: Level,
    found: &mut Findings,
    now: Timestamp,
) -> Result<Outcome> {
    found.level = Some(level.word().to_owned());
    if level == Level::Fail {
        return Ok(Outcome::hold("AUTH_FAIL"));
    }
    match code(read, firm, now) {
        Some(code) => {
            addresses::confirm_new(tx, firm, change, &code, inbox.id, now)?;
            found.person = Some(change.person);
            Ok(Outcome::applied())
        }
        // Whoever reads that mailbox is told nothing, and is nobody's client yet.
        None => Ok(Outcome::hold("UNKNOWN_SENDER")),
    }
}

/// The one code in the text that was newly written; none if text and HTML say different things.
fn code(read: &Read, firm: &Firm, now: Timestamp) -> Option<String> {
    if read.extract.ambiguous {
        return None;
    }
    let now = now.to_zoned(firm.zone());
    let reading = Reading { now: &now, locale: firm.locale, about: command::About::Other, firm_codes: &[] };
    let requests = command::read(&read.extract.lines, &reading).requests;
    let mut codes = requests.iter().filter(|r| r.verb == Verb::Confirm);
    match (codes.next(), codes.next()) {
        (Some(only), None) => only.original.split_once(char::is_whitespace).map(|(_, code)| code.trim().to_owned()),
        _ => None,
    }
}

/// Holds mail from a second address and asks at the registered one whether it is theirs; none if they are not asked.
pub fn second_address(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    read: &Read,
    thread: &Thread,
    address: &Address,
    now: Timestamp,
) -> Result<Option<Outcome>> {
    if read.mail.list_id().is_some() {
        return Ok(None);
    }
    let asked = addresses::ask_whether_theirs(tx, firm, thread, address, inbox.id, now)?;
    Ok(if asked { Some(Outcome::hold("SECOND_ADDRESS")) } else { None })
}
