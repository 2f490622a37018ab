//! Lists and look-ups: what is asked is resolved and refused here, in the transaction, and answered when the receipt
//! leaves, from what is shared then. A number that is unknown and one that is not shared are refused in the same words.
//! Nothing here changes anything.

use super::super::command::{Entry, Request, Takes, Verb, Who, nearest};
use super::{Run, typed};
use crate::domain::{Item, Kind};
use crate::outbound::letter::Line;
use crate::sharing::{Ability, Refusal, Thing};
use crate::store::Result;
use crate::store::shares::{Circumstances, Subject};

/// The verbs that come later, and what does the same or nearly the same today.
const LATER: &[(Verb, &str)] = &[
    (Verb::Preview, "Previews are not sent yet. #get D-4 sends the whole file."),
    (Verb::Print, "Transcripts are not made yet. #show MSG-8 sends all messages with their times, ready to print."),
    (Verb::Vcard, "Cards are not sent yet. #contacts M-12 lists the people of a matter, #client M-12 its client."),
    (Verb::Pay, "Payment links are not sent yet. #get BILL-17 sends the bill, which shows how to pay."),
    (Verb::Yes, "Events can't be answered by a command yet. Write your answer as text, and the firm gets it."),
    (Verb::No, "Events can't be answered by a command yet. Write your answer as text, and the firm gets it."),
    (Verb::Maybe, "Events can't be answered by a command yet. Write your answer as text, and the firm gets it."),
    (Verb::Profile, "Your name can't be changed by mail yet. Write it as text, and the firm can correct it."),
    (Verb::Picture, "Pictures are not kept yet. Nothing else is missing without one."),
    (Verb::Email, "Your address can't be changed by mail yet. Ask the firm from the address it knows."),
    (Verb::Password, "There is no password: your mailbox proves who you are. Never send one by mail."),
    (Verb::Accounts, "Other firms are not listed yet. The address that you write to decides the firm."),
    (Verb::As, "Roles can't be chosen by a command yet. The address that you write to decides the firm."),
    (Verb::Lang, "These mails are in English only, for now."),
    (
        Verb::DryRun,
        "There is no trial run yet: the other lines of this mail were carried out. #undo in reply takes them back.",
    ),
    (
        Verb::Wrong,
        "There is no command for this yet. The firm was told of your mail; please delete what was not for you.",
    ),
];

/// Further lines that work as written, for the help on one command.
const MORE_EXAMPLES: &[(Verb, &str, &str)] = &[
    (Verb::Time, "#time 90m yesterday M-12 Call with expert", "another day, another matter"),
    (Verb::Time, "#time 0.2h T-12 nb Reviewed file", "on a task, non-billable"),
    (Verb::Done, "#done T-12 T-14", "several at once"),
    (Verb::Note, "#note M-12 Witness: free in May", "with a subject"),
    (Verb::Edit, "#edit TE-31 A104 Reviewed brief", "other code, other words"),
    (Verb::Get, "#get D-4v2", "an earlier version"),
    (Verb::Get, "#get BILL-17", "a bill"),
    (Verb::Show, "#show M-12", "a matter"),
    (Verb::Show, "#show MSG-8 page 2", "earlier messages"),
    (Verb::Tasks, "#tasks M-12", "of one matter"),
    (Verb::Tasks, "#tasks page 2", "the next page"),
    (Verb::Calendar, "#calendar past", "what is over"),
    (Verb::Documents, "#documents F-3", "of one folder"),
    (Verb::Entries, "#entries M-12", "of one matter"),
];

const BY_COMMAND_LINE: &str =
    "For now, commands of the firm's people are given on the command line. By mail you can use #show, #get and #help.";

impl Run<'_> {
    /// Any verb that changes nothing.
    pub(super) fn look(&mut self, request: &Request) -> Result<()> {
        let verb = request.verb;
        if verb == Verb::Help {
            self.help(request);
            return Ok(());
        }
        if let Some(sentence) = later(verb) {
            self.refuse_until_later(request, sentence);
            return Ok(());
        }
        if self.act.actor.is_user() && !matches!(verb, Verb::Show | Verb::Get) {
            self.refuse(request, BY_COMMAND_LINE.into(), None);
            return Ok(());
        }
        match verb {
            Verb::Show => self.about_items(request, Ability::SeeDetails),
            Verb::Get => self.about_items(request, Ability::Download),
            Verb::Contacts => self.about_matter(request, Ability::SeeContacts),
            Verb::Client => self.about_matter(request, Ability::SeeClient),
            Verb::Home | Verb::Status => self.overview(request),
            _ => self.list(request),
        }
    }

    fn ask_later(&mut self, request: &Request, item: Option<Item>, version: Option<u32>) {
        self.lines.push(Line::Ask {
            verb: request.verb.name().into(),
            item,
            version,
            words: request.narrative.chars().take(60).collect(),
            typed: typed(request),
        });
    }

    /// Notes the question if the thing may be looked at so; otherwise says why not.
    fn ask_if_allowed(&mut self, request: &Request, ability: Ability, item: Item, version: Option<u32>) -> Result<()> {
        match self.act.ask(ability, item)? {
            Ok(()) if self.lacks_version(item, version)? => self.refuse_by(request, Refusal::NotVisible, item.kind),
            Ok(()) => self.ask_later(request, Some(item), version),
            Err(refusal) => self.refuse_by(request, refusal, item.kind),
        }
        Ok(())
    }

    fn lacks_version(&self, item: Item, version: Option<u32>) -> Result<bool> {
        let Some(number) = version.filter(|_| item.kind == Kind::Document) else { return Ok(false) };
        Ok(self.act.tx.version(self.act.firm.id, item.id, number)?.is_none())
    }

    /// `#show` and `#get`: each thing that is named, else what the mail is about.
    fn about_items(&mut self, request: &Request, ability: Ability) -> Result<()> {
        let sendable = |kind| matches!(kind, Kind::Document | Kind::Folder | Kind::Bill);
        let fits = |kind| ability != Ability::Download || sendable(kind);
        for id in &request.ids {
            if !fits(id.kind) {
                let why = format!("#get sends documents and bills. To read it, write #show {id}.");
                self.refuse(request, why, Some(format!("#show {id}")));
            } else if let Some(item) = self.find(request, *id)? {
                self.ask_if_allowed(request, ability, item, id.version)?;
            }
        }
        if !request.ids.is_empty() {
            return Ok(());
        }
        if let Some(matter) = self.named_matter(request)?.filter(|m| fits(m.kind)) {
            return self.ask_if_allowed(request, ability, matter, None);
        }
        if request.matter.is_some() {
            return Ok(());
        }
        let here = self.here().filter(|i| fits(i.kind) && request.quoted.is_empty());
        match here {
            Some(item) => self.ask_if_allowed(request, ability, item, None),
            None => {
                let example = if ability == Ability::Download { "#get D-4" } else { "#show T-12" };
                let why = "Write the number of what you mean. #documents lists what is shared with you.";
                self.refuse(request, why.into(), Some(example.into()));
                Ok(())
            }
        }
    }

    /// `#contacts` and `#client`: of the matter that is named, else of the mail's.
    fn about_matter(&mut self, request: &Request, ability: Ability) -> Result<()> {
        let matter = match request.ids.first() {
            Some(id) if id.kind == Kind::Matter => match self.find(request, *id)? {
                Some(matter) => Some(matter),
                None => return Ok(()),
            },
            Some(_) => {
                self.takes_a_matter(request);
                return Ok(());
            }
            None if request.matter.is_some() => match self.named_matter(request)? {
                Some(matter) => Some(matter),
                None => return Ok(()),
            },
            None => {
                self.situation.matter.filter(|_| self.situation.context_is_signed).map(|m| Item::new(Kind::Matter, m))
            }
        };
        match matter {
            Some(matter) => self.ask_if_allowed(request, ability, matter, None),
            None => {
                self.lines.push(Line::WhichMatter { typed: typed(request) });
                Ok(())
            }
        }
    }

    /// A list of everything, or of one matter or folder.
    fn list(&mut self, request: &Request) -> Result<()> {
        if request.ids.is_empty() && request.matter.is_none() {
            self.ask_later(request, None, None);
            return Ok(());
        }
        if let Some(matter) = self.named_matter(request)? {
            return self.ask_if_allowed(request, Ability::View, matter, None);
        }
        for id in &request.ids {
            let fits = id.kind == Kind::Matter || (id.kind == Kind::Folder && request.verb == Verb::Documents);
            if !fits {
                self.takes_a_matter(request);
            } else if let Some(item) = self.find(request, *id)? {
                self.ask_if_allowed(request, Ability::View, item, None)?;
            }
        }
        Ok(())
    }

    fn takes_a_matter(&mut self, request: &Request) {
        let name = request.verb.name();
        self.refuse(request, "Write the number of a matter after it.".into(), Some(format!("#{name} M-12")));
    }

    /// `#home` and `#status`: about no thing, so asked of the person's own page.
    fn overview(&mut self, request: &Request) -> Result<()> {
        let home = Subject::Other(Thing::Home, None);
        match self.act.ask_about(Ability::View, home, Circumstances::default())? {
            Ok(()) => self.ask_later(request, None, None),
            Err(refusal) => self.refuse_by(request, refusal, Kind::Matter),
        }
        Ok(())
    }

    /// The matter that is named by the firm's own number; none also if there is no such matter, which then was said.
    fn named_matter(&mut self, request: &Request) -> Result<Option<Item>> {
        let Some(number) = &request.matter else { return Ok(None) };
        let found = self.act.tx.matter_by_display_number(self.act.firm.id, number)?;
        if found.is_none() {
            self.refuse_by(request, Refusal::NotVisible, Kind::Matter);
        }
        Ok(found.map(|m| m.item()))
    }

    /// What the mail is about, as far as that is sure.
    fn here(&self) -> Option<Item> {
        let matter = self.situation.matter.map(|row| Item::new(Kind::Matter, row));
        self.situation.item.or(matter).filter(|_| self.situation.context_is_signed)
    }

    fn refuse_until_later(&mut self, request: &Request, sentence: &str) {
        // A password must not be said again in a receipt, which is stored.
        let typed = if request.verb == Verb::Password { "#password".into() } else { typed(request) };
        self.kept_text |= request.verb == Verb::Wrong;
        self.lines.push(Line::Refused { typed, why: sentence.to_owned(), instead: None });
    }

    fn help(&mut self, request: &Request) {
        let word = request.narrative.split_whitespace().next().unwrap_or_default();
        let word = word.trim_start_matches(['#', '＃']);
        if word.is_empty() {
            let item = self.here();
            self.lines.push(Line::Help { item, word: String::new(), examples: Vec::new(), remarks: Vec::new() });
            return;
        }
        match Verb::of(word) {
            Some(verb) => self.lines.push(help_on(verb.entry())),
            None => {
                let near = nearest(word).map(|near| format!("#help {near}"));
                self.refuse(
                    request,
                    "I know no command of that name.".into(),
                    Some(near.unwrap_or_else(|| "#help".into())),
                );
            }
        }
    }
}

fn later(verb: Verb) -> Option<&'static str> {
    LATER.iter().find(|row| row.0 == verb).map(|row| row.1)
}

/// The help on one command, from its row in the table.
fn help_on(entry: &Entry) -> Line {
    let (mut examples, mut remarks) = (Vec::new(), Vec::new());
    match (later(entry.verb), entry.who) {
        (Some(sentence), _) | (None, Who::Firm(sentence)) => remarks.push(sentence.to_owned()),
        (None, Who::Everyone) => {
            examples.push((entry.example.to_owned(), entry.help.to_owned()));
            let more = MORE_EXAMPLES.iter().filter(|row| row.0 == entry.verb);
            examples.extend(more.map(|row| (row.1.to_owned(), row.2.to_owned())));
            remarks.extend(forms(entry));
            if !entry.synonyms.is_empty() {
                let words: Vec<String> = entry.synonyms.iter().map(|w| format!("#{w}")).collect();
                remarks.push(format!("The same: {}", words.join(" ")));
            }
        }
    }
    Line::Help { item: None, word: entry.name.to_owned(), examples, remarks }
}

/// What the arguments of a command may look like.
fn forms(entry: &Entry) -> Vec<String> {
    let takes = |form| entry.takes.contains(&form);
    let mut said = Vec::new();
    if takes(Takes::Duration) {
        said.push("Durations: 1.5h, 90m, 1h30, ½h, 3u (units of six minutes).");
    }
    if takes(Takes::PastDate) {
        said.push("Days: yesterday, mon, 12 Mar, 2026-03-12. Without one it is today.");
    }
    if takes(Takes::Codes) {
        said.push("UTBMS codes as they are: A103 L210. nb means non-billable, nc no charge.");
    }
    if takes(Takes::Ids) {
        said.push("A number such as M-12 or T-12 says what it is about. In reply to a mail about a thing you can leave it out.");
    }
    said.into_iter().map(str::to_owned).collect()
}
