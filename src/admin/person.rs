//! `docketpost user add` and `person list|add`: who is of the firm, and whom it knows. A card gives no access: the first share
//! does (ACC-01).

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::init::split_name;
use super::show::{named, table};
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::Address;
use crate::domain::address::is_within;
use crate::sharing::{Ability, Role, Thing};
use crate::store::audit::Entry;
use crate::store::people::{NewPerson, Person as Someone};
use crate::store::shares::Subject;

/// The firm's own people.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum User {
    /// Adds a user of the firm
    Add {
        /// Name
        #[arg(long)]
        name: String,
        /// Mail address
        #[arg(long)]
        address: String,
        /// May change settings and read the audit
        #[arg(long)]
        admin: bool,
        /// May see rates, amounts and bills
        #[arg(long)]
        billing: bool,
        /// May see accounts
        #[arg(long)]
        accounts: bool,
        /// May see reports
        #[arg(long)]
        reports: bool,
    },
}

/// Everybody the firm knows.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Person {
    /// Lists the firm's users and contacts
    List {
        /// Only co-counsel
        #[arg(long)]
        co_counsel: bool,
    },
    /// Adds a contact's card; it gives no access
    Add {
        /// Name
        #[arg(long)]
        name: String,
        /// Mail address
        #[arg(long)]
        address: String,
        /// Company
        #[arg(long, default_value = "")]
        company: String,
        /// May be given matters
        #[arg(long)]
        co_counsel: bool,
        /// A client of the firm
        #[arg(long)]
        client: bool,
    },
    /// Changes a contact's card; never their mail address
    Edit {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// Name
        #[arg(long)]
        name: Option<String>,
        /// Company
        #[arg(long)]
        company: Option<String>,
        /// May be given matters
        #[arg(long)]
        co_counsel: bool,
    },
}

/// Adds a user.
pub fn user(office: &Office, what: &User) -> Result<Told> {
    let User::Add { name, address, admin, billing, accounts, reports } = what;
    let role = Role::User { admin: *admin, accounts: *accounts, reports: *reports, billing: *billing };
    add(office, name, address, "", role, false)
}

/// Lists or adds people.
pub fn person(office: &Office, what: &Person) -> Result<Told> {
    match what {
        Person::List { co_counsel } => list(office, *co_counsel),
        Person::Add { name, address, company, co_counsel, client } => {
            let role = if *co_counsel { Role::CoCounsel } else { Role::Contact };
            add(office, name, address, company, role, *client)
        }
        Person::Edit { person, name, company, co_counsel } => {
            edit(office, person, name.as_deref(), company.as_deref(), *co_counsel)
        }
    }
}

fn add(office: &Office, name: &str, address: &str, company: &str, role: Role, is_client: bool) -> Result<Told> {
    let address = Address::parse(address).with_context(|| format!("--address {address}"))?;
    let (first_name, last_name) = split_name(name);
    let new = NewPerson {
        is_client,
        first_name,
        last_name,
        company: company.to_owned(),
        address: Some(address.clone()),
        ..NewPerson::new(role)
    };
    let is_user = matches!(role, Role::User { .. });
    office.ask_administrator(Ability::Edit)?;
    let note = outside_warning(office, &address, is_user);
    let taken = office.store.read(|s| s.people_by_address(office.firm.id, &address))?;
    // A lawyer may be a contact's card and a user at once (ACC-15), but not twice the same.
    if let Some(other) = taken.iter().find(|p| p.is_user() == is_user) {
        bail!("{address} is the address of {} (P-{}) already", other.name(), other.id);
    }
    let id = office.act("person", move |act| {
        allowed!(administrator(act, Ability::Edit));
        let id = act.tx.add_person(act.firm.id, &new, act.now)?;
        let entry = Entry::new(Some(act.actor.id), "person.add").with(json!({"person": id, "user": is_user}));
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(id))
    })?;
    let after = if is_user { "" } else { " They have no access to anything yet." };
    let told = format!("{name} <{address}> is P-{id}.{after}\n");
    Ok(Told { note, ..Told::new(told, json!({"person": id, "address": address})) })
}

fn edit(office: &Office, text: &str, name: Option<&str>, company: Option<&str>, co_counsel: bool) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let person = office.person(text)?;
    if person.is_user() {
        bail!("{} is one of the firm's own people; only a contact's card is changed here", named(&person));
    }
    let (first_name, last_name) = match name {
        Some(name) => split_name(name),
        None => (person.first_name.clone(), person.last_name.clone()),
    };
    let new = NewPerson {
        is_client: office.store.read(|s| s.is_client(office.firm.id, person.id))?,
        first_name,
        last_name,
        company: company.map_or_else(|| person.company.clone(), str::to_owned),
        title: person.title.clone(),
        ..NewPerson::new(if co_counsel { Role::CoCounsel } else { person.role })
    };
    let id = person.id;
    let changed = office.act(&format!("person.edit:{id}"), move |act| {
        let changed = act.tx.update_card(act.firm.id, id, &new)?;
        if changed {
            let entry = Entry::new(Some(act.actor.id), "person.edit").with(json!({"person": id}));
            act.tx.audit(act.firm.id, &entry, act.now)?;
        }
        Ok(Ok(changed))
    })?;
    let now = office.person(&format!("P-{id}"))?;
    let said = if changed { "was changed" } else { "was so before; nothing was changed" };
    Ok(Told::new(format!("{}, {}: {said}.\n", named(&now), kind(&now)), json!({"person": id, "changed": changed})))
}

/// A user whose mail comes from elsewhere than the firm's domains is likely a contact.
fn outside_warning(office: &Office, address: &Address, is_user: bool) -> String {
    let domain = address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
    if !is_user || office.domains.is_empty() || office.domains.iter().any(|d| is_within(domain, d)) {
        return String::new();
    }
    format!("Warning: {domain} is none of the firm's domains in the configuration ({}).\n", office.domains.join(", "))
}

fn list(office: &Office, only_co_counsel: bool) -> Result<Told> {
    if !office.may(Ability::View, Subject::Other(Thing::Home, None))? {
        return Err(super::Refused(crate::sharing::Refusal::NotVisible, office.firm.locale).into());
    }
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for person in office.store.read(|s| s.people(office.firm.id))? {
        if only_co_counsel && person.role != Role::CoCounsel {
            continue;
        }
        let address = office.store.read(|s| s.mail_address(office.firm.id, &person))?;
        let address = address.map(String::from).unwrap_or_default();
        let shares = office.store.read(|s| s.live_shares(office.firm.id, person.id, office.now))?.len();
        let (kind, standing) = (kind(&person), standing(&person, shares));
        objects.push(json!({"person": person.id, "name": person.name(), "address": address, "kind": kind,
            "standing": standing, "shares": shares, "company": person.company}));
        rows.push([
            format!("P-{}", person.id),
            person.name(),
            address,
            kind.into(),
            standing.into(),
            shares.to_string(),
        ]);
    }
    Ok(Told::new(table(["person", "name", "address", "kind", "standing", "shares"], &rows), json!(objects)))
}

fn kind(person: &Someone) -> &'static str {
    match person.role {
        Role::User { admin: true, .. } => "administrator",
        Role::User { .. } => "user",
        Role::CoCounsel => "co-counsel",
        Role::Contact | Role::Stranger => "contact",
    }
}

fn standing(person: &Someone, shares: usize) -> &'static str {
    match person {
        p if p.disabled => "disabled",
        p if p.is_user() => "active",
        p if p.accepted_at.is_some() => "accepted",
        _ if shares > 0 => "invited",
        _ => "card only",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn a_contact_becomes_co_counsel_and_keeps_the_rest_of_the_card() {
        let s = Sample::new();
        s.add(Role::Contact, "Ivy", "Reed", "ivy@reed.example");
        let edit = Person::Edit { person: "Ivy Reed".into(), name: None, company: None, co_counsel: true };
        assert!(person(&s.office, &edit).unwrap().text.contains("co-counsel: was changed"));
        let ivy = s.office.person("ivy@reed.example").unwrap();
        assert_eq!((ivy.role, ivy.name().as_str()), (Role::CoCounsel, "Ivy Reed"));
        assert!(person(&s.office, &edit).unwrap().text.contains("nothing was changed"));
        let unknown = s.office.person("Nobody").unwrap_err().to_string();
        assert!(unknown.contains("`docketpost person add` makes a card"), "{unknown}");
    }

    #[test]
    fn a_user_outside_the_firms_domains_is_warned_of() {
        let mut s = Sample::new();
        s.office.domains = vec!["hale.example".into()];
        let add = |address: &str| User::Add {
            name: "Bob Hale".into(),
            address: address.into(),
            admin: false,
            billing: false,
            accounts: false,
            reports: false,
        };
        assert!(user(&s.office, &add("bob@else.example")).unwrap().note.contains("none of the firm's domains"));
        assert!(user(&s.office, &add("bob@mail.hale.example")).unwrap().note.is_empty());
        let bob = s.acting_as("bob@mail.hale.example");
        let refused = format!("{:#}", user(&bob, &add("c@hale.example")).unwrap_err());
        assert!(refused.starts_with("this takes an administrator"), "{refused}");
    }
}
