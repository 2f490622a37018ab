//! What a stranger, a colleague or a replayed mail may try, through the whole way in process: real store, real signatures,
//! real DNS on 127.0.0.1. Each test says what must not happen; time is fixed.

use std::cell::Cell;

use docketpost::actions::{Act, shares};
use docketpost::config::{Addressing, FileRule, Firm, Limits, WayOut};
use docketpost::demo::office::{DOMAINS, GATEWAY, Office, SLUG};
use docketpost::demo::signer::{MICROSOFT, Signer, USUAL, dmarc_record};
use docketpost::demo::zone::Zone;
use docketpost::domain::{Address, PersonId};
use docketpost::inbound::{self, Arrived, Desk, Outcome, Taken, parse};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::outbound::gateway::Gateway;
use docketpost::outbound::letter::{Letter, SharedThing};
use docketpost::proof::{Proof, Verifier, VerifierSettings};
use docketpost::sharing::Given;
use docketpost::store::assistants::NewAssistant;
use docketpost::store::inbox::{Inbox, InboxState};
use docketpost::store::outbox::{NewLetter, OutboxState};
use docketpost::store::threads::{About, Purpose};
use docketpost::store::{Snapshot, Store, StoreError, Tx};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::checker;
use crate::gateway::conserved;

pub fn at(clock: &str) -> Timestamp {
    format!("2026-04-14T{clock}Z").parse().unwrap()
}

/// A mail of ours as it left.
pub struct Left {
    pub template: String,
    pub to: PersonId,
    pub address: String,
    pub subject: String,
    pub text: String,
    pub mail: parse::Mail,
    pub bytes: Vec<u8>,
}

/// Jane accepted and works on M-1; Max accepted and works on M-2; the demo's office.
pub struct World {
    pub office: Office,
    pub desk: Desk,
    pub verifier: Verifier,
    signers: Vec<(String, Signer)>,
    uid: Cell<u32>,
    _zone: Zone,
    _folder: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        conserved(&self.office.store);
    }
}

impl World {
    /// Everybody's domain publishes that it asks nothing of others.
    pub async fn new() -> World {
        World::with_records(DOMAINS.iter().map(|domain| dmarc_record(domain, "none")).collect()).await
    }

    /// With these records in the zone beside everybody's keys.
    async fn with_records(records: Vec<(String, String)>) -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let office = Office::make(&store, at("07:00:00")).unwrap();
        let domains = DOMAINS.iter().copied().chain(["evil.example", "news.roe.example"]);
        let signers: Vec<(String, Signer)> =
            domains.map(|d| (d.to_owned(), Signer::generate(d, "s1").unwrap())).collect();
        let zone = Zone::start(signers.iter().map(|(_, s)| s.dns_record()).chain(records)).unwrap();
        let settings = VerifierSettings { resolver: Some(vec![zone.address()]), ..VerifierSettings::default() };
        let verifier = Verifier::new(&settings).unwrap();
        let firm = Firm {
            slug: SLUG.into(),
            address: Address::parse(GATEWAY).unwrap(),
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            way_out: WayOut::Directory(std::path::PathBuf::new()),
            shares_wait: jiff::SignedDuration::ZERO,
            files: docketpost::config::Files::default(),
        };
        let desk = Desk::new(Gateway::new(&firm), Limits::default());
        let world = World { office, desk, verifier, signers, uid: Cell::new(1), _zone: zone, _folder: folder };
        world.let_in(world.office.jane, "jane@roe.example", world.office.matter);
        world.let_in(world.office.max, "max@oduya.example", world.office.other_matter);
        world.office.engage(at("07:10:00")).unwrap();
        world.deliver(at("07:11:00")).await;
        world
    }

    fn let_in(&self, person: PersonId, address: &'static str, matter: docketpost::domain::Item) {
        let firm = self.office.firm.id;
        let job = move |act: &docketpost::actions::Act<'_>| {
            let identity = act.tx.identity_for(&Address::parse(address).unwrap(), act.now)?;
            act.tx.set_identity(firm, person, identity)?;
            act.tx.set_accepted(firm, person, act.now)?;
            shares::share(act, person, matter, false, "")
        };
        self.office.act(self.office.anna, address, at("07:05:00"), job).unwrap();
    }

    pub fn store(&self) -> &Store {
        &self.office.store
    }

    pub fn sign(&self, domain: &str, mail: &[u8], names: &[&str]) -> String {
        let (_, signer) = self.signers.iter().find(|(d, _)| d == domain).unwrap();
        String::from_utf8(signer.sign_as(mail, names, "")).unwrap()
    }

    /// Jane's reply address for a thing, made if there was none.
    pub fn reply_to(&self, person: PersonId, purpose: Purpose, about: About) -> String {
        let firm = self.office.firm.id;
        let thread =
            self.store().write(move |tx| tx.thread_for(firm, person, purpose, about, None, at("07:12:00"))).unwrap();
        let token = self
            .store()
            .read(|view| {
                let thread = view.thread(thread)?.unwrap();
                view.token_of(&thread)
            })
            .unwrap();
        self.desk.gateway.reply_address(&token)
    }

    /// Takes a mail through the steps of the daemon.
    pub async fn take(&self, raw: &str, now: Timestamp) -> (Inbox, Result<Outcome, StoreError>) {
        self.take_while(raw, now, || {}).await
    }

    /// As [`World::take`]; `meanwhile` happens after the mail was proved and read, before it is received.
    pub async fn take_while(
        &self,
        raw: &str,
        now: Timestamp,
        meanwhile: impl FnOnce(),
    ) -> (Inbox, Result<Outcome, StoreError>) {
        let raw = raw.as_bytes().to_vec();
        let firm = self.office.firm.id;
        let uid = self.uid.replace(self.uid.get() + 1);
        let arrived = Arrived {
            mailbox: "main".into(),
            uid_validity: 0,
            uid: uid.to_string(),
            size: raw.len() as u64,
            arrived_at: now,
            bytes: raw.clone(),
        };
        let id = inbound::stage(self.store(), firm, arrived, now).unwrap().unwrap();
        let proof = self.verifier.prove(&raw, now, None).await;
        let facts = serde_json::to_string(&proof).unwrap();
        self.store().write(move |tx| tx.set_proved(id, &facts)).unwrap();
        let inbox = self.store().read(|view| view.inbox(firm, id)).unwrap().unwrap();
        let outcome = self.settle(inbox, now, meanwhile);
        (self.store().read(|view| view.inbox(firm, id)).unwrap().unwrap(), outcome)
    }

    /// Reads a proved mail and receives it; `meanwhile` happens between the two.
    fn settle(&self, inbox: Inbox, now: Timestamp, meanwhile: impl FnOnce()) -> Result<Outcome, StoreError> {
        let proof: Proof = serde_json::from_str(inbox.proof.as_ref().unwrap()).unwrap();
        let read = inbound::read(&self.store().blobs().get(inbox.blob()).unwrap(), &self.desk);
        let look = |view: &Snapshot<'_>| inbound::wants_files(view, &self.desk, &inbox, &read, Some(&proof), now);
        let files_kept = self.store().read(look).unwrap();
        for (index, _) in read.files.iter().filter(|_| files_kept) {
            self.store().blobs().put(&read.mail.attachments[*index].bytes).unwrap();
        }
        meanwhile();
        let desk = self.desk.clone();
        self.store().write(move |tx| {
            let taken = Taken { read: &read, proof: Some(&proof), files_kept, doubt: None };
            inbound::receive(tx, &desk, &inbox, &taken, now)
        })
    }

    /// Receives what was held and has been released.
    pub fn settle_released(&self, now: Timestamp) {
        for inbox in self.store().read(|view| view.inbox_due(InboxState::Proved, &[self.office.firm.id], 10)).unwrap() {
            self.settle(inbox, now, || {}).unwrap();
        }
    }

    /// As [`World::take`]; gives state and reason.
    pub async fn receive(&self, raw: &str, now: Timestamp) -> String {
        let (inbox, outcome) = self.take(raw, now).await;
        let outcome = outcome.unwrap_or_else(|e| panic!("{e}\n{raw}"));
        format!("{} {} {}", inbox.state.word(), outcome.reason, inbox.level.unwrap_or_default())
    }

    pub async fn deliver(&self, now: Timestamp) -> Vec<Left> {
        let firm = self.office.firm.clone();
        let due = self.store().read(|view| view.outbox_due(firm.id, now, 100)).unwrap();
        let mut left = Vec::new();
        for letter in due {
            let ready = deliver::claim(self.store(), &firm, &self.desk.gateway, &letter, now).await.unwrap();
            if let Ready::Send(mail) = ready {
                let (id, to) = (mail.id, mail.to.as_str().to_owned());
                self.store().write(move |tx| tx.set_sent(id, &to, "250 ok", now)).unwrap();
                assert_eq!(checker::second_reader(&mail.bytes, mail.to.as_str()), None, "{}", letter.template);
                let parsed = parse::parse(&mail.bytes);
                left.push(Left {
                    template: letter.template.clone(),
                    to: letter.person,
                    address: mail.to.as_str().to_owned(),
                    subject: parsed.subject.clone(),
                    text: parsed.text.clone().unwrap_or_default(),
                    mail: parsed,
                    bytes: mail.bytes,
                });
            }
        }
        left
    }

    pub fn rows(&self, now: Timestamp) -> Vec<String> {
        self.office.rows(now).unwrap().into_iter().collect()
    }
}

/// What to write: From, To, Subject, text; the rest is ordinary.
pub fn mail(from: &str, to: &str, subject: &str, id: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Tue, 14 Apr 2026 08:29:00 +0000\r\nMessage-ID: <{id}@mail.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
        text.replace('\n', "\r\n")
    )
}

pub const JANE: &str = "Jane Roe <jane@roe.example>";

pub async fn jane_says(w: &World, to: &str, subject: &str, id: &str, text: &str) -> String {
    let raw = w.sign("roe.example", mail(JANE, to, subject, id, text).as_bytes(), &USUAL);
    w.receive(&raw, at("08:30:00")).await
}

fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[tokio::test]
async fn t43_a_message_about_a_matter_that_is_not_shared_is_refused_as_about_none() {
    let w = World::new().await;
    let before = w.rows(at("08:29:00"));
    let mut answers = Vec::new();
    // M-2 is there and not shared; M-9 is not there; so with the firm's own numbers.
    for (place, named) in ["M-2", "M-9", "2026-0019", "2026-0099"].into_iter().enumerate() {
        let state =
            jane_says(&w, "r@gw.hale.example", "Hello", &format!("a{place}"), &format!("#message {named} Who acts?"))
                .await;
        let left = w.deliver(at("08:31:00")).await;
        let letters: Vec<String> =
            left.iter().map(|l| format!("{} {}", l.template, without_numbers(&l.text))).collect();
        answers.push((state, letters));
    }
    assert_eq!(w.rows(at("08:29:00")), before);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[2], answers[3]);
}

#[tokio::test]
async fn t81_a_receipt_of_a_task_does_not_open_its_unshared_matter() {
    let w = World::new().await;
    let (jane, matter) = (w.office.jane, w.office.matter);
    let brief = w.reply_to(jane, Purpose::Reply, About::Item(w.office.brief));
    w.office.act(w.office.anna, "over", at("08:00:00"), move |act| shares::unshare(act, jane, matter, "over")).unwrap();
    w.deliver(at("08:01:00")).await;
    assert!(jane_says(&w, &brief, "Re: Task", "b1", "#time 1h Drafted").await.starts_with("APPLIED"));
    let firm = w.office.firm.id;
    let inbox = w.store().read(|v| v.inbox_of(firm, jane, 1)).unwrap()[0].id;
    let receipt = w.reply_to(jane, Purpose::Receipt, About::Mail(inbox));
    let left = w.deliver(at("08:31:00")).await;
    assert!(left.iter().all(|l| l.to != jane || (!l.text.contains("M-1") && !l.subject.contains("M-1"))));
    let state = jane_says(&w, &receipt, "Re: receipt", "b2", "By the way, who is the judge?").await;
    let left = w.deliver(at("08:32:00")).await;
    for l in left.iter().filter(|l| l.to == jane) {
        assert!(!l.text.contains("M-1") && !l.text.contains("2026-0012"), "{state}: {}\n{}", l.subject, l.text);
    }
    let made = w.rows(at("08:33:00"));
    assert!(!made.iter().any(|r| r.contains("who is the judge")), "{state}: {made:#?}");
}

#[tokio::test]
async fn t28_t43_a_hidden_matter_in_the_subject_is_as_if_absent() {
    let w = World::new().await;
    let mut states = Vec::new();
    for (place, tag) in ["M-2", "M-9", "2026-0019", "2026-0099"].into_iter().enumerate() {
        let id = format!("c{place}");
        states.push(jane_says(&w, "r@gw.hale.example", &format!("[{tag}] [M-1] Hello"), &id, "The point holds.").await);
    }
    assert!(states.iter().all(|s| *s == states[0]), "{states:?}");
}

#[tokio::test]
async fn t15_an_unsigned_address_commands_nothing() {
    let w = World::new().await;
    let raw = mail(JANE, "eve@evil.example", "Lunch?", "d1", "Are you free tomorrow?\n\nJane");
    let raw = w.sign("roe.example", raw.as_bytes(), &MICROSOFT);
    let raw = raw.replace("To: eve@evil.example", "To: done+t-1@gw.hale.example");
    let before = w.rows(at("08:29:00"));
    let state = w.receive(&raw, at("08:30:00")).await;
    assert_eq!(w.rows(at("08:29:00")), before, "{state}");
}

#[tokio::test]
async fn t28_a_strangers_signature_over_in_reply_to_proves_no_context() {
    let w = World::new().await;
    let firm = w.office.firm.id;
    let ours = w.store().read(|v| v.outbox_list(firm, None, 50)).unwrap();
    let letter = ours.iter().find(|l| l.person == w.office.jane && l.template == "tasks").unwrap();
    let raw = mail(JANE, "eve@evil.example", "Settlement", "e1", "We would take 40,000.");
    let raw = w.sign("roe.example", raw.as_bytes(), &MICROSOFT);
    let raw = format!("In-Reply-To: <{}@gw.hale.example>\r\n{raw}", letter.message_id);
    let raw = w.sign("evil.example", raw.as_bytes(), &["From", "Date", "Subject", "Message-ID", "In-Reply-To", "To"]);
    let state = w.receive(&raw, at("08:30:00")).await;
    assert!(!w.rows(at("08:31:00")).iter().any(|r| r.contains("40,000")), "{state}");
}

#[tokio::test]
async fn t17_a_replay_with_other_blanks_or_another_content_type_acts_once() {
    let w = World::new().await;
    let conversation = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.matter));
    let names = ["From", "To", "Subject", "Date", "Message-ID"];
    let raw =
        w.sign("roe.example", mail(JANE, &conversation, "Re: M-1", "f1", "The café is  closed.").as_bytes(), &names);
    assert!(w.receive(&raw, at("08:30:00")).await.starts_with("APPLIED"));
    let first = w.rows(at("08:40:00"));
    let again = [
        raw.replace("From: Jane Roe <", "From:  Jane  Roe\r\n\t<"),
        raw.replace("Subject: Re: M-1", "Subject:  Re:  M-1 "),
        raw.replace("Date: Tue, 14", "Date:  Tue,  14"),
        raw.replace("is  closed.", "is closed. \t"),
        raw.replace("charset=utf-8", "charset=iso-8859-1"),
        raw.replace("text/plain; charset=utf-8", "text/html"),
        raw.replace("text/plain; charset=utf-8", "multipart/mixed; boundary=x"),
    ];
    for replay in again {
        assert_ne!(replay, raw);
        let state = w.receive(&replay, at("08:35:00")).await;
        assert_eq!(w.rows(at("08:40:00")), first, "{state}\n{replay}");
    }
}

#[tokio::test]
async fn t15_t47_a_genuine_mail_is_not_lost_behind_a_copy_that_was_changed_and_came_first() {
    for (added, state) in [
        ("Content-Transfer-Encoding: base64", "APPLIED APPLIED strong"),
        ("Content-Disposition: attachment; filename=x.txt", "HELD CHANGED_COPY strong"),
    ] {
        let w = World::new().await;
        let (firm, later) = (w.office.firm.id, at("08:34:00"));
        let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.matter));
        let genuine = mail(JANE, &to, "Re: M-1", "c1", "#time 2h Drafted the reply");
        let genuine = w.sign("roe.example", genuine.as_bytes(), &USUAL);
        let changed = format!("{added}\r\n{genuine}");
        w.receive(&changed, at("08:30:00")).await;
        assert_eq!(w.receive(&genuine, at("08:31:00")).await, state, "{added}");
        if state.starts_with("HELD") {
            let told = w.deliver(at("08:32:00")).await;
            assert!(told.iter().any(|l| l.text.contains("one of them was changed on the way")), "{added}");
            let third = w.receive(&changed.replace("x.txt", "y.txt"), at("08:33:00")).await;
            assert!(third.starts_with("IGNORED"), "the firm hears of it once: {third}");
            // Whoever compares the two lets the right one through.
            let held = w.store().read(|v| v.inbox_list(firm, Some(InboxState::Held), 10)).unwrap();
            let held = held.iter().find(|m| m.reason.as_deref() == Some("CHANGED_COPY")).unwrap().id;
            assert!(w.store().write(move |tx| tx.release(firm, held, "good", None, None)).unwrap());
            w.settle_released(later);
        }
        assert!(w.rows(later).iter().any(|r| r.contains("Drafted the reply")), "{added}");
    }
}

/// A mail of Jane's to an outsider too, with a file that the outsider wrote and one that has to wait.
fn with_their_file(to: &str) -> String {
    let head = format!(
        "From: {JANE}\nTo: {to}\nCc: eve@evil.example\nSubject: Re: M-1\nDate: Tue, 14 Apr 2026 08:29:00 +0000\n\
         Message-ID: <r1@mail.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"jane\"\n\n"
    );
    let body = "--jane\nContent-Type: text/plain\n\nEve's notes.\n\
        --jane\nContent-Type: text/plain; name=notes.txt\nContent-Disposition: attachment; filename=notes.txt\n\n\
        --eve\nContent-Type: text/plain\n\n#time 9h Written by Eve\n--eve--\n\
        --jane\nContent-Type: application/x-msdownload; name=run.exe\nContent-Disposition: attachment; filename=run.exe\n\n\
        MZ\n--jane--\n";
    (head + body).replace('\n', "\r\n")
}

#[tokio::test]
async fn t15_t47_what_an_outsider_wrote_into_a_file_is_not_carried_out_by_cutting_the_mail_anew() {
    let unsigned = ["From", "To", "Cc", "Subject", "Date", "Message-ID"];
    let recuts = [
        "Content-Type: multipart/mixed; boundary=\"eve\"",
        "Content-Type: multipart/alternative; boundary=eve",
        "Content-Type: text/plain; charset=utf-8",
        "X-Type: none",
    ];
    for recut in recuts {
        for copy_comes_first in [false, true] {
            let mut w = World::new().await;
            w.desk.files.programs = FileRule::Hold;
            let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
            let genuine = w.sign("roe.example", with_their_file(&to).as_bytes(), &unsigned);
            let copy = genuine.replace("Content-Type: multipart/mixed; boundary=\"jane\"", recut);
            assert_ne!(copy, genuine);
            if copy_comes_first {
                let state = w.receive(&copy, at("08:30:00")).await;
                assert!(state.starts_with("HELD AUTH_NONE"), "{recut}: {state}");
            }
            let state = w.receive(&genuine, at("08:31:00")).await;
            assert_eq!(state, "HELD FILE_RULE strong", "{recut}");
            let state = w.receive(&copy, at("08:32:00")).await;
            assert!(state.starts_with("IGNORED"), "{recut}: {state}");
            assert!(!w.rows(at("08:33:00")).iter().any(|r| r.contains("Written by Eve")), "{recut}");
            // The outsider has seen the address: it proves nothing any more.
            let forged = mail(JANE, &to, "Re: M-1", "r2", "#time 9h Written by Eve");
            assert_eq!(w.receive(&forged, at("08:34:00")).await, "HELD AUTH_NONE none", "{recut}");
        }
    }
}

#[tokio::test]
async fn t15_t47_a_changed_copy_of_a_mail_that_waits_does_not_act_and_the_mail_does_once_it_may() {
    let mut w = World::new().await;
    let (firm, later) = (w.office.firm.id, at("08:34:00"));
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    assert!(jane_says(&w, &to, "Re: Task", "w1", "On it.").await.starts_with("APPLIED"));
    let usual = std::mem::replace(&mut w.desk.brakes.per_sender, 1);
    let genuine = mail(JANE, &to, "Re: Task", "w2", "#time 2h Drafted the reply");
    let genuine = w.sign("roe.example", genuine.as_bytes(), &USUAL);
    assert_eq!(w.receive(&genuine, at("08:31:00")).await, "HELD RATE_LIMITED strong");
    w.desk.brakes.per_sender = usual;
    let again = format!("Received: from elsewhere\r\n{genuine}");
    let changed = format!("Content-Disposition: attachment; filename=x.txt\r\n{genuine}");
    assert_eq!(w.receive(&changed, at("08:32:00")).await, "HELD CHANGED_COPY strong");
    let held = w.store().read(|v| v.inbox_braked(firm, w.office.jane)).unwrap();
    assert_eq!(held.len(), 1);
    assert!(w.store().write(move |tx| tx.judge_again(firm, held[0])).unwrap());
    w.settle_released(later);
    assert!(w.rows(later).iter().any(|r| r.contains("Drafted the reply")));
    assert!(w.receive(&again, later).await.starts_with("IGNORED"), "it acts once");
}

#[tokio::test]
async fn undoing_a_correction_does_not_delete_the_entry() {
    let w = World::new().await;
    let brief = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let firm = w.office.firm.id;
    jane_says(&w, &brief, "Re: Task", "g1", "#time 1h Drafted").await;
    w.deliver(at("08:30:10")).await;
    assert!(jane_says(&w, &brief, "Re: Task", "g2", "#edit TE-1 2h Drafted more").await.starts_with("APPLIED"));
    let rows = w.rows(at("08:31:00"));
    assert!(rows.iter().any(|r| r.contains("Drafted more")), "{rows:#?}");
    let inbox = w.store().read(|v| v.inbox_of(firm, w.office.jane, 1)).unwrap()[0].id;
    let receipt = w.reply_to(w.office.jane, Purpose::Receipt, About::Mail(inbox));
    let state = jane_says(&w, &receipt, "Re: receipt", "g3", "#undo").await;
    assert!(w.rows(at("08:32:00")).iter().any(|r| r.contains("Drafted")), "{state}");
}

#[tokio::test]
async fn t45_a_reply_address_that_was_revoked_is_dead_after_sharing_again() {
    let w = World::new().await;
    let (jane, matter) = (w.office.jane, w.office.matter);
    let old = w.reply_to(jane, Purpose::Reply, About::Item(matter));
    w.office.act(w.office.anna, "over", at("08:00:00"), move |act| shares::unshare(act, jane, matter, "over")).unwrap();
    w.office
        .act(w.office.anna, "again", at("08:01:00"), move |act| shares::share(act, jane, matter, true, ""))
        .unwrap();
    let raw = mail(JANE, &old, "Re: M-1", "h1", "Hello again");
    // Unsigned: only a living address would have it challenged.
    assert_eq!(w.receive(&raw, at("08:30:00")).await, "HELD AUTH_NONE none");
    let told = w.deliver(at("08:31:00")).await;
    let templates: Vec<&str> = told.iter().filter(|l| l.to == jane).map(|l| l.template.as_str()).collect();
    assert_eq!(templates, ["access_ended", "shared"]);
}

#[tokio::test]
async fn what_ends_is_told_for_each_thing() {
    let w = World::new().await;
    let (jane, folder, document) = (w.office.jane, w.office.folder, w.office.document);
    let live = w.office.store.read(|view| view.live_shares(w.office.firm.id, jane, at("07:50:00"))).unwrap();
    let of = live.into_iter().filter(|share| [folder, document].contains(&share.item));
    let things = of.map(|s| SharedThing { share: s.id, item: s.item, message: String::new() }).collect();
    let letter = Letter::Shared { things, by: w.office.anna };
    w.office
        .act(w.office.anna, "told", at("07:50:00"), move |act| {
            act.tell(jane, letter.clone(), About::Firm)?;
            Ok(Ok(()))
        })
        .unwrap();
    w.deliver(at("07:51:00")).await;
    w.office
        .act(w.office.anna, "both", at("08:00:00"), move |act| {
            let _ = shares::unshare(act, jane, folder, "over")?;
            shares::unshare(act, jane, document, "over")
        })
        .unwrap();
    let told = w.deliver(at("08:01:00")).await;
    assert_eq!(told.iter().filter(|l| l.template == "access_ended").count(), 2);
}

#[tokio::test]
async fn t29_a_token_of_another_firm_is_no_token_here() {
    let w = World::new().await;
    let store = w.store().clone();
    let job = |tx: &Tx<'_>| {
        let firm = tx.add_firm(
            &docketpost::store::firms::NewFirm {
                slug: "other".into(),
                name: "Other".into(),
                locale: docketpost::domain::dates::Locale::British,
                time_zone: "Europe/London".into(),
                currency: "GBP".into(),
                rounding_minutes: 6,
            },
            at("07:00:00"),
        )?;
        let person = docketpost::store::people::NewPerson {
            role: docketpost::sharing::Role::CoCounsel,
            is_company: false,
            is_client: false,
            first_name: "Jane".into(),
            last_name: "Roe".into(),
            company: String::new(),
            title: String::new(),
            initials: String::new(),
            address: Address::parse("jane@roe.example").ok(),
        };
        let person = tx.add_person(firm, &person, at("07:00:00"))?;
        let thread = tx.thread_for(firm, person, Purpose::Reply, About::Firm, None, at("07:00:00"))?;
        let thread = tx.thread(thread)?.unwrap();
        Ok((firm, thread.id, tx.token_of(&thread)?))
    };
    let (_, thread, token) = store.write(job).unwrap();
    let to = w.desk.gateway.reply_address(&token);
    for (place, text) in ["One", "Two", "Three"].into_iter().enumerate() {
        let raw = mail("eve@evil.example", &to, "Hi", &format!("i{place}"), text);
        assert_eq!(w.receive(&raw, at("08:30:00")).await, "HELD UNKNOWN_SENDER ");
    }
    let after = w.store().read(|v| v.thread(thread)).unwrap().unwrap();
    assert!(!after.misused && after.generation == 0);
    assert!(jane_says(&w, &to, "[M-1] Hi", "i9", "The point holds.").await.ends_with("good"));
}

#[tokio::test]
async fn a_weak_mail_with_a_file_is_held_and_not_lost() {
    let w = World::new().await;
    let (firm, jane) = (w.office.firm.id, w.office.jane);
    w.store()
        .write(move |tx| {
            let identity = tx.person(firm, jane)?.unwrap().identity;
            assert!(identity.is_some());
            Ok(())
        })
        .unwrap();
    let to = w.reply_to(jane, Purpose::Reply, About::Item(w.office.brief));
    let raw = format!(
        "From: {JANE}\r\nTo: {to}\r\nSubject: Re: T-1\r\nDate: Tue, 14 Apr 2026 08:29:00 +0000\r\nMessage-ID: <j1@mail.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n#stop\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\
         Content-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF-1.4 x\r\n--x--\r\n"
    );
    assert_eq!(w.receive(&raw, at("08:30:00")).await, "HELD AUTH_WEAK weak");
}

#[tokio::test]
async fn t81_a_message_does_not_go_to_somebody_whom_a_screen_keeps_away() {
    let w = World::new().await;
    let (firm, matter) = (w.office.firm.id, w.office.matter.id);
    let bob = w
        .store()
        .write(move |tx| {
            let bob = docketpost::store::people::NewPerson {
                role: docketpost::sharing::Role::User { admin: false, accounts: false, reports: false, billing: false },
                is_company: false,
                is_client: false,
                first_name: "Bob".into(),
                last_name: "Wall".into(),
                company: String::new(),
                title: String::new(),
                initials: String::new(),
                address: Address::parse("bob@hale.example").ok(),
            };
            let bob = tx.add_person(firm, &bob, at("07:00:00"))?;
            tx.screen(firm, matter, bob, "conflict", at("07:00:00"))?;
            Ok(bob)
        })
        .unwrap();
    let state = jane_says(&w, "r@gw.hale.example", "Hello", "k1", "#message M-1 to Bob Wall: The point holds.").await;
    let rows = w.rows(at("08:31:00"));
    assert!(!rows.iter().any(|r| r.contains("Bob Wall")), "{state} {rows:#?}");
    assert!(w.deliver(at("08:31:00")).await.iter().all(|l| l.to != bob));
}

#[tokio::test]
async fn t80_an_invitation_that_was_withdrawn_is_not_sent_again() {
    let w = World::new().await;
    let firm = w.office.firm.clone();
    let (matter, anna) = (w.office.matter, w.office.anna);
    let tom = w
        .store()
        .write(move |tx| {
            let tom = docketpost::store::people::NewPerson {
                role: docketpost::sharing::Role::CoCounsel,
                is_company: false,
                is_client: false,
                first_name: "Tom".into(),
                last_name: "Fry".into(),
                company: String::new(),
                title: String::new(),
                initials: String::new(),
                address: Address::parse("tom@elsewhere.example").ok(),
            };
            tx.add_person(firm.id, &tom, at("07:00:00"))
        })
        .unwrap();
    w.office.act(anna, "give", at("08:00:00"), move |act| shares::share(act, tom, matter, true, "")).unwrap();
    let firm = w.office.firm.clone();
    let due = w.store().read(|v| v.outbox_due(firm.id, at("08:01:00"), 10)).unwrap();
    let letter = due.iter().find(|l| l.template == "invitation").unwrap().clone();
    let claim = deliver::claim(w.store(), &firm, &w.desk.gateway, &letter, at("08:01:00")).await.unwrap();
    assert!(matches!(claim, Ready::Send(_)));
    let id = letter.id;
    w.store().write(move |tx| tx.set_deferred(id, "451", at("08:02:00"))).unwrap();
    w.office.act(anna, "wrong", at("08:02:00"), move |act| shares::unshare(act, tom, matter, "wrong man")).unwrap();
    let again = deliver::claim(w.store(), &firm, &w.desk.gateway, &letter, at("08:03:00")).await.unwrap();
    assert_eq!(again, Ready::Dropped);
}

#[tokio::test]
async fn a_mail_has_its_outcome_once_even_if_two_processes_take_it() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let raw = w.sign("roe.example", mail(JANE, &to, "Re: T-1", "l1", "#receipts everything").as_bytes(), &USUAL);
    let (inbox, first) = w.take(&raw, at("08:30:00")).await;
    assert!(first.is_ok());
    let proof = w.verifier.prove(raw.as_bytes(), at("08:30:00"), None).await;
    let read = inbound::read(raw.as_bytes(), &w.desk);
    let (desk, stale) = (w.desk.clone(), inbox);
    let job = move |tx: &Tx<'_>| {
        let taken = Taken { read: &read, proof: Some(&proof), files_kept: false, doubt: None };
        inbound::receive(tx, &desk, &stale, &taken, at("08:30:01"))
    };
    assert!(w.store().write(job).is_err());
}

#[tokio::test]
async fn t93_forged_mail_in_a_known_name_does_not_flood_the_firm() {
    let w = World::new().await;
    for n in 0..60 {
        let raw = mail(JANE, "r@gw.hale.example", "Urgent", &format!("m{n}"), &format!("Pay {n}"));
        assert!(w.receive(&raw, at("08:30:00")).await.starts_with("HELD"));
    }
    let told = w.deliver(at("08:31:00")).await;
    assert!((1..=20).contains(&told.len()), "{}", told.len());
}

#[tokio::test]
async fn t41_a_code_releases_only_what_the_question_asked_about() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.matter));
    let raw = mail(JANE, &to, "Re: M-1", "n1", "The point holds.");
    assert_eq!(w.receive(&raw, at("08:30:00")).await, "HELD AUTH_WEAK weak");
    let question = w.deliver(at("08:31:00")).await;
    let code = question.iter().find(|l| l.template == "challenge").unwrap();
    let code = code.text.lines().find_map(|l| l.trim().strip_prefix("#confirm ")).unwrap();
    let code = code.split_whitespace().next().unwrap().to_owned();
    // Somebody who got hold of the address adds a mail of theirs, signed by a domain of theirs.
    let forged = mail(JANE, &to, "Re: M-1", "n2", "We concede.");
    let forged = w.sign("evil.example", forged.as_bytes(), &USUAL);
    assert_eq!(w.receive(&forged, at("08:40:00")).await, "HELD AUTH_WEAK weak");
    let firm = w.office.firm.id;
    let first = w.store().read(|v| v.challenge(firm, 1)).unwrap().unwrap();
    let confirm = w.reply_to(w.office.jane, Purpose::Confirm, About::Challenge(first.id));
    let raw = mail(JANE, &confirm, "Re: Please confirm", "n3", &format!("#confirm {code}"));
    assert!(w.receive(&raw, at("08:45:00")).await.starts_with("APPLIED"));
    let states: Vec<(String, String)> = w
        .store()
        .read(|v| v.inbox_list(firm, None, 10))
        .unwrap()
        .into_iter()
        .map(|m| (m.id.to_string(), m.state.word().to_owned()))
        .collect();
    let held = states.iter().filter(|s| s.1 == "HELD").count();
    assert_eq!(held, 1, "{states:?}");
    let identity = w.store().read(|v| v.person(firm, w.office.jane)).unwrap().unwrap().identity.unwrap();
    assert!(w.store().read(|v| v.bound_signers(identity)).unwrap().is_empty());
}

#[tokio::test]
async fn t41_what_was_unshared_between_question_and_answer_is_not_released() {
    for is_unshared in [false, true] {
        let w = World::new().await;
        let (firm, jane, matter) = (w.office.firm.id, w.office.jane, w.office.matter);
        let to = w.reply_to(jane, Purpose::Reply, About::Item(matter));
        let raw = mail(JANE, &to, "Re: M-1", "p1", "#note The witness is free in May.");
        assert_eq!(w.receive(&raw, at("08:30:00")).await, "HELD AUTH_WEAK weak");
        let asked = w.deliver(at("08:31:00")).await;
        let asked = asked.iter().find(|l| l.template == "challenge").unwrap();
        let code = asked.text.lines().find_map(|l| l.trim().strip_prefix("#confirm ")).unwrap();
        let code = code.split_whitespace().next().unwrap().to_owned();
        let question = w.store().read(|v| v.open_challenge(firm, jane, at("08:32:00"))).unwrap().unwrap();
        if is_unshared {
            let over = move |act: &Act<'_>| shares::unshare(act, jane, matter, "over");
            w.office.act(w.office.anna, "over", at("08:33:00"), over).unwrap();
        }
        let confirm = w.reply_to(jane, Purpose::Confirm, About::Challenge(question.id));
        let raw = mail(JANE, &confirm, "Re: Please confirm", "p2", &format!("#confirm {code}"));
        w.receive(&raw, at("08:45:00")).await;
        w.settle_released(at("08:46:00"));
        let rows = w.rows(at("08:46:00"));
        assert_eq!(rows.iter().any(|r| r.contains("free in May")), !is_unshared, "{rows:#?}");
    }
}

/// The code in the question that was sent to Jane.
fn code_in(left: &[Left]) -> String {
    let question = left.iter().find(|l| l.template == "challenge").unwrap();
    let code = question.text.lines().find_map(|l| l.trim().strip_prefix("#confirm ")).unwrap();
    code.split_whitespace().next().unwrap().to_owned()
}

/// sender-proof.md 5.9: nobody says who signs for such a domain, until its lawyer has.
#[tokio::test]
async fn at_a_domain_without_dmarc_one_mail_is_asked_about_and_every_other_signing_domain_again() {
    let w = World::with_records(Vec::new()).await;
    let (firm, jane) = (w.office.firm.id, w.office.jane);
    let to = w.reply_to(jane, Purpose::Reply, About::Item(w.office.matter));
    let by =
        |who: &str, to: &str, id: &str, text: &str| w.sign(who, mail(JANE, to, "Re: M-1", id, text).as_bytes(), &USUAL);
    assert_eq!(
        w.receive(&by("roe.example", &to, "d1", "The point holds."), at("08:30:00")).await,
        "HELD AUTH_WEAK weak"
    );
    let code = code_in(&w.deliver(at("08:31:00")).await);
    let question = w.store().read(|v| v.open_challenge(firm, jane, at("08:32:00"))).unwrap().unwrap();
    let confirm = w.reply_to(jane, Purpose::Confirm, About::Challenge(question.id));
    let answer = by("roe.example", &confirm, "d2", &format!("#confirm {code}"));
    assert!(w.receive(&answer, at("08:33:00")).await.starts_with("APPLIED"));
    w.settle_released(at("08:34:00"));
    assert_eq!(w.rows(at("08:34:00")).iter().filter(|r| r.contains("The point holds")).count(), 1);
    let next = w.receive(&by("roe.example", &to, "d3", "#note Nobody asks again."), at("08:35:00")).await;
    assert_eq!(next, "APPLIED APPLIED strong");
    let fresh = w.receive(&by("roe.example", "r@gw.hale.example", "d4", "#matters"), at("08:36:00")).await;
    assert_eq!(fresh, "APPLIED APPLIED good");
    let other = w.receive(&by("news.roe.example", &to, "d5", "#note Somebody's newsletter."), at("08:37:00")).await;
    assert_eq!(other, "HELD AUTH_WEAK weak");
}

/// Her own mail that nothing proves is sent on by somebody else, with their signature, before or after she was asked.
#[tokio::test]
async fn t17_t41_a_copy_of_her_own_mail_with_a_strangers_signature_binds_nobody() {
    for copy_comes_first in [false, true] {
        let w = World::new().await;
        let (firm, jane) = (w.office.firm.id, w.office.jane);
        let to = w.reply_to(jane, Purpose::Reply, About::Item(w.office.matter));
        let own = mail(JANE, &to, "Re: M-1", "o1", "The point holds.");
        let copy = w.sign("evil.example", own.as_bytes(), &USUAL);
        let (first, second) = if copy_comes_first { (&copy, &own) } else { (&own, &copy) };
        assert_eq!(w.receive(first, at("08:30:00")).await, "HELD AUTH_WEAK weak");
        let code = code_in(&w.deliver(at("08:31:00")).await);
        assert_eq!(w.receive(second, at("08:32:00")).await, "HELD AUTH_WEAK weak");
        let question = w.store().read(|v| v.open_challenge(firm, jane, at("08:33:00"))).unwrap().unwrap();
        let confirm = w.reply_to(jane, Purpose::Confirm, About::Challenge(question.id));
        let raw = mail(JANE, &confirm, "Re: Please confirm", "o2", &format!("#confirm {code}"));
        assert!(w.receive(&raw, at("08:34:00")).await.starts_with("APPLIED"));
        w.settle_released(at("08:35:00"));
        assert_eq!(w.rows(at("08:36:00")).iter().filter(|r| r.contains("The point holds")).count(), 1);
        assert!(w.deliver(at("08:36:00")).await.iter().all(|l| l.template != "challenge"), "it was confirmed");
        let identity = w.store().read(|v| v.person(firm, jane)).unwrap().unwrap().identity.unwrap();
        assert!(w.store().read(|v| v.bound_signers(identity)).unwrap().is_empty());
    }
}

#[tokio::test]
async fn t40_the_address_of_an_invitation_that_was_answered_takes_nothing_that_is_not_proved() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Invite, About::Invitation(1));
    let before = w.rows(at("08:29:00"));
    for (n, text) in ["We concede.", "#accept", "#accept\n\nWe concede."].into_iter().enumerate() {
        let raw = mail(JANE, &to, "Re: Invitation", &format!("q{n}"), text);
        assert_eq!(w.receive(&raw, at("08:30:00")).await, "HELD AUTH_WEAK weak", "{text}");
    }
    assert_eq!(w.rows(at("08:29:00")), before);
    assert_eq!(w.deliver(at("08:31:00")).await.iter().filter(|l| l.template == "challenge").count(), 1);
    let state = jane_says(&w, &to, "Re: Invitation", "q9", "The point holds.").await;
    assert_eq!(state, "APPLIED APPLIED strong");
    assert!(w.rows(at("08:32:00")).iter().any(|r| r.contains("The point holds")));
}

/// A provider whose signature is bound to her signs its other customers' mail as well.
#[tokio::test]
async fn t39_nobody_ends_her_mails_in_her_name_without_an_address_of_hers() {
    let w = World::new().await;
    let (firm, jane) = (w.office.firm.id, w.office.jane);
    let identity = w.store().read(|v| v.person(firm, jane)).unwrap().unwrap().identity.unwrap();
    w.store().write(move |tx| tx.bind_signer(identity, "oduya.example", at("08:00:00"))).unwrap();
    let raw = mail(JANE, "r@gw.hale.example", "Stop", "u1", "#stop");
    let state = w.receive(&w.sign("oduya.example", raw.as_bytes(), &USUAL), at("08:30:00")).await;
    assert_eq!(state, "HELD AUTH_WEAK weak");
    let to = w.reply_to(jane, Purpose::Reply, About::Item(w.office.brief));
    let state = w.receive(&mail(JANE, &to, "Stop", "u2", "#stop"), at("08:30:00")).await;
    assert_eq!(state, "APPLIED APPLIED weak", "with an address of hers nobody is asked");
}

/// Anybody can sign what her own domain asks others to turn away.
#[tokio::test]
async fn t01_t32_a_strangers_signature_is_no_better_than_none_where_her_domain_asks_to_turn_its_like_away() {
    let w = World::with_records(vec![dmarc_record("roe.example", "reject")]).await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let by = |who: &str, raw: &str| w.sign(who, raw.as_bytes(), &USUAL);
    let stop = |to: &str, id: &str| mail(JANE, to, "Stop", id, "#stop");
    assert_eq!(w.receive(&stop(&to, "v1"), at("08:30:00")).await, "HELD AUTH_FAIL fail");
    assert_eq!(w.receive(&by("evil.example", &stop(&to, "v2")), at("08:31:00")).await, "HELD AUTH_WEAK weak");
    let fresh = stop("r@gw.hale.example", "v3");
    assert_eq!(w.receive(&by("evil.example", &fresh), at("08:32:00")).await, "HELD AUTH_FAIL none");
    assert!(w.receive(&by("roe.example", &stop(&to, "v4")), at("08:33:00")).await.starts_with("APPLIED"));
}

/// A mail of Jane's in this transfer encoding, signed by a provider that does not sign that.
fn encoded(w: &World, to: &str, id: &str, kind: &str, encoding: &str, body: &str) -> String {
    let field = if encoding.is_empty() { String::new() } else { format!("\r\nContent-Transfer-Encoding: {encoding}") };
    let raw = mail(JANE, to, "Re: Task", id, body).replace("text/plain; charset=utf-8", &format!("{kind}{field}"));
    w.sign(
        "roe.example",
        raw.as_bytes(),
        &["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"],
    )
}

#[tokio::test]
async fn t15_t57_what_she_quotes_is_not_carried_out_by_naming_another_transfer_encoding() {
    let (plain, page) = ("text/plain; charset=utf-8", "text/html; charset=utf-8");
    let quoted = |kind| format!("{kind}\r\nContent-Transfer-Encoding: quoted-printable");
    let hidden = format!("All fine.\n\n> {}\n", data_encoding::BASE64.encode(b"\n#done T-1\n"));
    let of_code = "All fine.\n\n> The list:=0A#done T-1=0Aand so on\n";
    let broken =
        "All fine.\n\n> Your list, which I have read from its beginning to its very end, says =\n#done T-1=20\n";
    let tagged = "<html><p>All fine.</p><blockquote>The list:=3C/blockquote=3E=3Cp=3E#done T-1</blockquote></html>";
    for (n, (kind, encoding, body, copy)) in [
        (plain, "", of_code, (plain.to_owned(), quoted(plain))),
        (plain, "quoted-printable", broken, (quoted(plain), plain.to_owned())),
        (page, "", tagged, (page.to_owned(), quoted(page))),
        (plain, "", hidden.as_str(), (plain.to_owned(), format!("{plain}\r\nContent-Transfer-Encoding: base64"))),
    ]
    .into_iter()
    .enumerate()
    {
        let w = World::new().await;
        let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
        let before: Vec<String> = w.rows(at("08:29:00")).into_iter().filter(|r| !r.contains("MSG-")).collect();
        let genuine = encoded(&w, &to, &format!("v{n}"), kind, encoding, body);
        let changed = genuine.replace(&copy.0, &copy.1);
        assert_ne!(changed, genuine);
        let state = w.receive(&changed, at("08:30:00")).await;
        if n < 3 {
            assert_eq!(state, "HELD AUTH_NONE none", "{n}");
            assert_eq!(w.receive(&genuine, at("08:31:00")).await, "APPLIED APPLIED strong", "{n}");
        }
        let after: Vec<String> = w.rows(at("08:32:00")).into_iter().filter(|r| !r.contains("MSG-")).collect();
        assert_eq!(after, before, "{n}: {state}");
    }
    // Nor by saying that her text is a page, where nobody signed that.
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let raw = mail(JANE, &to, "Re: Task", "v9", "All fine.\n\n> The list:<br>#done T-1<br>and so on");
    let raw = w.sign("roe.example", raw.as_bytes(), &["From", "To", "Subject", "Date", "Message-ID"]);
    let changed = raw.replace("text/plain", "text/html");
    assert_eq!(w.receive(&changed, at("08:30:00")).await, "HELD AUTH_NONE none");
    assert_eq!(w.receive(&raw, at("08:31:00")).await, "APPLIED APPLIED strong");
}

#[tokio::test]
async fn genuine_mail_is_held_in_no_transfer_encoding() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let (plain, page) = ("text/plain; charset=utf-8", "text/html; charset=utf-8");
    let coded = data_encoding::BASE64.encode("#time 1h Drafted für Müller\r\n".as_bytes());
    for (n, (kind, encoding, body)) in [
        (plain, "quoted-printable", "#time 1.5h =C3=9Cberpr=C3=BCfung des langen Schriftsatzes und aller Anlagen dazu, m=\nit Notizen\n\nSee =E2=80=9Cx=E2=80=9D =3D fine. =\n\n"),
        (plain, "quoted-printable", "Dear all, this is a line that is long enough to be broken by her program, and more =\nof it.\n#time 1h Drafted=20\n#note M-1 1 + 1 =3D 2\n"),
        (plain, "quoted-printable", "=C2=A0#time 1h Gr=C3=BC=C3=9Fe\n"),
        (plain, "base64", coded.as_str()),
        (plain, "7bit", "#time 1h Read the bundle\n==========\n#note M-1 a=b\n"),
        (plain, "8bit", "#time 1h Met Müller\n-- =\n"),
        (page, "quoted-printable", "<html><head><style>p{color:=\n#000}</style></head><body><div class=3D\"x\" style=3D\"color:=\n#000;font-size:10pt\">#time 2h Drafted</div><b=\nr><p>#note M-1 See =E2=80=9Cx=E2=80=9D</p></body></html>"),
        (page, "", "<html><body><p class=\"x\">#time 3h Called them</p><a href=\"x?a=20b\">x</a></body></html>"),
    ]
    .into_iter()
    .enumerate()
    {
        let state = w.receive(&encoded(&w, &to, &format!("x{n}"), kind, encoding, body), at("08:30:00")).await;
        assert_eq!(state, "APPLIED APPLIED strong", "{n}: {body}");
        assert_eq!(w.rows(at("08:32:00")).iter().filter(|r| r.contains("TE-")).count(), n + 1, "{n}: {body}");
    }
}

/// Neither obeyed nor lost: the firm looks at it, and what it releases is done.
#[tokio::test]
async fn t26_what_only_reads_like_a_machines_waits_for_the_firm_and_is_done_once_released() {
    let quoted = "It came back:\n<bob@doe.example>: host mx.doe.example said: 550 5.1.1 no such user\n\nThe witness is free in May.";
    let away = "I am away until Monday.\n\n#note The witness is free in May.";
    for (subject, text, head, reason) in [
        ("Undeliverable: my mail to Bob", quoted, "", "LOOKS_AUTOMATIC"),
        ("Annual leave: Jane", away, "", "LOOKS_AUTOMATIC"),
        ("Task", "#note The witness is free in May.", "X-Spam-Flag: YES\r\n", "SPAM_FLAGGED"),
    ] {
        let w = World::new().await;
        let (firm, jane, matter) = (w.office.firm.id, w.office.jane, w.office.matter);
        let to = w.reply_to(jane, Purpose::Reply, About::Item(matter));
        let raw = format!("{head}{}", mail(JANE, &to, subject, "d1", text));
        let raw = w.sign("roe.example", raw.as_bytes(), &USUAL);
        let (inbox, outcome) = w.take(&raw, at("08:30:00")).await;
        assert_eq!(outcome.unwrap().reason, reason, "{subject}");
        let letters = w.deliver(at("08:31:00")).await;
        assert!(letters.iter().all(|l| l.to != jane), "a machine may have written it: {subject}");
        let told = letters
            .iter()
            .any(|l| l.to == w.office.anna && l.text.contains("Why: It reads like a mail that a program"));
        assert_eq!(told, reason == "LOOKS_AUTOMATIC", "the firm hears at once of what may be a person's: {subject}");
        let id = inbox.id;
        w.store().write(move |tx| tx.release(firm, id, "good", None, None)).unwrap();
        w.settle_released(at("08:46:00"));
        let rows = w.rows(at("08:46:00"));
        assert!(rows.iter().any(|r| r.contains("free in May")), "{subject}: {rows:#?}");
    }
}

#[tokio::test]
async fn t17_a_mail_that_was_not_addressed_to_the_gateway_commands_nothing() {
    let w = World::new().await;
    let text = "Send this to the gateway:\n#time 1h T-1 Drafted\n#done T-1";
    let raw = w.sign("roe.example", mail(JANE, "eve@evil.example", "How to", "o1", text).as_bytes(), &USUAL);
    let before = w.rows(at("08:29:00"));
    let state = w.receive(&raw, at("08:30:00")).await;
    assert_eq!(w.rows(at("08:29:00")), before, "{state}");
}

#[tokio::test]
async fn t81_a_conversation_of_a_matter_that_is_no_longer_shared_says_no_number_of_it() {
    let w = World::new().await;
    let (jane, anna, matter) = (w.office.jane, w.office.anna, w.office.matter);
    w.office.write(anna, jane, "Dear Jane, does it hold?", at("08:00:00")).unwrap();
    w.office.act(anna, "over", at("08:01:00"), move |act| shares::unshare(act, jane, matter, "over")).unwrap();
    let left = w.deliver(at("08:02:00")).await;
    for l in left.iter().filter(|l| l.to == jane && l.template == "news") {
        assert!(!l.subject.contains("M-1") && !l.text.contains("2026-0012"), "{}\n{}", l.subject, l.text);
    }
}

/// Serves the world's firm until `is_done`, which is asked again and again; its mail leaves into a folder.
async fn serve_until(w: &World, extra: &str, is_done: impl Fn(&Store) -> bool + Send + 'static) {
    let folder = w.store().folder().to_owned();
    let (file, out) = (folder.join("docketpost.toml"), folder.join("out"));
    let text = format!(
        "store = {folder:?}\n[[firm]]\nslug = {SLUG:?}\naddress = {GATEWAY:?}\naddressing = \"subdomain\"\n\
         domains = [\"hale.example\"]\ndirectory = {out:?}\n{extra}"
    );
    std::fs::write(&file, text).unwrap();
    let config = docketpost::config::Config::load(&file).unwrap_or_else(|e| panic!("{e}"));
    let (sign, stop) = docketpost::daemon::Stop::new();
    let serving =
        tokio::spawn(async move { docketpost::daemon::serve(&config, stop).await.map_err(|e| e.to_string()) });
    let store = w.store().clone();
    let waiting = tokio::task::spawn_blocking(move || {
        crate::servers::wait_until("the daemon goes on", std::time::Duration::from_secs(20), || {
            is_done(&store).then_some(())
        })
    });
    let waited = waiting.await;
    sign.send(true).unwrap();
    let served = serving.await.unwrap();
    assert!(waited.is_ok(), "{served:?}");
}

fn is_sent(store: &Store, person: PersonId, template: &str) -> bool {
    let firm = store.read(|v| v.firm_by_slug(SLUG)).unwrap().unwrap().id;
    let letters = store.read(|v| v.outbox_list(firm, None, 50)).unwrap();
    let mut these = letters.iter().filter(|l| l.person == person && l.template == template);
    these.any(|l| l.state.word() == "SENT")
}

const MAILDIR: &str = "[[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = \"in\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t93_a_letter_that_cannot_be_written_stops_no_other() {
    let w = World::new().await;
    let (firm, anna) = (w.office.firm.id, w.office.anna);
    let unreadable = NewLetter {
        person: anna,
        key: "unreadable".into(),
        template: "held".into(),
        content: "{}".into(),
        thread: None,
        inbox: None,
        message_id: "g.unreadable".into(),
        only_to: None,
        coalesce: None,
        not_before: at("08:30:00"),
    };
    w.store().write(move |tx| tx.queue(firm, &unreadable, at("08:30:00"))).unwrap();
    w.office.write(w.office.anna, w.office.jane, "Dear Jane, does it hold?", at("08:40:00")).unwrap();
    let jane = w.office.jane;
    serve_until(&w, MAILDIR, move |store| is_sent(store, jane, "news")).await;
    let letter = w.store().read(|v| v.outbox_by_message_id(firm, "g.unreadable")).unwrap().unwrap();
    assert!(matches!(letter.state, OutboxState::Queued | OutboxState::Failed) && letter.tries <= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t93_a_folder_that_cannot_be_read_stops_nobody_elses_mail() {
    let w = World::new().await;
    let broken = w.store().folder().join("broken");
    for name in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(broken.join(name)).unwrap();
    }
    // A folder in the place of a mail: it can be listed and not read.
    std::fs::create_dir(broken.join("new/1.mail")).unwrap();
    std::fs::write(broken.join("new/1.mail/x"), "x").unwrap();
    w.office.write(w.office.anna, w.office.jane, "Dear Jane, does it hold?", at("08:40:00")).unwrap();
    let jane = w.office.jane;
    let extra = format!("{MAILDIR}[[mailbox]]\nname = \"second\"\nfirm = \"hale\"\nmaildir = {broken:?}\n");
    serve_until(&w, &extra, move |store| is_sent(store, jane, "news")).await;
}

#[tokio::test]
async fn t04_no_disguise_of_from_acts_as_jane() {
    let w = World::new().await;
    let before = w.rows(at("08:29:00"));
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let disguises = [
        "\"Jane Roe <jane@roe.example>\" <eve@evil.example>",
        "jane@roe.example, eve@evil.example",
        "<jane@roe.example> eve@evil.example",
        "eve@evil.example (jane@roe.example)",
        "=?utf-8?q?jane=40roe=2Eexample?= <eve@evil.example>",
        "Jane Roe <jane@roe.example.>",
        "Jane Roe <jane@roe.example\u{200b}>",
        "eve@evil.example\r\nFrom: Jane Roe <jane@roe.example>",
        "Jane Roe <jane@roe.example>\r\nSender: eve@evil.example",
        "\"jane@roe.example\"@evil.example",
        "@roe.example:jane@evil.example",
    ];
    for (place, from) in disguises.into_iter().enumerate() {
        let raw = mail(from, &to, "Re: Task", &format!("q{place}"), "#done T-1\n#time 1h Forged");
        let raw = w.sign("evil.example", raw.as_bytes(), &USUAL);
        let state = w.receive(&raw, at("08:30:00")).await;
        assert!(state.starts_with("HELD"), "{from}: {state}");
    }
    assert_eq!(w.rows(at("08:29:00")), before);
    for l in w.deliver(at("08:31:00")).await {
        assert!(l.to != w.office.max && (l.to != w.office.jane || l.template != "receipt"), "{}", l.subject);
    }
}

#[tokio::test]
async fn t29_t32_a_colleague_with_janes_reply_address_acts_as_himself() {
    let w = World::new().await;
    let brief = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let before = w.rows(at("08:29:00"));
    for (n, text) in
        ["#done", "#time 1h Drafted", "The point holds.", "#show T-1", "#undo", "#folder Pleadings"].iter().enumerate()
    {
        let raw = mail("max@oduya.example", &brief, "Re: Task", &format!("r{n}"), text);
        let raw = w.sign("oduya.example", raw.as_bytes(), &USUAL);
        let state = w.receive(&raw, at("08:30:00")).await;
        assert!(!state.ends_with("strong"), "{state}");
    }
    assert_eq!(w.rows(at("08:29:00")), before);
    for l in w.deliver(at("08:31:00")).await.iter().filter(|l| l.to == w.office.max) {
        let said = format!("{}\n{}", l.subject, l.text);
        for secret in ["Draft reply brief", "Reed", "2026-0012", "M-1", "Jane", "Anna"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
    }
}

#[tokio::test]
async fn t17_t23_t26_old_future_listed_and_automatic_mail_acts_not() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let before = w.rows(at("08:29:00"));
    let plain = mail(JANE, &to, "Re: Task", "s1", "#done T-1");
    let odd = [
        plain.replace("Tue, 14 Apr 2026 08:29", "Mon, 6 Apr 2026 08:29"),
        plain.replace("Tue, 14 Apr 2026 08:29", "Tue, 14 Apr 2026 09:29"),
        plain.replace("14 Apr 2026", "14 Apr 9999"),
        plain.replace("Date: Tue, 14 Apr 2026 08:29:00 +0000\r\n", ""),
        plain.replace("Subject:", "List-Id: <team.roe.example>\r\nSubject:"),
        plain.replace("Subject:", "Auto-Submitted: auto-replied\r\nSubject:"),
        plain.replace("Subject:", "Precedence: bulk\r\nSubject:"),
        plain.replace("Re: Task", "Out of office: Task"),
    ];
    for (n, raw) in odd.into_iter().enumerate() {
        let raw = raw.replace("<s1@", &format!("<s{n}x@"));
        let state = w.receive(&w.sign("roe.example", raw.as_bytes(), &USUAL), at("08:30:00")).await;
        assert!(state.starts_with("HELD") || state.starts_with("IGNORED"), "{n}: {state}");
    }
    assert_eq!(w.rows(at("08:29:00")), before);
}

#[tokio::test]
async fn t49_monstrous_mail_ends_without_effect_and_without_harm() {
    let w = World::new().await;
    let many: String = (0..10_000).map(|n| format!("a{n}@b.example,\r\n ")).collect::<String>() + "r@gw.hale.example";
    let deep: String =
        (0..300).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let text = [
        "#".repeat(1 << 20),
        "#time ".repeat(50_000),
        "> ".repeat(300_000),
        "#note \0\u{1b}[31m\u{202e}x".into(),
        "#time 99999999999999999999h 31 Feb 99999 M-99999999999999999999".into(),
        "#time \u{bd}\u{bd}\u{bd}h\n".repeat(2000),
    ];
    let mut mails = vec![
        mail(JANE, &many, "x", "u1", "#done T-1"),
        format!(
            "From: {JANE}\r\nTo: r@gw.hale.example\r\nSubject: x\r\nDate: Tue, 14 Apr 2026 08:29:00 +0000\r\nMessage-ID: <u2@x>\r\nMIME-Version: 1.0\r\n{deep}"
        ),
        mail(JANE, "r@gw.hale.example", &"=?utf-8?q?=1B=5B31m=0D=0ABcc:_x=40y?= ".repeat(200), "u3", "[M-1]"),
        mail(JANE, "r@gw.hale.example", "[M-1] x", "u4", "x").replace("charset=utf-8", "charset=utf-7"),
    ];
    mails.extend(text.iter().enumerate().map(|(n, t)| mail(JANE, "r@gw.hale.example", "[M-1] x", &format!("v{n}"), t)));
    for raw in mails {
        let (_, outcome) = w.take(&w.sign("roe.example", raw.as_bytes(), &USUAL), at("08:30:00")).await;
        assert!(outcome.is_ok(), "{outcome:?} {}", &raw[..80]);
    }
    for l in w.deliver(at("08:31:00")).await {
        assert!(!l.text.contains(['\u{1b}', '\0', '\u{202e}']), "{}", l.text);
    }
}

#[tokio::test]
async fn t15_a_signature_over_neither_recipients_nor_parts_carries_no_command_without_a_question() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let before = w.rows(at("08:29:00"));
    let loose = ["From", "Subject", "Date", "Message-ID"];
    let answer = mail(JANE, &to, "Re: Task", "w1", "#done T-1");
    let state = w.receive(&w.sign("roe.example", answer.as_bytes(), &loose), at("08:30:00")).await;
    assert_eq!(state, "HELD AUTH_WEAK weak", "with her reply address she is asked");
    let new = mail(JANE, "m-1@gw.hale.example", "[M-1] Hello", "w2", "Sent on by somebody who had a copy.");
    let state = w.receive(&w.sign("roe.example", new.as_bytes(), &loose), at("08:30:00")).await;
    assert_eq!(state, "HELD AUTH_NONE none", "without it nobody can be");
    assert_eq!(w.rows(at("08:29:00")), before);
}

const PAULA: &str = "Paula Berg <paula@roe.example>";

impl World {
    /// Makes Paula, or whoever writes from this address, an assistant of a co-counsel who may do the usual.
    fn assists(&self, address: &'static str, principal: PersonId) -> PersonId {
        let (firm, anna) = (self.office.firm.id, self.office.anna);
        let job = move |tx: &Tx<'_>| {
            let address = Address::parse(address).unwrap();
            let (first_name, last_name) = ("Paula".to_owned(), "Berg".to_owned());
            let given = Given::USUAL.into();
            let new = NewAssistant { principal, address, first_name, last_name, given };
            let person = tx.name_assistant(firm, &new, at("07:20:00"))?;
            assert!(!tx.approve_assistant(firm, person, anna, at("07:21:00"))?, "not before it is confirmed");
            assert!(tx.confirm_assistant(firm, person, at("07:21:00"))?);
            assert!(tx.approve_assistant(firm, person, anna, at("07:22:00"))?);
            assert!(tx.bind_assistant(firm, &tx.person(firm, person)?.unwrap(), at("07:23:00"))?);
            tx.set_accepted(firm, person, at("07:23:00"))?;
            Ok(person)
        };
        self.store().write(job).unwrap()
    }

    async fn says(&self, from: &str, to: &str, id: &str, text: &str) -> String {
        let domain = from.rsplit_once('@').unwrap().1.trim_end_matches('>');
        let raw = self.sign(domain, mail(from, to, "Re: Draft", id, text).as_bytes(), &USUAL);
        self.receive(&raw, at("08:30:00")).await
    }
}

/// Shows ACC-16.
#[tokio::test]
async fn t25_an_assistant_answers_what_was_forwarded_to_them_and_nobody_else_can() {
    let w = World::new().await;
    let jane = w.office.jane;
    let task = w.reply_to(jane, Purpose::Reply, About::Item(w.office.brief));
    // Before she is an assistant, Paula's answer to Jane's reply address is a stranger's.
    assert_eq!(w.says(PAULA, &task, "p0", "The draft is ready.").await, "HELD SECOND_ADDRESS ");
    let paula = w.assists("paula@roe.example", jane);
    assert_eq!(w.says(PAULA, &task, "p1", "The draft will be ready on Friday.").await, "APPLIED APPLIED strong");
    assert_eq!(w.says(PAULA, &task, "p2", "#time 1h Drafted").await, "REFUSED COMMAND_REFUSED strong");
    assert_eq!(w.says(PAULA, &task, "p3", "#done").await, "REFUSED COMMAND_REFUSED strong");
    let rows = w.rows(at("08:31:00"));
    assert!(rows.iter().any(|r| r.contains("from Paula Berg for Jane Roe") && r.contains("Friday")), "{rows:?}");
    let left = w.deliver(at("08:31:00")).await;
    assert!(left.iter().any(|l| l.to == jane && l.text.contains("Friday")), "Jane is told");
    // What proves who Jane is stays hers, and another co-counsel's address is nothing to Jane's assistant.
    let confirm = w.reply_to(jane, Purpose::Confirm, About::Challenge(1));
    assert!(!w.says(PAULA, &confirm, "p4", "#confirm AAAA-AAAA").await.starts_with("APPLIED"));
    let other = w.reply_to(w.office.max, Purpose::Reply, About::Item(w.office.other_matter));
    let before = w.rows(at("08:32:00"));
    w.says(PAULA, &other, "p5", "Hello from Paula.").await;
    assert_eq!(w.rows(at("08:32:00")), before);
    // It is over at once, for the answer to the very same mail.
    let firm = w.office.firm.id;
    assert!(w.store().write(move |tx| tx.end_assistant(firm, paula, at("08:29:59"))).unwrap());
    assert_eq!(w.says(PAULA, &task, "p6", "One more thing.").await, "HELD DISABLED_PERSON strong");
}

#[tokio::test]
async fn t25_an_assistant_ends_with_the_last_share_of_their_co_counsel() {
    let w = World::new().await;
    let max = w.office.max;
    w.assists("paula@roe.example", max);
    let to = "m-2@gw.hale.example";
    assert_eq!(w.says(PAULA, to, "q1", "The witness can come.").await, "APPLIED APPLIED good");
    let firm = w.office.firm.id;
    let shares = w.store().read(|view| view.live_shares(firm, max, at("08:31:00"))).unwrap();
    for (place, share) in shares.into_iter().enumerate() {
        let cause = ["a", "b", "c", "d", "e", "f", "g", "h"][place];
        w.office
            .act(w.office.anna, cause, at("08:31:00"), move |act| shares::unshare(act, max, share.item, "over"))
            .unwrap();
    }
    let left = w.deliver(at("08:32:00")).await;
    assert!(left.iter().any(|l| l.subject.starts_with("You no longer act for Max Oduya")), "Paula is told");
    assert_eq!(w.says(PAULA, to, "q2", "And she brings the file.").await, "HELD DISABLED_PERSON good");
}

#[tokio::test]
async fn t07_an_assistant_under_an_address_that_looks_like_the_firms_or_ones_own_is_refused() {
    let w = World::new().await;
    let task = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    for (place, address) in ["anna.smith@ha1e.example", "jane@r0e.example"].into_iter().enumerate() {
        let text = format!("#assistant add Some Body {address}");
        assert!(w.says(JANE, &task, &format!("n{place}"), &text).await.starts_with("REFUSED"), "{address}");
    }
    // Whom she can't know she learns nothing of: an address like Max's is as good as any.
    assert!(w.says(JANE, &task, "n9", "#assistant add Some Body max@0duya.example").await.starts_with("APPLIED"));
    let left = w.deliver(at("08:31:00")).await;
    let refusals = left.iter().filter(|l| l.text.contains("That address can't be used for an assistant."));
    assert_eq!(refusals.count(), 2);
}

#[tokio::test]
async fn t25_only_the_co_counsel_themselves_name_an_assistant_and_only_an_outsider() {
    let w = World::new().await;
    let (jane, firm) = (w.office.jane, w.office.firm.id);
    let task = w.reply_to(jane, Purpose::Reply, About::Item(w.office.brief));
    let named = || w.store().read(|view| view.assistants(firm, None)).unwrap().len();
    // Without a reply address, from another domain's signature, and with the address of one of the firm's people or one's own.
    let add = "#assistant add Paula Berg paula@roe.example";
    assert!(w.says(JANE, "r@gw.hale.example", "n1", add).await.starts_with("REFUSED"));
    let forged = w.sign("evil.example", mail(JANE, &task, "Re: Draft", "n2", add).as_bytes(), &USUAL);
    assert!(w.receive(&forged, at("08:30:00")).await.starts_with("HELD"));
    for (place, address) in ["anna.smith@hale.example", "jane@roe.example"].into_iter().enumerate() {
        let text = format!("#assistant add Some Body {address}");
        assert!(w.says(JANE, &task, &format!("n3{place}"), &text).await.starts_with("REFUSED"), "{address}");
    }
    assert_eq!(named(), 0);
    assert!(w.says(JANE, &task, "n4", add).await.starts_with("APPLIED"));
    assert_eq!(named(), 1);
    let paula = w.store().read(|view| view.assistants(firm, None)).unwrap().remove(0).person;
    assert!(paula.disabled, "nobody agreed yet");
    // Five wrong codes end it, and the right one comes too late; so it does from somebody else's mailbox.
    let code_to = w.reply_to(jane, Purpose::Confirm, About::Assistant(paula.id));
    let left = w.deliver(at("08:31:00")).await;
    let asked = left.iter().find(|l| l.subject.starts_with("Please confirm Paula Berg")).unwrap();
    let code = asked.text.lines().find_map(|l| l.trim().strip_prefix("#confirm ")).unwrap().to_owned();
    let right = format!("#confirm {code}");
    assert!(!w.says("Max Oduya <max@oduya.example>", &code_to, "n5", &right).await.starts_with("APPLIED"));
    for wrong in 0..5 {
        let state = w.says(JANE, &code_to, &format!("n6{wrong}"), "#confirm AAAA-AAAA").await;
        assert!(state.starts_with("REFUSED"), "{state}");
    }
    assert!(w.says(JANE, &code_to, "n7", &right).await.starts_with("REFUSED"));
    let firms = w.store().read(|view| view.assistants(firm, None)).unwrap();
    assert!(firms.iter().all(|a| a.confirmed_at.is_none()));
}

/// Naming costs nothing, so it must not take anything either: not from other co-counsel, nor from other firms.
#[tokio::test]
async fn t25_naming_somebody_binds_their_address_to_nothing_before_they_answer_from_it() {
    let w = World::new().await;
    let (jane, firm, peter) = (w.office.jane, w.office.firm.id, "Peter Pan <peter@oduya.example>");
    let address = Address::parse("peter@oduya.example").unwrap();
    let is_free = || {
        w.store()
            .read(|v| Ok(v.identity_by_address(&address)?.is_none() && v.people_by_address(firm, &address)?.is_empty()))
            .unwrap()
    };
    let task = w.reply_to(jane, Purpose::Reply, About::Item(w.office.brief));
    assert!(w.says(JANE, &task, "s1", "#assistant add Peter Pan peter@oduya.example").await.starts_with("APPLIED"));
    let named = w.store().read(|v| v.assistants(firm, None)).unwrap().remove(0).person.id;
    assert!(w.deliver(at("08:31:00")).await.iter().all(|l| l.address != "peter@oduya.example"), "nobody bothers him");
    assert!(is_free());
    assert!(w.store().write(move |tx| tx.confirm_assistant(firm, named, at("08:32:00"))).unwrap());
    let approve = move |act: &docketpost::actions::Act<'_>| docketpost::actions::assistants::approve(act, named);
    w.office.act(w.office.anna, "approve", at("08:33:00"), approve).unwrap();
    let left = w.deliver(at("08:34:00")).await;
    let invitation = left.iter().find(|l| l.address == "peter@oduya.example").unwrap();
    let to = invitation.mail.header("reply-to").unwrap();
    let to = to.rsplit_once('<').map_or(to, |(_, to)| to).trim_end_matches('>').to_owned();
    assert!(is_free(), "the firm alone does not give it away");
    assert_eq!(w.says(peter, "r@gw.hale.example", "s2", "Who are you?").await, "HELD UNKNOWN_SENDER ");
    for (n, other) in ["Max Oduya <max@oduya.example>", "Eve <eve@evil.example>", JANE].into_iter().enumerate() {
        let state = w.says(other, &to, &format!("s3{n}"), "#accept").await;
        assert!(!state.starts_with("APPLIED APPLIED strong") && is_free(), "{other}: {state}");
    }
    assert!(w.receive(&mail(peter, &to, "Re: Invitation", "s4", "#accept"), at("08:36:00")).await.starts_with("HELD"));
    assert!(is_free(), "a forged yes is none");
    assert!(w.says(peter, &to, "s5", "#accept").await.starts_with("APPLIED"));
    let bound = w.store().read(|v| v.people_writing_from(firm, &address)).unwrap();
    assert_eq!(bound.iter().map(|p| p.id).collect::<Vec<_>>(), [named]);
    // Whoever is one of the firm's people by the time of the answer is nobody's assistant.
    assert!(w.says(JANE, &task, "s6", "#assistant add Eve Low eve@evil.example").await.starts_with("APPLIED"));
    let eve =
        w.store().read(|v| v.assistants(firm, None)).unwrap().into_iter().map(|a| a.person).find(|p| p.id != named);
    let eve = eve.unwrap();
    let user = docketpost::sharing::Role::User { admin: false, accounts: false, reports: false, billing: false };
    let new = docketpost::store::people::NewPerson {
        address: Address::parse("eve@evil.example").ok(),
        ..docketpost::store::people::NewPerson::new(user)
    };
    w.store().write(move |tx| tx.add_person(firm, &new, at("08:37:00"))).unwrap();
    assert!(!w.store().write(move |tx| tx.bind_assistant(firm, &eve, at("08:38:00"))).unwrap());
}
