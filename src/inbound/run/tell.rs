//! Who hears of a mail: its sender of what was not understood, everybody concerned of what it did.

use std::collections::{BTreeMap, BTreeSet};

use super::super::command::Verb;
use super::super::files::Reason;
use super::{Run, attachments, command_in_subject, cut};
use crate::actions::Act;
use crate::actions::documents;
use crate::actions::messages::Posted;
use crate::domain::{Item, PersonId};
use crate::language::{Unsaid, say};
use crate::outbound::letter::{Letter, Line, Notice};
use crate::store::Result;
use crate::store::threads::About;

impl Run<'_> {
    pub(super) fn questions(&mut self) {
        for near in self.words.commands.near_misses.iter().filter(|_| !self.asked_of_words) {
            let text = match near.suggestion {
                same if same == near.word => say!(
                    self,
                    "A line that looks like #{word} was left in your text. Did you mean the command? Write it as #{word} and a blank.",
                    word = &near.word
                ),
                "help" => say!(
                    self,
                    "#{word} is no command I know; it was left in your text. #help lists those there are.",
                    word = &near.word
                ),
                other => say!(
                    self,
                    "#{word} is no command I know; it was left in your text. Did you mean #{other}?",
                    word = &near.word,
                    other = other
                ),
            };
            self.lines.push(Line::Question { text });
        }
        for unmarked in self.words.commands.unmarked.iter().filter(|_| !self.asked_of_words) {
            let text = say!(
                self,
                "“{line}” was left in your text. If you meant a command, write #{command}",
                line = cut(&unmarked.line, 60),
                command = cut(&unmarked.command, 60)
            );
            self.lines.push(Line::Question { text });
        }
        self.ask_of_subject_and_forward();
        for left in &self.left_off {
            let text = say!(
                self,
                "I left “{words}” out of the description. If you meant a command, put it on a line of its own.",
                words = cut(left, 120)
            );
            self.lines.push(Line::Question { text });
        }
        let asked: Vec<&str> = self.left_off.iter().filter_map(|left| command_in_subject(left)).collect();
        let words: BTreeSet<&str> = self.words.commands.mid_line.iter().map(|m| m.word.as_str()).collect();
        let cards = self.words.commands.requests.iter().any(super::look::asks_for_cards);
        for word in words
            .into_iter()
            .filter(|word| !(cards && *word == "vcard"))
            .filter(|word| !asked.iter().any(|a| a.eq_ignore_ascii_case(word)))
        {
            let text = say!(self, "Did you mean #{word} as a command? Put it on a line of its own.", word = word);
            self.lines.push(Line::Question { text });
        }
        if self.lacks_attachment() && self.words.links.is_empty() {
            let text = say!(self, "You wrote of an attachment, but no file came with your mail.");
            self.lines.push(Line::Question { text });
        }
        if let (false, [first, ..]) = (self.words.links.is_empty(), self.words.links.as_slice()) {
            let text = say!(
                self,
                "Your mail has a link to {service}. If a file is meant by it: the file itself did not come with your mail, and links are never opened here. Attach the file to file it.",
                service = *first
            );
            self.lines.push(Line::Question { text });
        }
        self.say_what_was_left_out();
    }

    /// A command in the subject of a reply, and a mail forwarded in one, come to nothing: it is said beside what was done.
    fn ask_of_subject_and_forward(&mut self) {
        let words = self.words;
        let requests = &words.commands.requests;
        let refused = self.lines.iter().any(|l| matches!(l, Line::Refused { typed, .. } if typed.starts_with('#')));
        if let Some(word) = command_in_subject(&words.subject).filter(|_| !self.situation.is_new && !refused)
            && !requests.iter().any(|r| Verb::of(word) == Some(r.verb))
        {
            let text =
                say!(self, "I don't read commands in the subject of a reply. Write #{word} in the text.", word = word);
            self.lines.push(Line::Question { text });
        }
        let logged = !self.logged.is_empty() || requests.iter().any(|r| r.verb == Verb::Log);
        if words.forwarded.is_some() && !self.situation.is_new && !logged && self.ordinal > 0 {
            let text = say!(
                self,
                "The mail that you forwarded below your text was not kept. To log it, send it again, with #log above it."
            );
            self.lines.push(Line::Question { text });
        }
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
        // A mail to others that we only got a copy of is theirs to write (decisions.md 20).
        let outsiders = self.situation.outsiders.iter().filter(|_| self.situation.is_addressed).cloned();
        let outsiders: Vec<String> = outsiders.collect();
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
        self.tell_of_infected()?;
        for (person, about) in self.concerned()? {
            // For whom an assistant acts hears of it in a mail of their own.
            let is_theirs = person == self.act.actor.id || person == self.act.actor.whose();
            if !is_theirs && !told.contains(&person) {
                self.act.tell(person, self.news(None, &outsiders), About::Item(about))?;
            }
        }
        Ok(())
    }

    fn tell_of_infected(&self) -> Result<()> {
        let infected = self.words.left_out.iter().filter(|l| l.reason == Reason::Infected);
        let whole = infected.map(|l| (&l.name, &l.why));
        let packed = self.words.unpacked.values().filter_map(|u| u.as_ref().ok());
        let packed = packed.flat_map(|u| u.found.iter().map(|(path, why)| (path, why)));
        let said = |(name, why): (&String, &Unsaid)| (name.clone(), why.says(self.act.firm.locale));
        let files: Vec<(String, String)> = whole.chain(packed).map(said).collect();
        if files.is_empty() {
            return Ok(());
        }
        let Some(lawyer) = self.act.responsible(self.situation.matter)? else { return Ok(()) };
        let notice = Letter::Notice { notice: Notice::Infected { files }, about: self.act.actor.id };
        self.act.tell(lawyer, notice, About::Firm)
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
