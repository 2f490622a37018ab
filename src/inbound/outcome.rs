//! How a mail ends: exactly one outcome, with a reason, written in the transaction of its effects; and who is told of it.
//! Strangers and machines are told nothing; the firm is told at once of held mail that came with a reply address or from
//! somebody it knows (decisions.md 6).

use jiff::Timestamp;
use serde_json::json;

use super::resolve::Situation;
use super::roles::Role;
use super::run::Ran;
use super::screen::Class;
use super::{Read, bounce, cause, receipt, receipt_thread, run, state};
use crate::actions::{Act, challenges, responsible};
use crate::domain::{Kind as Thing, PersonId};
use crate::outbound::compose::OWN_MARK;
use crate::outbound::letter::{self, Addressed, Letter, Line, Notice};
use crate::outbound::undelivered::{self, Failure};
use crate::proof::{self, Proof};
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
    /// How many receipts in a row it answers.
    pub receipts_in_a_row: u8,
    /// Its writer is asked in which of these roles they wrote it.
    pub roles: Vec<Role>,
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
            receipts_in_a_row: 0,
            roles: Vec::new(),
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

    /// It took effect, and its author is told by a letter of its own.
    pub fn applied() -> Outcome {
        Outcome::new(Kind::Applied, "APPLIED")
    }

    /// The firm hears of it at once.
    pub fn telling_firm(self) -> Outcome {
        Outcome { tells_firm: true, ..self }
    }

    /// It could not be processed.
    pub fn dead() -> Outcome {
        Outcome::new(Kind::Dead, "INTERNAL")
    }

    /// Whose mail it claims to be.
    pub fn claimed(self, person: Option<Person>) -> Outcome {
        Outcome { person, ..self }
    }

    /// Tells its writer so.
    pub fn saying(self, line: Line) -> Outcome {
        Outcome { lines: vec![line], ..self }
    }

    /// Whose reply address was used.
    pub fn misused(self, misused: Option<Thread>) -> Outcome {
        Outcome { misused, ..self }
    }

    /// Its owner is asked.
    pub fn asking(self) -> Outcome {
        Outcome { asks: true, ..self }
    }

    /// Its writer is asked in which of these roles they wrote it.
    pub fn in_one_of(self, roles: Vec<Role>) -> Outcome {
        Outcome { roles, ..self }
    }

    /// It answers so many receipts in a row.
    pub fn answering(self, receipts_in_a_row: u8) -> Outcome {
        Outcome { receipts_in_a_row, ..self }
    }

    /// Notes the one foreign domain that signed it, if that can be told: who is signed for by their own needs none.
    pub fn signed_by(self, proof: &Proof) -> Outcome {
        Outcome { signer: proof::signer_to_bind(proof).map(str::to_owned), ..self }
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
            (0, true, _) if ran.place_is_closed => (Kind::Held, "PLACE_CLOSED"),
            (0, true, _) if ran.is_closed => (Kind::Held, "MATTER_UNAVAILABLE"),
            (0, true, _) if ran.place_is_unknown => (Kind::Held, "PLACE_UNKNOWN"),
            (0, true, _) => (Kind::Held, "CONTEXT_NONE"),
            (0, false, true) if !answered && ran.is_closed => (Kind::Refused, "MATTER_UNAVAILABLE"),
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
            tells_firm: (ran.for_the_firm && ran.effects > 0) || ran.asks_for_what_ended || ran.is_closed,
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
    if let ("RATE_LIMITED", Some(person)) = (outcome.reason, &outcome.person) {
        return tell_once_a_day(tx, firm, inbox, (person.id, Notice::TooManyMails), found, now);
    }
    if let ("CLOCK_LEAPT", Some(person)) = (outcome.reason, &outcome.person) {
        return tell_once_a_day(tx, firm, inbox, (person.id, Notice::ClockLeapt), found, now);
    }
    let is_known = outcome.person.is_some() || outcome.misused.is_some();
    // Which of its roles somebody meant, only they can say.
    let waits_for_writer = !outcome.roles.is_empty();
    if (outcome.kind == Kind::Held && is_known && !waits_for_writer) || outcome.tells_firm || outcome.kind == Kind::Dead
    {
        tell_firm(tx, firm, inbox, outcome, found, now)?;
    }
    Ok(())
}

fn answer(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, outcome: &Outcome, person: &Person, now: Timestamp) -> Result<()> {
    if outcome.asks {
        challenges::challenge(tx, firm, person.id, inbox.id, outcome.signer.as_deref(), now)?;
        return Ok(());
    }
    if !outcome.roles.is_empty() {
        return ask_role(tx, firm, inbox, person, &outcome.roles, now);
    }
    tell_principal(tx, firm, inbox, outcome, person, now)?;
    let wishes = tx.preferences(firm.id, person.id)?;
    let receipts = match (outcome.names_receivers, wishes.receipts) {
        // A message that only answers a receipt gets none, or two programs would never stop (threats T92). Where words of the
        // firm went is told once more.
        (true, _) if outcome.receipts_in_a_row < 2 => Receipts::All,
        (_, Receipts::All) if outcome.receipts_in_a_row > 0 => Receipts::Brief,
        (_, wished) => wished,
    };
    if is_only_talk(outcome, person) || !run::wants_receipt(&outcome.lines, receipts) {
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

/// True if co-counsel answered two receipts in a row with nothing but words: whether a line of them was meant as a command
/// was asked before.
fn is_only_talk(outcome: &Outcome, person: &Person) -> bool {
    let is_talk =
        |l: &Line| matches!(l, Line::Sent { commanded: false, .. } | Line::LeftOut { .. } | Line::Question { .. });
    outcome.receipts_in_a_row > 1
        && outcome.kind == Kind::Applied
        && !person.is_user()
        && outcome.lines.iter().all(is_talk)
}

/// Asks its writer in which role they wrote a mail; nothing but the names of their roles is said.
fn ask_role(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, person: &Person, roles: &[Role], now: Timestamp) -> Result<()> {
    let letter = Letter::WhichRole { inbox: inbox.id, roles: roles.iter().map(|r| r.label.clone()).collect() };
    let reply = Some((Purpose::Role, About::Mail(inbox.id)));
    // Not marked as caused by the mail: if that is another firm's, no row here may hold on to it.
    letter::queue(tx, firm.id, Addressed::new(person.id, letter, inbox.sha256.clone(), reply), now)?;
    Ok(())
}

/// The co-counsel for whom an assistant acted hears what was done. With a message they get what came with it, as every
/// member of the conversation does; then only what stands in nobody's news is left to say.
fn tell_principal(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    outcome: &Outcome,
    person: &Person,
    now: Timestamp,
) -> Result<()> {
    let Some(acts_for) = &person.acts_for else { return Ok(()) };
    let in_news = outcome.lines.iter().any(|l| matches!(l, Line::Sent { to, .. } if to.contains(&acts_for.principal)));
    let is_told = |line: &&Line| match line {
        Line::Done { item, .. } => !in_news || matches!(item.kind, Thing::TimeEntry | Thing::Note),
        Line::Filed { .. } => !in_news,
        _ => false,
    };
    let lines: Vec<Line> = outcome.lines.iter().filter(is_told).cloned().collect();
    if lines.is_empty() {
        return Ok(());
    }
    let cause = cause(inbox);
    let act = Act { tx, firm, actor: person, inbox: Some(inbox.id), cause: &cause, now };
    let letter = Letter::DoneFor { inbox: inbox.id, by: person.id, lines };
    let (purpose, about) = receipt_thread(inbox);
    act.tell_as(acts_for.principal, letter, purpose, about)
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

/// The firm, and the person whose mails wait, hear of it once a day, however many there are.
fn tell_once_a_day(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    (person, notice): (PersonId, Notice),
    found: &Findings,
    now: Timestamp,
) -> Result<()> {
    let day = now.to_zoned(firm.zone()).date();
    let what = if notice == Notice::ClockLeapt { "clock" } else { "too-many" };
    for reader in responsible(tx, firm.id, found.matter)?.into_iter().chain([person]) {
        let letter = Letter::Notice { notice: notice.clone(), about: person };
        let key = format!("{what}:{person}:{day}");
        let addressed = Addressed::new(reader, letter, key, Some((Purpose::Reply, About::Firm)));
        letter::queue(tx, firm.id, addressed.caused_by(Some(inbox.id)), now)?;
    }
    Ok(())
}

fn tell_firm(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    outcome: &Outcome,
    found: &Findings,
    now: Timestamp,
) -> Result<()> {
    let key = match &outcome.person {
        // A program that answers our notices in a name of the firm's would answer the notice of its answer (threats T92).
        Some(user) if outcome.reason == "LOOKS_AUTOMATIC" && user.is_user() => {
            format!("automatic:{}:{}", user.id, now.to_zoned(firm.zone()).date())
        }
        _ => format!("held:{}", cause(inbox)),
    };
    let Some(lawyer) = responsible(tx, firm.id, found.matter)? else { return Ok(()) };
    let hour_ago = now.saturating_sub(jiff::SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
    let is_proved = matches!(found.level.as_deref(), Some("strong" | "good"));
    if !is_proved && tx.recent_letters(firm.id, lawyer, "held", hour_ago)? >= MOST_NOTICES {
        // Anybody can write in a known name (threats T93); what is held stays in `docketpost inbox`.
        return Ok(());
    }
    let addressed = Addressed::new(
        lawyer,
        Letter::Held { inbox: inbox.id, names: found.unseen_matter },
        key,
        Some((Purpose::Reply, About::Mail(inbox.id))),
    );
    letter::queue(tx, firm.id, addressed.caused_by(Some(inbox.id)), now)?;
    Ok(())
}

/// A bounce of one of our mails: the address that did not take it gathers points, and the firm hears of it. It changes no
/// right and is never passed on (threats T87). Our Message-IDs are shown to whoever gets a copy of an answer, so they prove
/// nothing: only the letter's mark does, which stands in its header and in its envelope. Without it nothing but a notice
/// comes of a bounce; with it, one that names another address, or one that wrote to us since, weighs little.
pub fn note_bounce(tx: &Tx<'_>, firm: &Firm, read: &Read, now: Timestamp) -> Result<()> {
    let Some(bounce) = bounce::read(&read.mail).filter(|_| read.class == Class::Bounce) else { return Ok(()) };
    for id in &read.bounced.message_ids {
        let Some(letter) = tx.outbox_by_message_id(firm.id, id)? else { continue };
        let Some(address) = tx.sent_to(letter.id)? else { continue };
        let mut is_proved = false;
        for mark in &read.bounced.marks {
            is_proved |= tx.is_return_mark(mark, id, now)?;
        }
        let is_theirs = bounce.recipients.is_empty() || bounce.recipients.contains(&address);
        // Who answers with a copy to others shows them our Message-ID; and a mailbox that wrote since then is there.
        let since = letter.sent_at.unwrap_or(letter.date_at);
        let has_written = tx.has_written_since(firm.id, letter.person, &address, since)?;
        let failure = match is_theirs && !has_written {
            _ if !is_proved => Failure::Claimed { permanent: bounce.permanent },
            true => Failure::of(bounce.permanent, bounce.status.as_deref()),
            false => Failure::Temporary,
        };
        return undelivered::note(tx, firm, &letter, &address, failure, now);
    }
    Ok(())
}

/// What a bounce says of our own mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounced {
    /// Their Message-IDs, without host.
    pub message_ids: Vec<String>,
    /// What stands where the mark of a letter stands: in its header, and in the envelope.
    pub marks: Vec<String>,
}

/// Our own mails named anywhere in a mail, by their Message-ID without host: `g.` and 26 letters or digits before `@` and
/// our domain; or the same after `+b`, with the letter's mark, as the envelope of each mail may carry it (gateway.md L4).
pub fn our_mails(raw: &[u8], domain: &str) -> Bounced {
    let text = String::from_utf8_lossy(raw).to_ascii_lowercase();
    let mut found = Bounced::default();
    let mut add = |list: fn(&mut Bounced) -> &mut Vec<String>, one: &str| {
        let list = list(&mut found);
        if list.len() < MOST_NAMED && !list.iter().any(|known| known == one) {
            list.push(one.to_owned());
        }
    };
    for (at, _) in text.match_indices(&format!("@{domain}")).take(MOST_NAMED) {
        let before = text.get(..at).unwrap_or_default();
        let local = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '+'))).next();
        let local = local.unwrap_or_default();
        let named = local.strip_prefix("g.").or_else(|| local.rsplit_once("+b").map(|(_, named)| named));
        match named.and_then(|named| named.split_at_checked(ID_LEN)) {
            Some((id, mark)) if mark.is_empty() || mark.len() == MARK_LEN => {
                add(|f| &mut f.message_ids, &format!("g.{id}"));
                add(|f| &mut f.marks, mark);
            }
            _ => {}
        }
    }
    let mark = format!("{}:", OWN_MARK.to_ascii_lowercase());
    for (at, _) in text.match_indices(&mark).take(MOST_NAMED) {
        let value = text.get(at.saturating_add(mark.len())..).unwrap_or_default().split_whitespace().next();
        add(|f| &mut f.marks, value.filter(|v| v.len() == MARK_LEN).unwrap_or_default());
    }
    found.marks.retain(|mark| !mark.is_empty());
    found
}

/// How many of our mails, and how many marks, are looked for in one bounce.
const MOST_NAMED: usize = 20;
/// How long the secret part of our Message-IDs is, and a letter's mark.
const ID_LEN: usize = 26;
const MARK_LEN: usize = 17;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Address;

    #[test]
    fn a_bounce_without_a_word_about_the_mail_names_it_by_the_address_that_it_comes_to() {
        let (id, mark) = ("g.abcdefghijklmnopqrstuvwxyz", "a2345672345672345");
        let gateway = Address::parse("r@gw.hale.example").unwrap();
        let bounce = format!("To: <{}>\r\n\r\nUser unknown.\r\n", undelivered::return_address(&gateway, id, mark));
        let found = our_mails(bounce.as_bytes(), "gw.hale.example");
        assert_eq!(found, Bounced { message_ids: vec![id.into()], marks: vec![mark.into()] });
        let quoted = format!("Message-ID: <{id}@gw.hale.example>\r\n");
        let found = our_mails(quoted.as_bytes(), "gw.hale.example");
        assert_eq!(found, Bounced { message_ids: vec![id.into()], marks: vec![] });
        assert_eq!(our_mails(quoted.as_bytes(), "other.example"), Bounced::default());
    }
}
