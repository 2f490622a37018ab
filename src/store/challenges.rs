//! Questions that go to registered addresses: "was this you?", with the held mails that an answer would release
//! (sender-proof.md 5.10), and whether content of restricted matters is to be sent. Codes are stored as keyed hashes; how many wrong ones are too many is not decided here.

use jiff::Timestamp;
use rusqlite::Row;

use super::{Result, Snapshot, Tx, at, end_of_patience, moment};
use crate::domain::{FirmId, InboxId, PersonId};

/// A question.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Its row.
    pub id: i64,
    /// Who is asked.
    pub person: PersonId,
    /// What a right code has sent to them (JSON); none: it releases held mails.
    pub asks: Option<String>,
    /// Wrong codes so far.
    pub tries: u32,
    /// Since.
    pub created_at: Timestamp,
    /// Until.
    pub expires_at: Timestamp,
    /// When it was confirmed.
    pub used_at: Option<Timestamp>,
}

/// A held mail that a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengedMail {
    /// Which mail.
    pub inbox: InboxId,
    /// The signing domain that a confirmation binds (decisions.md 3).
    pub signer: Option<String>,
    /// It came after the question was put into words, so the question did not ask about it.
    pub late: bool,
    /// Canonical hash of its content (decisions.md 40).
    pub content: Option<String>,
}

const SELECT: &str = "SELECT id, person_id, asks, tries, created_at, expires_at, used_at FROM challenges";

fn read(row: &Row<'_>) -> rusqlite::Result<Challenge> {
    Ok(Challenge {
        id: row.get("id")?,
        person: PersonId(row.get("person_id")?),
        asks: row.get("asks")?,
        tries: row.get("tries")?,
        created_at: moment(row.get("created_at")?),
        expires_at: moment(row.get("expires_at")?),
        used_at: row.get::<_, Option<i64>>("used_at")?.map(moment),
    })
}

impl Snapshot<'_> {
    /// The question of this row.
    pub fn challenge(&self, firm: FirmId, challenge: i64) -> Result<Option<Challenge>> {
        self.one(&format!("{SELECT} WHERE firm_id = ?1 AND id = ?2"), (firm.0, challenge), read)
    }

    /// The newest "was this you?" that a person can answer at `now`.
    pub fn open_challenge(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<Option<Challenge>> {
        self.one(
            &format!(
                "{SELECT} WHERE firm_id = ?1 AND person_id = ?2 AND asks IS NULL AND used_at IS NULL AND expires_at > ?3 ORDER BY id DESC LIMIT 1"
            ),
            (firm.0, person.0, end_of_patience(now)),
            read,
        )
    }

    /// How often a firm asked "was this you?" since a moment.
    pub fn challenges_since(&self, firm: FirmId, since: Timestamp) -> Result<u32> {
        let count = self.one(
            "SELECT count(*) FROM challenges WHERE firm_id = ?1 AND asks IS NULL AND created_at >= ?2",
            (firm.0, at(since)),
            |r| r.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// The held mails that a question is about, oldest first.
    pub fn mails_of_challenge(&self, firm: FirmId, challenge: i64) -> Result<Vec<ChallengedMail>> {
        self.all(
            "SELECT c.inbox_id, c.signer, c.late, i.content_hash FROM challenge_mails c
             JOIN inbox i ON i.firm_id = c.firm_id AND i.id = c.inbox_id
             WHERE c.firm_id = ?1 AND c.challenge_id = ?2 ORDER BY c.inbox_id",
            (firm.0, challenge),
            |r| {
                let inbox = InboxId(r.get(0)?);
                Ok(ChallengedMail { inbox, signer: r.get(1)?, late: r.get(2)?, content: r.get(3)? })
            },
        )
    }
}

impl Tx<'_> {
    /// Asks a question and gives its row; `asks`: what a right code has sent (JSON), none for "was this you?".
    pub fn add_challenge(
        &self,
        firm: FirmId,
        person: PersonId,
        asks: Option<&str>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<i64> {
        self.insert(
            "INSERT INTO challenges (firm_id, person_id, asks, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            (firm.0, person.0, asks, at(now), at(expires_at)),
        )
    }

    /// Counts a wrong code and gives how many there were; 0 if there is no such question.
    pub fn count_wrong_code(&self, firm: FirmId, challenge: i64) -> Result<u32> {
        let tries = self.one(
            "UPDATE challenges SET tries = tries + 1 WHERE firm_id = ?1 AND id = ?2 RETURNING tries",
            (firm.0, challenge),
            |r| r.get(0),
        )?;
        Ok(tries.unwrap_or(0))
    }

    /// Notes that a question was confirmed; false if it was before, or is over at `now`.
    pub fn use_challenge(&self, firm: FirmId, challenge: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE challenges SET used_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND used_at IS NULL AND expires_at > ?4",
            (firm.0, challenge, at(now), end_of_patience(now)),
        )?;
        Ok(changed == 1)
    }

    /// Says that a question is about this held mail too, and which signing domain a confirmation would bind; late, if the
    /// question's letter was written before.
    pub fn add_mail_to_challenge(
        &self,
        firm: FirmId,
        challenge: i64,
        inbox: InboxId,
        signer: Option<&str>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO challenge_mails (firm_id, challenge_id, inbox_id, signer, late) SELECT ?1, ?2, ?3, ?4, EXISTS (SELECT 1
               FROM outbox o JOIN threads t ON t.id = o.thread_id WHERE t.firm_id = ?1 AND t.kind = 'challenge' AND t.item_id = ?2
               AND t.person_id = (SELECT person_id FROM challenges WHERE id = ?2) AND t.purpose = 'confirm'
               AND (o.tries > 0 OR EXISTS (SELECT 1 FROM outbox_bytes b WHERE b.outbox_id = o.id)) AND o.template = 'challenge') WHERE true ON CONFLICT DO NOTHING",
            (firm.0, challenge, inbox.0, signer),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::inbox::Staged;
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn asked(s: &Sample) -> i64 {
        let (firm, jane) = (s.firm, s.jane);
        s.write(move |tx| tx.add_challenge(firm, jane, None, later(86_400), now()))
    }

    #[test]
    fn a_question_is_confirmed_once_and_not_after_its_time() {
        let s = Sample::new();
        let (firm, jane, id) = (s.firm, s.jane, asked(&s));
        assert_eq!(s.read(|r| r.open_challenge(firm, jane, now())).unwrap().id, id);
        assert!(s.read(|r| r.open_challenge(firm, s.tom, now())).is_none());
        assert!(s.read(|r| r.open_challenge(firm, jane, later(87_000))).is_none());
        assert!(!s.write(move |tx| tx.use_challenge(firm, id, later(87_000))));
        assert!(s.write(move |tx| tx.use_challenge(firm, id, later(60))));
        assert!(!s.write(move |tx| tx.use_challenge(firm, id, later(61))));
        assert_eq!(s.read(|r| r.challenge(firm, id)).unwrap().used_at, Some(later(60)));
        assert_eq!(s.read(|r| r.challenges_since(firm, now())), 1);
        assert_eq!(s.read(|r| r.challenges_since(firm, later(1))), 0);
    }

    #[test]
    fn wrong_codes_are_counted_and_not_by_another_firm() {
        let s = Sample::new();
        let (firm, other, id) = (s.firm, s.other_firm, asked(&s));
        assert_eq!(s.write(move |tx| Ok([tx.count_wrong_code(firm, id)?, tx.count_wrong_code(firm, id)?])), [1, 2]);
        assert_eq!(s.write(move |tx| tx.count_wrong_code(other, id)), 0);
        assert!(s.read(|r| r.challenge(other, id)).is_none());
        assert_eq!(s.read(|r| r.challenge(firm, id)).unwrap().tries, 2);
    }

    #[test]
    fn a_mail_is_in_a_question_once() {
        let s = Sample::new();
        let (firm, other, id) = (s.firm, s.other_firm, asked(&s));
        let mail = Staged {
            mailbox: "in".into(),
            source: String::new(),
            uid_validity: 1,
            uid: "1".into(),
            sha256: "aa".into(),
            size: 1,
            arrived_at: now(),
        };
        let inbox = s.write(move |tx| tx.stage(firm, &mail, now())).unwrap();
        s.write(move |tx| tx.add_mail_to_challenge(firm, id, inbox, Some("mail.example")));
        s.write(move |tx| tx.add_mail_to_challenge(firm, id, inbox, None));
        let mails = s.read(|r| r.mails_of_challenge(firm, id));
        assert_eq!(mails, [ChallengedMail { inbox, signer: Some("mail.example".into()), late: false, content: None }]);
        s.refuse(move |tx| tx.add_mail_to_challenge(other, id, inbox, None));
    }
}
