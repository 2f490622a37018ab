//! What would work instead: a request that can't be carried out as written comes in, and the nearest text that can be
//! goes out, with all that was understood and the words as they were typed. It is only ever suggested.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::Reading;
use super::request::{Problem, Request};
use super::verbs::Verb;
use crate::domain::dates::{self, Against, Direction, Locale};
use crate::domain::duration::{self, DurationError, Quantity};
use crate::domain::utbms::Code;
use crate::domain::{ItemId, Kind};
use crate::inbound::pattern::pattern;
use crate::language::{phrase, say};

/// Words for a message that are also said of what one wants to have.
const SEND: [&str; 4] = ["send", "senden", "envoyer", "enviar"];

/// So many characters of the words are said again.
const MOST_WORDS: usize = 60;

static IN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(half) an?|(?:an? )?(quarter) of an?|(one|two|three|four|five|six|seven|eight|nine|ten|an?)( and a half)?) (hours?|hrs?|minutes?|mins?)\b( and a half)?[.,;:]? ?",
    )
});
static DAY_BEFORE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:(\d{1,2})-(\d{1,2})|(\d{2})\.(\d{2}))\.? "));
static RATE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:^| )rate: ?[$£€]?\d[\d.,]*"));
static DURATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b\d{1,4}(?:[.,]\d{1,4})? ?(?:hours?|hrs?|heures?|horas?|stunden?|std|h|minutes?|minuten?|minutos?|mins?|m)(?:\d{1,2}m?)?\b",
    )
});

/// Stands where a length must be written, and can't be carried out.
const UNKNOWN: &str = "…h";

/// The text that would work, one suggestion to a line; empty if there is none. It never has hours that were not typed.
pub(super) fn instead(request: &Request, problem: &Problem, reading: &Reading<'_>) -> String {
    let spoken = |quantity| spoken(quantity, reading.locale);
    let known = request.duration.map_or_else(|| UNKNOWN.to_owned(), spoken);
    let words = request.narrative.as_str();
    match problem {
        Problem::Duration(DurationError::Ambiguous(number)) => {
            let minutes = line(request, &format!("{number}m"), true, words, reading);
            if number.parse::<u32>().is_ok_and(|n| n > 24) {
                return minutes;
            }
            format!("{minutes}\n{}", line(request, &format!("{number}h"), true, words, reading))
        }
        Problem::NumberAndDuration(number) => match (request.duration, length_behind(words)) {
            (Some(quantity), _) => with_day_before(request, quantity, &format!("{number} {words}"), reading),
            (None, Some(behind)) => {
                let words = format!("{number} {}", behind.others(words));
                with_day_before(request, behind.quantity, &words, reading)
            }
            (None, None) => line(request, UNKNOWN, true, &format!("{number} {words}"), reading),
        },
        Problem::Duration(DurationError::MinutesOrWords(hours, minutes)) => {
            let rest = words.strip_prefix(minutes.as_str()).unwrap_or(words);
            let half_past = line(request, &format!("{hours}h{minutes}m"), true, rest, reading);
            format!(
                "{half_past}\n{}",
                line(request, &format!("{hours}h"), true, &format!("– {minutes}{rest}"), reading)
            )
        }
        Problem::DurationMissing | Problem::DurationBehind(..) => {
            if let Some((quantity, rest)) = in_words(words) {
                return line(request, &spoken(quantity), true, rest, reading);
            }
            if let Some(behind) = length_behind(words) {
                return with_day_before(request, behind.quantity, &behind.others(words), reading);
            }
            // "#time M-12 2 letters": a bare number counts as hours only at the start.
            match duration::bare(words) {
                Some((end, Ok(quantity))) => {
                    line(request, &spoken(quantity), true, words.get(end..).unwrap_or_default(), reading)
                }
                _ => line(request, &known, true, words.trim_start_matches(UNKNOWN), reading),
            }
        }
        Problem::TwoDurations(second) => {
            let first = line(request, &known, true, words, reading);
            format!("{first}\n{}", line(request, &spoken(*second), true, words, reading))
        }
        Problem::Duration(_) | Problem::CodeUnknown(_) => line(request, &known, true, words, reading),
        Problem::RateSet => line(request, &known, true, &RATE.replace_all(words, ""), reading),
        Problem::Date(_) | Problem::DateInFuture(_) | Problem::TwoDates => {
            let known =
                if request.verb == Verb::Time { known } else { request.duration.map(spoken).unwrap_or_default() };
            let today = say!(reading.locale, "today");
            line(request, format!("{known} {today}").trim(), false, words, reading)
        }
        Problem::BidiControl | Problem::LineTooLong | Problem::TooManyCommands => {
            format!("#{}", request.verb.word(reading.locale))
        }
        Problem::NothingToChange => {
            let id = request.ids.first().map(ItemId::to_string);
            id.map_or_else(String::new, |id| say!(reading.locale, "#edit {id} 1.2h", id = id))
        }
        // "#send D-1" asks for it.
        Problem::TextMissing if request.verb == Verb::Message && SEND.contains(&request.typed.as_str()) => {
            match request.ids.first().filter(|id| matches!(id.kind, Kind::Document | Kind::Folder | Kind::Bill)) {
                Some(id) => format!("#{} {id}", Verb::Get.word(reading.locale)),
                None => phrase(reading.locale, request.verb.entry().example),
            }
        }
        Problem::TextMissing => phrase(reading.locale, request.verb.entry().example),
    }
}

/// So many characters are looked at for one length.
const LONGEST_LENGTH: usize = 60;

/// A length that stands behind other words.
pub(super) struct Behind {
    /// How long.
    pub quantity: Quantity,
    /// Where it stands among the words, in bytes.
    pub at: std::ops::Range<usize>,
}

impl Behind {
    /// The words before and behind it.
    fn others(&self, words: &str) -> String {
        let before = words.get(..self.at.start).unwrap_or_default().trim_end_matches([' ', ',', ':', '(', '-']);
        let after = words.get(self.at.end..).unwrap_or_default().trim_start_matches([' ', ',', ':', ')', '.']);
        format!("{before} {after}").trim().to_owned()
    }
}

/// The only length of time among the words, if it is one and says its unit.
pub(super) fn length_behind(words: &str) -> Option<Behind> {
    let mut found = None;
    let mut from = 0;
    for at in words.match_indices([' ', '(']).take(MOST_WORDS).map(|(at, _)| at.saturating_add(1)) {
        let Some(rest) = words.get(at..).filter(|_| at >= from) else { continue };
        let rest = rest.char_indices().nth(LONGEST_LENGTH).and_then(|(end, _)| rest.get(..end)).unwrap_or(rest);
        let typed =
            duration::span(rest).or_else(|| duration::explicit(rest)).and_then(|(end, value)| Some((end, value.ok()?)));
        let said = || in_words(rest).map(|(quantity, left)| (rest.len().saturating_sub(left.len()), quantity));
        let Some((end, quantity)) = typed.or_else(said) else { continue };
        if found.is_some() {
            return None;
        }
        from = at.saturating_add(end);
        found = Some(Behind { quantity, at: at..from });
    }
    found
}

/// Two numbers before the length may be a day in the order of the firm: "12-03 1h" is offered with that day.
fn with_day_before(request: &Request, quantity: Quantity, words: &str, reading: &Reading<'_>) -> String {
    let length = spoken(quantity, reading.locale);
    let against = Against { now: reading.now, locale: reading.locale, direction: Direction::Past };
    let day = DAY_BEFORE.captures(words).filter(|_| request.date.is_none()).and_then(|found| {
        let part = |one, other| found.get(one).or(found.get(other)).map(|m| m.as_str());
        let typed = format!("{}/{}", part(1, 3)?, part(2, 4)?);
        Some((dates::parse(&typed, &against).ok()?, words.get(found.get(0)?.end()..)?))
    });
    match day {
        Some((day, rest)) => line(request, &format!("{length} {day}"), false, rest, reading),
        None => line(request, &length, true, words, reading),
    }
}

/// The command again, with this duration, what else was understood, and the words.
fn line(request: &Request, duration: &str, with_date: bool, words: &str, reading: &Reading<'_>) -> String {
    let known = |code: &&Code| !code.is_unlisted() || reading.firm_codes.contains(code);
    let codes: Vec<Code> = request.codes.iter().filter(known).cloned().collect();
    again(request, duration, request.date.filter(|_| with_date), &codes, words, reading.locale)
}

/// The command again, with its day written in full.
pub fn with_year(request: &Request, locale: Locale) -> String {
    let duration = request.duration.map(|quantity| spoken(quantity, locale)).unwrap_or_default();
    again(request, &duration, request.date, &request.codes, &request.narrative, locale)
}

/// The command once for each thing that it names; how long each took is for its writer to say.
pub fn for_each(request: &Request, locale: Locale) -> String {
    let duration = if request.verb == Verb::Time { UNKNOWN } else { "" };
    let line = |id: &ItemId| {
        let one = Request { ids: vec![*id], ..request.clone() };
        again(&one, duration, one.date, &one.codes, &one.narrative, locale)
    };
    request.ids.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn again(request: &Request, duration: &str, date: Option<Date>, codes: &[Code], words: &str, locale: Locale) -> String {
    let mut parts = vec![format!("#{}", request.verb.word(locale))];
    parts.extend(Some(duration).filter(|d| !d.is_empty()).map(str::to_owned));
    // Written in full, so that it is read in either order of day and month.
    parts.extend(date.map(|d| d.to_string()));
    parts.extend(request.ids.iter().map(ItemId::to_string));
    parts.extend(request.matter.as_ref().map(|m| format!("[{m}]")));
    parts.extend(codes.iter().map(Code::to_string));
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
fn spoken(quantity: Quantity, locale: Locale) -> String {
    match quantity.seconds() {
        s if s % 36 == 0 => format!("{}h", quantity.hours_in(locale)),
        s if s % 60 == 0 => format!("{}m", s / 60),
        _ => quantity.h_mm(),
    }
}

/// What Germans, French and Spaniards write for the commonest lengths; longer ones first.
const SPELLED: &[(&str, u32)] = &[
    ("eine halbe stunde", 1_800),
    ("halbe stunde", 1_800),
    ("eineinhalb stunden", 5_400),
    ("anderthalb stunden", 5_400),
    ("zweieinhalb stunden", 9_000),
    ("eine dreiviertelstunde", 2_700),
    ("dreiviertelstunde", 2_700),
    ("eine viertelstunde", 900),
    ("viertelstunde", 900),
    ("eine stunde", 3_600),
    ("zwei stunden", 7_200),
    ("drei stunden", 10_800),
    ("une demi-heure", 1_800),
    ("demi-heure", 1_800),
    ("une heure et demie", 5_400),
    ("heure et demie", 5_400),
    ("deux heures et demie", 9_000),
    ("une heure", 3_600),
    ("deux heures", 7_200),
    ("trois heures", 10_800),
    ("trois quarts d'heure", 2_700),
    ("un quart d'heure", 900),
    ("media hora", 1_800),
    ("hora y media", 5_400),
    ("una hora y media", 5_400),
    ("dos horas y media", 9_000),
    ("una hora", 3_600),
    ("dos horas", 7_200),
    ("tres horas", 10_800),
    ("tres cuartos de hora", 2_700),
    ("un cuarto de hora", 900),
];

/// "one hour and a half", "half an hour" at the start of the words, and the words after it.
fn in_words(words: &str) -> Option<(Quantity, &str)> {
    let lower = words.to_lowercase();
    for (phrase, seconds) in SPELLED {
        let rest = lower.strip_prefix(phrase).and_then(|_| words.get(phrase.len()..));
        if let Some(rest) = rest.filter(|r| !r.starts_with(char::is_alphabetic)) {
            return Some((Quantity::from_seconds(*seconds), rest.trim_start_matches([' ', '.', ',', ':', ';'])));
        }
    }
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
        "should",
        "be",
        "have",
        "been",
        "make",
        "it",
        "that",
        "this",
        "to",
        "was",
        "is",
        "of",
        "only",
        "the",
        "time",
        "duration",
        "please",
        "actually",
        "rather",
        "in",
        "fact",
        "not",
        "change",
        "set",
        "a",
        "an",
        "for",
        "took",
        "es",
        "waren",
        "war",
        "nur",
        "sollte",
        "sollten",
        "soll",
        "sein",
        "bitte",
        "auf",
        "statt",
        "dauer",
        "ce",
        "était",
        "devrait",
        "doit",
        "être",
        "durée",
        "plutôt",
        "seulement",
        "en",
        "fait",
        "debe",
        "ser",
        "eran",
        "era",
        "solo",
        "sólo",
        "duración",
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
pub fn either(request: &Request, quantity: Quantity, locale: Locale) -> String {
    let id = request.ids.first().map(|id| format!(" {id}")).unwrap_or_default();
    let edit = Verb::Edit.word(locale);
    let words: String = request.narrative.chars().take(MOST_WORDS).collect();
    format!("#{edit}{id} {}\n#{edit}{id}: {words}", spoken(quantity, locale))
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
        assert_eq!(either(&unclear, quantity, Locale::British), "#edit 0.75h\n#edit: Call of 45 minutes with client");
        let mut colon = unclear;
        colon.original = "#edit: Call of 45 minutes with client".into();
        assert_eq!(corrected(&colon), Corrected::Words);
    }
}
