//! Mails as the clients of the world write them, made from the tables of `fixtures/clients`: what somebody wrote and what
//! stands around it are known, so what is read of each can be compared. No mail here is a copy of anybody's.

use docketpost::inbound::bounce;
use docketpost::inbound::extract::{Extract, Line, extract};
use docketpost::inbound::parse::{Mail, parse};
use docketpost::inbound::screen::{Class, OwnMarks, screen};

struct Person {
    name: &'static str,
    address: &'static str,
}

/// The last is one whose client knows no name.
const PEOPLE: [Person; 4] = [
    Person { name: "Anna Weber", address: "m-12@in.example" },
    Person { name: "Dr. Žofia Čapek-Łoś, LL.M.", address: "zofia.capek-los@kanzlei-am-markt.example" },
    Person { name: "田中 花子", address: "h.tanaka@tanaka-law.example" },
    Person { name: "weber@in.example", address: "weber@in.example" },
];

/// What is answered; its commands must never be taken.
const HISTORY: [&str; 4] =
    ["Dear Jane,", "is the brief ready? The court wants it by Monday.", "#done T-9", "Can we send the exhibits?"];
const SUBJECT: &str = "Smith v. Jones: reply brief";

fn table(name: &str) -> Vec<Vec<String>> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients").join(name);
    let text = std::fs::read_to_string(file).unwrap();
    let rows = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    rows.map(|l| l.split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What somebody writes in a language.
struct Words {
    text: String,
    first: String,
    second: String,
    closing: String,
    telephone: String,
}

fn words(language: &str) -> Words {
    let plain = language.split('-').next().unwrap();
    let rows = table("words.txt");
    let row = rows.iter().find(|r| r[0] == language).or(rows.iter().find(|r| r[0] == plain));
    let row = row.unwrap_or_else(|| panic!("no words in {language}"));
    let [_, first, second, closing, telephone] = row.as_slice() else { panic!("{row:?}") };
    Words {
        text: format!("{first}\n\n{second}"),
        first: first.clone(),
        second: second.clone(),
        closing: closing.clone(),
        telephone: telephone.clone(),
    }
}

fn put(line: &str, person: &Person) -> String {
    let whole = if person.name == person.address {
        format!("<{}>", person.address)
    } else {
        format!("{} <{}>", person.name, person.address)
    };
    line.replace("{a}", &whole).replace("{n}", person.name).replace("{m}", person.address)
}

/// Broken at the last blank before `width`, as clients do.
fn folded(line: &str, width: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in line.split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > width {
            out.push('\n');
            length = 0;
        } else if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += more;
    }
    out
}

/// The line whole, folded where clients fold, and broken once at every blank.
fn foldings(line: &str) -> Vec<String> {
    let mut all = vec![line.to_owned()];
    all.extend([76, 72, 60].map(|width| folded(line, width)));
    // No client breaks within the first words.
    let told =
        |at: &usize| line[..*at].contains(['<', '@']) || line[..*at].chars().filter(|c| c.is_numeric()).count() > 3;
    let blanks = line.match_indices(' ').map(|(at, _)| at).filter(told);
    all.extend(blanks.map(|at| format!("{}\n{}", &line[..at], &line[at + 1..])));
    all.dedup();
    all
}

fn marked(lines: &[&str]) -> String {
    lines.iter().map(|l| format!("> {l}\n")).collect()
}

fn plain(body: &str) -> Extract {
    read("text/plain; charset=utf-8", body)
}

fn html(body: &str) -> Extract {
    read(
        "text/html; charset=utf-8",
        &format!("<html><head><style>p {{ margin: 0 }}</style></head><body>{body}</body></html>"),
    )
}

fn both(parts: &str) -> Extract {
    read("multipart/alternative; boundary=b", parts)
}

fn read(kind: &str, body: &str) -> Extract {
    let mail = format!(
        "From: Jane Roe <jane@roe.example>\r\nTo: Anna Weber <m-12@in.example>\r\nSubject: Re: {SUBJECT}\r\n\
         Message-ID: <1@roe.example>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{}",
        body.replace('\n', "\r\n")
    );
    extract(&parse(mail.as_bytes()))
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One mail of so many is tried, so that every client, language and form has its turn; `CLIENTS=all` tries every one.
const EACH: usize = 61;

/// What went wrong, by what was tried.
#[derive(Default)]
struct Findings {
    turns: usize,
    tried: usize,
    wrong: Vec<String>,
}

impl Findings {
    fn read(&mut self, read: fn(&str) -> Extract, body: &str) -> Option<Extract> {
        self.turns += 1;
        let now = self.turns.is_multiple_of(EACH) || std::env::var("CLIENTS").is_ok_and(|which| which == "all");
        self.tried += usize::from(now);
        now.then(|| read(body))
    }

    /// `written` must be all of the new text, and nothing of the history may be in it.
    fn expect(&mut self, what: &str, read: fn(&str) -> Extract, written: &str, body: &str) {
        self.expect_closed(what, read, written, "", body);
    }

    /// The same where the closing and the name may be the text's or the signature's.
    fn expect_closed(&mut self, what: &str, read: fn(&str) -> Extract, written: &str, closing: &str, body: &str) {
        let Some(read) = self.read(read, body) else { return };
        let wanted = [squeezed(written), squeezed(&format!("{written} {closing}"))];
        let told = read.lines.iter().any(|l| l.text.contains("#done"));
        if !wanted.contains(&squeezed(&read.reply)) || told {
            self.wrong.push(format!("{what}\n    read {:?}\n    of {body:?}", read.reply));
        }
    }

    fn judge(self) {
        let first: Vec<&str> = self.wrong.iter().take(40).map(String::as_str).collect();
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.tried, first.join("\n"));
        assert!(self.tried > 0);
    }
}

/// Whether a line without marked history below it may be history at all: it has a date and an address.
fn tells_all(line: &str) -> bool {
    line.chars().any(char::is_numeric) && (line.contains("{a}") || line.contains("{m}"))
}

#[test]
fn what_is_above_below_and_between_quotes_is_told_from_them_in_every_client_and_language() {
    let mut found = Findings::default();
    for row in table("attributions.txt") {
        let [client, language, line] = row.as_slice() else { panic!("{row:?}") };
        let w = words(language);
        for person in &PEOPLE {
            let whole = put(line, person);
            for (n, line) in foldings(&whole).iter().enumerate() {
                let what = format!("{client} {language}, {}, folding {n}", person.name);
                let quote = marked(&HISTORY);
                let body = format!("{}\n\n{line}\n\n{quote}", w.text);
                found.expect(&format!("{what}: above"), plain, &w.text, &body);
                let body = format!("{line}\n{quote}\n{}\n", w.text);
                found.expect(&format!("{what}: below"), plain, &w.text, &body);
                if n > 1 {
                    continue;
                }
                let body = format!(
                    "{line}\n{}\n{}\n\n{}\n{}\n",
                    marked(&HISTORY[..2]),
                    w.first,
                    marked(&HISTORY[2..]),
                    w.second
                );
                found.expect(&format!("{what}: between"), plain, &w.text, &body);
            }
        }
        let (anna, quote) = (put(line, &PEOPLE[0]), marked(&HISTORY));
        let what = format!("{client} {language}");
        let body = format!("{}\n{anna}\n{quote}", w.text);
        found.expect(&format!("{what}: no blank line above"), plain, &w.text, &body);
        let body = format!("{}\n\n{}\n\n{anna}\n\n{quote}", w.text, w.telephone);
        found.expect(&format!("{what}: telephone"), plain, &w.text, &body);
        let body = format!("{}\n\n-- \nJane Roe\nRoe LLP\nTel. +1 555 0100\n\n{anna}\n\n{quote}", w.text);
        found.expect(&format!("{what}: signature"), plain, &w.text, &body);
        let body = format!("{}\n\n{}\nJane Roe\n\n{anna}\n\n{quote}", w.text, w.closing);
        let closing = format!("{} Jane Roe", w.closing);
        found.expect_closed(&format!("{what}: closing"), plain, &w.text, &closing, &body);
        if !tells_all(line) {
            continue;
        }
        for person in &PEOPLE {
            for (n, line) in foldings(&put(line, person)).iter().enumerate() {
                let body = format!("{}\n\n{line}\n\n{}\n", w.text, HISTORY.join("\n"));
                let what = format!("{what}, {}, folding {n}: unmarked", person.name);
                found.expect(&what, plain, &w.text, &body);
            }
        }
    }
    found.judge();
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn paragraphs(lines: &[&str], open: &str, close: &str) -> String {
    lines.iter().map(|l| format!("{open}{}{close}", escaped(l))).collect()
}

/// How clients put the line and the quote into HTML: `{line}`, `{quote}`; the last two are what remains when something on
/// the way takes all marks out.
const FRAMES: [(&str, &str); 16] = [
    (
        "gmail",
        "<br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">{line}<br></div><blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\">{quote}</blockquote></div>",
    ),
    (
        "old gmail",
        "<div class=\"gmail_extra\"><br><div class=\"gmail_quote\">{line}<br><blockquote class=\"gmail_quote\" style=\"margin:0 0 0 .8ex\">{quote}</blockquote></div><br></div>",
    ),
    (
        "apple",
        "<div><br><blockquote type=\"cite\"><div>{line}</div><br class=\"Apple-interchange-newline\"><div>{quote}</div></blockquote></div><br>",
    ),
    (
        "apple ios",
        "<div dir=\"ltr\"><br><blockquote type=\"cite\">{line}<br><br></blockquote></div><blockquote type=\"cite\"><div dir=\"ltr\">\u{feff}{quote}</div></blockquote>",
    ),
    (
        "thunderbird",
        "<div class=\"moz-cite-prefix\">{line}<br></div><blockquote type=\"cite\" cite=\"mid:1@in.example\">{quote}</blockquote>",
    ),
    (
        "yahoo",
        "<div id=\"ydp1a2b3cyahoo_quoted_123\" class=\"ydp1a2b3cyahoo_quoted\"><div style=\"font-family:Helvetica;color:#26282a\"><div>{line}</div><div><br></div><div>{quote}</div></div></div>",
    ),
    (
        "yahoo app",
        "<div id=\"yahoo_quoted_123\" class=\"yahoo_quoted\"><div><p>{line}</p><blockquote class=\"iosymail\">{quote}</blockquote></div></div>",
    ),
    (
        "proton",
        "<div class=\"protonmail_quote\">{line}<br><br><blockquote class=\"protonmail_quote\" type=\"cite\">{quote}</blockquote></div>",
    ),
    (
        "web.de",
        "<div name=\"quote\" style=\"margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5; word-wrap: break-word;\"><div style=\"margin:0 0 10px 0;\">{line}</div><div name=\"quoted-content\">{quote}</div></div>",
    ),
    (
        "mail.ru",
        "<blockquote style=\"border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;\">{line}<br><div id=\"\">{quote}</div></blockquote>",
    ),
    (
        "spark",
        "<div name=\"messageReplySection\">{line}<br /><blockquote type=\"cite\" style=\"border-left-color: grey; border-left-width: thin;\">{quote}</blockquote></div>",
    ),
    (
        "orange",
        "<blockquote style=\"padding-left: 5px; margin-left: 5px; border-left: #ff7900 2px solid;\">{line}<br>{quote}</blockquote>",
    ),
    ("open-xchange", "<blockquote type=\"cite\"><div>{line}</div><div><br></div><div>{quote}</div></blockquote>"),
    (
        "zoho",
        "<div class=\"zmail_extra\"><div id=\"Zm-_Id_-Sgn1\">{line}</div><br><blockquote style=\"margin: 0px;\">{quote}</blockquote></div>",
    ),
    ("no marks", "<div>{line}</div><blockquote>{quote}</blockquote>"),
    ("no marks, no quote", "<div>{line}</div><div>{quote}</div>"),
];

#[test]
fn what_is_above_and_below_the_frames_of_html_clients_is_told_from_the_history() {
    let mut found = Findings::default();
    for row in table("attributions.txt") {
        let [client, language, line] = row.as_slice() else { panic!("{row:?}") };
        let w = words(language);
        for person in &PEOPLE {
            for (frame, pattern) in FRAMES {
                let cited = frame != "no marks, no quote";
                if !cited && !tells_all(line) {
                    continue;
                }
                let quote = paragraphs(&HISTORY, "<div>", "</div>");
                let history = pattern.replace("{line}", &escaped(&put(line, person))).replace("{quote}", &quote);
                let what = format!("{client} {language}, {} in the frame of {frame}", person.name);
                let text = paragraphs(&[&w.first, "", &w.second], "<div>", "</div>");
                let body = format!("{text}{history}");
                found.expect(&format!("{what}: above"), html, &w.text, &body);
                let telephone = format!("<div><br></div><div>{}</div>", escaped(&w.telephone));
                let body = format!("{text}{telephone}{history}");
                found.expect(&format!("{what}: telephone"), html, &w.text, &body);
                if cited && frame != "mail.ru" {
                    let body = format!("{history}{text}");
                    found.expect(&format!("{what}: below"), html, &w.text, &body);
                }
            }
        }
    }
    found.judge();
}

#[test]
fn both_parts_of_a_mail_say_the_same_commands_whichever_client_and_language_wrote_them() {
    let mut found = Findings::default();
    for row in table("attributions.txt") {
        let [client, language, line] = row.as_slice() else { panic!("{row:?}") };
        let w = words(language);
        let line = put(line, &PEOPLE[0]);
        for (frame, pattern) in FRAMES.iter().filter(|(frame, _)| *frame != "no marks, no quote") {
            let quote = paragraphs(&HISTORY, "<div>", "</div>");
            let history = pattern.replace("{line}", &escaped(&line)).replace("{quote}", &quote);
            let page = format!("{}{history}", paragraphs(&["#time 1.5h Drafted", "", &w.first], "<div>", "</div>"));
            let text = format!("#time 1.5h Drafted\n\n{}\n\n{}\n\n{}", w.first, folded(&line, 76), marked(&HISTORY));
            let parts = [("plain", &text), ("html", &page)].map(|(kind, body)| {
                format!("--b\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n")
            });
            let body = format!("{}--b--\n", parts.concat());
            let Some(read) = found.read(both, &body) else { continue };
            let what = format!("{client} {language} in the frame of {frame}");
            let commands = |lines: &[Line]| lines.iter().filter(|l| l.text.starts_with('#')).count();
            let other = read.other_lines.as_deref().unwrap_or_default();
            let right = squeezed(&read.reply) == squeezed(&format!("#time 1.5h Drafted {}", w.first));
            if read.ambiguous || !right || commands(&read.lines) != 1 || commands(other) != 1 {
                found.wrong.push(format!("{what}: {:?}\n    of {body:?}", read.reply));
            }
        }
    }
    found.judge();
}

/// The fields of a block in the order of a kind of client: 0 From, 1 Sent, 2 To, 3 Cc, 4 Subject.
const ORDERS: [(&str, &[usize]); 7] = [
    ("outlook", &[0, 1, 2, 4]),
    ("outlook with cc", &[0, 1, 2, 3, 4]),
    ("notes", &[0, 2, 1, 4]),
    ("gmail forward", &[0, 1, 4, 2]),
    ("web.de", &[1, 0, 2, 4]),
    ("apple forward", &[0, 4, 1, 2]),
    ("t-online", &[4, 1, 0, 2]),
];

/// The block's fields as label and value.
fn block(labels: &[String], order: &[usize], person: &Person) -> Vec<(String, String)> {
    let who = put("{a}", person);
    let values = [
        who.as_str(),
        &labels[6],
        "Jane Roe <jane@roe.example>; Max Oduya <max.oduya@oduya-partners.example>",
        "Registry <registry@court.example>",
        SUBJECT,
    ];
    order.iter().map(|at| (labels[at + 1].clone(), values[*at].to_owned())).collect()
}

#[test]
fn a_block_of_header_lines_begins_the_history_in_every_language_and_order() {
    let mut found = Findings::default();
    for labels in table("labels.txt") {
        let w = words(&labels[0]);
        let space = if labels[0] == "fr" { " " } else { "" };
        for (client, order) in ORDERS {
            for person in &PEOPLE {
                let fields = block(&labels, order, person);
                let what = format!("{client} {} ({}), {}", labels[0], labels[2], person.name);
                let history = HISTORY.join("\n");
                let lines = |before: &str, after: &str| -> String {
                    let line = |(l, v): &(String, String)| format!("{before}{l}{space}:{after} {v}\n");
                    fields.iter().map(line).collect()
                };
                let quoted = marked(&HISTORY);
                for (way, body) in [
                    ("bare", format!("{}\n\n{}\n{history}\n", w.text, lines("", ""))),
                    ("rule", format!("{}\n\n________________________________\n{}\n{history}\n", w.text, lines("", ""))),
                    ("bold", format!("{}\n\n{}\n{history}\n", w.text, lines("*", "*"))),
                    ("quoted", format!("{}\n\n{}>\n{quoted}", w.text, lines("> ", ""))),
                    (
                        "folded",
                        format!(
                            "{}\n\n{}\n\n{history}\n",
                            w.text,
                            fields
                                .iter()
                                .map(|(l, v)| folded(&format!("{l}{space}: {v}"), 60))
                                .collect::<Vec<_>>()
                                .join("\n")
                        ),
                    ),
                    ("telephone", format!("{}\n\n{}\n\n{}\n{history}\n", w.text, w.telephone, lines("", ""))),
                ] {
                    found.expect(&format!("{what}: {way}"), plain, &w.text, &body);
                }
                let text = paragraphs(&[&w.first, &w.second], "<p class=MsoNormal>", "</p>");
                let old = paragraphs(&HISTORY, "<p class=MsoNormal>", "</p>");
                let fields: Vec<String> =
                    fields.iter().map(|(l, v)| format!("<b>{l}{space}:</b> {}", escaped(v))).collect();
                let broken = fields.join("<br>\n");
                for (way, head) in [
                    (
                        "outlook",
                        format!(
                            "<p class=MsoNormal><o:p>&nbsp;</o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>{broken}<o:p></o:p></p></div>"
                        ),
                    ),
                    (
                        "outlook web",
                        format!(
                            "<div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%\" tabindex=\"-1\"><div id=\"divRplyFwdMsg\" dir=\"ltr\"><font face=\"Calibri\">{broken}</font><div>&nbsp;</div></div>"
                        ),
                    ),
                    (
                        "outlook answered once more",
                        format!(
                            "<div id=\"x_appendonsend\"></div><hr><div id=\"x_divRplyFwdMsg\" dir=\"ltr\"><font face=\"Calibri\">{broken}</font></div>"
                        ),
                    ),
                    (
                        "outlook for telephones",
                        format!(
                            "<div id=\"mail-editor-reference-message-container\"><hr><div class=\"ms-outlook-mobile-reference-message skipProofing\">{broken}</div></div>"
                        ),
                    ),
                    ("no marks", format!("<div>{broken}</div><br>")),
                    ("no marks, lines of their own", fields.iter().map(|f| format!("<div>{f}</div>")).collect()),
                    (
                        "a table",
                        format!(
                            "<table>{}</table>",
                            fields
                                .iter()
                                .map(|f| format!("<tr><td>{}</td></tr>", f.replace("</b> ", "</b></td><td>")))
                                .collect::<String>()
                        ),
                    ),
                ] {
                    let body = format!("{text}{head}{old}");
                    found.expect(&format!("{what} in HTML: {way}"), html, &w.text, &body);
                }
            }
        }
    }
    found.judge();
}

#[test]
fn the_line_that_announces_what_is_answered_or_forwarded_is_no_text() {
    let mut found = Findings::default();
    for row in table("markers.txt") {
        let [language, marker] = row.as_slice() else { panic!("{row:?}") };
        let w = words(language);
        let labels = table("labels.txt");
        for labels in labels.iter().filter(|l| l[0] == *language) {
            for (client, order) in ORDERS {
                let fields = block(labels, order, &PEOPLE[0]);
                let lines: String = fields.iter().map(|(l, v)| format!("{l}: {v}\n")).collect();
                let what = format!("{client} {language}: {marker}");
                let history = HISTORY.join("\n");
                for gap in ["\n", "\n\n"] {
                    let body = format!("{}\n\n{marker}{gap}{lines}\n{history}\n", w.text);
                    found.expect(&what, plain, &w.text, &body);
                    let body = format!(
                        "{}\n\n{}\n{}",
                        w.text,
                        marker,
                        marked(&format!("{gap}{lines}\n{history}").lines().skip(1).collect::<Vec<_>>())
                    );
                    found.expect(&format!("{what}, marked"), plain, &w.text, &body);
                }
                let old = paragraphs(&HISTORY, "<div>", "</div>");
                let broken: Vec<String> = fields.iter().map(|(l, v)| format!("{l}: {}", escaped(v))).collect();
                let text = paragraphs(&[&w.first, "", &w.second], "<div>", "</div>");
                let body =
                    format!("{text}<br><div>{}</div><div>{}</div><br>{old}", escaped(marker), broken.join("<br>"));
                found.expect(&format!("{what} in HTML"), html, &w.text, &body);
            }
        }
    }
    found.judge();
}

#[test]
fn disclaimers_of_many_languages_are_folded_away() {
    let mut found = Findings::default();
    for row in table("disclaimers.txt") {
        let w = words(&row[0]);
        let quote = marked(&HISTORY);
        for (n, disclaimer) in [row[1].clone(), folded(&row[1], 72)].iter().enumerate() {
            let what = format!("{}, {n}: {}", row[0], &row[1][..row[1].floor_char_boundary(40)]);
            for above in ["", "\n-- \nJane Roe\nRoe LLP\n", "\n________________________________\n"] {
                let body = format!("{}\n{above}\n{disclaimer}\n", w.text);
                found.expect(&format!("{what} below {above:?}"), plain, &w.text, &body);
            }
            let body = format!(
                "{}\n\n{disclaimer}\n\nOn Fri, Apr 3, 2026 at 10:02 AM Anna <m-12@in.example> wrote:\n{quote}",
                w.text
            );
            found.expect(&format!("{what}, answered"), plain, &w.text, &body);
        }
        let text = paragraphs(&[&w.first, &w.second], "<p>", "</p>");
        let body = format!("{text}<p><span style=\"font-size:8pt;color:gray\">{}</span></p>", escaped(&row[1]));
        found.expect(&format!("{} in HTML", row[0]), html, &w.text, &body);
    }
    found.judge();
}

fn written(subject: &str, headers: &str, text: &str) -> Mail {
    let mail = format!(
        "From: Jane Roe <jane@roe.example>\r\nTo: m-12@in.example\r\nSubject: {subject}\r\n{headers}MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    );
    parse(mail.as_bytes())
}

fn class(mail: &Mail) -> Class {
    screen(mail, &OwnMarks::default())
}

#[test]
fn notices_of_absence_are_told_by_their_subject_in_every_language_and_what_answers_them_is_a_persons() {
    let mut wrong = Vec::new();
    for row in table("away.txt") {
        let subject = row[1].replace("{s}", "Task T-1: Draft the brief");
        let got = class(&written(&subject, "", "I am back on Monday."));
        if got != Class::AutoReply {
            wrong.push(format!("{}: {subject} is {got:?}", row[0]));
        }
        let answer = format!("Re: Re: {subject}");
        let got = class(&written(&answer, "", "Enjoy the sea."));
        if got != Class::Person {
            wrong.push(format!("{}: {answer} is {got:?}", row[0]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn notices_of_absence_are_told_by_each_header_that_programs_set() {
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: Auto-Generated",
        "Auto-Submitted: auto-notified; owner-email=\"jane@roe.example\"",
        "X-Autoreply: yes",
        "X-Autorespond: Task T-1",
        "X-Autoresponder: 1",
        "X-Autoresponse: yes",
        "X-MDaemon-Autoresponder: yes",
        "X-Amazon-Auto-Reply: true",
        "X-FC-MachineGenerated: true",
        "X-Vacation: yes",
        "Preference: auto_reply",
        "Precedence: auto_responder",
        "Message-Class: IPM.Note.Rules.OofTemplate.Microsoft",
        "X-Auto-Response-Suppress: All\r\nReturn-Path: <>",
        "Precedence: auto_reply",
        "X-Precedence: auto-reply",
        "Return-Path: <>",
        "X-POST-MessageClass: 9; Autoresponder",
        "Delivered-To: Autoresponder",
    ] {
        let mail = written("Task T-1", &format!("{header}\r\n"), "I am away.");
        assert_eq!(class(&mail), Class::AutoReply, "{header}");
    }
}

#[test]
fn outlooks_request_to_take_a_mail_back_is_told_in_every_language() {
    let mut wrong = Vec::new();
    for row in table("recalls.txt") {
        let put = |text: &str| text.replace("{s}", "Settlement");
        let got = class(&written(&put(&row[1]), "", &put(&row[2])));
        if got != Class::Recall {
            wrong.push(format!("{}: {got:?}", row[0]));
        }
        let got = class(&written(&put(&row[1]), "", "The hearing is on Monday."));
        if got != Class::Person {
            wrong.push(format!("{}, by a person: {got:?}", row[0]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_mail_servers_and_programs_send_back_is_read_whoever_wrote_them() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients/bounces.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let mut wrong = Vec::new();
    for record in text.split("===== ").skip(1) {
        let (head, raw) = record.split_once('\n').unwrap();
        let cells: Vec<&str> = head.split('|').map(str::trim).collect();
        let [name, kind, recipients, permanence, status] = cells.as_slice() else { panic!("{head}") };
        let mail = parse(format!("To: r@gw.hale.example\r\n{}", raw.replace('\n', "\r\n")).as_bytes());
        let mut got = vec![class(&mail).kind().to_owned()];
        let mut wanted = vec![(*kind).to_owned()];
        if matches!(*kind, "bounce" | "delay") {
            let bounce = bounce::read(&mail).unwrap_or_default();
            let lasting = if bounce.permanent { "permanent" } else { "temporary" };
            got.extend([bounce.recipients.join(", "), lasting.to_owned(), bounce.status.unwrap_or_default()]);
            wanted.extend([*recipients, *permanence, *status].map(str::to_owned));
        }
        if got != wanted {
            wrong.push(format!("{name}: {got:?}, not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
