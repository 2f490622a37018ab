//! When what a mail rests on ends: its reply address, and the question or the invitation that it answers. While the clock
//! is not believed, a mail for which it makes a difference waits, neither refused nor carried out (fault F42).

use jiff::Timestamp;

use super::resolve::Situation;
use crate::domain::leap::Doubt;
use crate::proof::TokenStanding;
use crate::store::threads::{About, Thread};
use crate::store::{Result, Snapshot};

/// True if nobody can tell now whether what the mail rests on is over.
pub fn is_in_doubt(view: &Snapshot<'_>, situation: &Situation, doubt: Option<Doubt>) -> Result<bool> {
    let thread = situation.thread.as_ref().filter(|_| situation.token != TokenStanding::None);
    let (Some(doubt), Some(thread)) = (doubt, thread) else { return Ok(false) };
    Ok(ends(view, thread)?.into_iter().any(|end| doubt.is_about(end)))
}

fn ends(view: &Snapshot<'_>, thread: &Thread) -> Result<Vec<Timestamp>> {
    let of_question = match thread.about {
        About::Challenge(question) => view.challenge(thread.firm, question)?.map(|q| q.expires_at),
        About::Invitation(invitation) => view.invitation(thread.firm, invitation)?.map(|i| i.expires_at),
        About::Address(change) => view.address_change(thread.firm, change)?.map(|c| c.expires_at),
        About::Assistant(person) => view.assistant(thread.firm, person)?.map(|a| a.code_ends_at()),
        About::Firm | About::Item(_) | About::Mail(_) => None,
    };
    let keys = view.reply_keys()?;
    Ok(thread.ends().chain(of_question).chain(keys.iter().filter_map(|key| key.ends_at)).collect())
}
