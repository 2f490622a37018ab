//! From an account to a logged-in session: connection, TLS, greeting, log-in. Nothing of a password or token is sent
//! before the server has shown a certificate, unless it is on this machine and the configuration asks for that.

use super::{
    Auth, ImapAccount, ImapError, Mailbox, Session, Tls,
    command::{Heard, hear, quoted, short},
    says_temporary,
    wire::{Stream, Wire},
};
use crate::tls;
use data_encoding::BASE64;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use std::io;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// What `docketpost check` tells of an account that lets the gateway in.
#[derive(Debug)]
pub struct Report {
    /// Whether the server tells of new mail by itself (IDLE, RFC 2177).
    pub idle: bool,
    /// Whether it moves mails in one command (MOVE, RFC 6851).
    pub can_move: bool,
    /// Whether mails can be removed one by one (UIDPLUS, RFC 4315).
    pub uid_plus: bool,
    /// The folder to watch, or why it can't be opened.
    pub folder: Result<Mailbox, ImapError>,
    /// Which stores say that the mailbox is theirs; none where there is no folder for that.
    pub owners: Option<Vec<String>>,
}

/// Connects, logs in, looks at the folder, and at the one that tells whose mailbox it is, and leaves; changes nothing.
pub async fn check(account: &ImapAccount, notes: &str, now: Timestamp) -> Result<Report, ImapError> {
    let mut session = Session::connect(account, now).await?;
    let folder = session.open("EXAMINE").await;
    let owners = if folder.is_ok() { session.owners(notes).await? } else { None };
    let (idle, can_move, uid_plus) = (session.can("IDLE"), session.can("MOVE"), session.can("UIDPLUS"));
    session.logout().await;
    Ok(Report { idle, can_move, uid_plus, folder, owners })
}

impl Session {
    /// Connects to the account's server and logs in; `now` decides whether an access token is still good.
    pub async fn connect(account: &ImapAccount, now: Timestamp) -> Result<Session, ImapError> {
        let tcp = reach(account).await?;
        if account.tls == Tls::None && !tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()) {
            return Err(ImapError::InClear);
        }
        tcp.set_nodelay(true).map_err(ImapError::Connect)?;
        let mut session = match account.tls {
            Tls::Implicit => greeted(account, secure(account, Box::new(tcp)).await?).await?,
            Tls::StartTls => upgrade(account, greeted(account, Box::new(tcp)).await?).await?,
            Tls::None => greeted(account, Box::new(tcp)).await?,
        };
        session.ask_capabilities().await?;
        session.log_in(account, now).await?;
        session.ask_capabilities().await?;
        Ok(session)
    }

    /// Asks what the server can do, unless it has said so unasked.
    async fn ask_capabilities(&mut self) -> Result<(), ImapError> {
        if self.capabilities.is_empty() {
            self.command("CAPABILITY", "", 0, |_| {}).await?;
        }
        Ok(())
    }

    async fn log_in(&mut self, account: &ImapAccount, now: Timestamp) -> Result<(), ImapError> {
        let user = account.user.as_str();
        match &account.auth {
            Auth::Password(password) if self.can("AUTH=PLAIN") => {
                let initial = format!("\0{user}\0{}", password.expose_secret());
                self.authenticate("PLAIN", &initial).await
            }
            Auth::Password(password) => self.log_in_plainly(user, password.expose_secret()).await,
            Auth::XOAuth2(tokens) => {
                if !self.can("AUTH=XOAUTH2") {
                    return Err(ImapError::Lacks("XOAUTH2"));
                }
                let token = tokens.token(now).await?;
                let initial = format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret());
                let done = self.authenticate("XOAUTH2", &initial).await;
                if matches!(done, Err(ImapError::AuthRefused(_))) {
                    // It may have been withdrawn before its time; the next attempt gets a new one.
                    tokens.forget().await;
                }
                done
            }
        }
    }

    async fn log_in_plainly(&mut self, user: &str, password: &str) -> Result<(), ImapError> {
        let is_writable = |text: &str| !text.contains(['\r', '\n', '\0']);
        if self.can("LOGINDISABLED") || !is_writable(user) || !is_writable(password) {
            return Err(ImapError::Lacks("a log-in with this password"));
        }
        self.capabilities.clear();
        let line = format!("{} {}", quoted(user), quoted(password));
        self.command("LOGIN", &line, 0, |_| {}).await.map(drop).map_err(refused)
    }

    /// Sends the whole proof with the command where the server allows it (SASL-IR, RFC 4959). A server that refuses a
    /// token first asks for an empty line, in order to say why.
    async fn authenticate(&mut self, mechanism: &str, proof: &str) -> Result<(), ImapError> {
        let proof = BASE64.encode(proof.as_bytes());
        let at_once = self.can("SASL-IR");
        self.capabilities.clear();
        let line = if at_once { format!("{mechanism} {proof}") } else { mechanism.to_owned() };
        let mut unsent = (!at_once).then_some(proof);
        let reply = || Some(unsent.take().unwrap_or_default());
        self.converse("AUTHENTICATE", &line, 0, |_| {}, reply).await.map(drop).map_err(refused)
    }
}

async fn reach(account: &ImapAccount) -> Result<TcpStream, ImapError> {
    let limit = account.timeouts.connect;
    let connecting = TcpStream::connect((account.host.as_str(), account.port));
    timeout(limit, connecting).await.map_err(|_| ImapError::Timeout(limit))?.map_err(ImapError::Connect)
}

async fn secure(account: &ImapAccount, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, ImapError> {
    let bad_name = |_| ImapError::Tls(io::Error::other("its name in the configuration is no host name"));
    let name = ServerName::try_from(account.host.clone()).map_err(bad_name)?;
    let path = account.extra_ca.clone();
    // Reading the machine's authorities takes a while.
    let config = tokio::task::spawn_blocking(move || tls::client_config(path.as_deref())).await;
    let config = config.map_err(|_| ImapError::Lost)??;
    let limit = account.timeouts.connect;
    let handshake = TlsConnector::from(config).connect(name, stream);
    let stream = timeout(limit, handshake).await.map_err(|_| ImapError::Timeout(limit))?.map_err(ImapError::Tls)?;
    Ok(Box::new(stream))
}

/// A session over this connection after its greeting was heard.
async fn greeted(account: &ImapAccount, stream: Box<dyn Stream>) -> Result<Session, ImapError> {
    let wire = Wire::new(stream, account.timeouts.answer);
    let mut session = Session::new(wire, account.timeouts, account.folder.clone());
    let greeting = session.wire.answer().await?;
    match session.notice(hear(&greeting, "")?)? {
        Heard::Answer(_) => Ok(session),
        // Someone in between may have said so in order to keep us from STARTTLS (RFC 9051, section 11.1).
        Heard::PreAuth => Err(ImapError::Nonsense("it lets us in without a log-in")),
        _ => Err(ImapError::Nonsense("no greeting")),
    }
}

async fn upgrade(account: &ImapAccount, mut session: Session) -> Result<Session, ImapError> {
    session.ask_capabilities().await?;
    if !session.can("STARTTLS") {
        return Err(ImapError::Lacks("STARTTLS"));
    }
    session.command("STARTTLS", "", 0, |_| {}).await?;
    let stream = session.wire.into_stream().ok_or(ImapError::Nonsense("it speaks on before TLS"))?;
    let wire = Wire::new(secure(account, stream).await?, account.timeouts.answer);
    // What was said in clear, capabilities above all, is forgotten.
    Ok(Session::new(wire, account.timeouts, account.folder.clone()))
}

fn refused(error: ImapError) -> ImapError {
    match error {
        ImapError::No { text, .. } if says_temporary(&text) => ImapError::AuthUnavailable(text),
        ImapError::No { text, .. } => ImapError::AuthRefused(short(&text)),
        other => other,
    }
}
