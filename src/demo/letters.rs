//! From a sample mail with placeholders to the mail that a person really sends: the reply address is taken from the mail
//! that was sent to them, the date is today's, and their provider signs it (decisions.md 12). In come the mails that have
//! left, and samples; out go signed mails. It reads no key of the gateway and no reply address from the store.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::office::DOMAINS;
use super::signer::{NoKey, Signer, dmarc_record};
use super::zone::Zone;
use crate::domain::ItemId;
use crate::inbound::{calendar, parse};

/// What a mail of ours tells the client that answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerable {
    /// Its Reply-To.
    pub reply_to: String,
    /// Its Message-ID, in angle brackets.
    pub message_id: String,
    /// The UID of the event that it brought to the calendar.
    pub uid: Option<String>,
}

/// The mails that have left, each under the name by which samples answer it; the last of a name counts.
#[derive(Clone, Debug, Default)]
pub struct Letters(BTreeMap<String, Answerable>);

impl Letters {
    /// Notes a mail of ours as it left; `template` is the word of its letter.
    pub fn note(&mut self, template: &str, bytes: &[u8]) {
        let mail = parse::parse(bytes);
        let to = mail.to.first().map(|m| m.address.clone()).unwrap_or_default();
        let Some(message_id) = mail.message_id.map(|id| format!("<{id}>")) else { return };
        let Some(reply_to) = mail.headers.iter().find(|h| h.name == "reply-to").map(|h| bare(&h.value)) else { return };
        let uid = calendar::read(&mail.calendar).and_then(|object| object.events.into_iter().next()).map(|e| e.uid);
        self.0.insert(name(template, &to, &mail.subject), Answerable { reply_to, message_id, uid });
    }

    /// The mail of this name, if one has left.
    pub fn get(&self, name: &str) -> Option<&Answerable> {
        self.0.get(name)
    }
}

/// The address in `Name <address>`.
fn bare(field: &str) -> String {
    let after = field.rsplit('<').next().unwrap_or(field);
    after.trim_end().trim_end_matches('>').to_owned()
}

/// `T-1` for the mail about that task, `document` for one about a document, `news` and `message` for what co-counsel and
/// the firm write to each other, else the word of the letter.
fn name(template: &str, to: &str, subject: &str) -> String {
    let ids = || subject.split([' ', ':', ',']).filter_map(ItemId::parse);
    let to_firm = to.ends_with("@hale.example");
    match template {
        "tasks" | "events" => ids().next().map_or_else(|| template.to_owned(), |id| id.to_string()),
        "shared" if subject.contains("Document") => "document".into(),
        "news" if !to_firm && subject.contains("Message") => "message".into(),
        other => other.to_owned(),
    }
}

/// A sample asks for a mail that has not left, or has a placeholder that nobody knows.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("nothing to put in the place of {{{{{0}}}}}")]
pub struct Missing(pub String);

/// The sample with its placeholders filled, its date `now`.
pub fn fill(sample: &[u8], letters: &Letters, now: Timestamp) -> Result<Vec<u8>, Missing> {
    let mut out = Vec::with_capacity(sample.len());
    let mut rest = sample;
    while let Some(at) = find(rest, b"{{") {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        let after = after.get(2..).unwrap_or_default();
        let Some(end) = find(after, b"}}") else { break };
        let placeholder = String::from_utf8_lossy(after.get(..end).unwrap_or_default()).into_owned();
        out.extend_from_slice(before);
        out.extend_from_slice(meant(&placeholder, letters, now)?.as_bytes());
        rest = after.get(end.saturating_add(2)..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(encoded(out))
}

/// What stands between the two marks is put in base64, as Exchange sends what it says to calendars.
fn encoded(mail: Vec<u8>) -> Vec<u8> {
    let Some(from) = find(&mail, OPEN.as_bytes()) else { return mail };
    let (before, after) = mail.split_at_checked(from).unwrap_or((&mail, &[]));
    let after = after.get(OPEN.len()..).unwrap_or_default();
    let Some(end) = find(after, CLOSE.as_bytes()) else { return mail };
    let (inside, rest) = after.split_at_checked(end).unwrap_or((after, &[]));
    let mut out = before.to_vec();
    out.extend_from_slice(data_encoding::BASE64_MIME.encode(inside.trim_ascii_start()).trim_end().as_bytes());
    out.extend_from_slice(rest.get(CLOSE.len()..).unwrap_or_default());
    encoded(out)
}

const OPEN: &str = "{{base64}}";
const CLOSE: &str = "{{/base64}}";

/// The names of the mails that a sample answers.
pub fn answers(sample: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(sample);
    let (_, after) = text.split_once("_to:")?;
    after.split_once("}}").map(|(name, _)| name.to_owned())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

fn meant(placeholder: &str, letters: &Letters, now: Timestamp) -> Result<String, Missing> {
    let missing = || Missing(placeholder.to_owned());
    match placeholder {
        "base64" => return Ok(OPEN.into()),
        "/base64" => return Ok(CLOSE.into()),
        "stamp" => return Ok(now.strftime("%Y%m%dT%H%M%SZ").to_string()),
        _ => {}
    }
    if let Some(zone) = placeholder.strip_prefix("date ") {
        return date(now, zone).ok_or_else(missing);
    }
    let (what, name) = placeholder.split_once(':').ok_or_else(missing)?;
    let letter = letters.get(name).ok_or_else(missing)?;
    match what {
        "reply_to" => Ok(letter.reply_to.clone()),
        "in_reply_to" => Ok(letter.message_id.clone()),
        "uid" => letter.uid.clone().ok_or_else(missing),
        _ => Err(missing()),
    }
}

/// A date as RFC 5322 wants it, at an offset such as `-0700`.
fn date(now: Timestamp, zone: &str) -> Option<String> {
    let hhmm: i32 = zone.parse().ok()?;
    let minutes = hhmm.checked_div(100)?.checked_mul(60)?.checked_add(hhmm.checked_rem(100)?)?;
    let offset = Offset::from_seconds(minutes.checked_mul(60)?).ok()?;
    Some(now.to_zoned(TimeZone::fixed(offset)).strftime("%a, %d %b %Y %H:%M:%S %z").to_string())
}

/// The mail providers of everybody in the demo, and the DNS where their keys stand.
pub struct Providers {
    signers: BTreeMap<&'static str, Signer>,
    zone: Zone,
}

/// The providers could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NoProviders {
    /// No key.
    #[error(transparent)]
    Key(#[from] NoKey),
    /// No DNS server.
    #[error("the demo's DNS server could not start: {0}")]
    Dns(#[from] io::Error),
}

impl Providers {
    /// Makes a key for each domain and publishes it; every domain asks that forged mail be rejected.
    pub fn start() -> Result<Providers, NoProviders> {
        let mut signers = BTreeMap::new();
        for domain in DOMAINS {
            signers.insert(domain, Signer::generate(domain, "demo")?);
        }
        let keys = signers.values().map(Signer::dns_record);
        let zone = Zone::start(keys.chain(DOMAINS.iter().map(|d| dmarc_record(d, "reject"))))?;
        Ok(Providers { signers, zone })
    }

    /// Where the configuration's `resolver` key is to point.
    pub fn resolver(&self) -> std::net::SocketAddr {
        self.zone.address()
    }

    /// The mail as its author's provider sends it; `sample` says by its name which client and so which provider it was.
    /// What nobody's provider signs (bounces) goes out as it is.
    pub fn send(&self, sample: &str, mail: &[u8]) -> Vec<u8> {
        let from = parse::parse(mail).from.map(|m| m.address).unwrap_or_default();
        let domain = from.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        match self.signers.get(domain.as_str()) {
            Some(signer) if sample.starts_with("outlook") || sample.starts_with("exchange") => {
                signer.sign_as_microsoft(mail)
            }
            Some(signer) => signer.sign(mail),
            None => mail.to_vec(),
        }
    }
}

/// The mail with one byte of its signature flipped, as a forger would have it who can't sign.
pub fn forge(signed: &[u8]) -> Vec<u8> {
    let mut forged = signed.to_vec();
    if let Some(at) = find(signed, b"\tb=").and_then(|at| at.checked_add(13))
        && let Some(byte) = forged.get_mut(at)
    {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    forged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_filled_from_the_mail_that_was_sent() {
        let mut letters = Letters::default();
        let sent = b"From: r@gw.hale.example\r\nTo: jane@roe.example\r\nReply-To: \"Hale\" <r+abc@gw.hale.example>\r\nMessage-ID: <g.1@gw.hale.example>\r\nSubject: Task T-1: Draft\r\n\r\nHi\r\n";
        letters.note("tasks", sent);
        let now = "2026-04-14T08:30:00Z".parse().unwrap();
        let filled =
            fill(b"To: {{reply_to:T-1}}\nIn-Reply-To: {{in_reply_to:T-1}}\nDate: {{date -0700}}\n", &letters, now);
        let wanted =
            "To: r+abc@gw.hale.example\nIn-Reply-To: <g.1@gw.hale.example>\nDate: Tue, 14 Apr 2026 01:30:00 -0700\n";
        assert_eq!(String::from_utf8(filled.unwrap()).unwrap(), wanted);
        assert_eq!(fill(b"{{reply_to:T-9}}", &letters, now), Err(Missing("reply_to:T-9".into())));
        assert_eq!(answers(b"To: {{reply_to:T-1}}"), Some("T-1".into()));
    }

    #[test]
    fn a_forged_mail_differs_by_one_byte() {
        let providers = Providers::start().unwrap();
        let mail = b"From: jane@roe.example\r\nSubject: x\r\n\r\n#done\r\n";
        let signed = providers.send("gmail_web", mail);
        let forged = forge(&signed);
        assert_eq!(signed.iter().zip(&forged).filter(|(a, b)| a != b).count(), 1);
        assert_eq!(signed.len(), forged.len());
    }
}
