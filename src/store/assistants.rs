//! Assistants of co-counsel (gateway.md A10): a person of the firm who acts for another one. Their row here says what was
//! given to them and whether the firm let them in; whether they may is asked of `sharing`, which reads it by the person.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::named_params;

use super::people::Person;
use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{Address, FirmId, PersonId};
use crate::sharing::Given;

/// How long the code is good by which a co-counsel confirms an assistant.
const CODE_GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Since when somebody is an assistant, and whether they are one now.
#[derive(Clone, Debug)]
pub struct Assistant {
    /// Who.
    pub person: Person,
    /// When their co-counsel named them.
    pub named_at: Timestamp,
    /// When their co-counsel confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// Wrong codes so far.
    pub tries: u32,
    /// When the firm let them in.
    pub approved_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Assistant {
    /// Until when the code is good by which their co-counsel confirms it.
    pub fn code_ends_at(&self) -> Timestamp {
        self.named_at.saturating_add(CODE_GOOD_FOR).unwrap_or(Timestamp::MAX)
    }
}

/// Somebody who is named.
#[derive(Clone, Debug)]
pub struct NewAssistant {
    /// The co-counsel for whom they act.
    pub principal: PersonId,
    /// The mailbox that is to answer for them.
    pub address: Address,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What they may do.
    pub given: BTreeSet<Given>,
}

impl Snapshot<'_> {
    /// The assistant of this row.
    pub fn assistant(&self, firm: FirmId, person: PersonId) -> Result<Option<Assistant>> {
        let Some(person) = self.person(firm, person)?.filter(|p| p.acts_for.is_some()) else { return Ok(None) };
        let since = self.one(
            "SELECT named_at, confirmed_at, approved_at, ended_at, tries FROM assistants WHERE firm_id = ?1 AND person_id = ?2",
            (firm.0, person.id.0),
            |r| {
                let since = |column: usize| Ok::<_, rusqlite::Error>(r.get::<_, Option<i64>>(column)?.map(moment));
                Ok((moment(r.get(0)?), since(1)?, since(2)?, since(3)?, r.get(4)?))
            },
        )?;
        Ok(since.map(|(named_at, confirmed_at, approved_at, ended_at, tries)| Assistant {
            person,
            named_at,
            confirmed_at,
            tries,
            approved_at,
            ended_at,
        }))
    }

    /// The assistants of a firm, or of one co-counsel of it, those who ended too, oldest first.
    pub fn assistants(&self, firm: FirmId, principal: Option<PersonId>) -> Result<Vec<Assistant>> {
        let ids: Vec<i64> = self.all(
            "SELECT id FROM people WHERE firm_id = ?1 AND principal_id IS NOT NULL AND (?2 IS NULL OR principal_id = ?2) ORDER BY id",
            (firm.0, principal.map(|p| p.0)),
            |r| r.get(0),
        )?;
        let found = ids.into_iter().map(|id| self.assistant(firm, PersonId(id)));
        Ok(found.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

impl Snapshot<'_> {
    /// The mailbox that was named for an assistant.
    pub fn named_address(&self, firm: FirmId, person: PersonId) -> Result<Option<Address>> {
        let found: Option<String> = self.one(
            "SELECT address FROM assistants WHERE firm_id = ?1 AND person_id = ?2",
            (firm.0, person.0),
            |r| r.get(0),
        )?;
        Ok(found.and_then(|a| Address::parse(&a).ok()))
    }
}

impl Tx<'_> {
    /// Takes the mailbox that was named for an assistant as theirs, since it answered; false if it cannot be: it belongs to
    /// their co-counsel, to one of the firm's people, or to another assistant of the same co-counsel by now.
    pub fn bind_assistant(&self, firm: FirmId, person: &Person, now: Timestamp) -> Result<bool> {
        let (Some(address), Some(acts_for)) = (self.named_address(firm, person.id)?, &person.acts_for) else {
            return Ok(false);
        };
        let is_another = |p: &Person| {
            let is_assistant_too = p.acts_for.as_ref().is_some_and(|a| a.principal == acts_for.principal);
            p.id != person.id && (p.is_user() || p.id == acts_for.principal || is_assistant_too)
        };
        if self.people_writing_from(firm, &address)?.iter().any(is_another) {
            return Ok(false);
        }
        self.set_identity(firm, person.id, self.identity_for(&address, now)?)?;
        Ok(true)
    }

    /// Makes somebody an assistant whom the firm has still to let in; who was one before begins anew.
    pub fn name_assistant(&self, firm: FirmId, new: &NewAssistant, now: Timestamp) -> Result<PersonId> {
        let identity = self.identity_by_address(&new.address)?;
        let before: Option<i64> = self.one(
            "SELECT p.id FROM people p JOIN assistants a ON a.person_id = p.id WHERE p.firm_id = ?1 AND p.principal_id = ?2
               AND (p.identity_id = ?3 OR (p.identity_id IS NULL AND a.address = ?4)) ORDER BY p.identity_id IS NULL LIMIT 1",
            (firm.0, new.principal.0, identity.map(|i| i.id.0), new.address.as_str()),
            |r| r.get(0),
        )?;
        let id = match before {
            Some(id) => {
                self.run(
                    "UPDATE people SET first_name = ?3, last_name = ?4, accepted_at = NULL, disabled_at = NULL, deleted_at = NULL
                     WHERE firm_id = ?1 AND id = ?2",
                    (firm.0, id, &new.first_name, &new.last_name),
                )?;
                id
            }
            None => self.insert(
                "INSERT INTO people (firm_id, kind, principal_id, first_name, last_name, created_at)
                 VALUES (:firm, 'contact', :principal, :first, :last, :now)",
                named_params! {":firm": firm.0, ":principal": new.principal.0, ":first": new.first_name, ":last": new.last_name, ":now": at(now)},
            )?,
        };
        let given: Vec<&str> = new.given.iter().map(|g| g.word()).collect();
        self.run(
            "INSERT INTO assistants (person_id, firm_id, given, named_at, address) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (person_id) DO UPDATE SET given = ?3, named_at = ?4, address = ?5, confirmed_at = NULL, tries = 0, approved_by = NULL, approved_at = NULL, ended_at = NULL",
            (id, firm.0, given.join(" "), at(now), new.address.as_str()),
        )?;
        Ok(PersonId(id))
    }

    /// Notes that the co-counsel confirmed an assistant by the code; false if they had, or if it ended.
    pub fn confirm_assistant(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE assistants SET confirmed_at = ?3 WHERE firm_id = ?1 AND person_id = ?2 AND confirmed_at IS NULL AND ended_at IS NULL",
            (firm.0, person.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Counts a wrong code; gives the new count.
    pub fn count_wrong_assistant_code(&self, firm: FirmId, person: PersonId) -> Result<u32> {
        let tries = self.one(
            "UPDATE assistants SET tries = tries + 1 WHERE firm_id = ?1 AND person_id = ?2 RETURNING tries",
            (firm.0, person.0),
            |r| r.get(0),
        )?;
        Ok(tries.unwrap_or(0))
    }

    /// Notes that the firm lets an assistant in; false if it had, if it ended, or if nobody confirmed it.
    pub fn approve_assistant(&self, firm: FirmId, person: PersonId, by: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE assistants SET approved_by = ?3, approved_at = ?4 WHERE firm_id = ?1 AND person_id = ?2
               AND confirmed_at IS NOT NULL AND approved_at IS NULL AND ended_at IS NULL",
            (firm.0, person.0, by.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Ends all that was given to an assistant, and their reply addresses; false if it had ended.
    pub fn end_assistant(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE assistants SET ended_at = ?3 WHERE firm_id = ?1 AND person_id = ?2 AND ended_at IS NULL",
            (firm.0, person.0, at(now)),
        )?;
        self.run(
            "UPDATE threads SET revoked_at = ?3 WHERE firm_id = ?1 AND person_id = ?2 AND revoked_at IS NULL",
            (firm.0, person.0, at(now)),
        )?;
        Ok(changed == 1)
    }
}
