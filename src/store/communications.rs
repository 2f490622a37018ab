//! Logged mails and telephone calls. What one said before an edit is kept (COM-03); none is deleted.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::duration::Quantity;
use crate::domain::{FirmId, InboxId, Item, Kind, PersonId};

/// What was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    /// A mail.
    Email,
    /// A telephone call.
    Phone,
}

impl Medium {
    /// The word in the store and in exports.
    pub const fn word(self) -> &'static str {
        match self {
            Medium::Email => "EmailCommunication",
            Medium::Phone => "PhoneCommunication",
        }
    }
}

/// A logged mail or telephone call.
#[derive(Clone, Debug)]
pub struct Communication {
    /// Its row.
    pub id: i64,
    /// LOG-3 to the firm; co-counsel have numbers of their own (decisions.md 29).
    pub number: u32,
    /// What it was.
    pub medium: Medium,
    /// On which matter.
    pub matter: i64,
    /// Heading.
    pub subject: String,
    /// Text.
    pub body: String,
    /// Of which day.
    pub date: Date,
    /// A call's length; not billed.
    pub length: Option<Quantity>,
    /// As written in the mail, or who called.
    pub senders: String,
    /// As written in the mail, or who was called.
    pub receivers: String,
    /// Who logged it.
    pub author: PersonId,
    /// By which mail.
    pub inbox: Option<InboxId>,
    /// When it was logged.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub edited_at: Option<Timestamp>,
}

impl Communication {
    /// The communication as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Communication, self.id)
    }
}

/// A mail or a telephone call about to be logged.
#[derive(Clone, Debug)]
pub struct NewCommunication {
    /// What it was.
    pub medium: Medium,
    /// On which matter.
    pub matter: i64,
    /// Heading.
    pub subject: String,
    /// Text.
    pub body: String,
    /// Of which day.
    pub date: Date,
    /// A call's length; not billed.
    pub length: Option<Quantity>,
    /// As written in the mail, or who called.
    pub senders: String,
    /// As written in the mail, or who was called.
    pub receivers: String,
    /// Who logs it.
    pub author: PersonId,
    /// By which mail.
    pub inbox: Option<InboxId>,
}

const SELECT: &str =
    "SELECT id, number, type, matter_id, subject, body, date, length_seconds, senders, receivers, author_id, inbox_id,
    created_at, edited_at FROM communications";

fn read(row: &Row<'_>) -> rusqlite::Result<Communication> {
    let medium: String = row.get("type")?;
    Ok(Communication {
        id: row.get("id")?,
        number: row.get("number")?,
        medium: if medium == Medium::Phone.word() { Medium::Phone } else { Medium::Email },
        matter: row.get("matter_id")?,
        subject: row.get("subject")?,
        body: row.get("body")?,
        date: super::day(row, "date")?,
        length: row.get::<_, Option<u32>>("length_seconds")?.map(Quantity::from_seconds),
        senders: row.get("senders")?,
        receivers: row.get("receivers")?,
        author: PersonId(row.get("author_id")?),
        inbox: row.get::<_, Option<i64>>("inbox_id")?.map(InboxId),
        created_at: moment(row.get("created_at")?),
        edited_at: row.get::<_, Option<i64>>("edited_at")?.map(moment),
    })
}

impl Snapshot<'_> {
    /// The communication of this row.
    pub fn communication(&self, firm: FirmId, communication: i64) -> Result<Option<Communication>> {
        self.one(&format!("{SELECT} WHERE firm_id = ?1 AND id = ?2"), (firm.0, communication), read)
    }

    /// The communications of a matter, the latest day first.
    pub fn communications_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Communication>> {
        self.all(
            &format!("{SELECT} WHERE firm_id = ?1 AND matter_id = ?2 ORDER BY date DESC, id DESC"),
            (firm.0, matter),
            read,
        )
    }
}

impl Tx<'_> {
    /// Logs a mail or a call; a contact who logged it has their own number for it from now on (decisions.md 29).
    pub fn add_communication(&self, firm: FirmId, new: &NewCommunication, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Communication)?;
        let id = self.insert(
            "INSERT INTO communications (firm_id, number, type, matter_id, subject, body, date, length_seconds, senders, receivers,
               author_id, inbox_id, created_at)
             VALUES (:firm, :number, :type, :matter, :subject, :body, :date, :length, :senders, :receivers, :author, :inbox, :now)",
            named_params! {":firm": firm.0, ":number": number, ":type": new.medium.word(), ":matter": new.matter,
            ":subject": new.subject, ":body": new.body, ":date": new.date.to_string(),
            ":length": new.length.map(Quantity::seconds), ":senders": new.senders, ":receivers": new.receivers,
            ":author": new.author.0, ":inbox": new.inbox.map(|i| i.0), ":now": at(now)},
        )?;
        let item = Item::new(Kind::Communication, id);
        self.number_for_author(firm, new.author, item)?;
        Ok(item)
    }

    /// Changes what a communication says and keeps what it said; false if there is no such communication.
    pub fn edit_communication(
        &self,
        firm: FirmId,
        communication: i64,
        subject: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.run(
            "INSERT INTO earlier_texts (firm_id, kind, item_id, subject, detail, replaced_at)
             SELECT firm_id, 'communication', id, subject, body, ?3 FROM communications WHERE firm_id = ?1 AND id = ?2",
            (firm.0, communication, at(now)),
        )?;
        let changed = self.run(
            "UPDATE communications SET subject = ?3, body = ?4, edited_at = ?5 WHERE firm_id = ?1 AND id = ?2",
            (firm.0, communication, subject, body, at(now)),
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::Reader;
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn call(s: &Sample, author: PersonId) -> Item {
        let firm = s.firm;
        let new = NewCommunication {
            medium: Medium::Phone,
            matter: s.matter,
            subject: "Call with the clerk".into(),
            body: "Hearing moved".into(),
            date: "2026-03-14".parse().unwrap(),
            length: Some(Quantity::from_seconds(720)),
            senders: "Jane Doe".into(),
            receivers: "Clerk".into(),
            author,
            inbox: None,
        };
        s.write(move |tx| tx.add_communication(firm, &new, now()))
    }

    #[test]
    fn a_logged_call_is_kept_as_told_with_a_number_of_its_authors_own() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        call(&s, s.tom);
        let item = call(&s, jane);
        let kept = s.read(|r| r.communication(firm, item.id)).unwrap();
        assert_eq!((kept.medium, kept.length), (Medium::Phone, Some(Quantity::from_seconds(720))));
        assert_eq!(kept.number, 2);
        assert_eq!(s.read(|r| r.number(firm, Reader::Contact(jane), item)).unwrap().number, 1);
    }

    #[test]
    fn an_edit_keeps_what_the_communication_said_and_not_among_the_notes() {
        let s = Sample::new();
        let (firm, item) = (s.firm, call(&s, s.jane));
        assert!(s.write(move |tx| tx.edit_communication(firm, item.id, "Call", "Hearing adjourned", later(9))));
        assert_eq!(s.read(|r| r.communications_of_matter(firm, s.matter))[0].body, "Hearing adjourned");
        assert_eq!(s.read(|r| r.earlier_texts(firm, item))[0].detail, "Hearing moved");
        assert!(s.read(|r| r.earlier_texts(firm, Item::new(Kind::Note, item.id))).is_empty());
    }

    #[test]
    fn a_communication_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, item) = (s.other_firm, call(&s, s.jane));
        assert!(s.read(|r| r.communication(other, item.id)).is_none());
        assert!(!s.write(move |tx| tx.edit_communication(other, item.id, "x", "x", now())));
    }
}
