//! Who was given what; and the facts that `sharing` decides by, loaded in the transaction in which they are used.
//! [`Snapshot::ask`] is the one way to a yes or a no.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Row, named_params};

use super::firms::ClosedMatters;
use super::people::Person;
use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::sharing::{self, Ability, BillState, Facts, Reach, Receiver, Role, Standing, Thing, Verdict};

/// How a share came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Given by name.
    Direct,
    /// By assigning a task.
    Assignment,
    /// By inviting to an event.
    Attendance,
    /// By adding to a conversation.
    Membership,
}

impl Source {
    /// The word in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Source::Direct => "direct",
            Source::Assignment => "assignment",
            Source::Attendance => "attendance",
            Source::Membership => "membership",
        }
    }
}

/// A share.
#[derive(Clone, Debug)]
pub struct Share {
    /// Its row.
    pub id: i64,
    /// With whom.
    pub person: PersonId,
    /// Of what.
    pub item: Item,
    /// Since.
    pub created_at: Timestamp,
    /// Until.
    pub revoked_at: Option<Timestamp>,
}

/// A share about to be made.
#[derive(Clone, Debug)]
pub struct NewShare {
    /// With whom.
    pub person: PersonId,
    /// Of what.
    pub item: Item,
    /// How it came about.
    pub source: Source,
    /// Tell them.
    pub notify: bool,
    /// What the lawyer added.
    pub message: String,
    /// The user who shares.
    pub by: PersonId,
}

/// What a verb adds to the facts of a thing: the rest is in the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// The day of the work, for time.
    pub worked_on: Option<Date>,
    /// A category was typed that co-counsel may not choose.
    pub category_hidden: bool,
    /// Who would get something by it.
    pub receiver: Option<PersonId>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<Share>> {
    let kind: String = row.get("resource_type")?;
    let Some(kind) = Kind::from_stored(&kind) else { return Ok(None) };
    Ok(Some(Share {
        id: row.get("id")?,
        person: PersonId(row.get("person_id")?),
        item: Item::new(kind, row.get("resource_id")?),
        created_at: moment(row.get("created_at")?),
        revoked_at: row.get::<_, Option<i64>>("revoked_at")?.map(moment),
    }))
}

/// A live share of `item` with `person`, for `WHERE`.
const LIVE: &str = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)";

impl Snapshot<'_> {
    /// May this person do this to this thing now? The only question, and the only place where it is put.
    pub fn ask(&self, firm: FirmId, person: PersonId, ability: Ability, item: Item, now: Timestamp) -> Result<Verdict> {
        self.ask_about(firm, person, ability, Subject::Item(item), Circumstances::default(), now)
    }

    /// As [`Snapshot::ask`], about any subject and with what the verb knows.
    pub fn ask_about(
        &self,
        firm: FirmId,
        person: PersonId,
        ability: Ability,
        subject: Subject,
        circumstances: Circumstances,
        now: Timestamp,
    ) -> Result<Verdict> {
        Ok(sharing::may(&self.facts(firm, person, subject, circumstances, now)?, ability))
    }

    /// Everything that the decision needs to know.
    pub fn facts(
        &self,
        firm: FirmId,
        person: PersonId,
        subject: Subject,
        circumstances: Circumstances,
        now: Timestamp,
    ) -> Result<Facts> {
        let found = self.person(firm, person)?;
        let (role, standing) = self.standing(found.as_ref())?;
        let Some(acts_for) = found.and_then(|p| p.acts_for).filter(|_| standing == Standing::Active) else {
            return self.own_facts(firm, person, (role, standing), subject, circumstances, now);
        };
        // An assistant is asked about as the co-counsel for whom they act; what was given to them narrows it.
        let principal = acts_for.principal;
        let (role, standing) = self.standing(self.person(firm, principal)?.as_ref())?;
        let mut facts = self.own_facts(firm, principal, (role, standing), subject, circumstances, now)?;
        facts.acts_by = Some(acts_for.given);
        let matter = match subject {
            Subject::Item(item) => self.matter_of(firm, item)?,
            Subject::Other(_, matter) => matter,
        };
        if let Some(matter) = matter {
            facts.screened = facts.screened || self.is_screened(firm, matter, person)?;
        }
        Ok(facts)
    }

    /// The facts about a person in their own name.
    fn own_facts(
        &self,
        firm: FirmId,
        person: PersonId,
        (role, standing): (Role, Standing),
        subject: Subject,
        circumstances: Circumstances,
        now: Timestamp,
    ) -> Result<Facts> {
        match subject {
            Subject::Other(thing, matter) => {
                let mut facts = Facts::bare(role, standing, thing);
                facts.present = true;
                if let Some(contact) = circumstances.receiver.filter(|_| thing == Thing::Profile) {
                    facts.locked = self.is_address_locked(firm, contact)?;
                }
                self.matter_facts(firm, person, matter, circumstances, now, &mut facts)?;
                Ok(facts)
            }
            Subject::Item(item) => {
                let mut facts = Facts::bare(role, standing, Thing::Item(item.kind));
                self.item_facts(firm, person, item, now, &mut facts)?;
                if facts.present {
                    let matter = self.matter_of(firm, item)?;
                    self.matter_facts(firm, person, matter, circumstances, now, &mut facts)?;
                    facts.permitted = facts.permitted && self.task_permitted(firm, person, item, role)?;
                }
                Ok(facts)
            }
        }
    }

    fn standing(&self, person: Option<&Person>) -> Result<(Role, Standing)> {
        let Some(person) = person else { return Ok((Role::Stranger, Standing::Stranger)) };
        let identity = match person.identity {
            Some(id) => self.identity(id)?,
            None => None,
        };
        let standing = match identity {
            _ if person.disabled => Standing::Disabled,
            Some(identity) if identity.disabled => Standing::Disabled,
            None => Standing::NotAccepted,
            Some(_) if person.is_user() || person.accepted_at.is_some() => Standing::Active,
            Some(_) => Standing::NotAccepted,
        };
        Ok((person.role, standing))
    }

    fn matter_facts(
        &self,
        firm: FirmId,
        person: PersonId,
        matter: Option<i64>,
        circumstances: Circumstances,
        now: Timestamp,
        facts: &mut Facts,
    ) -> Result<()> {
        facts.worked_on = circumstances.worked_on;
        facts.category_hidden = circumstances.category_hidden;
        facts.receiver = match circumstances.receiver {
            Some(receiver) => self.receiver(firm, receiver, matter)?,
            None => Receiver::Nobody,
        };
        facts.permitted = true;
        let Some(matter) = matter else { return Ok(()) };
        facts.screened = self.is_screened(firm, matter, person)?;
        facts.permitted = self.is_permitted(firm, matter, person)?;
        facts.matter_shared = self.share_is_live(firm, person, Item::new(Kind::Matter, matter), now)?;
        let closed = self.matter(firm, matter)?.filter(super::matters::Matter::is_closed);
        let set = self.firm(firm)?.filter(|f| f.closed_matters != ClosedMatters::Keep);
        if let (Some(closed), Some(set)) = (closed, set) {
            let closed_on = closed.close_date.unwrap_or(Date::MIN);
            facts.closed_on = Some(closed_on);
            let today = now.to_zoned(TimeZone::UTC).date();
            let last_day =
                closed_on.checked_add(jiff::Span::new().days(i64::from(set.late_time_days))).unwrap_or(Date::MAX);
            facts.late_time_over = today > last_day;
        }
        Ok(())
    }

    fn receiver(&self, firm: FirmId, receiver: PersonId, matter: Option<i64>) -> Result<Receiver> {
        if let Some(matter) = matter
            && self.is_screened(firm, matter, receiver)?
        {
            return Ok(Receiver::Screened);
        }
        let Some(person) = self.person(firm, receiver)? else { return Ok(Receiver::Contact) };
        if !person.is_user() && person.role != Role::Assistant && person.accepted_at.is_none() {
            let Some(card) = self.card_address(firm, person.id)? else { return Ok(Receiver::NoAddress) };
            let others = self.people_writing_from(firm, &card)?;
            if others.iter().any(|p| p.id != person.id && !p.is_user()) {
                return Ok(Receiver::AddressTaken);
            }
        }
        Ok(match person.role {
            Role::CoCounsel => Receiver::CoCounsel,
            Role::User { .. } => Receiver::User,
            Role::Assistant => Receiver::Assistant,
            Role::Contact | Role::Stranger => Receiver::Contact,
        })
    }

    fn is_screened(&self, firm: FirmId, matter: i64, person: PersonId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM screens WHERE firm_id = ?1 AND matter_id = ?2 AND person_id = ?3 AND lifted_at IS NULL",
            (firm.0, matter, person.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    fn is_permitted(&self, firm: FirmId, matter: i64, person: PersonId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM matters m WHERE m.firm_id = ?1 AND m.id = ?2 AND (m.access = 'everyone' OR EXISTS
               (SELECT 1 FROM matter_permissions p WHERE p.firm_id = m.firm_id AND p.matter_id = m.id AND p.person_id = ?3))",
            (firm.0, matter, person.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    fn task_permitted(&self, firm: FirmId, person: PersonId, item: Item, role: Role) -> Result<bool> {
        if item.kind != Kind::Task || matches!(role, Role::User { admin: true, .. }) {
            return Ok(true);
        }
        let found = self.one(
            "SELECT 1 FROM tasks WHERE firm_id = ?1 AND id = ?2 AND (permission = 'public' OR assignee_id = ?3 OR assigner_id = ?3)",
            (firm.0, item.id, person.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// True if there is a live share of exactly this thing with this person.
    pub fn share_is_live(&self, firm: FirmId, person: PersonId, item: Item, now: Timestamp) -> Result<bool> {
        let found = self.one(
            &format!(
                "SELECT 1 FROM shares WHERE firm_id = :firm AND person_id = :person AND resource_type = :kind AND resource_id = :id AND {LIVE}"
            ),
            named_params! {":firm": firm.0, ":person": person.0, ":kind": item.kind.stored(), ":id": item.id, ":now": at(now)},
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// True if there was a share of exactly this thing with this person, and none lives now.
    pub fn share_ended(&self, firm: FirmId, person: PersonId, item: Item, now: Timestamp) -> Result<bool> {
        let found: Option<bool> = self.one(
            &format!(
                "SELECT max({LIVE}) FROM shares WHERE firm_id = :firm AND person_id = :person AND resource_type = :kind AND resource_id = :id"
            ),
            named_params! {":firm": firm.0, ":person": person.0, ":kind": item.kind.stored(), ":id": item.id, ":now": at(now)},
            |r| r.get::<_, Option<bool>>(0),
        )?.flatten();
        Ok(found == Some(false))
    }

    fn item_facts(&self, firm: FirmId, person: PersonId, item: Item, now: Timestamp, facts: &mut Facts) -> Result<()> {
        let key = (firm.0, item.id);
        match item.kind {
            Kind::Matter => {
                facts.present =
                    self.one("SELECT 1 FROM matters WHERE firm_id = ?1 AND id = ?2", key, |_| Ok(()))?.is_some();
            }
            Kind::Task => {
                let sql =
                    "SELECT assignee_id, completed_at, (SELECT time_zone FROM firms WHERE id = firm_id) FROM tasks
                    WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL";
                let found: Option<(Option<i64>, Option<i64>, String)> =
                    self.one(sql, key, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
                let Some((assignee, completed_at, zone)) = found else { return Ok(()) };
                facts.present = true;
                facts.completed_on = completed_at.map(|at| moment(at).to_zoned(super::firms::zone(&zone)).date());
                let granted = matches!(facts.role, Role::User { .. }) || self.share_is_live(firm, person, item, now)?;
                facts.reach = direct_if(assignee == Some(person.0) && granted);
            }
            Kind::Document | Kind::Folder => self.filed_facts(firm, person, item, now, facts)?,
            Kind::Note => {
                let sql = "SELECT author_id, internal FROM notes WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL";
                let found: Option<(i64, bool)> = self.one(sql, key, |r| Ok((r.get(0)?, r.get(1)?)))?;
                facts.present = found.is_some();
                facts.own = self.is_work_of(firm, found.map(|f| f.0), person)?;
                facts.internal = found.is_some_and(|f| f.1);
            }
            Kind::Communication => {
                let sql = "SELECT author_id FROM communications WHERE firm_id = ?1 AND id = ?2";
                let found: Option<i64> = self.one(sql, key, |r| r.get(0))?;
                facts.present = found.is_some();
                facts.own = self.is_work_of(firm, found, person)?;
            }
            Kind::Event => {
                let sql =
                    "SELECT cancelled_at IS NOT NULL, EXISTS (SELECT 1 FROM attendees a WHERE a.firm_id = e.firm_id
                      AND a.calendar_entry_id = e.id AND a.person_id = ?3 AND a.removed_at IS NULL)
                    FROM calendar_entries e WHERE e.firm_id = ?1 AND e.id = ?2";
                let found: Option<(bool, bool)> =
                    self.one(sql, (firm.0, item.id, person.0), |r| Ok((r.get(0)?, r.get(1)?)))?;
                let Some((cancelled, attends)) = found else { return Ok(()) };
                facts.present = true;
                facts.cancelled = cancelled;
                let granted = matches!(facts.role, Role::User { .. }) || self.share_is_live(firm, person, item, now)?;
                facts.reach = direct_if(attends && granted);
            }
            Kind::TimeEntry => self.time_facts(firm, person, item, now, facts)?,
            Kind::Conversation => {
                let sql =
                    "SELECT read_only, EXISTS (SELECT 1 FROM conversation_memberships m WHERE m.firm_id = c.firm_id
                      AND m.conversation_id = c.id AND m.person_id = ?3 AND m.removed_at IS NULL),
                      EXISTS (SELECT 1 FROM conversation_messages s WHERE s.firm_id = c.firm_id AND s.conversation_id = c.id
                      AND s.superseded_by IS NULL AND s.sender_id IN
                        (SELECT id FROM people WHERE firm_id = ?1 AND (id = ?3 OR principal_id = ?3)))
                    FROM conversations c WHERE c.firm_id = ?1 AND c.id = ?2";
                let found: Option<(bool, bool, bool)> =
                    self.one(sql, (firm.0, item.id, person.0), |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
                let Some((read_only, member, wrote)) = found else { return Ok(()) };
                facts.present = true;
                facts.read_only = read_only;
                facts.own = wrote;
                let granted = matches!(facts.role, Role::User { .. }) || self.share_is_live(firm, person, item, now)?;
                facts.reach = direct_if(member && granted);
            }
            Kind::Bill => {
                let sql = "SELECT b.state, coalesce(b.payment_url, f.payment_link) IS NOT NULL FROM bills b JOIN firms f ON f.id = b.firm_id
                   WHERE b.firm_id = ?1 AND b.id = ?2 AND b.state <> 'deleted'";
                let found: Option<(String, bool)> = self.one(sql, key, |r| Ok((r.get(0)?, r.get(1)?)))?;
                let Some((state, payment)) = found else { return Ok(()) };
                facts.present = true;
                facts.bill = super::bills::state_of_word(&state).unwrap_or(BillState::Draft);
                facts.payment_set_up = payment;
                facts.reach = direct_if(self.share_is_live(firm, person, item, now)?);
            }
        }
        Ok(())
    }

    /// True if this person made it, or one who acts or acted for them did.
    fn is_work_of(&self, firm: FirmId, maker: Option<i64>, person: PersonId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM people WHERE firm_id = ?1 AND id = ?2 AND (id = ?3 OR principal_id = ?3)",
            (firm.0, maker, person.0),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Documents and folders: a share of the thing, or of any folder above it.
    fn filed_facts(&self, firm: FirmId, person: PersonId, item: Item, now: Timestamp, facts: &mut Facts) -> Result<()> {
        let sql = match item.kind {
            Kind::Folder => {
                "SELECT id, creator_id, locked FROM folders WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL"
            }
            _ => {
                "SELECT folder_id, creator_id, locked FROM documents WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL"
            }
        };
        let found: Option<(Option<i64>, Option<i64>, bool)> =
            self.one(sql, (firm.0, item.id), |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let Some((start, maker, locked)) = found else { return Ok(()) };
        facts.present = true;
        facts.locked = locked;
        facts.own = self.is_work_of(firm, maker, person)?;
        let above: Vec<(i64, bool)> = self.all(
            "WITH RECURSIVE up (id, parent_id, is_drop, depth) AS (
               SELECT id, parent_id, is_drop, 0 FROM folders WHERE firm_id = ?1 AND id = ?2
               UNION ALL SELECT f.id, f.parent_id, f.is_drop, depth + 1 FROM folders f JOIN up ON f.id = up.parent_id
               WHERE f.firm_id = ?1 AND depth < 64)
             SELECT id, is_drop FROM up ORDER BY depth",
            (firm.0, start),
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        facts.in_drop_folder = above.iter().any(|(_, is_drop)| *is_drop);
        facts.reach = direct_if(self.share_is_live(firm, person, item, now)?);
        if facts.reach == Reach::None {
            for (folder, _) in above {
                let folder = Item::new(Kind::Folder, folder);
                if folder != item && self.share_is_live(firm, person, folder, now)? {
                    facts.reach = Reach::ThroughFolder;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Time entries: reached through what they were recorded on.
    fn time_facts(&self, firm: FirmId, person: PersonId, item: Item, now: Timestamp, facts: &mut Facts) -> Result<()> {
        let sql = "SELECT person_id, bill_id IS NOT NULL, subject_type, subject_id FROM activities
            WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL";
        let found: Option<(i64, bool, Option<String>, Option<i64>)> =
            self.one(sql, (firm.0, item.id), |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
        let Some((author, billed, kind, subject)) = found else { return Ok(()) };
        facts.present = true;
        facts.own = author == person.0;
        facts.billed = billed;
        let subject = kind.as_deref().and_then(Kind::from_stored).zip(subject).map(|(kind, id)| Item::new(kind, id));
        if let Some(subject) = subject {
            let mut of_subject = Facts::bare(facts.role, facts.standing, Thing::Item(subject.kind));
            self.item_facts(firm, person, subject, now, &mut of_subject)?;
            facts.reach = of_subject.reach;
        }
        Ok(())
    }

    /// The live shares with a person, oldest first.
    pub fn live_shares(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<Vec<Share>> {
        let found = self.all(
            &format!("SELECT * FROM shares WHERE firm_id = :firm AND person_id = :person AND {LIVE} ORDER BY id"),
            named_params! {":firm": firm.0, ":person": person.0, ":now": at(now)},
            read,
        )?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The live shares of a matter and of everything that belongs to it, oldest first.
    pub fn live_shares_in(&self, firm: FirmId, matter: i64, now: Timestamp) -> Result<Vec<Share>> {
        let all = self.all(
            &format!("SELECT * FROM shares WHERE firm_id = :firm AND {LIVE} ORDER BY id"),
            named_params! {":firm": firm.0, ":now": at(now)},
            read,
        )?;
        let mut found = Vec::new();
        for share in all.into_iter().flatten() {
            if self.matter_of(firm, share.item)? == Some(matter) {
                found.push(share);
            }
        }
        Ok(found)
    }

    /// A contact's rate on the matters whose share has none of its own; firm only (TIM-12).
    pub fn contact_rate(&self, firm: FirmId, person: PersonId) -> Result<Option<i64>> {
        let sql = "SELECT rate_minor FROM contacts WHERE firm_id = ?1 AND person_id = ?2";
        Ok(self.one(sql, (firm.0, person.0), |r| r.get::<_, Option<i64>>(0))?.flatten())
    }

    /// The matters whose live share with a person has a rate of its own, with it; firm only (TIM-12).
    pub fn share_rates(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<Vec<(Item, i64)>> {
        self.all(
            &format!(
                "SELECT s.resource_id, t.rate_minor FROM shares s JOIN share_terms t ON t.share_id = s.id
                 WHERE s.firm_id = :firm AND s.person_id = :person AND s.resource_type = 'matter' AND {LIVE} ORDER BY s.id"
            ),
            named_params! {":firm": firm.0, ":person": person.0, ":now": at(now)},
            |r| Ok((Item::new(Kind::Matter, r.get(0)?), r.get(1)?)),
        )
    }

    /// The live shares of a thing, oldest first.
    pub fn live_shares_of(&self, firm: FirmId, item: Item, now: Timestamp) -> Result<Vec<Share>> {
        let found = self.all(
            &format!(
                "SELECT * FROM shares WHERE firm_id = :firm AND resource_type = :kind AND resource_id = :id AND {LIVE} ORDER BY id"
            ),
            named_params! {":firm": firm.0, ":kind": item.kind.stored(), ":id": item.id, ":now": at(now)},
            read,
        )?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An item with a row.
    Item(Item),
    /// What has no row, on this matter if on any.
    Other(Thing, Option<i64>),
}

impl Tx<'_> {
    /// Makes a share; none if there is a live one already.
    pub fn add_share(&self, firm: FirmId, new: &NewShare, now: Timestamp) -> Result<Option<i64>> {
        // One that ended by itself makes room for a new one (REV-06).
        self.run(
            "UPDATE shares SET revoked_at = expires_at, revoke_reason = 'expired' WHERE firm_id = ?1 AND person_id = ?2
               AND resource_type = ?3 AND resource_id = ?4 AND revoked_at IS NULL AND expires_at <= ?5",
            (firm.0, new.person.0, new.item.kind.stored(), new.item.id, at(now)),
        )?;
        self.one(
            "INSERT INTO shares (firm_id, person_id, resource_type, resource_id, source, notify, personal_message, created_by, created_at)
             VALUES (:firm, :person, :kind, :id, :source, :notify, :message, :by, :now) ON CONFLICT DO NOTHING RETURNING id",
            named_params! {":firm": firm.0, ":person": new.person.0, ":kind": new.item.kind.stored(), ":id": new.item.id,
            ":source": new.source.word(), ":notify": new.notify, ":message": new.message, ":by": new.by.0, ":now": at(now)},
            |r| r.get(0),
        )
    }

    /// Ends the live share of a thing with a person; false if there was none.
    pub fn end_share(
        &self,
        firm: FirmId,
        person: PersonId,
        item: Item,
        by: PersonId,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = self.run(
            "UPDATE shares SET revoked_at = ?5, revoked_by = ?6, revoke_reason = ?7 WHERE firm_id = ?1 AND person_id = ?2
               AND resource_type = ?3 AND resource_id = ?4 AND revoked_at IS NULL",
            (firm.0, person.0, item.kind.stored(), item.id, at(now), by.0, reason),
        )?;
        Ok(changed > 0)
    }

    /// Sets co-counsel's rate for a share; firm only (TIM-12). False if it was so already.
    pub fn set_share_rate(&self, share: i64, rate_minor: i64, currency: &str) -> Result<bool> {
        let changed = self.run(
            "INSERT INTO share_terms (share_id, rate_minor, currency) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET rate_minor = excluded.rate_minor, currency = excluded.currency
             WHERE (rate_minor, currency) IS NOT (excluded.rate_minor, excluded.currency)",
            (share, rate_minor, currency),
        )?;
        Ok(changed == 1)
    }

    /// Sets a contact's rate on all matters whose share has none of its own; firm only (TIM-12). False if it was so already.
    pub fn set_contact_rate(&self, firm: FirmId, person: PersonId, rate_minor: Option<i64>) -> Result<bool> {
        let changed = self.run(
            "UPDATE contacts SET rate_minor = ?3 WHERE firm_id = ?1 AND person_id = ?2 AND rate_minor IS NOT ?3",
            (firm.0, person.0, rate_minor),
        )?;
        Ok(changed == 1)
    }
}

fn direct_if(reached: bool) -> Reach {
    if reached { Reach::Direct } else { Reach::None }
}
