//! The only reader of the clock. Everything else gets `now` as an argument.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The present moment, cut to whole milliseconds as the store keeps it.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The present moment on the clock that never goes back; for time limits.
pub fn instant() -> Instant {
    Instant::now()
}

/// How long this machine has been running, its sleep counted: what the clock is compared with, to see it leap.
pub fn since_boot() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

/// The present moment as files carry it.
pub fn file_time() -> SystemTime {
    SystemTime::now()
}
