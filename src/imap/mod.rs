//! The mailbox at an IMAP server (RFC 9051, RFC 3501): in comes an account, out come raw mails with their UIDs, a wake-up
//! when there may be more, and the tidying away of what is stored.
//!
//! An answer that is cut off, refused or out of step is always an error, never a shorter answer: what a callback was
//! given came whole. Reading marks nothing as seen. The parser for single answers is imap-proto's; lines and literals are
//! told apart here (`wire`), because a client that trusts a stranger with its memory and its patience needs both bounded.
//!
//! Nothing here knows the store, and no error text, log line or `Debug` holds a password, a token or a mail.

pub mod cursor;

mod command;
mod connect;
mod fetch;
mod owner;
mod settle;
mod watch;
mod wire;

#[cfg(test)]
mod misbehaviour;
#[cfg(test)]
mod scripts;

pub use crate::maildir::Content;
pub use command::Session;
pub use connect::{Report, check};
pub use cursor::Cursor;
pub(crate) use fetch::groups;
pub use fetch::{Fetched, Limits};
pub use watch::Wake;

use crate::config::Tls;
use crate::{oauth::OAuthError, oauth::TokenSource, tls::TlsError};
use secrecy::SecretString;
use std::{io, path::PathBuf, time::Duration};
use thiserror::Error;

/// How the gateway logs in.
#[derive(Clone, Debug)]
pub enum Auth {
    /// With a password (AUTHENTICATE PLAIN, or LOGIN where the server lacks it).
    Password(SecretString),
    /// With OAuth access tokens (XOAUTH2), as Microsoft and Google want it.
    XOAuth2(TokenSource),
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the connection and for the TLS handshake.
    pub connect: Duration,
    /// For the next byte of an answer.
    pub answer: Duration,
    /// Until IDLE is renewed (RFC 2177 says at most 29 minutes, decisions.md 41 says 9) and the mailbox looked at, in which
    /// an IDLE that has fallen silent may hide mail (fault F27).
    pub renew: Duration,
    /// Until the mailbox is looked at where the server lacks IDLE.
    pub poll: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(30),
            answer: Duration::from_secs(60),
            renew: Duration::from_secs(5 * 60),
            poll: Duration::from_secs(60),
        }
    }
}

/// A mailbox and how to reach it.
#[derive(Clone, Debug)]
pub struct ImapAccount {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The user to log in as.
    pub user: String,
    /// How to log in.
    pub auth: Auth,
    /// The folder to watch, usually `INBOX`.
    pub folder: String,
    /// A PEM file with the authority of a firm's own server.
    pub extra_ca: Option<PathBuf>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

/// What a server said of the selected folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The number under which the UIDs are valid; `None` if the server gave none.
    pub uid_validity: Option<u32>,
    /// The UID that the next mail gets at least, if the server said so.
    pub uid_next: Option<u32>,
    /// How many mails it holds.
    pub mails: u32,
}

/// What kind of trouble an error is: this decides what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server doesn't take the password or token: tell a person, and ask rarely so that the account isn't locked.
    AuthRefused,
    /// It may work later.
    Temporary,
    /// It won't work until somebody changes something.
    Permanent,
    /// The connection is gone or of no use: connect again.
    Lost,
}

/// Why something at the server did not work.
#[derive(Debug, Error)]
pub enum ImapError {
    /// The server can't be reached.
    #[error("cannot connect to the IMAP server: {0}")]
    Connect(io::Error),
    /// TLS could not be set up with what the configuration says.
    #[error(transparent)]
    TlsSetup(#[from] TlsError),
    /// The server's certificate or its TLS is not acceptable.
    #[error("the IMAP server's TLS is not acceptable: {0}")]
    Tls(io::Error),
    /// The configuration asks for a log-in in clear beyond this machine.
    #[error("without TLS only a server on this machine is spoken to")]
    InClear,
    /// There is no access token to log in with.
    #[error(transparent)]
    Token(#[from] OAuthError),
    /// The server doesn't take the password or the token.
    #[error("the IMAP server refuses the log-in: {0}")]
    AuthRefused(String),
    /// The server can't log anybody in at the moment.
    #[error("the IMAP server can't log in now: {0}")]
    AuthUnavailable(String),
    /// The server lacks something that is needed.
    #[error("the IMAP server lacks {0}")]
    Lacks(&'static str),
    /// The server refused a command.
    #[error("the IMAP server refused {command}: {text}")]
    No {
        /// The first words of the command.
        command: &'static str,
        /// What the server said.
        text: String,
    },
    /// The server did not understand a command.
    #[error("the IMAP server did not understand {command}: {text}")]
    Bad {
        /// The first words of the command.
        command: &'static str,
        /// What the server said.
        text: String,
    },
    /// The server said goodbye.
    #[error("the IMAP server ended the connection: {0}")]
    Bye(String),
    /// The connection ended.
    #[error("the connection to the IMAP server is lost")]
    Lost,
    /// The connection failed.
    #[error("the connection to the IMAP server failed: {0}")]
    Io(io::Error),
    /// The server did not answer in time.
    #[error("no answer from the IMAP server for {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// The server sent more than was asked for.
    #[error("the IMAP server sent more than was asked for")]
    TooMuch,
    /// The server's answer makes no sense.
    #[error("the IMAP server's answer makes no sense: {0}")]
    Nonsense(&'static str),
}

impl ImapError {
    /// Tells what kind of trouble this is.
    pub fn trouble(&self) -> Trouble {
        match self {
            ImapError::AuthRefused(_) => Trouble::AuthRefused,
            ImapError::Token(e) if !e.is_temporary() => Trouble::AuthRefused,
            ImapError::Connect(_) | ImapError::Token(_) | ImapError::AuthUnavailable(_) => Trouble::Temporary,
            ImapError::No { text, .. } if says_permanent(text) => Trouble::Permanent,
            // Not every server gives a code when there is no such folder.
            ImapError::No { command: "SELECT" | "EXAMINE", text } if !says_temporary(text) => Trouble::Permanent,
            ImapError::No { .. } => Trouble::Temporary,
            ImapError::TlsSetup(_) | ImapError::Tls(_) | ImapError::InClear | ImapError::Lacks(_) => Trouble::Permanent,
            ImapError::Bad { .. } => Trouble::Permanent,
            ImapError::Bye(_) | ImapError::Lost | ImapError::Io(_) | ImapError::Timeout(_) => Trouble::Lost,
            ImapError::TooMuch | ImapError::Nonsense(_) => Trouble::Lost,
        }
    }

    /// Tells whether trying again later may help without anybody doing something.
    pub fn is_temporary(&self) -> bool {
        matches!(self.trouble(), Trouble::Temporary | Trouble::Lost)
    }

    /// Gives a word for the log, which says nothing of anybody.
    pub fn code(&self) -> &'static str {
        match self {
            ImapError::Connect(_) => "connect",
            ImapError::TlsSetup(_) | ImapError::Tls(_) => "tls",
            ImapError::InClear => "in_clear",
            ImapError::Token(_) => "token",
            ImapError::AuthRefused(_) => "auth_refused",
            ImapError::AuthUnavailable(_) => "auth_unavailable",
            ImapError::Lacks(_) => "lacks",
            ImapError::No { .. } => "no",
            ImapError::Bad { .. } => "bad",
            ImapError::Bye(_) => "bye",
            ImapError::Lost | ImapError::Io(_) => "lost",
            ImapError::Timeout(_) => "timeout",
            ImapError::TooMuch => "too_much",
            ImapError::Nonsense(_) => "nonsense",
        }
    }
}

/// Response codes of RFC 5530, or words, that ask for patience.
fn says_temporary(text: &str) -> bool {
    let codes = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"];
    codes.iter().any(|code| has_code(text, code)) || text.to_ascii_lowercase().contains("temporar")
}

/// Response codes of RFC 5530 after which the same command fails again.
fn says_permanent(text: &str) -> bool {
    ["[NONEXISTENT]", "[NOPERM]", "[CANNOT]", "[CLIENTBUG]"].iter().any(|code| has_code(text, code))
}

/// Whether a server's text starts with this response code.
fn has_code(text: &str, code: &str) -> bool {
    text.get(..code.len()).is_some_and(|start| start.eq_ignore_ascii_case(code))
}
