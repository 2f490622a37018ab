//! A firm in a real store, with a small cast and what a fixture says is so on top of it; and a second firm in the same
//! store where the same people work too.
//!
//! Of Hale & Partners: Anna (administrator, may everything), Ben (no permission), Beth (billing), Abel (accounts,
//! reports). Outside: Jane and Tom (co-counsel, both work for the second firm too), Ida (co-counsel, invited, not accepted), Dora
//! (co-counsel, disabled), Carl (client). Matters: M-1 Reed v. Marsh, whose client is Carl and whose lawyer is Anna;
//! M-2 Stone v. Vale. Zoe is known to nobody.

use std::cell::RefCell;
use std::collections::BTreeMap;

use docketpost::actions::{Act, shares};
use docketpost::clock;
use docketpost::domain::dates::Locale;
use docketpost::domain::duration::Quantity;
use docketpost::domain::{Address, FirmId, Item, ItemId, Kind, PersonId, duration};
use docketpost::sharing;
use docketpost::sharing::{Role, Thing};
use docketpost::store::activities::{NewCategory, Work};
use docketpost::store::assistants::NewAssistant;
use docketpost::store::bills::{NewBill, state_of_word};
use docketpost::store::calendar::{EventDetails, NewEvent};
use docketpost::store::communications::{Medium, NewCommunication};
use docketpost::store::conversations::{NewConversation, NewMessage};
use docketpost::store::documents::{NewDocument, NewFolder, NewVersion};
use docketpost::store::firms::{Firm, NewFirm};
use docketpost::store::matters::NewMatter;
use docketpost::store::notes::NewNote;
use docketpost::store::numbers::Reader;
use docketpost::store::people::NewPerson;
use docketpost::store::shares::{Circumstances, NewShare, Source, Subject};
use docketpost::store::tasks::{NewTask, Priority, TaskStatus};
use docketpost::store::{Store, Tx};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use tempfile::TempDir;

use super::fixture::{Given, Question};

/// The second firm has this many of each thing, so that their numbers are absent in the first.
const FOREIGN: u32 = 7;

/// The store and who is in it; the folder goes with it.
pub struct World {
    pub folder: TempDir,
    pub store: Store,
    pub firm: Firm,
    /// The second firm.
    pub other: FirmId,
    people: BTreeMap<&'static str, PersonId>,
    /// What was revoked from whom.
    pub revoked: RefCell<Vec<(Item, PersonId)>>,
    pub now: Timestamp,
}

impl World {
    /// The cast, and nothing shared.
    pub fn new() -> World {
        let folder = in_memory();
        let store = Store::create(&folder.path().join("store")).unwrap();
        // The command line reads the clock, so what is asked by mail happens now too.
        let now = clock::now();
        let (firm, other, people) = store
            .write(move |tx| {
                let firm = tx.add_firm(&new_firm("hale", "Hale & Partners"), now)?;
                let people = cast(tx, firm, now);
                matter(tx, firm, "2026-0012", "Reed v. Marsh", Some(people["carl"]), people["anna"], now);
                matter(tx, firm, "2026-0013", "Stone v. Vale", None, people["anna"], now);
                Ok((tx.firm(firm)?.unwrap(), second_firm(tx, now), people))
            })
            .unwrap();
        World { folder, store, firm, other, people, revoked: RefCell::default(), now }
    }

    /// The cast, and what is given.
    pub fn with(given: &Given) -> World {
        let mut world = World::new();
        world.name_paula(given);
        world.insert(given);
        world
    }

    /// As [`World::with`], with a third matter, M-3.
    pub fn with_third_matter(given: &Given) -> World {
        let world = World::new();
        let anna = world.person("anna");
        world.write(move |tx, firm, now| matter(tx, firm, "2026-0014", "Hall v. Hill", None, anna, now));
        world.insert(given);
        world
    }

    fn name_paula(&mut self, given: &Given) {
        let Some(paula) = &given.paula else { return };
        let (principal, by, ended) = (self.person(&paula.principal), self.person("anna"), paula.ended);
        let words = paula.may.clone();
        let made = self.write(move |tx, firm, now| {
            let may = match &words {
                Some(words) => {
                    words.iter().map(|w| sharing::Given::of(w).expect("something that can be given")).collect()
                }
                None => sharing::Given::USUAL.into(),
            };
            let (first_name, last_name) = ("Paula".to_owned(), "Berg".to_owned());
            let new = NewAssistant { principal, address: address("paula"), first_name, last_name, given: may };
            let person = tx.name_assistant(firm, &new, now).unwrap();
            assert!(tx.confirm_assistant(firm, person, now).unwrap());
            assert!(tx.approve_assistant(firm, person, by, now).unwrap());
            let paula = tx.person(firm, person).unwrap().unwrap();
            assert!(tx.bind_assistant(firm, &paula, now).unwrap());
            tx.set_accepted(firm, person, now).unwrap();
            if ended {
                assert!(tx.end_assistant(firm, person, now).unwrap());
            }
            person
        });
        self.people.insert("paula", made);
    }

    pub fn person(&self, name: &str) -> PersonId {
        *self.people.get(name).unwrap_or_else(|| panic!("nobody of the cast is called {name}"))
    }

    /// Who of the cast this is.
    pub fn name_of(&self, person: PersonId) -> &'static str {
        self.people.iter().find(|(_, id)| **id == person).unwrap().0
    }

    /// The thing of this number in the firm's own count; of row 0 if there is none.
    pub fn thing(&self, number: &str) -> Item {
        let id = ItemId::parse(number).unwrap_or_else(|| panic!("{number} is no number"));
        let found = self.store.read(|s| s.find(self.firm.id, Reader::Firm, id)).unwrap();
        found.unwrap_or(Item::new(id.kind, 0))
    }

    fn known(&self, number: &str) -> Item {
        let item = self.thing(number);
        assert!(item.id > 0, "{number} is nowhere given");
        item
    }

    /// What a question is about.
    pub fn subject(&self, thing: &str) -> Subject {
        let (word, matter) = thing.split_once(':').unwrap_or((thing, ""));
        let matter = (!matter.is_empty()).then(|| self.known(matter).id);
        let thing = match word {
            "home" => Thing::Home,
            "calendar" => Thing::FirmCalendar,
            "accounting" => Thing::Accounting,
            "reports" => Thing::Reports,
            "settings" => Thing::Settings,
            "profile" => Thing::Profile,
            "integrations" => Thing::Integrations,
            number => return Subject::Item(self.thing(number)),
        };
        Subject::Other(thing, matter)
    }

    pub fn circumstances(&self, question: &Question) -> Circumstances {
        Circumstances {
            worked_on: question.worked_days_ago.map(|days| self.days_ago(days)),
            category_hidden: question.hidden_category,
            receiver: question.receiver.as_deref().map(|name| self.person(name)),
        }
    }

    /// The day so many days ago.
    pub fn days_ago(&self, days: i64) -> Date {
        self.now.to_zoned(TimeZone::UTC).date() - Span::new().days(days)
    }

    /// Runs `job` in a transaction of the firm.
    pub fn write<T: Send + 'static>(&self, job: impl Fn(&Tx<'_>, FirmId, Timestamp) -> T + Send + 'static) -> T {
        let (firm, now) = (self.firm.id, self.now);
        self.store.write(move |tx| Ok(job(tx, firm, now))).unwrap()
    }

    /// Shares a thing.
    pub fn share(&self, item: Item, with: PersonId) {
        let by = self.person("anna");
        self.write(move |tx, firm, now| share(tx, firm, item, with, Source::Direct, by, now));
    }

    /// Ends a share as the firm does.
    pub fn revoke(&self, item: Item, from: PersonId) {
        let (anna, firm) = (self.person("anna"), self.firm.clone());
        self.revoked.borrow_mut().push((item, from));
        self.write(move |tx, _, now| {
            let actor = tx.person(firm.id, anna).unwrap().unwrap();
            let act = Act { tx, firm: &firm, actor: &actor, inbox: None, cause: "given", now };
            assert_eq!(shares::unshare(&act, from, item, "over").unwrap(), Ok(true), "nothing to revoke");
        });
    }

    fn insert(&self, given: &Given) {
        self.insert_filed(given);
        self.insert_work(given);
        self.insert_talk(given);
        self.insert_money(given);
        for shared in &given.share {
            self.share(self.known(&shared.of), self.person(&shared.person));
            if let Some(days) = shared.ended_days_ago {
                let end = self.now - Span::new().hours(24 * days);
                self.sql(
                    "UPDATE shares SET expires_at = ?1 WHERE id = (SELECT max(id) FROM shares)",
                    [end.as_millisecond()],
                );
            }
        }
        for ended in &given.revoke {
            self.revoke(self.known(&ended.of), self.person(&ended.person));
        }
        self.insert_states(given);
        self.number_for_contacts();
    }

    fn insert_filed(&self, given: &Given) {
        for f in &given.folder {
            let (matter, parent) = (self.known(&f.on).id, f.within.as_deref().map(|p| self.known(p).id));
            let new = NewFolder { matter, parent, name: format!("Folder {}", f.id), locked: f.locked };
            let drop = f.drop.as_deref().map(|p| self.person(p));
            let made = self.write(move |tx, firm, now| match drop {
                Some(person) => tx.make_drop_folder(firm, matter, person, now).unwrap(),
                None => tx.add_folder(firm, &new, now).unwrap(),
            });
            self.is_numbered(made, &f.id);
        }
        for d in &given.document {
            let name = d.name.clone().unwrap_or_else(|| format!("Document {}.pdf", d.id));
            let content = pdf(&d.id);
            let first = NewVersion {
                filename: name.clone(),
                size: content.len() as u64,
                content_type: "application/pdf".into(),
                sha256: self.store.blobs().put(&content).unwrap(),
                creator: self.person(d.by.as_deref().unwrap_or("anna")),
                inbox: None,
            };
            let folder = d.within.as_deref().map(|f| self.known(f).id);
            let new = NewDocument { matter: self.known(&d.on).id, folder, name, category: String::new(), first };
            let made = self.write(move |tx, firm, now| tx.add_document(firm, &new, now).unwrap());
            self.is_numbered(made, &d.id);
            if d.locked {
                self.sql("UPDATE documents SET locked = 1 WHERE id = ?1", [made.id]);
            }
        }
    }

    fn insert_work(&self, given: &Given) {
        for t in &given.task {
            let assignee = t.assignee.as_deref().map(|name| self.person(name));
            let new = NewTask {
                name: format!("Task {}", t.id),
                description: String::new(),
                matter: t.on.as_deref().map(|m| self.known(m).id),
                assignee,
                assigner: Some(self.person("anna")),
                priority: Priority::Normal,
                status: TaskStatus::Pending,
                private: t.private,
                due_at: None,
                quiet: false,
                time_estimated: None,
            };
            let made = self.write(move |tx, firm, now| tx.add_task(firm, &new, now).unwrap());
            self.is_numbered(made, &t.id);
            self.grant(made, Source::Assignment, assignee);
        }
        for n in &given.note {
            let new = NewNote {
                matter: self.known(&n.on).id,
                subject: format!("Heading {}", n.id),
                detail: format!("Text of {}", n.id),
                date: self.days_ago(1),
                author: self.person(&n.by),
                internal: n.internal,
            };
            let made = self.write(move |tx, firm, now| tx.add_note(firm, &new, now).unwrap());
            self.is_numbered(made, &n.id);
        }
        for l in &given.log {
            let new = NewCommunication {
                medium: Medium::Phone,
                matter: self.known(&l.on).id,
                subject: format!("Call {}", l.id),
                body: format!("Text of {}", l.id),
                date: self.days_ago(1),
                length: None,
                senders: String::new(),
                receivers: String::new(),
                author: self.person(&l.by),
                inbox: None,
            };
            let made = self.write(move |tx, firm, now| tx.add_communication(firm, &new, now).unwrap());
            self.is_numbered(made, &l.id);
        }
    }

    fn insert_talk(&self, given: &Given) {
        for e in &given.event {
            let start_at = self.now + Span::new().hours(72);
            let new = NewEvent {
                uid: format!("{}@hale.example", e.id),
                details: EventDetails {
                    summary: format!("Event {}", e.id),
                    description: String::new(),
                    location: String::new(),
                    conference_url: String::new(),
                    start_at,
                    end_at: start_at + Span::new().hours(1),
                    all_day: false,
                    time_zone: "Europe/London".into(),
                    recurrence_rule: None,
                    exceptions: Vec::new(),
                },
                matter: e.on.as_deref().map(|m| self.known(m).id),
                organizer: self.person("anna"),
            };
            let made = self.write(move |tx, firm, now| tx.add_event(firm, &new, now).unwrap());
            self.is_numbered(made, &e.id);
            for name in &e.attendees {
                let person = self.person(name);
                self.write(move |tx, firm, now| tx.add_attendee(firm, made.id, person, "", now).unwrap());
                self.grant(made, Source::Attendance, Some(person));
            }
        }
        for c in &given.conversation {
            let matter = c.on.as_deref().map(|m| self.known(m).id);
            let new = NewConversation { matter, subject: format!("Conversation {}", c.id), about: None };
            let made = self.write(move |tx, firm, now| tx.add_conversation(firm, &new, now).unwrap());
            self.is_numbered(made, &c.id);
            for name in &c.members {
                let person = self.person(name);
                self.write(move |tx, firm, now| tx.add_member(firm, made.id, person, now).unwrap());
                self.grant(made, Source::Membership, Some(person));
            }
            let sender = self.person(&c.members[0]);
            let message =
                NewMessage { conversation: made.id, sender, body: format!("Message of {}", c.id), inbox: None };
            self.write(move |tx, firm, now| tx.add_message(firm, &message, now).unwrap());
            if c.read_only {
                self.sql("UPDATE conversations SET read_only = 1 WHERE id = ?1", [made.id]);
            }
        }
    }

    fn insert_money(&self, given: &Given) {
        for b in &given.bill {
            let new = NewBill {
                matter: b.on.as_deref().map(|m| self.known(m).id),
                state: state_of_word(&b.state).unwrap_or_else(|| panic!("{}: no state of a bill", b.state)),
                payment_url: b.pay_at.clone(),
                total_minor: 123_456,
                balance_minor: 123_456,
                ..NewBill::new(&format!("H-{}", b.id), "GBP")
            };
            let made = self.write(move |tx, firm, _| tx.add_bill(firm, &new).unwrap());
            self.is_numbered(made, &b.id);
        }
        for c in &given.category {
            let new = NewCategory {
                name: c.name.clone(),
                visible_to_co_counsel: c.visible,
                rate_minor: None,
                activity_code: None,
            };
            self.write(move |tx, firm, _| tx.set_category(firm, &new).unwrap());
        }
        for t in &given.time {
            let (on, hour) = (self.known(&t.on), duration::parse("1h").unwrap());
            let matter = self.store.read(|s| s.matter_of(self.firm.id, on)).unwrap();
            let work =
                work(matter, Some(on).filter(|i| i.kind != Kind::Matter), self.days_ago(t.days_ago), hour, &t.id);
            let by = self.person(&t.by);
            let bill = t.billed_on.as_deref().map(|b| self.known(b).id);
            let made = self.write(move |tx, firm, now| {
                let made = tx.add_time_entry(firm, by, &work, now).unwrap();
                tx.set_price(firm, made.id, Some(25_000)).unwrap();
                tx.set_bill(firm, made.id, bill).unwrap();
                made
            });
            self.is_numbered(made, &t.id);
        }
    }

    fn insert_states(&self, given: &Given) {
        for name in &given.locked_address {
            self.sql("UPDATE contacts SET address_locked = 1 WHERE person_id = ?1", [self.person(name).0]);
        }
        for name in &given.no_address {
            self.sql("DELETE FROM contact_emails WHERE person_id = ?1", [self.person(name).0]);
        }
        for done in &given.done {
            let (task, by) = (self.known(&done.task), self.person(&done.by));
            self.write(move |tx, firm, now| assert!(tx.complete_task(firm, task.id, by, now).unwrap()));
        }
        for number in &given.cancelled {
            let event = self.known(number);
            self.write(move |tx, firm, now| assert!(tx.cancel_event(firm, event.id, now).unwrap()));
        }
        for (number, days) in &given.closed {
            let (matter, on) = (self.known(number), self.days_ago(*days));
            self.write(move |tx, firm, _| tx.set_matter_closed(firm, matter.id, Some(on)).unwrap());
        }
        if let Some(word) = &given.closed_matters {
            self.sql("UPDATE firms SET closed_matters = ?1 WHERE slug = 'hale'", [word]);
        }
        for (number, users) in &given.listed {
            let matter = self.known(number);
            self.sql("UPDATE matters SET access = 'listed' WHERE id = ?1", [matter.id]);
            for user in users {
                self.sql(
                    "INSERT INTO matter_permissions (firm_id, matter_id, person_id) VALUES (?1, ?2, ?3)",
                    [self.firm.id.0, matter.id, self.person(user).0],
                );
            }
        }
        for wall in &given.screen {
            let (matter, person) = (self.known(&wall.from), self.person(&wall.person));
            self.write(move |tx, firm, now| {
                tx.screen(firm, matter.id, person, "acted for the other side", now).unwrap()
            });
            if wall.lifted {
                self.sql("UPDATE screens SET lifted_at = erected_at WHERE person_id = ?1", [person.0]);
            }
        }
        for number in &given.deleted {
            let item = self.known(number);
            let table = match item.kind {
                Kind::Task => "tasks",
                Kind::Document => "documents",
                Kind::Folder => "folders",
                Kind::Note => "notes",
                Kind::TimeEntry => "activities",
                other => panic!("a {} is not deleted", other.word()),
            };
            self.sql(&format!("UPDATE {table} SET deleted_at = 1 WHERE id = ?1"), [item.id]);
        }
    }

    /// Every contact has a number for every note, communication and time entry, shown to them or not: the worst case for
    /// what a number may tell. It is the firm's own number, since all were made in that order.
    fn number_for_contacts(&self) {
        let contacts: Vec<PersonId> = ["jane", "tom", "carl"].map(|name| self.person(name)).into();
        self.sql("DELETE FROM reader_numbers", []);
        self.sql("DELETE FROM counters WHERE reader_id > 0", []);
        self.write(move |tx, firm, _| {
            for kind in [Kind::Note, Kind::Communication, Kind::TimeEntry] {
                let numbers = (1..).map(|n| ItemId::new(kind, n));
                let items = numbers.map_while(|id| tx.find(firm, Reader::Firm, id).unwrap());
                for (item, contact) in items.flat_map(|i| contacts.iter().map(move |c| (i, *c))) {
                    tx.number_for(firm, Reader::Contact(contact), item).unwrap();
                }
            }
        });
    }

    fn is_numbered(&self, item: Item, wanted: &str) {
        let id = self.store.read(|s| s.number(self.firm.id, Reader::Firm, item)).unwrap();
        assert_eq!(id.unwrap().to_string(), wanted, "numbers are given in the order of writing");
    }

    /// The share that goes with an assignment, an attendance or a membership of a contact.
    fn grant(&self, item: Item, source: Source, person: Option<PersonId>) {
        let by = self.person("anna");
        let Some(person) = person else { return };
        self.write(move |tx, firm, now| {
            if !tx.person(firm, person).unwrap().unwrap().is_user() {
                share(tx, firm, item, person, source, by, now);
            }
        });
    }

    /// Rows for which the store has no function yet.
    pub fn sql(&self, statement: &str, with: impl rusqlite::Params) {
        let database = self.store.folder().join("docketpost.sqlite");
        let connection = rusqlite::Connection::open(database).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        connection.execute(statement, with).unwrap();
    }
}

/// A folder in memory where the system has such a place: hundreds of stores are made here, and nothing shown by them
/// depends on what a disk keeps.
fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn share(tx: &Tx<'_>, firm: FirmId, item: Item, person: PersonId, source: Source, by: PersonId, now: Timestamp) {
    let new = NewShare { person, item, source, notify: false, message: String::new(), by };
    assert!(tx.add_share(firm, &new, now).unwrap().is_some(), "it is shared already");
}

/// A file that is told from others by its text.
pub fn pdf(text: &str) -> Vec<u8> {
    format!("%PDF-1.4\n% {text}\n%%EOF\n").into_bytes()
}

pub fn work(matter: Option<i64>, subject: Option<Item>, date: Date, quantity: Quantity, narrative: &str) -> Work {
    Work {
        matter,
        subject,
        date,
        quantity,
        rounded: quantity,
        narrative: format!("Work of {narrative}"),
        category: None,
        task_code: None,
        activity_code: None,
        non_billable: false,
        no_charge: false,
    }
}

pub fn new_firm(slug: &str, name: &str) -> NewFirm {
    NewFirm {
        slug: slug.into(),
        name: name.into(),
        locale: Locale::British,
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        rounding_minutes: 6,
    }
}

pub fn matter(
    tx: &Tx<'_>,
    firm: FirmId,
    number: &str,
    name: &str,
    client: Option<PersonId>,
    responsible: PersonId,
    now: Timestamp,
) -> Item {
    let new = NewMatter { client, responsible: Some(responsible), ..NewMatter::new(number, name) };
    tx.add_matter(firm, &new, now).unwrap()
}

/// The address that somebody writes from.
pub fn address(name: &str) -> Address {
    let domain = match name {
        "anna" | "ben" | "beth" | "abel" => "hale",
        other => other,
    };
    Address::parse(&format!("{name}@{domain}.example")).unwrap()
}

pub fn add_person(tx: &Tx<'_>, firm: FirmId, name: &str, last_name: &str, role: Role, now: Timestamp) -> PersonId {
    let mut first_name = name.to_owned();
    first_name[..1].make_ascii_uppercase();
    let new = NewPerson {
        is_client: matches!(role, Role::Contact),
        first_name,
        last_name: last_name.into(),
        address: Some(address(name)),
        ..NewPerson::new(role)
    };
    let person = tx.add_person(firm, &new, now).unwrap();
    let identity = tx.identity_for(&address(name), now).unwrap();
    tx.set_identity(firm, person, identity).unwrap();
    person
}

const ALL: Role = Role::User { admin: true, billing: true, accounts: true, reports: true };
const NONE: Role = Role::User { admin: false, billing: false, accounts: false, reports: false };
const BILLING: Role = Role::User { admin: false, billing: true, accounts: false, reports: false };
const ACCOUNTS: Role = Role::User { admin: false, billing: false, accounts: true, reports: true };

fn cast(tx: &Tx<'_>, firm: FirmId, now: Timestamp) -> BTreeMap<&'static str, PersonId> {
    let people = [
        ("anna", "Hale", ALL),
        ("ben", "Cole", NONE),
        ("beth", "Lane", BILLING),
        ("abel", "Wood", ACCOUNTS),
        ("jane", "Doe", Role::CoCounsel),
        ("tom", "Roe", Role::CoCounsel),
        ("ida", "Poe", Role::CoCounsel),
        ("dora", "Loe", Role::CoCounsel),
        ("carl", "Reed", Role::Contact),
    ];
    let mut cast = BTreeMap::new();
    for (name, last, role) in people {
        let person = add_person(tx, firm, name, last, role, now);
        if name != "ida" {
            tx.set_accepted(firm, person, now).unwrap();
        }
        if name == "dora" {
            tx.disable_person(firm, person, now).unwrap();
        }
        cast.insert(name, person);
    }
    cast
}

/// Everything there is shared with Jane; Tom is known there too, and has nothing.
fn second_firm(tx: &Tx<'_>, now: Timestamp) -> FirmId {
    let firm = tx.add_firm(&new_firm("vale", "Vale LLP"), now).unwrap();
    let mary = add_person(tx, firm, "mary", "Vale", ALL, now);
    let [jane, _] = ["jane", "tom"].map(|name| {
        let person = add_person(tx, firm, name, "Doe", Role::CoCounsel, now);
        tx.set_accepted(firm, person, now).unwrap();
        person
    });
    for n in 1..=FOREIGN {
        let matter = matter(tx, firm, &format!("V-{n}"), "Vale v. Hale", None, mary, now);
        share(tx, firm, matter, jane, Source::Direct, mary, now);
        let task = NewTask {
            name: format!("Foreign task {n}"),
            description: String::new(),
            matter: Some(matter.id),
            assignee: Some(jane),
            assigner: Some(mary),
            priority: Priority::Normal,
            status: TaskStatus::Pending,
            private: false,
            due_at: None,
            quiet: false,
            time_estimated: None,
        };
        let task = tx.add_task(firm, &task, now).unwrap();
        share(tx, firm, task, jane, Source::Assignment, mary, now);
        let first = NewVersion {
            filename: "Foreign.pdf".into(),
            size: 12,
            content_type: "application/pdf".into(),
            sha256: "0".repeat(64),
            creator: mary,
            inbox: None,
        };
        let document =
            NewDocument { matter: matter.id, folder: None, name: "Foreign.pdf".into(), category: String::new(), first };
        let document = tx.add_document(firm, &document, now).unwrap();
        share(tx, firm, document, jane, Source::Direct, mary, now);
    }
    firm
}
