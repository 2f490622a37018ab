//! Tasks: assigned by the firm, changed, reopened and deleted by it, and completed by whom they are assigned to
//! (TSK-01–08); and, the day before one is due, the mails that say so (mails.md 5 and 16).

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Act, Answer};
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::outbound::letter::{self, Addressed, Letter, TaskChange, TaskNews};
use crate::sharing::{Ability, Thing};
use crate::store::firms::Firm;
use crate::store::people::{DigestRhythm, Person};
use crate::store::shares::{Circumstances, NewShare, Source, Subject};
use crate::store::tasks::{NewTask, Task, TaskStatus};
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Tx};

/// From when on the firm is told, in the zone of whom it is told.
const FIRM_TIME: Time = Time::constant(8, 0, 0, 0);
/// When somebody is told whose wish for a time can't be read.
const USUAL_TIME: Time = Time::constant(7, 30, 0, 0);

/// Completes a task that is assigned to the actor (TSK-02).
pub fn complete(act: &Act<'_>, task: Item) -> Answer<()> {
    allowed!(act.ask(Ability::Complete, task));
    act.tx.complete_task(act.firm.id, task.id, act.actor.id, act.now)?;
    act.audit("task.complete", task, json!({}))?;
    Ok(Ok(()))
}

/// Says anew what is to be done and by when; whoever shall do it is told what changed. False if that was so already.
pub fn change(act: &Act<'_>, new: &Task, notify: bool) -> Answer<bool> {
    allowed!(act.ask(Ability::Edit, new.item()));
    let before = act.tx.task(act.firm.id, new.id)?;
    let changed = act.tx.change_task(act.firm.id, new)?;
    if changed {
        act.audit("task.change", new.item(), json!({"due": new.due_at.map(|d| d.to_string())}))?;
        if notify {
            let changes = before.map(|before| changes(&before, new)).unwrap_or_default();
            tell_assignee(act, new, TaskNews::Changed(changes))?;
        }
    }
    Ok(Ok(changed))
}

/// Opens a completed task again, and tells whoever shall do it; false if it is open.
pub fn reopen(act: &Act<'_>, task: &Task, notify: bool) -> Answer<bool> {
    allowed!(act.ask(Ability::Reopen, task.item()));
    let reopened = act.tx.reopen_task(act.firm.id, task.id, TaskStatus::Pending)?;
    if reopened {
        act.audit("task.reopen", task.item(), json!({}))?;
        if notify {
            tell_assignee(act, task, TaskNews::Reopened)?;
        }
    }
    Ok(Ok(reopened))
}

/// Deletes a task; whoever had it loses it.
pub fn delete(act: &Act<'_>, task: &Task) -> Answer<bool> {
    allowed!(act.ask(Ability::Delete, task.item()));
    if let Some(assignee) = task.assignee {
        super::shares::end(act, assignee, task.item(), "deleted")?;
    }
    let deleted = act.tx.delete_task(act.firm.id, task.id, act.now)?;
    if deleted {
        act.audit("task.delete", task.item(), json!({}))?;
    }
    Ok(Ok(deleted))
}

fn changes(before: &Task, new: &Task) -> Vec<TaskChange> {
    let mut changes = Vec::new();
    if before.due_at != new.due_at {
        changes.push(TaskChange::Due(before.due_at));
    }
    if before.priority != new.priority {
        changes.push(TaskChange::Priority(before.priority.word().to_owned()));
    }
    if before.name != new.name {
        changes.push(TaskChange::Name);
    }
    if before.description != new.description {
        changes.push(TaskChange::Details);
    }
    changes
}

fn tell_assignee(act: &Act<'_>, task: &Task, news: TaskNews) -> Result<()> {
    let Some(person) = task.assignee.filter(|p| *p != act.actor.id) else { return Ok(()) };
    // Who hasn't accepted the invitation gets all of it with the welcome.
    let is_told = act.tx.person(act.firm.id, person)?.is_some_and(|p| p.is_user() || p.accepted_at.is_some());
    if is_told {
        act.tell(person, Letter::Task { task: task.item(), news }, About::Item(task.item()))?;
    }
    Ok(())
}

/// Enters a task (TSK-06) and assigns it, if it has an assignee.
pub fn create(act: &Act<'_>, new: &NewTask, notify: bool) -> Answer<Item> {
    let subject = match new.matter {
        Some(matter) => Subject::Item(Item::new(Kind::Matter, matter)),
        None => Subject::Other(Thing::Home, None),
    };
    allowed!(act.ask_about(Ability::CreateTask, subject, Circumstances::default()));
    let unassigned = NewTask { assignee: None, assigner: new.assigner.or(Some(act.actor.id)), ..new.clone() };
    let task = act.tx.add_task(act.firm.id, &unassigned, act.now)?;
    act.audit("task.create", task, json!({}))?;
    if let Some(assignee) = new.assignee {
        allowed!(assign(act, task, assignee, notify));
    }
    Ok(Ok(task))
}

/// Assigns a task; whoever had it loses it. An assignment to a contact is a share (model.md b2).
pub fn assign(act: &Act<'_>, task: Item, assignee: PersonId, notify: bool) -> Answer<()> {
    let receiver = Circumstances { receiver: Some(assignee), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Assign, Subject::Item(task), receiver));
    let Some(row) = act.tx.task(act.firm.id, task.id)? else { return Ok(Ok(())) };
    if let Some(before) = row.assignee.filter(|p| *p != assignee) {
        super::shares::end(act, before, task, "reassigned")?;
    }
    act.tx.assign_task(act.firm.id, task.id, Some(assignee))?;
    act.audit("task.assign", task, json!({"to": assignee}))?;
    let is_contact = act.tx.person(act.firm.id, assignee)?.is_some_and(|p| !p.is_user());
    if is_contact {
        let share = NewShare {
            person: assignee,
            item: task,
            source: Source::Assignment,
            notify,
            message: String::new(),
            by: act.actor.id,
        };
        super::shares::grant(act, &share)?;
    } else if notify && assignee != act.actor.id {
        act.tell(assignee, Letter::Task { task, news: TaskNews::Assigned }, About::Item(task))?;
    }
    Ok(Ok(()))
}

/// Queues the mails about open tasks that are due tomorrow or today, and gives how many: one to whoever shall do it, if no
/// digest tells them, and one to the firm. Called by the ticker.
pub fn tell_due(tx: &Tx<'_>, firm: &Firm, now: Timestamp) -> Result<u32> {
    let mut queued = 0_u32;
    // A day more on either side, for those who live in another day.
    let days = SignedDuration::from_hours(48);
    let [first, last] =
        [now.saturating_sub(days), now.saturating_add(days)].map(|at| at.unwrap_or(now).to_zoned(TimeZone::UTC).date());
    for task in tx.open_tasks_due(firm.id, first, last)? {
        let (Some(due), Some(assignee)) = (task.due_at, task.assignee) else { continue };
        let share = tx.live_shares_of(firm.id, task.item(), now)?.into_iter().find(|s| s.person == assignee);
        let (Some(share), Some(person)) = (share, tx.person(firm.id, assignee)?) else { continue };
        if person.accepted_at.is_none() {
            continue;
        }
        if let Some(time) = own_time(tx, firm.id, &person)?
            && has_come(due, time, &tx.zone_of(firm, &person)?, share.created_at, now)
        {
            let letter = Letter::Task { task: task.item(), news: TaskNews::DueSoon };
            queued = queued.saturating_add(tell(tx, firm.id, &task, assignee, letter, due, now)?);
        }
        let Some(reader) = who_asked(tx, firm.id, &task)? else { continue };
        if has_come(due, FIRM_TIME, &tx.zone_of(firm, &reader)?, share.created_at, now) {
            let letter = Letter::TaskOpen { task: task.item(), assignee };
            queued = queued.saturating_add(tell(tx, firm.id, &task, reader.id, letter, due, now)?);
        }
    }
    Ok(queued)
}

/// When somebody is told by a mail of its own; none if their digest tells them.
fn own_time(tx: &Tx<'_>, firm: FirmId, person: &Person) -> Result<Option<Time>> {
    let wishes = tx.preferences(firm, person.id)?;
    let has_digest = wishes.digest != DigestRhythm::Off && !wishes.silenced.iter().any(|s| s == "digest");
    let time = Time::strptime("%H:%M", &wishes.digest_time).unwrap_or(USUAL_TIME);
    Ok(if has_digest { None } else { Some(time) })
}

/// True from that time on the day before until the end of the day itself; not for who was told of the task since.
fn has_come(due: Date, time: Time, zone: &TimeZone, told_at: Timestamp, now: Timestamp) -> bool {
    let begins = due.yesterday().ok().and_then(|day| day.to_datetime(time).to_zoned(zone.clone()).ok());
    let is_over = now.to_zoned(zone.clone()).date() > due;
    begins.is_some_and(|b| told_at < b.timestamp() && b.timestamp() <= now) && !is_over
}

/// The user who assigned a task, or the lawyer of its matter.
fn who_asked(tx: &Tx<'_>, firm: FirmId, task: &Task) -> Result<Option<Person>> {
    let assigner = task.assigner.map(|p| tx.person(firm, p)).transpose()?.flatten();
    if let Some(assigner) = assigner.filter(|p| p.is_user() && !p.disabled) {
        return Ok(Some(assigner));
    }
    let lawyer = super::responsible(tx, firm, task.matter)?;
    Ok(lawyer.map(|p| tx.person(firm, p)).transpose()?.flatten())
}

fn tell(
    tx: &Tx<'_>,
    firm: FirmId,
    task: &Task,
    person: PersonId,
    letter: Letter,
    due: Date,
    now: Timestamp,
) -> Result<u32> {
    let key = format!("due:{}:{due}", task.id);
    if tx.is_queued(firm, &letter::key_of(letter.template(), person, &key))? {
        return Ok(0);
    }
    let addressed = Addressed::new(person, letter, key, Some((Purpose::Reply, About::Item(task.item()))));
    Ok(u32::from(letter::queue(tx, firm, addressed, now)?.is_some()))
}
