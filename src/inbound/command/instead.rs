//! What would work instead: a request that can't be carried out as written comes in, and the nearest text that can be
//! goes out, with all that was understood and the words as they were typed. It is only ever suggested.

use std::sync::LazyLock;

use regex::Regex;

use super::Reading;
use super::request::{Problem, Request};
use super::verbs::Verb;
use crate::domain::ItemId;
use crate::domain::duration::{self, DurationError, Quantity};
use crate::domain::utbms::Code;
use crate::inbound::pattern::pattern;

/// So many characters of the words are said again.
const MOST_WORDS: usize = 60;

static IN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(half) an?|(?:an? )?(quarter) of an?|(one|two|three|four|five|six|seven|eight|nine|ten|an?)( and a half)?) (hours?|hrs?|minutes?|mins?)\b( and a half)?[.,;:]? ?",
    )
});
static RATE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:^| )rate: ?[$£€]?\d[\d.,]*"));
static DURATION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b\d{1,4}(?:[.,]\d{1,4})? ?(?:hours?|hrs?|h|minutes?|mins?|m)(?:\d{1,2}m?)?\b"));

/// The text that would work, one suggestion to a line; empty if there is none.
pub(super) fn instead(request: &Request, problem: &Problem, reading: &Reading<'_>) -> String {
    let known = request.duration.map_or_else(|| "1.5h".to_owned(), spoken);
    let words = request.narrative.as_str();
    match problem {
        Problem::Duration(DurationError::Ambiguous(number)) | Problem::NumberAndDuration(number) => {
            let minutes = line(request, &format!("{number}m"), true, words, reading);
            if number.parse::<u32>().is_ok_and(|n| n > 24) {
                return minutes;
            }
            format!("{minutes}\n{}", line(request, &format!("{number}h"), true, words, reading))
        }
        Problem::DurationMissing => {
            if let Some((quantity, rest)) = in_words(words) {
                return line(request, &spoken(quantity), true, rest, reading);
            }
            // "#time M-12 2 letters": a bare number counts as hours only at the start.
            match duration::bare(words) {
                Some((end, Ok(quantity))) => {
                    line(request, &spoken(quantity), true, words.get(end..).unwrap_or_default(), reading)
                }
                _ => line(request, &known, true, words, reading),
            }
        }
        Problem::Duration(_) | Problem::TwoDurations | Problem::CodeUnknown(_) => {
            line(request, &known, true, words, reading)
        }
        Problem::RateSet => line(request, &known, true, &RATE.replace_all(words, ""), reading),
        Problem::Date(_) | Problem::DateInFuture(_) | Problem::TwoDates => {
            let known =
                if request.verb == Verb::Time { known } else { request.duration.map(spoken).unwrap_or_default() };
            line(request, format!("{known} today").trim(), false, words, reading)
        }
        Problem::BidiControl | Problem::LineTooLong | Problem::TooManyCommands => format!("#{}", request.verb.name()),
        Problem::NothingToChange => request.ids.first().map_or_else(String::new, |id| format!("#edit {id} 1.2h")),
        Problem::TextMissing => request.verb.entry().example.to_owned(),
    }
}

/// The command again, with this duration, what else was understood, and the words.
fn line(request: &Request, duration: &str, with_date: bool, words: &str, reading: &Reading<'_>) -> String {
    let known = |code: &&Code| !code.is_unlisted() || reading.firm_codes.contains(code);
    let mut parts = vec![format!("#{}", request.verb.name()), duration.to_owned()];
    // Written in full, so that it is read in either order of day and month.
    parts.extend(request.date.filter(|_| with_date).map(|d| d.to_string()));
    parts.extend(request.ids.iter().map(ItemId::to_string));
    parts.extend(request.matter.as_ref().map(|m| format!("[{m}]")));
    parts.extend(request.codes.iter().filter(known).map(Code::to_string));
    parts.extend(request.flags.iter().map(|f| f.name().to_owned()));
    parts.extend(request.keys.iter().map(|(key, value)| format!("{key}:{value}")));
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MOST_WORDS) {
        Some((cut, _)) => parts.push(format!("{}…", words.get(..cut).unwrap_or_default().trim_end())),
        None if words.is_empty() => {}
        None => parts.push(words),
    }
    parts.join(" ")
}

/// A duration as people type it.
fn spoken(quantity: Quantity) -> String {
    match quantity.seconds() {
        s if s % 36 == 0 => format!("{}h", quantity.decimal_hours()),
        s if s % 60 == 0 => format!("{}m", s / 60),
        _ => quantity.h_mm(),
    }
}

/// "one hour and a half", "half an hour" at the start of the words, and the words after it.
fn in_words(words: &str) -> Option<(Quantity, &str)> {
    const NUMBERS: [&str; 11] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let found = IN_WORDS.captures(words)?;
    let unit: u32 = if found.get(5)?.as_str().to_lowercase().starts_with('h') { 3_600 } else { 60 };
    let number = found.get(3).map(|n| n.as_str().to_lowercase());
    let whole = number.map(|n| NUMBERS.iter().position(|w| *w == n).and_then(|p| u32::try_from(p).ok()).unwrap_or(1));
    let halves = u32::from(found.get(1).is_some() || found.get(4).or(found.get(6)).is_some());
    let quarters = u32::from(found.get(2).is_some());
    let seconds = unit
        .saturating_mul(whole.unwrap_or(0))
        .saturating_add((unit / 2).saturating_mul(halves))
        .saturating_add((unit / 4).saturating_mul(quarters));
    Some((Quantity::from_seconds(seconds), words.get(found.get(0)?.end()..)?))
}

/// What the words of a correction say about time, if no duration was read from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// "should be 45 minutes": this long.
    To(Quantity),
    /// A duration among other words: it can be the new time, or part of the new words.
    Unclear(Quantity),
    /// Nothing.
    Words,
}

/// Reads the words of `#edit` for a time entry; words after a colon are words.
pub fn corrected(request: &Request) -> Corrected {
    const FILLERS: &[&str] = &[
        "should", "be", "have", "been", "make", "it", "that", "this", "to", "was", "is", "of", "only", "the", "time",
        "duration", "please", "actually", "rather", "in", "fact", "not", "change", "set", "a", "an", "for", "took",
    ];
    let words = request.narrative.as_str();
    let before = request.original.split(words.lines().next().unwrap_or_default()).next().unwrap_or_default();
    if request.duration.is_some() || words.is_empty() || before.trim_end().ends_with([':', '：']) {
        return Corrected::Words;
    }
    let mut found = DURATION.find_iter(words);
    let (Some(only), None) = (found.next(), found.next()) else { return Corrected::Words };
    let Ok(quantity) = duration::parse(&only.as_str().to_lowercase()) else { return Corrected::Words };
    let others = words.replace(only.as_str(), " ").to_lowercase();
    let mut others = others.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    if others.all(|w| FILLERS.contains(&w)) { Corrected::To(quantity) } else { Corrected::Unclear(quantity) }
}

/// The two readings of an unclear correction, one to a line.
pub fn either(request: &Request, quantity: Quantity) -> String {
    let id = request.ids.first().map(|id| format!(" {id}")).unwrap_or_default();
    let words: String = request.narrative.chars().take(MOST_WORDS).collect();
    format!("#edit{id} {}\n#edit{id}: {words}", spoken(quantity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(narrative: &str) -> Request {
        let mut request = Request::new(Verb::Edit, "edit", 0, &format!("#edit {narrative}"));
        request.narrative = narrative.into();
        request
    }

    #[test]
    fn a_correction_that_only_says_how_long_changes_how_long_and_not_the_words() {
        for (words, minutes) in
            [("should be 45 minutes", 45), ("to 1.5h", 90), ("make it 2h", 120), ("it was 30m only", 30)]
        {
            assert_eq!(corrected(&edit(words)), Corrected::To(Quantity::from_seconds(minutes * 60)), "{words}");
        }
        assert_eq!(corrected(&edit("Reviewed brief")), Corrected::Words);
        assert_eq!(corrected(&edit("1h of 2h spent on brief")), Corrected::Words);
        let unclear = edit("Call of 45 minutes with client");
        let Corrected::Unclear(quantity) = corrected(&unclear) else { panic!("{unclear:?}") };
        assert_eq!(either(&unclear, quantity), "#edit 0.75h\n#edit: Call of 45 minutes with client");
        let mut colon = unclear;
        colon.original = "#edit: Call of 45 minutes with client".into();
        assert_eq!(corrected(&colon), Corrected::Words);
    }
}
