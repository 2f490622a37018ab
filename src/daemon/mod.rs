//! What runs for ever: one intake per mailbox, one processor for all mail, one sender per firm, one ticker. They share
//! nothing but the store and a bell that says "look again"; each waits for its own kind of trouble without holding up the
//! others. The only module that spawns tasks.
//!
//! ```text
//!  intake (per mailbox) ─► inbox RECEIVED ─► processor: prove, then apply ─► outbox ─► sender (per firm)
//!  ticker: digests, orphaned blobs, the watchdog
//! ```

pub mod accounts;
pub mod intake;
pub mod process;
pub mod sender;
pub mod systemd;
pub mod ticker;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::config::{AuthResults, Config};
use crate::inbound::Desk;
use crate::outbound::gateway::Gateway;
use crate::proof::{Verifier, VerifierSettings};
use crate::store::Store;
use crate::store::firms::Firm;
use crate::{clock, config};

/// How long the tasks may take to end after they were asked to (fault F46: ten seconds in all).
const DRAIN: Duration = Duration::from_secs(9);

/// Asks every task to end; clones hear the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop, and what gives the sign.
    pub fn new() -> (watch::Sender<bool>, Stop) {
        let (sign, stop) = watch::channel(false);
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
    /// The firm's row.
    pub firm: Firm,
    /// What its mail is received with.
    pub desk: Desk,
    /// How its mails leave.
    pub config: config::Firm,
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
    /// Rung when mail was staged; a lost ring costs at most the next look, a second later.
    pub inbox_bell: Notify,
}

impl House {
    /// Opens the store and makes ready what the configuration names.
    pub fn open(config: &Config) -> anyhow::Result<House> {
        let store = Store::open(&config.store)?;
        let resolver = Some(config.resolver.clone()).filter(|servers| !servers.is_empty());
        let verifier = Verifier::new(&VerifierSettings { resolver, ..VerifierSettings::default() })?;
        let mut firms = Vec::new();
        for configured in &config.firms {
            let slug = &configured.slug;
            let firm = store.read(|view| view.firm_by_slug(slug))?;
            let firm = firm.with_context(|| format!("the store knows no firm {slug}; `docketpost init` makes it"))?;
            let desk = Desk { gateway: Gateway::new(configured), mail_bytes: config.limits.mail_bytes };
            firms.push(Served { firm, desk, config: configured.clone(), outbox_bell: Arc::default() });
        }
        let policies = config.mailboxes.iter().filter_map(|m| Some((m.name.clone(), m.auth_results.clone()?)));
        Ok(House { store, verifier, firms, policies: policies.collect(), inbox_bell: Notify::new() })
    }

    /// The firm of this row.
    pub fn served(&self, firm: crate::domain::FirmId) -> Option<&Served> {
        self.firms.iter().find(|s| s.firm.id == firm)
    }

    /// Tells every sender that letters were queued.
    pub fn ring_outbox(&self) {
        self.firms.iter().for_each(|served| served.outbox_bell.notify_one());
    }

    /// What the border of this mailbox may be believed.
    pub fn policy(&self, mailbox: &str) -> Option<&AuthResults> {
        self.policies.iter().find(|(name, _)| name == mailbox).map(|(_, policy)| policy)
    }
}

/// Keeps a second daemon from the same store while it lives (fault F48).
pub struct Lock(#[expect(dead_code, reason = "held, never read")] File);

impl Lock {
    /// Takes the lock, or says who has it.
    pub fn take(store: &Path) -> anyhow::Result<Lock> {
        let path = store.join("daemon.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        if file.try_lock().is_err() {
            bail!("another docketpost daemon runs on {}", store.display());
        }
        Ok(Lock(file))
    }
}

/// True if a daemon holds the lock of this store; a look that makes no file.
pub fn is_running(store: &Path) -> bool {
    let Ok(file) = File::open(store.join("daemon.lock")) else { return false };
    matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
}

/// Runs until SIGTERM or SIGINT, then drains and ends within ten seconds.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (sign, stop) = Stop::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let working = serve(config, stop);
        tokio::pin!(working);
        tokio::select! {
            ended = &mut working => return ended,
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop");
        let _ = sign.send(true);
        working.await
    })?;
    runtime.shutdown_timeout(Duration::from_secs(1));
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
    let systemd = systemd::Systemd::from_environment();
    // The tasks' own sign: given when we are asked to stop, and when one of them ends by itself.
    let (sign, all_stop) = Stop::new();
    let mut tasks = JoinSet::new();
    for mailbox in config.mailboxes.clone() {
        let served = house.firms.iter().find(|s| s.firm.slug == mailbox.firm);
        let firm = served.map(|s| s.firm.id).with_context(|| format!("mailbox {} names no firm", mailbox.name))?;
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
        () = stop.asked() => None,
    };
    systemd.stopping();
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
