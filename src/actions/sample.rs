//! A small office for the tests of actions: a firm, its lawyer, two co-counsel who accepted, a matter; what is shared
//! with whom is for the test to say.

use jiff::Timestamp;

use super::Act;
use super::documents::{File, Filed};
use crate::domain::dates::Locale;
use crate::domain::{Address, FirmId, Item, Kind, PersonId};
use crate::sharing::Role;
use crate::store::conservation;
use crate::store::documents::{Document, NewFolder};
use crate::store::firms::NewFirm;
use crate::store::matters::NewMatter;
use crate::store::people::NewPerson;
use crate::store::shares::{NewShare, Source};
use crate::store::{Result, Snapshot, Store, Tx};

/// The office; its folder goes with it.
pub struct Office {
    /// The store.
    pub store: Store,
    /// The firm.
    pub firm: FirmId,
    /// Its matter M-1.
    pub matter: i64,
    /// Its user.
    pub lawyer: PersonId,
    /// Co-counsel.
    pub jane: PersonId,
    /// Co-counsel too.
    pub tom: PersonId,
    _folder: tempfile::TempDir,
}

/// The moment at which everything happens.
pub fn now() -> Timestamp {
    "2026-03-14T10:00:00Z".parse().unwrap()
}

fn person(role: Role, first: &str) -> NewPerson {
    NewPerson {
        first_name: first.into(),
        last_name: "Doe".into(),
        address: Address::parse(&format!("{first}@doe.example")).ok(),
        ..NewPerson::new(role)
    }
}

/// A matter about to be made.
pub fn matter() -> NewMatter {
    NewMatter::new("2026-0012", "Reed v. Marsh")
}

/// Nothing was lost and nothing done twice, or the test that used it fails.
impl Drop for Office {
    fn drop(&mut self) {
        conservation::hold(&self.store);
    }
}

impl Office {
    /// Makes it.
    pub fn new() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let (firm, matter, [lawyer, jane, tom]) = store
            .write(|tx| {
                let firm = NewFirm {
                    slug: "smith".into(),
                    name: "Smith".into(),
                    locale: Locale::British,
                    time_zone: "Europe/London".into(),
                    currency: "GBP".into(),
                    rounding_minutes: 6,
                };
                let firm = tx.add_firm(&firm, now())?;
                let user = Role::User { admin: true, accounts: true, reports: true, billing: true };
                let people =
                    [(user, "anna"), (Role::CoCounsel, "jane"), (Role::CoCounsel, "tom")].map(|(role, first)| {
                        let id = tx.add_person(firm, &person(role, first), now()).unwrap();
                        let address = Address::parse(&format!("{first}@doe.example")).unwrap();
                        let identity = tx.identity_for(&address, now()).unwrap();
                        tx.set_identity(firm, id, identity).unwrap();
                        tx.set_accepted(firm, id, now()).unwrap();
                        id
                    });
                Ok((firm, tx.add_matter(firm, &matter(), now())?.id, people))
            })
            .unwrap();
        Office { store, firm, matter, lawyer, jane, tom, _folder: folder }
    }

    /// Runs `job` in a transaction.
    pub fn write<T: Send + 'static>(&self, job: impl Fn(&Tx<'_>) -> Result<T> + Send + Sync + 'static) -> T {
        self.store.write(move |tx| job(tx)).unwrap()
    }

    /// Reads from the store.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    /// Keeps this content and gives its SHA-256.
    pub fn keep(&self, content: &str) -> String {
        self.store.blobs().put(content.as_bytes()).unwrap()
    }

    /// A PDF of this name and content, kept, as it came with a mail.
    pub fn file(&self, name: &str, content: &str) -> File {
        File { name: name.into(), mime: "application/pdf".into(), sha256: self.keep(content), size: 12 }
    }

    /// Shares a thing.
    pub fn share(&self, with: PersonId, item: Item) {
        let (firm, by) = (self.firm, self.lawyer);
        self.write(move |tx| {
            let new =
                NewShare { person: with, item, source: Source::Direct, notify: false, message: String::new(), by };
            tx.add_share(firm, &new, now())
        });
    }

    /// Shares the matter.
    pub fn share_matter(&self, with: PersonId) {
        self.share(with, Item::new(Kind::Matter, self.matter));
    }

    /// Ends a share.
    pub fn unshare(&self, with: PersonId, item: Item) {
        let (firm, by) = (self.firm, self.lawyer);
        self.write(move |tx| tx.end_share(firm, with, item, by, "over", now()));
    }

    /// Makes a folder.
    pub fn folder(&self, name: &str, parent: Option<i64>) -> Item {
        let (firm, new) = (self.firm, NewFolder { matter: self.matter, parent, name: name.into(), locked: false });
        self.write(move |tx| tx.add_folder(firm, &new, now()))
    }

    /// Closes the matter.
    pub fn close(&self) {
        let (firm, matter) = (self.firm, self.matter);
        self.write(move |tx| tx.set_matter_closed(firm, matter, Some(now().to_zoned(jiff::tz::TimeZone::UTC).date())));
    }

    /// Acts as somebody.
    pub fn act<T: Send + 'static>(
        &self,
        person: PersonId,
        job: impl Fn(&Act<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> T {
        let firm = self.firm;
        self.write(move |tx| {
            let (found, actor) = (tx.firm(firm)?.unwrap(), tx.person(firm, person)?.unwrap());
            job(&Act { tx, firm: &found, actor: &actor, inbox: None, cause: "test", now: now() })
        })
    }

    /// The document of this row.
    pub fn document(&self, filed: Filed) -> Document {
        self.read(|r| r.document(self.firm, filed.filed.document.id)).unwrap()
    }

    /// Who gets a letter, in order.
    pub fn told(&self) -> Vec<PersonId> {
        self.read(|r| r.outbox_list(self.firm, None, 100)).into_iter().map(|l| l.person).collect()
    }
}
