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
pub mod audit;
pub mod backup;
pub mod bills;
pub mod calendar;
pub mod challenges;
pub mod communications;
pub mod conversations;
pub mod counts;
pub mod digests;
pub mod documents;
pub mod examine;
pub mod external_ids;
pub mod firms;
pub mod imports;
pub mod inbox;
pub mod invitations;
pub mod matters;
pub mod notes;
pub mod numbers;
pub mod outbox;
pub mod people;
mod permissions;
#[cfg(test)]
mod sample;
mod schema;
pub mod shares;
pub mod tasks;
pub mod threads;

pub use schema::{BLOBS, DATABASE, KEY_FILE};

use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Params, Row};

use crate::blobs::Blobs;
use crate::domain::token::Key;

const JOBS_PER_COMMIT: usize = 50;
const LONGEST_WAIT: Duration = Duration::from_millis(20);
const BUSY: Duration = Duration::from_secs(10);

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
    /// The store was written by a later docketpost (fault F40).
    #[error("the store is of a later version of docketpost ({0}, this one knows {1}); nothing was changed")]
    Newer(i64, i64),
    /// The database failed its check (fault F38).
    #[error("the database is damaged ({0}); restore the last backup, the mails since then are still in the mailbox")]
    Damaged(String),
    /// A job panicked; it was rolled back.
    #[error("a step failed unexpectedly and was rolled back: {0}")]
    Panicked(String),
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

    /// True where what was to be written contradicts what is there: a number twice, a row that is missing.
    pub fn is_contradiction(&self) -> bool {
        matches!(self, StoreError::Sqlite(e)
            if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation))
    }
}

/// The outcome of anything that the store does.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The store: the database, the key of reply addresses, and the blobs beside it. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    jobs: SyncSender<Job>,
    readers: Mutex<Vec<Connection>>,
    folder: PathBuf,
    key: Arc<Key>,
    blobs: Blobs,
}

type Outcome = Result<Box<dyn Any + Send>>;

struct Job {
    run: Box<dyn FnMut(&Tx<'_>) -> Outcome + Send>,
    answer: Box<dyn FnOnce(Outcome) + Send>,
}

/// A consistent view of the store, for reading.
pub struct Snapshot<'c> {
    connection: &'c Connection,
    key: &'c Key,
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
    /// Makes the folder, the database and the key of reply addresses where they are missing, then opens them.
    pub fn create(folder: &Path) -> Result<Store> {
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
        Store::open(folder)
    }

    /// Opens an existing store: checks who may read its files and that the database is whole, and brings its tables up
    /// to date.
    pub fn open(folder: &Path) -> Result<Store> {
        let database = folder.join(schema::DATABASE);
        let key_file = folder.join(schema::KEY_FILE);
        if !database.exists() || !key_file.exists() {
            return Err(StoreError::Missing(folder.to_owned()));
        }
        permissions::refuse_readable(folder, "700")?;
        permissions::refuse_readable(&database, "600")?;
        permissions::refuse_readable(&key_file, "600")?;
        let key = Arc::new(schema::read_key(&key_file)?);
        let mut writer = connect(&database)?;
        schema::check(&writer)?;
        schema::migrate(&mut writer)?;
        let blobs = Blobs::open(&folder.join(schema::BLOBS)).map_err(|e| StoreError::Io(folder.to_owned(), e))?;
        let (jobs, queue) = sync_channel(4096);
        let writer_key = Arc::clone(&key);
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || run_jobs(&writer, &writer_key, &queue))
            .map_err(|e| StoreError::Io(folder.to_owned(), e))?;
        let inner = Inner { jobs, readers: Mutex::default(), folder: folder.to_owned(), key, blobs };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Documents and raw mails.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// The key of reply addresses and codes.
    pub fn key(&self) -> &Key {
        &self.inner.key
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
        self.inner.jobs.send(Job { run, answer }).map_err(|_| StoreError::Closed)
    }

    /// Reads from one consistent view.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let parked = self.inner.readers.lock().map_err(|_| StoreError::Closed)?.pop();
        let connection = match parked {
            Some(connection) => connection,
            None => connect(&self.inner.folder.join(schema::DATABASE))?,
        };
        connection.execute_batch("BEGIN DEFERRED")?;
        let seen = look(&Snapshot { connection: &connection, key: &self.inner.key });
        connection.execute_batch("ROLLBACK")?;
        self.inner.readers.lock().map_err(|_| StoreError::Closed)?.push(connection);
        seen
    }

    /// Removes blobs that no row names and that are older than `age`, and what a crash left half-written; gives how many.
    pub fn collect_orphans(&self, age: Duration) -> Result<usize> {
        let io = |e| StoreError::Io(self.inner.folder.clone(), e);
        let old: Vec<_> = self.blobs().list(crate::clock::file_time()).map_err(io)?;
        let mut removed: usize = 0;
        for (name, path, _) in old.into_iter().filter(|(_, _, found)| *found > age) {
            let named = match &name {
                Some(sha256) => self.read(|view| view.names_blob(sha256))?,
                None => false,
            };
            if !named {
                std::fs::remove_file(path).map_err(io)?;
                removed = removed.saturating_add(1);
            }
        }
        Ok(removed)
    }

    /// Writes a consistent copy of the database to `file`, which must not exist, while others go on reading and writing.
    pub fn copy_database(&self, file: &Path) -> Result<()> {
        permissions::write_secret(file, b"")?;
        let source = connect(&self.inner.folder.join(schema::DATABASE))?;
        let mut target = Connection::open(file)?;
        rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(1000, Duration::ZERO, None)?;
        target.execute_batch("PRAGMA journal_mode = DELETE")?;
        Ok(())
    }
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

fn run_jobs(connection: &Connection, key: &Key, queue: &Receiver<Job>) {
    let tx = Tx { snapshot: Snapshot { connection, key } };
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        match commit_together(&tx, queue, &mut batch) {
            Ok(outcomes) => batch.into_iter().zip(outcomes).for_each(|(job, outcome)| (job.answer)(outcome)),
            Err(_) => batch.into_iter().for_each(|mut job| {
                let outcome = commit_alone(&tx, &mut job);
                (job.answer)(outcome);
            }),
        }
    }
}

fn commit_together(tx: &Tx<'_>, queue: &Receiver<Job>, batch: &mut Vec<Job>) -> Result<Vec<Outcome>> {
    tx.connection.execute_batch("BEGIN IMMEDIATE")?;
    let began = crate::clock::instant();
    let mut outcomes = Vec::new();
    let mut done = 0;
    while let Some(job) = batch.get_mut(done) {
        outcomes.push(in_savepoint(tx, job));
        done = done.saturating_add(1);
        if done < JOBS_PER_COMMIT && began.elapsed() < LONGEST_WAIT {
            match queue.try_recv() {
                Ok(next) => batch.push(next),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
            }
        }
    }
    if let Err(error) = tx.connection.execute_batch("COMMIT") {
        let _ = tx.connection.execute_batch("ROLLBACK");
        return Err(error.into());
    }
    Ok(outcomes)
}

fn commit_alone(tx: &Tx<'_>, job: &mut Job) -> Outcome {
    tx.connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = in_savepoint(tx, job);
    if let Err(error) = tx.connection.execute_batch("COMMIT") {
        let _ = tx.connection.execute_batch("ROLLBACK");
        return Err(error.into());
    }
    outcome
}

fn in_savepoint(tx: &Tx<'_>, job: &mut Job) -> Outcome {
    tx.connection.execute_batch("SAVEPOINT job")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| (job.run)(tx))).unwrap_or_else(|panic| {
        let text =
            panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
        Err(StoreError::Panicked(text.unwrap_or_default().chars().take(200).collect()))
    });
    match outcome {
        Ok(done) => tx.connection.execute_batch("RELEASE job").map(|()| done).map_err(StoreError::from),
        Err(error) => {
            tx.connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            Err(error)
        }
    }
}

impl Snapshot<'_> {
    /// The key of reply addresses and codes.
    pub fn key(&self) -> &Key {
        self.key
    }

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
            "SELECT 1 FROM inbox WHERE sha256 = ?1 UNION ALL SELECT 1 FROM document_versions WHERE sha256 = ?1
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
