//! The answer to "which matter is this about?": the number of a matter, alone, in reply to the receipt that asked. The mail
//! that waits goes on as if it had said it. Nothing else is done by such an answer.

use super::Run;
use crate::domain::{ItemId, Kind};
use crate::inbound::command::{Request, Verb};
use crate::language::say;
use crate::outbound::letter::Line;
use crate::sharing::{Ability, Refusal};
use crate::store::Result;
use crate::store::inbox::InboxState;
use crate::store::numbers::Reader;
use crate::store::threads::{About, Purpose};

impl Run<'_> {
    /// True if this mail was such an answer and is done with.
    pub(super) fn answers_which_matter(&mut self) -> Result<bool> {
        let (tx, firm, person) = (self.act.tx, self.act.firm.id, self.act.actor);
        let asked = self.situation.thread.as_ref().filter(|t| t.purpose == Purpose::Receipt).map(|t| t.about);
        let Some(About::Mail(inbox)) = asked else { return Ok(false) };
        let Some(id) = self.only_number() else { return Ok(false) };
        let Some(mail) = tx.inbox(firm, inbox)?.filter(|mail| mail.person == Some(person.id)) else { return Ok(false) };
        if mail.state != InboxState::Held || mail.reason.as_deref() != Some("CONTEXT_NONE") {
            if mail.assigned_matter.is_some() {
                let why = say!(self, "This was answered before; nothing more is needed.");
                self.lines.push(Line::Refused { typed: id.to_string(), why, instead: None });
            }
            return Ok(mail.assigned_matter.is_some());
        }
        let request = Request::new(Verb::Message, "", 0, &id.to_string());
        let matter = tx.find(firm, Reader::Firm, id)?;
        let Some(matter) = matter else {
            self.refuse_by(&request, Refusal::NotVisible, Kind::Matter);
            return Ok(true);
        };
        match self.act.ask(Ability::View, matter)? {
            Ok(()) if tx.choose_matter(firm, inbox, matter.id)? => self.effect("matter", Some(matter), None)?,
            Ok(()) => {}
            Err(refusal) => self.refuse_by(&request, refusal, Kind::Matter),
        }
        Ok(true)
    }

    /// The matter's number, if nothing else is written: `1`, `M-1`, `[M-1]`, `m 1`.
    fn only_number(&self) -> Option<ItemId> {
        let words = self.words;
        if !words.commands.requests.is_empty() || !words.files.is_empty() {
            return None;
        }
        let text = words.commands.text.trim().trim_matches(['[', ']', '(', ')', '.', '#']).to_ascii_uppercase();
        let digits = text.strip_prefix('M').unwrap_or(&text).trim_start_matches(['-', ' ']);
        ItemId::parse(&format!("M-{digits}")).filter(|id| id.kind == Kind::Matter)
    }
}
