//! What the daemon tells systemd: ready, reading its configuration again, stopping, still alive. Without systemd every call does nothing; nothing here
//! starts a task or waits.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service manager that started us, if any (`sd_notify(3)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Systemd {
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Reads from the environment whether systemd watches this process.
    pub fn from_environment() -> Systemd {
        Systemd { watchdog: sd_notify::watchdog_enabled() }
    }

    /// How often `alive` must be called, half of what systemd allows; `None` if it doesn't watch.
    pub fn interval(&self) -> Option<Duration> {
        self.watchdog.and_then(|limit| limit.checked_div(2)).filter(|half| !half.is_zero())
    }

    /// Says that the daemon has taken up its work.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// Says that the daemon reads its configuration again; `ready` ends it.
    pub fn reloading(&self) {
        // Without the moment, `Type=notify-reload` would not take it; `Type=notify` doesn't look at it.
        match NotifyState::monotonic_usec_now() {
            Ok(moment) => tell(&[NotifyState::Reloading, moment]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// Says that the daemon is finishing what it has in hand, and ends then: it is killed if it doesn't.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Says that the daemon is alive; to be called only by what would stop if the daemon hung.
    pub fn alive(&self) {
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(kind = ?error.kind(), "systemd can't be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_fed_twice_as_often_as_systemd_asks() {
        let watched = Systemd { watchdog: Some(Duration::from_secs(60)) };
        assert_eq!(watched.interval(), Some(Duration::from_secs(30)));
        assert_eq!(Systemd { watchdog: None }.interval(), None);
    }

    #[test]
    fn without_systemd_nothing_happens() {
        let systemd = Systemd { watchdog: None };
        systemd.ready();
        systemd.reloading();
        systemd.alive();
        systemd.stopping();
    }
}
