//! Reply addresses: `r+<version><key><identity><check>@gateway`, lower case, at most 40 octets before the `@`
//! (decisions.md 9). The identity part is a keyed hash of the row and its generation, so it is stable across notices
//! and nothing secret is stored; person, purpose, expiry and revocation are looked up in the row. The check is made with
//! the key that the address names, so that keys can be replaced while old addresses live on.

use data_encoding::Encoding;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The only version of reply addresses that is accepted (threats T30).
const VERSION: char = '1';
const IDENTITY_LEN: usize = 20;
const CHECK_LEN: usize = 16;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz234567";
/// How many bytes a key has.
pub const KEY_BYTES: usize = 32;

/// Which of a store's keys: `a` is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyNumber(u8);

impl KeyNumber {
    /// The key that every store is made with.
    pub const FIRST: KeyNumber = KeyNumber(0);

    /// As it stands in reply addresses; none beyond `z`.
    pub fn read(letter: &str) -> Option<KeyNumber> {
        match letter.as_bytes() {
            [letter @ b'a'..=b'z'] => Some(KeyNumber(letter.saturating_sub(b'a'))),
            _ => None,
        }
    }

    /// The next key; none after `z`.
    pub fn next(self) -> Option<KeyNumber> {
        Some(KeyNumber(self.0.saturating_add(1))).filter(|n| n.0 < 26)
    }

    /// How it stands in reply addresses.
    pub fn letter(self) -> char {
        char::from(b'a'.saturating_add(self.0))
    }

    /// How many keys were made before it.
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

impl std::fmt::Display for KeyNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// A secret that reply addresses, codes and lookups are made with; never stored in the database.
#[derive(Clone)]
pub struct Key([u8; KEY_BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// A reply token that is written as it should be; whether it is known the store says.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    key: KeyNumber,
    identity: String,
    check: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token([redacted])")
    }
}

impl Key {
    /// The key of these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Key {
        Key(bytes)
    }

    /// The token (38 octets) of a thread's row in its present generation: what it is found by comes of this key, the first
    /// of the store, what proves it of `checked_by`.
    pub fn token(&self, thread: i64, generation: i64, (number, checked_by): (KeyNumber, &Key)) -> String {
        let identity = self.identity(thread, generation);
        let check = checked_by.check(number, &identity);
        format!("{VERSION}{number}{identity}{check}")
    }

    /// What the store keeps to find a thread's row by its token; it tells nothing of the token.
    pub fn lookup(&self, token: &Token) -> String {
        self.lookup_of_identity(&token.identity)
    }

    /// The lookup of the tokens that [`Key::token`] makes, with whatever key they are checked.
    pub fn lookup_of(&self, thread: i64, generation: i64) -> String {
        self.lookup_of_identity(&self.identity(thread, generation))
    }

    /// True if the token's check was made with this key; in constant time, so that unknown and wrong look the same (T31).
    pub fn made(&self, token: &Token) -> bool {
        bool::from(self.check(token.key, &token.identity).as_bytes().ct_eq(token.check.as_bytes()))
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

    fn identity(&self, thread: i64, generation: i64) -> String {
        self.hash("thread", &[&thread.to_be_bytes(), &generation.to_be_bytes()], IDENTITY_LEN)
    }

    fn lookup_of_identity(&self, identity: &str) -> String {
        self.hash("lookup", &[identity.as_bytes()], 26)
    }

    fn check(&self, number: KeyNumber, identity: &str) -> String {
        self.hash("check", &[&[VERSION as u8, number.letter() as u8], identity.as_bytes()], CHECK_LEN)
    }
}

impl Token {
    /// Reads what stands after the `+`; capitals are as good as small letters, anything else is no token.
    pub fn read(text: &str) -> Option<Token> {
        let text = text.to_ascii_lowercase();
        let (key, rest) = text.strip_prefix(VERSION)?.split_at_checked(1)?;
        let key = KeyNumber::read(key)?;
        let whole = rest.len() == IDENTITY_LEN + CHECK_LEN && rest.chars().all(|c| ALPHABET.contains(c));
        let (identity, check) = whole.then(|| rest.split_at_checked(IDENTITY_LEN)).flatten()?;
        Some(Token { key, identity: identity.to_owned(), check: check.to_owned() })
    }

    /// The key that it says it was made with.
    pub fn key(&self) -> KeyNumber {
        self.key
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

    /// A token of a store that has this one key.
    fn token(key: &Key, thread: i64, generation: i64) -> String {
        key.token(thread, generation, (KeyNumber::FIRST, key))
    }

    #[test]
    fn a_reply_address_has_at_most_forty_octets_before_the_at() {
        assert_eq!(format!("r+{}", token(&Key::new([7; 32]), i64::MAX, 3)).len(), 40);
    }

    #[test]
    fn t31_any_changed_letter_of_a_token_is_refused() {
        let key = Key::new([7; 32]);
        let token = token(&key, 5, 0);
        assert!(key.made(&Token::read(&token).unwrap()));
        for i in 1..token.len() {
            let mut other: Vec<char> = token.chars().collect();
            other[i] = if other[i] == 'a' { 'b' } else { 'a' };
            let other = Token::read(&other.iter().collect::<String>()).unwrap();
            assert!(!key.made(&other), "letter {i}");
        }
    }

    #[test]
    fn t44_capitals_do_not_matter() {
        let key = Key::new([7; 32]);
        let present = token(&key, 5, 0);
        assert_eq!(Token::read(&present.to_uppercase()), Token::read(&present));
        assert_ne!(token(&key, 5, 1), present);
    }

    #[test]
    fn t30_other_versions_odd_keys_and_other_lengths_are_no_tokens() {
        let token = token(&Key::new([7; 32]), 5, 0);
        let mut wrong: Vec<String> = "023456789abcz".chars().map(|v| token.replacen('1', &v.to_string(), 1)).collect();
        wrong.extend("0123456789-+é".chars().map(|key| token.replacen("1a", &format!("1{key}"), 1)));
        wrong.extend([
            token[1..].into(),
            token[..37].into(),
            format!("{token}a"),
            token.replace('a', "1"),
            String::new(),
            "1".into(),
        ]);
        for wrong in wrong {
            assert_eq!(Token::read(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn t30_a_token_is_found_alike_whatever_key_proves_it_and_only_that_key_does() {
        let (first, next) = (Key::new([7; 32]), Key::new([8; 32]));
        let b = KeyNumber::FIRST.next().unwrap();
        let old = Token::read(&token(&first, 5, 0)).unwrap();
        let new = Token::read(&first.token(5, 0, (b, &next))).unwrap();
        assert_eq!(first.lookup(&old), first.lookup(&new));
        assert_eq!((old.key().letter(), new.key().letter()), ('a', 'b'));
        assert!(first.made(&old) && next.made(&new) && !next.made(&old) && !first.made(&new));
        // The number is part of what is proved: nobody can write another one before a check.
        let renamed = Token::read(&token(&first, 5, 0).replacen("1a", "1b", 1)).unwrap();
        assert!(!first.made(&renamed) && !next.made(&renamed));
        let last = (0..25).try_fold(KeyNumber::FIRST, |n, _| n.next()).unwrap();
        assert_eq!((last.letter(), last.next()), ('z', None));
    }

    #[test]
    fn t31_of_a_million_guessed_tokens_none_is_taken_and_a_check_has_eighty_bits() {
        assert_eq!((IDENTITY_LEN * 5, CHECK_LEN * 5), (100, 80));
        let (key, letters) = (Key::new([7; 32]), ALPHABET.as_bytes());
        // The worst case: the identity is known, as to somebody who has the database and its first key.
        let identity = key.identity(5, 0);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut first_letters = 0_u32;
        let right = key.check(KeyNumber::FIRST, &identity);
        for _ in 0..1_000_000 {
            let check: String = (0..CHECK_LEN)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    char::from(letters[usize::try_from(state >> 59).unwrap()])
                })
                .collect();
            first_letters += u32::from(check[..2] == right[..2]);
            assert!(!bool::from(right.as_bytes().ct_eq(check.as_bytes())));
        }
        // They are guesses: as many as chance gives begin as the right one does.
        assert!((800..1_200).contains(&first_letters), "{first_letters}");
        let other = Key::new([8; 32]);
        assert!((0..20_000).all(|n| !key.made(&Token::read(&token(&other, n, 0)).unwrap())));
    }

    #[test]
    fn t31_tokens_and_codes_are_compared_in_constant_time_only() {
        // A measurement says little on a busy machine; that nothing but `ct_eq` compares them can be read.
        let code = include_str!("token.rs").split("#[cfg(test)]").next().unwrap();
        let made = code.split("pub fn made").nth(1).unwrap().split('}').next().unwrap();
        assert!(made.contains("ct_eq") && !made.contains("=="), "{made}");
        assert_eq!(code.matches("token.check").count(), 1, "only `made` looks at a check");
    }

    #[test]
    fn t78_neither_key_nor_token_is_shown_where_a_value_is() {
        let key = Key::new([7; 32]);
        let token = token(&key, 5, 0);
        let shown = format!("{key:?} {:?}", Token::read(&token));
        assert!(!shown.contains('7') && !shown.contains(&token[2..22]) && !shown.contains(&token[22..]), "{shown}");
    }
}
