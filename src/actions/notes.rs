//! Notes on a matter: anybody who has the matter adds their own, changes and takes back only their own (NOT-01–06).

use serde_json::json;

use super::{Act, Answer};
use crate::domain::{Item, Kind};
use crate::sharing;
use crate::sharing::Ability;
use crate::store::notes::NewNote;

/// Adds a note of today.
pub fn add(act: &Act<'_>, matter: i64, subject: &str, detail: &str) -> Answer<Item> {
    allowed!(act.ask(Ability::AddNote, Item::new(Kind::Matter, matter)));
    let new = NewNote {
        matter,
        subject: subject.to_owned(),
        detail: detail.to_owned(),
        date: act.today()?,
        author: act.actor.id,
        internal: false,
    };
    let note = act.tx.add_note(act.firm.id, &new, act.now)?;
    act.audit("note.add", note, json!({}))?;
    Ok(Ok(note))
}

/// Changes a note; the old text is kept.
pub fn edit(act: &Act<'_>, note: Item, detail: &str) -> Answer<()> {
    allowed!(act.ask(Ability::Edit, note));
    let Some(before) = act.tx.note(act.firm.id, note.id)? else { return Ok(Err(sharing::Refusal::NotVisible)) };
    act.tx.edit_note(act.firm.id, note.id, &before.subject, detail, act.now)?;
    act.audit("note.edit", note, json!({}))?;
    Ok(Ok(()))
}

/// Takes a note back; it is hidden, not destroyed (NOT-04).
pub fn delete(act: &Act<'_>, note: Item) -> Answer<()> {
    allowed!(act.ask(Ability::Delete, note));
    act.tx.delete_note(act.firm.id, note.id, act.now)?;
    act.audit("note.delete", note, json!({}))?;
    Ok(Ok(()))
}
