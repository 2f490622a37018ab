//! What `#get` brings: the files behind a document, a bill or a whole folder, those that the reader may have and no others;
//! and which of them go into which mail. It decides no right, it asks; and it is asked again when each mail leaves.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::letter::Piece;
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::sharing::Ability;
use crate::store::{Result, Snapshot};

/// All files of one mail together are at most this large, in bytes; most mail servers take 25 MB with the encoding.
pub const LARGEST: u64 = 20_000_000;
/// How deep folders are followed, and how many documents of one are looked at.
const DEEPEST: usize = 64;
const MOST: usize = 5000;
/// At most so many mails answer one.
const MOST_MAILS: usize = 20;

/// A file that may be sent: which, where it lies below the folder that was asked for, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Which.
    pub piece: Piece,
    /// The folders below the one that was asked for.
    pub folders: Vec<String>,
    /// Bytes.
    pub size: u64,
}

/// The documents in a folder and in the folders below it that this person may have, as they are now.
pub fn in_folder(
    view: &Snapshot<'_>,
    firm: FirmId,
    person: PersonId,
    folder: Item,
    now: Timestamp,
) -> Result<Vec<Content>> {
    let mut found = Vec::new();
    let mut waiting = vec![(folder, Vec::new())];
    let mut seen = BTreeSet::new();
    while let Some((here, path)) = waiting.pop() {
        if !seen.insert(here) || found.len() >= MOST || path.len() > DEEPEST {
            continue;
        }
        for document in view.documents_in_folder(firm, here.id)? {
            let item = document.item();
            if !view.ask(firm, person, Ability::Download, item, now)?.is_allowed() {
                continue;
            }
            if let Some(version) = view.current_version(firm, item.id)? {
                let piece = Piece { asked: folder, item, version: Some(version.number) };
                found.push(Content { piece, folders: path.clone(), size: version.size });
            }
        }
        for below in view.folder_children(firm, here.id)?.into_iter().rev() {
            if view.ask(firm, person, Ability::View, below.item(), now)?.is_allowed() {
                let path = path.iter().cloned().chain([below.name.clone()]).collect();
                waiting.push((below.item(), path));
            }
        }
    }
    Ok(found)
}

/// What is behind one thing that was asked for; nothing if it has no file.
pub fn contents(
    view: &Snapshot<'_>,
    firm: FirmId,
    person: PersonId,
    asked: Item,
    version: Option<u32>,
    now: Timestamp,
) -> Result<Vec<Content>> {
    let one = |version, size| vec![Content { piece: Piece { asked, item: asked, version }, folders: Vec::new(), size }];
    Ok(match asked.kind {
        Kind::Folder => in_folder(view, firm, person, asked, now)?,
        Kind::Document => {
            let wanted = match version {
                Some(number) => view.version(firm, asked.id, number)?,
                None => view.current_version(firm, asked.id)?,
            };
            wanted.map(|v| one(Some(v.number), v.size)).unwrap_or_default()
        }
        Kind::Bill => {
            let pdf = view.bill(firm, asked.id)?.and_then(|bill| bill.pdf);
            pdf.map(|pdf| one(None, pdf.size)).unwrap_or_default()
        }
        _ => Vec::new(),
    })
}

/// Parts what was asked for into mails, in its order; none if one mail carries it all. What no mail can carry is in none
/// of them.
pub fn parts(contents: &[Content]) -> Vec<Vec<Piece>> {
    let mut parts: Vec<Vec<Piece>> = Vec::new();
    let mut room = 0_u64;
    for content in contents.iter().filter(|c| c.size <= LARGEST) {
        if content.size > room {
            parts.push(Vec::new());
            room = LARGEST;
        }
        room = room.saturating_sub(content.size);
        if let Some(part) = parts.last_mut() {
            part.push(content.piece);
        }
    }
    if parts.len() > 1 { parts } else { Vec::new() }
}

/// True if so many mails are too many for one answer.
pub const fn are_too_many(mails: usize) -> bool {
    mails > MOST_MAILS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(id: i64, size: u64) -> Content {
        let item = Item::new(Kind::Document, id);
        Content { piece: Piece { asked: item, item, version: Some(1) }, folders: Vec::new(), size }
    }

    #[test]
    fn files_are_parted_into_mails_in_their_order_and_none_is_too_large() {
        let sizes = [9_000_000, 9_000_000, 9_000_000, 30_000_000, LARGEST, 1];
        let all: Vec<Content> = (1..).zip(sizes).map(|(id, size)| content(id, size)).collect();
        let parts = parts(&all);
        let ids: Vec<Vec<i64>> = parts.iter().map(|part| part.iter().map(|p| p.item.id).collect()).collect();
        assert_eq!(ids, [vec![1, 2], vec![3], vec![5], vec![6]]);
        assert!(super::parts(&all[..2]).is_empty(), "one mail carries them");
    }
}
