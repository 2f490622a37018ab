//! `docketpost audit list` and `status`: what happened, and where things stand. Codes and ids, never what was written.

use anyhow::Result;
use serde_json::json;

use super::show::{moment, table};
use super::{Office, Told};
use crate::sharing::Ability;

/// What happened.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists the last entries, oldest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

/// Lists; only for administrators (FRM-04).
pub fn run(office: &Office, what: &What) -> Result<Told> {
    let What::List { limit } = what;
    office.ask_administrator(Ability::View)?;
    let firm = office.firm.id;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for entry in office.store.read(|s| s.audited(firm, *limit))? {
        let who = match entry.actor {
            Some(person) => office.store.read(|s| s.person(firm, person))?.map(|p| p.name()).unwrap_or_default(),
            None => "docketpost".to_owned(),
        };
        let mail = entry.inbox.map(|q| format!("Q-{q}")).unwrap_or_default();
        let facts: serde_json::Value = serde_json::from_str(&entry.facts).unwrap_or_default();
        objects.push(json!({"seq": entry.seq, "at": entry.at.to_string(), "actor": entry.actor, "name": who,
            "action": entry.action, "mail": mail, "facts": facts}));
        rows.push([entry.seq.to_string(), moment(office, entry.at), who, entry.action, mail, entry.facts]);
    }
    Ok(Told::new(table(["entry", "at", "who", "what", "mail", "facts"], &rows), json!(objects)))
}

/// Where mails and letters stand.
pub fn status(office: &Office) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let firm = office.firm.id;
    let (inbox, outbox) = office.store.read(|s| Ok((s.inbox_counts(firm)?, s.outbox_counts(firm)?)))?;
    let list = |counts: &[(String, u64)]| match counts.is_empty() {
        true => "none".to_owned(),
        false => counts.iter().map(|(state, n)| format!("{n} {}", state.to_lowercase())).collect::<Vec<_>>().join(", "),
    };
    let text = format!(
        "{} ({})\nMails in:  {}\nMails out: {}\n",
        office.firm.name,
        office.firm.slug,
        list(&inbox),
        list(&outbox)
    );
    let object = |counts: Vec<(String, u64)>| counts.into_iter().collect::<std::collections::BTreeMap<_, _>>();
    Ok(Told::new(text, json!({"firm": office.firm.slug, "inbox": object(inbox), "outbox": object(outbox)})))
}
