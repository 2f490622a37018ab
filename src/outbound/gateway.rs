//! The addresses of a firm's gateway: what to write them like, and what they mean when a mail comes to them. And the
//! programs that draw pictures for its mails.

use std::sync::LazyLock;

use jiff::SignedDuration;
use regex::Regex;

use super::preview::Drawing;
use crate::config::{Addressing, Firm};
use crate::domain::token::Token;
use crate::domain::{Address, ItemId, Kind};
use crate::language::{Locale, say};

/// An address with a token before its `@`, which some programs encode; or a token as a word of its own.
#[expect(clippy::expect_used, reason = "the pattern is a constant and the tests compile it")]
static REPLY_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let source = r"(?i-u)[a-z0-9.=%+_-]*?(1[a-z][a-z2-7]{36})(?:@|%40|=40|\+40)[a-z0-9-]+(?:\.[a-z0-9-]+)*|\b1[a-z][a-z2-7]{36}\b";
    Regex::new(source).expect("a constant pattern compiles")
});
/// The most reply addresses of one file that are looked at.
const MOST_TOKENS: usize = 20;

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
        REPLY_ADDRESS.replace_all(text, "[reply address removed]").into_owned()
    }

    /// The reply addresses that somebody finds who opens this file: as they stand, or with the line breaks and the marks
    /// of an encoded mail in them. At most twenty.
    pub fn reply_addresses_in(file: &[u8]) -> Vec<Token> {
        let text: String = String::from_utf8_lossy(file).replace("=\r\n", "").replace("=\n", "");
        let secrets = REPLY_ADDRESS.captures_iter(&text).filter_map(|found| found.get(1));
        let mut tokens: Vec<Token> = Vec::new();
        for token in secrets.filter_map(|secret| Token::read(secret.as_str())) {
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
