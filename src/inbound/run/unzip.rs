//! `#unzip`: the files of a zip, already unpacked and kept, are filed with their folders (DOC-08). What can't be unpacked is
//! filed as it is, and its sender told why.

use super::super::command::Request;
use super::super::files::extension;
use super::super::unpack::{Packed, Unfit, Unpacked};
use super::files::Target;
use super::{Run, typed};
use crate::actions::documents::{self, File, Place, Placed};
use crate::domain::{Item, Kind};
use crate::language::say;
use crate::outbound::letter::{Filing, Line};
use crate::store::Result;

impl Run<'_> {
    /// Files what came out of a zip; the zip itself only if nothing could come out of it.
    pub(super) fn file_unpacked(
        &mut self,
        request: &Request,
        place: Place,
        path: &[String],
        (zip, name): (&File, &str),
        unpacked: &std::result::Result<Unpacked, Unfit>,
    ) -> Result<()> {
        let unpacked = match unpacked {
            Ok(unpacked) if !unpacked.files.is_empty() => unpacked,
            Ok(_) => {
                let why =
                    say!(self, "\"{name}\" holds no file that can be filed. The zip is filed as it is.", name = name);
                self.refuse(request, why, None);
                return self.file_one(Target::New(place), zip, name);
            }
            Err(why) => {
                let why = say!(
                    self,
                    "\"{name}\" was not unpacked: {why} The zip is filed as it is.",
                    name = name,
                    why = why.says(&self)
                );
                self.refuse(request, why, None);
                return self.file_one(Target::New(place), zip, name);
            }
        };
        let path = match path {
            [] => folder_of_zip(name, &unpacked.files),
            written => written.to_vec(),
        };
        let files: Vec<Placed<'_>> = unpacked.files.iter().map(|p| (below(&path, p), &p.file)).collect();
        let tree = match documents::upload_tree(&self.act, place, &path, &files)? {
            Ok(tree) => tree,
            Err(refusal) => {
                self.kept_text = true;
                let kind = if matches!(place, Place::Folder(_)) { Kind::Folder } else { Kind::Matter };
                let line = self.refusal(typed(request), refusal, kind);
                self.lines.push(line);
                return Ok(());
            }
        };
        let mut line = (Vec::new(), Vec::new());
        for filed in &tree.filed {
            if filed.how == Filing::Same {
                line.1.push(filed.filed);
                continue;
            }
            self.effect("file", Some(filed.filed.document), None)?;
            self.documents.push(filed.filed);
            line.0.push(filed.filed);
        }
        self.lines.push(Line::Unzipped {
            zip: name.to_owned(),
            folder: tree.top,
            folders: u32::try_from(tree.folders).unwrap_or(u32::MAX),
            filed: line.0,
            same: line.1,
            skipped: unpacked.skipped.iter().map(|(path, why)| (path.clone(), why.says(&self))).collect(),
        });
        self.say_if_only_for_the_firm(tree.top, name)
    }

    fn say_if_only_for_the_firm(&mut self, folder: Item, name: &str) -> Result<()> {
        let Some(first) = self.documents.last().filter(|_| self.act.actor.is_user()) else { return Ok(()) };
        if folder.kind == Kind::Folder && documents::audience(&self.act, first.document)?.is_empty() {
            let text = say!(
                self,
                "\"{name}\" is filed for the firm only: nobody outside sees it until it is shared.",
                name = name
            );
            self.lines.push(Line::Question { text });
        }
        Ok(())
    }
}

/// Where a zip goes of which nothing is said: into a folder of its name, unless all its files lie in one folder already.
fn folder_of_zip(name: &str, files: &[Packed]) -> Vec<String> {
    let first = files.first().and_then(|p| p.folders.first());
    let common = first.filter(|first| files.iter().all(|p| p.folders.first() == Some(*first)));
    match common {
        Some(folder) => vec![folder.clone()],
        None => {
            let stem = extension(name).and_then(|_| name.rsplit_once('.')).map_or(name, |(stem, _)| stem);
            vec![stem.trim().to_owned()]
        }
    }
}

/// The folders of a file below the one that is made for the zip: "Exhibits/A.pdf" in `#unzip Exhibits` is no second folder
/// of that name.
fn below<'p>(path: &[String], packed: &'p Packed) -> &'p [String] {
    match (path.last(), packed.folders.split_first()) {
        (Some(last), Some((first, rest))) if last.to_lowercase() == first.to_lowercase() => rest,
        _ => &packed.folders,
    }
}
