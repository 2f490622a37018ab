//! The text of a mail: what was written beside its commands, and whose it is to read.

use super::super::command::{self, Verb};
use super::{Run, command_in_subject, leftover};
use crate::actions::messages::{self, Posted, Topic};
use crate::domain::{Item, Kind, PersonId};
use crate::outbound::letter::Line;
use crate::store::Result;
use crate::store::people::Person;
use crate::store::threads::{About, Purpose};

impl Run<'_> {
    /// The text that is left: an answer in its conversation, a message about its item, or a new one on its matter.
    pub(super) fn text(&mut self) -> Result<()> {
        let text = self.whole_text();
        let text = text.as_str();
        if self.is_forward_to_log(text) {
            return self.log_forwarded(text);
        }
        if text.is_empty() && self.ordinal == 0 && self.lines.is_empty() {
            self.say_that_nothing_is_new();
        }
        if text.is_empty() || self.is_only_thanks(text) {
            return Ok(());
        }
        let (item, matter) = self.topic_of_text()?;
        if item.is_none() && !self.situation.context_is_signed {
            self.ask_which_matter();
            return Ok(());
        }
        if self.answers_held_notice() {
            self.say_how_held_mail_is_decided(String::new());
            return Ok(());
        }
        let answer = match item {
            Some(item) if item.kind == Kind::Conversation => messages::post(&self.act, item, text)?,
            other => {
                let about = other.filter(|i| i.kind != Kind::Matter);
                let topic = Topic { about, matter, to: self.addressee()? };
                if !self.is_sure_for_whom(topic, String::new())? {
                    return Ok(());
                }
                messages::write(&self.act, topic, text)?
            }
        };
        match answer {
            Ok(posted) => self.sent(posted),
            Err(refusal) => {
                self.kept_text = true;
                let kind = item.map_or(Kind::Matter, |i| i.kind);
                self.lines.push(self.refusal(String::new(), refusal, kind));
                Ok(())
            }
        }
    }

    /// What was written beside the commands: the words that they have no use for, and the text.
    pub(super) fn whole_text(&self) -> String {
        let commands = &self.words.commands;
        let outside = !self.act.actor.is_user();
        let left = commands.requests.iter().filter(|_| outside).filter_map(leftover);
        let parts: Vec<&str> = left.chain([commands.text.trim()]).filter(|part| !part.is_empty()).collect();
        parts.join("\n\n")
    }

    /// What the text is about: what the mail answers; where only a command named something, the task that it completed.
    pub(super) fn topic_of_text(&self) -> Result<(Option<Item>, Option<i64>)> {
        if self.situation.context_is_signed {
            return Ok((self.situation.item, self.situation.matter));
        }
        let only_leftovers = self.words.commands.text.trim().is_empty();
        let Some(task) = self.completed.first().filter(|_| only_leftovers) else { return Ok((None, None)) };
        Ok((Some(*task), self.act.tx.matter_of(self.act.firm.id, *task)?))
    }

    /// A new mail that forwards another is logged, with or without a comment, unless its commands say what to do.
    pub(super) fn is_forward_to_log(&self, text: &str) -> bool {
        let requests = &self.words.commands.requests;
        let logged = requests.iter().any(|r| r.verb == Verb::Log);
        let wanted = requests.is_empty() || !text.is_empty();
        self.words.forwarded.is_some() && self.situation.is_new && wanted && !logged
    }

    pub(super) fn say_that_nothing_is_new(&mut self) {
        let words = self.words;
        let (mut typed, mut why) = (String::new(), "I found nothing new in your mail.".to_owned());
        let in_subject = command_in_subject(&words.subject).filter(|_| !self.situation.is_new);
        if let Some(word) = in_subject {
            typed = format!("#{word}");
            why = format!("I don't read commands in the subject of a reply. Write #{word} in the text.");
        } else if words.all_quoted {
            why = "I found only quoted text in your mail. Write your answer above it, and send it again.".to_owned();
            self.kept_text = true;
        } else if !words.left_out.is_empty() || !words.commands.requests.is_empty() {
            return;
        }
        self.lines.push(Line::Refused { typed, why, instead: None });
    }

    /// For a user's answer about an item: the contact who is concerned, its assignee, whoever filed or logged it.
    pub(super) fn addressee(&self) -> Result<Option<PersonId>> {
        if !self.act.actor.is_user() {
            return Ok(None);
        }
        let firm = self.act.firm.id;
        let concerned = match self.situation.item {
            Some(item) if item.kind == Kind::Task => {
                self.act.tx.task(firm, item.id)?.and_then(|t| t.completed_by.or(t.assignee))
            }
            Some(item) if item.kind == Kind::Document => self.act.tx.current_version(firm, item.id)?.map(|v| v.creator),
            Some(item) if item.kind == Kind::Communication => {
                self.act.tx.communication(firm, item.id)?.map(|c| c.author)
            }
            _ => None,
        };
        let person = match concerned {
            Some(person) => self.act.tx.person(firm, person)?,
            None => None,
        };
        Ok(person.filter(|p| !p.is_user()).map(|p| p.id))
    }

    /// Whether it is sure whom a user means; if not, nothing is sent, and they are asked.
    pub(super) fn is_sure_for_whom(&mut self, topic: Topic, typed: String) -> Result<bool> {
        if !self.act.actor.is_user() || topic.to.is_some() {
            return Ok(true);
        }
        let people = messages::outside(&self.act, topic)?;
        if people.len() == 1 {
            return Ok(true);
        }
        let names: Vec<String> = people.iter().map(Person::name).collect();
        let why = match names.split_last() {
            Some((last, others)) => format!(
                "Nothing was sent. Who is it for? Write `#message to NAME:` at the start: {} or {last}. Or reply to a mail of theirs.",
                others.join(", ")
            ),
            None if topic.matter.is_some() => {
                "Nothing was sent. Nobody outside the firm who accepted an invitation has this matter.".to_owned()
            }
            None => "Nothing was sent. I can't tell who it is for. Reply to a mail of theirs, or write to the matter's address."
                .to_owned(),
        };
        let instead = names.first().map(|name| format!("#message to {name}: …"));
        self.lines.push(Line::Refused { typed, why, instead });
        Ok(false)
    }

    /// A user answers the notice that a mail is held: an answer decides nothing, and is for nobody.
    pub(super) fn answers_held_notice(&self) -> bool {
        let about_mail = self.situation.thread.as_ref().is_some_and(|t| matches!(t.about, About::Mail(_)));
        self.act.actor.is_user() && about_mail && self.situation.purpose() == Some(Purpose::Reply)
    }

    pub(super) fn say_how_held_mail_is_decided(&mut self, typed: String) {
        let Some(About::Mail(inbox)) = self.situation.thread.as_ref().map(|t| t.about) else { return };
        let why = format!(
            "Held mail is decided on the command line: `docketpost inbox release {}`. Nothing was sent.",
            inbox.0
        );
        self.lines.push(Line::Refused { typed, why, instead: None });
    }

    /// "Thanks!" to a receipt, a digest or a confirmation is no message and no error (decisions.md 19).
    pub(super) fn is_only_thanks(&self, text: &str) -> bool {
        let to_ourselves =
            matches!(self.situation.purpose(), Some(Purpose::Receipt | Purpose::Digest | Purpose::Confirm));
        to_ourselves && command::is_pleasantry(text)
    }

    pub(super) fn sent(&mut self, posted: Posted) -> Result<()> {
        self.effect("message", Some(posted.conversation), None)?;
        self.lines.push(Line::Sent { conversation: posted.conversation, to: posted.to.clone() });
        self.posted.push(posted);
        Ok(())
    }
}
