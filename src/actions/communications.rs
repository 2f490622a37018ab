//! Logged calls and mails: anybody who has the matter adds their own and corrects their own; nothing is deleted
//! (COM-01–06).

use serde_json::json;

use super::{Act, Answer};
use crate::domain::{Item, Kind};
use crate::sharing::{Ability, Refusal};
use crate::store::communications::NewCommunication;

/// Logs a call or a mail.
pub fn add(act: &Act<'_>, new: &NewCommunication) -> Answer<Item> {
    allowed!(act.ask(Ability::AddCommunication, Item::new(Kind::Matter, new.matter)));
    let communication = act.tx.add_communication(act.firm.id, new, act.now)?;
    act.audit("communication.add", communication, json!({}))?;
    Ok(Ok(communication))
}

/// Corrects a logged communication; the old text is kept.
pub fn edit(act: &Act<'_>, communication: Item, body: &str) -> Answer<()> {
    allowed!(act.ask(Ability::Edit, communication));
    let Some(before) = act.tx.communication(act.firm.id, communication.id)? else {
        return Ok(Err(Refusal::NotVisible));
    };
    act.tx.edit_communication(act.firm.id, communication.id, &before.subject, body, act.now)?;
    act.audit("communication.edit", communication, json!({}))?;
    Ok(Ok(()))
}

/// Refuses to delete it (COM-04); the one who may not even see it is told nothing else than of any other number.
pub fn delete(act: &Act<'_>, communication: Item) -> Answer<()> {
    act.ask(Ability::Delete, communication)
}
