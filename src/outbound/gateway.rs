//! The addresses of a firm's gateway: what to write them like, and what they mean when a mail comes to them. And the
//! programs that draw pictures for its mails.

use std::ops::Range;

use jiff::SignedDuration;

use super::preview::Drawing;
use crate::config::{Addressing, Firm};
use crate::domain::token::Token;
use crate::domain::{Address, ItemId, Kind};
use crate::language::{Locale, say};

/// The most reply addresses of one file that are looked at.
const MOST_TOKENS: usize = 20;
/// How long a token is.
const TOKEN_LEN: usize = 38;

/// The addresses of one firm's gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// From of every mail.
    pub address: Address,
    /// How an address says what it is about.
    pub addressing: Addressing,
    /// The firm's own mail domains, lower case.
    pub domains: Vec<String>,
    /// Domains whose servers sign whatever a user of theirs writes into From, lower case.
    pub local_part_unproven: Vec<String>,
    /// What draws first pages.
    pub drawing: Drawing,
    /// How long the mail about a share waits for further ones.
    pub shares_wait: SignedDuration,
}

/// What an address of the gateway means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The gateway itself.
    Plain,
    /// A reply address.
    Token(Token),
    /// A matter or another item; with a word, the whole of it: `m-12`, `done+t-12`.
    Item(ItemId, Option<String>),
    /// Ours, but nothing we ever wrote.
    Unknown,
}

impl Gateway {
    /// The gateway of a configured firm.
    pub fn new(firm: &Firm) -> Gateway {
        Gateway {
            address: firm.address.clone(),
            addressing: firm.addressing,
            domains: firm.domains.clone(),
            local_part_unproven: firm.local_part_unproven.clone(),
            drawing: Drawing { pdftoppm: firm.files.pdftoppm.clone(), ..Drawing::default() },
            shares_wait: firm.shares_wait,
        }
    }

    /// The reply address that carries `token`.
    pub fn reply_address(&self, token: &str) -> String {
        self.with_tag(token, &format!("r+{token}"))
    }

    /// Where new mails about a matter go; where an address can't say it, with what their subject must say.
    pub fn matter_address(&self, number: u32, locale: Locale) -> String {
        let id = ItemId::new(Kind::Matter, number).to_string();
        if self.addressing == Addressing::Plain {
            let address = self.address.to_string();
            return say!(locale, "{address} with [{id}] in the subject", address = address, id = id);
        }
        let tag = id.to_lowercase();
        self.with_tag(&tag, &tag)
    }

    fn with_tag(&self, plus: &str, alone: &str) -> String {
        match self.addressing {
            Addressing::Plus => format!("{}+{plus}@{}", self.address.local(), self.address.domain()),
            Addressing::Subdomain => format!("{alone}@{}", self.address.domain()),
            Addressing::Plain => self.address.to_string(),
        }
    }

    /// The text without reply addresses, which are good for one person only: what somebody quotes or forwards is shown to
    /// others (threats T36). Addresses of matters and of the gateway itself stay. Whatever stands about its secret part,
    /// that is what goes: programs write addresses in many ways.
    pub fn without_reply_addresses(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for found in secrets_in(text) {
            out.push_str(text.get(from..found.whole.start).unwrap_or_default());
            out.push_str("[reply address removed]");
            from = found.whole.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    /// The reply addresses that somebody finds who opens this file: as they stand, or with the line breaks and the marks
    /// of an encoded mail in them. At most twenty.
    pub fn reply_addresses_in(file: &[u8]) -> Vec<Token> {
        let text: String = String::from_utf8_lossy(file).replace("=\r\n", "").replace("=\n", "");
        let secrets = secrets_in(&text).into_iter().filter(|found| found.is_address);
        let mut tokens: Vec<Token> = Vec::new();
        for token in secrets.filter_map(|found| Token::read(text.get(found.token)?)) {
            if tokens.len() < MOST_TOKENS && !tokens.contains(&token) {
                tokens.push(token);
            }
        }
        tokens
    }

    /// What this address means; none if it is not the gateway's. Mangled forms that mail systems make (`=2B`, capitals,
    /// quotes, Exchange's wrapping) count.
    pub fn meaning(&self, address: &str) -> Option<Meaning> {
        let address = unwrapped(&address.trim().to_ascii_lowercase()).replace("=2b", "+");
        let (local, domain) = address.rsplit_once('@')?;
        let local = local.strip_prefix('"').and_then(|l| l.strip_suffix('"')).unwrap_or(local);
        if domain != self.address.domain() {
            return None;
        }
        if local == self.address.local() {
            return Some(Meaning::Plain);
        }
        let tag = match self.addressing {
            Addressing::Plus => local.strip_prefix(self.address.local())?.strip_prefix('+')?,
            Addressing::Subdomain => local,
            // All other addresses of the domain are people's.
            Addressing::Plain => return None,
        };
        Some(read_tag(tag))
    }
}

/// The address that Exchange wrapped into one of its own (`imceasmtp-r+2btoken+40gw.hale.example@hale.example`), or this one.
fn unwrapped(address: &str) -> String {
    let wrapped = address.rsplit_once('@').and_then(|(local, _)| local.strip_prefix("imceasmtp-"));
    let Some(wrapped) = wrapped else { return address.to_owned() };
    let mut pieces = wrapped.split('+');
    let mut inner = pieces.next().unwrap_or_default().replace('_', "/");
    for piece in pieces {
        let code = piece.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii_graphic);
        let (Some(code), Some(rest)) = (code, piece.get(2..)) else { return address.to_owned() };
        inner.push(char::from(code));
        inner.push_str(&rest.replace('_', "/"));
    }
    inner
}

/// A token in a text.
#[derive(Debug, PartialEq, Eq)]
struct Secret {
    /// What goes with it: of an address all, of a token alone nothing else.
    whole: Range<usize>,
    token: Range<usize>,
    /// An address rather than a word of its own.
    is_address: bool,
}

/// The tokens of a text, in order: each with an `@` behind it, which some programs encode, and a domain, and with all of
/// the local part before it; or as a word of its own. Everything is ASCII, so that places are ends of characters. Whatever
/// the text, each byte is looked at a few times only (threats T54): a local part is passed over once, and a token holds
/// only one `1`, so that no two lie one over the other.
fn secrets_in(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    // Where the local part that `at` is in begins, and how many tokens were found before it.
    let (mut at, mut start, mut before) = (0_usize, 0_usize, 0_usize);
    while let Some(byte) = bytes.get(at) {
        let token = token_at(bytes, at);
        let domain = token.as_ref().and_then(|token| domain_after(bytes, token.end));
        match (token, domain) {
            (Some(token), Some(domain)) => {
                // Words before it in the same local part go with it.
                found.truncate(before);
                found.push(Secret { whole: start..domain, token, is_address: true });
                at = domain;
            }
            (Some(token), None) => {
                at = token.end;
                if is_word(bytes, &token) {
                    found.push(Secret { whole: token.clone(), token, is_address: false });
                }
                continue;
            }
            (None, _) => {
                at = at.saturating_add(1);
                if is_local(*byte) {
                    continue;
                }
            }
        }
        (start, before) = (at, found.len());
    }
    found
}

/// What the part of an address before its `@` is of, encoded or not.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'=' | b'%' | b'+' | b'_' | b'-')
}

/// A token that begins here; what follows may make a longer word of it.
fn token_at(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let end = at.saturating_add(TOKEN_LEN);
    let [b'1', key, rest @ ..] = bytes.get(at..end)? else { return None };
    let is_one = key.is_ascii_alphabetic() && rest.iter().all(|b| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(b));
    is_one.then_some(at..end)
}

/// Where the domain ends before which there is an `@` at this place.
fn domain_after(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let sign = ["@", "%40", "=40", "+40"].iter().find(|sign| rest.starts_with(sign.as_bytes()))?;
    let label = |at: usize| bytes.iter().skip(at).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let first = at.saturating_add(sign.len());
    let mut end = first.saturating_add(label(first));
    if end == first {
        return None;
    }
    while bytes.get(end) == Some(&b'.') {
        let next = end.saturating_add(1);
        match label(next) {
            0 => break,
            length => end = next.saturating_add(length),
        }
    }
    Some(end)
}

fn is_word(bytes: &[u8], token: &Range<usize>) -> bool {
    let goes_on =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    !goes_on(token.start.checked_sub(1)) && !goes_on(Some(token.end))
}

fn read_tag(tag: &str) -> Meaning {
    let token = tag.strip_prefix("r+").unwrap_or(tag);
    if let Some(token) = Token::read(token) {
        return Meaning::Token(token);
    }
    if let Some(item) = ItemId::parse(tag) {
        return Meaning::Item(item, None);
    }
    let item = tag.split_once('+').and_then(|(a, b)| ItemId::parse(a).or_else(|| ItemId::parse(b)));
    item.map_or(Meaning::Unknown, |item| Meaning::Item(item, Some(tag.to_owned())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::domain::token::{Key, KeyNumber};

    fn gateway(addressing: Addressing) -> Gateway {
        Gateway {
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            drawing: Default::default(),
            shares_wait: Default::default(),
        }
    }

    #[test]
    fn t44_mangled_by_mail_systems_an_address_means_the_same() {
        let key = Key::new([3; 32]);
        let token = key.token(9, 0, (KeyNumber::FIRST, &key));
        for addressing in [Addressing::Subdomain, Addressing::Plus] {
            let gateway = gateway(addressing);
            let written = gateway.reply_address(&token);
            let meant = gateway.meaning(&written);
            assert!(matches!(meant, Some(Meaning::Token(_))));
            let (local, domain) = written.split_once('@').unwrap();
            let wrapped = written.replace('+', "+2B").replace('@', "+40");
            for mangled in [
                written.to_uppercase(),
                written.replace('+', "=2B"),
                format!("\"{local}\"@{domain}"),
                format!("IMCEASMTP-{wrapped}@mail.roe.example"),
            ] {
                assert_eq!(gateway.meaning(&mangled), meant, "{mangled}");
            }
            for other in [
                "IMCEASMTP-+4@x.example",
                "IMCEASMTP-+ff@x.example",
                "IMCEASMTP-@x.example",
                "imceasmtp-a+40b@x.example",
            ] {
                assert_eq!(gateway.meaning(other), None, "{other}");
            }
        }
    }

    #[test]
    fn t36_a_quoted_reply_address_is_taken_out_of_text() {
        let key = Key::new([3; 32]);
        let token = key.token(9, 0, (KeyNumber::FIRST, &key));
        for addressing in [Addressing::Subdomain, Addressing::Plus] {
            let gateway = gateway(addressing);
            let reply = gateway.reply_address(&token);
            let text = format!(
                "To: Hale <{reply}>, mailto:{}\nm: {}.",
                reply.to_uppercase(),
                gateway.matter_address(3, Locale::British)
            );
            let clean = gateway.without_reply_addresses(&text);
            assert!(!clean.to_lowercase().contains(&token), "{clean}");
            assert!(
                clean.contains("To: Hale <[reply address removed]>, mailto:[reply address removed]\nm: "),
                "{clean}"
            );
            assert!(clean.ends_with(&format!("{}.", gateway.matter_address(3, Locale::British))), "{clean}");
            let encoded = reply.replace('+', "%2B").replace('@', "%40");
            // As Exchange writes it.
            let wrapped = reply.replace('+', "+2B").replace('@', "+40");
            let wrapped = format!("IMCEASMTP-{wrapped}@mail.roe.example");
            for odd in [
                format!("mailto:{encoded}?subject=x"),
                format!("\"{reply}\"@x"),
                format!("a{reply}"),
                wrapped,
                token.clone(),
            ] {
                assert!(!gateway.without_reply_addresses(&odd).contains(&token), "{odd}");
            }
        }
    }

    /// What the tokens of a text were found with before, in time that grew with the square of it.
    fn by_pattern(text: &str) -> Vec<Secret> {
        let source = r"(?i-u)[a-z0-9.=%+_-]*?(1[a-z][a-z2-7]{36})(?:@|%40|=40|\+40)[a-z0-9-]+(?:\.[a-z0-9-]+)*|\b1[a-z][a-z2-7]{36}\b";
        let secret = |found: regex::Captures<'_>| {
            let whole = found.get(0).unwrap().range();
            let token = found.get(1).map_or(whole.clone(), |token| token.range());
            Secret { whole, token, is_address: found.get(1).is_some() }
        };
        Regex::new(source).unwrap().captures_iter(text).map(secret).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn tokens_are_found_as_the_pattern_says(
            text in "(1a[a-z2-7]{36}|1[A-Z][A-Z2-7]{36}|1a{37}|1a[a-z2-7]{35}|1a2{37}|@|%40|=40|\\+40|[a.=%+_1-]|gw\\.x|\\.|r\\+| |\n|é|ſ|\u{212a}|4|0){0,14}"
        ) {
            prop_assert_eq!(secrets_in(&text), by_pattern(&text));
        }
    }

    #[test]
    fn tokens_side_by_side_are_found_as_the_pattern_says() {
        let token = format!("1a{}", "b".repeat(36));
        for text in [
            format!("{token}%40{token}%40{token}@x.example"),
            format!("{token}@{token}@x..example"),
            format!("{token}.{token}-{token}+40"),
            format!("{token}.{token}=40x.{token}_{token}"),
            format!("a{token} {token}a é{token}é _{token} {token}_ .{token}."),
            format!("1{token}@x1{token}@-.x"),
            format!("{token}%40{token} {token}@"),
            format!("{token}.{token}%40x_{token}%40y_{token}.{token}"),
        ] {
            assert_eq!(secrets_in(&text), by_pattern(&text), "{text}");
        }
    }

    /// Threat T54: a megabyte of what is nearly an address took half a minute, and sixteen times that hours.
    #[test]
    fn t54_a_file_of_tokens_without_an_address_is_read_once() {
        let nearly = format!("1a{}", "a".repeat(36));
        let gateway = gateway(Addressing::Subdomain);
        for (after, most) in [(".", 0), ("%40.", 0), ("@ ", 0), ("%40x_", 1), ("1", 0)] {
            let text = format!("{nearly}{after}").repeat((4 << 20) / 40);
            assert_eq!(Gateway::reply_addresses_in(text.as_bytes()).len(), most, "{after}");
            let clean = gateway.without_reply_addresses(&text);
            assert_eq!(clean.contains(&nearly), after == "1", "{after}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_in_both_kinds_of_addressing() {
        let key = Key::new([3; 32]);
        let token = key.token(9, 0, (KeyNumber::FIRST, &key));
        for addressing in [Addressing::Subdomain, Addressing::Plus] {
            let gateway = gateway(addressing);
            let reply = gateway.reply_address(&token);
            assert_eq!(gateway.meaning(&reply), Some(Meaning::Token(Token::read(&token).unwrap())), "{reply}");
            let mangled = reply.replace('+', "=2B").to_uppercase();
            assert_eq!(gateway.meaning(&mangled), gateway.meaning(&reply));
            let matter = gateway.matter_address(12, Locale::British);
            assert_eq!(gateway.meaning(&matter), Some(Meaning::Item(ItemId::new(Kind::Matter, 12), None)), "{matter}");
            assert_eq!(gateway.meaning("r@gw.hale.example"), Some(Meaning::Plain));
            assert_eq!(gateway.meaning("r@gw.hale.example.evil.example"), None);
        }
        let done = gateway(Addressing::Subdomain).meaning("done+T-12@gw.hale.example");
        assert_eq!(done, Some(Meaning::Item(ItemId::new(Kind::Task, 12), Some("done+t-12".into()))));
    }
}
