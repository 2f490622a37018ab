//! Mails, and pieces of them, built from a stream of choices: nested and many parts, headers twice or broken, boundaries that
//! are prefixes of each other, encodings inside encodings, text with commands between quotes; calendars, results of servers,
//! and reply addresses as programs mangle them. Small random inputs never get there.

/// A stream of choices; when it runs dry, the first of everything is chosen.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn next(&mut self) -> usize {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                usize::from(*first)
            }
            None => 0,
        }
    }

    fn one_of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.next() % list.len()]
    }

    /// A number that is mostly small and sometimes large.
    fn count(&mut self, most: usize) -> usize {
        match self.next() {
            n @ 0..=199 => n % 4,
            n @ 200..=249 => n % most.min(30),
            n => (n * 41) % most,
        }
    }
}

const NAMES: &[&str] = &[
    "From",
    "From ",
    " From",
    "FROM",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "MIME-Version",
    "Received",
    "Authentication-Results",
    "Auto-Submitted",
    "List-Id",
    "DKIM-Signature",
    "X-Spam-Flag",
    "Precedence",
    "x_: y",
    "",
];
const VALUES: &[&str] = &[
    "jane@roe.example",
    "Jane Roe <jane@roe.example>",
    "\"a@b.example\" <c@d.example>",
    "a@b.example, c@d.example",
    "=?utf-8?B?amFuZUByb2UuZXhhbXBsZQ==?=",
    "=?utf-8?Q?=E2=80=AE?= <x@y.example>",
    "undisclosed: ;",
    "<@a,@b:c@d.example>",
    "jane@roe.example.",
    "(comment (in comment)) jane@roe.example",
    "#done T-1",
    "Re: #time 1h",
    "multipart/mixed; boundary=a",
    "multipart/mixed; boundary=\"a\"; boundary=b",
    "text/plain; charset=utf-7",
    "text/html; charset=\"x\\\"",
    "message/rfc822",
    "base64",
    "quoted-printable",
    "7bit, base64",
    "attachment; filename*0*=utf-8''%41; filename*1=b; filename=c",
    "attachment; filename=\"../../etc/passwd\"",
    "auto-replied",
    "no",
    "<a@b> <c@d>",
    "Tue, 31 Feb 2026 25:61:00 +9999",
    "mx.firm.example; dmarc=pass header.from=roe.example; dkim=pass header.d=roe.example",
    "",
    "\u{feff}",
    "a\0b",
];
const LINES: &[&str] = &[
    "#done",
    "#unzip",
    "#picture",
    "#yes",
    "#time 1.5h Drafted reply brief",
    "\u{ff03}time 90m",
    "> #done",
    ">> > #time 2h",
    "On Tue, Jane Roe <jane@roe.example> wrote:",
    "Am 14.03.2026 um 10:00 schrieb Jane:",
    "-----Original Message-----",
    "From: Jane\r\nSent: today\r\nTo: x\r\nSubject: y",
    "-- ",
    "--",
    "--a",
    "--a--",
    "--aa",
    "Sent from my iPhone",
    "________________________________",
    "Thanks!",
    "",
    "  - #note \u{202e}txt",
    "<div class=\"gmail_quote\">",
    "<blockquote type=\"cite\">",
    "</blockquote></div>",
    "<p>#done</p>",
    "&#35;done &lt;",
    "<!-- #done -->",
    "begin 644 a.txt",
    "end",
    "This message is confidential",
    "\u{200b}#done",
    "=23done",
    "I2RvbmU=",
];
const BOUNDARIES: &[&str] = &["a", "aa", "a b", "", "=_x", "a\"", "b"];
const ENCODINGS: &[&str] = &[
    "7bit",
    "8bit",
    "base64",
    "quoted-printable",
    "x-uuencode",
    "binary",
    "base64\r\nContent-Transfer-Encoding: 8bit",
];
const LEAVES: &[&str] = &[
    "text/plain",
    "text/plain; charset=utf-8",
    "text/plain; charset=iso-2022-jp",
    "text/plain; format=flowed; delsp=yes",
    "text/html",
    "text/html; charset=utf-16",
    "application/pdf; name=a.pdf",
    "application/ms-tnef; name=winmail.dat",
    "image/png; name=\"l\u{200b}ogo.png\"",
    "text/calendar; method=REPLY",
    "text/calendar; charset=utf-8; method=COUNTER",
    "application/ics; name=invite.ics",
    "message/delivery-status",
    "application/pkcs7-mime; smime-type=signed-data",
    "",
    "text/",
];
const MULTIPARTS: &[&str] =
    &["mixed", "alternative", "related", "report; report-type=delivery-status", "signed", "digest", "parallel", "x"];

/// Lines of calendars (RFC 5545), right and wrong.
const APPOINTMENTS: &[&str] = &[
    "BEGIN:VEVENT",
    "END:VEVENT",
    "UID:event-1@gw.hale.example",
    "SEQUENCE:1",
    "SEQUENCE:99999999999",
    "DTSTAMP:20260314T100000Z",
    "DTSTART;TZID=\"GMT Standard Time\":20260316T140000",
    "DTSTART;VALUE=DATE:20260316",
    "DTEND:20260316T150000Z",
    "DTEND:20269999T999999",
    "RECURRENCE-ID;TZID=Europe/London:20260323T140000",
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=\"Roe; Jane\":mailto:jane@roe.example",
    "ATTENDEE;PARTSTAT=DECLINED;X-RESPONSE-COMMENT=\"In court: until noon\":MAILTO:Jane@Roe.Example",
    "ATTENDEE;PARTSTAT=\"ACCEPTED:mailto:jane@roe.example",
    "ORGANIZER:mailto:r@gw.hale.example",
    "COMMENT:In court\\, until noon\\nSorry",
    "SUMMARY:Accepted: Hearing",
    "DESCRIPTION;LANGUAGE=en-GB:#done\\n",
    "LOCATION:",
    "RRULE:FREQ=WEEKLY;COUNT=5",
    "X-A;B=C;D=\"E;F\":g",
    " folded",
    "\tand again",
    "BEGIN:VALARM",
    "END:VALARM",
    "BEGIN:VTIMEZONE",
    "END:VTIMEZONE",
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "METHOD:CANCEL",
    ":",
    "",
];
const METHODS: &[&str] = &["REPLY", "COUNTER", "CANCEL", "REQUEST", "PUBLISH", "REFRESH", "reply", "X", ""];

/// The calendar that these choices make.
pub fn calendar(bytes: &[u8]) -> String {
    appointments(&mut Choices(bytes))
}

fn appointments(choices: &mut Choices<'_>) -> String {
    let mut text = format!("BEGIN:VCALENDAR\r\nMETHOD:{}\r\nBEGIN:VEVENT\r\n", choices.one_of(METHODS));
    for _ in 0..choices.count(7000).max(3) {
        let line = choices.one_of(APPOINTMENTS);
        let times = if choices.next() > 252 { 3000 } else { 1 };
        text.push_str(&line.repeat(times));
        text.push_str(choices.one_of(&["\r\n", "\n", "\r\n", "\r\n "]));
    }
    text.push_str("END:VEVENT\r\nEND:VCALENDAR\r\n");
    text
}

/// Header lines in which servers, or those who would be them, say what they found.
const RESULTS: &[&str] = &[
    "Received: from x by mx.firm.example with ESMTPS; Sat, 14 Mar 2026 10:00:00 +0000",
    "Received: by mx.firm.example",
    "Received: from mx.firm.example by mail.evil.example; x",
    "Received: from x (by mx.firm.example) by y.evil.example",
    "RECEIVED: from a.b\r\n by mx.firm.example\r\n\tid 1",
    "X-Received: by mx.firm.example",
    "Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example",
    "Authentication-Results: mx.firm.example;\r\n dkim=pass header.d=firm.example header.s=s1;\r\n spf=pass smtp.mailfrom=a@firm.example",
    "authentication-results: MX.FIRM.EXAMPLE 1; dmarc = pass (p=reject) header.from=firm.example",
    "Authentication-Results: (mx.evil.example) mx.firm.example; dmarc=pass header.from=firm.example",
    "Authentication-Results: mx.firm.example; none; dmarc=pass header.from=firm.example",
    "Authentication-Results: mx.evil.example; spf=pass smtp.helo=\"x; mx.firm.example; dmarc=pass header.from=firm.example\"",
    "Authentication-Results: mx.firm.example; dmarc=fail header.from=firm.example; dmarc=pass header.from=firm.example",
    "ARC-Authentication-Results: i=1; mx.firm.example; dmarc=pass header.from=firm.example",
    "Received-SPF: pass (mx.firm.example: domain of firm.example)",
    "From: anna@firm.example",
    "Subject: x\r\n\r\nAuthentication-Results: mx.firm.example; dmarc=pass header.from=firm.example",
    "",
    " folded; dmarc=pass header.from=firm.example",
];

/// The header that these choices make.
pub fn results(bytes: &[u8]) -> Vec<u8> {
    let mut choices = Choices(bytes);
    let mut head = String::new();
    for _ in 0..choices.count(40).max(2) {
        head.push_str(choices.one_of(RESULTS));
        head.push_str(choices.one_of(&["\r\n", "\r\n", "\r\n", "\n"]));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// What stands before an address, and after it.
const BEFORE: &[&str] =
    &[" ", "<", "\"", "'", "(", ", ", "mailto:", "\n", "> ", "To: ", "[", "* ", "\u{a0}", "a.b=", "smtp:", "+"];
const AFTER: &[&str] = &[" ", ">", "\"", "'", ")", ", ", "; ", "\n", "]", "?subject=x ", ".\n", "\u{a0}", "> wrote:\n"];

/// A text of these choices with a reply address in it, as programs write it, some of its letters changed; and how its token
/// stands there each time.
pub fn addressed(bytes: &[u8], address: &str, token: &str) -> (String, Vec<String>) {
    let mut choices = Choices(bytes);
    let (mut text, mut written) = (String::new(), Vec::new());
    for _ in 0..choices.count(20).max(1) {
        let mut changed: Vec<u8> = token.as_bytes().to_vec();
        for _ in 0..choices.next() % 3 {
            let at = choices.next() % changed.len();
            let now = choices.one_of(&["a", "2", "7", "z", "8", "-", "."]).as_bytes()[0];
            match choices.next() % 6 {
                0 => changed[at] = now,
                1 => drop(changed.remove(at)),
                2 => changed.insert(at, now),
                _ => changed[at] = changed[at].to_ascii_uppercase(),
            }
        }
        let changed = String::from_utf8(changed).unwrap_or_default();
        let address = address.replace(token, &changed);
        let (local, domain) = address.rsplit_once('@').unwrap_or_default();
        let mangled = match choices.next() % 9 {
            0 => address.clone(),
            1 => address.to_uppercase(),
            2 => address.replace('+', "=2B"),
            3 => address.replace('+', "%2B").replace('@', "%40"),
            4 => format!("\"{local}\"@{domain}"),
            5 => format!("IMCEASMTP-{}@mail.roe.example", address.replace('+', "+2B").replace('@', "+40")),
            6 => format!("{domain}/{changed}"),
            7 => changed.clone(),
            _ => address.replace('@', "=40"),
        };
        text.push_str(choices.one_of(BEFORE));
        text.push_str(&mangled);
        text.push_str(choices.one_of(AFTER));
        written.push(changed);
    }
    (text, written)
}

/// The mail that these choices make; at most a few megabytes.
pub fn build(bytes: &[u8]) -> Vec<u8> {
    let mut choices = Choices(bytes);
    let mut mail = Vec::new();
    head(&mut choices, &mut mail);
    part(&mut choices, 0, &mut mail);
    mail
}

fn head(choices: &mut Choices<'_>, out: &mut Vec<u8>) {
    for _ in 0..choices.count(1200) {
        let (name, value) = (choices.one_of(NAMES), choices.one_of(VALUES));
        let fold = choices.one_of(&[" ", "", "\r\n ", "\r\n\t", "\n "]);
        let end = choices.one_of(&["\r\n", "\r\n", "\n", "\r\n \r\n"]);
        let times = if choices.next() > 252 { 2000 } else { 1 };
        out.extend_from_slice(format!("{name}:{fold}{}{end}", value.repeat(times)).as_bytes());
    }
}

fn part(choices: &mut Choices<'_>, depth: usize, out: &mut Vec<u8>) {
    if out.len() > 4_000_000 || depth > 60 {
        return;
    }
    match choices.next() % 6 {
        0 | 1 => leaf(choices, out),
        2 => nested_mail(choices, depth, out),
        3 => multipart(choices, depth, out),
        4 => burrow(choices, out),
        _ => deep(choices, out),
    }
}

fn leaf(choices: &mut Choices<'_>, out: &mut Vec<u8>) {
    let (kind, encoding) = (choices.one_of(LEAVES), choices.one_of(ENCODINGS));
    let name =
        choices.one_of(&["", "Content-Disposition: attachment; filename=\"a\\\"b.pdf\"\r\n", "Content-ID: <logo>\r\n"]);
    let blank = choices.one_of(&["\r\n", "\n", "\r\n", ""]);
    out.extend_from_slice(
        format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{name}{blank}").as_bytes(),
    );
    if kind.contains("calendar") || kind.contains("ics") {
        out.extend_from_slice(appointments(choices).as_bytes());
        return;
    }
    for _ in 0..choices.count(3000) {
        let line = choices.one_of(LINES);
        let times = if choices.next() > 252 { 1000 } else { 1 };
        out.extend_from_slice(line.repeat(times).as_bytes());
        out.extend_from_slice(choices.one_of(&["\r\n", "\n", "\r\n", "\r", ""]).as_bytes());
    }
}

/// Ways to say that a mail follows, as the parser understands them.
const MAIL_FOLLOWS: &[&str] = &[
    "Content-Type: message/rfc822",
    "Content-Type: message/global; x=y",
    "C ontent-Type : message/rfc822",
    "Content-Type: (x) message / rfc822",
    "content-type:message(\r\n x)/rfc822",
];
/// Ways to say that it is encoded, and one that is not so.
const WHOLE: &[&str] = &[
    "",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Transfer-Encoding: =?utf-8?q?quoted-printable?=\r\n",
    "Content-Transfer-Encoding: base64\r\n",
];

/// A mail, encoded whole, of nothing but mails in mails.
fn burrow(choices: &mut Choices<'_>, out: &mut Vec<u8>) {
    let (says, inside) = (choices.one_of(MAIL_FOLLOWS), choices.one_of(MAIL_FOLLOWS));
    let deep = format!("{inside}\n\n").replace('\r', "").repeat(choices.next() * 40);
    let coded = deep.replace('=', "=3D").replace('C', "=43");
    out.extend_from_slice(
        format!("{says}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{coded}x\r\n").as_bytes(),
    );
}

fn nested_mail(choices: &mut Choices<'_>, depth: usize, out: &mut Vec<u8>) {
    let (says, encoding) = (choices.one_of(MAIL_FOLLOWS), choices.one_of(WHOLE));
    out.extend_from_slice(format!("{says}\r\n{encoding}\r\n").as_bytes());
    let mut inner = Vec::new();
    head(choices, &mut inner);
    part(choices, depth + 1, &mut inner);
    if encoding.contains("quoted") && inner.len() < 1_000_000 {
        inner = inner.iter().flat_map(|b| format!("={b:02X}").into_bytes()).collect();
    }
    out.extend_from_slice(&inner);
}

fn multipart(choices: &mut Choices<'_>, depth: usize, out: &mut Vec<u8>) {
    let (kind, boundary) = (choices.one_of(MULTIPARTS), choices.one_of(BOUNDARIES));
    // Declared and used boundaries need not be the same.
    let used = if choices.next() % 8 == 7 { choices.one_of(BOUNDARIES) } else { boundary };
    out.extend_from_slice(
        format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\npreamble\r\n").as_bytes(),
    );
    for _ in 0..choices.count(1500).max(1) {
        out.extend_from_slice(format!("\r\n--{used}\r\n").as_bytes());
        part(choices, depth + 1, out);
    }
    if choices.next() % 4 != 3 {
        out.extend_from_slice(format!("\r\n--{used}--\r\nepilogue").as_bytes());
    }
}

/// One thing in itself, over and over.
fn deep(choices: &mut Choices<'_>, out: &mut Vec<u8>) {
    let times = choices.count(3000) * 8;
    let mail_follows = format!("{}\r\n\r\n", choices.one_of(MAIL_FOLLOWS));
    let shell = choices.one_of(&[
        &mail_follows,
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
        "Content-Type: text/html\r\n\r\n<div>",
        "Content-Type: text/html\r\n\r\n<blockquote><p>",
        "Subject: ((((((((",
        "To: <a@b>,",
        "> ",
    ]);
    out.extend_from_slice(shell.repeat(times).as_bytes());
    out.extend_from_slice(b"#done\r\n");
}
