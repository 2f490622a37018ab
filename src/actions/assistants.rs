//! Assistants of co-counsel (gateway.md A10, threats T25): named by the co-counsel and confirmed by a code, let in by the
//! firm, invited, and only then somebody who acts. An assistant acts for one co-counsel of one firm, with what was given of
//! what that co-counsel may; `sharing` decides each time. It ends by a word of the co-counsel, of the firm, or of the
//! assistant, and with the co-counsel's last share.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Act, Answer};
use crate::domain::leap::is_over;
use crate::domain::{Address, PersonId};
use crate::language::sentence;
use crate::outbound::letter::{self, Addressed, AssistantStep, Letter};
use crate::sharing::{Ability, Given, Thing};
use crate::store::Result;
use crate::store::assistants::{Assistant, NewAssistant};
use crate::store::audit::Entry;
use crate::store::keys::Question;
use crate::store::shares::{Circumstances, Subject};
use crate::store::threads::{About, Purpose};

/// How many wrong codes end a naming.
const WRONG_CODES: u32 = 5;
/// How many assistants one co-counsel may have at a time.
const MOST: usize = 10;

/// Why somebody can't be named; in words for the co-counsel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotName {
    /// It is the co-counsel's own, or one of the firm's people's. Which, is not said.
    AddressTaken,
    /// They act for the co-counsel already, or are about to.
    Already,
    /// There are enough.
    TooMany,
}

impl CannotName {
    /// Why not, in English.
    pub const fn says(self) -> &'static str {
        match self {
            CannotName::AddressTaken => sentence!("That address can't be used for an assistant."),
            CannotName::Already => {
                sentence!(
                    "This person acts for you already, or waits to. To change what they may do, remove them first."
                )
            }
            CannotName::TooMany => sentence!("You have ten assistants. Remove one first."),
        }
    }
}

/// What a typed code came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coded {
    /// It was right; the firm decides now.
    Confirmed,
    /// It was right before.
    Before,
    /// It is wrong; so many more may be tried.
    Wrong {
        /// Codes left.
        left: u32,
    },
    /// It is over: too late, too many wrong ones, or not theirs.
    Over,
}

/// Names an assistant of the actor; a code goes to the actor's registered address.
pub fn name(
    act: &Act<'_>,
    address: &Address,
    (first, last): (&str, &str),
    given: &BTreeSet<Given>,
) -> Answer<std::result::Result<PersonId, CannotName>> {
    allowed!(ask(act, Ability::NameAssistant));
    let (tx, firm) = (act.tx, act.firm.id);
    let known = tx.people_by_address(firm, address)?;
    if known.iter().any(|p| p.is_user() || p.id == act.actor.id) {
        return Ok(Ok(Err(CannotName::AddressTaken)));
    }
    // Of others than the firm's people and themselves a co-counsel knows nothing, and learns nothing here (threats.md T07).
    let circle = tx.circle(firm)?;
    if circle.looks_like(address, |known| known.is_user || known.person == act.actor.id).is_some() {
        return Ok(Ok(Err(CannotName::AddressTaken)));
    }
    let mut live = 0_usize;
    for other in tx.assistants(firm, Some(act.actor.id))?.into_iter().filter(|a| a.ended_at.is_none()) {
        let expired = other.confirmed_at.is_none() && is_too_late(act, &other);
        let is_named = tx.mail_address(firm, &other.person)?.as_ref() == Some(address);
        if (is_named || tx.writes_from(&other.person, address)?) && !expired {
            return Ok(Ok(Err(CannotName::Already)));
        }
        live = live.saturating_add(1);
    }
    if live >= MOST {
        return Ok(Ok(Err(CannotName::TooMany)));
    }
    let new = NewAssistant {
        principal: act.actor.id,
        address: address.clone(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        given: given.clone(),
    };
    let assistant = tx.name_assistant(firm, &new, act.now)?;
    note(act, "assistant.name", assistant)?;
    let registered = match act.actor.identity {
        Some(identity) => tx.identity(identity)?,
        None => None,
    };
    let reply = Some((Purpose::Confirm, About::Assistant(assistant)));
    let letter = Letter::Assistant { step: AssistantStep::Confirm, assistant };
    let addressed = Addressed {
        only_to: registered.map(|i| i.address.as_str().to_owned()),
        ..Addressed::new(act.actor.id, letter, format!("{}:{assistant}", act.cause), reply)
    };
    letter::queue(tx, firm, addressed.caused_by(act.inbox), act.now)?;
    Ok(Ok(Ok(assistant)))
}

/// Takes the code that the co-counsel got; when it is right, the firm is asked.
pub fn confirm(act: &Act<'_>, assistant: PersonId, typed: &str) -> Answer<Coded> {
    allowed!(ask(act, Ability::NameAssistant));
    let (tx, firm) = (act.tx, act.firm.id);
    let Some(named) = own(act, assistant)? else { return Ok(Ok(Coded::Over)) };
    if named.confirmed_at.is_some() {
        return Ok(Ok(Coded::Before));
    }
    let is_void = tx.codes_have_ended(named.named_at, act.now)?;
    if is_void || is_too_late(act, &named) || named.tries >= WRONG_CODES {
        return Ok(Ok(Coded::Over));
    }
    if !tx.is_code(typed, Question::Assistant, assistant.0, named.named_at)? {
        let tries = tx.count_wrong_assistant_code(firm, assistant)?;
        note(act, "assistant.wrong_code", assistant)?;
        return Ok(Ok(match WRONG_CODES.saturating_sub(tries) {
            0 => Coded::Over,
            left => Coded::Wrong { left },
        }));
    }
    if !tx.confirm_assistant(firm, assistant, act.now)? {
        return Ok(Ok(Coded::Over));
    }
    note(act, "assistant.confirm", assistant)?;
    if let Some(admin) = act.responsible(None)? {
        tell(act, admin, AssistantStep::Decide, assistant)?;
    }
    Ok(Ok(Coded::Confirmed))
}

/// Lets an assistant in, by one of the firm's administrators, and invites them; false if they were, or if it ended.
pub fn approve(act: &Act<'_>, assistant: PersonId) -> Answer<bool> {
    allowed!(ask(act, Ability::ApproveAssistant));
    let (tx, firm) = (act.tx, act.firm.id);
    if !tx.approve_assistant(firm, assistant, act.actor.id, act.now)? {
        return Ok(Ok(false));
    }
    note(act, "assistant.approve", assistant)?;
    if let Some(person) = tx.person(firm, assistant)? {
        super::invitations::invite_assistant(act, &person)?;
    }
    Ok(Ok(true))
}

/// Ends an assistant by the word of their co-counsel; false if it is none of theirs, or had ended.
pub fn remove(act: &Act<'_>, assistant: PersonId) -> Answer<bool> {
    allowed!(ask(act, Ability::NameAssistant));
    match own(act, assistant)? {
        Some(named) => Ok(Ok(end(act, &named)?)),
        None => Ok(Ok(false)),
    }
}

/// Ends an assistant by the firm's word; false if there is none, or it had ended.
pub fn remove_by_firm(act: &Act<'_>, assistant: PersonId) -> Answer<bool> {
    allowed!(ask(act, Ability::ApproveAssistant));
    match act.tx.assistant(act.firm.id, assistant)? {
        Some(named) => Ok(Ok(end(act, &named)?)),
        None => Ok(Ok(false)),
    }
}

/// The actor's assistants who have not ended, named or let in.
pub fn list(act: &Act<'_>) -> Answer<Vec<Assistant>> {
    allowed!(ask(act, Ability::NameAssistant));
    let all = act.tx.assistants(act.firm.id, Some(act.actor.id))?;
    Ok(Ok(all.into_iter().filter(|a| a.ended_at.is_none()).collect()))
}

/// Ends the actor's own part, if they act for somebody: they declined.
pub(super) fn end_own(act: &Act<'_>) -> Result<()> {
    if let Some(named) = act.tx.assistant(act.firm.id, act.actor.id)? {
        end(act, &named)?;
    }
    Ok(())
}

/// Ends the assistants of somebody with whom nothing is shared any more.
pub(super) fn end_if_nothing_is_shared(act: &Act<'_>, principal: PersonId) -> Result<()> {
    if !act.tx.live_shares(act.firm.id, principal, act.now)?.is_empty() {
        return Ok(());
    }
    for named in act.tx.assistants(act.firm.id, Some(principal))? {
        end(act, &named)?;
    }
    Ok(())
}

/// Takes the mailbox from which the actor answers as theirs, if they are an assistant whose mailbox had not answered yet;
/// false if it cannot be theirs.
pub(super) fn answered(act: &Act<'_>) -> Result<bool> {
    if act.actor.acts_for.is_none() || act.actor.identity.is_some() {
        return Ok(true);
    }
    let is_bound = act.tx.bind_assistant(act.firm.id, act.actor, act.now)?;
    if is_bound {
        note(act, "assistant.answered", act.actor.id)?;
    }
    Ok(is_bound)
}

/// Tells the co-counsel that the actor, an assistant of theirs, acts from now on.
pub(super) fn tell_begun(act: &Act<'_>) -> Result<()> {
    match &act.actor.acts_for {
        Some(acts_for) => tell(act, acts_for.principal, AssistantStep::Begun, act.actor.id),
        None => Ok(()),
    }
}

fn end(act: &Act<'_>, named: &Assistant) -> Result<bool> {
    let assistant = named.person.id;
    if !act.tx.end_assistant(act.firm.id, assistant, act.now)? {
        return Ok(false);
    }
    note(act, "assistant.end", assistant)?;
    let principal = named.person.acts_for.as_ref().map(|a| a.principal);
    if let Some(principal) = principal.filter(|p| *p != act.actor.id) {
        tell(act, principal, AssistantStep::Ended, assistant)?;
    }
    if named.confirmed_at.is_some()
        && let Some(admin) = act.responsible(None)?
        && admin != act.actor.id
    {
        tell(act, admin, AssistantStep::Ended, assistant)?;
    }
    if named.person.accepted_at.is_some() {
        tell(act, assistant, AssistantStep::Ended, assistant)?;
    }
    Ok(true)
}

/// The assistant, if it is the actor who named them and it has not ended.
fn own(act: &Act<'_>, assistant: PersonId) -> Result<Option<Assistant>> {
    let found = act.tx.assistant(act.firm.id, assistant)?;
    let is_own = |a: &Assistant| a.person.acts_for.as_ref().is_some_and(|f| f.principal == act.actor.id);
    Ok(found.filter(|a| is_own(a) && a.ended_at.is_none()))
}

fn is_too_late(act: &Act<'_>, named: &Assistant) -> bool {
    is_over(named.code_ends_at(), act.now)
}

fn ask(act: &Act<'_>, ability: Ability) -> Answer<()> {
    act.ask_about(ability, Subject::Other(Thing::Home, None), Circumstances::default())
}

fn tell(act: &Act<'_>, person: PersonId, step: AssistantStep, assistant: PersonId) -> Result<()> {
    // Each step of each assistant is a letter of its own, though one act may cause several.
    let cause = format!("{}:{assistant}:{}", act.cause, act.now.as_millisecond());
    Act { cause: &cause, ..*act }.tell(person, Letter::Assistant { step, assistant }, About::Firm)
}

fn note(act: &Act<'_>, action: &'static str, assistant: PersonId) -> Result<()> {
    let entry = Entry::new(Some(act.actor.id), action).by(act.inbox).with(json!({"person": assistant}));
    act.tx.audit(act.firm.id, &entry, act.now)
}
