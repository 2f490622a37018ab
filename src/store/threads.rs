//! Reply addresses: one row per person, purpose and thing; the token itself is never stored.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, named_params};

use super::keys::Standing;
use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::leap::is_over;
use crate::domain::token::Token;
use crate::domain::{FirmId, InboxId, Item, Kind, PersonId, ThreadId};

/// What an answer to the mail means; purposes are never interchangeable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// An answer about a thing.
    Reply,
    /// An answer to an invitation.
    Invite,
    /// An answer to a receipt: `#undo`, `#edit`.
    Receipt,
    /// An answer to a digest.
    Digest,
    /// An answer to "was this you?", or to a code for a change of address.
    Confirm,
    /// An answer from a mailbox that is to become its person's; it proves nothing else.
    NewAddress,
    /// An answer to "in which role did you write this?".
    Role,
}

impl Purpose {
    const ALL: [Purpose; 7] = [
        Purpose::Reply,
        Purpose::Invite,
        Purpose::Receipt,
        Purpose::Digest,
        Purpose::Confirm,
        Purpose::Role,
        Purpose::NewAddress,
    ];

    /// The word in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Purpose::Reply => "reply",
            Purpose::Invite => "invite",
            Purpose::Receipt => "receipt",
            Purpose::Digest => "digest",
            Purpose::Confirm => "confirm",
            Purpose::NewAddress => "new_address",
            Purpose::Role => "role",
        }
    }
}

/// How long a reply address is good after the last notice or answer (sender-proof.md 5.7).
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a thread is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A thing of a matter.
    Item(Item),
    /// The firm, with no thing in particular.
    Firm,
    /// What a mail did (receipts), or a held mail.
    Mail(InboxId),
    /// An invitation's row.
    Invitation(i64),
    /// A challenge's row.
    Challenge(i64),
    /// The row of a change of address.
    Address(i64),
    /// The naming of an assistant, by their row.
    Assistant(PersonId),
}

impl About {
    fn stored(self) -> (&'static str, i64) {
        match self {
            About::Item(item) => (item.kind.stored(), item.id),
            About::Firm => ("firm", 0),
            About::Mail(inbox) => ("inbox", inbox.0),
            About::Invitation(id) => ("invitation", id),
            About::Challenge(id) => ("challenge", id),
            About::Address(id) => ("address", id),
            About::Assistant(person) => ("assistant", person.0),
        }
    }

    fn from_stored(kind: &str, id: i64) -> About {
        match kind {
            "inbox" => About::Mail(InboxId(id)),
            "invitation" => About::Invitation(id),
            "challenge" => About::Challenge(id),
            "address" => About::Address(id),
            "assistant" => About::Assistant(PersonId(id)),
            other => Kind::from_stored(other).map_or(About::Firm, |kind| About::Item(Item::new(kind, id))),
        }
    }
}

/// A reply address's row.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its row.
    pub id: ThreadId,
    /// The firm.
    pub firm: FirmId,
    /// Whose it is.
    pub person: PersonId,
    /// What an answer means.
    pub purpose: Purpose,
    /// What it is about.
    pub about: About,
    /// The present generation of the address.
    pub generation: i64,
    /// Last notice or answer.
    pub used_at: Timestamp,
    /// Ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Ended.
    pub revoked: bool,
    /// A stranger used it before.
    pub misused: bool,
}

impl Thread {
    /// True while its address proves something: not revoked, before its end, and used within the last 90 days.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.revoked && !self.ends().any(|end| is_over(end, now))
    }

    /// When its address ends by itself, unless it is used meanwhile.
    pub fn ends(&self) -> impl Iterator<Item = Timestamp> + use<> {
        self.used_at.saturating_add(GOOD_FOR).ok().into_iter().chain(self.expires_at)
    }
}

/// What the store knows of a token.
#[derive(Clone, Debug)]
pub enum Found {
    /// The present address of this thread.
    Present(Thread),
    /// An address that this thread had before it was replaced, or one that was made with a key which has ended.
    Replaced(Thread),
}

impl Found {
    /// The thread, whichever of its addresses it was.
    pub fn thread(&self) -> &Thread {
        match self {
            Found::Present(thread) | Found::Replaced(thread) => thread,
        }
    }
}

const COLUMNS: &str =
    "id, firm_id, person_id, purpose, kind, item_id, generation, used_at, expires_at, revoked_at, misused_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Thread> {
    let purpose: String = row.get("purpose")?;
    let kind: String = row.get("kind")?;
    Ok(Thread {
        id: ThreadId(row.get("id")?),
        firm: FirmId(row.get("firm_id")?),
        person: PersonId(row.get("person_id")?),
        purpose: Purpose::ALL.into_iter().find(|p| p.word() == purpose).unwrap_or(Purpose::Digest),
        about: About::from_stored(&kind, row.get("item_id")?),
        generation: row.get("generation")?,
        used_at: moment(row.get("used_at")?),
        expires_at: row.get::<_, Option<i64>>("expires_at")?.map(moment),
        revoked: row.get::<_, Option<i64>>("revoked_at")?.is_some(),
        misused: row.get::<_, Option<i64>>("misused_at")?.is_some(),
    })
}

impl Snapshot<'_> {
    /// The thread of this row.
    pub fn thread(&self, thread: ThreadId) -> Result<Option<Thread>> {
        self.one(&format!("SELECT {COLUMNS} FROM threads WHERE id = ?1"), [thread.0], read)
    }

    /// The thread of a token that was made with our key; unknown and wrong look the same. What the database compares is a
    /// keyed hash of the token: nobody without the key can choose it, so how long it takes tells nothing of the token (T31).
    pub fn thread_by_token(&self, token: &Token, now: Timestamp) -> Result<Option<Found>> {
        let Some(standing) = self.made_here(token, now)? else { return Ok(None) };
        let lookup = self.keys.first().lookup(token);
        if let Some(thread) = self.one(&format!("SELECT {COLUMNS} FROM threads WHERE lookup = ?1"), [&lookup], read)? {
            return Ok(Some(match standing {
                Standing::Good => Found::Present(thread),
                Standing::Ended => Found::Replaced(thread),
            }));
        }
        let before = self.one(&format!("SELECT {COLUMNS} FROM threads WHERE previous_lookup = ?1"), [&lookup], read)?;
        Ok(before.map(Found::Replaced))
    }

    /// The thread of a mail that we sent with this Message-ID (without brackets).
    pub fn thread_by_message_id(&self, firm: FirmId, message_id: &str) -> Result<Option<Thread>> {
        self.one(
            &format!(
                "SELECT {COLUMNS} FROM threads WHERE id = (SELECT thread_id FROM outbox WHERE firm_id = ?1 AND message_id = ?2)"
            ),
            (firm.0, message_id),
            read,
        )
    }

    /// The thread of this person, purpose and thing, if there is one.
    pub fn thread_about(
        &self,
        firm: FirmId,
        person: PersonId,
        purpose: Purpose,
        about: About,
    ) -> Result<Option<Thread>> {
        let (kind, item) = about.stored();
        self.one(
            &format!("SELECT {COLUMNS} FROM threads WHERE firm_id = ?1 AND person_id = ?2 AND purpose = ?3 AND kind = ?4 AND item_id = ?5"),
            (firm.0, person.0, purpose.word(), kind, item),
            read,
        )
    }

    /// The token that a thread had in one of its generations, as it was made at that moment.
    pub fn token_then(&self, thread: ThreadId, generation: i64, then: Timestamp) -> Result<String> {
        let (number, key) = self.key_then(then)?;
        Ok(self.keys.first().token(thread.0, generation, (number, &key)))
    }

    /// The token of a thread, to stand in a Reply-To.
    pub fn token_of(&self, thread: &Thread) -> Result<String> {
        let (number, key) = self.present_key()?;
        Ok(self.keys.first().token(thread.id.0, thread.generation, (number, &key)))
    }
}

impl Tx<'_> {
    /// The thread of this person, purpose and thing, made now if there is none; its use is noted.
    pub fn thread_for(
        &self,
        firm: FirmId,
        person: PersonId,
        purpose: Purpose,
        about: About,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<ThreadId> {
        let (kind, item) = about.stored();
        if let Some(thread) = self.thread_about(firm, person, purpose, about)? {
            if !thread.is_alive(now) {
                // What was given again, and what nobody used for long, gets an address of its own: the old one may be in
                // other hands (sender-proof.md 5.7).
                self.replace_address(&thread)?;
            }
            self.run(
                "UPDATE threads SET used_at = ?2, expires_at = ?3, revoked_at = NULL WHERE id = ?1",
                (thread.id.0, at(now), expires_at.map(at)),
            )?;
            return Ok(thread.id);
        }
        // The lookup hashes the row's key, which only the insert gives: a random stand-in keeps the column unique.
        let stand_in = data_encoding::HEXLOWER.encode(&crate::ids::random::<16>());
        let id = self.insert(
            "INSERT INTO threads (firm_id, person_id, purpose, kind, item_id, lookup, created_at, used_at, expires_at)
             VALUES (:firm, :person, :purpose, :kind, :item, :lookup, :now, :now, :expires)",
            named_params! {":firm": firm.0, ":person": person.0, ":purpose": purpose.word(), ":kind": kind, ":item": item,
            ":lookup": stand_in, ":now": at(now), ":expires": expires_at.map(at)},
        )?;
        self.run("UPDATE threads SET lookup = ?2 WHERE id = ?1", (id, self.keys.first().lookup_of(id, 0)))?;
        Ok(ThreadId(id))
    }

    /// Notes that the address was used by its owner.
    pub fn touch_thread(&self, thread: ThreadId, now: Timestamp) -> Result<()> {
        self.run("UPDATE threads SET used_at = ?2 WHERE id = ?1", (thread.0, at(now)))?;
        Ok(())
    }

    /// Notes that a stranger used the address; gives how often that had happened before (0 or 1).
    pub fn note_misuse(&self, thread: &Thread, now: Timestamp) -> Result<()> {
        self.run("UPDATE threads SET misused_at = ?2 WHERE id = ?1", (thread.id.0, at(now)))?;
        Ok(())
    }

    /// Replaces the address: the old one is told from a wrong one, but proves nothing any more.
    pub fn replace_address(&self, thread: &Thread) -> Result<()> {
        let next = thread.generation.saturating_add(1);
        self.run(
            "UPDATE threads SET previous_lookup = lookup, generation = ?2, lookup = ?3, misused_at = NULL WHERE id = ?1",
            (thread.id.0, next, self.keys.first().lookup_of(thread.id.0, next)),
        )?;
        Ok(())
    }

    /// Ends the reply addresses of a person about a thing.
    pub fn revoke_threads(&self, firm: FirmId, person: PersonId, item: Item, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE threads SET revoked_at = ?5 WHERE firm_id = ?1 AND person_id = ?2 AND kind = ?3 AND item_id = ?4",
            (firm.0, person.0, item.kind.stored(), item.id, at(now)),
        )?;
        Ok(())
    }
}
