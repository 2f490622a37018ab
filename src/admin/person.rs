//! `docketpost user …` and `person …`: who is of the firm, and whom it knows. A card gives no access: the first share
//! does (ACC-01).

mod notify;
mod profile;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::init::split_name;
use super::matter::told_as_commands;
use super::show::{moment, named, table};
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::address::is_within;
use crate::domain::{Address, PersonId};
use crate::language::Locale;
use crate::sharing::{Ability, Role, Thing};
use crate::store::audit::Entry;
use crate::store::people::{NewPerson, Person as Someone};
use crate::store::shares::{Circumstances, Subject};

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
        /// Do it though the address looks like that of somebody else whom the firm knows
        #[arg(long)]
        looks_alike: bool,
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
    /// Changes what a user may, as given; the rest stays
    Rights {
        /// Mail address, P-7, or a name that only one person has
        user: String,
        /// May change settings and read the audit
        #[arg(long, value_parser = YES_NO, value_name = "yes|no")]
        admin: Option<String>,
        /// May see rates, amounts and bills
        #[arg(long, value_parser = YES_NO, value_name = "yes|no")]
        billing: Option<String>,
        /// May see accounts
        #[arg(long, value_parser = YES_NO, value_name = "yes|no")]
        accounts: Option<String>,
        /// May see reports
        #[arg(long, value_parser = YES_NO, value_name = "yes|no")]
        reports: Option<String>,
    },
    /// Says what a user is told of what co-counsel do, and how [default: tells what is set]
    Notify(notify::Args),
    /// Keeps a user out who left the firm; what they did stays
    Disable {
        /// Mail address, P-7, or a name that only one person has
        user: String,
    },
    /// Lets a disabled user back in
    Enable {
        /// Mail address, P-7, or a name that only one person has
        user: String,
    },
}

const YES_NO: [&str; 2] = ["yes", "no"];

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
        /// Do it though the address looks like that of somebody else whom the firm knows
        #[arg(long)]
        looks_alike: bool,
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
    /// Sets the language of the mails that somebody gets
    Language {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// en-GB, en-US, de, fr or es
        #[arg(value_parser = Locale::ALL.map(Locale::word))]
        language: String,
    },
    /// Lets somebody's mails be messages and files only, whatever commands stand in them; or lets commands be carried out
    Commands {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// on or off
        #[arg(value_parser = ["on", "off"])]
        wanted: String,
    },
    /// Sends mails to somebody again after they came back, with what waited
    Resume {
        /// Mail address, P-7, or a name that only one person has
        person: String,
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
        /// Their hourly rate where a share has none of its own, such as 250.00; they never see it
        #[arg(long, value_parser = super::money::parse)]
        rate: Option<i64>,
    },
    /// Shows a person: card, login address, profile, standing
    Show {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// Write their picture to this file
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
    },
    /// Moves a contact to another mail address; the old one is told, the new one confirms
    SetAddress {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// The new address
        address: String,
        /// Do it though the address looks like that of somebody else whom the firm knows
        #[arg(long)]
        looks_alike: bool,
        /// Do it; without this it is only said what would happen
        #[arg(long)]
        yes: bool,
    },
    /// Keeps the firm from changing a contact's login address, or lets it again
    LockAddress {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// Let it be changed again
        #[arg(long)]
        unlock: bool,
    },
    /// Deletes a contact's card: every share of theirs ends at once
    Remove {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// Do it; without this it is only said what would happen
        #[arg(long)]
        yes: bool,
    },
}

/// Adds a user, or changes what one may.
pub fn user(office: &Office, what: &User) -> Result<Told> {
    match what {
        User::Add { name, address, looks_alike, admin, billing, accounts, reports } => {
            let role = Role::User { admin: *admin, accounts: *accounts, reports: *reports, billing: *billing };
            add(office, name, (address, *looks_alike), "", role, false)
        }
        User::Rights { user, admin, billing, accounts, reports } => {
            rights(office, user, [admin, billing, accounts, reports])
        }
        User::Notify(args) => notify::run(office, args),
        User::Disable { user } => enable(office, user, false),
        User::Enable { user } => enable(office, user, true),
    }
}

fn rights(office: &Office, text: &str, given: [&Option<String>; 4]) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let user = office.user(text)?;
    let Role::User { admin, accounts, reports, billing } = user.role else { bail!("{} is no user", named(&user)) };
    let [new_admin, new_billing, new_accounts, new_reports] = given.map(|word| word.as_deref().map(|w| w == "yes"));
    let role = Role::User {
        admin: new_admin.unwrap_or(admin),
        accounts: new_accounts.unwrap_or(accounts),
        reports: new_reports.unwrap_or(reports),
        billing: new_billing.unwrap_or(billing),
    };
    if admin && new_admin == Some(false) {
        another_administrator(office, &user)?;
    }
    let id = user.id;
    let changed = office.act(&format!("user.rights:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let changed = act.tx.set_user_rights(act.firm.id, id, role)?;
        if changed {
            let entry = Entry::new(Some(act.actor.id), "user.rights")
                .with(json!({"person": id, "rights": format!("{role:?}")}));
            act.tx.audit(act.firm.id, &entry, act.now)?;
        }
        Ok(Ok(changed))
    })?;
    let said = if changed { "was changed" } else { "was so before; nothing was changed" };
    let now = office.user(&format!("P-{id}"))?;
    Ok(Told::new(format!("{}, {}: {said}.\n", named(&now), kind(&now)), json!({"person": id, "changed": changed})))
}

fn enable(office: &Office, text: &str, enabled: bool) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let user = office.user(text)?;
    if !enabled {
        if user.id == office.actor.id {
            bail!("{} is who acts here; somebody else must do it (--as)", named(&user));
        }
        another_administrator(office, &user)?;
    }
    let id = user.id;
    let action = if enabled { "user.enable" } else { "user.disable" };
    let changed = office.act(&format!("{action}:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let changed = match enabled {
            true => act.tx.enable_person(act.firm.id, id)?,
            false => {
                crate::actions::calendar::suspend(act, id)?;
                act.tx.disable_person(act.firm.id, id, act.now)?
            }
        };
        let facts = json!({"person": id, "changed": changed});
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), action).with(facts), act.now)?;
        Ok(Ok(changed))
    })?;
    let mut text = match (enabled, changed) {
        (true, true) => format!("{} may work again.\n", named(&user)),
        (false, true) => format!("{} is kept out from now on.\n", named(&user)),
        (_, false) => format!("{} was so before; nothing was changed.\n", named(&user)),
    };
    if !enabled {
        let matters = office.store.read(|s| s.matters(office.firm.id))?;
        let left: Vec<String> = matters
            .iter()
            .filter(|m| m.responsible == Some(id) && !m.is_closed())
            .map(|m| format!("M-{}", m.number))
            .collect();
        if !left.is_empty() {
            let change = "docketpost matter change M-… --responsible USER";
            text.push_str(&format!("Still responsible for {}; to change that: {change}\n", left.join(", ")));
        }
    }
    Ok(Told::new(text, json!({"person": id, "enabled": enabled, "changed": changed})))
}

/// The firm keeps an administrator besides this one.
fn another_administrator(office: &Office, user: &Someone) -> Result<()> {
    let is_admin = |p: &Someone| matches!(p.role, Role::User { admin: true, .. }) && !p.disabled;
    let people = office.store.read(|s| s.people(office.firm.id))?;
    if is_admin(user) && !people.iter().any(|p| p.id != user.id && is_admin(p)) {
        bail!("{} is the firm's only administrator; nothing was changed", named(user));
    }
    Ok(())
}

/// Lists or adds people.
pub fn person(office: &Office, what: &Person) -> Result<Told> {
    match what {
        Person::List { co_counsel } => list(office, *co_counsel),
        Person::Add { name, address, looks_alike, company, co_counsel, client } => {
            let role = if *co_counsel { Role::CoCounsel } else { Role::Contact };
            add(office, name, (address, *looks_alike), company, role, *client)
        }
        Person::Language { person, language } => set_language(office, person, language),
        Person::Commands { person, wanted } => commands(office, person, wanted == "off"),
        Person::Resume { person } => resume(office, person),
        Person::Edit { person, name, company, co_counsel, rate } => {
            edit(office, person, name.as_deref(), company.as_deref(), *co_counsel, *rate)
        }
        Person::Show { person, picture } => profile::show(office, person, picture.as_deref()),
        Person::SetAddress { person, address, looks_alike, yes } => {
            profile::set_address(office, person, (address, *looks_alike), *yes)
        }
        Person::LockAddress { person, unlock } => profile::lock_address(office, person, !unlock),
        Person::Remove { person, yes } => profile::remove(office, person, *yes),
    }
}

/// Adds a card. An address that looks like somebody else's is taken only where that is wanted (threats.md T07).
fn add(
    office: &Office,
    name: &str,
    (address, looks_alike): (&str, bool),
    company: &str,
    role: Role,
    is_client: bool,
) -> Result<Told> {
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
    let note = outside_warning(&office.domains, &address, is_user);
    let taken = office.store.read(|s| s.people_by_address(office.firm.id, &address))?;
    // A lawyer may be a contact's card and a user at once (ACC-15), but not twice the same.
    if let Some(other) = taken.iter().find(|p| p.is_user() == is_user) {
        bail!("{address} is the address of {} (P-{}) already", other.name(), other.id);
    }
    if !looks_alike {
        refuse_look_alike(office, &address, None)?;
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

/// Refuses an address that looks like somebody else's and is another: whoever chose it may want to be taken for them.
fn refuse_look_alike(office: &Office, address: &Address, own: Option<PersonId>) -> Result<()> {
    let circle = office.store.read(|s| s.circle(office.firm.id))?;
    let Some(known) = circle.looks_like(address, |known| Some(known.person) != own) else { return Ok(()) };
    bail!(
        "{address} looks like {}, the address of {} (P-{}), and is another; nothing was changed. Ask them by telephone. If it \
         is right, add --looks-alike",
        known.address,
        known.name,
        known.person
    )
}

fn edit(
    office: &Office,
    text: &str,
    name: Option<&str>,
    company: Option<&str>,
    co_counsel: bool,
    rate: Option<i64>,
) -> Result<Told> {
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
        if rate.is_some() {
            // Asked first: a card without its rate is not what was wanted.
            let home = Subject::Other(Thing::Home, None);
            allowed!(act.ask_about(Ability::SetRate, home, Circumstances::default()));
        }
        let mut changed = act.tx.update_card(act.firm.id, id, &new)?;
        if changed {
            let entry = Entry::new(Some(act.actor.id), "person.edit").with(json!({"person": id}));
            act.tx.audit(act.firm.id, &entry, act.now)?;
        }
        if rate.is_some() && act.tx.set_contact_rate(act.firm.id, id, rate)? {
            let entry = Entry::new(Some(act.actor.id), "rate.set").with(json!({"person": id}));
            act.tx.audit(act.firm.id, &entry, act.now)?;
            changed = true;
        }
        Ok(Ok(changed))
    })?;
    let now = office.person(&format!("P-{id}"))?;
    let said = if changed { "was changed" } else { "was so before; nothing was changed" };
    Ok(Told::new(format!("{}, {}: {said}.\n", named(&now), kind(&now)), json!({"person": id, "changed": changed})))
}

fn set_language(office: &Office, text: &str, language: &str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let person = office.person(text)?;
    let (id, locale) = (person.id, Locale::from_word(language).unwrap_or_default());
    office.act(&format!("person.language:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        act.tx.set_language(act.firm.id, id, locale)?;
        let entry =
            Entry::new(Some(act.actor.id), "person.language").with(json!({"person": id, "language": locale.word()}));
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(()))
    })?;
    let text = format!("Mails to {} are written in {} from now on.\n", named(&person), locale.english_name());
    Ok(Told::new(text, json!({"person": id, "language": locale.word()})))
}

fn commands(office: &Office, text: &str, off: bool) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let person = office.person(text)?;
    let id = person.id;
    let changed = office.act(&format!("person.commands:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let changed = act.tx.set_commands_off(act.firm.id, id, off)?;
        if changed {
            let entry = Entry::new(Some(act.actor.id), "person.commands").with(json!({"person": id, "off": off}));
            act.tx.audit(act.firm.id, &entry, act.now)?;
        }
        Ok(Ok(changed))
    })?;
    let text = format!("{}\n", told_as_commands(&format!("Mails of {}", named(&person)), off, changed));
    Ok(Told::new(text, json!({"person": id, "commands": !off, "changed": changed})))
}

/// A user whose mail comes from elsewhere than the firm's domains is likely a contact.
pub(super) fn outside_warning(domains: &[String], address: &Address, is_user: bool) -> String {
    let domain = address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
    if !is_user || domains.is_empty() || domains.iter().any(|d| is_within(domain, d)) {
        return String::new();
    }
    format!("Warning: {domain} is none of the firm's domains in the configuration ({}).\n", domains.join(", "))
}

fn resume(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let person = office.person(text)?;
    let id = person.id;
    let done = office.act(&format!("person.resume:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let done = act.tx.forget_undelivered(act.firm.id, id)?;
        let waited = if done { act.tx.release_held_back(act.firm.id, id, act.now)? } else { 0 };
        let facts = json!({"person": id, "done": done, "letters": waited});
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "person.resume").with(facts), act.now)?;
        Ok(Ok(done.then_some(waited)))
    })?;
    let said = match done {
        Some(1) => "is written to again; one mail waited and goes out now".to_owned(),
        Some(waited) => format!("is written to again; {waited} mails waited and go out now"),
        None => "no mail to them came back; nothing was changed".to_owned(),
    };
    Ok(Told::new(format!("{}: {said}.\n", named(&person)), json!({"person": id, "resumed": done.is_some()})))
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
        let came_back = office.store.read(|s| s.undelivered(office.firm.id, person.id, &address))?;
        let mail = match came_back {
            Some(u) if u.suspended_at.is_some() => format!("stopped: comes back since {}", moment(office, u.first_at)),
            Some(u) => format!("came back on {}", moment(office, u.last_at)),
            None => String::new(),
        };
        let shares = office.store.read(|s| s.live_shares(office.firm.id, person.id, office.now))?.len();
        let (kind, standing) = (kind(&person), standing(&person, shares));
        objects.push(json!({"person": person.id, "name": person.name(), "address": address, "kind": kind,
            "standing": standing, "shares": shares, "company": person.company, "mail": mail}));
        rows.push([
            format!("P-{}", person.id),
            person.name(),
            address,
            kind.into(),
            standing.into(),
            shares.to_string(),
            mail,
        ]);
    }
    Ok(Told::new(table(["person", "name", "address", "kind", "standing", "shares", "mail"], &rows), json!(objects)))
}

fn kind(person: &Someone) -> &'static str {
    match person.role {
        Role::User { admin: true, .. } => "administrator",
        Role::User { .. } => "user",
        Role::CoCounsel => "co-counsel",
        Role::Assistant => "assistant",
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
        let edit = Person::Edit { person: "Ivy Reed".into(), name: None, company: None, co_counsel: true, rate: None };
        assert!(person(&s.office, &edit).unwrap().text.contains("co-counsel: was changed"));
        let ivy = s.office.person("ivy@reed.example").unwrap();
        assert_eq!((ivy.role, ivy.name().as_str()), (Role::CoCounsel, "Ivy Reed"));
        assert!(person(&s.office, &edit).unwrap().text.contains("nothing was changed"));
        let unknown = s.office.person("Nobody").unwrap_err().to_string();
        assert!(unknown.contains("`docketpost person add` makes a card"), "{unknown}");
    }

    #[test]
    fn an_administrator_sets_the_language_of_a_persons_mails() {
        let s = Sample::new();
        s.add(Role::CoCounsel, "Ivy", "Reed", "ivy@reed.example");
        let to_german = Person::Language { person: "Ivy Reed".into(), language: "de".into() };
        assert!(person(&s.office, &to_german).unwrap().text.contains("are written in German"));
        let ivy = s.office.person("Ivy Reed").unwrap();
        assert_eq!((ivy.language, ivy.locale(&s.office.firm)), (Some(Locale::German), Locale::German));
    }

    #[test]
    fn mails_that_came_back_are_seen_in_the_list_and_sent_again_by_a_command() {
        use crate::store::undelivered::Undelivered;
        let s = Sample::new();
        let (firm, jane, at) = (s.office.firm.id, s.jane, s.office.now);
        let address = "jane@doe.example".to_owned();
        let state = Undelivered { address, points: 4, first_at: at, last_at: at, suspended_at: Some(at) };
        s.office.store.write(move |tx| tx.set_undelivered(firm, jane, &state)).unwrap();
        let list = || person(&s.office, &Person::List { co_counsel: true }).unwrap().text;
        assert!(list().contains("stopped: comes back since 2026-03-14"), "{}", list());
        let status = super::super::audit::status(&s.office).unwrap().text;
        assert!(status.contains(&format!("docketpost person resume P-{jane}")), "{status}");
        let resume = Person::Resume { person: "jane@doe.example".into() };
        assert!(person(&s.office, &resume).unwrap().text.contains("is written to again"));
        assert!(
            !list().contains("stopped") && person(&s.office, &resume).unwrap().text.contains("nothing was changed")
        );
    }

    #[test]
    fn a_user_who_leaves_is_kept_out_and_an_administrator_always_stays() {
        let s = Sample::new();
        let plain = Role::User { admin: false, accounts: false, reports: false, billing: false };
        s.add(plain, "Bob", "Hale", "bob@hale.example");
        let bob = || "bob@hale.example".to_owned();
        let admin = |user: String, word: &str| User::Rights {
            user,
            admin: Some(word.into()),
            billing: None,
            accounts: None,
            reports: None,
        };
        let only = user(&s.office, &admin("anna@hale.example".into(), "no")).unwrap_err().to_string();
        assert!(only.contains("only administrator"), "{only}");
        assert!(user(&s.office, &admin(bob(), "yes")).unwrap().text.contains("administrator: was changed"));
        assert!(user(&s.office, &admin(bob(), "yes")).unwrap().text.contains("nothing was changed"));
        let as_bob = s.acting_as("bob@hale.example");
        assert!(user(&as_bob, &User::Disable { user: bob() }).unwrap_err().to_string().contains("somebody else"));
        assert!(user(&s.office, &User::Disable { user: bob() }).unwrap().text.contains("kept out from now on"));
        assert!(as_bob.ask_administrator(Ability::Edit).is_err());
        assert!(user(&s.office, &User::Enable { user: bob() }).unwrap().text.contains("may work again"));
        assert!(as_bob.ask_administrator(Ability::Edit).is_ok());
    }

    #[test]
    fn t07_an_address_that_looks_like_anothers_is_taken_only_where_the_firm_says_so() {
        let s = Sample::new();
        let add = |address: &str, looks_alike| Person::Add {
            name: "Jane Dow".into(),
            address: address.into(),
            looks_alike,
            company: String::new(),
            co_counsel: true,
            client: false,
        };
        let people = || s.office.store.read(|r| r.people(s.office.firm.id)).unwrap().len();
        let before = people();
        for alike in ["jane@d0e.example", "anna@ha1e.example"] {
            let refused = person(&s.office, &add(alike, false)).unwrap_err().to_string();
            assert!(refused.contains(" looks like ") && refused.contains("--looks-alike"), "{refused}");
            assert!(refused.contains("Jane Doe (P-") || refused.contains("Anna Hale (P-"), "{refused}");
        }
        assert_eq!(people(), before);
        // Somebody else of the same office is not taken for them.
        person(&s.office, &add("jan@doe.example", false)).unwrap();
        person(&s.office, &add("jane@d0e.example", true)).unwrap();
        assert_eq!(people(), before + 2);
        let set = |address: &str, looks_alike| Person::SetAddress {
            person: "jan@doe.example".into(),
            address: address.into(),
            looks_alike,
            yes: true,
        };
        let refused = person(&s.office, &set("anna@ha1e.example", false)).unwrap_err().to_string();
        assert!(refused.contains("--looks-alike"), "{refused}");
        // Their own present one may look alike: a mistake on the card is mended.
        person(&s.office, &set("jan@d0e.example", false)).unwrap();
        person(&s.office, &set("anna@ha1e.example", true)).unwrap();
    }

    #[test]
    fn a_user_outside_the_firms_domains_is_warned_of() {
        let mut s = Sample::new();
        s.office.domains = vec!["hale.example".into()];
        let add = |address: &str| User::Add {
            name: "Bob Hale".into(),
            address: address.into(),
            looks_alike: false,
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
