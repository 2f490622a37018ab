//! The keys of reply addresses and codes. The secrets lie in one file beside the database, one after the other; the
//! database says which of them is the present one and when the others end, and knows none. The first key is also the one
//! that rows are found by, and stays so: replacing keys changes only what proves an address. At most two are good at once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{Result, Snapshot, StoreError, Tx, at, moment, permissions};
use crate::domain::token::{KEY_BYTES, Key, KeyNumber, Token};

/// How many letters and digits a code has.
const CODE_LEN: usize = 8;
/// How many letters and digits prove that a bounce is of our mail.
const RETURN_CHECK_LEN: usize = 16;

/// The file of the secrets, and what was read of it: only keys that the database lists. What lies beyond them was left by a
/// crash, and the next key that is made takes its place.
pub struct Keys {
    file: PathBuf,
    first: Key,
    read: RwLock<Arc<Vec<Key>>>,
}

impl Keys {
    /// Reads the file.
    pub fn open(file: &Path) -> Result<Keys> {
        let read = read_file(file)?;
        let first = read.first().cloned().ok_or_else(|| unreadable(file))?;
        Ok(Keys { file: file.to_owned(), read: RwLock::new(Arc::new(vec![first.clone()])), first })
    }

    /// The key that rows are found by.
    pub fn first(&self) -> &Key {
        &self.first
    }

    /// The key of that number, which the database lists; another process may have made it since the file was read.
    fn numbered(&self, number: KeyNumber) -> Result<Key> {
        let known = Arc::clone(&self.read.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(key) = known.get(number.place()) {
            return Ok(key.clone());
        }
        let mut again = read_file(&self.file)?;
        again.truncate(number.place().saturating_add(1));
        let found = again.get(number.place()).cloned();
        self.remember(again);
        found.ok_or_else(|| lacks(&self.file, number))
    }

    fn remember(&self, keys: Vec<Key>) {
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

/// Reads the secrets in a file.
pub fn read_file(file: &Path) -> Result<Vec<Key>> {
    let bytes = std::fs::read(file).map_err(|e| StoreError::Io(file.to_owned(), e))?;
    let (keys, rest) = bytes.as_chunks::<KEY_BYTES>();
    match keys {
        [] => Err(unreadable(file)),
        _ if !rest.is_empty() => Err(unreadable(file)),
        keys => Ok(keys.iter().copied().map(Key::new).collect()),
    }
}

fn unreadable(file: &Path) -> StoreError {
    StoreError::Content(format!("{} does not consist of keys of {KEY_BYTES} bytes", file.display()))
}

/// What is said where the database is newer than the file beside it, as after an older file was put back.
pub fn lacks(file: &Path, number: KeyNumber) -> StoreError {
    StoreError::Content(format!(
        "{} lacks the key {number}: put back the file that belongs to the database",
        file.display()
    ))
}

/// What the database says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyKey {
    /// Which.
    pub number: KeyNumber,
    /// Since when new addresses are made with it; none for the first.
    pub made_at: Option<Timestamp>,
    /// From when on addresses that were made with it prove nothing; none for the present one.
    pub ends_at: Option<Timestamp>,
}

impl ReplyKey {
    /// True while addresses that were made with it are good.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}

/// What a code answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// "Was this you?", by the challenge's row.
    Challenge,
    /// A change of address in the mailbox that was theirs, by the change's row.
    OldAddress,
    /// A change of address in the mailbox that is to be theirs.
    NewAddress,
    /// The naming of an assistant, by the assistant's row.
    Assistant,
}

impl Question {
    const fn purpose(self) -> &'static str {
        match self {
            Question::Challenge => "challenge-code",
            Question::OldAddress => "address-code-old",
            Question::NewAddress => "address-code-new",
            Question::Assistant => "assistant-code",
        }
    }
}

impl Snapshot<'_> {
    /// The keys that there were, oldest first; the last is the present one.
    pub fn reply_keys(&self) -> Result<Vec<ReplyKey>> {
        let rows = self.all("SELECT letter, made_at, ends_at FROM reply_keys ORDER BY letter", [], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, Option<i64>>(1)?, r.get::<_, Option<i64>>(2)?))
        })?;
        let key = |(letter, made_at, ends_at): (String, Option<i64>, Option<i64>)| {
            let number = KeyNumber::read(&letter).ok_or_else(|| StoreError::Content(format!("{letter} is no key")))?;
            Ok(ReplyKey { number, made_at: made_at.map(moment), ends_at: ends_at.map(moment) })
        };
        rows.into_iter().map(key).collect()
    }

    /// The number and the secret that new addresses are made with.
    pub(super) fn present_key(&self) -> Result<(KeyNumber, Key)> {
        let number = self.reply_keys()?.last().map_or(KeyNumber::FIRST, |k| k.number);
        Ok((number, self.keys.numbered(number)?))
    }

    /// The number and the secret that new addresses were made with at that moment.
    pub(super) fn key_then(&self, then: Timestamp) -> Result<(KeyNumber, Key)> {
        let number = self.key_at(then)?.number;
        Ok((number, self.keys.numbered(number)?))
    }

    /// Whether a token was made here, and with a key that is good still; none if it was not made here. Unknown and wrong
    /// look the same.
    pub(super) fn made_here(&self, token: &Token, now: Timestamp) -> Result<Option<Standing>> {
        let Some(key) = self.reply_keys()?.into_iter().find(|k| k.number == token.key()) else { return Ok(None) };
        let is_ours = self.keys.numbered(key.number)?.made(token);
        Ok(is_ours.then_some(if key.is_good(now) { Standing::Good } else { Standing::Ended }))
    }

    /// A keyed hash that nobody can guess who has not the present key.
    pub fn secret_name(&self, purpose: &str, parts: &[&[u8]], len: usize) -> Result<String> {
        Ok(self.present_key()?.1.hash(purpose, parts, len))
    }

    /// What only somebody knows who saw the header or the envelope of our mail of this Message-ID: a key's letter and a check
    /// of eighty bits.
    pub fn return_mark(&self, message_id: &str) -> Result<String> {
        let (number, key) = self.present_key()?;
        Ok(format!("{number}{}", return_check(&key, message_id)))
    }

    /// True if this is such a mark, of a key that is good still.
    pub fn is_return_mark(&self, mark: &str, message_id: &str, now: Timestamp) -> Result<bool> {
        let Some((letter, check)) = mark.split_at_checked(1) else { return Ok(false) };
        let mut keys = self.reply_keys()?.into_iter();
        let Some(key) = keys.find(|k| k.number.to_string() == letter && k.is_good(now)) else { return Ok(false) };
        let right = return_check(&self.keys.numbered(key.number)?, message_id);
        Ok(bool::from(right.as_bytes().ct_eq(check.as_bytes())))
    }

    /// The letters and digits that answer a question which was asked at that moment, `7K3Q-M2PA`; made from its row, so
    /// that they need not be stored.
    pub fn code(&self, question: Question, row: i64, asked_at: Timestamp) -> Result<String> {
        let (_, key) = self.key_then(asked_at)?;
        let parts = [row.to_be_bytes(), asked_at.as_millisecond().to_be_bytes()];
        let letters = key.hash(question.purpose(), &[&parts[0], &parts[1]], CODE_LEN);
        let letters = letters.to_uppercase();
        let (a, b) = letters.split_at_checked(CODE_LEN / 2).unwrap_or((&letters, ""));
        Ok(format!("{a}-{b}"))
    }

    /// True if this is the code of that question; blanks, hyphens and capitals do not matter.
    pub fn is_code(&self, typed: &str, question: Question, row: i64, asked_at: Timestamp) -> Result<bool> {
        let plain = |code: &str| {
            code.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>().to_ascii_lowercase()
        };
        let right = self.code(question, row, asked_at)?;
        Ok(bool::from(plain(typed).as_bytes().ct_eq(plain(&right).as_bytes())))
    }

    /// True if the key was ended since with which the code of that moment was made: whoever has the key knows the code.
    pub fn codes_have_ended(&self, asked_at: Timestamp, now: Timestamp) -> Result<bool> {
        Ok(!self.key_at(asked_at)?.is_good(now))
    }

    fn key_at(&self, then: Timestamp) -> Result<ReplyKey> {
        let keys = self.reply_keys()?;
        let found = keys.into_iter().rev().find(|k| k.made_at.is_none_or(|made| made <= then));
        Ok(found.unwrap_or(ReplyKey { number: KeyNumber::FIRST, made_at: None, ends_at: None }))
    }
}

fn return_check(key: &Key, message_id: &str) -> String {
    key.hash("return", &[message_id.as_bytes()], RETURN_CHECK_LEN)
}

/// Whether the key that a token was made with is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is.
    Good,
    /// It was.
    Ended,
}

impl Tx<'_> {
    /// Makes a new key, with which all addresses are made from now on; those of the one before are good until `old_ends`,
    /// those of any still older one are not any more. None after the last letter.
    pub fn rotate_key(&self, old_ends: Timestamp, now: Timestamp) -> Result<Option<KeyNumber>> {
        let (present, _) = self.present_key()?;
        let Some(next) = present.next() else { return Ok(None) };
        // What lies in the file beyond the present key was never used: a crash left it.
        let mut secrets = std::fs::read(&self.keys.file).map_err(|e| StoreError::Io(self.keys.file.clone(), e))?;
        secrets.truncate(next.place().saturating_mul(KEY_BYTES));
        secrets.extend_from_slice(&crate::ids::random::<KEY_BYTES>());
        permissions::replace_secret(&self.keys.file, &secrets)?;
        // The new one is listed with the commit, which may fail.
        let mut listed = read_file(&self.keys.file)?;
        listed.truncate(next.place());
        self.keys.remember(listed);
        self.run(
            "UPDATE reply_keys SET ends_at = CASE WHEN letter = ?1 THEN ?2 ELSE min(ends_at, ?3) END",
            (present.to_string(), at(old_ends), at(now)),
        )?;
        self.run("INSERT INTO reply_keys (letter, made_at) VALUES (?1, ?2)", (next.to_string(), at(now)))?;
        Ok(Some(next))
    }

    /// Ends a key that is not the present one; false if it is, had ended, or never was.
    pub fn end_key(&self, number: KeyNumber, now: Timestamp) -> Result<bool> {
        let ended = self.run(
            "UPDATE reply_keys SET ends_at = ?2 WHERE letter = ?1 AND ends_at > ?2",
            (number.to_string(), at(now)),
        )?;
        Ok(ended == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::sample::{later, now};
    use super::*;

    #[test]
    fn a_secret_that_a_crash_left_in_the_file_is_never_taken_for_the_key_that_is_made_next() {
        let folder = tempfile::tempdir().unwrap();
        let command = Store::create(folder.path()).unwrap();
        let failed = command.write(|tx| {
            tx.rotate_key(later(100), now())?;
            Err::<(), _>(StoreError::Content("the commit failed".into()))
        });
        assert!(failed.is_err());
        let file = folder.path().join(super::super::KEY_FILE);
        assert_eq!(read_file(&file).unwrap().len(), 2, "it was left");
        let daemon = Store::open(folder.path()).unwrap();
        daemon.read(|view| view.present_key()).unwrap();
        command.write(|tx| tx.rotate_key(later(100), now())).unwrap().unwrap();
        let mark = command.read(|view| view.return_mark("a")).unwrap();
        assert!(daemon.read(|view| view.is_return_mark(&mark, "a", now())).unwrap());
        assert!(Store::open(folder.path()).unwrap().read(|view| view.is_return_mark(&mark, "a", now())).unwrap());
    }
}
