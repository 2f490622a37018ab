//! Mail 5: a task was assigned. It shows the task; of its matter only what the reader may see.

use crate::domain::Item;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::matters::Sensitivity;

/// The mail that tells the assignee; none if it is no longer theirs.
pub fn assigned(reader: &Reader<'_>, task: Item) -> Result<Option<Page>> {
    if !reader.may(Ability::View, task)? {
        return Ok(None);
    }
    let Some(row) = reader.store.task(reader.firm.id, task.id)? else { return Ok(None) };
    let id = reader.id(task)?;
    let subject = match reader.sensitivity(task)? {
        Sensitivity::Standard => format!("Task {id}: {}", row.name),
        _ => format!("Task {id}"),
    };
    let mut page = Page::new(subject);
    let assigner = match row.assigner {
        Some(person) => reader.name_of(person)?,
        None => reader.firm.name.clone(),
    };
    page.text(format!("{assigner} at {} assigned this task to you.", reader.firm.name));
    let matter = reader.visible_matter(task)?;
    page.facts([
        ("Task", format!("{id}: {}", row.name)),
        ("Due", row.due_at.map(|d| reader.day(d)).unwrap_or_default()),
        ("Priority", row.priority.word().to_owned()),
        ("Matter", matter.map(|m| format!("M-{} ({})", m.number, m.display_number)).unwrap_or_default()),
        ("Details", row.description.clone()),
    ]);
    page.text("Reply to this mail:");
    page.examples(&[
        ("#done", "completes the task"),
        ("#time 1.5h Drafted reply brief", "records your time on it"),
        ("your text, or a file", "goes to the firm as a message, the file as a document"),
    ]);
    Ok(Some(page))
}
