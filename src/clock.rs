//! The only reader of the clock. Everything else gets `now` as an argument.

use std::time::{Instant, SystemTime};

use jiff::Timestamp;

/// The present moment, cut to whole milliseconds as the store keeps it.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The present moment on the clock that never goes back; for time limits.
pub fn instant() -> Instant {
    Instant::now()
}

/// The present moment as files carry it.
pub fn file_time() -> SystemTime {
    SystemTime::now()
}
