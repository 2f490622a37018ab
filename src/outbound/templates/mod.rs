//! Letters in words: one file per letter, each a function from what is to be said and who reads it to a page. Everything
//! shown is asked for through the [`Reader`]; a letter of which nothing may be shown any more is not written.

mod address;
pub(crate) mod answers;
mod assistants;
mod bills;
#[cfg(test)]
mod co_counsel_tests;
mod digest;
mod events;
mod firm_digest;
mod invitation;
mod items;
mod notices;
mod news;
mod receipt;
#[cfg(test)]
mod restricted_tests;
mod said;
mod shared;
mod tasks;
mod welcome;

pub use assistants::may;
pub use digest::digest;
pub use firm_digest::firm_digest;
pub use receipt::{has_words_of, rehearsed};

use super::letter::Letter;
use super::page::{Block, Page};
use super::reader::Reader;
use super::undelivered;
use crate::blobs::Blobs;
use crate::domain::{Address, Item, Kind};
use crate::language::say;
use crate::sharing::{Ability, Role};
use crate::store::Result;
use crate::store::matters::Matter;
use crate::store::people::Person;

/// The page for this reader now; none if nothing of it may be shown, or there is nothing to say.
pub fn write(reader: &Reader<'_>, blobs: &Blobs, letter: &Letter) -> Result<Option<Page>> {
    let page = match letter {
        Letter::Task { task, news } => tasks::task(reader, *task, news)?,
        Letter::TaskOpen { task, assignee } => tasks::open(reader, *task, *assignee)?,
        Letter::OnHold { matter, by, held } => notices::on_hold(reader, *matter, *by, *held)?,
        Letter::Event { event, news } => events::event(reader, *event, *news)?,
        Letter::EventOnce { event, day } => events::once(reader, *event, *day)?,
        Letter::EventWithdrawn(withdrawn) => Some(events::withdrawn(reader, withdrawn)?),
        Letter::EventAnswered { event, by, answer, only, unproved } => {
            events::answered(reader, *event, *by, *answer, only.as_deref(), *unproved)?
        }
        Letter::News { .. } => news::news(reader, letter)?,
        Letter::Parcel { pieces, part, of, .. } => answers::parcel(reader, blobs, pieces, (*part, *of))?,
        Letter::Receipt { inbox, lines } => receipt::receipt(reader, blobs, *inbox, lines)?,
        Letter::Challenge { challenge } => notices::challenge(reader, *challenge)?,
        Letter::Held { inbox, names } => notices::held(reader, *inbox, *names)?,
        Letter::Address { change, step } => address::address(reader, *change, *step)?,
        Letter::Assistant { step, assistant } => assistants::step(reader, *step, *assistant)?,
        Letter::WhichRole { inbox, roles } => notices::which_role(reader, *inbox, roles)?,
        Letter::DoneFor { inbox, by, lines } => assistants::done_for(reader, blobs, *inbox, *by, lines)?,
        Letter::Notice { notice, about } => Some(notices::notice(reader, notice, *about)?),
        Letter::Invitation { invitation } => invitation::invitation(reader, *invitation)?,
        Letter::InvitationNote { invitation, outcome } => invitation::note(reader, *invitation, *outcome)?,
        Letter::InvitationAnswered { invitation, text } => invitation::answered(reader, *invitation, text.as_deref())?,
        Letter::Welcome => Some(welcome::welcome(reader)?),
        Letter::Shared { things, by } => shared::shared(reader, things, *by)?,
        Letter::AccessEnded { kind, number, others } => Some(shared::ended(reader, (*kind, *number), others)),
        Letter::Bill { bill, event } => bills::bill(reader, *bill, *event)?,
        Letter::TimeChanged { entry, by } => receipt::time_changed(reader, *entry, *by)?,
        Letter::Digest { since, until } => digest(reader, *since, *until)?,
        Letter::FirmDigest { since, until } => firm_digest(reader, *since, *until)?,
    };
    let Some(mut page) = page else { return Ok(None) };
    page.locale = reader.locale;
    page.blocks.push(footer(reader, letter)?);
    Ok(Some(page))
}

/// Why this mail, how to pause it, that it is privileged, whom to ask.
fn footer(reader: &Reader<'_>, letter: &Letter) -> Result<Block> {
    let firm = &reader.firm.name;
    if matches!(letter, Letter::Address { step, .. } if step.is_to_new()) {
        return Ok(Block::Small(say!(
            reader,
            "You get this mail because somebody gave this address to {firm}.",
            firm = firm
        )));
    }
    let mut sentences = vec![say!(reader, "Privileged & confidential.")];
    if reader.person.is_user() {
        sentences.push(say!(reader, "You get this mail as one of the people of {firm}.", firm = firm));
        if matches!(letter, Letter::News { .. }) {
            sentences.push(say!(reader, "Your plain reply goes to the co-counsel."));
        }
    } else if matches!(letter, Letter::Invitation { .. } | Letter::InvitationNote { .. }) {
        sentences.push(say!(
            reader,
            "You get this mail because {firm} wrote to this address to invite you.",
            firm = firm
        ));
    } else {
        sentences.push(match reader.person.role {
            Role::CoCounsel => {
                say!(reader, "You get this mail because {firm} works with you as co-counsel.", firm = firm)
            }
            _ => say!(reader, "You get this mail because {firm} shares something with you.", firm = firm),
        });
        if !letter.is_mandatory() {
            sentences.push(say!(reader, "To pause such mails, reply #stop; to lift the pause, #start."));
        }
    }
    sentences.extend(contact(reader, letter)?);
    Ok(Block::Small(sentences.join(" ")))
}

/// Whom of the firm to ask: the lawyer of the matter if the reader may see it, else who invited them, else the firm. Its own
/// people know whom.
fn contact(reader: &Reader<'_>, letter: &Letter) -> Result<Option<String>> {
    let (store, firm) = (reader.store, reader.firm.id);
    if reader.person.is_user() {
        return Ok(None);
    }
    let matter = match undelivered::subject(letter) {
        Some(item) => store.matter_of(firm, item)?.map(|row| Item::new(Kind::Matter, row)),
        None => None,
    };
    let matter = match matter {
        Some(item) if reader.verdict(Ability::View, item)?.is_allowed() => reader.matter(item.id)?,
        _ => None,
    };
    Ok(Some(match lawyer(reader, matter)? {
        Some((name, address)) => said_of(reader, &name, &address),
        None => said_of(reader, &reader.firm.name, &reader.gateway.address),
    }))
}

/// The lawyer of this matter, else who invited the reader, with their address; none if there is neither.
fn lawyer(reader: &Reader<'_>, matter: Option<Matter>) -> Result<Option<(String, Address)>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let inviter = store.inviter(firm, reader.person.whose())?;
    for person in [matter.and_then(|m| m.responsible), inviter].into_iter().flatten() {
        let is_asked = |p: &Person| p.is_user() && !p.disabled && p.id != reader.person.id;
        let Some(lawyer) = store.person(firm, person)?.filter(is_asked) else { continue };
        if let Some(address) = store.mail_address(firm, &lawyer)? {
            return Ok(Some((lawyer.name(), address)));
        }
    }
    Ok(None)
}

fn said_of(reader: &Reader<'_>, name: &str, address: &Address) -> String {
    say!(reader, "Your contact at the firm: {name}, {address}.", name = name, address = address.as_str())
}
