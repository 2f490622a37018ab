//! From what is configured to what the mailboxes, the submission servers and the proof take.

use std::path::Path;

use jiff::Timestamp;

use crate::config::{Auth, Imap, Login};
use crate::imap::{self, ImapAccount, Timeouts};
use crate::oauth::{OAuthError, TokenSource};
use crate::smtp::Credentials;

/// The account of a configured mailbox.
pub fn imap(configured: &Imap) -> Result<ImapAccount, OAuthError> {
    let auth = match &configured.auth {
        Auth::Password(password) => imap::Auth::Password(password.clone()),
        Auth::OAuth(client) => imap::Auth::XOAuth2(TokenSource::new(client.clone())?),
    };
    Ok(ImapAccount {
        host: configured.host.clone(),
        port: configured.port,
        tls: configured.tls,
        user: configured.user.clone(),
        auth,
        folder: configured.folder.clone(),
        extra_ca: configured.ca_file.clone(),
        timeouts: Timeouts { poll: configured.poll, ..Timeouts::default() },
    })
}

/// How a firm's sender logs in.
#[derive(Clone, Debug)]
pub enum SenderLogin {
    /// It does not.
    None,
    /// With a password.
    Password(Box<Login>),
    /// With tokens from this source.
    Tokens(Box<Login>, TokenSource),
}

impl SenderLogin {
    /// The log-in of a configured way out.
    pub fn new(login: Option<&Login>, _store: &Path) -> Result<SenderLogin, OAuthError> {
        Ok(match login {
            None => SenderLogin::None,
            Some(login) => match &login.auth {
                Auth::Password(_) => SenderLogin::Password(Box::new(login.clone())),
                Auth::OAuth(client) => SenderLogin::Tokens(Box::new(login.clone()), TokenSource::new(client.clone())?),
            },
        })
    }

    /// What to log in with now; fetches a token where one is needed.
    pub async fn credentials(&self, now: Timestamp) -> Result<Option<Credentials>, OAuthError> {
        Ok(match self {
            SenderLogin::None => None,
            SenderLogin::Password(login) => Credentials::new(login, None),
            SenderLogin::Tokens(login, source) => Credentials::new(login, Some(source.token(now).await?)),
        })
    }

    /// Forgets a token that the server refused.
    pub async fn forget(&self) {
        if let SenderLogin::Tokens(_, source) = self {
            source.forget().await;
        }
    }
}
