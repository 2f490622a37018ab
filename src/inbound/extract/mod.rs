//! A mail comes in; what its sender newly wrote, its signature and what it quotes come out, with offsets that explain the
//! cut. Nothing is deleted: every line of the body is in exactly one of the three. Hidden text is in none (gateway.md T1–T10).

mod attribution;
mod banner;
mod cut;
mod headerblock;
mod html;
mod image;
mod plain;
mod signature;

use super::names::is_bidi_control;
use super::parse::{Attachment, Defect, Mail};
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

impl SpanKind {
    /// The word for it: `new`, `quoted` or `signature`.
    pub const fn word(self) -> &'static str {
        match self {
            SpanKind::New => "new",
            SpanKind::Quoted => "quoted",
            SpanKind::Signature => "signature",
        }
    }
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

impl Confidence {
    /// The word for it: `low`, `medium` or `high`.
    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
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
    /// Whether `file` is a picture of a signature or of the history, such as a logo: shown in history only, or shown and
    /// no bigger than a banner below a signature, a logo amid new text (gateway.md D2).
    pub fn is_signature_image(&self, file: &Attachment) -> bool {
        let id = file.content_id.as_deref().unwrap_or_default();
        let shown: Vec<SpanKind> = self.images.iter().filter(|(i, _)| i == id).map(|(_, kind)| *kind).collect();
        let bound = if shown.contains(&SpanKind::New) {
            Some(&image::LOGO)
        } else if shown.contains(&SpanKind::Signature) {
            Some(&image::BANNER)
        } else {
            None
        };
        let small = bound.is_none_or(|b| image::is_within(&file.bytes, b));
        file.mime.starts_with("image/") && !shown.is_empty() && small
    }
}

impl Extract {
    /// Whether text may have been left out that was new: it was cut, and where is not sure.
    pub fn may_lack_text(&self) -> bool {
        self.confidence != Confidence::High && !self.quoted.trim().is_empty()
    }

    /// The stretches of the whole body in order, each with what it was taken for: how the mail was cut.
    pub fn pieces(&self) -> impl Iterator<Item = (SpanKind, &str)> {
        self.spans.iter().map(|s| (s.kind, self.whole.get(s.start..s.end).unwrap_or_default()))
    }
}

/// Takes the body of `mail` apart; total on every mail, linear in its length.
pub fn extract(mail: &Mail) -> Extract {
    let sender = mail.from.as_ref().and_then(|f| f.name.as_deref()).unwrap_or_default();
    let text = mail
        .text
        .as_deref()
        .filter(|t| !is_placeholder(t))
        .map(|t| Reading::of(Body::Text, plain::lines(t, mail.flow), sender));
    let html = mail.html.as_deref().map(|h| Reading::of(Body::Html, html::lines(h), sender)).filter(|r| !r.is_blank());
    let (best, other) = match (text, html) {
        (Some(text), Some(html)) if prefers_html(&text, &html) => (html, Some(text)),
        (Some(text), Some(html)) => (text, Some(html)),
        (Some(text), None) => (text, None),
        (None, Some(html)) => (html, None),
        (None, None) => (Reading::of(Body::Text, Vec::new(), sender), None),
    };
    let mut extract = best.shown();
    if let Some(other) = other {
        let theirs = other.command_lines();
        let (own_signature, their_signature) = (best.squeezed(Kind::Signature), other.squeezed(Kind::Signature));
        extract.images.extend(other.shown().images);
        extract.ambiguous = differ(&extract.lines, &theirs);
        let mut theirs = theirs;
        cut_alike(&mut extract.lines, &theirs, &their_signature);
        cut_alike(&mut theirs, &extract.lines, &own_signature);
        let theirs = if other.body == Body::Html { std::mem::replace(&mut extract.lines, theirs) } else { theirs };
        extract.other_lines = Some(theirs);
    }
    let texts = mail.text.iter().chain(&mail.html);
    extract.ambiguous |= mail.defects.contains(&Defect::Ambiguous) || texts.into_iter().any(|t| has_controls(t));
    extract
}

/// NUL, backspace, escape and their kin are in no text that somebody typed, and not every program shows what stands about
/// them alike (threats T60).
fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_control() && !c.is_ascii_whitespace() && c != '\u{b}')
}

/// A line as the eye sees it, to be compared: without the marks of writing directions, with common blanks and digits.
fn bare(line: &str) -> std::borrow::Cow<'_, str> {
    if line.is_ascii() {
        return line.into();
    }
    let seen = line.chars().filter(|c| !is_bidi_control(*c));
    seen.map(|c| match c {
        '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        '’' | '‘' => '\'',
        c => digit(c).unwrap_or(c),
    })
    .collect()
}

/// The common digit for one of another script: Arabic, Persian, Devanagari, Bengali, Thai, full-width.
fn digit(c: char) -> Option<char> {
    let zeros = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ff10}'];
    let value = zeros.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10))
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
    body: Body,
    lines: Vec<Source>,
    kinds: Vec<Kind>,
    confidence: Confidence,
}

impl Reading {
    fn of(body: Body, lines: Vec<Source>, sender: &str) -> Reading {
        let (lines, kinds, confidence) = cut::judge(lines, sender);
        Reading { body, lines, kinds, confidence }
    }

    fn each(&self) -> impl Iterator<Item = (&Source, Kind)> {
        self.lines.iter().zip(self.kinds.iter().copied())
    }

    fn is_blank(&self) -> bool {
        self.lines.iter().all(|l| l.text.trim().is_empty() && l.images.is_empty())
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

    /// The text of a kind without white space, to be compared with another part's.
    fn squeezed(&self, kind: Kind) -> String {
        let line = |(l, _): (&Source, Kind)| Line { text: l.text.clone(), wrapped: l.wrapped };
        flattened(&self.each().filter(|(_, k)| *k == kind).map(line).collect::<Vec<_>>()).0
    }

    fn command_lines(&self) -> Vec<Line> {
        let new: Vec<Line> = self
            .each()
            .filter(|(_, k)| *k == Kind::New)
            .map(|(l, _)| Line { text: l.text.trim_end().to_owned(), wrapped: l.wrapped })
            .collect();
        match self.body {
            Body::Text => plain::with_hard_wraps(new, &self.lines),
            Body::Html => new,
        }
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

/// Compared without white space, since the parts break lines differently: each line of one part that looks like a command
/// must stand at a line's start in the other too, with the same text after it (decisions.md 8).
fn differ(text: &[Line], html: &[Line]) -> bool {
    let (flat_text, in_text) = flattened(text);
    let (flat_html, in_html) = flattened(html);
    let stands_in = |flat: &str, at: usize, other: &str, line: &Start| {
        let wanted = other.get(line.at..).and_then(|rest| rest.get(..line.length));
        flat.get(at..).zip(wanted).is_some_and(|(rest, wanted)| rest.starts_with(wanted))
    };
    let same = |(t, h): (&Start, &Start)| {
        stands_in(&flat_text, t.at, &flat_html, h) && stands_in(&flat_html, h.at, &flat_text, t)
    };
    in_text.len() != in_html.len() || !in_text.iter().zip(&in_html).all(same)
}

/// Where `lines` say what the `other` part says and then go on with what that part shows as its signature, they end where
/// the other part ends.
fn cut_alike(lines: &mut Vec<Line>, other: &[Line], signature: &str) {
    let (flat, end) = (flattened(lines).0, flattened(other).0);
    let surplus = flat.strip_prefix(&end).unwrap_or_default();
    if !end.is_empty() && !surplus.is_empty() && signature.contains(surplus) {
        shorten(lines, surplus.len());
    }
}

/// Takes whole lines off the end, as many as `surplus` bytes without white space hold.
fn shorten(lines: &mut Vec<Line>, mut surplus: usize) {
    while let Some(last) = lines.pop() {
        let length = flattened(std::slice::from_ref(&last)).0.len();
        match surplus.checked_sub(length) {
            Some(rest) if length == 0 || surplus > 0 => surplus = rest,
            _ => {
                lines.push(last);
                return;
            }
        }
    }
}

/// Where a line that looks like a command stands in a text without white space.
struct Start {
    at: usize,
    length: usize,
}

fn flattened(lines: &[Line]) -> (String, Vec<Start>) {
    let mut flat = String::new();
    let mut starts = Vec::new();
    for line in lines {
        let squeezed: String =
            line.text.chars().filter(|c| !c.is_whitespace() && !super::names::is_invisible(*c)).collect();
        let bare = squeezed.trim_start_matches(super::command::BULLETS);
        let verb = bare.strip_prefix(['#', '＃']).and_then(|rest| rest.chars().next());
        if verb.is_some_and(char::is_alphabetic) {
            starts.push(Start { at: flat.len(), length: bare.len() });
        }
        flat.push_str(bare);
    }
    (flat, starts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::parse::{Flow, Mailbox};
    use proptest::prelude::*;

    fn text(body: &str) -> Extract {
        extract(&Mail { text: Some(body.to_owned()), ..Mail::default() })
    }

    fn html(body: &str) -> Extract {
        extract(&Mail { html: Some(body.to_owned()), ..Mail::default() })
    }

    fn both(text: &str, html: &str) -> Extract {
        extract(&Mail { text: Some(text.to_owned()), html: Some(html.to_owned()), ..Mail::default() })
    }

    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|l| l.text.as_str()).filter(|t| !t.is_empty()).collect()
    }

    #[test]
    fn a_top_posted_reply_loses_its_history_and_keeps_it_as_quoted() {
        let e = text("Agreed.\n\nOn Mon, 3 Apr 2026 at 10:02, Firm <m-12@in.example>\nwrote:\n> Do you agree?\n");
        assert_eq!(e.reply, "Agreed.");
        assert!(e.quoted.starts_with("On Mon") && e.quoted.ends_with("> Do you agree?"));
    }

    #[test]
    fn a_signature_that_only_one_part_shows_as_one_is_in_no_line() {
        let page = "<p>#done</p><p>I agree.</p><p>Jane Roe</p><p>Fountain Court</p>";
        let e = both("#done\nI agree.\n\n-- \nJane Roe\nFountain Court\n", page);
        assert_eq!(texts(&e.lines), ["#done", "I agree."]);
        let e = both("#done\n\nI agree.\n", page);
        assert_eq!(texts(&e.lines), ["#done", "I agree.", "Jane Roe", "Fountain Court"]);
    }

    #[test]
    fn answers_between_and_below_quotes_are_kept() {
        let e = text("> Is the brief ready?\n\nYes.\n\n> And the exhibits?\n\nTomorrow.\n");
        assert_eq!(texts(&e.lines), ["Yes.", "Tomorrow."]);
    }

    #[test]
    fn unmarked_history_below_an_outlook_block_is_quoted() {
        let e = text(
            "Agreed.\n\n________________________________\nVon: Firm <m@in.example>\nGesendet: Montag\nAn: Jane\nBetreff: Task\n\n#done T-1\n",
        );
        assert_eq!(e.reply, "Agreed.");
        assert!(e.quoted.contains("#done T-1"));
    }

    #[test]
    fn history_below_groupwises_line_bears_no_mark() {
        for line in [
            ">>> Firm LLP <d@f.example> 3/5/2024 10:12 AM >>>",
            ">>> On 3/5/2024 at 10:12 AM, in message <6.1@f.example>, Firm LLP\n<d@f.example> wrote:",
        ] {
            let e = text(&format!("Yes.\n\n{line}\nDear Jane,\n\n#done T-1\n"));
            assert_eq!((texts(&e.lines), e.confidence), (vec!["Yes."], Confidence::High), "{line}");
            let e = text(&format!("> Sure?\n{line}\n> Ready?\n\nYes.\n"));
            assert_eq!(texts(&e.lines), ["Yes."], "{line}");
        }
        let e = text("> > I think so.\n>>> On 3 Apr 2026, at 10:02, Jane <j@x.example> wrote:\nAgreed.\n");
        assert_eq!(texts(&e.lines), ["Agreed."]);
    }

    #[test]
    fn t58_commands_in_quotes_signatures_and_forwards_are_never_among_the_lines() {
        for body in [
            "Fine.\n> #done T-1\n",
            "Fine.\n-- \n#done T-1\n",
            "Fine.\n\n---------- Forwarded message ---------\nFrom: x <x@y.example>\n\n#done T-1\n",
            "Fine.\n\nSent from my iPhone\n\n-----Original Message-----\n#done T-1\n",
        ] {
            assert_eq!(texts(&text(body).lines), ["Fine."], "{body:?}");
        }
    }

    #[test]
    fn a_telephones_line_at_the_top_does_not_swallow_the_text() {
        let e = text("Sent from my iPhone\n\nThe draft will be with you on Friday morning.\n\nRegards,\nJane\n");
        assert_eq!(
            (e.reply.as_str(), e.signature.as_str()),
            ("The draft will be with you on Friday morning.", "Sent from my iPhone\nRegards,\nJane")
        );
        assert!(texts(&text("Sent from my iPhone\n\nAnna wrote this task for you and me:\n#done\n").lines).is_empty());
    }

    #[test]
    fn a_command_below_a_closing_is_still_new_text() {
        let e = text("Filed today.\n\nThanks\n#time 1.5h Drafted brief\n");
        assert!(texts(&e.lines).contains(&"#time 1.5h Drafted brief"));
    }

    #[test]
    fn a_reply_that_is_only_a_closing_stays() {
        assert_eq!(text("Thanks!\n").reply, "Thanks!");
        assert_eq!(text("Thank you,\nJane\n").reply, "Thank you,\nJane");
    }

    #[test]
    fn a_line_above_a_quote_that_no_client_is_known_to_write_is_cut_and_told_of() {
        let e = text("Agreed.\n\nOp den 3 April 2026, 10:02 huet d'Anna geäntwert:\n> Is it ready?\n");
        assert_eq!((e.reply.as_str(), e.confidence, e.may_lack_text()), ("Agreed.", Confidence::Medium, true));
        let e = text("Agreed.\n\nAm 03.04.26 um 10:02 schrieb Anna Weber:\n> Is it ready?\n");
        assert_eq!((e.reply.as_str(), e.confidence, e.may_lack_text()), ("Agreed.", Confidence::High, false));
    }

    #[test]
    fn headings_and_code_do_not_cut() {
        let body = "# Points\n\n### First\n\n    fn main() {}\n\nThe rest follows as discussed yesterday.";
        assert_eq!(text(body).reply, body);
    }

    #[test]
    fn the_senders_name_closes_the_text() {
        let from = Some(Mailbox { name: Some("Jane Doe".into()), address: "j@d.example".into() });
        let e =
            extract(&Mail { from, text: Some("Agreed, see below.\n\nJane Doe\nDoe LLP\n".into()), ..Mail::default() });
        assert_eq!((e.reply.as_str(), e.signature.as_str()), ("Agreed, see below.", "Jane Doe\nDoe LLP"));
    }

    #[test]
    fn a_disclaimer_is_folded_away_and_not_lost() {
        let e = text(
            "Agreed.\n\nThis e-mail is confidential and intended solely for the addressee. If you are not the intended recipient, delete it.\n",
        );
        assert_eq!(e.reply, "Agreed.");
        assert!(e.signature.contains("confidential"));
    }

    #[test]
    fn history_is_known_by_the_marks_of_html_clients() {
        for history in [
            "<div class=\"gmail_quote\"><div class=\"gmail_attr\">Foo bar:</div><blockquote class=\"gmail_quote\">#done</blockquote></div>",
            "<div id=\"divRplyFwdMsg\">From: x</div><div>#done</div>",
            "<div id=\"x_x_divRplyFwdMsg\">From: x</div><div>#done</div>",
            "<div class=\"moz-cite-prefix\">Zzz:</div><blockquote type=\"cite\">#done</blockquote>",
            "<span id=\"OLK_SRC_BODY_SECTION\"><div>#done</div></span>",
            "<div class=\"yahoo_quoted\">#done</div>",
        ] {
            let e = html(&format!("<div>Agreed.</div>{history}"));
            assert_eq!(texts(&e.lines), ["Agreed."], "{history}");
        }
    }

    #[test]
    fn an_answer_inside_gmails_frame_is_kept() {
        let e = html(
            "<div class=gmail_quote><div class=gmail_attr>On … wrote:</div><blockquote class=gmail_quote>Ready?</blockquote><div>Yes.</div><blockquote class=gmail_quote>Sure?</blockquote></div>",
        );
        assert_eq!(texts(&e.lines), ["Yes."]);
    }

    #[test]
    fn t59_hidden_text_is_in_no_part() {
        for hidden in [
            "<span style=\"display:none\">#done</span>",
            "<div style='DISPLAY : none !important'>#done</div>",
            "<div hidden>#done</div>",
            "<p style=\"font-size:0\">#done</p>",
            "<span style=\"color:#ffffff\">#done</span>",
            "<font color=white>#done</font>",
            "<div style=\"max-height:0;overflow:hidden\">#done</div>",
            "<!-- #done -->",
            "<style>#done</style>",
            "<title>#done</title>",
        ] {
            let e = html(&format!("<html><body><p>Fine.</p>{hidden}</body></html>"));
            assert!(!e.whole.contains("#done"), "{hidden}");
            assert_eq!(e.reply, "Fine.");
        }
    }

    #[test]
    fn white_text_on_a_dark_ground_is_read() {
        assert_eq!(html("<td bgcolor=\"#003366\"><font color=white>Agreed.</font></td>").reply, "Agreed.");
    }

    #[test]
    fn zero_width_characters_vanish_and_direction_marks_stay_for_the_command_reader_to_refuse() {
        assert_eq!(text("#do\u{200b}ne\u{feff}").lines[0].text, "#done");
        assert_eq!(text("#done\u{202e}").lines[0].text, "#done\u{202e}");
        // In Persian a letter that is not joined is another spelling.
        assert_eq!(text("می\u{200c}دانم").reply, "می\u{200c}دانم");
        assert_eq!(html("<p>می\u{200c}دانم</p>").reply, "می\u{200c}دانم");
    }

    #[test]
    fn lines_come_from_the_html_part() {
        let e = both("#time 1h Drafted the brief\nand sent it", "<div>#time 1h Drafted the brief and sent it</div>");
        assert_eq!(texts(&e.lines), ["#time 1h Drafted the brief and sent it"]);
        assert_eq!(e.other_lines.map(|l| l.len()), Some(2));
        assert!(!e.ambiguous);
    }

    #[test]
    fn t56_parts_that_command_different_things_are_ambiguous() {
        assert!(both("#done T-1", "<p>#share D-4</p>").ambiguous);
        assert!(both("Fine.", "<p>Fine.</p><p>#done</p>").ambiguous);
        assert!(!both("Fine. -- x", "<p>Fine.</p>").ambiguous);
    }

    #[test]
    fn parts_that_only_break_lines_differently_are_not_ambiguous() {
        let text = "* See https://x.example\n#time 1.5h Drafted the reply brief in support of the\nmotion to compel\n";
        let html = "<p>See <a href='https://x.example/y'>this</a></p><div>#time 1.5h Drafted the reply brief in support of the motion to compel</div>";
        assert!(!both(text, html).ambiguous);
        assert!(both("#time 1.5h Drafted", "<p>#time 15h Drafted</p>").ambiguous);
        assert!(both("#done T-1", "<p>#done T-1 T-2</p>").ambiguous);
        assert!(both("#done T-1 T-2", "<p>#done T-1</p>").ambiguous);
        assert!(both("#time 1.5h Drafted", "<p>x #time 1.5h Drafted</p>").ambiguous);
    }

    #[test]
    fn t54_huge_bodies_are_read_up_to_a_bound() {
        assert!(text(&"a".repeat(5_000_000)).whole.len() <= 10_001);
        assert!(text(&"On a a a, 1 Jan 2026 10:00 a\n".repeat(100_000)).whole.len() <= 1024 * 1024 + 1);
        assert!(text(&"-- \n".repeat(300_000)).whole.len() <= 1024 * 1024);
        assert!(html(&"<div>".repeat(200_000)).whole.len() <= 1024 * 1024);
    }

    #[test]
    fn a_placeholder_text_part_is_not_shown() {
        assert_eq!(both("Your mail client does not support HTML.", "<p>Agreed.</p>").reply, "Agreed.");
    }

    #[test]
    fn flowed_lines_are_joined_in_the_reply_and_told_in_the_lines() {
        let mail =
            Mail { text: Some("#time 1h Drafted the \nbrief\nThanks\n".into()), flow: Flow::Flowed, ..Mail::default() };
        let e = extract(&mail);
        assert!(e.reply.starts_with("#time 1h Drafted the brief"));
        assert_eq!((e.lines[0].wrapped, e.lines[1].wrapped), (true, false));
    }

    #[test]
    fn a_soft_break_with_delsp_leaves_no_blank() {
        let of = |text: &str| extract(&Mail { text: Some(text.into()), flow: Flow::FlowedDelSp, ..Mail::default() });
        assert_eq!(of("この契約書について、 \r\n同意します。\r\n").reply, "この契約書について、同意します。");
        assert_eq!(of("#time 1h Drafted the  \n brief\nThanks\n").lines[0].text, "#time 1h Drafted the brief");
        assert_eq!(texts(&of("Agreed. \n> Ready?\n-- \nJane\n").lines), ["Agreed."]);
    }

    #[test]
    fn a_line_that_the_client_wrapped_is_told_from_a_typed_one() {
        let long = "#time 1.5h Drafted the reply brief in support of the motion to compel and";
        let e = text(&format!("{long}\nexhibits thereto\nPlease see attached.\n"));
        assert!(e.lines[0].wrapped && !e.lines[1].wrapped);
        let e = text("#time 1.5h Drafted brief\nPlease see attached.\n");
        assert!(!e.lines[0].wrapped);
    }

    #[test]
    fn a_line_typed_in_html_is_never_taken_for_wrapped() {
        let e = html(
            "<div>#time 1.5h Drafted the reply brief in support of the motion to compel and</div><div>exhibits</div>",
        );
        assert!(!e.lines[0].wrapped);
    }

    #[test]
    fn a_logo_of_the_signature_is_known_and_a_photograph_is_not() {
        let e = html("<p>See photo</p><img src='cid:photo'><div class=gmail_signature>Jane<img src=cid:logo></div>");
        let file = |id: &str, size: usize| Attachment {
            name: "a.png".into(),
            mime: "image/png".into(),
            bytes: vec![0; size],
            sha256: String::new(),
            inline: true,
            content_id: Some(id.into()),
        };
        assert!(e.is_signature_image(&file("logo", 9_000)));
        assert!(!e.is_signature_image(&file("logo", 900_000)), "a photograph pasted below the name");
        assert!(!e.is_signature_image(&file("photo", 90_000)));
        assert!(!e.is_signature_image(&file("unshown", 9_000)));
    }

    #[test]
    fn a_picture_pasted_just_above_the_history_is_new() {
        let e =
            html("<p>See photo</p><p><img src='cid:photo'></p><div id=divRplyFwdMsg>From: x</div><img src=cid:old>");
        assert_eq!(e.images, [("photo".to_owned(), SpanKind::New), ("old".to_owned(), SpanKind::Quoted)]);
    }

    #[test]
    fn t54_a_tag_with_endless_attributes_does_not_hold_the_reader_up() {
        let attributes: String = (0..100_000).map(|n| format!(" a{n}=1")).collect();
        assert_eq!(html(&format!("<p>Fine.</p><a{attributes}>x")).reply, "Fine.");
    }

    fn spans_cover(e: &Extract) -> bool {
        let mut at = 0;
        e.spans.iter().all(|s| {
            let joined = s.start == at && s.end > s.start && e.whole.is_char_boundary(s.end);
            at = s.end;
            joined
        }) && at == e.whole.len()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_is_taken_apart_without_gaps(body in "(On [A-Za-z0-9, :<@.]{0,30}wrote:|> ?[a-z ]{0,20}|-- ?|From: [a-z@.]{0,9}|Sent: x|Thanks,|#[a-z]{0,5}|\\PC{0,12}|\n){0,40}", flowed in any::<bool>()) {
            let flow = if flowed { Flow::FlowedDelSp } else { Flow::Fixed };
            let e = extract(&Mail { text: Some(body), flow, ..Mail::default() });
            prop_assert!(spans_cover(&e));
        }

        #[test]
        fn any_html_is_taken_apart_without_gaps(body in "(</?(p|div|blockquote|span|a|td|ul|ol|li|pre|style|script|title)( (style=\"(display:none|color:#fff)\"|class=gmail_quote|id=x_divRplyFwdMsg|href=http://a))?/?>|<br>|<img src=cid:a>|<!--|-->|&nbsp;|&#x[0-9a-f]{1,6};|[a-z #>\n]{1,8}){0,40}") {
            let e = extract(&Mail { html: Some(body.clone()), text: Some(body), ..Mail::default() });
            prop_assert!(spans_cover(&e));
        }
    }
}
