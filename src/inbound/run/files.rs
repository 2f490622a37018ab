//! The files of a mail.

use super::super::command::Verb;
use super::Run;
use crate::actions::documents::File;
use crate::inbound::extract::Extract;
use crate::inbound::parse::Mail;
use crate::store::Result;

/// A file that is not filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its safe name.
    pub name: String,
    /// Why, in words.
    pub why: String,
}

/// Which attachments are files, and which are not and why.
pub fn select(_mail: &Mail, _extract: &Extract) -> (Vec<(usize, File)>, Vec<LeftOut>) {
    (Vec::new(), Vec::new())
}

/// True for verbs that say what becomes of the mail's files.
pub(super) fn is_about_files(verb: Verb) -> bool {
    matches!(verb, Verb::Folder | Verb::Name | Verb::Version | Verb::Keep | Verb::Unzip)
}

impl Run<'_> {
    /// Files every file.
    pub(super) fn file_all(&mut self) -> Result<()> {
        Ok(())
    }
}
