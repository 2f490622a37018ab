//! Lines come in, each line's kind comes out: new, quoted or signature. One pass for the history, one for signatures;
//! answers between quotes stay new (gateway.md T4).

use super::attribution::{self, Found};
use super::headerblock::Begins;
use super::signature::{self, Sort};
use super::{Confidence, Mark, Source, SpanKind, banner, headerblock};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Quoted,
    Signature,
}

impl Kind {
    pub(super) const fn span(self) -> SpanKind {
        match self {
            Kind::New => SpanKind::New,
            Kind::Quoted => SpanKind::Quoted,
            Kind::Signature => SpanKind::Signature,
        }
    }
}

/// Judges every line; lines with a client's own glued to their end are split first.
pub(super) fn judge(lines: Vec<Source>, sender: &str) -> (Vec<Source>, Vec<Kind>, Confidence) {
    let lines = split_glued(lines);
    let (mut kinds, confidence) = history(&lines);
    list_footer(&lines, &mut kinds);
    let written = banner::end(lines.iter().zip(&kinds).map(|(l, k)| (l.text.as_str(), *k == Kind::New)));
    fill_new(&mut kinds, written, Kind::Signature);
    signatures(&lines, &mut kinds, sender);
    (lines, kinds, confidence)
}

/// What a mailing list's program adds below every mail is nobody's text and nobody's signature.
fn list_footer(lines: &[Source], kinds: &mut [Kind]) {
    let ruled = |l: &Source| {
        let bare = l.text.trim();
        bare.len() >= 2 && bare.chars().all(|c| matches!(c, '_' | '-'))
    };
    let tail = lines.iter().enumerate().rev().filter(|(_, l)| !l.text.trim().is_empty()).take(8);
    let Some((at, _)) = tail.into_iter().find(|(_, l)| ruled(l)) else { return };
    let below = || lines.iter().skip(at.saturating_add(1)).map(|l| l.text.trim()).filter(|t| !t.is_empty());
    let named = below().next().is_some_and(|l| l.to_lowercase().ends_with("mailing list"));
    if named && below().skip(1).any(|l| l.contains("://") || l.contains('@')) {
        fill(kinds, at, lines.len());
    }
}

fn split_glued(lines: Vec<Source>) -> Vec<Source> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        match attribution::glued(&line.text).and_then(|at| line.text.split_at_checked(at)) {
            Some((own, client)) => {
                let own = own.trim_end_matches(['-', ' ']).to_owned();
                out.push(Source { text: own, mark: line.mark, ..Source::default() });
                out.push(Source { text: client.to_owned(), ..line });
            }
            None => out.push(line),
        }
    }
    out
}

/// What is new above `end` is of this kind instead.
fn fill_new(kinds: &mut [Kind], end: usize, what: Kind) {
    kinds.iter_mut().take(end).filter(|kind| **kind == Kind::New).for_each(|kind| *kind = what);
}

fn is_blank(line: &str) -> bool {
    line.trim_matches([' ', '\t', '|']).is_empty()
}

fn is_quote(line: &Source) -> bool {
    line.mark == Mark::Quote || line.text.trim_start().starts_with('>')
}

/// The same below a line that introduces a quote: mere indentation is one too.
fn is_cited(line: &Source) -> bool {
    is_quote(line) || line.mark == Mark::Indented || has_initials(&line.text)
}

/// `JD> `, as some old programs quote.
fn has_initials(line: &str) -> bool {
    let (initials, _) = line.split_once("> ").unwrap_or_default();
    (1..=3).contains(&initials.len()) && initials.chars().all(|c| c.is_ascii_uppercase())
}

/// Whether the line above, blank ones aside, is of a quote, to which this one then belongs.
fn is_quoted_above(lines: &[Source], at: usize) -> bool {
    let above = lines.get(..at).unwrap_or_default().iter().rev().take(6);
    above.into_iter().find(|l| !is_blank(&l.text)).is_some_and(is_quote)
}

fn is_quoted_below(lines: &[Source], at: usize) -> bool {
    next_text(lines, at.saturating_add(1)).and_then(|n| lines.get(n)).is_some_and(is_quote)
}

/// Walks down the body; `at` only grows.
fn history(lines: &[Source]) -> (Vec<Kind>, Confidence) {
    let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
    let mut kinds = vec![Kind::New; lines.len()];
    let mut confidence = Confidence::High;
    let mut at = 0;
    while let (Some(line), Some(here)) = (lines.get(at), texts.get(at..)) {
        let unmarked = || !is_quoted_above(lines, at) && attribution::is_groupwise(here) && !is_quoted_below(lines, at);
        let block = block_at(here);
        if line.mark == Mark::Cut || headerblock::is_marker(&line.text) || block.is_some() || unmarked() {
            let above = above_rules(lines, at);
            let ruled = lines.get(above..at).is_some_and(|rules| rules.iter().any(|l| !is_blank(&l.text)));
            if block == Some(Begins::Probably) && !ruled && line.mark != Mark::Cut {
                confidence = confidence.min(Confidence::Medium);
            }
            fill(&mut kinds, above, lines.len());
            break;
        }
        if is_quote(line) {
            let title = above_rules(lines, at);
            let said = |l: &&str| !l.trim_matches(['>', ' ', '\t']).is_empty();
            let first = here.iter().take(4).position(said);
            if title < at && first.and_then(|n| here.get(n..)).and_then(block_at).is_some() {
                fill(&mut kinds, title, at);
            }
            at = quoted_run(lines, &mut kinds, at, is_quote);
            continue;
        }
        match attribution_at(here) {
            Some((count, found)) => {
                let after = at.saturating_add(count);
                let next = next_text(lines, after);
                let marked = next.and_then(|n| lines.get(n)).is_some_and(is_cited);
                if marked {
                    if found == Found::Guessed {
                        confidence = confidence.min(Confidence::Medium);
                    }
                    fill(&mut kinds, at, next.unwrap_or(after));
                    at = quoted_run(lines, &mut kinds, next.unwrap_or(after), is_cited);
                } else if found == Found::Sure {
                    fill(&mut kinds, at, lines.len());
                    confidence = confidence.min(Confidence::Medium);
                    break;
                } else {
                    at = at.saturating_add(1);
                }
            }
            None => at = at.saturating_add(1),
        }
    }
    let new = lines.iter().zip(&kinds).any(|(l, k)| *k == Kind::New && !is_blank(&l.text));
    let confidence = if new || kinds.is_empty() { confidence } else { Confidence::Low };
    (kinds, confidence)
}

fn block_at(here: &[&str]) -> Option<Begins> {
    here.first().filter(|l| l.len() < 500).and_then(|_| headerblock::begins(here))
}

fn attribution_at(here: &[&str]) -> Option<(usize, Found)> {
    here.first().filter(|l| !l.trim().is_empty() && l.len() < 500)?;
    attribution::at(here)
}

fn fill(kinds: &mut [Kind], from: usize, to: usize) {
    fill_as(kinds, from, to, Kind::Quoted);
}

fn fill_as(kinds: &mut [Kind], from: usize, to: usize, what: Kind) {
    kinds.iter_mut().take(to).skip(from).for_each(|kind| *kind = what);
}

/// Outlook draws a line above its block; it belongs to the history.
fn above_rules(lines: &[Source], at: usize) -> usize {
    let mut start = at;
    for line in lines.get(..at).unwrap_or_default().iter().rev().take(4) {
        let ruled = signature::is_rule(&line.text) || headerblock::is_title(&line.text);
        if !line.images.is_empty() || (!ruled && !line.text.trim().is_empty()) {
            break;
        }
        start = start.saturating_sub(1);
    }
    start
}

fn next_text(lines: &[Source], from: usize) -> Option<usize> {
    lines.iter().enumerate().skip(from).take(6).find(|(_, l)| !is_blank(&l.text)).map(|(at, _)| at)
}

/// Marks quoted lines from `at` on, blank lines between them and lines that a mailer broke off them; returns what follows.
fn quoted_run(lines: &[Source], kinds: &mut [Kind], at: usize, is_quote: fn(&Source) -> bool) -> usize {
    let mut end = at;
    let mut look = at;
    while let Some(line) = lines.get(look) {
        let broken = !is_blank(&line.text) && is_broken_off(lines, look);
        if is_quote(line) || broken {
            end = look.saturating_add(1);
        } else if !is_blank(&line.text) {
            break;
        }
        look = look.saturating_add(1);
    }
    fill(kinds, at, end);
    end
}

/// A line directly between quoted ones is their rest if the one above was full or has a bracket open.
fn is_broken_off(lines: &[Source], at: usize) -> bool {
    let above = at.checked_sub(1).and_then(|n| lines.get(n));
    let below = lines.get(at.saturating_add(1));
    let (Some(above), Some(below)) = (above, below) else { return false };
    let lower = lines.get(at).and_then(|l| l.text.trim_start().chars().next()).is_some_and(char::is_lowercase);
    let full = above.text.chars().count() >= if lower { 58 } else { 70 };
    let open = count(&above.text, '(') > count(&above.text, ')')
        || (count(&above.text, '<') > count(above.text.trim_start_matches(['>', ' ']), '>'));
    let link = lines
        .get(at)
        .is_some_and(|l| l.text.trim_start().starts_with("(http") || l.text.trim_start().starts_with("<http"));
    is_quote(above) && is_quote(below) && (full || open || link)
}

fn count(text: &str, c: char) -> usize {
    text.chars().filter(|x| *x == c).count()
}

/// Judges each stretch of new text for itself. What somebody typed to close counts as signature only where no program
/// added one, and an answer that consists of nothing else is an answer.
fn signatures(lines: &[Source], kinds: &mut [Kind], sender: &str) {
    let stretches = stretches(kinds);
    let found: Vec<_> =
        stretches.iter().map(|(from, to)| signature_in(lines.get(*from..*to).unwrap_or_default(), sender)).collect();
    let any_hard = found.iter().flatten().any(|(_, sort)| *sort == Sort::Hard);
    let first_text = kinds.iter().zip(lines).position(|(k, l)| *k == Kind::New && !is_blank(&l.text)).unwrap_or(0);
    for ((from, to), found) in stretches.into_iter().zip(found) {
        let Some((at, sort)) = found else { continue };
        let begins = from.saturating_add(at);
        if begins <= first_text && stands_alone(lines.get(begins..to).unwrap_or_default()) {
            fill_as(kinds, begins, begins.saturating_add(1), Kind::Signature);
            let below = begins.saturating_add(1);
            let end = signature_in(lines.get(below..to).unwrap_or_default(), sender);
            let end = end.filter(|(at, _)| *at > 1).map_or(to, |(at, _)| below.saturating_add(at));
            fill_as(kinds, end, to, Kind::Signature);
            continue;
        }
        if sort == Sort::Soft && (any_hard || begins <= first_text) {
            continue;
        }
        fill_as(kinds, begins, to, Kind::Signature);
    }
}

/// Some put the line of their telephone at the top; what stands below it is the text, unless it looks like commands, which
/// might be another's.
fn stands_alone(lines: &[Source]) -> bool {
    let mobile = lines.first().is_some_and(|l| signature::is_mobile(&l.text));
    let below = || lines.iter().skip(1).map(|l| l.text.trim()).filter(|l| !l.is_empty());
    mobile && below().any(|l| l.split(' ').count() > 6) && !below().any(|l| l.starts_with(['#', '＃']))
}

fn stretches(kinds: &[Kind]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in kinds.iter().enumerate().filter(|(_, k)| **k == Kind::New) {
        match found.last_mut().filter(|(_, to)| *to == at) {
            Some((_, to)) => *to = at.saturating_add(1),
            None => found.push((at, at.saturating_add(1))),
        }
    }
    found
}

/// No signature is longer, and looking at more would take long.
const SIGNATURE_TAIL: usize = 150;

fn signature_in(lines: &[Source], sender: &str) -> Option<(usize, Sort)> {
    let marked = lines.iter().position(|l| l.mark == Mark::Signature);
    let end = marked.unwrap_or(lines.len());
    let skipped = end.saturating_sub(SIGNATURE_TAIL);
    let texts: Vec<&str> = lines.iter().take(end).skip(skipped).map(|l| l.text.as_str()).collect();
    let found = signature::start(&texts, sender).map(|(at, sort)| (at.saturating_add(skipped), sort));
    match marked {
        Some(at) => found.filter(|(_, sort)| *sort == Sort::Hard).or(Some((at, Sort::Hard))),
        None => found,
    }
}
