//! Documents: uploaded by co-counsel into shared folders or their own drop folder of the matter, given new versions, never changed
//! (DOC-05–10, DOC-17). Same content and same names are looked for only among what the actor can see, so that nothing
//! tells what others filed (decisions.md 22).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Act, Answer};
use crate::domain::{Item, Kind, PersonId};
use crate::outbound::letter::{FiledVersion, Filing, Letter};
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::documents::{Folder, NewDocument, NewFolder, NewVersion};
use crate::store::threads::About;

/// The deepest that folders are looked through.
const MOST_FOLDERS: usize = 64;
/// The most numbers tried to tell a name from others.
const MOST_NAMES: u32 = 1000;

/// A file whose blob is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its safe name.
    pub name: String,
    /// Its type, as sniffed.
    pub mime: String,
    /// Blob.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// Where a file is to be filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this folder.
    Folder(Item),
    /// On this matter. Co-counsel: in the one folder of it that is shared with them, else in their drop folder; the firm:
    /// at the top.
    Matter(i64),
}

/// What filing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// The document and its version.
    pub filed: FiledVersion,
    /// As what.
    pub how: Filing,
}

/// Where exactly: a matter, and a folder of it or its top.
#[derive(Clone, Copy)]
struct Spot {
    matter: i64,
    folder: Option<i64>,
}

/// Files a new document under `name`; content that is already there is not filed again (DOC-05, DOC-06).
pub fn upload(act: &Act<'_>, place: Place, file: &File, name: &str) -> Answer<Filed> {
    let place = settle(act, place)?;
    let item = match place {
        Place::Folder(folder) => folder,
        Place::Matter(matter) => Item::new(Kind::Matter, matter),
    };
    allowed!(act.ask(Ability::Upload, item));
    if name != file.name {
        allowed!(act.ask(Ability::NameAtUpload, item));
    }
    let Some(spot) = spot(act, place)? else { return Ok(Err(Refusal::NotVisible)) };
    Ok(Ok(file_new(act, spot, file, name)?))
}

fn file_new(act: &Act<'_>, spot: Spot, file: &File, name: &str) -> Result<Filed> {
    if let Some(known) = same_content(act, spot, &file.sha256)? {
        return Ok(Filed { filed: known, how: Filing::Same });
    }
    let new = NewDocument {
        matter: spot.matter,
        folder: spot.folder,
        name: unused_name(act, spot, name)?,
        category: String::new(),
        first: version_of(act, file),
    };
    let document = act.tx.add_document(act.firm.id, &new, act.now)?;
    act.audit("document.upload", document, json!({"version": 1}))?;
    Ok(Filed { filed: FiledVersion { document, version: 1 }, how: Filing::New })
}

/// A file of a folder upload, and the folders above it, outermost first.
pub type Placed<'f> = (&'f [String], &'f File);

/// What a folder upload came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The folder that the files lie in.
    pub top: Item,
    /// How many folders there are below it.
    pub folders: usize,
    /// The files, in their order.
    pub filed: Vec<Filed>,
}

/// Files the files of a folder upload under `path`, their folders kept; folders that are missing are made (DOC-08).
pub fn upload_tree(act: &Act<'_>, place: Place, path: &[String], files: &[Placed<'_>]) -> Answer<Tree> {
    let place = settle(act, place)?;
    let item = match place {
        Place::Folder(folder) => folder,
        Place::Matter(matter) => Item::new(Kind::Matter, matter),
    };
    allowed!(act.ask(Ability::UploadFolder, item));
    let Some(spot) = spot(act, place)? else { return Ok(Err(Refusal::NotVisible)) };
    let mut known = BTreeMap::new();
    let top = match allowed!(folders_down(act, spot, path, &mut known)).folder {
        Some(row) => Item::new(Kind::Folder, row),
        None => return Ok(Err(Refusal::FoldersByUploadOnly)),
    };
    let (above, mut filed) = (known.len(), Vec::new());
    for (folders, file) in files {
        let whole: Vec<String> = path.iter().chain(*folders).cloned().collect();
        let spot = allowed!(folders_down(act, spot, &whole, &mut known));
        filed.push(file_new(act, spot, file, &file.name)?);
    }
    Ok(Ok(Tree { top, folders: known.len().saturating_sub(above), filed }))
}

/// Goes down a path of folders from `spot`, making those that the actor does not see there.
fn folders_down(act: &Act<'_>, spot: Spot, path: &[String], known: &mut BTreeMap<Vec<String>, i64>) -> Answer<Spot> {
    let (mut here, mut so_far) = (spot, Vec::new());
    for name in path {
        so_far.push(name.to_lowercase());
        let row = match known.get(&so_far) {
            Some(row) => *row,
            None => {
                let row = allowed!(folder_here(act, here, name));
                known.insert(so_far.clone(), row);
                row
            }
        };
        here = Spot { folder: Some(row), ..here };
    }
    Ok(Ok(here))
}

fn folder_here(act: &Act<'_>, spot: Spot, name: &str) -> Answer<i64> {
    let beside = match spot.folder {
        Some(folder) => act.tx.folder_children(act.firm.id, folder)?,
        None => act.tx.folders_of_matter(act.firm.id, spot.matter)?,
    };
    let called = |f: &&Folder| f.parent == spot.folder && !f.is_drop && f.name.to_lowercase() == name.to_lowercase();
    for folder in beside.iter().filter(called) {
        if act.sees(folder.item())? {
            allowed!(act.ask(Ability::Upload, folder.item()));
            return Ok(Ok(folder.id));
        }
    }
    let new = NewFolder { matter: spot.matter, parent: spot.folder, name: name.to_owned(), locked: false };
    let made = act.tx.add_uploaded_folder(act.firm.id, &new, act.actor.id, act.now)?;
    act.audit("folder.create", made, json!({}))?;
    Ok(Ok(made.id))
}

/// Makes a folder for the firm, on a matter or in another folder of it.
pub fn add_folder(act: &Act<'_>, matter: i64, parent: Option<Item>, name: &str) -> Answer<Item> {
    allowed!(act.ask(Ability::CreateFolder, Item::new(Kind::Matter, matter)));
    if let Some(parent) = parent {
        allowed!(act.ask(Ability::View, parent));
        if act.tx.matter_of(act.firm.id, parent)? != Some(matter) {
            return Ok(Err(Refusal::NotVisible));
        }
    }
    let new = NewFolder { matter, parent: parent.map(|p| p.id), name: name.to_owned(), locked: false };
    let made = act.tx.add_folder(act.firm.id, &new, act.now)?;
    act.audit("folder.create", made, json!({}))?;
    Ok(Ok(made))
}

/// Checks a document out, so that co-counsel file no version of it, or in again (DOC-17); false if it was so before.
pub fn check_out(act: &Act<'_>, document: Item, out: bool) -> Answer<bool> {
    allowed!(act.ask(Ability::Edit, document));
    let changed = act.tx.set_checked_out(act.firm.id, document.id, out)?;
    if changed {
        act.audit(if out { "document.checkout" } else { "document.checkin" }, document, json!({}))?;
    }
    Ok(Ok(changed))
}

/// Locks a folder, so that it takes no files from co-counsel, or unlocks it; false if it was so before.
pub fn lock_folder(act: &Act<'_>, folder: Item, locked: bool) -> Answer<bool> {
    allowed!(act.ask(Ability::Edit, folder));
    let changed = act.tx.set_folder_locked(act.firm.id, folder.id, locked)?;
    if changed {
        act.audit(if locked { "folder.lock" } else { "folder.unlock" }, folder, json!({}))?;
    }
    Ok(Ok(changed))
}

/// Adds a version after the others; the current content a second time changes nothing (DOC-10, DOC-17).
pub fn add_version(act: &Act<'_>, document: Item, file: &File) -> Answer<Filed> {
    allowed!(act.ask(Ability::AddVersion, document));
    if let Some(current) = act.tx.current_version(act.firm.id, document.id)?
        && current.sha256 == file.sha256
    {
        let filed = FiledVersion { document, version: current.number };
        return Ok(Ok(Filed { filed, how: Filing::Same }));
    }
    let version = act.tx.add_version(act.firm.id, document.id, &version_of(act, file), act.now)?;
    act.audit("document.version", document, json!({"version": version}))?;
    Ok(Ok(Filed { filed: FiledVersion { document, version }, how: Filing::Version }))
}

/// Files a document for the firm, in a folder or at the top of a matter, and tells the contacts whom a share of the
/// folder lets see it.
pub fn file_for_firm(act: &Act<'_>, matter: i64, folder: Option<Item>, file: &File) -> Answer<Filed> {
    let place = folder.map_or(Place::Matter(matter), Place::Folder);
    if let Some(folder) = folder
        && act.tx.matter_of(act.firm.id, folder)? != Some(matter)
    {
        return Ok(Err(Refusal::NotVisible));
    }
    let filed = allowed!(upload(act, place, file, &file.name));
    tell_audience(act, filed)?;
    Ok(Ok(filed))
}

/// Files the firm's own new version of a document, and tells the contacts who see it.
pub fn new_version_for_firm(act: &Act<'_>, document: Item, file: &File) -> Answer<Filed> {
    let filed = allowed!(add_version(act, document, file));
    tell_audience(act, filed)?;
    Ok(Ok(filed))
}

fn tell_audience(act: &Act<'_>, filed: Filed) -> Result<()> {
    if filed.how == Filing::Same {
        return Ok(());
    }
    // Several files of one command are several letters to the same people.
    let cause = format!("{}:{}", act.cause, filed.filed.document.id);
    let act = Act { cause: &cause, ..*act };
    for person in audience(&act, filed.filed.document)? {
        let letter = Letter::News {
            by: act.actor.id,
            message: None,
            conversation: None,
            documents: vec![filed.filed],
            completed: Vec::new(),
            logged: Vec::new(),
            outsiders: Vec::new(),
        };
        act.tell(person, letter, About::Item(filed.filed.document))?;
    }
    Ok(())
}

/// The contacts who filed the document, or have a live share of it or of a folder above it, and see it now; never the
/// actor.
pub fn audience(act: &Act<'_>, document: Item) -> Result<BTreeSet<PersonId>> {
    let (tx, firm) = (act.tx, act.firm.id);
    let found = tx.document(firm, document.id)?;
    let mut candidates: BTreeSet<PersonId> = found.iter().map(|d| d.creator).collect();
    let mut shared = vec![document];
    let mut above = found.and_then(|d| d.folder);
    while let Some(folder) = above.filter(|_| shared.len() <= MOST_FOLDERS) {
        shared.push(Item::new(Kind::Folder, folder));
        above = tx.folder(firm, folder)?.and_then(|f| f.parent);
    }
    for item in shared {
        candidates.extend(tx.live_shares_of(firm, item, act.now)?.iter().map(|s| s.person));
    }
    let mut people = BTreeSet::new();
    for person in candidates.into_iter().filter(|p| *p != act.actor.id) {
        let is_contact = tx.person(firm, person)?.is_some_and(|p| !p.is_user());
        if is_contact && tx.ask(firm, person, Ability::View, document, act.now)?.is_allowed() {
            people.insert(person);
        }
    }
    Ok(people)
}

/// A matter becomes the one folder of it that is shared with the actor and takes files, if there is exactly one.
fn settle(act: &Act<'_>, place: Place) -> Result<Place> {
    let Place::Matter(matter) = place else { return Ok(place) };
    if act.actor.is_user() {
        return Ok(place);
    }
    let mut open = Vec::new();
    for share in act.tx.live_shares(act.firm.id, act.actor.whose(), act.now)? {
        if share.item.kind != Kind::Folder {
            continue;
        }
        let folder = act.tx.folder(act.firm.id, share.item.id)?;
        let is_here = folder.is_some_and(|f| f.matter == matter && !f.is_drop && !f.locked);
        if is_here && act.sees(share.item)? {
            open.push(share.item);
        }
    }
    Ok(match open.as_slice() {
        [one] => Place::Folder(*one),
        _ => place,
    })
}

fn spot(act: &Act<'_>, place: Place) -> Result<Option<Spot>> {
    Ok(match place {
        Place::Folder(item) => {
            let folder: Option<Folder> = act.tx.folder(act.firm.id, item.id)?;
            folder.map(|f| Spot { matter: f.matter, folder: Some(f.id) })
        }
        Place::Matter(matter) if act.actor.is_user() => Some(Spot { matter, folder: None }),
        Place::Matter(matter) => {
            let drop = act.tx.make_drop_folder(act.firm.id, matter, act.actor.whose(), act.now)?;
            Some(Spot { matter, folder: Some(drop.id) })
        }
    })
}

fn same_content(act: &Act<'_>, spot: Spot, sha256: &str) -> Result<Option<FiledVersion>> {
    for version in act.tx.documents_with_content(act.firm.id, spot.matter, spot.folder, sha256)? {
        let document = Item::new(Kind::Document, version.document);
        if act.sees(document)? {
            return Ok(Some(FiledVersion { document, version: version.number }));
        }
    }
    Ok(None)
}

/// The name, with a number if a document that the actor sees has it already: "Brief (2).pdf".
fn unused_name(act: &Act<'_>, spot: Spot, name: &str) -> Result<String> {
    let mut tried = name.to_owned();
    for number in 2..MOST_NAMES {
        let mut is_taken = false;
        for document in act.tx.documents_with_name(act.firm.id, spot.matter, spot.folder, &tried)? {
            is_taken |= act.sees(document.item())?;
        }
        if !is_taken {
            break;
        }
        tried = numbered(name, number);
    }
    Ok(tried)
}

fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, ext)) => format!("{stem} ({number}).{ext}"),
        None => format!("{name} ({number})"),
    }
}

fn version_of(act: &Act<'_>, file: &File) -> NewVersion {
    NewVersion {
        filename: file.name.clone(),
        size: file.size,
        content_type: file.mime.clone(),
        sha256: file.sha256.clone(),
        creator: act.actor.id,
        inbox: act.inbox,
    }
}

#[cfg(test)]
mod tests;
