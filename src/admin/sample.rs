//! A small office for the tests of the commands: a firm made by `init`, a matter, a co-counsel, a screened one.

use std::cell::Cell;

use jiff::Timestamp;

use super::{Chosen, Office, init};
use crate::domain::{Item, PersonId};
use crate::sharing::Role;
use crate::store::conservation;
use crate::store::matters::NewMatter;
use crate::store::people::NewPerson;

/// The office; its folder goes with it.
pub struct Sample {
    /// As the first administrator.
    pub office: Office,
    /// The matter M-1, 2026-0012.
    pub matter: Item,
    /// Jane Doe, co-counsel.
    pub jane: PersonId,
    /// Where the store lies.
    pub folder: tempfile::TempDir,
    is_checked: Cell<bool>,
}

impl Drop for Sample {
    fn drop(&mut self) {
        if self.is_checked.get() {
            conservation::hold(&self.office.store);
        }
    }
}

/// The moment at which everything happens.
pub fn now() -> Timestamp {
    "2026-03-14T10:00:00Z".parse().unwrap()
}

/// The arguments of `init`.
pub fn init_args(slug: &str) -> init::Args {
    init::Args {
        slug: slug.into(),
        name: "Hale & Partners".into(),
        user_name: "Anna Hale".into(),
        user_address: format!("anna@{slug}.example"),
        locale: "en-GB".into(),
        time_zone: None,
        currency: None,
        rounding: 6,
    }
}

/// A person to be added.
pub fn new_person(role: Role, first: &str, last: &str, address: &str) -> NewPerson {
    NewPerson {
        first_name: first.into(),
        last_name: last.into(),
        address: crate::domain::Address::parse(address).ok(),
        ..NewPerson::new(role)
    }
}

impl Sample {
    /// Makes it.
    pub fn new() -> Sample {
        let folder = tempfile::tempdir().unwrap();
        init::in_folder(&init_args("hale"), folder.path(), now()).unwrap();
        let office = Office::in_folder(folder.path(), &Chosen::default(), now()).unwrap();
        let (firm, lawyer) = (office.firm.id, office.actor.id);
        let (matter, jane) = office
            .store
            .write(move |tx| {
                let jane =
                    tx.add_person(firm, &new_person(Role::CoCounsel, "Jane", "Doe", "jane@doe.example"), now())?;
                let matter = NewMatter { responsible: Some(lawyer), ..NewMatter::new("2026-0012", "Reed v. Marsh") };
                Ok((tx.add_matter(firm, &matter, now())?, jane))
            })
            .unwrap();
        Sample { office, matter, jane, folder, is_checked: Cell::new(true) }
    }

    /// Says that this test damages the store, or leaves it as only a key opens it: nothing is checked at the end.
    pub fn leave_unchecked(&self) {
        self.is_checked.set(false);
    }

    /// The same office as this user sees it.
    pub fn acting_as(&self, address: &str) -> Office {
        let chosen = Chosen { acts_as: Some(address.to_owned()), ..Chosen::default() };
        Office::in_folder(self.folder.path(), &chosen, now()).unwrap()
    }

    /// Jane's identity and acceptance, as the invitation makes them.
    pub fn jane_accepts(&self) {
        let (firm, jane) = (self.office.firm.id, self.jane);
        self.office
            .store
            .write(move |tx| {
                let address = crate::domain::Address::parse("jane@doe.example").unwrap();
                let identity = tx.identity_for(&address, now())?;
                tx.set_identity(firm, jane, identity)?;
                tx.set_accepted(firm, jane, now())
            })
            .unwrap();
    }

    /// Adds a contact.
    pub fn add(&self, role: Role, first: &str, last: &str, address: &str) -> PersonId {
        let (firm, new) = (self.office.firm.id, new_person(role, first, last, address));
        self.office.store.write(move |tx| tx.add_person(firm, &new, now())).unwrap()
    }
}
