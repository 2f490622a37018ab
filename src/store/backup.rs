//! What a copy of the database needs: beside it the blobs that its rows name, in it no letter that leaves by itself.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Result, schema};

/// The name of every blob that a row names: raw mails, documents, bills, pictures. Of a purged mail there is none.
pub(super) const NAMED: &str =
    "SELECT coalesce(kept_sha256, sha256) FROM inbox WHERE coalesce(kept_sha256, sha256) <> '' UNION SELECT sha256 FROM document_versions
         UNION SELECT pdf_sha256 FROM bills WHERE pdf_sha256 IS NOT NULL
         UNION SELECT picture_sha256 FROM identities WHERE picture_sha256 IS NOT NULL";

/// The blobs that the database in `file` names, a copy that nobody writes to. Says too if the copy is damaged.
pub fn blobs_named_in(file: &Path) -> Result<BTreeSet<String>> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::check(&connection)?;
    let mut statement = connection.prepare(NAMED)?;
    let names = statement.query_map([], |r| r.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// Stops the letters that wait in the database in `file`, a copy: restored, none leaves by itself that may have left since
/// the copy was made. A person lets each go, or drops it (fault F41).
pub fn stop_letters(file: &Path) -> Result<usize> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let stopped = "UPDATE outbox SET state = 'FAILED', reason = 'RESTORED' WHERE state IN ('QUEUED','SENDING')";
    Ok(connection.execute(stopped, [])?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_column_that_names_a_blob_is_copied() {
        let schema = include_str!("schema/0001_first.sql");
        let columns = schema.lines().map(str::trim).filter(|l| l.contains("sha256 TEXT"));
        let mut names: Vec<&str> = columns.filter_map(|l| l.split_whitespace().next()).collect();
        names.sort_unstable();
        // inbox and document_versions
        assert_eq!(names, ["kept_sha256", "pdf_sha256", "picture_sha256", "sha256", "sha256"]);
    }
}
