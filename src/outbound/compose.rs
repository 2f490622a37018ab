//! A page into the bytes of a mail (RFC 5322): one recipient, no Cc, automatic by its headers (RFC 3834), threaded by
//! Message-ID and References, answered to the reply address. Every value passes [`clean`], so that nobody's name or
//! subject can end a header line (threats T72).

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address as Mailbox;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use super::gateway::Gateway;
use super::page::{Enclosure, ForCalendar, Page};
use crate::domain::Address;

/// Marks our own mails, so that one that comes back is told at once; the value is the letter's own, and proves a bounce.
pub const OWN_MARK: &str = "X-Docketpost";

/// What the envelope of a mail says.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    /// The firm's name.
    pub firm: &'a str,
    /// The recipient's name; none where it must not be said.
    pub name: &'a str,
    /// The recipient.
    pub to: &'a Address,
    /// Where answers go.
    pub reply_to: Option<&'a str>,
    /// Without host and brackets.
    pub message_id: &'a str,
    /// What a bounce of it is known by.
    pub return_mark: &'a str,
    /// Message-IDs of the thread, oldest first, whole.
    pub references: &'a [String],
    /// Date.
    pub date: Timestamp,
    /// True for digests, which come by themselves and often.
    pub is_digest: bool,
}

/// The whole Message-ID of a letter, without brackets.
pub fn message_id(local: &str, gateway: &Gateway) -> String {
    format!("{local}@{}", gateway.address.domain())
}

/// The bytes of the mail.
pub fn compose(page: &Page, envelope: &Envelope<'_>, gateway: &Gateway) -> std::io::Result<Vec<u8>> {
    let from = Mailbox::new_address(Some(clean(envelope.firm)), gateway.address.as_str().to_owned());
    let name = Some(clean(envelope.name)).filter(|name| !name.is_empty());
    let to = Mailbox::new_address(name, envelope.to.as_str().to_owned());
    let mut mail = MessageBuilder::new()
        .from(from)
        .to(to)
        .subject(clean(&page.subject))
        .date(envelope.date.as_second())
        .message_id(message_id(envelope.message_id, gateway))
        .header("Auto-Submitted", Raw::new(if page.is_answer { "auto-replied" } else { "auto-generated" }))
        .header("X-Auto-Response-Suppress", Raw::new("All"))
        .header(OWN_MARK, Raw::new(envelope.return_mark.to_owned()));
    if let Some(reply_to) = envelope.reply_to {
        mail = mail.reply_to(Mailbox::new_address(Some(clean(envelope.firm)), reply_to.to_owned()));
    }
    if let Some(last) = envelope.references.last() {
        mail = mail
            .in_reply_to(last.clone())
            .header("References", HeaderType::MessageId(MessageId::new_list(envelope.references.iter().cloned())));
    }
    if envelope.is_digest {
        let list = format!("digest of {} <digest.{}>", clean(envelope.firm), gateway.address.domain());
        mail = mail.header("Precedence", Raw::new("bulk")).header("List-Id", Raw::new(list));
        if let Some(reply_to) = envelope.reply_to {
            // RFC 2369: a mail client's own button; the gateway reads the answer like any other.
            let unsubscribe = format!("<mailto:{reply_to}?subject=Unsubscribe&body=%23digest%20off>");
            mail = mail.header("List-Unsubscribe", Raw::new(unsubscribe));
        }
    }
    match &page.calendar {
        Some(calendar) => mail = mail.body(with_calendar(page, calendar)),
        None => mail = mail.text_body(page.to_text()).html_body(page.to_html()),
    }
    for file in &page.enclosures {
        mail = match file.is_shown {
            true => mail.inline(file.mime.clone(), Enclosure::content_id(&file.name), file.bytes.clone()),
            false => mail.attachment(file.mime.clone(), clean(&file.name), file.bytes.clone()),
        };
    }
    mail.write_to_vec()
}

/// An invitation as most calendars take it (RFC 6047; mails.md d2): the object as an alternative to the words, with the
/// method in its type, and once more as a file.
fn with_calendar<'p>(page: &'p Page, calendar: &'p ForCalendar) -> MimePart<'p> {
    let plain = |subtype: &'static str| ContentType::new(subtype).attribute("charset", "utf-8");
    let object =
        ContentType::new("text/calendar").attribute("charset", "UTF-8").attribute("method", calendar.method.word());
    let words = MimePart::new(
        "multipart/alternative",
        vec![
            MimePart::new(plain("text/plain"), page.to_text()),
            MimePart::new(plain("text/html"), page.to_html()),
            // As bytes, so that it is sent in base64 and nobody on the way folds its lines anew.
            MimePart::new(object, calendar.object.as_bytes()),
        ],
    );
    let file = MimePart::new(ContentType::new("application/ics"), calendar.object.as_bytes()).attachment("invite.ics");
    MimePart::new("multipart/mixed", vec![words, file])
}

/// A value for a header: no control characters, no line separators, at most 200 characters.
pub fn clean(value: &str) -> String {
    let bad = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    value.chars().map(|c| if bad(c) { ' ' } else { c }).take(200).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Addressing;

    fn gateway() -> Gateway {
        Gateway {
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: Addressing::Subdomain,
            domains: Vec::new(),
            local_part_unproven: Vec::new(),
            drawing: Default::default(),
            shares_wait: Default::default(),
        }
    }

    fn digest(to: &Address) -> Envelope<'_> {
        Envelope {
            firm: "Hale",
            name: "Jane Roe",
            to,
            reply_to: Some("r+abc@gw.hale.example"),
            message_id: "g.abc",
            return_mark: "amark",
            references: &[],
            date: Timestamp::UNIX_EPOCH,
            is_digest: true,
        }
    }

    /// The headers as one line each.
    fn written(envelope: &Envelope<'_>) -> String {
        let mail = String::from_utf8(compose(&Page::new("Digest"), envelope, &gateway()).unwrap()).unwrap();
        let headers = mail.split("\r\n\r\n").next().unwrap();
        headers.replace("\r\n\t", " ").replace("\r\n ", " ")
    }

    /// Shows MSG-09.
    #[test]
    fn t79_a_mail_names_one_recipient_and_sends_no_copies() {
        let to = Address::parse("jane@roe.example").unwrap();
        let headers = written(&digest(&to));
        assert_eq!(headers.matches("jane@roe.example").count(), 1, "{headers}");
        assert!(!headers.lines().any(|l| l.starts_with("Cc:") || l.starts_with("Bcc:")), "{headers}");
    }

    #[test]
    fn a_digest_can_be_ended_by_the_mail_clients_own_button() {
        let to = Address::parse("jane@roe.example").unwrap();
        let digest = digest(&to);
        let button = "List-Unsubscribe: <mailto:r+abc@gw.hale.example?subject=Unsubscribe&body=%23digest%20off>";
        assert!(written(&digest).contains(button), "{}", written(&digest));
        assert!(!written(&Envelope { is_digest: false, ..digest }).contains("List-"));
    }

    #[test]
    fn t72_no_value_can_end_a_header_line() {
        let page = Page::new("Task\r\nBcc: x@evil.example");
        let to = Address::parse("jane@roe.example").unwrap();
        let envelope = Envelope {
            firm: "Hale\r\nX-Evil: 1",
            name: "Jane\u{2028}\nRoe",
            to: &to,
            reply_to: Some("r+abc@gw.hale.example"),
            message_id: "g.abc",
            return_mark: "amark",
            references: &[],
            date: Timestamp::UNIX_EPOCH,
            is_digest: true,
        };
        let mail = String::from_utf8(compose(&page, &envelope, &gateway()).unwrap()).unwrap();
        let headers = mail.split("\r\n\r\n").next().unwrap();
        assert!(!headers.lines().any(|l| l.starts_with("Bcc") || l.starts_with("X-Evil")), "{headers}");
        assert!(headers.contains("Message-ID: <g.abc@gw.hale.example>"), "{headers}");
        assert!(headers.contains("Auto-Submitted: auto-generated"));
    }
}
