//! Tasks: assigned by the firm, completed by whom they are assigned to (TSK-01–08).

use serde_json::json;

use super::{Act, Answer};
use crate::domain::{Item, Kind, PersonId};
use crate::outbound::letter::Letter;
use crate::sharing::{Ability, Thing};
use crate::store::shares::{Circumstances, NewShare, Source, Subject};
use crate::store::tasks::NewTask;
use crate::store::threads::About;

/// Completes a task that is assigned to the actor (TSK-02).
pub fn complete(act: &Act<'_>, task: Item) -> Answer<()> {
    allowed!(act.ask(Ability::Complete, task));
    act.tx.complete_task(act.firm.id, task.id, act.actor.id, act.now)?;
    act.audit("task.complete", task, json!({}))?;
    Ok(Ok(()))
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
        act.tell(assignee, Letter::TaskAssigned { task }, About::Item(task))?;
    }
    Ok(Ok(()))
}
