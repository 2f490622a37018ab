//! Mail 9 and 13: what became of a mail, a line per command and per file: what was understood, its number, how to undo
//! it; what was not done, why, and what would work. Lists and look-ups are answered here too, from what is shared now.

use std::collections::BTreeSet;

use super::said::{Said, refused};
use super::{answers, events, items, news};
use crate::blobs::Blobs;
use crate::domain::{InboxId, Item, ItemId, Kind, PersonId};
use crate::language::{all_of, count, phrase, say};
use crate::outbound::letter::{Deed, FiledVersion, Filing, Line, Piece, WouldBe};
use crate::outbound::page::{Block, Mark, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::calendar::PartStat;
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
        let said = in_words(reader, line)?;
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
        let ids = all_of(reader, &undoable);
        page.text(match undoable.as_slice() {
            [_] => say!(
                reader,
                "To take {ids} back, reply #undo. To correct it, reply #edit and what it should be.",
                ids = ids
            ),
            _ => say!(
                reader,
                "To take {ids} back, reply #undo. To correct one, reply #edit, its number, and what it should be.",
                ids = ids
            ),
        });
    }
    offer_time(reader, lines, &mut page)?;
    if let Some(mail) = reader.store.inbox(reader.firm.id, inbox)? {
        if mail.state == InboxState::Held {
            let asks = lines.iter().any(|l| matches!(l, Line::WhichMatter { .. }));
            let first = if asks { answers::open_matters(reader)?.into_iter().next() } else { None };
            page.text(match first {
                Some(matter) => say!(
                    reader,
                    "Your mail waits, and the firm was told. Reply with the matter's number alone, such as {number}: your mail then goes on, and you need not send it again.",
                    number = matter.number
                ),
                None => say!(reader, "Your mail was kept and passed to the firm."),
            });
        }
        page.text(say!(reader, "Your mail came on {moment}.", moment = reader.moment(mail.received_at)));
    }
    page.subject = subject(reader, &done, &back, refused, answered);
    if lines.iter().any(|l| matches!(l, Line::Would { .. })) {
        let text = say!(
            reader,
            "This is what your mail would do. Nothing of it was done. To have it done, send it again without #dry-run."
        );
        page.blocks.insert(0, Block::Text(text));
        page.subject = say!(reader, "What your mail would do");
    }
    if lines.iter().all(|l| matches!(l, Line::Settings { .. })) {
        page.subject = say!(reader, "Your settings");
    }
    Ok(Some(page))
}

/// Whoever completed a task and recorded nothing may want to say how long it took.
fn offer_time(reader: &Reader<'_>, lines: &[Line], page: &mut Page) -> Result<()> {
    let mut completed = None;
    for line in lines {
        match line {
            Line::Done { item, .. } if item.kind == Kind::TimeEntry => return Ok(()),
            Line::Done { deed: Deed::Completed, item, .. } => completed = completed.or(Some(*item)),
            _ => {}
        }
    }
    let Some(task) = completed else { return Ok(()) };
    if reader.may(Ability::View, task)? && reader.verdict(Ability::AddTime, task)?.is_allowed() {
        page.text(say!(
            reader,
            "To record your time on it, reply #time, how long it took, and {id}: #time 0.5h {id}",
            id = reader.id(task)?
        ));
    }
    Ok(())
}

/// A document that is sent in its latest version comes back, changed, as the next one (decisions.md 21).
fn say_how_to_return(reader: &Reader<'_>, item: Item, version: Option<u32>, page: &mut Page) -> Result<()> {
    if item.kind != Kind::Document || !reader.verdict(Ability::AddVersion, item)?.is_allowed() {
        return Ok(());
    }
    let latest = reader.current_version(item.id)?.map(|v| v.number);
    if let Some(latest) = latest.filter(|n| version.is_none_or(|wanted| wanted == *n)) {
        let next = latest.saturating_add(1);
        page.text(say!(
            reader,
            "Reply with the changed file, under the same name, to file it as version {version}.",
            version = next
        ));
    }
    Ok(())
}

fn subject(reader: &Reader<'_>, done: &[String], back: &[String], refused: u32, answered: Option<String>) -> String {
    let mut all = [done, back].concat();
    let mut seen = BTreeSet::new();
    all.retain(|id| seen.insert(id.clone()));
    let only_messages = all.iter().all(|id| ItemId::parse(id).is_some_and(|id| id.kind == Kind::Conversation));
    let ids = all.join(", ");
    match (ids.is_empty(), refused, answered) {
        (true, _, Some(title)) => title,
        (true, 0, None) => say!(reader, "About your mail"),
        (true, _, None) => say!(reader, "Not done"),
        (false, 0, _) if done.is_empty() => say!(reader, "Taken back: {ids}", ids = ids),
        // On a locked screen "Done" would be read as if what the message is about were done.
        (false, 0, _) if only_messages => say!(reader, "Message sent: {ids}", ids = ids),
        (false, 0, _) => say!(reader, "Done: {ids}", ids = ids),
        (false, _, _) => say!(reader, "Done in part: {ids}", ids = ids),
    }
}

fn in_words(reader: &Reader<'_>, line: &Line) -> Result<Said> {
    Ok(match line {
        Line::Done { deed, item, hints } => done(reader, *deed, *item, hints)?,
        Line::Answered { event, answer, again } => answered(reader, *event, *answer, *again)?,
        Line::Filed { filed, how } => filed_as(reader, *filed, *how)?,
        Line::Unzipped { .. } => unzipped(reader, line)?,
        Line::Coming { items, mails, large } => coming(reader, items, *mails, large)?,
        Line::LeftOut { name, why } => {
            Said::new(Mark::Note, say!(reader, "\"{name}\" was not filed: {why}", name = name, why = why))
        }
        Line::Sent { conversation, to, .. } => sent(reader, *conversation, to)?,
        Line::Noted { text } | Line::Settings { text } => Said::new(Mark::Done, text.clone()),
        Line::Question { text } => Said::new(Mark::Note, text.clone()),
        Line::WhichMatter { typed } => answers::which_matter(reader, typed)?,
        Line::WhichPerson { typed, people } => which_person(reader, typed, people)?,
        Line::Would { outcome, text, more, shows, words_of } => would(reader, *outcome, text, more, shows, words_of)?,
        Line::WhichTask { typed } => answers::which_task(reader, typed)?,
        Line::Refused { typed, why, instead } => refused(reader, typed, why, instead.as_deref()),
        Line::Ask { .. } | Line::Help { .. } => Said::new(Mark::Note, ""),
    })
}

/// Lines of a mail that was tried and taken back, in the words that its receipt would have had.
pub fn rehearsed(reader: &Reader<'_>, lines: &[Line]) -> Result<Vec<(WouldBe, String, Vec<String>)>> {
    let mut told = Vec::new();
    for line in lines {
        let said = match line {
            Line::Ask { typed, .. } => {
                Said::new(Mark::Note, say!(reader, "{typed} – would be answered.", typed = typed))
            }
            Line::Help { word, .. } => {
                Said::new(Mark::Note, say!(reader, "#help {word} – would be answered.", word = word))
            }
            other => in_words(reader, other)?,
        };
        let outcome = match said.mark {
            Mark::Done => WouldBe::Done,
            Mark::Refused => WouldBe::Refused,
            Mark::Note => WouldBe::Told,
        };
        told.push((outcome, said.text, said.more));
    }
    Ok(told)
}

/// The matters of all that the reader was shown so far whose words their mails may carry now.
pub fn has_words_of(reader: &Reader<'_>) -> Result<Vec<Item>> {
    let mut matters = BTreeSet::new();
    for shown in reader.shown() {
        if !reader.withholds(shown.item)? {
            matters.extend(reader.store.matter_of(reader.firm.id, shown.item)?);
        }
    }
    Ok(matters.into_iter().map(|row| Item::new(Kind::Matter, row)).collect())
}

/// What was tried, if all that it shows may still be shown, in the words that it was put into then.
fn would(
    reader: &Reader<'_>,
    outcome: WouldBe,
    text: &str,
    more: &[String],
    shows: &[(String, Item)],
    words_of: &[Item],
) -> Result<Said> {
    let ability = |code: &str| Ability::ALL.iter().copied().find(|a| a.code() == code).unwrap_or(Ability::View);
    let mut ended = false;
    for (code, item) in shows {
        ended |= !reader.verdict(ability(code), *item)?.is_allowed();
    }
    for matter in words_of {
        ended |= reader.withholds(*matter)?;
    }
    if ended {
        let text = say!(reader, "One line is about something that can no longer be shown to you.");
        return Ok(Said::new(Mark::Note, text));
    }
    shows.iter().for_each(|(code, item)| reader.note(ability(code), *item, None));
    let mark = match outcome {
        WouldBe::Done => Mark::Done,
        WouldBe::Refused => Mark::Refused,
        WouldBe::Told => Mark::Note,
    };
    Ok(Said { more: more.to_vec(), ..Said::new(mark, text) })
}

/// Names with their position, and never an address.
fn which_person(reader: &Reader<'_>, typed: &str, people: &[PersonId]) -> Result<Said> {
    let mut said = refused(reader, typed, &say!(reader, "That name fits several people. Nothing was sent yet."), None);
    for (place, person) in (1_u32..).zip(people) {
        let Some(found) = reader.store.person(reader.firm.id, *person)? else { continue };
        let title = if found.title.is_empty() { String::new() } else { format!(", {}", found.title) };
        said.more.push(format!("{place}. {}{title}", found.name()));
    }
    said.more.push(say!(reader, "Reply with the number alone: your message then goes to that person."));
    Ok(said)
}

/// A thing that was made or changed; if it may no longer be shown, only that it was done.
fn done(reader: &Reader<'_>, deed: Deed, item: Item, hints: &[String]) -> Result<Said> {
    if deed == Deed::Deleted || deed == Deed::Undone {
        let id = reader.id(item)?;
        let said = Said::new(Mark::Done, say!(reader, "{id}: {kind} taken back.", id = &id, kind = item.kind));
        return Ok(Said { id: Some(id), taken_back: true, ..said });
    }
    if !reader.may(Ability::View, item)? {
        return Ok(Said::new(
            Mark::Done,
            say!(reader, "One {kind} was taken in. It can no longer be shown to you.", kind = item.kind),
        ));
    }
    let id = reader.id(item)?;
    let mut said = match item.kind {
        Kind::TimeEntry => time_entry(reader, &id, item)?,
        Kind::Task => completed(reader, &id, item)?,
        _ => noted(reader, &id, item)?,
    };
    said.more.extend(stored(reader, item)?);
    if deed == Deed::Edited {
        said.text = say!(reader, "Changed. {what}", what = said.text);
    }
    said.more.extend(hints.iter().cloned());
    said.id = Some(id);
    said.undoable = deed == Deed::Added && matches!(item.kind, Kind::TimeEntry | Kind::Note);
    Ok(said)
}

fn time_entry(reader: &Reader<'_>, id: &str, item: Item) -> Result<Said> {
    let Some(entry) = reader.time_entry(item.id)?.map(|e| e.work) else {
        return Ok(Said::new(Mark::Done, id));
    };
    let (hours, day) = (reader.hours(entry.rounded), reader.day(entry.date));
    let mut parts = vec![say!(reader, "{hours} on {day}", hours = hours, day = day)];
    if let Some(matter) = reader.visible_matter(item)? {
        parts.push(format!("M-{}", matter.number));
    }
    if let Some(subject) = entry.subject
        && reader.may(Ability::View, subject)?
    {
        parts.push(say!(reader, "on {id}", id = reader.id(subject)?));
    }
    let codes: Vec<String> = [&entry.activity_code, &entry.task_code].into_iter().flatten().cloned().collect();
    if !codes.is_empty() {
        parts.push(codes.join("/"));
    }
    let category = entry.category.map(|c| reader.store.category(reader.firm.id, c)).transpose()?.flatten();
    parts.extend(category.filter(|c| c.visible_to_co_counsel).map(|c| c.name));
    if entry.non_billable {
        parts.push(say!(reader, "non-billable"));
    }
    if entry.no_charge {
        parts.push(say!(reader, "no charge"));
    }
    let mut said = Said::new(Mark::Done, say!(reader, "{id}: {what}.", id = id, what = parts.join(", ")));
    if entry.rounded != entry.quantity {
        said.more.push(say!(
            reader,
            "{entered} entered, {recorded} recorded ({step}-minute steps).",
            entered = entry.quantity.h_mm(),
            recorded = reader.hours(entry.rounded),
            step = reader.firm.rounding_minutes
        ));
    }
    if !entry.narrative.is_empty() {
        said.more.push(say!(reader, "“{words}”", words = &entry.narrative));
    }
    Ok(said)
}

/// To whose time it is: the firm changed it, and how it stands now.
pub fn time_changed(reader: &Reader<'_>, entry: Item, by: PersonId) -> Result<Option<Page>> {
    if !reader.may(Ability::View, entry)? {
        return Ok(None);
    }
    let id = reader.id(entry)?;
    let mut page = Page::new(say!(reader, "Your time entry {id} was changed", id = &id));
    page.text(say!(
        reader,
        "{name} of {firm} changed a time entry of yours. It now says:",
        name = reader.name_of(by)?,
        firm = &reader.firm.name
    ));
    let said = time_entry(reader, &id, entry)?;
    page.blocks.push(Block::Marked(Mark::Note, said.text, said.more));
    page.text(say!(reader, "If that is not right, reply with what it should be: your text goes to the firm."));
    Ok(Some(page))
}

fn completed(reader: &Reader<'_>, id: &str, item: Item) -> Result<Said> {
    let Some(task) = reader.task(item.id)? else { return Ok(Said::new(Mark::Done, id)) };
    let what = items::named(reader, id, &task.name);
    let text = match task.completed_at.map(|at| reader.moment(at)) {
        Some(moment) => say!(reader, "{what} completed on {moment}.", what = what, moment = moment),
        None => say!(reader, "{what} completed.", what = what),
    };
    Ok(Said::new(Mark::Done, text))
}

fn noted(reader: &Reader<'_>, id: &str, item: Item) -> Result<Said> {
    let what = match item.kind {
        Kind::Note => say!(reader, "note added"),
        Kind::Communication => logged(reader, item)?,
        other => phrase(reader, other.word()),
    };
    let text = match reader.visible_matter(item)? {
        Some(matter) => {
            say!(reader, "{id}: {what} on {matter}.", id = id, what = what, matter = format!("M-{}", matter.number))
        }
        None => say!(reader, "{id}: {what}.", id = id, what = what),
    };
    Ok(Said::new(Mark::Done, text))
}

/// The text of a note or a communication as it was kept, its beginning and its end: what belonged elsewhere is seen there.
fn stored(reader: &Reader<'_>, item: Item) -> Result<Option<String>> {
    let text = match item.kind {
        Kind::Note => reader.note_row(item.id)?.map(|n| match n.subject.is_empty() {
            true => n.detail,
            false => format!("{}: {}", n.subject, n.detail),
        }),
        Kind::Communication => reader.communication(item.id)?.map(|c| c.body),
        _ => None,
    };
    // The rules that mail programs draw say nothing.
    let says = |word: &&str| word.contains(char::is_alphanumeric);
    let words: Vec<String> = text.iter().flat_map(|t| t.split_whitespace()).filter(says).map(str::to_owned).collect();
    Ok(Some(ends_of(&words)).filter(|t| !t.is_empty()).map(|words| say!(reader, "“{words}”", words = words)))
}

/// The first and the last words of a text, "…" between them; all of a short one.
fn ends_of(words: &[String]) -> String {
    const FIRST: usize = 12;
    const LAST: usize = 8;
    let short = |word: &String| word.chars().take(40).collect::<String>();
    let joined = |words: &[String]| words.iter().map(short).collect::<Vec<_>>().join(" ");
    match (words.get(..FIRST), words.get(words.len().saturating_sub(LAST)..)) {
        (Some(first), Some(last)) if words.len() > FIRST.saturating_add(LAST) => {
            format!("{} … {}", joined(first), joined(last))
        }
        _ => joined(words),
    }
}

/// A call with its length and the person it was with, as far as they were written.
fn logged(reader: &Reader<'_>, item: Item) -> Result<String> {
    let row = reader.communication(item.id)?;
    let Some(call) = row.filter(|c| c.medium == Medium::Phone) else {
        return Ok(say!(reader, "communication logged"));
    };
    let length = call.length.map(|l| match l.seconds().div_ceil(60) {
        minutes if minutes < 120 => count!(reader, minutes, "1 minute", "{n} minutes"),
        _ => reader.hours(l),
    });
    let first = call.body.lines().next().unwrap_or_default();
    let before = first.split_once(':').map_or("", |(before, _)| before.trim());
    let person = WITH.iter().find_map(|with| before.strip_prefix(with)).filter(|_| before.len() <= 60);
    Ok(match (length, person) {
        (Some(length), Some(person)) => {
            say!(reader, "call of {length} with {person} logged", length = length, person = person)
        }
        (Some(length), None) => say!(reader, "call of {length} logged", length = length),
        (None, Some(person)) => say!(reader, "call with {person} logged", person = person),
        (None, None) => say!(reader, "call logged"),
    })
}

/// What stands before the name of the person that a call was with.
const WITH: [&str; 4] = ["with ", "mit ", "avec ", "con "];

/// An answer to an invitation, with the time, so that an answer to the wrong event shows.
fn answered(reader: &Reader<'_>, event: Item, answer: PartStat, again: bool) -> Result<Said> {
    let (Some(row), true) = (reader.event(event.id)?, reader.may(Ability::View, event)?) else {
        let text = say!(reader, "Your answer was taken. The event can no longer be shown to you.");
        return Ok(Said::new(Mark::Done, text));
    };
    let (id, when) = (reader.id(event)?, events::when(reader, &row.details));
    let answer = phrase(reader, crate::outbound::words::answer(answer));
    let text = match again {
        true => {
            say!(reader, "{id}, {when}. Your answer was this before: {answer}.", id = &id, when = when, answer = answer)
        }
        false => say!(reader, "{id}, {when}. Your answer: {answer}.", id = &id, when = when, answer = answer),
    };
    Ok(Said { id: Some(id), ..Said::new(Mark::Done, text) })
}

fn filed_as(reader: &Reader<'_>, filed: FiledVersion, how: Filing) -> Result<Said> {
    if !reader.may(Ability::View, filed.document)? {
        let text = say!(reader, "One file was taken in. It can no longer be shown to you.");
        return Ok(Said::new(Mark::Done, text));
    }
    let Some(row) = reader.document(filed.document.id)? else {
        return Ok(Said::new(Mark::Done, say!(reader, "Filed.")));
    };
    let id = reader.id(filed.document)?;
    let version = reader.version(filed.document.id, filed.version)?;
    reader.note(Ability::View, filed.document, Some(filed.version));
    let what = items::named(reader, &id, &row.name);
    let text = match how {
        Filing::New | Filing::Apart => say!(reader, "{what} filed.", what = what),
        Filing::Version => say!(reader, "{what}: version {version} filed.", what = what, version = filed.version),
        Filing::Same => say!(reader, "{what} has the same content already; nothing was filed again.", what = what),
    };
    let mut said = Said::new(if how == Filing::Same { Mark::Note } else { Mark::Done }, text);
    if let Some(version) = version {
        let folder = match row.folder {
            Some(folder) if reader.may(Ability::View, Item::new(Kind::Folder, folder))? => {
                reader.folder(folder)?.map(|f| f.name).filter(|name| !name.is_empty())
            }
            _ => None,
        };
        let hash: String = version.sha256.chars().take(12).collect();
        let size = news::size(reader, version.size);
        said.more.push(match folder {
            Some(name) => {
                say!(reader, "Folder \"{name}\". {size}, SHA-256 {hash}…", name = name, size = size, hash = hash)
            }
            None => format!("{size}, SHA-256 {hash}…"),
        });
    }
    if how == Filing::Apart {
        said.more.push(say!(
            reader,
            "If it is a new version of another document, reply #version and that document's number, with the file."
        ));
    }
    said.id = Some(id);
    Ok(said)
}

/// How many files of a zip are named one by one.
const MOST_NAMED: usize = 40;

fn unzipped(reader: &Reader<'_>, line: &Line) -> Result<Said> {
    let Line::Unzipped { zip, folder, folders, filed, same, skipped } = line else {
        return Ok(Said::new(Mark::Note, ""));
    };
    if !reader.may(Ability::View, *folder)? {
        let text = say!(reader, "The files of a zip were taken in. They can no longer be shown to you.");
        return Ok(Said::new(Mark::Done, text));
    }
    let name = reader.folder(folder.id)?.map(|f| f.name).unwrap_or_default();
    let id = reader.id(*folder)?;
    let what = items::named(reader, &id, &name);
    // The names of what came are words of the matter too.
    let is_silent = reader.withholds(*folder)?;
    let zip = if is_silent { "zip" } else { zip.as_str() };
    let text = match (filed.len(), *folders) {
        (0, _) => {
            say!(reader, "Nothing in \"{zip}\" is new: its files are in {what} already.", zip = zip, what = &what)
        }
        (some, 0) => count!(
            reader,
            some,
            "1 file of \"{zip}\" filed in {what}.",
            "{n} files of \"{zip}\" filed in {what}.",
            zip = zip,
            what = &what
        ),
        (some, 1) => count!(
            reader,
            some,
            "1 file of \"{zip}\" filed in {what} and 1 folder in it.",
            "{n} files of \"{zip}\" filed in {what} and 1 folder in it.",
            zip = zip,
            what = &what
        ),
        (some, folders) => count!(
            reader,
            some,
            "1 file of \"{zip}\" filed in {what} and {folders} folders in it.",
            "{n} files of \"{zip}\" filed in {what} and {folders} folders in it.",
            zip = zip,
            what = &what,
            folders = folders
        ),
    };
    let mut said = Said::new(if filed.is_empty() { Mark::Note } else { Mark::Done }, text);
    for one in filed.iter().take(MOST_NAMED) {
        said.more.extend(filed_in(reader, *folder, *one)?);
    }
    if filed.len() > MOST_NAMED {
        let more = filed.len().saturating_sub(MOST_NAMED);
        let list = say!(reader, "#show {id}", id = &id);
        said.more.push(count!(reader, more, "and 1 more: reply {list}", "and {n} more: reply {list}", list = list));
    }
    for one in same {
        if let Some(line) = filed_in(reader, *folder, *one)? {
            said.more.push(say!(reader, "There already: {line}", line = line));
        }
    }
    let left_out = |(path, why): &(String, String)| {
        let path = if is_silent { "…" } else { path.as_str() };
        say!(reader, "Skipped: \"{path}\": {why}", path = path, why = why)
    };
    said.more.extend(skipped.iter().map(left_out));
    said.id = Some(id);
    Ok(said)
}

/// "D-41 Photos/B.png, 12 kB, SHA-256 abc…"; none if it may not be shown.
fn filed_in(reader: &Reader<'_>, top: Item, filed: FiledVersion) -> Result<Option<String>> {
    if !reader.may(Ability::View, filed.document)? {
        return Ok(None);
    }
    let Some(row) = reader.document(filed.document.id)? else { return Ok(None) };
    let Some(version) = reader.version(filed.document.id, filed.version)? else { return Ok(None) };
    reader.note(Ability::View, filed.document, Some(filed.version));
    let mut path = row.name;
    let mut above = row.folder.filter(|f| *f != top.id);
    for _ in 0..16 {
        let Some(folder) = above else { break };
        let Some(folder) = reader.folder(folder)? else { break };
        path = format!("{}/{path}", folder.name);
        above = folder.parent.filter(|f| *f != top.id);
    }
    let hash: String = version.sha256.chars().take(12).collect();
    let path = if reader.withholds(filed.document)? { String::new() } else { format!(" {path}") };
    Ok(Some(format!("{}{path}, {}, SHA-256 {hash}…", reader.id(filed.document)?, news::size(reader, version.size))))
}

fn coming(reader: &Reader<'_>, items: &[Item], mails: u32, large: &[Piece]) -> Result<Said> {
    let mut ids = Vec::new();
    for item in items {
        if reader.may(Ability::View, *item)? {
            ids.push(reader.id(*item)?);
        }
    }
    let text = match ids.len() {
        0 => say!(reader, "What you asked for comes in {mails} mails, because one can't carry it all.", mails = mails),
        several => count!(
            reader,
            several,
            "{ids} comes in {mails} mails, because one can't carry it all.",
            "{ids} come in {mails} mails, because one can't carry it all.",
            ids = all_of(reader, &ids),
            mails = mails
        ),
    };
    let mut said = Said::new(Mark::Note, text);
    for piece in large {
        let (Kind::Document, Some(number)) = (piece.item.kind, piece.version) else { continue };
        let version = reader.version(piece.item.id, number)?;
        if let (true, Some(version)) = (reader.may(Ability::View, piece.item)?, version) {
            let id = reader.id(piece.item)?;
            said.more.push(say!(
                reader,
                "{id} is too large for any mail ({size}). Ask the firm for it.",
                id = id,
                size = news::size(reader, version.size)
            ));
        }
    }
    Ok(said)
}

fn sent(reader: &Reader<'_>, conversation: Item, to: &[crate::domain::PersonId]) -> Result<Said> {
    if !reader.may(Ability::View, conversation)? {
        return Ok(Said::new(Mark::Done, say!(reader, "Your message was sent to the firm.")));
    }
    let names: Vec<String> = to.iter().map(|p| reader.name_of(*p)).collect::<Result<_>>()?;
    let id = reader.id(conversation)?;
    let text = say!(reader, "Message sent to {names} ({id}).", names = names.join(", "), id = &id);
    let mut said = Said::new(Mark::Done, text);
    said.id = Some(id);
    Ok(said)
}
