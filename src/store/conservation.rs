//! Whether nothing was lost and nothing happened twice, as far as the store can tell: each mail that was staged came to one
//! outcome with a reason or is on its way, each effect is one row of its mail, each letter has one end, and each blob that
//! a row names is there and is what its name says (faults.md 3.1). A look that changes nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{BUSY, Result, backup, schema};
use crate::blobs::{self, Blobs};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Conserved {
    /// How many there are of each kind and state, as sentences.
    pub counts: Vec<String>,
    /// What is wrong, each a sentence that names its rows.
    pub wrong: Vec<String>,
}

/// Rows that must not be there, and what to say of each: the number of the mail or letter stands in for `{}`.
const WRONG: [(&str, &str); 11] = [
    (
        "the mail Q-{} came to an end without a reason",
        "SELECT id FROM inbox WHERE state NOT IN ('RECEIVED','PROVED') AND (coalesce(reason, '') = '' OR decided_at IS NULL)",
    ),
    (
        "the mail Q-{} is undecided and was tried more often than it may be",
        "SELECT id FROM inbox WHERE state IN ('RECEIVED','PROVED') AND tries > 4",
    ),
    (
        "the mail Q-{} came to an outcome, and the audit log says so not once",
        // What was released was held before.
        "SELECT i.id FROM inbox i WHERE i.state NOT IN ('RECEIVED','PROVED','HELD') AND i.released_level IS NULL AND i.decided_by IS NULL AND i.reason IS NOT 'FOR_ANOTHER_FIRM'
           AND (SELECT count(*) FROM audit_log a WHERE a.firm_id = i.firm_id AND a.inbox_id = i.id AND a.action = 'mail'
             AND a.facts NOT LIKE '%\"HELD\"%') <> 1",
    ),
    (
        "the mail Q-{} did something and is not among those that were carried out",
        "SELECT DISTINCT e.inbox_id FROM effects e JOIN inbox i ON i.id = e.inbox_id WHERE i.state <> 'APPLIED'",
    ),
    (
        "the mail Q-{} did something to a thing that is not there",
        "SELECT DISTINCT e.inbox_id FROM effects e WHERE e.item_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM (SELECT 'matter' AS kind, id FROM matters UNION ALL SELECT 'task', id FROM tasks
             UNION ALL SELECT 'document', id FROM documents UNION ALL SELECT 'folder', id FROM folders
             UNION ALL SELECT 'note', id FROM notes UNION ALL SELECT 'calendar_entry', id FROM calendar_entries
             UNION ALL SELECT 'activity', id FROM activities UNION ALL SELECT 'communication', id FROM communications
             UNION ALL SELECT 'conversation', id FROM conversations UNION ALL SELECT 'bill', id FROM bills) t
           WHERE t.kind = e.kind AND t.id = e.item_id)",
    ),
    (
        "the mail Q-{} filed other versions of documents than it is known to have filed",
        // One that was taken back since is gone from its document.
        "SELECT m.id FROM inbox m WHERE (SELECT count(*) FROM document_versions v WHERE v.inbox_id = m.id) NOT BETWEEN
           (SELECT count(*) FROM effects e WHERE e.inbox_id = m.id AND e.verb IN ('file', 'version') AND e.undone_at IS NULL)
           AND (SELECT count(*) FROM effects e WHERE e.inbox_id = m.id AND e.verb IN ('file', 'version'))",
    ),
    (
        "the mail Q-{} wrote other messages than it is known to have written",
        "SELECT m.id FROM inbox m WHERE (SELECT count(*) FROM conversation_messages w WHERE w.inbox_id = m.id) <>
           (SELECT count(*) FROM effects e WHERE e.inbox_id = m.id AND e.verb = 'message')",
    ),
    (
        "the mail Q-{} did one thing twice",
        "SELECT inbox_id FROM effects WHERE item_id IS NOT NULL AND verb IN ('time', 'note', 'call', 'log')
           GROUP BY inbox_id, verb, kind, item_id HAVING count(*) > 1",
    ),
    (
        "the letter {} was sent, and when and where to is not known",
        "SELECT id FROM outbox WHERE state = 'SENT' AND (sent_at IS NULL OR sent_to IS NULL)",
    ),
    (
        "the letter {} came to an end without a reason",
        "SELECT id FROM outbox WHERE state IN ('FAILED','CANCELLED') AND coalesce(reason, '') = ''",
    ),
    ("the letter {} has its end and its bytes are still kept", "SELECT outbox_id FROM outbox_bytes WHERE outbox_id IN
        (SELECT id FROM outbox WHERE state IN ('SENT','CANCELLED'))"),
];

/// Fails a test that otherwise passed if something in its store was lost or done twice.
#[cfg(test)]
pub fn hold(store: &super::Store) {
    if !std::thread::panicking() {
        let found = examine(store.folder(), store.blobs()).unwrap();
        assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    }
}

/// Looks through the store in `folder`; the blobs that are sealed are read with what `blobs` knows.
pub fn examine(folder: &Path, blobs: &Blobs) -> Result<Conserved> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(schema::DATABASE), flags)?;
    connection.busy_timeout(BUSY)?;
    schema::check(&connection)?;
    let mut found = Conserved::default();
    // One view of all of it, while the daemon works on.
    connection.execute_batch("BEGIN DEFERRED")?;
    for (what, table) in [("mails", "inbox"), ("letters", "outbox")] {
        let sql = format!("SELECT count(*) || ' {what} ' || state FROM {table} GROUP BY state ORDER BY state");
        found.counts.extend(column::<String>(&connection, &sql)?);
    }
    for (say, sql) in WRONG {
        let rows = column::<i64>(&connection, sql)?;
        found.wrong.extend(rows.iter().map(|id| say.replace("{}", &id.to_string())));
    }
    let orphans = column::<String>(&connection, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")?;
    found.wrong.extend(orphans.iter().map(|table| format!("a row of {table} names another that is not there")));
    let named: Vec<String> = column(&connection, backup::NAMED)?;
    found.counts.push(format!("{} blobs", named.len()));
    for name in named {
        match blobs.get(&name) {
            Ok(bytes) if blobs::sha256(&bytes) == name => {}
            Ok(_) => found.wrong.push(format!("the blob {name} is not what its name says")),
            Err(error) => found.wrong.push(format!("the blob {name} can't be read: {error}")),
        }
    }
    Ok(found)
}

fn column<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> Result<Vec<T>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::sample::now;
    use super::*;
    use crate::domain::Address;

    #[test]
    fn t91_a_purged_mail_is_no_lost_blob_and_a_lost_picture_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let lost = |store: &Store| examine(folder.path(), store.blobs()).unwrap().wrong;
        store
            .write(|tx| {
                let firm = crate::store::firms::NewFirm {
                    slug: "smith".into(),
                    name: "Smith".into(),
                    locale: crate::domain::dates::Locale::British,
                    time_zone: "Europe/London".into(),
                    currency: "GBP".into(),
                    rounding_minutes: 6,
                };
                let firm = tx.add_firm(&firm, now())?;
                tx.run(
                    "INSERT INTO inbox (firm_id, mailbox, uid_validity, uid, sha256, kept_sha256, size, arrived_at, received_at, state)
                     VALUES (?1, 'm', 0, '1', ?2, '', 1, 0, 0, 'RECEIVED')",
                    (firm.0, "a".repeat(64)),
                )
            })
            .unwrap();
        assert_eq!(lost(&store), Vec::<String>::new());
        let picture = store.keep(b"a picture").unwrap();
        let name = picture.clone();
        store
            .write(move |tx| {
                let identity = tx.identity_for(&Address::parse("jane@doe.example").unwrap(), now())?;
                tx.set_picture(identity, &name)
            })
            .unwrap();
        assert_eq!(lost(&store), Vec::<String>::new());
        store.blobs().remove(&picture).unwrap();
        assert!(lost(&store).iter().any(|wrong| wrong.contains(&picture)), "{:?}", lost(&store));
    }
}
