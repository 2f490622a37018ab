//! What a power cut leaves of a day's work (fault F54, decisions.md 47): the system calls of an undisturbed day are
//! recorded with what they write, and at many of them the power is cut: of the disk only what was flushed is sure, and
//! what was not is lost, kept, or kept in part: some writes and not others, the last one torn at a sector, the first so many
//! changes of names and no more. The program is started on such a disk, finishes the day, and the checker looks: nothing
//! that was committed is lost, nothing is doubled that was known to have left, and no mail is moved away of which no row
//! knows. The submission server and the mailbox's mails are elsewhere, and lose nothing.

use crate::checker::{self, Expected, Handed};
use crate::sweep::{Day, finished, stop_traced, undisturbed};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Which calls change what is on the disk, flush it, or say something to a server.
const CALLS: &str = "openat,write,pwrite64,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,\
    fsync,fdatasync,sendto";

/// What a call did.
#[derive(Debug)]
enum What {
    Create {
        path: PathBuf,
        empties: bool,
    },
    /// Without a place: where the last one ended.
    Write {
        path: PathBuf,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    Cut {
        path: PathBuf,
        length: usize,
    },
    Folder {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    Flush {
        path: PathBuf,
    },
    Said {
        to: String,
        bytes: Vec<u8>,
    },
}

/// A call that did well: in which line of the record it began, and in which it ended.
#[derive(Debug)]
struct Call {
    began: usize,
    ended: usize,
    what: What,
}

/// Bytes as `strace -xx` writes them.
fn bytes_in(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(&hex[..2], 16).unwrap()).collect()
}

fn path_in(text: &str) -> PathBuf {
    String::from_utf8(bytes_in(text)).unwrap().into()
}

/// The calls in a record by `strace -f -y -xx`, those that others interrupted put together again.
fn calls_in(record: &str) -> Vec<Call> {
    let mut whole: Vec<(usize, usize, String)> = Vec::new();
    let mut open: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for (at, line) in record.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            open.insert(thread, (at, begun.to_owned()));
        } else if rest.starts_with("<... ") {
            let Some((began, begun)) = open.remove(thread) else { continue };
            let (_, end) = rest.split_once(" resumed>").unwrap();
            whole.push((began, at, format!("{begun}{end}")));
        } else {
            whole.push((at, at, rest.to_owned()));
        }
    }
    whole.sort();
    let call = |(began, ended, text): (usize, usize, String)| Some(Call { began, ended, what: what(&text)? });
    whole.into_iter().filter_map(call).collect()
}

/// What a call that did well did; none if it failed or changed nothing.
fn what(text: &str) -> Option<What> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let parts: Vec<&str> = arguments.split(", ").collect();
    // Of a descriptor the path, of a name what stands in quotes.
    let path = |n: usize| path_in(parts[n].trim_end_matches("(deleted)"));
    let number = |n: usize| parts[n].parse::<usize>().unwrap();
    Some(match name {
        "openat" if parts[2].contains("O_CREAT") || parts[2].contains("O_TRUNC") => {
            What::Create { path: path(1), empties: parts[2].contains("O_TRUNC") }
        }
        // What was not begun when the process ended has no name either.
        "openat" | "???" => return None,
        // What a deleted file holds is nobody's.
        "write" | "pwrite64" | "ftruncate" if parts[0].ends_with("(deleted)") => return None,
        "write" => What::Write { path: path(0), at: None, bytes: bytes_in(parts[1]) },
        "pwrite64" => What::Write { path: path(0), at: Some(number(3)), bytes: bytes_in(parts[1]) },
        "ftruncate" => What::Cut { path: path(0), length: number(1) },
        "fsync" | "fdatasync" => What::Flush { path: path(0) },
        "mkdir" => What::Folder { path: path(0) },
        "mkdirat" => What::Folder { path: path(1) },
        "rename" => What::Rename { from: path(0), to: path(1) },
        "renameat" | "renameat2" => What::Rename { from: path(1), to: path(3) },
        "link" => What::Link { from: path(0), to: path(1) },
        "linkat" => What::Link { from: path(1), to: path(3) },
        "unlink" => What::Unlink { path: path(0) },
        "unlinkat" => What::Unlink { path: path(1) },
        "sendto" => What::Said { to: parts[0].to_owned(), bytes: bytes_in(parts[1]) },
        other => panic!("{other}"),
    })
}

/// A change of a file's content that may not be flushed yet.
struct Change {
    ended: usize,
    at: usize,
    /// What is written there; none: the file ends there.
    bytes: Option<Vec<u8>>,
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>, length: usize) {
        match &self.bytes {
            None => content.resize(self.at, 0),
            Some(bytes) => {
                let end = self.at + length;
                content.resize(content.len().max(end), 0);
                content[self.at..end].copy_from_slice(&bytes[..length]);
            }
        }
    }

    fn length(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }
}

#[derive(Default)]
struct File {
    flushed: Vec<u8>,
    waiting: Vec<Change>,
    /// Where the next write without a place goes.
    position: usize,
}

/// A change of names that may not be flushed yet: which file is called what from then on, and what nothing is.
struct Naming {
    ended: usize,
    gone: Option<PathBuf>,
    named: Option<(PathBuf, usize)>,
    /// The folders of which each must be flushed after it.
    folders: Vec<PathBuf>,
}

/// What becomes of what was not flushed.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lost,
    Kept,
    /// Of some of it, as this number has it.
    Mixed(u64),
}

/// A disk on which the calls before a moment were made.
struct Disk {
    /// The folder of the recorded day; what lies elsewhere is of no interest.
    place: PathBuf,
    files: Vec<File>,
    /// As the running system sees them.
    names: BTreeMap<PathBuf, usize>,
    namings: Vec<Naming>,
    /// Files of the morning, by their name then.
    morning: BTreeMap<PathBuf, usize>,
    /// How many transactions the program held for flushed.
    commits: i64,
}

impl Disk {
    /// As it is when the power goes before the line `cut`, for a day that was begun with the files in `morning`.
    fn at(cut: usize, calls: &[Call], place: &Path, morning: &Path) -> Disk {
        let mut disk = Disk {
            place: place.to_owned(),
            files: Vec::new(),
            names: BTreeMap::new(),
            namings: Vec::new(),
            morning: BTreeMap::new(),
            commits: 0,
        };
        for part in ["store", "maildir"] {
            for file in files_under(&morning.join(part)) {
                let path = place.join(file.strip_prefix(morning).unwrap());
                disk.files.push(File { flushed: fs::read(&file).unwrap(), ..File::default() });
                disk.names.insert(path, disk.files.len() - 1);
            }
        }
        disk.morning = disk.names.clone();
        calls.iter().filter(|call| call.began < cut).for_each(|call| disk.make(call, cut));
        disk
    }

    fn is_here(&self, path: &Path) -> bool {
        // What lies in memory that is shared is no file.
        let is_shared = path.to_string_lossy().ends_with("-shm");
        ["store", "maildir"].iter().any(|part| path.starts_with(self.place.join(part))) && !is_shared
    }

    fn make(&mut self, call: &Call, cut: usize) {
        match &call.what {
            What::Said { .. } => {}
            What::Create { path, .. } | What::Folder { path } | What::Unlink { path } if !self.is_here(path) => {}
            What::Write { path, .. } | What::Cut { path, .. } | What::Flush { path } if !self.is_here(path) => {}
            What::Rename { from, .. } | What::Link { from, .. } if !self.is_here(from) => {}
            What::Create { path, empties } => {
                let file = match self.names.get(path) {
                    Some(file) => *file,
                    None => {
                        self.files.push(File::default());
                        let file = self.files.len() - 1;
                        self.name(call.ended, None, Some((path.clone(), file)));
                        file
                    }
                };
                self.files[file].position = 0;
                if *empties {
                    self.change(path, Change { ended: call.ended, at: 0, bytes: None });
                }
            }
            What::Folder { path } => {
                let folders = vec![path.parent().unwrap().to_owned()];
                self.namings.push(Naming { ended: call.ended, gone: None, named: None, folders });
            }
            What::Write { path, at, bytes } => {
                if path.ends_with("store.id") && call.ended < cut {
                    let said = String::from_utf8_lossy(bytes);
                    self.commits = said.split_whitespace().nth(1).unwrap().parse().unwrap();
                }
                let file = self.file(path);
                let at = at.unwrap_or(self.files[file].position);
                self.files[file].position = at + bytes.len();
                self.change(path, Change { ended: call.ended, at, bytes: Some(bytes.clone()) });
            }
            What::Cut { path, length } => {
                self.change(path, Change { ended: call.ended, at: *length, bytes: None });
            }
            What::Rename { from, to } => {
                let file = self.file(from);
                self.name(call.ended, Some(from.clone()), Some((to.clone(), file)));
            }
            What::Link { from, to } => {
                let file = self.file(from);
                self.name(call.ended, None, Some((to.clone(), file)));
            }
            What::Unlink { path } => self.name(call.ended, Some(path.clone()), None),
            What::Flush { path } => {
                // One under way has flushed nothing for sure.
                if call.ended < cut {
                    self.flush(path, call.began);
                }
            }
        }
    }

    fn file(&self, path: &Path) -> usize {
        *self.names.get(path).unwrap_or_else(|| panic!("nothing is called {}", path.display()))
    }

    fn change(&mut self, path: &Path, change: Change) {
        let file = self.file(path);
        self.files[file].waiting.push(change);
    }

    fn name(&mut self, ended: usize, gone: Option<PathBuf>, named: Option<(PathBuf, usize)>) {
        let paths = gone.iter().chain(named.iter().map(|(path, _)| path));
        let mut folders: Vec<PathBuf> = paths.map(|path| path.parent().unwrap().to_owned()).collect();
        folders.dedup();
        gone.iter().for_each(|path| _ = self.names.remove(path));
        named.iter().for_each(|(path, file)| _ = self.names.insert(path.clone(), *file));
        self.namings.push(Naming { ended, gone, named, folders });
    }

    /// What was done before `began` to this file, or in this folder, is sure from now on.
    fn flush(&mut self, path: &Path, began: usize) {
        if let Some(file) = self.names.get(path) {
            let file = &mut self.files[*file];
            let (sure, waiting) = std::mem::take(&mut file.waiting).into_iter().partition(|c| c.ended < began);
            let sure: Vec<Change> = sure;
            sure.iter().for_each(|change| change.apply(&mut file.flushed, change.length()));
            file.waiting = waiting;
        } else {
            for naming in self.namings.iter_mut().filter(|naming| naming.ended < began) {
                naming.folders.retain(|folder| folder != path);
            }
        }
    }

    /// Makes the disk as it is found after the cut, of a copy of the morning.
    fn leave(&self, fate: Fate, target: &Path) {
        let mut dice = Dice(if let Fate::Mixed(seed) = fate { seed } else { 1 });
        let unsure = self.namings.iter().filter(|naming| !naming.folders.is_empty()).count();
        let mut kept = match fate {
            Fate::Lost => 0,
            Fate::Kept => unsure,
            Fate::Mixed(_) => dice.below(unsure + 1),
        };
        let mut names = self.morning.clone();
        for naming in &self.namings {
            if !naming.folders.is_empty() {
                if kept == 0 {
                    continue;
                }
                kept -= 1;
            }
            naming.gone.iter().for_each(|path| _ = names.remove(path));
            naming.named.iter().for_each(|(path, file)| _ = names.insert(path.clone(), *file));
        }
        let at = |path: &Path| target.join(path.strip_prefix(&self.place).unwrap());
        self.morning
            .keys()
            .filter(|path| !names.contains_key(*path))
            .for_each(|path| fs::remove_file(at(path)).unwrap());
        let contents: Vec<Vec<u8>> = self.files.iter().map(|file| content(file, fate, &mut dice)).collect();
        for (path, file) in names {
            let is_same = self.morning.get(&path) == Some(&file) && contents[file] == fs::read(at(&path)).unwrap();
            if !is_same {
                fs::create_dir_all(at(path.parent().unwrap())).unwrap();
                // Gone first: the mail that lay there may be another name's too.
                drop(fs::remove_file(at(&path)));
                fs::write(at(&path), &contents[file]).unwrap();
                private(&at(&path));
            }
        }
    }
}

fn content(file: &File, fate: Fate, dice: &mut Dice) -> Vec<u8> {
    let mut content = file.flushed.clone();
    for change in &file.waiting {
        let length = change.length();
        match fate {
            Fate::Lost => {}
            Fate::Kept => change.apply(&mut content, length),
            Fate::Mixed(_) => match dice.below(4) {
                0 | 1 => change.apply(&mut content, length),
                // Torn at a sector.
                2 if length > 512 => change.apply(&mut content, 512 * dice.below(length / 512 + 1)),
                _ => {}
            },
        }
    }
    content
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files_under(&path)) } else { found.push(path) }
    }
    found
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// How many letters the submission server had got whole when the power went.
fn handed_before(cut: usize, calls: &[Call]) -> usize {
    let mut said: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let mut handed = 0;
    for call in calls.iter().filter(|call| call.ended < cut) {
        let What::Said { to, bytes } = &call.what else { continue };
        let heard = said.entry(to).or_default();
        heard.extend(bytes);
        while let Some(end) = heard.windows(5).position(|w| w == b"\r\n.\r\n") {
            heard.drain(..end + 5);
            handed += 1;
        }
    }
    handed
}

/// An undisturbed day, recorded.
struct Recorded {
    day: &'static Day,
    place: tempfile::TempDir,
    calls: Vec<Call>,
    transcript: Vec<Handed>,
    tally: BTreeMap<String, usize>,
}

impl Recorded {
    fn new() -> Recorded {
        let day = Day::shared();
        let (place, recorder) = day.begin();
        let record = place.path().join("record");
        let what = ["-y", "-xx", "-s", "10000000", "-e", &format!("trace={CALLS}")].map(str::to_owned);
        let mut traced = day.traced(place.path(), &what, &record).spawn().unwrap();
        finished(place.path(), day.mails()).unwrap();
        stop_traced(&mut traced).unwrap();
        let calls = calls_in(&fs::read_to_string(&record).unwrap());
        Recorded { day, place, calls, transcript: recorder.transcript(), tally: undisturbed(day) }
    }

    /// Where the power may go: before and after each call that changes or flushes something here, or says something.
    fn cuts(&self) -> Vec<usize> {
        let disk = Disk::at(0, &[], self.place.path(), self.place.path());
        let is_here = |call: &&Call| match &call.what {
            What::Create { path, .. } | What::Folder { path } | What::Unlink { path } => disk.is_here(path),
            What::Write { path, .. } | What::Cut { path, .. } | What::Flush { path } => disk.is_here(path),
            What::Rename { from, .. } | What::Link { from, .. } => disk.is_here(from),
            What::Said { .. } => true,
        };
        let mut cuts: Vec<usize> =
            self.calls.iter().filter(is_here).flat_map(|call| [call.began, call.ended + 1]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// Cuts the power there and looks at what is left; if `starts`, starts on it, and looks what it comes to. How many
    /// letters came twice, and what is wrong.
    fn cut(&self, cut: usize, fate: Fate, starts: bool) -> (usize, Vec<String>) {
        let (place, recorder) = self.day.begin();
        let place = place.path();
        let disk = Disk::at(cut, &self.calls, self.place.path(), place);
        disk.leave(fate, place);
        let mut wrong = Vec::new();
        let here = checker::commits(&place.join("store"));
        if here < disk.commits {
            wrong.push(format!("{} transactions were committed, {here} are there", disk.commits));
        }
        let before = handed_before(cut, &self.calls).min(self.transcript.len());
        let mut transcript = self.transcript[..before].to_vec();
        let handed = transcript.iter().map(|h| checker::message_id(&h.bytes)).collect();
        let moved = fs::read_dir(place.join("maildir/.Processed/cur")).unwrap().map(|f| f.unwrap().file_name());
        let moved: Vec<String> = moved.map(|name| name.to_string_lossy().trim_end_matches(":2,S").to_owned()).collect();
        wrong.extend(checker::borne_out(&place.join("store"), &moved, &handed));
        if !starts {
            return (0, wrong);
        }
        let expected = Expected { in_doubt: checker::in_doubt(&place.join("store")), ..self.day.expected() };
        checker::let_time_pass(&place.join("store"));
        wrong.extend(self.day.finish(place).err());
        transcript.iter_mut().for_each(|handed| handed.quit = false);
        transcript.extend(recorder.transcript().into_iter().map(|h| Handed { connection: h.connection + 1000, ..h }));
        let evidence = self.day.evidence(place, transcript);
        wrong.extend(checker::compare(&evidence, &expected));
        let tally = checker::tally(&place.join("store"));
        if tally != self.tally {
            wrong.push(format!("the day came to {tally:?} and not to {:?}", self.tally));
        }
        let doubled = checker::doubled(&evidence);
        let known = doubled.iter().filter(|id| !expected.in_doubt.contains(*id));
        wrong.extend(known.map(|id| format!("{id} came twice and the store knew of the first")));
        if !wrong.is_empty() {
            wrong.push(fs::read_to_string(place.join("daemon.log")).unwrap_or_default());
        }
        (doubled.len(), wrong)
    }
}

/// At every cut it is looked at what is left; at some the program is started on it. The short form takes so many, the long
/// one by `DOCKETPOST_POWER=N` as many as are said.
#[test]
fn f54_whatever_a_power_cut_leaves_what_was_committed_stays_and_nothing_is_done_twice() {
    let wanted: usize = env::var("DOCKETPOST_POWER").map_or(20, |n| n.parse().expect("a number of cuts"));
    let recorded = Recorded::new();
    let cuts = recorded.cuts();
    assert!(cuts.len() > 500, "{} calls", cuts.len());
    let looks = (wanted * 10).min(cuts.len());
    let (next, found) = (AtomicUsize::new(0), Mutex::new((0, Vec::new())));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let (cut, starts) = match n.checked_sub(looks) {
                        None => (cuts[n * cuts.len() / looks], false),
                        Some(n) if n < wanted => (cuts[n * cuts.len() / wanted], true),
                        Some(_) => break,
                    };
                    let fate = [Fate::Lost, Fate::Mixed(n as u64), Fate::Kept, Fate::Mixed(n as u64)][n % 4];
                    let (doubled, wrong) = recorded.cut(cut, fate, starts);
                    let mut found = found.lock().unwrap();
                    found.0 += doubled;
                    if !wrong.is_empty() {
                        found.1.push(format!("cut before line {cut}, {fate:?}: {}", wrong.join("\n  ")));
                    }
                }
            });
        }
    });
    let (doubled, wrong) = found.into_inner().unwrap();
    println!(
        "{looks} power cuts looked at and {wanted} started after; {} losses or doubles; {doubled} duplicates after an unknown outcome",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A disk that loses what was flushed, or keeps the names of what was not, is found out: so the looking looks.
#[test]
fn f54_a_disk_that_lies_about_what_it_flushed_is_found_out() {
    let recorded = Recorded::new();
    let last = recorded.calls.iter().map(|call| call.ended + 1).max().unwrap();
    // The log of the database is not flushed, the moves in the mailbox are kept.
    let calls = recorded
        .calls
        .iter()
        .filter(|call| !matches!(&call.what, What::Flush { path } if path.to_string_lossy().ends_with("-wal")));
    let is_moved =
        |call: &&Call| matches!(&call.what, What::Rename { to, .. } if to.to_string_lossy().contains(".Processed"));
    let moved = recorded.calls.iter().filter(is_moved).map(|call| call.ended + 1).max().unwrap_or(last);
    let calls: Vec<&Call> = calls.collect();
    let (place, _recorder) = recorded.day.begin();
    let mut disk = Disk::at(0, &[], recorded.place.path(), place.path());
    calls.iter().filter(|call| call.began < moved).for_each(|call| disk.make(call, moved));
    disk.namings.iter_mut().for_each(|naming| naming.folders.clear());
    disk.leave(Fate::Lost, place.path());
    assert!(checker::commits(&place.path().join("store")) < disk.commits);
    assert!(recorded.day.finish_within(place.path(), std::time::Duration::from_secs(3)).is_err());
}
