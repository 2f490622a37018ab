//! The text of a mail: what was written beside its commands, and whose it is to read.

use super::super::command::{self, Request, Verb};
use super::{Run, command_in_subject, cut, leftover};
use crate::actions::messages::{self, Posted, Topic};
use crate::domain::{Item, Kind, PersonId};
use crate::language::{one_of, say};
use crate::outbound::letter::Line;
use crate::store::Result;
use crate::store::calendar::PartStat;
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
        let only_greets = !self.words.commands.requests.is_empty() && command::is_greeting(text);
        if text.is_empty() || only_greets || self.is_only_thanks(text) {
            return Ok(());
        }
        if self.answers_which_person(text)? {
            return Ok(());
        }
        let (item, matter) = self.topic_of_text()?;
        if item.is_none() && !self.situation.context_is_signed {
            if self.only_says_which_task() || self.refuses_commands_not_known() {
                return Ok(());
            }
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
            Ok(posted) => {
                self.sent(posted, false)?;
                self.ask_for_answer(text)
            }
            Err(refusal) => {
                self.kept_text = true;
                self.note_closed(refusal);
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
        let unasked = |r: &&Request| outside && !self.as_text.contains(r) && !self.spoken_for.contains(&r.original);
        let left = commands.requests.iter().filter(unasked).filter_map(leftover);
        let typed: Vec<String> = self.as_text.iter().map(as_typed).collect();
        let typed = typed.iter().map(String::as_str);
        let parts: Vec<&str> = left.chain(typed).chain([commands.text.trim()]).filter(|p| !p.is_empty()).collect();
        parts.join("\n\n")
    }

    /// What the text is about: what the mail answers; where only a command named something, the task that it completed.
    pub(super) fn topic_of_text(&self) -> Result<(Option<Item>, Option<i64>)> {
        if self.situation.context_is_signed {
            return Ok((self.situation.item, self.situation.matter));
        }
        // A command that is text here says what the text is about.
        if let Some(request) = self.as_text.first()
            && let Some(item) = self.meant(request)?.first().copied()
        {
            return Ok((Some(item), self.act.tx.matter_of(self.act.firm.id, item)?));
        }
        // "#folder F-1" and "see attached": the sentence goes where the file went.
        if let Some(filed) = self.documents.first() {
            return Ok((Some(filed.document), self.act.tx.matter_of(self.act.firm.id, filed.document)?));
        }
        let only_leftovers = self.words.commands.text.trim().is_empty();
        let Some(task) = self.completed.first().filter(|_| only_leftovers) else { return Ok((None, None)) };
        Ok((Some(*task), self.act.tx.matter_of(self.act.firm.id, *task)?))
    }

    /// `#done the exhibits` was answered by asking which task: its words are no message that lacks a matter.
    fn only_says_which_task(&self) -> bool {
        let commands = &self.words.commands;
        let mut with_words = commands.requests.iter().filter(|r| leftover(r).is_some());
        let asked = self.lines.iter().any(|line| matches!(line, Line::WhichTask { .. }));
        asked && commands.text.trim().is_empty() && with_words.all(|r| r.verb == Verb::Done)
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
        let (mut typed, mut why) = (String::new(), say!(self, "I found nothing new in your mail."));
        let in_subject = command_in_subject(&words.subject).filter(|_| !self.situation.is_new);
        if let Some(word) = in_subject {
            typed = format!("#{word}");
            why =
                say!(self, "I don't read commands in the subject of a reply. Write #{word} in the text.", word = word);
        } else if words.all_quoted {
            why = say!(self, "I found only quoted text in your mail. Write your answer above it, and send it again.");
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
        // What an assistant did is answered to the co-counsel for whom they did it.
        Ok(person.filter(|p| !p.is_user()).map(|p| p.whose()))
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
        let why = match names.is_empty() {
            false => say!(
                self,
                "Nothing was sent. Who is it for? Write `#message to NAME:` at the start: {names}. Or reply to a mail of theirs.",
                names = one_of(&self, &names)
            ),
            true if topic.matter.is_some() => {
                say!(self, "Nothing was sent. Nobody outside the firm who accepted an invitation has this matter.")
            }
            true => say!(
                self,
                "Nothing was sent. I can't tell who it is for. Reply to a mail of theirs, or write to the matter's address."
            ),
        };
        let instead = names.first().map(|name| say!(self, "#message to {name}: …", name = name));
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
        let why = say!(
            self,
            "Held mail is decided on the command line: `docketpost inbox release {number}`. Nothing was sent.",
            number = inbox.0
        );
        self.lines.push(Line::Refused { typed, why, instead: None });
    }

    /// "Thanks!" to a receipt, a digest or a confirmation, or about nothing at all, is no message and no error
    /// (decisions.md 19).
    pub(super) fn is_only_thanks(&self, text: &str) -> bool {
        let situation = self.situation;
        let to_ourselves = matches!(situation.purpose(), Some(Purpose::Receipt | Purpose::Digest | Purpose::Confirm));
        let about_nothing = situation.item.is_none() && situation.matter.is_none();
        (to_ourselves || about_nothing) && command::is_pleasantry(text)
    }

    /// Lines that were meant as commands and are none, about no matter: their writer is told, and nobody else.
    fn refuses_commands_not_known(&mut self) -> bool {
        let words = self.words;
        let lines = || words.commands.text.lines().map(command::without_bullet).filter(|line| !line.is_empty());
        let near = |line: &str| words.commands.near_misses.iter().find(|near| near.begins(line));
        let unmarked = |line: &str| words.commands.unmarked.iter().find(|u| u.line == line);
        if !words.files.is_empty()
            || lines().next().is_none()
            || !lines().all(|l| near(l).is_some() || unmarked(l).is_some())
        {
            return false;
        }
        for line in lines() {
            let (why, instead) = match near(line) {
                None => {
                    let command = unmarked(line).map(|u| format!("#{}", u.command));
                    (say!(self, "a command begins with #"), command)
                }
                Some(near) if near.suggestion == "help" => {
                    (say!(self, "this is no command I know"), Some(say!(self, "#help")))
                }
                Some(near) => {
                    let line = format!("#{}{}", near.suggestion, near.after(line));
                    (say!(self, "this is no command I know"), Some(line))
                }
            };
            self.lines.push(Line::Refused { typed: cut(line, 60), why, instead });
        }
        self.asked_of_words = true;
        true
    }

    /// An event still waits for an answer, and a message that reads like one is none.
    fn ask_for_answer(&mut self, text: &str) -> Result<()> {
        let Some(event) = self.situation.item.filter(|i| i.kind == Kind::Event) else { return Ok(()) };
        let answers = self.words.commands.requests.iter().any(|r| matches!(r.verb, Verb::Yes | Verb::No | Verb::Maybe));
        let (tx, firm, person) = (self.act.tx, self.act.firm.id, self.act.actor.whose());
        let invited = tx.attendee(firm, event.id, person)?;
        let waits = invited.is_some_and(|a| a.partstat == PartStat::NeedsAction);
        if !answers
            && waits
            && command::reads_like_an_answer(text)
            && let Some(id) = tx.number(firm, self.numbering(), event)?
        {
            let text = say!(
                self,
                "{id} still waits for your answer: your text went to the firm as a message. To answer, reply #yes, #no or #maybe.",
                id = id.to_string()
            );
            self.lines.push(Line::Question { text });
        }
        Ok(())
    }

    pub(super) fn sent(&mut self, posted: Posted, commanded: bool) -> Result<()> {
        self.effect("message", Some(posted.conversation), None)?;
        self.lines.push(Line::Sent { conversation: posted.conversation, to: posted.to.clone(), commanded });
        self.posted.push(posted);
        Ok(())
    }
}

/// A command as it stands in the mail, with the lines that go on below it.
fn as_typed(request: &Request) -> String {
    match request.original.contains(&request.narrative) {
        true => request.original.clone(),
        false => format!("{}\n{}", request.original, request.narrative),
    }
}
