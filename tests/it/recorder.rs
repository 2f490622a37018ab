//! A submission server that takes every mail, or answers as a test says, and writes down what it was handed, on which
//! connection, and how that ended. It shares no code with the program.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// One mail as it was handed over.
#[derive(Clone, Debug)]
pub struct Handed {
    /// On which connection; counted from 1 and never used twice by one server.
    pub connection: usize,
    /// Whether that connection ended with QUIT.
    pub quit: bool,
    /// MAIL FROM.
    pub from: String,
    /// RCPT TO.
    pub to: String,
    /// What came between DATA and the dot.
    pub bytes: Vec<u8>,
    /// False if the connection ended before the dot: the server then has no copy.
    pub accepted: bool,
}

/// What a test has the server say: to which word (`GREETING`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `DOT`, `QUIT`), for which time
/// since the server began, with which argument. None is the usual answer; an empty one hangs up.
type Answers = dyn Fn(&str, usize, &str) -> Option<String> + Send + Sync;

/// A running server.
pub struct Recorder {
    /// Where it listens.
    pub port: u16,
    handed: Arc<Mutex<Vec<Handed>>>,
}

impl Recorder {
    /// Starts one on a free port of 127.0.0.1.
    pub fn start() -> Recorder {
        Recorder::answering(|_, _, _| None)
    }

    /// Starts one that answers so.
    pub fn answering(answers: impl Fn(&str, usize, &str) -> Option<String> + Send + Sync + 'static) -> Recorder {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let handed = Arc::<Mutex<Vec<Handed>>>::default();
        let desk = Arc::new(Desk { answers: Box::new(answers), counts: Mutex::default(), kept: Arc::clone(&handed) });
        thread::spawn(move || {
            for (n, client) in listener.incoming().map_while(Result::ok).enumerate() {
                let desk = Arc::clone(&desk);
                thread::spawn(move || drop(desk.serve(n + 1, client)));
            }
        });
        Recorder { port, handed }
    }

    /// All that was handed over so far, in order.
    pub fn transcript(&self) -> Vec<Handed> {
        self.handed.lock().unwrap().clone()
    }
}

/// What the connections of one server share.
struct Desk {
    answers: Box<Answers>,
    counts: Mutex<BTreeMap<String, usize>>,
    kept: Arc<Mutex<Vec<Handed>>>,
}

impl Desk {
    /// The answer to a word, the test's or the usual one.
    fn answer(&self, word: &str, argument: &str, usual: &str) -> String {
        let nth = {
            let mut counts = self.counts.lock().unwrap();
            let nth = counts.entry(word.to_owned()).or_default();
            *nth += 1;
            *nth
        };
        (self.answers)(word, nth, argument).unwrap_or_else(|| usual.to_owned())
    }

    fn serve(&self, connection: usize, client: TcpStream) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        let mut write = client.try_clone()?;
        let mut lines = BufReader::new(client);
        // What is said; whether the word was taken.
        let mut say = |answer: &str| {
            write.write_all(format!("{answer}\r\n").as_bytes())?;
            let is_good = answer.starts_with(['2', '3']);
            if answer.is_empty() {
                Err(std::io::ErrorKind::ConnectionAborted.into())
            } else {
                Ok::<_, std::io::Error>(is_good)
            }
        };
        let (mut from, mut to) = (None, None);
        say(&self.answer("GREETING", "", "220 recorder"))?;
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let angle =
                line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(a, _)| a).to_owned();
            let word = line.split(' ').next().unwrap_or_default();
            match word {
                "EHLO" => _ = say(&self.answer(word, "", "250-recorder\r\n250-PIPELINING\r\n250 8BITMIME"))?,
                "MAIL" => from = say(&self.answer(word, &angle, "250 ok"))?.then_some(angle),
                "RCPT" if from.is_none() => _ = say("503 MAIL first")?,
                "RCPT" => to = say(&self.answer(word, &angle, "250 ok"))?.then_some(angle),
                "DATA" if to.is_none() => _ = say("503 RCPT first")?,
                "DATA" if say(&self.answer(word, "", "354 go"))? => {
                    let (bytes, is_whole) = body(&mut lines)?;
                    let (from, to) = (from.take().unwrap_or_default(), to.take().unwrap_or_default());
                    let answer = self.answer("DOT", &to, "250 kept");
                    // A server that hangs up in place of an answer has taken the mail: nobody can tell.
                    let accepted = is_whole && (answer.is_empty() || answer.starts_with('2'));
                    // Kept before it is answered: what was answered is kept in any case.
                    self.kept.lock().unwrap().push(Handed { connection, quit: false, from, to, bytes, accepted });
                    if !is_whole {
                        return Ok(());
                    }
                    say(&answer)?;
                }
                "DATA" => {}
                "QUIT" => {
                    let mut kept = self.kept.lock().unwrap();
                    kept.iter_mut().filter(|h| h.connection == connection).for_each(|h| h.quit = true);
                    drop(kept);
                    say(&self.answer(word, "", "221 bye"))?;
                    return Ok(());
                }
                "RSET" => {
                    (from, to) = (None, None);
                    say(&self.answer(word, "", "250 ok"))?;
                }
                _ => _ = say("500 what?")?,
            }
        }
    }
}

/// The bytes up to the dot, and whether it came.
fn body(lines: &mut impl BufRead) -> std::io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
            return Ok((bytes, false));
        }
        if line == b".\r\n" {
            return Ok((bytes, true));
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
