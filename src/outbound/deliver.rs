//! One letter from the outbox to the server: written under the rights of this moment, frozen, handed over, settled.
//!
//! Rights are asked when the letter is written and again in the transaction that claims it, which is the last thing
//! before the server hears of it. A letter that was frozen before is sent as it was, or not at all: if anything in it may
//! no longer be shown, it is cancelled. If its words may not leave any more as they are (its matter's mails carry less by
//! now, its message was corrected), it is written anew, or cancelled where it may have left already. The network is never used while a transaction is open.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::compose::{self, Envelope};
use super::gateway::Gateway;
use super::letter::{self, AddressStep, Letter};
use super::page::Page;
use super::preview;
use super::reader::{Pictures, Reader, Undrawn};
use super::templates;
use crate::blobs::Blobs;
use crate::config::Addressing;
use crate::domain::{Address, FirmId, Item, OutboxId};
use crate::sharing::{Ability, Role};
use crate::store::calendar::SentInvitation;
use crate::store::firms::Firm;
use crate::store::matters::Sensitivity;
use crate::store::outbox::{Disclosure, Outbox, OutboxState};
use crate::store::people::Person;
use crate::store::threads::About;
use crate::store::{Result, Snapshot, Store, StoreError, Tx};

/// How often a letter is written again because rights changed while it was written.
const ATTEMPTS: u32 = 4;

/// A mail that may be handed to the server now; it is SENDING. Its Debug says none of it, for reply addresses and codes
/// stand in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Which letter.
    pub id: OutboxId,
    /// To whom.
    pub to: Address,
    /// The mail.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed").field("id", &self.id).field("octets", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// What became of a letter when its time had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It goes out.
    Send(Claimed),
    /// It does not, and never will.
    Dropped,
    /// Not yet: its person paused mails of its kind, or does not get them, and it is looked at again in a day, or goes out
    /// when that ends; or more may be added to it.
    Waits,
}

/// The event that a mail puts into its reader's calendar, and what is noted of that when it leaves.
type Invites = Option<(i64, SentInvitation)>;

/// What decided how much a letter says, besides rights.
#[derive(Serialize, Deserialize)]
struct Words {
    /// What it shows, and what mails could carry about that; nothing for the firm's own people, from whom nothing is kept.
    things: Vec<(Item, Sensitivity)>,
    /// The message that it passes on.
    message: Option<i64>,
}

impl Words {
    fn of(reader: &Reader<'_>, letter: &Letter, shows: &[Disclosure]) -> Result<Words> {
        let (view, firm) = (reader.store, reader.firm.id);
        let mut things = Vec::new();
        for shown in shows.iter().filter(|_| !reader.person.is_user()) {
            if !things.iter().any(|(item, _)| *item == shown.item) {
                things.push((shown.item, view.sensitivity(firm, shown.item)?));
            }
        }
        let message = match letter {
            Letter::News { message: Some(message), .. } if !is_corrected(view, firm, *message)? => Some(*message),
            _ => None,
        };
        Ok(Words { things, message })
    }

    /// Whether they may still leave as they are.
    fn hold(&self, view: &Snapshot<'_>, firm: FirmId) -> Result<bool> {
        for (item, then) in &self.things {
            if view.sensitivity(firm, *item)? > *then {
                return Ok(false);
            }
        }
        Ok(match self.message {
            Some(message) => !is_corrected(view, firm, message)?,
            None => true,
        })
    }
}

fn is_corrected(view: &Snapshot<'_>, firm: FirmId, message: i64) -> Result<bool> {
    Ok(view.message(firm, message)?.is_none_or(|m| m.superseded_by.is_some()))
}

/// A letter in words, or the reason why it is not written.
enum Written {
    Mail(Mail),
    Unnumbered(Vec<Item>),
    Undrawn(Vec<Undrawn>),
    Not(&'static str),
    Paused,
}

/// A letter in words.
#[derive(Clone)]
struct Mail {
    to: Address,
    bytes: Vec<u8>,
    shows: Vec<Disclosure>,
    /// As they are stored.
    words: String,
    invites: Invites,
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
    if let Some(until) = gathers_until(due, gateway, now).filter(|until| *until > now) {
        let id = due.id;
        store.write_soon(move |tx: &Tx<'_>| tx.gather_until(id, until)).await?;
        return Ok(Ready::Waits);
    }
    let mut pictures = Pictures::new();
    for _ in 0..ATTEMPTS {
        let written = store.read(|view| match view.frozen_bytes(due.id)? {
            Some(bytes) => frozen(view, firm, due, bytes),
            None => write(view, store.blobs(), firm, gateway, due, &pictures, now),
        })?;
        let mail = match written {
            Written::Mail(mail) => mail,
            Written::Unnumbered(items) => {
                number(store, firm.id, due, items).await?;
                continue;
            }
            Written::Undrawn(files) => {
                // Here, where no transaction is open.
                for Undrawn { sha256, kind } in files {
                    let drawn = match store.blobs().get(&sha256) {
                        Ok(bytes) => preview::draw(&gateway.drawing, kind, &bytes).await,
                        Err(_) => None,
                    };
                    pictures.insert(sha256, drawn);
                }
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
        match commit(store, firm, due, mail, now).await? {
            Commit::Claimed(mail) => return Ok(Ready::Send(mail)),
            Commit::Gone => return Ok(Ready::Dropped),
            Commit::Grown => return Ok(Ready::Waits),
            Commit::Changed => {}
        }
    }
    drop_letter(store, firm.id, due.id, "RIGHTS_CHANGED").await?;
    Ok(Ready::Dropped)
}

enum Commit {
    Claimed(Claimed),
    Changed,
    /// More was added to it while it was written.
    Grown,
    Gone,
}

/// Until when more may be added to a letter that was not written yet (mails.md d0); none if nothing is ever added to it,
/// or if a clock that ran ahead dated it, as it would then gather until that day (fault F42).
fn gathers_until(due: &Outbox, gateway: &Gateway, now: Timestamp) -> Option<Timestamp> {
    let is_open = due.coalesce.is_some() && due.tries == 0 && due.date_at <= now;
    due.date_at.saturating_add(gateway.shares_wait).ok().filter(|_| is_open)
}

async fn commit(store: &Store, firm: &Firm, due: &Outbox, mail: Mail, now: Timestamp) -> Result<Commit> {
    let (firm, due) = (firm.clone(), due.clone());
    let claimed = store.write_soon(move |tx| {
        let first = tx.frozen_bytes(due.id)?.is_none();
        if first && tx.outbox(firm.id, due.id)?.is_some_and(|letter| letter.content != due.content) {
            return Ok(Commit::Grown);
        }
        match standing(tx, &firm, &due, &mail.shows, now)? {
            Standing::Allowed => {}
            Standing::Ended if !first => {
                tx.cancel_letter(due.id, "RIGHT_ENDED")?;
                return Ok(Commit::Gone);
            }
            Standing::Ended | Standing::Paused => return Ok(Commit::Changed),
        }
        let words: Words = serde_json::from_str(&mail.words).map_err(|e| StoreError::Content(e.to_string()))?;
        if !words.hold(tx, firm.id)? {
            return if first { Ok(Commit::Changed) } else { thaw(tx, &firm, &due) };
        }
        if !tx.claim(due.id, now)? {
            return Ok(Commit::Gone);
        }
        if first {
            tx.freeze(firm.id, due.id, &mail.bytes, &mail.words, &mail.shows)?;
            if let Some((event, sent)) = &mail.invites {
                tx.set_invitation_sent(firm.id, *event, due.person, mail.to.as_str(), sent)?;
            }
        }
        Ok(Commit::Claimed(Claimed { id: due.id, to: mail.to.clone(), bytes: mail.bytes.clone() }))
    });
    let claimed = claimed.await?;
    if matches!(claimed, Commit::Claimed(_)) {
        crate::crash_point!("sending");
    }
    Ok(claimed)
}

/// A frozen letter whose words may not leave any more as they are is written anew, but for one that may have left: of one
/// letter no two different mails are sent.
fn thaw(tx: &Tx<'_>, firm: &Firm, due: &Outbox) -> Result<Commit> {
    if tx.frozen_words(due.id)?.is_some_and(|(_, may_have_left)| may_have_left) {
        tx.cancel_letter(due.id, "WORDS_CHANGED")?;
        return Ok(Commit::Gone);
    }
    tx.thaw(due.id)?;
    match letter::read(&due.content)? {
        Letter::Event { event, .. } => tx.set_invitation_unsent(firm.id, event.id, due.person, None)?,
        Letter::EventOnce { event, day } => tx.set_invitation_unsent(firm.id, event.id, due.person, Some(day))?,
        _ => {}
    }
    Ok(Commit::Changed)
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
    if let Letter::Address { change, step: AddressStep::AskNew } = letter
        && !view.address_change(firm.id, change)?.is_some_and(|c| c.is_open(now))
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
        Ok(to) => {
            let words = view.frozen_words(due.id)?.map(|(words, _)| words).unwrap_or_default();
            Ok(Written::Mail(Mail { to, bytes, shows: view.disclosures(due.id)?, words, invites: None }))
        }
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
    if let Letter::EventWithdrawn(withdrawn) = letter {
        // What stands in a calendar is taken out there, whoever may write or read what by now.
        return Ok(Address::parse(&withdrawn.address).map_err(|_| Barred::Never("NO_ADDRESS")));
    }
    let Some(to) = address(view, firm, letter, person)? else { return never("NO_ADDRESS") };
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
    // Where mails come back from, nothing is sent but answers to what its owner writes.
    let answers = matches!(letter, Letter::Receipt { .. } | Letter::Challenge { .. });
    if !answers && view.is_suspended(firm.id, person.id, &to)? {
        return Ok(Err(Barred::Paused));
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

/// The person's address now, but for the steps of a change of address that go to the other mailbox.
fn address(view: &Snapshot<'_>, firm: &Firm, letter: &Letter, person: &Person) -> Result<Option<Address>> {
    let Letter::Address { change, step } = letter else { return view.mail_address(firm.id, person) };
    let change = view.address_change(firm.id, *change)?.filter(|c| c.person == person.id);
    match step {
        step if step.is_to_new() => Ok(change.map(|c| c.new)),
        AddressStep::DoneOld => Ok(change.map(|c| c.old)),
        _ => view.mail_address(firm.id, person),
    }
}

fn write(
    view: &Snapshot<'_>,
    blobs: &Blobs,
    firm: &Firm,
    gateway: &Gateway,
    due: &Outbox,
    pictures: &Pictures,
    now: Timestamp,
) -> Result<Written> {
    let letter = letter::read(&due.content)?;
    let Some(person) = view.person(firm.id, due.person)? else { return Ok(Written::Not("PERSON_GONE")) };
    let to = match recipient(view, firm, due, &letter, &person)? {
        Ok(to) => to,
        Err(barred) => return Ok(barred.into()),
    };
    let reader = Reader::new(view, firm, gateway, &person, now)?
        .with_pictures(pictures.clone())
        .confirmed(letter.is_confirmed());
    let Some(mut page) = templates::write(&reader, blobs, &letter)? else { return Ok(Written::Not("NOTHING_TO_SAY")) };
    if gateway.addressing == Addressing::Plain {
        tag_subject(&reader, due, &mut page)?;
    }
    let unnumbered = reader.unnumbered();
    if !unnumbered.is_empty() {
        return Ok(Written::Unnumbered(unnumbered));
    }
    let undrawn = reader.undrawn();
    if !undrawn.is_empty() {
        return Ok(Written::Undrawn(undrawn));
    }
    page.shows = reader.shown();
    let bytes = bytes(view, firm, gateway, due, &letter, &person, &to, &page)?;
    let words = Words::of(&reader, &letter, &page.shows)?;
    let words = serde_json::to_string(&words).map_err(|e| StoreError::Content(e.to_string()))?;
    let invites = page.calendar.and_then(|c| c.sent);
    Ok(Written::Mail(Mail { to, bytes, shows: page.shows, words, invites }))
}

/// Where no address can say what an answer is about, the subject says it, for answers whose References were lost.
fn tag_subject(reader: &Reader<'_>, due: &Outbox, page: &mut Page) -> Result<()> {
    let thread = due.thread.map(|thread| reader.store.thread(thread)).transpose()?.flatten();
    if let Some(About::Item(item)) = thread.map(|t| t.about)
        && reader.may(Ability::View, item)?
    {
        let tag = format!("[{}]", reader.id(item)?);
        if !page.subject.contains(&tag) {
            page.subject = format!("{} {tag}", page.subject);
        }
    }
    Ok(())
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
    let token = thread.as_ref().map(|t| view.token_of(t)).transpose()?;
    let reply_to = token.map(|token| gateway.reply_address(&token));
    let references = references(view, gateway, due)?;
    let is_unconfirmed = matches!(letter, Letter::Address { step, .. } if step.is_to_new());
    let name = if is_unconfirmed { String::new() } else { view.called(person)? };
    let envelope = Envelope {
        firm: &firm.name,
        name: &name,
        to,
        reply_to: reply_to.as_deref(),
        message_id: &due.message_id,
        return_mark: &view.return_mark(&due.message_id)?,
        references: &references,
        date: due.date_at,
        is_digest: matches!(letter, Letter::Digest { .. } | Letter::FirmDigest { .. }),
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
        let whose = tx.person(firm, person)?.map_or(person, |p| p.whose());
        for item in &items {
            tx.number_for(firm, crate::store::numbers::Reader::Contact(whose), *item)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::messages::{self, Topic};
    use crate::actions::post::{Mail, Post, later, now};
    use crate::actions::{Act, calendar};
    use crate::store::calendar::{EventDetails, NewEvent};
    use crate::store::matters::Matter;

    /// Hands the one letter that waits to a server, and gives its mail.
    fn tried(post: &Post) -> (Outbox, Claimed) {
        let mut due = post.read(|r| r.outbox_due(post.firm.id, now(), 10));
        assert_eq!(due.len(), 1, "{due:?}");
        let due = due.remove(0);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ready = runtime.block_on(claim(&post.store, &post.firm, &post.gateway, &due, now())).unwrap();
        let Ready::Send(mail) = ready else { panic!("{ready:?}") };
        (due, mail)
    }

    /// As [`tried`]; the server takes it later, perhaps.
    fn put_off(post: &Post) -> (Outbox, Claimed) {
        let (due, mail) = tried(post);
        let id = due.id;
        post.write(move |tx| tx.set_deferred(id, "451 later", now()));
        (due, mail)
    }

    /// As [`tried`]; nobody knows whether the server took it.
    fn cut_off(post: &Post) -> (Outbox, Claimed) {
        let tried = tried(post);
        assert_eq!(post.write(|tx| tx.recover_sending()), 1);
        tried
    }

    fn set(post: &Post, sensitivity: Sensitivity) {
        let (firm, matter) = (post.firm.id, post.matter.id);
        post.write(move |tx| {
            let row = tx.matter(firm, matter)?.unwrap();
            tx.change_matter(firm, &Matter { sensitivity, ..row })
        });
    }

    fn only(mails: Vec<Mail>) -> Mail {
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        mail.clone()
    }

    fn bytes(mail: &Mail) -> String {
        String::from_utf8_lossy(&mail.bytes).into_owned()
    }

    #[test]
    fn a_letter_that_a_server_put_off_is_written_anew_once_its_matter_is_restricted() {
        let post = Post::with_jane();
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        let (due, first) = put_off(&post);
        assert!(String::from_utf8_lossy(&first.bytes).contains("Draft the reply brief"));
        set(&post, Sensitivity::Restricted);
        let mail = only(post.deliver(later(1)));
        assert!(mail.subject.contains("T-1") && bytes(&mail).contains(&due.message_id), "{}", mail.text);
        assert!(!bytes(&mail).contains("Draft the reply"), "{}", mail.text);
        let shown = post.read(|r| r.disclosures(due.id));
        assert!(shown.iter().enumerate().all(|(n, one)| !shown.iter().skip(n + 1).any(|o| o == one)), "{shown:?}");
    }

    #[test]
    fn f42_a_letter_that_a_clock_dated_which_ran_ahead_does_not_gather_until_that_day() {
        let mut post = Post::with_jane();
        post.gateway.shares_wait = SignedDuration::from_mins(5);
        post.share(post.document("Alpha.pdf", None));
        let year = SignedDuration::from_hours(365 * 24);
        let minutes = |n| now().checked_add(SignedDuration::from_mins(n)).unwrap();
        let (due, at) = (post.read(|r| r.outbox_due(post.firm.id, minutes(5), 10)).remove(0), minutes(4));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let claim = |due: &Outbox| runtime.block_on(claim(&post.store, &post.firm, &post.gateway, due, at)).unwrap();
        assert_eq!(claim(&due), Ready::Waits);
        let ahead = Outbox { date_at: at.checked_add(year).unwrap(), ..due };
        assert!(matches!(claim(&ahead), Ready::Send(_)));
    }

    /// F57: for each reason for which nothing may leave any more, while it waits and after a server put it off.
    #[test]
    fn f57_of_a_letter_whose_person_was_blocked_or_right_ended_while_it_waited_or_was_put_off_nothing_leaves() {
        type Ends = fn(&Post, Item);
        let blocked: Ends = |post, _| {
            let (firm, jane) = (post.firm.id, post.jane);
            post.write(move |tx| tx.disable_person(firm, jane, now()));
        };
        let unshared: Ends = |post, task| post.unshare(task);
        for (ends, reason, was_frozen) in [
            (blocked, "PERSON_DISABLED", false),
            (blocked, "PERSON_DISABLED", true),
            (unshared, "RIGHT_ENDED", false),
            (unshared, "RIGHT_ENDED", true),
        ] {
            let post = Post::with_jane();
            let task = post.task("Draft the reply brief", "2026-03-20");
            post.assign(task);
            let due = match was_frozen {
                true => put_off(&post).0,
                false => post.read(|r| r.outbox_due(post.firm.id, now(), 10)).remove(0),
            };
            ends(&post, task);
            let left = post.deliver(later(1));
            assert!(left.iter().all(|mail| !bytes(mail).contains("Draft the reply brief")), "{left:?}");
            let letter = post.read(|r| r.outbox(post.firm.id, due.id)).unwrap();
            assert_eq!((letter.state, letter.reason.as_deref()), (OutboxState::Cancelled, Some(reason)));
            assert_eq!(post.read(|r| r.frozen_bytes(due.id)), None);
        }
    }

    #[test]
    fn a_letter_that_may_have_left_is_not_written_anew_but_cancelled_once_its_matter_is_restricted() {
        let post = Post::with_jane();
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        cut_off(&post);
        // That a server puts it off the next time does not tell what became of it the first.
        let (due, _) = put_off(&post);
        set(&post, Sensitivity::Restricted);
        assert!(post.deliver(later(1)).is_empty());
        let letter = post.read(|r| r.outbox(post.firm.id, due.id)).unwrap();
        assert_eq!((letter.state, letter.reason.as_deref()), (OutboxState::Cancelled, Some("WORDS_CHANGED")));
    }

    #[test]
    fn a_letter_is_sent_as_it_was_frozen_where_its_matter_may_say_more_by_now() {
        let post = Post::with_jane();
        set(&post, Sensitivity::Restricted);
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        let (_, first) = cut_off(&post);
        set(&post, Sensitivity::Standard);
        assert_eq!(only(post.deliver(later(1))).bytes, first.bytes);
    }

    #[test]
    fn msg_10_a_message_that_was_corrected_while_its_letter_waited_does_not_leave() {
        let post = Post::with_jane();
        let (jane, matter) = (post.jane, post.matter.id);
        fn news(act: &Act<'_>, jane: crate::domain::PersonId, posted: &messages::Posted) -> Result<()> {
            let letter = Letter::News {
                by: act.actor.id,
                message: Some(posted.message),
                conversation: Some(posted.conversation),
                documents: Vec::new(),
                completed: Vec::new(),
                logged: Vec::new(),
                outsiders: Vec::new(),
            };
            act.tell(jane, letter, About::Item(posted.conversation))
        }
        let posted = post.act(post.anna, now(), "first", move |act| {
            let topic = Topic { about: None, matter: Some(matter), to: Some(jane) };
            let posted = messages::write(act, topic, "The hearing is on the 14th.")?.unwrap();
            news(act, jane, &posted)?;
            Ok(posted)
        });
        let (_, first) = put_off(&post);
        assert!(String::from_utf8_lossy(&first.bytes).contains("14th"));
        post.act(post.anna, now(), "second", move |act| {
            let posted = messages::correct(act, posted.conversation, "It is on the 15th.")?.unwrap().unwrap();
            news(act, jane, &posted)
        });
        let mail = only(post.deliver(later(1)));
        assert!(mail.text.contains("15th") && !mail.text.contains("14th"), "{mail:?}");
    }

    #[test]
    fn an_invitation_that_a_server_put_off_is_written_anew_and_stands_in_the_calendar_once() {
        let post = Post::with_jane();
        let (anna, jane, matter) = (post.anna, post.jane, post.matter.id);
        let event = post.act(anna, now(), "event", move |act| {
            let details = EventDetails {
                summary: "Hearing".into(),
                description: String::new(),
                location: "Court 4".into(),
                conference_url: String::new(),
                start_at: later(48),
                end_at: later(49),
                all_day: false,
                time_zone: "Europe/London".into(),
                recurrence_rule: None,
                exceptions: Vec::new(),
            };
            let uid = "1@gw.hale.example".into();
            let new = NewEvent { uid, details, matter: Some(matter), organizer: anna };
            let event = calendar::create(act, &new)?.unwrap();
            calendar::invite(act, event, jane, true, "")?.unwrap();
            Ok(event)
        });
        put_off(&post);
        set(&post, Sensitivity::Restricted);
        let mail = only(post.deliver(later(1)));
        assert!(mail.calendar.contains("METHOD:REQUEST") && !mail.calendar.contains("Court 4"), "{mail:?}");
        let attendee = post.read(|r| r.attendee(post.firm.id, event.id, jane)).unwrap();
        assert_eq!(attendee.sent.map(|s| s.sequence), Some(0));
        assert!(post.deliver(later(2)).is_empty());
    }
}
