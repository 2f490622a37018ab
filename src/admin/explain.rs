//! `docketpost explain`: what a mail would do and why, by the functions that the daemon calls, in a transaction that is
//! given up. DNS is asked as for a real mail; nothing is staged, changed, sent or audited.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::show::one_line;
use super::{Chosen, Office, Told};
use crate::config::Config;

use crate::inbound::unpack::Kept;
use crate::inbound::{self, Arrived, Desk, Outcome, Taken, limits};
use crate::outbound::gateway::Gateway;
use crate::outbound::reader::Reader;
use crate::outbound::{letter, templates};
use crate::proof::{Proof, Verifier, VerifierSettings};
use crate::sharing::Ability;
use crate::store::inbox::Inbox;
use crate::store::{Store, StoreError, Tx};

/// Tells what a mail would do, and why; changes nothing.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The mails
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// As if it had come to this mailbox [default: the firm's first]
    #[arg(long)]
    pub mailbox: Option<String>,
}

const GIVEN_UP: &str = "an explanation is given up";

/// Tells it.
pub fn run(chosen: &Chosen, args: &Args, now: jiff::Timestamp) -> Result<Told> {
    let config = Config::load_offline(&chosen.config)?;
    let office = Office::configured(&config, chosen, now)?;
    office.ask_administrator(Ability::View)?;
    let (mut text, mut objects) = (String::new(), Vec::new());
    for file in &args.files {
        let told = one(&office, &config, args, file).with_context(|| file.display().to_string())?;
        text.push_str(&told.text);
        objects.push(told.json);
    }
    Ok(Told::new(text, json!(objects)))
}

/// What became of the mail, and what would be sent, before it was given up.
struct Seen {
    outcome: Outcome,
    mail: Inbox,
    letters: Vec<(String, &'static str, String)>,
}

fn one(office: &Office, config: &Config, args: &Args, file: &Path) -> Result<Told> {
    let raw = std::fs::read(file)?;
    let configured =
        config.firm(&office.firm.slug).with_context(|| format!("{} is not configured", office.firm.slug))?;
    let desk = Desk { files: configured.files.rules, ..Desk::new(Gateway::new(configured), config.limits) };
    let mut mailboxes = config.mailboxes.iter().filter(|m| m.firm == office.firm.slug);
    let mailbox = match &args.mailbox {
        Some(name) => {
            mailboxes.find(|m| m.name == *name).with_context(|| format!("--mailbox {name}: not configured"))?
        }
        None => mailboxes.next().context("the firm has no mailbox in the configuration")?,
    };
    let read_whole = raw.len() as u64 <= desk.mail_bytes && limits::check(&raw, &desk.limits()).is_ok();
    let proof = if read_whole { Some(prove(config, &office.store, mailbox, &raw, office.now)?) } else { None };
    let seen = rehearse(office, &desk, &mailbox.name, raw, proof.clone())?;
    Ok(tell(office, file, &seen, proof.as_ref()))
}

fn prove(
    config: &Config,
    store: &Store,
    mailbox: &crate::config::Mailbox,
    raw: &[u8],
    now: jiff::Timestamp,
) -> Result<Proof> {
    let policy = store.read(|view| view.believed(&mailbox.name, mailbox.auth_results.as_ref(), now))?;
    let resolver = Some(config.resolver.clone()).filter(|servers| !servers.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let verifier = Verifier::new(&VerifierSettings { resolver, ..VerifierSettings::default() })?;
        Ok(verifier.prove(raw, now, policy).await)
    })
}

/// Takes the mail through and gives the transaction up.
fn rehearse(office: &Office, desk: &Desk, mailbox: &str, raw: Vec<u8>, proof: Option<Proof>) -> Result<Seen> {
    let kept: Arc<Mutex<Option<Seen>>> = Arc::default();
    // No store: it would be closed by its own writer if it were the last one.
    let (keep, desk, blobs) = (Arc::clone(&kept), desk.clone(), office.store.blobs().clone());
    let (firm, now) = (office.firm.clone(), office.now);
    let mut read = inbound::read(&raw, &desk);
    inbound::keep_files(&mut read, &desk, &mut |bytes| Ok(Kept::Safe(crate::blobs::sha256(bytes))))?;
    let arrived = Arrived {
        mailbox: mailbox.to_owned(),
        uid_validity: 0,
        uid: "explain".to_owned(),
        size: raw.len() as u64,
        arrived_at: now,
        bytes: raw,
    };
    let given_up: crate::store::Result<()> = office.store.write(move |tx| {
        let staged = arrived.staged(crate::blobs::sha256(&arrived.bytes));
        let Some(id) = tx.stage(firm.id, &staged, now)? else { return Ok(()) };
        tx.set_proved(id, &serde_json::to_string(&proof).map_err(|e| StoreError::Content(e.to_string()))?)?;
        let Some(mail) = tx.inbox(firm.id, id)? else { return Ok(()) };
        let taken = Taken { read: &read, proof: proof.as_ref(), files_kept: true, doubt: None };
        let outcome = inbound::receive(tx, &desk, &mail, &taken, now)?;
        let Some(mail) = tx.inbox(firm.id, id)? else { return Ok(()) };
        let letters = letters(tx, &firm, &desk.gateway, &mail, &blobs, now)?;
        *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { outcome, mail, letters });
        Err(StoreError::Content(GIVEN_UP.to_owned()))
    });
    match given_up {
        Err(StoreError::Content(why)) if why == GIVEN_UP => {}
        Err(error) => return Err(error.into()),
        Ok(()) => {}
    }
    let seen = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    seen.context("the mail could not be rehearsed")
}

/// The letters that the mail causes, as their readers would get them now.
fn letters(
    tx: &Tx<'_>,
    firm: &crate::store::firms::Firm,
    gateway: &Gateway,
    mail: &Inbox,
    blobs: &crate::blobs::Blobs,
    now: jiff::Timestamp,
) -> crate::store::Result<Vec<(String, &'static str, String)>> {
    let mut found = Vec::new();
    for queued in tx.outbox_list(firm.id, None, 100)?.iter().rev().filter(|l| l.inbox == Some(mail.id)) {
        let Some(person) = tx.person(firm.id, queued.person)? else { continue };
        let letter = letter::read(&queued.content)?;
        let reader = Reader::new(tx, firm, gateway, &person, now)?;
        let page = templates::write(&reader, blobs, &letter)?;
        let text = page.map(|p| format!("Subject: {}\n\n{}", p.subject, p.to_text())).unwrap_or_default();
        found.push((person.name(), letter.template(), text));
    }
    Ok(found)
}

fn tell(office: &Office, file: &Path, seen: &Seen, proof: Option<&Proof>) -> Told {
    let mail = &seen.mail;
    let person = seen.outcome.person.as_ref().map(super::show::named);
    let matter =
        mail.matter.and_then(|row| office.number(crate::domain::Item::new(crate::domain::Kind::Matter, row)).ok());
    let verdict: Value = proof.and_then(|p| serde_json::to_value(p.verdict).ok()).unwrap_or_default();
    let mut text = format!("{}\n", file.display());
    let facts = [
        ("Outcome", Some(format!("{} ({})", mail.state.word(), seen.outcome.reason))),
        ("From", mail.from_address.clone()),
        ("Person", person.clone()),
        ("Proof", Some(format!("{} {}", mail.level.clone().unwrap_or_default(), verdict.as_str().unwrap_or("unread")))),
        ("Class", mail.class.clone()),
        ("Matter", matter.clone()),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            text.push_str(&format!("{name:8} {}\n", one_line(&value)));
        }
    }
    for (to, template, body) in &seen.letters {
        text.push_str(&format!("\nA letter ({template}) to {to}:\n"));
        body.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text.push_str("\nNothing was changed.\n");
    let letters: Vec<Value> =
        seen.letters.iter().map(|(to, template, body)| json!({"to": to, "letter": template, "text": body})).collect();
    let object = json!({"file": file.display().to_string(), "outcome": mail.state.word(), "reason": seen.outcome.reason,
        "from": mail.from_address, "person": person, "matter": matter, "level": mail.level, "class": mail.class,
        "proof": proof.and_then(|p| serde_json::to_value(p).ok()), "letters": letters});
    Told::new(text, object)
}
