//! Answers to lists and look-ups: `#tasks`, `#show T-12`, `#get D-4`, `#help`. Each is made when the mail leaves, from
//! what its reader may be shown then. What may no longer be shown is refused in the words of what never was there.

mod get;
pub(crate) mod help;
mod lists;
mod overview;
mod show;
mod words;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;

use super::said::{self, Said};
use crate::blobs::Blobs;
use crate::domain::{Item, Kind};
use crate::outbound::letter::Line;
use crate::outbound::page::{Block, Mark, Page};
use crate::outbound::reader::Reader;
use crate::outbound::{shared, words as refusals};
use crate::sharing::{Ability, Refusal};
use crate::store::Result;

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
        Line::Ask { verb, item, version, words, typed } => {
            let words = words.split_whitespace().map(str::to_lowercase).collect();
            (verb.as_str(), Question { item: *item, version: *version, words, typed })
        }
        Line::Help { item, word, examples, remarks } => {
            return help::help(reader, *item, word, examples, remarks, page).map(Some);
        }
        _ => return Ok(None),
    };
    match verb {
        "home" => overview::home(reader, page).map(Some),
        "status" => overview::status(reader, page).map(Some),
        "get" => get::get(reader, blobs, &question, page),
        "show" => show::show(reader, &question, page),
        "contacts" => show::contacts(reader, &question, page),
        "client" => show::client(reader, &question, page),
        list => lists::list(reader, list, &question, page),
    }
}

/// The neutral refusal, the same for absent, unshared, revoked and foreign (requirements.md, rule 8).
fn not_visible(reader: &Reader<'_>, question: &Question<'_>, kind: Kind, page: &mut Page) -> Option<String> {
    let why = refusals::refusal(Refusal::NotVisible, kind, reader.firm.locale);
    refuse(question, &why, page)
}

fn refuse(question: &Question<'_>, why: &str, page: &mut Page) -> Option<String> {
    let said = said::refused(question.typed, why, None);
    page.blocks.push(Block::Marked(said.mark, said.text, said.more));
    None
}

/// The things of a kind that the reader may see now; nothing is noted as shown yet.
fn visible(reader: &Reader<'_>, kind: Kind) -> Result<Vec<Item>> {
    let found = shared::candidates(reader.store, reader.firm.id, reader.person.id, kind, reader.now)?;
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

/// Asks which matter was meant, naming those that are shared now.
pub(super) fn which_matter(reader: &Reader<'_>, typed: &str) -> Result<Said> {
    let mut matters = Vec::new();
    for item in visible(reader, Kind::Matter)? {
        matters.extend(reader.store.matter(reader.firm.id, item.id)?.filter(|m| !m.is_closed()));
    }
    matters.sort_by_key(|m| m.number);
    let Some(first) = matters.first().map(|m| m.number) else {
        return Ok(said::refused(typed, "No open matter is shared with you.", None));
    };
    let which = if typed.is_empty() {
        "Your mail does not say which matter it is about."
    } else {
        "Which matter is this about?"
    };
    let mut said = said::refused(typed, which, None);
    for (place, matter) in (1_u32..).zip(matters.iter().take(MOST_NAMED)) {
        reader.may(Ability::View, matter.item())?;
        said.more.push(format!("{place}. M-{} {}", matter.number, words::name_of_matter(reader, matter)));
    }
    let command = typed.split_whitespace().next().filter(|w| w.starts_with('#'));
    said.more.push(match command {
        Some(command) => format!("Put [M-{first}] in the subject, or its number in the line: {command} M-{first} …"),
        None => format!("Put [M-{first}] in the subject, or write #message M-{first} and your text."),
    });
    if matters.len() > MOST_NAMED {
        said.more.push("There are more: #matters".into());
    }
    Ok(said)
}

/// Asks which task was meant, naming those that are open now.
pub(super) fn which_task(reader: &Reader<'_>, typed: &str) -> Result<Said> {
    let mut tasks = Vec::new();
    for task in reader.store.tasks_assigned_to(reader.firm.id, reader.person.id)? {
        let can = reader.verdict(Ability::Complete, task.item())?.is_allowed();
        if can && task.completed_at.is_none() {
            tasks.push(task);
        }
    }
    let Some(first) = tasks.first().map(|t| t.number) else {
        return Ok(said::refused(typed, "No open task is assigned to you.", None));
    };
    let mut said = said::refused(typed, "Which task do you mean?", None);
    for (place, task) in (1_u32..).zip(tasks.iter().take(MOST_NAMED)) {
        reader.may(Ability::View, task.item())?;
        let due = task.due_at.map(|d| format!(", due {}", reader.day(d))).unwrap_or_default();
        let name = words::called(reader, task.item(), &task.name)?;
        said.more.push(format!("{place}. T-{} {name}{due}", task.number));
    }
    said.more.push(format!("Write its number: #done T-{first}"));
    if tasks.len() > MOST_NAMED {
        said.more.push("There are more: #tasks".into());
    }
    Ok(said)
}

/// Adds a marked remark about what was answered.
fn remark(page: &mut Page, text: impl Into<String>) {
    page.blocks.push(Block::Marked(Mark::Note, text.into(), Vec::new()));
}
