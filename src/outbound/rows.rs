//! The rows of a matter as this mail may say them. Of a restricted matter a mail to somebody outside the firm has the kind
//! of a thing, its number, its days and its people, and none of its own words, until a code was confirmed for it (mails.md
//! d0). Templates read these rows here and nowhere else (`tests/it/architecture.rs`), so that none can forget to ask.

use super::reader::Reader;
use crate::domain::{Item, Kind};
use crate::store::Result;
use crate::store::activities::TimeEntry;
use crate::store::bills::Bill;
use crate::store::calendar::Event;
use crate::store::communications::Communication;
use crate::store::conversations::{Conversation, Message};
use crate::store::documents::{Document, Folder, Version};
use crate::store::matters::{Matter, Sensitivity};
use crate::store::notes::Note;
use crate::store::tasks::Task;

impl Reader<'_> {
    /// True where this mail may say none of a thing's own words: names, texts, files, amounts.
    pub fn withholds(&self, item: Item) -> Result<bool> {
        let asks = !self.person.is_user() && !self.is_confirmed;
        Ok(asks && self.sensitivity(item)? == Sensitivity::Restricted)
    }

    fn said<T>(&self, item: Item, row: Option<T>, silence: impl FnOnce(&mut T)) -> Result<Option<T>> {
        let Some(mut row) = row else { return Ok(None) };
        if self.withholds(item)? {
            silence(&mut row);
        }
        Ok(Some(row))
    }

    /// A matter.
    pub fn matter(&self, id: i64) -> Result<Option<Matter>> {
        self.said(Item::new(Kind::Matter, id), self.store.matter(self.firm.id, id)?, |row| {
            row.description.clear();
            row.practice_area.clear();
            row.location.clear();
        })
    }

    /// A task.
    pub fn task(&self, id: i64) -> Result<Option<Task>> {
        self.said(Item::new(Kind::Task, id), self.store.task(self.firm.id, id)?, |row| {
            row.name.clear();
            row.description.clear();
        })
    }

    /// A folder.
    pub fn folder(&self, id: i64) -> Result<Option<Folder>> {
        self.said(Item::new(Kind::Folder, id), self.store.folder(self.firm.id, id)?, |row| row.name.clear())
    }

    /// A document.
    pub fn document(&self, id: i64) -> Result<Option<Document>> {
        self.said(Item::new(Kind::Document, id), self.store.document(self.firm.id, id)?, |row| {
            row.name.clear();
            row.category.clear();
        })
    }

    /// A version of a document.
    pub fn version(&self, document: i64, number: u32) -> Result<Option<Version>> {
        let row = self.store.version(self.firm.id, document, number)?;
        self.said(Item::new(Kind::Document, document), row, |row| row.filename.clear())
    }

    /// The latest version of a document.
    pub fn current_version(&self, document: i64) -> Result<Option<Version>> {
        let row = self.store.current_version(self.firm.id, document)?;
        self.said(Item::new(Kind::Document, document), row, |row| row.filename.clear())
    }

    /// The version that was asked for; the latest if none was.
    pub fn version_asked(&self, document: i64, number: Option<u32>) -> Result<Option<Version>> {
        number.map_or_else(|| self.current_version(document), |number| self.version(document, number))
    }

    /// The versions of a document, oldest first.
    pub fn versions(&self, document: i64) -> Result<Vec<Version>> {
        let rows = self.store.versions(self.firm.id, document)?;
        let silence = |rows: &mut Vec<Version>| rows.iter_mut().for_each(|row| row.filename.clear());
        Ok(self.said(Item::new(Kind::Document, document), Some(rows), silence)?.unwrap_or_default())
    }

    /// An event.
    pub fn event(&self, id: i64) -> Result<Option<Event>> {
        self.said(Item::new(Kind::Event, id), self.store.event(self.firm.id, id)?, |row| {
            let details = &mut row.details;
            let own =
                [&mut details.summary, &mut details.description, &mut details.location, &mut details.conference_url];
            let once = details.exceptions.iter_mut().filter_map(|e| e.instead.as_mut());
            let once = once.flat_map(|i| [&mut i.summary, &mut i.description, &mut i.location, &mut i.conference_url]);
            own.into_iter().chain(once).for_each(String::clear);
        })
    }

    /// A note.
    pub fn note_row(&self, id: i64) -> Result<Option<Note>> {
        self.said(Item::new(Kind::Note, id), self.store.note(self.firm.id, id)?, |row| {
            row.subject.clear();
            row.detail.clear();
        })
    }

    /// A logged communication.
    pub fn communication(&self, id: i64) -> Result<Option<Communication>> {
        self.said(Item::new(Kind::Communication, id), self.store.communication(self.firm.id, id)?, |row| {
            for words in [&mut row.subject, &mut row.body, &mut row.senders, &mut row.receivers] {
                words.clear();
            }
        })
    }

    /// A conversation.
    pub fn conversation(&self, id: i64) -> Result<Option<Conversation>> {
        let row = self.store.conversation(self.firm.id, id)?;
        self.said(Item::new(Kind::Conversation, id), row, |row| row.subject.clear())
    }

    /// A message.
    pub fn message(&self, id: i64) -> Result<Option<Message>> {
        let row = self.store.message(self.firm.id, id)?;
        let conversation = row.as_ref().map_or(0, |m| m.conversation);
        self.said(Item::new(Kind::Conversation, conversation), row, |row| row.body.clear())
    }

    /// The messages of a conversation, oldest first.
    pub fn messages(&self, conversation: i64) -> Result<Vec<Message>> {
        let rows = self.store.messages(self.firm.id, conversation)?;
        let silence = |rows: &mut Vec<Message>| rows.iter_mut().for_each(|row| row.body.clear());
        Ok(self.said(Item::new(Kind::Conversation, conversation), Some(rows), silence)?.unwrap_or_default())
    }

    /// A bill; what it comes to is for its template to leave out.
    pub fn bill(&self, id: i64) -> Result<Option<Bill>> {
        self.said(Item::new(Kind::Bill, id), self.store.bill(self.firm.id, id)?, |row| {
            row.bill_number.clear();
            row.subject.clear();
        })
    }

    /// A time entry.
    pub fn time_entry(&self, id: i64) -> Result<Option<TimeEntry>> {
        let row = self.store.time_entry(self.firm.id, id)?;
        self.said(Item::new(Kind::TimeEntry, id), row, |row| row.work.narrative.clear())
    }
}
