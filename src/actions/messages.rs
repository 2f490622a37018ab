//! Secure messages between co-counsel and the firm (MSG-01–10). A message goes into a conversation; who is in it changes
//! only here, never because of an address in To or Cc (threats T34, T35).

use std::collections::BTreeSet;

use serde_json::json;

use super::{Act, Answer};
use crate::domain::{Item, Kind, PersonId};
use crate::sharing::{Ability, Refusal, Thing};
use crate::store::Result;
use crate::store::conversations::{Conversation, Message, NewConversation, NewMessage};
use crate::store::people::Person;
use crate::store::shares::{Circumstances, NewShare, Source, Subject};

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// In which conversation.
    pub conversation: Item,
    /// The message's row.
    pub message: i64,
    /// Who else is in it.
    pub to: Vec<PersonId>,
}

/// Where a new message belongs.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// The item it is about; none: its matter in general.
    pub about: Option<Item>,
    /// The matter.
    pub matter: Option<i64>,
    /// The person it is meant for; none: the responsible lawyer, or for a user the only one outside who could be meant.
    pub to: Option<PersonId>,
}

/// Answers in a conversation.
pub fn post(act: &Act<'_>, conversation: Item, body: &str) -> Answer<Posted> {
    allowed!(act.ask(Ability::Reply, conversation));
    let new =
        NewMessage { conversation: conversation.id, sender: act.actor.id, body: body.to_owned(), inbox: act.inbox };
    let message = act.tx.add_message(act.firm.id, &new, act.now)?;
    let members = act.tx.members(act.firm.id, conversation.id, act.now)?;
    let to = members.into_iter().filter(|p| *p != act.actor.id).collect();
    act.audit("message.send", conversation, json!({"message": message}))?;
    Ok(Ok(Posted { conversation, message, to }))
}

/// Corrects the actor's last message in a conversation: it stays and is marked, and the members get the new one (MSG-10).
/// None if there is none to correct.
pub fn correct(act: &Act<'_>, conversation: Item, body: &str) -> Answer<Option<Posted>> {
    allowed!(act.ask(Ability::View, conversation));
    let messages = act.tx.messages(act.firm.id, conversation.id)?;
    let last = messages.iter().rev().find(|m| m.sender == act.actor.id && m.superseded_by.is_none());
    let Some(last) = last else { return Ok(Ok(None)) };
    Ok(Ok(Some(allowed!(correct_one(act, conversation, last, body)))))
}

/// Corrects this message of the actor's own: it stays and is marked, and the members get the new one (MSG-10).
pub fn correct_one(act: &Act<'_>, conversation: Item, message: &Message, body: &str) -> Answer<Posted> {
    allowed!(act.ask(Ability::Edit, conversation));
    if message.sender != act.actor.id || message.conversation != conversation.id {
        return Ok(Err(Refusal::NotYours));
    }
    let posted = allowed!(post(act, conversation, body));
    act.tx.supersede_message(act.firm.id, message.id, posted.message)?;
    act.audit("message.correct", conversation, json!({"message": message.id, "by": posted.message}))?;
    Ok(Ok(posted))
}

/// Lets a conversation take no more messages, or take them again (MSG-02): who may end access to it may narrow it. False if
/// it was so already.
pub fn set_read_only(act: &Act<'_>, conversation: Item, read_only: bool) -> Answer<bool> {
    allowed!(act.ask(Ability::Unshare, conversation));
    let changed = act.tx.set_read_only(act.firm.id, conversation.id, read_only)?;
    if changed {
        act.audit("conversation.read_only", conversation, json!({"read_only": read_only}))?;
    }
    Ok(Ok(changed))
}

/// Writes about a topic: in the conversation that the actor has about it, or in a new one.
pub fn write(act: &Act<'_>, topic: Topic, body: &str) -> Answer<Posted> {
    let receiver = match topic.to {
        Some(person) => Some(person),
        None if act.actor.is_user() => match outside(act, topic)?.as_slice() {
            [one] => Some(one.id),
            // Whom the firm means is never guessed: what is sent to the wrong one can't be taken back.
            _ => return Ok(Err(Refusal::NotVisible)),
        },
        None => reader(act, topic)?,
    };
    let open = match (topic.about, topic.matter) {
        _ if act.actor.is_user() => open_with(act, topic, receiver)?,
        (Some(item), matter) => act.tx.conversation_about(act.firm.id, matter, item, act.actor.whose(), act.now)?,
        (None, Some(matter)) => act.tx.general_conversation(act.firm.id, matter, act.actor.whose(), act.now)?,
        (None, None) => None,
    };
    if let Some(open) = open
        && includes(act, open.item(), receiver)?
    {
        return post(act, open.item(), body);
    }
    if let Some(item) = topic.about {
        allowed!(act.ask(Ability::View, item));
    }
    let with = Circumstances { receiver, ..Circumstances::default() };
    let place = allowed!(place(act, topic));
    allowed!(act.ask_about(Ability::StartConversation, place, with));
    if let Some(receiver) = receiver
        && !may_know(act, topic.matter, receiver)?
    {
        // Who is kept from a matter gets nothing of it, and nobody is told that there is a screen (REV-11).
        return Ok(Err(Refusal::NotVisible));
    }
    let conversation = begin(act, topic, receiver)?;
    post(act, conversation, body)
}

/// Who of the firm would read what a contact writes about a topic; none if they could not write it. Nothing is done.
pub fn would_read(act: &Act<'_>, topic: Topic) -> Result<Option<PersonId>> {
    let Some(lawyer) = reader(act, topic)?.filter(|_| !act.actor.is_user()) else { return Ok(None) };
    let matter = topic.matter.map(|row| Item::new(Kind::Matter, row));
    let place = match matter {
        Some(matter) if act.tx.share_is_live(act.firm.id, act.actor.whose(), matter, act.now)? => Subject::Item(matter),
        Some(_) if topic.about.is_none() => return Ok(None),
        _ => Subject::Other(Thing::Home, None),
    };
    let with = Circumstances { receiver: Some(lawyer), ..Circumstances::default() };
    let verdict = act.tx.ask_about(act.firm.id, act.actor.id, Ability::StartConversation, place, with, act.now)?;
    Ok(Some(lawyer).filter(|_| verdict.is_allowed()))
}

/// The matter, if one is meant or the actor has it; for a thing that is shared without its matter, and for no matter at
/// all, the person's own page (MSG-03). A matter that is not shared is refused as one that does not exist.
fn place(act: &Act<'_>, topic: Topic) -> Answer<Subject> {
    let Some(matter) = topic.matter.map(|row| Item::new(Kind::Matter, row)) else {
        return Ok(Ok(Subject::Other(Thing::Home, None)));
    };
    if act.actor.is_user() || act.tx.share_is_live(act.firm.id, act.actor.whose(), matter, act.now)? {
        return Ok(Ok(Subject::Item(matter)));
    }
    allowed!(act.ask(Ability::View, topic.about.unwrap_or(matter)));
    Ok(Ok(Subject::Other(Thing::Home, None)))
}

/// Who of the firm gets it: the responsible lawyer, or the first administrator if they may not see the matter (any more).
fn reader(act: &Act<'_>, topic: Topic) -> Result<Option<PersonId>> {
    let responsible = act.responsible(topic.matter)?;
    match responsible {
        Some(lawyer) if may_know(act, topic.matter, lawyer)? => Ok(responsible),
        _ => act.responsible(None),
    }
}

/// Whether one of the firm's people may see the matter that is written about; contacts are asked about as members.
pub fn may_know(act: &Act<'_>, matter: Option<i64>, receiver: PersonId) -> Result<bool> {
    let is_user = act.tx.person(act.firm.id, receiver)?.is_some_and(|p| p.is_user());
    let Some(matter) = matter.filter(|_| is_user) else { return Ok(true) };
    let matter = Item::new(Kind::Matter, matter);
    Ok(act.tx.ask(act.firm.id, receiver, Ability::View, matter, act.now)?.is_allowed())
}

/// The people outside the firm to whom one of its people can write about a topic: those who accepted and have a live share
/// of its matter, or of the thing itself, by name.
pub fn outside(act: &Act<'_>, topic: Topic) -> Result<Vec<Person>> {
    let matter = topic.matter.map(|row| Item::new(Kind::Matter, row));
    let mut ids = BTreeSet::new();
    for item in [matter, topic.about].into_iter().flatten() {
        ids.extend(act.tx.live_shares_of(act.firm.id, item, act.now)?.into_iter().map(|s| s.person));
    }
    let mut people = Vec::new();
    for id in ids {
        let found = act.tx.person(act.firm.id, id)?;
        people.extend(found.filter(|p| !p.is_user() && !p.disabled && p.accepted_at.is_some()));
    }
    people.sort_by_key(|p| (p.name(), p.id));
    Ok(people)
}

/// The newest open conversation about a topic whose one member outside the firm is the receiver: nobody else outside
/// gets what was meant for them.
fn open_with(act: &Act<'_>, topic: Topic, receiver: Option<PersonId>) -> Result<Option<Conversation>> {
    let mut open = act.tx.conversations_of(act.firm.id, act.actor.id, act.now)?;
    open.retain(|c| c.matter == topic.matter && c.about == topic.about && !c.read_only);
    open.sort_by_key(|c| std::cmp::Reverse(c.id));
    for conversation in open {
        let mut contacts = Vec::new();
        for member in act.tx.members(act.firm.id, conversation.id, act.now)? {
            let found = act.tx.person(act.firm.id, member)?;
            contacts.extend(found.filter(|p| !p.is_user()).map(|p| p.id));
        }
        if contacts.len() == 1 && contacts.first() == receiver.as_ref() {
            return Ok(Some(conversation));
        }
    }
    Ok(None)
}

fn includes(act: &Act<'_>, conversation: Item, person: Option<PersonId>) -> Result<bool> {
    let members = act.tx.members(act.firm.id, conversation.id, act.now)?;
    Ok(person.is_none_or(|p| p == act.actor.whose() || members.contains(&p)))
}

fn begin(act: &Act<'_>, topic: Topic, receiver: Option<PersonId>) -> Result<Item> {
    let subject = subject(act, topic)?;
    let new = NewConversation { matter: topic.matter, subject, about: topic.about };
    let conversation = act.tx.add_conversation(act.firm.id, &new, act.now)?;
    // A share is made by a user; a conversation that co-counsel begin is vouched for by the lawyer who gets it.
    let by = if act.actor.is_user() { Some(act.actor.id) } else { receiver.or(act.responsible(topic.matter)?) };
    for person in [Some(act.actor.whose()), receiver].into_iter().flatten() {
        join(act, conversation, person, by)?;
    }
    act.audit("conversation.begin", conversation, json!({}))?;
    Ok(conversation)
}

fn join(act: &Act<'_>, conversation: Item, person: PersonId, by: Option<PersonId>) -> Result<()> {
    act.tx.add_member(act.firm.id, conversation.id, person, act.now)?;
    let is_contact = act.tx.person(act.firm.id, person)?.is_some_and(|p| !p.is_user());
    if let (true, Some(by)) = (is_contact, by) {
        let share = NewShare {
            person,
            item: conversation,
            source: Source::Membership,
            notify: false,
            message: String::new(),
            by,
        };
        act.tx.add_share(act.firm.id, &share, act.now)?;
    }
    Ok(())
}

fn subject(act: &Act<'_>, topic: Topic) -> Result<String> {
    if let Some(item) = topic.about {
        let id = act.tx.number(act.firm.id, crate::store::numbers::Reader::Firm, item)?;
        return Ok(id.map_or_else(|| item.kind.word().to_owned(), |id| format!("About {} {id}", item.kind.word())));
    }
    let matter = match topic.matter {
        Some(row) => act.tx.matter(act.firm.id, row)?,
        None => None,
    };
    Ok(matter.map_or_else(|| "General".to_owned(), |m| format!("Matter M-{}", m.number)))
}
