//! `docketpost outbox`: what leaves, and what could not. Shows to whom and which letter, never what it says; nothing is
//! sent here, the daemon does.

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::show::{moment, table};
use super::who::number_after;
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::OutboxId;
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::outbox::OutboxState;

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
        What::Retry { letter } => change(office, letter, "outbox.retry"),
        What::Drop { letter } => change(office, letter, "outbox.drop"),
    }
}

fn list(office: &Office, state: Option<&str>, limit: u32) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let state = match state {
        Some(word) => Some(OutboxState::from_word(word).with_context(|| format!("--state {word}: no such state; it is one of {}", states()))?),
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

fn states() -> String {
    OutboxState::ALL.iter().map(|s| s.word().to_lowercase()).collect::<Vec<_>>().join(", ")
}

fn change(office: &Office, text: &str, action: &'static str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let id = OutboxId(number_after("", text)?);
    let letter = office.store.read(|s| s.outbox(office.firm.id, id))?;
    let letter = letter.with_context(|| format!("there is no letter {id}"))?;
    let done = office.act(&format!("{action}:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let done = match action {
            "outbox.retry" => act.tx.requeue(act.firm.id, id, act.now)?,
            _ => act.tx.cancel_letter(id, "DROPPED")?,
        };
        let facts = json!({"letter": id, "done": done});
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), action).with(facts), act.now)?;
        Ok(Ok(done))
    })?;
    if !done {
        bail!("letter {id} is {}; nothing was changed", letter.state.word());
    }
    let what = if action == "outbox.retry" { "is sent again" } else { "is not sent" };
    Ok(Told::new(format!("Letter {id} {what}.\n"), json!({"letter": id})))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;
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
        run(&s.office, &What::Drop { letter: one.to_string() }).unwrap();
        s.office.store.write(move |tx| tx.set_failed(two, "REFUSED", "550 no")).unwrap();
        let failed = run(&s.office, &What::List { state: Some("failed".into()), limit: 9 }).unwrap();
        assert!(failed.text.contains("Jane Doe") && failed.text.contains("REFUSED"), "{}", failed.text);
        run(&s.office, &What::Retry { letter: two.to_string() }).unwrap();
        let all = run(&s.office, &What::List { state: None, limit: 9 }).unwrap();
        let states: Vec<&str> = all.json.as_array().unwrap().iter().map(|l| l["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["QUEUED", "CANCELLED"]);
    }
}
