//! `docketpost who`: who may do what with a thing, and by which rows of the requirements. It asks `sharing` as everything
//! else does, and decides nothing.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::json;

use super::show::{moment, table};
use super::{Office, Refused, Told};
use crate::domain::dates::Direction;
use crate::domain::{Item, ItemId, Kind};
use crate::outbound::words;
use crate::sharing::{Ability, Refusal, Role, Thing, Verdict};
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};

/// Tells who may see a thing, and why.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// M-12, D-4 …, or home, calendar, accounting, accounting:M-12, reports, settings, integrations
    pub thing: String,
    /// May do what: view, download, edit …
    #[arg(long, value_name = "CODE", default_value = "view")]
    pub ability: String,
    /// All abilities that somebody has
    #[arg(long, conflicts_with = "ability")]
    pub all: bool,
    /// Only this person; tells the reason of a no
    #[arg(long)]
    pub person: Option<String>,
    /// Who would get something by it: with share, assign, add_member
    #[arg(long, value_name = "PERSON")]
    pub receiver: Option<String>,
    /// The day of the work: with add_time, edit, delete of time
    #[arg(long, value_name = "DATE")]
    pub worked_on: Option<String>,
    /// Who was sent it, or anything of that matter: when, in which letter, to which address
    #[arg(long, conflicts_with_all = ["ability", "all", "person", "receiver", "worked_on", "hidden_category"])]
    pub received: bool,
    /// As if a category had been typed that co-counsel may not choose
    #[arg(long)]
    pub hidden_category: bool,
}

/// Answers.
pub fn run(office: &Office, args: &Args) -> Result<Told> {
    if args.received {
        return received(office, &args.thing);
    }
    let subject = subject(office, args)?;
    let settings = Subject::Other(Thing::Settings, None);
    if !office.may(Ability::View, subject)? && !office.may(Ability::View, settings)? {
        return Err(Refused(Refusal::NotVisible, office.firm.locale).into());
    }
    let receiver = args.receiver.as_deref().map(|p| office.person(p)).transpose()?.map(|p| p.id);
    let worked_on = args.worked_on.as_deref().map(|d| office.day(d, Direction::Past)).transpose()?;
    let circumstances = Circumstances { worked_on, category_hidden: args.hidden_category, receiver };
    let asked = Asked { office, subject, circumstances, now: office.now };
    let wanted = abilities(args)?;
    match &args.person {
        Some(text) => one(&asked, &office.person(text)?, &wanted),
        None => everybody(&asked, args, &wanted),
    }
}

/// What left, by the outbox alone (threats T90); only for administrators (FRM-04).
fn received(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let (firm, wanted) = (office.firm.id, office.thing(text)?);
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for sent in office.store.read(|s| s.sent_disclosures(firm, None))? {
        let of_matter = wanted.kind == Kind::Matter
            && office.store.read(|s| s.matter_of(firm, sent.shown.item))? == Some(wanted.id);
        if sent.shown.item != wanted && !of_matter {
            continue;
        }
        let name = office.store.read(|s| s.person(firm, sent.person))?.map(|p| p.name()).unwrap_or_default();
        let version = sent.shown.version.map(|v| format!("v{v}")).unwrap_or_default();
        let thing = office.number(sent.shown.item)? + &version;
        objects.push(json!({"at": sent.at.to_string(), "person": sent.person, "name": name, "address": sent.to,
            "thing": thing, "ability": sent.shown.ability, "letter": sent.template, "message_id": sent.message_id}));
        rows.push([moment(office, sent.at), name, sent.to, thing, sent.shown.ability, sent.template, sent.message_id]);
    }
    Ok(Told::new(table(["sent", "to", "address", "thing", "shown to", "letter", "message-id"], &rows), json!(objects)))
}

struct Asked<'o> {
    office: &'o Office,
    subject: Subject,
    circumstances: Circumstances,
    now: Timestamp,
}

impl Asked<'_> {
    fn verdict(&self, person: &Person, ability: Ability) -> Result<Verdict> {
        let verdict = self.office.store.read(|s| {
            s.ask_about(self.office.firm.id, person.id, ability, self.subject, self.circumstances, self.now)
        })?;
        Ok(verdict)
    }
}

fn abilities(args: &Args) -> Result<Vec<Ability>> {
    if args.all {
        return Ok(Ability::ALL.to_vec());
    }
    let found = Ability::ALL.iter().copied().find(|a| a.code() == args.ability);
    let codes = || Ability::ALL.iter().map(|a| a.code()).collect::<Vec<_>>().join(", ");
    Ok(vec![found.with_context(|| format!("--ability {}: one of {}", args.ability, codes()))?])
}

/// A number that nothing has is asked about too: what is not there is answered like what is not shared.
fn subject(office: &Office, args: &Args) -> Result<Subject> {
    let (word, matter) = args.thing.split_once(':').unwrap_or((&args.thing, ""));
    let thing = match word {
        "home" => Some(Thing::Home),
        "profile" => Some(Thing::Profile),
        "calendar" => Some(Thing::FirmCalendar),
        "accounting" => Some(Thing::Accounting),
        "reports" => Some(Thing::Reports),
        "settings" => Some(Thing::Settings),
        "integrations" => Some(Thing::Integrations),
        _ => None,
    };
    if let Some(thing) = thing {
        let matter = if matter.is_empty() { None } else { Some(office.matter(matter)?.id) };
        return Ok(Subject::Other(thing, matter));
    }
    match (office.thing(&args.thing), ItemId::parse(&args.thing)) {
        (Ok(item), _) => Ok(Subject::Item(item)),
        (Err(_), Some(id)) if args.person.is_some() => Ok(Subject::Item(Item::new(id.kind, 0))),
        (Err(error), _) => Err(error),
    }
}

fn one(asked: &Asked<'_>, person: &Person, wanted: &[Ability]) -> Result<Told> {
    let (mut text, mut objects) = (String::new(), Vec::new());
    for ability in wanted {
        let code = ability.code();
        match asked.verdict(person, *ability)? {
            Verdict::Allow { rows } => {
                let why = because(person, asked.subject, rows);
                text.push_str(&format!("{}: {code}: yes, {why} ({})\n", person.name(), rows.join(", ")));
                objects
                    .push(json!({"person": person.id, "ability": code, "allowed": true, "rows": rows, "because": why}));
            }
            Verdict::Refuse(refusal) => {
                let why = says(refusal, asked);
                text.push_str(&format!("{}: {code}: no ({}). They are told: {why}\n", person.name(), refusal.code()));
                objects.push(json!({"person": person.id, "ability": code, "allowed": false,
                    "refusal": refusal.code(), "because": why}));
            }
        }
    }
    Ok(Told::new(text, json!(objects)))
}

fn everybody(asked: &Asked<'_>, args: &Args, wanted: &[Ability]) -> Result<Told> {
    let office = asked.office;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for person in office.store.read(|s| s.people(office.firm.id))? {
        for ability in wanted {
            let Verdict::Allow { rows: by } = asked.verdict(&person, *ability)? else { continue };
            let kind = kind(&person);
            objects.push(
                json!({"person": person.id, "name": person.name(), "kind": kind, "ability": ability.code(), "rows": by,
                "because": because(&person, asked.subject, by)}),
            );
            rows.push([
                format!("P-{}", person.id),
                person.name(),
                kind.into(),
                ability.code().into(),
                because(&person, asked.subject, by).into(),
                by.join(", "),
            ]);
        }
    }
    let mut text = match rows.is_empty() {
        true => format!("Nobody may do that with {}.\n", args.thing),
        false => table(["person", "name", "kind", "may", "because", "by"], &rows),
    };
    for name in waiting(asked)? {
        text.push_str(&format!("{name}: shared, but nothing is theirs until they accept the invitation.\n"));
    }
    Ok(Told::new(text, json!(objects)))
}

/// Why somebody may, in words beside the rows: what has to be shared with them, or what they are.
fn because(person: &Person, subject: Subject, rows: &[&str]) -> &'static str {
    if person.is_user() {
        return match (person.role, rows.contains(&"FRM-03")) {
            (Role::User { admin: true, .. }, _) => "they are an administrator of the firm",
            (_, true) => "they are of the firm, with the permission that this takes",
            _ => "they are of the firm, and nothing keeps them out",
        };
    }
    match subject {
        Subject::Item(item) => match item.kind {
            Kind::Matter => "the matter is shared with them",
            Kind::Note | Kind::Communication => "its matter is shared with them",
            Kind::Task => "the task is assigned to them",
            Kind::Document | Kind::Folder if rows == ["DOC-14"] => "they put it into the drop folder of their matter",
            Kind::Document | Kind::Folder => "it, or a folder above it, is shared with them",
            Kind::TimeEntry => "they recorded it, and what it is on is shared with them",
            Kind::Event => "they are invited to the event",
            Kind::Conversation => "they are in the conversation",
            Kind::Bill => "the bill is shared with them",
        },
        Subject::Other(..) => "they accepted the firm's invitation",
    }
}

fn says(refusal: Refusal, asked: &Asked<'_>) -> String {
    let kind = match asked.subject {
        Subject::Item(item) => item.kind,
        Subject::Other(..) => Kind::Matter,
    };
    words::refusal(refusal, kind, asked.office.firm.locale)
}

/// Those who were given the thing and have not accepted.
fn waiting(asked: &Asked<'_>) -> Result<Vec<String>> {
    let Subject::Item(item) = asked.subject else { return Ok(Vec::new()) };
    let office = asked.office;
    let mut names = Vec::new();
    for share in office.store.read(|s| s.live_shares_of(office.firm.id, item, asked.now))? {
        let person = office.store.read(|s| s.person(office.firm.id, share.person))?;
        names.extend(person.filter(|p| p.accepted_at.is_none() && !p.disabled).map(|p| p.name()));
    }
    Ok(names)
}

fn kind(person: &Person) -> &'static str {
    match person.role {
        Role::User { .. } => "of the firm",
        Role::CoCounsel => "co-counsel",
        Role::Assistant => "assistant",
        Role::Contact | Role::Stranger => "contact",
    }
}

/// Reads the number that `kind` letters begin, as `Q-7` or `7`.
pub(super) fn number_after(prefix: &str, text: &str) -> Result<i64> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.strip_prefix(prefix).unwrap_or(&lower);
    match digits.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("{text}: a number such as {}7 is needed", prefix.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::super::share;
    use super::*;

    fn args(thing: &str) -> Args {
        Args {
            thing: thing.into(),
            ability: "view".into(),
            all: false,
            person: None,
            receiver: None,
            worked_on: None,
            received: false,
            hidden_category: false,
        }
    }

    fn share_with_jane(s: &Sample) {
        let args = share::ShareArgs {
            thing: "M-1".into(),
            with: "with".into(),
            person: "jane@doe.example".into(),
            quietly: true,
            message: String::new(),
            conflict_names: String::new(),
            rate: Some(25_000),
        };
        share::share(&s.office, &args).unwrap();
    }

    #[test]
    fn those_who_may_are_listed_with_the_rows_that_allow_it() {
        let s = Sample::new();
        s.jane_accepts();
        assert!(!run(&s.office, &args("2026-0012")).unwrap().text.contains("Jane"));
        share_with_jane(&s);
        let told = run(&s.office, &args("M-1")).unwrap();
        assert!(
            told.text.contains("P-2     Jane Doe   co-counsel   view  the matter is shared with them"),
            "{}",
            told.text
        );
        assert!(told.text.contains("FRM-02"), "{}", told.text);
        let all = run(&s.office, &Args { all: true, ..args("M-1") }).unwrap();
        let of_jane: Vec<&str> = all
            .json
            .as_array()
            .unwrap()
            .iter()
            .filter(|o| o["name"] == "Jane Doe")
            .map(|o| o["ability"].as_str().unwrap())
            .collect();
        assert!(of_jane.contains(&"see_client") && !of_jane.contains(&"see_money"), "{of_jane:?}");
    }

    #[test]
    fn who_has_not_accepted_is_told_apart() {
        let s = Sample::new();
        share_with_jane(&s);
        let told = run(&s.office, &args("M-1")).unwrap();
        assert!(told.text.contains("Jane Doe: shared, but nothing is theirs"), "{}", told.text);
    }

    #[test]
    fn a_no_has_its_code_and_absent_is_like_unshared() {
        let s = Sample::new();
        s.jane_accepts();
        let jane = |thing: &str, ability: &str| {
            let args = Args { person: Some("P-2".into()), ability: ability.into(), ..args(thing) };
            run(&s.office, &args).unwrap().text
        };
        assert_eq!(
            jane("M-1", "view"),
            "Jane Doe: view: no (NOT_VISIBLE). They are told: I find no matter shared with you under that number.\n"
        );
        assert_eq!(jane("M-99", "view"), jane("M-1", "view"));
        assert!(
            jane("home", "set_rate").contains("no (RATES_BY_FIRM_ONLY). They are told: Rates are set by the firm.")
        );
        share_with_jane(&s);
        assert_eq!(jane("M-1", "add_note"), "Jane Doe: add_note: yes, the matter is shared with them (NOT-02)\n");
        assert!(jane("M-1", "see_money").contains("no (MONEY_BY_FIRM_ONLY)"));
        assert!(run(&s.office, &args("M-99")).is_err());
    }
}
