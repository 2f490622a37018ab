//! A clock that leaps (fault F42): how far off it may be before that counts, and between which moments the right time lies
//! then. What ends between them is neither over nor open until somebody knows which.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far clocks may differ: what ended no longer ago is still taken, and a clock that is no further off is believed.
pub const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// True if what somebody has until `end` is over at `now`, with some patience for clocks that differ.
pub fn is_over(end: Timestamp, now: Timestamp) -> bool {
    now.duration_since(end) >= SLACK
}

/// The clock is not believed: the right time lies anywhere between these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Not before.
    pub earliest: Timestamp,
    /// Not after.
    pub latest: Timestamp,
}

impl Doubt {
    fn between(one: Timestamp, other: Timestamp) -> Doubt {
        Doubt { earliest: one.min(other), latest: one.max(other) }
    }

    fn from(earliest: Timestamp) -> Doubt {
        Doubt { earliest, latest: Timestamp::MAX }
    }

    /// True if nobody can tell now whether what ends at `end` is over.
    pub fn is_about(&self, end: Timestamp) -> bool {
        is_over(end, self.latest) && !is_over(end, self.earliest)
    }
}

/// What the store keeps of the clock from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was believed last.
    pub at: Timestamp,
    /// What it showed when it leapt since then.
    pub leapt_to: Option<Timestamp>,
}

/// The clock beside the one that never leaps, at a moment at which it was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it showed.
    pub at: Timestamp,
    /// How long the machine had been running.
    pub since_boot: std::time::Duration,
}

impl Line {
    /// What the clock should show once the machine has been running for so long.
    fn expected(&self, since_boot: std::time::Duration) -> Timestamp {
        self.at.saturating_add(since_boot.saturating_sub(self.since_boot)).unwrap_or(Timestamp::MAX)
    }
}

/// Whether the clock is to be believed that shows `now`. Within a run it must keep in line with the one that never leaps.
/// At the start of one there is only what the last run noted: that time passed meanwhile is no leap, however much; that it
/// passed backwards is one; and what had leapt forward before is not believed until it is back, or somebody says it is right.
pub fn judge(mark: Option<Mark>, line: Option<Line>, now: Timestamp, since_boot: std::time::Duration) -> Option<Doubt> {
    let is_near = |expected: Timestamp| now.duration_since(expected).abs() <= SLACK;
    if let Some(expected) = line.map(|line| line.expected(since_boot)) {
        return (!is_near(expected)).then(|| Doubt::between(expected, now));
    }
    let mark = mark?;
    let is_before = |then: Timestamp| then.duration_since(now) > SLACK;
    match mark.leapt_to {
        _ if is_before(mark.at) => Some(Doubt::from(now)),
        Some(leapt_to) if leapt_to > mark.at && !is_before(leapt_to) => Some(Doubt::between(mark.at, now)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const HOUR: Duration = Duration::from_secs(3600);
    const YEAR: i64 = 365 * 24 * 60;

    /// So many minutes after some moment.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn f42_what_ended_less_than_ten_minutes_ago_is_not_over() {
        assert!(!is_over(at(0), at(-1)) && !is_over(at(0), at(0)) && !is_over(at(0), at(9)));
        assert!(is_over(at(0), at(10)) && is_over(at(0), at(YEAR)));
    }

    #[test]
    fn f42_within_a_run_a_clock_is_believed_that_keeps_in_line_and_no_other() {
        let line = Some(Line { at: at(0), since_boot: HOUR });
        let shows = |minutes| judge(None, line, at(minutes), HOUR * 2);
        for near in [50, 60, 70] {
            assert_eq!(shows(near), None, "{near}");
        }
        assert_eq!(shows(0), Some(Doubt { earliest: at(0), latest: at(60) }), "an hour back");
        assert_eq!(shows(60 + YEAR), Some(Doubt { earliest: at(60), latest: at(60 + YEAR) }), "a year forward");
        // A machine that slept for a week: its clock went on, and so did the other one.
        assert_eq!(judge(None, line, at(7 * 24 * 60), HOUR * (7 * 24 + 1)), None);
    }

    #[test]
    fn f42_a_daemon_that_was_stopped_for_long_believes_the_clock_unless_it_went_back() {
        let began = |leapt_to, minutes| judge(Some(Mark { at: at(0), leapt_to }), None, at(minutes), HOUR);
        assert_eq!(judge(None, None, at(0), HOUR), None, "a new store");
        for later in [-9, 0, 60, 7 * 24 * 60, YEAR] {
            assert_eq!(began(None, later), None, "{later}");
        }
        assert_eq!(began(None, -60), Some(Doubt { earliest: at(-60), latest: Timestamp::MAX }));
    }

    #[test]
    fn f42_a_restart_alone_makes_no_clock_right_that_had_leapt() {
        let began =
            |leapt_to, minutes| judge(Some(Mark { at: at(0), leapt_to: Some(leapt_to) }), None, at(minutes), HOUR);
        // Forward: until it is back.
        assert_eq!(began(at(YEAR), YEAR + 5), Some(Doubt { earliest: at(0), latest: at(YEAR + 5) }));
        assert_eq!(began(at(YEAR), 30), None);
        assert_eq!(began(at(YEAR), -30), Some(Doubt::from(at(-30))));
        // Back: until it has come to where it was.
        assert_eq!(began(at(-60), -50), Some(Doubt::from(at(-50))));
        assert_eq!(began(at(-60), 5), None);
    }

    #[test]
    fn f42_only_what_ends_while_the_time_is_not_known_is_in_doubt() {
        let doubt = Doubt::between(at(60), at(0));
        assert!(doubt.is_about(at(30)));
        // Over, or open, by either clock; both with the patience that they always have.
        assert!(!doubt.is_about(at(-10)) && !doubt.is_about(at(51)) && !doubt.is_about(at(YEAR)));
        assert!(Doubt::from(at(0)).is_about(at(YEAR)));
    }
}
