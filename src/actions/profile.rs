//! A person's own page: their name and picture (ACC-06, ACC-07), how and when they are told, and the zone of their dates
//! (ACC-09). Nothing here touches access; what is necessary (answers, refusals, security, ended access) comes whatever the
//! wish (gateway.md N4).

use std::collections::BTreeSet;

use serde_json::json;

use super::Act;
use super::documents::File;
use crate::domain::PersonId;
use crate::language::Locale;
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
    tell_lawyers(act, &Notice::Stopped)
}

/// Tells the lawyers who work with the actor.
pub fn tell_lawyers(act: &Act<'_>, notice: &Notice) -> Result<()> {
    for lawyer in lawyers(act)? {
        act.tell(lawyer, Letter::Notice { notice: notice.clone(), about: act.actor.id }, About::Firm)?;
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

/// Sets the language of the mails that the actor gets from this firm.
pub fn set_language(act: &Act<'_>, language: Locale) -> Result<()> {
    act.tx.set_language(act.firm.id, act.actor.id, language)?;
    note(act, "language", json!({"language": language.word()}))
}

/// A name before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What they were called.
    pub before: String,
    /// What they are called now.
    pub after: String,
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// There is no letter in it.
    Missing,
    /// It is longer than a name may be.
    TooLong,
    /// It has letters that a name has not, or that would make it look like an address.
    OddLetters,
}

/// A name of at most so many letters.
const NAME_CHARS: usize = 80;

/// Sets what the actor is called (ACC-06). The firm's contact card stays as it is; the firm sees the change in its audit.
pub fn set_name(act: &Act<'_>, typed: &str) -> Result<std::result::Result<Named, BadName>> {
    let after = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_mark = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    if after.chars().count() > NAME_CHARS {
        return Ok(Err(BadName::TooLong));
    }
    if !after.chars().any(char::is_alphabetic) {
        return Ok(Err(BadName::Missing));
    }
    if !after.chars().all(|c| c.is_alphanumeric() || is_mark(c) || " .,'’-".contains(c)) {
        return Ok(Err(BadName::OddLetters));
    }
    let before = act.tx.called(act.actor)?;
    if let Some(identity) = act.actor.identity.filter(|_| before != after) {
        act.tx.set_display_name(identity, &after)?;
        note(act, "profile.name", json!({"before": before, "after": after}))?;
    }
    Ok(Ok(Named { before, after }))
}

/// Sets the actor's picture (ACC-07), whose blob is on disk and holds nothing but the picture.
pub fn set_picture(act: &Act<'_>, picture: &File) -> Result<()> {
    let Some(identity) = act.actor.identity else { return Ok(()) };
    act.tx.set_picture(identity, &picture.sha256)?;
    note(act, "profile.picture", json!({"sha256": picture.sha256, "size": picture.size}))
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
    fn two_notices_of_one_mail_are_two_letters_and_the_same_again_is_none() {
        let post = Post::with_jane();
        for _ in 0..2 {
            post.act(post.jane, now(), "mail", |act| {
                tell_lawyers(act, &Notice::Stopped)?;
                let files = vec![("Invoice.exe".to_owned(), "It is a virus.".to_owned())];
                tell_lawyers(act, &Notice::Infected { files })
            });
        }
        let mails = post.deliver(now());
        assert!(mails.len() == 2 && mails.iter().any(|m| m.text.contains("Invoice.exe")), "{mails:?}");
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
