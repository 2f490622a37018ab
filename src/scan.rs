//! A virus scanner (clamd), asked over its socket: the bytes of a file go in (INSTREAM), clean or the name of what was
//! found comes out. Whatever else happens is an error, never "clean": whoever asks lets the file wait. It blocks, and is
//! never asked while a transaction is open.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::io::retry_on_intr;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock;
use crate::config::{Clamd, ClamdPlace};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 4096;
const CHUNK: usize = 64 * 1024;
/// How long a scanner that failed is left alone, in seconds: mails do not queue up behind its timeouts.
const REST: i64 = 20;

/// What the scanner says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// This was found; letters, digits, dots, hyphens and underscores.
    Infected(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It can't be reached, or broke off.
    #[error("the virus scanner can't be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// It said something else, such as that the file is longer than it takes (`StreamMaxLength`).
    #[error("the virus scanner gave no verdict: {0}")]
    NoVerdict(String),
    /// It failed a moment ago.
    #[error("the virus scanner failed a moment ago")]
    Resting,
}

/// A scanner, and from when until when it is left alone.
#[derive(Debug)]
pub struct Scanner {
    clamd: Clamd,
    rests: Mutex<Option<(i64, i64)>>,
    turn: Semaphore,
}

impl Scanner {
    /// The scanner of a firm.
    pub fn new(clamd: Clamd) -> Scanner {
        Scanner { clamd, rests: Mutex::default(), turn: Semaphore::new(1) }
    }

    /// Waits until nobody else has mails scanned, and keeps others waiting until what it gives is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.turn.acquire().await.ok()
    }

    /// Has a file scanned.
    pub fn scan(&self, bytes: &[u8], now: Timestamp) -> Result<Verdict, ScanError> {
        let rests = || self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        // By a clock that was set back since it failed, nobody can tell how long ago that was (fault F42).
        if rests().is_some_and(|(from, until)| (from..until).contains(&now.as_second())) {
            return Err(ScanError::Resting);
        }
        let began = clock::instant();
        let scanned = self.ask(bytes);
        if matches!(scanned, Err(ScanError::Unreachable(_))) {
            // From when it failed, which may be long after it was asked.
            let asked_for = i64::try_from(began.elapsed().as_secs()).unwrap_or(0);
            let until = now.as_second().saturating_add(asked_for).saturating_add(REST);
            *rests() = Some((now.as_second(), until));
        }
        scanned
    }

    /// Asks whether it is there.
    pub fn ping(&self) -> Result<(), ScanError> {
        let answer = self.talk(|line| line.write_all(b"zPING\0"))?;
        if answer == "PONG" { Ok(()) } else { Err(ScanError::NoVerdict(answer)) }
    }

    fn ask(&self, bytes: &[u8]) -> Result<Verdict, ScanError> {
        let answer = self.talk(|line| {
            line.write_all(b"zINSTREAM\0")?;
            for chunk in bytes.chunks(CHUNK) {
                let length = u32::try_from(chunk.len()).unwrap_or(0);
                line.write_all(&length.to_be_bytes())?;
                line.write_all(chunk)?;
            }
            line.write_all(&[0; 4])
        })?;
        verdict(&answer)
    }

    fn talk(&self, say: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<String, ScanError> {
        let until = Until { began: clock::instant(), longest: self.clamd.timeout };
        let line = match &self.clamd.place {
            ClamdPlace::Socket(path) => Line::Unix(connected(path, until.left()?)?),
            ClamdPlace::Tcp(address) => Line::Tcp(TcpStream::connect_timeout(address, until.left()?)?),
        };
        hear(Talk { line, until }, say)
    }
}

/// A socket's connection; one on which nobody takes calls any more is not waited for longer than this.
fn connected(path: &Path, longest: Duration) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(longest))?;
    // With a time-out the system doesn't take it up again by itself after a signal.
    let address = SocketAddrUnix::new(path)?;
    retry_on_intr(|| connect(&socket, &address))?;
    Ok(UnixStream::from(socket))
}

/// When a talk is to be over.
#[derive(Clone, Copy)]
struct Until {
    began: Instant,
    longest: Duration,
}

impl Until {
    fn left(self) -> io::Result<Duration> {
        let left = self.longest.saturating_sub(self.began.elapsed());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

enum Line {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// A connection that is over at its time, however little of what is said or heard each step brings on.
struct Talk {
    line: Line,
    until: Until,
}

impl Read for Talk {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = Some(self.until.left()?);
        match &mut self.line {
            Line::Unix(line) => line.set_read_timeout(left).and_then(|()| line.read(into)),
            Line::Tcp(line) => line.set_read_timeout(left).and_then(|()| line.read(into)),
        }
    }
}

impl Write for Talk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = Some(self.until.left()?);
        match &mut self.line {
            Line::Unix(line) => line.set_write_timeout(left).and_then(|()| line.write(bytes)),
            Line::Tcp(line) => line.set_write_timeout(left).and_then(|()| line.write(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says it all, then hears the answer. A scanner that has heard enough answers and hangs up before the end: its answer
/// says more than the broken line.
fn hear(mut line: impl Read + Write, say: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<String, ScanError> {
    let said = say(&mut line);
    let mut answer = Vec::new();
    let heard = line.take(LONGEST_ANSWER).read_to_end(&mut answer);
    if answer.is_empty() {
        said?;
        heard?;
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    if answer.last() != Some(&0) {
        heard?;
    }
    let text: String = String::from_utf8_lossy(&answer).chars().filter(|c| !c.is_control()).take(200).collect();
    Ok(text.trim().to_owned())
}

fn verdict(answer: &str) -> Result<Verdict, ScanError> {
    let plain = answer.strip_prefix("stream: ").unwrap_or(answer);
    if plain == "OK" {
        return Ok(Verdict::Clean);
    }
    match plain.strip_suffix(" FOUND") {
        Some(name) => {
            let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            Ok(Verdict::Infected(name.chars().filter(plain).take(100).collect()))
        }
        None => Err(ScanError::NoVerdict(answer.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    /// A scanner that answers each of these in turn to whatever it is sent, and gives what it was sent.
    fn scripted(answers: &'static [&'static [u8]]) -> (Scanner, std::thread::JoinHandle<Vec<Vec<u8>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = ClamdPlace::Tcp(listener.local_addr().unwrap());
        let serve = move || {
            let mut heard = Vec::new();
            for answer in answers {
                let (mut line, _) = listener.accept().unwrap();
                heard.push(request(&mut line));
                line.write_all(answer).unwrap();
            }
            heard
        };
        let scanner = Scanner::new(Clamd { place, timeout: Duration::from_secs(5) });
        (scanner, std::thread::spawn(serve))
    }

    /// The command up to its NUL, and after `INSTREAM` the chunks up to the empty one.
    fn request(line: &mut impl Read) -> Vec<u8> {
        let mut heard = Vec::new();
        while !heard.ends_with(&[0]) {
            take(line, 1, &mut heard);
        }
        let mut chunk = if heard == b"zPING\0" { 0 } else { length(line, &mut heard) };
        while chunk > 0 {
            take(line, chunk, &mut heard);
            chunk = length(line, &mut heard);
        }
        heard
    }

    fn length(line: &mut impl Read, heard: &mut Vec<u8>) -> usize {
        take(line, 4, heard);
        u32::from_be_bytes(*heard.last_chunk().unwrap()) as usize
    }

    fn take(line: &mut impl Read, len: usize, heard: &mut Vec<u8>) {
        assert_eq!(line.take(len as u64).read_to_end(heard).unwrap(), len);
    }

    /// A scanner that takes the call and says a letter at a time is as silent as one that takes none.
    #[test]
    fn a_scanner_that_hangs_in_any_way_is_given_up_at_its_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("clamd.ctl");
        let _nobody_accepts = silent_socket(&path);
        let timeout = Duration::from_millis(200);
        let scanner = Scanner::new(Clamd { place: ClamdPlace::Socket(path.clone()), timeout });
        // What is waiting to be accepted fills the queue; then connecting itself waits.
        for n in 0..4 {
            let later = now().checked_add(jiff::SignedDuration::from_hours(n)).unwrap();
            assert!(matches!(scanner.scan(b"x", later), Err(ScanError::Unreachable(_))));
        }

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = ClamdPlace::Tcp(listener.local_addr().unwrap());
        let drip = std::thread::spawn(move || {
            let (mut line, _) = listener.accept().unwrap();
            let mut said = 0;
            while said < 4096 && line.write_all(b"s").is_ok() {
                said += 1;
                std::thread::park_timeout(Duration::from_millis(20));
            }
            said
        });
        let scanner = Scanner::new(Clamd { place, timeout });
        assert!(matches!(scanner.scan(b"x", now()), Err(ScanError::Unreachable(_))));
        assert!(drip.join().unwrap() < 4096, "it was not heard to the end");
    }

    /// A socket with a queue of one on which nobody takes calls.
    fn silent_socket(path: &Path) -> std::os::fd::OwnedFd {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::bind(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
        rustix::net::listen(&socket, 0).unwrap();
        socket
    }

    fn now() -> Timestamp {
        "2026-03-18T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_file_goes_over_in_chunks_and_a_verdict_comes_back() {
        let (scanner, served) = scripted(&[b"stream: OK\0", b"stream: Eicar-Test-Signature FOUND\0", b"PONG\0"]);
        assert_eq!(scanner.scan(b"clean", now()).unwrap(), Verdict::Clean);
        let found = scanner.scan(&vec![b'x'; CHUNK + 1], now()).unwrap();
        assert_eq!(found, Verdict::Infected("Eicar-Test-Signature".into()));
        scanner.ping().unwrap();
        let heard = served.join().unwrap();
        assert_eq!(heard[0], b"zINSTREAM\0\0\0\0\x05clean\0\0\0\0");
        assert_eq!(heard[1].len(), 10 + 4 + CHUNK + 4 + 1 + 4);
    }

    #[test]
    fn f42_a_scanner_that_failed_by_a_clock_that_ran_ahead_does_not_rest_until_that_day() {
        let place = tempfile::tempdir().unwrap();
        let place = ClamdPlace::Socket(place.path().join("nobody"));
        let scanner = Scanner::new(Clamd { place, timeout: Duration::from_secs(5) });
        let ahead = now().checked_add(jiff::SignedDuration::from_hours(365 * 24)).unwrap();
        assert!(matches!(scanner.scan(b"x", ahead), Err(ScanError::Unreachable(_))));
        assert!(matches!(scanner.scan(b"x", ahead), Err(ScanError::Resting)));
        assert!(matches!(scanner.scan(b"x", now()), Err(ScanError::Unreachable(_))));
    }

    #[test]
    fn whatever_is_no_verdict_is_an_error_and_never_clean() {
        let (scanner, served) =
            scripted(&[b"INSTREAM size limit exceeded. ERROR\0", b"stream: NOT OK\0", b"", b"\xff\xfe"]);
        assert!(matches!(scanner.scan(b"x", now()), Err(ScanError::NoVerdict(_))));
        assert!(matches!(scanner.scan(b"x", now()), Err(ScanError::NoVerdict(_))));
        assert!(matches!(scanner.scan(b"x", now()), Err(ScanError::Unreachable(_))));
        let later = now().checked_add(jiff::SignedDuration::from_secs(REST)).unwrap();
        assert!(matches!(scanner.scan(b"x", now()), Err(ScanError::Resting)));
        assert!(matches!(scanner.scan(b"x", later), Err(ScanError::NoVerdict(_))));
        served.join().unwrap();
        assert!(matches!(scanner.scan(b"x", later), Err(ScanError::Unreachable(_))));
    }
}
