//! What the store keeps of the clock, and the mails that wait until it is right (fault F42).

use super::{Result, Snapshot, StoreError, Tx};
use crate::domain::leap::Mark;

const NAME: &str = "clock";

impl Snapshot<'_> {
    /// When the clock was believed last, and whether it leapt since; none in a new store.
    pub fn clock_mark(&self) -> Result<Option<Mark>> {
        let kept: Option<String> = self.one("SELECT value FROM settings WHERE name = ?1", [NAME], |r| r.get(0))?;
        kept.map(|kept| serde_json::from_str(&kept).map_err(|e| StoreError::Content(e.to_string()))).transpose()
    }

    /// How many mails wait until the clock is right.
    pub fn wait_for_the_clock(&self) -> Result<u32> {
        let found =
            self.one("SELECT count(*) FROM inbox WHERE state = 'HELD' AND reason = 'CLOCK_LEAPT'", [], |r| r.get(0))?;
        Ok(found.unwrap_or(0))
    }
}

impl Tx<'_> {
    /// Notes when the clock was believed, or what it leapt to.
    pub fn mark_clock(&self, mark: Mark) -> Result<()> {
        let kept = serde_json::to_string(&mark).map_err(|e| StoreError::Content(e.to_string()))?;
        self.run(
            "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            (NAME, kept),
        )?;
        Ok(())
    }

    /// HELD → PROVED: all mails that waited until the clock is right, to be judged by it. Gives how many.
    pub fn judge_by_the_clock(&self) -> Result<usize> {
        self.run(
            "UPDATE inbox SET state = 'PROVED', tries = 0, next_at = 0 WHERE state = 'HELD' AND reason = 'CLOCK_LEAPT'",
            [],
        )
    }
}
