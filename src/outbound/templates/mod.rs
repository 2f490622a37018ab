//! Letters in words: one file per letter, each a function from what is to be said and who reads it to a page. Everything
//! shown is asked for through the [`Reader`]; a letter of which nothing may be shown any more is not written.

pub(crate) mod answers;
mod digest;
mod invitation;
mod items;
mod notices;
mod news;
mod receipt;
mod said;
mod shared;
mod tasks;
mod welcome;

pub use digest::digest;
pub use notices::code as challenge_code;

use super::letter::Letter;
use super::page::{Block, Page};
use super::reader::Reader;
use crate::blobs::Blobs;
use crate::store::Result;

/// The page for this reader now; none if nothing of it may be shown, or there is nothing to say.
pub fn write(reader: &Reader<'_>, blobs: &Blobs, letter: &Letter) -> Result<Option<Page>> {
    let page = match letter {
        Letter::TaskAssigned { task } => tasks::assigned(reader, *task)?,
        Letter::News { .. } => news::news(reader, letter)?,
        Letter::Receipt { inbox, lines } => receipt::receipt(reader, blobs, *inbox, lines)?,
        Letter::Challenge { challenge } => Some(notices::challenge(reader, *challenge)?),
        Letter::Held { inbox } => notices::held(reader, *inbox)?,
        Letter::Notice { notice, about } => Some(notices::notice(reader, notice, *about)?),
        Letter::Invitation { invitation } => invitation::invitation(reader, *invitation)?,
        Letter::InvitationNote { invitation, outcome } => invitation::note(reader, *invitation, *outcome)?,
        Letter::InvitationAnswered { invitation, text } => invitation::answered(reader, *invitation, text.as_deref())?,
        Letter::Welcome => Some(welcome::welcome(reader)?),
        Letter::Shared { items, by, message } => shared::shared(reader, items, *by, message)?,
        Letter::AccessEnded { kind, number, others } => Some(shared::ended(reader, (*kind, *number), others)),
        Letter::Digest { since, until } => digest(reader, *since, *until)?,
    };
    Ok(page.map(|mut page| {
        page.blocks.push(footer(reader, letter));
        page
    }))
}

/// Why this mail, how to pause it, that it is privileged, whom to ask.
fn footer(reader: &Reader<'_>, letter: &Letter) -> Block {
    let firm = &reader.firm.name;
    let mut text = String::from("Privileged & confidential.");
    if reader.person.is_user() {
        text.push_str(&format!(" You get this mail as one of the people of {firm}."));
        if matches!(letter, Letter::News { .. }) {
            text.push_str(" Your plain reply goes to the co-counsel.");
        }
    } else if matches!(letter, Letter::Invitation { .. } | Letter::InvitationNote { .. }) {
        text.push_str(&format!(" You get this mail because {firm} wrote to this address to invite you."));
    } else {
        text.push_str(&format!(" You get this mail because {firm} works with you as co-counsel."));
        if !letter.is_mandatory() {
            text.push_str(" To pause such mails, reply #stop; to lift the pause, #start.");
        }
    }
    Block::Small(text)
}
