//! Identities (humans with a mailbox) and people (as one firm knows them), their cards and preferences.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, firms, moment};
use crate::domain::likeness::{Circle, Known};
use crate::domain::{Address, FirmId, IdentityId, PersonId};
use std::collections::{BTreeMap, BTreeSet};

use crate::language::Locale;
use crate::sharing::{Given, Role};

/// A human with a mailbox, across firms.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Their row.
    pub id: IdentityId,
    /// Login address; all mail goes there (ACC-12).
    pub address: Address,
    /// The name they gave themselves.
    pub display_name: Option<String>,
    /// Blob of their picture.
    pub picture: Option<String>,
    /// IANA zone they chose.
    pub time_zone: Option<String>,
    /// May do nothing.
    pub disabled: bool,
}

/// Somebody as one firm knows them.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their row.
    pub id: PersonId,
    /// Whose mail is theirs; none until the first share.
    pub identity: Option<IdentityId>,
    /// What they are to the firm.
    pub role: Role,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Company or employer.
    pub company: String,
    /// Position.
    pub title: String,
    /// Initials on bills.
    pub initials: String,
    /// The language that they, or the firm for them, chose.
    pub language: Option<Locale>,
    /// Contacts: when they accepted this firm's invitation.
    pub accepted_at: Option<Timestamp>,
    /// May do nothing for this firm, or the card is deleted; an assistant who was not approved or has ended, too.
    pub disabled: bool,
    /// Assistants: for whom they act, and by what was given to them.
    pub acts_for: Option<ActsFor>,
}

/// For whom an assistant acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActsFor {
    /// The co-counsel.
    pub principal: PersonId,
    /// The co-counsel's name.
    pub name: String,
    /// What was given.
    pub given: BTreeSet<Given>,
}

impl Person {
    /// The name as people write it; the company's for a company; "Paula Berg for Jane Roe" for who acts for another.
    pub fn name(&self) -> String {
        match &self.acts_for {
            Some(principal) => format!("{} for {}", self.own_name(), principal.name),
            None => self.own_name(),
        }
    }

    /// Whose matters, numbers and time are meant by what this person does: their own, or those of their principal.
    pub fn whose(&self) -> PersonId {
        self.acts_for.as_ref().map_or(self.id, |a| a.principal)
    }

    /// The name without that of a principal.
    pub fn own_name(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name).trim().to_owned();
        if name.is_empty() { self.company.clone() } else { name }
    }

    /// The language in which they are written to: theirs, or the firm's.
    pub fn locale(&self, firm: &firms::Firm) -> Locale {
        self.language.unwrap_or(firm.locale)
    }

    /// The initials by which a bill shows them (TIM-11): those of the card, or of the name.
    pub fn shown_initials(&self) -> String {
        if !self.initials.trim().is_empty() {
            return self.initials.trim().to_owned();
        }
        self.name()
            .split([' ', '-'])
            .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
            .collect::<String>()
            .to_uppercase()
    }

    /// True for the firm's own people.
    pub fn is_user(&self) -> bool {
        matches!(self.role, Role::User { .. })
    }
}

const PERSON: &str =
    "SELECT p.id, p.identity_id, p.kind, p.first_name, p.last_name, p.company, p.title, p.initials, p.language,
    p.accepted_at, p.principal_id, a.given, q.first_name AS q_first, q.last_name AS q_last, q.company AS q_company,
    p.disabled_at IS NOT NULL OR p.deleted_at IS NOT NULL OR (p.principal_id IS NOT NULL AND (a.approved_at IS NULL
      OR a.ended_at IS NOT NULL OR q.disabled_at IS NOT NULL OR q.deleted_at IS NOT NULL)) AS disabled,
    u.is_admin, u.has_accounts, u.has_reports, u.has_billing, c.is_co_counsel
    FROM people p LEFT JOIN users u ON u.person_id = p.id LEFT JOIN contacts c ON c.person_id = p.id
    LEFT JOIN assistants a ON a.person_id = p.id LEFT JOIN people q ON q.firm_id = p.firm_id AND q.id = p.principal_id";

fn read_person(row: &Row<'_>) -> rusqlite::Result<Person> {
    let kind: String = row.get("kind")?;
    let flag = |name: &str| -> rusqlite::Result<bool> { Ok(row.get::<_, Option<bool>>(name)?.unwrap_or(false)) };
    let principal: Option<i64> = row.get("principal_id")?;
    let role = if principal.is_some() {
        Role::Assistant
    } else if kind == "user" {
        Role::User {
            admin: flag("is_admin")?,
            accounts: flag("has_accounts")?,
            reports: flag("has_reports")?,
            billing: flag("has_billing")?,
        }
    } else if flag("is_co_counsel")? {
        Role::CoCounsel
    } else {
        Role::Contact
    };
    Ok(Person {
        id: PersonId(row.get("id")?),
        identity: row.get::<_, Option<i64>>("identity_id")?.map(IdentityId),
        role,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        company: row.get("company")?,
        title: row.get("title")?,
        initials: row.get("initials")?,
        language: row.get::<_, Option<String>>("language")?.and_then(|word| Locale::from_word(&word)),
        accepted_at: row.get::<_, Option<i64>>("accepted_at")?.map(moment),
        disabled: row.get("disabled")?,
        acts_for: match principal {
            Some(principal) => Some(acts_for(row, PersonId(principal))?),
            None => None,
        },
    })
}

fn acts_for(row: &Row<'_>, principal: PersonId) -> rusqlite::Result<ActsFor> {
    let [first, last, company] = ["q_first", "q_last", "q_company"].map(|column| row.get::<_, Option<String>>(column));
    let name = format!("{} {}", first?.unwrap_or_default(), last?.unwrap_or_default()).trim().to_owned();
    let given: Option<String> = row.get("given")?;
    Ok(ActsFor {
        principal,
        name: if name.is_empty() { company?.unwrap_or_default() } else { name },
        given: given.unwrap_or_default().split_whitespace().filter_map(Given::of).collect(),
    })
}

const IDENTITY: &str =
    "SELECT i.id, i.address, i.display_name, i.picture_sha256, i.time_zone, i.disabled_at FROM identities i";

fn read_identity(row: &Row<'_>) -> rusqlite::Result<Identity> {
    let address: String = row.get("address")?;
    Ok(Identity {
        id: IdentityId(row.get("id")?),
        address: Address::parse(&address)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(e)))?,
        display_name: row.get("display_name")?,
        picture: row.get("picture_sha256")?,
        time_zone: row.get("time_zone")?,
        disabled: row.get::<_, Option<i64>>("disabled_at")?.is_some(),
    })
}

/// When receipts are sent (decisions.md 25).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipts {
    /// For every mail.
    All,
    /// For commands, files and refusals.
    Brief,
    /// For refusals only.
    Off,
}

/// How often a digest is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestRhythm {
    /// Never.
    Off,
    /// Every day.
    Daily,
    /// On one day of the week.
    Weekly,
}

/// How and when a person wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Receipts.
    pub receipts: Receipts,
    /// Digests.
    pub digest: DigestRhythm,
    /// `HH:MM` in their zone.
    pub digest_time: String,
    /// Weekly: 1 is Monday.
    pub digest_weekday: i8,
    /// Kinds of mail they switched off.
    pub silenced: Vec<String>,
    /// Only mandatory mails (`#stop`).
    pub stopped: bool,
}

impl Default for Preferences {
    fn default() -> Preferences {
        Preferences {
            receipts: Receipts::Brief,
            digest: DigestRhythm::Daily,
            digest_time: "07:30".into(),
            digest_weekday: 1,
            silenced: Vec::new(),
            stopped: false,
        }
    }
}

/// A new person, for `init`, `import` and the demo.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// What they are to the firm.
    pub role: Role,
    /// A company instead of a human.
    pub is_company: bool,
    /// A client of the firm.
    pub is_client: bool,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Company or employer.
    pub company: String,
    /// Position.
    pub title: String,
    /// Initials on bills; made from the name if empty.
    pub initials: String,
    /// Address of the card (contacts), or login address (users).
    pub address: Option<Address>,
}

impl NewPerson {
    /// Somebody of this role, with nothing on the card yet.
    pub fn new(role: Role) -> NewPerson {
        NewPerson {
            role,
            is_company: false,
            is_client: false,
            first_name: String::new(),
            last_name: String::new(),
            company: String::new(),
            title: String::new(),
            initials: String::new(),
            address: None,
        }
    }
}

/// A postal address on a contact's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Work, Home, Other.
    pub label: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: String,
    /// State or county.
    pub state: String,
    /// Postcode.
    pub postal_code: String,
    /// Country.
    pub country: String,
}

/// A role of an identity, told to nobody but that identity: the firm's name and what they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAt {
    /// The firm's name.
    pub firm: String,
    /// One of the firm's own people.
    pub is_user: bool,
    /// Co-counsel.
    pub is_co_counsel: bool,
    /// Assistants: the name of the co-counsel for whom they act.
    pub acts_for: Option<String>,
}

impl Snapshot<'_> {
    /// The roles in which an identity can write now, at all firms, by the firms' names.
    pub fn roles_of(&self, identity: IdentityId) -> Result<Vec<RoleAt>> {
        let people: Vec<(String, Person)> = self.all(
            &format!(
                "SELECT f.name AS firm_name, z.* FROM ({PERSON} WHERE p.identity_id = ?1) z
                 JOIN people r ON r.id = z.id JOIN firms f ON f.id = r.firm_id ORDER BY f.name, z.id"
            ),
            [identity.0],
            |r| Ok((r.get("firm_name")?, read_person(r)?)),
        )?;
        let live = people.into_iter().filter(|(_, p)| !p.disabled && (p.is_user() || p.accepted_at.is_some()));
        Ok(live
            .map(|(firm, p)| RoleAt {
                firm,
                is_user: p.is_user(),
                is_co_counsel: p.role == Role::CoCounsel,
                acts_for: p.acts_for.map(|a| a.name),
            })
            .collect())
    }

    /// The person of this row.
    pub fn person(&self, firm: FirmId, person: PersonId) -> Result<Option<Person>> {
        self.one(&format!("{PERSON} WHERE p.firm_id = ?1 AND p.id = ?2"), (firm.0, person.0), read_person)
    }

    /// Everybody the firm knows, its users first; not those whose card was deleted.
    pub fn people(&self, firm: FirmId) -> Result<Vec<Person>> {
        self.all(
            &format!("{PERSON} WHERE p.firm_id = ?1 AND p.deleted_at IS NULL ORDER BY p.kind DESC, p.last_name, p.first_name, p.id"),
            [firm.0],
            read_person,
        )
    }

    /// The addresses that the firm knows, of login, further ones and of cards, by how they look (threats.md T06, T07).
    pub fn circle(&self, firm: FirmId) -> Result<Circle> {
        let people: BTreeMap<PersonId, Person> = self.people(firm)?.into_iter().map(|p| (p.id, p)).collect();
        let addresses = self.all(
            "SELECT p.id, i.address FROM people p JOIN identities i ON i.id = p.identity_id WHERE p.firm_id = ?1
             UNION SELECT p.id, a.address FROM people p JOIN identity_addresses a ON a.identity_id = p.identity_id
               WHERE p.firm_id = ?1
             UNION SELECT person_id, address FROM contact_emails WHERE firm_id = ?1 ORDER BY 1, 2",
            [firm.0],
            |r| Ok((PersonId(r.get(0)?), r.get::<_, String>(1)?)),
        )?;
        Ok(Circle::new(addresses.into_iter().filter_map(|(person, address)| {
            let (card, address) = (people.get(&person)?, Address::parse(&address).ok()?);
            Some(Known { person, name: card.name(), is_user: card.is_user(), address })
        })))
    }

    /// Those of the firm's people whose login address, further verified address or card has this address; a user first.
    pub fn people_by_address(&self, firm: FirmId, address: &Address) -> Result<Vec<Person>> {
        self.all(
            &format!(
                "{PERSON} WHERE p.firm_id = ?1 AND p.deleted_at IS NULL AND (
                   p.identity_id IN (SELECT id FROM identities WHERE address = ?2
                                     UNION SELECT identity_id FROM identity_addresses WHERE address = ?2)
                   OR p.id IN (SELECT person_id FROM contact_emails WHERE firm_id = ?1 AND address = ?2))
                 ORDER BY p.kind DESC, p.id"
            ),
            (firm.0, address.as_str()),
            read_person,
        )
    }

    /// The person of the firm who writes from this verified address: by login address or a further one, never by card.
    pub fn people_writing_from(&self, firm: FirmId, address: &Address) -> Result<Vec<Person>> {
        self.all(
            &format!(
                "{PERSON} WHERE p.firm_id = ?1 AND p.deleted_at IS NULL AND p.identity_id IN
                   (SELECT id FROM identities WHERE address = ?2
                    UNION SELECT identity_id FROM identity_addresses WHERE address = ?2)
                 ORDER BY p.kind DESC, p.id"
            ),
            (firm.0, address.as_str()),
            read_person,
        )
    }

    /// Those who wrote to the firm from this login address before their card was deleted (ACC-18).
    pub fn people_once_writing_from(&self, firm: FirmId, address: &Address) -> Result<Vec<Person>> {
        self.all(
            &format!(
                "{PERSON} WHERE p.firm_id = ?1 AND p.deleted_at IS NOT NULL AND p.identity_id IN
                   (SELECT id FROM identities WHERE address = ?2) ORDER BY p.id DESC"
            ),
            (firm.0, address.as_str()),
            read_person,
        )
    }

    /// The identity of this row.
    pub fn identity(&self, identity: IdentityId) -> Result<Option<Identity>> {
        self.one(&format!("{IDENTITY} WHERE i.id = ?1"), [identity.0], read_identity)
    }

    /// The identity that writes from this address.
    pub fn identity_by_address(&self, address: &Address) -> Result<Option<Identity>> {
        self.one(
            &format!("{IDENTITY} WHERE i.address = ?1 OR i.id IN (SELECT identity_id FROM identity_addresses WHERE address = ?1)"),
            [address.as_str()],
            read_identity,
        )
    }

    /// True if this person may write from `address`.
    pub fn writes_from(&self, person: &Person, address: &Address) -> Result<bool> {
        let found = self.identity_by_address(address)?;
        Ok(found.is_some() && found.map(|i| i.id) == person.identity)
    }

    /// The primary address of a contact's card.
    pub fn card_address(&self, firm: FirmId, person: PersonId) -> Result<Option<Address>> {
        let found: Option<String> = self.one(
            "SELECT address FROM contact_emails WHERE firm_id = ?1 AND person_id = ?2 ORDER BY is_primary DESC, id LIMIT 1",
            (firm.0, person.0),
            |r| r.get(0),
        )?;
        Ok(found.and_then(|a| Address::parse(&a).ok()))
    }

    /// The mail addresses of a contact's card with their labels, the primary one first.
    pub fn card_addresses(&self, firm: FirmId, person: PersonId) -> Result<Vec<(String, String)>> {
        self.all(
            "SELECT label, address FROM contact_emails WHERE firm_id = ?1 AND person_id = ?2 ORDER BY is_primary DESC, id",
            (firm.0, person.0),
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }

    /// The telephone numbers of a contact's card with their labels.
    pub fn card_phones(&self, firm: FirmId, person: PersonId) -> Result<Vec<(String, String)>> {
        self.all(
            "SELECT label, number FROM contact_phones WHERE firm_id = ?1 AND person_id = ?2 ORDER BY id",
            (firm.0, person.0),
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }

    /// The postal addresses of a contact's card.
    pub fn card_places(&self, firm: FirmId, person: PersonId) -> Result<Vec<Place>> {
        self.all(
            "SELECT label, street, city, state, postal_code, country FROM contact_addresses
             WHERE firm_id = ?1 AND person_id = ?2 ORDER BY id",
            (firm.0, person.0),
            |r| {
                Ok(Place {
                    label: r.get(0)?,
                    street: r.get(1)?,
                    city: r.get(2)?,
                    state: r.get(3)?,
                    postal_code: r.get(4)?,
                    country: r.get(5)?,
                })
            },
        )
    }

    /// Where mail to this person goes: the login address, or before there is one the card's, or what was named for them.
    pub fn mail_address(&self, firm: FirmId, person: &Person) -> Result<Option<Address>> {
        match person.identity {
            Some(identity) => Ok(self.identity(identity)?.map(|i| i.address)),
            None if person.acts_for.is_some() => self.named_address(firm, person.id),
            None => self.card_address(firm, person.id),
        }
    }

    /// What the person calls themselves (ACC-06); the name on the card if they never said.
    pub fn called(&self, person: &Person) -> Result<String> {
        let identity = match person.identity {
            Some(id) => self.identity(id)?,
            None => None,
        };
        Ok(identity.and_then(|i| i.display_name).unwrap_or_else(|| person.name()))
    }

    /// The person's time zone: theirs, or the firm's.
    pub fn zone_of(&self, firm: &firms::Firm, person: &Person) -> Result<TimeZone> {
        let identity = match person.identity {
            Some(id) => self.identity(id)?,
            None => None,
        };
        Ok(identity.and_then(|i| i.time_zone).map_or_else(|| firm.zone(), |name| firms::zone(&name)))
    }

    /// How and when the person wants to be told; the defaults if they never said.
    pub fn preferences(&self, firm: FirmId, person: PersonId) -> Result<Preferences> {
        let found = self.one(
            "SELECT receipts, digest, digest_time, digest_weekday, silenced, stopped_at FROM preferences
             WHERE firm_id = ?1 AND person_id = ?2",
            (firm.0, person.0),
            |r| {
                let receipts: String = r.get(0)?;
                let digest: String = r.get(1)?;
                let silenced: String = r.get(4)?;
                Ok(Preferences {
                    receipts: match receipts.as_str() {
                        "all" => Receipts::All,
                        "off" => Receipts::Off,
                        _ => Receipts::Brief,
                    },
                    digest: match digest.as_str() {
                        "off" => DigestRhythm::Off,
                        "weekly" => DigestRhythm::Weekly,
                        _ => DigestRhythm::Daily,
                    },
                    digest_time: r.get(2)?,
                    digest_weekday: r.get(3)?,
                    silenced: silenced.split_whitespace().map(str::to_owned).collect(),
                    stopped: r.get::<_, Option<i64>>(5)?.is_some(),
                })
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    /// True if mails of this person are messages and files only.
    pub fn commands_off(&self, firm: FirmId, person: PersonId) -> Result<bool> {
        let sql = "SELECT commands_off FROM people WHERE firm_id = ?1 AND id = ?2";
        Ok(self.one(sql, (firm.0, person.0), |r| r.get(0))?.unwrap_or(false))
    }

    /// Domains that sign this person's mail though they are not its own (decisions.md 3).
    pub fn bound_signers(&self, identity: IdentityId) -> Result<Vec<String>> {
        self.all("SELECT domain FROM bound_signers WHERE identity_id = ?1 ORDER BY domain", [identity.0], |r| r.get(0))
    }

    /// The domains that sign mail of a firm's people though they are not its own, with whose it is (decisions.md 3).
    pub fn signers_of_firm(&self, firm: FirmId) -> Result<Vec<(PersonId, String)>> {
        self.all(
            "SELECT p.id, b.domain FROM bound_signers b JOIN people p ON p.identity_id = b.identity_id
             WHERE p.firm_id = ?1 AND p.deleted_at IS NULL ORDER BY p.id, b.domain",
            [firm.0],
            |r| Ok((PersonId(r.get(0)?), r.get(1)?)),
        )
    }

    /// The first administrator, as whom the command line acts unless told otherwise.
    pub fn first_admin(&self, firm: FirmId) -> Result<Option<Person>> {
        self.one(
            &format!(
                "{PERSON} WHERE p.firm_id = ?1 AND u.is_admin = 1 AND p.disabled_at IS NULL AND p.deleted_at IS NULL ORDER BY p.id LIMIT 1"
            ),
            [firm.0],
            read_person,
        )
    }
}

impl Tx<'_> {
    /// Adds a person and their card; users get an identity at once, contacts at their first share.
    pub fn add_person(&self, firm: FirmId, new: &NewPerson, now: Timestamp) -> Result<PersonId> {
        let is_user = matches!(new.role, Role::User { .. });
        let identity = match &new.address {
            Some(address) if is_user => Some(self.identity_for(address, now)?),
            _ => None,
        };
        let id = self.insert(
            "INSERT INTO people (firm_id, identity_id, kind, first_name, last_name, company, title, initials, created_at)
             VALUES (:firm, :identity, :kind, :first, :last, :company, :title, :initials, :now)",
            named_params! {":firm": firm.0, ":identity": identity.map(|i| i.0), ":kind": if is_user { "user" } else { "contact" },
            ":first": new.first_name, ":last": new.last_name, ":company": new.company, ":title": new.title,
            ":initials": initials(new), ":now": at(now)},
        )?;
        if let Role::User { admin, accounts, reports, billing } = new.role {
            self.run(
                "INSERT INTO users (person_id, firm_id, is_admin, has_accounts, has_reports, has_billing) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (id, firm.0, admin, accounts, reports, billing),
            )?;
        } else {
            self.run(
                "INSERT INTO contacts (person_id, firm_id, type, is_client, is_co_counsel) VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    id,
                    firm.0,
                    if new.is_company { "Company" } else { "Person" },
                    new.is_client,
                    new.role == Role::CoCounsel,
                ),
            )?;
            if let Some(address) = &new.address {
                self.run(
                    "INSERT INTO contact_emails (firm_id, person_id, address, is_primary) VALUES (?1, ?2, ?3, 1)",
                    (firm.0, id, address.as_str()),
                )?;
            }
        }
        Ok(PersonId(id))
    }

    /// The identity of this address, made now if nobody had it.
    pub fn identity_for(&self, address: &Address, now: Timestamp) -> Result<IdentityId> {
        if let Some(known) = self.identity_by_address(address)? {
            return Ok(known.id);
        }
        self.insert("INSERT INTO identities (address, created_at) VALUES (?1, ?2)", (address.as_str(), at(now)))
            .map(IdentityId)
    }

    /// Says whose mail is this person's.
    pub fn set_identity(&self, firm: FirmId, person: PersonId, identity: IdentityId) -> Result<()> {
        self.run("UPDATE people SET identity_id = ?3 WHERE firm_id = ?1 AND id = ?2", (firm.0, person.0, identity.0))?;
        Ok(())
    }

    /// Deletes a contact's card and ends their reply addresses and whatever else still lets them in (ACC-18).
    pub fn delete_card(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE people SET deleted_at = coalesce(deleted_at, ?3) WHERE firm_id = ?1 AND id = ?2 AND kind = 'contact'",
            (firm.0, person.0, at(now)),
        )?;
        self.run(
            "UPDATE threads SET revoked_at = coalesce(revoked_at, ?3) WHERE firm_id = ?1 AND person_id = ?2",
            (firm.0, person.0, at(now)),
        )?;
        Ok(())
    }

    /// Lets a disabled person back in; false if they were not disabled.
    pub fn enable_person(&self, firm: FirmId, person: PersonId) -> Result<bool> {
        let changed = self.run(
            "UPDATE people SET disabled_at = NULL WHERE firm_id = ?1 AND id = ?2 AND disabled_at IS NOT NULL",
            (firm.0, person.0),
        )?;
        Ok(changed == 1)
    }

    /// Says what a user may beyond what all users may; false if that was so already, or if it is no user.
    pub fn set_user_rights(&self, firm: FirmId, person: PersonId, role: Role) -> Result<bool> {
        let Role::User { admin, accounts, reports, billing } = role else { return Ok(false) };
        let changed = self.run(
            "UPDATE users SET is_admin = ?3, has_accounts = ?4, has_reports = ?5, has_billing = ?6
             WHERE firm_id = ?1 AND person_id = ?2
               AND (is_admin, has_accounts, has_reports, has_billing) IS NOT (?3, ?4, ?5, ?6)",
            (firm.0, person.0, admin, accounts, reports, billing),
        )?;
        Ok(changed == 1)
    }

    /// Notes that the person accepted this firm's invitation.
    pub fn set_accepted(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE people SET accepted_at = coalesce(accepted_at, ?3) WHERE firm_id = ?1 AND id = ?2",
            (firm.0, person.0, at(now)),
        )?;
        Ok(())
    }

    /// Binds a signing domain to an identity (decisions.md 3).
    pub fn bind_signer(&self, identity: IdentityId, domain: &str, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO bound_signers (identity_id, domain, bound_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (identity.0, domain, at(now)),
        )?;
        Ok(())
    }

    /// Sets the name by which somebody wants to be called (ACC-06).
    pub fn set_display_name(&self, identity: IdentityId, name: &str) -> Result<()> {
        self.run("UPDATE identities SET display_name = ?2 WHERE id = ?1", (identity.0, name))?;
        Ok(())
    }

    /// Sets the identity's picture, a blob that is on disk (ACC-07).
    pub fn set_picture(&self, identity: IdentityId, sha256: &str) -> Result<()> {
        self.run("UPDATE identities SET picture_sha256 = ?2 WHERE id = ?1", (identity.0, sha256))?;
        Ok(())
    }

    /// Sets the identity's time zone (an IANA name that was checked).
    pub fn set_time_zone(&self, identity: IdentityId, zone: &str) -> Result<()> {
        self.run("UPDATE identities SET time_zone = ?2 WHERE id = ?1", (identity.0, zone))?;
        Ok(())
    }

    /// Says whether mails of this person are messages and files only; false if it was so already.
    pub fn set_commands_off(&self, firm: FirmId, person: PersonId, off: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE people SET commands_off = ?3 WHERE firm_id = ?1 AND id = ?2 AND commands_off IS NOT ?3",
            (firm.0, person.0, off),
        )?;
        Ok(changed == 1)
    }

    /// Sets the language of the mails that a person gets from this firm.
    pub fn set_language(&self, firm: FirmId, person: PersonId, language: Locale) -> Result<()> {
        self.run(
            "UPDATE people SET language = ?3 WHERE firm_id = ?1 AND id = ?2",
            (firm.0, person.0, language.word()),
        )?;
        Ok(())
    }

    /// Sets how and when the person wants to be told.
    pub fn set_preferences(&self, firm: FirmId, person: PersonId, wanted: &Preferences, now: Timestamp) -> Result<()> {
        let receipts = match wanted.receipts {
            Receipts::All => "all",
            Receipts::Brief => "brief",
            Receipts::Off => "off",
        };
        let digest = match wanted.digest {
            DigestRhythm::Off => "off",
            DigestRhythm::Daily => "daily",
            DigestRhythm::Weekly => "weekly",
        };
        self.run(
            "INSERT INTO preferences (person_id, firm_id, receipts, digest, digest_time, digest_weekday, silenced, stopped_at)
             VALUES (:person, :firm, :receipts, :digest, :time, :weekday, :silenced, :stopped)
             ON CONFLICT (person_id) DO UPDATE SET receipts = :receipts, digest = :digest, digest_time = :time,
               digest_weekday = :weekday, silenced = :silenced,
               stopped_at = CASE WHEN :stopped IS NULL THEN NULL ELSE coalesce(stopped_at, :stopped) END",
            named_params! {":person": person.0, ":firm": firm.0, ":receipts": receipts, ":digest": digest,
            ":time": wanted.digest_time, ":weekday": wanted.digest_weekday, ":silenced": wanted.silenced.join(" "),
            ":stopped": wanted.stopped.then(|| at(now))},
        )?;
        Ok(())
    }
}

fn initials(new: &NewPerson) -> String {
    if !new.initials.is_empty() {
        return new.initials.clone();
    }
    let words = new.first_name.split_whitespace().chain(new.last_name.split_whitespace());
    words.filter_map(|w| w.chars().next()).flat_map(char::to_uppercase).collect()
}
