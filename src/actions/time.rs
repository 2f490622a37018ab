//! Time entries: one's own, on any work on a shared matter, until they are billed (TIM-01–16). Exact seconds and the
//! firm's rounding are kept; nothing here knows a rate.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::json;

use super::{Act, Answer};
use crate::domain::duration::{Increment, Quantity};
use crate::domain::{Item, Kind, rate};
use crate::language::sentence;
use crate::outbound::letter::Letter;
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::activities::Work;
use crate::store::shares::{Circumstances, Subject};
use crate::store::threads::About;

const DAY_SECONDS: u64 = 24 * 3600;
const LONG_DAY_SECONDS: u64 = 16 * 3600;
const BLOCK_SECONDS: u32 = 3600;

/// Codes and flags of a time entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Recorded even if it looks like one that was recorded before.
    pub anyway: bool,
}

/// What recording came to, if it was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded.
    Entry {
        /// The entry.
        entry: Item,
        /// Gentle remarks, in English.
        hints: Vec<&'static str>,
    },
    /// The day would have more than 24 hours.
    DayTooLong,
    /// The same was recorded before: this entry; or much the same, if the words are not quite those.
    Again(Item),
}

/// What is to be changed; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// On which matter; only the firm moves an entry (TIM-09).
    pub matter: Option<i64>,
    /// Of which day.
    pub date: Option<Date>,
    /// As entered.
    pub quantity: Option<Quantity>,
    /// Codes and flags: those that are set replace the old ones.
    pub terms: Terms,
    /// What was done.
    pub narrative: Option<String>,
}

/// Records the actor's own time; an assistant records that of their co-counsel, who stays the timekeeper.
pub fn record(act: &Act<'_>, new: &NewEntry) -> Answer<Recorded> {
    let date = match new.date {
        Some(date) => date,
        None => act.today()?,
    };
    let category = category(act, new.terms.category.as_deref())?;
    let circumstances =
        Circumstances { worked_on: Some(date), category_hidden: category == Category::Hidden, receiver: None };
    allowed!(act.ask_about(Ability::AddTime, Subject::Item(new.on), circumstances));
    let day = act.tx.day_total_seconds(act.firm.id, act.actor.whose(), date)?;
    let total = day.saturating_add(new.quantity.seconds().into());
    if total > DAY_SECONDS {
        return Ok(Ok(Recorded::DayTooLong));
    }
    let matter = act.tx.matter_of(act.firm.id, new.on)?;
    // Which of the matters that they can't see it is must not show: there, the same is what is on the same thing.
    let place = |subject: Option<Item>, on: Item| -> Result<(Option<i64>, Option<Item>)> {
        let seen = act.seen_matter(on)?;
        Ok((seen, subject.filter(|_| seen.is_none())))
    };
    let subject = Some(new.on).filter(|item| item.kind != Kind::Matter);
    let here = place(subject, new.on)?;
    for earlier in act.tx.equal_entries(act.firm.id, act.actor.whose(), date, new.quantity)? {
        let is_again = !new.anyway && says_the_same(&earlier.work.narrative, &new.narrative);
        if is_again && place(earlier.work.subject, earlier.item())? == here {
            return Ok(Ok(Recorded::Again(earlier.item())));
        }
    }
    let work = Work {
        matter,
        subject,
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
    let entry = act.tx.add_time_entry(act.firm.id, act.actor.whose(), &work, act.now)?;
    act.audit("time.add", entry, json!({"seconds": new.quantity.seconds()}))?;
    Ok(Ok(Recorded::Entry { entry, hints: hints(act, &new.narrative, new.quantity, total) }))
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
        json!({"before": before.work.quantity.seconds(), "after": after.quantity.seconds(),
            "category_before": before.work.category, "category": after.category}),
    )?;
    Ok(Ok(true))
}

/// As [`edit`], by the firm's people (TIM-09): who made it stays, and hears of it, without any money.
pub fn edit_for_firm(act: &Act<'_>, entry: Item, change: &Change, tells: bool) -> Answer<bool> {
    if let Some(matter) = change.matter {
        allowed!(act.ask(Ability::View, Item::new(Kind::Matter, matter)));
    }
    let author = act.tx.time_entry(act.firm.id, entry.id)?.map(|e| e.person);
    if !allowed!(edit(act, entry, change)) {
        return Ok(Ok(false));
    }
    if let Some(author) = author.filter(|a| tells && *a != act.actor.id) {
        act.tell(author, Letter::TimeChanged { entry, by: act.actor.id }, About::Item(entry))?;
    }
    Ok(Ok(true))
}

/// Sets the hourly rate of one entry (TIM-09), of which its author never hears; false if it was so already.
pub fn set_rate(act: &Act<'_>, entry: Item, rate_minor: i64) -> Answer<bool> {
    allowed!(act.ask(Ability::SetRate, entry));
    if act.tx.time_entry(act.firm.id, entry.id)?.is_none_or(|e| e.billed) {
        return Ok(Err(Refusal::AlreadyBilled));
    }
    let changed = act.tx.set_entry_rate(act.firm.id, entry.id, rate_minor)?;
    if changed {
        act.audit("rate.set", entry, json!({}))?;
    }
    Ok(Ok(changed))
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
        matter: change.matter.or(before.matter),
        // What it was recorded on stays with the matter it belongs to.
        subject: before.subject.filter(|_| change.matter.is_none_or(|m| Some(m) == before.matter)),
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
    if act.actor.is_user() {
        let found = act.tx.category_by_name(act.firm.id, name)?;
        return Ok(found.map_or(Category::Hidden, |c| Category::Of(c.id)));
    }
    let visible = act.tx.visible_categories(act.firm.id)?;
    let found = visible.iter().find(|c| c.name.eq_ignore_ascii_case(name));
    Ok(found.map_or(Category::Hidden, |c| Category::Of(c.id)))
}

/// The same words but for capitals, order, and one in four of them.
fn says_the_same(one: &str, other: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    let (one, other) = (words(one), words(other));
    let both = one.intersection(&other).count();
    let all = one.union(&other).count();
    both.saturating_mul(4) >= all.saturating_mul(3)
}

/// Gentle remarks, never in the way (practice.md); that a day is long is said whatever the firm's setting.
fn hints(act: &Act<'_>, narrative: &str, quantity: Quantity, day_total: u64) -> Vec<&'static str> {
    let mut hints = Vec::new();
    if act.firm.time_hints {
        hints.extend(about_words(narrative));
        if quantity.seconds() > BLOCK_SECONDS && is_block(narrative) {
            hints.push(sentence!("Several tasks in one entry: some clients want one entry each."));
        }
    }
    if day_total > LONG_DAY_SECONDS {
        hints.push(sentence!("This makes more than 16 hours on that day."));
    }
    hints
}

/// Words that say nothing of what was done.
const VAGUE: [&str; 8] =
    ["work on", "worked on", "working on", "various", "attention to", "miscellaneous", "misc.", "as discussed"];
/// Work that is not billed at a lawyer's rate.
const CLERICAL: [&str; 10] = [
    "photocop",
    "scanned",
    "scanning",
    "filing documents",
    "scheduled",
    "scheduling",
    "invoicing",
    "prepared bill",
    "organised file",
    "organized file",
];

/// `$300/h`, `€ 200 per hour`, `rate: 300`: what an hour costs. Other sums belong to what was done.
fn about_words(narrative: &str) -> Option<&'static str> {
    let lower = format!(" {} ", narrative.to_lowercase());
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(&format!(" {w}")));
    match narrative.split_whitespace().count() {
        0 => Some(sentence!("No description yet. To add one, reply #edit and the words.")),
        _ if rate::is_named(narrative) => Some(sentence!(
            "An hourly rate stands in the description, which the client may read. Rates are set by the firm; to change the words, reply #edit and the new ones."
        )),
        1 => {
            Some(sentence!("Clients like to read what was done and for what. To say more, reply #edit and the words."))
        }
        _ if has(&VAGUE) => Some(sentence!("Clients like to read what was done, to what, and for what.")),
        _ if has(&CLERICAL) => {
            Some(sentence!("This reads like office work, which many clients do not pay at a lawyer's rate."))
        }
        _ => None,
    }
}

/// Several tasks in one: parted by semicolons, or three and more sentences or lines.
fn is_block(narrative: &str) -> bool {
    let sentences = narrative.split(['.', '\n']).filter(|s| s.split_whitespace().count() >= 2).count();
    narrative.contains(';') || sentences >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_nearly_the_same_are_told_from_others() {
        for (one, other) in [
            ("Drafted reply brief", "drafted  Reply brief."),
            ("Call with Mr Marsh on costs", "Call with Mr Marsh on the costs"),
            ("", ""),
        ] {
            assert!(says_the_same(one, other), "{one} / {other}");
        }
        for (one, other) in [
            ("Drafted reply brief", "Revised reply brief"),
            ("Call with Mr Marsh", "Call with Ms Reed"),
            ("Drafted reply brief", ""),
        ] {
            assert!(!says_the_same(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn remarks_are_made_on_words_that_say_little() {
        assert!(about_words("").unwrap().starts_with("No description"));
        assert!(about_words("Research").unwrap().starts_with("Clients like"));
        assert!(about_words("Worked on the reply brief").unwrap().starts_with("Clients like"));
        assert!(about_words("Scanned the exhibits for trial").unwrap().contains("office work"));
        assert_eq!(about_words("Drafted section 4 of the reply brief"), None);
        assert_eq!(about_words("Drafted brief"), None, "two words may say it all");
        assert!(about_words("Call with expert at $300/h").unwrap().starts_with("An hourly rate"));
        assert!(is_block("Drafted brief; called Mr Marsh") && !is_block("Drafted brief for the hearing of 4 May."));
    }
}
