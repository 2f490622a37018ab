//! `docketpost conversation …`: the messages between the firm and co-counsel, shown; one of one's own corrected or taken back
//! (MSG-10); and a conversation made read-only, or open again (MSG-02). What was sent stays in the history.

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::show::moment;
use super::{Office, Refused, Told};
use crate::actions::messages::{self, Posted};
use crate::allowed;
use crate::domain::{Item, Kind};
use crate::language::say;
use crate::outbound::letter::Letter;
use crate::sharing::{Ability, Refusal};
use crate::store::conversations::Message;
use crate::store::shares::Subject;
use crate::store::threads::About;

/// Conversations with people outside the firm.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Conversation {
    /// Shows the messages of a conversation, with their numbers
    Show {
        /// MSG-8
        conversation: String,
    },
    /// Corrects a message of your own: it stays and is marked, and everybody in the conversation gets the new one
    Correct {
        /// MSG-8
        conversation: String,
        /// The number of the message, as `conversation show` tells it
        #[arg(long)]
        message: usize,
        /// What it should have said
        #[arg(long)]
        text: String,
    },
    /// Takes a message of your own back: it stays and is marked, and everybody in the conversation is told
    Withdraw {
        /// MSG-8
        conversation: String,
        /// The number of the message, as `conversation show` tells it
        #[arg(long)]
        message: usize,
    },
    /// Lets a conversation take no more messages; it can still be read
    ReadOnly {
        /// MSG-8
        conversation: String,
    },
    /// Lets a conversation take messages again
    Open {
        /// MSG-8
        conversation: String,
    },
}

/// Does it.
pub fn run(office: &Office, what: &Conversation) -> Result<Told> {
    match what {
        Conversation::Show { conversation } => show(office, find(office, conversation)?),
        Conversation::Correct { conversation, message, text } => {
            let text = text.trim();
            if text.is_empty() {
                bail!("--text must not be empty");
            }
            correct(office, find(office, conversation)?, *message, text.to_owned())
        }
        Conversation::Withdraw { conversation, message } => {
            let text = say!(office.firm.locale, "I take this message back; please disregard it.");
            correct(office, find(office, conversation)?, *message, text)
        }
        Conversation::ReadOnly { conversation } => set_read_only(office, find(office, conversation)?, true),
        Conversation::Open { conversation } => set_read_only(office, find(office, conversation)?, false),
    }
}

/// The conversation of this number, if the actor may see it.
fn find(office: &Office, text: &str) -> Result<Item> {
    let item = office.thing(text)?;
    if item.kind != Kind::Conversation {
        bail!("{text} is a {}; a conversation such as MSG-8 is needed", item.kind.word());
    }
    if !office.may(Ability::View, Subject::Item(item))? {
        return Err(Refused(Refusal::NotVisible, office.firm.locale).into());
    }
    Ok(item)
}

fn all(office: &Office, conversation: Item) -> Result<Vec<Message>> {
    Ok(office.store.read(|s| s.messages(office.firm.id, conversation.id))?)
}

fn show(office: &Office, item: Item) -> Result<Told> {
    let firm = office.firm.id;
    let found = office.store.read(|s| s.conversation(firm, item.id))?.context("it is gone")?;
    let messages = all(office, item)?;
    let number = office.number(item)?;
    let state = if found.read_only { ", read-only" } else { "" };
    let mut text = format!("{number}: {}{state}\n", found.subject);
    let mut objects = Vec::new();
    for (place, message) in (1_usize..).zip(&messages) {
        let name = office.store.read(|s| s.person(firm, message.sender))?.map(|p| p.name()).unwrap_or_default();
        let by = messages.iter().position(|m| Some(m.id) == message.superseded_by).map(|p| p.saturating_add(1));
        let marked = by.map(|n| format!(", superseded by message {n}")).unwrap_or_default();
        text.push_str(&format!("\nMessage {place} of {name}, {}{marked}\n", moment(office, message.created_at)));
        message.body.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
        objects.push(json!({"message": place, "sender": message.sender, "name": name,
            "at": message.created_at.to_string(), "superseded_by": by, "text": message.body}));
    }
    let object = json!({"conversation": number, "read_only": found.read_only, "messages": objects});
    Ok(Told::new(text, object))
}

fn correct(office: &Office, item: Item, place: usize, text: String) -> Result<Told> {
    let number = office.number(item)?;
    let messages = all(office, item)?;
    let message = place.checked_sub(1).and_then(|n| messages.into_iter().nth(n));
    let message = message.with_context(|| format!("{number} has no message {place}"))?;
    if message.superseded_by.is_some() {
        bail!("message {place} of {number} was superseded already; nothing was changed");
    }
    if message.sender != office.actor.id {
        bail!("message {place} of {number} is not yours; nothing was changed");
    }
    let cause = format!("message.correct:{}", message.id);
    let posted = office.act(&cause, move |act| {
        let posted = allowed!(messages::correct_one(act, item, &message, &text));
        for person in &posted.to {
            act.tell(*person, told_as(act.actor.id, &posted), About::Item(item))?;
        }
        Ok(Ok(posted))
    })?;
    let text =
        format!("Message {place} of {number} is superseded. Who else is in it is told, and the history is kept.\n");
    Ok(Told::new(text, json!({"conversation": number, "message": place, "told": posted.to})))
}

fn told_as(by: crate::domain::PersonId, posted: &Posted) -> Letter {
    Letter::News {
        by,
        message: Some(posted.message),
        conversation: Some(posted.conversation),
        documents: Vec::new(),
        completed: Vec::new(),
        logged: Vec::new(),
        outsiders: Vec::new(),
    }
}

fn set_read_only(office: &Office, item: Item, read_only: bool) -> Result<Told> {
    let action = if read_only { "conversation.read_only" } else { "conversation.open" };
    let changed =
        office.act(&format!("{action}:{}", item.id), move |act| messages::set_read_only(act, item, read_only))?;
    let number = office.number(item)?;
    let text = match (changed, read_only) {
        (true, true) => format!("{number} takes no more messages; those in it can still read it.\n"),
        (true, false) => format!("{number} takes messages again.\n"),
        (false, true) => format!("{number} was read-only before; nothing was changed.\n"),
        (false, false) => format!("{number} was open before; nothing was changed.\n"),
    };
    Ok(Told::new(text, json!({"conversation": number, "read_only": read_only, "changed": changed})))
}
