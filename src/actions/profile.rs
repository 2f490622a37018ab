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

/// Keeps how and when the actor wants to be told; the end of a pause lets go what waited for it.
pub fn prefer(act: &Act<'_>, wanted: &Preferences) -> Result<()> {
    act.tx.set_preferences(act.firm.id, act.actor.id, wanted, act.now)?;
    if !wanted.stopped {
        act.tx.release_held_back(act.firm.id, act.actor.id, act.now)?;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::post::{Post, later, now};

    fn pause(post: &Post, stopped: bool) {
        post.act(post.jane, now(), "wish", move |act| {
            let wishes = act.tx.preferences(act.firm.id, act.actor.id)?;
            if stopped { stop(act, wishes) } else { prefer(act, &Preferences { stopped: false, ..wishes }) }
        });
    }

    #[test]
    fn what_the_firm_sends_during_a_pause_waits_and_goes_out_when_the_pause_is_lifted() {
        let post = Post::with_jane();
        let jane = post.person(post.jane).name();
        post.deliver(now());
        pause(&post, true);
        post.assign(post.task("Draft brief", "2026-03-18"));
        let to_firm = post.deliver(later(1));
        assert!(to_firm.iter().any(|m| m.subject == format!("{jane} paused our mails")), "{to_firm:?}");
        assert!(to_firm.iter().all(|m| !m.text.contains("Draft brief")), "{to_firm:?}");
        for days in [1, 40] {
            assert!(post.deliver(later(days * 24)).is_empty(), "still paused after {days} days");
        }
        pause(&post, false);
        let mails = post.deliver(now());
        assert!(matches!(mails.as_slice(), [mail] if mail.text.contains("Draft brief")), "{mails:?}");
    }

    #[test]
    fn what_ended_during_a_pause_is_not_sent_after_it() {
        let post = Post::with_jane();
        pause(&post, true);
        let task = post.task("Draft brief", "2026-03-18");
        post.assign(task);
        post.deliver(now());
        post.unshare(task);
        pause(&post, false);
        assert!(post.deliver(later(1)).iter().all(|m| !m.text.contains("Draft brief")));
    }
}
