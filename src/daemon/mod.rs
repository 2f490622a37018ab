//! What runs for ever: one intake per mailbox, one processor for all mail, one sender per firm, one ticker. They share
//! nothing but the store and a bell that says "look again"; each waits for its own kind of trouble without holding up the
//! others. The only module that spawns tasks.
//!
//! ```text
//!  intake (per mailbox) ─► inbox RECEIVED ─► processor: prove, then apply ─► outbox ─► sender (per firm)
//!                                                           └ DNS and the virus scanner are waited for beside it
//!  ticker: digests, orphaned blobs, the watchdog
//! ```

pub mod accounts;
pub mod intake;
pub mod owner;
pub mod process;
pub mod sender;
pub mod systemd;
pub mod ticker;
pub mod watch;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Resource, getrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch as sign};
use tokio::task::JoinSet;

use crate::config::{AuthResults, Config};
use crate::domain::{FirmId, InboxId};
use crate::inbound::Desk;
use crate::outbound::gateway::Gateway;
use crate::proof::{Verifier, VerifierSettings};
use crate::scan::Scanner;
use crate::store::Store;
use crate::{clock, config};

/// How long the tasks may take to end after they were asked to (fault F46: ten seconds in all).
const DRAIN: Duration = Duration::from_secs(9);

/// With fewer open files than this, not all tasks can work at a time.
const FEW_FILES: u64 = 64;

/// Why a daemon ends whose disk failed: a flush is never tried twice, the next start looks whether all is whole (fault F36).
const BROKEN: &str = "the disk failed, or the store can't be written any more; the next start checks it";

/// Asks every task to end; clones hear the same.
#[derive(Clone, Debug)]
pub struct Stop(sign::Receiver<bool>);

impl Stop {
    /// A stop, and what gives the sign.
    pub fn new() -> (sign::Sender<bool>, Stop) {
        let (sign, stop) = sign::channel(false);
        (sign, Stop(stop))
    }

    /// Ends when the sign was given.
    pub async fn asked(&self) {
        let mut stop = self.0.clone();
        // A sign that can no longer be given is as good as given.
        let _ = stop.wait_for(|asked| *asked).await;
    }

    /// True once the sign was given.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits for `pause`, for `bell`, or for the sign.
    pub async fn pause(&self, pause: Duration, bell: &Notify) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = bell.notified() => {}
            () = self.asked() => {}
        }
    }
}

/// A firm as the daemon serves it.
#[derive(Clone, Debug)]
pub struct Served {
    /// Which firm; its row is read anew each time, since `docketpost firm change` runs beside the daemon.
    pub firm: FirmId,
    /// What its mail is received with.
    pub desk: Desk,
    /// How its mails leave.
    pub config: config::Firm,
    /// What its files pass before they are filed.
    pub scanner: Option<Arc<Scanner>>,
    /// Rung when letters were queued.
    pub outbox_bell: Arc<Notify>,
}

/// Everything that the tasks share.
pub struct House {
    /// The store.
    pub store: Store,
    /// Proves who wrote.
    pub verifier: Verifier,
    /// The firms.
    pub firms: Vec<Served>,
    /// What each mailbox's border may be believed, by mailbox.
    pub policies: Vec<(String, AuthResults)>,
    /// Mails whose last attempt failed for want of disk, not by their fault: the next one is not counted (fault F35).
    pub spared: Mutex<BTreeSet<InboxId>>,
    /// What was seen of the clock.
    pub clock: Mutex<watch::Seen>,
    /// Held by whoever looks at it.
    pub clock_turn: tokio::sync::Mutex<()>,
    /// Rung when mail was staged; a lost ring costs at most the next look, a second later.
    pub inbox_bell: Notify,
}

impl House {
    /// Opens the store and makes ready what the configuration names.
    pub fn open(config: &Config) -> anyhow::Result<House> {
        let store = Store::configured(config)?;
        let resolver = Some(config.resolver.clone()).filter(|servers| !servers.is_empty());
        let verifier = Verifier::new(&VerifierSettings { resolver, ..VerifierSettings::default() })?;
        let mut firms: Vec<Served> = Vec::new();
        for configured in &config.firms {
            let slug = &configured.slug;
            let firm = store.read(|view| view.firm_by_slug(slug))?;
            let firm = firm.with_context(|| format!("the store knows no firm {slug}; `docketpost init` makes it"))?;
            let desk = Desk { files: configured.files.rules, ..Desk::new(Gateway::new(configured), config.limits) };
            let scanner = configured.files.clamd.clone().map(|clamd| Arc::new(Scanner::new(clamd)));
            let config = configured.clone();
            firms.push(Served { firm: firm.id, desk, config, scanner, outbox_bell: Arc::default() });
        }
        let at: Vec<_> = firms.iter().map(|s| (s.firm, s.config.address.clone())).collect();
        for served in &mut firms {
            let same = at.iter().filter(|(firm, address)| *firm != served.firm && *address == served.config.address);
            served.desk.neighbours = same.map(|(firm, _)| *firm).collect();
        }
        let policies = config.mailboxes.iter().filter_map(|m| Some((m.name.clone(), m.auth_results.clone()?)));
        Ok(House {
            store,
            verifier,
            firms,
            policies: policies.collect(),
            spared: Mutex::default(),
            clock: Mutex::default(),
            clock_turn: tokio::sync::Mutex::default(),
            inbox_bell: Notify::new(),
        })
    }

    /// One that serves no firm, and asks this name server for keys.
    #[cfg(test)]
    fn empty(store: &Store, resolver: std::net::SocketAddr) -> Arc<House> {
        let settings = VerifierSettings { resolver: Some(vec![resolver]), ..VerifierSettings::default() };
        Arc::new(House {
            store: store.clone(),
            verifier: Verifier::new(&settings).unwrap(),
            firms: Vec::new(),
            policies: Vec::new(),
            spared: Mutex::default(),
            clock: Mutex::default(),
            clock_turn: tokio::sync::Mutex::default(),
            inbox_bell: Notify::new(),
        })
    }

    /// The rows of the firms that are served.
    pub fn firm_ids(&self) -> Vec<FirmId> {
        self.firms.iter().map(|served| served.firm).collect()
    }

    /// The firm of this row.
    pub fn served(&self, firm: FirmId) -> Option<&Served> {
        self.firms.iter().find(|s| s.firm == firm)
    }

    /// Tells every sender that letters were queued.
    pub fn ring_outbox(&self) {
        self.firms.iter().for_each(|served| served.outbox_bell.notify_one());
    }

    /// What the border of this mailbox may be believed at this moment.
    pub fn policy(&self, mailbox: &str, at: jiff::Timestamp) -> crate::store::Result<Option<&AuthResults>> {
        let policy = self.policies.iter().find(|(name, _)| name == mailbox).map(|(_, policy)| policy);
        self.store.read(|view| view.believed(mailbox, policy, at))
    }
}

/// Keeps a second daemon from the same store while it lives (fault F48).
pub struct Lock(#[expect(dead_code, reason = "held, never read")] File);

impl Lock {
    /// Takes the lock, or says who has it.
    pub fn take(store: &Path) -> anyhow::Result<Lock> {
        // The folder itself, not a file in it, which somebody may remove while it is locked.
        let folder = File::open(store).with_context(|| store.display().to_string())?;
        if folder.try_lock().is_err() {
            bail!("another docketpost daemon runs on {}", store.display());
        }
        Ok(Lock(folder))
    }
}

/// True if a daemon holds the lock of this store.
pub fn is_running(store: &Path) -> bool {
    let Ok(folder) = File::open(store) else { return false };
    matches!(folder.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
}

/// Runs until SIGTERM or SIGINT, then drains and ends within ten seconds. At SIGHUP the configuration is read again by
/// `reload`: a good one is served from then on, between two mails; with a bad one nothing changes (fault F47).
pub fn run<E: Display>(config: Config, reload: impl Fn() -> Result<Config, E>) -> anyhow::Result<()> {
    tell_of_few_files();
    // A thread that works with the disk is kept until the next look, which may be ten seconds later.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().thread_keep_alive(Duration::from_secs(60)).build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let systemd = systemd::Systemd::from_environment();
        let mut config = config;
        loop {
            let (sign, stop) = Stop::new();
            let served = config.clone();
            let working = serve(&served, stop);
            tokio::pin!(working);
            let next = loop {
                tokio::select! {
                    ended = &mut working => return ended,
                    _ = terminate.recv() => break None,
                    _ = interrupt.recv() => break None,
                    _ = hangup.recv() => {}
                }
                systemd.reloading();
                let read = reload().map_err(|e| e.to_string());
                match read.and_then(|new| House::open(&new).map(|_| new).map_err(|e| format!("{e:#}"))) {
                    Ok(new) => break Some(new),
                    Err(error) => tracing::error!(error, "the new configuration is not used; the old one stays"),
                }
                systemd.ready();
            };
            match next {
                Some(_) => tracing::info!("the new configuration is taken up"),
                None => {
                    // Said at an end alone: systemd kills what says so and goes on.
                    systemd.stopping();
                    tracing::info!("asked to stop");
                }
            }
            let _ = sign.send(true);
            working.await?;
            match next {
                Some(new) => config = new,
                None => return Ok(()),
            }
        }
    })?;
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(())
}

/// Below such a limit it works as long as it can; what then fails seldom says that this is why (fault F50).
fn tell_of_few_files() {
    if let Some(most) = getrlimit(Resource::Nofile).current.filter(|most| *most < FEW_FILES) {
        tracing::error!(
            most,
            "so few files and connections may be open at a time that mails will wait, or the start fail: allow 256 or more \
             (LimitNOFILE= of systemd, ulimit -n)"
        );
    }
}

/// Mail of a firm that the configuration no longer names waits for as long as that is so.
fn tell_of_unserved(house: &House) -> crate::store::Result<()> {
    for (firm, mails) in house.store.read(|view| view.inbox_of_others(&house.firm_ids()))? {
        tracing::warn!(firm, mails, "mail waits for a firm that the configuration does not name; nobody serves it");
    }
    Ok(())
}

/// Serves the configured firms until `stop`.
pub async fn serve(config: &Config, stop: Stop) -> anyhow::Result<()> {
    let house = Arc::new(House::open(config)?);
    let _lock = Lock::take(&config.store)?;
    let recovered = house.store.write(|tx| tx.recover_sending())?;
    if recovered > 0 {
        tracing::warn!(letters = recovered, "letters of unknown outcome will be sent again, as they were");
    }
    let cut_off = house.store.read(|view| view.inbox_cut_off())?;
    if cut_off > 0 {
        tracing::warn!(
            mails = cut_off,
            "the last run was cut off in the midst of these mails, as by a crash or for want of memory; they are tried one \
             by one"
        );
    }
    tell_of_unserved(&house)?;
    let systemd = systemd::Systemd::from_environment();
    // The tasks' own sign: given when we are asked to stop, and when one of them ends by itself.
    let (sign, all_stop) = Stop::new();
    let mut tasks = JoinSet::new();
    for mailbox in config.mailboxes.clone() {
        let served = house.firms.iter().find(|s| s.config.slug == mailbox.firm);
        let firm = served.map(|s| s.firm).with_context(|| format!("mailbox {} names no firm", mailbox.name))?;
        tasks.spawn(intake::run(Arc::clone(&house), firm, mailbox, config.store.clone(), all_stop.clone()));
    }
    for served in house.firms.clone() {
        tasks.spawn(sender::run(Arc::clone(&house), served, config.store.clone(), all_stop.clone()));
    }
    tasks.spawn(process::run(Arc::clone(&house), all_stop.clone()));
    tasks.spawn(ticker::run(Arc::clone(&house), systemd.interval(), all_stop.clone()));
    systemd.ready();
    tracing::info!(firms = house.firms.len(), mailboxes = config.mailboxes.len(), "docketpost is ready");
    let ended = tokio::select! {
        first = tasks.join_next() => first,
        () = house.store.broken() => Some(Ok(Err(anyhow::anyhow!("{BROKEN}")))),
        () = stop.asked() => None,
    };
    let _ = sign.send(true);
    // Whatever ended first, the others finish what they have in hand: a task that is dropped leaves a letter in doubt.
    let drained = tokio::time::timeout(DRAIN, async { while tasks.join_next().await.is_some() {} });
    if drained.await.is_err() {
        tracing::warn!("some work was cut off; it goes on at the next start");
    }
    match ended {
        Some(Ok(Err(error))) => Err(error),
        Some(Err(error)) => Err(error.into()),
        _ => Ok(()),
    }
}

/// The present moment; everything below gets it as an argument.
pub(crate) fn now() -> jiff::Timestamp {
    clock::now()
}
