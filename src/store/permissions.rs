//! Who may read the store's files: nobody but its owner, or docketpost does not start (decisions.md 43, threats T77).

use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use super::identity::IDENTITY_FILE;
use super::schema::{BLOBS, DATABASE, KEY_FILE};
use super::{Result, StoreError};

/// Writes a new file that only its owner can read, and waits until it is on disk; an existing file is an error. It gets
/// its name when it is whole: half a key, left by a crash, would stop every later start.
pub fn write_secret(file: &Path, content: &[u8]) -> Result<()> {
    write(file, content, false)
}

/// As [`write_secret`], in place of a file that is there; whenever it is read, it is the old one or the new one.
pub fn replace_secret(file: &Path, content: &[u8]) -> Result<()> {
    write(file, content, true)
}

fn write(file: &Path, content: &[u8], may_replace: bool) -> Result<()> {
    let write = || {
        let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut open = std::fs::OpenOptions::new();
        let mut whole = tempfile::Builder::new()
            .prefix(".new-")
            .make_in(parent, |path| open.write(true).create_new(true).mode(0o600).open(path))?;
        whole.write_all(content)?;
        whole.as_file().sync_all()?;
        let placed = if may_replace { whole.persist(file) } else { whole.persist_noclobber(file) };
        placed.map_err(|e| e.error)?;
        std::fs::File::open(parent)?.sync_all()
    };
    write().map_err(|e| StoreError::Io(file.to_owned(), e))
}

/// Refuses what can't be written, before anything is begun that would need it (fault F39).
pub fn refuse_unwritable(path: &Path) -> Result<()> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK)
        .map_err(|error| StoreError::Unwritable(path.to_owned(), error.into()))
}

/// Takes everybody else's rights on a folder or file.
pub fn restrict(path: &Path, mode: u32) -> Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|e| StoreError::Io(path.to_owned(), e))
}

/// Gives a new file to whom the folder belongs, so that a command run as root keeps the service from nothing.
pub fn give_to_owner_of(folder: &Path, file: &Path) -> Result<()> {
    let give = || {
        let (wanted, found) = (std::fs::metadata(folder)?, std::fs::metadata(file)?);
        if found.uid() == wanted.uid() { Ok(()) } else { chown(file, Some(wanted.uid()), Some(wanted.gid())) }
    };
    give().map_err(|e| StoreError::Io(file.to_owned(), e))
}

/// Refuses a store of which its group or anybody else can read or write the folder, the folder of its blobs or a file
/// beside the database. Where the folder of the blobs is closed, nobody else comes to one of them.
pub fn refuse_readable_store(store: &Path) -> Result<()> {
    for folder in [store.to_owned(), store.join(BLOBS)] {
        refuse_readable(&folder, "700")?;
    }
    let beside = ["-wal", "-shm"].map(|end| format!("{DATABASE}{end}"));
    for file in [DATABASE, KEY_FILE, IDENTITY_FILE].into_iter().chain(beside.iter().map(String::as_str)) {
        refuse_readable(&store.join(file), "600")?;
    }
    Ok(())
}

/// Refuses a file or folder that its group or anybody else can read or write; `wanted` is the mode to be advised.
pub fn refuse_readable(path: &Path, wanted: &'static str) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 == 0 => Ok(()),
        Ok(_) => Err(StoreError::Readable(path.to_owned(), wanted)),
        // A new store has no blobs yet, a closed one no log.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::Io(path.to_owned(), error)),
    }
}
