//! What each of the firm's own people is told of what co-counsel do, and how (DOC-15, mails.md 14); and whose matters else
//! they follow. Held mail and what concerns safety are letters of their own, and nobody's choice.

use super::{Result, Snapshot, Tx};
use crate::domain::{FirmId, PersonId};

/// What co-counsel do that the firm hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deeds {
    /// Messages.
    Messages,
    /// Files that were uploaded, mails that were logged.
    Files,
    /// Tasks that were completed.
    Tasks,
    /// Notes, calls, logs and time.
    Work,
}

impl Deeds {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Deeds; 4] = [Deeds::Messages, Deeds::Files, Deeds::Tasks, Deeds::Work];

    /// The word in the store and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Deeds::Messages => "messages",
            Deeds::Files => "files",
            Deeds::Tasks => "tasks",
            Deeds::Work => "work",
        }
    }

    /// How it is told to who said nothing.
    pub const fn usual(self) -> How {
        match self {
            Deeds::Work => How::Digest,
            Deeds::Messages | Deeds::Files | Deeds::Tasks => How::AtOnce,
        }
    }
}

/// How something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By a mail of its own.
    AtOnce,
    /// In the daily digest.
    Digest,
    /// Not at all.
    Off,
}

impl How {
    /// The word in the store and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            How::AtOnce => "at-once",
            How::Digest => "digest",
            How::Off => "off",
        }
    }

    /// What this word says.
    pub fn from_word(word: &str) -> Option<How> {
        [How::AtOnce, How::Digest, How::Off].into_iter().find(|how| how.word() == word)
    }
}

impl Snapshot<'_> {
    /// How one of the firm's people is told of this.
    pub fn told_how(&self, firm: FirmId, person: PersonId, deeds: Deeds) -> Result<How> {
        let found: Option<String> = self.one(
            "SELECT how FROM told_how WHERE firm_id = ?1 AND person_id = ?2 AND deeds = ?3",
            (firm.0, person.0, deeds.word()),
            |r| r.get(0),
        )?;
        Ok(found.and_then(|word| How::from_word(&word)).unwrap_or(deeds.usual()))
    }

    /// The matters that one of the firm's people follows though somebody else is responsible.
    pub fn followed(&self, firm: FirmId, person: PersonId) -> Result<Vec<i64>> {
        self.all(
            "SELECT matter_id FROM followers WHERE firm_id = ?1 AND person_id = ?2 ORDER BY matter_id",
            (firm.0, person.0),
            |r| r.get(0),
        )
    }
}

impl Tx<'_> {
    /// Says how one of the firm's people is told of this; false if it was so already.
    pub fn set_told_how(&self, firm: FirmId, person: PersonId, deeds: Deeds, how: How) -> Result<bool> {
        if self.told_how(firm, person, deeds)? == how {
            return Ok(false);
        }
        self.run(
            "INSERT INTO told_how (firm_id, person_id, deeds, how) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET how = excluded.how",
            (firm.0, person.0, deeds.word(), how.word()),
        )?;
        Ok(true)
    }

    /// Lets one of the firm's people follow a matter; false if they did.
    pub fn follow(&self, firm: FirmId, person: PersonId, matter: i64) -> Result<bool> {
        let added = self.run(
            "INSERT INTO followers (firm_id, person_id, matter_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (firm.0, person.0, matter),
        )?;
        Ok(added == 1)
    }

    /// Lets them follow it no more; false if they did not.
    pub fn unfollow(&self, firm: FirmId, person: PersonId, matter: i64) -> Result<bool> {
        let gone = self.run(
            "DELETE FROM followers WHERE firm_id = ?1 AND person_id = ?2 AND matter_id = ?3",
            (firm.0, person.0, matter),
        )?;
        Ok(gone == 1)
    }
}
