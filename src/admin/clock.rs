//! `docketpost clock confirm`: says that the clock is right as it is, after it leapt; the mails that waited for that go on
//! (fault F42). A clock that is set back to where it should be needs no word: the daemon sees it.

use anyhow::Result;
use serde_json::json;

use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::leap::Mark;
use crate::sharing::Ability;
use crate::store::audit::Entry;

/// What to say of the clock.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum What {
    /// The clock of this computer is right as it is; the mails that wait because it leapt go on
    Confirm,
}

/// Says it; only for administrators.
pub fn run(office: &Office, what: What) -> Result<Told> {
    let What::Confirm = what;
    office.ask_administrator(Ability::Edit)?;
    let now = office.now;
    let waited = office.act("clock confirm", move |act| {
        allowed!(administrator(act, Ability::Edit));
        act.tx.mark_clock(Mark { at: now, leapt_to: None })?;
        let waited = act.tx.judge_by_the_clock()?;
        let facts = json!({"mails": waited});
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "clock.confirm").with(facts), now)?;
        Ok(Ok(waited))
    })?;
    let shown = now.strftime("%-d %B %Y %H:%M UTC");
    let text = format!("It is {shown}. Mails that waited for the clock and go on: {waited}.\n");
    Ok(Told::new(text, json!({"clock": now.to_string(), "mails": waited})))
}
