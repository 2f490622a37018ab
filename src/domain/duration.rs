//! How long something took: what people type comes in, whole seconds go out (spec: commands.md c4, decisions.md 15,
//! requirements.md TIM-14). Never guesses between hours and minutes, and never loses a second by rounding.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::scan::{number, pattern, whole};
use crate::language::{Locale, Reads, say};

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
/// A unit of the English six-minute clock.
const UNIT: u64 = 360;

/// A length of time in whole seconds, more than nothing and at most a day when it was read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

impl Quantity {
    /// The quantity of this many seconds.
    pub const fn from_seconds(seconds: u32) -> Quantity {
        Quantity(seconds)
    }

    /// The whole seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Hours as a decimal with at most two places, `0.9` and never `0.90000001`; the nearest hundredth.
    pub fn decimal_hours(self) -> String {
        let hundredths = u64::from(self.0).saturating_add(18) / 36;
        let (whole, part) = (hundredths / 100, hundredths % 100);
        match part {
            0 => whole.to_string(),
            p if p % 10 == 0 => format!("{whole}.{}", p / 10),
            p => format!("{whole}.{p:02}"),
        }
    }

    /// Hours as people of this language read them: `0,9`.
    pub fn hours_in(self, to: impl Reads) -> String {
        self.decimal_hours().replace('.', to.locale().decimal_sign().encode_utf8(&mut [0; 4]))
    }

    /// Hours and minutes as `0:50`, with the seconds only if there are any.
    pub fn h_mm(self) -> String {
        let (h, m, s) = (self.0 / 3_600, self.0 / 60 % 60, self.0 % 60);
        if s == 0 { format!("{h}:{m:02}") } else { format!("{h}:{m:02}:{s:02}") }
    }
}

/// The firm's step for recorded time, 1 to 60 minutes (requirements.md TIM-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Increment(u32);

impl Increment {
    /// One minute, what a firm has that set nothing.
    pub const MINUTE: Increment = Increment(1);

    /// The step of this many minutes, 1 to 60.
    pub const fn minutes(minutes: u32) -> Option<Increment> {
        if minutes >= 1 && minutes <= 60 { Some(Increment(minutes)) } else { None }
    }

    /// The minutes of the step.
    pub const fn as_minutes(self) -> u32 {
        self.0
    }

    /// The next full step at or above `quantity`; asked once for each entry, never for a day's sum.
    pub fn round_up(self, quantity: Quantity) -> Quantity {
        let step = self.0.saturating_mul(60).max(1);
        Quantity(quantity.0.div_ceil(step).saturating_mul(step))
    }
}

/// Why a text that looks like a duration is none that can be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// `0`, `0h`.
    Zero,
    /// `-1h`.
    Negative,
    /// More than 24 hours.
    OverADay,
    /// A bare number that may be hours or minutes; the number as typed (decisions.md 15).
    Ambiguous(String),
    /// `1h 30 Drafted`: half past, or an hour and words that begin with a number; both numbers as typed.
    MinutesOrWords(String, String),
    /// `14:20 - 14:00`: the second clock time is not after the first; both as typed.
    Backwards(String, String),
    /// `1:75`, `1h90`.
    Malformed,
    /// None of the forms.
    Unknown,
}

impl std::error::Error for DurationError {}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says(Locale::British))
    }
}

impl DurationError {
    /// What is wrong, in words; a bare number is asked about, hours only if there are so many in a day.
    pub fn says(&self, locale: Locale) -> String {
        match self {
            DurationError::Zero => say!(locale, "no time at all"),
            DurationError::Negative => say!(locale, "less than no time"),
            DurationError::OverADay => say!(locale, "more than a day"),
            DurationError::Ambiguous(n) if n.parse::<u64>().is_ok_and(|v| v <= 24) => {
                say!(locale, "{n} hours or {n} minutes? Write {n}h or {n}m.", n = n)
            }
            DurationError::Ambiguous(n) => say!(locale, "{n} minutes? Write {n}m.", n = n),
            DurationError::MinutesOrWords(hours, minutes) => {
                say!(
                    locale,
                    "{hours} hours and {minutes} minutes? Write {hours}h{minutes}m.",
                    hours = hours,
                    minutes = minutes
                )
            }
            DurationError::Backwards(from, to) => {
                say!(locale, "how long is it from {from} to {to}? Write the hours.", from = from, to = to)
            }
            DurationError::Malformed => say!(locale, "not a time that a clock can show"),
            DurationError::Unknown => say!(locale, "not a duration"),
        }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            DurationError::Zero => "duration_zero",
            DurationError::Negative => "duration_negative",
            DurationError::OverADay => "duration_over_a_day",
            DurationError::Ambiguous(_) | DurationError::MinutesOrWords(..) => "duration_ambiguous",
            DurationError::Backwards(..) => "duration_backwards",
            DurationError::Malformed => "duration_malformed",
            DurationError::Unknown => "duration_unknown",
        }
    }
}

/// What stands at the start of a text: how many bytes of it, and what they mean.
pub type Found = (usize, Result<Quantity, DurationError>);

const NUMBER: &str =
    r"(-\s?)?(\d{1,3}[ -]\d{1,2}/\d{1,2}|\d{1,2}/\d{1,2}|\d{0,3} ?[¼½¾⅓⅔⅛]|\d{1,7}[.,]\d{1,20}|[.,]\d{1,20}|\d{1,9})";
/// Longer words first: the first that fits is taken.
const HOURS: &str = "(?:hours?|hrs?|heures?|horas?|stunden?|std|h)";
const MINUTES: &str = "(?:minuten|minutes?|minutos?|mins?|m|')";
const UNITS: &str = "(?:units?|unités?|unidades?|unidad|einheit(?:en)?|u)";

static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^(-\s?)?(\d{{1,3}}):(\d{{2}})(?::(\d{{2}}))?(?:\s?{HOURS}\b)?")));
static HOURS_MINUTES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"^(-\s?)?(\d{{1,5}})\s?{HOURS}(?:,\s?|\.?\s?(?:(?:and|und|et|y)\s)?)(\d{{1,4}})\s?{MINUTES}"))
});
static HOURS_GLUED: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^(-\s?)?(\d{{1,5}})(?:{HOURS}|\s?{HOURS}\s)(\d{{1,4}})")));
static WITH_UNIT: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^{NUMBER}\s?(?:({HOURS})|({MINUTES})|({UNITS}))")));
static BARE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^{NUMBER}")));
static ANYWHERE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:^|[\s(,;])(?:\d{{1,7}}(?:[.,]\d{{1,20}})?|[.,]\d{{1,20}}|\d{{0,3}}[½¼¾]|\d/\d)\s?(?:{HOURS}|{MINUTES}|{UNITS})(?:\d{{1,2}}m?)?(?:[\s).,;:!?]|$)"
    ))
});

/// "half past" of a number with its unit: `1 hour and a half`, `1 heure et demie`, `2 horas y media`.
static AND_A_HALF: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^,?\s(?:and a half|et demie?|y media|und eine halbe)(?: stunde)?"));
/// Two times of day with what people put between them; each says its minutes, its half of the day, or "Uhr".
static SPAN: LazyLock<Regex> = LazyLock::new(|| {
    let time = r"(\d{1,2}[:.h]\d{2}(?:\s?(?:[ap]\.?m\b\.?|uhr))?|\d{1,2}\s?(?:[ap]\.?m\b\.?|uhr))";
    pattern(&format!(
        r"^(?:(?:from|between|von|zwischen|de|entre|desde)\s+)?{time}\s?(?:-|to|until|till|bis|jusqu'à|à|hasta|and|und|et|y|a)\s?(?:las?\s)?{time}"
    ))
});

/// Reads a duration that says its unit at the start of `text`: `1.5h`, `90m`, `1h 30`, `3u`, `½h`.
pub fn explicit(text: &str) -> Option<Found> {
    hours_minutes(text).or_else(|| with_unit(text))
}

/// Reads two times of the same day at the start of `text` as the length between them: `14:00 - 14:20`, `2pm to 3:30pm`.
pub fn span(text: &str) -> Option<Found> {
    let found = SPAN.captures(text)?;
    let end = whole(text, &found)?;
    let (from, to) = (found.get(1)?.as_str(), found.get(2)?.as_str());
    let is_afternoon = |time: &str| time.contains(['p', 'P']);
    let says_half = |time: &str| time.contains(['m', 'M']);
    let has = |part: &[char]| from.contains(part) || to.contains(part);
    // "1.50 to 2.50" and "1h30 to 2h" are lengths as well.
    let is_early = from.len() < 5 && !from.starts_with(['7', '8', '9']);
    if (has(&['.']) && !has(&['u', 'U', 'm', 'M'])) || (has(&['h']) && !has(&['u', 'U']) && is_early) {
        return None;
    }
    let (Some(mut start), Some(stop)) = (seconds_of_day(from), seconds_of_day(to)) else {
        return Some((end, Err(DurationError::Malformed)));
    };
    // "2:00-3:30pm": both of the afternoon.
    if is_afternoon(to) && !says_half(from) && start < DAY / 2 && start.saturating_add(DAY / 2) < stop {
        start = start.saturating_add(DAY / 2);
    }
    let backwards = || DurationError::Backwards(from.trim().to_owned(), to.trim().to_owned());
    Some((
        end,
        stop.checked_sub(start)
            .ok_or_else(backwards)
            .and_then(|s| if s == 0 { Err(backwards()) } else { checked(false, s) }),
    ))
}

/// The seconds since midnight of `14:20`, `14h20`, `14.20 Uhr`, `2:20 p.m.`.
fn seconds_of_day(time: &str) -> Option<u64> {
    let lower = time.to_lowercase();
    let mut numbers = lower.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
    let hour: u64 = numbers.next()?.parse().ok()?;
    let minutes: u64 = numbers.next().map_or(Some(0), |n| n.parse().ok())?;
    let hour = match (lower.contains('m'), lower.contains('p')) {
        (false, _) => Some(hour).filter(|h| *h < 24)?,
        (true, afternoon) => {
            let hour = Some(hour).filter(|h| (1..=12).contains(h))?;
            (hour % 12).saturating_add(if afternoon { 12 } else { 0 })
        }
    };
    (minutes < 60).then(|| hour.saturating_mul(HOUR).saturating_add(minutes.saturating_mul(60)))
}

/// Finds hours with their unit at the start of `text`, then a number that may be their minutes or the first of the words:
/// how many bytes the hours take, and both numbers.
pub fn maybe_minutes(text: &str) -> Option<(usize, DurationError)> {
    let found = HOURS_GLUED.captures(text)?;
    whole(text, &found)?;
    let (hours, minutes) = (found.get(2)?.as_str(), found.get(3)?);
    let before = text.get(..minutes.start())?.trim_end().len();
    let words = text.get(minutes.end()..)?.starts_with(' ');
    let of_a_clock =
        matches!(minutes.as_str(), "05" | "10" | "15" | "20" | "25" | "30" | "35" | "40" | "45" | "50" | "55");
    let unsure = DurationError::MinutesOrWords(hours.to_owned(), minutes.as_str().to_owned());
    (words && of_a_clock && before < minutes.start()).then_some((before, unsure))
}

/// Reads `1:30` or `01:30:00` at the start of `text` as hours and minutes.
pub fn clock(text: &str) -> Option<Found> {
    let found = CLOCK.captures(text)?;
    let end = whole(text, &found)?;
    let (h, m): (u64, u64) = (number(&found, 2)?, number(&found, 3)?);
    let s: u64 = number(&found, 4).unwrap_or(0);
    if m > 59 || s > 59 {
        return Some((end, Err(DurationError::Malformed)));
    }
    let seconds = h.saturating_mul(HOUR).saturating_add(m.saturating_mul(60)).saturating_add(s);
    Some((end, checked(found.get(1).is_some(), seconds)))
}

/// Reads a number without a unit at the start of `text`: hours with a decimal sign or from 1 to 8, else a question
/// (decisions.md 15).
pub fn bare(text: &str) -> Option<Found> {
    let found = BARE.captures(text)?;
    let end = whole(text, &found)?;
    let digits = found.get(2)?.as_str();
    if digits.contains('/') {
        return None;
    }
    let negative = found.get(1).is_some();
    let whole_number = digits.bytes().all(|b| b.is_ascii_digit());
    let (top, bottom) = fraction(digits)?;
    if whole_number && top > 8 && !negative {
        return Some((end, Err(DurationError::Ambiguous(top.to_string()))));
    }
    Some((end, checked(negative, scaled(top, bottom, HOUR))))
}

/// Reads a whole text as a duration in any of the forms.
pub fn parse(text: &str) -> Result<Quantity, DurationError> {
    let text = text.trim();
    let found = explicit(text).or_else(|| clock(text)).or_else(|| bare(text));
    match found {
        Some((end, value)) if text.get(end..).is_some_and(|rest| rest.is_empty() || rest == ".") => value,
        _ => Err(DurationError::Unknown),
    }
}

/// Says whether a duration with its unit stands anywhere in `text`.
pub fn stands_in(text: &str) -> bool {
    ANYWHERE.is_match(text)
}

fn hours_minutes(text: &str) -> Option<Found> {
    if let Some(found) = HOURS_MINUTES.captures(text)
        && let Some(end) = whole(text, &found)
    {
        return Some((end, sum(&found)?));
    }
    let found = HOURS_GLUED.captures(text)?;
    let end = whole(text, &found)?;
    // "1h 30" is half past only where nothing follows that the 30 could count: "1h 30 pages reviewed".
    let apart = found.get(0)?.as_str().contains(char::is_whitespace);
    if apart && !text.get(end..)?.trim_matches([' ', '.', ':', ',']).is_empty() {
        return None;
    }
    let minutes: u64 = number(&found, 3)?;
    Some((end, if minutes > 59 { Err(DurationError::Malformed) } else { sum(&found)? }))
}

fn sum(found: &regex::Captures<'_>) -> Option<Result<Quantity, DurationError>> {
    let (h, m): (u64, u64) = (number(found, 2)?, number(found, 3)?);
    Some(checked(found.get(1).is_some(), h.saturating_mul(HOUR).saturating_add(m.saturating_mul(60))))
}

fn with_unit(text: &str) -> Option<Found> {
    let found = WITH_UNIT.captures(text)?;
    let end = whole(text, &found)?;
    let (top, bottom) = fraction(found.get(2)?.as_str())?;
    let unit = match (found.get(3), found.get(4)) {
        (Some(_), _) => HOUR,
        (_, Some(_)) => 60,
        _ => UNIT,
    };
    if let Some(half) = AND_A_HALF.captures(text.get(end..)?)
        && let Some(more) = whole(text.get(end..)?, &half)
    {
        let seconds = scaled(top, bottom, unit).saturating_add(unit / 2);
        return Some((end.saturating_add(more), checked(found.get(1).is_some(), seconds)));
    }
    Some((end, checked(found.get(1).is_some(), scaled(top, bottom, unit))))
}

fn checked(negative: bool, seconds: u64) -> Result<Quantity, DurationError> {
    match seconds {
        0 => Err(DurationError::Zero),
        _ if negative => Err(DurationError::Negative),
        s if s > DAY => Err(DurationError::OverADay),
        s => u32::try_from(s).map(Quantity).map_err(|_| DurationError::OverADay),
    }
}

/// Seconds of `top/bottom` units, a part of a second counted as a whole one.
fn scaled(top: u64, bottom: u64, unit: u64) -> u64 {
    top.saturating_mul(unit).div_ceil(bottom.max(1))
}

/// A typed number as a fraction: `1.5`, `1,5`, `.5`, `½`, `1½`, `1/2`, `1 1/2`.
fn fraction(text: &str) -> Option<(u64, u64)> {
    if let Some((before, bottom)) = text.split_once('/') {
        let (whole, top) = before.rsplit_once([' ', '-']).unwrap_or(("0", before));
        return mixed(whole, top.parse().ok()?, bottom.parse().ok()?);
    }
    if let Some(sign) = text.chars().last().filter(|c| !c.is_ascii_digit()) {
        let (top, bottom) = vulgar(sign)?;
        return mixed(text.trim_end_matches(sign), top, bottom);
    }
    let Some((whole, part)) = text.split_once(['.', ',']) else { return Some((text.parse().ok()?, 1)) };
    let part = part.get(..part.len().min(7))?;
    mixed(whole, part.parse().ok()?, 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?)
}

fn mixed(whole: &str, top: u64, bottom: u64) -> Option<(u64, u64)> {
    let whole: u64 = if whole.trim().is_empty() { 0 } else { whole.trim().parse().ok()? };
    (bottom > 0).then(|| (whole.saturating_mul(bottom).saturating_add(top), bottom))
}

fn vulgar(sign: char) -> Option<(u64, u64)> {
    Some(match sign {
        '¼' => (1, 4),
        '½' => (1, 2),
        '¾' => (3, 4),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '⅛' => (1, 8),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One form of c4 and its seconds.
    const FORMS: &[(&str, u32)] = &[
        ("1.5h", 5400),
        ("1,5h", 5400),
        ("1.5 hrs", 5400),
        ("1.5 hours", 5400),
        ("1.5H", 5400),
        ("1.5", 5400),
        ("1,5", 5400),
        (".5", 1800),
        (".5h", 1800),
        ("½", 1800),
        ("1", 3600),
        ("8", 28800),
        ("9.5", 34200),
        ("90m", 5400),
        ("90min", 5400),
        ("90 minutes", 5400),
        ("90'", 5400),
        ("1h30", 5400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1 h 30 min", 5400),
        ("1 hour 30 minutes", 5400),
        ("1 hour and 30 minutes", 5400),
        ("1 hour, 30 minutes", 5400),
        ("1h 30", 5400),
        ("1hr30", 5400),
        ("1h5", 3900),
        ("1:30", 5400),
        ("01:30:00", 5400),
        ("0:50", 3000),
        ("1:30h", 5400),
        ("3u", 1080),
        ("3 units", 1080),
        ("1 unit", 360),
        ("1/2h", 1800),
        ("½h", 1800),
        ("1½h", 5400),
        ("1½ hours", 5400),
        ("1 1/2h", 5400),
        ("¾h", 2700),
        ("1.2h", 4320),
        ("72min", 4320),
        ("1h 12m", 4320),
        ("1:12", 4320),
        ("1.33333333333333h", 4800),
        ("24h", 86400),
        ("1,5 Std", 5400),
        ("1,5 Std.", 5400),
        ("1,5 Stunden", 5400),
        ("1 Stunde", 3600),
        ("90 Min", 5400),
        ("90 Min.", 5400),
        ("90 Minuten", 5400),
        ("1 Std. 30 Min.", 5400),
        ("1 Stunde und 30 Minuten", 5400),
        ("3 Einheiten", 1080),
        ("1 heure 30", 5400),
        ("1 h 30", 5400),
        ("1,5 heure", 5400),
        ("2 heures", 7200),
        ("1 heure et 30 minutes", 5400),
        ("2 horas", 7200),
        ("1,5 horas", 5400),
        ("1 hora y 30 minutos", 5400),
        ("90 minutos", 5400),
    ];

    const REFUSED: &[(&str, &str)] = &[
        ("45", "duration_ambiguous"),
        ("9", "duration_ambiguous"),
        ("15", "duration_ambiguous"),
        ("0", "duration_zero"),
        ("0h", "duration_zero"),
        ("0:00", "duration_zero"),
        ("-1h", "duration_negative"),
        ("-1.5", "duration_negative"),
        ("-1:30", "duration_negative"),
        ("25h", "duration_over_a_day"),
        ("24h01", "duration_over_a_day"),
        ("1500m", "duration_over_a_day"),
        ("25.0", "duration_over_a_day"),
        ("1:75", "duration_malformed"),
        ("1h90", "duration_malformed"),
        ("soon", "duration_unknown"),
        ("1/2", "duration_unknown"),
        ("1.5hello", "duration_unknown"),
        ("", "duration_unknown"),
    ];

    #[test]
    fn every_form_of_c4_is_read() {
        for (text, seconds) in FORMS {
            assert_eq!(parse(text), Ok(Quantity(*seconds)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_recorded_is_refused_by_a_stable_code() {
        for (text, code) in REFUSED {
            assert_eq!(parse(text).map_err(|e| e.code()), Err(*code), "{text}");
        }
    }

    #[test]
    fn two_times_of_day_are_the_length_between_them() {
        for (text, minutes) in [
            ("14:00 - 14:20", 20),
            ("9:00-10:00", 60),
            ("14:00 to 15:30", 90),
            ("from 14:00 until 14:05", 5),
            ("14.00 bis 14.20 Uhr", 20),
            ("14 Uhr bis 15 Uhr", 60),
            ("de 14h00 à 14h20", 20),
            ("de 9:30 a 10:00", 30),
            ("2pm to 3:30 p.m.", 90),
            ("2:00-3:30pm", 90),
            ("11:00-1:30 pm", 150),
            ("11:30am-12pm", 30),
        ] {
            assert_eq!(span(text), Some((text.len(), Ok(Quantity(minutes * 60)))), "{text}");
        }
        for text in ["14:20 - 14:00", "14:00-14:00"] {
            assert!(matches!(span(text), Some((_, Err(DurationError::Backwards(..))))), "{text}");
        }
        assert_eq!(span("25:00-26:00").unwrap().1, Err(DurationError::Malformed));
        for text in [
            "14:00",
            "14:00 - call",
            "1h to 2h",
            "1h30 - 2h45",
            "1.50 to 2.50",
            "1.5 to 2.5",
            "1-2 pages",
            "14:00 14:20",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_and_a_half_in_figures_is_not_cut_to_an_hour() {
        for text in ["1 hour and a half", "1 heure et demie", "1 hora y media", "1h and a half"] {
            assert_eq!(parse(text), Ok(Quantity(5400)), "{text}");
        }
        assert_eq!(explicit("1 hora y media carta").map(|f| f.0), Some(14));
    }

    #[test]
    fn a_bare_number_is_asked_about_in_the_words_of_the_rule() {
        let asked = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(asked("15"), "15 hours or 15 minutes? Write 15h or 15m.");
        assert_eq!(asked("45"), "45 minutes? Write 45m.");
    }

    #[test]
    fn a_number_that_counts_something_is_no_part_of_the_hours() {
        assert_eq!(explicit("1h 30 pages reviewed"), Some((2, Ok(Quantity(3600)))));
        let unsure = DurationError::MinutesOrWords("1".into(), "30".into());
        for text in ["1h 30 Drafted brief", "1h 30 pages reviewed"] {
            assert_eq!(maybe_minutes(text), Some((2, unsure.clone())), "{text}");
        }
        for sure in ["1h 30", "1h 30m Drafted", "1h30 Drafted", "1h 12 letters", "1h 300 pages", "1h Drafted 30"] {
            assert_eq!(maybe_minutes(sure), None, "{sure}");
        }
        assert_eq!(explicit("1.5h: Drafted"), Some((4, Ok(Quantity(5400)))));
        assert_eq!(explicit("90m, call").map(|f| f.0), Some(3));
        assert_eq!(clock("1:30 hearing"), Some((4, Ok(Quantity(5400)))));
    }

    #[test]
    fn a_duration_is_found_in_mid_sentence_and_a_word_is_not() {
        for text in ["call of 1.5h with client", "30 min", "letters (2h)", "1h30"] {
            assert!(stands_in(text), "{text}");
        }
        for text in ["12 March", "4 matters", "2 human errors", "A103", "10:30", ""] {
            assert!(!stands_in(text), "{text}");
        }
    }

    #[test]
    fn time_is_rounded_up_to_the_firms_step() {
        // minutes worked, step, recorded decimal hours (requirements.md TIM-14)
        for (worked, step, recorded) in [
            (5, 6, "0.1"),
            (7, 6, "0.2"),
            (9, 6, "0.2"),
            (9, 15, "0.25"),
            (45, 6, "0.8"),
            (50, 6, "0.9"),
            (50, 1, "0.83"),
        ] {
            let rounded = Increment::minutes(step).unwrap().round_up(Quantity(worked * 60));
            assert_eq!(rounded.decimal_hours(), recorded, "{worked} min in steps of {step}");
        }
        assert!(Increment::minutes(0).is_none() && Increment::minutes(61).is_none());
    }

    #[test]
    fn hours_and_minutes_are_shown_as_a_clock_does() {
        assert_eq!(Quantity(3000).h_mm(), "0:50");
        assert_eq!(Quantity(3630).h_mm(), "1:00:30");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = (parse(&text), explicit(&text), clock(&text), span(&text), bare(&text), stands_in(&text));
        }

        #[test]
        fn no_text_of_its_own_alphabet_makes_it_panic(text in "[0-9 .,:/h'mu½-]{0,12}") {
            for (end, _) in [explicit(&text), clock(&text), bare(&text)].into_iter().flatten() {
                prop_assert!(text.get(..end).is_some());
            }
        }

        #[test]
        fn one_hour_and_some_minutes_is_never_many_hours(h in 0_u32..24, m in 0_u32..60) {
            prop_assume!(h + m > 0);
            for text in [format!("{h}h{m}"), format!("{h}h{m:02}"), format!("{h}h {m}m"), format!("{h}:{m:02}")] {
                prop_assert_eq!(parse(&text), Ok(Quantity(h * 3600 + m * 60)), "{}", text);
            }
        }

        #[test]
        fn rounding_never_loses_time_and_adds_less_than_a_step(seconds in 1_u32..=86_400, minutes in 1_u32..=60) {
            let step = Increment::minutes(minutes).unwrap();
            let rounded = step.round_up(Quantity(seconds)).seconds();
            prop_assert!(rounded >= seconds && rounded - seconds < minutes * 60);
            prop_assert_eq!(step.round_up(Quantity(rounded)).seconds(), rounded);
        }

        #[test]
        fn a_decimal_has_at_most_two_places(seconds in 0_u32..=86_400) {
            let shown = Quantity(seconds).decimal_hours();
            prop_assert!(shown.split_once('.').is_none_or(|(_, p)| p.len() <= 2 && !p.ends_with('0')));
            prop_assert!((shown.parse::<f64>().unwrap() - f64::from(seconds) / 3600.0).abs() <= 0.005_000_1);
        }

        #[test]
        fn what_is_shown_as_a_clock_is_read_back(seconds in 1_u32..=86_400) {
            prop_assert_eq!(parse(&Quantity(seconds).h_mm()), Ok(Quantity(seconds)));
        }
    }
}
