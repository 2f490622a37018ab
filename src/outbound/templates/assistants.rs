//! Mails about assistants: the code for the co-counsel, the question to the firm, the invitation and the welcome of the
//! assistant, what was done for the co-counsel, and the end. None of them but the last but one shows anything of a matter.

use std::collections::BTreeSet;

use super::receipt;
use crate::blobs::Blobs;
use crate::domain::{InboxId, PersonId};
use crate::language::{Reads, phrase, say, sentence};
use crate::outbound::letter::{AssistantStep, Line};
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::sharing::Given;
use crate::store::Result;
use crate::store::assistants::Assistant;
use crate::store::invitations::Invitation;
use crate::store::keys::Question;

/// What was given, in words: "file documents, write messages".
pub fn may(to: impl Reads, given: &BTreeSet<Given>) -> String {
    let words: Vec<String> = given.iter().map(|g| phrase(&to, says(*g))).collect();
    words.join(", ")
}

const fn says(given: Given) -> &'static str {
    match given {
        Given::Upload => sentence!("file documents"),
        Given::Message => sentence!("write messages"),
        Given::Rsvp => sentence!("answer invitations"),
        Given::Tasks => sentence!("complete tasks"),
        Given::Notes => sentence!("add notes and log calls and mails"),
        Given::Time => sentence!("record time"),
        Given::Read => sentence!("look at everything that is shared"),
    }
}

/// A step in the life of an assistant, for whoever hears of it.
pub fn step(reader: &Reader<'_>, step: AssistantStep, assistant: PersonId) -> Result<Option<Page>> {
    let Some(named) = reader.store.assistant(reader.firm.id, assistant)? else { return Ok(None) };
    match step {
        AssistantStep::Confirm => confirm(reader, &named),
        AssistantStep::Decide => decide(reader, &named),
        AssistantStep::Begun => Ok(Some(begun(reader, &named))),
        AssistantStep::Ended => Ok(Some(ended(reader, &named))),
    }
}

fn address(reader: &Reader<'_>, named: &Assistant) -> Result<String> {
    let found = reader.store.mail_address(reader.firm.id, &named.person)?;
    Ok(found.map(String::from).unwrap_or_default())
}

fn given(to: impl Reads, named: &Assistant) -> String {
    named.person.acts_for.as_ref().map(|a| may(to, &a.given)).unwrap_or_default()
}

fn principal(named: &Assistant) -> &str {
    named.person.acts_for.as_ref().map_or("", |a| &a.name)
}

/// To the co-counsel: the code. None once it is confirmed or over.
fn confirm(reader: &Reader<'_>, named: &Assistant) -> Result<Option<Page>> {
    if named.confirmed_at.or(named.ended_at).is_some() {
        return Ok(None);
    }
    let name = named.person.own_name();
    let mut page = Page::new(say!(reader, "Please confirm {name} as your assistant", name = &name));
    page.text(say!(
        reader,
        "A mail from you asks that {name} may act for you at {firm}. Nothing is given until you confirm it and the firm agrees.",
        name = &name,
        firm = &reader.firm.name
    ));
    page.facts([
        (say!(reader, "Assistant"), name),
        (say!(reader, "Address"), address(reader, named)?),
        (say!(reader, "May"), given(reader, named)),
    ]);
    let code = reader.store.code(Question::Assistant, named.person.id.0, named.named_at)?;
    page.text(say!(reader, "To confirm it, reply to this mail with this line:"));
    page.examples(&[(
        say!(reader, "#confirm {code}", code = code),
        say!(reader, "confirms it; the firm is asked then"),
    )]);
    page.text(say!(
        reader,
        "The code is good for 24 hours. If you did not ask for this, do nothing and tell the firm."
    ));
    Ok(Some(page))
}

/// To the firm: whether to let them in. None once that is decided.
fn decide(reader: &Reader<'_>, named: &Assistant) -> Result<Option<Page>> {
    if !reader.person.is_user() || named.approved_at.or(named.ended_at).is_some() {
        return Ok(None);
    }
    let (name, for_whom, id) = (named.person.own_name(), principal(named), named.person.id);
    let mut page =
        Page::new(say!(reader, "{principal} names an assistant: {name}", principal = for_whom, name = &name));
    page.text(say!(
        reader,
        "{principal} asks that {name} may act for them. Nothing is given until the firm agrees.",
        principal = for_whom,
        name = &name
    ));
    page.facts([
        (say!(reader, "Assistant"), name),
        (say!(reader, "Address"), address(reader, named)?),
        (say!(reader, "For"), for_whom.to_owned()),
        (say!(reader, "May"), given(reader, named)),
    ]);
    page.text(say!(reader, "An administrator decides:"));
    page.examples(&[
        (format!("docketpost assistant approve P-{id}"), say!(reader, "lets them in and sends their invitation")),
        (format!("docketpost assistant remove P-{id}"), say!(reader, "keeps them out, now or later")),
    ]);
    Ok(Some(page))
}

/// To the assistant, before they answer: who asks, and nothing of any matter.
pub fn invitation(reader: &Reader<'_>, row: &Invitation) -> Page {
    let firm = &reader.firm.name;
    let for_whom = reader.person.acts_for.as_ref().map_or("", |a| &a.name);
    let mut page =
        Page::new(say!(reader, "{principal} asks you to act for them at {firm}", principal = for_whom, firm = firm));
    page.text(say!(
        reader,
        "{principal} works with {firm} and named you as an assistant. {firm} agrees.",
        principal = for_whom,
        firm = firm
    ));
    page.facts([
        (say!(reader, "Firm"), firm.clone()),
        (say!(reader, "For"), for_whom.to_owned()),
        (say!(reader, "Please answer by"), reader.moment(row.expires_at)),
    ]);
    page.text(say!(
        reader,
        "Nothing has been shown to you yet. To answer, reply to this mail with one of these lines:"
    ));
    page.examples(&[
        (say!(reader, "#accept"), say!(reader, "accepts, and you get a mail that says what you can do")),
        (say!(reader, "#decline"), say!(reader, "if you are the wrong person")),
    ]);
    page.text(say!(reader, "You need no account and no password: you will work by mail, from this address."));
    page
}

/// To the assistant who accepted: what they can do, and how.
pub fn welcome(reader: &Reader<'_>) -> Page {
    let firm = &reader.firm.name;
    let (for_whom, given) =
        reader.person.acts_for.as_ref().map_or(("", String::new()), |a| (a.name.as_str(), may(reader, &a.given)));
    let mut page = Page::new(say!(reader, "You now act for {principal} at {firm}", principal = for_whom, firm = firm));
    page.text(say!(
        reader,
        "For {principal} you can: {given}. Whatever you do is recorded as {name}, and {principal} is told of it.",
        principal = for_whom,
        given = given,
        name = reader.person.name()
    ));
    page.text(say!(
        reader,
        "The usual way: {principal} forwards you a mail of ours, and you reply to the address in its Reply-To, or answer it as if it had come to you. You can also name what you mean, for example [M-12] in the subject.",
        principal = for_whom
    ));
    page.text(say!(
        reader,
        "Time is always recorded as {principal}'s. What you were not given, only {principal} can do.",
        principal = for_whom
    ));
    page
}

fn begun(reader: &Reader<'_>, named: &Assistant) -> Page {
    let name = named.person.own_name();
    let mut page = Page::new(say!(reader, "{name} now acts for you at {firm}", name = &name, firm = &reader.firm.name));
    page.text(say!(
        reader,
        "{name} accepted, and may from now on: {given}.",
        name = &name,
        given = given(reader, named)
    ));
    page.text(say!(reader, "You get a mail about everything that {name} does for you.", name = &name));
    page.text(say!(reader, "To end it at any time, reply with this line:"));
    page.examples(&[(say!(reader, "#assistant remove {name}", name = &name), say!(reader, "ends it at once"))]);
    page
}

fn ended(reader: &Reader<'_>, named: &Assistant) -> Page {
    let (name, for_whom, firm) = (named.person.own_name(), principal(named), &reader.firm.name);
    if reader.person.id == named.person.id {
        let mut page =
            Page::new(say!(reader, "You no longer act for {principal} at {firm}", principal = for_whom, firm = firm));
        page.text(say!(
            reader,
            "From now on, your mails for {principal} have no effect at {firm}. What you did before stays.",
            principal = for_whom,
            firm = firm
        ));
        return page;
    }
    if reader.person.id == named.person.whose() {
        let mut page = Page::new(say!(reader, "{name} does not act for you any more", name = &name));
        page.text(say!(
            reader,
            "From now on, mails from {name} for you have no effect. What was done before stays.",
            name = &name
        ));
        return page;
    }
    let mut page =
        Page::new(say!(reader, "{name} does not act for {principal} any more", name = &name, principal = for_whom));
    page.text(say!(
        reader,
        "From now on, mails from {name} for {principal} have no effect. What was done before stays.",
        name = &name,
        principal = for_whom
    ));
    page
}

/// To the co-counsel: what an assistant did, as its receipt says it, seen with the co-counsel's own eyes.
pub fn done_for(
    reader: &Reader<'_>,
    blobs: &Blobs,
    inbox: InboxId,
    by: PersonId,
    lines: &[Line],
) -> Result<Option<Page>> {
    let Some(mut page) = receipt::receipt(reader, blobs, inbox, lines)? else { return Ok(None) };
    let name = reader.store.person(reader.firm.id, by)?.map(|p| p.own_name()).unwrap_or_default();
    let done = page.subject.split_once(": ").map_or("", |(_, ids)| ids);
    page.subject = match done {
        "" => say!(reader, "{name} did this for you", name = &name),
        done => say!(reader, "{name} did this for you: {ids}", name = &name, ids = done),
    };
    page.is_answer = false;
    page.blocks
        .insert(0, crate::outbound::page::Block::Text(say!(reader, "{name} did this for you by mail:", name = name)));
    Ok(Some(page))
}
