//! What happened, in order, each row bound to the one before by its hash; nothing is ever changed or taken out.

use jiff::Timestamp;
use rusqlite::named_params;
use sha2::{Digest, Sha256};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, InboxId, Item, Kind, PersonId};

/// One thing that happened. `facts` holds codes and ids, never bodies or secrets.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who did it; none: the program itself.
    pub actor: Option<PersonId>,
    /// What: `share`, `task.complete`, `refused` …
    pub action: &'static str,
    /// To what.
    pub thing: Option<Item>,
    /// By which mail.
    pub inbox: Option<InboxId>,
    /// Codes, ids, before and after.
    pub facts: serde_json::Value,
}

impl Entry {
    /// An entry with no facts yet.
    pub fn new(actor: Option<PersonId>, action: &'static str) -> Entry {
        Entry { actor, action, thing: None, inbox: None, facts: serde_json::json!({}) }
    }

    /// Says to what.
    pub fn on(self, thing: Item) -> Entry {
        Entry { thing: Some(thing), ..self }
    }

    /// Says by which mail.
    pub fn by(self, inbox: Option<InboxId>) -> Entry {
        Entry { inbox, ..self }
    }

    /// Adds codes and ids.
    pub fn with(self, facts: serde_json::Value) -> Entry {
        Entry { facts, ..self }
    }
}

/// A row of the log, as lists show it.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Order.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Option<PersonId>,
    /// What.
    pub action: String,
    /// To what.
    pub thing: Option<Item>,
    /// By which mail.
    pub inbox: Option<InboxId>,
    /// Codes and ids (JSON).
    pub facts: String,
}

/// Which entries are wanted; what is none asks for nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Who did it, or with whom it was done.
    pub person: Option<PersonId>,
    /// To what.
    pub thing: Option<Item>,
    /// Not before.
    pub since: Option<Timestamp>,
}

impl Tx<'_> {
    /// Writes an entry.
    pub fn audit(&self, firm: FirmId, entry: &Entry, now: Timestamp) -> Result<()> {
        let previous: String =
            self.one("SELECT hash FROM audit_log ORDER BY seq DESC LIMIT 1", [], |r| r.get(0))?.unwrap_or_default();
        let facts = entry.facts.to_string();
        let kind = entry.thing.map(|t| t.kind.stored());
        let item = entry.thing.map(|t| t.id);
        let text =
            serde_json::json!([previous, firm, at(now), entry.actor, entry.action, kind, item, entry.inbox, facts]);
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(text.to_string()));
        self.run(
            "INSERT INTO audit_log (firm_id, at, actor_id, action, kind, item_id, inbox_id, facts, previous_hash, hash)
             VALUES (:firm, :at, :actor, :action, :kind, :item, :inbox, :facts, :previous, :hash)",
            named_params! {":firm": firm.0, ":at": at(now), ":actor": entry.actor.map(|p| p.0), ":action": entry.action,
            ":kind": kind, ":item": item, ":inbox": entry.inbox.map(|i| i.0), ":facts": facts, ":previous": previous, ":hash": hash},
        )?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// The last `limit` entries of a firm, oldest first.
    pub fn audited(&self, firm: FirmId, limit: u32) -> Result<Vec<Logged>> {
        self.audited_about(firm, Wanted::default(), limit)
    }

    /// The last `limit` entries of a firm that are wanted, oldest first.
    pub fn audited_about(&self, firm: FirmId, wanted: Wanted, limit: u32) -> Result<Vec<Logged>> {
        let mut found = self.all(
            "SELECT seq, at, actor_id, action, inbox_id, facts, kind, item_id FROM audit_log WHERE firm_id = :firm
               AND (:person IS NULL OR actor_id = :person OR EXISTS (SELECT 1 FROM json_each(facts) j
                 WHERE j.key IN ('with', 'from', 'to', 'of', 'person', 'user') AND j.type = 'integer' AND j.value = :person))
               AND (:kind IS NULL OR (kind = :kind AND item_id = :item)) AND (:since IS NULL OR at >= :since)
             ORDER BY seq DESC LIMIT :limit",
            named_params! {":firm": firm.0, ":person": wanted.person.map(|p| p.0), ":kind": wanted.thing.map(|t| t.kind.stored()),
            ":item": wanted.thing.map(|t| t.id), ":since": wanted.since.map(at), ":limit": limit},
            |r| {
                let kind: Option<String> = r.get(6)?;
                let item: Option<i64> = r.get(7)?;
                Ok(Logged {
                    seq: r.get(0)?,
                    at: moment(r.get(1)?),
                    actor: r.get::<_, Option<i64>>(2)?.map(PersonId),
                    action: r.get(3)?,
                    thing: kind.as_deref().and_then(Kind::from_stored).zip(item).map(|(kind, id)| Item::new(kind, id)),
                    inbox: r.get::<_, Option<i64>>(4)?.map(InboxId),
                    facts: r.get(5)?,
                })
            },
        )?;
        found.reverse();
        Ok(found)
    }
}
