//! Invitations: the question that a contact answers once before anything is theirs (ACC-02). A person has at most one
//! that is open; a newer one withdraws the older. Who may invite or accept is not asked here.

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, end_of_patience, moment};
use crate::domain::leap::is_over;
use crate::domain::{Address, FirmId, PersonId};

/// An invitation.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its row.
    pub id: i64,
    /// Who is invited.
    pub person: PersonId,
    /// The inviting lawyer.
    pub invited_by: PersonId,
    /// The only address that may accept.
    pub address: Address,
    /// Names for the conflict check (decisions.md 28).
    pub conflict_names: String,
    /// What the lawyer added.
    pub personal_message: String,
    /// Since.
    pub sent_at: Timestamp,
    /// Until.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was declined.
    pub declined_at: Option<Timestamp>,
    /// When the firm, or a newer one, ended it.
    pub withdrawn_at: Option<Timestamp>,
}

impl Invitation {
    /// True if it can be answered at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let answered = self.accepted_at.or(self.declined_at).or(self.withdrawn_at).is_some();
        !answered && !is_over(self.expires_at, now)
    }
}

/// An invitation about to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Who is invited.
    pub person: PersonId,
    /// The inviting lawyer.
    pub invited_by: PersonId,
    /// The only address that may accept.
    pub address: Address,
    /// Names for the conflict check (decisions.md 28).
    pub conflict_names: String,
    /// What the lawyer adds.
    pub personal_message: String,
    /// Until.
    pub expires_at: Timestamp,
}

const SELECT: &str =
    "SELECT id, person_id, invited_by, address, conflict_names, personal_message, sent_at, expires_at, accepted_at,
    declined_at, withdrawn_at FROM invitations";

/// An invitation that nobody answered or ended, for `WHERE`.
const UNANSWERED: &str = "accepted_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL";

fn read(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    let address: String = row.get("address")?;
    let ended =
        |column: &str| -> rusqlite::Result<Option<Timestamp>> { Ok(row.get::<_, Option<i64>>(column)?.map(moment)) };
    Ok(Invitation {
        id: row.get("id")?,
        person: PersonId(row.get("person_id")?),
        invited_by: PersonId(row.get("invited_by")?),
        address: Address::parse(&address)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(e)))?,
        conflict_names: row.get("conflict_names")?,
        personal_message: row.get("personal_message")?,
        sent_at: moment(row.get("sent_at")?),
        expires_at: moment(row.get("expires_at")?),
        accepted_at: ended("accepted_at")?,
        declined_at: ended("declined_at")?,
        withdrawn_at: ended("withdrawn_at")?,
    })
}

impl Snapshot<'_> {
    /// The invitation of this row.
    pub fn invitation(&self, firm: FirmId, invitation: i64) -> Result<Option<Invitation>> {
        self.one(&format!("{SELECT} WHERE firm_id = ?1 AND id = ?2"), (firm.0, invitation), read)
    }

    /// The invitation that a person can answer at `now`.
    pub fn open_invitation(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<Option<Invitation>> {
        self.one(
            &format!(
                "{SELECT} WHERE firm_id = ?1 AND person_id = ?2 AND {UNANSWERED} AND expires_at > ?3 ORDER BY id DESC LIMIT 1"
            ),
            (firm.0, person.0, end_of_patience(now)),
            read,
        )
    }

    /// Who of the firm last invited a person.
    pub fn inviter(&self, firm: FirmId, person: PersonId) -> Result<Option<PersonId>> {
        self.one(
            "SELECT invited_by FROM invitations WHERE firm_id = ?1 AND person_id = ?2 ORDER BY id DESC LIMIT 1",
            (firm.0, person.0),
            |r| r.get(0).map(PersonId),
        )
    }
}

impl Tx<'_> {
    /// Makes an invitation and gives its row; an unanswered older one of the same person is withdrawn.
    pub fn add_invitation(&self, firm: FirmId, new: &NewInvitation, now: Timestamp) -> Result<i64> {
        self.run(
            &format!("UPDATE invitations SET withdrawn_at = ?3 WHERE firm_id = ?1 AND person_id = ?2 AND {UNANSWERED}"),
            (firm.0, new.person.0, at(now)),
        )?;
        self.insert(
            "INSERT INTO invitations (firm_id, person_id, invited_by, address, conflict_names, personal_message, sent_at, expires_at)
             VALUES (:firm, :person, :by, :address, :names, :message, :now, :expires)",
            named_params! {":firm": firm.0, ":person": new.person.0, ":by": new.invited_by.0, ":address": new.address.as_str(),
            ":names": new.conflict_names, ":message": new.personal_message, ":now": at(now), ":expires": at(new.expires_at)},
        )
    }

    /// Notes that an invitation was accepted; false if it was not open at `now`.
    pub fn accept_invitation(&self, firm: FirmId, invitation: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            &format!(
                "UPDATE invitations SET accepted_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND {UNANSWERED} AND expires_at > ?4"
            ),
            (firm.0, invitation, at(now), end_of_patience(now)),
        )?;
        Ok(changed == 1)
    }

    /// Notes that an invitation was declined; false if it was not open at `now`.
    pub fn decline_invitation(&self, firm: FirmId, invitation: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            &format!(
                "UPDATE invitations SET declined_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND {UNANSWERED} AND expires_at > ?4"
            ),
            (firm.0, invitation, at(now), end_of_patience(now)),
        )?;
        Ok(changed == 1)
    }

    /// Ends an invitation for the firm, expired or not; false if it was answered or ended before.
    pub fn withdraw_invitation(&self, firm: FirmId, invitation: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            &format!("UPDATE invitations SET withdrawn_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND {UNANSWERED}"),
            (firm.0, invitation, at(now)),
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn invited(s: &Sample) -> i64 {
        let firm = s.firm;
        let new = NewInvitation {
            person: s.jane,
            invited_by: s.lawyer,
            address: Address::parse("jane@example.com").unwrap(),
            conflict_names: "Reed; Marsh".into(),
            personal_message: String::new(),
            expires_at: later(1_000),
        };
        s.write(move |tx| tx.add_invitation(firm, &new, now()))
    }

    #[test]
    fn a_newer_invitation_withdraws_the_older() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        let (older, newer) = (invited(&s), invited(&s));
        assert_eq!(s.read(|r| r.open_invitation(firm, jane, now())).unwrap().id, newer);
        assert!(s.read(|r| r.invitation(firm, older)).unwrap().withdrawn_at.is_some());
        assert!(!s.write(move |tx| tx.accept_invitation(firm, older, now())));
    }

    #[test]
    fn t40_an_invitation_is_answered_once() {
        let s = Sample::new();
        let (firm, jane, id) = (s.firm, s.jane, invited(&s));
        assert!(s.write(move |tx| tx.accept_invitation(firm, id, now())));
        assert!(!s.write(move |tx| tx.accept_invitation(firm, id, later(1))));
        assert!(!s.write(move |tx| tx.decline_invitation(firm, id, later(1))));
        assert!(!s.write(move |tx| tx.withdraw_invitation(firm, id, later(1))));
        let kept = s.read(|r| r.invitation(firm, id)).unwrap();
        assert_eq!((kept.accepted_at, kept.is_open(now())), (Some(now()), false));
        assert!(s.read(|r| r.open_invitation(firm, jane, now())).is_none());
    }

    #[test]
    fn t40_an_expired_invitation_takes_no_answer() {
        let s = Sample::new();
        let (firm, jane, id) = (s.firm, s.jane, invited(&s));
        assert!(s.read(|r| r.open_invitation(firm, jane, later(1_600))).is_none());
        assert!(!s.write(move |tx| tx.accept_invitation(firm, id, later(1_600))));
        assert!(!s.read(|r| r.invitation(firm, id)).unwrap().is_open(later(1_600)));
        assert!(s.write(move |tx| tx.decline_invitation(firm, id, later(999))));
    }

    #[test]
    fn an_invitation_of_another_firm_is_not_found_and_not_answered() {
        let s = Sample::new();
        let (other, id) = (s.other_firm, invited(&s));
        assert!(s.read(|r| r.invitation(other, id)).is_none());
        assert!(!s.write(move |tx| tx.accept_invitation(other, id, now())));
    }
}
