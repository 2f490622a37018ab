//! How many mails and letters stand where: for `status`.

use jiff::Timestamp;

use super::{Result, Snapshot, moment};
use crate::domain::FirmId;

impl Snapshot<'_> {
    /// Mails that came in, by state.
    pub fn inbox_counts(&self, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.counts("SELECT state, count(*) FROM inbox WHERE firm_id = ?1 GROUP BY state ORDER BY state", firm)
    }

    /// Letters, by state.
    pub fn outbox_counts(&self, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.counts("SELECT state, count(*) FROM outbox WHERE firm_id = ?1 GROUP BY state ORDER BY state", firm)
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
