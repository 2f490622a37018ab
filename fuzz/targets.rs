//! What is fuzzed: each target takes any bytes and fails where a promise is broken. The fuzzers and the tests
//! (`tests/it/fuzz.rs`) run the same functions.

use docketpost::admin::inspect;
use docketpost::blobs::sha256;
use docketpost::config::{self, Addressing, AuthResults, Firm, Layout, Profile, WayOut};
use docketpost::domain::dates::{self, Against, Direction, Locale};
use docketpost::domain::token::{Key, KeyNumber, Token};
use docketpost::domain::{Address, duration};
use docketpost::inbound::command::{self, About, Reading};
use docketpost::inbound::unpack::{self, Kept};
use docketpost::inbound::{self, Desk, bounce, calendar, extract, names, parse, sealed, tnef};
use docketpost::outbound::gateway::{Gateway, Meaning};
use docketpost::proof::{auth_results, from, headers::Headers};
use jiff::Zoned;
use jiff::tz::TimeZone;

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
    ("replies", replies),
    ("commands", commands),
    ("durations", durations),
    ("dates", days),
    ("tokens", tokens),
    ("bounces", bounces),
    ("calendars", calendars),
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

fn gateway(addressing: Addressing) -> Gateway {
    Gateway::new(&Firm {
        slug: "hale".into(),
        address: Address::parse("r@gw.hale.example").unwrap(),
        addressing,
        domains: vec!["hale.example".into()],
        local_part_unproven: Vec::new(),
        way_out: WayOut::Directory("out".into()),
        shares_wait: Default::default(),
        files: Default::default(),
    })
}

/// Any bytes are read as far as a mail is without the store: cut, screened, its files chosen, cleaned, made anew and
/// unpacked, its calendar and its commands read. Nothing of the text is lost: what is new, quoted and signature is all of it.
pub fn way_of_a_mail(bytes: &[u8]) {
    let desk = Desk::new(gateway(Addressing::Subdomain), config::Limits::default());
    let mut read = inbound::read(bytes, &desk);
    let pieces: usize = read.extract.pieces().map(|(_, piece)| piece.len()).sum();
    assert_eq!(pieces, read.extract.whole.len(), "a stretch of the text is missing or doubled");
    assert_eq!(read.content_hash.len(), 64, "no hash of what it says");
    for attachment in &read.mail.attachments {
        assert_eq!(names::safe_name(&attachment.name), attachment.name, "an unclean name");
    }
    let mut keep = |file: &[u8]| Ok(Kept::Safe(sha256(file)));
    inbound::keep_files(&mut read, &desk, &mut keep).unwrap();
    for (place, file) in &read.files {
        let found = &read.mail.attachments[*place];
        assert_eq!((&file.sha256, file.size), (&found.sha256, found.bytes.len() as u64), "another file than came");
        let unpacked = unpack::unpack(&found.bytes, unpack::Limits::default(), desk.files, &mut keep).unwrap();
        for packed in unpacked.iter().flat_map(|u| &u.files) {
            assert!(packed.folders.iter().all(|f| names::safe_name(f) == *f), "{:?} leads elsewhere", packed.folders);
        }
    }
    let now = moment();
    let reading = Reading { now: &now, locale: Locale::British, about: About::Unknown, firm_codes: &[] };
    command::read_mail(&read.mail.subject, &read.extract.lines, &reading);
    let object = inspect::of_mail("", bytes, Locale::British, &now);
    assert_eq!(object.get("error"), None, "reading failed");
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
    let parsed = parse::parse(bytes).from;
    let agreed = from::agreed(author.clone(), parsed.iter().map(|m| m.address.as_str()));
    assert_eq!(agreed.as_ref(), Ok(&author), "the parser reads {parsed:?}");
}

/// What the border's servers are called, and those of another border, whose mail this never was.
const BORDER: &str = "mx.firm.example";
const ELSEWHERE: &str = "mx.elsewhere.example";

/// No header of a stranger passes: what did not come through the border is believed nowhere, and of what did only the
/// border's own lines are.
pub fn border(bytes: &[u8]) {
    for head in [bytes.to_vec(), mails::results(bytes)] {
        let has_border = text(&head).to_ascii_lowercase().contains(ELSEWHERE);
        for layout in [Layout::Above, Layout::Below] {
            if !has_border {
                assert_eq!(claims(&head, ELSEWHERE, layout), 0, "believed without a Received of the border");
            }
        }
        let received = format!("Received: from x by {BORDER} with ESMTPS; Sat, 14 Mar 2026 10:00:00 +0000\r\n");
        let below = [received.as_bytes(), b"X-Own: 1\r\n", &head].concat();
        assert_eq!(claims(&below, BORDER, Layout::Above), 0, "believed below the border's Received");
        let own = format!("Authentication-Results: {BORDER}; dmarc=fail header.from=firm.example\r\n").repeat(2);
        let below = [received.as_bytes(), own.as_bytes(), b"X-Own: 1\r\n", &head].concat();
        assert!(passes(&below) == 0, "believed below the border's own results");
    }
}

fn results(head: &[u8], host: &str, layout: Layout) -> auth_results::Border {
    let policy = AuthResults {
        authserv_id: vec![BORDER.into()],
        received_by: vec![host.into()],
        hops: 1,
        fields: 2,
        layout,
        profile: Profile::Rfc8601,
        spf_alone: true,
    };
    Headers::read(head).map(|headers| auth_results::read(&headers, "firm.example", &policy)).unwrap_or_default()
}

/// How many results are believed.
fn claims(head: &[u8], host: &str, layout: Layout) -> usize {
    let read = results(head, host, layout);
    read.dmarc.iter().chain(&read.spf).chain(&read.dkim).count()
}

/// How many results that something passed are believed.
fn passes(head: &[u8]) -> usize {
    let read = results(head, BORDER, Layout::Below);
    let all = read.dmarc.iter().chain(&read.spf).chain(&read.dkim);
    all.filter(|c| c.result == auth_results::MethodResult::Pass).count()
}

/// Whatever stands in a body, as text, as flowed text and as HTML: what is new, quoted and signature is all of it, and of
/// what is quoted below a reply nothing is taken for new, least of all a command.
pub fn replies(bytes: &[u8]) {
    for kind in ["text/plain; charset=utf-8", "text/plain; charset=utf-8; format=flowed", "text/html; charset=utf-8"] {
        let read =
            extract::extract(&parse::parse(&[format!("Content-Type: {kind}\r\n\r\n").as_bytes(), bytes].concat()));
        let pieces: usize = read.pieces().map(|(_, piece)| piece.len()).sum();
        assert_eq!(pieces, read.whole.len(), "a stretch of the text is missing or doubled");
    }
    let quoted: String =
        text(bytes).lines().map(|line| format!("> #done T-1 {}\r\n", line.replace('\r', " "))).collect();
    let mail = format!(
        "Content-Type: text/plain; charset=utf-8\r\n\r\nAgreed.\r\n\r\nOn Sat, 14 Mar 2026 at 09:00, Hale <r@gw.hale.example> \
         wrote:\r\n\r\n{quoted}"
    );
    let read = extract::extract(&parse::parse(mail.as_bytes()));
    assert_eq!(read.reply.trim(), "Agreed.", "of {quoted:?}");
    let now = moment();
    let reading = Reading { now: &now, locale: Locale::British, about: About::Unknown, firm_codes: &[] };
    let found = command::read_mail("", &read.lines, &reading);
    assert!(found.requests.is_empty(), "{:?} of {quoted:?}", found.requests);
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

/// No reply address stays in a text that others see: of any text, and of one in which genuine ones stand, written as the
/// programs on the way write them and with letters changed.
pub fn tokens(bytes: &[u8]) {
    let key = Key::new([3; 32]);
    let token = key.token(9, 0, (KeyNumber::FIRST, &key));
    for addressing in [Addressing::Plus, Addressing::Subdomain] {
        let gateway = gateway(addressing);
        no_address_stays(&gateway, &text(bytes));
        let (built, written) = mails::addressed(bytes, &gateway.reply_address(&token), &token);
        let left = no_address_stays(&gateway, &built);
        for token in written.iter().filter(|token| Token::read(&token.to_ascii_lowercase()).is_some()) {
            assert!(!left.contains(&token.to_ascii_lowercase()), "{token} is left in {left:?} of {built:?}");
        }
    }
}

/// The text without reply addresses, in lower case.
fn no_address_stays(gateway: &Gateway, text: &str) -> String {
    let left = gateway.without_reply_addresses(text).to_ascii_lowercase();
    let words = left.split(|c: char| c.is_whitespace() || "<>,;()[]\"'".contains(c));
    let is_token = |word: &str| matches!(gateway.meaning(word), Some(Meaning::Token(_)));
    assert!(!words.into_iter().any(is_token), "a reply address is left in {left:?}");
    left
}

/// A bounce's recipients are addresses, each once.
pub fn bounces(bytes: &[u8]) {
    let Some(found) = bounce::read(&parse::parse(bytes)) else { return };
    let mut seen = std::collections::BTreeSet::new();
    assert!(found.recipients.iter().all(|r| r.contains('@') && seen.insert(r)), "{:?}", found.recipients);
}

/// What a calendar says is bounded, whoever wrote it, and its times are told in words or not at all.
pub fn calendars(bytes: &[u8]) {
    for text in [text(bytes), mails::calendar(bytes)] {
        let Some(object) = calendar::read(&[text]) else { continue };
        assert!((1..=20).contains(&object.events.len()), "{} events", object.events.len());
        for event in &object.events {
            let values = [&event.uid, &event.summary, &event.location, &event.description, &event.comment];
            let said = event.attendees.iter().flat_map(|a| [&a.address, &a.comment]);
            assert!(values.into_iter().chain(said).all(|v| v.chars().count() <= 2_000), "an endless value");
            assert!(event.attendees.len() <= 20, "{} attendees", event.attendees.len());
            for written in [&event.only, &event.start, &event.end].into_iter().flatten() {
                written.day_in(&TimeZone::UTC);
                assert!(!written.in_words(Locale::British).is_empty(), "a time without words");
            }
        }
    }
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
