//! Where to look for what a person may be shown: every thing of a kind that a grant could reach, found through shares,
//! assignments, attendances, memberships and authorship. It decides nothing: each thing is to be asked about.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::sharing::Ability;
use crate::store::{Result, Snapshot};

/// How deep folders are followed.
const DEEPEST: u32 = 64;

/// The things of `kind` that a contact might see now, each once, in no order that matters.
pub fn candidates(
    view: &Snapshot<'_>,
    firm: FirmId,
    person: PersonId,
    kind: Kind,
    now: Timestamp,
) -> Result<Vec<Item>> {
    let found = match kind {
        Kind::Matter | Kind::Bill => {
            view.live_shares(firm, person, now)?.iter().map(|s| s.item).filter(|i| i.kind == kind).collect()
        }
        Kind::Task => view.tasks_assigned_to(firm, person)?.iter().map(|t| t.item()).collect(),
        Kind::Event => view.events_of(firm, person)?.iter().map(|e| e.item()).collect(),
        Kind::Conversation => view.conversations_of(firm, person, now)?.iter().map(|c| c.item()).collect(),
        Kind::TimeEntry => view.time_entries_of(firm, person, Date::MIN)?.iter().map(|e| e.item()).collect(),
        Kind::Note | Kind::Communication => of_shared_matters(view, firm, person, kind, now)?,
        Kind::Document | Kind::Folder => filed(view, firm, person, kind, now)?,
    };
    Ok(found)
}

/// The matters that are shared with a person now.
pub fn matters(view: &Snapshot<'_>, firm: FirmId, person: PersonId, now: Timestamp) -> Result<Vec<Item>> {
    let mut shared = Vec::new();
    for matter in candidates(view, firm, person, Kind::Matter, now)? {
        if view.ask(firm, person, Ability::View, matter, now)?.is_allowed() {
            shared.push(matter);
        }
    }
    Ok(shared)
}

fn of_shared_matters(
    view: &Snapshot<'_>,
    firm: FirmId,
    person: PersonId,
    kind: Kind,
    now: Timestamp,
) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for matter in matters(view, firm, person, now)? {
        if kind == Kind::Note {
            found.extend(view.notes_of_matter(firm, matter.id)?.iter().map(|n| n.item()));
        } else {
            found.extend(view.communications_of_matter(firm, matter.id)?.iter().map(|c| c.item()));
        }
    }
    Ok(found)
}

/// Shared documents and folders, what lies in the folders, and the person's drop folders of shared matters (decisions.md 22).
fn filed(view: &Snapshot<'_>, firm: FirmId, person: PersonId, kind: Kind, now: Timestamp) -> Result<Vec<Item>> {
    let shares = view.live_shares(firm, person, now)?;
    let mut documents: BTreeSet<Item> = shares.iter().map(|s| s.item).filter(|i| i.kind == Kind::Document).collect();
    let mut level: Vec<Item> = shares.iter().map(|s| s.item).filter(|i| i.kind == Kind::Folder).collect();
    for matter in matters(view, firm, person, now)? {
        level.extend(view.drop_folder(firm, matter.id, person)?.map(|f| f.item()));
    }
    let mut folders = BTreeSet::new();
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for folder in level {
            if folders.insert(folder) {
                documents.extend(view.documents_in_folder(firm, folder.id)?.iter().map(|d| d.item()));
                next.extend(view.folder_children(firm, folder.id)?.iter().map(|f| f.item()));
            }
        }
        level = next;
    }
    Ok(if kind == Kind::Folder { folders } else { documents }.into_iter().collect())
}
