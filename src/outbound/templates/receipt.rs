//! Mail 9 and 13: what became of a mail, a line per command and per file: what was understood, its number, how to undo
//! it; what was not done, why, and what would work. Lists and look-ups are answered here too, from what is shared now.

use super::said::{Said, refused};
use super::{answers, news};
use crate::blobs::Blobs;
use crate::domain::{InboxId, Item, Kind};
use crate::outbound::letter::{Deed, FiledVersion, Filing, Line};
use crate::outbound::page::{Block, Mark, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::communications::Medium;
use crate::store::inbox::InboxState;

/// The receipt for a mail; none if it would be empty.
pub fn receipt(reader: &Reader<'_>, blobs: &Blobs, inbox: InboxId, lines: &[Line]) -> Result<Option<Page>> {
    let mut page = Page { is_answer: true, ..Page::default() };
    let (mut done, mut back, mut undoable, mut refused) = (Vec::new(), Vec::new(), Vec::new(), 0_u32);
    let mut answered = None;
    for line in lines {
        if matches!(line, Line::Ask { .. } | Line::Help { .. }) {
            match answers::answer(reader, blobs, line, &mut page)? {
                Some(title) => answered = answered.or(Some(title)),
                None => refused = refused.saturating_add(1),
            }
            continue;
        }
        let said = say(reader, line)?;
        undoable.extend(said.id.clone().filter(|_| said.undoable));
        if said.taken_back {
            back.extend(said.id)
        } else {
            done.extend(said.id)
        }
        refused = refused.saturating_add(u32::from(said.mark == Mark::Refused));
        page.blocks.push(Block::Marked(said.mark, said.text, said.more));
    }
    if page.blocks.is_empty() {
        return Ok(None);
    }
    if let [Line::Ask { verb, item: Some(item), version, .. }] = lines
        && verb == "get"
        && !page.enclosures.is_empty()
    {
        say_how_to_return(reader, *item, *version, &mut page)?;
    }
    if !undoable.is_empty() {
        page.text(format!(
            "To take {} back, reply #undo. To correct it, reply #edit and what it should be.",
            list(&undoable)
        ));
    }
    if let Some(mail) = reader.store.inbox(reader.firm.id, inbox)? {
        if mail.state == InboxState::Held {
            page.text("Your mail was kept and passed to the firm.");
        }
        page.text(format!("Your mail came on {}.", reader.moment(mail.received_at)));
    }
    page.subject = subject(&done, &back, refused, answered);
    if lines.iter().all(|l| matches!(l, Line::Settings { .. })) {
        page.subject = "Your settings".into();
    }
    Ok(Some(page))
}

/// A document that is sent in its latest version comes back, changed, as the next one (decisions.md 21).
fn say_how_to_return(reader: &Reader<'_>, item: Item, version: Option<u32>, page: &mut Page) -> Result<()> {
    if item.kind != Kind::Document || !reader.verdict(Ability::AddVersion, item)?.is_allowed() {
        return Ok(());
    }
    let latest = reader.store.current_version(reader.firm.id, item.id)?.map(|v| v.number);
    if let Some(latest) = latest.filter(|n| version.is_none_or(|wanted| wanted == *n)) {
        let next = latest.saturating_add(1);
        page.text(format!("Reply with the changed file, under the same name, to file it as version {next}."));
    }
    Ok(())
}

fn subject(done: &[String], back: &[String], refused: u32, answered: Option<String>) -> String {
    let ids = [done, back].concat().join(", ");
    match (ids.is_empty(), refused, answered) {
        (true, _, Some(title)) => title,
        (true, 0, None) => "About your mail".into(),
        (true, _, None) => "Not done".into(),
        (false, 0, _) if done.is_empty() => format!("Taken back: {ids}"),
        (false, 0, _) => format!("Done: {ids}"),
        (false, _, _) => format!("Done in part: {ids}"),
    }
}

/// "TE-1", "TE-1 and N-2", "TE-1, TE-2 and N-2".
fn list(ids: &[String]) -> String {
    match ids.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn say(reader: &Reader<'_>, line: &Line) -> Result<Said> {
    Ok(match line {
        Line::Done { deed, item, hints } => done(reader, *deed, *item, hints)?,
        Line::Filed { filed, how } => filed_as(reader, *filed, *how)?,
        Line::LeftOut { name, why } => Said::new(Mark::Note, format!("\"{name}\" was not filed: {why}")),
        Line::Sent { conversation, to } => sent(reader, *conversation, to)?,
        Line::Noted { text } | Line::Settings { text } => Said::new(Mark::Done, text.clone()),
        Line::Question { text } => Said::new(Mark::Note, text.clone()),
        Line::WhichMatter { typed } => answers::which_matter(reader, typed)?,
        Line::WhichTask { typed } => answers::which_task(reader, typed)?,
        Line::Refused { typed, why, instead } => refused(typed, why, instead.as_deref()),
        Line::Ask { .. } | Line::Help { .. } => Said::new(Mark::Note, ""),
    })
}

/// A thing that was made or changed; if it may no longer be shown, only that it was done.
fn done(reader: &Reader<'_>, deed: Deed, item: Item, hints: &[String]) -> Result<Said> {
    if deed == Deed::Deleted || deed == Deed::Undone {
        let id = reader.id(item)?;
        let said = Said::new(Mark::Done, format!("{id}: {} taken back.", item.kind.word()));
        return Ok(Said { id: Some(id), taken_back: true, ..said });
    }
    if !reader.may(Ability::View, item)? {
        return Ok(Said::new(
            Mark::Done,
            format!("One {} was taken in. It can no longer be shown to you.", item.kind.word()),
        ));
    }
    let id = reader.id(item)?;
    let mut said = match item.kind {
        Kind::TimeEntry => time_entry(reader, &id, item)?,
        Kind::Task => completed(reader, &id, item)?,
        _ => noted(reader, &id, item)?,
    };
    if deed == Deed::Edited {
        said.text = format!("Changed. {}", said.text);
    }
    said.more.extend(hints.iter().cloned());
    said.id = Some(id);
    said.undoable = deed == Deed::Added && matches!(item.kind, Kind::TimeEntry | Kind::Note);
    Ok(said)
}

fn time_entry(reader: &Reader<'_>, id: &str, item: Item) -> Result<Said> {
    let Some(entry) = reader.store.time_entry(reader.firm.id, item.id)?.map(|e| e.work) else {
        return Ok(Said::new(Mark::Done, id));
    };
    let mut parts = vec![format!("{} h on {}", entry.rounded.decimal_hours(), reader.day(entry.date))];
    if let Some(matter) = reader.visible_matter(item)? {
        parts.push(format!("M-{}", matter.number));
    }
    if let Some(subject) = entry.subject
        && reader.may(Ability::View, subject)?
    {
        parts.push(format!("on {}", reader.id(subject)?));
    }
    let codes: Vec<String> = [&entry.activity_code, &entry.task_code].into_iter().flatten().cloned().collect();
    if !codes.is_empty() {
        parts.push(codes.join("/"));
    }
    if entry.non_billable {
        parts.push("non-billable".into());
    }
    if entry.no_charge {
        parts.push("no charge".into());
    }
    let mut said = Said::new(Mark::Done, format!("{id}: {}.", parts.join(", ")));
    if entry.rounded != entry.quantity {
        said.more.push(format!(
            "{} entered, {} h recorded ({}-minute steps).",
            entry.quantity.h_mm(),
            entry.rounded.decimal_hours(),
            reader.firm.rounding_minutes
        ));
    }
    if !entry.narrative.is_empty() {
        said.more.push(format!("\u{201c}{}\u{201d}", entry.narrative));
    }
    Ok(said)
}

fn completed(reader: &Reader<'_>, id: &str, item: Item) -> Result<Said> {
    let Some(task) = reader.store.task(reader.firm.id, item.id)? else { return Ok(Said::new(Mark::Done, id)) };
    let when = task.completed_at.map(|at| format!(" on {}", reader.moment(at))).unwrap_or_default();
    Ok(Said::new(Mark::Done, format!("{id} \"{}\" completed{when}.", task.name)))
}

fn noted(reader: &Reader<'_>, id: &str, item: Item) -> Result<Said> {
    let what = match item.kind {
        Kind::Note => "note added".to_owned(),
        Kind::Communication => logged(reader, item)?,
        other => other.word().to_owned(),
    };
    let matter = reader.visible_matter(item)?.map(|m| format!(" on M-{}", m.number)).unwrap_or_default();
    Ok(Said::new(Mark::Done, format!("{id}: {what}{matter}.")))
}

/// A call with its length and the person it was with, as far as they were written.
fn logged(reader: &Reader<'_>, item: Item) -> Result<String> {
    let row = reader.store.communication(reader.firm.id, item.id)?;
    let Some(call) = row.filter(|c| c.medium == Medium::Phone) else { return Ok("communication logged".into()) };
    let length = call.length.map(|l| match l.seconds().div_ceil(60) {
        1 => " of 1 minute".to_owned(),
        minutes if minutes < 120 => format!(" of {minutes} minutes"),
        _ => format!(" of {} h", l.decimal_hours()),
    });
    let first = call.body.lines().next().unwrap_or_default();
    let person =
        first.split_once(':').map(|(before, _)| before.trim()).filter(|b| b.starts_with("with ") && b.len() <= 60);
    let person = person.map(|p| format!(" {p}")).unwrap_or_default();
    Ok(format!("call{}{person} logged", length.unwrap_or_default()))
}

fn filed_as(reader: &Reader<'_>, filed: FiledVersion, how: Filing) -> Result<Said> {
    if !reader.may(Ability::View, filed.document)? {
        return Ok(Said::new(Mark::Done, "One file was taken in. It can no longer be shown to you."));
    }
    let Some(row) = reader.store.document(reader.firm.id, filed.document.id)? else {
        return Ok(Said::new(Mark::Done, "Filed."));
    };
    let id = reader.id(filed.document)?;
    let version = reader.store.version(reader.firm.id, filed.document.id, filed.version)?;
    reader.note(Ability::View, filed.document, Some(filed.version));
    let text = match how {
        Filing::New | Filing::Apart => format!("{id} \"{}\" filed.", row.name),
        Filing::Version => format!("{id} \"{}\": version {} filed.", row.name, filed.version),
        Filing::Same => format!("{id} \"{}\" has the same content already; nothing was filed again.", row.name),
    };
    let mut said = Said::new(if how == Filing::Same { Mark::Note } else { Mark::Done }, text);
    if let Some(version) = version {
        let folder = match row.folder {
            Some(folder) => reader.store.folder(reader.firm.id, folder)?.map(|f| f.name),
            None => None,
        };
        let hash: String = version.sha256.chars().take(12).collect();
        let place = folder.map(|f| format!("Folder \"{f}\". ")).unwrap_or_default();
        said.more.push(format!("{place}{}, SHA-256 {hash}…", news::size(version.size)));
    }
    if how == Filing::Apart {
        said.more.push(
            "If it is a new version of another document, reply #version and that document's number, with the file."
                .into(),
        );
    }
    said.id = Some(id);
    Ok(said)
}

fn sent(reader: &Reader<'_>, conversation: Item, to: &[crate::domain::PersonId]) -> Result<Said> {
    if !reader.may(Ability::View, conversation)? {
        return Ok(Said::new(Mark::Done, "Your message was sent to the firm."));
    }
    let names: Vec<String> = to.iter().map(|p| reader.name_of(*p)).collect::<Result<_>>()?;
    let id = reader.id(conversation)?;
    let mut said = Said::new(Mark::Done, format!("Message sent to {} ({id}).", names.join(", ")));
    said.id = Some(id);
    Ok(said)
}
