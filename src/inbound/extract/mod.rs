//! A mail comes in; what its sender newly wrote, its signature and what it quotes come out, with offsets that explain the
//! cut. Nothing is deleted: every line of the body is in exactly one of the three. Hidden text is in none (gateway.md T1–T10).

mod attribution;
mod cut;
mod headerblock;
mod html;
mod image;
mod plain;
mod signature;

use super::parse::{Attachment, Mail};
use cut::Kind;
pub use html::text_of_html;

/// A line of new text as commands are read from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The line without its break and without white space at its end.
    pub text: String,
    /// Whether the client broke the line here, so that the next line continues it (decisions.md 8, 14).
    pub wrapped: bool,
}

/// What a stretch of the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Newly written.
    New,
    /// History, with the line that introduces it.
    Quoted,
    /// A signature, a mobile client's line, a disclaimer.
    Signature,
}

/// A stretch of [`Extract::whole`], in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: SpanKind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// How sure the cut is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Guessed; the original should be looked at.
    Low,
    /// Cut at something that usually begins history.
    Medium,
    /// Cut where a client marks history, or nothing to cut.
    High,
}

/// The body, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    /// The newly written text without quotes and signature.
    pub reply: String,
    /// Signature lines and disclaimers.
    pub signature: String,
    /// The history.
    pub quoted: String,
    /// The whole body as text; the spans are offsets into it.
    pub whole: String,
    /// The kinds of the stretches of `whole`, in order and without gaps.
    pub spans: Vec<Span>,
    /// How sure the cut is.
    pub confidence: Confidence,
    /// The new text as commands are read from it: of the HTML part if there is one (decisions.md 8).
    pub lines: Vec<Line>,
    /// The new lines of the other body part, when a mail has both.
    pub other_lines: Option<Vec<Line>>,
    /// Whether text and HTML part differ in what looks like commands: such commands are inert (decisions.md 8).
    pub ambiguous: bool,
    /// The Content-ID of each picture the HTML shows, and among what it shows it.
    pub images: Vec<(String, SpanKind)>,
}

impl Extract {
    /// Whether `file` is a picture of a signature or of the history, such as a logo: it is shown only there, or it is
    /// shown and no bigger than a logo (gateway.md D2).
    pub fn is_signature_image(&self, file: &Attachment) -> bool {
        let id = file.content_id.as_deref().unwrap_or_default();
        let shown: Vec<SpanKind> = self.images.iter().filter(|(i, _)| i == id).map(|(_, kind)| *kind).collect();
        let among_new = shown.contains(&SpanKind::New);
        file.mime.starts_with("image/") && !shown.is_empty() && (!among_new || image::is_logo(&file.bytes))
    }
}

/// Takes the body of `mail` apart; total on every mail, linear in its length.
pub fn extract(mail: &Mail) -> Extract {
    let sender = mail.from.as_ref().and_then(|f| f.name.as_deref()).unwrap_or_default();
    let text =
        mail.text.as_deref().filter(|t| !is_placeholder(t)).map(|t| Reading::of(plain::lines(t, mail.flow), sender));
    let html = mail.html.as_deref().map(|h| Reading::of(html::lines(h), sender)).filter(|r| !r.is_blank());
    let (best, other) = match (text, html) {
        (Some(text), Some(html)) if prefers_html(&text, &html) => (html, Some((text, Body::Text))),
        (Some(text), Some(html)) => (text, Some((html, Body::Html))),
        (Some(text), None) => (text, None),
        (None, Some(html)) => (html, None),
        (None, None) => (Reading::of(Vec::new(), sender), None),
    };
    let mut extract = best.shown();
    if let Some((other, body)) = other {
        let theirs = other.command_lines();
        extract.images.extend(other.shown().images);
        extract.ambiguous = differ(&extract.lines, &theirs);
        let theirs = if body == Body::Html { std::mem::replace(&mut extract.lines, theirs) } else { theirs };
        extract.other_lines = Some(theirs);
    }
    extract
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Text,
    Html,
}

/// A line of the body before it is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Source {
    text: String,
    wrapped: bool,
    mark: Mark,
    images: Vec<String>,
}

/// What the HTML itself says about a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mark {
    #[default]
    Open,
    Quote,
    /// Indented, perhaps a quote: it is one if a line above introduces it.
    Indented,
    Signature,
    Cut,
}

/// One body part, judged line by line.
struct Reading {
    lines: Vec<Source>,
    kinds: Vec<Kind>,
    confidence: Confidence,
}

impl Reading {
    fn of(lines: Vec<Source>, sender: &str) -> Reading {
        let (lines, kinds, confidence) = cut::judge(lines, sender);
        Reading { lines, kinds, confidence }
    }

    fn each(&self) -> impl Iterator<Item = (&Source, Kind)> {
        self.lines.iter().zip(self.kinds.iter().copied())
    }

    fn is_blank(&self) -> bool {
        self.lines.iter().all(|l| l.text.trim().is_empty())
    }

    fn has(&self, kind: Kind) -> bool {
        self.each().any(|(l, k)| k == kind && !l.text.trim().is_empty())
    }

    fn length(&self) -> usize {
        self.lines.iter().map(|l| l.text.trim().len()).fold(0, usize::saturating_add)
    }

    fn of_kind(&self, kind: Kind) -> String {
        let mut out = String::new();
        let mut glue = "";
        for (line, _) in self.each().filter(|(_, k)| *k == kind) {
            out.push_str(glue);
            out.push_str(if glue == " " { line.text.trim_start() } else { &line.text });
            glue = if line.wrapped { " " } else { "\n" };
        }
        tidy(&out)
    }

    fn command_lines(&self) -> Vec<Line> {
        let new: Vec<Line> = self
            .each()
            .filter(|(_, k)| *k == Kind::New)
            .map(|(l, _)| Line { text: l.text.trim_end().to_owned(), wrapped: l.wrapped })
            .collect();
        plain::with_hard_wraps(new, &self.lines)
    }

    fn shown(&self) -> Extract {
        let mut whole = String::new();
        let mut spans: Vec<Span> = Vec::new();
        for (line, kind) in self.each() {
            let start = whole.len();
            whole.push_str(&line.text);
            whole.push('\n');
            let kind = kind.span();
            match spans.last_mut().filter(|s| s.kind == kind) {
                Some(span) => span.end = whole.len(),
                None => spans.push(Span { kind, start, end: whole.len() }),
            }
        }
        Extract {
            reply: self.of_kind(Kind::New),
            signature: self.of_kind(Kind::Signature),
            quoted: self.of_kind(Kind::Quoted),
            whole,
            spans,
            confidence: self.confidence,
            lines: self.command_lines(),
            other_lines: None,
            ambiguous: false,
            images: self.each().flat_map(|(l, k)| l.images.iter().map(move |i| (i.clone(), k.span()))).collect(),
        }
    }
}

/// Without blank lines at the ends and with at most two in a row inside.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blanks = 0usize;
    for line in text.lines().map(str::trim_end) {
        blanks = if line.is_empty() { blanks.saturating_add(1) } else { 0 };
        if blanks <= 2 && !(out.is_empty() && line.is_empty()) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Some programs write only a notice into the text part (gateway.md T1).
fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let short = text.len() < 300;
    let lower = if short { text.to_lowercase() } else { String::new() };
    text.is_empty()
        || (short
            && lower.contains("html")
            && ["view", "support", "client", "enable"].iter().any(|w| lower.contains(w)))
}

/// The text part is shown, unless it is much shorter than the HTML or only the HTML tells history from new text.
fn prefers_html(text: &Reading, html: &Reading) -> bool {
    let much_shorter = text.length().saturating_mul(3) < html.length() && html.has(Kind::New);
    let only_html_cuts = !text.has(Kind::Quoted) && html.has(Kind::Quoted) && html.has(Kind::New);
    text.is_blank() || much_shorter || only_html_cuts
}

/// Compared without white space: the whole new text, and if that differs, the lines that look like commands.
fn differ(one: &[Line], two: &[Line]) -> bool {
    squeezed(one.iter()) != squeezed(two.iter()) && commands(one) != commands(two)
}

fn squeezed<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    lines.flat_map(|l| l.text.chars()).filter(|c| !c.is_whitespace() && !super::names::is_invisible(*c)).collect()
}

fn commands(lines: &[Line]) -> Vec<String> {
    let mut found = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let one = squeezed(std::iter::once(line));
        let is_command = one.trim_start_matches(['*', '-', '•', '·']).starts_with(['#', '＃']);
        match found.last_mut() {
            Some(last) if goes_on && !is_command => String::push_str(last, &one),
            _ if is_command => found.push(one),
            _ => {}
        }
        goes_on = line.wrapped && (is_command || goes_on);
    }
    found
}
