//! Time entries, their categories and the firm's UTBMS codes. [`TimeEntry`] has no field for money and is what any mail
//! may show (TIM-06); prices and rates are in [`PricedEntry`], which is for the firm's people and exports.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};

use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::duration::Quantity;
use crate::domain::{FirmId, Item, Kind, PersonId};

/// What a time entry says: all that can be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// On which matter; none: on a task without one.
    pub matter: Option<i64>,
    /// On which item (TIM-07).
    pub subject: Option<Item>,
    /// Of which day.
    pub date: Date,
    /// As entered.
    pub quantity: Quantity,
    /// Up to the firm's increment (TIM-14).
    pub rounded: Quantity,
    /// What was done.
    pub narrative: String,
    /// Category.
    pub category: Option<i64>,
    /// UTBMS code of the task, `L210`.
    pub task_code: Option<String>,
    /// UTBMS code of the activity, `A103`.
    pub activity_code: Option<String>,
    /// Not for the bill.
    pub non_billable: bool,
    /// On the bill, at nothing.
    pub no_charge: bool,
}

/// A time entry, without rate, price or bill.
#[derive(Clone, Debug)]
pub struct TimeEntry {
    /// Its row.
    pub id: i64,
    /// TE-31 to the firm; co-counsel have numbers of their own (decisions.md 29).
    pub number: u32,
    /// Whose time.
    pub person: PersonId,
    /// What it says.
    pub work: Work,
    /// On a bill; which one is for the firm only (TIM-04).
    pub billed: bool,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub edited_at: Option<Timestamp>,
    /// When somebody else than its person changed it last (TIM-09).
    pub edited_by_firm_at: Option<Timestamp>,
}

impl TimeEntry {
    /// The time entry as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::TimeEntry, self.id)
    }
}

/// A time entry with its money in minor units of the firm's currency; never for co-counsel (TIM-06).
#[derive(Clone, Debug)]
pub struct PricedEntry {
    /// The entry.
    pub entry: TimeEntry,
    /// On which bill.
    pub bill: Option<i64>,
    /// Its price, if the firm set one.
    pub price_minor: Option<i64>,
    /// The hourly rate: of the entry (TIM-09), else of the matter's share (TIM-12), else of the card or the user.
    pub rate_minor: Option<i64>,
}

/// An activity category, without its rate (TIM-13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its row.
    pub id: i64,
    /// Label.
    pub name: String,
    /// Co-counsel may choose it.
    pub visible_to_co_counsel: bool,
    /// UTBMS code of the activity that goes with it.
    pub activity_code: Option<String>,
}

/// A category about to be added.
#[derive(Clone, Debug)]
pub struct NewCategory {
    /// Label.
    pub name: String,
    /// Co-counsel may choose it.
    pub visible_to_co_counsel: bool,
    /// Hourly rate in minor units; firm only.
    pub rate_minor: Option<i64>,
    /// UTBMS code of the activity that goes with it.
    pub activity_code: Option<String>,
}

const COLUMNS: &str =
    "a.id, a.number, a.person_id, a.matter_id, a.subject_type, a.subject_id, a.date, a.quantity_seconds,
    a.rounded_seconds, a.narrative, a.activity_description_id, a.utbms_task_code, a.utbms_activity_code, a.non_billable,
    a.no_charge, a.bill_id IS NOT NULL AS billed, a.created_at, a.edited_at, a.edited_by_firm_at";

/// Time entries that were not taken back, for `WHERE`; expenses are kept in the same table.
const PRESENT: &str = "a.type = 'TimeEntry' AND a.deleted_at IS NULL";

const RATE: &str = "coalesce(a.rate_minor,
    (SELECT t.rate_minor FROM shares s JOIN share_terms t ON t.share_id = s.id WHERE s.firm_id = a.firm_id
       AND s.person_id = a.person_id AND s.resource_type = 'matter' AND s.resource_id = a.matter_id ORDER BY s.id DESC LIMIT 1),
    (SELECT c.rate_minor FROM contacts c WHERE c.firm_id = a.firm_id AND c.person_id = a.person_id),
    (SELECT u.rate_minor FROM users u WHERE u.firm_id = a.firm_id AND u.person_id = a.person_id))";

const CATEGORY: &str =
    "SELECT id, name, visible_to_co_counsel, utbms_activity_code FROM activity_descriptions WHERE firm_id = ?1";

fn read(row: &Row<'_>) -> rusqlite::Result<TimeEntry> {
    let kind: Option<String> = row.get("subject_type")?;
    let subject: Option<i64> = row.get("subject_id")?;
    Ok(TimeEntry {
        id: row.get("id")?,
        number: row.get("number")?,
        person: PersonId(row.get("person_id")?),
        work: Work {
            matter: row.get("matter_id")?,
            subject: kind.as_deref().and_then(Kind::from_stored).zip(subject).map(|(kind, id)| Item::new(kind, id)),
            date: super::day(row, "date")?,
            quantity: Quantity::from_seconds(row.get("quantity_seconds")?),
            rounded: Quantity::from_seconds(row.get("rounded_seconds")?),
            narrative: row.get("narrative")?,
            category: row.get("activity_description_id")?,
            task_code: row.get("utbms_task_code")?,
            activity_code: row.get("utbms_activity_code")?,
            non_billable: row.get("non_billable")?,
            no_charge: row.get("no_charge")?,
        },
        billed: row.get("billed")?,
        created_at: moment(row.get("created_at")?),
        edited_at: row.get::<_, Option<i64>>("edited_at")?.map(moment),
        edited_by_firm_at: row.get::<_, Option<i64>>("edited_by_firm_at")?.map(moment),
    })
}

fn read_priced(row: &Row<'_>) -> rusqlite::Result<PricedEntry> {
    Ok(PricedEntry {
        entry: read(row)?,
        bill: row.get("bill_id")?,
        price_minor: row.get("price_minor")?,
        rate_minor: row.get("rate_minor")?,
    })
}

fn read_category(row: &Row<'_>) -> rusqlite::Result<Category> {
    Ok(Category {
        id: row.get("id")?,
        name: row.get("name")?,
        visible_to_co_counsel: row.get("visible_to_co_counsel")?,
        activity_code: row.get("utbms_activity_code")?,
    })
}

impl Snapshot<'_> {
    /// The time entry of this row, unless it was deleted.
    pub fn time_entry(&self, firm: FirmId, entry: i64) -> Result<Option<TimeEntry>> {
        self.one(
            &format!("SELECT {COLUMNS} FROM activities a WHERE a.firm_id = ?1 AND a.id = ?2 AND {PRESENT}"),
            (firm.0, entry),
            read,
        )
    }

    /// A person's time entries of this day and later, by day.
    pub fn time_entries_of(&self, firm: FirmId, person: PersonId, since: Date) -> Result<Vec<TimeEntry>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM activities a WHERE a.firm_id = ?1 AND a.person_id = ?2 AND a.date >= ?3 AND {PRESENT}
                 ORDER BY a.date, a.id"
            ),
            (firm.0, person.0, since.to_string()),
            read,
        )
    }

    /// Everybody's time entries of a matter with their money, by day; only for the firm's people (TIM-06).
    pub fn time_entries_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<PricedEntry>> {
        self.all(
            &format!(
                "SELECT {COLUMNS}, a.bill_id, a.price_minor, {RATE} AS rate_minor FROM activities a
                 WHERE a.firm_id = ?1 AND a.matter_id = ?2 AND {PRESENT} ORDER BY a.date, a.id"
            ),
            (firm.0, matter),
            read_priced,
        )
    }

    /// Seconds, as entered, that a person recorded for a day on all matters.
    pub fn day_total_seconds(&self, firm: FirmId, person: PersonId, day: Date) -> Result<u64> {
        let total: Option<i64> = self.one(
            &format!(
                "SELECT coalesce(sum(a.quantity_seconds), 0) FROM activities a WHERE a.firm_id = ?1 AND a.person_id = ?2 AND a.date = ?3 AND {PRESENT}"
            ),
            (firm.0, person.0, day.to_string()),
            |r| r.get(0),
        )?;
        Ok(total.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0))
    }

    /// The time entries of a person for the same day and quantity, whatever their words and on whichever matter.
    pub fn equal_entries(
        &self,
        firm: FirmId,
        person: PersonId,
        date: Date,
        quantity: Quantity,
    ) -> Result<Vec<TimeEntry>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM activities a WHERE a.firm_id = ?1 AND a.person_id = ?2 AND a.date = ?3
                   AND a.quantity_seconds = ?4 AND {PRESENT} ORDER BY a.id"
            ),
            (firm.0, person.0, date.to_string(), quantity.seconds()),
            read,
        )
    }

    /// The firm's activity categories by name; co-counsel may choose the visible ones only.
    pub fn categories(&self, firm: FirmId) -> Result<Vec<Category>> {
        self.all(&format!("{CATEGORY} ORDER BY name"), [firm.0], read_category)
    }

    /// The categories that co-counsel may choose, by name (TIM-13).
    pub fn visible_categories(&self, firm: FirmId) -> Result<Vec<Category>> {
        self.all(&format!("{CATEGORY} AND visible_to_co_counsel = 1 ORDER BY name"), [firm.0], read_category)
    }

    /// The category of this name, visible or not; capitals (A to Z) do not matter.
    pub fn category_by_name(&self, firm: FirmId, name: &str) -> Result<Option<Category>> {
        self.one(
            &format!("{CATEGORY} AND name = ?2 COLLATE NOCASE ORDER BY visible_to_co_counsel DESC, id LIMIT 1"),
            (firm.0, name),
            read_category,
        )
    }

    /// The category of this row.
    pub fn category(&self, firm: FirmId, category: i64) -> Result<Option<Category>> {
        self.one(&format!("{CATEGORY} AND id = ?2"), (firm.0, category), read_category)
    }

    /// UTBMS codes that the firm added to the published sets, with what they mean.
    pub fn utbms_codes(&self, firm: FirmId) -> Result<Vec<(String, String)>> {
        self.all("SELECT code, name FROM utbms_codes WHERE firm_id = ?1 ORDER BY code", [firm.0], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
    }
}

impl Tx<'_> {
    /// Adds a category of this name, or says who may choose it; gives whether co-counsel may. A new one is for the firm
    /// only unless it is said.
    pub fn put_category(&self, firm: FirmId, name: &str, visible: Option<bool>) -> Result<bool> {
        let found = self.one(
            "INSERT INTO activity_descriptions (firm_id, name, visible_to_co_counsel) VALUES (?1, ?2, coalesce(?3, 0))
             ON CONFLICT (firm_id, name) DO UPDATE SET visible_to_co_counsel = coalesce(?3, visible_to_co_counsel)
             RETURNING visible_to_co_counsel",
            (firm.0, name, visible),
            |r| r.get(0),
        )?;
        Ok(found.unwrap_or(false))
    }

    /// Adds a time entry; a contact whose time it is has their own number for it from now on (decisions.md 29).
    pub fn add_time_entry(&self, firm: FirmId, person: PersonId, work: &Work, now: Timestamp) -> Result<Item> {
        let number = self.next_number(firm, Kind::TimeEntry)?;
        let id = self.insert(
            "INSERT INTO activities (firm_id, number, type, person_id, matter_id, subject_type, subject_id, date, quantity_seconds,
               rounded_seconds, narrative, activity_description_id, utbms_task_code, utbms_activity_code, non_billable, no_charge, created_at)
             VALUES (:firm, :number, 'TimeEntry', :person, :matter, :kind, :subject, :date, :quantity, :rounded, :narrative, :category,
               :task_code, :activity_code, :non_billable, :no_charge, :now)",
            named_params! {":firm": firm.0, ":number": number, ":person": person.0, ":matter": work.matter,
            ":kind": work.subject.map(|i| i.kind.stored()), ":subject": work.subject.map(|i| i.id), ":date": work.date.to_string(),
            ":quantity": work.quantity.seconds(), ":rounded": work.rounded.seconds(), ":narrative": work.narrative,
            ":category": work.category, ":task_code": work.task_code, ":activity_code": work.activity_code,
            ":non_billable": work.non_billable, ":no_charge": work.no_charge, ":now": at(now)},
        )?;
        let item = Item::new(Kind::TimeEntry, id);
        self.number_for_author(firm, person, item)?;
        Ok(item)
    }

    /// Changes what a time entry says, whose it is never (TIM-09); false if there is no such entry.
    pub fn edit_time_entry(&self, firm: FirmId, entry: i64, work: &Work, by: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE activities SET matter_id = :matter, subject_type = :kind, subject_id = :subject, date = :date,
               quantity_seconds = :quantity, rounded_seconds = :rounded, narrative = :narrative, activity_description_id = :category,
               utbms_task_code = :task_code, utbms_activity_code = :activity_code, non_billable = :non_billable,
               no_charge = :no_charge, edited_at = :now, edited_by_firm_at = CASE WHEN person_id = :by THEN edited_by_firm_at ELSE :now END
             WHERE firm_id = :firm AND id = :entry AND type = 'TimeEntry' AND deleted_at IS NULL",
            named_params! {":firm": firm.0, ":entry": entry, ":by": by.0, ":matter": work.matter,
            ":kind": work.subject.map(|i| i.kind.stored()), ":subject": work.subject.map(|i| i.id), ":date": work.date.to_string(),
            ":quantity": work.quantity.seconds(), ":rounded": work.rounded.seconds(), ":narrative": work.narrative,
            ":category": work.category, ":task_code": work.task_code, ":activity_code": work.activity_code,
            ":non_billable": work.non_billable, ":no_charge": work.no_charge, ":now": at(now)},
        )?;
        Ok(changed == 1)
    }

    /// Takes a time entry back; false if it was gone before.
    pub fn delete_time_entry(&self, firm: FirmId, entry: i64, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE activities SET deleted_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND type = 'TimeEntry' AND deleted_at IS NULL",
            (firm.0, entry, at(now)),
        )?;
        Ok(changed == 1)
    }

    /// Brings a deleted time entry back; false if it was not deleted.
    pub fn restore_time_entry(&self, firm: FirmId, entry: i64) -> Result<bool> {
        let changed = self.run(
            "UPDATE activities SET deleted_at = NULL WHERE firm_id = ?1 AND id = ?2 AND type = 'TimeEntry' AND deleted_at IS NOT NULL",
            (firm.0, entry),
        )?;
        Ok(changed == 1)
    }

    /// Puts a time entry on a bill, or takes it off; false if there is no such entry.
    pub fn set_bill(&self, firm: FirmId, entry: i64, bill: Option<i64>) -> Result<bool> {
        let changed = self.run(
            "UPDATE activities SET bill_id = ?3 WHERE firm_id = ?1 AND id = ?2 AND type = 'TimeEntry' AND deleted_at IS NULL",
            (firm.0, entry, bill),
        )?;
        Ok(changed == 1)
    }

    /// Sets the hourly rate of one time entry in minor units; firm only (TIM-09). False if it was so already.
    pub fn set_entry_rate(&self, firm: FirmId, entry: i64, rate_minor: i64) -> Result<bool> {
        let changed = self.run(
            "UPDATE activities SET rate_minor = ?3 WHERE firm_id = ?1 AND id = ?2 AND type = 'TimeEntry' AND deleted_at IS NULL
               AND rate_minor IS NOT ?3",
            (firm.0, entry, rate_minor),
        )?;
        Ok(changed == 1)
    }

    /// Sets the price of a time entry in minor units; firm only (TIM-06). False if there is no such entry.
    pub fn set_price(&self, firm: FirmId, entry: i64, price_minor: Option<i64>) -> Result<bool> {
        let changed = self.run(
            "UPDATE activities SET price_minor = ?3 WHERE firm_id = ?1 AND id = ?2 AND type = 'TimeEntry' AND deleted_at IS NULL",
            (firm.0, entry, price_minor),
        )?;
        Ok(changed == 1)
    }

    /// Adds an activity category and gives its row; one of the same name is changed to this.
    pub fn set_category(&self, firm: FirmId, new: &NewCategory) -> Result<i64> {
        self.run(
            "INSERT INTO activity_descriptions (firm_id, name, visible_to_co_counsel, rate_minor, utbms_activity_code)
             VALUES (:firm, :name, :visible, :rate, :code)
             ON CONFLICT (firm_id, name) DO UPDATE SET visible_to_co_counsel = :visible, rate_minor = :rate, utbms_activity_code = :code",
            named_params! {":firm": firm.0, ":name": new.name, ":visible": new.visible_to_co_counsel, ":rate": new.rate_minor,
            ":code": new.activity_code},
        )?;
        let row = self.one(
            "SELECT id FROM activity_descriptions WHERE firm_id = ?1 AND name = ?2",
            (firm.0, &new.name),
            |r| r.get(0),
        )?;
        Ok(row.unwrap_or_default())
    }

    /// Adds a UTBMS code of the firm's own, or changes what it means.
    pub fn set_utbms_code(&self, firm: FirmId, code: &str, name: &str) -> Result<()> {
        self.run(
            "INSERT INTO utbms_codes (firm_id, code, name) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET name = excluded.name",
            (firm.0, code, name),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bills::NewBill;
    use super::super::numbers::Reader;
    use super::super::sample::{Sample, later, now};
    use super::*;

    const DAY: &str = "2026-03-14";

    fn day() -> Date {
        DAY.parse().unwrap()
    }

    fn work(s: &Sample) -> Work {
        Work {
            matter: Some(s.matter),
            subject: None,
            date: day(),
            quantity: Quantity::from_seconds(3_000),
            rounded: Quantity::from_seconds(3_240),
            narrative: "Drafted reply brief".into(),
            category: None,
            task_code: Some("L240".into()),
            activity_code: Some("A103".into()),
            non_billable: false,
            no_charge: false,
        }
    }

    fn entered(s: &Sample, person: PersonId, work: Work) -> Item {
        let firm = s.firm;
        s.write(move |tx| tx.add_time_entry(firm, person, &work, now()))
    }

    #[test]
    fn an_entry_is_kept_as_entered_and_numbered_for_its_person_alone() {
        let s = Sample::new();
        entered(&s, s.tom, work(&s));
        let item = entered(&s, s.jane, Work { subject: Some(Item::new(Kind::Task, 3)), ..work(&s) });
        let kept = s.read(|r| r.time_entry(s.firm, item.id)).unwrap();
        assert_eq!(kept.work, Work { subject: Some(Item::new(Kind::Task, 3)), ..work(&s) });
        assert_eq!((kept.person, kept.number, kept.billed), (s.jane, 2, false));
        assert_eq!(s.read(|r| r.number(s.firm, Reader::Contact(s.jane), item)).unwrap().number, 1);
        assert_eq!(s.read(|r| r.number(s.firm, Reader::Contact(s.tom), item)), None);
    }

    #[test]
    fn an_edit_by_the_firm_is_told_from_one_by_its_person_and_both_can_be_taken_back() {
        let s = Sample::new();
        let (firm, jane, lawyer) = (s.firm, s.jane, s.lawyer);
        let item = entered(&s, jane, work(&s));
        let longer =
            Work { quantity: Quantity::from_seconds(3_600), rounded: Quantity::from_seconds(3_600), ..work(&s) };
        let edit = |to: Work, by, when| assert!(s.write(move |tx| tx.edit_time_entry(firm, item.id, &to, by, when)));
        edit(longer.clone(), jane, later(1));
        let own = s.read(|r| r.time_entry(firm, item.id)).unwrap();
        assert_eq!((&own.work, own.edited_at, own.edited_by_firm_at), (&longer, Some(later(1)), None));
        edit(work(&s), lawyer, later(2));
        let by_firm = s.read(|r| r.time_entry(firm, item.id)).unwrap();
        assert_eq!((by_firm.work, by_firm.person, by_firm.edited_by_firm_at), (work(&s), jane, Some(later(2))));
    }

    #[test]
    fn a_days_total_is_of_one_person_and_of_what_was_not_taken_back() {
        let s = Sample::new();
        let (firm, jane) = (s.firm, s.jane);
        let item = entered(&s, jane, work(&s));
        entered(&s, jane, Work { matter: None, ..work(&s) });
        entered(&s, jane, Work { date: "2026-03-13".parse().unwrap(), ..work(&s) });
        entered(&s, s.tom, work(&s));
        let total = || s.read(|r| r.day_total_seconds(firm, jane, day()));
        assert_eq!(total(), 6_000);
        assert!(s.write(move |tx| tx.delete_time_entry(firm, item.id, now())));
        assert!(!s.write(move |tx| tx.delete_time_entry(firm, item.id, now())));
        assert_eq!((total(), s.read(|r| r.time_entries_of(firm, jane, day())).len()), (3_000, 1));
        assert!(s.write(move |tx| tx.restore_time_entry(firm, item.id)));
        assert_eq!((total(), s.read(|r| r.time_entries_of(firm, jane, day())).len()), (6_000, 2));
    }

    #[test]
    fn entries_of_the_same_day_and_length_are_found_and_those_of_others_are_not() {
        let s = Sample::new();
        let item = entered(&s, s.jane, work(&s));
        let equal = |person, seconds| {
            let quantity = Quantity::from_seconds(seconds);
            let found = s.read(|r| r.equal_entries(s.firm, person, day(), quantity));
            found.iter().map(|e| e.id).collect::<Vec<_>>()
        };
        assert_eq!(equal(s.jane, 3_000), [item.id]);
        assert!(equal(s.jane, 3_060).is_empty() && equal(s.tom, 3_000).is_empty());
    }

    #[test]
    fn money_is_in_the_firms_list_only_and_a_shares_rate_comes_before_the_cards() {
        let s = Sample::new();
        let (firm, matter, jane) = (s.firm, s.matter, s.jane);
        let item = entered(&s, jane, work(&s));
        s.share(jane, Item::new(Kind::Matter, matter));
        let share = s.read(|r| r.live_shares(firm, jane, now()))[0].id;
        let bill = NewBill { matter: Some(matter), ..NewBill::new("2026-17", "GBP") };
        let bill = s.write(move |tx| {
            tx.set_share_rate(share, 25_000, "GBP")?;
            tx.set_price(firm, item.id, Some(22_500))?;
            let bill = tx.add_bill(firm, &bill)?;
            tx.set_bill(firm, item.id, Some(bill.id))?;
            Ok(bill.id)
        });
        let priced = s.read(|r| r.time_entries_of_matter(firm, matter)).remove(0);
        assert_eq!((priced.price_minor, priced.rate_minor, priced.bill), (Some(22_500), Some(25_000), Some(bill)));
        let shown = format!("{:?}", s.read(|r| r.time_entry(firm, item.id)).unwrap());
        assert!(!shown.contains("22500") && !shown.contains("25000") && shown.contains("billed: true"));
    }

    #[test]
    fn co_counsel_choose_among_the_visible_categories_and_a_category_is_changed_by_its_name() {
        let s = Sample::new();
        let firm = s.firm;
        let category = |name: &str, visible| NewCategory {
            name: name.into(),
            visible_to_co_counsel: visible,
            rate_minor: Some(1),
            activity_code: Some("A103".into()),
        };
        let (drafting, secret) = (category("Drafting", false), category("Partner review", false));
        let row = s.write(move |tx| {
            tx.set_category(firm, &drafting).and_then(|row| tx.set_category(firm, &secret).map(|_| row))
        });
        assert!(s.read(|r| r.visible_categories(firm)).is_empty());
        let visible = category("Drafting", true);
        assert_eq!(s.write(move |tx| tx.set_category(firm, &visible)), row);
        assert_eq!(s.read(|r| r.visible_categories(firm)).len(), 1);
        assert_eq!(s.read(|r| r.categories(firm)).len(), 2);
        assert_eq!(s.read(|r| r.category_by_name(firm, "drafting")).unwrap().id, row);
        assert!(s.read(|r| r.category_by_name(s.other_firm, "drafting")).is_none());
        s.write(move |tx| tx.set_utbms_code(firm, "A113", "Site visit"));
        assert_eq!(s.read(|r| r.utbms_codes(firm)), [("A113".into(), "Site visit".into())]);
    }

    #[test]
    fn an_entry_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, jane, item) = (s.other_firm, s.jane, entered(&s, s.jane, work(&s)));
        let changed = work(&s);
        assert!(s.read(|r| r.time_entry(other, item.id)).is_none());
        assert!(!s.write(move |tx| tx.edit_time_entry(other, item.id, &changed, jane, now())));
        assert!(!s.write(move |tx| tx.delete_time_entry(other, item.id, now())));
        let foreign = work(&s);
        s.refuse(move |tx| tx.add_time_entry(other, jane, &foreign, now()));
    }
}
