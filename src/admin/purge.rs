//! `docketpost purge`: raw mails whose outcome is older than the firm keeps them are taken away, and the bytes of letters
//! that never left. Bytes of sent letters are not kept at all. Who sent what, when, and what came of it stays.

use anyhow::{Result, bail};
use jiff::SignedDuration;
use serde_json::json;

use super::{Office, Told, administrator};
use crate::allowed;
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::retention::Purgeable;

/// So that nobody purges what may still be asked about: a mail of theirs that somebody wants undone or explained.
const FEWEST_DAYS: u32 = 30;

/// Takes away raw mails that need not be kept any more.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Those whose outcome is older than so many days
    #[arg(long, value_name = "DAYS")]
    pub older_than: u32,
    /// Only say how many there are
    #[arg(long)]
    pub dry_run: bool,
}

/// Purges; only for administrators.
pub fn run(office: &Office, args: &Args) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let days = args.older_than;
    if days < FEWEST_DAYS {
        bail!("--older-than {days}: at least {FEWEST_DAYS} days are kept");
    }
    let before = office.now.checked_sub(SignedDuration::from_hours(i64::from(days).saturating_mul(24)))?;
    let dry_run = args.dry_run;
    let found = office.act(&format!("purge:{days}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let found = act.tx.purgeable(act.firm.id, before)?;
        if !dry_run {
            act.tx.purge(act.firm.id, &found)?;
            let facts = json!({"older_than_days": days, "mails": found.mails, "letters": found.letters, "on_hold": found.on_hold});
            act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "purge").with(facts), act.now)?;
        }
        Ok(Ok(found))
    })?;
    let mut told = tell(&found, args);
    if !dry_run && !matches!(office.store.empty_log(), Ok(true)) {
        told.note.push_str(
            "Somebody reads the store just now, so words of what was purged may still lie in its log. Run this again in a while.\n",
        );
    }
    Ok(told)
}

fn tell(found: &Purgeable, args: &Args) -> Told {
    let verb = if args.dry_run { "would be purged" } else { "were purged; their bytes go within an hour" };
    let (mails, letters, on_hold) = (found.mails.len(), found.letters.len(), found.on_hold);
    let mut text = format!("{mails} raw mails and the bytes of {letters} unsent letters {verb}.\n");
    if on_hold > 0 {
        text.push_str(&format!("{on_hold} more are kept: a matter is on hold.\n"));
    }
    Told::new(text, json!({"mails": mails, "letters": letters, "on_hold": on_hold, "dry_run": args.dry_run}))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::sample::{Sample, now};
    use super::super::{audit, inbox, matter};
    use super::*;
    use crate::domain::InboxId;
    use crate::inbound::{Arrived, stage};
    use crate::store::Tx;
    use crate::store::inbox::{Findings, InboxState};

    const RAW: &[u8] = b"From: jane@doe.example\r\nSubject: Settlement\r\n\r\nWe would take 40,000.\r\n";

    /// A mail of Jane that was decided at that moment.
    fn decided(s: &Sample, uid: &str, state: InboxState, about: Option<i64>) -> InboxId {
        decided_as(s, uid, state, Findings { subject: Some("Settlement".into()), matter: about, ..Findings::default() })
    }

    fn decided_as(s: &Sample, uid: &str, state: InboxState, found: Findings) -> InboxId {
        let bytes = [RAW, uid.as_bytes()].concat();
        let size = bytes.len() as u64;
        let mail = Arrived { mailbox: "m".into(), uid_validity: 1, uid: uid.into(), size, arrived_at: now(), bytes };
        let firm = s.office.firm.id;
        let id = stage(&s.office.store, firm, mail, now()).unwrap().unwrap();
        let job = move |tx: &Tx<'_>| {
            tx.decide(id, state, "X", &found, now())?;
            tx.audit(firm, &Entry::new(None, "mail").by(Some(id)).with(json!({"state": state.word()})), now())
        };
        s.office.store.write(job).unwrap();
        id
    }

    fn row(s: &Sample, id: InboxId) -> crate::store::inbox::Inbox {
        s.office.store.read(|v| v.inbox(s.office.firm.id, id)).unwrap().unwrap()
    }

    fn purge(s: &Sample, days: i64, dry_run: bool) -> Told {
        let office = Office { now: now() + SignedDuration::from_hours(days * 24), ..s.acting_as("anna@hale.example") };
        run(&office, &Args { older_than: 100, dry_run }).unwrap()
    }

    #[test]
    fn t91_old_mail_is_purged_but_for_its_hash_and_is_not_carried_out_when_it_comes_again() {
        let s = Sample::new();
        let (old, waits) = (decided(&s, "1", InboxState::Applied, None), decided(&s, "2", InboxState::Held, None));
        assert_eq!(purge(&s, 99, false).json["mails"], 0);
        assert_eq!(purge(&s, 101, true).json["mails"], 1);
        assert!(row(&s, old).subject.is_some(), "a dry run changes nothing");
        assert_eq!(purge(&s, 101, false).json["mails"], 1);
        assert_eq!(purge(&s, 101, false).json["mails"], 0, "once");
        let purged = row(&s, old);
        assert!(purged.is_purged() && purged.subject.is_none() && !purged.sha256.is_empty());
        s.office.store.collect_orphans(Duration::ZERO).unwrap();
        assert!(s.office.store.blobs().get(&purged.sha256).is_err(), "the bytes are gone");
        assert!(s.office.store.blobs().get(&row(&s, waits).sha256).is_ok(), "what waits for a person is kept");
        let shown = inbox::run(&s.office, &inbox::What::Show { mail: format!("Q-{old}") }).unwrap();
        assert!(shown.text.contains("purged") && !shown.text.contains("40,000"), "{}", shown.text);
        let again = Arrived {
            mailbox: "m".into(),
            uid_validity: 2,
            uid: "9".into(),
            size: 1,
            arrived_at: now(),
            bytes: [RAW, b"1"].concat(),
        };
        let again = stage(&s.office.store, s.office.firm.id, again, now()).unwrap().unwrap();
        let again = row(&s, again);
        assert!(!again.is_purged() && s.office.store.blobs().get(again.blob()).is_ok());
        assert!(s.office.store.read(|v| v.inbox_repeats(s.office.firm.id, &again)).unwrap());
        let what = audit::What::List { person: None, thing: None, since: None, limit: 50 };
        assert!(audit::run(&s.office, &what).unwrap().text.contains("older_than_days 100"));
    }

    /// What the files of the database hold, the log's too.
    fn bytes_of_database(s: &Sample) -> Vec<u8> {
        let file = s.office.store.folder().join("docketpost.sqlite");
        let log = std::fs::read(file.with_extension("sqlite-wal")).unwrap_or_default();
        [std::fs::read(file).unwrap(), log].concat()
    }

    #[test]
    fn t91_what_was_purged_is_in_the_database_and_its_log_no_more() {
        let s = Sample::new();
        let found = Findings {
            subject: Some("Settlement with Quagga Brothers".into()),
            from_address: Some("zebra@quagga.example".into()),
            ..Findings::default()
        };
        let id = decided_as(&s, "1", InboxState::Applied, found);
        let is_there = |words: &str| bytes_of_database(&s).windows(words.len()).any(|w| w == words.as_bytes());
        assert!(is_there("Quagga Brothers") && is_there("zebra@quagga"));
        assert_eq!(purge(&s, 101, false).json["mails"], 1);
        assert!(!is_there("Quagga Brothers") && !is_there("zebra@quagga"));
        assert!(is_there(&row(&s, id).sha256), "its hash stays");
    }

    #[test]
    fn t91_a_hold_keeps_what_is_of_its_matter_and_what_may_be() {
        let s = Sample::new();
        let firm = s.office.firm.id;
        let new = crate::store::matters::NewMatter::new("2026-0099", "Other");
        let other = s.office.store.write(move |tx| tx.add_matter(firm, &new, now())).unwrap();
        let held = decided(&s, "1", InboxState::Applied, Some(s.matter.id));
        let free = decided(&s, "2", InboxState::Applied, Some(other.id));
        let unknown = decided(&s, "3", InboxState::Ignored, None);
        matter::run(&s.office, &matter::Matter::Hold { matter: "M-1".into() }).unwrap();
        let told = purge(&s, 101, false);
        assert_eq!((&told.json["mails"], &told.json["on_hold"]), (&json!(1), &json!(2)));
        assert!(row(&s, free).is_purged() && !row(&s, held).is_purged() && !row(&s, unknown).is_purged());
        matter::run(&s.office, &matter::Matter::Lift { matter: "M-1".into() }).unwrap();
        assert_eq!(purge(&s, 101, false).json["mails"], 2);
    }

    #[test]
    fn t91_only_an_administrator_purges_and_never_what_is_new() {
        let s = Sample::new();
        s.add(
            crate::sharing::Role::User { admin: false, accounts: true, reports: true, billing: true },
            "Bob",
            "Hale",
            "bob@hale.example",
        );
        let bob = s.acting_as("bob@hale.example");
        assert!(run(&bob, &Args { older_than: 100, dry_run: false }).is_err());
        let hold = matter::Matter::Hold { matter: "M-1".into() };
        assert!(matter::run(&bob, &hold).is_err());
        assert!(run(&s.office, &Args { older_than: 29, dry_run: false }).is_err());
    }
}
