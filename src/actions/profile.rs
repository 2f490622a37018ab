//! A person's own wishes: how and when they are told, and the zone of their dates (ACC-09). They touch mails only, never
//! access; what is necessary (answers, refusals, security, ended access) comes whatever the wish (gateway.md N4).

use std::collections::BTreeSet;

use serde_json::json;

use super::Act;
use crate::domain::PersonId;
use crate::outbound::letter::{Letter, Notice};
use crate::store::Result;
use crate::store::audit::Entry;
use crate::store::people::Preferences;
use crate::store::threads::About;

/// Keeps how and when the actor wants to be told.
pub fn prefer(act: &Act<'_>, wanted: &Preferences) -> Result<()> {
    act.tx.set_preferences(act.firm.id, act.actor.id, wanted, act.now)?;
    note(act, "preferences", json!({"stopped": wanted.stopped, "silenced": wanted.silenced}))
}

/// Pauses all mails but the necessary ones, and tells the lawyers of the actor's matters (`#stop`).
pub fn stop(act: &Act<'_>, wishes: Preferences) -> Result<()> {
    if wishes.stopped {
        return Ok(());
    }
    prefer(act, &Preferences { stopped: true, ..wishes })?;
    for lawyer in lawyers(act)? {
        let notice = Notice::Stopped;
        act.tell(lawyer, Letter::Notice { notice, about: act.actor.id }, About::Firm)?;
    }
    Ok(())
}

/// The responsible lawyers of everything that is shared with the actor; the first administrator if there is none.
fn lawyers(act: &Act<'_>) -> Result<BTreeSet<PersonId>> {
    let mut found = BTreeSet::new();
    for share in act.tx.live_shares(act.firm.id, act.actor.id, act.now)? {
        let matter = act.tx.matter_of(act.firm.id, share.item)?;
        found.extend(act.responsible(matter)?);
    }
    if found.is_empty() {
        found.extend(act.responsible(None)?);
    }
    Ok(found)
}

/// Sets the zone in which the actor's dates are read and shown, an IANA name; false if they have no mailbox of their own.
pub fn set_zone(act: &Act<'_>, zone: &str) -> Result<bool> {
    let Some(identity) = act.actor.identity else { return Ok(false) };
    act.tx.set_time_zone(identity, zone)?;
    note(act, "timezone", json!({"zone": zone}))?;
    Ok(true)
}

fn note(act: &Act<'_>, action: &'static str, facts: serde_json::Value) -> Result<()> {
    let entry = Entry::new(Some(act.actor.id), action).by(act.inbox).with(facts);
    act.tx.audit(act.firm.id, &entry, act.now)
}
