//! The addresses of a firm's gateway: what to write them like, and what they mean when a mail comes to them.

use crate::config::{Addressing, Firm};
use crate::domain::token::Token;
use crate::domain::{Address, ItemId, Kind};

/// The addresses of one firm's gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// From of every mail.
    pub address: Address,
    /// How an address says what it is about.
    pub addressing: Addressing,
    /// The firm's own mail domains, lower case.
    pub domains: Vec<String>,
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
        Gateway { address: firm.address.clone(), addressing: firm.addressing, domains: firm.domains.clone() }
    }

    /// The reply address that carries `token`.
    pub fn reply_address(&self, token: &str) -> String {
        self.with_tag(token, &format!("r+{token}"))
    }

    /// The address of a matter, for new mails about it.
    pub fn matter_address(&self, number: u32) -> String {
        let tag = ItemId::new(Kind::Matter, number).to_string().to_lowercase();
        self.with_tag(&tag, &tag)
    }

    fn with_tag(&self, plus: &str, alone: &str) -> String {
        match self.addressing {
            Addressing::Plus => format!("{}+{plus}@{}", self.address.local(), self.address.domain()),
            Addressing::Subdomain => format!("{alone}@{}", self.address.domain()),
        }
    }

    /// The text without reply addresses, which are good for one person only: what somebody quotes or forwards is shown to
    /// others (threats T36). Addresses of matters and of the gateway itself stay.
    pub fn without_reply_addresses(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        // Mail addresses end at white space and at the marks that enclose them; `=` and `+` belong to them.
        let ends = |c: char| {
            c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | ',' | ';' | ':' | '|')
        };
        for piece in text.split_inclusive(ends) {
            let word = piece.trim_end_matches(ends);
            let is_secret =
                word.contains('@') && matches!(self.meaning(word.trim_end_matches('.')), Some(Meaning::Token(_)));
            if is_secret {
                clean.push_str("[reply address removed]");
                clean.push_str(piece.strip_prefix(word).unwrap_or_default());
            } else {
                clean.push_str(piece);
            }
        }
        clean
    }

    /// What this address means; none if it is not the gateway's. Mangled forms that mail systems make (`=2B`, capitals) count.
    pub fn meaning(&self, address: &str) -> Option<Meaning> {
        let address = address.trim().to_ascii_lowercase().replace("=2b", "+");
        let (local, domain) = address.rsplit_once('@')?;
        if domain != self.address.domain() {
            return None;
        }
        if local == self.address.local() {
            return Some(Meaning::Plain);
        }
        let tag = match self.addressing {
            Addressing::Plus => local.strip_prefix(self.address.local())?.strip_prefix('+')?,
            Addressing::Subdomain => local,
        };
        Some(read_tag(tag))
    }
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
    use crate::domain::token::Key;

    fn gateway(addressing: Addressing) -> Gateway {
        Gateway {
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing,
            domains: vec!["hale.example".into()],
        }
    }

    #[test]
    fn t36_a_quoted_reply_address_is_taken_out_of_text() {
        let token = Key::new([3; 32]).token(9, 0);
        for addressing in [Addressing::Subdomain, Addressing::Plus] {
            let gateway = gateway(addressing);
            let reply = gateway.reply_address(&token);
            let text =
                format!("To: Hale <{reply}>, mailto:{}\nm: {}.", reply.to_uppercase(), gateway.matter_address(3));
            let clean = gateway.without_reply_addresses(&text);
            assert!(!clean.to_lowercase().contains(&token), "{clean}");
            assert!(
                clean.contains("To: Hale <[reply address removed]>, mailto:[reply address removed]\nm: "),
                "{clean}"
            );
            assert!(clean.ends_with(&format!("{}.", gateway.matter_address(3))), "{clean}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_in_both_kinds_of_addressing() {
        let token = Key::new([3; 32]).token(9, 0);
        for addressing in [Addressing::Subdomain, Addressing::Plus] {
            let gateway = gateway(addressing);
            let reply = gateway.reply_address(&token);
            assert_eq!(gateway.meaning(&reply), Some(Meaning::Token(Token::read(&token).unwrap())), "{reply}");
            let mangled = reply.replace('+', "=2B").to_uppercase();
            assert_eq!(gateway.meaning(&mangled), gateway.meaning(&reply));
            let matter = gateway.matter_address(12);
            assert_eq!(gateway.meaning(&matter), Some(Meaning::Item(ItemId::new(Kind::Matter, 12), None)), "{matter}");
            assert_eq!(gateway.meaning("r@gw.hale.example"), Some(Meaning::Plain));
            assert_eq!(gateway.meaning("r@gw.hale.example.evil.example"), None);
        }
        let done = gateway(Addressing::Subdomain).meaning("done+T-12@gw.hale.example");
        assert_eq!(done, Some(Meaning::Item(ItemId::new(Kind::Task, 12), Some("done+t-12".into()))));
    }
}
