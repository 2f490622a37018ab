//! Asks what a fixture asks: the built binary, by one process for each person and thing; or the gateway, by a mail that
//! is read, staged and received in the store, and whose receipt is written as the sender of mails writes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use docketpost::config::{Addressing, Limits};
use docketpost::domain::{Address, InboxId};
use docketpost::inbound::{self, Arrived, Desk, Taken, parse};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::outbound::gateway::Gateway;
use docketpost::outbound::letter::{self, Letter};
use docketpost::proof::{Author, DmarcFact, DmarcPolicy, Proof, Verdict};
use docketpost::store::inbox::Inbox;
use docketpost::store::outbox::Outbox;
use docketpost::store::threads::{About, Purpose};
use jiff::Timestamp;
use serde_json::Value;

use super::fixture::{Mail, Question};
use super::world::{World, address, pdf};

/// The firm's addresses.
pub fn gateway() -> Gateway {
    Gateway {
        address: Address::parse("r@gw.hale.example").unwrap(),
        addressing: Addressing::Subdomain,
        domains: vec!["hale.example".into()],
        local_part_unproven: Vec::new(),
        drawing: Default::default(),
        shares_wait: Default::default(),
    }
}

pub fn desk() -> Desk {
    // Hundreds of questions are asked in one moment.
    let limits = Limits { mails_per_sender: 100_000, mails_per_matter: 100_000, ..Limits::default() };
    Desk::new(gateway(), limits)
}

/// What the command line says to a question: for each ability `allow`, or the code of the refusal.
pub fn by_command_line(world: &World, question: &Question) -> BTreeMap<String, String> {
    let config = world.folder.path().join("config.toml");
    write_config(&config, world.store.folder());
    let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
    command.arg("--config").arg(&config).args(["--firm", "hale", "--json", "who", &question.thing, "--all"]);
    command.arg("--person").arg(format!("P-{}", world.person(&question.person).0));
    if let Some(receiver) = &question.receiver {
        command.arg("--receiver").arg(format!("P-{}", world.person(receiver).0));
    }
    if let Some(days) = question.worked_days_ago {
        command.arg("--worked-on").arg(world.days_ago(days).to_string());
    }
    if question.hidden_category {
        command.arg("--hidden-category");
    }
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let text = |answer: &Value, key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let verdict = |answer: &Value| match answer["allowed"].as_bool() {
        Some(true) => "allow".to_owned(),
        _ => text(answer, "refusal"),
    };
    said.as_array().unwrap().iter().map(|a| (text(a, "ability"), verdict(a))).collect()
}

fn write_config(file: &Path, store: &Path) {
    let text = format!(
        "store = {store:?}\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\naddressing = \"subdomain\"\nshares_wait_secs = 0\n\
         domains = [\"hale.example\"]\ndirectory = \"out\"\n\
         [[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = \"in\"\n"
    );
    std::fs::write(file, text).unwrap();
}

/// What became of a mail.
pub struct Received {
    /// How it ended: APPLIED, REFUSED …
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// The receipt as it is sent, if there is one.
    pub receipt: Option<Vec<u8>>,
    /// Who of the others gets a letter because of it.
    pub tells: Vec<String>,
}

impl Received {
    /// The receipt's text, unwrapped.
    pub fn receipt_text(&self) -> Option<String> {
        let mail = parse::parse(self.receipt.as_deref()?);
        Some(unwrapped(mail.text.as_deref().unwrap_or_default()))
    }
}

/// One blank for each run of white space.
pub fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sends a mail as its author's provider would have it proved, and gives what became of it.
pub fn by_mail(world: &World, mail: &Mail, ordinal: usize) -> Received {
    receive(world, &mail.from, &bytes(world, mail, ordinal), ordinal)
}

/// Takes a raw mail through.
pub fn receive(world: &World, from: &str, raw: &[u8], ordinal: usize) -> Received {
    let (desk, now) = (desk(), world.now);
    let read = inbound::read(raw, &desk);
    let arrived = Arrived {
        mailbox: "main".into(),
        uid_validity: 1,
        uid: format!("{ordinal}"),
        size: raw.len() as u64,
        arrived_at: now,
        bytes: raw.to_vec(),
    };
    let id = inbound::stage(&world.store, world.firm.id, arrived, now).unwrap().unwrap();
    let proof = proof(&address(from), now);
    let facts = serde_json::to_string(&proof).unwrap();
    let inbox = world.write(move |tx, firm, _| {
        tx.set_proved(id, &facts).unwrap();
        tx.inbox(firm, id).unwrap().unwrap()
    });
    let files_kept = keep_files(world, &desk, &inbox, &read, &proof);
    let ended = world.store.write(move |tx| {
        inbound::receive(tx, &desk, &inbox, &Taken { read: &read, proof: Some(&proof), files_kept, doubt: None }, now)
    });
    ended.unwrap();
    found(world, id)
}

fn keep_files(world: &World, desk: &Desk, inbox: &Inbox, read: &inbound::Read, proof: &Proof) -> bool {
    let wanted = world.store.read(|s| inbound::wants_files(s, desk, inbox, read, Some(proof), world.now)).unwrap();
    for (place, _) in read.files.iter().filter(|_| wanted) {
        world.store.blobs().put(&read.mail.attachments[*place].bytes).unwrap();
    }
    wanted
}

fn found(world: &World, id: InboxId) -> Received {
    let firm = world.firm.id;
    let (mail, letters) =
        world.store.read(|s| Ok((s.inbox(firm, id)?.unwrap(), s.outbox_list(firm, None, 100)?))).unwrap();
    let mut letters: Vec<Outbox> = letters.into_iter().filter(|l| l.inbox == Some(id)).collect();
    letters.sort_by_key(|l| l.id);
    let is_receipt =
        |l: &&Outbox| Some(l.person) == mail.person && matches!(letter::read(&l.content), Ok(Letter::Receipt { .. }));
    let receipt = letters.iter().find(is_receipt).and_then(|due| written(world, due));
    let mut tells: Vec<String> = letters
        .iter()
        .filter(|l| Some(l.person) != mail.person && written(world, l).is_some())
        .map(|l| world.name_of(l.person).to_owned())
        .collect();
    tells.sort();
    tells.dedup();
    Received { state: mail.state.word().to_owned(), reason: mail.reason, receipt, tells }
}

/// The letter as it leaves; none if it may not.
fn written(world: &World, due: &Outbox) -> Option<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ready = runtime.block_on(deliver::claim(&world.store, &world.firm, &gateway(), due, world.now)).unwrap();
    match ready {
        Ready::Send(claimed) => Some(claimed.bytes),
        Ready::Dropped | Ready::Waits => None,
    }
}

/// What the verifier finds of a mail that its author's domain signed.
fn proof(author: &Address, now: Timestamp) -> Proof {
    Proof {
        from: Ok(Author { address: author.clone(), display_name: None }),
        arrived: now,
        date: Some(now),
        dkim: Vec::new(),
        dmarc: DmarcFact { policy: Some(DmarcPolicy::Reject), ..DmarcFact::default() },
        border: None,
        aligned: Some(author.domain().to_owned()),
        other_signers: Vec::new(),
        to_signed: true,
        cc_signed: true,
        sources_disagree: false,
        verdict: Verdict::Aligned,
    }
}

fn bytes(world: &World, mail: &Mail, ordinal: usize) -> Vec<u8> {
    let to = match (&mail.to, &mail.reply) {
        (Some(thing), None) => format!("{}@gw.hale.example", thing.to_lowercase()),
        (None, Some(thing)) => reply_address(world, &mail.from, thing),
        (None, None) => gateway().address.to_string(),
        _ => panic!("a mail goes to a thing, or answers a mail about one"),
    };
    let subject = if mail.subject.is_empty() { "From my desk" } else { &mail.subject };
    let text = with_days(&mail.text, |days| world.days_ago(days).to_string());
    let head = format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{ordinal}@mail.example>\r\nMIME-Version: 1.0\r\n",
        from = address(&mail.from),
        date = world.now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    );
    let plain = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n", text.trim().replace('\n', "\r\n"));
    if mail.files.is_empty() {
        return format!("{head}{plain}").into_bytes();
    }
    let mut body = format!("{head}Content-Type: multipart/mixed; boundary=\"part\"\r\n\r\n--part\r\n{plain}");
    for name in &mail.files {
        let content = data_encoding::BASE64.encode(&pdf(&format!("{name} of mail {ordinal}")));
        body.push_str(&format!(
            "--part\r\nContent-Type: application/pdf; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--part--\r\n");
    body.into_bytes()
}

/// The Reply-To of the mails that this person got about a thing, also after it was revoked.
pub fn reply_address(world: &World, person: &str, thing: &str) -> String {
    let (item, person) = (world.thing(thing), world.person(person));
    let is_revoked = world.revoked.borrow().contains(&(item, person));
    let thread = world.write(move |tx, firm, now| {
        let id = tx.thread_for(firm, person, Purpose::Reply, About::Item(item), None, now).unwrap();
        if is_revoked {
            tx.revoke_threads(firm, person, item, now).unwrap();
        }
        tx.thread(id).unwrap().unwrap()
    });
    gateway().reply_address(&world.store.read(|s| s.token_of(&thread)).unwrap())
}

/// The text with `{3 days ago}` as `day` writes that day.
pub fn with_days(text: &str, day: impl Fn(i64) -> String) -> String {
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, rest) = part.split_once('}').unwrap_or_else(|| panic!("no closing brace: {text}"));
        let days = inside.strip_suffix(" days ago").unwrap_or_else(|| panic!("{{{inside}}} is no day"));
        out.push_str(&day(days.parse().unwrap()));
        out.push_str(rest);
    }
    out
}
