//! Which store this is and how far it came, in a file beside the database. So a database that lost its end (its `-wal`
//! file was removed, an older copy put in its place) or took in another store's is told before anything is written
//! (fault F38), and a mailbox can say which store takes its mail (fault F49).
//!
//! Each transaction that changes anything counts itself in the database; the file says the number after the commit, in
//! place and not flushed. What it says was on disk before, so that no crash and no power cut makes it say too much; of
//! the last moments before a power cut it may say too little, and their loss is not told then. It stands in no backup:
//! what is unpacked from one gets an identity of its own.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{Result, StoreError, permissions};

/// The file's name in the store's folder.
pub const IDENTITY_FILE: &str = "store.id";

const LENGTH: usize = 32;

/// What file or database say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    identity: String,
    commits: i64,
}

impl Said {
    /// Always of the same length, so that it can be written over what was there.
    fn line(&self) -> String {
        format!("{} {:020}\n", self.identity, self.commits)
    }
}

/// The file of an open store.
#[derive(Debug)]
pub struct Mark {
    file: File,
    path: PathBuf,
    identity: String,
}

impl Mark {
    /// The identity of the store.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Notes how many transactions are on disk.
    pub fn note(&self, commits: i64) -> Result<()> {
        let said = Said { identity: self.identity.clone(), commits };
        self.file.write_all_at(said.line().as_bytes(), 0).map_err(|e| StoreError::Io(self.path.clone(), e))
    }
}

/// Says whether the database is the one that the file knows, at least as far as it had come. Where there is no file, or
/// it was only begun, there is nothing to compare.
pub fn compare(folder: &Path, connection: &Connection) -> Result<()> {
    let path = folder.join(IDENTITY_FILE);
    let Some(known) = read(&path)?.filter(|known| known.commits > 0) else { return Ok(()) };
    let found = in_database(connection)?;
    match found {
        Some(found) if found.identity != known.identity => Err(StoreError::Foreign(path)),
        found => {
            let commits = found.map_or(0, |found| found.commits);
            if commits < known.commits { Err(StoreError::Behind(commits, known.commits, path)) } else { Ok(()) }
        }
    }
}

/// Opens the file; makes it, and the database's word of it, where one is missing.
pub fn pair(folder: &Path, connection: &mut Connection) -> Result<Mark> {
    let path = folder.join(IDENTITY_FILE);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = match read(&path)? {
        Some(known) => known,
        None => {
            let identity = data_encoding::HEXLOWER.encode(&crate::ids::random::<16>());
            let new = Said { identity, commits: 0 };
            permissions::write_secret(&path, new.line().as_bytes())?;
            permissions::give_to_owner_of(folder, &path)?;
            new
        }
    };
    // A file that was only begun: whoever made it may have been killed before the database knew of it.
    if known.commits == 0 && in_database(&tx)?.is_none_or(|found| found.identity != known.identity) {
        let say =
            "INSERT INTO settings (name, value) VALUES ('identity', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1";
        tx.execute(say, [&known.identity])?;
    }
    tx.commit()?;
    let file = File::options().write(true).open(&path).map_err(|e| StoreError::Io(path.clone(), e))?;
    Ok(Mark { file, path, identity: known.identity })
}

/// Counts the open transaction and gives its number.
pub fn count(connection: &Connection) -> Result<i64> {
    let add = "INSERT INTO settings (name, value) VALUES ('commits', '1')
        ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) RETURNING CAST(value AS INTEGER)";
    Ok(connection.prepare_cached(add)?.query_row([], |r| r.get(0))?)
}

fn in_database(connection: &Connection) -> Result<Option<Said>> {
    let is_made: i64 = connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if is_made == 0 {
        return Ok(None);
    }
    let value = |name: &str| -> Result<Option<String>> {
        let found = connection.query_row("SELECT value FROM settings WHERE name = ?1", [name], |r| r.get(0));
        Ok(found.optional()?)
    };
    let commits = value("commits")?.and_then(|n| n.parse().ok()).unwrap_or(0);
    Ok(value("identity")?.map(|identity| Said { identity, commits }))
}

fn read(path: &Path) -> Result<Option<Said>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Io(path.to_owned(), error)),
    };
    let (identity, commits) = text.trim_end().split_once(' ').unwrap_or_default();
    let is_hex = identity.len() == LENGTH && identity.bytes().all(|b| b.is_ascii_hexdigit());
    match commits.parse().ok().filter(|_| is_hex) {
        Some(commits) => Ok(Some(Said { identity: identity.to_owned(), commits })),
        None => Err(StoreError::Content(format!("{} is not what docketpost wrote there", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{DATABASE, Store};
    use super::*;

    /// A store in which two things were written, as a process leaves it that was killed.
    fn killed() -> tempfile::TempDir {
        let (folder, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::create(folder.path()).unwrap();
        write(&store, "one");
        write(&store, "two");
        copy(folder.path(), left.path());
        left
    }

    fn write(store: &Store, name: &'static str) {
        let add = "INSERT INTO settings (name, value) VALUES (?1, '')";
        store.write(move |tx| tx.run(add, [name]).map(drop)).unwrap();
    }

    fn copy(from: &Path, to: &Path) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
        for file in fs::read_dir(from).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_file()) {
            fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }

    fn wal(folder: &Path) -> PathBuf {
        folder.join(format!("{DATABASE}-wal"))
    }

    #[test]
    fn f38_a_store_without_its_wal_file_is_refused_and_opened_again_once_that_is_back() {
        let folder = killed();
        let kept = folder.path().join("kept");
        fs::rename(wal(folder.path()), &kept).unwrap();
        for _ in 0..2 {
            let error = Store::open(folder.path()).err().unwrap();
            assert!(matches!(error, StoreError::Behind(_, 2, _)), "{error}");
            assert!(error.to_string().contains("-wal") && error.to_string().contains("restore"), "{error}");
        }
        fs::rename(&kept, wal(folder.path())).unwrap();
        let store = Store::open(folder.path()).unwrap();
        write(&store, "three");
        assert!(store.write(|tx| tx.run("INSERT INTO settings (name, value) VALUES ('two', '')", [])).is_err());
    }

    #[test]
    fn f38_another_stores_wal_file_is_refused_and_not_taken_into_the_database() {
        let (ours, theirs) = (killed(), killed());
        let kept = ours.path().join("kept");
        fs::rename(wal(ours.path()), &kept).unwrap();
        fs::copy(wal(theirs.path()), wal(ours.path())).unwrap();
        let error = Store::open(ours.path()).err().unwrap();
        assert!(matches!(error, StoreError::Foreign(_) | StoreError::Damaged(_)), "{error}");
        fs::rename(&kept, wal(ours.path())).unwrap();
        write(&Store::open(ours.path()).unwrap(), "three");
    }

    #[test]
    fn f38_an_older_copy_of_the_database_is_refused_until_the_file_beside_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::create(folder.path()).unwrap());
        let (database, old) = (folder.path().join(DATABASE), folder.path().join("old"));
        write(&Store::open(folder.path()).unwrap(), "one");
        closed(folder.path());
        fs::copy(&database, &old).unwrap();
        write(&Store::open(folder.path()).unwrap(), "two");
        closed(folder.path());
        fs::copy(&old, &database).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Behind(1, 2, _))));
        fs::remove_file(folder.path().join(IDENTITY_FILE)).unwrap();
        let store = Store::open(folder.path()).unwrap();
        write(&store, "two");
    }

    /// Waits until the writer of a dropped store has closed the database, which then has no `-wal` file.
    fn closed(folder: &Path) {
        let began = crate::clock::instant();
        while wal(folder).exists() && began.elapsed().as_secs() < 10 {
            std::thread::yield_now();
        }
        assert!(!wal(folder).exists());
    }

    #[test]
    fn f38_a_store_that_was_closed_or_looked_at_by_another_program_opens_as_ever() {
        let folder = killed();
        // Another program takes the -wal file into the database and removes it.
        let other = Connection::open(folder.path().join(DATABASE)).unwrap();
        other.execute_batch("CREATE TABLE other (n INTEGER) STRICT").unwrap();
        drop(other);
        assert!(!wal(folder.path()).exists());
        write(&Store::open(folder.path()).unwrap(), "three");
    }

    #[test]
    fn f38_a_process_killed_while_it_made_the_file_is_followed_by_one_that_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::create(folder.path()).unwrap());
        closed(folder.path());
        let begun = Said { identity: "0123456789abcdef".repeat(2), commits: 0 };
        fs::write(folder.path().join(IDENTITY_FILE), begun.line()).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.identity(), begun.identity);
        write(&store, "one");
        drop(store);
        closed(folder.path());
        assert_eq!(Store::open(folder.path()).unwrap().identity(), begun.identity);
    }

    #[test]
    fn f38_a_transaction_that_changes_nothing_is_not_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let said = || read(&folder.path().join(IDENTITY_FILE)).unwrap().unwrap().commits;
        write(&store, "one");
        store.write(|tx| tx.one("SELECT 1", [], |_| Ok(()))).unwrap();
        assert_eq!(said(), 1);
        // The number is noted before anybody hears of the commit.
        write(&store, "two");
        assert_eq!(said(), 2);
    }
}
