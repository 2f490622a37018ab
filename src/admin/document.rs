//! `docketpost document add`: a file of the firm's is filed on a matter, as an upload by a mail would be (DOC-05). A contact
//! who may see it by a share of its folder is told; nobody else gets anything by it.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{Office, Told};
use crate::actions::documents;
use crate::domain::Kind;
use crate::inbound::names::safe_name;
use crate::outbound::letter::Filing;

/// Documents of the firm.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Document {
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
}

/// Files it.
pub fn run(office: &Office, what: &Document) -> Result<Told> {
    let Document::Add { matter, file, folder } = what;
    let matter = office.matter(matter)?;
    let folder = folder.as_deref().map(|f| office.thing(f)).transpose()?;
    if let Some(other) = folder.filter(|f| f.kind != Kind::Folder) {
        bail!("--folder: a folder such as F-1 is needed, not a {}", other.kind.word());
    }
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let name = file.file_name().map(|n| safe_name(&n.to_string_lossy())).unwrap_or_default();
    let new = documents::File {
        name: name.clone(),
        mime: infer::get(&bytes).map_or("application/octet-stream", |t| t.mime_type()).to_owned(),
        sha256: office.store.blobs().put(&bytes).context("the file can't be kept")?,
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
    };
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
}
