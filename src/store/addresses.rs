//! Changes of a login address, and further addresses of a person: asked for, confirmed from both sides, done (ACC-10 to
//! ACC-14, decisions.md 4). When one may take effect is not decided here, and no code is stored.

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::people::Person;
use super::{Result, Snapshot, Tx, at, end_of_patience, moment};
use crate::domain::leap::is_over;
use crate::domain::{Address, FirmId, IdentityId, InboxId, PersonId, ThreadId};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The person moves to another mailbox.
    Own,
    /// The firm moves them (ACC-14).
    Firm,
    /// One more address of theirs.
    Further,
}

impl ChangeKind {
    const ALL: [ChangeKind; 3] = [ChangeKind::Own, ChangeKind::Firm, ChangeKind::Further];

    /// The word in the store.
    pub const fn word(self) -> &'static str {
        match self {
            ChangeKind::Own => "own",
            ChangeKind::Firm => "firm",
            ChangeKind::Further => "further",
        }
    }
}

/// One of the two mailboxes that confirm a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The address that is theirs now.
    Old,
    /// The one to come.
    New,
}

/// A change of address.
#[derive(Clone, Debug)]
pub struct AddressChange {
    /// Its row.
    pub id: i64,
    /// Through which firm's gateway.
    pub firm: FirmId,
    /// About whom.
    pub person: PersonId,
    /// Whose address.
    pub identity: IdentityId,
    /// What.
    pub kind: ChangeKind,
    /// Login address when it was asked for.
    pub old: Address,
    /// The one to come.
    pub new: Address,
    /// Wrong codes from the old address.
    pub old_tries: u32,
    /// Wrong codes from the new one.
    pub new_tries: u32,
    /// Since.
    pub asked_at: Timestamp,
    /// Until.
    pub expires_at: Timestamp,
    /// The old address said yes.
    pub old_confirmed: bool,
    /// The new one did.
    pub new_confirmed: bool,
    /// When it took effect.
    pub done_at: Option<Timestamp>,
    /// Ended without effect.
    pub ended: bool,
}

impl AddressChange {
    /// True if it can still take effect at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.done_at.is_none() && !self.ended && !is_over(self.expires_at, now)
    }
}

/// A change about to be asked for.
#[derive(Clone, Debug)]
pub struct NewChange {
    /// About whom.
    pub person: PersonId,
    /// Whose address.
    pub identity: IdentityId,
    /// What.
    pub kind: ChangeKind,
    /// The login address now.
    pub old: Address,
    /// The one to come.
    pub new: Address,
    /// User of the firm who asks.
    pub asked_by: Option<PersonId>,
    /// Until.
    pub expires_at: Timestamp,
}

const SELECT: &str =
    "SELECT id, firm_id, person_id, identity_id, kind, old_address, new_address, old_tries, new_tries, created_at, expires_at,
    old_confirmed_at IS NOT NULL AS old_confirmed, new_confirmed_at IS NOT NULL AS new_confirmed, done_at,
    ended_at IS NOT NULL AS ended FROM address_changes";

fn read(row: &Row<'_>) -> rusqlite::Result<AddressChange> {
    let kind: String = row.get("kind")?;
    let address = |column: &str| -> rusqlite::Result<Address> {
        let text: String = row.get(column)?;
        Address::parse(&text)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(e)))
    };
    Ok(AddressChange {
        id: row.get("id")?,
        firm: FirmId(row.get("firm_id")?),
        person: PersonId(row.get("person_id")?),
        identity: IdentityId(row.get("identity_id")?),
        kind: ChangeKind::ALL.into_iter().find(|k| k.word() == kind).unwrap_or(ChangeKind::Further),
        old: address("old_address")?,
        new: address("new_address")?,
        old_tries: row.get("old_tries")?,
        new_tries: row.get("new_tries")?,
        asked_at: moment(row.get("created_at")?),
        expires_at: moment(row.get("expires_at")?),
        old_confirmed: row.get("old_confirmed")?,
        new_confirmed: row.get("new_confirmed")?,
        done_at: row.get::<_, Option<i64>>("done_at")?.map(moment),
        ended: row.get("ended")?,
    })
}

impl Snapshot<'_> {
    /// The change of this row.
    pub fn address_change(&self, firm: FirmId, change: i64) -> Result<Option<AddressChange>> {
        self.one(&format!("{SELECT} WHERE firm_id = ?1 AND id = ?2"), (firm.0, change), read)
    }

    /// The newest question whether this address is one more of the person's.
    pub fn question_about(&self, identity: IdentityId, address: &Address) -> Result<Option<AddressChange>> {
        self.one(
            &format!(
                "{SELECT} WHERE identity_id = ?1 AND new_address = ?2 AND kind = 'further' ORDER BY id DESC LIMIT 1"
            ),
            (identity.0, address.as_str()),
            read,
        )
    }

    /// How many changes of a kind were asked for an identity since a moment.
    pub fn address_changes_since(&self, identity: IdentityId, kind: ChangeKind, since: Timestamp) -> Result<u32> {
        let count = self.one(
            "SELECT count(*) FROM address_changes WHERE identity_id = ?1 AND kind = ?2 AND created_at >= ?3",
            (identity.0, kind.word(), at(since)),
            |r| r.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// The held mails that a question about an address is about, and the reply addresses they came to.
    pub fn mails_of_address(&self, firm: FirmId, change: i64) -> Result<Vec<(InboxId, ThreadId)>> {
        self.all(
            "SELECT inbox_id, thread_id FROM address_mails WHERE firm_id = ?1 AND change_id = ?2 ORDER BY inbox_id",
            (firm.0, change),
            |r| Ok((InboxId(r.get(0)?), ThreadId(r.get(1)?))),
        )
    }

    /// Everybody, of whatever firm, who is this human.
    pub fn people_of_identity(&self, identity: IdentityId) -> Result<Vec<(FirmId, Person)>> {
        let rows: Vec<(i64, i64)> = self.all(
            "SELECT firm_id, id FROM people WHERE identity_id = ?1 AND deleted_at IS NULL ORDER BY firm_id, id",
            [identity.0],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        let mut people = Vec::new();
        for (firm, person) in rows {
            people.extend(self.person(FirmId(firm), PersonId(person))?.map(|p| (FirmId(firm), p)));
        }
        Ok(people)
    }

    /// The further verified addresses of an identity, oldest first.
    pub fn further_addresses(&self, identity: IdentityId) -> Result<Vec<String>> {
        self.all("SELECT address FROM identity_addresses WHERE identity_id = ?1 ORDER BY id", [identity.0], |r| {
            r.get(0)
        })
    }

    /// True if the firm may not change this contact's login address (ACC-14).
    pub fn is_address_locked(&self, firm: FirmId, person: PersonId) -> Result<bool> {
        let locked = self.one(
            "SELECT address_locked FROM contacts WHERE firm_id = ?1 AND person_id = ?2",
            (firm.0, person.0),
            |r| r.get(0),
        )?;
        Ok(locked.unwrap_or(false))
    }
}

impl Tx<'_> {
    /// Asks for a change and gives its row; one that is open for the same identity ends, unless it is about one more
    /// address.
    pub fn add_address_change(&self, firm: FirmId, new: &NewChange, now: Timestamp) -> Result<i64> {
        if new.kind != ChangeKind::Further {
            self.run(
                "UPDATE address_changes SET ended_at = ?2 WHERE identity_id = ?1 AND kind <> 'further' AND done_at IS NULL AND ended_at IS NULL",
                (new.identity.0, at(now)),
            )?;
        }
        self.insert_address_change(firm, new, None, now)
    }

    /// Notes a change that was asked for and refused, so that it counts. One that is open stays so.
    pub fn add_refused_address_change(&self, firm: FirmId, new: &NewChange, now: Timestamp) -> Result<()> {
        self.insert_address_change(firm, new, Some(now), now)?;
        Ok(())
    }

    fn insert_address_change(
        &self,
        firm: FirmId,
        new: &NewChange,
        ended: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<i64> {
        self.insert(
            "INSERT INTO address_changes (firm_id, person_id, identity_id, kind, old_address, new_address, asked_by, created_at, expires_at,
               ended_at)
             VALUES (:firm, :person, :identity, :kind, :old, :new, :by, :now, :expires, :ended)",
            named_params! {":firm": firm.0, ":person": new.person.0, ":identity": new.identity.0, ":kind": new.kind.word(),
            ":old": new.old.as_str(), ":new": new.new.as_str(), ":by": new.asked_by.map(|p| p.0), ":now": at(now),
            ":expires": at(new.expires_at), ":ended": ended.map(at)},
        )
    }

    /// Counts a wrong code from one side and gives how many there were.
    pub fn count_wrong_address_code(&self, firm: FirmId, change: i64, side: Side) -> Result<u32> {
        let column = match side {
            Side::Old => "old_tries",
            Side::New => "new_tries",
        };
        let tries = self.one(
            &format!(
                "UPDATE address_changes SET {column} = {column} + 1 WHERE firm_id = ?1 AND id = ?2 RETURNING {column}"
            ),
            (firm.0, change),
            |r| r.get(0),
        )?;
        Ok(tries.unwrap_or(0))
    }

    /// Notes that one side confirmed.
    pub fn confirm_address(&self, firm: FirmId, change: i64, side: Side, now: Timestamp) -> Result<()> {
        let column = match side {
            Side::Old => "old_confirmed_at",
            Side::New => "new_confirmed_at",
        };
        self.run(
            &format!("UPDATE address_changes SET {column} = coalesce({column}, ?3) WHERE firm_id = ?1 AND id = ?2"),
            (firm.0, change, at(now)),
        )?;
        Ok(())
    }

    /// Notes that a change took effect; false if it was over.
    pub fn finish_address_change(&self, firm: FirmId, change: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE address_changes SET done_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND done_at IS NULL AND ended_at IS NULL AND expires_at > ?4",
            (firm.0, change, at(now), end_of_patience(now)),
        )?;
        Ok(changed == 1)
    }

    /// Ends a change without effect; false if it was over.
    pub fn end_address_change(&self, firm: FirmId, change: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE address_changes SET ended_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND done_at IS NULL AND ended_at IS NULL",
            (firm.0, change, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Says that a question about an address is about this held mail too, which came to this reply address.
    pub fn add_mail_to_address(&self, firm: FirmId, change: i64, inbox: InboxId, thread: ThreadId) -> Result<()> {
        self.run(
            "INSERT INTO address_mails (firm_id, change_id, inbox_id, thread_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            (firm.0, change, inbox.0, thread.0),
        )?;
        Ok(())
    }

    /// Gives an identity another login address. Open invitations follow it, queued mails are written anew, and no domain
    /// that signed for the old address signs for the new one.
    pub fn set_login_address(&self, identity: IdentityId, address: &Address) -> Result<()> {
        let before = self.identity(identity)?.map(|i| i.address);
        self.run(
            "DELETE FROM identity_addresses WHERE identity_id = ?1 AND address = ?2",
            (identity.0, address.as_str()),
        )?;
        self.run("DELETE FROM bound_signers WHERE identity_id = ?1", [identity.0])?;
        self.run("UPDATE identities SET address = ?2 WHERE id = ?1", (identity.0, address.as_str()))?;
        for (firm, person) in self.people_of_identity(identity)? {
            self.readdress(firm, person.id, before.as_ref(), address)?;
        }
        Ok(())
    }

    /// Lets a person's open invitations and queued mails follow them to another address. What was written to the old one
    /// and did not leave is written anew (ACC-12).
    pub fn readdress(&self, firm: FirmId, person: PersonId, from: Option<&Address>, to: &Address) -> Result<()> {
        let from = from.map_or("", Address::as_str);
        self.run(
            "UPDATE invitations SET address = ?4 WHERE firm_id = ?1 AND person_id = ?2 AND address = ?3
               AND accepted_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL",
            (firm.0, person.0, from, to.as_str()),
        )?;
        self.run(
            "UPDATE outbox SET to_login_address = ?4 WHERE firm_id = ?1 AND person_id = ?2 AND to_login_address = ?3
               AND state = 'QUEUED' AND template = 'invitation'",
            (firm.0, person.0, from, to.as_str()),
        )?;
        self.run(
            "DELETE FROM outbox_bytes WHERE outbox_id IN (SELECT id FROM outbox WHERE firm_id = ?1 AND person_id = ?2 AND state = 'QUEUED')",
            (firm.0, person.0),
        )?;
        Ok(())
    }

    /// A new identity with this address and the profile of another one, whose signers and further addresses stay with it.
    pub fn split_identity(&self, from: IdentityId, address: &Address, now: Timestamp) -> Result<IdentityId> {
        self.insert(
            "INSERT INTO identities (address, display_name, picture_sha256, time_zone, created_at)
             SELECT ?2, display_name, picture_sha256, time_zone, ?3 FROM identities WHERE id = ?1",
            (from.0, address.as_str(), at(now)),
        )
        .map(IdentityId)
    }

    /// Adds a further verified address; false if somebody has it.
    pub fn add_further_address(&self, identity: IdentityId, address: &Address, now: Timestamp) -> Result<bool> {
        if self.identity_by_address(address)?.is_some() {
            return Ok(false);
        }
        let added = self.run(
            "INSERT INTO identity_addresses (identity_id, address, verified_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (identity.0, address.as_str(), at(now)),
        )?;
        Ok(added == 1)
    }

    /// Takes a further address away; false if it was none of theirs.
    pub fn remove_further_address(&self, identity: IdentityId, address: &Address) -> Result<bool> {
        let removed = self.run(
            "DELETE FROM identity_addresses WHERE identity_id = ?1 AND address = ?2",
            (identity.0, address.as_str()),
        )?;
        Ok(removed == 1)
    }

    /// Takes all further addresses away.
    pub fn remove_further_addresses(&self, identity: IdentityId) -> Result<()> {
        self.run("DELETE FROM identity_addresses WHERE identity_id = ?1", [identity.0])?;
        Ok(())
    }

    /// Says whether the firm may change this contact's login address.
    pub fn set_address_locked(&self, firm: FirmId, person: PersonId, locked: bool) -> Result<()> {
        self.run(
            "UPDATE contacts SET address_locked = ?3 WHERE firm_id = ?1 AND person_id = ?2",
            (firm.0, person.0, locked),
        )?;
        Ok(())
    }
}
