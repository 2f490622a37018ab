//! The firms served by this store.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at};
use crate::domain::FirmId;
use crate::domain::dates::Locale;

/// A firm, as every mail to and from it needs it.
#[derive(Clone, Debug)]
pub struct Firm {
    /// Its row.
    pub id: FirmId,
    /// Its short name in the configuration and on the command line.
    pub slug: String,
    /// Its name in mails.
    pub name: String,
    /// Its words and order of dates.
    pub locale: Locale,
    /// Its IANA time zone.
    pub time_zone: String,
    /// ISO 4217; shown to the firm's people only.
    pub currency: String,
    /// Time is rounded up to this many minutes (TIM-14).
    pub rounding_minutes: u32,
    /// What closing a matter does to its shares (REV-09).
    pub closed_matters: ClosedMatters,
    /// For so many days after the closing of a matter, time for work before it is taken (TIM-16).
    pub late_time_days: u32,
    /// Where bills are paid, with `{number}` for the bill's number (BIL-02).
    pub payment_link: Option<String>,
    /// Receipts for time come with gentle remarks.
    pub time_hints: bool,
}

/// What closing a matter does to its shares (REV-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedMatters {
    /// Nothing.
    Keep,
    /// They can be read, nothing can be added.
    ReadOnly,
    /// They end.
    Revoke,
}

impl ClosedMatters {
    /// The word in the store and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            ClosedMatters::Keep => "keep",
            ClosedMatters::ReadOnly => "read_only",
            ClosedMatters::Revoke => "revoke",
        }
    }

    /// What this word says; read only if it says nothing.
    pub fn from_word(word: &str) -> ClosedMatters {
        match word {
            "keep" => ClosedMatters::Keep,
            "revoke" => ClosedMatters::Revoke,
            _ => ClosedMatters::ReadOnly,
        }
    }
}

impl Firm {
    /// The firm's time zone; UTC if this machine does not know it.
    pub fn zone(&self) -> TimeZone {
        zone(&self.time_zone)
    }
}

/// The time zone of this IANA name; UTC if this machine does not know it.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

const COLUMNS: &str = "id, slug, name, locale, time_zone, currency, rounding_minutes, closed_matters, late_time_days, payment_link, \
     time_hints";

fn read(row: &Row<'_>) -> rusqlite::Result<Firm> {
    let locale: String = row.get("locale")?;
    let closed: String = row.get("closed_matters")?;
    Ok(Firm {
        id: FirmId(row.get("id")?),
        slug: row.get("slug")?,
        name: row.get("name")?,
        locale: Locale::from_word(&locale).unwrap_or_default(),
        time_zone: row.get("time_zone")?,
        currency: row.get("currency")?,
        rounding_minutes: row.get("rounding_minutes")?,
        closed_matters: ClosedMatters::from_word(&closed),
        late_time_days: row.get("late_time_days")?,
        payment_link: row.get("payment_link")?,
        time_hints: row.get("time_hints")?,
    })
}

/// What `init` needs to know of a new firm.
#[derive(Clone, Debug)]
pub struct NewFirm {
    /// Short name: small letters, digits, hyphens.
    pub slug: String,
    /// Name in mails.
    pub name: String,
    /// Words and order of dates.
    pub locale: Locale,
    /// IANA time zone.
    pub time_zone: String,
    /// ISO 4217.
    pub currency: String,
    /// Increment in minutes (TIM-14).
    pub rounding_minutes: u32,
}

impl Snapshot<'_> {
    /// The firm of this row.
    pub fn firm(&self, firm: FirmId) -> Result<Option<Firm>> {
        self.one(&format!("SELECT {COLUMNS} FROM firms WHERE id = ?1"), [firm.0], read)
    }

    /// The firm of this short name.
    pub fn firm_by_slug(&self, slug: &str) -> Result<Option<Firm>> {
        self.one(&format!("SELECT {COLUMNS} FROM firms WHERE slug = ?1"), [slug], read)
    }

    /// All firms, in the order they were made.
    pub fn firms(&self) -> Result<Vec<Firm>> {
        self.all(&format!("SELECT {COLUMNS} FROM firms ORDER BY id"), [], read)
    }
}

impl Tx<'_> {
    /// Changes the firm's name, words, zone, rounding, what closing does and for how long late time is taken; false if that was so already.
    pub fn change_firm(&self, new: &Firm) -> Result<bool> {
        let changed = self.run(
            "UPDATE firms SET name = :name, locale = :locale, time_zone = :zone, rounding_minutes = :rounding,
               closed_matters = :closed, late_time_days = :late
             WHERE id = :firm AND (name, locale, time_zone, rounding_minutes, closed_matters, late_time_days)
               IS NOT (:name, :locale, :zone, :rounding, :closed, :late)",
            named_params! {":firm": new.id.0, ":name": new.name, ":locale": new.locale.word(), ":zone": new.time_zone,
            ":rounding": new.rounding_minutes, ":closed": new.closed_matters.word(), ":late": new.late_time_days},
        )?;
        Ok(changed == 1)
    }

    /// Says where bills are paid; none: nowhere online.
    pub fn set_payment_link(&self, firm: FirmId, link: Option<&str>) -> Result<()> {
        self.run("UPDATE firms SET payment_link = ?2 WHERE id = ?1", (firm.0, link))?;
        Ok(())
    }

    /// Says whether receipts for time come with gentle remarks.
    pub fn set_time_hints(&self, firm: FirmId, wanted: bool) -> Result<()> {
        self.run("UPDATE firms SET time_hints = ?2 WHERE id = ?1", (firm.0, wanted))?;
        Ok(())
    }

    /// Adds a firm.
    pub fn add_firm(&self, new: &NewFirm, now: Timestamp) -> Result<FirmId> {
        self.insert(
            "INSERT INTO firms (slug, name, locale, time_zone, currency, rounding_minutes, created_at)
             VALUES (:slug, :name, :locale, :zone, :currency, :rounding, :now)",
            named_params! {":slug": new.slug, ":name": new.name, ":locale": new.locale.word(), ":zone": new.time_zone,
            ":currency": new.currency, ":rounding": new.rounding_minutes, ":now": at(now)},
        )
        .map(FirmId)
    }
}
