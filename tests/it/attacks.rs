//! What a stranger, a colleague or a replayed mail may try, through the whole way in process: real store, real signatures,
//! real DNS on 127.0.0.1. Each test says what must not happen; time is fixed.

use std::cell::Cell;

use docketpost::actions::shares;
use docketpost::config::{Addressing, Firm, WayOut};
use docketpost::demo::office::{DOMAINS, GATEWAY, Office, SLUG};
use docketpost::demo::signer::{MICROSOFT, Signer, USUAL};
use docketpost::demo::zone::Zone;
use docketpost::domain::{Address, PersonId};
use docketpost::inbound::{self, Arrived, Desk, Outcome, Taken, parse};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::outbound::gateway::Gateway;
use docketpost::proof::{Verifier, VerifierSettings};
use docketpost::store::inbox::Inbox;
use docketpost::store::outbox::{NewLetter, OutboxState};
use docketpost::store::threads::{About, Purpose};
use docketpost::store::{Snapshot, Store, StoreError, Tx};
use jiff::Timestamp;
use tempfile::TempDir;

fn at(clock: &str) -> Timestamp {
    format!("2026-04-14T{clock}Z").parse().unwrap()
}

/// A mail of ours as it left.
struct Left {
    template: String,
    to: PersonId,
    subject: String,
    text: String,
}

/// Jane accepted and works on M-1; Max accepted and works on M-2; the demo's office.
struct World {
    office: Office,
    desk: Desk,
    verifier: Verifier,
    signers: Vec<(String, Signer)>,
    uid: Cell<u32>,
    _zone: Zone,
    _folder: TempDir,
}

impl World {
    async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let office = Office::make(&store, at("07:00:00")).unwrap();
        let domains = DOMAINS.iter().copied().chain(["evil.example"]);
        let signers: Vec<(String, Signer)> =
            domains.map(|d| (d.to_owned(), Signer::generate(d, "s1").unwrap())).collect();
        let zone = Zone::start(signers.iter().map(|(_, s)| s.dns_record())).unwrap();
        let settings = VerifierSettings { resolver: Some(vec![zone.address()]), ..VerifierSettings::default() };
        let verifier = Verifier::new(&settings).unwrap();
        let firm = Firm {
            slug: SLUG.into(),
            address: Address::parse(GATEWAY).unwrap(),
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            way_out: WayOut::Directory(std::path::PathBuf::new()),
        };
        let desk = Desk { gateway: Gateway::new(&firm), mail_bytes: 25 << 20 };
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

    fn store(&self) -> &Store {
        &self.office.store
    }

    fn sign(&self, domain: &str, mail: &[u8], names: &[&str]) -> String {
        let (_, signer) = self.signers.iter().find(|(d, _)| d == domain).unwrap();
        String::from_utf8(signer.sign_as(mail, names, "")).unwrap()
    }

    /// Jane's reply address for a thing, made if there was none.
    fn reply_to(&self, person: PersonId, purpose: Purpose, about: About) -> String {
        let firm = self.office.firm.id;
        let thread =
            self.store().write(move |tx| tx.thread_for(firm, person, purpose, about, None, at("07:12:00"))).unwrap();
        let token = self
            .store()
            .read(|view| {
                let thread = view.thread(thread)?.unwrap();
                Ok(view.token_of(&thread))
            })
            .unwrap();
        self.desk.gateway.reply_address(&token)
    }

    /// Takes a mail through the steps of the daemon.
    async fn take(&self, raw: &str, now: Timestamp) -> (Inbox, Result<Outcome, StoreError>) {
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
        let read = inbound::read(&raw, &self.desk);
        let look = |view: &Snapshot<'_>| inbound::wants_files(view, &self.desk, &inbox, &read, Some(&proof), now);
        let files_kept = self.store().read(look).unwrap();
        for (index, _) in read.files.iter().filter(|_| files_kept) {
            self.store().blobs().put(&read.mail.attachments[*index].bytes).unwrap();
        }
        let desk = self.desk.clone();
        let job = move |tx: &Tx<'_>| {
            let taken = Taken { read: &read, proof: Some(&proof), files_kept };
            inbound::receive(tx, &desk, &inbox, &taken, now)
        };
        let outcome = self.store().write(job);
        (self.store().read(|view| view.inbox(firm, id)).unwrap().unwrap(), outcome)
    }

    /// As [`World::take`]; gives state and reason.
    async fn receive(&self, raw: &str, now: Timestamp) -> String {
        let (inbox, outcome) = self.take(raw, now).await;
        let outcome = outcome.unwrap_or_else(|e| panic!("{e}\n{raw}"));
        format!("{} {} {}", inbox.state.word(), outcome.reason, inbox.level.unwrap_or_default())
    }

    async fn deliver(&self, now: Timestamp) -> Vec<Left> {
        let firm = self.office.firm.clone();
        let due = self.store().read(|view| view.outbox_due(firm.id, now, 100)).unwrap();
        let mut left = Vec::new();
        for letter in due {
            let ready = deliver::claim(self.store(), &firm, &self.desk.gateway, &letter, now).await.unwrap();
            if let Ready::Send(mail) = ready {
                let id = mail.id;
                self.store().write(move |tx| tx.set_sent(id, "", "250 ok", now)).unwrap();
                let parsed = parse::parse(&mail.bytes);
                left.push(Left {
                    template: letter.template.clone(),
                    to: letter.person,
                    subject: parsed.subject,
                    text: parsed.text.unwrap_or_default(),
                });
            }
        }
        left
    }

    fn rows(&self, now: Timestamp) -> Vec<String> {
        self.office.rows(now).unwrap().into_iter().collect()
    }
}

/// What to write: From, To, Subject, text; the rest is ordinary.
fn mail(from: &str, to: &str, subject: &str, id: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Tue, 14 Apr 2026 08:29:00 +0000\r\nMessage-ID: <{id}@mail.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
        text.replace('\n', "\r\n")
    )
}

const JANE: &str = "Jane Roe <jane@roe.example>";

async fn jane_says(w: &World, to: &str, subject: &str, id: &str, text: &str) -> String {
    let raw = w.sign("roe.example", mail(JANE, to, subject, id, text).as_bytes(), &USUAL);
    w.receive(&raw, at("08:30:00")).await
}

fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[tokio::test]
async fn t32_a_message_about_a_matter_that_is_not_shared_is_refused_as_about_none() {
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
async fn t32_a_receipt_of_a_task_does_not_open_its_unshared_matter() {
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
async fn t32_a_hidden_matter_in_the_subject_is_as_if_absent() {
    let w = World::new().await;
    let mut states = Vec::new();
    for (place, tag) in ["M-2", "M-9", "2026-0019", "2026-0099"].into_iter().enumerate() {
        let id = format!("c{place}");
        states.push(jane_says(&w, "r@gw.hale.example", &format!("[{tag}] [M-1] Hello"), &id, "The point holds.").await);
    }
    assert!(states.iter().all(|s| *s == states[0]), "{states:?}");
}

#[tokio::test]
async fn t32_an_unsigned_address_commands_nothing() {
    let w = World::new().await;
    let raw = mail(JANE, "eve@evil.example", "Lunch?", "d1", "Are you free tomorrow?\n\nJane");
    let raw = w.sign("roe.example", raw.as_bytes(), &MICROSOFT);
    let raw = raw.replace("To: eve@evil.example", "To: done+t-1@gw.hale.example");
    let before = w.rows(at("08:29:00"));
    let state = w.receive(&raw, at("08:30:00")).await;
    assert_eq!(w.rows(at("08:29:00")), before, "{state}");
}

#[tokio::test]
async fn t32_a_strangers_signature_over_in_reply_to_proves_no_context() {
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
async fn t22_a_replay_with_other_blanks_or_another_content_type_acts_once() {
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
async fn t32_undoing_a_correction_does_not_delete_the_entry() {
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
async fn t32_a_reply_address_that_was_revoked_is_dead_after_sharing_again() {
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
async fn t32_what_ends_is_told_for_each_thing() {
    let w = World::new().await;
    let (jane, folder, document) = (w.office.jane, w.office.folder, w.office.document);
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
async fn t32_a_token_of_another_firm_is_no_token_here() {
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
        Ok((firm, thread.id, tx.token_of(&thread)))
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
async fn t32_a_weak_mail_with_a_file_is_answered_and_not_lost() {
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
async fn t32_a_message_does_not_go_to_somebody_whom_a_screen_keeps_away() {
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
async fn t32_a_mail_has_its_outcome_once_even_if_two_processes_take_it() {
    let w = World::new().await;
    let to = w.reply_to(w.office.jane, Purpose::Reply, About::Item(w.office.brief));
    let raw = w.sign("roe.example", mail(JANE, &to, "Re: T-1", "l1", "#receipts everything").as_bytes(), &USUAL);
    let (inbox, first) = w.take(&raw, at("08:30:00")).await;
    assert!(first.is_ok());
    let proof = w.verifier.prove(raw.as_bytes(), at("08:30:00"), None).await;
    let read = inbound::read(raw.as_bytes(), &w.desk);
    let (desk, stale) = (w.desk.clone(), inbox);
    let job = move |tx: &Tx<'_>| {
        let taken = Taken { read: &read, proof: Some(&proof), files_kept: false };
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
async fn t32_a_code_releases_only_what_the_question_asked_about() {
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
    let open = w.store().read(|v| v.open_challenge(firm, w.office.jane, at("08:41:00"))).unwrap().unwrap();
    let _ = open;
    let answer = w
        .store()
        .read(|v| {
            let first = v.challenge(firm, 1)?.unwrap();
            Ok(first.id)
        })
        .unwrap();
    let confirm = w.reply_to(w.office.jane, Purpose::Confirm, About::Challenge(answer));
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
async fn t32_a_mail_that_was_not_addressed_to_the_gateway_commands_nothing() {
    let w = World::new().await;
    let text = "Send this to the gateway:\n#time 1h T-1 Drafted\n#done T-1";
    let raw = w.sign("roe.example", mail(JANE, "eve@evil.example", "How to", "o1", text).as_bytes(), &USUAL);
    let before = w.rows(at("08:29:00"));
    let state = w.receive(&raw, at("08:30:00")).await;
    assert_eq!(w.rows(at("08:29:00")), before, "{state}");
}

#[tokio::test]
async fn t32_a_conversation_of_a_matter_that_is_no_longer_shared_says_no_number_of_it() {
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
async fn t33_a_colleague_with_janes_reply_address_acts_as_himself() {
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
async fn t22_old_future_listed_and_automatic_mail_acts_not() {
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
