//! The bytes on the connection: everything that is written or read passes here, with an end to every wait. What is
//! written as a command can't contain a line end, and a mail's body can't end early (threats.md T73).

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::reply::{LINE_BYTES, Partial, Reply};
use super::{Outgoing, Trouble};
use crate::domain::Address;

/// Either kind of connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// How much is written under one time limit, so that a big mail on a slow line isn't given up.
const CHUNK_BYTES: usize = 64 * 1024;

/// A connection with what was read ahead.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    ahead: Vec<u8>,
    /// How long each answer, and room for each chunk, may take.
    pub limit: Duration,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>, limit: Duration) -> Wire {
        Wire { stream, ahead: Vec::new(), limit }
    }

    /// Gives the stream back for TLS; `None` if the server has said more than it was asked (threats.md T89).
    pub fn into_stream(self) -> Option<Box<dyn Stream>> {
        self.ahead.is_empty().then_some(self.stream)
    }

    /// True if nothing was read that nobody asked for, and the other side hasn't closed.
    pub fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        self.ahead.is_empty() && self.stream.read(&mut byte).now_or_never().is_none()
    }

    /// Takes in what the server says at this moment without being asked; whether there was anything.
    pub fn hears(&mut self) -> bool {
        let mut some = [0; 2048];
        if let Some(Ok(count)) = self.stream.read(&mut some).now_or_never() {
            self.ahead.extend(some.iter().take(count));
        }
        !self.ahead.is_empty()
    }

    /// True if everything the server said so far was taken as an answer.
    pub fn is_in_step(&self) -> bool {
        self.ahead.is_empty()
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            within(self.limit, self.stream.write_all(chunk)).await?;
        }
        within(self.limit, self.stream.flush()).await
    }

    /// Reads one reply within the usual time.
    pub async fn reply(&mut self) -> Result<Reply, Trouble> {
        self.reply_within(self.limit).await
    }

    pub async fn reply_within(&mut self, limit: Duration) -> Result<Reply, Trouble> {
        timeout(limit, self.read_reply()).await.unwrap_or(Err(Trouble::Timeout))
    }

    /// Writes a command and reads its reply.
    pub async fn ask(&mut self, line: &str) -> Result<Reply, Trouble> {
        self.write(command(line).as_bytes()).await?;
        self.reply().await
    }

    async fn read_reply(&mut self) -> Result<Reply, Trouble> {
        let mut partial = Partial::default();
        loop {
            let line = self.read_line().await?;
            if let Some(reply) = partial.take(&line).map_err(Trouble::Protocol)? {
                return Ok(reply);
            }
        }
    }

    async fn read_line(&mut self) -> Result<Vec<u8>, Trouble> {
        loop {
            if let Some(end) = self.ahead.iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.ahead.drain(..=end).collect();
                line.pop();
                line.pop_if(|b| *b == b'\r');
                return if line.len() < LINE_BYTES { Ok(line) } else { Err(TOO_LONG) };
            }
            if self.ahead.len() >= LINE_BYTES {
                return Err(TOO_LONG);
            }
            let mut some = [0; 2048];
            let count = self.stream.read(&mut some).await.map_err(io)?;
            if count == 0 {
                return Err(Trouble::Closed);
            }
            self.ahead.extend(some.iter().take(count));
        }
    }
}

const TOO_LONG: Trouble = Trouble::Protocol("a line of more than 4096 bytes");

async fn within<T>(limit: Duration, work: impl Future<Output = std::io::Result<T>>) -> Result<T, Trouble> {
    timeout(limit, work).await.map_err(|_| Trouble::Timeout)?.map_err(io)
}

pub(super) fn io(error: std::io::Error) -> Trouble {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => Trouble::Closed,
        kind => Trouble::Io(kind),
    }
}

/// A command line as it goes onto the wire; whatever stands in it, it stays one line.
pub(super) fn command(line: &str) -> String {
    let mut line: String = line.chars().filter(|c| !c.is_control()).collect();
    line.push_str("\r\n");
    line
}

/// The MAIL and RCPT commands of a mail. An `Address` has no character that could end them.
pub(super) fn envelope(mail: &Outgoing, parameters: &str) -> (String, String) {
    let from = mail.envelope_from.as_ref().map_or("", Address::as_str);
    (command(&format!("MAIL FROM:<{from}>{parameters}")), command(&format!("RCPT TO:<{}>", mail.to.as_str())))
}

/// The mail as it follows DATA, without the dot that ends it: every line ends in CRLF and no line is a dot alone
/// (RFC 5321 4.5.2).
pub(super) fn body(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().saturating_add(bytes.len() / 32));
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    out
}
