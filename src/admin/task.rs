//! `docketpost task` and `assign`: work for somebody (TSK-06). An assignment to a contact is a share of the task, and of
//! nothing else.

use anyhow::Result;
use serde_json::json;

use super::share::cause;
use super::show::named;
use super::{Office, Refused, Told};
use crate::actions::tasks;
use crate::allowed;
use crate::domain::dates::Direction;
use crate::domain::{Item, Kind};
use crate::sharing::Ability;
use crate::store::shares::Subject;
use crate::store::tasks::{NewTask, Priority, TaskStatus};

/// Enters a task and assigns it.
#[derive(Clone, Debug, clap::Args)]
pub struct TaskArgs {
    /// Who shall do it: mail address, P-7, or a name that only one person has
    #[arg(long = "for", value_name = "PERSON")]
    pub assignee: Option<String>,
    /// For which matter
    #[arg(long)]
    pub matter: Option<String>,
    /// Due on: 3 Apr, 2026-04-03, friday
    #[arg(long, value_name = "DATE")]
    pub due: Option<String>,
    /// How urgent
    #[arg(long, value_parser = ["high", "normal", "low"], default_value = "normal")]
    pub priority: String,
    /// More than the name says
    #[arg(long, default_value = "")]
    pub description: String,
    /// Do not tell them
    #[arg(long)]
    pub quietly: bool,
    /// What is to be done
    #[arg(required = true)]
    pub name: Vec<String>,
}

/// Assigns a task to somebody; whoever had it loses it.
#[derive(Clone, Debug, clap::Args)]
pub struct AssignArgs {
    /// The task, T-7
    pub task: String,
    /// The word "to"
    #[arg(value_parser = ["to"], hide_possible_values = true)]
    pub to: String,
    /// Mail address, P-7, or a name that only one person has
    pub person: String,
    /// Do not tell them
    #[arg(long)]
    pub quietly: bool,
}

/// Enters a task.
pub fn task(office: &Office, args: &TaskArgs) -> Result<Told> {
    let assignee = args.assignee.as_deref().map(|p| office.person(p)).transpose()?;
    let matter = args.matter.as_deref().map(|m| office.matter(m)).transpose()?;
    let new = NewTask {
        name: args.name.join(" "),
        description: args.description.clone(),
        matter: matter.map(|m| m.id),
        assignee: None,
        assigner: None,
        priority: Priority::from_word(&args.priority).unwrap_or_default(),
        status: TaskStatus::Pending,
        private: false,
        due_at: args.due.as_deref().map(|d| office.day(d, Direction::Future)).transpose()?,
        quiet: false,
        time_estimated: None,
    };
    let due = new.due_at.map(|d| format!(", due {}", office.firm.locale.display(d))).unwrap_or_default();
    let note = match new.due_at {
        Some(day) if day < office.day("today", Direction::Past)? => {
            format!("Warning: {} has passed already.\n", office.firm.locale.display(day))
        }
        _ => String::new(),
    };
    let (person, notify) = (assignee.as_ref().map(|p| p.id), !args.quietly);
    let (task, assigned) = office.act("task", move |act| {
        let task = allowed!(tasks::create(act, &new, false));
        let assigned = match person {
            Some(person) => tasks::assign(act, task, person, notify)?,
            None => Ok(()),
        };
        Ok(Ok((task, assigned)))
    })?;
    let number = office.number(task)?;
    let mut text = format!("{number}: {}{due}.\n", args.name.join(" "));
    let id = assignee.as_ref().map(|p| p.id);
    let Some(person) = assignee else { return Ok(Told { note, ..Told::new(text, json!({"task": number})) }) };
    match assigned {
        Ok(()) => {
            text.push_str(&assigned_to(office, task, &named(&person), person.is_user())?);
            Ok(Told { note, ..Told::new(text, json!({"task": number, "assignee": id})) })
        }
        Err(refusal) => {
            let why = Refused(refusal, office.firm.locale);
            text.push_str(&format!("It was entered, but not assigned: {why}\n"));
            Ok(Told { note, ..Told::new(text, json!({"task": number, "refusal": refusal.code()})).failed(1) })
        }
    }
}

/// Assigns a task.
pub fn assign(office: &Office, args: &AssignArgs) -> Result<Told> {
    let task = office.thing(&args.task)?;
    if task.kind != Kind::Task {
        anyhow::bail!("{} is a {}; a task is needed", args.task, task.kind.word());
    }
    let person = office.person(&args.person)?;
    let before = office.store.read(|s| s.task(office.firm.id, task.id))?;
    if let Some(before) = before.filter(|_| office.may(Ability::View, Subject::Item(task)).unwrap_or(false)) {
        let number = office.number(task)?;
        if before.completed_at.is_some() {
            anyhow::bail!("{number} is done already; nothing was changed");
        }
        if before.assignee == Some(person.id) {
            let text = format!("{number} was assigned to {} before; nothing was changed.\n", named(&person));
            return Ok(Told::new(text, json!({"task": number, "assignee": person.id})));
        }
    }
    let (id, notify) = (person.id, !args.quietly);
    office.act(&cause("assign", task, id), move |act| tasks::assign(act, task, id, notify))?;
    let number = office.number(task)?;
    let text = format!("{number}: {}", assigned_to(office, task, &named(&person), person.is_user())?);
    Ok(Told::new(text, json!({"task": number, "assignee": person.id})))
}

fn assigned_to(office: &Office, task: Item, name: &str, is_user: bool) -> Result<String> {
    let on_matter = office.store.read(|s| s.matter_of(office.firm.id, task))?.is_some();
    let only =
        if on_matter && !is_user { " They see the task only, unless its matter is shared with them." } else { "" };
    Ok(format!("Assigned to {name}.{only}\n"))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;

    fn for_jane(name: &str) -> TaskArgs {
        TaskArgs {
            assignee: Some("jane@doe.example".into()),
            matter: Some("M-1".into()),
            due: Some("3 April 2026".into()),
            priority: "high".into(),
            description: String::new(),
            quietly: false,
            name: vec![name.into()],
        }
    }

    #[test]
    fn tsk_06_a_task_is_shared_with_its_assignee_and_its_matter_is_not() {
        let s = Sample::new();
        s.jane_accepts();
        let told = task(&s.office, &for_jane("Draft reply")).unwrap();
        assert!(
            told.text
                .starts_with("T-1: Draft reply, due 3 April 2026.\nAssigned to Jane Doe (P-2). They see the task only"),
            "{}",
            told.text
        );
        let shares = s.office.store.read(|r| r.live_shares(s.office.firm.id, s.jane, now())).unwrap();
        assert_eq!(shares.iter().map(|s| s.item.kind).collect::<Vec<_>>(), [Kind::Task]);
        let found = s.office.store.read(|r| r.task(s.office.firm.id, 1)).unwrap().unwrap();
        assert_eq!((found.priority, found.assigner), (Priority::High, Some(s.office.actor.id)));
    }

    #[test]
    fn whoever_had_a_task_loses_it() {
        let s = Sample::new();
        s.jane_accepts();
        task(&s.office, &for_jane("Draft reply")).unwrap();
        let to = AssignArgs { task: "T-1".into(), to: "to".into(), person: "Anna Hale".into(), quietly: true };
        assign(&s.office, &to).unwrap();
        assert!(s.office.store.read(|r| r.live_shares(s.office.firm.id, s.jane, now())).unwrap().is_empty());
        assert!(assign(&s.office, &AssignArgs { task: "M-1".into(), ..to }).is_err());
    }

    #[test]
    fn rev_11_a_task_that_may_not_be_assigned_is_told_so() {
        let s = Sample::new();
        let (firm, matter, jane) = (s.office.firm.id, s.matter.id, s.jane);
        s.office.store.write(move |tx| tx.screen(firm, matter, jane, "", now())).unwrap();
        let told = task(&s.office, &for_jane("Draft reply")).unwrap();
        assert_eq!(told.code, 1);
        assert!(told.text.contains("not assigned: Blocked by a screen"), "{}", told.text);
    }

    #[test]
    fn an_assignment_that_changes_nothing_and_a_day_that_has_passed_are_said() {
        let s = Sample::new();
        let told = task(&s.office, &TaskArgs { due: Some("2026-03-01".into()), ..for_jane("Draft reply") }).unwrap();
        assert!(told.note.contains("has passed already"), "{told:?}");
        let again = AssignArgs { task: "T-1".into(), to: "to".into(), person: "P-2".into(), quietly: true };
        assert!(assign(&s.office, &again).unwrap().text.contains("before; nothing was changed"));
        let (firm, anna) = (s.office.firm.id, s.office.actor.id);
        s.office.store.write(move |tx| tx.complete_task(firm, 1, anna, now())).unwrap();
        assert!(assign(&s.office, &again).unwrap_err().to_string().contains("done already"));
    }
}
