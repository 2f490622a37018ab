//! How many mails and letters stand where: for `status`.

use jiff::Timestamp;

use super::{Result, Snapshot, at, moment};
use crate::domain::{FirmId, PersonId};

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

    /// Of the mails of people whom the firm knows since a moment: how many there were, and of how many nobody could say
    /// whether their sender wrote them: neither a signature nor the border's word.
    pub fn unproved_counts(&self, firm: FirmId, since: Timestamp) -> Result<(u64, u64)> {
        let found = self.one(
            "SELECT count(*), coalesce(sum(coalesce(json_extract(proof, '$.verdict'), 'unknown') IN ('unproven', 'unknown')), 0)
             FROM inbox WHERE firm_id = ?1 AND received_at >= ?2 AND person_id IS NOT NULL",
            (firm.0, at(since)),
            |r| Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get::<_, i64>(1)?.unsigned_abs())),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// The people of whose mails since a moment none could be proved.
    pub fn never_proved(&self, firm: FirmId, since: Timestamp) -> Result<Vec<PersonId>> {
        self.all(
            "SELECT person_id FROM inbox WHERE firm_id = ?1 AND received_at >= ?2 AND person_id IS NOT NULL GROUP BY person_id
             HAVING min(coalesce(json_extract(proof, '$.verdict'), 'unknown') IN ('unproven', 'unknown')) = 1 ORDER BY person_id",
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
               AND (state = 'FAILED' OR (state = 'QUEUED' AND tries > 0)) ORDER BY coalesce(claimed_at, created_at) DESC, id DESC LIMIT 1",
            [firm.0],
            |r| Ok((r.get(0)?, moment(r.get(1)?), r.get(2)?)),
        )
    }

    fn counts(&self, sql: &str, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.all(sql, [firm.0], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))
    }
}
