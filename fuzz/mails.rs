//! Mails built from a stream of choices: nested and many parts, headers twice or broken, boundaries that are prefixes of
//! each other, encodings inside encodings, text with commands between quotes. Small random inputs never get there.

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
    "message/delivery-status",
    "application/pkcs7-mime; smime-type=signed-data",
    "",
    "text/",
];
const MULTIPARTS: &[&str] =
    &["mixed", "alternative", "related", "report; report-type=delivery-status", "signed", "digest", "parallel", "x"];

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
    match choices.next() % 5 {
        0 | 1 => leaf(choices, out),
        2 => nested_mail(choices, depth, out),
        3 => multipart(choices, depth, out),
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
    for _ in 0..choices.count(3000) {
        let line = choices.one_of(LINES);
        let times = if choices.next() > 252 { 1000 } else { 1 };
        out.extend_from_slice(line.repeat(times).as_bytes());
        out.extend_from_slice(choices.one_of(&["\r\n", "\n", "\r\n", "\r", ""]).as_bytes());
    }
}

fn nested_mail(choices: &mut Choices<'_>, depth: usize, out: &mut Vec<u8>) {
    let encoding = choices.one_of(&["", "", "Content-Transfer-Encoding: base64\r\n"]);
    out.extend_from_slice(format!("Content-Type: message/rfc822\r\n{encoding}\r\n").as_bytes());
    head(choices, out);
    part(choices, depth + 1, out);
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
    let shell = choices.one_of(&[
        "Content-Type: message/rfc822\r\n\r\n",
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
