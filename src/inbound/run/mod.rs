//! Requests into actions: in come what was read and who asks; out go a verdict for every line and every file, and what
//! the firm is to hear. Runs in one transaction; what is refused does not undo the rest (gateway.md K3).

mod attachments;
mod events;
mod files;
mod invite;
mod look;
mod matter;
mod pass_on;
mod profile;
mod roles;
mod wishes;
mod tell;
mod text;
mod unsure;
mod unzip;
mod work;
mod wrong;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::calendar::Object;
use super::command::{Commands, Problem, Request, Verb, Who, with_year};
use super::files::LeftOut;
use super::picture::NoPicture;
use super::resolve::Situation;
use super::unpack::{Unfit, Unpacked};
use crate::actions::Act;
use crate::actions::documents::File;
use crate::actions::messages::Posted;
use crate::domain::{FirmId, Item, ItemId, Kind};
use crate::language::{Locale, Reads, phrase, say, sentence};
use crate::outbound::gateway::Gateway;
use crate::outbound::letter::{FiledVersion, Line, WouldBe};
use crate::outbound::reader::Reader as ReaderOfMail;
use crate::outbound::templates;
use crate::outbound::words;
use crate::proof::{CommandClass, Permit, permits};
use crate::sharing::{Ability, Refusal};
use crate::store::numbers::Reader;
use crate::store::threads::Purpose;
use crate::store::{Result, StoreError};

use events::Heard;
pub use wishes::wants_receipt;

/// What the firm's own people are told of commands that they can't give by mail.
const BY_COMMAND_LINE: &str = sentence!(
    "Commands for the firm's own people come on the command line for now: `docketpost help`. By mail you can use #message, #show, #get and #help."
);

/// Words for taking back that are said of appointments too.
const CANCEL: [&str; 3] = ["cancel", "stornieren", "cancelar"];

/// What is said to whoever sent the number of a card.
const CARD: &str = sentence!(
    "There was a payment card number in your mail. It was taken out before anything was kept, and passed on to nobody. Mail is not a safe way for it: pay only where the bill, or #pay and its number, tells you."
);

/// What was read of a mail, ready to be carried out.
#[derive(Clone, Debug)]
pub struct Words {
    /// Commands, and the text that is left.
    pub commands: Commands,
    /// Files to be filed; their blobs are on disk.
    pub files: Vec<File>,
    /// Files that are not filed, and why.
    pub left_out: Vec<LeftOut>,
    /// With `#picture`: the picture, its blob on disk, or why there is none; none if it was not looked for.
    pub picture: Option<std::result::Result<File, NoPicture>>,
    /// A line with a password was taken out of the text (ACC-08).
    pub had_password: bool,
    /// What came out of the zips that are to be unpacked, by their place in `files`.
    pub unpacked: BTreeMap<usize, std::result::Result<Unpacked, Unfit>>,
    /// Services that the text links to for a file that did not come.
    pub links: Vec<&'static str>,
    /// The subject, for logged mails.
    pub subject: String,
    /// A forwarded mail's own text.
    pub forwarded: Option<String>,
    /// From and To of a logged mail, as written.
    pub correspondents: (String, String),
    /// A card number was taken out of it.
    pub has_card: bool,
    /// Nothing new was found, only quoted text, and that is not sure.
    pub all_quoted: bool,
    /// What a calendar says in the mail.
    pub calendar: Option<Object>,
    /// Canonical hash of the content (decisions.md 40).
    pub content_hash: String,
    /// Other firms that have the same address.
    pub neighbours: Vec<FirmId>,
}

/// One mail being carried out.
pub struct Run<'r> {
    act: Act<'r>,
    situation: &'r Situation,
    words: &'r Words,
    /// In which it is answered.
    locale: Locale,
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
    /// Lines whose words are no message: a question was asked about them.
    spoken_for: BTreeSet<String>,
    /// What the receipt would ask about its words was said.
    asked_of_words: bool,
    /// A file was refused only because the firm locked its folder, or has its document checked out.
    place_is_closed: bool,
    /// A file named a place that its sender does not have.
    place_is_unknown: bool,
    /// Its matter is closed.
    is_closed: bool,
    /// Its writer is asked for a code before something in it is answered.
    asked_for_code: bool,
    /// What was answered as if it were not there.
    unseen: Vec<Request>,
    /// To whom what was refused can be sent as a message.
    offered_to: BTreeSet<String>,
    /// What is no command here, because the firm switched them off, and so is text.
    as_text: Vec<Request>,
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
    /// It brought files to a place that takes none now.
    pub place_is_closed: bool,
    /// It brought files for a place that its sender does not have.
    pub place_is_unknown: bool,
    /// What it adds to is closed: that is why the firm must hear of it.
    pub is_closed: bool,
    /// Its writer is asked for a code before something in it is answered.
    pub asked_for_code: bool,
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
        run.answer_question()?;
        return run.finish();
    }
    if situation.purpose() == Some(Purpose::Role) {
        run.answer_role()?;
        return run.finish();
    }
    if run.is_for_another_role() || run.answers_which_matter()? {
        return run.finish();
    }
    let requests = &words.commands.requests;
    if let Some(wrong) = requests.iter().find(|r| r.verb == Verb::Wrong) {
        // Nothing else in it is carried out: it was written about something that should not have been read.
        if !run.doubts_wrong(wrong)? {
            run.wrong(wrong)?;
        }
        return run.finish();
    }
    if words.has_card {
        run.lines.push(Line::Refused { typed: String::new(), why: phrase(&run, CARD), instead: None });
    }
    for request in requests.iter().filter(|r| !files::is_about_files(r.verb) && r.verb != Verb::DryRun) {
        run.request(request)?;
    }
    run.ask_before_content()?;
    run.send_in_parts()?;
    run.file_all()?;
    run.event_of_theirs()?;
    run.text()?;
    run.attach_to_messages()?;
    run.questions();
    run.tell()?;
    run.finish()
}

/// Tells what a mail would do (`#dry-run`): it is carried out as any other, put into words, and taken back.
pub fn rehearse(act: Act<'_>, gateway: &Gateway, situation: &Situation, words: &Words) -> Result<Ran> {
    let tried = act.tx.rehearse(|tx| {
        let ran = run(Act { tx, ..act }, situation, words)?;
        let mut tried = Vec::new();
        if ran.asked_for_code {
            let text = say!(act.actor.locale(act.firm), "You would get a code to confirm first.");
            tried.push((WouldBe::Told, text, Vec::new(), Vec::new(), Vec::new()));
        }
        for line in &ran.lines {
            let reader = ReaderOfMail::new(tx, act.firm, gateway, act.actor, act.now)?;
            for (outcome, text, more) in templates::rehearsed(&reader, std::slice::from_ref(line))? {
                tried.push((outcome, text, more, reader.shown(), templates::has_words_of(&reader)?));
            }
        }
        Ok(tried)
    })?;
    let mut lines = Vec::new();
    for (outcome, text, more, shown, words_of) in tried {
        let mut shows = Vec::new();
        for disclosure in shown {
            // What was made by the trial is gone with it; what was there before is asked about again when this leaves.
            if act.tx.ask(act.firm.id, act.actor.id, Ability::View, disclosure.item, act.now)?.is_allowed() {
                shows.push((disclosure.ability, disclosure.item));
            }
        }
        lines.push(Line::Would { outcome, text, more, shows, words_of });
    }
    if lines.is_empty() {
        let text = say!(act.actor.locale(act.firm), "Nothing.");
        let (more, shows, words_of) = (Vec::new(), Vec::new(), Vec::new());
        lines.push(Line::Would { outcome: WouldBe::Told, text, more, shows, words_of });
    }
    Ok(Ran { lines, ..Ran::default() })
}

/// Logs a mail to others of which the gateway got a copy (Bcc) on the matter that its subject names, or a `#log` in it;
/// nothing else in it is carried out, and nobody is warned about its recipients (decisions.md 20).
pub fn log_copy(act: Act<'_>, situation: &Situation, words: &Words) -> Result<Ran> {
    let mut run = Run::new(act, situation, words);
    let named = words.commands.requests.iter().find(|r| r.verb == Verb::Log && !r.ids.is_empty());
    let matter = match named {
        Some(request) => run.target_matter(request)?,
        None => situation.matter,
    };
    if let Some(matter) = matter {
        run.log_own_mail(matter)?;
    }
    run.tell()?;
    run.finish()
}

/// Takes what a calendar wrote by itself; none of its text is read as commands.
pub fn hear(act: Act<'_>, situation: &Situation, content_hash: &str, object: &Object) -> Result<Heard> {
    let words = Words {
        commands: Commands::default(),
        files: Vec::new(),
        unpacked: BTreeMap::new(),
        links: Vec::new(),
        left_out: Vec::new(),
        subject: String::new(),
        forwarded: None,
        correspondents: (String::new(), String::new()),
        all_quoted: false,
        calendar: None,
        picture: None,
        had_password: false,
        content_hash: content_hash.to_owned(),
        has_card: false,
        neighbours: Vec::new(),
    };
    Run::new(act, situation, &words).hear(object)
}

impl<'r> Run<'r> {
    fn new(act: Act<'r>, situation: &'r Situation, words: &'r Words) -> Run<'r> {
        Run {
            locale: act.actor.locale(act.firm),
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
            spoken_for: BTreeSet::new(),
            asked_of_words: false,
            place_is_closed: false,
            place_is_unknown: false,
            is_closed: false,
            asked_for_code: false,
            unseen: Vec::new(),
            offered_to: BTreeSet::new(),
            as_text: Vec::new(),
        }
    }
}

impl Reads for Run<'_> {
    fn locale(&self) -> Locale {
        self.locale
    }
}

impl Run<'_> {
    fn finish(mut self) -> Result<Ran> {
        if self.words.had_password {
            let text = say!(
                self,
                "A line with a password was left out: it was not stored and not passed on. There is no password here, since your mailbox proves who you are. Never send one by mail, and change this one where you use it."
            );
            self.lines.push(Line::Question { text });
        }
        self.say_refusals_once();
        for name in std::mem::take(&mut self.offered_to) {
            let text = say!(self, "To send this to {name} as a message, reply #send to this mail.", name = name);
            self.lines.push(Line::Question { text });
        }
        let asks_for_what_ended = self.asks_for_what_ended()?;
        Ok(Ran {
            lines: self.lines,
            effects: self.ordinal,
            for_the_firm: self.kept_text,
            place_is_closed: self.place_is_closed,
            place_is_unknown: self.place_is_unknown,
            is_closed: self.is_closed,
            asked_for_code: self.asked_for_code,
            asks_for_what_ended,
        })
    }

    /// The same refusal twice says no more than once.
    fn say_refusals_once(&mut self) {
        let mut said: Vec<Line> = Vec::new();
        self.lines.retain(|line| {
            let again = matches!(line, Line::Refused { .. }) && said.contains(line);
            said.push(line.clone());
            !again
        });
    }

    fn asks_for_what_ended(&self) -> Result<bool> {
        let (tx, firm, person) = (self.act.tx, self.act.firm.id, self.act.actor.whose());
        for request in &self.unseen {
            for item in self.meant(request)? {
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

    /// What a command is about: what it names, else what the mail is about.
    fn meant(&self, request: &Request) -> Result<Vec<Item>> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let mut meant = Vec::new();
        for id in &request.ids {
            meant.extend(tx.find(firm, self.numbering(), *id)?);
        }
        if let Some(number) = &request.matter {
            meant.extend(tx.matter_by_display_number(firm, number)?.map(|m| m.item()));
        }
        if meant.is_empty() && request.ids.is_empty() && request.matter.is_none() {
            meant.extend(self.situation.item);
            meant.extend(self.reported()?);
        }
        Ok(meant)
    }

    /// True if the firm switched commands off for their writer, or for a matter that this one is about; what concerns the
    /// writer's own mails and profile is none of that.
    fn is_switched_off(&self, request: &Request) -> Result<bool> {
        if self.act.actor.is_user() || request.verb.is_of_ones_own() {
            return Ok(false);
        }
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        if tx.commands_off(firm, self.act.actor.whose())? {
            return Ok(true);
        }
        let mut matters: Vec<i64> = self.situation.matter.into_iter().collect();
        // What its writer can't see is refused as what isn't there, not by its matter's setting (threats T43).
        for item in self.meant(request)? {
            if self.act.ask(Ability::View, item)?.is_ok() {
                matters.extend(tx.matter_of(firm, item)?);
            }
        }
        for matter in matters {
            if tx.matter_commands_off(firm, matter)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn request(&mut self, request: &Request) -> Result<()> {
        if self.stops(request)? {
            return Ok(());
        }
        let request = &self.without_command(request);
        self.carry_out(request)
    }

    /// True where a request is not carried out, whatever its verb does: it was said why, or something else was done.
    fn stops(&mut self, request: &Request) -> Result<bool> {
        if self.is_switched_off(request)? {
            let text = say!(
                self,
                "Commands by mail are switched off here. “{line}” was not carried out; it goes to the firm as text.",
                line = cut(&request.original, 120)
            );
            self.lines.push(Line::Question { text });
            self.as_text.push(request.clone());
            return Ok(true);
        }
        if self.act.actor.is_user() && self.stops_a_user(request) {
            return Ok(true);
        }
        if self.takes_offers(request)? {
            return Ok(true);
        }
        if self.is_about_events(request) {
            self.propose(request)?;
            return Ok(true);
        }
        match request.verb.entry().who {
            Who::FirmAsked(sentence) => {
                self.refuse_and_pass_on(request, phrase(&self, sentence))?;
                return Ok(true);
            }
            Who::Firm(sentence) => {
                self.refuse(request, phrase(&self, sentence), None);
                return Ok(true);
            }
            Who::Everyone => {}
        }
        Ok(self.is_misread(request)? || self.names_several(request)?)
    }

    /// True for what the firm's own people do by the command line.
    fn stops_a_user(&mut self, request: &Request) -> bool {
        let decides = matches!(request.verb, Verb::Release | Verb::Reject | Verb::Hold);
        if decides && self.answers_held_notice() {
            self.say_how_held_mail_is_decided(typed(request));
            return true;
        }
        let corrects = request.verb == Verb::Edit && self.corrects_message(request);
        let given = matches!(
            request.verb,
            Verb::Message
                | Verb::Show
                | Verb::Get
                | Verb::Help
                | Verb::Confirm
                | Verb::Accounts
                | Verb::As
                | Verb::Lang
        );
        if !corrects && !given {
            self.refuse(request, phrase(&self, BY_COMMAND_LINE), None);
        }
        !corrects && !given
    }

    /// True for words that could not be read, or are likely not what was meant.
    fn is_misread(&mut self, request: &Request) -> Result<bool> {
        if let Some(error) = &request.error {
            let instead = match error.problem {
                Problem::NothingToChange if request.ids.is_empty() => self.edit_instead()?,
                _ => Some(error.instead.clone()).filter(|i| !i.is_empty()),
            };
            self.refuse(request, error.problem.says(self.locale), instead);
            return Ok(true);
        }
        let Some(day) = self.guessed_long_ago(request)? else { return Ok(false) };
        let why = say!(
            self,
            "{day} is more than half a year ago. If you mean that day, write its year.",
            day = self.locale.display(day)
        );
        self.refuse(request, why, Some(with_year(request, self.locale)));
        Ok(true)
    }

    /// True if it is proved well enough who writes for what lets somebody in (decisions.md 2).
    fn is_sure(&self) -> bool {
        permits(self.situation.level, CommandClass::Sensitive) == Permit::Confirm
    }

    fn refuse_unsure(&mut self, request: &Request) {
        match request.verb {
            // What a copied or unsigned mail could say is not enough to let somebody in.
            Verb::Assistant => {
                let why = say!(self, "To name an assistant, reply to a mail of ours, with this line alone.");
                self.refuse(request, why, Some(typed(request)));
            }
            _ => self.refuse(request, phrase(&self, profile::NOT_SURE_ENOUGH), None),
        }
    }

    fn carry_out(&mut self, request: &Request) -> Result<()> {
        if class(request) == CommandClass::Sensitive && !self.is_sure() {
            self.refuse_unsure(request);
            return Ok(());
        }
        match request.verb {
            Verb::Time => self.time(request),
            Verb::Done => self.done(request),
            Verb::Note => self.note(request),
            Verb::Message => self.message(request),
            Verb::Call => self.call(request),
            Verb::Log => self.log(request),
            Verb::Edit if self.act.actor.is_user() => self.correct_message(request),
            Verb::Edit => self.edit(request),
            Verb::Delete => self.delete(request),
            Verb::Undo => self.undo(request),
            Verb::Digest | Verb::Notify | Verb::Receipts | Verb::Stop | Verb::Start => self.wish(request),
            Verb::Timezone => self.timezone(request),
            Verb::Lang => self.language(request),
            Verb::Profile | Verb::Picture | Verb::Email => self.own_profile(request),
            Verb::Yes | Verb::No | Verb::Maybe => self.answer(request),
            Verb::Assistant => self.assistant(request),
            // In which role the mail is written was settled before anything else.
            Verb::As => Ok(()),
            Verb::Confirm => {
                let why = say!(
                    self,
                    "Reply with #confirm and the code to the mail that asked for it, from the address it came to."
                );
                self.refuse(request, why, None);
                Ok(())
            }
            _ => self.look(request),
        }
    }

    /// A day of work that was typed without its year, and was taken for one of long ago: "15 May" in April was more likely
    /// mistyped than meant.
    fn guessed_long_ago(&self, request: &Request) -> Result<Option<Date>> {
        const HALF_A_YEAR: i32 = 183;
        let Some(day) = request.date.filter(|_| request.year_guessed) else { return Ok(None) };
        let age = day.until(self.act.today()?).map_or(0, |span| span.get_days());
        Ok((age > HALF_A_YEAR).then_some(day))
    }

    /// True for what only the firm may do with events.
    fn is_about_events(&self, request: &Request) -> bool {
        let named = request.ids.first().map(|id| id.kind);
        let here = self.situation.item.map(|i| i.kind);
        match request.verb {
            Verb::Event | Verb::Invite => true,
            Verb::Move => named.or(here) == Some(Kind::Event),
            // In reply to a receipt it takes back what that reported.
            Verb::Delete if CANCEL.contains(&request.typed.as_str()) => named.or(here) == Some(Kind::Event),
            Verb::Edit | Verb::Delete => named == Some(Kind::Event),
            _ => false,
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

    /// A refusal about what no number was typed for.
    fn refusal(&self, typed: String, refusal: Refusal, kind: Kind) -> Line {
        let why = match refusal {
            Refusal::NotVisible => words::not_visible(kind, None, "", self.locale),
            other => words::refusal(other, kind, self.locale),
        };
        Line::Refused { typed, why, instead: None }
    }

    /// A refusal of a command: the same words for what is absent, not shared, not shared any more, or another firm's.
    fn refusal_of(&self, request: &Request, refusal: Refusal, kind: Kind) -> Line {
        let typed = typed(request);
        if refusal != Refusal::NotVisible {
            return self.refusal(typed, refusal, kind);
        }
        let named = request.ids.iter().find(|id| id.kind == kind).map(ItemId::to_string);
        let why = words::not_visible(kind, named, &typed, self.locale);
        Line::Refused { typed, why, instead: None }
    }

    fn refuse_by(&mut self, request: &Request, refusal: Refusal, kind: Kind) {
        if refusal == Refusal::NotVisible {
            self.unseen.push(request.clone());
        }
        self.note_closed(refusal);
        let line = self.refusal_of(request, refusal, kind);
        self.lines.push(line);
    }

    /// What is refused because its matter is closed is passed on to the firm (decisions.md 23).
    fn note_closed(&mut self, refusal: Refusal) {
        if matches!(refusal, Refusal::MatterClosed { .. }) && !self.act.actor.is_user() {
            self.is_closed = true;
        }
    }

    /// Whose numbers are typed.
    fn numbering(&self) -> Reader {
        if self.act.actor.is_user() { Reader::Firm } else { Reader::Contact(self.act.actor.whose()) }
    }

    /// The neutral refusal of what this number names.
    fn refuse_unseen(&mut self, request: &Request, id: ItemId) {
        self.refuse_by(&Request { ids: vec![id], ..request.clone() }, Refusal::NotVisible, id.kind);
    }

    /// The thing of this number; none: the neutral refusal was said.
    fn find(&mut self, request: &Request, id: ItemId) -> Result<Option<Item>> {
        let found = self.act.tx.find(self.act.firm.id, self.numbering(), id)?;
        if found.is_none() {
            self.refuse_unseen(request, id);
        }
        Ok(found)
    }

    /// True for a thing that was named and that its writer can't see; the neutral refusal was said. It must come before
    /// anything is asked about the thing's matter, which may be theirs to see (threats T43).
    fn hides(&mut self, request: &Request, item: Item) -> Result<bool> {
        let named = request.ids.iter().find(|id| id.kind == item.kind).copied();
        let Some(id) = named.filter(|_| item.kind != Kind::Matter) else { return Ok(false) };
        let hidden = self.act.ask(Ability::View, item)?.is_err();
        if hidden {
            self.refuse_unseen(request, id);
        }
        Ok(hidden)
    }

    /// As [`Run::find`], and the neutral refusal was said also of what its writer can't see.
    fn see(&mut self, request: &Request, id: ItemId) -> Result<Option<Item>> {
        let Some(item) = self.find(request, id)? else { return Ok(None) };
        let is_seen = self.act.ask(Ability::View, item)?.is_ok();
        if !is_seen {
            self.refuse_unseen(request, id);
        }
        Ok(Some(item).filter(|_| is_seen))
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
        let here = here.filter(|_| self.situation.context_is_signed);
        match if here.is_some() { here } else { self.named_at_the_end(request)? } {
            Some(item) => Ok(Some(item)),
            None => {
                self.lines.push(Line::WhichMatter { typed: typed(request) });
                self.kept_text = true;
                Ok(None)
            }
        }
    }

    /// `#note expert is ill M-2`, where nothing else says which matter: the number at the end, if its writer can see it.
    fn named_at_the_end(&self, request: &Request) -> Result<Option<Item>> {
        let last =
            request.narrative.trim_end_matches(['.', ')', ' ', '!']).rsplit([' ', '(']).next().unwrap_or_default();
        let Some(id) = ItemId::parse(last).filter(|id| matches!(id.kind, Kind::Matter | Kind::Task)) else {
            return Ok(None);
        };
        let found = self.act.tx.find(self.act.firm.id, self.numbering(), id)?;
        Ok(match found {
            Some(item) if self.act.ask(Ability::View, item)?.is_ok() => Some(item),
            _ => None,
        })
    }

    /// The matter of a request; none: it was said why not, or its writer sees no matter that the thing belongs to.
    fn target_matter(&mut self, request: &Request) -> Result<Option<i64>> {
        let Some(item) = self.target(request)? else { return Ok(None) };
        if self.hides(request, item)? {
            return Ok(None);
        }
        let matter = if item.kind == Kind::Matter { Some(item.id) } else { self.act.seen_matter(item)? };
        if matter.is_none() {
            self.lines.push(Line::WhichMatter { typed: typed(request) });
        }
        Ok(matter)
    }
}

/// What was typed, cut, for the receipt.
/// How sure it has to be who wrote a request; where it names nobody, it lets nobody in.
fn class(request: &Request) -> CommandClass {
    match request.verb {
        Verb::Assistant if !roles::names_assistant(request) => CommandClass::Preferences,
        Verb::Email if profile::new_address(request).is_none() => CommandClass::Preferences,
        verb => verb.class(),
    }
}

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
    /// What says which thing is to be taken back.
    const WHICH: [&str; 40] = [
        "last",
        "latest",
        "previous",
        "my",
        "first",
        "second",
        "time",
        "entries",
        "notes",
        "log",
        "logs",
        "call",
        "one",
        "from",
        "today",
        "yesterday",
        "recent",
        "letzten",
        "letzte",
        "letzter",
        "meinen",
        "meine",
        "eintrag",
        "zeiteintrag",
        "notiz",
        "heute",
        "gestern",
        "dernière",
        "dernier",
        "la",
        "le",
        "ma",
        "saisie",
        "última",
        "último",
        "mi",
        "entrada",
        "registro",
        "den",
        "die",
    ];
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
    let takes_back = matches!(request.verb, Verb::Delete | Verb::Undo);
    let says_nothing = |word: &str| word.is_empty() || FILLERS.contains(&word) || takes_back && WHICH.contains(&word);
    let enough =
        words.split_whitespace().count() >= fewest && words.split_whitespace().any(|w| !says_nothing(&plain(w)));
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
