//! `docketpost audit list` and `status`: what happened, and where things stand. Codes and ids, never what was written.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::show::{moment, table};
use super::{Office, Told};
use crate::domain::PersonId;
use crate::domain::dates::Direction;
use crate::sharing::Ability;
use crate::store::audit::Wanted;

/// How far back mails are counted.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What happened.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists the last entries, oldest first
    List {
        /// Only what this person did, or what was done about them
        #[arg(long)]
        person: Option<String>,
        /// Only what was done to this thing: M-12, T-7 …
        #[arg(long)]
        thing: Option<String>,
        /// Of this day and later
        #[arg(long, value_name = "DATE")]
        since: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

/// Lists; only for administrators (FRM-04).
pub fn run(office: &Office, what: &What) -> Result<Told> {
    let What::List { person, thing, since, limit } = what;
    office.ask_administrator(Ability::View)?;
    let firm = office.firm.id;
    let since = since.as_deref().map(|d| office.day(d, Direction::Past)).transpose()?;
    let wanted = Wanted {
        person: person.as_deref().map(|p| office.person(p)).transpose()?.map(|p| p.id),
        thing: thing.as_deref().map(|t| office.thing(t)).transpose()?,
        since: since.map(|d| d.to_zoned(office.firm.zone())).transpose()?.map(|z| z.timestamp()),
    };
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for entry in office.store.read(|s| s.audited_about(firm, wanted, *limit))? {
        let who = match entry.actor {
            Some(person) => name(office, person)?,
            None => "docketpost".to_owned(),
        };
        let mail = entry.inbox.map(|q| format!("Q-{q}")).unwrap_or_default();
        let thing = entry.thing.map(|t| office.number(t)).transpose()?.unwrap_or_default();
        let facts: Value = serde_json::from_str(&entry.facts).unwrap_or_default();
        let (said, people) = in_words(office, &facts)?;
        objects.push(json!({"seq": entry.seq, "at": entry.at.to_string(), "actor": entry.actor, "name": who,
            "action": entry.action, "thing": thing, "mail": mail, "facts": facts, "people": people}));
        rows.push([entry.seq.to_string(), moment(office, entry.at), who, entry.action, thing, mail, said]);
    }
    Ok(Told::new(table(["entry", "at", "who", "what", "thing", "mail", "facts"], &rows), json!(objects)))
}

/// The facts that are a person's row.
const PEOPLE: [&str; 6] = ["with", "from", "to", "of", "person", "user"];

/// Facts as words, people by name; and the names of the people among them.
fn in_words(office: &Office, facts: &Value) -> Result<(String, Value)> {
    let (mut words, mut people) = (Vec::new(), serde_json::Map::new());
    for (key, value) in facts.as_object().into_iter().flatten() {
        let person = value.as_i64().filter(|_| PEOPLE.contains(&key.as_str())).map(PersonId);
        if let Some(person) = person {
            let name = name(office, person)?;
            words.push(format!("{key} {name} (P-{person})"));
            people.insert(key.clone(), json!(name));
            continue;
        }
        match value {
            Value::String(text) => words.push(format!("{key} {text}")),
            other => words.push(format!("{key} {other}")),
        }
    }
    Ok((words.join(", "), Value::Object(people)))
}

fn name(office: &Office, person: PersonId) -> Result<String> {
    Ok(office.store.read(|s| s.person(office.firm.id, person))?.map(|p| p.name()).unwrap_or_default())
}

/// Where mails and letters stand.
pub fn status(office: &Office) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let firm = office.firm.id;
    let (inbox, outbox) = office.store.read(|s| Ok((s.inbox_counts(firm)?, s.outbox_counts(firm)?)))?;
    let list = |counts: &[(String, u64)]| match counts.is_empty() {
        true => "none".to_owned(),
        false => counts.iter().map(|(state, n)| format!("{n} {}", state.to_lowercase())).collect::<Vec<_>>().join(", "),
    };
    let running = crate::daemon::is_running(office.store.folder());
    let (sent, failed) = office.store.read(|s| Ok((s.last_sent(firm)?, s.last_failed(firm)?)))?;
    let daemon = if running { "runs" } else { "does not run: nothing is read and nothing is sent" };
    let mut text = format!(
        "{} ({})\nDaemon:    {daemon}\nMails in:  {}\nMails out: {}\nLast sent: {}\n",
        office.firm.name,
        office.firm.slug,
        list(&inbox),
        list(&outbox),
        sent.map_or_else(|| "never".to_owned(), |at| moment(office, at))
    );
    if let Some((letter, at, reply)) = &failed {
        let why = super::show::one_line(reply.as_deref().unwrap_or_default());
        text.push_str(&format!("Failed:    letter {letter}, last tried {}: {why}\n", moment(office, *at)));
    }
    let mut stopped = Vec::new();
    for (person, address) in office.store.read(|s| s.suspended(firm))? {
        let name = name(office, person)?;
        text.push_str(&format!("Stopped:   mails to {name} come back; `docketpost person resume P-{person}`\n"));
        stopped.push(json!({"person": person, "address": address}));
    }
    let mut signers = Vec::new();
    for (person, domain) in office.store.read(|s| s.signers_of_firm(firm))? {
        let name = name(office, person)?;
        text.push_str(&format!("Signer:    mail of {name} (P-{person}) is proved by {domain} as well\n"));
        signers.push(json!({"person": person, "domain": domain}));
    }
    let borders = office.store.read(|s| s.border_checks())?;
    for check in &borders {
        let when = moment(office, check.checked_at);
        let word = if check.holds { "holds" } else { "FAILED" };
        let again = if check.is_fresh(office.now) { "" } else { "; too long ago: `docketpost check --border`" };
        text.push_str(&format!("Border:    {} {word}: {} ({when}{again})\n", check.mailbox, check.said));
    }
    let month_ago = office.now.saturating_sub(MONTH).unwrap_or(Timestamp::MIN);
    let ((mails, unproved), writers, people) = office.store.read(|s| {
        Ok((s.unproved_counts(firm, month_ago)?, s.writers(firm, month_ago)?, s.never_proved(firm, month_ago)?))
    })?;
    if unproved > 0 {
        text.push_str(&format!(
            "Unproved:  {unproved} of {mails} mails in 30 days had no usable verdict on their sender\n"
        ));
    }
    if !people.is_empty() {
        let which = people.len();
        text.push_str(&format!(
            "           {which} of the {writers} people who wrote cannot be proved; each mail of theirs waits for a confirmation:\n"
        ));
    }
    for person in &people {
        let name = name(office, *person)?;
        text.push_str(&format!("           {name} (P-{person})\n"));
    }
    let object = |counts: Vec<(String, u64)>| counts.into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let failed = failed.map(|(letter, at, reply)| json!({"letter": letter, "at": at.to_string(), "reply": reply}));
    Ok(Told::new(
        text,
        json!({"firm": office.firm.slug, "daemon_runs": running, "inbox": object(inbox), "outbox": object(outbox),
            "last_sent": sent.map(|at| at.to_string()), "last_failed": failed, "stopped": stopped, "signers": signers, "borders": borders.iter().map(|c| json!({"mailbox": c.mailbox,
                "holds": c.holds, "checked_at": c.checked_at.to_string(), "fresh": c.is_fresh(office.now), "said": c.said})).collect::<Vec<_>>(),
            "unproved": {"mails": mails, "without_verdict": unproved, "writers": writers, "people": people}}),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::super::share;
    use super::*;

    #[test]
    fn the_audit_names_things_and_people_and_is_filtered_by_both() {
        let s = Sample::new();
        let args = share::ShareArgs {
            thing: "M-1".into(),
            with: "with".into(),
            person: "P-2".into(),
            quietly: false,
            message: String::new(),
            conflict_names: String::new(),
            rate: None,
        };
        share::share(&s.office, &args).unwrap();
        let list = |person: Option<&str>, thing: Option<&str>, since: Option<&str>| {
            let own = |t: Option<&str>| t.map(str::to_owned);
            let what = What::List { person: own(person), thing: own(thing), since: own(since), limit: 50 };
            run(&s.office, &what).unwrap()
        };
        let told = list(Some("jane@doe.example"), Some("M-1"), Some("today"));
        assert!(told.text.contains("M-1") && told.text.contains("with Jane Doe (P-2)"), "{}", told.text);
        assert_eq!((&told.json[0]["thing"], &told.json[0]["people"]["with"]), (&json!("M-1"), &json!("Jane Doe")));
        assert!(!told.text.contains("init"), "{}", told.text);
        let all = list(None, None, None);
        assert!(all.json.as_array().unwrap().len() > told.json.as_array().unwrap().len());
    }

    #[test]
    fn the_status_says_that_no_daemon_runs_and_nothing_was_sent() {
        let s = Sample::new();
        let told = status(&s.office).unwrap();
        assert!(told.text.contains("does not run") && told.text.contains("Last sent: never"), "{}", told.text);
    }
}
