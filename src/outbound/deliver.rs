//! One letter from the outbox to the server: written under the rights of this moment, frozen, handed over, settled.
//!
//! Rights are asked when the letter is written and again in the transaction that claims it, which is the last thing
//! before the server hears of it. A letter that was frozen before is sent as it was, or not at all: if anything in it may
//! no longer be shown, it is cancelled. The network is never used while a transaction is open.

use jiff::{SignedDuration, Timestamp};

use super::compose::{self, Envelope};
use super::gateway::Gateway;
use super::letter::{self, Letter};
use super::page::Page;
use super::reader::Reader;
use super::templates;
use crate::blobs::Blobs;
use crate::domain::{Address, FirmId, Item, OutboxId};
use crate::sharing::{Ability, Role};
use crate::store::firms::Firm;
use crate::store::outbox::{Disclosure, Outbox, OutboxState};
use crate::store::people::Person;
use crate::store::{Result, Snapshot, Store, StoreError, Tx};

/// How often a letter is written again because rights changed while it was written.
const ATTEMPTS: u32 = 3;

/// A mail that may be handed to the server now; it is SENDING.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Which letter.
    pub id: OutboxId,
    /// To whom.
    pub to: Address,
    /// The mail.
    pub bytes: Vec<u8>,
}

/// What became of a letter when its time had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It goes out.
    Send(Claimed),
    /// It does not, and never will.
    Dropped,
    /// Its person paused mails of its kind: it is looked at again in a day, or goes out when the pause is lifted.
    Waits,
}

/// A letter in words, or the reason why it is not written.
enum Written {
    Mail { to: Address, bytes: Vec<u8>, shows: Vec<Disclosure> },
    Unnumbered(Vec<Item>),
    Not(&'static str),
    Paused,
}

/// Why a letter does not go to anybody now.
enum Barred {
    Never(&'static str),
    Paused,
}

impl From<Barred> for Written {
    fn from(barred: Barred) -> Written {
        match barred {
            Barred::Never(reason) => Written::Not(reason),
            Barred::Paused => Written::Paused,
        }
    }
}

/// Claims a due letter: writes it if it was not written before, asks every right again, marks it SENDING.
pub async fn claim(store: &Store, firm: &Firm, gateway: &Gateway, due: &Outbox, now: Timestamp) -> Result<Ready> {
    for _ in 0..ATTEMPTS {
        let written = store.read(|view| match view.frozen_bytes(due.id)? {
            Some(bytes) => frozen(view, firm, due, bytes),
            None => write(view, store.blobs(), firm, gateway, due, now),
        })?;
        let (to, bytes, shows) = match written {
            Written::Mail { to, bytes, shows } => (to, bytes, shows),
            Written::Unnumbered(items) => {
                number(store, firm.id, due, items).await?;
                continue;
            }
            Written::Not(reason) => {
                drop_letter(store, firm.id, due.id, reason).await?;
                return Ok(Ready::Dropped);
            }
            Written::Paused => {
                hold_back(store, due.id, now).await?;
                return Ok(Ready::Waits);
            }
        };
        let mail = Claimed { id: due.id, to, bytes };
        match commit(store, firm, due, mail, shows, now).await? {
            Commit::Claimed(mail) => return Ok(Ready::Send(mail)),
            Commit::Gone => return Ok(Ready::Dropped),
            Commit::Changed => {}
        }
    }
    drop_letter(store, firm.id, due.id, "RIGHTS_CHANGED").await?;
    Ok(Ready::Dropped)
}

enum Commit {
    Claimed(Claimed),
    Changed,
    Gone,
}

async fn commit(
    store: &Store,
    firm: &Firm,
    due: &Outbox,
    mail: Claimed,
    shows: Vec<Disclosure>,
    now: Timestamp,
) -> Result<Commit> {
    let (firm, due) = (firm.clone(), due.clone());
    let claimed = store.write_soon(move |tx| {
        let first = tx.frozen_bytes(due.id)?.is_none();
        match standing(tx, &firm, &due, &shows, now)? {
            Standing::Allowed => {}
            Standing::Ended if !first => {
                tx.cancel_letter(due.id, "RIGHT_ENDED")?;
                return Ok(Commit::Gone);
            }
            Standing::Ended | Standing::Paused => return Ok(Commit::Changed),
        }
        if !tx.claim(due.id, now)? {
            return Ok(Commit::Gone);
        }
        if first {
            tx.freeze(firm.id, due.id, &mail.bytes, &shows)?;
        }
        Ok(Commit::Claimed(mail.clone()))
    });
    let claimed = claimed.await?;
    if matches!(claimed, Commit::Claimed(_)) {
        crate::crash_point!("sending");
    }
    Ok(claimed)
}

enum Standing {
    Allowed,
    Ended,
    Paused,
}

/// Whether the letter's person may still be written to, and shown all that it shows.
fn standing(view: &Snapshot<'_>, firm: &Firm, due: &Outbox, shows: &[Disclosure], now: Timestamp) -> Result<Standing> {
    let letter = letter::read(&due.content)?;
    let Some(person) = view.person(firm.id, due.person)? else { return Ok(Standing::Ended) };
    match recipient(view, firm, due, &letter, &person)? {
        Ok(_) => {}
        Err(Barred::Never(_)) => return Ok(Standing::Ended),
        Err(Barred::Paused) => return Ok(Standing::Paused),
    }
    if let Letter::Invitation { invitation } = letter
        && !view.invitation(firm.id, invitation)?.is_some_and(|i| i.is_open(now))
    {
        return Ok(Standing::Ended);
    }
    for shown in shows {
        let ability = Ability::ALL.iter().copied().find(|a| a.code() == shown.ability).unwrap_or(Ability::View);
        if !view.ask(firm.id, person.id, ability, shown.item, now)?.is_allowed() {
            return Ok(Standing::Ended);
        }
    }
    Ok(Standing::Allowed)
}

fn frozen(view: &Snapshot<'_>, firm: &Firm, due: &Outbox, bytes: Vec<u8>) -> Result<Written> {
    let letter = letter::read(&due.content)?;
    let Some(person) = view.person(firm.id, due.person)? else { return Ok(Written::Not("PERSON_GONE")) };
    match recipient(view, firm, due, &letter, &person)? {
        Ok(to) => Ok(Written::Mail { to, bytes, shows: view.disclosures(due.id)? }),
        Err(barred) => Ok(barred.into()),
    }
}

/// Where a letter goes now, or why it does not.
fn recipient(
    view: &Snapshot<'_>,
    firm: &Firm,
    due: &Outbox,
    letter: &Letter,
    person: &Person,
) -> Result<std::result::Result<Address, Barred>> {
    let never = |reason| Ok(Err(Barred::Never(reason)));
    let Some(to) = view.mail_address(firm.id, person)? else { return never("NO_ADDRESS") };
    if due.only_to.as_deref().is_some_and(|only| only != to.as_str()) {
        return never("ADDRESS_CHANGED");
    }
    let is_user = matches!(person.role, Role::User { .. });
    if person.disabled && !letter.is_for_outsiders() {
        return never("PERSON_DISABLED");
    }
    if !is_user && person.accepted_at.is_none() && !letter.is_for_outsiders() {
        return never("NOT_ACCEPTED");
    }
    let wishes = view.preferences(firm.id, person.id)?;
    if letter.is_mandatory() {
        return Ok(Ok(to));
    }
    if wishes.silenced.iter().any(|s| s == letter.template()) {
        return never("SWITCHED_OFF");
    }
    Ok(if wishes.stopped { Err(Barred::Paused) } else { Ok(to) })
}

fn write(
    view: &Snapshot<'_>,
    blobs: &Blobs,
    firm: &Firm,
    gateway: &Gateway,
    due: &Outbox,
    now: Timestamp,
) -> Result<Written> {
    let letter = letter::read(&due.content)?;
    let Some(person) = view.person(firm.id, due.person)? else { return Ok(Written::Not("PERSON_GONE")) };
    let to = match recipient(view, firm, due, &letter, &person)? {
        Ok(to) => to,
        Err(barred) => return Ok(barred.into()),
    };
    let reader = Reader::new(view, firm, gateway, &person, now)?;
    let Some(mut page) = templates::write(&reader, blobs, &letter)? else { return Ok(Written::Not("NOTHING_TO_SAY")) };
    let unnumbered = reader.unnumbered();
    if !unnumbered.is_empty() {
        return Ok(Written::Unnumbered(unnumbered));
    }
    page.shows = reader.shown();
    let bytes = bytes(view, firm, gateway, due, &letter, &person, &to, &page)?;
    Ok(Written::Mail { to, bytes, shows: page.shows })
}

#[expect(clippy::too_many_arguments, reason = "the parts of one mail")]
fn bytes(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    due: &Outbox,
    letter: &Letter,
    person: &Person,
    to: &Address,
    page: &Page,
) -> Result<Vec<u8>> {
    let thread = match due.thread {
        Some(thread) => view.thread(thread)?,
        None => None,
    };
    let reply_to = thread.as_ref().map(|t| gateway.reply_address(&view.token_of(t)));
    let references = references(view, gateway, due)?;
    let envelope = Envelope {
        firm: &firm.name,
        name: &person.name(),
        to,
        reply_to: reply_to.as_deref(),
        message_id: &due.message_id,
        references: &references,
        date: due.date_at,
        is_digest: matches!(letter, Letter::Digest { .. }),
    };
    compose::compose(page, &envelope, gateway).map_err(|e| StoreError::Content(e.to_string()))
}

/// The thread so far: our earlier mails of it, and the mail that this one answers.
fn references(view: &Snapshot<'_>, gateway: &Gateway, due: &Outbox) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if let Some(thread) = due.thread {
        let earlier = view.earlier_message_ids(thread, due.id, 10)?;
        found.extend(earlier.iter().map(|id| compose::message_id(id, gateway)));
    }
    if let Some(inbox) = due.inbox
        && let Some(mail) = view.inbox(due.firm, inbox)?
        && mail.person == Some(due.person)
        && let Some(id) = view.inbox_message_id(due.firm, inbox)?
    {
        found.push(compose::clean(&id));
    }
    Ok(found)
}

async fn number(store: &Store, firm: FirmId, due: &Outbox, items: Vec<Item>) -> Result<()> {
    let person = due.person;
    let job = move |tx: &Tx<'_>| {
        for item in &items {
            tx.number_for(firm, crate::store::numbers::Reader::Contact(person), *item)?;
        }
        Ok(())
    };
    store.write_soon(job).await
}

/// A day later it is looked at again, so that what ended meanwhile is not kept for ever.
async fn hold_back(store: &Store, id: OutboxId, now: Timestamp) -> Result<()> {
    let tomorrow = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
    store.write_soon(move |tx: &Tx<'_>| tx.hold_back(id, tomorrow)).await
}

async fn drop_letter(store: &Store, firm: FirmId, id: OutboxId, reason: &'static str) -> Result<()> {
    tracing::info!(outbox.id = id.0, reason, "letter cancelled");
    let job = move |tx: &Tx<'_>| {
        let Some(letter) = tx.outbox(firm, id)? else { return Ok(()) };
        if letter.state == OutboxState::Queued {
            tx.cancel_letter(id, reason)?;
        }
        Ok(())
    };
    store.write_soon(job).await
}
