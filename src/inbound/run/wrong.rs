//! `#wrong`: what came was not meant for its reader. Their access to it ends at once, the firm is told, and nothing else
//! in the mail is carried out. And the question which of several people a name means, answered by a number.

use serde::{Deserialize, Serialize};

use super::super::command::Request;
use super::{Run, typed};
use crate::actions::{messages, shares};
use crate::domain::{Item, Kind, PersonId};
use crate::language::{phrase, say};
use crate::outbound::letter::Line;
use crate::store::{Result, StoreError};

/// The verb of the effect that keeps a message until it is known for whom it is.
pub(super) const ASKED: &str = "asked";

/// A message that waits for the name of its receiver.
#[derive(Serialize, Deserialize)]
struct Waiting {
    text: String,
    people: Vec<PersonId>,
    about: Option<Item>,
    matter: Option<i64>,
}

impl Run<'_> {
    pub(super) fn wrong(&mut self, request: &Request) -> Result<()> {
        if self.act.actor.is_user() {
            self.refuse(request, phrase(&self, super::BY_COMMAND_LINE), None);
            return Ok(());
        }
        let here = self.situation.item.or(self.situation.matter.map(|row| Item::new(Kind::Matter, row)));
        self.kept_text = true;
        let item = match request.ids.first() {
            // A number that is nothing's is refused like one that is not theirs (threats T43).
            Some(id) => match self.find(request, *id)? {
                Some(item) => Some(item),
                None => return Ok(()),
            },
            None => here,
        };
        let Some(item) = item else {
            let why = say!(
                self,
                "Thank you for telling. I can't see which mail you mean: reply with #wrong to the mail itself. Nothing in your mail was carried out, and the firm has it. Please do not read on, and delete what is not for you."
            );
            self.refuse(request, why, None);
            return Ok(());
        };
        match shares::give_back(&self.act, item)? {
            Ok(_) => {
                self.kept_text = false;
                let numbers = self.numbers_of(&[item])?;
                self.effect("wrong", None, None)?;
                let text = match numbers.first() {
                    Some(id) => say!(
                        self,
                        "Thank you for telling. Your access to {kind} {id} has ended, and the firm was told at once. Please do not read on, copy or pass on what you got, and delete it. Nothing else in your mail was carried out.",
                        kind = item.kind,
                        id = id
                    ),
                    None => say!(
                        self,
                        "Thank you for telling. Your access to that {kind} has ended, and the firm was told at once. Please do not read on, copy or pass on what you got, and delete it. Nothing else in your mail was carried out.",
                        kind = item.kind
                    ),
                };
                self.lines.push(Line::Noted { text });
            }
            Err(refusal) => self.refuse_by(request, refusal, item.kind),
        }
        Ok(())
    }

    /// True if `#edit` is about a conversation: what it names, or what the mail answers.
    pub(super) fn corrects_message(&self, request: &Request) -> bool {
        match request.ids.first() {
            Some(id) => id.kind == Kind::Conversation,
            None => self.situation.item.is_some_and(|i| i.kind == Kind::Conversation),
        }
    }

    /// One of the firm's people corrects their last message: the old one stays, marked, and a new one goes out (MSG-10).
    pub(super) fn correct_message(&mut self, request: &Request) -> Result<()> {
        let Some(item) = self.target(request)? else { return Ok(()) };
        match messages::correct(&self.act, item, &request.narrative)? {
            Ok(Some(posted)) => self.sent(posted, true),
            Ok(None) => {
                self.refuse(request, say!(self, "You have no message in this conversation to correct."), None);
                Ok(())
            }
            Err(refusal) => {
                self.refuse_by(request, refusal, item.kind);
                Ok(())
            }
        }
    }

    /// Keeps the message, and asks which of several people it is for.
    pub(super) fn ask_which_person(
        &mut self,
        request: &Request,
        people: &[PersonId],
        item: Item,
        matter: Option<i64>,
    ) -> Result<()> {
        let about = Some(item).filter(|i| !matches!(i.kind, Kind::Matter | Kind::Conversation));
        let waiting = Waiting { text: request.narrative.clone(), people: people.to_vec(), about, matter };
        let kept = serde_json::to_string(&waiting).map_err(|e| StoreError::Content(e.to_string()))?;
        self.effect(ASKED, None, Some(&kept))?;
        self.lines.push(Line::WhichPerson { typed: typed(request), people: people.to_vec() });
        Ok(())
    }

    /// A number in answer to that question: the message goes to that person. False if it answers no such question.
    pub(super) fn answers_which_person(&mut self, text: &str) -> Result<bool> {
        let number = text.trim().trim_start_matches('#').trim_end_matches(['.', ')']).parse::<usize>().ok();
        let (Some(number), Some(inbox)) = (number, self.situation.receipt_of) else { return Ok(false) };
        let effects = self.act.tx.effects(self.act.firm.id, inbox)?;
        let asked: Vec<_> = effects.into_iter().filter(|e| e.verb == ASKED).collect();
        let Some(effect) = asked.iter().find(|e| !e.undone) else {
            if !asked.is_empty() {
                let why = say!(self, "Your message went out when you answered before. Nothing was sent now.");
                let typed = text.trim().chars().take(20).collect();
                self.lines.push(Line::Refused { typed, why, instead: None });
            }
            return Ok(!asked.is_empty());
        };
        let Some(waiting) = effect.before.as_deref().and_then(|kept| serde_json::from_str::<Waiting>(kept).ok()) else {
            return Ok(false);
        };
        let Some(person) = number.checked_sub(1).and_then(|at| waiting.people.get(at)) else {
            let why = say!(self, "Write a number from 1 to {most}.", most = waiting.people.len());
            self.lines.push(Line::Refused { typed: text.trim().chars().take(20).collect(), why, instead: None });
            return Ok(true);
        };
        let topic = messages::Topic { about: waiting.about, matter: waiting.matter, to: Some(*person) };
        match messages::write(&self.act, topic, &waiting.text)? {
            Ok(posted) => {
                self.act.tx.set_undone(effect.id, self.act.now)?;
                self.sent(posted, true)?;
            }
            Err(refusal) => {
                self.kept_text = true;
                self.note_closed(refusal);
                let line = self.refusal(String::new(), refusal, Kind::Matter);
                self.lines.push(line);
            }
        }
        Ok(true)
    }
}
