//! One conversation with a submission server: connect, STARTTLS, log in, then mail after mail, each judged by what the
//! server answered at each step (faults.md F13–F19).

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::reply::Reply;
use super::wire::{self, Stream, Wire};
use super::{ConnectError, Credentials, Outcome, Outgoing, Refusal, Stage, Trouble, Whose};
use crate::config::{Smtp, Tls};
use crate::tls;

/// The last bytes of a mail are written together with its dot; what goes wrong earlier leaves the server without it.
const TAIL_BYTES: usize = 16 * 1024;
/// How long a good-bye may take.
const QUIT: Duration = Duration::from_secs(2);

/// What a server said it can.
#[derive(Default)]
struct Offers {
    pipelining: bool,
    eight_bit: bool,
    size: Option<u64>,
    dsn: bool,
    start_tls: bool,
    mechanisms: Vec<String>,
}

impl Offers {
    fn read(ehlo: &Reply) -> Offers {
        let mut offers = Offers::default();
        for line in ehlo.lines.iter().skip(1).map(|l| l.to_ascii_uppercase()) {
            let mut words = line.split([' ', '=']).filter(|w| !w.is_empty());
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("STARTTLS") => offers.start_tls = true,
                Some("DSN") => offers.dsn = true,
                Some("AUTH") => offers.mechanisms.extend(words.map(str::to_owned)),
                // 0 is "no fixed limit" (RFC 1870 4)
                Some("SIZE") => offers.size = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0),
                _ => {}
            }
        }
        offers
    }

    fn has(&self, mechanism: &str) -> bool {
        self.mechanisms.iter().any(|m| m == mechanism)
    }
}

/// What the log-in to a server showed, for `docketpost check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How the connection is encrypted.
    pub tls: Tls,
    /// False if the configuration names no account.
    pub logged_in: bool,
    /// Whether several commands may go out at once (RFC 2920).
    pub pipelining: bool,
    /// The biggest mail it takes, in bytes, if it says so (RFC 1870).
    pub size_limit: Option<u64>,
}

/// Connects, logs in, quits; sends nothing.
pub async fn check(smtp: &Smtp, credentials: Option<&Credentials>) -> Result<Report, ConnectError> {
    let session = Session::connect(smtp, credentials).await?;
    let report = Report {
        tls: smtp.tls,
        logged_in: smtp.login.is_some(),
        pipelining: session.offers.pipelining,
        size_limit: session.offers.size,
    };
    session.quit().await;
    Ok(report)
}

/// A conversation that has come as far as the first mail.
pub(super) struct Session {
    /// Absent once anything went wrong; taken out while a mail is under way, so that a dropped future closes it.
    wire: Option<Wire>,
    offers: Offers,
    final_limit: Duration,
}

impl Session {
    pub async fn connect(smtp: &Smtp, credentials: Option<&Credentials>) -> Result<Session, ConnectError> {
        let tcp = timeout(smtp.timeout, TcpStream::connect((smtp.host.as_str(), smtp.port)));
        let tcp = tcp.await.map_err(|_| Trouble::Timeout)?.map_err(wire::io)?;
        tcp.set_nodelay(true).map_err(wire::io)?;
        let (mut wire, offers) = match smtp.tls {
            Tls::Implicit => greet(Wire::new(encrypt(Box::new(tcp), smtp).await?, smtp.timeout), smtp).await?,
            Tls::None => greet(Wire::new(Box::new(tcp), smtp.timeout), smtp).await?,
            Tls::StartTls => {
                let (wire, offers) = greet(Wire::new(Box::new(tcp), smtp.timeout), smtp).await?;
                start_tls(wire, &offers, smtp).await?
            }
        };
        if smtp.login.is_some() {
            log_in(&mut wire, &offers, credentials.ok_or(ConnectError::NoCredentials)?).await?;
        }
        Ok(Session { wire: Some(wire), offers, final_limit: smtp.final_timeout })
    }

    pub fn is_open(&mut self) -> bool {
        let open = self.wire.as_mut().is_some_and(Wire::is_quiet);
        if !open {
            self.wire = None;
        }
        open
    }

    #[cfg(test)]
    pub fn has_wire(&self) -> bool {
        self.wire.is_some()
    }

    /// Shortens all waits from now on.
    #[cfg(test)]
    pub fn hurry(&mut self, limit: Duration) {
        self.final_limit = limit;
        if let Some(wire) = &mut self.wire {
            wire.limit = limit;
        }
    }

    pub async fn quit(self) {
        if let Some(mut wire) = self.wire {
            // whether it answers no longer matters
            let _ = timeout(QUIT, wire.ask("QUIT")).await;
        }
    }

    pub async fn send(&mut self, mail: &Outgoing) -> Outcome {
        if let Some(refusal) = self.beyond_limits(mail) {
            return Outcome::Refused(refusal);
        }
        let Some(wire) = self.wire.take() else { return Outcome::NotSent(Trouble::Closed) };
        let (outcome, wire) = self.transact(wire, mail).await;
        self.wire = wire.filter(Wire::is_in_step);
        outcome
    }

    /// Refuses what this server has said it can't take.
    fn beyond_limits(&self, mail: &Outgoing) -> Option<Refusal> {
        let size = u64::try_from(mail.bytes.len()).unwrap_or(u64::MAX);
        let (code, reply) = if self.offers.size.is_some_and(|limit| size > limit) {
            (552, "the mail is bigger than the server takes")
        } else if !self.offers.eight_bit && !mail.bytes.is_ascii() {
            (554, "the mail has 8-bit text and the server takes none")
        } else {
            return None;
        };
        Some(Refusal { permanent: true, code, reply: reply.to_owned(), whose: Whose::Content })
    }

    /// Takes one mail through MAIL, RCPT, DATA and the dot; gives the connection back if it can be used on.
    async fn transact(&self, mut wire: Wire, mail: &Outgoing) -> (Outcome, Option<Wire>) {
        let opening = match self.open(&mut wire, mail).await {
            Ok(opening) => opening,
            Err(trouble) => return (Outcome::NotSent(trouble), None),
        };
        match opening.judge() {
            Ok(()) => finish(wire, mail, self.final_limit).await,
            Err(Verdict::Refused(refusal)) => (Outcome::Refused(refusal), opening.abandon(wire).await),
            Err(Verdict::Lost(trouble)) => (Outcome::NotSent(trouble), None),
        }
    }

    /// Writes MAIL, RCPT and DATA, at once if the server allows (RFC 2920), and reads the answers.
    async fn open(&self, wire: &mut Wire, mail: &Outgoing) -> Result<Opening, Trouble> {
        let (from, to) = wire::envelope(mail, &self.parameters(mail));
        let data = wire::command("DATA");
        if self.offers.pipelining {
            wire.write(format!("{from}{to}{data}").as_bytes()).await?;
        } else {
            wire.write(from.as_bytes()).await?;
        }
        let mut opening = Opening { mail: wire.reply().await?, rcpt: None, data: None, trouble: None };
        for (line, is_rcpt) in [(&to, true), (&data, false)] {
            let refused = opening.judge().is_err_and(|v| matches!(v, Verdict::Refused(_)));
            if opening.ends_connection() || (refused && !self.offers.pipelining) {
                break;
            }
            let written = if self.offers.pipelining { Ok(()) } else { wire.write(line.as_bytes()).await };
            let reply = match written {
                Ok(()) => wire.reply().await,
                Err(trouble) => Err(trouble),
            };
            match reply {
                Ok(reply) if is_rcpt => opening.rcpt = Some(reply),
                Ok(reply) => opening.data = Some(reply),
                Err(trouble) => {
                    opening.trouble = Some(trouble);
                    break;
                }
            }
        }
        Ok(opening)
    }

    fn parameters(&self, mail: &Outgoing) -> String {
        let mut parameters = String::new();
        if self.offers.size.is_some() {
            parameters.push_str(&format!(" SIZE={}", mail.bytes.len()));
        }
        if self.offers.eight_bit && !mail.bytes.is_ascii() {
            parameters.push_str(" BODY=8BITMIME");
        }
        if self.offers.dsn {
            // A bounce need not carry the whole confidential mail back (RFC 3461 4.3, threats T87).
            parameters.push_str(" RET=HDRS");
        }
        parameters
    }
}

/// The server's answers before the mail itself.
struct Opening {
    mail: Reply,
    rcpt: Option<Reply>,
    data: Option<Reply>,
    /// Why an answer is missing, if not because of an earlier one.
    trouble: Option<Trouble>,
}

enum Verdict {
    Refused(Refusal),
    Lost(Trouble),
}

impl Opening {
    /// Whether the mail itself may follow; the first answer that says no decides.
    fn judge(&self) -> Result<(), Verdict> {
        let lost = || Verdict::Lost(self.trouble.clone().unwrap_or(Trouble::Closed));
        expect(&self.mail, &[250], Whose::Account)?;
        expect(self.rcpt.as_ref().ok_or_else(lost)?, &[250, 251], Whose::Recipient)?;
        expect(self.data.as_ref().ok_or_else(lost)?, &[354], Whose::Content)
    }

    /// True after a 421, which announces the end (RFC 5321 3.8).
    fn ends_connection(&self) -> bool {
        [Some(&self.mail), self.rcpt.as_ref(), self.data.as_ref()].into_iter().flatten().any(|r| r.code == 421)
    }

    /// Ends a refused transaction so that the next mail finds the server in step, or closes.
    async fn abandon(&self, mut wire: Wire) -> Option<Wire> {
        if self.trouble.is_some() || self.ends_connection() {
            return None;
        }
        // a server that says 354 without a recipient waits for a mail and gets an empty one (RFC 2920 3.1)
        if self.data.as_ref().is_some_and(|d| d.code == 354) {
            wire.write(b".\r\n").await.ok()?;
            let reply = wire.reply().await.ok()?;
            return Some(wire).filter(|_| reply.code != 421);
        }
        let reply = wire.ask("RSET").await.ok()?;
        Some(wire).filter(|_| reply.code == 250)
    }
}

fn expect(reply: &Reply, good: &[u16], whose: Whose) -> Result<(), Verdict> {
    match reply.code {
        code if good.contains(&code) => Ok(()),
        400..600 => Err(Verdict::Refused(refusal(reply, whose))),
        _ => Err(Verdict::Lost(Trouble::Protocol("an answer that doesn't fit the command"))),
    }
}

/// A refusal, laid at the door of `whose` unless code or status say otherwise.
fn refusal(reply: &Reply, whose: Whose) -> Refusal {
    let text = reply.text();
    let whose = match reply.code {
        // "authentication required", "too weak", "failed", "encryption required" (RFC 4954 6)
        530 | 534 | 535 | 538 => Whose::Account,
        _ if is_about_us(reply, &text) => Whose::Account,
        _ if reply.has_enhanced("5.3.4") => Whose::Content,
        // What Exchange says when a mail is handed in is never about the mailbox that it would go to.
        _ if text.contains("STOREDRV.Submission") => Whose::Content,
        _ if whose == Whose::Content && (reply.has_enhanced("5.1.") || reply.has_enhanced("5.2.")) => Whose::Recipient,
        _ => whose,
    };
    Refusal { permanent: reply.is_permanent(), code: reply.code, reply: text, whose }
}

/// Status codes about the sender or its account: the sender's address (RFC 3463 3.2), and Exchange Online's for one who
/// may not send so, or has sent too much.
const ABOUT_US: [&str; 5] = ["5.1.7", "5.1.8", "5.1.90", "5.2.252", "5.7.60"];
/// What servers say of the sender or its account under codes that say less.
const SAID_ABOUT_US: [&str; 6] = [
    "sendasdenied",
    "not allowed to send as",
    "permissions to send as",
    "outboundspamexception",
    "submissionquotaexceeded",
    "sending limit exceeded",
];

/// Without the addresses in angle brackets that servers repeat: those may hold any word.
fn without_addresses(text: &str) -> String {
    let mut pieces = text.split('<');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('>').map_or(piece, |(_, rest)| rest))
}

/// True for what a server says to RCPT, or after the dot, about the sender: Postfix keeps its judgement of MAIL until
/// the one, Exchange until the other, and a recipient must not be blamed for it.
fn is_about_us(reply: &Reply, text: &str) -> bool {
    let text = without_addresses(text).to_ascii_lowercase();
    let denied = reply.has_enhanced("5.7.") && (text.contains("sender address rejected") || text.contains("relay"));
    let says = || SAID_ABOUT_US.iter().any(|words| text.contains(words));
    denied || ABOUT_US.iter().any(|code| reply.has_enhanced(code)) || says()
}

/// Writes the mail and its dot and reads what became of it.
async fn finish(mut wire: Wire, mail: &Outgoing, limit: Duration) -> (Outcome, Option<Wire>) {
    let mut body = wire::body(&mail.bytes);
    let tail = body.len().saturating_sub(TAIL_BYTES).max(body.len() / 2);
    let mut end = body.split_off(tail);
    end.extend_from_slice(b".\r\n");
    if let Err(trouble) = wire.write(&body).await {
        return (Outcome::NotSent(trouble), None);
    }
    crate::crash_point!("data_half");
    // A yes that comes before the end of the mail is no answer to it, and the answer to it would be taken for the next's.
    if wire.hears() {
        let outcome = match wire.reply_within(limit).await {
            Ok(reply) if reply.code >= 400 => Outcome::Refused(refusal(&reply, Whose::Content)),
            _ => Outcome::NotSent(Trouble::Protocol("an answer before the end of the mail")),
        };
        return (outcome, None);
    }
    if let Err(trouble) = wire.write(&end).await {
        return (Outcome::Unknown(trouble), None);
    }
    crate::crash_point!("dot_sent");
    match wire.reply_within(limit).await {
        Ok(reply) if reply.code == 250 => {
            crate::crash_point!("accepted");
            (Outcome::Sent { reply: reply.text() }, Some(wire))
        }
        Ok(reply) if reply.code >= 400 => {
            let usable = Some(wire).filter(|_| reply.code != 421);
            (Outcome::Refused(refusal(&reply, Whose::Content)), usable)
        }
        Ok(_) => (Outcome::Unknown(Trouble::Protocol("an answer that doesn't fit the end of a mail")), None),
        Err(trouble) => (Outcome::Unknown(trouble), None),
    }
}

/// Reads the greeting and says EHLO.
async fn greet(mut wire: Wire, smtp: &Smtp) -> Result<(Wire, Offers), ConnectError> {
    require(wire.reply().await?, 220, Stage::Greeting)?;
    hello(wire, smtp).await
}

async fn hello(mut wire: Wire, smtp: &Smtp) -> Result<(Wire, Offers), ConnectError> {
    let reply = wire.ask(&format!("EHLO {}", smtp.hello_name)).await?;
    let offers = Offers::read(&require(reply, 250, Stage::Hello)?);
    Ok((wire, offers))
}

async fn start_tls(mut wire: Wire, offers: &Offers, smtp: &Smtp) -> Result<(Wire, Offers), ConnectError> {
    if !offers.start_tls {
        return Err(ConnectError::NoStartTls);
    }
    require(wire.ask("STARTTLS").await?, 220, Stage::StartTls)?;
    let stream = wire.into_stream().ok_or(ConnectError::Injected)?;
    // what was offered in clear counts for nothing (RFC 3207 4.2)
    hello(Wire::new(encrypt(stream, smtp).await?, smtp.timeout), smtp).await
}

async fn encrypt(stream: Box<dyn Stream>, smtp: &Smtp) -> Result<Box<dyn Stream>, ConnectError> {
    let config: Arc<ClientConfig> = tls::client_config(smtp.ca_file.as_deref())?;
    let name = ServerName::try_from(smtp.host.clone()).map_err(|e| ConnectError::Handshake(e.to_string()))?;
    let handshake = timeout(smtp.timeout, TlsConnector::from(config).connect(name, stream));
    match handshake.await.map_err(|_| Trouble::Timeout)? {
        Ok(stream) => Ok(Box::new(stream)),
        // rustls reports its own errors as InvalidData, the rest is the network's
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => Err(ConnectError::Handshake(e.to_string())),
        Err(e) => Err(wire::io(e).into()),
    }
}

async fn log_in(wire: &mut Wire, offers: &Offers, credentials: &Credentials) -> Result<(), ConnectError> {
    let reply = match credentials {
        Credentials::XOAuth2 { user, token } if offers.has("XOAUTH2") => {
            let text = format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret());
            let reply = wire.ask(&format!("AUTH XOAUTH2 {}", BASE64.encode(text.as_bytes()))).await?;
            // the reason of a refusal comes as a challenge that wants an empty answer
            if reply.code == 334 { wire.ask("").await? } else { reply }
        }
        Credentials::Password { user, password } if offers.has("PLAIN") => {
            let text = format!("\0{user}\0{}", password.expose_secret());
            wire.ask(&format!("AUTH PLAIN {}", BASE64.encode(text.as_bytes()))).await?
        }
        Credentials::Password { user, password } if offers.has("LOGIN") => {
            require(wire.ask("AUTH LOGIN").await?, 334, Stage::Auth)?;
            require(wire.ask(&BASE64.encode(user.as_bytes())).await?, 334, Stage::Auth)?;
            wire.ask(&BASE64.encode(password.expose_secret().as_bytes())).await?
        }
        _ => return Err(ConnectError::NoMechanism),
    };
    require(reply, 235, Stage::Auth).map(drop)
}

fn require(reply: Reply, code: u16, at: Stage) -> Result<Reply, ConnectError> {
    match reply.code {
        found if found == code => Ok(reply),
        400..600 => {
            Err(ConnectError::Refused { at, permanent: reply.is_permanent(), code: reply.code, reply: reply.text() })
        }
        _ => Err(Trouble::Protocol("an answer that doesn't fit the command").into()),
    }
}
