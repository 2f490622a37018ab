//! What a mail says, as blocks: one description, two forms. Text for phones and screen readers, simple HTML for the
//! rest; the same words in both. No remote image, no link that acts, nothing that a mail could smuggle in.

use std::fmt::Write;

use super::calendar::Method;
use crate::language::{Locale, say};
use crate::store::calendar::SentInvitation;
use crate::store::outbox::Disclosure;

/// How a line of a receipt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Done.
    Done,
    /// Not done.
    Refused,
    /// For information.
    Note,
}

/// A piece of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A short heading.
    Heading(String),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Points.
    List(Vec<String>),
    /// A marked line, and what belongs to it.
    Marked(Mark, String, Vec<String>),
    /// Somebody's own words, set apart.
    Quote(String),
    /// What to type, and what it does.
    Examples(Vec<(String, String)>),
    /// Small print.
    Small(String),
    /// The enclosed picture of this name, shown in its place; in the text, words for it.
    Picture {
        /// Name of the enclosure.
        name: String,
        /// What it shows.
        words: String,
    },
}

/// A file that goes with a mail.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// Its name.
    pub name: String,
    /// Its type.
    pub mime: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Shown within the mail, by a [`Block::Picture`].
    pub is_shown: bool,
}

impl Enclosure {
    /// The Content-ID of an enclosure that is shown: its name, as far as it can stand in a header.
    pub fn content_id(name: &str) -> String {
        let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').take(60).collect();
        format!("{plain}@docketpost")
    }
}

/// What a mail says to the calendar of its reader.
#[derive(Clone, Debug)]
pub struct ForCalendar {
    /// REQUEST or CANCEL.
    pub method: Method,
    /// The object (iCalendar).
    pub object: String,
    /// The event, and the invitation that is noted as sent when the mail leaves.
    pub sent: Option<(i64, SentInvitation)>,
}

/// A whole mail in words, and what it shows.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Subject, without client, description or narrative.
    pub subject: String,
    /// What it says.
    pub blocks: Vec<Block>,
    /// Files.
    pub enclosures: Vec<Enclosure>,
    /// For the reader's calendar.
    pub calendar: Option<ForCalendar>,
    /// What it shows; rights to all of it are asked again before it leaves.
    pub shows: Vec<Disclosure>,
    /// True for automatic mails that answer a mail, false for those that begin.
    pub is_answer: bool,
    /// The language it is written in.
    pub locale: Locale,
}

impl Page {
    /// An empty page with a subject.
    pub fn new(subject: impl Into<String>) -> Page {
        Page { subject: subject.into(), ..Page::default() }
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Page {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: impl Into<String>) -> &mut Page {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    /// Adds names and values, without those that are empty.
    pub fn facts<N: Into<String>>(&mut self, facts: impl IntoIterator<Item = (N, String)>) -> &mut Page {
        let facts: Vec<_> = facts.into_iter().filter(|f| !f.1.is_empty()).map(|(n, v)| (n.into(), v)).collect();
        if !facts.is_empty() {
            self.blocks.push(Block::Facts(facts));
        }
        self
    }

    /// Adds what to type.
    pub fn examples<T: AsRef<str>, W: AsRef<str>>(&mut self, examples: &[(T, W)]) -> &mut Page {
        let examples = examples.iter().map(|(t, w)| (t.as_ref().to_owned(), w.as_ref().to_owned())).collect();
        self.blocks.push(Block::Examples(examples));
        self
    }

    /// The mail as plain text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut after_mark = false;
        for block in &self.blocks {
            let is_mark = matches!(block, Block::Marked(..));
            if !out.is_empty() && (!is_mark || !after_mark) {
                out.push('\n');
            }
            after_mark = is_mark;
            text_block(&mut out, block, self.locale);
        }
        harmless(&out)
    }

    /// The mail as HTML.
    pub fn to_html(&self) -> String {
        let mut body = String::new();
        for block in &self.blocks {
            html_block(&mut body, block);
        }
        // The gap above a heading is for what stands before it.
        if matches!(self.blocks.first(), Some(Block::Heading(_))) {
            body = body.replacen("margin:22px 0 6px", "margin:0 0 6px", 1);
        }
        let body = harmless(&body);
        // Read aloud and hyphenated in its own language; English is what programs take a mail to be.
        let lang = if self.locale.is_english() { String::new() } else { format!(" lang=\"{}\"", self.locale.word()) };
        format!(
            "<!DOCTYPE html><html{lang}><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\"></head><body style=\"margin:0;padding:16px;\
             font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\">\
             <div style=\"max-width:600px\">{body}</div></body></html>"
        )
    }
}

fn text_block(out: &mut String, block: &Block, locale: Locale) {
    match block {
        Block::Text(text) => out.push_str(&format!("{text}\n")),
        Block::Heading(text) => {
            let _ = writeln!(out, "{}", text.to_uppercase());
        }
        Block::Facts(facts) => {
            for (name, value) in facts {
                let _ = writeln!(
                    out,
                    "{}",
                    say!(locale, "{name}: {value}", name = name, value = value.replace('\n', "\n  "))
                );
            }
        }
        Block::List(points) => {
            for point in points {
                let _ = writeln!(out, "- {}", point.replace('\n', "\n  "));
            }
        }
        Block::Marked(mark, text, more) => {
            let _ = writeln!(out, "{} {text}", sign(*mark));
            for line in more {
                let _ = writeln!(out, "  {line}");
            }
        }
        Block::Quote(text) => {
            for line in text.lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        Block::Examples(examples) => {
            for (typed, effect) in examples {
                let _ = writeln!(out, "  {typed}\n      {effect}");
            }
        }
        Block::Small(text) => {
            let _ = writeln!(out, "{text}");
        }
        Block::Picture { words, .. } => {
            let _ = writeln!(out, "[{words}]");
        }
    }
}

const fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "✔",
        Mark::Refused => "✘",
        Mark::Note => "•",
    }
}

fn html_block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Text(text) => write!(out, "<p style=\"margin:0 0 14px\">{}</p>", lines(text)),
        Block::Heading(text) => write!(out, "<p style=\"margin:22px 0 6px;font-weight:600\">{}</p>", lines(text)),
        Block::Facts(facts) => {
            out.push_str("<table style=\"border-collapse:collapse;margin:0 0 14px\">");
            for (name, value) in facts {
                let _ = write!(
                    out,
                    "<tr><td style=\"padding:2px 16px 2px 0;vertical-align:top;opacity:.7;white-space:nowrap\">{}</td>\
                     <td style=\"padding:2px 0\">{}</td></tr>",
                    escape(name),
                    lines(value)
                );
            }
            write!(out, "</table>")
        }
        Block::List(points) => {
            out.push_str("<ul style=\"margin:0 0 14px;padding-left:20px\">");
            for point in points {
                let _ = write!(out, "<li style=\"margin:0 0 4px\">{}</li>", lines(point));
            }
            write!(out, "</ul>")
        }
        Block::Marked(mark, text, more) => {
            let colour = match mark {
                Mark::Done => "#1a7f37",
                Mark::Refused => "#b3261e",
                Mark::Note => "#57606a",
            };
            let more: String =
                more.iter().map(|l| format!("<br><span style=\"opacity:.75\">{}</span>", lines(l))).collect();
            write!(
                out,
                "<table style=\"border-collapse:collapse;margin:0 0 10px\"><tr><td style=\"vertical-align:top;padding:0 10px 0 0;\
                 color:{colour};font-weight:700\">{}</td><td>{}{more}</td></tr></table>",
                sign(*mark),
                lines(text)
            )
        }
        Block::Quote(text) => write!(
            out,
            "<div style=\"margin:0 0 14px;padding:2px 0 2px 12px;border-left:3px solid #8c959f\">{}</div>",
            lines(text)
        ),
        Block::Examples(examples) => {
            out.push_str("<div style=\"margin:0 0 14px\">");
            for (typed, effect) in examples {
                // What is not typed as it stands is no command: "your text, or a file".
                let face = if typed.starts_with('#') || typed.starts_with("docketpost ") {
                    "font-family:ui-monospace,Menlo,Consolas,monospace"
                } else {
                    "font-weight:600"
                };
                let _ = write!(
                    out,
                    "<p style=\"margin:0 0 8px\"><span style=\"{face}\">{}</span><br>\
                     <span style=\"opacity:.75\">{}</span></p>",
                    lines(typed),
                    lines(effect)
                );
            }
            write!(out, "</div>")
        }
        Block::Picture { name, words } => write!(
            out,
            "<p style=\"margin:0 0 14px\"><img src=\"cid:{}\" alt=\"{}\" style=\"max-width:100%;border:1px solid #8c959f\"></p>",
            Enclosure::content_id(name),
            escape(words)
        ),
        Block::Small(text) => {
            write!(out, "<p style=\"margin:14px 0 0;font-size:13px;opacity:.65\">{}</p>", lines(text))
        }
    };
}

fn lines(text: &str) -> String {
    unbroken(&escape(text)).replace('\n', "<br>")
}

/// Keeps numbers and codes with a hyphen (`T-12`, `D-4v2`, `2026-0012`) on one line. The hyphen stays the one that is
/// typed, so that what is copied works.
fn unbroken(escaped: &str) -> String {
    let mut out = String::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut left = escaped;
    while let Some(start) = left.find(is_part) {
        let (before, rest) = left.split_at_checked(start).unwrap_or((left, ""));
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        out.push_str(before);
        if is_number(word) {
            let _ = write!(out, "<span style=\"white-space:nowrap\">{word}</span>");
        } else {
            out.push_str(word);
        }
        left = after;
    }
    out.push_str(left);
    out
}

/// Capitals or digits, a hyphen, and more of them.
fn is_number(word: &str) -> bool {
    let Some((before, after)) = word.split_once('-') else { return false };
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let tail = after.split_once('v').map_or(after, |(number, _)| number);
    (1..=8).contains(&before.len()) && (1..=16).contains(&after.len()) && plain(before) && plain(&tail.replace('-', ""))
}

/// Text made harmless for HTML.
/// The text without what steers a terminal or turns the direction of what is read: it was written by strangers (T74).
fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || turns(*c))).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_does_not_break_at_its_hyphen_and_is_copied_as_it_is_typed() {
        let kept = |id: &str| format!("<span style=\"white-space:nowrap\">{id}</span>");
        assert_eq!(unbroken("#get D-4v2, T-12."), format!("#get {}, {}.", kept("D-4v2"), kept("T-12")));
        for prose in ["co-counsel", "non-billable", "A103 L210", "-", "&#39;x"] {
            assert_eq!(unbroken(prose), prose);
        }
    }

    #[test]
    fn what_is_not_typed_as_it_stands_does_not_look_like_a_command() {
        let html = |typed: &str| {
            let mut page = Page::new("x");
            page.examples(&[(typed, "effect")]);
            page.to_html()
        };
        assert!(html("#done").contains("monospace") && !html("your text, or a file").contains("monospace"));
    }

    #[test]
    fn t70_what_a_stranger_wrote_is_text_in_both_forms() {
        let mut page = Page::new("x");
        page.text("<script>alert(1)</script> & \"co\"");
        page.blocks.push(Block::Quote("<img src=x onerror=y>".into()));
        assert!(!page.to_html().contains("<script") && !page.to_html().contains("<img"));
        assert!(page.to_text().contains("<script>"));
    }
}
