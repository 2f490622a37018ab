//! Days and times of day: what people type comes in, relative to the sender's day; a day goes out, and is shown with
//! its month spelled (spec: commands.md c5). Never reads the clock and never guesses the order of day and month.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span, Zoned};
use regex::{Captures, Regex};

use super::scan::{number, pattern, whole};
pub use crate::language::Locale;
use crate::language::say;

/// What `12/03/2026` begins with; the firm's locale says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 12 March.
    DayMonth,
    /// December 3.
    MonthDay,
}

/// Which way a day without its year or its week is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The nearest such day up to today: work that was done.
    Past,
    /// The nearest such day to come: things that are due.
    Future,
}

impl Locale {
    /// What a numeric date of this locale begins with.
    pub const fn order(self) -> DateOrder {
        match self {
            Locale::American => DateOrder::MonthDay,
            Locale::British | Locale::German | Locale::French | Locale::Spanish => DateOrder::DayMonth,
        }
    }

    /// The day with its month spelled.
    pub fn display(self, date: Date) -> String {
        match self {
            Locale::British => date.strftime("%-d %B %Y").to_string(),
            Locale::American => date.strftime("%B %-d, %Y").to_string(),
            Locale::German => format!("{}. {} {}", date.day(), self.month(date.month()), date.year()),
            // The first of a month is the only day that French counts by rank.
            Locale::French if date.day() == 1 => format!("1er {} {}", self.month(date.month()), date.year()),
            Locale::French => format!("{} {} {}", date.day(), self.month(date.month()), date.year()),
            Locale::Spanish => format!("{} de {} de {}", date.day(), self.month(date.month()), date.year()),
        }
    }

    /// The time of day as people of this locale write it: `14:30`, `2:30 p.m.`.
    pub fn clock(self, time: Time) -> String {
        match self {
            Locale::American => {
                let half = if time.hour() < 12 { "a.m." } else { "p.m." };
                let hour = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
                format!("{hour}:{:02} {half}", time.minute())
            }
            _ => time.strftime("%H:%M").to_string(),
        }
    }

    /// The month of this number, as it is spelled in mid-sentence.
    pub fn month(self, number: i8) -> &'static str {
        let place = usize::from(number.unsigned_abs()).saturating_sub(1);
        self.months().get(place).copied().unwrap_or_default()
    }

    const fn months(self) -> &'static [&'static str; 12] {
        match self {
            Locale::British | Locale::American => &ENGLISH_MONTHS,
            Locale::German => &GERMAN_MONTHS,
            Locale::French => &FRENCH_MONTHS,
            Locale::Spanish => &SPANISH_MONTHS,
        }
    }

    /// The weekday of this number, Monday being 1.
    pub fn weekday(self, number: i8) -> &'static str {
        let place = usize::try_from(number.saturating_sub(1)).unwrap_or(0);
        let days = match self {
            Locale::British | Locale::American => &ENGLISH_DAYS,
            Locale::German => &GERMAN_DAYS,
            Locale::French => &FRENCH_DAYS,
            Locale::Spanish => &SPANISH_DAYS,
        };
        days.get(place).copied().unwrap_or_default()
    }
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const SPANISH_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const ENGLISH_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const GERMAN_DAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const FRENCH_DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const SPANISH_DAYS: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];

/// Against what a typed date is read.
#[derive(Clone, Debug)]
pub struct Against<'a> {
    /// The mail's Date in the sender's zone.
    pub now: &'a Zoned,
    /// The writer's order of day and month, and words.
    pub locale: Locale,
    /// Where to look for the nearest day.
    pub direction: Direction,
}

/// Why a text that looks like a date is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateError {
    /// 31 February.
    NoSuchDay,
    /// `03/14/2026` at a firm that writes the day first.
    WrongOrder(DateOrder),
    /// A year or a number of days that no matter has.
    TooFar,
    /// None of the forms.
    Unknown,
}

impl std::error::Error for DateError {}

impl std::fmt::Display for DateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.says(Locale::British))
    }
}

impl DateError {
    /// What is wrong, in words.
    pub fn says(self, locale: Locale) -> String {
        match self {
            DateError::NoSuchDay => say!(locale, "there is no such day"),
            DateError::WrongOrder(DateOrder::DayMonth) => {
                say!(locale, "there is no such month: dates here are written day/month/year")
            }
            DateError::WrongOrder(DateOrder::MonthDay) => {
                say!(locale, "there is no such month: dates here are written month/day/year")
            }
            DateError::TooFar => say!(locale, "too far away"),
            DateError::Unknown => say!(locale, "not a date"),
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            DateError::NoSuchDay => "date_no_such_day",
            DateError::WrongOrder(_) => "date_wrong_order",
            DateError::TooFar => "date_too_far",
            DateError::Unknown => "date_unknown",
        }
    }
}

/// What stands at the start of a text: how many bytes of it, and what they mean.
pub type Found = (usize, Result<Date, DateError>);

/// The months, in full and cut, in every language: no word means two of them.
const MONTH: &str = concat!(
    r"(january|januar|janvier|janv|jan|jänner|jän|enero|ene|february|februar|febrero|feb|février|fevrier|févr|fév",
    r"|march|mars|marzo|mar|märz|maerz|mrz|april|apr|avril|avr|abril|abr|mayo|may|mai|june|junio|juni|juin|jun",
    r"|july|julio|juli|juillet|juil|jul|august|aug|août|aout|agosto|ago|september|septembre|septiembre|setiembre|sept|sep",
    r"|october|octobre|octubre|oktober|oct|okt|november|novembre|noviembre|nov",
    r"|december|décembre|decembre|dezember|diciembre|dec|déc|dez|dic)\.?"
);
/// How the months begin.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän", "ene"],
    &["feb", "fev", "fév"],
    &["mar", "mär", "mae", "mrz"],
    &["apr", "avr", "abr"],
    &["may", "mai"],
    &["jun", "juin"],
    &["jul", "juil"],
    &["aug", "aoû", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt"],
    &["nov"],
    &["dec", "déc", "dez", "dic"],
];
const DAY_NAME: &str = concat!(
    r"(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag",
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    r"|lunes|martes|miércoles|miercoles|jueves|viernes|sábado|sabado|domingo",
    r"|monday|mon|tuesday|tues|tue|wednesday|wed|thursday|thurs|thur|thu|friday|fri|saturday|sat|sunday|sun)"
);
/// How the weekdays begin, Monday first; `mar` of mardi is four letters long, as March has its three.
const WEEKDAYS: [&[&str]; 7] = [
    &["mon", "lun"],
    &["tue", "die", "mard", "mart"],
    &["wed", "mit", "mer", "mié", "mie"],
    &["thu", "don", "jeu", "jue"],
    &["fri", "fre", "ven", "vie"],
    &["sat", "sam", "sonnab", "sáb", "sab"],
    &["sun", "sonnt", "dim", "dom"],
];

static ON: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:on|am|vom|le|du|el|del)\s+"));
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(today|yesterday|tomorrow|heute|gestern|vorgestern|morgen|übermorgen|aujourd'hui|hier|avant-hier|demain|hoy|ayer|anteayer|mañana)",
    )
});
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?:(last|next|this|letzten|letzter|vergangenen|nächsten|naechsten|kommenden|diesen|pasado|próximo|proximo|este)\s+)?{DAY_NAME}(?:\s+(dernier|prochain|pasado|próximo|proximo))?"
    ))
});
/// "Sat in on the deposition", "Sat with client": work, not a Saturday.
static SAT_DOWN: LazyLock<Regex> = LazyLock::new(|| pattern(r"^sat\s+(?:in|with|on|through|down|as|at)\b"));
static OFFSET: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([+-])(\d{1,4})([dw])"));
static ISO: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})"));
static NUMERIC: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})([/.-])(\d{1,2})([/.-])(\d{4}|\d{2})"));
static NO_YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})/(\d{1,2})"));
static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"^(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th|er|ero|\.|º|°)?[\s-]*(?:(?:of|de)\s+)?{MONTH}"))
});
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"^{MONTH}[\s-]*(\d{{1,2}})(?:st|nd|rd|th)?")));
static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^,?[\s-]\s*(?:del?\s+)?'?(\d{4}|\d{2})"));
/// `12.3.`, as German writes a day without its year.
static DOTTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})\.\s?(\d{1,2})\."));
/// `14 Uhr`, `7h30`.
static UHR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})(?:[:.](\d{2}))?\s?uhr"));
static HEURES: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})\s?h\s?(\d{2})?"));
static CLOCK: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2}):(\d{2})"));
static HALF_DAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})(?:[:.](\d{2}))?\s?(a|p)\.?m\.?"));

/// Reads a date in any form of c5 at the start of `text`; "on" may stand before it.
pub fn prefix(text: &str, against: &Against<'_>) -> Option<Found> {
    let skip = ON.find(text).map_or(0, |m| m.end());
    let rest = text.get(skip..)?;
    let (end, value) = word(rest, against)
        .or_else(|| weekday(rest, against))
        .or_else(|| offset(rest, against))
        .or_else(|| iso(rest))
        .or_else(|| numeric(rest, against))
        .or_else(|| spelled(rest, against))
        .or_else(|| without_year(rest, against))?;
    Some((end.saturating_add(skip), value))
}

/// Reads a whole text as a date.
pub fn parse(text: &str, against: &Against<'_>) -> Result<Date, DateError> {
    let text = text.trim();
    match prefix(text, against) {
        Some((end, value)) if text.get(end..).is_some_and(str::is_empty) => value,
        _ => Err(DateError::Unknown),
    }
}

/// Reads a time of day at the start of `text`: `14:00`, `2pm`, `2:30 p.m.`; its length in bytes and the time.
pub fn time_of_day(text: &str) -> Option<(usize, Time)> {
    if let Some(found) = HALF_DAY.captures(text)
        && let Some(end) = whole(text, &found)
    {
        let hour: i8 = number(&found, 1)?;
        let half = if found.get(3)?.as_str().eq_ignore_ascii_case("p") { 12 } else { 0 };
        let time = Time::new((hour % 12).saturating_add(half), number(&found, 2).unwrap_or(0), 0, 0).ok()?;
        return (1..=12).contains(&hour).then_some((end, time));
    }
    [&UHR, &HEURES, &CLOCK].into_iter().find_map(|form| {
        let found = form.captures(text)?;
        let end = whole(text, &found)?;
        Some((end, Time::new(number(&found, 1)?, number(&found, 2).unwrap_or(0), 0, 0).ok()?))
    })
}

fn word(text: &str, against: &Against<'_>) -> Option<Found> {
    let found = WORD.captures(text)?;
    let end = whole(text, &found)?;
    let days = match found.get(1)?.as_str().to_lowercase().as_str() {
        // In German it means "here".
        "hier" if against.locale != Locale::French => return None,
        "today" | "heute" | "aujourd'hui" | "hoy" => 0,
        "yesterday" | "gestern" | "hier" | "ayer" => -1,
        "vorgestern" | "avant-hier" | "anteayer" => -2,
        "übermorgen" => 2,
        _ => 1,
    };
    Some((end, moved(against.now.date(), days)))
}

fn weekday(text: &str, against: &Against<'_>) -> Option<Found> {
    if SAT_DOWN.is_match(text) {
        return None;
    }
    let found = WEEKDAY.captures(text)?;
    let end = whole(text, &found)?;
    let wanted = named_weekday(found.get(2)?.as_str())?;
    let today = against.now.date();
    let qualifier = found.get(1).or(found.get(3)).map(|m| m.as_str().to_lowercase());
    let since = i64::from(today.weekday().since(wanted));
    let until = i64::from(today.weekday().until(wanted));
    let days = match (qualifier.as_deref(), against.direction) {
        (Some("last" | "letzten" | "letzter" | "vergangenen" | "dernier" | "pasado"), _) => {
            if since == 0 {
                -7
            } else {
                since.saturating_neg()
            }
        }
        (Some("next" | "nächsten" | "naechsten" | "kommenden" | "prochain" | "próximo" | "proximo"), _)
        | (_, Direction::Future) => {
            if until == 0 {
                7
            } else {
                until
            }
        }
        (_, Direction::Past) => since.saturating_neg(),
    };
    Some((end, moved(today, days)))
}

fn named_weekday(name: &str) -> Option<Weekday> {
    let place = beginning(name, &WEEKDAYS)?;
    Weekday::from_monday_one_offset(place).ok()
}

/// Which of these a name begins as, counted from 1.
fn beginning(name: &str, all: &[&[&str]]) -> Option<i8> {
    let name = name.to_lowercase();
    let place = all.iter().position(|beginnings| beginnings.iter().any(|b| name.starts_with(b)))?;
    i8::try_from(place.saturating_add(1)).ok()
}

fn offset(text: &str, against: &Against<'_>) -> Option<Found> {
    let found = OFFSET.captures(text)?;
    let end = whole(text, &found)?;
    let count: i64 = number(&found, 2)?;
    let days = if found.get(3)?.as_str().eq_ignore_ascii_case("w") { count.saturating_mul(7) } else { count };
    let days = if found.get(1)?.as_str() == "-" { days.saturating_neg() } else { days };
    Some((end, moved(against.now.date(), days)))
}

fn moved(today: Date, days: i64) -> Result<Date, DateError> {
    Span::new().try_days(days).and_then(|span| today.checked_add(span)).map_err(|_| DateError::TooFar)
}

fn iso(text: &str) -> Option<Found> {
    let found = ISO.captures(text)?;
    let end = whole(text, &found)?;
    Some((end, day(number(&found, 1)?, number(&found, 2)?, number(&found, 3)?)))
}

fn numeric(text: &str, against: &Against<'_>) -> Option<Found> {
    let found = NUMERIC.captures(text)?;
    let end = whole(text, &found)?;
    if found.get(2)?.as_str() != found.get(4)?.as_str() {
        return None;
    }
    let year = full_year(&found, 5)?;
    let (month, dom) = ordered(number(&found, 1)?, number(&found, 3)?, against.locale.order());
    Some((end, if month > 12 { Err(DateError::WrongOrder(against.locale.order())) } else { day(year, month, dom) }))
}

fn without_year(text: &str, against: &Against<'_>) -> Option<Found> {
    let dotted = DOTTED.captures(text).filter(|_| against.locale == Locale::German);
    let found = dotted.or_else(|| NO_YEAR.captures(text))?;
    let end = whole(text, &found)?;
    let (month, dom) = ordered(number(&found, 1)?, number(&found, 2)?, against.locale.order());
    Some((
        end,
        if month > 12 { Err(DateError::WrongOrder(against.locale.order())) } else { nearest(month, dom, against) },
    ))
}

fn ordered(first: i8, second: i8, order: DateOrder) -> (i8, i8) {
    match order {
        DateOrder::DayMonth => (second, first),
        DateOrder::MonthDay => (first, second),
    }
}

fn spelled(text: &str, against: &Against<'_>) -> Option<Found> {
    let (found, day_group, month_group) = match DAY_MONTH.captures(text) {
        Some(found) => (found, 1, 2),
        None => (MONTH_DAY.captures(text)?, 2, 1),
    };
    let month = beginning(found.get(month_group)?.as_str(), &MONTHS)?;
    let dom = number(&found, day_group)?;
    let end = found.get(0)?.end();
    let rest = text.get(end..)?;
    if let Some((more, year)) = typed_year(rest, against) {
        return Some((end.saturating_add(more), day(year, month, dom)));
    }
    Some((whole(text, &found)?, nearest(month, dom, against)))
}

/// The year after a spelled day; two digits only if they are about this year's, so that "12 Mar 45 pages" is no year.
fn typed_year(rest: &str, against: &Against<'_>) -> Option<(usize, i16)> {
    let found = YEAR.captures(rest)?;
    let end = whole(rest, &found)?;
    let year = full_year(&found, 1)?;
    let short = found.get(1)?.as_str().len() == 2;
    let near = year.saturating_sub(against.now.year()).saturating_abs() <= 1;
    let plausible = if short { near } else { (1900..=2199).contains(&year) };
    plausible.then_some((end, year))
}

fn full_year(found: &Captures<'_>, group: usize) -> Option<i16> {
    let year: i16 = number(found, group)?;
    Some(if found.get(group)?.as_str().len() == 2 { year.saturating_add(2000) } else { year })
}

fn day(year: i16, month: i8, dom: i8) -> Result<Date, DateError> {
    if !(1900..=2199).contains(&year) {
        return Err(DateError::TooFar);
    }
    Date::new(year, month, dom).map_err(|_| DateError::NoSuchDay)
}

/// The nearest year that has this day on the right side of today; eight years reach the next 29 February.
fn nearest(month: i8, dom: i8, against: &Against<'_>) -> Result<Date, DateError> {
    let today = against.now.date();
    (0..=8)
        .filter_map(|away: i16| {
            let year = match against.direction {
                Direction::Past => today.year().saturating_sub(away),
                Direction::Future => today.year().saturating_add(away),
            };
            Date::new(year, month, dom).ok()
        })
        .find(|date| match against.direction {
            Direction::Past => *date <= today,
            Direction::Future => *date >= today,
        })
        .ok_or(DateError::NoSuchDay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Saturday 14 March 2026, in London.
    fn now() -> Zoned {
        "2026-03-14T10:02:00+00:00[Europe/London]".parse().unwrap()
    }

    fn read(text: &str, locale: Locale, direction: Direction) -> Result<String, &'static str> {
        let now = now();
        parse(text, &Against { now: &now, locale, direction }).map(|d| d.to_string()).map_err(DateError::code)
    }

    /// One form of c5, and what it means for work that was done and for things that are due.
    const FORMS: &[(&str, &str, &str)] = &[
        ("today", "2026-03-14", "2026-03-14"),
        ("Yesterday", "2026-03-13", "2026-03-13"),
        ("tomorrow", "2026-03-15", "2026-03-15"),
        ("mon", "2026-03-09", "2026-03-16"),
        ("Friday", "2026-03-13", "2026-03-20"),
        ("on Friday", "2026-03-13", "2026-03-20"),
        ("last friday", "2026-03-13", "2026-03-13"),
        ("next friday", "2026-03-20", "2026-03-20"),
        ("sat", "2026-03-14", "2026-03-21"),
        ("last saturday", "2026-03-07", "2026-03-07"),
        ("thurs", "2026-03-12", "2026-03-19"),
        ("12 Mar", "2026-03-12", "2027-03-12"),
        ("Mar 12", "2026-03-12", "2027-03-12"),
        ("12th March", "2026-03-12", "2027-03-12"),
        ("the 12th of March", "2026-03-12", "2027-03-12"),
        ("20 Dec", "2025-12-20", "2026-12-20"),
        ("14 March", "2026-03-14", "2026-03-14"),
        ("29 Feb", "2024-02-29", "2028-02-29"),
        ("12 March 2026", "2026-03-12", "2026-03-12"),
        ("March 12, 2026", "2026-03-12", "2026-03-12"),
        ("12-Mar-2026", "2026-03-12", "2026-03-12"),
        ("12 Mar 26", "2026-03-12", "2026-03-12"),
        ("12 Sept. 2025", "2025-09-12", "2025-09-12"),
        ("2026-03-12", "2026-03-12", "2026-03-12"),
        ("2026/3/12", "2026-03-12", "2026-03-12"),
        ("12/03/2026", "2026-03-12", "2026-03-12"),
        ("12.03.2026", "2026-03-12", "2026-03-12"),
        ("12/03/26", "2026-03-12", "2026-03-12"),
        ("12/3", "2026-03-12", "2027-03-12"),
        ("-1d", "2026-03-13", "2026-03-13"),
        ("+3d", "2026-03-17", "2026-03-17"),
        ("-2w", "2026-02-28", "2026-02-28"),
    ];

    #[test]
    fn americans_read_the_hours_of_half_a_day() {
        for (time, american) in
            [("00:05", "12:05 a.m."), ("09:30", "9:30 a.m."), ("12:00", "12:00 p.m."), ("14:30", "2:30 p.m.")]
        {
            let at: Time = time.parse().unwrap();
            assert_eq!((Locale::American.clock(at), Locale::British.clock(at)), (american.to_owned(), time.to_owned()));
        }
    }

    #[test]
    fn every_form_of_c5_is_read_for_work_done_and_for_things_due() {
        for (text, past, future) in FORMS {
            assert_eq!(read(text, Locale::British, Direction::Past), Ok((*past).to_owned()), "{text}, past");
            assert_eq!(read(text, Locale::British, Direction::Future), Ok((*future).to_owned()), "{text}, future");
        }
    }

    #[test]
    fn numbers_are_read_in_the_firms_order_and_never_turned_round() {
        let american = |text| read(text, Locale::American, Direction::Past);
        assert_eq!(american("12/03/2025"), Ok("2025-12-03".to_owned()));
        assert_eq!(american("3/12"), Ok("2026-03-12".to_owned()));
        assert_eq!(american("14/03/2026"), Err("date_wrong_order"));
        assert_eq!(read("03/14/2026", Locale::British, Direction::Past), Err("date_wrong_order"));
    }

    #[test]
    fn days_are_read_as_germans_french_and_spaniards_write_them() {
        for (locale, text, day) in [
            (Locale::German, "gestern", "2026-03-13"),
            (Locale::German, "vorgestern", "2026-03-12"),
            (Locale::German, "am 12. März", "2026-03-12"),
            (Locale::German, "12. Maerz 2026", "2026-03-12"),
            (Locale::German, "3. Dez.", "2025-12-03"),
            (Locale::German, "12.03.2026", "2026-03-12"),
            (Locale::German, "12.3.", "2026-03-12"),
            (Locale::German, "Montag", "2026-03-09"),
            (Locale::German, "letzten Samstag", "2026-03-07"),
            (Locale::German, "1. Jänner", "2026-01-01"),
            (Locale::French, "hier", "2026-03-13"),
            (Locale::French, "avant-hier", "2026-03-12"),
            (Locale::French, "le 12 mars 2026", "2026-03-12"),
            (Locale::French, "1er février", "2026-02-01"),
            (Locale::French, "2 août", "2025-08-02"),
            (Locale::French, "mardi", "2026-03-10"),
            (Locale::French, "vendredi dernier", "2026-03-13"),
            (Locale::Spanish, "ayer", "2026-03-13"),
            (Locale::Spanish, "12 de marzo", "2026-03-12"),
            (Locale::Spanish, "el 12 de marzo de 2026", "2026-03-12"),
            (Locale::Spanish, "martes", "2026-03-10"),
            (Locale::Spanish, "viernes pasado", "2026-03-13"),
            (Locale::Spanish, "3 de enero", "2026-01-03"),
        ] {
            assert_eq!(read(text, locale, Direction::Past), Ok(day.to_owned()), "{text}");
        }
        // "Hier" is "here" in German, and no day.
        assert_eq!(read("hier", Locale::German, Direction::Past), Err("date_unknown"));
    }

    #[test]
    fn what_is_no_day_is_refused_by_a_stable_code() {
        for (text, code) in [
            ("31 Feb", "date_no_such_day"),
            ("2026-02-30", "date_no_such_day"),
            ("31/04/2026", "date_no_such_day"),
            ("12 March 12026", "date_unknown"),
            ("0001-01-01", "date_too_far"),
            ("someday", "date_unknown"),
            ("March 2026", "date_unknown"),
            ("1.5", "date_unknown"),
            ("", "date_unknown"),
        ] {
            assert_eq!(read(text, Locale::British, Direction::Past), Err(code), "{text}");
        }
    }

    #[test]
    fn words_of_the_narrative_are_no_dates() {
        let now = now();
        let against = Against { now: &now, locale: Locale::British, direction: Direction::Past };
        for text in ["Sat in on deposition", "Today's hearing", "Maybe", "Monday's hearing", "sunny", "march of events"]
        {
            assert_eq!(prefix(text, &against), None, "{text}");
        }
        assert_eq!(prefix("12 Mar 45 pages", &against).map(|f| f.0), Some(6));
        assert_eq!(prefix("12 Mar: Drafted", &against).map(|f| f.0), Some(6));
    }

    #[test]
    fn times_of_day_are_read_in_both_clocks() {
        for (text, shown) in [
            ("14:00", "14:00:00"),
            ("9:30", "09:30:00"),
            ("2pm", "14:00:00"),
            ("2:30 p.m.", "14:30:00"),
            ("12am", "00:00:00"),
            ("12 pm", "12:00:00"),
            ("14 Uhr", "14:00:00"),
            ("7.30 Uhr", "07:30:00"),
            ("7h30", "07:30:00"),
            ("8 h", "08:00:00"),
        ] {
            assert_eq!(time_of_day(text).map(|(_, t)| t.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in ["25:00", "14:60", "13pm", "14", "noon"] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_shown_with_the_month_spelled() {
        let day = Date::new(2026, 3, 14).unwrap();
        assert_eq!(Locale::British.display(day), "14 March 2026");
        assert_eq!(Locale::American.display(day), "March 14, 2026");
        assert_eq!(Locale::German.display(day), "14. März 2026");
        assert_eq!(Locale::French.display(day), "14 mars 2026");
        assert_eq!(Locale::French.display(Date::new(2026, 4, 1).unwrap()), "1er avril 2026");
        assert_eq!(Locale::Spanish.display(day), "14 de marzo de 2026");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let now = now();
            let against = Against { now: &now, locale: Locale::American, direction: Direction::Future };
            let _ = (prefix(&text, &against), parse(&text, &against), time_of_day(&text));
        }

        #[test]
        fn what_is_shown_is_read_back(days in -20_000_i64..20_000) {
            let now = now();
            let day = moved(now.date(), days).unwrap();
            for (locale, direction) in Locale::ALL.into_iter().flat_map(|l| [(l, Direction::Past), (l, Direction::Future)]) {
                let against = Against { now: &now, locale, direction };
                prop_assert_eq!(parse(&locale.display(day), &against), Ok(day));
                prop_assert_eq!(parse(&day.to_string(), &against), Ok(day));
            }
        }

        #[test]
        fn a_day_without_its_year_is_on_the_right_side(month in 1_i8..=12, dom in 1_i8..=28) {
            let now = now();
            let against = |direction| Against { now: &now, locale: Locale::British, direction };
            let text = format!("{dom} {}", MONTHS[usize::try_from(month).unwrap() - 1][0]);
            prop_assert!(parse(&text, &against(Direction::Past)).unwrap() <= now.date());
            prop_assert!(parse(&text, &against(Direction::Future)).unwrap() >= now.date());
        }
    }
}
