//! Reply addresses: `r+<version><key><identity><check>@gateway`, lower case, at most 40 octets before the `@`
//! (decisions.md 9). The identity part is a keyed hash of the row and its generation, so it is stable across notices
//! and nothing secret is stored; person, purpose, expiry and revocation are looked up in the row.

use data_encoding::Encoding;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The only version of reply addresses that is accepted (threats T30).
const VERSION: char = '1';
/// The only key number so far; a rotation adds another.
const KEY_NUMBER: char = 'a';
const IDENTITY_LEN: usize = 20;
const CHECK_LEN: usize = 16;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz234567";

/// The secret that reply addresses, codes and lookups are made with; 32 bytes, never stored in the database.
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// A reply token that is written as it should be; whether it is known the store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    identity: String,
    check: String,
}

impl Key {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// The token (38 octets) of a thread's row in its present generation.
    pub fn token(&self, thread: i64, generation: i64) -> String {
        let identity = self.hash("thread", &[&thread.to_be_bytes(), &generation.to_be_bytes()], IDENTITY_LEN);
        let check = self.check(&identity);
        format!("{VERSION}{KEY_NUMBER}{identity}{check}")
    }

    /// What the store keeps to find a thread's row by its token; it tells nothing of the token.
    pub fn lookup(&self, token: &Token) -> String {
        self.hash("lookup", &[token.identity.as_bytes()], 26)
    }

    /// The lookup of the token that [`Key::token`] makes.
    pub fn lookup_of(&self, thread: i64, generation: i64) -> String {
        Token::read(&self.token(thread, generation)).map_or_else(String::new, |t| self.lookup(&t))
    }

    /// True if the token was made with this key; in constant time, so that unknown and wrong look the same (T31).
    pub fn made(&self, token: &Token) -> bool {
        bool::from(self.check(&token.identity).as_bytes().ct_eq(token.check.as_bytes()))
    }

    /// A keyed hash of `parts` for one purpose, as `len` letters and digits.
    pub fn hash(&self, purpose: &str, parts: &[&[u8]], len: usize) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(purpose.as_bytes());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let mut text = base32().encode(&mac.finalize().into_bytes());
        text.truncate(len);
        text
    }

    fn check(&self, identity: &str) -> String {
        self.hash("check", &[&[VERSION as u8, KEY_NUMBER as u8], identity.as_bytes()], CHECK_LEN)
    }
}

impl Token {
    /// Reads what stands after the `+`; capitals are as good as small letters, anything else is no token.
    pub fn read(text: &str) -> Option<Token> {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix(VERSION)?.strip_prefix(KEY_NUMBER)?;
        let whole = rest.len() == IDENTITY_LEN + CHECK_LEN && rest.chars().all(|c| ALPHABET.contains(c));
        let (identity, check) = whole.then(|| rest.split_at_checked(IDENTITY_LEN)).flatten()?;
        Some(Token { identity: identity.to_owned(), check: check.to_owned() })
    }
}

fn base32() -> Encoding {
    let mut spec = data_encoding::Specification::new();
    spec.symbols.push_str(ALPHABET);
    spec.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_address_has_at_most_forty_octets_before_the_at() {
        assert_eq!(format!("r+{}", Key::new([7; 32]).token(i64::MAX, 3)).len(), 40);
    }

    #[test]
    fn t31_any_changed_letter_of_a_token_is_refused() {
        let key = Key::new([7; 32]);
        let token = key.token(5, 0);
        assert!(key.made(&Token::read(&token).unwrap()));
        for i in 2..token.len() {
            let mut other: Vec<char> = token.chars().collect();
            other[i] = if other[i] == 'a' { 'b' } else { 'a' };
            let other = Token::read(&other.iter().collect::<String>()).unwrap();
            assert!(!key.made(&other), "letter {i}");
        }
    }

    #[test]
    fn t44_capitals_do_not_matter_and_t30_other_versions_are_no_tokens() {
        let key = Key::new([7; 32]);
        let token = key.token(5, 0);
        assert_eq!(Token::read(&token.to_uppercase()), Token::read(&token));
        assert_eq!(Token::read(&token.replacen('1', "0", 1)), None);
        assert_ne!(key.token(5, 1), token);
    }
}
