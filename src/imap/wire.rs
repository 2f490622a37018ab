//! Lines and literals: bytes of a connection in, whole answers out. An answer longer than the allowance is an error at
//! its announcement, before any of it is kept; nothing is read twice and nothing is asked of the parser twice.

use super::ImapError;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

/// The longest line that is listened to; an answer to SEARCH is the longest there is, and those are asked in slices.
const MAX_LINE: usize = 1 << 20;
const CHUNK: usize = 16 * 1024;
/// A literal is given room in steps, so that an announcement alone costs nothing.
const MAX_ROOM: usize = 1 << 20;
/// The slowest connection that is put up with, in bytes per second.
const SLOWEST: usize = 16 * 1024;

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// How long to wait for the next byte.
    pub(super) patience: Duration,
    /// Bytes that came; those before `taken` were given away.
    came: Vec<u8>,
    taken: usize,
    /// Where the line that is being read starts; beyond the end of `came` while a literal is coming.
    line_at: usize,
    /// Up to where that line was searched for its end.
    searched: usize,
    /// How many bytes more the server may send before the next command.
    allowance: usize,
    /// Until when all of it must have come.
    deadline: Instant,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, patience: Duration) -> Wire {
        let deadline = after(Duration::ZERO);
        let mut wire =
            Wire { stream, patience, came: Vec::new(), taken: 0, line_at: 0, searched: 0, allowance: 0, deadline };
        wire.allow(0);
        wire
    }

    /// Lets the server send this many bytes (and some lines of its own accord) from now on, and the time it takes.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes.saturating_add(2 * MAX_LINE);
        let seconds = self.allowance.checked_div(SLOWEST).unwrap_or(0);
        self.deadline = after(self.patience.saturating_add(Duration::from_secs(seconds as u64)));
    }

    /// Sends one line.
    pub(super) async fn send(&mut self, line: &str) -> Result<(), ImapError> {
        let whole = [line.as_bytes(), b"\r\n"].concat();
        let sending = async {
            self.stream.write_all(&whole).await?;
            self.stream.flush().await
        };
        timeout(self.patience, sending).await.map_err(|_| ImapError::Timeout(self.patience))?.map_err(lost)
    }

    /// Gives the next answer with its literals, waiting as long as patience and allowance last.
    pub(super) async fn answer(&mut self) -> Result<Vec<u8>, ImapError> {
        loop {
            if let Some(answer) = self.take()? {
                return Ok(answer);
            }
            let until = self.deadline.min(after(self.patience));
            timeout_at(until, self.read()).await.map_err(|_| ImapError::Timeout(self.patience))??;
        }
    }

    /// Gives the next answer, however long that takes; may be dropped and called again without loss.
    pub(super) async fn answer_at_leisure(&mut self) -> Result<Vec<u8>, ImapError> {
        loop {
            if let Some(answer) = self.take()? {
                return Ok(answer);
            }
            self.read().await?;
        }
    }

    /// Gives the connection back, if nothing lies on it that was not asked for.
    pub(super) fn into_stream(self) -> Option<Box<dyn Stream>> {
        (self.taken == self.came.len()).then_some(self.stream)
    }

    async fn read(&mut self) -> Result<(), ImapError> {
        self.came.drain(..self.taken.min(self.came.len()));
        self.line_at = self.line_at.saturating_sub(self.taken);
        self.searched = self.searched.saturating_sub(self.taken);
        self.taken = 0;
        let missing = self.line_at.saturating_sub(self.came.len());
        self.came.reserve(missing.clamp(CHUNK, MAX_ROOM));
        match self.stream.read_buf(&mut self.came).await.map_err(lost)? {
            0 => Err(ImapError::Lost),
            _ => Ok(()),
        }
    }

    /// Cuts the first whole answer off what came.
    fn take(&mut self) -> Result<Option<Vec<u8>>, ImapError> {
        loop {
            let from = self.searched.max(self.line_at);
            let Some(tail) = self.came.get(from..) else { return Ok(None) };
            let Some(end) = tail.iter().position(|b| *b == b'\n') else {
                self.searched = self.came.len();
                let line = self.came.len().saturating_sub(self.line_at);
                let fits = line <= MAX_LINE && self.came.len().saturating_sub(self.taken) <= self.allowance;
                return if fits { Ok(None) } else { Err(ImapError::TooMuch) };
            };
            let end = from.saturating_add(end).saturating_add(1);
            let line = self.came.get(self.line_at..end).unwrap_or_default();
            match literal_after(line).filter(|_| self.may_have_literals()) {
                Some(length) => {
                    self.line_at = end.saturating_add(length);
                    if self.line_at.saturating_sub(self.taken) > self.allowance {
                        return Err(ImapError::TooMuch);
                    }
                }
                None => return self.cut(end).map(Some),
            }
        }
    }

    fn cut(&mut self, end: usize) -> Result<Vec<u8>, ImapError> {
        let answer = self.came.get(self.taken..end).unwrap_or_default().to_vec();
        self.allowance = self.allowance.checked_sub(answer.len()).ok_or(ImapError::TooMuch)?;
        self.taken = end;
        self.line_at = end;
        self.searched = end;
        Ok(answer)
    }

    /// Whether the answer that is coming is one with data; the text of a status line may end like a literal and is none.
    fn may_have_literals(&self) -> bool {
        let answer = self.came.get(self.taken..).unwrap_or_default();
        let Some(data) = answer.strip_prefix(b"* ") else { return false };
        let word: &[u8] = data.split(|b| *b == b' ').next().unwrap_or_default();
        !["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
    }
}

/// The moment this long from now.
pub(super) fn after(time: Duration) -> Instant {
    let now = Instant::from_std(crate::clock::instant());
    now.checked_add(time).unwrap_or(now)
}

/// Reading fails in mid-TLS with kinds of their own; all mean that the connection is of no use.
fn lost(e: io::Error) -> ImapError {
    match e.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ImapError::Lost,
        _ => ImapError::Io(e),
    }
}

/// The length of the literal which this line announces at its end.
pub(super) fn literal_after(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}\r\n")?;
    let open = line.iter().rposition(|b| *b == b'{')?;
    let digits = line.get(open.saturating_add(1)..)?;
    let is_number = !digits.is_empty() && digits.len() <= 10 && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::duplex;

    async fn answers(bytes: &[u8], piece: usize) -> (Vec<String>, ImapError) {
        let (mut theirs, ours) = duplex(piece.max(1));
        let bytes = bytes.to_vec();
        let sender = tokio::spawn(async move { theirs.write_all(&bytes).await });
        let mut wire = Wire::new(Box::new(ours), Duration::from_secs(5));
        let mut got = Vec::new();
        let end = loop {
            match wire.answer().await {
                Ok(answer) => got.push(String::from_utf8_lossy(&answer).into_owned()),
                Err(e) => break e,
            }
        };
        drop(wire);
        let _ = sender.await;
        (got, end)
    }

    #[tokio::test]
    async fn a_literal_belongs_to_its_answer_however_it_is_cut() {
        let said = b"* 1 FETCH (BODY[] {7}\r\na\r\n{3}\r)\r\n* OK odd {9}\r\nA1 OK done {1}\r\n";
        for piece in 1..said.len() {
            let (got, end) = answers(said, piece).await;
            let wanted = ["* 1 FETCH (BODY[] {7}\r\na\r\n{3}\r)\r\n", "* OK odd {9}\r\n", "A1 OK done {1}\r\n"];
            assert_eq!(got, wanted, "{piece}");
            assert!(matches!(end, ImapError::Lost));
        }
    }

    #[tokio::test]
    async fn a_connection_on_which_more_lies_is_not_given_back() {
        for (said, given_back) in [("A1 OK go\r\n", true), ("A1 OK go\r\nA2 OK injected\r\n", false)] {
            let (mut theirs, ours) = duplex(100);
            theirs.write_all(said.as_bytes()).await.unwrap();
            let mut wire = Wire::new(Box::new(ours), Duration::from_secs(5));
            wire.answer().await.unwrap();
            assert_eq!(wire.into_stream().is_some(), given_back, "{said}");
        }
    }

    #[tokio::test]
    async fn t55_a_huge_announcement_is_refused_before_any_of_it_is_kept() {
        let (got, end) = answers(b"* 1 FETCH (BODY[] {4000000000}\r\nabc", 64).await;
        assert!(got.is_empty() && matches!(end, ImapError::TooMuch));
    }

    /// A server that says something of no use before patience ends, for ever.
    #[tokio::test]
    async fn t96_a_server_that_drips_is_given_up_at_the_deadline() {
        let (mut theirs, ours) = duplex(100);
        let sender = tokio::spawn(async move {
            while theirs.write_all(b"* OK still here\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let patience = Duration::from_secs(5);
        let mut wire = Wire::new(Box::new(ours), patience);
        wire.allow(1 << 20);
        // What a command has time for is measured by what it may bring: three megabytes at the slowest.
        let time = wire.deadline.saturating_duration_since(after(Duration::ZERO));
        assert!(time > Duration::from_secs(190) && time < Duration::from_secs(200), "{time:?}");
        wire.deadline = after(Duration::from_millis(300));
        let mut heard = 0;
        let end = loop {
            match wire.answer().await {
                Ok(_) if heard > 500 => panic!("it listens for ever"),
                Ok(_) => heard += 1,
                Err(end) => break end,
            }
        };
        assert!(matches!(end, ImapError::Timeout(_)) && heard > 1, "{end:?} after {heard}");
        sender.abort();
    }

    #[tokio::test]
    async fn t96_a_server_that_floods_is_given_up_at_the_allowance() {
        let (mut theirs, ours) = duplex(1 << 16);
        let sender =
            tokio::spawn(async move { while theirs.write_all(&b"* OK still here\r\n".repeat(1000)).await.is_ok() {} });
        let mut wire = Wire::new(Box::new(ours), Duration::from_secs(5));
        let mut heard = 0;
        let end = loop {
            match wire.answer().await {
                Ok(answer) => heard += answer.len(),
                Err(end) => break end,
            }
            assert!(heard < 4 * MAX_LINE, "it listens for ever");
        };
        assert!(matches!(end, ImapError::TooMuch), "{end:?} after {heard} bytes");
        sender.abort();
    }

    #[tokio::test]
    async fn an_endless_line_is_refused() {
        let (got, end) = answers(&vec![b'x'; 3 << 20], 1 << 16).await;
        assert!(got.is_empty() && matches!(end, ImapError::TooMuch));
    }

    #[tokio::test]
    async fn an_answer_cut_off_is_lost_and_not_given() {
        let (got, end) = answers(b"* 1 FETCH (BODY[] {7}\r\nabcd", 64).await;
        assert!(got.is_empty() && matches!(end, ImapError::Lost));
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_in_order_and_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1usize..50) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let (mut theirs, ours) = duplex(piece);
            let sent = bytes.clone();
            let got = runtime.block_on(async move {
                let sender = tokio::spawn(async move { theirs.write_all(&sent).await });
                let mut wire = Wire::new(Box::new(ours), Duration::from_secs(5));
                let mut got = Vec::new();
                while let Ok(answer) = wire.answer().await {
                    got.extend(answer);
                }
                drop(wire);
                let _ = sender.await;
                got
            });
            prop_assert!(bytes.starts_with(&got));
        }
    }
}
