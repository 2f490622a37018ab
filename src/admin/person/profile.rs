//! One person: `person show`, `set-address` (ACC-14), `lock-address` and `remove` (ACC-18). What takes something from
//! somebody is said first and done with `--yes`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::super::show::{named, table};
use super::super::{Office, Told, money};
use super::{Someone, kind, standing};
use crate::actions::addresses::{self, Asked};
use crate::actions::people::{self, Corrected};
use crate::domain::Address;
use crate::sharing::{Ability, Thing};
use crate::store::people::Identity;
use crate::store::shares::{Circumstances, Subject};

/// Shows a person, and writes their picture where it is wanted.
pub fn show(office: &Office, text: &str, picture: Option<&Path>) -> Result<Told> {
    if !office.may(Ability::View, Subject::Other(Thing::Profile, None))? {
        return Err(super::super::Refused(crate::sharing::Refusal::NotVisible, office.firm.locale).into());
    }
    let person = office.person(text)?;
    let firm = office.firm.id;
    let identity = identity(office, &person)?;
    let (card, locked, shares, called) = office.store.read(|s| {
        Ok((
            s.card_address(firm, person.id)?,
            s.is_address_locked(firm, person.id)?,
            s.live_shares(firm, person.id, office.now)?.len(),
            s.called(&person)?,
        ))
    })?;
    let further = match &identity {
        Some(identity) => office.store.read(|s| s.further_addresses(identity.id))?,
        None => Vec::new(),
    };
    let of = |found: &Option<Address>| found.as_ref().map(Address::to_string).unwrap_or_default();
    let login = identity.as_ref().map(|i| i.address.clone());
    let kept = identity.as_ref().and_then(|i| i.picture.clone());
    if let Some(file) = picture {
        let sha256 = kept.as_deref().with_context(|| format!("{} has no picture", named(&person)))?;
        let bytes = office.store.blobs().get(sha256).context("the picture")?;
        std::fs::write(file, bytes).with_context(|| file.display().to_string())?;
    }
    let zone = identity.as_ref().and_then(|i| i.time_zone.clone()).unwrap_or_else(|| office.firm.time_zone.clone());
    // Rates are the firm's, and there only for whom they are (TIM-12).
    let rates = match office.may(Ability::SetRate, Subject::Other(Thing::Home, None))? {
        true => rates(office, &person)?,
        false => String::new(),
    };
    let signers = match &identity {
        Some(identity) => office.store.read(|s| s.bound_signers(identity.id))?,
        None => Vec::new(),
    };
    let off = office.store.read(|s| s.commands_off(firm, person.id))?;
    let rows = [
        ["person".to_owned(), format!("P-{}", person.id)],
        ["card".to_owned(), person.name()],
        ["kind".to_owned(), kind(&person).to_owned()],
        ["standing".to_owned(), standing(&person, shares).to_owned()],
        ["shares".to_owned(), shares.to_string()],
        ["called".to_owned(), called.clone()],
        ["address on the card".to_owned(), of(&card)],
        ["login address".to_owned(), of(&login)],
        ["further addresses".to_owned(), further.join(", ")],
        ["time zone".to_owned(), zone],
        ["picture".to_owned(), if kept.is_some() { "kept; --picture FILE writes it".into() } else { String::new() }],
        ["rate".to_owned(), rates.clone()],
        ["mail also signed by".to_owned(), signers.join(", ")],
        ["commands by mail".to_owned(), if off { "off".into() } else { String::new() }],
        ["login address locked".to_owned(), if locked { "yes".into() } else { String::new() }],
    ];
    let rows: Vec<[String; 2]> = rows.into_iter().filter(|[_, what]| !what.is_empty()).collect();
    let object = json!({"person": person.id, "card": person.name(), "kind": kind(&person), "called": called,
        "standing": standing(&person, shares), "shares": shares, "card_address": of(&card), "login_address": of(&login),
        "further_addresses": further, "picture": kept.is_some(), "address_locked": locked,
        "commands": !off, "rates": rates, "bound_signers": signers});
    Ok(Told::new(table(["", ""], &rows).trim_start().to_owned(), object))
}

/// Their own rate, and those of the matters that have one of their own.
fn rates(office: &Office, person: &Someone) -> Result<String> {
    let (own, of_shares) = office.store.read(|s| {
        let firm = office.firm.id;
        Ok((s.contact_rate(firm, person.id)?, s.share_rates(firm, person.id, office.now)?))
    })?;
    let mut said: Vec<String> = own.map(money::show).into_iter().collect();
    for (matter, rate) in of_shares {
        said.push(format!("on {} {}", office.number(matter)?, money::show(rate)));
    }
    Ok(said.join(", "))
}

fn identity(office: &Office, person: &Someone) -> Result<Option<Identity>> {
    Ok(match person.identity {
        Some(id) => office.store.read(|s| s.identity(id))?,
        None => None,
    })
}

/// A contact; users of the firm are not moved or removed here.
fn contact(office: &Office, text: &str) -> Result<Someone> {
    let person = office.person(text)?;
    if person.is_user() {
        bail!("{} is one of the firm's own people; this is for contacts", named(&person));
    }
    Ok(person)
}

/// Asks for another login address; for somebody who has not accepted, corrects the card and invites anew. One that looks like
/// somebody else's is taken only where that is wanted.
pub fn set_address(office: &Office, text: &str, (address, looks_alike): (&str, bool), yes: bool) -> Result<Told> {
    let new = Address::parse(address).with_context(|| address.to_owned())?;
    let person = contact(office, text)?;
    let who = named(&person);
    let accepted = person.accepted_at.is_some();
    if !looks_alike {
        super::refuse_look_alike(office, &new, Some(person.id))?;
    }
    if !yes {
        let what = if accepted {
            format!(
                "{new} would be sent a code, and the present address of {who} told of it. Once {new} confirms, all mail goes there; the contact card stays as it is."
            )
        } else {
            format!("The card of {who} would say {new}; an open invitation ends, and a new one goes there.")
        };
        return Ok(
            Told::new(format!("{what}\nNothing was changed. To do it, add --yes.\n"), json!({"done": false})).failed(1)
        );
    }
    let (target, to) = (person.clone(), new.clone());
    let cause = format!("person.set-address:{}", person.id);
    if !accepted {
        let corrected = office.act(&cause, move |act| people::correct_address(act, &target, &to))?;
        let told = match corrected {
            Corrected::Invited => format!("The card of {who} says {new} now; a new invitation goes there.\n"),
            Corrected::Changed => format!("The card of {who} says {new} now.\n"),
            Corrected::Same => format!("The card of {who} said {new} before; nothing was changed.\n"),
            Corrected::Taken => bail!("{new} is the address of another contact of the firm"),
        };
        return Ok(Told::new(told, json!({"person": person.id, "done": corrected != Corrected::Same})));
    }
    let asked = office.act(&cause, move |act| addresses::ask_for(act, &target, &to))?;
    match asked {
        Asked::Sent => Ok(Told::new(
            format!(
                "A code goes to {new}; the present address of {who} is told. The change takes effect when {new} confirms, within 24 hours.\n"
            ),
            json!({"person": person.id, "done": true}),
        )),
        Asked::Same => Ok(Told::new(
            format!("{new} is the address of {who} already.\n"),
            json!({"person": person.id, "done": false}),
        )),
        Asked::Taken => bail!("{new} can't be used: somebody else writes from it, or another contact's card has it"),
        Asked::TooOften | Asked::NoLogin => bail!("{who} has no login address yet"),
    }
}

/// Locks or unlocks a contact's login address.
pub fn lock_address(office: &Office, text: &str, locked: bool) -> Result<Told> {
    let person = contact(office, text)?;
    let id = person.id;
    office.act(&format!("person.lock-address:{id}"), move |act| people::lock_address(act, id, locked))?;
    let said = if locked { "is locked: only they can change it" } else { "can be changed by the firm again" };
    Ok(Told::new(format!("The login address of {} {said}.\n", named(&person)), json!({"person": id, "locked": locked})))
}

/// Ends every share of a contact and deletes the card.
pub fn remove(office: &Office, text: &str, yes: bool) -> Result<Told> {
    let person = contact(office, text)?;
    let id = person.id;
    let shares = office.store.read(|s| s.live_shares(office.firm.id, id, office.now))?;
    let mut things = Vec::new();
    for share in &shares {
        things.push(office.number(share.item)?);
    }
    let list = if things.is_empty() { "nothing is shared with them".to_owned() } else { things.join(", ") };
    if !yes {
        let may = Circumstances { receiver: Some(id), ..Circumstances::default() };
        office.act("person.remove", move |act| {
            act.ask_about(Ability::Delete, Subject::Other(Thing::Profile, None), may)
        })?;
        let told = format!(
            "The card of {} would be deleted, and access would end at once: {list}. What they contributed stays.\nNothing was changed. To do it, add --yes.\n",
            named(&person)
        );
        return Ok(Told::new(told, json!({"done": false, "shares": things})).failed(1));
    }
    let ended = office.act(&format!("person.remove:{id}"), move |act| people::remove(act, id))?;
    let told = format!("{} was removed. Ended: {list}. What they contributed stays with the firm.\n", named(&person));
    Ok(Told::new(told, json!({"person": id, "done": true, "ended": ended})))
}
