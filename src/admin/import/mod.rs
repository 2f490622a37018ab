//! `docketpost import`: people, matters and their things from Clio's JSON and from CSV (billing.md e4). A file is one
//! transaction; a row that can't be taken in is left out and told with its reason, the others are taken in. The documents
//! that it names are on disk before that begins: the daemon waits for a transaction, not for a disk. What was imported
//! before is changed, not doubled. Mails bring in nothing here, and nobody's login address is changed.

mod columns;
mod people;
mod matters;
mod rows;
#[cfg(test)]
mod tests;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::json;

use super::{Office, Told};
use crate::actions::Act;
use crate::domain::dates::{self, Against, Direction};
use crate::domain::{Address, Item, ItemId, Kind, PersonId};
use crate::sharing::{Ability, Refusal};
use crate::store::audit::Entry;
use crate::store::numbers::Reader;
use crate::store::{Snapshot, StoreError};
use rows::{Row, Rows};

/// The most rows with errors that are printed; all of them are in the errors file.
const MOST_SHOWN: usize = 20;

/// Takes in people, matters and their things from JSON or CSV files.
///
/// CSV files have the columns of Clio's import templates (`docketpost import --columns` prints them); JSON files are what
/// Clio's API gives. A file is named for what it holds: contacts.csv, matters.json.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Files such as contacts.csv or matters.json, or folders of them
    #[arg(required_unless_present = "columns", value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Print which columns are read, for each file
    #[arg(long)]
    pub columns: bool,
    /// Where the paths of documents begin [default: the folder of the list that names them]
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
    /// Change nothing; tell what would happen
    #[arg(long)]
    pub dry_run: bool,
    /// Write the rows that can't be taken in here, the reason first; a folder if there are several files
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// What the files hold, where their names do not say it
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
}

/// What a file holds, in the order in which files are taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Users,
    Contacts,
    Matters,
    Relationships,
    Folders,
    Documents,
    Tasks,
    Notes,
    Events,
    Communications,
    Bills,
    Activities,
    Shares,
}

impl What {
    const ALL: [What; 13] = [
        What::Users,
        What::Contacts,
        What::Matters,
        What::Relationships,
        What::Folders,
        What::Documents,
        What::Tasks,
        What::Notes,
        What::Events,
        What::Communications,
        What::Bills,
        What::Activities,
        What::Shares,
    ];

    const fn names(self) -> &'static [&'static str] {
        match self {
            What::Users => &["users"],
            What::Contacts => &["contacts"],
            What::Matters => &["matters"],
            What::Relationships => &["related_contacts", "relationships"],
            What::Folders => &["folders"],
            What::Documents => &["documents"],
            What::Tasks => &["tasks"],
            What::Notes => &["notes", "matter_notes"],
            What::Events => &["calendar", "calendar_entries", "events"],
            What::Communications => &["communications"],
            What::Bills => &["bills"],
            What::Activities => &["activities"],
            What::Shares => &["shares"],
        }
    }

    fn named(name: &str) -> Option<What> {
        let name = name.to_lowercase().replace([' ', '-'], "_");
        What::ALL.into_iter().find(|w| w.names().contains(&name.as_str()))
    }

    fn of_file(path: &Path) -> Option<What> {
        What::named(path.file_stem()?.to_str()?)
    }

    fn word(self) -> &'static str {
        self.names().first().copied().unwrap_or_default()
    }

    /// So many of them.
    fn counted(self, n: usize) -> String {
        let (one, many) = match self {
            What::Users => ("user", "users"),
            What::Contacts => ("contact", "contacts"),
            What::Matters => ("matter", "matters"),
            What::Relationships => ("related contact", "related contacts"),
            What::Folders => ("folder", "folders"),
            What::Documents => ("document", "documents"),
            What::Tasks => ("task", "tasks"),
            What::Notes => ("note", "notes"),
            What::Events => ("event", "events"),
            What::Communications => ("communication", "communications"),
            What::Bills => ("bill", "bills"),
            What::Activities => ("time entry", "time entries"),
            What::Shares => ("share", "shares"),
        };
        format!("{n} {}", if n == 1 { one } else { many })
    }
}

/// What a row came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    New,
    Changed,
    Same,
}

impl Change {
    fn changed_if(changed: bool) -> Change {
        if changed { Change::Changed } else { Change::Same }
    }
}

/// Why a row can't be taken in; an error of the store that is not the row's ends the file.
enum Wrong {
    Row(String),
    Store(StoreError),
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Wrong {
        match error.is_contradiction() {
            true => Wrong::Row("contradicts what is there already".to_owned()),
            false => Wrong::Store(error),
        }
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Wrong {
        Wrong::Row(format!("refused: {}", refusal.code()))
    }
}

type Taken<T> = std::result::Result<T, Wrong>;

fn wrong<T>(why: impl Into<String>) -> Taken<T> {
    Err(Wrong::Row(why.into()))
}

/// What a file came to.
#[derive(Clone, Debug, Default)]
struct Report {
    new: usize,
    changed: usize,
    same: usize,
    wrong: Vec<(usize, String)>,
    /// Invitations that it queued.
    invitations: u64,
    /// After it: people with whom something is shared, and whom nobody invited.
    uninvited: u64,
}

/// A file on its way in, in an open transaction.
struct Import<'i> {
    act: &'i Act<'i>,
    files: &'i Files,
    is_json: bool,
    today: Zoned,
    by_name: BTreeMap<String, BTreeSet<PersonId>>,
    /// How often a key without an id stood in this file: two equal rows are two things.
    seen: BTreeMap<String, u32>,
}

#[derive(Clone, Debug)]
struct Source {
    path: PathBuf,
    what: What,
    rows: Rows,
    /// Where the paths of documents begin.
    folder: PathBuf,
}

/// The files that the rows of a source name, by their paths as written: each kept, or why it is not.
type Files = BTreeMap<String, std::result::Result<KeptFile, String>>;

/// A file of a row; but for a dry run it is on disk as a blob.
#[derive(Clone, Debug)]
struct KeptFile {
    sha256: String,
    size: u64,
    content_type: &'static str,
}

/// Tells which columns are read, for each file.
pub fn columns() -> Told {
    columns::tell()
}

/// Takes the files in.
pub fn run(office: &Office, args: &Args) -> Result<Told> {
    let (sources, strange) = read_all(args)?;
    office.ask_administrator(Ability::Edit)?;
    let sources = Arc::new(sources);
    let reports = if args.dry_run { dry(office, &sources)? } else { wet(office, &sources)? };
    if let Some(path) = &args.errors {
        write_errors(path, &sources, &reports)?;
    }
    let left_out = |path: &PathBuf| {
        let path = path.display();
        format!(
            "{path}: left out, its name tells no kind; take it in with --kind, such as --kind contacts \"{path}\"\n"
        )
    };
    let note = strange.iter().map(left_out).collect();
    Ok(Told { note, ..tell(args, &sources, &reports) })
}

/// The files in the order in which they are taken in, and those of a folder whose names say nothing.
fn read_all(args: &Args) -> Result<(Vec<Source>, Vec<PathBuf>)> {
    let kind = match &args.kind {
        Some(word) => Some(What::named(word).with_context(|| format!("--kind {word}: {}", known()))?),
        None => None,
    };
    let (mut files, mut strange) = (Vec::new(), Vec::new());
    for path in &args.paths {
        if !path.exists() {
            bail!("{}: no such file", path.display());
        }
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
            for entry in entries {
                let file = entry?.path();
                let is_ours = file.extension().is_some_and(|e| e == "csv" || e == "json");
                match What::of_file(&file) {
                    Some(what) if is_ours => files.push((what, file)),
                    _ if is_ours => strange.push(file),
                    _ => {}
                }
            }
        } else {
            let what = kind.or_else(|| What::of_file(path));
            files.push((what.with_context(|| format!("{}: {}", path.display(), known()))?, path.clone()));
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("there is nothing to import: {}", known());
    }
    strange.sort();
    let read = |(what, path): (What, PathBuf)| -> Result<Source> {
        let folder = args.files.clone().unwrap_or_else(|| path.parent().unwrap_or(Path::new("")).to_owned());
        Ok(Source { rows: Rows::read(&path)?, what, path, folder })
    };
    Ok((files.into_iter().map(read).collect::<Result<_>>()?, strange))
}

fn known() -> String {
    let names: Vec<&str> = What::ALL.into_iter().flat_map(What::names).copied().collect();
    format!("a file is named for what it holds ({}), with .csv or .json, or say --kind", names.join(", "))
}

/// Each file in a transaction of its own.
fn wet(office: &Office, sources: &Arc<Vec<Source>>) -> Result<Vec<Report>> {
    let mut reports = Vec::new();
    for n in 0..sources.len() {
        // However long it takes until their rows are on disk.
        let _held = office.store.hold_blobs()?;
        let files = sources.get(n).map(|source| matters::files(office, source, false)).unwrap_or_default();
        let all = Arc::clone(sources);
        let report = office.act(&format!("import:{n}"), move |act| match all.get(n) {
            Some(source) => Ok(Ok(take(act, source, &files)?)),
            None => Ok(Ok(Report::default())),
        });
        let name = sources.get(n).map(|s| s.path.display().to_string()).unwrap_or_default();
        reports.push(report.with_context(|| format!("{name}: nothing of it was taken in"))?);
    }
    Ok(reports)
}

/// All files in one transaction that is given up at the end, so that a later file finds what an earlier one brings.
fn dry(office: &Office, sources: &Arc<Vec<Source>>) -> Result<Vec<Report>> {
    let kept: Arc<Mutex<Vec<Report>>> = Arc::default();
    let files: Vec<Files> = sources.iter().map(|source| matters::files(office, source, true)).collect();
    let (keep, sources) = (Arc::clone(&kept), Arc::clone(sources));
    let given_up = office.try_act::<()>("import", move |act| {
        let taken = sources.iter().zip(&files).map(|(source, files)| take(act, source, files));
        let reports = taken.collect::<crate::store::Result<Vec<_>>>()?;
        *keep.lock().unwrap_or_else(PoisonError::into_inner) = reports;
        Err(StoreError::Content(GIVEN_UP.to_owned()))
    });
    match given_up {
        Err(StoreError::Content(why)) if why == GIVEN_UP => {}
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let reports = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(reports)
}

const GIVEN_UP: &str = "a dry run is given up";

/// Takes a file in. A folder may stand before its parent: rows are tried again as long as that helps.
fn take(act: &Act<'_>, source: &Source, files: &Files) -> crate::store::Result<Report> {
    let mut import = Import {
        act,
        files,
        is_json: source.rows.is_json,
        today: act.now.to_zoned(act.firm.zone()),
        by_name: BTreeMap::new(),
        seen: BTreeMap::new(),
    };
    import.learn_names()?;
    let mut report = Report::default();
    let queued = act.tx.invitations_queued(act.firm.id)?;
    let mut taken: BTreeMap<String, u64> = BTreeMap::new();
    let mut open: Vec<usize> = (0..source.rows.rows.len()).collect();
    loop {
        let before = open.len();
        report.wrong.clear();
        for n in std::mem::take(&mut open) {
            let Some(row) = source.rows.rows.get(n) else { continue };
            let once = stands_once(source.what, row);
            let earlier = once.as_ref().and_then(|key| taken.get(key));
            let change = match (&once, earlier) {
                (Some(key), Some(place)) => {
                    let place = if source.rows.is_json { format!("row {place}") } else { format!("line {place}") };
                    wrong(format!("{key} stands in {place} of this file already"))
                }
                _ => import.row(source.what, row),
            };
            if let (Some(key), Ok(_)) = (once, &change) {
                taken.insert(key, row.place);
            }
            let count = match change {
                Ok(Change::New) => &mut report.new,
                Ok(Change::Changed) => &mut report.changed,
                Ok(Change::Same) => &mut report.same,
                Err(Wrong::Row(why)) => {
                    report.wrong.push((n, why));
                    open.push(n);
                    continue;
                }
                Err(Wrong::Store(error)) => return Err(error),
            };
            *count = count.saturating_add(1);
        }
        if source.what != What::Folders || open.is_empty() || open.len() == before {
            break;
        }
    }
    report.invitations = act.tx.invitations_queued(act.firm.id)?.saturating_sub(queued);
    report.uninvited = act.tx.never_invited(act.firm.id, act.now)?;
    let facts =
        json!({"kind": source.what.word(), "new": report.new, "changed": report.changed, "wrong": report.wrong.len()});
    act.tx.audit(act.firm.id, &Entry::new(Some(act.actor.id), "import").with(facts), act.now)?;
    Ok(report)
}

/// What may stand in a file once: a person's address, the number of a matter.
fn stands_once(what: What, row: &Row) -> Option<String> {
    let text = match what {
        What::Users => row.first(&people::USER_ADDRESS),
        What::Contacts => row.first(&people::ADDRESS),
        What::Matters => row.first(&["display_number"]),
        _ => "",
    };
    (!text.is_empty()).then(|| text.to_lowercase())
}

fn write_errors(path: &Path, sources: &[Source], reports: &[Report]) -> Result<()> {
    let write = |path: &Path, source: &Source, report: &Report| -> Result<()> {
        let bytes = source.rows.errors(&report.wrong)?;
        // They are the firm's data, as the rows that were taken in.
        let file = std::fs::File::options().create(true).write(true).truncate(true).mode(0o600).open(path);
        file.and_then(|mut file| file.write_all(&bytes)).with_context(|| path.display().to_string())
    };
    if let ([source], [report]) = (sources, reports)
        && !path.is_dir()
    {
        return if report.wrong.is_empty() { Ok(()) } else { write(path, source, report) };
    }
    std::fs::create_dir_all(path).with_context(|| path.display().to_string())?;
    for (source, report) in sources.iter().zip(reports).filter(|(_, r)| !r.wrong.is_empty()) {
        let extension = if source.rows.is_json { "json" } else { "csv" };
        write(&path.join(format!("{}.{extension}", source.what.word())), source, report)?;
    }
    Ok(())
}

fn tell(args: &Args, sources: &[Source], reports: &[Report]) -> Told {
    let mut text = String::new();
    let mut objects = Vec::new();
    let mut any_wrong = false;
    for (source, report) in sources.iter().zip(reports) {
        let rows = source.rows.rows.len();
        text.push_str(&format!("{}: {}\n", source.what.counted(rows), summary(report)));
        let lacking = columns::lacking(source.what, &source.rows);
        if !lacking.is_empty() {
            let names = lacking.join(", ");
            text.push_str(&format!("  {}: has no column {names} (import --columns)\n", source.path.display()));
        }
        for (n, why) in report.wrong.iter().take(MOST_SHOWN) {
            let place = source.rows.rows.get(*n).map_or(0, |r| r.place);
            text.push_str(&format!("  {}:{place}: {}\n", source.path.display(), super::show::one_line(why)));
        }
        if report.wrong.len() > MOST_SHOWN {
            text.push_str(&format!("  and {} more\n", report.wrong.len().saturating_sub(MOST_SHOWN)));
        }
        let unread = columns::unread(source.what, &source.rows);
        if !unread.is_empty() {
            let names = super::show::one_line(&unread.join(", "));
            text.push_str(&format!("  {}: not read: {names} (import --columns)\n", source.path.display()));
        }
        any_wrong |= !report.wrong.is_empty();
        let errors: Vec<_> = report
            .wrong
            .iter()
            .map(|(n, why)| json!({"row": source.rows.rows.get(*n).map(|r| r.place), "error": why}))
            .collect();
        objects.push(json!({"file": source.path.display().to_string(), "kind": source.what.word(), "rows": rows,
            "new": report.new, "changed": report.changed, "unchanged": report.same, "errors": errors,
            "columns_not_read": unread, "invitations": report.invitations}));
    }
    text.push_str(&told_of_invitations(args.dry_run, reports));
    if args.dry_run {
        text.push_str("Nothing was changed: this was a dry run.\n");
    }
    if let (true, Some(path)) = (any_wrong, &args.errors) {
        text.push_str(&format!("The rows with errors are in {}.\n", path.display()));
        let mut with_files =
            sources.iter().zip(reports).filter(|(s, r)| s.what == What::Documents && !r.wrong.is_empty());
        if let Some((source, _)) = with_files.next() {
            let folder = std::path::absolute(&source.folder).unwrap_or_else(|_| source.folder.clone());
            text.push_str(&format!("When they are mended, take them in with --files {}\n", folder.display()));
        }
    }
    Told::new(text, json!(objects)).failed(u8::from(any_wrong))
}

fn told_of_invitations(dry_run: bool, reports: &[Report]) -> String {
    let invited = reports.iter().map(|r| r.invitations).fold(0, u64::saturating_add);
    let mut text = match (invited, dry_run) {
        (0, _) => String::new(),
        (1, true) => "1 person would be invited by mail.\n".to_owned(),
        (n, true) => format!("{n} people would be invited by mail.\n"),
        (1, false) => "1 person is invited by mail.\n".to_owned(),
        (n, false) => format!("{n} people are invited by mail.\n"),
    };
    if let Some(waiting) = reports.last().map(|r| r.uninvited).filter(|n| *n > 0) {
        text.push_str(&format!(
            "Shared with and never invited: {waiting} of the co-counsel. They see it after `docketpost invite`.\n"
        ));
    }
    text
}

fn summary(report: &Report) -> String {
    let parts = [
        (report.new, "new"),
        (report.changed, "changed"),
        (report.same, "as before"),
        (report.wrong.len(), "with an error"),
    ];
    let told: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if told.is_empty() { "nothing in it".to_owned() } else { told.join(", ") }
}

impl Import<'_> {
    fn row(&mut self, what: What, row: &Row) -> Taken<Change> {
        match what {
            What::Users => self.user(row),
            What::Contacts => self.contact(row),
            What::Matters => self.matter(row),
            What::Relationships => self.relationship(row),
            What::Folders => self.folder(row),
            What::Documents => self.document(row),
            What::Tasks => self.task(row),
            What::Notes => self.note(row),
            What::Events => self.event(row),
            What::Communications => self.communication(row),
            What::Bills => self.bill(row),
            What::Activities => self.activity(row),
            What::Shares => self.share(row),
        }
    }

    fn firm(&self) -> crate::domain::FirmId {
        self.act.firm.id
    }

    fn source(&self) -> &'static str {
        if self.is_json { "clio" } else { "csv" }
    }

    /// The id that tells this row from all others of its kind: its own, or one made from what it says.
    fn key(&mut self, kind: &str, row: &Row, says: &[&str]) -> String {
        let id = row.first(&["id", "external_id"]);
        if !id.is_empty() {
            return id.to_owned();
        }
        let parts = std::iter::once(kind).chain(says.iter().copied()).map(plain).collect::<Vec<_>>();
        let key = crate::blobs::sha256(parts.join("\u{1f}").as_bytes());
        let times = self.seen.entry(key.clone()).or_default();
        *times = times.saturating_add(1);
        format!("{key}#{times}")
    }

    /// Ids of JSON and of CSV are of one world: both are the other system's.
    fn known(&self, kind: &str, key: &str) -> Taken<Option<i64>> {
        let own = self.act.tx.external(self.firm(), self.source(), kind, key)?;
        let other = if self.is_json { "csv" } else { "clio" };
        match own {
            Some(row) => Ok(Some(row)),
            None => Ok(self.act.tx.external(self.firm(), other, kind, key)?),
        }
    }

    fn remember(&self, kind: &str, key: &str, row: i64) -> Taken<()> {
        Ok(self.act.tx.set_external(self.firm(), self.source(), kind, key, row)?)
    }

    fn learn_names(&mut self) -> crate::store::Result<()> {
        for person in self.act.tx.people(self.firm())? {
            self.learn(&person.name(), person.id);
            if !person.company.is_empty() && person.last_name.is_empty() {
                self.learn(&person.company, person.id);
            }
            if !person.last_name.is_empty() {
                self.learn(&format!("{}, {}", person.last_name, person.first_name), person.id);
            }
        }
        Ok(())
    }

    fn learn(&mut self, name: &str, person: PersonId) {
        self.by_name.entry(plain(name)).or_default().insert(person);
    }

    /// The one person of this address or name; of the firm, or outside it, as `wanted` says.
    fn person_named(&self, column: &str, text: &str, wanted: Wanted) -> Taken<PersonId> {
        let found: Vec<PersonId> = match Address::parse(text) {
            Ok(address) => self.act.tx.people_by_address(self.firm(), &address)?.iter().map(|p| p.id).collect(),
            Err(_) => self.by_name.get(&plain(text)).map(|ids| ids.iter().copied().collect()).unwrap_or_default(),
        };
        let mut fitting = Vec::new();
        for id in found {
            if self.act.tx.person(self.firm(), id)?.is_some_and(|p| wanted.fits(p.is_user())) {
                fitting.push(id);
            }
        }
        match fitting.as_slice() {
            [one] => Ok(*one),
            [] if wanted == Wanted::User => wrong(format!(
                "{column}: nobody of the firm is known as \"{text}\"; users.csv or `docketpost user add`"
            )),
            [] => wrong(format!("{column}: nobody is known as \"{text}\"; contacts.csv or `docketpost person add`")),
            _ => wrong(format!("{column}: \"{text}\" may be any of {} people: give the mail address", fitting.len())),
        }
    }

    /// The person that a row names by an id of the other system, or by address or name; none if it names nobody.
    fn person_of(&self, row: &Row, field: &str, names: &[&str], wanted: Wanted) -> Taken<Option<PersonId>> {
        let id = row.text(&[&format!("{field}.id")]);
        if !id.is_empty() {
            for kind in wanted.kinds() {
                if let Some(found) = self.known(kind, &id)? {
                    return Ok(Some(PersonId(found)));
                }
            }
            return wrong(format!("{field}: nobody has the id {id}; import contacts and users first"));
        }
        let name = row.first(names);
        if name.is_empty() { Ok(None) } else { self.person_named(row.column(names), name, wanted).map(Some) }
    }

    /// The matter that a row names; none if it names none.
    fn matter_of(&self, row: &Row) -> Taken<Option<i64>> {
        let id = row.first(&["matter.id", "matters.0.id"]);
        if !id.is_empty() {
            return match self.known("matter", id)? {
                Some(found) => Ok(Some(found)),
                None => wrong(format!("no matter has the id {id}; import matters first")),
            };
        }
        let number = row.first(&["matter", "matter.display_number", "matter_number"]);
        if number.is_empty() {
            return Ok(None);
        }
        match item_named(self.act.tx, self.firm(), number)? {
            Some(item) if item.kind == Kind::Matter => Ok(Some(item.id)),
            _ => wrong(format!("matter: there is no matter {number}")),
        }
    }

    fn matter_needed(&self, row: &Row) -> Taken<i64> {
        match self.matter_of(row)? {
            Some(matter) => Ok(matter),
            None => wrong("matter is missing"),
        }
    }

    /// A day, in ISO or in the firm's order; none if the row says none.
    fn date(&self, row: &Row, names: &[&str]) -> Taken<Option<Date>> {
        let text = row.first(names);
        if text.is_empty() {
            return Ok(None);
        }
        let column = row.column(names);
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Some(moment.to_zoned(self.today.time_zone().clone()).date()));
        }
        if let Ok(moment) = text.parse::<DateTime>() {
            return Ok(Some(moment.date()));
        }
        let against = Against { now: &self.today, locale: self.act.firm.locale, direction: Direction::Past };
        match dates::parse(text, &against) {
            Ok(date) if date.year() >= 1900 => Ok(Some(date)),
            Ok(_) => wrong(format!("{column}: {text}: write the year with four digits")),
            Err(error) => wrong(format!("{column}: {text}: {error}")),
        }
    }

    /// A moment, with its zone or in the firm's: `2026-03-14T09:00:00Z`, `03/14/2026 9:00 AM`.
    fn moment(&self, text: &str, zone: &TimeZone) -> Taken<Timestamp> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(moment);
        }
        if let Ok(civil) = text.parse::<DateTime>() {
            return civil.to_zoned(zone.clone()).map(|z| z.timestamp()).or_else(|e| wrong(format!("{text}: {e}")));
        }
        let (day, time) = text.split_once(' ').unwrap_or((text, ""));
        let against = Against { now: &self.today, locale: self.act.firm.locale, direction: Direction::Future };
        let date = dates::parse(day, &against).or_else(|e| wrong(format!("{text}: {e}")))?;
        let time = match time.trim() {
            "" => jiff::civil::Time::midnight(),
            time => match dates::time_of_day(time) {
                Some((_, time)) => time,
                None => return wrong(format!("{text}: not a time of day")),
            },
        };
        let zoned = date.to_datetime(time).to_zoned(zone.clone());
        zoned.map(|z| z.timestamp()).or_else(|e| wrong(format!("{text}: {e}")))
    }
}

/// Whom a column may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    User,
    Contact,
    Anybody,
}

impl Wanted {
    fn fits(self, is_user: bool) -> bool {
        match self {
            Wanted::User => is_user,
            Wanted::Contact => !is_user,
            Wanted::Anybody => true,
        }
    }

    fn kinds(self) -> &'static [&'static str] {
        match self {
            Wanted::User => &["user"],
            Wanted::Contact => &["contact"],
            Wanted::Anybody => &["user", "contact"],
        }
    }
}

/// The thing of this number: `M-12`, or the firm's own number of a matter.
fn item_named(s: &Snapshot<'_>, firm: crate::domain::FirmId, text: &str) -> crate::store::Result<Option<Item>> {
    if let Some(matter) = s.matter_by_display_number(firm, text)? {
        return Ok(Some(matter.item()));
    }
    match ItemId::parse(text) {
        Some(id) => s.find(firm, Reader::Firm, id),
        None => Ok(None),
    }
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
