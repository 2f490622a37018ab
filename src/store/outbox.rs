//! Letters on their way out. The transaction of the cause stores who is to be told what; the first claim renders it
//! under the rights and the address of that moment and freezes the bytes; a retry sends those bytes or cancels. Only what a
//! server certainly did not take is thawed and rendered anew, when its words may not leave any more as they are.
//!
//! ```text
//! QUEUED ─► SENDING ─► SENT | FAILED | CANCELLED        SENDING found at start: the outcome is unknown ─► QUEUED, same bytes
//! ```
//!
//! - `QUEUED`: waits for its time.
//! - `SENDING`: handed to the server, no answer yet.
//! - `SENT`: the server took it.
//! - `FAILED`: refused for good, or for too long; the firm was told.
//! - `CANCELLED`: the right ended, or a person dropped it.

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, InboxId, Item, Kind, OutboxId, PersonId, ThreadId};

/// Where a letter stands; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxState {
    /// Waits for its time.
    Queued,
    /// Handed to the server.
    Sending,
    /// Taken by the server.
    Sent,
    /// Refused for good.
    Failed,
    /// Not to be sent any more.
    Cancelled,
}

impl OutboxState {
    /// All states, in the order of a letter's life.
    pub const ALL: [OutboxState; 5] =
        [OutboxState::Queued, OutboxState::Sending, OutboxState::Sent, OutboxState::Failed, OutboxState::Cancelled];

    /// The word in the store and in lists.
    pub const fn word(self) -> &'static str {
        match self {
            OutboxState::Queued => "QUEUED",
            OutboxState::Sending => "SENDING",
            OutboxState::Sent => "SENT",
            OutboxState::Failed => "FAILED",
            OutboxState::Cancelled => "CANCELLED",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<OutboxState> {
        OutboxState::ALL.into_iter().find(|s| s.word().eq_ignore_ascii_case(word))
    }
}

/// A letter about to be queued.
#[derive(Clone, Debug)]
pub struct NewLetter {
    /// To whom.
    pub person: PersonId,
    /// The same key is queued once.
    pub key: String,
    /// Which letter.
    pub template: String,
    /// What it says (JSON).
    pub content: String,
    /// Reply address.
    pub thread: Option<ThreadId>,
    /// Caused by which mail.
    pub inbox: Option<InboxId>,
    /// Message-ID without brackets.
    pub message_id: String,
    /// Only to this address: invitations and codes.
    pub only_to: Option<String>,
    /// May be merged with later ones of this key until it is rendered.
    pub coalesce: Option<String>,
    /// Not before.
    pub not_before: Timestamp,
}

/// A letter in the outbox.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// Its row.
    pub id: OutboxId,
    /// The firm.
    pub firm: FirmId,
    /// To whom.
    pub person: PersonId,
    /// Which letter.
    pub template: String,
    /// What it says (JSON).
    pub content: String,
    /// Reply address.
    pub thread: Option<ThreadId>,
    /// Caused by which mail.
    pub inbox: Option<InboxId>,
    /// Message-ID without brackets.
    pub message_id: String,
    /// Date of the mail.
    pub date_at: Timestamp,
    /// Only to this address.
    pub only_to: Option<String>,
    /// May be merged with later ones of this key until it is rendered.
    pub coalesce: Option<String>,
    /// Where it stands.
    pub state: OutboxState,
    /// Attempts so far.
    pub tries: u32,
    /// Not before.
    pub next_at: Timestamp,
    /// Taken by the server.
    pub sent_at: Option<Timestamp>,
    /// The server's words.
    pub last_reply: Option<String>,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
}

/// What a letter shows to its reader, and what that took.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disclosure {
    /// Which thing.
    pub item: Item,
    /// Code of the ability: `view`, `download` …
    pub ability: String,
    /// Documents: which version.
    pub version: Option<u32>,
}

/// What a letter that left showed, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentDisclosure {
    /// When it was taken by the server.
    pub at: Timestamp,
    /// To whom.
    pub person: PersonId,
    /// The address it went to.
    pub to: String,
    /// Which letter.
    pub template: String,
    /// Its Message-ID without brackets.
    pub message_id: String,
    /// What it showed.
    pub shown: Disclosure,
}

const COLUMNS: &str = "id, firm_id, person_id, template, content, thread_id, inbox_id, message_id, date_at, to_login_address, coalesce_key, state, tries,
    next_at, sent_at, last_reply, reason";

fn read(row: &Row<'_>) -> rusqlite::Result<Outbox> {
    let state: String = row.get("state")?;
    Ok(Outbox {
        id: OutboxId(row.get("id")?),
        firm: FirmId(row.get("firm_id")?),
        person: PersonId(row.get("person_id")?),
        template: row.get("template")?,
        content: row.get("content")?,
        thread: row.get::<_, Option<i64>>("thread_id")?.map(ThreadId),
        inbox: row.get::<_, Option<i64>>("inbox_id")?.map(InboxId),
        message_id: row.get("message_id")?,
        date_at: moment(row.get("date_at")?),
        only_to: row.get("to_login_address")?,
        coalesce: row.get("coalesce_key")?,
        state: OutboxState::from_word(&state).unwrap_or(OutboxState::Failed),
        tries: row.get("tries")?,
        next_at: moment(row.get("next_at")?),
        sent_at: row.get::<_, Option<i64>>("sent_at")?.map(moment),
        last_reply: row.get("last_reply")?,
        reason: row.get("reason")?,
    })
}

impl Snapshot<'_> {
    /// Letters that may be sent at `now`, oldest first.
    pub fn outbox_due(&self, firm: FirmId, now: Timestamp, limit: u32) -> Result<Vec<Outbox>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM outbox WHERE state = 'QUEUED' AND next_at <= ?2 AND firm_id = ?1 ORDER BY next_at, id LIMIT ?3"
            ),
            (firm.0, at(now), limit),
            read,
        )
    }

    /// When the next letter of a firm may be sent.
    pub fn outbox_next(&self, firm: FirmId) -> Result<Option<Timestamp>> {
        let next: Option<i64> = self
            .one("SELECT min(next_at) FROM outbox WHERE state = 'QUEUED' AND firm_id = ?1", [firm.0], |r| r.get(0))?
            .flatten();
        Ok(next.map(moment))
    }

    /// The letter of this row.
    pub fn outbox(&self, firm: FirmId, outbox: OutboxId) -> Result<Option<Outbox>> {
        self.one(&format!("SELECT {COLUMNS} FROM outbox WHERE firm_id = ?1 AND id = ?2"), (firm.0, outbox.0), read)
    }

    /// Letters of a firm, newest first; in one state, or in all.
    pub fn outbox_list(&self, firm: FirmId, state: Option<OutboxState>, limit: u32) -> Result<Vec<Outbox>> {
        self.all(
            &format!("SELECT {COLUMNS} FROM outbox WHERE firm_id = ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id DESC LIMIT ?3"),
            (firm.0, state.map(OutboxState::word), limit),
            read,
        )
    }

    /// How many letters of a kind a person was written since a moment, as far as the last letters of the firm tell.
    pub fn recent_letters(&self, firm: FirmId, person: PersonId, template: &str, since: Timestamp) -> Result<u32> {
        let count = self.one(
            "SELECT count(*) FROM (SELECT person_id, template, created_at FROM outbox WHERE firm_id = ?1 ORDER BY id DESC LIMIT 500)
             WHERE person_id = ?2 AND template = ?3 AND created_at >= ?4",
            (firm.0, person.0, template, at(since)),
            |r| r.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// The letter with this Message-ID (without brackets).
    pub fn outbox_by_message_id(&self, firm: FirmId, message_id: &str) -> Result<Option<Outbox>> {
        self.one(
            &format!("SELECT {COLUMNS} FROM outbox WHERE firm_id = ?1 AND message_id = ?2"),
            (firm.0, message_id),
            read,
        )
    }

    /// Message-IDs of earlier letters of a thread, oldest first, for References.
    pub fn earlier_message_ids(&self, thread: ThreadId, before: OutboxId, limit: u32) -> Result<Vec<String>> {
        let mut found: Vec<String> = self.all(
            "SELECT message_id FROM outbox WHERE thread_id = ?1 AND id < ?2 AND state <> 'CANCELLED' ORDER BY id DESC LIMIT ?3",
            (thread.0, before.0, limit),
            |r| r.get(0),
        )?;
        found.reverse();
        Ok(found)
    }

    /// The frozen bytes of a letter, if it was claimed before.
    pub fn frozen_bytes(&self, outbox: OutboxId) -> Result<Option<Vec<u8>>> {
        self.one("SELECT bytes FROM outbox_bytes WHERE outbox_id = ?1", [outbox.0], |r| r.get(0))
    }

    /// What decided the words of a frozen letter, and whether it may have left.
    pub fn frozen_words(&self, outbox: OutboxId) -> Result<Option<(String, bool)>> {
        self.one("SELECT words, may_have_left FROM outbox_bytes WHERE outbox_id = ?1", [outbox.0], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
    }

    /// What the frozen bytes of a letter show.
    pub fn disclosures(&self, outbox: OutboxId) -> Result<Vec<Disclosure>> {
        let rows: Vec<(String, i64, String, Option<u32>)> = self.all(
            "SELECT kind, item_id, ability, version_number FROM disclosures WHERE outbox_id = ?1 ORDER BY id",
            [outbox.0],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
        )?;
        let known = rows.into_iter().filter_map(|(kind, id, ability, version)| {
            let item = Item::new(Kind::from_stored(&kind)?, id);
            Some(Disclosure { item, ability, version })
        });
        Ok(known.collect())
    }
}

impl Snapshot<'_> {
    /// The last mail of this template that a person was sent, as it left.
    pub fn last_sent_bytes(&self, firm: FirmId, person: PersonId, template: &str) -> Result<Option<Vec<u8>>> {
        self.one(
            "SELECT b.bytes FROM outbox o JOIN outbox_bytes b ON b.outbox_id = o.id
             WHERE o.firm_id = ?1 AND o.person_id = ?2 AND o.template = ?3 AND o.sent_at IS NOT NULL ORDER BY o.id DESC LIMIT 1",
            (firm.0, person.0, template),
            |r| r.get(0),
        )
    }

    /// The letters to a person that wait to leave, oldest first.
    pub fn queued_letters(&self, firm: FirmId, person: PersonId) -> Result<Vec<Outbox>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM outbox WHERE firm_id = ?1 AND person_id = ?2 AND state = 'QUEUED' ORDER BY id"
            ),
            (firm.0, person.0),
            read,
        )
    }

    /// True if a mail to a person that left, or may have left, showed them this thing.
    pub fn was_shown(&self, firm: FirmId, person: PersonId, item: Item) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM disclosures d JOIN outbox o ON o.id = d.outbox_id
             WHERE d.firm_id = ?1 AND d.kind = ?3 AND d.item_id = ?4 AND o.person_id = ?2 LIMIT 1",
            (firm.0, person.0, item.kind.stored(), item.id),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// How many letters of this template mails of these bytes caused to a person.
    pub fn letters_caused_by(&self, firm: FirmId, sha256: &str, person: PersonId, template: &str) -> Result<u32> {
        let found = self.one(
            "SELECT count(*) FROM outbox o JOIN inbox i ON i.id = o.inbox_id
             WHERE i.firm_id = ?1 AND i.sha256 = ?2 AND o.person_id = ?3 AND o.template = ?4",
            (firm.0, sha256, person.0, template),
            |r| r.get(0),
        )?;
        Ok(found.unwrap_or(0))
    }

    /// True if a letter with this key was queued.
    pub fn is_queued(&self, firm: FirmId, key: &str) -> Result<bool> {
        let found =
            self.one("SELECT 1 FROM outbox WHERE firm_id = ?1 AND letter_key = ?2", (firm.0, key), |_| Ok(()))?;
        Ok(found.is_some())
    }
}

impl Snapshot<'_> {
    /// Everything that letters of a firm showed which left, to this person or to anybody, oldest first.
    pub fn sent_disclosures(&self, firm: FirmId, to: Option<PersonId>) -> Result<Vec<SentDisclosure>> {
        let rows = self.all(
            "SELECT o.sent_at, o.person_id, coalesce(o.sent_to, ''), o.template, o.message_id, d.kind, d.item_id, d.ability, d.version_number
             FROM disclosures d JOIN outbox o ON o.id = d.outbox_id
             WHERE d.firm_id = ?1 AND (?2 IS NULL OR o.person_id = ?2) AND o.sent_at IS NOT NULL ORDER BY o.sent_at, d.id",
            (firm.0, to.map(|p| p.0)),
            |r| {
                let (kind, item): (String, i64) = (r.get(5)?, r.get(6)?);
                let Some(kind) = Kind::from_stored(&kind) else { return Ok(None) };
                Ok(Some(SentDisclosure {
                    at: moment(r.get(0)?),
                    person: PersonId(r.get(1)?),
                    to: r.get(2)?,
                    template: r.get(3)?,
                    message_id: r.get(4)?,
                    shown: Disclosure { item: Item::new(kind, item), ability: r.get(7)?, version: r.get(8)? },
                }))
            },
        )?;
        Ok(rows.into_iter().flatten().collect())
    }
}

impl Tx<'_> {
    /// Queues a letter; the same key a second time changes nothing and gives none.
    pub fn queue(&self, firm: FirmId, new: &NewLetter, now: Timestamp) -> Result<Option<OutboxId>> {
        self.one(
            "INSERT INTO outbox (firm_id, person_id, letter_key, template, content, thread_id, inbox_id, message_id, date_at,
               to_login_address, coalesce_key, state, next_at, created_at)
             VALUES (:firm, :person, :key, :template, :content, :thread, :inbox, :message_id, :now, :only_to, :coalesce, 'QUEUED', :next, :now)
             ON CONFLICT (firm_id, letter_key) DO NOTHING RETURNING id",
            named_params! {":firm": firm.0, ":person": new.person.0, ":key": new.key, ":template": new.template, ":content": new.content,
            ":thread": new.thread.map(|t| t.0), ":inbox": new.inbox.map(|i| i.0), ":message_id": new.message_id, ":only_to": new.only_to,
            ":coalesce": new.coalesce, ":next": at(new.not_before), ":now": at(now)},
            |r| r.get(0).map(OutboxId),
        )
    }

    /// A queued, not yet rendered letter with this coalesce key.
    pub fn open_letter(&self, firm: FirmId, person: PersonId, coalesce: &str) -> Result<Option<Outbox>> {
        self.one(
            &format!(
                "SELECT {COLUMNS} FROM outbox WHERE firm_id = ?1 AND person_id = ?2 AND coalesce_key = ?3 AND state = 'QUEUED' AND tries = 0
                   AND NOT EXISTS (SELECT 1 FROM outbox_bytes b WHERE b.outbox_id = outbox.id) LIMIT 1"
            ),
            (firm.0, person.0, coalesce),
            read,
        )
    }

    /// Changes what a letter says that was not rendered yet, and what an answer to it is about.
    pub fn set_letter_content(&self, outbox: OutboxId, content: &str, thread: Option<ThreadId>) -> Result<()> {
        self.run(
            "UPDATE outbox SET content = ?2, thread_id = ?3 WHERE id = ?1 AND state = 'QUEUED'",
            (outbox.0, content, thread.map(|t| t.0)),
        )?;
        Ok(())
    }

    /// QUEUED → QUEUED, not before `next`: more may be added to it until then. No attempt is counted.
    pub fn gather_until(&self, outbox: OutboxId, next: Timestamp) -> Result<()> {
        self.run("UPDATE outbox SET next_at = ?2 WHERE id = ?1 AND state = 'QUEUED'", (outbox.0, at(next)))?;
        Ok(())
    }

    /// QUEUED → SENDING; false if somebody else was faster or it was dropped.
    pub fn claim(&self, outbox: OutboxId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE outbox SET state = 'SENDING', claimed_at = ?2, tries = tries + 1 WHERE id = ?1 AND state = 'QUEUED'",
            (outbox.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Freezes the bytes of a letter, what decided their words, and what they show.
    pub fn freeze(
        &self,
        firm: FirmId,
        outbox: OutboxId,
        bytes: &[u8],
        words: &str,
        shows: &[Disclosure],
    ) -> Result<()> {
        self.run("INSERT INTO outbox_bytes (outbox_id, bytes, words) VALUES (?1, ?2, ?3)", (outbox.0, bytes, words))?;
        for shown in shows {
            self.run(
                "INSERT INTO disclosures (firm_id, outbox_id, kind, item_id, ability, version_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (firm.0, outbox.0, shown.item.kind.stored(), shown.item.id, &shown.ability, shown.version),
            )?;
        }
        Ok(())
    }

    /// Forgets the bytes of a letter that certainly did not leave, and what they would have shown: it is rendered anew.
    pub fn thaw(&self, outbox: OutboxId) -> Result<()> {
        self.run("DELETE FROM outbox_bytes WHERE outbox_id = ?1", [outbox.0])?;
        self.run("DELETE FROM disclosures WHERE outbox_id = ?1", [outbox.0])?;
        Ok(())
    }

    /// SENDING → SENT, with the server's words. The bytes are no longer needed.
    pub fn set_sent(&self, outbox: OutboxId, to: &str, reply: &str, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 'SENT', sent_at = ?2, sent_to = ?3, last_reply = ?4 WHERE id = ?1 AND state = 'SENDING'",
            (outbox.0, at(now), to, reply),
        )?;
        self.run("DELETE FROM outbox_bytes WHERE outbox_id = ?1", [outbox.0])?;
        Ok(())
    }

    /// QUEUED → QUEUED: it could not be written now; to be tried again at `next`.
    pub fn put_off_letter(&self, outbox: OutboxId, reason: &str, next: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET tries = tries + 1, last_reply = ?2, next_at = ?3 WHERE id = ?1 AND state = 'QUEUED'",
            (outbox.0, reason, at(next)),
        )?;
        Ok(())
    }

    /// Notes that nobody knows whether a letter left: no other bytes are ever sent for it.
    pub fn note_unknown_outcome(&self, outbox: OutboxId) -> Result<()> {
        self.run("UPDATE outbox_bytes SET may_have_left = 1 WHERE outbox_id = ?1", [outbox.0])?;
        Ok(())
    }

    /// SENDING → QUEUED: to be tried again at `next`.
    pub fn set_deferred(&self, outbox: OutboxId, reply: &str, next: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 'QUEUED', last_reply = ?2, next_at = ?3 WHERE id = ?1 AND state = 'SENDING'",
            (outbox.0, reply, at(next)),
        )?;
        Ok(())
    }

    /// SENDING → QUEUED: to be tried again at `next`, and not by its own fault: the attempt is not counted.
    pub fn set_kept(&self, outbox: OutboxId, reply: &str, next: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 'QUEUED', tries = max(tries - 1, 0), last_reply = ?2, next_at = ?3
             WHERE id = ?1 AND state = 'SENDING'",
            (outbox.0, reply, at(next)),
        )?;
        Ok(())
    }

    /// Lets what is to be tried again, mails and letters, wait no longer than until `latest`: a clock that was wrong put
    /// it off until then (fault F42). Gives how many.
    pub fn wait_no_longer_than(&self, latest: Timestamp) -> Result<usize> {
        let letters = self.run(
            "UPDATE outbox SET next_at = ?1 WHERE state = 'QUEUED' AND next_at > ?1 AND coalesce(reason, '') <> 'PAUSED'",
            [at(latest)],
        )?;
        let mails = self
            .run("UPDATE inbox SET next_at = ?1 WHERE state IN ('RECEIVED','PROVED') AND next_at > ?1", [at(latest)])?;
        Ok(letters.saturating_add(mails))
    }

    /// → FAILED: refused for good, or for too long.
    pub fn set_failed(&self, outbox: OutboxId, reason: &str, reply: &str) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 'FAILED', reason = ?2, last_reply = ?3 WHERE id = ?1 AND state IN ('QUEUED', 'SENDING')",
            (outbox.0, reason, reply),
        )?;
        Ok(())
    }

    /// QUEUED or FAILED → CANCELLED, with the reason; false if it is under way or has left.
    pub fn cancel_letter(&self, outbox: OutboxId, reason: &str) -> Result<bool> {
        self.cancel(outbox, reason, "'QUEUED', 'FAILED'")
    }

    /// SENDING → CANCELLED, of a letter that a process which ended left behind: nobody knows whether it has left.
    pub fn cancel_left_behind(&self, outbox: OutboxId, reason: &str) -> Result<bool> {
        self.cancel(outbox, reason, "'SENDING'")
    }

    fn cancel(&self, outbox: OutboxId, reason: &str, from: &str) -> Result<bool> {
        let changed = self.run(
            &format!("UPDATE outbox SET state = 'CANCELLED', reason = ?2 WHERE id = ?1 AND state IN ({from})"),
            (outbox.0, reason),
        )?;
        if changed == 1 {
            self.run("DELETE FROM outbox_bytes WHERE outbox_id = ?1", [outbox.0])?;
        }
        Ok(changed == 1)
    }

    /// QUEUED → QUEUED, not before `next`: its person paused mails of its kind. No attempt is counted.
    pub fn hold_back(&self, outbox: OutboxId, next: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET next_at = ?2, reason = 'PAUSED' WHERE id = ?1 AND state = 'QUEUED'",
            (outbox.0, at(next)),
        )?;
        Ok(())
    }

    /// Lets the letters that waited for the end of a person's pause go out at `now`, dated so, and gives how many.
    pub fn release_held_back(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<usize> {
        self.run(
            "UPDATE outbox SET next_at = ?3, date_at = ?3, reason = NULL
             WHERE firm_id = ?1 AND person_id = ?2 AND state = 'QUEUED' AND reason = 'PAUSED'",
            (firm.0, person.0, at(now)),
        )
    }

    /// FAILED → QUEUED: a person wants it tried again; false if it had not failed.
    pub fn requeue(&self, firm: FirmId, outbox: OutboxId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE outbox SET state = 'QUEUED', tries = 0, reason = NULL, next_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND state = 'FAILED'",
            (firm.0, outbox.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// SENDING → QUEUED for all: at start, what was under way has an unknown outcome and is sent again, same bytes. Only
    /// the daemon, which alone sends, may call this.
    pub fn recover_sending(&self) -> Result<usize> {
        self.run(
            "UPDATE outbox_bytes SET may_have_left = 1 WHERE outbox_id IN (SELECT id FROM outbox WHERE state = 'SENDING')",
            [],
        )?;
        self.run("UPDATE outbox SET state = 'QUEUED', last_reply = 'outcome unknown' WHERE state = 'SENDING'", [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_those_of_the_table_and_of_the_prose() {
        let schema = include_str!("schema/0001_first.sql");
        let words: Vec<String> = OutboxState::ALL.iter().map(|s| format!("'{}'", s.word())).collect();
        assert!(schema.contains(&format!("({})", words.join(","))));
        let prose = include_str!("outbox.rs");
        for state in OutboxState::ALL {
            assert!(prose.contains(&format!("//! - `{}`:", state.word())));
        }
    }
}
