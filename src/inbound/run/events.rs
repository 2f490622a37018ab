//! Events: answers to invitations, by a word or by the calendar of whoever is invited; and what only the firm may do with
//! events, which is refused and offered to it as a message (CAL-03, CAL-04, CAL-07). Of what a calendar says, only an
//! answer of a known attendee to the present invitation has an effect (decisions.md 11).

use jiff::Timestamp;

use super::super::calendar::{Method, Object, Part};
use super::super::command::{Request, Verb};
use super::pass_on::as_written;
use super::{Ran, Run, typed};
use crate::actions::calendar::{self, Reply};
use crate::actions::messages::{self, Topic};
use crate::domain::{Address, Item, Kind};
use crate::language::say;
use crate::outbound::letter::Line;
use crate::outbound::words;
use crate::proof::Level;
use crate::sharing::{Ability, Refusal, Thing};
use crate::store::Result;
use crate::store::calendar::{Attendee, Event, PartStat};
use crate::store::firms::zone;
use crate::store::offers::Offer;
use crate::store::shares::{Circumstances, Subject};

/// What a mail of a calendar came to: it was carried out or refused like any other, or nothing was done for this reason.
pub type Heard = std::result::Result<Ran, &'static str>;

impl Run<'_> {
    /// `#yes`, `#no`, `#maybe`: of each event that is named, else of the one that the mail is about.
    pub(super) fn rsvp(&mut self, request: &Request) -> Result<()> {
        let answer = match request.verb {
            Verb::Yes => PartStat::Accepted,
            Verb::No => PartStat::Declined,
            _ => PartStat::Tentative,
        };
        // Each before the next: what is absent and what is hidden are refused in the same place (threats T43).
        for id in &request.ids {
            let alone = &Request { ids: vec![*id], ..request.clone() };
            if id.kind != Kind::Event {
                let why =
                    say!(self, "{id} is no event; only invitations to events are answered so.", id = id.to_string());
                self.refuse(alone, why, None);
            } else if let Some(event) = self.find(alone, *id)? {
                self.answer_event(alone, event, answer)?;
            }
        }
        if request.ids.is_empty() {
            let here = self.situation.item.filter(|_| self.situation.context_is_signed);
            let mut meant: Vec<Item> = here.into_iter().chain(self.reported()?).collect();
            meant.retain(|i| i.kind == Kind::Event);
            meant.dedup();
            return match meant.as_slice() {
                [one] => self.answer_event(request, *one, answer),
                _ => self.ask_which_event(request),
            };
        }
        Ok(())
    }

    fn answer_event(&mut self, request: &Request, event: Item, answer: PartStat) -> Result<()> {
        let reply = Reply { answer, written_at: self.act.now, only: None, day: None, unproved: None };
        match calendar::answer(&self.act, event, &reply)? {
            Ok(is_new) => {
                self.effect("answer", Some(event), None)?;
                self.lines.push(Line::Answered { event, answer, again: !is_new });
            }
            Err(refusal) => self.refuse_by(request, refusal, Kind::Event),
        }
        Ok(())
    }

    /// The first event that waits for an answer is the likeliest to be meant; it is named, never assumed.
    fn ask_which_event(&mut self, request: &Request) -> Result<()> {
        let (tx, firm, person) = (self.act.tx, self.act.firm.id, self.act.actor.id);
        let mut instead = None;
        for row in tx.events_of(firm, self.act.actor.whose())? {
            let waits =
                tx.attendee(firm, row.id, self.act.actor.whose())?.is_some_and(|a| a.partstat == PartStat::NeedsAction);
            let open = row.details.next(self.act.now).is_some();
            if waits && open && tx.ask(firm, person, Ability::Rsvp, row.item(), self.act.now)?.is_allowed() {
                instead = tx.number(firm, self.numbering(), row.item())?;
                break;
            }
        }
        if let Some(day) = self.day_of_acceptance()?.filter(|_| request.verb == Verb::Yes) {
            let day = self.locale.display(day);
            let Some(id) = instead else {
                let text = say!(
                    self,
                    "You accepted the firm's invitation on {day}, and no event waits for your answer: nothing more is needed.",
                    day = day
                );
                self.lines.push(Line::Noted { text });
                return Ok(());
            };
            let why = say!(
                self,
                "You accepted the firm's invitation on {day}. If you mean an event, write its number.",
                day = day
            );
            self.refuse(request, why, Some(format!("#{} {id}", request.verb.word(self.locale))));
            return Ok(());
        }
        let instead = match instead {
            Some(id) => format!("#{} {id}", request.verb.word(self.locale)),
            None => format!("#{}", Verb::Calendar.word(self.locale)),
        };
        let why = say!(self, "I can't tell which event you mean. Reply to its invitation, or write its number.");
        self.refuse(request, why, Some(instead));
        Ok(())
    }

    /// What only the firm may do with events: `#event`, `#invite`, `#move`, and `#edit` or `#delete` of one.
    pub(super) fn propose(&mut self, request: &Request) -> Result<()> {
        let on = match request.ids.iter().find(|id| matches!(id.kind, Kind::Event | Kind::Matter)) {
            Some(id) => match self.find(request, *id)? {
                Some(item) if self.hides(request, item)? => return Ok(()),
                Some(item) => Some(item),
                None => return Ok(()),
            },
            None => self.situation.item.filter(|i| i.kind == Kind::Event),
        };
        let matter = match on {
            Some(item) => self.act.tx.matter_of(self.act.firm.id, item)?,
            None => self.situation.matter.filter(|_| self.situation.context_is_signed),
        };
        let event = on.filter(|i| i.kind == Kind::Event && request.verb != Verb::Event);
        let (subject, ability) = match (event, matter, request.verb) {
            (Some(event), _, Verb::Invite) => (Subject::Item(event), Ability::Share),
            (Some(event), _, Verb::Delete) => (Subject::Item(event), Ability::Delete),
            (Some(event), _, Verb::Edit) => (Subject::Item(event), Ability::Edit),
            (Some(event), ..) => (Subject::Item(event), Ability::Move),
            (None, Some(matter), _) => (Subject::Item(Item::new(Kind::Matter, matter)), Ability::CreateEvent),
            (None, None, _) => (Subject::Other(Thing::Home, None), Ability::CreateEvent),
        };
        // The firm reads it.
        let body = say!(self.act.firm.locale, "My proposal for the calendar: {line}", line = as_written(request));
        let offer = Offer { event: event.map(|e| e.id), matter, body };
        self.refuse_event(typed(request), subject, ability, offer, Some(request))
    }

    /// Asks, which for outsiders means a refusal; offers to send what was meant to the firm as a message, if that can be.
    fn refuse_event(
        &mut self,
        typed: String,
        subject: Subject,
        ability: Ability,
        offer: Offer,
        request: Option<&Request>,
    ) -> Result<()> {
        let refusal = match self.act.ask_about(ability, subject, Circumstances::default())? {
            Ok(()) => Refusal::NotPermitted,
            Err(refusal) => refusal,
        };
        if refusal == Refusal::NotVisible {
            let kind = if offer.event.is_some() { Kind::Event } else { Kind::Matter };
            let line = match request {
                Some(request) => {
                    self.unseen.push(request.clone());
                    self.refusal_of(request, refusal, kind)
                }
                None => self.refusal(typed, refusal, kind),
            };
            self.lines.push(line);
            return Ok(());
        }
        let why = words::refusal(refusal, Kind::Event, self.locale);
        self.refuse_and_offer(typed, why, &offer)
    }

    /// An invitation, or an event to look at, that came with a person's mail: nobody outside the firm makes events or
    /// changes them by one.
    pub(super) fn event_of_theirs(&mut self) -> Result<()> {
        let Some(object) = self.words.calendar.as_ref().filter(|o| !o.is_by_machine()) else { return Ok(()) };
        if self.act.actor.is_user() {
            return Ok(());
        }
        let Some(part) = object.events.first() else { return Ok(()) };
        self.refuse_part(part)
    }

    fn refuse_part(&mut self, part: &Part) -> Result<()> {
        let known = self.act.tx.event_by_uid(self.act.firm.id, &part.uid)?;
        let matter = match &known {
            Some(row) => row.matter,
            None => self.situation.matter.filter(|_| self.situation.context_is_signed),
        };
        let (subject, ability) = match (&known, matter) {
            (Some(row), _) => (Subject::Item(row.item()), Ability::Move),
            (None, Some(matter)) => (Subject::Item(Item::new(Kind::Matter, matter)), Ability::CreateEvent),
            (None, None) => (Subject::Other(Thing::Home, None), Ability::CreateEvent),
        };
        let named = match part.summary.as_str() {
            "" => say!(self, "Your calendar entry"),
            summary => super::cut(summary, 60),
        };
        let offer = Offer { event: known.map(|row| row.id), matter, body: self.in_words(part) };
        self.refuse_event(say!(self, "“{words}”", words = named), subject, ability, offer, None)
    }

    /// A calendar's event as a message to the firm.
    fn in_words(&self, part: &Part) -> String {
        let locale = self.act.firm.locale;
        let mut lines = vec![say!(locale, "My proposal for the calendar:")];
        let when = match (&part.start, &part.end) {
            (Some(start), Some(end)) => {
                say!(locale, "{first} to {last}", first = start.in_words(locale), last = end.in_words(locale))
            }
            (Some(start), None) => start.in_words(locale),
            _ => String::new(),
        };
        lines.extend([&part.summary, &when, &part.location, &part.comment, &part.description].into_iter().cloned());
        lines.retain(|line| !line.trim().is_empty());
        lines.join("\n")
    }

    /// A mail that a calendar wrote by itself.
    pub(super) fn hear(mut self, object: &Object) -> Result<Heard> {
        let mut ignored = "CALENDAR_METHOD";
        for part in &object.events {
            let Some(row) = self.act.tx.event_by_uid(self.act.firm.id, &part.uid)? else {
                ignored = "CALENDAR_UNKNOWN";
                continue;
            };
            // A reply address is good for its own event only.
            if self.situation.item.is_some_and(|i| i.kind == Kind::Event && i != row.item()) {
                return Ok(Err("CALENDAR_CONFLICT"));
            }
            match object.method {
                Method::Reply => match self.reply(part, &row)? {
                    Ok(()) => {}
                    Err(reason) => ignored = reason,
                },
                Method::Refresh => match self.refresh(part, &row)? {
                    Ok(()) => {}
                    Err(reason) => ignored = reason,
                },
                Method::Counter | Method::Cancel => self.refuse_part(part)?,
                Method::Request | Method::Publish | Method::Other => {}
            }
        }
        if self.lines.is_empty() && self.ordinal == 0 {
            return Ok(Err(ignored));
        }
        self.tell()?;
        Ok(Ok(self.finish()?))
    }

    /// A calendar asks for the event as it is now: it goes to the address that is registered, if its owner is invited.
    fn refresh(&mut self, part: &Part, row: &Event) -> Result<std::result::Result<(), &'static str>> {
        let invited = self.act.tx.attendee(self.act.firm.id, row.id, self.act.actor.whose())?;
        if invited.is_none() || self.own_line(part, invited.as_ref())?.is_none() {
            return Ok(Err("CALENDAR_NOT_ATTENDEE"));
        }
        match calendar::send_again(&self.act, row.item())? {
            Ok(()) => self.effect("refresh", Some(row.item()), None)?,
            Err(_) => return Ok(Err("CALENDAR_NOT_ATTENDEE")),
        }
        Ok(Ok(()))
    }

    /// An answer to an invitation of ours (CAL-07); or why it counts for nothing.
    fn reply(&mut self, part: &Part, row: &Event) -> Result<std::result::Result<(), &'static str>> {
        let written_at = part.stamp.map_or(self.act.now, |at| at.min(self.act.now));
        let invited = self.act.tx.attendee(self.act.firm.id, row.id, self.act.actor.whose())?;
        let Some(attending) = self.own_line(part, invited.as_ref())? else { return Ok(Err("CALENDAR_NOT_ATTENDEE")) };
        if let Some(invited) = &invited
            && is_stale(part, invited, written_at)
        {
            return Ok(Err("CALENDAR_STALE"));
        }
        let answer = match part.attendees.get(attending).and_then(|a| a.answer) {
            Some(PartStat::NeedsAction) => return Ok(Err("CALENDAR_METHOD")),
            Some(answer) => answer,
            // Somebody else is to come instead: only the firm invites.
            None => {
                self.refuse_part(part)?;
                return Ok(Ok(()));
            }
        };
        let beside = part.attendees.get(attending).map(|a| a.comment.as_str()).unwrap_or_default();
        let comment = if part.comment.is_empty() { beside } else { &part.comment };
        let is_proved = matches!(self.situation.level, Level::Strong | Level::Good);
        let only = part.only.as_ref().map(|o| o.in_words(self.act.firm.locale));
        let day = part.only.as_ref().and_then(|o| o.day_in(&zone(&row.details.time_zone)));
        let day = day.filter(|day| row.details.of_series(*day).is_some());
        let changed = row.details.exceptions.iter().find(|e| Some(e.day) == day);
        let theirs = |of_all: u32| invited.as_ref().map_or(of_all, |i| i.sequence(of_all));
        let is_older = |sequence: u32| changed.is_some_and(|e| sequence < theirs(e.sequence));
        if part.sequence.is_some_and(is_older) {
            return Ok(Err("CALENDAR_STALE"));
        }
        let unproved = self.act.inbox.filter(|_| !comment.is_empty() && !is_proved);
        let reply = Reply { answer, written_at, only: only.as_deref(), day, unproved };
        match calendar::answer(&self.act, row.item(), &reply)? {
            Ok(true) => self.effect("answer", Some(row.item()), None)?,
            Ok(false) if comment.is_empty() => return Ok(Err("CALENDAR_SAME")),
            Ok(false) => {}
            Err(refusal) => {
                // No number was typed, so that none may be named.
                let typed = say!(self, "Your answer to an invitation");
                let mut request = Request::new(Verb::Yes, "yes", 0, &typed);
                request.ids.extend(self.act.tx.number(self.act.firm.id, self.numbering(), row.item())?);
                self.note_closed(refusal);
                let line = self.refusal(typed, refusal, Kind::Event);
                self.lines.push(line);
                if refusal == Refusal::NotVisible {
                    self.unseen.push(request);
                }
                return Ok(Ok(()));
            }
        }
        if !comment.is_empty() && is_proved {
            let topic = Topic { about: Some(row.item()), matter: row.matter, to: None };
            match messages::write(&self.act, topic, comment)? {
                Ok(posted) => self.sent(posted, false)?,
                Err(_) => self.kept_text = true,
            }
        }
        Ok(Ok(()))
    }

    /// Which of the attendee lines speaks of the sender: one with the address that was invited, or one they write from.
    fn own_line(&self, part: &Part, invited: Option<&Attendee>) -> Result<Option<usize>> {
        for (place, line) in part.attendees.iter().enumerate() {
            if invited.is_some_and(|i| i.invited_address.eq_ignore_ascii_case(&line.address)) {
                return Ok(Some(place));
            }
            let Ok(address) = Address::parse(&line.address) else { continue };
            let people = self.act.tx.people_writing_from(self.act.firm.id, &address)?;
            if people.iter().any(|p| p.id == self.act.actor.id) {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }
}

/// True for an answer to an invitation that was followed by another one. Some calendars leave the version out; what they
/// wrote after the last invitation left, answers that.
fn is_stale(part: &Part, invited: &Attendee, written_at: Timestamp) -> bool {
    match (&invited.sent, part.sequence) {
        (Some(sent), Some(sequence)) => sequence < sent.sequence,
        (Some(sent), None) => written_at < sent.at,
        (None, _) => true,
    }
}
