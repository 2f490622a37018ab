//! `docketpost backup`: one tar file with the database, every blob it names and the key of reply addresses, consistent
//! while the daemon runs. The database is copied first: blobs are on disk before a row names them, so that every blob
//! that the copy names is there. What was written is read again and compared before the file gets its name. Restoring is
//! unpacking into an empty folder.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Office, Told, administrator};
use crate::allowed;
use crate::blobs::{Blobs, SEALED, sha256};
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::{BLOBS, DATABASE, KEY_FILE};

const BLOCK: usize = 512;

/// Makes a consistent copy of database and blobs while the daemon runs.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The tar file to be made; only its owner can read it
    pub file: PathBuf,
    /// Leave out the key of reply addresses: after a restore, answers to earlier mails are held
    #[arg(long)]
    pub without_key: bool,
}

/// Makes it.
pub fn run(office: &Office, args: &Args) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    if args.file.exists() {
        bail!("{} is there already; nothing was changed", args.file.display());
    }
    let parent = args.file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.canonicalize().with_context(|| format!("the folder {}", parent.display()))?;
    if folder.starts_with(office.store.folder().canonicalize()?) {
        bail!("{} is in the store itself; a copy belongs elsewhere; nothing was changed", args.file.display());
    }
    office.act("backup", |act| {
        allowed!(administrator(act, Ability::View));
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "backup"), act.now)?;
        Ok(Ok(()))
    })?;
    let work = tempfile::Builder::new().prefix(".docketpost-backup-").tempdir_in(parent);
    let work = work.map_err(|e| anyhow::anyhow!("{}: a file can't be made there: {}", parent.display(), e.kind()))?;
    let database = work.path().join(DATABASE);
    office.store.copy_database(&database)?;
    crate::store::backup::stop_letters(&database)?;
    let named = crate::store::backup::blobs_named_in(&database)?;
    let tar = work.path().join("tar");
    write(office, args, &database, &named, &tar)?;
    verify(&tar, &database, &named, office.store.blobs())?;
    std::fs::rename(&tar, &args.file).with_context(|| args.file.display().to_string())?;
    File::open(parent)?.sync_all()?;
    let size = std::fs::metadata(&args.file)?.len();
    let key = if args.without_key { "without" } else { "with" };
    let text = format!(
        "{}: the database, {} blobs, {key} the key of reply addresses; {size} bytes, read again and found whole.\n",
        args.file.display(),
        named.len()
    );
    Ok(Told::new(
        text,
        json!({"file": args.file.display().to_string(), "blobs": named.len(), "bytes": size, "key": !args.without_key}),
    ))
}

fn write(office: &Office, args: &Args, database: &Path, named: &BTreeSet<String>, tar: &Path) -> Result<()> {
    let mut out = BufWriter::new(private(tar)?);
    let at = office.now.as_second();
    entry(&mut out, DATABASE, database, at)?;
    if !args.without_key {
        entry(&mut out, KEY_FILE, &office.store.folder().join(KEY_FILE), at)?;
    }
    // Who unpacks it gets a folder that only they can read, whatever their umask says.
    out.write_all(&header(&format!("{BLOBS}/"), Kind::Folder, 0, at))?;
    for name in named {
        let file = office.store.blobs().kept(name)?.with_context(|| format!("the blob {name} is missing"))?;
        let place = file.strip_prefix(office.store.folder())?.display().to_string();
        entry(&mut out, &place, &file, at)?;
    }
    out.write_all(&[0; BLOCK])?;
    out.write_all(&[0; BLOCK])?;
    out.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?.sync_all()?;
    Ok(())
}

/// A file that only its owner can read; an existing one is an error.
fn private(path: &Path) -> Result<File> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{}: there is a file of that name already", path.display())
        }
        _ => anyhow::Error::from(error).context(path.display().to_string()),
    })
}

/// Writes a new file that only its owner can read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = private(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(|| path.display().to_string())
}

/// One file of the archive (POSIX ustar).
fn entry(out: &mut impl Write, name: &str, path: &Path, at: i64) -> Result<()> {
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    let size = file.metadata()?.len();
    out.write_all(&header(name, Kind::File, size, at))?;
    let copied = std::io::copy(&mut (&mut file).take(size), out)?;
    if copied != size {
        bail!("{} became shorter while it was read", path.display());
    }
    let rest = usize::try_from(size % 512)?;
    if rest > 0 {
        out.write_all(&vec![0; BLOCK.saturating_sub(rest)])?;
    }
    Ok(())
}

/// What an entry of the archive is.
enum Kind {
    File,
    Folder,
}

fn header(name: &str, kind: Kind, size: u64, at: i64) -> Vec<u8> {
    let (mode, kind) = match kind {
        Kind::File => (b"0000600\0", b"0"),
        Kind::Folder => (b"0000700\0", b"5"),
    };
    let fields: [(usize, Vec<u8>); 12] = [
        (100, name.as_bytes().to_vec()),
        (8, mode.to_vec()),
        (8, b"0000000\0".to_vec()),
        (8, b"0000000\0".to_vec()),
        (12, length(size)),
        (12, format!("{:011o}\0", at.max(0)).into_bytes()),
        (8, b"        ".to_vec()),
        (1, kind.to_vec()),
        (100, Vec::new()),
        (8, b"ustar\x0000".to_vec()),
        (32, Vec::new()),
        (215, Vec::new()),
    ];
    let mut block = Vec::with_capacity(BLOCK);
    for (length, value) in &fields {
        let end = block.len().saturating_add(*length);
        block.extend(value.iter().take(*length));
        block.resize(end, 0);
    }
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    for (n, byte) in format!("{sum:06o}\0 ").bytes().enumerate() {
        if let Some(place) = block.get_mut(n.saturating_add(148)) {
            *place = byte;
        }
    }
    block
}

/// Octal digits hold 8 GiB; what is longer is written as GNU and POSIX tar do, in binary.
fn length(size: u64) -> Vec<u8> {
    if size <= 0o777_7777_7777 {
        return format!("{size:011o}\0").into_bytes();
    }
    [0x80, 0, 0, 0].into_iter().chain(size.to_be_bytes()).collect()
}

/// Reads the archive and compares: the database as it was copied, every blob by its name.
fn verify(tar: &Path, database: &Path, named: &BTreeSet<String>, blobs: &Blobs) -> Result<()> {
    let mut reader = BufReader::new(File::open(tar)?);
    let mut found = BTreeSet::new();
    let database = hash(&mut File::open(database)?)?;
    while let Some((place, found_hash)) = next(&mut reader)? {
        let name = place.rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(SEALED).unwrap_or(name);
        let wanted = match name {
            DATABASE => database.clone(),
            // The key of reply addresses has nothing to be compared with, a folder no content.
            KEY_FILE | "" => continue,
            // What is sealed is read in the store, and the copy is compared with it.
            blob if place.ends_with(SEALED) => sealed_hash(blobs, blob)?,
            blob => blob.to_owned(),
        };
        if found_hash != wanted {
            bail!("{place} is not what its name says: the disk or the store is damaged");
        }
        found.insert(name.to_owned());
    }
    match named.iter().chain([&DATABASE.to_owned()]).find(|n| !found.contains(*n)) {
        Some(missing) => bail!("{missing} is missing in the copy"),
        None => Ok(()),
    }
}

/// The SHA-256 of the file of a sealed blob whose content is what its name says.
fn sealed_hash(blobs: &Blobs, name: &str) -> Result<String> {
    if sha256(&blobs.get(name).with_context(|| name.to_owned())?) != name {
        bail!("the blob {name} is not what its name says: the disk or the store is damaged");
    }
    let file = blobs.kept(name)?.with_context(|| format!("the blob {name} is missing"))?;
    hash(&mut File::open(file)?)
}

/// The next file of an archive that this module wrote: its name and its SHA-256.
fn next(reader: &mut impl Read) -> Result<Option<(String, String)>> {
    let mut block = [0; BLOCK];
    reader.read_exact(&mut block)?;
    if block.iter().all(|b| *b == 0) {
        return Ok(None);
    }
    let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
    let text = |field: &[u8]| String::from_utf8_lossy(field.split(|b| *b == 0).next().unwrap_or_default()).into_owned();
    let size = match field(124, 136) {
        [0x80, _, _, _, binary @ ..] => binary.iter().fold(0, |n: u64, b| (n << 8) | u64::from(*b)),
        octal => u64::from_str_radix(text(octal).trim(), 8)?,
    };
    let mut content = (&mut *reader).take(size);
    let hash = hash(&mut content)?;
    if content.limit() > 0 {
        bail!("the archive ends too early");
    }
    let padding = size.next_multiple_of(512).saturating_sub(size);
    std::io::copy(&mut reader.take(padding), &mut std::io::sink())?;
    Ok(Some((text(field(0, 100)), hash)))
}

fn hash(reader: &mut impl Read) -> Result<String> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(data_encoding::HEXLOWER.encode(&hash.finalize())),
            n => hash.update(chunk.get(..n).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::super::{Chosen, Office};
    use super::*;
    use crate::inbound::{Arrived, stage};
    use std::os::unix::fs::PermissionsExt;

    fn mail(s: &Sample, uid: &str, bytes: &[u8]) {
        let mail = Arrived {
            mailbox: "main".into(),
            uid_validity: 1,
            uid: uid.into(),
            size: bytes.len() as u64,
            arrived_at: now(),
            bytes: bytes.into(),
        };
        stage(&s.office.store, s.office.firm.id, mail, now()).unwrap().unwrap();
    }

    fn args(file: PathBuf) -> Args {
        Args { file, without_key: false }
    }

    #[test]
    fn a_copy_is_unpacked_by_tar_and_opened_as_a_store() {
        let s = Sample::new();
        mail(&s, "1", &[b'x'; 1_500]);
        mail(&s, "2", b"");
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("backup.tar");
        let told = run(&s.office, &args(file.clone())).unwrap();
        assert!(told.text.contains("2 blobs"), "{}", told.text);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        let restored = place.path().join("store");
        std::fs::create_dir(&restored).unwrap();
        std::fs::set_permissions(&restored, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut tar = std::process::Command::new("sh");
        tar.args(["-c", "umask 022 && exec tar -xf \"$0\" -C \"$1\""]).arg(&file).arg(&restored);
        assert!(tar.status().unwrap().success());
        let again = Office::in_folder(&restored, &Chosen::default(), now()).unwrap();
        let mails = again.store.read(|r| r.inbox_list(again.firm.id, None, 9)).unwrap();
        assert_eq!(again.store.blobs().get(&mails[1].sha256).unwrap(), [b'x'; 1_500]);
        assert_eq!(
            std::fs::read(restored.join(KEY_FILE)).unwrap(),
            std::fs::read(s.folder.path().join(KEY_FILE)).unwrap()
        );
        assert!(run(&s.office, &args(file)).is_err());
    }

    #[test]
    fn a_file_of_any_size_has_its_size_in_the_archive() {
        for size in [0, 511, 0o777_7777_7777, 0o1_0000_0000_0000, 1 << 40] {
            let block = header("name", Kind::File, size, 0);
            assert_eq!(block.len(), BLOCK);
            let sum: u32 =
                block.iter().enumerate().map(|(n, b)| if (148..156).contains(&n) { 32 } else { u32::from(*b) }).sum();
            assert_eq!(u32::from_str_radix(std::str::from_utf8(&block[148..154]).unwrap(), 8).unwrap(), sum);
        }
        assert_eq!(length(1 << 40).len(), 12);
    }

    #[test]
    fn a_blob_that_is_missing_or_damaged_is_told_and_no_file_is_left() {
        let s = Sample::new();
        s.leave_unchecked();
        mail(&s, "1", b"mail");
        let place = tempfile::tempdir().unwrap();
        let blob = sha256(b"mail");
        let path = s.folder.path().join(BLOBS).join(&blob[..2]).join(&blob);
        std::fs::write(&path, b"liam").unwrap();
        assert!(run(&s.office, &args(place.path().join("a.tar"))).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(run(&s.office, &args(place.path().join("b.tar"))).is_err());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
