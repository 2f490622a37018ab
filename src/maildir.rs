//! The embedded way in: a Maildir instead of a server. In come the names and bytes of the mails in `new/` and `cur/`,
//! oldest first, whoever has seen them; what is stored is moved to `.Processed/cur`. A mail's identity is its unique name,
//! which stays the same when it is moved. It follows no symbolic link and changes no mail's bytes.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use thiserror::Error;

/// Why something in a Maildir did not work.
#[derive(Debug, Error)]
#[error("{}: {why}", path.display())]
pub struct MaildirError {
    path: PathBuf,
    why: io::Error,
}

impl MaildirError {
    /// Tells whether trying again later may help without anybody doing something.
    pub fn is_temporary(&self) -> bool {
        !matches!(self.why.kind(), ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::InvalidInput)
    }
}

/// A mail that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The unique part of its name, which identifies it for good.
    pub uid: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was delivered, by the file's time.
    pub received_at: SystemTime,
    path: PathBuf,
}

/// How much of a mail was taken, also from an IMAP server; its Debug says none of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// It is beyond the limit: its header, or the first part of that.
    HeaderOnly(Vec<u8>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Whole(bytes) => write!(f, "Whole({} octets)", bytes.len()),
            Content::HeaderOnly(bytes) => write!(f, "HeaderOnly({} octets)", bytes.len()),
        }
    }
}

/// The file that names the store whose Maildir it is.
const OWNER: &str = "docketpost-owner";

/// One Maildir.
#[derive(Clone, Debug)]
pub struct Maildir {
    folder: PathBuf,
}

impl Maildir {
    /// Opens the Maildir in this folder and makes what is missing of it.
    pub fn open(folder: &Path) -> Result<Maildir, MaildirError> {
        for name in ["tmp", "new", "cur", ".Processed/tmp", ".Processed/new", ".Processed/cur"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(|why| MaildirError { path, why })?;
        }
        Ok(Maildir { folder: folder.to_owned() })
    }

    /// Tells which store says that the Maildir is its own (fault F49).
    pub fn owner(&self) -> Result<Option<String>, MaildirError> {
        owner_of(&self.folder)
    }

    /// Says that the Maildir is this store's, unless another was first; gives whose it is.
    pub fn claim(&self, identity: &str, about: &str) -> Result<String, MaildirError> {
        let path = self.folder.join(OWNER);
        match self.note(identity, about)?.persist_noclobber(&path).map_err(|e| e.error) {
            Ok(_) => Ok(identity.to_owned()),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(self.owner()?.unwrap_or_else(|| identity.to_owned())),
            Err(why) => Err(MaildirError { path, why }),
        }
    }

    /// Says that the Maildir is this store's, whoever said so before; gives who that was.
    pub fn take_over(&self, identity: &str, about: &str) -> Result<Option<String>, MaildirError> {
        let (before, path) = (self.owner()?, self.folder.join(OWNER));
        let written = self.note(identity, about)?.persist(&path).map_err(|e| e.error);
        written.and_then(|_| File::open(&self.folder)?.sync_all()).map_err(|why| MaildirError { path, why })?;
        Ok(before)
    }

    fn note(&self, identity: &str, about: &str) -> Result<tempfile::NamedTempFile, MaildirError> {
        let write = || {
            // No secret, and for every gateway to read, whoever it runs as.
            let readable = fs::Permissions::from_mode(0o644);
            let mut file = tempfile::Builder::new().prefix(".new-").permissions(readable).tempfile_in(&self.folder)?;
            file.write_all(format!("{identity}\n{about}\n").as_bytes())?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        write().map_err(|why| MaildirError { path: self.folder.join(OWNER), why })
    }

    /// Lists the mails that wait, oldest first: that somebody has seen one says nothing of whether it was taken.
    pub fn waiting(&self) -> Result<Vec<Waiting>, MaildirError> {
        let mut found = self.files_in("new")?;
        found.extend(self.files_in("cur")?);
        found.sort_by(|a, b| (a.received_at, &a.uid).cmp(&(b.received_at, &b.uid)));
        Ok(found)
    }

    /// Reads a mail, up to this many bytes; `None` if it is gone.
    pub fn read(&self, mail: &Waiting, limit: u64) -> Result<Option<Content>, MaildirError> {
        let failed = |why| MaildirError { path: mail.path.clone(), why };
        let file = match open_itself(&mail.path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 <= limit {
            return Ok(Some(Content::Whole(bytes)));
        }
        bytes.truncate(header_length(&bytes));
        Ok(Some(Content::HeaderOnly(bytes)))
    }

    /// Puts a stored mail aside; one that is gone is no error.
    pub fn settle(&self, mail: &Waiting) -> Result<(), MaildirError> {
        let target = self.folder.join(".Processed/cur").join(format!("{}:2,S", mail.uid));
        match fs::rename(&mail.path, &target) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            done => done.map_err(|why| MaildirError { path: target, why }),
        }
    }

    fn files_in(&self, name: &str) -> Result<Vec<Waiting>, MaildirError> {
        let folder = self.folder.join(name);
        let failed = |why| MaildirError { path: folder.clone(), why };
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Not following links, and gone in the meantime is gone.
            let Ok(metadata) = entry.metadata() else { continue };
            let Some(uid) = entry.file_name().to_str().and_then(unique_part) else { continue };
            if metadata.is_file() {
                let received_at = metadata.modified().unwrap_or(UNIX_EPOCH);
                found.push(Waiting { uid, size: metadata.len(), received_at, path: entry.path() });
            }
        }
        Ok(found)
    }
}

/// Tells which store says that the Maildir in this folder is its own.
pub fn owner_of(folder: &Path) -> Result<Option<String>, MaildirError> {
    let path = folder.join(OWNER);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.lines().next().unwrap_or_default().to_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(why) => Err(MaildirError { path, why }),
    }
}

/// Delivers a mail into a Maildir under this unique name, as mail servers do: written and flushed in `tmp`, then
/// renamed into `new`. Delivering the same name twice is an error.
pub fn deliver(folder: &Path, name: &str, mail: &[u8]) -> Result<(), MaildirError> {
    let (written, arrived) = (folder.join("tmp").join(name), folder.join("new").join(name));
    let failed = |path: &Path| {
        let path = path.to_owned();
        |why| MaildirError { path, why }
    };
    if unique_part(name).as_deref() != Some(name) || name.contains('/') {
        return Err(failed(&arrived)(io::Error::new(ErrorKind::InvalidInput, "not a name for a mail")));
    }
    if arrived.exists() {
        return Err(failed(&arrived)(ErrorKind::AlreadyExists.into()));
    }
    let flush = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&written)?;
        file.write_all(mail)?;
        file.sync_all()
    };
    flush().map_err(failed(&written))?;
    fs::rename(&written, &arrived).map_err(failed(&arrived))?;
    File::open(folder.join("new")).and_then(|new| new.sync_all()).map_err(failed(&arrived))
}

/// The part of a name before its flags; hidden files have none.
fn unique_part(name: &str) -> Option<String> {
    let unique = name.split(':').next().unwrap_or_default();
    (!unique.is_empty() && !unique.starts_with('.')).then(|| unique.to_owned())
}

/// Opens a file, but not through a symbolic link that has taken its place.
fn open_itself(path: &Path) -> io::Result<File> {
    let here = fs::symlink_metadata(path)?;
    let strange = || io::Error::new(ErrorKind::InvalidInput, "not a file");
    if !here.is_file() {
        return Err(strange());
    }
    let file = File::open(path)?;
    let opened = file.metadata()?;
    if (opened.dev(), opened.ino()) == (here.dev(), here.ino()) { Ok(file) } else { Err(strange()) }
}

/// Where the header ends: after its empty line, or at the end of the bytes.
fn header_length(bytes: &[u8]) -> usize {
    let mut length = 0usize;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        length = length.saturating_add(line.len());
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn maildir() -> (tempfile::TempDir, Maildir) {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path()).unwrap();
        (folder, maildir)
    }

    fn put(folder: &Path, path: &str, age: u64, mail: &[u8]) {
        fs::write(folder.join(path), mail).unwrap();
        let file = File::options().append(true).open(folder.join(path)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).unwrap();
    }

    fn uids(maildir: &Maildir) -> Vec<String> {
        maildir.waiting().unwrap().into_iter().map(|mail| mail.uid).collect()
    }

    #[test]
    fn mails_are_listed_oldest_first_from_new_and_cur_whoever_has_seen_them() {
        let (folder, maildir) = maildir();
        put(folder.path(), "new/b", 10, b"b");
        put(folder.path(), "cur/a:2,", 30, b"a");
        put(folder.path(), "cur/c:2,RS", 40, b"seen");
        put(folder.path(), "new/d", 20, b"d");
        put(folder.path(), "new/.hidden", 50, b"x");
        assert_eq!(uids(&maildir), ["c", "a", "d", "b"]);
    }

    #[test]
    fn a_delivered_mail_is_read_and_moved_away_under_the_same_name() {
        let (folder, maildir) = maildir();
        deliver(folder.path(), "1.host", b"Subject: x\n\ntext").unwrap();
        let mail = maildir.waiting().unwrap().remove(0);
        assert_eq!((mail.uid.as_str(), mail.size), ("1.host", 16));
        assert_eq!(maildir.read(&mail, 16).unwrap(), Some(Content::Whole(b"Subject: x\n\ntext".to_vec())));
        maildir.settle(&mail).unwrap();
        assert!(uids(&maildir).is_empty());
        assert!(folder.path().join(".Processed/cur/1.host:2,S").is_file());
        maildir.settle(&mail).unwrap();
        assert_eq!(maildir.read(&mail, 16).unwrap(), None);
    }

    #[test]
    fn of_a_mail_beyond_the_limit_only_the_header_is_read() {
        let (folder, maildir) = maildir();
        deliver(folder.path(), "1.host", b"A: b\r\n\r\nlong text").unwrap();
        let mail = maildir.waiting().unwrap().remove(0);
        assert_eq!(maildir.read(&mail, 10).unwrap(), Some(Content::HeaderOnly(b"A: b\r\n\r\n".to_vec())));
        assert_eq!(maildir.read(&mail, 3).unwrap(), Some(Content::HeaderOnly(b"A: b".to_vec())));
    }

    #[test]
    fn symbolic_links_are_not_followed() {
        let (folder, maildir) = maildir();
        put(folder.path(), "secret", 0, b"secret");
        std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("new/link")).unwrap();
        assert!(uids(&maildir).is_empty());
        deliver(folder.path(), "1.host", b"x").unwrap();
        let mail = maildir.waiting().unwrap().remove(0);
        fs::remove_file(&mail.path).unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), &mail.path).unwrap();
        assert!(maildir.read(&mail, 100).is_err());
    }

    #[test]
    fn a_name_is_delivered_once_and_stays_in_its_folder() {
        let (folder, _maildir) = maildir();
        deliver(folder.path(), "1.host", b"x").unwrap();
        for bad in ["1.host", "../1", ".hidden", "a:2,S", ""] {
            assert!(deliver(folder.path(), bad, b"y").is_err(), "{bad}");
        }
        assert_eq!(fs::read(folder.path().join("new/1.host")).unwrap(), b"x");
    }
}
