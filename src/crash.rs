//! Named points at which the tests kill the process (spec: faults F01–F12); absent from release builds.

/// Kills the process here, as SIGKILL would, if the environment names this point: `DOCKETPOST_CRASH=name` or
/// `name:3` for the third time it is reached.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(feature = "crash-points")]
        $crate::crash::reached($name);
    };
}

/// Ends the process without unwinding when `name` is the point that the environment asks for, or sends it the signals that
/// `DOCKETPOST_CRASH_BY` names, one after the other, and goes on.
#[cfg(feature = "crash-points")]
pub fn reached(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static TIMES: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("DOCKETPOST_CRASH") else { return };
    let (point, nth) = wanted.split_once(':').map_or((wanted.as_str(), 1), |(p, n)| (p, n.parse().unwrap_or(1)));
    if point == name && TIMES.fetch_add(1, Ordering::SeqCst).saturating_add(1) == nth {
        let Ok(signals) = std::env::var("DOCKETPOST_CRASH_BY") else { std::process::abort() };
        let script: String = signals.split(' ').map(|signal| format!("kill -s {signal} $PPID;")).collect();
        drop(std::process::Command::new("/bin/sh").args(["-c", &script]).status());
    }
}

/// Fails in the reading of a mail whose header asks for it (`X-Test-Crash: panic` or `abort`), as a bug would.
#[cfg(feature = "crash-points")]
#[expect(clippy::panic, reason = "that is what it is for")]
pub fn on_request(raw: &[u8]) {
    let asks = |how: &str| String::from_utf8_lossy(raw).contains(&format!("X-Test-Crash: {how}\r\n"));
    if asks("abort") {
        std::process::abort();
    }
    if asks("panic") {
        // As a slice of a text that is out of its bounds says the text.
        panic!("a mail asked for it: {}", String::from_utf8_lossy(raw));
    }
}
