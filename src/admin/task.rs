//! `docketpost task` and `assign`: work for somebody (TSK-06), listed, changed, completed, reopened and deleted by the firm.
//! An assignment to a contact is a share of the task, and of nothing else.

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::share::{cause, joins};
use super::show::{moment, named, table};
use super::{Office, Refused, Told};
use crate::actions::tasks;
use crate::allowed;
use crate::domain::dates::Direction;
use crate::domain::{Item, ItemId, Kind};
use crate::sharing::Ability;
use crate::store::people::Person;
use crate::store::shares::Subject;
use crate::store::tasks::{NewTask, Priority, Task, TaskStatus};

/// Enters a task and assigns it; or lists tasks, changes, completes, reopens or deletes one.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct TaskArgs {
    /// What to do with tasks that are there.
    #[command(subcommand)]
    pub what: Option<Tasks>,
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
    /// Whether whoever enters it is told when it is completed
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"], default_value = "yes")]
    pub tell_when_done: String,
    /// Do not tell them
    #[arg(long)]
    pub quietly: bool,
    /// What is to be done
    #[arg(required = true)]
    pub name: Vec<String>,
}

/// What is done with tasks that are there.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Tasks {
    /// Lists the open tasks, the next due first
    List {
        /// Of this matter only
        #[arg(long)]
        matter: Option<String>,
        /// Only those of this person
        #[arg(long = "for", value_name = "PERSON")]
        assignee: Option<String>,
        /// Completed ones too
        #[arg(long)]
        all: bool,
    },
    /// Changes a task; whoever shall do it gets its mail again
    Change {
        /// The task, T-7
        task: String,
        /// What is to be done
        #[arg(long)]
        name: Option<String>,
        /// Due on: 3 Apr, 2026-04-03, friday; or never
        #[arg(long, value_name = "DATE")]
        due: Option<String>,
        /// How urgent
        #[arg(long, value_parser = ["high", "normal", "low"])]
        priority: Option<String>,
        /// More than the name says
        #[arg(long)]
        description: Option<String>,
        /// Whether whoever entered it is told when it is completed
        #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
        tell_when_done: Option<String>,
        /// Do not tell them
        #[arg(long)]
        quietly: bool,
    },
    /// Completes a task
    Done {
        /// The task, T-7
        task: String,
    },
    /// Opens a completed task again
    Reopen {
        /// The task, T-7
        task: String,
        /// Do not tell them
        #[arg(long)]
        quietly: bool,
    },
    /// Deletes a task; whoever has it loses it
    Delete {
        /// The task, T-7
        task: String,
        /// Do it; without this it is only said what would happen
        #[arg(long)]
        yes: bool,
    },
}

/// Assigns a task to somebody; whoever had it loses it.
#[derive(Clone, Debug, clap::Args)]
pub struct AssignArgs {
    /// The task, T-7
    pub task: String,
    /// The word "to"
    #[arg(value_parser = |typed: &str| joins(typed, "to", "assign T-7 to jane@x.example"))]
    pub to: String,
    /// Mail address, P-7, or a name that only one person has
    pub person: String,
    /// Do not tell them
    #[arg(long)]
    pub quietly: bool,
}

/// The subcommand that was probably meant, where a word or two that are not quoted are nearly one: else a typing error
/// would be a task, and somebody would be written to about it.
fn mistyped(name: &[String]) -> Option<&'static str> {
    const WHAT: [&str; 5] = ["list", "change", "done", "reopen", "delete"];
    let (first, rest) = name.split_first()?;
    let is_of_a_task = rest.first().is_some_and(|word| ItemId::parse(word).is_some());
    if first.contains(' ') || !(rest.is_empty() || is_of_a_task) {
        return None;
    }
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    // Letters turned round, or one too few or too many.
    let is_near = |word: &&&str| {
        let (typed, wanted) = (letters(first), letters(word));
        let shared = wanted.iter().filter(|c| typed.contains(c)).count();
        let begins = first.to_lowercase().chars().next() == word.chars().next();
        begins
            && (typed == wanted
                || (typed.len().abs_diff(wanted.len()) <= 1 && shared.saturating_add(1) >= wanted.len()))
    };
    WHAT.iter().find(is_near).copied()
}

/// Enters a task, or does what is said with those that are there.
pub fn task(office: &Office, args: &TaskArgs) -> Result<Told> {
    if let Some(what) = &args.what {
        return tasks(office, what);
    }
    if let [word] = args.name.as_slice()
        && ["add", "show", "help"].contains(&word.as_str())
    {
        bail!("task {word}: this command enters a task: task \"Draft reply brief\" --matter M-12 --for jane@x.example");
    }
    if let Some(meant) = mistyped(&args.name) {
        bail!(
            "task {}: do you mean `docketpost task {meant}`? If it is the name of a task, put it in quotation marks",
            args.name.join(" ")
        );
    }
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
        quiet: args.tell_when_done == "no",
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
            text.push_str(&assigned_to(office, task, &person)?);
            Ok(Told { note, ..Told::new(text, json!({"task": number, "assignee": id})) })
        }
        Err(refusal) => {
            let why = Refused(refusal, office.firm.locale);
            text.push_str(&format!("It was entered, but not assigned: {why}\n"));
            Ok(Told { note, ..Told::new(text, json!({"task": number, "refusal": refusal.code()})).failed(1) })
        }
    }
}

fn tasks(office: &Office, what: &Tasks) -> Result<Told> {
    match what {
        Tasks::List { matter, assignee, all } => list(office, matter.as_deref(), assignee.as_deref(), *all),
        Tasks::Change { task, name, due, priority, description, tell_when_done, quietly } => {
            let before = find(office, task)?;
            let due = match due.as_deref() {
                None => before.due_at,
                Some("never") => None,
                Some(day) => Some(office.day(day, Direction::Future).context("--due")?),
            };
            let new = Task {
                name: name.as_deref().map(str::trim).filter(|n| !n.is_empty()).unwrap_or(&before.name).to_owned(),
                description: description.clone().unwrap_or(before.description),
                priority: priority.as_deref().and_then(Priority::from_word).unwrap_or(before.priority),
                due_at: due,
                notify_completion: tell_when_done.as_deref().map_or(before.notify_completion, |word| word == "yes"),
                ..before
            };
            let due = new.due_at.map(|d| format!(", due {}", office.firm.locale.display(d))).unwrap_or_default();
            let (text, notify) = (format!("{}{due}", new.name), !*quietly);
            let item = new.item();
            let changed =
                office.act(&format!("task.change:{}", item.id), move |act| tasks::change(act, &new, notify))?;
            said(office, item, changed, &text, "was so before; nothing was changed")
        }
        Tasks::Done { task } => {
            let item = find(office, task)?.item();
            office.act(&format!("task.done:{}", item.id), move |act| tasks::complete(act, item))?;
            said(office, item, true, "done", "")
        }
        Tasks::Reopen { task, quietly } => {
            let (before, notify) = (find(office, task)?, !*quietly);
            let item = before.item();
            let cause = format!("task.reopen:{}", item.id);
            let done = office.act(&cause, move |act| tasks::reopen(act, &before, notify))?;
            said(office, item, done, "open again", "is open; nothing was changed")
        }
        Tasks::Delete { task, yes } => {
            let before = find(office, task)?;
            let (item, number) = (before.item(), office.number(before.item())?);
            if !yes {
                let text = format!("{number}: {}: would be deleted, and whoever has it would lose it.\n", before.name);
                let text = format!("{text}Nothing was changed. To do it, add --yes.\n");
                return Ok(Told::new(text, json!({"task": number, "changed": false})));
            }
            let done = office.act(&format!("task.delete:{}", item.id), move |act| tasks::delete(act, &before))?;
            Ok(Told::new(format!("{number} is deleted.\n"), json!({"task": number, "changed": done})))
        }
    }
}

fn said(office: &Office, task: Item, changed: bool, now: &str, before: &str) -> Result<Told> {
    let number = office.number(task)?;
    let text = if changed { format!("{number}: {now}.\n") } else { format!("{number} {before}.\n") };
    Ok(Told::new(text, json!({"task": number, "changed": changed})))
}

/// The task of this number, if the actor may see it.
fn find(office: &Office, text: &str) -> Result<Task> {
    let item = office.thing(text)?;
    if item.kind != Kind::Task {
        bail!("{text} is a {}; a task such as T-7 is needed", item.kind.word());
    }
    let found = office.store.read(|s| s.task(office.firm.id, item.id))?;
    match found {
        Some(task) if office.may(Ability::View, Subject::Item(item))? => Ok(task),
        _ => Err(Refused(crate::sharing::Refusal::NotVisible, office.firm.locale).into()),
    }
}

fn list(office: &Office, matter: Option<&str>, assignee: Option<&str>, all: bool) -> Result<Told> {
    let matter = matter.map(|m| office.matter(m)).transpose()?;
    let assignee = assignee.map(|p| office.person(p)).transpose()?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for task in office.store.read(|s| s.tasks(office.firm.id))? {
        let is_wanted = matter.is_none_or(|m| task.matter == Some(m.id))
            && assignee.as_ref().is_none_or(|p| task.assignee == Some(p.id))
            && (all || task.completed_at.is_none());
        if !is_wanted || !office.may(Ability::View, Subject::Item(task.item()))? {
            continue;
        }
        let number = office.number(task.item())?;
        let matter = task.matter.map(|m| office.number(Item::new(Kind::Matter, m))).transpose()?.unwrap_or_default();
        let person = match task.assignee {
            Some(person) => office.store.read(|s| s.person(office.firm.id, person))?.map(|p| named(&p)),
            None => None,
        };
        let person = person.unwrap_or_default();
        let due = task.due_at.map(|d| d.to_string()).unwrap_or_default();
        let done = task.completed_at.map(|at| moment(office, at)).unwrap_or_default();
        objects.push(json!({"task": number, "matter": matter, "name": task.name, "assignee": person, "due": due,
            "priority": task.priority.word(), "status": task.status.word(), "completed": done}));
        let state = if done.is_empty() { task.status.word().to_owned() } else { format!("done {done}") };
        rows.push([number, matter, due, person, state, task.name]);
    }
    Ok(Told::new(table(["task", "matter", "due", "for", "state", "what"], &rows), json!(objects)))
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
    let text = format!("{number}: {}", assigned_to(office, task, &person)?);
    Ok(Told::new(text, json!({"task": number, "assignee": person.id})))
}

fn assigned_to(office: &Office, task: Item, person: &Person) -> Result<String> {
    let firm = office.firm.id;
    let sees_its_matter = office.store.read(|s| match s.matter_of(firm, task)? {
        _ if person.is_user() => Ok(true),
        Some(matter) => {
            let shares = s.live_shares_of(firm, Item::new(Kind::Matter, matter), office.now)?;
            Ok(shares.iter().any(|share| share.person == person.id))
        }
        None => Ok(true),
    })?;
    let only = if sees_its_matter { "" } else { " They see the task, not its matter." };
    Ok(format!("Assigned to {}.{only}\n", named(person)))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;

    #[test]
    fn a_mistyped_subcommand_is_no_task() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (typed, meant) in [
            ("chnage T-19", "change"),
            ("lst", "list"),
            ("delte T-7", "delete"),
            ("doen T-3", "done"),
            ("repoen T-3", "reopen"),
        ] {
            assert_eq!(mistyped(&words(typed)), Some(meant), "{typed}");
        }
        for name in ["Draft reply brief", "Listen to the recording", "Call T-3", "Index", "Review"] {
            assert_eq!(mistyped(&words(name)), None, "{name}");
        }
        assert_eq!(mistyped(&["lists of exhibits".to_owned()]), None);
    }

    fn for_jane(name: &str) -> TaskArgs {
        TaskArgs {
            what: None,
            assignee: Some("jane@doe.example".into()),
            matter: Some("M-1".into()),
            due: Some("3 April 2026".into()),
            priority: "high".into(),
            description: String::new(),
            tell_when_done: "yes".into(),
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
            told.text.starts_with(
                "T-1: Draft reply, due 3 April 2026.\nAssigned to Jane Doe (P-2). They see the task, not its matter."
            ),
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
    fn tsk_06_the_firm_lists_changes_completes_reopens_and_deletes_a_task_and_its_doer_hears_of_it() {
        let s = Sample::new();
        s.jane_accepts();
        task(&s.office, &for_jane("Draft reply")).unwrap();
        let does = |what: Tasks| task(&s.office, &TaskArgs { what: Some(what), ..for_jane("") }).unwrap();
        let list = |all| does(Tasks::List { matter: Some("M-1".into()), assignee: Some("P-2".into()), all });
        let letters = || {
            let outbox = s.office.store.read(|r| r.outbox_list(s.office.firm.id, None, 99)).unwrap();
            outbox.iter().filter(|l| l.person == s.jane).count()
        };
        let before = letters();
        assert_eq!(list(false).json[0]["due"], "2026-04-03");
        let change = |due: &str, quietly| Tasks::Change {
            task: "T-1".into(),
            name: None,
            due: Some(due.into()),
            priority: None,
            description: None,
            tell_when_done: None,
            quietly,
        };
        assert_eq!(does(change("10 April 2026", false)).text, "T-1: Draft reply, due 10 April 2026.\n");
        assert_eq!(letters(), before + 1);
        assert!(does(change("10 April 2026", false)).text.contains("nothing was changed"));
        assert_eq!(does(change("never", true)).text, "T-1: Draft reply.\n");
        assert_eq!(letters(), before + 1);
        does(Tasks::Done { task: "T-1".into() });
        assert_eq!((list(false).json, list(true).json[0]["status"].as_str()), (json!([]), Some("complete")));
        let twice = TaskArgs { what: Some(Tasks::Done { task: "T-1".into() }), ..for_jane("") };
        assert!(task(&s.office, &twice).is_err());
        assert_eq!(does(Tasks::Reopen { task: "T-1".into(), quietly: true }).text, "T-1: open again.\n");
        assert!(does(Tasks::Delete { task: "T-1".into(), yes: false }).text.contains("add --yes"));
        assert_eq!(does(Tasks::Delete { task: "T-1".into(), yes: true }).text, "T-1 is deleted.\n");
        assert_eq!(list(true).json, json!([]));
        assert!(s.office.store.read(|r| r.live_shares(s.office.firm.id, s.jane, now())).unwrap().is_empty());
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
