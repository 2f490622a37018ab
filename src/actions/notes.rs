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

#[cfg(test)]
mod tests {
    use super::super::post::{Post, later, now};
    use super::*;

    #[test]
    fn not_04_a_note_that_is_taken_back_under_a_hold_is_hidden_and_kept() {
        let post = Post::with_jane();
        let (firm, matter) = (post.firm.id, post.matter.id);
        post.write(move |tx| tx.set_legal_hold(firm, matter, true));
        let note = post.act(post.jane, now(), "add", move |act| add(act, matter, "", "The clerk was helpful."));
        let note = note.unwrap();
        post.act(post.jane, later(1), "delete", move |act| delete(act, note)).unwrap();
        assert!(post.read(|r| r.note(firm, note.id)).is_none(), "nobody sees it");
        assert!(post.write(move |tx| tx.restore_note(firm, note.id)), "it is there");
        assert_eq!(post.read(|r| r.note(firm, note.id)).unwrap().detail, "The clerk was helpful.");
    }
}
