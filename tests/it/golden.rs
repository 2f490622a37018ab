//! Every sample mail through the whole way, in process: what is read of it, what becomes of it, what it changes and which
//! mails leave. In come `fixtures/mail/*.eml`; each is compared with the `.json` beside it, and each mail that leaves with
//! a text in `fixtures/letters/`. `UPDATE_GOLDEN=1` writes both anew. Time is fixed; only tokens and codes are masked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use docketpost::admin::inspect;
use docketpost::config::{Addressing, Firm, Limits, WayOut};
use docketpost::demo::letters::{self, Letters, Providers};
use docketpost::demo::office::{GATEWAY, Office, SLUG};
use docketpost::domain::dates::Locale;
use docketpost::domain::{Address, PersonId};
use docketpost::inbound::{self, Arrived, Desk, Outcome, Taken, parse};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::outbound::gateway::Gateway;
use docketpost::proof::{Verifier, VerifierSettings};
use docketpost::store::inbox::Inbox;
use docketpost::store::outbox::Outbox;
use docketpost::store::{Snapshot, Store, Tx};
use jiff::Timestamp;
use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checker;
use crate::gateway::conserved;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The names of all sample mails, in order.
pub fn samples() -> Vec<String> {
    let files = std::fs::read_dir(folder().join("mail")).unwrap().map(|e| e.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|p| p.extension().is_some_and(|e| e == "eml"))
        .map(|p| p.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join("mail").join(format!("{name}.eml"))).unwrap()
}

/// When the golden world begins.
pub fn morning() -> Timestamp {
    "2026-04-14T08:00:00Z".parse().unwrap()
}

/// A mail of ours as it left, or why it did not.
struct Left {
    template: String,
    to: String,
    subject: String,
    text: String,
    state: String,
}

/// The standard world: the office of the demo, as far along as a sample needs it.
pub struct World {
    pub office: Office,
    desk: Desk,
    pub letters: Letters,
    began: Timestamp,
    /// The letters that the firm's own acts caused.
    first_letters: Vec<Left>,
    pub folder: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        conserved(&self.office.store);
    }
}

impl World {
    /// Jane is invited; unless `sample` answers that, she has accepted and works on M-1, Max on M-2.
    pub async fn before(answers: Option<&str>, outside: &Outside, began: Timestamp) -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("store")).unwrap();
        let office = Office::make(&store, began).unwrap();
        let firm = Firm {
            slug: SLUG.into(),
            address: Address::parse(GATEWAY).unwrap(),
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            way_out: WayOut::Directory(PathBuf::new()),
            shares_wait: Default::default(),
            files: docketpost::config::Files::default(),
        };
        let desk = Desk::new(Gateway::new(&firm), Limits::default());
        let mut world = World { office, desk, letters: Letters::default(), began, first_letters: Vec::new(), folder };
        world.office.invite(world.after(1)).unwrap();
        world.first_letters = world.deliver(world.after(2)).await;
        if answers == Some("invitation") {
            return world;
        }
        world.receive_good("gmail_web_accept", outside, world.after(3)).await;
        let told = world.deliver(world.after(4)).await;
        world.first_letters.extend(told);
        world.let_max_in();
        world.office.engage(world.after(10)).unwrap();
        let (anna, jane) = (world.office.anna, world.office.jane);
        let question = "Dear Jane,\nwelcome to the team. Could you let us know by Friday whether the limitation point holds?\nAnna";
        world.office.write(anna, jane, question, world.after(11)).unwrap();
        world.office.write(jane, anna, "Dear Anna, the limitation point holds.", world.after(12)).unwrap();
        let told = world.deliver(world.after(13)).await;
        world.first_letters.extend(told);
        if answers == Some("receipt") {
            world.receive_good("gmail_web_time_and_done", outside, world.after(20)).await;
            world.deliver(world.after(21)).await;
        }
        world
    }

    fn let_max_in(&self) {
        let (firm, max, matter) = (self.office.firm.id, self.office.max, self.office.other_matter);
        let job = move |act: &docketpost::actions::Act<'_>| {
            let identity = act.tx.identity_for(&Address::parse("max@oduya.example").unwrap(), act.now)?;
            act.tx.set_identity(firm, max, identity)?;
            act.tx.set_accepted(firm, max, act.now)?;
            docketpost::actions::shares::share(act, max, matter, false, "")
        };
        self.office.act(self.office.anna, "max", self.after(9), job).unwrap();
    }

    /// So many minutes after the world began.
    pub fn after(&self, minutes: i64) -> Timestamp {
        self.began + jiff::SignedDuration::from_mins(minutes)
    }

    fn store(&self) -> &Store {
        &self.office.store
    }

    async fn receive_good(&self, name: &str, outside: &Outside, now: Timestamp) {
        let raw = outside.send(name, &self.letters, now);
        assert_eq!(self.receive(name, raw, outside, now).await.1.reason, "APPLIED", "{name}");
    }

    /// Takes a sample through the steps of the daemon, at this time; gives its row and outcome.
    pub async fn receive(&self, name: &str, raw: Vec<u8>, outside: &Outside, now: Timestamp) -> (Inbox, Outcome) {
        let firm = self.office.firm.id;
        let arrived = Arrived {
            mailbox: "main".into(),
            uid_validity: 0,
            uid: name.into(),
            size: raw.len() as u64,
            arrived_at: now,
            bytes: raw.clone(),
        };
        let id = inbound::stage(self.store(), firm, arrived, now).unwrap().expect("a sample is staged once");
        let proof = outside.verifier.prove(&raw, now, None).await;
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
            let taken = Taken { read: &read, proof: Some(&proof), files_kept, doubt: None };
            inbound::receive(tx, &desk, &inbox, &taken, now)
        };
        let outcome = self.store().write(job).unwrap();
        (self.store().read(|view| view.inbox(firm, id)).unwrap().unwrap(), outcome)
    }

    /// Hands over every letter that is due, and gives those that were settled since the last time.
    async fn deliver(&mut self, now: Timestamp) -> Vec<Left> {
        let firm = self.office.firm.clone();
        let due = self.store().read(|view| view.outbox_due(firm.id, now, 100)).unwrap();
        let mut left = Vec::new();
        for letter in due {
            let ready = deliver::claim(self.store(), &firm, &self.desk.gateway, &letter, now).await.unwrap();
            let bytes = match ready {
                Ready::Send(mail) => {
                    let (id, to) = (mail.id, mail.to.clone());
                    self.store().write(move |tx| tx.set_sent(id, to.as_str(), "250 ok", now)).unwrap();
                    assert_eq!(checker::second_reader(&mail.bytes, mail.to.as_str()), None, "{}", letter.template);
                    self.letters.note(&letter.template, &mail.bytes);
                    mail.bytes
                }
                Ready::Dropped | Ready::Waits => Vec::new(),
            };
            left.push(self.left(&letter, &bytes));
        }
        left
    }

    fn left(&self, letter: &Outbox, bytes: &[u8]) -> Left {
        let row = self.store().read(|view| view.outbox(letter.firm, letter.id)).unwrap().unwrap();
        let mail = parse::parse(bytes);
        let state = match row.reason {
            Some(reason) => format!("{} ({reason})", row.state.word()),
            None => row.state.word().to_owned(),
        };
        Left {
            template: letter.template.clone(),
            to: self.name(letter.person),
            subject: mail.subject,
            text: mail.text.unwrap_or_default(),
            state,
        }
    }

    fn name(&self, person: PersonId) -> String {
        let found = self.store().read(|view| view.person(self.office.firm.id, person)).unwrap();
        found.map(|p| p.name()).unwrap_or_default()
    }
}

/// Everything outside the gateway: providers that sign, DNS, and the verifier that asks it.
pub struct Outside {
    pub providers: Providers,
    verifier: Verifier,
}

impl Outside {
    pub fn new() -> Outside {
        let providers = Providers::start().unwrap();
        let settings = VerifierSettings { resolver: Some(vec![providers.resolver()]), ..VerifierSettings::default() };
        Outside { verifier: Verifier::new(&settings).unwrap(), providers }
    }

    /// The mail as it arrives.
    pub fn send(&self, name: &str, letters: &Letters, now: Timestamp) -> Vec<u8> {
        self.send_mail(name, &sample(name), letters, now)
    }

    /// The same of a mail with placeholders.
    pub fn send_mail(&self, name: &str, mail: &[u8], letters: &Letters, now: Timestamp) -> Vec<u8> {
        let filled = letters::fill(mail, letters, now).unwrap_or_else(|e| panic!("{name}: {e}"));
        self.providers.send(name, &filled)
    }
}

/// What `inspect` prints for a mail.
fn inspected(raw: &[u8]) -> Value {
    let now = morning().to_zoned(jiff::tz::TimeZone::UTC);
    let mut object = inspect::of_mail("", raw, Locale::British, &now);
    object.as_object_mut().unwrap().remove("file");
    // A returned mail of ours carries its Message-ID, which is made at run time.
    for file in object["attachments"].as_array_mut().unwrap().iter_mut().filter(|a| a["mime"] == "message/rfc822") {
        file["sha256"] = json!("of a mail of ours");
    }
    object
}

/// What became of a sample, for its golden file; and the mails that left.
async fn played(name: &str, outside: &Outside) -> (Value, Vec<Left>) {
    played_as(name, outside, |raw| raw).await
}

/// As [`played`], with the mail changed on its way.
async fn played_as(name: &str, outside: &Outside, change: impl Fn(Vec<u8>) -> Vec<u8>) -> (Value, Vec<Left>) {
    played_mail(name, &sample(name), outside, change).await
}

/// What became of a mail with placeholders, in a world of its own.
pub async fn outcome_of(name: &str, mail: &[u8], outside: &Outside) -> Value {
    played_mail(name, mail, outside, |raw| raw).await.0
}

async fn played_mail(
    name: &str,
    bytes: &[u8],
    outside: &Outside,
    change: impl Fn(Vec<u8>) -> Vec<u8>,
) -> (Value, Vec<Left>) {
    let answers = letters::answers(bytes);
    let mut world = World::before(answers.as_deref(), outside, morning()).await;
    let now = world.after(30);
    let before = world.office.rows(now).unwrap();
    let raw = change(outside.send_mail(name, bytes, &world.letters, now));
    let (inbox, outcome) = world.receive(name, raw.clone(), outside, now).await;
    let after = world.office.rows(now).unwrap();
    let left = world.deliver(now).await;
    let matter = inbox.matter.map(|row| format!("M-{row}"));
    let object = json!({
        "answers": answers,
        "inspect": inspected(&raw),
        "outcome": format!("{:?}", outcome.kind).to_lowercase(),
        "reason": outcome.reason,
        "level": inbox.level,
        "person": inbox.person.map(|p| world.name(p)),
        "matter": matter,
        "receipt": receipt(&left),
        "made": after.difference(&before).collect::<Vec<_>>(),
        "gone": before.difference(&after).collect::<Vec<_>>(),
        "letters": left.iter().map(|l| json!({"to": l.to, "template": l.template, "subject": l.subject, "state": l.state})).collect::<Vec<_>>(),
    });
    (object, left)
}

/// The verdicts of the receipt, a line each.
fn receipt(left: &[Left]) -> Vec<String> {
    let text = left.iter().find(|l| l.template == "receipt").map(|l| l.text.as_str()).unwrap_or_default();
    let is_verdict = |l: &&str| l.starts_with(['✔', '✘', '•']) || l.starts_with("  ");
    text.lines().map(str::trim_end).filter(is_verdict).map(str::to_owned).collect()
}

/// Tokens and codes are made at run time; the rest of a mail is the same every time.
pub fn masked(text: &str) -> String {
    let token = Regex::new(r"r\+[a-z0-9]{20,}@").unwrap();
    let ids = Regex::new(r"g\.[a-z0-9]{26}@").unwrap();
    let code = Regex::new(r"(#\w+) [0-9A-Z]{4}-[0-9A-Z]{4}").unwrap();
    let text = token.replace_all(text, "r+TOKEN@");
    let text = ids.replace_all(&text, "g.ID@");
    code.replace_all(&text, "$1 XXXX-XXXX").into_owned()
}

/// Texts by file below `fixtures/`, compared with what stands there, or written.
struct Goldens(BTreeMap<String, String>);

impl Goldens {
    fn settle(&self, place: &str, ending: &str) {
        let folder = folder().join(place);
        std::fs::create_dir_all(&folder).unwrap();
        let found: BTreeSet<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|n| n.ends_with(ending))
            .collect();
        let stale: Vec<&String> = found.iter().filter(|n| !self.0.contains_key(*n)).collect();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            stale.iter().for_each(|n| std::fs::remove_file(folder.join(n)).unwrap());
            self.0.iter().for_each(|(n, text)| std::fs::write(folder.join(n), text).unwrap());
            return;
        }
        assert!(stale.is_empty(), "nothing makes these any more: {stale:?}");
        let wrong: Vec<String> = self.0.iter().filter_map(|(n, text)| difference(&folder.join(n), text)).collect();
        assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 writes them anew", wrong.join("\n"));
    }
}

/// The lines that differ, with their numbers.
pub fn difference(file: &Path, text: &str) -> Option<String> {
    let golden = std::fs::read_to_string(file).unwrap_or_default();
    if golden == text {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), text.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut told = format!("--- {} from line {}\n", file.display(), same_start + 1);
    old[same_start..old.len() - same_end].iter().for_each(|l| told.push_str(&format!("- {l}\n")));
    new[same_start..new.len() - same_end].iter().for_each(|l| told.push_str(&format!("+ {l}\n")));
    Some(told)
}

/// What the firm's own acts and the clock send: the invitation, tasks, a document, messages, a digest, an end of access.
async fn letters_of_the_office(outside: &Outside) -> Vec<Left> {
    let mut world = World::before(None, outside, morning()).await;
    let mut left = std::mem::take(&mut world.first_letters);
    let (firm, gateway) = (world.office.firm.clone(), world.desk.gateway.clone());
    let next_morning = world.after(24 * 60);
    world.store().write(move |tx| docketpost::digest::queue_due(tx, &firm, &gateway, next_morning)).unwrap();
    left.extend(world.deliver(next_morning).await);
    let (jane, task) = (world.office.jane, world.office.exhibits);
    let end = move |act: &docketpost::actions::Act<'_>| docketpost::actions::shares::unshare(act, jane, task, "done");
    world.office.act(world.office.anna, "unshare", world.after(24 * 60 + 1), end).unwrap();
    left.extend(world.deliver(world.after(24 * 60 + 2)).await);
    left
}

fn add_letters(goldens: &mut BTreeMap<String, String>, cause: &str, left: &[Left]) {
    for letter in left.iter().filter(|l| l.state == "SENT") {
        let first = letter.to.split(' ').next().unwrap_or_default().to_lowercase();
        let text = masked(&format!("To: {}\nSubject: {}\n\n{}", letter.to, letter.subject, letter.text));
        let name = |n: usize| match n {
            1 => format!("{}_{first}_{cause}.txt", letter.template),
            n => format!("{}_{first}_{cause}_{n}.txt", letter.template),
        };
        let free = (1..).map(name).find(|n| !goldens.contains_key(n)).unwrap();
        goldens.insert(free, text.replace("\r\n", "\n"));
    }
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

#[test]
fn every_sample_mail_comes_to_its_golden_outcome() {
    let (mut mails, mut letters) = (BTreeMap::new(), BTreeMap::new());
    block_on(async {
        let outside = Outside::new();
        for name in samples() {
            let (object, left) = played(&name, &outside).await;
            mails.insert(format!("{name}.json"), masked(&format!("{object:#}\n")));
            add_letters(&mut letters, &name, &left);
        }
        add_letters(&mut letters, "office", &letters_of_the_office(&outside).await);
    });
    Goldens(mails).settle("mail", ".json");
    Goldens(letters).settle("letters", ".txt");
}

/// A mail to the address of a matter that is not shared is answered, byte for byte, like one to a matter that is not there.
#[test]
fn t43_the_address_of_an_unshared_matter_answers_like_that_of_an_absent_one() {
    let (unshared, absent) = block_on(async {
        let outside = Outside::new();
        (
            played("gmail_web_new_to_unshared_matter", &outside).await,
            played("gmail_web_new_to_absent_matter", &outside).await,
        )
    });
    for key in ["outcome", "reason", "matter", "receipt", "made", "gone", "letters"] {
        assert_eq!(unshared.0[key], absent.0[key], "{key}");
    }
    let to_jane =
        |left: &[Left]| left.iter().filter(|l| l.to == "Jane Roe").map(|l| l.text.clone()).collect::<Vec<_>>();
    assert!(!to_jane(&unshared.1).is_empty());
    assert_eq!(to_jane(&unshared.1), to_jane(&absent.1));
}

/// decisions.md 12: the sample mails have no effect without a signature, whoever and whichever client wrote them.
#[test]
fn a_sample_with_one_flipped_signature_byte_changes_nothing() {
    block_on(async {
        let outside = Outside::new();
        for name in [
            "gmail_web_time_and_done",
            "gmail_web_new_with_pdf",
            "outlook_windows_new_version_with_logo",
            "outlook_ios_done",
            "apple_mail_macos_reply",
            "thunderbird_subject_command",
            "outlook_windows_lawyer_answers",
        ] {
            let (object, _) = played_as(name, &outside, |raw| letters::forge(&raw)).await;
            assert_eq!(object["outcome"], "held", "{name}");
            assert_eq!((&object["made"], &object["gone"]), (&json!([]), &json!([])), "{name}");
            assert_eq!(object["receipt"], json!([]), "{name}");
        }
    });
}
