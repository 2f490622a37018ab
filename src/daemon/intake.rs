//! Brings mail from one mailbox into the inbox: it is on disk, and its row committed, before the mailbox is touched.
//! Many mails come in one fetch, are staged in one commit and moved by one command; the mailbox's state is never ours.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::owner::{self, NotOurs};
use super::{House, Stop, accounts, now};
use crate::config::{Imap, Mailbox, WayIn};
use crate::domain::{FirmId, InboxId};
use crate::imap::cursor::Cursor;
use crate::imap::{Content, Fetched, ImapAccount, ImapError, Limits, Session, Trouble};
use crate::inbound::Arrived;
use crate::maildir::{self, Maildir, Settle, Waiting};
use crate::store::{Result, Snapshot, StoreError, Tx};

const CHUNK: usize = 50;
/// Mails that are fetched at once are together at most this large, or one: they are in memory until they are staged.
const CHUNK_BYTES: u64 = 50 << 20;
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
    match &mailbox.way_in {
        WayIn::Imap(imap) => intake.watch_imap(imap, &stop).await,
        WayIn::Maildir(folder) => intake.watch_maildir(&Maildir::open(folder)?, &stop).await,
    }
}

impl Intake {
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
        let validity = selected.uid_validity.unwrap_or(0);
        let known = self.of_each(|view, firm| view.staged_uids(firm, &self.name, validity))?;
        let mut cursor = Cursor::new(selected.uid_validity, known);
        cursor.adopt(selected.uid_validity, selected.uid_next);
        self.with_stubborn(|stubborn| stubborn.adopt(validity));
        self.tidy(&mut session, imap, validity).await?;
        while !stop.is_asked() {
            let new = session.new_uids(&mut cursor).await?;
            let (together, alone) = self.with_stubborn(|stubborn| stubborn.part(&new, crate::clock::instant()));
            for chunk in together.chunks(CHUNK).chain(alone.chunks(1)) {
                // Another gateway may have been given the mailbox meanwhile.
                if notes.is_some() && session.notes_stand(&owner::notes_folder(imap)).await? != notes {
                    return Err(Failure::Unsettled);
                }
                let groups = session.grouped(chunk, CHUNK_BYTES).await;
                for group in groups.inspect_err(|_| self.could_not_fetch(chunk))? {
                    self.take(&mut session, &mut cursor, &group, validity).await?;
                }
                self.tidy(&mut session, imap, validity).await?;
                if stop.is_asked() {
                    break;
                }
            }
            self.tidy(&mut session, imap, validity).await?;
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
        validity: u32,
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
        self.stage(fetched.into_iter().map(|mail| self.arrived(mail, validity)).collect()).await?;
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

    fn with_stubborn<T>(&self, look: impl FnOnce(&mut Stubborn) -> T) -> T {
        look(&mut self.stubborn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn arrived(&self, mail: Fetched, validity: u32) -> Arrived {
        let bytes = match mail.content {
            Content::Whole(bytes) | Content::HeaderOnly(bytes) => bytes,
        };
        Arrived {
            mailbox: self.name.clone(),
            uid_validity: validity,
            uid: mail.uid.to_string(),
            size: mail.size,
            arrived_at: plausible(mail.received_at),
            bytes,
        }
    }

    async fn stage(&self, mails: Vec<Arrived>) -> Result<()> {
        if mails.is_empty() {
            return Ok(());
        }
        let count = mails.len();
        let store = self.house.store.clone();
        let kept = tokio::task::spawn_blocking(move || -> Result<_> {
            let held = store.hold_blobs()?;
            let keep = |mail: Arrived| {
                let sha256 = store.keep(&mail.bytes)?;
                Ok(mail.staged(sha256))
            };
            Ok((held, mails.into_iter().map(keep).collect::<Result<Vec<_>>>()?))
        });
        let (held, staged) = kept.await.map_err(|_| StoreError::Panicked("keeping mail".into()))??;
        let firm = self.firm;
        let job = move |tx: &Tx<'_>| {
            let ids = staged.iter().map(|mail| tx.stage(firm, mail, now())).collect::<Result<Vec<_>>>();
            crate::crash_point!("staging");
            // Let go of with the job, after its commit.
            let _ = &held;
            ids
        };
        self.house.store.write_soon(job).await?;
        tracing::info!(mailbox = self.name, mails = count, "mail staged");
        self.house.inbox_bell.notify_one();
        Ok(())
    }

    /// Moves what is staged out of the way, all by one command. This is cosmetic: the state is in the store. What the server
    /// would not have is tried again after a rest; what it never will is left where it is.
    async fn tidy(&self, session: &mut Session, imap: &Imap, validity: u32) -> std::result::Result<(), Failure> {
        if self.moves_rest().is_some_and(|until| crate::clock::instant() < until) {
            return Ok(());
        }
        let staged = self.of_each(|view, firm| view.inbox_unsettled(firm, &self.name, validity, 1000))?;
        let here: Vec<(InboxId, u32)> =
            staged.iter().filter_map(|mail| Some((mail.id, mail.uid.parse().ok()?))).collect();
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
            match error.trouble() {
                Trouble::Lost => return Err(error.into()),
                Trouble::Temporary => {
                    *self.moves_rest() = crate::clock::instant().checked_add(LONGEST_REST);
                    return Ok(());
                }
                Trouble::Permanent | Trouble::AuthRefused => {}
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

    async fn watch_maildir(&self, maildir: &Maildir, stop: &Stop) -> anyhow::Result<()> {
        while !stop.is_asked() {
            let mut pause = MAILDIR_PAUSE;
            if let Err(error) = self.take_waiting(maildir).await {
                // One mailbox in trouble stops no other; what it holds stays there.
                tracing::error!(mailbox = self.name, %error, "mail can't be taken from the folder now");
                pause = MAILDIR_TROUBLE;
            }
            stop.pause(pause, &tokio::sync::Notify::new()).await;
        }
        Ok(())
    }

    async fn take_waiting(&self, maildir: &Maildir) -> anyhow::Result<()> {
        owner::own_folder(maildir, self.house.store.identity(), now())?;
        let waiting = maildir.waiting()?;
        for chunk in waiting.chunks(CHUNK) {
            let arrived =
                chunk.iter().filter_map(|mail| self.read(maildir, mail).transpose()).collect::<Result<Vec<_>, _>>()?;
            // Another gateway may have been given the folder meanwhile.
            owner::own_folder(maildir, self.house.store.identity(), now())?;
            self.stage(arrived).await?;
            for mail in chunk {
                maildir.settle(mail, Settle::Move)?;
            }
        }
        Ok(())
    }

    fn read(&self, maildir: &Maildir, mail: &Waiting) -> std::result::Result<Option<Arrived>, maildir::MaildirError> {
        let Some(content) = maildir.read(mail, self.limit)? else { return Ok(None) };
        let bytes = match content {
            maildir::Content::Whole(bytes) | maildir::Content::HeaderOnly(bytes) => bytes,
        };
        Ok(Some(Arrived {
            mailbox: self.name.clone(),
            uid_validity: 0,
            uid: mail.uid.clone(),
            size: mail.size,
            arrived_at: plausible(Timestamp::try_from(mail.received_at).ok()),
            bytes,
        }))
    }
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
    use crate::actions::sample;
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

    /// A server with mails 11, 12 and 13 that hangs up whenever 12 is asked for; on as many connections as come.
    async fn odd_server() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                let _ = write.write_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n").await;
                while let Ok(Some(line)) = lines.next_line().await {
                    let Some(answer) = odd_answer(&line) else { break };
                    let _ = write.write_all(answer.as_bytes()).await;
                }
            }
        });
        port
    }

    fn odd_answer(line: &str) -> Option<String> {
        let (tag, command) = line.split_once(' ')?;
        let asked: Vec<u32> = [11, 12, 13].into_iter().filter(|uid| asks_for(command, *uid)).collect();
        let untagged: String = if command.starts_with("SELECT") {
            "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 30] x\r\n".into()
        } else if command.starts_with("UID SEARCH") {
            "* SEARCH 11 12 13\r\n".into()
        } else if command.contains("RFC822.SIZE") {
            asked.iter().map(|uid| format!("* 1 FETCH (UID {uid} RFC822.SIZE 5)\r\n")).collect()
        } else if command.starts_with("UID FETCH") && asked.contains(&12) {
            return None;
        } else if command.starts_with("UID FETCH") {
            asked.iter().map(|uid| format!("* 1 FETCH (UID {uid} BODY[] {{5}}\r\nab:{uid})\r\n")).collect()
        } else {
            String::new()
        };
        Some(format!("{untagged}{tag} OK done\r\n"))
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

    #[tokio::test]
    async fn f21_a_mail_that_a_server_never_gives_does_not_stop_the_others() {
        let office = sample::Office::new();
        let zone = Zone::start([]).unwrap();
        let house = House::empty(&office.store, zone.address());
        let imap = Imap {
            host: "127.0.0.1".into(),
            port: odd_server().await,
            tls: Tls::None,
            ca_file: None,
            user: "gateway".into(),
            auth: Auth::Password("hush".into()),
            folder: "INBOX".into(),
            processed_folder: None,
            poll: Duration::from_secs(60),
        };
        let account = accounts::imap(&imap).unwrap();
        let intake = Intake {
            house,
            firm: office.firm,
            firms: vec![office.firm],
            name: "main".into(),
            limit: 1 << 20,
            stubborn: Mutex::default(),
            moves_rest: Mutex::default(),
        };
        let (_sign, stop) = Stop::new();
        let staged = || {
            let mut uids = office.read(|view| view.staged_uids(office.firm, "main", 7));
            uids.sort_unstable();
            uids
        };
        assert!(intake.session(&account, &imap, &stop).await.is_err());
        assert!(staged().is_empty());
        for came in [vec![11], vec![11, 13]] {
            assert!(intake.session(&account, &imap, &stop).await.is_err());
            assert_eq!(staged(), came);
        }
        // Now it rests.
        let rest = intake.with_stubborn(|stubborn| stubborn.part(&[11, 12, 13], crate::clock::instant()));
        assert_eq!(rest, (vec![11, 13], vec![]));
    }
}
