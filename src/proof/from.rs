//! Who a mail says it is from: one strict From, or nobody (sender-proof.md 5.2, decisions.md 7).
//! In come the header lines of a raw mail, out goes one plain address with its display name, or a defect with a
//! stable code. Never chooses among several, never repairs, never looks at Reply-To, Sender or Return-Path.

use super::headers::{HeaderDefect, Headers, unfold};
use crate::domain::Address;
use data_encoding::{BASE64, BASE64_NOPAD};
use serde::{Deserialize, Serialize};

/// The header fields that may stand at most once (threats.md T15).
const AT_MOST_ONCE: [&str; 12] = [
    "To",
    "Cc",
    "Bcc",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// The one author that the From field names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The address, lower case.
    pub address: Address,
    /// The name written beside it, decoded; it never identifies anybody (threats.md T06).
    pub display_name: Option<String>,
}

/// Why a mail is from nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum FromDefect {
    /// The header block itself can be read in two ways.
    #[error("{0}")]
    Header(HeaderDefect),
    /// There is no From field.
    #[error("there is no From field")]
    Missing,
    /// There is more than one From field (threats.md T02).
    #[error("there is more than one From field")]
    Repeated,
    /// Another field that may stand only once stands twice (threats.md T15).
    #[error("a header field that may stand only once stands twice")]
    OtherFieldRepeated,
    /// The From field is not one plain mailbox (threats.md T04, T05).
    #[error("the From field is not one plain address")]
    NotOneAddress,
    /// The display name is an address, and another one (decisions.md 7).
    #[error("the display name is another address")]
    NameIsOtherAddress,
    /// The display name decodes to control characters or cannot be decoded.
    #[error("the display name cannot be shown safely")]
    NameUnsafe,
    /// Another parser found another address (sender-proof.md 5.2, rule 5).
    #[error("two parsers disagree about the address")]
    ParsersDisagree,
}

impl FromDefect {
    /// A stable code for logs, audit and `explain`.
    pub const fn code(self) -> &'static str {
        match self {
            FromDefect::Header(HeaderDefect::LeadingContinuation) => "header_leading_continuation",
            FromDefect::Header(HeaderDefect::BadName) => "header_bad_name",
            FromDefect::Header(HeaderDefect::ControlCharacter) => "header_control_character",
            FromDefect::Header(HeaderDefect::TooLarge) => "header_too_large",
            FromDefect::Missing => "from_missing",
            FromDefect::Repeated => "from_repeated",
            FromDefect::OtherFieldRepeated => "field_repeated",
            FromDefect::NotOneAddress => "from_not_one_address",
            FromDefect::NameIsOtherAddress => "from_name_is_other_address",
            FromDefect::NameUnsafe => "from_name_unsafe",
            FromDefect::ParsersDisagree => "from_parsers_disagree",
        }
    }
}

impl From<HeaderDefect> for FromDefect {
    fn from(defect: HeaderDefect) -> FromDefect {
        FromDefect::Header(defect)
    }
}

/// The one author of a raw mail, by the strict reading alone (threats.md T02–T06).
pub fn read(raw: &[u8]) -> Result<Author, FromDefect> {
    of(&Headers::read(raw)?)
}

/// The one author named by header lines that were read already.
pub fn of(headers: &Headers<'_>) -> Result<Author, FromDefect> {
    match headers.count("From") {
        0 => return Err(FromDefect::Missing),
        1 => {}
        _ => return Err(FromDefect::Repeated),
    }
    if AT_MOST_ONCE.iter().any(|name| headers.count(name) > 1) {
        return Err(FromDefect::OtherFieldRepeated);
    }
    headers.all("From").next().ok_or(FromDefect::Missing).and_then(mailbox)
}

/// The author again, if every address that another parser found in From is exactly this one (sender-proof.md 5.2, rule 5).
pub fn agreed<'a>(author: Author, found: impl IntoIterator<Item = &'a str>) -> Result<Author, FromDefect> {
    let mut found = found.into_iter();
    let same = found.next().is_some_and(|f| f.to_ascii_lowercase() == author.address.as_str());
    if same && found.next().is_none() { Ok(author) } else { Err(FromDefect::ParsersDisagree) }
}

/// Reads `addr-spec`, `<addr-spec>` or `name <addr-spec>` and nothing else.
fn mailbox(value: &[u8]) -> Result<Author, FromDefect> {
    if !value.iter().all(|b| matches!(b, 32..=126 | b'\t' | b'\r' | b'\n')) {
        return Err(FromDefect::NotOneAddress);
    }
    let text = unfold(value);
    let text = text.trim_matches([' ', '\t']);
    let Some(before) = text.strip_suffix('>') else {
        let address = Address::parse(text).map_err(|_| FromDefect::NotOneAddress)?;
        return Ok(Author { address, display_name: None });
    };
    let (name, address) = before.rsplit_once('<').ok_or(FromDefect::NotOneAddress)?;
    let address = Address::parse(address).map_err(|_| FromDefect::NotOneAddress)?;
    let display_name = phrase(name.trim_matches([' ', '\t']))?;
    match display_name {
        Some(name) if names_other_address(&name, &address) => Err(FromDefect::NameIsOtherAddress),
        display_name => Ok(Author { address, display_name }),
    }
}

/// A display name: one quoted string, or atoms and encoded words separated by spaces.
fn phrase(text: &str) -> Result<Option<String>, FromDefect> {
    if text.is_empty() {
        return Ok(None);
    }
    let name = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None => words(text)?,
    };
    let name = if name.contains("=?") { words_within(&name)? } else { name };
    if name.chars().any(char::is_control) {
        return Err(FromDefect::NameUnsafe);
    }
    let name = name.trim();
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

fn unquoted(text: &str) -> Result<String, FromDefect> {
    let mut name = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return if chars.as_str().is_empty() { Ok(name) } else { Err(FromDefect::NotOneAddress) },
            '\\' => name.push(chars.next().ok_or(FromDefect::NotOneAddress)?),
            c => name.push(c),
        }
    }
    Err(FromDefect::NotOneAddress)
}

fn words(text: &str) -> Result<String, FromDefect> {
    // A full stop is obsolete in atoms of a phrase, and "John Q. Public" is everywhere.
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let mut name = String::new();
    let mut after_encoded = false;
    for word in text.split([' ', '\t']).filter(|w| !w.is_empty()) {
        let encoded = encoded_word(word);
        // Outlook writes `jane@x.example <jane@x.example>` without the quotes that it should have.
        if encoded.is_none() && !word.chars().all(atom) && Address::parse(word).is_err() {
            return Err(FromDefect::NotOneAddress);
        }
        // RFC 2047 6.2: the space between two encoded words is no part of the text.
        let joined = after_encoded && encoded.is_some();
        if !name.is_empty() && !joined {
            name.push(' ');
        }
        after_encoded = encoded.is_some();
        name.push_str(&encoded.unwrap_or(Ok(word.to_owned()))?);
    }
    Ok(name)
}

/// Decodes what mail programs decode although RFC 2047 forbids it: encoded words within quotes.
fn words_within(quoted: &str) -> Result<String, FromDefect> {
    let words = quoted.split(' ').map(|w| encoded_word(w).unwrap_or(Ok(w.to_owned())));
    words.collect::<Result<Vec<_>, _>>().map(|w| w.join(" "))
}

/// The text of an RFC 2047 encoded word; `None` if it is none, a defect if it is one that cannot be decoded.
fn encoded_word(word: &str) -> Option<Result<String, FromDefect>> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.splitn(3, '?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    // In UTF-7, 16 and 32 an ASCII letter is not its own byte: what we check is not what a mail program would show.
    let opaque = ["utf-7", "utf7", "utf-16", "utf16", "utf-32", "utf32"];
    let charset = charset.to_ascii_lowercase();
    if opaque.iter().any(|o| charset.starts_with(o)) || text.contains('?') {
        return Some(Err(FromDefect::NameUnsafe));
    }
    let bytes = match encoding {
        "B" | "b" => BASE64.decode(text.as_bytes()).or_else(|_| BASE64_NOPAD.decode(text.as_bytes())).ok(),
        "Q" | "q" => q_decoded(text),
        _ => None,
    };
    Some(bytes.map(|b| String::from_utf8_lossy(&b).into_owned()).ok_or(FromDefect::NameUnsafe))
}

fn q_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'_' => b' ',
            b'=' => {
                let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                high.wrapping_shl(4) | low
            }
            b => b,
        });
    }
    Some(bytes)
}

/// Says whether the name holds something that reads as an address and is not `address`.
fn names_other_address(name: &str, address: &Address) -> bool {
    let edges = |c: char| !c.is_alphanumeric();
    name.split(|c: char| c.is_whitespace() || "<>()[]\"',;:".contains(c))
        // Full-width and small commercial at look the same to a reader.
        .map(|word| word.replace(['\u{ff20}', '\u{fe6b}'], "@"))
        .filter(|word| word.contains('@') && word.split('@').all(|side| side.chars().any(char::is_alphanumeric)))
        .any(|word| word.trim_matches(edges).to_lowercase() != address.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from(header: &str) -> Result<Author, FromDefect> {
        read(format!("{header}\r\nSubject: x\r\n\r\nbody\r\n").as_bytes())
    }

    fn address(header: &str) -> String {
        from(header).unwrap().address.to_string()
    }

    #[test]
    fn ordinary_authors_are_read() {
        for (header, expected, name) in [
            ("From: jane@lawfirm.example", "jane@lawfirm.example", None),
            ("From: <Jane@LawFirm.Example>", "jane@lawfirm.example", None),
            ("from:Jane Roe <jane@lawfirm.example>", "jane@lawfirm.example", Some("Jane Roe")),
            ("FROM: \"Roe, Jane\" <jane@lawfirm.example>", "jane@lawfirm.example", Some("Roe, Jane")),
            ("From: John Q. Public <jqp@lawfirm.example>", "jqp@lawfirm.example", Some("John Q. Public")),
            (
                "From: =?utf-8?Q?J=C3=B6rg_M?= =?utf-8?B?w7xsbGVy?=\r\n <jm@lawfirm.example>",
                "jm@lawfirm.example",
                Some("Jörg Müller"),
            ),
            (
                "From: \"jane@lawfirm.example\" <jane@lawfirm.example>",
                "jane@lawfirm.example",
                Some("jane@lawfirm.example"),
            ),
            ("From: jane@lawfirm.example <jane@lawfirm.example>", "jane@lawfirm.example", Some("jane@lawfirm.example")),
            ("From:\r\n Jane\r\n\t<jane@lawfirm.example> ", "jane@lawfirm.example", Some("Jane")),
            ("From: \"Jane @ Roe LLP\" <jane@lawfirm.example>", "jane@lawfirm.example", Some("Jane @ Roe LLP")),
        ] {
            let author = from(header).unwrap();
            assert_eq!((author.address.as_str(), author.display_name.as_deref()), (expected, name), "{header}");
        }
    }

    #[test]
    fn t02_two_from_headers_prove_nobody() {
        let (a, v) = ("From: x@attack.com", "From: admin@legitimate.com");
        assert_eq!(from(&format!("{a}\r\n{v}")), Err(FromDefect::Repeated));
        assert_eq!(from(&format!("{v}\r\nTo: b@c.d\r\n{a}")), Err(FromDefect::Repeated));
        assert_eq!(read(b"Subject: x\r\n\r\nFrom: a@b.c\r\n"), Err(FromDefect::Missing));
    }

    #[test]
    fn t03_from_with_a_space_or_a_fold_about_its_name_proves_nobody() {
        for header in [
            " From: admin@legitimate.com\r\nFrom: x@attack.com",
            "From: x@attack.com\r\nFrom : admin@legitimate.com",
            "From\r\n : admin@legitimate.com\r\nFrom: x@attack.com",
            "From: x@attack.com\r\nFrom\t: admin@legitimate.com",
            "From: x@attack.com\r\n\u{a0}From: admin@legitimate.com",
        ] {
            assert!(matches!(from(header), Err(FromDefect::Header(_))), "{header:?}");
        }
        assert_eq!(from("From: x@attack.com\r\n From: admin@legitimate.com"), Err(FromDefect::NotOneAddress));
    }

    #[test]
    fn t04_several_addresses_or_groups_prove_nobody() {
        for value in [
            "x@attack.com, admin@legitimate.com",
            "admin@legitimate.com, x@attack.com",
            "<x@attack.com>, <admin@legitimate.com>",
            "<x@attack.com><admin@legitimate.com>",
            "x@attack.com admin@legitimate.com",
            "group: admin@legitimate.com;",
            "group:;",
            "",
            "<>",
        ] {
            assert_eq!(from(&format!("From: {value}")), Err(FromDefect::NotOneAddress), "{value}");
        }
    }

    #[test]
    fn t05_addresses_in_disguise_prove_nobody() {
        for value in [
            "<@attack.com,@any.com:admin@legitimate.com>",
            "<admin@legitimate.com>\\,<x@attack.com>",
            "admin@legitimate.com\\,<x@attack.com>",
            "<any@attack.com>admin@legitimate.com",
            "any@attack.com<admin@legitimate.com",
            "admin(x)@legitimate.com",
            "admin@legitimate.com (x@attack.com)",
            "(hi) <admin@legitimate.com>",
            "\"admin@legitimate.com\"@attack.com",
            "<\"a b\"@legitimate.com>",
            "admin@legitimate.com\0@attack.com",
            "admin@legit\u{00e9}imate.com",
            "Admin@LEGITIMATE.COM.",
            "admin@[192.0.2.1]",
            "=?utf-8?B?YWRtaW5AbGVnaXRpbWF0ZS5jb20=?=",
            "\"open <x@attack.com>",
            "\"a\" b <x@attack.com>",
            "< admin@legitimate.com>",
        ] {
            let got = from(&format!("From: {value}"));
            assert!(matches!(got, Err(FromDefect::NotOneAddress | FromDefect::Header(_))), "{value:?}: {got:?}");
        }
    }

    #[test]
    fn t06_a_name_that_is_another_address_proves_nobody() {
        for value in [
            "\"jane@firm.example\" <x@evil.example>",
            "\"Jane (jane@firm.example)\" <x@evil.example>",
            "=?utf-8?B?YWRtaW5AbGVnaXRpbWF0ZS5jb20=?= <x@attack.com>",
            "\"=?utf-8?B?YWRtaW5AbGVnaXRpbWF0ZS5jb20=?=\" <x@attack.com>",
            "=?utf-8?Q?jane=EF=BC=A0firm.example?= <x@attack.com>",
        ] {
            assert_eq!(from(&format!("From: {value}")), Err(FromDefect::NameIsOtherAddress), "{value}");
        }
        for value in [
            "=?utf-8?Q?Jane=0D=0AReply-To:_x?= <x@attack.com>",
            "=?utf-7?Q?admin+AEA-legitimate.com?= <x@attack.com>",
            "=?utf-8?B?%%%?= <x@attack.com>",
        ] {
            assert_eq!(from(&format!("From: {value}")), Err(FromDefect::NameUnsafe), "{value}");
        }
    }

    #[test]
    fn t09_only_from_identifies() {
        let fields = "Reply-To: admin@legitimate.com\r\nSender: admin@legitimate.com\r\nReturn-Path: <admin@legitimate.com>\r\nResent-From: admin@legitimate.com";
        assert_eq!(address(&format!("{fields}\r\nFrom: x@attack.com")), "x@attack.com");
        assert_eq!(from(fields), Err(FromDefect::Missing));
    }

    #[test]
    fn t15_a_field_that_may_stand_once_stands_once() {
        for name in AT_MOST_ONCE {
            let header = format!("From: a@b.cd\r\n{name}: a\r\n{}: b", name.to_lowercase());

            assert_eq!(from(&header), Err(FromDefect::OtherFieldRepeated), "{name}");
        }
        assert!(from("From: a@b.cd\r\nReceived: a\r\nReceived: b").is_ok());
    }

    #[test]
    fn another_parsers_address_must_be_the_same() {
        let author = from("From: Jane <jane@lawfirm.example>").unwrap();
        assert!(agreed(author.clone(), ["Jane@lawfirm.example"]).is_ok());
        assert_eq!(agreed(author.clone(), []), Err(FromDefect::ParsersDisagree));
        assert_eq!(agreed(author.clone(), ["x@attack.com"]), Err(FromDefect::ParsersDisagree));
        assert_eq!(agreed(author, ["jane@lawfirm.example", "x@attack.com"]), Err(FromDefect::ParsersDisagree));
    }

    proptest! {
        #[test]
        fn no_value_panics_and_what_is_read_is_in_the_text(value in "[ -~\t]{0,120}") {
            if let Ok(author) = from(&format!("From: {value}")) {
                prop_assert!(value.to_lowercase().contains(author.address.as_str()));
            }
        }
    }
}
