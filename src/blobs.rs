//! Documents and raw mails as files named by their SHA-256, on disk before any row names them (decisions.md 37).
//! Nothing here knows what is in them; a name from a mail never becomes a path (threats T67).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// A folder of blobs.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
}

/// The SHA-256 of `bytes` in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

impl Blobs {
    /// Opens the folder, making it if it is missing; only its owner can read it.
    pub fn open(folder: &Path) -> io::Result<Blobs> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Blobs { folder: folder.to_owned() })
    }

    /// Keeps `bytes` and gives their SHA-256; when it returns they are on disk. The same bytes are kept once.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let name = sha256(bytes);
        let path = self.path(&name)?;
        let parent = path.parent().unwrap_or(&self.folder);
        if let Ok(kept) = File::options().append(true).open(&path) {
            // Young again, so that the collector spares it until a row names it.
            kept.set_modified(crate::clock::file_time())?;
            return Ok(name);
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .make_in(parent, |p| fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(p))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|e| e.error)?;
        File::open(parent)?.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(name)
    }

    /// The bytes of a blob.
    pub fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.path(sha256)?)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// True if the blob is here.
    pub fn has(&self, sha256: &str) -> bool {
        self.path(sha256).is_ok_and(|p| p.exists())
    }

    /// Every blob's name and age at `now`; files left by a crash come with no name.
    pub fn list(&self, now: SystemTime) -> io::Result<Vec<(Option<String>, PathBuf, Duration)>> {
        let mut found = Vec::new();
        for group in fs::read_dir(&self.folder)? {
            let group = group?.path();
            if !group.is_dir() {
                continue;
            }
            for file in fs::read_dir(group)? {
                let file = file?;
                let age = now.duration_since(file.metadata()?.modified()?).unwrap_or_default();
                let name = file.file_name().to_string_lossy().into_owned();
                found.push((is_sha256(&name).then_some(name), file.path(), age));
            }
        }
        Ok(found)
    }

    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let group = name.get(..2).filter(|_| is_sha256(name));
        let group = group.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a blob"))?;
        Ok(self.folder.join(group).join(name))
    }
}

fn is_sha256(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
