//! `docketpost time`: recorded time for the firm's people, listed and exported (TIM-11, billing.md e4). Rates and prices
//! stand in it only for whom `sharing` lets see them, and no cell can become a formula (threats T75).

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::show::{one_line, table};
use super::{Office, Told, administrator, money};
use crate::actions::time::{self, Change, Terms};
use crate::allowed;
use crate::domain::cell::for_a_spreadsheet;
use crate::domain::dates::{Direction, Locale};
use crate::domain::duration::{self, Quantity};
use crate::domain::{Item, Kind};
use crate::sharing::{Ability, Refusal};
use crate::store::activities::{PricedEntry, TimeEntry};
use crate::store::audit::Entry;
use crate::store::matters::Matter;
use crate::store::numbers::Reader;
use crate::store::people::Person;
use crate::store::shares::Subject;

/// Recorded time.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists time entries by day
    List(Filter),
    /// Writes time entries for another program
    Export {
        /// Which entries
        #[command(flatten)]
        filter: Filter,
        /// csv: all there is; clio: as Clio imports it; json
        #[arg(long, value_parser = ["csv", "clio", "json"], default_value = "csv")]
        format: String,
        /// For clio: the user whose entries those of co-counsel become
        #[arg(long, value_name = "NAME")]
        as_user: Option<String>,
        /// Write here [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Changes a time entry of anybody's but who made it; its author is told
    Edit {
        /// TE-31
        entry: String,
        /// How long it took: 1.2h, 90m
        #[arg(long, value_name = "DURATION")]
        duration: Option<String>,
        /// Of which day
        #[arg(long, value_name = "DATE")]
        date: Option<String>,
        /// On which matter
        #[arg(long)]
        matter: Option<String>,
        /// What was done
        #[arg(long)]
        narrative: Option<String>,
        /// Of which category; `time category` lists them
        #[arg(long)]
        category: Option<String>,
        /// The hourly rate of this entry alone, such as 250.00; its author never sees it
        #[arg(long, value_parser = money::parse)]
        rate: Option<i64>,
        /// Tell nobody
        #[arg(long)]
        quietly: bool,
    },
    /// Lists the categories of time, or adds or changes one
    Category {
        /// Its name
        name: Option<String>,
        /// Co-counsel may choose it
        #[arg(long, conflicts_with = "hide")]
        show: bool,
        /// Co-counsel may not choose it
        #[arg(long)]
        hide: bool,
    },
    /// Says whether receipts for time come with gentle remarks: on or off [default: tells what is set]
    Hints {
        /// on or off
        #[arg(value_parser = ["on", "off"])]
        wanted: Option<String>,
    },
    /// Puts time entries on a bill, after which they are not changed any more
    Bill {
        /// TE-31 …
        #[arg(required = true)]
        entries: Vec<String>,
        /// BILL-17
        #[arg(long)]
        bill: String,
    },
}

/// Which entries.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Filter {
    /// On this matter
    #[arg(long)]
    pub matter: Option<String>,
    /// Of this person
    #[arg(long, value_name = "PERSON")]
    pub by: Option<String>,
    /// Of this day and later
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only what is on no bill yet
    #[arg(long)]
    pub unbilled: bool,
}

/// An entry as the acting user may see it.
struct Listed {
    entry: TimeEntry,
    matter: Option<Matter>,
    person: Person,
    /// On what, if not on the matter itself.
    on: String,
    category: String,
    /// The number by which its author knows it, if that is another one (decisions.md 29).
    own_number: Option<String>,
    /// Rate, price and bill; none for whom they are not.
    money: Option<Money>,
}

#[derive(Default)]
struct Money {
    rate: String,
    price: String,
    bill: String,
}

/// Does it.
pub fn run(office: &Office, what: &What) -> Result<Told> {
    match what {
        What::List(filter) => list(office, filter),
        What::Export { filter, format, as_user, output } => {
            export(office, filter, format, as_user.as_deref(), output.as_ref())
        }
        What::Edit { entry, duration, date, matter, narrative, category, rate, quietly } => {
            let change = Change {
                date: date.as_deref().map(|d| office.day(d, Direction::Past)).transpose()?,
                quantity: duration.as_deref().map(quantity).transpose()?,
                matter: matter.as_deref().map(|m| office.matter(m)).transpose()?.map(|m| m.id),
                narrative: narrative.clone(),
                terms: Terms { category: category.clone(), ..Terms::default() },
            };
            edit(office, entry, change, *rate, *quietly)
        }
        What::Category { name, show, hide } => match name {
            Some(name) => set_category(office, name, *show, *hide),
            None => categories(office),
        },
        What::Hints { wanted } => hints(office, wanted.as_deref()),
        What::Bill { entries, bill } => bill_entries(office, entries, bill),
    }
}

fn list(office: &Office, filter: &Filter) -> Result<Told> {
    let found = entries(office, filter)?;
    let seconds: u64 = found.iter().map(|l| u64::from(l.entry.work.rounded.seconds())).sum();
    let rows: Vec<[String; 7]> = found
        .iter()
        .map(|l| {
            [
                l.numbers(),
                l.entry.work.date.to_string(),
                l.matter_number(),
                l.person.name(),
                l.entry.work.rounded.decimal_hours(),
                l.codes(),
                l.entry.work.narrative.clone(),
            ]
        })
        .collect();
    let heading = ["entry", "date", "matter", "by", "hours", "codes", "narrative"];
    let hours = format!("{}.{:02}", seconds / 3_600, seconds % 3_600 / 36);
    let text = format!("{}{} entries, {hours} hours as rounded\n", table(heading, &rows), rows.len());
    Ok(Told::new(text, json!(found.iter().map(Listed::object).collect::<Vec<_>>())))
}

fn export(
    office: &Office,
    filter: &Filter,
    format: &str,
    as_user: Option<&str>,
    output: Option<&PathBuf>,
) -> Result<Told> {
    let found = entries(office, filter)?;
    let as_user = as_user.map(|u| office.user(u)).transpose()?.map(|u| clio_name(&u));
    let text = match format {
        "json" => format!("{:#}\n", json!(found.iter().map(Listed::object).collect::<Vec<_>>())),
        "clio" => clio(office.firm.locale, &found, as_user.as_deref())?,
        _ => own_csv(&office.firm.currency, &found)?,
    };
    let without = found.iter().filter(|l| l.money.is_none()).count();
    let note = match without {
        0 => String::new(),
        n => format!("Rates and prices are left out of {n} entries: they take the billing permission.\n"),
    };
    let Some(path) = output else {
        return Ok(Told { note, ..Told::new(text, Value::Null) });
    };
    super::backup::write_private(path, text.as_bytes())?;
    let told = format!("{} entries are in {}.\n{note}", found.len(), path.display());
    Ok(Told::new(told, json!({"file": path.display().to_string(), "entries": found.len()})))
}

/// Everything there is, a row for each entry; the columns of money only if somebody may see them.
fn own_csv(currency: &str, found: &[Listed]) -> Result<String> {
    let with_money = found.iter().any(|l| l.money.is_some());
    let mut heading = vec![
        "entry",
        "date",
        "matter",
        "description",
        "person",
        "initials",
        "on",
        "hours",
        "rounded_hours",
        "seconds",
        "rounded_seconds",
        "task_code",
        "activity_code",
        "category",
        "narrative",
        "non_billable",
        "no_charge",
        "billed",
    ];
    if with_money {
        heading.extend(["bill", "rate", "price", "currency"]);
    }
    let rows = found.iter().map(|l| {
        let work = &l.entry.work;
        let mut row = vec![
            format!("TE-{}", l.entry.number),
            work.date.to_string(),
            l.matter_number(),
            l.matter.as_ref().map(|m| m.description.clone()).unwrap_or_default(),
            l.person.name(),
            l.person.shown_initials(),
            l.on.clone(),
            work.quantity.decimal_hours(),
            work.rounded.decimal_hours(),
            work.quantity.seconds().to_string(),
            work.rounded.seconds().to_string(),
            work.task_code.clone().unwrap_or_default(),
            work.activity_code.clone().unwrap_or_default(),
            l.category.clone(),
            work.narrative.clone(),
            yes(work.non_billable),
            yes(work.no_charge),
            yes(l.entry.billed),
        ];
        if with_money {
            let money = l.money.as_ref();
            row.extend([
                money.map(|m| m.bill.clone()).unwrap_or_default(),
                money.map(|m| m.rate.clone()).unwrap_or_default(),
                money.map(|m| m.price.clone()).unwrap_or_default(),
                currency.to_owned(),
            ]);
        }
        row
    });
    csv(&heading, rows)
}

/// The columns of Clio's own template. Its import attaches entries to active users, and co-counsel are none: theirs go
/// to the user who was named, or to nobody, and the note says whose work it was.
fn clio(locale: Locale, found: &[Listed], as_user: Option<&str>) -> Result<String> {
    let heading = [
        "matter",
        "date",
        "activity_description",
        "note",
        "price",
        "quantity",
        "type",
        "activity_user",
        "non_billable",
    ];
    let rows = found.iter().map(|l| {
        let work = &l.entry.work;
        let (user, note) = match l.person.is_user() {
            true => (clio_name(&l.person), work.narrative.clone()),
            false => {
                let whose = format!("{} ({}, co-counsel)", work.narrative, l.person.name());
                (as_user.unwrap_or_default().to_owned(), whose.trim().to_owned())
            }
        };
        let price = l.money.as_ref().map(|m| if m.price.is_empty() { m.rate.clone() } else { m.price.clone() });
        vec![
            l.matter_number(),
            numeric(locale, work.date),
            l.category.clone(),
            note,
            price.unwrap_or_default(),
            work.rounded.decimal_hours(),
            String::new(),
            user,
            yes(work.non_billable),
        ]
    });
    csv(&heading, rows)
}

fn csv(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| for_a_spreadsheet(cell)))?;
    }
    let bytes = writer.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?;
    Ok(String::from_utf8(bytes)?)
}

fn entries(office: &Office, filter: &Filter) -> Result<Vec<Listed>> {
    let firm = office.firm.id;
    let wanted = filter.matter.as_deref().map(|m| office.matter(m)).transpose()?;
    let by = filter.by.as_deref().map(|p| office.person(p)).transpose()?.map(|p| p.id);
    let since = filter.since.as_deref().map(|d| office.day(d, Direction::Past)).transpose()?;
    let mut found = Vec::new();
    for matter in office.store.read(|s| s.matters(firm))? {
        let is_wanted = wanted.is_none_or(|w| w == matter.item());
        if !is_wanted || !office.may(Ability::SeeOthersTime, Subject::Item(matter.item()))? {
            continue;
        }
        for priced in office.store.read(|s| s.time_entries_of_matter(firm, matter.id))? {
            found.extend(listed(office, priced, Some(matter.clone()))?);
        }
    }
    if wanted.is_none() {
        for priced in without_matter(office)? {
            found.extend(listed(office, priced, None)?);
        }
    }
    found.retain(|l| {
        let of_person = by.is_none_or(|p| l.entry.person == p);
        of_person && since.is_none_or(|d| l.entry.work.date >= d) && !(filter.unbilled && l.entry.billed)
    });
    found.sort_by_key(|l| (l.entry.work.date, l.entry.number));
    Ok(found)
}

/// Time on tasks that belong to no matter; nobody set a price for it.
fn without_matter(office: &Office) -> Result<Vec<PricedEntry>> {
    let firm = office.firm.id;
    let mut found = Vec::new();
    for person in office.store.read(|s| s.people(firm))? {
        let entries = office.store.read(|s| s.time_entries_of(firm, person.id, Date::MIN))?;
        let alone = entries.into_iter().filter(|e| e.work.matter.is_none());
        found.extend(alone.map(|entry| PricedEntry { entry, bill: None, price_minor: None, rate_minor: None }));
    }
    Ok(found)
}

fn listed(office: &Office, priced: PricedEntry, matter: Option<Matter>) -> Result<Option<Listed>> {
    let firm = office.firm.id;
    let item = priced.entry.item();
    if !office.may(Ability::View, Subject::Item(item))? {
        return Ok(None);
    }
    let money = match office.may(Ability::SeeMoney, Subject::Item(item))? {
        true => Some(Money {
            rate: priced.rate_minor.map(money::show).unwrap_or_default(),
            price: priced.price_minor.map(money::show).unwrap_or_default(),
            bill: priced.bill.map(|b| office.number(Item::new(Kind::Bill, b))).transpose()?.unwrap_or_default(),
        }),
        false => None,
    };
    let author = Reader::Contact(priced.entry.person);
    let own = office.store.read(|s| s.number(firm, author, item))?.filter(|id| id.number != priced.entry.number);
    let (person, category) = office.store.read(|s| {
        let category = priced.entry.work.category.map(|c| s.category(firm, c)).transpose()?.flatten();
        Ok((s.person(firm, priced.entry.person)?, category))
    })?;
    let Some(person) = person else { return Ok(None) };
    let on = priced.entry.work.subject.map(|i| office.number(i)).transpose()?.unwrap_or_default();
    let category = category.map(|c| c.name).unwrap_or_default();
    Ok(Some(Listed {
        own_number: own.map(|id| id.to_string()),
        entry: priced.entry,
        matter,
        person,
        on,
        category,
        money,
    }))
}

impl Listed {
    fn matter_number(&self) -> String {
        self.matter.as_ref().map(|m| m.display_number.clone()).unwrap_or_default()
    }

    /// The firm's number, and the author's own beside it, by which they speak of the entry.
    fn numbers(&self) -> String {
        match &self.own_number {
            Some(own) => format!("TE-{} (theirs {own})", self.entry.number),
            None => format!("TE-{}", self.entry.number),
        }
    }

    fn codes(&self) -> String {
        let work = &self.entry.work;
        [&work.task_code, &work.activity_code].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    }

    fn object(&self) -> Value {
        let work = &self.entry.work;
        let mut object = json!({"entry": format!("TE-{}", self.entry.number), "date": work.date.to_string(),
            "matter": self.matter_number(), "own_number": self.own_number,
            "person": {"id": self.person.id, "name": self.person.name()},
            "initials": self.person.shown_initials(), "on": self.on, "seconds": work.quantity.seconds(),
            "rounded_seconds": work.rounded.seconds(), "hours": work.rounded.decimal_hours(),
            "task_code": work.task_code, "activity_code": work.activity_code, "category": self.category,
            "narrative": work.narrative, "non_billable": work.non_billable, "no_charge": work.no_charge,
            "billed": self.entry.billed});
        if let (Some(money), Some(map)) = (&self.money, object.as_object_mut()) {
            map.insert("bill".into(), json!(money.bill));
            map.insert("rate".into(), json!(money.rate));
            map.insert("price".into(), json!(money.price));
        }
        object
    }
}

fn bill_entries(office: &Office, texts: &[String], bill: &str) -> Result<Told> {
    let items = texts.iter().map(|t| office.thing(t)).collect::<Result<Vec<_>>>()?;
    if let Some(other) = items.iter().find(|i| i.kind != Kind::TimeEntry) {
        bail!("{} is a {}; time entries such as TE-31 go on a bill", office.number(*other)?, other.kind.word());
    }
    let bill = office.thing(bill).context("--bill")?;
    if bill.kind != Kind::Bill {
        bail!("--bill: a bill such as BILL-17 is needed");
    }
    office.act(&format!("time.bill:{}", bill.id), move |act| {
        allowed!(act.ask(Ability::View, bill));
        for entry in &items {
            allowed!(act.ask(Ability::AddToBill, *entry));
        }
        for entry in &items {
            let found = act.tx.time_entry(act.firm.id, entry.id)?;
            if found.is_none_or(|e| e.billed) {
                return Ok(Err(Refusal::AlreadyBilled));
            }
        }
        for entry in &items {
            act.tx.set_bill(act.firm.id, entry.id, Some(bill.id))?;
            act.audit("time.bill", *entry, json!({"bill": bill.id}))?;
        }
        Ok(Ok(()))
    })?;
    let number = office.number(bill)?;
    let many = if texts.len() == 1 { "1 entry is".to_owned() } else { format!("{} entries are", texts.len()) };
    Ok(Told::new(format!("{many} on {number}.\n"), json!({"bill": number, "entries": texts})))
}

fn quantity(text: &str) -> Result<Quantity> {
    duration::parse(text).map_err(|e| anyhow::anyhow!("--duration {text}: {e}"))
}

fn edit(office: &Office, text: &str, change: Change, rate: Option<i64>, quietly: bool) -> Result<Told> {
    let entry = office.thing(text)?;
    if entry.kind != Kind::TimeEntry {
        bail!("{text} is a {}; a time entry such as TE-31 is needed", entry.kind.word());
    }
    if change == Change::default() && rate.is_none() {
        bail!("say what to change: --duration, --date, --matter, --narrative, --category or --rate");
    }
    if let Some(name) = &change.terms.category
        && office.store.read(|s| s.category_by_name(office.firm.id, name))?.is_none()
    {
        bail!("--category {name}: the firm has no such category; `docketpost time category` lists them");
    }
    let before = in_a_line(office, entry)?;
    let fits = office.act(&format!("time.edit:{}", entry.id), move |act| {
        if rate.is_some() {
            // Asked first: an entry without its rate is not what was wanted.
            allowed!(act.ask(Ability::SetRate, entry));
        }
        // A rate is nothing that its author hears of (TIM-06).
        if change != Change::default() && !allowed!(time::edit_for_firm(act, entry, &change, !quietly)) {
            return Ok(Ok(false));
        }
        if let Some(rate) = rate {
            let _ = allowed!(time::set_rate(act, entry, rate));
        }
        Ok(Ok(true))
    })?;
    if !fits {
        bail!("that would make more than 24 hours on that day; nothing was changed");
    }
    // The firm's numbers are not those that co-counsel have: whose entry it is shows whether it is the one that was meant.
    let (number, after) = (office.number(entry)?, in_a_line(office, entry)?);
    let says = if after == before { String::new() } else { format!("  now: {after}\n  was: {before}\n") };
    Ok(Told::new(format!("{number} is changed.\n{says}"), json!({"entry": number})))
}

/// Whose time an entry is, and what it says.
fn in_a_line(office: &Office, entry: Item) -> Result<String> {
    let found = office.store.read(|s| s.time_entry(office.firm.id, entry.id))?.context("no such time entry")?;
    let person = office.store.read(|s| s.person(office.firm.id, found.person))?;
    let matter = found.work.matter.map(|row| office.number(Item::new(Kind::Matter, row))).transpose()?;
    let narrative = one_line(&found.work.narrative);
    Ok(format!(
        "{}, {} h on {}{}{}",
        person.map(|p| p.name()).unwrap_or_default(),
        found.work.rounded.decimal_hours(),
        found.work.date,
        matter.map(|m| format!(", {m}")).unwrap_or_default(),
        if narrative.is_empty() { String::new() } else { format!(": {narrative}") }
    ))
}

fn categories(office: &Office) -> Result<Told> {
    let found = office.store.read(|s| s.categories(office.firm.id))?;
    let shown = |visible: bool| if visible { "co-counsel may choose it" } else { "the firm only" }.to_owned();
    let rows: Vec<[String; 2]> = found.iter().map(|c| [c.name.clone(), shown(c.visible_to_co_counsel)]).collect();
    let objects: Vec<Value> =
        found.iter().map(|c| json!({"name": c.name, "visible_to_co_counsel": c.visible_to_co_counsel})).collect();
    Ok(Told::new(table(["category", "for"], &rows), json!(objects)))
}

fn set_category(office: &Office, name: &str, show: bool, hide: bool) -> Result<Told> {
    let name = name.trim().to_owned();
    if name.is_empty() {
        bail!("the name must not be empty");
    }
    let visible = match (show, hide) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let told = name.clone();
    let visible = office.act(&format!("time.category:{name}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let visible = act.tx.put_category(act.firm.id, &name, visible)?;
        let entry = Entry::new(Some(act.actor.id), "settings.category").with(json!({"visible": visible}));
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(visible))
    })?;
    let who = if visible { "co-counsel may choose it" } else { "it is for the firm only" };
    Ok(Told::new(format!("{told}: {who}.\n"), json!({"name": told, "visible_to_co_counsel": visible})))
}

fn hints(office: &Office, wanted: Option<&str>) -> Result<Told> {
    let on = match wanted {
        None => office.firm.time_hints,
        Some(word) => {
            let on = word == "on";
            office.act("time.hints", move |act| {
                allowed!(administrator(act, Ability::Edit));
                act.tx.set_time_hints(act.firm.id, on)?;
                let entry = Entry::new(Some(act.actor.id), "settings.time_hints").with(json!({"on": on}));
                act.tx.audit(act.firm.id, &entry, act.now)?;
                Ok(Ok(()))
            })?;
            on
        }
    };
    let said =
        if on { "Receipts for time come with gentle remarks." } else { "Receipts for time come without remarks." };
    Ok(Told::new(format!("{said}\n"), json!({"hints": on})))
}

fn clio_name(person: &Person) -> String {
    person.name()
}

fn numeric(locale: Locale, date: Date) -> String {
    match locale {
        Locale::American => date.strftime("%m/%d/%Y").to_string(),
        _ => date.strftime("%d/%m/%Y").to_string(),
    }
}

fn yes(flag: bool) -> String {
    if flag { "yes" } else { "" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;
    use crate::domain::PersonId;
    use crate::domain::duration::Quantity;
    use crate::sharing::Role;
    use crate::store::activities::Work;

    fn record(s: &Sample, person: PersonId, narrative: &str) {
        let work = Work {
            matter: Some(s.matter.id),
            subject: None,
            date: "2026-03-14".parse().unwrap(),
            quantity: Quantity::from_seconds(5_000),
            rounded: Quantity::from_seconds(5_040),
            narrative: narrative.into(),
            category: None,
            task_code: Some("L210".into()),
            activity_code: None,
            non_billable: false,
            no_charge: false,
        };
        let firm = s.office.firm.id;
        s.office
            .store
            .write(move |tx| {
                let entry = tx.add_time_entry(firm, person, &work, now())?;
                tx.set_price(firm, entry.id, Some(25_000))
            })
            .unwrap();
    }

    fn exported(office: &Office, format: &str) -> Told {
        let what = What::Export { filter: Filter::default(), format: format.into(), as_user: None, output: None };
        run(office, &what).unwrap()
    }

    #[test]
    fn t75_a_narrative_cannot_become_a_formula() {
        let s = Sample::new();
        record(&s, s.jane, "=HYPERLINK(\"http://x\")");
        record(&s, s.jane, "@sum");
        let told = exported(&s.office, "csv");
        assert!(told.text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{}", told.text);
        assert!(told.text.contains(",'@sum,"), "{}", told.text);
        assert_eq!(for_a_spreadsheet("-3.10"), "-3.10");
        assert_eq!(for_a_spreadsheet("-3+cmd|' /C calc'!A0"), "'-3+cmd|' /C calc'!A0");
        assert_eq!(for_a_spreadsheet("\tx"), "'\tx");
    }

    #[test]
    fn tim_06_money_is_exported_only_with_the_billing_permission() {
        let s = Sample::new();
        record(&s, s.jane, "Drafted reply");
        let user = Role::User { admin: false, accounts: false, reports: false, billing: false };
        s.add(user, "Bob", "Hale", "bob@hale.example");
        let bob = s.acting_as("bob@hale.example");
        for format in ["csv", "clio", "json"] {
            assert!(exported(&s.office, format).text.contains("250.00"), "{format}");
            let told = exported(&bob, format);
            assert!(!told.text.contains("250") && told.text.contains("Drafted reply"), "{format}");
            assert!(told.note.contains("billing permission"));
        }
    }

    #[test]
    fn clio_gets_its_own_columns_and_the_author_in_the_note() {
        let s = Sample::new();
        record(&s, s.jane, "Drafted reply");
        record(&s, s.office.actor.id, "Reviewed");
        let text = exported(&s.office, "clio").text;
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some("matter,date,activity_description,note,price,quantity,type,activity_user,non_billable")
        );
        assert_eq!(lines.next(), Some("2026-0012,14/03/2026,,\"Drafted reply (Jane Doe, co-counsel)\",250.00,1.4,,,"));
        assert_eq!(lines.next(), Some("2026-0012,14/03/2026,,Reviewed,250.00,1.4,,Anna Hale,"));
    }

    #[test]
    fn the_list_is_filtered_and_added_up() {
        let s = Sample::new();
        record(&s, s.jane, "One");
        record(&s, s.office.actor.id, "Two");
        let all = run(&s.office, &What::List(Filter::default())).unwrap();
        assert!(all.text.ends_with("2 entries, 2.80 hours as rounded\n"), "{}", all.text);
        let janes = Filter { by: Some("jane@doe.example".into()), ..Filter::default() };
        assert_eq!(run(&s.office, &What::List(janes)).unwrap().json.as_array().unwrap().len(), 1);
        let later = Filter { since: Some("15 March 2026".into()), ..Filter::default() };
        assert_eq!(run(&s.office, &What::List(later)).unwrap().json.as_array().unwrap().len(), 0);
    }

    #[test]
    fn tim_04_an_entry_goes_on_one_bill() {
        let s = Sample::new();
        record(&s, s.jane, "One");
        let (firm, matter) = (s.office.firm.id, s.matter.id);
        let new =
            crate::store::bills::NewBill { matter: Some(matter), ..crate::store::bills::NewBill::new("17", "GBP") };
        s.office.store.write(move |tx| tx.add_bill(firm, &new)).unwrap();
        let what = What::Bill { entries: vec!["TE-1".into()], bill: "BILL-1".into() };
        run(&s.office, &what).unwrap();
        assert!(run(&s.office, &what).unwrap_err().to_string().contains("ALREADY_BILLED"));
    }
}
