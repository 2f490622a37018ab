//! Sends a firm's letters, one after another over one kept connection. A letter is claimed, with its rights asked once
//! more, only when a connection stands ready; how it went is settled while the next is claimed, in the same commit where
//! they meet. Trouble with our own account stops the queue and keeps it; trouble with a recipient is that letter's alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use tokio::sync::Notify;

use super::accounts::SenderLogin;
use super::{House, Served, Stop, now};
use crate::config::{EnvelopeSender, WayOut};
use crate::domain::{Address, FirmId, OutboxId};
use crate::outbound::backoff;
use crate::outbound::deliver::{self, Claimed, Ready};
use crate::outbound::undelivered::{self, Failure};
use crate::smtp::{ConnectError, Connection, Outcome, Outgoing, Refusal, Transport, Whose};
use crate::store::outbox::Outbox;
use crate::store::{Result, Store, StoreError, Tx};

const BATCH: u32 = 50;
const SETTLE_AT: usize = 8;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a stopped queue waits before an account that was refused is tried again, and at most before a server is.
const ACCOUNT_PAUSE: Duration = Duration::from_secs(60);
/// How long a mail under way may take once the daemon was asked to stop (decisions.md 39).
const LAST_MAIL: Duration = Duration::from_secs(8);

/// Sends until `stop`.
pub async fn run(house: Arc<House>, served: Served, store: PathBuf, stop: Stop) -> anyhow::Result<()> {
    let login = match &served.config.way_out {
        WayOut::Smtp(smtp) => SenderLogin::new(smtp.login.as_ref(), &store)?,
        WayOut::Directory(_) => SenderLogin::None,
    };
    let mut sender = Sender {
        house,
        transport: Transport::from(&served.config.way_out),
        served,
        login,
        connection: None,
        unsettled: Vec::new(),
    };
    let mut patience = LOOK_AGAIN;
    while !stop.is_asked() {
        let trouble = match sender.send_due(&stop).await {
            Ok(Sent::All) => {
                patience = LOOK_AGAIN;
                stop.pause(LOOK_AGAIN, &sender.served.outbox_bell).await;
                continue;
            }
            Ok(Sent::Some) => continue,
            Err(trouble) => trouble,
        };
        patience = trouble.pause(patience);
        trouble.report(&sender.served.config.slug);
        // New letters do not hurry a server that is in trouble.
        stop.pause(patience, &Notify::new()).await;
    }

    if let Some(connection) = sender.connection {
        connection.quit().await;
    }
    Ok(())
}

enum Sent {
    /// Nothing is due any more.
    All,
    /// There may be more.
    Some,
}

enum Trouble {
    Store(StoreError),
    /// Our own account or server; the queue is kept.
    Account(&'static str),
    /// Nobody answers there, or not in order; the queue is kept.
    Server(&'static str),
}

impl Trouble {
    fn report(&self, firm: &str) {
        match self {
            Trouble::Store(error) => tracing::error!(%error, firm, "the outbox can't be read"),
            Trouble::Account(why) => {
                tracing::error!(firm, why, "sending is stopped until the mail account works again")
            }
            Trouble::Server(why) => tracing::warn!(firm, why, "letters wait until the server answers"),
        }
    }

    /// A server that was restarted and a disk that was full are well again in seconds; an account that is refused needs a
    /// person.
    fn pause(&self, last: Duration) -> Duration {
        match self {
            Trouble::Account(_) => ACCOUNT_PAUSE,
            Trouble::Store(_) | Trouble::Server(_) => last.saturating_mul(2).min(ACCOUNT_PAUSE),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::Store(error)
    }
}

struct Sender {
    house: Arc<House>,
    served: Served,
    transport: Transport,
    login: SenderLogin,
    connection: Option<Connection>,
    /// What became of letters and could not be noted, because the disk was full: it is noted before any other is sent,
    /// so that a letter that was taken stays neither under way for ever nor goes out twice (fault F35).
    unsettled: Vec<Settling>,
}

/// What became of a letter.
type Settling = Arc<(Outbox, Claimed, Outcome)>;

impl Sender {
    async fn send_due(&mut self, stop: &Stop) -> std::result::Result<Sent, Trouble> {
        let firm = self.served.firm;
        let late: Vec<_> =
            self.unsettled.drain(..).map(|one| (Arc::clone(&one), note(&self.house.store, firm, one))).collect();
        self.noted(late).await?;
        let (row, due) = self.house.store.read(|view| Ok((view.firm(firm)?, view.outbox_due(firm, now(), BATCH)?)))?;
        let Some(row) = row.filter(|_| !due.is_empty()) else { return Ok(Sent::All) };
        let mut settling = Vec::new();
        let mut ended = Ok(Sent::Some);
        for letter in due {
            let connected = tokio::select! {
                biased;
                () = stop.asked() => break,
                connected = self.connect() => connected,
            };
            if let Err(trouble) = connected {
                ended = Err(trouble);
                break;
            }
            let envelope_from = match self.envelope_from(&letter.message_id) {
                Ok(address) => address,
                Err(error) => {
                    ended = Err(error.into());
                    break;
                }
            };
            let gateway = &self.served.desk.gateway;
            let claimed = deliver::claim(&self.house.store, &row, gateway, &letter, now()).await;
            let claimed = match claimed {
                Err(error) if is_this_letters(&error) => {
                    // A letter that can't be written must not stand before all others.
                    tracing::error!(outbox.id = letter.id.0, %error, "a letter can't be written");
                    self.house.store.write_soon(move |tx| put_off(tx, firm, &letter, now())).await?;
                    continue;
                }
                Err(error) => {
                    ended = Err(error.into());
                    break;
                }
                Ok(claimed) => claimed,
            };
            let mail = match claimed {
                Ready::Send(mail) => mail,
                Ready::Dropped | Ready::Waits => continue,
            };
            let outcome = self.hand_over(envelope_from, &mail, stop).await;
            let stops = match &outcome {
                Outcome::Refused(r) if r.whose != Whose::Account => None,
                Outcome::Refused(r) if r.permanent => Some(Trouble::Account("the server refuses our account")),
                // It takes nothing from us now, whoever it is for.
                Outcome::Refused(_) => Some(Trouble::Server("the server takes no mail now")),
                _ => None,
            };
            log(letter.id, &outcome);
            let one = Arc::new((letter, mail, outcome));
            settling.push((Arc::clone(&one), note(&self.house.store, firm, one)));
            if settling.len() >= SETTLE_AT {
                self.noted(std::mem::take(&mut settling)).await?;
            }
            if let Some(trouble) = stops {
                ended = Err(trouble);
                break;
            }
        }
        self.noted(settling).await?;
        ended
    }

    /// Waits until it is on disk what became of these; what could not be written is kept for the next time.
    async fn noted(&mut self, settling: Vec<(Settling, impl Future<Output = Result<()>>)>) -> Result<()> {
        let mut ended = Ok(());
        for (one, done) in settling {
            if let Err(error) = done.await {
                self.unsettled.push(one);
                ended = Err(error);
            }
        }
        ended
    }

    async fn connect(&mut self) -> std::result::Result<(), Trouble> {
        if self.connection.as_mut().is_some_and(Connection::is_open) {
            return Ok(());
        }
        self.connection = None;
        let token = self.login.credentials(now()).await;
        let credentials = token.map_err(|e| match e.is_temporary() {
            true => Trouble::Server("no access token now"),
            false => Trouble::Account("no access token"),
        })?;
        match self.transport.connect(credentials.as_ref()).await {
            Ok(connection) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) if error.is_temporary() => Err(Trouble::Server("the server can't be reached")),
            Err(error) => {
                if matches!(error, ConnectError::Refused { .. }) {
                    self.login.forget().await;
                }
                Err(Trouble::Account("the server refuses our log-in, or can't be trusted"))
            }
        }
    }

    async fn hand_over(&mut self, envelope_from: Option<Address>, mail: &Claimed, stop: &Stop) -> Outcome {
        let outgoing = Outgoing { envelope_from, to: mail.to.clone(), bytes: mail.bytes.clone() };
        let Some(connection) = self.connection.as_mut() else {
            return Outcome::NotSent(crate::smtp::Trouble::Closed);
        };
        let outcome = tokio::select! {
            outcome = connection.send(&outgoing) => Some(outcome),
            () = async { stop.asked().await; tokio::time::sleep(LAST_MAIL).await } => None,
        };
        outcome.unwrap_or(Outcome::Unknown(crate::smtp::Trouble::Timeout))
    }

    fn envelope_from(&self, message_id: &str) -> Result<Option<Address>> {
        let address = &self.served.desk.gateway.address;
        let style = match &self.served.config.way_out {
            WayOut::Smtp(smtp) => smtp.envelope_sender,
            WayOut::Directory(_) => EnvelopeSender::Plain,
        };
        Ok(match style {
            EnvelopeSender::Plain => Some(address.clone()),
            EnvelopeSender::Null => None,
            EnvelopeSender::Verp => {
                let mark = self.house.store.read(|view| view.return_mark(message_id))?;
                Some(undelivered::return_address(address, message_id, &mark))
            }
        })
    }
}

/// Has it written what became of a letter.
fn note(store: &Store, firm: FirmId, one: Settling) -> impl Future<Output = Result<()>> + use<> {
    store.write_soon(move |tx| settle(tx, firm, &one.0, &one.1, &one.2, now()))
}

/// True for trouble with what one letter says or encloses; the store itself answers.
fn is_this_letters(error: &StoreError) -> bool {
    matches!(error, StoreError::Content(_) | StoreError::Io(..) | StoreError::Panicked(_)) || error.is_contradiction()
}

/// A letter that could not be written is tried again later, and given up in the end; the firm then hears of it.
fn put_off(tx: &Tx<'_>, firm: FirmId, letter: &Outbox, now: Timestamp) -> Result<()> {
    let age = Duration::try_from(now.duration_since(letter.date_at)).unwrap_or_default();
    match backoff::next(letter.tries.saturating_add(1), age) {
        Some(wait) => tx.put_off_letter(letter.id, "it could not be written", now.checked_add(wait).unwrap_or(now)),
        None => {
            tx.set_failed(letter.id, "NOT_WRITTEN", "it could not be written")?;
            not_delivered(tx, firm, letter, "", Failure::Ours, now)
        }
    }
}

/// Notes in the store what became of a mail.
fn settle(tx: &Tx<'_>, firm: FirmId, letter: &Outbox, mail: &Claimed, outcome: &Outcome, now: Timestamp) -> Result<()> {
    let age = Duration::try_from(now.duration_since(letter.date_at)).unwrap_or_default();
    let at = |wait: Duration| now.checked_add(wait).unwrap_or(now);
    let again = |tx: &Tx<'_>, reply: &str, least: Duration| -> Result<()> {
        match backoff::next(letter.tries.saturating_add(1), age) {
            Some(wait) => tx.set_deferred(letter.id, reply, at(wait.max(least))),
            None => {
                tx.set_failed(letter.id, "TOO_OLD", reply)?;
                not_delivered(tx, firm, letter, mail.to.as_str(), Failure::Temporary, now)
            }
        }
    };
    match outcome {
        Outcome::Sent { reply } => tx.set_sent(letter.id, mail.to.as_str(), &cut(reply), now),
        // Our account is refused, whoever the letter is for: it is kept until somebody has mended that, and was not tried
        // (fault F15).
        Outcome::Refused(refusal) if refusal.whose == Whose::Account => {
            tx.set_kept(letter.id, &cut(&refusal.reply), at(ACCOUNT_PAUSE))
        }
        Outcome::Refused(refusal) if refusal.permanent => {
            tx.set_failed(letter.id, "REFUSED", &cut(&refusal.reply))?;
            not_delivered(tx, firm, letter, mail.to.as_str(), failure_of(refusal), now)
        }
        Outcome::Refused(refusal) => {
            let least = if refusal.is_greylisting() { backoff::GREYLISTED } else { Duration::ZERO };
            again(tx, &cut(&refusal.reply), least)
        }
        Outcome::Unknown(_) => {
            tx.note_unknown_outcome(letter.id)?;
            again(tx, "outcome unknown", Duration::ZERO)
        }
        Outcome::NotSent(_) => again(tx, "connection lost", Duration::ZERO),
    }
}

/// A letter did not reach its address: the address gathers points, and the firm hears of it.
fn not_delivered(
    tx: &Tx<'_>,
    firm: FirmId,
    letter: &Outbox,
    address: &str,
    failure: Failure,
    now: Timestamp,
) -> Result<()> {
    match tx.firm(firm)? {
        Some(firm) => undelivered::note(tx, &firm, letter, address, failure, now),
        None => Ok(()),
    }
}

/// What a server's refusal says of the address: only a code about the mailbox says that there is none.
fn failure_of(refusal: &Refusal) -> Failure {
    let is_status = |w: &&str| w.split('.').count() == 3 && w.split('.').all(|n| n.parse::<u16>().is_ok());
    let status = refusal.reply.split([' ', '-']).take(3).find(is_status);
    match refusal.whose {
        Whose::Recipient => Failure::of(true, status),
        Whose::Account | Whose::Content => Failure::Ours,
    }
}

fn cut(reply: &str) -> String {
    reply.chars().take(300).collect()
}

fn log(id: OutboxId, outcome: &Outcome) {
    match outcome {
        Outcome::Sent { .. } => tracing::info!(outbox.id = id.0, "mail sent"),
        Outcome::Refused(r) => {
            tracing::warn!(outbox.id = id.0, code = r.code, permanent = r.permanent, whose = ?r.whose, "mail refused")
        }
        Outcome::Unknown(why) => {
            tracing::warn!(outbox.id = id.0, ?why, "outcome unknown; the same mail will be sent again")
        }
        Outcome::NotSent(why) => tracing::warn!(outbox.id = id.0, ?why, "mail not sent; it will be tried again"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::actions::post::{Post, now as noon};
    use crate::store::outbox::OutboxState;

    fn minutes(n: i64) -> Timestamp {
        noon().checked_add(SignedDuration::from_mins(n)).unwrap()
    }

    fn refused(reply: &str, whose: Whose) -> Outcome {
        let code = reply[..3].parse().unwrap();
        Outcome::Refused(Refusal { permanent: code >= 500, code, reply: reply.into(), whose })
    }

    /// A post office with a task's letter to Jane that waits.
    fn waiting() -> Post {
        let post = Post::with_jane();
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        post
    }

    fn letter(post: &Post) -> Outbox {
        let letters = post.read(|r| r.outbox_list(post.firm.id, None, 50));
        letters.into_iter().find(|letter| letter.person == post.jane && letter.template == "tasks").unwrap()
    }

    /// Jane's letter is handed over at this moment, and this comes of it.
    fn comes_to(post: &Post, outcome: &Outcome, at: Timestamp) -> Outbox {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let due = letter(post);
        assert!(due.next_at <= at, "it is not due yet");
        let claimed = runtime.block_on(deliver::claim(&post.store, &post.firm, &post.gateway, &due, at)).unwrap();
        let Ready::Send(mail) = claimed else { panic!("{claimed:?}") };
        let (firm, outcome) = (post.firm.id, outcome.clone());
        post.write(move |tx| settle(tx, firm, &due, &mail, &outcome, at));
        letter(post)
    }

    #[test]
    fn f13_after_each_attempt_that_a_server_puts_off_the_next_is_later() {
        let (post, mut at) = (waiting(), noon());
        for (tries, wait) in (1..).zip([1, 2, 5, 15, 30, 60, 60]) {
            let letter = comes_to(&post, &refused("451 4.3.0 later", Whose::Content), at);
            assert_eq!((letter.state, letter.tries), (OutboxState::Queued, tries));
            at += SignedDuration::from_mins(wait);
            assert_eq!(letter.next_at, at, "after attempt {tries}");
        }
    }

    #[test]
    fn f13_a_letter_that_is_put_off_for_five_days_fails_and_the_firm_is_told() {
        let (post, mut at) = (waiting(), noon());
        let later = refused("451 4.2.1 later", Whose::Recipient);
        let mut last = comes_to(&post, &later, at);
        while last.state == OutboxState::Queued {
            assert!(at < minutes(6 * 24 * 60), "it is never given up");
            at = last.next_at;
            last = comes_to(&post, &later, at);
        }
        assert_eq!((last.state, last.reason.as_deref()), (OutboxState::Failed, Some("TOO_OLD")));
        assert!(at >= minutes(5 * 24 * 60));
        let told = post.deliver(at);
        assert!(told.iter().any(|m| m.to == "anna@hale.example" && m.text.contains("be delivered")), "{told:?}");
    }

    #[test]
    fn f15_days_without_our_account_count_as_no_attempt_of_a_letter() {
        let post = waiting();
        for (day, reply) in (0..).zip(["550 5.7.1 sender address rejected", "451 4.3.0 later"].repeat(15)) {
            let kept = comes_to(&post, &refused(reply, Whose::Account), minutes(day * 24 * 60));
            assert_eq!((kept.state, kept.tries), (OutboxState::Queued, 0), "day {day}");
        }
        let letter = comes_to(&post, &refused("421 4.3.2 busy", Whose::Recipient), minutes(31 * 24 * 60));
        assert_eq!((letter.state, letter.tries), (OutboxState::Queued, 1), "it is tried on");
    }

    #[test]
    fn f16_who_greylists_is_asked_again_after_five_minutes_at_the_earliest() {
        let post = waiting();
        let letter = comes_to(
            &post,
            &refused("450 4.2.0 <j@x>: Recipient address rejected: Greylisted", Whose::Recipient),
            noon(),
        );
        assert_eq!(letter.next_at, minutes(5));
        let letter = comes_to(
            &post,
            &refused("451 4.7.1 Greylisting in action, please come back later", Whose::Content),
            minutes(5),
        );
        assert_eq!(letter.next_at, minutes(10));
        let letter = comes_to(&post, &refused("450 4.2.1 busy", Whose::Recipient), minutes(10));
        assert_eq!(letter.next_at, minutes(15), "the third wait");
        let letter = comes_to(&post, &refused("450 4.7.1 greylisted", Whose::Recipient), minutes(15));
        assert_eq!(letter.next_at, minutes(30), "never sooner than without it");
    }
}
