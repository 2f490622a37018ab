//! The numbers people type: counted per firm for the firm's things, and per reader for notes, communications and time
//! entries as co-counsel know them, so that no number tells how much others do (decisions.md 29).

use super::{Result, Snapshot, Tx};
use crate::domain::{FirmId, Item, ItemId, Kind, PersonId};

/// The table, and whether a co-counsel has numbers of their own for it.
pub(super) const fn table(kind: Kind) -> (&'static str, bool) {
    match kind {
        Kind::Matter => ("matters", false),
        Kind::Task => ("tasks", false),
        Kind::Document => ("documents", false),
        Kind::Folder => ("folders", false),
        Kind::Note => ("notes", true),
        Kind::Event => ("calendar_entries", false),
        Kind::TimeEntry => ("activities", true),
        Kind::Communication => ("communications", true),
        Kind::Conversation => ("conversations", false),
        Kind::Bill => ("bills", false),
    }
}

/// For whom a number is: the firm's people share one count, a contact has their own for some kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Any user of the firm, and the command line.
    Firm,
    /// A contact.
    Contact(PersonId),
}

impl Snapshot<'_> {
    /// The thing that `reader` means by `id`; whether they may know it is for `sharing` to say.
    pub fn find(&self, firm: FirmId, reader: Reader, id: ItemId) -> Result<Option<Item>> {
        let (table, own_numbers) = table(id.kind);
        let row = match reader {
            Reader::Contact(person) if own_numbers => self.one(
                "SELECT item_id FROM reader_numbers WHERE firm_id = ?1 AND reader_id = ?2 AND kind = ?3 AND number = ?4",
                (firm.0, person.0, id.kind.stored(), id.number),
                |r| r.get(0),
            )?,
            Reader::Firm | Reader::Contact(_) => {
                self.one(&format!("SELECT id FROM {table} WHERE firm_id = ?1 AND number = ?2"), (firm.0, id.number), |r| r.get(0))?
            }
        };
        Ok(row.map(|row| Item::new(id.kind, row)))
    }

    /// The number of `thing` as `reader` knows it; none if it is gone, or they have never been shown it.
    pub fn number(&self, firm: FirmId, reader: Reader, thing: Item) -> Result<Option<ItemId>> {
        let (table, own_numbers) = table(thing.kind);
        let number = match reader {
            Reader::Contact(person) if own_numbers => self.one(
                "SELECT number FROM reader_numbers WHERE firm_id = ?1 AND reader_id = ?2 AND kind = ?3 AND item_id = ?4",
                (firm.0, person.0, thing.kind.stored(), thing.id),
                |r| r.get(0),
            )?,
            Reader::Firm | Reader::Contact(_) => {
                self.one(&format!("SELECT number FROM {table} WHERE firm_id = ?1 AND id = ?2"), (firm.0, thing.id), |r| r.get(0))?
            }
        };
        Ok(number.map(|n| ItemId::new(thing.kind, n)))
    }
}

impl Tx<'_> {
    /// The next number of the firm's own count for this kind; for `INSERT`.
    pub(super) fn next_number(&self, firm: FirmId, kind: Kind) -> Result<i64> {
        self.count(firm, 0, kind)
    }

    /// The number of `thing` as `reader` knows it, given now if they were never shown it.
    pub fn number_for(&self, firm: FirmId, reader: Reader, thing: Item) -> Result<Option<ItemId>> {
        if let Some(known) = self.number(firm, reader, thing)? {
            return Ok(Some(known));
        }
        let Reader::Contact(person) = reader else { return Ok(None) };
        if !table(thing.kind).1 {
            return Ok(None);
        }
        let number = self.count(firm, person.0, thing.kind)?;
        self.run(
            "INSERT INTO reader_numbers (firm_id, reader_id, kind, number, item_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            (firm.0, person.0, thing.kind.stored(), number, thing.id),
        )?;
        self.number(firm, reader, thing)
    }

    /// Gives the author of `thing` their own number for it, if they are a contact (decisions.md 29).
    pub(super) fn number_for_author(&self, firm: FirmId, author: PersonId, thing: Item) -> Result<()> {
        if self.person(firm, author)?.is_some_and(|p| !p.is_user()) {
            self.number_for(firm, Reader::Contact(author), thing)?;
        }
        Ok(())
    }

    fn count(&self, firm: FirmId, reader: i64, kind: Kind) -> Result<i64> {
        let next = self.one(
            "INSERT INTO counters (firm_id, reader_id, kind, last) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
            (firm.0, reader, kind.stored()),
            |r| r.get(0),
        )?;
        Ok(next.unwrap_or(1))
    }
}
