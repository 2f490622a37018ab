//! Days and times of day: what people type comes in, relative to the sender's day; a day goes out, and is shown with
//! its month spelled (spec: commands.md c5). Never reads the clock and never guesses the order of day and month.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span, Zoned};
use regex::{Captures, Regex};

use super::scan::{number, pattern, whole};

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

/// How a firm writes dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// 14 March 2026.
    British,
    /// March 14, 2026.
    American,
}

impl Locale {
    /// What a numeric date of this locale begins with.
    pub const fn order(self) -> DateOrder {
        match self {
            Locale::British => DateOrder::DayMonth,
            Locale::American => DateOrder::MonthDay,
        }
    }

    /// The day with its month spelled.
    pub fn display(self, date: Date) -> String {
        match self {
            Locale::British => date.strftime("%-d %B %Y").to_string(),
            Locale::American => date.strftime("%B %-d, %Y").to_string(),
        }
    }
}

/// Against what a typed date is read.
#[derive(Clone, Debug)]
pub struct Against<'a> {
    /// The mail's Date in the sender's zone.
    pub now: &'a Zoned,
    /// The firm's order of day and month.
    pub order: DateOrder,
    /// Where to look for the nearest day.
    pub direction: Direction,
}

/// Why a text that looks like a date is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// 31 February.
    #[error("there is no such day")]
    NoSuchDay,
    /// `03/14/2026` at a firm that writes the day first.
    #[error("there is no such month: dates here are written {}", match .0 { DateOrder::DayMonth => "day/month/year", DateOrder::MonthDay => "month/day/year" })]
    WrongOrder(DateOrder),
    /// A year or a number of days that no matter has.
    #[error("too far away")]
    TooFar,
    /// None of the forms.
    #[error("not a date")]
    Unknown,
}

impl DateError {
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

const MONTH: &str = r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

static ON: LazyLock<Regex> = LazyLock::new(|| pattern(r"^on\s+"));
static WORD: LazyLock<Regex> = LazyLock::new(|| pattern("^(today|yesterday|tomorrow)"));
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:(last|next|this)\s+)?(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)",
    )
});
/// "Sat in on the deposition", "Sat with client": work, not a Saturday.
static SAT_DOWN: LazyLock<Regex> = LazyLock::new(|| pattern(r"^sat\s+(?:in|with|on|through|down|as|at)\b"));
static OFFSET: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([+-])(\d{1,4})([dw])"));
static ISO: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})"));
static NUMERIC: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})([/.-])(\d{1,2})([/.-])(\d{4}|\d{2})"));
static NO_YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,2})/(\d{1,2})"));
static DAY_MONTH: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?[\s-]*(?:of\s+)?{MONTH}")));
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"^{MONTH}[\s-]*(\d{{1,2}})(?:st|nd|rd|th)?")));
static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^,?[\s-]\s*'?(\d{4}|\d{2})"));
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
    let found = CLOCK.captures(text)?;
    let end = whole(text, &found)?;
    Some((end, Time::new(number(&found, 1)?, number(&found, 2)?, 0, 0).ok()?))
}

fn word(text: &str, against: &Against<'_>) -> Option<Found> {
    let found = WORD.captures(text)?;
    let end = whole(text, &found)?;
    let days = match found.get(1)?.as_str().to_ascii_lowercase().as_str() {
        "today" => 0,
        "yesterday" => -1,
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
    let qualifier = found.get(1).map(|m| m.as_str().to_ascii_lowercase());
    let since = i64::from(today.weekday().since(wanted));
    let until = i64::from(today.weekday().until(wanted));
    let days = match (qualifier.as_deref(), against.direction) {
        (Some("last"), _) => {
            if since == 0 {
                -7
            } else {
                since.saturating_neg()
            }
        }
        (Some("next"), _) | (_, Direction::Future) => {
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
    Some(match name.get(..3)?.to_ascii_lowercase().as_str() {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        _ => Weekday::Sunday,
    })
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
    let (month, dom) = ordered(number(&found, 1)?, number(&found, 3)?, against.order);
    Some((end, if month > 12 { Err(DateError::WrongOrder(against.order)) } else { day(year, month, dom) }))
}

fn without_year(text: &str, against: &Against<'_>) -> Option<Found> {
    let found = NO_YEAR.captures(text)?;
    let end = whole(text, &found)?;
    let (month, dom) = ordered(number(&found, 1)?, number(&found, 2)?, against.order);
    Some((end, if month > 12 { Err(DateError::WrongOrder(against.order)) } else { nearest(month, dom, against) }))
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
    let name = found.get(month_group)?.as_str().get(..3)?.to_ascii_lowercase();
    let month = i8::try_from(MONTHS.iter().position(|m| *m == name)?.saturating_add(1)).ok()?;
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

    fn read(text: &str, order: DateOrder, direction: Direction) -> Result<String, &'static str> {
        let now = now();
        parse(text, &Against { now: &now, order, direction }).map(|d| d.to_string()).map_err(DateError::code)
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
    fn every_form_of_c5_is_read_for_work_done_and_for_things_due() {
        for (text, past, future) in FORMS {
            assert_eq!(read(text, DateOrder::DayMonth, Direction::Past), Ok((*past).to_owned()), "{text}, past");
            assert_eq!(read(text, DateOrder::DayMonth, Direction::Future), Ok((*future).to_owned()), "{text}, future");
        }
    }

    #[test]
    fn numbers_are_read_in_the_firms_order_and_never_turned_round() {
        let american = |text| read(text, DateOrder::MonthDay, Direction::Past);
        assert_eq!(american("12/03/2025"), Ok("2025-12-03".to_owned()));
        assert_eq!(american("3/12"), Ok("2026-03-12".to_owned()));
        assert_eq!(american("14/03/2026"), Err("date_wrong_order"));
        assert_eq!(read("03/14/2026", DateOrder::DayMonth, Direction::Past), Err("date_wrong_order"));
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
            assert_eq!(read(text, DateOrder::DayMonth, Direction::Past), Err(code), "{text}");
        }
    }

    #[test]
    fn words_of_the_narrative_are_no_dates() {
        let now = now();
        let against = Against { now: &now, order: DateOrder::DayMonth, direction: Direction::Past };
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
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let now = now();
            let against = Against { now: &now, order: DateOrder::MonthDay, direction: Direction::Future };
            let _ = (prefix(&text, &against), parse(&text, &against), time_of_day(&text));
        }

        #[test]
        fn what_is_shown_is_read_back(days in -20_000_i64..20_000) {
            let now = now();
            let day = moved(now.date(), days).unwrap();
            for (locale, direction) in [(Locale::British, Direction::Past), (Locale::American, Direction::Future)] {
                let against = Against { now: &now, order: locale.order(), direction };
                prop_assert_eq!(parse(&locale.display(day), &against), Ok(day));
                prop_assert_eq!(parse(&day.to_string(), &against), Ok(day));
            }
        }

        #[test]
        fn a_day_without_its_year_is_on_the_right_side(month in 1_i8..=12, dom in 1_i8..=28) {
            let now = now();
            let against = |direction| Against { now: &now, order: DateOrder::DayMonth, direction };
            let text = format!("{dom} {}", MONTHS[usize::try_from(month).unwrap() - 1]);
            prop_assert!(parse(&text, &against(Direction::Past)).unwrap() <= now.date());
            prop_assert!(parse(&text, &against(Direction::Future)).unwrap() >= now.date());
        }
    }
}
