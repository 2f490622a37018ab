//! The only reader of the clock. Everything else gets `now` as an argument.

use jiff::Timestamp;

/// The present moment, cut to whole milliseconds as the store keeps it.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
