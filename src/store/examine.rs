//! A look at a store that changes nothing: not opened for writing, not brought up to date, no thread.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::keys::{self, ReplyKey};
use super::{BUSY, Result, Snapshot, StoreError, identity, moment, permissions, schema};
use crate::domain::leap::Mark;

/// What was found.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Version of its tables.
    pub version: i64,
    /// The version that this program knows.
    pub known: i64,
    /// Short names of its firms.
    pub firms: Vec<String>,
    /// The last moment that it knows of.
    pub last_moment: Option<Timestamp>,
    /// When the clock was believed last.
    pub clock: Option<Mark>,
    /// The keys of reply addresses, oldest first.
    pub reply_keys: Vec<ReplyKey>,
}

/// Looks at the store in `folder`: that it is there, that nobody else can read it, that it is whole (faults F38–F42).
pub fn examine(folder: &Path) -> Result<Examined> {
    let (database, key_file) = (folder.join(schema::DATABASE), folder.join(schema::KEY_FILE));
    if !database.exists() || !key_file.exists() {
        return Err(StoreError::Missing(folder.to_owned()));
    }
    permissions::refuse_readable_store(folder)?;
    let keys = keys::Keys::open(&key_file)?;
    let connection = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    schema::check(&connection)?;
    identity::compare(folder, &connection)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    let known = schema::known();
    if version == 0 || version > known {
        return Ok(Examined {
            version,
            known,
            firms: Vec::new(),
            last_moment: None,
            clock: None,
            reply_keys: Vec::new(),
        });
    }
    let mut statement = connection.prepare("SELECT slug FROM firms ORDER BY id")?;
    let firms = statement.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    let last: Option<i64> = connection.query_row(
        "SELECT max(coalesce((SELECT max(at) FROM audit_log), 0), coalesce((SELECT max(received_at) FROM inbox), 0))",
        [],
        |r| r.get(0),
    )?;
    let snapshot = Snapshot { connection: &connection, keys: &keys };
    let reply_keys = if version == known { snapshot.reply_keys()? } else { Vec::new() };
    let clock = if version == known { snapshot.clock_mark()? } else { None };
    if version == known {
        snapshot.present_key()?;
    }
    Ok(Examined { version, known, firms, last_moment: last.filter(|at| *at > 0).map(moment), clock, reply_keys })
}
