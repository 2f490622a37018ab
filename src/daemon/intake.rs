//! Brings mail from one mailbox into the inbox: it is on disk, and its row committed, before the mailbox is touched.
//! Many mails come in one fetch, are staged in one commit and moved by one command; the mailbox's state is never ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::owner::{self, NotOurs};
use super::{House, Stop, accounts, now};
use crate::blobs::sha256;
use crate::config::{Imap, Mailbox, WayIn};
use crate::domain::{FirmId, InboxId};
use crate::imap::cursor::{Continuity, Cursor};
use crate::imap::{Content, Fetched, ImapAccount, ImapError, Limits, Session, Trouble, groups};
use crate::inbound::Arrived;
use crate::maildir::{self, Maildir, MaildirError, Waiting};
use crate::store::inbox::{Numbering, Staged};
use crate::store::{Result, Snapshot, Store, StoreError, Tx};

const CHUNK: usize = 50;
/// Mails that are fetched or read at once are together at most this large, or one: they are in memory until they are staged.
const CHUNK_BYTES: u64 = 50 << 20;
/// How many staged mails are moved at once.
const MOST_MOVED: usize = 1000;
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Log-ins after a refusal: rarely, or the provider locks the account (fault F28).
const REFUSED_PAUSE: Duration = Duration::from_secs(60);
/// How long a server may still take to finish its answer once the daemon was asked to stop (decisions.md 39).
const LAST_WORD: Duration = Duration::from_secs(3);
/// How often a mail is tried that can't be fetched, and how long it is left then.
const MOST_FETCHES: u32 = 3;
const LONGEST_REST: Duration = Duration::from_secs(600);
const MAILDIR_PAUSE: Duration = Duration::from_millis(500);
const MAILDIR_TROUBLE: Duration = Duration::from_secs(10);

/// One mailbox being watched.
struct Intake {
    house: Arc<House>,
    firm: FirmId,
    /// The firm, and those that have the same address: mail of theirs is taken to them once it is known whose it is.
    firms: Vec<FirmId>,
    name: String,
    limit: u64,
    stubborn: Mutex<Stubborn>,
    /// Until when no staged mail is moved, since the server would not have it.
    moves_rest: Mutex<Option<Instant>>,
}

/// Mails whose fetching broke the session, by UID: taken alone and after all others, the most often tried last; after
/// the third time left for a while, so that none stands before the others for ever (fault F21).
#[derive(Debug, Default)]
struct Stubborn {
    uid_validity: u32,
    tries: BTreeMap<u32, (u32, Instant)>,
}

impl Stubborn {
    /// Forgets what was known if the server counts anew.
    fn adopt(&mut self, uid_validity: u32) {
        if self.uid_validity != uid_validity {
            *self = Stubborn { uid_validity, tries: BTreeMap::new() };
        }
    }

    /// Parts the mails that may come together from those that come alone.
    fn part(&self, uids: &[u32], now: Instant) -> (Vec<u32>, Vec<u32>) {
        let (mut alone, together): (Vec<u32>, Vec<u32>) = uids.iter().partition(|uid| self.tries.contains_key(uid));
        alone.retain(|uid| self.tries.get(uid).is_none_or(|(tries, until)| *tries < MOST_FETCHES || *until <= now));
        alone.sort_by_key(|uid| (self.tries.get(uid).map(|(tries, _)| *tries), *uid));
        (together, alone)
    }

    /// Notes that these did not come; gives those that are left for a while now.
    fn failed(&mut self, uids: &[u32], now: Instant) -> Vec<u32> {
        let until = now.checked_add(LONGEST_REST).unwrap_or(now);
        let mut left = Vec::new();
        for uid in uids {
            let (tries, _) = self.tries.get(uid).copied().unwrap_or((0, now));
            let tries = tries.saturating_add(1);
            self.tries.insert(*uid, (tries, until));
            if tries >= MOST_FETCHES {
                left.push(*uid);
            }
        }
        left
    }

    /// Forgets those that are not among these any more, and gives them.
    fn gone(&mut self, listed: &[u32]) -> Vec<u32> {
        let gone = self.tries.keys().copied().filter(|uid| !listed.contains(uid)).collect();
        self.tries.retain(|uid, _| listed.contains(uid));
        gone
    }

    fn came(&mut self, uid: u32) {
        self.tries.remove(&uid);
    }
}

/// Watches until `stop`.
pub async fn run(house: Arc<House>, firm: FirmId, mailbox: Mailbox, _store: PathBuf, stop: Stop) -> anyhow::Result<()> {
    let limit = house.served(firm).map_or(0, |s| s.desk.mail_bytes);
    let neighbours = house.served(firm).map(|s| s.desk.neighbours.clone()).unwrap_or_default();
    let firms = std::iter::once(firm).chain(neighbours).collect();
    let intake = Intake {
        house,
        firm,
        firms,
        name: mailbox.name.clone(),
        limit,
        stubborn: Mutex::default(),
        moves_rest: Mutex::default(),
    };
    intake.watch(&mailbox.way_in, &stop).await
}

impl Intake {
    async fn watch(&self, way_in: &WayIn, stop: &Stop) -> anyhow::Result<()> {
        match way_in {
            WayIn::Imap(imap) => self.watch_imap(imap, stop).await,
            WayIn::Maildir(folder) => self.watch_maildir(folder, stop).await,
        }
    }

    async fn watch_imap(&self, imap: &Imap, stop: &Stop) -> anyhow::Result<()> {
        let account = accounts::imap(imap)?;
        let mut pause = SHORTEST_PAUSE;
        while !stop.is_asked() {
            let began = crate::clock::instant();
            let ended = tokio::select! {
                ended = self.session(&account, imap, stop) => ended,
                () = out_of_patience(stop) => Ok(()),
            };
            match ended {
                Ok(()) => pause = SHORTEST_PAUSE,
                Err(trouble) => {
                    self.report(&trouble);
                    // A session that held for a while was a good one: begin again at once.
                    pause = if began.elapsed() > LONGEST_PAUSE { SHORTEST_PAUSE } else { trouble.pause(pause) };
                    let jitter = crate::ids::random::<1>().first().copied().unwrap_or_default();
                    let jittered =
                        pause.saturating_add(pause.saturating_mul(jitter.into()).checked_div(512).unwrap_or_default());
                    stop.pause(jittered, &tokio::sync::Notify::new()).await;
                }
            }
        }
        Ok(())
    }

    fn report(&self, trouble: &Failure) {
        match trouble {
            Failure::Imap(error) if error.trouble() == Trouble::AuthRefused => {
                tracing::error!(
                    mailbox = self.name,
                    code = error.code(),
                    "the mailbox refuses our log-in; mail stays there"
                );
            }
            Failure::Imap(error) if error.trouble() == Trouble::Permanent => {
                tracing::error!(
                    mailbox = self.name,
                    code = error.code(),
                    "the mailbox can't be read until somebody changes something; mail stays there"
                );
            }
            Failure::Imap(error) => {
                tracing::warn!(mailbox = self.name, code = error.code(), "the mailbox can't be read now")
            }
            Failure::Store(error) => {
                tracing::error!(mailbox = self.name, %error, "mail can't be stored now; it stays in the mailbox")
            }
            Failure::Another(identity) => {
                let error = owner::said_by_another(identity);
                tracing::error!(mailbox = self.name, error, "no mail is taken from the mailbox");
            }
            Failure::Unsettled => {
                tracing::warn!(mailbox = self.name, "the note of whose mailbox it is was changed; it is looked at anew")
            }
        }
    }

    /// One connection, until it breaks or `stop`.
    async fn session(&self, account: &ImapAccount, imap: &Imap, stop: &Stop) -> std::result::Result<(), Failure> {
        let connecting = Session::connect(account, now());
        let mut session = tokio::select! {
            session = connecting => session?,
            () = stop.asked() => return Ok(()),
        };
        let ours = self.house.store.identity();
        let notes = owner::own(&mut session, imap, ours, now()).await?;
        let selected = session.select().await?;
        let numbering = Numbering { source: source(imap), uid_validity: selected.uid_validity.unwrap_or(0) };
        let known = self.of_each(|view, firm| view.staged_uids(firm, &self.name, &numbering))?;
        let knows_any = !known.is_empty();
        let mut cursor = Cursor::new(selected.uid_validity, known);
        if cursor.adopt(selected.uid_validity, selected.uid_next) == Continuity::Renumbered && knows_any {
            tracing::warn!(
                mailbox = self.name,
                "the server was rolled back, or does not say how it numbers its mails: all are looked at anew"
            );
        }
        self.with_stubborn(|stubborn| stubborn.adopt(numbering.uid_validity));
        self.tidy(&mut session, imap, &cursor, &numbering).await?;
        while !stop.is_asked() {
            let new = session.new_uids(&mut cursor).await?;
            if session.has_listed_all() {
                self.tell_of_gone(&new);
            }
            let (together, alone) = self.with_stubborn(|stubborn| stubborn.part(&new, crate::clock::instant()));
            for chunk in together.chunks(CHUNK).chain(alone.chunks(1)) {
                // Another gateway may have been given the mailbox meanwhile.
                if notes.is_some() && session.notes_stand(&owner::notes_folder(imap)).await? != notes {
                    return Err(Failure::Unsettled);
                }
                let groups = session.grouped(chunk, CHUNK_BYTES).await;
                for group in groups.inspect_err(|_| self.could_not_fetch(chunk))? {
                    self.take(&mut session, &mut cursor, &group, &numbering).await?;
                }
                self.tidy(&mut session, imap, &cursor, &numbering).await?;
                if stop.is_asked() {
                    break;
                }
            }
            self.tidy(&mut session, imap, &cursor, &numbering).await?;
            if !stop.is_asked() {
                session.wait(stop.asked()).await?;
            }
        }
        session.logout().await;
        Ok(())
    }

    /// What each of the firms has of this mailbox.
    fn of_each<T>(&self, look: impl Fn(&Snapshot<'_>, FirmId) -> Result<Vec<T>>) -> Result<Vec<T>> {
        self.house.store.read(|view| {
            let found = self.firms.iter().map(|firm| look(view, *firm)).collect::<Result<Vec<_>>>()?;
            Ok(found.into_iter().flatten().collect())
        })
    }

    /// Fetches these mails in one stream and stages them in one commit.
    async fn take(
        &self,
        session: &mut Session,
        cursor: &mut Cursor,
        uids: &[u32],
        numbering: &Numbering,
    ) -> std::result::Result<(), Failure> {
        let fetched = Mutex::new(Vec::new());
        let gone = session
            .fetch(uids, Limits { mail: self.limit }, |mail| {
                if let Ok(mut fetched) = fetched.lock() {
                    fetched.push(mail);
                }
            })
            .await;
        crate::crash_point!("fetched");
        // What came whole is kept even if the connection broke after it.
        let fetched = fetched.into_inner().unwrap_or_default();
        let staged: Vec<u32> = fetched.iter().map(|f| f.uid).collect();
        let arrived = fetched.into_iter().map(|mail| self.arrived(mail, numbering.uid_validity)).collect();
        self.stage(arrived, &numbering.source).await?;
        crate::crash_point!("stored");
        self.with_stubborn(|stubborn| staged.iter().for_each(|uid| stubborn.came(*uid)));
        let missing: Vec<u32> = uids.iter().copied().filter(|uid| !staged.contains(uid)).collect();
        let gone = gone.inspect_err(|_| self.could_not_fetch(&missing))?;
        staged.iter().for_each(|uid| cursor.insert(*uid));
        // Gone, or withheld: what is still there is listed again and asked for again (fault F22).
        self.could_not_fetch(&gone);
        Ok(())
    }

    fn could_not_fetch(&self, uids: &[u32]) {
        for uid in self.with_stubborn(|stubborn| stubborn.failed(uids, crate::clock::instant())) {
            tracing::error!(
                mailbox = self.name,
                uid,
                "a mail can't be fetched; it stays in the mailbox, look at it there"
            );
        }
    }

    /// What was listed, did not come and is not listed any more was never read by us, and nobody else can tell (fault F26).
    fn tell_of_gone(&self, listed: &[u32]) {
        for uid in self.with_stubborn(|stubborn| stubborn.gone(listed)) {
            tracing::warn!(
                mailbox = self.name,
                uid,
                "a mail was taken out of the mailbox before it could be fetched; let the gateway have its mailbox alone"
            );
        }
    }

    fn with_stubborn<T>(&self, look: impl FnOnce(&mut Stubborn) -> T) -> T {
        look(&mut self.stubborn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn arrived(&self, mail: Fetched, validity: u32) -> Arrived {
        let (bytes, size) = match mail.content {
            Content::Whole(bytes) => (bytes, mail.size),
            Content::HeaderOnly(bytes) => (bytes, self.beyond(mail.size)),
        };
        Arrived {
            mailbox: self.name.clone(),
            uid_validity: validity,
            uid: mail.uid.to_string(),
            size,
            arrived_at: plausible(mail.received_at),
            bytes,
        }
    }

    /// The size of a mail of which only the header was taken: beyond the limit, whatever was announced.
    fn beyond(&self, announced: u64) -> u64 {
        announced.max(self.limit.saturating_add(1))
    }

    async fn stage(&self, mails: Vec<Arrived>, source: &str) -> Result<()> {
        if mails.is_empty() {
            return Ok(());
        }
        let (store, firms, source) = (self.house.store.clone(), self.firms.clone(), source.to_owned());
        let kept = beside(move || -> Result<_> {
            let held = store.hold_blobs()?;
            let kept = mails.into_iter().map(|mail| keep(&store, &firms, mail, &source)).collect::<Result<Vec<_>>>()?;
            Ok((held, kept))
        });
        let (held, kept) = kept.await??;
        let new = kept.iter().filter(|mail| mail.before != Before::Itself).count();
        let reused: Vec<String> =
            kept.iter().filter(|mail| mail.before == Before::Another).map(|mail| mail.row.uid.clone()).collect();
        let (firm, firms) = (self.firm, self.firms.clone());
        let job = move |tx: &Tx<'_>| {
            let done = kept.iter().try_for_each(|mail| match mail.before {
                Before::Itself => firms.iter().try_for_each(|firm| tx.set_unsettled(*firm, &mail.row)),
                Before::Nothing | Before::Another => tx.stage(firm, &mail.row, now()).map(drop),
            });
            crate::crash_point!("staging");
            // Let go of with the job, after its commit.
            let _ = &held;
            done
        };
        self.house.store.write_soon(job).await?;
        for uid in reused {
            tracing::warn!(
                mailbox = self.name,
                uid,
                "another mail under a number that was given before; it is taken too"
            );
        }
        if new > 0 {
            tracing::info!(mailbox = self.name, mails = new, "mail staged");
            self.house.inbox_bell.notify_one();
        }
        Ok(())
    }

    /// Moves what is staged out of the way, all by one command. This is cosmetic: the state is in the store. What the server
    /// would not have, or hung up at, is tried again after a rest, so that the mailbox is read before; what it never will is
    /// left where it is.
    /// Only what this session knows is touched: a UID that it has not looked at may be another mail's by now.
    async fn tidy(
        &self,
        session: &mut Session,
        imap: &Imap,
        cursor: &Cursor,
        numbering: &Numbering,
    ) -> std::result::Result<(), Failure> {
        if self.moves_rest().is_some_and(|until| crate::clock::instant() < until) {
            return Ok(());
        }
        let staged = self.of_each(|view, firm| view.inbox_unsettled(firm, &self.name, numbering))?;
        let here: Vec<(InboxId, u32)> =
            staged.into_iter().filter(|(_, uid)| cursor.contains(*uid)).take(MOST_MOVED).collect();
        if here.is_empty() {
            return Ok(());
        }
        let uids: Vec<u32> = here.iter().map(|(_, uid)| *uid).collect();
        if let Some(folder) = &imap.processed_folder
            && let Err(error) = session.move_to(&uids, folder).await
        {
            tracing::warn!(
                mailbox = self.name,
                code = error.code(),
                "staged mail could not be moved; it is safe all the same"
            );
            if matches!(error.trouble(), Trouble::Lost | Trouble::Temporary) {
                *self.moves_rest() = crate::clock::instant().checked_add(LONGEST_REST);
                return if error.trouble() == Trouble::Lost { Err(error.into()) } else { Ok(()) };
            }
        }
        crate::crash_point!("flagged");
        let ids: Vec<InboxId> = here.into_iter().map(|(id, _)| id).collect();
        self.house.store.write_soon(move |tx| tx.set_settled(&ids, now())).await?;
        Ok(())
    }

    fn moves_rest(&self) -> MutexGuard<'_, Option<Instant>> {
        self.moves_rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn watch_maildir(&self, folder: &Path, stop: &Stop) -> anyhow::Result<()> {
        let (mut opened, mut unreadable) = (None, BTreeSet::new());
        while !stop.is_asked() {
            let mut pause = MAILDIR_PAUSE;
            if let Err(error) = self.look_into(folder, &mut opened, &mut unreadable).await {
                // One mailbox in trouble stops no other; what it holds stays there.
                tracing::error!(mailbox = self.name, %error, "mail can't be taken from the folder now");
                pause = MAILDIR_TROUBLE;
            }
            stop.pause(pause, &tokio::sync::Notify::new()).await;
        }
        Ok(())
    }

    /// Takes what waits; the folder is opened, and what is missing of it made, only at first.
    async fn look_into(
        &self,
        folder: &Path,
        opened: &mut Option<Maildir>,
        unreadable: &mut BTreeSet<String>,
    ) -> anyhow::Result<()> {
        let maildir = match opened {
            Some(maildir) => maildir,
            None => {
                let folder = folder.to_owned();
                opened.insert(beside(move || Maildir::open(&folder)).await??)
            }
        };
        self.take_waiting(maildir, unreadable).await
    }

    /// A mail that can't be read, or not be put aside, holds up none that comes after it.
    async fn take_waiting(&self, maildir: &Maildir, unreadable: &mut BTreeSet<String>) -> anyhow::Result<()> {
        self.own(maildir).await?;
        let waiting = at(maildir, Maildir::waiting).await??;
        unreadable.retain(|uid| waiting.iter().any(|mail| mail.uid == *uid));
        let mut settled = Ok(());
        for mails in portions(&waiting, self.limit) {
            let (taken, arrived) = self.read(maildir, mails, unreadable).await?;
            // Another gateway may have been given the folder meanwhile.
            self.own(maildir).await?;
            self.stage(arrived, "").await?;
            settled = settled.and(at(maildir, move |maildir| settle(maildir, &taken)).await?);
        }
        Ok(settled?)
    }

    async fn own(&self, maildir: &Maildir) -> anyhow::Result<()> {
        let house = Arc::clone(&self.house);
        Ok(at(maildir, move |maildir| owner::own_folder(maildir, house.store.identity(), now())).await??)
    }

    /// Reads mails; gives those that were read or are gone, and what was read. Of one that can't be read it tells once.
    async fn read(
        &self,
        maildir: &Maildir,
        mails: Vec<Waiting>,
        unreadable: &mut BTreeSet<String>,
    ) -> Result<(Vec<Waiting>, Vec<Arrived>)> {
        let limit = self.limit;
        let read_all = move |maildir: &Maildir| {
            let read = |mail: Waiting| (maildir.read(&mail, limit), mail);
            mails.into_iter().map(read).collect::<Vec<_>>()
        };
        let (mut taken, mut arrived) = (Vec::new(), Vec::new());
        for (content, mail) in at(maildir, read_all).await? {
            match content {
                Ok(content) => {
                    unreadable.remove(&mail.uid);
                    arrived.extend(content.map(|content| self.found(&mail, content)));
                    taken.push(mail);
                }
                Err(error) if unreadable.insert(mail.uid.clone()) => {
                    tracing::error!(mailbox = self.name, %error, "a mail can't be read; it stays in the folder, look at it there");
                }
                Err(_) => {}
            }
        }
        Ok((taken, arrived))
    }

    fn found(&self, mail: &Waiting, content: maildir::Content) -> Arrived {
        let (bytes, size) = match content {
            maildir::Content::Whole(bytes) => (bytes, mail.size),
            maildir::Content::HeaderOnly(bytes) => (bytes, self.beyond(mail.size)),
        };
        Arrived {
            mailbox: self.name.clone(),
            uid_validity: 0,
            uid: mail.uid.clone(),
            size,
            arrived_at: plausible(Timestamp::try_from(mail.received_at).ok()),
            bytes,
        }
    }
}

/// What of a mailbox's configuration gives its UIDs their meaning.
fn source(imap: &Imap) -> String {
    let Imap { host, port, user, folder, .. } = imap;
    sha256(format!("{}\0{port}\0{user}\0{folder}", host.to_ascii_lowercase()).as_bytes())
}

/// What was staged under a mail's number before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Itself,
    Another,
}

/// A mail about to be staged.
struct Kept {
    row: Staged,
    before: Before,
}

/// Puts a mail on disk, unless it was staged before.
fn keep(store: &Store, firms: &[FirmId], mail: Arrived, source: &str) -> Result<Kept> {
    let row = Staged { source: source.to_owned(), ..mail.staged(sha256(&mail.bytes)) };
    let staged = store.read(|view| {
        let staged = firms.iter().map(|firm| view.staged_under(*firm, &row)).collect::<Result<Vec<_>>>()?;
        Ok(staged.concat())
    })?;
    let before = match staged.is_empty() {
        true => Before::Nothing,
        false if staged.contains(&row.sha256) => Before::Itself,
        false => Before::Another,
    };
    if before != Before::Itself {
        store.keep(&mail.bytes)?;
    }
    Ok(Kept { row, before })
}

/// Mails that may be in memory together.
fn portions(waiting: &[Waiting], limit: u64) -> Vec<Vec<Waiting>> {
    let together = |mails| groups(mails, CHUNK_BYTES, |mail: &Waiting| mail.size.min(limit));
    waiting.chunks(CHUNK).flat_map(together).collect()
}

/// Puts all of them aside that can be.
fn settle(maildir: &Maildir, mails: &[Waiting]) -> std::result::Result<(), MaildirError> {
    let settled: Vec<_> = mails.iter().map(|mail| maildir.settle(mail)).collect();
    settled.into_iter().collect()
}

/// Works at a folder, beside the tasks.
async fn at<T: Send + 'static>(maildir: &Maildir, work: impl FnOnce(&Maildir) -> T + Send + 'static) -> Result<T> {
    let maildir = maildir.clone();
    beside(move || work(&maildir)).await
}

/// Works with the disk, which may be slow, beside the tasks.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Panicked("taking mail".into()))
}

/// A server's clock is only a hint: what it says counts if it lies within the past 30 days (fault F30).
fn plausible(said: Option<Timestamp>) -> Timestamp {
    let now = now();
    let age = said.map(|at| now.duration_since(at).as_secs());
    match (said, age) {
        (Some(at), Some(age)) if (0..=30 * 24 * 3600).contains(&age) => at,
        _ => now,
    }
}

/// Ends a while after the sign to stop: a server that has fallen silent is left where it is, as by a crash.
async fn out_of_patience(stop: &Stop) {
    stop.asked().await;
    tokio::time::sleep(LAST_WORD).await;
}

/// Why a session ended.
enum Failure {
    Imap(ImapError),
    Store(StoreError),
    /// The mailbox is another store's (fault F49).
    Another(String),
    /// Whose the mailbox is may have changed.
    Unsettled,
}

impl Failure {
    fn pause(&self, last: Duration) -> Duration {
        let longer = last.saturating_mul(2).min(LONGEST_PAUSE);
        match self {
            Failure::Imap(error) if error.trouble() == Trouble::AuthRefused => longer.max(REFUSED_PAUSE),
            _ => longer,
        }
    }
}

impl From<ImapError> for Failure {
    fn from(error: ImapError) -> Failure {
        Failure::Imap(error)
    }
}

impl From<NotOurs> for Failure {
    fn from(error: NotOurs) -> Failure {
        match error {
            NotOurs::Another(identity) => Failure::Another(identity),
            NotOurs::Imap(error) => Failure::Imap(error),
            // Not of a mailbox at a server.
            NotOurs::Maildir(_) => Failure::Imap(ImapError::Lost),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::actions::sample::{self, Office};
    use crate::config::{Auth, Tls};
    use crate::demo::zone::Zone;

    #[test]
    fn f21_what_could_not_be_fetched_comes_alone_after_all_others_and_rests_after_the_third_time() {
        let now = crate::clock::instant();
        let mut stubborn = Stubborn::default();
        stubborn.adopt(7);
        let all = [1, 2, 3, 4];
        assert_eq!(stubborn.part(&all, now), (all.to_vec(), vec![]));
        assert!(stubborn.failed(&[2, 3], now).is_empty());
        assert_eq!(stubborn.part(&all, now), (vec![1, 4], vec![2, 3]));
        assert!(stubborn.failed(&[2], now).is_empty());
        // The innocent one first.
        assert_eq!(stubborn.part(&all, now), (vec![1, 4], vec![3, 2]));
        stubborn.came(3);
        assert_eq!(stubborn.failed(&[2], now), [2]);
        assert_eq!(stubborn.part(&all, now), (vec![1, 3, 4], vec![]));
        let later = now.checked_add(LONGEST_REST).unwrap();
        assert_eq!(stubborn.part(&all, later), (vec![1, 3, 4], vec![2]));
        stubborn.adopt(8);
        assert_eq!(stubborn.part(&all, now), (all.to_vec(), vec![]));
    }

    #[test]
    fn f27_a_broken_connection_is_tried_again_ever_more_rarely_up_to_five_minutes() {
        let lost = Failure::Imap(ImapError::Lost);
        let mut pause = SHORTEST_PAUSE;
        let pauses: Vec<u64> = (0..10)
            .map(|_| {
                pause = lost.pause(pause);
                pause.as_secs()
            })
            .collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn f25_a_folder_that_is_gone_is_somebodys_to_mend_and_is_looked_for_all_the_same() {
        for text in ["[NONEXISTENT] no such folder", "[NOPERM] no", "no such mailbox"] {
            let error = ImapError::No { command: "SELECT", text: text.into() };
            assert_eq!(error.trouble(), Trouble::Permanent);
            assert!(Failure::Imap(error).pause(LONGEST_PAUSE) <= LONGEST_PAUSE);
        }
    }

    #[test]
    fn f28_a_refused_log_in_is_tried_at_most_once_a_minute() {
        assert!(REFUSED_PAUSE >= Duration::from_secs(60));
        let refused = Failure::Imap(ImapError::AuthRefused("no".into()));
        assert_eq!(refused.pause(SHORTEST_PAUSE), REFUSED_PAUSE);
        assert!(refused.pause(REFUSED_PAUSE) >= REFUSED_PAUSE);
    }

    #[test]
    fn f30_f44_a_servers_odd_dates_are_not_believed() {
        let near = now().checked_sub(jiff::SignedDuration::from_hours(30)).unwrap();
        assert_eq!(plausible(Some(near)), near);
        for odd in ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2100-02-28T00:00:00Z"] {
            let odd = odd.parse().unwrap();
            assert_ne!(plausible(Some(odd)), odd);
        }
        assert!(plausible(None) <= now());
    }

    /// What a server holds and says of it.
    struct Room {
        numbers: &'static str,
        mails: BTreeMap<u32, &'static str>,
        /// It hangs up whenever this one is asked for.
        never: Option<u32>,
        refuses_moves: bool,
        hangs_up_at_moves: bool,
        /// It goes away once its size is asked for.
        vanishes: Option<u32>,
        /// How large it says that every mail is, if not as large as it is.
        announces: Option<usize>,
        heard: Vec<String>,
    }

    /// A server whose room a test changes between the sessions. It hangs up when a client has looked at everything.
    struct Server {
        port: u16,
        room: Arc<Mutex<Room>>,
    }

    const NUMBERS: &str = "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 30] x\r\n";

    impl Server {
        async fn start(mails: &[(u32, &'static str)]) -> Server {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let mails = mails.iter().copied().collect();
            let room = Arc::new(Mutex::new(Room {
                numbers: NUMBERS,
                mails,
                never: None,
                refuses_moves: false,
                hangs_up_at_moves: false,
                vanishes: None,
                announces: None,
                heard: Vec::new(),
            }));
            let shared = Arc::clone(&room);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (read, mut write) = stream.into_split();
                    let mut lines = BufReader::new(read).lines();
                    let mut has_looked = false;
                    let _ = write.write_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n").await;
                    while let Ok(Some(line)) = lines.next_line().await {
                        let Some(answer) = shared.lock().unwrap().answer(&line, &mut has_looked) else { break };
                        let _ = write.write_all(answer.as_bytes()).await;
                    }
                }
            });
            Server { port, room }
        }

        fn room(&self) -> MutexGuard<'_, Room> {
            self.room.lock().unwrap()
        }

        fn imap(&self, user: &str, processed: Option<&str>) -> Imap {
            Imap {
                host: "127.0.0.1".into(),
                port: self.port,
                tls: Tls::None,
                ca_file: None,
                user: user.into(),
                auth: Auth::Password("hush".into()),
                folder: "INBOX".into(),
                processed_folder: processed.map(str::to_owned),
                poll: Duration::from_millis(1),
            }
        }
    }

    impl Room {
        fn answer(&mut self, line: &str, has_looked: &mut bool) -> Option<String> {
            let (tag, command) = line.split_once(' ')?;
            self.heard.push(command.to_owned());
            if let Some(uid) = self.vanishes.filter(|uid| asks_for(command, *uid)) {
                self.mails.remove(&uid);
            }
            let asked = self.mails.iter().filter(|(uid, _)| asks_for(command, **uid));
            let untagged: String = if command.starts_with("SELECT") {
                format!("* {} EXISTS\r\n{}", self.mails.len(), self.numbers)
            } else if command.starts_with("UID SEARCH") {
                *has_looked = true;
                format!("* SEARCH {}\r\n", self.mails.keys().map(u32::to_string).collect::<Vec<_>>().join(" "))
            } else if command == "NOOP" && *has_looked {
                return None;
            } else if command.starts_with("UID COPY") && self.refuses_moves {
                return Some(format!("{tag} NO [INUSE] busy\r\n"));
            } else if command.starts_with("UID COPY") && self.hangs_up_at_moves {
                return None;
            } else if command.contains("RFC822.SIZE") {
                let size = |mail: &str| self.announces.unwrap_or(mail.len());
                asked.map(|(uid, mail)| format!("* 1 FETCH (UID {uid} RFC822.SIZE {})\r\n", size(mail))).collect()
            } else if command.contains("BODY.PEEK[HEADER]") {
                let header = |(uid, mail): (&u32, &&str)| {
                    let header = mail.split_inclusive("\r\n\r\n").next().unwrap();
                    format!("* 1 FETCH (UID {uid} BODY[HEADER]<0> {{{}}}\r\n{header})\r\n", header.len())
                };
                asked.map(header).collect()
            } else if command.starts_with("UID FETCH") && self.never.is_some_and(|uid| asks_for(command, uid)) {
                return None;
            } else if command.starts_with("UID FETCH") {
                let whole = |(uid, mail): (&u32, &&str)| {
                    format!("* 1 FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n", mail.len())
                };
                asked.map(whole).collect()
            } else {
                String::new()
            };
            Some(format!("{untagged}{tag} OK done\r\n"))
        }
    }

    fn asks_for(command: &str, uid: u32) -> bool {
        let Some(set) = command.strip_prefix("UID FETCH ").and_then(|rest| rest.split(' ').next()) else {
            return false;
        };
        set.split(',').any(|range| {
            let (first, last) = range.split_once(':').unwrap_or((range, range));
            (first.parse().unwrap()..=last.parse().unwrap()).contains(&uid)
        })
    }

    fn intake(office: &Office) -> Intake {
        let zone = Zone::start([]).unwrap();
        Intake {
            house: House::empty(&office.store, zone.address()),
            firm: office.firm,
            firms: vec![office.firm],
            name: "main".into(),
            limit: 1 << 20,
            stubborn: Mutex::default(),
            moves_rest: Mutex::default(),
        }
    }

    /// One session, until the server hangs up.
    async fn session(intake: &Intake, imap: &Imap) {
        let account = accounts::imap(imap).unwrap();
        let (_sign, stop) = Stop::new();
        assert!(intake.session(&account, imap, &stop).await.is_err());
    }

    /// The mails that are staged, in the order of the alphabet.
    fn staged(office: &Office) -> Vec<String> {
        let rows = office.read(|view| view.inbox_list(office.firm, None, 5000));
        let text = |sha256: &str| String::from_utf8(office.store.blobs().get(sha256).unwrap()).unwrap();
        let mut found: Vec<String> = rows.iter().map(|mail| text(mail.blob())).collect();
        found.sort_unstable();
        found
    }

    /// What is logged while it lives.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        fn keep() -> (Log, tracing::subscriber::DefaultGuard) {
            let log = Log::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
            (log, tracing::subscriber::set_default(subscriber))
        }

        fn count(&self, words: &str) -> usize {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap().matches(words).count()
        }
    }

    #[tokio::test]
    async fn f21_a_mail_that_a_server_never_gives_does_not_stop_the_others() {
        let office = Office::new();
        let server = Server::start(&[(11, "ab:11"), (12, "ab:12"), (13, "ab:13")]).await;
        server.room().never = Some(12);
        let (intake, imap) = (intake(&office), server.imap("gateway", None));
        for came in [vec![], vec!["ab:11"], vec!["ab:11", "ab:13"]] {
            session(&intake, &imap).await;
            assert_eq!(staged(&office), came);
        }
        // Now it rests.
        let rest = intake.with_stubborn(|stubborn| stubborn.part(&[11, 12, 13], crate::clock::instant()));
        assert_eq!(rest, (vec![11, 13], vec![]));
    }

    #[tokio::test]
    async fn f23_another_account_under_the_same_name_with_the_same_numbers_is_taken_whole() {
        let office = Office::new();
        let server = Server::start(&[(1, "a one"), (2, "a two")]).await;
        let intake = intake(&office);
        session(&intake, &server.imap("old", None)).await;
        server.room().mails = [(1, "b one"), (2, "b two"), (3, "b three")].into();
        session(&intake, &server.imap("new", None)).await;
        assert_eq!(staged(&office), ["a one", "a two", "b one", "b three", "b two"]);
    }

    #[tokio::test]
    async fn f23_without_a_uidvalidity_another_mail_under_a_known_uid_is_taken_and_said_so_and_the_same_one_once() {
        let office = Office::new();
        let server = Server::start(&[(1, "one"), (2, "two")]).await;
        server.room().numbers = "* OK [UIDNEXT 30] x\r\n";
        let (intake, imap) = (intake(&office), server.imap("gateway", None));
        let (log, _kept) = Log::keep();
        session(&intake, &imap).await;
        session(&intake, &imap).await;
        assert_eq!((staged(&office).join(" "), log.count("another mail under a number")), ("one two".into(), 0));
        server.room().mails.insert(1, "other");
        for _ in 0..2 {
            session(&intake, &imap).await;
            assert_eq!(staged(&office), ["one", "other", "two"]);
            assert_eq!(log.count("another mail under a number"), 1);
        }
    }

    #[tokio::test]
    async fn f24_after_a_uidnext_that_went_back_or_is_missing_no_uid_is_taken_for_known() {
        for numbers in ["* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 13] x\r\n", "* OK [UIDVALIDITY 7] x\r\n"] {
            let office = Office::new();
            let server = Server::start(&[(11, "one"), (12, "two"), (13, "three")]).await;
            let (intake, imap) = (intake(&office), server.imap("gateway", None));
            session(&intake, &imap).await;
            // As a server that was restored: 11 is what it was, 12 was lost, and another came.
            server.room().numbers = numbers;
            server.room().mails = [(11, "one"), (12, "new")].into();
            let (log, _kept) = Log::keep();
            for _ in 0..2 {
                session(&intake, &imap).await;
                assert_eq!(staged(&office), ["new", "one", "three", "two"], "{numbers}");
            }
            assert_eq!(log.count("looked at anew"), 2);
        }
    }

    #[tokio::test]
    async fn f24_a_mail_whose_number_a_moved_one_had_is_moved_only_once_it_is_staged() {
        let office = Office::new();
        let server = Server::start(&[(11, "one"), (12, "two")]).await;
        let (intake, imap) = (intake(&office), server.imap("gateway", Some("Processed")));
        server.room().refuses_moves = true;
        session(&intake, &imap).await;
        // Staged, and not moved before the server was rolled back.
        server.room().refuses_moves = false;
        *intake.moves_rest() = None;
        server.room().numbers = "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 12] x\r\n";
        server.room().mails = [(11, "new")].into();
        server.room().heard.clear();
        session(&intake, &imap).await;
        assert_eq!(staged(&office), ["new", "one", "two"]);
        let heard = server.room().heard.clone();
        let at = |what: &str| heard.iter().position(|said| said.starts_with(what));
        let (fetched, moved) = (at("UID FETCH 11 (UID BODY"), at("UID COPY 11"));
        assert!(fetched.is_some() && fetched < moved, "{heard:?}");
        assert!(!heard.iter().any(|said| said.starts_with("UID COPY") && said.contains("12")), "{heard:?}");
    }

    #[tokio::test]
    async fn f29_a_server_that_hangs_up_at_every_move_is_read_all_the_same_and_asked_again_after_a_rest() {
        let office = Office::new();
        let server = Server::start(&[(11, "one")]).await;
        let (intake, imap) = (intake(&office), server.imap("gateway", Some("Processed")));
        server.room().hangs_up_at_moves = true;
        session(&intake, &imap).await;
        server.room().mails.insert(12, "two");
        session(&intake, &imap).await;
        assert_eq!(staged(&office), ["one", "two"]);
        server.room().hangs_up_at_moves = false;
        server.room().heard.clear();
        *intake.moves_rest() = None;
        session(&intake, &imap).await;
        let heard = server.room().heard.clone();
        assert!(heard.iter().any(|said| said.starts_with("UID COPY 11:12 ")), "{heard:?}");
    }

    #[tokio::test]
    async fn f26_a_mail_that_somebody_takes_out_between_listing_and_fetching_is_told_of_once() {
        let office = Office::new();
        let server = Server::start(&[(11, "one"), (12, "two")]).await;
        let (intake, imap) = (intake(&office), server.imap("gateway", None));
        server.room().vanishes = Some(12);
        let (log, _kept) = Log::keep();
        for told in [0, 1, 1] {
            session(&intake, &imap).await;
            assert_eq!(log.count("taken out of the mailbox before it could be fetched"), told);
        }
        assert_eq!(staged(&office), ["one"]);
    }

    #[tokio::test]
    async fn a_mail_that_is_larger_than_its_server_said_is_staged_as_one_beyond_the_limit() {
        let office = Office::new();
        let server = Server::start(&[(11, "Subject: x\r\n\r\nMore than was announced.\r\n")]).await;
        server.room().announces = Some(9);
        let intake = Intake { limit: 20, ..intake(&office) };
        session(&intake, &server.imap("gateway", None)).await;
        assert_eq!(staged(&office), ["Subject: x\r\n\r\n"]);
        let rows = office.read(|view| view.inbox_list(office.firm, None, 9));
        assert!(rows.iter().all(|mail| mail.size > 20), "{rows:?}");
    }

    #[tokio::test]
    async fn f23_rows_that_came_another_way_never_stand_before_those_to_be_moved() {
        let office = Office::new();
        let firm = office.firm;
        // As `ingest` leaves them.
        let arrived = |n: u32| Arrived {
            mailbox: "main".into(),
            uid_validity: 0,
            uid: format!("f{n:063x}"),
            size: 1,
            arrived_at: sample::now(),
            bytes: Vec::new(),
        };
        let blob = office.keep("");
        office.write(move |tx| {
            (0..1000).try_for_each(|n| tx.stage(firm, &arrived(n).staged(blob.clone()), now()).map(drop))
        });
        let server = Server::start(&[(1, "one")]).await;
        server.room().numbers = "";
        session(&intake(&office), &server.imap("gateway", Some("Processed"))).await;
        let heard = server.room().heard.clone();
        assert!(heard.iter().any(|said| said.starts_with("UID COPY 1 ")), "{heard:?}");
    }

    #[test]
    fn f45_large_mails_in_a_maildir_are_read_a_few_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(place.path()).unwrap();
        for n in 10..70 {
            let file = std::fs::File::create(place.path().join(format!("new/{n}.host"))).unwrap();
            file.set_len(if n < 20 { 20 << 20 } else { 1 << 10 }).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        }
        let waiting = maildir.waiting().unwrap();
        let portions = portions(&waiting, 25 << 20);
        assert_eq!(portions.concat(), waiting);
        for mails in &portions {
            assert!(mails.len() <= CHUNK && mails.iter().map(|mail| mail.size).sum::<u64>() <= CHUNK_BYTES);
        }
        assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 2, 42, 10]);
    }

    /// Looks at the folder until this holds.
    async fn watch_until(intake: &Intake, folder: &std::path::Path, holds: impl Fn() -> bool) {
        let (_sign, stop) = Stop::new();
        let way_in = WayIn::Maildir(folder.to_owned());
        let holds = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            ended = intake.watch(&way_in, &stop) => panic!("it ended: {ended:?}"),
            () = holds => {}
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("in vain"),
        }
    }

    #[tokio::test]
    async fn f25_a_maildir_that_cant_be_opened_is_tried_again_until_it_can() {
        let office = Office::new();
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("maildir");
        std::fs::write(&folder, "not a folder").unwrap();
        let (log, _kept) = Log::keep();
        let intake = intake(&office);
        watch_until(&intake, &folder, || log.count("can't be taken from the folder now") > 0).await;
        std::fs::remove_file(&folder).unwrap();
        Maildir::open(&folder).unwrap();
        maildir::deliver(&folder, "1.host", b"one").unwrap();
        watch_until(&intake, &folder, || staged(&office) == ["one"]).await;
    }

    #[tokio::test]
    async fn f25_a_file_that_cant_be_read_stays_is_told_of_once_and_holds_no_other_up() {
        let office = Office::new();
        let place = tempfile::tempdir().unwrap();
        // A folder so deep that a file with a long name in it can be listed and not opened, by nobody.
        let mut deep = place.path().to_owned();
        while deep.as_os_str().len() < 3700 {
            deep.push("d".repeat(200));
        }
        deep.push("d".repeat(3949 - deep.as_os_str().len()));
        std::fs::create_dir_all(&deep).unwrap();
        let (shallow, folder) = (place.path().join("maildir"), deep.join("maildir"));
        let maildir = Maildir::open(&shallow).unwrap();
        let bad = format!("0.{}", "x".repeat(240));
        maildir::deliver(&shallow, &bad, b"bad").unwrap();
        std::fs::rename(&shallow, &folder).unwrap();
        drop(maildir);
        for (name, mail) in [("1.host", "one"), ("2.host", "two")] {
            maildir::deliver(&folder, name, mail.as_bytes()).unwrap();
        }
        let (log, _kept) = Log::keep();
        let intake = intake(&office);
        let is_left = || Maildir::open(&folder).unwrap().waiting().unwrap().len() == 1;
        // Once it goes on with the next one, it has looked more than once.
        let third = std::cell::Cell::new(false);
        let goes_on = || {
            if is_left() && staged(&office) == ["one", "two"] && !third.replace(true) {
                maildir::deliver(&folder, "3.host", b"three").unwrap();
            }
            is_left() && staged(&office) == ["one", "three", "two"]
        };
        watch_until(&intake, &folder, goes_on).await;
        assert_eq!(log.count("a mail can't be read"), 1);
    }
}
