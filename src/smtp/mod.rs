//! The way out: a mail comes in as frozen bytes with its envelope, what became of it goes out.
//!
//! The client is our own, because the outbox lives on knowing exactly what the server said: replies are bounded in
//! lines and bytes, every wait has an end, 354 is required after DATA and 250 after the dot, and a connection on which
//! anything went wrong, or whose future was dropped half way, is never used again. One mail goes to one recipient, so
//! that a refusal is always that recipient's own (faults.md F56). It never retries, never decides about rights, and
//! never logs: replies may name addresses.

mod directory;
mod reply;
mod session;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

use crate::config;
use crate::domain::Address;
use crate::tls::TlsError;
use session::Session;
pub use session::{Report, check};

/// A mail that is ready to leave; its Debug says none of it, for reply addresses and codes stand in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where bounces go; `None` is the null sender `<>`.
    pub envelope_from: Option<Address>,
    /// The one recipient.
    pub to: Address,
    /// The whole mail, RFC 5322 with CRLF; a bare CR or LF is made CRLF on the wire.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("octets", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken it (250 after the dot was read).
    Sent {
        /// What it said, cleaned and cut; not for the log.
        reply: String,
    },
    /// The server, or its known limits, refused it; it has no copy.
    Refused(Refusal),
    /// The server was given the whole mail and its answer never came or can't be read: it may have it or not
    /// (RFC 1047). Sending it again may double it.
    Unknown(Trouble),
    /// The connection was lost before the mail was complete: the server doesn't have it.
    NotSent(Trouble),
}

/// A refused mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// False if the same mail may be accepted later.
    pub permanent: bool,
    /// The server's three digits; our own 552 or 554 if the mail can't be sent to this server at all.
    pub code: u16,
    /// What it said, cleaned and cut; not for the log.
    pub reply: String,
    /// Whose fault it is.
    pub whose: Whose,
}

impl Refusal {
    /// True for a server that takes nothing from whom it does not know yet, and will when asked again after a while
    /// (faults.md F16).
    pub fn is_greylisting(&self) -> bool {
        let text = self.reply.to_ascii_lowercase();
        !self.permanent && (text.contains("greylist") || text.contains("graylist"))
    }
}

/// Whose fault a refusal is (faults.md F14, F15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This recipient's: others may get theirs.
    Recipient,
    /// Our account's: nobody gets anything, so the queue stops and no recipient is blamed.
    Account,
    /// This mail's: its size or what it says.
    Content,
}

/// What goes wrong with connections.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The other side ended it.
    #[error("the connection was closed")]
    Closed,
    /// An answer, or room for our bytes, didn't come in time.
    #[error("the server took too long")]
    Timeout,
    /// The system reported an error.
    #[error("the connection failed: {0}")]
    Io(std::io::ErrorKind),
    /// The server said something that isn't SMTP.
    #[error("the server doesn't speak SMTP: {0}")]
    Protocol(&'static str),
}

/// Where in the log-in something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The greeting.
    Greeting,
    /// EHLO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH: with a token, a fresh one may help.
    Auth,
}

/// Says why there is no connection to send on. None of these is a recipient's fault.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server can't be reached or doesn't answer well.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// TLS can't be set up on our side.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The server's certificate isn't what it must be, or its TLS isn't.
    #[error("no secure connection: {0}")]
    Handshake(String),
    /// The server doesn't offer STARTTLS, or somebody between took it away: nothing was sent.
    #[error("the server doesn't offer STARTTLS")]
    NoStartTls,
    /// Somebody put text after the answer to STARTTLS (threats.md T89).
    #[error("there was text between STARTTLS and TLS: somebody may be tampering with the connection")]
    Injected,
    /// The server takes none of our ways to log in.
    #[error("the server offers no way to log in that fits the configuration")]
    NoMechanism,
    /// The configuration says to log in, and no password or token was given.
    #[error("there is no password or token to log in with")]
    NoCredentials,
    /// The server refused us.
    #[error("refused at {at:?}: {code}")]
    Refused {
        /// Where.
        at: Stage,
        /// False if it may accept us later.
        permanent: bool,
        /// The server's three digits.
        code: u16,
        /// What it said, cleaned and cut; not for the log.
        reply: String,
    },
}

impl ConnectError {
    /// True if trying again later may help without anybody doing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            ConnectError::Trouble(_) => true,
            ConnectError::Refused { permanent, .. } => !permanent,
            _ => false,
        }
    }
}

/// What an account shows when it logs in.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A name and its password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A name and a bearer token.
    XOAuth2 {
        /// The name.
        user: String,
        /// The token.
        token: SecretString,
    },
}

impl Credentials {
    /// What `login` shows; `token` is the present bearer token, needed if it uses OAuth.
    pub fn new(login: &config::Login, token: Option<SecretString>) -> Option<Credentials> {
        let user = login.user.clone();
        match &login.auth {
            config::Auth::Password(password) => Some(Credentials::Password { user, password: password.clone() }),
            config::Auth::OAuth(_) => token.map(|token| Credentials::XOAuth2 { user, token }),
        }
    }
}

/// A way for mails to leave.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Through a submission server.
    Smtp(Box<config::Smtp>),
    /// Into a folder, one `.eml` file each.
    Directory(PathBuf),
    /// Into a list, for tests.
    Memory(Arc<Mutex<Vec<Outgoing>>>),
}

impl From<&config::WayOut> for Transport {
    fn from(way: &config::WayOut) -> Transport {
        match way {
            config::WayOut::Smtp(smtp) => Transport::Smtp(smtp.clone()),
            config::WayOut::Directory(folder) => Transport::Directory(folder.clone()),
        }
    }
}

impl Transport {
    /// Opens a connection on which mails can be sent, logged in where the configuration says so.
    pub async fn connect(&self, credentials: Option<&Credentials>) -> Result<Connection, ConnectError> {
        Ok(Connection(match self {
            Transport::Smtp(smtp) => Way::Smtp(Box::new(Session::connect(smtp, credentials).await?)),
            Transport::Directory(folder) => Way::Directory(folder.clone()),
            Transport::Memory(mails) => Way::Memory(mails.clone()),
        }))
    }
}

/// An open way out, for many mails one after another.
pub struct Connection(Way);

enum Way {
    Smtp(Box<Session>),
    Directory(PathBuf),
    Memory(Arc<Mutex<Vec<Outgoing>>>),
}

impl Connection {
    /// Sends one mail; before this is called nothing of it is written. If the future is dropped, the mail's outcome is
    /// unknown and the connection is closed.
    pub async fn send(&mut self, mail: &Outgoing) -> Outcome {
        match &mut self.0 {
            Way::Smtp(session) => session.send(mail).await,
            Way::Directory(folder) => directory::put(folder, mail),
            Way::Memory(mails) => {
                mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Outcome::Sent { reply: "250 kept in memory".to_owned() }
            }
        }
    }

    /// False if no further mail can be sent here, be it that something went wrong or that the server has hung up or
    /// spoken unasked in the meantime.
    pub fn is_open(&mut self) -> bool {
        match &mut self.0 {
            Way::Smtp(session) => session.is_open(),
            Way::Directory(_) | Way::Memory(_) => true,
        }
    }

    /// Says good-bye and closes.
    pub async fn quit(self) {
        if let Way::Smtp(session) = self.0 {
            session.quit().await;
        }
    }
}
