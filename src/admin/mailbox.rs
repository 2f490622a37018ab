//! `docketpost mailbox take`: gives a mailbox to this store, which another gateway had: after a restore from a backup, or
//! a move to another host (fault F49). It writes a note in the mailbox and touches no mail.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{Chosen, Office, Told, administrator};
use crate::allowed;
use crate::config::Config;
use crate::daemon::owner;
use crate::sharing::Ability;
use crate::store::audit::Entry;

/// What to do with a mailbox.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Let this gateway take a mailbox's mail, which another one took until now; stop that one first
    Take {
        /// The mailbox's name in the configuration
        name: String,
    },
}

/// Does it; only for administrators.
pub fn run(chosen: &Chosen, what: &What, now: jiff::Timestamp) -> Result<Told> {
    let What::Take { name } = what;
    let config = Config::load(&chosen.config)?;
    let mailbox = config.mailboxes.iter().find(|mailbox| mailbox.name == *name);
    let mailbox = mailbox.with_context(|| {
        let names: Vec<&str> = config.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
        format!("the configuration has no mailbox {name} (it has: {})", names.join(", "))
    })?;
    let firm = Some(mailbox.firm.clone());
    let office = Office::configured(&config, &Chosen { firm, ..chosen.clone() }, now)?;
    office.ask_administrator(Ability::Edit)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = runtime.block_on(owner::take(mailbox, office.store.identity(), now))?;
    let shown: Vec<String> = before.iter().map(|identity| owner::short(identity)).collect();
    let facts = json!({"mailbox": name, "stores_before": shown});
    office.act("mailbox take", move |act| {
        allowed!(administrator(act, Ability::Edit));
        act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "mailbox.take").with(facts.clone()), act.now)?;
        Ok(Ok(()))
    })?;
    let ours = owner::short(office.store.identity());
    let text = match shown.as_slice() {
        [] => format!("The mailbox {name} is this store's ({ours}); no other had it.\n"),
        _ => format!(
            "The mailbox {name} is this store's now ({ours}). It was taken from {}, which takes nothing more from it: \
             stop that gateway for good.\n",
            shown.join(", ")
        ),
    };
    Ok(Told::new(text, json!({"mailbox": name, "store": ours, "stores_before": shown})))
}
