//! Who hears of a mail: its sender of what was not understood, everybody concerned of what it did.

use std::collections::{BTreeMap, BTreeSet};

use super::super::command::Verb;
use super::{Run, attachments, command_in_subject, cut};
use crate::actions::Act;
use crate::actions::documents;
use crate::actions::messages::Posted;
use crate::domain::{Item, PersonId};
use crate::outbound::letter::{Letter, Line};
use crate::store::Result;
use crate::store::threads::About;

impl Run<'_> {
    pub(super) fn questions(&mut self) {
        for near in &self.words.commands.near_misses {
            let text = if near.word == near.suggestion {
                format!(
                    "A line that looks like #{0} was left in your text. Did you mean the command? Write it as #{0} and a blank.",
                    near.word
                )
            } else {
                let meant = match near.suggestion {
                    "help" => "#help lists those there are.".to_owned(),
                    other => format!("Did you mean #{other}?"),
                };
                format!("#{} is no command I know; it was left in your text. {meant}", near.word)
            };
            self.lines.push(Line::Question { text });
        }
        for left in &self.left_off {
            let text = format!(
                "I left \u{201c}{}\u{201d} out of the description. If you meant a command, put it on a line of its own.",
                cut(left, 120)
            );
            self.lines.push(Line::Question { text });
        }
        let asked: Vec<&str> = self.left_off.iter().filter_map(|left| command_in_subject(left)).collect();
        let words: BTreeSet<&str> = self.words.commands.mid_line.iter().map(|m| m.word.as_str()).collect();
        for word in words.into_iter().filter(|word| !asked.iter().any(|a| a.eq_ignore_ascii_case(word))) {
            let text = format!("Did you mean #{word} as a command? Put it on a line of its own.");
            self.lines.push(Line::Question { text });
        }
        if self.lacks_attachment() {
            let text = "You wrote of an attachment, but no file came with your mail.".to_owned();
            self.lines.push(Line::Question { text });
        }
        self.say_what_was_left_out();
    }

    pub(super) fn lacks_attachment(&self) -> bool {
        let words = self.words;
        let has_files = !words.files.is_empty() || !words.left_out.is_empty();
        if has_files || words.forwarded.is_some() {
            return false;
        }
        let messages = words.commands.requests.iter().filter(|r| r.verb == Verb::Message);
        messages.map(|r| r.narrative.as_str()).chain([self.whole_text().as_str()]).any(attachments::are_spoken_of)
    }

    /// Asks once for text and files alike; until it is answered the firm has them.
    pub(super) fn ask_which_matter(&mut self) {
        let question = Line::WhichMatter { typed: String::new() };
        if !self.lines.contains(&question) {
            self.lines.push(question);
        }
        self.kept_text = true;
    }

    /// One letter to everybody who is to hear of this mail: the members of the conversation, the responsible lawyer, and
    /// those with whom a document, or a folder above it, is shared.
    pub(super) fn tell(&mut self) -> Result<()> {
        let outsiders = self.situation.outsiders.clone();
        let mut told = BTreeSet::new();
        for (place, posted) in std::mem::take(&mut self.posted).iter().enumerate() {
            // A second message of one mail to the same person is a letter of its own.
            let cause = if place == 0 { self.act.cause.to_owned() } else { format!("{}:{place}", self.act.cause) };
            let act = Act { cause: &cause, ..self.act };
            for person in &posted.to {
                told.insert(*person);
                act.tell(*person, self.news(Some(posted), &outsiders), About::Item(posted.conversation))?;
            }
        }
        for (person, about) in self.concerned()? {
            if person != self.act.actor.id && !told.contains(&person) {
                self.act.tell(person, self.news(None, &outsiders), About::Item(about))?;
            }
        }
        Ok(())
    }

    /// Who hears of files and completed tasks, and about what an answer would be: the responsible lawyer, whoever assigned
    /// the task, and the contacts who see the document by a share.
    pub(super) fn concerned(&self) -> Result<BTreeMap<PersonId, Item>> {
        let firm = self.act.firm.id;
        let mut people = BTreeMap::new();
        let works = self.completed.iter().chain(&self.logged).copied();
        let first = self.documents.first().map(|d| d.document).into_iter().chain(works).next();
        let Some(first) = first else { return Ok(people) };
        let matter = self.act.tx.matter_of(firm, first)?;
        people.extend(self.act.responsible(matter)?.map(|p| (p, first)));
        for task in &self.completed {
            let found = self.act.tx.task(firm, task.id)?;
            if let Some(assigner) = found.filter(|t| t.notify_completion).and_then(|t| t.assigner) {
                people.entry(assigner).or_insert(first);
            }
        }
        for filed in &self.documents {
            for contact in documents::audience(&self.act, filed.document)? {
                people.entry(contact).or_insert(filed.document);
            }
        }
        Ok(people)
    }

    pub(super) fn news(&self, posted: Option<&Posted>, outsiders: &[String]) -> Letter {
        Letter::News {
            by: self.act.actor.id,
            message: posted.map(|p| p.message),
            conversation: posted.map(|p| p.conversation),
            documents: self.documents.clone(),
            completed: self.completed.clone(),
            logged: self.logged.clone(),
            outsiders: outsiders.to_vec(),
        }
    }
}
