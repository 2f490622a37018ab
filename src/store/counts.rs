//! How many mails and letters stand where: for `status`.

use jiff::Timestamp;

use super::{Result, Snapshot, at, moment};
use crate::domain::{FirmId, PersonId};

/// Whether nothing but its sender's own answer could say that a mail of a known person was theirs. Another's signature says
/// so only where that is bound, which its level tells.
const IS_UNPROVED: &str = "(coalesce(json_extract(proof, '$.verdict'), 'unknown') IN ('unproven', 'unknown', 'forged')
  OR coalesce(level, 'none') IN ('weak', 'none', 'fail') OR coalesce(released_level, '') = 'confirmed')";

impl Snapshot<'_> {
    /// Mails that came in, by state.
    pub fn inbox_counts(&self, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.counts("SELECT state, count(*) FROM inbox WHERE firm_id = ?1 GROUP BY state ORDER BY state", firm)
    }

    /// Letters, by state.
    pub fn outbox_counts(&self, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.counts("SELECT state, count(*) FROM outbox WHERE firm_id = ?1 GROUP BY state ORDER BY state", firm)
    }

    /// How many invitations were ever queued.
    pub fn invitations_queued(&self, firm: FirmId) -> Result<u64> {
        let sql = "SELECT count(*) FROM outbox WHERE firm_id = ?1 AND template = 'invitation'";
        Ok(self.one(sql, [firm.0], |r| r.get::<_, i64>(0))?.unwrap_or(0).unsigned_abs())
    }

    /// How many people something is shared with who have not accepted, and whom no open invitation asks to.
    pub fn never_invited(&self, firm: FirmId, now: Timestamp) -> Result<u64> {
        let sql = "SELECT count(DISTINCT s.person_id) FROM shares s JOIN people c ON c.firm_id = s.firm_id AND c.id = s.person_id
             WHERE s.firm_id = ?1 AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > ?2) AND c.accepted_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.firm_id = s.firm_id AND i.person_id = s.person_id
                 AND i.accepted_at IS NULL AND i.declined_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > ?2)";
        Ok(self.one(sql, (firm.0, at(now)), |r| r.get::<_, i64>(0))?.unwrap_or(0).unsigned_abs())
    }

    /// Of the mails of people whom the firm knows since a moment: how many there were, and of how many it could not be said
    /// that their sender wrote them: neither by a signature nor by the border's word, or only by asking them.
    pub fn unproved_counts(&self, firm: FirmId, since: Timestamp) -> Result<(u64, u64)> {
        let found = self.one(
            &format!(
                "SELECT count(*), coalesce(sum({IS_UNPROVED}), 0) FROM inbox
                 WHERE firm_id = ?1 AND received_at >= ?2 AND person_id IS NOT NULL"
            ),
            (firm.0, at(since)),
            |r| Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get::<_, i64>(1)?.unsigned_abs())),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// How many people wrote since a moment.
    pub fn writers(&self, firm: FirmId, since: Timestamp) -> Result<u64> {
        let sql = "SELECT count(DISTINCT person_id) FROM inbox WHERE firm_id = ?1 AND received_at >= ?2";
        Ok(self.one(sql, (firm.0, at(since)), |r| r.get::<_, i64>(0))?.unwrap_or(0).unsigned_abs())
    }

    /// The people of whose mails since a moment none could be proved; a signer that was bound since proves the next.
    pub fn never_proved(&self, firm: FirmId, since: Timestamp) -> Result<Vec<PersonId>> {
        self.all(
            &format!(
                "SELECT person_id FROM inbox WHERE firm_id = ?1 AND received_at >= ?2 AND person_id IS NOT NULL GROUP BY person_id
                 HAVING min({IS_UNPROVED} AND NOT EXISTS (SELECT 1 FROM people p
                   JOIN bound_signers b ON b.identity_id = p.identity_id
                   WHERE p.firm_id = inbox.firm_id AND p.id = inbox.person_id AND (b.domain = inbox.proof ->> '$.aligned'
                     OR b.domain IN (SELECT value FROM json_each(inbox.proof, '$.other_signers'))))) = 1 ORDER BY person_id"
            ),
            (firm.0, at(since)),
            |r| r.get(0).map(PersonId),
        )
    }

    /// When the last letter was sent.
    pub fn last_sent(&self, firm: FirmId) -> Result<Option<Timestamp>> {
        let last: Option<i64> =
            self.one("SELECT max(sent_at) FROM outbox WHERE firm_id = ?1", [firm.0], |r| r.get(0))?.flatten();
        Ok(last.map(moment))
    }

    /// The letter that failed last, for good or for now: its number, when it was tried, what the server said.
    pub fn last_failed(&self, firm: FirmId) -> Result<Option<(i64, Timestamp, Option<String>)>> {
        self.one(
            "SELECT id, coalesce(claimed_at, created_at), last_reply FROM outbox WHERE firm_id = ?1
               AND (state = 'FAILED' OR (state = 'QUEUED' AND last_reply IS NOT NULL)) ORDER BY coalesce(claimed_at, created_at) DESC, id DESC LIMIT 1",
            [firm.0],
            |r| Ok((r.get(0)?, moment(r.get(1)?), r.get(2)?)),
        )
    }

    fn counts(&self, sql: &str, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.all(sql, [firm.0], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::inbox::{Findings, InboxState, Staged};
    use super::super::sample::{Sample, now};
    use crate::domain::{Address, InboxId, PersonId};

    /// A decided mail of a person, of this verdict, signers and level.
    fn mail(s: &Sample, uid: &str, person: PersonId, facts: &'static str, level: &str) -> InboxId {
        let (firm, source) = (s.firm, String::new());
        let (sha256, uid, mailbox) = (uid.to_owned(), uid.to_owned(), "in".to_owned());
        let staged = Staged { mailbox, source, uid_validity: 1, uid, sha256, size: 1, arrived_at: now() };
        let found = Findings { person: Some(person), level: Some(level.to_owned()), ..Findings::default() };
        s.write(move |tx| {
            let id = tx.stage(firm, &staged, now())?.unwrap();
            tx.set_proved(id, facts)?;
            tx.decide(id, InboxState::Held, "x", &found, now())?;
            Ok(id)
        })
    }

    #[test]
    fn whose_mail_nothing_proves_is_counted_whatever_stands_in_the_way_of_it() {
        const ALIGNED: &str = r#"{"verdict":"aligned","other_signers":[]}"#;
        const FORGED: &str = r#"{"verdict":"forged","other_signers":[]}"#;
        const OTHER: &str = r#"{"verdict":"other_signer","other_signers":["roe.onmicrosoft.com"]}"#;
        let s = Sample::new();
        let (firm, jane, tom) = (s.firm, s.jane, s.tom);
        mail(&s, "1", jane, OTHER, "weak");
        mail(&s, "2", tom, FORGED, "fail");
        mail(&s, "3", s.lawyer, ALIGNED, "good");
        let told = |s: &Sample| {
            s.read(|r| Ok((r.unproved_counts(firm, now())?, r.writers(firm, now())?, r.never_proved(firm, now())?)))
        };
        assert_eq!(told(&s), ((3, 2), 3, vec![jane, tom]));
        // She was asked, and her provider is known from then on.
        let address = Address::parse("jane@roe.example").unwrap();
        s.write(move |tx| {
            let identity = tx.identity_for(&address, now())?;
            tx.set_identity(firm, jane, identity)?;
            tx.bind_signer(identity, "roe.onmicrosoft.com", now())
        });
        assert_eq!(told(&s), ((3, 2), 3, vec![tom]));
        mail(&s, "4", jane, OTHER, "good");
        mail(&s, "5", tom, ALIGNED, "strong");
        assert_eq!(told(&s), ((5, 2), 3, vec![]));
    }
}
