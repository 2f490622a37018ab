//! Matters, who has to do with them, folders and documents (e4: matters, related contacts).

use std::path::{Component, Path, PathBuf};

use super::rows::Row;
use super::{Change, Files, Import, KeptFile, Office, Source, Taken, Wanted, What, wrong};
use crate::domain::PersonId;
use crate::inbound::files;
use crate::inbound::names::safe_name;
use crate::store::bills::Pdf;
use crate::store::documents::{NewDocument, NewFolder, NewVersion};
use crate::store::matters::{Matter, NewMatter, Sensitivity};
use crate::store::notes::NewNote;

impl Import<'_> {
    pub(super) fn matter(&mut self, row: &Row) -> Taken<Change> {
        let mut new = self.read_matter(row)?;
        let client = new.client.map(|c| c.to_string()).unwrap_or_default();
        let says = if new.display_number.is_empty() {
            [new.description.as_str(), &client]
        } else {
            [new.display_number.as_str(), ""]
        };
        let key = self.key("matter", row, &says);
        let by_number = match new.display_number.as_str() {
            "" => None,
            number => self.act.tx.matter_by_display_number(self.firm(), number)?,
        };
        let known = self.known("matter", &key)?;
        if let (Some(known), Some(other)) = (known, &by_number)
            && known != other.id
        {
            return wrong(format!("{} is the number of another matter", new.display_number));
        }
        if let Some(matter) = known.or(by_number.map(|m| m.id)) {
            if let Some(before) = self.act.tx.matter(self.firm(), matter)? {
                keep_what_the_file_does_not_say(&mut new, before, row);
            }
            self.remember("matter", &key, matter)?;
            let changed = self.act.tx.update_matter(self.firm(), matter, &new)?;
            return Ok(Change::changed_if(self.fields(matter, row)? || changed));
        }
        if new.display_number.is_empty() {
            new.display_number = self.free_number(&new)?;
        }
        let matter = self.act.tx.add_matter(self.firm(), &new, self.act.now)?.id;
        self.remember("matter", &key, matter)?;
        self.fields(matter, row)?;
        let note = row.first(&["note"]);
        if !note.is_empty() {
            self.matter_note(matter, note)?;
        }
        Ok(Change::New)
    }

    /// The firm's own fields: `Court=High Court; Judge=Mr Hill`. True if one says something else now.
    fn fields(&self, matter: i64, row: &Row) -> Taken<bool> {
        let mut changed = false;
        for field in row.first(&["fields"]).split(';').map(str::trim).filter(|f| !f.is_empty()) {
            let Some((name, text)) = field.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
                return wrong(format!("fields: {field}: a name, the sign = and what it says are needed"));
            };
            changed |= self.act.tx.set_custom_field(self.firm(), matter, name.trim(), text.trim())?;
        }
        Ok(changed)
    }

    fn read_matter(&self, row: &Row) -> Taken<NewMatter> {
        let status = match row.first(&["status"]).to_lowercase().as_str() {
            "open" => "Open",
            "closed" => "Closed",
            "pending" => "Pending",
            "" => return wrong("status is missing: Open, Pending or Closed"),
            other => return wrong(format!("status {other}: Open, Pending or Closed")),
        };
        let description = row.text(&["description"]);
        if description.is_empty() {
            return wrong("description is missing");
        }
        let sensitivity = match row.first(&["sensitivity"]) {
            "" => Sensitivity::Standard,
            word => match Sensitivity::from_word(&word.to_lowercase()) {
                Some(sensitivity) => sensitivity,
                None => return wrong(format!("sensitivity {word}: standard, confidential or restricted")),
            },
        };
        let responsible = ["responsible_attorney", "responsible_attorney.email", "responsible_attorney.name"];
        let close_date = self.date(row, &["close_date"])?;
        Ok(NewMatter {
            display_number: row.text(&["display_number"]),
            description,
            status: status.to_owned(),
            client: self.client(row)?,
            practice_area: row.text(&["practice_area", "practice_area.name"]),
            responsible: self.person_of(row, "responsible_attorney", &responsible, Wanted::User)?,
            location: row.text(&["location"]),
            client_reference: row.text(&["client_reference"]),
            custom_number: row.text(&["custom_number"]),
            open_date: self.date(row, &["open_date"])?,
            pending_date: self.date(row, &["pending_date"])?,
            // Read-only begins on a day; a closed matter without one was closed by today.
            close_date: if status == "Closed" { close_date.or(Some(self.today.date())) } else { None },
            sensitivity,
        })
    }

    fn client(&self, row: &Row) -> Taken<Option<PersonId>> {
        let company = row.first(&["client_company_name"]);
        let name = format!("{} {}", row.first(&["client_first_name"]), row.first(&["client_last_name"]));
        match (company, name.trim()) {
            ("", "") => self.person_of(row, "client", &["client", "client.name"], Wanted::Contact),
            ("", name) => self.person_named("client_last_name", name, Wanted::Contact).map(Some),
            (company, _) => self.person_named("client_company_name", company, Wanted::Contact).map(Some),
        }
    }

    /// A number as Clio makes them, where the file has none.
    fn free_number(&self, new: &NewMatter) -> Taken<String> {
        if !new.custom_number.is_empty()
            && self.act.tx.matter_by_display_number(self.firm(), &new.custom_number)?.is_none()
        {
            return Ok(new.custom_number.clone());
        }
        let client = match new.client {
            Some(client) => self.act.tx.person(self.firm(), client)?,
            None => None,
        };
        let client = client.map(|p| if p.last_name.is_empty() { p.company } else { p.last_name }).unwrap_or_default();
        let count = u32::try_from(self.act.tx.matters(self.firm())?.len()).unwrap_or(u32::MAX);
        for n in count.saturating_add(1)..=u32::MAX {
            let number = format!("{n:05}-{client}").trim_end_matches('-').to_owned();
            if self.act.tx.matter_by_display_number(self.firm(), &number)?.is_none() {
                return Ok(number);
            }
        }
        wrong("no number is free")
    }

    /// The remark of a matter's row is the firm's own and stays so.
    fn matter_note(&self, matter: i64, text: &str) -> Taken<()> {
        let new = NewNote {
            matter,
            subject: "Imported note".to_owned(),
            detail: text.to_owned(),
            date: self.today.date(),
            author: self.act.actor.id,
            internal: true,
        };
        self.act.tx.add_note(self.firm(), &new, self.act.now)?;
        Ok(())
    }

    pub(super) fn relationship(&mut self, row: &Row) -> Taken<Change> {
        let matter = self.matter_needed(row)?;
        let person = self.person_of(row, "contact", &["contact", "contact.name", "contact_email"], Wanted::Contact)?;
        let Some(person) = person else { return wrong("names no contact") };
        let description = row.text(&["relationship", "description"]);
        let known = self.act.tx.relationships(self.firm(), matter)?;
        if known.contains(&(person, description.clone())) {
            return Ok(Change::Same);
        }
        self.act.tx.add_relationship(self.firm(), matter, person, &description)?;
        Ok(Change::New)
    }

    /// JSON names the parent by id; CSV gives the path, `Pleadings/Drafts`.
    pub(super) fn folder(&mut self, row: &Row) -> Taken<Change> {
        let matter = self.matter_needed(row)?;
        let parent = match row.first(&["parent.id"]) {
            "" => self.folders(matter, row.first(&["parent"]))?,
            id => match self.known("folder", id)? {
                Some(parent) => Some(parent),
                None => return wrong(format!("no folder has the id {id}")),
            },
        };
        let path = row.first(&["path", "name"]);
        if path.is_empty() {
            return wrong("has no name");
        }
        let (above, name) = match self.is_json {
            true => ("", path),
            false => path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/'))),
        };
        let parent = if above.is_empty() { parent } else { self.below(matter, parent, above)? };
        let id = row.text(&["id", "external_id"]);
        let name = safe_name(name);
        let known = match id.as_str() {
            "" => None,
            id => self.known("folder", id)?,
        };
        let known = match known {
            Some(known) => Some(known),
            None => self.act.tx.folder_by_name(self.firm(), matter, parent, &name)?,
        };
        let (folder, change) = match known {
            Some(folder) => (folder, Change::Same),
            None => {
                let new = NewFolder { matter, parent, name, locked: row.yes(&["locked"]) };
                (self.act.tx.add_folder(self.firm(), &new, self.act.now)?.id, Change::New)
            }
        };
        if !id.is_empty() {
            self.remember("folder", &id, folder)?;
        }
        Ok(change)
    }

    /// The folder at this path, made where it is missing; none at the top.
    fn folders(&self, matter: i64, path: &str) -> Taken<Option<i64>> {
        self.below(matter, None, path)
    }

    fn below(&self, matter: i64, parent: Option<i64>, path: &str) -> Taken<Option<i64>> {
        let mut at = parent;
        for name in path.split('/').map(str::trim).filter(|n| !n.is_empty()) {
            let name = safe_name(name);
            at = match self.act.tx.folder_by_name(self.firm(), matter, at, &name)? {
                Some(known) => Some(known),
                None => {
                    let new = NewFolder { matter, parent: at, name, locked: false };
                    Some(self.act.tx.add_folder(self.firm(), &new, self.act.now)?.id)
                }
            };
        }
        Ok(at)
    }

    pub(super) fn document(&mut self, row: &Row) -> Taken<Change> {
        let matter = self.matter_needed(row)?;
        let (path, file) = self.file(row)?;
        let folder = match row.first(&["parent.id", "folder.id"]) {
            "" => self.folders(matter, row.first(&["folder"]))?,
            id => match self.known("folder", id)? {
                Some(folder) => Some(folder),
                None => return wrong(format!("no folder has the id {id}; import folders first")),
            },
        };
        let filename = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let filename = safe_name(&filename);
        let name = match row.first(&["name"]) {
            "" => filename.clone(),
            name => safe_name(name),
        };
        let creator = self.person_of(row, "creator", &["creator", "author"], Wanted::Anybody)?;
        let first = NewVersion {
            filename,
            size: file.size,
            content_type: file.content_type.to_owned(),
            sha256: file.sha256,
            creator: creator.unwrap_or(self.act.actor.id),
            inbox: None,
        };
        let key = self.key("document", row, &[&matter.to_string(), &folder.unwrap_or(0).to_string(), &name]);
        if let Some(document) = self.known("document", &key)? {
            let current = self.act.tx.current_version(self.firm(), document)?;
            if current.is_some_and(|v| v.sha256 == first.sha256) {
                return Ok(Change::Same);
            }
            self.act.tx.add_version(self.firm(), document, &first, self.act.now)?;
            return Ok(Change::Changed);
        }
        let category = row.text(&["category", "document_category.name"]);
        let new = NewDocument { matter, folder, name, category, first };
        let document = self.act.tx.add_document(self.firm(), &new, self.act.now)?;
        self.remember("document", &key, document.id)?;
        Ok(Change::New)
    }

    /// The file that a row names.
    fn file(&self, row: &Row) -> Taken<(PathBuf, KeptFile)> {
        let path = row.first(&PATH);
        match self.files.get(path) {
            Some(Ok(file)) => Ok((PathBuf::from(path), file.clone())),
            Some(Err(why)) => wrong(why),
            None => wrong("path is missing: where its file lies, beginning at this list's folder"),
        }
    }

    /// The file of a bill, if the row names one.
    pub(super) fn pdf(&self, row: &Row) -> Taken<Option<Pdf>> {
        if row.first(&PATH).is_empty() {
            return Ok(None);
        }
        let (_, file) = self.file(row)?;
        Ok(Some(Pdf { sha256: file.sha256, size: file.size }))
    }
}

/// The columns that name a row's file.
const PATH: [&str; 2] = ["path", "file"];

/// Keeps the files that the rows of a source name, and passes them through the virus scanner before; a dry run only
/// counts. Not to be called while a transaction is open.
pub(super) fn files(office: &Office, source: &Source, dry_run: bool) -> Files {
    let mut files = Files::new();
    if !matches!(source.what, What::Documents | What::Bills) {
        return files;
    }
    for path in source.rows.rows.iter().map(|row| row.first(&PATH)).filter(|path| !path.is_empty()) {
        if !files.contains_key(path) {
            files.insert(path.to_owned(), keep(office, &source.folder, path, dry_run));
        }
    }
    files
}

/// Keeps a file from the folder of the list and never from outside it.
fn keep(office: &Office, folder: &Path, path: &str, dry_run: bool) -> Result<KeptFile, String> {
    let is_inside = Path::new(path).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !is_inside {
        return Err(format!("{path}: the file must lie below this list's folder"));
    }
    let bytes = read_inside(folder, &folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
    let sha256 = if dry_run {
        crate::blobs::sha256(&bytes)
    } else {
        office.passes(&bytes)?;
        office.store.keep(&bytes).map_err(|error| format!("can't be kept: {error}"))?
    };
    let content_type = files::told_by(&bytes).unwrap_or("application/octet-stream");
    Ok(KeptFile { sha256, size: u64::try_from(bytes.len()).unwrap_or(u64::MAX), content_type })
}

/// A file without a column says nothing about it; a closed matter stays closed on the day that it was.
fn keep_what_the_file_does_not_say(new: &mut NewMatter, before: Matter, row: &Row) {
    let says = |names: &[&str]| names.iter().any(|n| !row.first(&[n]).is_empty() || row.has(&[n]));
    if new.display_number.is_empty() {
        new.display_number = before.display_number;
    }
    if new.status == "Closed" && row.first(&["close_date"]).is_empty() && before.close_date.is_some() {
        new.close_date = before.close_date;
    }
    if !says(&["sensitivity"]) {
        new.sensitivity = before.sensitivity;
    }
    let client = ["client", "client.id", "client.name", "client_company_name", "client_first_name", "client_last_name"];
    if !says(&client) {
        new.client = before.client;
    }
    if !says(&[
        "responsible_attorney",
        "responsible_attorney.id",
        "responsible_attorney.email",
        "responsible_attorney.name",
    ]) {
        new.responsible = before.responsible;
    }
}

/// A link that leads out of the folder is not followed.
fn read_inside(folder: &Path, place: &Path) -> std::io::Result<Vec<u8>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (folder, place) = (folder.canonicalize()?, place.canonicalize()?);
    if !place.starts_with(&folder) {
        return Err(std::io::Error::other("the file must lie below this list's folder"));
    }
    std::fs::read(place)
}
