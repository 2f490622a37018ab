//! What may not have been meant as it was written: a request comes in; a question goes out and nothing is done, or a remark
//! is made for the receipt. Decides nothing that `sharing` decides, and names nothing that its writer can't see.

use std::collections::BTreeSet;

use super::super::command::{Request, Verb, for_each};
use super::Run;
use crate::domain::duration::Quantity;
use crate::domain::{Item, ItemId, Kind};
use crate::language::{one_of, say};
use crate::outbound::letter::Line;
use crate::sharing::Ability;
use crate::store::Result;

/// Words after `#done` that say it is not so, not wholly, or only if something else is.
const DOUBTS: [&str; 47] = [
    "not",
    "no",
    "never",
    "if",
    "once",
    "when",
    "except",
    "unless",
    "until",
    "almost",
    "nearly",
    "partly",
    "partially",
    "only",
    "nicht",
    "nein",
    "noch",
    "nie",
    "kein",
    "keine",
    "wenn",
    "falls",
    "sobald",
    "außer",
    "ausser",
    "erst",
    "fast",
    "teilweise",
    "nur",
    "pas",
    "non",
    "jamais",
    "si",
    "quand",
    "dès",
    "sauf",
    "presque",
    "partiellement",
    "cuando",
    "salvo",
    "excepto",
    "aún",
    "aun",
    "todavía",
    "todavia",
    "casi",
    "parcialmente",
];

/// Words after `#done` that name every task.
const ALL: [&str; 10] = ["all", "everything", "alle", "alles", "tout", "tous", "toutes", "todo", "todos", "todas"];

/// Words for `#wrong` that people also write of a mistake of their own.
pub(super) const MISTAKES: [&str; 2] = ["erreur", "error"];

/// More in one entry is remarked on.
const LONG_ENTRY: Quantity = Quantity::from_seconds(12 * 3_600);

/// So many numbers are named in a question.
const MOST_NAMED: usize = 12;

impl Run<'_> {
    /// `#done not yet`, `#done all`, and `#done Lambda` in reply to another task: asked about. True if it was.
    pub(super) fn doubts_done(&mut self, request: &Request) -> Result<bool> {
        let words = request.quoted.first().unwrap_or(&request.narrative).trim().to_lowercase();
        let first = words.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
        if words.is_empty() || request.duration.is_some() && !DOUBTS.contains(&first) {
            return Ok(false);
        }
        if DOUBTS.contains(&first) {
            let here = self.situation.item.filter(|i| i.kind == Kind::Task && self.situation.context_is_signed);
            let here = if request.ids.is_empty() { self.numbers_of(here.as_slice())? } else { Vec::new() };
            let ids = request.ids.iter().map(ItemId::to_string).chain(here).collect::<Vec<_>>().join(" ");
            let done = Verb::Done.word(self.locale);
            let why = say!(
                self,
                "The words after it say that it may not be done, so nothing was completed, and they were not sent. If it is done, write #{done} alone; if not, write to the firm without it.",
                done = done
            );
            self.spoken_for.insert(request.original.clone());
            self.refuse(request, why, Some(format!("#{done} {ids}").trim_end().to_owned()));
            return Ok(true);
        }
        if !request.ids.is_empty() {
            return Ok(false);
        }
        let here = self.situation.item.filter(|i| i.kind == Kind::Task);
        let mut called = Vec::new();
        for task in self.act.tx.tasks_assigned_to(self.act.firm.id, self.act.actor.whose())? {
            let name = task.name.to_lowercase();
            let is_open = task.completed_at.is_none() && self.act.ask(Ability::Complete, task.item())?.is_ok();
            if is_open && (name.starts_with(&words) && words.chars().count() > 2 || words.starts_with(&name)) {
                called.push(task.item());
            }
        }
        let names_another = !called.is_empty() && called.iter().any(|task| Some(*task) != here);
        if names_another || ALL.contains(&first) && words.split_whitespace().count() <= 2 {
            self.ask_which_task(request);
            return Ok(true);
        }
        if !called.is_empty() {
            // The name of the task that is completed is no message.
            self.spoken_for.insert(request.original.clone());
        }
        Ok(false)
    }

    /// Asks which task is meant; the words beside the command may be its name, so that they are no message.
    pub(super) fn ask_which_task(&mut self, request: &Request) {
        self.spoken_for.insert(request.original.clone());
        self.lines.push(Line::WhichTask { typed: super::typed(request) });
    }

    /// A line that goes to one thing names several: none may be passed over in silence. A thing may stand with its matter.
    pub(super) fn names_several(&mut self, request: &Request) -> Result<bool> {
        let one_each = matches!(request.verb, Verb::Time | Verb::Note | Verb::Message | Verb::Call | Verb::Log);
        if !one_each || request.ids.len() < 2 {
            return Ok(false);
        }
        let (matters, things): (Vec<ItemId>, Vec<ItemId>) =
            request.ids.iter().copied().partition(|id| id.kind == Kind::Matter);
        if let ([matter], [thing]) = (matters.as_slice(), things.as_slice()) {
            let of = match self.act.tx.find(self.act.firm.id, self.numbering(), *thing)? {
                // What its writer can't see is refused as if it were not there.
                Some(item) if self.act.ask(Ability::View, item)?.is_ok() => self.act.seen_matter(item)?,
                _ => return Ok(false),
            };
            let Some(named) = self.see(request, *matter)? else { return Ok(true) };
            if of == Some(named.id) {
                return Ok(false);
            }
        }
        let why = say!(self, "One line goes to one thing. Write a line for each; nothing of this one was done.");
        self.refuse(request, why, Some(for_each(request, self.locale)));
        Ok(true)
    }

    /// Remarks on words that name another thing than the one they went to, if their writer can see it.
    pub(super) fn names_another(&self, on: Item, words: &str, verb: Verb) -> Result<Option<String>> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let matter = self.act.seen_matter(on)?;
        let numbers = words.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter_map(ItemId::parse);
        for id in numbers.take(MOST_NAMED) {
            let Some(other) = tx.find(firm, self.numbering(), id)? else { continue };
            let is_elsewhere = self.act.seen_matter(other)? != matter;
            let counts = match id.kind {
                Kind::Matter | Kind::Document => is_elsewhere,
                Kind::Task => other != on && (is_elsewhere || verb == Verb::Time),
                _ => false,
            };
            if counts
                && self.act.ask(Ability::View, other)?.is_ok()
                && let Some(here) = self.numbers_of(&[on])?.first()
            {
                return Ok(Some(say!(
                    self,
                    "It went to {here}, and its words name {other}. If {other} was meant, reply #undo, and send it again with {other} right after #{verb}.",
                    here = here,
                    other = id.to_string(),
                    verb = verb.word(self.locale)
                )));
            }
        }
        Ok(None)
    }

    /// Remarks on an entry of more than half a day: a time of day may have been taken for it.
    pub(super) fn is_very_long(&self, quantity: Quantity) -> Option<String> {
        (quantity > LONG_ENTRY).then(|| {
            say!(
                self,
                "{hours} h is much for one entry. If a time of day was meant, reply #edit and how long it took.",
                hours = quantity.hours_in(self.locale)
            )
        })
    }

    /// `#wrong` in a word that may mean a mistake of one's own, or about a whole matter that was not named: it would end
    /// more than was meant. True if it was asked about.
    pub(super) fn doubts_wrong(&mut self, request: &Request) -> Result<bool> {
        if self.act.actor.is_user() {
            return Ok(false);
        }
        let wrong = Verb::Wrong.word(self.locale);
        let ids: Vec<String> = request.ids.iter().map(ItemId::to_string).collect();
        if MISTAKES.contains(&request.typed.as_str()) {
            let why = say!(
                self,
                "Did you get what was meant for somebody else? Then write #{wrong}: your access to it ends at once, and the firm is told. Nothing in your mail was carried out. To correct something of your own, use #edit or #undo.",
                wrong = wrong
            );
            self.refuse(request, why, Some(format!("#{wrong} {}", ids.join(" ")).trim_end().to_owned()));
            return Ok(true);
        }
        if !ids.is_empty() || self.situation.item.is_some_and(|item| item.kind != Kind::Matter) {
            return Ok(false);
        }
        let (tx, firm, person) = (self.act.tx, self.act.firm.id, self.act.actor.whose());
        let matter = self.situation.matter;
        let mut shared = Vec::new();
        for share in tx.live_shares(firm, person, self.act.now)? {
            let is_meant = matter.is_none() || tx.matter_of(firm, share.item)? == matter;
            if is_meant && self.act.ask(Ability::GiveBack, share.item)?.is_ok() {
                shared.push(share.item);
            }
        }
        let named = self.numbers_of(shared.get(..MOST_NAMED).unwrap_or(&shared))?;
        // To name the whole matter would end the most.
        let least = named.iter().find(|id| !id.starts_with("M-")).or(named.first());
        let Some(least) = least.filter(|_| shared.len() > 1) else { return Ok(false) };
        let why = say!(
            self,
            "Thank you for telling. Your mail may be about several things, and access ends to what you name: {ids}. Which was not for you? Nothing in your mail was carried out. Please do not read on meanwhile.",
            ids = one_of(self.locale, &named)
        );
        self.kept_text = true;
        self.refuse(request, why, Some(format!("#{wrong} {least}")));
        Ok(true)
    }

    /// Remarks on a later paragraph of a note that speaks to somebody of the firm: it is no message.
    pub(super) fn speaks_to_somebody(&self, matter: i64, text: &str) -> Result<Option<String>> {
        let later = text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty());
        let mut names = BTreeSet::new();
        for line in later.take(MOST_NAMED) {
            let Some((name, _)) = line.split_once(',') else { continue };
            let name = name.rsplit(' ').next().unwrap_or_default();
            let is_name = name.starts_with(char::is_uppercase) && line.find(',').is_some_and(|at| at < 40);
            if is_name && names.insert(name) && !self.insiders_of_name(name, Some(matter))?.is_empty() {
                return Ok(Some(say!(
                    self,
                    "All of it went into the note, the lines to {name} too; nobody was sent a message. To send one, write #message on a line of its own above it.",
                    name = name
                )));
            }
        }
        Ok(None)
    }
}
