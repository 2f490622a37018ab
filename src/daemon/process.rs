//! Takes staged mail through: first who wrote it is proved, for which DNS is asked, then it is received in one
//! transaction. An attempt is counted before it is made, so that a mail that ends the process is counted too: after the
//! third it is dead and the firm is told. Mails that were tried before are taken one at a time, so that innocents do not
//! die with the culprit (decisions.md 36).

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::{House, Served, Stop, now, watch};
use crate::clock;
use crate::domain::InboxId;
use crate::inbound::unpack::Kept;
use crate::inbound::{self, Outcome, Read, Taken, limits, outcome};
use crate::proof::auth_results::Void;
use crate::proof::{Proof, Verdict};
use crate::scan::{self, ScanError};
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
/// How long the virus scanner may fail before the firm is told of the mails that wait for it.
const SCANNER_PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Works until `stop`.
pub async fn run(house: Arc<House>, stop: Stop) -> anyhow::Result<()> {
    while !stop.is_asked() {
        match look_and_work(&stop, &house).await {
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

/// No mail is judged by a clock that was not looked at.
async fn look_and_work(stop: &Stop, house: &Arc<House>) -> Result<usize> {
    let at = now();
    watch::look(house, at, clock::since_boot()).await?;
    due_until(stop, house, at).await
}

/// Takes every mail through that is due at this moment, and gives how many were.
pub async fn all_due(house: &Arc<House>, at: Timestamp) -> Result<usize> {
    let (_sign, never) = Stop::new();
    due_until(&never, house, at).await
}

async fn due_until(stop: &Stop, house: &Arc<House>, at: Timestamp) -> Result<usize> {
    let proved = prove_due(stop, house, at).await?;
    let received = receive_due(stop, house, at).await?;
    if received > 0 {
        house.ring_outbox();
    }
    Ok(proved.saturating_add(received))
}

async fn prove_due(stop: &Stop, house: &Arc<House>, at: Timestamp) -> Result<usize> {
    let due = take(house, InboxState::Received, at).await?;
    let count = due.len();
    let proving = due.into_iter().map(async |mail| {
        let id = mail.id;
        let proved = tokio::select! {
            biased;
            proved = prove(house, mail, at) => proved,
            // A name server that never answers holds no stop up (fault F46).
            () = stop.asked() => give_back(house, id, at).await,
        };
        (id, proved)
    });
    for (id, done) in join_all(proving).await {
        spare(house, id, done, at).await?;
    }
    Ok(count)
}

async fn receive_due(stop: &Stop, house: &Arc<House>, at: Timestamp) -> Result<usize> {
    let due = take(house, InboxState::Proved, at).await?;
    let mut under_way = Vec::new();
    for mail in due {
        if stop.is_asked() {
            give_back(house, mail.id, at).await?;
            continue;
        }
        let (id, ready) = (mail.id, prepare(house, mail, at).await);
        under_way.extend(spare(house, id, ready, at).await?.map(|ready| apply(house, ready)));
    }
    let count = under_way.len();
    let mut trouble = None;
    for applied in join_all(under_way).await {
        log(&applied);
        if let Err(Failed::Store(error)) = applied.outcome {
            with_spared(house, |spared| spared.insert(applied.id));
            trouble = Some(error);
        }
    }
    if count > 0 {
        crate::crash_point!("applied");
    }
    trouble.map_or(Ok(count), Err)
}

/// Leaves a mail to the next start, its attempt uncounted.
async fn give_back(house: &House, id: InboxId, at: Timestamp) -> Result<()> {
    house.store.write_soon(move |tx| tx.postpone(id, at)).await
}

/// The disk's trouble with one mail is not its fault: it waits, its attempt uncounted, and the others go on (fault F35).
async fn spare<T>(house: &House, id: InboxId, done: Result<T>, at: Timestamp) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::Io(_, error)) => {
            tracing::error!(inbox.id = id.0, %error, "a mail's file can't be read or written now; it waits");
            let until = at.checked_add(DISK_PAUSE).unwrap_or(at);
            house.store.write_soon(move |tx| tx.postpone(id, until)).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The next mails in `state`, their attempt counted; those that were tried too often have got their outcome.
async fn take(house: &Arc<House>, state: InboxState, at: Timestamp) -> Result<Vec<Inbox>> {
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
    let ids: Vec<(InboxId, Option<u32>)> = with_spared(house, |spared| {
        due.iter().map(|m| (m.id, Some(m.tries).filter(|_| spared.contains(&m.id)))).collect()
    });
    if ids.is_empty() {
        return Ok(due);
    }
    let count = move |tx: &Tx<'_>| {
        ids.iter().map(|(id, counted)| counted.map_or_else(|| tx.count_try(*id), Ok)).collect::<Result<Vec<u32>>>()
    };
    let tries = house.store.write_soon(count).await?;
    with_spared(house, |spared| due.iter().for_each(|mail| _ = spared.remove(&mail.id)));
    let mut alive = Vec::new();
    for (mail, tries) in due.into_iter().zip(tries) {
        if tries > MOST_TRIES { bury(house, mail, at).await? } else { alive.push(mail) }
    }
    Ok(alive)
}

fn with_spared<T>(house: &House, look: impl FnOnce(&mut BTreeSet<InboxId>) -> T) -> T {
    look(&mut house.spared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A mail that failed too often: kept, dead, and the firm is told.
async fn bury(house: &House, mail: Inbox, at: Timestamp) -> Result<()> {
    tracing::error!(inbox.id = mail.id.0, "a mail could not be processed; see `docketpost inbox show`");
    let job = move |tx: &Tx<'_>| {
        let Some(firm) = tx.firm(mail.firm)? else { return Ok(()) };
        outcome::record(tx, &firm, &mail, &Outcome::dead(), &Findings::default(), at)
    };
    house.store.write_soon(job).await
}

async fn prove(house: &Arc<House>, mail: Inbox, at: Timestamp) -> Result<()> {
    let id = mail.id;
    let raw = blob(house, &mail)?;
    let wanted = house.served(mail.firm).map_or(0, |s| s.desk.mail_bytes);
    if mail.size > wanted || limits::check(&raw, &limits::Limits::default()).is_err() {
        // What is too large or too deep is never parsed: it is held as it is.
        return house.store.write_soon(move |tx| tx.set_proved(id, "null")).await;
    }
    let policy = house.policy(&mail.mailbox, at)?;
    let mut proof = house.verifier.prove(&raw, mail.arrived_at, policy).await;
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
    let is_stray = proof.border.as_ref().is_some_and(|b| b.void == Some(Void::Stray));
    house
        .store
        .write_soon(move |tx| {
            if is_stray {
                tx.border_let_through(&mail.mailbox)?;
            }
            tx.set_proved(id, &facts)
        })
        .await
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

async fn prepare(house: &Arc<House>, mail: Inbox, at: Timestamp) -> Result<Prepared> {
    let house = Arc::clone(house);
    let prepared = tokio::task::spawn_blocking(move || {
        let raw = blob(&house, &mail)?;
        let Some(served) = house.served(mail.firm) else {
            return Err(StoreError::Content("a mail without its firm".into()));
        };
        read(&house, served, mail, &raw, at)
    });
    prepared.await.map_err(|_| StoreError::Panicked("preparing a mail".into()))?
}

fn read(house: &House, served: &Served, inbox: Inbox, raw: &[u8], at: Timestamp) -> Result<Prepared> {
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
    let mut read = match read {
        Ok(read) => read,
        Err(_) => return Ok(Prepared { inbox, proof, read: Err("reading failed".into()), files_kept: false, at }),
    };
    let first = served.firm;
    let (inbox, served) = routed(house, served, inbox, &read, proof.as_ref(), at)?;
    if served.firm != first {
        // What becomes of its files is for the firm to say that gets it.
        read = inbound::read(raw, &served.desk);
    }
    let wanted =
        house.store.read(|view| inbound::wants_files(view, &served.desk, &inbox, &read, proof.as_ref(), at))?;
    if wanted {
        let mut keeper = Keeper { house, served, at, unscanned: None };
        let kept = inbound::keep_files(&mut read, &served.desk, &mut |bytes| keeper.keep(bytes));
        match (kept, keeper.unscanned) {
            (Ok(()), _) => {}
            (Err(_), Some(error)) if at.duration_since(inbox.received_at) < SCANNER_PATIENCE => {
                return Err(StoreError::Io("clamd".into(), std::io::Error::other(error)));
            }
            (Err(_), Some(error)) => {
                tracing::error!(inbox.id = inbox.id.0, %error, "a mail's files can't be scanned; it is held");
                read.waits = Some(inbound::Waits::ForTheScanner);
            }
            (Err(error), None) => return Err(StoreError::Io(house.store.folder().to_owned(), error)),
        }
    }
    inbound::keep_instead(&house.store, &read)?;
    Ok(Prepared { inbox, proof, read: Ok(Arc::new(read)), files_kept: wanted, at })
}

/// Keeps files that the firm's virus scanner, if it has one, found nothing in.
struct Keeper<'k> {
    house: &'k House,
    served: &'k Served,
    at: Timestamp,
    unscanned: Option<ScanError>,
}

impl Keeper<'_> {
    fn keep(&mut self, bytes: &[u8]) -> std::io::Result<Kept> {
        match self.served.scanner.as_ref().map(|scanner| scanner.scan(bytes, self.at)) {
            None | Some(Ok(scan::Verdict::Clean)) => match self.house.store.keep(bytes) {
                Ok(sha256) => Ok(Kept::Safe(sha256)),
                Err(StoreError::Io(_, error)) => Err(error),
                Err(error) => Err(std::io::Error::other(error)),
            },
            Some(Ok(scan::Verdict::Infected(found))) => Ok(Kept::Infected(found)),
            Some(Err(error)) => {
                self.unscanned = Some(error);
                Err(std::io::Error::other("not scanned"))
            }
        }
    }
}

/// A mail to an address that several firms have goes to the one that it is for, before anything is made of it.
fn routed<'h>(
    house: &'h House,
    served: &'h Served,
    inbox: Inbox,
    read: &Read,
    proof: Option<&Proof>,
    at: Timestamp,
) -> Result<(Inbox, &'h Served)> {
    if served.desk.neighbours.is_empty() || inbox.role.is_some() || inbox.released_level.is_some() {
        return Ok((inbox, served));
    }
    let firm = house.store.read(|view| inbound::route(view, &served.desk, &inbox, read, proof, at))?;
    let Some(other) = house.served(firm).filter(|_| firm != inbox.firm) else { return Ok((inbox, served)) };
    let mail = inbox.clone();
    house.store.write(move |tx| tx.route(&mail, firm))?;
    Ok((Inbox { firm, ..inbox }, other))
}

/// Submits the mail's transaction at once, so that several share a commit, and gives its outcome once that is on disk.
fn apply(house: &Arc<House>, ready: Prepared) -> impl Future<Output = Applied> + use<> {
    let Prepared { inbox, proof, read, files_kept, at } = ready;
    let id = inbox.id;
    let is_replaced = inbox.kept_sha256.is_some() || read.as_ref().is_ok_and(|r| r.instead.is_some());
    let replaced = is_replaced.then(|| inbox.sha256.clone());
    let store = house.store.clone();
    let desk = house.served(inbox.firm).map(|s| s.desk.clone());
    let doubt = watch::doubt(house);
    let committed = match (read, desk) {
        (Ok(read), Some(desk)) => Ok(house.store.write_soon(move |tx| {
            let taken = Taken { read: &read, proof: proof.as_ref(), files_kept, doubt };
            let outcome = inbound::receive(tx, &desk, &inbox, &taken, at);
            crate::crash_point!("applying");
            outcome
        })),
        (Err(why), _) => Err(why),
        (_, None) => Err("no such firm".into()),
    };
    async move {
        let outcome = match committed {
            Ok(committed) => committed.await.map_err(|e| match e.is_the_stores() {
                true => Failed::Store(e),
                false => Failed::Mail(e.to_string()),
            }),
            Err(why) => Err(Failed::Mail(why)),
        };
        if let Some(sha256) = replaced.filter(|_| outcome.is_ok())
            && let Err(error) = store.forget_blob(&sha256)
        {
            // The collector takes it away within the hour.
            tracing::warn!(inbox.id = id.0, %error, "a mail with a card number was replaced; its file can't be removed now");
        }
        Applied { id, outcome }
    }
}

/// Why a mail was not taken through, and by whose fault.
enum Failed {
    Mail(String),
    Store(StoreError),
}

struct Applied {
    id: InboxId,
    outcome: std::result::Result<Outcome, Failed>,
}

fn log(applied: &Applied) {
    match &applied.outcome {
        Ok(outcome) => {
            tracing::info!(inbox.id = applied.id.0, outcome = ?outcome.kind, reason = outcome.reason, "mail received")
        }
        Err(Failed::Mail(error)) => {
            tracing::error!(inbox.id = applied.id.0, error, "a mail failed and will be tried again")
        }
        Err(Failed::Store(error)) => {
            tracing::warn!(inbox.id = applied.id.0, %error, "a mail can't be taken through now; it waits")
        }
    }
}

fn blob(house: &House, mail: &Inbox) -> Result<Vec<u8>> {
    house.store.blobs().get(mail.blob()).map_err(|e| StoreError::Io(house.store.folder().to_owned(), e))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::net::UdpSocket;
    use tokio::sync::Notify;

    use super::*;
    use crate::actions::sample;
    use crate::config::{self, Addressing, WayOut};
    use crate::demo::zone::Zone;
    use crate::domain::Address;
    use crate::inbound::{Arrived, Desk};
    use crate::outbound::gateway::Gateway;
    use crate::proof::{Verifier, VerifierSettings};

    fn house(office: &sample::Office, resolver: SocketAddr) -> Arc<House> {
        let configured = config::Firm {
            slug: "smith".into(),
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: Addressing::Subdomain,
            domains: Vec::new(),
            way_out: WayOut::Directory("/nowhere".into()),
            shares_wait: jiff::SignedDuration::ZERO,
            files: crate::config::Files::default(),
        };
        let desk = Desk::new(Gateway::new(&configured), config::Limits::default());
        let settings = VerifierSettings { resolver: Some(vec![resolver]), ..VerifierSettings::default() };
        let served = Served { firm: office.firm, desk, config: configured, scanner: None, outbox_bell: Arc::default() };
        Arc::new(House {
            store: office.store.clone(),
            verifier: Verifier::new(&settings).unwrap(),
            firms: vec![served],
            policies: Vec::new(),
            spared: std::sync::Mutex::default(),
            clock: std::sync::Mutex::default(),
            inbox_bell: Notify::new(),
        })
    }

    /// Shows BIL-02.
    #[tokio::test]
    async fn a_mail_with_a_card_number_is_kept_without_it_and_what_came_is_gone() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        let house = house(&office, zone.address());
        let raw = b"From: x@evil.example\r\nSubject: Visa 4111 1111 1111 1111\r\n\r\n4111-1111-1111-1111\r\n".to_vec();
        let came = crate::blobs::sha256(&raw);
        let stage = |uid: &str| {
            let (bytes, size) = (raw.clone(), raw.len() as u64);
            let mail =
                Arrived { mailbox: "m".into(), uid_validity: 0, uid: uid.into(), size, arrived_at: now(), bytes };
            inbound::stage(&house.store, office.firm, mail, now()).unwrap().unwrap()
        };
        let row = |id| house.store.read(|view| view.inbox(office.firm, id)).unwrap().unwrap();
        let first = stage("1");
        assert!(
            house.store.blobs().has(&came),
            "it is on disk until its sender is proved, since that takes every byte"
        );
        all_due(&house, now()).await.unwrap();
        all_due(&house, now()).await.unwrap();
        let mail = row(first);
        assert_eq!(
            (mail.state, &mail.sha256, mail.subject.as_deref()),
            (InboxState::Held, &came, Some("Visa [card number removed]"))
        );
        let kept = house.store.blobs().get(mail.blob()).unwrap();
        assert!(!house.store.blobs().has(&came) && !String::from_utf8(kept).unwrap().contains("1111"));

        // The same mail again: it has its outcome, and is not kept as it came either.
        let second = stage("2");
        all_due(&house, now()).await.unwrap();
        all_due(&house, now()).await.unwrap();
        assert_eq!((row(second).state, row(second).reason.as_deref()), (InboxState::Ignored, Some("DUPLICATE_MAIL")));
        assert_eq!(row(second).blob(), mail.blob());
        assert!(!house.store.blobs().has(&came));

        // What a crash leaves between the commit and the removal, the collector takes away.
        house.store.blobs().put(&raw).unwrap();
        assert_eq!(house.store.collect_orphans(Duration::ZERO).unwrap(), 1);
        assert!(!house.store.blobs().has(&came) && house.store.blobs().has(mail.blob()));
    }

    #[tokio::test]
    async fn f35_a_mail_whose_file_cannot_be_read_waits_uncounted_and_the_next_goes_on() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        let house = house(&office, zone.address());
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
        all_due(&house, now()).await.unwrap();
        all_due(&house, now()).await.unwrap();
        assert_eq!((state(lost).state, state(lost).tries), (InboxState::Received, 0));
        assert_eq!(state(next).state, InboxState::Held);
    }

    #[tokio::test]
    async fn f46_a_name_server_that_never_answers_holds_no_stop_up_and_its_mail_is_not_counted() {
        let (office, silent) = (sample::Office::new(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let house = house(&office, silent.local_addr().unwrap());
        let bytes = b"From: x@evil.example\r\nDKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=k; h=from; bh=AA==; b=AA==\r\n\r\nHello\r\n".to_vec();
        let (size, at) = (bytes.len() as u64, now());
        let mail = Arrived { mailbox: "m".into(), uid_validity: 0, uid: "1".into(), size, arrived_at: at, bytes };
        let id = inbound::stage(&house.store, office.firm, mail, at).unwrap().unwrap();
        let (sign, stop) = Stop::new();
        let asked = async {
            silent.recv_from(&mut [0; 512]).await.unwrap();
            sign.send(true).unwrap();
        };
        let (worked, ()) = tokio::join!(due_until(&stop, &house, at), asked);
        worked.unwrap();
        let due = house.store.read(|view| view.inbox_due(InboxState::Received, at, 1)).unwrap();
        assert_eq!(due.iter().map(|m| (m.id, m.tries)).collect::<Vec<_>>(), [(id, 0)]);
    }
}
