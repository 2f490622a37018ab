//! The tables, made and brought up to date in steps; forward only, in one transaction (fault F40).

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{Result, StoreError, permissions};

/// The database's file name in the store's folder.
pub const DATABASE: &str = "docketpost.sqlite";
/// The keys' file name in the store's folder.
pub const KEY_FILE: &str = "reply.key";
/// The blobs' folder name in the store's folder.
pub const BLOBS: &str = "blobs";

/// The steps; a released one is never changed, a new one is added.
const STEPS: &[&str] = &[include_str!("schema/0001_first.sql")];

/// Says whether the database is whole (fault F38).
pub fn check(connection: &Connection) -> Result<()> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
}

/// The version of the tables that this program knows.
pub fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Takes the steps that are missing, all in one transaction, and copies an older database before; refuses a store of a
/// later version.
pub fn migrate(connection: &mut Connection) -> Result<()> {
    take(connection, STEPS)
}

fn take(connection: &mut Connection, steps: &[&str]) -> Result<()> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let found = version(connection)?;
    if (1..known).contains(&found) {
        back_up(connection, found)?;
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&tx)?;
    if found > known {
        return Err(StoreError::Newer(found, known));
    }
    for step in usize::try_from(found).ok().and_then(|found| steps.get(found..)).unwrap_or_default() {
        tx.execute_batch(step)?;
    }
    if found < known {
        tx.pragma_update(None, "user_version", known)?;
    }
    tx.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |r| r.get(0))?)
}

/// Copies the database to a file beside it that its owner alone can read, named for its version. It has its name when it
/// is whole; one of an earlier attempt is replaced.
fn back_up(connection: &Connection, version: i64) -> Result<()> {
    let Some(database) = connection.path().filter(|path| !path.is_empty()).map(PathBuf::from) else { return Ok(()) };
    let folder = database.parent().unwrap_or(Path::new("."));
    let place = folder.join(format!("{DATABASE}.version-{version}"));
    let failed = |why| StoreError::Io(place.clone(), why);
    // tempfile creates with mode 0600.
    let copy = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [copy.path().to_string_lossy()])?;
    // Another process may have brought it up to date meanwhile: that is no copy of the old one.
    if self::version(&Connection::open_with_flags(copy.path(), OpenFlags::SQLITE_OPEN_READ_ONLY)?)? != version {
        return Ok(());
    }
    copy.as_file().sync_all().map_err(failed)?;
    permissions::give_to_owner_of(folder, copy.path())?;
    copy.persist(&place).map_err(|e| failed(e.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    tracing::info!(copy = %place.display(), "the database as it was is kept beside the one that is brought up to date");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    #[test]
    fn every_table_is_strict_and_every_column_is_commented() {
        for step in STEPS {
            let mut table = String::new();
            for line in step.lines().map(str::trim) {
                if let Some(name) = line.strip_prefix("CREATE TABLE ") {
                    table = name.trim_end_matches(" (").to_owned();
                } else if line.starts_with(')') {
                    assert!(line.contains("STRICT"), "{table} is not strict");
                    table.clear();
                } else if !table.is_empty() && line.starts_with(|c: char| c.is_ascii_lowercase()) {
                    assert!(line.contains("-- "), "{table}: no comment on {line}");
                }
            }
        }
    }

    #[test]
    fn f40_a_later_store_is_refused_and_an_old_one_is_brought_up_to_date_once() {
        let mut connection = migrated();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::Newer(99, _))));
    }

    #[test]
    fn f40_a_step_that_fails_leaves_the_old_tables_and_a_copy_of_the_old_database_is_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join(DATABASE)).unwrap();
        let first = "CREATE TABLE a (x) STRICT; INSERT INTO a VALUES (7)".replace("x", "x INTEGER");
        let second = "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x, x = 8";
        let copy = folder.path().join(format!("{DATABASE}.version-1"));
        take(&mut connection, &[&first]).unwrap();
        assert!(!copy.exists(), "of an empty one there is nothing to copy");
        assert!(take(&mut connection, &[&first, second, "no such thing"]).is_err());
        let xs = |connection: &Connection| connection.query_row("SELECT x FROM a", [], |r| r.get::<_, i64>(0)).unwrap();
        assert_eq!((version(&connection).unwrap(), xs(&connection)), (1, 7));
        assert!(connection.prepare("SELECT y FROM a").is_err());
        let kept = Connection::open(&copy).unwrap();
        assert_eq!((version(&kept).unwrap(), xs(&kept)), (1, 7));
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        drop(kept);
        take(&mut connection, &[&first, second]).unwrap();
        assert_eq!((version(&connection).unwrap(), xs(&connection)), (2, 8));
        assert_eq!(xs(&Connection::open(&copy).unwrap()), 7);
        let is_left = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(".new-");
        assert!(!std::fs::read_dir(folder.path()).unwrap().any(|entry| is_left(&entry.unwrap())));
    }

    #[test]
    fn a_row_of_one_firm_cannot_name_a_row_of_another() {
        let connection = migrated();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 INSERT INTO firms (id, slug, name, locale, time_zone, currency, rounding_minutes, created_at)
                   VALUES (1,'a','A','en-GB','UTC','GBP',6,0), (2,'b','B','en-GB','UTC','GBP',6,0);
                 INSERT INTO matters (id, firm_id, number, display_number, created_at) VALUES (1,1,1,'x',0);",
            )
            .unwrap();
        let foreign = "INSERT INTO tasks (firm_id, number, name, matter_id, created_at) VALUES (2,1,'t',1,0)";
        assert!(connection.execute(foreign, []).is_err());
    }
}
