//! What the firm does to a contact's card: corrects the address of somebody who has not accepted yet, locks a login address
//! (ACC-14), removes the contact (ACC-18). Asks `sharing` about the profile of that contact; never touches what they
//! contributed.

use serde_json::json;

use super::{Act, Answer, invitations, shares};
use crate::domain::{Address, PersonId};
use crate::sharing::{Ability, Thing};
use crate::store::Result;
use crate::store::audit::Entry;
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};

/// What correcting the address on a card came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// The card was changed, and a new invitation goes to the new address.
    Invited,
    /// The card was changed; nothing is shared yet.
    Changed,
    /// It said so before.
    Same,
    /// Another contact has the address.
    Taken,
}

fn about(person: PersonId) -> Circumstances {
    Circumstances { receiver: Some(person), ..Circumstances::default() }
}

/// Corrects the address on the card of somebody who has not accepted: it is where their invitation goes.
pub fn correct_address(act: &Act<'_>, person: &Person, address: &Address) -> Answer<Corrected> {
    allowed!(act.ask_about(Ability::Edit, Subject::Other(Thing::Profile, None), about(person.id)));
    let (tx, firm) = (act.tx, act.firm.id);
    let others = tx.people_by_address(firm, address)?;
    if others.iter().any(|p| p.id != person.id && !p.is_user()) {
        return Ok(Ok(Corrected::Taken));
    }
    if !tx.set_card_address(firm, person.id, address)? {
        return Ok(Ok(Corrected::Same));
    }
    note(act, "person.address", person.id, json!({}))?;
    let open = tx.open_invitation(firm, person.id, act.now)?;
    if tx.live_shares(firm, person.id, act.now)?.is_empty() {
        return Ok(Ok(Corrected::Changed));
    }
    let (names, message) = open.map(|i| (i.conflict_names, i.personal_message)).unwrap_or_default();
    let invited = allowed!(invitations::invite(act, person.id, &names, &message));
    Ok(Ok(if invited.is_ok() { Corrected::Invited } else { Corrected::Changed }))
}

/// Keeps the firm from changing a contact's login address, or lets it again. Whoever may remove a contact may unlock one.
pub fn lock_address(act: &Act<'_>, person: PersonId, locked: bool) -> Answer<()> {
    allowed!(act.ask_about(Ability::Delete, Subject::Other(Thing::Profile, None), about(person)));
    act.tx.set_address_locked(act.firm.id, person, locked)?;
    note(act, "person.lock_address", person, json!({"locked": locked}))?;
    Ok(Ok(()))
}

/// Ends every share of a contact, tells them once, and deletes the card; gives how many shares ended (ACC-18).
pub fn remove(act: &Act<'_>, person: PersonId) -> Answer<usize> {
    allowed!(act.ask_about(Ability::Delete, Subject::Other(Thing::Profile, None), about(person)));
    let mut ended = Vec::new();
    for share in act.tx.live_shares(act.firm.id, person, act.now)? {
        if shares::take(act, person, share.item, "contact removed")?.is_some() {
            ended.push(share.item);
        }
    }
    shares::tell_ended(act, person, &ended)?;
    act.tx.delete_card(act.firm.id, person, act.now)?;
    note(act, "person.remove", person, json!({"shares": ended.len()}))?;
    Ok(Ok(ended.len()))
}

fn note(act: &Act<'_>, action: &'static str, person: PersonId, mut facts: serde_json::Value) -> Result<()> {
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("of".to_owned(), json!(person));
    }
    act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), action).by(act.inbox).with(facts), act.now)
}
