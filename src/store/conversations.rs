//! Conversations of secure messages and who is in them. A contact is in one while they are listed and the share of it
//! lives (`shares`); a user while they are listed. Messages are never changed and never deleted (MSG-04).

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, InboxId, Item, Kind, PersonId};

/// A conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its row.
    pub id: i64,
    /// MSG-8.
    pub number: u32,
    /// On which matter.
    pub matter: Option<i64>,
    /// Heading.
    pub subject: String,
    /// What it is about; none: its matter in general.
    pub about: Option<Item>,
    /// Takes no more messages.
    pub read_only: bool,
    /// When it began.
    pub created_at: Timestamp,
}

impl Conversation {
    /// The conversation as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Conversation, self.id)
    }
}

/// A conversation about to begin.
#[derive(Clone, Debug)]
pub struct NewConversation {
    /// On which matter.
    pub matter: Option<i64>,
    /// Heading.
    pub subject: String,
    /// What it is about; none: its matter in general.
    pub about: Option<Item>,
}

/// A secure message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its row.
    pub id: i64,
    /// In which conversation.
    pub conversation: i64,
    /// Who wrote it.
    pub sender: PersonId,
    /// The newly written text.
    pub body: String,
    /// By which mail.
    pub inbox: Option<InboxId>,
    /// The message that corrects it (MSG-10).
    pub superseded_by: Option<i64>,
    /// When.
    pub created_at: Timestamp,
}

/// A message about to be added.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// In which conversation.
    pub conversation: i64,
    /// Who wrote it.
    pub sender: PersonId,
    /// The newly written text.
    pub body: String,
    /// By which mail.
    pub inbox: Option<InboxId>,
}

const SELECT: &str =
    "SELECT c.id, c.number, c.matter_id, c.subject, c.about_type, c.about_id, c.read_only, c.created_at
    FROM conversations c";

const MESSAGE: &str =
    "SELECT id, conversation_id, sender_id, body, inbox_id, superseded_by, created_at FROM conversation_messages";

/// A membership `m` that counts at `:now`, for `WHERE`.
const MEMBER: &str = "m.removed_at IS NULL AND (
    EXISTS (SELECT 1 FROM people p WHERE p.firm_id = m.firm_id AND p.id = m.person_id AND p.kind = 'user')
    OR EXISTS (SELECT 1 FROM shares s WHERE s.firm_id = m.firm_id AND s.person_id = m.person_id AND s.resource_type = 'conversation'
      AND s.resource_id = m.conversation_id AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > :now)))";

fn read(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let kind: Option<String> = row.get("about_type")?;
    let about: Option<i64> = row.get("about_id")?;
    Ok(Conversation {
        id: row.get("id")?,
        number: row.get("number")?,
        matter: row.get("matter_id")?,
        subject: row.get("subject")?,
        about: kind.as_deref().and_then(Kind::from_stored).zip(about).map(|(kind, id)| Item::new(kind, id)),
        read_only: row.get("read_only")?,
        created_at: moment(row.get("created_at")?),
    })
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get("id")?,
        conversation: row.get("conversation_id")?,
        sender: PersonId(row.get("sender_id")?),
        body: row.get("body")?,
        inbox: row.get::<_, Option<i64>>("inbox_id")?.map(InboxId),
        superseded_by: row.get("superseded_by")?,
        created_at: moment(row.get("created_at")?),
    })
}

impl Snapshot<'_> {
    /// The conversation of this row.
    pub fn conversation(&self, firm: FirmId, conversation: i64) -> Result<Option<Conversation>> {
        self.one(&format!("{SELECT} WHERE c.firm_id = ?1 AND c.id = ?2"), (firm.0, conversation), read)
    }

    /// The conversations that a person is in at `now`, the one with the latest message first.
    pub fn conversations_of(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<Vec<Conversation>> {
        self.all(
            &format!(
                "{SELECT} JOIN conversation_memberships m ON m.firm_id = c.firm_id AND m.conversation_id = c.id
                 WHERE c.firm_id = :firm AND m.person_id = :person AND {MEMBER}
                 ORDER BY (SELECT max(t.id) FROM conversation_messages t WHERE t.firm_id = c.firm_id AND t.conversation_id = c.id)
                   DESC NULLS LAST, c.id DESC"
            ),
            named_params! {":firm": firm.0, ":person": person.0, ":now": at(now)},
            read,
        )
    }

    /// Who is in a conversation at `now`, in the order they joined.
    pub fn members(&self, firm: FirmId, conversation: i64, now: Timestamp) -> Result<Vec<PersonId>> {
        self.all(
            &format!(
                "SELECT m.person_id FROM conversation_memberships m WHERE m.firm_id = :firm AND m.conversation_id = :conversation
                   AND {MEMBER} ORDER BY m.joined_at, m.person_id"
            ),
            named_params! {":firm": firm.0, ":conversation": conversation, ":now": at(now)},
            |r| r.get(0).map(PersonId),
        )
    }

    /// The newest conversation about `item` that takes messages and that the person is in; on this matter, or on none.
    pub fn conversation_about(
        &self,
        firm: FirmId,
        matter: Option<i64>,
        item: Item,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Option<Conversation>> {
        self.open_conversation(firm, matter, Some(item), person, now)
    }

    /// The newest conversation about a matter in general that takes messages and that the person is in.
    pub fn general_conversation(
        &self,
        firm: FirmId,
        matter: i64,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Option<Conversation>> {
        self.open_conversation(firm, Some(matter), None, person, now)
    }

    fn open_conversation(
        &self,
        firm: FirmId,
        matter: Option<i64>,
        about: Option<Item>,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Option<Conversation>> {
        self.one(
            &format!(
                "{SELECT} JOIN conversation_memberships m ON m.firm_id = c.firm_id AND m.conversation_id = c.id
                 WHERE c.firm_id = :firm AND c.matter_id IS :matter AND c.about_type IS :kind AND c.about_id IS :about
                   AND c.read_only = 0 AND m.person_id = :person AND {MEMBER} ORDER BY c.id DESC LIMIT 1"
            ),
            named_params! {":firm": firm.0, ":matter": matter, ":kind": about.map(|i| i.kind.stored()),
            ":about": about.map(|i| i.id), ":person": person.0, ":now": at(now)},
            read,
        )
    }

    /// The messages of a conversation, oldest first.
    pub fn messages(&self, firm: FirmId, conversation: i64) -> Result<Vec<Message>> {
        self.all(
            &format!("{MESSAGE} WHERE firm_id = ?1 AND conversation_id = ?2 ORDER BY id"),
            (firm.0, conversation),
            read_message,
        )
    }

    /// The message of this row.
    pub fn message(&self, firm: FirmId, message: i64) -> Result<Option<Message>> {
        self.one(&format!("{MESSAGE} WHERE firm_id = ?1 AND id = ?2"), (firm.0, message), read_message)
    }

    /// True if this message was written in place of an earlier one (MSG-10).
    pub fn corrects_message(&self, firm: FirmId, message: i64) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM conversation_messages WHERE firm_id = ?1 AND superseded_by = ?2 LIMIT 1",
            (firm.0, message),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Documents that came with a message.
    pub fn documents_of_message(&self, firm: FirmId, message: i64) -> Result<Vec<Item>> {
        self.all(
            "SELECT document_id FROM message_documents WHERE firm_id = ?1 AND message_id = ?2 ORDER BY document_id",
            (firm.0, message),
            |r| Ok(Item::new(Kind::Document, r.get(0)?)),
        )
    }
}

impl Tx<'_> {
    /// Begins a conversation; nobody is in it yet.
    pub fn add_conversation(&self, firm: FirmId, new: &NewConversation, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Conversation)?;
        let id = self.insert(
            "INSERT INTO conversations (firm_id, number, matter_id, subject, about_type, about_id, created_at)
             VALUES (:firm, :number, :matter, :subject, :kind, :about, :now)",
            named_params! {":firm": firm.0, ":number": number, ":matter": new.matter, ":subject": new.subject,
            ":kind": new.about.map(|i| i.kind.stored()), ":about": new.about.map(|i| i.id), ":now": at(now)},
        )?;
        Ok(Item::new(Kind::Conversation, id))
    }

    /// Lists a person as a member, again if they had left; false if they were listed. A contact's share is made apart.
    pub fn add_member(&self, firm: FirmId, conversation: i64, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "INSERT INTO conversation_memberships (firm_id, conversation_id, person_id, joined_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET joined_at = excluded.joined_at, removed_at = NULL WHERE removed_at IS NOT NULL",
            (firm.0, conversation, person.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Takes a person off the list; false if they were not on it. A contact's share is ended apart.
    pub fn remove_member(&self, firm: FirmId, conversation: i64, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE conversation_memberships SET removed_at = ?4
             WHERE firm_id = ?1 AND conversation_id = ?2 AND person_id = ?3 AND removed_at IS NULL",
            (firm.0, conversation, person.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Adds a message and gives its row.
    pub fn add_message(&self, firm: FirmId, new: &NewMessage, now: Timestamp) -> Result<i64> {
        self.insert(
            "INSERT INTO conversation_messages (firm_id, conversation_id, sender_id, body, inbox_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (firm.0, new.conversation, new.sender.0, &new.body, new.inbox.map(|i| i.0), at(now)),
        )
    }

    /// Notes that a later message of the same conversation corrects this one (MSG-10); false if there is no such pair.
    pub fn supersede_message(&self, firm: FirmId, message: i64, by: i64) -> Result<bool> {
        let changed = self.run(
            "UPDATE conversation_messages SET superseded_by = ?3 WHERE firm_id = ?1 AND id = ?2 AND ?3 > id AND EXISTS
               (SELECT 1 FROM conversation_messages n WHERE n.firm_id = ?1 AND n.id = ?3
                AND n.conversation_id = conversation_messages.conversation_id)",
            (firm.0, message, by),
        )?;
        Ok(changed == 1)
    }

    /// Lets a conversation take no more messages, or take them again; false if it was so already.
    pub fn set_read_only(&self, firm: FirmId, conversation: i64, read_only: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE conversations SET read_only = ?3 WHERE firm_id = ?1 AND id = ?2 AND read_only IS NOT ?3",
            (firm.0, conversation, read_only),
        )?;
        Ok(changed == 1)
    }

    /// Says that a document came with a message.
    pub fn attach_document(&self, firm: FirmId, message: i64, document: i64) -> Result<()> {
        self.run(
            "INSERT INTO message_documents (firm_id, message_id, document_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (firm.0, message, document),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, later, now};
    use super::*;

    /// A conversation with Jane, who has the share of it, and the lawyer.
    fn conversation(s: &Sample, about: Option<Item>) -> Item {
        let (firm, matter, jane, lawyer) = (s.firm, s.matter, s.jane, s.lawyer);
        let item = s.write(move |tx| {
            let new = NewConversation { matter: Some(matter), subject: "Hearing".into(), about };
            let item = tx.add_conversation(firm, &new, now())?;
            tx.add_member(firm, item.id, lawyer, now())?;
            tx.add_member(firm, item.id, jane, later(1))?;
            Ok(item)
        });
        s.share(jane, item);
        item
    }

    #[test]
    fn a_contact_is_a_member_only_while_the_share_lives_and_a_user_while_listed() {
        let s = Sample::new();
        let (firm, jane, tom, lawyer) = (s.firm, s.jane, s.tom, s.lawyer);
        let item = conversation(&s, None);
        s.write(move |tx| tx.add_member(firm, item.id, tom, now()));
        assert_eq!(s.read(|r| r.members(firm, item.id, now())), [lawyer, jane], "Tom has no share");
        s.write(move |tx| tx.end_share(firm, jane, item, lawyer, "", now()));
        assert_eq!(s.read(|r| r.members(firm, item.id, now())), [lawyer]);
        assert!(s.read(|r| r.conversations_of(firm, jane, now())).is_empty());
        assert!(s.read(|r| r.general_conversation(firm, s.matter, jane, now())).is_none());
        assert_eq!(s.read(|r| r.conversations_of(firm, lawyer, now())).len(), 1);
    }

    #[test]
    fn a_member_who_left_can_join_again() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        let item = conversation(&s, None);
        assert!(!s.write(move |tx| tx.add_member(firm, item.id, jane, now())));
        assert!(s.write(move |tx| tx.remove_member(firm, item.id, jane, now())));
        assert!(!s.write(move |tx| tx.remove_member(firm, item.id, jane, now())));
        assert!(s.read(|r| r.conversations_of(firm, jane, now())).is_empty());
        assert!(s.write(move |tx| tx.add_member(firm, item.id, jane, now())));
        assert_eq!(s.read(|r| r.conversations_of(firm, jane, now())).len(), 1);
    }

    #[test]
    fn a_conversation_is_found_by_what_it_is_about_and_the_general_one_apart() {
        let s = Sample::new();
        let task = Item::new(Kind::Task, 7);
        let about = conversation(&s, Some(task));
        let general = conversation(&s, None);
        let newer = conversation(&s, None);
        let found = s.read(|r| r.conversation_about(s.firm, Some(s.matter), task, s.jane, now())).unwrap();
        assert_eq!((found.item(), found.about), (about, Some(task)));
        assert_eq!(s.read(|r| r.general_conversation(s.firm, s.matter, s.jane, now())).unwrap().item(), newer);
        assert!(s.read(|r| r.conversation_about(s.firm, None, task, s.jane, now())).is_none());
        assert!(s.read(|r| r.conversation_about(s.firm, Some(s.matter), task, s.tom, now())).is_none());
        assert_ne!(general, newer);
    }

    #[test]
    fn messages_stand_in_their_order_and_the_latest_brings_its_conversation_to_the_top() {
        let s = Sample::new();
        let (firm, jane, lawyer) = (s.firm, s.jane, s.lawyer);
        let (first, second) = (conversation(&s, None), conversation(&s, None));
        let said = move |tx: &Tx<'_>, item: Item, sender, body: &str| {
            tx.add_message(firm, &NewMessage { conversation: item.id, sender, body: body.into(), inbox: None }, now())
        };
        let (wrong, right) =
            s.write(move |tx| Ok((said(tx, first, jane, "The 14th")?, said(tx, first, jane, "The 15th")?)));
        let elsewhere = s.write(move |tx| said(tx, second, lawyer, "Thanks"));
        s.write(move |tx| said(tx, first, lawyer, "Noted"));
        let top = s.read(|r| r.conversations_of(firm, jane, now()));
        assert_eq!(top.iter().map(Conversation::item).collect::<Vec<_>>(), [first, second]);
        assert!(s.write(move |tx| tx.supersede_message(firm, wrong, right)));
        assert!(!s.write(move |tx| tx.supersede_message(firm, right, wrong)));
        assert!(!s.write(move |tx| tx.supersede_message(firm, right, elsewhere)));
        let bodies: Vec<_> =
            s.read(|r| r.messages(firm, first.id)).into_iter().map(|m| (m.body, m.superseded_by)).collect();
        assert_eq!(bodies, [("The 14th".into(), Some(right)), ("The 15th".into(), None), ("Noted".into(), None)]);
    }

    #[test]
    fn a_conversation_of_another_firm_is_not_found() {
        let s = Sample::new();
        let (other, jane) = (s.other_firm, s.jane);
        let item = conversation(&s, None);
        assert!(s.read(|r| r.conversation(other, item.id)).is_none());
        assert!(s.read(|r| r.members(other, item.id, now())).is_empty());
        s.refuse(move |tx| {
            let new = NewMessage { conversation: item.id, sender: jane, body: "x".into(), inbox: None };
            tx.add_message(other, &new, now())
        });
    }
}
