//! What can be done, one file per kind of thing. Each action asks `sharing`, changes rows, writes the audit, and queues
//! the letters that tell people; all in the caller's transaction, so all of it happens or none.
//!
//! Mail, the command line and a later portal call these functions; there is no other way to change a matter. A refusal is
//! a correct answer and comes back as a value; only a broken store is an error.

use jiff::Timestamp;
use serde_json::json;

use crate::domain::{FirmId, InboxId, Item, Kind, PersonId};
use crate::outbound::letter::{self, Addressed, Letter};
use crate::sharing::{Ability, Refusal, Verdict};
use crate::store::audit::Entry;
use crate::store::firms::Firm;
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Tx};

/// What came of asking for something: done, or refused with a reason. The outer error is the store's.
pub type Answer<T> = Result<std::result::Result<T, Refusal>>;

/// Goes on if it was allowed, gives the refusal back to the caller if not.
#[macro_export]
macro_rules! allowed {
    ($answer:expr) => {
        match $answer? {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

/// Who acts, for which firm, when, and because of what.
#[derive(Clone, Copy)]
pub struct Act<'t> {
    /// The open transaction.
    pub tx: &'t Tx<'t>,
    /// The firm.
    pub firm: &'t Firm,
    /// Who acts.
    pub actor: &'t Person,
    /// Because of which mail; none for the command line.
    pub inbox: Option<InboxId>,
    /// What tells the letters of this act from all others: the raw mail's SHA-256, or what the command did.
    pub cause: &'t str,
    /// The present moment.
    pub now: Timestamp,
}

impl Act<'_> {
    /// May the actor do this? A no is audited.
    pub fn ask(&self, ability: Ability, item: Item) -> Answer<()> {
        self.ask_about(ability, Subject::Item(item), Circumstances::default())
    }

    /// As [`Act::ask`], about any subject and with what the verb knows.
    pub fn ask_about(&self, ability: Ability, subject: Subject, circumstances: Circumstances) -> Answer<()> {
        match self.tx.ask_about(self.firm.id, self.actor.id, ability, subject, circumstances, self.now)? {
            Verdict::Allow { .. } => Ok(Ok(())),
            Verdict::Refuse(refusal) => {
                let facts = json!({"ability": ability.code(), "refusal": refusal.code()});
                let entry = Entry::new(Some(self.actor.id), "refused").by(self.inbox).with(facts);
                let entry = match subject {
                    Subject::Item(item) => entry.on(item),
                    Subject::Other(..) => entry,
                };
                self.tx.audit(self.firm.id, &entry, self.now)?;
                Ok(Err(refusal))
            }
        }
    }

    /// The matter of a thing, if the actor can see that: which other one it belongs to, and whether to any, shows nowhere.
    pub fn seen_matter(&self, item: Item) -> Result<Option<i64>> {
        match self.tx.matter_of(self.firm.id, item)? {
            Some(row) if self.sees(Item::new(Kind::Matter, row))? => Ok(Some(row)),
            _ => Ok(None),
        }
    }

    /// True if the actor can see it; a no is not audited.
    pub fn sees(&self, item: Item) -> Result<bool> {
        Ok(self.tx.ask(self.firm.id, self.actor.id, Ability::View, item, self.now)?.is_allowed())
    }

    /// Writes down what was done; codes and ids only.
    pub fn audit(&self, action: &'static str, item: Item, facts: serde_json::Value) -> Result<()> {
        let entry = Entry::new(Some(self.actor.id), action).on(item).by(self.inbox).with(facts);
        self.tx.audit(self.firm.id, &entry, self.now)
    }

    /// Queues a letter about `about` to `person`, once for this cause.
    pub fn tell(&self, person: PersonId, letter: Letter, about: About) -> Result<()> {
        self.tell_as(person, letter, Purpose::Reply, about)
    }

    /// As [`Act::tell`], for answers with another purpose.
    pub fn tell_as(&self, person: PersonId, letter: Letter, purpose: Purpose, about: About) -> Result<()> {
        letter::queue(self.tx, self.firm.id, self.addressed(person, letter, purpose, about), self.now)?;
        Ok(())
    }

    /// As [`Act::tell`], in one mail with what waits under the same key.
    pub fn tell_with_others(&self, person: PersonId, letter: Letter, about: About, key: String) -> Result<()> {
        let addressed = self.addressed(person, letter, Purpose::Reply, about);
        letter::queue(self.tx, self.firm.id, Addressed { coalesce: Some(key), ..addressed }, self.now)?;
        Ok(())
    }

    fn addressed(&self, person: PersonId, letter: Letter, purpose: Purpose, about: About) -> Addressed {
        // One mail may cause several letters to one person, about different things.
        let mut key = match about {
            About::Item(item) => format!("{}:{}-{}", self.cause, item.kind.prefix(), item.id),
            _ => self.cause.to_owned(),
        };
        if let Letter::Notice { notice, about } = &letter {
            key = format!("{key}:{about}:{}", notice.key());
        }
        Addressed::new(person, letter, key, Some((purpose, about))).caused_by(self.inbox)
    }

    /// Who of the firm hears about a matter: its responsible lawyer, or the first administrator.
    pub fn responsible(&self, matter: Option<i64>) -> Result<Option<PersonId>> {
        responsible(self.tx, self.firm.id, matter)
    }

    /// Today in the actor's zone.
    pub fn today(&self) -> Result<jiff::civil::Date> {
        let zone = self.tx.zone_of(self.firm, self.actor)?;
        Ok(self.now.to_zoned(zone).date())
    }
}

/// Who of a firm hears about a matter: its responsible lawyer, or the first administrator.
pub fn responsible(tx: &Tx<'_>, firm: FirmId, matter: Option<i64>) -> Result<Option<PersonId>> {
    let matter = match matter {
        Some(row) => tx.matter(firm, row)?,
        None => None,
    };
    match matter.and_then(|m| m.responsible) {
        Some(person) => Ok(Some(person)),
        None => Ok(tx.first_admin(firm)?.map(|p| p.id)),
    }
}

pub mod addresses;
pub mod assistants;
pub mod bills;
pub mod calendar;
pub mod challenges;
pub mod communications;
pub mod documents;
pub mod invitations;
pub mod messages;
pub mod notes;
pub mod people;
#[cfg(test)]
pub(crate) mod post;
pub mod profile;
#[cfg(test)]
pub(crate) mod sample;
pub mod shares;
pub mod tasks;
pub mod time;
