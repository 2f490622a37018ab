//! Matters and what a matter share gives: client, contacts, custom fields.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use super::{Result, Snapshot, Tx, at};
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::language::{Reads, phrase, sentence};

/// The states of a matter, as they are stored and read.
const OPEN: &str = sentence!("Open");
const CLOSED: &str = sentence!("Closed");
const PENDING: &str = sentence!("Pending");

impl Matter {
    /// Its state as the reader reads it.
    pub fn status_in(&self, to: impl Reads) -> String {
        let known = [OPEN, CLOSED, PENDING].into_iter().find(|state| *state == self.status);
        known.map_or_else(|| self.status.clone(), |state| phrase(to, state))
    }
}

/// What mails may carry about a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Content and attachments.
    Standard,
    /// Neutral subjects; attachments on `#get`.
    Confidential,
    /// Notices only.
    Restricted,
}

impl Sensitivity {
    /// The word in the store, in imports and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Sensitivity::Standard => "standard",
            Sensitivity::Confidential => "confidential",
            Sensitivity::Restricted => "restricted",
        }
    }

    /// The sensitivity of this word.
    pub fn from_word(word: &str) -> Option<Sensitivity> {
        [Sensitivity::Standard, Sensitivity::Confidential, Sensitivity::Restricted]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// A matter without anything that co-counsel must not see: no rate, budget or billing method.
#[derive(Clone, Debug)]
pub struct Matter {
    /// Its row.
    pub id: i64,
    /// M-12.
    pub number: u32,
    /// The firm's own number.
    pub display_number: String,
    /// What it is about.
    pub description: String,
    /// Pending, Open, Closed.
    pub status: String,
    /// The client.
    pub client: Option<PersonId>,
    /// Field of law.
    pub practice_area: String,
    /// Responsible attorney.
    pub responsible: Option<PersonId>,
    /// Court or file location.
    pub location: String,
    /// Opened on.
    pub open_date: Option<Date>,
    /// Closed on.
    pub close_date: Option<Date>,
    /// What mails may carry.
    pub sensitivity: Sensitivity,
}

impl Matter {
    /// The matter as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Matter, self.id)
    }

    /// True if it is closed.
    pub fn is_closed(&self) -> bool {
        self.status == CLOSED
    }
}

const COLUMNS: &str =
    "m.id, m.number, m.display_number, m.description, m.status, m.client_id, m.practice_area, m.responsible_id,
    m.location, m.open_date, m.close_date, m.sensitivity";

fn read(row: &Row<'_>) -> rusqlite::Result<Matter> {
    let sensitivity: String = row.get("sensitivity")?;
    Ok(Matter {
        id: row.get("id")?,
        number: row.get("number")?,
        display_number: row.get("display_number")?,
        description: row.get("description")?,
        status: row.get("status")?,
        client: row.get::<_, Option<i64>>("client_id")?.map(PersonId),
        practice_area: row.get("practice_area")?,
        responsible: row.get::<_, Option<i64>>("responsible_id")?.map(PersonId),
        location: row.get("location")?,
        open_date: super::date(row, "open_date")?,
        close_date: super::date(row, "close_date")?,
        sensitivity: Sensitivity::from_word(&sensitivity).unwrap_or(Sensitivity::Restricted),
    })
}

/// A matter as `import` and the demo enter it.
#[derive(Clone, Debug)]
pub struct NewMatter {
    /// The firm's own number.
    pub display_number: String,
    /// What it is about.
    pub description: String,
    /// Pending, Open, Closed.
    pub status: String,
    /// The client.
    pub client: Option<PersonId>,
    /// Field of law.
    pub practice_area: String,
    /// Responsible attorney.
    pub responsible: Option<PersonId>,
    /// Court or file location.
    pub location: String,
    /// The client's own number.
    pub client_reference: String,
    /// Free number.
    pub custom_number: String,
    /// Opened on.
    pub open_date: Option<Date>,
    /// Pending since.
    pub pending_date: Option<Date>,
    /// Closed on.
    pub close_date: Option<Date>,
    /// What mails may carry.
    pub sensitivity: Sensitivity,
}

impl NewMatter {
    /// An open matter of standard sensitivity, with nothing else known of it.
    pub fn new(display_number: &str, description: &str) -> NewMatter {
        NewMatter {
            display_number: display_number.to_owned(),
            description: description.to_owned(),
            status: OPEN.into(),
            client: None,
            practice_area: String::new(),
            responsible: None,
            location: String::new(),
            client_reference: String::new(),
            custom_number: String::new(),
            open_date: None,
            pending_date: None,
            close_date: None,
            sensitivity: Sensitivity::Standard,
        }
    }
}

impl Snapshot<'_> {
    /// The matter of this row.
    pub fn matter(&self, firm: FirmId, matter: i64) -> Result<Option<Matter>> {
        self.one(&format!("SELECT {COLUMNS} FROM matters m WHERE m.firm_id = ?1 AND m.id = ?2"), (firm.0, matter), read)
    }

    /// How sensitive the matter of a thing is; standard if it belongs to none.
    pub fn sensitivity(&self, firm: FirmId, item: Item) -> Result<Sensitivity> {
        let matter = match self.matter_of(firm, item)? {
            Some(row) => self.matter(firm, row)?,
            None => None,
        };
        Ok(matter.map_or(Sensitivity::Standard, |matter| matter.sensitivity))
    }

    /// The matter with this number of the firm's own, to the letter (no part of one: gateway.md C3).
    pub fn matter_by_display_number(&self, firm: FirmId, number: &str) -> Result<Option<Matter>> {
        self.one(
            &format!("SELECT {COLUMNS} FROM matters m WHERE m.firm_id = ?1 AND m.display_number = ?2 COLLATE NOCASE"),
            (firm.0, number),
            read,
        )
    }

    /// All matters of the firm by number; only for the firm's people.
    pub fn matters(&self, firm: FirmId) -> Result<Vec<Matter>> {
        self.all(&format!("SELECT {COLUMNS} FROM matters m WHERE m.firm_id = ?1 ORDER BY m.number"), [firm.0], read)
    }

    /// The matter that a thing belongs to, if it belongs to one; a matter belongs to itself.
    pub fn matter_of(&self, firm: FirmId, item: Item) -> Result<Option<i64>> {
        if item.kind == Kind::Matter {
            return Ok(Some(item.id));
        }
        let (table, _) = super::numbers::table(item.kind);
        let sql = format!("SELECT matter_id FROM {table} WHERE firm_id = ?1 AND id = ?2");
        Ok(self.one(&sql, (firm.0, item.id), |r| r.get(0))?.flatten())
    }

    /// Whom a screen keeps out of a matter (REV-11).
    pub fn screened(&self, firm: FirmId, matter: i64) -> Result<Vec<PersonId>> {
        self.all(
            "SELECT DISTINCT person_id FROM screens WHERE firm_id = ?1 AND matter_id = ?2 AND lifted_at IS NULL ORDER BY person_id",
            (firm.0, matter),
            |r| Ok(PersonId(r.get(0)?)),
        )
    }

    /// Contacts that have to do with a matter, with their relationship (MAT-04).
    pub fn relationships(&self, firm: FirmId, matter: i64) -> Result<Vec<(PersonId, String)>> {
        self.all(
            "SELECT person_id, description FROM relationships WHERE firm_id = ?1 AND matter_id = ?2 ORDER BY id",
            (firm.0, matter),
            |r| Ok((PersonId(r.get(0)?), r.get(1)?)),
        )
    }

    /// Custom fields of a matter that co-counsel may see, with their values (MAT-02).
    pub fn visible_custom_fields(&self, firm: FirmId, matter: i64) -> Result<Vec<(String, String)>> {
        self.all(
            "SELECT f.name, v.value FROM custom_field_values v JOIN custom_fields f ON f.firm_id = v.firm_id AND f.id = v.custom_field_id
             WHERE v.firm_id = ?1 AND v.matter_id = ?2 AND f.visible_to_co_counsel = 1 ORDER BY f.name",
            (firm.0, matter),
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }
}

impl Snapshot<'_> {
    /// True if mails about this matter are messages and files only.
    pub fn matter_commands_off(&self, firm: FirmId, matter: i64) -> Result<bool> {
        let sql = "SELECT commands_off FROM matters WHERE firm_id = ?1 AND id = ?2";
        Ok(self.one(sql, (firm.0, matter), |r| r.get(0))?.unwrap_or(false))
    }

    /// The firm's own fields of matters, and whether co-counsel see them, by name.
    pub fn custom_fields(&self, firm: FirmId) -> Result<Vec<(String, bool)>> {
        let sql = "SELECT name, visible_to_co_counsel FROM custom_fields WHERE firm_id = ?1 ORDER BY name";
        self.all(sql, [firm.0], |r| Ok((r.get(0)?, r.get(1)?)))
    }
}

impl Tx<'_> {
    /// Says whether mails about this matter are messages and files only; false if it was so already.
    pub fn set_matter_commands_off(&self, firm: FirmId, matter: i64, off: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE matters SET commands_off = ?3 WHERE firm_id = ?1 AND id = ?2 AND commands_off IS NOT ?3",
            (firm.0, matter, off),
        )?;
        Ok(changed == 1)
    }

    /// Makes a field of matters of this name, or says who sees it; gives whether co-counsel do. A new one is for the firm
    /// only unless it is said (MAT-02).
    pub fn put_custom_field(&self, firm: FirmId, name: &str, visible: Option<bool>) -> Result<bool> {
        let found = self.one(
            "INSERT INTO custom_fields (firm_id, name, visible_to_co_counsel) VALUES (?1, ?2, coalesce(?3, 0))
             ON CONFLICT (firm_id, name) DO UPDATE SET visible_to_co_counsel = coalesce(?3, visible_to_co_counsel)
             RETURNING visible_to_co_counsel",
            (firm.0, name, visible),
            |r| r.get(0),
        )?;
        Ok(found.unwrap_or(false))
    }

    /// Says what a field of a matter says, and makes the field if there is none of that name; nothing takes it away. False if
    /// it was so already.
    pub fn set_custom_field(&self, firm: FirmId, matter: i64, name: &str, value: &str) -> Result<bool> {
        self.put_custom_field(firm, name, None)?;
        let changed = match value.is_empty() {
            true => self.run(
                "DELETE FROM custom_field_values WHERE firm_id = ?1 AND matter_id = ?2 AND custom_field_id =
                   (SELECT id FROM custom_fields WHERE firm_id = ?1 AND name = ?3)",
                (firm.0, matter, name),
            )?,
            false => self.run(
                "INSERT INTO custom_field_values (firm_id, custom_field_id, matter_id, value)
                 SELECT firm_id, id, ?2, ?4 FROM custom_fields WHERE firm_id = ?1 AND name = ?3
                 ON CONFLICT DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
                (firm.0, matter, name, value),
            )?,
        };
        Ok(changed == 1)
    }

    /// Adds a matter.
    pub fn add_matter(&self, firm: FirmId, new: &NewMatter, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Matter)?;
        let id = self.insert(
            "INSERT INTO matters (firm_id, number, display_number, description, status, client_id, practice_area, responsible_id,
               location, client_reference, custom_number, open_date, pending_date, close_date, sensitivity, created_at)
             VALUES (:firm, :number, :display, :description, :status, :client, :area, :responsible,
               :location, :reference, :custom, :open, :pending, :close, :sensitivity, :now)",
            named_params! {":firm": firm.0, ":number": number, ":display": new.display_number, ":description": new.description,
            ":status": new.status, ":client": new.client.map(|p| p.0), ":area": new.practice_area,
            ":responsible": new.responsible.map(|p| p.0), ":location": new.location, ":reference": new.client_reference,
            ":custom": new.custom_number, ":open": new.open_date.map(|d| d.to_string()),
            ":pending": new.pending_date.map(|d| d.to_string()), ":close": new.close_date.map(|d| d.to_string()),
            ":sensitivity": new.sensitivity.word(), ":now": at(now)},
        )?;
        Ok(Item::new(Kind::Matter, id))
    }

    /// Says that a contact has to do with a matter.
    pub fn add_relationship(&self, firm: FirmId, matter: i64, person: PersonId, description: &str) -> Result<()> {
        self.run(
            "INSERT INTO relationships (firm_id, matter_id, person_id, description) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            (firm.0, matter, person.0, description),
        )?;
        Ok(())
    }

    /// Closes or opens a matter; `closed_on` none opens it again.
    pub fn set_matter_closed(&self, firm: FirmId, matter: i64, closed_on: Option<Date>) -> Result<()> {
        let status = if closed_on.is_some() { CLOSED } else { OPEN };
        self.run(
            "UPDATE matters SET status = ?3, close_date = ?4 WHERE firm_id = ?1 AND id = ?2",
            (firm.0, matter, status, closed_on.map(|d| d.to_string())),
        )?;
        Ok(())
    }

    /// Says anew what a matter is about, whose it is and how its mails are worded; false if that was so already.
    pub fn change_matter(&self, firm: FirmId, new: &Matter) -> Result<bool> {
        let changed = self.run(
            "UPDATE matters SET description = :description, client_id = :client, responsible_id = :responsible,
               sensitivity = :sensitivity
             WHERE firm_id = :firm AND id = :matter AND (description, client_id, responsible_id, sensitivity)
               IS NOT (:description, :client, :responsible, :sensitivity)",
            named_params! {":firm": firm.0, ":matter": new.id, ":description": new.description,
            ":client": new.client.map(|p| p.0), ":responsible": new.responsible.map(|p| p.0),
            ":sensitivity": new.sensitivity.word()},
        )?;
        Ok(changed == 1)
    }

    /// Lets a person into a matter again; false if nothing kept them out.
    pub fn lift_screen(&self, firm: FirmId, matter: i64, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE screens SET lifted_at = ?4 WHERE firm_id = ?1 AND matter_id = ?2 AND person_id = ?3 AND lifted_at IS NULL",
            (firm.0, matter, person.0, at(now)),
        )?;
        Ok(changed > 0)
    }

    /// Keeps a person out of a matter (REV-11).
    pub fn screen(&self, firm: FirmId, matter: i64, person: PersonId, reason: &str, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO screens (firm_id, matter_id, person_id, reason, erected_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            (firm.0, matter, person.0, reason, at(now)),
        )?;
        Ok(())
    }
}
