//! A virus scanner (clamd), asked over its socket: the bytes of a file go in (INSTREAM), clean or the name of what was
//! found comes out. Whatever else happens is an error, never "clean": whoever asks lets the file wait. It blocks, and is
//! never asked while a transaction is open.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

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

/// A scanner, and until when it is left alone.
#[derive(Debug)]
pub struct Scanner {
    clamd: Clamd,
    rests_until: AtomicI64,
}

impl Scanner {
    /// The scanner of a firm.
    pub const fn new(clamd: Clamd) -> Scanner {
        Scanner { clamd, rests_until: AtomicI64::new(i64::MIN) }
    }

    /// Has a file scanned.
    pub fn scan(&self, bytes: &[u8], now: Timestamp) -> Result<Verdict, ScanError> {
        if now.as_second() < self.rests_until.load(Ordering::Relaxed) {
            return Err(ScanError::Resting);
        }
        let scanned = self.ask(bytes);
        if matches!(scanned, Err(ScanError::Unreachable(_))) {
            self.rests_until.store(now.as_second().saturating_add(REST), Ordering::Relaxed);
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
        let timeout = Some(self.clamd.timeout);
        match &self.clamd.place {
            ClamdPlace::Socket(path) => {
                let line = UnixStream::connect(path)?;
                line.set_read_timeout(timeout)?;
                line.set_write_timeout(timeout)?;
                hear(line, say)
            }
            ClamdPlace::Tcp(address) => {
                let line = TcpStream::connect_timeout(address, self.clamd.timeout)?;
                line.set_read_timeout(timeout)?;
                line.set_write_timeout(timeout)?;
                hear(line, say)
            }
        }
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
