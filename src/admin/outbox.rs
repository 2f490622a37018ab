//! `docketpost outbox`: what leaves, and what could not. Shows to whom and which letter, never what it says; nothing is
//! sent here, the daemon does.

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::show::{moment, named, table};
use super::who::number_after;
use super::{Office, Told, administrator};
use crate::allowed;
use crate::daemon;
use crate::domain::OutboxId;
use crate::inbound::parse;
use crate::outbound::reader::Reader;
use crate::outbound::{letter, templates};
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::outbox::{Outbox, OutboxState};
use crate::store::people::Person;
use crate::store::shares::Subject;

/// The letters on their way out.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists letters, the newest first
    List {
        /// Only in this state: queued, sending, sent, failed, cancelled
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Shows a letter as its reader gets it, or as it would be written now
    Show {
        /// Its number
        letter: String,
    },
    /// Sends a failed letter again
    Retry {
        /// Its number
        letter: String,
    },
    /// Does not send a letter that waits or failed
    Drop {
        /// Its number
        letter: String,
    },
}

/// Does it; only for administrators.
pub fn run(office: &Office, what: &What) -> Result<Told> {
    match what {
        What::List { state, limit } => list(office, state.as_deref(), *limit),
        What::Show { letter } => show(office, letter),
        What::Retry { letter } => change(office, letter, "outbox.retry"),
        What::Drop { letter } => change(office, letter, "outbox.drop"),
    }
}

fn list(office: &Office, state: Option<&str>, limit: u32) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let state = match state {
        Some(word) => Some(
            OutboxState::from_word(word)
                .with_context(|| format!("--state {word}: no such state; it is one of {}", states()))?,
        ),
        None => None,
    };
    let firm = office.firm.id;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for letter in office.store.read(|s| s.outbox_list(firm, state, limit))? {
        let to = office.store.read(|s| s.person(firm, letter.person))?.map(|p| p.name()).unwrap_or_default();
        let when = letter.sent_at.unwrap_or(letter.next_at);
        let why = letter.reason.clone().or(letter.last_reply.clone()).unwrap_or_default();
        objects.push(json!({"letter": letter.id, "state": letter.state.word(), "template": letter.template,
            "person": letter.person, "to": to, "tries": letter.tries, "next_at": letter.next_at.to_string(),
            "sent_at": letter.sent_at.map(|t| t.to_string()), "reason": letter.reason,
            "last_reply": letter.last_reply, "message_id": letter.message_id,
            "caused_by": letter.inbox.map(|q| format!("Q-{q}"))}));
        rows.push([
            letter.id.to_string(),
            letter.state.word().to_owned(),
            letter.template,
            to,
            moment(office, when),
            letter.tries.to_string(),
            why,
        ]);
    }
    Ok(Told::new(table(["letter", "state", "what", "to", "when", "tries", "why"], &rows), json!(objects)))
}

/// Letters whose text lets its holder act for their reader.
const SECRET: [&str; 2] = ["invitation", "challenge"];

/// The text of a letter. What the acting user may not see of it is not shown.
fn show(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let id = OutboxId(number_after("", text)?);
    let firm = &office.firm;
    let letter = office.store.read(|s| s.outbox(firm.id, id))?.with_context(|| format!("there is no letter {id}"))?;
    let person = office.store.read(|s| s.person(firm.id, letter.person))?.context("nobody gets it any more")?;
    let when = match letter.sent_at {
        Some(at) => format!("sent {}", moment(office, at)),
        None => format!("{}, not sent", letter.state.word().to_lowercase()),
    };
    let mut out = format!("Letter {id} ({}) to {}: {when}\n", letter.template, named(&person));
    let mut object =
        json!({"letter": id, "template": letter.template, "person": letter.person, "state": letter.state.word()});
    let body = match SECRET.contains(&letter.template.as_str()) {
        true => "Its text is for its reader alone and is not shown.".to_owned(),
        false => written(office, &letter, &person)?,
    };
    out.push_str(&format!("\n{body}\n"));
    if let Some(map) = object.as_object_mut() {
        map.insert("text".into(), json!(body));
    }
    Ok(Told::new(out, object))
}

/// The frozen bytes as text, or the letter as it would be written now: what was sent is not kept.
fn written(office: &Office, letter: &Outbox, person: &Person) -> Result<String> {
    let firm = &office.firm;
    let (frozen, shows) = office.store.read(|s| Ok((s.frozen_bytes(letter.id)?, s.disclosures(letter.id)?)))?;
    let (text, shows) = match frozen {
        Some(bytes) => {
            let mail = parse::parse(&bytes);
            (format!("Subject: {}\n\n{}", mail.subject, mail.text.unwrap_or_default()), shows)
        }
        None => {
            let gateway = office.gateway.as_ref().context("the configuration has no such firm")?;
            let content = letter::read(&letter.content)?;
            let page = office.store.read(|s| {
                let reader = Reader::new(s, firm, gateway, person, office.now)?;
                templates::write(&reader, office.store.blobs(), &content)
            })?;
            let Some(page) = page else { return Ok("There is nothing left that it may say now.".to_owned()) };
            let as_now = "As it would be written now:\n\n";
            (format!("{as_now}Subject: {}\n\n{}", page.subject, page.to_text()), [shows, page.shows].concat())
        }
    };
    for shown in shows {
        if !office.may(Ability::View, Subject::Item(shown.item))? {
            return Ok("It is about something that you may not see, and is not shown.".to_owned());
        }
    }
    Ok(text)
}

fn states() -> String {
    OutboxState::ALL.iter().map(|s| s.word().to_lowercase()).collect::<Vec<_>>().join(", ")
}

fn change(office: &Office, text: &str, action: &'static str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let id = OutboxId(number_after("", text)?);
    let letter = office.store.read(|s| s.outbox(office.firm.id, id))?;
    let letter = letter.with_context(|| format!("there is no letter {id}"))?;
    let is_left_behind = letter.state == OutboxState::Sending && !daemon::is_running(office.store.folder());
    let done = office.act(&format!("{action}:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let done = match action {
            "outbox.retry" => act.tx.requeue(act.firm.id, id, act.now)?,
            _ if is_left_behind => act.tx.cancel_left_behind(id, "DROPPED")?,
            _ => act.tx.cancel_letter(id, "DROPPED")?,
        };
        let facts = json!({"letter": id, "done": done});
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), action).with(facts), act.now)?;
        Ok(Ok(done))
    })?;
    match done {
        true => {}
        false if letter.state == OutboxState::Sending => {
            bail!("letter {id} is under way; nothing was changed. See what became of it in a minute: `outbox list`")
        }
        false => bail!("letter {id} is {}; nothing was changed", letter.state.word()),
    }
    let what = if action == "outbox.retry" { "is sent again" } else { "is not sent" };
    Ok(Told::new(format!("Letter {id} {what}.\n"), json!({"letter": id})))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;
    use crate::outbound::gateway::Gateway;
    use crate::outbound::letter::{Addressed, Letter, queue};

    #[test]
    fn a_letter_that_waits_is_dropped_and_a_failed_one_sent_again() {
        let s = Sample::new();
        let (firm, jane) = (s.office.firm.id, s.jane);
        let write = |key: &'static str| {
            let letter = Addressed::new(jane, Letter::Welcome, key.into(), None);
            s.office.store.write(move |tx| queue(tx, firm, letter.clone(), now())).unwrap().unwrap()
        };
        let (one, two) = (write("1"), write("2"));
        assert!(run(&s.office, &What::Retry { letter: one.to_string() }).is_err());
        s.office.store.write(move |tx| tx.claim(one, now())).unwrap();
        let running = daemon::Lock::take(s.office.store.folder()).unwrap();
        let under_way = run(&s.office, &What::Drop { letter: one.to_string() }).unwrap_err();
        drop(running);
        assert!(under_way.to_string().contains("under way"), "{under_way}");
        // Of a daemon that was ended in the midst nobody knows whether it left; it need not leave again.
        run(&s.office, &What::Drop { letter: one.to_string() }).unwrap();
        s.office.store.write(move |tx| tx.set_failed(two, "REFUSED", "550 no")).unwrap();
        let failed = run(&s.office, &What::List { state: Some("failed".into()), limit: 9 }).unwrap();
        assert!(failed.text.contains("Jane Doe") && failed.text.contains("REFUSED"), "{}", failed.text);
        run(&s.office, &What::Retry { letter: two.to_string() }).unwrap();
        let all = run(&s.office, &What::List { state: None, limit: 9 }).unwrap();
        let states: Vec<&str> = all.json.as_array().unwrap().iter().map(|l| l["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["QUEUED", "CANCELLED"]);
    }

    #[test]
    fn a_letter_is_shown_as_text_and_one_with_a_secret_is_not() {
        let mut s = Sample::new();
        s.office.gateway = Some(Gateway::new(&crate::config::Firm {
            slug: "hale".into(),
            address: crate::domain::Address::parse("r@gw.hale.example").unwrap(),
            addressing: crate::config::Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            way_out: crate::config::WayOut::Directory("out".into()),
            shares_wait: jiff::SignedDuration::ZERO,
            files: crate::config::Files::default(),
        }));
        s.jane_accepts();
        let (firm, jane) = (s.office.firm.id, s.jane);
        let ended = Letter::AccessEnded {
            kind: crate::domain::Kind::Matter,
            number: Some(1),
            others: vec![(crate::domain::Kind::Task, Some(7))],
        };
        for (key, letter) in [("1", ended), ("2", Letter::Challenge { challenge: 1 })] {
            let letter = Addressed::new(jane, letter, key.into(), None);
            s.office.store.write(move |tx| queue(tx, firm, letter.clone(), now())).unwrap().unwrap();
        }
        let told = run(&s.office, &What::Show { letter: "1".into() }).unwrap().text;
        assert!(told.contains("Subject: Access ended: matter M-1 and 1 more"), "{told}");
        assert!(told.contains("matter M-1, task T-7"), "{told}");
        let secret = run(&s.office, &What::Show { letter: "2".into() }).unwrap().text;
        assert!(secret.contains("is not shown"), "{secret}");
    }
}
