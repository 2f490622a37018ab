//! An HTML body comes in, lines of text come out, each with what the HTML says of it: history, signature, or open. One pass
//! of html5ever's tokenizer: no tree, no recursion, linear. Text that is not shown to a reader never comes out (gateway.md T10).

use super::plain::MAX_TEXT;
use super::{Mark, Source};
use crate::inbound::names::{is_dropped, is_spelling};
use crate::inbound::pattern::pattern;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use regex::Regex;
use std::cell::RefCell;
use std::sync::LazyLock;

/// Text of an HTML body, everything that a reader would see.
pub fn text_of_html(html: &str) -> String {
    let lines: Vec<String> = lines(html).into_iter().map(|l| l.text).collect();
    super::tidy(&lines.join("\n"))
}

/// Pictures written into the HTML make it long; they are taken out before [`MAX_TEXT`] counts.
const MAX_HTML: usize = 8 * MAX_TEXT;
const CHUNK: usize = 4096;
/// html5ever compares each attribute with all before it, so a tag without end is given up (crates.md 3.5).
const MAX_TAG: usize = 4 * CHUNK;
const MAX_ATTRIBUTE_WORK: usize = 10_000_000;
const MAX_LINES: usize = 20_000;
const MAX_REGIONS: usize = 64;
const MAX_LINE: usize = 10_000;

pub(super) fn lines(html: &str) -> Vec<Source> {
    let html = without_comments_and_data(html.get(..html.floor_char_boundary(MAX_HTML)).unwrap_or_default());
    let html = html.get(..html.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = html;
    let mut silent = 0usize;
    while !rest.is_empty() {
        let (chunk, next) = rest.split_at(rest.floor_char_boundary(CHUNK));
        let before = tokenizer.sink.0.borrow().tokens;
        queue.push_back(StrTendril::from_slice(chunk));
        let _ = tokenizer.feed(&queue);
        let state = tokenizer.sink.0.borrow();
        silent = if state.tokens == before { silent.saturating_add(chunk.len()) } else { 0 };
        if silent > MAX_TAG || state.attribute_work > MAX_ATTRIBUTE_WORK || state.lines.len() > MAX_LINES {
            break;
        }
        rest = next;
    }
    if rest.is_empty() {
        tokenizer.end();
    }
    last_is_quoted(tokenizer.sink.0.into_inner().finish())
}

/// Of blockquotes that say nothing of themselves, the last is the history, as clients without marks of their own put it.
fn last_is_quoted(mut lines: Vec<Source>) -> Vec<Source> {
    let marked = lines.iter().rposition(|l| matches!(l.mark, Mark::Quote | Mark::Cut));
    let Some(last) = lines.iter().rposition(|l| l.mark == Mark::Indented).filter(|at| marked.is_none_or(|m| m < *at))
    else {
        return lines;
    };
    for line in lines
        .iter_mut()
        .take(last.saturating_add(1))
        .rev()
        .take_while(|l| l.mark == Mark::Indented || l.text.is_empty())
    {
        line.mark = Mark::Quote;
    }
    lines
}

static DATA: LazyLock<Regex> = LazyLock::new(|| pattern(r"data:[a-z/+.;=\-]{0,80}base64,[a-z0-9+/=%\s]*"));

fn without_comments_and_data(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = match comment.split_once("-->") {
            Some((_, after)) => after,
            None => "",
        };
    }
    out.push_str(rest);
    DATA.replace_all(&out, "data:").into_owned()
}

#[derive(Default)]
struct Sink(RefCell<State>);

#[derive(Default)]
struct State {
    tokens: usize,
    attribute_work: usize,
    lines: Vec<Source>,
    line: String,
    blanks_wanted: usize,
    regions: Vec<Region>,
    pre: u32,
    lists: Vec<Option<u64>>,
    link: Option<(String, usize)>,
    images: Vec<String>,
    cut: bool,
}

/// An element that changes the meaning of what is in it, until its own end tag.
struct Region {
    tag: String,
    depth: u32,
    kind: RegionKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RegionKind {
    Hidden,
    Quote,
    /// Gmail's frame: what stands in it above the quote itself.
    QuoteHead,
    Indented,
    Signature,
    Background,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let state = &mut *self.0.borrow_mut();
        state.tokens = state.tokens.saturating_add(1);
        match token {
            Token::CharacterTokens(text) => state.text(&text),
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

const VOID: [&str; 9] = ["br", "img", "hr", "meta", "link", "input", "col", "area", "base"];

impl State {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let work = tag.attrs.len().saturating_mul(tag.attrs.len());
        self.attribute_work = self.attribute_work.saturating_add(work);
        match tag.kind {
            TagKind::StartTag => self.start(name, tag),
            TagKind::EndTag => {
                self.end(name);
                TokenSinkResult::Continue
            }
        }
    }

    fn start(&mut self, name: &str, tag: &Tag) -> TokenSinkResult<()> {
        if is_block(name) {
            // A block ends an open paragraph (HTML standard, 13.2.6.4.7).
            self.break_line(0);
            self.regions.retain(|r| r.tag != "p");
        }
        for region in self.regions.iter_mut().filter(|r| r.tag == name) {
            region.depth = region.depth.saturating_add(1);
        }
        if !VOID.contains(&name) {
            self.enter(name, tag);
        } else if is_cut(tag) {
            self.cut = true;
        }
        if self.hidden() {
            return raw_kind(name, tag);
        }
        match name {
            "br" => self.newline(),
            "img" => self.image(tag),
            "p" if !is_tight(tag) => self.break_line(1),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.break_line(1),
            "td" | "th" if !self.line.is_empty() => self.space(),
            "ul" | "ol" if self.lists.len() < 16 => self.lists.push((name == "ol").then_some(1)),
            "li" => self.bullet(),
            "pre" => self.pre = self.pre.saturating_add(1),
            "a" => {
                self.link = attribute(tag, "href")
                    .filter(|h| h.starts_with("http"))
                    .map(|h| (h.chars().take(2000).collect(), self.line.len()))
            }
            _ => {}
        }
        raw_kind(name, tag)
    }

    fn end(&mut self, name: &str) {
        let shown = !self.hidden();
        if shown {
            match name {
                "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.break_line(0),
                "ul" | "ol" => {
                    self.lists.pop();
                }
                "pre" => self.pre = self.pre.saturating_sub(1),
                "a" => self.end_link(),
                _ => {}
            }
        }
        if is_block(name) {
            self.break_line(0);
        }
        for region in self.regions.iter_mut().filter(|r| r.tag == name) {
            region.depth = region.depth.saturating_sub(1);
        }
        self.regions.retain(|r| r.depth > 0);
    }

    fn enter(&mut self, name: &str, tag: &Tag) {
        if name == "blockquote" {
            self.regions.retain(|r| r.kind != RegionKind::QuoteHead);
        }
        let kinds = [
            (is_background(tag), RegionKind::Background),
            (is_hidden(name, tag, self.has(RegionKind::Background)), RegionKind::Hidden),
            (is_quote(name, tag), RegionKind::Quote),
            (name != "blockquote" && is_named(tag, &["gmail_quote", "gmail_quote_container"]), RegionKind::QuoteHead),
            (name == "blockquote" && is_bare(tag) && !is_indentation(tag), RegionKind::Indented),
            (is_signature(tag), RegionKind::Signature),
        ];
        for (_, kind) in kinds.into_iter().filter(|(is, _)| *is) {
            if kind != RegionKind::Background {
                self.break_line(0);
            }
            if self.regions.len() < MAX_REGIONS {
                self.regions.push(Region { tag: name.to_owned(), depth: 1, kind });
            }
        }
        if is_cut(tag) && !self.hidden() {
            self.break_line(0);
            self.cut = true;
        }
    }

    fn has(&self, kind: RegionKind) -> bool {
        self.regions.iter().any(|r| r.kind == kind)
    }

    fn hidden(&self) -> bool {
        self.has(RegionKind::Hidden)
    }

    fn text(&mut self, text: &str) {
        if self.hidden() {
            return;
        }
        for c in text.chars() {
            match c {
                '\n' if self.pre > 0 => self.newline(),
                c if c.is_ascii_whitespace() && self.pre == 0 => self.space(),
                '\u{a0}' | '\u{202f}' | '\t' => self.line.push(' '),
                c if is_dropped(c) && !is_spelling(c, self.line.chars().next_back()) => {}
                c if self.line.len() < MAX_LINE => self.line.push(c),
                _ => {}
            }
        }
    }

    fn space(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn bullet(&mut self) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        let item = match self.lists.last_mut() {
            Some(Some(n)) => {
                let item = format!("{indent}{n}. ");
                *n = n.saturating_add(1);
                item
            }
            _ => format!("{indent}- "),
        };
        self.line.push_str(&item);
    }

    fn end_link(&mut self) {
        let Some((href, at)) = self.link.take() else { return };
        let text = self.line.get(at..).unwrap_or_default().trim();
        let said = text.is_empty() || href.trim_end_matches('/').ends_with(text.trim_end_matches('/'));
        if !said && self.line.len() < MAX_LINE {
            self.line.push_str(&format!(" <{href}>"));
        }
    }

    fn newline(&mut self) {
        let mark = self.mark();
        let text = std::mem::take(&mut self.line).trim_end().to_owned();
        if let Some((_, at)) = &mut self.link {
            *at = 0;
        }
        for _ in 0..std::mem::take(&mut self.blanks_wanted) {
            self.lines.push(Source { mark, ..Source::default() });
        }
        let images = std::mem::take(&mut self.images);
        self.lines.push(Source { text, wrapped: false, mark, images });
    }

    /// Pictures that the mail brings along (`cid:`) are remembered where they are shown.
    fn image(&mut self, tag: &Tag) {
        let id = attribute(tag, "src").and_then(|s| s.trim().strip_prefix("cid:")).filter(|id| id.len() <= 998);
        if let Some(id) = id.filter(|_| self.images.len() < 500) {
            self.images.push(id.to_owned());
        }
    }

    /// Ends a line that has something in it; `blanks` empty lines shall stand before the next.
    fn break_line(&mut self, blanks: usize) {
        if !self.line.trim().is_empty() || !self.images.is_empty() {
            self.newline();
        } else {
            self.line.clear();
        }
        let stands = self.lines.last().is_some_and(|l| !l.text.is_empty());
        self.blanks_wanted = if stands { self.blanks_wanted.max(blanks) } else { 0 };
    }

    fn mark(&self) -> Mark {
        if self.cut {
            Mark::Cut
        } else if self.has(RegionKind::Quote) || self.has(RegionKind::QuoteHead) {
            Mark::Quote
        } else if self.has(RegionKind::Indented) {
            Mark::Indented
        } else if self.has(RegionKind::Signature) {
            Mark::Signature
        } else {
            Mark::Open
        }
    }

    fn finish(mut self) -> Vec<Source> {
        self.break_line(0);
        self.lines
    }
}

fn raw_kind(name: &str, tag: &Tag) -> TokenSinkResult<()> {
    match name {
        _ if tag.self_closing => TokenSinkResult::Continue,
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        "style" | "xmp" | "iframe" => TokenSinkResult::RawData(RawKind::Rawtext),
        _ => TokenSinkResult::Continue,
    }
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "tr"
            | "table"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "hr"
            | "blockquote"
            | "ul"
            | "ol"
            | "li"
            | "pre"
            | "center"
            | "dl"
            | "dt"
            | "dd"
            | "address"
            | "fieldset"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "body"
            | "html"
    )
}

/// Outlook writes each line as a paragraph without margin.
fn is_tight(tag: &Tag) -> bool {
    let class = attribute(tag, "class").unwrap_or_default().to_ascii_lowercase();
    let style = compact(attribute(tag, "style").unwrap_or_default());
    class.contains("msonormal")
        || class.contains("msoplaintext")
        || style.contains("margin:0")
        || style.contains("margin-top:0")
}

fn compact(style: &str) -> String {
    style.chars().take(4000).filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

fn is_background(tag: &Tag) -> bool {
    let style = compact(attribute(tag, "style").unwrap_or_default());
    let coloured = |v: &str| !v.is_empty() && !is_white(v) && v != "transparent";
    attribute(tag, "bgcolor").is_some_and(|c| coloured(&compact(c)))
        || attribute(tag, "background").is_some()
        || ["background:", "background-color:"].iter().any(|p| declared(&style, p).is_some_and(coloured))
}

fn declared<'s>(style: &'s str, property: &str) -> Option<&'s str> {
    style.split(';').find_map(|d| d.strip_prefix(property)).map(|v| v.trim_end_matches("!important"))
}

fn is_white(colour: &str) -> bool {
    matches!(colour, "white" | "#fff" | "#ffffff" | "rgb(255,255,255)" | "#fefefe" | "#fffffe")
        || colour.starts_with("rgba(255,255,255")
}

fn is_hidden(name: &str, tag: &Tag, on_background: bool) -> bool {
    if matches!(
        name,
        "script"
            | "style"
            | "title"
            | "head"
            | "noscript"
            | "template"
            | "textarea"
            | "xmp"
            | "iframe"
            | "select"
            | "object"
            | "xml"
    ) {
        return !tag.self_closing && name != "head";
    }
    let style = compact(attribute(tag, "style").unwrap_or_default());
    let is = |property: &str, test: fn(&str) -> bool| declared(&style, property).is_some_and(test);
    let nothing = |v: &str| matches!(v, "0" | "0px" | "0pt" | "0em" | "0%" | "0.0");
    let tiny = |v: &str| matches!(v, "0" | "0px" | "0pt" | "0em" | "0%" | "1px" | "0.1px" | "1pt");
    let white = is("color:", is_white) || attribute(tag, "color").is_some_and(|c| is_white(&compact(c)));
    attribute(tag, "hidden").is_some()
        || is("display:", |v| v == "none")
        || is("visibility:", |v| v == "hidden")
        || is("mso-hide:", |v| v == "all")
        || is("opacity:", nothing)
        || is("font-size:", tiny)
        || is("max-height:", nothing)
        || (white && !on_background && !is_background(tag))
}

/// Whether class or id is one of `names`; Outlook puts `x_` before those of what it answers.
fn is_named(tag: &Tag, names: &[&str]) -> bool {
    let listed = |value: &str| {
        value.split_ascii_whitespace().take(50).any(|word| {
            let mut word = word.to_ascii_lowercase();
            while let Some(bare) = word.strip_prefix("x_") {
                word = bare.to_owned();
            }
            // Yahoo puts `ydp` and some digits before the names, and to ids some behind them.
            let yahoo = |name: &str| word.starts_with("ydp") && word.ends_with(name);
            names.iter().any(|name| word == *name || yahoo(name))
        })
    };
    attribute(tag, "class").is_some_and(listed) || attribute(tag, "id").is_some_and(listed)
}

/// GMX and WEB.DE, Spark.
const QUOTE_NAMES: [&str; 3] = ["quote", "quoted-content", "messagereplysection"];

fn is_quote(name: &str, tag: &Tag) -> bool {
    let cited = name == "blockquote" && !is_bare(tag);
    let named = attribute(tag, "name").is_some_and(|n| QUOTE_NAMES.contains(&n.to_ascii_lowercase().as_str()));
    cited
        || named
        || is_named(
            tag,
            &[
                "gmail_extra_quote",
                "yahoo_quoted",
                "moz-cite-prefix",
                "protonmail_quote",
                "tutanota_quote",
                "zmail_extra",
                "zmail_extra_hr",
                "quoted-text",
                "mailru-blockquote",
                "freebirdformeditorquote",
                "gmail_attr",
                "cs2654ae3a",
                "wm-quote",
                "bloop_original_html",
                "mcntreplyquote",
                "front-blockquote",
            ],
        )
}

/// A blockquote that names no source and no client may only indent; it is history if a line above says so.
fn is_bare(tag: &Tag) -> bool {
    let lined = compact(attribute(tag, "style").unwrap_or_default()).contains("border-left");
    !lined && ["type", "class", "cite", "id"].iter().all(|name| attribute(tag, name).is_none())
}

/// Gmail's and Apple Mail's button for indenting.
fn is_indentation(tag: &Tag) -> bool {
    compact(attribute(tag, "style").unwrap_or_default()).contains("margin:00040px")
}

fn is_signature(tag: &Tag) -> bool {
    is_named(
        tag,
        &[
            "gmail_signature",
            "moz-signature",
            "applemailsignature",
            "ms-outlook-mobile-signature",
            "protonmail_signature_block",
            "lightmailsignature",
            "ymail_signature",
            "ydp-signature",
            "outlook-signature",
            "mail-signature",
            "signature",
            "bloop_sign",
            "iphonesignature",
        ],
    )
}

/// From here on everything is history: Outlook, Outlook on the web and for mobiles, Zimbra, Windows Mail.
fn is_cut(tag: &Tag) -> bool {
    is_named(
        tag,
        &[
            "divrplyfwdmsg",
            "appendonsend",
            "olk_src_body_section",
            "mail-editor-reference-message-container",
            "reply-intro",
            "ms-outlook-mobile-reference-message",
            "zwchr",
            "replysplit",
            "originalmessage",
            "stopspelling",
            "replyforwardmessage",
            "isforwardcontent",
            "isreplycontent",
            "divtaggedcontent",
        ],
    )
}
