//! The configuration as it is written: one type per table, one field per key, nothing checked but names and types.
//! An unknown key is an error, so a mistyped one can't be ignored silently.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Addressing, EnvelopeSender, FileRule, Layout, LogFormat, LogLevel, Profile, Tls};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Folder for the database, the blobs and the keys.
    pub store: PathBuf,
    /// File with the key that blobs are sealed with.
    pub blob_key_file: Option<PathBuf>,
    /// Environment variable with it.
    pub blob_key_env: Option<String>,
    /// systemd credential with it.
    pub blob_key_credential: Option<String>,
    /// DNS servers (`address` or `address:port`) that are asked for DKIM keys and policies; the system's if absent.
    #[serde(default)]
    pub resolver: Vec<String>,
    /// What is logged and how.
    #[serde(default)]
    pub log: Log,
    /// What is too big, and how many are too many.
    #[serde(default)]
    pub limits: Limits,
    /// The firms, at least one.
    #[serde(default)]
    pub firm: Vec<Firm>,
    /// The mailboxes that are watched.
    #[serde(default)]
    pub mailbox: Vec<Mailbox>,
}

/// `[log]`
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    /// The least important level that is written.
    #[serde(default)]
    pub level: LogLevel,
    /// Lines for people or objects for machines.
    #[serde(default)]
    pub format: LogFormat,
}

/// `[limits]`
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// The biggest mail that is read, in bytes.
    pub mail_bytes: Option<u64>,
    /// How many mails of one sender are taken in an hour.
    pub mails_per_sender: Option<u64>,
    /// How many mails about one matter are taken in an hour.
    pub mails_per_matter: Option<u64>,
}

/// `[[firm]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Firm {
    /// The firm's short name, as given to `docketpost init`.
    pub slug: String,
    /// The gateway's own address for this firm: From of every mail, base of the reply addresses.
    pub address: String,
    /// How an address says what it is about.
    pub addressing: Addressing,
    /// The firm's own mail domains.
    pub domains: Vec<String>,
    /// Domains whose servers sign whatever a user of theirs writes into From.
    #[serde(default)]
    pub local_part_unproven: Vec<String>,
    /// A folder that gets `.eml` files instead of sending them.
    pub directory: Option<PathBuf>,
    /// The submission server.
    pub smtp: Option<Smtp>,
    /// How long the mail about a share waits for further ones, in seconds.
    pub shares_wait_secs: Option<u64>,
    /// What becomes of files that may do harm.
    #[serde(default)]
    pub files: Files,
    /// The virus scanner that every file passes before it is filed.
    pub clamd: Option<Clamd>,
}

/// `[firm.files]`
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    /// Programs and scripts, told by their content and their names.
    pub programs: Option<FileRule>,
    /// Office files with macros, told by the names inside.
    pub macros: Option<FileRule>,
    /// Zips and office files that need a password.
    pub encrypted: Option<FileRule>,
    /// The program that draws the first page of a PDF.
    pub pdftoppm: Option<PathBuf>,
}

/// `[firm.clamd]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clamd {
    /// Its socket: an absolute path.
    pub socket: Option<PathBuf>,
    /// Its address and port.
    pub address: Option<String>,
    /// How long each step of it may take, in seconds.
    pub timeout_secs: Option<u64>,
}

/// `[firm.smtp]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Smtp {
    /// Name or address of the submission server.
    pub host: String,
    /// Its port; by default 465, 587 or 25 as `tls` says.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// A file of further certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// The account; without one no log-in is tried.
    pub user: Option<String>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// systemd credential that holds the password.
    pub password_credential: Option<String>,
    /// Tokens instead of a password.
    pub oauth: Option<OAuth>,
    /// The address that bounces go to.
    #[serde(default)]
    pub envelope_sender: EnvelopeSender,
    /// The name that is said in EHLO.
    pub hello_name: Option<String>,
    /// How long each answer of the server may take, in seconds.
    pub timeout_secs: Option<u64>,
    /// How long the server may take to accept a mail that was sent to its end, in seconds.
    pub final_timeout_secs: Option<u64>,
}

/// `oauth = { … }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth {
    /// How tokens are got.
    pub flow: Flow,
    /// Where tokens are got.
    pub token_url: String,
    /// The registered application.
    pub client_id: String,
    /// File that holds the application's secret.
    pub client_secret_file: Option<PathBuf>,
    /// Environment variable that holds the application's secret.
    pub client_secret_env: Option<String>,
    /// systemd credential that holds the application's secret.
    pub client_secret_credential: Option<String>,
    /// What is asked for.
    pub scope: Option<String>,
    /// File that holds the refresh token got by signing in once.
    pub refresh_token_file: Option<PathBuf>,
    /// Environment variable that holds it.
    pub refresh_token_env: Option<String>,
    /// systemd credential that holds it.
    pub refresh_token_credential: Option<String>,
}

/// The two ways to a token.
#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Flow {
    /// The application itself is entitled (RFC 6749 4.4).
    ClientCredentials,
    /// A person consented once (RFC 6749 6).
    RefreshToken,
}

/// `[[mailbox]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mailbox {
    /// The mailbox's name in the store and in logs; renaming it starts it afresh.
    pub name: String,
    /// The slug of the firm whose mail it is.
    pub firm: String,
    /// A Maildir that is watched instead of an IMAP server.
    pub maildir: Option<PathBuf>,
    /// The IMAP server.
    pub imap: Option<Imap>,
    /// When the provider's Authentication-Results may be believed.
    pub auth_results: Option<AuthResults>,
}

/// `[mailbox.imap]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Imap {
    /// Name or address of the server.
    pub host: String,
    /// Its port; by default 993, or 143 for `starttls` and `none`.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// A file of further certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// The account.
    pub user: String,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// systemd credential that holds the password.
    pub password_credential: Option<String>,
    /// Tokens instead of a password.
    pub oauth: Option<OAuth>,
    /// The folder that is watched.
    pub folder: Option<String>,
    /// The folder that taken mails are moved to; empty: they stay.
    pub processed_folder: Option<String>,
    /// Seconds between two looks where the server has no IDLE.
    pub poll_secs: Option<u64>,
}

/// `[mailbox.auth_results]` (sender-proof.md 5.3)
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthResults {
    /// The names by which the provider signs its verdicts.
    #[serde(default)]
    pub authserv_id: Vec<String>,
    /// The hosts after `by` in the trusted Received lines; with `m365` the domain of the border's.
    pub received_by: Vec<String>,
    /// How many trusted Received lines there are, the border's included.
    pub hops: Option<u8>,
    /// How many Authentication-Results the border adds.
    pub fields: Option<u8>,
    /// Where the border puts them.
    #[serde(default)]
    pub layout: Layout,
    /// Whose habits they follow.
    #[serde(default)]
    pub profile: Profile,
    /// Whether a pass by SPF alone, with a reply address, proves a mail.
    pub spf_alone: Option<bool>,
}
