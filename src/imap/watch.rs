//! Waiting for mail: IDLE (RFC 2177) where the server has it, otherwise until it is time to look. A mail that comes
//! between listing and waiting wakes at once. A server that refuses IDLE, or forgets to tell, is looked at in time.

use super::{
    ImapError, Session,
    command::{Heard, hear, outcome},
    wire::after,
};
use std::pin::pin;
use tokio::time::{sleep, sleep_until};

/// Why waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The server told of mail.
    Mail,
    /// It is time to look.
    Timeout,
    /// The caller wants something else.
    Stopped,
}

impl Session {
    /// Waits for mail in the selected folder until `stop` is done or it is time to look anyway.
    pub async fn wait(&mut self, stop: impl Future<Output = ()>) -> Result<Wake, ImapError> {
        if self.news {
            return Ok(Wake::Mail);
        }
        let mut stop = pin!(stop);
        if self.can("IDLE") {
            match self.idle(stop.as_mut()).await {
                Err(ImapError::No { .. } | ImapError::Bad { .. }) => _ = self.capabilities.remove("IDLE"),
                woken => return woken,
            }
        }
        tokio::select! {
            () = sleep(self.timeouts.poll) => Ok(Wake::Timeout),
            () = stop => Ok(Wake::Stopped),
        }
    }

    async fn idle(&mut self, mut stop: impl Future<Output = ()> + Unpin) -> Result<Wake, ImapError> {
        let tag = self.begin("IDLE", "", 0).await?;
        loop {
            let answer = self.wire.answer().await?;
            match self.notice(hear(&answer, &tag)?)? {
                Heard::GoOn => break,
                Heard::Done(status, text) => {
                    self.end();
                    let done = outcome(status, text, "IDLE")?;
                    return Err(ImapError::Bad { command: "IDLE", text: done });
                }
                _ => {}
            }
        }
        let renew_at = after(self.timeouts.renew);
        let mut wake = Wake::Mail;
        while !self.news {
            let answer = tokio::select! {
                answer = self.wire.answer_at_leisure() => answer?,
                () = sleep_until(renew_at) => { wake = Wake::Timeout; break }
                () = &mut stop => { wake = Wake::Stopped; break }
            };
            if let Heard::Done(status, text) = self.notice(hear(&answer, &tag)?)? {
                self.end();
                outcome(status, text, "IDLE")?;
                return Ok(Wake::Timeout);
            }
        }
        self.end_idle(&tag).await?;
        Ok(if self.news && wake == Wake::Timeout { Wake::Mail } else { wake })
    }

    async fn end_idle(&mut self, tag: &str) -> Result<(), ImapError> {
        self.wire.allow(0);
        self.wire.send("DONE").await?;
        loop {
            let answer = self.wire.answer().await?;
            if let Heard::Done(status, text) = self.notice(hear(&answer, tag)?)? {
                self.end();
                return outcome(status, text, "IDLE").map(drop);
            }
        }
    }
}
