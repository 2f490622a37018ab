//! Answers to lists and look-ups: `#tasks`, `#show T-12`, `#get D-4`, `#help`. Each is made when the mail leaves, from
//! what its reader may be shown then. What may no longer be shown is refused in the words of what never was there.

mod accounts;
mod get;
pub(crate) mod help;
mod lists;
mod overview;
mod preview;
mod pay;
mod print;
mod profile;
mod vcard;
mod show;
mod words;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;

pub(super) use preview::has_preview;
pub(super) use words::amount;

use super::said::{self, Said};
use crate::blobs::Blobs;
use crate::domain::{Item, Kind};
use crate::language::{self, say};
use crate::outbound::letter::{Line, Piece};
use crate::outbound::page::{Block, Mark, Page};
use crate::outbound::reader::Reader;
use crate::outbound::{shared, words as refusals};
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::matters::Matter;

/// At most so many matters or tasks are named in a question.
const MOST_NAMED: usize = 5;

/// What is answered, and how it was asked.
struct Question<'q> {
    /// About what.
    item: Option<Item>,
    /// Which version.
    version: Option<u32>,
    /// Further words, in small letters.
    words: Vec<String>,
    /// What was typed, cut.
    typed: &'q str,
}

impl Question<'_> {
    /// True if this word was typed.
    fn says(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// The page that is asked for, from 1.
    fn page(&self) -> usize {
        let after = self.words.iter().position(|w| w == "page").and_then(|i| self.words.get(i.saturating_add(1)));
        after.and_then(|n| n.parse().ok()).filter(|n| (1..=10_000).contains(n)).unwrap_or(1)
    }
}

/// Adds the answer to `page` and gives a title for the subject; none if it was refused.
pub fn answer(reader: &Reader<'_>, blobs: &Blobs, line: &Line, page: &mut Page) -> Result<Option<String>> {
    let (verb, question) = match line {
        Line::Ask { verb, item, version, words, typed, .. } => {
            let words = words.to_lowercase();
            let words = words.split_whitespace().map(|word| language::argument(word).to_owned()).collect();
            (verb.as_str(), Question { item: *item, version: *version, words, typed })
        }
        Line::Help { item, word, examples, remarks } => {
            return help::help(reader, *item, word, examples, remarks, page).map(Some);
        }
        _ => return Ok(None),
    };
    match verb {
        "accounts" => accounts::accounts(reader, page).map(Some),
        "home" => overview::home(reader, page).map(Some),
        "profile" => profile::profile(reader, page).map(Some),
        "status" => overview::status(reader, page).map(Some),
        "preview" => preview::preview(reader, blobs, &question, page),
        "pay" => pay::pay(reader, &question, page),
        "print" => print::print(reader, &question, page),
        "vcard" => vcard::vcard(reader, &question, page),
        "get" => get::get(reader, blobs, &question, page),
        "show" => show::show(reader, &question, page),
        "contacts" => show::contacts(reader, &question, page),
        "client" => show::client(reader, &question, page),
        list => lists::list(reader, list, &question, page),
    }
}

/// One of several mails that bring what was asked for together.
pub fn parcel(reader: &Reader<'_>, blobs: &Blobs, pieces: &[Piece], part: (u32, u32)) -> Result<Option<Page>> {
    get::parcel(reader, blobs, pieces, part)
}

/// The neutral refusal, the same for absent, unshared, revoked and foreign (requirements.md, rule 8).
fn not_visible(reader: &Reader<'_>, question: &Question<'_>, kind: Kind, page: &mut Page) -> Option<String> {
    let why = refusals::not_visible(kind, named(reader, question), question.typed, reader.locale);
    refuse(reader, question, &why, page)
}

/// The number of what is asked about, if it was typed: what its writer typed, and nothing else, is said again.
fn named(reader: &Reader<'_>, question: &Question<'_>) -> Option<String> {
    let number = reader.store.number(reader.firm.id, reader.numbering(), question.item?).ok()??.to_string();
    let id = question.version.map_or(number.clone(), |version| format!("{number}v{version}"));
    let plain = |text: &str| text.to_lowercase().replace('-', "");
    let typed = question.typed.split(|c: char| !c.is_alphanumeric() && c != '-').map(plain);
    let wanted = plain(&id);
    typed.into_iter().any(|word| word == wanted).then_some(id)
}

fn refuse(reader: &Reader<'_>, question: &Question<'_>, why: &str, page: &mut Page) -> Option<String> {
    let said = said::refused(reader, question.typed, why, None);
    page.blocks.push(Block::Marked(said.mark, said.text, said.more));
    None
}

/// The things of a kind that the reader may see now; nothing is noted as shown yet.
fn visible(reader: &Reader<'_>, kind: Kind) -> Result<Vec<Item>> {
    let found = shared::candidates(reader.store, reader.firm.id, reader.person.whose(), kind, reader.now)?;
    may_see(reader, found)
}

fn may_see(reader: &Reader<'_>, items: Vec<Item>) -> Result<Vec<Item>> {
    let mut seen = Vec::new();
    for item in items {
        if reader.verdict(Ability::View, item)?.is_allowed() {
            seen.push(item);
        }
    }
    Ok(seen)
}

/// The open matters that are shared now.
pub(super) fn open_matters(reader: &Reader<'_>) -> Result<Vec<Matter>> {
    let mut matters = Vec::new();
    for item in visible(reader, Kind::Matter)? {
        matters.extend(reader.matter(item.id)?.filter(|m| !m.is_closed()));
    }
    matters.sort_by_key(|m| m.number);
    Ok(matters)
}

/// Asks which matter was meant, naming those that are shared now.
pub(super) fn which_matter(reader: &Reader<'_>, typed: &str) -> Result<Said> {
    let which = if typed.is_empty() {
        say!(reader, "Your mail does not say which matter it is about.")
    } else {
        say!(reader, "Which matter is this about?")
    };
    // An assistant who may not read is asked, and shown no list.
    if !reader.may_read()? {
        return Ok(said::refused(reader, typed, &which, None));
    }
    let matters = open_matters(reader)?;
    let Some(first) = matters.first().map(|m| m.number) else {
        return Ok(said::refused(reader, typed, &say!(reader, "No open matter is shared with you."), None));
    };
    let mut said = said::refused(reader, typed, &which, None);
    for matter in matters.iter().take(MOST_NAMED) {
        reader.may(Ability::View, matter.item())?;
        said.more.push(format!("M-{} {}", matter.number, words::name_of_matter(matter)));
    }
    let command = typed.split_whitespace().next().filter(|w| w.starts_with('#'));
    said.more.push(match command {
        Some(command) => say!(
            reader,
            "Put [{id}] in the subject, or its number in the line: {command} {id} …",
            id = format!("M-{first}"),
            command = command
        ),
        None => {
            say!(reader, "Put [{id}] in the subject, or write #message {id} and your text.", id = format!("M-{first}"))
        }
    });
    if matters.len() > MOST_NAMED {
        said.more.push(say!(reader, "There are more: #matters"));
    }
    Ok(said)
}

/// Asks which task was meant, naming those that are open now.
pub(super) fn which_task(reader: &Reader<'_>, typed: &str) -> Result<Said> {
    let mut tasks = Vec::new();
    for task in reader.store.tasks_assigned_to(reader.firm.id, reader.person.whose())? {
        let can = reader.verdict(Ability::Complete, task.item())?.is_allowed();
        if can && task.completed_at.is_none() {
            tasks.push(task);
        }
    }
    let Some(first) = tasks.first().map(|t| t.number) else {
        return Ok(said::refused(reader, typed, &say!(reader, "No open task is assigned to you."), None));
    };
    let mut said = said::refused(reader, typed, &say!(reader, "Which task do you mean?"), None);
    for task in tasks.iter().take(MOST_NAMED) {
        reader.may(Ability::View, task.item())?;
        let name = words::called(reader, task.item(), &task.name)?;
        let name = match task.due_at {
            Some(due) => say!(reader, "{name}, due {day}", name = name, day = reader.day(due)),
            None => name,
        };
        said.more.push(format!("T-{} {name}", task.number));
    }
    said.more.push(say!(reader, "Write its number: #done {id}", id = format!("T-{first}")));
    if tasks.len() > MOST_NAMED {
        said.more.push(say!(reader, "There are more: #tasks"));
    }
    Ok(said)
}

/// Adds a marked remark about what was answered.
fn remark(page: &mut Page, text: impl Into<String>) {
    page.blocks.push(Block::Marked(Mark::Note, text.into(), Vec::new()));
}
