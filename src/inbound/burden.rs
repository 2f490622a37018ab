//! What the parser could be made to do by these bytes, looked at and taken away before it sees them (threats.md T49–T53).
//! [`limits`](super::limits) reads a mail as mails are meant to be; here heads are read at least as freely as the parser
//! does, which takes blanks inside names and comments inside types, and sees a head behind any boundary: raw bytes in; the
//! first limit broken, or the bytes with nothing in them that the parser would go down into.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::{Message, MessageParser, MimeHeaders};
use memchr::memmem;

use super::limits::Limit;

/// Octets that are looked through for boundaries, those of the whole mail for each that never comes.
const MOST_SOUGHT: usize = 512 << 20;
/// The longest boundary; RFC 2046, 5.1.1 allows 70 octets.
const LONGEST_BOUNDARY: usize = 200;
/// Octets of fields, times what in them is compared with one another or looked for up to the end of the field.
const MOST_COMPARED: usize = 512 << 20;
/// Octets of fields that lie in one another; where each field is read once, there are no more than in the mail.
const MOST_READ: usize = 64 << 20;
/// Heads of mails in a mail; each of them is read, again for each mail around it.
const MOST_MAILS: usize = 2000;
/// Words in comments that look like the type.
const MOST_WORDS: usize = 8;

/// Checks what `raw` could make the parser do.
pub fn check(raw: &[u8]) -> Result<(), Limit> {
    let mut burden = Burden::default();
    for field in fields(raw) {
        burden.take(raw, &field)?;
    }
    Ok(())
}

/// The same bytes without a mail in a mail, or a digest of mails, in the eyes of the parser: it calls itself for each of them
/// when it copies or frees what was encoded, until the stack ends. They are files to it. Every place stays where it was.
pub fn closed(raw: &[u8]) -> Result<Cow<'_, [u8]>, Limit> {
    let (mut out, mut mails) = (Cow::Borrowed(raw), 0_usize);
    for field in fields(raw).filter(|field| field.name == Name::Type) {
        let mut words = 0_usize;
        while let Some(word) = out.get(field.value.clone()).and_then(goes_down) {
            let value = out.to_mut().get_mut(field.value.clone()).unwrap_or_default();
            let at = value.windows(word.len()).position(|w| w.eq_ignore_ascii_case(word.as_bytes()));
            let letter = at.and_then(|at| value.get_mut(at.saturating_add(1)));
            let Some(letter) = letter.filter(|_| words < MOST_WORDS) else { return Err(Limit::TooDeep) };
            *letter = if letter.is_ascii_uppercase() { UPPER } else { LOWER };
            words = words.saturating_add(1);
        }
        mails = mails.saturating_add(words.min(1));
        if mails > MOST_MAILS {
            return Err(Limit::TooDeep);
        }
    }
    Ok(out)
}

/// What stands in place of the second letter of a word that [`closed`] took from the parser.
const LOWER: u8 = 1;
const UPPER: u8 = 2;
/// Those words, and their second letters.
const WORDS: [(&str, u8); 3] = [("rfc822", b'f'), ("global", b'l'), ("multipart", b'u')];

/// Undoes [`closed`] in something that the parser made of it.
pub fn opened(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(bytes);
    for at in memchr::memchr2_iter(LOWER, UPPER, bytes) {
        let is = |word: &str| {
            let start = at.checked_sub(1);
            let found = start.and_then(|start| bytes.get(start..start.saturating_add(word.len())));
            found.is_some_and(|found| {
                found.iter().zip(word.bytes()).enumerate().all(|(n, (a, b))| n == 1 || a.eq_ignore_ascii_case(&b))
            })
        };
        let letter = WORDS.iter().find(|(word, _)| is(word)).map(|(_, letter)| *letter);
        let Some(letter) = letter else { continue };
        if let Some(place) = out.to_mut().get_mut(at) {
            *place = if *place == UPPER { letter.to_ascii_uppercase() } else { letter };
        }
    }
    out
}

/// The word that makes the parser go down into what this Content-Type is of, as it reads it itself.
fn goes_down(value: &[u8]) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    let says = |word: &str| memmem::find(&lower, word.as_bytes()).is_some();
    if !(says("message") || says("digest")) {
        return None;
    }
    let alone = alone(value);
    let message = read(&alone)?;
    let kind = message.content_type()?;
    match (kind.ctype(), kind.subtype()?) {
        ("message", "rfc822") => Some("rfc822"),
        ("message", "global") => Some("global"),
        ("multipart", "digest") => Some("multipart"),
        _ => None,
    }
}

fn alone(value: &[u8]) -> Vec<u8> {
    [b"Content-Type:", value, b"\n\n"].concat()
}

fn read(alone: &[u8]) -> Option<Message<'_>> {
    MessageParser::default().parse_headers(alone)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Type,
    Disposition,
    Other,
}

struct Field {
    name: Name,
    /// What stands behind its colon, up to the end of the last line that is folded to it.
    value: Range<usize>,
}

/// The fields whose names stand anywhere in a line, behind a boundary for one; of other lines those with encoded words.
fn fields(raw: &[u8]) -> impl Iterator<Item = Field> + '_ {
    let mut at = 0_usize;
    let lines = std::iter::from_fn(move || {
        let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        at = at.saturating_add(first_line(rest).len());
        Some(start..at)
    });
    lines.flat_map(move |line| {
        let text = raw.get(line.clone()).unwrap_or_default();
        let from = move |at: usize| at..at.saturating_add(folded(raw.get(at..).unwrap_or_default()).len());
        let words = memmem::find(text, b"=?").map(|at| line.start.saturating_add(at));
        let words = words.map(|at| Field { name: Name::Other, value: from(at) });
        let named = memchr::memchr_iter(b':', text).filter_map(move |colon| {
            let before = text.get(..colon).unwrap_or_default();
            let name = match () {
                () if ends_with(before, "content-type") => Name::Type,
                () if ends_with(before, "content-disposition") => Name::Disposition,
                () => return None,
            };
            Some(Field { name, value: from(line.start.saturating_add(colon).saturating_add(1)) })
        });
        words.into_iter().chain(named)
    })
}

#[derive(Default)]
struct Burden {
    read: usize,
    sought: usize,
    compared: usize,
}

impl Burden {
    fn take(&mut self, raw: &[u8], field: &Field) -> Result<(), Limit> {
        let value = raw.get(field.value.clone()).unwrap_or_default();
        self.read = self.read.saturating_add(value.len());
        if self.read > MOST_READ.max(raw.len().saturating_mul(2)) {
            return Err(Limit::HeadersTooLong);
        }
        // Parameters in pieces are sorted and put together, each looked for among all; an encoded word that does not end is
        // looked for up to the end of the field.
        let stars = memchr::memchr_iter(b'*', value).count();
        let quotes = if stars > 0 { memchr::memchr_iter(b'\'', value).count() } else { 0 };
        let parts = if field.name == Name::Other { 0 } else { stars.saturating_add(quotes) };
        let cost = parts.saturating_add(encoded_words(value)).saturating_mul(value.len());
        self.compared = self.compared.saturating_add(cost);
        if self.compared > MOST_COMPARED {
            return Err(Limit::HeadersTooLong);
        }
        if field.name == Name::Type { self.boundary(raw, field) } else { Ok(()) }
    }

    /// The boundary is taken as the parser itself reads it, and sought from where a body can begin.
    fn boundary(&mut self, raw: &[u8], field: &Field) -> Result<(), Limit> {
        let value = raw.get(field.value.clone()).unwrap_or_default();
        if memmem::find(&value.to_ascii_lowercase(), b"multipart").is_none() {
            return Ok(());
        }
        let alone = alone(value);
        let message = read(&alone);
        let boundary = message.as_ref().and_then(|m| m.content_type()).and_then(|c| c.attribute("boundary"));
        let Some(boundary) = boundary.filter(|b| !b.is_empty()) else { return Ok(()) };
        if boundary.len() > LONGEST_BOUNDARY {
            return Err(Limit::HeaderTooLong);
        }
        let behind = raw.get(field.value.end..).unwrap_or_default();
        let head = head_end(behind);
        let body = behind.get(head..).unwrap_or_default();
        let found = memmem::find(body, [b"--", boundary.as_bytes()].concat().as_slice()).unwrap_or(body.len());
        self.sought = self.sought.saturating_add(head).saturating_add(found);
        if self.sought > MOST_SOUGHT { Err(Limit::TooManyParts) } else { Ok(()) }
    }
}

/// Where an empty line ends, at the latest, what is left of a head.
fn head_end(rest: &[u8]) -> usize {
    if rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
        return 0;
    }
    let ends = [memmem::find(rest, b"\n\n"), memmem::find(rest, b"\n\r\n")];
    ends.into_iter().flatten().min().unwrap_or(rest.len())
}

/// How many encoded words (RFC 2047) begin.
fn encoded_words(value: &[u8]) -> usize {
    memmem::find_iter(value, b"=?")
        .filter(|at| {
            let rest = value.get(at.saturating_add(2)..).unwrap_or_default();
            let charset = rest.iter().take(100).position(|b| *b == b'?');
            let rest = charset.and_then(|end| rest.get(end.saturating_add(1)..)).unwrap_or_default();
            matches!(rest, [b'q' | b'Q' | b'b' | b'B', b'?', ..])
        })
        .count()
}

fn first_line(raw: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', raw).map_or(raw.len(), |at| at.saturating_add(1));
    raw.get(..end).unwrap_or(raw)
}

/// A line with all that are folded to it.
fn folded(raw: &[u8]) -> &[u8] {
    let mut end = first_line(raw).len();
    while let Some(rest) = raw.get(end..).filter(|rest| rest.starts_with(b" ") || rest.starts_with(b"\t")) {
        end = end.saturating_add(first_line(rest).len());
    }
    raw.get(..end).unwrap_or(raw)
}

/// Whether these octets end with the name of a field, whatever blanks lie in it.
fn ends_with(octets: &[u8], name: &str) -> bool {
    let mut written = octets.iter().rev().filter(|b| !b.is_ascii_whitespace()).map(u8::to_ascii_lowercase);
    name.bytes().rev().all(|wanted| written.next() == Some(wanted))
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;

    fn base64(head: &str, mail: &str) -> String {
        format!("{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", BASE64.encode(mail.as_bytes()))
    }

    fn nested(levels: usize) -> String {
        format!("{}Subject: inside\n\nhello\n", "Content-Type:message/rfc822\n\n".repeat(levels))
    }

    fn depth(message: Message<'_>) -> usize {
        let (mut deepest, mut open) = (0, vec![(message, 0)]);
        while let Some((message, depth)) = open.pop() {
            deepest = deepest.max(depth);
            for part in message.parts {
                if let mail_parser::PartType::Message(inner) = part.body {
                    open.push((inner, depth + 1));
                }
            }
        }
        deepest
    }

    /// However a head says that a mail is in it, and however that is encoded: read, it would end the process.
    #[test]
    fn t49_a_mail_encoded_in_another_is_not_gone_into_however_freely_its_head_is_written() {
        let deep = nested(20_000);
        let coded = BASE64.encode(deep.as_bytes());
        let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n";
        let encoded = "Content-Transfer-Encoding: base64\r\n\r\n";
        let quoted = |with: &str| {
            format!(
                "Content-Type: message (x)/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                deep.replace('C', with)
            )
        };
        let mails = [
            base64("Content-Type: message/rfc822", "Subject: a\n\nshallow"),
            base64("C ontent-Type: message/rfc822", &deep),
            base64("::Content-Type : message/rfc822", &deep),
            base64("Content-Type: (x) message/rfc822", &deep),
            base64("Content-Type: (rfc822) message / RFC822", &deep),
            base64("Content-Type: message(\r\n )\r\n /\t(y)rfc822", &deep),
            base64("Content-Type: text/plain\r\nContent-Type: Message/(x)Global", &deep),
            base64("Content-Type: message(x)/rfc822\r\nX: y\r\n \r\nZ: ", &deep),
            base64("Content-Type: message (x)/rfc822", &deep).replace(": base64", ": =?us-ascii?q?base64?="),
            format!("Content-Type: message (x)/rfc822\r\n{encoded}-{coded}"),
            format!("{digest}--b\r\nSubject: x\r\n{encoded}{coded}"),
            format!("{digest}--b\r\nContent-Type:\r\n{encoded}{coded}"),
            format!("{digest}Content-Type: x\r\nx--b\r\n{encoded}{coded}"),
            format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--bContent-Type: message (x)/rfc822\r\n{encoded}{coded}"
            ),
            quoted("=43"),
            quoted("= 43"),
            quoted("=\r43"),
            quoted("=4\n3"),
            (0..3).fold(deep.clone(), |inside, _| base64("Content-Type: message (x)/rfc822", &inside)),
        ];
        for raw in mails {
            let start: String = raw.chars().take(90).collect();
            let closed = closed(raw.as_bytes()).unwrap();
            let message = MessageParser::default().parse(&closed);
            assert_eq!(message.map(depth).unwrap_or_default(), 0, "{start:?}");
            assert_eq!(opened(&closed), raw.as_bytes(), "{start:?}");
            parse::parse(raw.as_bytes());
        }
        assert_eq!(
            closed(b"Content-Type: (rfc822 rfc822 rfc822 rfc822 rfc822 rfc822 rfc822 rfc822)message/rfc822\n\n"),
            Err(Limit::TooDeep)
        );
    }

    #[test]
    fn a_mail_in_a_mail_is_a_file_with_its_subject_as_its_name() {
        let inner = "Subject: Reed v. Marsh\r\nContent-Type: Message/RFC822\r\n\r\nSubject: b\r\n\r\nhello";
        for encoded in
            [format!("Content-Type: message/rfc822\r\n\r\n{inner}"), base64("Content-Type: Message/Rfc822", inner)]
        {
            let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{encoded}\r\n--b--\r\n");
            let mail = parse::parse(raw.as_bytes());
            let [file] = mail.attachments.as_slice() else { panic!("{:?}", mail.attachments) };
            assert_eq!((file.name.as_str(), file.mime.as_str()), ("Reed v. Marsh.eml", "message/rfc822"));
            assert_eq!(String::from_utf8_lossy(&file.bytes).trim_end(), inner);
        }
    }

    #[test]
    fn a_file_with_the_marks_in_it_comes_as_it_was_sent() {
        let bytes = "r\u{1}c822 g\u{2}obal Content-Type: message/rfc822\r\n m\u{1}ltipart";
        for (encoding, written) in [("8bit", bytes.to_owned()), ("base64", BASE64.encode(bytes.as_bytes()))] {
            let head = format!("Content-Type: application/pdf\r\nContent-Transfer-Encoding: {encoding}");
            let raw =
                format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{head}\r\n\r\n{written}\r\n--b--\r\n");
            let mail = parse::parse(raw.as_bytes());
            assert_eq!(mail.attachments[0].bytes, bytes.as_bytes(), "{encoding}");
        }
    }

    #[test]
    fn t52_boundaries_that_are_long_or_never_come_are_not_looked_for_again_and_again() {
        // In the header itself it stands for nothing: it is looked for behind it.
        for between in ["", "X: --nowhere"] {
            let head = |n: usize| {
                let between = if between.is_empty() { String::new() } else { format!("{between}{n}\r\n") };
                format!("x--b\r\nContent-Type: multipart/mixed; boundary=\"nowhere{n}\"\r\n{between}\r\n")
            };
            let (absent, body) = ((100..1000).map(head).collect::<String>(), "x".repeat(2 << 20));
            let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{absent}{body}\r\n--b--\r\n");
            assert_eq!(check(raw.as_bytes()), Err(Limit::TooManyParts), "{between}");
        }
        let long =
            format!("Content-Type: multipart/mixed; boundary=\"{}x\"\r\n\r\n{}", "-".repeat(60_000), "-".repeat(9000));
        assert_eq!(check(long.as_bytes()), Err(Limit::HeaderTooLong));
        let usual = format!("Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\nx\r\n", "=_Part".repeat(20));
        assert_eq!(check(usual.as_bytes()), Ok(()));
    }

    #[test]
    fn t53_fields_of_thousands_of_parameters_or_open_words_are_compared_in_a_few_only() {
        let field = |name: &str, each: fn(usize) -> String| {
            format!("{name}: a/b{}\r\n", (0..8_000).map(each).collect::<String>())
        };
        let numbered: [fn(usize) -> String; 2] = [|n| format!(";a{n}*1=x"), |n| format!("a{n}*1=\"x\"")];
        for each in numbered {
            for name in ["Content-Type", "content-disposition", "Content - Type"] {
                let fields = field(name, each).repeat(8);
                assert_eq!(check(fields.as_bytes()), Err(Limit::HeadersTooLong), "{name}");
            }
        }
        let quotes = format!("Content-Disposition: a; {}*0*={}\r\n", "n".repeat(30_000), "x'".repeat(15_000));
        assert_eq!(check(quotes.repeat(4).as_bytes()), Err(Limit::HeadersTooLong));
        let words = format!("Subject: {}\r\n", "=?AB?q? ".repeat(8_000));
        assert_eq!(check(words.repeat(4).as_bytes()), Err(Limit::HeadersTooLong));
        let inside = " Content-Type: multipart boundary\n".repeat(20_000);
        assert_eq!(check(inside.as_bytes()), Err(Limit::HeadersTooLong), "each folded to all before it");
    }

    #[test]
    fn mails_attached_to_a_mail_quoted_source_and_code_are_no_burden() {
        let one = "Subject: a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nhello\r\n--c--\r\n";
        let plain = format!("--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{one}");
        let whole = format!("--b\r\n{}", base64("Content-Type: message/rfc822", one));
        for part in [plain, whole] {
            let parts = part.repeat(300);
            let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
            assert_eq!(parse::parse(raw.as_bytes()).attachments.len(), 300);
        }
        let code =
            format!("Subject: a\r\n\r\n    Content-Type: text/html\r\n{}", "      a: 'b'; c: \"d\"\r\n".repeat(30_000));
        assert_eq!(check(code.as_bytes()), Ok(()));
    }

    proptest! {
        /// The parser goes down into nothing, whatever it is given.
        #[test]
        fn t49_nothing_is_left_for_the_parser_to_go_down_into(raw in "(C ?ontent-Type: ?(multipart/(mixed|digest); boundary=[ab]|(\\(x\\) ?)?[Mm]essage ?(\\(x\\))?/(rfc822|Global))\r?\n( \n|\n|x\n)?|Content-Transfer-Encoding: (base64|quoted-printable)\n|x?--[ab](--)?(\r?\n)?|\n|Subject: x\n|Q29udGVudC1UeXBlOm1lc3NhZ2UvcmZjODIyCgo=)*") {
            check(raw.as_bytes()).unwrap();
            let closed = closed(raw.as_bytes()).unwrap();
            let message = std::panic::catch_unwind(|| MessageParser::default().parse(&closed).map(depth)).ok().flatten();
            prop_assert_eq!(message.unwrap_or_default(), 0);
            prop_assert_eq!(opened(&closed).into_owned(), raw.as_bytes());
        }
    }
}
