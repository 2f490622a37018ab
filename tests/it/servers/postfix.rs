//! A private Postfix that delivers into Dovecot by LMTP: every user of the domains it is told has a mailbox, and every
//! address of the gateway's domain lands in the gateway's one. It speaks SMTP in clear, with STARTTLS and with TLS from
//! the first byte, with and without a password. Postfix runs only for root.

use super::{Reaper, dovecot::Dovecot, free_port, program, raw, run, server_folder, wait_for_port};
use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

/// A running Postfix.
pub struct Postfix {
    /// Its folder: configuration, queue, log.
    pub folder: PathBuf,
    /// The port for SMTP in clear and STARTTLS.
    pub smtp: u16,
    /// The port for SMTP with TLS from the first byte.
    pub smtps: u16,
    reaper: Reaper,
}

/// What the Postfix does with Authentication-Results, as a provider's border does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Nothing.
    None,
    /// It puts its own above its Received line, and leaves what is there.
    Above,
    /// It puts its own below its Received line, and takes all others in its name away.
    BelowAndStrips,
    /// It puts its own below its Received line, and leaves what is there.
    Below,
}

impl Border {
    const RESULTS: &str = "Authentication-Results: mx.firm.example; spf=none; dkim=none";

    /// Writes its tables and gives the lines for main.cf.
    fn lines(self, etc: &Path) -> String {
        let results = Border::RESULTS;
        let strip = "/^Authentication-Results: *mx\\.firm\\.example/ IGNORE\n";
        let (access, checks) = match self {
            Border::None => return String::new(),
            Border::Above => (format!("/./ PREPEND {results}\n"), String::new()),
            Border::BelowAndStrips => (String::new(), format!("{strip}/^From:/ PREPEND {results}\n")),
            Border::Below => (String::new(), format!("/^From:/ PREPEND {results}\n")),
        };
        fs::write(etc.join("border-access"), access).unwrap();
        fs::write(etc.join("border-checks"), checks).unwrap();
        let etc = etc.display();
        format!(
            "smtpd_sender_restrictions = check_sender_access regexp:{etc}/border-access\nheader_checks = regexp:{etc}/border-checks\n"
        )
    }
}

impl Postfix {
    /// As [`Postfix::start_with`], without a word about senders.
    pub fn start(dovecot: &Dovecot, domains: &[&str], gateway_domain: &str) -> Postfix {
        Postfix::start_with(dovecot, domains, gateway_domain, Border::None)
    }

    /// Starts one where every user at `domains` has a mailbox, and every address at `gateway_domain` or a subdomain of
    /// it goes to the user `gateway` there.
    pub fn start_with(dovecot: &Dovecot, domains: &[&str], gateway_domain: &str, border: Border) -> Postfix {
        let binary = program("postfix", "postfix");
        let folder = server_folder("postfix");
        let is_root = fs::metadata(&folder).unwrap().uid() == 0;
        assert!(is_root, "Postfix runs only for root: run the end-to-end tests as root, in a container for example");
        let (smtp, smtps) = (free_port(), free_port());
        let etc = folder.join("etc");
        for name in ["etc", "spool", "data"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        chown(folder.join("data"), Some(uid_of("postfix")), None).unwrap();
        let reaper = Reaper::new(&folder.join("spool/pid/master.pid"), &folder);
        let pattern = gateway_domain.replace('.', "\\.");
        fs::write(etc.join("gateway-domains"), format!("/^([^@]+\\.)?{pattern}$/ ok\n")).unwrap();
        fs::write(etc.join("gateway"), format!("/^[^@]+@(([^@]+\\.)?{pattern})$/ gateway@$1\n")).unwrap();
        let main = main_cf(&folder, dovecot, domains) + &border.lines(&etc);
        fs::write(etc.join("main.cf"), main).unwrap();
        fs::write(etc.join("master.cf"), master_cf(smtp, smtps)).unwrap();
        run(Command::new(binary).arg("-c").arg(&etc).arg("start"));
        wait_for_port("Postfix", smtp, &folder.join("maillog"));
        Postfix { folder, smtp, smtps, reaper }
    }

    /// Hands in one mail as a foreign server would, in clear; fails the test if it is not taken.
    pub fn submit(&self, from: &str, to: &[&str], mail: &[u8]) {
        raw::Smtp::connect(self.smtp).send(from, to, mail);
    }

    /// What Postfix has logged: one line for each step of each mail.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("maillog")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.reaper.reap();
    }
}

fn uid_of(name: &str) -> u32 {
    run(Command::new("/usr/bin/id").args(["-u", name])).trim().parse().unwrap()
}

fn main_cf(folder: &Path, dovecot: &Dovecot, domains: &[&str]) -> String {
    let (root, lmtp) = (folder.display(), dovecot.lmtp);
    let (cert, key) = (dovecot.certificates.cert.display(), dovecot.certificates.key.display());
    let auth = dovecot.folder.join("run/smtp-auth");
    format!(
        "compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
sendmail_path = /usr/sbin/sendmail
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.firm.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
recipient_delimiter = +
virtual_mailbox_domains = regexp:{root}/etc/gateway-domains, {}
virtual_mailbox_maps = static:all
virtual_alias_maps = regexp:{root}/etc/gateway
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
local_recipient_maps =
alias_maps =
alias_database =
message_size_limit = 104857600
mailbox_size_limit = 0
virtual_mailbox_limit = 0
default_transport = error:no mail leaves the test
relay_transport = error:no mail leaves the test
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {}
disable_dns_lookups = yes
minimal_backoff_time = 1s
queue_run_delay = 2s
maillog_file = {root}/maillog
maillog_file_prefixes = /tmp
",
        domains.join(", "),
        auth.display()
    )
}

fn master_cf(smtp: u16, smtps: u16) -> String {
    format!(
        "127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
  flags=O
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
    )
}
