//! In which role somebody writes, and who may write for them: `#as` and the answer to its question, `#assistant`.

use std::collections::BTreeSet;

use super::super::command::{Request, Verb};
use super::super::roles;
use super::Run;
use super::wishes::words;
use crate::actions::assistants::{self, Coded};
use crate::domain::{Address, FirmId, Kind, PersonId};
use crate::language::{self, count, one_of, phrase, say, sentence};
use crate::outbound::letter::Line;
use crate::outbound::templates::may;
use crate::sharing::Given;
use crate::store::Result;
use crate::store::assistants::Assistant;
use crate::store::threads::About;

const ADD: &str = sentence!("#assistant add Paula Berg paula@roe.example");

impl Run<'_> {
    /// True if `#as` names somebody else than this mail is written as: nothing of it may happen in the wrong role.
    pub(super) fn is_for_another_role(&mut self) -> bool {
        let (actor, firm) = (self.act.actor, self.act.firm);
        let wrong = self.words.commands.requests.iter().find(|r| {
            r.verb == Verb::As && !r.narrative.trim().is_empty() && !roles::is_called(actor, firm, &r.narrative)
        });
        let Some(wrong) = wrong else { return false };
        let why = say!(
            self,
            "To this address you write to {firm}. Nothing in this mail was carried out. The address decides the firm; #accounts lists your roles.",
            firm = &firm.name
        );
        self.refuse(wrong, why, None);
        true
    }

    /// The answer to "as whom did you write?": the mail that waits goes on in that role, here or at the firm that is named.
    pub(super) fn answer_role(&mut self) -> Result<()> {
        let Some(About::Mail(inbox)) = self.situation.thread.as_ref().map(|t| t.about) else { return Ok(()) };
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let Some(request) = self.words.commands.requests.iter().find(|r| r.verb == Verb::As) else {
            let why = say!(
                self,
                "Your answer was not read. Reply with one of the lines that begin with #as; send the rest in a mail of its own."
            );
            self.lines.push(Line::Refused { typed: String::new(), why, instead: None });
            return Ok(());
        };
        let mail = tx.inbox(firm, inbox)?.filter(|m| m.reason.as_deref() == Some("ROLE_UNKNOWN"));
        let address = mail.and_then(|m| m.from_address).and_then(|a| Address::parse(&a).ok());
        let Some(address) = address else {
            self.refuse(request, say!(self, "This was answered before; nothing more is needed."), None);
            return Ok(());
        };
        let firms: Vec<FirmId> = std::iter::once(firm).chain(self.words.neighbours.iter().copied()).collect();
        let known = roles::of_address(tx, &firms, &address)?;
        match roles::meant(&known, Some(&request.narrative)).as_slice() {
            [one] => {
                let done = match one.firm == firm {
                    true => tx.choose_role(firm, inbox, one.person)?,
                    false => tx.hand_over(firm, inbox, one.firm, one.person, self.act.now)?,
                };
                match done {
                    true => self.effect("as", None, None),
                    false => {
                        self.refuse(request, say!(self, "This was answered before; nothing more is needed."), None);
                        Ok(())
                    }
                }
            }
            _ => {
                let lines: Vec<String> =
                    known.iter().map(|role| say!(self, "#as {role}", role = &role.label)).collect();
                let why = say!(self, "Which one do you mean? {roles}", roles = one_of(&self, &lines));
                self.refuse(request, why, None);
                Ok(())
            }
        }
    }

    /// `#assistant add | remove | list`.
    pub(super) fn assistant(&mut self, request: &Request) -> Result<()> {
        let lower = words(request);
        match lower.first().map(|word| language::argument(word)) {
            _ if names_assistant(request) => self.name_assistant(request),
            Some("remove" | "end" | "delete") => self.remove_assistant(request),
            None | Some("list") => self.list_assistants(request),
            Some(_) => {
                let rest = after(request, 1);
                let is_whole = rest.len() > 1 && rest.last().is_some_and(|word| Address::parse(word).is_ok());
                let instead = if is_whole {
                    say!(self, "#assistant add {name}", name = rest.join(" "))
                } else {
                    phrase(&self, ADD)
                };
                self.refuse(request, say!(self, "Write add, remove or list after #assistant."), Some(instead));
                Ok(())
            }
        }
    }

    fn name_assistant(&mut self, request: &Request) -> Result<()> {
        let rest = after(request, 2);
        let Some(address) = rest.iter().find_map(|word| Address::parse(word).ok()) else {
            let why = say!(self, "Write the mail address of your assistant.");
            self.refuse(request, why, Some(phrase(&self, ADD)));
            return Ok(());
        };
        let (name, given): (Vec<&str>, Vec<&str>) =
            rest.iter().map(String::as_str).filter(|w| !w.contains('@')).partition(|w| Given::of(w).is_none());
        let mut given: BTreeSet<Given> = given.into_iter().filter_map(Given::of).collect();
        if given.is_empty() {
            given.extend(Given::USUAL);
        }
        let name = name.join(" ").trim_matches(['"', '\'', ' ']).chars().take(80).collect::<String>();
        if name.is_empty() {
            let why = say!(self, "Write the name of your assistant too.");
            self.refuse(request, why, Some(phrase(&self, ADD)));
            return Ok(());
        }
        let (first, last) = name.rsplit_once(' ').unwrap_or(("", &name));
        match assistants::name(&self.act, &address, (first, last), &given)? {
            Ok(Ok(_)) => self.noted(
                "assistant",
                say!(
                    self,
                    "{name} may, once you confirm it and the firm agrees: {given}. A code was sent to your registered address.",
                    name = &name,
                    given = may(self.locale, &given)
                ),
            ),
            Ok(Err(why)) => {
                self.refuse(request, phrase(&self, why.says()), None);
                Ok(())
            }
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Matter);
                Ok(())
            }
        }
    }

    /// The answer to the code; like the naming, only from a mail that is proved beyond doubt.
    pub(super) fn confirm_assistant(&mut self, request: &Request, assistant: PersonId) -> Result<()> {
        if !self.is_sure() {
            let why = say!(self, "Your mail system did not prove that this answer comes from you. Ask the firm.");
            self.refuse(request, why, None);
            return Ok(());
        }
        let why = match assistants::confirm(&self.act, assistant, &words(request).join(""))? {
            Ok(Coded::Confirmed) => {
                let text = say!(self, "Confirmed. The firm was asked, and you get a mail when it has agreed.");
                return self.noted("confirm", text);
            }
            Ok(Coded::Wrong { left }) => count!(
                self,
                left,
                "This code is wrong. You can try once more.",
                "This code is wrong. You can try {n} more times."
            ),
            Ok(Coded::Over) => say!(
                self,
                "This code can't be used any more. To begin again, write {command}",
                command = phrase(&self, ADD)
            ),
            Ok(Coded::Before) => say!(self, "This was confirmed before; nothing more is needed."),
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Matter);
                return Ok(());
            }
        };
        self.refuse(request, why, None);
        Ok(())
    }

    fn remove_assistant(&mut self, request: &Request) -> Result<()> {
        let wanted = after(request, 2).join(" ").to_lowercase();
        let live = match assistants::list(&self.act)? {
            Ok(live) => live,
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Matter);
                return Ok(());
            }
        };
        let mut meant = Vec::new();
        for assistant in &live {
            let address = self.act.tx.mail_address(self.act.firm.id, &assistant.person)?;
            let name = assistant.person.own_name().to_lowercase();
            if name == wanted || address.is_some_and(|a| a.as_str() == wanted) {
                meant.push(assistant);
            }
        }
        let [one] = meant.as_slice() else {
            let names: Vec<String> = live.iter().map(|a| a.person.own_name()).collect();
            let why = match names.first() {
                Some(_) => {
                    say!(self, "Write whom, by name or address. Your assistants: {names}.", names = names.join(", "))
                }
                None => say!(self, "You have no assistant."),
            };
            let instead = names.first().map(|name| say!(self, "#assistant remove {name}", name = name));
            self.refuse(request, why, instead);
            return Ok(());
        };
        match assistants::remove(&self.act, one.person.id)? {
            Ok(_) => self.noted("assistant", {
                say!(self, "{name} does not act for you any more.", name = one.person.own_name())
            }),
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Matter);
                Ok(())
            }
        }
    }

    fn list_assistants(&mut self, request: &Request) -> Result<()> {
        match assistants::list(&self.act)? {
            Ok(live) if live.is_empty() => {
                let text = say!(self, "You have no assistant. To name one: {command}", command = phrase(&self, ADD));
                self.lines.push(Line::Settings { text });
            }
            Ok(live) => {
                for assistant in &live {
                    let given = assistant.person.acts_for.as_ref().map(|a| may(self.locale, &a.given));
                    let text = say!(
                        self,
                        "{name} ({standing}): {given}.",
                        name = assistant.person.own_name(),
                        standing = phrase(&self, standing(assistant)),
                        given = given.unwrap_or_default()
                    );
                    self.lines.push(Line::Settings { text });
                }
            }
            Err(refusal) => self.refuse_by(request, refusal, Kind::Matter),
        }
        Ok(())
    }
}

/// How far it has come, for the co-counsel.
const fn standing(assistant: &Assistant) -> &'static str {
    match assistant {
        a if a.confirmed_at.is_none() => sentence!("waits for your code"),
        a if a.approved_at.is_none() => sentence!("waits for the firm"),
        a if a.person.accepted_at.is_none() => sentence!("invited"),
        _ => sentence!("acts for you"),
    }
}

/// The words of the line from the one at this place on, as they were typed.
/// `#assistant add` and its other words.
pub(super) fn names_assistant(request: &Request) -> bool {
    words(request).first().is_some_and(|word| matches!(language::argument(word), "add" | "name"))
}

fn after(request: &Request, place: usize) -> Vec<String> {
    let words = request.original.split_whitespace().skip(place);
    words.map(|w| w.trim_matches([',', ';', '<', '>', '(', ')']).to_owned()).filter(|w| !w.is_empty()).collect()
}
