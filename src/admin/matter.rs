//! `docketpost matter list|close|reopen`: what is open, and what closing does to the shares (REV-09).

use anyhow::{Result, bail};
use serde_json::json;

use super::show::table;
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::ItemId;
use crate::domain::dates::Direction;
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::firms::ClosedMatters;
use crate::store::matters::{NewMatter, Sensitivity};
use crate::store::shares::Subject;

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
        Matter::Close { matter, on } => close(office, matter, on.as_deref()),
        Matter::Reopen { matter } => reopen(office, matter),
    }
}

fn list(office: &Office, all: bool) -> Result<Told> {
    let firm = office.firm.id;
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
            "sensitivity": matter.sensitivity.word()}));
        rows.push([
            id,
            matter.display_number,
            matter.status,
            client,
            responsible,
            shared.to_string(),
            matter.description,
        ]);
    }
    let heading = ["matter", "number", "status", "client", "responsible", "shares", "description"];
    Ok(Told::new(table(heading, &rows), json!(objects)))
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
            json!({"matter": number, "closed_on": before.close_date.map(|d| d.to_string()), "shares_ended": 0}),
        ));
    }
    let day = office.day(on.unwrap_or("today"), Direction::Past)?;
    let ended = office.act(&format!("close:{}", matter.id), move |act| {
        allowed!(act.ask(Ability::View, matter));
        allowed!(administrator(act, Ability::Edit));
        act.tx.set_matter_closed(act.firm.id, matter.id, Some(day))?;
        act.audit("matter.close", matter, json!({"on": day.to_string()}))?;
        let mut ended = 0_usize;
        if act.firm.closed_matters == ClosedMatters::Revoke {
            for share in act.tx.live_shares_of(act.firm.id, matter, act.now)? {
                if allowed!(crate::actions::shares::unshare(act, share.person, matter, "closed")) {
                    ended = ended.saturating_add(1);
                }
            }
        }
        Ok(Ok(ended))
    })?;
    let effect = match office.firm.closed_matters {
        ClosedMatters::Keep => "Its shares stay as they are.".to_owned(),
        ClosedMatters::ReadOnly => "Those who share it can read it, and add nothing.".to_owned(),
        ClosedMatters::Revoke => format!("{ended} of its shares ended."),
    };
    let number = office.number(matter)?;
    Ok(Told::new(
        format!("{number} is closed as of {}. {effect}\n", office.firm.locale.display(day)),
        json!({"matter": number, "closed_on": day.to_string(), "shares_ended": ended}),
    ))
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
