//! A text body comes in, its lines come out: format=flowed undone (RFC 3676), lengths bounded, and for the command reader
//! the places where the client, not the writer, broke a line.

use super::{Line, Source};
use crate::inbound::names::{is_dropped, is_spelling};
use crate::inbound::parse::Flow;

/// No more of a body is looked at (threats.md T54).
pub(super) const MAX_TEXT: usize = 1024 * 1024;
const MAX_LINE: usize = 10_000;
const MAX_LINES: usize = 20_000;

pub(super) fn lines(text: &str, flow: Flow) -> Vec<Source> {
    let text = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
    let joined = if flow == Flow::FlowedDelSp { joined(text) } else { String::new() };
    let text = if flow == Flow::FlowedDelSp { &joined } else { text };
    text.split('\n').take(MAX_LINES).map(|line| line_of(line.trim_end_matches('\r'), flow)).collect()
}

/// With DelSp the blank at a soft break is no part of the text, as where words have none between them (RFC 3676, 4.1).
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\n').map(|l| l.trim_end_matches('\r')).peekable();
    let mut goes_on = false;
    while let Some(line) = lines.next() {
        let line = if goes_on { line.strip_prefix(' ').unwrap_or(line) } else { line };
        let is_text = !line.starts_with('>') && line.trim_end() != "--" && !line.trim().is_empty();
        let soft =
            line.strip_suffix(' ').filter(|_| is_text && lines.peek().is_some_and(|next| !next.starts_with('>')));
        goes_on = soft.is_some();
        out.push_str(soft.unwrap_or(line));
        if !goes_on && lines.peek().is_some() {
            out.push('\n');
        }
    }
    out
}

fn line_of(raw: &str, flow: Flow) -> Source {
    let cut = raw.get(..raw.floor_char_boundary(MAX_LINE)).unwrap_or_default();
    let mut visible = String::with_capacity(cut.len());
    for c in cut.chars() {
        if c == '\t' || !is_dropped(c) || is_spelling(c, visible.chars().next_back()) {
            visible.push(c);
        }
    }
    let quoted = visible.starts_with('>');
    let soft = flow != Flow::Fixed
        && visible.ends_with(' ')
        && !quoted
        && visible.trim_end() != "--"
        && !visible.trim().is_empty();
    let unstuffed = if flow == Flow::Fixed { visible.as_str() } else { visible.strip_prefix(' ').unwrap_or(&visible) };
    Source { text: unstuffed.trim_end().to_owned(), wrapped: soft, ..Source::default() }
}

/// Marks the lines that the client wrapped at its column: full lines whose next word had no room (decisions.md 14).
pub(super) fn with_hard_wraps(mut lines: Vec<Line>, whole: &[Source]) -> Vec<Line> {
    let Some(width) = wrap_column(whole) else { return lines };
    let nexts: Vec<String> = lines.iter().skip(1).map(|l| l.text.clone()).collect();
    for (line, next) in lines.iter_mut().zip(nexts) {
        let word = next.split(' ').next().unwrap_or_default();
        let starts_anew = word.is_empty() || next.starts_with(['#', '＃', '-', '*', '•', '>', ' ', '\t']);
        let needed = line.text.chars().count().saturating_add(word.chars().count()).saturating_add(1);
        line.wrapped |= !starts_anew && needed > width && line.text.chars().count() > 40;
    }
    lines
}

/// No common client wraps beyond this column (RFC 5322, 2.1.1).
const WIDEST: usize = 78;

/// The column at which a text is wrapped; `None` if it is not, because a line of words runs far beyond any. A narrower
/// one counts only when several lines agree: a typed line must never be taken for a wrapped one.
fn wrap_column(whole: &[Source]) -> Option<usize> {
    let lines: Vec<&str> = whole.iter().map(|l| l.text.as_str()).filter(|t| t.contains(' ') || t.is_empty()).collect();
    let longest = lines.iter().map(|l| l.chars().count()).max().unwrap_or(0);
    if longest > 100 {
        return None;
    }
    let full = lines.iter().zip(lines.iter().skip(1)).filter(|(line, next)| {
        let word = next.split(' ').next().unwrap_or_default().chars().count();
        word > 0 && line.chars().count().saturating_add(word).saturating_add(1) > longest
    });
    let agreed = longest >= 60 && full.count() >= 4;
    Some(if agreed { longest.min(WIDEST) } else { WIDEST })
}
