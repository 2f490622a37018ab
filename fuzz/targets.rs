//! What is fuzzed: each target takes any bytes and fails where a promise is broken. The fuzzers and the tests
//! (`tests/it/fuzz.rs`) run the same functions.

use docketpost::admin::inspect;
use docketpost::config::{Addressing, AuthResults, Firm, Layout, Profile, WayOut};
use docketpost::domain::dates::{self, Against, Direction, Locale};
use docketpost::domain::{Address, duration};
use docketpost::inbound::command::{self, About, Reading};
use docketpost::inbound::{bounce, extract, limits, names, parse, sealed, tnef};
use docketpost::outbound::gateway::{Gateway, Meaning};
use docketpost::proof::{auth_results, from, headers::Headers};
use jiff::Zoned;

#[path = "mails.rs"]
pub mod mails;

/// A target: its name, and what it does with any bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("way_of_a_mail", way_of_a_mail),
    ("structured_mail", structured_mail),
    ("author", author),
    ("border", border),
    ("commands", commands),
    ("durations", durations),
    ("dates", days),
    ("tokens", tokens),
    ("bounces", bounces),
    ("winmail", winmail),
    ("envelopes", envelopes),
    ("file_names", file_names),
];

fn moment() -> Zoned {
    "2026-03-14T10:00:00[Europe/London]".parse().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Any bytes are read, within the limits, and nothing of the text is lost: what is new, quoted and signature is all of it.
pub fn way_of_a_mail(bytes: &[u8]) {
    let within = limits::check(bytes, &limits::Limits::default());
    let object = inspect::of_mail("", bytes, Locale::British, &moment());
    assert_eq!(object.get("error"), None, "reading failed");
    if within.is_err() {
        return;
    }
    let mail = parse::parse(bytes);
    let read = extract::extract(&mail);
    let pieces: usize = read.pieces().map(|(_, piece)| piece.len()).sum();
    assert_eq!(pieces, read.whole.len(), "a stretch of the text is missing or doubled");
    for attachment in &mail.attachments {
        assert_eq!(names::safe_name(&attachment.name), attachment.name, "an unclean name");
    }
}

/// As [`way_of_a_mail`], with mails that are built from the bytes: nested, many, ambiguous.
pub fn structured_mail(bytes: &[u8]) {
    way_of_a_mail(&mails::build(bytes));
}

/// One strict From or none; where there is one, the parser finds the same address (sender-proof.md 5.2).
pub fn author(bytes: &[u8]) {
    let Ok(author) = from::read(bytes) else { return };
    let address = author.address.as_str();
    assert!(Address::parse(address).is_ok_and(|a| a.as_str() == address), "{address:?} is no address");
    let headers = Headers::read(bytes).expect("an author without a header block");
    assert_eq!(headers.count("from"), 1, "several authors");
}

/// No header of a stranger passes: without a Received line of the border, nothing is believed.
pub fn border(bytes: &[u8]) {
    let policy = AuthResults {
        authserv_id: vec!["mx.firm.example".into()],
        received_by: vec!["mx.firm.example".into()],
        hops: 1,
        fields: 2,
        layout: Layout::Above,
        profile: Profile::Rfc8601,
        spf_alone: true,
    };
    let Ok(headers) = Headers::read(bytes) else { return };
    let read = auth_results::read(&headers, "firm.example", &policy);
    let lower = text(bytes).to_ascii_lowercase();
    assert!(!read.dmarc_passes() || (lower.contains("dmarc") && lower.contains("mx.firm.example")), "out of thin air");
}

/// Any lines are read; a command's words and the message are made of what was typed.
pub fn commands(bytes: &[u8]) {
    let mail = parse::parse(&[b"Content-Type: text/plain; charset=utf-8\r\n\r\n", bytes].concat());
    let read = extract::extract(&mail);
    let now = moment();
    let reading = Reading { now: &now, locale: Locale::British, about: About::Unknown, firm_codes: &[] };
    let found = command::read_mail("", &read.lines, &reading);
    let typed: usize = read.lines.iter().map(|l| l.text.len()).sum();
    assert!(found.text.len() <= typed.saturating_mul(2).saturating_add(64), "text from nowhere");
}

/// A duration is never more than a day, and rounds up.
pub fn durations(bytes: &[u8]) {
    let text = text(bytes);
    duration::stands_in(&text);
    let Ok(quantity) = duration::parse(&text) else { return };
    assert!((1..=24 * 3600).contains(&quantity.seconds()), "{text:?} is {} s", quantity.seconds());
}

/// A date that is read lies within reach of its mail.
pub fn days(bytes: &[u8]) {
    let text = text(bytes);
    let now = moment();
    for (locale, direction) in Locale::ALL.into_iter().flat_map(|l| [(l, Direction::Past), (l, Direction::Future)]) {
        let against = Against { now: &now, locale, direction };
        let _ = dates::parse(&text, &against);
        if let Some((length, _)) = dates::prefix(&text, &against) {
            assert!(length <= text.len() && text.is_char_boundary(length), "reaches beyond the text");
        }
        dates::time_of_day(&text);
    }
}

/// No reply address stays in a text that others see.
pub fn tokens(bytes: &[u8]) {
    let firm = Firm {
        slug: "hale".into(),
        address: Address::parse("r@gw.hale.example").unwrap(),
        addressing: Addressing::Subdomain,
        domains: vec!["hale.example".into()],
        local_part_unproven: Vec::new(),
        way_out: WayOut::Directory("out".into()),
        shares_wait: Default::default(),
        files: Default::default(),
    };
    let gateway = Gateway::new(&firm);
    let text = text(bytes);
    let is_token = |word: &str| matches!(gateway.meaning(word), Some(Meaning::Token(_)));
    let left = gateway.without_reply_addresses(&text);
    let words = left.split(|c: char| c.is_whitespace() || "<>,;()[]\"'".contains(c));
    assert!(!words.into_iter().any(is_token), "a reply address is left");
}

/// A bounce's recipients are addresses, each once.
pub fn bounces(bytes: &[u8]) {
    let Some(found) = bounce::read(&parse::parse(bytes)) else { return };
    let mut seen = std::collections::BTreeSet::new();
    assert!(found.recipients.iter().all(|r| r.contains('@') && seen.insert(r)), "{:?}", found.recipients);
}

/// winmail.dat: what comes out is no more than a bounded multiple of what went in.
pub fn winmail(bytes: &[u8]) {
    let Some(packet) = tnef::unpack(bytes) else { return };
    let out: usize = packet.files.iter().map(|f| f.bytes.len()).sum();
    assert!(out <= bytes.len(), "more than there was");
}

/// Opaque signatures and armour are opened or refused.
pub fn envelopes(bytes: &[u8]) {
    sealed::open(bytes);
    sealed::armour(&text(bytes));
}

/// A stored name is no path and has nothing invisible.
pub fn file_names(bytes: &[u8]) {
    let name = names::safe_name(&text(bytes));
    assert!(!name.is_empty() && name.len() <= 255, "{name:?}");
    assert!(!name.contains(['/', '\\', '\0']) && name != ".." && !name.chars().any(names::is_invisible), "{name:?}");
}
