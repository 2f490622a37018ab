//! Requests into actions: in come what was read and who asks; out go a verdict for every line and every file, and what
//! the firm is to hear. Runs in one transaction; what is refused does not undo the rest (gateway.md K3).

mod attachments;
mod files;
mod invite;
mod look;
mod wishes;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use super::command::{Commands, Problem, Request, Verb, Who};
use super::files::LeftOut;
use super::resolve::Situation;
use crate::actions::Act;
use crate::actions::documents::{self, File};
use crate::actions::messages::{self, Posted, Topic};
use crate::domain::{Item, ItemId, Kind, PersonId};
use crate::outbound::letter::{FiledVersion, Letter, Line};
use crate::outbound::words;
use crate::proof::Proof;
use crate::sharing::Refusal;
use crate::store::numbers::Reader;
use crate::store::people::Person;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, StoreError};

pub use wishes::wants_receipt;

/// What the firm's own people are told of commands that they can't give by mail.
const BY_COMMAND_LINE: &str = "Commands for the firm's own people come on the command line for now: `docketpost help`. \
     By mail you can use #message, #show, #get and #help.";

/// What was read of a mail, ready to be carried out.
#[derive(Clone, Debug)]
pub struct Words {
    /// Commands, and the text that is left.
    pub commands: Commands,
    /// Files to be filed; their blobs are on disk.
    pub files: Vec<File>,
    /// Files that are not filed, and why.
    pub left_out: Vec<LeftOut>,
    /// The subject, for logged mails.
    pub subject: String,
    /// A forwarded mail's own text.
    pub forwarded: Option<String>,
    /// From and To of a logged mail, as written.
    pub correspondents: (String, String),
    /// Nothing new was found, only quoted text, and that is not sure.
    pub all_quoted: bool,
    /// Canonical hash of the content (decisions.md 40).
    pub content_hash: String,
}

/// One mail being carried out.
pub struct Run<'r> {
    act: Act<'r>,
    situation: &'r Situation,
    words: &'r Words,
    proof: &'r Proof,
    lines: Vec<Line>,
    ordinal: u32,
    posted: Vec<Posted>,
    documents: Vec<FiledVersion>,
    completed: Vec<Item>,
    logged: Vec<Item>,
    /// What looked like a command in the middle of a description and was left out of it.
    left_off: Vec<String>,
    /// Text that was refused where it was written, to be passed on to the firm.
    kept_text: bool,
    /// What was answered as if it were not there.
    unseen: Vec<Request>,
}

/// What a mail came to.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// A verdict for every line and file.
    pub lines: Vec<Line>,
    /// How many effects it had.
    pub effects: u32,
    /// It named nothing that its sender can see, or no matter at all: the firm must hear of it.
    pub for_the_firm: bool,
    /// It asked for what its sender once had: it is refused like a wrong number, and the firm hears of it (REV-04, TSK-07).
    pub asks_for_what_ended: bool,
}

/// Carries a mail out.
pub fn run(act: Act<'_>, situation: &Situation, words: &Words, proof: &Proof) -> Result<Ran> {
    let mut run = Run {
        act,
        situation,
        words,
        proof,
        lines: Vec::new(),
        ordinal: 0,
        posted: Vec::new(),
        documents: Vec::new(),
        completed: Vec::new(),
        logged: Vec::new(),
        left_off: Vec::new(),
        kept_text: false,
        unseen: Vec::new(),
    };
    if situation.purpose() == Some(Purpose::Invite) {
        run.answer_invitation()?;
        return run.finish();
    }
    if situation.purpose() == Some(Purpose::Confirm) {
        run.answer_challenge()?;
        return run.finish();
    }
    let requests = &words.commands.requests;
    if let Some(dry) = requests.iter().find(|r| r.verb == Verb::DryRun) {
        // Whoever asks what a mail would do must not have it done.
        run.look(dry)?;
        return run.finish();
    }
    for request in requests.iter().filter(|r| !files::is_about_files(r.verb)) {
        run.request(request)?;
    }
    run.file_all()?;
    run.text()?;
    run.attach_to_messages()?;
    run.questions();
    run.tell()?;
    run.finish()
}

impl Run<'_> {
    fn finish(self) -> Result<Ran> {
        let asks_for_what_ended = self.asks_for_what_ended()?;
        Ok(Ran { lines: self.lines, effects: self.ordinal, for_the_firm: self.kept_text, asks_for_what_ended })
    }

    fn asks_for_what_ended(&self) -> Result<bool> {
        let (tx, firm, person) = (self.act.tx, self.act.firm.id, self.act.actor.id);
        for request in &self.unseen {
            let mut meant = Vec::new();
            for id in &request.ids {
                meant.extend(tx.find(firm, self.numbering(), *id)?);
            }
            if let Some(number) = &request.matter {
                meant.extend(tx.matter_by_display_number(firm, number)?.map(|m| m.item()));
            }
            if meant.is_empty() && request.ids.is_empty() && request.matter.is_none() {
                meant.extend(self.situation.item);
            }
            for item in meant {
                let matter = tx.matter_of(firm, item)?.map(|row| Item::new(Kind::Matter, row));
                for had in [Some(item), matter].into_iter().flatten() {
                    if tx.share_ended(firm, person, had, self.act.now)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn request(&mut self, request: &Request) -> Result<()> {
        if self.act.actor.is_user() {
            let decides = matches!(request.verb, Verb::Release | Verb::Reject | Verb::Hold);
            if decides && self.answers_held_notice() {
                self.say_how_held_mail_is_decided(typed(request));
                return Ok(());
            }
            if !matches!(request.verb, Verb::Message | Verb::Show | Verb::Get | Verb::Help | Verb::Confirm) {
                self.refuse(request, BY_COMMAND_LINE.into(), None);
                return Ok(());
            }
        }
        if let Who::Firm(sentence) = request.verb.entry().who {
            self.refuse(request, sentence.to_owned(), None);
            return Ok(());
        }
        if let Some(error) = &request.error {
            let locale = self.act.firm.locale;
            let instead = match error.problem {
                Problem::NothingToChange if request.ids.is_empty() => self.edit_instead()?,
                _ => Some(error.instead.clone()).filter(|i| !i.is_empty()),
            };
            self.refuse(request, error.problem.says(locale), instead);
            return Ok(());
        }
        let request = &self.without_command(request);
        match request.verb {
            Verb::Time => self.time(request),
            Verb::Done => self.done(request),
            Verb::Note => self.note(request),
            Verb::Message => self.message(request),
            Verb::Call => self.call(request),
            Verb::Log => self.log(request),
            Verb::Edit => self.edit(request),
            Verb::Delete => self.delete(request),
            Verb::Undo => self.undo(request),
            Verb::Digest | Verb::Notify | Verb::Receipts | Verb::Stop | Verb::Start | Verb::Timezone => {
                self.wish(request)
            }
            Verb::Confirm => {
                self.refuse(request, "Reply with #confirm and the code to the mail that asked for it.".into(), None);
                Ok(())
            }
            _ => self.look(request),
        }
    }

    /// The request without a command in the middle of its words: nothing of one may land on a client's bill.
    fn without_command(&mut self, request: &Request) -> Request {
        let mut request = request.clone();
        let is_of_time = request.ids.first().is_none_or(|id| !matches!(id.kind, Kind::Note | Kind::Communication));
        let lands_on_bill = match request.verb {
            Verb::Time => true,
            Verb::Edit => is_of_time,
            Verb::Done => request.duration.is_some(),
            _ => false,
        };
        if let Some(at) = mid_line_command(&request.narrative).filter(|_| lands_on_bill)
            && let Some((kept, left)) = request.narrative.split_at_checked(at)
        {
            self.left_off.push(left.trim_end().to_owned());
            request.narrative = kept.trim_end_matches([' ', ',', ';', '(', '-', '\n']).to_owned();
        }
        request
    }

    /// The text that is left: an answer in its conversation, a message about its item, or a new one on its matter.
    fn text(&mut self) -> Result<()> {
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
    fn whole_text(&self) -> String {
        let commands = &self.words.commands;
        let outside = !self.act.actor.is_user();
        let left = commands.requests.iter().filter(|_| outside).filter_map(leftover);
        let parts: Vec<&str> = left.chain([commands.text.trim()]).filter(|part| !part.is_empty()).collect();
        parts.join("\n\n")
    }

    /// What the text is about: what the mail answers; where only a command named something, the task that it completed.
    fn topic_of_text(&self) -> Result<(Option<Item>, Option<i64>)> {
        if self.situation.context_is_signed {
            return Ok((self.situation.item, self.situation.matter));
        }
        let only_leftovers = self.words.commands.text.trim().is_empty();
        let Some(task) = self.completed.first().filter(|_| only_leftovers) else { return Ok((None, None)) };
        Ok((Some(*task), self.act.tx.matter_of(self.act.firm.id, *task)?))
    }

    /// A new mail that forwards another is logged, with or without a comment, unless its commands say what to do.
    fn is_forward_to_log(&self, text: &str) -> bool {
        let requests = &self.words.commands.requests;
        let logged = requests.iter().any(|r| r.verb == Verb::Log);
        let wanted = requests.is_empty() || !text.is_empty();
        self.words.forwarded.is_some() && self.situation.is_new && wanted && !logged
    }

    fn say_that_nothing_is_new(&mut self) {
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
    fn addressee(&self) -> Result<Option<PersonId>> {
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
    fn is_sure_for_whom(&mut self, topic: Topic, typed: String) -> Result<bool> {
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
    fn answers_held_notice(&self) -> bool {
        let about_mail = self.situation.thread.as_ref().is_some_and(|t| matches!(t.about, About::Mail(_)));
        self.act.actor.is_user() && about_mail && self.situation.purpose() == Some(Purpose::Reply)
    }

    fn say_how_held_mail_is_decided(&mut self, typed: String) {
        let Some(About::Mail(inbox)) = self.situation.thread.as_ref().map(|t| t.about) else { return };
        let why = format!(
            "Held mail is decided on the command line: `docketpost inbox release {}`. Nothing was sent.",
            inbox.0
        );
        self.lines.push(Line::Refused { typed, why, instead: None });
    }

    /// "Thanks!" to a receipt, a digest or a confirmation is no message and no error (decisions.md 19).
    fn is_only_thanks(&self, text: &str) -> bool {
        let to_ourselves =
            matches!(self.situation.purpose(), Some(Purpose::Receipt | Purpose::Digest | Purpose::Confirm));
        to_ourselves && super::command::is_pleasantry(text)
    }

    fn sent(&mut self, posted: Posted) -> Result<()> {
        self.effect("message", Some(posted.conversation), None)?;
        self.lines.push(Line::Sent { conversation: posted.conversation, to: posted.to.clone() });
        self.posted.push(posted);
        Ok(())
    }

    fn questions(&mut self) {
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

    fn lacks_attachment(&self) -> bool {
        let words = self.words;
        let has_files = !words.files.is_empty() || !words.left_out.is_empty();
        if has_files || words.forwarded.is_some() {
            return false;
        }
        let messages = words.commands.requests.iter().filter(|r| r.verb == Verb::Message);
        messages.map(|r| r.narrative.as_str()).chain([self.whole_text().as_str()]).any(attachments::are_spoken_of)
    }

    /// Asks once for text and files alike; until it is answered the firm has them.
    fn ask_which_matter(&mut self) {
        let question = Line::WhichMatter { typed: String::new() };
        if !self.lines.contains(&question) {
            self.lines.push(question);
        }
        self.kept_text = true;
    }

    /// One letter to everybody who is to hear of this mail: the members of the conversation, the responsible lawyer, and
    /// those with whom a document, or a folder above it, is shared.
    fn tell(&mut self) -> Result<()> {
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
    fn concerned(&self) -> Result<BTreeMap<PersonId, Item>> {
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

    fn news(&self, posted: Option<&Posted>, outsiders: &[String]) -> Letter {
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

    /// Notes an effect under its ordinal: the same content never has it twice (decisions.md 40).
    fn effect(&mut self, verb: &str, item: Option<Item>, before: Option<&str>) -> Result<()> {
        self.ordinal = self.ordinal.saturating_add(1);
        let inbox = self.act.inbox.ok_or_else(|| StoreError::Content("an effect without a mail".into()))?;
        let (firm, person) = (self.act.firm.id, self.act.actor.id);
        let new =
            self.act.tx.add_effect(firm, person, &self.words.content_hash, self.ordinal, inbox, verb, item, before)?;
        if new { Ok(()) } else { Err(StoreError::Content("this content had its effects before".into())) }
    }

    fn refuse(&mut self, request: &Request, why: String, instead: Option<String>) {
        self.lines.push(Line::Refused { typed: typed(request), why, instead });
    }

    fn refusal(&self, typed: String, refusal: Refusal, kind: Kind) -> Line {
        Line::Refused { typed, why: words::refusal(refusal, kind, self.act.firm.locale), instead: None }
    }

    fn refuse_by(&mut self, request: &Request, refusal: Refusal, kind: Kind) {
        if refusal == Refusal::NotVisible {
            self.unseen.push(request.clone());
        }
        let line = self.refusal(typed(request), refusal, kind);
        self.lines.push(line);
    }

    /// Whose numbers are typed.
    fn numbering(&self) -> Reader {
        if self.act.actor.is_user() { Reader::Firm } else { Reader::Contact(self.act.actor.id) }
    }

    /// The thing of this number; none: the neutral refusal was said.
    fn find(&mut self, request: &Request, id: ItemId) -> Result<Option<Item>> {
        let found = self.act.tx.find(self.act.firm.id, self.numbering(), id)?;
        if found.is_none() {
            self.refuse_by(request, Refusal::NotVisible, id.kind);
        }
        Ok(found)
    }

    /// What a request is about: what it names, else what its mail is about. None: it was said why not.
    fn target(&mut self, request: &Request) -> Result<Option<Item>> {
        if let Some(id) = request.ids.first() {
            return self.find(request, *id);
        }
        if let Some(number) = &request.matter {
            let found = self.act.tx.matter_by_display_number(self.act.firm.id, number)?;
            if found.is_none() {
                self.refuse_by(request, Refusal::NotVisible, Kind::Matter);
            }
            return Ok(found.map(|m| m.item()));
        }
        let here = self.situation.item.or(self.situation.matter.map(|row| Item::new(Kind::Matter, row)));
        match here.filter(|_| self.situation.context_is_signed) {
            Some(item) => Ok(Some(item)),
            None => {
                self.lines.push(Line::WhichMatter { typed: typed(request) });
                self.kept_text = true;
                Ok(None)
            }
        }
    }

    /// The matter of a request; none: it was said why not, or the thing belongs to no matter.
    fn target_matter(&mut self, request: &Request) -> Result<Option<i64>> {
        let Some(item) = self.target(request)? else { return Ok(None) };
        let matter = self.act.tx.matter_of(self.act.firm.id, item)?;
        if matter.is_none() {
            self.lines.push(Line::WhichMatter { typed: typed(request) });
        }
        Ok(matter)
    }
}

/// What was typed, cut, for the receipt.
fn typed(request: &Request) -> String {
    cut(request.original.lines().next().unwrap_or_default().trim(), 60)
}

/// The first so many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", text.split_at_checked(cut).map_or(text, |(a, _)| a)),
        None => text.to_owned(),
    }
}

/// The words after a command that takes none, as in `#done T-6 sorry for the delay`; none if they say nothing.
fn leftover(request: &Request) -> Option<&str> {
    const FILLERS: [&str; 20] = [
        "please", "pls", "bitte", "that", "it", "this", "these", "them", "now", "all", "the", "task", "tasks", "done",
        "entry", "note", "both", "and", "too", "also",
    ];
    let words = request.narrative.trim();
    let fewest = match request.verb {
        Verb::Done if request.duration.is_some() => return None,
        Verb::Done | Verb::Delete | Verb::Undo | Verb::Yes | Verb::No | Verb::Maybe | Verb::Version | Verb::Keep => 1,
        Verb::Show | Verb::Get if !request.ids.is_empty() => 3,
        Verb::Stop => 3,
        _ => return None,
    };
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let says = |word: &str| !word.is_empty() && !FILLERS.contains(&word);
    let enough = words.split_whitespace().count() >= fewest && words.split_whitespace().any(|w| says(&plain(w)));
    (request.error.is_none() && enough && !super::command::is_pleasantry(words)).then_some(words)
}

/// The command at the start of a subject, below "Re:" and its like, without `#`.
fn command_in_subject(subject: &str) -> Option<&str> {
    let own = subject.rsplit_once(": #").map_or_else(|| subject.trim().strip_prefix('#'), |(_, own)| Some(own))?;
    let end = own.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(own.len());
    own.get(..end).filter(|word| Verb::of(word).is_some())
}

/// Where a command stands in the middle of words; those that begin with it too.
fn mid_line_command(words: &str) -> Option<usize> {
    let mut before = ' ';
    for (at, c) in words.char_indices() {
        if c == '#' && (before.is_whitespace() || matches!(before, '(' | ',' | ';')) {
            let after = words.get(at..).unwrap_or_default();
            let word = command_in_subject(after.split_whitespace().next().unwrap_or_default());
            if word.is_some_and(|w| w.chars().count() >= 3) {
                return Some(at);
            }
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests;
