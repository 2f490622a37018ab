//! Mails of text and commands, carried out against a store of their own.

use jiff::tz::TimeZone;

use super::super::command::{self, Reading};
use super::super::extract::Line as Written;
use super::super::resolve::Situation;
use super::*;
use crate::actions::sample::{Office, now};
use crate::blobs::sha256;
use crate::domain::dates::Locale;
use crate::domain::{FirmId, InboxId, PersonId};
use crate::proof::{Level, TokenStanding};
use crate::store::Tx;
use crate::store::audit::Entry;
use crate::store::inbox::{Findings, InboxState, Staged};
use crate::store::threads::About;

fn words(text: &str) -> Words {
    let lines: Vec<Written> = text.lines().map(|l| Written { text: l.into(), wrapped: false }).collect();
    let written = now().to_zoned(TimeZone::UTC);
    let reading = Reading { now: &written, locale: Locale::British, about: command::About::Unknown, firm_codes: &[] };
    Words {
        commands: command::read(&lines, &reading),
        files: Vec::new(),
        left_out: Vec::new(),
        picture: None,
        had_password: false,
        unpacked: Default::default(),
        links: Vec::new(),
        subject: "Brief".into(),
        forwarded: None,
        correspondents: Default::default(),
        all_quoted: false,
        calendar: None,
        has_card: false,
        content_hash: sha256(text.as_bytes()),
        neighbours: Vec::new(),
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

/// The row of a mail that came in.
pub(super) fn staged(tx: &Tx<'_>, firm: FirmId, cause: &str, sha256: &str) -> Result<InboxId> {
    let staged = Staged {
        mailbox: "in".into(),
        source: String::new(),
        uid_validity: 0,
        uid: cause.into(),
        sha256: sha256.into(),
        size: 12,
        arrived_at: now(),
    };
    Ok(tx.stage(firm, &staged, now())?.unwrap())
}

/// Its end, where it did something: as the way of a mail writes it in the same transaction.
pub(super) fn ended(tx: &Tx<'_>, firm: FirmId, inbox: InboxId, ran: &Ran) -> Result<()> {
    if ran.effects > 0 {
        assert!(tx.decide(inbox, InboxState::Applied, "APPLIED", &Findings::default(), now())?);
        tx.audit(firm, &Entry::new(None, "mail").by(Some(inbox)), now())?;
    }
    Ok(())
}

impl Office {
    fn write_mail(&self, by: PersonId, text: &str) -> Ran {
        self.receive(Mail::new(self, by, text))
    }

    fn receive(&self, mail: Mail) -> Ran {
        let (firm, cause) = (self.firm, mail.words.content_hash.clone());
        let raw = self.keep(&cause);
        self.write(move |tx| {
            let inbox = staged(tx, firm, &cause, &raw)?;
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
                is_disowned: false,
                pin: None,
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
                role: crate::inbound::resolve::RoleIs::Sure,
                is_assigned: false,
            };
            let act = Act { tx, firm: &found, actor: &person, inbox: Some(inbox), cause: &cause, now: now() };
            let ran = run(act, &situation, &mail.words)?;
            ended(tx, firm, inbox, &ran)?;
            Ok(ran)
        })
    }

    fn both(&self) {
        self.share_matter(self.jane);
        self.share_matter(self.tom);
    }

    fn task(&self) -> Item {
        self.task_called("Draft brief")
    }

    fn task_called(&self, name: &str) -> Item {
        let new = crate::store::tasks::NewTask {
            name: name.into(),
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
    assert!(matches!(two.lines.as_slice(), [Line::WhichPerson { people, .. }] if people.len() == 2), "{:?}", two.lines);
    assert!(sent_to(&two).is_empty());
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
    let why = "You recorded the same, or nearly, before: TE-1 on 14 March 2026 (2 h, “Drafted reply brief”). Nothing was added. \
               If both are meant, send the line again, with #keep on a line below it.";
    assert_eq!((refusals(&again), again.lines.len()), (vec![why.to_owned()], 1));
    let meant = format!("{text}\n#keep");
    let kept = o.receive(Mail::new(&o, o.jane, &meant).with(|w| w.content_hash = sha256(b"meant")));
    assert_eq!((kept.effects, refusals(&kept).len()), (1, 0));
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

#[test]
fn every_word_of_the_table_does_what_its_verb_does() {
    let ran = |word: &str, rest: &str| {
        let o = Office::new();
        o.both();
        let task = o.task();
        let ran = o.receive(Mail::new(&o, o.jane, &format!("#{word} {rest}")).about(task));
        let made = (ran.effects, o.read(|r| r.task(o.firm, task.id)).unwrap().completed_at.is_some());
        (format!("{:?}", ran.lines), made)
    };
    // A trial is run around all the others, and answered with what they say (`rehearse`).
    for entry in command::TABLE.iter().filter(|e| e.verb != command::Verb::DryRun) {
        let (_, rest) = entry.example.split_once(' ').unwrap_or_default();
        let (lines, made) = ran(entry.name, rest);
        assert_ne!(lines, "[]", "#{}: a command is always answered", entry.name);
        if let command::Who::Firm(sentence) | command::Who::FirmAsked(sentence) = entry.who {
            // What is for events is asked of sharing first, and refused in its words.
            let asked = ["event", "invite", "move"].contains(&entry.name) && lines.contains("Refused");
            let passed_on = u32::from(lines.contains("was passed on to"));
            assert!((asked || lines.contains(sentence)) && made.0 == passed_on, "#{}: {lines}", entry.name);
        }
        // What may mean a mistake of one's own is asked about.
        for word in entry.words().skip(1).filter(|word| !unsure::MISTAKES.contains(word)) {
            let (other, made_other) = ran(word, rest);
            let other = [' ', '"']
                .iter()
                .fold(other, |text, end| text.replace(&format!("#{word}{end}"), &format!("#{}{end}", entry.name)));
            assert_eq!((other, made_other), (lines.clone(), made), "#{word} is not #{}", entry.name);
        }
    }
    let (done, made) = ran("finish", "");
    assert!(made.1, "{done}");
    let (time, made) = ran("log-time", "1.5h A103 Drafted reply brief");
    assert_eq!(made.0, 1, "{time}");
}

/// Whether this task is completed.
fn is_done(o: &Office, task: Item) -> bool {
    o.read(|r| r.task(o.firm, task.id)).unwrap().completed_at.is_some()
}

#[test]
fn a_done_that_is_denied_or_only_meant_for_later_completes_nothing_and_sends_nothing() {
    for text in [
        "#done not yet, will finish tomorrow",
        "#done T-1 if Anna agrees",
        "#done noch nicht",
        "#done pas encore",
        "#done cuando tenga la firma",
        "#done except the exhibits",
    ] {
        let o = Office::new();
        o.both();
        let task = o.task();
        let ran = o.receive(Mail::new(&o, o.jane, text).about(task));
        assert!(!is_done(&o, task) && sent_to(&ran).is_empty(), "{text}: {:?}", ran.lines);
        let [Line::Refused { instead, .. }] = ran.lines.as_slice() else { panic!("{text}: {:?}", ran.lines) };
        assert_eq!(instead.as_deref(), Some("#done T-1"), "{text}");
    }
}

#[test]
fn a_done_that_names_another_task_or_all_of_them_asks_which() {
    for text in ["#done Lambda", "#done lambda filing", "#done all", "#done \"Lambda filing\""] {
        let o = Office::new();
        o.both();
        let (kappa, lambda) = (o.task_called("Kappa"), o.task_called("Lambda filing"));
        let ran = o.receive(Mail::new(&o, o.jane, text).about(kappa));
        assert!(!is_done(&o, kappa) && !is_done(&o, lambda) && sent_to(&ran).is_empty(), "{text}: {:?}", ran.lines);
        assert!(matches!(ran.lines.as_slice(), [Line::WhichTask { .. }]), "{text}: {:?}", ran.lines);
        let own = o.receive(Mail::new(&o, o.jane, "#done kappa").about(kappa));
        assert!(is_done(&o, kappa) && sent_to(&own).is_empty(), "{:?}", own.lines);
    }
}

#[test]
fn time_and_notes_go_where_their_line_says_and_a_line_for_two_things_is_refused() {
    let o = Office::new();
    o.both();
    let (one, two) = (o.task(), o.task_called("File reply"));
    let ran = o.write_mail(o.jane, "#time 1h on T-2 filing");
    assert_eq!((refusals(&ran), o.read(|r| r.time_entry(o.firm, 1)).unwrap().work.subject), (vec![], Some(two)));
    let both = o.write_mail(o.jane, "#time 1h T-1 and T-2 filing");
    let [Line::Refused { instead: Some(instead), .. }] = both.lines.as_slice() else { panic!("{:?}", both.lines) };
    assert_eq!(instead, "#time …h T-1 filing\n#time …h T-2 filing");
    let named = o.receive(Mail::new(&o, o.jane, "#time 1h call, see also T-2").about(one));
    let [Line::Done { hints, .. }] = named.lines.as_slice() else { panic!("{:?}", named.lines) };
    assert!(hints.iter().any(|h| h.starts_with("It went to T-1, and its words name T-2.")), "{hints:?}");
    let with_matter = o.write_mail(o.jane, "#time 1h T-2 M-1 hearing");
    assert_eq!((with_matter.effects, refusals(&with_matter).len()), (1, 0), "{:?}", with_matter.lines);
}

#[test]
fn more_than_half_a_day_in_one_entry_is_remarked_on() {
    let o = Office::new();
    o.both();
    for (text, remarked) in [("#time 14:00 call with expert", true), ("#time 9h hearing", false)] {
        let ran = o.write_mail(o.jane, text);
        let [Line::Done { hints, .. }] = ran.lines.as_slice() else { panic!("{:?}", ran.lines) };
        assert_eq!(hints.iter().any(|h| h.contains("is much for one entry")), remarked, "{hints:?}");
    }
}

#[test]
fn a_note_that_swallowed_lines_to_somebody_says_so() {
    let o = Office::new();
    o.both();
    let anna = o.read(|r| r.person(o.firm, o.lawyer)).unwrap().first_name;
    let name = format!("{}{}", anna[..1].to_uppercase(), &anna[1..]);
    let ran = o.write_mail(o.jane, &format!("#note Witness is free in May\n\n{name}, please call me."));
    let [Line::Done { hints, .. }] = ran.lines.as_slice() else { panic!("{:?}", ran.lines) };
    assert!(hints[0].contains(&format!("the lines to {name} too")), "{hints:?}");
    let plain = o.write_mail(o.jane, "#note Witness is free in May\n\nHowever, not in June.");
    assert!(matches!(plain.lines.as_slice(), [Line::Done { hints, .. }] if hints.is_empty()), "{:?}", plain.lines);
}

#[test]
fn wrong_in_an_innocent_word_or_about_a_whole_matter_is_asked_about() {
    let o = Office::new();
    o.both();
    let task = o.task();
    for (text, about) in [("#erreur", Some(task)), ("#error", Some(task)), ("#wrong", None)] {
        let mail = Mail::new(&o, o.jane, text);
        let ran = o.receive(match about {
            Some(item) => mail.about(item),
            None => mail,
        });
        assert_eq!((ran.effects, refusals(&ran).len()), (0, 1), "{text}: {:?}", ran.lines);
        assert!(o.read(|r| r.share_is_live(o.firm, o.jane, task, now())), "{text}");
    }
    let named = o.write_mail(o.jane, "#wrong T-1");
    assert_eq!(refusals(&named), Vec::<String>::new());
    assert!(!o.read(|r| r.share_is_live(o.firm, o.jane, task, now())));
}

#[test]
fn what_a_mail_did_not_do_is_said_beside_what_it_did() {
    let o = Office::new();
    o.both();
    let task = o.task();
    let subject =
        Mail::new(&o, o.jane, "see my note on page 3").about(task).with(|w| w.subject = "Re: #done T-1".into());
    assert!(questions(&o.receive(subject))[0].starts_with("I don't read commands in the subject of a reply."));
    let forward =
        Mail::new(&o, o.jane, "FYI see below").about(task).with(|w| w.forwarded = Some("Ten thousand.".into()));
    assert!(questions(&o.receive(forward))[0].starts_with("The mail that you forwarded below your text was not kept."));
    let nothing = o.write_mail(o.jane, "#log");
    assert_eq!((nothing.effects, refusals(&nothing).len()), (0, 1), "{:?}", nothing.lines);
    let words = o.write_mail(o.jane, "#delete last entry");
    assert!(sent_to(&words).is_empty() && refusals(&words).len() == 1, "{:?}", words.lines);
}

#[test]
fn a_refusal_names_the_number_that_was_typed_and_is_said_once() {
    let o = Office::new();
    o.both();
    let ran = o.write_mail(o.jane, "#done T-4 T-9\n#done T-4 T-9");
    assert_eq!(refusals(&ran), ["I find no task T-4 shared with you.", "I find no task T-9 shared with you."]);
}
