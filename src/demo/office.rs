//! The firm of the demo and of the golden tests: a lawyer, two co-counsel, two matters, tasks and documents. In comes an
//! empty store, out goes one with this cast in it; what the lawyer does then goes through `actions`, as every command does.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::actions::{Act, Answer, messages, shares, tasks};
use crate::allowed;
use crate::domain::dates::Locale;
use crate::domain::{Address, Item, Kind, PersonId};
use crate::outbound::letter::Letter;
use crate::sharing::Role;
use crate::store::documents::{NewDocument, NewFolder, NewVersion};
use crate::store::firms::{Firm, NewFirm};
use crate::store::matters::NewMatter;
use crate::store::numbers::Reader;
use crate::store::people::NewPerson;
use crate::store::tasks::{NewTask, Priority, TaskStatus};
use crate::store::threads::About;
use crate::store::{Result, Snapshot, Store, StoreError, Tx};

/// The short name of the firm.
pub const SLUG: &str = "hale";
/// The gateway's address.
pub const GATEWAY: &str = "r@gw.hale.example";
/// The domains of everybody who writes in the demo: each signs its mail with a key of its own.
pub const DOMAINS: [&str; 4] = ["hale.example", "roe.example", "oduya.example", "elsewhere.example"];

/// The firm, and who and what is in it.
#[derive(Clone)]
pub struct Office {
    /// The store that holds it.
    pub store: Store,
    /// Hale & Partners LLP.
    pub firm: Firm,
    /// Anna Smith, the responsible lawyer and administrator.
    pub anna: PersonId,
    /// Jane Roe, co-counsel.
    pub jane: PersonId,
    /// Max Oduya, co-counsel with whom nothing is shared.
    pub max: PersonId,
    /// M-1, on which Jane works.
    pub matter: Item,
    /// M-2, which nobody outside the firm may see.
    pub other_matter: Item,
    /// T-1 "Draft reply brief", on M-1.
    pub brief: Item,
    /// T-2 "Check the exhibits", on M-1.
    pub exhibits: Item,
    /// F-1 "Pleadings", on M-1.
    pub folder: Item,
    /// D-1 "Reply brief.docx", in F-1.
    pub document: Item,
}

impl Office {
    /// Makes the firm in an empty store.
    pub fn make(store: &Store, now: Timestamp) -> Result<Office> {
        let put = |name, bytes: &[u8]| {
            let sha256 = store.blobs().put(bytes).map_err(|e| StoreError::Io(store.folder().to_owned(), e))?;
            Ok::<_, StoreError>(file(name, bytes, sha256))
        };
        let draft = put("Reply brief.docx", include_bytes!("../../fixtures/documents/reply_brief.docx"))?;
        let minutes = put("Minutes.txt", include_bytes!("../../fixtures/documents/minutes.txt"))?;
        let shared = store.clone();
        store.write(move |tx| found(tx, &shared, &draft, &minutes, now))
    }

    /// Does something as somebody, as a command or a mail would; a refusal here is a fault of the story.
    pub fn act<T: Send + 'static>(
        &self,
        actor: PersonId,
        cause: &'static str,
        now: Timestamp,
        mut job: impl FnMut(&Act<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T> {
        let firm = self.firm.clone();
        self.store.write(move |tx| {
            let person = tx.person(firm.id, actor)?.ok_or_else(|| StoreError::Content("nobody acts".into()))?;
            let act = Act { tx, firm: &firm, actor: &person, inbox: None, cause, now };
            job(&act)?.map_err(|refusal| StoreError::Content(refusal.code().to_owned()))
        })
    }

    /// Anna shares M-1 with Jane: the first share, so an invitation goes out.
    pub fn invite(&self, now: Timestamp) -> Result<()> {
        let (jane, matter) = (self.jane, self.matter);
        self.act(self.anna, "demo:invite", now, move |act| {
            shares::share(act, jane, matter, true, "I would be glad of your help with the reply.")
        })?;
        Ok(())
    }

    /// Anna assigns both tasks to Jane and shares the folder of pleadings with the draft in it.
    pub fn engage(&self, now: Timestamp) -> Result<()> {
        let (jane, brief, exhibits, folder, document) =
            (self.jane, self.brief, self.exhibits, self.folder, self.document);
        self.act(self.anna, "demo:brief", now, move |act| tasks::assign(act, brief, jane, true))?;
        self.act(self.anna, "demo:exhibits", now, move |act| tasks::assign(act, exhibits, jane, true))?;
        self.act(self.anna, "demo:folder", now, move |act| shares::share(act, jane, folder, false, ""))?;
        self.act(self.anna, "demo:document", now, move |act| shares::share(act, jane, document, true, ""))?;
        Ok(())
    }

    /// One writes to the other about M-1, as a lawyer does from the command line and co-counsel by mail.
    pub fn write(&self, from: PersonId, to: PersonId, text: &'static str, now: Timestamp) -> Result<()> {
        let matter = self.matter;
        self.act(from, text, now, move |act| write(act, to, matter, text))
    }

    /// Everything on the matters, a line for each row, as the firm numbers it: what a mail changed is the difference.
    pub fn rows(&self, now: Timestamp) -> Result<BTreeSet<String>> {
        self.store.read(|view| {
            let ledger = Ledger { view, office: self };
            let mut rows = BTreeSet::new();
            for matter in [self.matter, self.other_matter] {
                ledger.time(matter, &mut rows)?;
                ledger.tasks(matter, &mut rows)?;
                ledger.documents(matter, &mut rows)?;
                ledger.notes(matter, &mut rows)?;
                ledger.communications(matter, &mut rows)?;
            }
            ledger.people(&mut rows, now)?;
            ledger.messages(&mut rows, now)?;
            Ok(rows)
        })
    }
}

/// Reads the rows of the office into lines.
struct Ledger<'l> {
    view: &'l Snapshot<'l>,
    office: &'l Office,
}

impl Ledger<'_> {
    fn number(&self, item: Item) -> Result<String> {
        let id = self.view.number(self.office.firm.id, Reader::Firm, item)?;
        Ok(id.map_or_else(|| item.kind.word().to_owned(), |id| id.to_string()))
    }

    fn name(&self, person: PersonId) -> Result<String> {
        Ok(self.view.person(self.office.firm.id, person)?.map(|p| p.name()).unwrap_or_default())
    }

    fn day(&self, date: Date) -> String {
        self.office.firm.locale.display(date)
    }

    fn time(&self, matter: Item, rows: &mut BTreeSet<String>) -> Result<()> {
        for priced in self.view.time_entries_of_matter(self.office.firm.id, matter.id)? {
            let (entry, work) = (&priced.entry, &priced.entry.work);
            let on = self.number(work.subject.unwrap_or(matter))?;
            let codes: Vec<&str> =
                [&work.activity_code, &work.task_code].into_iter().flatten().map(String::as_str).collect();
            let codes = if codes.is_empty() { String::new() } else { format!(", {}", codes.join("/")) };
            rows.insert(format!(
                "{}: {} h ({} s) on {} by {} on {on}{codes}: {}",
                self.number(entry.item())?,
                work.rounded.decimal_hours(),
                work.quantity.seconds(),
                self.day(work.date),
                self.name(entry.person)?,
                work.narrative
            ));
        }
        Ok(())
    }

    fn tasks(&self, matter: Item, rows: &mut BTreeSet<String>) -> Result<()> {
        for task in self.view.tasks_of_matter(self.office.firm.id, matter.id)? {
            let id = self.number(task.item())?;
            if let Some(person) = task.assignee {
                rows.insert(format!("{id} \"{}\" is assigned to {}", task.name, self.name(person)?));
            }
            if let Some(person) = task.completed_by.filter(|_| task.completed_at.is_some()) {
                rows.insert(format!("{id} \"{}\" is completed by {}", task.name, self.name(person)?));
            }
        }
        Ok(())
    }

    fn documents(&self, matter: Item, rows: &mut BTreeSet<String>) -> Result<()> {
        let firm = self.office.firm.id;
        for document in self.view.documents_of_matter(firm, matter.id)? {
            let folder = match document.folder {
                Some(row) => self.view.folder(firm, row)?.map(|f| f.name),
                None => None,
            };
            let id = self.number(Item::new(Kind::Document, document.id))?;
            let place = folder.unwrap_or_else(|| "the matter".to_owned());
            for version in self.view.versions(firm, document.id)? {
                rows.insert(format!(
                    "{id} \"{}\" in {place}, version {}: \"{}\", {}, {} bytes, by {}",
                    document.name,
                    version.number,
                    version.filename,
                    version.content_type,
                    version.size,
                    self.name(version.creator)?
                ));
            }
        }
        Ok(())
    }

    fn notes(&self, matter: Item, rows: &mut BTreeSet<String>) -> Result<()> {
        for note in self.view.notes_of_matter(self.office.firm.id, matter.id)? {
            let id = self.number(note.item())?;
            let (on, by) = (self.number(matter)?, self.name(note.author)?);
            let heading = if note.subject.is_empty() { String::new() } else { format!("{}: ", note.subject) };
            rows.insert(format!("{id}: note of {by} on {on}: {heading}{}", line(&note.detail)));
        }
        Ok(())
    }

    fn communications(&self, matter: Item, rows: &mut BTreeSet<String>) -> Result<()> {
        for log in self.view.communications_of_matter(self.office.firm.id, matter.id)? {
            let id = self.number(Item::new(Kind::Communication, log.id))?;
            let length = log.length.map(|l| format!(", {} s", l.seconds())).unwrap_or_default();
            rows.insert(format!(
                "{id}: {} on {}{length}, from \"{}\" to \"{}\", \"{}\": {}",
                log.medium.word(),
                self.number(matter)?,
                log.senders,
                log.receivers,
                log.subject,
                line(&log.body)
            ));
        }
        Ok(())
    }

    fn people(&self, rows: &mut BTreeSet<String>, now: Timestamp) -> Result<()> {
        let firm = self.office.firm.id;
        for person in self.view.people(firm)?.into_iter().filter(|p| !p.is_user()) {
            if person.accepted_at.is_some() {
                rows.insert(format!("{} has accepted the invitation", person.name()));
            }
            if let Some(id) = person.identity
                && let Some(identity) = self.view.identity(id)?
            {
                let card = self.view.card_address(firm, person.id)?;
                if card.is_some_and(|card| card != identity.address) {
                    rows.insert(format!("{} writes from {}", person.name(), identity.address));
                }
                for further in self.view.further_addresses(id)? {
                    rows.insert(format!("{} writes from {further} too", person.name()));
                }
                if let Some(name) = &identity.display_name {
                    rows.insert(format!("{} is called {name}", person.name()));
                }
                if let Some(zone) = &identity.time_zone {
                    rows.insert(format!("{} lives in {zone}", person.name()));
                }
                if let Some(picture) = &identity.picture {
                    rows.insert(format!("{} has the picture {}", person.name(), picture.get(..8).unwrap_or_default()));
                }
            }
            for share in self.view.live_shares(firm, person.id, now)? {
                rows.insert(format!("{} has {}", person.name(), self.number(share.item)?));
            }
        }
        Ok(())
    }

    fn messages(&self, rows: &mut BTreeSet<String>, now: Timestamp) -> Result<()> {
        let firm = self.office.firm.id;
        let mut conversations = BTreeSet::new();
        for person in self.view.people(firm)? {
            conversations.extend(self.view.conversations_of(firm, person.id, now)?.iter().map(|c| c.id));
        }
        for conversation in conversations {
            let id = self.number(Item::new(Kind::Conversation, conversation))?;
            let about = self.view.conversation(firm, conversation)?.and_then(|c| c.about);
            let about = match about {
                Some(item) => format!(" about {}", self.number(item)?),
                None => String::new(),
            };
            let members = self.view.members(firm, conversation, now)?;
            for (place, message) in self.view.messages(firm, conversation)?.iter().enumerate() {
                let to: Vec<String> =
                    members.iter().filter(|m| **m != message.sender).map(|m| self.name(*m)).collect::<Result<_>>()?;
                rows.insert(format!(
                    "{id}{about}: message {} from {} to {}: {}",
                    place.saturating_add(1),
                    self.name(message.sender)?,
                    to.join(", "),
                    line(&message.body)
                ));
            }
        }
        Ok(())
    }
}

/// A text on one line.
fn line(text: &str) -> String {
    text.replace('\n', " / ")
}

fn file(name: &str, bytes: &[u8], sha256: String) -> NewVersion {
    NewVersion {
        filename: name.to_owned(),
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        content_type: String::new(),
        sha256,
        creator: PersonId(0),
        inbox: None,
    }
}

fn found(tx: &Tx<'_>, store: &Store, draft: &NewVersion, minutes: &NewVersion, now: Timestamp) -> Result<Office> {
    let new = NewFirm {
        slug: SLUG.into(),
        name: "Hale & Partners LLP".into(),
        locale: Locale::British,
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        rounding_minutes: 6,
    };
    let id = tx.add_firm(&new, now)?;
    let firm = tx.firm(id)?.ok_or_else(|| StoreError::Content("the firm is gone".into()))?;
    let admin = Role::User { admin: true, accounts: true, reports: true, billing: true };
    let anna = tx.add_person(id, &person(admin, "Anna", "Smith", "anna.smith@hale.example"), now)?;
    let jane = tx.add_person(id, &person(Role::CoCounsel, "Jane", "Roe", "jane@roe.example"), now)?;
    let max = tx.add_person(id, &person(Role::CoCounsel, "Max", "Oduya", "max@oduya.example"), now)?;
    let matter = tx.add_matter(id, &new_matter("2026-0012", "Reed v. Northbank Ferries", anna), now)?;
    let other_matter = tx.add_matter(id, &new_matter("2026-0019", "Project Heron", anna), now)?;
    let due = now.to_zoned(firm.zone()).date();
    let due = |days: i64| due.checked_add(jiff::Span::new().days(days)).ok();
    let brief = tx.add_task(id, &task("Draft reply brief", matter, anna, Priority::High, due(10)), now)?;
    let exhibits = tx.add_task(id, &task("Check the exhibits", matter, anna, Priority::Normal, due(3)), now)?;
    tx.add_task(id, &task("Prepare the board paper", other_matter, anna, Priority::Normal, due(5)), now)?;
    let folder = NewFolder { matter: matter.id, parent: None, name: "Pleadings".into(), locked: false };
    let folder = tx.add_folder(id, &folder, now)?;
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let first = NewVersion { creator: anna, content_type: docx.into(), ..draft.clone() };
    let document = tx.add_document(id, &new_document(matter, Some(folder), first), now)?;
    let first = NewVersion { creator: anna, content_type: "text/plain".into(), ..minutes.clone() };
    tx.add_document(id, &new_document(other_matter, None, first), now)?;
    let store = store.clone();
    Ok(Office { store, firm, anna, jane, max, matter, other_matter, brief, exhibits, folder, document })
}

fn person(role: Role, first: &str, last: &str, address: &str) -> NewPerson {
    NewPerson {
        first_name: first.into(),
        last_name: last.into(),
        address: Address::parse(address).ok(),
        ..NewPerson::new(role)
    }
}

fn new_matter(number: &str, description: &str, responsible: PersonId) -> NewMatter {
    NewMatter {
        practice_area: "Commercial litigation".into(),
        responsible: Some(responsible),
        ..NewMatter::new(number, description)
    }
}

fn task(name: &str, matter: Item, assigner: PersonId, priority: Priority, due_at: Option<Date>) -> NewTask {
    NewTask {
        name: name.into(),
        description: String::new(),
        matter: Some(matter.id),
        assignee: None,
        assigner: Some(assigner),
        priority,
        status: TaskStatus::Pending,
        private: false,
        due_at,
        quiet: false,
        time_estimated: None,
    }
}

fn new_document(matter: Item, folder: Option<Item>, first: NewVersion) -> NewDocument {
    NewDocument {
        matter: matter.id,
        folder: folder.map(|f| f.id),
        name: first.filename.clone(),
        category: String::new(),
        first,
    }
}

/// Writes a message about a matter to somebody, who is told.
pub fn write(act: &Act<'_>, to: PersonId, matter: Item, text: &str) -> Answer<()> {
    let topic = messages::Topic { about: None, matter: Some(matter.id), to: Some(to) };
    let posted = allowed!(messages::write(act, topic, text));
    let letter = Letter::News {
        by: act.actor.id,
        message: Some(posted.message),
        conversation: Some(posted.conversation),
        documents: Vec::new(),
        completed: Vec::new(),
        logged: Vec::new(),
        outsiders: Vec::new(),
    };
    act.tell(to, letter, About::Item(posted.conversation))?;
    Ok(Ok(()))
}
