//! Users and contacts (e4: contacts).

use super::rows::Row;
use super::{Change, Import, Taken, wrong};
use crate::actions::calendar;
use crate::domain::{Address, PersonId};
use crate::sharing::Role;
use crate::store::imports::PostalAddress;
use crate::store::people::{NewPerson, Person};

/// The columns of a user's address.
pub(super) const USER_ADDRESS: [&str; 3] = ["email_address", "email", "address"];
/// The columns of a contact's address; the one to share with comes first.
pub(super) const ADDRESS: [&str; 5] =
    ["share_email", "email_address", "primary_email_address", "email", "email_addresses.0.address"];

impl Import<'_> {
    /// A user of the firm: known by id, else by login address. Rights are given here once, and later by nobody's file.
    pub(super) fn user(&mut self, row: &Row) -> Taken<Change> {
        let address = address(row, &USER_ADDRESS)?;
        let Some(address) = address else { return wrong("a user needs a mail address") };
        let right =
            |word: &str| row.yes(&[word]) || row.all("roles", "").any(|role| role.to_lowercase().contains(word));
        let role = Role::User {
            admin: right("admin"),
            accounts: right("accounts"),
            reports: right("reports"),
            billing: right("billing"),
        };
        let new = NewPerson { address: Some(address.clone()), ..card(row, role) };
        let key = self.key("user", row, &[address.as_str()]);
        let known = match self.known("user", &key)? {
            Some(known) => Some(PersonId(known)),
            None => self.of_address(&address, true)?.map(|p| p.id),
        };
        let change = match known {
            Some(person) => Change::changed_if(self.act.tx.update_card(self.firm(), person, &new)?),
            None => Change::New,
        };
        let person = match known {
            Some(person) => person,
            None => self.act.tx.add_person(self.firm(), &new, self.act.now)?,
        };
        self.keep("user", &key, &new, person)?;
        if row.has(&["enabled"]) && !row.yes(&["enabled"]) && person != self.act.actor.id {
            calendar::suspend(self.act, person)?;
            let disabled = self.act.tx.disable_person(self.firm(), person, self.act.now)?;
            return Ok(if change == Change::Same && disabled { Change::Changed } else { change });
        }
        Ok(change)
    }

    /// A contact: known by id, else by the address on the card. An address of another card is an error.
    pub(super) fn contact(&mut self, row: &Row) -> Taken<Change> {
        let address = address(row, &ADDRESS)?;
        let role = if row.yes(&["is_co_counsel"]) { Role::CoCounsel } else { Role::Contact };
        let is_company = row.first(&["type"]).eq_ignore_ascii_case("company") || names(row) == Default::default();
        let mut new = NewPerson { is_company, address: address.clone(), ..card(row, role) };
        if is_company && new.company.is_empty() {
            new.company = row.text(&["name"]);
        }
        if is_company {
            (new.first_name, new.last_name) = Default::default();
        }
        if new.first_name.is_empty() && new.last_name.is_empty() && new.company.is_empty() {
            return wrong("a person needs a name, a company needs company");
        }
        let says = address
            .as_ref()
            .map_or_else(|| format!("{} {} {}", new.first_name, new.last_name, new.company), ToString::to_string);
        let key = self.key("contact", row, &[&says]);
        let holder = match &address {
            Some(address) => self.of_address(address, false)?,
            None => None,
        };
        let known = self.known("contact", &key)?.map(PersonId);
        if let (Some(known), Some(holder)) = (known, &holder)
            && known != holder.id
        {
            return wrong(format!("the address is already that of {}", holder.name()));
        }
        let known = known.or(holder.map(|h| h.id));
        let (person, mut change) = match known {
            Some(person) => {
                self.keep_flags(person, row, &mut new)?;
                (person, Change::changed_if(self.act.tx.update_card(self.firm(), person, &new)?))
            }
            None => (self.act.tx.add_person(self.firm(), &new, self.act.now)?, Change::New),
        };
        self.keep("contact", &key, &new, person)?;
        if self.card_details(person, row)? && change == Change::Same {
            change = Change::Changed;
        }
        Ok(change)
    }

    /// A file without these columns says nothing about them.
    fn keep_flags(&self, person: PersonId, row: &Row, new: &mut NewPerson) -> Taken<()> {
        let Some(before) = self.act.tx.person(self.firm(), person)? else { return Ok(()) };
        if !row.has(&["is_co_counsel"]) {
            new.role = before.role;
        }
        if !row.has(&["is_client", "client"]) {
            new.is_client = self.act.tx.is_client(self.firm(), person)?;
        }
        if !row.has(&["company", "company.name"]) && !new.is_company {
            new.company = before.company;
        }
        if new.title.is_empty() {
            new.title = before.title;
        }
        Ok(())
    }

    fn keep(&mut self, kind: &str, key: &str, new: &NewPerson, person: PersonId) -> Taken<()> {
        self.remember(kind, key, person.0)?;
        let name = format!("{} {}", new.first_name, new.last_name);
        self.learn(&name, person);
        if new.last_name.is_empty() {
            self.learn(&new.company, person);
        }
        Ok(())
    }

    fn of_address(&self, address: &Address, user: bool) -> Taken<Option<Person>> {
        let found = self.act.tx.people_by_address(self.firm(), address)?;
        Ok(found.into_iter().find(|p| p.is_user() == user))
    }

    fn card_details(&self, person: PersonId, row: &Row) -> Taken<bool> {
        let phone = row.first(&["primary_phone", "primary_phone_number", "phone_numbers.0.number"]);
        let postal = PostalAddress {
            street: row.text(&["business_street", "addresses.0.street", "primary_address.street"]),
            city: row.text(&["business_city", "addresses.0.city", "primary_address.city"]),
            state: row.text(&["business_state", "addresses.0.province", "primary_address.province"]),
            postal_code: row.text(&["business_postal_code", "addresses.0.postal_code", "primary_address.postal_code"]),
            country: row.text(&["business_country", "addresses.0.country", "primary_address.country"]),
        };
        let phone = !phone.is_empty() && self.act.tx.set_phone(self.firm(), person, phone)?;
        let has_postal = postal != PostalAddress::default();
        let postal = has_postal && self.act.tx.set_postal_address(self.firm(), person, &postal)?;
        Ok(phone || postal)
    }
}

fn card(row: &Row, role: Role) -> NewPerson {
    let (first_name, last_name) = names(row);
    NewPerson {
        is_client: row.yes(&["is_client", "client"]),
        first_name,
        last_name,
        company: row.text(&["company", "company.name"]),
        title: row.text(&["job_title", "title"]),
        initials: row.text(&["initials"]),
        ..NewPerson::new(role)
    }
}

fn names(row: &Row) -> (String, String) {
    let (first, last) = (row.text(&["first_name"]), row.text(&["last_name"]));
    let is_company = row.first(&["type"]).eq_ignore_ascii_case("company");
    let name = row.first(&["name"]);
    // A company alone stands there too; somebody of a company has a name of their own.
    if first.is_empty() && last.is_empty() && !is_company && name != row.first(&["company"]) {
        return crate::admin::init::split_name(name);
    }
    (first, last)
}

fn address(row: &Row, names: &[&str]) -> Taken<Option<Address>> {
    match row.first(names) {
        "" => Ok(None),
        text => {
            let column = row.column(names);
            Address::parse(text).map(Some).or_else(|error| wrong(format!("{column}: {text}: {error}")))
        }
    }
}
