//! What is done on matters: tasks, notes, events, communications, bills, time, shares (e4). An assignment, an attendance
//! and a share are given through `actions`, quietly, so that `sharing` is asked about each.

use jiff::tz::TimeZone;

use super::rows::Row;
use super::{Change, Import, Taken, Wanted, item_named, wrong};
use crate::actions::{calendar, shares, tasks};
use crate::admin::money;
use crate::domain::duration::{Increment, Quantity};
use crate::domain::recurrence::Rule;
use crate::domain::utbms::Code;
use crate::domain::{Item, Kind, PersonId};
use crate::store::activities::Work;
use crate::store::bills::{NewBill, state_of_word};
use crate::store::calendar::{EventDetails, NewEvent};
use crate::store::communications::{Medium, NewCommunication};
use crate::store::notes::NewNote;
use crate::store::tasks::{NewTask, Priority, TaskStatus};

impl Import<'_> {
    pub(super) fn task(&mut self, row: &Row) -> Taken<Change> {
        let new = self.read_task(row)?;
        let names = ["assignee_email", "assignee", "assignee_name", "assignee.name"];
        let assignee = self.person_of(row, "assignee", &names, Wanted::Anybody)?;
        let key = self.key("task", row, &[&new.name, &new.matter.unwrap_or(0).to_string()]);
        let (task, mut change) = match self.known("task", &key)? {
            Some(task) => {
                let mut changed = self.act.tx.update_task(self.firm(), task, &new)?;
                if new.status == TaskStatus::Complete {
                    changed |= self.act.tx.complete_task(self.firm(), task, self.act.actor.id, self.act.now)?;
                }
                (Item::new(Kind::Task, task), Change::changed_if(changed))
            }
            None => (tasks::create(self.act, &new, false)??, Change::New),
        };
        self.remember("task", &key, task.id)?;
        let before = self.act.tx.task(self.firm(), task.id)?.and_then(|t| t.assignee);
        if let Some(assignee) = assignee.filter(|a| before != Some(*a)) {
            tasks::assign(self.act, task, assignee, false)??;
            change = if change == Change::Same { Change::Changed } else { change };
        }
        Ok(change)
    }

    fn read_task(&self, row: &Row) -> Taken<NewTask> {
        let name = row.text(&["name"]);
        if name.is_empty() {
            return wrong("name is missing");
        }
        let priority = match row.first(&["priority"]) {
            "" => Priority::Normal,
            word => match Priority::from_word(word) {
                Some(priority) => priority,
                None => return wrong(format!("priority {word}: High, Normal or Low")),
            },
        };
        let status = match row.first(&["status"]).to_lowercase().replace([' ', '-'], "_").as_str() {
            "" | "draft" => TaskStatus::Pending,
            "completed" => TaskStatus::Complete,
            word => match TaskStatus::from_word(word) {
                Some(status) => status,
                None => return wrong(format!("status {word}: pending, in_progress, in_review or complete")),
            },
        };
        let estimated = row.first(&["time_estimated"]).parse().ok().filter(|s| *s > 0);
        Ok(NewTask {
            name,
            description: row.text(&["description"]),
            matter: self.matter_of(row)?,
            assignee: None,
            assigner: self.person_of(row, "assigner", &["assigner", "assigner_email"], Wanted::User)?,
            priority,
            status,
            private: row.first(&["permission"]).eq_ignore_ascii_case("private"),
            due_at: self.date(row, &["due_at", "due_date"])?,
            quiet: row.has(&["notify_completion"]) && !row.yes(&["notify_completion"]),
            time_estimated: estimated.map(Quantity::from_seconds),
        })
    }

    pub(super) fn note(&mut self, row: &Row) -> Taken<Change> {
        if row.first(&["type"]).eq_ignore_ascii_case("contact") {
            return wrong("a note on a contact: only notes on matters are taken in");
        }
        let author = self.person_of(row, "author", &["author", "author.name"], Wanted::User)?;
        let new = NewNote {
            matter: self.matter_needed(row)?,
            subject: row.text(&["subject"]),
            detail: row.text(&["detail"]),
            date: self.date(row, &["date", "created_at"])?.unwrap_or_else(|| self.today.date()),
            author: author.unwrap_or(self.act.actor.id),
            internal: row.yes(&["internal"]),
        };
        if new.detail.is_empty() {
            return wrong("detail is missing");
        }
        let key = self.key("note", row, &[&new.matter.to_string(), &new.date.to_string(), &new.subject]);
        if let Some(note) = self.known("note", &key)? {
            let same =
                self.act.tx.note(self.firm(), note)?.is_none_or(|n| n.subject == new.subject && n.detail == new.detail);
            let changed = !same && self.act.tx.edit_note(self.firm(), note, &new.subject, &new.detail, self.act.now)?;
            return Ok(Change::changed_if(changed));
        }
        let note = self.act.tx.add_note(self.firm(), &new, self.act.now)?;
        self.remember("note", &key, note.id)?;
        Ok(Change::New)
    }

    pub(super) fn event(&mut self, row: &Row) -> Taken<Change> {
        let details = self.read_event(row)?;
        let matter = self.matter_of(row)?;
        let organizer = self.person_of(row, "calendar_owner", &["organizer", "calendar"], Wanted::User).ok().flatten();
        let key = self.key(
            "calendar_entry",
            row,
            &[&details.summary, &details.start_at.to_string(), &matter.unwrap_or(0).to_string()],
        );
        let (event, mut change) = match self.known("calendar_entry", &key)? {
            Some(event) => {
                let before = self.act.tx.event(self.firm(), event)?.map(|e| e.details);
                let exceptions = before.as_ref().map(|b| b.exceptions.clone()).unwrap_or_default();
                let details = EventDetails { exceptions, ..details.clone() };
                let same = before.is_none_or(|before| before == details);
                let event = Item::new(Kind::Event, event);
                if !same {
                    calendar::change(self.act, event, &details)??;
                }
                (event, Change::changed_if(!same))
            }
            None => {
                let parts = [self.source(), &key, &self.firm().to_string()].join(":");
                let uid = format!("{}@docketpost", crate::blobs::sha256(parts.as_bytes()));
                let organizer = organizer.unwrap_or(self.act.actor.id);
                let new = NewEvent { uid, details, matter, organizer };
                (self.act.tx.add_event(self.firm(), &new, self.act.now)?, Change::New)
            }
        };
        self.remember("calendar_entry", &key, event.id)?;
        for person in self.attendees(row)? {
            if self.invite(event, person, false)? && change == Change::Same {
                change = Change::Changed;
            }
        }
        Ok(change)
    }

    fn read_event(&self, row: &Row) -> Taken<EventDetails> {
        let summary = row.text(&["summary", "event_title"]);
        if summary.is_empty() {
            return wrong("summary is missing");
        }
        let zone_name = match row.first(&["time_zone"]) {
            "" => self.act.firm.time_zone.clone(),
            name => name.to_owned(),
        };
        let zone = TimeZone::get(&zone_name).or_else(|_| wrong(format!("time_zone {zone_name} is not known")))?;
        let moment = |whole: &[&str], day: &[&str], time: &[&str]| -> Taken<Option<jiff::Timestamp>> {
            let text = match row.first(whole) {
                "" => format!("{} {}", row.first(day), row.first(time)),
                text => text.to_owned(),
            };
            if text.trim().is_empty() { Ok(None) } else { self.moment(text.trim(), &zone).map(Some) }
        };
        let all_day = row.yes(&["all_day"]);
        let Some(start_at) = moment(&["start_at"], &["start_date"], &["start_time"])? else {
            return wrong("start_at is missing");
        };
        let length = jiff::SignedDuration::from_hours(if all_day { 24 } else { 1 });
        let end_at = match moment(&["end_at"], &["end_date"], &["end_time"])? {
            Some(end) => end,
            None => start_at.checked_add(length).or_else(|e| wrong(e.to_string()))?,
        };
        if end_at < start_at {
            return wrong("it ends before it begins");
        }
        Ok(EventDetails {
            summary,
            description: row.text(&["description"]),
            location: row.text(&["location"]),
            conference_url: row.text(&["conference_url", "conference_meeting.join_url"]),
            start_at,
            end_at,
            all_day,
            time_zone: zone_name,
            recurrence_rule: match row.text(&["recurrence_rule"]).as_str() {
                "" => None,
                rule => Some(Rule::read(rule).or_else(|why| wrong(format!("recurrence_rule {rule}: {why}")))?.stored()),
            },
            exceptions: Vec::new(),
        })
    }

    /// CSV names them, separated by semicolons; JSON gives ids, and calendars among them, which are nobody.
    fn attendees(&self, row: &Row) -> Taken<Vec<PersonId>> {
        let mut found = Vec::new();
        for text in row.first(&["attendees"]).split(';').map(str::trim).filter(|t| !t.is_empty()) {
            found.push(self.person_named("attendees", text, Wanted::Anybody)?);
        }
        for id in row.all("attendees", "id") {
            for kind in ["contact", "user"] {
                if let Some(person) = self.known(kind, id)? {
                    found.push(PersonId(person));
                    break;
                }
            }
        }
        Ok(found)
    }

    fn invite(&self, event: Item, person: PersonId, notify: bool) -> Taken<bool> {
        Ok(calendar::invite(self.act, event, person, notify, "")??)
    }

    pub(super) fn communication(&mut self, row: &Row) -> Taken<Change> {
        let medium = match row.first(&["type"]).to_lowercase() {
            kind if kind.contains("phone") || kind.contains("call") => Medium::Phone,
            kind if kind.contains("mail") => Medium::Email,
            kind => return wrong(format!("type {kind}: EmailCommunication or PhoneCommunication")),
        };
        let author = self.person_of(row, "user", &["author", "user", "user.name"], Wanted::User)?;
        let people = |field: &str, name: &str| match row.first(&[name]) {
            "" => row.all(field, "name").collect::<Vec<_>>().join(", "),
            text => text.to_owned(),
        };
        let new = NewCommunication {
            medium,
            matter: self.matter_needed(row)?,
            subject: row.text(&["subject"]),
            body: row.text(&["body"]),
            date: self.date(row, &["date", "received_at", "created_at"])?.unwrap_or_else(|| self.today.date()),
            length: None,
            senders: people("senders", "senders"),
            receivers: people("receivers", "receivers"),
            author: author.unwrap_or(self.act.actor.id),
            inbox: None,
        };
        let key = self.key("communication", row, &[&new.matter.to_string(), &new.date.to_string(), &new.subject]);
        if let Some(known) = self.known("communication", &key)? {
            let same = self
                .act
                .tx
                .communication(self.firm(), known)?
                .is_none_or(|c| c.subject == new.subject && c.body == new.body);
            let changed =
                !same && self.act.tx.edit_communication(self.firm(), known, &new.subject, &new.body, self.act.now)?;
            return Ok(Change::changed_if(changed));
        }
        let added = self.act.tx.add_communication(self.firm(), &new, self.act.now)?;
        self.remember("communication", &key, added.id)?;
        Ok(Change::New)
    }

    pub(super) fn bill(&mut self, row: &Row) -> Taken<Change> {
        let number = row.first(&["number", "bill_number"]);
        if number.is_empty() {
            return wrong("number is missing");
        }
        let state = row.first(&["state", "status"]).to_lowercase().replace([' ', '-'], "_");
        let Some(state) = state_of_word(&state) else {
            return wrong(format!("state {state}: draft, awaiting_approval, awaiting_payment, paid or void"));
        };
        let new = NewBill {
            kind: Some(row.text(&["kind"])).filter(|k| !k.is_empty()).unwrap_or_else(|| "revenue_kind".to_owned()),
            state,
            subject: row.text(&["subject"]),
            matter: self.matter_of(row)?,
            client: self.person_of(row, "client", &["client", "client.name"], Wanted::Contact)?,
            issued_at: self.date(row, &["issued_at", "issued_date"])?,
            due_at: self.date(row, &["due_at", "due_date"])?,
            start_at: self.date(row, &["start_at"])?,
            end_at: self.date(row, &["end_at"])?,
            total_minor: amount(row, &["total"])?.unwrap_or(0),
            balance_minor: amount(row, &["balance", "due"])?.unwrap_or(0),
            pdf: self.pdf(row)?,
            payment_url: Some(row.text(&["payment_url"])).filter(|u| !u.is_empty()),
            memo: row.text(&["memo"]),
            ..NewBill::new(number, &self.act.firm.currency)
        };
        let key = self.key("bill", row, &[number]);
        let known = match self.known("bill", &key)? {
            Some(known) => Some(known),
            None => self.act.tx.bill_by_number(self.firm(), number)?,
        };
        if let Some(bill) = known {
            self.remember("bill", &key, bill)?;
            return Ok(Change::changed_if(self.act.tx.update_bill(self.firm(), bill, &new)?));
        }
        let bill = self.act.tx.add_bill(self.firm(), &new)?;
        self.remember("bill", &key, bill.id)?;
        Ok(Change::New)
    }

    pub(super) fn activity(&mut self, row: &Row) -> Taken<Change> {
        match row.first(&["type"]) {
            "" | "TimeEntry" | "time" => {}
            other => return wrong(format!("type {other}: only time is taken in")),
        }
        let person = self.person_of(row, "user", &["activity_user", "user.name"], Wanted::Anybody)?;
        let person = person.unwrap_or(self.act.actor.id);
        let work = self.read_work(row)?;
        let price = amount(row, &["price"])?;
        let bill = match row.first(&["bill.id"]) {
            "" => None,
            id => self.known("bill", id)?,
        };
        let says =
            [&work.matter.unwrap_or(0).to_string(), &work.date.to_string(), &person.to_string(), &work.narrative];
        let key = self.key("activity", row, &says.map(String::as_str));
        let known = self.known("activity", &key)?;
        let (entry, mut change) = match known {
            Some(entry) => {
                let same = self.act.tx.time_entry(self.firm(), entry)?.is_none_or(|e| e.work == work);
                let changed =
                    !same && self.act.tx.edit_time_entry(self.firm(), entry, &work, self.act.actor.id, self.act.now)?;
                (entry, Change::changed_if(changed))
            }
            None => (self.act.tx.add_time_entry(self.firm(), person, &work, self.act.now)?.id, Change::New),
        };
        let (price_before, bill_before) = self.act.tx.price_and_bill(self.firm(), entry)?;
        if price.is_some() && price != price_before {
            self.act.tx.set_price(self.firm(), entry, price)?;
            change = if change == Change::Same { Change::Changed } else { change };
        }
        if bill.is_some() && bill != bill_before {
            self.act.tx.set_bill(self.firm(), entry, bill)?;
            change = if change == Change::Same { Change::Changed } else { change };
        }
        self.remember("activity", &key, entry)?;
        Ok(change)
    }

    fn read_work(&self, row: &Row) -> Taken<Work> {
        let text = row.first(&["quantity_in_hours", "quantity"]);
        // Clio's API counts seconds, its CSV hours.
        let in_seconds = self.is_json && row.first(&["quantity_in_hours"]).is_empty();
        let seconds = if in_seconds { text.parse::<f64>().ok().map(|s| s.round()) } else { hours_in_seconds(text) };
        let seconds = seconds.filter(|s| (1.0..=86_400.0).contains(s));
        let Some(seconds) = seconds else {
            return wrong(format!("quantity \"{text}\": hours as a decimal, at most 24"));
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was checked to be 1 to 86400")]
        let quantity = Quantity::from_seconds(seconds as u32);
        let Some(date) = self.date(row, &["date"])? else { return wrong("date is missing") };
        let step = Increment::minutes(self.act.firm.rounding_minutes).unwrap_or(Increment::MINUTE);
        let category = match row.first(&["activity_description", "activity_description.name"]) {
            "" => None,
            name => match self.act.tx.category_by_name(self.firm(), name)? {
                Some(category) => Some(category.id),
                None => return wrong(format!("there is no activity category \"{name}\"")),
            },
        };
        let task = match row.first(&["task.id"]) {
            "" => None,
            id => self.known("task", id)?.map(|task| Item::new(Kind::Task, task)),
        };
        Ok(Work {
            matter: Some(self.matter_needed(row)?),
            subject: task,
            date,
            quantity,
            rounded: step.round_up(quantity),
            narrative: row.text(&["note", "narrative"]),
            category,
            task_code: code(row, &["task_code", "utbms_task_code", "utbms_task.code"])?,
            activity_code: code(row, &["activity_code", "utbms_activity_code", "utbms_activity.code"])?,
            non_billable: row.yes(&["non_billable"]),
            no_charge: row.yes(&["no_charge"]),
        })
    }

    pub(super) fn share(&mut self, row: &Row) -> Taken<Change> {
        let names = ["contact_email", "contact", "contact.name"];
        let Some(person) = self.person_of(row, "contact", &names, Wanted::Contact)? else {
            return wrong("contact_email is missing");
        };
        let (kind, resource) = (row.first(&["resource_type"]).to_lowercase(), row.first(&["resource"]));
        let item = match item_named(self.act.tx, self.firm(), resource)? {
            Some(item) => Some(item),
            None => self.by_foreign_id(&kind, resource)?,
        };
        let Some(item) = item else { return wrong(format!("there is no {kind} {resource}")) };
        if !kind.is_empty() && kind != item.kind.stored() && kind != item.kind.word() {
            return wrong(format!("{resource} is a {}, not a {kind}", item.kind.word()));
        }
        let notify = row.yes(&["notify"]);
        if item.kind == Kind::Task {
            let before = self.act.tx.task(self.firm(), item.id)?.and_then(|t| t.assignee);
            if before == Some(person) {
                return Ok(Change::Same);
            }
            tasks::assign(self.act, item, person, notify)??;
            return Ok(Change::New);
        }
        let is_new = if item.kind == Kind::Event {
            self.invite(item, person, notify)?
        } else {
            shares::share(self.act, person, item, notify, "")??
        };
        Ok(if is_new { Change::New } else { Change::Same })
    }

    fn by_foreign_id(&self, kind: &str, id: &str) -> Taken<Option<Item>> {
        let Some(kind) = Kind::from_stored(kind) else { return Ok(None) };
        for source in ["clio", "csv"] {
            if let Some(row) = self.act.tx.external(self.firm(), source, kind.stored(), id)? {
                return Ok(Some(Item::new(kind, row)));
            }
        }
        Ok(None)
    }
}

fn hours_in_seconds(text: &str) -> Option<f64> {
    text.replace(',', ".").parse::<f64>().ok().map(|hours| (hours * 3600.0).round())
}

/// API amounts are decimals with any number of places (`110.0`).
fn amount(row: &Row, names: &[&str]) -> Taken<Option<i64>> {
    let text = row.first(names).trim_start_matches(['£', '$', '€']);
    if text.is_empty() {
        return Ok(None);
    }
    let short = match text.split_once('.') {
        Some((whole, part)) => {
            let part = part.trim_end_matches('0');
            if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
        }
        None => text.to_owned(),
    };
    money::parse(&short).map(Some).or_else(|why| wrong(format!("{text}: {why}")))
}

fn code(row: &Row, names: &[&str]) -> Taken<Option<String>> {
    match row.first(names) {
        "" => Ok(None),
        text => match Code::parse(text) {
            Some(code) => Ok(Some(code.as_str().to_owned())),
            None => wrong(format!("{text} is no UTBMS code")),
        },
    }
}
