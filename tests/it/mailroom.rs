//! An IMAP server that holds its folders in memory, for tests that start a daemon many times, count what it was asked, or
//! have it answer as they say. It shares no code with the program, and serves as many connections at once as come.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

/// One mail of a folder.
#[derive(Clone, Debug)]
struct Held {
    uid: u32,
    deleted: bool,
    bytes: Vec<u8>,
}

/// One folder.
#[derive(Clone, Debug)]
struct Folder {
    uid_validity: u32,
    next: u32,
    mails: Vec<Held>,
}

impl Folder {
    fn new() -> Folder {
        Folder { uid_validity: 7, next: 1, mails: Vec::new() }
    }

    fn put(&mut self, bytes: Vec<u8>) {
        self.mails.push(Held { uid: self.next, deleted: false, bytes });
        self.next += 1;
    }
}

/// What a test has the server say: to which command line without its tag, for which time since the server began that a
/// command of this first word comes. None is the usual answer; an empty one hangs up; `TAG` stands for the tag.
type Answers = dyn Fn(&str, usize) -> Option<String> + Send + Sync;

struct Room {
    folders: Mutex<BTreeMap<String, Folder>>,
    counts: Mutex<BTreeMap<String, usize>>,
    heard: Mutex<Vec<(Instant, String)>>,
    answers: Box<Answers>,
}

/// A running server.
pub struct Mailroom {
    /// Where it listens.
    pub port: u16,
    room: Arc<Room>,
}

impl Mailroom {
    /// Starts one on a free port of 127.0.0.1, with these mails in its INBOX.
    pub fn start(mails: impl IntoIterator<Item = Vec<u8>>) -> Mailroom {
        Mailroom::answering(mails, |_, _| None)
    }

    /// As [`Mailroom::start`], answering so.
    pub fn answering(
        mails: impl IntoIterator<Item = Vec<u8>>,
        answers: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static,
    ) -> Mailroom {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut inbox = Folder::new();
        mails.into_iter().for_each(|mail| inbox.put(mail));
        let room = Arc::new(Room {
            folders: Mutex::new(BTreeMap::from([("INBOX".to_owned(), inbox)])),
            counts: Mutex::default(),
            heard: Mutex::default(),
            answers: Box::new(answers),
        });
        let shared = Arc::clone(&room);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let room = Arc::clone(&shared);
                thread::spawn(move || drop(Desk::serve(&room, client)));
            }
        });
        Mailroom { port, room }
    }

    /// Delivers a mail.
    pub fn deliver(&self, mail: Vec<u8>) {
        self.room.folders().get_mut("INBOX").unwrap().put(mail);
    }

    /// The mails of all folders but that for the notes of whose mailbox it is.
    pub fn mails(&self) -> Vec<Vec<u8>> {
        let folders = self.room.folders();
        let all = folders.iter().filter(|(name, _)| !name.contains("owner")).flat_map(|(_, folder)| &folder.mails);
        all.map(|held| held.bytes.clone()).collect()
    }

    /// The mails of a folder; none if it isn't there.
    pub fn mails_in(&self, folder: &str) -> Vec<Vec<u8>> {
        let folders = self.room.folders();
        folders.get(folder).into_iter().flat_map(|f| &f.mails).map(|held| held.bytes.clone()).collect()
    }

    /// Numbers everything anew, as servers do that were restored.
    pub fn renumber(&self) {
        for folder in self.room.folders().values_mut() {
            folder.uid_validity += 1;
            let mails = std::mem::take(&mut folder.mails);
            folder.next = 1;
            mails.into_iter().for_each(|held| folder.put(held.bytes));
        }
    }

    /// Every command since the beginning, without its tag, and when it came.
    pub fn heard(&self) -> Vec<(Instant, String)> {
        self.room.heard.lock().unwrap().clone()
    }
}

impl Room {
    fn folders(&self) -> MutexGuard<'_, BTreeMap<String, Folder>> {
        self.folders.lock().unwrap()
    }
}

/// One connection.
struct Desk<'r> {
    room: &'r Room,
    read: BufReader<TcpStream>,
    write: TcpStream,
    folder: Option<String>,
    /// The UIDs that the client has been told of, in order.
    view: Vec<u32>,
}

impl Desk<'_> {
    fn serve(room: &Room, client: TcpStream) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        let write = client.try_clone()?;
        let mut desk = Desk { room, read: BufReader::new(client), write, folder: None, view: Vec::new() };
        desk.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE UIDPLUS] mailroom\r\n")?;
        loop {
            let mut line = String::new();
            if desk.read.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some((tag, command)) = line.trim_end().split_once(' ') else { return Ok(()) };
            let nth = {
                let word = command.split(' ').next().unwrap_or_default();
                room.heard.lock().unwrap().push((Instant::now(), command.to_owned()));
                let mut counts = room.counts.lock().unwrap();
                let nth = counts.entry(word.to_owned()).or_default();
                *nth += 1;
                *nth
            };
            if let Some(answer) = (room.answers)(command, nth) {
                if answer.is_empty() {
                    return Ok(());
                }
                desk.say(&answer.replace("TAG", tag))?;
                continue;
            }
            let end = desk.obey(command)?;
            desk.say(&format!("{tag} {end}\r\n"))?;
            if command == "LOGOUT" {
                return Ok(());
            }
        }
    }

    fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.write.write_all(text.as_bytes())
    }

    /// Does what a command says, but for its last line, which it gives.
    fn obey(&mut self, command: &str) -> std::io::Result<String> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        match word {
            "CAPABILITY" => self.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE UIDPLUS\r\n")?,
            "AUTHENTICATE" | "LOGIN" => return Ok("OK [CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS] in".into()),
            "NOOP" => self.tell_news()?,
            "LOGOUT" => self.say("* BYE bye\r\n")?,
            "SELECT" | "EXAMINE" => return self.select(unquoted(rest)),
            "CREATE" => _ = self.room.folders().entry(unquoted(rest).into()).or_insert_with(Folder::new),
            "STATUS" => {
                let name = unquoted(rest).to_owned();
                let folder = self.room.folders().get(&name).cloned();
                let Some(folder) = folder else { return Ok("NO [NONEXISTENT] no such folder".into()) };
                let (mails, next, validity) = (folder.mails.len(), folder.next, folder.uid_validity);
                self.say(&format!("* STATUS {name:?} (MESSAGES {mails} UIDNEXT {next} UIDVALIDITY {validity})\r\n"))?;
            }
            "APPEND" => return self.append(rest),
            "IDLE" => self.idle()?,
            "EXPUNGE" => self.opened(|folder| folder.mails.retain(|held| !held.deleted)),
            "FETCH" => self.fetch(rest, false)?,
            "UID" => match rest.split_once(' ').unwrap_or_default() {
                ("SEARCH", what) => self.search(what)?,
                ("FETCH", what) => self.fetch(what, true)?,
                ("MOVE", what) => return Ok(self.move_to(what)),
                ("STORE", what) if what.contains("\\Deleted") => {
                    let set = numbers(what.split(' ').next().unwrap_or_default());
                    let mark = |held: &mut Held| held.deleted |= set.contains(&held.uid);
                    self.opened(|folder| folder.mails.iter_mut().for_each(mark));
                }
                _ => return Ok("BAD what?".into()),
            },
            _ => return Ok("BAD what?".into()),
        }
        Ok("OK done".into())
    }

    /// Does something to the folder that is open.
    fn opened<T: Default>(&self, work: impl FnOnce(&mut Folder) -> T) -> T {
        let name = self.folder.clone().unwrap_or_default();
        self.room.folders().get_mut(&name).map(work).unwrap_or_default()
    }

    fn select(&mut self, name: &str) -> std::io::Result<String> {
        let Some(folder) = self.room.folders().get(name).cloned() else {
            return Ok("NO [NONEXISTENT] no such folder".into());
        };
        self.folder = Some(name.to_owned());
        self.view = folder.mails.iter().map(|held| held.uid).collect();
        self.say(&format!(
            "* {} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {}] x\r\n",
            self.view.len(),
            folder.uid_validity,
            folder.next
        ))?;
        Ok("OK [READ-WRITE] done".into())
    }

    /// Tells which mails went, and how many there are; whether there was anything to tell.
    fn news(&mut self) -> std::io::Result<bool> {
        let now: Vec<u32> = self.opened(|folder| folder.mails.iter().map(|held| held.uid).collect());
        let is_news = now != self.view;
        for at in (0..self.view.len()).rev().filter(|at| !now.contains(&self.view[*at])).collect::<Vec<_>>() {
            self.view.remove(at);
            self.say(&format!("* {} EXPUNGE\r\n", at + 1))?;
        }
        if now.len() > self.view.len() {
            self.say(&format!("* {} EXISTS\r\n", now.len()))?;
        }
        self.view = now;
        Ok(is_news)
    }

    fn tell_news(&mut self) -> std::io::Result<()> {
        self.news().map(drop)
    }

    fn idle(&mut self) -> std::io::Result<()> {
        self.say("+ idling\r\n")?;
        self.read.get_ref().set_read_timeout(Some(Duration::from_millis(20)))?;
        let mut line = String::new();
        loop {
            match self.read.read_line(&mut line) {
                Ok(_) => break,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => self.tell_news()?,
                Err(e) => return Err(e),
            }
        }
        self.read.get_ref().set_read_timeout(None)
    }

    fn append(&mut self, rest: &str) -> std::io::Result<String> {
        let name = unquoted(rest).to_owned();
        if !self.room.folders().contains_key(&name) {
            return Ok("NO [TRYCREATE] no such folder".into());
        }
        let length = rest.rsplit_once('{').and_then(|(_, n)| n.trim_end_matches('}').parse().ok()).unwrap_or(0);
        self.say("+ go on\r\n")?;
        let mut bytes = vec![0; length];
        self.read.read_exact(&mut bytes)?;
        self.read.read_line(&mut String::new())?;
        self.room.folders().get_mut(&name).unwrap().put(bytes);
        Ok("OK done".into())
    }

    /// `1:5000 UID 1:*`
    fn search(&mut self, what: &str) -> std::io::Result<()> {
        let (sequence, uids) = what.split_once(" UID ").unwrap_or((what, "1:*"));
        let sequence = numbers(sequence);
        let from: u32 = uids.split(':').next().unwrap_or_default().parse().unwrap_or(1);
        let hits =
            self.view.iter().enumerate().filter(|(at, uid)| sequence.contains(&(*at as u32 + 1)) && **uid >= from);
        let hits: String = hits.map(|(_, uid)| format!(" {uid}")).collect();
        self.say(&format!("* SEARCH{hits}\r\n"))
    }

    fn fetch(&mut self, what: &str, by_uid: bool) -> std::io::Result<()> {
        let (set, items) = what.split_once(' ').unwrap_or_default();
        let set = numbers(set);
        let mails = self.opened(|folder| folder.mails.clone());
        for (at, uid) in self.view.clone().into_iter().enumerate() {
            let number = at as u32 + 1;
            let Some(held) = mails.iter().find(|held| held.uid == uid) else { continue };
            if !set.contains(if by_uid { &uid } else { &number }) {
                continue;
            }
            let mut answer = format!("* {number} FETCH (UID {uid}").into_bytes();
            if items.contains("RFC822.SIZE") {
                answer.extend(format!(" RFC822.SIZE {}", held.bytes.len()).bytes());
            }
            if items.contains("BODY.PEEK[HEADER]") {
                let end = held.bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(held.bytes.len(), |at| at + 4);
                answer.extend(format!(" BODY[HEADER]<0> {{{end}}}\r\n").bytes());
                answer.extend(&held.bytes[..end]);
            } else if items.contains("BODY.PEEK[]") {
                answer.extend(format!(" BODY[] {{{}}}\r\n", held.bytes.len()).bytes());
                answer.extend(&held.bytes);
            }
            answer.extend(b")\r\n");
            self.write.write_all(&answer)?;
        }
        Ok(())
    }

    fn move_to(&mut self, what: &str) -> String {
        let (set, target) = what.split_once(' ').unwrap_or_default();
        let (set, target) = (numbers(set), unquoted(target).to_owned());
        let name = self.folder.clone().unwrap_or_default();
        let mut folders = self.room.folders();
        if !folders.contains_key(&target) {
            return "NO [TRYCREATE] no such folder".into();
        }
        let Some(from) = folders.get_mut(&name) else { return "NO nothing is open".into() };
        let (moved, kept) = std::mem::take(&mut from.mails).into_iter().partition(|held| set.contains(&held.uid));
        from.mails = kept;
        let moved: Vec<Held> = moved;
        moved.into_iter().for_each(|held| folders.get_mut(&target).unwrap().put(held.bytes));
        "OK done".into()
    }
}

/// The first string in quotes, or the first word.
fn unquoted(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or_default(),
        None => text.split(' ').next().unwrap_or_default(),
    }
}

/// A set such as `4,7:9`.
fn numbers(set: &str) -> BTreeSet<u32> {
    let ranges = set.split(',').filter_map(|range| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}
