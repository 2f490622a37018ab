//! The configuration as it is meant: every value checked, every default filled in, secrets read. Its fields are public,
//! so that the demo and tests make one without a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::Address;

/// What the whole program is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder for the database, the blobs and the keys.
    pub store: PathBuf,
    /// What the blobs are sealed with.
    pub blobs: BlobKey,
    /// DNS servers for DKIM keys and policies; empty for the system's.
    pub resolver: Vec<SocketAddr>,
    /// What is logged and how.
    pub log: Log,
    /// What is too big.
    pub limits: Limits,
    /// The firms.
    pub firms: Vec<Firm>,
    /// The mailboxes that are watched.
    pub mailboxes: Vec<Mailbox>,
}

/// What seals the blobs on disk.
#[derive(Clone, Debug, Default)]
pub enum BlobKey {
    /// Nothing: they lie open, protected by their file mode.
    #[default]
    None,
    /// 64 hexadecimal digits.
    Key(SecretString),
    /// A key that this process was not given, and why: no blob can be kept or read.
    Locked(String),
}

impl Config {
    /// The firm of that slug.
    pub fn firm(&self, slug: &str) -> Option<&Firm> {
        self.firms.iter().find(|firm| firm.slug == slug)
    }
}

/// What is logged and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Log {
    /// The least important level that is written.
    pub level: LogLevel,
    /// Lines for people or objects for machines.
    pub format: LogFormat,
}

/// The least important level that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what somebody must look at.
    Error,
    /// Also what went wrong and will be tried again.
    Warn,
    /// Also what was done.
    #[default]
    Info,
    /// Also each step.
    Debug,
}

impl LogLevel {
    /// The level's name, as tracing reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}

/// Lines for people or objects for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of text per event.
    #[default]
    Plain,
    /// One JSON object per line.
    Json,
}

/// What is too big, and how many are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The biggest mail that is read, in bytes; of a bigger one only the header is taken and it is held.
    pub mail_bytes: u64,
    /// How many mails of one sender are taken in an hour.
    pub mails_per_sender: u32,
    /// How many mails about one matter are taken in an hour.
    pub mails_per_matter: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { mail_bytes: 25 * 1024 * 1024, mails_per_sender: 60, mails_per_matter: 200 }
    }
}

/// A law firm that uses the gateway.
#[derive(Clone, Debug)]
pub struct Firm {
    /// The short name given to `docketpost init`.
    pub slug: String,
    /// From of every mail, and base of the reply addresses.
    pub address: Address,
    /// How an address says what it is about.
    pub addressing: Addressing,
    /// The firm's own mail domains, in lower case.
    pub domains: Vec<String>,
    /// Domains whose servers sign whatever a user of theirs writes into From, in lower case (sender-proof.md 5.9).
    pub local_part_unproven: Vec<String>,
    /// How its mails leave.
    pub way_out: WayOut,
    /// How long the mail about a share waits for further ones.
    pub shares_wait: SignedDuration,
    /// What is done with files.
    pub files: Files,
}

/// What is done with a firm's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// What becomes of those that may do harm.
    pub rules: FileRules,
    /// The virus scanner that every file passes before it is filed.
    pub clamd: Option<Clamd>,
    /// The program that draws the first page of a PDF; without one PDFs have no preview.
    pub pdftoppm: Option<PathBuf>,
}

/// What becomes of files that may do harm, however they are told: by content and names, never by opening them
/// (decisions.md 30).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRules {
    /// Programs and scripts.
    pub programs: FileRule,
    /// Office files with macros.
    pub macros: FileRule,
    /// Zips and office files that need a password.
    pub encrypted: FileRule,
}

impl Default for FileRules {
    fn default() -> FileRules {
        FileRules { programs: FileRule::Refuse, macros: FileRule::File, encrypted: FileRule::Refuse }
    }
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileRule {
    /// It is filed, and the receipt says what it is.
    File,
    /// Its mail waits until the firm releases it.
    Hold,
    /// It is not filed, and the receipt says why.
    Refuse,
}

/// A virus scanner (clamd) and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clamd {
    /// Where it listens.
    pub place: ClamdPlace,
    /// How long each step of it may take.
    pub timeout: Duration,
}

/// Where a virus scanner listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClamdPlace {
    /// On a socket of this machine.
    Socket(PathBuf),
    /// On an address and port; what is sent there is not encrypted.
    Tcp(SocketAddr),
}

/// How an address says what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// Any local part of the address's domain is ours: `m-12@gw.hale.example`, `r+token@gw.hale.example`.
    Subdomain,
    /// One mailbox, all told after a plus: `r+m-12@hale.example`.
    Plus,
    /// One mailbox whose server knows no plus addresses: answers are told by the Message-ID that they answer, and by the
    /// number in the subject, `[M-12]`.
    Plain,
}

/// How a firm's mails leave.
#[derive(Clone, Debug)]
pub enum WayOut {
    /// Through a submission server.
    Smtp(Box<Smtp>),
    /// Into a folder of `.eml` files.
    Directory(PathBuf),
}

/// A mailbox that is watched.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Its name in the store and in logs.
    pub name: String,
    /// The slug of the firm whose mail it is.
    pub firm: String,
    /// Where the mails come from.
    pub way_in: WayIn,
    /// When the provider's Authentication-Results may be believed; never if absent.
    pub auth_results: Option<AuthResults>,
}

/// Where mails come from.
#[derive(Clone, Debug)]
pub enum WayIn {
    /// An IMAP server.
    Imap(Box<Imap>),
    /// A Maildir.
    Maildir(PathBuf),
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// From the first byte (RFC 8314).
    #[default]
    Implicit,
    /// After a command in clear; nothing is said before it, and without it the connection is given up.
    StartTls,
    /// Not at all: for loopback only.
    None,
}

/// How an account shows who it is.
#[derive(Clone, Debug)]
pub enum Auth {
    /// By password.
    Password(SecretString),
    /// By bearer tokens (XOAUTH2).
    OAuth(OAuth),
}

/// Where bearer tokens come from.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// The token endpoint: https, or http on loopback.
    pub token_url: String,
    /// The registered application.
    pub client_id: String,
    /// The application's secret; always there for `ClientCredentials`.
    pub client_secret: Option<SecretString>,
    /// What is asked for; always there for `ClientCredentials`.
    pub scope: Option<String>,
    /// How a token is got.
    pub grant: Grant,
}

/// How a token is got.
#[derive(Clone, Debug)]
pub enum Grant {
    /// The application itself is entitled (RFC 6749 4.4).
    ClientCredentials,
    /// A person consented once (RFC 6749 6).
    RefreshToken {
        /// The token got by that.
        first: SecretString,
        /// The file beside the database for the one that the server gives instead.
        kept_in: PathBuf,
    },
}

/// An IMAP account and the folder that is watched.
#[derive(Clone, Debug)]
pub struct Imap {
    /// Name or address of the server, as its certificate says.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Further certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// The account.
    pub user: String,
    /// How it shows who it is.
    pub auth: Auth,
    /// The folder that is watched.
    pub folder: String,
    /// The folder that taken mails are moved to; without one they stay.
    pub processed_folder: Option<String>,
    /// The time between two looks where the server has no IDLE.
    pub poll: Duration,
}

/// A submission server and the account on it.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Name or address of the server, as its certificate says.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Further certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// The account; without one no log-in is tried.
    pub login: Option<Login>,
    /// The address that bounces go to.
    pub envelope_sender: EnvelopeSender,
    /// The name that is said in EHLO.
    pub hello_name: String,
    /// How long each answer of the server may take.
    pub timeout: Duration,
    /// How long the server may take to accept a mail that was sent to its end (RFC 5321 4.5.3.2.6: 10 minutes).
    pub final_timeout: Duration,
}

/// An account on a submission server.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its name.
    pub user: String,
    /// How it shows who it is.
    pub auth: Auth,
}

/// The envelope sender of the gateway's mails (decisions.md 31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvelopeSender {
    /// The firm's gateway address: what every submission server takes.
    #[default]
    Plain,
    /// An address per mail, so that a bounce names what bounced.
    Verp,
    /// `<>`, so that nothing ever bounces.
    Null,
}

/// When a provider's Authentication-Results may be believed (sender-proof.md 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthResults {
    /// The names by which the provider signs its verdicts, in lower case; empty only for `Profile::M365`.
    pub authserv_id: Vec<String>,
    /// The hosts after `by` in the trusted Received lines, in lower case; for `Profile::M365` the domains below which the
    /// border's hosts are named, since each mail comes through another.
    pub received_by: Vec<String>,
    /// How many trusted Received lines there are, the border's included; without meaning for `Profile::M365`.
    pub hops: u8,
    /// How many Authentication-Results the border adds.
    pub fields: u8,
    /// Where the border puts them.
    pub layout: Layout,
    /// Whose habits they follow.
    pub profile: Profile,
    /// A pass by SPF alone, with a reply address, proves a mail; a firm may want more (decisions.md 2).
    pub spf_alone: bool,
}

impl AuthResults {
    /// All of it in a line, to tell whether it changed.
    pub fn in_a_line(&self) -> String {
        format!("{self:?}")
    }
}

/// Where the border puts its Authentication-Results relative to its own Received line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Above it, as RFC 8601 7.1 wants: position is proof. Of a border that puts them below nothing is believed then.
    #[default]
    Above,
    /// Below it, as some milters do: position proves nothing.
    Below,
}

/// Whose habits the Authentication-Results follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The grammar of RFC 8601.
    #[default]
    Rfc8601,
    /// Gmail and Google Workspace.
    Gmail,
    /// Microsoft 365, which gives no authserv-id.
    M365,
}
