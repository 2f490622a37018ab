//! Lists and look-ups: what is asked is resolved and refused here, in the transaction, and answered when the receipt
//! leaves, from what is shared then. A number that is unknown and one that is not shared are refused in the same words.
//! Nothing here changes anything.

use super::super::command::{Entry, Request, Takes, Verb, Who, nearest};
use super::{Run, typed};
use crate::domain::{Item, ItemId, Kind};
use crate::outbound::letter::Line;
use crate::outbound::shared;
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
        "There is no trial run yet, so nothing in this mail was carried out. Send it again without this line.",
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

impl Run<'_> {
    /// Any verb that changes nothing.
    pub(super) fn look(&mut self, request: &Request) -> Result<()> {
        let verb = request.verb;
        if verb == Verb::Help {
            self.help(request);
            return Ok(());
        }
        let about_event = request.ids.iter().any(|id| id.kind == Kind::Event)
            || self.situation.item.is_some_and(|i| i.kind == Kind::Event);
        if verb == Verb::No
            && !about_event
            && (request.ids.is_empty() || request.typed == "decline")
            && let Some(why) = self.accepted_before()?
        {
            self.refuse(request, why, None);
            return Ok(());
        }
        if let Some(sentence) = later(verb) {
            self.refuse_until_later(request, sentence);
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
            let request = &alone(request, *id);
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
                let name = request.quoted.first().unwrap_or(&request.narrative);
                let instead = match self.document_called(name)? {
                    Some(id) => format!("#{} {id}", request.verb.name()),
                    None => "#documents".to_owned(),
                };
                let why = "Write the number of what you mean. #documents lists what is shared with you.";
                self.refuse(request, why.into(), Some(instead));
                Ok(())
            }
        }
    }

    /// The number of the one document that is shared with the sender and has all these words in its name.
    fn document_called(&self, words: &str) -> Result<Option<ItemId>> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let lower = words.to_lowercase();
        let words = lower.split_whitespace().filter(|w| !["the", "a", "an", "my", "our", "your"].contains(w));
        let words: Vec<&str> = words.map(|w| w.trim_matches(['"', '.', ',', '?'])).filter(|w| !w.is_empty()).collect();
        if words.is_empty() || self.act.actor.is_user() {
            return Ok(None);
        }
        let mut hits = Vec::new();
        for item in shared::candidates(tx, firm, self.act.actor.id, Kind::Document, self.act.now)? {
            let Some(document) = tx.document(firm, item.id)? else { continue };
            let name = document.name.to_lowercase();
            if words.iter().all(|w| name.contains(w)) && self.act.ask(Ability::View, item)?.is_ok() {
                hits.push(item);
            }
        }
        match hits.as_slice() {
            [one] => tx.number(firm, self.numbering(), *one),
            _ => Ok(None),
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
            let request = &alone(request, *id);
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

/// The request for one of several things, so that an answer says which one it means.
fn alone(request: &Request, id: ItemId) -> Request {
    let mut alone = request.clone();
    if request.ids.len() > 1 {
        alone.ids = vec![id];
        alone.original = format!("#{} {id}", request.verb.name());
    }
    alone
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

#[cfg(test)]
mod tests {
    use super::super::super::command::{self, About, Reading};
    use super::super::super::extract;
    use super::super::super::resolve::Situation;
    use super::super::{Words, run};
    use super::*;
    use crate::actions::Act;
    use crate::domain::PersonId;
    use crate::domain::dates::DateOrder;
    use crate::outbound::templates::answers::help::{SHEET, about};
    use crate::outbound::templates::answers::world::{World, now};
    use crate::proof::{DmarcFact, FromDefect, Level, Proof, TokenStanding, Verdict};

    fn read(text: &str) -> Vec<Request> {
        let lines: Vec<extract::Line> =
            text.lines().map(|l| extract::Line { text: l.into(), wrapped: false }).collect();
        let now = now().in_tz("Europe/London").unwrap();
        let reading = Reading { now: &now, order: DateOrder::DayMonth, about: About::Other, firm_codes: &[] };
        command::read(&lines, &reading).requests
    }

    fn proof() -> Proof {
        Proof {
            from: Err(FromDefect::Missing),
            arrived: now(),
            date: None,
            dkim: Vec::new(),
            dmarc: DmarcFact::default(),
            border: None,
            aligned: None,
            other_signers: Vec::new(),
            to_signed: false,
            cc_signed: false,
            sources_disagree: false,
            verdict: Verdict::Aligned,
        }
    }

    /// What a mail of this person with this text comes to.
    fn write(world: &World, person: PersonId, here: Option<Item>, text: &str) -> super::super::Ran {
        let firm = world.firm();
        let requests = read(text);
        world.write(move |tx| {
            let person = tx.person(firm.id, person)?.unwrap();
            let matter = match here {
                Some(item) => tx.matter_of(firm.id, item)?,
                None => None,
            };
            let situation = Situation {
                is_addressed: true,
                person: person.clone(),
                level: Level::Strong,
                token: TokenStanding::ValidForThisPerson,
                thread: None,
                item: here.filter(|i| i.kind != Kind::Matter),
                matter,
                context_is_signed: here.is_some(),
                receipt_of: None,
                is_new: here.is_none(),
                address_word: None,
                outsiders: Vec::new(),
                misused: None,
            };
            let words = Words {
                commands: command::Commands { requests: requests.clone(), ..command::Commands::default() },
                files: Vec::new(),
                left_out: Vec::new(),
                subject: String::new(),
                forwarded: None,
                correspondents: (String::new(), String::new()),
                all_quoted: false,
                content_hash: String::new(),
            };
            let act = Act { tx, firm: &firm, actor: &person, inbox: None, cause: "test", now: now() };
            run(act, &situation, &words, &proof())
        })
    }

    fn answer(world: &World, here: Option<Item>, text: &str) -> String {
        let ran = write(world, world.jane, here, text);
        let page = world.page(world.jane, &ran.lines);
        format!("{}\n{}\n{}", page.subject, page.to_text(), page.to_html())
    }

    #[test]
    fn the_neutral_refusal_is_the_same_bytes_for_absent_unshared_revoked_and_foreign() {
        let world = World::new();
        for (verb, unshared, revoked) in [
            ("show", "D-2", "D-1"),
            ("get", "D-2", "D-1"),
            ("show", "T-4", "T-1"),
            ("show", "MSG-2", "MSG-1"),
            ("show", "BILL-2", "BILL-1"),
            ("get", "BILL-2", "BILL-1"),
            ("show", "EV-2", "EV-1"),
            ("show", "M-2", "M-4"),
            ("documents", "M-2", "M-4"),
            ("tasks", "M-2", "M-4"),
            ("contacts", "M-2", "M-4"),
            ("client", "M-2", "M-4"),
            ("get", "F-2", "F-1"),
        ] {
            let item = world.item(revoked);
            if world.read(|r| r.share_is_live(world.firm, world.jane, item, now())) {
                world.revoke(item);
            }
            let refused = |id: &str| answer(&world, None, &format!("#{verb} {id}")).replace(id, "X");
            let kind = ItemId::parse(unshared).unwrap().kind;
            let absent = refused(&format!("{}-99", kind.prefix()));
            assert!(
                absent.contains(&format!("I find no {} shared with you under that number.", kind.word())),
                "{absent}"
            );
            if kind != Kind::Folder {
                assert_eq!(refused(unshared), absent, "#{verb} {unshared} is not shared");
            }
            assert_eq!(refused(revoked), absent, "#{verb} {revoked} was revoked");
        }
        // Kinds with numbers of her own: what came with the matter, then the others' and nobody's.
        let (notes, entries) = (answer(&world, None, "#notes"), answer(&world, None, "#entries"));
        assert!(notes.contains("N-1") && notes.contains("LOG-1") && entries.contains("TE-1"));
        world.revoke(world.matter);
        for prefix in ["N", "LOG", "TE"] {
            let refused = |id: String| answer(&world, None, &format!("#show {id}")).replace(&id, "X");
            assert_eq!(refused(format!("{prefix}-1")), refused(format!("{prefix}-9")), "#show {prefix}-1 was revoked");
        }
        // M-5 is a matter of the other firm alone, M-99 of nobody.
        assert_eq!(
            answer(&world, None, "#show M-5").replace("M-5", "X"),
            answer(&world, None, "#show M-99").replace("M-99", "X")
        );
    }

    #[test]
    fn what_ends_between_the_question_and_its_answer_is_refused_in_the_same_bytes() {
        let world = World::new();
        for (text, id) in [
            ("#show D-1", "D-1"),
            ("#get BILL-1", "BILL-1"),
            ("#documents F-1", "F-1"),
            ("#notes M-1", "M-1"),
            ("#get D-4", "D-4"),
        ] {
            let asked = write(&world, world.jane, None, text).lines;
            assert!(matches!(asked.as_slice(), [Line::Ask { .. }]), "{text}: {asked:?}");
            world.revoke(world.item(id));
            let page = world.page(world.jane, &asked);
            let late = format!("{}\n{}\n{}", page.subject, page.to_text(), page.to_html());
            assert_eq!(late, answer(&world, None, text), "{text}");
            assert!(page.shows.is_empty() && page.enclosures.is_empty(), "{text}: {:?}", page.shows);
        }
    }

    #[test]
    fn a_version_that_is_not_there_is_refused_as_a_document_that_is_not() {
        let world = World::new();
        assert_eq!(
            answer(&world, None, "#get D-1v9").replace("D-1v9", "X"),
            answer(&world, None, "#get D-99").replace("D-99", "X")
        );
    }

    #[test]
    fn a_document_asked_for_by_name_is_answered_with_its_number_if_one_alone_is_meant() {
        let world = World::new();
        let instead = |text: &str| match write(&world, world.jane, None, text).lines.as_slice() {
            [Line::Refused { instead, .. }] => instead.clone().unwrap(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(instead("#get the brief"), "#get D-1");
        assert_eq!(instead("#get Brief.pdf"), "#get D-1");
        assert_eq!(instead("#get .pdf"), "#documents");
        assert_eq!(instead("#get"), "#documents");
        world.revoke(world.item("D-1"));
        assert_eq!(instead("#get the brief"), "#documents");
    }

    #[test]
    fn declining_what_was_accepted_says_how_to_stop_and_nothing_of_events() {
        let world = World::new();
        let text = answer(&world, None, "#decline");
        assert!(text.contains("You accepted on ") && text.contains("it can end your access."), "{text}");
        assert!(!text.contains("Events"), "{text}");
    }

    #[test]
    fn lists_and_look_ups_are_noted_as_questions_and_change_nothing() {
        let world = World::new();
        let text = "#matters\n#tasks overdue\n#calendar\n#documents M-1 page 2\n#bills\n#messages\n#notes\n#contacts M-1\n\
            #client M-1\n#entries\n#hours\n#home\n#show T-1 D-1\n#get D-1v1\n#status";
        let ran = write(&world, world.jane, None, text);
        assert!(ran.lines.iter().all(|l| matches!(l, Line::Ask { .. })), "{:?}", ran.lines);
        assert_eq!((ran.lines.len(), ran.effects, ran.for_the_firm), (16, 0, false));
        let Line::Ask { words, item, .. } = &ran.lines[3] else { unreachable!() };
        assert_eq!((words.as_str(), *item), ("page 2", Some(world.matter)));
    }

    #[test]
    fn without_a_number_the_thing_of_the_mail_is_meant() {
        let world = World::new();
        let task = world.item("T-1");
        let shown = write(&world, world.jane, Some(task), "#show").lines;
        assert!(matches!(shown.as_slice(), [Line::Ask { item: Some(item), .. }] if *item == task), "{shown:?}");
        let people = write(&world, world.jane, Some(task), "#contacts").lines;
        assert!(
            matches!(people.as_slice(), [Line::Ask { item: Some(item), .. }] if *item == world.matter),
            "{people:?}"
        );
        let asked = write(&world, world.jane, None, "#contacts");
        assert!(matches!(asked.lines.as_slice(), [Line::WhichMatter { .. }]) && !asked.for_the_firm);
        assert!(matches!(write(&world, world.jane, None, "#get").lines.as_slice(), [Line::Refused { .. }]));
    }

    #[test]
    fn what_comes_later_is_refused_with_what_works_today() {
        let world = World::new();
        for (verb, sentence) in LATER {
            let text = format!("#{} M-1", verb.name());
            let lines = write(&world, world.jane, None, &text).lines;
            assert!(matches!(lines.as_slice(), [Line::Refused { why, .. }] if why == sentence), "{text}: {lines:?}");
            assert!(sentence.ends_with('.') && sentence.len() < 140, "{sentence}");
        }
    }

    #[test]
    fn acc_08_a_password_is_not_kept_in_any_letter() {
        let world = World::new();
        let ran = write(&world, world.jane, None, "#password hunter2");
        assert!(!format!("{:?}", ran.lines).contains("hunter2"), "{:?}", ran.lines);
    }

    #[test]
    fn the_firms_people_look_by_number_and_do_the_rest_on_the_command_line() {
        let world = World::new();
        assert!(matches!(write(&world, world.anna, None, "#show D-2").lines.as_slice(), [Line::Ask { .. }]));
        assert!(matches!(write(&world, world.anna, None, "#tasks").lines.as_slice(), [Line::Refused { .. }]));
    }

    #[test]
    fn help_fits_a_screen_and_every_line_of_it_is_a_command_that_works() {
        let world = World::new();
        let sheet = world.page(world.jane, &write(&world, world.jane, None, "#help").lines).to_text();
        assert!(sheet.lines().count() <= 30 && sheet.contains("#help time"), "{sheet}");
        let mut lines: Vec<String> = SHEET.iter().map(|row| row.0.to_owned()).collect();
        lines.extend(MORE_EXAMPLES.iter().map(|row| row.1.to_owned()));
        for kind in Kind::ALL {
            lines.extend(about(kind, "X-1").1.into_iter().map(|row| row.0));
        }
        for line in lines {
            let read = read(&line);
            assert!(read.len() == 1 && read[0].error.is_none(), "{line}: {read:?}");
            assert!(later(read[0].verb).is_none(), "{line} does not work yet");
        }
    }

    #[test]
    fn help_in_reply_begins_with_what_can_be_done_there_if_it_may_be_seen() {
        let world = World::new();
        let text = answer(&world, Some(world.item("T-1")), "#help");
        assert!(text.contains("In reply to a mail about T-1") && text.contains("completes the task"), "{text}");
        let text = answer(&world, Some(world.item("T-4")), "#help");
        assert!(!text.contains("T-4"), "{text}");
    }

    #[test]
    fn help_on_a_command_gives_its_row_and_help_on_nonsense_asks_back() {
        let world = World::new();
        let text = answer(&world, None, "#help #time");
        for part in ["#time 1.5h A103 L210 Drafted reply brief", "1.5h, 90m", "#log-time"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(answer(&world, None, "#help task").contains("Only the firm can set or change tasks."));
        assert!(answer(&world, None, "#help tiem").contains("#help time"));
    }
}
