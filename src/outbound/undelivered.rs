//! A letter that did not arrive, from the server that would not take it or from a bounce that came later: its address
//! gathers points, and beyond a limit nothing more is sent there until somebody of the firm says so. The firm is told, at
//! most once a day and when sending ends. Nothing of a bounce's text is passed on (threats T87).
//!
//! A mailbox that does not exist ends sending at once: what is sent on could be read by whoever gets that address next, so
//! security and revocation mails wait too. Answers to what the person themselves writes still go out.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::letter::{self, Addressed, Letter, Notice};
use crate::domain::{Address, Item, Kind, PersonId};
use crate::language::sentence;
use crate::store::audit::Entry;
use crate::store::firms::Firm;
use crate::store::outbox::Outbox;
use crate::store::threads::{About, Purpose};
use crate::store::undelivered::Undelivered;
use crate::store::{Result, Tx};

/// From so many points on nothing is sent any more.
const LIMIT: u32 = 4;
/// After so long without a returned mail an address starts anew.
const MEMORY: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Why a letter did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such mailbox, or it is closed.
    NoMailbox,
    /// It was refused for good, for another reason.
    Refused,
    /// It could not be delivered for now, or for too long.
    Temporary,
    /// A bounce says so that anybody could have written: it bears nothing of the mail that only its header shows.
    Claimed {
        /// What it says: for good, or for now.
        permanent: bool,
    },
    /// It never left: it could not be written, or the server took too long. The address is not to blame.
    Ours,
}

impl Failure {
    /// Of a refusal for good or for now with this enhanced status code (RFC 3463 3.2, 3.3).
    pub fn of(permanent: bool, status: Option<&str>) -> Failure {
        let is_about_mailbox = |code: &str| {
            code == "5.2.1"
                || (code.starts_with("5.1.") && !matches!(code, "5.1.0" | "5.1.5" | "5.1.7" | "5.1.8" | "5.1.90"))
        };
        match permanent {
            true if status.is_some_and(is_about_mailbox) => Failure::NoMailbox,
            true => Failure::Refused,
            false => Failure::Temporary,
        }
    }

    const fn points(self) -> u32 {
        match self {
            Failure::NoMailbox => LIMIT,
            Failure::Refused => 2,
            Failure::Temporary => 1,
            Failure::Claimed { .. } | Failure::Ours => 0,
        }
    }

    const fn is_permanent(self) -> bool {
        !matches!(self, Failure::Temporary | Failure::Claimed { permanent: false })
    }

    const fn is_proved(self) -> bool {
        !matches!(self, Failure::Claimed { .. })
    }
}

/// The envelope sender by which a bounce names the mail that came back, whatever else it says (gateway.md L4); the mark in
/// it is seen by the servers on the way and by nobody who is shown the Message-ID.
pub fn return_address(gateway: &Address, message_id: &str, mark: &str) -> Address {
    let id = message_id.strip_prefix("g.").unwrap_or(message_id);
    let address = format!("{}+b{id}{mark}@{}", gateway.local(), gateway.domain());
    Address::parse(&address).unwrap_or_else(|_| gateway.clone())
}

/// Notes that `letter` did not arrive at `address`, and tells the firm. A letter counts once.
pub fn note(tx: &Tx<'_>, firm: &Firm, letter: &Outbox, address: &str, failure: Failure, now: Timestamp) -> Result<()> {
    let Some(person) = tx.person(firm.id, letter.person)? else { return Ok(()) };
    if !tx.set_returned(letter.id, failure.is_proved(), now)? {
        return Ok(());
    }
    let mut suspended = false;
    if failure != Failure::Ours && failure.is_proved() {
        let before = tx.undelivered(firm.id, person.id, address)?;
        let was_suspended = before.as_ref().is_some_and(|b| b.suspended_at.is_some());
        let state = after(before, address, failure, now, !person.is_user());
        suspended = state.suspended_at.is_some();
        tx.set_undelivered(firm.id, person.id, &state)?;
        if suspended && !was_suspended {
            let entry =
                Entry::new(None, "address.suspended").with(json!({"person": person.id, "points": state.points}));
            tx.audit(firm.id, &entry, now)?;
        }
    }
    tell(tx, firm, letter, failure, suspended, now)
}

/// The state of an address after a failure. The firm's own people are always written to: they must hear of all this.
fn after(before: Option<Undelivered>, address: &str, failure: Failure, now: Timestamp, may_end: bool) -> Undelivered {
    let is_old = |b: &Undelivered| b.suspended_at.is_none() && now.duration_since(b.last_at) > MEMORY;
    let fresh =
        || Undelivered { address: address.to_owned(), points: 0, first_at: now, last_at: now, suspended_at: None };
    let before = before.filter(|b| !is_old(b)).unwrap_or_else(fresh);
    let points = before.points.saturating_add(failure.points());
    let ends = (may_end && points >= LIMIT).then_some(now);
    Undelivered { points, last_at: now, suspended_at: before.suspended_at.or(ends), ..before }
}

fn tell(tx: &Tx<'_>, firm: &Firm, letter: &Outbox, failure: Failure, suspended: bool, now: Timestamp) -> Result<()> {
    let (permanent, unproved) = (failure.is_permanent(), !failure.is_proved());
    let notice =
        Letter::Notice { notice: Notice::Undeliverable { permanent, suspended, unproved }, about: letter.person };
    // What anybody can write must not take the place of what is true.
    let which = match (suspended, unproved) {
        (true, _) => ":suspended",
        (false, true) => ":unproved",
        (false, false) => "",
    };
    let key = format!("undeliverable:{}:{}{which}", letter.person, now.to_zoned(firm.zone()).date());
    for reader in readers(tx, firm, letter)? {
        let addressed = Addressed::new(reader, notice.clone(), key.clone(), Some((Purpose::Reply, About::Firm)));
        letter::queue(tx, firm.id, addressed, now)?;
    }
    Ok(())
}

/// The lawyer of the matter that the letter was about, and the first administrator; never about themselves.
fn readers(tx: &Tx<'_>, firm: &Firm, letter: &Outbox) -> Result<Vec<PersonId>> {
    // One that can't be read was not written for that reason.
    let matter = match letter::read(&letter.content).ok().as_ref().and_then(subject) {
        Some(item) => tx.matter_of(firm.id, item)?,
        None => None,
    };
    let matter = matter.map(|row| tx.matter(firm.id, row)).transpose()?.flatten();
    let mut readers: Vec<PersonId> = matter.and_then(|m| m.responsible).into_iter().collect();
    readers.extend(tx.first_admin(firm.id)?.map(|p| p.id));
    readers.sort();
    readers.dedup();
    readers.retain(|reader| *reader != letter.person);
    Ok(readers)
}

/// What a letter is about, if it is about one thing.
pub fn subject(letter: &Letter) -> Option<Item> {
    match letter {
        Letter::Task { task, .. } => Some(*task),
        Letter::Shared { things, .. } => things.first().map(|t| t.item),
        Letter::News { conversation, documents, completed, .. } => {
            let documents = documents.first().map(|d| d.document);
            conversation.or(documents).or(completed.first().copied())
        }
        _ => None,
    }
}

/// What a letter brought, in a word or two; none for those of which only their subject speaks.
pub fn word(letter: &Letter) -> &'static str {
    match letter {
        Letter::Invitation { .. } => sentence!("the invitation"),
        Letter::Welcome => sentence!("the welcome"),
        Letter::Task { .. } => sentence!("a task"),
        Letter::Shared { things, .. } => match things.first().map(|t| t.item.kind) {
            Some(Kind::Matter) => sentence!("a matter that was shared"),
            _ => sentence!("something that was shared"),
        },
        Letter::News { .. } => sentence!("a message"),
        Letter::Receipt { .. } => sentence!("the answer to a mail"),
        Letter::Digest { .. } | Letter::FirmDigest { .. } => sentence!("a digest"),
        Letter::AccessEnded { .. } => sentence!("the end of an access"),
        Letter::Challenge { .. } => sentence!("a question whether they wrote a mail"),
        _ => sentence!("a notice"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::post::{Post, later, now};
    use crate::store::outbox::OutboxState;

    /// The last letter to Jane that left comes back.
    fn returns(post: &Post, failure: Failure, at: Timestamp) {
        let (firm, jane) = (post.firm.clone(), post.jane);
        post.write(move |tx| {
            let sent = tx.outbox_list(firm.id, Some(OutboxState::Sent), 50)?;
            let letter = sent.iter().find(|l| l.person == jane).unwrap();
            note(tx, &firm, letter, "jane@roe.example", failure, at)
        });
    }

    fn told(post: &Post, at: Timestamp) -> Vec<crate::actions::post::Mail> {
        post.deliver(at).into_iter().filter(|m| m.to == "anna@hale.example").collect()
    }

    #[test]
    fn a_mailbox_that_does_not_exist_ends_sending_and_the_firm_hears_what_did_not_arrive() {
        let post = Post::with_jane();
        let task = post.task("Draft reply brief", "2026-04-03");
        post.assign(task);
        post.deliver(now());
        returns(&post, Failure::NoMailbox, now());
        let told = told(&post, now());
        assert_eq!(told.len(), 1, "{told:?}");
        for part in
            ["T-1: Draft reply brief", "due 3 April 2026", "jane@roe.example", "nothing more is sent", "person resume"]
        {
            let text = told[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        post.share(post.document("Later.pdf", None));
        assert!(post.deliver(later(1)).iter().all(|m| m.to != "jane@roe.example"));
        let (firm, jane) = (post.firm.id, post.jane);
        assert_eq!(post.read(|r| r.letters_held_back(firm, jane)), 1);
        post.write(move |tx| {
            tx.forget_undelivered(firm, jane)?;
            tx.release_held_back(firm, jane, later(2))
        });
        assert!(post.deliver(later(2)).iter().any(|m| m.text.contains("Later.pdf")), "nothing was lost");
    }

    #[test]
    fn trouble_that_passes_ends_sending_only_when_it_goes_on() {
        let at = |days: i64| later(24 * days);
        let after = |before, failure, days| after(before, "j@r.example", failure, at(days), true);
        let soft = after(None, Failure::Temporary, 0);
        assert_eq!((soft.points, soft.suspended_at), (1, None));
        let twice = after(Some(after(Some(soft.clone()), Failure::Refused, 1)), Failure::Temporary, 2);
        assert_eq!((twice.points, twice.suspended_at, twice.first_at), (4, Some(at(2)), at(0)));
        let anew = after(Some(soft), Failure::Temporary, 40);
        assert_eq!((anew.points, anew.first_at), (1, at(40)));
        let still = after(Some(twice), Failure::Temporary, 90);
        assert_eq!(still.suspended_at, Some(at(2)), "time alone does not bring an address back");
    }

    #[test]
    fn only_a_code_about_the_mailbox_ends_sending_at_once() {
        for (status, failure) in [
            (Some("5.1.1"), Failure::NoMailbox),
            (Some("5.1.10"), Failure::NoMailbox),
            (Some("5.2.1"), Failure::NoMailbox),
            (Some("5.1.8"), Failure::Refused),
            (Some("5.1.90"), Failure::Refused),
            (Some("5.2.252"), Failure::Refused),
            (Some("5.7.1"), Failure::Refused),
            (Some("5.2.2"), Failure::Refused),
            (None, Failure::Refused),
        ] {
            assert_eq!(Failure::of(true, status), failure, "{status:?}");
        }
        assert_eq!(Failure::of(false, Some("5.1.1")), Failure::Temporary);
    }
}
