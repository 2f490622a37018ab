//! `docketpost user add` and `person list|add`: who is of the firm, and whom it knows. A card gives no access: the first share
//! does (ACC-01).

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::init::split_name;
use super::show::table;
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::Address;
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
    Ok(Told::new(format!("{name} <{address}> is P-{id}.{after}\n"), json!({"person": id, "address": address})))
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
