//! What a mail of our own to ourselves showed of a mailbox's border (sender-proof.md 5.3): whether it takes away what
//! strangers write in its name. Where position proves nothing, its word is used only while that is known and not old.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Row;

use super::{Result, Snapshot, Tx, at, moment};
use crate::config::{AuthResults, Layout};

/// How long a test counts.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The last test of a mailbox's border.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BorderCheck {
    /// The mailbox's name.
    pub mailbox: String,
    /// When.
    pub checked_at: Timestamp,
    /// What was configured then.
    pub policy: String,
    /// What strangers write in its name is told from what it writes.
    pub holds: bool,
    /// What was found, in words.
    pub said: String,
}

impl BorderCheck {
    /// True while it counts.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.checked_at) < GOOD_FOR
    }
}

const COLUMNS: &str = "mailbox, checked_at, policy, holds, said";

fn read(row: &Row<'_>) -> rusqlite::Result<BorderCheck> {
    Ok(BorderCheck {
        mailbox: row.get(0)?,
        checked_at: moment(row.get(1)?),
        policy: row.get(2)?,
        holds: row.get(3)?,
        said: row.get(4)?,
    })
}

impl Snapshot<'_> {
    /// The last test of each mailbox's border.
    pub fn border_checks(&self) -> Result<Vec<BorderCheck>> {
        self.all(&format!("SELECT {COLUMNS} FROM border_checks ORDER BY mailbox"), [], read)
    }

    /// What may be believed of a mailbox's border now: with its words below its line, only after a test that held, of
    /// what is configured, and not longer than 31 days ago.
    pub fn believed<'p>(
        &self,
        mailbox: &str,
        policy: Option<&'p AuthResults>,
        now: Timestamp,
    ) -> Result<Option<&'p AuthResults>> {
        let Some(policy) = policy.filter(|p| p.layout == Layout::Below) else { return Ok(policy) };
        let found = self.one(&format!("SELECT {COLUMNS} FROM border_checks WHERE mailbox = ?1"), [mailbox], read)?;
        let holds = |c: BorderCheck| c.holds && c.is_fresh(now) && c.policy == policy.in_a_line();
        Ok(found.is_some_and(holds).then_some(policy))
    }
}

impl Tx<'_> {
    /// Keeps the outcome of a test; the one before is forgotten.
    pub fn set_border_check(&self, check: &BorderCheck) -> Result<()> {
        self.run(
            "INSERT INTO border_checks (mailbox, checked_at, policy, holds, said) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (mailbox) DO UPDATE SET checked_at = ?2, policy = ?3, holds = ?4, said = ?5",
            (&check.mailbox, at(check.checked_at), &check.policy, check.holds, &check.said),
        )?;
        Ok(())
    }

    /// Notes that a mail came in which the border had left what a stranger wrote in its name: the last test counts no more.
    pub fn border_let_through(&self, mailbox: &str) -> Result<()> {
        self.run(
            "UPDATE border_checks SET holds = 0, said = 'a mail came since with results in that name that are not its own' WHERE mailbox = ?1 AND holds = 1",
            [mailbox],
        )?;
        Ok(())
    }
}
