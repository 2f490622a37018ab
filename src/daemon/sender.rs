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
use crate::outbound::letter::{self, Addressed, Letter, Notice};
use crate::smtp::{ConnectError, Connection, Outcome, Outgoing, Transport, Whose};
use crate::store::outbox::Outbox;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, StoreError, Tx};

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
    let mut sender =
        Sender { house, transport: Transport::from(&served.config.way_out), served, login, connection: None };
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
        trouble.report(&sender.served.firm.slug);
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

    /// A server that was restarted is there again in seconds; an account that is refused needs a person.
    fn pause(&self, last: Duration) -> Duration {
        match self {
            Trouble::Store(_) | Trouble::Account(_) => ACCOUNT_PAUSE,
            Trouble::Server(_) => last.saturating_mul(2).min(ACCOUNT_PAUSE),
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
}

impl Sender {
    async fn send_due(&mut self, stop: &Stop) -> std::result::Result<Sent, Trouble> {
        let firm = self.served.firm.id;
        let due = self.house.store.read(|view| view.outbox_due(firm, now(), BATCH))?;
        if due.is_empty() {
            return Ok(Sent::All);
        }
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
            let gateway = &self.served.desk.gateway;
            let claimed = deliver::claim(&self.house.store, &self.served.firm, gateway, &letter, now()).await;
            let claimed = match claimed {
                Err(error) if is_this_letters(&error) => {
                    // A letter that can't be written must not stand before all others.
                    tracing::error!(outbox.id = letter.id.0, %error, "a letter can't be written");
                    self.house.store.write_soon(move |tx| put_off(tx, firm, &letter, now())).await?;
                    continue;
                }
                claimed => claimed?,
            };
            let mail = match claimed {
                Ready::Send(mail) => mail,
                Ready::Dropped | Ready::Waits => continue,
            };
            let outcome = self.hand_over(&mail, stop).await;
            let stops = matches!(&outcome, Outcome::Refused(r) if r.whose == Whose::Account);
            settling.push(self.settle(letter, mail, outcome));
            if settling.len() >= SETTLE_AT {
                for done in std::mem::take(&mut settling) {
                    done.await?;
                }
            }
            if stops {
                ended = Err(Trouble::Account("the server refuses our account"));
                break;
            }
        }
        for done in settling {
            done.await?;
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

    async fn hand_over(&mut self, mail: &Claimed, stop: &Stop) -> Outcome {
        let outgoing =
            Outgoing { envelope_from: self.envelope_from(mail.id), to: mail.to.clone(), bytes: mail.bytes.clone() };
        let Some(connection) = self.connection.as_mut() else {
            return Outcome::NotSent(crate::smtp::Trouble::Closed);
        };
        let outcome = tokio::select! {
            outcome = connection.send(&outgoing) => Some(outcome),
            () = async { stop.asked().await; tokio::time::sleep(LAST_MAIL).await } => None,
        };
        outcome.unwrap_or(Outcome::Unknown(crate::smtp::Trouble::Timeout))
    }

    fn envelope_from(&self, id: OutboxId) -> Option<Address> {
        let address = &self.served.desk.gateway.address;
        let style = match &self.served.config.way_out {
            WayOut::Smtp(smtp) => smtp.envelope_sender,
            WayOut::Directory(_) => EnvelopeSender::Plain,
        };
        match style {
            EnvelopeSender::Plain => Some(address.clone()),
            EnvelopeSender::Null => None,
            EnvelopeSender::Verp => Address::parse(&format!("{}+b{}@{}", address.local(), id, address.domain()))
                .ok()
                .or(Some(address.clone())),
        }
    }

    fn settle(&self, letter: Outbox, mail: Claimed, outcome: Outcome) -> impl Future<Output = Result<()>> + use<> {
        log(letter.id, &outcome);
        let firm = self.served.firm.id;
        self.house.store.write_soon(move |tx| settle(tx, firm, &letter, &mail, &outcome, now()))
    }
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
            tell_firm(tx, firm, letter, true, now)
        }
    }
}

/// Notes in the store what became of a mail.
fn settle(tx: &Tx<'_>, firm: FirmId, letter: &Outbox, mail: &Claimed, outcome: &Outcome, now: Timestamp) -> Result<()> {
    let again = |tx: &Tx<'_>, reply: &str| -> Result<()> {
        let age = Duration::try_from(now.duration_since(letter.date_at)).unwrap_or_default();
        match backoff::next(letter.tries.saturating_add(1), age) {
            Some(wait) => tx.set_deferred(letter.id, reply, now.checked_add(wait).unwrap_or(now)),
            None => {
                tx.set_failed(letter.id, "TOO_OLD", reply)?;
                tell_firm(tx, firm, letter, true, now)
            }
        }
    };
    match outcome {
        Outcome::Sent { reply } => tx.set_sent(letter.id, mail.to.as_str(), &cut(reply), now),
        Outcome::Refused(refusal) if refusal.permanent && refusal.whose != Whose::Account => {
            tx.set_failed(letter.id, "REFUSED", &cut(&refusal.reply))?;
            tell_firm(tx, firm, letter, true, now)
        }
        Outcome::Refused(refusal) => again(tx, &cut(&refusal.reply)),
        Outcome::Unknown(_) => again(tx, "outcome unknown"),
        Outcome::NotSent(_) => again(tx, "connection lost"),
    }
}

/// The firm hears, by another letter, that one could not be delivered: once a day and person, never about itself.
fn tell_firm(tx: &Tx<'_>, firm: FirmId, letter: &Outbox, permanent: bool, now: Timestamp) -> Result<()> {
    let Some(admin) = tx.first_admin(firm)? else { return Ok(()) };
    let zone = tx.firm(firm)?.map_or(jiff::tz::TimeZone::UTC, |f| f.zone());
    if admin.id == letter.person {
        return Ok(());
    }
    let notice = Letter::Notice { notice: Notice::Undeliverable { permanent }, about: letter.person };
    let key = format!("undeliverable:{}:{}", letter.person, now.to_zoned(zone).date());
    letter::queue(tx, firm, Addressed::new(admin.id, notice, key, Some((Purpose::Reply, About::Firm))), now)?;
    Ok(())
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
