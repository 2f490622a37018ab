//! The files of a mail: where they go, by what its lines say and what it answers, and a verdict for each. A file that
//! can't be filed never stops the others; the firm hears of it, since the mail is kept (DOC-05–10, gateway.md D7, D8).

use std::collections::BTreeMap;

use super::super::command::{Request, Verb};
use super::super::files::{LeftOut, Reason, ZIP, extension, hint, refused_name};
use super::super::names::safe_name;
use super::Run;
use crate::actions::documents::{self, File, Filed, Place};
use crate::domain::{Item, Kind};
use crate::language::{phrase, say, sentence};
use crate::outbound::letter::{Filing, Line};
use crate::outbound::shared;
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::documents::Folder;

const KEPT: &str = sentence!("it was kept with your mail and passed to the firm.");
const ENDINGS: [&str; 22] = [
    "csv", "doc", "docm", "docx", "eml", "htm", "html", "jpeg", "jpg", "msg", "odt", "pdf", "png", "ppt", "pptx",
    "rtf", "tif", "tiff", "txt", "xls", "xlsx", "zip",
];

/// Where the files of a mail go.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Each becomes a new document.
    New(Place),
    /// The one file becomes a version of this document.
    Version(Item),
    /// Nowhere: it was said why.
    Nowhere,
}

/// What the lines of a mail say of its files.
#[derive(Default)]
struct Wishes {
    target: Option<Target>,
    names: BTreeMap<usize, String>,
    unzip: Option<Request>,
    /// The folders that a zip is unpacked into, below the target.
    path: Vec<String>,
}

/// True for verbs that say what becomes of the mail's files.
pub(super) fn is_about_files(verb: Verb) -> bool {
    matches!(verb, Verb::Folder | Verb::Name | Verb::Version | Verb::Keep | Verb::Unzip)
}

impl Run<'_> {
    /// Files every file.
    pub(super) fn file_all(&mut self) -> Result<()> {
        let words = self.words;
        let mut wished = Wishes::default();
        for request in words.commands.requests.iter().filter(|r| is_about_files(r.verb)) {
            if let Some(error) = &request.error {
                let why = error.problem.says(self.locale);
                self.refuse(request, why, Some(error.instead.clone()).filter(|i| !i.is_empty()));
            } else if words.files.is_empty() && request.verb != Verb::Unzip {
                self.refuse_without_files(request);
            } else {
                self.wish_for_files(request, &mut wished)?;
            }
        }
        if words.files.is_empty() {
            return Ok(());
        }
        let target = match wished.target {
            // Whoever assigned the mail to a matter wants its files there, though the place it names is none of theirs.
            Some(Target::Nowhere) if self.situation.is_assigned => self.target_by_context()?,
            Some(target) => target,
            None => self.target_by_context()?,
        };
        let names_a_place = matches!(wished.target, Some(Target::Nowhere)) && matches!(target, Target::Nowhere);
        self.place_is_unknown = names_a_place && self.situation.context_is_signed && self.situation.matter.is_some();
        for (place, file) in words.files.iter().enumerate() {
            let name = wished.names.get(&place).map_or(file.name.as_str(), String::as_str);
            match (&wished.unzip, target, words.unpacked.get(&place)) {
                (Some(unzip), Target::New(into), Some(unpacked)) => {
                    self.file_unpacked(unzip, into, &wished.path, (file, name), unpacked)?
                }
                (Some(unzip), Target::New(into), None) if file.mime == ZIP => {
                    let unread = Err(sentence!("it could not be read here.").into());
                    self.file_unpacked(unzip, into, &wished.path, (file, name), &unread)?
                }
                _ => self.file_one(target, file, name)?,
            }
        }
        Ok(())
    }

    /// What was left out, and why. A mail of thanks with a logo below is no reason to write.
    pub(super) fn say_what_was_left_out(&mut self) {
        let words = self.words;
        let says_nothing = self.lines.is_empty() && !words.commands.text.trim().is_empty();
        for LeftOut { name, why, reason } in &words.left_out {
            let (name, why) = (name.clone(), why.says(&self));
            match reason {
                Reason::Picture if says_nothing => {}
                Reason::Policy | Reason::Infected => self.lines.push(Line::Refused {
                    typed: name,
                    why: say!(self, "not filed: {why}", why = why),
                    instead: None,
                }),
                Reason::Picture | Reason::NoFile => self.lines.push(Line::LeftOut { name, why }),
            }
        }
    }

    /// Says of each message of this mail which documents came with it, where both are on one matter.
    pub(super) fn attach_to_messages(&self) -> Result<()> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        for posted in &self.posted {
            let matter = tx.matter_of(firm, posted.conversation)?;
            for filed in &self.documents {
                if tx.matter_of(firm, filed.document)? == matter {
                    tx.attach_document(firm, posted.message, filed.document.id)?;
                }
            }
        }
        Ok(())
    }

    fn refuse_without_files(&mut self, request: &Request) {
        let records = |r: &Request| matches!(r.verb, Verb::Time | Verb::Done) && r.duration.is_some();
        if request.verb == Verb::Keep && self.words.commands.requests.iter().any(records) {
            // It keeps time that looks as if it were recorded twice.
            return;
        }
        let why = match request.verb {
            Verb::Name => {
                say!(self, "There is no file in this mail to name. Only the firm can rename a filed document.")
            }
            Verb::Keep => {
                say!(self, "There is no picture in this mail to keep. Send it again, with #keep in the same mail.")
            }
            Verb::Version => {
                say!(self, "There is no file in this mail. Attach the new version, and write #version with it.")
            }
            Verb::Unzip => say!(self, "There is no zip in this mail."),
            _ => say!(self, "There is no file in this mail. Attach what should go into the folder."),
        };
        let look = request.ids.first().filter(|i| request.verb == Verb::Folder && i.kind == Kind::Folder);
        let look = look.map(|id| say!(self, "#show {id}", id = id.to_string()));
        self.refuse(request, why, look);
    }

    fn wish_for_files(&mut self, request: &Request, wished: &mut Wishes) -> Result<()> {
        match request.verb {
            Verb::Folder | Verb::Version if wished.target.is_some() || !wished.path.is_empty() => {
                let why = say!(self, "The files of one mail go to one place; this line was not used.");
                self.refuse(request, why, None);
            }
            Verb::Folder => match self.new_path(request)? {
                Some(path) => wished.path = path,
                None => wished.target = Some(self.folder_wished(request)?),
            },
            Verb::Version => wished.target = Some(self.version_wished(request)?),
            Verb::Name => {
                if let Some((place, name)) = self.name_wished(request) {
                    wished.names.insert(place, name);
                }
            }
            Verb::Unzip if self.words.files.iter().any(|f| f.mime == ZIP) => {
                wished.unzip = Some(request.clone());
                if let Some(path) = path_written(request) {
                    wished.path = path;
                }
            }
            // Of a zip that is not filed it is said why.
            Verb::Unzip if self.words.left_out.iter().any(|l| l.name.to_lowercase().ends_with(".zip")) => {}
            Verb::Unzip => self.refuse(request, say!(self, "There is no zip in this mail."), None),
            _ => {}
        }
        Ok(())
    }

    /// With `#unzip` in the same mail, `#folder Discovery/Exhibits` may name folders that are not there yet.
    fn new_path(&self, request: &Request) -> Result<Option<Vec<String>>> {
        let unzips = self.words.commands.requests.iter().any(|r| r.verb == Verb::Unzip);
        if !unzips || !request.ids.is_empty() || !self.folders_called(request)?.is_empty() {
            return Ok(None);
        }
        Ok(path_written(request))
    }

    fn folder_wished(&mut self, request: &Request) -> Result<Target> {
        let folder = match request.ids.first() {
            Some(id) if id.kind == Kind::Folder => self.find(request, *id)?,
            Some(id) => {
                let why = say!(self, "{id} is no folder.", id = id.to_string());
                let instead = self.instead_with(request, Kind::Folder, Ability::Upload)?;
                self.refuse(request, why, instead);
                None
            }
            None => self.folder_named(request)?,
        };
        let Some(folder) = folder else { return Ok(Target::Nowhere) };
        match self.act.ask(Ability::Upload, folder)? {
            Ok(()) => Ok(Target::New(Place::Folder(folder))),
            Err(refusal) => {
                self.place_is_closed |= refusal == Refusal::FolderLocked;
                self.refuse_by(request, refusal, Kind::Folder);
                Ok(Target::Nowhere)
            }
        }
    }

    /// The folder of this name that the sender can see: on the mail's matter, or on any of theirs.
    fn folder_named(&mut self, request: &Request) -> Result<Option<Item>> {
        let hits = self.folders_called(request)?;
        match hits.as_slice() {
            [one] => return Ok(Some(one.item())),
            [] if words_of(request).is_empty() => {
                let why = say!(self, "Which folder? Write its number.");
                let instead = self.instead_with(request, Kind::Folder, Ability::Upload)?;
                self.refuse(request, why, instead);
            }
            [] => self.refuse(request, say!(self, "I find no folder of that name shared with you."), None),
            several => {
                let ids: Vec<String> = several.iter().take(10).map(|f| format!("F-{}", f.number)).collect();
                self.refuse(request, say!(self, "Which one? {ids}", ids = ids.join(", ")), None);
            }
        }
        Ok(None)
    }

    fn folders_called(&self, request: &Request) -> Result<Vec<Folder>> {
        let wanted = words_of(request).to_lowercase();
        let mut hits = Vec::new();
        for matter in self.matters_with_folders()? {
            for folder in self.act.tx.folders_of_matter(self.act.firm.id, matter)? {
                let is_called = folder.name.trim().to_lowercase() == wanted;
                if is_called && self.may_be_named(folder.item())? && self.act.sees(folder.item())? {
                    hits.push(folder);
                }
            }
        }
        Ok(hits)
    }

    fn matters_with_folders(&self) -> Result<Vec<i64>> {
        if let Some(matter) = self.situation.matter {
            return Ok(vec![matter]);
        }
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let mut matters = Vec::new();
        for share in tx.live_shares(firm, self.act.actor.whose(), self.act.now)? {
            if matches!(share.item.kind, Kind::Folder | Kind::Matter) {
                matters.extend(tx.matter_of(firm, share.item)?);
            }
        }
        matters.sort_unstable();
        matters.dedup();
        Ok(matters)
    }

    fn version_wished(&mut self, request: &Request) -> Result<Target> {
        let answered = self.situation.item.filter(|i| i.kind == Kind::Document && self.situation.context_is_signed);
        let document = match (request.ids.first(), answered) {
            (Some(id), _) if id.kind == Kind::Document => self.find(request, *id)?,
            (Some(id), _) => {
                let why = say!(self, "{id} is no document.", id = id.to_string());
                let instead = self.instead_with(request, Kind::Document, Ability::AddVersion)?;
                self.refuse(request, why, instead);
                None
            }
            (None, Some(document)) => Some(document),
            (None, None) => {
                let why = say!(self, "Which document? Write its number.");
                let instead = self.instead_with(request, Kind::Document, Ability::AddVersion)?;
                self.refuse(request, why, instead);
                None
            }
        };
        let Some(document) = document else { return Ok(Target::Nowhere) };
        if let Err(refusal) = self.act.ask(Ability::AddVersion, document)? {
            self.place_is_closed |= refusal == Refusal::CheckedOut;
            self.refuse_by(request, refusal, Kind::Document);
            return Ok(Target::Nowhere);
        }
        if self.words.files.len() != 1 {
            let why = say!(
                self,
                "A version is one file, and this mail has {number}. Send each version in a mail of its own.",
                number = self.words.files.len()
            );
            self.refuse(request, why, None);
            return Ok(Target::Nowhere);
        }
        Ok(Target::Version(document))
    }

    /// Which file is to be named, and how. The file keeps the ending that says what it is.
    fn name_wished(&mut self, request: &Request) -> Option<(usize, String)> {
        let files = &self.words.files;
        let written = request.narrative.trim().trim_matches(['"', '“', '”', '„']).trim();
        let numbered = written.split_once(' ').and_then(|(n, rest)| Some((n.parse::<usize>().ok()?, rest)));
        let (place, wanted) = match numbered {
            Some((number, rest)) if (1..=files.len()).contains(&number) => (number.saturating_sub(1), rest),
            _ if files.len() == 1 && !written.is_empty() => (0, written),
            _ => {
                let list: Vec<String> = files
                    .iter()
                    .enumerate()
                    .take(10)
                    .map(|(n, f)| format!("{} {}", n.saturating_add(1), f.name))
                    .collect();
                let why = say!(self, "Which file, and what name? The files are: {files}.", files = list.join(", "));
                self.refuse(request, why, Some(say!(self, "#name 1 Exhibit A.pdf")));
                return None;
            }
        };
        let name = with_ending_of(&files.get(place)?.name, &safe_name(wanted));
        if let Some(why) = refused_name(&name) {
            let why = phrase(&self, why);
            let why = say!(self, "A file of that name is not filed: {why} It kept its own name.", why = why);
            self.refuse(request, why, None);
            return None;
        }
        Some((place, name))
    }

    /// Where files go of which nothing is said: by what the mail answers, else to its matter (decisions.md 21).
    fn target_by_context(&mut self) -> Result<Target> {
        let item = self.situation.item.filter(|_| self.situation.context_is_signed);
        if let Some(document) = item.filter(|i| i.kind == Kind::Document) {
            if let [file] = self.words.files.as_slice()
                && self.is_next_version(document, file)?
            {
                return Ok(Target::Version(document));
            }
            if let Some(folder) = self.folder_beside(document)? {
                return Ok(Target::New(Place::Folder(folder)));
            }
        }
        if let Some(folder) = item.filter(|i| i.kind == Kind::Folder) {
            return Ok(Target::New(Place::Folder(folder)));
        }
        match self.situation.matter.filter(|_| self.situation.context_is_signed) {
            Some(matter) => Ok(Target::New(Place::Matter(matter))),
            None => {
                self.ask_which_matter();
                Ok(Target::Nowhere)
            }
        }
    }

    fn is_next_version(&self, document: Item, file: &File) -> Result<bool> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let Some(known) = tx.document(firm, document.id)? else { return Ok(false) };
        let current = tx.current_version(firm, document.id)?;
        let came_as = current.map(|v| v.filename);
        // A document without an ending is sent out with the one that its file came with.
        let sent_as = came_as.as_deref().and_then(extension).map(|ending| format!("{}.{ending}", known.name));
        let names = [Some(known.name), came_as, sent_as];
        Ok(names.into_iter().flatten().any(|name| is_same_file(&name, &file.name)))
    }

    /// The folder of the answered document, if the sender may file there.
    fn folder_beside(&self, document: Item) -> Result<Option<Item>> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let folder = tx.document(firm, document.id)?.and_then(|d| d.folder).map(|row| Item::new(Kind::Folder, row));
        let Some(folder) = folder else { return Ok(None) };
        let takes = tx.ask(firm, self.act.actor.id, Ability::Upload, folder, self.act.now)?.is_allowed();
        Ok(Some(folder).filter(|_| takes))
    }

    pub(super) fn file_one(&mut self, target: Target, file: &File, name: &str) -> Result<()> {
        let answer = match target {
            Target::New(place) => documents::upload(&self.act, place, file, name)?,
            Target::Version(document) => {
                documents::add_version(&self.act, document, &File { name: name.to_owned(), ..file.clone() })?
            }
            Target::Nowhere => {
                self.kept_text = true;
                self.lines.push(Line::LeftOut { name: file.name.clone(), why: phrase(&self, KEPT) });
                return Ok(());
            }
        };
        match answer {
            Ok(filed) => self.filed(filed, file),
            Err(refusal) => {
                self.kept_text = true;
                self.place_is_closed |= matches!(refusal, Refusal::CheckedOut | Refusal::FolderLocked);
                let line = self.file_refused(target, file, refusal);
                self.lines.push(line);
                Ok(())
            }
        }
    }

    pub(super) fn filed(&mut self, done: Filed, file: &File) -> Result<()> {
        let document = done.filed.document;
        match done.how {
            Filing::New | Filing::Apart => self.effect("file", Some(document), None)?,
            Filing::Version => self.effect("version", Some(document), None)?,
            Filing::Same => {}
        }
        let answers_document = self.situation.item.is_some_and(|i| i.kind == Kind::Document);
        let is_apart = done.how == Filing::New && (answers_document || self.has_its_like(document, file)?);
        let how = if is_apart { Filing::Apart } else { done.how };
        self.lines.push(Line::Filed { filed: done.filed, how });
        if done.how == Filing::Same {
            return Ok(());
        }
        self.documents.push(done.filed);
        if let Some(text) = hint(&self, &file.name, &file.mime) {
            self.lines.push(Line::Question { text });
        }
        if self.act.actor.is_user() && documents::audience(&self.act, document)?.is_empty() {
            let text = say!(
                self,
                "\"{name}\" is filed for the firm only: nobody outside sees it until it is shared.",
                name = &file.name
            );
            self.lines.push(Line::Question { text });
        }
        Ok(())
    }

    /// Another document that the sender sees was sent under the same name: this one may have been meant as its version.
    fn has_its_like(&self, document: Item, file: &File) -> Result<bool> {
        for other in
            shared::candidates(self.act.tx, self.act.firm.id, self.act.actor.whose(), Kind::Document, self.act.now)?
        {
            let is_like = other != document && self.is_next_version(other, file)?;
            if is_like && self.may_be_named(other)? && self.act.sees(other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The command with the number of the first thing of this kind for which its writer may use it; none if there is none.
    fn instead_with(&self, request: &Request, kind: Kind, ability: Ability) -> Result<Option<String>> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        for item in shared::candidates(tx, firm, self.act.actor.whose(), kind, self.act.now)? {
            if tx.ask(firm, self.act.actor.id, ability, item, self.act.now)?.is_allowed() {
                let id = tx.number(firm, self.numbering(), item)?;
                return Ok(id.map(|id| format!("#{} {id}", request.verb.word(self.locale))));
            }
        }
        Ok(None)
    }

    fn file_refused(&self, target: Target, file: &File, refusal: Refusal) -> Line {
        let kind = match target {
            Target::New(Place::Folder(_)) => Kind::Folder,
            Target::Version(_) => Kind::Document,
            Target::New(Place::Matter(_)) | Target::Nowhere => Kind::Matter,
        };
        // An answer about a task must not name a matter that is not shared (decisions.md 24).
        let is_about_another = self.situation.item.is_some_and(|i| i.kind != Kind::Matter);
        if refusal == Refusal::NotVisible && kind == Kind::Matter && is_about_another {
            let why = say!(
                self,
                "No folder or matter is shared with you in which it could be filed. It was kept and passed to the firm."
            );
            return Line::Refused { typed: file.name.clone(), why, instead: None };
        }
        self.refusal(file.name.clone(), refusal, kind)
    }
}

/// What was written after a command, or in its quotation marks.
fn words_of(request: &Request) -> &str {
    request.quoted.first().unwrap_or(&request.narrative).trim()
}

/// "Discovery/Exhibits" as the names of two folders; none if nothing is written.
fn path_written(request: &Request) -> Option<Vec<String>> {
    let parts = words_of(request).split(['/', '\\', '>']).map(str::trim);
    let path: Vec<String> = parts.filter(|p| !matches!(*p, "" | "." | "..")).map(safe_name).take(8).collect();
    Some(path).filter(|path| !path.is_empty())
}

/// The wanted name with the ending of the file's own: a name must not hide what a file is.
fn with_ending_of(own: &str, wanted: &str) -> String {
    let Some(ending) = extension(own) else { return wanted.to_owned() };
    let given = extension(wanted).filter(|e| ENDINGS.contains(&e.as_str()) || *e == ending);
    let stem = match &given {
        Some(given) if is_same_ending(given, &ending) => return wanted.to_owned(),
        Some(_) => wanted.rsplit_once('.').map_or(wanted, |(stem, _)| stem),
        None => wanted,
    };
    safe_name(&format!("{stem}.{ending}"))
}

fn is_same_ending(one: &str, two: &str) -> bool {
    let plain = |ending: &str| match ending {
        "jpeg" => "jpg".to_owned(),
        "tiff" => "tif".to_owned(),
        "html" => "htm".to_owned(),
        other => other.to_owned(),
    };
    plain(one) == plain(two)
}

/// Same type and same stem: capitals, underscores, and the marks of copies and versions do not tell names apart.
fn is_same_file(known: &str, sent: &str) -> bool {
    let (one, two) = (extension(known).unwrap_or_default(), extension(sent).unwrap_or_default());
    is_same_ending(&one, &two) && stem(known, &one) == stem(sent, &two)
}

fn stem(name: &str, ending: &str) -> String {
    let lower = name.to_lowercase().replace('_', " ");
    let bare = lower.strip_suffix(&format!(".{ending}")).unwrap_or(&lower);
    let mut words: Vec<&str> = bare.split_whitespace().collect();
    while words.len() > 1 && words.last().is_some_and(|w| is_copy_mark(w)) {
        words.pop();
    }
    words.join(" ")
}

/// "(2)", "v2".
fn is_copy_mark(word: &str) -> bool {
    let inside = word.strip_prefix('(').and_then(|w| w.strip_suffix(')')).or_else(|| word.strip_prefix('v'));
    inside.is_some_and(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
