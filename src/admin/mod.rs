//! What an operator does; one file per command, each with its Args and run(). A command acts as somebody of the firm
//! (`--as`), asks `sharing` through `actions` as a mail would, and is audited so (decisions.md 35). It writes beside the
//! daemon and opens the store for as long as it runs. Nothing here prints or reads the clock; `cli` does.

pub mod assistant;
pub mod audit;
pub mod bill;
pub mod backup;
mod border;
pub mod check;
pub mod clock;
pub mod conversation;
pub mod document;
pub mod event;
pub mod explain;
pub mod find;
pub mod firm;
pub mod folder;
pub mod import;
pub mod inbox;
pub mod ingest;
pub mod init;
pub mod inspect;
pub mod mailbox;
pub mod matter;
pub mod money;
pub mod outbox;
pub mod person;
pub mod purge;
pub mod reply_key;
#[cfg(test)]
mod sample;
pub mod seal;
pub mod share;
pub mod show;
pub mod task;
pub mod time;
pub mod who;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

pub use show::Told;

use crate::actions::{Act, Answer};
use crate::config::Config;
use crate::domain::Kind;
use crate::domain::dates::Locale;
use crate::inbound::limits::Limits;
use crate::outbound::gateway::Gateway;
use crate::outbound::words;
use crate::scan::{Scanner, Verdict};
use crate::sharing::{Ability, Refusal, Thing};
use crate::store::Store;
use crate::store::firms::Firm;
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};

/// What every command is told about whom it is for.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// The configuration.
    pub config: PathBuf,
    /// Slug of the firm; the only one if absent.
    pub firm: Option<String>,
    /// Who acts; the first administrator if absent.
    pub acts_as: Option<String>,
    /// Slug of the only firm in the configuration, for a store that has more.
    pub only_configured: Option<String>,
}

/// A firm's store, and who acts in it.
pub struct Office {
    /// The store.
    pub store: Store,
    /// The firm.
    pub firm: Firm,
    /// Who acts.
    pub actor: Person,
    /// The present moment.
    pub now: Timestamp,
    /// The firm's mail domains, as configured; none where no configuration was read.
    pub domains: Vec<String>,
    /// The firm's addresses, as configured; none where no configuration was read.
    pub gateway: Option<Gateway>,
    /// The virus scanner that the firm's own files pass too, if one is configured.
    pub scanner: Option<Scanner>,
    /// The structure limits of the mails that are read.
    pub limits: Limits,
}

/// A correct "no", in the words of the mails and with its code.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{} ({})", says(*.0, *.1), .0.code())]
pub struct Refused(pub Refusal, pub Locale);

fn says(refusal: Refusal, locale: Locale) -> String {
    match refusal {
        Refusal::NotVisible => "There is nothing of that number that this user may see.".to_owned(),
        other => words::refusal(other, Kind::Matter, locale),
    }
}

impl Office {
    /// Opens the store that the configuration names.
    pub fn open(chosen: &Chosen, now: Timestamp) -> Result<Office> {
        let config = Config::load_offline(&chosen.config)?;
        Office::configured(&config, chosen, now)
    }

    /// Opens the store of this configuration; where that has one firm only, it is meant.
    pub fn configured(config: &Config, chosen: &Chosen, now: Timestamp) -> Result<Office> {
        let only = match config.firms.as_slice() {
            [firm] => Some(firm.slug.clone()),
            _ => None,
        };
        let store = Store::configured(config)?;
        let office = Office::in_store(store, &Chosen { only_configured: only, ..chosen.clone() }, now)?;
        let firm = config.firm(&office.firm.slug);
        let domains = firm.map(|f| f.domains.clone()).unwrap_or_default();
        let scanner = firm.and_then(|f| f.files.clamd.clone()).map(Scanner::new);
        let limits = Limits::up_to(config.limits.mail_bytes);
        Ok(Office { domains, gateway: firm.map(Gateway::new), scanner, limits, ..office })
    }

    /// Opens the store in this folder.
    pub fn in_folder(folder: &Path, chosen: &Chosen, now: Timestamp) -> Result<Office> {
        Office::in_store(Store::open(folder)?, chosen, now)
    }

    fn in_store(store: Store, chosen: &Chosen, now: Timestamp) -> Result<Office> {
        let firm = choose_firm(&store, chosen)?;
        let admin = store.read(|s| s.first_admin(firm.id))?;
        let actor = admin.with_context(|| format!("{} has no administrator", firm.name))?;
        let (domains, limits) = (Vec::new(), Limits::default());
        let mut office = Office { store, firm, actor, now, domains, gateway: None, scanner: None, limits };
        if let Some(text) = &chosen.acts_as {
            let actor = office.user(text).context("--as")?;
            if actor.disabled {
                bail!("--as {text}: this user is disabled");
            }
            office.actor = actor;
        }
        Ok(office)
    }

    /// Does something in one transaction; a refusal is an error with the refusal's words, and stays audited.
    pub fn act<T: Send + 'static>(
        &self,
        cause: &str,
        job: impl FnMut(&Act<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T> {
        let answer = self.try_act(cause, job)?;
        answer.map_err(|refusal| Refused(refusal, self.firm.locale).into())
    }

    /// As [`Office::act`], with the refusal as a value.
    pub fn try_act<T: Send + 'static>(
        &self,
        cause: &str,
        mut job: impl FnMut(&Act<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let (firm, actor, now) = (self.firm.clone(), self.actor.clone(), self.now);
        let cause = format!("command:{cause}:{}", now.as_millisecond());
        self.store.write(move |tx| job(&Act { tx, firm: &firm, actor: &actor, inbox: None, cause: &cause, now }))
    }

    /// Goes on if the actor is an administrator (FRM-03); a no is audited.
    pub fn ask_administrator(&self, ability: Ability) -> Result<()> {
        let asked = self.act("settings", move |act| administrator(act, ability));
        asked.map_err(|error| match error.is::<Refused>() {
            true => error.context("this takes an administrator"),
            false => error,
        })
    }

    /// Has the virus scanner, if there is one, look at a file of the firm's own; or why it may not be filed. Not to be
    /// asked while a transaction is open.
    pub fn passes(&self, bytes: &[u8]) -> std::result::Result<(), String> {
        match self.scanner.as_ref().map(|scanner| scanner.scan(bytes, self.now)) {
            None | Some(Ok(Verdict::Clean)) => Ok(()),
            Some(Ok(Verdict::Infected(found))) => Err(format!("not filed: the virus scanner found {found} in it")),
            Some(Err(error)) => Err(format!("not filed: {error}")),
        }
    }

    /// Keeps a file of the firm's own, if it passes.
    pub fn keep(&self, file: &Path, bytes: &[u8]) -> Result<String> {
        self.passes(bytes).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
        self.store.blobs().put(bytes).context("the file can't be kept")
    }

    /// May the actor do this?
    pub fn may(&self, ability: Ability, subject: Subject) -> Result<bool> {
        let verdict = self
            .store
            .read(|s| s.ask_about(self.firm.id, self.actor.id, ability, subject, Circumstances::default(), self.now))?;
        Ok(verdict.is_allowed())
    }
}

/// Asks, in an open transaction, whether the actor may see or change what is the administrators' (FRM-03, FRM-04).
pub fn administrator(act: &Act<'_>, ability: Ability) -> Answer<()> {
    act.ask_about(ability, Subject::Other(Thing::Settings, None), Circumstances::default())
}

fn choose_firm(store: &Store, chosen: &Chosen) -> Result<Firm> {
    let firms = store.read(|s| s.firms())?;
    let slug = chosen.firm.as_deref();
    if slug.is_none()
        && let Some(only) = firms.iter().find(|f| Some(&f.slug) == chosen.only_configured.as_ref())
    {
        return Ok(only.clone());
    }
    let slugs = firms.iter().map(|f| f.slug.as_str()).collect::<Vec<_>>().join(", ");
    match slug {
        Some(slug) => {
            let found = firms.iter().find(|f| f.slug == slug).cloned();
            found.with_context(|| format!("--firm {slug}: the store has no such firm (it has: {slugs})"))
        }
        None => match <[Firm; 1]>::try_from(firms) {
            Ok([firm]) => Ok(firm),
            Err(none) if none.is_empty() => bail!("the store has no firm yet; `docketpost init` makes one"),
            Err(_) => bail!("the store has several firms; say which with --firm ({slugs})"),
        },
    }
}
