//! Raw mail comes in, [`Mail`] comes out: owned, plain data with the defects that were met. It never fails, never looks
//! inside attachments, and decides nothing. The only user of mail-parser beside `cards`, which writes parts anew, and the decoders of
//! `charset` and `limits`.

use super::burden;
use super::limits::{self, Limit, Limits};
use super::names::safe_name;
use super::transfer::{self, Claim};
use super::{charset, recoding, rtf, sealed, tnef, uuencode, words};
use crate::proof::MAX_DATE;
use jiff::{Zoned, civil, tz};
use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
use mail_parser::{Addr, DateTime, Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::panic::catch_unwind;

/// The most Message-IDs that are kept of References and In-Reply-To; the newest win (gateway.md C1).
pub const MAX_REFERENCES: usize = 50;
const MAX_ADDRESSES: usize = 500;
const MAX_VALUE: usize = 16 * 1024;

/// A name and an address as they stand in a header; the address is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded.
    pub name: Option<String>,
    /// The address as written.
    pub address: String,
}

/// One header field, unfolded, not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name in lower case.
    pub name: String,
    /// The value on one line.
    pub value: String,
}

/// How the lines of the text body were wrapped (RFC 3676).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// Lines end where they end.
    #[default]
    Fixed,
    /// A space at the end of a line says that the next one goes on.
    Flowed,
    /// The same, and that space does not belong to the text.
    FlowedDelSp,
}

/// A file that came with the mail, or a part that is no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, safe to store and to show ([`safe_name`]).
    pub name: String,
    /// Its type as claimed, in lower case, such as `application/pdf`.
    pub mime: String,
    /// Its bytes, decoded.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes` in lower-case hexadecimal.
    pub sha256: String,
    /// Whether the mail shows it within the text.
    pub inline: bool,
    /// Its Content-ID without angle brackets.
    pub content_id: Option<String>,
}

/// Odd input that was met; reading went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A structure limit is broken: only the header was read.
    Limit(Limit),
    /// There is no header.
    NoHeader,
    /// There is no From header, or none with an address.
    NoFrom,
    /// There is more than one From header.
    SeveralFrom,
    /// There is no Message-ID.
    NoMessageId,
    /// The Date is missing or no date.
    NoDate,
    /// A part's encoding is broken; its bytes were taken as they stand.
    BrokenEncoding,
    /// The body, or a part of it, is encrypted; it stays a file (threats.md T66).
    Encrypted,
    /// A packet of Outlook's (winmail.dat) could not be read to its end.
    BrokenPacket,
    /// Where its parts begin, or what they are written in, is said twice: programs read different texts (threats T57).
    Ambiguous,
}

impl Defect {
    /// The stable name for `--json`; of a limit, the limit's.
    pub const fn code(self) -> &'static str {
        match self {
            Defect::Limit(limit) => limit.code(),
            Defect::NoHeader => "NO_HEADER",
            Defect::NoFrom => "NO_FROM",
            Defect::SeveralFrom => "SEVERAL_FROM",
            Defect::NoMessageId => "NO_MESSAGE_ID",
            Defect::NoDate => "NO_DATE",
            Defect::BrokenEncoding => "BROKEN_ENCODING",
            Defect::Encrypted => "ENCRYPTED_BODY",
            Defect::BrokenPacket => "BROKEN_PACKET",
            Defect::Ambiguous => "AMBIGUOUS_STRUCTURE",
        }
    }
}

/// A mail as it was read; its Debug says none of it, for reply addresses and codes stand in it.
#[derive(Clone, Default, PartialEq)]
pub struct Mail {
    /// The Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// The Message-IDs of In-Reply-To.
    pub in_reply_to: Vec<String>,
    /// The Message-IDs of References, oldest first, at most [`MAX_REFERENCES`].
    pub references: Vec<String>,
    /// The first mailbox of the first From header.
    pub from: Option<Mailbox>,
    /// The value of each From header, raw.
    pub from_raw: Vec<String>,
    /// The mailboxes of all To headers.
    pub to: Vec<Mailbox>,
    /// The mailboxes of all Cc headers.
    pub cc: Vec<Mailbox>,
    /// The subject, decoded; empty if there is none.
    pub subject: String,
    /// The Date with the sender's own offset from UTC.
    pub date: Option<Zoned>,
    /// Every header field in order, unfolded, not decoded.
    pub headers: Vec<Header>,
    /// The text body; several text parts with attachments between them are joined (Apple Mail).
    pub text: Option<String>,
    /// How the text body's lines are wrapped.
    pub flow: Flow,
    /// The HTML body, several parts joined.
    pub html: Option<String>,
    /// The text of each `text/calendar` part.
    pub calendar: Vec<String>,
    /// What is not body: files, pictures, nested mails, reports.
    pub attachments: Vec<Attachment>,
    /// The type of the whole mail in lower case, such as `multipart/report`; empty if it says nothing.
    pub content_type: String,
    /// Its body was cut into other parts, or was of another kind, than its type says now.
    pub is_recut: bool,
    /// The text of the only part as it reads in the transfer encoding in which it may have been written, if another one may
    /// have been named on the way: what stands only in `text` or `html` may be nobody's words ([`super::recoding`]).
    pub recoded: Option<String>,
    /// It says commands that it does not say as it may have been written.
    pub is_recoded: bool,
    /// What was odd.
    pub defects: Vec<Defect>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, defects) = (self.attachments.len(), &self.defects);
        f.debug_struct("Mail").field("attachments", &files).field("defects", defects).finish_non_exhaustive()
    }
}

impl Mail {
    /// The value of the first header of this name (lower case), unfolded.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name == name).map(|h| h.value.as_str())
    }

    /// The values of all headers of this name (lower case), in order.
    pub fn header_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.headers.iter().filter(move |h| h.name == name).map(|h| h.value.as_str())
    }

    /// The List-Id, if the mail went through a mailing list; by itself it makes no machine of a person.
    pub fn list_id(&self) -> Option<&str> {
        self.header("list-id")
    }

    /// The structure limit the mail breaks, if it does; such a mail is held unparsed (threats.md T49).
    pub fn limit(&self) -> Option<Limit> {
        self.defects.iter().find_map(|d| if let Defect::Limit(l) = d { Some(*l) } else { None })
    }
}

/// Reads a mail; whatever the bytes are, there is a [`Mail`].
pub fn parse(raw: &[u8]) -> Mail {
    parse_within(raw, &Limits::default())
}

/// Envelopes of signatures that are opened inside one another.
const MAX_ENVELOPES: usize = 3;

/// Reads a mail; one that breaks `limits` gives its header only, with the [`Limit`] among the defects.
pub fn parse_within(raw: &[u8], limits: &Limits) -> Mail {
    let mut mail = parse_closed(raw, limits);
    for _ in 0..MAX_ENVELOPES {
        if !open_envelope(&mut mail, limits) {
            break;
        }
    }
    unpack_packets(&mut mail);
    open_armour(&mut mail);
    mail
}

/// The same with every envelope closed.
fn parse_closed(raw: &[u8], limits: &Limits) -> Mail {
    let raw = with_line_feeds(raw);
    let raw = without_envelope_line(&raw);
    let mut mail = Mail::default();
    let closed = closed(raw, limits);
    match closed.as_ref().map_err(|limit| *limit).and_then(|closed| taken_apart(closed, limits)) {
        Ok(Some(message)) => {
            read_header(&message, raw, &mut mail);
            read_bodies(&message, raw, &mut mail);
            mail.is_recut = is_recut(&message, raw);
            mail.recoded = recoded(&message, raw);
        }
        Ok(None) => mail.defects.push(Defect::NoHeader),
        Err(limit) => {
            mail.defects.push(Defect::Limit(limit));
            let head = bounded_head(raw, limits);
            if let Some(message) = read_headers(&head) {
                read_header(&message, &head, &mut mail);
            }
        }
    }
    mail
}

/// What the library makes of a header that is no burden to it; none where it panics.
fn read_headers(head: &[u8]) -> Option<Message<'_>> {
    burden::check(head).ok()?;
    catch_unwind(|| MessageParser::default().parse_headers(head)).ok().flatten()
}

/// A mail as it is given to the library: within the limits, and the mails in it closed.
pub(super) fn closed<'r>(raw: &'r [u8], limits: &Limits) -> Result<Cow<'r, [u8]>, Limit> {
    limits::check(raw, limits)?;
    burden::closed(raw)
}

/// What the library makes of a [`closed`] mail. It may see other structure than the limits' own scan does, where a mail is
/// ambiguous: so parts are counted once more, as it saw them, and depth too, should it ever find a mail in it. One that it
/// can't take apart without a panic is refused like one that breaks a limit.
pub(super) fn taken_apart<'r>(closed: &'r [u8], limits: &Limits) -> Result<Option<Message<'r>>, Limit> {
    let parsed = catch_unwind(|| MessageParser::default().parse(closed)).map_err(|_| Limit::Unreadable)?;
    let Some(message) = parsed else { return Ok(None) };
    match structure(&message, limits) {
        Ok(()) => Ok(Some(message)),
        Err(limit) => {
            flatten(message);
            Err(limit)
        }
    }
}

/// Counts parts and depth without going deeper itself.
fn structure(message: &Message<'_>, limits: &Limits) -> Result<(), Limit> {
    let (mut parts, mut open) = (0_usize, vec![(message, 1_usize)]);
    while let Some((message, depth)) = open.pop() {
        parts = parts.saturating_add(message.parts.len());
        if parts > limits.parts.saturating_mul(2) {
            return Err(Limit::TooManyParts);
        }
        if depth > limits.nesting.saturating_add(1) {
            return Err(Limit::TooDeep);
        }
        let nested =
            message.parts.iter().filter_map(|p| if let PartType::Message(m) = &p.body { Some(m) } else { None });
        open.extend(nested.map(|m| (m, depth.saturating_add(1))));
    }
    Ok(())
}

/// True if programs read different texts in this part: its header says twice how it is to be read, or what it says of its
/// encoding is not so.
fn is_ambiguous(part: &MessagePart<'_>) -> bool {
    let twice = |name: &str| part.headers.iter().filter(|h| h.name().eq_ignore_ascii_case(name)).count() > 1;
    let named = |name: &str| {
        let attributes = part.content_type().and_then(|c| c.attributes.as_ref()).into_iter().flatten();
        attributes.filter(|a| a.name.eq_ignore_ascii_case(name)).count() > 1
    };
    let is_text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
    (is_text && (part.is_encoding_problem || is_misread(part)))
        || twice("content-type")
        || twice("content-transfer-encoding")
        || named("boundary")
        || named("charset")
}

/// True if the body begins with another boundary than the header names: its Content-Type was changed after the body was
/// written, so that a line in a file becomes what the mail says. No program writes such a mail.
fn is_recut(message: &Message<'_>, raw: &[u8]) -> bool {
    let body = message.parts.first().and_then(|whole| raw.get(usize::try_from(whole.offset_body).ok()?..));
    let mut lines = body.unwrap_or_default().split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).peekable();
    let declared = message.content_type().filter(|c| mime_of(c).starts_with("multipart/"));
    let declared = declared.and_then(|c| c.attribute("boundary")).map(|b| format!("--{}", b.trim_ascii_end()));
    let is_cut = |line: &[u8]| line.starts_with(b"--") && line.len() > 2;
    if let Some(declared) = declared {
        return lines.find(|line| is_cut(line)).is_some_and(|line| line != declared.as_bytes());
    }
    while let Some(line) = lines.next() {
        let begins_part = |next: &&[u8]| next.get(..8).is_some_and(|n| n.eq_ignore_ascii_case(b"content-"));
        if is_cut(line) && lines.peek().is_some_and(begins_part) {
            return true;
        }
    }
    false
}

/// True if a mail of one HTML part begins with no tag: it was plain text, in which anybody's quoted words can look like tags.
pub(super) fn is_no_page(mail: &Mail) -> bool {
    let page = mail.html.as_deref().filter(|_| mail.content_type == "text/html");
    page.map(|html| html.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}'))
        .is_some_and(|html| !html.is_empty() && !html.starts_with('<'))
}

/// The text of a mail that is nothing but a text, as it reads in another transfer encoding than its header says.
fn recoded(message: &Message<'_>, raw: &[u8]) -> Option<String> {
    let [part] = message.parts.as_slice() else { return None };
    let kind = match part.body {
        PartType::Text(_) => recoding::Kind::Text,
        PartType::Html(_) => recoding::Kind::Page,
        _ => return None,
    };
    let claimed = part.content_type().and_then(|ct| ct.attribute("charset"));
    recoding::otherwise(raw_body(part, raw), claim_of(part), kind).map(|bytes| charset::decode(&bytes, claimed))
}

/// Frees a mail level by level: freeing it as a whole would go as deep as it does.
fn flatten(message: Message<'_>) {
    let mut open = vec![message];
    while let Some(mut message) = open.pop() {
        for part in &mut message.parts {
            if let PartType::Message(nested) = std::mem::take(&mut part.body) {
                open.push(nested);
            }
        }
    }
}

/// Old Macs end lines with CR alone; nothing here nor in the library takes it for an end.
fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.contains(&b'\n') || !raw.contains(&b'\r') {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().map(|b| if *b == b'\r' { b'\n' } else { *b }).collect())
}

/// An mbox's "From " line, blank lines or a byte order mark before the header are no part of the mail.
fn without_envelope_line(raw: &[u8]) -> &[u8] {
    let mut rest = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    while let Some((line, next)) =
        rest.split_at_checked(rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at.saturating_add(1)))
    {
        if rest.is_empty() || !line.trim_ascii().is_empty() {
            break;
        }
        rest = next;
    }
    if rest.starts_with(b"From ") || rest.starts_with(b">From ") {
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        rest = rest.get(end.saturating_add(1)..).unwrap_or_default();
    }
    rest
}

/// As much of the header as the limits allow, whole lines only.
fn bounded_head(raw: &[u8], limits: &Limits) -> Vec<u8> {
    let mut head = Vec::new();
    for line in raw.split_inclusive(|b| *b == b'\n').take(limits.headers) {
        if head.len().saturating_add(line.len()) > limits.header_len || line.trim_ascii().is_empty() {
            break;
        }
        head.extend_from_slice(line);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn read_header(message: &Message<'_>, raw: &[u8], mail: &mut Mail) {
    mail.headers = message.headers().iter().filter_map(|h| header(h, raw)).collect();
    mail.message_id = mail.header("message-id").and_then(|v| ids(v).into_iter().next());
    mail.in_reply_to = mail.header_all("in-reply-to").flat_map(ids).take(MAX_REFERENCES).collect();
    let references: Vec<String> = mail.header_all("references").flat_map(ids).collect();
    mail.references = references.iter().skip(references.len().saturating_sub(MAX_REFERENCES)).cloned().collect();
    mail.from_raw = mail.header_all("from").map(str::to_owned).collect();
    mail.from = all_of(message, "from").into_iter().next();
    mail.to = all_of(message, "to");
    mail.cc = all_of(message, "cc");
    mail.subject = subject(message, raw);
    let is_short = mail.header("date").is_none_or(|date| date.len() <= MAX_DATE);
    mail.date = message.date().filter(|_| is_short).and_then(zoned);
    if message.parts.iter().any(is_ambiguous) {
        mail.defects.push(Defect::Ambiguous);
    }
    mail.content_type = message.content_type().map(mime_of).unwrap_or_default();
    let missing = [
        (mail.headers.is_empty(), Defect::NoHeader),
        (mail.from.is_none(), Defect::NoFrom),
        (mail.from_raw.len() > 1, Defect::SeveralFrom),
        (mail.message_id.is_none(), Defect::NoMessageId),
        (mail.date.is_none(), Defect::NoDate),
    ];
    mail.defects.extend(missing.into_iter().filter(|(is, _)| *is).map(|(_, defect)| defect));
}

fn header(header: &mail_parser::Header<'_>, raw: &[u8]) -> Option<Header> {
    let start = usize::try_from(header.offset_start).ok()?;
    let end = usize::try_from(header.offset_end).ok()?;
    let value = raw.get(start..end)?;
    let value = String::from_utf8_lossy(value.get(..MAX_VALUE).unwrap_or(value));
    Some(Header { name: header.name().to_ascii_lowercase(), value: one_line(&value) })
}

/// 8-bit subjects are against the standard and written by old programs in their own character set; encoded words are read
/// here, since the library reads each for itself.
fn subject(message: &Message<'_>, raw: &[u8]) -> String {
    let parsed = message.subject().map(one_line).unwrap_or_default();
    let field = message.headers().iter().rfind(|h| h.name().eq_ignore_ascii_case("subject"));
    let value = field.and_then(|h| raw.get(usize::try_from(h.offset_start).ok()?..usize::try_from(h.offset_end).ok()?));
    let value = value.map(|v| v.get(..MAX_VALUE).unwrap_or(v));
    let own = value.filter(|v| parsed.contains('\u{fffd}') || v.windows(2).any(|w| w == b"=?"));
    own.map_or(parsed, |v| one_line(&decode_words(&one_line(&charset::decode(v, None)))))
}

/// A value of the library's as people read it, with nothing of it closed any more.
fn one_line(value: &str) -> String {
    let opened = burden::opened(value.as_bytes());
    String::from_utf8_lossy(&opened)
        .split(['\r', '\n', '\t'])
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Message-IDs stand in angle brackets; some programs leave them out or put commas between (gateway.md C1).
fn ids(value: &str) -> Vec<String> {
    let bracketed: Vec<String> = value
        .split('<')
        .skip(1)
        .filter_map(|s| s.split_once('>'))
        .map(|(id, _)| id.split_whitespace().collect::<String>())
        .filter(|id| !id.is_empty() && id.len() <= 998)
        .collect();
    if !bracketed.is_empty() {
        return bracketed;
    }
    value.split([' ', ',', ';', '<', '>']).filter(|s| s.contains('@')).map(str::to_owned).collect()
}

fn all_of(message: &Message<'_>, name: &str) -> Vec<Mailbox> {
    message
        .headers()
        .iter()
        .filter(|h| h.name().eq_ignore_ascii_case(name))
        .filter_map(|h| h.value().as_address())
        .flat_map(|a| a.iter().filter_map(mailbox).collect::<Vec<_>>())
        .take(MAX_ADDRESSES)
        .collect()
}

fn mailbox(addr: &Addr<'_>) -> Option<Mailbox> {
    let name = addr.name().map(one_line).filter(|n| !n.is_empty());
    let address = one_line(addr.address()?);
    (!address.is_empty()).then_some(Mailbox { name, address })
}

fn zoned(date: &DateTime) -> Option<Zoned> {
    let seconds =
        i32::from(date.tz_hour).saturating_mul(3600).saturating_add(i32::from(date.tz_minute).saturating_mul(60));
    let offset = tz::Offset::from_seconds(if date.tz_before_gmt { seconds.saturating_neg() } else { seconds }).ok()?;
    let small = |n: u8| i8::try_from(n).ok();
    let day = civil::Date::new(i16::try_from(date.year).ok()?, small(date.month)?, small(date.day)?).ok()?;
    let second = small(date.second)?.min(59);
    let time = civil::Time::new(small(date.hour)?, small(date.minute)?, second, 0).ok()?;
    day.to_datetime(time).to_zoned(tz::TimeZone::fixed(offset)).ok()
}

fn mime_of(content_type: &mail_parser::ContentType<'_>) -> String {
    let subtype = content_type.subtype().unwrap_or("octet-stream");
    let closed = format!("{}/{subtype}", content_type.ctype());
    String::from_utf8_lossy(&burden::opened(closed.as_bytes())).to_ascii_lowercase()
}

/// True for a part that is a mail by itself, which the library is not given.
pub(super) fn is_mail(part: &MessagePart<'_>) -> bool {
    part.content_type().map(mime_of).is_some_and(|mime| matches!(mime.as_str(), "message/rfc822" | "message/global"))
}

fn read_bodies(message: &Message<'_>, raw: &[u8], mail: &mut Mail) {
    let texts: Vec<_> = message.text_bodies().filter(|p| !is_picture(p)).collect();
    if texts.iter().all(|p| matches!(p.body, PartType::Text(_))) {
        let parts: Vec<String> = texts.iter().map(|p| text_of(p, raw)).collect();
        mail.flow = texts.first().map(|p| flow_of(p)).unwrap_or_default();
        mail.text = (!parts.is_empty()).then(|| parts.join("\n"));
    }
    let htmls: Vec<_> = message.html_bodies().filter(|p| !is_picture(p)).collect();
    if htmls.iter().any(|p| matches!(p.body, PartType::Html(_))) {
        mail.html = Some(htmls.iter().map(|p| html_of(p, raw)).collect::<Vec<_>>().join("\n"));
    }
    let headless = mail.text.is_none() && mail.html.is_none();
    let mut shown = Shown::of(mail.html.as_deref());
    for part in message.attachments() {
        if headless && mail.text.is_none() && part.content_type().is_some_and(|ct| ct.ctype() == "multipart") {
            mail.text = Some(text_of(part, raw));
            continue;
        }
        if part.is_encoding_problem {
            mail.defects.push(Defect::BrokenEncoding);
            if is_cut_body(part, mail) {
                continue_body(part, raw, mail);
                shown = Shown::of(mail.html.as_deref());
                continue;
            }
        }
        if part.is_content_type("text", "calendar") {
            mail.calendar.push(text_of(part, raw));
        }
        let number = mail.attachments.len().saturating_add(1);
        mail.attachments.push(attachment(part, raw, number, &shown));
    }
    take_uuencoded(mail);
}

/// The parser lists a body whose end is missing among the files.
fn is_cut_body(part: &MessagePart<'_>, mail: &Mail) -> bool {
    let named = part.attachment_name().is_some() || part.content_disposition().is_some_and(|d| d.is_attachment());
    let missing = if part.is_content_type("text", "html") { mail.html.is_none() } else { mail.text.is_none() };
    let is_body = part.is_content_type("text", "plain") || part.is_content_type("text", "html");
    is_body && !named && missing
}

fn continue_body(part: &MessagePart<'_>, raw: &[u8], mail: &mut Mail) {
    let text = text_of(part, raw);
    match part.is_content_type("text", "html") {
        true => mail.html = Some(text),
        false => (mail.text, mail.flow) = (Some(text), flow_of(part)),
    }
}

/// Puts what an opaque signature signs in its place; false if there is none (RFC 8551, 3.5.2).
fn open_envelope(mail: &mut Mail, limits: &Limits) -> bool {
    let sealed = |a: &Attachment| {
        let named = a.name.to_ascii_lowercase().ends_with(".p7m");
        matches!(a.mime.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
            || (named && a.mime == "application/octet-stream")
    };
    let found =
        mail.attachments.iter().enumerate().filter(|(_, a)| sealed(a)).map(|(at, a)| (at, sealed::open(&a.bytes)));
    let Some((at, content)) = found.into_iter().find(|(_, content)| content.is_some()) else { return false };
    match content {
        Some(sealed::Content::Signed(part)) => {
            let inner = parse_closed(&part, limits);
            if let Some(limit) = inner.limit() {
                mail.defects.push(Defect::Limit(limit));
                return false;
            }
            mail.attachments.remove(at);
            take_parts(mail, inner);
            true
        }
        _ => {
            note(mail, Defect::Encrypted);
            false
        }
    }
}

/// Bodies of `inner` become those of `mail` where it has none; files are added.
fn take_parts(mail: &mut Mail, inner: Mail) {
    let is_blank = |text: &Option<String>| text.as_deref().is_none_or(|t| t.trim().is_empty());
    if is_blank(&mail.text) && is_blank(&mail.html) {
        (mail.text, mail.flow, mail.html) = (inner.text, inner.flow, inner.html);
    } else {
        let more = |own: &mut Option<String>, theirs: Option<String>| {
            if let (Some(own), Some(theirs)) = (own.as_mut(), theirs) {
                own.push('\n');
                own.push_str(&theirs);
            }
        };
        more(&mut mail.text, inner.text);
        more(&mut mail.html, inner.html);
    }
    mail.calendar.extend(inner.calendar);
    mail.attachments.extend(inner.attachments);
    mail.defects.extend(inner.defects.into_iter().filter(|d| matches!(d, Defect::BrokenEncoding)));
}

fn note(mail: &mut Mail, defect: Defect) {
    if !mail.defects.contains(&defect) {
        mail.defects.push(defect);
    }
}

/// Puts the files of a winmail.dat in its place, and its text where there is none; one that is cut off stays as well.
fn unpack_packets(mail: &mut Mail) {
    let is_packet = |a: &Attachment| {
        matches!(a.mime.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
            || a.name.eq_ignore_ascii_case("winmail.dat")
    };
    let mut kept = Vec::with_capacity(mail.attachments.len());
    for part in std::mem::take(&mut mail.attachments) {
        let packet = is_packet(&part).then(|| tnef::unpack(&part.bytes)).flatten();
        match packet.filter(|packet| kept.len().saturating_add(packet.files.len()) <= MOST_FILES) {
            Some(packet) => {
                if !packet.is_whole {
                    note(mail, Defect::BrokenPacket);
                    kept.push(part);
                }
                take_packet(mail, packet, &mut kept);
            }
            None => kept.push(part),
        }
    }
    mail.attachments = kept;
}

/// Files of one mail; a packet beyond them stays closed.
const MOST_FILES: usize = 1000;

fn take_packet(mail: &mut Mail, packet: tnef::Packet, files: &mut Vec<Attachment>) {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|t| t.trim().is_empty());
    if blank(&mail.text) && blank(&mail.html) {
        (mail.text, mail.html) = (packet.text, packet.html);
        // RTF is read where there is nothing else, and kept as a file where nothing could be read of it.
        if let Some(rtf) = packet.rtf.filter(|_| blank(&mail.text) && blank(&mail.html)) {
            match rtf::text(&rtf) {
                Some(text) => mail.text = Some(text),
                None => files.push(file("message.rtf", "application/rtf", rtf)),
            }
        }
    }
    let shown = Shown::of(mail.html.as_deref());
    for (number, packed) in packet.files.into_iter().enumerate() {
        let made_up = || format!("attachment-{}", number.saturating_add(1));
        let name = if packed.name.trim().is_empty() { made_up() } else { packed.name };
        let mime = if packed.mime.contains('/') { packed.mime } else { String::from(UNKNOWN) };
        let inline = packed.content_id.as_deref().is_some_and(|id| shown.has(id));
        files.push(Attachment { inline, content_id: packed.content_id, ..file(&name, &mime, packed.bytes) });
    }
}

/// A text that is encrypted becomes a file; one that is signed is read without its signature.
fn open_armour(mail: &mut Mail) {
    if mail.content_type == "multipart/encrypted" {
        note(mail, Defect::Encrypted);
    }
    let Some(text) = &mail.text else { return };
    match sealed::armour(text) {
        Some(sealed::Armour::Encrypted) => {
            let bytes = mail.text.take().unwrap_or_default().into_bytes();
            mail.attachments.push(file("message.asc", "application/pgp-encrypted", bytes));
            note(mail, Defect::Encrypted);
        }
        Some(sealed::Armour::Signed(inside)) => mail.text = Some(inside),
        None => {}
    }
}

const UNKNOWN: &str = "application/octet-stream";

fn file(name: &str, mime: &str, bytes: Vec<u8>) -> Attachment {
    Attachment {
        name: safe_name(name),
        mime: mime.to_owned(),
        sha256: hex_sha256(&bytes),
        bytes,
        inline: false,
        content_id: None,
    }
}

fn is_picture(part: &MessagePart<'_>) -> bool {
    !matches!(part.body, PartType::Text(_) | PartType::Html(_))
}

fn take_uuencoded(mail: &mut Mail) {
    let Some(text) = &mail.text else { return };
    let (kept, files) = uuencode::split(text);
    if files.is_empty() {
        return;
    }
    mail.text = Some(kept);
    mail.attachments.extend(files.into_iter().map(|f| file(&f.name, UNKNOWN, f.bytes)));
}

fn flow_of(part: &MessagePart<'_>) -> Flow {
    let attribute = |name| part.content_type().and_then(|ct| ct.attribute(name)).unwrap_or_default();
    match attribute("format").eq_ignore_ascii_case("flowed") {
        true if attribute("delsp").eq_ignore_ascii_case("yes") => Flow::FlowedDelSp,
        true => Flow::Flowed,
        false => Flow::Fixed,
    }
}

fn text_of(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let claimed = part.content_type().and_then(|ct| ct.attribute("charset"));
    let bytes = bytes_of(part, raw);
    let says_nothing = claimed.is_none_or(|c| c.to_ascii_lowercase().ends_with("ascii"));
    let is_page = matches!(part.body, PartType::Html(_)) || part.is_content_type("text", "html");
    let of_page = if says_nothing && is_page && !bytes.is_ascii() { charset::of_page(&bytes) } else { None };
    charset::decode(&bytes, of_page.as_deref().or(claimed))
}

/// A text part between HTML parts (Apple Mail, list footers) keeps its line breaks.
fn html_of(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let text = text_of(part, raw);
    if matches!(part.body, PartType::Html(_)) {
        return text;
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
    format!("<div>{escaped}</div>")
}

/// The decoded bytes as they were before any character set was applied, so that hashes are those of the file.
fn bytes_of<'a>(part: &'a MessagePart<'_>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    if let PartType::Binary(bytes) | PartType::InlineBinary(bytes) = &part.body {
        return match () {
            _ if is_misread(part) => Cow::Owned(claim_of(part).decode(raw_body(part, raw))),
            _ if part.encoding == Encoding::Base64 && transfer::lacks_padding(raw_body(part, raw)) => {
                Cow::Owned(Claim::Base64.decode(raw_body(part, raw)))
            }
            // What the parser did not decode stands in the mail itself; of what is in base64 nothing was closed.
            _ if part.encoding == Encoding::None => Cow::Borrowed(raw_body(part, raw)),
            _ if part.encoding == Encoding::QuotedPrintable => {
                quoted_printable_decode(raw_body(part, raw)).map_or_else(|| burden::opened(bytes), Cow::Owned)
            }
            _ => Cow::Borrowed(bytes),
        };
    }
    let body = raw_body(part, raw);
    if is_misread(part) {
        return Cow::Owned(claim_of(part).decode(body));
    }
    let decoded = match part.encoding {
        Encoding::None => None,
        Encoding::Base64 => base64_decode(body),
        Encoding::QuotedPrintable => quoted_printable_decode(body),
    };
    match (decoded, &part.body) {
        (Some(bytes), _) => Cow::Owned(bytes),
        (None, PartType::Text(text) | PartType::Html(text)) if part.encoding != Encoding::None => {
            burden::opened(text.as_bytes())
        }
        _ => Cow::Borrowed(body),
    }
}

fn raw_body<'a>(part: &MessagePart<'_>, raw: &'a [u8]) -> &'a [u8] {
    let range = usize::try_from(part.offset_body).unwrap_or(0)..usize::try_from(part.offset_end).unwrap_or(0);
    raw.get(range).unwrap_or_default()
}

fn claim_of(part: &MessagePart<'_>) -> Claim {
    part.content_transfer_encoding().map_or(Claim::Plain, Claim::of)
}

/// Whether the parser left the part as it stands though its header says that it is encoded.
fn is_misread(part: &MessagePart<'_>) -> bool {
    let is_plain_mail = is_mail(part) && !part.is_encoding_problem;
    part.encoding == Encoding::None && !is_plain_mail && claim_of(part) != Claim::Plain
}

/// What a page names by its Content-ID, found once for all files of its mail.
struct Shown(Vec<String>);

impl Shown {
    /// The longest Content-ID, in octets, and how many names are listened to.
    const LONGEST: usize = 256;
    const MOST: usize = 10_000;

    fn of(html: Option<&str>) -> Shown {
        let html = html.unwrap_or_default();
        let named = memchr::memmem::find_iter(html.as_bytes(), "cid:").take(Shown::MOST);
        let mut named: Vec<String> = named
            .filter_map(|at| html.get(at.saturating_add(4)..))
            .map(|behind| behind.chars().take(Shown::LONGEST).take_while(|c| !"\"'<>".contains(*c)).collect())
            .collect();
        named.sort();
        Shown(named)
    }

    /// True if something that it names begins so.
    fn has(&self, id: &str) -> bool {
        let at = self.0.partition_point(|named| named.as_str() < id);
        self.0.get(at).is_some_and(|named| named.starts_with(id))
    }
}

fn attachment(part: &MessagePart<'_>, raw: &[u8], number: usize, shown: &Shown) -> Attachment {
    let bytes = bytes_of(part, raw).into_owned();
    let mime = part.content_type().map(mime_of).unwrap_or_else(|| match part.body {
        PartType::Html(_) => String::from("text/html"),
        PartType::Text(_) => String::from("text/plain"),
        _ => String::from("application/octet-stream"),
    });
    let content_id =
        part.content_id().map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty());
    let shown = content_id.as_deref().is_some_and(|id| shown.has(id));
    let disposed = part.content_disposition().is_some_and(|d| d.is_inline());
    let name = written_name(part, raw).unwrap_or_else(|| made_up_name(&bytes, &mime, number));
    Attachment {
        name: safe_name(&name),
        sha256: hex_sha256(&bytes),
        mime,
        bytes,
        inline: shown || disposed,
        content_id,
    }
}

fn written_name(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    let parsed = part.attachment_name().map(str::to_owned).or_else(|| folded_name(part, raw))?;
    let name = one_line(&decode_words(&parsed));
    let whole = |n: &String| !n.contains(['?', '\u{fffd}']);
    let repaired = if whole(&name) {
        None
    } else {
        let written = || folded_name(part, raw).map(|n| one_line(&decode_words(&n)));
        continued_name(part, raw, "filename")
            .or_else(|| continued_name(part, raw, "name"))
            .filter(whole)
            .or_else(|| written().filter(whole))
            .or_else(|| type_name(part).filter(whole))
    };
    Some(repaired.unwrap_or(name)).filter(|n| !n.is_empty())
}

/// A client that can't write a name in one character set puts question marks into `filename=` and the name into `name=`.
fn type_name(part: &MessagePart<'_>) -> Option<String> {
    part.content_type().and_then(|ct| ct.attribute("name")).map(|n| one_line(&decode_words(n)))
}

fn flat_header(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    let range = usize::try_from(part.offset_header).ok()?..usize::try_from(part.offset_body).ok()?;
    let head = charset::decode(raw.get(range)?, None);
    Some(head.split(['\r', '\n']).map(str::trim).collect::<Vec<_>>().join(" "))
}

/// A character that is split between two continuations (RFC 2231, 3) is whole only when all are joined before decoding.
fn continued_name(part: &MessagePart<'_>, raw: &[u8], key: &str) -> Option<String> {
    let flat = flat_header(part, raw)?;
    let lower = flat.to_ascii_lowercase();
    let mut bytes = Vec::new();
    let mut charset = None;
    for n in 0..100 {
        let Some(value) = parameter(&flat, &lower, &format!("{key}*{n}*=")) else {
            let Some(plain) = parameter(&flat, &lower, &format!("{key}*{n}=")) else { break };
            bytes.extend_from_slice(plain.as_bytes());
            continue;
        };
        let value = match (n, value.split_once('\'').and_then(|(set, rest)| Some((set, rest.split_once('\'')?.1)))) {
            (0, Some((set, rest))) => {
                charset = Some(set);
                rest
            }
            _ => value,
        };
        bytes.extend(percent_decoded(value));
    }
    (!bytes.is_empty()).then(|| one_line(&charset::decode(&bytes, charset)))
}

fn percent_decoded(value: &str) -> Vec<u8> {
    let mut pieces = value.split('%');
    let mut out = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                out.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
            }
            None => out.extend_from_slice(piece.as_bytes()),
        }
    }
    out
}

fn parameter<'f>(flat: &'f str, lower: &str, key: &str) -> Option<&'f str> {
    let value = flat.get(lower.find(key)?.saturating_add(key.len())..)?.trim_start();
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([';', ' ']).next(),
    }
}

/// `filename=` folded directly after the equals sign is lost by mail-parser 0.11, so it is looked for in the raw header.
fn folded_name(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    let flat = flat_header(part, raw)?;
    let lower = flat.to_ascii_lowercase();
    let value = parameter(&flat, &lower, "filename=").or_else(|| parameter(&flat, &lower, "name="))?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Encoded words (RFC 2047) in a value on one line, decoded; inside a parameter they are forbidden and common.
pub fn decode_words(value: &str) -> String {
    if value.contains("=?") { words::decode(value) } else { value.to_owned() }
}

/// The most of a mail in a mail that is read for its subject.
const MAX_INNER_HEAD: usize = 16 << 10;

fn made_up_name(bytes: &[u8], mime: &str, number: usize) -> String {
    if matches!(mime, "message/rfc822" | "message/global") {
        let head = bytes.get(..MAX_INNER_HEAD).unwrap_or(bytes);
        let subject = read_headers(head).and_then(|m| m.subject().map(str::to_owned));
        return format!("{}.eml", subject.filter(|s| !s.trim().is_empty()).unwrap_or_else(|| "message".into()));
    }
    let ext = match mime {
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/calendar" => ".ics",
        "text/rfc822-headers" | "message/delivery-status" | "message/disposition-notification" => ".txt",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        _ => "",
    };
    format!("attachment-{number}{ext}")
}

/// SHA-256 in lower-case hexadecimal.
fn hex_sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn crlf(text: &str) -> Vec<u8> {
        text.replace('\n', "\r\n").into_bytes()
    }

    #[test]
    fn an_ordinary_mail_is_read() {
        let mail = parse(&crlf(
            "From: Jane Doe <jane@d.example>\nTo: M <m-12@in.example>, x@y.example\nCc: z@y.example\nSubject: =?utf-8?Q?R=C3=A9ponse?=\nDate: Tue, 14 Apr 2026 09:30:00 -0400\nMessage-ID: <1@d.example>\nIn-Reply-To: <2@in.example>\nReferences: <3@in.example>\n <2@in.example>\n\nHello\n",
        ));
        assert_eq!(mail.from, Some(Mailbox { name: Some("Jane Doe".into()), address: "jane@d.example".into() }));
        assert_eq!(mail.to.len(), 2);
        assert_eq!(mail.cc[0].address, "z@y.example");
        assert_eq!(mail.subject, "Réponse");
        assert_eq!(mail.message_id.as_deref(), Some("1@d.example"));
        assert_eq!(mail.in_reply_to, ["2@in.example"]);
        assert_eq!(mail.references, ["3@in.example", "2@in.example"]);
        assert_eq!(mail.text.as_deref().map(str::trim), Some("Hello"));
        assert_eq!(
            mail.date.map(|d| d.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()).as_deref(),
            Some("2026-04-14T09:30:00-04:00")
        );
        assert!(mail.defects.is_empty());
    }

    #[test]
    fn lines_may_end_with_a_carriage_return_alone() {
        let mail = parse(b"From: a@a.example\rSubject: x\r\rline1\rline2\r");
        assert_eq!((mail.subject.as_str(), mail.text.as_deref()), ("x", Some("line1\nline2\n")));
    }

    #[test]
    fn several_from_headers_are_all_kept_and_told() {
        let mail = parse(&crlf("From: a@a.example\nFrom: b@b.example\nSubject: x\n\nHello"));
        assert_eq!(mail.from_raw, ["a@a.example", "b@b.example"]);
        assert_eq!(mail.from.map(|f| f.address).as_deref(), Some("a@a.example"));
        assert!(mail.defects.contains(&Defect::SeveralFrom));
    }

    #[test]
    fn the_newest_references_are_kept_when_there_are_too_many() {
        let many: Vec<String> = (0..80).map(|n| format!("<{n}@x.example>")).collect();
        let mail = parse(&crlf(&format!("From: a@a.example\nReferences: {}\n\nHello", many.join(","))));
        assert_eq!(mail.references.len(), MAX_REFERENCES);
        assert_eq!(mail.references.last().map(String::as_str), Some("79@x.example"));
    }

    #[test]
    fn bytes_that_are_no_mail_give_an_empty_mail() {
        for raw in [&b""[..], b"\0\xff\xfe", b"no header at all", b"\r\n\r\n"] {
            let mail = parse(raw);
            assert!(
                mail.from.is_none() && mail.defects.contains(&Defect::NoFrom)
                    || mail.defects.contains(&Defect::NoHeader),
                "{raw:?}"
            );
        }
    }

    #[test]
    fn apples_text_file_text_is_one_body_and_one_file() {
        let mail = parse(&crlf(
            "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nAbove.\n--b\nContent-Type: application/pdf; name=\"Brief.pdf\"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nSGk=\n--b\nContent-Type: text/plain\n\nBelow.\n--b--\n",
        ));
        let text = mail.text.unwrap();
        assert!(text.contains("Above.") && text.contains("Below."));
        assert_eq!(mail.attachments.len(), 1);
        assert_eq!(
            (mail.attachments[0].name.as_str(), mail.attachments[0].bytes.as_slice()),
            ("Brief.pdf", &b"Hi"[..])
        );
        assert_eq!(mail.attachments[0].sha256, "3639efcd08abb273b1619e82e78c29a7df02c1051b1820e99fc395dcaa3326b8");
    }

    fn named(disposition: &str) -> String {
        let mail = parse(&crlf(&format!(
            "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\nContent-Type: application/pdf\n{disposition}\nContent-Transfer-Encoding: base64\n\nSGk=\n--b--\n"
        )));
        mail.attachments[0].name.clone()
    }

    #[test]
    fn names_are_decoded_in_all_their_mixtures() {
        assert_eq!(named("Content-Disposition: attachment; filename=\"=?utf-8?B?TcO8bGxlci5wZGY=?=\""), "Müller.pdf");
        assert_eq!(named("Content-Disposition: attachment; filename*=utf-8''M%C3%BCller.pdf"), "Müller.pdf");
        assert_eq!(
            named("Content-Disposition: attachment; filename*0*=utf-8''M%C3%BC; filename*1=ller.pdf"),
            "Müller.pdf"
        );
        assert_eq!(named("Content-Disposition: attachment; filename=\"../../Brief.pdf\""), "Brief.pdf");
        assert_eq!(
            named("Content-Disposition: attachment; filename*0*=utf-8''M%C3; filename*1*=%BCller.pdf"),
            "Müller.pdf"
        );
        assert_eq!(named("Content-Disposition: attachment; filename=\n \"Folded name.pdf\""), "Folded name.pdf");
    }

    #[test]
    fn what_the_parser_leaves_encoded_is_decoded() {
        let file = |encoding: &str, body: &str, end: &str| {
            let raw = format!(
                "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: {encoding}\n\n{body}{end}"
            );
            let mail = parse(&crlf(&raw));
            (
                String::from_utf8(mail.attachments[0].bytes.clone()).unwrap(),
                mail.defects.contains(&Defect::BrokenEncoding),
            )
        };
        for encoding in ["base64;", "\"base64\"", "base64 (x)", "base-64"] {
            assert_eq!(file(encoding, "JVBERi0xLjQ=", "\n--b--\n").0, "%PDF-1.4", "{encoding}");
        }
        assert_eq!(file("base64", "JVBERi0xLjQ", "\n--b--\n").0, "%PDF-1.4");
        assert_eq!(file("base64", "JVBERi0xLjQ=", ""), ("%PDF-1.4".into(), true));
        assert_eq!(file("base64", "JVBERi0xLjQ=\n\n____\nThe list of us\n", "--b--\n"), ("%PDF-1.4".into(), true));
        assert_eq!(file("x-uuencode", "begin 644 a.pdf\n#0V%T\n`\nend\n", "--b--\n").0, "Cat");
        assert_eq!(file("quoted-printable", "%PDF=2D1", "").0, "%PDF-1");
    }

    #[test]
    fn a_body_that_was_cut_off_is_a_body_and_its_commands_are_doubtful() {
        for (kind, encoding, body) in [
            ("plain", "base64", "R3LDvMOfZQ=="),
            ("plain", "quoted-printable", "Gr=C3=BC=C3=9Fe"),
            ("html", "base64", "R3LDvMOfZQ=="),
        ] {
            let raw = format!(
                "From: a@a.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{body}\n"
            );
            let mail = parse(&crlf(&raw));
            let text = if kind == "html" { mail.html } else { mail.text };
            assert_eq!(text.as_deref().map(str::trim), Some("Grüße"), "{kind} {encoding}");
            assert!(mail.attachments.is_empty() && mail.defects.contains(&Defect::Ambiguous));
        }
        let footed = "From: a@a.example\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==\n\n____\nThe list of us\n";
        assert_eq!(parse(&crlf(footed)).text.as_deref(), Some("Grüße"));
    }

    #[test]
    fn characters_split_between_words_and_names_in_other_charsets_are_whole() {
        assert_eq!(
            named(
                "Content-Disposition: attachment;\n filename=\"=?UTF-8?B?0JTQvtCz0L7QstC+0YAg0LDRgNC10L3QtNGLINC90A==?=\n =?UTF-8?B?tdC20LjQu9C+0LPQviDQv9C+0LzQtdGJ0LXQvdC40Y8ucGRm?=\""
            ),
            "Договор аренды нежилого помещения.pdf"
        );
        assert_eq!(
            named("Content-Disposition: attachment; filename*0*=ISO-8859-15''%A4%20; filename*1*=M%FCller.pdf"),
            "€ Müller.pdf"
        );
        let subject = parse(&crlf(
            "From: a@a.example\nSubject: =?utf-8?B?5pel5pys6Kqe4w==?=\n =?utf-8?B?ga7lpZHntITmm7g=?=\n\nx",
        ))
        .subject;
        assert_eq!(subject, "日本語の契約書");
        let mut raw = crlf(
            "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"S",
        );
        raw.extend_from_slice(b"\xe4tze.pdf\"\r\n\r\nx\r\n--b--\r\n");
        assert_eq!(parse(&raw).attachments[0].name, "Sätze.pdf");
    }

    #[test]
    fn a_page_without_a_claim_is_read_as_it_says_itself() {
        for kind in ["text/html", "text/html; charset=us-ascii"] {
            let mut raw = crlf(&format!("From: a@a.example\nContent-Type: {kind}\n\n<meta charset=windows-1251><p>"));
            raw.extend_from_slice(b"\xd1\xee\xe3\xeb\xe0\xf1\xe5\xed");
            assert!(parse(&raw).html.unwrap().contains("Согласен"), "{kind}");
        }
    }

    #[test]
    fn a_file_without_a_name_gets_one() {
        assert_eq!(named("Content-Disposition: attachment"), "attachment-1.pdf");
    }

    #[test]
    fn a_forwarded_mail_is_one_file() {
        let mail = parse(&crlf(
            "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\nContent-Type: message/rfc822\n\nFrom: x@x.example\nSubject: Offer\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n#done T-1\n--c\nContent-Type: application/pdf; name=a.pdf\n\nx\n--c--\n--b--\n",
        ));
        assert_eq!(mail.attachments.len(), 1);
        assert_eq!(
            (mail.attachments[0].name.as_str(), mail.attachments[0].mime.as_str()),
            ("Offer.eml", "message/rfc822")
        );
        assert!(mail.attachments[0].bytes.starts_with(b"From: x@x.example"));
        assert!(!mail.text.unwrap().contains("#done"));
    }

    #[test]
    fn a_mail_beyond_a_limit_gives_its_header_only() {
        let mut raw = crlf("From: a@a.example\nSubject: Bomb\nContent-Type: multipart/mixed; boundary=b\n\n");
        raw.extend_from_slice(&b"--b\r\n\r\nx\r\n".repeat(1500));
        let mail = parse(&raw);
        assert_eq!(mail.limit(), Some(Limit::TooManyParts));
        assert_eq!(mail.subject, "Bomb");
        assert!(mail.text.is_none() && mail.attachments.is_empty());
    }

    #[test]
    fn a_detached_signature_is_listed() {
        let mail = parse(&crlf(
            "From: a@a.example\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n\n--b\n\nHi\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nSGk=\n--b--\n",
        ));
        assert_eq!(mail.attachments[0].mime, "application/pkcs7-signature");
        assert_eq!(mail.text.as_deref().map(str::trim), Some("Hi"));
    }

    fn with_part(kind: &str, bytes: &[u8]) -> Vec<u8> {
        let body = data_encoding::BASE64.encode(bytes);
        crlf(&format!("From: a@a.example\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{body}\n"))
    }

    #[test]
    fn an_opaque_signature_is_unwrapped() {
        let part = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n#done T-1\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--b--\n",
        );
        for in_pieces in [false, true] {
            let twice = sealed::sample(&part, in_pieces);
            let mail = parse(&with_part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", &twice));
            assert_eq!(mail.text.as_deref().map(str::trim), Some("#done T-1"));
            assert_eq!(mail.attachments.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["a.pdf"]);
        }
    }

    #[test]
    fn a_bomb_inside_an_opaque_signature_is_beyond_the_limits_too() {
        let mut bomb = crlf("Content-Type: multipart/mixed; boundary=b\n\n");
        bomb.extend_from_slice(&b"--b\r\n\r\nx\r\n".repeat(1500));
        let mail = parse(&with_part("application/pkcs7-mime; smime-type=signed-data", &sealed::sample(&bomb, false)));
        assert_eq!(mail.limit(), Some(Limit::TooManyParts));
    }

    #[test]
    fn t66_what_is_encrypted_stays_a_file_and_is_told() {
        let envelope = [0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03, 0xa0, 0x80];
        let smime = with_part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", &envelope);
        let pgp = crlf(
            "From: a@a.example\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n--b--\n",
        );
        let inline = crlf("From: a@a.example\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n");
        for (raw, name) in [(smime, "smime.p7m"), (pgp, "encrypted.asc"), (inline, "message.asc")] {
            let mail = parse(&raw);
            assert!(mail.defects.contains(&Defect::Encrypted), "{name}");
            assert_eq!(mail.attachments.last().map(|a| a.name.as_str()), Some(name));
            assert!(mail.text.unwrap_or_default().trim().is_empty(), "{name}");
        }
    }

    #[test]
    fn a_packet_of_outlooks_gives_its_files_and_its_text() {
        let packet = tnef::sample(&[("Brief.pdf", b"%PDF-1.7")], Some("Please see."));
        let mail = parse(&with_part("application/ms-tnef; name=winmail.dat", &packet));
        assert_eq!(mail.attachments.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["Brief.pdf"]);
        assert_eq!(mail.text.as_deref(), Some("Please see."));
        let mail = parse(&with_part("application/ms-tnef; name=winmail.dat", &packet[..packet.len() - 60]));
        assert!(mail.defects.contains(&Defect::BrokenPacket));
        assert_eq!(mail.attachments[0].name, "winmail.dat");
    }

    #[test]
    fn f44_a_date_that_is_none_is_a_defect() {
        let mail = parse(&crlf("From: a@a.example\nDate: 99 Foo 2026 77:00:00 +9900\nMessage-ID: <1@a.example>\n\nHi"));
        assert!(mail.date.is_none() && mail.defects.contains(&Defect::NoDate));
    }

    #[test]
    fn a_page_shows_the_files_that_it_names_and_no_others() {
        let shown = Shown::of(Some("<img src=\"cid:logo@a.example\"> <img src=cid:b> cid:"));
        for (id, is_shown) in
            [("logo@a.example", true), ("logo@", true), ("b", true), ("a.example", false), ("c", false)]
        {
            assert_eq!(shown.has(id), is_shown, "{id}");
        }
        assert!(!Shown::of(None).has("b"));
    }

    #[test]
    fn t63_packets_of_more_files_than_a_mail_may_have_stay_closed() {
        let few: Vec<(String, Vec<u8>)> = (0..300).map(|n| (format!("{n}.txt"), vec![b'x'])).collect();
        let few: Vec<(&str, &[u8])> = few.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let packet = tnef::sample(&few, None);
        let part = |n: usize| {
            let head =
                format!("Content-Type: application/ms-tnef; name=\"{n}.dat\"\r\nContent-Transfer-Encoding: base64");
            format!("--b\r\n{head}\r\n\r\n{}\r\n", data_encoding::BASE64.encode(&packet))
        };
        let parts: String = (0..5).map(part).collect();
        let raw = format!("From: a@a.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
        let files = parse(raw.as_bytes()).attachments;
        assert_eq!(files.len(), 902);
        assert_eq!(files.iter().filter(|f| f.name.ends_with(".dat")).count(), 2, "they are kept as they came");
    }

    #[test]
    fn words_that_look_like_the_head_of_a_mail_are_read_as_they_were_written() {
        let says = "Content-Type: message/rfc822";
        let quoted = format!("50% a=ZZ\r\n{says}\r\n");
        let file = format!(
            "Content-Type: application/pdf; name=\"{says}.pdf\"\r\nContent-Transfer-Encoding: quoted-printable"
        );
        let raw = format!(
            "From: \"{says}; x\" <a@b.example>\r\nSubject: Re: {says}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{quoted}\r\n--b\r\n{file}\r\n\r\nr=01c822\r\n--b--\r\n"
        );
        let mail = parse(raw.as_bytes());
        assert_eq!(mail.subject, format!("Re: {says}"));
        assert_eq!(mail.from.as_ref().unwrap().name.as_deref(), Some(format!("{says}; x").as_str()));
        assert!(mail.text.unwrap().contains(says));
        assert_eq!(mail.attachments[0].bytes, b"r\x01c822");
        assert!(!mail.attachments[0].name.contains('\u{1}') && mail.attachments[0].name.contains("rfc822"));
    }

    /// A mail that a program encoded whole, and that was cut off, is still read as the mail that it is.
    #[test]
    fn a_mail_in_a_mail_that_was_cut_off_is_decoded_as_far_as_it_goes() {
        let inner = data_encoding::BASE64.encode(b"Subject: Reed v. Marsh\r\n\r\nThe number is 12.");
        let head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64";
        let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{head}\r\n\r\n{inner}");
        let file = parse(raw.as_bytes()).attachments.remove(0);
        assert_eq!((file.name.as_str(), file.mime.as_str()), ("Reed v. Marsh.eml", "message/rfc822"));
        assert!(file.bytes.starts_with(b"Subject: Reed"));
    }

    /// A line of a blank ends the header for the limits' scan and not for the parser: only one of them would see the bomb.
    #[test]
    fn t49_a_bomb_that_only_the_parser_sees_is_a_file_to_it_or_refused() {
        for levels in [22, 2000, 12_000] {
            let bomb = "Content-Type: message/rfc822\r\n\r\n".repeat(levels);
            let raw = format!("From: a@b.example\r\nReceived:\r\n \r\nX-A: b\r\n{bomb}#done\r\n");
            assert_eq!(limits::check(raw.as_bytes(), &Limits::default()), Ok(()));
            let mail = parse(raw.as_bytes());
            let (limit, files) = if levels > 2000 { (Some(Limit::TooDeep), 0) } else { (None, 1) };
            assert_eq!((mail.limit(), mail.text.as_deref(), mail.attachments.len()), (limit, None, files), "{levels}");
            assert_eq!(mail.from.unwrap().address, "a@b.example");
        }
    }

    /// What a parser could make of a mail: parts that name parts that are not there, or themselves, in circles.
    fn made_up(depth: u32) -> BoxedStrategy<Message<'static>> {
        let id = || prop_oneof![8 => 0_u32..6, 1 => Just(u32::MAX), 1 => 6_u32..2_000];
        let ids = || proptest::collection::vec(id(), 0..8);
        let leaf = prop_oneof![
            ids().prop_map(PartType::Multipart),
            ".{0,20}".prop_map(|text| PartType::Text(text.into())),
            ".{0,20}".prop_map(|text| PartType::Html(text.into())),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| PartType::Binary(bytes.into())),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| PartType::InlineBinary(bytes.into())),
        ];
        let body = match depth {
            0 => leaf.boxed(),
            _ => prop_oneof![4 => leaf, 1 => made_up(depth - 1).prop_map(PartType::Message)].boxed(),
        };
        let offset = || prop_oneof![4 => 0_u32..60, 1 => any::<u32>()];
        let kind = prop::sample::select(vec![
            "text/plain",
            "text/html",
            "text/calendar",
            "multipart/mixed; boundary=b",
            "message/rfc822",
            "application/ms-tnef",
            "application/pkcs7-mime",
        ]);
        let part = (body, any::<bool>(), (offset(), offset(), offset()), kind).prop_map(|(body, broken, at, kind)| {
            let head = format!("Content-Type: {kind}\r\n\r\n");
            let headers = MessageParser::default().parse_headers(head.as_bytes()).unwrap().into_owned();
            MessagePart {
                headers: headers.parts.into_iter().next().unwrap().headers,
                is_encoding_problem: broken,
                body,
                encoding: Encoding::Base64,
                offset_header: at.0,
                offset_body: at.1,
                offset_end: at.2,
            }
        });
        (proptest::collection::vec(part, 1..6), ids(), ids(), ids())
            .prop_map(|(parts, text_body, html_body, attachments)| Message {
                html_body,
                text_body,
                attachments,
                parts,
                raw_message: Cow::Borrowed(b""),
            })
            .boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Our own walk over the parts ends, and takes each of them at most as often as the lists name it.
        #[test]
        fn t51_a_made_up_tree_is_walked_to_its_end(message in made_up(2), raw in "\\PC{0,60}") {
            let named = message.text_body.len() + message.html_body.len() + message.attachments.len();
            let mut mail = Mail::default();
            let is_within = structure(&message, &Limits::default()).is_ok();
            prop_assert!(is_within, "no more than two levels of five parts");
            read_header(&message, raw.as_bytes(), &mut mail);
            read_bodies(&message, raw.as_bytes(), &mut mail);
            let _ = is_recut(&message, raw.as_bytes());
            prop_assert!(mail.attachments.len() + mail.calendar.len() <= 2 * named);
            flatten(message);
        }

        #[test]
        fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let _ = parse(&raw);
        }

        #[test]
        fn any_mime_like_bytes_are_read(raw in "((Content-Type: (multipart/(mixed|alternative|digest|signed); boundary=[ab]|message/rfc822|text/(html|plain; charset=[a-z0-9-]{0,9}; format=flowed)|image/png; name=\"\\PC{0,6})|Content-Transfer-Encoding: (base64|quoted-printable)|Content-Disposition: attachment; filename(\\*0)?\\*?=\\PC{0,9}|Date: [0-9A-Za-z :+]{0,30}|From: \\PC{0,20}|--[ab](--)?|=[0-9A-F]{2}|\\PC{0,9})?\r?\n){0,40}") {
            let mail = parse(raw.as_bytes());
            let extract = crate::inbound::extract::extract(&mail);
            prop_assert!(extract.whole.len() >= extract.reply.len());
            let _ = crate::inbound::screen::screen(&mail, &crate::inbound::screen::OwnMarks::default());
        }
    }
}
