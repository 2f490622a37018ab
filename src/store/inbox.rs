//! Mail that came in. It is staged before anything else happens to it, moves through the states below in the functions
//! below and nowhere else, and ends in exactly one outcome with a reason.
//!
//! ```text
//! RECEIVED ─► PROVED ─► APPLIED | HELD | REFUSED | IGNORED | DEAD        HELD ─► PROVED (a person released it)
//! ```
//!
//! - `RECEIVED`: the raw mail is on disk and named; nothing of it was read.
//! - `PROVED`: who wrote it was found out as far as it can be; the facts are stored.
//! - `APPLIED`: it took effect, in one transaction.
//! - `HELD`: it waits for a person; nothing took effect.
//! - `REFUSED`: its author is known and was told why nothing took effect.
//! - `IGNORED`: nothing was to be done, and nobody was told: machines, strangers, repetitions.
//! - `DEAD`: it could not be processed; it is kept, and the firm was told.

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, InboxId, Item, Kind, PersonId, ThreadId};

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Where a mail stands; see the module.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum InboxState { $($(#[$doc])* $name,)+ }

        impl InboxState {
            /// All states, in the order of a mail's life.
            pub const ALL: &'static [InboxState] = &[$(InboxState::$name,)+];

            /// The word in the store and in lists.
            pub const fn word(self) -> &'static str {
                match self { $(InboxState::$name => $word,)+ }
            }

            /// The state of this word.
            pub fn from_word(word: &str) -> Option<InboxState> {
                InboxState::ALL.iter().copied().find(|s| s.word().eq_ignore_ascii_case(word))
            }
        }
    };
}

states! {
    /// Staged.
    Received = "RECEIVED",
    /// Its proof is stored.
    Proved = "PROVED",
    /// It took effect.
    Applied = "APPLIED",
    /// It waits for a person.
    Held = "HELD",
    /// Its author was told why not.
    Refused = "REFUSED",
    /// Nothing was to be done.
    Ignored = "IGNORED",
    /// It could not be processed.
    Dead = "DEAD",
}

/// A raw mail about to be staged; its blob is on disk.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Name of the mailbox in the configuration.
    pub mailbox: String,
    /// Fingerprint of the server's folder that counts; empty for folders and standard input.
    pub source: String,
    /// Of the mailbox; 0 for folders and standard input.
    pub uid_validity: u32,
    /// UID, file name, or hash.
    pub uid: String,
    /// Blob.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// INTERNALDATE.
    pub arrived_at: Timestamp,
}

/// What gives UIDs their meaning: under another one the same UID is another mail's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// Fingerprint of the server's folder that counts.
    pub source: String,
    /// UIDVALIDITY; 0 where the server gives none.
    pub uid_validity: u32,
}

/// A staged mail.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// Its row.
    pub id: InboxId,
    /// The firm.
    pub firm: FirmId,
    /// Name of the mailbox in the configuration.
    pub mailbox: String,
    /// UID, file name, or hash.
    pub uid: String,
    /// Of the mailbox.
    pub uid_validity: u32,
    /// SHA-256 of the raw mail as it came.
    pub sha256: String,
    /// Blob of what is kept in its place, without card numbers.
    pub kept_sha256: Option<String>,
    /// Bytes.
    pub size: u64,
    /// INTERNALDATE.
    pub arrived_at: Timestamp,
    /// When it was staged.
    pub received_at: Timestamp,
    /// Where it stands.
    pub state: InboxState,
    /// Attempts so far.
    pub tries: u32,
    /// Facts of the proof (JSON).
    pub proof: Option<String>,
    /// Code of the outcome.
    pub reason: Option<String>,
    /// Strict From.
    pub from_address: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Who it was found to be from.
    pub person: Option<PersonId>,
    /// Which matter it was found to be about.
    pub matter: Option<i64>,
    /// In reply to what.
    pub thread: Option<ThreadId>,
    /// Level of the proof.
    pub level: Option<String>,
    /// Class.
    pub class: Option<String>,
    /// Text of it may have been left out.
    pub unsure: bool,
    /// Matter that the firm named for it.
    pub assigned_matter: Option<i64>,
    /// Level that a release or a confirmation gave it.
    pub released_level: Option<String>,
    /// The role in which its writer said that they wrote it.
    pub role: Option<PersonId>,
    /// DNS, the scanner or the disk gave no answer when it was last taken up; others that came later went on.
    pub was_put_off: bool,
}

impl Inbox {
    /// The blob of the mail: as it came, or what is kept in its place.
    pub fn blob(&self) -> &str {
        self.kept_sha256.as_deref().unwrap_or(&self.sha256)
    }

    /// True if its bytes are kept no longer (store/retention.rs).
    pub fn is_purged(&self) -> bool {
        self.blob().is_empty()
    }
}

/// What was found out about a mail while it was decided; kept with the outcome.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Message-ID.
    pub message_id: Option<String>,
    /// Canonical hash (decisions.md 40).
    pub content_hash: Option<String>,
    /// Strict From.
    pub from_address: Option<String>,
    /// Subject, cut.
    pub subject: Option<String>,
    /// Class.
    pub class: Option<String>,
    /// Level of the proof.
    pub level: Option<String>,
    /// Who it is from.
    pub person: Option<PersonId>,
    /// Which matter it is about.
    pub matter: Option<i64>,
    /// In reply to what.
    pub thread: Option<ThreadId>,
    /// Text of it may have been left out: where the history begins was not sure.
    pub unsure: bool,
    /// A matter that its address names and its sender may not see: for the firm alone, and not kept with the mail, so that
    /// nothing that is answered can depend on it.
    pub unseen_matter: Option<i64>,
}

const COLUMNS: &str =
    "id, firm_id, mailbox, uid, uid_validity, sha256, kept_sha256, size, arrived_at, received_at, state, tries, proof, reason,
    from_address, subject, person_id, matter_id, thread_id, level, class, unsure, assigned_matter_id,
    released_level, role_id, next_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Inbox> {
    let state: String = row.get("state")?;
    Ok(Inbox {
        id: InboxId(row.get("id")?),
        firm: FirmId(row.get("firm_id")?),
        mailbox: row.get("mailbox")?,
        uid: row.get("uid")?,
        uid_validity: row.get("uid_validity")?,
        sha256: row.get("sha256")?,
        kept_sha256: row.get("kept_sha256")?,
        size: row.get::<_, i64>("size")?.unsigned_abs(),
        arrived_at: moment(row.get("arrived_at")?),
        received_at: moment(row.get("received_at")?),
        state: InboxState::from_word(&state).unwrap_or(InboxState::Dead),
        tries: row.get("tries")?,
        proof: row.get("proof")?,
        reason: row.get("reason")?,
        from_address: row.get("from_address")?,
        subject: row.get("subject")?,
        person: row.get::<_, Option<i64>>("person_id")?.map(PersonId),
        matter: row.get("matter_id")?,
        thread: row.get::<_, Option<i64>>("thread_id")?.map(ThreadId),
        level: row.get("level")?,
        class: row.get("class")?,
        unsure: row.get("unsure")?,
        assigned_matter: row.get("assigned_matter_id")?,
        released_level: row.get("released_level")?,
        role: row.get::<_, Option<i64>>("role_id")?.map(PersonId),
        was_put_off: row.get::<_, i64>("next_at")? > 0,
    })
}

/// Firms as `json_each` reads them.
fn listed(firms: &[FirmId]) -> String {
    let ids: Vec<String> = firms.iter().map(|firm| firm.0.to_string()).collect();
    format!("[{}]", ids.join(","))
}

/// One effect of a mail, once (decisions.md 40).
#[derive(Clone, Debug)]
pub struct Effect {
    /// Its row.
    pub id: i64,
    /// Which of the mail's effects.
    pub ordinal: u32,
    /// time, done, message, file …
    pub verb: String,
    /// Which thing came of it.
    pub item: Option<Item>,
    /// What `#undo` puts back (JSON).
    pub before: Option<String>,
    /// Reversed.
    pub undone: bool,
}

/// Which mails are counted: only proved ones that nobody had to release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Of a person.
    Of(PersonId),
    /// About a matter.
    About(i64),
    /// Of a person, in answer to receipts.
    ToReceipts(PersonId),
    /// Of a person, answered without any effect.
    WithoutEffect(PersonId),
    /// Of a person, answered by a question to which they did not give an answer yet: the firm holds them.
    AskedAbout(PersonId),
}

/// Which mails are listed; what is none is of no matter.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// In this state.
    pub state: Option<InboxState>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// About this matter.
    pub matter: Option<i64>,
    /// For this reason.
    pub reason: Option<String>,
}

impl Snapshot<'_> {
    /// How many mails other than `mail` came after `since` and not after it, but no more than `most`.
    pub fn count_mails(&self, firm: FirmId, count: Count, mail: &Inbox, since: Timestamp, most: u32) -> Result<u32> {
        let (row, which) = match count {
            Count::Of(person) => (person.0, "person_id = ?2 AND state <> 'IGNORED'"),
            Count::About(matter) => (matter, "matter_id = ?2 AND state <> 'IGNORED'"),
            Count::ToReceipts(person) => (
                person.0,
                "person_id = ?2 AND state <> 'IGNORED' AND thread_id IN (SELECT id FROM threads WHERE person_id = ?2 AND purpose = 'receipt')",
            ),
            Count::WithoutEffect(person) => {
                (person.0, "person_id = ?2 AND (state = 'REFUSED' OR reason IN ('CONTEXT_NONE', 'RATE_LIMITED'))")
            }
            Count::AskedAbout(person) => (
                person.0,
                "person_id = ?2 AND state = 'HELD' AND reason IN ('CONTEXT_NONE', 'MATTER_UNAVAILABLE', 'PLACE_CLOSED', 'PLACE_UNKNOWN')",
            ),
        };
        let found = self.one(
            &format!(
                "SELECT count(*) FROM (SELECT 1 FROM inbox WHERE firm_id = ?1 AND {which} AND arrived_at > ?3 AND arrived_at <= ?4
                   AND id <> ?5 AND level IN ('strong', 'good') AND released_level IS NULL LIMIT ?6)"
            ),
            (firm.0, row, at(since), at(mail.arrived_at), mail.id.0, most),
            |r| r.get(0),
        )?;
        Ok(found.unwrap_or(0))
    }

    /// True if this mail answered the receipt of another one.
    pub fn answers_a_receipt(&self, firm: FirmId, inbox: InboxId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM inbox i JOIN threads t ON t.id = i.thread_id WHERE i.firm_id = ?1 AND i.id = ?2 AND t.purpose = 'receipt'",
            (firm.0, inbox.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// True if a mail that was proved to be this person's came from this address after a moment.
    pub fn has_written_since(&self, firm: FirmId, person: PersonId, address: &str, since: Timestamp) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM inbox WHERE firm_id = ?1 AND person_id = ?2 AND from_address = ?3 AND arrived_at > ?4
               AND level IN ('strong', 'good') AND released_level IS NULL LIMIT 1",
            (firm.0, person.0, address, at(since)),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// The mails of a person that were held because too many came.
    pub fn inbox_braked(&self, firm: FirmId, person: PersonId) -> Result<Vec<InboxId>> {
        self.all(
            "SELECT id FROM inbox WHERE firm_id = ?1 AND person_id = ?2 AND state = 'HELD' AND reason = 'RATE_LIMITED' ORDER BY id",
            (firm.0, person.0),
            |r| r.get(0).map(InboxId),
        )
    }

    /// The mail of this row.
    pub fn inbox(&self, firm: FirmId, inbox: InboxId) -> Result<Option<Inbox>> {
        self.one(&format!("SELECT {COLUMNS} FROM inbox WHERE firm_id = ?1 AND id = ?2"), (firm.0, inbox.0), read)
    }

    /// The Message-ID of a mail as its author's program wrote it, without brackets.
    pub fn inbox_message_id(&self, firm: FirmId, inbox: InboxId) -> Result<Option<String>> {
        Ok(self
            .one("SELECT message_id FROM inbox WHERE firm_id = ?1 AND id = ?2", (firm.0, inbox.0), |r| r.get(0))?
            .flatten())
    }

    /// Mails of these firms that came to `state` and were not taken up yet, oldest first.
    pub fn inbox_due(&self, state: InboxState, firms: &[FirmId], limit: u32) -> Result<Vec<Inbox>> {
        self.inbox_between(state, firms, (0, 0), limit)
    }

    /// Mails of these firms in `state` that were put off and may be taken up again at `now`, the longest due first.
    pub fn inbox_due_again(
        &self,
        state: InboxState,
        firms: &[FirmId],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Inbox>> {
        self.inbox_between(state, firms, (1, at(now)), limit)
    }

    fn inbox_between(
        &self,
        state: InboxState,
        firms: &[FirmId],
        (first, last): (i64, i64),
        limit: u32,
    ) -> Result<Vec<Inbox>> {
        self.all(
            // The plus sign: in the order of `inbox_open`, not by firms.
            &format!(
                "SELECT {COLUMNS} FROM inbox WHERE state = ?1 AND next_at BETWEEN ?2 AND ?3 AND tries = 0
                   AND +firm_id IN (SELECT value FROM json_each(?4)) ORDER BY next_at, id LIMIT ?5"
            ),
            (state.word(), first, last, listed(firms), limit),
            read,
        )
    }

    /// The oldest mails of these firms whose last attempt came to no end, of those that may be taken up at `now`.
    pub fn inbox_suspects(&self, firms: &[FirmId], now: Timestamp, limit: u32) -> Result<Vec<Inbox>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM inbox WHERE state IN ('RECEIVED', 'PROVED') AND next_at <= ?1 AND tries > 0
                   AND +firm_id IN (SELECT value FROM json_each(?2)) ORDER BY id LIMIT ?3"
            ),
            (at(now), listed(firms), limit),
            read,
        )
    }

    /// How many mails wait for firms other than these, by the slug of the firm.
    pub fn inbox_of_others(&self, firms: &[FirmId]) -> Result<Vec<(String, u32)>> {
        self.all(
            "SELECT f.slug, count(*) FROM inbox i JOIN firms f ON f.id = i.firm_id WHERE i.state IN ('RECEIVED', 'PROVED')
               AND +i.firm_id NOT IN (SELECT value FROM json_each(?1)) GROUP BY f.id ORDER BY f.id",
            [listed(firms)],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }

    /// How many mails were begun and did not come to an end.
    pub fn inbox_cut_off(&self) -> Result<u32> {
        let found =
            self.one("SELECT count(*) FROM inbox WHERE state IN ('RECEIVED', 'PROVED') AND tries > 0", [], |r| {
                r.get(0)
            })?;
        Ok(found.unwrap_or(0))
    }

    /// Mails of a firm that are as is wanted, newest first.
    pub fn inbox_listed(&self, firm: FirmId, wanted: &Wanted, limit: u32) -> Result<Vec<Inbox>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM inbox WHERE firm_id = :firm AND (:state IS NULL OR state = :state)
                   AND (:person IS NULL OR person_id = :person) AND (:matter IS NULL OR matter_id = :matter)
                   AND (:reason IS NULL OR reason = :reason) ORDER BY id DESC LIMIT :limit"
            ),
            named_params! {":firm": firm.0, ":state": wanted.state.map(InboxState::word), ":person": wanted.person.map(|p| p.0),
            ":matter": wanted.matter, ":reason": wanted.reason, ":limit": limit},
            read,
        )
    }

    /// Mails of a firm, newest first; in one state, or in all.
    pub fn inbox_list(&self, firm: FirmId, state: Option<InboxState>, limit: u32) -> Result<Vec<Inbox>> {
        self.all(
            &format!("SELECT {COLUMNS} FROM inbox WHERE firm_id = ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id DESC LIMIT ?3"),
            (firm.0, state.map(InboxState::word), limit),
            read,
        )
    }

    /// The last mails of a person that were decided, newest first.
    pub fn inbox_of(&self, firm: FirmId, person: PersonId, limit: u32) -> Result<Vec<Inbox>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM inbox WHERE firm_id = ?1 AND person_id = ?2 AND state NOT IN ('RECEIVED', 'PROVED', 'IGNORED')
                 ORDER BY id DESC LIMIT ?3"
            ),
            (firm.0, person.0, limit),
            read,
        )
    }

    /// Staged mails of a mailbox, as it is numbered now, whose copy there was not tidied yet, and their UIDs.
    pub fn inbox_unsettled(&self, firm: FirmId, mailbox: &str, numbering: &Numbering) -> Result<Vec<(InboxId, u32)>> {
        let rows: Vec<(InboxId, String)> = self.all(
            "SELECT id, uid FROM inbox WHERE firm_id = ?1 AND mailbox = ?2 AND source = ?3 AND uid_validity = ?4
               AND settled_at IS NULL ORDER BY id",
            (firm.0, mailbox, &numbering.source, numbering.uid_validity),
            |r| Ok((InboxId(r.get(0)?), r.get(1)?)),
        )?;
        Ok(rows.into_iter().filter_map(|(id, uid)| Some((id, uid.parse().ok()?))).collect())
    }

    /// The SHA-256 of each mail that is staged under the number of this one: one of its own, unless the server gave the
    /// number to another mail.
    pub fn staged_under(&self, firm: FirmId, mail: &Staged) -> Result<Vec<String>> {
        self.all(
            "SELECT sha256 FROM inbox WHERE firm_id = ?1 AND mailbox = ?2 AND source = ?3 AND uid_validity = ?4 AND uid = ?5",
            (firm.0, &mail.mailbox, &mail.source, mail.uid_validity, &mail.uid),
            |r| r.get(0),
        )
    }

    /// True if the same bytes were staged before under another id; a purged mail keeps its hash (faults F33, F34).
    pub fn inbox_repeats(&self, firm: FirmId, mail: &Inbox) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM inbox WHERE firm_id = ?1 AND sha256 = ?2 AND id < ?3 LIMIT 1",
            (firm.0, &mail.sha256, mail.id.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// The mail with the same content of the same person that already had its outcome, if any.
    pub fn inbox_with_content(
        &self,
        firm: FirmId,
        person: PersonId,
        hash: &str,
        but: InboxId,
    ) -> Result<Option<InboxId>> {
        self.one(
            "SELECT id FROM inbox WHERE firm_id = ?1 AND person_id = ?2 AND content_hash = ?3 AND id <> ?4 AND state = 'APPLIED' LIMIT 1",
            (firm.0, person.0, hash, but.0),
            |r| r.get(0).map(InboxId),
        )
    }

    /// True if another mail of the same person says the same and other domains than its author's signed it.
    pub fn is_signed_otherwise(&self, firm: FirmId, mail: InboxId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM inbox a JOIN inbox b ON b.firm_id = a.firm_id AND b.person_id = a.person_id AND b.content_hash = a.content_hash
             WHERE a.firm_id = ?1 AND a.id = ?2 AND b.id <> a.id
               AND json_extract(b.proof, '$.other_signers') IS NOT json_extract(a.proof, '$.other_signers') LIMIT 1",
            (firm.0, mail.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// The mails of a person with this Message-ID, but one, that took effect; and those that came before it, were proved, say
    /// something else than `hash` and wait. What waits and is taken up again isn't measured by what came after it.
    pub fn inbox_with_message_id(
        &self,
        firm: FirmId,
        person: PersonId,
        message_id: &str,
        hash: &str,
        but: InboxId,
    ) -> Result<Vec<Inbox>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM inbox WHERE firm_id = ?1 AND person_id = ?2 AND message_id = ?3 AND id <> ?5
                   AND (state = 'APPLIED' OR (state = 'HELD' AND id < ?5 AND level IN ('strong', 'good') AND content_hash <> ?4))
                 LIMIT 20"
            ),
            (firm.0, person.0, message_id, hash, but.0),
            read,
        )
    }

    /// Whether a changed copy of the mail of this person with this Message-ID was held.
    pub fn holds_changed_copy(&self, firm: FirmId, person: PersonId, message_id: &str) -> Result<bool> {
        let found: Option<i64> = self.one(
            "SELECT id FROM inbox WHERE firm_id = ?1 AND person_id = ?2 AND message_id = ?3 AND reason = 'CHANGED_COPY' LIMIT 1",
            (firm.0, person.0, message_id),
            |r| r.get(0),
        )?;
        Ok(found.is_some())
    }

    /// What the mail did, in order.
    pub fn effects(&self, firm: FirmId, inbox: InboxId) -> Result<Vec<Effect>> {
        self.all(
            "SELECT id, ordinal, verb, kind, item_id, before, undone_at FROM effects WHERE firm_id = ?1 AND inbox_id = ?2 ORDER BY ordinal",
            (firm.0, inbox.0),
            |r| {
                let kind: Option<String> = r.get(3)?;
                let item: Option<i64> = r.get(4)?;
                Ok(Effect {
                    id: r.get(0)?,
                    ordinal: r.get(1)?,
                    verb: r.get(2)?,
                    item: kind.as_deref().and_then(Kind::from_stored).zip(item).map(|(kind, id)| Item::new(kind, id)),
                    before: r.get(5)?,
                    undone: r.get::<_, Option<i64>>(6)?.is_some(),
                })
            },
        )
    }

    /// The UIDs of a mailbox that are staged: progress is this set, never a maximum (decisions.md 41).
    pub fn staged_uids(&self, firm: FirmId, mailbox: &str, numbering: &Numbering) -> Result<Vec<u32>> {
        let uids: Vec<String> = self.all(
            "SELECT uid FROM inbox WHERE firm_id = ?1 AND mailbox = ?2 AND source = ?3 AND uid_validity = ?4",
            (firm.0, mailbox, &numbering.source, numbering.uid_validity),
            |r| r.get(0),
        )?;
        Ok(uids.iter().filter_map(|uid| uid.parse().ok()).collect())
    }
}

impl Tx<'_> {
    /// Notes what is kept in place of a raw mail, for every row of these bytes in the firm; its blob is on disk. The bytes
    /// as they came are no longer named then, and are taken away after the commit, or by the collector after a crash.
    pub fn replace_raw(&self, firm: FirmId, mail: &Inbox, kept: &str) -> Result<()> {
        self.run(
            "UPDATE inbox SET kept_sha256 = ?3 WHERE firm_id = ?1 AND sha256 = ?2 AND kept_sha256 IS NULL",
            (firm.0, &mail.sha256, kept),
        )?;
        Ok(())
    }

    /// Stages a mail whose blob is on disk; a second time under the same UID changes nothing and gives none. Another mail
    /// under the same UID is staged beside the first.
    pub fn stage(&self, firm: FirmId, mail: &Staged, now: Timestamp) -> Result<Option<InboxId>> {
        self.one(
            "INSERT INTO inbox (firm_id, mailbox, source, uid_validity, uid, sha256, kept_sha256, size, arrived_at, received_at, state)
             VALUES (:firm, :mailbox, :source, :validity, :uid, :sha256,
               (SELECT kept_sha256 FROM inbox WHERE firm_id = :firm AND sha256 = :sha256 AND kept_sha256 <> '' LIMIT 1),
               :size, :arrived, :now, 'RECEIVED') ON CONFLICT DO NOTHING RETURNING id",
            named_params! {":firm": firm.0, ":mailbox": mail.mailbox, ":source": mail.source, ":validity": mail.uid_validity, ":uid": mail.uid,
            ":sha256": mail.sha256, ":size": i64::try_from(mail.size).unwrap_or(i64::MAX), ":arrived": at(mail.arrived_at), ":now": at(now)},
            |r| r.get(0).map(InboxId),
        )
    }

    /// Counts an attempt before it is made, so that a mail that ends the process is counted too; gives the new count.
    pub fn count_try(&self, inbox: InboxId) -> Result<u32> {
        let tries =
            self.one("UPDATE inbox SET tries = tries + 1 WHERE id = ?1 RETURNING tries", [inbox.0], |r| r.get(0))?;
        Ok(tries.unwrap_or(0))
    }

    /// Takes the count back after an attempt that ended in order but could not decide (DNS trouble).
    pub fn postpone(&self, inbox: InboxId, until: Timestamp) -> Result<()> {
        self.run("UPDATE inbox SET tries = 0, next_at = ?2 WHERE id = ?1", (inbox.0, at(until)))?;
        Ok(())
    }

    /// Takes the count back of an attempt that was broken off in order; the mail stands where it stood.
    pub fn give_back(&self, inbox: InboxId) -> Result<()> {
        self.run("UPDATE inbox SET tries = 0 WHERE id = ?1", [inbox.0])?;
        Ok(())
    }

    /// RECEIVED → PROVED, with the facts.
    pub fn set_proved(&self, inbox: InboxId, proof: &str) -> Result<()> {
        self.run("UPDATE inbox SET state = 'PROVED', proof = ?2, tries = 0, next_at = 0 WHERE id = ?1 AND state = 'RECEIVED'", (inbox.0, proof))?;
        Ok(())
    }

    /// Gives a mail its outcome; false if it had one already.
    pub fn decide(
        &self,
        inbox: InboxId,
        state: InboxState,
        reason: &str,
        found: &Findings,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = :state, reason = :reason, message_id = :message_id, content_hash = :hash, from_address = :from,
               subject = :subject, class = :class, level = :level, person_id = :person, matter_id = :matter, thread_id = :thread, unsure = :unsure,
               decided_at = :now
             WHERE id = :id AND state IN ('RECEIVED', 'PROVED')",
            named_params! {":id": inbox.0, ":state": state.word(), ":reason": reason, ":message_id": found.message_id,
            ":hash": found.content_hash, ":from": found.from_address, ":subject": found.subject, ":class": found.class,
            ":level": found.level, ":person": found.person.map(|p| p.0), ":matter": found.matter,
            ":thread": found.thread.map(|t| t.0), ":unsure": found.unsure, ":now": at(now)},
        )?;
        Ok(changed == 1)
    }

    /// HELD → PROVED: a person released it, at this level, perhaps for this matter; false if it was not held.
    pub fn release(
        &self,
        firm: FirmId,
        inbox: InboxId,
        level: &str,
        matter: Option<i64>,
        by: Option<PersonId>,
    ) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'PROVED', tries = 0, next_at = 0, released_level = ?3, assigned_matter_id = coalesce(?4, assigned_matter_id),
               decided_by = ?5 WHERE firm_id = ?1 AND id = ?2 AND state = 'HELD'",
            (firm.0, inbox.0, level, matter, by.map(|p| p.0)),
        )?;
        Ok(changed == 1)
    }

    /// HELD → PROVED, to be judged by its own proof again: its sender became known. False if it was not held.
    pub fn judge_again(&self, firm: FirmId, inbox: InboxId) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'PROVED', tries = 0, next_at = 0 WHERE firm_id = ?1 AND id = ?2 AND state = 'HELD'",
            (firm.0, inbox.0),
        )?;
        Ok(changed == 1)
    }

    /// HELD → PROVED: its writer said in which role they wrote it; false if it did not wait for that.
    pub fn choose_role(&self, firm: FirmId, inbox: InboxId, role: PersonId) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'PROVED', tries = 0, next_at = 0, role_id = ?3 WHERE firm_id = ?1 AND id = ?2
               AND state = 'HELD' AND reason = 'ROLE_UNKNOWN'",
            (firm.0, inbox.0, role.0),
        )?;
        Ok(changed == 1)
    }

    /// HELD → PROVED: its writer said which matter it is about; false if it did not wait for that.
    pub fn choose_matter(&self, firm: FirmId, inbox: InboxId, matter: i64) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'PROVED', tries = 0, next_at = 0, assigned_matter_id = ?3
             WHERE firm_id = ?1 AND id = ?2 AND state = 'HELD' AND reason = 'CONTEXT_NONE'",
            (firm.0, inbox.0, matter),
        )?;
        Ok(changed == 1)
    }

    /// Takes a mail to an address of several firms to the one that it is for, before anything was made of it.
    pub fn route(&self, mail: &Inbox, firm: FirmId) -> Result<()> {
        self.run(
            "UPDATE inbox SET firm_id = ?3 WHERE firm_id = ?1 AND id = ?2 AND state = 'PROVED' AND released_level IS NULL
               AND role_id IS NULL",
            (mail.firm.0, mail.id.0, firm.0),
        )?;
        Ok(())
    }

    /// HELD → IGNORED here, PROVED at another firm that has the same address: its writer said that they wrote it to that
    /// one. Nothing of what it says stays here; false if it did not wait for that.
    pub fn hand_over(&self, firm: FirmId, inbox: InboxId, to: FirmId, role: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'IGNORED', reason = 'FOR_ANOTHER_FIRM', decided_at = ?3, subject = NULL,
               message_id = NULL, content_hash = NULL WHERE firm_id = ?1 AND id = ?2 AND state = 'HELD' AND reason = 'ROLE_UNKNOWN'",
            (firm.0, inbox.0, at(now)),
        )?;
        if changed == 0 {
            return Ok(false);
        }
        // The row that stays sees to the copy in the mailbox.
        self.run(
            "INSERT INTO inbox (firm_id, mailbox, source, uid_validity, uid, sha256, kept_sha256, size, arrived_at, received_at, state, proof, role_id, settled_at)
             SELECT ?3, mailbox, source, uid_validity, uid, sha256, kept_sha256, size, arrived_at, ?5, 'PROVED', proof, ?4, ?5
             FROM inbox WHERE firm_id = ?1 AND id = ?2",
            (firm.0, inbox.0, to.0, role.0, at(now)),
        )?;
        Ok(true)
    }

    /// HELD → IGNORED: a person dismissed it; false if it was not held.
    pub fn dismiss(&self, firm: FirmId, inbox: InboxId, by: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'IGNORED', held_for = reason, reason = 'DISMISSED', decided_by = ?3, decided_at = ?4
             WHERE firm_id = ?1 AND id = ?2 AND state = 'HELD'",
            (firm.0, inbox.0, by.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// IGNORED → HELD: a person takes back that it was dismissed, and it waits for what it waited for; false if it was not
    /// dismissed, or was purged since.
    pub fn restore(&self, firm: FirmId, inbox: InboxId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = 'HELD', reason = held_for, held_for = NULL, decided_by = NULL, decided_at = ?3
             WHERE firm_id = ?1 AND id = ?2 AND state = 'IGNORED' AND reason = 'DISMISSED' AND coalesce(kept_sha256, sha256) <> ''",
            (firm.0, inbox.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// DEAD → RECEIVED: a person wants it tried again; false if it was not dead.
    pub fn revive(&self, firm: FirmId, inbox: InboxId) -> Result<bool> {
        let changed = self.run(
            "UPDATE inbox SET state = CASE WHEN proof IS NULL THEN 'RECEIVED' ELSE 'PROVED' END, tries = 0, next_at = 0
             WHERE firm_id = ?1 AND id = ?2 AND state = 'DEAD'",
            (firm.0, inbox.0),
        )?;
        Ok(changed == 1)
    }

    /// Notes that the mailbox was tidied.
    pub fn set_settled(&self, inboxes: &[InboxId], now: Timestamp) -> Result<()> {
        for inbox in inboxes {
            self.run("UPDATE inbox SET settled_at = ?2 WHERE id = ?1", (inbox.0, at(now)))?;
        }
        Ok(())
    }

    /// Notes that a staged mail's copy lies in the mailbox again.
    pub fn set_unsettled(&self, firm: FirmId, mail: &Staged) -> Result<()> {
        self.run(
            "UPDATE inbox SET settled_at = NULL WHERE firm_id = ?1 AND mailbox = ?2 AND source = ?3 AND uid_validity = ?4
               AND uid = ?5 AND sha256 = ?6",
            (firm.0, &mail.mailbox, &mail.source, mail.uid_validity, &mail.uid, &mail.sha256),
        )?;
        Ok(())
    }

    /// Notes an effect; false if the same content of this person already had it (then nothing may be done again).
    #[expect(clippy::too_many_arguments, reason = "one row, one call")]
    pub fn add_effect(
        &self,
        firm: FirmId,
        person: PersonId,
        hash: &str,
        ordinal: u32,
        inbox: InboxId,
        verb: &str,
        item: Option<Item>,
        before: Option<&str>,
    ) -> Result<bool> {
        let added = self.run(
            "INSERT INTO effects (firm_id, person_id, content_hash, ordinal, inbox_id, verb, kind, item_id, before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            (firm.0, person.0, hash, ordinal, inbox.0, verb, item.map(|i| i.kind.stored()), item.map(|i| i.id), before),
        )?;
        Ok(added == 1)
    }

    /// Notes that `#undo` reversed an effect.
    pub fn set_undone(&self, effect: i64, now: Timestamp) -> Result<()> {
        self.run("UPDATE effects SET undone_at = ?2 WHERE id = ?1", (effect, at(now)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_those_of_the_table_and_of_the_prose() {
        let schema = include_str!("schema/0001_first.sql");
        let check = schema.lines().find(|l| l.contains("'RECEIVED','PROVED'") && l.contains("NOT NULL")).unwrap();
        let words: Vec<String> = InboxState::ALL.iter().map(|s| format!("'{}'", s.word())).collect();
        assert!(check.contains(&format!("({})", words.join(","))));
        let prose = include_str!("inbox.rs");
        for state in InboxState::ALL {
            assert!(prose.contains(&format!("//! - `{}`:", state.word())));
        }
    }
}
