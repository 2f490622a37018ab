//! How a mail ends: exactly one outcome, with a reason, written in the transaction of its effects; and who is told of it.
//! Strangers and machines are told nothing; the firm is told at once of held mail that came with a reply address or from
//! somebody it knows (decisions.md 6).

use jiff::Timestamp;
use serde_json::json;

use super::resolve::Situation;
use super::run::Ran;
use super::screen::Class;
use super::{Read, bounce, cause, receipt, receipt_thread, run, state};
use crate::actions::{Act, challenges};
use crate::domain::{Kind as Thing, PersonId};
use crate::outbound::letter::{self, Addressed, Letter, Line, Notice};
use crate::proof::Proof;
use crate::store::audit::Entry;
use crate::store::firms::Firm;
use crate::store::inbox::{Findings, Inbox};
use crate::store::people::{Person, Receipts};
use crate::store::threads::{About, Purpose, Thread};
use crate::store::{Result, StoreError, Tx};

/// How many held mails that nothing proves somebody of the firm hears of in an hour, each by a letter of its own.
const MOST_NOTICES: u32 = 20;

/// Which end a mail comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It took effect, or was answered.
    Applied,
    /// It waits for a person.
    Held,
    /// Its author is told why nothing took effect.
    Refused,
    /// Nothing was to be done.
    Ignored,
    /// It could not be processed.
    Dead,
}

/// The end of a mail, and who is to be told.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which end.
    pub kind: Kind,
    /// Code of the reason (gateway.md, "Rejections and rules").
    pub reason: &'static str,
    /// A verdict for every line, for the receipt.
    pub lines: Vec<Line>,
    /// Whose mail it is, or claims to be.
    pub person: Option<Person>,
    /// Somebody else's reply address was used.
    pub misused: Option<Thread>,
    /// Its owner is asked whether they wrote it.
    pub asks: bool,
    /// Another domain that signed it, to be bound by the answer (decisions.md 3).
    pub signer: Option<String>,
    /// The firm must hear of it though something took effect.
    pub tells_firm: bool,
    /// Its writer hears who got it, whatever receipts they wished for.
    pub names_receivers: bool,
}

impl Outcome {
    fn new(kind: Kind, reason: &'static str) -> Outcome {
        Outcome {
            kind,
            reason,
            lines: Vec::new(),
            person: None,
            misused: None,
            asks: false,
            signer: None,
            tells_firm: false,
            names_receivers: false,
        }
    }

    /// It waits for a person, for this reason.
    pub fn hold(reason: &'static str) -> Outcome {
        Outcome::new(Kind::Held, reason)
    }

    /// Nothing is done, and nobody told.
    pub fn ignore(reason: &'static str) -> Outcome {
        Outcome::new(Kind::Ignored, reason)
    }

    /// It could not be processed.
    pub fn dead() -> Outcome {
        Outcome::new(Kind::Dead, "INTERNAL")
    }

    /// Whose mail it claims to be.
    pub fn claimed(self, person: Option<Person>) -> Outcome {
        Outcome { person, ..self }
    }

    /// Whose reply address was used.
    pub fn misused(self, misused: Option<Thread>) -> Outcome {
        Outcome { misused, ..self }
    }

    /// Its owner is asked.
    pub fn asking(self) -> Outcome {
        Outcome { asks: true, ..self }
    }

    /// Notes the one foreign domain that signed it.
    pub fn signed_by(self, proof: &Proof) -> Outcome {
        Outcome { signer: proof.other_signers.first().cloned(), ..self }
    }

    /// What running came to: held if only the firm can help, refused if nothing took effect, applied otherwise.
    pub fn of_run(ran: Ran, situation: &Situation) -> Outcome {
        let refused = ran
            .lines
            .iter()
            .any(|l| matches!(l, Line::Refused { .. } | Line::WhichMatter { .. } | Line::WhichTask { .. }));
        let answered =
            ran.lines.iter().any(|l| !matches!(l, Line::Refused { .. } | Line::Question { .. } | Line::LeftOut { .. }));
        let (kind, reason) = match (ran.effects, ran.for_the_firm, refused) {
            (0, true, _) => (Kind::Held, "CONTEXT_NONE"),
            (0, false, true) if !answered => (Kind::Refused, "COMMAND_REFUSED"),
            (0, false, false) if ran.lines.is_empty() => (Kind::Ignored, "EMPTY"),
            _ => (Kind::Applied, "APPLIED"),
        };
        // Inside a conversation everybody knows who is in it; of anything else the firm's people hear who got it.
        let elsewhere =
            |l: &Line| matches!(l, Line::Sent { conversation, .. } if Some(*conversation) != situation.item);
        Outcome {
            names_receivers: situation.person.is_user() && ran.lines.iter().any(elsewhere),
            lines: ran.lines,
            person: Some(situation.person.clone()),
            misused: situation.misused.clone(),
            tells_firm: (ran.for_the_firm && ran.effects > 0) || ran.asks_for_what_ended,
            ..Outcome::new(kind, reason)
        }
    }
}

/// Writes the outcome, and queues the letters that it causes.
pub fn record(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    outcome: &Outcome,
    found: &Findings,
    now: Timestamp,
) -> Result<()> {
    if !tx.decide(inbox.id, state(outcome.kind), outcome.reason, found, now)? {
        // Another process was faster: all that was done here is undone with the transaction.
        return Err(StoreError::Content("this mail had its outcome before".into()));
    }
    let actor = outcome.person.as_ref().map(|p| p.id);
    let facts = json!({"state": state(outcome.kind).word(), "reason": outcome.reason, "level": found.level});
    tx.audit(firm.id, &Entry::new(actor, "mail").by(Some(inbox.id)).with(facts), now)?;
    if let Some(person) = &outcome.person {
        answer(tx, firm, inbox, outcome, person, now)?;
    }
    if let Some(thread) = &outcome.misused {
        tell_of_misuse(tx, firm, inbox, thread, now)?;
    }
    let is_known = outcome.person.is_some() || outcome.misused.is_some();
    if (outcome.kind == Kind::Held && is_known) || outcome.tells_firm || outcome.kind == Kind::Dead {
        tell_firm(tx, firm, inbox, found, now)?;
    }
    Ok(())
}

fn answer(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, outcome: &Outcome, person: &Person, now: Timestamp) -> Result<()> {
    if outcome.asks {
        challenges::challenge(tx, firm, person.id, inbox.id, outcome.signer.as_deref(), now)?;
        return Ok(());
    }
    let wishes = tx.preferences(firm.id, person.id)?;
    let receipts = if outcome.names_receivers { Receipts::All } else { wishes.receipts };
    if !run::wants_receipt(&outcome.lines, receipts) {
        return Ok(());
    }
    let (purpose, about) = match outcome.lines.as_slice() {
        // A mail that brings one document is answered with that document, changed.
        [Line::Ask { verb, item: Some(item), .. }] if verb == "get" && item.kind == Thing::Document => {
            (Purpose::Reply, About::Item(*item))
        }
        _ => receipt_thread(inbox),
    };
    let cause = cause(inbox);
    let act = Act { tx, firm, actor: person, inbox: Some(inbox.id), cause: &cause, now };
    act.tell_as(person.id, receipt(inbox, &outcome.lines), purpose, about)
}

/// The owner of a reply address that somebody else used hears of it once; at the second misuse it is replaced.
fn tell_of_misuse(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, thread: &Thread, now: Timestamp) -> Result<()> {
    if thread.misused {
        return tx.replace_address(thread);
    }
    tx.note_misuse(thread, now)?;
    let letter = Letter::Notice { notice: Notice::AddressMisused, about: thread.person };
    let key = format!("misused:{}:{}", thread.id, thread.generation);
    let addressed =
        Addressed::new(thread.person, letter, key, Some((Purpose::Reply, About::Firm))).caused_by(Some(inbox.id));
    letter::queue(tx, firm.id, addressed, now)?;
    Ok(())
}

fn tell_firm(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, found: &Findings, now: Timestamp) -> Result<()> {
    let key = format!("held:{}", cause(inbox));
    let Some(lawyer) = responsible(tx, firm, found.matter)? else { return Ok(()) };
    let hour_ago = now.saturating_sub(jiff::SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
    let is_proved = matches!(found.level.as_deref(), Some("strong" | "good"));
    if !is_proved && tx.recent_letters(firm.id, lawyer, "held", hour_ago)? >= MOST_NOTICES {
        // Anybody can write in a known name (threats T93); what is held stays in `docketpost inbox`.
        return Ok(());
    }
    let addressed =
        Addressed::new(lawyer, Letter::Held { inbox: inbox.id }, key, Some((Purpose::Reply, About::Mail(inbox.id))));
    letter::queue(tx, firm.id, addressed.caused_by(Some(inbox.id)), now)?;
    Ok(())
}

fn responsible(tx: &Tx<'_>, firm: &Firm, matter: Option<i64>) -> Result<Option<PersonId>> {
    let matter = match matter {
        Some(row) => tx.matter(firm.id, row)?,
        None => None,
    };
    match matter.and_then(|m| m.responsible) {
        Some(person) => Ok(Some(person)),
        None => Ok(tx.first_admin(firm.id)?.map(|p| p.id)),
    }
}

/// A bounce of one of our mails: the firm hears that this person does not get them, once a day. It changes no right and
/// is never passed on (threats T87).
pub fn note_bounce(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, read: &Read, now: Timestamp) -> Result<()> {
    let Some(bounce) = bounce::read(&read.mail).filter(|_| read.class == Class::Bounce) else { return Ok(()) };
    for id in &read.bounced {
        let Some(letter) = tx.outbox_by_message_id(firm.id, id)? else { continue };
        let Some(admin) = responsible(tx, firm, None)? else { continue };
        let day = now.to_zoned(firm.zone()).date();
        let notice =
            Letter::Notice { notice: Notice::Undeliverable { permanent: bounce.permanent }, about: letter.person };
        let key = format!("undeliverable:{}:{day}", letter.person);
        let addressed =
            Addressed::new(admin, notice, key, Some((Purpose::Reply, About::Firm))).caused_by(Some(inbox.id));
        letter::queue(tx, firm.id, addressed, now)?;
        return Ok(());
    }
    Ok(())
}

/// Our own Message-IDs anywhere in a mail, without host: `g.` and 26 letters or digits before `@` and our domain.
pub fn our_message_ids(raw: &[u8], domain: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let host = format!("@{domain}");
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices(&host).take(20) {
        let before = text.get(at.saturating_sub(28)..at).unwrap_or_default();
        if before.starts_with("g.") && before.len() == 28 && !found.contains(&before.to_owned()) {
            found.push(before.to_owned());
        }
    }
    found
}
