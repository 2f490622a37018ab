//! Takes staged mail through: first who wrote it is proved, for which DNS is asked, then it is received in one
//! transaction. An attempt is counted before it is made, so that a mail that ends the process is counted too: after the
//! third it is dead and the firm is told. Mails whose last attempt came to no end are taken one at a time, while nothing
//! else is in hand, so that innocents do not die with the culprit (decisions.md 36).

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch as watch_channel;
use tokio::task::{JoinError, JoinSet};

use super::{House, Served, Stop, now, watch};
use crate::clock;
use crate::domain::{FirmId, InboxId};
use crate::inbound::unpack::Kept;
use crate::inbound::{self, Outcome, Read, Taken, limits, outcome};
use crate::proof::auth_results::Void;
use crate::proof::{Proof, Verdict, from};
use crate::scan::{self, ScanError};
use crate::store::inbox::{Findings, Inbox, InboxState};
use crate::store::{Result, Snapshot, StoreError, Tx};

/// How many new mails are in hand at a time, and how many that were put off before: whoever sends mails about which DNS
/// says nothing holds up no new one (threats T93).
const NEW: usize = 40;
const AGAIN: usize = 10;
/// Mails that are received together, and those of each kind that are proved together, are at most this large, or one.
const BATCH_BYTES: u64 = 20 << 20;
const MOST_TRIES: u32 = 3;
/// How many mails wait for the virus scanner in memory; further ones are put off.
const MOST_AT_SCANNER: usize = 100;
/// How long a mail waits whose file the disk would not give.
const DISK_PAUSE: SignedDuration = SignedDuration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long DNS may fail before a mail is judged without it (threats T20).
const DNS_PATIENCE: SignedDuration = SignedDuration::from_hours(72);
/// How long the virus scanner may fail before the firm is told of the mails that wait for it.
const SCANNER_PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Works until `stop`.
pub async fn run(house: Arc<House>, stop: Stop) -> anyhow::Result<()> {
    let mut work = Work::new(house, stop);
    while !work.stop.is_asked() {
        let done = match work.look_and_go_on().await {
            Ok(0) => work.rest().await,
            done => done,
        };
        if let Err(error) = done {
            tracing::error!(%error, "mail can't be processed now");
            work.stop.pause(LOOK_AGAIN, &work.house.inbox_bell).await;
        }
    }
    Ok(work.finish().await?)
}

/// Takes every mail through that is due at this moment, and gives how many were.
pub async fn all_due(house: &Arc<House>, at: Timestamp) -> Result<usize> {
    let (_sign, never) = Stop::new();
    Work::new(Arc::clone(house), never).all_due(at).await
}

/// What is in hand. Mails that wait for DNS or for a virus scanner do so in tasks of their own, and the others go on; but
/// a mail does not overtake an earlier one of its author that is waited for the first time.
struct Work {
    house: Arc<House>,
    stop: Stop,
    tasks: JoinSet<Result<()>>,
    waiting: HashMap<tokio::task::Id, Waiting>,
}

/// A mail in a task of its own.
struct Waiting {
    mail: InboxId,
    size: u64,
    place: Place,
    author: Option<String>,
    ended: Ended,
}

/// What a mail waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// DNS, for the first time.
    Dns,
    /// DNS, after it gave no answer before.
    DnsAgain,
    /// The virus scanner, or an earlier mail that waits for it.
    Scanner,
}

/// Closed once the task of an earlier mail is over.
type Ended = watch_channel::Receiver<()>;

impl Work {
    fn new(house: Arc<House>, stop: Stop) -> Work {
        Work { house, stop, tasks: JoinSet::new(), waiting: HashMap::new() }
    }

    /// No mail is judged by a clock that was not looked at.
    async fn look_and_go_on(&mut self) -> Result<usize> {
        let at = now();
        watch::look(&self.house, at, clock::since_boot()).await?;
        self.go_on(at).await
    }

    /// Waits until something happened.
    async fn rest(&mut self) -> Result<usize> {
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => self.note(ended).map(|()| 0),
            () = self.stop.pause(LOOK_AGAIN, &self.house.inbox_bell) => Ok(0),
        }
    }

    async fn all_due(&mut self, at: Timestamp) -> Result<usize> {
        let proved = match self.suspect(at).await? {
            Some(count) => count,
            None => self.prove_due(at).await?,
        };
        self.finish().await?;
        let received = match self.suspect(at).await? {
            Some(count) => count,
            None => self.receive_due(at).await?,
        };
        self.finish().await?;
        Ok(proved.saturating_add(received))
    }

    async fn go_on(&mut self, at: Timestamp) -> Result<usize> {
        // The disk's trouble with many mails is one trouble, and costs one pause.
        let mut noted = Ok(());
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            noted = noted.and(self.note(ended));
        }
        noted?;
        if let Some(count) = self.suspect(at).await? {
            return Ok(count);
        }
        let proved = self.prove_due(at).await?;
        Ok(proved.saturating_add(self.receive_due(at).await?))
    }

    async fn finish(&mut self) -> Result<()> {
        let mut noted = Ok(());
        while let Some(ended) = self.tasks.join_next_with_id().await {
            noted = noted.and(self.note(ended));
        }
        noted
    }

    fn note(&mut self, ended: std::result::Result<(tokio::task::Id, Result<()>), JoinError>) -> Result<()> {
        match ended {
            Ok((task, done)) => {
                self.waiting.remove(&task);
                done
            }
            Err(error) => match error.try_into_panic() {
                // A bug ends the process, and its mail is counted.
                Ok(panic) => resume_unwind(panic),
                Err(error) => Err(StoreError::Panicked(error.to_string())),
            },
        }
    }

    /// Takes up the oldest mail whose last attempt came to no end, while nothing else is in hand; none if there is none.
    async fn suspect(&mut self, at: Timestamp) -> Result<Option<usize>> {
        let firms = self.house.firm_ids();
        let limit = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX).saturating_add(1);
        let found = self.house.store.read(|view| view.inbox_suspects(&firms, at, limit))?;
        let Some(mail) = found.into_iter().find(|mail| self.waiting.values().all(|w| w.mail != mail.id)) else {
            return Ok(None);
        };
        if !self.waiting.is_empty() {
            return Ok(Some(0));
        }
        let (state, alone) = (mail.state, counted(&self.house, vec![mail], at).await?);
        match state {
            InboxState::Received => self.begin_proving(alone, at).await?,
            _ => self.receive(alone, at).await?,
        }
        self.finish().await?;
        Ok(Some(1))
    }

    async fn prove_due(&mut self, at: Timestamp) -> Result<usize> {
        let mut count: usize = 0;
        for (place, most) in [(Place::Dns, NEW), (Place::DnsAgain, AGAIN)] {
            let (firms, room) = (self.house.firm_ids(), most.saturating_sub(self.count(place)));
            if room == 0 {
                continue;
            }
            let due = self.house.store.read(|view| due(view, InboxState::Received, &firms, place, at, room))?;
            let in_hand = self.waiting.values().filter(|w| w.place == place).map(|w| w.size).sum();
            let due = counted(&self.house, fitting(due, in_hand), at).await?;
            count = count.saturating_add(due.len());
            self.begin_proving(due, at).await?;
        }
        Ok(count)
    }

    async fn begin_proving(&mut self, due: Vec<Inbox>, at: Timestamp) -> Result<()> {
        for mail in due {
            let raw = blob(&self.house, &mail);
            let Some(raw) = spare(&self.house, mail.id, raw, at).await? else { continue };
            let place = if mail.was_put_off { Place::DnsAgain } else { Place::Dns };
            let author = from::read(&raw).ok().map(|author| author.address.as_str().to_owned());
            let earlier = self.earlier(mail.id, author.as_deref(), Place::Dns);
            let (house, stop) = (Arc::clone(&self.house), self.stop.clone());
            let (id, size) = (mail.id, mail.size);
            self.begin((id, size), place, author, async move {
                tokio::select! {
                    biased;
                    proved = prove(&house, mail, raw, earlier, at) => spare(&house, id, proved, at).await.map(|_| ()),
                    // A name server that never answers holds no stop up (fault F46).
                    () = stop.asked() => give_back(&house, id).await,
                }
            });
        }
        Ok(())
    }

    async fn receive_due(&mut self, at: Timestamp) -> Result<usize> {
        let firms = self.house.firm_ids();
        let mut all = Vec::new();
        for (place, most) in [(Place::Dns, NEW), (Place::DnsAgain, AGAIN)] {
            all.extend(self.house.store.read(|view| due(view, InboxState::Proved, &firms, place, at, most))?);
        }
        let due = counted(&self.house, fitting(all, 0), at).await?;
        let count = due.len();
        self.receive(due, at).await?;
        Ok(count)
    }

    async fn receive(&mut self, due: Vec<Inbox>, at: Timestamp) -> Result<()> {
        let mut under_way = Vec::new();
        for mail in due {
            if self.stop.is_asked() {
                give_back(&self.house, mail.id).await?;
                continue;
            }
            let earlier = self.earlier(mail.id, author(&mail).as_deref(), Place::Scanner);
            if !earlier.is_empty() {
                self.begin_scanning(mail, earlier, at).await?;
                continue;
            }
            let (id, ready) = (mail.id, prepare(&self.house, mail, Scan::Later, at).await);
            match spare(&self.house, id, ready, at).await? {
                Some(Step::Ready(ready)) => under_way.push(apply(&self.house, *ready)),
                Some(Step::Scan(mail)) => self.begin_scanning(*mail, earlier, at).await?,
                None => {}
            }
        }
        settle(&self.house, join_all(under_way).await)
    }

    /// A scanner that hangs holds up nobody but those who wait for it.
    async fn begin_scanning(&mut self, mail: Inbox, earlier: Vec<Ended>, at: Timestamp) -> Result<()> {
        let (id, size) = (mail.id, mail.size);
        if self.count(Place::Scanner) >= MOST_AT_SCANNER {
            return put_off(&self.house, id, at).await;
        }
        let (house, stop, since) = (Arc::clone(&self.house), self.stop.clone(), clock::instant());
        let author = author(&mail).filter(|_| !mail.was_put_off);
        self.begin((id, size), Place::Scanner, author, async move {
            tokio::select! {
                biased;
                scanned = scan_and_receive(&house, mail, earlier, at, since) => scanned,
                () = stop.asked() => give_back(&house, id).await,
            }
        });
        Ok(())
    }

    fn begin(
        &mut self,
        (mail, size): (InboxId, u64),
        place: Place,
        author: Option<String>,
        task: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        let (ends, ended) = watch_channel::channel(());
        let house = Arc::clone(&self.house);
        let task = self.tasks.spawn(async move {
            let _until_over = ends;
            let done = task.await;
            if done.as_ref().is_err_and(StoreError::is_the_stores) {
                with_spared(&house, |spared| spared.insert(mail));
            }
            done
        });
        self.waiting.insert(task.id(), Waiting { mail, size, place, author, ended });
    }

    fn count(&self, place: Place) -> usize {
        self.waiting.values().filter(|w| w.place == place).count()
    }

    /// The earlier mails of this author that are waited for there.
    fn earlier(&self, mail: InboxId, author: Option<&str>, place: Place) -> Vec<Ended> {
        let is_earlier =
            |w: &&Waiting| w.place == place && w.mail < mail && author.is_some() && w.author.as_deref() == author;
        self.waiting.values().filter(is_earlier).map(|w| w.ended.clone()).collect()
    }
}

/// The mails that wait in `state`, new ones or such that were put off.
fn due(
    view: &Snapshot<'_>,
    state: InboxState,
    firms: &[FirmId],
    place: Place,
    at: Timestamp,
    most: usize,
) -> Result<Vec<Inbox>> {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    match place {
        Place::DnsAgain => view.inbox_due_again(state, firms, at, most),
        Place::Dns | Place::Scanner => view.inbox_due(state, firms, most),
    }
}

/// As many of these, in order, as may be in memory beside what is in hand.
fn fitting(mut due: Vec<Inbox>, in_hand: u64) -> Vec<Inbox> {
    let mut bytes = in_hand;
    let fitting = due.iter().take_while(|mail| {
        bytes = bytes.saturating_add(mail.size);
        bytes <= BATCH_BYTES
    });
    let fitting = fitting.count().max(usize::from(in_hand == 0));
    due.truncate(fitting);
    due
}

async fn over(earlier: Vec<Ended>) {
    for mut ended in earlier {
        // Nothing is ever said there; it is closed at the end.
        while ended.changed().await.is_ok() {}
    }
}

/// Who wrote a mail that was proved.
fn author(mail: &Inbox) -> Option<String> {
    let proof: Option<Proof> = serde_json::from_str(mail.proof.as_deref()?).ok()?;
    Some(proof?.address()?.as_str().to_owned())
}

/// Has a mail's files scanned and receives it, once the earlier ones that wait are through.
async fn scan_and_receive(
    house: &Arc<House>,
    mail: Inbox,
    earlier: Vec<Ended>,
    at: Timestamp,
    since: Instant,
) -> Result<()> {
    over(earlier).await;
    let scanner = house.served(mail.firm).and_then(|served| served.scanner.clone());
    // One at a time: each is in memory, and a scanner that hangs is asked once.
    let _turn = match &scanner {
        Some(scanner) => scanner.turn().await,
        None => None,
    };
    // Whole seconds: a moment's wait is none, and what is said then is due at once.
    let waited = SignedDuration::from_secs(i64::try_from(since.elapsed().as_secs()).unwrap_or(0));
    let at = at.checked_add(waited).unwrap_or(at);
    let (id, ready) = (mail.id, prepare(house, mail, Scan::Now, at).await);
    match spare(house, id, ready, at).await? {
        Some(Step::Ready(ready)) => settle(house, vec![apply(house, *ready).await]),
        _ => Ok(()),
    }
}

/// Tells of the outcomes.
fn settle(house: &House, applied: Vec<Applied>) -> Result<()> {
    if applied.is_empty() {
        return Ok(());
    }
    let mut trouble = None;
    for applied in applied {
        log(&applied);
        if let Err(Failed::Store(error)) = applied.outcome {
            with_spared(house, |spared| spared.insert(applied.id));
            trouble = Some(error);
        }
    }
    crate::crash_point!("applied");
    house.ring_outbox();
    trouble.map_or(Ok(()), Err)
}

/// Leaves a mail to the next start, its attempt uncounted.
async fn give_back(house: &House, id: InboxId) -> Result<()> {
    house.store.write_soon(move |tx| tx.give_back(id)).await
}

async fn put_off(house: &House, id: InboxId, at: Timestamp) -> Result<()> {
    let until = at.checked_add(DISK_PAUSE).unwrap_or(at);
    house.store.write_soon(move |tx| tx.postpone(id, until)).await
}

/// The disk's trouble with one mail is not its fault: it waits, its attempt uncounted, and the others go on (fault F35).
async fn spare<T>(house: &House, id: InboxId, done: Result<T>, at: Timestamp) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::Io(_, error)) => {
            tracing::error!(inbox.id = id.0, %error, "a mail's file can't be read or written now; it waits");
            put_off(house, id, at).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Counts an attempt at each of these mails; those that were tried too often get their outcome, the others are given.
async fn counted(house: &Arc<House>, due: Vec<Inbox>, at: Timestamp) -> Result<Vec<Inbox>> {
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

async fn prove(house: &Arc<House>, mail: Inbox, raw: Vec<u8>, earlier: Vec<Ended>, at: Timestamp) -> Result<()> {
    let id = mail.id;
    let Some(served) = house.served(mail.firm) else {
        return Err(StoreError::Content("a mail without its firm".into()));
    };
    if mail.size > served.desk.mail_bytes || limits::check(&raw, &served.desk.limits()).is_err() {
        // What is too large or too deep is never parsed: it is held as it is.
        over(earlier).await;
        return house.store.write_soon(move |tx| tx.set_proved(id, "null")).await;
    }
    let policy = house.policy(&mail.mailbox, at)?;
    let mut proof = house.verifier.prove(&raw, mail.arrived_at, policy).await;
    if proof.verdict == Verdict::Unknown {
        let waited = at.duration_since(mail.received_at);
        let is_awaited = || house.store.read(|view| inbound::is_awaited(view, &served.desk, &mail, &raw, &proof, at));
        // A stranger's mail is held whatever DNS says; nobody is to have it asked for three days.
        if waited < DNS_PATIENCE && is_awaited()? {
            let until = at.checked_add(dns_pause(waited)).unwrap_or(at);
            tracing::warn!(inbox.id = id.0, "DNS gave no answer; the mail waits");
            return house.store.write_soon(move |tx| tx.postpone(id, until)).await;
        }
        proof = proof.settled();
    }
    let facts = serde_json::to_string(&proof).map_err(|e| StoreError::Content(e.to_string()))?;
    over(earlier).await;
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

/// Whether the virus scanner may be asked, which takes its time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scan {
    Now,
    Later,
}

/// How far a mail was prepared.
enum Step {
    Ready(Box<Prepared>),
    /// Its files are to be scanned first.
    Scan(Box<Inbox>),
}

async fn prepare(house: &Arc<House>, mail: Inbox, scan: Scan, at: Timestamp) -> Result<Step> {
    let house = Arc::clone(house);
    let prepared = tokio::task::spawn_blocking(move || {
        let raw = blob(&house, &mail)?;
        let Some(served) = house.served(mail.firm) else {
            return Err(StoreError::Content("a mail without its firm".into()));
        };
        read(&house, served, mail, &raw, scan, at)
    });
    prepared.await.map_err(|_| StoreError::Panicked("preparing a mail".into()))?
}

fn read(house: &House, served: &Served, inbox: Inbox, raw: &[u8], scan: Scan, at: Timestamp) -> Result<Step> {
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
        Err(_) => {
            let read = Err("reading failed".into());
            return Ok(Step::Ready(Box::new(Prepared { inbox, proof, read, files_kept: false, at })));
        }
    };
    let first = served.firm;
    let (inbox, served) = routed(house, served, inbox, &read, proof.as_ref(), at)?;
    if served.firm != first {
        // What becomes of its files is for the firm to say that gets it.
        read = inbound::read(raw, &served.desk);
    }
    let wanted =
        house.store.read(|view| inbound::wants_files(view, &served.desk, &inbox, &read, proof.as_ref(), at))?;
    if wanted && scan == Scan::Later && served.scanner.is_some() {
        return Ok(Step::Scan(Box::new(inbox)));
    }
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
    let read = Ok(Arc::new(read));
    Ok(Step::Ready(Box::new(Prepared { inbox, proof, read, files_kept: wanted, at })))
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
    use crate::config::{Clamd, ClamdPlace};
    use crate::demo::zone::Says;
    use crate::demo::zone::Zone;
    use crate::domain::dates::Locale;
    use crate::domain::{Address, Item, Kind};
    use crate::inbound::{Arrived, Desk};
    use crate::outbound::gateway::Gateway;
    use crate::proof::{Author, DmarcFact, DmarcPolicy, Verifier, VerifierSettings};
    use crate::scan::Scanner;
    use crate::store::firms::NewFirm;
    use crate::store::threads::{About, Purpose};

    fn house(office: &sample::Office, resolver: SocketAddr) -> Arc<House> {
        house_with(office, resolver, config::Limits::default(), None)
    }

    fn house_with(
        office: &sample::Office,
        resolver: SocketAddr,
        limits: config::Limits,
        scanner: Option<Scanner>,
    ) -> Arc<House> {
        let configured = config::Firm {
            slug: "smith".into(),
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: Addressing::Subdomain,
            domains: Vec::new(),
            local_part_unproven: Vec::new(),
            way_out: WayOut::Directory("/nowhere".into()),
            shares_wait: jiff::SignedDuration::ZERO,
            files: crate::config::Files::default(),
        };
        let desk = Desk::new(Gateway::new(&configured), limits);
        let settings = VerifierSettings { resolver: Some(vec![resolver]), ..VerifierSettings::default() };
        let scanner = scanner.map(Arc::new);
        let served = Served { firm: office.firm, desk, config: configured, scanner, outbox_bell: Arc::default() };
        Arc::new(House {
            store: office.store.clone(),
            verifier: Verifier::new(&settings).unwrap(),
            firms: vec![served],
            policies: Vec::new(),
            spared: std::sync::Mutex::default(),
            clock: std::sync::Mutex::default(),
            clock_turn: tokio::sync::Mutex::default(),
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
        let (file, elsewhere) = (blob.join(&sha256[..2]).join(&sha256), house.store.folder().join("elsewhere"));
        std::fs::rename(&file, &elsewhere).unwrap();
        all_due(&house, now()).await.unwrap();
        all_due(&house, now()).await.unwrap();
        assert_eq!((state(lost).state, state(lost).tries), (InboxState::Received, 0));
        assert_eq!(state(next).state, InboxState::Held);
        // Once it is back, its mail goes on.
        std::fs::rename(&elsewhere, &file).unwrap();
        all_due(&house, now() + SignedDuration::from_hours(1)).await.unwrap();
        all_due(&house, now() + SignedDuration::from_hours(1)).await.unwrap();
        assert_eq!(state(lost).state, InboxState::Held);
    }

    #[tokio::test]
    async fn f37_while_somebody_holds_the_store_too_long_mail_waits_uncounted_and_then_goes_on_without_a_restart() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        let house = house(&office, zone.address());
        let id = stage(&house, office.firm, "1", &plain("bob@good.example"), now());
        let other = house.store.held_elsewhere(Duration::from_millis(1));
        for _ in 0..6 {
            let error = all_due(&house, now()).await.unwrap_err();
            assert!(error.passes(), "{error}");
            let error = crate::daemon::ticker::tick(&house, now()).await.unwrap_err();
            assert!(error.passes(), "nor does the daemon end: {error}");
        }
        let waits = row(&house, &office, id);
        assert_eq!((waits.state, waits.tries), (InboxState::Received, 0));
        drop(other);
        all_due(&house, now()).await.unwrap();
        assert_eq!(row(&house, &office, id).state, InboxState::Held);
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
        let mut work = Work::new(Arc::clone(&house), stop);
        let (worked, ()) = tokio::join!(work.all_due(at), asked);
        worked.unwrap();
        let due = house.store.read(|view| view.inbox_due(InboxState::Received, &[office.firm], 1)).unwrap();
        assert_eq!(due.iter().map(|m| (m.id, m.tries)).collect::<Vec<_>>(), [(id, 0)]);
    }

    fn stage(house: &House, firm: FirmId, uid: &str, bytes: &[u8], at: Timestamp) -> InboxId {
        let (bytes, size) = (bytes.to_vec(), bytes.len() as u64);
        let mail = Arrived { mailbox: "m".into(), uid_validity: 0, uid: uid.into(), size, arrived_at: at, bytes };
        inbound::stage(&house.store, firm, mail, at).unwrap().unwrap()
    }

    fn row(house: &House, office: &sample::Office, id: InboxId) -> Inbox {
        house.store.read(|view| view.inbox(office.firm, id)).unwrap().unwrap()
    }

    /// A mail that is signed for a domain whose name server is asked for the key.
    fn signed(from: &str, to: &str, domain: &str) -> Vec<u8> {
        format!(
            "From: {from}\r\nTo: {to}\r\nDate: Sat, 14 Mar 2026 09:59:00 +0000\r\nSubject: x\r\nMessage-ID: <{from}>\r\n\
             DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d={domain}; s=k; h=from:date:subject:message-id; bh=AA==; b=AA==\r\n\r\nHello\r\n"
        )
        .into_bytes()
    }

    fn plain(from: &str) -> Vec<u8> {
        format!("From: {from}\r\nSubject: x\r\n\r\nHello\r\n").into_bytes()
    }

    /// A zone that never answers about `evil.example`, and the house that asks it.
    fn beside_silence(office: &sample::Office) -> (Zone, Arc<House>) {
        let zone = Zone::start([]).unwrap();
        zone.say("k._domainkey.evil.example", Says::Silence);
        let house = house(office, zone.address());
        (zone, house)
    }

    /// Goes on until this mail is held, while that one is still waited for.
    async fn held_while(work: &mut Work, office: &sample::Office, mail: InboxId, waiting: InboxId) {
        while row(&work.house, office, mail).state != InboxState::Held {
            work.go_on(now()).await.unwrap();
            assert!(work.waiting.values().any(|w| w.mail == waiting), "it went on before the other was held");
            work.rest().await.unwrap();
        }
    }

    #[tokio::test]
    async fn t93_a_mail_about_which_dns_is_silent_holds_up_no_other_but_a_later_one_of_its_author() {
        let office = sample::Office::new();
        let (_zone, house) = beside_silence(&office);
        let slow =
            stage(&house, office.firm, "1", &signed("eve@evil.example", "x@gw.hale.example", "evil.example"), now());
        let later = stage(&house, office.firm, "2", &plain("eve@evil.example"), now());
        let other = stage(&house, office.firm, "3", &plain("bob@good.example"), now());
        let (_sign, stop) = Stop::new();
        let mut work = Work::new(Arc::clone(&house), stop);
        held_while(&mut work, &office, other, slow).await;
        assert_eq!(row(&house, &office, slow).state, InboxState::Received);
        assert_eq!(row(&house, &office, later).state, InboxState::Received);
    }

    #[tokio::test]
    async fn t93_new_mail_goes_before_mail_that_was_put_off_of_which_few_are_in_hand() {
        let office = sample::Office::new();
        let (_zone, house) = beside_silence(&office);
        let at = now();
        for n in 0..60 {
            let from = format!("eve{n}@evil.example");
            let id = stage(&house, office.firm, &from, &signed(&from, "x@gw.hale.example", "evil.example"), at);
            house.store.write(move |tx| tx.postpone(id, at)).unwrap();
        }
        let new = stage(&house, office.firm, "new", &plain("bob@good.example"), at);
        let (_sign, stop) = Stop::new();
        let mut work = Work::new(Arc::clone(&house), stop);
        work.prove_due(at).await.unwrap();
        assert!(work.waiting.values().any(|w| w.mail == new));
        assert_eq!(work.count(Place::DnsAgain), AGAIN);
        work.prove_due(at).await.unwrap();
        assert_eq!(work.count(Place::DnsAgain), AGAIN, "no more while these wait");
    }

    #[tokio::test]
    async fn t20_t93_dns_is_asked_once_about_a_strangers_mail_and_again_about_a_persons() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        zone.say("k._domainkey.evil.example", Says::Failure);
        let house = house(&office, zone.address());
        let mail = |from: &str| signed(from, "x@gw.hale.example", "evil.example");
        let stranger = stage(&house, office.firm, "1", &mail("eve@evil.example"), now());
        let person = stage(&house, office.firm, "2", &mail("jane@doe.example"), now());
        all_due(&house, now()).await.unwrap();
        assert_eq!(row(&house, &office, stranger).reason.as_deref(), Some("UNKNOWN_SENDER"));
        let person = row(&house, &office, person);
        assert!(person.state == InboxState::Received && person.was_put_off && person.tries == 0);
    }

    /// Whoever has her reply address is asked then; before that, DNS is (threats T20).
    #[tokio::test]
    async fn t20_a_mail_about_which_dns_fails_for_three_days_is_weak_after_them_and_not_before() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        zone.say("k._domainkey.evil.example", Says::Failure);
        let house = house(&office, zone.address());
        let (firm, jane, about) = (office.firm, office.jane, About::Item(Item::new(Kind::Matter, office.matter)));
        let token = house.store.write(move |tx| {
            let thread = tx.thread_for(firm, jane, Purpose::Reply, about, None, now())?;
            tx.thread(thread)?.map(|thread| tx.token_of(&thread)).transpose()
        });
        let to = house.firms[0].desk.gateway.reply_address(&token.unwrap().unwrap());
        let id = stage(&house, office.firm, "1", &signed("jane@doe.example", &to, "evil.example"), now());
        for hours in [0, 1, 24, 71] {
            all_due(&house, now() + SignedDuration::from_hours(hours)).await.unwrap();
            assert_eq!(row(&house, &office, id).state, InboxState::Received, "after {hours} hours");
        }
        all_due(&house, now() + DNS_PATIENCE).await.unwrap();
        let mail = row(&house, &office, id);
        assert_eq!(
            (mail.state, mail.reason.as_deref(), mail.level.as_deref()),
            (InboxState::Held, Some("AUTH_WEAK"), Some("weak"))
        );
    }

    /// A mail with a file that is proved to be Jane's.
    fn with_file(house: &House, office: &sample::Office) -> InboxId {
        let raw = b"From: jane@doe.example\r\nTo: r@gw.hale.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
            --b\r\n\r\nHello\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nthe draft\r\n--b--\r\n";
        let (id, address) =
            (stage(house, office.firm, "file", raw, now()), Address::parse("jane@doe.example").unwrap());
        let proof = Proof {
            from: Ok(Author { address, display_name: None }),
            arrived: now(),
            date: Some(now()),
            dkim: Vec::new(),
            dmarc: DmarcFact { policy: Some(DmarcPolicy::Reject), ..DmarcFact::default() },
            border: None,
            aligned: Some("doe.example".into()),
            other_signers: Vec::new(),
            to_signed: true,
            cc_signed: true,
            sources_disagree: false,
            verdict: Verdict::Aligned,
        };
        let facts = serde_json::to_string(&proof).unwrap();
        house.store.write(move |tx| tx.set_proved(id, &facts)).unwrap();
        id
    }

    #[tokio::test]
    async fn t93_a_scanner_that_hangs_holds_up_only_the_mails_with_files() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = ClamdPlace::Tcp(silent.local_addr().unwrap());
        let scanner = Scanner::new(Clamd { place, timeout: Duration::from_secs(60) });
        let house = house_with(&office, zone.address(), config::Limits::default(), Some(scanner));
        let slow = with_file(&house, &office);
        let other = stage(&house, office.firm, "2", &plain("bob@good.example"), now());
        let (_sign, stop) = Stop::new();
        let mut work = Work::new(Arc::clone(&house), stop);
        work.go_on(now()).await.unwrap();
        assert_eq!(work.count(Place::Scanner), 1);
        held_while(&mut work, &office, other, slow).await;
        // It breaks off: the mail waits, uncounted, as for a scanner that is not there.
        drop(silent);
        work.finish().await.unwrap();
        let slow = row(&house, &office, slow);
        assert!(slow.state == InboxState::Proved && slow.was_put_off && slow.tries == 0);
    }

    #[tokio::test]
    async fn t93_mail_of_a_firm_that_is_not_served_stands_in_nobodys_way() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        let house = house(&office, zone.address());
        let gone = house
            .store
            .write(|tx| {
                let (name, time_zone, currency) = ("Gone".into(), "Europe/London".into(), "GBP".into());
                let slug = "gone".into();
                let locale = Locale::British;
                tx.add_firm(&NewFirm { slug, name, locale, time_zone, currency, rounding_minutes: 6 }, now())
            })
            .unwrap();
        for n in 0..60 {
            stage(&house, gone, &n.to_string(), &plain("bob@good.example"), now());
        }
        let ours = stage(&house, office.firm, "ours", &plain("bob@good.example"), now());
        all_due(&house, now()).await.unwrap();
        assert_eq!(row(&house, &office, ours).state, InboxState::Held);
        let others = house.store.read(|view| view.inbox_of_others(&house.firm_ids())).unwrap();
        assert_eq!(others, [("gone".to_owned(), 60)]);
    }

    #[tokio::test]
    async fn t49_a_mail_is_as_large_as_the_configuration_says_and_no_larger() {
        let (office, zone) = (sample::Office::new(), Zone::start([]).unwrap());
        let limits = config::Limits { mail_bytes: 27 << 20, ..config::Limits::default() };
        let house = house_with(&office, zone.address(), limits, None);
        let mail = |mebibytes: usize| {
            let head = "From: bob@good.example\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.bin\r\n\
                        Content-Transfer-Encoding: binary\r\n\r\n";
            [head.as_bytes(), &vec![0; mebibytes << 20]].concat()
        };
        for (mebibytes, reason) in [(26, "UNKNOWN_SENDER"), (27, "TOO_LARGE")] {
            let id = stage(&house, office.firm, &mebibytes.to_string(), &mail(mebibytes), now());
            all_due(&house, now()).await.unwrap();
            assert_eq!(row(&house, &office, id).reason.as_deref(), Some(reason), "{mebibytes} MiB");
        }
    }
}
