//! What the parser could be made to do by these bytes: how deep it would go into mails inside one another, how often it
//! would look through all of them, how much it would compare (threats.md T49–T53). [`limits`](super::limits) reads a mail
//! as mails are meant to be; this reads heads at least as freely as the parser does, which takes blanks inside names,
//! comments inside types and encoded words. Raw bytes in, the first limit broken or nothing out, with work in proportion
//! to the bytes and no stack.

use mail_parser::{MessageParser, MimeHeaders, decoders::base64::base64_decode};
use memchr::memmem;

use super::limits::Limit;

/// Heads of mails inside mails. The parser calls itself for each when it copies or frees one that was encoded; the stack of
/// a thread holds more than twice as many.
const MOST_MAILS: usize = 300;
/// So deep the parser opens mails that are encoded whole, and one more. What stays closed is looked at before it is opened.
const ENCODED_DEPTH: usize = 4;
/// Where a head with blank lines in it ends nobody can say; no program writes one.
const MOST_BLANK_LINES: usize = 8;
/// Octets that are looked through for boundaries, those of the whole mail for each that never comes.
const MOST_SOUGHT: usize = 512 << 20;
/// The longest boundary; RFC 2046, 5.1.1 allows 70 octets.
const LONGEST_BOUNDARY: usize = 200;
/// Octets of fields with parameters, times the parameters: these are compared with one another.
const MOST_COMPARED: usize = 1 << 30;

/// Checks what `raw` could make the parser do.
pub fn check(raw: &[u8]) -> Result<(), Limit> {
    Burden::default().look(raw, 0)
}

#[derive(Default)]
struct Burden {
    mails: usize,
    sought: usize,
    compared: usize,
}

/// Lines up to an empty one. A head never goes beyond it, and there may be several in it.
#[derive(Default)]
struct Block {
    has_type: bool,
    has_mail: bool,
    base64: bool,
    quoted: bool,
    /// Where a body may begin.
    bodies: Vec<usize>,
}

impl Burden {
    fn look(&mut self, raw: &[u8], depth: usize) -> Result<(), Limit> {
        let (mut block, mut in_digest, mut quoted_from) = (Block::default(), false, None);
        let mut at = 0_usize;
        while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
            let line = first_line(rest);
            at = at.saturating_add(line.len());
            if !line.iter().all(u8::is_ascii_whitespace) {
                self.fields_in(line, rest, &mut block, &mut in_digest)?;
                continue;
            }
            if block.base64 || block.quoted {
                block.bodies.push(at);
            }
            if matches!(line, b"\n" | b"\r\n") {
                let first_quoted = self.encoded(raw, std::mem::take(&mut block), in_digest, depth)?;
                quoted_from = quoted_from.or(first_quoted);
            }
        }
        let quoted_from = quoted_from.or(self.encoded(raw, block, in_digest, depth)?);
        // Once from the first of them on: what is decoded line by line reads the same wherever one begins.
        match quoted_from.and_then(|from| raw.get(from..)) {
            Some(body) => self.look(&unquoted(body), depth.saturating_add(1)),
            None => Ok(()),
        }
    }

    /// Looks at the mails that these heads may say are encoded in base64; gives where one in quoted-printable may begin.
    fn encoded(&mut self, raw: &[u8], block: Block, in_digest: bool, depth: usize) -> Result<Option<usize>, Limit> {
        let may_be_mail = block.has_mail || (in_digest && !block.has_type);
        if !may_be_mail || depth >= ENCODED_DEPTH {
            return Ok(None);
        }
        if block.bodies.len() > MOST_BLANK_LINES {
            return Err(Limit::TooDeep);
        }
        let first = block.bodies.first().copied();
        for body in block.bodies.iter().filter(|_| block.base64).filter_map(|from| raw.get(*from..)) {
            let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"+/= \t\r\n".contains(b);
            let end = body.iter().position(|b| !is_part(b)).unwrap_or(body.len());
            if let Some(mail) = body.get(..end).and_then(base64_decode) {
                self.look(&mail, depth.saturating_add(1))?;
            }
        }
        Ok(first.filter(|_| block.quoted))
    }

    /// The fields whose names stand anywhere in this line, behind a boundary for one, with the lines folded to it.
    fn fields_in(&mut self, line: &[u8], rest: &[u8], block: &mut Block, in_digest: &mut bool) -> Result<(), Limit> {
        for (colon, _) in line.iter().enumerate().filter(|(_, b)| **b == b':') {
            let before = line.get(..colon).unwrap_or_default();
            let is = |name: &str| ends_with(before, name);
            let value = rest.get(colon.saturating_add(1)..).unwrap_or_default();
            if is("content-type") {
                block.has_type = true;
                let field = self.parameters(value)?;
                let lower = field.to_ascii_lowercase();
                let says = |word: &str| memmem::find(&lower, word.as_bytes()).is_some();
                let is_mail = says("message") && (says("rfc822") || says("global"));
                block.has_mail |= is_mail;
                *in_digest |= says("digest");
                self.mails = self.mails.saturating_add(usize::from(is_mail || says("digest")));
                if self.mails > MOST_MAILS {
                    return Err(Limit::TooDeep);
                }
                if says("multipart") && says("boundary") {
                    self.boundary(field, value)?;
                }
            } else if is("content-disposition") {
                self.parameters(value)?;
            } else if is("content-transfer-encoding") {
                let lower = self.parameters(value)?.to_ascii_lowercase();
                let says = |word: &str| memmem::find(&lower, word.as_bytes()).is_some();
                block.base64 |= says("base64") || says("=?");
                block.quoted |= says("quoted-printable") || says("=?");
            }
        }
        Ok(())
    }

    /// A field's lines, once it is known that what they cost is within bounds.
    fn parameters<'r>(&mut self, value: &'r [u8]) -> Result<&'r [u8], Limit> {
        let field = folded(value);
        let signs = field.iter().filter(|b| b";'".contains(b)).count();
        self.compared = self.compared.saturating_add(field.len().saturating_mul(signs.saturating_add(1)));
        if self.compared > MOST_COMPARED { Err(Limit::HeadersTooLong) } else { Ok(field) }
    }

    /// The boundary is taken as the parser itself reads it.
    fn boundary(&mut self, field: &[u8], from: &[u8]) -> Result<(), Limit> {
        let alone = [b"Content-Type:", field, b"\n\n"].concat();
        let message = MessageParser::default().parse_headers(&alone);
        let boundary = message.as_ref().and_then(|m| m.content_type()).and_then(|c| c.attribute("boundary"));
        let Some(boundary) = boundary.filter(|b| !b.is_empty()) else { return Ok(()) };
        if boundary.len() > LONGEST_BOUNDARY {
            return Err(Limit::HeaderTooLong);
        }
        let behind = from.get(field.len()..).unwrap_or_default();
        let found = memmem::find(behind, [b"--", boundary.as_bytes()].concat().as_slice());
        self.sought = self.sought.saturating_add(found.unwrap_or(behind.len()));
        if self.sought > MOST_SOUGHT { Err(Limit::TooManyParts) } else { Ok(()) }
    }
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

/// Quoted-printable undone, what is no such thing left as it is.
fn unquoted(body: &[u8]) -> Vec<u8> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0_usize;
    while let Some(byte) = body.get(at) {
        at = at.saturating_add(1);
        let rest = body.get(at..).unwrap_or_default();
        if *byte != b'=' {
            out.push(*byte);
            continue;
        }
        if let (Some(high), Some(low)) = (digit(rest.first()), digit(rest.get(1))) {
            out.push(high.wrapping_shl(4) | low);
            at = at.saturating_add(2);
            continue;
        }
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match rest.get(blanks) {
            Some(b'\n') => at = at.saturating_add(blanks).saturating_add(1),
            _ => out.push(b'='),
        }
    }
    out
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

    /// However a head says that a mail is in it, and however that is encoded, it is refused and not gone into.
    #[test]
    fn t49_a_mail_encoded_in_another_is_refused_however_freely_its_head_is_written() {
        let deep = nested(20_000);
        let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b";
        let quoted = |head: &str| format!("{head}\r\n\r\n{}", deep.replace('C', "=43"));
        let mails = [
            base64("Content-Type: message/rfc822", &deep),
            base64("C ontent-Type: message/rfc822", &deep),
            base64("::Content-Type : message/rfc822", &deep),
            base64("Content-Type: (x) message/rfc822", &deep),
            base64("Content-Type: message / rfc822", &deep),
            base64("Content-Type: message(\r\n )\r\n /\t(y)rfc822", &deep),
            base64("Content-Type: text/plain\r\nContent-Type: Message/Global", &deep),
            base64("Content-Type: message/rfc822\r\nX: y\r\n \r\nZ: ", &deep),
            base64(&format!("{digest}\r\nSubject: x"), &deep),
            format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b{}",
                base64("Content-Type: message/rfc822", &deep)
            ),
            base64("Content-Type: message/rfc822", &deep)
                .replace("Encoding: base64", "Encoding: =?us-ascii?q?base64?="),
            quoted("Content-Type: message(x)/rfc822\r\nContent-Transfer-Encoding: quoted-printable"),
            quoted("Content-Type: message(x)/rfc822\r\nContent-Transfer-Encoding: =?us-ascii?q?quoted-printable?="),
            (0..3).fold(deep.clone(), |inside, _| base64("Content-Type: message (x)/rfc822", &inside)),
            deep.replace("C", "C "),
        ];
        for raw in mails {
            let start: String = raw.chars().take(90).collect();
            assert_eq!(check(raw.as_bytes()), Err(Limit::TooDeep), "{start:?}");
            assert!(parse::parse(raw.as_bytes()).limit().is_some(), "{start:?}");
        }
    }

    #[test]
    fn t52_boundaries_that_are_long_or_never_come_are_not_looked_for_again_and_again() {
        let absent = "--b\r\nContent-Type: multipart/mixed; boundary=\"nowhere\"\r\n\r\n".repeat(900);
        let body = "x".repeat(2 << 20);
        let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{absent}{body}\r\n--b--\r\n");
        assert_eq!(check(raw.as_bytes()), Err(Limit::TooManyParts));
        let long =
            format!("Content-Type: multipart/mixed; boundary=\"{}x\"\r\n\r\n{}", "-".repeat(60_000), "-".repeat(9000));
        assert_eq!(check(long.as_bytes()), Err(Limit::HeaderTooLong));
        let usual = format!("Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\nx\r\n", "=_Part".repeat(20));
        assert_eq!(check(usual.as_bytes()), Ok(()));
    }

    #[test]
    fn t53_fields_of_thousands_of_parameters_are_compared_in_a_few_only() {
        let names: String = (0..8_000).map(|n| format!(";a{n}*1=x")).collect();
        let field = |name: &str| format!("{name}: a/b{names}\r\n");
        assert_eq!(check(field("Content-Type").as_bytes()), Ok(()), "one is read in no time");
        for name in ["Content-Type", "content-disposition", "Content - Type"] {
            assert_eq!(check(field(name).repeat(4).as_bytes()), Err(Limit::HeadersTooLong), "{name}");
        }
        let quotes = format!("Content-Disposition: a; {}*0*={}\r\n", "n".repeat(30_000), "x'".repeat(15_000));
        assert_eq!(check(quotes.repeat(4).as_bytes()), Err(Limit::HeadersTooLong));
    }

    #[test]
    fn mails_attached_to_a_mail_and_forwarded_ones_are_no_burden() {
        let one = "Subject: a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nhello\r\n--c--\r\n";
        let plain = format!("--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{one}");
        let whole = format!("--b\r\n{}", base64("Content-Type: message/rfc822", one));
        for part in [plain, whole] {
            let parts = part.repeat(100);
            let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
            assert_eq!(check(raw.as_bytes()), Ok(()));
            assert_eq!(parse::parse(raw.as_bytes()).attachments.len(), 100);
        }
    }

    proptest! {
        #[test]
        fn any_mime_like_text_gets_an_answer(raw in "(C ?ontent-Type: (multipart/(mixed|digest); boundary=[ab]|message ?/rfc822)\r?\n|Content-Transfer-Encoding: (base64|quoted-printable)\n|--[ab](--)?\r?\n| ?\r?\n|x|=4|Q29u)*") {
            let _ = check(raw.as_bytes());
        }

        /// Deeper than what is counted here the parser never goes.
        #[test]
        fn t49_the_parser_goes_no_deeper_than_is_counted(raw in "(C ?ontent-Type: ?(multipart/digest; boundary=[ab]|message ?(\\(x\\))?/(rfc822|global))\n( \n|\n|x\n)?|--[ab]\r?\n|\n|Subject: x\n)*") {
            let mut burden = Burden::default();
            burden.look(raw.as_bytes(), 0).unwrap();
            let mut open: Vec<_> = MessageParser::default().parse(raw.as_bytes()).map(|m| (m, 0)).into_iter().collect();
            while let Some((message, depth)) = open.pop() {
                prop_assert!(depth <= burden.mails, "{depth} deep, {} counted", burden.mails);
                for part in message.parts {
                    if let mail_parser::PartType::Message(inner) = part.body {
                        open.push((inner, depth + 1));
                    }
                }
            }
        }
    }
}
