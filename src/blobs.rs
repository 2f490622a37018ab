//! Documents and raw mails as files named by their SHA-256, on disk before any row names them (decisions.md 37).
//! Nothing here knows what is in them; a name from a mail never becomes a path (threats T67).
//!
//! With a key they are sealed (decisions.md 46): ChaCha20-Poly1305 (RFC 8439) under a key of its own for each blob, drawn
//! from the store's key and the blob's name by HKDF-SHA256 (RFC 5869). As such a key ever seals one content only, the
//! nonce may be fixed. The name is the SHA-256 of what is inside, so whoever holds a document can tell whether it is
//! here; nobody can read what they do not hold.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use secrecy::ExposeSecret as _;
use sha2::{Digest, Sha256};

use crate::config::BlobKey;

/// Ends the names of files that are sealed.
pub const SEALED: &str = ".sealed";

/// A folder of blobs.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
    key: BlobKey,
}

/// While it lives, nothing is taken away from a folder of blobs, or only by who has it. The kernel ends it with its process.
#[derive(Debug)]
pub struct Held {
    _folder: File,
}

/// The key of one blob.
fn key_of(store: &BlobKey, name: &str) -> io::Result<LessSafeKey> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let key = match store {
        BlobKey::None => return Err(bad("it is sealed, and the configuration names no key (blob_key_file)")),
        BlobKey::Locked(why) => return Err(bad(&format!("the key of the blobs isn't at hand: {why}"))),
        BlobKey::Key(key) => key,
    };
    let key = data_encoding::HEXLOWER_PERMISSIVE.decode(key.expose_secret().as_bytes());
    let key = key.map_err(|_| bad("the key of the blobs isn't hexadecimal"))?;
    let drawn = Salt::new(HKDF_SHA256, b"docketpost blob").extract(&key);
    let info = [name.as_bytes()];
    let drawn = drawn.expand(&info, &CHACHA20_POLY1305).map_err(|_| bad("no key could be drawn"))?;
    Ok(LessSafeKey::new(UnboundKey::from(drawn)))
}

fn seal(key: &BlobKey, name: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut sealed = bytes.to_vec();
    let done = key_of(key, name)?.seal_in_place_append_tag(once(), Aad::from(name.as_bytes()), &mut sealed);
    done.map_err(|_| io::Error::other("sealing failed"))?;
    Ok(sealed)
}

fn unseal(key: &BlobKey, name: &str, mut sealed: Vec<u8>) -> io::Result<Vec<u8>> {
    let opened = key_of(key, name)?;
    let opened = opened.open_in_place(once(), Aad::from(name.as_bytes()), &mut sealed);
    let wrong = "it can't be unsealed: another key, or a damaged file";
    let length = opened.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, wrong))?.len();
    sealed.truncate(length);
    Ok(sealed)
}

/// The nonce of the only content that a key ever seals.
fn once() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

/// The SHA-256 of `bytes` in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

impl Blobs {
    /// Opens the folder, making it if it is missing; only its owner can read it. New blobs are sealed with `key`.
    pub fn open(folder: &Path, key: BlobKey) -> io::Result<Blobs> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Blobs { folder: folder.to_owned(), key })
    }

    /// Keeps `bytes` and gives their SHA-256; when it returns they are on disk. The same bytes are kept once.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let name = sha256(bytes);
        if self.take_up(&name)? {
            // Who put it there may have been killed before its name was on disk (fault F54).
            self.flush_folders(&self.path(&name)?)?;
            return Ok(name);
        }
        match &self.key {
            BlobKey::None => self.write(&self.path(&name)?, bytes)?,
            key => self.write(&sealed(&self.path(&name)?), &seal(key, &name, bytes)?)?,
        }
        Ok(name)
    }

    /// Makes a blob that is here young again, so that the collector spares it until a row names it; false if it is not here.
    /// Who takes blobs away is kept out meanwhile: they see it young, or it is found gone here.
    fn take_up(&self, name: &str) -> io::Result<bool> {
        let _held = self.hold()?;
        let kept = self.kept(name)?.and_then(|path| File::options().append(true).open(path).ok());
        kept.map_or(Ok(false), |file| file.set_modified(crate::clock::file_time()).map(|()| true))
    }

    /// Keeps all blobs here until what it gives is dropped: for who puts some and names them in rows.
    pub fn hold(&self) -> io::Result<Held> {
        let folder = File::open(&self.folder)?;
        folder.lock_shared()?;
        Ok(Held { _folder: folder })
    }

    /// Keeps everybody else, of this process too, from holding blobs until what it gives is dropped: for who takes some away.
    /// None if somebody holds them now.
    pub fn alone(&self) -> io::Result<Option<Held>> {
        let folder = File::open(&self.folder)?;
        match folder.try_lock() {
            Ok(()) => Ok(Some(Held { _folder: folder })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let parent = path.parent().unwrap_or(&self.folder);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .make_in(parent, |p| fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(p))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        self.flush_folders(path)
    }

    /// Waits until the name of the blob at `path` is on disk.
    fn flush_folders(&self, path: &Path) -> io::Result<()> {
        File::open(path.parent().unwrap_or(&self.folder))?.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    /// The bytes of a blob.
    pub fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        let path = self.kept(sha256)?.ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        File::open(&path)?.read_to_end(&mut bytes)?;
        if path.extension().is_some() { unseal(&self.key, sha256, bytes) } else { Ok(bytes) }
    }

    /// Takes a blob away; one that is not here is no error.
    pub fn remove(&self, sha256: &str) -> io::Result<()> {
        let path = self.path(sha256)?;
        for file in [sealed(&path), path] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// True if the blob is here.
    pub fn has(&self, sha256: &str) -> bool {
        self.kept(sha256).is_ok_and(|p| p.is_some())
    }

    /// The file in which a blob lies, sealed or not.
    pub fn kept(&self, sha256: &str) -> io::Result<Option<PathBuf>> {
        let path = self.path(sha256)?;
        Ok([sealed(&path), path].into_iter().find(|p| p.exists()))
    }

    /// Seals every blob that lies open, or is sealed by another key, `before`; gives how many. Each is on disk anew
    /// before the old file goes, so that it may be cut short and begun again.
    pub fn seal_all(&self, before: &BlobKey) -> io::Result<usize> {
        let mut changed: usize = 0;
        for (name, path, _) in self.list(crate::clock::file_time())? {
            let Some(name) = name else { continue };
            let bytes = fs::read(&path)?;
            let is_sealed = path.extension().is_some();
            if is_sealed && unseal(&self.key, &name, bytes.clone()).is_ok() {
                continue;
            }
            let plain = if is_sealed { unseal(before, &name, bytes)? } else { bytes };
            let target = sealed(&self.path(&name)?);
            self.write(&target, &seal(&self.key, &name, &plain)?)?;
            if path != target {
                fs::remove_file(&path)?;
            }
            changed = changed.saturating_add(1);
        }
        Ok(changed)
    }

    /// Every blob's name and age at `now`; files left by a crash come with no name. What goes or gets its name meanwhile is passed over.
    pub fn list(&self, now: SystemTime) -> io::Result<Vec<(Option<String>, PathBuf, Duration)>> {
        let mut found = Vec::new();
        for group in fs::read_dir(&self.folder)? {
            let group = group?.path();
            if !group.is_dir() {
                continue;
            }
            for file in fs::read_dir(group)? {
                let file = file?;
                let modified = match file.metadata().and_then(|found| found.modified()) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    modified => modified?,
                };
                let age = now.duration_since(modified).unwrap_or_default();
                let name = file.file_name().to_string_lossy().into_owned();
                let name = name.strip_suffix(SEALED).unwrap_or(&name).to_owned();
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

fn sealed(path: &Path) -> PathBuf {
    path.with_extension(SEALED.trim_start_matches('.'))
}

fn is_sha256(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::SecretString;

    use super::*;

    fn key(digit: &str) -> BlobKey {
        BlobKey::Key(SecretString::from(digit.repeat(64)))
    }

    fn everything_in(folder: &Path) -> Vec<u8> {
        let blobs = Blobs::open(folder, BlobKey::None).unwrap();
        let files = blobs.list(SystemTime::now()).unwrap();
        files.into_iter().flat_map(|(_, path, _)| fs::read(path).unwrap()).collect()
    }

    #[test]
    fn t77_folders_and_blobs_are_their_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("blobs");
        let blobs = Blobs::open(&folder, BlobKey::None).unwrap();
        let blob = blobs.kept(&blobs.put(b"privileged").unwrap()).unwrap().unwrap();
        let modes = [folder.as_path(), blob.parent().unwrap(), &blob].map(|path| {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            mode & 0o777
        });
        assert_eq!(modes, [0o700, 0o700, 0o600]);
    }

    #[test]
    fn f54_a_look_at_all_blobs_does_not_stumble_over_one_that_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), BlobKey::None).unwrap();
        let path = blobs.kept(&blobs.put(b"a brief").unwrap()).unwrap().unwrap();
        let (new, is_over) = (path.with_file_name(".new-1"), std::sync::atomic::AtomicBool::new(false));
        let is_over = &is_over;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    fs::write(&new, b"a brief").unwrap();
                    fs::rename(&new, &path).unwrap();
                }
            });
            let looks = (0..5000).map(|_| blobs.list(SystemTime::now())).collect::<Result<Vec<_>, _>>();
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            looks.unwrap();
        });
    }

    #[test]
    fn a_sealed_blob_is_read_with_its_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), key("a")).unwrap();
        let name = blobs.put(b"privileged").unwrap();
        assert_eq!(blobs.put(b"privileged").unwrap(), name);
        assert_eq!(blobs.get(&name).unwrap(), b"privileged");
        assert_eq!(blobs.list(SystemTime::now()).unwrap().len(), 1);
        assert!(!everything_in(folder.path()).windows(10).any(|w| w == b"privileged"));
        for other in [BlobKey::None, key("b"), BlobKey::Locked("no credentials".into())] {
            let blobs = Blobs::open(folder.path(), other).unwrap();
            assert_eq!(blobs.get(&name).unwrap_err().kind(), io::ErrorKind::InvalidData);
            assert!(blobs.has(&name));
        }
    }

    #[test]
    fn a_changed_or_exchanged_sealed_blob_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), key("a")).unwrap();
        let (one, two) = (blobs.put(b"one").unwrap(), blobs.put(b"two").unwrap());
        let (first, second) = (blobs.kept(&one).unwrap().unwrap(), blobs.kept(&two).unwrap().unwrap());
        fs::copy(&first, &second).unwrap();
        assert!(blobs.get(&two).is_err());
        let mut bytes = fs::read(&first).unwrap();
        bytes[0] ^= 1;
        fs::write(&first, bytes).unwrap();
        assert!(blobs.get(&one).is_err());
    }

    #[test]
    fn a_process_without_the_key_keeps_nothing_in_the_open() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), BlobKey::Locked("no credentials".into())).unwrap();
        assert!(blobs.put(b"privileged").unwrap_err().to_string().contains("no credentials"));
        assert!(everything_in(folder.path()).is_empty());
    }

    #[test]
    fn what_lay_open_or_under_another_key_is_sealed_anew() {
        let folder = tempfile::tempdir().unwrap();
        let name = Blobs::open(folder.path(), BlobKey::None).unwrap().put(b"privileged").unwrap();
        let sealed = Blobs::open(folder.path(), key("a")).unwrap();
        assert_eq!(sealed.get(&name).unwrap(), b"privileged");
        assert_eq!((sealed.seal_all(&BlobKey::None).unwrap(), sealed.seal_all(&BlobKey::None).unwrap()), (1, 0));
        let other = Blobs::open(folder.path(), key("b")).unwrap();
        assert!(other.seal_all(&BlobKey::None).is_err());
        assert_eq!(other.seal_all(&key("a")).unwrap(), 1);
        assert_eq!(other.get(&name).unwrap(), b"privileged");
        assert_eq!(other.list(SystemTime::now()).unwrap().len(), 1);
    }
}
