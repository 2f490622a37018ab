//! Notes on matters. What a note said before an edit is kept (NOT-03).

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, Item, Kind, PersonId};

/// A note.
#[derive(Clone, Debug)]
pub struct Note {
    /// Its row.
    pub id: i64,
    /// N-9 to the firm; co-counsel have numbers of their own (decisions.md 29).
    pub number: u32,
    /// On which matter.
    pub matter: i64,
    /// Heading.
    pub subject: String,
    /// Text.
    pub detail: String,
    /// Of which day.
    pub date: Date,
    /// Who wrote it.
    pub author: PersonId,
    /// Never for co-counsel (NOT-01).
    pub internal: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub edited_at: Option<Timestamp>,
}

impl Note {
    /// The note as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Note, self.id)
    }
}

/// A note about to be added.
#[derive(Clone, Debug)]
pub struct NewNote {
    /// On which matter.
    pub matter: i64,
    /// Heading.
    pub subject: String,
    /// Text.
    pub detail: String,
    /// Of which day.
    pub date: Date,
    /// Who writes it.
    pub author: PersonId,
    /// Never for co-counsel (NOT-01).
    pub internal: bool,
}

/// What a note or a communication said before an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierText {
    /// Heading.
    pub subject: String,
    /// Text.
    pub detail: String,
    /// When it was replaced.
    pub replaced_at: Timestamp,
}

const SELECT: &str =
    "SELECT id, number, matter_id, subject, detail, date, author_id, internal, created_at, edited_at FROM notes";

fn read(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: row.get("id")?,
        number: row.get("number")?,
        matter: row.get("matter_id")?,
        subject: row.get("subject")?,
        detail: row.get("detail")?,
        date: super::day(row, "date")?,
        author: PersonId(row.get("author_id")?),
        internal: row.get("internal")?,
        created_at: moment(row.get("created_at")?),
        edited_at: row.get::<_, Option<i64>>("edited_at")?.map(moment),
    })
}

impl Snapshot<'_> {
    /// The note of this row, unless it was deleted.
    pub fn note(&self, firm: FirmId, note: i64) -> Result<Option<Note>> {
        self.one(&format!("{SELECT} WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL"), (firm.0, note), read)
    }

    /// The notes of a matter, the latest day first; internal ones too.
    pub fn notes_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Note>> {
        self.all(
            &format!(
                "{SELECT} WHERE firm_id = ?1 AND matter_id = ?2 AND deleted_at IS NULL ORDER BY date DESC, id DESC"
            ),
            (firm.0, matter),
            read,
        )
    }

    /// What a note or a communication said before its edits, oldest first.
    pub fn earlier_texts(&self, firm: FirmId, item: Item) -> Result<Vec<EarlierText>> {
        self.all(
            "SELECT subject, detail, replaced_at FROM earlier_texts WHERE firm_id = ?1 AND kind = ?2 AND item_id = ?3 ORDER BY id",
            (firm.0, item.kind.stored(), item.id),
            |r| Ok(EarlierText { subject: r.get(0)?, detail: r.get(1)?, replaced_at: moment(r.get(2)?) }),
        )
    }
}

impl Tx<'_> {
    /// Adds a note; a contact who wrote it has their own number for it from now on (decisions.md 29).
    pub fn add_note(&self, firm: FirmId, new: &NewNote, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Note)?;
        let id = self.insert(
            "INSERT INTO notes (firm_id, number, matter_id, subject, detail, date, author_id, internal, created_at)
             VALUES (:firm, :number, :matter, :subject, :detail, :date, :author, :internal, :now)",
            named_params! {":firm": firm.0, ":number": number, ":matter": new.matter, ":subject": new.subject,
            ":detail": new.detail, ":date": new.date.to_string(), ":author": new.author.0, ":internal": new.internal,
            ":now": at(now)},
        )?;
        let item = Item::new(Kind::Note, id);
        self.number_for_author(firm, new.author, item)?;
        Ok(item)
    }

    /// Changes what a note says and keeps what it said; false if there is no such note.
    pub fn edit_note(&self, firm: FirmId, note: i64, subject: &str, detail: &str, now: Timestamp) -> Result<bool> {
        self.run(
            "INSERT INTO earlier_texts (firm_id, kind, item_id, subject, detail, replaced_at)
             SELECT firm_id, 'note', id, subject, detail, ?3 FROM notes WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL",
            (firm.0, note, at(now)),
        )?;
        let changed = self.run(
            "UPDATE notes SET subject = ?3, detail = ?4, edited_at = ?5 WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL",
            (firm.0, note, subject, detail, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Deletes a note; false if it was gone before.
    pub fn delete_note(&self, firm: FirmId, note: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE notes SET deleted_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL",
            (firm.0, note, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Brings a deleted note back; false if it was not deleted.
    pub fn restore_note(&self, firm: FirmId, note: i64) -> Result<bool> {
        let changed = self.run(
            "UPDATE notes SET deleted_at = NULL WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL",
            (firm.0, note),
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::Reader;
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn note(s: &Sample, author: PersonId) -> Item {
        let firm = s.firm;
        let new = NewNote {
            matter: s.matter,
            subject: "Call".into(),
            detail: "Before".into(),
            date: "2026-03-14".parse().unwrap(),
            author,
            internal: false,
        };
        s.write(move |tx| tx.add_note(firm, &new, now()))
    }

    #[test]
    fn a_number_does_not_tell_how_much_others_write() {
        let s = Sample::new();
        let (firm, jane, tom) = (s.firm, s.jane, s.tom);
        let [of_jane, of_lawyer, of_tom, second] = [jane, s.lawyer, tom, jane].map(|author| note(&s, author));
        let number = |reader, item| s.read(|r| r.number(firm, reader, item)).map(|id| id.number);
        assert_eq!(number(Reader::Firm, second), Some(4));
        assert_eq!(number(Reader::Contact(jane), of_jane), Some(1));
        assert_eq!(number(Reader::Contact(jane), second), Some(2));
        assert_eq!(number(Reader::Contact(tom), of_tom), Some(1));
        assert_eq!(number(Reader::Contact(jane), of_tom), None);
        assert_eq!(number(Reader::Contact(jane), of_lawyer), None);
        let shown = s.write(move |tx| tx.number_for(firm, Reader::Contact(jane), of_lawyer)).unwrap();
        assert_eq!(shown.number, 3);
        assert_eq!(s.read(|r| r.find(firm, Reader::Contact(tom), shown)), None);
    }

    #[test]
    fn an_edit_keeps_what_the_note_said() {
        let s = Sample::new();
        let (firm, item) = (s.firm, note(&s, s.jane));
        assert!(s.write(move |tx| tx.edit_note(firm, item.id, "Call", "After", later(60))));
        let now_says = s.read(|r| r.note(firm, item.id)).unwrap();
        assert_eq!((now_says.detail.as_str(), now_says.edited_at), ("After", Some(later(60))));
        let before = s.read(|r| r.earlier_texts(firm, item));
        assert_eq!(before, [EarlierText { subject: "Call".into(), detail: "Before".into(), replaced_at: later(60) }]);
    }

    #[test]
    fn a_deleted_note_is_gone_until_it_is_restored() {
        let s = Sample::new();
        let (firm, matter, item) = (s.firm, s.matter, note(&s, s.jane));
        assert!(s.write(move |tx| tx.delete_note(firm, item.id, now())));
        assert!(!s.write(move |tx| tx.delete_note(firm, item.id, now())));
        assert!(!s.write(move |tx| tx.edit_note(firm, item.id, "x", "x", now())));
        assert!(s.read(|r| r.notes_of_matter(firm, matter)).is_empty());
        assert!(s.write(move |tx| tx.restore_note(firm, item.id)));
        assert_eq!(s.read(|r| r.note(firm, item.id)).unwrap().detail, "Before");
        assert!(s.read(|r| r.earlier_texts(firm, item)).is_empty());
    }

    #[test]
    fn a_note_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, item) = (s.other_firm, note(&s, s.jane));
        assert!(s.read(|r| r.note(other, item.id)).is_none());
        assert!(!s.write(move |tx| tx.edit_note(other, item.id, "x", "x", now())));
        assert!(!s.write(move |tx| tx.delete_note(other, item.id, now())));
        assert_eq!(s.read(|r| r.note(s.firm, item.id)).unwrap().detail, "Before");
    }
}
