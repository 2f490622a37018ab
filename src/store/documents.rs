//! Folders, documents and their versions; the content itself is a blob. A version is never overwritten (DOC-10), and a
//! version's number that was shown to somebody never names another content.

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, InboxId, Item, Kind, PersonId};

/// The name of a folder that takes what one co-counsel sends.
pub const DROP_FOLDER: &str = "From co-counsel";

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its row.
    pub id: i64,
    /// F-3.
    pub number: u32,
    /// Of which matter.
    pub matter: i64,
    /// In which folder; none: at the top.
    pub parent: Option<i64>,
    /// Name as shown.
    pub name: String,
    /// Takes what its creator sends; it is no share (decisions.md 22).
    pub is_drop: bool,
    /// Whose upload made it; none: the firm's.
    pub creator: Option<PersonId>,
    /// Takes nothing.
    pub locked: bool,
}

impl Folder {
    /// The folder as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Folder, self.id)
    }
}

/// A folder about to be made.
#[derive(Clone, Debug)]
pub struct NewFolder {
    /// Of which matter.
    pub matter: i64,
    /// In which folder; none: at the top.
    pub parent: Option<i64>,
    /// Name as shown.
    pub name: String,
    /// Takes nothing.
    pub locked: bool,
}

/// A document; its content is in its versions.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its row.
    pub id: i64,
    /// D-4.
    pub number: u32,
    /// Of which matter.
    pub matter: i64,
    /// In which folder; none: at the top.
    pub folder: Option<i64>,
    /// Name as shown.
    pub name: String,
    /// The firm's category.
    pub category: String,
    /// Checked out by the firm (DOC-17).
    pub locked: bool,
    /// Who filed it.
    pub creator: PersonId,
    /// When it was filed.
    pub received_at: Timestamp,
}

impl Document {
    /// The document as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Document, self.id)
    }
}

/// A version of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of which document.
    pub document: i64,
    /// 1, 2, …
    pub number: u32,
    /// Name of the file as it came.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// Type as sniffed.
    pub content_type: String,
    /// Blob.
    pub sha256: String,
    /// Who sent it.
    pub creator: PersonId,
    /// By which mail.
    pub inbox: Option<InboxId>,
    /// When.
    pub received_at: Timestamp,
}

/// A version about to be added; its blob is on disk.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// Name of the file as it came.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// Type as sniffed.
    pub content_type: String,
    /// Blob.
    pub sha256: String,
    /// Who sends it.
    pub creator: PersonId,
    /// By which mail.
    pub inbox: Option<InboxId>,
}

/// A document about to be filed; the creator of its first version files it.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// Of which matter.
    pub matter: i64,
    /// In which folder; none: at the top.
    pub folder: Option<i64>,
    /// Name as shown.
    pub name: String,
    /// The firm's category.
    pub category: String,
    /// Its first version.
    pub first: NewVersion,
}

const FOLDER: &str = "SELECT id, number, matter_id, parent_id, name, is_drop, creator_id, locked FROM folders";

const DOCUMENT: &str =
    "SELECT d.id, d.number, d.matter_id, d.folder_id, d.name, d.category, d.locked, d.creator_id, d.received_at
    FROM documents d";

const VERSION: &str =
    "SELECT v.document_id, v.version_number, v.filename, v.size, v.content_type, v.sha256, v.creator_id, v.inbox_id,
    v.received_at FROM document_versions v";

fn read_folder(row: &Row<'_>) -> rusqlite::Result<Folder> {
    Ok(Folder {
        id: row.get("id")?,
        number: row.get("number")?,
        matter: row.get("matter_id")?,
        parent: row.get("parent_id")?,
        name: row.get("name")?,
        is_drop: row.get("is_drop")?,
        creator: row.get::<_, Option<i64>>("creator_id")?.map(PersonId),
        locked: row.get("locked")?,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        id: row.get("id")?,
        number: row.get("number")?,
        matter: row.get("matter_id")?,
        folder: row.get("folder_id")?,
        name: row.get("name")?,
        category: row.get("category")?,
        locked: row.get("locked")?,
        creator: PersonId(row.get("creator_id")?),
        received_at: moment(row.get("received_at")?),
    })
}

fn read_version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        document: row.get("document_id")?,
        number: row.get("version_number")?,
        filename: row.get("filename")?,
        size: u64::try_from(row.get::<_, i64>("size")?).unwrap_or(0),
        content_type: row.get("content_type")?,
        sha256: row.get("sha256")?,
        creator: PersonId(row.get("creator_id")?),
        inbox: row.get::<_, Option<i64>>("inbox_id")?.map(InboxId),
        received_at: moment(row.get("received_at")?),
    })
}

impl Snapshot<'_> {
    /// The folders that a document or folder lies in, innermost first.
    pub fn folders_above(&self, firm: FirmId, item: Item) -> Result<Vec<Item>> {
        let mut next = match item.kind {
            Kind::Document => self.document(firm, item.id)?.and_then(|d| d.folder),
            Kind::Folder => self.folder(firm, item.id)?.and_then(|f| f.parent),
            _ => None,
        };
        let mut above = Vec::new();
        // Folders are made in folders that are there, so that there is no ring; the bound is for a store that was damaged.
        while let Some(row) = next.filter(|_| above.len() < 100) {
            above.push(Item::new(Kind::Folder, row));
            next = self.folder(firm, row)?.and_then(|f| f.parent);
        }
        Ok(above)
    }

    /// The folder of this row, unless it was deleted.
    pub fn folder(&self, firm: FirmId, folder: i64) -> Result<Option<Folder>> {
        self.one(
            &format!("{FOLDER} WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL"),
            (firm.0, folder),
            read_folder,
        )
    }

    /// All folders of a matter, at any depth, by name.
    pub fn folders_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Folder>> {
        self.all(
            &format!("{FOLDER} WHERE firm_id = ?1 AND matter_id = ?2 AND deleted_at IS NULL ORDER BY name, id"),
            (firm.0, matter),
            read_folder,
        )
    }

    /// The folders directly in a folder, by name.
    pub fn folder_children(&self, firm: FirmId, folder: i64) -> Result<Vec<Folder>> {
        self.all(
            &format!("{FOLDER} WHERE firm_id = ?1 AND parent_id = ?2 AND deleted_at IS NULL ORDER BY name, id"),
            (firm.0, folder),
            read_folder,
        )
    }

    /// The folder of a matter that takes what this co-counsel sends, if there is one yet.
    pub fn drop_folder(&self, firm: FirmId, matter: i64, person: PersonId) -> Result<Option<Folder>> {
        self.one(
            &format!(
                "{FOLDER} WHERE firm_id = ?1 AND matter_id = ?2 AND creator_id = ?3 AND is_drop = 1 AND deleted_at IS NULL"
            ),
            (firm.0, matter, person.0),
            read_folder,
        )
    }

    /// The document of this row, unless it was deleted.
    pub fn document(&self, firm: FirmId, document: i64) -> Result<Option<Document>> {
        self.one(
            &format!("{DOCUMENT} WHERE d.firm_id = ?1 AND d.id = ?2 AND d.deleted_at IS NULL"),
            (firm.0, document),
            read,
        )
    }

    /// The documents of a matter, in any folder, by number.
    pub fn documents_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Document>> {
        self.all(
            &format!("{DOCUMENT} WHERE d.firm_id = ?1 AND d.matter_id = ?2 AND d.deleted_at IS NULL ORDER BY d.number"),
            (firm.0, matter),
            read,
        )
    }

    /// The documents directly in a folder, by number.
    pub fn documents_in_folder(&self, firm: FirmId, folder: i64) -> Result<Vec<Document>> {
        self.all(
            &format!("{DOCUMENT} WHERE d.firm_id = ?1 AND d.folder_id = ?2 AND d.deleted_at IS NULL ORDER BY d.number"),
            (firm.0, folder),
            read,
        )
    }

    /// The documents of this name directly in a folder, or at the top of the matter; capitals (A to Z) do not matter.
    pub fn documents_with_name(
        &self,
        firm: FirmId,
        matter: i64,
        folder: Option<i64>,
        name: &str,
    ) -> Result<Vec<Document>> {
        self.all(
            &format!(
                "{DOCUMENT} WHERE d.firm_id = ?1 AND d.matter_id = ?2 AND d.folder_id IS ?3 AND d.name = ?4 COLLATE NOCASE
                   AND d.deleted_at IS NULL ORDER BY d.number"
            ),
            (firm.0, matter, folder, name),
            read,
        )
    }

    /// The versions with this content directly in a folder, or at the top of the matter, newest first.
    pub fn documents_with_content(
        &self,
        firm: FirmId,
        matter: i64,
        folder: Option<i64>,
        sha256: &str,
    ) -> Result<Vec<Version>> {
        self.all(
            &format!(
                "{VERSION} JOIN documents d ON d.firm_id = v.firm_id AND d.id = v.document_id
                 WHERE v.firm_id = ?1 AND v.sha256 = ?4 AND d.matter_id = ?2 AND d.folder_id IS ?3 AND d.deleted_at IS NULL ORDER BY v.id DESC"
            ),
            (firm.0, matter, folder, sha256),
            read_version,
        )
    }

    /// The versions of a document, oldest first.
    pub fn versions(&self, firm: FirmId, document: i64) -> Result<Vec<Version>> {
        self.all(
            &format!("{VERSION} WHERE v.firm_id = ?1 AND v.document_id = ?2 ORDER BY v.version_number"),
            (firm.0, document),
            read_version,
        )
    }

    /// The version of a document with this number.
    pub fn version(&self, firm: FirmId, document: i64, number: u32) -> Result<Option<Version>> {
        self.one(
            &format!("{VERSION} WHERE v.firm_id = ?1 AND v.document_id = ?2 AND v.version_number = ?3"),
            (firm.0, document, number),
            read_version,
        )
    }

    /// The latest version of a document.
    pub fn current_version(&self, firm: FirmId, document: i64) -> Result<Option<Version>> {
        self.one(
            &format!("{VERSION} WHERE v.firm_id = ?1 AND v.document_id = ?2 ORDER BY v.version_number DESC LIMIT 1"),
            (firm.0, document),
            read_version,
        )
    }
}

impl Tx<'_> {
    /// Makes a folder.
    pub fn add_folder(&self, firm: FirmId, new: &NewFolder, now: Timestamp) -> Result<Item> {
        self.insert_folder(firm, new, false, None, now)
    }

    /// Makes a folder by somebody's upload; in the drop folder it is their own.
    pub fn add_uploaded_folder(
        &self,
        firm: FirmId,
        new: &NewFolder,
        creator: PersonId,
        now: Timestamp,
    ) -> Result<Item> {
        self.insert_folder(firm, new, false, Some(creator), now)
    }

    /// The folder of a matter that takes what this co-counsel sends, made now if there is none. One for all of them would
    /// tell by its being there, and by its number, that another has sent something.
    pub fn make_drop_folder(&self, firm: FirmId, matter: i64, person: PersonId, now: Timestamp) -> Result<Item> {
        if let Some(known) = self.drop_folder(firm, matter, person)? {
            return Ok(known.item());
        }
        let new = NewFolder { matter, parent: None, name: DROP_FOLDER.into(), locked: false };
        self.insert_folder(firm, &new, true, Some(person), now)
    }

    fn insert_folder(
        &self,
        firm: FirmId,
        new: &NewFolder,
        is_drop: bool,
        creator: Option<PersonId>,
        now: Timestamp,
    ) -> Result<Item> {
        let number = self.next_number(firm, Kind::Folder)?;
        let id = self.insert(
            "INSERT INTO folders (firm_id, number, matter_id, parent_id, name, is_drop, locked, creator_id, created_at)
             VALUES (:firm, :number, :matter, :parent, :name, :is_drop, :locked, :creator, :now)",
            named_params! {":firm": firm.0, ":number": number, ":matter": new.matter, ":parent": new.parent,
            ":name": new.name, ":is_drop": is_drop, ":locked": new.locked, ":creator": creator.map(|p| p.0),
            ":now": at(now)},
        )?;
        Ok(Item::new(Kind::Folder, id))
    }

    /// Checks a document out (DOC-17), or in again; false if it was so before.
    pub fn set_checked_out(&self, firm: FirmId, document: i64, locked: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE documents SET locked = ?3 WHERE firm_id = ?1 AND id = ?2 AND locked <> ?3 AND deleted_at IS NULL",
            (firm.0, document, locked),
        )?;
        Ok(changed == 1)
    }

    /// Locks a folder, so that it takes nothing, or unlocks it; false if it was so before.
    pub fn set_folder_locked(&self, firm: FirmId, folder: i64, locked: bool) -> Result<bool> {
        let changed = self.run(
            "UPDATE folders SET locked = ?3 WHERE firm_id = ?1 AND id = ?2 AND locked <> ?3 AND deleted_at IS NULL",
            (firm.0, folder, locked),
        )?;
        Ok(changed == 1)
    }

    /// Files a document with its first version.
    pub fn add_document(&self, firm: FirmId, new: &NewDocument, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Document)?;
        let id = self.insert(
            "INSERT INTO documents (firm_id, number, matter_id, folder_id, name, category, creator_id, received_at)
             VALUES (:firm, :number, :matter, :folder, :name, :category, :creator, :now)",
            named_params! {":firm": firm.0, ":number": number, ":matter": new.matter, ":folder": new.folder,
            ":name": new.name, ":category": new.category, ":creator": new.first.creator.0, ":now": at(now)},
        )?;
        self.add_version(firm, id, &new.first, now)?;
        Ok(Item::new(Kind::Document, id))
    }

    /// Adds a version after the others of a document and gives its number, one that nobody was ever shown before.
    pub fn add_version(&self, firm: FirmId, document: i64, new: &NewVersion, now: Timestamp) -> Result<u32> {
        let number: u32 = self
            .one(
                "SELECT 1 + max(coalesce((SELECT max(version_number) FROM document_versions WHERE firm_id = ?1 AND document_id = ?2), 0),
                   coalesce((SELECT max(version_number) FROM disclosures WHERE firm_id = ?1 AND kind = 'document' AND item_id = ?2), 0))",
                (firm.0, document),
                |r| r.get(0),
            )?
            .unwrap_or(1);
        self.run(
            "INSERT INTO document_versions (firm_id, document_id, version_number, filename, size, content_type, sha256, creator_id,
               inbox_id, received_at)
             VALUES (:firm, :document, :number, :filename, :size, :type, :sha256, :creator, :inbox, :now)",
            named_params! {":firm": firm.0, ":document": document, ":number": number, ":filename": new.filename,
            ":size": i64::try_from(new.size).unwrap_or(i64::MAX), ":type": new.content_type, ":sha256": new.sha256,
            ":creator": new.creator.0, ":inbox": new.inbox.map(|i| i.0), ":now": at(now)},
        )?;
        Ok(number)
    }

    /// Takes back a version that `#undo` names; false unless it is the latest and not the only one. Its mail is kept.
    pub fn remove_latest_version(&self, firm: FirmId, document: i64, number: u32) -> Result<bool> {
        let changed = self.run(
            "DELETE FROM document_versions WHERE firm_id = ?1 AND document_id = ?2 AND version_number = ?3
               AND (SELECT max(version_number) FROM document_versions WHERE firm_id = ?1 AND document_id = ?2) = ?3
               AND (SELECT count(*) FROM document_versions WHERE firm_id = ?1 AND document_id = ?2) > 1",
            (firm.0, document, number),
        )?;
        Ok(changed == 1)
    }

    /// Deletes a document, its versions are kept; false if it was gone before.
    pub fn delete_document(&self, firm: FirmId, document: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE documents SET deleted_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL",
            (firm.0, document, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Brings a deleted document back; false if it was not deleted.
    pub fn restore_document(&self, firm: FirmId, document: i64) -> Result<bool> {
        let changed = self.run(
            "UPDATE documents SET deleted_at = NULL WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL",
            (firm.0, document),
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::{Disclosure, NewLetter};
    use super::super::sample::{Sample, now};
    use super::*;

    fn content(creator: PersonId, sha256: &str) -> NewVersion {
        NewVersion {
            filename: "Brief.pdf".into(),
            size: 12,
            content_type: "application/pdf".into(),
            sha256: sha256.into(),
            creator,
            inbox: None,
        }
    }

    fn filed(s: &Sample, folder: Option<i64>) -> Item {
        let firm = s.firm;
        let new = NewDocument {
            matter: s.matter,
            folder,
            name: "Brief.pdf".into(),
            category: String::new(),
            first: content(s.jane, "aa"),
        };
        s.write(move |tx| tx.add_document(firm, &new, now()))
    }

    fn revised(s: &Sample, document: Item, sha256: &'static str) -> u32 {
        let (firm, jane) = (s.firm, s.jane);
        s.write(move |tx| tx.add_version(firm, document.id, &content(jane, sha256), now()))
    }

    #[test]
    fn a_version_is_never_overwritten() {
        let s = Sample::new();
        let document = filed(&s, None);
        assert_eq!((revised(&s, document, "bb"), revised(&s, document, "cc")), (2, 3));
        let kept: Vec<_> =
            s.read(|r| r.versions(s.firm, document.id)).into_iter().map(|v| (v.number, v.sha256)).collect();
        assert_eq!(kept, [(1, "aa".into()), (2, "bb".into()), (3, "cc".into())]);
        assert_eq!(s.read(|r| r.current_version(s.firm, document.id)).unwrap().sha256, "cc");
        assert_eq!(s.read(|r| r.version(s.firm, document.id, 1)).unwrap().sha256, "aa");
    }

    #[test]
    fn only_the_latest_version_is_taken_back_and_never_the_only_one() {
        let s = Sample::new();
        let (firm, document) = (s.firm, filed(&s, None));
        let take_back = |number| s.write(move |tx| tx.remove_latest_version(firm, document.id, number));
        assert!(!take_back(1));
        revised(&s, document, "bb");
        assert!(!take_back(1));
        assert!(take_back(2));
        assert!(!take_back(2));
        assert_eq!(s.read(|r| r.current_version(firm, document.id)).unwrap().number, 1);
    }

    #[test]
    fn a_number_that_somebody_was_shown_never_names_another_version() {
        let s = Sample::new();
        let (firm, jane, document) = (s.firm, s.jane, filed(&s, None));
        revised(&s, document, "bb");
        let letter = NewLetter {
            person: jane,
            key: "k".into(),
            template: "document".into(),
            content: "{}".into(),
            thread: None,
            inbox: None,
            message_id: "m@x".into(),
            only_to: None,
            coalesce: None,
            not_before: now(),
        };
        s.write(move |tx| {
            let letter = tx.queue(firm, &letter, now())?.unwrap();
            tx.freeze(
                firm,
                letter,
                b"mail",
                "{}",
                &[Disclosure { item: document, ability: "view".into(), version: Some(2) }],
            )?;
            tx.remove_latest_version(firm, document.id, 2)
        });
        assert_eq!(revised(&s, document, "cc"), 3);
    }

    #[test]
    fn a_matter_has_one_drop_folder_for_each_co_counsel() {
        let s = Sample::new();
        let (firm, matter, jane, tom) = (s.firm, s.matter, s.jane, s.tom);
        assert!(s.read(|r| r.drop_folder(firm, matter, jane)).is_none());
        let made = s.write(move |tx| tx.make_drop_folder(firm, matter, jane, now()));
        assert_eq!(s.write(move |tx| tx.make_drop_folder(firm, matter, jane, now())), made);
        assert!(s.read(|r| r.drop_folder(firm, matter, tom)).is_none());
        let found = s.read(|r| r.drop_folder(firm, matter, jane)).unwrap();
        assert_eq!((found.name.as_str(), found.is_drop, found.creator), (DROP_FOLDER, true, Some(jane)));
        let below = NewFolder { matter, parent: Some(made.id), name: "Exhibits".into(), locked: false };
        s.write(move |tx| tx.add_folder(firm, &below, now()));
        assert_eq!(s.read(|r| r.folder_children(firm, made.id)).len(), 1);
        assert_eq!(s.read(|r| r.folders_of_matter(firm, matter)).len(), 2);
        assert_ne!(s.write(move |tx| tx.make_drop_folder(firm, matter, tom, now())), made);
    }

    #[test]
    fn the_same_content_and_the_same_name_are_found_in_their_folder_only() {
        let s = Sample::new();
        let (firm, matter, jane) = (s.firm, s.matter, s.jane);
        let folder = s.write(move |tx| tx.make_drop_folder(firm, matter, jane, now())).id;
        let (inside, top) = (filed(&s, Some(folder)), filed(&s, None));
        let same = |folder| s.read(|r| r.documents_with_content(firm, matter, folder, "aa"));
        assert_eq!(same(Some(folder)).iter().map(|v| v.document).collect::<Vec<_>>(), [inside.id]);
        assert_eq!(same(None).iter().map(|v| v.document).collect::<Vec<_>>(), [top.id]);
        let named = s.read(|r| r.documents_with_name(firm, matter, Some(folder), "brief.PDF"));
        assert_eq!(named.iter().map(Document::item).collect::<Vec<_>>(), [inside]);
        assert_eq!(s.read(|r| r.documents_in_folder(firm, folder)).len(), 1);
        assert!(s.write(move |tx| tx.delete_document(firm, inside.id, now())));
        assert!(same(Some(folder)).is_empty());
        assert_eq!(s.read(|r| r.documents_of_matter(firm, matter)).len(), 1);
        assert!(s.write(move |tx| tx.restore_document(firm, inside.id)));
        assert_eq!(s.read(|r| r.documents_of_matter(firm, matter)).len(), 2);
    }

    #[test]
    fn a_document_of_another_firm_is_not_found_and_takes_no_version() {
        let s = Sample::new();
        let (other, jane, document) = (s.other_firm, s.jane, filed(&s, None));
        assert!(s.read(|r| r.document(other, document.id)).is_none());
        assert!(s.read(|r| r.current_version(other, document.id)).is_none());
        assert!(!s.write(move |tx| tx.delete_document(other, document.id, now())));
        s.refuse(move |tx| tx.add_version(other, document.id, &content(jane, "bb"), now()));
    }
}
