//! A post office for the tests: a firm whose lawyer works with people outside it, and whatever mail that makes, written as
//! it would leave at a moment that the test chooses.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};

use super::{Act, shares, tasks};
use crate::config::Addressing;
use crate::domain::dates::Locale;
use crate::domain::{Address, InboxId, Item, PersonId};
use crate::outbound::deliver::{self, Ready};
use crate::outbound::gateway::Gateway;
use crate::outbound::letter::Letter;
use crate::sharing::Role;
use crate::store::documents::{NewDocument, NewFolder, NewVersion};
use crate::store::firms::{Firm, NewFirm};
use crate::store::inbox::{Findings, InboxState, Staged};
use crate::store::matters::{NewMatter, Sensitivity};
use crate::store::people::{NewPerson, Person};
use crate::store::tasks::NewTask;
use crate::store::threads::About;
use crate::store::{Result, Snapshot, Store, Tx, conservation};

/// The store and who is in it; the folder goes with it.
pub struct Post {
    /// The store.
    pub store: Store,
    /// The firm.
    pub firm: Firm,
    /// Its addresses.
    pub gateway: Gateway,
    /// Its lawyer and administrator.
    pub anna: PersonId,
    /// Outside counsel, with an address on her card; nothing is shared with her yet.
    pub jane: PersonId,
    /// A matter, standard.
    pub matter: Item,
    is_checked: Cell<bool>,
    _folder: tempfile::TempDir,
}

impl Drop for Post {
    fn drop(&mut self) {
        if self.is_checked.get() {
            conservation::hold(&self.store);
        }
    }
}

/// A mail that left.
#[derive(Clone, Debug)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// What it says to the reader's calendar; empty: nothing.
    pub calendar: String,
    /// As it left.
    pub bytes: Vec<u8>,
}

/// The moment at which everything begins: a Saturday, ten in the morning in London.
pub fn now() -> Timestamp {
    "2026-03-14T10:00:00Z".parse().unwrap()
}

/// So many hours after [`now`].
pub fn later(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

impl Post {
    /// Makes it.
    pub fn new() -> Post {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let made = store.write(|tx| {
            let id = tx.add_firm(&new_firm(), now())?;
            let admin = Role::User { admin: true, accounts: true, reports: true, billing: true };
            let anna = tx.add_person(id, &person(admin, "Anna", "Smith", "anna@hale.example"), now())?;
            let jane = tx.add_person(id, &person(Role::CoCounsel, "Jane", "Roe", "jane@roe.example"), now())?;
            let matter = tx.add_matter(id, &new_matter(anna, Sensitivity::Standard), now())?;
            Ok((tx.firm(id)?.unwrap(), anna, jane, matter))
        });
        let (firm, anna, jane, matter) = made.unwrap();
        let gateway = Gateway {
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            drawing: Default::default(),
            shares_wait: Default::default(),
        };
        Post { store, firm, gateway, anna, jane, matter, is_checked: Cell::new(true), _folder: folder }
    }

    /// As [`Post::new`], with a matter shared and the invitation accepted before, and all of that mail gone.
    pub fn with_jane() -> Post {
        let post = Post::new();
        let (firm, jane, matter) = (post.firm.id, post.jane, post.matter);
        post.act(post.anna, later(-2), "share", move |act| shares::share(act, jane, matter, true, "").map(drop));
        post.write(move |tx| tx.set_accepted(firm, jane, later(-1)));
        post.act(jane, later(-1), "welcome", move |act| act.tell(jane, Letter::Welcome, About::Firm));
        post.deliver(now());
        post
    }

    /// Says that this test puts rows where they can't come by themselves: nothing is checked at the end.
    pub fn leave_unchecked(&self) {
        self.is_checked.set(false);
    }

    /// Runs `job` in a transaction.
    pub fn write<T: Send + 'static>(&self, job: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static) -> T {
        self.store.write(job).unwrap()
    }

    /// Reads from the store.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    /// The person of this row.
    pub fn person(&self, person: PersonId) -> Person {
        self.read(|r| r.person(self.firm.id, person)).unwrap()
    }

    /// Lets somebody act at a moment; `cause` tells their letters apart.
    pub fn act<T: Send + 'static>(
        &self,
        actor: PersonId,
        at: Timestamp,
        cause: &'static str,
        mut job: impl FnMut(&Act<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        let (firm, actor) = (self.firm.clone(), self.person(actor));
        self.write(move |tx| job(&Act { tx, firm: &firm, actor: &actor, inbox: None, cause, now: at }))
    }

    /// Anna shares a thing with Jane.
    pub fn share(&self, item: Item) {
        let jane = self.jane;
        let shared = self.act(self.anna, now(), "share", move |act| {
            shares::share(act, jane, item, true, "I look forward to working with you.")
        });
        assert_eq!(shared, Ok(true));
    }

    /// Anna assigns a task to Jane.
    pub fn assign(&self, task: Item) {
        let jane = self.jane;
        let assigned = self.act(self.anna, now(), "assign", move |act| tasks::assign(act, task, jane, true));
        assert_eq!(assigned, Ok(()));
    }

    /// Anna ends Jane's access to a thing.
    pub fn unshare(&self, item: Item) {
        let jane = self.jane;
        let ended = self.act(self.anna, now(), "unshare", move |act| shares::unshare(act, jane, item, "over"));
        assert_eq!(ended, Ok(true));
    }

    /// A document of Anna's in a folder, or at the top of the matter.
    pub fn document(&self, name: &str, folder: Option<i64>) -> Item {
        let first = NewVersion {
            filename: name.into(),
            size: 212_000,
            content_type: "application/pdf".into(),
            sha256: self.store.keep(name.as_bytes()).unwrap(),
            creator: self.anna,
            inbox: None,
        };
        let new = NewDocument { matter: self.matter.id, folder, name: name.into(), category: String::new(), first };
        let firm = self.firm.id;
        self.write(move |tx| tx.add_document(firm, &new, now()))
    }

    /// A folder at the top of the matter.
    pub fn folder(&self, name: &str) -> Item {
        let new = NewFolder { matter: self.matter.id, parent: None, name: name.into(), locked: false };
        let firm = self.firm.id;
        self.write(move |tx| tx.add_folder(firm, &new, now()))
    }

    /// A task of the matter that is due on this day.
    pub fn task(&self, name: &str, due: &str) -> Item {
        let new = NewTask {
            name: name.into(),
            matter: Some(self.matter.id),
            assigner: Some(self.anna),
            due_at: Some(due.parse().unwrap()),
            ..NewTask::default()
        };
        let firm = self.firm.id;
        self.write(move |tx| tx.add_task(firm, &new, now()))
    }

    /// A mail that came in and is held.
    pub fn held(&self, uid: &str) -> InboxId {
        let mail = Staged {
            mailbox: "in".into(),
            source: String::new(),
            uid_validity: 1,
            uid: uid.into(),
            sha256: self.store.keep(uid.as_bytes()).unwrap(),
            size: 1,
            arrived_at: now(),
        };
        let firm = self.firm.id;
        self.write(move |tx| {
            let inbox = tx.stage(firm, &mail, now())?.unwrap();
            tx.decide(inbox, InboxState::Held, "AUTH_WEAK", &Findings::default(), now())?;
            Ok(inbox)
        })
    }

    /// Everything that may leave by `at`, as it leaves.
    pub fn deliver(&self, at: Timestamp) -> Vec<Mail> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut mails = Vec::new();
        for due in self.read(|r| r.outbox_due(self.firm.id, at, 100)) {
            let ready = runtime.block_on(deliver::claim(&self.store, &self.firm, &self.gateway, &due, at)).unwrap();
            if let Ready::Send(mail) = ready {
                self.write(move |tx| tx.set_sent(mail.id, "", "250", at));
                mails.push(read(&mail.bytes));
            }
        }
        mails
    }
}

fn read(bytes: &[u8]) -> Mail {
    let parsed = mail_parser::MessageParser::default().parse(bytes).unwrap();
    use mail_parser::MimeHeaders as _;
    let calendar = parsed.parts.iter().find(|p| p.is_content_type("text", "calendar"));
    let calendar = calendar.and_then(|p| p.text_contents()).map(str::to_owned);
    // Whatever a test is about: no letter names another reader (threats T79).
    let copies = ["Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"];
    assert!(copies.into_iter().all(|name| parsed.header(name).is_none()), "{:?}", parsed.headers());
    let readers: Vec<&str> = parsed.to().unwrap().iter().filter_map(|to| to.address()).collect();
    let [to] = readers[..] else { panic!("a letter to {readers:?}") };
    Mail {
        to: to.to_owned(),
        subject: parsed.subject().unwrap().to_owned(),
        text: parsed.body_text(0).unwrap().into_owned(),
        html: parsed.body_html(0).unwrap().into_owned(),
        calendar: calendar.unwrap_or_default(),
        bytes: bytes.to_vec(),
    }
}

fn new_firm() -> NewFirm {
    NewFirm {
        slug: "hale".into(),
        name: "Hale & Partners".into(),
        locale: Locale::British,
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        rounding_minutes: 6,
    }
}

/// A person with a mail address.
pub fn person(role: Role, first: &str, last: &str, address: &str) -> NewPerson {
    NewPerson {
        first_name: first.into(),
        last_name: last.into(),
        address: Address::parse(address).ok(),
        ..NewPerson::new(role)
    }
}

/// A matter of this sensitivity.
pub fn new_matter(responsible: PersonId, sensitivity: Sensitivity) -> NewMatter {
    NewMatter {
        responsible: Some(responsible),
        sensitivity,
        ..NewMatter::new(&format!("2026-00{}", sensitivity.word()), "Reed v. Marsh")
    }
}
