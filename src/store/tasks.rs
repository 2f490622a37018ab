//! Tasks. Who may see or complete one is not asked here; an assignment to a contact also needs its share (`shares`).

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::duration::Quantity;
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::language::sentence;

/// How urgent a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Before others.
    High,
    /// As usual.
    #[default]
    Normal,
    /// After others.
    Low,
}

impl Priority {
    /// The word in the store, in imports and in mails.
    pub const fn word(self) -> &'static str {
        match self {
            Priority::High => sentence!("High"),
            Priority::Normal => sentence!("Normal"),
            Priority::Low => sentence!("Low"),
        }
    }

    /// The priority of this word; capitals do not matter.
    pub fn from_word(word: &str) -> Option<Priority> {
        [Priority::High, Priority::Normal, Priority::Low].into_iter().find(|p| p.word().eq_ignore_ascii_case(word))
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskStatus {
    /// Not begun.
    #[default]
    Pending,
    /// Begun.
    InProgress,
    /// Somebody looks it over.
    InReview,
    /// Done.
    Complete,
}

impl TaskStatus {
    /// The word in the store and in imports.
    pub const fn word(self) -> &'static str {
        match self {
            TaskStatus::Pending => "pending",
            TaskStatus::InProgress => "in_progress",
            TaskStatus::InReview => "in_review",
            TaskStatus::Complete => "complete",
        }
    }

    /// The status of this word.
    pub fn from_word(word: &str) -> Option<TaskStatus> {
        [TaskStatus::Pending, TaskStatus::InProgress, TaskStatus::InReview, TaskStatus::Complete]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its row.
    pub id: i64,
    /// T-12.
    pub number: u32,
    /// What is to be done.
    pub name: String,
    /// More of it.
    pub description: String,
    /// For which matter.
    pub matter: Option<i64>,
    /// Who shall do it.
    pub assignee: Option<PersonId>,
    /// The user who asked.
    pub assigner: Option<PersonId>,
    /// Urgency.
    pub priority: Priority,
    /// Where it stands.
    pub status: TaskStatus,
    /// Due on.
    pub due_at: Option<Date>,
    /// Tell the assigner when it is completed (TSK-02).
    pub notify_completion: bool,
    /// How long it should take.
    pub time_estimated: Option<Quantity>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
    /// By whom.
    pub completed_by: Option<PersonId>,
}

impl Task {
    /// The task as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Task, self.id)
    }
}

/// A task about to be added.
#[derive(Clone, Debug, Default)]
pub struct NewTask {
    /// What is to be done.
    pub name: String,
    /// More of it.
    pub description: String,
    /// For which matter.
    pub matter: Option<i64>,
    /// Who shall do it.
    pub assignee: Option<PersonId>,
    /// The user who asks.
    pub assigner: Option<PersonId>,
    /// Urgency.
    pub priority: Priority,
    /// Where it stands.
    pub status: TaskStatus,
    /// Seen by its assignee, assigner and administrators only.
    pub private: bool,
    /// Due on.
    pub due_at: Option<Date>,
    /// Do not tell the assigner when it is completed.
    pub quiet: bool,
    /// How long it should take.
    pub time_estimated: Option<Quantity>,
}

const SELECT: &str =
    "SELECT id, number, name, description, matter_id, assignee_id, assigner_id, priority, status, due_at,
    notify_completion, time_estimated, created_at, completed_at, completed_by FROM tasks";

fn read(row: &Row<'_>) -> rusqlite::Result<Task> {
    let priority: String = row.get("priority")?;
    let status: String = row.get("status")?;
    Ok(Task {
        id: row.get("id")?,
        number: row.get("number")?,
        name: row.get("name")?,
        description: row.get("description")?,
        matter: row.get("matter_id")?,
        assignee: row.get::<_, Option<i64>>("assignee_id")?.map(PersonId),
        assigner: row.get::<_, Option<i64>>("assigner_id")?.map(PersonId),
        priority: Priority::from_word(&priority).unwrap_or_default(),
        status: TaskStatus::from_word(&status).unwrap_or_default(),
        due_at: super::date(row, "due_at")?,
        notify_completion: row.get("notify_completion")?,
        time_estimated: row.get::<_, Option<u32>>("time_estimated")?.map(Quantity::from_seconds),
        created_at: moment(row.get("created_at")?),
        completed_at: row.get::<_, Option<i64>>("completed_at")?.map(moment),
        completed_by: row.get::<_, Option<i64>>("completed_by")?.map(PersonId),
    })
}

/// Open tasks first, the next due first, those without a day after them.
const ORDER: &str = "ORDER BY completed_at IS NOT NULL, due_at IS NULL, due_at, id";

impl Snapshot<'_> {
    /// The task of this row, unless it was deleted.
    pub fn task(&self, firm: FirmId, task: i64) -> Result<Option<Task>> {
        self.one(&format!("{SELECT} WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL"), (firm.0, task), read)
    }

    /// The open tasks that are due from one day to another.
    pub fn open_tasks_due(&self, firm: FirmId, first: Date, last: Date) -> Result<Vec<Task>> {
        self.all(
            &format!(
                "{SELECT} WHERE firm_id = ?1 AND deleted_at IS NULL AND completed_at IS NULL AND due_at BETWEEN ?2 AND ?3 {ORDER}"
            ),
            (firm.0, first.to_string(), last.to_string()),
            read,
        )
    }

    /// All tasks of the firm, open ones first, the next due first; only for the firm's people.
    pub fn tasks(&self, firm: FirmId) -> Result<Vec<Task>> {
        self.all(&format!("{SELECT} WHERE firm_id = ?1 AND deleted_at IS NULL {ORDER}"), [firm.0], read)
    }

    /// The tasks that a person shall do or did, open ones first, the next due first.
    pub fn tasks_assigned_to(&self, firm: FirmId, person: PersonId) -> Result<Vec<Task>> {
        self.all(
            &format!("{SELECT} WHERE firm_id = ?1 AND assignee_id = ?2 AND deleted_at IS NULL {ORDER}"),
            (firm.0, person.0),
            read,
        )
    }

    /// The tasks of a matter, open ones first, the next due first.
    pub fn tasks_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Task>> {
        self.all(
            &format!("{SELECT} WHERE firm_id = ?1 AND matter_id = ?2 AND deleted_at IS NULL {ORDER}"),
            (firm.0, matter),
            read,
        )
    }
}

impl Tx<'_> {
    /// Adds a task; one that is complete already was completed at `now`, by nobody known.
    pub fn add_task(&self, firm: FirmId, new: &NewTask, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::Task)?;
        let id = self.insert(
            "INSERT INTO tasks (firm_id, number, name, description, matter_id, assignee_id, assigner_id, priority, status, permission,
               due_at, notify_completion, time_estimated, created_at, completed_at)
             VALUES (:firm, :number, :name, :description, :matter, :assignee, :assigner, :priority, :status, :permission,
               :due, :notify, :estimated, :now, :completed)",
            named_params! {":firm": firm.0, ":number": number, ":name": new.name, ":description": new.description,
            ":matter": new.matter, ":assignee": new.assignee.map(|p| p.0), ":assigner": new.assigner.map(|p| p.0),
            ":priority": new.priority.word(), ":status": new.status.word(),
            ":permission": if new.private { "private" } else { "public" }, ":due": new.due_at.map(|d| d.to_string()),
            ":notify": !new.quiet, ":estimated": new.time_estimated.map(Quantity::seconds), ":now": at(now),
            ":completed": (new.status == TaskStatus::Complete).then(|| at(now))},
        )?;
        Ok(Item::new(Kind::Task, id))
    }

    /// Says who shall do a task, or that nobody shall; false if there is no such task.
    pub fn assign_task(&self, firm: FirmId, task: i64, assignee: Option<PersonId>) -> Result<bool> {
        let changed = self.run(
            "UPDATE tasks SET assignee_id = ?3 WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL",
            (firm.0, task, assignee.map(|p| p.0)),
        )?;
        Ok(changed == 1)
    }

    /// Says anew what is to be done, how urgent it is and by when; false if that was so already.
    pub fn change_task(&self, firm: FirmId, new: &Task) -> Result<bool> {
        let changed = self.run(
            "UPDATE tasks SET name = :name, description = :description, priority = :priority, due_at = :due,
               notify_completion = :tells
             WHERE firm_id = :firm AND id = :task AND deleted_at IS NULL
               AND (name, description, priority, due_at, notify_completion) IS NOT (:name, :description, :priority, :due, :tells)",
            named_params! {":firm": firm.0, ":task": new.id, ":name": new.name, ":description": new.description,
            ":priority": new.priority.word(), ":due": new.due_at.map(|d| d.to_string()),
            ":tells": new.notify_completion},
        )?;
        Ok(changed == 1)
    }

    /// Completes a task; false if it was complete before, and then nothing changes (TSK-08).
    pub fn complete_task(&self, firm: FirmId, task: i64, by: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE tasks SET status = 'complete', completed_at = ?4, completed_by = ?3
             WHERE firm_id = ?1 AND id = ?2 AND completed_at IS NULL AND deleted_at IS NULL",
            (firm.0, task, by.0, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Takes a completion back to the status before it; false if the task was not complete.
    pub fn reopen_task(&self, firm: FirmId, task: i64, before: TaskStatus) -> Result<bool> {
        let status = if before == TaskStatus::Complete { TaskStatus::Pending } else { before };
        let changed = self.run(
            "UPDATE tasks SET status = ?3, completed_at = NULL, completed_by = NULL
             WHERE firm_id = ?1 AND id = ?2 AND completed_at IS NOT NULL AND deleted_at IS NULL",
            (firm.0, task, status.word()),
        )?;
        Ok(changed == 1)
    }

    /// Deletes a task; false if it was gone before.
    pub fn delete_task(&self, firm: FirmId, task: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE tasks SET deleted_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND deleted_at IS NULL",
            (firm.0, task, at(now)),
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, later, now};
    use super::*;

    fn task(s: &Sample, due_at: Option<Date>) -> i64 {
        let (firm, matter, jane, lawyer) = (s.firm, s.matter, s.jane, s.lawyer);
        let new = NewTask {
            name: "Draft reply brief".into(),
            matter: Some(matter),
            assignee: Some(jane),
            assigner: Some(lawyer),
            status: TaskStatus::InProgress,
            due_at,
            ..NewTask::default()
        };
        s.write(move |tx| tx.add_task(firm, &new, now())).id
    }

    #[test]
    fn completing_twice_is_one_completion() {
        let s = Sample::new();
        let (firm, jane, tom) = (s.firm, s.jane, s.tom);
        let id = task(&s, None);
        assert!(s.write(move |tx| tx.complete_task(firm, id, jane, now())));
        assert!(!s.write(move |tx| tx.complete_task(firm, id, tom, later(60))));
        let done = s.read(|r| r.task(firm, id)).unwrap();
        assert_eq!(
            (done.status, done.completed_at, done.completed_by),
            (TaskStatus::Complete, Some(now()), Some(jane))
        );
    }

    #[test]
    fn an_undone_completion_leaves_the_task_as_it_was() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        let id = task(&s, None);
        s.write(move |tx| tx.complete_task(firm, id, jane, now()));
        assert!(s.write(move |tx| tx.reopen_task(firm, id, TaskStatus::InProgress)));
        assert!(!s.write(move |tx| tx.reopen_task(firm, id, TaskStatus::InProgress)));
        let open = s.read(|r| r.task(firm, id)).unwrap();
        assert_eq!((open.status, open.completed_at, open.completed_by), (TaskStatus::InProgress, None, None));
    }

    #[test]
    fn the_next_due_comes_first_and_the_completed_last() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        let someday = task(&s, None);
        let april = task(&s, Some("2026-04-03".parse().unwrap()));
        let march = task(&s, Some("2026-03-20".parse().unwrap()));
        let done = task(&s, Some("2026-03-01".parse().unwrap()));
        s.write(move |tx| tx.complete_task(firm, done, jane, now()));
        let ids = |tasks: Vec<Task>| tasks.iter().map(|t| t.id).collect::<Vec<_>>();
        assert_eq!(ids(s.read(|r| r.tasks_assigned_to(firm, jane))), [march, april, someday, done]);
        assert_eq!(ids(s.read(|r| r.tasks_of_matter(firm, s.matter))), [march, april, someday, done]);
        s.write(move |tx| tx.assign_task(firm, march, None));
        s.write(move |tx| tx.delete_task(firm, april, now()));
        assert_eq!(ids(s.read(|r| r.tasks_assigned_to(firm, jane))), [someday, done]);
    }

    #[test]
    fn a_task_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, matter, jane) = (s.other_firm, s.matter, s.jane);
        let id = task(&s, None);
        assert!(s.read(|r| r.task(other, id)).is_none());
        assert!(!s.write(move |tx| tx.complete_task(other, id, jane, now())));
        assert!(!s.write(move |tx| tx.delete_task(other, id, now())));
        s.refuse(move |tx| {
            let new = NewTask { name: "x".into(), matter: Some(matter), ..NewTask::default() };
            tx.add_task(other, &new, now())
        });
    }
}
