//! `docketpost reply-key list|rotate|end`: which key reply addresses are made with, and how long those of the one before are
//! good. The keys are the whole store's, so all its firms'. What comes to an address of an ended key is never worse off than
//! mail without one: it is taken for its signature, and else its author is asked.

use anyhow::{Result, bail};
use jiff::SignedDuration;
use serde_json::json;

use super::show::{moment, table};
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::token::KeyNumber;
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::keys::ReplyKey;

/// The key of reply addresses.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists the keys: since when, and until when their addresses are good
    List,
    /// Makes a new key for all addresses from now on; two are good at a time
    Rotate {
        /// Addresses of the key before are good for so many days more; 0 where somebody else may have it
        #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(0..=400))]
        old_good_for: u32,
    },
    /// Ends an old key at once
    End {
        /// Its letter, as listed
        key: String,
    },
}

/// Lists or replaces keys; only for administrators.
pub fn run(office: &Office, what: &What) -> Result<Told> {
    match what {
        What::List => list(office),
        What::Rotate { old_good_for } => rotate(office, *old_good_for),
        What::End { key } => end(office, key),
    }
}

fn list(office: &Office) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for key in office.store.read(|s| s.reply_keys())? {
        let made = key.made_at.map_or_else(|| "the beginning".to_owned(), |at| moment(office, at));
        let standing = standing(office, &key);
        objects.push(json!({"key": key.number.to_string(), "made_at": key.made_at, "ends_at": key.ends_at,
            "good": key.is_good(office.now)}));
        rows.push([key.number.to_string(), made, standing]);
    }
    Ok(Told::new(table(["key", "since", "standing"], &rows), json!(objects)))
}

fn standing(office: &Office, key: &ReplyKey) -> String {
    match key.ends_at {
        None => "new addresses are made with it".to_owned(),
        Some(end) if key.is_good(office.now) => format!("its addresses are good until {}", moment(office, end)),
        Some(end) => format!("ended {}", moment(office, end)),
    }
}

fn rotate(office: &Office, days: u32) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let now = office.now;
    let old_ends = now.checked_add(SignedDuration::from_hours(i64::from(days).saturating_mul(24)))?;
    let made = office.act("reply-key.rotate", move |act| {
        allowed!(administrator(act, Ability::Edit));
        let made = act.tx.rotate_key(old_ends, now)?;
        if let Some(key) = made {
            let facts = json!({"key": key.to_string(), "old_ends_at": old_ends});
            act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "reply_key.rotate").with(facts), now)?;
        }
        Ok(Ok(made))
    })?;
    let Some(key) = made else { bail!("the letters are used up: a store has 26 keys; nothing was changed") };
    let old = match days {
        0 => "Those of the key before prove nothing any more, and open codes have ended.".to_owned(),
        _ => format!("Those of the key before are good until {}.", moment(office, old_ends)),
    };
    let text =
        format!("New reply addresses are made with key {key}. {old}\nMake a backup: older ones lack the new key.\n");
    Ok(Told::new(text, json!({"key": key.to_string(), "old_ends_at": old_ends})))
}

fn end(office: &Office, letter: &str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let Some(key) = KeyNumber::read(letter) else {
        bail!("\"{letter}\" is no key; `docketpost reply-key list` lists them")
    };
    let now = office.now;
    let ended = office.act("reply-key.end", move |act| {
        allowed!(administrator(act, Ability::Edit));
        let ended = act.tx.end_key(key, now)?;
        if ended {
            let facts = json!({"key": key.to_string()});
            act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "reply_key.end").with(facts), now)?;
        }
        Ok(Ok(ended))
    })?;
    if !ended {
        bail!(
            "key {key} is the present one, has ended, or never was; the present one ends with `docketpost reply-key rotate`"
        );
    }
    let text =
        format!("Key {key} has ended: reply addresses and codes that were made with it prove nothing any more.\n");
    Ok(Told::new(text, json!({"key": key.to_string(), "ended": true})))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::super::{Chosen, backup};
    use super::*;
    use crate::domain::token::Token;
    use crate::domain::{PersonId, ThreadId};
    use crate::sharing::Role;
    use crate::store::Store;
    use crate::store::threads::{About, Found, Purpose, Thread};
    use jiff::Timestamp;

    fn at(days: i64) -> Timestamp {
        now().checked_add(SignedDuration::from_hours(days * 24)).unwrap()
    }

    /// The sample's office on a later day.
    fn on(s: &Sample, day: i64) -> Office {
        Office { now: at(day), ..Office::in_folder(s.folder.path(), &Chosen::default(), now()).unwrap() }
    }

    fn thread(office: &Office) -> Thread {
        let (firm, person) = (office.firm.id, office.actor.id);
        let id: ThreadId = office
            .store
            .write(move |tx| tx.thread_for(firm, person, Purpose::Reply, About::Firm, None, now()))
            .unwrap();
        office.store.read(|s| s.thread(id)).unwrap().unwrap()
    }

    fn token(store: &Store, thread: &Thread) -> String {
        store.read(|s| s.token_of(thread)).unwrap()
    }

    fn found(store: &Store, token: &str, day: i64) -> Option<(bool, PersonId)> {
        let token = Token::read(token).unwrap();
        store.read(|s| s.thread_by_token(&token, at(day))).unwrap().map(|found| {
            let is_present = matches!(found, Found::Present(_));
            (is_present, found.thread().person)
        })
    }

    #[test]
    fn t30_two_keys_are_good_at_a_time_and_an_old_one_ends_by_its_date_or_by_command() {
        let s = Sample::new();
        let thread = thread(&s.office);
        // The daemon has the store open all the while.
        let daemon = Store::open(s.folder.path()).unwrap();
        let a = token(&daemon, &thread);
        let told = run(&on(&s, 1), &What::Rotate { old_good_for: 90 }).unwrap();
        assert!(told.text.contains("with key b") && told.text.contains("backup"), "{}", told.text);
        let b = token(&daemon, &thread);
        assert_eq!((&a[..2], &b[..2], a[2..22] == b[2..22], a == b), ("1a", "1b", true, false));
        let ours = |good| Some((good, thread.person));
        assert_eq!((found(&daemon, &a, 2), found(&daemon, &b, 2)), (ours(true), ours(true)));
        assert_eq!((found(&daemon, &a, 90), found(&daemon, &a, 91)), (ours(true), ours(false)), "its end date");
        assert_eq!(found(&daemon, &b, 400), ours(true));
        // A third ends the first at once: at most two.
        run(&on(&s, 3), &What::Rotate { old_good_for: 30 }).unwrap();
        let c = token(&daemon, &thread);
        assert_eq!(
            [&a, &b, &c].map(|t| found(&daemon, t, 4)),
            [ours(false), ours(true), ours(true)],
            "two keys are good"
        );
        let end = |key: &str| run(&on(&s, 5), &What::End { key: key.into() });
        end("b").unwrap();
        assert_eq!((found(&daemon, &b, 5), found(&daemon, &c, 5)), (ours(false), ours(true)));
        for nothing in ["b", "a", "c", "d", "B", ""] {
            assert!(end(nothing).is_err(), "{nothing}");
        }
        // What claims a key that never was is wrong, not dead.
        assert_eq!(found(&daemon, &a.replacen("1a", "1d", 1), 4), None);
        assert_eq!(found(&daemon, &a.replacen("1a", "1b", 1), 2), None);
        let listed = run(&on(&s, 6), &What::List).unwrap();
        let lines: Vec<&str> = listed.text.lines().collect();
        assert!(
            lines[1].contains("ended") && lines[2].contains("ended") && lines[3].contains("new addresses"),
            "{lines:?}"
        );
        let found = s.office.store.read(|r| r.audited(s.office.firm.id, 50)).unwrap();
        let of_keys = found.iter().filter(|e| e.action.starts_with("reply_key.")).count();
        assert_eq!(of_keys, 3);
    }

    #[test]
    fn t30_codes_end_with_the_key_that_they_were_made_with() {
        use crate::store::keys::Question;
        let s = Sample::new();
        let store = &s.office.store;
        let code = |asked| store.read(|r| r.code(Question::Challenge, 7, asked)).unwrap();
        let before = code(at(0));
        run(&on(&s, 1), &What::Rotate { old_good_for: 0 }).unwrap();
        let is = |typed: &str, asked| store.read(|r| r.is_code(typed, Question::Challenge, 7, asked)).unwrap();
        let ended = |asked| store.read(|r| r.codes_have_ended(asked, at(2))).unwrap();
        assert!(is(&before, at(0)) && ended(at(0)), "the right code, of a key that ended");
        assert!(is(&code(at(2)).to_lowercase().replace('-', " "), at(2)) && !ended(at(2)));
        assert!(!is(&before, at(2)) && before != code(at(2)));
    }

    #[test]
    fn a_backup_has_all_keys_and_a_file_of_before_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let s = Sample::new();
        let key_file = s.folder.path().join(crate::store::KEY_FILE);
        let old_file = std::fs::read(&key_file).unwrap();
        run(&on(&s, 1), &What::Rotate { old_good_for: 90 }).unwrap();
        assert_eq!(std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&key_file).unwrap()[..32], old_file);
        let thread = thread(&s.office);
        let present = token(&s.office.store, &thread);
        let place = tempfile::tempdir().unwrap();
        let (tar, restored) = (place.path().join("copy.tar"), place.path().join("store"));
        backup::run(&s.office, &backup::Args { file: tar.clone(), without_key: false }).unwrap();
        std::fs::create_dir(&restored).unwrap();
        std::fs::set_permissions(&restored, std::fs::Permissions::from_mode(0o700)).unwrap();
        let unpacked = std::process::Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(&restored).status();
        assert!(unpacked.unwrap().success());
        let again = Store::open(&restored).unwrap();
        assert_eq!(token(&again, &thread), present);
        std::fs::write(&key_file, &old_file).unwrap();
        let error = crate::store::examine::examine(s.folder.path()).unwrap_err().to_string();
        assert!(error.contains("lacks the key b"), "{error}");
        std::fs::write(&key_file, &old_file[..31]).unwrap();
        assert!(Store::open(s.folder.path()).is_err());
    }

    #[test]
    fn t77_a_key_file_that_others_can_read_is_refused_by_name() {
        use std::os::unix::fs::PermissionsExt as _;
        let s = Sample::new();
        let key_file = s.folder.path().join(crate::store::KEY_FILE);
        for mode in [0o644, 0o640, 0o602] {
            std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = Store::open(s.folder.path()).err().unwrap().to_string();
            assert!(error.contains("reply.key") && error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn only_an_administrator_replaces_keys() {
        let s = Sample::new();
        let role = Role::User { admin: false, accounts: true, reports: true, billing: true };
        s.add(role, "Ben", "Cole", "ben@hale.example");
        let office = s.acting_as("ben@hale.example");
        for what in [What::List, What::Rotate { old_good_for: 0 }, What::End { key: "a".into() }] {
            assert!(run(&office, &what).is_err());
        }
        assert_eq!(office.store.read(|s| s.reply_keys()).unwrap().len(), 1);
    }
}
