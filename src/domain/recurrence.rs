//! How an event repeats: the words that a lawyer types and the RRULE of calendars (RFC 5545 3.3.10) come in, days and one
//! canonical RRULE go out. Only rules that repeat by days are kept: every n days, weeks, months, years, on given days.
//!
//! It steps through the days and asks of each whether the rule meets it, so that there is no rule that it can't finish:
//! the libraries for this bring a second library for dates and a second copy of the zone data.

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::dates::Locale;
use crate::language::{all_of, count, say};

/// The longest that a series is followed, in days.
const LONGEST: usize = 366 * 30;
/// The most times that a series may be said to repeat.
const MOST_TIMES: u32 = 1_000;
/// The longest rule that is read, in bytes.
const LONGEST_TEXT: usize = 200;

/// What is counted from one time to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

/// When a series ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It does not.
    Never,
    /// After so many times.
    After(u32),
    /// On this day, which still belongs to it.
    On(Date),
    /// At this moment, which still belongs to it: what other calendars write.
    At(Timestamp),
}

/// A day of the week; in a month or year the n-th of them, from its end if negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OnWeekday {
    nth: Option<i8>,
    weekday: Weekday,
}

/// How an event repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    every: Every,
    interval: u16,
    weekdays: Vec<OnWeekday>,
    month_days: Vec<i8>,
    months: Vec<i8>,
    week_starts: Weekday,
    end: End,
}

/// Why a text is no rule that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Neither words nor an RRULE.
    #[error(
        "write daily, weekdays, weekly, fortnightly, monthly, yearly, every 3 weeks, weekly on mon and wed, monthly on the second tuesday, monthly on the last friday, or monthly on day 15"
    )]
    Unknown,
    /// An RRULE with a part that is not kept.
    #[error(
        "only FREQ (DAILY to YEARLY), INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH and WKST can stand in a rule"
    )]
    Part,
    /// More times than anybody means.
    #[error("a series can repeat 1000 times at most")]
    TooOften,
}

impl Rule {
    /// The same rule with another end.
    pub fn ending(self, end: End) -> Rule {
        Rule { end, ..self }
    }

    /// When it ends.
    pub const fn end(&self) -> End {
        self.end
    }

    /// The days on which a series that begins on `first` takes place, in order; `first` is always one (RFC 5545 3.8.5.3).
    /// An end by the moment is for the caller, who knows the time of day.
    pub fn days(&self, first: Date) -> impl Iterator<Item = Date> + '_ {
        let times = match self.end {
            End::After(times) => usize::try_from(times).unwrap_or(usize::MAX),
            End::Never | End::On(_) | End::At(_) => usize::MAX,
        };
        let last = match self.end {
            End::On(day) => day,
            End::Never | End::After(_) | End::At(_) => Date::MAX,
        };
        first
            .series(1.day())
            .take(LONGEST)
            .take_while(move |day| *day <= last)
            .filter(move |day| *day == first || self.meets(first, *day))
            .take(times)
    }

    /// Whether the first day is one that the rule means by itself, so that every calendar counts alike.
    pub fn fits(&self, first: Date) -> bool {
        self.meets(first, first)
    }

    fn meets(&self, first: Date, day: Date) -> bool {
        let interval = i64::from(self.interval.max(1));
        let passed = match self.every {
            Every::Day => days_between(first, day),
            Every::Week => days_between(self.week_of(first), self.week_of(day)) / 7,
            Every::Month => months(day).saturating_sub(months(first)),
            Every::Year => i64::from(day.year()).saturating_sub(i64::from(first.year())),
        };
        let in_month = self.months.is_empty() || self.months.contains(&day.month());
        passed.checked_rem(interval) == Some(0) && in_month && self.on_day(first, day)
    }

    fn on_day(&self, first: Date, day: Date) -> bool {
        if !self.weekdays.is_empty() {
            let one_of_month = self.month_days.is_empty() || self.on_month_day(day);
            return one_of_month && self.weekdays.iter().any(|w| w.meets(day));
        }
        if !self.month_days.is_empty() {
            return self.on_month_day(day);
        }
        match self.every {
            Every::Day => true,
            Every::Week => day.weekday() == first.weekday(),
            Every::Month => day.day() == first.day(),
            Every::Year => day.day() == first.day() && (!self.months.is_empty() || day.month() == first.month()),
        }
    }

    fn on_month_day(&self, day: Date) -> bool {
        let from_end = day.day().saturating_sub(day.days_in_month()).saturating_sub(1);
        self.month_days.iter().any(|n| *n == day.day() || *n == from_end)
    }

    fn week_of(&self, day: Date) -> Date {
        let back = i64::from(day.weekday().since(self.week_starts));
        day.checked_sub(back.days()).unwrap_or(day)
    }

    /// The canonical RRULE as it is stored; an end on a day is written as that day.
    pub fn stored(&self) -> String {
        let end = match self.end {
            End::Never => String::new(),
            End::After(times) => format!(";COUNT={times}"),
            End::On(day) => format!(";UNTIL={}", day.strftime("%Y%m%d")),
            End::At(moment) => format!(";UNTIL={}", moment.strftime("%Y%m%dT%H%M%SZ")),
        };
        format!("{}{end}", self.pattern())
    }

    /// The RRULE as it stands in an event (RFC 5545 3.3.10: UNTIL is a day where DTSTART is one, and a moment of UTC
    /// where DTSTART has a zone).
    pub fn written(&self, all_day: bool, zone: &TimeZone) -> String {
        let end = match self.end {
            End::Never => String::new(),
            End::After(times) => format!(";COUNT={times}"),
            End::On(day) if all_day => format!(";UNTIL={}", day.strftime("%Y%m%d")),
            End::At(moment) if all_day => {
                format!(";UNTIL={}", moment.to_zoned(zone.clone()).strftime("%Y%m%d"))
            }
            End::On(day) => match day.at(23, 59, 59, 0).to_zoned(zone.clone()) {
                Ok(last) => format!(";UNTIL={}", last.timestamp().strftime("%Y%m%dT%H%M%SZ")),
                Err(_) => String::new(),
            },
            End::At(moment) => format!(";UNTIL={}", moment.strftime("%Y%m%dT%H%M%SZ")),
        };
        format!("{}{end}", self.pattern())
    }

    fn pattern(&self) -> String {
        let mut text = format!("FREQ={}", self.every.word());
        if self.interval > 1 {
            text.push_str(&format!(";INTERVAL={}", self.interval));
        }
        let list = |values: &[i8]| values.iter().map(i8::to_string).collect::<Vec<_>>().join(",");
        if !self.months.is_empty() {
            text.push_str(&format!(";BYMONTH={}", list(&self.months)));
        }
        if !self.month_days.is_empty() {
            text.push_str(&format!(";BYMONTHDAY={}", list(&self.month_days)));
        }
        if !self.weekdays.is_empty() {
            let days: Vec<String> = self.weekdays.iter().map(OnWeekday::to_string).collect();
            text.push_str(&format!(";BYDAY={}", days.join(",")));
        }
        if self.week_starts != Weekday::Monday {
            text.push_str(&format!(";WKST={}", code(self.week_starts)));
        }
        text
    }

    /// The rule in words, without its end: "every 2 weeks on Monday and Wednesday".
    pub fn in_words(&self, locale: Locale) -> String {
        let interval = self.interval.max(1);
        let often = match self.every {
            Every::Day => count!(locale, interval, "every day", "every {n} days"),
            Every::Week => count!(locale, interval, "every week", "every {n} weeks"),
            Every::Month => count!(locale, interval, "every month", "every {n} months"),
            Every::Year => count!(locale, interval, "every year", "every {n} years"),
        };
        let mut on: Vec<String> = self.weekdays.iter().map(|day| day.in_words(locale)).collect();
        on.extend(self.month_days.iter().map(|day| match u32::from(day.unsigned_abs()) {
            1 if *day < 0 => say!(locale, "the last day"),
            number if *day < 0 => say!(locale, "day {number} from the end", number = number),
            number => say!(locale, "day {number}", number = number),
        }));
        let often = match on.as_slice() {
            [] => often,
            days => say!(locale, "{often} on {days}", often = often, days = all_of(locale, days)),
        };
        if self.months.is_empty() {
            return often;
        }
        let months: Vec<&str> = self.months.iter().map(|month| locale.month(*month)).collect();
        say!(locale, "{often} in {months}", often = often, months = months.join(", "))
    }

    /// Reads what was typed: words, or an RRULE.
    pub fn read(text: &str) -> Result<Rule, RuleError> {
        let text = text.trim();
        if text.len() > LONGEST_TEXT || !text.is_ascii() {
            return Err(RuleError::Unknown);
        }
        match text.to_ascii_uppercase() {
            rule if rule.contains("FREQ=") => from_rrule(rule.strip_prefix("RRULE:").unwrap_or(&rule)),
            _ => from_words(&text.to_ascii_lowercase()),
        }
    }
}

impl Every {
    const ALL: [Every; 4] = [Every::Day, Every::Week, Every::Month, Every::Year];

    const fn word(self) -> &'static str {
        match self {
            Every::Day => "DAILY",
            Every::Week => "WEEKLY",
            Every::Month => "MONTHLY",
            Every::Year => "YEARLY",
        }
    }

    const fn rule(self) -> Rule {
        Rule {
            every: self,
            interval: 1,
            weekdays: Vec::new(),
            month_days: Vec::new(),
            months: Vec::new(),
            week_starts: Weekday::Monday,
            end: End::Never,
        }
    }
}

impl OnWeekday {
    const fn each(weekday: Weekday) -> OnWeekday {
        OnWeekday { nth: None, weekday }
    }

    fn meets(&self, day: Date) -> bool {
        let from_start = day.day().saturating_sub(1) / 7;
        let from_end = day.days_in_month().saturating_sub(day.day()) / 7;
        let in_place = match self.nth {
            None => true,
            Some(nth) if nth > 0 => from_start.saturating_add(1) == nth,
            Some(nth) => from_end.saturating_add(1) == nth.saturating_neg(),
        };
        in_place && day.weekday() == self.weekday
    }

    fn in_words(&self, locale: Locale) -> String {
        let weekday = locale.weekday(self.weekday.to_monday_one_offset());
        match self.nth {
            None => say!(locale, "{weekday}", weekday = weekday),
            Some(1) => say!(locale, "the first {weekday}", weekday = weekday),
            Some(2) => say!(locale, "the second {weekday}", weekday = weekday),
            Some(3) => say!(locale, "the third {weekday}", weekday = weekday),
            Some(4) => say!(locale, "the fourth {weekday}", weekday = weekday),
            Some(5) => say!(locale, "the fifth {weekday}", weekday = weekday),
            Some(-1) => say!(locale, "the last {weekday}", weekday = weekday),
            Some(nth) => say!(
                locale,
                "{weekday} number {number} from the end",
                weekday = weekday,
                number = u32::from(nth.unsigned_abs())
            ),
        }
    }
}

impl fmt::Display for OnWeekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nth {
            Some(nth) => write!(f, "{nth}{}", code(self.weekday)),
            None => f.write_str(code(self.weekday)),
        }
    }
}

const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

const WEEKDAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Monday, "MO", "Monday"),
    (Weekday::Tuesday, "TU", "Tuesday"),
    (Weekday::Wednesday, "WE", "Wednesday"),
    (Weekday::Thursday, "TH", "Thursday"),
    (Weekday::Friday, "FR", "Friday"),
    (Weekday::Saturday, "SA", "Saturday"),
    (Weekday::Sunday, "SU", "Sunday"),
];

fn code(weekday: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|w| w.0 == weekday).map_or("MO", |w| w.1)
}

/// "Monday".
pub fn name(weekday: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|w| w.0 == weekday).map_or("Monday", |w| w.2)
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map(|span| i64::from(span.get_days())).unwrap_or(1)
}

fn months(day: Date) -> i64 {
    i64::from(day.year()).saturating_mul(12).saturating_add(i64::from(day.month()))
}

fn from_rrule(text: &str) -> Result<Rule, RuleError> {
    let parts: Vec<(&str, &str)> = text.split(';').filter_map(|part| part.split_once('=')).collect();
    if parts.len() != text.split(';').count() {
        return Err(RuleError::Part);
    }
    let freq = parts.iter().find(|p| p.0 == "FREQ").map(|p| p.1);
    let every = Every::ALL.into_iter().find(|e| Some(e.word()) == freq).ok_or(RuleError::Part)?;
    let mut rule = every.rule();
    let mut place = None;
    for (name, value) in parts {
        match name {
            "FREQ" => {}
            "INTERVAL" => {
                rule.interval = value.parse().ok().filter(|n| (1..=500).contains(n)).ok_or(RuleError::Part)?
            }
            "COUNT" => rule.end = times(value)?,
            "UNTIL" => rule.end = until(value)?,
            "BYDAY" => rule.weekdays = value.split(',').map(weekday).collect::<Result<_, _>>()?,
            "BYMONTHDAY" => rule.month_days = numbers(value, 31)?,
            "BYMONTH" => rule.months = numbers(value, 12)?,
            "WKST" => rule.week_starts = weekday(value)?.weekday,
            // "The second Tuesday" as Outlook writes it.
            "BYSETPOS" => place = Some(numbers(value, 5)?),
            _ => return Err(RuleError::Part),
        }
    }
    if let Some(place) = place {
        match (place.as_slice(), rule.weekdays.as_mut_slice()) {
            ([nth], [only]) if only.nth.is_none() && every == Every::Month => only.nth = Some(*nth),
            _ => return Err(RuleError::Part),
        }
    }
    // The n-th weekday of a year is not kept, nor that of a week.
    let counts = rule.weekdays.iter().any(|w| w.nth.is_some());
    let within_month = every == Every::Month || (every == Every::Year && !rule.months.is_empty());
    if counts && !within_month {
        return Err(RuleError::Part);
    }
    if every == Every::Year && rule.months.is_empty() && !(rule.weekdays.is_empty() && rule.month_days.is_empty()) {
        return Err(RuleError::Part);
    }
    Ok(rule)
}

fn times(value: &str) -> Result<End, RuleError> {
    let times: u32 = value.parse().map_err(|_| RuleError::Part)?;
    if (1..=MOST_TIMES).contains(&times) { Ok(End::After(times)) } else { Err(RuleError::TooOften) }
}

fn until(value: &str) -> Result<End, RuleError> {
    if let Ok(day) = Date::strptime("%Y%m%d", value) {
        return Ok(End::On(day));
    }
    let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", value).map_err(|_| RuleError::Part)?;
    let moment = moment.to_zoned(TimeZone::UTC).map_err(|_| RuleError::Part)?;
    Ok(End::At(moment.timestamp()))
}

fn numbers(value: &str, most: i8) -> Result<Vec<i8>, RuleError> {
    let one = |n: &str| {
        let n: i8 = n.parse().map_err(|_| RuleError::Part)?;
        if n != 0 && n >= most.saturating_neg() && n <= most { Ok(n) } else { Err(RuleError::Part) }
    };
    value.split(',').take(31).map(one).collect()
}

fn weekday(value: &str) -> Result<OnWeekday, RuleError> {
    let at = value.len().saturating_sub(2);
    let (nth, day) = value.split_at_checked(at).ok_or(RuleError::Part)?;
    let weekday = WEEKDAYS.iter().find(|w| w.1 == day).map(|w| w.0).ok_or(RuleError::Part)?;
    let nth = match nth {
        "" => None,
        n => Some(n.parse().ok().filter(|n: &i8| *n != 0 && (-5..=5).contains(n)).ok_or(RuleError::Part)?),
    };
    Ok(OnWeekday { nth, weekday })
}

fn from_words(text: &str) -> Result<Rule, RuleError> {
    let (base, on) = text.split_once(" on ").map_or((text, None), |(base, on)| (base, Some(on)));
    let mut words: Vec<&str> = base.split_whitespace().collect();
    if words.first() == Some(&"every") {
        words.remove(0);
    }
    let mut rule = match words.as_slice() {
        ["weekdays" | "weekday"] => {
            Rule { weekdays: WEEKDAYS.iter().take(5).map(|w| OnWeekday::each(w.0)).collect(), ..Every::Week.rule() }
        }
        ["fortnightly" | "biweekly" | "fortnight"] => Rule { interval: 2, ..Every::Week.rule() },
        [unit] if weekday_called(unit).is_some() => {
            Rule { weekdays: weekday_called(unit).map(OnWeekday::each).into_iter().collect(), ..Every::Week.rule() }
        }
        [unit] => every(unit)?.rule(),
        ["other" | "second", unit] => Rule { interval: 2, ..every(unit)?.rule() },
        [n, unit] => {
            let interval = n.parse().ok().filter(|n| (1..=500).contains(n)).ok_or(RuleError::Unknown)?;
            Rule { interval, ..every(unit)?.rule() }
        }
        _ => return Err(RuleError::Unknown),
    };
    if let Some(on) = on {
        name_days(&mut rule, on)?;
    }
    Ok(rule)
}

/// "mon and wed", "the second tuesday", "the last friday", "day 15".
fn name_days(rule: &mut Rule, on: &str) -> Result<(), RuleError> {
    let on = on.replace(" and ", ",");
    for piece in on.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let words: Vec<&str> = piece.split_whitespace().filter(|w| *w != "the").collect();
        match (rule.every, words.as_slice()) {
            (Every::Week, [day]) => {
                rule.weekdays.push(OnWeekday::each(weekday_called(day).ok_or(RuleError::Unknown)?));
            }
            (Every::Month, ["last", "day"]) => rule.month_days.push(-1),
            (Every::Month, ["day", n]) => rule.month_days.extend(numbers(n, 31).map_err(|_| RuleError::Unknown)?),
            (Every::Month, [nth, day]) => {
                let place = ORDINALS.iter().position(|o| o == nth).and_then(|n| i8::try_from(n).ok());
                let nth = match (place, *nth) {
                    (Some(n), _) => n.saturating_add(1),
                    (None, "last") => -1,
                    _ => return Err(RuleError::Unknown),
                };
                let weekday = weekday_called(day).ok_or(RuleError::Unknown)?;
                rule.weekdays.push(OnWeekday { nth: Some(nth), weekday });
            }
            _ => return Err(RuleError::Unknown),
        }
    }
    Ok(())
}

fn every(word: &str) -> Result<Every, RuleError> {
    Ok(match word {
        "daily" | "day" | "days" => Every::Day,
        "weekly" | "week" | "weeks" => Every::Week,
        "monthly" | "month" | "months" => Every::Month,
        "yearly" | "annually" | "year" | "years" => Every::Year,
        _ => return Err(RuleError::Unknown),
    })
}

fn weekday_called(word: &str) -> Option<Weekday> {
    let is_one = |name: &str| name.to_lowercase().starts_with(word.trim_end_matches('s'));
    WEEKDAYS.iter().find(|w| word.len() >= 3 && is_one(w.2)).map(|w| w.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn days(rule: &str, first: &str, most: usize) -> Vec<String> {
        Rule::read(rule).unwrap().days(date(first)).take(most).map(|d| d.to_string()).collect()
    }

    #[test]
    fn words_and_rules_come_out_as_one_canonical_rule() {
        for (typed, stored) in [
            ("weekly", "FREQ=WEEKLY"),
            ("Every 2 weeks", "FREQ=WEEKLY;INTERVAL=2"),
            ("every other week", "FREQ=WEEKLY;INTERVAL=2"),
            ("weekly on mon and wed", "FREQ=WEEKLY;BYDAY=MO,WE"),
            ("every tuesday", "FREQ=WEEKLY;BYDAY=TU"),
            ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("monthly on the second tuesday", "FREQ=MONTHLY;BYDAY=2TU"),
            ("monthly on the last friday", "FREQ=MONTHLY;BYDAY=-1FR"),
            ("monthly on day 15", "FREQ=MONTHLY;BYMONTHDAY=15"),
            ("yearly", "FREQ=YEARLY"),
            ("RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=2TU"),
            ("freq=weekly;until=20260601;wkst=su", "FREQ=WEEKLY;WKST=SU;UNTIL=20260601"),
            ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3"),
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
        ] {
            let rule = Rule::read(typed).unwrap();
            assert_eq!(rule.stored(), stored);
            assert_eq!(Rule::read(stored).unwrap(), rule, "read back: {stored}");
        }
    }

    #[test]
    fn what_is_not_kept_is_refused() {
        for text in [
            "",
            "now and then",
            "FREQ=HOURLY",
            "FREQ=WEEKLY;BYHOUR=3",
            "FREQ=WEEKLY\r\nATTENDEE=x",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=99999999",
            "FREQ=WEEKLY;INTERVAL=0",
            "FREQ=YEARLY;BYDAY=20MO",
            "monthly on the sixth monday",
            "weekly on the second tuesday",
        ] {
            assert!(Rule::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_series_takes_place_on_the_days_that_its_rule_means() {
        assert_eq!(days("weekly on mon and wed", "2026-03-16", 3), ["2026-03-16", "2026-03-18", "2026-03-23"]);
        assert_eq!(days("every 2 weeks", "2026-03-16", 3), ["2026-03-16", "2026-03-30", "2026-04-13"]);
        assert_eq!(days("monthly on the last friday", "2026-03-27", 2), ["2026-03-27", "2026-04-24"]);
        assert_eq!(days("monthly", "2026-01-31", 3), ["2026-01-31", "2026-03-31", "2026-05-31"]);
        assert_eq!(days("monthly on the last day", "2026-01-31", 2), ["2026-01-31", "2026-02-28"]);
        assert_eq!(days("yearly", "2024-02-29", 2), ["2024-02-29", "2028-02-29"]);
        assert_eq!(days("FREQ=DAILY;COUNT=2", "2026-03-16", 9), ["2026-03-16", "2026-03-17"]);
        assert_eq!(days("FREQ=WEEKLY;UNTIL=20260330", "2026-03-16", 9).len(), 3);
        assert_eq!(days("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2", "2026-03-16", 9), ["2026-03-16"]);
    }

    #[test]
    fn an_end_on_a_day_is_written_as_the_last_moment_of_it_where_the_event_has_a_zone() {
        let rule = Rule::read("weekly").unwrap().ending(End::On(date("2026-06-01")));
        let london = TimeZone::get("Europe/London").unwrap();
        assert_eq!(rule.written(false, &london), "FREQ=WEEKLY;UNTIL=20260601T225959Z");
        assert_eq!(rule.written(true, &london), "FREQ=WEEKLY;UNTIL=20260601");
    }

    #[test]
    fn rules_are_said_in_words() {
        for (typed, words) in [
            ("weekly on mon and wed", "every week on Monday and Wednesday"),
            ("every 3 months on the last friday", "every 3 months on the last Friday"),
            ("monthly on day 15", "every month on day 15"),
            ("daily", "every day"),
        ] {
            assert_eq!(Rule::read(typed).unwrap().in_words(Locale::British), words);
        }
    }

    #[test]
    fn rules_are_said_in_the_readers_language() {
        for (typed, german, french, spanish) in [
            (
                "every 2 weeks on mon and wed",
                "alle 2 Wochen am Montag und Mittwoch",
                "toutes les 2 semaines, le lundi et le mercredi",
                "cada 2 semanas, el lunes y el miércoles",
            ),
            (
                "monthly on the second tuesday",
                "monatlich am zweiten Dienstag",
                "chaque mois, le deuxième mardi",
                "cada mes, el segundo martes",
            ),
            (
                "FREQ=YEARLY;BYMONTH=3,6;BYMONTHDAY=-1",
                "jährlich am letzten Tag im März, Juni",
                "chaque année, le dernier jour en mars, juin",
                "cada año, el último día en marzo, junio",
            ),
            ("monthly on day 15", "monatlich am 15.", "chaque mois, le 15", "cada mes, el día 15"),
        ] {
            let rule = Rule::read(typed).unwrap();
            assert_eq!(Locale::FOREIGN.map(|locale| rule.in_words(locale)), [german, french, spanish], "{typed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader_and_what_it_reads_comes_to_an_end(text in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);?)?[A-Z0-9=;,: -]{0,40}") {
            if let Ok(rule) = Rule::read(&text) {
                let _ = rule.days(date("2026-03-16")).count();
                proptest::prop_assert_eq!(Rule::read(&rule.stored()), Ok(rule.clone()));
            }
        }
    }
}
