//! `docketpost matter …`: what is open, what closing does to the shares (REV-09), who is kept out (REV-11), and what is not
//! purged.

use anyhow::{Result, bail};
use serde_json::json;

use super::share::told_as_ended;
use super::show::{named, table};
use super::{Office, Refused, Told, administrator};
use crate::actions::{Act, shares};
use crate::allowed;
use crate::domain::dates::Direction;
use crate::domain::{Item, ItemId};
use crate::outbound::letter::Letter;
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::firms::ClosedMatters;
use crate::store::matters::{Matter as Found, NewMatter, Sensitivity};
use crate::store::shares::Subject;
use crate::store::threads::About;

/// Lists, closes and opens matters.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Matter {
    /// Lists the matters that the acting user may see
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// Enters a matter
    Add {
        /// The firm's own number, such as 2026-0012
        #[arg(long)]
        number: String,
        /// What it is about
        #[arg(long)]
        description: String,
        /// The lawyer who is responsible: mail address, P-7, or name [default: who enters it]
        #[arg(long, value_name = "USER")]
        responsible: Option<String>,
        /// The client: mail address, P-7, or a name that only one person has
        #[arg(long, value_name = "PERSON")]
        client: Option<String>,
        /// How its mails are worded: with names and descriptions, or without
        #[arg(long, value_parser = ["standard", "confidential", "restricted"], default_value = "standard")]
        sensitivity: String,
    },
    /// Changes what is given and keeps the rest
    Change {
        /// M-12, or the firm's own number
        matter: String,
        /// What it is about
        #[arg(long)]
        description: Option<String>,
        /// The lawyer who is responsible: mail address, P-7, or name
        #[arg(long, value_name = "USER")]
        responsible: Option<String>,
        /// The client: mail address, P-7, or a name that only one person has
        #[arg(long, value_name = "PERSON")]
        client: Option<String>,
        /// How its mails are worded: with names and descriptions, or without
        #[arg(long, value_parser = ["standard", "confidential", "restricted"])]
        sensitivity: Option<String>,
        /// A field of the firm's own and what it says, such as "Court=High Court"; nothing after the sign empties it; may be repeated
        #[arg(long = "field", value_name = "NAME=TEXT", value_parser = field)]
        fields: Vec<(String, String)>,
    },
    /// Lists the firm's own fields of matters, or says whether co-counsel see one
    Field {
        /// Its name
        name: Option<String>,
        /// Co-counsel to whom a matter is shared see it
        #[arg(long, conflicts_with = "hide")]
        show: bool,
        /// It is for the firm only
        #[arg(long)]
        hide: bool,
    },
    /// Keeps somebody out of a matter, whatever else they may: an ethical wall
    Screen {
        /// M-12, or the firm's own number
        matter: String,
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// For the firm's file
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Lets somebody in again who was kept out; what was shared with them is theirs again
    Unscreen {
        /// M-12, or the firm's own number
        matter: String,
        /// Mail address, P-7, or a name that only one person has
        person: String,
    },
    /// Closes a matter; its shares become what the firm's setting says
    Close {
        /// M-12, or the firm's own number
        matter: String,
        /// Closed on [default: today]
        #[arg(long)]
        on: Option<String>,
    },
    /// Opens a closed matter again
    Reopen {
        /// M-12, or the firm's own number
        matter: String,
    },
    /// Lets mails about a matter be messages and files only, whatever commands stand in them; or lets commands be carried out
    Commands {
        /// M-12, or the firm's own number
        matter: String,
        /// on or off
        #[arg(value_parser = ["on", "off"])]
        wanted: String,
    },
    /// Puts a matter on hold: nothing of it is purged
    Hold {
        /// M-12, or the firm's own number
        matter: String,
    },
    /// Lifts a hold
    Lift {
        /// M-12, or the firm's own number
        matter: String,
    },
}

/// Does it.
pub fn run(office: &Office, what: &Matter) -> Result<Told> {
    match what {
        Matter::List { all } => list(office, *all),
        Matter::Add { number, description, responsible, client, sensitivity } => {
            let responsible = responsible.as_deref().map(|u| office.user(u)).transpose()?;
            let client = client.as_deref().map(|p| office.person(p)).transpose()?;
            let new = NewMatter {
                responsible: Some(responsible.as_ref().unwrap_or(&office.actor).id),
                client: client.map(|p| p.id),
                sensitivity: Sensitivity::from_word(sensitivity).unwrap_or(Sensitivity::Standard),
                ..NewMatter::new(number.trim(), description.trim())
            };
            add(office, new)
        }
        Matter::Change { matter, description, responsible, client, sensitivity, fields } => {
            let before = seen(office, matter)?;
            let responsible = responsible.as_deref().map(|u| office.user(u)).transpose()?;
            let client = client.as_deref().map(|p| office.person(p)).transpose()?;
            let given = description.as_deref().map(str::trim).filter(|d| !d.is_empty());
            let new = Found {
                description: given.unwrap_or(&before.description).to_owned(),
                responsible: responsible.map(|p| p.id).or(before.responsible),
                client: client.map(|p| p.id).or(before.client),
                sensitivity: sensitivity.as_deref().and_then(Sensitivity::from_word).unwrap_or(before.sensitivity),
                ..before
            };
            change(office, new, fields.clone())
        }
        Matter::Field { name: Some(name), show, hide } => set_field(office, name, *show, *hide),
        Matter::Field { name: None, .. } => list_fields(office),
        Matter::Screen { matter, person, reason } => screen(office, matter, person, Some(reason)),
        Matter::Unscreen { matter, person } => screen(office, matter, person, None),
        Matter::Close { matter, on } => close(office, matter, on.as_deref()),
        Matter::Reopen { matter } => reopen(office, matter),
        Matter::Commands { matter, wanted } => commands(office, matter, wanted == "off"),
        Matter::Hold { matter } => hold(office, matter, true),
        Matter::Lift { matter } => hold(office, matter, false),
    }
}

fn list(office: &Office, all: bool) -> Result<Told> {
    let firm = office.firm.id;
    let on_hold = office.store.read(|s| s.matters_on_hold(firm))?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for matter in office.store.read(|s| s.matters(firm))? {
        if (matter.is_closed() && !all) || !office.may(Ability::View, Subject::Item(matter.item()))? {
            continue;
        }
        let name = |person| -> Result<String> {
            let found = match person {
                Some(person) => office.store.read(|s| s.person(firm, person))?,
                None => None,
            };
            Ok(found.map(|p| p.name()).unwrap_or_default())
        };
        let (client, responsible) = (name(matter.client)?, name(matter.responsible)?);
        let shared = office.store.read(|s| s.live_shares_of(firm, matter.item(), office.now))?.len();
        let id = format!("M-{}", matter.number);
        objects.push(json!({"matter": id, "display_number": matter.display_number, "description": matter.description,
            "status": matter.status, "client": client, "responsible": responsible, "shares": shared,
            "sensitivity": matter.sensitivity.word(), "on_hold": on_hold.contains(&matter.id)}));
        let hold = if on_hold.contains(&matter.id) { ", on hold" } else { "" };
        rows.push([
            id,
            matter.display_number,
            format!("{}{hold}", matter.status),
            client,
            responsible,
            shared.to_string(),
            matter.description,
        ]);
    }
    let heading = ["matter", "number", "status", "client", "responsible", "shares", "description"];
    Ok(Told::new(table(heading, &rows), json!(objects)))
}

/// The matter of this number, if the actor may see it.
fn seen(office: &Office, text: &str) -> Result<Found> {
    let item = office.matter(text)?;
    let found = office.store.read(|s| s.matter(office.firm.id, item.id))?;
    match found {
        Some(matter) if office.may(Ability::View, Subject::Item(item))? => Ok(matter),
        _ => Err(Refused(crate::sharing::Refusal::NotVisible, office.firm.locale).into()),
    }
}

/// Reads `Court=High Court`.
fn field(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((name, text)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), text.trim().to_owned())),
        _ => Err("write the name, the sign = and what it says: --field \"Court=High Court\"".to_owned()),
    }
}

fn list_fields(office: &Office) -> Result<Told> {
    let found = office.store.read(|s| s.custom_fields(office.firm.id))?;
    let shown = |visible: bool| if visible { "co-counsel of the matter" } else { "the firm only" }.to_owned();
    let rows: Vec<[String; 2]> = found.iter().map(|(name, visible)| [name.clone(), shown(*visible)]).collect();
    let objects: Vec<_> =
        found.iter().map(|(name, visible)| json!({"name": name, "visible_to_co_counsel": visible})).collect();
    Ok(Told::new(table(["field", "for"], &rows), json!(objects)))
}

fn set_field(office: &Office, name: &str, show: bool, hide: bool) -> Result<Told> {
    let name = name.trim().to_owned();
    if name.is_empty() {
        bail!("the name must not be empty");
    }
    let visible = if show || hide { Some(show) } else { None };
    let told = name.clone();
    let visible = office.act(&format!("matter.field:{name}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let visible = act.tx.put_custom_field(act.firm.id, &name, visible)?;
        let entry = Entry::new(Some(act.actor.id), "settings.field").with(json!({"visible": visible}));
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(visible))
    })?;
    let who = if visible { "co-counsel to whom a matter is shared see it" } else { "it is for the firm only" };
    Ok(Told::new(format!("{told}: {who}.\n"), json!({"name": told, "visible_to_co_counsel": visible})))
}

fn change(office: &Office, new: Found, fields: Vec<(String, String)>) -> Result<Told> {
    let matter = new.item();
    let changed = office.act(&format!("matter.change:{}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        let mut changed = act.tx.change_matter(act.firm.id, &new)?;
        for (name, text) in &fields {
            changed |= act.tx.set_custom_field(act.firm.id, new.id, name, text)?;
        }
        if changed {
            act.audit(
                "matter.change",
                matter,
                json!({"responsible": new.responsible, "sensitivity": new.sensitivity.word()}),
            )?;
        }
        Ok(Ok(changed))
    })?;
    let number = office.number(matter)?;
    let said = if changed { "was changed" } else { "was so before; nothing was changed" };
    Ok(Told::new(format!("{number} {said}.\n"), json!({"matter": number, "changed": changed})))
}

/// A screen with its reason, or its end.
fn screen(office: &Office, text: &str, person: &str, reason: Option<&str>) -> Result<Told> {
    let matter = office.matter(text)?;
    let person = office.person(person)?;
    if reason.is_some() && person.id == office.actor.id {
        bail!("who is kept out can't lift that again: somebody else must do it (--as)");
    }
    let (id, kept) = (person.id, reason.map(str::to_owned));
    let action = if kept.is_some() { "matter.screen" } else { "matter.unscreen" };
    let changed = office.act(&format!("{action}:{}:{id}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        let is_out = act.tx.screened(act.firm.id, matter.id)?.contains(&id);
        let changed = match &kept {
            Some(reason) if !is_out => {
                act.tx.screen(act.firm.id, matter.id, id, reason, act.now)?;
                true
            }
            Some(_) => false,
            None => act.tx.lift_screen(act.firm.id, matter.id, id, act.now)?,
        };
        act.audit(action, matter, json!({"person": id, "changed": changed}))?;
        Ok(Ok(changed))
    })?;
    let (number, name) = (office.number(matter)?, named(&person));
    let text = match (reason.is_some(), changed) {
        (true, true) => format!("{name} is kept out of {number} from now on, whatever is shared with them.\n"),
        (true, false) => format!("{name} was kept out of {number} already; nothing was changed.\n"),
        (false, true) => format!("{name} is not kept out of {number} any more.\n"),
        (false, false) => format!("{name} was not kept out of {number}; nothing was changed.\n"),
    };
    Ok(Told::new(text, json!({"matter": number, "person": id, "screened": reason.is_some(), "changed": changed})))
}

fn add(office: &Office, new: NewMatter) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    if new.display_number.is_empty() || new.description.is_empty() {
        bail!("--number and --description must not be empty");
    }
    let number = new.display_number.clone();
    if ItemId::parse(&number).is_some() {
        bail!("--number {number}: this reads as docketpost's own number of a thing");
    }
    if let Some(other) = office.store.read(|s| s.matter_by_display_number(office.firm.id, &number))? {
        bail!("{number} is the number of M-{} already", other.number);
    }
    let item = office.act(&format!("matter.add:{number}"), move |act| {
        let item = act.tx.add_matter(act.firm.id, &new, act.now)?;
        act.audit("matter.add", item, json!({}))?;
        Ok(Ok(item))
    })?;
    let id = office.number(item)?;
    Ok(Told::new(format!("{number} is {id}.\n"), json!({"matter": id, "display_number": number})))
}

fn close(office: &Office, text: &str, on: Option<&str>) -> Result<Told> {
    let matter = office.matter(text)?;
    let before = office.store.read(|s| s.matter(office.firm.id, matter.id))?;
    let sees = office.may(Ability::View, Subject::Item(matter))?;
    if sees {
        office.ask_administrator(Ability::Edit)?;
    }
    if let Some(before) = before.filter(|m| sees && m.is_closed()) {
        let since = before.close_date.map(|d| format!(" on {}", office.firm.locale.display(d))).unwrap_or_default();
        let number = office.number(matter)?;
        return Ok(Told::new(
            format!("{number} was closed already{since}; nothing was changed.\n"),
            json!({"matter": number, "closed_on": before.close_date.map(|d| d.to_string()), "ended": []}),
        ));
    }
    let day = office.day(on.unwrap_or("today"), Direction::Past)?;
    let ended = office.act(&format!("close:{}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        act.tx.set_matter_closed(act.firm.id, matter.id, Some(day))?;
        act.audit("matter.close", matter, json!({"on": day.to_string()}))?;
        match act.firm.closed_matters {
            ClosedMatters::Revoke => shares::end_matter(act, matter, "closed"),
            ClosedMatters::Keep | ClosedMatters::ReadOnly => Ok(Ok(Vec::new())),
        }
    })?;
    let effect = match office.firm.closed_matters {
        ClosedMatters::Keep => "Its shares stay as they are.".to_owned(),
        ClosedMatters::ReadOnly => {
            let days = office.firm.late_time_days;
            format!("Those who share it can read it, and add nothing but, for {days} days, time for work before that.")
        }
        ClosedMatters::Revoke if ended.is_empty() => "Nothing of it was shared.".to_owned(),
        ClosedMatters::Revoke => "Everything of it that was shared is not any more.".to_owned(),
    };
    let number = office.number(matter)?;
    let mut text = format!("{number} is closed as of {}. {effect}\n", office.firm.locale.display(day));
    let mut objects = Vec::new();
    for (id, of_person) in &ended {
        let person = office.store.read(|s| s.person(office.firm.id, *id))?;
        let things = of_person.things.iter().map(|i| office.number(*i)).collect::<Result<Vec<_>>>()?;
        let name = person.as_ref().map(named).unwrap_or_default();
        text.push_str(&format!("{name} no longer has {}.{}\n", things.join(", "), told_as_ended(of_person)));
        objects.push(json!({"person": id, "ended": things, "dropped": of_person.dropped,
            "cancelled": of_person.cancelled, "unassigned": of_person.unassigned}));
    }
    if !ended.is_empty() {
        text.push_str(&format!("What they had been sent: docketpost who {number} --received\n"));
    }
    Ok(Told::new(text, json!({"matter": number, "closed_on": day.to_string(), "ended": objects})))
}

fn reopen(office: &Office, text: &str) -> Result<Told> {
    let matter = office.matter(text)?;
    office.act(&format!("reopen:{}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        act.tx.set_matter_closed(act.firm.id, matter.id, None)?;
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "matter.reopen").on(matter), act.now)?;
        Ok(Ok(()))
    })?;
    let number = office.number(matter)?;
    Ok(Told::new(format!("{number} is open again.\n"), json!({"matter": number})))
}

fn commands(office: &Office, text: &str, off: bool) -> Result<Told> {
    let matter = office.matter(text)?;
    let changed = office.act(&format!("matter.commands:{}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        let changed = act.tx.set_matter_commands_off(act.firm.id, matter.id, off)?;
        act.audit("matter.commands", matter, json!({"off": off, "changed": changed}))?;
        Ok(Ok(changed))
    })?;
    let number = office.number(matter)?;
    let text = format!("{}\n", told_as_commands(&format!("Mails about {number}"), off, changed));
    Ok(Told::new(text, json!({"matter": number, "commands": !off, "changed": changed})))
}

/// What is so of the commands in these mails.
pub(super) fn told_as_commands(mails: &str, off: bool, changed: bool) -> String {
    match (off, changed) {
        (true, true) => {
            format!("{mails} are messages and files only; commands in them are passed to the firm as text.")
        }
        (false, true) => format!("{mails}: commands in them are carried out again."),
        (_, false) => format!("{mails}: it was so before; nothing was changed."),
    }
}

fn hold(office: &Office, text: &str, held: bool) -> Result<Told> {
    let matter = office.matter(text)?;
    let action = if held { "matter.hold" } else { "matter.lift" };
    let changed = office.act(&format!("{action}:{}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        let changed = act.tx.set_legal_hold(act.firm.id, matter.id, held)?;
        act.audit(action, matter, json!({"changed": changed}))?;
        if changed {
            tell_of_hold(act, matter, held)?;
        }
        Ok(Ok(changed))
    })?;
    let number = office.number(matter)?;
    let text = match (held, changed) {
        (true, true) => format!("{number} is on hold: nothing of it is purged.\n"),
        (false, true) => format!("{number} is not on hold any more.\n"),
        (true, false) => format!("{number} was on hold already; nothing was changed.\n"),
        (false, false) => format!("{number} was not on hold; nothing was changed.\n"),
    };
    Ok(Told::new(text, json!({"matter": number, "on_hold": held, "changed": changed})))
}

/// Tells the firm's people who may see the matter; which these are is asked again when each mail leaves.
fn tell_of_hold(act: &Act<'_>, matter: Item, held: bool) -> crate::store::Result<()> {
    let by = act.actor.id;
    for person in act.tx.people(act.firm.id)?.into_iter().filter(|p| p.is_user() && !p.disabled && p.id != by) {
        let may = act.tx.ask(act.firm.id, person.id, Ability::View, matter, act.now)?;
        if may.is_allowed() {
            act.tell(person.id, Letter::OnHold { matter, by, held }, About::Firm)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;
    use crate::sharing::Role;

    #[test]
    fn a_matter_is_entered_once_under_its_number_and_closed_once() {
        let s = Sample::new();
        let add = |number: &str| Matter::Add {
            number: number.into(),
            description: "Lease".into(),
            responsible: None,
            client: Some("P-2".into()),
            sensitivity: "restricted".into(),
        };
        assert_eq!(run(&s.office, &add("2026-0013")).unwrap().text, "2026-0013 is M-2.\n");
        assert!(run(&s.office, &add("2026-0013")).unwrap_err().to_string().contains("of M-2 already"));
        assert!(run(&s.office, &add("T-1")).is_err());
        let close = Matter::Close { matter: "M-2".into(), on: None };
        assert!(run(&s.office, &close).unwrap().text.contains("is closed as of"));
        let told = run(&s.office, &close).unwrap();
        assert!(told.text.contains("was closed already on 14"), "{}", told.text);
        let closings = s.office.store.read(|r| r.audited(s.office.firm.id, 99)).unwrap();
        assert_eq!(closings.iter().filter(|e| e.action == "matter.close").count(), 1);
    }

    #[test]
    fn rev_09_a_closed_matter_leaves_the_list_and_comes_back() {
        let s = Sample::new();
        assert!(list(&s.office, false).unwrap().text.contains("Reed v. Marsh"));
        let told =
            run(&s.office, &Matter::Close { matter: "2026-0012".into(), on: Some("13 March 2026".into()) }).unwrap();
        assert!(
            told.text.starts_with("M-1 is closed as of 13 March 2026. Those who share it can read it"),
            "{}",
            told.text
        );
        assert!(!list(&s.office, false).unwrap().text.contains("Reed"));
        assert!(list(&s.office, true).unwrap().text.contains("Closed"));
        run(&s.office, &Matter::Reopen { matter: "M-1".into() }).unwrap();
        assert!(list(&s.office, false).unwrap().text.contains("Open"));
    }

    #[test]
    fn a_matter_is_changed_and_a_hold_is_seen_in_the_list() {
        let s = Sample::new();
        let change = |description: Option<&str>| Matter::Change {
            matter: "M-1".into(),
            description: description.map(str::to_owned),
            responsible: None,
            client: None,
            sensitivity: Some("restricted".into()),
            fields: Vec::new(),
        };
        assert_eq!(run(&s.office, &change(Some("Reed v. Marsh & Co"))).unwrap().text, "M-1 was changed.\n");
        assert!(run(&s.office, &change(None)).unwrap().text.contains("nothing was changed"));
        run(&s.office, &Matter::Hold { matter: "M-1".into() }).unwrap();
        let told = list(&s.office, false).unwrap();
        assert!(told.text.contains("Open, on hold") && told.text.contains("Marsh & Co"), "{}", told.text);
        assert_eq!((&told.json[0]["sensitivity"], &told.json[0]["on_hold"]), (&json!("restricted"), &json!(true)));
    }

    /// Mail 17.
    #[test]
    fn a_hold_is_told_to_the_firms_people_who_may_see_the_matter_and_to_nobody_else() {
        let s = Sample::new();
        let user = Role::User { admin: false, accounts: false, reports: false, billing: false };
        let bob = s.add(user, "Bob", "Hale", "bob@hale.example");
        let cyd = s.add(user, "Cyd", "Hale", "cyd@hale.example");
        let (firm, matter) = (s.office.firm.id, s.office.matter("M-1").unwrap());
        s.office.store.write(move |tx| tx.screen(firm, matter.id, cyd, "", now())).unwrap();
        for what in [Matter::Hold { matter: "M-1".into() }, Matter::Lift { matter: "M-1".into() }] {
            run(&s.office, &what).unwrap();
        }
        let told = s.office.store.read(|r| r.outbox_list(firm, None, 50)).unwrap();
        let told: Vec<_> = told.iter().filter(|l| l.template == "on_hold").map(|l| l.person).collect();
        // The sample's clock stands still; what is told once more has another cause.
        assert_eq!(told, [bob, bob]);
    }

    #[test]
    fn rev_11_a_screen_is_set_and_lifted_by_a_command_and_never_by_whom_it_keeps_out() {
        let s = Sample::new();
        let admin = Role::User { admin: true, accounts: true, reports: true, billing: true };
        s.add(admin, "Bob", "Hale", "bob@hale.example");
        let as_bob = s.acting_as("bob@hale.example");
        let bob = || "bob@hale.example".to_owned();
        let set = Matter::Screen { matter: "M-1".into(), person: bob(), reason: "former client".into() };
        let lift = Matter::Unscreen { matter: "M-1".into(), person: bob() };
        assert!(run(&as_bob, &set).unwrap_err().to_string().contains("somebody else"));
        assert!(run(&s.office, &set).unwrap().text.contains("is kept out of M-1 from now on"));
        assert!(run(&s.office, &set).unwrap().text.contains("nothing was changed"));
        assert!(!list(&as_bob, false).unwrap().text.contains("Reed"));
        assert!(run(&as_bob, &lift).unwrap_err().to_string().contains("NOT_VISIBLE"));
        assert!(run(&s.office, &lift).unwrap().text.contains("not kept out of M-1 any more"));
        assert!(list(&as_bob, false).unwrap().text.contains("Reed"));
        assert!(run(&s.office, &lift).unwrap().text.contains("nothing was changed"));
    }

    #[test]
    fn frm_02_a_screened_user_does_not_find_the_matter_and_a_plain_one_does_not_close_it() {
        let s = Sample::new();
        let plain = Role::User { admin: false, accounts: false, reports: false, billing: false };
        let bob = s.add(plain, "Bob", "Hale", "bob@hale.example");
        let as_bob = s.acting_as("bob@hale.example");
        assert!(list(&as_bob, false).unwrap().text.contains("Reed"));
        assert!(close(&as_bob, "M-1", None).is_err());
        let (firm, matter) = (s.office.firm.id, s.matter.id);
        s.office.store.write(move |tx| tx.screen(firm, matter, bob, "", now())).unwrap();
        assert!(!list(&as_bob, false).unwrap().text.contains("Reed"));
        let screened = close(&as_bob, "M-1", None).unwrap_err().to_string();
        assert!(screened.contains("NOT_VISIBLE"), "{screened}");
    }
}
