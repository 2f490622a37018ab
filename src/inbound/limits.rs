//! Structure limits on raw mail, before any parser sees it (threats.md T49–T53): raw bytes in, the first limit broken
//! or nothing out. One linear scan with a bounded stack; it decodes nothing but nested mails that are encoded whole.

use super::burden;
use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};

/// What a mail may have at most; the default is what threats.md T49–T53 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole mail.
    pub size: usize,
    /// Header fields of one part.
    pub headers: usize,
    /// Octets of one header field, folded lines included.
    pub header_len: usize,
    /// Octets of all header fields of one part.
    pub header_total: usize,
    /// Parts of the whole mail, those of nested mails included.
    pub parts: usize,
    /// Multiparts and mails that may stand inside one another.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            size: 25 * 1024 * 1024,
            headers: 1000,
            header_len: 64 * 1024,
            header_total: 256 * 1024,
            parts: 1000,
            nesting: 20,
        }
    }
}

impl Limits {
    /// These limits for mails of so many octets.
    pub fn up_to(mail_bytes: u64) -> Limits {
        Limits { size: usize::try_from(mail_bytes).unwrap_or(usize::MAX), ..Limits::default() }
    }
}

/// The limit that a mail breaks; such a mail is held unparsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// The mail has too many octets.
    #[error("the mail is too large")]
    TooLarge,
    /// A part has too many header fields.
    #[error("the mail has too many header fields")]
    TooManyHeaders,
    /// One header field is too long.
    #[error("a header field is too long")]
    HeaderTooLong,
    /// The header fields of a part are too long together.
    #[error("the header is too long")]
    HeadersTooLong,
    /// There are too many parts.
    #[error("the mail has too many parts")]
    TooManyParts,
    /// Parts or mails stand too deep inside one another.
    #[error("the mail is nested too deeply")]
    TooDeep,
    /// Its structure contradicts itself so much that nothing can be made of it.
    #[error("the mail can't be taken apart")]
    Unreadable,
}

impl Limit {
    /// The stable name of the limit for tables, logs and `--json`.
    pub const fn code(self) -> &'static str {
        match self {
            Limit::TooLarge => "TOO_LARGE",
            Limit::TooManyHeaders => "TOO_MANY_HEADERS",
            Limit::HeaderTooLong => "HEADER_TOO_LONG",
            Limit::HeadersTooLong => "HEADERS_TOO_LONG",
            Limit::TooManyParts => "TOO_MANY_PARTS",
            Limit::TooDeep => "TOO_DEEP",
            Limit::Unreadable => "UNREADABLE_MIME",
        }
    }
}

/// Checks `raw` against `limits`; linear in its length.
pub fn check(raw: &[u8], limits: &Limits) -> Result<(), Limit> {
    if raw.len() > limits.size {
        return Err(Limit::TooLarge);
    }
    let mut scan = Scan { limits, parts: 0 };
    scan.mail(raw, 0)?;
    burden::check(raw)
}

/// mail-parser looks into encoded mails three deep; deeper ones stay closed until they are checked by themselves.
const ENCODED_DEPTH: usize = 4;

struct Scan<'l> {
    limits: &'l Limits,
    parts: usize,
}

enum Open {
    Multipart(Vec<u8>),
    Mail,
}

#[derive(Default)]
struct Head {
    fields: usize,
    octets: usize,
    field_octets: usize,
    multipart: Option<Vec<u8>>,
    is_mail: bool,
    is_digest: bool,
    encoding: Encoding,
    typed: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Encoding {
    #[default]
    Plain,
    Base64,
    Quoted,
}

impl Scan<'_> {
    fn mail(&mut self, raw: &[u8], encoded_depth: usize) -> Result<(), Limit> {
        let mut open: Vec<Open> = Vec::new();
        let mut digest = false;
        let mut rest = raw;
        self.part()?;
        loop {
            let (head, body) = self.head(rest)?;
            rest = body;
            let nested = head.is_mail || (digest && !head.typed && head.multipart.is_none());
            digest = head.is_digest;
            if let Some(boundary) = head.multipart {
                self.push(&mut open, Open::Multipart(boundary), encoded_depth)?;
            } else if nested && head.encoding == Encoding::Plain {
                self.push(&mut open, Open::Mail, encoded_depth)?;
                self.part()?;
                continue;
            }
            let (body, next) = next_part(rest, &mut open);
            if nested && head.encoding != Encoding::Plain && encoded_depth < ENCODED_DEPTH {
                self.encoded(body, head.encoding, encoded_depth)?;
            }
            let Some(next) = next else { return Ok(()) };
            rest = next;
            self.part()?;
        }
    }

    fn encoded(&mut self, body: &[u8], encoding: Encoding, depth: usize) -> Result<(), Limit> {
        let decoded = match encoding {
            Encoding::Base64 => base64_decode(body),
            _ => quoted_printable_decode(body),
        };
        decoded.map_or(Ok(()), |inner| self.mail(&inner, depth.saturating_add(1)))
    }

    fn part(&mut self) -> Result<(), Limit> {
        self.parts = self.parts.saturating_add(1);
        if self.parts > self.limits.parts { Err(Limit::TooManyParts) } else { Ok(()) }
    }

    fn push(&self, open: &mut Vec<Open>, item: Open, encoded_depth: usize) -> Result<(), Limit> {
        open.push(item);
        if open.len().saturating_add(encoded_depth) > self.limits.nesting { Err(Limit::TooDeep) } else { Ok(()) }
    }

    fn head<'r>(&self, raw: &'r [u8]) -> Result<(Head, &'r [u8]), Limit> {
        let mut head = Head::default();
        let mut field: Vec<u8> = Vec::new();
        let mut rest = raw;
        while let Some((line, next)) = first_line(rest) {
            rest = next;
            if trim_end(line).is_empty() {
                break;
            }
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            if !folded {
                head.take(&field);
                field.clear();
                head.fields = head.fields.saturating_add(1);
                head.field_octets = 0;
            }
            head.octets = head.octets.saturating_add(line.len());
            head.field_octets = head.field_octets.saturating_add(line.len());
            self.head_within(&head)?;
            if wanted(if field.is_empty() { line } else { &field }) {
                field.extend_from_slice(line);
            }
        }
        head.take(&field);
        Ok((head, rest))
    }

    fn head_within(&self, head: &Head) -> Result<(), Limit> {
        if head.fields > self.limits.headers {
            Err(Limit::TooManyHeaders)
        } else if head.field_octets > self.limits.header_len {
            Err(Limit::HeaderTooLong)
        } else if head.octets > self.limits.header_total {
            Err(Limit::HeadersTooLong)
        } else {
            Ok(())
        }
    }
}

impl Head {
    fn take(&mut self, field: &[u8]) {
        let lower = String::from_utf8_lossy(field).to_ascii_lowercase();
        let Some((name, value)) = lower.split_once(':') else { return };
        let value = value.trim();
        match name.trim() {
            "content-type" => {
                self.typed = true;
                self.is_mail = value.starts_with("message/rfc822") || value.starts_with("message/global");
                self.is_digest = value.starts_with("multipart/digest");
                let multipart = value.starts_with("multipart/");
                self.multipart = multipart.then(|| boundary(field)).flatten();
            }
            // As the parser reads it, to the letter: with more behind the word it decodes nothing.
            "content-transfer-encoding" if value == "base64" => self.encoding = Encoding::Base64,
            "content-transfer-encoding" if value == "quoted-printable" => self.encoding = Encoding::Quoted,
            _ => {}
        }
    }
}

/// Content-Type and Content-Transfer-Encoding are all that the scan reads.
fn wanted(line: &[u8]) -> bool {
    line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
}

fn boundary(field: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(field);
    let at = text.to_ascii_lowercase().find("boundary")?;
    let value = text.get(at..)?.split_once('=')?.1.trim_start();
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split([';', ' ', '\t', '\r', '\n']).next()?,
    };
    (!value.is_empty()).then(|| value.as_bytes().to_vec())
}

/// The body up to the next boundary of any open multipart, and what follows that boundary line.
fn next_part<'r>(raw: &'r [u8], open: &mut Vec<Open>) -> (&'r [u8], Option<&'r [u8]>) {
    let mut rest = raw;
    while let Some((line, next)) = first_line(rest) {
        let before = raw.len().saturating_sub(rest.len());
        rest = next;
        if !line.starts_with(b"--") {
            continue;
        }
        let found = open.iter().rposition(|o| matches!(o, Open::Multipart(b) if marks(line, b)));
        let Some(at) = found else { continue };
        let closing = open.get(at).is_some_and(|o| matches!(o, Open::Multipart(b) if closes(line, b)));
        open.truncate(if closing { at } else { at.saturating_add(1) });
        if !closing {
            return (raw.get(..before).unwrap_or(raw), Some(rest));
        }
    }
    (raw, None)
}

fn marks(line: &[u8], boundary: &[u8]) -> bool {
    line.get(2..).is_some_and(|l| l.starts_with(boundary))
}

fn closes(line: &[u8], boundary: &[u8]) -> bool {
    line.get(2..).and_then(|l| l.get(boundary.len()..)).is_some_and(|l| l.starts_with(b"--"))
}

fn first_line(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    if raw.is_empty() {
        return None;
    }
    let end = raw.iter().position(|b| *b == b'\n').map_or(raw.len(), |at| at.saturating_add(1));
    raw.split_at_checked(end)
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.trim_ascii_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(levels: usize) -> Vec<u8> {
        let mut raw = String::new();
        for _ in 0..levels {
            raw.push_str("Content-Type: message/rfc822\r\n\r\n");
        }
        raw.push_str("Subject: inside\r\n\r\nhello\r\n");
        raw.into_bytes()
    }

    #[test]
    fn an_ordinary_mail_is_within_the_limits() {
        assert_eq!(check(b"From: a@b.c\r\n\r\nhello\r\n", &Limits::default()), Ok(()));
    }

    #[test]
    fn t49_mails_inside_mails_are_refused_beyond_twenty_levels() {
        assert_eq!(check(&nested(20), &Limits::default()), Ok(()));
        assert_eq!(check(&nested(21), &Limits::default()), Err(Limit::TooDeep));
        assert_eq!(check(&nested(100_000), &Limits::default()), Err(Limit::TooDeep));
    }

    #[test]
    fn mails_that_are_encoded_whole_count_as_nesting_too() {
        let inner = data_encoding::BASE64.encode(&nested(30));
        let raw = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}\r\n");
        assert_eq!(check(raw.as_bytes(), &Limits::default()), Err(Limit::TooDeep));
    }

    /// A header field of so many octets, its line end included.
    fn field(start: &str, filler: &str, octets: usize) -> String {
        let room = octets - start.len() - 2;
        format!("{start}{}\r\n", &filler.repeat(room / filler.len() + 1)[..room])
    }

    const KIB: usize = 1024;

    /// Each bomb as large as it may be, one more, and as large as the row says; and what breaks.
    fn header_bombs() -> Vec<(&'static str, Vec<String>, Vec<String>, Limit)> {
        let folded =
            |each: &str, times: usize| format!("From: a@b.example\r\n{}", format!(" {each}\r\n").repeat(times));
        let segments = |times: usize| {
            let all: String = (0..times).map(|n| format!(";\r\n filename*{n}*=a")).collect();
            format!("Content-Disposition: attachment{all}\r\n")
        };
        let fields = |n: usize| "X-A: b\r\n".repeat(n);
        vec![
            ("fields", vec![fields(1000)], vec![fields(1001), fields(200_000)], Limit::TooManyHeaders),
            (
                "fields of nothing but a colon",
                vec![":\r\n".repeat(1000)],
                vec![":\r\n".repeat(1001), ":\r\n".repeat(1_000_000)],
                Limit::TooManyHeaders,
            ),
            (
                "colons",
                vec![field("X-A", ":", 64 * KIB), field("From", ":", 64 * KIB)],
                vec![field("X-A", ":", 64 * KIB + 1), field("From", ":", 1_000_000)],
                Limit::HeaderTooLong,
            ),
            (
                "comments in comments",
                vec![field("From: ", "(", 64 * KIB), field("Date: ", "(", 64 * KIB), folded("((((((", 7_000)],
                vec![field("From: ", "(", 64 * KIB + 1), field("Date: ", "(", 1_000_000), folded("((((((", 170_000)],
                Limit::HeaderTooLong,
            ),
            (
                "segments of a name",
                vec![segments(2231), segments(2_900)],
                vec![segments(4_000), segments(200_000)],
                Limit::HeaderTooLong,
            ),
            (
                "a content type",
                vec![field("Content-Type: text/plain; x=", "y", 64 * KIB)],
                vec![field("Content-Type: text/plain; x=", "y", 64 * KIB + 1)],
                Limit::HeaderTooLong,
            ),
            (
                "all of it",
                vec![field("X-A: ", "a", 64 * KIB).repeat(4)],
                vec![
                    format!("{}A:\r\n", field("X-A: ", "a", 64 * KIB).repeat(4)),
                    field("X-A: ", "a", 60 * KIB).repeat(100),
                ],
                Limit::HeadersTooLong,
            ),
        ]
    }

    #[test]
    fn t53_every_header_bomb_passes_at_its_limit_and_is_refused_beyond_it() {
        for (what, at, beyond, limit) in header_bombs() {
            let within = |head: &str| format!("{head}\r\nbody");
            // The same in a part of a mail, and in a mail within one.
            let part = |head: &str| {
                format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n{head}\r\nbody\r\n--x--\r\n")
            };
            let nested = |head: &str| format!("Content-Type: message/rfc822\r\n\r\n{head}\r\nbody");
            for head in &at {
                for raw in [within(head), part(head), nested(head)] {
                    assert_eq!(check(raw.as_bytes(), &Limits::default()), Ok(()), "{what}: {}", head.len());
                }
            }
            for head in &beyond {
                for raw in [within(head), part(head), nested(head)] {
                    assert_eq!(check(raw.as_bytes(), &Limits::default()), Err(limit), "{what}: {}", head.len());
                }
            }
        }
    }

    /// The work is bounded by the limit and not by the bomb: what lies behind the place where it breaks is never looked at.
    #[test]
    fn t53_of_a_header_bomb_no_more_is_read_than_the_limit_says() {
        let most = 256 * KIB + 64 * KIB;
        for (what, _, beyond, limit) in header_bombs() {
            for head in beyond {
                let mut cut = head.clone().into_bytes();
                cut.truncate(most);
                assert_eq!(check(&cut, &Limits::default()), Err(limit), "{what}: it breaks within what is read");
                cut.extend(nested(100));
                assert_eq!(check(&cut, &Limits::default()), Err(limit), "{what}: whatever follows");
            }
        }
    }

    /// No parser sees more of it than a head within the limits, and what it makes of that is no larger.
    #[test]
    fn t53_a_parser_is_given_no_header_bomb() {
        for (what, at, beyond, limit) in header_bombs() {
            for head in beyond {
                let mail = super::super::parse::parse(format!("Subject: Brief\r\n{head}\r\nbody").as_bytes());
                assert_eq!(mail.limit(), Some(limit), "{what}");
                assert_eq!((mail.subject.as_str(), mail.text.as_deref()), ("Brief", None), "{what}");
                let seen: usize = mail.headers.iter().map(|h| h.name.len() + h.value.len()).sum();
                assert!(seen <= 64 * KIB && mail.headers.len() <= 1000, "{what}: {seen}");
            }
            // At the limit the parsers do see it; a stack that a comment in a comment could fill they don't have.
            for head in at {
                let raw = format!("{head}Message-ID: <1@x>\r\n\r\nbody");
                let mail = super::super::parse::parse(raw.as_bytes());
                let names: usize = mail.attachments.iter().map(|a| a.name.len()).sum();
                assert!(names <= 255 && mail.attachments.len() <= 1, "{what}: {names}");
                let shown: usize = mail.from.iter().chain(&mail.to).map(|m| m.address.len()).sum();
                assert!(shown <= 64 * KIB, "{what}");
            }
        }
    }

    #[test]
    fn t50_a_million_parts_of_twelve_megabytes_are_refused_at_the_thousandth() {
        let bomb = |parts: usize| {
            let mut raw = String::from("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n");
            raw.push_str(&"--b\r\n\r\nxxx\r\n".repeat(parts));
            raw.into_bytes()
        };
        assert_eq!(check(&bomb(999), &Limits::default()), Ok(()), "with the whole, a thousand");
        assert_eq!(check(&bomb(1000), &Limits::default()), Err(Limit::TooManyParts));
        let whole = bomb(1_000_000);
        assert!(whole.len() >= 12_000_000);
        assert_eq!(check(&whole, &Limits::default()), Err(Limit::TooManyParts));
        let mail = super::super::parse::parse(&whole);
        assert_eq!((mail.limit(), mail.attachments.len()), (Some(Limit::TooManyParts), 0));
        // It broke at the beginning: the rest was not counted.
        assert_eq!(check(&whole[..16 * KIB], &Limits::default()), Err(Limit::TooManyParts));
    }

    #[test]
    fn t52_twenty_thousand_multiparts_in_one_another_are_refused_at_the_twentieth() {
        let bomb = |levels: usize| -> Vec<u8> {
            let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n:05}\r\n\r\n--b{n:05}\r\n");
            (0..levels).map(level).collect::<String>().into_bytes()
        };
        assert_eq!(check(&bomb(20), &Limits::default()), Ok(()));
        assert_eq!(check(&bomb(21), &Limits::default()), Err(Limit::TooDeep));
        let whole = bomb(20_000);
        assert!(whole.len() >= 1_200_000);
        assert_eq!(check(&whole, &Limits::default()), Err(Limit::TooDeep));
        assert_eq!(check(&whole[..2 * KIB], &Limits::default()), Err(Limit::TooDeep), "it broke at the beginning");
        let mail = super::super::parse::parse(&whole);
        assert_eq!((mail.limit(), mail.text.as_deref()), (Some(Limit::TooDeep), None));
    }

    #[test]
    fn a_mail_beyond_the_size_is_refused_before_anything_else() {
        let limits = Limits { size: 10, ..Limits::default() };
        assert_eq!(check(b"12345678901", &limits), Err(Limit::TooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = check(&raw, &Limits::default());
        }

        #[test]
        fn any_mime_like_text_gets_an_answer(raw in "(Content-Type: (multipart/mixed; boundary=[ab]|message/rfc822)\r?\n|--[ab](--)?\r?\n|\r?\n|x)*") {
            let _ = check(raw.as_bytes(), &Limits::default());
        }
    }
}
