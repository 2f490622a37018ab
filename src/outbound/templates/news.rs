//! Mails 4, 7 and 14: somebody wrote, filed or completed something. The same letter for co-counsel and for the firm's
//! lawyer; each sees only what they may.

use super::{items, notices};
use crate::domain::{Item, PersonId};
use crate::language::{Reads, say};
use crate::outbound::letter::{FiledVersion, Letter};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::matters::Sensitivity;
use crate::store::news::{Deeds, How};

/// How many files are named one by one.
const MOST_NAMED: usize = 40;

/// The mail about what somebody did; none if the reader may see nothing of it.
pub fn news(reader: &Reader<'_>, letter: &Letter) -> Result<Option<Page>> {
    let Letter::News { by, message, conversation, documents, completed, logged, outsiders } = letter else {
        return Ok(None);
    };
    // Who are in one conversation know of each other.
    let are_members = match conversation {
        Some(conversation) => reader.verdict(Ability::View, *conversation)?.is_allowed(),
        None => false,
    };
    let who = if are_members { Some(reader.name_of(*by)?) } else { reader.author(*by)? };
    // One of the firm's people hears at once of what they want to; of people outside the matter always.
    let chooses = reader.person.is_user() && outsiders.is_empty();
    let is_told = |deeds| -> Result<bool> {
        Ok(!chooses || reader.store.told_how(reader.firm.id, reader.person.id, deeds)? == How::AtOnce)
    };
    let (tells_files, tells_tasks) = (is_told(Deeds::Files)?, is_told(Deeds::Tasks)?);
    let mut page = Page::default();
    let mut subjects = Vec::new();
    let text = match (message, conversation) {
        (Some(message), Some(conversation)) if is_told(Deeds::Messages)? => said(reader, *message, *conversation)?,
        _ => None,
    };
    if let (Some(text), Some(conversation), Some(who)) = (&text, conversation, &who) {
        let corrects = match message {
            Some(message) => reader.store.corrects_message(reader.firm.id, *message)?,
            None => false,
        };
        if reader.withholds(*conversation)? {
            page.text(say!(reader, "{name} wrote to you.", name = who));
            page.text(items::how_to_see(reader, *conversation)?);
        } else {
            page.text(match corrects {
                true => say!(reader, "{name} corrects what they wrote before. This stands in its place:", name = who),
                false => say!(reader, "{name} wrote:", name = who),
            });
            page.blocks.push(Block::Quote(text.clone()));
        }
        page.facts([
            (conversation.kind.title(reader), reader.id(*conversation)?),
            (say!(reader, "Between"), members(reader, *conversation)?),
        ]);
        subjects.push(subject_of_message(reader, *conversation, who)?);
        let mail = message.map(|row| reader.message(row)).transpose()?.flatten();
        if let Some(inbox) = mail.and_then(|m| m.inbox).filter(|_| reader.person.is_user()) {
            notices::whole_text(reader, inbox, &mut page)?;
        }
    }
    if tells_tasks && let Some(block) = completed_tasks(reader, who.as_deref(), completed, &mut subjects)? {
        page.blocks.push(block);
    }
    let mut offered = None;
    if tells_files {
        offered = filed(reader, who.as_deref(), documents, &mut page, &mut subjects)?;
        for item in logged {
            logged_mail(reader, who.as_deref(), *item, &mut page, &mut subjects)?;
        }
    }
    let Some(subject) = subjects.first() else { return Ok(None) };
    page.subject = subject.clone();
    if reader.person.is_user() && !outsiders.is_empty() {
        page.text(say!(
            reader,
            "The mail also went to people outside this matter: {names}. They were not added.",
            names = outsiders.join(", ")
        ));
    }
    closing(reader, text.is_some(), offered, &mut page, *by)?;
    Ok(Some(page))
}

fn said(reader: &Reader<'_>, message: i64, conversation: Item) -> Result<Option<String>> {
    if !reader.may(Ability::View, conversation)? {
        return Ok(None);
    }
    // What was corrected before it left does not leave.
    Ok(reader.message(message)?.filter(|m| m.superseded_by.is_none()).map(|m| m.body))
}

/// Who is in a conversation, by name; never an address.
fn members(reader: &Reader<'_>, conversation: Item) -> Result<String> {
    let members = reader.store.members(reader.firm.id, conversation.id, reader.now)?;
    let names: Vec<String> = members.iter().map(|p| reader.name_of(*p)).collect::<Result<_>>()?;
    Ok(names.join(", "))
}

fn subject_of_message(reader: &Reader<'_>, conversation: Item, who: &str) -> Result<String> {
    let about = reader.conversation(conversation.id)?.and_then(|c| c.about);
    let tag = match reader.visible_matter(conversation)? {
        Some(matter) => format!("[M-{}] ", matter.number),
        None => String::new(),
    };
    Ok(match about {
        Some(item) if reader.may(Ability::View, item)? => {
            format!("{tag}{}", say!(reader, "Message from {name} about {id}", name = who, id = reader.id(item)?))
        }
        _ => format!("{tag}{}", say!(reader, "Message from {name}", name = who)),
    })
}

fn completed_tasks(
    reader: &Reader<'_>,
    who: Option<&str>,
    tasks: &[Item],
    subjects: &mut Vec<String>,
) -> Result<Option<Block>> {
    let mut points = Vec::new();
    for task in tasks {
        if !reader.may(Ability::View, *task)? {
            continue;
        }
        let Some(row) = reader.task(task.id)? else { continue };
        let id = reader.id(*task)?;
        let what = items::named(reader, &id, &row.name);
        points.push(match (who, row.completed_at.map(|at| reader.moment(at))) {
            (Some(who), Some(moment)) => {
                say!(reader, "{who} completed task {what} on {moment}.", who = who, what = what, moment = moment)
            }
            (Some(who), None) => say!(reader, "{who} completed task {what}.", who = who, what = what),
            (None, _) => say!(reader, "Task {id} completed", id = what),
        });
        subjects.push(say!(reader, "Task {id} completed", id = id));
    }
    Ok(if points.is_empty() { None } else { Some(Block::List(points)) })
}

/// Lists what was filed and may be seen, and gives the first of it.
fn filed(
    reader: &Reader<'_>,
    who: Option<&str>,
    documents: &[FiledVersion],
    page: &mut Page,
    subjects: &mut Vec<String>,
) -> Result<Option<Item>> {
    let (mut points, mut first) = (Vec::new(), None);
    for filed in documents {
        if !reader.may(Ability::View, filed.document)? {
            continue;
        }
        let Some(row) = reader.document(filed.document.id)? else { continue };
        first = first.or(Some(filed.document));
        let id = reader.id(filed.document)?;
        let version = reader.version(filed.document.id, filed.version)?;
        let file = version.map(|v| format!(", {}", items::file(reader, &v))).unwrap_or_default();
        reader.note(Ability::View, filed.document, Some(filed.version));
        points.push(format!("{}{file}", items::named(reader, &id, &row.name)));
        subjects.push(match reader.sensitivity(filed.document)? {
            Sensitivity::Standard if filed.version > 1 => say!(
                reader,
                "Document {id}, version {version}: {name}",
                id = id,
                version = filed.version,
                name = &row.name
            ),
            Sensitivity::Standard => say!(reader, "Document {id}: {name}", id = id, name = &row.name),
            _ => say!(reader, "Document {id}", id = id),
        });
    }
    let more = points.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        points.truncate(MOST_NAMED);
        points.push(format!("and {more} more"));
    }
    if !points.is_empty() {
        page.text(match who {
            Some(who) => say!(reader, "{name} filed:", name = who),
            None => say!(reader, "This was filed:"),
        });
        page.blocks.push(Block::List(points));
    }
    Ok(first)
}

/// The comment stands first in what is logged, so the beginning says why it was sent on.
fn logged_mail(
    reader: &Reader<'_>,
    who: Option<&str>,
    item: Item,
    page: &mut Page,
    subjects: &mut Vec<String>,
) -> Result<()> {
    if reader.withholds(item)? || !reader.may(Ability::View, item)? {
        return Ok(());
    }
    let Some(row) = reader.communication(item.id)? else { return Ok(()) };
    let id = reader.id(item)?;
    page.text(match who {
        Some(who) => {
            say!(reader, "{name} logged a mail as {id}: \"{subject}\"", name = who, id = &id, subject = &row.subject)
        }
        None => say!(reader, "A mail was logged as {id}: \"{subject}\"", id = &id, subject = &row.subject),
    });
    let start: String = row.body.chars().take(1_000).collect();
    let more = if start.len() < row.body.len() { "…" } else { "" };
    page.blocks.push(Block::Quote(format!("{start}{more}")));
    subjects.push(match who {
        Some(who) => say!(reader, "Mail {id} logged by {name}", id = id, name = who),
        None => say!(reader, "Mail {id} logged", id = id),
    });
    Ok(())
}

fn closing(reader: &Reader<'_>, has_message: bool, offered: Option<Item>, page: &mut Page, by: PersonId) -> Result<()> {
    if reader.person.is_user() {
        let name = reader.name_of(by)?;
        page.text(say!(reader, "To answer {name}, reply to this mail.", name = name));
    } else if has_message {
        page.text(say!(reader, "Your reply to this mail is your answer."));
    } else if let Some(document) = offered {
        let get = say!(reader, "#get {id}", id = reader.id(document)?);
        page.examples(&[
            (get, say!(reader, "sends you the file")),
            (say!(reader, "the file, under the same name"), say!(reader, "files it as a new version")),
        ]);
    }
    Ok(())
}

/// A size as people say it.
pub fn size(to: impl Reads, bytes: u64) -> String {
    match bytes {
        0..1_000 => say!(to, "{size} bytes", size = bytes),
        1_000..1_000_000 => say!(to, "{size} kB", size = bytes.div_ceil(1_000)),
        _ => {
            let sign = to.locale().decimal_sign();
            let size = format!("{}{sign}{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000);
            say!(to, "{size} MB", size = size)
        }
    }
}
