//! Who may read the store's files: nobody but its owner, or docketpost does not start (decisions.md 43, threats T77).

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::{Result, StoreError};

/// Writes a new file that only its owner can read, and waits until it is on disk; an existing file is an error.
pub fn write_secret(file: &Path, content: &[u8]) -> Result<()> {
    let write = || {
        let mut open = std::fs::OpenOptions::new();
        let mut file = open.write(true).create_new(true).mode(0o600).open(file)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|e| StoreError::Io(file.to_owned(), e))
}

/// Takes everybody else's rights on a folder or file.
pub fn restrict(path: &Path, mode: u32) -> Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|e| StoreError::Io(path.to_owned(), e))
}

/// Refuses a file that its group or anybody else can read or write.
pub fn refuse_readable(file: &Path, wanted: &'static str) -> Result<()> {
    let found = std::fs::metadata(file).map_err(|e| StoreError::Io(file.to_owned(), e))?;
    if found.permissions().mode() & 0o077 == 0 { Ok(()) } else { Err(StoreError::Readable(file.to_owned(), wanted)) }
}
