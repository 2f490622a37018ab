//! From what is configured to what the mailboxes, the submission servers and the proof take.

use std::path::Path;

use jiff::Timestamp;

use crate::config::{self, Auth, Grant, Imap, Login};
use crate::imap::{self, ImapAccount, Timeouts};
use crate::oauth::{self, OAuthClient, OAuthError, TokenSource};
use crate::proof::{AuthResultsPolicy, Layout, Profile};
use crate::smtp::Credentials;

/// The account of a configured mailbox.
pub fn imap(configured: &Imap) -> Result<ImapAccount, OAuthError> {
    let auth = match &configured.auth {
        Auth::Password(password) => imap::Auth::Password(password.clone()),
        Auth::OAuth(client) => imap::Auth::XOAuth2(TokenSource::new(oauth_client(client))?),
    };
    let tls = match configured.tls {
        config::Tls::Implicit => imap::Tls::Implicit,
        config::Tls::StartTls => imap::Tls::StartTls,
        config::Tls::None => imap::Tls::None,
    };
    Ok(ImapAccount {
        host: configured.host.clone(),
        port: configured.port,
        tls,
        user: configured.user.clone(),
        auth,
        folder: configured.folder.clone(),
        extra_ca: configured.ca_file.clone(),
        timeouts: Timeouts { poll: configured.poll, ..Timeouts::default() },
    })
}

/// The registration that a configured OAuth table describes.
pub fn oauth_client(configured: &config::OAuth) -> OAuthClient {
    let grant = match &configured.grant {
        Grant::ClientCredentials => oauth::Grant::ClientCredentials,
        Grant::RefreshToken { first, kept_in } => {
            oauth::Grant::RefreshToken { first: first.clone(), kept_in: kept_in.clone() }
        }
    };
    OAuthClient {
        endpoint: configured.token_url.clone(),
        client_id: configured.client_id.clone(),
        client_secret: configured.client_secret.clone(),
        scope: configured.scope.clone(),
        grant,
    }
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
                Auth::OAuth(client) => {
                    SenderLogin::Tokens(Box::new(login.clone()), TokenSource::new(oauth_client(client))?)
                }
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

/// What a mailbox's border may be believed.
pub fn policy(configured: &config::AuthResults) -> AuthResultsPolicy {
    AuthResultsPolicy {
        authserv_id: configured.authserv_id.clone(),
        received_by: configured.received_by.clone(),
        hops: configured.hops.into(),
        fields: configured.fields.into(),
        layout: match configured.layout {
            config::Layout::Above => Layout::Above,
            config::Layout::Below => Layout::Below,
        },
        profile: match configured.profile {
            config::Profile::Rfc8601 => Profile::Rfc8601,
            config::Profile::Gmail => Profile::Gmail,
            config::Profile::M365 => Profile::M365,
        },
    }
}
