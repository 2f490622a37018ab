//! Compares what went in with what came out: the mailbox, the store, the blobs and the mails that people got. Plain SQL,
//! plain files, plain bytes: it shares no code with the program, so that they can't be wrong together.
//!
//! What it holds (faults.md 3.1): each mail in the mailbox is staged once and has one outcome with a reason; each effect
//! is there once, with its row; each blob is what its name says and none that is named is missing; each letter that was
//! sent arrived once, or, where a crash left its outcome unknown, at most once more with the same bytes; nothing else
//! arrived; and nobody got what they could not see.

pub use crate::recorder::Handed;
use rusqlite::{Connection, OpenFlags, Row};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// All there is to look at once everything is at rest.
#[derive(Clone)]
pub struct Evidence {
    /// The store's folder.
    pub store: PathBuf,
    /// The gateway's domains, one for each firm.
    pub domains: Vec<String>,
    /// The mails of the gateway's mailboxes, wherever they were moved, read by IMAP.
    pub mailbox: Vec<Vec<u8>>,
    /// What arrived in each person's mailbox.
    pub delivered: Vec<(String, Vec<Vec<u8>>)>,
    /// What the submission server was handed, in order, where that was written down.
    pub transcript: Vec<Handed>,
}

/// What the mails of a test must have done.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The verbs of each mail's effects by its Message-ID, in order.
    pub effects: BTreeMap<String, Vec<&'static str>>,
    /// How many letters may have arrived twice.
    pub duplicates: usize,
    /// The Message-IDs of the letters of which the store did not know, when it was left, whether they had gone.
    pub in_doubt: BTreeSet<String>,
}

/// Opens the database for reading only.
pub fn open(store: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(store.join("docketpost.sqlite"), flags).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    database
}

/// What is still under way; none if nothing is.
pub fn unfinished(store: &Path, submitted: usize, arrived: &[(String, usize)]) -> Option<String> {
    let database = open(store);
    let count = |sql: &str| database.query_row(sql, [], |r| r.get::<_, u32>(0)).unwrap() as usize;
    // What was handed over to another firm has a row there too.
    let staged = count("SELECT count(*) FROM inbox WHERE reason IS NOT 'FOR_ANOTHER_FIRM'");
    if staged < submitted {
        return Some(format!("{staged} of {submitted} mails staged"));
    }
    let open: Vec<String> =
        all(&database, "SELECT id || ' ' || state FROM inbox WHERE state IN ('RECEIVED','PROVED')", |r| r.get(0));
    if !open.is_empty() {
        return Some(format!("inbox: {}", open.join(", ")));
    }
    let open: Vec<String> = all(
        &database,
        "SELECT id || ' ' || template || ' ' || state || ' ' || coalesce(last_reply, '') FROM outbox WHERE state IN ('QUEUED','SENDING') AND coalesce(reason, '') <> 'PAUSED'",
        |r| r.get(0),
    );
    if !open.is_empty() {
        return Some(format!("outbox: {}", open.join(", ")));
    }
    for (address, mails) in arrived {
        let sql = "SELECT count(*) FROM outbox WHERE state = 'SENT' AND sent_to = ?1";
        let sent = database.query_row(sql, [address], |r| r.get::<_, u32>(0)).unwrap() as usize;
        if *mails < sent {
            return Some(format!("{mails} of {sent} letters arrived at {address}"));
        }
    }
    None
}

/// Everything that is wrong whatever the mails said.
pub fn conservation(evidence: &Evidence) -> Vec<String> {
    let database = open(&evidence.store);
    let mut wrong = Vec::new();
    staged_once(&database, evidence, &mut wrong);
    decided_once(&database, &mut wrong);
    effects_have_rows(&database, &mut wrong);
    blobs_are_whole(&database, &evidence.store, &mut wrong);
    let doubles = letters_arrived(&database, evidence, &mut wrong);
    if doubles > 0 {
        wrong.push(format!("{doubles} letters arrived twice"));
    }
    nobody_saw_too_much(&database, &mut wrong);
    wrong
}

/// Everything that is wrong, also with what these mails must have done.
pub fn compare(evidence: &Evidence, expected: &Expected) -> Vec<String> {
    let database = open(&evidence.store);
    let mut wrong = Vec::new();
    staged_once(&database, evidence, &mut wrong);
    decided_once(&database, &mut wrong);
    effects_have_rows(&database, &mut wrong);
    blobs_are_whole(&database, &evidence.store, &mut wrong);
    effects_are(&database, expected, &mut wrong);
    handed_over(evidence, expected, &mut wrong);
    let doubles = letters_arrived(&database, evidence, &mut wrong);
    if doubles > expected.duplicates {
        wrong.push(format!("{doubles} letters arrived twice, at most {} may", expected.duplicates));
    }
    nobody_saw_too_much(&database, &mut wrong);
    wrong
}

/// How many letters arrived a second time.
pub fn doubles(evidence: &Evidence) -> usize {
    letters_arrived(&open(&evidence.store), evidence, &mut Vec::new())
}

/// How many of each kind of row there are: letters by template, effects by verb, mails by outcome.
pub fn tally(store: &Path) -> BTreeMap<String, usize> {
    let database = open(store);
    let sql = "SELECT 'letter ' || template || ' to ' || p.first_name || ' ' || o.state, count(*) FROM outbox o JOIN people p ON p.id = o.person_id GROUP BY 1
        UNION ALL SELECT 'effect ' || verb, count(*) FROM effects GROUP BY 1
        UNION ALL SELECT 'mail ' || state || ' ' || reason, count(*) FROM inbox GROUP BY 1
        UNION ALL SELECT 'activities', count(*) FROM activities
        UNION ALL SELECT 'messages', count(*) FROM conversation_messages
        UNION ALL SELECT 'conversations', count(*) FROM conversations
        UNION ALL SELECT 'documents', count(*) FROM documents
        UNION ALL SELECT 'versions', count(*) FROM document_versions
        UNION ALL SELECT 'tasks done', count(*) FROM tasks WHERE completed_at IS NOT NULL";
    all(&database, sql, |r| Ok((r.get(0)?, r.get::<_, u32>(1)? as usize))).into_iter().collect()
}

/// How many mails of one connection may be in doubt when it breaks: so many are handed over before they are noted.
const WINDOW: usize = 8;

/// What was handed over twice was in doubt the first time: the store said so, or its connection broke and it was among
/// the last on it. Then it is the same mail, to the same person, to the byte.
fn handed_over(evidence: &Evidence, expected: &Expected, wrong: &mut Vec<String>) {
    let taken: Vec<&Handed> = evidence.transcript.iter().filter(|h| h.accepted).collect();
    for (at, first) in taken.iter().enumerate() {
        let id = message_id(&first.bytes);
        let Some(again) = taken.iter().skip(at + 1).find(|h| message_id(&h.bytes) == id) else { continue };
        let after = taken.iter().skip(at + 1).filter(|h| h.connection == first.connection).count();
        let is_lost = !first.quit && again.connection != first.connection && after < WINDOW;
        if !is_lost && !expected.in_doubt.contains(&id) {
            wrong.push(format!("{id} was handed over twice, and the first time was not in doubt"));
        }
        if (&first.bytes, &first.from, &first.to) != (&again.bytes, &again.from, &again.to) {
            wrong.push(format!("{id} was handed over twice, and not the same"));
        }
    }
}

/// The Message-IDs of what was handed over more than once.
pub fn doubled(evidence: &Evidence) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let taken = evidence.transcript.iter().filter(|h| h.accepted).map(|h| message_id(&h.bytes));
    taken.filter(|id| !seen.insert(id.clone())).collect()
}

/// The Message-IDs of the letters of which the store does not know whether they left.
pub fn in_doubt(store: &Path) -> BTreeSet<String> {
    let sql = "SELECT '<' || message_id || '@' || 'gw.firm.example>' FROM outbox WHERE state = 'SENDING'";
    all(&open(store), sql, |r| r.get(0)).into_iter().collect()
}

/// How many transactions the store counted.
pub fn commits(store: &Path) -> i64 {
    let sql = "SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'commits'";
    all(&open(store), sql, |r| r.get(0)).first().copied().unwrap_or(0)
}

/// What a disk must bear out that the power went from, before anything is started on it: every row's file is there, and
/// every mail that was moved away, and every letter that was handed over, has its row.
pub fn borne_out(store: &Path, moved: &[String], handed: &BTreeSet<String>) -> Vec<String> {
    let database = open(store);
    let mut wrong = Vec::new();
    blobs_are_whole(&database, store, &mut wrong);
    let known: BTreeSet<String> = all(&database, "SELECT uid FROM inbox", |r| r.get(0)).into_iter().collect();
    let unknown = moved.iter().filter(|uid| !known.contains(*uid));
    wrong.extend(unknown.map(|uid| format!("the mail {uid} was moved away and no row knows it")));
    let sql = "SELECT '<' || message_id || '@gw.firm.example>' FROM outbox WHERE state IN ('SENDING','SENT')";
    let known: BTreeSet<String> = all(&database, sql, |r| r.get(0)).into_iter().collect();
    wrong.extend(handed.difference(&known).map(|id| format!("the letter {id} was handed over and no row knows it")));
    wrong
}

/// Whatever was put off is due now: the test does not wait for the clock.
pub fn let_time_pass(store: &Path) {
    let database = Connection::open(store.join("docketpost.sqlite")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let due = "UPDATE outbox SET next_at = 0 WHERE state = 'QUEUED' AND coalesce(reason, '') <> 'PAUSED';
        UPDATE inbox SET next_at = 0 WHERE state IN ('RECEIVED','PROVED')";
    database.execute_batch(due).unwrap();
}

fn all<T>(database: &Connection, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], read).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The SHA-256 of `bytes`.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn staged_once(database: &Connection, evidence: &Evidence, wrong: &mut Vec<String>) {
    let mut mails: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for mail in &evidence.mailbox {
        mails.entry(hash(mail)).or_default().0 += 1;
    }
    for staged in
        all(database, "SELECT sha256 FROM inbox WHERE reason IS NOT 'FOR_ANOTHER_FIRM'", |r| r.get::<_, String>(0))
    {
        mails.entry(staged).or_default().1 += 1;
    }
    for (sha256, (here, staged)) in mails {
        if here != staged {
            wrong.push(format!("mail {sha256} is {here} times in the mailbox and staged {staged} times"));
        }
    }
}

fn decided_once(database: &Connection, wrong: &mut Vec<String>) {
    let sql = "SELECT i.id, i.state, i.reason, i.decided_at IS NOT NULL, i.released_level IS NOT NULL OR i.role_id IS NOT NULL,
        (SELECT count(*) FROM audit_log a WHERE a.inbox_id = i.id AND a.action = 'mail' AND a.facts LIKE '%\"HELD\"%'),
        (SELECT count(*) FROM audit_log a WHERE a.inbox_id = i.id AND a.action = 'mail' AND a.facts NOT LIKE '%\"HELD\"%')
        FROM inbox i";
    let rows = all(database, sql, |r| {
        let is_decided =
            r.get::<_, bool>(3)? && r.get::<_, Option<String>>(2)?.is_some_and(|reason| !reason.is_empty());
        let (held, ended) = (r.get::<_, i64>(5)?, r.get::<_, i64>(6)?);
        // What a person or a confirmation released was held once and came to its end after.
        // So was one whose writer said as whom they wrote it, unless that was at another firm.
        let is_once = if r.get(4)? { held <= 1 && ended == 1 } else { held + ended == 1 };
        Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, is_decided, is_once))
    });
    for (id, state, is_decided, is_once) in rows {
        let is_terminal = ["APPLIED", "HELD", "REFUSED", "IGNORED", "DEAD"].contains(&state.as_str());
        if !is_terminal || !is_decided || !is_once {
            wrong.push(format!("mail {id} is {state}, with a reason: {is_decided}, with one outcome: {is_once}"));
        }
    }
}

/// Each effect stands for one row of its kind, and each row for one effect.
fn effects_have_rows(database: &Connection, wrong: &mut Vec<String>) {
    let twice = "SELECT verb || ' of mail ' || inbox_id FROM effects WHERE verb <> 'done' GROUP BY verb, inbox_id, kind, item_id, ordinal HAVING count(*) > 1";
    wrong.extend(all(database, twice, |r| r.get::<_, String>(0)).iter().map(|e| format!("twice: {e}")));
    let pairs = [
        ("time", "SELECT count(*) FROM effects WHERE verb = 'time'", "SELECT count(*) FROM activities"),
        (
            "message",
            "SELECT count(*) FROM effects WHERE verb = 'message'",
            "SELECT count(*) FROM conversation_messages WHERE inbox_id IS NOT NULL",
        ),
        (
            "done",
            "SELECT count(*) FROM effects WHERE verb = 'done'",
            "SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL",
        ),
        ("note", "SELECT count(*) FROM effects WHERE verb = 'note'", "SELECT count(*) FROM notes"),
        (
            "file",
            "SELECT count(*) FROM effects WHERE verb IN ('file', 'document', 'version')",
            "SELECT count(*) FROM document_versions WHERE inbox_id IS NOT NULL",
        ),
    ];
    for (what, effects, rows) in pairs {
        let count = |sql: &str| database.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        let (effects, rows) = (count(effects), count(rows));
        if effects != rows {
            wrong.push(format!("{what}: {effects} effects and {rows} rows"));
        }
    }
}

fn effects_are(database: &Connection, expected: &Expected, wrong: &mut Vec<String>) {
    let sql = "SELECT i.message_id, coalesce(group_concat(e.verb, ' ' ORDER BY e.ordinal), '') FROM inbox i
        LEFT JOIN effects e ON e.inbox_id = i.id GROUP BY i.id";
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, verbs) in all(database, sql, |r| Ok((r.get::<_, Option<String>>(0)?, r.get::<_, String>(1)?))) {
        found.entry(id.unwrap_or_default()).or_default().push(verbs);
    }
    for (id, verbs) in &expected.effects {
        let verbs = verbs.join(" ");
        match found.get(id).map(Vec::as_slice) {
            Some([done]) if *done == verbs => {}
            other => wrong.push(format!("mail {id}: did {other:?}, should have done {verbs:?}")),
        }
    }
}

fn blobs_are_whole(database: &Connection, store: &Path, wrong: &mut Vec<String>) {
    let mut here = BTreeSet::new();
    for group in fs::read_dir(store.join("blobs")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        for file in fs::read_dir(group).unwrap().map(|e| e.unwrap().path()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with(".new-") {
                continue;
            }
            if hash(&fs::read(&file).unwrap()) != name {
                wrong.push(format!("blob {name} holds something else"));
            }
            here.insert(name);
        }
    }
    let sql = "SELECT coalesce(kept_sha256, sha256) FROM inbox UNION SELECT sha256 FROM document_versions";
    for named in all(database, sql, |r| r.get::<_, String>(0)) {
        if !here.contains(&named) {
            wrong.push(format!("blob {named} is missing"));
        }
    }
}

/// Gives how many copies arrived beyond the first of each letter.
fn letters_arrived(database: &Connection, evidence: &Evidence, wrong: &mut Vec<String>) -> usize {
    let sql = "SELECT message_id, state, coalesce(sent_to, ''), tries FROM outbox";
    let letters = all(database, sql, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get::<_, u32>(3)? as usize)));
    let letters: Vec<(String, String, String, usize)> = letters;
    let mut copies: BTreeMap<(String, String), Vec<Vec<u8>>> = BTreeMap::new();
    for (address, mails) in &evidence.delivered {
        for mail in mails {
            copies.entry((address.clone(), message_id(mail))).or_default().push(without_traces(mail));
        }
    }
    let mut doubles = 0;
    for (id, state, to, tries) in letters {
        if state != "SENT" {
            if !["CANCELLED", "FAILED"].contains(&state.as_str()) {
                wrong.push(format!("letter {id} is still {state}"));
            }
            continue;
        }
        let full = |domain: &String| (to.clone(), format!("<{id}@{domain}>"));
        let Some(mails) = evidence.domains.iter().find_map(|domain| copies.remove(&full(domain))) else {
            wrong.push(format!("letter {id} was sent and did not arrive"));
            continue;
        };
        if mails.len() > tries {
            wrong.push(format!("letter {id} arrived {} times in {tries} attempts", mails.len()));
        }
        if mails.windows(2).any(|w| w[0] != w[1]) {
            wrong.push(format!("letter {id} arrived with different bytes"));
        }
        doubles += mails.len() - 1;
    }
    for ((address, id), mails) in copies {
        if evidence.domains.iter().any(|domain| id.ends_with(&format!("@{domain}>"))) {
            wrong.push(format!("{} mails {id} arrived at {address}, and no letter was sent there", mails.len()));
        }
    }
    doubles
}

/// The header fields of a mail, each with its folds, and the rest.
fn fields(mail: &[u8]) -> (Vec<String>, &[u8]) {
    let is_end = |w: &[u8]| w.starts_with(b"\n\n") || w.starts_with(b"\n\r\n");
    let end = (0..mail.len()).find(|at| is_end(&mail[*at..])).unwrap_or(mail.len());
    let mut fields: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(&mail[..end]).lines() {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => {
                field.push('\n');
                field.push_str(line);
            }
            _ => fields.push(line.to_owned()),
        }
    }
    (fields, &mail[end..])
}

/// The Message-ID of a mail, with its brackets.
pub fn message_id(mail: &[u8]) -> String {
    field(mail, "message-id")
}

/// What a header field says, unfolded.
pub fn field(mail: &[u8], name: &str) -> String {
    let named = |f: &String| f.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
    let field = fields(mail).0.into_iter().find(named).unwrap_or_default();
    field.split_once(':').map_or("", |(_, text)| text).trim().replace('\n', "")
}

/// What is wrong with a letter that must name nobody but the one it goes to.
pub fn second_reader(letter: &[u8], to: &str) -> Option<String> {
    const COPIES: [&str; 5] = ["cc", "bcc", "resent-to", "resent-cc", "resent-bcc"];
    let names = |f: &String| f.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let copied = fields(letter).0.into_iter().find(|f| COPIES.contains(&names(f).as_str()));
    let named = fields(letter).0.into_iter().filter(|f| names(f) == "to").collect::<Vec<_>>().concat();
    let is_to_one = named.matches('@').count() == 1 && named.contains(to);
    copied.or(Some(named).filter(|_| !is_to_one))
}

/// The mail as it was handed over: without what the servers on the way wrote into it.
fn without_traces(mail: &[u8]) -> Vec<u8> {
    let (fields, body) = fields(mail);
    let is_trace = |f: &&String| {
        let name = f.split(':').next().unwrap_or_default().to_ascii_lowercase();
        ["return-path", "delivered-to", "x-original-to", "received"].contains(&name.as_str())
    };
    let kept: Vec<String> = fields.iter().filter(|f| !is_trace(f)).cloned().collect();
    [kept.join("\n").as_bytes(), body].concat()
}

/// What co-counsel were shown was shared with them when it was sent, belongs to what was, or is their own.
fn nobody_saw_too_much(database: &Connection, wrong: &mut Vec<String>) {
    let sql = "WITH seen AS (
          SELECT o.id AS letter, o.template, o.person_id AS person, o.claimed_at AS at, d.kind, d.item_id AS item,
            CASE d.kind
              WHEN 'matter' THEN d.item_id
              WHEN 'task' THEN (SELECT matter_id FROM tasks WHERE id = d.item_id)
              WHEN 'document' THEN (SELECT matter_id FROM documents WHERE id = d.item_id)
              WHEN 'folder' THEN (SELECT matter_id FROM folders WHERE id = d.item_id)
              WHEN 'note' THEN (SELECT matter_id FROM notes WHERE id = d.item_id)
              WHEN 'communication' THEN (SELECT matter_id FROM communications WHERE id = d.item_id)
              WHEN 'calendar_entry' THEN (SELECT matter_id FROM calendar_entries WHERE id = d.item_id)
              WHEN 'bill' THEN (SELECT matter_id FROM bills WHERE id = d.item_id)
            END AS matter
          FROM outbox o JOIN disclosures d ON d.outbox_id = o.id JOIN people p ON p.id = o.person_id
          WHERE o.state = 'SENT' AND p.kind = 'contact')
        SELECT letter || ' showed ' || kind || ' ' || item || ' to ' || person FROM seen s WHERE NOT EXISTS (
          SELECT 1 FROM shares h WHERE h.person_id = s.person AND h.created_at <= s.at AND coalesce(h.revoked_at, s.at) >= s.at
            AND ((h.resource_type = s.kind AND h.resource_id = s.item) OR (h.resource_type = 'matter' AND h.resource_id = s.matter)
              OR (s.kind = 'document' AND h.resource_type = 'folder'
                AND h.resource_id = (SELECT folder_id FROM documents WHERE id = s.item))))
          AND NOT (kind = 'activity' AND EXISTS (SELECT 1 FROM activities WHERE id = item AND person_id = person))
          AND NOT (kind = 'note' AND EXISTS (SELECT 1 FROM notes WHERE id = item AND author_id = person))
          AND NOT (kind = 'communication' AND EXISTS (SELECT 1 FROM communications WHERE id = item AND author_id = person))
          AND NOT (kind = 'document' AND EXISTS (SELECT 1 FROM documents WHERE id = item AND creator_id = person))
          AND NOT (kind = 'folder' AND EXISTS (SELECT 1 FROM folders f JOIN people p ON p.id = s.person
            WHERE f.id = item AND f.creator_id IN (p.id, p.principal_id)))
          AND NOT (kind = 'conversation' AND template = 'receipt'
            AND EXISTS (SELECT 1 FROM conversation_messages WHERE conversation_id = item AND sender_id = person))";
    wrong.extend(all(database, sql, |r| r.get::<_, String>(0)).into_iter().map(|w| format!("letter {w}")));
    let silent = "SELECT o.id || ' (' || o.template || ')' FROM outbox o WHERE o.state = 'SENT' AND o.template IN ('news','tasks','shared')
        AND NOT EXISTS (SELECT 1 FROM disclosures d WHERE d.outbox_id = o.id)";
    let silent = all(database, silent, |r| r.get::<_, String>(0));
    wrong.extend(silent.into_iter().map(|w| format!("letter {w} does not say what it shows")));
}
