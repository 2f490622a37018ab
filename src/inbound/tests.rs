//! Many mails, and mails of firms whose server knows no plus addresses, through the whole way in a store of their own.

use jiff::{SignedDuration, Timestamp};

use super::outcome::Kind;
use super::{Arrived, Desk, Outcome, Taken, parse, read, receive, stage, written_at};
use crate::actions::post::{Post, later, now, person};
use crate::actions::shares;
use crate::config::{Addressing, Limits};
use crate::domain::leap::Doubt;
use crate::domain::{Address, InboxId, Item, Kind as Thing, OutboxId, PersonId};
use crate::maildir::Content;
use crate::outbound::deliver::Claimed;
use crate::proof::{Author, DmarcFact, DmarcPolicy, Proof, Verdict};
use crate::sharing::Role;
use crate::smtp::Outgoing;
use crate::store::inbox::{InboxState, Staged};
use crate::store::people::{Preferences, Receipts};
use crate::store::threads::{About, Purpose};

/// So many seconds after everything began.
fn at(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn proved(from: &str, at: Timestamp) -> Proof {
    let author = Address::parse(from).unwrap();
    Proof {
        aligned: Some(author.domain().to_owned()),
        from: Ok(Author { address: author, display_name: None }),
        arrived: at,
        date: Some(at),
        dkim: Vec::new(),
        dmarc: DmarcFact { policy: Some(DmarcPolicy::Reject), ..DmarcFact::default() },
        border: None,
        other_signers: Vec::new(),
        to_signed: true,
        cc_signed: true,
        sources_disagree: false,
        verdict: Verdict::Aligned,
    }
}

fn take(post: &Post, from: &str, raw: &[u8], uid: &str, at: Timestamp) -> Outcome {
    take_in_doubt(post, from, raw, uid, at, None)
}

/// As [`take`], while the clock is not believed.
fn take_in_doubt(post: &Post, from: &str, raw: &[u8], uid: &str, at: Timestamp, doubt: Option<Doubt>) -> Outcome {
    let arrived = Arrived {
        mailbox: "in".into(),
        uid_validity: 0,
        uid: uid.into(),
        size: raw.len() as u64,
        arrived_at: at,
        bytes: raw.to_vec(),
    };
    let id = stage(&post.store, post.firm.id, arrived, at).unwrap().unwrap();
    let proof = serde_json::to_string(&proved(from, at)).unwrap();
    post.write(move |tx| tx.set_proved(id, &proof));
    take_again(post, from, raw, id, at, doubt)
}

/// Takes a mail that is proved.
fn take_again(post: &Post, from: &str, raw: &[u8], id: InboxId, at: Timestamp, doubt: Option<Doubt>) -> Outcome {
    let desk = Desk::new(post.gateway.clone(), Limits::default());
    let (firm, proof, read) = (post.firm.id, proved(from, at), read(raw, &desk));
    post.write(move |tx| {
        let inbox = tx.inbox(firm, id)?.unwrap();
        receive(tx, &desk, &inbox, &Taken { read: &read, proof: Some(&proof), files_kept: true, doubt }, at)
    })
}

#[test]
fn f42_while_the_clock_is_in_doubt_an_answer_that_may_be_too_late_waits_and_is_taken_once_it_is_right() {
    let post = Post::new();
    let (firm, jane, matter) = (post.firm.id, post.jane, post.matter);
    post.act(post.anna, now(), "share", move |act| shares::share(act, jane, matter, true, "").map(drop));
    post.deliver(now());
    let to = post.read(|r| {
        let invitation = r.open_invitation(firm, jane, now())?.unwrap().id;
        let thread = r.thread_about(firm, jane, Purpose::Invite, About::Invitation(invitation))?.unwrap();
        r.token_of(&thread)
    });
    let to = post.gateway.reply_address(&to);
    let accept = format!("From: jane@roe.example\r\nTo: {to}\r\nSubject: Re: yes\r\n\r\n#accept\r\n").into_bytes();
    // An hour later by the clock that never leaps, and two years by the other.
    let (right, wrong) = (later(1), later(2 * 365 * 24));
    let doubt = Some(Doubt { earliest: right, latest: wrong });
    let held = take_in_doubt(&post, "jane@roe.example", &accept, "1", wrong, doubt);
    assert_eq!((held.kind, held.reason), (Kind::Held, "CLOCK_LEAPT"));
    assert!(post.person(jane).accepted_at.is_none());
    let told: Vec<(String, String)> = post.deliver(wrong).into_iter().map(|m| (m.to, m.text)).collect();
    let said = |to: &str, words: &str| told.iter().any(|(t, text)| t == to && text.contains(words));
    assert!(said("jane@roe.example", "you need not send them again"), "{told:?}");
    assert!(said("anna@hale.example", "docketpost clock confirm") && told.len() == 2, "{told:?}");

    // Neither refused nor lost: once the clock is right it is taken as it is.
    assert_eq!(post.read(|r| r.wait_for_the_clock()), 1);
    assert_eq!(post.write(|tx| tx.judge_by_the_clock()), 1);
    let id = post.read(|r| r.inbox_list(firm, Some(InboxState::Proved), 9)).remove(0).id;
    assert_eq!(take_again(&post, "jane@roe.example", &accept, id, right, None).kind, Kind::Applied);
    assert!(post.person(jane).accepted_at.is_some());

    // What turns on no end, and what is open by either clock, goes on meanwhile.
    let near = Some(Doubt { earliest: later(2), latest: later(24) });
    let note = b"From: jane@roe.example\r\nTo: m-1@gw.hale.example\r\nSubject: Room\r\n\r\n#note The room is 4.\r\n";
    assert_eq!(take_in_doubt(&post, "jane@roe.example", note, "2", later(2), doubt).kind, Kind::Applied);
    let thanks = format!("From: jane@roe.example\r\nTo: {to}\r\nSubject: Re: yes\r\n\r\n#help\r\n").into_bytes();
    assert_ne!(take_in_doubt(&post, "jane@roe.example", &thanks, "3", later(2), near).reason, "CLOCK_LEAPT");
}

/// The `n`th mail of Jane to M-1.
fn jane_writes(post: &Post, n: u32, body: &str, at: Timestamp) -> Outcome {
    let raw = format!(
        "From: jane@roe.example\r\nTo: m-1@gw.hale.example\r\nSubject: Point {n}\r\nMessage-ID: <{n}@roe.example>\r\n\r\n{body} ({n})\r\n"
    );
    take(post, "jane@roe.example", raw.as_bytes(), &n.to_string(), at)
}

fn notices(post: &Post, at: Timestamp) -> Vec<(String, String)> {
    let mails = post.deliver(at).into_iter();
    mails.filter(|m| m.subject.contains("Too many") || m.subject.contains("wait")).map(|m| (m.to, m.subject)).collect()
}

#[test]
fn t93_the_sixty_first_mail_of_an_hour_waits_and_the_firm_hears_of_it_once() {
    let post = Post::with_jane();
    let outcomes: Vec<Outcome> =
        (0..100).map(|n| jane_writes(&post, n, "For the file.", at(i64::from(n) * 30))).collect();
    let held = |o: &&Outcome| (o.kind, o.reason) == (Kind::Held, "RATE_LIMITED");
    assert!(
        outcomes[..60].iter().all(|o| o.kind == Kind::Applied),
        "{:?}",
        outcomes.iter().map(|o| o.reason).collect::<Vec<_>>()
    );
    assert_eq!(outcomes.iter().filter(held).count(), 40);
    let told = notices(&post, at(3_600));
    let subject = "Too many mails from Jane Roe".to_owned();
    assert!(told.contains(&("anna@hale.example".into(), subject)) && told.len() == 2, "{told:?}");
    let (firm, jane) = (post.firm.id, post.jane);
    let braked = post.read(|r| r.inbox_braked(firm, jane));
    assert_eq!(braked.len(), 40, "nothing is lost");
    // What the firm lets through is taken, however many there are; an hour later Jane writes as before.
    let first = braked[0];
    post.write(move |tx| tx.release(firm, first, "released", None, None));
    let released = post.read(|r| r.inbox(firm, first)).unwrap();
    assert_eq!(released.state, InboxState::Proved);
    assert_eq!(jane_writes(&post, 200, "Once more.", at(2 * 3_600 + 600)).kind, Kind::Applied);
}

#[test]
fn t93_a_flood_within_a_minute_is_braked_and_another_sender_is_not() {
    let post = Post::with_jane();
    let outcomes: Vec<Outcome> = (0..30).map(|n| jane_writes(&post, n, "Again.", at(1))).collect();
    assert_eq!(outcomes.iter().filter(|o| o.kind == Kind::Applied).count(), 20);
    let raw = b"From: anna@hale.example\r\nTo: m-1@gw.hale.example\r\nSubject: Hearing\r\nMessage-ID: <a@hale.example>\r\n\r\n#note The hearing is on Friday.\r\n";
    assert_ne!(take(&post, "anna@hale.example", raw, "anna", at(2)).reason, "RATE_LIMITED");
}

/// Four co-counsel, none of whom writes too much by themselves.
#[test]
fn t93_the_two_hundred_and_first_mail_about_a_matter_waits_and_another_matter_goes_on() {
    let post = Post::with_jane();
    let (firm, matter) = (post.firm.id, post.matter);
    let other = post.write(move |tx| {
        let new = crate::store::matters::NewMatter::new("2026-0099", "Other");
        Ok(Item::new(Thing::Matter, tx.add_matter(firm, &new, now())?.id))
    });
    let writers = ["jane@roe.example", "max@oduya.example", "ivy@reed.example", "tom@dale.example"];
    for (n, address) in writers.into_iter().enumerate() {
        let them = match n {
            0 => post.jane,
            _ => post.write(move |tx| {
                let new = person(Role::CoCounsel, "Co", &format!("Counsel {n}"), address);
                let them = tx.add_person(firm, &new, now())?;
                tx.set_identity(firm, them, tx.identity_for(&Address::parse(address).unwrap(), now())?)?;
                tx.set_accepted(firm, them, now())?;
                Ok(them)
            }),
        };
        for item in [matter, other] {
            post.act(post.anna, now(), "share", move |act| shares::share(act, them, item, false, "").map(drop));
        }
    }
    let writes = |n: u32, matter: &str| {
        let from = writers[n as usize % writers.len()];
        let raw = format!(
            "From: {from}\r\nTo: {matter}@gw.hale.example\r\nSubject: Point {n}\r\nMessage-ID: <{n}@x.example>\r\n\r\nFor the file ({n}).\r\n"
        );
        take(&post, from, raw.as_bytes(), &n.to_string(), at(i64::from(n) * 15))
    };
    let outcomes: Vec<Outcome> = (0..204).map(|n| writes(n, "m-1")).collect();
    let reasons: Vec<&str> = outcomes.iter().map(|o| o.reason).collect();
    assert!(outcomes[..200].iter().all(|o| o.kind == Kind::Applied), "{reasons:?}");
    assert!(outcomes[200..].iter().all(|o| (o.kind, o.reason) == (Kind::Held, "RATE_LIMITED")), "{reasons:?}");
    let elsewhere = writes(204, "m-2");
    assert_eq!((elsewhere.kind, elsewhere.reason), (Kind::Applied, "APPLIED"), "others' matters go on");
}

#[test]
fn mails_that_an_outage_kept_back_are_counted_by_when_they_came() {
    let post = Post::with_jane();
    let all = (0..90).map(|n| jane_writes(&post, n, "For the file.", at(i64::from(n) * 120)).kind);
    assert!(all.into_iter().all(|kind| kind == Kind::Applied));
}

#[test]
fn after_ten_answers_without_effect_there_is_no_further_answer() {
    let post = Post::with_jane();
    let outcomes: Vec<Outcome> =
        (0..14).map(|n| jane_writes(&post, n, "#time 0h Nothing", at(i64::from(n) * 120))).collect();
    let reasons: Vec<&str> = outcomes.iter().map(|o| o.reason).collect();
    assert_eq!(
        (reasons[9], reasons[10], reasons[13]),
        ("COMMAND_REFUSED", "RATE_LIMITED", "RATE_LIMITED"),
        "{reasons:?}"
    );
    let to_jane = post.deliver(later(1)).into_iter().filter(|m| m.to == "jane@roe.example");
    assert_eq!(to_jane.count(), 11, "ten answers, and that the rest waits");
}

/// Two firms, each the other's co-counsel, whose every mail is answered.
fn face_to_face() -> [(Post, &'static str); 2] {
    let names = ["r@gw.hale.example", "r@gw.marsh.example"];
    [0, 1].map(|n| {
        let mut post = Post::new();
        post.gateway.address = Address::parse(names[n]).unwrap();
        let (firm, matter, other) = (post.firm.id, post.matter, names[1 - n]);
        let them: PersonId =
            post.write(move |tx| tx.add_person(firm, &person(Role::CoCounsel, "Gate", "Way", other), now()));
        post.act(post.anna, now(), "share", move |act| shares::share(act, them, matter, true, "").map(drop));
        post.write(move |tx| {
            tx.set_accepted(firm, them, now())?;
            let wishes = Preferences { receipts: Receipts::All, ..Preferences::default() };
            tx.set_preferences(firm, them, &wishes, now())
        });
        (post, names[n])
    })
}

/// The header as it is read, one field a line.
fn unfolded(raw: &[u8]) -> String {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().to_owned();
    head.replace("\r\n\t", " ").replace("\r\n ", " ")
}

/// The mail without these header fields, their folds included.
fn without(raw: &[u8], fields: &[&str]) -> Vec<u8> {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut is_left_out = false;
    let mut kept = String::new();
    for line in head.split("\r\n") {
        if !line.starts_with([' ', '\t']) {
            is_left_out = fields.iter().any(|name| line.starts_with(name));
        }
        if !is_left_out {
            kept.push_str(line);
            kept.push_str("\r\n");
        }
    }
    format!("{kept}\r\n{body}").into_bytes()
}

/// How many mails each of the two sends before both are silent; `arrives` says what becomes of a mail on the way.
fn exchanged(firms: &[(Post, &'static str); 2], arrives: impl Fn(&[u8]) -> Vec<u8>) -> [usize; 2] {
    let (mut sent, mut count) = ([0; 2], 0);
    for round in 0..300 {
        let moment = at(round * 5);
        let mut silent = true;
        for (n, (post, name)) in firms.iter().enumerate() {
            let (other, _) = &firms[1 - n];
            for mail in post.deliver(moment).into_iter().filter(|m| m.to.starts_with("r@gw.")) {
                (sent[n], count, silent) = (sent[n] + 1, count + 1, false);
                assert!(unfolded(&mail.bytes).contains("\nAuto-Submitted: auto-"), "{}", mail.subject);
                take(other, name, &arrives(&mail.bytes), &count.to_string(), moment);
            }
        }
        if silent {
            return sent;
        }
    }
    panic!("they never stop");
}

/// What tells of a mail that a program wrote it.
const MARKS: [&str; 5] = ["Auto-Submitted", "X-Docketpost", "X-Auto", "Precedence", "List-"];

#[test]
fn t92_two_gateways_face_to_face_fall_silent() {
    let met = |arrives: &dyn Fn(&[u8]) -> Vec<u8>| {
        let firms = face_to_face();
        let (post, name) = &firms[0];
        let raw = b"From: r@gw.marsh.example\r\nTo: m-1@gw.hale.example\r\nSubject: Brief\r\nMessage-ID: <1@gw.x>\r\n\r\nIt is ready.\r\n";
        assert_eq!(*name, "r@gw.hale.example");
        assert_eq!(take(post, "r@gw.marsh.example", raw, "first", now()).kind, Kind::Applied);
        exchanged(&firms, arrives)
    };
    assert_eq!(met(&|mail| mail.to_vec()), [1, 0], "by their headers: the receipt is not answered");
    assert_eq!(met(&|mail| without(mail, &MARKS)), [1, 0], "by the name of the mail, where all marks were lost");
    // Two programs of another kind, which nothing tells, and which ask each other what the words of the other mean.
    let unknown = |mail: &[u8]| {
        let text = String::from_utf8(without(mail, &MARKS)).unwrap();
        // What they answer, they name as it was when it left.
        text.replace("<x.", "<g.").replacen("Message-ID: <g.", "Message-ID: <x.", 1).into_bytes()
    };
    let sent = met(&unknown);
    assert!(sent.iter().all(|n| *n <= 2), "by what they answer: {sent:?}");
    let sent = met(&|mail| without(&unknown(mail), &["In-Reply-To", "References"]));
    // The first of them answers what no program wrote.
    assert!(sent[0] <= 3 && sent[1] <= 2, "by count, where that was lost too: {sent:?}");
}

/// What is left in a program's answer of the mail that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// Its reply address and its Message-ID.
    Both,
    ReplyAddress,
    MessageId,
    /// It goes to the address in From, as a mail of its own.
    Neither,
}

/// How many letters Jane's mailbox gets after the first that came to it, if it answers each with this text and `subject`.
fn answered_blindly(post: &Post, kept: Kept, text: &str, subject: impl Fn(&str) -> String) -> (usize, Vec<Outcome>) {
    let (mut letters, mut outcomes) = (0_usize, Vec::new());
    for round in 0..200 {
        let moment = at(round * 5);
        let came: Vec<_> = post.deliver(moment).into_iter().filter(|m| m.to == "jane@roe.example").collect();
        if came.is_empty() {
            return (letters.saturating_sub(1), outcomes);
        }
        for mail in came {
            letters += 1;
            let head = unfolded(&mail.bytes);
            let of = |name: &str| header(&head, name).to_owned();
            if letters > 1 {
                assert_eq!(of("Auto-Submitted:"), "auto-replied", "{}", mail.subject);
                assert_eq!(of("X-Auto-Response-Suppress:"), "All");
            }
            let to = of(if matches!(kept, Kept::Both | Kept::ReplyAddress) { "Reply-To:" } else { "From:" });
            let answers = match kept {
                Kept::Both | Kept::MessageId => format!("In-Reply-To: {}\r\n", of("Message-ID:")),
                Kept::ReplyAddress | Kept::Neither => String::new(),
            };
            let raw = format!(
                "From: jane@roe.example\r\nTo: {to}\r\nSubject: {}\r\nMessage-ID: <{letters}@roe.example>\r\n{answers}\r\n{text}\r\n",
                subject(&mail.subject),
            );
            outcomes.push(take(post, "jane@roe.example", raw.as_bytes(), &format!("away-{letters}"), moment));
        }
    }
    panic!("they never stop");
}

/// Nothing in the header or the subject tells that a program writes, and it forgets whom it answered.
#[test]
fn t92_an_out_of_office_without_any_header_is_answered_at_most_twice() {
    let text = "Thank you for your mail, which I will read on Monday. In urgent cases please call my office.";
    let answered = |subject: &str| format!("Re: {subject}");
    let wishes = |post: &Post, receipts: Receipts| {
        let (firm, jane) = (post.firm.id, post.jane);
        let wishes = Preferences { receipts, ..Preferences::default() };
        post.write(move |tx| tx.set_preferences(firm, jane, &wishes, now()));
    };
    let all = [Kept::Both, Kept::ReplyAddress, Kept::MessageId, Kept::Neither];
    for (kept, receipts) in all.iter().flat_map(|k| [Receipts::All, Receipts::Brief, Receipts::Off].map(|r| (*k, r))) {
        let post = Post::with_jane();
        wishes(&post, receipts);
        let task = post.task("Draft reply brief", "2026-04-03");
        post.assign(task);
        let (letters, outcomes) = answered_blindly(&post, kept, text, answered);
        assert!(letters <= 2, "{kept:?} {receipts:?}: {letters}");
        // What may be a person's is passed on, or waits for the firm, which hears of it.
        let wanted = if kept == Kept::Neither { Kind::Held } else { Kind::Applied };
        assert_eq!(outcomes[0].kind, wanted, "{kept:?} {receipts:?}");
        assert!(outcomes.iter().all(|o| matches!(o.kind, Kind::Applied | Kind::Held)), "nothing is lost");
        assert!(!is_done(&post, task));
    }
    // The same where a firm has no reply addresses, and all that tells an answer is the number in its subject.
    for receipts in [Receipts::All, Receipts::Brief, Receipts::Off] {
        let mut post = Post::with_jane();
        post.gateway.address = Address::parse("gateway@hale.example").unwrap();
        post.gateway.addressing = Addressing::Plain;
        wishes(&post, receipts);
        post.assign(post.task("Draft reply brief", "2026-04-03"));
        let (letters, _) = answered_blindly(&post, Kept::Neither, text, answered);
        // Who asked for receipts of all that they write gets one before the two questions.
        let most = if receipts == Receipts::All { 3 } else { 2 };
        assert!(letters <= most, "by subject, {receipts:?}: {letters}");
    }
    // Where each of its answers is refused, because the matter is closed.
    let post = Post::with_jane();
    let (firm, matter) = (post.firm.id, post.matter);
    post.write(move |tx| tx.set_matter_closed(firm, matter.id, Some("2026-03-14".parse().unwrap())));
    let raw = b"From: jane@roe.example\r\nTo: m-1@gw.hale.example\r\nSubject: Hello\r\nMessage-ID: <0@roe.example>\r\n\r\nHere is what I think of the case.\r\n";
    take(&post, "jane@roe.example", raw, "0", now());
    let (letters, outcomes) = answered_blindly(&post, Kept::Both, text, answered);
    assert_eq!(letters, 1, "the second refusal is the last");
    let last = outcomes.last().unwrap();
    assert_eq!((last.kind, last.reason), (Kind::Held, "LOOKS_AUTOMATIC"), "the firm sees it, its writer hears nothing");
    assert!(post.deliver(at(3_000)).iter().all(|m| m.to != "jane@roe.example"));
    // A command is answered, however many receipts it follows on.
    let sent = post.read(|r| r.outbox_list(firm, None, 50));
    let receipt = sent.iter().find(|l| l.person == post.jane && l.template == "receipt").unwrap();
    let raw = format!(
        "From: jane@roe.example\r\nTo: r@gw.hale.example\r\nSubject: Re\r\nMessage-ID: <c@roe.example>\r\nIn-Reply-To: <{}@gw.hale.example>\r\n\r\n#matters\r\n",
        receipt.message_id
    );
    assert_eq!(take(&post, "jane@roe.example", raw.as_bytes(), "c", at(3_600)).kind, Kind::Applied);
    assert_eq!(post.deliver(at(3_601)).iter().filter(|m| m.to == "jane@roe.example").count(), 1);
}

/// A mail server that returns every letter, to Jane and to the firm's lawyer, with the marks of a bounce and without any: in
/// the name of whom it could not reach.
#[test]
fn t92_a_server_that_returns_everything_is_never_answered() {
    for is_marked in [true, false] {
        let post = Post::with_jane();
        let task = post.task("Draft reply brief", "2026-04-03");
        post.assign(task);
        let (mut letters, mut silent) = (0, false);
        for round in 0..200 {
            let moment = at(round * 60);
            let came = post.deliver(moment);
            if came.is_empty() {
                silent = true;
                break;
            }
            for mail in came {
                letters += 1;
                let id = header(&unfolded(&mail.bytes), "Message-ID:").to_owned();
                let mark = header(&unfolded(&mail.bytes), "X-Docketpost:").to_owned();
                let (from, marks) = match is_marked {
                    true => ("MAILER-DAEMON@mx.example", "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n"),
                    false => (mail.to.as_str(), ""),
                };
                let raw = format!(
                    "{marks}From: {from}\r\nTo: r@gw.hale.example\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <d{letters}@mx.example>\r\n\r\n\
                     I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n<{}>: host mx said: 550 5.1.1 user unknown\r\n\r\n\
                     Message-ID: {id}\r\nX-Docketpost: {mark}\r\n",
                    mail.to
                );
                let outcome = take(&post, from, raw.as_bytes(), &format!("d{letters}"), moment);
                assert!(matches!(outcome.kind, Kind::Ignored | Kind::Held), "{:?} {}", outcome.kind, outcome.reason);
            }
        }
        assert!(silent && letters <= 5, "the task's letter, and what the firm hears of it: {letters}");
    }
}

/// A firm without plus addresses; its task is assigned to Jane, and the mail about it is on its way to her.
fn without_plus() -> (Post, crate::domain::Item, crate::actions::post::Mail) {
    let mut post = Post::with_jane();
    post.gateway.address = Address::parse("gateway@hale.example").unwrap();
    post.gateway.addressing = Addressing::Plain;
    let task = post.task("Draft reply brief", "2026-04-03");
    post.assign(task);
    let mail = post.deliver(now()).into_iter().find(|m| m.to == "jane@roe.example").unwrap();
    (post, task, mail)
}

fn is_done(post: &Post, task: crate::domain::Item) -> bool {
    post.read(|r| r.task(post.firm.id, task.id)).unwrap().completed_at.is_some()
}

fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    mail.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim()
}

#[test]
fn without_plus_addresses_an_answer_is_told_by_its_message_id() {
    let (post, task, mail) = without_plus();
    let sent = String::from_utf8(mail.bytes.clone()).unwrap();
    assert!(header(&sent, "Reply-To:").contains("<gateway@hale.example>") || !sent.contains("Reply-To"), "{sent}");
    let id = header(&sent, "Message-ID:").to_owned();
    let raw = format!(
        "From: jane@roe.example\r\nTo: gateway@hale.example\r\nSubject: finished\r\nMessage-ID: <1@roe.example>\r\nIn-Reply-To: {id}\r\n\r\n#done\r\n"
    );
    assert_eq!(take(&post, "jane@roe.example", raw.as_bytes(), "1", at(60)).kind, Kind::Applied);
    assert!(is_done(&post, task));
}

#[test]
fn without_plus_addresses_and_message_ids_an_answer_is_told_by_its_subject() {
    let (post, task, mail) = without_plus();
    assert!(mail.subject.ends_with("[T-1]"), "{}", mail.subject);
    let raw = format!(
        "From: jane@roe.example\r\nTo: gateway@hale.example\r\nSubject: Re: {}\r\nMessage-ID: <1@roe.example>\r\n\r\n#done\r\n",
        mail.subject
    );
    assert_eq!(take(&post, "jane@roe.example", raw.as_bytes(), "1", at(60)).kind, Kind::Applied);
    assert!(is_done(&post, task));
}

#[test]
fn t34_without_plus_addresses_a_colleague_who_answers_a_copy_acts_as_nobody_and_is_blamed_for_nothing() {
    let (post, task, mail) = without_plus();
    let sent = String::from_utf8(mail.bytes).unwrap();
    let id = header(&sent, "Message-ID:");
    let raw = format!(
        "From: max@oduya.example\r\nTo: gateway@hale.example\r\nSubject: Re: Brief\r\nMessage-ID: <1@oduya.example>\r\nIn-Reply-To: {id}\r\n\r\n#done\r\n"
    );
    let outcome = take(&post, "max@oduya.example", raw.as_bytes(), "1", at(60));
    assert_eq!((outcome.kind, outcome.reason, outcome.misused.is_none()), (Kind::Held, "SENDER_MISMATCH", true));
    assert!(!is_done(&post, task) && post.deliver(at(120)).is_empty());
}

/// Ten thousand mails in Jane's name, every other one with a reply address of hers that leaked.
#[test]
fn t42_ten_thousand_forged_mails_lead_to_one_question_a_day_and_to_few_notices() {
    let post = Post::with_jane();
    // The ten thousand are rows; there is no file for each.
    post.leave_unchecked();
    let (firm, jane, matter) = (post.firm.id, post.jane, post.matter);
    let token = post.write(move |tx| {
        let thread = tx.thread_for(firm, jane, Purpose::Reply, About::Item(matter), None, now())?;
        let thread = tx.thread(thread)?.unwrap();
        tx.token_of(&thread)
    });
    let desk = Desk::new(post.gateway.clone(), Limits::default());
    let forged = |to: &str| {
        let raw = format!("From: jane@roe.example\r\nTo: {to}\r\nSubject: Urgent\r\n\r\nWe concede.\r\n");
        read(raw.as_bytes(), &desk)
    };
    let reads = [forged("m-1@gw.hale.example"), forged(&post.gateway.reply_address(&token))];
    let proof = Proof {
        verdict: Verdict::Unproven,
        aligned: None,
        to_signed: false,
        cc_signed: false,
        ..proved("jane@roe.example", at(0))
    };
    let (mut states, effects) = post.write(move |tx| {
        let (mut states, mut effects) = (std::collections::BTreeMap::new(), 0);
        for n in 0..10_000 {
            let staged = Staged {
                mailbox: "in".into(),
                source: String::new(),
                uid_validity: 0,
                uid: n.to_string(),
                sha256: format!("{n:064}"),
                size: 1,
                arrived_at: at(0),
            };
            let id = tx.stage(firm, &staged, at(0))?.unwrap();
            tx.set_proved(id, "{}")?;
            let inbox = tx.inbox(firm, id)?.unwrap();
            let mut read = reads[n % 2].clone();
            read.content_hash = n.to_string();
            let outcome = receive(
                tx,
                &desk,
                &inbox,
                &Taken { read: &read, proof: Some(&proof), files_kept: false, doubt: None },
                at(0),
            )?;
            *states.entry(outcome.reason).or_insert(0) += 1;
            effects += usize::from(outcome.kind == Kind::Applied);
        }
        Ok((states, effects))
    });
    let forged: u32 = states.values().sum();
    assert_eq!((states.remove("AUTH_WEAK"), states.remove("AUTH_NONE"), states.len()), (Some(5_000), Some(5_000), 0));
    let left = post.deliver(at(1));
    let to_jane: Vec<&str> = left.iter().filter(|m| m.to == "jane@roe.example").map(|m| m.subject.as_str()).collect();
    assert_eq!(to_jane.len(), 1, "{to_jane:?}");
    let to_anna = left.iter().filter(|m| m.to == "anna@hale.example").count();
    println!(
        "forgeries: {forged} forged mails, {} question, {to_anna} notices to the firm, {effects} effects",
        to_jane.len()
    );
    assert_eq!(effects, 0);
    assert!((1..=21).contains(&to_anna) && left.len() == to_anna + 1, "{to_anna} of {}", left.len());
    assert!(left.iter().all(|m| m.to != "jane@roe.example" || (!m.text.contains("Urgent") && !m.text.contains("M-1"))));
}

/// What mail-parser reads counts as much as what the two strict readings agree on, though no mail is known of which it reads
/// another author: here its reading is changed.
#[test]
fn t03_a_mail_of_which_a_third_parser_reads_another_author_is_nobodys() {
    let post = Post::with_jane();
    let (firm, desk) = (post.firm.id, Desk::new(post.gateway.clone(), Limits::default()));
    let raw = b"From: jane@roe.example\r\nTo: m-1@gw.hale.example\r\nSubject: Room\r\n\r\n#note The room is 4.\r\n";
    for (uid, author) in [("1", Some("admin@legitimate.example")), ("2", Some("jane@roe.example"))] {
        let arrived = Arrived {
            mailbox: "in".into(),
            uid_validity: 0,
            uid: uid.into(),
            size: raw.len() as u64,
            arrived_at: at(0),
            bytes: [raw.as_slice(), uid.as_bytes()].concat(),
        };
        let id = stage(&post.store, firm, arrived, at(0)).unwrap().unwrap();
        let mut read = read(raw, &desk);
        read.mail.from = author.map(|address| parse::Mailbox { name: None, address: address.into() });
        let (desk, proof) = (desk.clone(), proved("jane@roe.example", at(0)));
        let outcome = post.write(move |tx| {
            let inbox = tx.inbox(firm, id)?.unwrap();
            receive(
                tx,
                &desk,
                &inbox,
                &Taken { read: &read, proof: Some(&proof), files_kept: true, doubt: None },
                at(0),
            )
        });
        let wanted = if uid == "1" { (Kind::Held, "NO_SENDER") } else { (Kind::Applied, "APPLIED") };
        assert_eq!((outcome.kind, outcome.reason), wanted);
    }
}

#[test]
fn f44_a_date_that_is_junk_or_later_than_the_mail_came_is_the_moment_it_came() {
    let came = "2028-02-29T12:00:00Z";
    for (date, written) in [
        ("Tue, 29 Feb 2028 10:00:00 +0000", "2028-02-29T10:00:00Z"),
        ("Tue, 29 Feb 2028 14:00:00 +0200", "2028-02-29T12:00:00Z"),
        ("Tue, 29 Feb 2028 13:00:00 +0000", came),
        ("Mon, 29 Feb 2027 10:00:00 +0000", came),
        ("Tue, 19 Jan 2038 03:14:08 +0000", came),
        ("Mon, 29 Feb 2100 10:00:00 +0000", came),
        ("Mon, 1 Mar 2100 10:00:00 +0000", came),
        ("Fri, 99 Foo 2026 77:00:00 +9900", came),
        ("Tue, 29 Feb 99999999 10:00:00 +0000", came),
        ("yesterday", came),
        ("", came),
    ] {
        let raw = format!("From: jane@roe.example\r\nDate: {date}\r\nSubject: x\r\n\r\nHello\r\n");
        let mail = parse::parse(raw.as_bytes());
        assert_eq!(written_at(&mail, came.parse().unwrap()).timestamp(), written.parse().unwrap(), "{date:?}");
    }
    let undated = parse::parse(b"From: jane@roe.example\r\n\r\nHello\r\n");
    assert_eq!(written_at(&undated, came.parse().unwrap()).timestamp(), came.parse().unwrap());
}

#[test]
fn f44_time_is_recorded_under_the_day_the_mail_came_on_leap_days_and_beyond_2038_and_2100() {
    let post = Post::with_jane();
    let days = ["2028-02-29", "2038-01-19", "2038-01-20", "2100-02-28", "2100-03-01"];
    for (n, day) in days.into_iter().enumerate() {
        let at: Timestamp = format!("{day}T12:00:00Z").parse().unwrap();
        let raw = format!(
            "From: jane@roe.example\r\nTo: m-1@gw.hale.example\r\nDate: junk\r\nSubject: Work\r\nMessage-ID: <{n}@roe.example>\r\n\r\n#time 1h A104 Read file {n}\r\n"
        );
        let outcome = take(&post, "jane@roe.example", raw.as_bytes(), day, at);
        assert_eq!(outcome.kind, Kind::Applied, "{day}: {:?}", outcome.lines);
    }
    let mut recorded = post.read(|r| r.time_entries_of(post.firm.id, post.jane, jiff::civil::Date::MIN));
    recorded.sort_by_key(|entry| entry.work.date);
    assert_eq!(recorded.iter().map(|entry| entry.work.date.to_string()).collect::<Vec<_>>(), days);
}

#[test]
fn t20_a_mail_is_awaited_from_whom_the_firm_knows_and_at_a_reply_address_in_use() {
    let post = Post::with_jane();
    let (firm, jane, matter) = (post.firm.id, post.jane, post.matter);
    let token = post.write(move |tx| {
        let thread = tx.thread_for(firm, jane, Purpose::Reply, About::Item(matter), None, now())?;
        let thread = tx.thread(thread)?.unwrap();
        tx.token_of(&thread)
    });
    let to = post.gateway.reply_address(&token);
    let desk = Desk::new(post.gateway.clone(), Limits::default());
    let is_awaited = |from: &str, to: &str| {
        let raw = format!("From: {from}\r\nTo: {to}\r\nSubject: x\r\n\r\nHello\r\n");
        let arrived = Arrived {
            mailbox: "in".into(),
            uid_validity: 0,
            uid: raw.clone(),
            size: raw.len() as u64,
            arrived_at: now(),
            bytes: raw.clone().into_bytes(),
        };
        let id = stage(&post.store, firm, arrived, now()).unwrap().unwrap();
        post.read(|view| {
            let inbox = view.inbox(firm, id)?.unwrap();
            super::is_awaited(view, &desk, &inbox, raw.as_bytes(), &proved(from, now()), now())
        })
    };
    assert!(is_awaited("jane@roe.example", "m-1@gw.hale.example"));
    assert!(is_awaited("eve@evil.example", &to));
    assert!(!is_awaited("eve@evil.example", "m-1@gw.hale.example"));
}

#[test]
fn t78_nothing_that_a_mail_says_is_in_a_debug_of_it() {
    let post = Post::with_jane();
    let desk = Desk::new(post.gateway.clone(), Limits::default());
    let raw = b"From: jane@roe.example\r\nTo: r+secret@gw.hale.example\r\nSubject: secret\r\nX-Own: secret\r\n\r\n#confirm secret\r\n";
    let taken = read(raw, &desk);
    assert!(taken.mail.subject == "secret" && taken.extract.reply.contains("secret"));
    let outgoing =
        Outgoing { envelope_from: None, to: Address::parse("secret@roe.example").unwrap(), bytes: raw.to_vec() };
    let claimed = Claimed { id: OutboxId(1), to: outgoing.to.clone(), bytes: raw.to_vec() };
    let taken_whole = Content::Whole(raw.to_vec());
    let said = format!("{taken:?} {outgoing:?} {claimed:?} {taken_whole:?}");
    let as_octets = format!("{:?}", b"secret").trim_matches(['[', ']']).to_owned();
    assert!(!said.contains("secret") && !said.contains(&as_octets), "{said}");
}
