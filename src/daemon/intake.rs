//! Brings mail from one mailbox into the inbox: it is on disk, and its row committed, before the mailbox is touched.
//! Many mails come in one fetch, are staged in one commit and moved by one command; the mailbox's state is never ours.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::{House, Stop, accounts, now};
use crate::config::{Imap, Mailbox, WayIn};
use crate::domain::{FirmId, InboxId};
use crate::imap::cursor::Cursor;
use crate::imap::{Content, Fetched, ImapAccount, ImapError, Limits, Session, Trouble};
use crate::inbound::Arrived;
use crate::maildir::{self, Maildir, Settle, Waiting};
use crate::store::{Result, StoreError, Tx};

const CHUNK: usize = 50;
/// Mails that are fetched at once are together at most this large, or one: they are in memory until they are staged.
const CHUNK_BYTES: u64 = 50 << 20;
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Log-ins after a refusal: rarely, or the provider locks the account (fault F28).
const REFUSED_PAUSE: Duration = Duration::from_secs(60);
/// How long a server may still take to finish its answer once the daemon was asked to stop (decisions.md 39).
const LAST_WORD: Duration = Duration::from_secs(3);
const MAILDIR_PAUSE: Duration = Duration::from_millis(500);
const MAILDIR_TROUBLE: Duration = Duration::from_secs(10);

/// One mailbox being watched.
struct Intake {
    house: Arc<House>,
    firm: FirmId,
    name: String,
    limit: u64,
}

/// Watches until `stop`.
pub async fn run(house: Arc<House>, firm: FirmId, mailbox: Mailbox, _store: PathBuf, stop: Stop) -> anyhow::Result<()> {
    let limit = house.served(firm).map_or(0, |s| s.desk.mail_bytes);
    let intake = Intake { house, firm, name: mailbox.name.clone(), limit };
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
            Failure::Imap(error) => {
                tracing::warn!(mailbox = self.name, code = error.code(), "the mailbox can't be read now")
            }
            Failure::Store(error) => {
                tracing::error!(mailbox = self.name, %error, "mail can't be stored now; it stays in the mailbox")
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
        let selected = session.select().await?;
        let validity = selected.uid_validity.unwrap_or(0);
        let known = self.house.store.read(|view| view.staged_uids(self.firm, &self.name, validity))?;
        let mut cursor = Cursor::new(selected.uid_validity, known);
        cursor.adopt(selected.uid_validity, selected.uid_next);
        self.tidy(&mut session, imap, validity).await?;
        while !stop.is_asked() {
            let new = session.new_uids(&mut cursor).await?;
            for chunk in new.chunks(CHUNK) {
                for group in session.grouped(chunk, CHUNK_BYTES).await? {
                    self.take(&mut session, &mut cursor, &group, validity).await?;
                }
                self.tidy(&mut session, imap, validity).await?;
                if stop.is_asked() {
                    break;
                }
            }
            if !stop.is_asked() {
                session.wait(stop.asked()).await?;
            }
        }
        session.logout().await;
        Ok(())
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
        staged.iter().chain(&gone?).for_each(|uid| cursor.insert(*uid));
        Ok(())
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
        let kept = tokio::task::spawn_blocking(move || {
            let keep = |mail: Arrived| {
                let sha256 =
                    store.blobs().put(&mail.bytes).map_err(|e| StoreError::Io(store.folder().to_owned(), e))?;
                Ok(mail.staged(sha256))
            };
            mails.into_iter().map(keep).collect::<Result<Vec<_>>>()
        });
        let staged = kept.await.map_err(|e| StoreError::Panicked(e.to_string()))??;
        let firm = self.firm;
        let job = move |tx: &Tx<'_>| {
            let ids = staged.iter().map(|mail| tx.stage(firm, mail, now())).collect::<Result<Vec<_>>>();
            crate::crash_point!("staging");
            ids
        };
        self.house.store.write_soon(job).await?;
        tracing::info!(mailbox = self.name, mails = count, "mail staged");
        self.house.inbox_bell.notify_one();
        Ok(())
    }

    /// Moves what is staged out of the way, all by one command. This is cosmetic: the state is in the store.
    async fn tidy(&self, session: &mut Session, imap: &Imap, validity: u32) -> std::result::Result<(), Failure> {
        let staged = self.house.store.read(|view| view.inbox_unsettled(self.firm, &self.name, 1000))?;
        let here: Vec<(InboxId, u32)> = staged
            .iter()
            .filter(|mail| mail.uid_validity == validity)
            .filter_map(|mail| Some((mail.id, mail.uid.parse().ok()?)))
            .collect();
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
            if error.trouble() == Trouble::Lost {
                return Err(error.into());
            }
        }
        crate::crash_point!("flagged");
        let ids: Vec<InboxId> = here.into_iter().map(|(id, _)| id).collect();
        self.house.store.write_soon(move |tx| tx.set_settled(&ids, now())).await?;
        Ok(())
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
        let waiting = maildir.waiting()?;
        for chunk in waiting.chunks(CHUNK) {
            let arrived =
                chunk.iter().filter_map(|mail| self.read(maildir, mail).transpose()).collect::<Result<Vec<_>, _>>()?;
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

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}
