//! The files of a mail: where they go, by what its lines say and what it answers, and a verdict for each. A file that
//! can't be filed never stops the others; the firm hears of it, since the mail is kept (DOC-05–10, gateway.md D7, D8).

use std::collections::BTreeMap;

use super::super::command::{Request, Verb};
use super::super::files::{LeftOut, Reason, extension, hint, refused_name};
use super::super::names::safe_name;
use super::Run;
use crate::actions::documents::{self, File, Filed, Place};
use crate::domain::{Item, Kind};
use crate::outbound::letter::{Filing, Line};
use crate::sharing::{Ability, Refusal};
use crate::store::Result;

const KEPT: &str = "it was kept with your mail and passed to the firm.";
const ENDINGS: [&str; 22] = [
    "csv", "doc", "docm", "docx", "eml", "htm", "html", "jpeg", "jpg", "msg", "odt", "pdf", "png", "ppt", "pptx",
    "rtf", "tif", "tiff", "txt", "xls", "xlsx", "zip",
];

/// Where the files of a mail go.
#[derive(Clone, Copy)]
enum Target {
    /// Each becomes a new document.
    New(Place),
    /// The one file becomes a version of this document.
    Version(Item),
    /// Nowhere: it was said why.
    Nowhere,
}

/// True for verbs that say what becomes of the mail's files.
pub(super) fn is_about_files(verb: Verb) -> bool {
    matches!(verb, Verb::Folder | Verb::Name | Verb::Version | Verb::Keep | Verb::Unzip)
}

impl Run<'_> {
    /// Files every file.
    pub(super) fn file_all(&mut self) -> Result<()> {
        let words = self.words;
        let mut wished = None;
        let mut names = BTreeMap::new();
        for request in words.commands.requests.iter().filter(|r| is_about_files(r.verb)) {
            if let Some(error) = &request.error {
                let why = error.problem.says(self.act.firm.locale);
                self.refuse(request, why, Some(error.instead.clone()).filter(|i| !i.is_empty()));
            } else if words.files.is_empty() {
                self.refuse_without_files(request);
            } else {
                self.wish_for_files(request, &mut wished, &mut names)?;
            }
        }
        if words.files.is_empty() {
            return Ok(());
        }
        let target = match wished {
            Some(target) => target,
            None => self.target_by_context()?,
        };
        for (place, file) in words.files.iter().enumerate() {
            let name = names.get(&place).map_or(file.name.as_str(), String::as_str);
            self.file_one(target, file, name)?;
        }
        Ok(())
    }

    /// What was left out, and why. A mail of thanks with a logo below is no reason to write.
    pub(super) fn say_what_was_left_out(&mut self) {
        let words = self.words;
        let says_nothing = self.lines.is_empty() && !words.commands.text.trim().is_empty();
        for LeftOut { name, why, reason } in &words.left_out {
            let (name, why) = (name.clone(), why.clone());
            match reason {
                Reason::Picture if says_nothing => {}
                Reason::Policy => self.lines.push(Line::Refused { typed: name, why: refused_as(&why), instead: None }),
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
        let why = match request.verb {
            Verb::Name => "There is no file in this mail to name. Only the firm can rename a filed document.",
            Verb::Keep => "There is no picture in this mail to keep. Send it again, with #keep in the same mail.",
            Verb::Version => "There is no file in this mail. Attach the new version, and write #version with it.",
            Verb::Unzip => "There is no zip in this mail.",
            _ => "There is no file in this mail. Attach what should go into the folder.",
        };
        let look = request.ids.first().filter(|i| request.verb == Verb::Folder && i.kind == Kind::Folder);
        self.refuse(request, why.into(), look.map(|id| format!("#show {id}")));
    }

    fn wish_for_files(
        &mut self,
        request: &Request,
        wished: &mut Option<Target>,
        names: &mut BTreeMap<usize, String>,
    ) -> Result<()> {
        match request.verb {
            Verb::Folder | Verb::Version if wished.is_some() => {
                self.refuse(request, "The files of one mail go to one place; this line was not used.".into(), None);
            }
            Verb::Folder => *wished = Some(self.folder_wished(request)?),
            Verb::Version => *wished = Some(self.version_wished(request)?),
            Verb::Name => {
                if let Some((place, name)) = self.name_wished(request) {
                    names.insert(place, name);
                }
            }
            Verb::Unzip if self.words.files.iter().any(|f| f.mime == "application/zip") => {
                self.refuse(request, "Zips can't be unpacked here yet. The zip is filed as it is.".into(), None);
            }
            Verb::Unzip => self.refuse(request, "There is no zip in this mail.".into(), None),
            _ => {}
        }
        Ok(())
    }

    fn folder_wished(&mut self, request: &Request) -> Result<Target> {
        let folder = match request.ids.first() {
            Some(id) if id.kind == Kind::Folder => self.find(request, *id)?,
            Some(id) => {
                self.refuse(request, format!("{id} is no folder."), Some("#folder F-3".into()));
                None
            }
            None => self.folder_named(request)?,
        };
        let Some(folder) = folder else { return Ok(Target::Nowhere) };
        match self.act.ask(Ability::Upload, folder)? {
            Ok(()) => Ok(Target::New(Place::Folder(folder))),
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Folder);
                Ok(Target::Nowhere)
            }
        }
    }

    /// The folder of this name that the sender can see: on the mail's matter, or on any of theirs.
    fn folder_named(&mut self, request: &Request) -> Result<Option<Item>> {
        let wanted = request.quoted.first().unwrap_or(&request.narrative).trim().to_lowercase();
        let mut hits = Vec::new();
        for matter in self.matters_with_folders()? {
            for folder in self.act.tx.folders_of_matter(self.act.firm.id, matter)? {
                if folder.name.trim().to_lowercase() == wanted && self.sees(folder.item())? {
                    hits.push(folder);
                }
            }
        }
        match hits.as_slice() {
            [one] => return Ok(Some(one.item())),
            [] if wanted.is_empty() => {
                self.refuse(request, "Which folder? Write its number.".into(), Some("#folder F-3".into()));
            }
            [] => self.refuse(request, "I find no folder of that name shared with you.".into(), None),
            several => {
                let ids: Vec<String> = several.iter().take(10).map(|f| format!("F-{}", f.number)).collect();
                self.refuse(request, format!("Which one? {}", ids.join(", ")), None);
            }
        }
        Ok(None)
    }

    fn matters_with_folders(&self) -> Result<Vec<i64>> {
        if let Some(matter) = self.situation.matter {
            return Ok(vec![matter]);
        }
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let mut matters = Vec::new();
        for share in tx.live_shares(firm, self.act.actor.id, self.act.now)? {
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
                self.refuse(request, format!("{id} is no document."), Some("#version D-4".into()));
                None
            }
            (None, Some(document)) => Some(document),
            (None, None) => {
                self.refuse(request, "Which document? Write its number.".into(), Some("#version D-4".into()));
                None
            }
        };
        let Some(document) = document else { return Ok(Target::Nowhere) };
        if let Err(refusal) = self.act.ask(Ability::AddVersion, document)? {
            self.refuse_by(request, refusal, Kind::Document);
            return Ok(Target::Nowhere);
        }
        if self.words.files.len() != 1 {
            let why = format!(
                "A version is one file, and this mail has {}. Send each version in a mail of its own.",
                self.words.files.len()
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
                let why = format!("Which file, and what name? The files are: {}.", list.join(", "));
                self.refuse(request, why, Some("#name 1 Exhibit A.pdf".into()));
                return None;
            }
        };
        let name = with_ending_of(&files.get(place)?.name, &safe_name(wanted));
        if let Some(why) = refused_name(&name) {
            self.refuse(request, format!("A file of that name is not filed: {why} It kept its own name."), None);
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

    fn file_one(&mut self, target: Target, file: &File, name: &str) -> Result<()> {
        let answer = match target {
            Target::New(place) => documents::upload(&self.act, place, file, name)?,
            Target::Version(document) => {
                documents::add_version(&self.act, document, &File { name: name.to_owned(), ..file.clone() })?
            }
            Target::Nowhere => {
                self.kept_text = true;
                self.lines.push(Line::LeftOut { name: file.name.clone(), why: KEPT.into() });
                return Ok(());
            }
        };
        match answer {
            Ok(filed) => self.filed(filed, file),
            Err(refusal) => {
                self.kept_text = true;
                let line = self.file_refused(target, file, refusal);
                self.lines.push(line);
                Ok(())
            }
        }
    }

    fn filed(&mut self, done: Filed, file: &File) -> Result<()> {
        let document = done.filed.document;
        match done.how {
            Filing::New | Filing::Apart => self.effect("file", Some(document), None)?,
            Filing::Version => self.effect("version", Some(document), None)?,
            Filing::Same => {}
        }
        let answers_document = self.situation.item.is_some_and(|i| i.kind == Kind::Document);
        let how = if answers_document && done.how == Filing::New { Filing::Apart } else { done.how };
        self.lines.push(Line::Filed { filed: done.filed, how });
        if done.how == Filing::Same {
            return Ok(());
        }
        self.documents.push(done.filed);
        if let Some(hint) = hint(&file.mime) {
            self.lines.push(Line::Question { text: format!("\"{}\" {hint}", file.name) });
        }
        if self.act.actor.is_user() && documents::audience(&self.act, document)?.is_empty() {
            let text =
                format!("\"{}\" is filed for the firm only: nobody outside sees it until it is shared.", file.name);
            self.lines.push(Line::Question { text });
        }
        Ok(())
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
            let why = "No folder or matter is shared with you in which it could be filed. It was kept and passed to the firm.";
            return Line::Refused { typed: file.name.clone(), why: why.into(), instead: None };
        }
        self.refusal(file.name.clone(), refusal, kind)
    }

    fn sees(&self, item: Item) -> Result<bool> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        Ok(tx.ask(firm, self.act.actor.id, Ability::View, item, self.act.now)?.is_allowed())
    }
}

fn refused_as(why: &str) -> String {
    format!("not filed: {why}")
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
