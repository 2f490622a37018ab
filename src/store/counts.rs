//! How many mails and letters stand where: for `status`.

use super::{Result, Snapshot};
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

    fn counts(&self, sql: &str, firm: FirmId) -> Result<Vec<(String, u64)>> {
        self.all(sql, [firm.0], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))
    }
}
