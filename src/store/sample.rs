//! A small store for the tests of this module: two firms, a matter of the first, a lawyer, two co-counsel.

use jiff::Timestamp;

use super::matters::NewMatter;
use super::people::NewPerson;
use super::shares::{NewShare, Source};
use super::{Result, Snapshot, Store, Tx, firms::NewFirm};
use crate::domain::dates::Locale;
use crate::domain::{FirmId, Item, PersonId};
use crate::sharing::Role;

/// The store and who is in it; the folder goes with it.
pub struct Sample {
    store: Store,
    /// The firm.
    pub firm: FirmId,
    /// A firm that has nothing to do with it.
    pub other_firm: FirmId,
    /// A matter of the firm.
    pub matter: i64,
    /// A user of the firm.
    pub lawyer: PersonId,
    /// Co-counsel.
    pub jane: PersonId,
    /// Co-counsel too.
    pub tom: PersonId,
    _folder: tempfile::TempDir,
}

/// The moment at which everything happens unless a test says otherwise.
pub fn now() -> Timestamp {
    "2026-03-14T10:00:00Z".parse().unwrap()
}

/// So many seconds after [`now`].
pub fn later(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

impl Sample {
    /// Makes it.
    pub fn new() -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let (firm, other_firm, matter, people) = store
            .write(|tx| {
                let firm = tx.add_firm(&new_firm("smith"), now())?;
                let other = tx.add_firm(&new_firm("jones"), now())?;
                let admin = Role::User { admin: true, accounts: true, reports: true, billing: true };
                let people =
                    [(admin, "Anna", "Smith"), (Role::CoCounsel, "Jane", "Doe"), (Role::CoCounsel, "Tom", "Roe")]
                        .map(|(role, first, last)| tx.add_person(firm, &new_person(role, first, last), now()).unwrap());
                let matter = tx.add_matter(firm, &new_matter(), now())?.id;
                Ok((firm, other, matter, people))
            })
            .unwrap();
        let [lawyer, jane, tom] = people;
        Sample { store, firm, other_firm, matter, lawyer, jane, tom, _folder: folder }
    }

    /// Runs `job` in a transaction.
    pub fn write<T: Send + 'static>(&self, job: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static) -> T {
        self.store.write(job).unwrap()
    }

    /// Runs `job` in a transaction that must fail.
    pub fn refuse<T: Send + 'static>(&self, job: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static) {
        assert!(self.store.write(job).is_err());
    }

    /// Reads from the store.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    /// Shares `item` with `person`.
    pub fn share(&self, person: PersonId, item: Item) {
        let new =
            NewShare { person, item, source: Source::Direct, notify: false, message: String::new(), by: self.lawyer };
        let firm = self.firm;
        self.write(move |tx| tx.add_share(firm, &new, now()));
    }
}

fn new_firm(slug: &str) -> NewFirm {
    NewFirm {
        slug: slug.into(),
        name: slug.into(),
        locale: Locale::British,
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        rounding_minutes: 6,
    }
}

fn new_person(role: Role, first: &str, last: &str) -> NewPerson {
    NewPerson { first_name: first.into(), last_name: last.into(), ..NewPerson::new(role) }
}

fn new_matter() -> NewMatter {
    NewMatter::new("2026-0012", "Reed v. Marsh")
}
