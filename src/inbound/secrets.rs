//! Passwords that somebody writes to us though there is none here (ACC-08): in comes a text, out goes the text without the
//! lines that hold one. What is stored, indexed, logged and passed on is made from what comes out; the raw mail, which is
//! the evidence of who wrote what, keeps them, and only an administrator of the firm can open it. The password of a file that
//! comes with the mail is none of ours and stays.

use std::sync::LazyLock;

use regex::Regex;

/// What stands where a line was taken out.
pub const REMOVED: &str = "[password removed]";

const WORD: &str = "pass ?word|passphrase|passcode|passwort|kennwort|mot de passe|contraseña|pwd";

/// "my password is hunter2", "Login password: hunter2", anywhere in a line.
static OWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)\b(?:my|mein|mon|mi|login|log-?in|account|e-?mail|portal)\s+(?:(?:new|old|current|login|log-?in|account|e-?mail|portal)\s+)*(?:{WORD})\s*(?:(?:is|ist|est|es|was)\b|=|:)\s*(?P<secret>\S.*)"
    ))
    .ok()
});

/// "Password: hunter2" as a line of its own.
static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)^[\s>*•–-]*(?:the\s+|new\s+|old\s+|current\s+)*(?:{WORD})\s*(?:(?:is|ist|est|es)\b|=|:)\s*(?P<secret>\S.*)"))
        .ok()
});

/// `#password hunter2`.
static COMMAND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^[\s>*•–-]*[#＃]password\s*:?\s+(?P<secret>\S.*)").ok());

/// Words that follow "my password is" and are none.
const NO_SECRET: &[&str] = &[
    "a",
    "an",
    "the",
    "not",
    "no",
    "never",
    "wrong",
    "right",
    "correct",
    "incorrect",
    "invalid",
    "changed",
    "expired",
    "lost",
    "forgotten",
    "required",
    "needed",
    "protected",
    "known",
    "unknown",
    "missing",
    "below",
    "above",
    "attached",
    "being",
    "still",
    "too",
    "in",
    "on",
    "at",
    "by",
    "for",
    "to",
    "as",
    "with",
    "secret",
    "safe",
    "same",
    "different",
    "rejected",
    "refused",
    "accepted",
    "reset",
    "working",
    "only",
];

/// Whose passwords are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The password of a file may be in the text: a bare "Password: …" stays.
    OfFiles,
    /// No file came with it.
    None,
}

/// The text without the lines that hold a password, and whether there was one.
pub fn without_passwords(text: &str, kept: Kept) -> (String, bool) {
    let mut found = false;
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            if holds_password(line, kept) {
                found = true;
                REMOVED
            } else {
                line
            }
        })
        .collect();
    if !found {
        return (text.to_owned(), false);
    }
    let nothing_else = lines.iter().all(|l| l.trim().is_empty() || *l == REMOVED);
    (if nothing_else { String::new() } else { lines.join("\n") }, true)
}

fn holds_password(line: &str, kept: Kept) -> bool {
    let patterns = [COMMAND.as_ref(), OWN.as_ref(), BARE.as_ref().filter(|_| kept == Kept::None)];
    patterns.into_iter().flatten().any(|pattern| {
        pattern.captures(line).and_then(|c| c.name("secret")).is_some_and(|secret| is_secret(secret.as_str()))
    })
}

/// A single word that is not one of those that follow such words in prose, or a word with digits or signs in it.
fn is_secret(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    let Some(first) = words.next() else { return false };
    let plain = first.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if NO_SECRET.contains(&plain.as_str()) {
        return false;
    }
    let inner = first.trim_end_matches(['.', ',', ';', '!', '?', ')']);
    words.next().is_none() || inner.chars().any(|c| !c.is_alphabetic() && !matches!(c, '\'' | '’' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acc_08_a_password_is_taken_out_with_its_line() {
        for line in [
            "password: hunter2",
            "Password: hunter2",
            "My password is hunter2",
            "my password is hunter2, please change it",
            "Hello, my new login password is: Tr0ub4dor&3",
            "#password hunter2",
            "  - pwd = s3cret",
            "Mein Passwort ist geheim1",
            "passphrase: correct-horse-battery-staple",
            "password is swordfish",
        ] {
            let (left, found) = without_passwords(&format!("Dear Anna,\n{line}\nJane"), Kept::None);
            assert!(found, "{line}");
            assert_eq!(left, format!("Dear Anna,\n{REMOVED}\nJane"));
            assert_eq!(without_passwords(line, Kept::None), (String::new(), true), "{line}");
        }
    }

    #[test]
    fn what_is_said_about_passwords_stays() {
        for line in [
            "My password is not working.",
            "the password is wrong",
            "Is there a password?",
            "Password policy: see the handbook",
            "The password for the exhibits is on the envelope",
            "#password",
            "We passed the word: is that enough?",
        ] {
            assert_eq!(without_passwords(line, Kept::None), (line.to_owned(), false), "{line}");
        }
    }

    #[test]
    fn the_password_of_an_attached_file_reaches_the_firm_and_ones_own_does_not() {
        assert!(!without_passwords("Password: abc123", Kept::OfFiles).1);
        assert!(without_passwords("My password is abc123", Kept::OfFiles).1);
    }
}
