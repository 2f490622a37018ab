//! Structure limits on raw mail, before any parser sees it (threats.md T49–T53): raw bytes in, the first limit broken
//! or nothing out. One linear scan with a bounded stack; it decodes nothing but nested mails that are encoded whole.

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
    scan.mail(raw, 0)
}

/// mail-parser looks into encoded mails three deep; deeper ones stay closed, so nothing deeper can hurt.
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

    fn with_headers(n: usize) -> Vec<u8> {
        let mut raw = "X-A: b\r\n".repeat(n);
        raw.push_str("\r\nbody");
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

    #[test]
    fn t52_multiparts_inside_multiparts_are_refused_beyond_twenty_levels() {
        let mut raw = String::new();
        for n in 0..30 {
            raw.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}x\r\n\r\n--b{n}x\r\n"));
        }
        assert_eq!(check(raw.as_bytes(), &Limits::default()), Err(Limit::TooDeep));
    }

    #[test]
    fn t50_a_thousand_parts_are_too_many() {
        let mut raw = String::from("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n");
        raw.push_str(&"--b\r\n\r\nx\r\n".repeat(1001));
        assert_eq!(check(raw.as_bytes(), &Limits::default()), Err(Limit::TooManyParts));
    }

    #[test]
    fn t53_header_bombs_are_refused_by_name() {
        assert_eq!(check(&with_headers(1000), &Limits::default()), Ok(()));
        assert_eq!(check(&with_headers(1001), &Limits::default()), Err(Limit::TooManyHeaders));
        let long = format!("X-A: {}\r\n\r\n", "a".repeat(65 * 1024));
        assert_eq!(check(long.as_bytes(), &Limits::default()), Err(Limit::HeaderTooLong));
        let all = format!("X-A: {}\r\n", "a".repeat(60 * 1024)).repeat(5);
        assert_eq!(check(all.as_bytes(), &Limits::default()), Err(Limit::HeadersTooLong));
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
