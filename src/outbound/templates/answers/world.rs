//! A small world for the tests of lists and look-ups: rates, prices, other people's work and things that are not shared
//! lie next to what Jane may see, so that a leak would show.

use jiff::Timestamp;
use jiff::civil::{Date, date};

use crate::config::Addressing;
use crate::domain::dates::Locale;
use crate::domain::duration::Quantity;
use crate::domain::{Address, FirmId, InboxId, Item, PersonId};
use crate::outbound::gateway::Gateway;
use crate::outbound::letter::{Letter, Line};
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::outbound::templates;
use crate::sharing::{BillState, Role};
use crate::store::activities::{NewCategory, Work};
use crate::store::bills::{NewBill, Pdf};
use crate::store::calendar::{EventDetails, NewEvent};
use crate::store::communications::{Medium, NewCommunication};
use crate::store::conversations::{NewConversation, NewMessage};
use crate::store::documents::{NewDocument, NewFolder, NewVersion};
use crate::store::firms::{Firm, NewFirm};
use crate::store::matters::{NewMatter, Sensitivity};
use crate::store::notes::NewNote;
use crate::store::people::NewPerson;
use crate::store::shares::{NewShare, Source};
use crate::store::tasks::NewTask;
use crate::store::{Result, Snapshot, Store, Tx, numbers};

/// The words that no answer to co-counsel may hold: amounts, and what is not shared with Jane.
pub const SECRETS: [&str; 14] = [
    "£", "GBP", "rate", "25000", "250.00", "77700", "777.00", "budget", "Ferret", "Badger", "Poe", "Stoat", "Weasel",
    "Otter",
];

/// The store, and who and what is in it.
pub struct World {
    /// The store.
    pub store: Store,
    /// Jane's firm.
    pub firm: FirmId,
    /// The firm's administrator.
    pub anna: PersonId,
    /// Co-counsel, whose questions are answered.
    pub jane: PersonId,
    /// Shared with Jane, and with another co-counsel of whom she must not learn.
    pub matter: Item,
    /// Not shared.
    pub hidden: Item,
    /// Shared, confidential.
    pub confidential: Item,
    /// Shared, notices only.
    pub restricted: Item,
    _folder: tempfile::TempDir,
}

/// When everything happens.
pub fn now() -> Timestamp {
    "2026-03-18T10:00:00Z".parse().unwrap()
}

impl World {
    /// Makes it.
    pub fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let blob = store.blobs().put(b"a brief").unwrap();
        let made = store.write(move |tx| make(tx, &blob)).unwrap();
        let [matter, hidden, confidential, restricted] = made.matters;
        let (firm, anna, jane) = (made.firm, made.anna, made.jane);
        World { store, firm, anna, jane, matter, hidden, confidential, restricted, _folder: folder }
    }

    /// Runs `job` in a transaction.
    pub fn write<T: Send + 'static>(&self, job: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static) -> T {
        self.store.write(job).unwrap()
    }

    /// Reads from the store.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    /// The firm's row.
    pub fn firm(&self) -> Firm {
        self.read(|r| r.firm(self.firm)).unwrap()
    }

    /// The firm's addresses.
    pub fn gateway(&self) -> Gateway {
        Gateway {
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            drawing: Default::default(),
            shares_wait: Default::default(),
        }
    }

    /// The receipt with these lines as `person` would get it now, numbered as the sender numbers it.
    pub fn page(&self, person: PersonId, lines: &[Line]) -> Page {
        let (firm, gateway) = (self.firm(), self.gateway());
        for _ in 0..3 {
            let letter = Letter::Receipt { inbox: InboxId(1), lines: lines.to_vec() };
            let (page, unnumbered) = self.read(|view| {
                let person = view.person(firm.id, person)?.unwrap();
                let reader = Reader::new(view, &firm, &gateway, &person, now())?.confirmed(letter.is_confirmed());
                let mut page = templates::write(&reader, self.store.blobs(), &letter)?.unwrap();
                page.shows = reader.shown();
                Ok((page, reader.unnumbered()))
            });
            if unnumbered.is_empty() {
                return page;
            }
            let firm = self.firm;
            self.write(move |tx| {
                for item in &unnumbered {
                    tx.number_for(firm, numbers::Reader::Contact(person), *item)?;
                }
                Ok(())
            });
        }
        panic!("numbers never settle");
    }

    /// The answer to one question of Jane's, as text.
    pub fn answer(&self, verb: &str, item: Option<Item>, words: &str) -> String {
        self.page(self.jane, &[ask(verb, item, words)]).to_text()
    }

    /// The thing of the firm's own number.
    pub fn item(&self, id: &str) -> Item {
        let id = crate::domain::ItemId::parse(id).unwrap();
        self.read(|r| r.find(self.firm, numbers::Reader::Firm, id)).unwrap()
    }

    /// Ends a share of Jane's.
    pub fn revoke(&self, item: Item) {
        let (firm, jane, anna) = (self.firm, self.jane, self.anna);
        assert!(self.write(move |tx| tx.end_share(firm, jane, item, anna, "", now())));
    }
}

/// A question as the transaction notes it.
pub fn ask(verb: &str, item: Option<Item>, words: &str) -> Line {
    Line::Ask {
        verb: verb.into(),
        item,
        version: None,
        words: words.into(),
        confirmed: false,
        typed: format!("#{verb}"),
    }
}

struct Made {
    firm: FirmId,
    anna: PersonId,
    jane: PersonId,
    tom: PersonId,
    matters: [Item; 4],
}

fn make(tx: &Tx<'_>, blob: &str) -> Result<Made> {
    let firm = tx.add_firm(&new_firm("hale"), now())?;
    let foreign = tx.add_firm(&new_firm("weasel"), now())?;
    for number in 1..7 {
        let other = new_matter(&format!("W-{number}"), "Weasel v Fox", Sensitivity::Standard, None, None);
        tx.add_matter(foreign, &other, now())?;
    }
    let admin = Role::User { admin: true, accounts: true, reports: true, billing: true };
    let anna = person(tx, firm, admin, "Anna", "Hale", "anna@hale.example")?;
    let jane = person(tx, firm, Role::CoCounsel, "Jane", "Roe", "jane@roe.example")?;
    let tom = person(tx, firm, Role::CoCounsel, "Tom", "Poe", "tom@poe.example")?;
    let client = person(tx, firm, Role::Contact, "", "Marsh Ltd", "office@marsh.example")?;
    let matter = |number: &str, about: &str, s| {
        tx.add_matter(firm, &new_matter(number, about, s, Some(client), Some(anna)), now())
    };
    let matters = [
        matter("2026-0012", "Reed v Marsh", Sensitivity::Standard)?,
        matter("2026-0013", "Ferret v Badger", Sensitivity::Standard)?,
        matter("2026-0014", "Grant v Lake", Sensitivity::Confidential)?,
        matter("2026-0015", "Stone v Field", Sensitivity::Restricted)?,
    ];
    let made = Made { firm, anna, jane, tom, matters };
    let [shared, _, confidential, restricted] = matters;
    for item in [shared, confidential, restricted] {
        share(tx, &made, jane, item, Source::Direct)?;
    }
    let toms = tx.add_share(firm, &new_share(anna, tom, shared, Source::Direct), now())?;
    tx.set_share_rate(toms.unwrap(), 25_000, "GBP")?;
    let witness = person(tx, firm, Role::Contact, "Wendy", "Hill", "wendy@hill.example")?;
    tx.add_relationship(firm, shared.id, witness, "Witness")?;
    tx.add_relationship(firm, shared.id, tom, "Co-counsel of the client")?;
    work(tx, &made)?;
    papers(tx, &made, blob)?;
    talk(tx, &made)?;
    Ok(made)
}

fn work(tx: &Tx<'_>, made: &Made) -> Result<()> {
    let (firm, [shared, hidden, _, restricted]) = (made.firm, made.matters);
    let task = |who, matter: Item, name: &str, due: Option<Date>| -> Result<()> {
        let new = NewTask {
            name: name.into(),
            description: format!("{name}: the details"),
            matter: Some(matter.id),
            assignee: Some(who),
            assigner: Some(made.anna),
            due_at: due,
            ..NewTask::default()
        };
        let task = tx.add_task(firm, &new, now())?;
        share(tx, made, who, task, Source::Assignment)
    };
    task(made.jane, shared, "Draft reply brief", Some(date(2026, 4, 3)))?;
    task(made.jane, shared, "Call the expert", Some(date(2026, 3, 10)))?;
    task(made.jane, hidden, "Read the lease", None)?;
    task(made.tom, shared, "Otter check", None)?;
    task(made.jane, restricted, "Review the file", None)?;
    let category = NewCategory {
        name: "Research".into(),
        visible_to_co_counsel: true,
        rate_minor: Some(25_000),
        activity_code: None,
    };
    let category = tx.set_category(firm, &category)?;
    for (who, narrative, on) in [
        (made.jane, "Read the file", date(2026, 3, 16)),
        (made.tom, "Otter research", date(2026, 3, 16)),
        (made.jane, "Drafted brief", date(2026, 3, 17)),
    ] {
        let work = Work {
            matter: Some(shared.id),
            subject: None,
            date: on,
            quantity: Quantity::from_seconds(3_000),
            rounded: Quantity::from_seconds(3_240),
            narrative: narrative.into(),
            category: Some(category),
            task_code: Some("L210".into()),
            activity_code: Some("A103".into()),
            non_billable: false,
            no_charge: false,
        };
        let entry = tx.add_time_entry(firm, who, &work, now())?;
        tx.set_price(firm, entry.id, Some(25_000))?;
    }
    for (who, subject, internal) in
        [(made.anna, "Plan", false), (made.anna, "Badger budget", true), (made.tom, "Availability", false)]
    {
        let note = NewNote {
            matter: shared.id,
            subject: subject.into(),
            detail: format!("{subject} in full"),
            date: date(2026, 3, 14),
            author: who,
            internal,
        };
        tx.add_note(firm, &note, now())?;
    }
    let call = NewCommunication {
        medium: Medium::Phone,
        matter: shared.id,
        subject: "Telephone call".into(),
        body: "Agreed extension".into(),
        date: date(2026, 3, 13),
        length: Some(Quantity::from_seconds(600)),
        senders: "Jane Roe".into(),
        receivers: "Mr Smith".into(),
        author: made.jane,
        inbox: None,
    };
    tx.add_communication(firm, &call, now())?;
    Ok(())
}

fn papers(tx: &Tx<'_>, made: &Made, blob: &str) -> Result<()> {
    let (firm, [shared, _, confidential, restricted]) = (made.firm, made.matters);
    let version = |creator, size| NewVersion {
        filename: "file.pdf".into(),
        size,
        content_type: "application/pdf".into(),
        sha256: blob.to_owned(),
        creator,
        inbox: None,
    };
    let document = |matter: Item, folder: Option<i64>, name: &str, creator, size| {
        let first = version(creator, size);
        tx.add_document(
            firm,
            &NewDocument { matter: matter.id, folder, name: name.into(), category: String::new(), first },
            now(),
        )
    };
    let brief = document(shared, None, "Brief.pdf", made.anna, 7)?;
    tx.add_version(firm, brief.id, &version(made.tom, 7), now())?;
    document(shared, None, "Stoat memo.pdf", made.anna, 7)?;
    let folder = NewFolder { matter: shared.id, parent: None, name: "Pleadings".into(), locked: false };
    let folder = tx.add_folder(firm, &folder, now())?;
    document(shared, Some(folder.id), "Complaint.pdf", made.anna, 7)?;
    let secret = document(confidential, None, "Term sheet.pdf", made.anna, 7)?;
    let sealed = document(restricted, None, "Sealed.pdf", made.anna, 7)?;
    let large = document(shared, None, "Recording.mp4", made.anna, 34_000_000)?;
    for (name, by) in [("Jane's exhibit.pdf", made.jane), ("Otter exhibit.pdf", made.tom)] {
        let drop = tx.make_drop_folder(firm, shared.id, by, now())?;
        document(shared, Some(drop.id), name, by, 7)?;
    }
    for item in [brief, folder, secret, sealed, large] {
        share(tx, made, made.jane, item, Source::Direct)?;
    }
    for (number, is_shared) in [("2026-113", true), ("Stoat-114", false)] {
        let mut bill = NewBill::new(number, "GBP");
        bill.state = BillState::AwaitingPayment;
        bill.matter = Some(shared.id);
        bill.total_minor = 77_700;
        bill.balance_minor = 77_700;
        bill.due_at = Some(date(2026, 4, 30));
        bill.pdf = Some(Pdf { sha256: blob.to_owned(), size: 7 });
        bill.memo = "Badger".into();
        let bill = tx.add_bill(firm, &bill)?;
        if is_shared {
            share(tx, made, made.jane, bill, Source::Direct)?;
        }
    }
    Ok(())
}

fn talk(tx: &Tx<'_>, made: &Made) -> Result<()> {
    let (firm, [shared, _, _, restricted]) = (made.firm, made.matters);
    for (matter, who, subject, body) in [
        (shared, made.jane, "Hearing", "The hearing is on Friday."),
        (shared, made.tom, "Otter", "Otter talk"),
        (restricted, made.jane, "Sealed matter", "Weasel words"),
    ] {
        let new = NewConversation { matter: Some(matter.id), subject: subject.into(), about: None };
        let item = tx.add_conversation(firm, &new, now())?;
        tx.add_member(firm, item.id, made.anna, now())?;
        tx.add_member(firm, item.id, who, now())?;
        share(tx, made, who, item, Source::Membership)?;
        let message = NewMessage { conversation: item.id, sender: made.anna, body: body.into(), inbox: None };
        tx.add_message(firm, &message, now())?;
    }
    let details = EventDetails {
        summary: "Hearing".into(),
        description: "Bring the exhibits".into(),
        location: "Court, room 4".into(),
        conference_url: "https://meet.hale.example/1".into(),
        start_at: "2026-03-20T14:00:00Z".parse().unwrap(),
        end_at: "2026-03-20T15:00:00Z".parse().unwrap(),
        all_day: false,
        time_zone: "Europe/London".into(),
        recurrence_rule: None,
        exceptions: Vec::new(),
    };
    let new = NewEvent {
        uid: "1@hale.example".into(),
        details: details.clone(),
        matter: Some(shared.id),
        organizer: made.anna,
    };
    let event = tx.add_event(firm, &new, now())?;
    tx.add_attendee(firm, event.id, made.jane, "jane@roe.example", now())?;
    share(tx, made, made.jane, event, Source::Attendance)?;
    let other = EventDetails { summary: "Otter meeting".into(), ..details };
    tx.add_event(firm, &NewEvent { uid: "2@hale.example".into(), details: other, ..new }, now())?;
    Ok(())
}

fn share(tx: &Tx<'_>, made: &Made, person: PersonId, item: Item, source: Source) -> Result<()> {
    tx.add_share(made.firm, &new_share(made.anna, person, item, source), now())?;
    Ok(())
}

fn new_share(by: PersonId, person: PersonId, item: Item, source: Source) -> NewShare {
    NewShare { person, item, source, notify: false, message: String::new(), by }
}

fn person(tx: &Tx<'_>, firm: FirmId, role: Role, first: &str, last: &str, address: &str) -> Result<PersonId> {
    let address = Address::parse(address).unwrap();
    let new = NewPerson {
        is_company: first.is_empty(),
        is_client: first.is_empty(),
        first_name: first.into(),
        last_name: if first.is_empty() { String::new() } else { last.into() },
        company: if first.is_empty() { last.into() } else { String::new() },
        address: Some(address.clone()),
        ..NewPerson::new(role)
    };
    let person = tx.add_person(firm, &new, now())?;
    if role == Role::CoCounsel {
        let identity = tx.identity_for(&address, now())?;
        tx.set_identity(firm, person, identity)?;
        tx.set_accepted(firm, person, now())?;
    }
    Ok(person)
}

fn new_firm(slug: &str) -> NewFirm {
    NewFirm {
        slug: slug.into(),
        name: "Hale & Co".into(),
        locale: Locale::British,
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        rounding_minutes: 6,
    }
}

fn new_matter(
    number: &str,
    about: &str,
    sensitivity: Sensitivity,
    client: Option<PersonId>,
    responsible: Option<PersonId>,
) -> NewMatter {
    NewMatter {
        client,
        practice_area: "Litigation".into(),
        responsible,
        open_date: Some(date(2026, 1, 12)),
        sensitivity,
        ..NewMatter::new(number, about)
    }
}

/// Every kind of list, as it is asked for.
pub const LISTS: [&str; 8] = ["matters", "tasks", "calendar", "documents", "bills", "messages", "notes", "entries"];
