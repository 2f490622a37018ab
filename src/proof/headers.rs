//! The header block of a raw mail, read so strictly that no two parsers can differ about it.
//! In come the bytes of a mail, out go its header lines in order, or the first defect. Never repairs a line.

use serde::{Deserialize, Serialize};

/// The most header lines that are looked at (threats.md T53).
const MAX_LINES: usize = 1000;
/// The longest header line in octets, folds included.
const MAX_LINE: usize = 64 * 1024;
/// The largest header block in octets.
const MAX_BLOCK: usize = 256 * 1024;

/// One header line: its name as written and its raw value, folds included, without the last line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The name before the colon.
    pub name: &'a str,
    /// What stands after the colon, with its folds.
    pub value: &'a [u8],
}

/// The header lines from the top, and where the body begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers<'a> {
    lines: Vec<Line<'a>>,
    /// The offset of the first octet after the empty line; the length of the mail if there is no body.
    pub body_offset: usize,
}

/// Why a header block is nobody's: some part of the program, or a mail server before it, could read it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum HeaderDefect {
    /// The first line begins with a space (threats.md T03).
    #[error("the first header line is a continuation")]
    LeadingContinuation,
    /// A line has no name of RFC 5322 ftext right before its colon (decisions.md 7).
    #[error("a header line has no proper name")]
    BadName,
    /// NUL or a lone carriage return within the block.
    #[error("a header line holds a control character")]
    ControlCharacter,
    /// More or longer lines than any honest mail has.
    #[error("the header block is too large")]
    TooLarge,
}

impl<'a> Headers<'a> {
    /// Reads the block up to the first empty line; lines end in CRLF or LF (sender-proof.md 5.2, rule 1).
    pub fn read(raw: &'a [u8]) -> Result<Headers<'a>, HeaderDefect> {
        let mut lines = Vec::new();
        let mut rest = raw;
        loop {
            let field = Field::first_of(rest);
            let Some((field, after)) = field else { return Ok(Headers { lines, body_offset: raw.len() }) };
            if field.text.is_empty() {
                return Ok(Headers { lines, body_offset: raw.len().saturating_sub(after.len()) });
            }
            let read = raw.len().saturating_sub(after.len());
            if lines.len() >= MAX_LINES || field.text.len() > MAX_LINE || read > MAX_BLOCK {
                return Err(HeaderDefect::TooLarge);
            }
            lines.push(field.line(lines.is_empty())?);
            rest = after;
        }
    }

    /// The lines in order, topmost first.
    pub fn lines(&self) -> &[Line<'a>] {
        &self.lines
    }

    /// The values of the lines of this name, topmost first, whatever the case of the name.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + use<'a, 's> {
        self.lines.iter().filter(move |l| l.name.eq_ignore_ascii_case(name)).map(|l| l.value)
    }

    /// How many lines of this name there are.
    pub fn count(&self, name: &str) -> usize {
        self.all(name).count()
    }
}

/// One header field: its first physical line and those folded under it.
struct Field<'a> {
    text: &'a [u8],
}

impl<'a> Field<'a> {
    /// The field at the start of `rest` and what follows it; `None` at the end of the mail.
    fn first_of(rest: &'a [u8]) -> Option<(Field<'a>, &'a [u8])> {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0usize;
        loop {
            let tail = rest.get(end..)?;
            let line = tail.iter().position(|b| *b == b'\n').map_or(tail.len(), |at| at.saturating_add(1));
            let empty = matches!(tail.get(..line), Some(b"\n" | b"\r\n"));
            end = end.saturating_add(line);
            if empty || !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (text, after) = rest.split_at_checked(end)?;
        let text = text.strip_suffix(b"\n").map_or(text, |t| t.strip_suffix(b"\r").unwrap_or(t));
        Some((Field { text }, after))
    }

    fn line(&self, is_first: bool) -> Result<Line<'a>, HeaderDefect> {
        if matches!(self.text.first(), Some(b' ' | b'\t')) {
            return Err(if is_first { HeaderDefect::LeadingContinuation } else { HeaderDefect::BadName });
        }
        let mut parts = self.text.splitn(2, |b| *b == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return Err(HeaderDefect::BadName) };
        let is_ftext = |b: &u8| (33..=126).contains(b);
        let name = std::str::from_utf8(name).ok().filter(|n| !n.is_empty() && n.bytes().all(|b| is_ftext(&b)));
        if has_stray_control(value) {
            return Err(HeaderDefect::ControlCharacter);
        }
        name.map(|name| Line { name, value }).ok_or(HeaderDefect::BadName)
    }
}

fn has_stray_control(value: &[u8]) -> bool {
    let lone_cr = value.iter().zip(value.iter().skip(1).chain(std::iter::once(&b'x')));
    value.contains(&0) || lone_cr.into_iter().any(|(a, b)| *a == b'\r' && *b != b'\n')
}

/// The value with its line ends taken out, as RFC 5322 2.2.3 unfolds; bytes that are no UTF-8 become U+FFFD.
pub fn unfold(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().filter(|c| !matches!(c, '\r' | '\n')).collect()
}

/// Where the body begins by the strict reading, for a caller to compare with its own parser's (threats.md T16);
/// `None` if the header block has a defect.
pub fn body_offset(raw: &[u8]) -> Option<usize> {
    Headers::read(raw).ok().map(|h| h.body_offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folded_lines_belong_to_the_line_before() {
        let raw = b"A: 1\r\n 2\r\nmsip_labels: x\r\nX-AOL-SCOLL-URL_COUNT: 0\r\n\r\nbody: no\r\n";
        let h = Headers::read(raw).unwrap();
        let names: Vec<_> = h.lines().iter().map(|l| l.name).collect();
        assert_eq!(names, ["A", "msip_labels", "X-AOL-SCOLL-URL_COUNT"]);
        assert_eq!(unfold(h.lines()[0].value), " 1 2");
        assert_eq!(&raw[h.body_offset..], b"body: no\r\n");
    }

    #[test]
    fn t16_the_first_empty_line_ends_the_header_whatever_the_line_ends() {
        for raw in ["A: 1\r\n\r\nFrom: x", "A: 1\n\nFrom: x", "A: 1\r\n\nFrom: x", "A: 1\n\r\nFrom: x"] {
            let h = Headers::read(raw.as_bytes()).unwrap();
            assert_eq!((h.lines().len(), &raw[h.body_offset..]), (1, "From: x"), "{raw:?}");
        }
        assert_eq!(Headers::read(b"A: 1\r\n text\r\nno colon\r\n\r\n"), Err(HeaderDefect::BadName));
    }

    #[test]
    fn t03_odd_names_are_defects() {
        for (raw, defect) in [
            (" From: a@b.c\r\n\r\n", HeaderDefect::LeadingContinuation),
            ("From : a@b.c\r\n\r\n", HeaderDefect::BadName),
            ("From\r\n : a@b.c\r\n\r\n", HeaderDefect::BadName),
            (": a@b.c\r\n\r\n", HeaderDefect::BadName),
            ("Fr\u{f6}m: a@b.c\r\n\r\n", HeaderDefect::BadName),
            ("From: a\0@b.c\r\n\r\n", HeaderDefect::ControlCharacter),
            ("From: a@b.c\rFrom: d@e.f\r\n\r\n", HeaderDefect::ControlCharacter),
        ] {
            assert_eq!(Headers::read(raw.as_bytes()), Err(defect), "{raw:?}");
        }
    }

    #[test]
    fn t53_header_bombs_are_refused_early() {
        let fields = |n: usize| "A: b\r\n".repeat(n);
        let long = |octets: usize| format!("A: {}\r\n", "(".repeat(octets - 3));
        let all = |more: &str| format!("{}{more}", format!("A: {}\r\n", "x".repeat(64 * 1024 - 5)).repeat(4));
        for at in [fields(1000), long(64 * 1024), all("")] {
            assert!(Headers::read(at.as_bytes()).is_ok(), "{}", at.len());
        }
        for beyond in
            [fields(1001), fields(200_000), ":\r\n".to_owned(), long(64 * 1024 + 1), long(1_000_000), all("A:\r\n")]
        {
            let defect = if beyond.starts_with(':') { HeaderDefect::BadName } else { HeaderDefect::TooLarge };
            assert_eq!(Headers::read(beyond.as_bytes()), Err(defect), "{}", beyond.len());
        }
    }

    #[test]
    fn mails_without_body_or_without_anything_are_read() {
        assert_eq!(Headers::read(b"").unwrap().body_offset, 0);
        assert_eq!(Headers::read(b"A: 1").unwrap().lines().len(), 1);
        assert_eq!(Headers::read(b"\r\nbody").unwrap().body_offset, 2);
    }

    proptest! {
        #[test]
        fn reading_never_panics(raw in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b' '), any::<u8>()], 0..200)) {
            if let Ok(h) = Headers::read(&raw) {
                prop_assert!(h.body_offset <= raw.len());
            }
        }
    }
}
