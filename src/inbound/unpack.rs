//! The bytes of a zip come in; its files come out one by one with the folders they lie in, and what of it is not taken and
//! why (DOC-08). Nothing here writes a path: names from a zip are data, judged and cleaned. Every number that a zip says
//! of itself is a claim: what is counted is what really comes out, and past a limit nothing of the zip is taken.

use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};

use ::zip::ZipArchive;

use super::files::{Judged, UNKNOWN, judge, size, sniff};
use super::names::{is_invisible, is_reserved, safe_name};
use super::zip::directory;
use crate::actions::documents::File;
use crate::config::FileRules;
use crate::language::{Unsaid, sentence};

/// What one zip may come to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files and folders.
    pub entries: usize,
    /// Folders above a file.
    pub depth: usize,
    /// All files together, in bytes.
    pub bytes: u64,
    /// All files together, in lengths of the zip.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { entries: 1000, depth: 8, bytes: 200 << 20, ratio: 100 }
    }
}

/// Small zips of text may be packed very tightly; below this many bytes the ratio says nothing.
const TOO_SMALL_FOR_RATIO: u64 = 1 << 20;
/// How an entry of a zip's directory begins; they are counted before anybody makes a list of them.
const ENTRY: &[u8] = b"PK\x01\x02";
const MOST_ENTRY_MARKS: usize = 20_000;

/// What came out of a zip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// The files, in the order of the zip, each kept by now.
    pub files: Vec<Packed>,
    /// What was not taken: its path as far as it can be shown, and why.
    pub skipped: Vec<(String, Unsaid)>,
    /// What the virus scanner found, by the file's path; each of them is skipped.
    pub found: Vec<(String, Unsaid)>,
    /// One of the files waits for the firm, and so does the mail.
    pub waits: bool,
}

/// A file of a zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The folders above it, outermost first; safe names.
    pub folders: Vec<String>,
    /// The file.
    pub file: File,
}

/// What became of a file that was handed over to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is on disk under this SHA-256.
    Safe(String),
    /// It is not kept: the virus scanner found this in it.
    Infected(String),
}

/// Takes the bytes of a file and keeps them, unless they are infected.
pub type Keep<'k> = dyn FnMut(&[u8]) -> io::Result<Kept> + 'k;

/// Why nothing of a zip is taken.
pub type Unfit = Unsaid;

/// Unpacks a zip and hands each file to `keep`; the outer error is the disk's or the scanner's.
pub fn unpack(
    zip: &[u8],
    limits: Limits,
    rules: FileRules,
    keep: &mut Keep<'_>,
) -> io::Result<Result<Unpacked, Unfit>> {
    let mut archive = match open(zip, limits) {
        Ok(archive) => archive,
        Err(why) => return Ok(Err(why)),
    };
    let mut unpacked = Unpacked::default();
    let mut room = Room::new(zip, limits);
    for index in 0..archive.len() {
        let named = match entry(&archive, index, limits) {
            Ok(Some(named)) => named,
            Ok(None) => continue,
            Err(Skip::One(path, why)) => {
                unpacked.skipped.push((path, why.into()));
                continue;
            }
            Err(Skip::All(why)) => return Ok(Err(why)),
        };
        let bytes = match room.read(&mut archive, index) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let why = sentence!("it is damaged, or packed in a way that can't be read.");
                unpacked.skipped.push((named.shown(), why.into()));
                continue;
            }
            Err(why) => return Ok(Err(why)),
        };
        take(&mut unpacked, named, &bytes, rules, keep)?;
    }
    Ok(Ok(unpacked))
}

fn take(unpacked: &mut Unpacked, named: Named, bytes: &[u8], rules: FileRules, keep: &mut Keep<'_>) -> io::Result<()> {
    if bytes.is_empty() {
        unpacked.skipped.push((named.shown(), sentence!("the file is empty.").into()));
        return Ok(());
    }
    let mime = sniff(&named.name, UNKNOWN, bytes);
    match judge(&named.name, &mime, bytes, rules) {
        Judged::Refused(why) => {
            unpacked.skipped.push((named.shown(), why.into()));
            return Ok(());
        }
        Judged::Waits => unpacked.waits = true,
        Judged::Fine => {}
    }
    match keep(bytes)? {
        Kept::Safe(sha256) => {
            let file = File { name: named.name, mime, sha256, size: size(bytes) };
            unpacked.files.push(Packed { folders: named.folders, file });
        }
        Kept::Infected(found) => {
            let found = (named.shown(), infected(&found));
            unpacked.skipped.push(found.clone());
            unpacked.found.push(found);
        }
    }
    Ok(())
}

/// Why a file is not kept in which the virus scanner found this.
pub fn infected(found: &str) -> Unsaid {
    Unsaid::with(sentence!("the virus scanner found {found} in it."), "found", found)
}

fn open(zip: &[u8], limits: Limits) -> Result<ZipArchive<Cursor<&[u8]>>, Unfit> {
    let damaged = || sentence!("it is damaged, or not an ordinary zip.").into();
    if zip.windows(ENTRY.len()).filter(|w| *w == ENTRY).take(MOST_ENTRY_MARKS).count() == MOST_ENTRY_MARKS {
        return Err(too_many(limits));
    }
    let listed = directory(zip).ok_or_else(damaged)?;
    if listed.is_ambiguous {
        return Err(
            "its list of contents can be read in two ways. Pack it anew, or send its files by themselves.".into()
        );
    }
    if listed.is_encrypted {
        return Err(sentence!("it needs a password. Send it without one, or its files by themselves.").into());
    }
    if listed.names.len() > limits.entries {
        return Err(too_many(limits));
    }
    let archive = ZipArchive::new(Cursor::new(zip)).map_err(|_| damaged())?;
    let mut names = BTreeSet::new();
    if let Some(twice) = listed.names.iter().find(|name| !names.insert(name.as_str())) {
        let why = sentence!("two files in it have the same name, \"{name}\"; which is meant can't be told.");
        return Err(Unsaid::with(why, "name", shown(twice)));
    }
    if archive.len() != listed.names.len() {
        return Err(damaged());
    }
    Ok(archive)
}

fn too_many(limits: Limits) -> Unfit {
    Unsaid::with(sentence!("it holds more than {files} files. Send it in parts."), "files", limits.entries)
}

/// Why an entry is not taken, or why the whole zip is not.
enum Skip {
    One(String, &'static str),
    All(Unfit),
}

/// A file's place in the zip.
struct Named {
    folders: Vec<String>,
    name: String,
}

impl Named {
    fn shown(&self) -> String {
        let path: Vec<&str> = self.folders.iter().chain([&self.name]).map(String::as_str).collect();
        path.join("/")
    }
}

/// Judges an entry by what the directory says of it; none for a folder.
fn entry(archive: &ZipArchive<Cursor<&[u8]>>, index: usize, limits: Limits) -> Result<Option<Named>, Skip> {
    let unreadable = || Skip::One(format!("file {}", index.saturating_add(1)), sentence!("its name can't be read."));
    let entry = archive.by_index_data(index).map_err(|_| unreadable())?;
    let name = entry.name().map_err(|_| unreadable())?;
    // 0o170000 is the kind of file, 0o100000 and 0o040000 plain files and folders.
    let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
    if entry.is_symlink() || !matches!(kind, 0 | 0o100_000 | 0o040_000) {
        return Err(Skip::One(shown(&name), sentence!("it is a link, not a file.")));
    }
    if entry.is_dir() {
        return Ok(None);
    }
    place(&name, limits)
}

/// The folders and the name that an entry's name means. Windows writes `\`, and a `/` never stands in a name.
fn place(name: &str, limits: Limits) -> Result<Option<Named>, Skip> {
    let no = |why| Err(Skip::One(shown(name), why));
    let mut letters = name.chars();
    let drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic()) && letters.next() == Some(':');
    if drive || name.starts_with(['/', '\\']) {
        return no(sentence!("its path begins outside the zip."));
    }
    if name.chars().any(is_invisible) {
        return no(sentence!("its name has hidden characters."));
    }
    let parts: Vec<&str> = name.split(['/', '\\']).filter(|part| !matches!(part.trim(), "" | ".")).collect();
    if parts.iter().any(|part| part.trim().trim_end_matches(' ') == "..") {
        return no(sentence!("its path leads out of the zip."));
    }
    let Some((last, folders)) = parts.split_last() else { return no(sentence!("it has no name.")) };
    if parts.iter().any(|part| is_reserved(part)) {
        return no(sentence!("Windows keeps this name for a device."));
    }
    if is_litter(&parts, last) {
        return no(sentence!("it is a file of the system, not yours."));
    }
    if folders.len() > limits.depth {
        let why = sentence!("its folders lie more than {levels} deep.");
        return Err(Skip::All(Unsaid::with(why, "levels", limits.depth)));
    }
    let folders = folders.iter().map(|folder| safe_name(folder)).collect();
    Ok(Some(Named { folders, name: safe_name(last) }))
}

/// What systems and programs leave in folders.
fn is_litter(parts: &[&str], last: &str) -> bool {
    let lower = last.to_lowercase();
    parts.first() == Some(&"__MACOSX")
        || matches!(lower.as_str(), "thumbs.db" | "ehthumbs.db" | "desktop.ini" | ".ds_store")
        || lower.starts_with("._")
        || lower.starts_with("~$")
}

/// A name as it may be shown: nothing invisible, and not long.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !is_invisible(*c)).take(80).collect()
}

/// How many bytes may still come out.
struct Room {
    left: u64,
    limits: Limits,
    by_ratio: bool,
}

impl Room {
    fn new(zip: &[u8], limits: Limits) -> Room {
        let by_ratio = size(zip).saturating_mul(limits.ratio).max(TOO_SMALL_FOR_RATIO);
        Room { left: by_ratio.min(limits.bytes), limits, by_ratio: by_ratio < limits.bytes }
    }

    /// The content of an entry, whatever length it claims; none if it can't be read.
    fn read(&mut self, archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize) -> Result<Option<Vec<u8>>, Unfit> {
        let Ok(entry) = archive.by_index(index) else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = entry.take(self.left.saturating_add(1)).read_to_end(&mut bytes);
        if size(&bytes) > self.left {
            return Err(self.over());
        }
        self.left = self.left.saturating_sub(size(&bytes));
        Ok(read.is_ok().then_some(bytes))
    }

    fn over(&self) -> Unfit {
        if self.by_ratio {
            let why = sentence!("it unpacks to more than {times} times its size, as harmful zips do.");
            Unsaid::with(why, "times", self.limits.ratio)
        } else {
            let why = sentence!("it unpacks to more than {size} MB. Send it in parts.");
            Unsaid::with(why, "size", self.limits.bytes >> 20)
        }
    }
}

#[cfg(test)]
mod tests;
