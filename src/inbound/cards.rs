//! Numbers of payment cards are never kept (BIL-02): raw mail comes in, the mail that is read comes out, and, where a
//! number stood in it, the bytes that are kept in place of the mail. Those are the same mail with each number replaced:
//! header, text, HTML and text files, whatever their encoding; nested mails too. Where a number can't be replaced where
//! it stands (in a packet of Outlook's, in a signed envelope), the whole body makes way.
//!
//! What is read, is read from those bytes: no number reaches a row, a letter, a list or a log. Office files, PDF and zip
//! are not looked into, nor is a mail beyond the structure limits, of which nothing is read either.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
use mail_parser::{Encoding, MessagePart, MimeHeaders, PartType};

use super::limits::Limits;
use super::parse::{self, Attachment, Mail};
use crate::domain::card::{self, REMOVED, Written, place};

/// Mails within mails that are looked into.
const DEEPEST: usize = 4;
/// Fields of a header whose words reach people.
const FIELDS: [&str; 12] = [
    "subject",
    "thread-topic",
    "from",
    "to",
    "cc",
    "reply-to",
    "sender",
    "comments",
    "keywords",
    "content-type",
    "content-disposition",
    "content-description",
];

/// Reads a mail; with the bytes to be kept in its place if there was a card number in it.
pub fn read(raw: &[u8], limits: &Limits) -> (Mail, Option<Vec<u8>>) {
    let mail = parse::parse_within(raw, limits);
    if !is_in(&mail) {
        return (mail, None);
    }
    let cleaned = clean(raw, 0).unwrap_or_else(|| raw.to_vec());
    let mail = parse::parse_within(&cleaned, limits);
    if !is_in(&mail) {
        return (mail, Some(cleaned));
    }
    bare(&cleaned)
}

/// The mail without its body, and its bytes: where a number shows that can't be taken out where it stands.
pub fn bare(raw: &[u8]) -> (Mail, Option<Vec<u8>>) {
    let bare = without_body(raw);
    (parse::parse(&bare), Some(bare))
}

/// True if this file holds a number, or held one.
pub fn is_in_file(file: &Attachment) -> bool {
    let marked = file.bytes.windows(REMOVED.len()).any(|w| w == REMOVED.as_bytes());
    (marked && is_text(&file.bytes)) || file_has(file, 0)
}

fn is_in(mail: &Mail) -> bool {
    let names = mail.from.iter().chain(&mail.to).chain(&mail.cc).filter_map(|m| m.name.as_deref());
    let shown = mail.headers.iter().filter(|h| FIELDS.contains(&h.name.as_str())).map(|h| h.value.as_str());
    let texts = [mail.text.as_deref(), Some(mail.subject.as_str())].into_iter().flatten();
    let calendars = mail.calendar.iter().map(String::as_str);
    let files = mail.attachments.iter().map(|a| a.name.as_str());
    names.chain(shown).chain(texts).chain(calendars).chain(files).any(card::is_in)
        || mail.html.as_deref().is_some_and(|h| html(h).is_some())
        || mail.attachments.iter().any(|file| file_has(file, 0))
}

fn file_has(file: &Attachment, depth: usize) -> bool {
    if file.mime == "message/rfc822" {
        return depth < DEEPEST && clean(&file.bytes, depth.saturating_add(1)).is_some();
    }
    (is_text(&file.bytes) || file.mime.starts_with("text/"))
        && without_numbers(&file.bytes, file.mime == "text/html").is_some()
}

/// Bytes that a person can read as they stand.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

/// The mail with each number replaced where it stands; none if none was found.
fn clean(raw: &[u8], depth: usize) -> Option<Vec<u8>> {
    if depth > DEEPEST {
        return None;
    }
    // Its size was looked at where it came in; what is encoded in it may be larger than what it stood in.
    let limits = Limits { size: usize::MAX, ..Limits::default() };
    let closed = parse::closed(raw, &limits).ok()?;
    let message = parse::taken_apart(&closed, &limits).ok()??;
    let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
    for part in &message.parts {
        let [header, body, end] = [part.offset_header, part.offset_body, part.offset_end].map(place);
        edits.extend(header_edits(raw, header..body));
        edits.extend(body_edit(raw, part, body..end, depth));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::with_capacity(raw.len());
    let mut from = 0;
    for (range, new) in edits.iter().filter(|(range, _)| range.start <= range.end) {
        if range.start < from {
            continue;
        }
        between(raw.get(from..range.start)?, &mut out);
        out.extend_from_slice(new);
        from = range.end;
    }
    between(raw.get(from..)?, &mut out);
    (out != raw).then_some(out)
}

/// What stands between the parts that were changed goes over as it is, but for numbers in plain sight.
fn between(bytes: &[u8], out: &mut Vec<u8>) {
    match without_numbers(bytes, false) {
        Some(new) => out.extend_from_slice(&new),
        None => out.extend_from_slice(bytes),
    }
}

/// The fields that people read, one by one.
fn header_edits(raw: &[u8], range: Range<usize>) -> Vec<(Range<usize>, Vec<u8>)> {
    let mut edits = Vec::new();
    let Some(head) = raw.get(range.clone()) else { return edits };
    let mut starts = Vec::new();
    let mut at = 0_usize;
    for line in head.split_inclusive(|b| *b == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            starts.push(at);
        }
        at = at.saturating_add(line.len());
    }
    starts.push(head.len());
    for pair in starts.windows(2) {
        let [start, end] = pair else { continue };
        let Some(field) = head.get(*start..*end) else { continue };
        if let Some(new) = field_without(field) {
            let whole = range.start.saturating_add(*start)..range.start.saturating_add(*end);
            edits.push((whole, new));
        }
    }
    edits
}

fn field_without(field: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(field);
    let (name, value) = text.split_once(':')?;
    if !FIELDS.contains(&name.trim().to_ascii_lowercase().as_str()) {
        return None;
    }
    let line = value.split(['\r', '\n']).map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ");
    let decoded = match line.contains("=?") {
        true => parse::decode_words(&line),
        false => line,
    };
    let new = card::redact(&decoded)?;
    let written = match new.is_ascii() {
        true => new,
        false => format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(new.as_bytes())),
    };
    Some(format!("{name}: {written}\r\n").into_bytes())
}

fn body_edit(raw: &[u8], part: &MessagePart<'_>, range: Range<usize>, depth: usize) -> Option<(Range<usize>, Vec<u8>)> {
    let written = raw.get(range.clone())?;
    let new = match &part.body {
        PartType::Multipart(_) => return None,
        _ => {
            let decoded = decoded(part.encoding, written)?;
            let is_html = part.is_content_type("text", "html");
            let new = match parse::is_mail(part) {
                true => clean(&decoded, depth.saturating_add(1))?,
                false => without_numbers(&decoded, is_html)?,
            };
            encoded(part.encoding, &new)
        }
    };
    Some((range, new))
}

fn decoded(encoding: Encoding, written: &[u8]) -> Option<Cow<'_, [u8]>> {
    match encoding {
        Encoding::None => Some(Cow::Borrowed(written)),
        Encoding::Base64 => base64_decode(written).map(Cow::Owned),
        Encoding::QuotedPrintable => quoted_printable_decode(written).map(Cow::Owned),
    }
}

fn encoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::None => bytes.to_vec(),
        Encoding::Base64 => {
            let text = data_encoding::BASE64.encode(bytes);
            let lines: Vec<&[u8]> = text.as_bytes().chunks(76).collect();
            [lines.join(b"\r\n".as_slice()).as_slice(), b"\r\n"].concat()
        }
        Encoding::QuotedPrintable => quoted_printable(bytes),
    }
}

/// Lines of at most 76 characters (RFC 2045, 6.7).
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii_end();
        let (text, is_ended) = if line.ends_with(b"\n") { (text, true) } else { (line, false) };
        let mut width = 0_usize;
        for byte in text {
            let is_plain = matches!(byte, b' '..=b'~') && *byte != b'=';
            let piece = if is_plain { vec![*byte] } else { format!("={byte:02X}").into_bytes() };
            if width.saturating_add(piece.len()) > 75 {
                out.extend_from_slice(b"=\r\n");
                width = 0;
            }
            width = width.saturating_add(piece.len());
            out.extend_from_slice(&piece);
        }
        if is_ended {
            out.extend_from_slice(b"\r\n");
        }
    }
    out
}

/// Text in an encoding in which digits are those of ASCII, without its numbers; none if there are none.
fn without_numbers(bytes: &[u8], is_html: bool) -> Option<Vec<u8>> {
    if !card::has_digits_enough(bytes) {
        return None;
    }
    if let Some(text) = of_utf16(bytes) {
        let new = if is_html { html(&text)? } else { card::redact(&text)? };
        let unit = |unit: u16| if bytes.starts_with(&[0xff, 0xfe]) { unit.to_le_bytes() } else { unit.to_be_bytes() };
        return Some(new.encode_utf16().flat_map(unit).collect());
    }
    if bytes.contains(&0) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_html => html(text).map(String::into_bytes),
        Ok(text) => card::redact(text).map(String::into_bytes),
        Err(_) => {
            // An older character set: each byte stands for itself.
            let text: String = bytes.iter().map(|b| char::from(*b)).collect();
            let new = if is_html { html(&text)? } else { card::redact(&text)? };
            Some(new.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect())
        }
    }
}

/// Text of 16-bit units with their mark, the mark included.
fn of_utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    Some(String::from_utf16_lossy(&units))
}

/// HTML without its numbers: those in plain sight anywhere in the source, and those that only the reader of the page sees,
/// because tags stand between their digits.
fn html(source: &str) -> Option<String> {
    if !card::has_digits_enough(source.as_bytes()) {
        return None;
    }
    let plain = card::redact(source);
    let source = plain.as_deref().unwrap_or(source);
    let visible = visible(source);
    let mut out = String::with_capacity(source.len());
    let (mut from, mut any) = (0, false);
    for (range, instead) in card::find_all(&visible) {
        let number = visible.get(range).unwrap_or_default();
        let goes = |c: char| c.is_numeric() || (instead != REMOVED && matches!(c, '/' | '.' | '-'));
        for (nth, (_, range)) in number.iter().filter(|(c, _)| goes(*c)).enumerate() {
            out.push_str(source.get(from..range.start)?);
            out.push_str(if nth == 0 { instead } else { "" });
            from = range.end;
            any = true;
        }
    }
    out.push_str(source.get(from..)?);
    if any { Some(out) } else { plain }
}

/// What a page shows, character by character, and where each stands in the source.
struct Seen<'a> {
    source: &'a str,
    written: Vec<Written>,
}

impl std::ops::Deref for Seen<'_> {
    type Target = [Written];

    fn deref(&self) -> &[Written] {
        &self.written
    }
}

impl Seen<'_> {
    /// Some of the characters, each with the bytes it was written with.
    fn get(&self, range: Range<usize>) -> Option<Vec<(char, Range<usize>)>> {
        let written = self.written.get(range)?.iter().map(|(c, start)| {
            let start = place(*start);
            let length = shown_first(self.source.get(start..)?).1;
            Some((*c, start..start.saturating_add(length)))
        });
        written.collect()
    }
}

fn visible(source: &str) -> Seen<'_> {
    // Counted before, so that it does not grow by doubling.
    let mut written = Vec::with_capacity(source.chars().count());
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|r| !r.is_empty()) {
        let (shown, length) = shown_first(rest);
        written.extend(shown.map(|c| (c, u32::try_from(at).unwrap_or(u32::MAX))));
        at = at.saturating_add(length);
    }
    Seen { source, written }
}

/// The first that is written in a source, what it shows and how long it is; of an empty one nothing.
fn shown_first(rest: &str) -> (Option<char>, usize) {
    let (shown, length) = match rest.chars().next() {
        Some('<') => tag(rest),
        Some('&') => entity(rest),
        Some(c) => (Some(c), c.len_utf8()),
        None => (None, 0),
    };
    (shown, length.max(1))
}

/// A tag or a comment: nothing to see if it only dresses the words, a new line otherwise. One that never ends takes the
/// rest of the page, as in a browser, so that no character is looked at twice.
fn tag(rest: &str) -> (Option<char>, usize) {
    const DRESS: [&str; 20] = [
        "a", "b", "i", "u", "s", "em", "strong", "span", "font", "wbr", "small", "big", "code", "mark", "tt", "o:p",
        "ins", "del", "sub", "img",
    ];
    if rest.starts_with("<!--") {
        return (None, rest.find("-->").map_or(rest.len(), |at| at.saturating_add(3)));
    }
    let name = rest.get(1..).unwrap_or_default();
    let name = name.strip_prefix('/').unwrap_or(name);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
        return (Some('<'), 1);
    }
    let (mut quote, mut last) = (None, b' ');
    let end = rest.bytes().position(|byte| {
        match quote {
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') && last == b'=' => quote = Some(byte),
            _ => {}
        }
        last = if byte.is_ascii_whitespace() { last } else { byte };
        quote.is_none() && byte == b'>'
    });
    let end = end.map_or(rest.len(), |at| at.saturating_add(1));
    let name = name.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    let dresses = DRESS.contains(&name.to_ascii_lowercase().as_str());
    (if dresses { None } else { Some('\n') }, end)
}

/// The longest entity that shows a digit or a blank: `&#0000052;`.
const LONGEST_ENTITY: usize = 12;

fn entity(rest: &str) -> (Option<char>, usize) {
    let body = rest.get(1..).unwrap_or_default();
    let fits: fn(&u8) -> bool = match body.as_bytes() {
        [b'#', b'x' | b'X', ..] => |b| b.is_ascii_hexdigit() || matches!(b, b'#' | b'x' | b'X'),
        [b'#', ..] => |b| b.is_ascii_digit() || *b == b'#',
        _ => u8::is_ascii_alphabetic,
    };
    let length = body.bytes().take(LONGEST_ENTITY).take_while(fits).count();
    let end = length.saturating_add(1);
    let name = rest.get(1..end).unwrap_or_default();
    let is_ended = rest.as_bytes().get(end) == Some(&b';');
    let shown = match name {
        "nbsp" | "ensp" | "emsp" | "thinsp" => Some(' '),
        "ndash" | "hyphen" => Some('-'),
        "shy" | "zwnj" | "zwj" | "zwsp" => Some('\u{200b}'),
        _ => {
            let number = name.strip_prefix('#').map(|n| match n.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => n.parse().ok(),
            });
            number.flatten().and_then(char::from_u32)
        }
    };
    match shown {
        Some(shown) => (Some(shown), end.saturating_add(usize::from(is_ended))),
        None => (Some('&'), 1),
    }
}

/// The header alone, and a word for the body.
fn without_body(raw: &[u8]) -> Vec<u8> {
    let split = |mark: &[u8]| raw.windows(mark.len()).position(|w| w == mark);
    let end = split(b"\r\n\r\n").or_else(|| split(b"\n\n")).unwrap_or(raw.len());
    let mut out: Vec<u8> = Vec::new();
    let mut drops = false;
    for line in raw.get(..end).unwrap_or_default().split_inclusive(|b| *b == b'\n') {
        let continues = line.starts_with(b" ") || line.starts_with(b"\t");
        if !continues {
            let lower = String::from_utf8_lossy(line).to_ascii_lowercase();
            drops = lower.starts_with("content-") || card::is_in(&lower);
        }
        if !drops {
            out.extend_from_slice(line);
        }
    }
    let breaks: &[u8] = if out.is_empty() || out.ends_with(b"\n") { b"\r\n" } else { b"\r\n\r\n" };
    out.extend_from_slice(breaks);
    out.extend_from_slice(format!("{REMOVED}\r\n").as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "4111 1111 1111 1111";

    /// No number, and none of its digits in a row, in any form that a reader of the bytes could take.
    fn is_clean(bytes: &[u8]) -> bool {
        let mail = parse::parse(bytes);
        !is_in(&mail) && !String::from_utf8_lossy(bytes).contains("1111 1111") && clean(bytes, 0).is_none()
    }

    fn cleaned(head: &str, body: &str) -> (Mail, Vec<u8>) {
        let raw =
            format!("From: Jane <jane@roe.example>\r\nTo: m-1@x.example\r\nMessage-ID: <a@b>\r\n{head}\r\n{body}");
        let (mail, instead) = read(raw.as_bytes(), &Limits::default());
        let instead = instead.unwrap_or_else(|| panic!("kept as it came: {raw}"));
        assert!(is_clean(&instead), "{}", String::from_utf8_lossy(&instead));
        assert_eq!(parse::parse(&instead), mail, "what is read is what is kept");
        (mail, instead)
    }

    /// What stands in a packet of Outlook's, or in a mail in a mail in a mail, shows only once it is opened.
    #[test]
    fn t49_mails_inside_mails_that_show_late_are_not_gone_into() {
        let deep = format!("{}\n{NUMBER}\n", "Content-Type: message/rfc822\n\n".repeat(20_000)).into_bytes();
        let file = Attachment {
            name: "a.eml".into(),
            mime: "message/rfc822".into(),
            sha256: String::new(),
            bytes: deep.clone(),
            inline: false,
            content_id: None,
        };
        assert!(!is_in_file(&file));
        let head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n";
        let whole =
            (0..6).fold(deep, |inner, _| format!("{head}{}\n", data_encoding::BASE64.encode(&inner)).into_bytes());
        let (mail, instead) = read(&[b"From: a@b.example\n", whole.as_slice()].concat(), &Limits::default());
        assert_eq!((mail.limit(), instead), (None, None));
    }

    #[test]
    fn a_number_is_taken_out_of_text_in_every_encoding() {
        let coded = data_encoding::BASE64.encode(format!("Grüße\r\nVisa {NUMBER} 12/27\r\nJane").as_bytes());
        for (encoding, body) in [
            ("7bit", format!("Hello\r\nVisa {NUMBER} 12/27\r\nJane\r\n")),
            ("quoted-printable", "Gr=C3=BC=C3=9Fe\r\nVisa 4111 1111=\r\n 1111 111=31 12/27\r\nJane\r\n".to_owned()),
            ("base64", coded),
        ] {
            let head = format!(
                "Subject: Payment\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
            );
            let (mail, _) = cleaned(&head, &body);
            let text = mail.text.unwrap();
            assert!(text.contains(&format!("Visa {REMOVED} [removed]")) && text.contains("Jane"), "{encoding}: {text}");
        }
    }

    #[test]
    fn a_number_that_only_the_page_shows_is_taken_out_too() {
        let html = "<p>Visa <b>4111</b>&nbsp;1111&#160;<span style=\"x\">1111</span> 1111</p><p>CVV: <b>1</b>23, exp. <i>12</i>/27</p><p>Jane</p>";
        let (mail, _) = cleaned("Content-Type: text/html; charset=utf-8\r\n", html);
        let html = mail.html.unwrap();
        assert!(html.contains(&format!("<b>{REMOVED}</b>")) && html.contains("<p>Jane</p>"), "{html}");
        assert!(html.contains("CVV: <b>[removed]</b>, exp. <i>[removed]</i></p>"), "{html}");
        let plain = "<p>Visa 4111 1111 1111 1111</p><p>CVV: <b>123</b></p>";
        let (mail, _) = cleaned("Content-Type: text/html; charset=utf-8\r\n", plain);
        assert!(mail.html.unwrap().contains("<b>[removed]</b>"));
    }

    #[test]
    fn a_number_in_pieces_that_a_page_joins_is_taken_out() {
        for joint in [
            "<!-- -->",
            "<!-- > -->",
            "&zwnj;",
            "<s></s>",
            "<ins> </ins>",
            "<img src=\"x\">",
            "<b title=\"a>b\"></b>",
            "&#8203;",
            "\u{200b}",
            "\u{ad}",
            "&nbsp",
            ".",
            "_",
            " \u{2212} ",
        ] {
            let html = format!("<p>Visa {}</p><p>Jane</p>", ["4111", "1111", "1111", "1111"].join(joint));
            let (mail, _) = cleaned("Content-Type: text/html; charset=utf-8\r\n", &html);
            assert!(mail.html.unwrap_or_default().contains(REMOVED), "{joint}");
        }
    }

    #[test]
    fn a_number_in_a_text_file_of_another_character_set_is_found() {
        let latin: Vec<u8> = [b"caf\xe9 ".as_slice(), NUMBER.as_bytes()].concat();
        let wide = |mark: u16| -> Vec<u8> {
            std::iter::once(mark).chain(format!("café {NUMBER}").encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        for bytes in [latin, wide(0xfeff)] {
            let file = format!(
                "--b\r\n\r\nSee below\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
                data_encoding::BASE64.encode(&bytes)
            );
            let (mail, _) = cleaned("Content-Type: multipart/mixed; boundary=b\r\n", &file);
            assert!(mail.text.unwrap().contains("See below"));
        }
    }

    /// Threat T54: what is looked at grows with the mail, not with its square. A megabyte each, which took minutes before.
    #[test]
    fn t54_a_page_of_entities_tags_or_dates_is_read_once() {
        let dates = format!("{NUMBER} 12/27 ").repeat(40_000);
        let digits = "1234567890123 ".to_owned();
        for page in [
            "&".repeat(1 << 20),
            "<".repeat(1 << 20),
            "<a ".repeat(1 << 18),
            "&#".repeat(1 << 19),
            "4 ".repeat(1 << 19),
            dates,
        ] {
            let raw = format!("From: a@b.example\r\nContent-Type: text/html\r\n\r\n{digits}{page}");
            read(raw.as_bytes(), &Limits::default());
        }
    }

    #[test]
    fn t54_a_character_of_a_page_takes_eight_bytes() {
        let text = format!("<p>x{}</p>", "é&#52;".repeat(1000));
        let visible = visible(&text);
        assert!(size_of_val(&*visible) <= 8 * visible.len(), "twenty-four before");
        assert!(visible.written.capacity() <= text.chars().count());
    }

    #[test]
    fn a_number_of_entities_goes_with_all_that_it_was_written_with() {
        let digits = |of: fn(char) -> String| NUMBER.chars().map(of).collect::<String>();
        for number in [
            digits(|c| format!("&#{};", u32::from(c))),
            digits(|c| format!("&#x{:x}", u32::from(c)) + ";"),
            digits(|c| format!("<b>&#00{}</b>", u32::from(c))),
            digits(|c| format!("{c}<!-- x -->")),
        ] {
            let new = html(&format!("<p>é Visa {number}, 12&#47;27</p>")).unwrap();
            assert!(new.starts_with("<p>é Visa ") && new.contains(REMOVED), "{new}");
            assert!(!new.contains("12&#47;27") && !new.contains("&#52;") && !new.contains("52</b>"), "{new}");
            assert!(html(&new).is_none(), "{new}");
        }
    }

    #[test]
    fn subjects_names_and_nested_mails_lose_theirs() {
        let word = format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(format!("Für {NUMBER}").as_bytes()));
        for subject in [NUMBER, word.as_str(), "Visa 4111 1111\r\n 1111 1111"] {
            let (mail, _) = cleaned(&format!("Subject: {subject}\r\n"), "Hello\r\n");
            assert!(mail.subject.contains(REMOVED), "{}", mail.subject);
        }
        let nested = format!("From: a@b.example\r\nSubject: x\r\n\r\nVisa {NUMBER}\r\n");
        let body = format!("--b\r\n\r\nSee below\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{nested}\r\n--b--\r\n");
        let (mail, _) = cleaned("Content-Type: multipart/mixed; boundary=b\r\n", &body);
        assert!(mail.text.unwrap().contains("See below"));
        assert!(mail.attachments.iter().all(is_in_file));
    }

    #[test]
    fn a_text_file_is_told_and_other_parts_stay_as_they_are() {
        let pdf = data_encoding::BASE64.encode(b"%PDF-1.7 \xff\x00 4111111111111111");
        let body = format!(
            "--b\r\n\r\nSee below\r\n--b\r\nContent-Type: text/csv; name=cards.csv\r\nContent-Disposition: attachment\r\n\r\na,{NUMBER}\r\n\
             --b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{pdf}\r\n--b--\r\n"
        );
        let (mail, kept) = cleaned("Content-Type: multipart/mixed; boundary=b\r\n", &body);
        let told: Vec<bool> = mail.attachments.iter().map(is_in_file).collect();
        assert_eq!(told, [true, false]);
        assert!(String::from_utf8_lossy(&kept).contains(&pdf));
    }

    #[test]
    fn where_a_number_cannot_be_replaced_the_body_makes_way() {
        let body: Vec<u8> = format!("Visa {NUMBER}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let body = data_encoding::BASE64.encode(&body);
        let head = "Subject: x\r\nContent-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n";
        let (mail, _) = cleaned(head, &body);
        assert_eq!((mail.subject.as_str(), mail.text.unwrap().trim()), ("x", REMOVED));
    }

    #[test]
    fn a_mail_without_a_number_is_kept_as_it_came() {
        let raw =
            b"From: a@b.example\r\nSubject: x\r\n\r\nIBAN GB29 NWBK 6016 1331 9268 19, +49 4111 1111 1111 111\r\n";
        assert_eq!(read(raw, &Limits::default()).1, None);
    }
}
