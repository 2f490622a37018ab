//! Mails of text and commands, carried out against a store of their own.

use jiff::tz::TimeZone;

use super::super::command::{self, Reading};
use super::super::extract::Line as Written;
use super::super::resolve::Situation;
use super::*;
use crate::actions::sample::{Office, now};
use crate::blobs::sha256;
use crate::domain::dates::DateOrder;
use crate::domain::{InboxId, PersonId};
use crate::proof::{Level, TokenStanding};
use crate::store::inbox::Staged;
use crate::store::threads::About;

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
            run(act, &situation, &mail.words)
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

#[test]
fn words_after_done_are_part_of_the_message() {
    let o = Office::new();
    o.share_matter(o.jane);
    let task = o.task();
    let mail = Mail::new(&o, o.jane, "#done - see my note on page 3\n\nBest wishes to all.").about(task);
    assert_eq!(o.receive(mail).effects, 2);
    assert_eq!(o.text_of_first_message(), "see my note on page 3\n\nBest wishes to all.");
}

#[test]
fn words_after_a_task_that_was_named_reach_the_firm_though_the_mail_names_no_matter() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.task();
    let mail = Mail { matter: None, ..Mail::new(&o, o.jane, "#done T-1 sorry for the delay") };
    let ran = o.receive(mail);
    assert_eq!((ran.effects, sent_to(&ran), ran.for_the_firm), (2, vec![o.lawyer], false), "{:?}", ran.lines);
    assert_eq!(o.text_of_first_message(), "sorry for the delay");
}

#[test]
fn thanks_and_please_after_a_command_are_no_message() {
    let o = Office::new();
    o.share_matter(o.jane);
    for (n, line) in ["#done please", "#done, thank you", "#undo it please", "#get D-4 please"].iter().enumerate() {
        let ran = o.write_mail(o.jane, line);
        assert!(sent_to(&ran).is_empty(), "{n} {line}: {:?}", ran.lines);
    }
}

#[test]
fn done_with_a_duration_records_the_time_on_the_task() {
    let o = Office::new();
    o.share_matter(o.jane);
    let task = o.task();
    let ran = o.receive(Mail::new(&o, o.jane, "#done 1.2h Drafted reply brief").about(task));
    assert_eq!((ran.effects, sent_to(&ran)), (2, Vec::new()), "{:?}", ran.lines);
    let entry = o.read(|r| r.time_entry(o.firm, 1)).unwrap();
    assert_eq!((entry.work.narrative.as_str(), entry.work.subject), ("Drafted reply brief", Some(task)));
}

#[test]
fn a_reply_without_anything_new_is_told_so_and_the_firm_is_not() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ran = o.receive(Mail { is_new: false, ..Mail::new(&o, o.jane, "") });
    assert_eq!(refusals(&ran), ["I found nothing new in your mail."]);
    assert!(!ran.for_the_firm);
}

#[test]
fn a_command_in_the_subject_of_a_reply_is_answered_with_where_to_write_it() {
    let o = Office::new();
    o.share_matter(o.jane);
    for subject in ["#done", "Re: #done T-1", "AW: Re: #done"] {
        let mail = Mail { is_new: false, ..Mail::new(&o, o.jane, "") };
        let mail = mail.with(|w| {
            w.subject = subject.into();
            w.all_quoted = true;
            w.content_hash = sha256(subject.as_bytes());
        });
        let ran = o.receive(mail);
        assert_eq!(refusals(&ran), ["I don't read commands in the subject of a reply. Write #done in the text."]);
        assert!(!ran.for_the_firm);
    }
}

#[test]
fn time_that_was_recorded_before_is_one_line_that_says_where() {
    let o = Office::new();
    o.share_matter(o.jane);
    let text = "#time 2h Drafted reply brief";
    o.write_mail(o.jane, text);
    let again = o.receive(Mail::new(&o, o.jane, text).with(|w| w.content_hash = sha256(b"again")));
    let why = "You recorded this already as TE-1 on 14 March 2026 (2 h). Nothing was added. If both are meant, change the words.";
    assert_eq!((refusals(&again), again.lines.len()), (vec![why.to_owned()], 1));
}

#[test]
fn a_command_in_the_middle_of_a_description_stays_off_the_bill() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ran = o.write_mail(o.jane, "#time 1h call with expert #done T-2");
    assert_eq!(o.read(|r| r.time_entry(o.firm, 1)).unwrap().work.narrative, "call with expert");
    assert_eq!(questions(&ran).len(), 1, "{:?}", ran.lines);
    assert!(questions(&ran)[0].starts_with("I left “#done T-2” out of the description."));
    o.write_mail(o.jane, "#time 1h read exhibit #3 of the motion");
    assert_eq!(o.read(|r| r.time_entry(o.firm, 2)).unwrap().work.narrative, "read exhibit #3 of the motion");
}

#[test]
fn a_forward_with_a_comment_is_logged_under_its_own_day_and_the_lawyer_hears() {
    let o = Office::new();
    o.share_matter(o.jane);
    for (n, (header, day)) in [
        ("Sent: Tuesday, 10 March 2026 14:02", "2026-03-10"),
        ("Date: Tue, Mar 10, 2026 at 2:02 PM", "2026-03-10"),
        ("Datum: irgendwann", "2026-03-14"),
    ]
    .into_iter()
    .enumerate()
    {
        let mail = Mail::new(&o, o.jane, "He wants to settle.").with(|w| {
            w.forwarded = Some(format!("From: Marsh <m@marsh.example>\n{header}\nSubject: Offer\n\nTen thousand."));
            w.content_hash = sha256(header.as_bytes());
        });
        assert_eq!(o.receive(mail).effects, 1);
        let log = o.read(|r| r.communication(o.firm, i64::try_from(n).unwrap() + 1)).unwrap();
        assert_eq!(log.date.to_string(), day, "{header}");
        assert!(log.body.starts_with("He wants to settle.") && log.body.ends_with("Ten thousand."));
    }
    assert_eq!(o.told(), [o.lawyer; 3]);
}

#[test]
fn a_mail_that_speaks_of_an_attachment_and_has_none_is_asked_about() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ran = o.write_mail(o.jane, "Please find attached the brief.");
    assert_eq!(questions(&ran), ["You wrote of an attachment, but no file came with your mail."]);
    assert_eq!(sent_to(&ran), [o.lawyer]);
    assert!(wants_receipt(&ran.lines, crate::store::people::Receipts::Off));
    assert!(questions(&o.write_mail(o.jane, "#time 1h Read the exhibits; see attached list")).is_empty());
}

#[test]
fn a_question_alone_leads_to_a_receipt() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ran = o.write_mail(o.jane, "#tiem 1h Drafted brief");
    assert_eq!((questions(&ran).len(), sent_to(&ran)), (1, vec![o.lawyer]));
    assert!(wants_receipt(&ran.lines, crate::store::people::Receipts::Off));
}

#[test]
fn a_file_without_a_byte_is_spoken_of_and_leads_to_a_receipt() {
    use super::super::files::Reason;
    let o = Office::new();
    o.share_matter(o.jane);
    let left = LeftOut { name: "empty.pdf".into(), why: "the file is empty.".into(), reason: Reason::Policy };
    let ran = o.receive(Mail::new(&o, o.jane, "Please see attached.").with(|w| w.left_out = vec![left]));
    assert_eq!((refusals(&ran), questions(&ran).len()), (vec!["not filed: the file is empty.".to_owned()], 0));
    assert!(wants_receipt(&ran.lines, crate::store::people::Receipts::Brief));
}
