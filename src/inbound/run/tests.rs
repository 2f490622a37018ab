//! Mails of text and commands, carried out against a store of their own.

use jiff::tz::TimeZone;

use super::super::command::{self, Reading};
use super::super::extract::Line as Written;
use super::super::resolve::Situation;
use super::*;
use crate::actions::sample::{Office, now};
use crate::blobs::sha256;
use crate::domain::InboxId;
use crate::domain::dates::DateOrder;
use crate::proof::{DmarcFact, FromDefect, Level, Proof, TokenStanding, Verdict};
use crate::store::inbox::Staged;

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
        to_signed: true,
        cc_signed: true,
        sources_disagree: false,
        verdict: Verdict::Aligned,
    }
}

fn words(text: &str) -> Words {
    let lines: Vec<Written> = text.lines().map(|l| Written { text: l.into(), wrapped: false }).collect();
    let written = now().to_zoned(TimeZone::UTC);
    let reading =
        Reading { now: &written, order: DateOrder::DayMonth, about: command::About::Unknown, firm_codes: &[] };
    Words {
        commands: command::read(&lines, &reading),
        files: Vec::new(),
        left_out: Vec::new(),
        subject: "Brief".into(),
        forwarded: None,
        correspondents: Default::default(),
        all_quoted: false,
        content_hash: sha256(text.as_bytes()),
    }
}

/// A mail about to be carried out: to the matter's address, unless the test says otherwise.
struct Mail {
    by: PersonId,
    item: Option<Item>,
    matter: Option<i64>,
    is_new: bool,
    words: Words,
    held: bool,
}

impl Mail {
    fn new(office: &Office, by: PersonId, text: &str) -> Mail {
        Mail { by, item: None, matter: Some(office.matter), is_new: true, words: words(text), held: false }
    }

    fn about(self, item: Item) -> Mail {
        Mail { item: Some(item), is_new: false, ..self }
    }

    fn with(mut self, change: impl FnOnce(&mut Words)) -> Mail {
        change(&mut self.words);
        self
    }
}

fn staged(tx: &crate::store::Tx<'_>, firm: crate::domain::FirmId, cause: &str) -> Result<InboxId> {
    let staged = Staged {
        mailbox: "in".into(),
        uid_validity: 0,
        uid: cause.into(),
        sha256: cause.into(),
        size: 12,
        arrived_at: now(),
    };
    Ok(tx.stage(firm, &staged, now())?.unwrap())
}

impl Office {
    fn write_mail(&self, by: PersonId, text: &str) -> Ran {
        self.receive(Mail::new(self, by, text))
    }

    fn receive(&self, mail: Mail) -> Ran {
        let (firm, cause) = (self.firm, mail.words.content_hash.clone());
        self.write(move |tx| {
            let inbox = staged(tx, firm, &cause)?;
            let (found, person) = (tx.firm(firm)?.unwrap(), tx.person(firm, mail.by)?.unwrap());
            let thread = if mail.held {
                Some(tx.thread_for(firm, mail.by, Purpose::Reply, About::Mail(inbox), None, now())?)
            } else {
                None
            };
            let thread = match thread {
                Some(id) => tx.thread(id)?,
                None => None,
            };
            let situation = Situation {
                is_addressed: true,
                person: person.clone(),
                level: Level::Strong,
                token: TokenStanding::ValidForThisPerson,
                thread,
                item: mail.item,
                matter: mail.matter,
                context_is_signed: mail.matter.is_some(),
                receipt_of: None,
                is_new: mail.is_new,
                address_word: None,
                outsiders: Vec::new(),
                misused: None,
            };
            let act = Act { tx, firm: &found, actor: &person, inbox: Some(inbox), cause: &cause, now: now() };
            run(act, &situation, &mail.words, &proof())
        })
    }

    fn both(&self) {
        self.share_matter(self.jane);
        self.share_matter(self.tom);
    }

    fn task(&self) -> Item {
        let new = crate::store::tasks::NewTask {
            name: "Draft brief".into(),
            matter: Some(self.matter),
            assignee: Some(self.jane),
            assigner: Some(self.lawyer),
            ..Default::default()
        };
        let firm = self.firm;
        let task = self.write(move |tx| tx.add_task(firm, &new, now()));
        self.share(self.jane, task);
        task
    }

    fn text_of_first_message(&self) -> String {
        self.read(|r| r.messages(self.firm, 1))[0].body.clone()
    }
}

fn refusals(ran: &Ran) -> Vec<String> {
    let why = |line: &Line| if let Line::Refused { why, .. } = line { Some(why.clone()) } else { None };
    ran.lines.iter().filter_map(why).collect()
}

fn questions(ran: &Ran) -> Vec<String> {
    let text = |line: &Line| if let Line::Question { text } = line { Some(text.clone()) } else { None };
    ran.lines.iter().filter_map(text).collect()
}

fn sent_to(ran: &Ran) -> Vec<PersonId> {
    let to = |line: &Line| if let Line::Sent { to, .. } = line { to.clone() } else { Vec::new() };
    ran.lines.iter().flat_map(to).collect()
}

#[test]
fn a_new_mail_of_the_firm_to_a_matter_of_several_is_sent_to_nobody_and_its_writer_is_asked() {
    let o = Office::new();
    o.both();
    let before = o.write_mail(o.lawyer, "#message to Jane: Hello");
    assert_eq!(sent_to(&before), [o.jane]);
    let ran = o.write_mail(o.lawyer, "Please see the new order.");
    assert!(refusals(&ran)[0].contains("`#message to NAME:`") && refusals(&ran)[0].contains("jane Doe or tom Doe"));
    assert_eq!((ran.effects, ran.for_the_firm, o.told().len()), (0, false, 1));
}

#[test]
fn a_new_mail_of_the_firm_reaches_the_only_co_counsel_of_the_matter() {
    let o = Office::new();
    o.share_matter(o.tom);
    assert_eq!(sent_to(&o.write_mail(o.lawyer, "Please see the new order.")), [o.tom]);
    assert_eq!(o.told(), [o.tom]);
}

#[test]
fn the_firm_names_whom_a_message_is_for_and_nobody_else_gets_it() {
    let o = Office::new();
    o.both();
    for (name, person) in [("Jane", o.jane), ("Tom Doe", o.tom), ("jane doe", o.jane)] {
        let ran = o.write_mail(o.lawyer, &format!("#message to {name}: Only for you."));
        assert_eq!(sent_to(&ran), [person], "{name}: {:?}", ran.lines);
    }
    assert_eq!(o.read(|r| r.conversations_of(o.firm, o.jane, now())).len(), 1);
    let nobody = o.write_mail(o.lawyer, "#message to Kim: Hello");
    assert!(refusals(&nobody)[0].contains("jane Doe, tom Doe"), "{:?}", nobody.lines);
    let two = o.write_mail(o.lawyer, "#message to Doe: Hello");
    assert_eq!((two.effects, refusals(&two).len()), (0, 1));
}

#[test]
fn a_conversation_with_two_is_not_where_a_message_for_one_goes() {
    let o = Office::new();
    o.both();
    o.write_mail(o.lawyer, "#message to Jane: Hello");
    let (firm, tom) = (o.firm, o.tom);
    o.write(move |tx| tx.add_member(firm, 1, tom, now()));
    o.share(o.tom, Item::new(Kind::Conversation, 1));
    assert_eq!(sent_to(&o.write_mail(o.lawyer, "#message to Jane: For you alone.")), [o.jane]);
}

#[test]
fn a_plain_reply_of_the_firm_stays_in_its_conversation() {
    let o = Office::new();
    o.both();
    o.write_mail(o.lawyer, "#message to Jane: Hello");
    let reply = Mail::new(&o, o.lawyer, "And one more thing.").about(Item::new(Kind::Conversation, 1));
    assert_eq!(sent_to(&o.receive(reply)), [o.jane]);
}

#[test]
fn other_commands_of_the_firms_people_are_refused_as_for_insiders() {
    let o = Office::new();
    o.both();
    for line in ["#time 1h Read file", "#share D-1 with Jane", "#done T-1", "#tasks", "#undo"] {
        let ran = o.write_mail(o.lawyer, line);
        assert_eq!(refusals(&ran), [BY_COMMAND_LINE], "{line}");
        assert_eq!(ran.effects, 0);
    }
}

#[test]
fn an_answer_to_the_notice_of_held_mail_is_for_nobody() {
    let o = Office::new();
    o.share_matter(o.jane);
    let mail = Mail { held: true, is_new: false, ..Mail::new(&o, o.lawyer, "Please release it.") };
    let ran = o.receive(mail);
    assert!(refusals(&ran)[0].starts_with("Held mail is decided on the command line: `docketpost inbox release 1`."));
    assert!(o.told().is_empty() && ran.effects == 0);
}
