//! One of two worlds that look the same to Jane: the office of the demo in a store of its own, played through the
//! daemon's own steps. Who wrote a mail is given as proved, so that nothing is signed; all else is as it runs. Out comes
//! every mail that Jane got, with the moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use docketpost::actions::{Act, Answer};
use docketpost::config::{self, Addressing, Limits, WayOut};
use docketpost::daemon::{House, Served, process, ticker};
use docketpost::demo::office::{GATEWAY, Office, SLUG};
use docketpost::domain::{Address, Kind, PersonId};
use docketpost::inbound::parse::{self, Mail};
use docketpost::inbound::{self, Arrived, Desk};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::outbound::gateway::Gateway;
use docketpost::proof::{
    Author, DkimFact, DkimFinding, DmarcFact, DmarcPolicy, Proof, Verdict, Verifier, VerifierSettings,
};
use docketpost::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use tempfile::TempDir;

use crate::checker;
use crate::gateway::conserved;
use crate::golden::morning;
use crate::scenes::{Draft, addressed};

pub const JANE: (&str, &str) = ("Jane Roe", "jane@roe.example");
pub const MAX: (&str, &str) = ("Max Oduya", "max@oduya.example");

/// A mail that Jane got.
pub struct Got {
    pub at: Timestamp,
    pub bytes: Vec<u8>,
}

/// One world.
pub struct Twin {
    pub house: Arc<House>,
    pub office: Office,
    pub now: Timestamp,
    /// What Jane got, in order.
    pub got: Vec<Got>,
    /// How many mails anybody got.
    pub left: usize,
    /// How many mails were written.
    written: usize,
    /// How many acts of the firm there were.
    acts: AtomicUsize,
    _folder: TempDir,
}

/// A folder in memory, where there is one: nothing here asks what survives a crash.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

impl Drop for Twin {
    fn drop(&mut self) {
        conserved(&self.house.store);
    }
}

impl Twin {
    pub fn new() -> Twin {
        let folder = folder();
        let store = Store::create(&folder.path().join("store")).unwrap();
        let office = Office::make(&store, morning()).unwrap();
        let configured = config::Firm {
            slug: SLUG.into(),
            address: Address::parse(GATEWAY).unwrap(),
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            way_out: WayOut::Directory(PathBuf::new()),
            shares_wait: Default::default(),
            files: config::Files::default(),
        };
        let desk = Desk::new(Gateway::new(&configured), Limits::default());
        let nobody = Some(vec!["127.0.0.1:9".parse().unwrap()]);
        let verifier = Verifier::new(&VerifierSettings { resolver: nobody, ..VerifierSettings::default() }).unwrap();
        let firm = office.firm.clone();
        let served = Served { firm: firm.id, desk, config: configured, scanner: None, outbox_bell: Arc::default() };
        let house = Arc::new(House {
            store,
            verifier,
            firms: vec![served],
            policies: Vec::new(),
            spared: Mutex::default(),
            clock: Mutex::default(),
            clock_turn: tokio::sync::Mutex::default(),
            inbox_bell: tokio::sync::Notify::new(),
        });
        Twin {
            house,
            office,
            now: morning(),
            got: Vec::new(),
            left: 0,
            written: 0,
            acts: AtomicUsize::new(0),
            _folder: folder,
        }
    }

    pub fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    /// Does something as somebody; what `sharing` refuses stays undone.
    pub fn act<T: Send + 'static>(
        &self,
        actor: PersonId,
        job: impl FnMut(&Act<'_>) -> Answer<T> + Send + 'static,
    ) -> Option<T> {
        // Of one cause a letter is queued once.
        let cause = format!("act:{}", self.acts.fetch_add(1, Ordering::Relaxed)).leak();
        match self.office.act(actor, cause, self.now, job) {
            Ok(done) => Some(done),
            Err(StoreError::Content(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Writes a mail to the gateway that is proved to be theirs.
    pub fn write(&mut self, who: (&str, &str), to: &str, subject: &str, typed: &str) {
        let mut draft = self.draft(who);
        draft.to = addressed(to);
        draft.subject = subject.to_owned();
        draft.fill(typed);
        self.stage(who.1, draft.bytes());
    }

    /// Answers the last mail that Jane got with these words in its subject; false if she got none.
    pub fn reply(&mut self, words: &str, typed: &str) -> bool {
        let mails = self.got.iter().rev().map(|got| parse::parse(&got.bytes));
        let Some(mail) = mails.into_iter().find(|m| m.subject.contains(words)) else { return false };
        self.answer(&mail, typed);
        true
    }

    pub fn answer(&mut self, mail: &Mail, typed: &str) {
        let mut draft = self.draft(JANE);
        draft.answer(mail, None);
        draft.fill(typed);
        self.stage(JANE.1, draft.bytes());
    }

    fn draft(&mut self, (name, address): (&str, &str)) -> Draft {
        self.written += 1;
        // A number that both worlds give the same mail, however many others were written.
        let number = usize::try_from(self.now.as_second()).unwrap();
        Draft::new(name, address, if address == JANE.1 { number } else { self.written }, self.now)
    }

    fn stage(&self, from: &str, bytes: Vec<u8>) {
        let (firm, now) = (self.office.firm.id, self.now);
        let (uid, size) = (self.written.to_string(), bytes.len() as u64);
        let arrived = Arrived { mailbox: "main".into(), uid_validity: 0, uid, size, arrived_at: now, bytes };
        let id = inbound::stage(&self.office.store, firm, arrived, now).unwrap().expect("a new mail");
        let facts = serde_json::to_string(&proof(from, now)).unwrap();
        self.office.store.write(move |tx| tx.set_proved(id, &facts)).unwrap();
    }

    /// Takes everything through that waits, in and out.
    pub async fn settle(&mut self) {
        while process::all_due(&self.house, self.now).await.unwrap() + self.deliver().await > 0 {}
    }

    /// The firm's next things of every kind get these numbers. Decision 29: matters, tasks, documents, folders, events,
    /// conversations and bills are counted for the whole firm, so that all speak of the same T-12; how many others
    /// there are is the one thing that is let out, and so it is made the same in both worlds.
    pub fn number_from(&self, next: u32) {
        let database = self.office.store.folder().join(docketpost::store::DATABASE);
        let connection = rusqlite::Connection::open(database).unwrap();
        let firm = self.office.firm.id.0;
        let by_reader = [Kind::Note, Kind::Communication, Kind::TimeEntry];
        for kind in Kind::ALL.into_iter().filter(|kind| !by_reader.contains(kind)) {
            let level = "INSERT INTO counters (firm_id, reader_id, kind, last) VALUES (?1, 0, ?2, ?3)
                ON CONFLICT DO UPDATE SET last = excluded.last";
            connection.execute(level, (firm, kind.stored(), next - 1)).unwrap();
        }
    }

    /// What is due because of the hour leaves.
    pub async fn tick(&mut self) {
        ticker::tick(&self.house, self.now).await.unwrap();
        self.settle().await;
    }

    pub async fn deliver(&mut self) -> usize {
        let (store, now) = (self.office.store.clone(), self.now);
        let gateway = &self.house.firms[0].desk.gateway;
        let firm = store.read(|view| view.firm(self.office.firm.id)).unwrap().unwrap();
        let due = store.read(|view| view.outbox_due(firm.id, now, 100)).unwrap();
        for letter in &due {
            let Ready::Send(claimed) = deliver::claim(&store, &firm, gateway, letter, now).await.unwrap() else {
                continue;
            };
            let (id, to) = (claimed.id, claimed.to.as_str().to_owned());
            assert_eq!(checker::second_reader(&claimed.bytes, &to), None, "{}", letter.template);
            self.left += 1;
            if to == JANE.1 {
                self.got.push(Got { at: now, bytes: claimed.bytes });
            }
            store.write(move |tx| tx.set_sent(id, &to, "250 ok", now)).unwrap();
        }
        due.len()
    }
}

/// What is known of a mail that its sender's own provider signed.
pub fn proof(from: &str, now: Timestamp) -> Proof {
    let address = Address::parse(from).unwrap();
    let domain = address.domain().to_owned();
    let signed = ["from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "content-type"];
    let fact = DkimFact {
        domain: domain.clone(),
        selector: "s".into(),
        key_sha256: None,
        signed: signed.map(str::to_owned).to_vec(),
        result: DkimFinding::Pass,
    };
    Proof {
        from: Ok(Author { address, display_name: None }),
        arrived: now,
        date: Some(now),
        dkim: vec![fact],
        dmarc: DmarcFact { policy: Some(DmarcPolicy::Reject), ..DmarcFact::default() },
        border: None,
        aligned: Some(domain),
        other_signers: Vec::new(),
        to_signed: true,
        cc_signed: true,
        sources_disagree: false,
        verdict: Verdict::Aligned,
    }
}

/// A mail with nothing in it but what its reader can learn: when it left, how long it is, and every part as it is read.
/// Tokens, Message-IDs, the marks of bounces and boundaries are made by chance: each becomes its place in the order in which Jane first
/// saw one, so that two which are the same are the same here too. Nothing else is masked.
pub fn seen(got: &[Got]) -> Vec<String> {
    let mut chance = Chance(BTreeMap::new());
    got.iter().map(|got| chance.masked(&whole(got))).collect()
}

fn whole(got: &Got) -> String {
    let mail = parse::parse(&got.bytes);
    let mut text = format!("left at {}, {} bytes\n", got.at, length(&got.bytes));
    mail.headers.iter().for_each(|h| text.push_str(&format!("{}: {}\n", h.name, h.value)));
    for part in [&mail.text, &mail.html].into_iter().flatten().chain(&mail.calendar) {
        text.push_str(&format!("\n{part}"));
    }
    for file in &mail.attachments {
        text.push_str(&format!("\n[{:?} {}]\n{}", file.name, file.mime, String::from_utf8_lossy(&file.bytes)));
    }
    // A calendar's lines are folded, and an address may stand across a fold (RFC 5545 3.1).
    text.replace("\r\n ", "")
}

/// Bytes without boundaries, whose length is chance too.
fn length(bytes: &[u8]) -> usize {
    static BOUNDARY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"boundary="([^"]+)""#).unwrap());
    let text = String::from_utf8_lossy(bytes).into_owned();
    let boundaries = BOUNDARY.captures_iter(&text).map(|b| b[1].to_owned());
    boundaries.fold(text.clone(), |text, boundary| text.replace(&boundary, "")).len()
}

/// What was made by chance, and the name by which it is compared.
struct Chance(BTreeMap<String, String>);

impl Chance {
    fn masked(&mut self, text: &str) -> String {
        static BY_CHANCE: LazyLock<Regex> = LazyLock::new(|| {
            let token = r"r\+[a-z0-9]{38}@|r%2B[a-z0-9]{38}(?:@|%40)";
            let message_id = r"g\.[a-z0-9]{26}@";
            let boundary = r#"boundary="[^"]+""#;
            let mark = r"(?i:x-docketpost): a[a-z2-7]{16}";
            Regex::new(&[token, message_id, mark, boundary].join("|")).unwrap()
        });
        let name = |found: &regex::Captures<'_>| {
            let next = format!("<chance {}>", self.0.len() + 1);
            self.0.entry(found[0].to_owned()).or_insert(next).clone()
        };
        BY_CHANCE.replace_all(text, name).into_owned()
    }
}
