//! Time entries: one's own, on any work on a shared matter, until they are billed (TIM-01–16). Exact seconds and the
//! firm's rounding are kept; nothing here knows a rate.

use jiff::civil::Date;
use serde_json::json;

use super::{Act, Answer};
use crate::domain::duration::{Increment, Quantity};
use crate::domain::{Item, Kind};
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::activities::Work;
use crate::store::shares::{Circumstances, Subject};

const DAY_SECONDS: u64 = 24 * 3600;
const LONG_DAY_SECONDS: u64 = 16 * 3600;
const BLOCK_SECONDS: u32 = 3600;

/// Codes and flags of a time entry.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// UTBMS task code.
    pub task_code: Option<String>,
    /// UTBMS activity code.
    pub activity_code: Option<String>,
    /// Not for the bill.
    pub non_billable: bool,
    /// On the bill, at nothing.
    pub no_charge: bool,
    /// Category by name.
    pub category: Option<String>,
}

/// Time to be recorded.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// On what.
    pub on: Item,
    /// Of which day; none: today.
    pub date: Option<Date>,
    /// As entered.
    pub quantity: Quantity,
    /// Codes and flags.
    pub terms: Terms,
    /// What was done.
    pub narrative: String,
}

/// What recording came to, if it was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded.
    Entry {
        /// The entry.
        entry: Item,
        /// Gentle remarks.
        hints: Vec<String>,
    },
    /// The day would have more than 24 hours.
    DayTooLong,
    /// The same was recorded before: this entry.
    Again(Item),
}

/// What is to be changed; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Of which day.
    pub date: Option<Date>,
    /// As entered.
    pub quantity: Option<Quantity>,
    /// Codes and flags: those that are set replace the old ones.
    pub terms: Terms,
    /// What was done.
    pub narrative: Option<String>,
}

/// Records the actor's own time.
pub fn record(act: &Act<'_>, new: &NewEntry) -> Answer<Recorded> {
    let date = match new.date {
        Some(date) => date,
        None => act.today()?,
    };
    let category = category(act, new.terms.category.as_deref())?;
    let circumstances =
        Circumstances { worked_on: Some(date), category_hidden: category == Category::Hidden, receiver: None };
    allowed!(act.ask_about(Ability::AddTime, Subject::Item(new.on), circumstances));
    let day = act.tx.day_total_seconds(act.firm.id, act.actor.id, date)?;
    let total = day.saturating_add(new.quantity.seconds().into());
    if total > DAY_SECONDS {
        return Ok(Ok(Recorded::DayTooLong));
    }
    let matter = act.tx.matter_of(act.firm.id, new.on)?;
    let firm = act.firm.id;
    if let Some(earlier) = act.tx.similar_entry(firm, act.actor.id, matter, date, new.quantity, &new.narrative)? {
        return Ok(Ok(Recorded::Again(earlier.item())));
    }
    let work = Work {
        matter,
        subject: Some(new.on).filter(|i| i.kind != Kind::Matter),
        date,
        quantity: new.quantity,
        rounded: increment(act).round_up(new.quantity),
        narrative: new.narrative.clone(),
        category: if let Category::Of(id) = category { Some(id) } else { None },
        task_code: new.terms.task_code.clone(),
        activity_code: new.terms.activity_code.clone(),
        non_billable: new.terms.non_billable,
        no_charge: new.terms.no_charge,
    };
    let entry = act.tx.add_time_entry(firm, act.actor.id, &work, act.now)?;
    act.audit("time.add", entry, json!({"seconds": new.quantity.seconds()}))?;
    Ok(Ok(Recorded::Entry { entry, hints: hints(&new.narrative, new.quantity, total) }))
}

/// Changes one's own entry; false if the day would have more than 24 hours.
pub fn edit(act: &Act<'_>, entry: Item, change: &Change) -> Answer<bool> {
    let Some(before) = act.tx.time_entry(act.firm.id, entry.id)? else { return Ok(Err(Refusal::NotVisible)) };
    let category = category(act, change.terms.category.as_deref())?;
    let after = changed(act, &before.work, change, category);
    let circumstances = Circumstances {
        worked_on: Some(before.work.date.max(after.date)),
        category_hidden: category == Category::Hidden,
        receiver: None,
    };
    allowed!(act.ask_about(Ability::Edit, Subject::Item(entry), circumstances));
    let day = act.tx.day_total_seconds(act.firm.id, before.person, after.date)?;
    let others =
        if before.work.date == after.date { day.saturating_sub(before.work.quantity.seconds().into()) } else { day };
    if others.saturating_add(after.quantity.seconds().into()) > DAY_SECONDS {
        return Ok(Ok(false));
    }
    act.tx.edit_time_entry(act.firm.id, entry.id, &after, act.actor.id, act.now)?;
    act.audit(
        "time.edit",
        entry,
        json!({"before": before.work.quantity.seconds(), "after": after.quantity.seconds()}),
    )?;
    Ok(Ok(true))
}

/// Takes one's own entry back.
pub fn delete(act: &Act<'_>, entry: Item) -> Answer<()> {
    let worked_on = act.tx.time_entry(act.firm.id, entry.id)?.map(|e| e.work.date);
    let circumstances = Circumstances { worked_on, ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Delete, Subject::Item(entry), circumstances));
    act.tx.delete_time_entry(act.firm.id, entry.id, act.now)?;
    act.audit("time.delete", entry, json!({}))?;
    Ok(Ok(()))
}

fn increment(act: &Act<'_>) -> Increment {
    Increment::minutes(act.firm.rounding_minutes).unwrap_or(Increment::MINUTE)
}

fn changed(act: &Act<'_>, before: &Work, change: &Change, category: Category) -> Work {
    let quantity = change.quantity.unwrap_or(before.quantity);
    let terms = &change.terms;
    Work {
        matter: before.matter,
        subject: before.subject,
        date: change.date.unwrap_or(before.date),
        quantity,
        rounded: increment(act).round_up(quantity),
        narrative: change.narrative.clone().unwrap_or_else(|| before.narrative.clone()),
        category: if let Category::Of(id) = category { Some(id) } else { before.category },
        task_code: terms.task_code.clone().or_else(|| before.task_code.clone()),
        activity_code: terms.activity_code.clone().or_else(|| before.activity_code.clone()),
        non_billable: terms.non_billable || before.non_billable,
        no_charge: terms.no_charge || before.no_charge,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Category {
    NotNamed,
    Of(i64),
    Hidden,
}

fn category(act: &Act<'_>, name: Option<&str>) -> Result<Category> {
    let Some(name) = name else { return Ok(Category::NotNamed) };
    let visible = act.tx.visible_categories(act.firm.id)?;
    let found = visible.iter().find(|c| c.name.eq_ignore_ascii_case(name));
    Ok(found.map_or(Category::Hidden, |c| Category::Of(c.id)))
}

/// Gentle remarks, never in the way (practice.md).
fn hints(narrative: &str, quantity: Quantity, day_total: u64) -> Vec<String> {
    let mut hints = Vec::new();
    let words = narrative.split_whitespace().count();
    if words == 0 {
        hints.push("No description: clients expect what was done. Reply #edit and the words.".into());
    } else if words < 3 {
        hints.push("A short description: clients expect what was done and for what.".into());
    }
    if quantity.seconds() > BLOCK_SECONDS && narrative.contains(';') {
        hints.push("Several tasks in one entry: some clients want one entry each.".into());
    }
    if day_total > LONG_DAY_SECONDS {
        hints.push("This makes more than 16 hours on that day.".into());
    }
    hints
}
