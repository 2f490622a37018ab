//! When a mail that could not be handed over is tried again (fault F13; RFC 5321 4.5.4.1). Pure.

use std::time::Duration;

const MINUTES: [u64; 6] = [1, 2, 5, 15, 30, 60];
const HOURLY: Duration = Duration::from_secs(3600);
/// How long who greylists is left alone at least (fault F16): who comes back sooner may have to wait anew.
pub const GREYLISTED: Duration = Duration::from_secs(300);
const GIVE_UP: Duration = Duration::from_secs(5 * 24 * 3600);

/// So many attempts are made however old a mail is: after an outage, or a leap of the clock, its age alone says little
/// (fault F42).
const FEWEST: u32 = 12;

/// How long to wait after the `tries`-th attempt: 1, 2, 5, 15, 30, 60 minutes, then hourly; none when it is five days old
/// and was tried often enough.
pub fn next(tries: u32, age: Duration) -> Option<Duration> {
    if age >= GIVE_UP && tries >= FEWEST {
        return None;
    }
    let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    Some(MINUTES.get(step).map_or(HOURLY, |m| Duration::from_secs(m.saturating_mul(60))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_waits_grow_to_an_hour_and_end_after_five_days() {
        let minutes: Vec<u64> = (1..=8).map(|n| next(n, Duration::ZERO).unwrap().as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 5, 15, 30, 60, 60, 60]);
        assert_eq!(next(100, GIVE_UP), None);
    }

    #[test]
    fn f42_a_mail_that_a_leap_of_the_clock_made_old_is_tried_on() {
        let year = GIVE_UP * 73;
        assert_eq!(next(1, year), Some(Duration::from_secs(60)));
        assert!(next(FEWEST - 1, year).is_some());
        assert_eq!(next(FEWEST, year), None);
    }
}
