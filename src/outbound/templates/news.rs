//! Mails 4, 7 and 14: somebody wrote, filed or completed something. The same letter for co-counsel and for the firm's
//! lawyer; each sees only what they may.

use crate::domain::{Item, PersonId};
use crate::outbound::letter::{FiledVersion, Letter};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::matters::Sensitivity;

/// The mail about what somebody did; none if the reader may see nothing of it.
pub fn news(reader: &Reader<'_>, letter: &Letter) -> Result<Option<Page>> {
    let Letter::News { by, message, conversation, documents, completed, logged, outsiders } = letter else {
        return Ok(None);
    };
    let who = reader.name_of(*by)?;
    let mut page = Page::default();
    let mut subjects = Vec::new();
    let text = match (message, conversation) {
        (Some(message), Some(conversation)) => said(reader, *message, *conversation)?,
        _ => None,
    };
    if let (Some(text), Some(conversation)) = (&text, conversation) {
        page.text(format!("{who} wrote:"));
        page.blocks.push(Block::Quote(text.clone()));
        subjects.push(subject_of_message(reader, *conversation, &who)?);
    }
    if let Some(block) = completed_tasks(reader, &who, completed, &mut subjects)? {
        page.blocks.push(block);
    }
    filed(reader, &who, documents, &mut page, &mut subjects)?;
    for item in logged {
        logged_mail(reader, &who, *item, &mut page, &mut subjects)?;
    }
    let Some(subject) = subjects.first() else { return Ok(None) };
    page.subject = subject.clone();
    if reader.person.is_user() && !outsiders.is_empty() {
        page.text(format!(
            "The mail also went to people outside this matter: {}. They were not added.",
            outsiders.join(", ")
        ));
    }
    closing(reader, text.is_some(), documents, &mut page, *by)?;
    Ok(Some(page))
}

fn said(reader: &Reader<'_>, message: i64, conversation: Item) -> Result<Option<String>> {
    if !reader.may(Ability::View, conversation)? {
        return Ok(None);
    }
    let text = reader.store.message(reader.firm.id, message)?.map(|m| m.body);
    // Notice only, where the matter's mails may not carry content (mails.md d0).
    Ok(if reader.sensitivity(conversation)? == Sensitivity::Restricted && !reader.person.is_user() {
        Some("(This matter's messages are not sent by mail. Ask the firm for it.)".to_owned())
    } else {
        text
    })
}

fn subject_of_message(reader: &Reader<'_>, conversation: Item, who: &str) -> Result<String> {
    let about = reader.store.conversation(reader.firm.id, conversation.id)?.and_then(|c| c.about);
    let tag = match reader.visible_matter(conversation)? {
        Some(matter) => format!("[M-{}] ", matter.number),
        None => String::new(),
    };
    Ok(match about {
        Some(item) if reader.may(Ability::View, item)? => format!("{tag}Message from {who} about {}", reader.id(item)?),
        _ => format!("{tag}Message from {who}"),
    })
}

fn completed_tasks(
    reader: &Reader<'_>,
    who: &str,
    tasks: &[Item],
    subjects: &mut Vec<String>,
) -> Result<Option<Block>> {
    let mut points = Vec::new();
    for task in tasks {
        if !reader.may(Ability::View, *task)? {
            continue;
        }
        let Some(row) = reader.store.task(reader.firm.id, task.id)? else { continue };
        let id = reader.id(*task)?;
        let when = row.completed_at.map(|at| format!(" on {}", reader.moment(at))).unwrap_or_default();
        points.push(format!("{who} completed task {id} \"{}\"{when}.", row.name));
        subjects.push(format!("Task {id} completed"));
    }
    Ok(if points.is_empty() { None } else { Some(Block::List(points)) })
}

fn filed(
    reader: &Reader<'_>,
    who: &str,
    documents: &[FiledVersion],
    page: &mut Page,
    subjects: &mut Vec<String>,
) -> Result<()> {
    let mut points = Vec::new();
    for filed in documents {
        if !reader.may(Ability::View, filed.document)? {
            continue;
        }
        let Some(row) = reader.store.document(reader.firm.id, filed.document.id)? else { continue };
        let id = reader.id(filed.document)?;
        let size = reader
            .store
            .version(reader.firm.id, filed.document.id, filed.version)?
            .map(|v| format!(", {}", size(v.size)))
            .unwrap_or_default();
        let version = if filed.version > 1 { format!(", version {}", filed.version) } else { String::new() };
        reader.note(Ability::View, filed.document, Some(filed.version));
        points.push(format!("{id} \"{}\"{version}{size}", row.name));
        subjects.push(match reader.sensitivity(filed.document)? {
            Sensitivity::Standard if filed.version > 1 => {
                format!("Document {id}, version {}: {}", filed.version, row.name)
            }
            Sensitivity::Standard => format!("Document {id}: {}", row.name),
            _ => format!("Document {id}"),
        });
    }
    if !points.is_empty() {
        page.text(format!("{who} filed:"));
        page.blocks.push(Block::List(points));
    }
    Ok(())
}

/// The comment stands first in what is logged, so the beginning says why it was sent on.
fn logged_mail(reader: &Reader<'_>, who: &str, item: Item, page: &mut Page, subjects: &mut Vec<String>) -> Result<()> {
    if !reader.may(Ability::View, item)? {
        return Ok(());
    }
    let Some(row) = reader.store.communication(reader.firm.id, item.id)? else { return Ok(()) };
    let id = reader.id(item)?;
    page.text(format!("{who} logged a mail as {id}: \"{}\"", row.subject));
    let start: String = row.body.chars().take(1_000).collect();
    let more = if start.len() < row.body.len() { "…" } else { "" };
    page.blocks.push(Block::Quote(format!("{start}{more}")));
    subjects.push(format!("Mail {id} logged by {who}"));
    Ok(())
}

fn closing(
    reader: &Reader<'_>,
    has_message: bool,
    documents: &[FiledVersion],
    page: &mut Page,
    by: PersonId,
) -> Result<()> {
    if reader.person.is_user() {
        let name = reader.name_of(by)?;
        page.text(format!("To answer {name}, reply to this mail."));
    } else if has_message {
        page.text("Your reply to this mail is your answer.");
    } else if let Some(first) = documents.first() {
        let get = format!("#get {}", reader.id(first.document)?);
        page.examples(&[
            (get.as_str(), "sends you the file"),
            ("the file, under the same name", "files it as a new version"),
        ]);
    }
    Ok(())
}

/// A size as people say it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
