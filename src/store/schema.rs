//! The tables, made and brought up to date in steps; forward only, each step in one transaction (fault F40).

use rusqlite::{Connection, TransactionBehavior};

use super::{Result, StoreError};

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

/// Takes the steps that are missing; refuses a store of a later version.
pub fn migrate(connection: &mut Connection) -> Result<()> {
    let known = known();
    loop {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if found > known {
            return Err(StoreError::Newer(found, known));
        }
        let Some(step) = usize::try_from(found).ok().and_then(|n| STEPS.get(n)) else { return Ok(()) };
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", found.saturating_add(1))?;
        tx.commit()?;
    }
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
