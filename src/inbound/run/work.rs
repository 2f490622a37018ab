//! The verbs that record work: time, completion, notes, messages, calls, logged mails, and their correction.

use jiff::civil::Date;

use super::super::command::{Corrected, Flag, Request, Verb, corrected, either};
use super::{Run, cut, typed};
use crate::actions::time::{Change, NewEntry, Recorded};
use crate::actions::{communications, messages, notes, tasks, time};
use crate::domain::dates::{self, Against, Direction};
use crate::domain::duration::Quantity;
use crate::domain::utbms::Group;
use crate::domain::{Item, ItemId, Kind, PersonId};
use crate::language::{phrase, say, sentence};
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
        let entry = NewEntry {
            on,
            date: request.date,
            quantity,
            terms: terms(request),
            narrative: request.narrative.clone(),
            anyway: self.words.commands.requests.iter().any(|r| r.verb == Verb::Keep),
        };
        match time::record(&self.act, &entry)? {
            Ok(Recorded::Entry { entry, hints }) => {
                let mut hints: Vec<String> = hints.into_iter().map(|hint| phrase(&self, hint)).collect();
                hints.extend(self.names_another(on, &request.narrative, Verb::Time)?);
                hints.extend(self.is_very_long(quantity));
                // Said once in a mail, a remark is a remark.
                hints.retain(|hint| {
                    !self.lines.iter().any(|l| matches!(l, Line::Done { hints, .. } if hints.contains(hint)))
                });
                self.made("time", Deed::Added, entry, hints)
            }
            Ok(Recorded::DayTooLong) => {
                self.refuse(request, say!(self, "That would make more than 24 hours on that day."), None);
                Ok(())
            }
            Ok(Recorded::Again(earlier)) => self.refuse_repeated(request, earlier),
            Err(Refusal::CategoryUnknown) => self.refuse_category(request),
            Err(Refusal::NoTimeOnThis) => self.suggest_matter(request, on, quantity),
            Err(refusal) => {
                self.refuse_by(request, refusal, on.kind);
                Ok(())
            }
        }
    }

    /// No time on an event, a bill, a folder: the same on its matter would work, if that is shared (CAL-05).
    fn suggest_matter(&mut self, request: &Request, on: Item, quantity: Quantity) -> Result<()> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let why = words::refusal(Refusal::NoTimeOnThis, on.kind, self.locale);
        let mut instead = None;
        if let Some(matter) = tx.matter_of(firm, on)?.map(|row| Item::new(Kind::Matter, row))
            && tx.ask(firm, self.act.actor.id, Ability::AddTime, matter, self.act.now)?.is_allowed()
            && let Some(number) = tx.number(firm, self.numbering(), matter)?
        {
            let mut line = format!("#{} {}h {number}", Verb::Time.word(self.locale), quantity.hours_in(self.locale));
            let codes = request.codes.iter().map(|c| format!(" {c}"));
            let flags = request.flags.iter().map(|f| format!(" {}", f.name()));
            line.extend(request.date.map(|d| format!(" {d}")).into_iter().chain(codes).chain(flags));
            line.push_str(&format!(" {}", request.narrative));
            instead = Some(line.trim_end().to_owned());
        }
        self.refuse(request, why, instead);
        Ok(())
    }

    fn refuse_repeated(&mut self, request: &Request, earlier: Item) -> Result<()> {
        let found = self.act.tx.time_entry(self.act.firm.id, earlier.id)?;
        let why = match (self.numbers_of(&[earlier])?.first(), found) {
            (Some(id), Some(entry)) => {
                let words = if self.carries_content(earlier)? { cut(&entry.work.narrative, 60) } else { String::new() };
                let (day, hours) = (self.locale.display(entry.work.date), entry.work.quantity.hours_in(self.locale));
                match words.is_empty() {
                    true => say!(
                        self,
                        "You recorded the same, or nearly, before: {id} on {day} ({hours} h). Nothing was added. If both are meant, send the line again, with #keep on a line below it.",
                        id = id,
                        day = day,
                        hours = hours
                    ),
                    false => say!(
                        self,
                        "You recorded the same, or nearly, before: {id} on {day} ({hours} h, “{words}”). Nothing was added. If both are meant, send the line again, with #keep on a line below it.",
                        id = id,
                        day = day,
                        hours = hours,
                        words = words
                    ),
                }
            }
            _ => say!(
                self,
                "You recorded the same, or nearly, before. Nothing was added. If both are meant, send the line again, with #keep on a line below it."
            ),
        };
        self.refuse(request, why, None);
        Ok(())
    }

    /// Lists the categories that may be chosen (TIM-13).
    fn refuse_category(&mut self, request: &Request) -> Result<()> {
        let names: Vec<String> =
            self.act.tx.visible_categories(self.act.firm.id)?.into_iter().take(20).map(|c| c.name).collect();
        let mut why = words::refusal(Refusal::CategoryUnknown, Kind::TimeEntry, self.locale);
        if !names.is_empty() {
            why = format!("{why} {}", say!(self, "You can choose {names}.", names = names.join(", ")));
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
        if self.doubts_done(request)? {
            return Ok(());
        }
        if request.ids.is_empty() {
            return match self.task_meant(request)? {
                Some(task) => self.complete(request, task, request.duration),
                None => Ok(()),
            };
        }
        // As typed: how many of the numbers exist must show nowhere, so each is refused before the next (threats T43).
        let only_one = request.ids.len() == 1;
        for id in &request.ids {
            let alone = &Request { ids: vec![*id], ..request.clone() };
            if id.kind != Kind::Task {
                let why = say!(self, "{id} is no task. #done takes tasks, such as T-12.", id = id.to_string());
                self.refuse(alone, why, None);
            } else if let Some(task) = self.find(alone, *id)? {
                self.complete(alone, task, request.duration.filter(|_| only_one))?;
            }
        }
        if request.duration.is_some() && !only_one {
            let why = say!(self, "The time was not recorded: write a line for each task.");
            self.refuse(request, why, Some(say!(self, "#time 1h T-12 Drafted brief")));
        }
        Ok(())
    }

    /// Completes a task, and records how long it took, if that was said.
    fn complete(&mut self, request: &Request, task: Item, took: Option<Quantity>) -> Result<()> {
        if let Err(refusal) = tasks::complete(&self.act, task)? {
            self.refuse_by(request, refusal, Kind::Task);
            return Ok(());
        }
        self.made("done", Deed::Completed, task, Vec::new())?;
        self.completed.push(task);
        took.map_or(Ok(()), |quantity| self.record(request, task, quantity))
    }

    /// Without a number: the task of the thread, or the one open task that is assigned to the sender (gateway.md K5).
    fn task_meant(&mut self, request: &Request) -> Result<Option<Item>> {
        if let Some(item) = self.situation.item.filter(|i| i.kind == Kind::Task) {
            return Ok(Some(item));
        }
        let mut open = Vec::new();
        for task in self.act.tx.tasks_assigned_to(self.act.firm.id, self.act.actor.whose())? {
            let here = self.situation.matter.is_none() || task.matter == self.situation.matter;
            if here && task.completed_at.is_none() && self.act.ask(Ability::Complete, task.item())?.is_ok() {
                open.push(task.item());
            }
        }
        match open.as_slice() {
            [one] if self.situation.context_is_signed => Ok(Some(*one)),
            _ => {
                self.ask_which_task(request);
                Ok(None)
            }
        }
    }

    pub(super) fn note(&mut self, request: &Request) -> Result<()> {
        let Some(matter) = self.target_matter(request)? else { return Ok(()) };
        let (subject, detail) = heading(&request.narrative);
        match notes::add(&self.act, matter, subject, detail)? {
            Ok(note) => {
                let here = Item::new(Kind::Matter, matter);
                let mut hints: Vec<String> =
                    self.names_another(here, &request.narrative, Verb::Note)?.into_iter().collect();
                hints.extend(self.speaks_to_somebody(matter, &request.narrative)?);
                self.made("note", Deed::Added, note, hints)
            }
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
            Ok(posted) => self.sent(posted, true),
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
                let why = match names.is_empty() {
                    true => {
                        say!(self, "Nothing was sent: nobody of that name has this matter. It is shared with nobody.")
                    }
                    false => say!(
                        self,
                        "Nothing was sent: nobody of that name has this matter. It is shared with {names}.",
                        names = names.join(", ")
                    ),
                };
                self.refuse(request, why, None);
            }
            [] => {
                let why = say!(
                    self,
                    "I know nobody of that name at the firm. Messages go to the firm's people only; nothing was sent."
                );
                self.refuse(request, why, None);
            }
            several => {
                let people: Vec<PersonId> = several.iter().map(|p| p.id).collect();
                self.ask_which_person(request, &people, item, matter)?;
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
    pub(super) fn insiders_of_name(&self, name: &str, matter: Option<i64>) -> Result<Vec<Person>> {
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
            subject: say!(self.act.firm.locale, "Telephone call"),
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
        if self.words.forwarded.is_none() && request.narrative.trim().is_empty() {
            let why = say!(
                self,
                "This mail forwards no other, so there is nothing to log. Forward the mail, with #log above it."
            );
            self.refuse(request, why, None);
            return Ok(());
        }
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

    /// The mail itself, of which we got a copy.
    pub(super) fn log_own_mail(&mut self, matter: i64) -> Result<()> {
        let new = NewCommunication {
            senders: self.act.actor.name(),
            receivers: self.situation.outsiders.join(", "),
            ..self.mail_log(matter, self.words.commands.text.clone())?
        };
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
        let against = Against { now: &now, locale: self.locale, direction: Direction::Past };
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
                let line = match request {
                    Some(request) => self.refusal_of(request, refusal, Kind::Matter),
                    None => self.refusal(String::new(), refusal, Kind::Matter),
                };
                self.kept_text |= request.is_none();
                self.note_closed(refusal);
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
                    let why = say!(self, "Is that how long it took, or what was done?");
                    self.refuse(&request, why, Some(either(&request, quantity, self.locale)));
                    return Ok(());
                }
            }
            before = self.act.tx.time_entry(self.act.firm.id, item.id)?.map(|e| e.work);
        }
        let request = &request;
        let answer = match item.kind {
            Kind::TimeEntry => {
                let narrative = Some(request.narrative.clone()).filter(|n| !n.is_empty());
                let change = Change {
                    date: request.date,
                    quantity: request.duration,
                    terms: terms(request),
                    narrative,
                    matter: None,
                };
                match time::edit(&self.act, item, &change)? {
                    Ok(true) => Ok(()),
                    Ok(false) => {
                        self.refuse(request, say!(self, "That would make more than 24 hours on that day."), None);
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
            Err(refusal) => self.refuse_or_pass_on(request, refusal, item.kind),
        }
    }

    /// What a time entry said before it was changed, so that it can be changed back.
    fn what_it_was(&self, item: Item, before: Option<Work>) -> Result<Vec<String>> {
        let after = self.act.tx.time_entry(self.act.firm.id, item.id)?.map(|e| e.work);
        let (Some(before), Some(after)) = (before, after) else { return Ok(Vec::new()) };
        let mut was = Vec::new();
        if before.rounded != after.rounded {
            was.push(say!(self, "{hours} h", hours = before.rounded.hours_in(self.locale)));
        }
        if before.date != after.date {
            was.push(say!(self, "on {day}", day = self.locale.display(before.date)));
        }
        let codes = |w: &Work| [&w.activity_code, &w.task_code].into_iter().flatten().cloned().collect::<Vec<_>>();
        if codes(&before) != codes(&after) {
            was.push(
                Some(codes(&before).join("/")).filter(|c| !c.is_empty()).unwrap_or_else(|| say!(self, "no codes")),
            );
        }
        if before.narrative != after.narrative && self.carries_content(item)? {
            was.push(say!(self, "“{words}”", words = &before.narrative));
        }
        Ok(if was.is_empty() { was } else { vec![say!(self, "It was {before}.", before = was.join(", "))] })
    }

    /// The smallest change of the one time entry that the answered receipt reported.
    pub(super) fn edit_instead(&self) -> Result<Option<String>> {
        let entries: Vec<Item> = self.reported()?.into_iter().filter(|i| i.kind == Kind::TimeEntry).collect();
        Ok(self.numbers_of(&entries)?.first().map(|id| say!(self, "#edit {id} 1.2h", id = id)))
    }

    pub(super) fn delete(&mut self, request: &Request) -> Result<()> {
        if let [_, _, ..] = request.ids.as_slice() {
            for id in &request.ids {
                self.delete(&Request { ids: vec![*id], ..request.clone() })?;
            }
            return Ok(());
        }
        let Some(item) = self.correctable(request)? else { return Ok(()) };
        match self.take_back(item)? {
            Ok(()) => self.made("delete", Deed::Deleted, item, Vec::new()),
            Err(refusal) => self.refuse_or_pass_on(request, refusal, item.kind),
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
                let why = say!(
                    self,
                    "I can't tell what you mean. Write #{word} and the number from its receipt.",
                    word = request.verb.word(self.locale)
                );
                self.refuse(request, why, None);
                Ok(None)
            }
            several => {
                let ids = self.numbers_of(several)?;
                self.refuse(request, say!(self, "Which one? {ids}", ids = ids.join(", ")), None);
                Ok(None)
            }
        }
    }

    pub(super) fn numbers_of(&self, items: &[Item]) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for item in items {
            let id: Option<ItemId> = self.act.tx.number(self.act.firm.id, self.numbering(), *item)?;
            ids.extend(id.map(|i| i.to_string()));
        }
        Ok(ids)
    }

    /// What the mail did whose receipt is answered, without what was undone.
    pub(super) fn reported(&self) -> Result<Vec<Item>> {
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
            let why = say!(
                self,
                "#undo takes back what a receipt reported: reply with it to that receipt. Or write #delete and the number from the receipt."
            );
            self.refuse(request, why, None);
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
                // Once for all the files of a zip.
                let why = phrase(&self, why);
                let said = |l: &Line| matches!(l, Line::Refused { why: before, .. } if *before == why);
                if !self.lines.iter().any(said) {
                    self.refuse(request, why, None);
                }
                continue;
            }
            if !made_something(&effect.verb) {
                // To take back a correction would be to delete what it corrected.
                let why = say!(
                    self,
                    "A correction or a deletion can't be taken back by a command. Write the right version with #edit, or as a new entry."
                );
                self.refuse(request, why, None);
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
            self.refuse(request, say!(self, "There is nothing left to take back."), None);
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
        Kind::Task => Some(sentence!("Only the firm can reopen a task. Write to them in reply.")),
        Kind::Document => Some(sentence!("Only the firm can take back a filed document. Write to them in reply.")),
        Kind::Conversation => {
            Some(sentence!("A message that was sent can't be taken back. Write another one in reply."))
        }
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
