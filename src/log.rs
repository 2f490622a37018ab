//! The log's way to standard error, which never holds anybody up: a line goes to a thread of its own, and is dropped and
//! counted where nobody reads what was written before (fault F52). In come finished lines; nothing here knows what they say.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// So many lines wait for their reader.
const WAITING: usize = 4096;
/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

static LINES: OnceLock<SyncSender<Item>> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);

enum Item {
    Line(Vec<u8>),
    /// Everything before this was written.
    Flush(SyncSender<()>),
}

/// Takes whole lines.
#[derive(Clone, Debug)]
pub struct Lines(SyncSender<Item>);

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a line")
    }
}

impl Lines {
    /// Those that go to standard error.
    pub fn start() -> Lines {
        Lines(LINES.get_or_init(|| carry(io::stderr())).clone())
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Item::Line(line.to_vec())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts the thread that writes to `out`.
fn carry(out: impl Write + Send + 'static) -> SyncSender<Item> {
    let (send, hear) = sync_channel(WAITING);
    // Without it every line is dropped, and nothing else suffers.
    let _ = std::thread::Builder::new().name("log".into()).spawn(move || write_all(&hear, out));
    send
}

fn write_all(lines: &Receiver<Item>, mut out: impl Write) {
    for item in lines {
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(out, "{lost} lines of the log were lost: nobody read them in time");
        }
        match item {
            Item::Line(line) => drop(out.write_all(&line)),
            Item::Flush(done) => drop(done.send(())),
        }
    }
}

/// Waits a moment for what was logged last.
pub fn flush() {
    let Some(lines) = LINES.get() else { return };
    let (tell, hear) = sync_channel(1);
    if lines.try_send(Item::Flush(tell)).is_ok() {
        let _ = hear.recv_timeout(LAST_LINES);
    }
}

/// Says this last of all; where a log was begun in its turn, so that whoever doesn't read it does not keep the program
/// from its end either.
pub fn say_last(text: &str) {
    match LINES.get() {
        Some(lines) => drop(lines.try_send(Item::Line(text.as_bytes().to_vec()))),
        None => drop(io::stderr().write_all(text.as_bytes())),
    }
    flush();
}

/// Tells of a panic where it was, never what it said, which may be a piece of somebody's mail.
pub fn hide_what_panics_say() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a step failed in a way that was not foreseen");
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, MutexGuard};

    use super::*;

    /// Stuck as long as somebody holds it.
    #[derive(Clone, Default)]
    struct Stuck(Arc<Mutex<Vec<u8>>>);

    impl Stuck {
        fn text(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap()
        }
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.text().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn f52_a_reader_that_has_stopped_holds_nobody_up_and_loses_no_more_than_it_must() {
        let out = Stuck::default();
        let lines = carry(out.clone());
        let held = out.text();
        let mut log = Lines(lines.clone());
        for n in 0..2 * WAITING {
            log.write_all(format!("line {n}\n").as_bytes()).unwrap();
        }
        drop(held);
        let (tell, hear) = sync_channel(1);
        lines.send(Item::Flush(tell)).unwrap();
        hear.recv().unwrap();
        let text = String::from_utf8(out.text().clone()).unwrap();
        assert!(text.lines().count() >= WAITING && text.contains("lines of the log were lost"), "{}", text.len());
        assert!(text.contains("line 0\n"));
    }
}
