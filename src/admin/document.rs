//! `docketpost document …`: what is filed is listed, and given out as a file (DOC-01); a file of the firm's is filed on a matter, as an upload by a mail would be (DOC-05), or as the
//! next version of a document; a document is checked out, so that co-counsel file no version of it, and in again (DOC-17).
//! A contact who may see a file by a share is told; nobody else gets anything by it.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::json;

use super::show::{moment, table};
use super::{Office, Told};
use crate::actions::documents;
use crate::domain::{Item, Kind};
use crate::inbound::files;
use crate::inbound::names::safe_name;
use crate::outbound::letter::Filing;
use crate::sharing::Ability;
use crate::store::shares::Subject;

/// Documents of the firm.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Document {
    /// Lists the documents of a matter, or of all
    List {
        /// Of this matter only: M-12, or the firm's own number
        #[arg(long)]
        matter: Option<String>,
    },
    /// Writes a document into a file
    Get {
        /// D-4
        document: String,
        /// Which version [default: the newest]
        #[arg(long)]
        version: Option<u32>,
        /// Into this file [default: its own name, here]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Files a document on a matter
    Add {
        /// M-12, or the firm's own number
        matter: String,
        /// The file
        file: PathBuf,
        /// Into this folder of the matter, F-1 [default: none]
        #[arg(long)]
        folder: Option<String>,
    },
    /// Files the next version of a document
    Version {
        /// D-4
        document: String,
        /// The file
        file: PathBuf,
    },
    /// Checks a document out: co-counsel can file no version of it
    Checkout {
        /// D-4
        document: String,
    },
    /// Checks a document in again
    Checkin {
        /// D-4
        document: String,
    },
}

/// Does it.
pub fn run(office: &Office, what: &Document) -> Result<Told> {
    match what {
        Document::List { matter } => list(office, matter.as_deref()),
        Document::Get { document, version, output } => get(office, document, *version, output.as_deref()),
        Document::Add { matter, file, folder } => add(office, matter, file, folder.as_deref()),
        Document::Version { document, file } => version(office, document, file),
        Document::Checkout { document } => check_out(office, document, true),
        Document::Checkin { document } => check_out(office, document, false),
    }
}

fn list(office: &Office, matter: Option<&str>) -> Result<Told> {
    let firm = office.firm.id;
    let matters = match matter {
        Some(matter) => vec![office.matter(matter)?],
        None => office.store.read(|s| s.matters(firm))?.iter().map(|m| m.item()).collect(),
    };
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for matter in matters {
        let of = office.number(matter)?;
        for document in office.store.read(|s| s.documents_of_matter(firm, matter.id))? {
            let item = document.item();
            if !office.may(Ability::View, Subject::Item(item))? {
                continue;
            }
            let Some(newest) = office.store.read(|s| s.current_version(firm, document.id))? else { continue };
            let number = office.number(item)?;
            let folder = document.folder.map(|f| office.number(Item::new(Kind::Folder, f))).transpose()?;
            let by = office.store.read(|s| s.person(firm, newest.creator))?.map(|p| p.name()).unwrap_or_default();
            let shares = office.store.read(|s| s.live_shares_of(firm, item, office.now))?.len();
            let (folder, at) = (folder.unwrap_or_default(), moment(office, newest.received_at));
            objects.push(json!({"document": number, "matter": of, "folder": folder, "name": document.name,
                "version": newest.number, "bytes": newest.size, "type": newest.content_type, "by": by, "filed": at,
                "checked_out": document.locked, "shares": shares}));
            let version = if document.locked { format!("{}, out", newest.number) } else { newest.number.to_string() };
            let (size, shares) = (newest.size.to_string(), shares.to_string());
            rows.push([number, of.clone(), folder, version, size, at, by, shares, document.name]);
        }
    }
    let heading = ["document", "matter", "folder", "version", "bytes", "filed", "by", "shares", "name"];
    Ok(Told::new(table(heading, &rows), json!(objects)))
}

fn get(office: &Office, document: &str, version: Option<u32>, output: Option<&Path>) -> Result<Told> {
    let item = find(office, document)?;
    let firm = office.firm.id;
    office.act(&format!("document.get:{}", item.id), move |act| act.ask(Ability::Download, item))?;
    let found = office.store.read(|s| match version {
        Some(number) => s.version(firm, item.id, number),
        None => s.current_version(firm, item.id),
    })?;
    let number = office.number(item)?;
    let Some(found) = found else {
        let versions = office.store.read(|s| s.versions(firm, item.id))?.len();
        bail!("{number} has no version {}; it has {versions}", version.unwrap_or_default());
    };
    let path = output.map_or_else(|| PathBuf::from(safe_name(&found.filename)), Path::to_owned);
    let bytes = office.store.blobs().get(&found.sha256).with_context(|| number.clone())?;
    write_new(&path, &bytes)?;
    let told = format!("{number}, version {}, is in {} ({} bytes).\n", found.number, path.display(), bytes.len());
    let object = json!({"document": number, "version": found.number, "file": path.display().to_string()});
    Ok(Told::new(told, object))
}

/// Writes a file that is not there yet; nobody else may read it.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = File::options().create_new(true).write(true).mode(0o600).open(path);
    let file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => anyhow!("{} is there already; say another place", path.display()),
        _ => anyhow!("{}: {error}", path.display()),
    });
    file?.write_all(bytes).with_context(|| path.display().to_string())
}

fn add(office: &Office, matter: &str, file: &Path, folder: Option<&str>) -> Result<Told> {
    let matter = office.matter(matter)?;
    let folder = folder.map(|f| super::folder::find(office, f)).transpose().context("--folder")?;
    let new = read(office, file)?;
    let name = new.name.clone();
    let filed = office.act(&format!("document.add:{}", matter.id), move |act| {
        documents::file_for_firm(act, matter.id, folder, &new)
    })?;
    let number = office.number(filed.filed.document)?;
    let said = match filed.how {
        Filing::Same => format!("{name} is there already, as {number}; nothing was changed.\n"),
        Filing::New | Filing::Apart | Filing::Version => format!("{name} is {number}.\n"),
    };
    Ok(Told::new(said, json!({"document": number, "new": filed.how != Filing::Same})))
}

fn version(office: &Office, document: &str, file: &Path) -> Result<Told> {
    let item = find(office, document)?;
    let new = read(office, file)?;
    let name = new.name.clone();
    let filed = office
        .act(&format!("document.version:{}", item.id), move |act| documents::new_version_for_firm(act, item, &new))?;
    let (number, version) = (office.number(item)?, filed.filed.version);
    let said = match filed.how {
        Filing::Same => format!("{name} is what {number} holds already; nothing was changed.\n"),
        Filing::New | Filing::Apart | Filing::Version => format!("{name} is version {version} of {number}.\n"),
    };
    Ok(Told::new(said, json!({"document": number, "version": version, "new": filed.how != Filing::Same})))
}

fn check_out(office: &Office, document: &str, out: bool) -> Result<Told> {
    let item = find(office, document)?;
    let changed = office.act("document.checkout", move |act| documents::check_out(act, item, out))?;
    let number = office.number(item)?;
    let said = match (out, changed) {
        (true, true) => format!("{number} is checked out: co-counsel can file no version of it.\n"),
        (false, true) => format!("{number} is checked in: co-counsel can file versions of it again.\n"),
        (true, false) => format!("{number} was checked out before; nothing was changed.\n"),
        (false, false) => format!("{number} is not checked out; nothing was changed.\n"),
    };
    Ok(Told::new(said, json!({"document": number, "checked_out": out, "changed": changed})))
}

fn find(office: &Office, number: &str) -> Result<Item> {
    let item = office.thing(number)?;
    if item.kind != Kind::Document {
        bail!("a document such as D-4 is needed, not a {}", item.kind.word());
    }
    Ok(item)
}

/// A file of the firm's, kept.
fn read(office: &Office, file: &Path) -> Result<documents::File> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let sha256 = office.keep(file, &bytes)?;
    Ok(files::file(&name, &sha256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn a_file_becomes_a_document_of_the_matter_once() {
        let s = Sample::new();
        let file = s.folder.path().join("Brief.txt");
        std::fs::write(&file, "the brief").unwrap();
        let add = Document::Add { matter: "M-1".into(), file, folder: None };
        assert_eq!(run(&s.office, &add).unwrap().text, "Brief.txt is D-1.\n");
        assert!(run(&s.office, &add).unwrap().text.contains("nothing was changed"));
        let nowhere = Document::Add { matter: "M-1".into(), file: "nowhere.txt".into(), folder: None };
        assert!(run(&s.office, &nowhere).is_err());
    }

    #[test]
    fn a_document_is_listed_and_given_out_and_never_over_another_file() {
        let s = Sample::new();
        let file = s.folder.path().join("Brief.txt");
        for text in ["the brief", "the better brief"] {
            std::fs::write(&file, text).unwrap();
            match run(&s.office, &Document::Version { document: "D-1".into(), file: file.clone() }) {
                Ok(_) => {}
                Err(_) => {
                    drop(run(&s.office, &Document::Add { matter: "M-1".into(), file: file.clone(), folder: None }))
                }
            }
        }
        let list = run(&s.office, &Document::List { matter: Some("M-1".into()) }).unwrap();
        assert_eq!((list.json[0]["document"].as_str(), list.json[0]["version"].as_u64()), (Some("D-1"), Some(2)));
        let to = s.folder.path().join("out.txt");
        let get = |version| Document::Get { document: "D-1".into(), version, output: Some(to.clone()) };
        assert!(run(&s.office, &get(Some(1))).unwrap().text.starts_with("D-1, version 1, is in"));
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "the brief");
        assert!(run(&s.office, &get(None)).unwrap_err().to_string().contains("is there already"));
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "the brief");
        assert!(run(&s.office, &get(Some(7))).unwrap_err().to_string().contains("has no version 7; it has 2"));
    }

    #[test]
    fn frm_02_a_screened_user_finds_and_gets_no_document_of_the_matter() {
        let s = Sample::new();
        let file = s.folder.path().join("Brief.txt");
        std::fs::write(&file, "the brief").unwrap();
        run(&s.office, &Document::Add { matter: "M-1".into(), file, folder: None }).unwrap();
        let plain = crate::sharing::Role::User { admin: false, accounts: false, reports: false, billing: false };
        let bob = s.add(plain, "Bob", "Hale", "bob@hale.example");
        let as_bob = s.acting_as("bob@hale.example");
        let (firm, matter) = (s.office.firm.id, s.matter.id);
        s.office.store.write(move |tx| tx.screen(firm, matter, bob, "", super::super::sample::now())).unwrap();
        assert_eq!(run(&as_bob, &Document::List { matter: None }).unwrap().json, json!([]));
        let to = s.folder.path().join("out.txt");
        let get = Document::Get { document: "D-1".into(), version: None, output: Some(to.clone()) };
        assert!(run(&as_bob, &get).unwrap_err().to_string().contains("NOT_VISIBLE"));
        assert!(!to.exists());
    }

    #[test]
    fn a_version_is_added_and_a_document_checked_out_and_in() {
        let s = Sample::new();
        let file = s.folder.path().join("Brief.txt");
        std::fs::write(&file, "the brief").unwrap();
        run(&s.office, &Document::Add { matter: "M-1".into(), file: file.clone(), folder: None }).unwrap();
        let version = Document::Version { document: "D-1".into(), file: file.clone() };
        assert!(run(&s.office, &version).unwrap().text.contains("nothing was changed"));
        std::fs::write(&file, "the better brief").unwrap();
        assert_eq!(run(&s.office, &version).unwrap().text, "Brief.txt is version 2 of D-1.\n");
        let (out, back) = (Document::Checkout { document: "D-1".into() }, Document::Checkin { document: "D-1".into() });
        assert!(run(&s.office, &out).unwrap().text.starts_with("D-1 is checked out"));
        assert!(run(&s.office, &out).unwrap().text.contains("before"));
        assert!(run(&s.office, &back).unwrap().text.starts_with("D-1 is checked in"));
        let matter = Document::Checkout { document: "M-1".into() };
        assert!(run(&s.office, &matter).unwrap_err().to_string().contains("not a matter"));
    }
}
