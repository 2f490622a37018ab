//! What only the firm may do: it is refused, and what was wanted is passed on to the firm (TSK-04), or offered to be
//! (MAT-05, CAL-03); and `#send`, which takes such an offer.

use super::super::command::{Request, Verb, is_pleasantry};
use super::{Run, typed};
use crate::actions::messages::{self, Topic};
use crate::domain::{Item, Kind};
use crate::language::say;
use crate::outbound::letter::Line;
use crate::outbound::words;
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::offers::Offer;

/// The words that send what was offered; any other word for a message begins one.
const SEND: [&str; 4] = ["send", "senden", "envoyer", "enviar"];

impl Run<'_> {
    /// Refuses what only the firm may do. What was written of tasks goes on to the firm at once, anything else is offered.
    pub(super) fn refuse_and_pass_on(&mut self, request: &Request, why: String) -> Result<()> {
        let mut on = self.situation.item.filter(|_| self.situation.context_is_signed);
        if let Some(id) = request.ids.first()
            && let Some(named) = self.act.tx.find(self.act.firm.id, self.numbering(), *id)?
            && self.act.ask(Ability::View, named)?.is_ok()
        {
            on = Some(named);
        }
        let matter = match on {
            Some(item) => self.act.tx.matter_of(self.act.firm.id, item)?,
            None => self.situation.matter.filter(|_| self.situation.context_is_signed),
        };
        let of_tasks = matches!(request.verb, Verb::Task | Verb::Assign) || on.is_some_and(|i| i.kind == Kind::Task);
        let body = say!(self.act.firm.locale, "My request: {words}", words = as_written(request));
        let topic = Topic { about: on.filter(|i| i.kind != Kind::Matter), matter, to: None };
        if of_tasks
            && !request.narrative.trim().is_empty()
            && let Some(name) = self.name_of_reader(topic)?
            && let Ok(posted) = messages::write(&self.act, topic, &body)?
        {
            let passed_on = say!(self, "Your text was passed on to {name}.", name = name);
            self.refuse(request, format!("{why} {passed_on}"), None);
            self.effect("message", Some(posted.conversation), None)?;
            self.posted.push(posted);
            return Ok(());
        }
        let offer = Offer { event: None, matter, body };
        self.refuse_and_offer(typed(request), why, &offer)
    }

    /// Refuses a change; if only the firm makes such ones, what was wanted is passed on.
    pub(super) fn refuse_or_pass_on(&mut self, request: &Request, refusal: Refusal, kind: Kind) -> Result<()> {
        match refusal {
            Refusal::TaskChangesByFirmOnly | Refusal::MattersByFirmOnly | Refusal::DocumentChangesByFirmOnly => {
                self.refuse_and_pass_on(request, words::refusal(refusal, kind, self.locale))
            }
            _ => {
                self.refuse_by(request, refusal, kind);
                Ok(())
            }
        }
    }

    /// Refuses, and offers to send what was meant to the firm as a message; what can't be sent so, the firm finds held.
    pub(super) fn refuse_and_offer(&mut self, typed: String, why: String, offer: &Offer) -> Result<()> {
        let (Some(inbox), Some(name)) = (self.act.inbox, self.name_of_reader(topic_of(offer))?) else {
            self.kept_text = true;
            self.lines.push(Line::Refused { typed, why, instead: None });
            return Ok(());
        };
        self.act.tx.add_offer(self.act.firm.id, self.act.actor.id, inbox, offer, self.act.now)?;
        self.offered_to.insert(name);
        self.lines.push(Line::Refused { typed, why, instead: None });
        Ok(())
    }

    /// `#send`, or `#yes`, in reply to a receipt that offered it: what was refused goes to the firm, with what else was
    /// written. False if nothing was offered.
    pub(super) fn takes_offers(&mut self, request: &Request) -> Result<bool> {
        let asks = match request.verb {
            Verb::Message => SEND.contains(&request.typed.as_str()) && request.to.is_none() && request.ids.is_empty(),
            Verb::Yes => request.ids.is_empty(),
            _ => false,
        };
        let Some(inbox) = self.situation.receipt_of.filter(|_| asks) else { return Ok(false) };
        let offers = self.act.tx.open_offers(self.act.firm.id, self.act.actor.id, inbox)?;
        let more = request.narrative.trim();
        let more = if more.is_empty() || is_pleasantry(more) { String::new() } else { format!("\n\n{more}") };
        for (row, offer) in &offers {
            match messages::write(&self.act, topic_of(offer), &format!("{}{more}", offer.body))? {
                Ok(posted) => {
                    self.act.tx.set_offer_taken(self.act.firm.id, *row, self.act.now)?;
                    self.sent(posted, true)?;
                }
                Err(refusal) => {
                    self.kept_text = true;
                    self.refuse_by(request, refusal, Kind::Matter);
                }
            }
        }
        if offers.is_empty()
            && more.is_empty()
            && self.act.tx.is_offer_taken(self.act.firm.id, self.act.actor.id, inbox)?
        {
            self.refuse(request, say!(self, "This was sent before; nothing more is needed."), None);
            return Ok(true);
        }
        Ok(!offers.is_empty())
    }

    /// Who of the firm would read a message about this.
    fn name_of_reader(&self, topic: Topic) -> Result<Option<String>> {
        let Some(lawyer) = messages::would_read(&self.act, topic)? else { return Ok(None) };
        Ok(self.act.tx.person(self.act.firm.id, lawyer)?.map(|p| p.name()))
    }
}

/// A request as it was typed, without what marks a command.
pub(super) fn as_written(request: &Request) -> String {
    let line = request.original.trim().trim_start_matches(['*', '-', '•', ' ']).trim_start_matches(['#', '＃']);
    let rest = request.narrative.trim();
    if line.contains(rest) { line.to_owned() } else { format!("{line}\n{rest}") }
}

pub(super) fn topic_of(offer: &Offer) -> Topic {
    Topic { about: offer.event.map(|e| Item::new(Kind::Event, e)), matter: offer.matter, to: None }
}
