//! Requests into actions: in come what was read and who asks; out go a verdict for every line and every file, and what
//! the firm is to hear. Runs in one transaction; what is refused does not undo the rest (gateway.md K3).

mod attachments;
mod files;
mod invite;
mod look;
mod wishes;
mod tell;
mod text;
mod work;

use super::command::{Commands, Problem, Request, Verb, Who};
use super::files::LeftOut;
use super::resolve::Situation;
use crate::actions::Act;
use crate::actions::documents::File;
use crate::actions::messages::Posted;
use crate::domain::{Item, ItemId, Kind};
use crate::outbound::letter::{FiledVersion, Line};
use crate::outbound::words;
use crate::sharing::Refusal;
use crate::store::numbers::Reader;
use crate::store::threads::Purpose;
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
pub fn run(act: Act<'_>, situation: &Situation, words: &Words) -> Result<Ran> {
    let mut run = Run::new(act, situation, words);
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

/// Logs a mail to others of which the gateway got a copy (Bcc) on the matter that its subject names; nothing in it is
/// carried out, and nobody is warned about its recipients (decisions.md 20).
pub fn log_copy(act: Act<'_>, situation: &Situation, words: &Words) -> Result<Ran> {
    let mut run = Run::new(act, situation, words);
    if let Some(matter) = situation.matter {
        run.log_own_mail(matter)?;
    }
    run.tell()?;
    run.finish()
}

impl<'r> Run<'r> {
    fn new(act: Act<'r>, situation: &'r Situation, words: &'r Words) -> Run<'r> {
        Run {
            act,
            situation,
            words,
            lines: Vec::new(),
            ordinal: 0,
            posted: Vec::new(),
            documents: Vec::new(),
            completed: Vec::new(),
            logged: Vec::new(),
            left_off: Vec::new(),
            kept_text: false,
            unseen: Vec::new(),
        }
    }
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
