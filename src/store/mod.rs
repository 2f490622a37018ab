//! The database, and the only SQL. One file per family of tables; every function takes the firm first.
//!
//! One writer thread per process runs jobs, each in a savepoint of its own, and commits many at once: at 50 jobs, after
//! 20 ms, or when nobody waits any more; it answers after the commit. So callers see one mail, one transaction, and the
//! disk sees few of them. A job that panics or fails is rolled back alone. If the commit itself fails, its jobs run
//! again one by one, which is why a job is an `FnMut` and takes what it needs by reference or clones it. Commands write
//! from processes of their own beside the daemon: `BEGIN IMMEDIATE` and a busy timeout keep them apart.
//!
//! A pool of connections was rejected: SQLite has one writer anyway, and a transaction must never be held across an
//! `await`. Nothing here touches the network, reads the clock or decides who may do what (`sharing` does).

pub mod activities;
pub mod addresses;
pub mod assistants;
pub mod audit;
pub mod backup;
pub mod bills;
pub mod borders;
pub mod calendar;
pub mod challenges;
pub mod clock;
pub mod communications;
pub mod conservation;
pub mod conversations;
pub mod counts;
pub mod digests;
pub mod documents;
pub mod examine;
pub mod external_ids;
pub mod firms;
pub mod identity;
pub mod imports;
pub mod inbox;
pub mod invitations;
pub mod keys;
pub mod matters;
pub mod news;
pub mod notes;
pub mod numbers;
pub mod offers;
pub mod outbox;
pub mod people;
pub mod permissions;
pub mod retention;
#[cfg(test)]
mod sample;
mod schema;
pub mod shares;
pub mod tasks;
pub mod threads;
pub mod undelivered;

pub use schema::{BLOBS, DATABASE, KEY_FILE};

use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::backup::StepResult;
use rusqlite::{Connection, OpenFlags, Params, Row};
use tokio::sync::watch;

use crate::blobs::{Blobs, Held};
use crate::config::{BlobKey, Config};
use crate::domain::leap::SLACK;
use keys::Keys;

use identity::Mark;

const JOBS_PER_COMMIT: usize = 50;
const LONGEST_WAIT: Duration = Duration::from_millis(20);
const BUSY: Duration = Duration::from_secs(10);
/// How long the last one to hold a store waits for it to be closed. What a slower disk leaves in the log is safe there.
const CLOSING: Duration = Duration::from_millis(500);
/// How much of the database is copied at a time.
const PAGES_PER_STEP: i32 = 1000;
/// "I/O error", the same number on every Linux.
const EIO: i32 = 5;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A file of the store can't be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// There is no store in this folder yet.
    #[error("there is no docketpost store in {0}; `docketpost init` makes one")]
    Missing(PathBuf),
    /// Files that others can read are refused (decisions.md 43).
    #[error("{0} can be read by others; make it yours alone: chmod {1} {0}")]
    Readable(PathBuf, &'static str),
    /// The folder or the database can't be written (fault F39).
    #[error(
        "the store can't be written at {0} ({1}). Nothing was taken from any mailbox. The folder and what is in it must be \
         this user's own (chown, chmod u+w), on a disk that is mounted for writing"
    )]
    Unwritable(PathBuf, std::io::Error),
    /// The store was written by a later docketpost (fault F40).
    #[error("the store is of a later version of docketpost ({0}, this one knows {1}); nothing was changed")]
    Newer(i64, i64),
    /// The database failed its check (fault F38).
    #[error("the database is damaged ({0}); restore the last backup, the mails since then are still in the mailbox")]
    Damaged(String),
    /// The database lacks transactions that were on disk (fault F38).
    #[error(
        "the database has {0} of the {1} transactions that were on disk. Its -wal file was removed, or an older copy was \
         put in its place: put back what lay there; or restore the last backup into an empty folder, the mails since then \
         are still at the mail server. To go on with the database as it is, remove {2}"
    )]
    Behind(i64, i64, PathBuf),
    /// The database, or the log beside it, is another store's (fault F38).
    #[error(
        "the database, or its -wal file, is another store's than the one that {0} names: put back what lay there, or \
         restore the last backup into an empty folder; the mails since then are still at the mail server"
    )]
    Foreign(PathBuf),
    /// A job panicked; it was rolled back.
    #[error("a step failed unexpectedly and was rolled back: {0}")]
    Panicked(String),
    /// The database undid the whole transaction, as it does when the disk fails it in mid-way.
    #[error("the database undid the transaction")]
    Undone,
    /// What a row says can't be read.
    #[error("a row can't be read: {0}")]
    Content(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// True where the same job may work later: the database was busy.
    pub fn is_temporary(&self) -> bool {
        matches!(self, StoreError::Sqlite(e) if matches!(e.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)))
    }

    /// True where the disk itself failed, or gave back something else than was written: what was reported as flushed before
    /// may not be there, so nothing more is to be written by this process (fault F36). A full disk is no failed one.
    pub fn is_disk_failure(&self) -> bool {
        match self {
            StoreError::Sqlite(e) => matches!(
                e.sqlite_error_code(),
                Some(rusqlite::ErrorCode::SystemIoFailure | rusqlite::ErrorCode::DatabaseCorrupt)
            ),
            StoreError::Io(_, e) => e.raw_os_error() == Some(EIO),
            _ => false,
        }
    }

    /// True where it is not the job's fault: the disk is full or fails, or somebody else holds the database.
    pub fn is_the_stores(&self) -> bool {
        let is_undone = matches!(self, StoreError::Undone | StoreError::Closed | StoreError::Io(..));
        self.is_full() || is_undone || self.is_temporary() || self.is_disk_failure()
    }

    /// True where it is well again by itself once somebody else has let go of the database, or there is room.
    pub fn passes(&self) -> bool {
        self.is_temporary() || self.is_full()
    }

    fn is_full(&self) -> bool {
        matches!(self, StoreError::Sqlite(e) if matches!(e.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::OutOfMemory)))
    }

    /// True where what was to be written contradicts what is there: a number twice, a row that is missing.
    pub fn is_contradiction(&self) -> bool {
        matches!(self, StoreError::Sqlite(e)
            if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation))
    }
}

/// The outcome of anything that the store does.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The store: the database, the keys of reply addresses, and the blobs beside it. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    /// None once it is being closed.
    jobs: Option<SyncSender<Job>>,
    /// Ends when the writer has closed its connection.
    closed: Mutex<Receiver<()>>,
    readers: Mutex<Vec<Connection>>,
    folder: PathBuf,
    keys: Arc<Keys>,
    blobs: Blobs,
    identity: String,
    /// Says true once nothing can be written any more.
    broken: watch::Sender<bool>,
}

impl Drop for Inner {
    /// The writer closes last, and so takes the log into the database: a store that was closed is whole in one file.
    fn drop(&mut self) {
        self.readers.get_mut().into_iter().for_each(|readers| readers.clear());
        self.jobs = None;
        if let Ok(closed) = self.closed.get_mut() {
            let _ = closed.recv_timeout(CLOSING);
        }
    }
}

type Outcome = Result<Box<dyn Any + Send>>;

struct Job {
    run: Box<dyn FnMut(&Tx<'_>) -> Outcome + Send>,
    answer: Box<dyn FnOnce(Outcome) + Send>,
}

/// A consistent view of the store, for reading.
pub struct Snapshot<'c> {
    connection: &'c Connection,
    keys: &'c Keys,
}

/// An open transaction: it reads what a [`Snapshot`] reads, and writes.
pub struct Tx<'c> {
    snapshot: Snapshot<'c>,
}

impl<'c> Deref for Tx<'c> {
    type Target = Snapshot<'c>;
    fn deref(&self) -> &Snapshot<'c> {
        &self.snapshot
    }
}

impl Store {
    /// Makes the folder, the database and the keys of reply addresses where they are missing, then opens them.
    pub fn create(folder: &Path) -> Result<Store> {
        Store::make(folder)?;
        Store::open(folder)
    }

    /// Makes the folder, the database and the keys of reply addresses where they are missing.
    pub fn make(folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| StoreError::Io(folder.to_owned(), e))?;
        permissions::restrict(folder, 0o700)?;
        let key = folder.join(schema::KEY_FILE);
        if !key.exists() {
            permissions::write_secret(&key, &crate::ids::random::<32>())?;
        }
        let database = folder.join(schema::DATABASE);
        if !database.exists() {
            permissions::write_secret(&database, b"")?;
        }
        Ok(())
    }

    /// Opens the store that the configuration names, its blobs sealed as that says.
    pub fn configured(config: &Config) -> Result<Store> {
        Store::open_sealed(&config.store, config.blobs.clone())
    }

    /// Opens an existing store whose blobs lie open.
    pub fn open(folder: &Path) -> Result<Store> {
        Store::open_sealed(folder, BlobKey::None)
    }

    /// Opens an existing store: checks who may read its files and that the database is whole, and brings its tables up
    /// to date.
    fn open_sealed(folder: &Path, blob_key: BlobKey) -> Result<Store> {
        let database = folder.join(schema::DATABASE);
        let key_file = folder.join(schema::KEY_FILE);
        if !database.exists() || !key_file.exists() {
            return Err(StoreError::Missing(folder.to_owned()));
        }
        permissions::refuse_readable_store(folder)?;
        permissions::refuse_unwritable(folder)?;
        permissions::refuse_unwritable(&database)?;
        let keys = Arc::new(Keys::open(&key_file)?);
        look(folder).map_err(damaged)?;
        let mut writer = connect(&database).map_err(damaged)?;
        schema::migrate(&mut writer)?;
        let mark = identity::pair(folder, &mut writer)?;
        let identity = mark.identity().to_owned();
        let blobs =
            Blobs::open(&folder.join(schema::BLOBS), blob_key).map_err(|e| StoreError::Io(folder.to_owned(), e))?;
        let (jobs, queue) = sync_channel(4096);
        let writer_keys = Arc::clone(&keys);
        let broken = watch::Sender::new(false);
        let end = End(broken.clone());
        let (open, closed) = sync_channel(0);
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                // Let go of in reverse: the connection before what tells of its end.
                let _open: SyncSender<()> = open;
                let _end = end;
                let writer = writer;
                run_jobs(&writer, &writer_keys, &mark, &queue);
            })
            .map_err(|e| StoreError::Io(folder.to_owned(), e))?;
        let (jobs, closed, readers) = (Some(jobs), Mutex::new(closed), Mutex::default());
        let inner = Inner { jobs, closed, readers, folder: folder.to_owned(), keys, blobs, identity, broken };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// What tells this store from every other, also from one that a backup of it was unpacked into.
    pub fn identity(&self) -> &str {
        &self.inner.identity
    }

    /// Ends when nothing can be written any more, because the disk failed (fault F36): the process has to end then, and
    /// the store is checked at the next start.
    pub fn broken(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut broken = self.inner.broken.subscribe();
        async move { drop(broken.wait_for(|broken| *broken).await) }
    }

    /// Keeps `bytes` as a blob and gives its SHA-256; when it returns they are on disk.
    pub fn keep(&self, bytes: &[u8]) -> Result<String> {
        let kept = self.blobs().put(bytes).map_err(|e| StoreError::Io(self.inner.folder.clone(), e));
        self.mind(kept)
    }

    /// Keeps all blobs here until what it gives is dropped, after the rows that name them are committed.
    pub fn hold_blobs(&self) -> Result<Held> {
        self.blobs().hold().map_err(|e| StoreError::Io(self.inner.folder.clone(), e))
    }

    /// Takes note of a failed disk.
    fn mind<T>(&self, done: Result<T>) -> Result<T> {
        if done.as_ref().is_err_and(StoreError::is_disk_failure) {
            self.inner.broken.send_replace(true);
        }
        done
    }

    /// Documents and raw mails.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// Runs `job` in a transaction of its own and waits until it is on disk.
    pub fn write<T: Send + 'static>(&self, job: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let (tell, hear) = sync_channel(1);
        self.submit(job, move |outcome| drop(tell.send(outcome)))?;
        hear.recv().map_err(|_| StoreError::Closed)?
    }

    /// As [`Store::write`], for callers that must not block; the job is queued at once, so several may be under way and
    /// share a commit, in the order of the calls.
    pub fn write_soon<T, J>(&self, job: J) -> impl Future<Output = Result<T>> + Send + use<T, J>
    where
        T: Send + 'static,
        J: FnMut(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (tell, hear) = tokio::sync::oneshot::channel();
        let queued = self.submit(job, move |outcome| drop(tell.send(outcome)));
        async move {
            queued?;
            hear.await.map_err(|_| StoreError::Closed)?
        }
    }

    fn submit<T: Send + 'static>(
        &self,
        mut job: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let run = Box::new(move |tx: &Tx<'_>| job(tx).map(|done| Box::new(done) as Box<dyn Any + Send>));
        let answer = Box::new(move |outcome: Outcome| {
            answer(outcome.and_then(|any| any.downcast().map(|done| *done).map_err(|_| StoreError::Closed)));
        });
        let jobs = self.inner.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { run, answer }).map_err(|_| StoreError::Closed)
    }

    /// Holds the database, as another process does, until what it gives is dropped; the writer waits only so long for it.
    #[cfg(test)]
    pub fn held_elsewhere(&self, patience: Duration) -> Connection {
        self.write(move |tx| Ok(tx.connection.busy_timeout(patience)?)).unwrap();
        let other = Connection::open(self.inner.folder.join(schema::DATABASE)).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    /// Reads from one consistent view.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        self.mind(self.look(look))
    }

    fn look<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let parked = self.inner.readers.lock().map_err(|_| StoreError::Closed)?.pop();
        let connection = match parked {
            Some(connection) => connection,
            None => connect(&self.inner.folder.join(schema::DATABASE))?,
        };
        connection.execute_batch("BEGIN DEFERRED")?;
        let seen = look(&Snapshot { connection: &connection, keys: &self.inner.keys });
        connection.execute_batch("ROLLBACK")?;
        self.inner.readers.lock().map_err(|_| StoreError::Closed)?.push(connection);
        seen
    }

    /// Removes blobs that no row names and that are older than `age`, and what a crash left half-written; gives how many.
    /// What is being taken up now is looked at the next time.
    pub fn collect_orphans(&self, age: Duration) -> Result<usize> {
        let io = |e| StoreError::Io(self.inner.folder.clone(), e);
        let found = self.blobs().list(crate::clock::file_time()).map_err(io)?;
        let mut removed: usize = 0;
        for (name, path, _) in found.into_iter().filter(|(_, _, found)| *found > age) {
            if self.remove_orphan(name.as_deref(), &path, age)? {
                removed = removed.saturating_add(1);
            }
        }
        Ok(removed)
    }

    /// Removes one of them; false if it is none. Its age is looked at while nobody can take it up, and its rows after that:
    /// who took it up before has made it young, or is `age` past it and has committed the row; who comes after finds it gone
    /// and writes it anew. The look before the lock only saves the lock, as most blobs are named.
    fn remove_orphan(&self, name: Option<&str>, path: &Path, age: Duration) -> Result<bool> {
        let io = |e| StoreError::Io(self.inner.folder.clone(), e);
        let is_named = || name.map_or(Ok(false), |sha256| self.read(|view| view.names_blob(sha256)));
        if is_named()? {
            return Ok(false);
        }
        let Some(_alone) = self.blobs().alone().map_err(io)? else { return Ok(false) };
        let taken_up = match std::fs::metadata(path).and_then(|file| file.modified()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            taken_up => taken_up.map_err(io)?,
        };
        if crate::clock::file_time().duration_since(taken_up).unwrap_or_default() <= age || is_named()? {
            return Ok(false);
        }
        std::fs::remove_file(path).map_err(io)?;
        Ok(true)
    }

    /// Takes the blob of a raw mail away at once if no row names it any more, however young. Who stages mail holds the blobs
    /// from before they are put until the rows are committed: while anybody does, it is left to the collector.
    pub fn forget_blob(&self, sha256: &str) -> Result<()> {
        let io = |e| StoreError::Io(self.inner.folder.clone(), e);
        let Some(_alone) = self.blobs().alone().map_err(io)? else { return Ok(()) };
        if self.read(|view| view.names_blob(sha256))? {
            return Ok(());
        }
        self.blobs().remove(sha256).map_err(io)
    }

    /// Takes the log into the database and cuts it off, so that what was overwritten there is in neither (threats T91). False
    /// while somebody reads: then it goes with the next commits.
    pub fn empty_log(&self) -> Result<bool> {
        let connection = connect(&self.inner.folder.join(schema::DATABASE))?;
        let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
        Ok(!is_busy)
    }

    /// Writes a consistent copy of the database to `file`, which must not exist, while others go on reading and writing.
    pub fn copy_database(&self, file: &Path) -> Result<()> {
        self.copy_in_steps(file, || {})
    }

    fn copy_in_steps(&self, file: &Path, mut between: impl FnMut()) -> Result<()> {
        permissions::write_secret(file, b"")?;
        let source = connect(&self.inner.folder.join(schema::DATABASE))?;
        // One view for all steps: without it SQLite begins anew after every commit of others, and might never come to an end.
        source.execute_batch("BEGIN DEFERRED")?;
        source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let mut target = Connection::open(file)?;
        let copy = rusqlite::backup::Backup::new(&source, &mut target)?;
        while copy.step(PAGES_PER_STEP)? != StepResult::Done {
            between();
        }
        drop(copy);
        target.execute_batch("PRAGMA journal_mode = DELETE")?;
        Ok(())
    }
}

/// What can't be read as a database is told with the way out (fault F38).
fn damaged(error: StoreError) -> StoreError {
    match &error {
        StoreError::Sqlite(e) => match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                StoreError::Damaged(e.to_string())
            }
            _ => error,
        },
        _ => error,
    }
}

/// Looks, before anything is written, whether the database is whole and the one that it was (fault F38).
fn look(folder: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(schema::DATABASE), flags)?;
    connection.busy_timeout(BUSY)?;
    // What is refused is left as it lies: a log that isn't its own must not get into the database at the close.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    schema::check(&connection)?;
    identity::compare(folder, &connection)
}

fn connect(database: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Tells that the writer has ended, however that came.
struct End(watch::Sender<bool>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// Writes until the store is dropped, or the disk fails: a flush that failed is never tried again, because the system
/// may since hold for written what is not (fault F36). Then who waits is told, and all others find the store closed.
fn run_jobs(connection: &Connection, keys: &Keys, mark: &Mark, queue: &Receiver<Job>) {
    let writer = Writer { tx: Tx { snapshot: Snapshot { connection, keys } }, mark };
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        let outcomes = match writer.commit_together(queue, &mut batch) {
            Err(error) if error.is_disk_failure() => vec![Err(error)],
            Err(_) => writer.commit_one_by_one(&mut batch),
            Ok(outcomes) => outcomes,
        };
        let failed = |outcome: &Outcome| outcome.as_ref().is_err_and(StoreError::is_disk_failure);
        let has_failed = outcomes.iter().any(failed);
        // Where the disk failed there are fewer outcomes than jobs: the others hear that the store is closed.
        batch.into_iter().zip(outcomes).for_each(|(job, outcome)| (job.answer)(outcome));
        if has_failed {
            return;
        }
    }
}

/// What the writer's thread writes with.
struct Writer<'c> {
    tx: Tx<'c>,
    mark: &'c Mark,
}

impl Writer<'_> {
    fn commit_together(&self, queue: &Receiver<Job>, batch: &mut Vec<Job>) -> Result<Vec<Outcome>> {
        let before = self.begin()?;
        let began = crate::clock::instant();
        let mut outcomes = Vec::new();
        let mut done = 0;
        while let Some(job) = batch.get_mut(done) {
            outcomes.push(in_savepoint(&self.tx, job)?);
            done = done.saturating_add(1);
            if done < JOBS_PER_COMMIT && began.elapsed() < LONGEST_WAIT {
                match queue.try_recv() {
                    Ok(next) => batch.push(next),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
                }
            }
        }
        self.commit(before).map(|()| outcomes)
    }

    fn commit_one_by_one(&self, batch: &mut [Job]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for job in batch {
            if outcomes.last().is_some_and(|last| last.as_ref().is_err_and(StoreError::is_disk_failure)) {
                break;
            }
            outcomes.push(self.commit_alone(job));
        }
        outcomes
    }

    fn commit_alone(&self, job: &mut Job) -> Outcome {
        let before = self.begin()?;
        let outcome = in_savepoint(&self.tx, job)?;
        self.commit(before)?;
        outcome
    }

    /// Begins a transaction; gives how many rows this connection had changed before.
    fn begin(&self) -> Result<u64> {
        self.tx.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(self.tx.connection.total_changes())
    }

    /// Commits, and says in the file beside the database how far it came (fault F38).
    fn commit(&self, before: u64) -> Result<()> {
        let connection = self.tx.connection;
        let commit = || {
            let has_changed = connection.total_changes() != before;
            let number = if has_changed { Some(identity::count(connection)?) } else { None };
            connection.execute_batch("COMMIT")?;
            Ok(number)
        };
        let number = commit().inspect_err(|_: &StoreError| drop(connection.execute_batch("ROLLBACK")))?;
        match number.map_or(Ok(()), |number| self.mark.note(number)) {
            // The number of the next commit will say as much.
            Err(error) if !error.is_disk_failure() => Ok(()),
            noted => noted,
        }
    }
}

/// Runs a job in a savepoint of the open transaction; an error of ours means that this transaction is no more. A disk
/// that is full or fails lets SQLite undo all of it, with the jobs before; what would be run after it would stand alone.
fn in_savepoint(tx: &Tx<'_>, job: &mut Job) -> Result<Outcome> {
    let undone = |outcome: Outcome| Err(outcome.err().unwrap_or(StoreError::Undone));
    if let Err(error) = tx.connection.execute_batch("SAVEPOINT job") {
        let _ = tx.connection.execute_batch("ROLLBACK");
        return Err(error.into());
    }
    // What a panic says may hold a stranger's text; our own words are told.
    let outcome = catch_unwind(AssertUnwindSafe(|| (job.run)(tx))).unwrap_or_else(|panic| {
        Err(StoreError::Panicked(panic.downcast_ref::<&str>().copied().unwrap_or("in a job").to_owned()))
    });
    if tx.connection.is_autocommit() {
        return undone(outcome);
    }
    let end = if outcome.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match tx.connection.execute_batch(end) {
        Ok(()) => Ok(outcome),
        Err(error) => {
            let _ = tx.connection.execute_batch("ROLLBACK");
            undone(outcome.and(Err(error.into())))
        }
    }
}

impl Snapshot<'_> {
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        Ok(match rows.next()? {
            Some(row) => Some(read(row)?),
            None => None,
        })
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// True if any row names this blob.
    pub fn names_blob(&self, sha256: &str) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM inbox WHERE sha256 = ?1 AND kept_sha256 IS NULL UNION ALL SELECT 1 FROM inbox WHERE kept_sha256 = ?1
             UNION ALL SELECT 1 FROM document_versions WHERE sha256 = ?1
             UNION ALL SELECT 1 FROM bills WHERE pdf_sha256 = ?1 UNION ALL SELECT 1 FROM identities WHERE picture_sha256 = ?1 LIMIT 1",
            [sha256],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// A number that changes when another process has written (decisions.md 35).
    pub fn data_version(&self) -> Result<i64> {
        Ok(self.connection.query_row("PRAGMA data_version", [], |r| r.get(0))?)
    }
}

impl Tx<'_> {
    /// Runs `job` and takes back all that it wrote; what it gives stays.
    pub fn rehearse<T>(&self, job: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("SAVEPOINT rehearsal")?;
        let done = job(self);
        self.connection.execute_batch("ROLLBACK TO rehearsal; RELEASE rehearsal")?;
        done
    }

    /// Runs one statement and gives how many rows it changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs one `INSERT` and gives the new row's key.
    fn insert(&self, sql: &str, params: impl Params) -> Result<i64> {
        self.run(sql, params)?;
        Ok(self.connection.last_insert_rowid())
    }
}

/// A moment as the store keeps it.
fn at(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

/// What ends after this is not over at `now`.
fn end_of_patience(now: Timestamp) -> i64 {
    at(now.saturating_sub(SLACK).unwrap_or(Timestamp::MIN))
}

/// A moment that the store kept.
fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A calendar date in a column.
fn date(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<jiff::civil::Date>> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|text| text.parse().ok()))
}

/// A calendar date in a column that always has one.
fn day(row: &Row<'_>, column: &str) -> rusqlite::Result<jiff::civil::Date> {
    date(row, column)?.ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, format!("{column}: no date").into())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A store with a table of numbers.
    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        store.write(|tx| Ok(tx.connection.execute_batch("CREATE TABLE numbers (n INTEGER NOT NULL) STRICT")?)).unwrap();
        (folder, store)
    }

    fn add(tx: &Tx<'_>, n: i64) -> Result<()> {
        tx.run("INSERT INTO numbers (n) VALUES (?1)", [n]).map(drop)
    }

    fn numbers(store: &Store) -> Vec<i64> {
        store.read(|view| view.all("SELECT n FROM numbers ORDER BY n", [], |r| r.get(0))).unwrap()
    }

    #[test]
    fn a_store_that_was_closed_is_whole_in_one_file() {
        for n in 0..20 {
            let (folder, store) = store();
            store.write(move |tx| add(tx, n)).unwrap();
            assert_eq!(numbers(&store), [n]);
            drop(store);
            let log = folder.path().join(schema::DATABASE).with_extension("sqlite-wal");
            assert!(!log.exists(), "the log was left behind at the {n}th time");
        }
    }

    #[test]
    fn t76_t91_neither_the_writer_nor_a_reader_trusts_the_schema_or_leaves_what_was_deleted() {
        let (_folder, store) = store();
        fn settings(connection: &Connection) -> Result<Vec<String>> {
            let is_defensive = connection.db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE)?;
            let mut found = vec![format!("defensive {is_defensive}")];
            for name in ["trusted_schema", "secure_delete", "foreign_keys", "synchronous", "journal_mode"] {
                let value =
                    connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, rusqlite::types::Value>(0));
                found.push(format!("{name} {:?}", value?));
            }
            Ok(found)
        }
        let wanted = [
            "defensive true",
            "trusted_schema Integer(0)",
            "secure_delete Integer(1)",
            "foreign_keys Integer(1)",
            "synchronous Integer(2)",
            "journal_mode Text(\"wal\")",
        ];
        assert_eq!(store.write(|tx| settings(tx.connection)).unwrap(), wanted);
        assert_eq!(store.read(|view| settings(view.connection)).unwrap(), wanted);
    }

    #[test]
    fn t90_no_row_of_the_audit_is_changed_or_taken_out() {
        let (_folder, store) = store();
        let insert = "INSERT INTO audit_log (at, action, previous_hash, hash) VALUES (0, 'share', '', 'a')";
        store.write(move |tx| tx.run(insert, [])).unwrap();
        for change in [
            "UPDATE audit_log SET action = 'nothing'",
            "DELETE FROM audit_log",
            "INSERT OR REPLACE INTO audit_log (seq, at, action, previous_hash, hash) VALUES (1, 0, 'x', '', 'b')",
        ] {
            let refused = store.write(move |tx| tx.run(change, [])).unwrap_err();
            assert!(refused.is_contradiction() && refused.to_string().contains("the audit is never"), "{refused}");
        }
        let kept: Vec<String> = store.read(|view| view.all("SELECT action FROM audit_log", [], |r| r.get(0))).unwrap();
        assert_eq!(kept, ["share"]);
    }

    /// Makes a blob as old as the collector wants it.
    fn age(store: &Store, name: &str) {
        let path = store.blobs().kept(name).unwrap().unwrap();
        let old = crate::clock::file_time() - Duration::from_secs(7200);
        // The collector of another thread may have been faster.
        let _ = std::fs::File::options().append(true).open(path).and_then(|file| file.set_modified(old));
    }

    #[test]
    fn f54_a_blob_that_was_taken_up_after_the_collector_looked_is_spared() {
        let (_folder, store) = store();
        let (hour, name) = (Duration::from_secs(3600), store.keep(b"a brief").unwrap());
        age(&store, &name);
        let (_, path, found) = store.blobs().list(crate::clock::file_time()).unwrap().remove(0);
        assert!(found > hour);
        assert_eq!(store.keep(b"a brief").unwrap(), name);
        assert!(!store.remove_orphan(Some(&name), &path, hour).unwrap() && store.blobs().has(&name));
        age(&store, &name);
        assert!(store.remove_orphan(Some(&name), &path, hour).unwrap() && !store.blobs().has(&name));
        assert!(!store.remove_orphan(Some(&name), &path, hour).unwrap(), "what is gone is no error");
    }

    #[test]
    fn f54_what_is_kept_is_there_however_the_collector_runs() {
        let (_folder, store) = store();
        let (collecting, is_over) = (store.clone(), Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let over = Arc::clone(&is_over);
        let collector = std::thread::spawn(move || {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                collecting.collect_orphans(Duration::from_secs(3600)).unwrap();
            }
        });
        for _ in 0..300 {
            let name = store.keep(b"a brief").unwrap();
            assert!(store.blobs().has(&name));
            age(&store, &name);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        collector.join().unwrap();
    }

    #[test]
    fn f54_a_blob_is_not_forgotten_while_somebody_is_about_to_name_it() {
        let (_folder, store) = store();
        let held = store.blobs().hold().unwrap();
        let name = store.keep(b"a mail").unwrap();
        store.forget_blob(&name).unwrap();
        assert!(store.blobs().has(&name), "its row is to come");
        drop(held);
        store.forget_blob(&name).unwrap();
        assert!(!store.blobs().has(&name));
    }

    #[test]
    fn a_copy_of_the_database_comes_to_an_end_while_others_commit() {
        let (folder, store) = store();
        let fill = |tx: &Tx<'_>| {
            tx.connection.execute_batch("CREATE TABLE much (b BLOB NOT NULL) STRICT")?;
            (0..40).try_for_each(|_| tx.run("INSERT INTO much (b) VALUES (zeroblob(400000))", []).map(drop))
        };
        store.write(fill).unwrap();
        let copy = folder.path().join("copy.sqlite");
        let mut commits: i64 = 0;
        let between = || {
            commits += 1;
            assert!(commits < 50, "it is begun anew each time");
            store.write(move |tx| add(tx, commits)).unwrap();
        };
        store.copy_in_steps(&copy, between).unwrap();
        assert!(commits >= 2, "{commits}");
        let copied: i64 =
            Connection::open(&copy).unwrap().query_row("SELECT count(*) FROM numbers", [], |r| r.get(0)).unwrap();
        assert_eq!((copied, numbers(&store).len() as i64), (0, commits), "as it was when the copy began");
    }

    type Step = Box<dyn FnMut(&Tx<'_>) -> Result<()> + Send>;

    /// Waits until the writer is at work on `first`, so that what is submitted meanwhile comes into the same commit.
    fn together(store: &Store, jobs: Vec<Step>) -> Vec<Result<()>> {
        let (begun, wait) = sync_channel::<()>(0);
        let (go, hold) = sync_channel::<()>(0);
        let hold = Mutex::new(hold);
        let mut once = false;
        let first = store.write_soon(move |tx| {
            if !std::mem::replace(&mut once, true) {
                begun.send(()).unwrap();
                hold.lock().unwrap().recv().unwrap();
            }
            add(tx, 0)
        });
        wait.recv().unwrap();
        let soon: Vec<_> = jobs.into_iter().map(|job| store.write_soon(job)).collect();
        go.send(()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut outcomes = vec![first.await];
            for one in soon {
                outcomes.push(one.await);
            }
            outcomes
        })
    }

    #[test]
    fn f07_a_transaction_that_the_database_undid_takes_no_job_with_it_and_runs_none_twice() {
        let (_folder, store) = store();
        let undoes = |tx: &Tx<'_>| {
            // What SQLite does by itself when the disk is full in mid-transaction.
            tx.connection.execute_batch("ROLLBACK")?;
            Err(StoreError::Content("full".into()))
        };
        let outcomes = together(&store, vec![Box::new(|tx| add(tx, 1)), Box::new(undoes), Box::new(|tx| add(tx, 2))]);
        let well: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(well, [true, true, false, true]);
        assert_eq!(numbers(&store), [0, 1, 2]);
    }

    #[test]
    fn f36_a_failed_disk_ends_all_writing_and_is_told() {
        let (_folder, store) = store();
        let fails = |_: &Tx<'_>| Err(StoreError::Io("x".into(), std::io::Error::from_raw_os_error(EIO)));
        let outcomes = together(&store, vec![Box::new(fails), Box::new(|tx| add(tx, 1))]);
        assert!(outcomes[1].as_ref().is_err_and(StoreError::is_disk_failure));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.broken());
        assert!(matches!(store.write(|tx| add(tx, 3)), Err(StoreError::Closed)));
    }

    #[test]
    fn a_store_that_is_held_or_full_is_well_again_by_itself_and_one_that_is_closed_or_failed_is_not() {
        let sqlite = |code| StoreError::Sqlite(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
        let passing = [rusqlite::ffi::SQLITE_BUSY, rusqlite::ffi::SQLITE_LOCKED, rusqlite::ffi::SQLITE_FULL];
        assert!(passing.into_iter().all(|code| sqlite(code).passes()));
        let panicked = StoreError::Panicked(String::new());
        for lost in
            [StoreError::Closed, panicked, sqlite(rusqlite::ffi::SQLITE_IOERR), sqlite(rusqlite::ffi::SQLITE_CORRUPT)]
        {
            assert!(!lost.passes(), "{lost}");
        }
    }

    #[test]
    fn f35_a_full_disk_ends_nothing() {
        let (_folder, store) = store();
        let full = |_: &Tx<'_>| Err(StoreError::Io("x".into(), std::io::Error::from_raw_os_error(28)));
        assert!(store.write::<()>(full).is_err());
        store.write(|tx| add(tx, 3)).unwrap();
        assert_eq!(numbers(&store), [3]);
    }

    #[test]
    fn f37_a_lock_held_elsewhere_is_waited_for() {
        let (folder, store) = store();
        let other = Connection::open(folder.path().join(schema::DATABASE)).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        let soon = store.write_soon(|tx| add(tx, 1));
        // Whoever reads is not held up.
        assert!(numbers(&store).is_empty() && began.elapsed() < BUSY);
        other.execute_batch("COMMIT").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(soon).unwrap();
        assert_eq!(numbers(&store), [1]);
    }

    #[test]
    fn f37_a_lock_held_longer_than_is_waited_for_undoes_whole_jobs_and_what_comes_after_it_is_done_once() {
        let (_folder, store) = store();
        let other = store.held_elsewhere(Duration::from_millis(1));
        // Alone, and several that would have shared a commit.
        let alone = store.write(|tx| add(tx, 1)).unwrap_err();
        let jobs: [fn(&Tx<'_>) -> Result<()>; 2] = [|tx| add(tx, 2), |tx| add(tx, 3)];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let together: Vec<_> = jobs.into_iter().map(|job| store.write_soon(job)).collect();
        let together = together.into_iter().map(|job| runtime.block_on(job).unwrap_err());
        for error in together.chain([alone]) {
            assert!(error.passes() && error.is_the_stores() && !error.is_disk_failure(), "{error}");
            assert!(error.to_string().contains("locked"), "{error}");
        }
        assert!(numbers(&store).is_empty(), "whoever reads goes on");
        drop(other);
        store.write(|tx| add(tx, 4)).unwrap();
        assert_eq!(numbers(&store), [4], "the writer lives, and nothing is left of what it gave up");
    }
}
