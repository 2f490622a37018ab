//! When a digest is due: a rhythm, a time of day and a zone come in, and the day whose digest is due goes out. Pure. A day
//! has one digest at most; where the clock is put forward over its time it comes at the next minute that there is, where
//! the clock is put back it comes the first time (faults F42, F43).

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use crate::store::people::{DigestRhythm, Preferences};

/// A digest that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Of which day in the person's zone.
    pub day: Date,
    /// Since when it is due.
    pub at: Timestamp,
    /// Where the one before it was due, by the calendar.
    pub previous: Timestamp,
}

/// The newest digest whose moment has come by `now`; none if the person wants none.
pub fn due(wishes: &Preferences, zone: &TimeZone, now: Timestamp) -> Option<Due> {
    let time = time_of_day(&wishes.digest_time);
    let today = now.to_zoned(zone.clone()).date();
    let mut day = match wishes.digest {
        DigestRhythm::Off => return None,
        DigestRhythm::Daily => today,
        DigestRhythm::Weekly => last_weekday(today, wishes.digest_weekday)?,
    };
    let step = step(wishes.digest);
    let mut at = moment(day, time, zone)?;
    while at > now || (wishes.digest == DigestRhythm::Daily && is_left_out(day, zone)) {
        day = day.checked_sub(step).ok()?;
        at = moment(day, time, zone)?;
    }
    let previous = moment(day.checked_sub(step).ok()?, time, zone)?;
    Some(Due { day, at, previous })
}

/// The next moment after `now` at which a digest will be due.
pub fn next(wishes: &Preferences, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let time = time_of_day(&wishes.digest_time);
    let today = now.to_zoned(zone.clone()).date();
    let mut day = match wishes.digest {
        DigestRhythm::Off => return None,
        DigestRhythm::Daily => today,
        DigestRhythm::Weekly => last_weekday(today, wishes.digest_weekday)?,
    };
    // Twice is enough: the day that was found may be over, or may be one that the zone left out.
    for _ in 0..3 {
        let at = moment(day, time, zone)?;
        if at > now {
            return Some(at);
        }
        day = day.checked_add(step(wishes.digest)).ok()?;
    }
    None
}

fn step(rhythm: DigestRhythm) -> Span {
    if rhythm == DigestRhythm::Weekly { Span::new().weeks(1) } else { Span::new().days(1) }
}

/// The last such weekday up to today; 1 is Monday.
fn last_weekday(today: Date, weekday: i8) -> Option<Date> {
    let wanted = Weekday::from_monday_one_offset(weekday).unwrap_or(Weekday::Monday);
    let back = today.weekday().since(wanted);
    today.checked_sub(Span::new().days(back)).ok()
}

/// `HH:MM`; half past seven if it is none.
fn time_of_day(text: &str) -> Time {
    Time::strptime("%H:%M", text).unwrap_or(Time::constant(7, 30, 0, 0))
}

/// True for a day that a zone leapt over whole, as Apia did over 30 December 2011; the day after it has its own digest.
fn is_left_out(day: Date, zone: &TimeZone) -> bool {
    moment(day, Time::midnight(), zone).is_some_and(|begin| begin.to_zoned(zone.clone()).date() != day)
}

/// The moment of a local time: the first of two, the end of the gap that it falls into.
fn moment(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let local = DateTime::from_parts(day, time);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            // Read with the offset before the gap, the time lies after the change, at most as far as the gap is wide.
            let beyond = before.to_timestamp(local).ok()?;
            let after = beyond.checked_add(jiff::SignedDuration::from_secs(1)).ok()?;
            Some(zone.preceding(after).next().map_or(beyond, |change| change.timestamp()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(time: &str) -> Preferences {
        Preferences { digest_time: time.into(), ..Preferences::default() }
    }

    /// Every moment at which a digest is due between two moments, by asking once a minute, as the daemon does.
    fn minutes(wishes: &Preferences, zone: &str, from: &str, to: &str) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let (mut now, end): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
        let mut days = std::collections::BTreeSet::new();
        let first = due(wishes, &zone, now).unwrap().day;
        days.insert(first);
        let mut found = Vec::new();
        while now < end {
            now += jiff::SignedDuration::from_mins(1);
            if let Some(due) = due(wishes, &zone, now)
                && days.insert(due.day)
            {
                found.push(now.to_zoned(zone.clone()).strftime("%F %H:%M %:z").to_string());
            }
        }
        found
    }

    #[test]
    fn f43_a_time_that_the_clock_leaps_over_comes_at_the_next_minute_there_is() {
        let berlin = minutes(&wishes("02:30"), "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T12:00Z");
        assert_eq!(berlin, ["2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"]);
        let new_york = minutes(&wishes("02:30"), "America/New_York", "2026-03-07T12:00Z", "2026-03-09T12:00Z");
        assert_eq!(new_york, ["2026-03-08 03:00 -04:00", "2026-03-09 02:30 -04:00"]);
        let lord_howe = minutes(&wishes("02:15"), "Australia/Lord_Howe", "2026-10-03T00:00Z", "2026-10-04T20:00Z");
        assert_eq!(lord_howe, ["2026-10-04 02:30 +11:00", "2026-10-05 02:15 +11:00"]);
    }

    #[test]
    fn f43_a_time_that_comes_twice_has_one_digest_the_first_time() {
        let berlin = minutes(&wishes("02:30"), "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-26T12:00Z");
        assert_eq!(berlin, ["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"]);
        let new_york = minutes(&wishes("01:30"), "America/New_York", "2026-10-31T12:00Z", "2026-11-02T12:00Z");
        assert_eq!(new_york, ["2026-11-01 01:30 -04:00", "2026-11-02 01:30 -05:00"]);
        let lord_howe = minutes(&wishes("01:45"), "Australia/Lord_Howe", "2026-04-04T00:00Z", "2026-04-05T20:00Z");
        assert_eq!(lord_howe, ["2026-04-05 01:45 +11:00", "2026-04-06 01:45 +10:30"]);
    }

    #[test]
    fn f43_a_day_that_a_zone_left_out_has_no_digest_of_its_own() {
        let apia = minutes(&wishes("07:30"), "Pacific/Apia", "2011-12-29T18:00Z", "2012-01-01T00:00Z");
        assert_eq!(apia, ["2011-12-31 07:30 +14:00", "2012-01-01 07:30 +14:00"]);
    }

    #[test]
    fn f42_the_29th_of_february_is_a_day_like_others() {
        let days = minutes(&wishes("07:30"), "Europe/London", "2028-02-28T12:00Z", "2028-03-01T12:00Z");
        assert_eq!(days, ["2028-02-29 07:30 +00:00", "2028-03-01 07:30 +00:00"]);
    }

    #[test]
    fn f42_a_clock_that_goes_back_finds_a_day_that_had_its_digest() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let later = due(&wishes("07:30"), &zone, "2026-05-04T05:31Z".parse().unwrap()).unwrap();
        let earlier = due(&wishes("07:30"), &zone, "2026-05-04T04:31Z".parse().unwrap()).unwrap();
        assert_eq!(later.day, jiff::civil::date(2026, 5, 4));
        assert_eq!(earlier.day, jiff::civil::date(2026, 5, 3));
    }

    #[test]
    fn a_weekly_digest_comes_on_its_day_and_is_made_up_for_later() {
        let weekly = Preferences { digest: DigestRhythm::Weekly, digest_weekday: 5, ..wishes("08:00") };
        let days = minutes(&weekly, "Europe/London", "2026-03-14T00:00Z", "2026-03-28T00:00Z");
        assert_eq!(days, ["2026-03-20 08:00 +00:00", "2026-03-27 08:00 +00:00"]);
        let zone = TimeZone::get("Europe/London").unwrap();
        let monday = due(&weekly, &zone, "2026-03-23T12:00Z".parse().unwrap()).unwrap();
        assert_eq!(monday.day, jiff::civil::date(2026, 3, 20));
        assert_eq!(next(&weekly, &zone, "2026-03-23T12:00Z".parse().unwrap()), "2026-03-27T08:00Z".parse().ok());
    }

    #[test]
    fn nobody_who_switched_it_off_has_one() {
        let off = Preferences { digest: DigestRhythm::Off, ..wishes("08:00") };
        assert_eq!(due(&off, &TimeZone::UTC, Timestamp::UNIX_EPOCH), None);
        assert_eq!(next(&off, &TimeZone::UTC, Timestamp::UNIX_EPOCH), None);
    }
}
