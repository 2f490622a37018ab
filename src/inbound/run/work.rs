//! The verbs that record work: time, completion, notes, messages, calls, logged mails, and their correction.

use jiff::civil::Date;

use super::super::command::{Corrected, Flag, Request, corrected, either};
use super::{Run, typed};
use crate::actions::time::{Change, NewEntry, Recorded};
use crate::actions::{communications, messages, notes, tasks, time};
use crate::domain::dates::{self, Against, Direction};
use crate::domain::duration::Quantity;
use crate::domain::utbms::Group;
use crate::domain::{Item, ItemId, Kind, PersonId};
use crate::outbound::letter::{Deed, Line};
use crate::outbound::words;
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::activities::Work;
use crate::store::communications::{Medium, NewCommunication};
use crate::store::people::Person;

impl Run<'_> {
    fn made(&mut self, verb: &str, deed: Deed, item: Item, hints: Vec<String>) -> Result<()> {
        self.effect(verb, Some(item), None)?;
        self.lines.push(Line::Done { deed, item, hints });
        Ok(())
    }

    pub(super) fn time(&mut self, request: &Request) -> Result<()> {
        let (Some(on), Some(quantity)) = (self.time_target(request)?, request.duration) else { return Ok(()) };
        self.record(request, on, quantity)
    }

    fn record(&mut self, request: &Request, on: Item, quantity: Quantity) -> Result<()> {
        let entry =
            NewEntry { on, date: request.date, quantity, terms: terms(request), narrative: request.narrative.clone() };
        match time::record(&self.act, &entry)? {
            Ok(Recorded::Entry { entry, mut hints }) => {
                hints.extend(self.last_year(request)?);
                self.made("time", Deed::Added, entry, hints)
            }
            Ok(Recorded::DayTooLong) => {
                self.refuse(request, "That would make more than 24 hours on that day.".into(), None);
                Ok(())
            }
            Ok(Recorded::Again(earlier)) => self.refuse_repeated(request, earlier),
            Err(Refusal::CategoryUnknown) => self.refuse_category(request),
            Err(refusal) => {
                self.refuse_by(request, refusal, on.kind);
                Ok(())
            }
        }
    }

    fn refuse_repeated(&mut self, request: &Request, earlier: Item) -> Result<()> {
        let found = self.act.tx.time_entry(self.act.firm.id, earlier.id)?;
        let before = match (self.numbers(&[earlier])?.first(), found) {
            (Some(id), Some(entry)) => {
                let day = self.act.firm.locale.display(entry.work.date);
                format!(" as {id} on {day} ({} h)", entry.work.quantity.decimal_hours())
            }
            _ => String::new(),
        };
        let why = format!("You recorded this already{before}. Nothing was added. If both are meant, change the words.");
        self.refuse(request, why, None);
        Ok(())
    }

    /// A day without its year that was taken to be of the year before.
    fn last_year(&self, request: &Request) -> Result<Option<String>> {
        let year = self.act.today()?.year();
        let before = request.date.filter(|d| d.year() < year && !request.original.contains(&d.year().to_string()));
        Ok(before.map(|d| format!("The day is of last year: {}.", self.act.firm.locale.display(d))))
    }

    /// Lists the categories that may be chosen (TIM-13).
    fn refuse_category(&mut self, request: &Request) -> Result<()> {
        let names: Vec<String> =
            self.act.tx.visible_categories(self.act.firm.id)?.into_iter().take(20).map(|c| c.name).collect();
        let mut why = words::refusal(Refusal::CategoryUnknown, Kind::TimeEntry, self.act.firm.locale);
        if !names.is_empty() {
            why.push_str(&format!(" You can choose {}.", names.join(", ")));
        }
        self.refuse(request, why, None);
        Ok(())
    }

    /// Time goes onto what the mail is about; answers to receipts, bills and the like fall back to the matter.
    fn time_target(&mut self, request: &Request) -> Result<Option<Item>> {
        let named = request.ids.iter().find(|i| i.kind != Kind::Matter).or(request.ids.first()).copied();
        match named {
            Some(id) => self.find(request, id),
            None => self.target(request),
        }
    }

    pub(super) fn done(&mut self, request: &Request) -> Result<()> {
        let tasks = match self.tasks_meant(request)? {
            Some(tasks) => tasks,
            None => return Ok(()),
        };
        let only_one = tasks.len() == 1;
        for task in tasks {
            match tasks::complete(&self.act, task)? {
                Ok(()) => {
                    self.made("done", Deed::Completed, task, Vec::new())?;
                    self.completed.push(task);
                }
                Err(refusal) => {
                    self.refuse_by(request, refusal, Kind::Task);
                    continue;
                }
            }
            if let Some(quantity) = request.duration.filter(|_| only_one) {
                self.record(request, task, quantity)?;
            }
        }
        if request.duration.is_some() && !only_one {
            let why = "The time was not recorded: write a line for each task.";
            self.refuse(request, why.into(), Some("#time 1h T-12 Drafted brief".into()));
        }
        Ok(())
    }

    /// The tasks by number, the task of the thread, or the one open task that is assigned to the sender (gateway.md K5).
    fn tasks_meant(&mut self, request: &Request) -> Result<Option<Vec<Item>>> {
        if !request.ids.is_empty() {
            let mut found = Vec::new();
            for id in &request.ids {
                if id.kind == Kind::Task {
                    found.extend(self.find(request, *id)?);
                } else {
                    self.refuse(request, format!("{id} is no task. #done takes tasks, such as T-12."), None);
                }
            }
            return Ok(Some(found));
        }
        if let Some(item) = self.situation.item.filter(|i| i.kind == Kind::Task) {
            return Ok(Some(vec![item]));
        }
        let mut open = Vec::new();
        for task in self.act.tx.tasks_assigned_to(self.act.firm.id, self.act.actor.id)? {
            let here = self.situation.matter.is_none() || task.matter == self.situation.matter;
            if here && task.completed_at.is_none() && self.act.ask(Ability::Complete, task.item())?.is_ok() {
                open.push(task.item());
            }
        }
        match open.as_slice() {
            [one] if self.situation.context_is_signed => Ok(Some(vec![*one])),
            _ => {
                self.lines.push(Line::WhichTask { typed: typed(request) });
                Ok(None)
            }
        }
    }

    pub(super) fn note(&mut self, request: &Request) -> Result<()> {
        let Some(matter) = self.target_matter(request)? else { return Ok(()) };
        let (subject, detail) = heading(&request.narrative);
        match notes::add(&self.act, matter, subject, detail)? {
            Ok(note) => self.made("note", Deed::Added, note, Vec::new()),
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Matter);
                Ok(())
            }
        }
    }

    pub(super) fn message(&mut self, request: &Request) -> Result<()> {
        let Some(item) = self.target(request)? else { return Ok(()) };
        if let Err(refusal) = self.act.ask(Ability::View, item)? {
            self.refuse_by(request, refusal, item.kind);
            return Ok(());
        }
        let matter = self.act.tx.matter_of(self.act.firm.id, item)?;
        let to = match &request.to {
            Some(name) => match self.addressed(request, name, item, matter)? {
                Some(person) => Some(person),
                None => return Ok(()),
            },
            None => None,
        };
        let about = Some(item).filter(|i| !matches!(i.kind, Kind::Matter | Kind::Conversation));
        let topic = messages::Topic { about, matter, to };
        if item.kind != Kind::Conversation && !self.is_sure_for_whom(topic, typed(request))? {
            return Ok(());
        }
        let answer = if item.kind == Kind::Conversation && to.is_none() {
            messages::post(&self.act, item, &request.narrative)?
        } else {
            messages::write(&self.act, topic, &request.narrative)?
        };
        match answer {
            Ok(posted) => self.sent(posted),
            Err(refusal) => {
                self.refuse_by(request, refusal, item.kind);
                Ok(())
            }
        }
    }

    /// The person whom a name means; none: it was said why not.
    fn addressed(
        &mut self,
        request: &Request,
        name: &str,
        item: Item,
        matter: Option<i64>,
    ) -> Result<Option<PersonId>> {
        let is_user = self.act.actor.is_user();
        let hits =
            if is_user { self.outside_of_name(name, item, matter)? } else { self.insiders_of_name(name, matter)? };
        match hits.as_slice() {
            [one] => return Ok(Some(one.id)),
            [] if is_user => {
                let topic = messages::Topic { about: Some(item), matter, to: None };
                let names: Vec<String> = messages::outside(&self.act, topic)?.iter().map(Person::name).collect();
                let who = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                let why = format!("Nothing was sent: nobody of that name has this matter. It is shared with {who}.");
                self.refuse(request, why, None);
            }
            [] => self.refuse(request, "I know nobody of that name at the firm.".into(), None),
            several => {
                let names: Vec<String> = several.iter().map(Person::name).collect();
                self.refuse(request, format!("That name fits {}. Write the whole name.", names.join(" and ")), None);
            }
        }
        Ok(None)
    }

    /// For the firm: those outside it who have the matter.
    fn outside_of_name(&self, name: &str, item: Item, matter: Option<i64>) -> Result<Vec<Person>> {
        let mut people = messages::outside(&self.act, messages::Topic { about: Some(item), matter, to: None })?;
        people.retain(|p| is_called(p, name));
        Ok(people)
    }

    /// For co-counsel: the firm's people. No other name is ever confirmed, nor that of somebody who may not see the matter.
    fn insiders_of_name(&self, name: &str, matter: Option<i64>) -> Result<Vec<Person>> {
        let mut hits = Vec::new();
        for user in self.act.tx.people(self.act.firm.id)?.into_iter().filter(|p| p.is_user() && !p.disabled) {
            if is_called(&user, name) && messages::may_know(&self.act, matter, user.id)? {
                hits.push(user);
            }
        }
        Ok(hits)
    }

    pub(super) fn call(&mut self, request: &Request) -> Result<()> {
        let Some(matter) = self.target_matter(request)? else { return Ok(()) };
        let new = NewCommunication {
            medium: Medium::Phone,
            matter,
            subject: "Telephone call".into(),
            body: request.narrative.clone(),
            date: match request.date {
                Some(date) => date,
                None => self.act.today()?,
            },
            length: request.duration,
            senders: self.act.actor.name(),
            receivers: String::new(),
            author: self.act.actor.id,
            inbox: self.act.inbox,
        };
        self.add_communication(&new, Some(request))
    }

    pub(super) fn log(&mut self, request: &Request) -> Result<()> {
        let Some(matter) = self.target_matter(request)? else { return Ok(()) };
        let forwarded = self.words.forwarded.clone().unwrap_or_default();
        let new = self.mail_log(matter, format!("{}\n\n{forwarded}", request.narrative))?;
        self.add_communication(&new, Some(request))
    }

    /// A forwarded mail to a matter's address is logged; what was written above it goes along (commands.md c2).
    pub(super) fn log_forwarded(&mut self, text: &str) -> Result<()> {
        let matter = self.situation.matter.filter(|_| self.situation.context_is_signed);
        let Some(matter) = matter else {
            self.lines.push(Line::WhichMatter { typed: String::new() });
            self.kept_text = true;
            return Ok(());
        };
        let forwarded = self.words.forwarded.clone().unwrap_or_default();
        let new = self.mail_log(matter, format!("{text}\n\n{forwarded}"))?;
        self.add_communication(&new, None)
    }

    fn mail_log(&self, matter: i64, body: String) -> Result<NewCommunication> {
        let (senders, receivers) = self.words.correspondents.clone();
        Ok(NewCommunication {
            medium: Medium::Email,
            matter,
            subject: self.words.subject.clone(),
            body: body.trim().to_owned(),
            date: self.date_of_forwarded()?,
            length: None,
            senders,
            receivers,
            author: self.act.actor.id,
            inbox: self.act.inbox,
        })
    }

    /// The day on which a forwarded mail was sent, if its header block says it with the year; otherwise today.
    fn date_of_forwarded(&self) -> Result<Date> {
        let today = self.act.today()?;
        let zone = self.act.tx.zone_of(self.act.firm, self.act.actor)?;
        let now = self.act.now.to_zoned(zone);
        let against = Against { now: &now, order: self.act.firm.locale.order(), direction: Direction::Past };
        let sent = self.words.forwarded.as_deref().and_then(|text| sent_on(text, &against));
        Ok(sent.filter(|date| *date <= today).unwrap_or(today))
    }

    fn add_communication(&mut self, new: &NewCommunication, request: Option<&Request>) -> Result<()> {
        match communications::add(&self.act, new)? {
            Ok(item) => {
                if new.medium == Medium::Email {
                    self.logged.push(item);
                }
                self.made("log", Deed::Added, item, Vec::new())
            }
            Err(refusal) => {
                let line = self.refusal(request.map(typed).unwrap_or_default(), refusal, Kind::Matter);
                self.kept_text |= request.is_none();
                self.lines.push(line);
                Ok(())
            }
        }
    }

    pub(super) fn edit(&mut self, request: &Request) -> Result<()> {
        let Some(item) = self.correctable(request)? else { return Ok(()) };
        let mut request = request.clone();
        let mut before = None;
        if item.kind == Kind::TimeEntry {
            match corrected(&request) {
                Corrected::Words => {}
                Corrected::To(quantity) => {
                    (request.duration, request.narrative) = (Some(quantity), String::new());
                }
                Corrected::Unclear(quantity) => {
                    let why = "Is that how long it took, or what was done?";
                    self.refuse(&request, why.into(), Some(either(&request, quantity)));
                    return Ok(());
                }
            }
            before = self.act.tx.time_entry(self.act.firm.id, item.id)?.map(|e| e.work);
        }
        let request = &request;
        let answer = match item.kind {
            Kind::TimeEntry => {
                let narrative = Some(request.narrative.clone()).filter(|n| !n.is_empty());
                let change =
                    Change { date: request.date, quantity: request.duration, terms: terms(request), narrative };
                match time::edit(&self.act, item, &change)? {
                    Ok(true) => Ok(()),
                    Ok(false) => {
                        self.refuse(request, "That would make more than 24 hours on that day.".into(), None);
                        return Ok(());
                    }
                    Err(Refusal::CategoryUnknown) => return self.refuse_category(request),
                    Err(refusal) => Err(refusal),
                }
            }
            Kind::Note => notes::edit(&self.act, item, &request.narrative)?,
            Kind::Communication => communications::edit(&self.act, item, &request.narrative)?,
            _ => self.act.ask(Ability::Edit, item)?.and(Err(Refusal::NotPermitted)),
        };
        match answer {
            Ok(()) => {
                let hints = self.what_it_was(item, before)?;
                self.made("edit", Deed::Edited, item, hints)
            }
            Err(refusal) => {
                self.refuse_by(request, refusal, item.kind);
                Ok(())
            }
        }
    }

    /// What a time entry said before it was changed, so that it can be changed back.
    fn what_it_was(&self, item: Item, before: Option<Work>) -> Result<Vec<String>> {
        let after = self.act.tx.time_entry(self.act.firm.id, item.id)?.map(|e| e.work);
        let (Some(before), Some(after)) = (before, after) else { return Ok(Vec::new()) };
        let mut was = Vec::new();
        if before.rounded != after.rounded {
            was.push(format!("{} h", before.rounded.decimal_hours()));
        }
        if before.date != after.date {
            was.push(format!("on {}", self.act.firm.locale.display(before.date)));
        }
        let codes = |w: &Work| [&w.activity_code, &w.task_code].into_iter().flatten().cloned().collect::<Vec<_>>();
        if codes(&before) != codes(&after) {
            was.push(Some(codes(&before).join("/")).filter(|c| !c.is_empty()).unwrap_or_else(|| "no codes".into()));
        }
        if before.narrative != after.narrative {
            was.push(format!("\u{201c}{}\u{201d}", before.narrative));
        }
        Ok(if was.is_empty() { was } else { vec![format!("It was {}.", was.join(", "))] })
    }

    /// The smallest change of the one time entry that the answered receipt reported.
    pub(super) fn edit_instead(&self) -> Result<Option<String>> {
        let entries: Vec<Item> = self.reported()?.into_iter().filter(|i| i.kind == Kind::TimeEntry).collect();
        Ok(self.numbers(&entries)?.first().map(|id| format!("#edit {id} 1.2h")))
    }

    pub(super) fn delete(&mut self, request: &Request) -> Result<()> {
        let Some(item) = self.correctable(request)? else { return Ok(()) };
        match self.take_back(item)? {
            Ok(()) => self.made("delete", Deed::Deleted, item, Vec::new()),
            Err(refusal) => {
                self.refuse_by(request, refusal, item.kind);
                Ok(())
            }
        }
    }

    fn take_back(&self, item: Item) -> Result<std::result::Result<(), Refusal>> {
        match item.kind {
            Kind::TimeEntry => time::delete(&self.act, item),
            Kind::Note => notes::delete(&self.act, item),
            Kind::Communication => communications::delete(&self.act, item),
            _ => Ok(self.act.ask(Ability::Delete, item)?.and(Err(Refusal::NotPermitted))),
        }
    }

    /// What `#edit` and `#delete` mean: the number that is typed, or the one thing that the answered receipt reported.
    fn correctable(&mut self, request: &Request) -> Result<Option<Item>> {
        if let Some(id) = request.ids.first() {
            return self.find(request, *id);
        }
        let items: Vec<Item> = self.reported()?.into_iter().filter(|i| is_own_kind(i.kind)).collect();
        match items.as_slice() {
            [one] => Ok(Some(*one)),
            [] => {
                let why = format!(
                    "I can't tell what you mean. Write #{} and the number from its receipt.",
                    request.verb.name()
                );
                self.refuse(request, why, None);
                Ok(None)
            }
            several => {
                let ids = self.numbers(several)?;
                self.refuse(request, format!("Which one? {}", ids.join(", ")), None);
                Ok(None)
            }
        }
    }

    fn numbers(&self, items: &[Item]) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for item in items {
            let id: Option<ItemId> = self.act.tx.number(self.act.firm.id, self.numbering(), *item)?;
            ids.extend(id.map(|i| i.to_string()));
        }
        Ok(ids)
    }

    /// What the mail did whose receipt is answered, without what was undone.
    fn reported(&self) -> Result<Vec<Item>> {
        let Some(inbox) = self.situation.receipt_of else { return Ok(Vec::new()) };
        let effects = self.act.tx.effects(self.act.firm.id, inbox)?;
        Ok(effects.into_iter().filter(|e| !e.undone).filter_map(|e| e.item).collect())
    }

    /// `#undo`: takes back what the answered receipt reported, as far as one may (decisions.md 16).
    pub(super) fn undo(&mut self, request: &Request) -> Result<()> {
        if !request.ids.is_empty() {
            return self.delete(request);
        }
        let Some(inbox) = self.situation.receipt_of else {
            let why = "#undo takes back what a receipt reported: reply with it to that receipt. Or write #delete and the number from the receipt.";
            self.refuse(request, why.into(), None);
            return Ok(());
        };
        let effects = self.act.tx.effects(self.act.firm.id, inbox)?;
        let mut any = false;
        for effect in effects.into_iter().filter(|e| !e.undone) {
            let Some(item) = effect.item else { continue };
            if effect.verb == "undo" {
                continue;
            }
            any = true;
            if let Some(why) = only_by_the_firm(item.kind) {
                self.refuse(request, why.into(), None);
                continue;
            }
            if !made_something(&effect.verb) {
                // To take back a correction would be to delete what it corrected.
                let why = "A correction or a deletion can't be taken back by a command. Write the right version with #edit, or as a new entry.";
                self.refuse(request, why.into(), None);
                continue;
            }
            match self.take_back(item)? {
                Ok(()) => {
                    self.act.tx.set_undone(effect.id, self.act.now)?;
                    self.made("undo", Deed::Undone, item, Vec::new())?;
                }
                Err(refusal) => self.refuse_by(request, refusal, item.kind),
            }
        }
        if !any {
            self.refuse(request, "There is nothing left to take back.".into(), None);
        }
        Ok(())
    }
}

/// The date in the header block of a forwarded mail: "Sent: Tuesday, 10 March 2026 14:02".
fn sent_on(forwarded: &str, against: &Against<'_>) -> Option<Date> {
    const FIELDS: [&str; 8] = ["date", "sent", "datum", "gesendet", "envoyé", "fecha", "enviado", "data"];
    let fields = forwarded.lines().take(40).filter_map(|l| l.trim_start_matches(['>', ' ', '*']).split_once(':'));
    let mut dates = fields.filter(|(name, _)| FIELDS.contains(&name.trim_matches(['*', ' ']).to_lowercase().as_str()));
    let value = dates.next()?.1.trim_matches(['*', ' ']).to_lowercase();
    let starts = std::iter::once(0).chain(value.match_indices(' ').map(|(at, _)| at.saturating_add(1)));
    // A weekday by itself, or a day without its year, may be another one.
    starts.take(20).find_map(|at| {
        let rest = value.get(at..)?;
        let (end, date) = dates::prefix(rest, against)?;
        let digits = rest.get(..end)?.split(|c: char| !c.is_ascii_digit()).any(|d| d.len() == 4);
        date.ok().filter(|_| digits)
    })
}

fn is_called(person: &Person, name: &str) -> bool {
    let wanted = name.to_lowercase();
    [person.name(), person.last_name.clone(), person.first_name.clone()].iter().any(|n| n.to_lowercase() == wanted)
}

/// What is not taken back by its author, and what to do instead.
const fn only_by_the_firm(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Task => Some("Only the firm can reopen a task. Write to them in reply."),
        Kind::Document => Some("Only the firm can take back a filed document. Write to them in reply."),
        Kind::Conversation => Some("A message that was sent can't be taken back. Write another one in reply."),
        _ => None,
    }
}

/// Verbs whose effect is a thing that was not there before: what `#undo` takes away.
fn made_something(verb: &str) -> bool {
    !matches!(verb, "edit" | "delete" | "undo")
}

const fn is_own_kind(kind: Kind) -> bool {
    matches!(kind, Kind::TimeEntry | Kind::Note | Kind::Communication)
}

fn terms(request: &Request) -> time::Terms {
    let code = |group: Group| request.codes.iter().find(|c| c.group() == group).map(ToString::to_string);
    time::Terms {
        task_code: code(Group::Task),
        activity_code: code(Group::Activity),
        non_billable: request.flags.contains(&Flag::NonBillable),
        no_charge: request.flags.contains(&Flag::NoCharge),
        category: request.keys.iter().find(|(k, _)| k == "activity").map(|(_, v)| v.clone()),
    }
}

/// "Subject: text" in the first line; a line that is all there is has no heading.
fn heading(text: &str) -> (&str, &str) {
    match text.split_once(": ") {
        Some((head, rest)) if head.len() <= 80 && !head.contains('\n') && !rest.trim().is_empty() => {
            (head.trim(), rest.trim())
        }
        _ => ("", text.trim()),
    }
}
