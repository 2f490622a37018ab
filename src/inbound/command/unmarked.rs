//! Commands without their `#`: a line of text comes in, and the command that it would be with `#` in front goes out. Such
//! a line stays text and is asked about (decisions.md 13); nothing here is ever carried out. Words that begin many a
//! sentence count only with what sentences have not: a length of time with its unit, a number such as T-12.

use std::sync::LazyLock;

use regex::Regex;

use super::lexer::{self, Head};
use super::verbs::Verb;
use super::{About, Reading, Request, interpret, without_bullet};
use crate::domain::{Kind, duration};
use crate::inbound::pattern::pattern;

/// The longest line that is looked at, in bytes; longer ones are prose.
const LONGEST: usize = 400;

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Nothing else was written.
    pub alone: bool,
    /// Nothing was written above it.
    pub first: bool,
}

/// A line that may have been meant as a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmarked {
    /// The line, without its bullet.
    pub line: String,
    /// The command that it would be, without its `#`.
    pub command: String,
}

/// The line, if it would be a command with `#` in front, or is work with how long it took: "1.5h drafted brief".
pub(super) fn command(raw: &str, place: Place, reading: &Reading<'_>) -> Option<Unmarked> {
    let line = without_bullet(raw);
    let is_work = line.len() <= LONGEST
        && WORK
            .captures(line)
            .and_then(|found| found.get(1))
            .is_some_and(|word| !NO_WORK.contains(&word.as_str().to_lowercase().as_str()));
    let command = match is_work {
        true => would_be_command(&format!("{} {line}", Verb::Time.word(reading.locale)), place, reading),
        false => would_be_command(line, place, reading),
    };
    command.map(|command| Unmarked { line: line.to_owned(), command })
}

/// Words that go on in a sentence about hours.
const NO_WORK: [&str; 29] = [
    "are", "was", "were", "will", "would", "should", "may", "can", "has", "have", "ago", "from", "after", "before",
    "until", "later", "late", "each", "per", "more", "less", "sind", "waren", "nach", "vor", "sont", "avant", "son",
    "antes",
];

/// Hours as a number and their sign, and words: what somebody writes who thinks of a time sheet.
static WORK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\d{1,2}(?:[.,]\d{1,2})? ?(?:h(?:rs?|ours?)?|std\.?|stunden?|heures?|horas?) (\p{L}{3,})")
});

fn would_be_command(line: &str, place: Place, reading: &Reading<'_>) -> Option<String> {
    let end = line.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(line.len());
    let (word, after) = line.split_at_checked(end)?;
    if line.len() > LONGEST || word.chars().count() < 3 || Verb::of(word).is_none() {
        return None;
    }
    let Head::Command { verb, word, rest } = lexer::head(&format!("#{line}")) else { return None };
    let request = interpret(Request::new(verb, &word, 0, line), &rest, reading, false);
    let is_bare = request.narrative.trim_matches([' ', '.', '!']).is_empty();
    let fits = request.error.is_none()
        && match request.verb {
            Verb::Time | Verb::Call => says_how_long(&rest.plain),
            Verb::Note => place.first && after.starts_with(':') && !is_bare,
            Verb::Done | Verb::Undo | Verb::Stop if request.ids.is_empty() => {
                let thanks = super::is_pleasantry(&request.narrative) && after.starts_with([',', '.', '!']);
                place.alone && (is_bare || thanks) && reading.about != About::Item(Kind::Conversation)
            }
            Verb::Done
            | Verb::Undo
            | Verb::Delete
            | Verb::Show
            | Verb::Get
            | Verb::Preview
            | Verb::Print
            | Verb::Pay => is_bare && !request.ids.is_empty(),
            Verb::Edit => !request.ids.is_empty() && request.duration.is_some(),
            _ => false,
        };
    fits.then(|| line.to_owned())
}

/// A duration with its unit, or a decimal number, among the first words: `1.5h`, `90 min`, `0.4`.
fn says_how_long(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', ':']);
    let starts = rest.split(' ').scan(0_usize, |at, word| {
        let start = *at;
        *at = at.saturating_add(word.len()).saturating_add(1);
        Some(start)
    });
    let first = rest.split(' ').next().unwrap_or_default();
    let is_decimal = first.contains(['.', ',']) && duration::bare(rest).is_some_and(|(_, found)| found.is_ok());
    is_decimal || starts.take(4).filter_map(|at| rest.get(at..)).any(|text| duration::explicit(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::{Line, read};
    use super::*;
    use crate::domain::dates::Locale;

    fn asked(text: &str, about: About) -> Vec<String> {
        let lines: Vec<Line> = text.lines().map(|l| Line { text: l.to_owned(), wrapped: false }).collect();
        let now = "2026-03-14T10:00[Europe/London]".parse().unwrap();
        let read = read(&lines, &Reading { now: &now, locale: Locale::British, about, firm_codes: &[] });
        assert_eq!(read.text, text.trim(), "it stays text");
        assert_eq!(read.requests, [], "{text} is not carried out");
        read.unmarked.into_iter().map(|u| u.command).collect()
    }

    #[test]
    fn a_command_without_its_sign_is_asked_about_and_not_carried_out() {
        let task = About::Item(Kind::Task);
        for text in [
            "time 1.5h Drafted brief",
            "Time: 90 min call with expert",
            "time 0.4 M-12 Reviewed lease",
            "time yesterday 1h Drafted brief",
            "Zeit 1,5h Entwurf",
            "hours 2h Drafted brief",
            "note: Witness is free in May",
            "call 10m with Mr Smith: agreed extension",
            "done",
            "Completed.",
            "done, thanks",
            "done T-12",
            "Get D-4",
            "edit TE-3 1.2h",
            "undo",
            "STOP",
        ] {
            assert_eq!(asked(text, task), [text], "{text}");
        }
        assert_eq!(asked("Hello\n\n- time 1h Drafted brief\nBest", task), ["time 1h Drafted brief"]);
    }

    #[test]
    fn work_with_its_hours_is_asked_about_as_time() {
        for text in ["1.5h Drafted reply brief", "2 hrs drafting", "0,5h Telefonat", "1.5 hours drafting reply"] {
            assert_eq!(asked(text, About::Item(Kind::Task)), [format!("time {text}")], "{text}");
        }
        for text in ["2 hours is not enough", "2 hours should do", "3h", "1.5h - 2h each", "10 h 30"] {
            assert!(asked(text, About::Item(Kind::Task)).is_empty(), "{text}");
        }
    }

    #[test]
    fn sentences_that_begin_with_a_verb_are_no_commands() {
        for text in [
            "Time is short.",
            "Time: 2:30 pm on Friday",
            "Time 14:00, room 4",
            "Call me at 5.",
            "Call with Mr Smith went well",
            "Done, see attached.",
            "Done and dusted",
            "Notes of the call are attached",
            "Show the exhibits to the witness",
            "Get D-4 signed before Friday",
            "Delete paragraph 5",
            "Edit as you see fit",
            "Yes, happy to",
            "Message received",
            "File D-4 under seal",
        ] {
            assert!(asked(text, About::Item(Kind::Task)).is_empty(), "{text}");
        }
        let below = "Dear Anna\nnote: the witness is away\ndone";
        assert!(asked(below, About::Item(Kind::Task)).is_empty());
        assert!(asked("Done.", About::Item(Kind::Conversation)).is_empty(), "an answer to what somebody asked");
    }
}
