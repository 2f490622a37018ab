//! Takes staged mail through: first who wrote it is proved, for which DNS is asked, then it is received in one
//! transaction. An attempt is counted before it is made, so that a mail that ends the process is counted too: after the
//! third it is dead and the firm is told. Mails that were tried before are taken one at a time, so that innocents do not
//! die with the culprit (decisions.md 36).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::{House, Served, Stop, now};
use crate::domain::InboxId;
use crate::inbound::{self, Outcome, Read, Taken, limits, outcome};
use crate::proof::{Proof, Verdict};
use crate::store::inbox::{Findings, Inbox, InboxState};
use crate::store::{Result, StoreError, Tx};

const BATCH: u32 = 50;
/// Mails that are in memory at the same time are together at most this large, or one.
const BATCH_BYTES: u64 = 50 << 20;
const MOST_TRIES: u32 = 3;
/// How long a mail waits whose file the disk would not give.
const DISK_PAUSE: SignedDuration = SignedDuration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long DNS may fail before a mail is judged without it (threats T20).
const DNS_PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// Works until `stop`.
pub async fn run(house: Arc<House>, stop: Stop) -> anyhow::Result<()> {
    while !stop.is_asked() {
        match all_due(&house).await {
            Ok(0) => stop.pause(LOOK_AGAIN, &house.inbox_bell).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "mail can't be processed now");
                stop.pause(Duration::from_secs(5), &house.inbox_bell).await;
            }
        }
    }
    Ok(())
}

/// Takes every mail through that is due, and gives how many were.
pub async fn all_due(house: &Arc<House>) -> Result<usize> {
    let proved = prove_due(house).await?;
    let received = receive_due(house).await?;
    if received > 0 {
        house.ring_outbox();
    }
    Ok(proved.saturating_add(received))
}

async fn prove_due(house: &Arc<House>) -> Result<usize> {
    let due = take(house, InboxState::Received).await?;
    let count = due.len();
    let proving = due.into_iter().map(async |mail| (mail.id, prove(house, mail).await));
    for (id, done) in join_all(proving).await {
        spare(house, id, done).await?;
    }
    Ok(count)
}

async fn receive_due(house: &Arc<House>) -> Result<usize> {
    let due = take(house, InboxState::Proved).await?;
    let mut under_way = Vec::new();
    for mail in due {
        let (id, ready) = (mail.id, prepare(house, mail).await);
        under_way.extend(spare(house, id, ready).await?.map(|ready| apply(house, ready)));
    }
    let count = under_way.len();
    for done in join_all(under_way).await {
        log(&done?);
    }
    if count > 0 {
        crate::crash_point!("applied");
    }
    Ok(count)
}

/// The disk's trouble with one mail is not its fault: it waits, its attempt uncounted, and the others go on (fault F35).
async fn spare<T>(house: &House, id: InboxId, done: Result<T>) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::Io(_, error)) => {
            tracing::error!(inbox.id = id.0, %error, "a mail's file can't be read or written now; it waits");
            let until = now().checked_add(DISK_PAUSE).unwrap_or_else(|_| now());
            house.store.write_soon(move |tx| tx.postpone(id, until)).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The next mails in `state`, their attempt counted; those that were tried too often have got their outcome.
async fn take(house: &Arc<House>, state: InboxState) -> Result<Vec<Inbox>> {
    let at = now();
    let mut due = house.store.read(|view| view.inbox_due(state, at, BATCH))?;
    due.retain(|mail| house.served(mail.firm).is_some());
    if let Some(tried) = due.iter().position(|mail| mail.tries > 0) {
        due = if tried == 0 { due.into_iter().take(1).collect() } else { due.into_iter().take(tried).collect() };
    }
    let mut bytes: u64 = 0;
    let fitting = due.iter().take_while(|mail| {
        bytes = bytes.saturating_add(mail.size);
        bytes <= BATCH_BYTES
    });
    let fitting = fitting.count().max(1);
    due.truncate(fitting);
    let ids: Vec<InboxId> = due.iter().map(|m| m.id).collect();
    if ids.is_empty() {
        return Ok(due);
    }
    let tries =
        house.store.write_soon(move |tx| ids.iter().map(|id| tx.count_try(*id)).collect::<Result<Vec<u32>>>()).await?;
    let mut alive = Vec::new();
    for (mail, tries) in due.into_iter().zip(tries) {
        if tries > MOST_TRIES { bury(house, mail).await? } else { alive.push(mail) }
    }
    Ok(alive)
}

/// A mail that failed too often: kept, dead, and the firm is told.
async fn bury(house: &House, mail: Inbox) -> Result<()> {
    tracing::error!(inbox.id = mail.id.0, "a mail could not be processed; see `docketpost inbox show`");
    let job = move |tx: &Tx<'_>| {
        let Some(firm) = tx.firm(mail.firm)? else { return Ok(()) };
        outcome::record(tx, &firm, &mail, &Outcome::dead(), &Findings::default(), now())
    };
    house.store.write_soon(job).await
}

async fn prove(house: &Arc<House>, mail: Inbox) -> Result<()> {
    let at = now();
    let id = mail.id;
    let raw = blob(house, &mail)?;
    let wanted = house.served(mail.firm).map_or(0, |s| s.desk.mail_bytes);
    if mail.size > wanted || limits::check(&raw, &limits::Limits::default()).is_err() {
        // What is too large or too deep is never parsed: it is held as it is.
        return house.store.write_soon(move |tx| tx.set_proved(id, "null")).await;
    }
    let mut proof = house.verifier.prove(&raw, mail.arrived_at, house.policy(&mail.mailbox)).await;
    if proof.verdict == Verdict::Unknown {
        let waited = at.duration_since(mail.received_at);
        if waited < DNS_PATIENCE {
            let until = at.checked_add(dns_pause(waited)).unwrap_or(at);
            tracing::warn!(inbox.id = id.0, "DNS gave no answer; the mail waits");
            return house.store.write_soon(move |tx| tx.postpone(id, until)).await;
        }
        proof = proof.settled();
    }
    let facts = serde_json::to_string(&proof).map_err(|e| StoreError::Content(e.to_string()))?;
    house.store.write_soon(move |tx| tx.set_proved(id, &facts)).await
}

/// Ten seconds at first, a tenth of the time waited so far later, at most an hour.
fn dns_pause(waited: SignedDuration) -> SignedDuration {
    let tenth = waited.checked_div(10).unwrap_or(SignedDuration::ZERO);
    tenth.clamp(SignedDuration::from_secs(10), SignedDuration::from_hours(1))
}

/// A mail that was read, its files on disk.
struct Prepared {
    inbox: Inbox,
    proof: Option<Proof>,
    read: std::result::Result<Arc<Read>, String>,
    files_kept: bool,
    at: Timestamp,
}

async fn prepare(house: &Arc<House>, mail: Inbox) -> Result<Prepared> {
    let house = Arc::clone(house);
    let prepared = tokio::task::spawn_blocking(move || {
        let raw = blob(&house, &mail)?;
        let Some(served) = house.served(mail.firm) else {
            return Err(StoreError::Content("a mail without its firm".into()));
        };
        read(&house, served, mail, &raw)
    });
    prepared.await.map_err(|e| StoreError::Panicked(e.to_string()))?
}

fn read(house: &House, served: &Served, inbox: Inbox, raw: &[u8]) -> Result<Prepared> {
    let at = now();
    let proof: Option<Proof> = match inbox.proof.as_deref() {
        Some(facts) => serde_json::from_str(facts).map_err(|e| StoreError::Content(e.to_string()))?,
        None => None,
    };
    // A bug in reading is one mail's trouble: it was counted, is tried again, and the next goes on.
    let read = catch_unwind(AssertUnwindSafe(|| {
        crate::crash_point!("parsing");
        #[cfg(feature = "crash-points")]
        crate::crash::on_request(raw);
        inbound::read(raw, &served.desk)
    }));
    let read = match read {
        Ok(read) => read,
        Err(_) => return Ok(Prepared { inbox, proof, read: Err("reading failed".into()), files_kept: false, at }),
    };
    let wanted =
        house.store.read(|view| inbound::wants_files(view, &served.desk, &inbox, &read, proof.as_ref(), at))?;
    if wanted {
        for (index, _) in &read.files {
            let Some(file) = read.mail.attachments.get(*index) else { continue };
            house.store.blobs().put(&file.bytes).map_err(|e| StoreError::Io(house.store.folder().to_owned(), e))?;
        }
    }
    Ok(Prepared { inbox, proof, read: Ok(Arc::new(read)), files_kept: wanted, at })
}

/// Submits the mail's transaction at once, so that several share a commit, and gives its outcome once that is on disk.
fn apply(house: &Arc<House>, ready: Prepared) -> impl Future<Output = Result<Applied>> + use<> {
    let Prepared { inbox, proof, read, files_kept, at } = ready;
    let id = inbox.id;
    let desk = house.served(inbox.firm).map(|s| s.desk.clone());
    let committed = match (read, desk) {
        (Ok(read), Some(desk)) => Ok(house.store.write_soon(move |tx| {
            let taken = Taken { read: &read, proof: proof.as_ref(), files_kept };
            let outcome = inbound::receive(tx, &desk, &inbox, &taken, at);
            crate::crash_point!("applying");
            outcome
        })),
        (Err(why), _) => Err(why),
        (_, None) => Err("no such firm".into()),
    };
    async move {
        let outcome = match committed {
            Ok(committed) => committed.await.map_err(|e| e.to_string()),
            Err(why) => Err(why),
        };
        Ok(Applied { id, outcome })
    }
}

struct Applied {
    id: InboxId,
    outcome: std::result::Result<Outcome, String>,
}

fn log(applied: &Applied) {
    match &applied.outcome {
        Ok(outcome) => {
            tracing::info!(inbox.id = applied.id.0, outcome = ?outcome.kind, reason = outcome.reason, "mail received")
        }
        Err(error) => tracing::error!(inbox.id = applied.id.0, error, "a mail failed and will be tried again"),
    }
}

fn blob(house: &House, mail: &Inbox) -> Result<Vec<u8>> {
    house.store.blobs().get(&mail.sha256).map_err(|e| StoreError::Io(house.store.folder().to_owned(), e))
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;
    use crate::actions::sample;
    use crate::config::{self, Addressing, WayOut};
    use crate::demo::zone::Zone;
    use crate::domain::Address;
    use crate::inbound::{Arrived, Desk};
    use crate::outbound::gateway::Gateway;
    use crate::proof::{Verifier, VerifierSettings};

    #[tokio::test]
    async fn f35_a_mail_whose_file_cannot_be_read_waits_uncounted_and_the_next_goes_on() {
        let office = sample::Office::new();
        let zone = Zone::start([]).unwrap();
        let configured = config::Firm {
            slug: "smith".into(),
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: Addressing::Subdomain,
            domains: Vec::new(),
            way_out: WayOut::Directory("/nowhere".into()),
        };
        let desk = Desk { gateway: Gateway::new(&configured), mail_bytes: 1 << 20 };
        let settings = VerifierSettings { resolver: Some(vec![zone.address()]), ..VerifierSettings::default() };
        let firm = office.read(|view| view.firm(office.firm)).unwrap();
        let served = Served { firm, desk, config: configured, outbox_bell: Arc::default() };
        let house = Arc::new(House {
            store: office.store.clone(),
            verifier: Verifier::new(&settings).unwrap(),
            firms: vec![served],
            policies: Vec::new(),
            inbox_bell: Notify::new(),
        });
        let stage = |uid: &str| {
            let bytes = format!("From: x@evil.example\r\nSubject: {uid}\r\n\r\nHello\r\n").into_bytes();
            let size = bytes.len() as u64;
            let mail =
                Arrived { mailbox: "m".into(), uid_validity: 0, uid: uid.into(), size, arrived_at: now(), bytes };
            inbound::stage(&house.store, office.firm, mail, now()).unwrap().unwrap()
        };
        let (lost, next) = (stage("1"), stage("2"));
        let state = |id| house.store.read(|view| view.inbox(office.firm, id)).unwrap().unwrap();
        let blob = house.store.folder().join("blobs");
        let sha256 = state(lost).sha256;
        std::fs::remove_file(blob.join(&sha256[..2]).join(&sha256)).unwrap();
        all_due(&house).await.unwrap();
        all_due(&house).await.unwrap();
        assert_eq!((state(lost).state, state(lost).tries), (InboxState::Received, 0));
        assert_eq!(state(next).state, InboxState::Held);
    }
}
