//! From what is written to what is meant: every value is checked, all mistakes are collected, none stops the check.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};

use super::meant::{
    Addressing, Auth, AuthResults, BlobKey, Clamd, ClamdPlace, Config, FileRules, Files, Firm, Grant, Imap, Layout,
    Limits, Log, Login, Mailbox, OAuth, Profile, Smtp, Tls, WayIn, WayOut,
};
use super::place::{Places, readable};
use super::secrets::{self, Environment, Source};
use super::written;
use super::{ConfigError, Secrets};
use crate::domain::Address;
use crate::domain::address::is_freemail;

/// How long the mail about a share waits for further ones, if nothing else is said.
const SHARES_WAIT_SECS: u64 = 60;
/// Where poppler-utils puts it.
const PDFTOPPM: &str = "/usr/bin/pdftoppm";

/// What the check knows and what it has found so far.
pub(super) struct Checker<'a> {
    pub(super) places: &'a Places,
    /// Relative paths are meant from here.
    pub(super) folder: &'a Path,
    pub(super) environment: Environment<'a>,
    pub(super) secrets: Secrets,
    pub(super) store: PathBuf,
    pub(super) errors: Vec<ConfigError>,
}

/// The four keys of an account which say how it shows who it is.
struct WrittenAuth<'a> {
    file: &'a Option<PathBuf>,
    env: &'a Option<String>,
    credential: &'a Option<String>,
    oauth: &'a Option<written::OAuth>,
    /// The file beside the database in which a replaced refresh token is kept.
    kept_in: PathBuf,
}

impl Checker<'_> {
    pub(super) fn config(&mut self, file: &written::File) -> Config {
        self.store = self.path("store", &file.store);
        let firms: Vec<Firm> =
            file.firm.iter().enumerate().filter_map(|(n, f)| self.firm(&format!("firm.{n}"), f)).collect();
        let mailboxes: Vec<Mailbox> =
            file.mailbox.iter().enumerate().map(|(n, m)| self.mailbox(&format!("mailbox.{n}"), m)).collect();
        if file.firm.is_empty() {
            self.wrong("firm", "there must be at least one [[firm]]");
        }
        self.firms_apart(file);
        self.mailboxes_apart(file);
        self.ways_apart(&firms, &mailboxes);
        Config {
            store: self.store.clone(),
            blobs: self.blob_key(file),
            resolver: self.resolver(&file.resolver),
            log: Log { level: file.log.level, format: file.log.format },
            limits: self.limits(&file.limits),
            firms,
            mailboxes,
        }
    }

    fn resolver(&mut self, written: &[String]) -> Vec<SocketAddr> {
        let mut servers = Vec::new();
        for (n, text) in written.iter().enumerate() {
            let with_port = text.parse::<SocketAddr>().ok();
            match with_port.or_else(|| text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 53))) {
                Some(server) => servers.push(server),
                None => self.wrong(
                    &format!("resolver.{n}"),
                    "must be an address with or without a port, such as 127.0.0.53 or 127.0.0.53:53",
                ),
            }
        }
        servers
    }

    fn limits(&mut self, written: &written::Limits) -> Limits {
        let default = Limits::default();
        let mail_bytes = self.number("limits.mail_bytes", written.mail_bytes, default.mail_bytes, 65_536, 268_435_456);
        let mut mails = |key: &str, written: Option<u64>, default: u32| {
            u32::try_from(self.number(key, written, u64::from(default), 10, 1_000_000)).unwrap_or(default)
        };
        let mails_per_sender = mails("limits.mails_per_sender", written.mails_per_sender, default.mails_per_sender);
        let mails_per_matter = mails("limits.mails_per_matter", written.mails_per_matter, default.mails_per_matter);
        Limits { mail_bytes, mails_per_sender, mails_per_matter }
    }

    fn firm(&mut self, at: &str, written: &written::Firm) -> Option<Firm> {
        self.slug(&format!("{at}.slug"), &written.slug);
        let address = self.address(&format!("{at}.address"), &written.address);
        if written.domains.is_empty() {
            self.wrong(&format!("{at}.domains"), "must name at least one of the firm's own mail domains");
        }
        let mut domains = Vec::new();
        for (n, domain) in written.domains.iter().enumerate() {
            domains.push(self.own_domain(&format!("{at}.domains.{n}"), domain));
        }
        let mut local_part_unproven = Vec::new();
        for (n, domain) in written.local_part_unproven.iter().enumerate() {
            if Address::parse(&format!("a@{domain}")).is_err() {
                self.wrong(&format!("{at}.local_part_unproven.{n}"), "must be a mail domain such as chambers.example");
            }
            local_part_unproven.push(domain.to_ascii_lowercase());
        }
        let own_domain = address.as_ref().map_or("", Address::domain);
        if written.addressing == Addressing::Subdomain && domains.iter().any(|d| d == own_domain) {
            self.wrong(
                &format!("{at}.address"),
                "with addressing = \"subdomain\" every address of its domain is the gateway's: \
                 it must not be one of the firm's own domains",
            );
        }
        let way_out = match (&written.smtp, &written.directory) {
            (Some(smtp), None) => WayOut::Smtp(Box::new(self.smtp(&format!("{at}.smtp"), smtp, written, own_domain))),
            (None, Some(folder)) => WayOut::Directory(self.path(&format!("{at}.directory"), folder)),
            (None, None) => {
                self.wrong(at, "a firm needs [firm.smtp] or directory, or its mails have no way out");
                WayOut::Directory(PathBuf::new())
            }
            (Some(_), Some(folder)) => {
                self.wrong(&format!("{at}.directory"), "can't stand beside [firm.smtp]: mails leave one way only");
                WayOut::Directory(folder.clone())
            }
        };
        let files = Files {
            rules: file_rules(&written.files),
            clamd: written.clamd.as_ref().and_then(|clamd| self.clamd(&format!("{at}.clamd"), clamd)),
            pdftoppm: self.pdftoppm(&format!("{at}.files.pdftoppm"), &written.files),
        };
        let wait = self.number(&format!("{at}.shares_wait_secs"), written.shares_wait_secs, SHARES_WAIT_SECS, 0, 3600);
        let shares_wait = SignedDuration::from_secs(i64::try_from(wait).unwrap_or_default());
        let (slug, addressing) = (written.slug.clone(), written.addressing);
        Some(Firm { slug, address: address?, addressing, domains, local_part_unproven, way_out, shares_wait, files })
    }

    fn pdftoppm(&mut self, at: &str, written: &written::Files) -> Option<PathBuf> {
        match &written.pdftoppm {
            None => Some(PathBuf::from(PDFTOPPM)).filter(|program| program.is_file()),
            Some(none) if none.as_os_str().is_empty() => None,
            Some(program) if program.is_absolute() && program.is_file() => Some(program.clone()),
            Some(_) => {
                self.wrong(at, "must be the absolute path of a program that is there");
                None
            }
        }
    }

    fn clamd(&mut self, at: &str, written: &written::Clamd) -> Option<Clamd> {
        let timeout = self.seconds(&format!("{at}.timeout_secs"), written.timeout_secs, 60, 1, 600);
        let place = match (&written.socket, &written.address) {
            (Some(socket), None) => ClamdPlace::Socket(self.path(&format!("{at}.socket"), socket)),
            (None, Some(address)) => match address.parse::<SocketAddr>() {
                Ok(address) if address.port() != 0 => ClamdPlace::Tcp(address),
                _ => {
                    self.wrong(&format!("{at}.address"), "must be an address and port, such as 127.0.0.1:3310");
                    return None;
                }
            },
            _ => {
                self.wrong(at, "needs socket or address, and not both");
                return None;
            }
        };
        Some(Clamd { place, timeout })
    }

    fn smtp(&mut self, at: &str, written: &written::Smtp, firm: &written::Firm, domain: &str) -> Smtp {
        self.host(&format!("{at}.host"), &written.host);
        self.tls(&format!("{at}.tls"), written.tls, &written.host);
        let default_port = match written.tls {
            Tls::Implicit => 465,
            Tls::StartTls => 587,
            Tls::None => 25,
        };
        let auth = WrittenAuth {
            file: &written.password_file,
            env: &written.password_env,
            credential: &written.password_credential,
            oauth: &written.oauth,
            kept_in: self.store.join(format!("refresh-token-smtp-{}", firm.slug)),
        };
        let hello_name = match &written.hello_name {
            Some(name) => self.hello_name(&format!("{at}.hello_name"), name),
            None => domain.to_owned(),
        };
        Smtp {
            host: written.host.clone(),
            port: self.port(&format!("{at}.port"), written.port, default_port),
            tls: written.tls,
            ca_file: self.readable_file(&format!("{at}.ca_file"), &written.ca_file),
            login: self.login(at, &written.user, &auth),
            envelope_sender: written.envelope_sender,
            hello_name,
            timeout: self.seconds(&format!("{at}.timeout_secs"), written.timeout_secs, 60, 1, 3600),
            final_timeout: self.seconds(&format!("{at}.final_timeout_secs"), written.final_timeout_secs, 600, 1, 3600),
        }
    }

    fn login(&mut self, at: &str, user: &Option<String>, auth: &WrittenAuth<'_>) -> Option<Login> {
        let Some(user) = user else {
            if let Some(key) = auth.keys().first() {
                self.wrong(&format!("{at}.{key}"), "says how to log in, but user doesn't say as whom");
            }
            return None;
        };
        self.line(&format!("{at}.user"), user);
        Some(Login { user: user.clone(), auth: self.auth(at, auth) })
    }

    fn auth(&mut self, at: &str, written: &WrittenAuth<'_>) -> Auth {
        match written.keys().as_slice() {
            [] => self.wrong(
                &format!("{at}.user"),
                "needs one of password_file, password_env, password_credential or oauth beside it",
            ),
            [_] => {}
            [_, second, ..] => self.wrong(&format!("{at}.{second}"), "is one way too many to log in: leave only one"),
        }
        if let Some(oauth) = written.oauth {
            return Auth::OAuth(self.oauth(&format!("{at}.oauth"), oauth, &written.kept_in));
        }
        let secret = self.secret(at, "password", written.file, written.env, written.credential);
        Auth::Password(secret.unwrap_or_default())
    }

    fn oauth(&mut self, at: &str, written: &written::OAuth, kept_in: &Path) -> OAuth {
        self.token_url(&format!("{at}.token_url"), &written.token_url);
        self.line(&format!("{at}.client_id"), &written.client_id);
        let client_secret = self.secret(
            at,
            "client_secret",
            &written.client_secret_file,
            &written.client_secret_env,
            &written.client_secret_credential,
        );
        let refresh_token = self.secret(
            at,
            "refresh_token",
            &written.refresh_token_file,
            &written.refresh_token_env,
            &written.refresh_token_credential,
        );
        let grant = match (written.flow, refresh_token) {
            (written::Flow::ClientCredentials, None) => {
                if client_secret.is_none() {
                    self.wrong(at, "client credentials need one of client_secret_file, _env or _credential");
                }
                if written.scope.is_none() {
                    self.wrong(at, "client credentials need a scope");
                }
                Grant::ClientCredentials
            }
            (written::Flow::ClientCredentials, Some(_)) => {
                self.wrong(at, "a refresh token is for flow = \"refresh_token\" only");
                Grant::ClientCredentials
            }
            (written::Flow::RefreshToken, first) => {
                if first.is_none() {
                    self.wrong(at, "needs one of refresh_token_file, _env or _credential");
                }
                Grant::RefreshToken { first: first.unwrap_or_default(), kept_in: kept_in.to_owned() }
            }
        };
        OAuth {
            token_url: written.token_url.clone(),
            client_id: written.client_id.clone(),
            client_secret,
            scope: written.scope.clone(),
            grant,
        }
    }

    /// The secret that one of `{name}_file`, `_env` and `_credential` names, if one does.
    fn secret(
        &mut self,
        at: &str,
        name: &str,
        file: &Option<PathBuf>,
        env: &Option<String>,
        credential: &Option<String>,
    ) -> Option<SecretString> {
        let (key, source) = self.source(&format!("{at}.{name}"), file, env, credential)?;
        if self.secrets == Secrets::Leave {
            return Some(SecretString::default());
        }
        match secrets::read(&source, self.environment) {
            Ok(secret) => Some(secret),
            Err(error) => {
                self.wrong(&key, &error.to_string());
                Some(SecretString::default())
            }
        }
    }

    /// Where the secret of the keys `{stem}_file`, `_env` and `_credential` is kept, and the key that says so.
    fn source(
        &mut self,
        stem: &str,
        file: &Option<PathBuf>,
        env: &Option<String>,
        credential: &Option<String>,
    ) -> Option<(String, Source)> {
        let mut sources = Vec::new();
        if let Some(file) = file {
            let key = format!("{stem}_file");
            sources.push((key.clone(), Source::File(self.path(&key, file))));
        }
        if let Some(variable) = env {
            sources.push((format!("{stem}_env"), Source::Variable(variable.clone())));
        }
        if let Some(credential) = credential {
            sources.push((format!("{stem}_credential"), Source::Credential(credential.clone())));
        }
        if let [_, (key, _), ..] = sources.as_slice() {
            self.wrong(key, "is one source too many for one secret: leave only one");
        }
        sources.into_iter().next()
    }

    /// The key of the blobs. A command that may be run without the secrets goes on, but can't keep or read blobs.
    fn blob_key(&mut self, written: &written::File) -> BlobKey {
        let stem = "blob_key";
        let source = self.source(stem, &written.blob_key_file, &written.blob_key_env, &written.blob_key_credential);
        let Some((key, source)) = source else { return BlobKey::None };
        let is_key = |secret: &SecretString| {
            let text = secret.expose_secret();
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
        };
        match secrets::read(&source, self.environment) {
            Ok(secret) if is_key(&secret) => BlobKey::Key(secret),
            Ok(_) => {
                self.wrong(&key, "must be 64 hexadecimal digits, as `openssl rand -hex 32` makes them");
                BlobKey::None
            }
            Err(error) if self.secrets == Secrets::Leave => BlobKey::Locked(error.to_string()),
            Err(error) => {
                self.wrong(&key, &error.to_string());
                BlobKey::None
            }
        }
    }

    fn mailbox(&mut self, at: &str, written: &written::Mailbox) -> Mailbox {
        self.slug(&format!("{at}.name"), &written.name);
        let way_in = match (&written.imap, &written.maildir) {
            (Some(imap), None) => WayIn::Imap(Box::new(self.imap(&format!("{at}.imap"), imap, &written.name))),
            (None, Some(folder)) => WayIn::Maildir(self.path(&format!("{at}.maildir"), folder)),
            (None, None) => {
                self.wrong(at, "a mailbox needs [mailbox.imap] or maildir, or no mail comes from it");
                WayIn::Maildir(PathBuf::new())
            }
            (Some(_), Some(folder)) => {
                self.wrong(&format!("{at}.maildir"), "can't stand beside [mailbox.imap]: name two mailboxes");
                WayIn::Maildir(folder.clone())
            }
        };
        let auth_results = written.auth_results.as_ref().map(|a| self.auth_results(&format!("{at}.auth_results"), a));
        Mailbox { name: written.name.clone(), firm: written.firm.clone(), way_in, auth_results }
    }

    fn imap(&mut self, at: &str, written: &written::Imap, name: &str) -> Imap {
        self.host(&format!("{at}.host"), &written.host);
        self.tls(&format!("{at}.tls"), written.tls, &written.host);
        self.line(&format!("{at}.user"), &written.user);
        let default_port = if written.tls == Tls::Implicit { 993 } else { 143 };
        let folder = written.folder.clone().unwrap_or_else(|| "INBOX".to_owned());
        self.line(&format!("{at}.folder"), &folder);
        let processed = written.processed_folder.clone().unwrap_or_else(|| "Processed".to_owned());
        if processed.contains(char::is_control) {
            self.wrong(&format!("{at}.processed_folder"), "must not contain control characters");
        }
        if processed == folder {
            self.wrong(&format!("{at}.processed_folder"), "must not be the folder that is watched");
        }
        let auth = WrittenAuth {
            file: &written.password_file,
            env: &written.password_env,
            credential: &written.password_credential,
            oauth: &written.oauth,
            kept_in: self.store.join(format!("refresh-token-imap-{name}")),
        };
        Imap {
            host: written.host.clone(),
            port: self.port(&format!("{at}.port"), written.port, default_port),
            tls: written.tls,
            ca_file: self.readable_file(&format!("{at}.ca_file"), &written.ca_file),
            user: written.user.clone(),
            auth: self.auth(at, &auth),
            folder,
            processed_folder: Some(processed).filter(|p| !p.is_empty()),
            poll: self.seconds(&format!("{at}.poll_secs"), written.poll_secs, 60, 1, 3600),
        }
    }

    fn auth_results(&mut self, at: &str, written: &written::AuthResults) -> AuthResults {
        let key = format!("{at}.authserv_id");
        match (written.profile, written.authserv_id.is_empty()) {
            (Profile::M365, false) => self.wrong(&key, "must be left out: Microsoft 365 gives none"),
            (Profile::Rfc8601 | Profile::Gmail, true) => {
                self.wrong(&key, "must name the provider's authserv-id, or anybody's results would count");
            }
            _ => {}
        }
        if written.received_by.is_empty() {
            self.wrong(&format!("{at}.received_by"), "must name the host that the provider's Received lines say");
        }
        if written.profile == Profile::M365 {
            if written.hops.is_some() {
                self.wrong(
                    &format!("{at}.hops"),
                    "must be left out: Microsoft 365's own servers are now more, now fewer",
                );
            }
            if written.layout == Layout::Below {
                self.wrong(
                    &format!("{at}.layout"),
                    "must be above: Microsoft 365 writes its results above its own line",
                );
            }
            for (n, _) in written.received_by.iter().enumerate().filter(|(_, name)| !name.contains('.')) {
                let what = "must be the domain below which the border's servers are named: mail.protection.outlook.com";
                self.wrong(&format!("{at}.received_by.{n}"), what);
            }
        }
        AuthResults {
            authserv_id: self.names(&key, &written.authserv_id),
            received_by: self.names(&format!("{at}.received_by"), &written.received_by),
            hops: self.small(&format!("{at}.hops"), written.hops),
            fields: self.small(&format!("{at}.fields"), written.fields),
            layout: written.layout,
            profile: written.profile,
            spf_alone: written.spf_alone.unwrap_or(true),
        }
    }

    fn names(&mut self, at: &str, written: &[String]) -> Vec<String> {
        for (n, name) in written.iter().enumerate() {
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == ';') {
                self.wrong(&format!("{at}.{n}"), "must be one name, without spaces");
            } else if name.contains(['*', '?']) {
                self.wrong(
                    &format!("{at}.{n}"),
                    "must be a whole name as the provider writes it: no mark stands for several",
                );
            }
        }
        written.iter().map(|name| name.to_ascii_lowercase()).collect()
    }

    /// No two firms may share a slug or an address, nor a domain of which one of them owns every address.
    fn firms_apart(&mut self, file: &written::File) {
        let mut slugs = BTreeSet::new();
        for (n, firm) in file.firm.iter().enumerate() {
            if !slugs.insert(&firm.slug) {
                self.wrong(&format!("firm.{n}.slug"), "is the slug of an earlier firm");
            }
            let first = file.firm.iter().take(n).find(|other| other.address.eq_ignore_ascii_case(&firm.address));
            if let Some(first) = first {
                // One mailbox for several firms: each mail goes to the firm that it answers, or that its writer names.
                if first.addressing != firm.addressing {
                    let what = "is the address of an earlier firm, which needs the same addressing then";
                    self.wrong(&format!("firm.{n}.addressing"), what);
                }
                continue;
            }
            let overlaps = |other: &written::Firm| {
                (firm.addressing == Addressing::Subdomain || other.addressing == Addressing::Subdomain)
                    && domain_of(&other.address) == domain_of(&firm.address)
            };
            if file.firm.iter().take(n).any(overlaps) {
                let what = "shares its domain with an earlier firm, and one of the two owns all of that domain";
                self.wrong(&format!("firm.{n}.address"), what);
            }
        }
    }

    fn mailboxes_apart(&mut self, file: &written::File) {
        let (mut names, mut ways) = (BTreeSet::new(), BTreeSet::new());
        for (n, mailbox) in file.mailbox.iter().enumerate() {
            if !names.insert(&mailbox.name) {
                self.wrong(&format!("mailbox.{n}.name"), "is the name of an earlier mailbox");
            }
            if !file.firm.iter().any(|firm| firm.slug == mailbox.firm) {
                self.wrong(&format!("mailbox.{n}.firm"), "is the slug of no [[firm]] in this file");
            }
            let way = match (&mailbox.imap, &mailbox.maildir) {
                (Some(i), _) => {
                    let folder = i.folder.as_deref().unwrap_or("INBOX");
                    format!("{}\n{:?}\n{}\n{folder}", i.host.to_ascii_lowercase(), i.port, i.user)
                }
                (None, Some(folder)) => folder.display().to_string(),
                (None, None) => continue,
            };
            if !ways.insert(way) {
                self.wrong(
                    &format!("mailbox.{n}"),
                    "is watched already: an earlier mailbox has the same account and folder",
                );
            }
        }
    }

    /// What is written into a Maildir that is watched would be taken in again as mail.
    fn ways_apart(&mut self, firms: &[Firm], mailboxes: &[Mailbox]) {
        for (n, firm) in firms.iter().enumerate() {
            let WayOut::Directory(out) = &firm.way_out else { continue };
            let is_within = |m: &&Mailbox| matches!(&m.way_in, WayIn::Maildir(way) if real(out).starts_with(real(way)));
            if let Some(mailbox) = mailboxes.iter().find(is_within) {
                let what =
                    format!("lies in the maildir of the mailbox {:?}: what leaves would come in again", mailbox.name);
                self.wrong(&format!("firm.{n}.directory"), &what);
            }
        }
    }

    fn slug(&mut self, at: &str, text: &str) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty()
            || text.len() > 40
            || !text.chars().all(plain)
            || text.starts_with('-')
            || text.ends_with('-')
        {
            self.wrong(at, "must be 1 to 40 small letters, digits and hyphens");
        }
    }

    fn address(&mut self, at: &str, text: &str) -> Option<Address> {
        let address = Address::parse(text).map_err(|error| self.wrong(at, &error.to_string())).ok()?;
        if address.local().contains('+') {
            self.wrong(at, "must not contain a plus: what follows a plus is the gateway's own");
        }
        Some(address)
    }

    fn own_domain(&mut self, at: &str, text: &str) -> String {
        if Address::parse(&format!("a@{text}")).is_err() {
            self.wrong(at, "must be a mail domain such as hale.example");
        } else if is_freemail(text) {
            self.wrong(at, "anybody may have a mailbox there: everybody who writes from it would be one of the firm");
        }
        text.to_ascii_lowercase()
    }

    fn host(&mut self, at: &str, text: &str) {
        if !is_host(text) {
            self.wrong(at, "must be the name or the address of a server, without a port");
        }
    }

    fn hello_name(&mut self, at: &str, text: &str) -> String {
        if !is_host(text) || text.parse::<IpAddr>().is_ok() {
            self.wrong(at, "must be a host name such as gw.hale.example");
        }
        text.to_owned()
    }

    fn tls(&mut self, at: &str, tls: Tls, host: &str) {
        if tls == Tls::None && !is_loopback(host) {
            self.wrong(at, "\"none\" is for this machine only (localhost, 127.0.0.1, ::1): mail and password would travel in clear");
        }
    }

    fn token_url(&mut self, at: &str, url: &str) {
        let plain_host = url.strip_prefix("http://").map(|rest| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            authority.rsplit_once(':').map_or(authority, |(host, _)| host)
        });
        let secure = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
        if !(secure || plain_host.is_some_and(is_loopback))
            || url.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            self.wrong(at, "must be an https:// address");
        }
    }

    fn port(&mut self, at: &str, written: Option<u16>, default: u16) -> u16 {
        if written == Some(0) {
            self.wrong(at, "must be between 1 and 65535");
        }
        written.unwrap_or(default)
    }

    fn seconds(&mut self, at: &str, written: Option<u64>, default: u64, least: u64, most: u64) -> Duration {
        Duration::from_secs(self.number(at, written, default, least, most))
    }

    fn small(&mut self, at: &str, written: Option<u8>) -> u8 {
        let number = self.number(at, written.map(u64::from), 1, 1, 10);
        u8::try_from(number).unwrap_or(1)
    }

    fn number(&mut self, at: &str, written: Option<u64>, default: u64, least: u64, most: u64) -> u64 {
        let number = written.unwrap_or(default);
        if number < least || number > most {
            self.wrong(at, &format!("must be between {least} and {most}"));
        }
        number
    }

    fn line(&mut self, at: &str, text: &str) {
        if text.is_empty() || text.contains(char::is_control) {
            self.wrong(at, "must be one line of text, and not empty");
        }
    }

    fn path(&mut self, at: &str, written: &Path) -> PathBuf {
        if written.as_os_str().is_empty() {
            self.wrong(at, "must name a file or folder");
        }
        self.folder.join(written)
    }

    fn readable_file(&mut self, at: &str, written: &Option<PathBuf>) -> Option<PathBuf> {
        let path = self.path(at, written.as_ref()?);
        if self.secrets == Secrets::Read
            && let Err(error) = std::fs::File::open(&path)
        {
            self.wrong(at, &format!("{} can't be read: {error}", path.display()));
        }
        Some(path)
    }

    fn wrong(&mut self, path: &str, text: &str) {
        self.errors.push(ConfigError { line: self.places.line_of(path), key: readable(path), text: text.to_owned() });
    }
}

impl WrittenAuth<'_> {
    fn keys(&self) -> Vec<&'static str> {
        let all = [
            ("password_file", self.file.is_some()),
            ("password_env", self.env.is_some()),
            ("password_credential", self.credential.is_some()),
            ("oauth", self.oauth.is_some()),
        ];
        all.iter().filter(|(_, written)| *written).map(|(key, _)| *key).collect()
    }
}

fn file_rules(written: &written::Files) -> FileRules {
    let default = FileRules::default();
    FileRules {
        programs: written.programs.unwrap_or(default.programs),
        macros: written.macros.unwrap_or(default.macros),
        encrypted: written.encrypted.unwrap_or(default.encrypted),
    }
}

/// The path without `.`, `..` and, as far as it is there, symbolic links.
fn real(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    let there = plain.ancestors().find_map(|place| Some((place.canonicalize().ok()?, plain.strip_prefix(place).ok()?)));
    there.map_or(plain.clone(), |(place, rest)| place.join(rest))
}

fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase()
}

fn is_host(text: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
