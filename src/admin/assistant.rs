//! `docketpost assistant list|approve|remove`: who may act for co-counsel. The co-counsel names them by mail; nothing is
//! given before an administrator agrees here and the assistant accepts.

use anyhow::{Result, bail};
use serde_json::json;

use super::show::{named, table};
use super::{Office, Told};
use crate::actions::assistants;
use crate::outbound::templates::may;
use crate::sharing::{Ability, Thing};
use crate::store::assistants::Assistant as Named;
use crate::store::people::Person;
use crate::store::shares::Subject;

/// Who may act for co-counsel.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Assistant {
    /// Lists assistants: for whom, what they may, and how far it has come
    List,
    /// Lets an assistant in whom a co-counsel named, and sends their invitation
    Approve {
        /// P-7, mail address or name
        assistant: String,
    },
    /// Keeps an assistant out, or ends what they may, at once
    Remove {
        /// P-7, mail address or name
        assistant: String,
    },
}

/// Lists assistants or decides about one.
pub fn run(office: &Office, what: &Assistant) -> Result<Told> {
    match what {
        Assistant::List => list(office),
        Assistant::Approve { assistant } => approve(office, assistant),
        Assistant::Remove { assistant } => remove(office, assistant),
    }
}

fn list(office: &Office) -> Result<Told> {
    if !office.may(Ability::ApproveAssistant, Subject::Other(Thing::Home, None))? {
        return Err(super::Refused(crate::sharing::Refusal::NotPermitted, office.firm.locale).into());
    }
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for assistant in office.store.read(|s| s.assistants(office.firm.id, None))? {
        let person = &assistant.person;
        let address = office.store.read(|s| s.mail_address(office.firm.id, person))?;
        let address = address.map(String::from).unwrap_or_default();
        let given = person.acts_for.as_ref().map(|a| may(office.firm.locale, &a.given)).unwrap_or_default();
        let standing = standing(&assistant);
        objects.push(json!({"person": person.id, "name": person.own_name(), "address": address,
            "for": person.whose(), "may": given, "standing": standing}));
        rows.push([format!("P-{}", person.id), person.name(), address, given, standing.to_owned()]);
    }
    Ok(Told::new(table(["assistant", "name", "address", "may", "standing"], &rows), json!(objects)))
}

const fn standing(assistant: &Named) -> &'static str {
    match assistant {
        a if a.ended_at.is_some() => "ended",
        a if a.confirmed_at.is_none() => "not confirmed",
        a if a.approved_at.is_none() => "to be approved",
        a if a.person.accepted_at.is_none() => "invited",
        _ => "acts",
    }
}

/// The one assistant of this address, `P-7` or name who has not ended.
fn find(office: &Office, text: &str) -> Result<Person> {
    let wanted = text.to_lowercase();
    let mut found = Vec::new();
    for assistant in office.store.read(|s| s.assistants(office.firm.id, None))? {
        let person = assistant.person;
        let address = office.store.read(|s| s.mail_address(office.firm.id, &person))?;
        let is_meant = format!("p-{}", person.id) == wanted
            || [person.name(), person.own_name()].iter().any(|n| n.to_lowercase() == wanted)
            || address.is_some_and(|a| a.as_str() == wanted);
        if is_meant && assistant.ended_at.is_none() {
            found.push(person);
        }
    }
    match <[Person; 1]>::try_from(found) {
        Ok([person]) => Ok(person),
        Err(none) if none.is_empty() => bail!("\"{text}\" is no assistant; `docketpost assistant list` lists them"),
        Err(several) => {
            let list: Vec<String> = several.iter().map(named).collect();
            bail!("\"{text}\" may be any of these; say which:\n  {}", list.join("\n  "))
        }
    }
}

fn approve(office: &Office, text: &str) -> Result<Told> {
    let person = find(office, text)?;
    let id = person.id;
    let approved = office.act(&format!("assistant.approve:{id}"), move |act| assistants::approve(act, id))?;
    if !approved {
        bail!("{} was approved before, or has not been confirmed by the co-counsel yet", named(&person));
    }
    let told = format!("{} may act once they accept; the invitation is on its way.\n", person.name());
    Ok(Told::new(told, json!({"person": id, "approved": true})))
}

fn remove(office: &Office, text: &str) -> Result<Told> {
    let person = find(office, text)?;
    let id = person.id;
    let ended = office.act(&format!("assistant.remove:{id}"), move |act| assistants::remove_by_firm(act, id))?;
    Ok(Told::new(format!("{} does not act any more.\n", person.name()), json!({"person": id, "ended": ended})))
}
